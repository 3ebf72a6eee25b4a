#include "numbers/matmul.h"

#include "files/fail.h"
#include "numbers/numeric.h"

#include <omp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

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
#define FLOATS 16   // of a vector
enum { ROWS = 12 }; // of a tile
#elif defined(__AVX__)
#define FLOATS 8
enum { ROWS = 6 };
#elif defined(__aarch64__)
#define FLOATS 4
enum { ROWS = 12 };
#else
#define FLOATS 4
enum { ROWS = 4 };
#endif
enum {
    VECTORS = 2, // vectors in a row of a tile
    WIDEST = 8,  // and of one with few rows
    COLUMNS = VECTORS * FLOATS,
    DEPTH = 256,
    WIDTH = 1024,
    PACK_A = 200, // copying rows of A that are not contiguous pays from this many columns of C on,
    PACK_B = 320, // copying the block of B from this many rows of C,
    // or, where its rows are whole pages apart and share few lines of the cache, from these,
    PACK_FAR_B = FLOATS < 16 ? 4 * ROWS : PACK_B,
    FEW = FLOATS < 16 ? 4 : 8, // for up to so many rows tiles are wider than COLUMNS
    PARALLEL = 10000000        // a second thread pays from this many products on
};

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
// A loop i = 0 .. n - 1 that becomes n pieces of code.
#define EACH(i, n) UNROLL for (int i = 0; i < (n); i++)

typedef float vector __attribute__((vector_size(4 * FLOATS), aligned(4), may_alias));
typedef int vector_ints __attribute__((vector_size(4 * FLOATS)));
typedef float four __attribute__((vector_size(16), aligned(4), may_alias));
typedef int four_ints __attribute__((vector_size(16)));

static inline vector
splat(float x)
{
    vector v;
    EACH (l, FLOATS)
        v[l] = x;
    return v;
}

#if (defined __SSE2__ && !defined __AVX__) || defined __wasm_simd128__
#define UNFUSED // there are vectors, and no fused instruction

// Four times fma32_exact, without a fused instruction: two pairs of doubles, and a look at all four whether one must
// be computed with care. The words of a double are its end, where a tie shows, and its top with the exponent.
typedef float two __attribute__((vector_size(8)));
typedef double pair __attribute__((vector_size(16)));
typedef uint32_t words __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

static __attribute__((noinline)) vector
fma_with_care(vector a, vector b, vector c)
{
    for (int l = 0; l < FLOATS; l++)
        c[l] = fma32_odd(a[l], b[l], c[l]);
    return c;
}

static inline pair
pair_of(float x, float y)
{
    return __builtin_convertvector(((two){x, y}), pair);
}

// Two pairs of doubles, rounded to floats.
static inline vector
floats_of(pair low, pair high)
{
#ifdef __wasm_simd128__
    // The instruction that rounds two doubles gives four floats, the upper ones 0; clang takes it if they are used.
    const pair none = {0};
    four x = __builtin_convertvector(__builtin_shufflevector(low, none, 0, 1, 2, 3), four);
    four y = __builtin_convertvector(__builtin_shufflevector(high, none, 0, 1, 2, 3), four);
    return (vector)((four_ints)x | (four_ints)SHUFFLE(four_ints, y, y, 2, 3, 0, 1));
#else
    two x = __builtin_convertvector(low, two), y = __builtin_convertvector(high, two);
    return (vector){x[0], x[1], y[0], y[1]};
#endif
}

