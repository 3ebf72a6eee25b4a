#include "linalg.h"

#include "random.h"
#include "test.h"

#include <math.h>

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

START_TEST(product)
{
    double a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, 0, 2, -1, 1, 0, 0, 3, 1, 1, 1, 1}, c[8];
    double expected[] = {6, 3, 5, 8, 15, 6, 14, 17};
    linalg_product(2, 4, 3, a, b, c);
    assert_near(8, c, expected, 0, "product");
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

TEST_MAIN("linalg", product, solve, solve_pivots, solve_singular)
