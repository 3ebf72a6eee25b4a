// The trainings of figures copy and recall: the same net with softmax attention and with linear attention.
#ifndef LINEAR_ATTENTION_TRAININGS_H
#define LINEAR_ATTENTION_TRAININGS_H

#include "frame/training.h"
#include "linear_attention/linear_attention.h"

typedef enum {
    LINEAR_ATTENTION_KIND_SOFTMAX,
    LINEAR_ATTENTION_KIND_ELU, // elu + 1
    LINEAR_ATTENTION_KIND_RELU
} linear_attention_kind;

typedef struct {
    training t;
    linear_attention_kind kind;
    int pairs, seed; // pairs to be recalled, or symbols to be copied
    double right;    // the part of the test that is right in the end
    int learnt;      // the steps after which 20 losses have a mean below 0.1; -1: never
} linear_attention_training;

// A training of this many steps before it runs.
linear_attention_training linear_attention_training_new(linear_attention_kind kind, int pairs,
                                                        int seed, int steps);

// What linear attention of this kind takes.
linear_attention_config linear_attention_kind_config(linear_attention_kind kind);

// Runs all and writes figure.tsv, the losses, and figure-tests.tsv, what each got right.
void linear_attention_train(const char *figure, int n, linear_attention_training *all,
                            void (*run)(int i, void *all));

#endif
