// The reference cases: all patterns of four formats; floats at, beside and between their numbers; rounding at random,
// sums and steps in few bits; the scale of the loss; one training step of a small net, every tensor of it.
#include "mixed_precision/cases.h"

#include "frame/case.h"
#include "frame/case_tensor.h"
#include "mixed_precision/mixed_precision.h"
#include "nets/ops.h"
#include "nets/tensor.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SEED = 1 };

// Nothing in between is rounded otherwise: four units in the last place, as every tensor has them.
static const double exact = 0;

static void
describe(const float_format *f)
{
    char text[400];
    snprintf(text, sizeof text,
             "a pattern is, from its highest bit on, 1 bit sign, %d bits E, %d bits F; the bias is "
             "%d: +- 1.F 2^(E - bias), and +- 0.F 2^(1 - bias) where E is 0",
             f->exponent, f->fraction, 1 - format_lowest(f));
    case_convention(text);
    case_convention(f->end == FORMAT_INFINITY
                        ? "E of all ones: F = 0 is an infinity, any other F a NaN"
                        : "only E and F of all ones is a NaN; there is no infinity");
}

// ---- Every pattern ----

enum { ZERO, SUBNORMAL, NORMAL, INFINITE, NOT_A_NUMBER };

static int
kind_of(const float_format *f, float x)
{
    return isnan(x)                                      ? NOT_A_NUMBER
           : isinf(x)                                    ? INFINITE
           : x == 0                                      ? ZERO
           : fabsf(x) < power_of_two32(format_lowest(f)) ? SUBNORMAL
                                                         : NORMAL;
}

static void
decoding(const char *name, const float_format *f)
{
    enum { MOST = 65536 };
    static double value[MOST];
    static int kind[MOST], bits[MOST];
    int side = f->exponent + f->fraction == 15 ? 256 : 16;
    case_begin(name, "The value of every pattern of a format; pattern side r + c stands in row r, "
                     "column c.");
    describe(f);
    case_scalar("side", side, "rows, and columns, of the tables");
    for (int p = 0; p < side * side; p++) {
        float x = format_decode(f, (uint32_t)p);
        value[p] = x;
        kind[p] = kind_of(f, x);
        bits[p] = isnan(x) ? -1 : (int)bits32(x);
    }
    if (f == &format_bfloat) // an absolute tolerance cannot hold for 10^38 and 10^-38 at once
        case_write_i4("output", "float_bits", "", SHAPE(side, side), bits,
                      "the value's own pattern as a float32, read as int32; -1 for NaN");
    else
        case_write_f8("output", "value", "", SHAPE(side, side), value, exact, "the value");
    case_write_i4("output", "kind", f == &format_bfloat ? "float_bits" : "value", SHAPE(side, side),
                  kind, "0 zero, 1 subnormal, 2 normal, 3 infinite, 4 NaN");
    case_end();
}

// ---- Floats rounded to a format ----

enum { FLOATS = 200 };

typedef struct {
    int n, bits[FLOATS];
} float_list;

static void
list_add(float_list *l, float x)
{
    l->bits[l->n++] = (int)bits32(x);
}

// Around the gap above the number with this pattern: beside both ends, at and beside the middle.
static void
list_gap(float_list *l, const float_format *f, uint32_t p)
{
    float low = format_decode(f, p);
    float middle = (float)(low + format_spacing(f, low) / 2);
    list_add(l, low);
    list_add(l, nextafterf(low, INFINITY));
    list_add(l, nextafterf(middle, 0));
    list_add(l, p & 2 ? middle : -middle);
    list_add(l, nextafterf(middle, INFINITY));
}

