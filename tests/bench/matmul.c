// One thread of matmul beside one thread of OpenBLAS, interleaved in one run:
//
//     make build/tests/bench/matmul BENCH_LIBS=-lopenblas && build/tests/bench/matmul
//
// With ARCH=x86-64-v3 both use AVX2. OPENBLAS_CORETYPE in the environment names other kernels.
#include "matmul.h"

#include "numeric.h"

#include <cblas.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __AVX512F__
enum { FLOATS = 16 };
#define CORE "SkylakeX"
#else
enum { FLOATS = 8 };
#define CORE "Haswell"
#endif
enum { ROUNDS = 301 };

typedef float vector __attribute__((vector_size(4 * FLOATS)));

static inline vector
fma_vector(vector a, vector b, vector c)
{
    for (int l = 0; l < FLOATS; l++)
        c[l] = fma32(a[l], b[l], c[l]);
    return c;
}

static double
seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static int
ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

// The value below which the fraction `part` of the n values lies; sorts them.
static double
quantile(double *x, int n, double part)
{
    qsort(x, n, sizeof *x, ascending);
    return x[(int)(part * (n - 1))];
}

// GF/s of multiply-adds that wait for nothing: CHAINS independent vectors in registers.
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

typedef struct {
    int n, m, k;
    const char *way; // nn, nt: B is transposed, tn: A is
    int accumulate;
} shape;

static void
ours(const shape *s, const float *a, const float *b, float *c)
{
    int at = s->way[0] == 't', bt = s->way[1] == 't';
    matmul(s->n, s->m, s->k, a, at ? 1 : s->k, at ? s->n : 1, b, bt ? 1 : s->m, bt ? s->k : 1, c,
           s->m, s->accumulate);
}

static void
theirs(const shape *s, const float *a, const float *b, float *c)
{
    int at = s->way[0] == 't', bt = s->way[1] == 't';
    cblas_sgemm(CblasRowMajor, at ? CblasTrans : CblasNoTrans, bt ? CblasTrans : CblasNoTrans, s->n,
                s->m, s->k, 1, a, at ? s->n : s->k, b, bt ? s->k : s->m, s->accumulate, c, s->m);
}

static double
time_of(void (*product)(const shape *, const float *, const float *, float *), const shape *s,
        int repeat, const float *a, const float *b, float *c)
{
    double start = seconds();
    for (int r = 0; r < repeat; r++)
        product(s, a, b, c);
    return (seconds() - start) / repeat;
}

static float *
matrix(int rows, int cols)
{
    size_t lines = ((size_t)rows * cols + 15) / 16;
    float *x = aligned_alloc(64, 64 * lines);
    for (size_t i = 0; i < 16 * lines; i++)
        x[i] = i % 17 / 17.f - 0.5f;
    return x;
}

static void
measure(const shape *s, double best)
{
    float *a = matrix(s->n, s->k), *b = matrix(s->k, s->m), *c = matrix(s->n, s->m);
    double work = 2. * s->n * s->m * s->k, us[2][ROUNDS], ratio[ROUNDS];
    int repeat = 1 + 2e6 / work, rounds = work > 1e9   ? ROUNDS / 10
                                          : work > 1e8 ? ROUNDS / 3
                                                       : ROUNDS;
    ours(s, a, b, c);
    theirs(s, a, b, c);
    for (int r = 0; r < rounds; r++) {
        us[0][r] = time_of(ours, s, repeat, a, b, c);
        us[1][r] = time_of(theirs, s, repeat, a, b, c);
        ratio[r] = us[1][r] / us[0][r];
    }
    double rate = 1e-9 * work / quantile(us[0], rounds, 0.5);
    printf("%5d %5d %5d  %s%c %8.1f %8.1f  %6.3f  %5.2f-%4.2f  %6.2f\n", s->n, s->m, s->k, s->way,
           s->accumulate ? '+' : ' ', rate, 1e-9 * work / quantile(us[1], rounds, 0.5),
           quantile(ratio, rounds, 0.5), quantile(ratio, rounds, 0.1), quantile(ratio, rounds, 0.9),
           rate / best);
    fflush(stdout);
    free(a);
    free(b);
    free(c);
}

int
main(int count, char **arguments)
{
    omp_set_num_threads(1);
    // OpenBLAS chooses its kernels while it is loaded, and slow ones on a machine newer than itself.
    if (count == 1 && !getenv("OPENBLAS_CORETYPE")) {
        setenv("OPENBLAS_CORETYPE", CORE, 1);
        execv("/proc/self/exe", arguments);
    }
    static const shape shapes[] = {
        {128, 128, 128, "nn", 0},    {192, 192, 192, "nn", 0}, {256, 256, 256, "nn", 0},
        {384, 384, 384, "nn", 0},    {512, 512, 512, "nn", 0}, {768, 768, 768, "nn", 0},
        {1024, 1024, 1024, "nn", 0}, {512, 512, 512, "nt", 0}, {512, 512, 512, "tn", 0},
        {32, 512, 128, "nt", 0},     {32, 128, 512, "nn", 0},  {128, 512, 32, "tn", 1},
        {50, 128, 32, "nt", 0},      {50, 128, 32, "nn", 0},   {50, 128, 32, "tn", 1},
        {1024, 64, 64, "nt", 0},     {1024, 64, 64, "nn", 0},  {1024, 64, 64, "tn", 1},
        {64, 64, 64, "nn", 0},       {64, 64, 64, "nt", 0},    {16, 16, 16, "nn", 0},
        {16, 16, 16, "nt", 0},       {5, 7, 3, "nn", 0},       {5, 7, 3, "nt", 0},
    };
    openblas_set_num_threads(1);
    double best = peak();
    printf("peak of fused multiply-adds %.1f GF/s; OpenBLAS runs its kernels for %s\n", best,
           openblas_get_corename());
    printf("    n     m     k  way     GF/s OpenBLAS   ratio   10%%-90%%  of peak\n");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        measure(shapes + i, best);
}
