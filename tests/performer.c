// Chapter performer: the feature maps against their formulas and against each other, attention as a matrix, as sums and
// as a recurrence, the estimates as statistics against what is known exactly, gradients by differences.
#include "performer/performer.h"

#include "nets/ops.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/stats.h"
#include "performer/study.h"
#include "test.h"
#include "test_tensors.h"
#include "transformer/transformer.h"

#include <math.h>

enum { B = 2, H = 3, T = 4, S = 6, d = 5, e = 3, M = 7, MAPS = 4 };

static tensor *
new_rows(int m, int width, rng *r)
{
    tensor *w = tensor_state("w", SHAPE(m, width));
    rng_fill_normal(r, w->size, w->data, 0, 1);
    return w;
}

// Feature f of a row, from its projection a (m) and h, by the formulas of the paper.
static double
feature(performer_map map, int m, const double *a, double h, int f)
{
    bool second = f >= m;
    double angle = a[f % m];
    switch (map) {
    case PERFORMER_POSITIVE: return exp(angle - h) / sqrt(m);
    case PERFORMER_HYPERBOLIC: return exp((second ? -angle : angle) - h) / sqrt(2 * m);
    case PERFORMER_TRIGONOMETRIC: return exp(h) * (second ? sin(angle) : cos(angle)) / sqrt(m);
    default: return fmax(angle, 0) / sqrt(m);
    }
}

// Both maps against the formulas, the float one of d^-1/4 x.
START_TEST(maps)
{
    for (int map = 0; map < MAPS; map++) {
        rng r = rng_at(1, map);
        int F = performer_feature_count(map, M);
        performer p = {.map = map, .w = new_rows(M, d, &r)};
        tensor *x = test_param("x", SHAPE(T, d), &r, 1);
        tensor *phi = performer_feature_map(&p, x, PERFORMER_QUERY);
        ck_assert_int_eq(phi->shape.n[1], F);
        double w[M * d], scaled[T * d], phi64[T * 2 * M];
        for (int i = 0; i < M * d; i++)
            w[i] = p.w->data[i];
        for (int i = 0; i < T * d; i++)
            scaled[i] = x->data[i] / pow(d, 0.25);
        performer_feature_map64(map, T, d, M, w, scaled, phi64);
        for (int t = 0; t < T; t++) {
            double a[M] = {0}, h = 0;
            for (int i = 0; i < d; i++) {
                h += scaled[t * d + i] * scaled[t * d + i] / 2;
                for (int j = 0; j < M; j++)
                    a[j] += w[j * d + i] * scaled[t * d + i];
            }
            for (int f = 0; f < F; f++) {
                double right = feature(map, M, a, h, f);
                test_near(phi->data[t * F + f], right, 2e-6, "phi", f);
                test_near(phi64[t * F + f], right, 1e-14, "phi64", f);
            }
        }
    }
}
END_TEST

static void
attention_inputs(rng *r, float std, tensor *x[3])
{
    x[0] = test_param("q", SHAPE(B, H, T, d), r, std);
    x[1] = test_param("k", SHAPE(B, H, S, d), r, std);
    x[2] = test_param("v", SHAPE(B, H, S, e), r, 1);
}

// Without a mask, with a mask of ones, and from the weights: the same; each row of weights sums to 1.
START_TEST(forms)
{
    for (int map = 0; map < MAPS; map++) {
        rng r = rng_at(2, map);
        performer p = {.map = map, .w = new_rows(M, d, &r)};
        tensor *x[3];
        attention_inputs(&r, 0.5f, x);
        tensor *sums = performer_attention(&p, x[0], x[1], x[2], NULL);
        tensor *weights = performer_weights(tape_find("phi_q"), tape_find("phi_k"), NULL);
        tensor *mask = constant("mask", SHAPE(T, S), NULL);
        for (int i = 0; i < T * S; i++)
            mask->data[i] = 1;
        tensor *matrix = performer_attention(&p, x[0], x[1], x[2], mask);
        tensor *product = t_matmul(weights, x[2]);
        for (int i = 0; i < sums->size; i++) {
            test_near(matrix->data[i], sums->data[i], 1e-4, "matrix", i);
            test_near(product->data[i], sums->data[i], 1e-4, "weights v", i);
        }
        for (int row = 0; row < B * H * T; row++) {
            double sum = 0;
            for (int s = 0; s < S; s++)
                sum += weights->data[row * S + s];
            test_near(sum, 1, 1e-4, "row", row);
        }
    }
}
END_TEST

