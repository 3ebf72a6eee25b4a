// The chapter's experiments: one function for each figure, each with its own seed.
#include "files/fail.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/training.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "td/cases.h"
#include "td/ensemble.h"
#include "td/planning.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEAN_SEED = 11,
    ROBBINS_SEED = 21,
    WALK_SEED = 31,
    BATCH_SEED = 41,
    N_STEP_SEED = 51,
    CLIFF_SEED = 61,
    CLIFF_ALPHA_SEED = 71,
    WINDY_SEED = 81,
    PATH_SEED = 91,
    BIAS_SEED = 101,
    BEHAVIOUR_SEED = 111,
    BLACKJACK_SEED = 121,
    RATIO_SEED = 131
};

static const char *const own = "this chapter", *const zhao = "Zhao 2025", *const dp = "exact";
static const char *const rules[] = {"sarsa", "expected_sarsa", "q_learning"};

// The number of standard errors between a mean and its expectation; 0 where both are the same without any.
static double
z_score(double mean, double error, double exact)
{
    double off = fabs(mean - exact);
    return error > 0 ? off / error : off < 1e-12 ? 0 : INFINITY;
}

// The worst of n z scores.
static double
worst_z(int n, const double *mean, const double *error, const double *exact)
{
    double worst = 0;
    for (int k = 0; k < n; k++)
        worst = fmax(worst, z_score(mean[k], error[k], exact[k]));
    return worst;
}

// The claim that z, the distance of an estimate from its exact value in standard errors, is below 4.
static void
claim_z(const char *id, const char *statement, double z)
{
    claim_below(id, statement, 4, unless_quick(z), dp, REPRODUCED);
}

// A new table of zeros for the worlds of m.
static td_table
table_of(const td_model *m)
{
    td_table q = {m->S, m->A, m->n, calloc((size_t)m->S * m->A, sizeof(double))};
    if (!q.q)
        fail("no memory for a table of %d states", m->S);
    return q;
}

// ---- Means ----

enum { MEAN_POINTS = 10, MEAN_RULES = 3 };
static const int mean_at[MEAN_POINTS] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
static const double mean_step[MEAN_RULES] = {0, 0.1, 0.01}; // 0: 1/k
static const double mean_start = 2;

// The squared error of the three estimates of the mean of N(0, 1), after some numbers of samples.
static void
mean_run(rng *r, const void *context, double *square)
{
    (void)context;
    double w[MEAN_RULES] = {mean_start, mean_start, mean_start};
    for (int k = 1, point = 0; point < MEAN_POINTS; k++) {
        double x = rng_normal(r);
        w[0] = td_mean(w[0], k, x);
        for (int i = 1; i < MEAN_RULES; i++)
            td_towards(&w[i], mean_step[i], x);
        if (k != mean_at[point])
            continue;
        for (int i = 0; i < MEAN_RULES; i++)
            square[i * MEAN_POINTS + point] = w[i] * w[i];
        point++;
    }
}

// The mean squared error of three step sizes for the mean of a sample, and what it must be.
static void
mean(void)
{
    enum { N = MEAN_RULES * MEAN_POINTS };
    double square[N], error[N], exact[N];
    int runs = program_steps(20000, 20);
    progress_expect(runs);
    td_ensemble(MEAN_SEED, runs, N, mean_run, NULL, square, error);
    table *t = program_table("mean", "step\tsamples\tmse\tstandard_error\texact");
    for (int k = 0; k < N; k++) {
        int i = k / MEAN_POINTS, n = mean_at[k % MEAN_POINTS];
        double forgets = pow64(1 - mean_step[i], 2 * n);
        exact[k] = i == 0 ? 1.0 / n
                          : forgets * mean_start * mean_start +
                                mean_step[i] / (2 - mean_step[i]) * (1 - forgets);
        table_row(t, "siddd", ((const char *[]){"1/k", "0.1", "0.01"})[i], n, square[k], error[k],
                  exact[k]);
    }
    table_close(t);
    claim_z("mean", "mean: the worst of 30 mean squared errors, in standard errors",
            worst_z(N, square, error, exact));
}

// ---- Robbins and Monro ----

enum { CUBIC_POINTS = 17, CUBIC_STEPS = 300 };
static const double cubic_root = 1.7099759466766970; // 5^(1/3)

static double
cubic_start(int point)
{
    return 0.25 * point;
}

// Whether w <- w - (w^3 - 5 + noise) / (k + shift) comes within 1 of the root, from all starts.
static void
cubic_run(rng *r, const void *context, double *converges)
{
    int shift = *(const int *)context;
    for (int i = 0; i < CUBIC_POINTS; i++) {
        double w = cubic_start(i);
        for (int k = 1; k <= CUBIC_STEPS && fabs(w) < 1e6; k++)
            w = td_robbins_monro(w, 1.0 / (k + shift), w * w * w - 5 + rng_normal(r));
        converges[i] = fabs(w - cubic_root) < 1;
    }
}

// The probability of the same, by dynamic programming backwards over 60 steps, on a grid of w with linear
// interpolation; the mean over the noise is a sum over a grid with the weights of N(0, 1). After the last step w
// converges if the next one does not throw it out: if |w| < sqrt(2 k).
static void
cubic_probability(int shift, double *probability)
{
    enum { STEPS = 60, CELLS = 2400, NOISE = 300 };
    static double now[CELLS + 1], after[CELLS + 1];
    const double edge = 12, width = 2 * edge / CELLS, most = 6;
    double noise[NOISE + 1], weight[NOISE + 1], all = 0;
    for (int i = 0; i <= NOISE; i++) {
        noise[i] = most * (2.0 * i / NOISE - 1);
        all += weight[i] = exp64(-noise[i] * noise[i] / 2);
    }
    for (int j = 0; j <= CELLS; j++)
        after[j] = fabs(j * width - edge) < sqrt64(2.0 * (STEPS + shift));
    for (int k = STEPS; k >= 1; k--) {
        for (int j = 0; j <= CELLS; j++) {
            double w = j * width - edge, sum = 0;
            for (int i = 0; i <= NOISE; i++) {
                double at = td_robbins_monro(w, 1.0 / (k + shift), w * w * w - 5 + noise[i]);
                double cell = (at + edge) / width;
                if (!(cell >= 0 && cell < CELLS))
                    continue;
                int c = (int)cell;
                sum += weight[i] * (after[c] + (cell - c) * (after[c + 1] - after[c]));
            }
            now[j] = sum / all;
        }
        memcpy(after, now, sizeof after);
    }
    for (int i = 0; i < CUBIC_POINTS; i++)
        probability[i] = after[(int)((cubic_start(i) + edge) / width + 0.5)];
}

static void
robbins_claims(double last, const double *share, const double *error, const double *exact)
{
    claim_near("tanh-root", "Robbins-Monro: w after 1000 steps on tanh(w - 1) without noise", 1,
               last, 2e-3, zhao, REPRODUCED);
    claim_below("cubic-0", "w^3 - 5, steps 1/k, w1 = 1: the part of runs that converge", 0.01,
                unless_quick(share[4]), own, REPRODUCED);
    claim_above("cubic-shift", "w^3 - 5, steps 1/(k+5), w1 = 1: the part of runs that converge",
                0.99, unless_quick(share[CUBIC_POINTS + 4]), own, REPRODUCED);
    claim_z("cubic-z", "w^3 - 5: the worst of 34 parts against dynamic programming, in s.e.",
            worst_z(2 * CUBIC_POINTS, share, error, exact));
}