// By none of the functions in which a known mistake may stand: it must not change what is given.
static float_list
floats_for(const float_format *f, int stream)
{
    float_list l = {0};
    uint32_t normal = 1u << f->fraction, one = ((1u << (f->exponent - 1)) - 1) << f->fraction;
    uint32_t ones = (1u << (f->exponent + f->fraction)) - 1;
    uint32_t last = f->end == FORMAT_INFINITY ? ones - normal : ones - 1;
    const uint32_t gaps[] = {0,       1,          2,        3,   normal - 2, normal - 1,
                             normal,  normal + 1, one - 1,  one, one + 1,    one + 2,
                             one + 3, 2 * normal, last - 1, last};
    for (int i = 0; i < 16; i++)
        list_gap(&l, f, gaps[i]);
    rng r = rng_at(SEED, (uint32_t)stream);
    for (int i = 0; i < 40; i++)
        list_add(&l, (float)(rng_normal(&r) * power_of_two64((i % 20 - 8) * f->exponent / 5)));
    const float ends[] = {0x1p-149f, 0x1p-126f, 1e30f, -INFINITY, INFINITY, -0.f};
    for (int i = 0; i < 6; i++)
        list_add(&l, ends[i]);
    // NaNs whose fraction has its ones at the end, at the beginning, and a sign.
    l.bits[l.n++] = 0x7f800001;
    l.bits[l.n++] = 0x7fc12345;
    l.bits[l.n++] = 0x7fffffff;
    l.bits[l.n++] = (int)0xffa00000;
    return l;
}

static void
rounding(const char *name, const float_format *f, int stream)
{
    float_list l = floats_for(f, stream);
    double value[FLOATS];
    int pattern[FLOATS], bits[FLOATS];
    case_begin(name, "Floats rounded to a format: at, beside and between its numbers, beyond its "
                     "largest, infinities and NaNs.");
    describe(f);
    case_convention("to the nearest number; of two equally near ones to that whose last bit is 0");
    case_convention(
        f->end == FORMAT_INFINITY ? "beyond the largest number, as if the next one were "
                                    "infinity: its middle already is infinity"
        : f->end == FORMAT_NAN
            ? "what rounds beyond the largest number, and infinity, becomes NaN"
            : "what rounds beyond the largest number, and infinity, becomes the largest "
              "number with the same sign");
    case_input_i4("x_bits", SHAPE(l.n), l.bits, "the patterns of the float32 x, read as int32");
    for (int i = 0; i < l.n; i++) {
        float x = float32((uint32_t)l.bits[i]), y = format_round(f, x);
        value[i] = y;
        bits[i] = isnan(y) ? -1 : (int)bits32(y);
        pattern[i] = isnan(y) ? -1 : (int)format_encode(f, x);
    }
    if (f == &format_bfloat)
        case_write_i4("step", "float_bits", "", SHAPE(l.n), bits,
                      "the rounded value's pattern as a float32, read as int32; -1 for NaN");
    else
        case_write_f8("step", "value", "", SHAPE(l.n), value, exact, "the rounded value");
    case_write_i4("output", "pattern", f == &format_bfloat ? "float_bits" : "value", SHAPE(l.n),
                  pattern, "its pattern; -1 for NaN");
    case_end();
}

// Doubles near the middle of two halves, rounded once.
static void
double_rounding(void)
{
    enum { N = 9 };
    const double tiny = 0x1p-40;
    const double x[N] = {1 + 0x1p-11,       1 + 0x1p-11 + tiny,     1 + 0x1p-11 - tiny,
                         1 + 3 * 0x1p-11,   1 + 3 * 0x1p-11 - tiny, -2 - 0x1p-10 - tiny,
                         0x1p-25 + 0x1p-60, 65520 - 0x1p-30,        3.14159265358979};
    double half[N];
    case_begin("double_rounding", "Float64 rounded to fp16 once, without float32 in between.");
    describe(&format_half);
    case_input_f8("x", SHAPE(N), x, "the values");
    for (int i = 0; i < N; i++)
        half[i] = format_round_double(&format_half, x[i]);
    case_write_f8("output", "half", "", SHAPE(N), half, exact, "rounded to nearest, ties to even");
    case_end();
}

// ---- At random ----

