// Chapter rope: rotation against complex numbers, every scheme against its formula, the properties that each has and
// lacks, gradients by differences.
#include "rope/rope.h"
#include "rope/language.h"

#include "nets/ops.h"
#include "test.h"
#include "test_tensors.h"

#include <complex.h>
#include <math.h>

enum { B = 2, T = 4, H = 3, d = 6, PAIRS = d / 2 };

static rope_table
new_table(rope_pairing pairing, int positions, int pairs)
{
    double theta[d / 2];
    rope_angles(2 * pairs, 10000, theta);
    return rope_table_new(pairing, positions, pairs, theta);
}

START_TEST(angles)
{
    double theta[64], slower[64];
    rope_angles(128, 10000, theta);
    for (int i = 0; i < 64; i++)
        test_near(theta[i], pow(10000, -2.0 * i / 128), 1e-14, "theta", i);
    rope_position_interpolation(128, 10000, 8, slower);
    for (int i = 0; i < 64; i++)
        test_near(slower[i], theta[i] / 8, 1e-15, "interpolated", i);
    // The fastest pair stays, the slowest becomes 8 times as slow.
    rope_ntk_aware(128, 10000, 8, slower);
    test_near(slower[0], 1, 1e-15, "ntk", 0);
    test_near(slower[63] * 8 / theta[63], 1, 1e-12, "ntk", 63);
    // The libraries' YaRN: linear from pair floor(64 ln(4096/64 pi)/ln 10000) = 20 to ceil(45.03) = 46.
    rope_yarn(128, 10000, 8, 4096, slower);
    for (int i = 0; i < 64; i++)
        test_near(slower[i] / theta[i],
                  i < 20   ? 1
                  : i > 46 ? 1 / 8.0
                           : 1 - 7 / 8.0 * (i - 20) / 26,
                  1e-12, "yarn", i);
    // Where 32 turns and 1 are both faster than the first pair, only that one stays.
    rope_yarn(128, 10000, 8, 5, slower);
    for (int i = 0; i < 64; i++)
        test_near(slower[i] / theta[i], i ? 1 / 8.0 : 1, 1e-12, "yarn, short", i);
    // With a small base pair 140.9 would make one turn: the ramp ends at 127 (which no base of a model reaches).
    rope_angles(128, 10, theta);
    rope_yarn(128, 10, 8, 1000, slower);
    for (int i = 0; i < 64; i++)
        test_near(slower[i] / theta[i], i < 44 ? 1 : 1 - 7 / 8.0 * (i - 44) / (127 - 44), 1e-12,
                  "yarn, small base", i);
    rope_angles(128, 10000, theta);
    test_near(rope_yarn_scale(8), 0.1 * log(8) + 1, 1e-15, "scale", 0);
    // By parts: more than 32 turns over 4096 positions stay, less than one is interpolated.
    rope_ntk_by_parts(128, 10000, 8, 4096, slower);
    for (int i = 0; i < 64; i++) {
        double turns = 4096 * theta[i] / (2 * acos(-1)), part = slower[i] / theta[i];
        test_near(part,
                  turns > 32  ? 1
                  : turns < 1 ? 1 / 8.0
                              : 1 / 8.0 + 7 / 8.0 * (turns - 1) / 31,
                  1e-12, "by parts", i);
    }
}
END_TEST

