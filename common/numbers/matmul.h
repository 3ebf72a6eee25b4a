// The product of two float matrices: the same bits on every machine, near the peak of its arithmetic.
#ifndef MATMUL_H
#define MATMUL_H

// A matrix in memory that belongs to somebody else: element (i, j) is at[i * row + j * col].
typedef struct {
    const float *at;
    long row, col;
} matrix;

// The matrix whose rows begin `row` floats apart.
static inline matrix
matrix_of(const float *at, long row)
{
    return (matrix){at, row, 1};
}

// The transpose of the matrix whose rows begin `row` floats apart; nothing is copied.
static inline matrix
transpose_of(const float *at, long row)
{
    return (matrix){at, 1, row};
}

// C = A B, or C = C + A B, for A (n, k), B (k, m), C (n, m) with rows that begin c_row floats apart.
// Each element is one chain: sum = fma(A[i][p], B[p][j], sum) for p = 0, 1, ... k - 1, that starts at 0, or
// at the old C[i][j]: bit for bit what matmul_plain computes (of a NaN only that it is one).
// C overlaps neither A nor B. Nothing is read or written outside of the three.
typedef enum { MATMUL_SET, MATMUL_ADD } matmul_mode;
static inline void matmul(int n, int m, int k, matrix a, matrix b, float *c, long c_row,
                          matmul_mode mode);

// The definition of matmul: three loops.
void matmul_plain(int n, int m, int k, matrix a, matrix b, float *c, long c_row, matmul_mode mode);

// What matmul calls. (A struct that is passed by value costs a product of 8 x 8 a third of its time.)
void matmul_strided(int n, int m, int k, const float *a, long a_row, long a_col, const float *b,
                    long b_row, long b_col, float *c, long c_row, matmul_mode mode);

static inline void
matmul(int n, int m, int k, matrix a, matrix b, float *c, long c_row, matmul_mode mode)
{
    matmul_strided(n, m, k, a.at, a.row, a.col, b.at, b.row, b.col, c, c_row, mode);
}

#endif
