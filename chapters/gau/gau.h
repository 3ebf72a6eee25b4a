// The gated attention unit (GAU) and FLASH: Hua, Dai, Liu & Le 2022, "Transformer quality in linear time"; TransNormer:
// Qin et al. 2022, "The devil in linear Transformer".
//
// Letters of shapes: B sequences, T positions, D width of the model, e width of gate and values, s width of queries and
// keys, C positions of a chunk, W keys of a window. There is one head.
#ifndef GAU_H
#define GAU_H

#include "nets/tensor.h"
#include "numbers/random.h"
#include "rope/rope.h"

// ---- Weights of pairs, in a window ----

typedef enum {
    GAU_SQUARED, // weight = max(score, 0)^2, score = q k / n + bias
    GAU_SOFTMAX  // weight = softmax over the visible keys, score = q k / sqrt(s) + bias
} gau_weighting;

// By what max(., 0)^2 is divided: four functions. With GAU_BATCH the same pair has another weight where the batch is
// longer; with the others it has not.
typedef enum {
    GAU_LONGEST, // n: a number, the longest sequence's; inside of the square
    GAU_BATCH,   // T of this batch; inside of the square
    GAU_VISIBLE, // how many keys this query sees; inside of the square
    GAU_OUTSIDE  // n outside of the square: max(q k + bias, 0)^2 / n
} gau_divisor;

// Which keys a query sees, and how.
typedef struct {
    gau_weighting weighting;
    gau_divisor divisor; // of GAU_SQUARED
    int n;               // of GAU_LONGEST and GAU_OUTSIDE
    int chunk;     // C: the keys of its own chunk of C positions, counted from the first; 0: all
    bool previous; // and those of the chunk before
    bool both;     // the keys after it, too; else it is causal
    const int
        *length; // (B): the keys from here on are padding, which nothing sees; NULL: no padding
} gau_window;

// out_t = sum of weight v over the keys that t sees: q, k (B, T, s), v (B, T, e) -> (B, T, e). Who sees nothing gets
// zeros. bias (2 R - 1), bias[R - 1 + t - s] for query t and key s, of distances below R; NULL: none. Saves
// "scores" and "weights" (B, T, W), 0 for what is not seen: key j of a row is the j-th of its window, which begins with
// the chunk before if `previous`, and there is one. W is T without chunks, else C, or 2 C with `previous`, T at most.
// The backward saves "dscores".
tensor *gau_attention(tensor *q, tensor *k, tensor *v, tensor *bias, const gau_window *window);

// ---- Linear attention, without a normaliser ----

typedef enum {
    GAU_BEFORE_CHUNK, // the keys of the chunks before its own: FLASH, causal
    GAU_UP_TO_SELF,   // the keys up to its own position
    GAU_ALL           // all keys: FLASH in both directions
} gau_reach;

// out_t = sum of (q_t k_s) v_s / n over the keys s in reach: q, k (B, T, s), v (B, T, e) -> (B, T, e). T s e
// multiply-adds for the sums and as many for the answers; only GAU_UP_TO_SELF looks at pairs, within a chunk, and its
// answers do not depend on C.
tensor *gau_linear(tensor *q, tensor *k, tensor *v, gau_reach reach, int chunk, float n);

// x (B, T, w) divided by total (B, T, 1); 0, without gradient, where total is 0.
tensor *gau_divide(tensor *x, tensor *total);

// x (B, T, w) with zeros from position length[b] on; NULL: x itself.
tensor *gau_unpadded(tensor *x, const int *length);

// ---- The unit ----

typedef enum {
    GAU_PAIRS,  // gau_attention: quadratic GAU, or local with chunks
    GAU_LINEAR, // gau_linear up to its own position (or all), as NormAttention
    GAU_FLASH   // gau_attention within the chunk, plus gau_linear beyond it
} gau_kind;

typedef struct {
    int D, e, s;
    gau_kind kind;
    gau_window window; // of GAU_PAIRS and GAU_FLASH; `both`, `length` and chunk of GAU_LINEAR, too
    bool elu;          // the features of GAU_LINEAR: elu(x) + 1, else q and k themselves
    int n;             // by which the sums of gau_linear are divided
    bool normalise;    // GAU_LINEAR: not by n, but by the sum of the products phi(q) phi(k)
    float times;       // what is so normalised is multiplied by this; 0: by nothing
    bool norm; // RMSNorm of what attention gives, before the gate: TransNormer's NormAttention
    const rope_table *
        rope; // rotates queries and keys by their positions; NULL: not. Never the sums of `normalise`.
    int distances; // R of a learnt bias; 0: none
    float eps;     // of every RMSNorm
} gau_config;

// Queries and keys are scaled and shifted from one z: FLASH has two pairs of them.
typedef struct {
    tensor *gain, *shift; // (s)
} gau_affine;

// Rows of matrices are outputs, as in chapter 2; none has a bias.
typedef struct {
    gau_config c;
    tensor *norm;            // (D): gain of the RMSNorm of the input
    tensor *w_u, *w_v, *w_z; // (e, D), (e, D), (s, D)
    gau_affine q, k;         // of pairs, or of the linear part where it is all
    gau_affine q_far, k_far; // of FLASH's linear part
    tensor *bias;            // (2 R - 1) or NULL
    tensor *answer_gain;     // (e): of the RMSNorm of what attention gives, or NULL
    tensor *w_o;             // (D, e)
} gau_unit;

// New parameters: matrices uniform in +-sqrt(6 / (rows + columns)), gains of norms 1, gain of queries and keys 1 + N(0,
// 0.02^2), shifts N(0, 0.02^2), biases 0.
gau_unit gau_unit_new(const gau_config *c, rng *random);

// x (B, T, D) -> x + (u * attention) W_o^T, with X = RMSNorm(x), u = SiLU(X W_u^T), v = SiLU(X W_v^T),
// z = SiLU(X W_z^T), q = gain z + shift, k likewise. Leaves on the tape: "input" (X), "u", "v", "z", "q", "k",
// "turned_q" and "turned_k" (rotated), "answer", "normed" (of `norm`), "gated"; of GAU_LINEAR "phi_q", "phi_k", and
// with the normaliser "sums" and "total"; of FLASH "q_far", "k_far", "turned_q_far", "turned_k_far", and "near" and
// "far", whose sum is the answer.
tensor *gau_forward(const gau_unit *unit, tensor *x);

#endif