static inline vector
fma_vector(vector a, vector b, vector c)
{
    pair low = pair_of(a[0], a[1]) * pair_of(b[0], b[1]) + pair_of(c[0], c[1]);
    pair high = pair_of(a[2], a[3]) * pair_of(b[2], b[3]) + pair_of(c[2], c[3]);
    words end = (words)SHUFFLE(four_ints, (four_ints)low, (four_ints)high, 0, 2, 4, 6);
    words top = (words)SHUFFLE(four_ints, (four_ints)low, (four_ints)high, 1, 3, 5, 7);
    halves care = (halves)((end << 3 == 1u << 31) | ((top << 1) - 1 < (897u << 21) - 1));
    if (care[0] | care[1])
        return fma_with_care(a, b, c);
    return floats_of(low, high);
}
#else
static inline vector
fma_vector(vector a, vector b, vector c)
{
    for (int l = 0; l < FLOATS; l++)
        c[l] = fma32(a[l], b[l], c[l]);
    return c;
}
#endif

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
tile(int rows, int vectors, int columns, int k, const float *a, long a_row, long a_col,
     const float *b, long b_row, float *c, long c_row, matmul_mode mode)
{
    vector sum[16][WIDEST];
    EACH (i, rows) {
        EACH (v, vectors)
            sum[i][v] = mode == MATMUL_ADD ? load(c + i * c_row + v * FLOATS, columns) : splat(0);
    }
    // Where a column of A stands: few registers hold addresses, so one serves three rows.
    const float *group[4] = {a, a + 3 * a_row, a + 6 * a_row, a + 9 * a_row};
    for (int p = 0; p < k; p++) {
        vector row[WIDEST];
        EACH (v, vectors)
            row[v] = *(const vector *)(b + v * FLOATS);
        EACH (i, rows) {
            vector x = splat(group[i / 3][i % 3 * a_row]);
            EACH (v, vectors)
                sum[i][v] = fma_vector(x, row[v], sum[i][v]);
        }
        EACH (g, 4)
            group[g] += a_col;
        b += b_row;
    }
    EACH (i, rows) {
        EACH (v, vectors)
            store(c + i * c_row + v * FLOATS, columns, sum[i][v]);
    }
}

// How many vectors a tile has, of those that are left: few rows with two vectors would wait for each of their sums.
static inline int
vectors_of(int rows, int left)
{
    int most = rows <= 2 ? 8 : FLOATS < 16 ? 3 : rows <= 4 ? 6 : rows <= 6 ? 4 : 3;
    if (rows <= FEW && left >= most)
        return most;
    if (rows <= 2 && left >= 4)
        return 4;
    return left >= VECTORS ? VECTORS : 1;
}

typedef void tile_fn(int rows, int columns, int k, const float *a, long a_row, long a_col,
                     const float *b, long b_row, float *c, long c_row, matmul_mode mode);

// A tile of any size: the compiler makes one for each number of rows, COLUMNS wide or narrow, and wider where the rows
// are few.
static void
careful_tile(int rows, int columns, int k, const float *a, long a_row, long a_col, const float *b,
             long b_row, float *c, long c_row, matmul_mode mode)
{
#define TILE(R, V) tile(R, V, columns, k, a, a_row, a_col, b, b_row, c, c_row, mode)
#define CASE(R)                                                    \
    case R:                                                        \
        if (R <= FEW && columns == vectors_of(R, 8) * FLOATS)      \
            TILE(R, vectors_of(R, 8));                             \
        else if (R <= FEW && columns == vectors_of(R, 4) * FLOATS) \
            TILE(R, vectors_of(R, 4));                             \
        else if (R <= ROWS && columns == COLUMNS)                  \
            TILE(R, VECTORS);                                      \
        else if (R <= ROWS)                                        \
            TILE(R, 1);                                            \
        break;
#define CASES(R) CASE(R) CASE(R + 1) CASE(R + 2) CASE(R + 3) CASE(R + 4) CASE(R + 5)
    switch (rows) {
        CASES(1)
        CASES(7)
    }
}

#ifdef UNFUSED
// Of some numbers the least exponent, but for zeros, and the largest, as they are in their bits; and which bits behind a
// first 1 any of them has: none if all are zeros and powers of two.
typedef struct {
    uint32_t least, most, digits;
} exponents;

// Of the n numbers x, x + step, ... and those before.
static inline __attribute__((always_inline)) exponents
exponents_along(int n, const float *x, long step, exponents e)
{
    for (int i = 0; i < n; i++) {
        uint32_t twice = bits32(x[i * step]) << 1;           // without the sign
        e.least = twice - 1 < e.least ? twice - 1 : e.least; // 0 becomes the largest
        e.most = twice > e.most ? twice : e.most;
        e.digits |= twice;
    }
    return e;
}

static exponents
exponents_of(int rows, int columns, matrix x)
{
    exponents e = {UINT32_MAX, 0, 0};
    if (x.col == 1)
        for (int i = 0; i < rows; i++)
            e = exponents_along(columns, x.at + i * x.row, 1, e);
    else if (x.row == 1)
        for (int j = 0; j < columns; j++)
            e = exponents_along(rows, x.at + j * x.col, 1, e);
    else
        for (int i = 0; i < rows; i++)
            e = exponents_along(columns, x.at + i * x.row, x.col, e);
    return (exponents){e.least >> 24, e.most >> 24, e.digits & 0xffffff};
}

