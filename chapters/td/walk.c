#include "td/walk.h"

#include "files/fail.h"

#include <string.h>

void
td_walk_values(double *exact)
{
    for (int s = 0; s < TD_WALK_STATES; s++)
        exact[s] = (s + 1.0) / (TD_WALK_STATES + 1);
}

int
td_walk(const td_environment *env, td_transition *episode, int limit, rng *r)
{
    double nothing[env->S];
    td_table q = {env->S, 1, env->n, memset(nothing, 0, sizeof nothing)};
    int T = td_rollout(env, &q, 0, env->begin(env->inside, r), 0, limit, episode, r);
    if (!episode[T - 1].end)
        fail("a walk over %d states takes more than %d steps", env->S, limit);
    return T;
}
