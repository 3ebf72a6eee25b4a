// Activations: functions of one number that bend a network, their slopes, and the gated pairs of them.
//
// Letters of shapes: B rows of a batch, m inputs, n units.
#ifndef ACTIVATIONS_H
#define ACTIVATIONS_H

#include "nets/tensor.h"

// The leaky ReLU's slope below 0, and the two numbers that give a SELU mean 0 and mean square 1
// (activations_selu_solve finds them).
#define ACTIVATIONS_LEAK 0.01
#define ACTIVATIONS_SELU_ALPHA 1.6732632423543772
#define ACTIVATIONS_SELU_LAMBDA 1.0507009873554805

typedef enum {
    ACTIVATIONS_IDENTITY,   // x: no activation
    ACTIVATIONS_THRESHOLD,  // 1 where x > 0, else 0; the slope is 0
    ACTIVATIONS_SIGMOID,    // 1 / (1 + e^-x)
    ACTIVATIONS_TANH,       // tanh x
    ACTIVATIONS_RELU,       // max(x, 0); slope 0 at 0
    ACTIVATIONS_LEAKY_RELU, // x where x > 0, else LEAK x
    ACTIVATIONS_ELU,        // x where x > 0, else e^x - 1
    ACTIVATIONS_SELU,       // lambda x where x > 0, else lambda alpha (e^x - 1)
    ACTIVATIONS_SOFTPLUS,   // ln(1 + e^x)
    ACTIVATIONS_SILU,       // x sigmoid(x), also called Swish
    ACTIVATIONS_GELU,       // x P(x), with the normal distribution P(x) = (1 + erf(x / sqrt 2)) / 2
    ACTIVATIONS_GELU_TANH,  // x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2
    ACTIVATIONS_GELU_SIGMOID, // x sigmoid(1.702 x)
    ACTIVATIONS_MISH,         // x tanh(ln(1 + e^x))
    ACTIVATIONS_KINDS
} activations_kind;

// As in --activation: "gelu_tanh".
const char *activations_name(activations_kind kind);

// y (n) = f(x), x (n).
void activations_forward(activations_kind kind, long n, const float *x, float *y);

// slope (n) = f'(x), from x and y = f(x), each (n).
void activations_slope(activations_kind kind, long n, const float *x, const float *y, float *slope);

// dx (n) += f'(x) dy.
void activations_backward(activations_kind kind, long n, const float *x, const float *y,
                          const float *dy, float *dx);

// f(x) on the tape.
tensor *activations_apply(activations_kind kind, tensor *x);

// A gated linear unit (Dauphin et al. 2017, Shazeer 2020): f(gate) value, both of one shape, on the tape.
// f = sigmoid is the GLU, identity the bilinear one, ReLU the ReGLU, GELU the GEGLU, SiLU the SwiGLU.
tensor *activations_gate(activations_kind kind, tensor *gate, tensor *value);

// The same as a layer: f(x w^T + b) (x v^T + c) for x (B, m), w and v (n, m), b and c (n).
tensor *activations_glu(activations_kind kind, tensor *x, tensor *w, tensor *b, tensor *v,
                        tensor *c);

#endif
