// Learning to act by Sarsa, expected Sarsa or Q-learning, as a run that is repeated: on the cliff, in the wind, on
// Zhao's path task.
#ifndef TD_CONTROL_H
#define TD_CONTROL_H

#include "td/environments.h"

enum { TD_RULES = 3 };
extern const char *const td_rule_name[TD_RULES];

// What is learnt, by which rule, and the means that are wanted: of the first `early` and of the last `late` episodes.
typedef struct {
    const td_model *m;
    td_rule rule;
    double alpha, epsilon;
    int episodes, early, late;
} td_control;

// A td_run with a td_control as its context. value (episodes + 2): the sum of rewards of every episode, the mean of the
// first `early` and that of the last `late` of them.
void td_control_run(rng *r, const void *context, double *value);

// The exact return of a policy (S, A) from the first state of m.
double td_policy_return(const td_model *m, const double *policy);

#endif
