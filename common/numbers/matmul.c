#include "numbers/matmul.h"

#include "numbers/numeric.h"

#include <omp.h>

void
matmul_plain(int n, int m, int k, matrix a, matrix b, float *c, long c_row, matmul_mode mode)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) {
            float sum = mode == MATMUL_ADD ? c[i * c_row + j] : 0;
            for (int p = 0; p < k; p++)
                sum = fma32(a.at[i * a.row + p * a.col], b.at[p * b.row + j * b.col], sum);
            c[i * c_row + j] = sum;
        }
}

// ---- The same, fast ----

// C is computed in tiles of ROWS x COLUMNS: as many sums as the registers hold, so that each number
// loaded takes part in many products. The tiles go along C's rows, over a block of B (DEPTH x WIDTH)
// that stays in the second-level cache, and the next row of tiles finds it there again; the rows of
// A that they share stay in the first-level cache.
//
// No sum is divided: a block of p begins with what the block before it has stored in C. So all sizes
// here, and the number of threads, are a matter of speed only.
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
    VECTORS = 2, // vectors in a row of a tile
    COLUMNS = VECTORS * FLOATS,
    DEPTH = 256,
    WIDTH = 1024,
    PACK_A = 1000,           // copying the rows of A pays from this many columns of C on,
    PACK_TRANSPOSED_A = 200, // where A's rows are not contiguous from these,
    PACK_B = 320,            // copying the block of B from this many rows of C
    PARALLEL = 10000000      // a second thread pays from this many products on
};

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
// A loop i = 0 .. n - 1 that becomes n pieces of code.
#define EACH(i, n) UNROLL for (int i = 0; i < (n); i++)

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
#pragma GCC unroll 1
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
#pragma GCC unroll 1
    for (int l = 0; l < FLOATS; l++)
        if (l < n)
            x[l] = part[l];
}

// One tile: C (rows, columns) = [C +] A (rows, k) B (k, columns). The rows of B hold full vectors.
static inline __attribute__((always_inline)) void
tile(int rows, int vectors, int columns, int k, matrix a, const float *b, long b_row, float *c,
     long c_row, matmul_mode mode)
{
    vector sum[16][VECTORS];
    EACH (i, rows) {
        EACH (v, vectors)
            sum[i][v] = mode == MATMUL_ADD ? load(c + i * c_row + v * FLOATS, columns) : splat(0);
    }
    // Where a column of A stands: few registers hold addresses, so one serves three rows.
    const float *group[4] = {a.at, a.at + 3 * a.row, a.at + 6 * a.row, a.at + 9 * a.row};
    for (int p = 0; p < k; p++) {
        vector row[VECTORS];
        EACH (v, vectors)
            row[v] = *(const vector *)(b + v * FLOATS);
        EACH (i, rows) {
            vector x = splat(group[i / 3][i % 3 * a.row]);
            EACH (v, vectors)
                sum[i][v] = fma_vector(x, row[v], sum[i][v]);
        }
        EACH (g, 4)
            group[g] += a.col;
        b += b_row;
    }
    EACH (i, rows) {
        EACH (v, vectors)
            store(c + i * c_row + v * FLOATS, columns, sum[i][v]);
    }
}

// A tile of any size: the compiler makes one for each number of rows, COLUMNS wide or narrow.
static void
any_tile(int rows, int columns, int k, matrix a, const float *b, long b_row, float *c, long c_row,
         matmul_mode mode)
{
#define CASE(R)                                                        \
    case R:                                                            \
        if (R <= ROWS && columns == COLUMNS)                           \
            tile(R, VECTORS, COLUMNS, k, a, b, b_row, c, c_row, mode); \
        else if (R <= ROWS)                                            \
            tile(R, 1, columns, k, a, b, b_row, c, c_row, mode);       \
        break;
#define CASES(R) CASE(R) CASE(R + 1) CASE(R + 2) CASE(R + 3) CASE(R + 4) CASE(R + 5)
    switch (rows) {
        CASES(1)
        CASES(7)
    }
}

// Copies x (k, columns) to where its rows follow each other, `width` floats each, with zeros
// behind `columns`. Writes up to FLOATS more.
static __attribute__((noinline)) void
pack(float *to, int width, int k, int columns, matrix x)
{
    if (x.col == 1) {
        for (int p = 0; p < k; p++)
            for (int j = 0; j < width; j += FLOATS)
                *(vector *)(to + p * width + j) = load(x.at + p * x.row + j, columns - j);
        return;
    }
    // A transpose goes by squares of 4 x 4: read in rows, written in rows.
    int j = 0, quads = x.row == 1 ? columns / 4 * 4 : 0, deep = k / 4 * 4;
    for (; j < quads; j += 4)
        for (int p = 0; p < deep; p += 4) {
            const float *y = x.at + j * x.col + p;
            four a = *(const four *)y, b = *(const four *)(y + x.col);
            four c = *(const four *)(y + 2 * x.col), d = *(const four *)(y + 3 * x.col);
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
            to[p * width + i] = i < columns ? x.at[p * x.row + i * x.col] : 0;
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

static matrix
part_of(matrix x, long i, long j)
{
    return (matrix){x.at + i * x.row + j * x.col, x.row, x.col};
}

static void
matmul_serial(int n, int m, int k, matrix a, matrix b, float *c, long c_row, matmul_mode mode)
{
    static _Thread_local float panels[DEPTH * WIDTH] __attribute__((aligned(64)));
    static _Thread_local float band[ROWS * DEPTH + FLOATS] __attribute__((aligned(64)));
    for (int j = 0; j < m; j += WIDTH) {
        int end = m - j < WIDTH ? m : j + WIDTH, p = 0, depth;
        do {
            depth = share(k - p, DEPTH);
            for (int i = 0, rows; i < n; i += rows) {
                rows = share(n - i, ROWS);
                matrix x = part_of(a, i, p);
                if (m >= (a.col == 1 ? PACK_A : PACK_TRANSPOSED_A)) {
                    pack(band, rows, depth, rows, (matrix){x.at, x.col, x.row});
                    x = transpose_of(band, rows);
                }
                for (int q = j, columns; q < end; q += columns) {
                    int width = end - q >= COLUMNS ? COLUMNS : FLOATS;
                    columns = end - q < width ? end - q : width;
                    matrix y = part_of(b, p, q);
                    if (b.col != 1 || columns < width || n >= PACK_B) {
                        float *panel = panels + (q - j) * depth;
                        if (i == 0)
                            pack(panel, width, depth, columns, y);
                        y = matrix_of(panel, width);
                    }
                    any_tile(rows, columns, depth, x, y.at, y.row, c + i * c_row + q, c_row,
                             p > 0 ? MATMUL_ADD : mode);
                }
            }
            p += depth;
        } while (p < k);
    }
}

void
matmul(int n, int m, int k, matrix a, matrix b, float *c, long c_row, matmul_mode mode)
{
    int threads = (double)n * m * k < PARALLEL || omp_in_parallel() ? 1 : omp_get_max_threads();
    if (threads == 1) {
        matmul_serial(n, m, k, a, b, c, c_row, mode);
        return;
    }
    // Each thread has rows or columns of C of its own.
#pragma omp parallel for num_threads(threads)
    for (int t = 0; t < threads; t++) {
        long size = n > m ? n : m, first = size * t / threads,
             part = size * (t + 1) / threads - first;
        if (n > m)
            matmul_serial(part, m, k, part_of(a, first, 0), b, c + first * c_row, c_row, mode);
        else
            matmul_serial(n, part, k, a, part_of(b, 0, first), c + first, c_row, mode);
    }
}
