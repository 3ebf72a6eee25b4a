// The random numbers: published answers of Philox, and statistics of what is made of its words.
#include "numbers/random.h"
#include "numbers/stats.h"
#include "test.h"

#include <math.h>
#include <string.h>

enum { DRAWS = 1 << 20, BINS = 1000 };

// A statistic with mean 0 and variance 1: beyond 4 it is one in 16,000.
static void
check_z(const char *what, double z)
{
    ck_assert_msg(fabs(z) < 4, "%s: z = %g", what, z);
}

// Pearson's chi-square of counts that should be equal, about normal for many bins.
static double
chi_square_z(int bins, const int *count)
{
    double total = 0, chi = 0;
    for (int b = 0; b < bins; b++)
        total += count[b];
    for (int b = 0; b < bins; b++)
        chi += (count[b] - total / bins) * (count[b] - total / bins) / (total / bins);
    return (chi - (bins - 1)) / sqrt(2 * (bins - 1));
}

// The vectors of Random123's kat_vectors.
START_TEST(known_answers)
{
    static const uint32_t vectors[][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
         0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint32_t out[4];
        philox(vectors[i], vectors[i] + 4, out);
        ck_assert_mem_eq(out, vectors[i] + 6, sizeof out);
    }
}
END_TEST

START_TEST(words_in_order)
{
    rng r = rng_at(5, 6);
    for (uint32_t block = 0; block < 3; block++) {
        uint32_t out[4];
        philox((uint32_t[]){block, 0, 0, 0}, (uint32_t[]){5, 6}, out);
        for (int i = 0; i < 4; i++)
            ck_assert_uint_eq(rng_u32(&r), out[i]);
    }
    // the counter's carry into its high word
    r = rng_at(5, 6);
    r.block = 0x1ffffffff;
    for (uint32_t high = 1; high <= 2; high++) {
        uint32_t out[4];
        philox((uint32_t[]){high == 1 ? 0xffffffff : 0, high, 0, 0}, (uint32_t[]){5, 6}, out);
        for (int i = 0; i < 4; i++)
            ck_assert_uint_eq(rng_u32(&r), out[i]);
    }
}
END_TEST

// Each kind of number from the words that it is made of.
START_TEST(numbers_from_words)
{
    rng r = rng_at(1, 2), words = r;
    for (int i = 0; i < 1000; i++) {
        ck_assert(rng_uniform(&r) == (float)(rng_u32(&words) >> 8) / 16777216);
        uint64_t high = rng_u32(&words), both = high << 32 | rng_u32(&words);
        ck_assert(rng_uniform64(&r) == ldexp((double)(both >> 11), -53));
        high = rng_u32(&words);
        both = high << 32 | rng_u32(&words);
        ck_assert(rng_normal(&r) == normal_quantile(ldexp((double)(both >> 12) + 0.5, -52)));
        ck_assert_uint_eq(rng_below(&r, 1 << 20), rng_u32(&words) >> 12);
    }
    float normal[100], uniform[100];
    words = r;
    rng_fill_normal(&r, 100, normal, 3, 0.5);
    rng_fill_uniform(&r, 100, uniform, -2, 6);
    for (int i = 0; i < 100; i++)
        ck_assert(normal[i] == (float)(3 + 0.5 * rng_normal(&words)));
    for (int i = 0; i < 100; i++)
        ck_assert(uniform[i] == -2 + 8 * rng_uniform(&words));
}
END_TEST

START_TEST(moments_of_uniforms)
{
    rng r = rng_at(11, 0);
    double mean = 0, square = 0, mean64 = 0, square64 = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = rng_uniform(&r), y = rng_uniform64(&r);
        if (!(0 <= x && x < 1 && 0 <= y && y < 1))
            ck_abort_msg("outside [0, 1): %g, %g", x, y);
        mean += x / DRAWS;
        square += x * x / DRAWS;
        mean64 += y / DRAWS;
        square64 += y * y / DRAWS;
    }
    check_z("mean", (mean - 0.5) / sqrt(1. / 12 / DRAWS));
    check_z("square", (square - 1. / 3) / sqrt(4. / 45 / DRAWS));
    check_z("mean, double", (mean64 - 0.5) / sqrt(1. / 12 / DRAWS));
    check_z("square, double", (square64 - 1. / 3) / sqrt(4. / 45 / DRAWS));
}
END_TEST

