// The Performer: softmax attention estimated by random features, in time linear in the length.
// Choromanski et al. 2021, "Rethinking attention with Performers" (FAVOR+).
//
// Letters of shapes: "..." any leading axes (sequences, heads), T queries, S keys, d width of a head, c width of a
// value, m rows of the random matrix W (m, d), F features of a vector: m, or 2 m where each row gives two.
#ifndef PERFORMER_H
#define PERFORMER_H

#include "nets/tensor.h"
#include "numbers/random.h"
#include "transformer/transformer.h"

// Feature maps phi of a scaled vector x, half = |x|^2 / 2, with the rows w of W from N(0, I). The mean of
// phi(x) . phi(y) is exp(x . y) for the first three.
typedef enum {
    PERFORMER_POSITIVE,      // m^-1/2 exp(W x - half)
    PERFORMER_HYPERBOLIC,    // (2 m)^-1/2 [exp(W x - half), exp(-W x - half)]
    PERFORMER_TRIGONOMETRIC, // m^-1/2 exp(+half) [cos W x, sin W x]
    PERFORMER_RELU           // m^-1/2 max(W x, 0): another kernel, performer_arc_cosine
} performer_map;

// The number F of features that a map makes with m rows.
int performer_feature_count(performer_map map, int m);

// ---- The random matrix ----

// W (m, d) of orthogonal directions: blocks of d rows, each the transposed Q of Q R = a block (d, d) of `gaussian`
// (m rounded up to whole blocks, d) with no negative number on R's diagonal; row i is then made norm[i] long.
void performer_orthogonal(int m, int d, const double *gaussian, const double *norm, double *w);

// Draws W: independent rows from N(0, I), or orthogonal directions with the lengths of such rows, chi(d).
typedef enum { PERFORMER_IID, PERFORMER_ORTHOGONAL } performer_rows;
void performer_draw(rng *r, performer_rows rows, int m, int d, double *w);

// ---- Attention on the tape ----

// A stabilised map (positive or hyperbolic) subtracts from the exponents their maximum (of a query: over its features;
// of the keys: over all features and keys of a sequence and head). eps is added to each exponential, and to each ReLU.
typedef struct {
    performer_map map;
    bool stabilised;
    float eps;
    tensor *w; // (m, d), no parameter
} performer;

typedef enum { PERFORMER_QUERY, PERFORMER_KEY } performer_role;

// phi(d^-1/4 x): (..., T, d) -> (..., T, F). Saves "projection" (..., T, m) and, of exponentials, "exponent"
// (..., T, F); the backward saves "dexponent".
tensor *performer_feature_map(const performer *p, tensor *x, performer_role role);

// The weights phi_q phi_k^T / row sum, (..., T, S). mask (T, S) or (..., T, S) of 0 and 1; NULL: none.
tensor *performer_weights(tensor *phi_q, tensor *phi_k, tensor *mask);

// q (..., T, d), k (..., S, d), v (..., S, c) -> (..., T, c): without a mask phi_q (phi_k^T v) / phi_q (phi_k^T 1),
// which never makes a matrix (T, S); with one, weights v. It names the features "phi_q" and "phi_k".
tensor *performer_attention(const performer *p, tensor *q, tensor *k, tensor *v, tensor *mask);

// The same as a model's `attention`: q (B, T, h, d), k (B, S, h, d), v (B, S, h, c); context: a performer. Padding (the
// same keys hidden from every query) and the causal mask (chapter linear_attention's scan in chunks), alone or
// together, make no matrix (T, S); other masks do. Every query must see a key; in the causal form one that sees none
// gets zeros.
tensor *performer_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context);

// y[..., i] = x[..., i] / divisor[..., 0]: x (..., c), divisor (..., 1).
tensor *performer_divide(tensor *x, tensor *divisor);

// ---- The same in double, for studies of the kernel: one sequence, vectors already scaled, no stabiliser ----

// x (n, d) -> phi (n, F).
void performer_feature_map64(performer_map map, int n, int d, int m, const double *w,
                             const double *x, double *phi);

// out (T, c) from features (T, F), (S, F) and v (S, c), in time proportional to T + S.
void performer_attention64(int T, int S, int F, int c, const double *phi_q, const double *phi_k,
                           const double *v, double *out);

// The same where query t sees the keys 0 ... t: running sums of phi_k v^T (F, c) and phi_k (F), as in a recurrent net.
void performer_causal64(int T, int F, int c, const double *phi_q, const double *phi_k,
                        const double *v, double *out);

// ---- What is known exactly ----

// The mean square error of phi(x) . phi(y) as an estimate of exp(x . y), for independent rows (Choromanski et al.
// 2021, lemma 2); not for ReLU.
double performer_mse(performer_map map, int m, int d, const double *x, const double *y);

// The same where the rows are those of PERFORMER_ORTHOGONAL.
double performer_orthogonal_mse(performer_map map, int m, int d, const double *x, const double *y);

// The mean of phi(x) . phi(y) of ReLU features: |x||y| (sin t + (pi - t) cos t) / 2 pi, t the angle between x and y.
double performer_arc_cosine(int d, const double *x, const double *y);

// The mean of positive features with rows of length sqrt(d), divided by exp(x . y), where |x + y| = length.
double performer_regularised_ratio(int d, double length);

#endif