// Against (x_a + i x_b) e^{i position theta}, for both pairings, also where only some values are rotated, and far away.
START_TEST(rotation)
{
    for (int form = 0; form < 6; form++) {
        rope_pairing pairing = form % 2;
        int pairs = form / 2 == 1 ? 2 : PAIRS, first = form < 4 ? 3 : 1001;
        rng r = rng_at(1, form);
        rope_table table = new_table(pairing, first + T, pairs);
        tensor *x = test_param("x", SHAPE(B, T, H, d), &r, 1), *y = rope_rotate(x, &table, first);
        for (int row = 0; row < B * T * H; row++) {
            const float *from = x->data + row * d, *to = y->data + row * d;
            int position = first + row / H % T;
            for (int i = 0; i < pairs; i++) {
                int a = pairing == ROPE_INTERLEAVED ? 2 * i : i;
                int b = pairing == ROPE_INTERLEAVED ? 2 * i + 1 : i + pairs;
                double complex z = (from[a] + I * from[b]) *
                                   cexp(I * position * pow(10000, -2.0 * i / (2 * pairs)));
                test_near(to[a], creal(z), 1e-6, "re", i);
                test_near(to[b], cimag(z), 1e-6, "im", i);
            }
            for (int i = 2 * pairs; i < d; i++)
                ck_assert_float_eq(to[i], from[i]);
            // One vector in double has all pairs rotated.
            if (pairs < PAIRS)
                continue;
            double theta[PAIRS], x64[d], y64[d];
            rope_angles(d, 10000, theta);
            for (int i = 0; i < d; i++)
                x64[i] = from[i];
            rope_rotate64(pairing, d, theta, position, x64, y64);
            for (int i = 0; i < d; i++)
                test_near(y64[i], to[i], 1e-6, "in double", i);
        }
    }
}
END_TEST

// Used besides, so that its gradient must be added to one that is there.
static tensor *
rotated_of(tensor *const x[], void *context)
{
    return t_add(x[0], rope_rotate(x[0], context, 5));
}

START_TEST(rotation_gradient)
{
    rng r = rng_at(2, 0);
    for (int form = 0; form < 4; form++) {
        rope_table table = new_table(form % 2, 20, form / 2 ? 2 : PAIRS);
        tensor *x = test_param("x", SHAPE(B, T, H, d), &r, 1);
        ck_assert_double_lt(gradcheck(rotated_of, 1, &x, &table), 1e-3);
    }
}
END_TEST

START_TEST(refused)
{
    rope_table table = new_table(ROPE_HALVES, 6, PAIRS);
    tensor *x = constant("x", SHAPE(B, T, H, d), NULL),
           *narrow = constant("narrow", SHAPE(B, T, H, 4), NULL);
    REFUSED(rope_rotate(x, &table, 3), "rope_rotate: positions 3 to 6; the table has 6");
    REFUSED(rope_rotate(x, &table, -1), "rope_rotate: positions -1 to 2; the table has 6");
    REFUSED(rope_rotate(narrow, &table, 0), "rope_rotate: narrow (2, 4, 3, 4) with 3 pairs; "
                                            "expected (B, T, h, d) with d of two each or more");
    REFUSED(rope_gather(x, 1, (int[]){0, 6}), "rope_gather: column 6 at 1, expected 0..5");
    tensor *flat = constant("flat", SHAPE(3), NULL);
    REFUSED(rope_scatter_add(flat, 1, (int[]){0}),
            "rope_scatter_add: flat (3); expected two axes or more");
    bool nowhere[T * T] = {true, false, false, false, false};
    rope_shaw shaw = {1, constant("a_k", SHAPE(3, d), NULL), constant("a_v", SHAPE(3, d), NULL)};
    tensor *one = constant("x", SHAPE(1, T, H, d), NULL);
    REFUSED(rope_shaw_attend(one, one, one, nowhere, &shaw),
            "rope: query 1 of sequence 0 may look at no key; relative vectors need one");
}
END_TEST