// Robbins-Monro on a root without noise, and on one where g grows too fast.
static void
robbins_monro(void)
{
    enum { N = 2 * CUBIC_POINTS, TANH_STEPS = 1000 };
    table *t = program_table("robbins-monro-tanh", "k\tw");
    double w = 3;
    for (int k = 1; k <= TANH_STEPS; k++) {
        table_row(t, "id", k, w);
        w = td_robbins_monro(w, 1.0 / k, tanh64(w - 1));
    }
    table_close(t);
    double share[N], error[N], exact[N];
    int runs = program_steps(4000, 20);
    progress_expect(2 * runs);
    for (int i = 0, shift = 0; i < 2; i++, shift += 5) {
        td_ensemble(ROBBINS_SEED, runs, CUBIC_POINTS, cubic_run, &shift, share + i * CUBIC_POINTS,
                    error + i * CUBIC_POINTS);
        cubic_probability(shift, exact + i * CUBIC_POINTS);
    }
    for (int k = 0; k < N; k++) // of a part, from the exact one: it may be 0 or 1
        error[k] = sqrt64(exact[k] * fmax(1 - exact[k], 0) / runs);
    t = program_table("robbins-monro-cubic", "steps\tw1\tconverges\tstandard_error\texact");
    for (int k = 0; k < N; k++)
        table_row(t, "sdddd", k < CUBIC_POINTS ? "1/k" : "1/(k+5)", cubic_start(k % CUBIC_POINTS),
                  share[k], error[k], exact[k]);
    table_close(t);
    robbins_claims(w, share, error, exact);
}

// ---- Zhao's grid ----

static const td_rewards harsh = {-1, -10, 1, 0}, mild = {-1, -1, 1, 0};

static table *
grid_table(const char *name)
{
    return program_table(name, "panel\trow\tcolumn\tvalue\tactions\tkind");
}

// One grid: a value and a mask of actions for every cell; kind: 0 plain, 1 forbidden, 2 target.
static void
grid_rows(table *t, const char *panel, const double *v, const int *mask)
{
    for (int s = 0; s < GRID_STATES; s++)
        table_row(t, "siidii", panel, s / GRID_SIDE + 1, s % GRID_SIDE + 1, v[s],
                  mask ? mask[s] : 0, s == GRID_TARGET ? 2 : td_grid_forbidden(s));
}

// The best values of a grid, with epsilon of the actions at random, and all best actions.
static void
grid_best(td_rewards pay, double epsilon, double *v, int *mask)
{
    double q[GRID_STATES * GRID_ACTIONS];
    td_model m = td_grid(pay, false);
    td_optimal(&m, epsilon, v, q);
    for (int s = 0; s < m.S; s++)
        mask[s] = td_best(&m, q, s);
    td_model_free(&m);
}

// Optimal values and all optimal actions, for two rewards of the forbidden cells.
static void
grid(void)
{
    const double book[GRID_STATES] = {3.5, 3.9, 4.3, 4.8, 5.3, 3.1, 3.5, 4.8, 5.3,
                                      5.9, 2.8, 2.5, 10,  5.9, 6.6, 2.5, 10,  10,
                                      10,  7.3, 2.3, 9,   10,  9,   8.1};
    double v[GRID_STATES], off = 0;
    int mask[GRID_STATES];
    table *t = grid_table("grid");
    grid_best(harsh, 0, v, mask);
    grid_rows(t, "harsh", v, mask);
    for (int s = 0; s < GRID_STATES; s++)
        off = fmax(off, fabs(v[s] - book[s]));
    grid_best(mild, 0, v, mask);
    grid_rows(t, "mild", v, mask);
    table_close(t);
    int ties = 0;
    for (int s = 0; s < GRID_STATES; s++)
        ties += (mask[s] & (mask[s] - 1)) != 0;
    claim_below("grid-book", "grid, forbidden -10: the largest difference to the book's one digit",
                0.051, off, zhao, REPRODUCED);
    claim_near("grid-ties", "grid, forbidden -1: states with more than one optimal action", 6, ties,
               0, own, REPRODUCED);
}

// MC Basic on the grid: v(s) = max q(s, a) it ends with, and L backups of value iteration from 0.
static int
basic_values(td_rewards pay, int length, double *v, double *backed)
{
    enum { MOST = 100 };
    double q[GRID_STATES * GRID_ACTIONS];
    td_model m = td_grid(pay, false);
    td_world w = td_world_of(&m);
    td_table learnt = table_of(&m);
    rng none = rng_at(0, 0);
    int changes = td_mc_basic(&w, &learnt, length, MOST, &none);
    memset(backed, 0, sizeof *backed * GRID_STATES);
    for (int i = 0; i < length; i++) {
        td_backups(&m, backed, q);
        for (int s = 0; s < m.S; s++) {
            backed[s] = q[s * m.A];
            for (int a = 1; a < m.A; a++)
                backed[s] = fmax(backed[s], q[s * m.A + a]);
        }
    }
    for (int s = 0; s < m.S; s++)
        v[s] = td_max(&learnt, s);
    free(learnt.q);
    td_model_free(&m);
    return changes;
}

// MC Basic by the length of its episodes.
static void
mc_basic(void)
{
    const int shown[] = {1, 2, 3, 4, 14, 15, 30, 100};
    double v[GRID_STATES], backed[GRID_STATES], off[2][61], worst = 0;
    char panel[16];
    table *t = grid_table("mc-basic");
    for (int i = 0; i < 8; i++) {
        snprintf(panel, sizeof panel, "%d", shown[i]);
        basic_values(harsh, shown[i], v, backed);
        grid_rows(t, panel, v, NULL);
    }
    table_close(t);
    t = program_table("mc-basic-backups",
                      "length\tchanges\tdifference_forbidden_-10\tchanges_mild\t"
                      "difference_forbidden_-1");
    for (int length = 1; length <= 60; length++) {
        int changes[2];
        for (int i = 0; i < 2; i++) {
            changes[i] = basic_values(i == 0 ? harsh : mild, length, v, backed);
            off[i][length] = 0;
            for (int s = 0; s < GRID_STATES; s++)
                off[i][length] = fmax(off[i][length], fabs(v[s] - backed[s]));
        }
        worst = fmax(worst, off[0][length]);
        table_row(t, "iidid", length, changes[0], off[0][length], changes[1], off[1][length]);
    }
    table_close(t);
    claim_below("basic-backups", "MC Basic, L = 1..60, forbidden -10: farthest from L backups",
                1e-12, worst, own, REPRODUCED);
    claim_above("basic-mild", "MC Basic, L = 3, forbidden -1: farthest from L backups", 0.01,
                off[1][3], own, REPRODUCED);
}

static void
epsilon_claims(double best[4][GRID_STATES], double soft[4][GRID_STATES], int turned)
{
    double gain = INFINITY;
    for (int i = 0; i < 4; i++)
        for (int s = 0; s < GRID_STATES; s++)
            gain = fmin(gain, best[i][s] - soft[i][s]);
    claim_above("epsilon-best", "grid: least gain of the best eps-soft policy over the consistent",
                -1e-9, gain, own, REPRODUCED);
    claim_near("epsilon-target-0.1", "grid: the target's value, eps 0.1, optimal policy", 3.3,
               soft[1][GRID_TARGET], 0.05, own, REPRODUCED);
    claim_below("epsilon-target", "grid: the target's value under the consistent policy, eps 0.5",
                0, soft[3][GRID_TARGET], zhao, REPRODUCED);
    claim_above("epsilon-turns", "grid: states whose best action is another one at eps 0.5", 0,
                turned, zhao, REPRODUCED);
}

// What exploring costs: the optimal policy made epsilon-greedy, and the best epsilon-soft policy.
static void
grid_epsilon(void)
{
    const double epsilons[] = {0, 0.1, 0.2, 0.5};
    double policy[GRID_STATES * GRID_ACTIONS], q[GRID_STATES * GRID_ACTIONS];
    double best[4][GRID_STATES], soft[4][GRID_STATES], v[GRID_STATES];
    int mask[GRID_STATES], first[GRID_STATES], turned = 0;
    char panel[32];
    td_model m = td_grid(harsh, false);
    td_optimal(&m, 0, v, q);
    table *t = grid_table("grid-epsilon");
    for (int i = 0; i < 4; i++) {
        td_soft_policy(&m, q, epsilons[i], policy);
        td_evaluate(&m, policy, soft[i]);
        for (int s = 0; s < m.S; s++)
            first[s] = td_best(&m, q, s);
        snprintf(panel, sizeof panel, "consistent_%g", epsilons[i]);
        grid_rows(t, panel, soft[i], first);
        grid_best(harsh, epsilons[i], best[i], mask);
        snprintf(panel, sizeof panel, "best_%g", epsilons[i]);
        grid_rows(t, panel, best[i], mask);
        for (int s = 0; i == 3 && s < m.S; s++)
            turned += (first[s] & mask[s]) == 0;
    }
    table_close(t);
    td_model_free(&m);
    epsilon_claims(best, soft, turned);
}

