#include "numbers/fft.h"

#include "files/fail.h"
#include "numbers/numeric.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// Stockham's algorithm of radix 4, from one pair of arrays to the other and back. A pass sees x as
// (4, m, s): s transforms side by side, s = c at first, of 4 m values each. The four values x[.][p][q] become
// y[p][.][q]: their own transform, times 1, w^p, w^2p, w^3p with w = e^(-2 pi i / 4 m). So y holds 4 s transforms
// of m values, and after the last pass all values stand in their natural order. An odd power of two ends with a pass
// of radix 2. Real and imaginary parts stay apart: where they alternate, compilers fuse a b - c d with a b + c d.
struct fft {
    int n, c;
    double *w;     // for each pass (6, m): re and im of w^p, w^2p, w^3p
    double *spare; // (2, n, c)
};

fft *
fft_new(int n, int c)
{
    if (n < 1 || (n & (n - 1)) || c < 1)
        fail("fft_new: %d transforms of %d values, expected one or more of a power of two", c, n);
    fft *f = malloc(sizeof *f);
    double *w = malloc((2 * (size_t)n + 1) * sizeof *w);
    double *spare = malloc(2 * (size_t)n * c * sizeof *spare);
    if (!f || !w || !spare)
        fail("fft_new: no memory for %d transforms of %d values", c, n);
    *f = (fft){n, c, w, spare};
    for (int m = n / 4; m > 0; m /= 4)
        for (int k = 1; k <= 3; k++, w += 2 * m)
            for (int p = 0; p < m; p++) {
                double angle = 2 * pi64 * ((double)k * p / (4 * m));
                w[p] = cos64(angle);
                w[m + p] = -sin64(angle);
            }
    return f;
}

void
fft_free(fft *f)
{
    free(f->w);
    free(f->spare);
    free(f);
}

typedef double double4 __attribute__((vector_size(32), aligned(8), may_alias));
typedef int64_t four_longs __attribute__((vector_size(32)));

// The transform of the four complex numbers a, b, c, d of type T, times 1, w1, w2, w3.
#define BUTTERFLY(T)                                              \
    do {                                                          \
        T sr = ar + cr, si = ai + ci, tr = br + dr, ti = bi + di; \
        T ur = ar - cr, ui = ai - ci, vr = br - dr, vi = bi - di; \
        T gr = ur + vi, gi = ui - vr, hr = ur - vi, hi = ui + vr; \
        T er = sr - tr, ei = si - ti;                             \
        ar = sr + tr;                                             \
        ai = si + ti;                                             \
        br = gr * w1r - gi * w1i;                                 \
        bi = gr * w1i + gi * w1r;                                 \
        cr = er * w2r - ei * w2i;                                 \
        ci = er * w2i + ei * w2r;                                 \
        dr = hr * w3r - hi * w3i;                                 \
        di = hr * w3i + hi * w3r;                                 \
    } while (0)

#define LANES(T) (long)(sizeof(T) / sizeof(double))

// One pass for a number of transforms side by side that is a multiple of T's lanes.
#define PASS(name, T)                                                                          \
    static void name(int m, long s, const double *w, const double *xr, const double *xi,       \
                     double *yr, double *yi)                                                   \
    {                                                                                          \
        const long step = m * s / LANES(T), next = s / LANES(T);                               \
        for (int p = 0; p < m; p++) {                                                          \
            double w1r = w[p], w1i = w[m + p], w2r = w[2 * m + p], w2i = w[3 * m + p];         \
            double w3r = w[4 * m + p], w3i = w[5 * m + p];                                     \
            const T *x0 = (const T *)xr + p * next, *x1 = (const T *)xi + p * next;            \
            T *y0 = (T *)yr + 4 * p * next, *y1 = (T *)yi + 4 * p * next;                      \
            for (long q = 0; q < next; q++) {                                                  \
                T ar = x0[q], br = x0[q + step], cr = x0[q + 2 * step], dr = x0[q + 3 * step]; \
                T ai = x1[q], bi = x1[q + step], ci = x1[q + 2 * step], di = x1[q + 3 * step]; \
                BUTTERFLY(T);                                                                  \
                y0[q] = ar, y0[q + next] = br, y0[q + 2 * next] = cr, y0[q + 3 * next] = dr;   \
                y1[q] = ai, y1[q + next] = bi, y1[q + 2 * next] = ci, y1[q + 3 * next] = di;   \
            }                                                                                  \
        }                                                                                      \
    }

