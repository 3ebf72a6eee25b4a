// The product of two float matrices: the same bits on every machine, near the peak of its arithmetic.
#ifndef MATMUL_H
#define MATMUL_H

// C = A B, or C = C + A B if accumulate, for A (n, k), B (k, m), C (n, m).
// Each element is one chain: sum = fma(A[i][p], B[p][j], sum) for p = 0, 1, ... k - 1, that starts
// at 0, or at the old C[i][j] if accumulate: bit for bit what three plain loops compute
// (of a NaN only that it is one).
//
// A[i][p] = a[i * a_row + p * a_col], B[p][j] = b[p * b_row + j * b_col], C[i][j] = c[i * c_row + j].
// A transpose is a change of strides and no copy:
//
//                                       a_row  a_col  b_row  b_col
//   A B      a holds (n, k), b (k, m)     k      1      m      1
//   A B^T    a holds (n, k), b (m, k)     k      1      1      k
//   A^T B    a holds (k, n), b (k, m)     1      n      m      1
//
// C overlaps neither A nor B. Nothing is read or written outside of the three.
void matmul(int n, int m, int k, const float *a, long a_row, long a_col, const float *b, long b_row,
            long b_col, float *c, long c_row, int accumulate);

#endif
