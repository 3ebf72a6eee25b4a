// What a training loop needs besides backward: clear, clip and step, which act on every parameter; a schedule of the
// learning rate; the part of right answers.
#ifndef TRAIN_H
#define TRAIN_H

#include "nets/tensor.h"

// Sets every gradient to zero.
void zero_grad(void);

// Norm |g| = sqrt(sum of squares over all parameters jointly); where |g| > theta, g <- g theta / |g|.
// Returns |g| before clipping. Pascanu, Mikolov & Bengio 2013, algorithm 1. (PyTorch divides by
// |g| + 1e-6.) A norm that is not finite is an error.
double clip_global_norm(double theta);

// Clips every value of every gradient to [-theta, theta]: the direction changes.
void clip_elements(float theta);

// Stochastic gradient descent: w <- w - rate g.
void sgd_step(float rate);

// Adam, Kingma & Ba 2015, algorithm 1, with the decay of PyTorch's AdamW: Loshchilov & Hutter's 2019 is alpha decay.
typedef struct {
    float beta1, beta2, eps; // .9, .999, 1e-8 in the paper; eps outside the root
    float decay;             // w <- w - rate decay w before the step; 0: plain Adam
    int params;              // how many there were when it was made
    double power1, power2;   // beta1^t, beta2^t after t steps
    float *factor;           // (params): of each parameter's rate; 1 until the caller sets another
    float **m, **v;          // running means of g and g^2, as permanent as the parameters
} adamw;

// To be called when all parameters exist.
adamw adamw_new(float beta1, float beta2, float eps, float decay);

//   m <- beta1 m + (1 - beta1) g      v <- beta2 v + (1 - beta2) g^2
//   w <- w - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
void adamw_step(adamw *a, float rate);

// Learning rate of step 0, 1, ... of `steps`: rises linearly over `warmup` steps to `top`, then falls
// to 0 along half a cosine. For step < steps.
float warmup_cosine(int step, int warmup, int steps, float top);

// The part of the rows of logits (..., V) that count, those with a target of 0..V-1 and not -1, whose largest
// logit, the first of equal ones, is the target.
double accuracy(const tensor *logits, const int *targets);

#endif
