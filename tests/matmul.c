// The product of matrices against the three loops that define it, bit for bit, in every size of its blocks.
#define _DEFAULT_SOURCE // MAP_ANONYMOUS
#include "numbers/matmul.h"

#include "numbers/numeric.h"
#include "test.h"

#include <malloc.h>
#include <math.h>
#include <omp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGEST = 1 << 21, GUARD = 37 }; // floats of a matrix; of the frame around it

// `floats` floats that end where a page that cannot be touched begins.
static float *
before_a_wall(size_t floats, int which)
{
    static char *region[4];
    size_t size = 4 * (size_t)LARGEST, page = 1 << 16;
    if (!region[which]) {
        region[which] =
            mmap(0, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert(region[which] != MAP_FAILED);
        ck_assert_int_eq(mprotect(region[which] + size, page, PROT_NONE), 0);
    }
    ck_assert_uint_le(floats, LARGEST);
    return (float *)(region[which] + size) - floats;
}

// Numbers in (-1, 1) with all their bits in use.
static float
number(uint32_t i)
{
    i = (i ^ i >> 16) * 0x7feb352d;
    i = (i ^ i >> 15) * 0x846ca68b;
    return (int32_t)(i ^ i >> 16) * 0x1p-31f;
}

static float *
element(matrix x, int i, int j)
{
    return (float *)x.at + i * x.row + j * x.col;
}

// A matrix that lies in rows of inner size + pad floats, transposed or not; the floats between its rows and
// before it are NaN, and a page that cannot be touched follows its last element.
static matrix
make(int rows, int cols, int transposed, int pad, int which)
{
    int outer = transposed ? cols : rows, inner = transposed ? rows : cols;
    long ld = inner + pad;
    size_t size = outer == 0 || inner == 0 ? 0 : (outer - 1) * ld + inner;
    float *all = before_a_wall(size + GUARD, which);
    for (size_t i = 0; i < size + GUARD; i++)
        all[i] = NAN;
    matrix x = transposed ? transpose_of(all + GUARD, ld) : matrix_of(all + GUARD, ld);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++)
            *element(x, i, j) = number(7919u * i + j + 1000003u * which);
    return x;
}

// Every NaN is the same NaN.
static int
same(float x, float y)
{
    return (isnan(x) && isnan(y)) || memcmp(&x, &y, sizeof x) == 0;
}

// C of matmul against the three loops that define it, with the frame of C.
static void
compare(int n, int m, int k, matrix a, matrix b, int pad, matmul_mode mode)
{
    long ld = m + pad;
    size_t size = n == 0 || m == 0 ? GUARD : GUARD + (n - 1) * ld + m;
    float *c = before_a_wall(size, 2), *want = before_a_wall(size, 3);
    for (size_t i = 0; i < size; i++)
        c[i] = want[i] = i % 7 ? number(i) : -0.0f;
    matmul_plain(n, m, k, a, b, want + GUARD, ld, mode);
    matmul(n, m, k, a, b, c + GUARD, ld, mode);
    for (size_t i = 0; i < size; i++)
        if (!same(c[i], want[i])) {
            long at = (long)i - GUARD;
            ck_abort_msg("n %d, m %d, k %d, strides %ld %ld, %ld %ld, mode %d: C[%ld][%ld] "
                         "is %.9g, expected %.9g",
                         n, m, k, a.row, a.col, b.row, b.col, mode, at / ld, at % ld, c[i],
                         want[i]);
        }
}

// Both transposes of both, with and without the old C.
static void
compare_all(int n, int m, int k, int pad)
{
    for (int way = 0; way < 8; way++)
        compare(n, m, k, make(n, k, way & 1, pad, 0), make(k, m, way >> 1 & 1, pad, 1), pad,
                way >> 2 ? MATMUL_ADD : MATMUL_SET);
}

// The definition itself, by hand: [1 2; 3 4] [5 6; 7 8] = [19 22; 43 50], and A B^T = [17 23; 39 53].
START_TEST(definition)
{
    const float a[] = {1, 2, 3, 4}, b[] = {5, 6, 7, 8};
    const float product[] = {19, 22, 43, 50}, with_transpose[] = {17, 23, 39, 53};
    float c[4] = {0};
    matmul_plain(2, 2, 2, matrix_of(a, 2), matrix_of(b, 2), c, 2, MATMUL_SET);
    ck_assert_mem_eq(c, product, sizeof c);
    matmul_plain(2, 2, 2, matrix_of(a, 2), transpose_of(b, 2), c, 2, MATMUL_SET);
    ck_assert_mem_eq(c, with_transpose, sizeof c);
    matmul_plain(2, 2, 1, matrix_of(a, 2), matrix_of(b, 2), c, 2, MATMUL_ADD);
    ck_assert_float_eq(c[3], 53 + 3 * 6);
}
END_TEST

START_TEST(small)
{
    for (int n = 1; n <= 20; n++)
        for (int m = 1; m <= 20; m++)
            for (int k = 1; k <= 20; k++)
                compare_all(n, m, k, (n + m + k) % 4);
}
END_TEST

START_TEST(empty)
{
    for (int which = 0; which < 7; which++)
        compare_all(which & 1 ? 5 : 0, which & 2 ? 37 : 0, which & 4 ? 6 : 0, 3);
}
END_TEST

