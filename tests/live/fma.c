// The fused multiply-add without a fused instruction, where it is hard: the fast fma32_exact against the simple
// fma32_odd and the C library's fmaf (which in WebAssembly rounds twice, and is left out), and products of matrices,
// which compute four at a time, against loops of fma32_odd. Ends with 1 at the first difference.
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FACTORS = 11, ADDENDS = 10, TRIPLES = 3000000, BLOCKS = 100000, N = 7, M = 41, K = 3 };

static uint64_t
scramble(uint64_t x)
{
    x = (x ^ x >> 31) * 0x7fb5d329728ea185;
    x = (x ^ x >> 27) * 0x81dadef4bc2dd44d;
    return x ^ x >> 33;
}

static float
with_exponent(uint32_t bits, uint32_t exponent)
{
    return float32((bits & 0x807fffff) | (exponent & 255) << 23);
}

// A hard c for the product of a and b: around minus the product, subnormal, far smaller, infinite ...
static float
addend(int kind, float a, float b, uint64_t r)
{
    float product = a * b;
    switch (kind) {
    case 0: return float32((uint32_t)r);
    case 1: return -product;
    case 2: return float32(bits32(-product) + (r & 7) - 3);
    case 3: return float32((uint32_t)r & 0x80ffffff);
    case 4: return (float)((int)(r & 255) - 128) * 0x1p-149f;
    case 5: return with_exponent((uint32_t)r, (bits32(product) >> 23) - 26 + (r >> 40) % 52);
    case 6: return with_exponent(0, (bits32(product) >> 23) + 23 + (r & 3)); // a power of two
    case 7: return r & 1 ? 0 : -0.f;
    case 8: return with_exponent((uint32_t)r, 254);
    default: return INFINITY;
    }
}

// Factors of any size, of few bits (so that sums lie in the middle), near the ends of the range.
static float
factor(int kind, uint64_t r)
{
    switch (kind) {
    case 0: return float32((uint32_t)r);
    case 1: return (float)((int)(r & 15) - 8) * 0x1p-75f;
    case 2: return (float)(4097 + (r & 4094));
    case 3: return with_exponent((uint32_t)r, 112 + (r >> 32) % 32);
    case 4: return with_exponent((uint32_t)r & 0xfffff000, 64 + (r >> 32) % 8);
    case 5: return float32(((uint32_t)r & 0x80ffffff));
    case 6: return with_exponent((uint32_t)r, 190);
    case 7: return (r & 1) ? 0 : 1;
    case 8: return with_exponent((uint32_t)r & 0x80780000, 127);
    case 9: return with_exponent((uint32_t)r, 254);
    default: return float32(bits32(0x1p-75f) + (r & 1 ? 1 : -2)); // of a product just below 2^-150
    }
}

static int
same(float x, float y)
{
    return bits32(x) == bits32(y) || (isnan(x) && isnan(y));
}

static void
triples(void)
{
    long careful = 0;
    for (uint64_t i = 0; i < TRIPLES; i++) {
        uint64_t r = scramble(3 * i + 1), s = scramble(3 * i + 2), t = scramble(3 * i + 3);
        float a = factor(i % FACTORS, r), b = factor(i / FACTORS % FACTORS, s);
        float c = addend(i / FACTORS / FACTORS % ADDENDS, a, b, t);
        float fast = fma32_exact(a, b, c), simple = fma32_odd(a, b, c), library = simple;
#ifndef __wasm__
        library = fmaf(a, b, c);
#endif
        if (!same(fast, simple) || !same(fast, library)) {
            printf("fma(%a, %a, %a): %a, simply %a, fmaf %a\n", a, b, c, fast, simple, library);
            exit(1);
        }
        careful += !same((float)((double)a * b + c), simple);
    }
    printf("%d triples, of %ld rounding twice is wrong\n", TRIPLES, careful);
    if (careful < 1000)
        exit(1);
}

static void
products(void)
{
    float a[N * K], b[K * M], c[N * M], want[N * M];
    long sums = 0;
    for (uint64_t i = 0; i < BLOCKS; i++) {
        int kind = i % FACTORS, other = i / FACTORS % FACTORS,
            third = i / FACTORS / FACTORS % ADDENDS;
        int n = 1 + i % N; // rows: few, a tile of them, more
        sums += n * M;
        for (int j = 0; j < n * K; j++)
            a[j] = factor(kind, scramble(1000 * i + j));
        for (int j = 0; j < K * M; j++)
            b[j] = factor(other, scramble(1000 * i + 300 + j));
        for (int j = 0; j < n * M; j++)
            want[j] = c[j] = addend(third, a[j / M * K], b[j % M], scramble(1000 * i + 600 + j));
        matmul(n, M, K, matrix_of(a, K), matrix_of(b, M), c, M, MATMUL_ADD);
        for (int j = 0; j < n * M; j++) {
            for (int p = 0; p < K; p++)
                want[j] = fma32_odd(a[j / M * K + p], b[p * M + j % M], want[j]);
            if (!same(c[j], want[j])) {
                printf("block %d, value %d: %a, expected %a\n", (int)i, j, c[j], want[j]);
                exit(1);
            }
        }
    }
    printf("%ld sums of products of matrices\n", sums);
}

// A sum that becomes infinite stays so when as much is taken away again, though as a double it would come back: from a
// large C, and by many products.
static void
overflow(float factor_of_b)
{
    enum { MANY = 250 };
    float a[N * MANY], b[MANY * M], c[N * M];
    for (int k = 2; k <= MANY; k += MANY - 2) {
        for (int j = 0; j < N * k; j++)
            a[j] = j % k < k / 2 ? 0x1p61f : -0x1p61f;
        for (int j = 0; j < k * M; j++)
            b[j] = factor_of_b;
        for (int j = 0; j < N * M; j++)
            c[j] = k == 2 ? 0x1.fffffcp127f : 0x1.8p125f;
        matmul(N, M, k, matrix_of(a, k), matrix_of(b, M), c, M, MATMUL_ADD);
        for (int j = 0; j < N * M; j++) {
            float want = k == 2 ? 0x1.fffffcp127f : 0x1.8p125f;
            for (int p = 0; p < k; p++)
                want = fma32_odd(a[p], b[p * M], want);
            if (!same(c[j], want)) {
                printf("overflow, %d products, value %d: %a, expected %a\n", k, j, c[j], want);
                exit(1);
            }
        }
    }
}

int
main(void)
{
    triples();
    products();
    overflow(0x1p60f);
    overflow(0x1.000002p60f);
}
