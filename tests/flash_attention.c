// Chapter flash_attention: tiles against the formula written once more in double and against chapter 2's operation; the
// identities of parts of the keys; which bits tiles change and which not; words moved.
#include "flash_attention/flash_attention.h"
#include "flash_attention/exact.h"
#include "flash_attention/io.h"
#include "flash_attention/own.h"

#include "frame/program.h"
#include "nets/ops.h"
#include "nets/tensor.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "test.h"
#include "test_tensors.h"
#include "transformer/transformer.h"

#include <math.h>
#include <omp.h>

enum { B = 2, T = 5, S = 7, H = 3, D = 4 };

static tensor *
normal(const char *name, shape s, rng *r)
{
    return test_param(name, s, r, 1);
}

typedef struct {
    tensor *q, *k, *v, *bias;
} inputs;

static inputs
inputs_of(int queries, int keys, int stream)
{
    rng r = rng_at(1, stream);
    inputs in;
    in.q = normal("q", SHAPE(B, queries, H, D), &r);
    in.k = normal("k", SHAPE(B, keys, H, D), &r);
    in.v = normal("v", SHAPE(B, keys, H, D), &r);
    in.bias = normal("bias", SHAPE(H, queries, keys), &r);
    return in;
}

// Any pattern, with a query that may look nowhere and whole tiles that are hidden.
static bool *
odd_mask(int queries, int keys)
{
    bool *mask = tape_alloc((long)B * queries * keys);
    for (int i = 0; i < B * queries * keys; i++)
        mask[i] = i / keys != 4 && (i * 7 + i / keys) % 3 != 0 && (i / keys < 7 || i % keys > 2);
    return mask;
}

// ---- Against the formula ----

static bool
may_look(flash_attention_causality causal, const bool *mask, int queries, int keys, int b, int t,
         int s)
{
    if (causal == FLASH_ATTENTION_BOTTOM_RIGHT && s > keys - queries + t)
        return false;
    if (causal == FLASH_ATTENTION_TOP_LEFT && s > t)
        return false;
    return !mask || mask[(b * queries + t) * keys + s];
}

// out and L by the formula; mask and bias may be NULL.
static void
plain(const inputs *in, flash_attention_causality causal, const bool *mask, bool biased,
      double *out, double *L)
{
    int queries = in->q->shape.n[1], keys = in->k->shape.n[1];
    for (int b = 0; b < B; b++)
        for (int h = 0; h < H; h++)
            for (int t = 0; t < queries; t++) {
                double sum = 0, *o = out + ((b * queries + t) * H + h) * D;
                for (int c = 0; c < D; c++)
                    o[c] = 0;
                for (int s = 0; s < keys; s++) {
                    double score = 0;
                    for (int c = 0; c < D; c++)
                        score += (double)in->q->data[((b * queries + t) * H + h) * D + c] *
                                 in->k->data[((b * keys + s) * H + h) * D + c];
                    score /= sqrt(D);
                    int head = in->bias->shape.rank == 4 ? b * H + h : h;
                    score += biased ? in->bias->data[(head * queries + t) * keys + s] : 0;
                    double w = may_look(causal, mask, queries, keys, b, t, s) ? exp(score) : 0;
                    sum += w;
                    for (int c = 0; c < D; c++)
                        o[c] += w * in->v->data[((b * keys + s) * H + h) * D + c];
                }
                for (int c = 0; c < D; c++)
                    o[c] = sum > 0 ? o[c] / sum : 0;
                L[(b * H + h) * queries + t] = log(sum);
            }
}

static const int tile_sizes[][2] = {{0, 0}, {1, 1}, {2, 3}, {3, 2},
                                    {1, 7}, {5, 1}, {4, 4}, {64, 64}};
enum { TILES = 8 };

enum { NO_BIAS, A_HEADS, A_SEQUENCES }; // one bias for each head, or for each head of each sequence

static void
check_forward(int queries, int keys, flash_attention_options o, bool masked, int biased)
{
    inputs in = inputs_of(queries, keys, 0);
    rng r = rng_at(1, 22);
    if (biased == A_SEQUENCES)
        in.bias = normal("bias", SHAPE(B, H, queries, keys), &r);
    const bool *mask = masked ? odd_mask(queries, keys) : NULL;
    double expected[B * S * H * D], L[B * H * S];
    plain(&in, o.causal, mask, biased, expected, L);
    tensor *out = flash_attention_attend(in.q, in.k, in.v, mask, biased ? in.bias : NULL, &o);
    for (int i = 0; i < out->size; i++)
        test_near(out->data[i], expected[i], 2e-6, "out", i);
    const tensor *own = tape_saved(out, "L");
    for (int i = 0; i < own->size; i++)
        if (isinf(L[i]))
            ck_assert_float_eq(own->data[i], -INFINITY);
        else
            test_near(own->data[i], L[i], 1e-6, "L", i);
    tensors_free();
}

START_TEST(forward)
{
    for (int tile = 0; tile < TILES; tile++)
        for (int form = 0; form < 6; form++)
            for (int causal = 0; causal < 3; causal++)
                for (int kind = 0; kind < 4; kind++) {
                    flash_attention_options o = {.rows = tile_sizes[tile][0],
                                                 .columns = tile_sizes[tile][1],
                                                 .causal = causal,
                                                 .lazy = kind & 1 ? 1 : 0,
                                                 .power_of_two = kind & 2};
                    check_forward(T, S, o, form & 1, form / 2);
                    check_forward(S, T, o, form & 1, form / 2);
                }
}
END_TEST

static tensor *
attention_of(tensor *const x[], void *context)
{
    const flash_attention_options *o = context;
    const bool *mask = o->lazy > 0 ? odd_mask(T, S) : NULL;
    return flash_attention_attend(x[0], x[1], x[2], mask, x[3], o);
}

