// Figure n-step: how many steps should a target look ahead? The RMS error of n-step TD on a walk over 19 states, as a
// mean over the first ten episodes, for n = 1 to 64 and Monte Carlo by step size, over 2000 runs; its ends, TD and
// Monte Carlo, also exactly.
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/numeric.h"
#include "td/figures/figures.h"
#include "td/planning.h"
#include "td/runs.h"
#include "td/walk.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEED = 51, STATES = 19, EPISODES = 10, KINDS = 8, ALPHAS = 10, N = KINDS * ALPHAS };
enum { MC = KINDS - 1 }; // looks ahead to the end
static const int steps[KINDS] = {1, 2, 4, 8, 16, 32, 64, INT_MAX};
static const char *const kind_name[KINDS] = {"1", "2", "4", "8", "16", "32", "64", "mc"};

static double
alpha_of(int i)
{
    return 0.1 * (1 + i);
}

// The kind that looks n steps ahead.
static int
kind_of(int n)
{
    int kind = 0;
    while (steps[kind] != n)
        kind++;
    return kind;
}

// value (2, KINDS, ALPHAS): RMS errors and mean squares, as means over the first ten episodes.
static void
learn(rng *r, const void *context, double *value)
{
    const td_model *m = context;
    td_environment env = td_environment_of(m);
    td_transition *stream =
        memory_zeroed(EPISODES * TD_WALK_LIMIT, sizeof *stream, "a batch of episodes");
    double exact[STATES];
    int first[EPISODES + 1] = {0};
    for (int k = 0; k < EPISODES; k++)
        first[k + 1] = first[k] + td_walk(&env, stream + first[k], TD_WALK_LIMIT, r);
    for (int s = 0; s < STATES; s++)
        exact[s] = (s + 1 - (STATES + 1) / 2.0) / ((STATES + 1) / 2.0);
    for (int i = 0; i < N; i++) {
        double v[STATES] = {0};
        td_table q = {STATES, 1, env.n, v};
        value[i] = value[N + i] = 0;
        for (int k = 0; k < EPISODES; k++) {
            for (int t = first[k]; t < first[k + 1]; t++)
                td_n_step_sarsa(&q, stream + t, steps[i / ALPHAS], alpha_of(i % ALPHAS), env.gamma);
            double square = td_mean_squared_error(STATES, v, exact);
            value[i] += sqrt64(square) / EPISODES;
            value[N + i] += square / EPISODES;
        }
    }
    free(stream);
}

// The exact mean squared errors of both ends, n = 1 and Monte Carlo, by step size.
typedef struct {
    td_model m;
    double one[ALPHAS], mc[ALPHAS];
} ends;

static double
mean_of_episodes(const double *by_episode)
{
    double sum = 0;
    for (int k = 1; k <= EPISODES; k++)
        sum += by_episode[k];
    return sum / EPISODES;
}

static void
compute_ends(int i, void *context)
{
    ends *e = context;
    double by_episode[EPISODES + 1];
    td_zero_error(&e->m, alpha_of(i), 0, EPISODES, by_episode);
    e->one[i] = mean_of_episodes(by_episode);
    td_mc_error(&e->m, alpha_of(i), 0, EPISODES, by_episode);
    e->mc[i] = mean_of_episodes(by_episode);
}

static void
write_errors(const double *mean, const double *error, const ends *e)
{
    table *t = program_table("n-step", "n\talpha\trms\trms_standard_error\tmse\t"
                                       "mse_standard_error\texact_mse");
    for (int i = 0; i < N; i++) {
        int kind = i / ALPHAS, a = i % ALPHAS;
        table_row(t, "sdddddd", kind_name[kind], alpha_of(a), mean[i], error[i], mean[N + i],
                  error[N + i],
                  kind == 0    ? e->one[a]
                  : kind == MC ? e->mc[a]
                               : NAN);
    }
    table_close(t);
}

// best, best_error (KINDS): the least RMS error over all step sizes, and its standard error.
static void
write_best(const double *rms, const double *error, double *best, double *best_error)
{
    table *t = program_table("n-step-best", "n\talpha\trms\tstandard_error");
    for (int i = 0; i < KINDS; i++) {
        int at = i * ALPHAS;
        for (int k = at; k < (i + 1) * ALPHAS; k++)
            at = rms[k] < rms[at] ? k : at;
        best[i] = rms[at];
        best_error[i] = error[at];
        table_row(t, "sddd", kind_name[i], alpha_of(at % ALPHAS), rms[at], error[at]);
    }
    table_close(t);
}

static void
claims(const double *best, const double *best_error, const double *mse, const double *error,
       const ends *e)
{
    const int four = kind_of(4), two = kind_of(2);
    int least = 0;
    for (int i = 0; i < KINDS; i++)
        least = best[i] < best[least] ? i : least;
    claim_near("n-step-best", "19 states: the n with the least RMS error over all step sizes", 4,
               unless_quick(steps[least]), 0, "Sutton & Barto 2018, fig. 7.2 (a picture)",
               REPRODUCED);
    claim_above("n-step-4", "19 states: how far n = 4 is below n = 2, in standard errors", 4,
                unless_quick((best[two] - best[four]) / sqrt64(best_error[four] * best_error[four] +
                                                               best_error[two] * best_error[two])),
                "ours: that 4 is the best is no chance", FOUND);
    claim_changed("n-step-4", "before: its error is 0.26 +- 0.01, nine standard errors");
    td_check_z("n-step-td", "19 states, n = 1: worst of 10 mean squared errors, in standard errors",
               ALPHAS, td_worst_z(ALPHAS, mse, error, e->one));
    td_check_z("n-step-mc", "19 states, MC: worst of 10 mean squared errors, in standard errors",
               ALPHAS, td_worst_z(ALPHAS, mse + MC * ALPHAS, error + MC * ALPHAS, e->mc));
}

void
td_figure_n_step(void)
{
    double mean[2 * N], error[2 * N], best[KINDS], best_error[KINDS];
    ends e = {.m = td_random_walk(STATES, -1)};
    int runs = program_steps(2000, 10);
    progress_expect(runs);
    td_runs(SEED, runs, 2 * N, learn, &e.m, mean, error);
    parallel_runs(ALPHAS, compute_ends, &e);
    td_model_free(&e.m);
    write_errors(mean, error, &e);
    write_best(mean, error, best, best_error);
    claims(best, best_error, mean + N, error + N, &e);
}
