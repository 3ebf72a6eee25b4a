// He's initialisation keeps the mean of |h|^2 over nets. What does a typical net do? The distribution of ln |h|^2
// after L layers of width N, exactly and in trials.
#include "activations/figures/figures.h"
#include "activations/study.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"

#include <math.h>
#include <stdlib.h>

enum { SEED = 51, TASKS = 2, MOST = 400 };
static const int widths[TASKS] = {50, 100};

// The digamma function and its derivative at k / 2: from 1/2 or 1 upwards, psi(x + 1) = psi(x) + 1/x.
static void
digamma_half(int k, double *psi, double *psi1)
{
    const double euler = 0.57721566490153286;
    double x = k % 2 ? 0.5 : 1;
    *psi = k % 2 ? -euler - 2 * ln2_64 : -euler;
    *psi1 = k % 2 ? pi64 * pi64 / 2 : pi64 * pi64 / 6;
    for (; 2 * x < k; x++) {
        *psi += 1 / x;
        *psi1 -= 1 / (x * x);
    }
}

// One layer changes ln |h|^2 by ln(2 / N) + ln chi^2 of K degrees, where K units of N are on. Mean and variance over K,
// which is not 0.
static void
one_layer(int N, double *mean, double *variance)
{
    double chance = pow64(0.5, N), all = 0, first = 0, second = 0;
    for (int k = 1; k <= N; k++) {
        double psi, psi1;
        chance *= (double)(N - k + 1) / k;
        digamma_half(k, &psi, &psi1);
        double change = psi + log64(4.0 / N);
        all += chance;
        first += chance * change;
        second += chance * (change * change + psi1);
    }
    *mean = first / all;
    *variance = second / all - *mean * *mean;
}

typedef struct {
    double change[MOST]; // ln |h(L)|^2 - ln |h(0)|^2 of each net
} trial;

static void
run_net(int i, void *context)
{
    int k = i / MOST, net = i % MOST, N = widths[k];
    if (net >= program_steps(MOST, 20))
        return;
    trial *t = (trial *)context + k;
    const activations_layer he = {ACTIVATIONS_RELU, 2, 0};
    rng r = rng_at(SEED + k, net);
    double a[N];
    activations_signal signal[N + 1];
    for (int j = 0; j < N; j++)
        a[j] = 1; // any vector of positive numbers: it passes the first ReLU as it is, h(0) = a(0)
    activations_net_forward(&he, N, N, &r, 1, a, signal);
    double h = 0;
    for (int j = 0; j < N; j++)
        h += a[j] > 0 ? a[j] * a[j] : 0;
    t->change[net] = log64(h / N);
}

void
activations_figure_typical_net(void)
{
    static trial all[TASKS];
    int n = program_steps(MOST, 20);
    parallel_runs(TASKS * MOST, run_net, all);
    table *t =
        program_table("typical-net", "n\tL\tlayer_mean\tlayer_variance\texact_mean\tmean\terror\t"
                                     "exact_variance\tvariance\tmedian\tlaw\tsample_mean");
    double z[TASKS], spread[TASKS], median[TASKS];
    for (int k = 0; k < TASKS; k++) {
        int N = widths[k];
        double mean, variance, square = 0, plain = 0;
        one_layer(N, &mean, &variance);
        stats_estimate seen = stats_mean(n, all[k].change);
        for (int i = 0; i < n; i++) {
            square += (all[k].change[i] - seen.mean) * (all[k].change[i] - seen.mean) / (n - 1);
            plain += exp64(all[k].change[i]) / n;
        }
        double exact = N * mean, sorted[MOST];
        for (int i = 0; i < n; i++)
            sorted[i] = all[k].change[i];
        median[k] = exp64(stats_quartiles_of(n, sorted).middle);
        z[k] = fabs(seen.mean - exact) / sqrt64(N * variance / n);
        spread[k] = square / (N * variance);
        table_row(t, "iidddddddddd", N, N, mean, variance, exact, seen.mean, seen.error,
                  N * variance, square, median[k], exp64(-2.5), plain);
    }
    table_close(t);
    t = program_table("typical-net-sorted", "rank\tmean_square");
    double sorted[MOST];
    for (int i = 0; i < n; i++)
        sorted[i] = all[0].change[i];
    stats_quartiles_of(n, sorted);
    for (int i = 0; i < n; i++)
        table_row(t, "dd", (i + 0.5) / n, exp64(sorted[i]));
    table_close(t);
    const char *own = "this chapter, sums of digamma";
    claim_below("typical-mean-50",
                "n = L = 50, 400 nets: the mean of ln |h|^2 from the exact, standard errors", 4,
                z[0], own, CHECK);
    claim_below("typical-mean-100", "n = L = 100, 400 nets: the same", 4, z[1], own, CHECK);
    // a sample variance of n normal numbers has the relative standard error sqrt(2 / (n - 1))
    claim_below("typical-variance", "n = L = 50: the variance from the exact, standard errors", 4,
                fabs(spread[0] - 1) / sqrt64(2.0 / (n - 1)), own, FOUND);
    claim_below("typical-median", "n = L = 50: the median net's |h|^2, from 1", 0.15,
                unless_quick(median[0]), own, FOUND);
}
