// What a table that learns along a stream makes of its values at every step, as a formula.
#ifndef UPDATE_H
#define UPDATE_H

#include "checker/reference.h"

// For a table of states, or of states and actions, after every step of a stream (the case has s, r, next and end):
// prints by which sum of the old value, the reward and the next state's values the reader's table follows, and ours,
// and a step at which other places change than in ours. False: it is no such table, or follows no such sum.
bool update_print(const reference *r, const entry *e, const char *before);

#endif
