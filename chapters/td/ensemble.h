// Many independent runs of an experiment: their mean and its standard error.
#ifndef TD_ENSEMBLE_H
#define TD_ENSEMBLE_H

#include "numbers/random.h"

// One run: fills value (points) from its own sequence of random numbers.
typedef void td_run(rng *r, const void *context, double *value);

// Runs i = 0..runs-1 with rng_at(seed, i), spread over the threads. mean and error: (points).
void td_ensemble(uint32_t seed, int runs, int points, td_run *run, const void *context,
                 double *mean, double *error);

#endif