// How sums of k products may be computed. They may be quick where none can be infinite, and none can lose bits for being
// small, since every product is a multiple of 2^-149, as floats are. If one factor of each product is 0 or a power of
// two (rows that choose), products have as many digits as floats. A double that is the sum of two floats is exact where
// it lies in the middle between two floats: what would be lost is too small to bring it there.
typedef enum { WITH_CARE, QUICK, QUICK_OF_POWERS } speed;

static speed
speed_of(int n, int m, int k, matrix a, matrix b)
{
    if (n < ROWS) // to look at the numbers takes longer than it saves
        return WITH_CARE;
    exponents of_a = exponents_of(n, k, a), of_b = exponents_of(k, m, b);
    int bits_of_k = 32 - __builtin_clz(k | 1);
    if (of_a.least + of_b.least < 2 * 127 + 2 * 23 - 149 ||
        of_a.most + of_b.most + 2 + bits_of_k > 2 * 127 + 125)
        return WITH_CARE;
    return of_a.digits && of_b.digits ? QUICK : QUICK_OF_POWERS;
}

// Rounds two doubles to values of floats: half of a float's last place is added, and the bits behind are cut off. In the
// middle between two floats the even one is right if the double is exact; if it is not, `middle` notes it, in its words
// 0 and 2.
static inline __attribute__((always_inline)) pair
rounded(pair sum, bool exact, words *middle)
{
    const halves half = {1 << 28, 1 << 28}, one = {1, 1}, behind = half + half - one;
    halves bits = (halves)sum;
    if (exact)
        return (pair)((bits + (half - one) + (bits >> 29 & one)) & ~behind);
    halves up = bits + half, kept = up & ~behind;
    *middle |= (words)((words)kept == (words)up);
    return (pair)kept;
}

// A tile of FLOATS columns whose sums stay doubles. False, and C is as it was, if one lay in the middle between two floats
// and may not be exact, or if C is too large.
static inline __attribute__((always_inline)) bool
quick_strip(bool exact, int rows, int columns, int k, const float *a, long a_row, long a_col,
            const float *b, long b_row, float *c, long c_row, matmul_mode mode)
{
    pair low[ROWS], high[ROWS];
    words middle = {0}, large = {0};
    EACH (i, rows) {
        vector x = mode == MATMUL_ADD ? load(c + i * c_row, columns) : splat(0);
        large |= (words)(((words)x & 0x7fffffff) >= 253u << 23);
        low[i] = pair_of(x[0], x[1]), high[i] = pair_of(x[2], x[3]);
    }
    for (int p = 0; p < k; p++, a += a_col, b += b_row) {
        vector y = *(const vector *)b;
        pair y_low = pair_of(y[0], y[1]), y_high = pair_of(y[2], y[3]);
        EACH (i, rows) {
            double number = a[i * a_row];
            pair x = {number, number};
            low[i] = rounded(x * y_low + low[i], exact, &middle);
            high[i] = rounded(x * y_high + high[i], exact, &middle);
        }
    }
    if (middle[0] | middle[2] | large[0] | large[1] | large[2] | large[3])
        return false;
    EACH (i, rows)
        store(c + i * c_row, columns, floats_of(low[i], high[i]));
    return true;
}

// A tile of any size, strip by strip.
static inline __attribute__((always_inline)) void
strips(bool exact, int rows, int columns, int k, const float *a, long a_row, long a_col,
       const float *b, long b_row, float *c, long c_row, matmul_mode mode)
{
    for (int j = 0; j < columns; j += FLOATS, b += FLOATS, c += FLOATS) {
        int left = columns - j;
        bool done = false;
        switch (rows) {
#define STRIP(R) \
    case R: done = quick_strip(exact, R, left, k, a, a_row, a_col, b, b_row, c, c_row, mode); break;
            STRIP(1)
            STRIP(2)
            STRIP(3)
            STRIP(4)
        }
        if (!done)
            careful_tile(rows, left < FLOATS ? left : FLOATS, k, a, a_row, a_col, b, b_row, c,
                         c_row, mode);
    }
}

