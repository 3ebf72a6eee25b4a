#include "td/ensemble.h"

#include "files/fail.h"
#include "frame/parallel.h"
#include "frame/progress.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCKS = 64 }; // of runs, each summed by itself: the sums do not depend on the threads

typedef struct {
    uint32_t seed;
    int runs, points;
    td_run *run;
    const void *context;
    double *sum; // (BLOCKS, 2, points): of the values and of their squares
} ensemble;

static void
run_block(int block, void *context)
{
    const ensemble *e = context;
    int first = (int)((long)e->runs * block / BLOCKS);
    int end = (int)((long)e->runs * (block + 1) / BLOCKS);
    double *value = malloc(sizeof *value * e->points), *sum = e->sum + 2L * block * e->points;
    if (!value)
        fail("td_ensemble: no memory for %d points", e->points);
    for (int i = first; i < end; i++) {
        rng r = rng_at(e->seed, i);
        e->run(&r, e->context, value);
        for (int k = 0; k < e->points; k++) {
            sum[k] += value[k];
            sum[e->points + k] += value[k] * value[k];
        }
    }
    free(value);
    progress_advance(end - first);
}

void
td_ensemble(uint32_t seed, int runs, int points, td_run *run, const void *context, double *mean,
            double *error)
{
    ensemble e = {seed, runs, points, run, context, calloc(2L * BLOCKS * points, sizeof(double))};
    if (!e.sum)
        fail("td_ensemble: no memory for %d points", points);
    parallel_runs(BLOCKS, run_block, &e);
    for (int k = 0; k < points; k++) {
        double sum = 0, square = 0;
        for (int b = 0; b < BLOCKS; b++) {
            sum += e.sum[2L * b * points + k];
            square += e.sum[(2L * b + 1) * points + k];
        }
        mean[k] = sum / runs;
        double variance = fmax(square - sum * mean[k], 0) / (runs - 1);
        error[k] = sqrt64(variance / runs);
    }
    free(e.sum);
}