static void
at_random(void)
{
    enum { M = 4, N = 9 };
    float x[N], u[M][N], lower[2][N], part[2][N], rounded[2][M][N];
    static const float_format *const formats[2] = {&format_half, &format_bfloat};
    rng r = rng_at(SEED, 20);
    case_begin("stochastic",
               "Floats rounded at random to fp16 and bf16, with given random numbers.");
    case_convention("away from zero where u < part, towards zero else");
    rng_fill_normal(&r, N, x, 0, 1);
    x[0] = 1;
    x[1] = 0.99990004f; // 1 - 1e-4
    rng_fill_uniform(&r, M * N, u[0], 0, 1);
    case_input_f4("x", SHAPE(N), x, "what is rounded, M times each");
    case_input_f4("u", SHAPE(M, N), u[0], "uniform on [0, 1)");
    for (int f = 0; f < 2; f++) {
        for (int i = 0; i < N; i++) {
            double spacing = format_spacing(formats[f], x[i]);
            lower[f][i] = (float)(trunc(x[i] / spacing) * spacing);
            part[f][i] = (float)((fabsf(x[i]) - fabsf(lower[f][i])) / spacing);
        }
        for (int m = 0; m < M; m++)
            mixed_precision_round_random(formats[f], N, x, u[m], rounded[f][m]);
        const char *names[2][3] = {{"half_lower", "half_part", "half"},
                                   {"bfloat_lower", "bfloat_part", "bfloat"}};
        char from[64];
        snprintf(from, sizeof from, "%s %s", names[f][0], names[f][1]);
        case_write_f4("step", names[f][0], "", SHAPE(N), lower[f], exact, "x rounded towards zero");
        case_write_f4("step", names[f][1], names[f][0], SHAPE(N), part[f], exact,
                      "(|x| - |lower|) / spacing, in [0, 1)");
        case_write_f4("output", names[f][2], from, SHAPE(M, N), rounded[f][0], exact,
                      "x rounded with the u of its row");
    }
    case_end();
}

// ---- Sums and steps ----

static void
sums(void)
{
    enum { N = 40 };
    float x[N], half[N], bfloat[N], wide[N], rounded[N];
    rng r = rng_at(SEED, 21);
    case_begin("sums", "One sum with every partial sum rounded to fp16, to bf16, and not rounded.");
    case_convention("the terms are rounded to the format first; the sums begin at 0 and take the "
                    "terms in order");
    case_convention("to the nearest number; of two equally near ones to that whose last bit is 0");
    rng_fill_uniform(&r, N, x, 0, 64);
    case_input_f4("x", SHAPE(N), x, "the terms");
    for (int i = 0; i < N; i++)
        rounded[i] = format_round(&format_bfloat, x[i]);
    mixed_precision_sums(&format_half, &format_half, N, x, half);
    mixed_precision_sums(&format_bfloat, &format_bfloat, N, x, bfloat);
    mixed_precision_sums(NULL, &format_bfloat, N, x, wide);
    case_write_f4("step", "x_bfloat", "", SHAPE(N), rounded, exact, "the terms in bf16");
    case_time(0, CASE_FORWARD);
    case_write_f4("output", "half_sums", "half_sums[t-1]", SHAPE(N), half, exact,
                  "round(sum + round(x)) in fp16");
    case_write_f4("output", "bfloat_sums", "bfloat_sums[t-1] x_bfloat", SHAPE(N), bfloat, exact,
                  "round(sum + round(x)) in bf16");
    case_write_f4("output", "float_sums", "float_sums[t-1] x_bfloat", SHAPE(N), wide, 1e-6,
                  "sum + round(x), the terms in bf16, the sum in float32");
    case_time_none();
    case_end();
}