PASS(pass1, double)
PASS(pass4, double4)
#ifdef __AVX512F__
typedef double double8 __attribute__((vector_size(64), aligned(8), may_alias));
PASS(pass8, double8) // a line of the cache at once
#else
#define pass8 pass4
#endif

// Stores a, b, c, d so that their first numbers come first, then their second ones, and so on.
static inline void
interleave(double4 a, double4 b, double4 c, double4 d, double4 *y)
{
    double4 ab0 = SHUFFLE(four_longs, a, b, 0, 4, 2, 6);
    double4 ab1 = SHUFFLE(four_longs, a, b, 1, 5, 3, 7);
    double4 cd0 = SHUFFLE(four_longs, c, d, 0, 4, 2, 6);
    double4 cd1 = SHUFFLE(four_longs, c, d, 1, 5, 3, 7);
    y[0] = SHUFFLE(four_longs, ab0, cd0, 0, 1, 4, 5);
    y[1] = SHUFFLE(four_longs, ab1, cd1, 0, 1, 4, 5);
    y[2] = SHUFFLE(four_longs, ab0, cd0, 2, 3, 6, 7);
    y[3] = SHUFFLE(four_longs, ab1, cd1, 2, 3, 6, 7);
}

// The first pass of one transform: the lanes are values of p.
static void
pass_first(int m, const double *w, const double *xr, const double *xi, double *yr, double *yi)
{
#define AT(x, k) *(const double4 *)(x + (k)*m + p)
    for (int p = 0; p < m; p += 4) {
        double4 ar = AT(xr, 0), br = AT(xr, 1), cr = AT(xr, 2), dr = AT(xr, 3);
        double4 ai = AT(xi, 0), bi = AT(xi, 1), ci = AT(xi, 2), di = AT(xi, 3);
        double4 w1r = AT(w, 0), w1i = AT(w, 1), w2r = AT(w, 2), w2i = AT(w, 3);
        double4 w3r = AT(w, 4), w3i = AT(w, 5);
        BUTTERFLY(double4);
        interleave(ar, br, cr, dr, (double4 *)(yr + 4 * p));
        interleave(ai, bi, ci, di, (double4 *)(yi + 4 * p));
    }
#undef AT
}

// y[q] = x[q] + x[q + s], y[q + s] = x[q] - x[q + s]
static void
pass_last(long s, const double *x, double *y)
{
    for (long q = 0; q < s; q++) {
        y[q] = x[q] + x[q + s];
        y[q + s] = x[q] - x[q + s];
    }
}

void
fft_forward(fft *f, double *re, double *im)
{
    const long size = (long)f->n * f->c;
    const double *w = f->w;
    double *xr = re, *xi = im, *yr = f->spare, *yi = yr + size, *t;
    long s = f->c;
    for (int n = f->n; n > 1; n /= 4, s *= 4) {
        int m = n / 4;
        if (n == 2) {
            pass_last(s, xr, yr);
            pass_last(s, xi, yi);
        } else if (s == 1 && m >= 4)
            pass_first(m, w, xr, xi, yr, yi);
        else
            (s % 8 == 0 ? pass8 : s % 4 == 0 ? pass4 : pass1)(m, s, w, xr, xi, yr, yi);
        w += 6 * m;
        t = xr, xr = yr, yr = t;
        t = xi, xi = yi, yi = t;
    }
    if (xr != re) {
        memcpy(re, xr, size * sizeof *re);
        memcpy(im, xi, size * sizeof *im);
    }
}

// The inverse is the forward transform with the parts exchanged, before and after, divided by n.
void
fft_inverse(fft *f, double *re, double *im)
{
    fft_forward(f, im, re);
    for (long i = 0; i < (long)f->n * f->c; i++) {
        re[i] /= f->n;
        im[i] /= f->n;
    }
}