// With eps 0 the stabiliser changes nothing but the features' range: it saves what would overflow or vanish. With
// eps 1e-6 the answers are another function.
START_TEST(stabiliser)
{
    for (int map = PERFORMER_POSITIVE; map <= PERFORMER_HYPERBOLIC; map++) {
        rng r = rng_at(3, map);
        performer p = {.map = map, .w = new_rows(M, d, &r)};
        tensor *x[3];
        attention_inputs(&r, 1, x);
        tensor *plain = performer_attention(&p, x[0], x[1], x[2], NULL);
        p.stabilised = true;
        tensor *stabilised = performer_attention(&p, x[0], x[1], x[2], NULL);
        float top_q = max32(M, tape_find("phi_q")->data);
        int F = performer_feature_count(map, M);
        float top_k = max32(S * F, tape_find("phi_k")->data);
        for (int i = 0; i < plain->size; i++)
            test_near(stabilised->data[i], plain->data[i], 1e-5, "eps 0", i);
        // The largest feature is that of the exponent 0, of the keys once in a sequence and head.
        test_near(top_k, 1 / sqrt(F), 1e-6, "the largest feature of the keys", 0);
        if (map == PERFORMER_POSITIVE)
            test_near(top_q, 1 / sqrt(F), 1e-6, "the largest feature of a query", 0);
        p.eps = 1e-2f;
        tensor *changed = performer_attention(&p, x[0], x[1], x[2], NULL);
        double most = 0;
        for (int i = 0; i < plain->size; i++)
            most = fmax(most, fabs(changed->data[i] - plain->data[i]));
        ck_assert_double_gt(most, 1e-3);
        // Long vectors: the plain map gives 0 / 0, the stabilised one an answer.
        for (int i = 0; i < x[1]->size; i++)
            x[1]->data[i] = 30;
        p.eps = 0;
        tensor *saved_by = performer_attention(&p, x[0], x[1], x[2], NULL);
        for (int i = 0; i < saved_by->size; i++)
            ck_assert(isfinite(saved_by->data[i]));
    }
}
END_TEST

// Against the formula: norm (exp(exponent - maximum) + eps), the maximum of the exponents of a query, or of all keys of
// a sequence and head.
START_TEST(stabilised_features)
{
    for (int form = 0; form < 4; form++) {
        performer_map map = form % 2 ? PERFORMER_HYPERBOLIC : PERFORMER_POSITIVE;
        bool query = form / 2 == 0;
        rng r = rng_at(12, form);
        int F = performer_feature_count(map, M);
        performer p = {map, true, 1e-4f, new_rows(M, d, &r)};
        tensor *x = test_param("x", SHAPE(B, T, d), &r, 3);
        const tensor *phi = performer_feature_map(&p, x, query ? PERFORMER_QUERY : PERFORMER_KEY);
        double exponent[B * T * 2 * M];
        for (int row = 0; row < B * T; row++)
            for (int f = 0; f < F; f++) {
                double a = 0, h = 0;
                for (int i = 0; i < d; i++) {
                    double scaled = x->data[row * d + i] / pow(d, 0.25);
                    a += p.w->data[f % M * d + i] * scaled;
                    h += scaled * scaled / 2;
                }
                exponent[row * F + f] = (f < M ? a : -a) - h;
            }
        int group = query ? F : T * F;
        for (int i = 0; i < B * T * F; i++) {
            double top = -INFINITY;
            for (int j = i / group * group; j < (i / group + 1) * group; j++)
                top = fmax(top, exponent[j]);
            double right = log((exp(exponent[i] - top) + 1e-4) / sqrt(F));
            test_near(log(phi->data[i]), right, 1e-5, "log phi", i);
        }
    }
}
END_TEST

