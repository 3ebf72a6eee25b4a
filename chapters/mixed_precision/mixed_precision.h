// Mixed precision: a net whose activations, gradients and copies of weights have 16 bits, its loss scale, the weights
// behind it; and what sums and weights do that have 16 bits themselves. The formats: numbers/formats.h.
#ifndef MIXED_PRECISION_H
#define MIXED_PRECISION_H

#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/formats.h"
#include "numbers/random.h"

// ---- A layer ----

// x w^T + b (..., m) for x (..., k), w (m, k), b (m): weights and result as f has them, sums in float32. The
// gradients of the result, of w and of b are rounded to f, too. NULL: all in float32.
tensor *mixed_precision_linear(const float_format *f, tensor *x, tensor *w, tensor *b);

// tanh of it, and rounded again.
tensor *mixed_precision_tanh_layer(const float_format *f, tensor *x, tensor *w, tensor *b);

// ---- The scale of the loss ----

// S and the rule by which it changes, that of PyTorch's GradScaler.
typedef struct {
    float scale;           // S
    float growth, backoff; // 2, 1/2
    int interval;          // S grows after so many steps in a row without overflow
    int good;              // such steps since S was last changed
    int skipped;           // steps with an overflow so far
} mixed_precision_scaler;

// A scale that never changes: no interval.
mixed_precision_scaler mixed_precision_constant_scale(float scale);

// After a step: S for the next one.
void mixed_precision_scaler_update(mixed_precision_scaler *s, bool finite);

// ---- A step, from gradients of S loss ----

// The gradients of S times the loss, added to those of all parameters.
void mixed_precision_backward(const mixed_precision_scaler *s, tensor *loss);

// g <- g / S, in float32.
void mixed_precision_unscale(float scale);

// The norm of the gradients of all parameters jointly; not finite where one of them is not.
double mixed_precision_norm(void);

// g <- g theta / norm where norm > theta; theta = 0: nothing.
void mixed_precision_clip(double norm, double theta);

// Divides by S, clips, takes Adam's step and changes S; or, where a gradient is not finite, only changes S.
typedef struct {
    bool taken;
    double norm; // of the gradients, after the division
} mixed_precision_done;
mixed_precision_done mixed_precision_step(mixed_precision_scaler *s, adamw *adam, float rate,
                                          double theta);

// ---- Weights and sums in few bits ----

// y[i] (n): x[i] rounded to f at random, with u[i] as format_round_random has it. y may be x.
void mixed_precision_round_random(const float_format *f, long n, const float *x, const float *u,
                                  float *y);

// All parameters as if they were kept in f: to nearest or, with random numbers r, at random.
void mixed_precision_store(const float_format *f, rng *r);

// sums[i] (n) = sums[i - 1] + x[i], every sum rounded to f (NULL: float32 as it is), the terms before that to `terms`.
void mixed_precision_sums(const float_format *f, const float_format *terms, long n, const float *x,
                          float *sums);

// w + d in f; whether that is another number than w in f; and so for w (1 - decay), where the factor is a float.
float mixed_precision_moved(const float_format *f, float w, float d);
float mixed_precision_decayed(const float_format *f, float w, float decay);

#endif
