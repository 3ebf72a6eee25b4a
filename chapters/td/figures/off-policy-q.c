// Figure off-policy-q: does Q-learning find the optimum whoever acts? The RMS error of max q along one episode of 100
// 000 steps on Zhao's grid, for a uniform behaviour and two that are mostly optimal, over 200 runs.
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/numeric.h"
#include "td/figures/figures.h"
#include "td/grids.h"
#include "td/planning.h"
#include "td/runs.h"

enum { SEED = 111, POINTS = 101, S = TD_GRID_STATES, A = TD_GRID_ACTIONS };

// The behaviour is epsilon-greedy on the optimum.
enum { UNIFORM, HALF, TENTH, BEHAVIOURS };
static const double epsilons[BEHAVIOURS] = {[UNIFORM] = 1, [HALF] = 0.5, [TENTH] = 0.1};

// The steps between two points.
static int
steps_between(void)
{
    return program_steps(100000, POINTS - 1) / (POINTS - 1);
}

// rms (POINTS): of max q against v* along one episode.
static void
learn(rng *r, const void *context, double *rms)
{
    double epsilon = *(const double *)context, v[S], best[S * A], now[S];
    td_model m = td_grid(td_mild, false);
    td_environment env = td_environment_of(&m);
    td_table q = td_table_new(&m), behaviour = {S, A, m.n, best};
    td_optimal(&m, 0, v, best);
    int every = steps_between();
    for (int k = 0, s = 0; k <= every * (POINTS - 1); k++) {
        if (k % every == 0) {
            for (int i = 0; i < S; i++)
                now[i] = td_max(&q, i);
            rms[k / every] = sqrt64(td_mean_squared_error(S, now, v));
        }
        int a = td_epsilon_greedy(&behaviour, s, epsilon, r);
        td_transition step = env.step(env.inside, s, a, r);
        td_q_learning(&q, &step, 0.1, env.gamma);
        s = step.next;
    }
    td_table_free(&q);
    td_model_free(&m);
}

// The RMS error of a table of zeros, over all states and actions.
static double
error_of_zeros(void)
{
    double v[S], q[S * A], zero[S * A] = {0};
    td_model m = td_grid(td_mild, false);
    td_optimal(&m, 0, v, q);
    td_model_free(&m);
    return sqrt64(td_mean_squared_error(S * A, zero, q));
}

static void
claims(double rms[BEHAVIOURS][POINTS])
{
    const char *outside = "computed outside of the program",
               *own = "ours; Zhao 2025, sec. 7.4, shows runs";
    const int last = POINTS - 1;
    claim_near("off-policy-start-q", "off-policy Q: the RMS error of q over all 125 at first",
               6.7965, error_of_zeros(), 1e-4, outside, CHECK);
    claim_near("off-policy-start", "off-policy Q: the RMS error of max q over 25 states at first",
               7.9256, rms[UNIFORM][0], 1e-4, outside, CHECK);
    claim_below("off-policy-uniform", "off-policy Q, uniform behaviour: RMS error at the end", 0.01,
                unless_quick(rms[UNIFORM][last]), own, FOUND);
    claim_above("off-policy-0.1", "off-policy Q, eps 0.1: RMS error at the end, of that at first",
                0.5, unless_quick(rms[TENTH][last] / rms[TENTH][0]), own, FOUND);
    claim_changed("off-policy-0.1", "before: > 4, which is half of that at first, too");
}

void
td_figure_off_policy_q(void)
{
    double rms[BEHAVIOURS][POINTS], error[BEHAVIOURS][POINTS];
    int runs = program_steps(200, 2);
    progress_expect((long)BEHAVIOURS * runs);
    for (int i = 0; i < BEHAVIOURS; i++)
        td_runs(SEED, runs, POINTS, learn, &epsilons[i], rms[i], error[i]);
    table *t = program_table("off-policy-q", "step\tuniform\teps_0.5\teps_0.1\tuniform_error\t"
                                             "eps_0.5_error\teps_0.1_error");
    for (int k = 0; k < POINTS; k++)
        table_row(t, "idddddd", k * steps_between(), rms[UNIFORM][k], rms[HALF][k], rms[TENTH][k],
                  error[UNIFORM][k], error[HALF][k], error[TENTH][k]);
    table_close(t);
    claims(rms);
}
