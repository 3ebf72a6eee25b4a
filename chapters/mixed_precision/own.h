// The reader's own tensor: what each format would do to it, and which scale it would need.
#ifndef MIXED_PRECISION_OWN_H
#define MIXED_PRECISION_OWN_H

#include "files/npy.h"
#include "numbers/formats.h"

enum { MIXED_PRECISION_OWN_LOW = -160, MIXED_PRECISION_OWN_HIGH = 128 };

// The sizes of an array's values, as floats; zeros, infinities and NaNs are only counted.
typedef struct {
    long n, zeros, others;
    double *size; // (n) |x|, ascending; to be freed
    long exponents[MIXED_PRECISION_OWN_HIGH - MIXED_PRECISION_OWN_LOW]; // of 2^e <= |x| < 2^(e + 1)
} mixed_precision_own_sizes;

mixed_precision_own_sizes mixed_precision_own_take(const npy *a);

// Of these values in f: the parts that become zero, subnormal, infinite (E4M3: NaN); the root mean square error over
// the root mean square of those that stay finite. And the scales 2^from .. 2^to with which none overflows and fewer
// than one in 1000 becomes zero; from > to: there is none.
typedef struct {
    double zero, subnormal, infinite, error;
    int from, to;
} mixed_precision_own_fate;

mixed_precision_own_fate mixed_precision_own_in(const float_format *f,
                                                const mixed_precision_own_sizes *own);

// Prints all of it.
void mixed_precision_own_npy(const char *path);

#endif