// <R_m q, R_n k> depends on m - n only, and lengths stay; not so where q and k are paired differently.
START_TEST(shifts)
{
    rng r = rng_at(3, 0);
    tensor *q = test_param("q", SHAPE(1, 1, 1, d), &r, 1),
           *k = test_param("k", SHAPE(1, 1, 1, d), &r, 1);
    for (int form = 0; form < 3; form++) {
        rope_table a = new_table(form == 1, 40, PAIRS), b = new_table(form > 0, 40, PAIRS);
        double change = 0, first = 0;
        for (int s = 0; s < 20; s++) {
            const float *x = rope_rotate(q, &a, s + 7)->data, *y = rope_rotate(k, &b, s)->data;
            double score = 0, length = 0, before = 0;
            for (int i = 0; i < d; i++) {
                score += x[i] * y[i];
                length += x[i] * x[i];
                before += q->data[i] * q->data[i];
            }
            test_near(length, before, 1e-5, "length", s);
            first = s ? first : score;
            change = fmax(change, fabs(score - first));
        }
        ck_assert_msg(form == 2 ? change > 0.1 : change < 1e-5, "form %d: %g", form, change);
    }
}
END_TEST

// The two pairings are one rotation of permuted values.
START_TEST(pairings)
{
    rng r = rng_at(4, 0);
    rope_table a = new_table(ROPE_INTERLEAVED, 10, PAIRS), b = new_table(ROPE_HALVES, 10, PAIRS);
    tensor *x = test_param("x", SHAPE(1, T, 1, d), &r, 1),
           *y = test_param("y", SHAPE(1, T, 1, d), &r, 1);
    for (int t = 0; t < T; t++)
        for (int i = 0; i < d; i++)
            y->data[t * d + i % 2 * PAIRS + i / 2] = x->data[t * d + i];
    const float *u = rope_rotate(x, &a, 2)->data, *v = rope_rotate(y, &b, 2)->data;
    for (int t = 0; t < T; t++)
        for (int i = 0; i < d; i++)
            ck_assert_float_eq(u[t * d + i], v[t * d + i % 2 * PAIRS + i / 2]);
}
END_TEST

START_TEST(decay_bound)
{
    double theta[64];
    const int at[] = {0, 5, 10, 50, 100, 250};
    const double expected[] = {32.5, 20.8, 18.0, 12.6, 10.2, 6.55};
    rope_angles(128, 10000, theta);
    for (int i = 0; i < 6; i++)
        ck_assert_double_lt(fabs(rope_decay_bound(128, theta, at[i]) - expected[i]), 0.06);
    // It bounds what it says: |sum h_i e^{i distance theta_i}| for a vector of h, by Abel summation.
    double worst = 0, h[64];
    rng r = rng_at(5, 0);
    for (int i = 0; i < 64; i++)
        h[i] = rng_normal(&r);
    for (int i = 0; i < 64; i++)
        worst = fmax(worst, fabs((i < 63 ? h[i + 1] : 0) - h[i]));
    for (int distance = 0; distance < 300; distance += 7) {
        double complex sum = 0;
        for (int i = 0; i < 64; i++)
            sum += h[i] * cexp(I * distance * theta[i]);
        ck_assert_double_le(cabs(sum), worst * 64 * rope_decay_bound(128, theta, distance) + 1e-9);
    }
}
END_TEST

START_TEST(slopes_and_buckets)
{
    double slope[12];
    rope_alibi_slopes(8, slope);
    for (int i = 0; i < 8; i++)
        test_near(slope[i], pow(2, -i - 1), 1e-15, "slope of 8", i);
    rope_alibi_slopes(12, slope);
    for (int i = 0; i < 12; i++)
        test_near(slope[i], i < 8 ? pow(2, -i - 1) : pow(2, -0.5 - (i - 8)), 1e-14, "slope of 12",
                  i);
    rope_alibi_slopes(1, slope);
    test_near(slope[0], 1 / 256.0, 1e-17, "slope of 1", 0);
    const int first[] = {16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113};
    for (int i = -3; i < 16; i++)
        ck_assert_int_eq(rope_t5_bucket(i, false), i < 0 ? 0 : i);
    for (int i = 0; i < 16; i++) {
        ck_assert_int_eq(rope_t5_bucket(first[i], false), 16 + i);
        ck_assert_int_eq(rope_t5_bucket(first[i] - 1, false), 15 + i);
    }
    ck_assert_int_eq(rope_t5_bucket(1000000, false), 31);
    // In both directions: 16 for each, 8 of them by themselves.
    const int first_both[] = {8, 12, 16, 23, 32, 46, 64, 91};
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(rope_t5_bucket(i, true), i);
        ck_assert_int_eq(rope_t5_bucket(-i, true), i ? 16 + i : 0);
        ck_assert_int_eq(rope_t5_bucket(first_both[i], true), 8 + i);
        ck_assert_int_eq(rope_t5_bucket(first_both[i] - 1, true), 7 + i);
        ck_assert_int_eq(rope_t5_bucket(-first_both[i], true), 24 + i);
    }
    ck_assert_int_eq(rope_t5_bucket(-1000000, true), 31);
}
END_TEST

