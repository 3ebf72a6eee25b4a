// The figures, one a file of this folder: each runs its experiment, writes its tables and checks its claims.
#ifndef TRANSFORMER_FIGURES_H
#define TRANSFORMER_FIGURES_H

#include "nets/tensor.h"

void transformer_scaling(void);
void transformer_warm_up(void);
void transformer_reverse(void);
void transformer_addition(void);
void transformer_language(void);
void transformer_cost(void);

// Called by transformer_reverse with the weights (B, h, T, T) of a trained model's last cross-attention.
void transformer_reverse_attention(const tensor *weights);

#endif
