// Chapter mixed_precision: what its formats are, by the definition; the layer against plain loops; the scale of the
// loss and the step; where weights and sums of few bits stand still.
#include "mixed_precision/mixed_precision.h"
#include "mixed_precision/own.h"

#include "nets/ops.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "test.h"
#include "test_tensors.h"

#include <math.h>
#include <stdbool.h>

static bool
same(float a, float b)
{
    return bits32(a) == bits32(b) || (isnan(a) && isnan(b));
}

// ---- Formats ----

typedef struct {
    const float_format *f;
    int exponent, fraction;
    bool infinite, saturates;
    float largest, overflow; // the first float, or its predecessor's tie, that is beyond
} definition;

static const definition formats[] = {{&format_half, 5, 10, true, false, 65504, 65520},
                                     {&format_bfloat, 8, 7, true, false, 0x1.fep127f, 0x1.ffp127f},
                                     {&format_e4m3, 4, 3, false, false, 448, 0x1.d00002p8f},
                                     {&format_e4m3_max, 4, 3, false, true, 448, 0x1.d00002p8f},
                                     {&format_e5m2, 5, 2, true, false, 57344, 61440}};
enum { FORMATS = 5 };

static double
defined(const definition *d, int pattern)
{
    int F = pattern % (1 << d->fraction), E = (pattern >> d->fraction) % (1 << d->exponent);
    int top = (1 << d->exponent) - 1, bias = top / 2, ones = (1 << d->fraction) - 1;
    double sign = pattern >> (d->exponent + d->fraction) ? -1 : 1;
    if (E == top && d->infinite)
        return F ? NAN : sign * INFINITY;
    if (E == top && F == ones)
        return NAN;
    return E ? sign * ldexp(1 + ldexp(F, -d->fraction), E - bias)
             : sign * ldexp(ldexp(F, -d->fraction), 1 - bias);
}

START_TEST(patterns)
{
    for (int i = 0; i < FORMATS; i++) {
        const definition *d = &formats[i];
        int half = 1 << (d->exponent + d->fraction);
        for (int p = 0; p < 2 * half; p++) {
            float x = format_decode(d->f, (uint32_t)p);
            ck_assert_msg(same(x, (float)defined(d, p)), "%s %x: %g", d->f->name, p, x);
        }
        ck_assert_float_eq(format_largest(d->f), d->largest);
        ck_assert_int_eq(format_lowest(d->f), 2 - (1 << (d->exponent - 1)));
    }
}
END_TEST

static void
rounds_to(const definition *d, float x, int pattern)
{
    int half = 1 << (d->exponent + d->fraction);
    float y = (float)defined(d, pattern), back;
    uint16_t bits = 0;
    ck_assert_msg(same(format_round(d->f, x), y), "%s: %a to %a, expected %a", d->f->name, x,
                  format_round(d->f, x), y);
    ck_assert(same(format_round(d->f, -x), -y));
    ck_assert(same(format_round_double(d->f, x), y));
    ck_assert_uint_eq(format_encode(d->f, x), (unsigned)pattern);
    ck_assert_uint_eq(format_encode(d->f, -x), (unsigned)(pattern + half));
    if (d->f == &format_half) {
        format_to_half(1, &x, &bits);
        format_from_half(1, &bits, &back);
    } else if (d->f == &format_bfloat) {
        format_to_bfloat(1, &x, &bits);
        format_from_bfloat(1, &bits, &back);
    } else
        return;
    ck_assert_uint_eq(bits, (unsigned)pattern);
    ck_assert(same(back, y));
}

START_TEST(gaps)
{
    for (int i = 0; i < FORMATS; i++)
        for (int p = 0; defined(&formats[i], p) < formats[i].largest; p++) {
            const definition *d = &formats[i];
            float low = (float)defined(d, p), high = (float)defined(d, p + 1);
            float middle = (float)(((double)low + high) / 2);
            const float gap = high - low, quarter = low + gap / 4;
            rounds_to(d, low, p);
            rounds_to(d, nextafterf(middle, 0), p);
            rounds_to(d, middle, p + p % 2);
            rounds_to(d, nextafterf(middle, INFINITY), p + 1);
            ck_assert_double_eq(format_spacing(d->f, low), (double)high - low);
            if ((quarter - low) * 4 != gap)
                continue; // one of float's own subnormal numbers
            ck_assert(same(format_round_random(d->f, quarter, 0.2f), high));
            ck_assert(same(format_round_random(d->f, quarter, 0.25f), low));
            ck_assert(same(format_round_random(d->f, -quarter, 0), -high));
            ck_assert(same(format_round_random(d->f, low, 0), low));
        }
}
END_TEST