// ---- The random walk ----

enum { WALK = 5, WALK_EPISODES = 100, WALK_MOST = 4096, WALK_CURVES = 7 };
static const struct {
    const char *id;
    bool td;
    double alpha;
} walks[WALK_CURVES] = {{"td_0.05", true, 0.05},  {"td_0.1", true, 0.1},
                        {"td_0.15", true, 0.15},  {"mc_0.01", false, 0.01},
                        {"mc_0.02", false, 0.02}, {"mc_0.03", false, 0.03},
                        {"mc_0.04", false, 0.04}};

// One episode of a walk.
static int
walk(const td_world *w, td_step *e, int most, rng *r)
{
    double nothing[w->S];
    td_table q = {w->S, 1, w->n, memset(nothing, 0, sizeof nothing)};
    int T = td_play(w, &q, 0, w->begin(w->inside, r), 0, most, e, r);
    if (!e[T - 1].end)
        fail("a walk over %d states takes more than %d steps", w->S, most);
    return T;
}

// The mean square of v - exact over S states.
static double
mean_square(int S, const double *v, const double *exact)
{
    double sum = 0;
    for (int s = 0; s < S; s++)
        sum += (v[s] - exact[s]) * (v[s] - exact[s]);
    return sum / S;
}

// value (2, WALK_CURVES, 1 + WALK_EPISODES): the RMS error over the states and the mean square, by episode.
static void
random_walk_run(rng *r, const void *context, double *value)
{
    enum { N = WALK_CURVES * (1 + WALK_EPISODES) };
    const td_model *m = context;
    td_world w = td_world_of(m);
    td_step e[WALK_MOST];
    double v[WALK_CURVES][WALK], g[WALK_MOST], exact[WALK];
    for (int s = 0; s < WALK; s++) {
        exact[s] = (s + 1.0) / (WALK + 1);
        for (int i = 0; i < WALK_CURVES; i++)
            v[i][s] = 0.5;
    }
    for (int k = 0; k <= WALK_EPISODES; k++) {
        for (int i = 0; i < WALK_CURVES; i++) {
            double square = mean_square(WALK, v[i], exact),
                   *at = value + i * (1 + WALK_EPISODES) + k;
            at[0] = sqrt64(square);
            at[N] = square;
        }
        int T = walk(&w, e, WALK_MOST, r);
        td_returns(T, e, w.gamma, g);
        for (int i = 0; i < WALK_CURVES; i++)
            for (int t = 0; t < T; t++)
                if (walks[i].td)
                    td_td0(v[i], &e[t], walks[i].alpha, w.gamma);
                else
                    td_towards(&v[i][e[t].s], walks[i].alpha, g[t]);
    }
}

static void
random_walk_claims(const double *rms, const double *mse, const double *error, const double *exact)
{
    enum { P = 1 + WALK_EPISODES };
    double z[2] = {0, 0}, best_mc = INFINITY;
    for (int i = 0; i < WALK_CURVES; i++) {
        for (int k = 10; k < P; k += 10)
            z[walks[i].td] =
                fmax(z[walks[i].td], z_score(mse[i * P + k], error[i * P + k], exact[i * P + k]));
        best_mc = walks[i].td ? best_mc : fmin(best_mc, rms[i * P + 100]);
    }
    claim_z("walk-td", "random walk, TD: worst of 30 mean squared errors, in standard errors",
            z[1]);
    claim_z("walk-mc", "random walk, MC: worst of 40 mean squared errors, in standard errors",
            z[0]);
    claim_near("walk-start", "random walk: the RMS error before the first episode", 0.2357, rms[0],
               1e-4, "Sutton & Barto 2018, ex. 6.2", REPRODUCED);
    claim_near("walk-td-10", "random walk, TD, alpha 0.1: RMS error after 10 episodes", 0.1284,
               unless_quick(rms[P + 10]), 2e-3, own, REPRODUCED);
    claim_above("walk-td-best",
                "random walk, 100 episodes: the best MC's RMS error less TD's at 0.05", 0,
                unless_quick(best_mc - rms[100]), "Sutton & Barto 2018, ex. 6.2", REPRODUCED);
}

// TD(0) against constant-step Monte Carlo on a walk over five states: the RMS error, and exactly.
static void
random_walk(void)
{
    enum { P = 1 + WALK_EPISODES, N = WALK_CURVES * P };
    double mean_of[2 * N], error[2 * N], exact[N];
    td_model m = td_random_walk(WALK, 0);
    int runs = program_steps(20000, 20);
    progress_expect(runs);
    td_ensemble(WALK_SEED, runs, 2 * N, random_walk_run, &m, mean_of, error);
    table *t = program_table("random-walk", "curve\tepisodes\trms\trms_standard_error\tmse\t"
                                            "mse_standard_error\texact_mse");
    for (int i = 0; i < WALK_CURVES; i++) {
        (walks[i].td ? td_td0_error : td_mc_error)(&m, walks[i].alpha, 0.5, WALK_EPISODES,
                                                   exact + i * P);
        for (int k = 0; k < P; k++)
            table_row(t, "siddddd", walks[i].id, k, mean_of[i * P + k], error[i * P + k],
                      mean_of[N + i * P + k], error[N + i * P + k], exact[i * P + k]);
    }
    table_close(t);
    td_model_free(&m);
    t = program_table("random-walk-rms",
                      "curve\trms_10\trms_25\trms_50\trms_100\tstandard_error_100");
    for (int i = 0; i < WALK_CURVES; i++) {
        const double *rms = mean_of + i * P;
        table_row(t, "sddddd", walks[i].id, rms[10], rms[25], rms[50], rms[100],
                  error[i * P + 100]);
    }
    table_close(t);
    random_walk_claims(mean_of, mean_of + N, error + N, exact);
}

// ---- Batches ----

enum { BATCH_POINTS = 10 };
static const int batch_at[BATCH_POINTS] = {1, 2, 5, 10, 15, 25, 40, 60, 80, 100};

// value (2, 2, BATCH_POINTS): RMS errors and mean squares of the limits of batch TD and batch MC.
static void
batch_run(rng *r, const void *context, double *value)
{
    const td_model *m = context;
    td_world w = td_world_of(m);
    td_step *e = malloc(sizeof *e * batch_at[BATCH_POINTS - 1] * WALK_MOST);
    double exact[WALK], g[WALK_MOST], mc[WALK], td[WALK];
    if (!e)
        fail("no memory for %d episodes", batch_at[BATCH_POINTS - 1]);
    int T = 0, visits[WALK] = {0};
    td_table q = {WALK, 1, w.n, mc};
    for (int s = 0; s < WALK; s++) {
        exact[s] = (s + 1.0) / (WALK + 1);
        mc[s] = 0.5;
    }
    for (int k = 1, point = 0; point < BATCH_POINTS; k++) {
        int length = walk(&w, e + T, WALK_MOST, r);
        td_returns(length, e + T, w.gamma, g);
        for (int t = 0; t < length; t++)
            td_monte_carlo(&q, visits, e + T, t, g[t], true);
        T += length;
        if (k != batch_at[point])
            continue;
        for (int s = 0; s < WALK; s++)
            td[s] = 0.5;
        td_batch_limit(WALK, td, T, e, w.gamma);
        double *at = value + point++;
        at[2 * BATCH_POINTS] = mean_square(WALK, td, exact);
        at[3 * BATCH_POINTS] = mean_square(WALK, mc, exact);
        at[0] = sqrt64(at[2 * BATCH_POINTS]);
        at[BATCH_POINTS] = sqrt64(at[3 * BATCH_POINTS]);
    }
    free(e);
}