// By differences, for every kind of mask, tiles that divide nothing, and a bias for each head or for each sequence,
// too.
START_TEST(gradient)
{
    rng r = rng_at(1, 1);
    inputs in = inputs_of(T, S, 2);
    tensor *x[] = {in.q, in.k, in.v, in.bias};
    for (int causal = 0; causal < 3; causal++)
        for (int kind = 0; kind < 4; kind++) {
            flash_attention_options o = {.rows = 2,
                                         .columns = 3,
                                         .causal = causal,
                                         .lazy = kind & 1 ? 1 : 0,
                                         .power_of_two = kind & 2};
            ck_assert_double_lt(gradcheck(attention_of, 4, x, &o), 1e-3);
        }
    x[3] = normal("bias", SHAPE(B, H, T, S), &r);
    flash_attention_options o = {.rows = 4, .columns = 4, .lazy = 1};
    ck_assert_double_lt(gradcheck(attention_of, 4, x, &o), 1e-3);
}
END_TEST

// Chapter 2's operation gives the same, gradients too: whatever the sizes, beyond one tile of the usual size.
START_TEST(as_chapter_two)
{
    enum { N = 300, M = 280 };
    rng r = rng_at(1, 3);
    tensor *x[] = {normal("q", SHAPE(1, N, 2, 8), &r), normal("k", SHAPE(1, M, 2, 8), &r),
                   normal("v", SHAPE(1, M, 2, 8), &r)};
    float out[N * 16], grad[3][N * 16], weight[N * 16];
    rng_fill_normal(&r, N * 16, weight, 0, 1);
    for (int masked = 0; masked < 2; masked++) {
        for (int ours = 0; ours < 2; ours++) {
            const bool *mask = masked ? transformer_causal_mask(1, N, M) : NULL;
            tensor *y = ours ? flash_attention_for_transformer(x[0], x[1], x[2], mask, NULL)
                             : transformer_attention(x[0], x[1], x[2], mask, NULL);
            for (int i = 0; i < 3; i++)
                memset(x[i]->grad, 0, x[i]->size * sizeof(float));
            backward_from(y, weight);
            for (int i = 0; i < y->size; i++)
                if (ours)
                    test_near(y->data[i], out[i], 2e-6, "out", i);
                else
                    out[i] = y->data[i];
            for (int k = 0; k < 3; k++)
                for (int i = 0; i < x[k]->size; i++)
                    if (ours)
                        test_near(x[k]->grad[i], grad[k][i], 5e-6, x[k]->name, i);
                    else
                        grad[k][i] = x[k]->grad[i];
            tape_reset();
        }
    }
}
END_TEST

// With causality as an option no mask is needed, and it is the mask's.
START_TEST(causality_is_a_mask)
{
    for (int longer = 0; longer < 2; longer++) {
        int queries = longer ? S : T, keys = longer ? T : S;
        inputs in = inputs_of(queries, keys, 4);
        const bool *mask = transformer_causal_mask(B, queries, keys);
        flash_attention_options o = {.rows = 2, .columns = 3};
        const tensor *a = flash_attention_attend(in.q, in.k, in.v, mask, NULL, &o);
        o.causal = FLASH_ATTENTION_BOTTOM_RIGHT;
        const tensor *b = flash_attention_attend(in.q, in.k, in.v, NULL, NULL, &o);
        for (int i = 0; i < a->size; i++)
            ck_assert_float_eq(a->data[i], b->data[i]);
        tensors_free();
    }
}
END_TEST

// A tile is skipped where no pair of it may look, and no other; with causality and a mask where one of them hides it.
START_TEST(hidden_tiles)
{
    for (int causal = 0; causal < 3; causal++)
        for (int masked = 0; masked < 2; masked++)
            for (int queries = 3; queries < 9; queries++) {
                const bool *mask = masked ? odd_mask(queries, S) : NULL;
                flash_attention_options o = {.causal = causal};
                flash_attention_head a = {.T = queries, .S = S, .d = D, .row = D, .mask = mask};
                for (int t = 0; t < queries; t++)
                    for (int rows = 1; t + rows <= queries; rows++)
                        for (int s = 0; s < S; s++)
                            for (int columns = 1; s + columns <= S; columns++) {
                                bool any = false;
                                for (int i = 0; i < rows * columns; i++)
                                    any |= may_look(causal, mask, queries, S, 0, t + i / columns,
                                                    s + i % columns);
                                flash_attention_tile tile = {t, rows, s, columns};
                                bool hidden = flash_attention_is_hidden(&a, &o, tile);
                                ck_assert(!hidden || !any);
                                ck_assert(hidden || any || (causal && masked));
                            }
            }
}
END_TEST

// ---- What must not go wrong ----

START_TEST(constants)
{
    for (int fixed = 0; fixed < 4; fixed++) {
        inputs in = inputs_of(T, S, 5);
        tensor *x[] = {in.q, in.k, in.v, in.bias};
        x[fixed] = constant("fixed", x[fixed]->shape, x[fixed]->data);
        tensor *out = flash_attention_attend(x[0], x[1], x[2], NULL, x[3], NULL);
        backward(t_sum(t_mul(out, out)));
        for (int i = 0; i < 4; i++)
            ck_assert((x[i]->grad == NULL) == (i == fixed));
        for (int i = 0; i < 4; i++)
            if (i != fixed)
                ck_assert_float_ne(x[i]->grad[0], 0);
        tensors_free();
    }
}
END_TEST

