// Figure mean: what does the step size do to the mean of a sample? The mean squared error of steps 1/k, 0.1 and 0.01
// for the mean of N(0, 1) from a start at 2, after 1 to 1000 samples, over 20 000 runs, beside what it must be.
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/numeric.h"
#include "td/figures/figures.h"
#include "td/runs.h"
#include "td/td.h"

enum { SEED = 11, POINTS = 10, STEPS = 3, N = STEPS * POINTS };

static const int samples[POINTS] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
static const char *const step_name[STEPS] = {"1/k", "0.1", "0.01"};
static const double step_size[STEPS] = {0, 0.1, 0.01}; // 0: 1/k
static const double start = 2;

// square (STEPS, POINTS): the squared errors of the three estimates after some numbers of samples.
static void
estimate(rng *r, const void *context, double *square)
{
    (void)context;
    double w[STEPS] = {start, start, start};
    for (int k = 1, point = 0; point < POINTS; k++) {
        double x = rng_normal(r);
        for (int i = 0; i < STEPS; i++)
            if (step_size[i] == 0)
                w[i] = td_mean(w[i], k, x);
            else
                td_towards(&w[i], step_size[i], x);
        if (k != samples[point])
            continue;
        for (int i = 0; i < STEPS; i++)
            square[i * POINTS + point] = w[i] * w[i];
        point++;
    }
}

// The expected squared error of a step size after n samples.
static double
expected_square(double alpha, int n)
{
    if (alpha == 0)
        return 1.0 / n;
    double forgets = pow64(1 - alpha, 2 * n);
    return forgets * start * start + alpha / (2 - alpha) * (1 - forgets);
}

void
td_figure_mean(void)
{
    double square[N], error[N], exact[N];
    int runs = program_steps(20000, 20);
    progress_expect(runs);
    td_runs(SEED, runs, N, estimate, NULL, square, error);
    table *t = program_table("mean", "step\tsamples\tmse\tstandard_error\texact");
    for (int k = 0; k < N; k++) {
        int i = k / POINTS, n = samples[k % POINTS];
        exact[k] = expected_square(step_size[i], n);
        table_row(t, "siddd", step_name[i], n, square[k], error[k], exact[k]);
    }
    table_close(t);
    td_check_z("mean", "mean: the worst of 30 mean squared errors, in standard errors", N,
               td_worst_z(N, square, error, exact));
}