// ---- Schemes: softmax(score) v written once more ----

typedef struct {
    tensor *q, *k, *v, *a_k, *a_v, *t5, *w_r, *u, *w, *sinusoid;
    rope_table table;
} world;

static world
world_new(rng *r)
{
    world x = {
        test_param("q", SHAPE(B, T, H, d), r, 1), test_param("k", SHAPE(B, T, H, d), r, 1),
        test_param("v", SHAPE(B, T, H, d), r, 1), test_param("a_k", SHAPE(5, d), r, 1),
        test_param("a_v", SHAPE(5, d), r, 1),     test_param("t5", SHAPE(ROPE_T5_BUCKETS, H), r, 1),
        test_param("w_r", SHAPE(H * d, 4), r, 1), test_param("u", SHAPE(H, d), r, 1),
        test_param("w", SHAPE(H, d), r, 1),       transformer_positions(T, 4),
        new_table(ROPE_HALVES, T, PAIRS)};
    return x;
}

enum { ALIBI, T5, SHAW, XL, ROTATED, SCHEMES };

static double
dot(const float *x, const float *y)
{
    double sum = 0;
    for (int i = 0; i < d; i++)
        sum += (double)x[i] * y[i];
    return sum;
}

static double
plain_score(const world *x, int scheme, int b, int h, int t, int s)
{
    const float *q = x->q->data + ((b * T + t) * H + h) * d,
                *k = x->k->data + ((b * T + s) * H + h) * d;
    const float *u = x->u->data + h * d, *w = x->w->data + h * d;
    int distance = t - s, clipped = distance > 2 ? 2 : distance;
    double re = 0, r[d];
    static const double slope[H] = {1 / 16.0, 1 / 256.0, 1 / 4.0}; // of 2 heads, the first of 4
    switch (scheme) {
    case ALIBI: return dot(q, k) / sqrt(d) - slope[h] * distance;
    case T5: return dot(q, k) + x->t5->data[distance * H + h];
    case SHAW: return (dot(q, k) + dot(q, x->a_k->data + (2 + clipped) * d)) / sqrt(d);
    case XL:
        for (int i = 0; i < d; i++) {
            r[i] = 0;
            for (int j = 0; j < 4; j++)
                r[i] += x->w_r->data[(h * d + i) * 4 + j] * x->sinusoid->data[distance * 4 + j];
        }
        for (int i = 0; i < d; i++)
            re += (q[i] + u[i]) * k[i] + (q[i] + w[i]) * r[i];
        return re / sqrt(d);
    default:
        for (int i = 0; i < PAIRS; i++)
            re += creal((q[i] + I * q[i + PAIRS]) * conj(k[i] + I * k[i + PAIRS]) *
                        cexp(I * distance * pow(10000, -2.0 * i / d)));
        return re / sqrt(d);
    }
}

