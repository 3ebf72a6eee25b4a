// What the figures share: how far a mean is from a law, and normal numbers.
#ifndef ADAMW_STUDY_H
#define ADAMW_STUDY_H

#include "numbers/random.h"
#include "numbers/stats.h"

// The distance of a mean from its expectation in standard errors; 0 where both are the same without
// any.
double adamw_study_z(stats_estimate e, double exact);

// x (n): normal numbers with standard deviation std.
void adamw_study_normal(rng *r, int n, double std, double *x);

// The slope of the least squares line through the points (x, y), n of them.
double adamw_study_slope(int n, const double *x, const double *y);

#endif
