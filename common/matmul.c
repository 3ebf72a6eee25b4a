#include "matmul.h"

#include "numeric.h"

#include <omp.h>
#include <string.h>

// The letters are those of matmul.h. A tile of C is ROWS x COLUMNS: as many sums as the registers
// hold, so that each number loaded takes part in many products.
#if defined(__AVX512F__)
enum { FLOATS = 16, ROWS = 12 }; // floats in a vector; rows of a tile
#elif defined(__AVX__)
enum { FLOATS = 8, ROWS = 6 };
#elif defined(__aarch64__)
enum { FLOATS = 4, ROWS = 12 };
#else
enum { FLOATS = 4, ROWS = 4 };
#endif
enum {
    VECTORS = 2, // in a row of a tile
    COLUMNS = VECTORS * FLOATS,
    DEPTH = 256,  // p of a block: DEPTH rows of a panel of B stay in the first-level cache
    HEIGHT = 384, // rows of a block: HEIGHT x DEPTH of A stay in the second-level cache
    IN_PLACE = 4 * ROWS
};
enum { PARALLEL = 10000000 }; // products below which a second thread costs more than it saves

typedef float vector __attribute__((vector_size(4 * FLOATS), aligned(4), may_alias));

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

static inline vector
splat(float x)
{
    vector all;
    for (int l = 0; l < FLOATS; l++)
        all[l] = x;
    return all;
}

static inline vector
fma_vector(vector a, vector b, vector c)
{
    for (int l = 0; l < FLOATS; l++)
        c[l] = fma32(a[l], b[l], c[l]);
    return c;
}

// C (rows, vectors * FLOATS) = [C +] A (rows, k) B (k, vectors * FLOATS), all sums in registers.
static inline __attribute__((always_inline)) void
tile(int rows, int vectors, int k, const float *a, long a_row, long a_col, const float *b,
     long b_row, float *c, long c_row, int accumulate)
{
    vector sum[16][VECTORS];
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
    for (int v = 0; v < vectors; v++)
        sum[i][v] = accumulate ? *(vector *)(c + i * c_row + v * FLOATS) : splat(0);
    for (int p = 0; p < k; p++, a += a_col, b += b_row) {
        vector row[VECTORS];
        UNROLL
        for (int v = 0; v < vectors; v++)
            row[v] = *(const vector *)(b + v * FLOATS);
        UNROLL
        for (int i = 0; i < rows; i++) {
            vector x = splat(a[i * a_row]);
            UNROLL
            for (int v = 0; v < vectors; v++)
                sum[i][v] = fma_vector(x, row[v], sum[i][v]);
        }
    }
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
    for (int v = 0; v < vectors; v++)
        *(vector *)(c + i * c_row + v * FLOATS) = sum[i][v];
}

// A tile whose rows and vectors are known only now: one compiled kernel for each number of rows.
static void
any_tile(int rows, int vectors, int k, const float *a, long a_row, long a_col, const float *b,
         long b_row, float *c, long c_row, int accumulate)
{
#define CASE(R)                                                                   \
    case R:                                                                       \
        if (R <= ROWS && vectors == VECTORS)                                      \
            tile(R, VECTORS, k, a, a_row, a_col, b, b_row, c, c_row, accumulate); \
        else if (R <= ROWS)                                                       \
            tile(R, 1, k, a, a_row, a_col, b, b_row, c, c_row, accumulate);       \
        break;
    switch (rows) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
        CASE(5)
        CASE(6)
        CASE(7)
        CASE(8)
        CASE(9)
        CASE(10)
        CASE(11)
        CASE(12)
        CASE(13)
        CASE(14)
    }
#undef CASE
}

// Copies (k, columns) of B into a panel of `width` columns whose rows follow each other; what it
// has more than B is zero.
static void
pack(float *panel, int k, int columns, int width, const float *b, long b_row, long b_col)
{
    for (int p = 0; p < k; p++, panel += width) {
        for (int j = 0; j < columns; j++)
            panel[j] = b[p * b_row + j * b_col];
        for (int j = columns; j < width; j++)
            panel[j] = 0;
    }
}

// The rows of C are divided evenly over as few tiles as possible: no tile is left with one row.
static void
column_of_tiles(int n, int columns, int vectors, int k, const float *a, long a_row, long a_col,
                const float *b, long b_row, float *c, long c_row, int accumulate)
{
    int width = vectors * FLOATS;
    for (int tiles = (n + ROWS - 1) / ROWS; tiles > 0; tiles--) {
        int rows = (n + tiles - 1) / tiles;
        if (columns == width)
            any_tile(rows, vectors, k, a, a_row, a_col, b, b_row, c, c_row, accumulate);
        else {
            float edge[ROWS * FLOATS] = {0};
            for (int i = 0; i < rows && accumulate; i++)
                for (int j = 0; j < columns; j++)
                    edge[i * FLOATS + j] = c[i * c_row + j];
            any_tile(rows, 1, k, a, a_row, a_col, b, b_row, edge, FLOATS, accumulate);
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++)
                    c[i * c_row + j] = edge[i * FLOATS + j];
        }
        n -= rows;
        a += rows * a_row;
        c += rows * c_row;
    }
}

static void
matmul_serial(int n, int m, int k, const float *a, long a_row, long a_col, const float *b,
              long b_row, long b_col, float *c, long c_row, int accumulate)
{
    static _Thread_local float panel[DEPTH * COLUMNS] __attribute__((aligned(64)));
    for (int i = 0; i < n; i += HEIGHT) {
        int rows = n - i < HEIGHT ? n - i : HEIGHT;
        for (int p = 0; p == 0 || p < k; p += DEPTH) {
            int depth = k - p < DEPTH ? k - p : DEPTH;
            for (int j = 0, columns; j < m; j += columns) {
                int vectors = m - j >= COLUMNS ? VECTORS : 1, width = vectors * FLOATS;
                columns = m - j < width ? m - j : width;
                const float *from = b + p * b_row + j * b_col;
                long step = b_row;
                if (b_col != 1 || columns < width || rows > IN_PLACE) {
                    pack(panel, depth, columns, width, from, b_row, b_col);
                    from = panel;
                    step = width;
                }
                column_of_tiles(rows, columns, vectors, depth, a + i * a_row + p * a_col, a_row,
                                a_col, from, step, c + i * c_row + j, c_row, accumulate || p > 0);
            }
        }
    }
}

void
matmul(int n, int m, int k, const float *a, long a_row, long a_col, const float *b, long b_row,
       long b_col, float *c, long c_row, int accumulate)
{
    int threads = (double)n * m * k < PARALLEL || omp_in_parallel() ? 1 : omp_get_max_threads();
    if (threads == 1) {
        matmul_serial(n, m, k, a, a_row, a_col, b, b_row, b_col, c, c_row, accumulate);
        return;
    }
    // Each thread computes rows or columns of C of its own; no sum is divided.
#pragma omp parallel for num_threads(threads)
    for (int t = 0; t < threads; t++) {
        if (n > m) {
            int first = (long)n * t / threads, last = (long)n * (t + 1) / threads;
            matmul_serial(last - first, m, k, a + first * a_row, a_row, a_col, b, b_row, b_col,
                          c + first * c_row, c_row, accumulate);
        } else {
            int first = (long)m * t / threads, last = (long)m * (t + 1) / threads;
            matmul_serial(n, last - first, k, a, a_row, a_col, b + first * b_col, b_row, b_col,
                          c + first, c_row, accumulate);
        }
    }
}