static tensor *
attended(const world *x, int scheme, const bool *mask)
{
    rope_shaw *shaw = tape_alloc(sizeof *shaw);
    rope_xl *xl = tape_alloc(sizeof *xl);
    rope_t5 *t5 = tape_alloc(sizeof *t5);
    rope_table *table = tape_alloc(sizeof *table);
    *shaw = (rope_shaw){2, x->a_k, x->a_v};
    *xl = (rope_xl){x->sinusoid, x->w_r, x->u, x->w};
    *table = x->table;
    switch (scheme) {
    case ALIBI: return rope_alibi_attend(x->q, x->k, x->v, mask, NULL);
    case T5: *t5 = (rope_t5){.learnt = x->t5}; return rope_t5_attend(x->q, x->k, x->v, mask, t5);
    case SHAW: return rope_shaw_attend(x->q, x->k, x->v, mask, shaw);
    case XL: return rope_xl_attend(x->q, x->k, x->v, mask, xl);
    default: return rope_attend(x->q, x->k, x->v, mask, table);
    }
}

START_TEST(schemes_forward)
{
    rng r = rng_at(6, 0);
    world x = world_new(&r);
    // Sines and cosines in turn: the distances 0, 1, ... of Transformer-XL.
    for (int i = 0; i < T * 4; i++) {
        double angle = i / 4 * pow(10000, -2.0 * (i % 4 / 2) / 4);
        test_near(x.sinusoid->data[i], i % 2 ? cos(angle) : sin(angle), 1e-7, "sinusoid", i);
    }
    for (int scheme = 0; scheme < SCHEMES; scheme++) {
        const tensor *out = attended(&x, scheme, transformer_causal_mask(B, T, T));
        for (int b = 0; b < B; b++)
            for (int h = 0; h < H; h++)
                for (int t = 0; t < T; t++) {
                    double weight[T], sum = 0;
                    for (int s = 0; s <= t; s++)
                        sum += weight[s] = exp(plain_score(&x, scheme, b, h, t, s));
                    for (int i = 0; i < d; i++) {
                        double expected = 0;
                        for (int s = 0; s <= t; s++) {
                            int clipped = t - s > 2 ? 2 : t - s;
                            double value = x.v->data[((b * T + s) * H + h) * d + i];
                            value += scheme == SHAW ? x.a_v->data[(2 + clipped) * d + i] : 0;
                            expected += weight[s] / sum * value;
                        }
                        test_near(out->data[((b * T + t) * H + h) * d + i], expected, 1e-5, "out",
                                  scheme);
                    }
                }
    }
}
END_TEST

typedef struct {
    world *world;
    int scheme;
} scheme_context;

static tensor *
scheme_of(tensor *const x[], void *context)
{
    (void)x;
    const scheme_context *c = context;
    return attended(c->world, c->scheme, transformer_causal_mask(B, T, T));
}

START_TEST(schemes_gradient)
{
    rng r = rng_at(7, 0);
    world w = world_new(&r);
    tensor *learnt[SCHEMES][4] = {{NULL}, {w.t5}, {w.a_k, w.a_v}, {w.w_r, w.u, w.w}, {NULL}};
    for (int scheme = 0; scheme < SCHEMES; scheme++) {
        tensor *x[8] = {w.q, w.k, w.v};
        int n = 3;
        for (int i = 0; learnt[scheme][i]; i++)
            x[n++] = learnt[scheme][i];
        ck_assert_double_lt(gradcheck(scheme_of, n, x, &(scheme_context){&w, scheme}), 1e-3);
    }
}
END_TEST