static void
stuck(void)
{
    enum { STEPS = 8, N = 12 };
    const float d = -1e-4f, decay = 0.0019f, more = 0.0021f;
    float start[N], w[2][STEPS][N], decayed[2][2][N];
    int moves[2][N];
    static const float_format *const formats[2] = {&format_half, &format_bfloat};
    rng r = rng_at(SEED, 22);
    case_begin("stuck",
               "Weights that are kept in fp16 and in bf16, moved by a small step again and "
               "again, and decayed once.");
    case_convention("every result is rounded to nearest, of two equally near numbers to that whose "
                    "last bit is 0");
    rng_fill_normal(&r, N, start, 0, 0.05f);
    start[0] = 1;
    start[1] = 0.25f;
    start[2] = -0.125f;
    for (int i = 0; i < N; i++)
        start[i] = format_round(&format_e5m2, start[i]); // a number of both formats
    case_input_f4("w", SHAPE(N), start, "the weights at first, numbers of both formats");
    case_input_f4("d", SCALAR, &d, "added in every step");
    case_input_f4("decay", SHAPE(2), (float[]){decay, more}, "learning rate times weight decay");
    for (int f = 0; f < 2; f++)
        for (int i = 0; i < N; i++) {
            for (int t = 0; t < STEPS; t++)
                w[f][t][i] = mixed_precision_moved(formats[f], t ? w[f][t - 1][i] : start[i], d);
            moves[f][i] = w[f][0][i] != start[i];
            decayed[f][0][i] = mixed_precision_decayed(formats[f], start[i], decay);
            decayed[f][1][i] = mixed_precision_decayed(formats[f], start[i], more);
        }
    case_time(0, CASE_FORWARD);
    case_write_f4("output", "half_w", "half_w[t-1]", SHAPE(STEPS, N), w[0][0], exact,
                  "round(w + d) in fp16, after every step");
    case_write_f4("output", "bfloat_w", "bfloat_w[t-1]", SHAPE(STEPS, N), w[1][0], exact,
                  "round(w + d) in bf16, after every step");
    case_time_none();
    case_write_i4("output", "half_moves", "half_w", SHAPE(N), moves[0],
                  "1 where the first step changes the weight");
    case_write_i4("output", "bfloat_moves", "bfloat_w", SHAPE(N), moves[1],
                  "1 where the first step changes the weight");
    case_write_f4("output", "half_decayed", "", SHAPE(2, N), decayed[0][0], exact,
                  "round(w (1 - decay)) in fp16, for both decays; 1 - decay in float32");
    case_write_f4("output", "bfloat_decayed", "", SHAPE(2, N), decayed[1][0], exact,
                  "round(w (1 - decay)) in bf16, for both decays; 1 - decay in float32");
    case_end();
}

// ---- The scale of the loss ----

static void
loss_scale(void)
{
    enum { T = 13 };
    const int found[T] = {0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0};
    float scale[T];
    int good[T];
    case_begin("loss_scale", "The scale of the loss after every step, by the rule of PyTorch's "
                             "GradScaler.");
    mixed_precision_scaler s = {.scale = 65536, .growth = 2, .backoff = 0.5f, .interval = 3};
    case_convention("after `interval` steps in a row without infinity or NaN the scale is "
                    "multiplied by growth; after a step with one by backoff. Both begin the count "
                    "anew");
    case_number("scale_0", s.scale, "before the first step");
    case_number("growth", s.growth, "");
    case_number("backoff", s.backoff, "");
    case_scalar("interval", s.interval, "");
    case_input_i4("found", SHAPE(T), found, "1 where a step's gradients have an infinity or a NaN");
    for (int t = 0; t < T; t++) {
        mixed_precision_scaler_update(&s, !found[t]);
        scale[t] = s.scale;
        good[t] = s.good;
    }
    case_time(0, CASE_FORWARD);
    case_write_i4("step", "good", "good[t-1]", SHAPE(T), good,
                  "steps in a row without infinity or NaN since the last change, after the step");
    case_write_f4("output", "scale", "scale[t-1] good good[t-1]", SHAPE(T), scale, exact,
                  "after the step");
    case_time_none();
    case_end();
}

// ---- Steps of the optimiser, from given gradients ----

enum { STEPS = 7, FIRST = 3, SECOND = 4, WEIGHTS = FIRST + SECOND };

// Where a parameter's numbers begin in a row of WEIGHTS.
static void
copy_row(float *row, const float *first, const float *second)
{
    memcpy(row, first, FIRST * sizeof *row);
    memcpy(row + FIRST, second, SECOND * sizeof *row);
}

