// Least squares of few terms, whose sum must give every value.
#ifndef FIT_H
#define FIT_H

#include <stdbool.h>

enum { FIT_TERMS = 5, FIT_MORE = 5 };

// Finds the factors of `terms` terms; row k of `values` has the terms whose sum is to be sums[k]. True: they give every
// sum within `apart`, there are FIT_MORE equations more than terms, and no term is made of the others.
bool fit_find(int terms, int equations, double (*values)[FIT_TERMS], const double *sums,
              double apart, double by[FIT_TERMS]);

#endif
