// For the page: learning on the cliff, step by step or 500 episodes at once, beside the exact values.
#include "td/td.h"
#include "td/planning.h"

enum { LIVE_S = TD_CLIFF_ROWS * TD_CLIFF_COLUMNS, LIVE_A = 4, LIVE_EPISODES = 500 };

static td_model model;
static td_environment environment;
static td_table q;
static rng draws;
static int state, action, unfinished; // of the episode that is played step by step

// Begins anew, with values of zero.
void
td_live_begin(int seed)
{
    if (!model.S) {
        model = td_cliff();
        environment = td_environment_of(&model);
        q = td_table_new(&model);
    }
    for (int i = 0; i < LIVE_S * LIVE_A; i++)
        q.value[i] = 0;
    draws = rng_at(seed, 0);
    unfinished = 0;
}

// What is learnt: the values (LIVE_S, LIVE_A).
const double *
td_live_values(void)
{
    return q.value;
}

// The next n episodes (up to 500): the sum of rewards of each.
const double *
td_live_episodes(int rule, double alpha, double epsilon, int n)
{
    static double rewards[LIVE_EPISODES];
    unfinished = 0;
    for (int k = 0; k < n && k < LIVE_EPISODES; k++)
        rewards[k] = td_episode((td_rule)rule, &environment, &q, alpha, epsilon, &draws).rewards;
    return rewards;
}

// One step of an episode, the first in the start; the same draws in the same order as td_episode. Gives state, action,
// reward, next state, whether the episode ended, and the value before and after.
const double *
td_live_step(int rule, double alpha, double epsilon)
{
    static double said[7];
    if (!unfinished) {
        state = environment.begin(environment.inside, &draws);
        action = td_epsilon_greedy(&q, state, epsilon, &draws);
    }
    td_transition step = environment.step(environment.inside, state, action, &draws);
    double *value = td_value(&q, state, action);
    said[0] = state, said[1] = action, said[2] = step.r, said[3] = step.next, said[4] = step.end;
    said[5] = *value;
    if (rule == TD_SARSA) {
        action = td_epsilon_greedy(&q, step.next, epsilon, &draws);
        td_sarsa(&q, &step, action, alpha, environment.gamma);
    } else {
        if (rule == TD_EXPECTED_SARSA)
            td_expected_sarsa(&q, &step, epsilon, alpha, environment.gamma);
        else
            td_q_learning(&q, &step, alpha, environment.gamma);
        action = td_epsilon_greedy(&q, step.next, epsilon, &draws);
    }
    said[6] = *value;
    state = step.next;
    unfinished = !step.end;
    return said;
}

// The exact values of the best policy that acts at random with probability epsilon: v (LIVE_S), and behind it which
// actions are best, as masks.
const double *
td_live_exact(double epsilon)
{
    static double exact[2 * LIVE_S], of_actions[LIVE_S * LIVE_A];
    td_optimal(&model, epsilon, exact, of_actions);
    for (int s = 0; s < LIVE_S; s++)
        exact[LIVE_S + s] = s <= TD_CLIFF_START ? td_best_actions(&model, of_actions, s) : 0;
    return exact;
}
