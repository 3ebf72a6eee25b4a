#include "checker/fit.h"

#include <math.h>
#include <string.h>

// Solves a x = b by elimination, a the sums of the terms' products: symmetric, so that no rows need be exchanged.
// False: one term is made of the others.
static bool
solve(int n, double a[FIT_TERMS][FIT_TERMS], double b[FIT_TERMS])
{
    for (int k = 0; k < n; k++) {
        if (!(a[k][k] > 1e-9))
            return false;
        for (int i = 0; i < n; i++)
            if (i != k) {
                double by = a[i][k] / a[k][k];
                for (int j = k; j < n; j++)
                    a[i][j] -= by * a[k][j];
                b[i] -= by * b[k];
            }
    }
    for (int k = 0; k < n; k++)
        b[k] /= a[k][k];
    return true;
}

bool
fit_find(int terms, int equations, double (*values)[FIT_TERMS], const double *sums, double apart,
         double by[FIT_TERMS])
{
    double a[FIT_TERMS][FIT_TERMS] = {{0}}, b[FIT_TERMS] = {0}, most = 0, error = 0;
    for (int k = 0; k < equations; k++)
        for (int i = 0; i < terms; i++) {
            for (int j = 0; j < terms; j++)
                a[i][j] += values[k][i] * values[k][j];
            b[i] += values[k][i] * sums[k];
        }
    if (equations < terms + FIT_MORE || !solve(terms, a, b))
        return false;
    memcpy(by, b, sizeof b);
    for (int k = 0; k < equations; k++) {
        double sum = -sums[k];
        for (int i = 0; i < terms; i++)
            sum += b[i] * values[k][i];
        error = fmax(error, isnan(sum) ? INFINITY : fabs(sum));
        most = fmax(most, fabs(sums[k]));
    }
    return error <= fmax(1e-8 * most, apart);
}
