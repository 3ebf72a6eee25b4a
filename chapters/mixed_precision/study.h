// The training that three figures share: a net of two hidden layers learns the classes that another one gives.
#ifndef MIXED_PRECISION_STUDY_H
#define MIXED_PRECISION_STUDY_H

#include "frame/training.h"
#include "mixed_precision/mixed_precision.h"

// Where the weights stand between two steps: in float32; in the format, rounded to nearest or at random after every
// step; or to nearest, and Adam's m and v too.
typedef enum {
    MIXED_PRECISION_MASTER,
    MIXED_PRECISION_NEAREST,
    MIXED_PRECISION_RANDOM,
    MIXED_PRECISION_MOMENTS
} mixed_precision_weights;

typedef struct {
    training t;
    const float_format *f; // NULL: float32
    mixed_precision_weights weights;
    mixed_precision_scaler scaler;
    int seed;
    // What came out: the loss on other inputs; of the last step's gradient of the logits, the part that is zero.
    double final, zeros;
    float *scale; // (steps) S of every step, or NULL
} mixed_precision_run;

// Run i of all, for training_run; its test is the final loss.
void mixed_precision_train(int i, void *all);

#endif
