// What is done with a trained model's tokens: what its attention says, several pictures in one sequence, fewer tokens.
#ifndef VIT_TOKENS_H
#define VIT_TOKENS_H

#include "nets/tensor.h"

// An attention for transformer_multi_head.attention that keeps what it saw, and counts token s of picture b as
// size[b, s] tokens: its scores get + log size (ToMe, Bolya et al. 2023, eq. 1). Its context is a vit_watch.
typedef struct {
    const float *size; // (B, T), or NULL: all are one
    tensor *k;         // (B, T, h, d), the keys
    tensor *weights;   // (B, h, T, T)
} vit_watch;
tensor *vit_watched_attention(tensor *q, tensor *k, tensor *v, const bool *mask, void *watch);

// Attention rollout (Abnar & Zuidema 2020): R = I, then R <- (A / 2 + I / 2) R for the blocks from the first on, A the
// mean over the heads of weights[l] (h, T, T). R (T, T), its rows sum to 1.
void vit_rollout(int L, int h, int T, const float *const weights[], float *rollout);

// A mask (1, T, T) of a sequence in which token t belongs to picture[t]: each sees its own picture alone. NaViT,
// Dehghani et al. 2023. On the tape.
bool *vit_packed_mask(int T, const int *picture);

// Bipartite matching (ToMe, sec. 3): of T tokens with keys (T, d), the even ones look for the odd one that is most
// like them by the cosine; the r even ones with the best match (of equals the first) are merged into it. into (T): t
// where token t stays, else the token that it goes into. The first `kept` tokens are not merged into another.
void vit_merge_match(int T, int d, const float *keys, int kept, int r, int *into);

// x (T, D) and sizes (T) -> means by size (T - r, D), sums of sizes (T - r); those that stay keep their order. One whose
// `into` is -1 is dropped.
void vit_merge(int T, int D, const int *into, const float *x, const float *size, float *merged,
               float *merged_size);

#endif
