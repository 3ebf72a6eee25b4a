// The Transformer: attention, multi-head attention, and models of encoder and decoder layers.
// Vaswani et al. 2017, "Attention is all you need"; decoder alone: Radford et al. 2018 (GPT).
//
// Letters of shapes: B sequences side by side, T positions that ask (queries), S positions that answer (keys and
// values; S = T where a sequence asks itself), D width of the model, h heads, d = D / h width of a head,
// F width of the feed-forward layer, V symbols.
#ifndef TRANSFORMER_H
#define TRANSFORMER_H

#include "nets/tensor.h"
#include "numbers/random.h"

// ---- Attention ----

// weights = softmax(q k^T / sqrt(d) + bias), out = weights v, for each sequence and head (eq. 1):
// q (B, T, h, d), k and v (B, S, h, d) -> (B, T, h, d). mask (B, T, S), true: query t may look at key s; NULL: at
// all. A query that may look nowhere gets zeros and passes no gradient. bias (h, T, S), the same for every
// sequence, or (B, h, T, S); NULL: none. Saves "scores", what the softmax sees but for the mask, and "weights",
// (B, h, T, S) each.
tensor *transformer_attention(tensor *q, tensor *k, tensor *v, const bool *mask, tensor *bias);

// Masks (B, T, S), on the tape. Causal: the queries are the last T of the S positions, each looks at itself and what
// is before it. Padding: nothing looks at the keys of sequence b from length[b] on; causal (NULL: none) is a mask
// that must hold, too.
bool *transformer_causal_mask(int B, int T, int S);
bool *transformer_padding_mask(int B, int T, int S, const int *length, const bool *causal);

// (B, T, D) -> (B, T, h, d), head i from the values i d ... (i + 1) d - 1 of each position; and back.
tensor *transformer_split_heads(tensor *x, int h);
tensor *transformer_join_heads(tensor *x);

// What a model calls for attention: transformer_attention without a bias, or what a later chapter puts in its place.
typedef tensor *transformer_attention_fn(tensor *q, tensor *k, tensor *v, const bool *mask,
                                         void *context);

// Multi-head attention (sec. 3.2.2). Rows of the weights are outputs, as in torch.nn.Linear. Keys have no bias:
// it would add the same number to all scores of a query, which the softmax does not see.
typedef struct {
    int h;
    tensor *w_q, *w_k, *w_v, *w_o;       // (D, D)
    tensor *b_q, *b_v, *b_o;             // (D)
    transformer_attention_fn *attention; // NULL: transformer_attention
    void *attention_context;             // what it needs besides
} transformer_multi_head;

// Keys and values (B, room, h, d) of the first `length` positions of a sequence that is being generated.
typedef struct {
    tensor *k, *v;
    int length;
} transformer_cache;

// x (B, T, D) asks y (B, S, D) -> (B, T, D). With a cache, y's positions follow those that the cache has, and x asks
// all of them; no gradient flows into the cache.
tensor *transformer_multi_head_forward(const transformer_multi_head *m, tensor *x, tensor *y,
                                       const bool *mask, transformer_cache *cache);

// ---- Layers ----

// Where the layer norm stands around a sublayer f.
typedef enum {
    TRANSFORMER_POST_NORM, // norm(x + f(x)): the paper, sec. 3.1
    TRANSFORMER_PRE_NORM   // x + f(norm(x)): Xiong et al. 2020
} transformer_placement;

typedef struct {
    const char *name;    // of what it computes
    tensor *gain, *bias; // (D)
} transformer_norm;

// One layer of an encoder or a decoder; cross.w_q is NULL where there is no memory, the output of an encoder, to ask.
typedef struct {
    transformer_placement placement;
    transformer_multi_head self, cross;
    tensor *w_1, *b_1, *w_2, *b_2;           // (F, D), (F), (D, F), (D)
    tensor *(*activation)(tensor *);         // t_relu in the paper, t_gelu in GPT
    transformer_norm norm_1, norm_2, norm_3; // of self, cross and the feed-forward layer
} transformer_layer;