// A query that may look nowhere: zeros, L = -inf, no gradient, and not NaN; for every kind of reference.
START_TEST(nowhere)
{
    for (int kind = 0; kind < 4; kind++) {
        rng r = rng_at(1, 6);
        tensor *q = normal("q", SHAPE(1, 2, 1, D), &r), *k = normal("k", SHAPE(1, 4, 1, D), &r);
        tensor *v = normal("v", SHAPE(1, 4, 1, D), &r);
        flash_attention_options o = {
            .rows = 2, .columns = 2, .lazy = kind & 1 ? INFINITY : 0, .power_of_two = kind & 2};
        const bool mask[8] = {0, 0, 0, 0, 0, 0, 1, 1};
        tensor *out = flash_attention_attend(q, k, v, mask, NULL, &o);
        backward(t_sum(out));
        ck_assert_float_eq(tape_saved(out, "L")->data[0], -INFINITY);
        ck_assert(isfinite(tape_saved(out, "L")->data[1]));
        for (int i = 0; i < D; i++) {
            ck_assert_float_eq(out->data[i], 0);
            ck_assert_float_eq(q->grad[i], 0);
            ck_assert(isfinite(out->data[D + i]) && isfinite(q->grad[D + i]));
            ck_assert_float_eq(k->grad[i], 0);
            ck_assert_float_eq(v->grad[i], 0);
            ck_assert_float_ne(v->grad[3 * D + i], 0);
        }
        tensors_free();
    }
}
END_TEST

// Large scores do not overflow, and all weight goes to the largest, none elsewhere, not even where its value is 0; in
// either order, for every kind of reference.
START_TEST(large_scores)
{
    for (int kind = 0; kind < 2; kind++)
        for (int order = 0; order < 4; order++) {
            float query[] = {30}, keys[] = {1000, -1000, 900}, value = order / 2;
            float values[] = {value, 2, 3};
            if (order % 2) {
                keys[0] = -1000, keys[1] = 900, keys[2] = 1000;
                values[0] = 2, values[1] = 3, values[2] = value;
            }
            flash_attention_options o = {.rows = 1, .columns = 1, .power_of_two = kind};
            tensor *out = flash_attention_attend(
                constant("q", SHAPE(1, 1, 1, 1), query), constant("k", SHAPE(1, 3, 1, 1), keys),
                constant("v", SHAPE(1, 3, 1, 1), values), NULL, NULL, &o);
            ck_assert_float_eq(out->data[0], value);
            test_near(tape_saved(out, "L")->data[0], 30000, 1e-6, "L", 0);
        }
}
END_TEST

START_TEST(refusals)
{
    tensor *q = constant("q", SHAPE(B, T, H, D), NULL), *k = constant("k", SHAPE(B, S, H, D), NULL);
    tensor *other = constant("other", SHAPE(B, S, H, D + 1), NULL);
    tensor *flat = constant("flat", SHAPE(B, T, D), NULL);
    flash_attention_options negative = {.lazy = -1}, undefined = {.lazy = NAN};
    REFUSED(flash_attention_attend(q, other, other, NULL, NULL, NULL),
            "flash_attention_attend: queries (B, T, h, d) need keys (B, S, h, d): q (2, 5, 3, 4), "
            "other "
            "(2, 7, 3, 5)");
    REFUSED(flash_attention_attend(q, k, other, NULL, NULL, NULL),
            "flash_attention_attend: keys and values differ in shape: k (2, 7, 3, 4), other (2, 7, "
            "3, 5)");
    REFUSED(flash_attention_attend(flat, k, k, NULL, NULL, NULL),
            "flash_attention_attend: queries (B, T, h, d) need keys (B, S, h, d): flat (2, 5, 4), "
            "k (2, 7, "
            "3, 4)");
    REFUSED(flash_attention_attend(q, k, k, NULL, flat, NULL),
            "flash_attention_attend: the bias flat (2, 5, 4) is neither (3, 5, 7) nor that for "
            "each of 2 "
            "sequences");
    REFUSED(
        flash_attention_attend(q, k, k, NULL, NULL, &negative),
        "flash_attention_attend: tiles of 0 x 0 that move by more than -1; expected no negative "
        "number");
    REFUSED(
        flash_attention_attend(q, k, k, NULL, NULL, &undefined),
        "flash_attention_attend: tiles of 0 x 0 that move by more than nan; expected no negative "
        "number");
}
END_TEST

// ---- Parts of the keys ----

typedef struct {
    float m, l, o[D];
} part;

// Keys from .. to - 1 of n random ones, as a part with any reference m.
static part
part_of(int from, int to, const float *score, const float *v, float m)
{
    part p = {.m = m};
    for (int s = from; s < to; s++) {
        p.l += exp32(score[s] - m);
        for (int c = 0; c < D; c++)
            p.o[c] += exp32(score[s] - m) * v[s * D + c];
    }
    return p;
}

static part
merged(part a, part b)
{
    flash_attention_merge(D, &a.m, &a.l, a.o, b.m, b.l, b.o);
    return a;
}

static void
same_answer(part a, part b)
{
    ck_assert_float_eq(a.m, b.m);
    test_near(a.l / b.l, 1, 1e-6, "l", 0);
    for (int c = 0; c < D; c++)
        test_near(a.o[c] / a.l, b.o[c] / b.l, 2e-6, "o / l", c);
}

