// Activations over a million floats, forward and backward, on one thread, for tests/bench/activations.py: for each line
// on stdin, the name of a function, or "swiglu", it answers with the processor's nanoseconds an element for
// forward and backward together, and with the sum of |dx|, which the other one must agree on.
//
//     activations FILE     FILE: a million floats x, as many dy, as many values for swiglu
#include "activations/activations.h"
#include "files/fail.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N = 1000000, ROUNDS = 4 };

static double
processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static activations_kind
kind_of(const char *name)
{
    for (activations_kind k = 0; k < ACTIVATIONS_KINDS; k++)
        if (strcmp(activations_name(k), name) == 0)
            return k;
    fail("no activation is called %s", name);
}

static void
plain(activations_kind kind, const float *x, const float *dy, float *y, float *dx)
{
    activations_forward(kind, N, x, y);
    memset(dx, 0, N * sizeof *dx);
    activations_backward(kind, N, x, y, dy, dx);
}

// open = silu(x), y = open v; dv = open dy, dx = silu'(x) (v dy).
static void
gate(const float *x, const float *v, const float *dy, float *y, float *dx, float *dv, float *open)
{
    activations_forward(ACTIVATIONS_SILU, N, x, open);
    for (long i = 0; i < N; i++)
        y[i] = open[i] * v[i];
    for (long i = 0; i < N; i++)
        dv[i] = open[i] * dy[i];
    for (long i = 0; i < N; i++)
        y[i] = v[i] * dy[i];
    memset(dx, 0, N * sizeof *dx);
    activations_backward(ACTIVATIONS_SILU, N, x, open, y, dx);
}

int
main(int argc, char **argv)
{
    float *all = malloc(7L * N * sizeof *all), *x = all, *dy = x + N, *v = dy + N, *y = v + N;
    float *dx = y + N, *dv = dx + N, *open = dv + N;
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!all || !file || fread(all, sizeof *all, 3L * N, file) != 3L * N)
        fail("expected: activations FILE, of three million floats");
    fclose(file);
    memset(y, 0, 4L * N * sizeof *y); // the pages are there before the clock runs
    char name[32];
    while (scanf("%31s", name) == 1) {
        double start = processor_seconds(), sum = 0;
        for (int i = 0; i < ROUNDS; i++) {
            if (strcmp(name, "swiglu") == 0)
                gate(x, v, dy, y, dx, dv, open);
            else
                plain(kind_of(name), x, dy, y, dx);
        }
        double seconds = processor_seconds() - start;
        for (long i = 0; i < N; i++)
            sum += fabs(dx[i]);
        printf("%.9g %.17g\n", 1e9 * seconds / ROUNDS / N, sum);
        fflush(stdout);
    }
}
