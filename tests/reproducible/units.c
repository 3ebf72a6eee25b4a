// One hash for each building block of the book's numbers, over many inputs: `units THREADS` prints them, and every
// build on every machine must print the same. NaN counts as one value, whatever its bits.
#include "numbers/fft.h"
#include "numbers/formats.h"
#include "numbers/linalg.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t
mix(uint64_t h, uint64_t bits)
{
    h = (h ^ bits) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static uint64_t
mix32(uint64_t h, float x)
{
    return mix(h, isnan(x) ? 0x7fc00000u : bits32(x));
}

static uint64_t
mix64(uint64_t h, double x)
{
    return mix(h, isnan(x) ? 0x7ff8000000000000u : bits64(x));
}

static uint64_t
mix_all(uint64_t h, long n, const double *x)
{
    for (long i = 0; i < n; i++)
        h = mix64(h, x[i]);
    return h;
}

static void
print(const char *name, uint64_t h)
{
    printf("%s\t%016llx\n", name, (unsigned long long)h);
}

static double *
normals(uint32_t stream, long n)
{
    rng r = rng_at(1, stream);
    double *x = malloc(n * sizeof *x);
    for (long i = 0; i < n; i++)
        x[i] = rng_normal(&r);
    return x;
}

static float *
floats(uint32_t stream, long n)
{
    rng r = rng_at(1, stream);
    float *x = malloc(n * sizeof *x);
    rng_fill_normal(&r, n, x, 0, 1);
    return x;
}

// Products of odd shapes in all four orders, with and without what C held before, and one that is threaded.
static void
products(void)
{
    static const int shapes[][3] = {{1, 1, 1},     {2, 3, 5},      {7, 17, 33},
                                    {13, 31, 257}, {12, 32, 64},   {65, 5, 70},
                                    {3, 129, 511}, {97, 101, 103}, {240, 230, 250}};
    uint64_t h = 0;
    for (int s = 0; s < 9; s++) {
        int n = shapes[s][0], m = shapes[s][1], k = shapes[s][2];
        float *a = floats(1, (long)n * k), *b = floats(2, (long)k * m), *c = floats(3, (long)n * m);
        a[0] = NAN, b[0] = INFINITY, c[0] = 1e-42f;
        for (int form = 0; form < 8; form++) {
            int at = form & 1, bt = form & 2;
            matmul(n, m, k, (matrix){a, at ? 1 : k, at ? n : 1},
                   (matrix){b, bt ? 1 : m, bt ? k : 1}, c, m, form / 4);
            for (int i = 0; i < n * m; i++)
                h = mix32(h, c[i]);
        }
        free(a), free(b), free(c);
    }
    print("matmul", h);
}

// Every 4099th bit pattern of float: subnormals, infinities and NaN are among them.
static void
float_functions(void)
{
    static const struct {
        const char *name;
        float (*f)(float);
    } all[] = {{"exp32", exp32},         {"log32", log32}, {"tanh32", tanh32},
               {"sigmoid32", sigmoid32}, {"erf32", erf32}, {"sqrt32", sqrt32}};
    for (int f = 0; f < 6; f++) {
        uint64_t h = 0;
        for (uint64_t i = 0; i < 1ull << 32; i += 4099)
            h = mix32(h, all[f].f(float32((uint32_t)i)));
        print(all[f].name, h);
    }
    uint64_t h = 0;
    rng r = rng_at(1, 4);
    for (int i = 0; i < 1000000; i++) {
        float a = float32(rng_u32(&r)), b = float32(rng_u32(&r)), c = float32(rng_u32(&r));
        h = mix32(h, fma32(a, b, c));
    }
    print("fma32", h);
}

static void
double_functions(void)
{
    static const struct {
        const char *name;
        double (*f)(double);
    } all[] = {{"exp64", exp64},   {"expm1_64", expm1_64}, {"log64", log64},
               {"sin64", sin64},   {"cos64", cos64},       {"acos64", acos64},
               {"tanh64", tanh64}, {"erf64", erf64},       {"sqrt64", sqrt64}};
    for (int f = 0; f < 9; f++) {
        uint64_t h = 0, bits = 0;
        for (int i = 0; i < 300000; i++) {
            bits = mix(bits, i);
            h = mix64(h, all[f].f(float64(bits))); // anything
            h = mix64(h, all[f].f(float64((bits & ~(0x7ffull << 52)) | (1013 + bits % 20)
                                                                           << 52))); // 2^-10..2^9
        }
        print(all[f].name, h);
    }
    uint64_t h = 0;
    rng r = rng_at(1, 5);
    for (int i = 0; i < 300000; i++) {
        double x = 10 * rng_uniform64(&r), y = 20 * rng_normal(&r);
        h = mix64(h, pow64(x, y));
    }
    print("pow64", h);
}

// Sums of 1 to 399 values.
static void
sums(void)
{
    float *x = floats(6, 399), *y = floats(7, 399), p[399];
    double *z = normals(8, 399);
    uint64_t h[6] = {0};
    for (int n = 1; n < 400; n++) {
        h[0] = mix32(h[0], sum32(n, x));
        h[1] = mix32(h[1], dot32(n, x, y));
        h[2] = mix32(h[2], max32(n, x));
        h[3] = mix32(h[3], softmax32(n, x, p));
        for (int i = 0; i < n; i++)
            h[3] = mix32(h[3], p[i]);
        h[4] = mix64(h[4], sum64(n, z));
        h[5] = mix64(h[5], sumsq(n, x));
    }
    static const char *const names[] = {"sum32", "dot32", "max32", "softmax32", "sum64", "sumsq"};
    for (int i = 0; i < 6; i++)
        print(names[i], h[i]);
    free(x), free(y), free(z);
}

// The same patterns, and more in one loop, as bits and rounded.
static void
formats(void)
{
    static const float_format *const all[] = {&format_half, &format_bfloat, &format_e4m3,
                                              &format_e4m3_max, &format_e5m2};
    enum { N = 1 << 20 };
    float *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
    uint16_t *pattern = malloc(N * sizeof *pattern);
    uint64_t h = 0;
    for (uint32_t i = 0; i < N; i++)
        x[i] = float32(i * 4099u);
    for (int f = 0; f < 5; f++) {
        format_round_all(all[f], N, x, y);
        for (int i = 0; i < N; i++) {
            h = mix(mix32(h, y[i]), isnan(x[i]) ? 0 : format_encode(all[f], x[i]));
            h = mix32(h, format_round_random(all[f], x[i], (float)i * 0x1p-20f));
        }
    }
    for (int f = 0; f < 2; f++) {
        (f ? format_to_bfloat : format_to_half)(N, x, pattern);
        (f ? format_from_bfloat : format_from_half)(N, pattern, y);
        for (int i = 0; i < N; i++)
            h = mix32(mix(h, pattern[i]), y[i]);
    }
    print("formats", h);
    free(x), free(y), free(pattern);
}

static void
random_numbers(void)
{
    uint64_t h = 0;
    rng r = rng_at(123, 45);
    for (int i = 0; i < 200000; i++) {
        h = mix(h, rng_u32(&r));
        h = mix32(h, rng_uniform(&r));
        h = mix64(h, rng_uniform64(&r));
        h = mix(h, rng_below(&r, 1000003));
        h = mix64(h, rng_normal(&r));
    }
    print("random", h);
}

static void
transforms(void)
{
    uint64_t h = 0;
    for (int n = 1; n <= 4096; n *= 2)
        for (int c = 1; c < 6; c += 2) {
            double *re = normals(9, (long)n * c), *im = normals(10, (long)n * c);
            fft *f = fft_new(n, c);
            fft_forward(f, re, im);
            h = mix_all(mix_all(h, (long)n * c, re), (long)n * c, im);
            fft_inverse(f, re, im);
            h = mix_all(mix_all(h, (long)n * c, re), (long)n * c, im);
            fft_free(f);
            free(re), free(im);
        }
    print("fft", h);
}

static void
linear_algebra(void)
{
    uint64_t solve = 0, qr = 0, symmetric = 0, hermitian = 0, expm = 0;
    for (int n = 1; n <= 33; n += 4) {
        double *a = normals(11, n * n), *b = normals(12, n * n), *q = normals(13, n * n);
        double *s = normals(14, n * n), *values = normals(15, n), *t = normals(16, n * n);
        double *u = normals(17, n * n);
        linalg_solve("a", n, a, n, b);
        solve = mix_all(solve, n * n, b);
        linalg_qr(n, n, a, q, s);
        qr = mix_all(mix_all(qr, n * n, q), n * n, s);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                s[i * n + j] = a[i * n + j] + a[j * n + i];
                t[i * n + j] = q[i * n + j] - q[j * n + i];
            }
        linalg_symmetric(n, s, values, u);
        symmetric = mix_all(mix_all(symmetric, n, values), n * n, u);
        linalg_hermitian(n, s, t, values, u, q);
        hermitian = mix_all(mix_all(mix_all(hermitian, n, values), n * n, u), n * n, q);
        linalg_expm(n, a, q);
        expm = mix_all(expm, n * n, q);
        free(a), free(b), free(q), free(s), free(values), free(t), free(u);
    }
    print("linalg_solve", solve);
    print("linalg_qr", qr);
    print("linalg_symmetric", symmetric);
    print("linalg_hermitian", hermitian);
    print("linalg_expm", expm);
}

int
main(int argc, char **argv)
{
    omp_set_num_threads(argc > 1 ? atoi(argv[1]) : 1);
    products();
    float_functions();
    double_functions();
    sums();
    formats();
    random_numbers();
    transforms();
    linear_algebra();
}