START_TEST(ends)
{
    for (int i = 0; i < FORMATS; i++) {
        const definition *d = &formats[i];
        float end = d->infinite ? INFINITY : d->saturates ? 448 : NAN;
        ck_assert_float_eq(format_round(d->f, nextafterf(d->overflow, 0)), d->largest);
        ck_assert(same(format_round(d->f, d->overflow), end));
        ck_assert(same(format_round(d->f, -INFINITY), -end));
        ck_assert(same(format_round_double(d->f, -1e300), -end));
        ck_assert(same(format_round_random(d->f, -INFINITY, 0), -end));
        ck_assert(isnan(format_round(d->f, NAN)));
        float x = format_decode(d->f, format_encode(d->f, d->overflow));
        ck_assert(same(x, end));
        for (int sign = 0; sign < 2; sign++) // NaNs whose fraction has its one at either end
            for (int shift = 0; shift < 23; shift++) {
                float nan = float32((uint32_t)sign << 31 | 0x7f800000 | 1u << shift);
                ck_assert(isnan(format_decode(d->f, format_encode(d->f, nan))));
                uint16_t bits;
                format_to_half(1, &nan, &bits);
                ck_assert_uint_eq(bits, format_encode(&format_half, nan));
                format_to_bfloat(1, &nan, &bits);
                ck_assert_uint_eq(bits, format_encode(&format_bfloat, nan));
            }
    }
    const float large[] = {65519.996f, 65520, 1e30f, INFINITY};
    for (int i = 0; i < 4; i++) {
        uint16_t bits;
        format_to_half(1, &large[i], &bits);
        ck_assert_uint_eq(bits, i ? 0x7c00 : 0x7bff);
        format_to_bfloat(1, &large[i], &bits);
        ck_assert_uint_eq(bits, format_encode(&format_bfloat, large[i]));
    }
    // 24 bits are not enough for a second rounding.
    ck_assert_float_eq(format_round_double(&format_half, 1 + 0x1p-11 + 0x1p-40), 1 + 0x1p-10f);
    ck_assert_float_eq(format_round_double(&format_half, 1 + 3 * 0x1p-11 - 0x1p-40), 1 + 0x1p-10f);
}
END_TEST

// + and x of two halves in float, rounded again, are those of the exact results: 24 >= 2 11 + 2 (Figueroa 1995).
START_TEST(twice)
{
    rng r = rng_at(2, 0);
    for (int i = 0; i < 300000; i++) {
        float a = format_decode(&format_half, rng_u32(&r));
        float b = format_decode(&format_half, rng_u32(&r));
        ck_assert(same(format_round(&format_half, a + b),
                       format_round_double(&format_half, (double)a + b)));
        ck_assert(same(format_round(&format_half, a * b),
                       format_round_double(&format_half, (double)a * b)));
    }
}
END_TEST

// ---- The layer ----

enum { B = 3, K = 5, M = 4 };

START_TEST(layer)
{
    const float_format *all[] = {NULL, &format_half, &format_bfloat, &format_e5m2};
    for (int f = 0; f < 4; f++) {
        rng r = rng_at(2, 1);
        tensor *x = test_param("x", SHAPE(B, K), &r, 1), *w = test_param("w", SHAPE(M, K), &r, 1);
        tensor *b = test_param("b", SHAPE(M), &r, 1),
               *weight = constant("weight", SHAPE(B, M), NULL);
        rng_fill_normal(&r, B * M, weight->data, 0, 1);
        tensor *y = mixed_precision_linear(all[f], x, w, b);
        tensor *h = mixed_precision_tanh_layer(all[f], x, w, b);
        backward_from(y, weight->data);
        for (int i = 0; i < B; i++)
            for (int j = 0; j < M; j++) {
                float sum = all[f] ? format_round(all[f], b->data[j]) : b->data[j];
                for (int k = 0; k < K; k++) {
                    float v = w->data[j * K + k];
                    sum = fmaf(x->data[i * K + k], all[f] ? format_round(all[f], v) : v, sum);
                }
                float rounded = all[f] ? format_round(all[f], sum) : sum, tan = tanh32(rounded);
                ck_assert(same(y->data[i * M + j], rounded));
                ck_assert(same(h->data[i * M + j], all[f] ? format_round(all[f], tan) : tan));
            }
        for (int j = 0; j < M; j++)
            for (int k = 0; k < K; k++) {
                float sum = 0;
                for (int i = 0; i < B; i++) {
                    float g = weight->data[i * M + j];
                    sum = fmaf(all[f] ? format_round(all[f], g) : g, x->data[i * K + k], sum);
                }
                ck_assert(same(w->grad[j * K + k], all[f] ? format_round(all[f], sum) : sum));
            }
        tensors_free();
    }
}
END_TEST

