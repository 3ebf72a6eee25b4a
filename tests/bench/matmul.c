// One product of matrices (n, k) x (k, m), for tests/bench/bench.py:
//
//     matmul ours|openblas N [M K [WAY]]    WAY: nn, nt (B is stored transposed) or tn (A is)
//     matmul peak                           GF/s of one core's multiply-adds that wait for nothing
//
// OpenBLAS takes a machine newer than itself for an old one and is then slow: name it by OPENBLAS_CORETYPE, SkylakeX
// where there is AVX-512, Haswell for AVX2.
#include "bench.h"

#include "files/fail.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int n, m, k;
    bool at, bt; // stored transposed
    float *a, *b, *c;
} product;

static double
ours(void *context)
{
    const product *p = context;
    matmul(p->n, p->m, p->k, (matrix){p->a, p->at ? 1 : p->k, p->at ? p->n : 1},
           (matrix){p->b, p->bt ? 1 : p->m, p->bt ? p->k : 1}, p->c, p->m, MATMUL_SET);
    return 0;
}

static double
openblas(void *context)
{
    const product *p = context;
    cblas_sgemm(CblasRowMajor, p->at ? CblasTrans : CblasNoTrans, p->bt ? CblasTrans : CblasNoTrans,
                p->n, p->m, p->k, 1, p->a, p->at ? p->n : p->k, p->b, p->bt ? p->k : p->m, 0, p->c,
                p->m);
    return 0;
}

static float *
numbers(int rows, int cols)
{
    size_t lines = ((size_t)rows * cols + 15) / 16;
    float *x = aligned_alloc(64, 64 * lines);
    for (size_t i = 0; i < 16 * lines; i++)
        x[i] = i % 17 / 17.f - 0.5f;
    return x;
}

static void
compare(product *p)
{
    float *c = p->c;
    p->c = numbers(p->n, p->m);
    ours(p);
    float *right = p->c, error = 0;
    p->c = c;
    openblas(p);
    for (long i = 0; i < (long)p->n * p->m; i++)
        error = fmaxf(error, fabsf(c[i] - right[i]));
    if (!(error < 1e-6f * p->k))
        fail("(%d, %d) x (%d, %d): OpenBLAS's result differs by %g", p->n, p->k, p->k, p->m, error);
    free(right);
}

#ifdef __AVX512F__
enum { FLOATS = 16 };
#elif defined(__AVX__)
enum { FLOATS = 8 };
#else
enum { FLOATS = 4 };
#endif
typedef float vector __attribute__((vector_size(4 * FLOATS)));

static inline vector
fma_vector(vector a, vector b, vector c)
{
    for (int l = 0; l < FLOATS; l++)
        c[l] = fma32(a[l], b[l], c[l]);
    return c;
}

// CHAINS independent vectors in registers; the best of many rounds.
static double
peak(void)
{
    enum { STEPS = 100000, CHAINS = 12 };
    static vector sum[CHAINS], factor;
    double best = 0;
    for (int round = 0; round < 100; round++) {
        vector x[CHAINS], y = factor;
        memcpy(x, sum, sizeof x);
        double start = seconds();
        for (int s = 0; s < STEPS; s++)
#pragma GCC unroll 12
            for (int c = 0; c < CHAINS; c++)
                x[c] = fma_vector(x[c], y, y);
        double rate = 2e-9 * STEPS * CHAINS * FLOATS / (seconds() - start);
        best = rate > best ? rate : best;
        memcpy(sum, x, sizeof x);
    }
    return best;
}

int
main(int count, char **argument)
{
    if (count == 2 && !strcmp(argument[1], "peak")) {
        printf("%.4g\n", peak());
        return 0;
    }
    if (count != 3 && count != 5 && count != 6)
        fail("expected: matmul ours|openblas N [M K [nn|nt|tn]], or matmul peak");
    product p = {.n = atoi(argument[2])};
    p.m = count > 4 ? atoi(argument[3]) : p.n;
    p.k = count > 4 ? atoi(argument[4]) : p.n;
    p.at = count > 5 && argument[5][0] == 't';
    p.bt = count > 5 && argument[5][1] == 't';
    p.a = numbers(p.n, p.k);
    p.b = numbers(p.k, p.m);
    p.c = numbers(p.n, p.m);
    compare(&p);
    answer(strcmp(argument[1], "ours") ? openblas : ours, &p);
    free(p.a);
    free(p.b);
    free(p.c);
}