// One size goes over what a block may hold, the two others are small.
START_TEST(boundaries)
{
    static const int sizes[] = {23,  24,  25,  27,  28,  29,  31,  32,  33,  47,  48,
                                49,  63,  64,  65,  95,  96,  97,  127, 128, 129, 191,
                                192, 193, 255, 256, 257, 383, 384, 385, 511, 512, 513};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        compare_all(sizes[i], 7, 5, 1);
        compare_all(5, sizes[i], 7, 2);
        compare_all(7, 5, sizes[i], 3);
        for (int n = 1; n <= 8; n++)
            compare_all(n, sizes[i], 6, n);
    }
    compare_all(61, 67, 71, 0);
    compare_all(131, 47, 257, 5);
    compare_all(29, 131, 513, 0);
    compare_all(389, 35, 259, 1);
    for (int d = -1; d <= 1; d++) {
        compare_all(320 + d, 35, 9, 1);
        compare_all(29, 200 + d, 67, 4);
        compare_all(14, 1000 + d, 9, 2);
        compare_all(9, 1024 + d, 11, 3);
    }
    compare_all(49, 1024, 9, 0);
    compare_all(331, 1061, 17, 0);
    compare_all(13, 1043, 261, 1);
}
END_TEST

START_TEST(sub_matrix)
{
    // Every second row and every third column of A, every fifth column of B.
    matrix a = make(58, 99, 0, 0, 0), b = make(33, 165, 0, 0, 1);
    a.row *= 2, a.col *= 3, b.col *= 5;
    compare(29, 33, 33, a, b, 9, MATMUL_SET);
    compare(29, 33, 33, a, b, 9, MATMUL_ADD);
    // One row for all rows, and one number for all columns.
    a.row = 0, b.col = 0;
    compare(17, 19, 33, a, b, 0, MATMUL_SET);
}
END_TEST

START_TEST(not_finite)
{
    static const float values[] = {INFINITY, -INFINITY, NAN, -0.0f, 0x1p-149f, 0x1.fffffep127f};
    for (int v = 0; v < 36; v++) {
        matrix a = make(17, 21, 0, 0, 0), b = make(21, 39, v & 1, 0, 1);
        for (int i = 0; i < 17; i++)
            *element(a, i, (i * i) % 21) = values[v / 6];
        for (int j = 0; j < 39; j++)
            *element(b, (j * j) % 21, j) = values[v % 6];
        compare(17, 39, 21, a, b, 0, v & 2 ? MATMUL_ADD : MATMUL_SET);
    }
    // A product of -0 leaves an old C of -0 as it is; a product of +0 makes it +0.
    matrix a = make(15, 1, 0, 0, 0), b = make(1, 35, 0, 0, 1);
    for (int i = 0; i < 15; i++)
        *element(a, i, 0) = i % 2 ? -0.0f : 0.0f;
    compare(15, 35, 1, a, b, 0, MATMUL_SET);
    compare(15, 35, 1, a, b, 0, MATMUL_ADD);
}
END_TEST

// FNV-1a, 64 bits, over the bytes of n floats.
static uint64_t
hash(const float *x, int n)
{
    uint64_t h = 0xcbf29ce484222325;
    for (int i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        for (int byte = 0; byte < 4; byte++)
            h = (h ^ (bits >> 8 * byte & 255)) * 0x100000001b3;
    }
    return h;
}

static uint64_t
hash_of_product(int n, int m, int k)
{
    matrix a = make(n, k, 0, 0, 0), b = make(k, m, 1, 0, 1);
    float *c = before_a_wall((size_t)n * m, 2);
    for (int i = 0; i < n * m; i++)
        c[i] = NAN;
    matmul(n, m, k, a, b, c, m, MATMUL_SET);
    return hash(c, n * m);
}

// The same on every machine and with every compiler.
START_TEST(bits)
{
    ck_assert_uint_eq(hash_of_product(75, 83, 301), 5863205469997209790u);
}
END_TEST

START_TEST(threads)
{
    static const int sizes[][3] = {
        {251, 203, 303}, {40, 1003, 257}, {1003, 40, 257}, {2, 3, 1700000 / 3}};
    for (int i = 0; i < 4; i++) {
        const int *s = sizes[i];
        omp_set_num_threads(1);
        uint64_t one = hash_of_product(s[0], s[1], s[2]);
        for (int t = 2; t <= 3; t++) {
            omp_set_num_threads(t);
            ck_assert_uint_eq(hash_of_product(s[0], s[1], s[2]), one);
        }
    }
}
END_TEST

static void *
a_product(void *unused)
{
    (void)unused;
    hash_of_product(8, 8, 8);
    return NULL;
}

// Where teams of threads change their size, threads end: they leave no memory behind.
START_TEST(threads_that_end)
{
    size_t before = 0;
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, a_product, NULL), 0);
        pthread_join(thread, NULL);
        struct mallinfo2 now = mallinfo2();
        if (i == 0)
            before = now.uordblks + now.hblkhd;
        ck_assert_uint_le(now.uordblks + now.hblkhd, before + (1 << 20));
    }
}
END_TEST

TEST_MAIN("matmul", definition, small, empty, boundaries, sub_matrix, not_finite, bits, threads,
          threads_that_end)
