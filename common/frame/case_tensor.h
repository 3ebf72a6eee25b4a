// Reference cases of what is computed with tensors.
#ifndef CASE_TENSOR_H
#define CASE_TENSOR_H

#include "frame/case.h"
#include "nets/tensor.h"
#include "numbers/random.h"

// Writes x's values as an array that the reader computes.
void case_write(const char *role, const char *name, const char *from, const tensor *x,
                double tolerance, const char *about);

// A new constant, or parameter, of values from N(0, std^2), written as an input.
tensor *case_constant(const char *name, shape s, rng *r, float std, const char *about);
tensor *case_param(const char *name, shape s, rng *r, float std, const char *about);

// What the gradient of one parameter is computed from, and the axis of its time where it has one, computed from
// the end: {"x", "da w_ih", "0"}. A list of them ends with an entry without name.
typedef struct {
    const char *param, *from, *axis;
} case_gradient;

// Writes the gradient of every parameter x as dx: those of the list first, in its order; of the others, and with
// NULL, nobody says what they are computed from, so everything above them.
void case_gradients(double tolerance, const case_gradient *list);

// A new constant of out's shape, from N(0, 1), written as the input loss_weight: the loss is
// sum(out loss_weight).
tensor *case_loss_weight(const tensor *out, rng *r);

// The end of a case whose result is out: writes it under this name, the loss sum(out weight) and every
// parameter's gradient. Frees the tensors. Time holds for out alone.
void case_finish(const char *name, const char *from, tensor *out, tensor *weight, double tolerance,
                 const char *about, const case_gradient *list);

#endif
