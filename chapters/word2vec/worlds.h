// Worlds whose every probability is known: how often word w and context c stand together.
#ifndef WORD2VEC_WORLDS_H
#define WORD2VEC_WORLDS_H

#include "numbers/random.h"

#include <stdbool.h>

// p(w, c) in proportion to zipf(w) zipf(c) exp(u_w . v_c), with u, v (V, width) of independent normal numbers of the
// given standard deviation and zipf(i) = 1/(i + 1). joint (V, V) sums to 1.
void word2vec_zipf_world(int V, int width, double std, rng *r, double *joint);

// p(w, c) becomes (p(w, c) + p(c, w)) / 2, as it is where each word is the other's context.
void word2vec_symmetric(int V, double *joint);

// The pointwise mutual information ln p(w, c) / (p(w) p(c)) (V, V).
void word2vec_pmi(int V, const double *joint, double *pmi);

// PMI - ln k, which negative sampling has for its optimum where negatives are drawn from p(c) itself.
void word2vec_shifted_pmi(int V, const double *joint, double k, double *x);

// Random first vectors (n).
void word2vec_begin(int n, double std, rng *r, double *x);

#endif