// x (B, T, D) -> (B, T, D) through attention to itself, to memory (B, S, D) where the layer has cross-attention,
// and max(0, x W_1^T + b_1) W_2^T + b_2 (eq. 2), or another activation.
tensor *transformer_layer_forward(const transformer_layer *l, tensor *x, const bool *mask,
                                  tensor *memory, const bool *memory_mask,
                                  transformer_cache *cache);

// ---- Models ----

typedef struct {
    int V, D, h, F;
    int encoders, decoders; // how many layers; encoders 0: a decoder alone, without cross-attention
    transformer_placement placement;
    tensor *(*activation)(tensor *);
    tensor *positions; // (most positions, D), added to the embeddings; NULL: nothing
    // Of a position to its own sequence; NULL: transformer_attention.
    transformer_attention_fn *attention;
    void *attention_context;
    bool recompute; // each layer is computed again in the backward (t_recompute); not with a cache
} transformer_config;

// With pre-norm, what comes out of the last layer is normalised once more.
typedef struct {
    transformer_config c;
    tensor *embedding; // (V, D): on the way in times sqrt(D), on the way out as it is (sec. 3.4)
    transformer_layer *encoder, *decoder;
    transformer_norm encoder_end, decoder_end;
} transformer;

// New parameters: matrices uniform in +-sqrt(6 / (rows + columns)) (Glorot & Bengio 2010), biases 0, gains 1.
transformer_layer transformer_layer_new(const transformer_config *c, bool cross, rng *random);
transformer transformer_new(const transformer_config *c, rng *random);

// PE[p, 2i] = sin(p / 10000^(2i/D)), PE[p, 2i+1] = cos(p / 10000^(2i/D)) (sec. 3.5), a state (n, D).
tensor *transformer_positions(int n, int D);

// A parameter (n, D) of values from N(0, 1): positions that are learnt.
tensor *transformer_learnt_positions(int n, int D, rng *random);

// Symbols ids (B, S) -> memory (B, S, D).
tensor *transformer_encode(const transformer *m, int B, int S, const int *ids, const bool *mask);

// Symbols ids (B, T) -> logits (B, T, V) of the symbol that follows each; memory (B, S, D) and its mask
// (B, T, S) where the model has an encoder. Position t sees no later one. mask is NULL, or a causal mask with
// more taken out. With caches, one for each layer, ids are the T symbols after those they hold.
tensor *transformer_decode(const transformer *m, int B, int T, const int *ids, const bool *mask,
                           tensor *memory, const bool *memory_mask, transformer_cache *caches);

// Empty caches of a model's decoder for B sequences of up to `room` positions.
transformer_cache *transformer_caches(const transformer *m, int B, int room);

// The next symbol: the largest of V logits (the first of equals) at temperature 0, else drawn from
// softmax(logits / temperature) over the `top` largest (0: all).
int transformer_sample(int V, const float *logits, float temperature, int top, rng *random);

// ---- Training ----

// Learning rate of step 1, 2, ...: D^-1/2 min(step^-1/2, step warmup^-3/2) (eq. 3).
float transformer_noam(int step, int D, int warmup);

typedef enum {
    // 1 - e + e/V for the target, e/V for the others: Szegedy et al. 2016, PyTorch.
    TRANSFORMER_SMOOTH_OVER_ALL,
    // 1 - e for the target, e / (V - 2) for the others, 0 for symbol 0, the padding.
    TRANSFORMER_SMOOTH_OVER_OTHERS
} transformer_smoothing;

// Cross-entropy against smoothed targets c: the mean of -sum_i c_i ln softmax(logits)_i over the rows of logits
// (..., V) whose target is not -1. There must be one.
tensor *transformer_smoothed_loss(tensor *logits, const int *targets, float e,
                                  transformer_smoothing form);

#endif