START_TEST(merging)
{
    enum { N = 9 };
    float score[N], v[N * D];
    rng r = rng_at(1, 7);
    rng_fill_normal(&r, N, score, 0, 3);
    rng_fill_normal(&r, N * D, v, 0, 1);
    const part nothing = {.m = -INFINITY};
    part a = part_of(0, 3, score, v, max32(3, score)), b = part_of(3, 4, score, v, score[3]);
    part c = part_of(4, N, score, v, max32(N - 4, score + 4));
    part all = part_of(0, N, score, v, max32(N, score));
    same_answer(merged(merged(a, b), c), all);
    same_answer(merged(a, merged(b, c)), all);
    same_answer(merged(c, merged(b, a)), all);
    // No key, on either side, twice, and alone
    same_answer(merged(merged(nothing, all), nothing), all);
    part none = merged(nothing, nothing);
    ck_assert_float_eq(none.m, -INFINITY);
    ck_assert_float_eq(none.l, 0);
    ck_assert_float_eq(none.o[0], 0);
    // The bits of one part do not change beside nothing
    ck_assert_float_eq(merged(all, nothing).l, all.l);
    ck_assert_float_eq(merged(nothing, all).o[1], all.o[1]);
    // Any m gives the same quotient
    part far = part_of(0, N, score, v, 5);
    for (int k = 0; k < D; k++)
        test_near(far.o[k] / far.l, all.o[k] / all.l, 2e-6, "any m", k);
    // Finished answers are parts: (L, 1, o / l)
    part done[2] = {a, merged(b, c)};
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < D; k++)
            done[i].o[k] /= done[i].l;
        done[i].m += log32(done[i].l);
        done[i].l = 1;
    }
    float parts_L[] = {done[0].m, done[1].m}, parts_out[2 * D], out[D];
    for (int i = 0; i < 2; i++)
        memcpy(parts_out + i * D, done[i].o, sizeof done[i].o);
    test_near(flash_attention_combine(2, D, parts_L, parts_out, out), all.m + log32(all.l), 1e-6,
              "combined L", 0);
    for (int k = 0; k < D; k++)
        test_near(out[k], all.o[k] / all.l, 2e-6, "combined", k);
    part both = merged(done[0], done[1]);
    test_near(both.m + log32(both.l), all.m + log32(all.l), 1e-6, "L", 0);
    for (int k = 0; k < D; k++)
        test_near(both.o[k] / both.l, all.o[k] / all.l, 2e-6, "finished", k);
}
END_TEST

START_TEST(one_query)
{
    enum { N = 37 };
    rng r = rng_at(1, 8);
    tensor *q = normal("q", SHAPE(1, 1, 1, D), &r), *k = normal("k", SHAPE(1, N, 1, D), &r);
    tensor *v = normal("v", SHAPE(1, N, 1, D), &r),
           *out = flash_attention_attend(q, k, v, NULL, NULL, NULL);
    float own[D], L = flash_attention_query(N, D, q->data, k->data, v->data, own);
    test_near(L, tape_saved(out, "L")->data[0], 1e-6, "L", 0);
    for (int c = 0; c < D; c++)
        test_near(own[c], out->data[c], 2e-6, "out", c);
    ck_assert_float_eq(flash_attention_query(0, D, q->data, k->data, v->data, own), -INFINITY);
    ck_assert_float_eq(own[0], 0);
}
END_TEST

// ---- Bits ----

enum { LONG = 101, WIDE = 24 };

typedef struct {
    float out[LONG * WIDE], L[LONG], d[3][LONG * WIDE];
} outcome;

static outcome
outcome_of(flash_attention_options o, float scale)
{
    static float x[4 * LONG * WIDE], room[100000];
    outcome y = {0};
    rng r = rng_at(1, 9);
    rng_fill_normal(&r, 4 * LONG * WIDE, x, 0, 1);
    for (int i = 0; i < LONG * WIDE; i++)
        x[i] *= scale;
    const float *q = x, *k = q + LONG * WIDE, *v = k + LONG * WIDE, *dout = v + LONG * WIDE;
    flash_attention_head a = {.T = LONG, .S = LONG, .d = WIDE, .row = WIDE, .q = q, .k = k, .v = v};
    flash_attention_head_forward(&a, &o, room, y.out, y.L);
    flash_attention_head_backward(
        &a, &o, room, y.out, dout, y.L,
        &(flash_attention_gradients){.dq = y.d[0], .dk = y.d[1], .dv = y.d[2]});
    return y;
}

static int
differences(long n, const float *x, const float *y)
{
    int different = 0;
    for (long i = 0; i < n; i++)
        different += bits32(x[i]) != bits32(y[i]);
    return different;
}

// With a power of two tiles change no bit, of outputs and gradients, causal or not; the running maximum's do, but not
// where only the number of queries differs.
START_TEST(bits_of_tiles)
{
    static const int sizes[][2] = {{64, 32}, {7, 33}, {101, 101}, {33, 1}, {1, 17}, {96, 16}};
    for (int causal = 0; causal < 2; causal++)
        for (int scale = 1; scale < 40; scale *= 6) {
            flash_attention_options o = {64, 64, causal, 0, true};
            const outcome first = outcome_of(o, scale);
            for (int i = 0; i < 6; i++) {
                o.rows = sizes[i][0];
                o.columns = sizes[i][1];
                const outcome y = outcome_of(o, scale);
                ck_assert_int_eq(differences(LONG * WIDE, first.out, y.out), 0);
                ck_assert_int_eq(differences(LONG, first.L, y.L), 0);
                ck_assert_int_eq(differences(3 * LONG * WIDE, first.d[0], y.d[0]), 0);
            }
        }
    flash_attention_options o = {64, 64, 0, 0, false};
    const outcome first = outcome_of(o, 1);
    o.rows = 7;
    const outcome rows = outcome_of(o, 1);
    ck_assert_int_eq(differences(LONG * WIDE, first.out, rows.out), 0);
    o.columns = 33;
    const outcome columns = outcome_of(o, 1);
    ck_assert_int_gt(differences(LONG * WIDE, first.out, columns.out), LONG * WIDE / 10);
}
END_TEST

