// Recurrent networks: the language model with its gradient by hand, tanh, LSTM and GRU layers on the tape.
//
// Letters of shapes: T steps of time, B sequences side by side, I inputs, H hidden units, G blocks of
// H rows in a layer's weights (1 tanh, 4 LSTM, 3 GRU), K steps of a window of truncated BPTT.
#ifndef RNN_H
#define RNN_H

#include "nets/tensor.h"
#include "numbers/random.h"

// ---- The textbook's language model (Goodfellow, Bengio & Courville 2016, section 10.2), by hand ----

// Its weights, or the gradients of them. I is the number of symbols.
typedef struct {
    int I, H;
    float *u; // (H, I) from the symbol
    float *w; // (H, H) from the state before
    float *v; // (I, H) to the next symbol
    float *b; // (H)
    float *c; // (I)
} rnn_lm;

// What one sequence leaves behind.
typedef struct {
    int T;
    float *h;     // (T + 1, H): h[0] is given, h[t + 1] comes out of step t
    float *p;     // (T, I): the probabilities of the next symbol
    float *loss;  // (T): -log p of the symbol that came
    float *delta; // (T, H): d(sum of losses)/dh[t + 1]
    float *dh0;   // (H): d(sum of losses)/dh[0]
} rnn_trace;

// h(t) = tanh(U x(t) + W h(t-1) + b), p(t) = softmax(V h(t) + c), loss(t) = -log p(t)[y(t)], for symbols
// x(t), y(t) in 0..I-1. Fills trace->h from its row 1 on, p and loss.
void rnn_lm_forward(const rnn_lm *m, const int *x, const int *y, rnn_trace *trace);

// Backpropagation through time: fills trace->delta and dh0 and adds d(sum of losses)/d(weights) to `d`.
void rnn_lm_backward(const rnn_lm *m, const int *x, const int *y, rnn_trace *trace, rnn_lm *d);

// ---- Layers on the tape, in PyTorch's letters and order of gates ----

typedef enum {
    // h' = tanh(a); Elman 1990
    RNN_TANH,
    // h' = max(a, 0); with W_hh = I the IRNN of Le, Jaitly & Hinton 2015
    RNN_RELU,
    // Hochreiter & Schmidhuber 1997 with the forget gate of Gers, Schmidhuber & Cummins 2000
    RNN_LSTM,
    // With the reset after the product, as in PyTorch and cuDNN; Cho et al. 2014
    RNN_GRU
} rnn_kind;

// Blocks of rows: i, f, g, o in an LSTM; r, z, n in a GRU.
typedef struct {
    rnn_kind kind;
    int I, H;
    tensor *w_ih; // (G H, I)
    tensor *w_hh; // (G H, H)
    tensor *b_ih; // (G H)
    tensor *b_hh; // (G H)
    // Whether rnn_forward leaves every step on the tape, to be looked at, or all as one: with the same bits.
    bool unrolled;
} rnn_layer;

// New parameters, uniform in [-1/sqrt H, 1/sqrt H] as PyTorch has them; for RNN_RELU the IRNN's:
// W_ih ~ N(0, 0.001^2), W_hh = I, biases 0.
rnn_layer rnn_layer_new(rnn_kind kind, int I, int H, rng *random);

// What a layer computes from x (T, B, I), h0 and c0 (B, H); NULL: zeros. c0 is the LSTM's alone.
typedef struct {
    tensor *all;   // (T, B, H): h after every step
    tensor *h, *c; // (B, H): after the last step; c of an LSTM only
    tensor **step; // [T]: unrolled, the outputs of the cells, whose gates tape_saved() reads
} rnn_output;
rnn_output rnn_forward(const rnn_layer *l, tensor *x, tensor *h0, tensor *c0);

// One fused LSTM cell: from its two pre-activations, gx and gh (B, 4H), and c (B, H), to h' and c' as
// (2, B, H). Saves the gates "i", "f", "g", "o" and "tanh_c", (B, H) each; its backward saves "e", the gradient of c'.
tensor *rnn_lstm_cell(tensor *gx, tensor *gh, tensor *c);

// One fused GRU cell with the reset after the product: gx and gh (B, 3H), h (B, H) -> h' (B, H).
// Saves the gates "r", "z", "n", and q, the last block of gh, as "q", (B, H) each.
tensor *rnn_gru_cell(tensor *gx, tensor *gh, tensor *h);

// The GRU in elementary operations, in the three conventions in use.
typedef enum {
    // n = tanh(W_in x + b_in + r (W_hn h + b_hn)), h' = (1 - z) n + z h: PyTorch, cuDNN
    RNN_RESET_AFTER,
    // n = tanh(W_in x + b_in + W_hn (r h) + b_hn): Cho et al. 2014, final version
    RNN_RESET_BEFORE,
    // As RNN_RESET_AFTER with h' = z n + (1 - z) h: the z of Chung et al. 2014
    RNN_Z_SWAPPED
} rnn_gru_convention;

// All steps of a GRU layer; gates[]: r, z, n (T, B, H) as they come out.
rnn_output rnn_gru_forward(rnn_gru_convention convention, const rnn_layer *l, tensor *x, tensor *h0,
                           tensor *gates[3]);

// Truncated backpropagation through time over one sequence x of shape s = (T, B, I), which may be longer
// than a tape should be: in windows of K steps, each on a new tape. The state is carried over their borders in
// h (a state (B, H)), the gradient is not. Adds the gradients of sum(h r), r (T, B, H), and writes every h to
// all (T, B, H). Not for an LSTM, whose cell would have to be carried, too.
void rnn_truncated(const rnn_layer *l, int K, tensor *h, shape s, const float *x, const float *r,
                   float *all);

#endif