START_TEST(moments_of_normals)
{
    rng r = rng_at(12, 0);
    double moment[5] = {0};
    int count[BINS] = {0};
    for (int i = 0; i < DRAWS; i++) {
        double x = rng_normal(&r), power = 1;
        for (int m = 1; m <= 4; m++)
            moment[m] += (power *= x) / DRAWS;
        count[(int)(BINS * erfc(-x / sqrt(2)) / 2)]++;
    }
    check_z("mean", moment[1] * sqrt(DRAWS));
    check_z("variance", (moment[2] - 1) * sqrt(DRAWS / 2.));
    check_z("third moment", moment[3] * sqrt(DRAWS / 15.));
    check_z("fourth moment", (moment[4] - 3) * sqrt(DRAWS / 96.));
    check_z("distribution", chi_square_z(BINS, count));
}
END_TEST

// Against quantiles to 17 digits, and against the distribution function at many points.
START_TEST(quantiles)
{
    static const double known[][2] = {
        {0.5, 0},
        {0.25, -0.67448975019608171},
        {0.975, 1.9599639845400545},
        {0.001, -3.0902323061678135},
        {1e-10, -6.3613409024040557},
        {1e-20, -9.2623400897984081},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double x = normal_quantile(known[i][0]);
        ck_assert_msg(fabs(x - known[i][1]) <= 1e-15 * fabs(known[i][1]), "quantile of %g is %.17g",
                      known[i][0], x);
    }
    for (double p = 0.5; p > 1e-300; p *= 0.99) {
        double x = normal_quantile(p), back = erfc(-x / sqrt(2)) / 2;
        // a relative error e of x is one of about x^2 e in p
        ck_assert_msg(fabs(back / p - 1) < 2e-15 * (1 + x * x), "quantile of %g is %.17g", p, x);
        ck_assert(p < 0x1p-20 || fabs(x + normal_quantile(1 - p)) < 1e-9);
    }
}
END_TEST

// Beyond the bound for k one |z| is k times as rare as beyond 4.
START_TEST(worst_bounds)
{
    ck_assert_double_eq_tol(stats_worst_bound(1), 4, 1e-9);
    for (int k = 2; k < 1000; k *= 3)
        ck_assert_double_eq_tol(erfc(stats_worst_bound(k) / sqrt(2)) * k / erfc(4 / sqrt(2)), 1,
                                1e-9);
}
END_TEST

START_TEST(below_is_uniform)
{
    rng r = rng_at(13, 0);
    int count[BINS] = {0};
    for (int i = 0; i < DRAWS; i++)
        count[rng_below(&r, BINS)]++;
    check_z("below 1000", chi_square_z(BINS, count));
    // here a quarter of the words is rejected; else every third value would be twice as likely
    memset(count, 0, sizeof count);
    for (int i = 0; i < DRAWS; i++)
        count[rng_below(&r, 3u << 30) % 3]++;
    check_z("below 3 2^30", chi_square_z(3, count));
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(rng_below(&r, 1), 0);
}
END_TEST

START_TEST(below_zero_is_an_error)
{
    rng r = rng_at(0, 0);
    REFUSED(rng_below(&r, 0), "rng_below: n = 0, there is no number below 0");
}
END_TEST

START_TEST(streams_are_independent)
{
    static const uint32_t keys[][2] = {{0, 0}, {0, 1}, {1, 0}, {0, 0xffffffff}, {1, 1}};
    enum { KEYS = sizeof keys / sizeof *keys };
    for (int i = 0; i < KEYS; i++)
        for (int j = 0; j < i; j++) {
            rng a = rng_at(keys[i][0], keys[i][1]), b = rng_at(keys[j][0], keys[j][1]);
            double product = 0;
            for (int d = 0; d < 1 << 16; d++)
                product += (rng_uniform(&a) - 0.5) * (rng_uniform(&b) - 0.5);
            check_z("product of two streams", product * 12 / sqrt(1 << 16));
        }
    // the first words of many streams are a random sequence themselves
    int count[BINS] = {0};
    for (uint32_t stream = 0; stream < DRAWS; stream++) {
        rng r = rng_at(14, stream);
        count[rng_below(&r, BINS)]++;
    }
    check_z("first words", chi_square_z(BINS, count));
}
END_TEST

// Other seeds everywhere, and back.
START_TEST(shifted_seeds)
{
    rng right = rng_at(1007, 3);
    rng_shift_seeds(1000);
    rng shifted = rng_at(7, 3);
    rng_shift_seeds(0);
    rng plain = rng_at(7, 3);
    uint32_t word = rng_u32(&right);
    ck_assert_uint_eq(rng_u32(&shifted), word);
    ck_assert_uint_ne(rng_u32(&plain), word);
}
END_TEST

TEST_MAIN("random", shifted_seeds, known_answers, words_in_order, numbers_from_words,
          moments_of_uniforms, moments_of_normals, quantiles, worst_bounds, below_is_uniform,
          below_zero_is_an_error, streams_are_independent)
