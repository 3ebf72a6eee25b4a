// The chains that the figures go through: layers of tanh, residual layers, layers of a Transformer.
#ifndef CHECKPOINTING_CHAINS_H
#define CHECKPOINTING_CHAINS_H

#include "checkpointing/checkpointing.h"
#include "numbers/random.h"
#include "transformer/transformer.h"

// Layers of one width: x <- tanh(x W^T + b), or with `residual` x + that.
typedef struct {
    int n;
    bool residual;
    tensor **w, **b;
    long evaluations; // of steps, so far
} checkpointing_tanh;

// New parameters: weights N(0, gain^2 / width), biases N(0, 0.1^2).
checkpointing_tanh checkpointing_tanh_new(int n, int width, bool residual, float gain, rng *r);

// The chain of its first n steps.
checkpointing_chain checkpointing_tanh_chain(checkpointing_tanh *t);

// Decoder layers, with pre-norm, four times as many hidden units, and positions that see none behind them.
typedef struct {
    int layers;
    transformer_layer *layer;
    int B, T;
} checkpointing_decoder;

checkpointing_decoder checkpointing_decoder_new(int layers, int B, int T, int D, int h,
                                                transformer_attention_fn *attention, rng *r);
checkpointing_chain checkpointing_decoder_chain(checkpointing_decoder *d);

// A hash of the bits of all parameters' gradients.
unsigned long checkpointing_gradient_hash(void);

#endif
