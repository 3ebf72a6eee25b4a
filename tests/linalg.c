// Linear algebra: what defines each result, on matrices that are known, random or singular.
#define _DEFAULT_SOURCE // M_PI
#include "numbers/linalg.h"

#include "numbers/random.h"
#include "test.h"

#include <math.h>
#include <stdint.h>

enum { MOST = 24 };

// x (n): independent normal numbers.
static void
normal(int n, double *x, int stream)
{
    rng r = rng_at(1, stream);
    for (int i = 0; i < n; i++)
        x[i] = rng_normal(&r);
}

static void
assert_near(int n, const double *x, const double *expected, double tolerance, const char *what)
{
    for (int i = 0; i < n; i++)
        ck_assert_msg(fabs(x[i] - expected[i]) <= tolerance, "%s[%d]: %.17g, expected %.17g", what,
                      i, x[i], expected[i]);
}

// The m vectors of n values, `step` apart, that begin `next` apart are orthonormal.
static void
assert_orthonormal(int n, int m, int next, int step, const double *v)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++) {
            double sum = 0;
            for (int k = 0; k < n; k++)
                sum += v[i * next + k * step] * v[j * next + k * step];
            ck_assert_double_eq_tol(sum, i == j, 1e-13);
        }
}

// (re + i im) v = value v for every row of vectors; NULL: zeros.
static void
assert_eigen(int n, const double *re, const double *im, const double *values, const double *vr,
             const double *vi)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double left_re = 0, left_im = 0;
            for (int k = 0; k < n; k++) {
                double x = vr[i * n + k], y = vi ? vi[i * n + k] : 0;
                left_re += re[j * n + k] * x - (im ? im[j * n + k] * y : 0);
                left_im += re[j * n + k] * y + (im ? im[j * n + k] * x : 0);
            }
            ck_assert_double_eq_tol(left_re, values[i] * vr[i * n + j], 1e-13);
            ck_assert_double_eq_tol(left_im, values[i] * (vi ? vi[i * n + j] : 0), 1e-13);
        }
}

START_TEST(product)
{
    double a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, 0, 2, -1, 1, 0, 0, 3, 1, 1, 1, 1}, c[8];
    double expected[] = {6, 3, 5, 8, 15, 6, 14, 17};
    linalg_product(2, 4, 3, a, b, c);
    assert_near(8, c, expected, 0, "product");
    // 4 + 10 + 18; and in ascending order, in which 1 is lost against 2^60
    double large[] = {0x1p60, 1, -0x1p60, 1}, ones[] = {1, 1, 1, 1};
    ck_assert_double_eq(linalg_dot(3, a, a + 3), 32);
    ck_assert_double_eq(linalg_dot(4, large, ones), 1);
}
END_TEST

// A X = B for a B made from a known X.
START_TEST(solve)
{
    for (int n = 1; n <= MOST; n++)
        for (int m = 1; m <= 5; m += 2) {
            double a[MOST * MOST], x[MOST * 5], b[MOST * 5];
            normal(n * n, a, n);
            normal(n * m, x, 100 + n);
            for (int i = 0; i < n; i++)
                a[i * n + i] += 2 * n;
            linalg_product(n, m, n, a, x, b);
            linalg_solve("A", n, a, m, b);
            assert_near(n * m, b, x, 1e-14, "x");
        }
}
END_TEST

// Rows must be exchanged here, and the scale of a column is no reason to refuse it.
START_TEST(solve_pivots)
{
    double a[] = {0, 1e-200, 0, 2, 0, 0, 0, 0, 1e200}, b[] = {3e-200, 8, -5e200};
    linalg_solve("A", 3, a, 1, b);
    assert_near(3, b, (double[]){4, 3, -5}, 1e-15, "x");
    double tiny[] = {1e-17, 1, 1, 1}, c[] = {1, 2};
    linalg_solve("A", 2, tiny, 1, c);
    assert_near(2, c, (double[]){1, 1}, 1e-15, "x");
}
END_TEST