// Keys that no query may look at have no influence: the answers of the others alone.
START_TEST(padding)
{
    enum { KEPT = 4 };
    rng r = rng_at(13, 0);
    performer p = {.map = PERFORMER_POSITIVE, .w = new_rows(M, d, &r)};
    tensor *q = test_param("q", SHAPE(T, d), &r, 1), *k = test_param("k", SHAPE(S, d), &r, 1);
    tensor *v = test_param("v", SHAPE(S, e), &r, 1), *mask = constant("mask", SHAPE(T, S), NULL);
    for (int i = 0; i < T * S; i++)
        mask->data[i] = i % S < KEPT;
    tensor *masked = performer_attention(&p, q, k, v, mask);
    tensor *alone = performer_attention(&p, q, t_slice(k, 0, KEPT), t_slice(v, 0, KEPT), NULL);
    for (int i = 0; i < T * e; i++)
        test_near(masked->data[i], alone->data[i], 1e-5, "out", i);
}
END_TEST

// What a model gets with a mask (B, T, S) is what the matrix gives, and zeros where that is 0 / 0.
static tensor *
assert_masked(performer *p, tensor *q, tensor *k, tensor *v, const bool *mask)
{
    int queries = q->shape.n[1], keys = k->shape.n[1], pairs = queries * keys;
    tensor *each = constant("each", SHAPE(B, H, queries, keys), NULL);
    for (int i = 0; i < each->size; i++)
        each->data[i] = mask[i / (H * pairs) * pairs + i % pairs];
    tensor *matrix = performer_attention(p, t_transpose(q, 1, 2), t_transpose(k, 1, 2),
                                         t_transpose(v, 1, 2), each);
    tensor *out = performer_attend(q, k, v, mask, p);
    for (int i = 0; i < B * queries * H * d; i++) {
        int b = i / (queries * H * d), t = i / (H * d) % queries, h = i / d % H;
        float right = matrix->data[((b * H + h) * queries + t) * d + i % d];
        test_near(out->data[i], isnan(right) ? 0 : right, 2e-6, "masked", i);
    }
    return out;
}

// Whether a tensor from which x was computed, or x, has rows of `columns` values for each of `rows`.
static bool
has_matrix(const tensor *x, int rows, int columns)
{
    int rank = x->shape.rank;
    if (rank > 1 && x->shape.n[rank - 2] == rows && x->shape.n[rank - 1] == columns)
        return true;
    for (int i = 0; i < x->inputs; i++)
        if (has_matrix(x->in[i], rows, columns))
            return true;
    return false;
}

// Padding, the causal mask and both, at either end of a sequence, give what the matrix gives; padding makes no matrix,
// what stands there has no influence and gets no gradient.
START_TEST(masks)
{
    static const int kept[B][2] = {{0, 4}, {2, 6}};
    for (int stabilised = 0; stabilised < 2; stabilised++) {
        rng r = rng_at(14, stabilised);
        performer p = {PERFORMER_HYPERBOLIC, stabilised, 0, new_rows(M, d, &r)};
        tensor *q = test_param("q", SHAPE(B, T, H, d), &r, 1);
        tensor *k = test_param("k", SHAPE(B, S, H, d), &r, 1);
        tensor *v = test_param("v", SHAPE(B, S, H, d), &r, 1);
        tensor *as_many = test_param("q", k->shape, &r, 1);
        bool some[B * T * S], past[B * T * S], both[B * S * S], past_of_half[B * S * S];
        for (int i = 0; i < B * T * S; i++) {
            some[i] = i % S >= kept[i / (T * S)][0] && i % S < kept[i / (T * S)][1];
            past[i] = i % S <= i / S % T; // the last keys are seen by no query
        }
        for (int i = 0; i < B * S * S; i++) {
            int b = i / (S * S), t = i / S % S, s = i % S;
            both[i] = s <= t && s >= kept[b][0] && s < kept[b][1];
            past_of_half[i] = t < 3 ? s <= t : s < 4; // not causal: the last queries look back only
        }
        assert_masked(&p, as_many, k, v, both);
        assert_masked(&p, as_many, k, v, past_of_half);
        assert_masked(&p, q, k, v, past);
        tensor *out = assert_masked(&p, q, k, v, some);
        ck_assert(!has_matrix(out, T, S));
        some[0] = false; // the first query alone
        ck_assert(has_matrix(assert_masked(&p, q, k, v, some), T, S));
        some[0] = true;
        tape_reset();
        backward(t_sum(t_mul(performer_attend(q, k, v, some, &p), q)));
        for (int i = 0; i < k->size; i++) {
            int b = i / (S * H * d), s = i / (H * d) % S;
            bool counts = s >= kept[b][0] && s < kept[b][1];
            ck_assert_msg((fabsf(k->grad[i]) > 1e-5f) == counts, "key %d of sequence %d", s, b);
            ck_assert_msg((fabsf(v->grad[i]) > 1e-5f) == counts, "value %d of sequence %d", s, b);
        }
        tensors_free();
    }
}
END_TEST

