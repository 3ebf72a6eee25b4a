// Trials on a task: nets trained on fresh sequences, each from several seeds, and tested on fresh ones at the end.
#ifndef RNN_TRIALS_H
#define RNN_TRIALS_H

#include "frame/training.h"
#include "rnn/model.h"

// One training of one net from one seed.
typedef struct {
    training training; // its name is the net's and the seed: lstm_0
    const char *net;   // the same for all seeds
    rnn_kind kind;
    int T;    // the task's length: steps, or the delay
    int seed; // which stream of random numbers it draws from
    float rate;
    double test_loss; // the mean over fresh batches at the end
} rnn_trial;

// A trial of so many steps of training; under --quick of two.
rnn_trial rnn_trial_new(const char *net, int seed, rnn_kind kind, int T, int steps, float rate);

// The loss of a fresh batch of the task.
typedef tensor *rnn_task_loss(const rnn_model *m, rng *r, int T);

// Its mean over `batches` batches, under --quick over one.
double rnn_test_loss(rnn_task_loss *loss, const rnn_model *m, rng *r, int T, int batches);

// Runs all trials side by side. Writes NAME.tsv, their losses as means over 25 steps, and NAME-tests.tsv, the test
// loss of each and the first step at which that mean was below `solved` (0: never).
void rnn_trials_run(const char *name, int n, rnn_trial *all, void (*run)(int i, void *all),
                    float solved);

// The lowest, middle and highest test loss over the seeds of a net; NaN under --quick, where nothing is trained.
typedef struct {
    double low, middle, high;
} rnn_range;
rnn_range rnn_trials_range(int n, const rnn_trial *all, const char *net);

#endif