static void
scaled_steps(void)
{
    static float g[STEPS][WEIGHTS], m[STEPS][WEIGHTS], v[STEPS][WEIGHTS], w[STEPS][WEIGHTS];
    static float scaled[STEPS][WEIGHTS], half[STEPS][WEIGHTS], scale[STEPS], norm[STEPS];
    float start[WEIGHTS];
    int bits[STEPS][WEIGHTS], taken[STEPS];
    const float rate = 0.01f, decay = 0.1f, theta = 1;
    rng r = rng_at(SEED, 23);
    case_begin("scaled_steps", "Steps of AdamW with weights in float32, from gradients in fp16 of "
                               "the loss times a scale that changes.");
    case_convention("all gradients g are divided by the scale before the step, in float32; norm is "
                    "that of all of them jointly; where it exceeds theta they are multiplied by "
                    "theta / norm");
    case_convention("a step whose gradients have an infinity or a NaN is not taken: m, v, w and t "
                    "stay as they are");
    case_convention(
        "m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g^2, w <- w (1 - rate "
        "decay) - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps), where t "
        "counts the steps that are taken, from 1");
    case_convention(
        "the scale changes after the step: times 2 after `interval` taken steps in a "
        "row, which begins the count anew; times 1/2 after one that is not taken, which "
        "does, too");
    mixed_precision_scaler s = {.scale = 32768, .growth = 2, .backoff = 0.5f, .interval = 2};
    case_number("scale_0", s.scale, "before the first step");
    case_scalar("interval", s.interval, "");
    case_number("beta1", 0.9f, "");
    case_number("beta2", 0.99f, "");
    case_number("eps", 1e-6f, "");
    case_number("rate", rate, "");
    case_number("decay", decay, "");
    case_number("theta", theta, "");
    tensor *a = param("a", SHAPE(FIRST)), *b = param("b", SHAPE(SECOND));
    rng_fill_normal(&r, FIRST, a->data, 0, 1);
    rng_fill_normal(&r, SECOND, b->data, 0, 1);
    copy_row(start, a->data, b->data);
    case_input_f4("w_0", SHAPE(WEIGHTS), start, "the weights: two parameters of 3 and 4 numbers");
    for (int t = 0; t < STEPS; t++)
        for (int i = 0; i < WEIGHTS; i++) {
            double size = i == 6 ? 0.02 : t % 3 == 1 ? 20000 : 5000;
            float x = (float)(rng_normal(&r) * size);
            if (t == 3 && i == 2)
                x = INFINITY;
            bits[t][i] = (int)format_encode(&format_half, t == 5 && i == 4 ? NAN : x);
        }
    case_input_i4("scaled_bits", SHAPE(STEPS, WEIGHTS), bits[0],
                  "the gradients of the scaled loss in every step, as patterns of fp16");
    adamw adam = adamw_new(0.9f, 0.99f, 1e-6f, decay);
    for (int t = 0; t < STEPS; t++) {
        for (int i = 0; i < WEIGHTS; i++) {
            scaled[t][i] = format_decode(&format_half, (uint32_t)bits[t][i]);
            *(i < FIRST ? &a->grad[i] : &b->grad[i - FIRST]) = scaled[t][i];
        }
        scale[t] = s.scale;
        mixed_precision_done done = mixed_precision_step(&s, &adam, rate, theta);
        taken[t] = done.taken;
        norm[t] = done.taken ? (float)done.norm : NAN;
        copy_row(g[t], a->grad, b->grad);
        for (int i = 0; i < WEIGHTS; i++)
            g[t][i] = done.taken ? g[t][i] : NAN;
        copy_row(m[t], adam.m[0], adam.m[1]);
        copy_row(v[t], adam.v[0], adam.v[1]);
        copy_row(w[t], a->data, b->data);
        format_round_all(&format_half, WEIGHTS, w[t], half[t]);
    }
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "scale", "scale[t-1] scale[:t] taken[:t]", SHAPE(STEPS), scale, exact,
                  "before the step: what its gradients are divided by");
    case_write_f4("step", "scaled", "", SHAPE(STEPS, WEIGHTS), scaled[0], exact,
                  "the gradients as numbers");
    case_write_f4(
        "step", "norm", "scaled scale", SHAPE(STEPS), norm, 2e-6,
        "of the divided gradients, before they are clipped; only of steps that are taken");
    case_write_i4("step", "taken", "scaled", SHAPE(STEPS), taken, "1 where the step is taken");
    case_write_f4("step", "g", "scaled scale norm", SHAPE(STEPS, WEIGHTS), g[0], 2e-6,
                  "divided and clipped: what AdamW gets; only of steps that are taken");
    case_write_f4("step", "m", "m[t-1] g taken", SHAPE(STEPS, WEIGHTS), m[0], 2e-6,
                  "after the step");
    case_write_f4("step", "v", "v[t-1] g taken", SHAPE(STEPS, WEIGHTS), v[0], 2e-6,
                  "after the step");
    case_write_f4("step", "w", "w[t-1] m v taken taken[:t]", SHAPE(STEPS, WEIGHTS), w[0], 2e-6,
                  "after the step");
    case_write_f4("output", "half", "w", SHAPE(STEPS, WEIGHTS), half[0], 2e-6,
                  "w in fp16, which the next forward takes");
    case_time_none();
    case_end();
    tensors_free();
}

