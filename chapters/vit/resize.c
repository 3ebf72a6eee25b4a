#include "vit/resize.h"

#include "files/fail.h"
#include "numbers/linalg.h"

#include <math.h>
#include <string.h>

// The weight of a sample at distance x from where it is asked.
static double
kernel_at(vit_kernel kernel, double x)
{
    const double a = -0.75;
    x = fabs(x);
    if (kernel == VIT_LINEAR)
        return x < 1 ? 1 - x : 0;
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

static int
clamp(int i, int n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

void
vit_resize_matrix(vit_kernel kernel, int n, int m, double *r)
{
    if (n < 1 || m < 1)
        fail("vit_resize_matrix: from %d to %d samples; expected at least one", n, m);
    memset(r, 0, (long)m * n * sizeof *r);
    for (int i = 0; i < m; i++) {
        double at = (i + 0.5) * n / m - 0.5; // where sample i is asked, in samples of x
        int near = (int)floor(at);
        for (int j = near - 1; j <= near + 2; j++)
            r[i * n + clamp(j, n)] += kernel_at(kernel, at - j);
    }
}

// y (m, n) = x^T, x (n, m).
static void
transpose(int n, int m, const double *x, double *y)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++)
            y[j * n + i] = x[i * m + j];
}

void
vit_pseudo_inverse(int n, int m, const double *r, double *inverse)
{
    int few = n < m ? n : m, many = n + m - few;
    double turned[n * m], gram[few * few], solved[n * m];
    transpose(m, n, r, turned);
    const double *rows = m < n ? r : turned; // (few, many), independent: Q = R, or R^T
    for (int i = 0; i < few * few; i++)
        gram[i] = linalg_dot(many, rows + i / few * many, rows + i % few * many);
    // (Q Q^T)^-1 Q, which is R^+ or, for R, its transpose
    memcpy(solved, rows, n * m * sizeof *solved);
    linalg_solve("R's rows or columns", few, gram, many, solved);
    if (m < n)
        transpose(m, n, solved, inverse);
    else
        memcpy(inverse, solved, n * m * sizeof *inverse);
}

// y (h2, w2) = A x B^T for x (h, w), A (h2, h), B (w2, w).
static void
on_both_sides(int h, int w, const double *x, int h2, const double *a, int w2, const double *b,
              double *y)
{
    double half[h2 * w], turned[w * w2];
    linalg_product(h2, w, h, a, x, half);
    transpose(w2, w, b, turned);
    linalg_product(h2, w2, w, half, turned, y);
}

void
vit_resize_positions(vit_kernel kernel, int first, int D, int h, int w, const float *from, int h2,
                     int w2, float *to)
{
    double rows[h2 * h], columns[w2 * w], x[h * w], y[h2 * w2];
    vit_resize_matrix(kernel, h, h2, rows);
    vit_resize_matrix(kernel, w, w2, columns);
    memcpy(to, from, (long)first * D * sizeof *to);
    from += first * D;
    to += first * D;
    for (int d = 0; d < D; d++) {
        for (int i = 0; i < h * w; i++)
            x[i] = from[i * D + d];
        on_both_sides(h, w, x, h2, rows, w2, columns, y);
        for (int i = 0; i < h2 * w2; i++)
            to[i * D + d] = (float)y[i];
    }
}

void
vit_resize_patches(vit_weights how, int rows, int P, const float *w, int P2, float *w2)
{
    double r[P2 * P], inverse[P * P2], x[P * P], y[P2 * P2];
    vit_resize_matrix(VIT_LINEAR, P, P2, r);
    if (how == VIT_PSEUDO_INVERSE) { // in place of R, its pseudo-inverse's transpose
        vit_pseudo_inverse(P, P2, r, inverse);
        transpose(P, P2, inverse, r);
    }
    double gain = how == VIT_OVER_GAIN ? (double)P2 * P2 / (P * P) : 1;
    for (long i = 0; i < rows; i++) {
        for (int j = 0; j < P * P; j++)
            x[j] = w[i * P * P + j];
        on_both_sides(P, P, x, P2, r, P2, r, y);
        for (int j = 0; j < P2 * P2; j++)
            w2[i * P2 * P2 + j] = (float)(y[j] / gain);
    }
}
