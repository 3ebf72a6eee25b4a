// CLIP's loss with its gradients for tests/bench/bench.py, width 64: with its table of N x N scores, or in blocks of 256
// without it; the value is the mean size of du. And a training step of the chapter's towers on N pairs, forward, backward
// and Adam; its value is the loss.
//
//     clip whole|blocks|step N ours
//     clip whole|blocks|step N write FILE     the numbers for clip.py
#include "bench.h"

#include "clip/clip.h"
#include "clip/experiment.h"
#include "clip/large.h"

#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"
#include "nets/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 64, BLOCK = 256 };

typedef struct {
    bool blocks;
    int N;
    tensor *u, *v, *t;
    float *du, *dv, *log_rows, *log_columns;
} task;

static double
mean_size(long n, const float *x)
{
    double sum = 0;
    for (long i = 0; i < n; i++)
        sum += fabs(x[i]);
    return sum / n;
}

static double
step(void *context)
{
    const task *a = context;
    if (a->blocks) {
        const clip_batch batch = {a->N, D, a->u->data, a->v->data, a->t->data[0], 0};
        clip_gradients g = {.du = a->du, .dv = a->dv};
        clip_infonce_online(&batch, BLOCK, a->log_rows, a->log_columns, &g);
        return mean_size(a->u->size, g.du);
    }
    tape_reset();
    zero_grad();
    backward(clip_infonce(a->u, a->v, a->t, CLIP_BOTH_WAYS));
    return mean_size(a->u->size, a->u->grad);
}

// Directions (N, D).
static tensor *
directions(const char *name, int N, rng *r)
{
    tensor *x = constant("x", SHAPE(N, D), NULL), *u = param(name, SHAPE(N, D));
    rng_fill_normal(r, x->size, x->data, 0, 1);
    tensor_assign(u, clip_normalise(x));
    tape_reset();
    return u;
}

// ---- A training step ----

typedef struct {
    int N;
    clip m;
    tensor *pictures;
    int *words; // (N, SHAPES_SLOTS)
    adamw optimiser;
} training_task;

static double
train(void *context)
{
    training_task *a = context;
    tape_reset();
    zero_grad();
    tensor *u = clip_pictures(&a->m, a->pictures), *v = clip_captions(&a->m, a->N, a->words);
    tensor *loss = clip_infonce(u, v, a->m.t, CLIP_BOTH_WAYS);
    double value = loss->data[0];
    backward(loss);
    adamw_step(&a->optimiser, 1e-3f);
    clip_clamp(a->m.t);
    return value;
}

static void
train_write(const training_task *a, const char *path)
{
    FILE *f = file_create(path);
    for (int i = 0; i < param_count(); i++)
        fwrite(param_at(i)->data, sizeof(float), param_at(i)->size, f);
    fwrite(a->pictures->data, sizeof(float), a->pictures->size, f);
    for (int i = 0; i < a->N * SHAPES_SLOTS; i++)
        fwrite(&(float){(float)a->words[i]}, sizeof(float), 1, f);
    file_commit(f, path);
}

static void
train_main(int N, const char *path)
{
    training_task a = {.N = N};
    rng r = rng_at(1, 0);
    clip_config c = clip_usual();
    a.m = clip_new(&c, 2.659f, 0, &r);
    a.pictures = tensor_state("pictures", SHAPE(N, 3, SHAPES_SIDE, SHAPES_SIDE));
    a.words = memory_zeroed((long)N * SHAPES_SLOTS, sizeof *a.words, "captions");
    shapes_scene *scenes = memory_zeroed(N, sizeof *scenes, "scenes");
    shapes_batch(&r, N, scenes, a.words, a.pictures->data);
    a.optimiser = adamw_new(0.9f, 0.98f, 1e-8f, 0);
    if (path)
        train_write(&a, path);
    else
        answer(train, &a);
    free(scenes);
    free(a.words);
    tensors_free();
}

// ---- Which ----

int
main(int count, char **argument)
{
    static task a;
    if (count < 4)
        fail("expected: clip whole|blocks|step N ours|write [FILE]");
    if (strcmp(argument[1], "step") == 0) {
        train_main(atoi(argument[2]), count == 5 ? argument[4] : NULL);
        return 0;
    }
    a.blocks = strcmp(argument[1], "blocks") == 0;
    a.N = atoi(argument[2]);
    rng r = rng_at(1, 0);
    a.u = directions("u", a.N, &r);
    a.v = directions("v", a.N, &r);
    a.t = param("t", SHAPE(1));
    a.t->data[0] = 2.659f;
    a.du = memory_zeroed(2L * a.N * (D + 1), sizeof *a.du, "gradients");
    a.dv = a.du + (long)a.N * D;
    a.log_rows = a.dv + (long)a.N * D;
    a.log_columns = a.log_rows + a.N;
    if (count == 5) {
        FILE *f = file_create(argument[4]);
        fwrite(a.u->data, sizeof(float), a.u->size, f);
        fwrite(a.v->data, sizeof(float), a.v->size, f);
        fwrite(a.t->data, sizeof(float), 1, f);
        file_commit(f, argument[4]);
    } else
        answer(step, &a);
    free(a.du);
    tensors_free();
}
