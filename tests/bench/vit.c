// A training step of the chapter's two nets on 64 pictures, forward, backward and Adam, its value the loss; and a
// convolution of 3 x 3, forward and backward, its value the mean size of the input's gradient.
//
//     vit vit|net|convolution SIDE          contends; of a convolution from 32 to 32 channels, SIDE x SIDE pixels
//     vit vit|net|convolution SIDE FILE     the numbers for vit.py
#include "bench.h"

#include "vit/convolution.h"
#include "vit/experiment.h"

#include "files/fail.h"
#include "files/file.h"
#include "nets/ops.h"
#include "nets/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { B = 64, CHANNELS = 32 };

typedef struct {
    bool convolution;
    vit_classifier m;
    tensor *x, *w, *bias, *weight; // of a convolution: what goes in, and what comes back
    int digits[B];
    adamw optimiser;
} task;

static double
step(void *context)
{
    task *t = context;
    tape_reset();
    zero_grad();
    if (!t->convolution) {
        tensor *loss = t_cross_entropy(vit_classify(&t->m, t->x), t->digits);
        double value = loss->data[0];
        backward(loss);
        adamw_step(&t->optimiser, 1e-3f);
        return value;
    }
    backward_from(vit_convolution(t->x, t->w, t->bias, 1, 1), t->weight->data);
    double sum = 0;
    for (long i = 0; i < t->x->size; i++)
        sum += fabs(t->x->grad[i]);
    return sum / t->x->size;
}

static tensor *
normal(tensor *x, rng *r)
{
    rng_fill_normal(r, x->size, x->data, 0, 1);
    return x;
}

static void
task_new(task *t, const char *what, int side)
{
    rng r = rng_at(1, 0);
    t->convolution = strcmp(what, "convolution") == 0;
    if (t->convolution) {
        t->x = normal(param("x", SHAPE(B, CHANNELS, side, side)), &r);
        t->w = normal(param("w", SHAPE(CHANNELS, CHANNELS, 3, 3)), &r);
        t->bias = normal(param("bias", SHAPE(CHANNELS)), &r);
        t->weight = normal(tensor_state("weight", t->x->shape), &r);
        return;
    }
    vit_config c = vit_usual();
    t->m.is_net = strcmp(what, "net") == 0;
    if (t->m.is_net)
        t->m.net = vit_net_new(1, GLYPHS_DIGITS, &r);
    else
        t->m.tower = vit_new(&c, &r);
    t->x = normal(tensor_state("x", SHAPE(B, 1, VIT_SIDE, VIT_SIDE)), &r);
    for (int i = 0; i < B; i++)
        t->digits[i] = i % GLYPHS_DIGITS;
    t->optimiser = adamw_new(0.9f, 0.999f, 1e-8f, 0);
}

static void
write_all(const task *t, const char *path)
{
    FILE *f = file_create(path);
    for (int i = 0; i < param_count(); i++)
        fwrite(param_at(i)->data, sizeof(float), param_at(i)->size, f);
    const tensor *last = t->convolution ? t->weight : t->x;
    fwrite(last->data, sizeof(float), last->size, f);
    file_commit(f, path);
}

int
main(int count, char **argument)
{
    static task t;
    if (count < 3)
        fail("expected: vit vit|net|convolution SIDE [FILE]");
    task_new(&t, argument[1], atoi(argument[2]));
    if (count == 4)
        write_all(&t, argument[3]);
    else
        answer(step, &t);
    tensors_free();
}