// With a row's maximum given beforehand o is one chain of fused products over all keys, for any tiles.
START_TEST(one_chain)
{
    enum { N = 40, ROWS = 3 };
    float q[ROWS * D], k[N * D], v[N * D], m[ROWS], l[ROWS * FLASH_ATTENTION_LANES], o[ROWS * D];
    float score[ROWS * N], weights[ROWS * N], chain[ROWS * D];
    rng r = rng_at(1, 10);
    rng_fill_normal(&r, ROWS * D, q, 0, 2);
    rng_fill_normal(&r, N * D, k, 0, 1);
    rng_fill_normal(&r, N * D, v, 0, 1);
    matmul_plain(ROWS, N, D, matrix_of(q, D), transpose_of(k, D), score, N, MATMUL_SET);
    for (int i = 0; i < ROWS * N; i++)
        score[i] *= 0.5f;
    flash_attention_head a = {.T = ROWS, .S = N, .d = D, .row = D, .q = q, .k = k, .v = v};
    flash_attention_options at_rest = {.lazy = INFINITY};
    flash_attention_state state = {m, l, o, D};
    for (int i = 0; i < ROWS * N; i++)
        weights[i] = exp32(score[i] - max32(N, score + i / N * N));
    matmul_plain(ROWS, D, N, matrix_of(weights, N), matrix_of(v, D), chain, D, MATMUL_SET);
    for (int columns = 1; columns <= N; columns += 3) {
        flash_attention_begin(ROWS, D, &state);
        for (int t = 0; t < ROWS; t++)
            m[t] = max32(N, score + t * N);
        for (int s = 0; s < N; s += columns) {
            flash_attention_tile tile = {0, ROWS, s, N - s < columns ? N - s : columns};
            flash_attention_tile_forward(&a, &at_rest, tile, &state, weights);
        }
        ck_assert_int_eq(differences(ROWS * D, chain, o), 0);
        for (int t = 0; t < ROWS; t++)
            ck_assert_float_eq(m[t], max32(N, score + t * N));
    }
}
END_TEST

// m moves only by more than tau, and then to the largest score; it never falls.
START_TEST(lazy_reference)
{
    enum { N = 60 };
    float zero[N] = {0}, v[N] = {0}, score[N], m = 0, l[FLASH_ATTENTION_LANES], o, weight;
    rng r = rng_at(1, 11);
    rng_fill_normal(&r, N, score, 0, 2);
    for (int s = 0; s < N; s++) // multiples of 1/2, of which some exceed m by tau and no more
        score[s] = rintf(2 * score[s]) / 2;
    for (float tau = 0; tau < 5; tau++) {
        flash_attention_head a = {
            .T = 1, .S = N, .d = 1, .row = 1, .q = zero, .k = zero, .v = v, .bias = score};
        flash_attention_options lazy = {.lazy = tau};
        flash_attention_state state = {&m, l, &o, 1};
        float top = -INFINITY, expected = -INFINITY;
        flash_attention_begin(1, 1, &state);
        for (int s = 0; s < N; s++) {
            flash_attention_tile_forward(&a, &lazy, (flash_attention_tile){0, 1, s, 1}, &state,
                                         &weight);
            top = fmaxf(top, score[s]);
            expected = s == 0 || top > expected + tau ? top : expected;
            ck_assert_float_eq(m, expected);
            ck_assert_float_eq(weight, exp32(score[s] - expected));
        }
    }
}
END_TEST

// The reference is the integer next to a log2 e, and the weight e^a 2^-m.
START_TEST(power_of_two_reference)
{
    for (float s = -300; s < 300; s += 0.37f) {
        float zero = 0, v = 1, m, l[FLASH_ATTENTION_LANES], o, weight;
        flash_attention_head a = {
            .T = 1, .S = 1, .d = 1, .row = 1, .q = &zero, .k = &zero, .v = &v, .bias = &s};
        flash_attention_options power = {.power_of_two = true};
        flash_attention_state state = {&m, l, &o, 1};
        flash_attention_begin(1, 1, &state);
        flash_attention_tile_forward(&a, &power, (flash_attention_tile){0, 1, 0, 1}, &state,
                                     &weight);
        ck_assert_double_eq(m, rint(s * 1.4426950408889634));
        test_near(weight, exp(s - m * 0.69314718055994531), 2e-7, "weight", 0);
        test_near(flash_attention_log_sum(&power, &state, 0), s, 1e-6, "L", 0);
    }
}
END_TEST

// The sum over keys of P dP is D, rows of ds sum to 0, those of P to 1.
START_TEST(row_identities)
{
    float q[T * D], k[S * D], v[S * D], dout[T * D], out[T * D], L[T], dots[T], room[1000];
    float P[T * S], dP[T * S], ds[T * S];
    float *all[] = {q, k, v, dout};
    rng r = rng_at(1, 12);
    for (int i = 0; i < 4; i++)
        rng_fill_normal(&r, (i == 1 || i == 2 ? S : T) * D, all[i], 0, 1);
    flash_attention_options o = {.rows = 2, .columns = 3};
    flash_attention_head a = {.T = T, .S = S, .d = D, .row = D, .q = q, .k = k, .v = v};
    flash_attention_head_forward(&a, &o, room, out, L);
    flash_attention_row_dots(T, D, D, out, dout, dots);
    flash_attention_tile_backward(&a, &o, (flash_attention_tile){0, T, 0, S}, dout, L, dots,
                                  &(flash_attention_gradients){0},
                                  &(flash_attention_tile_room){P, dP, ds});
    for (int t = 0; t < T; t++) {
        double weights = 0, mean = 0, sum = 0;
        for (int s = 0; s < S; s++) {
            weights += P[t * S + s];
            mean += P[t * S + s] * dP[t * S + s];
            sum += ds[t * S + s];
        }
        test_near(weights, 1, 1e-6, "P", t);
        test_near(mean, dots[t], 1e-6, "D", t);
        test_near(sum, 0, 1e-6, "ds", t);
    }
}
END_TEST

