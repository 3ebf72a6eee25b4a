// Binary formats of 16 and 8 bits: every pattern of each, every pair of neighbours, against the definition in double.
#include "numbers/formats.h"

#include "numbers/numeric.h"
#include "test.h"

#include <math.h>
#include <stdbool.h>

static const float_format *const all[] = {&format_half, &format_bfloat, &format_e4m3,
                                          &format_e4m3_max, &format_e5m2};
enum { FORMATS = 5 };

static uint32_t
patterns(const float_format *f)
{
    return 1u << (1 + f->exponent + f->fraction);
}

static bool
same(float a, float b)
{
    return bits32(a) == bits32(b) || (isnan(a) && isnan(b));
}

// ---- What a pattern means ----

// The definition, with C's own functions.
static double
defined(const float_format *f, uint32_t pattern)
{
    int F = pattern % (1 << f->fraction), E = (pattern >> f->fraction) % (1 << f->exponent);
    int bias = (1 << (f->exponent - 1)) - 1, top = (1 << f->exponent) - 1;
    double one = ldexp(1, f->fraction), sign = pattern * 2 >= patterns(f) ? -1 : 1;
    if (f->end == FORMAT_INFINITY && E == top)
        return F ? NAN : sign * INFINITY;
    if (f->end != FORMAT_INFINITY && E == top && F == one - 1)
        return NAN;
    return sign * ldexp(E ? 1 + F / one : F / one, E ? E - bias : 1 - bias);
}

START_TEST(every_pattern)
{
    for (int i = 0; i < FORMATS; i++)
        for (uint32_t p = 0; p < patterns(all[i]); p++) {
            float x = format_decode(all[i], p);
            ck_assert_msg(same(x, (float)defined(all[i], p)), "%s: pattern %x is %g", all[i]->name,
                          p, x);
            if (isinf(x) && all[i]->end == FORMAT_SATURATES)
                ck_abort_msg("an infinity in %s", all[i]->name);
            ck_assert(isnan(x) || format_encode(all[i], x) == p);
            ck_assert(same(format_round(all[i], x), x));
        }
}
END_TEST

START_TEST(counts)
{
    static const struct {
        const float_format *f;
        int finite, infinite, nan;
        double largest, normal, least;
    } known[] = {{&format_half, 63488, 2, 2046, 65504, 0x1p-14, 0x1p-24},
                 {&format_bfloat, 65280, 2, 254, 0x1.fep127, 0x1p-126, 0x1p-133},
                 {&format_e4m3, 254, 0, 2, 448, 0x1p-6, 0x1p-9},
                 {&format_e5m2, 248, 2, 6, 57344, 0x1p-14, 0x1p-16}};
    for (int i = 0; i < 4; i++) {
        int n[3] = {0};
        for (uint32_t p = 0; p < patterns(known[i].f); p++) {
            float x = format_decode(known[i].f, p);
            n[isnan(x) ? 2 : isinf(x) ? 1 : 0]++;
        }
        ck_assert_int_eq(n[0], known[i].finite);
        ck_assert_int_eq(n[1], known[i].infinite);
        ck_assert_int_eq(n[2], known[i].nan);
        ck_assert_double_eq(format_largest(known[i].f), known[i].largest);
        ck_assert_double_eq(ldexp(1, format_lowest(known[i].f)), known[i].normal);
        ck_assert_double_eq(format_decode(known[i].f, 1), known[i].least);
        ck_assert_double_eq(format_spacing(known[i].f, 0), known[i].least);
        ck_assert_double_eq(
            format_spacing(known[i].f, (float)known[i].largest),
            format_largest(known[i].f) -
                format_decode(known[i].f, format_encode(known[i].f, known[i].largest) - 1));
    }
}
END_TEST

// ---- Rounding ----

// x and -x must round to the number with this pattern and to its negative.
static void
rounds_to(const float_format *f, float x, uint32_t pattern)
{
    float y = format_decode(f, pattern), both[2] = {x, -x}, rounded[2];
    ck_assert_msg(same(format_round(f, x), y), "%s: %a rounds to %a, expected %a", f->name, x,
                  format_round(f, x), y);
    ck_assert(same(format_round(f, -x), -y));
    format_round_all(f, 2, both, rounded);
    ck_assert(same(rounded[0], y) && same(rounded[1], -y));
    ck_assert_uint_eq(format_encode(f, x), pattern);
    ck_assert_uint_eq(format_encode(f, -x), pattern + patterns(f) / 2);
}

