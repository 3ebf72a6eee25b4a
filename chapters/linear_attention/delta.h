// What a state does with the past before it takes in a pair: decay, which forgets, and the delta rule, which corrects.
// Both without a normaliser.
#ifndef LINEAR_ATTENTION_DELTA_H
#define LINEAR_ATTENTION_DELTA_H

#include "nets/tensor.h"

// S_i = gamma_i S_{i-1} + k_i v_i^T, out_i = S_i^T q_i, for features q and k (B, T, h, F), values v (B, T, h, m) and
// gamma (B, T, h), between 0 and 1. Saves "state" (T, B, h, F, m) after every step.
tensor *linear_attention_decayed(tensor *q, tensor *k, tensor *v, tensor *gamma);

// S_i = S_{i-1} + beta_i k_i (v_i - S_{i-1}^T k_i)^T, out_i = S_i^T q_i, beta (B, T, h). Saves "state", too, and "miss"
// (B, T, h, m), what v_i differs by from what the state answered to k_i before.
tensor *linear_attention_delta(tensor *q, tensor *k, tensor *v, tensor *beta);

#endif
