#include "numbers/numeric.h"

#include <stdlib.h>
#include <string.h>

enum {
    PARTS = 4,           // the lanes stand in four vectors, to hide the time an addition takes
    BYTES = 32,          // of a vector: an AVX2 register; compilers divide it for smaller ones
    FLOATS = PARTS * 8,  // lanes of a sum of floats
    DOUBLES = PARTS * 4, // lanes of a sum of doubles
};

typedef float floats __attribute__((vector_size(BYTES), aligned(4), may_alias));
typedef double doubles __attribute__((vector_size(BYTES), aligned(8), may_alias));

// The next block of a sum: x, or if only `left` < `size` bytes are left, a copy with zeros behind.
static inline const void *
block(long left, const void *x, size_t size, void *rest)
{
    if (left >= (long)size)
        return x;
    memset(rest, 0, size);
    return memcpy(rest, x, left);
}

// Lane l adds lane l + 16, then l + 8, l + 4, l + 2 and l + 1.
static inline float
fold32(const floats a[PARTS])
{
    floats s = (a[0] + a[2]) + (a[1] + a[3]);
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

// Lane l adds lane l + 8, then l + 4, l + 2 and l + 1.
static inline double
fold64(const doubles a[PARTS])
{
    doubles s = (a[0] + a[2]) + (a[1] + a[3]);
    return (s[0] + s[2]) + (s[1] + s[3]);
}

float
sum32(long n, const float *x)
{
    floats a[PARTS] = {0}, rest[PARTS];
    for (long i = 0; i < n; i += FLOATS) {
        const floats *v = block((n - i) * sizeof *x, x + i, sizeof rest, rest);
        for (int p = 0; p < PARTS; p++)
            a[p] += v[p];
    }
    return fold32(a);
}

float
dot32(long n, const float *x, const float *y)
{
    floats a[PARTS] = {0}, rest_x[PARTS], rest_y[PARTS];
    for (long i = 0; i < n; i += FLOATS) {
        const floats *v = block((n - i) * sizeof *x, x + i, sizeof rest_x, rest_x);
        const floats *w = block((n - i) * sizeof *y, y + i, sizeof rest_y, rest_y);
        for (int p = 0; p < PARTS; p++)
            a[p] += v[p] * w[p];
    }
    return fold32(a);
}

static inline float
larger(float a, float b)
{
    return b > a ? b : a;
}

static inline void
larger_half(int half, float *a)
{
    for (int l = 0; l < half; l++)
        a[l] = larger(a[l], a[l + half]);
}

float
max32(long n, const float *x)
{
    float a[FLOATS];
    for (int l = 0; l < FLOATS; l++)
        a[l] = -__builtin_inff();
    long i = 0;
    for (; i + FLOATS <= n; i += FLOATS)
        for (int l = 0; l < FLOATS; l++)
            a[l] = larger(a[l], x[i + l]);
    for (int l = 0; i + l < n; l++)
        a[l] = larger(a[l], x[i + l]);
    larger_half(16, a);
    larger_half(8, a);
    larger_half(4, a);
    return larger(larger(a[0], a[2]), larger(a[1], a[3]));
}

float
softmax32(long n, const float *x, float *y)
{
    float top = max32(n, x);
    for (long i = 0; i < n; i++)
        y[i] = exp32(x[i] - top);
    float sum = sum32(n, y);
    for (long i = 0; i < n; i++)
        y[i] /= sum;
    return log32(sum);
}

double
sum64(long n, const double *x)
{
    doubles a[PARTS] = {0}, rest[PARTS];
    for (long i = 0; i < n; i += DOUBLES) {
        const doubles *v = block((n - i) * sizeof *x, x + i, sizeof rest, rest);
        for (int p = 0; p < PARTS; p++)
            a[p] += v[p];
    }
    return fold64(a);
}

double
sumsq(long n, const float *x)
{
    doubles a[PARTS] = {0};
    float rest[DOUBLES];
    for (long i = 0; i < n; i += DOUBLES) {
        const float *v = block((n - i) * sizeof *x, x + i, sizeof rest, rest);
        for (int p = 0; p < PARTS; p++) {
            doubles d = {v[p * 4], v[p * 4 + 1], v[p * 4 + 2], v[p * 4 + 3]};
            a[p] += d * d;
        }
    }
    return fold64(a);
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void
sort64(long n, double *x)
{
    qsort(x, n, sizeof *x, ascending);
}
