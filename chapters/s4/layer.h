// A state space layer on the tape: S4D's kernels and the convolution with them, differentiable.
//
// Letters of shapes: T steps of time, B sequences side by side, H channels, M modes of a channel's
// kernel.
#ifndef S4_LAYER_H
#define S4_LAYER_H

#include "nets/tensor.h"
#include "numbers/random.h"
#include "s4/s4.h"

// The kernels (H, L) of H channels in float, computed in double: dt = e^log_dt (H); lambda =
// -e^log_re + i im, C = c_re + i c_im (H, M); B = 1.
tensor *s4_kernels(tensor *log_dt, tensor *log_re, tensor *im, tensor *c_re, tensor *c_im, int L);

// y[t] = sum_(j <= t) k[j] u[t - j] for each channel: u (T, B, H), k (H, T) -> (T, B, H).
tensor *s4_causal(tensor *u, tensor *k);

// y = W gelu(k * u + D u) + bias
typedef struct {
    int H, M;
    tensor *log_dt, *log_re, *im, *c_re, *c_im; // the kernels
    tensor *d;                                  // (H)
    tensor *w, *b;                              // (H, H), (H): mixes the channels
} s4_layer;

// New parameters: log_dt uniform between the logarithms of dt_least and dt_most, lambda as S4D-Lin,
// C and D standard normal (C complex with E |C|^2 = 1), w and b uniform in [-1/sqrt H, 1/sqrt H].
s4_layer s4_layer_new(int H, int M, double dt_least, double dt_most, rng *random);
tensor *s4_layer_forward(const s4_layer *l, tensor *u); // (T, B, H) -> (T, B, H)

// One step of the same layer: u (B, H) and the states x (B, H, M), 0 at first, which it moves on ->
// y (B, H), what s4_layer_forward has at this step. No gradient goes back from it to the kernels.
tensor *s4_layer_step(const s4_layer *l, s4_complex *x, const tensor *u);

#endif
