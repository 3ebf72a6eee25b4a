// Biases: where they are needed, and where they do nothing.
#ifndef ACTIVATIONS_BIASES_H
#define ACTIVATIONS_BIASES_H

#include "nets/tensor.h"

// Batch norm without gain and shift: every column of x (B, n) less its mean over the B rows, over
// sqrt(variance + eps). The variance is over B, not B - 1.
tensor *activations_batch_norm(tensor *x, float eps);

// Layer norm without gain and shift: the same for every row of x (B, n), over its n features.
tensor *activations_layer_norm(tensor *x, float eps);

// Attention of one head without mask: softmax(q k^T / sqrt(d)) v for q (T, d), k (S, d), v (S, d).
tensor *activations_attention(tensor *q, tensor *k, tensor *v);

// w2 f(w1 x), two layers of ReLU without biases: x (B, m), w1 (n, m), w2 (1, n) -> (B, 1).
tensor *activations_relu_net(tensor *x, tensor *w1, tensor *w2);

#endif
