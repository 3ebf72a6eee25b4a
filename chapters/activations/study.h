// Random nets of finite width, to be held against the maps, which are right for infinite width.
#ifndef ACTIVATIONS_STUDY_H
#define ACTIVATIONS_STUDY_H

#include "activations/maps.h"
#include "numbers/random.h"

// One layer's pre-activations a (N) of up to two inputs: the mean over units of a^2 for each, and of their product.
typedef struct {
    double square[2], product;
} activations_signal;

// A new random net of L layers of N units: a(l + 1) = W f(a(l)) + b, W from N(0, weight / N), b from N(0, bias) with
// the layer's two variances. a (inputs, N) begins as a(0) and ends as a(L); inputs is 1 or 2. signal (L + 1).
void activations_net_forward(const activations_layer *layer, int N, int L, rng *r, int inputs,
                             double *a, activations_signal *signal);

// The same with one input, and a gradient back through it: gradient[l] is the mean over units of (da(l))^2 where da(L)
// is from N(0, 1). Both (L + 1). da (2, N), or NULL: da(0) and da(L) themselves.
void activations_net_backward(const activations_layer *layer, int N, int L, rng *r, double *a,
                              activations_signal *signal, double *gradient, double *da);

// a (inputs, N): normal numbers of mean square q; the second input has the correlation c with the first, exactly.
void activations_net_inputs(rng *r, int N, int inputs, double q, double c, double *a);

#endif
