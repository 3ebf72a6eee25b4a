#include "s4/signal.h"

#include "s4/s4.h"

double
s4_three_waves(double x)
{
    const double turn = 2 * pi64;
    return sin64(2 * turn * x) + 0.7 * sin64(5 * turn * x + 1) + 0.5 * sin64(11 * turn * x + 2);
}

double
s4_memory_error(int N, int T, const double *f, const double *c, double shift)
{
    double sum = 0;
    for (int i = 0; i < T; i++) {
        double gap = f[i] - s4_reconstruct(S4_LEGS, N, c, (i + shift) / (T - 0.5));
        sum += gap * gap;
    }
    return sum / T;
}

double
s4_norm(long n, const double *x)
{
    double square = 0;
    for (long i = 0; i < n; i++)
        square += x[i] * x[i];
    return sqrt64(square);
}

double
s4_relative_error(long n, const double *x, const double *y)
{
    double square = 0;
    for (long i = 0; i < n; i++)
        square += (x[i] - y[i]) * (x[i] - y[i]);
    return sqrt64(square) / s4_norm(n, y);
}