// As a model calls it: heads behind positions; the causal form is that of running sums, and with uniform features
// (x = 0) every key that is seen has the weight 1/t for any W.
START_TEST(attend)
{
    rng r = rng_at(4, 0);
    performer p = {.map = PERFORMER_POSITIVE, .w = new_rows(M, d, &r)};
    tensor *q = test_param("q", SHAPE(B, T, H, d), &r, 1), *k = test_param("k", q->shape, &r, 1);
    tensor *v = test_param("v", q->shape, &r, 1);
    tensor *out = performer_attend(q, k, v, transformer_causal_mask(B, T, T), &p);
    tensor *phi_q = tape_find("phi_q"), *phi_k = tape_find("phi_k");
    tensor *mask = constant("mask", SHAPE(T, T), NULL);
    for (int i = 0; i < T * T; i++)
        mask->data[i] = i % T <= i / T;
    tensor *matrix = performer_attention(&p, t_transpose(q, 1, 2), t_transpose(k, 1, 2),
                                         t_transpose(v, 1, 2), mask);
    for (int i = 0; i < B * H; i++) {
        double fq[T * M], fk[T * M], values[T * d], right[T * d];
        int b = i / H, h = i % H;
        for (int j = 0; j < T * M; j++) {
            fq[j] = phi_q->data[i * T * M + j];
            fk[j] = phi_k->data[i * T * M + j];
        }
        for (int j = 0; j < T * d; j++)
            values[j] = v->data[((b * T + j / d) * H + h) * d + j % d];
        performer_causal64(T, M, d, fq, fk, values, right);
        for (int j = 0; j < T * d; j++)
            test_near(out->data[((b * T + j / d) * H + h) * d + j % d], right[j], 1e-5, "out", j);
        for (int j = 0; j < T * d; j++)
            test_near(matrix->data[i * T * d + j], right[j], 1e-5, "masked", j);
        performer_attention64(T, T, M, d, fq, fk, values, right);
        tensor *all = performer_attend(q, k, v, NULL, &p);
        for (int j = 0; j < T * d; j++)
            test_near(all->data[((b * T + j / d) * H + h) * d + j % d], right[j], 1e-5, "all", j);
    }
    // Any other mask: each sequence has its own, all heads have the same.
    bool some[B * T * T];
    for (int i = 0; i < B * T * T; i++)
        some[i] = i % T == i / T % T || (i * 7 + i / (T * T)) % 3 == 0;
    assert_masked(&p, q, k, v, some);
    tensor *nothing = constant("x", SHAPE(B, T, H, d), NULL);
    out = performer_attend(nothing, nothing, v, transformer_causal_mask(B, T, T), &p);
    for (int b = 0; b < B; b++)
        for (int h = 0; h < H; h++)
            for (int i = 0; i < d; i++) {
                double sum = 0;
                for (int t = 0; t < T; t++) {
                    sum += v->data[((b * T + t) * H + h) * d + i];
                    test_near(out->data[((b * T + t) * H + h) * d + i], sum / (t + 1), 1e-6,
                              "mean so far", t);
                }
            }
}
END_TEST