static void
batch_claims(const double *mean_of, const double law[2])
{
    enum { N = BATCH_POINTS };
    claim_near("batch-td", "batch TD, 100 episodes: RMS error", 0.0373,
               unless_quick(mean_of[N - 1]), 1e-3, own, REPRODUCED);
    claim_near("batch-mc", "batch MC, 100 episodes: RMS error", 0.0561,
               unless_quick(mean_of[2 * N - 1]), 1e-3, own, REPRODUCED);
    claim_near("batch-td-law", "batch TD, 100 episodes: mean squared error over its limit law", 1,
               unless_quick(100 * mean_of[3 * N - 1] / law[0]), 0.05, dp, REPRODUCED);
    claim_near("batch-mc-law", "batch MC, 100 episodes: mean squared error over its limit law", 1,
               unless_quick(100 * mean_of[4 * N - 1] / law[1]), 0.05, dp, REPRODUCED);
}

// The limits of batch TD and batch MC by the number of episodes, and the law they tend to.
static void
batch(void)
{
    enum { N = BATCH_POINTS };
    double mean_of[4 * N], error[4 * N], law[2];
    td_model m = td_random_walk(WALK, 0);
    int runs = program_steps(20000, 20);
    progress_expect(runs);
    td_ensemble(BATCH_SEED, runs, 4 * N, batch_run, &m, mean_of, error);
    td_batch_error(&m, &law[0], &law[1]);
    td_model_free(&m);
    table *t = program_table("batch", "method\tepisodes\trms\trms_standard_error\tmse\t"
                                      "mse_standard_error\tlimit_mse");
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < N; k++)
            table_row(t, "siddddd", i == 0 ? "td" : "mc", batch_at[k], mean_of[i * N + k],
                      error[i * N + k], mean_of[(2 + i) * N + k], error[(2 + i) * N + k],
                      law[i] / batch_at[k]);
    table_close(t);
    t = program_table("batch-law", "method\tepisodes_times_mse");
    table_row(t, "sd", "td", law[0]);
    table_row(t, "sd", "mc", law[1]);
    table_close(t);
    batch_claims(mean_of, law);
}

// ---- n-step ----

enum { LONG_WALK = 19, N_EPISODES = 10, N_KINDS = 8, N_ALPHAS = 10 };
static const int n_steps[N_KINDS] = {1, 2, 4, 8, 16, 32, 64, INT_MAX}; // the last: Monte Carlo

// value (2, N_KINDS, N_ALPHAS): RMS errors and mean squares, as means over the first ten episodes.
static void
n_step_run(rng *r, const void *context, double *value)
{
    enum { N = N_KINDS * N_ALPHAS };
    const td_model *m = context;
    td_world w = td_world_of(m);
    td_step *e = malloc(sizeof *e * N_EPISODES * WALK_MOST);
    double exact[LONG_WALK];
    int first[N_EPISODES + 1] = {0};
    if (!e)
        fail("no memory for %d episodes", N_EPISODES);
    for (int k = 0; k < N_EPISODES; k++)
        first[k + 1] = first[k] + walk(&w, e + first[k], WALK_MOST, r);
    for (int s = 0; s < LONG_WALK; s++)
        exact[s] = (s + 1 - (LONG_WALK + 1) / 2.0) / ((LONG_WALK + 1) / 2.0);
    for (int i = 0; i < N; i++) {
        double v[LONG_WALK] = {0};
        td_table q = {LONG_WALK, 1, w.n, v};
        value[i] = value[N + i] = 0;
        for (int k = 0; k < N_EPISODES; k++) {
            for (int t = first[k]; t < first[k + 1]; t++)
                td_n_step_sarsa(&q, e + t, n_steps[i / N_ALPHAS], 0.1 * (1 + i % N_ALPHAS),
                                w.gamma);
            double square = mean_square(LONG_WALK, v, exact);
            value[i] += sqrt64(square) / N_EPISODES;
            value[N + i] += square / N_EPISODES;
        }
    }
    free(e);
}

typedef struct {
    char s[16];
} n_step_name;

static n_step_name
n_name(int kind)
{
    n_step_name name = {"mc"};
    if (kind < N_KINDS - 1)
        snprintf(name.s, sizeof name.s, "%d", n_steps[kind]);
    return name;
}

static void
n_step_claims(const double *rms, const double *rms_error, const double *mse, const double *error,
              const double *exact)
{
    double best[N_KINDS];
    int least = 0;
    table *t = program_table("n-step-best", "n\talpha\trms\tstandard_error");
    for (int i = 0; i < N_KINDS; i++) {
        int at = i * N_ALPHAS;
        for (int k = at; k < (i + 1) * N_ALPHAS; k++)
            at = rms[k] < rms[at] ? k : at;
        best[i] = rms[at];
        least = best[i] < best[least] ? i : least;
        table_row(t, "sddd", n_name(i).s, 0.1 * (1 + at % N_ALPHAS), rms[at], rms_error[at]);
    }
    table_close(t);
    claim_near("n-step-best", "19 states: the n with the least RMS error over all step sizes", 4,
               unless_quick(n_steps[least]), 0, "Sutton & Barto 2018, fig. 7.2", REPRODUCED);
    claim_near("n-step-1", "19 states, n = 1: least RMS error over the step sizes", 0.345,
               unless_quick(best[0]), 0.01, own, REPRODUCED);
    claim_near("n-step-4", "19 states, n = 4: least RMS error over the step sizes", 0.26,
               unless_quick(best[2]), 0.01, own, REPRODUCED);
    claim_z("n-step-td", "19 states, n = 1: worst of 10 mean squared errors, in standard errors",
            worst_z(N_ALPHAS, mse, error, exact));
    claim_z("n-step-mc", "19 states, MC: worst of 10 mean squared errors, in standard errors",
            worst_z(N_ALPHAS, mse + 7 * N_ALPHAS, error + 7 * N_ALPHAS, exact + N_ALPHAS));
}

typedef struct {
    td_model m;
    double exact[2 * N_ALPHAS]; // mean squared errors of n = 1, then of Monte Carlo, by step size
} n_step_ends;

static void
n_step_end(int i, void *context)
{
    n_step_ends *ends = context;
    double by_episode[N_EPISODES + 1], alpha = 0.1 * (1 + i % N_ALPHAS), sum = 0;
    (i < N_ALPHAS ? td_td0_error : td_mc_error)(&ends->m, alpha, 0, N_EPISODES, by_episode);
    for (int k = 1; k <= N_EPISODES; k++)
        sum += by_episode[k];
    ends->exact[i] = sum / N_EPISODES;
}

// n-step TD on a walk over 19 states by step size; its ends, TD and MC, also exactly.
static void
n_step(void)
{
    enum { N = N_KINDS * N_ALPHAS };
    double mean_of[2 * N], error[2 * N];
    n_step_ends ends = {.m = td_random_walk(LONG_WALK, -1)};
    int runs = program_steps(2000, 10);
    progress_expect(runs);
    td_ensemble(N_STEP_SEED, runs, 2 * N, n_step_run, &ends.m, mean_of, error);
    parallel_runs(2 * N_ALPHAS, n_step_end, &ends);
    table *t = program_table("n-step", "n\talpha\trms\trms_standard_error\tmse\t"
                                       "mse_standard_error\texact_mse");
    for (int i = 0; i < N; i++) {
        int kind = i / N_ALPHAS, a = i % N_ALPHAS;
        table_row(t, "sdddddd", n_name(kind).s, 0.1 * (1 + a), mean_of[i], error[i], mean_of[N + i],
                  error[N + i],
                  kind == 0             ? ends.exact[a]
                  : kind == N_KINDS - 1 ? ends.exact[N_ALPHAS + a]
                                        : NAN);
    }
    table_close(t);
    td_model_free(&ends.m);
    n_step_claims(mean_of, error, mean_of + N, error + N, ends.exact);
}

