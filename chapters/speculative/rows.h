// A product of few rows: each weight is read once and meets all of them.
#ifndef SPECULATIVE_ROWS_H
#define SPECULATIVE_ROWS_H

enum { SPECULATIVE_MOST_ROWS = 8, SPECULATIVE_ROW_LANES = 16 };

// y (n, m) = x w^T with x (n, D), w (m, D) for n from 1 to 8, m even, D a multiple of 16. x and y have room for 8
// rows, since three rows are computed as four. It is for measuring: its sums are in another order than those of
// matmul.
void speculative_rows_product(int n, int m, int D, const float *x, const float *w, float *y);

#endif