// A later key changes earlier answers through the keys' maximum if eps > 0, and only then.
START_TEST(future)
{
    for (int with_eps = 0; with_eps < 2; with_eps++) {
        rng r = rng_at(5, 0);
        performer p = {PERFORMER_POSITIVE, true, with_eps ? 1e-2f : 0, new_rows(M, d, &r)};
        tensor *x = test_param("x", SHAPE(1, T, 1, d), &r, 1),
               *k = test_param("k", x->shape, &r, 1);
        tensor *v = test_param("v", x->shape, &r, 1);
        tensor *before = performer_attend(x, k, v, transformer_causal_mask(1, T, T), &p);
        for (int i = 0; i < d; i++) // along a row of W: the maximum moves to this key
            k->data[(T - 1) * d + i] = 2 * p.w->data[i];
        tensor *after = performer_attend(x, k, v, transformer_causal_mask(1, T, T), &p);
        double most = 0;
        for (int i = 0; i < (T - 1) * d; i++)
            most = fmax(most, fabs(after->data[i] - before->data[i]));
        if (with_eps)
            ck_assert_double_gt(most, 1e-3);
        else
            ck_assert_double_lt(most, 1e-5);
    }
}
END_TEST

// Whether in some group of one maximum a second exponent is near the largest: there the maximum has a kink.
static bool
near_a_second_maximum(const performer *p, tensor *x, performer_role role)
{
    const tensor *exponent = tape_saved(performer_feature_map(p, x, role), "exponent");
    int F = exponent->shape.n[3], n = role == PERFORMER_QUERY ? F : x->shape.n[2] * F;
    bool near = false;
    for (long at = 0; at < exponent->size; at += n) {
        float top = max32(n, exponent->data + at);
        int close = 0;
        for (int i = 0; i < n; i++)
            close += exponent->data[at + i] > top - 0.04f;
        near = near || close > 1;
    }
    tape_reset();
    return near;
}

// Whether a projection of the vector x (d) is near 0: there max(W x, 0) has a kink.
static bool
near_a_ramp(const performer *p, const float *x)
{
    for (int j = 0; j < M; j++)
        if (fabsf(dot32(d, x, p->w->data + j * d)) < 0.06f)
            return true;
    return false;
}

// Draws queries or keys anew until they are away from the kinks.
static void
move_off_the_kinks(const performer *p, tensor *x, performer_role role, rng *r)
{
    if (p->map == PERFORMER_RELU)
        for (float *row = x->data; row < x->data + x->size; row += d)
            while (near_a_ramp(p, row))
                rng_fill_normal(r, d, row, 0, 1);
    if (p->stabilised)
        while (near_a_second_maximum(p, x, role))
            rng_fill_normal(r, x->size, x->data, 0, 1);
}

typedef struct {
    performer p;
    bool masked;
} gradient_case;

static tensor *
attended(tensor *const x[], void *context)
{
    const gradient_case *c = context;
    tensor *mask = NULL;
    if (c->masked) {
        mask = constant("mask", SHAPE(T, S), NULL);
        for (int i = 0; i < T * S; i++)
            mask->data[i] = i % S <= i / S + 1;
    }
    // Queries and keys are used besides, so that their gradients must be added to some that are there.
    tensor *out = performer_attention(&c->p, x[0], x[1], x[2], mask);
    return t_add(out, t_broadcast(t_add(t_sum(x[0]), t_sum(x[1])), out->shape));
}

START_TEST(gradients)
{
    for (int i = 0; i < 2 * (MAPS + 2); i++) {
        int map = i / 2 < MAPS ? i / 2 : i / 2 - MAPS; // the first two once more, stabilised
        bool stabilised = i / 2 >= MAPS;
        rng r = rng_at(6, i);
        // A query whose ramps are all 0 would ask 0 / 0.
        float eps = stabilised || map == PERFORMER_RELU ? 0.1f : 0;
        gradient_case c = {{map, stabilised, eps, new_rows(M, d, &r)}, i % 2};
        tensor *x[3];
        attention_inputs(&r, 0.4f, x);
        move_off_the_kinks(&c.p, x[0], PERFORMER_QUERY, &r);
        move_off_the_kinks(&c.p, x[1], PERFORMER_KEY, &r);
        double worst = gradcheck(attended, 3, x, &c);
        ck_assert_msg(worst < 1e-3, "map %d, stabilised %d, masked %d: %g", map, stabilised, i % 2,
                      worst);
        tensors_free();
    }
}
END_TEST