static tensor *
in_float(tensor *const x[], void *context)
{
    (void)context;
    return mixed_precision_tanh_layer(NULL, x[0], x[1], x[2]);
}

START_TEST(gradients)
{
    rng r = rng_at(2, 2);
    tensor *x[3];
    x[0] = test_param("x", SHAPE(B, K), &r, 1);
    x[1] = test_param("w", SHAPE(M, K), &r, 1);
    x[2] = test_param("b", SHAPE(M), &r, 1);
    ck_assert(gradcheck(in_float, 3, x, NULL) < 1e-3);
}
END_TEST

// ---- The scale of the loss ----

START_TEST(rule)
{
    static const int found[13] = {0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0};
    static const float after[13] = {65536, 65536, 131072, 131072, 65536, 65536, 65536,
                                    32768, 16384, 16384,  16384,  32768, 32768};
    mixed_precision_scaler s = {.scale = 65536, .growth = 2, .backoff = 0.5f, .interval = 3};
    for (int t = 0; t < 13; t++) {
        mixed_precision_scaler_update(&s, !found[t]);
        ck_assert_float_eq(s.scale, after[t]);
    }
    ck_assert_int_eq(s.skipped, 3);
    ck_assert_int_eq(s.good, 1);
    s = mixed_precision_constant_scale(8);
    for (int t = 0; t < 5000; t++)
        mixed_precision_scaler_update(&s, t % 3);
    ck_assert_float_eq(s.scale, 8);
    ck_assert_int_eq(s.skipped, 1667);
}
END_TEST

// Where a scale above some bound always overflows, one step in interval + 1 is lost.
START_TEST(steady)
{
    mixed_precision_scaler s = {.scale = 1, .growth = 2, .backoff = 0.5f, .interval = 7};
    for (int t = 0; t < 8 * 100; t++)
        mixed_precision_scaler_update(&s, s.scale <= 1);
    ck_assert_int_eq(s.skipped, 100);
}
END_TEST

// A quadratic loss of two parameters.
static tensor *
loss_of(tensor *a, tensor *b)
{
    return t_add(t_sum(t_mul(a, a)), t_scale(t_sum(t_mul(b, b)), 3));
}

typedef struct {
    tensor *a, *b;
    adamw adam;
} small_model;

static small_model
model(void)
{
    rng r = rng_at(2, 3);
    small_model m;
    m.a = test_param("a", SHAPE(3), &r, 1);
    m.b = test_param("b", SHAPE(2, 2), &r, 1);
    m.adam = adamw_new(0.9f, 0.99f, 1e-4f, 0.1f);
    return m;
}

// A few steps with this scale; w (7) is what the weights are then.
static void
train(float scale, double theta, float *w)
{
    small_model m = model();
    mixed_precision_scaler s = mixed_precision_constant_scale(scale);
    for (int t = 0; t < 5; t++) {
        zero_grad();
        mixed_precision_backward(&s, loss_of(m.a, m.b));
        mixed_precision_done done = mixed_precision_step(&s, &m.adam, 0.1f, theta);
        ck_assert(done.taken);
        ck_assert(theta == 0 || fmin(done.norm, theta) + 1e-6 > mixed_precision_norm());
        tape_reset();
    }
    memcpy(w, m.a->data, 3 * sizeof *w);
    memcpy(w + 3, m.b->data, 4 * sizeof *w);
    tensors_free();
}

