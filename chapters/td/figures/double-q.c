// Figure double-q: what does a maximum of noisy estimates do to Q-learning? The part of 20 000 runs that go left,
// where right is better, in each of 300 episodes: Q-learning and double Q-learning, with ties broken at random, to the
// right and to the left.
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "td/environments.h"
#include "td/figures/figures.h"
#include "td/runs.h"

#include <math.h>

enum { SEED = 101, EPISODES = 300 };

// What a tie between left and right gives.
enum { TIE_RIGHT, TIE_LEFT, TIE_RANDOM };
enum { Q_RANDOM, DOUBLE_Q_RANDOM, Q_RIGHT, DOUBLE_Q_RIGHT, Q_LEFT, DOUBLE_Q_LEFT, KINDS };
static const struct {
    int tie;
    bool is_double;
} kinds[KINDS] = {[Q_RANDOM] = {TIE_RANDOM, false}, [DOUBLE_Q_RANDOM] = {TIE_RANDOM, true},
                  [Q_RIGHT] = {TIE_RIGHT, false},   [DOUBLE_Q_RIGHT] = {TIE_RIGHT, true},
                  [Q_LEFT] = {TIE_LEFT, false},     [DOUBLE_Q_LEFT] = {TIE_LEFT, true}};

static void
exchange(double *x)
{
    double first = x[0];
    x[0] = x[1];
    x[1] = first;
}

// value (EPISODES): 1 where the episode went left. A tie goes to the first action; where it is to be broken at random,
// a coin says before each episode which of the two is the first.
static void
learn(rng *r, const void *context, double *value)
{
    int kind = *(const int *)context, left = kinds[kind].tie == TIE_RIGHT; // the index of left
    td_model m[2] = {td_bias(0), td_bias(1)};
    td_table q1 = td_table_new(m), q2 = td_table_new(m), q = td_table_new(m);
    for (int k = 0; k < EPISODES; k++) {
        if (kinds[kind].tie == TIE_RANDOM && rng_below(r, 2)) {
            left = !left;
            exchange(q1.value);
            exchange(q2.value);
            exchange(q.value);
        }
        td_environment env = td_environment_of(&m[left]);
        td_summary episode = kinds[kind].is_double
                                 ? td_double_episode(&env, &q1, &q2, &q, 0.1, 0.1, r)
                                 : td_episode(TD_Q_LEARNING, &env, &q, 0.1, 0.1, r);
        value[k] = episode.steps == 2;
    }
    td_table_free(&q1);
    td_table_free(&q2);
    td_table_free(&q);
    td_model_free(&m[0]);
    td_model_free(&m[1]);
}

static void
claims(double left[KINDS][EPISODES], double error[KINDS][EPISODES])
{
    const char *figure = "Sutton & Barto 2018, fig. 6.5: \"much more often\"";
    const int last = EPISODES - 1;
    double most = 0, least = 1;
    for (int k = 0; k < EPISODES; k++) {
        most = fmax(most, left[Q_RANDOM][k]);
        least = fmin(least, left[Q_RANDOM][k] - 4 * error[Q_RANDOM][k]);
    }
    claim_above("bias-peak", "bias, random ties: the largest share of left of Q-learning", 0.5,
                unless_quick(most), figure, REPRODUCED);
    claim_changed("bias-peak", "before: ties to the right, which the book does not have");
    claim_above("bias-q", "bias, random ties: Q-learning's least share of left, less 4 s.e.", 0.05,
                unless_quick(least),
                "Sutton & Barto 2018, fig. 6.5: always significantly above 5 %", REPRODUCED);
    claim_changed("bias-q", "before: > 0.1 in episode 300, ties to the right");
    claim_near("bias-q-late", "bias, random ties: Q-learning's share of left in episode 300", 0.1,
               unless_quick(left[Q_RANDOM][last]), 0.03,
               "Sutton & Barto 2018, sec. 6.7: about 5 % above the optimal 5 %", IN_PART);
    claim_changed(
        "bias-q-late",
        "before: < 0.11, which it is not; the tolerance was set after the result was seen");
    claim_below("bias-double", "bias, random ties: double Q's share of left in episode 300", 0.08,
                unless_quick(left[DOUBLE_Q_RANDOM][last]),
                "Sutton & Barto 2018, fig. 6.5: \"essentially unaffected\"; 5 %", IN_PART);
    claim_changed("bias-double",
                  "before: = 0.07, the measurement, credited to a picture; the bound of 0.08, "
                  "too, was set after the result was seen");
    td_check_z("bias-order", "bias, ties to the left: Q-learning's share of left in episode 1", 1,
               td_z(left[Q_LEFT][0], error[Q_LEFT][0], 0.95));
}

void
td_figure_double_q(void)
{
    double left[KINDS][EPISODES], error[KINDS][EPISODES];
    int runs = program_steps(20000, 20);
    progress_expect((long)KINDS * runs);
    for (int kind = 0; kind < KINDS; kind++)
        td_runs(SEED, runs, EPISODES, learn, &kind, left[kind], error[kind]);
    table *t = program_table("double-q", "episode\tq_random\tdouble_q_random\tq_right\t"
                                         "double_q_right\tq_left\tdouble_q_left\tq_error\t"
                                         "double_q_error");
    for (int k = 0; k < EPISODES; k++)
        table_row(t, "idddddddd", k + 1, left[Q_RANDOM][k], left[DOUBLE_Q_RANDOM][k],
                  left[Q_RIGHT][k], left[DOUBLE_Q_RIGHT][k], left[Q_LEFT][k],
                  left[DOUBLE_Q_LEFT][k], error[Q_RANDOM][k], error[DOUBLE_Q_RANDOM][k]);
    table_close(t);
    claims(left, error);
}
