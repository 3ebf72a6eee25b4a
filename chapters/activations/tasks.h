// The small regression on which the chapter trains nets: what it is, the nets, and one training.
#ifndef ACTIVATIONS_TASKS_H
#define ACTIVATIONS_TASKS_H

#include "activations/maps.h"
#include "frame/training.h"
#include "numbers/random.h"

#include <stdbool.h>

enum {
    TASKS_INPUTS = 6,
    TASKS_WIDTH = 32,
    TASKS_GATED_WIDTH = 22, // 2 (6 22 + 22 22) + 22 = 1254 weights, beside 6 32 + 32 32 + 32 = 1248
    TASKS_TRAIN = 2000,
    TASKS_VALIDATION = 1000,
    TASKS_TEST = 2000
};

// Points of a target: x (n, INPUTS) normal, y (n) of mean 0 and mean square about 1.
typedef struct {
    int n;
    float *x, *y;
} activations_points;

// Four sines and four absolute values of random projections; training and validation points have noise of standard
// deviation .1, test points none. Its memory is a training's own tape: permanent_alloc.
typedef struct {
    activations_points train, validation, test;
} activations_task;
activations_task activations_task_new(rng *r);

// Two hidden layers: 6 -> 32 -> 32 -> 1 with an activation, or 6 -> 22 -> 22 -> 1 with gates. Weights from
// N(0, gain^2 / inputs), biases 0; the first layer has gain 1, since its inputs are no activations.
typedef struct {
    activations_kind kind;
    bool gated;
    tensor *w[3], *b[3]; // of the gates, where there are any, and of the output
    tensor *v[2], *c[2]; // of the values
    tensor *hidden[2];   // what the last forward gave
} activations_net;
activations_net activations_net_new(activations_kind kind, bool gated, rng *r);

// x (n, INPUTS) -> (n, 1).
tensor *activations_net_apply(activations_net *net, tensor *x);

// The root of the mean squared error over points.
double activations_net_error(activations_net *net, const activations_points *p);

// One training of so many steps with batches of 32, Adam, and a rate that falls to 0 along half a cosine.
typedef struct {
    training training;
    activations_kind kind;
    bool gated;
    int seed;
    float rate;
    double validation, test; // errors at the end; INFINITY where it diverged
    double dead[2]; // the part of each hidden layer's units that are 0 for every training point
} activations_trial;
void activations_trial_run(uint32_t seed, activations_trial *t);

#endif