START_TEST(any_power_of_two)
{
    float one[7], other[7], clipped[7], plain[7];
    train(1, 0, one);
    train(0x1p40f, 0, other);
    ck_assert_mem_eq(one, other, sizeof one);
    train(1, 0.5, clipped);
    ck_assert_mem_ne(one, clipped, sizeof one);
    train(0x1p-30f, 0.5, other);
    ck_assert_mem_eq(clipped, other, sizeof other);
    train(0x1p20f, 0.5, other);
    ck_assert_mem_eq(clipped, other, sizeof other);
    // The book's own step.
    small_model m = model();
    for (int t = 0; t < 5; t++) {
        zero_grad();
        backward(loss_of(m.a, m.b));
        clip_global_norm(0.5);
        adamw_step(&m.adam, 0.1f);
        tape_reset();
    }
    memcpy(plain, m.a->data, 3 * sizeof *plain);
    memcpy(plain + 3, m.b->data, 4 * sizeof *plain);
    ck_assert_mem_eq(plain, clipped, sizeof plain);
    tensors_free();
}
END_TEST

START_TEST(skipped)
{
    static const float bad[3] = {INFINITY, -INFINITY, NAN};
    for (int k = 0; k < 3; k++) {
        small_model m = model();
        mixed_precision_scaler s = {.scale = 8, .growth = 2, .backoff = 0.5f, .interval = 2};
        m.a->grad[0] = 1, m.b->grad[1] = 2;
        ck_assert(mixed_precision_step(&s, &m.adam, 0.1f, 1).taken);
        ck_assert_int_eq(s.good, 1);
        float w[3], first = m.adam.m[0][0], second = m.adam.v[1][1];
        double power1 = m.adam.power1, power2 = m.adam.power2;
        memcpy(w, m.a->data, sizeof w);
        m.a->grad[0] = 4, m.b->grad[1] = bad[k];
        mixed_precision_done done = mixed_precision_step(&s, &m.adam, 0.1f, 1);
        ck_assert(!done.taken && !isfinite(done.norm));
        ck_assert_mem_eq(w, m.a->data, sizeof w);
        ck_assert_float_eq(m.adam.m[0][0], first);
        ck_assert_float_eq(m.adam.v[1][1], second);
        ck_assert_double_eq(m.adam.power1, power1);
        ck_assert_double_eq(m.adam.power2, power2);
        ck_assert_float_eq(s.scale, 4);
        ck_assert_int_eq(s.good, 0);
        ck_assert_int_eq(s.skipped, 1);
        // The next one divides by the new scale.
        m.a->grad[0] = 4, m.a->grad[1] = 0x1p-120f, m.a->grad[2] = m.b->grad[1] = 0;
        mixed_precision_unscale(s.scale);
        ck_assert_float_eq(m.a->grad[0], 1);
        ck_assert_float_eq(m.a->grad[1], 0x1p-122f);
        tensors_free();
    }
}
END_TEST

// The step that makes the scale grow still divides by the old one.
START_TEST(divided_before_it_grows)
{
    small_model m = model();
    mixed_precision_scaler s = {.scale = 4, .growth = 2, .backoff = 0.5f, .interval = 1};
    m.a->grad[1] = 12;
    mixed_precision_done done = mixed_precision_step(&s, &m.adam, 0.1f, 0);
    ck_assert_double_eq(done.norm, 3);
    ck_assert_float_eq(m.a->grad[1], 3);
    ck_assert_float_eq(s.scale, 8);
    tensors_free();
}
END_TEST

START_TEST(norms)
{
    small_model m = model();
    m.a->grad[0] = 300, m.a->grad[1] = -400, m.b->grad[3] = 1200;
    ck_assert_double_eq(mixed_precision_norm(), 1300);
    m.a->grad[0] = 3e38f, m.a->grad[1] = 0, m.b->grad[3] = 0; // the square is no float
    ck_assert_double_eq(mixed_precision_norm(), 3e38f);
    m.a->grad[0] = 3, m.b->grad[3] = 4;
    mixed_precision_clip(5, 5);
    ck_assert_float_eq(m.b->grad[3], 4);
    mixed_precision_clip(5, 10);
    ck_assert_float_eq(m.b->grad[3], 4);
    mixed_precision_clip(5, 0);
    ck_assert_float_eq(m.b->grad[3], 4);
    mixed_precision_clip(5, 2.5);
    ck_assert_float_eq(m.a->grad[0], 1.5f);
    ck_assert_float_eq(m.b->grad[3], 2);
    mixed_precision_scaler s = mixed_precision_constant_scale(1);
    REFUSED(mixed_precision_backward(&s, t_scale(m.a, 1)),
            "mixed_precision_backward: t_scale (3) is not a single number");
    tensors_free();
}
END_TEST

