// For suites of what is computed with tensors.
#ifndef TEST_TENSORS_H
#define TEST_TENSORS_H

#include "nets/tensor.h"
#include "numbers/random.h"

// A new parameter of values from N(0, std^2).
static inline tensor *
test_param(const char *name, shape s, rng *r, float std)
{
    tensor *x = param(name, s);
    rng_fill_normal(r, x->size, x->data, 0, std);
    return x;
}

#endif
