// What the chapter's experiments train: a recurrent layer that a linear layer reads.
#ifndef RNN_NETWORKS_H
#define RNN_NETWORKS_H

#include "rnn/rnn.h"

// A recurrent layer and a linear layer that reads it: w (O, H), b (O).
typedef struct {
    rnn_layer layer;
    tensor *w, *b;
} network;

// With new parameters; those of the linear layer are uniform in [-1/sqrt H, 1/sqrt H].
network network_new(rnn_kind kind, int I, int H, int O, rng *r);

// Symbols (T, B) as one-hot vectors (T, B, V).
tensor *one_hot(int T, int B, int V, const int *symbols);

#endif