// ---- Weights and sums of few bits ----

START_TEST(stored)
{
    rng r = rng_at(2, 4), again = rng_at(2, 5);
    tensor *w = test_param("w", SHAPE(1000), &r, 1), *b = test_param("b", SHAPE(500), &r, 1);
    float before[1500], sum = 0;
    memcpy(before, w->data, 1000 * sizeof *before);
    memcpy(before + 1000, b->data, 500 * sizeof *before);
    mixed_precision_store(&format_bfloat, NULL);
    for (int i = 0; i < 1500; i++) {
        float *x = i < 1000 ? &w->data[i] : &b->data[i - 1000];
        ck_assert(same(*x, format_round(&format_bfloat, before[i])));
        *x = before[i] = 1.001f;
    }
    mixed_precision_store(&format_bfloat, &again);
    rng copy = rng_at(2, 5);
    for (int i = 0; i < 1500; i++) {
        float x = i < 1000 ? w->data[i] : b->data[i - 1000];
        ck_assert(same(x, format_round_random(&format_bfloat, 1.001f, rng_uniform(&copy))));
        sum += x > 1;
    }
    double p = 0.001 / 0x1p-7;
    ck_assert_double_lt(fabs(sum - 1500 * p), 4 * sqrt(1500 * p * (1 - p)));
    tensors_free();
}
END_TEST

START_TEST(standing_still)
{
    static const struct {
        const float_format *f;
        float end;
    } known[] = {
        {&format_half, 2048}, {&format_bfloat, 256}, {&format_e4m3, 16}, {&format_e5m2, 8}};
    enum { N = 3000 };
    static float ones[N], s[N];
    for (int i = 0; i < N; i++)
        ones[i] = 1;
    for (int k = 0; k < 4; k++) {
        mixed_precision_sums(known[k].f, NULL, N, ones, s);
        for (int i = 0; i < N; i++)
            ck_assert_float_eq(s[i], fminf(i + 1, known[k].end));
    }
    const float terms[3] = {1.001f, 2.0005f, -1};
    mixed_precision_sums(NULL, &format_bfloat, 3, terms, s);
    ck_assert_float_eq(s[1], 3);
    mixed_precision_sums(NULL, NULL, 3, terms, s);
    ck_assert_float_eq(s[2], 1.001f + 2.0005f - 1);
    mixed_precision_sums(&format_half, &format_bfloat, 2, terms, s);
    ck_assert_float_eq(s[0], 1);
    const float close[2] = {1, 0x1.8p-8f}; // three quarters of a spacing above 1
    mixed_precision_sums(&format_bfloat, NULL, 2, close, s);
    ck_assert_float_eq(s[1], 1 + 0x1p-7f);
    // w + d stays w up to half a spacing, below a power of two up to a quarter.
    ck_assert_float_eq(mixed_precision_moved(&format_bfloat, 1, 0x1p-8f), 1);
    ck_assert_float_eq(mixed_precision_moved(&format_bfloat, 1, 0x1.1p-8f), 1 + 0x1p-7f);
    ck_assert_float_eq(mixed_precision_moved(&format_bfloat, 1, -0x1p-9f), 1);
    ck_assert_float_eq(mixed_precision_moved(&format_bfloat, 1, -0x1.1p-9f), 1 - 0x1p-8f);
    // No normal number of bf16 decays by 2^-9 or less, and of fp16 none by 2^-12.
    for (uint32_t p = 0x80; p < 0x7f80; p++) {
        float w = format_decode(&format_bfloat, p);
        ck_assert(same(mixed_precision_decayed(&format_bfloat, -w, 0x1p-9f), -w));
    }
    for (uint32_t p = 0x400; p < 0x7c00; p++) {
        float w = format_decode(&format_half, p);
        ck_assert(same(mixed_precision_decayed(&format_half, w, 0x1p-12f), w));
    }
    ck_assert_float_eq(mixed_precision_decayed(&format_bfloat, 0x1.fep0f, 0.00197f), 0x1.fcp0f);
    ck_assert_float_eq(mixed_precision_decayed(&format_bfloat, 2, 0.5f), 1);
    // The factor is a float: as bf16 it would be 1 - 2^-8, and move 1.5.
    ck_assert_float_eq(mixed_precision_decayed(&format_bfloat, 1.5f, 0.0021f), 1.5f);
}
END_TEST