// Doubles are rounded once: beside a middle by far less than a float has, too.
START_TEST(doubles)
{
    for (int i = 0; i < FORMATS; i++)
        for (uint32_t p = 0; format_decode(all[i], p) < format_largest(all[i]); p++) {
            float low = format_decode(all[i], p), high = format_decode(all[i], p + 1);
            double middle = ((double)low + high) / 2;
            ck_assert(same(format_round_double(all[i], nextafter(middle, 0)), low));
            ck_assert(same(format_round_double(all[i], -nextafter(middle, 1e300)), -high));
            ck_assert(same(format_round_double(all[i], middle), p % 2 ? high : low));
            ck_assert(same(format_round_double(all[i], low), low));
        }
    for (uint64_t i = 0; i < 1ull << 32; i += 997) {
        float x = float32((uint32_t)i);
        for (int f = 0; f < FORMATS; f++)
            ck_assert(same(format_round_double(all[f], x), format_round(all[f], x)));
    }
    ck_assert_float_eq(format_round_double(&format_half, -1e300), -INFINITY);
    ck_assert_float_eq(format_round_double(&format_e4m3_max, 1e300), 448);
    ck_assert_float_eq(format_round_double(&format_bfloat, 0x1.fefp127), 0x1.fep127f);
    ck_assert_float_eq(format_round_double(&format_half, 1 + 0x1p-11 + 0x1p-40), 0x1.004p0f);
    ck_assert_float_eq(format_round(&format_half, (float)(1 + 0x1p-11 + 0x1p-40)), 1);
}
END_TEST

// At, beside and between every two neighbours: floats are dense enough that every middle is one.
START_TEST(every_gap)
{
    for (int i = 0; i < FORMATS; i++)
        for (uint32_t p = 0; format_decode(all[i], p) < format_largest(all[i]); p++) {
            float low = format_decode(all[i], p), high = format_decode(all[i], p + 1);
            float middle = (float)(((double)low + high) / 2);
            rounds_to(all[i], low, p);
            rounds_to(all[i], nextafterf(low, INFINITY), p);
            rounds_to(all[i], nextafterf(middle, 0), p);
            rounds_to(all[i], middle, p + p % 2);
            rounds_to(all[i], nextafterf(middle, INFINITY), p + 1);
            rounds_to(all[i], nextafterf(high, 0), p + 1);
        }
}
END_TEST

START_TEST(ends)
{
    static const struct {
        const float_format *f;
        float still, beyond; // the last that rounds to the largest, the first that does not
    } known[] = {{&format_half, 0x1.ffdffep15f, 65520},
                 {&format_bfloat, 0x1.fefffep127f, 0x1.ffp127f},
                 {&format_e4m3, 464, 0x1.d00002p8f},
                 {&format_e5m2, 0x1.dffffep15f, 61440}};
    for (int i = 0; i < 4; i++) {
        ck_assert_float_eq(format_round(known[i].f, known[i].still), format_largest(known[i].f));
        ck_assert_float_eq(format_round(known[i].f, -known[i].still), -format_largest(known[i].f));
        float end = known[i].f->end == FORMAT_NAN ? NAN : INFINITY;
        const float large[] = {known[i].beyond, 0x1p127f, 0x1.fffffep127f, INFINITY};
        for (int k = 0; k < 4; k++)
            if (large[k] >= known[i].beyond) {
                ck_assert(same(format_round(known[i].f, large[k]), end));
                ck_assert(same(format_round(known[i].f, -large[k]), -end));
            }
        ck_assert(isnan(format_round(known[i].f, NAN)));
    }
    const float large[] = {449, 464, 465, 1e30f, INFINITY};
    for (int k = 0; k < 5; k++) {
        ck_assert_float_eq(format_round(&format_e4m3_max, large[k]), 448);
        ck_assert_uint_eq(format_encode(&format_e4m3_max, -large[k]), 0xfe);
    }
    ck_assert_uint_eq(format_encode(&format_e4m3_max, NAN) & 0x7f, 0x7f);
    ck_assert_uint_eq(format_encode(&format_e4m3, 1000), 0x7f);
    ck_assert_uint_eq(format_encode(&format_half, 65520), 0x7c00);
    ck_assert_uint_eq(format_encode(&format_e5m2, -INFINITY), 0xfc);
    // What stays of a NaN's fraction stays, behind the bit that makes it quiet.
    ck_assert_uint_eq(format_encode(&format_half, float32(0xffa02000)), 0xff01);
    ck_assert_uint_eq(format_encode(&format_bfloat, float32(0x7f800001)), 0x7fc0);
}
END_TEST