static void
quick_tile(int rows, int columns, int k, const float *a, long a_row, long a_col, const float *b,
           long b_row, float *c, long c_row, matmul_mode mode)
{
    strips(false, rows, columns, k, a, a_row, a_col, b, b_row, c, c_row, mode);
}

static void
quick_tile_of_powers(int rows, int columns, int k, const float *a, long a_row, long a_col,
                     const float *b, long b_row, float *c, long c_row, matmul_mode mode)
{
    strips(true, rows, columns, k, a, a_row, a_col, b, b_row, c, c_row, mode);
}
#endif

// FLOATS numbers, in squares of four; SQUARES takes the same four, of 0 .. FLOATS - 1 from a and the rest from b, in each.
#if FLOATS == 16
#define SQUARES(a, b, i, j, k, l)                                                                  \
    SHUFFLE(vector_ints, a, b, i, j, k, l, i + 4, j + 4, k + 4, l + 4, i + 8, j + 8, k + 8, l + 8, \
            i + 12, j + 12, k + 12, l + 12)
#elif FLOATS == 8
#define SQUARES(a, b, i, j, k, l) SHUFFLE(vector_ints, a, b, i, j, k, l, i + 4, j + 4, k + 4, l + 4)
#else
#define SQUARES(a, b, i, j, k, l) SHUFFLE(vector_ints, a, b, i, j, k, l)
#endif

// Four numbers from each of FLOATS / 4 rows, each four rows behind the one before.
static inline vector
fours(const float *x, long row)
{
#define FOUR(i) (*(const four *)(x + 4 * (i)*row))
#if FLOATS == 4
    return FOUR(0);
#elif !defined(__clang__) && __GNUC__ < 12 // cannot join vectors
    vector all = {0};
    for (int i = 0; i < FLOATS; i++)
        all[i] = x[i / 4 * 4 * row + i % 4];
    return all;
#else
#define TWICE(i) __builtin_shufflevector(FOUR(i), FOUR(i + 1), 0, 1, 2, 3, 4, 5, 6, 7)
#if FLOATS == 8
    return TWICE(0);
#else
    return __builtin_shufflevector(TWICE(0), TWICE(2), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
                                   14, 15);
#endif
#endif
}