// Two threads give the bits of one.
START_TEST(threads)
{
    enum { N = 130 };
    float out[2][2 * N * 4 * 8], grad[2][2 * N * 4 * 8];
    for (int n = 1; n <= 2; n++) {
        omp_set_num_threads(n);
        rng r = rng_at(1, 13);
        shape s = SHAPE(2, N, 4, 8);
        tensor *q = normal("q", s, &r), *k = normal("k", s, &r), *v = normal("v", s, &r);
        tensor *y = flash_attention_attend(q, k, v, NULL, NULL, NULL);
        memcpy(out[n - 1], y->data, sizeof out[0]);
        backward(t_sum(t_mul(y, y)));
        memcpy(grad[n - 1], k->grad, sizeof grad[0]);
        tensors_free();
    }
    ck_assert_mem_eq(out[0], out[1], sizeof out[0]);
    ck_assert_mem_eq(grad[0], grad[1], sizeof grad[0]);
}
END_TEST

// What the tape keeps is L, and not S T of anything.
START_TEST(memory_kept)
{
    enum { N = 512 };
    rng r = rng_at(1, 14);
    shape s = SHAPE(1, N, 1, 8);
    tensor *q = normal("q", s, &r), *k = normal("k", s, &r), *v = normal("v", s, &r);
    size_t before = tape_used();
    tensor *y = flash_attention_attend(q, k, v, NULL, NULL, NULL);
    ck_assert_uint_lt(tape_used() - before, y->size * 4 + N * 4 + 4096);
    backward(t_sum(y));
    ck_assert_uint_lt(tape_peak(), N * N * 4);
}
END_TEST

// A head takes no more room than it says, for every tile.
START_TEST(rooms)
{
    for (int tile = 0; tile < TILES; tile++) {
        inputs in = inputs_of(T, S, 23);
        flash_attention_options o = {.rows = tile_sizes[tile][0], .columns = tile_sizes[tile][1]};
        flash_attention_head a = {.T = T,
                                  .S = S,
                                  .d = D,
                                  .row = H * D,
                                  .q = in.q->data,
                                  .k = in.k->data,
                                  .v = in.v->data};
        long needed[2] = {flash_attention_forward_room(T, S, D, &o),
                          flash_attention_backward_room(T, S, D, &o)};
        long size = needed[0] + needed[1] + 200;
        float out[T * H * D], L[T], *room = tape_alloc(size * sizeof *room);
        flash_attention_gradients g = {in.q->grad, in.k->grad, in.v->grad, NULL};
        for (int pass = 0; pass < 2; pass++) {
            for (long i = 0; i < size; i++)
                room[i] = 12345;
            if (pass == 0)
                flash_attention_head_forward(&a, &o, room, out, L);
            else
                flash_attention_head_backward(&a, &o, room, out, out, L, &g);
            for (long i = needed[pass]; i < size; i++)
                ck_assert_float_eq(room[i], 12345);
        }
        tensors_free();
    }
}
END_TEST

// ---- Chapter 2's models ----

static double
model_loss(transformer_attention_fn *attention, int encoders, float grad[8])
{
    enum { V = 7, W = 12, L = 9 };
    rng r = rng_at(1, 15);
    transformer_config c = {.V = V,
                            .D = W,
                            .h = 3,
                            .F = 10,
                            .encoders = encoders,
                            .decoders = 2,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = transformer_positions(L, W),
                            .attention = attention};
    transformer m = transformer_new(&c, &r);
    int ids[2 * L], lengths[] = {5, 9};
    for (int i = 0; i < 2 * L; i++)
        ids[i] = (int)rng_below(&r, V);
    const bool *mask = transformer_padding_mask(2, L, L, lengths, NULL);
    tensor *memory = encoders ? transformer_encode(&m, 2, L, ids, mask) : NULL;
    tensor *logits = transformer_decode(&m, 2, L, ids, NULL, memory, memory ? mask : NULL, NULL);
    tensor *loss = t_cross_entropy(logits, ids);
    double value = loss->data[0];
    backward(loss);
    for (int i = 0; i < 8; i++)
        grad[i] = param_at(i + 1)->grad[i];
    tensors_free();
    return value;
}

START_TEST(models_run_on_it)
{
    for (int encoders = 0; encoders < 2; encoders++) {
        float theirs[8], ours[8];
        double expected = model_loss(NULL, encoders, theirs);
        double loss = model_loss(flash_attention_for_transformer, encoders, ours);
        test_near(loss, expected, 1e-6, "loss", encoders);
        for (int i = 0; i < 8; i++)
            test_near(ours[i], theirs[i], 1e-6, "gradient", i);
    }
}
END_TEST

// ---- Words moved ----

START_TEST(words)
{
    enum { N = 10, W = 3 };
    float x[4 * N * W], expected[N * W], L[N], room[2000];
    rng r = rng_at(1, 16);
    rng_fill_normal(&r, 3 * N * W, x, 0, 1);
    const float *q = x, *k = q + N * W, *v = k + N * W;
    flash_attention_head a = {.T = N, .S = N, .d = W, .row = W, .q = q, .k = k, .v = v};
    flash_attention_head_forward(&a, &(flash_attention_options){0}, room, expected, L);
    for (int p = 0; p < FLASH_ATTENTION_IO_PROGRAMS; p++)
        for (int rows = 1; rows <= N; rows++)
            for (int columns = 1; columns <= N; columns++) {
                float *out = x + 3 * N * W;
                flash_attention_io form = flash_attention_io_form(p, N, W, rows, columns);
                flash_attention_io io =
                    flash_attention_io_run(p, N, W, rows, columns, form.held, q, k, v, out);
                ck_assert_int_eq(io.moved, form.moved);
                ck_assert_int_eq(io.held, form.held);
                for (int i = 0; i < N * W; i++)
                    test_near(out[i], expected[i], 2e-6, "out", i);
#ifndef __SANITIZE_ADDRESS__ // what ends in the middle has not given its memory back
                char message[100];
                snprintf(message, sizeof message,
                         "flash_attention: %ld words are to be held in a fast memory of %ld",
                         form.held, form.held - 1);
                if (p != FLASH_ATTENTION_UNFUSED)
                    REFUSED(
                        flash_attention_io_run(p, N, W, rows, columns, form.held - 1, q, k, v, out),
                        message);
#endif
            }
}
END_TEST

