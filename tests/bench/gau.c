// Gated units for tests/bench/bench.py, forward and backward, width 64, gates of 128, queries of 32, chunks of 64: one
// unit with all pairs, one of FLASH, or two units with all pairs beside a Transformer's layer of about as many
// parameters. The value is the mean size of the input's gradient; of `cost` what was computed does not count, and the
// value is N.
//
//     gau quadratic|flash N ours|cost
//     gau units|layer N cost
//     gau quadratic|flash N write FILE     the numbers for gau.py
#include "bench.h"

#include "gau/gau.h"
#include "transformer/transformer.h"

#include "files/fail.h"
#include "files/file.h"
#include "nets/ops.h"
#include "nets/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 64, WIDE = 128, NARROW = 32, CHUNK = 64, UNITS = 2 };

typedef struct {
    const char *what;
    int N;
    bool cost;
    gau_unit unit[UNITS];
    transformer_layer layer;
    tensor *x, *weight; // (1, N, D)
} task;

static tensor *
forward(const task *t)
{
    if (strcmp(t->what, "layer") == 0)
        return transformer_layer_forward(&t->layer, t->x, transformer_causal_mask(1, t->N, t->N),
                                         NULL, NULL, NULL);
    tensor *out = gau_forward(&t->unit[0], t->x);
    return strcmp(t->what, "units") == 0 ? gau_forward(&t->unit[1], out) : out;
}

static double
step(void *context)
{
    const task *t = context;
    tape_reset();
    zero_grad();
    backward_from(forward(t), t->weight->data);
    double sum = 0;
    for (long i = 0; i < t->x->size; i++)
        sum += fabs(t->x->grad[i]);
    return t->cost ? t->N : sum / t->x->size;
}

static void
task_new(task *t)
{
    rng r = rng_at(1, 0);
    bool flash = strcmp(t->what, "flash") == 0;
    gau_config c = {.kind = flash ? GAU_FLASH : GAU_PAIRS, .D = D, .e = WIDE, .s = NARROW};
    c.n = t->N;
    c.eps = 1e-6f;
    c.window = (gau_window){.n = flash ? CHUNK : t->N, .chunk = flash ? CHUNK : 0};
    t->x = param("x", SHAPE(1, t->N, D));
    t->weight = tensor_state("weight", SHAPE(1, t->N, D));
    rng_fill_normal(&r, t->x->size, t->x->data, 0, 1);
    rng_fill_normal(&r, t->weight->size, t->weight->data, 0, 1);
    if (strcmp(t->what, "layer") == 0) {
        const transformer_config l = {
            .D = D, .h = 4, .F = 4 * D, .placement = TRANSFORMER_PRE_NORM, .activation = t_gelu};
        t->layer = transformer_layer_new(&l, false, &r);
    } else
        for (int i = 0; i < (strcmp(t->what, "units") == 0 ? UNITS : 1); i++)
            t->unit[i] = gau_unit_new(&c, &r);
}

static void
write_all(const task *t, const char *path)
{
    FILE *f = file_create(path);
    for (int i = 0; i < param_count(); i++)
        fwrite(param_at(i)->data, sizeof(float), param_at(i)->size, f);
    fwrite(t->weight->data, sizeof(float), t->weight->size, f);
    file_commit(f, path);
}

int
main(int count, char **argument)
{
    static task t;
    if (count < 4)
        fail("expected: gau quadratic|flash|units|layer N ours|cost|write [FILE]");
    t.what = argument[1];
    t.N = atoi(argument[2]);
    t.cost = strcmp(argument[3], "cost") == 0;
    task_new(&t);
    if (count == 5)
        write_all(&t, argument[4]);
    else
        answer(step, &t);
    tensors_free();
}
