// Attention of one head in double: what the figures hold float32 against.
#ifndef FLASH_ATTENTION_EXACT_H
#define FLASH_ATTENTION_EXACT_H

#include "flash_attention/flash_attention.h"

// out (T, d); without mask, bias and causality.
void flash_attention_exact(const flash_attention_head *a, double *out);

// The root of the mean squared difference of x (T, d, rows `row` floats apart) and exact (T, d), over that of exact.
double flash_attention_relative_error(const flash_attention_head *a, const float *x,
                                      const double *exact);

#endif