// ---- Control on a grid of cells ----

// Learning by a rule: the return of every episode, and the means over a first and a last part of them.
typedef struct {
    const td_model *m;
    td_rule rule;
    double alpha, epsilon;
    int episodes, early, late;
} control;

// value (episodes + 2): the sum of rewards of every episode, the means of the first `early` and the last
// `late` of them.
static void
control_run(rng *r, const void *context, double *value)
{
    const control *c = context;
    td_world w = td_world_of(c->m);
    td_table q = table_of(c->m);
    double *early = value + c->episodes, *late = early + 1;
    *early = *late = 0;
    for (int k = 0; k < c->episodes; k++) {
        value[k] = td_episode(c->rule, &w, &q, c->alpha, c->epsilon, r).sum;
        if (k < c->early)
            *early += value[k] / c->early;
        if (k >= c->episodes - c->late)
            *late += value[k] / c->late;
    }
    free(q.q);
}

// The exact return of a policy from the first state of m.
static double
policy_return(const td_model *m, const double *policy)
{
    double v[m->S];
    td_evaluate(m, policy, v);
    return v[m->first];
}

// The policy that goes up to `row`, along it to the right and down at the end, with epsilon at random.
static void
along_row(const td_model *m, int row, double epsilon, double *policy)
{
    for (int s = 0; s < m->S; s++) {
        int at = s / CLIFF_COLUMNS, last = s % CLIFF_COLUMNS == CLIFF_COLUMNS - 1;
        int action = last ? 2 : at > row ? 0 : at < row ? 2 : 1;
        for (int a = 0; a < m->A; a++)
            policy[s * m->A + a] = epsilon / m->A + (a == action ? 1 - epsilon : 0);
    }
}

static void
path_claims(double optimal, double soft, const double row[3])
{
    claim_near("cliff-optimal", "cliff: the optimal return", -13, optimal, 1e-9, own, REPRODUCED);
    claim_near("cliff-soft", "cliff, eps 0.1: the best return", -20.7077, soft, 1e-4, own,
               REPRODUCED);
    claim_above("cliff-middle", "cliff, eps 0.1: the middle row's return less the top row's", 1,
                row[1] - row[0], own, REPRODUCED);
}

// The exact values of the cliff without exploring and with epsilon = 0.1, drawn as grids, and the returns of
// policies along each row with epsilon = 0.1.
static void
cliff_paths(void)
{
    enum { S = CLIFF_ROWS * CLIFF_COLUMNS, A = 4 };
    double v[2][S], q[2][S * A], policy[S * A], row[3];
    td_model m = td_cliff();
    table *t = program_table("cliff-paths", "panel\trow\tcolumn\tvalue\tactions\tpath");
    for (int i = 0; i < 2; i++) {
        bool path[S] = {false};
        td_optimal(&m, i == 0 ? 0 : 0.1, v[i], q[i]);
        td_soft_policy(&m, q[i], 0, policy);
        for (int s = CLIFF_START; s != CLIFF_GOAL && !path[s];) {
            int a = 0;
            path[s] = true;
            while (policy[s * A + a] < 0.5)
                a++;
            s = td_chances(&m, s, a)->next;
        }
        for (int s = 0; s < S; s++)
            table_row(t, "siidii", i == 0 ? "optimal" : "soft", s / CLIFF_COLUMNS,
                      s % CLIFF_COLUMNS, s > CLIFF_START ? NAN : v[i][s],
                      s > CLIFF_START ? 0 : td_best(&m, q[i], s), path[s]);
    }
    table_close(t);
    td_soft_policy(&m, q[0], 0.1, policy);
    double greedy = policy_return(&m, policy);
    t = program_table("cliff-policies", "policy\treturn_eps_0.1");
    table_row(t, "sd", "best of all", v[1][CLIFF_START]);
    for (int k = 0; k < 3; k++) {
        along_row(&m, k, 0.1, policy);
        row[k] = policy_return(&m, policy);
    }
    table_row(t, "sd", "along the middle row", row[1]);
    table_row(t, "sd", "along the top row", row[0]);
    table_row(t, "sd", "along the edge", row[2]);
    table_row(t, "sd", "optimal without exploring, made epsilon-greedy", greedy);
    table_close(t);
    td_model_free(&m);
    path_claims(v[0][CLIFF_START], v[1][CLIFF_START], row);
}

static void
cliff_claims(double sarsa, double expected, double q)
{
    const char *source = "Sutton & Barto 2018, ex. 6.6";
    claim_near("cliff-sarsa", "cliff: Sarsa's return, last 100 of 500 episodes", -27,
               unless_quick(sarsa), 1, source, REPRODUCED);
    claim_near("cliff-q", "cliff: Q-learning's return, last 100 of 500 episodes", -50,
               unless_quick(q), 1, source, REPRODUCED);
    claim_near("cliff-expected", "cliff: expected Sarsa's return, last 100 of 500 episodes", -20.9,
               unless_quick(expected), 0.5, own, REPRODUCED);
}

// Sarsa, expected Sarsa and Q-learning on the cliff, while they learn.
static void
cliff(void)
{
    enum { EPISODES = 500, LATE = 100, N = EPISODES + 2 };
    double mean_of[3][N], error[3][N];
    td_model m = td_cliff();
    int runs = program_steps(4000, 4);
    progress_expect(3L * runs);
    for (int i = 0; i < 3; i++) {
        control c = {&m, (td_rule)i, 0.5, 0.1, EPISODES, LATE, LATE};
        td_ensemble(CLIFF_SEED, runs, N, control_run, &c, mean_of[i], error[i]);
    }
    td_model_free(&m);
    table *t = program_table("cliff", "episode\tsarsa\texpected_sarsa\tq_learning\tsarsa_error\t"
                                      "expected_sarsa_error\tq_learning_error");
    for (int k = 0; k < EPISODES; k++)
        table_row(t, "idddddd", k + 1, mean_of[0][k], mean_of[1][k], mean_of[2][k], error[0][k],
                  error[1][k], error[2][k]);
    table_close(t);
    t = program_table("cliff-last", "rule\tlast_100_of_500\tstandard_error");
    for (int i = 0; i < 3; i++)
        table_row(t, "sdd", rules[i], mean_of[i][N - 1], error[i][N - 1]);
    table_close(t);
    cliff_claims(mean_of[0][N - 1], mean_of[1][N - 1], mean_of[2][N - 1]);
}

static void
alpha_claims(const double z[3], double worse)
{
    claim_z("alpha-expected",
            "cliff, alpha 1: expected Sarsa against the best soft return, in s.e.", z[1]);
    claim_z("alpha-q", "cliff, alpha 1: Q-learning against eps-greedy on the optimum, in s.e.",
            z[2]);
    claim_below("alpha-sarsa", "cliff: Sarsa's late return at alpha 1 less that at 0.1", -50,
                unless_quick(worse), own, REPRODUCED);
}

