// The exact truth by dynamic programming: what a learner's estimates are held against.
#ifndef TD_PLANNING_H
#define TD_PLANNING_H

#include "td/environments.h"

// The expected value of action a in s, if v (S) is what the states after it are worth.
double td_backup(const td_model *m, const double *v, int s, int a);
void td_backups(const td_model *m, const double *v, double *q); // of all actions, (S, A)

// v (S) of a policy (S, A): the solution of v = r + gamma P v, by elimination.
void td_evaluate(const td_model *m, const double *policy, double *v);

// The actions whose q is within 1e-9 of the largest in s, as a mask with bit a for action a.
int td_best_actions(const td_model *m, const double *q, int s);

// The epsilon-greedy policy (S, A) on q, by the lowest action of td_best_actions.
void td_soft_policy(const td_model *m, const double *q, double epsilon, double *policy);

// v and q of the best policy among those that take every action with probability epsilon / n or more;
// epsilon = 0: of the best of all. By value iteration, and td_evaluate at its end.
void td_optimal(const td_model *m, double epsilon, double *v, double *q);

// The expectation of (ratio (g - c))^2 from every state (S) under the behaviour policy, where the only reward
// is paid at the end, gamma is 1 and ratio is the product of target / behaviour over the episode.
void td_ratio_square(const td_model *m, const double *target, const double *behaviour, double c,
                     double *square);

// The mean squared error, over the states, that learning v from v0 everywhere has after 0..episodes episodes
// (episodes + 1), in expectation: exactly, by the recursion of first and second moments. For models with one
// action and gamma 1. zero: TD(0) after every step; mc: every visit moves v by alpha towards its return.
void td_zero_error(const td_model *m, double alpha, double v0, int episodes, double *error);
void td_mc_error(const td_model *m, double alpha, double v0, int episodes, double *error);

// As the episodes grow, episodes times the mean squared error of learning from a batch of them to the end tends to
// these, for models with one action, gamma 1 and rewards at the ends: td for TD(0), mc for the mean of the returns of
// every visit.
void td_batch_error(const td_model *m, double *td, double *mc);

// The mean square of v - exact over n values.
double td_mean_squared_error(int n, const double *v, const double *exact);

#endif
