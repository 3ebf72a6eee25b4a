// Positions in attention: rotation (RoPE) and the family around it.
//
// Letters of shapes as in transformer.h: B sequences, T queries, S keys (the queries are the last T of S positions),
// h heads, d width of a head. A distance is the query's position minus the key's.
#ifndef ROPE_H
#define ROPE_H

#include "nets/tensor.h"
#include "transformer/transformer.h"

// ---- Rotation: Su et al. 2021, "RoFormer" ----

// The base of the paper.
#define ROPE_BASE 10000.0

// theta[i] = base^(-2i/d), i = 0 ... d/2 - 1: the angle by which pair i turns from one position to the next.
void rope_angles(int d, double base, double *theta);

// The same for positions up to `factor` times those of training (length): every pair slower (position interpolation,
// Chen et al. 2023); by a larger base (NTK-aware); or by parts (NTK-by-parts, the angles of YaRN, Peng et al. 2023,
// sec. 3.2): pairs that make more than 32 turns over the length stay, those that make less than one are interpolated,
// between them is a ramp, linear in the turns.
void rope_position_interpolation(int d, double base, double factor, double *theta);
void rope_ntk_aware(int d, double base, double factor, double *theta);
void rope_ntk_by_parts(int d, double base, double factor, int length, double *theta);

// By parts as YaRN's code and the libraries have it: the ramp is linear in the pair's number. And what YaRN multiplies
// the turned queries and keys by.
void rope_yarn(int d, double base, double factor, int length, double *theta);
double rope_yarn_scale(double factor);

// Which values of a head make pair i: 2i and 2i + 1 (RoFormer, Llama's own code), or i and i + n/2 of the n values
// that are rotated (GPT-NeoX, Hugging Face's Llama).
typedef enum { ROPE_INTERLEAVED, ROPE_HALVES } rope_pairing;

// cos and sin of position theta[i] (positions, pairs), computed in double and rounded once; permanent memory.
typedef struct {
    rope_pairing pairing;
    int positions, pairs;
    float *cosine, *sine;
} rope_table;
rope_table rope_table_new(rope_pairing pairing, int positions, int pairs, const double *theta);

// Rotates pair i of the vector at position t by (first + t) theta[i]: x (B, T, h, d) -> the same shape. What lies
// beyond the pairs stays (partial rotary).
tensor *rope_rotate(tensor *x, const rope_table *table, int first);

// One vector in double, x (d) -> y (d): all d/2 pairs rotated by position theta[i].
void rope_rotate64(rope_pairing pairing, int d, const double *theta, int position, const double *x,
                   double *y);

// Attention with rotated queries and keys; values are not rotated. context: a rope_table. This and the ones below
// are transformer_attention_fn functions, for the field `attention` of a model.
tensor *rope_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context);

// The mean over j = 1 ... d/2 of |sigma_j|, sigma_j = sum_{i<j} (cos, sin)(distance theta[i]). No score at this
// distance exceeds d/2 times this times the largest change of the pairs' products from a pair to the next (RoFormer,
// sec. 3.4.3).
double rope_decay_bound(int d, const double *theta, int distance);

// ---- Biases of the scores ----

// ALiBi (Press et al. 2022): -slope[head] distance is added to the scores. slope = 2^(-8 i/h), i = 1 ... h, if h is a
// power of two; else those of the power of two c below h, then every second of 2 c, from the first on. For causal
// masks: a key after the query has no penalty. context: NULL.
void rope_alibi_slopes(int h, double *slope);
tensor *rope_alibi_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context);

// T5 (Raffel et al. 2020): a learnt number for each head and each of 32 classes of distances. In the decoder all are
// for keys up to the query, 0 to 15 by themselves, then wider and wider up to 128; in the encoder (both) 16 are, and
// as many for the keys after it. No 1/sqrt(d). context: a rope_t5.
enum { ROPE_T5_BUCKETS = 32 };
typedef struct {
    bool both;
    tensor *learnt; // (ROPE_T5_BUCKETS, h)
} rope_t5;
int rope_t5_bucket(int distance, bool both);
tensor *rope_t5_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context);

// ---- Relative vectors ----

// Both need a key to look at for every query.

// Shaw et al. 2018: learnt vectors for each distance, clipped to at most K:
// score = q (k + a_k[distance]) / sqrt(d), out = sum_s weight (v + a_v[distance]). context: a rope_shaw.
typedef struct {
    int K;
    tensor *a_k, *a_v; // (2 K + 1, d): distance r in row K + r
} rope_shaw;
tensor *rope_shaw_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context);

// Transformer-XL (Dai et al. 2019, sec. 3.3): r is the sinusoid of the distance through a matrix of its own,
// score = (q k + q r + u k + w r) / sqrt(d). context: a rope_xl.
typedef struct {
    tensor *sinusoid; // (most distances, D), transformer_positions
    tensor *w_r;      // (h d, D)
    tensor *u, *w;    // (h, d)
} rope_xl;
tensor *rope_xl_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context);

// The four terms in this order, without 1/sqrt(d), (B, h, T, S) each. A distance below 0 counts as 0: mask it.
void rope_xl_terms(const rope_xl *x, tensor *q, tensor *k, tensor *term[4]);

// y[t, s] = x[t, column[t S + s]]: x (..., T, R) -> (..., T, S).
tensor *rope_gather(tensor *x, int S, const int *column);

// The reverse, y[t, r] = the sum of the x[t, s] with column[t S + s] = r: x (..., T, S) -> (..., T, R).
tensor *rope_scatter_add(tensor *x, int R, const int *column);

// ---- Rotation and linear attention (RoFormer, sec. 3.3) ----

// One head, in double, with phi(x) = elu(x) + 1. The rotation is in the numerator only:
// out_t = sum_s (R_t phi q_t)(R_s phi k_s) v_s / sum_s phi q_t phi k_s, s = 0 ... t.

// phi(x) and R phi(x) of a vector x (d) at this position.
void rope_linear_features(int d, const double *theta, int position, const double *x, double *phi,
                          double *rotated);

// q, k, v, out (T, d). Gives the weights (T, T), with 0 for later keys, and the normalisers (T), too.
void rope_linear_attention(int T, int d, const double *theta, const double *q, const double *k,
                           const double *v, double *weights, double *normaliser, double *out);

// One step, q, k, v, out (d): the key goes into the sums, then the query asks. The sums, zero before the first step:
// state (d of k, d of v) of R phi k times v, total (d) of phi k.
void rope_linear_step(int d, const double *theta, int position, const double *q, const double *k,
                      const double *v, double *state, double *total, double *out);

#endif
