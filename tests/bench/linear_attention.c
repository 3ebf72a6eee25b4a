// Causal linear attention, forward and backward: elu + 1, B 8, 4 heads, T 256, d 32.
//
//     make build/tests/bench/linear_attention && OMP_NUM_THREADS=1 build/tests/bench/linear_attention
//
// With the number of rows of a chunk (0: the default) it takes one step for each line that it reads and answers with its
// milliseconds of the wall clock: so tests/bench/linear_attention.py runs it beside PyTorch.
#include "../../chapters/linear_attention/linear_attention.h"

#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { B = 8, H = 4, T = 256, D = 32, STEPS = 101 };

typedef struct {
    tensor *q, *k, *v, *weight;
} inputs;

static double
seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static inputs
inputs_new(void)
{
    rng r = rng_at(1, 0);
    shape s = SHAPE(B, T, H, D);
    inputs x = {param("q", s), param("k", s), param("v", s), state("weight", s)};
    tensor *all[] = {x.q, x.k, x.v, x.weight};
    for (int i = 0; i < 4; i++)
        rng_fill_normal(&r, all[i]->size, all[i]->data, 0, 1);
    return x;
}

// Milliseconds of one forward and backward.
static double
step(const inputs *x, int chunk)
{
    linear_attention_config c = {.chunk = chunk};
    double start = seconds();
    tape_reset();
    backward_from(linear_attention_causal(x->q, x->k, x->v, &c), x->weight->data);
    return 1e3 * (seconds() - start);
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
    inputs x = inputs_new();
    if (argc == 2) {
        char line[16];
        while (fgets(line, sizeof line, stdin)) {
            printf("%.6f\n", step(&x, atoi(argv[1])));
            fflush(stdout);
        }
        return 0;
    }
    for (int chunk = 8; chunk <= T; chunk *= 2) {
        double time[STEPS];
        for (int i = 0; i < STEPS; i++)
            time[i] = step(&x, chunk);
        qsort(time, STEPS, sizeof *time, ascending);
        printf("chunks of %3d: %.2f ms (quartiles %.2f, %.2f)\n", chunk, time[STEPS / 2],
               time[STEPS / 4], time[3 * STEPS / 4]);
    }
}