// The same two formats in integers: every 61st float, and what lies around every number of theirs.
START_TEST(integers)
{
    for (uint64_t i = 0; i < 1ull << 32; i += 61) {
        float x = float32((uint32_t)i);
        uint16_t half, bfloat;
        format_to_half(1, &x, &half);
        format_to_bfloat(1, &x, &bfloat);
        if (half != format_encode(&format_half, x) || bfloat != format_encode(&format_bfloat, x))
            ck_abort_msg("%08x: %04x, %04x", (uint32_t)i, half, bfloat);
    }
    for (uint32_t p = 0; p < 65536; p++) {
        uint16_t half, bfloat, pattern = (uint16_t)p;
        float x, y;
        format_from_half(1, &pattern, &x);
        format_from_bfloat(1, &pattern, &y);
        ck_assert(same(x, format_decode(&format_half, p)));
        ck_assert(same(y, format_decode(&format_bfloat, p)));
        for (int side = -1; side <= 1; side++) {
            float beside = nextafterf(x, side * INFINITY), beside2 = nextafterf(y, side * INFINITY);
            if (side == 0)
                beside = x, beside2 = y;
            format_to_half(1, &beside, &half);
            format_to_bfloat(1, &beside2, &bfloat);
            ck_assert_uint_eq(half, format_encode(&format_half, beside));
            ck_assert_uint_eq(bfloat, format_encode(&format_bfloat, beside2));
        }
        if (!isnan(x))
            ck_assert_uint_eq(format_encode(&format_half, x), p);
    }
}
END_TEST

// ---- At random ----

START_TEST(random_ends)
{
    for (int i = 0; i < FORMATS; i++)
        for (uint32_t p = 0; format_decode(all[i], p) < format_largest(all[i]); p++) {
            float low = format_decode(all[i], p), high = format_decode(all[i], p + 1);
            double gap = (double)high - low;
            ck_assert_double_eq(format_spacing(all[i], low), gap);
            for (int k = 1; k < 8; k++) {
                float x = (float)(low + gap * k / 8), part = k / 8.f;
                if (((double)x - low) / gap != part)
                    continue; // a float's own subnormal
                ck_assert_float_eq(format_round_random(all[i], x, nextafterf(part, 0)), high);
                ck_assert_float_eq(format_round_random(all[i], x, part), low);
                ck_assert_float_eq(format_round_random(all[i], -x, nextafterf(part, 0)), -high);
                ck_assert_float_eq(format_round_random(all[i], -x, part), -low);
            }
            ck_assert(same(format_round_random(all[i], low, 0), low));
            ck_assert(same(format_round_random(all[i], -low, 0), -low));
        }
    ck_assert_float_eq(format_round_random(&format_half, 65519, 0), INFINITY);
    ck_assert_float_eq(format_round_random(&format_half, 65519, 0.99f), 65504);
    ck_assert_float_eq(format_round_random(&format_half, -INFINITY, 0.5f), -INFINITY);
    ck_assert_float_eq(format_round_random(&format_e4m3_max, 1e9f, 0.5f), 448);
    ck_assert(isnan(format_round_random(&format_e4m3, 1e9f, 0.5f)));
    ck_assert(isnan(format_round_random(&format_bfloat, NAN, 0.5f)));
}
END_TEST

// Over all 2^24 values of u the mean is x itself.
START_TEST(random_mean)
{
    const struct {
        const float_format *f;
        float x;
    } of[] = {{&format_bfloat, 0.999755859f},
              {&format_half, 0x1.23456p-20f},
              {&format_e4m3, -3.14159274f},
              {&format_bfloat, 1e-3f}};
    for (int i = 0; i < 4; i++) {
        double lower = fabs(format_round_random(of[i].f, of[i].x, 0.99999994f)), ups = 0;
        double upper = fabs(format_round_random(of[i].f, of[i].x, 0));
        for (int k = 0; k < 1 << 24; k++)
            ups += fabs(format_round_random(of[i].f, of[i].x, (float)k * 0x1p-24f)) == upper;
        ck_assert_double_eq(lower + (upper - lower) * ups * 0x1p-24, fabsf(of[i].x));
    }
}
END_TEST

TEST_MAIN("formats", every_pattern, counts, every_gap, doubles, ends, integers, random_ends,
          random_mean)
