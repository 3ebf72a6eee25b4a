// A training step of chapter transformer's language model, 4 layers of width 128 and 2048 tokens, for
// tests/bench/bench.py: with every layer computed again, or kept. The value is the loss.
//
//     checkpointing N again|plain
//     checkpointing N write FILE     the numbers for checkpointing.py
#include "bench.h"

#include "transformer/transformer.h"

#include "files/fail.h"
#include "files/file.h"
#include "nets/ops.h"
#include "nets/train.h"

#include <stdlib.h>
#include <string.h>

enum { D = 128, LAYERS = 4, V = 64, TOKENS = 2048 };

typedef struct {
    int N, B;
    transformer model;
    adamw optimiser;
    tensor *symbols; // (B, N + 1)
} task;

static double
step(void *context)
{
    task *t = context;
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

int
main(int count, char **argument)
{
    static task t;
    if (count < 3)
        fail("expected: checkpointing N again|plain|write [FILE]");
    rng r = rng_at(1, 0);
    t.N = atoi(argument[1]);
    t.B = TOKENS / t.N;
    transformer_config c = {.V = V,
                            .D = D,
                            .h = 4,
                            .F = 4 * D,
                            .decoders = LAYERS,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = transformer_positions(t.N, D),
                            .recompute = strcmp(argument[2], "again") == 0};
    t.model = transformer_new(&c, &r);
    t.symbols = tensor_state("symbols", SHAPE(t.B, t.N + 1));
    for (long i = 0; i < t.symbols->size; i++)
        t.symbols->data[i] = (float)rng_below(&r, V);
    t.optimiser = adamw_new(0.9f, 0.999f, 1e-8f, 0.01f);
    if (count == 4) {
        FILE *f = file_create(argument[3]);
        for (int i = 0; i < param_count(); i++)
            fwrite(param_at(i)->data, sizeof(float), param_at(i)->size, f);
        fwrite(t.model.c.positions->data, sizeof(float), t.model.c.positions->size, f);
        fwrite(t.symbols->data, sizeof(float), t.symbols->size, f);
        file_commit(f, argument[3]);
    } else
        answer(step, &t);
    tensors_free();
}
