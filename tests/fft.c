// The Fourier transform against its sum, its inverse and what is known of it.
#define _DEFAULT_SOURCE // M_PI
#include "numbers/fft.h"

#include "numbers/random.h"
#include "test.h"

#include <math.h>
#include <stdint.h>

enum { MOST = 1 << 16 };

static double re[MOST], im[MOST], before_re[MOST], before_im[MOST];

// n random complex numbers in re, im and before_re, before_im.
static void
fill(int n, int stream)
{
    rng r = rng_at(1, stream);
    for (int i = 0; i < n; i++) {
        re[i] = before_re[i] = rng_normal(&r);
        im[i] = before_im[i] = rng_normal(&r);
    }
}

// The definition, for frequency k of column q.
static void
assert_definition(int n, int c, int k, int q)
{
    double sum_re = 0, sum_im = 0;
    for (int j = 0; j < n; j++) {
        double angle = -2 * M_PI * ((long)j * k % n) / n, a = cos(angle), b = sin(angle);
        double x = before_re[j * c + q], y = before_im[j * c + q];
        sum_re += x * a - y * b;
        sum_im += x * b + y * a;
    }
    double close = 1e-15 * sqrt(n) * (n < 4 ? 4 : n);
    ck_assert_msg(fabs(re[k * c + q] - sum_re) <= close && fabs(im[k * c + q] - sum_im) <= close,
                  "n %d, c %d: X[%d] of column %d is %.17g %+.17gi, expected %.17g %+.17gi", n, c,
                  k, q, re[k * c + q], im[k * c + q], sum_re, sum_im);
}

START_TEST(definition)
{
    for (int n = 1; n <= 128; n *= 2)
        for (int c = 1; c <= 9; c++) {
            fill(n * c, n + c);
            fft *f = fft_new(n, c);
            fft_forward(f, re, im);
            for (int k = 0; k < n; k++)
                for (int q = 0; q < c; q++)
                    assert_definition(n, c, k, q);
            fft_free(f);
        }
    for (int n = 256; n <= MOST; n *= 2) {
        fill(n, n);
        fft *f = fft_new(n, 1);
        fft_forward(f, re, im);
        for (int i = 0; i < 7; i++)
            assert_definition(n, 1, (int)((i * 7919L + 1) % n), 0);
        fft_free(f);
    }
}
END_TEST

START_TEST(inverse)
{
    for (int n = 1; n <= MOST; n *= 2) {
        int c = n > 4096 ? 1 : 5;
        fill(n * c, n);
        fft *f = fft_new(n, c);
        fft_forward(f, re, im);
        fft_inverse(f, re, im);
        for (int i = 0; i < n * c; i++) {
            ck_assert_double_eq_tol(re[i], before_re[i], 1e-14);
            ck_assert_double_eq_tol(im[i], before_im[i], 1e-14);
        }
        fft_free(f);
    }
}
END_TEST

// Columns side by side have the bits of each alone, although the passes are other code.
START_TEST(columns)
{
    static double one_re[4096], one_im[4096];
    for (int n = 2; n <= 4096; n *= 2)
        for (int c = 3; c <= 8; c++) {
            fill(n * c, n);
            fft *all = fft_new(n, c), *one = fft_new(n, 1);
            fft_forward(all, re, im);
            for (int q = 0; q < c; q++) {
                for (int j = 0; j < n; j++) {
                    one_re[j] = before_re[j * c + q];
                    one_im[j] = before_im[j * c + q];
                }
                fft_forward(one, one_re, one_im);
                for (int k = 0; k < n; k++)
                    ck_assert(re[k * c + q] == one_re[k] && im[k * c + q] == one_im[k]);
            }
            fft_free(all);
            fft_free(one);
        }
}
END_TEST

// The product of two transforms is the transform of the circular convolution.
START_TEST(convolution)
{
    enum { N = 16 };
    double a[N], b[N], ar[N], ai[N] = {0}, br[N], bi[N] = {0};
    rng r = rng_at(2, 0);
    for (int i = 0; i < N; i++) {
        a[i] = ar[i] = rng_normal(&r);
        b[i] = br[i] = rng_normal(&r);
    }
    fft *f = fft_new(N, 1);
    fft_forward(f, ar, ai);
    fft_forward(f, br, bi);
    for (int k = 0; k < N; k++) {
        double x = ar[k] * br[k] - ai[k] * bi[k];
        ai[k] = ar[k] * bi[k] + ai[k] * br[k];
        ar[k] = x;
    }
    fft_inverse(f, ar, ai);
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int j = 0; j < N; j++)
            sum += a[j] * b[(i - j + N) % N];
        ck_assert_double_eq_tol(ar[i], sum, 1e-14);
        ck_assert_double_eq_tol(ai[i], 0, 1e-14);
    }
    fft_free(f);
}
END_TEST

START_TEST(refused)
{
    REFUSED(fft_new(12, 1),
            "fft_new: 1 transforms of 12 values, expected one or more of a power of two");
    REFUSED(fft_new(0, 1),
            "fft_new: 1 transforms of 0 values, expected one or more of a power of two");
    REFUSED(fft_new(8, 0),
            "fft_new: 0 transforms of 8 values, expected one or more of a power of two");
}
END_TEST

// The same bits on every machine: FNV-1a over transforms of all lengths.
START_TEST(bits)
{
    uint64_t h = 0xcbf29ce484222325;
    for (int n = 1; n <= 8192; n *= 2) {
        fill(n, n);
        fft *f = fft_new(n, 1);
        fft_forward(f, re, im);
        fft_free(f);
        for (int part = 0; part < 2; part++)
            for (size_t i = 0; i < n * sizeof(double); i++)
                h = (h ^ ((unsigned char *)(part ? im : re))[i]) * 0x100000001b3;
    }
    ck_assert_uint_eq(h, 18155957573116180095u);
}
END_TEST

TEST_MAIN("fft", definition, inverse, columns, convolution, refused, bits)