// The three by step size: the first 100 episodes and the last 1000 of 2000.
static void
cliff_alpha(void)
{
    enum { ALPHAS = 10, EPISODES = 2000, EARLY = 100, LATE = 1000 };
    int episodes = program_steps(EPISODES, 4), runs = program_steps(200, 2);
    double *mean_of = malloc(sizeof *mean_of * (episodes + 2)), exact[3], z[3] = {0};
    double *error = malloc(sizeof *error * (episodes + 2)), late[3][ALPHAS + 1];
    if (!mean_of || !error)
        fail("no memory for %d episodes", episodes);
    td_model m = td_cliff();
    double v[m.S], q[m.S * m.A], policy[m.S * m.A];
    td_optimal(&m, 0, v, q);
    td_soft_policy(&m, q, 0.1, policy);
    exact[2] = policy_return(&m, policy);
    td_optimal(&m, 0.1, v, q);
    exact[0] = exact[1] = v[CLIFF_START];
    progress_expect(3L * ALPHAS * runs);
    table *t = program_table("cliff-alpha", "rule\talpha\tfirst_100\tfirst_100_standard_error\t"
                                            "last_1000\tlast_1000_standard_error\texact");
    for (int i = 0; i < 3; i++)
        for (int a = 1; a <= ALPHAS; a++) {
            control c = {&m,
                         (td_rule)i,
                         0.1 * a,
                         0.1,
                         episodes,
                         program_steps(EARLY, 2),
                         program_steps(LATE, 2)};
            td_ensemble(CLIFF_ALPHA_SEED, runs, episodes + 2, control_run, &c, mean_of, error);
            late[i][a] = mean_of[episodes + 1];
            z[i] = z_score(late[i][a], error[episodes + 1], exact[i]); // of the last alpha, 1
            table_row(t, "sdddddd", rules[i], 0.1 * a, mean_of[episodes], error[episodes],
                      late[i][a], error[episodes + 1], exact[i]);
        }
    table_close(t);
    td_model_free(&m);
    free(mean_of);
    free(error);
    alpha_claims(z, late[0][ALPHAS] - late[0][1]);
}

// The steps of an episode of Sarsa after long learning, the last 100 of 3000, and their standard error.
static void
windy_late(const td_model *m, double alpha, double late[2])
{
    int episodes = program_steps(3000, 4), last = program_steps(100, 2);
    double *mean_of = malloc(sizeof *mean_of * (episodes + 2));
    double *error = malloc(sizeof *error * (episodes + 2));
    if (!mean_of || !error)
        fail("no memory for %d episodes", episodes);
    control c = {m, TD_SARSA, alpha, 0.1, episodes, last, last};
    td_ensemble(WINDY_SEED, program_steps(100, 2), episodes + 2, control_run, &c, mean_of, error);
    late[0] = -mean_of[episodes + 1];
    late[1] = error[episodes + 1];
    free(mean_of);
    free(error);
}

static void
windy_claims(double optimal, double king, double soft, double sarsa, double late)
{
    const char *source = "Sutton & Barto 2018, ex. 6.5";
    claim_near("windy-optimal", "windy: the fewest steps, four moves", 15, optimal, 1e-9, source,
               REPRODUCED);
    claim_near("windy-king", "windy: the fewest steps, king's moves", 7, king, 1e-9, own,
               REPRODUCED);
    claim_near("windy-soft", "windy: the fewest expected steps with eps 0.1", 17.048, soft, 1e-3,
               own, REPRODUCED);
    claim_below("windy-late",
                "windy: Sarsa's steps, alpha 0.1, last 100 of 3000, over the best of eps 0.1", 1.05,
                unless_quick(late / soft), own, REPRODUCED);
    claim_above("windy-sarsa",
                "windy: Sarsa's steps, episodes 301 to 400, above the best of eps 0.1", 1,
                unless_quick(sarsa - soft), own, REPRODUCED);
}

// Sarsa on the windy grid: four worlds, the number of steps by episode against the exact ones.
static void
windy(void)
{
    enum { WORLDS = 4, EPISODES = 400, LATE = 100, N = EPISODES + 2 };
    const char *const id[WORLDS] = {"four_moves", "king", "four_moves_chance", "king_chance"};
    double mean_of[WORLDS][N], error[WORLDS][N], exact[WORLDS][2];
    double late[WORLDS][2][2]; // of the step sizes 0.5 and 0.1
    int runs = program_steps(1000, 2);
    progress_expect((long)WORLDS * runs);
    table *cells = program_table("windy-grid", "panel\trow\tcolumn\tvalue\tactions");
    for (int i = 0; i < WORLDS; i++) {
        td_model m = td_windy(i % 2, i / 2);
        double v[m.S], q[m.S * m.A];
        control c = {&m, TD_SARSA, 0.5, 0.1, EPISODES, LATE, LATE};
        td_ensemble(WINDY_SEED, runs, N, control_run, &c, mean_of[i], error[i]);
        windy_late(&m, 0.5, late[i][0]);
        windy_late(&m, 0.1, late[i][1]);
        td_optimal(&m, 0.1, v, q);
        exact[i][1] = -v[WINDY_START];
        td_optimal(&m, 0, v, q);
        exact[i][0] = -v[WINDY_START];
        for (int s = 0; s < m.S; s++)
            table_row(cells, "siidi", id[i], s / WINDY_COLUMNS, s % WINDY_COLUMNS, 0 - v[s],
                      s == WINDY_GOAL ? 0 : td_best(&m, q, s));
        td_model_free(&m);
    }
    table_close(cells);
    table *t = program_table("windy", "episode\tfour_moves\tking\tfour_moves_chance\tking_chance\t"
                                      "four_moves_error\tking_error\tfour_moves_chance_error\t"
                                      "king_chance_error");
    for (int k = 0; k < EPISODES; k++)
        table_row(t, "idddddddd", k + 1, -mean_of[0][k], -mean_of[1][k], -mean_of[2][k],
                  -mean_of[3][k], error[0][k], error[1][k], error[2][k], error[3][k]);
    table_close(t);
    t = program_table("windy-last",
                      "world\toptimal\tbest_eps_0.1\tepisodes_301_400\tstandard_error\t"
                      "episodes_2901_3000\tlate_standard_error\talpha_0.1\t"
                      "alpha_0.1_standard_error");
    for (int i = 0; i < WORLDS; i++)
        table_row(t, "sdddddddd", id[i], exact[i][0], exact[i][1], -mean_of[i][N - 1],
                  error[i][N - 1], late[i][0][0], late[i][0][1], late[i][1][0], late[i][1][1]);
    table_close(t);
    windy_claims(exact[0][0], exact[1][0], exact[0][1], -mean_of[0][N - 1], late[0][1][0]);
}

// ---- Zhao's path task ----

enum { PATH_EPISODES = 500 };

// value (2): whether the greedy path after 500 episodes is optimal, the mean return of the last 100.
static void
path_run(rng *r, const void *context, double *value)
{
    const control *c = context;
    td_world w = td_world_of(c->m);
    td_table q = table_of(c->m);
    double sum = 0, best[GRID_STATES], exact[GRID_STATES * GRID_ACTIONS];
    for (int k = 0; k < c->episodes; k++) {
        double one = td_episode(c->rule, &w, &q, c->alpha, c->epsilon, r).sum;
        sum += k >= c->episodes - c->late ? one / c->late : 0;
    }
    td_optimal(c->m, 0, best, exact);
    value[0] = 1;
    value[1] = sum;
    for (int s = 0, k = 0; s != GRID_TARGET && value[0] > 0; k++) {
        int a = td_greedy(&q, s);
        value[0] = k < GRID_STATES && td_best(c->m, exact, s) >> a & 1;
        s = td_chances(c->m, s, a)->next;
    }
    free(q.q);
}

// How often the greedy path after 500 episodes is an optimal one.
static void
path(void)
{
    td_model m = td_grid((td_rewards){-10, -10, 0, -1}, true);
    double v[2], error[2], share[3];
    int runs = program_steps(4000, 20);
    progress_expect(3L * runs);
    table *t = program_table("path", "rule\toptimal_paths\tstandard_error\tlast_100_of_500\t"
                                     "last_100_standard_error");
    for (int i = 0; i < 3; i++) {
        control c = {&m, (td_rule)i, 0.1, 0.1, PATH_EPISODES, 0, 100};
        td_ensemble(PATH_SEED, runs, 2, path_run, &c, v, error);
        share[i] = v[0];
        table_row(t, "sdddd", rules[i], v[0], error[0], v[1], error[1]);
    }
    table_close(t);
    td_model_free(&m);
    claim_near("path-sarsa", "path task: part of Sarsa's runs with an optimal greedy path", 0.82,
               unless_quick(share[0]), 0.03, own, REPRODUCED);
    claim_above("path-q", "path task: part of Q-learning's runs with an optimal greedy path", 0.995,
                unless_quick(share[2]), own, REPRODUCED);
}

