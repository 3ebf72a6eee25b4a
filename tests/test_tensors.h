// For suites of what is computed with tensors.
#ifndef TEST_TENSORS_H
#define TEST_TENSORS_H

#include "nets/tensor.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <stdint.h>

// A new parameter of values from N(0, std^2).
static inline tensor *
test_param(const char *name, shape s, rng *r, float std)
{
    tensor *x = param(name, s);
    rng_fill_normal(r, x->size, x->data, 0, std);
    return x;
}

// FNV-1a of the bits of all parameters' gradients.
static inline uint64_t
test_gradient_hash(void)
{
    uint64_t h = 1469598103934665603u;
    for (int i = 0; i < param_count(); i++)
        for (long k = 0; k < param_at(i)->size; k++)
            h = (h ^ bits32(param_at(i)->grad[k])) * 1099511628211u;
    return h;
}

#endif