// ---- One step of a net ----

enum { B = 5, I = 4, H = 3, V = 6 };

static const double close = 4e-6;

static void
write(const char *role, const char *name, const char *from, shape s, const float *data,
      const char *about)
{
    case_write_f4(role, name, from, s, data, close, about);
}

// The tensors of a layer that mixed_precision_linear made: y = round(x w16^T + b16).
static void
write_layer(const char *n, const char *x, const char *result, const tensor *y)
{
    const tensor *product = y->in[0], *w = product->in[1], *b = product->in[2];
    char names[4][32], from[80];
    snprintf(names[0], 32, "w%s_half", n);
    snprintf(names[1], 32, "b%s_half", n);
    snprintf(names[2], 32, "%s", result);
    snprintf(names[3], 32, "%s_half", result);
    snprintf(from, sizeof from, "%s %s %s", x, names[0], names[1]);
    write("step", names[0], "", w->shape, w->data, "the weights in fp16");
    write("step", names[1], "", b->shape, b->data, "the biases in fp16");
    write("step", names[2], from, product->shape, product->data, "x w^T + b, in float32");
    write("step", names[3], names[2], y->shape, y->data, "in fp16");
}

// Its gradients: of the result as it came and in fp16, of weights and biases before they are rounded.
static void
write_layer_gradients(const char *n, const char *x, const char *result, const char *after,
                      const tensor *y)
{
    const tensor *product = y->in[0], *w = product->in[1], *b = product->in[2];
    char names[4][32], from[80];
    snprintf(names[0], 32, "d%s", result);
    snprintf(names[1], 32, "d%s_half", result);
    snprintf(names[2], 32, "dw%s_sum", n);
    snprintf(names[3], 32, "db%s_sum", n);
    snprintf(from, sizeof from, "%s %s", names[1], x);
    write("gradient", names[0], after, y->shape, y->grad, "of S loss, in float32");
    write("gradient", names[1], names[0], y->shape, product->grad, "in fp16");
    write("gradient", names[2], from, w->shape, w->grad, "the product, in float32");
    write("gradient", names[3], names[1], b->shape, b->grad, "the sum over the rows, in float32");
}

static void
write_rounded(const char *name, const char *from, const tensor *x)
{
    write("gradient", name, from, x->shape, x->grad, "in fp16, still of S loss");
}