// ---- Maximisation bias ----

enum { BIAS_EPISODES = 300, BIAS_ACTIONS = 10 };

// value (BIAS_EPISODES): 1 where the episode went left. context: {the index of left, doubled}.
static void
bias_run(rng *r, const void *context, double *value)
{
    const int *kind = context;
    td_model m = td_bias(kind[0]);
    td_world w = td_world_of(&m);
    td_table q1 = table_of(&m), q2 = table_of(&m), q = table_of(&m);
    for (int k = 0; k < BIAS_EPISODES; k++)
        value[k] = (kind[1] ? td_double_episode(&w, &q1, &q2, &q, 0.1, 0.1, r)
                            : td_episode(TD_Q_LEARNING, &w, &q, 0.1, 0.1, r))
                       .steps == 2;
    free(q1.q);
    free(q2.q);
    free(q.q);
    td_model_free(&m);
}

static void
bias_claims(double left[4][BIAS_EPISODES], double most)
{
    const char *source = "van Hasselt 2010; S&B 2018, ex. 6.7";
    claim_above("bias-peak", "bias: the largest share of left of Q-learning, right first", 0.5,
                unless_quick(most), source, REPRODUCED);
    claim_above("bias-q", "bias: Q-learning's share of left in episode 300, right first", 0.1,
                unless_quick(left[0][BIAS_EPISODES - 1]), source, REPRODUCED);
    claim_near("bias-double", "bias: double Q's share of left in episode 300, right first", 0.07,
               unless_quick(left[1][BIAS_EPISODES - 1]), 0.01, source, REPRODUCED);
    claim_above("bias-order", "bias: Q-learning's share of left in episode 1, left first", 0.9,
                unless_quick(left[2][0]), own, REPRODUCED);
}

// How often Q-learning and double Q-learning go left, where right is better.
static void
double_q(void)
{
    const int kinds[4][2] = {{1, 0}, {1, 1}, {0, 0}, {0, 1}};
    double left[4][BIAS_EPISODES], error[4][BIAS_EPISODES], most = 0;
    int runs = program_steps(20000, 20);
    progress_expect(4L * runs);
    for (int i = 0; i < 4; i++)
        td_ensemble(BIAS_SEED, runs, BIAS_EPISODES, bias_run, kinds[i], left[i], error[i]);
    table *t = program_table("double-q", "episode\tq\tdouble_q\tq_left_first\tdouble_q_left_first\t"
                                         "q_error\tdouble_q_error");
    for (int k = 0; k < BIAS_EPISODES; k++) {
        table_row(t, "idddddd", k + 1, left[0][k], left[1][k], left[2][k], left[3][k], error[0][k],
                  error[1][k]);
        most = fmax(most, left[0][k]);
    }
    table_close(t);
    bias_claims(left, most);
}

// ---- Q-learning off policy ----

enum { BEHAVIOUR_POINTS = 100, BEHAVIOUR_STEPS = 100000 };

// The steps between two points.
static int
behaviour_every(void)
{
    return program_steps(BEHAVIOUR_STEPS, BEHAVIOUR_POINTS) / BEHAVIOUR_POINTS;
}

// The RMS error of max q against v* along one episode; the behaviour is epsilon-greedy on the optimum.
static void
behaviour_run(rng *r, const void *context, double *rms)
{
    double epsilon = *(const double *)context, v[GRID_STATES], best[GRID_STATES * GRID_ACTIONS];
    td_model m = td_grid(mild, false);
    td_world w = td_world_of(&m);
    td_table q = table_of(&m), behaviour = {m.S, m.A, m.n, best};
    td_optimal(&m, 0, v, best);
    int every = behaviour_every();
    for (int k = 0, s = 0; k <= every * BEHAVIOUR_POINTS; k++) {
        if (k % every == 0) {
            double now[GRID_STATES];
            for (int i = 0; i < m.S; i++)
                now[i] = td_max(&q, i);
            rms[k / every] = sqrt64(mean_square(m.S, now, v));
        }
        td_step e = w.step(w.inside, s, td_epsilon_greedy(&behaviour, s, epsilon, r), r);
        td_q_learning(&q, &e, 0.1, w.gamma);
        s = e.next;
    }
    free(q.q);
    td_model_free(&m);
}

static void
behaviour_claims(double first, double uniform, double mostly)
{
    double v[GRID_STATES], q[GRID_STATES * GRID_ACTIONS], zero[GRID_STATES * GRID_ACTIONS] = {0};
    td_model m = td_grid(mild, false);
    td_optimal(&m, 0, v, q);
    claim_near("off-policy-start-q", "off-policy Q: the RMS error of q over all 125 at first",
               6.7965, sqrt64(mean_square(m.S * m.A, zero, q)), 1e-4, own, REPRODUCED);
    td_model_free(&m);
    claim_near("off-policy-start", "off-policy Q: the RMS error of max q over 25 states at first",
               7.9256, first, 1e-4, own, REPRODUCED);
    claim_below("off-policy-uniform", "off-policy Q, uniform behaviour: RMS error at the end", 0.01,
                unless_quick(uniform), zhao, REPRODUCED);
    claim_above("off-policy-0.1", "off-policy Q, eps 0.1: RMS error at the end", 4,
                unless_quick(mostly), zhao, REPRODUCED);
}

// Q-learning from one long episode of three behaviours.
static void
off_policy_q(void)
{
    enum { P = BEHAVIOUR_POINTS + 1 };
    const double epsilons[] = {1, 0.5, 0.1};
    double rms[3][P], error[3][P];
    int runs = program_steps(200, 2);
    progress_expect(3L * runs);
    for (int i = 0; i < 3; i++)
        td_ensemble(BEHAVIOUR_SEED, runs, P, behaviour_run, &epsilons[i], rms[i], error[i]);
    table *t = program_table("off-policy-q", "step\tuniform\teps_0.5\teps_0.1\tuniform_error\t"
                                             "eps_0.5_error\teps_0.1_error");
    for (int k = 0; k < P; k++)
        table_row(t, "idddddd", k * behaviour_every(), rms[0][k], rms[1][k], rms[2][k], error[0][k],
                  error[1][k], error[2][k]);
    table_close(t);
    behaviour_claims(rms[0][0], rms[0][P - 1], rms[2][P - 1]);
}

// ---- Blackjack ----

enum { ES_EPISODES = 1000000 };

// q after exploring starts, (BLACKJACK_STATES, 2).
static void
blackjack_run(rng *r, const void *context, double *value)
{
    const td_model *m = context;
    td_world w = td_world_of(m);
    td_table q = {m->S, m->A, m->n, value};
    int visits[BLACKJACK_STATES * 2] = {0};
    memset(value, 0, sizeof *value * BLACKJACK_STATES * 2);
    for (int k = program_steps(ES_EPISODES, 200); k > 0; k--) {
        int s = w.begin(w.inside, r), a = (int)rng_below(r, 2);
        td_exploring_start(&w, &q, visits, s, a, r);
    }
}