// One query at a time against the keys so far gives what the whole sequence gives: every scheme knows where a query
// stands.
START_TEST(schemes_cached)
{
    rng r = rng_at(8, 0);
    world x = world_new(&r);
    for (int scheme = 0; scheme < SCHEMES; scheme++) {
        const tensor *all = attended(&x, scheme, transformer_causal_mask(B, T, T));
        for (int t = 0; t < T; t++) {
            world now = x;
            float part[3][B * T * H * d];
            const tensor *from[] = {x.q, x.k, x.v};
            for (int i = 0; i < 3; i++)
                for (int b = 0; b < B; b++) {
                    int first = i ? 0 : t, n = t + 1 - first;
                    memcpy(part[i] + b * n * H * d, from[i]->data + (b * T + first) * H * d,
                           n * H * d * sizeof(float));
                }
            now.q = constant("q", SHAPE(B, 1, H, d), part[0]);
            now.k = constant("k", SHAPE(B, t + 1, H, d), part[1]);
            now.v = constant("v", SHAPE(B, t + 1, H, d), part[2]);
            const tensor *one = attended(&now, scheme, NULL);
            for (int b = 0; b < B; b++)
                for (int i = 0; i < H * d; i++)
                    test_near(one->data[b * H * d + i], all->data[(b * T + t) * H * d + i], 1e-5,
                              "one", scheme);
        }
    }
}
END_TEST

// In a batch every sequence has a mask of its own: it gets what it gets alone.
START_TEST(schemes_masked)
{
    rng r = rng_at(11, 0);
    world x = world_new(&r);
    bool mask[B * T * T];
    for (int i = 0; i < B * T * T; i++) { // sequence 0 sees all before, sequence 1 the last two
        int s = i % T, t = i / T % T;
        mask[i] = s <= t && (i < T * T || s > t - 2);
    }
    for (int scheme = 0; scheme < SCHEMES; scheme++) {
        const tensor *both = attended(&x, scheme, mask);
        for (int b = 0; b < B; b++) {
            world alone = x;
            alone.q = constant("q", SHAPE(1, T, H, d), x.q->data + b * T * H * d);
            alone.k = constant("k", SHAPE(1, T, H, d), x.k->data + b * T * H * d);
            alone.v = constant("v", SHAPE(1, T, H, d), x.v->data + b * T * H * d);
            const tensor *one = attended(&alone, scheme, mask + b * T * T);
            for (int i = 0; i < T * H * d; i++)
                test_near(both->data[b * T * H * d + i], one->data[i], 1e-6, "alone", scheme);
        }
    }
}
END_TEST

// T5 in both directions: a key after the query takes the second half of the table.
START_TEST(t5_both)
{
    rng r = rng_at(12, 0);
    world x = world_new(&r);
    const tensor *out =
        rope_t5_attend(x.q, x.k, x.v, NULL, &(rope_t5){.both = true, .learnt = x.t5});
    for (int row = 0; row < B * T * H; row++) {
        int b = row / (T * H), t = row / H % T, h = row % H;
        double weight[T], sum = 0;
        for (int s = 0; s < T; s++) {
            int class = s > t ? 16 + s - t : t - s;
            sum += weight[s] = exp(dot(x.q->data + row * d, x.k->data + ((b * T + s) * H + h) * d) +
                                   x.t5->data[class * H + h]);
        }
        for (int i = 0; i < d; i++) {
            double expected = 0;
            for (int s = 0; s < T; s++)
                expected += weight[s] / sum * x.v->data[((b * T + s) * H + h) * d + i];
            test_near(out->data[row * d + i], expected, 1e-5, "out", row);
        }
    }
}
END_TEST

