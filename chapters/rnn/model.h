// What the chapter's experiments train: a recurrent layer, and a linear layer on its states.
#ifndef RNN_MODEL_H
#define RNN_MODEL_H

#include "rnn/rnn.h"

// A recurrent layer, and a linear layer that gives w h + b for each of its states h: w (O, H), b (O).
typedef struct {
    rnn_layer layer;
    tensor *w, *b;
} rnn_model;

// With new parameters; those of the linear layer are uniform in [-1/sqrt H, 1/sqrt H].
rnn_model rnn_model_new(rnn_kind kind, int I, int H, int O, rng *r);

// Symbols (T, B) as one-hot vectors (T, B, V).
tensor *rnn_one_hot(int T, int B, int V, const int *symbols);

#endif
