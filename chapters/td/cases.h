// The chapter's reference cases: recorded streams of steps, and the table after every update.
#ifndef TD_CASES_H
#define TD_CASES_H

#include "td/td.h"

void td_cases(void);

// Row t of all (T, n) becomes a copy of the table (n) as it is now.
void td_keep(double *all, int t, int n, const double *table);

// The step after which the n-step update of step i can be made: its last reward is known then.
int td_n_step_row(const td_transition *steps, int i, int n);

#endif