// Monte Carlo with exploring starts beside the exact values and policy; 20 runs, whose mean is drawn.
static void
blackjack(void)
{
    enum { S = BLACKJACK_STATES };
    double q[2 * S], error[2 * S], v[S], exact[2 * S], farthest = 0, chi = 0, closest = 1;
    td_model m = td_blackjack();
    int runs = program_steps(20, 2), clear = 0, wrong = 0;
    progress_expect(runs);
    td_ensemble(BLACKJACK_SEED, runs, 2 * S, blackjack_run, &m, q, error);
    td_optimal(&m, 0, v, exact);
    table *t =
        program_table("blackjack", "usable\tsum\tdealer\tvalue\tstandard_error\texact\taction\t"
                                   "exact_action\tgap\texact_gap");
    for (int s = 0; s < S; s++) {
        const double *own_q = q + 2 * s, *best = exact + 2 * s;
        int action = own_q[HIT] > own_q[STICK], right = best[HIT] > best[STICK];
        double gap = fabs(best[HIT] - best[STICK]);
        double noise = sqrt64(error[2 * s] * error[2 * s] + error[2 * s + 1] * error[2 * s + 1]);
        farthest = fmax(farthest, fabs(own_q[right] - v[s]));
        chi += pow64(z_score(own_q[right], error[2 * s + right], v[s]), 2);
        closest = fmin(closest, gap);
        clear += gap > 4 * noise;
        wrong += action != right && gap > 4 * noise;
        table_row(t, "iiidddiidd", s / 100, 12 + s % 10, s / 10 % 10 + 1, own_q[action],
                  error[2 * s + action], v[s], action, right, own_q[HIT] - own_q[STICK],
                  best[HIT] - best[STICK]);
    }
    table_close(t);
    td_model_free(&m);
    claim_near("blackjack-closest", "blackjack: the smallest exact gap between the two actions",
               0.0025, closest, 5e-5, dp, REPRODUCED);
    claim_below("blackjack-z", "blackjack: root of the mean of 200 z^2 of the learnt values", 1.5,
                unless_quick(sqrt64(chi / S)), dp, REPRODUCED);
    claim_above("blackjack-clear", "blackjack: states whose gap is above 4 standard errors", 190,
                unless_quick(clear), own, REPRODUCED);
    claim_near("blackjack-policy", "blackjack: wrong actions in these states", 0,
               unless_quick(wrong), 0, "Sutton & Barto 2018, fig. 5.2", REPRODUCED);
    claim_below("blackjack-values", "blackjack: the farthest value of 200 from the exact one", 0.02,
                unless_quick(farthest), dp, REPRODUCED);
}

enum { RATIO_POINTS = 13 };
static const int ratio_at[RATIO_POINTS] = {1,   2,   5,    10,   20,   50,   100,
                                           200, 500, 1000, 2000, 5000, 10000};

// The policies of Sutton & Barto's example 5.4 as a table to be greedy on: sticks on 20 and 21.
static void
stick_on_20(td_table *q, double *target)
{
    for (int s = 0; s < q->S; s++) {
        bool sticks = 12 + s % 10 >= 20;
        *td_at(q, s, HIT) = !sticks;
        *td_at(q, s, STICK) = sticks;
        for (int a = 0; target && a < 2; a++)
            target[2 * s + a] = *td_at(q, s, a);
    }
}

typedef struct {
    const td_model *m;
    int s;    // whose value is estimated
    double v; // exactly
    const double *target, *behaviour;
} estimation;

// value (2, RATIO_POINTS): the squared error of ordinary and of weighted importance sampling.
static void
ratio_run(rng *r, const void *context, double *value)
{
    enum { MOST = 32 };
    const estimation *x = context;
    td_world w = td_world_of(x->m);
    td_table q = table_of(x->m); // all 0: the behaviour is epsilon-greedy with epsilon = 1
    td_step e[MOST];
    double g[MOST], ratio[MOST], ordinary = 0, weighted = 0, total = 0;
    for (int k = 1, point = 0; point < RATIO_POINTS; k++) {
        int T = td_play(&w, &q, 1, x->s, (int)rng_below(r, 2), MOST, e, r);
        td_returns(T, e, w.gamma, g);
        td_ratios(T, e, 2, x->target, x->behaviour, ratio);
        // of a state's value also the first action counts
        int first = e[0].s * 2 + e[0].a;
        double all = ratio[0] * x->target[first] / x->behaviour[first];
        total += all;
        ordinary = td_mean(ordinary, k, all * g[0]);
        if (all > 0)
            td_towards(&weighted, all / total, g[0]);
        if (k != ratio_at[point])
            continue;
        value[point] = (ordinary - x->v) * (ordinary - x->v);
        value[RATIO_POINTS + point++] = (weighted - x->v) * (weighted - x->v);
    }
    free(q.q);
}

static void
ratio_claims(double v, const double variance[2], const double *square, const double *error,
             const double *exact)
{
    enum { P = RATIO_POINTS };
    const char *source = "Sutton & Barto 2018, ex. 5.4";
    claim_near("ratio-v", "importance sampling: the exact value of the state", -0.27720, v, 1e-5,
               dp, REPRODUCED);
    claim_near("ratio-ordinary", "ordinary importance sampling: variance of one episode", 10.156,
               variance[0], 1e-3, dp, REPRODUCED);
    claim_near("ratio-weighted", "weighted importance sampling: asymptotic variance", 9.578,
               variance[1], 1e-3, dp, REPRODUCED);
    claim_z("ratio-z", "ordinary importance sampling: worst of 13 mean squared errors, in s.e.",
            worst_z(P, square, error, exact));
    claim_z("ratio-weighted-z",
            "weighted, 2000 episodes and more: worst mean squared error, in s.e.",
            worst_z(3, square + 2 * P - 3, error + 2 * P - 3, exact + 2 * P - 3));
    claim_below("ratio-early", "10 episodes: weighted mean squared error over ordinary", 1,
                unless_quick(square[P + 3] / square[3]), source, REPRODUCED);
}

// Ordinary and weighted importance sampling for one state of blackjack, against their exact variances.
static void
importance_sampling(void)
{
    enum { S = BLACKJACK_STATES, P = RATIO_POINTS };
    double target[2 * S], behaviour[2 * S], v[S], h[S], variance[2], exact[2 * P];
    double square[2 * P], error[2 * P];
    td_model m = td_blackjack();
    td_table q = table_of(&m);
    stick_on_20(&q, target);
    for (int k = 0; k < 2 * S; k++)
        behaviour[k] = 0.5;
    td_evaluate(&m, target, v);
    estimation x = {&m, td_blackjack_state(13, 2, true), 0, target, behaviour};
    x.v = v[x.s];
    td_ratio_square(&m, target, behaviour, 0, h);
    variance[0] = h[x.s] - x.v * x.v;
    td_ratio_square(&m, target, behaviour, x.v, h);
    variance[1] = h[x.s];
    int runs = program_steps(4000, 4);
    progress_expect(runs);
    td_ensemble(RATIO_SEED, runs, 2 * P, ratio_run, &x, square, error);
    table *t = program_table("importance-sampling", "method\tepisodes\tmse\tstandard_error\texact");
    for (int k = 0; k < 2 * P; k++) {
        exact[k] = variance[k / P] / ratio_at[k % P];
        table_row(t, "siddd", k < P ? "ordinary" : "weighted", ratio_at[k % P], square[k], error[k],
                  exact[k]);
    }
    table_close(t);
    free(q.q);
    td_model_free(&m);
    ratio_claims(x.v, variance, square, error, exact);
}

int
main(int argc, char **argv)
{
    const program_option own_options[] = {{0}};
    const program_figure contents[] = {{"mean", mean, 1},
                                       {"robbins-monro", robbins_monro, 1},
                                       {"grid", grid, 0.1},
                                       {"mc-basic", mc_basic, 0.1},
                                       {"grid-epsilon", grid_epsilon, 0.1},
                                       {"random-walk", random_walk, 1},
                                       {"batch", batch, 1},
                                       {"n-step", n_step, 4},
                                       {"path", path, 2},
                                       {"cliff-paths", cliff_paths, 0.1},
                                       {"cliff", cliff, 3},
                                       {"cliff-alpha", cliff_alpha, 4},
                                       {"windy", windy, 3},
                                       {"double-q", double_q, 1},
                                       {"off-policy-q", off_policy_q, 1},
                                       {"blackjack", blackjack, 3},
                                       {"importance-sampling", importance_sampling, 3},
                                       {0}};
    program_begin("td", own_options, argc, argv);
    program_run(td_cases, contents);
    return program_end(claims_report());
}
