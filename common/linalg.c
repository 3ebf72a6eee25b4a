#include "linalg.h"

#include "fail.h"
#include "numeric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *
doubles_new(long n)
{
    double *x = calloc(n > 0 ? n : 1, sizeof *x);
    if (!x)
        fail("linalg: no memory for %ld numbers", n);
    return x;
}

void
linalg_product(int n, int m, int k, const double *a, const double *b, double *c)
{
    memset(c, 0, (size_t)n * m * sizeof *c);
    for (int i = 0; i < n; i++)
        for (int p = 0; p < k; p++)
            for (int j = 0; j < m; j++)
                c[i * m + j] += a[i * k + p] * b[p * m + j];
}

// row <- row - factor pivot, n values.
static inline void
eliminate(int n, double factor, const double *pivot, double *row)
{
    for (int j = 0; j < n; j++)
        row[j] -= factor * pivot[j];
}

static void
exchange(int n, double *x, double *y)
{
    for (int j = 0; j < n; j++) {
        double t = x[j];
        x[j] = y[j];
        y[j] = t;
    }
}

void
linalg_solve(const char *name, int n, const double *a, int m, double *b)
{
    double *u = doubles_new((long)n * n), *largest = doubles_new(n);
    memcpy(u, a, (size_t)n * n * sizeof *u);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            largest[j] = fmax(largest[j], fabs(u[i * n + j]));
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(u[i * n + k]) > fabs(u[pivot * n + k]))
                pivot = i;
        double size = fabs(u[pivot * n + k]);
        if (!(size > n * 0x1p-52 * largest[k] && size <= 0x1.fffffffffffffp1023)) {
            free(u);
            free(largest);
            fail("linalg_solve: %s (%d, %d) is singular: the pivot of column %d is %.3g", name, n,
                 n, k, size);
        }
        exchange(n, u + k * n, u + pivot * n);
        exchange(m, b + k * m, b + pivot * m);
        for (int i = k + 1; i < n; i++) {
            double factor = u[i * n + k] / u[k * n + k];
            eliminate(n - k, factor, u + k * n + k, u + i * n + k);
            eliminate(m, factor, b + k * m, b + i * m);
        }
    }
    for (int k = n - 1; k >= 0; k--) {
        for (int j = 0; j < m; j++)
            b[k * m + j] /= u[k * n + k];
        for (int i = 0; i < k; i++)
            eliminate(m, u[i * n + k], b + k * m, b + i * m);
    }
    free(u);
    free(largest);
}
