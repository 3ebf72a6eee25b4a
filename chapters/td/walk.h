// Episodes of the random walk, of which three figures learn.
#ifndef TD_WALK_H
#define TD_WALK_H

#include "td/td.h"

// The states of the small walk, and the steps that no episode of either walk takes.
enum { TD_WALK_STATES = 5, TD_WALK_LIMIT = 4096 };

// exact (TD_WALK_STATES): the values of the small walk, 1/6 to 5/6.
void td_walk_values(double *exact);

// One episode of a walk; its number of steps. There is room for `limit`; more are an error.
int td_walk(const td_environment *env, td_transition *episode, int limit, rng *r);

#endif
