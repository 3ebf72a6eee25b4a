// Figure decay: what does weight decay decay? 4000 weights of 5 under noise of four sizes and no
// other gradient: with decoupled decay, and with the decay in the gradient, on their laws.
#include "adamw/adamw.h"
#include "adamw/figures/figures.h"
#include "adamw/laws.h"
#include "adamw/study.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { SEED = 31, BLOCKS = 40, SIZE = 100, SIGMAS = 4, RULES = 2, TIMES = 50, STEPS = 10000 };
static const double sigma[SIGMAS] = {0.01, 0.1, 1, 10}, rate = 1e-3, decay = 0.1, first = 5;
static const adamw_rule rule = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
enum { DECOUPLED, L2 };

// Sums over the weights of a block after every STEPS / TIMES steps.
typedef struct {
    double sum[TIMES][RULES][SIGMAS], square[TIMES][RULES][SIGMAS];
} block;

static void
add(block *b, int k, int kind, int s, const double *w)
{
    for (int i = 0; i < SIZE; i++) {
        b->sum[k][kind][s] += w[i];
        b->square[k][kind][s] += w[i] * w[i];
    }
}

// One block of SIZE weights; all rules and sizes see the same noise.
static void
run(int b, void *context)
{
    static _Thread_local double w[RULES][SIGMAS][SIZE], m[RULES][SIGMAS][SIZE],
        v[RULES][SIGMAS][SIZE];
    block *own = (block *)context + b;
    rng r = rng_at(SEED, b);
    memset(m, 0, sizeof m);
    memset(v, 0, sizeof v);
    for (int s = 0; s < SIGMAS; s++)
        for (int i = 0; i < SIZE; i++)
            w[DECOUPLED][s][i] = w[L2][s][i] = first;
    int steps = program_steps(STEPS, STEPS / 10);
    for (int t = 1; t <= steps; t++) {
        double noise[SIZE], g[SIZE], h[SIZE];
        adamw_study_normal(&r, SIZE, 1, noise);
        for (int s = 0; s < SIGMAS; s++) {
            for (int i = 0; i < SIZE; i++)
                g[i] = sigma[s] * noise[i];
            adamw_move(&rule, t, rate, adamw_pull(rate, decay), SIZE, w[DECOUPLED][s], g,
                       &(adamw_means){m[DECOUPLED][s], v[DECOUPLED][s], NULL});
            adamw_l2_move(&rule, t, rate, decay, SIZE, w[L2][s], g, h,
                          &(adamw_means){m[L2][s], v[L2][s], NULL});
        }
        if (t % (STEPS / TIMES) != 0)
            continue;
        for (int kind = 0; kind < RULES; kind++)
            for (int s = 0; s < SIGMAS; s++)
                add(own, t / (STEPS / TIMES) - 1, kind, s, w[kind][s]);
    }
    progress_advance(1);
}

static stats_estimate
mean_of(const block *all, int k, int kind, int s, double *square)
{
    double sum = 0;
    *square = 0;
    for (int b = 0; b < BLOCKS; b++) {
        sum += all[b].sum[k][kind][s];
        *square += all[b].square[k][kind][s];
    }
    return stats_mean_of_sums(BLOCKS * SIZE, sum, *square);
}

static void
write_curves(const block *all, int times)
{
    table *t = program_table("decay", "rule\tsigma\tstep\tmean\tstandard_error\tlaw\tsimple_law");
    for (int kind = 0; kind < RULES; kind++)
        for (int s = 0; s < SIGMAS; s++)
            for (int k = 0; k < times; k++) {
                int step = (k + 1) * (STEPS / TIMES);
                double square, even = adamw_law_decoupled(first, rate, decay, step);
                stats_estimate e = mean_of(all, k, kind, s, &square);
                double law = kind == DECOUPLED
                                 ? even
                                 : adamw_law_l2_remembering(first, sigma[s], rate, decay,
                                                            rule.beta1, rule.beta2, step);
                table_row(t, "sdidddd", kind == L2 ? "L2" : "decoupled", sigma[s], step, e.mean,
                          e.error, law,
                          kind == L2 ? adamw_law_l2(first, sigma[s], rate, decay, step) : even);
            }
    table_close(t);
}

static void
write_last(const block *all, int k)
{
    int steps = (k + 1) * (STEPS / TIMES), n = BLOCKS * SIZE;
    double z_even = 0, worst_l2 = 0, square, spread = adamw_law_spread(rate, decay, steps),
           mean[SIGMAS];
    double spread_z = 0;
    table *t = program_table("decay-last", "sigma\tdecoupled\tstandard_error\tlaw\tspread\tspread_"
                                           "law\tl2\tl2_error\tmemory_law\tequation_law\tnaive");
    for (int s = 0; s < SIGMAS; s++) {
        double even = adamw_law_decoupled(first, rate, decay, steps), unused;
        stats_estimate d = mean_of(all, k, DECOUPLED, s, &square);
        stats_estimate l = mean_of(all, k, L2, s, &unused);
        double deviation = d.error * sqrt64(n),
               law = adamw_law_l2_remembering(first, sigma[s], rate, decay, rule.beta1, rule.beta2,
                                              steps);
        table_row(t, "ddddddddddd", sigma[s], d.mean, d.error, even, deviation, spread, l.mean,
                  l.error, law, adamw_law_l2(first, sigma[s], rate, decay, steps),
                  first * exp64(-rate * decay * steps / sigma[s]));
        z_even = fmax(z_even, adamw_study_z(d, even));
        spread_z = fmax(spread_z, fabs(deviation / spread - 1) * sqrt64(2.0 * n));
        worst_l2 = fmax(worst_l2, fabs(l.mean - law));
        mean[s] = l.mean;
    }
    table_close(t);
    claim_below(
        "decay-even", "decoupled decay: the worst of 4 means against 5 (1 - rate decay)^n, in s.e.",
        stats_worst_bound(SIGMAS), unless_quick(z_even), "exact: the noise is symmetric", CHECK);
    claim_below("decay-spread",
                "decoupled decay: the worst of 4 spreads against their law, in s.e.",
                stats_worst_bound(SIGMAS), unless_quick(spread_z),
                "ours: to first order in the rate", FOUND);
    claim_below("decay-l2", "Adam with L2: the largest distance of a mean from the law with memory",
                0.01, unless_quick(worst_l2), "ours: the means of m and v", FOUND);
    claim_above(
        "decay-l2-large", "Adam with L2, noise of 10: what is left of 5", 4.5,
        unless_quick(mean[3]),
        "Loshchilov & Hutter 2019, sec. 2: weights with large gradients are regularized less",
        REPRODUCED);
    claim_below("decay-l2-small", "Adam with L2, noise of 0.1: what is left of 5", 0.05,
                unless_quick(mean[1]), "the same place", REPRODUCED);
}

void
adamw_figure_decay(void)
{
    static block all[BLOCKS];
    memset(all, 0, sizeof all);
    progress_expect(BLOCKS);
    parallel_runs(BLOCKS, run, all);
    int times = program_steps(TIMES, TIMES / 10);
    write_curves(all, times);
    write_last(all, times - 1);
}