// Rows within a block are orthogonal, of the given lengths; of the identity Q is the identity.
START_TEST(orthogonal)
{
    enum { MANY = 13, ROOM = 15 };
    double gaussian[ROOM * d], norm[MANY], w[MANY * d], q[d * d], r_factor[d * d];
    rng r = rng_at(7, 0);
    for (int i = 0; i < ROOM * d; i++)
        gaussian[i] = rng_normal(&r);
    for (int i = 0; i < MANY; i++)
        norm[i] = 1 + i;
    performer_orthogonal(MANY, d, gaussian, norm, w);
    for (int i = 0; i < MANY; i++)
        for (int j = i / d * d; j < MANY && j < (i / d + 1) * d; j++) {
            double product = 0;
            for (int n = 0; n < d; n++)
                product += w[i * d + n] * w[j * d + n];
            test_near(product, i == j ? norm[i] * norm[i] : 0, 1e-12, "w w^T", i);
        }
    linalg_qr(d, d, gaussian + d * d, q, r_factor);
    for (int i = 0; i < d; i++)
        ck_assert_double_gt(r_factor[i * d + i], 0);
    for (int i = 0; i < d * d; i++)
        test_near(w[d * d + i], norm[d + i / d] * q[i % d * d + i / d], 1e-14, "block 2", i);
    // Gram and Schmidt on the whole blocks: row i is what is left of column i, with its own sign, and has nothing of
    // the columns before.
    for (int i = 0; i < MANY / d * d; i++)
        for (int column = 0; column <= i % d; column++) {
            double product = 0;
            for (int n = 0; n < d; n++)
                product += w[i * d + n] * gaussian[(i / d * d + n) * d + column];
            if (column == i % d)
                ck_assert_double_gt(product, 0);
            else
                test_near(product, 0, 1e-12, "an earlier column", i);
        }
}
END_TEST

// The mean of n numbers is `expected`: |z| < 4.
static void
assert_mean(int n, const double *x, double expected, const char *what)
{
    stats_estimate estimate = stats_mean(n, x);
    double z = (estimate.mean - expected) / estimate.error;
    ck_assert_msg(fabs(z) < 4, "%s: %g, expected %g, z = %.1f", what, estimate.mean, expected, z);
}

// Over many draws: each direction and length, the mean of the estimates and their mean square error.
START_TEST(statistics)
{
    enum { DRAWS = 4000 };
    static double estimate[DRAWS], error[DRAWS], first[DRAWS], squared[DRAWS];
    double x[d], y[d], w[M * d], phi[2][2 * M];
    rng r = rng_at(8, 0);
    for (int i = 0; i < d; i++) {
        x[i] = 0.3 * rng_normal(&r);
        y[i] = 0.3 * rng_normal(&r);
    }
    double kernel = 0;
    for (int i = 0; i < d; i++)
        kernel += x[i] * y[i];
    for (int rows = PERFORMER_IID; rows <= PERFORMER_ORTHOGONAL; rows++)
        for (int map = 0; map < MAPS; map++) {
            for (int n = 0; n < DRAWS; n++) {
                performer_draw(&r, rows, M, d, w);
                performer_feature_map64(map, 1, d, M, w, x, phi[0]);
                performer_feature_map64(map, 1, d, M, w, y, phi[1]);
                estimate[n] = 0;
                for (int f = 0; f < performer_feature_count(map, M); f++)
                    estimate[n] += phi[0][f] * phi[1][f];
                error[n] = (estimate[n] - exp(kernel)) * (estimate[n] - exp(kernel));
                first[n] = w[d]; // the second row: of an orthogonal draw not free of the first
                squared[n] = first[n] * first[n];
            }
            assert_mean(DRAWS, first, 0, "w");
            assert_mean(DRAWS, squared, 1, "w^2");
            if (map == PERFORMER_RELU)
                assert_mean(DRAWS, estimate, performer_arc_cosine(d, x, y), "arc-cosine");
            else
                assert_mean(DRAWS, estimate, exp(kernel), "exp(x . y)");
            if (map != PERFORMER_RELU && rows == PERFORMER_IID)
                assert_mean(DRAWS, error, performer_mse(map, M, d, x, y), "the lemma");
            if (map != PERFORMER_RELU && rows == PERFORMER_ORTHOGONAL)
                assert_mean(DRAWS, error, performer_orthogonal_mse(map, M, d, x, y), "blocks");
        }
}
END_TEST

