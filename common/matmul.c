#include "matmul.h"

#include "numeric.h"

#include <omp.h>

// Two things are scarce: registers and memory traffic. C is therefore computed in tiles of
// ROWS x COLUMNS whose sums stay in registers while p goes over a block of `DEPTH`: then each
// number that is loaded takes part in ROWS or COLUMNS products. A panel of B (DEPTH x COLUMNS) meets
// all tiles below each other and stays in the first-level cache; a block of A (HEIGHT x DEPTH)
// meets all panels and stays in the second-level cache.
//
// No sum is ever divided: a block of p begins with the C that the block before it has stored, and
// float to memory and back changes no bit. So the sizes below are a matter of speed only.
#if defined(__AVX512F__)
enum { FLOATS = 16, ROWS = 12 }; // floats of a vector; rows of a tile
#elif defined(__AVX__)
enum { FLOATS = 8, ROWS = 6 };
#elif defined(__aarch64__)
enum { FLOATS = 4, ROWS = 12 };
#else
enum { FLOATS = 4, ROWS = 4 };
#endif
enum {
    VECTORS = 2, // of a row of a tile
    COLUMNS = VECTORS * FLOATS,
    DEPTH = 256,
    HEIGHT = 512,
    PACK_A = 1000,      // columns of C from which a copy of A's block pays,
    PACK_B = 320,       // and rows of C from which one of B's panel does
    PARALLEL = 10000000 // products from which a second thread pays
};

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

typedef float vector __attribute__((vector_size(4 * FLOATS), aligned(4), may_alias));
typedef float four __attribute__((vector_size(16), aligned(4), may_alias));

static inline vector
splat(float x)
{
    vector v;
    for (int l = 0; l < FLOATS; l++)
        v[l] = x;
    return v;
}

static inline vector
fma_vector(vector a, vector b, vector c)
{
    for (int l = 0; l < FLOATS; l++)
        c[l] = fma32(a[l], b[l], c[l]);
    return c;
}

// The first n floats at x, and zeros in place of those behind them.
static inline vector
load(const float *x, int n)
{
    if (n >= FLOATS)
        return *(const vector *)x;
    float v[FLOATS];
    for (int l = 0; l < FLOATS; l++)
        v[l] = l < n ? x[l] : 0;
    return *(vector *)v;
}

// Writes the first n floats of v only.
static inline void
store(float *x, int n, vector v)
{
    if (n >= FLOATS) {
        *(vector *)x = v;
        return;
    }
    float part[FLOATS];
    *(vector *)part = v;
    for (int l = 0; l < FLOATS; l++)
        if (l < n)
            x[l] = part[l];
}

// One tile: C (rows, columns) = [C +] A (rows, k) B (k, columns). The rows of B hold full vectors.
static inline __attribute__((always_inline)) void
tile(int rows, int vectors, int columns, int k, const float *a, long a_row, long a_col,
     const float *b, long b_row, float *c, long c_row, int accumulate)
{
    vector sum[16][VECTORS];
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
    for (int v = 0; v < vectors; v++)
        sum[i][v] = accumulate ? load(c + i * c_row + v * FLOATS, columns) : splat(0);
    // Few registers hold addresses: one for three rows.
    const float *a0 = a, *a3 = a + 3 * a_row, *a6 = a + 6 * a_row, *a9 = a + 9 * a_row;
    for (int p = 0; p < k; p++) {
        vector row[VECTORS];
        UNROLL
        for (int v = 0; v < vectors; v++)
            row[v] = *(const vector *)(b + v * FLOATS);
        UNROLL
        for (int i = 0; i < rows; i++) {
            const float *from = i < 3 ? a0 : i < 6 ? a3 : i < 9 ? a6 : a9;
            vector x = splat(from[i % 3 * a_row]);
            UNROLL
            for (int v = 0; v < vectors; v++)
                sum[i][v] = fma_vector(x, row[v], sum[i][v]);
        }
        a0 += a_col, a3 += a_col, a6 += a_col, a9 += a_col, b += b_row;
    }
    UNROLL
    for (int i = 0; i < rows; i++)
        UNROLL
    for (int v = 0; v < vectors; v++)
        store(c + i * c_row + v * FLOATS, columns, sum[i][v]);
}

