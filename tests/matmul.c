#define _DEFAULT_SOURCE // MAP_ANONYMOUS
#include "numbers/matmul.h"

#include "numbers/numeric.h"
#include "test.h"

#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGEST = 1 << 21, GUARD = 37 }; // floats of a matrix; of the frame around it

// A matrix that lies in rows of `ld` floats, transposed or not; the floats between its rows and
// before it are NaN, and a page that cannot be touched follows its last element.
typedef struct {
    float *at;
    long row, col;
} matrix;

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

static matrix
make(int rows, int cols, int transposed, int pad, int which)
{
    int outer = transposed ? cols : rows, inner = transposed ? rows : cols;
    long ld = inner + pad;
    size_t size = outer == 0 || inner == 0 ? 0 : (outer - 1) * ld + inner;
    float *all = before_a_wall(size + GUARD, which);
    for (size_t i = 0; i < size + GUARD; i++)
        all[i] = NAN;
    matrix x = {all + GUARD, transposed ? 1 : ld, transposed ? ld : 1};
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++)
            x.at[i * x.row + j * x.col] = number(7919u * i + j + 1000003u * which);
    return x;
}

// Every NaN is the same NaN.
static int
same(float x, float y)
{
    return (isnan(x) && isnan(y)) || memcmp(&x, &y, sizeof x) == 0;
}

// C of matmul against three loops, with the frame of C.
static void
compare(int n, int m, int k, matrix a, matrix b, int pad, int accumulate)
{
    long ld = m + pad;
    size_t size = n == 0 || m == 0 ? GUARD : GUARD + (n - 1) * ld + m;
    float *c = before_a_wall(size, 2), *want = before_a_wall(size, 3);
    for (size_t i = 0; i < size; i++)
        c[i] = want[i] = i % 7 ? number(i) : -0.0f;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) {
            float sum = accumulate ? want[GUARD + i * ld + j] : 0;
            for (int p = 0; p < k; p++)
                sum = fma32(a.at[i * a.row + p * a.col], b.at[p * b.row + j * b.col], sum);
            want[GUARD + i * ld + j] = sum;
        }
    matmul(n, m, k, (matrix){a.at, a.row, a.col}, (matrix){b.at, b.row, b.col}, c + GUARD, ld,
           accumulate);
    for (size_t i = 0; i < size; i++)
        if (!same(c[i], want[i])) {
            long at = (long)i - GUARD;
            ck_abort_msg("n %d, m %d, k %d, strides %ld %ld, %ld %ld, accumulate %d: C[%ld][%ld] "
                         "is %.9g, expected %.9g",
                         n, m, k, a.row, a.col, b.row, b.col, accumulate, at / ld, at % ld, c[i],
                         want[i]);
        }
}

// Both transposes of both, with and without the old C.
static void
compare_all(int n, int m, int k, int pad)
{
    for (int way = 0; way < 8; way++)
        compare(n, m, k, make(n, k, way & 1, pad, 0), make(k, m, way >> 1 & 1, pad, 1), pad,
                way >> 2);
}

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
    compare_all(331, 1061, 17, 0);
    compare_all(13, 1043, 261, 1);
}
END_TEST

START_TEST(sub_matrix)
{
    // Every second row and every third column of A, every fifth column of B.
    matrix a = make(58, 99, 0, 0, 0), b = make(33, 165, 0, 0, 1);
    a.row *= 2, a.col *= 3, b.col *= 5;
    compare(29, 33, 33, a, b, 9, 0);
    compare(29, 33, 33, a, b, 9, 1);
    // One row for all rows, and one number for all columns.
    a.row = 0, b.col = 0;
    compare(17, 19, 33, a, b, 0, 0);
}
END_TEST

START_TEST(not_finite)
{
    static const float values[] = {INFINITY, -INFINITY, NAN, -0.0f, 0x1p-149f, 0x1.fffffep127f};
    for (int v = 0; v < 36; v++) {
        matrix a = make(17, 21, 0, 0, 0), b = make(21, 39, v & 1, 0, 1);
        for (int i = 0; i < 17; i++)
            a.at[i * a.row + (i * i) % 21 * a.col] = values[v / 6];
        for (int j = 0; j < 39; j++)
            b.at[(j * j) % 21 * b.row + j * b.col] = values[v % 6];
        compare(17, 39, 21, a, b, 0, v & 2);
    }
    // A product of -0 leaves an old C of -0 as it is; a product of +0 makes it +0.
    matrix a = make(15, 1, 0, 0, 0), b = make(1, 35, 0, 0, 1);
    for (int i = 0; i < 15; i++)
        a.at[i] = i % 2 ? -0.0f : 0.0f;
    compare(15, 35, 1, a, b, 0, 0);
    compare(15, 35, 1, a, b, 0, 1);
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
    matmul(n, m, k, (matrix){a.at, a.row, a.col}, (matrix){b.at, b.row, b.col}, c, m, MATMUL_SET);
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

int
main(void)
{
    Suite *suite = suite_create("matmul");
    TCase *tests = tcase_create("matmul");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, small);
    tcase_add_test(tests, empty);
    tcase_add_test(tests, boundaries);
    tcase_add_test(tests, sub_matrix);
    tcase_add_test(tests, not_finite);
    tcase_add_test(tests, bits);
    tcase_add_test(tests, threads);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