START_TEST(linear)
{
    enum { N = 9, W = 4 };
    double theta[W / 2], x[3][N * W], weights[N * N], sums[N], out[N * W], again[N * W];
    double query[W], key[W], state[W * W] = {0}, total[W] = {0}, moved[W];
    rng r = rng_at(9, 0);
    rope_angles(W, 10000, theta);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < N * W; j++)
            x[i][j] = rng_normal(&r);
    rope_linear_attention(N, W, theta, x[0], x[1], x[2], weights, sums, out);
    for (int t = 0; t < N; t++)
        rope_linear_step(W, theta, t, x[0] + t * W, x[1] + t * W, x[2] + t * W, state, total,
                         again + t * W);
    for (int i = 0; i < N * W; i++)
        test_near(again[i], out[i], 1e-12, "step by step", i);
    // After the last step: the sums over all keys, rows of the state those of the key.
    for (int i = 0; i < W; i++)
        for (int j = -1; j < W; j++) {
            double sum = 0;
            for (int t = 0; t < N; t++) {
                rope_linear_features(W, theta, t, x[1] + t * W, key, moved);
                sum += j < 0 ? key[i] : moved[i] * x[2][t * W + j];
            }
            test_near(j < 0 ? total[i] : state[i * W + j], sum, 1e-12, "sums", i);
        }
    for (int t = 0; t < N; t++) {
        double sum = 0, top[N];
        for (int s = 0; s <= t; s++) {
            double complex z = 0;
            for (int i = 0; i < W; i++) {
                double a = x[0][t * W + i], b = x[1][s * W + i];
                query[i] = a > 0 ? a + 1 : exp(a);
                key[i] = b > 0 ? b + 1 : exp(b);
                sum += query[i] * key[i];
            }
            for (int i = 0; i < W / 2; i++)
                z += (query[2 * i] + I * query[2 * i + 1]) * conj(key[2 * i] + I * key[2 * i + 1]) *
                     cexp(I * (t - s) * theta[i]);
            top[s] = creal(z);
        }
        test_near(sums[t], sum, 1e-12, "normaliser", t);
        for (int s = 0; s < N; s++)
            test_near(weights[t * N + s], s <= t ? top[s] / sum : 0, 1e-12, "weight", s);
    }
}
END_TEST

// The language: a key, words, questions whose answer is not shown; the oracle's losses are those of independent draws.
START_TEST(language)
{
    enum { N = 4000 };
    zipf z = zipf_new(1);
    rng r = rng_at(10, 0);
    int input[N], target[N], words = 0, questions = 0;
    double oracle[N];
    bool is_key[N];
    rope_language_sample(&z, &r, N, input, target, oracle, is_key);
    ck_assert(input[0] >= ROPE_FIRST_KEY && input[0] < ROPE_QUESTION);
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(is_key[i], input[i] == ROPE_QUESTION);
        ck_assert(i == 0 || input[i] < ROPE_FIRST_KEY || input[i] == ROPE_QUESTION ||
                  input[i] == ROPE_BLANK);
        if (is_key[i]) {
            ck_assert_int_eq(target[i], input[0]);
            ck_assert(i + 1 == N || input[i + 1] == ROPE_BLANK);
            ck_assert_double_eq(oracle[i], 0);
        } else
            ck_assert(i + 1 == N || input[i + 1] == target[i]);
        words += target[i] == 0;
        questions += target[i] == ROPE_QUESTION;
        ck_assert_double_ge(oracle[i], 0);
    }
    ck_assert_double_lt(fabs(questions - ROPE_QUESTIONS * words) /
                            sqrt(words * ROPE_QUESTIONS * (1 - ROPE_QUESTIONS)),
                        4);
    // The oracle pays for each word with its space what its draw costs, and for the question or its absence.
    int first = 0, end = 0;
    while (first < N) {
        bool question = target[first] == ROPE_QUESTION;
        int word = first + 2 * question;
        for (end = word; end < N && target[end] != 0; end++)
            continue;
        if (end >= N)
            break;
        end++;
        double paid = 0, draw = -log(zipf_beginning(&z, end - word, target + word));
        for (int i = first; i < end; i++)
            paid += oracle[i];
        if (first > 0)
            draw -= log(question ? ROPE_QUESTIONS : 1 - ROPE_QUESTIONS);
        test_near(paid, draw, 1e-12, "word at", first);
        first = end;
    }
}
END_TEST

TEST_MAIN("rope", angles, rotation, rotation_gradient, refused, shifts, pairings, decay_bound,
          slopes_and_buckets, schemes_forward, schemes_gradient, schemes_cached, schemes_masked,
          t5_both, linear, language)