START_TEST(solve_singular)
{
    double a[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, b[3] = {1, 2, 3};
    double zero[4] = {0}, one[1] = {0}, nan[4] = {NAN, 1, 1, 1};
    REFUSED(linalg_solve("I - A/2", 2, zero, 1, b),
            "linalg_solve: I - A/2 (2, 2) is singular: the pivot of column 0 is 0");
    REFUSED(linalg_solve("P", 1, one, 1, b),
            "linalg_solve: P (1, 1) is singular: the pivot of column 0 is 0");
    REFUSED(linalg_solve("W", 2, nan, 1, b),
            "linalg_solve: W (2, 2) is singular: the pivot of column 0 is nan");
    fail_handler = test_caught;
    if (!setjmp(test_refusal)) {
        linalg_solve("A", 3, a, 1, b);
        ck_abort_msg("a matrix of rank 2 was accepted");
    }
    ck_assert_ptr_nonnull(strstr(test_message, "A (3, 3) is singular: the pivot of column 2 is "));
}
END_TEST

// Q R = A, Q^T Q = I, R upper triangular with diagonal >= 0.
START_TEST(qr)
{
    for (int n = 1; n <= MOST; n++)
        for (int m = 1; m <= n; m += n > 3 ? 3 : 1) {
            double a[MOST * MOST], q[MOST * MOST], r[MOST * MOST], again[MOST * MOST];
            normal(n * m, a, n);
            linalg_qr(n, m, a, q, r);
            linalg_product(n, m, m, q, r, again);
            assert_near(n * m, again, a, 2e-14, "Q R");
            for (int i = 0; i < m; i++) {
                ck_assert(r[i * m + i] > 0);
                for (int j = 0; j < i; j++)
                    ck_assert(r[i * m + j] == 0);
            }
            assert_orthonormal(n, m, 1, m, q);
        }
}
END_TEST

// Columns that depend on each other, or are zero, leave Q orthonormal.
START_TEST(qr_deficient)
{
    double a[] = {1, 2, 0, 2, 4, 0, 3, 6, 0, 4, 8, 0}, q[12], r[9], again[12];
    linalg_qr(4, 3, a, q, r);
    linalg_product(4, 3, 3, q, r, again);
    assert_near(12, again, a, 1e-14, "Q R");
    assert_orthonormal(4, 3, 1, 3, q);
}
END_TEST

// The second difference matrix has the eigenvalues 2 - 2 cos(k pi / (n + 1)).
START_TEST(symmetric)
{
    for (int n = 1; n <= MOST; n++) {
        double a[MOST * MOST] = {0}, values[MOST], v[MOST * MOST], expected[MOST];
        for (int i = 0; i < n; i++) {
            a[i * n + i] = 2;
            if (i > 0)
                a[i * n + i - 1] = a[(i - 1) * n + i] = -1;
            expected[i] = 2 - 2 * cos((i + 1) * M_PI / (n + 1));
        }
        linalg_symmetric(n, a, values, v);
        assert_near(n, values, expected, 1e-13, "value");
        assert_orthonormal(n, n, n, 1, v);
        assert_eigen(n, a, NULL, values, v, NULL);
    }
}
END_TEST

START_TEST(symmetric_any)
{
    for (int n = 1; n <= MOST; n++) {
        double a[MOST * MOST], values[MOST], v[MOST * MOST];
        normal(n * n, a, n);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < i; j++)
                a[i * n + j] = a[j * n + i];
        linalg_symmetric(n, a, values, v);
        for (int i = 1; i < n; i++)
            ck_assert(values[i - 1] <= values[i]);
        assert_orthonormal(n, n, n, 1, v);
        assert_eigen(n, a, NULL, values, v, NULL);
    }
    double same[9] = {3, 0, 0, 0, 3, 0, 0, 0, 3}, values[3], v[9];
    linalg_symmetric(3, same, values, v);
    assert_near(3, values, (double[]){3, 3, 3}, 0, "value");
}
END_TEST

// U diag(s) V^T must be A (n, m).
static void
assert_product(int n, int m, const double *a, const double *u, const double *s, const double *v)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) {
            double sum = 0;
            for (int k = 0; k < m; k++)
                sum += u[k * n + i] * s[k] * v[k * m + j];
            ck_assert_double_eq_tol(sum, a[i * m + j], 1e-12);
        }
}

START_TEST(svd)
{
    for (int n = 1; n <= MOST; n++)
        for (int m = 1; m <= n; m++) {
            double a[MOST * MOST], u[MOST * MOST], s[MOST], v[MOST * MOST];
            normal(n * m, a, 300 + n * MOST + m);
            linalg_svd(n, m, a, u, s, v);
            for (int i = 0; i < m; i++)
                ck_assert(s[i] >= 0 && (i == 0 || s[i - 1] >= s[i]));
            assert_product(n, m, a, u, s, v);
            assert_orthonormal(n, m, n, 1, u);
            assert_orthonormal(m, m, m, 1, v);
        }
    // rank 1, and nothing: what belongs to s = 0 is 0 in u and orthonormal in v
    double a[6] = {3, 0, 0, 0, 4, 0}, u[6], s[2], v[4];
    linalg_svd(3, 2, a, u, s, v);
    ck_assert_double_eq(s[0], 5);
    ck_assert_double_eq(s[1], 0);
    assert_near(3, u + 3, (double[]){0, 0, 0}, 0, "u");
    assert_orthonormal(2, 2, 2, 1, v);
    assert_product(3, 2, a, u, s, v);
    memset(a, 0, sizeof a);
    linalg_svd(3, 2, a, u, s, v);
    assert_near(2, s, (double[]){0, 0}, 0, "s");
    REFUSED(linalg_svd(2, 3, a, u, s, v), "linalg_svd: (2, 3), expected no more columns than rows");
}
END_TEST

