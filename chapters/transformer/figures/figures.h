// The figures, one a file of this folder: each runs its experiment, writes its tables and checks its claims.
#ifndef TRANSFORMER_FIGURES_H
#define TRANSFORMER_FIGURES_H

#include "nets/tensor.h"

void transformer_figure_worked_example(void);
void transformer_figure_scaling(void);
void transformer_figure_warm_up(void);
void transformer_figure_reverse(void);
void transformer_figure_addition(void);
void transformer_figure_language(void);
void transformer_figure_cost(void);

// Called by transformer_figure_reverse with the weights (B, h, T, T) of a trained model's last cross-attention.
void transformer_reverse_attention(const tensor *weights);

#endif
