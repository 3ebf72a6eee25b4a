// Figure batch: which rate goes with which batch? Two weights of curvature 1 and 0.1, gradients
// with noise: the fewest steps to a hundredth of the loss, and the rate that takes them, for SGD by
// the exact recursion of moments, for Adam by many runs.
#include "adamw/adamw.h"
#include "adamw/figures/figures.h"
#include "adamw/study.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stddef.h>

enum {
    SEED = 35,
    D = 2,
    BATCHES = 9,
    ADAM_BATCHES = 7,
    RATES = 400,
    COPIES = 400,
    LONGEST = 20000
};
enum { ADAM_RATES = 13, ADAM_LONGEST = 4000 };
static const double h[D] = {1, 0.1}, start = 1, variance = 1, part = 0.01;
static const int batch[BATCHES] = {1, 2, 4, 8, 16, 32, 64, 256, 1 << 20};

static double
loss_of(const double second[D])
{
    return (h[0] * second[0] + h[1] * second[1]) / 2;
}

// The steps until E loss is a hundredth of its first value, LONGEST if it never is.
static int
sgd_steps(double rate, int B)
{
    adamw_moment w[D] = {{start, start * start}, {start, start * start}};
    double goal = part * loss_of((double[]){start * start, start * start});
    for (int t = 1; t < LONGEST; t++) {
        for (int i = 0; i < D; i++)
            w[i] = adamw_moment_next(w[i], h[i], rate, variance, B);
        if (loss_of((double[]){w[0].second, w[1].second}) <= goal)
            return t;
    }
    return LONGEST;
}

// 10^-3 ... 2.
static double
rate_at(int i)
{
    return 1e-3 * pow64(2000, (double)i / (RATES - 1));
}

static void
best_of_sgd(int B, int *steps, double *rate)
{
    *steps = LONGEST;
    for (int i = 0; i < RATES; i++) {
        int n = sgd_steps(rate_at(i), B);
        if (n < *steps) {
            *steps = n;
            *rate = rate_at(i);
        }
    }
}

// For Adam: the mean loss of COPIES runs, side by side.
typedef struct {
    int steps[ADAM_BATCHES][ADAM_RATES];
} study;

static double
adam_rate_at(int i)
{
    return pow64(10, -2.6 + 0.2 * i);
}

static void
run(int number, void *context)
{
    study *own = context;
    const adamw_rule rule = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    int b = number / ADAM_RATES, i = number % ADAM_RATES;
    double w[D][COPIES], m[D][COPIES] = {{0}}, v[D][COPIES] = {{0}}, g[COPIES],
                         rate = adam_rate_at(i);
    double goal = part * loss_of((double[]){start * start, start * start});
    rng r = rng_at(SEED, (uint32_t)number);
    for (int k = 0; k < COPIES; k++)
        w[0][k] = w[1][k] = start;
    own->steps[b][i] = ADAM_LONGEST;
    int longest = program_steps(ADAM_LONGEST, 20);
    for (int t = 1; t < longest; t++) {
        double second[D] = {0};
        for (int d = 0; d < D; d++) {
            adamw_study_normal(&r, COPIES, sqrt64(variance / batch[b]), g);
            for (int k = 0; k < COPIES; k++)
                g[k] += h[d] * w[d][k];
            adamw_move(&rule, t, rate, 0, COPIES, w[d], g, &(adamw_means){m[d], v[d], NULL});
            for (int k = 0; k < COPIES; k++)
                second[d] += w[d][k] * w[d][k] / COPIES;
        }
        if (loss_of(second) <= goal) {
            own->steps[b][i] = t;
            break;
        }
    }
    progress_advance(1);
}

// Where the parabola through the fewest steps and its neighbours, in logarithms, is least: log10 of
// the rate.
static double
best_adam_rate(const int *steps)
{
    int k = 1;
    for (int i = 2; i < ADAM_RATES - 1; i++)
        k = steps[i] < steps[k] ? i : k;
    double fall = log64(steps[k - 1]) - log64(steps[k]),
           rise = log64(steps[k + 1]) - log64(steps[k]);
    return -2.6 + 0.2 * (k + (fall + rise > 0 ? (fall - rise) / (fall + rise) / 2 : 0));
}

void
adamw_figure_batch(void)
{
    static study own;
    double x[BATCHES], y[BATCHES], adam_y[ADAM_BATCHES], worst = 0;
    int best[BATCHES];
    progress_expect((long)ADAM_BATCHES * ADAM_RATES);
    parallel_runs(ADAM_BATCHES * ADAM_RATES, run, &own);
    table *t = program_table("batch", "B\tsgd_rate\tsgd_steps\tfit\tadam_rate\tadam_steps");
    for (int b = 0; b < BATCHES; b++) {
        double rate = NAN, fit = 6.56 * (1 + 319.0 / batch[b]), adam_rate = NAN, adam_steps = NAN;
        best_of_sgd(batch[b], &best[b], &rate);
        x[b] = log64(batch[b]);
        y[b] = log64(rate);
        if (batch[b] <= 256)
            worst = fmax(worst, fabs(best[b] / fit - 1));
        if (b < ADAM_BATCHES) {
            double log_rate = best_adam_rate(own.steps[b]);
            adam_y[b] = log_rate * log64(10);
            adam_rate = pow64(10, log_rate);
            adam_steps = ADAM_LONGEST;
            for (int i = 0; i < ADAM_RATES; i++)
                adam_steps = fmin(adam_steps, own.steps[b][i]);
        }
        table_row(t, "ididdd", batch[b], rate, best[b], fit, adam_rate, adam_steps);
    }
    table_close(t);
    double sgd_slope = adamw_study_slope(5, x, y),
           adam_slope = adamw_study_slope(ADAM_BATCHES, x, adam_y);
    t = program_table("batch-slopes", "rule\tslope");
    table_row(t, "sd", "SGD, B up to 16", sgd_slope);
    table_row(t, "sd", "Adam, B up to 64", adam_slope);
    table_close(t);
    claim_near("batch-sgd", "SGD, B up to 16: slope of log best rate over log B", 1, sgd_slope, 0.1,
               "ours: the noise that may remain is proportional to rate / B", FOUND);
    claim_near("batch-adam", "Adam, B up to 64: slope of log best rate over log B", 0.5,
               unless_quick(adam_slope), 0.15,
               "Malladi et al. 2022, abstract: a square root scaling rule", IN_PART);
    claim_below("batch-fit",
                "SGD: the largest relative distance of the steps from 6.56 (1 + 319 / B)", 0.1,
                worst, "ours: a fit in the form of McCandlish et al. 2018", FOUND);
}
