// Trainings: a figure's nets are trained side by side, each with parameters and a tape of its own.
#ifndef TRAINING_H
#define TRAINING_H

#include "nets/train.h"

#include <stddef.h>

enum { TRAINING_NAME = 32 }; // bytes, its end included

// One training, the first member of whatever else a figure's run has.
typedef struct {
    char name[TRAINING_NAME]; // its column in the figure's tables
    int steps;
    int every;   // steps between two tests; 0: none
    float *loss; // (steps) of each step's batch
    float *test; // (steps / every) what the tests gave
} training;

// Calls run(i, context) for i = 0..n-1, spread over --threads, with the thread's own tape, parameters and states,
// freed after each run. Inside, everything is serial, unless there is one run only. Begin with the longest.
void training_side_by_side(int n, void (*run)(int i, void *context), void *context);

// The same for the trainings all[0..n-1], structs of `size` bytes that begin with a training: gives them
// memory for losses and tests, announces their steps to the progress bar, and calls run(i, all).
void training_run(int n, void *all, size_t size, void (*run)(int i, void *all));

// One step: the loss's gradient, clipped to joint norm theta (0: not clipped), a step of Adam, a new tape, and
// one step of progress. Returns the loss.
float training_step(tensor *loss, adamw *adam, float rate, double theta);

// Writes NAME.tsv: each training's losses as means over `block` steps, of which its steps are a multiple.
void training_write_losses(const char *name, int block, int n, const void *all, size_t size);

// Writes NAME-tests.tsv: what the tests gave. All trainings have as many.
void training_write_tests(const char *name, int n, const void *all, size_t size);

// What the last test gave.
double training_last_test(const training *t);

void training_free(int n, void *all, size_t size);

#endif
