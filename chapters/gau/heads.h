// Attention of a Transformer's heads: softmax, within chunks, and linear with a normaliser or with RMSNorm in its place
// (NormAttention); how much of the weight the last keys get.
#ifndef GAU_HEADS_H
#define GAU_HEADS_H

#include "gau/gau.h"

typedef enum {
    GAU_HEADS_SOFTMAX,
    GAU_HEADS_DIAGONAL, // softmax over the own chunk's keys
    GAU_HEADS_DIVIDED,  // elu + 1, divided by the sum of the products
    GAU_HEADS_NORM      // elu + 1, RMSNorm of each head without a gain
} gau_heads_kind;

typedef struct {
    gau_heads_kind kind;
    int chunk;    // of GAU_HEADS_DIAGONAL
    int n;        // by which the sums are divided where there is no normaliser
    float eps;    // of the RMSNorm
    double *near; // the share of the last keys is written here; NULL: it is not computed
    int recent;   // how many keys that are
} gau_heads;

// The causal attention of a model, transformer_attention_fn; context: a gau_heads.
tensor *gau_heads_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context);

// The share of the absolute weight on the last `recent` keys, the own one included, a mean over the second half of the
// queries, of the newest unit on the tape: GAU_PAIRS without chunks, or, linear, GAU_LINEAR.
double gau_near_share(bool linear, int recent);

#endif