// ---- The reader's own array ----

// Fewer than one in 1000 may become zero: of 2001 numbers two, of 2000 one.
START_TEST(own_one_in_a_thousand)
{
    static double values[2001];
    for (int i = 0; i < 2001; i++)
        values[i] = i < 2 ? 0x1p-40 : i < 2000 ? 0x1p-20 : 0x1p-14; // the smallest normal number
    for (int n = 2000; n <= 2001; n++) {
        npy a = {.rank = 1, .n = {n}, .size = n, .values = values};
        mixed_precision_own_sizes sizes = mixed_precision_own_take(&a);
        mixed_precision_own_fate fate = mixed_precision_own_in(&format_half, &sizes);
        ck_assert_int_eq(fate.from, n == 2000 ? 16 : -4); // half of the smallest is a tie, to 0
        ck_assert_int_eq(fate.to, n == 2000 ? 35 : 29);
        ck_assert_double_eq(fate.zero, 2.0 / n);
        ck_assert_double_eq(fate.subnormal, 1998.0 / n);
        free(sizes.size);
    }
}
END_TEST

START_TEST(own)
{
    double values[] = {1, -2, 0, NAN, 0x1p-25, 0x1.8p-24, 0x1p-20, -70000, INFINITY, 0x1p-150};
    npy a = {.rank = 1, .n = {10}, .size = 10, .values = values};
    mixed_precision_own_sizes sizes = mixed_precision_own_take(&a); // 2^-150 is 0 as a float
    ck_assert_int_eq(sizes.n, 6);
    ck_assert_int_eq(sizes.zeros, 2);
    ck_assert_int_eq(sizes.others, 2);
    ck_assert_double_eq(sizes.size[0], 0x1p-25);
    ck_assert_double_eq(sizes.size[5], 70000);
    ck_assert_int_eq(sizes.exponents[1 - MIXED_PRECISION_OWN_LOW], 1);
    ck_assert_int_eq(sizes.exponents[-24 - MIXED_PRECISION_OWN_LOW], 1);
    ck_assert_int_eq(sizes.exponents[2 - MIXED_PRECISION_OWN_LOW], 0);
    ck_assert_int_eq(sizes.exponents[16 - MIXED_PRECISION_OWN_LOW], 1);
    mixed_precision_own_fate fate = mixed_precision_own_in(&format_half, &sizes);
    ck_assert_double_eq(fate.zero, 1 / 6.0);
    ck_assert_double_eq(fate.subnormal, 2 / 6.0);
    ck_assert_double_eq(fate.infinite, 1 / 6.0);
    test_near(fate.error, 0x1p-24 * sqrt(0.5) / sqrt(5), 1e-8, "error", 0);
    ck_assert_int_gt(fate.from, fate.to); // from 2^1 on none is zero, up to 2^-1 none overflows
    fate = mixed_precision_own_in(&format_bfloat, &sizes);
    ck_assert_double_eq(fate.zero + fate.subnormal + fate.infinite, 0);
    ck_assert_int_eq(fate.to, 111);    // 70000 2^111 < 2^128
    ck_assert_int_eq(fate.from, -108); // 2^-25 2^-109 is half of the smallest, which is a tie
    free(sizes.size);
    a.size = 0;
    sizes = mixed_precision_own_take(&a);
    ck_assert_int_eq(sizes.n, 0);
    fate = mixed_precision_own_in(&format_half, &sizes);
    ck_assert_int_gt(fate.from, fate.to);
    free(sizes.size);
}
END_TEST

TEST_MAIN("mixed_precision", patterns, gaps, ends, twice, layer, gradients, rule, steady,
          any_power_of_two, skipped, divided_before_it_grows, norms, stored, standing_still, own,
          own_one_in_a_thousand)