START_TEST(hermitian)
{
    for (int n = 1; n <= MOST; n++) {
        double re[MOST * MOST], im[MOST * MOST], values[MOST], vr[MOST * MOST], vi[MOST * MOST];
        normal(n * n, re, n);
        normal(n * n, im, 200 + n);
        for (int i = 0; i < n; i++) {
            im[i * n + i] = 0;
            for (int j = 0; j < i; j++) {
                re[i * n + j] = re[j * n + i];
                im[i * n + j] = -im[j * n + i];
            }
        }
        linalg_hermitian(n, re, im, values, vr, vi);
        for (int i = 0; i < n; i++) {
            double square = 0;
            for (int j = 0; j < n; j++)
                square += vr[i * n + j] * vr[i * n + j] + vi[i * n + j] * vi[i * n + j];
            ck_assert_double_eq_tol(square, 1, 1e-13);
            ck_assert(i == 0 || values[i - 1] < values[i]);
        }
        assert_eigen(n, re, im, values, vr, vi);
    }
}
END_TEST

START_TEST(expm)
{
    // e^[[0, -x], [x, 0]] is the rotation by x: over all numbers of halvings
    for (double x = 1e-9; x < 1000; x *= 3) {
        double a[] = {0, -x, x, 0}, e[4];
        linalg_expm(2, a, e);
        assert_near(4, e, (double[]){cos(x), -sin(x), sin(x), cos(x)}, 1e-15 * (x + 10), "e^A");
    }
    // of a nilpotent matrix it is a sum of few terms
    double a[] = {0, 2, 5, 0, 0, 3, 0, 0, 0}, e[9];
    linalg_expm(3, a, e);
    assert_near(9, e, (double[]){1, 2, 8, 0, 1, 3, 0, 0, 1}, 1e-14, "e^A");
    double one = -3, e_one;
    linalg_expm(1, &one, &e_one);
    assert_near(1, &e_one, (double[]){exp(-3)}, 1e-16, "e^A");
    // e^A e^-A = I
    for (int n = 1; n <= MOST; n += 5) {
        double b[MOST * MOST], minus[MOST * MOST], f[MOST * MOST], g[MOST * MOST], i[MOST * MOST];
        normal(n * n, b, n);
        for (int k = 0; k < n * n; k++)
            minus[k] = -(b[k] /= n);
        linalg_expm(n, b, f);
        linalg_expm(n, minus, g);
        linalg_product(n, n, n, f, g, i);
        for (int k = 0; k < n * n; k++)
            ck_assert_double_eq_tol(i[k], k % (n + 1) == 0, 1e-13);
    }
    double big[] = {INFINITY};
    REFUSED(linalg_expm(1, big, e), "linalg_expm: (1, 1) has a column sum of inf");
}
END_TEST

START_TEST(legendre)
{
    double x[100], w[100];
    const int sizes[] = {1, 2, 3, 7, 12, 40, 100};
    for (int s = 0; s < 7; s++) {
        int n = sizes[s];
        linalg_legendre(n, x, w);
        // exact for every power up to 2n - 1: 2 / (k + 1) for even k, 0 for odd k
        for (int k = 0; k < 2 * n; k++) {
            double sum = 0;
            for (int i = 0; i < n; i++)
                sum += w[i] * pow(x[i], k);
            ck_assert_double_eq_tol(sum, k % 2 ? 0 : 2.0 / (k + 1), 1e-14);
        }
        for (int i = 1; i < n; i++)
            ck_assert(x[i] > x[i - 1] && w[i] > 0);
    }
    linalg_legendre(2, x, w); // and not beyond: the integral of x^4 is 2/5, two nodes give 2/9
    ck_assert_double_eq_tol(w[0] * pow(x[0], 4) + w[1] * pow(x[1], 4), 2.0 / 9, 1e-15);
    REFUSED(linalg_legendre(0, x, w), "linalg_legendre: 0 nodes; expected 1 to 100");
    REFUSED(linalg_legendre(101, x, w), "linalg_legendre: 101 nodes; expected 1 to 100");
}
END_TEST

// The same bits on every machine: FNV-1a over what every function makes of one matrix.
static uint64_t
hash(uint64_t h, int n, const double *x)
{
    const unsigned char *bytes = (const unsigned char *)x;
    for (size_t i = 0; i < n * sizeof *x; i++)
        h = (h ^ bytes[i]) * 0x100000001b3;
    return h;
}

START_TEST(bits)
{
    enum { N = 17 };
    double a[N * N], s[N * N], x[N * N], y[N * N], values[N];
    uint64_t h = 0xcbf29ce484222325;
    normal(N * N, a, 7);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            s[i * N + j] = a[i * N + j] + a[j * N + i];
    linalg_qr(N, N, a, x, y);
    h = hash(hash(h, N * N, x), N * N, y);
    linalg_symmetric(N, s, values, x);
    h = hash(hash(h, N * N, x), N, values);
    linalg_solve("A", N, a, N, x);
    h = hash(h, N * N, x);
    linalg_expm(N, a, x);
    ck_assert_uint_eq(hash(h, N * N, x), 15570282817746768488u);
}
END_TEST

TEST_MAIN("linalg", product, solve, solve_pivots, solve_singular, qr, qr_deficient, symmetric,
          symmetric_any, svd, hermitian, expm, legendre, bits)
