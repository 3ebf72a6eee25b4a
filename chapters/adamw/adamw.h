// How a gradient becomes a step: momentum, Adam in its variants, and the two ways to let weights
// decay. Plain arrays in double; t = 1, 2, ... counts the steps. common/nets/train.h has the same
// AdamW for nets, in float.
#ifndef ADAMW_H
#define ADAMW_H

#include <stdbool.h>

// ---- Momentum ----

// As PyTorch's SGD has it.
typedef struct {
    double momentum, dampening;
    double decay;  // added to the gradient: g + decay w
    bool nesterov; // step along g + momentum buf
} adamw_momentum;

//   buf <- momentum buf + (1 - dampening) g, the first buf is g      w <- w - rate buf
// w, g, buf (n).
void adamw_momentum_move(const adamw_momentum *rule, int t, double rate, int n, double *w,
                         const double *g, double *buf);

// ---- Adam ----

// Where eps stands: sqrt(v^) + eps, algorithm 1 and PyTorch; sqrt(v) + eps before the correction,
// section 2 and TensorFlow; sqrt(v^ + eps).
typedef enum { ADAMW_EPS_OUTSIDE, ADAMW_EPS_HAT, ADAMW_EPS_INSIDE } adamw_eps_place;

typedef struct {
    double beta1, beta2, eps;
    adamw_eps_place place;
    bool uncorrected; // the means are taken as they are
} adamw_rule;

// What Adam keeps of n weights: running means of g and of g^2, and AMSGrad's maximum of v, NULL for
// all but AMSGrad. All of them are 0 before the first step.
typedef struct {
    double *m, *v, *top;
} adamw_means;

//   m <- beta1 m + (1 - beta1) g      v <- beta2 v + (1 - beta2) g^2
void adamw_remember(const adamw_rule *rule, int n, const double *g, const adamw_means *s);

// 1 - beta^t: the part of what it should be that a running mean has after t steps.
double adamw_part(const adamw_rule *rule, double beta, int t);

// m^ / (sqrt(v^) + eps) from means of which these parts are there: what a weight moves by, in units
// of the rate.
double adamw_direction(const adamw_rule *rule, double m, double part1, double v, double part2);

// One step of n weights w with the gradient g: Adam's, while w loses the part `pull` of itself.
// pull = 0 is Adam, or with s->top AMSGrad.
void adamw_move(const adamw_rule *rule, int t, double rate, double pull, int n, double *w,
                const double *g, const adamw_means *s);

// ---- Decay ----

// The pull of PyTorch's AdamW; that of Loshchilov & Hutter's, where rate = schedule alpha.
double adamw_pull(double rate, double decay);
double adamw_pull_of_paper(double schedule, double decay);

// Adam on the gradient g + decay w, PyTorch's Adam(weight_decay): the decay goes through both
// means. h (n) becomes that gradient.
void adamw_l2_move(const adamw_rule *rule, int t, double rate, double decay, int n, double *w,
                   const double *g, double *h, const adamw_means *s);

// A group of weights with a decay and a rate of its own: n of them from `first` on.
typedef struct {
    int first, n;
    double factor; // of the rate
    double decay;
} adamw_group;

// One step t of all groups.
void adamw_groups_move(const adamw_rule *rule, int t, double rate, int groups,
                       const adamw_group *group, double *w, const double *g, const adamw_means *s);

// ---- Clipping and bounds ----

// Where the norm |g| of all n values exceeds theta: g <- g theta / |g|. Returns |g| before.
double adamw_clip(int n, double theta, double *g);

// One step with the clipped gradient, of which both means are; h (n) becomes it. Returns |g|.
double adamw_clipped_move(const adamw_rule *rule, int t, double rate, double pull, double theta,
                          int n, double *w, const double *g, double *h, const adamw_means *s);

// w <- the nearest point of [-bound, bound].
void adamw_project(double bound, double *w);

// ---- Noise ----

// SGD on h w^2 / 2 with gradients h w + noise, whose variance is variance / B: mean and second
// moment of w after one step more.
typedef struct {
    double mean, second;
} adamw_moment;
adamw_moment adamw_moment_next(adamw_moment w, double h, double rate, double variance, int B);

#endif