// Special cases that can be computed by hand.
START_TEST(exact)
{
    double x[2] = {1, 0}, y[2] = {0, 2}, away[2] = {-1, 0}, zero[2] = {0, 0};
    double pi = acos(-1);
    test_near(performer_arc_cosine(2, x, x), 0.5, 1e-15, "same", 0);
    test_near(performer_arc_cosine(2, x, y), 1 / pi, 1e-15, "at a right angle", 0);
    test_near(performer_arc_cosine(2, x, away), 0, 1e-15, "opposite", 0);
    test_near(performer_arc_cosine(2, x, zero), 0, 0, "zero", 0);
    // y = -x: exp(-|x|^2) without any error from positive features; y = x: none from trigonometric ones.
    test_near(performer_mse(PERFORMER_POSITIVE, 3, 2, x, away), 0, 0, "positive", 0);
    test_near(performer_mse(PERFORMER_TRIGONOMETRIC, 3, 2, x, x), 0, 0, "trigonometric", 0);
    test_near(performer_mse(PERFORMER_POSITIVE, 2, 2, x, x), exp(4) * exp(2) * (1 - exp(-4)) / 2,
              1e-14, "positive", 1);
    test_near(performer_mse(PERFORMER_HYPERBOLIC, 2, 2, x, x),
              exp(6) * (1 - exp(-4)) * (1 - exp(-4)) / 4, 1e-14, "hyperbolic", 0);
    test_near(performer_mse(PERFORMER_TRIGONOMETRIC, 2, 2, x, away),
              exp(2) * (1 - exp(-4)) * (1 - exp(-4)) / 4, 1e-14, "trigonometric", 1);
    // In one dimension no row is orthogonal to another, and a single row has no other.
    double one[1] = {0.7}, other[1] = {-0.4};
    for (int map = 0; map < PERFORMER_RELU; map++) {
        test_near(performer_orthogonal_mse(map, 3, 1, one, other),
                  performer_mse(map, 3, 1, one, other), 1e-15, "width 1", map);
        test_near(performer_orthogonal_mse(map, 1, 2, x, y), performer_mse(map, 1, 2, x, y), 1e-15,
                  "one row", map);
    }
    // For short vectors, all rows of a block: cosh and cos keep 3 / (d + 2) of their error, exp keeps all of it.
    double near[5] = {1e-3}, short_[5] = {0, 1e-3};
    for (int map = 0; map < PERFORMER_RELU; map++)
        test_near(performer_orthogonal_mse(map, 5, 5, near, short_) /
                      performer_mse(map, 5, 5, near, short_),
                  map == PERFORMER_POSITIVE ? 1 : 3.0 / 7, 1e-5, "short", map);
    // In one dimension the rows are +-1: cosh(length); in three sinh(s) / s with s = sqrt(3) length.
    test_near(performer_regularised_ratio(1, 2), cosh(2) / exp(2), 1e-14, "regularised", 1);
    double s = sqrt(3) * 2;
    test_near(performer_regularised_ratio(3, 2), sinh(s) / s / exp(2), 1e-14, "regularised", 3);
}
END_TEST

