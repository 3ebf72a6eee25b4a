#include "td/control.h"

#include "td/planning.h"

const char *const td_rule_name[TD_RULES] = {"sarsa", "expected_sarsa", "q_learning"};

void
td_control_run(rng *r, const void *context, double *value)
{
    const td_control *c = context;
    td_environment env = td_environment_of(c->m);
    td_table q = td_table_new(c->m);
    double *early = value + c->episodes, *late = early + 1;
    *early = *late = 0;
    for (int k = 0; k < c->episodes; k++) {
        value[k] = td_episode(c->rule, &env, &q, c->alpha, c->epsilon, r).rewards;
        if (k < c->early)
            *early += value[k] / c->early;
        if (k >= c->episodes - c->late)
            *late += value[k] / c->late;
    }
    td_table_free(&q);
}

double
td_policy_return(const td_model *m, const double *policy)
{
    double v[m->S];
    td_evaluate(m, policy, v);
    return v[m->first];
}
