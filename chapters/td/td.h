// Learning values from experience: Monte Carlo, temporal differences and what lies between them, in tables.
//
// Letters: S states, A actions (the most of any state), T steps of experience, gamma the discount, alpha the
// step size, epsilon the share of random actions. Ties in an argmax take the lowest index.
#ifndef TD_H
#define TD_H

#include "numbers/random.h"

#include <stdbool.h>

// One step of experience: action a in state s paid r and led to `next`. Where it ended the episode
// nothing comes after it, and the value of `next` is not to be used. A stream is an array of them,
// episode after episode.
typedef struct {
    int s, a;
    double r;
    int next;
    bool end;
} td_transition;

// The value of every action in every state. State s has the actions 0..n[s]-1.
typedef struct {
    int S, A;
    const int *n;  // (S)
    double *value; // (S, A)
} td_table;

// The world as the learner meets it: it begins an episode in some state and answers an action with
// a transition.
typedef struct {
    int S, A;
    const int *n; // (S)
    double gamma;
    int (*begin)(const void *inside, rng *r);
    td_transition (*step)(const void *inside, int s, int a, rng *r);
    const void *inside;
} td_environment;

// ---- Means ----

// x <- x + alpha (target - x): the one update of this chapter.
void td_towards(double *x, double alpha, double target);

// The mean of k samples from w, the mean of the first k - 1, and x, the k-th.
double td_mean(double w, int k, double x);

// Robbins & Monro 1951: the next guess of the root of f, from one noisy measurement of f(w).
double td_robbins_monro(double w, double alpha, double f);

// ---- Acting ----

// Where q(s, a) stands in the table; the action of the largest value in s; that value.
double *td_value(const td_table *q, int s, int a);
int td_greedy(const td_table *q, int s);
double td_max(const td_table *q, int s);

// A random action (any, with equal probability) with probability epsilon, else the greedy one.
int td_epsilon_greedy(const td_table *q, int s, double epsilon, rng *r);

// The mean of q(s, a) over the actions that td_epsilon_greedy takes.
double td_expected(const td_table *q, int s, double epsilon);

// Plays action a in state s and then epsilon-greedily on q to the end of the episode, or for `limit` steps; returns
// their number.
int td_rollout(const td_environment *env, const td_table *q, double epsilon, int s, int a,
               int limit, td_transition *episode, rng *r);

// ---- Monte Carlo: targets are returns ----

// g[t] = r(t) + gamma r(t+1) + gamma^2 r(t+2) + ... to the end of the episode.
void td_returns(int T, const td_transition *stream, double gamma, double *g);

// Whether no earlier step of the episode has the state and action of step t.
bool td_first_visit(const td_transition *stream, int t);

// q(s, a) becomes the mean of all returns g that followed it, or of those after first visits; visits (S, A).
void td_monte_carlo(td_table *q, int *visits, const td_transition *stream, int t, double g,
                    bool every);

// MC Basic (Zhao): policy iteration from the greedy policy on q, with each q(s, a) the return of one episode of
// `length` steps. For worlds without chance. Returns how often the policy changed, `limit` if it still did.
int td_mc_basic(const td_environment *env, td_table *q, int length, int limit, rng *r);

// One episode of Monte Carlo with exploring starts (first visits), that begins with action a in state s.
void td_exploring_start(const td_environment *env, td_table *q, int *visits, int s, int a, rng *r);

// ratio[t]: the product of target / behaviour over the steps after t of the same episode: what the return of
// step t weighs if its actions after the first were to be the target policy's. Policies (S, A).
void td_ratios(int T, const td_transition *stream, int A, const double *target,
               const double *behaviour, double *ratio);

// Off-policy Monte Carlo: q(s, a) becomes the mean of ratio g, or (weighted) sum(ratio g) / sum(ratio).
// total (S, A): the number of returns so far, or the sum of their ratios.
void td_off_policy_mc(td_table *q, double *total, const td_transition *step, double ratio, double g,
                      bool weighted);

// ---- Temporal differences: targets are bootstrapped ----

// TD(0), the prediction of v (S).
void td_zero(double *v, const td_transition *step, double alpha, double gamma);
void td_sarsa(td_table *q, const td_transition *step, int next_action, double alpha, double gamma);
void td_expected_sarsa(td_table *q, const td_transition *step, double epsilon, double alpha,
                       double gamma);
void td_q_learning(td_table *q, const td_transition *step, double alpha, double gamma);

// Double Q-learning (van Hasselt 2010): coin says which table learns; the other one rates its best action.
void td_double_q(td_table *q1, td_table *q2, bool coin, const td_transition *step, double alpha,
                 double gamma);

// n-step Sarsa for stream[0]. Reads up to n steps, to the end of the episode at most, and the state and action of
// stream[n] if it does not end before.
void td_n_step_sarsa(td_table *q, const td_transition *stream, int n, double alpha, double gamma);

// TD(lambda) with accumulating traces; trace (S) is all 0 at first.
void td_lambda(int S, double *v, double *trace, const td_transition *step, double alpha,
               double gamma, double lambda);

// Where TD(0) ends if it sees the same steps again and again: v(s) = mean of r + gamma v(next) over the steps
// from s, which is the certainty-equivalence estimate. A state without a step keeps its v.
void td_certainty_equivalence(int S, double *v, int T, const td_transition *stream, double gamma);

// ---- Control ----

typedef enum { TD_SARSA, TD_EXPECTED_SARSA, TD_Q_LEARNING } td_rule;

// What an episode came to: its steps and the sum of its rewards, not discounted.
typedef struct {
    int steps;
    double rewards;
} td_summary;

// One episode of acting epsilon-greedily on q and learning by the rule after every step.
td_summary td_episode(td_rule rule, const td_environment *env, td_table *q, double alpha,
                      double epsilon, rng *r);

// One episode of double Q-learning, acting epsilon-greedily on `sum`, kept at q1 + q2.
td_summary td_double_episode(const td_environment *env, td_table *q1, td_table *q2, td_table *sum,
                             double alpha, double epsilon, rng *r);

#endif
