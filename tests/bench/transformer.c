// One training step of a decoder-only Transformer: forward, backward and AdamW.
//
//     make build/tests/bench/transformer && OMP_NUM_THREADS=1 build/tests/bench/transformer
//
// With the numbers D h L T B it takes one step for each line that it reads and answers with its milliseconds of
// the wall clock: so tests/bench/transformer.py runs it beside PyTorch.
#include "../../chapters/transformer/transformer.h"

#include "ops.h"
#include "train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { V = 64, STEPS = 31 };

typedef struct {
    int T, B;
    transformer model;
    adamw optimiser;
    int *symbols; // (B, T + 1)
} training;

static double
seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static training
training_new(int D, int h, int L, int T, int B)
{
    rng r = rng_at(1, 0);
    training t = {.T = T, .B = B, .symbols = permanent_alloc((long)B * (T + 1) * sizeof(int))};
    transformer_config c = {
        V, D, h, 4 * D, 0, L, TRANSFORMER_PRE, t_gelu, transformer_positions(T, D), NULL, NULL};
    t.model = transformer_new(&c, &r);
    t.optimiser = adamw_new(0.9f, 0.999f, 1e-8f, 0.01f);
    for (int i = 0; i < B * (T + 1); i++)
        t.symbols[i] = (int)rng_below(&r, V);
    return t;
}

// Milliseconds of one step.
static double
step(training *t)
{
    double start = seconds();
    tape_reset();
    zero_grad();
    int *x = tape_alloc(t->B * t->T * sizeof(int)), *y = tape_alloc(t->B * t->T * sizeof(int));
    for (int b = 0; b < t->B; b++) {
        memcpy(x + b * t->T, t->symbols + b * (t->T + 1), t->T * sizeof(int));
        memcpy(y + b * t->T, t->symbols + b * (t->T + 1) + 1, t->T * sizeof(int));
    }
    tensor *logits = transformer_decode(&t->model, t->B, t->T, x, NULL, NULL, NULL, NULL);
    backward(t_cross_entropy(logits, y));
    adamw_step(&t->optimiser, 1e-3f);
    return 1e3 * (seconds() - start);
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void
print_steps(int D, int h, int L, int T, int B)
{
    double time[STEPS];
    training t = training_new(D, h, L, T, B);
    step(&t);
    for (int i = 0; i < STEPS; i++)
        time[i] = step(&t);
    qsort(time, STEPS, sizeof *time, ascending);
    printf("D %d, %d heads, %d layers, T %d, B %d: %.2f ms a step (quartiles %.2f, %.2f)\n", D, h,
           L, T, B, time[STEPS / 2], time[STEPS / 4], time[3 * STEPS / 4]);
    tensors_free();
}

int
main(int argc, char **argv)
{
    if (argc == 6) {
        training t =
            training_new(atoi(argv[1]), atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
        char line[16];
        while (fgets(line, sizeof line, stdin)) {
            printf("%.6f\n", step(&t));
            fflush(stdout);
        }
        return 0;
    }
    print_steps(64, 4, 2, 64, 16);
    print_steps(128, 4, 4, 128, 16);
}
