// Many independent runs of an experiment: their mean, its standard error, and how far that is from the exact value.
#ifndef TD_RUNS_H
#define TD_RUNS_H

#include "numbers/random.h"

// One run: fills value (points) from its own sequence of random numbers.
typedef void td_run(rng *r, const void *context, double *value);

// Runs i = 0..runs-1 with rng_at(seed, i), spread over the threads. mean and error: (points).
void td_runs(uint32_t seed, int runs, int points, td_run *run, const void *context, double *mean,
             double *error);

// The number of standard errors between a mean and its expectation, 0 where both are the same without any; and the
// largest of n such numbers.
double td_z(double mean, double error, double exact);
double td_worst_z(int n, const double *mean, const double *error, const double *exact);

// What the worst of k independent z exceeds as rarely as one of them exceeds 4: 4.80 for 40.
double td_worst_bound(int k);

// The check that z, the worst of k distances of estimates from their exact values in standard errors, is below that
// bound: 4 for one.
void td_check_z(const char *id, const char *statement, int k, double z);

#endif
