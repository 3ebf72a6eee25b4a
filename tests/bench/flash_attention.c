// Attention for tests/bench/bench.py: forward, or both ways, of two heads of width 64; or a training step of a language
// model of width 128 whose attention it is. The value is the mean size of the answers, of the gradient of q, or the
// loss.
//
//     flash_attention forward|both|step N CAUSAL ours|unfused
//     flash_attention forward|both|step N CAUSAL write FILE     the numbers for flash_attention.py
#include "bench.h"

#include "flash_attention/flash_attention.h"
#include "transformer/transformer.h"

#include "files/fail.h"
#include "files/file.h"
#include "nets/ops.h"
#include "nets/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HEADS = 2, WIDTH = 64, D = 128, LAYERS = 4, V = 64, TOKENS = 2048 };

typedef struct {
    bool tiled, backward, step, causal;
    int N, B;
    tensor *q, *k, *v, *weight;
    transformer model;
    adamw optimiser;
    tensor *symbols; // (B, N + 1)
} task;

static const flash_attention_options causal_options = {.causal = FLASH_ATTENTION_BOTTOM_RIGHT};

static double
mean_size(long n, const float *x)
{
    double sum = 0;
    for (long i = 0; i < n; i++)
        sum += fabs(x[i]);
    return sum / n;
}

static double
attend(const task *t)
{
    const flash_attention_options *o = t->causal ? &causal_options : NULL;
    tape_reset();
    tensor *out;
    if (t->tiled)
        out = flash_attention_attend(t->q, t->k, t->v, NULL, NULL, o);
    else
        out = transformer_attention(
            t->q, t->k, t->v, t->causal ? transformer_causal_mask(1, t->N, t->N) : NULL, NULL);
    if (!t->backward)
        return out->data[0];
    zero_grad();
    backward_from(out, t->weight->data);
    return mean_size(t->q->size, t->q->grad);
}

static double
train(task *t)
{
    tape_reset();
    zero_grad();
    int n = t->B * t->N, *x = tape_alloc(n * sizeof(int)), *y = tape_alloc(n * sizeof(int));
    for (int i = 0; i < n; i++) {
        const float *from = t->symbols->data + i / t->N * (t->N + 1) + i % t->N;
        x[i] = (int)from[0];
        y[i] = (int)from[1];
    }
    tensor *loss =
        t_cross_entropy(transformer_decode(&t->model, t->B, t->N, x, NULL, NULL, NULL, NULL), y);
    backward(loss);
    adamw_step(&t->optimiser, 1e-3f);
    return loss->data[0];
}

static double
step(void *context)
{
    task *t = context;
    return t->step ? train(t) : attend(t);
}

static void
task_new(task *t)
{
    rng r = rng_at(1, 0);
    if (!t->step) {
        shape s = SHAPE(1, t->N, HEADS, WIDTH);
        tensor **all[] = {&t->q, &t->k, &t->v, &t->weight};
        for (int i = 0; i < 4; i++) {
            *all[i] = i < 3 ? param("input", s) : tensor_state("weight", s);
            rng_fill_normal(&r, (*all[i])->size, (*all[i])->data, 0, 1);
        }
        return;
    }
    t->B = TOKENS / t->N;
    transformer_config c = {.V = V,
                            .D = D,
                            .h = 4,
                            .F = 4 * D,
                            .decoders = LAYERS,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = transformer_positions(t->N, D),
                            .attention = t->tiled ? flash_attention_for_transformer : NULL};
    t->model = transformer_new(&c, &r);
    t->symbols = tensor_state("symbols", SHAPE(t->B, t->N + 1));
    for (long i = 0; i < t->symbols->size; i++)
        t->symbols->data[i] = (float)rng_below(&r, V);
    t->optimiser = adamw_new(0.9f, 0.999f, 1e-8f, 0.01f);
}

static void
write_floats(const tensor *x, FILE *f)
{
    if (x)
        fwrite(x->data, sizeof(float), x->size, f);
}

static void
write_all(const task *t, const char *path)
{
    FILE *f = file_create(path);
    for (int i = 0; i < param_count(); i++)
        write_floats(param_at(i), f);
    write_floats(t->step ? t->model.c.positions : t->weight, f);
    write_floats(t->symbols, f);
    file_commit(f, path);
}

int
main(int count, char **argument)
{
    static task t;
    if (count < 5)
        fail("expected: flash_attention forward|both|step N CAUSAL ours|unfused|write [FILE]");
    t.step = strcmp(argument[1], "step") == 0;
    t.backward = strcmp(argument[1], "both") == 0;
    t.N = atoi(argument[2]);
    t.causal = atoi(argument[3]);
    t.tiled = strcmp(argument[4], "ours") == 0;
    task_new(&t);
    if (count == 6)
        write_all(&t, argument[5]);
    else
        answer(step, &t);
    tensors_free();
}
