// Reference cases of what is computed with tensors.
#ifndef CASE_TENSOR_H
#define CASE_TENSOR_H

#include "frame/case.h"
#include "nets/tensor.h"
#include "numbers/random.h"

// Writes x's values as an array of the case that has begun.
void case_write(const char *role, const char *name, const tensor *x, double tolerance,
                const char *about);

// A new constant, or parameter, of values from N(0, std^2), written as an input.
tensor *case_constant(const char *name, shape s, rng *r, float std, double tolerance,
                      const char *about);
tensor *case_param(const char *name, shape s, rng *r, float std, double tolerance,
                   const char *about);

// Writes the gradient of every parameter x as dx.
void case_gradients(double tolerance);

// A new constant of out's shape, from N(0, 1), written as the input loss_weight: the loss is
// sum(out loss_weight).
tensor *case_loss_weight(const tensor *out, rng *r, double tolerance);

// The end of a case whose result is out: writes it under this name, the loss sum(out weight) and every
// parameter's gradient. Frees the tensors.
void case_finish(const char *name, tensor *out, tensor *weight, double tolerance,
                 const char *about);

#endif