// By hand, and the best of all tiles by trying all.
START_TEST(word_counts)
{
    // N = 4, d = 2, tiles 2 x 4: 16 + 4 + 16 ceil(4 / 2) = 52; one tile of keys: K, V 16, Q, out 16, m, l 8
    ck_assert_int_eq(flash_attention_io_form(FLASH_ATTENTION_QUERIES_OUTSIDE, 4, 2, 2, 4).moved,
                     52);
    ck_assert_int_eq(flash_attention_io_form(FLASH_ATTENTION_KEYS_OUTSIDE, 4, 2, 2, 4).moved, 40);
    ck_assert_int_eq(flash_attention_io_form(FLASH_ATTENTION_UNFUSED, 4, 2, 2, 4).moved, 112);
    for (int p = 0; p < FLASH_ATTENTION_IO_PROGRAMS; p++) {
        flash_attention_io_tile best = flash_attention_io_best(p, 20, 4, 60);
        long least = best.io.moved + 1;
        for (int rows = 1; rows <= 20; rows++)
            for (int columns = 1; columns <= 20; columns++) {
                flash_attention_io io = flash_attention_io_form(p, 20, 4, rows, columns);
                if (io.held <= 60 && io.moved < least)
                    least = io.moved;
            }
        ck_assert_int_eq(best.io.moved, least);
        ck_assert_int_le(best.io.held, 60);
    }
    ck_assert_int_eq(flash_attention_io_best(FLASH_ATTENTION_UNFUSED, 20, 4, 21).rows, 0);
    ck_assert_int_gt(flash_attention_io_best(FLASH_ATTENTION_UNFUSED, 20, 4, 22).rows, 0);
    // All that holds up to 60 queries moves as much in 9 rows of tiles as 57 queries and 1 key, which hold least.
    flash_attention_io_tile strip =
        flash_attention_io_best(FLASH_ATTENTION_QUERIES_OUTSIDE, 512, 32, 4096);
    ck_assert_int_eq(strip.rows, 57);
    ck_assert_int_eq(strip.columns, 1);
}
END_TEST

// ---- The reader's own numbers ----

START_TEST(own_sizes)
{
    flash_attention_own_sizes own = flash_attention_own_parse("512,32,4096");
    ck_assert_int_eq(own.N, 512);
    ck_assert_int_eq(own.d, 32);
    ck_assert_int_eq(own.M, 4096);
    static const char *const bad[] = {"",           "512",
                                      "512,32",     "512,32,",
                                      "512,32,40 ", "0,1,1",
                                      "8193,1,100", "-5,1,1",
                                      "1,4097,9",   "1,1,100000001",
                                      ",1,1",       "1,,1",
                                      "1, 2,3",     "99999999999999999999,1,1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char message[200];
        snprintf(message, sizeof message,
                 "--io %s: expected N,D,M, as 512,32,4096: N up to 8192, D up to 4096, M up to "
                 "100000000",
                 bad[i]);
        REFUSED(flash_attention_own_parse(bad[i]), message);
    }
    REFUSED(flash_attention_own_parse("\x1b[31m"),
            "--io \\x1b[31m: expected N,D,M, as 512,32,4096: N up to 8192, D up to 4096, M up to "
            "100000000");
}
END_TEST

static npy
array_of(int rank, const int *n, double *values)
{
    npy a = {.rank = rank, .size = 1, .values = values};
    for (int i = 0; i < rank; i++) {
        a.n[i] = n[i];
        a.size *= n[i];
    }
    return a;
}

START_TEST(own_arrays)
{
    double x[200], endless[200];
    for (int i = 0; i < 200; i++)
        x[i] = endless[i] = i;
    endless[3] = 1e39;
    npy q = array_of(3, (int[]){2, 3, 4}, x), k = array_of(3, (int[]){2, 5, 4}, x);
    npy wide = array_of(3, (int[]){2, 5, 3}, x), flat = array_of(2, (int[]){5, 4}, x);
    npy heads = array_of(3, (int[]){3, 5, 4}, x), bad = array_of(3, (int[]){2, 5, 4}, endless);
    npy empty = array_of(3, (int[]){2, 0, 4}, x), line = array_of(1, (int[]){4}, x);
    flash_attention_own_tensors own = flash_attention_own_take((npy[]){q, k, k}, "f");
    // Head 1, query 2, number 3 of (2, 3, 4) stands at (1, 2, 3), in the tensor at (query 2, head 1, 3)
    ck_assert(shape_equal(own.q->shape, SHAPE(1, 3, 2, 4)));
    ck_assert_float_eq(own.q->data[(2 * 2 + 1) * 4 + 3], (1 * 3 + 2) * 4 + 3);
    ck_assert_float_eq(own.k->data[(4 * 2 + 1) * 4 + 2], (1 * 5 + 4) * 4 + 2);
    REFUSED(flash_attention_own_take((npy[]){q, flat, k}, "f"),
            "f: q.npy has 3 axes and k.npy 2; expected as many");
    REFUSED(flash_attention_own_take((npy[]){line, line, line}, "f"),
            "f/q.npy: 1 axes; expected (n, d), (h, n, d) or (B, h, n, d)");
    REFUSED(flash_attention_own_take((npy[]){q, empty, k}, "f"),
            "f/k.npy: an array without values");
    REFUSED(flash_attention_own_take((npy[]){q, k, bad}, "f"),
            "f/v.npy: value 3 is 1e+39, which is no finite number in float32");
    REFUSED(flash_attention_own_take((npy[]){q, heads, heads}, "f"),
            "f: as (B, n, h, d), queries and keys differ in more than n: q (1, 3, 2, 4), k (1, 5, "
            "3, 4)");
    REFUSED(flash_attention_own_take((npy[]){q, k, wide}, "f"),
            "f: as (B, n, h, d), keys and values differ in shape: k (1, 5, 2, 4), v (1, 5, 2, 3)");
}
END_TEST

