// Figure double-q: what does a maximum of noisy estimates do to Q-learning? The part of 20 000 runs that go left,
// where right is better, in each of 300 episodes: Q-learning and double Q-learning, with left as the upper and as the
// lower action.
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "td/environments.h"
#include "td/figures/figures.h"
#include "td/runs.h"

#include <math.h>

enum { SEED = 101, EPISODES = 300 };

// Right first: a tie goes to the right.
enum { Q, DOUBLE_Q, Q_LEFT_FIRST, DOUBLE_Q_LEFT_FIRST, KINDS };
static const struct {
    int left; // the index of this action
    bool is_double;
} kinds[KINDS] = {[Q] = {1, false},
                  [DOUBLE_Q] = {1, true},
                  [Q_LEFT_FIRST] = {0, false},
                  [DOUBLE_Q_LEFT_FIRST] = {0, true}};

// value (EPISODES): 1 where the episode went left.
static void
learn(rng *r, const void *context, double *value)
{
    int kind = *(const int *)context;
    td_model m = td_bias(kinds[kind].left);
    td_environment env = td_environment_of(&m);
    td_table q1 = td_table_new(&m), q2 = td_table_new(&m), q = td_table_new(&m);
    for (int k = 0; k < EPISODES; k++) {
        td_summary episode = kinds[kind].is_double
                                 ? td_double_episode(&env, &q1, &q2, &q, 0.1, 0.1, r)
                                 : td_episode(TD_Q_LEARNING, &env, &q, 0.1, 0.1, r);
        value[k] = episode.steps == 2;
    }
    td_table_free(&q1);
    td_table_free(&q2);
    td_table_free(&q);
    td_model_free(&m);
}

static void
claims(double left[KINDS][EPISODES])
{
    const char *source = "van Hasselt 2010; S&B 2018, ex. 6.7";
    const int last = EPISODES - 1;
    double most = 0;
    for (int k = 0; k < EPISODES; k++)
        most = fmax(most, left[Q][k]);
    claim_above("bias-peak", "bias: the largest share of left of Q-learning, right first", 0.5,
                unless_quick(most), source, REPRODUCED);
    claim_above("bias-q", "bias: Q-learning's share of left in episode 300, right first", 0.1,
                unless_quick(left[Q][last]), source, REPRODUCED);
    claim_near("bias-double", "bias: double Q's share of left in episode 300, right first", 0.07,
               unless_quick(left[DOUBLE_Q][last]), 0.01, source, REPRODUCED);
    claim_above("bias-order", "bias: Q-learning's share of left in episode 1, left first", 0.9,
                unless_quick(left[Q_LEFT_FIRST][0]), "this chapter", REPRODUCED);
}

void
td_figure_double_q(void)
{
    double left[KINDS][EPISODES], error[KINDS][EPISODES];
    int runs = program_steps(20000, 20);
    progress_expect((long)KINDS * runs);
    for (int kind = 0; kind < KINDS; kind++)
        td_runs(SEED, runs, EPISODES, learn, &kind, left[kind], error[kind]);
    table *t = program_table("double-q", "episode\tq\tdouble_q\tq_left_first\tdouble_q_left_first\t"
                                         "q_error\tdouble_q_error");
    for (int k = 0; k < EPISODES; k++)
        table_row(t, "idddddd", k + 1, left[Q][k], left[DOUBLE_Q][k], left[Q_LEFT_FIRST][k],
                  left[DOUBLE_Q_LEFT_FIRST][k], error[Q][k], error[DOUBLE_Q][k]);
    table_close(t);
    claims(left);
}