// Copies x (k, columns) to where its rows follow each other, `width` floats each, with zeros
// behind `columns`. Writes up to FLOATS more.
static __attribute__((noinline)) void
pack(float *to, int width, int k, int columns, const float *x, long x_row, long x_col)
{
    if (x_col == 1) {
        for (int p = 0; p < k; p++)
            for (int j = 0; j < width; j += FLOATS)
                *(vector *)(to + p * width + j) = load(x + p * x_row + j, columns - j);
        return;
    }
    // A transpose goes by rectangles of 4 rows of `to` and FLOATS columns: FLOATS / 4 squares of 4 x 4 side by side.
    int j = 0, whole = x_row == 1 ? columns / FLOATS * FLOATS : 0, deep = k / 4 * 4;
    for (; j < whole; j += FLOATS)
        for (int p = 0; p < deep; p += 4) {
            const float *y = x + j * x_col + p;
            vector a = fours(y, x_col), b = fours(y + x_col, x_col);
            vector c = fours(y + 2 * x_col, x_col), d = fours(y + 3 * x_col, x_col);
            vector ab = SQUARES(a, b, 0, FLOATS, 1, FLOATS + 1),
                   AB = SQUARES(a, b, 2, FLOATS + 2, 3, FLOATS + 3);
            vector cd = SQUARES(c, d, 0, FLOATS, 1, FLOATS + 1),
                   CD = SQUARES(c, d, 2, FLOATS + 2, 3, FLOATS + 3);
            float *z = to + p * width + j;
            *(vector *)z = SQUARES(ab, cd, 0, 1, FLOATS, FLOATS + 1);
            *(vector *)(z + width) = SQUARES(ab, cd, 2, 3, FLOATS + 2, FLOATS + 3);
            *(vector *)(z + 2 * width) = SQUARES(AB, CD, 0, 1, FLOATS, FLOATS + 1);
            *(vector *)(z + 3 * width) = SQUARES(AB, CD, 2, 3, FLOATS + 2, FLOATS + 3);
        }
    for (int p = 0; p < k; p++)
        for (int i = p < deep ? whole : 0; i < width; i++)
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

static pthread_key_t scratch_key; // gives a thread's memory back when the thread ends

static void
make_scratch_key(void)
{
    if (pthread_key_create(&scratch_key, free) != 0)
        fail("no key for the memory of threads");
}

// This thread's memory for copies, the panels of B and a band of A, as long as the thread lives. (As static memory of
// the thread it would count against its stack, whose size OMP_STACKSIZE may make smaller than a mebibyte.)
static float *
scratch(void)
{
    enum { BYTES = ((DEPTH * WIDTH + ROWS * DEPTH + FLOATS) * 4 + 63) / 64 * 64 };
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static _Thread_local float *memory;
    if (memory)
        return memory;
    pthread_once(&once, make_scratch_key);
    memory = aligned_alloc(64, BYTES);
    if (!memory || pthread_setspecific(scratch_key, memory) != 0)
        fail("no memory for the product of matrices: %d bytes", BYTES);
    return memory;
}

static void
matmul_serial(int n, int m, int k, const float *a, long a_row, long a_col, const float *b,
              long b_row, long b_col, float *c, long c_row, matmul_mode mode)
{
    float *panels = scratch(), *band = panels + DEPTH * WIDTH;
#ifdef UNFUSED
    static tile_fn *const tiles[] = {careful_tile, quick_tile, quick_tile_of_powers};
    const matrix all_a = {a, a_row, a_col}, all_b = {b, b_row, b_col};
    tile_fn *any_tile = tiles[speed_of(n, m, k, all_a, all_b)];
#else
    tile_fn *const any_tile = careful_tile;
#endif
    bool copy = b_col != 1 || n >= (b_row % 1024 == 0 ? PACK_FAR_B : PACK_B);
    for (int j = 0; j < m; j += WIDTH) {
        int end = m - j < WIDTH ? m : j + WIDTH, p = 0, depth;
        do {
            depth = share(k - p, DEPTH);
            for (int i = 0, rows; i < n; i += rows) {
                rows = share(n - i, ROWS);
                const float *x = a + i * a_row + p * a_col;
                long x_row = a_row, x_col = a_col;
                if (a_col != 1 && m >= PACK_A) {
                    pack(band, rows, depth, rows, x, a_col, a_row);
                    x = band, x_row = 1, x_col = rows;
                }
                for (int q = j, columns; q < end; q += columns) {
                    int left = (end - q) / FLOATS;
                    int width = (b_col == 1        ? vectors_of(rows, left)
                                 : left >= VECTORS ? VECTORS
                                                   : 1) *
                                FLOATS;
                    columns = end - q < width ? end - q : width;
                    const float *y = b + p * b_row + q * b_col;
                    long y_row = b_row;
                    if (copy || columns < width) {
                        float *panel = panels + (q - j) * depth;
                        if (i == 0)
                            pack(panel, width, depth, columns, y, b_row, b_col);
                        y = panel, y_row = width;
                    }
                    any_tile(rows, columns, depth, x, x_row, x_col, y, y_row, c + i * c_row + q,
                             c_row, p > 0 ? MATMUL_ADD : mode);
                }
            }
            p += depth;
        } while (p < k);
    }
}

void
matmul_strided(int n, int m, int k, const float *a, long a_row, long a_col, const float *b,
               long b_row, long b_col, float *c, long c_row, matmul_mode mode)
{
    int threads = (double)n * m * k < PARALLEL || omp_in_parallel() ? 1 : omp_get_max_threads();
    if (threads == 1) {
        matmul_serial(n, m, k, a, a_row, a_col, b, b_row, b_col, c, c_row, mode);
        return;
    }
    // Each thread has rows or columns of C of its own.
#pragma omp parallel for num_threads(threads)
    for (int t = 0; t < threads; t++) {
        long size = n > m ? n : m, first = size * t / threads,
             part = size * (t + 1) / threads - first;
        if (n > m)
            matmul_serial(part, m, k, a + first * a_row, a_row, a_col, b, b_row, b_col,
                          c + first * c_row, c_row, mode);
        else
            matmul_serial(n, part, k, a, a_row, a_col, b + first * b_col, b_row, b_col, c + first,
                          c_row, mode);
    }
}