// A tile of any size: the compiler makes one for each number of rows, COLUMNS wide or narrow.
static void
any_tile(int rows, int columns, int k, const float *a, long a_row, long a_col, const float *b,
         long b_row, float *c, long c_row, int accumulate)
{
#define CASE(R)                                                                            \
    case R:                                                                                \
        if (R <= ROWS && columns == COLUMNS)                                               \
            tile(R, VECTORS, COLUMNS, k, a, a_row, a_col, b, b_row, c, c_row, accumulate); \
        else if (R <= ROWS)                                                                \
            tile(R, 1, columns, k, a, a_row, a_col, b, b_row, c, c_row, accumulate);       \
        break;
    switch (rows) {
        CASE(1)
        CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
    }
#undef CASE
}

// Copies x (k, columns) to where its rows follow each other, `width` floats each, with zeros
// behind `columns`. Writes up to FLOATS more.
static void
pack(float *to, int width, int k, int columns, const float *x, long x_row, long x_col)
{
    if (x_col == 1) {
        for (int p = 0; p < k; p++)
            for (int j = 0; j < width; j += FLOATS)
                *(vector *)(to + p * width + j) = load(x + p * x_row + j, columns - j);
        return;
    }
    // A transpose goes by squares of 4 x 4: read in rows, written in rows.
    int j = 0, quads = x_row == 1 ? columns / 4 * 4 : 0, deep = k / 4 * 4;
    for (; j < quads; j += 4)
        for (int p = 0; p < deep; p += 4) {
            const float *y = x + j * x_col + p;
            four a = *(const four *)y, b = *(const four *)(y + x_col);
            four c = *(const four *)(y + 2 * x_col), d = *(const four *)(y + 3 * x_col);
            four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
            four cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
            four AB = __builtin_shufflevector(a, b, 2, 6, 3, 7);
            four CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
            float *z = to + p * width + j;
            *(four *)z = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
            *(four *)(z + width) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
            *(four *)(z + 2 * width) = __builtin_shufflevector(AB, CD, 0, 1, 4, 5);
            *(four *)(z + 3 * width) = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);
        }
    for (int p = 0; p < k; p++)
        for (int i = p < deep ? quads : 0; i < width; i++)
            to[p * width + i] = i < columns ? x[p * x_row + i * x_col] : 0;
}

// The first of as few and as equal parts of n as possible, none above `most`.
static inline int
share(int n, int most)
{
    if (n <= most)
        return n;
    int parts = (n + most - 1) / most;
    return (n + parts - 1) / parts;
}

static void
matmul_serial(int n, int m, int k, const float *a, long a_row, long a_col, const float *b,
              long b_row, long b_col, float *c, long c_row, int accumulate)
{
    static _Thread_local float panel[DEPTH * COLUMNS] __attribute__((aligned(64)));
    static _Thread_local float block[HEIGHT * DEPTH + FLOATS] __attribute__((aligned(64)));
    for (int i = 0, height; i < n; i += height) {
        height = share(n - i, HEIGHT);
        int p = 0, depth;
        do {
            depth = share(k - p, DEPTH);
            for (int j = 0, columns; j < m; j += columns) {
                int width = m - j >= COLUMNS ? COLUMNS : FLOATS;
                columns = m - j < width ? m - j : width;
                const float *y = b + p * b_row + j * b_col;
                long y_row = b_row;
                if (b_col != 1 || columns < width || n >= PACK_B) {
                    pack(panel, width, depth, columns, y, b_row, b_col);
                    y = panel, y_row = width;
                }
                for (int t = 0, rows; t < height; t += rows) {
                    rows = share(height - t, ROWS);
                    const float *x = a + (i + t) * a_row + p * a_col;
                    long x_row = a_row, x_col = a_col;
                    if (m >= PACK_A) {
                        if (j == 0)
                            pack(block + t * depth, rows, depth, rows, x, a_col, a_row);
                        x = block + t * depth, x_row = 1, x_col = rows;
                    }
                    any_tile(rows, columns, depth, x, x_row, x_col, y, y_row,
                             c + (i + t) * c_row + j, c_row, accumulate || p > 0);
                }
            }
            p += depth;
        } while (p < k);
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
    // Each thread has columns or rows of C of its own.
#pragma omp parallel for num_threads(threads)
    for (int t = 0; t < threads; t++) {
        long whole = n > m ? n : m, first = whole * t / threads, last = whole * (t + 1) / threads;
        if (n > m)
            matmul_serial(last - first, m, k, a + first * a_row, a_row, a_col, b, b_row, b_col,
                          c + first * c_row, c_row, accumulate);
        else
            matmul_serial(n, last - first, k, a, a_row, a_col, b + first * b_col, b_row, b_col,
                          c + first, c_row, accumulate);
    }
}