// More and more features: the answers of softmax attention.
START_TEST(softmax_in_the_limit)
{
    enum { MANY = 40000, N = 5 };
    rng r = rng_at(9, 0);
    double q[N * d], k[N * d], v[N * e], out[N * e];
    for (int i = 0; i < N * d; i++) {
        q[i] = 0.3 * rng_normal(&r);
        k[i] = 0.3 * rng_normal(&r);
    }
    for (int i = 0; i < N * e; i++)
        v[i] = rng_normal(&r);
    for (int map = 0; map < PERFORMER_RELU; map++) {
        int F = performer_feature_count(map, MANY);
        double *w = malloc(MANY * d * sizeof *w), *phi = malloc(2L * N * F * sizeof *phi);
        performer_draw(&r, PERFORMER_ORTHOGONAL, MANY, d, w);
        performer_feature_map64(map, N, d, MANY, w, q, phi);
        performer_feature_map64(map, N, d, MANY, w, k, phi + (long)N * F);
        performer_attention64(N, N, F, e, phi, phi + (long)N * F, v, out);
        for (int t = 0; t < N; t++) {
            double sum = 0, right[e] = {0};
            for (int s = 0; s < N; s++) {
                double score = 0;
                for (int i = 0; i < d; i++)
                    score += q[t * d + i] * k[s * d + i];
                sum += exp(score);
                for (int i = 0; i < e; i++)
                    right[i] += exp(score) * v[s * e + i];
            }
            for (int i = 0; i < e; i++)
                test_near(out[t * e + i], right[i] / sum, 0.02, "out", t * e + i);
        }
        free(w);
        free(phi);
    }
}
END_TEST

START_TEST(smallest)
{
    rng r = rng_at(10, 0);
    performer p = {.map = PERFORMER_POSITIVE, .stabilised = true, .w = new_rows(1, 1, &r)};
    tensor *x = test_param("x", SHAPE(1, 1), &r, 1);
    tensor *out = performer_attention(&p, x, x, x, NULL);
    test_near(out->data[0], x->data[0], 1e-6, "one key", 0);
}
END_TEST

START_TEST(refused)
{
    rng r = rng_at(11, 0);
    performer p = {.w = new_rows(M, d, &r)};
    tensor *x = constant("x", SHAPE(T, d + 1), NULL), *flat = constant("flat", SHAPE(d), NULL);
    double y[d] = {0};
    REFUSED(performer_feature_map(&p, x, PERFORMER_KEY),
            "performer_feature_map: features (m, d) need vectors (..., T, d): w (7, 5), x (4, 6)");
    REFUSED(performer_feature_map(&p, flat, PERFORMER_KEY),
            "performer_feature_map: features (m, d) need vectors (..., T, d): w (7, 5), flat (5)");
    REFUSED(performer_divide(x, x),
            "performer_divide: values (..., c) need divisors (..., 1): x (4, 6), x (4, 6)");
    REFUSED(performer_mse(PERFORMER_RELU, 1, d, y, y),
            "performer_mse: ReLU features do not estimate exp(x . y)");
}
END_TEST

// Medians and quartiles over the problems, found by F, as they are and as parts of the error of averaging.
START_TEST(study_errors)
{
    performer_study study = {.F = 16, .factor = 4, .sizes = 2};
    performer_outcome outcome[6] = {{.study = &study, .error = {7, 7}, .averaging = 1},
                                    {.study = &study, .error = {7, 7}, .averaging = 1},
                                    {.study = &study, .error = {7, 7}, .averaging = 1},
                                    {.study = &study, .error = {3, 30}, .averaging = 10},
                                    {.study = &study, .error = {1, 10}, .averaging = 10},
                                    {.study = &study, .error = {2, 20}, .averaging = 40}};
    performer_outcomes all = {3, outcome};
    ck_assert_double_eq(performer_errors(&all, 1, 16, false).middle, 2);
    stats_quartiles q = performer_errors(&all, 1, 64, false);
    ck_assert(q.low == 10 && q.middle == 20 && q.high == 30);
    ck_assert_double_eq(performer_errors(&all, 1, 64, true).middle, 1);
    ck_assert(isnan(performer_errors(&all, 1, 32, false).middle));
    ck_assert(isnan(performer_errors(&all, 1, 256, false).middle));
    ck_assert_double_eq(performer_averaging(&all, 0).middle, 1);
    ck_assert_double_eq(performer_averaging(&all, 1).high, 40);
}
END_TEST

TEST_MAIN("performer", maps, forms, stabiliser, stabilised_features, padding, masks, attend, future,
          gradients, orthogonal, statistics, exact, softmax_in_the_limit, smallest, refused,
          study_errors)
