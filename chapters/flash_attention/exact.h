// Attention of one head in double: what float32 is held against.
#ifndef FLASH_ATTENTION_EXACT_H
#define FLASH_ATTENTION_EXACT_H

#include "flash_attention/flash_attention.h"

// out (T, d); without mask and bias. A query without a key gets zeros.
void flash_attention_exact(const flash_attention_head *a, flash_attention_causality causal,
                           double *out);

// The root of the mean squared difference of x (T, d, rows `row` floats apart) and exact (T, d), over that of exact.
double flash_attention_relative_error(const flash_attention_head *a, const float *x,
                                      const double *exact);

#endif