static void
mixed_step(void)
{
    const float scale = 1024, rate = 0.01f, theta = 0.25f;
    static const int targets[B] = {2, 0, 5, 2, 3};
    rng r = rng_at(SEED, 24);
    case_begin("mixed_step", "One training step of a net with one hidden layer: activations, "
                             "gradients and copies of the weights in fp16, sums, softmax, weights "
                             "and AdamW in float32.");
    case_convention("h = tanh(x w1^T + b1), logits = h w2^T + b2; the loss is the mean over the "
                    "rows of -log softmax(logits)[target]");
    case_convention("NAME_half is NAME rounded to fp16, to nearest, ties to even. What comes next "
                    "is computed from it, in float32; x is a number of fp16 already");
    case_convention("all gradients are those of scale times the loss, until they are divided by "
                    "it; through a rounding the gradient passes rounded to fp16, too");
    case_convention("the norm is that of all four gradients jointly; where it exceeds theta they "
                    "are multiplied by theta / norm");
    case_convention("m = (1 - beta1) g, v = (1 - beta2) g^2, w_new = w - rate (m / (1 - beta1)) / "
                    "(sqrt(v / (1 - beta2)) + eps): the first step of Adam, without decay");
    case_number("scale", scale, "of the loss");
    case_number("rate", rate, "");
    case_number("theta", theta, "");
    case_number("beta1", 0.9f, "");
    case_number("beta2", 0.999f, "");
    case_number("eps", 1e-3f, "");
    float given[B * I];
    uint16_t patterns[B * I];
    rng_fill_normal(&r, B * I, given, 0, 1);
    format_to_half(B * I, given, patterns); // not by format_round: some mistakes stand there
    format_from_half(B * I, patterns, given);
    case_input_f4("x", SHAPE(B, I), given, "the inputs");
    case_input_i4("target", SHAPE(B), targets, "the class of each row");
    tensor *w1 = case_param("w1", SHAPE(H, I), &r, 0.5f, "");
    tensor *b1 = case_param("b1", SHAPE(H), &r, 0.5f, "");
    tensor *w2 = case_param("w2", SHAPE(V, H), &r, 0.5f, "");
    tensor *b2 = case_param("b2", SHAPE(V), &r, 0.5f, "");
    adamw adam = adamw_new(0.9f, 0.999f, 1e-3f, 0);
    mixed_precision_scaler s = mixed_precision_constant_scale(scale);
    tensor *h = mixed_precision_tanh_layer(&format_half, constant("x", SHAPE(B, I), given), w1, b1);
    tensor *logits = mixed_precision_linear(&format_half, h, w2, b2);
    tensor *loss = t_cross_entropy(logits, targets), *tanh = h->in[0], *a = tanh->in[0];
    write_layer("1", "x", "a", a);
    write("step", "h", "a_half", h->shape, tanh->data, "tanh, in float32");
    write("step", "h_half", "h", h->shape, h->data, "in fp16");
    write_layer("2", "h_half", "logits", logits);
    write("output", "loss", "logits_half", SCALAR, loss->data, "in float32");
    mixed_precision_backward(&s, loss);
    write_layer_gradients("2", "h_half", "logits", "logits_half loss", logits);
    write_rounded("dw2_half", "dw2_sum", w2);
    write_rounded("db2_half", "db2_sum", b2);
    write("gradient", "dh", "dlogits_half w2_half", h->shape, h->grad, "the product, in float32");
    write("gradient", "dh_half", "dh", h->shape, tanh->grad, "in fp16");
    write_layer_gradients("1", "x", "a", "dh_half h", a);
    write_rounded("dw1_half", "dw1_sum", w1);
    write_rounded("db1_half", "db1_sum", b1);
    float norm = (float)mixed_precision_step(&s, &adam, rate, theta).norm;
    static const char *const names[4][5] = {
        {"dw1_half norm", "dw1", "w1_new", "w1_new_half", "dw1"},
        {"db1_half norm", "db1", "b1_new", "b1_new_half", "db1"},
        {"dw2_half norm", "dw2", "w2_new", "w2_new_half", "dw2"},
        {"db2_half norm", "db2", "b2_new", "b2_new_half", "db2"}};
    write("step", "norm", "dw1_half db1_half dw2_half db2_half", SCALAR, &norm,
          "of the gradients divided by the scale");
    for (int i = 0; i < 4; i++) {
        tensor *w = param_at(i);
        float half[V * H];
        write("gradient", names[i][1], names[i][0], w->shape, w->grad,
              "divided by the scale and clipped, in float32");
        write("output", names[i][2], names[i][4], w->shape, w->data, "after Adam's step");
        format_round_all(&format_half, w->size, w->data, half);
        write("output", names[i][3], names[i][2], w->shape, half, "in fp16, for the next step");
    }
    case_end();
    tensors_free();
}

void
mixed_precision_cases(void)
{
    decoding("half_decode", &format_half);
    decoding("bfloat_decode", &format_bfloat);
    decoding("e4m3_decode", &format_e4m3);
    decoding("e5m2_decode", &format_e5m2);
    rounding("half_round", &format_half, 10);
    rounding("bfloat_round", &format_bfloat, 11);
    rounding("e4m3_round", &format_e4m3_max, 12);
    rounding("e4m3_round_nan", &format_e4m3, 13);
    rounding("e5m2_round", &format_e5m2, 14);
    double_rounding();
    at_random();
    sums();
    stuck();
    loss_scale();
    scaled_steps();
    mixed_step();
}
