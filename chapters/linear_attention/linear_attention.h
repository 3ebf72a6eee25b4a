// Linear attention: a similarity that is a product of features, so that the sum over the keys can be kept in a state.
// Katharopoulos et al. 2020, "Transformers are RNNs".
//
// Letters of shapes: B sequences, T queries, N keys (N = T in the causal case), h heads, d width of a query and a key,
// F features that the map makes of them, m width of a value. S (F, m) and z (F) are a head's state.
#ifndef LINEAR_ATTENTION_H
#define LINEAR_ATTENTION_H

#include "nets/tensor.h"

#include <stdbool.h>

// ---- Feature maps ----

typedef enum {
    LINEAR_ATTENTION_ELU,    // elu(x) + 1: x + 1 above 0, e^x below; F = d
    LINEAR_ATTENTION_RELU,   // max(x, 0); F = d
    LINEAR_ATTENTION_EXP,    // e^x; F = d
    LINEAR_ATTENTION_TAYLOR, // (1, x / |x|), whose product is 1 + q k / (|q| |k|); F = d + 1
} linear_attention_map;

// phi(x) of each vector: x (B, N, h, d) -> (B, N, h, F). length (B): what stands from length[b] on is padding and gets
// features 0; NULL: no padding.
tensor *linear_attention_features(tensor *x, linear_attention_map map, const int *length);

// ---- The causal case in three forms: functions of features ----

// out_i = sum_{j<=i} (q_i k_j) v_j / (sum_{j<=i} q_i k_j + eps), for features q and k (B, T, h, F) and values v
// (B, T, h, m) -> (B, T, h, m). A query whose normaliser is 0 gets zeros and passes no gradient.

// All pairs at once, T^2; made of operations of the library. Leaves "weights" (B, h, T, T) before the division and
// "total", their sums (B, h, T, 1), on the tape.
tensor *linear_attention_parallel(tensor *q, tensor *k, tensor *v, float eps);

// Step by step. Saves "state" (T, B, h, F, m) and "z" (T, B, h, F) after every step.
tensor *linear_attention_recurrent(tensor *q, tensor *k, tensor *v, float eps);

// In chunks: products within, the state between. Saves "normaliser" (B, h, T), and no state: the backward computes it
// again.
tensor *linear_attention_chunked(tensor *q, tensor *k, tensor *v, float eps, int chunk);

// What the causal case keeps of the past of B h heads.
typedef struct {
    tensor *S; // (B, h, F, m): the sum of k v^T
    tensor *z; // (B, h, F): the sum of k
} linear_attention_state;

// Of zeros, until tensors_free.
linear_attention_state linear_attention_state_new(int B, int h, int F, int m);

// The chunked form that goes on from a state and leaves there what it is behind the last position: a text in pieces,
// of many positions or of one. No gradient flows through the state.
tensor *linear_attention_continued(tensor *q, tensor *k, tensor *v, float eps, int chunk,
                                   const linear_attention_state *state);

// One step of one head: k and v go into S (F, m) and z (F), then q asks. Returns the normaliser.
float linear_attention_step(int F, int m, float eps, const float *q, const float *k, const float *v,
                            float *S, float *z, float *out);

// ---- The whole: queries, keys and values (B, T, h, d or m) ----

typedef enum {
    LINEAR_ATTENTION_CHUNKED,
    LINEAR_ATTENTION_PARALLEL,
    LINEAR_ATTENTION_RECURRENT
} linear_attention_form;

typedef struct {
    linear_attention_map map;
    linear_attention_form form; // of the causal case
    int chunk;                  // of the chunked form; 0: 32
    float eps;                  // added to the normaliser
    const int *length;          // (B) keys that are no padding; NULL: all
} linear_attention_config;

tensor *linear_attention_causal(tensor *q, tensor *k, tensor *v,
                                const linear_attention_config *config);

// Every query asks all keys: q (B, T, h, d), k (B, N, h, d), v (B, N, h, m). Costs T + N, not T N.
tensor *linear_attention_full(tensor *q, tensor *k, tensor *v,
                              const linear_attention_config *config);

// Efficient attention (Shen et al. 2021): q softmaxed over its features, k over the positions. Needs no normaliser.
tensor *linear_attention_efficient(tensor *q, tensor *k, tensor *v);

// Its causal case, one step of one head: S (d, m) and z (d) are the sums of e^k v^T and e^k so far.
void linear_attention_efficient_step(int d, int m, const float *q, const float *k, const float *v,
                                     float *S, float *z, float *out);

// The causal case as the `attention` of a model, whose attention_context is the config; its length is not used: padding
// is what the last query may not look at.
tensor *linear_attention_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context);

#endif