// What --qkv writes is the answer to what it read, causal or not.
START_TEST(own_folder)
{
    enum { N = 6, M = 8, W = 3 };
    float q[2 * N * W], k[2 * M * W], v[2 * M * W];
    rng r = rng_at(1, 20);
    rng_fill_normal(&r, 2 * N * W, q, 0, 1);
    rng_fill_normal(&r, 2 * M * W, k, 0, 1);
    rng_fill_normal(&r, 2 * M * W, v, 0, 1);
    test_folder();
    ck_assert_ptr_nonnull(freopen("said", "w", stdout));
    program_begin("trial", (program_option[]){{0}}, 3, (char *[]){"trial", "--out", "out", NULL});
    npy_write("q.npy", NPY_F4, 3, (int[]){2, N, W}, q);
    npy_write("k.npy", NPY_F4, 3, (int[]){2, M, W}, k);
    npy_write("v.npy", NPY_F4, 3, (int[]){2, M, W}, v);
    for (int causal = 0; causal < 2; causal++) {
        flash_attention_own_qkv(".", causal);
        npy out = npy_read("out/out.npy"), L = npy_read("out/L.npy");
        ck_assert_int_eq(out.rank, 3);
        ck_assert_int_eq(L.rank, 2);
        ck_assert_int_eq(out.size, 2 * N * W);
        ck_assert_int_eq(L.n[0], 2);
        ck_assert_int_eq(L.n[1], N);
        for (int h = 0; h < 2; h++) {
            double expected[N * W];
            for (int t = 0; t < N; t++) {
                double sum = 0;
                for (int s = 0; s < (causal ? M - N + t + 1 : M); s++) {
                    double score = 0;
                    for (int c = 0; c < W; c++)
                        score += (double)q[(h * N + t) * W + c] * k[(h * M + s) * W + c];
                    sum += exp(score / sqrt(W));
                }
                test_near(L.values[h * N + t], log(sum), 1e-6, "L", t);
            }
            flash_attention_head a = {.T = N,
                                      .S = M,
                                      .d = W,
                                      .row = W,
                                      .q = q + h * N * W,
                                      .k = k + h * M * W,
                                      .v = v + h * M * W};
            flash_attention_exact(&a, causal ? FLASH_ATTENTION_BOTTOM_RIGHT : FLASH_ATTENTION_ALL,
                                  expected);
            for (int i = 0; i < N * W; i++)
                test_near(out.values[h * N * W + i], expected[i], 2e-6, "out", i);
        }
        npy_free(&out);
        npy_free(&L);
    }
    fflush(stdout);
    ck_assert_int_eq(
        system("grep -q '1 sequences, 2 heads, 6 queries and 8 keys of width 3, causal' "
               "said"),
        0);
    // Both errors of both runs are those of float32.
    char line[200];
    int lines = 0;
    FILE *said = fopen("said", "r");
    ck_assert_ptr_nonnull(said);
    while (fgets(line, sizeof line, said)) {
        const char *errors = strstr(line, "in tiles ");
        double tiled = 1, unfused = 1;
        if (!errors)
            continue;
        lines++;
        ck_assert_int_eq(sscanf(errors, "in tiles %lf, unfused %lf", &tiled, &unfused), 2);
        ck_assert(tiled > 0 && tiled < 1e-6 && unfused > 0 && unfused < 1e-6);
    }
    fclose(said);
    ck_assert_int_eq(lines, 2);
}
END_TEST

// The exact answers are those of the formula, for each causality.
START_TEST(exact_answers)
{
    for (int causal = 0; causal < 3; causal++) {
        inputs in = inputs_of(T, S, 21);
        double expected[B * T * H * D], L[B * H * T], own[T * D];
        plain(&in, causal, NULL, false, expected, L);
        flash_attention_head a = {.T = T,
                                  .S = S,
                                  .d = D,
                                  .row = H * D,
                                  .q = in.q->data,
                                  .k = in.k->data,
                                  .v = in.v->data};
        flash_attention_exact(&a, causal, own);
        float nearly[T * D];
        for (int t = 0; t < T; t++)
            for (int c = 0; c < D; c++) {
                test_near(own[t * D + c], expected[t * H * D + c], 1e-12, "exact", t);
                nearly[t * D + c] = (float)(own[t * D + c] * 1.5);
            }
        a.row = D;
        test_near(flash_attention_relative_error(&a, nearly, own), 0.5, 1e-6, "error", 0);
        tensors_free();
    }
}
END_TEST

TEST_MAIN_WITH("flash_attention", NULL, tensors_free, forward, gradient, as_chapter_two,
               causality_is_a_mask, hidden_tiles, constants, nowhere, large_scores, refusals,
               merging, one_query, bits_of_tiles, one_chain, lazy_reference, power_of_two_reference,
               row_identities, threads, memory_kept, rooms, models_run_on_it, words, word_counts,
               own_sizes, own_arrays, own_folder, exact_answers)
