// Figure importance-sampling: what does it cost to value one policy by the episodes of another? The mean squared
// error of ordinary and of weighted importance sampling for one state of blackjack, after 1 to 10 000 episodes, over
// 4000 runs, beside the exact variances.
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "td/figures/figures.h"
#include "td/planning.h"
#include "td/runs.h"

enum { SEED = 131, S = TD_BLACKJACK_STATES, A = 2, POINTS = 13 };
static const int episodes[POINTS] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000};

enum { ORDINARY, WEIGHTED, METHODS };
static const char *const method_name[METHODS] = {"ordinary", "weighted"};

// Where a number of episodes stands among them.
static int
place_of(int n)
{
    int k = 0;
    while (episodes[k] != n)
        k++;
    return k;
}

// Sutton & Barto's example 5.4: the value of a state under a policy that sticks on 20 and 21 only, from episodes of a
// uniform one.
typedef struct {
    td_model m;
    int s;
    double target[S * A], behaviour[S * A];
    double v;                 // of the state, exactly
    double variance[METHODS]; // episodes times the mean squared error, for many episodes
} estimation;

// Fills x but for its model.
static void
set_up(estimation *x)
{
    double v[S], square[S];
    x->s = td_blackjack_state(13, 2, true);
    for (int s = 0; s < S; s++) {
        bool sticks = 12 + s % 10 >= 20;
        x->target[A * s + TD_HIT] = !sticks;
        x->target[A * s + TD_STICK] = sticks;
        x->behaviour[A * s + TD_HIT] = x->behaviour[A * s + TD_STICK] = 0.5;
    }
    td_evaluate(&x->m, x->target, v);
    x->v = v[x->s];
    td_ratio_square(&x->m, x->target, x->behaviour, 0, square);
    x->variance[ORDINARY] = square[x->s] - x->v * x->v;
    td_ratio_square(&x->m, x->target, x->behaviour, x->v, square);
    x->variance[WEIGHTED] = square[x->s];
}

// value (METHODS, POINTS): the squared errors of ordinary and of weighted importance sampling.
static void
estimate(rng *r, const void *context, double *value)
{
    enum { LIMIT = 32 };
    const estimation *x = context;
    td_environment env = td_environment_of(&x->m);
    td_table q = td_table_new(&x->m); // all 0: the behaviour is epsilon-greedy with epsilon = 1
    td_transition episode[LIMIT];
    double g[LIMIT], ratio[LIMIT], ordinary = 0, weighted = 0, total = 0;
    for (int k = 1, point = 0; point < POINTS; k++) {
        int a = (int)rng_below(r, A), T = td_rollout(&env, &q, 1, x->s, a, LIMIT, episode, r);
        td_returns(T, episode, env.gamma, g);
        td_ratios(T, episode, A, x->target, x->behaviour, ratio);
        // of a state's value also the first action counts
        int first = x->s * A + a;
        double all = ratio[0] * x->target[first] / x->behaviour[first];
        total += all;
        ordinary = td_mean(ordinary, k, all * g[0]);
        if (all > 0)
            td_towards(&weighted, all / total, g[0]);
        if (k != episodes[point])
            continue;
        value[ORDINARY * POINTS + point] = (ordinary - x->v) * (ordinary - x->v);
        value[WEIGHTED * POINTS + point] = (weighted - x->v) * (weighted - x->v);
        point++;
    }
    td_table_free(&q);
}

// By method and number of episodes.
typedef double errors[METHODS][POINTS];

static void
claims(const estimation *x, errors square, errors error, errors exact)
{
    const int late = place_of(2000), ten = place_of(10);
    // Theirs is a mean over 10^8 episodes of the target policy, whose standard error is about 1e-4.
    claim_near("ratio-v", "importance sampling: the exact value of the state", -0.27726, x->v, 4e-4,
               "Sutton & Barto 2018, ex. 5.4: -0.27726", REPRODUCED);
    claim_near("ratio-ordinary", "ordinary importance sampling: variance of one episode",
               10.1562126, x->variance[ORDINARY], 1e-6, "enumeration outside of the program",
               CHECK);
    claim_near("ratio-weighted", "weighted importance sampling: asymptotic variance", 9.5780280,
               x->variance[WEIGHTED], 1e-6, "enumeration outside of the program", CHECK);
    td_check_z("ratio-z", "ordinary importance sampling: worst of 13 mean squared errors, in s.e.",
               POINTS, td_worst_z(POINTS, square[ORDINARY], error[ORDINARY], exact[ORDINARY]));
    td_check_z("ratio-weighted-z",
               "weighted, 2000 episodes and more: worst of 3 mean squared errors, in s.e.",
               POINTS - late,
               td_worst_z(POINTS - late, square[WEIGHTED] + late, error[WEIGHTED] + late,
                          exact[WEIGHTED] + late));
    claim_below("ratio-early", "10 episodes: weighted mean squared error over ordinary", 1,
                unless_quick(square[WEIGHTED][ten] / square[ORDINARY][ten]),
                "Sutton & Barto 2018, fig. 5.3: lower at first", REPRODUCED);
}

void
td_figure_importance_sampling(void)
{
    estimation x = {.m = td_blackjack()};
    errors square, error, exact;
    int runs = program_steps(4000, 4);
    set_up(&x);
    progress_expect(runs);
    td_runs(SEED, runs, METHODS * POINTS, estimate, &x, *square, *error);
    table *t = program_table("importance-sampling", "method\tepisodes\tmse\tstandard_error\texact");
    for (int i = 0; i < METHODS; i++)
        for (int k = 0; k < POINTS; k++) {
            exact[i][k] = x.variance[i] / episodes[k];
            table_row(t, "siddd", method_name[i], episodes[k], square[i][k], error[i][k],
                      exact[i][k]);
        }
    table_close(t);
    td_model_free(&x.m);
    claims(&x, square, error, exact);
}
