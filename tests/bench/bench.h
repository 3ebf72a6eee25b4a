// What every contestant of tests/bench/bench.py does: for each number of steps that it reads on stdin it takes
// them and answers with the milliseconds of one, of the wall clock, and with a value that all contestants of an
// experiment must agree on. By hand: echo 20 | build/tests/bench/steps lstm 128
#ifndef BENCH_H
#define BENCH_H

#include <stdio.h>
#include <time.h>

static inline double
seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

// step returns the value.
static inline void
answer(double step(void *context), void *context)
{
    int steps;
    while (scanf("%d", &steps) == 1) {
        double value = 0, start = seconds();
        for (int i = 0; i < steps; i++)
            value = step(context);
        printf("%.9g %.17g\n", 1e3 * (seconds() - start) / steps, value);
        fflush(stdout);
    }
}

#endif
