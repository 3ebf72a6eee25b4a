#include "td/runs.h"

#include "files/memory.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/numeric.h"
#include "numbers/stats.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCKS = 64 }; // of runs, each summed by itself: the sums do not depend on the threads

typedef struct {
    uint32_t seed;
    int runs, points;
    td_run *run;
    const void *context;
    double *sum; // (BLOCKS, 2, points): of the values and of their squares
} experiment;

static void
run_block(int block, void *context)
{
    const experiment *e = context;
    int first = (int)((long)e->runs * block / BLOCKS);
    int end = (int)((long)e->runs * (block + 1) / BLOCKS);
    double *value = memory_zeroed(e->points, sizeof *value, "a run");
    double *sum = e->sum + 2L * block * e->points, *square = sum + e->points;
    for (int i = first; i < end; i++) {
        rng r = rng_at(e->seed, i);
        e->run(&r, e->context, value);
        for (int k = 0; k < e->points; k++) {
            sum[k] += value[k];
            square[k] += value[k] * value[k];
        }
    }
    free(value);
    progress_advance(end - first);
}

void
td_runs(uint32_t seed, int runs, int points, td_run *run, const void *context, double *mean,
        double *error)
{
    experiment e = {seed, runs, points, run, context, NULL};
    e.sum = memory_zeroed(2L * BLOCKS * points, sizeof *e.sum, "the sums of runs");
    parallel_runs(BLOCKS, run_block, &e);
    for (int k = 0; k < points; k++) {
        double sum = 0, square = 0;
        for (int b = 0; b < BLOCKS; b++) {
            sum += e.sum[2L * b * points + k];
            square += e.sum[(2L * b + 1) * points + k];
        }
        stats_estimate all = stats_mean_of_sums(runs, sum, square);
        mean[k] = all.mean;
        error[k] = all.error;
    }
    free(e.sum);
}

double
td_z(double mean, double error, double exact)
{
    double off = fabs(mean - exact);
    return error > 0 ? off / error : off < 1e-12 ? 0 : INFINITY;
}

double
td_worst_z(int n, const double *mean, const double *error, const double *exact)
{
    double worst = 0;
    for (int k = 0; k < n; k++)
        worst = fmax(worst, td_z(mean[k], error[k], exact[k]));
    return worst;
}

// P(|z| > b) is nearly exp(-b^2 / 2) / b times a constant, and k of them are to exceed b as rarely as one exceeds 4.
double
td_worst_bound(int k)
{
    double b = 4;
    for (int i = 0; i < 50; i++)
        b = sqrt64(16 + 2 * log64(4 * k / b));
    return b;
}

void
td_check_z(const char *id, const char *statement, int k, double z)
{
    claim_below(id, statement, td_worst_bound(k), unless_quick(z), "exact", CHECK);
}
