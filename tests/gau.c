// Chapter gau: pairs and sums against the plain double sum, gradients by differences, causality of each kind and part,
// what is equal to what, padding.
#include "gau/gau.h"
#include "data/topics.h"
#include "gau/bound.h"
#include "gau/heads.h"
#include "gau/model.h"

#include "linear_attention/linear_attention.h"
#include "nets/ops.h"
#include "nets/train.h"
#include "test.h"
#include "test_tensors.h"

#include <math.h>

enum { B = 2, T = 7, D = 5, E = 6, S = 4, R = 7 };

static tensor *
normal(const char *name, shape s, rng *r)
{
    return test_param(name, s, r, 1);
}

// q, k, v, bias
static void
inputs(tensor *x[4], int length, uint32_t stream)
{
    rng r = rng_at(1, stream);
    x[0] = normal("q", SHAPE(B, length, S), &r);
    x[1] = normal("k", SHAPE(B, length, S), &r);
    x[2] = normal("v", SHAPE(B, length, E), &r);
    x[3] = normal("bias", SHAPE(2 * R - 1), &r);
}

// Whether query t sees key s of sequence b.
static bool
sees(const gau_window *w, int b, int t, int s)
{
    int C = w->chunk ? w->chunk : 1000, own = t / C, other = s / C;
    return (w->both || s <= t) && (!w->length || s < w->length[b]) &&
           (own == other || (w->previous && own - 1 == other));
}

static double
product(const tensor *x, int b, int t, const tensor *y, int s)
{
    double sum = 0;
    for (int i = 0; i < S; i++)
        sum += (double)x->data[(b * T + t) * S + i] * y->data[(b * T + s) * S + i];
    return sum;
}

// The weights of query t on all keys by the formulas.
static void
plain_weights(tensor *const x[4], bool biased, const gau_window *w, int b, int t, double weight[T])
{
    double total = 0;
    int keys = 0;
    for (int s = 0; s < T; s++)
        keys += sees(w, b, t, s);
    for (int s = 0; s < T; s++) {
        double score = product(x[0], b, t, x[1], s), bias = biased ? x[3]->data[R - 1 + t - s] : 0;
        double by[] = {w->n, T, keys, 1};
        weight[s] = 0;
        if (!sees(w, b, t, s))
            continue;
        if (w->weighting == GAU_SOFTMAX)
            weight[s] = exp(score / sqrt(S) + bias);
        else
            weight[s] = pow(fmax(score / by[w->divisor] + bias, 0), 2) /
                        (w->divisor == GAU_OUTSIDE ? w->n : 1);
        total += weight[s];
    }
    for (int s = 0; s < T && w->weighting == GAU_SOFTMAX; s++)
        weight[s] = total > 0 ? weight[s] / total : 0;
}

static const int lengths[B] = {5, 2}, none[B] = {0, 7};

// All ways to look: 5 weightings x 6 chunks x previous x both x bias x padding.
static bool
window_of(int way, gau_window *w, bool *biased)
{
    static const int chunks[] = {0, 1, 2, 3, 7, 100};
    *w = (gau_window){.n = 3, .chunk = chunks[way / 5 % 6]};
    w->weighting = way % 5 == 4 ? GAU_SOFTMAX : GAU_SQUARED;
    w->divisor = way % 5 == 4 ? GAU_LONGEST : way % 5;
    w->previous = way / 30 % 2;
    w->both = way / 60 % 2;
    *biased = way / 120 % 2;
    w->length = way / 240 % 3 == 0 ? NULL : way / 240 % 3 == 1 ? lengths : none;
    return !(w->previous && w->chunk == 0);
}

enum { WAYS = 720 };

START_TEST(pairs)
{
    for (int way = 0; way < WAYS; way++) {
        gau_window w;
        bool biased;
        tensor *x[4];
        if (!window_of(way, &w, &biased))
            continue;
        inputs(x, T, way);
        const tensor *out = gau_attention(x[0], x[1], x[2], biased ? x[3] : NULL, &w);
        const tensor *weights = tape_saved(out, "weights"), *scores = tape_saved(out, "scores");
        int C = w.chunk && w.chunk < T ? w.chunk : T, W = w.previous ? 2 * C : C;
        W = W < T ? W : T;
        ck_assert_int_eq(weights->shape.n[2], W);
        for (int b = 0; b < B; b++)
            for (int t = 0; t < T; t++) {
                double weight[T], kept = 0;
                int first = t / C * C - (w.previous && t >= C ? C : 0);
                plain_weights(x, biased, &w, b, t, weight);
                for (int j = 0; j < W; j++) {
                    double expected = first + j < T ? weight[first + j] : 0;
                    test_near(weights->data[(b * T + t) * W + j], expected, 1e-5, "weight", j);
                    kept += expected != 0;
                    if (first + j >= T || !sees(&w, b, t, first + j))
                        ck_assert_float_eq(scores->data[(b * T + t) * W + j], 0);
                }
                for (int s = 0; s < T; s++)
                    kept -= weight[s] != 0;
                ck_assert(kept == 0);
                for (int i = 0; i < E; i++) {
                    double expected = 0;
                    for (int s = 0; s < T; s++)
                        expected += weight[s] * x[2]->data[(b * T + s) * E + i];
                    test_near(out->data[(b * T + t) * E + i], expected, 2e-5, "out", way);
                }
            }
        tensors_free();
    }
}
END_TEST

typedef struct {
    gau_window window;
    bool biased;
} way_of;

static tensor *
attention_of(tensor *const x[], void *context)
{
    const way_of *c = context;
    return gau_attention(x[0], x[1], x[2], c->biased ? x[3] : NULL, &c->window);
}

START_TEST(pairs_gradients)
{
    for (int way = 0; way < WAYS;
         way += 7) { // 7 has no factor in common with the numbers of choices
        way_of c;
        tensor *x[4];
        if (!window_of(way, &c.window, &c.biased))
            continue;
        inputs(x, T, way);
        ck_assert_double_lt(gradcheck(attention_of, c.biased ? 4 : 3, x, &c), 1e-3);
        tensors_free();
    }
}
END_TEST

// Three positions and two weights by hand: relu(q k / 3)^2.
START_TEST(by_hand)
{
    gau_window w = {.n = 3};
    tensor *q = constant("q", SHAPE(1, 3, 1), (float[]){3, -3, 6});
    tensor *k = constant("k", SHAPE(1, 3, 1), (float[]){1, 2, -1});
    tensor *v = constant("v", SHAPE(1, 3, 1), (float[]){1, 10, 100});
    const float *out = gau_attention(q, k, v, NULL, &w)->data;
    ck_assert_float_eq(out[0], 1);       // (3 1 / 3)^2
    ck_assert_float_eq(out[1], 0);       // scores -1 and -2: no weight at all
    ck_assert_float_eq(out[2], 4 + 160); // (6 1 / 3)^2 1 + (6 2 / 3)^2 10
    // Another divisor at another place: n inside goes with 1 / n^2, outside with 1 / n.
    gau_window far = {.n = 6}, outside = {.n = 3, .divisor = GAU_OUTSIDE};
    ck_assert_float_eq(gau_attention(q, k, v, NULL, &far)->data[2], 164 / 4.0f);
    ck_assert_float_eq(gau_attention(q, k, v, NULL, &outside)->data[2], 164 * 3);
    outside.n = 6;
    ck_assert_float_eq(gau_attention(q, k, v, NULL, &outside)->data[2], 164 * 1.5f);
    // The batch's n is its length, the visible keys' is the row.
    gau_window batch = {.divisor = GAU_BATCH}, seen = {.divisor = GAU_VISIBLE};
    ck_assert_float_eq(gau_attention(q, k, v, NULL, &batch)->data[0], 1);
    ck_assert_float_eq(gau_attention(q, k, v, NULL, &seen)->data[0], 9);
    ck_assert_float_eq(gau_attention(q, k, v, NULL, &seen)->data[2], 164);
}
END_TEST

// ---- Linear ----

typedef struct {
    gau_reach reach;
    int chunk;
    float n;
} linear_way;

static bool
reaches(const linear_way *c, int t, int s)
{
    switch (c->reach) {
    case GAU_BEFORE_CHUNK: return s / c->chunk < t / c->chunk;
    case GAU_UP_TO_SELF: return s <= t;
    default: return true;
    }
}

static const linear_way linear_ways[] = {{GAU_BEFORE_CHUNK, 1, 1}, {GAU_BEFORE_CHUNK, 3, 2},
                                         {GAU_BEFORE_CHUNK, 7, 3}, {GAU_BEFORE_CHUNK, 100, 1},
                                         {GAU_UP_TO_SELF, 1, 1},   {GAU_UP_TO_SELF, 3, 2},
                                         {GAU_UP_TO_SELF, 7, 3},   {GAU_UP_TO_SELF, 1000, 7},
                                         {GAU_ALL, 3, 5},          {GAU_ALL, 100, 1}};
enum { LINEAR_WAYS = sizeof linear_ways / sizeof *linear_ways };

static tensor *
linear_of(tensor *const x[], void *context)
{
    const linear_way *c = context;
    return gau_linear(x[0], x[1], x[2], c->reach, c->chunk, c->n);
}

START_TEST(linear)
{
    for (int way = 0; way < LINEAR_WAYS; way++) {
        linear_way c = linear_ways[way];
        tensor *x[4];
        inputs(x, T, way);
        const tensor *out = linear_of(x, &c);
        for (int b = 0; b < B; b++)
            for (int t = 0; t < T; t++)
                for (int i = 0; i < E; i++) {
                    double expected = 0;
                    for (int s = 0; s < T; s++)
                        if (reaches(&c, t, s))
                            expected += product(x[0], b, t, x[1], s) / c.n *
                                        x[2]->data[(b * T + s) * E + i];
                    test_near(out->data[(b * T + t) * E + i], expected, 2e-5, "linear", way);
                }
        ck_assert_double_lt(gradcheck(linear_of, 3, x, &c), 1e-3);
        tensors_free();
    }
}
END_TEST

// Each input's gradient is the same where the others are constants, and constants get none.
START_TEST(gradients_of_some)
{
    for (int kind = 0; kind < 1 + LINEAR_WAYS; kind++) {
        linear_way c = linear_ways[kind ? kind - 1 : 0];
        way_of w = {{.n = 3, .chunk = 3, .previous = true}, true};
        tensor *(*f)(tensor *const[], void *) = kind ? linear_of : attention_of;
        void *context = kind ? (void *)&c : (void *)&w;
        int n = kind ? 3 : 4;
        tensor *x[4];
        float *whole[4];
        inputs(x, T, 50 + kind);
        backward(t_sum(f(x, context)));
        for (int i = 0; i < n; i++) {
            whole[i] = malloc(x[i]->size * sizeof(float));
            memcpy(whole[i], x[i]->grad, x[i]->size * sizeof(float));
        }
        for (int i = 0; i < n; i++) {
            tensor *y[4];
            tape_reset();
            zero_grad();
            for (int j = 0; j < n; j++)
                y[j] = j == i ? x[j] : constant("other", x[j]->shape, x[j]->data);
            backward(t_sum(f(y, context)));
            for (int j = 0; j < n; j++)
                for (long a = 0; a < x[j]->size; a++)
                    ck_assert_float_eq(x[j]->grad[a], j == i ? whole[i][a] : 0);
        }
        for (int i = 0; i < n; i++)
            free(whole[i]);
        tensors_free();
    }
}
END_TEST

// The sums with chunks of 1 are chapter 4's recurrence without normaliser and own key; up to its own position, that
// recurrence's numerator.
START_TEST(recurrence)
{
    tensor *x[4];
    inputs(x, T, 60);
    const float *before = gau_linear(x[0], x[1], x[2], GAU_BEFORE_CHUNK, 1, 1)->data;
    const float *self = gau_linear(x[0], x[1], x[2], GAU_UP_TO_SELF, 3, 1)->data;
    for (int b = 0; b < B; b++) {
        float state[S * E] = {0}, z[S] = {0}, out[E];
        for (int t = 0; t < T; t++) {
            int at = b * T + t;
            const float *q = x[0]->data + at * S;
            for (int i = 0; i < E; i++) {
                double expected = 0;
                for (int f = 0; f < S; f++)
                    expected += (double)q[f] * state[f * E + i];
                test_near(before[at * E + i], expected, 1e-5, "before", i);
            }
            float by = linear_attention_step(S, E, 0, q, x[1]->data + at * S, x[2]->data + at * E,
                                             state, z, out);
            for (int i = 0; i < E; i++)
                test_near(self[at * E + i], (double)out[i] * by, 1e-4, "self", i);
        }
    }
}
END_TEST

static tensor *
divide_of(tensor *const x[], void *context)
{
    (void)context;
    return gau_divide(x[0], x[1]);
}

static tensor *
unpadded_of(tensor *const x[], void *context)
{
    return gau_unpadded(x[0], context);
}

START_TEST(divide_and_unpad)
{
    rng r = rng_at(1, 70);
    tensor *x[] = {normal("x", SHAPE(B, T, E), &r), param("total", SHAPE(B, T, 1))};
    rng_fill_uniform(&r, x[1]->size, x[1]->data, 1, 2);
    ck_assert_double_lt(gradcheck(divide_of, 2, x, NULL), 1e-3);
    x[1]->data[3] = 0;
    zero_grad();
    tape_reset();
    tensor *y = divide_of(x, NULL);
    backward(t_sum(y));
    test_near(y->data[E], x[0]->data[E] / x[1]->data[1], 1e-6, "quotient", 0);
    for (int i = 0; i < E; i++) {
        ck_assert_float_eq(y->data[3 * E + i], 0);
        ck_assert_float_eq(x[0]->grad[3 * E + i], 0);
    }
    ck_assert_float_eq(x[1]->grad[3], 0);
    REFUSED(gau_divide(x[0], x[0]), "gau_divide: a row needs one number: x (2, 7, 6), x (2, 7, 6)");
    tensor *cut = gau_unpadded(x[0], lengths);
    for (long i = 0; i < cut->size; i++)
        ck_assert_float_eq(cut->data[i], i / E % T < lengths[i / E / T] ? x[0]->data[i] : 0);
    ck_assert_double_lt(gradcheck(unpadded_of, 1, x, (void *)lengths), 1e-3);
    ck_assert_ptr_eq(gau_unpadded(x[0], NULL), x[0]);
    tensor *flat = constant("flat", SHAPE(2), NULL);
    REFUSED(gau_unpadded(flat, lengths), "gau_unpadded: flat (2), expected (B, T, w)");
}
END_TEST

// ---- Causality: keys of 1e9 ----

// Key and value at `at` of the first sequence become 1e9: how many answers changed before `at`, and from it on. The
// other sequence must not change.
static void
disturb(tensor *(*f)(tensor *const[], void *), void *context, tensor *const x[4], int at,
        int changed[2])
{
    float key[S], value[E];
    const tensor *before = f(x, context);
    memcpy(key, x[1]->data + at * S, sizeof key);
    memcpy(value, x[2]->data + at * E, sizeof value);
    for (int i = 0; i < S; i++)
        x[1]->data[at * S + i] = i % 2 ? 1e9f : -1e9f;
    for (int i = 0; i < E; i++)
        x[2]->data[at * E + i] = 1e9f;
    const tensor *after = f(x, context);
    for (int i = 0; i < T * E; i++) {
        ck_assert(isfinite(after->data[i]));
        changed[i >= at * E] += before->data[i] != after->data[i];
    }
    ck_assert_mem_eq(before->data + T * E, after->data + T * E, T * E * sizeof(float));
    memcpy(x[1]->data + at * S, key, sizeof key);
    memcpy(x[2]->data + at * E, value, sizeof value);
}

// At every place: a causal f may not change before it; one in both directions must somewhere, where its chunks have two
// keys or more; every f must change from it on.
static void
probe(tensor *(*f)(tensor *const[], void *), void *context, bool causal, bool back, bool on)
{
    tensor *x[4];
    int changed[2] = {0};
    inputs(x, T, 80);
    for (int at = 0; at < T; at++) {
        disturb(f, context, x, at, changed);
        tape_reset();
    }
    ck_assert(causal ? changed[0] == 0 : changed[0] > 0 || !back);
    ck_assert(changed[1] > 0 || !on);
    tensors_free();
}

START_TEST(causality)
{
    for (int way = 0; way < 240; way++) {
        way_of c;
        if (window_of(way, &c.window, &c.biased))
            probe(attention_of, &c, !c.window.both, c.window.chunk != 1, true);
    }
    for (int way = 0; way < LINEAR_WAYS; way++) {
        linear_way c = linear_ways[way];
        probe(linear_of, &c, c.reach != GAU_ALL, true, c.reach != GAU_BEFORE_CHUNK || c.chunk < T);
    }
}
END_TEST

// ---- The unit ----

// Every kind and part: pairs, chunks, both chunks, softmax, sums with and without normaliser and norm, FLASH.
static gau_config
unit_config(int way)
{
    static rope_table table;
    double theta[S / 2];
    rope_angles(S, 100, theta);
    table = rope_table_new(ROPE_INTERLEAVED, T, S / 2, theta);
    gau_config c = {.D = D, .e = E, .s = S, .n = T, .eps = 1e-2f, .rope = &table};
    c.window = (gau_window){.n = T, .chunk = 3};
    switch (way) {
    case 0: c.window.chunk = 0; break;
    case 1: c.norm = true; break;
    case 2: c.window.previous = true; break;
    case 3: c.window.weighting = GAU_SOFTMAX; break;
    case 4: c.kind = GAU_LINEAR; break;
    case 5: c.kind = GAU_LINEAR, c.elu = c.normalise = true; break;
    case 6: c.kind = GAU_LINEAR, c.elu = c.norm = true; break;
    case 7: c.kind = GAU_LINEAR, c.elu = c.norm = c.normalise = true; break;
    case 8: c.kind = GAU_FLASH, c.distances = 3; break;
    default: c.kind = GAU_FLASH, c.norm = true;
    }
    return c;
}

enum { UNITS = 10 };

// Gains and shifts that matter.
static gau_unit
unit_new(const gau_config *c, rng *r)
{
    gau_unit u = gau_unit_new(c, r);
    for (int i = 0; i < param_count(); i++) {
        tensor *x = param_at(i);
        for (long j = 0; x->shape.rank == 1 && j < x->size; j++)
            x->data[j] += 0.5f * (float)rng_normal(r);
    }
    return u;
}

static double
silu(double x)
{
    return x / (1 + exp(-x));
}

// y (n) = SiLU(w x) of one position.
static void
dense(const tensor *w, const double *x, double *y)
{
    for (int i = 0; i < w->shape.n[0]; i++) {
        y[i] = 0;
        for (int j = 0; j < D; j++)
            y[i] += w->data[i * D + j] * x[j];
        y[i] = silu(y[i]);
    }
}

// A value's query or key: scaled, shifted, and its feature.
static double
plain_feature(const gau_unit *w, const gau_affine *a, const double *z, int i)
{
    double x = a->gain->data[i] * z[i] + a->shift->data[i];
    return !w->c.elu ? x : x > 0 ? x + 1 : exp(x);
}

// q k, each pair of values turned by the distance.
static double
plain_product(const gau_unit *w, const gau_affine *of_q, const double *q, const gau_affine *of_k,
              const double *k, int distance)
{
    double sum = 0, theta[S / 2];
    rope_angles(S, 100, theta);
    for (int i = 0; i < S; i += 2) {
        double angle = w->c.rope ? distance * theta[i / 2] : 0;
        double a = plain_feature(w, of_q, q, i), b = plain_feature(w, of_q, q, i + 1);
        double c = plain_feature(w, of_k, k, i), d = plain_feature(w, of_k, k, i + 1);
        sum += cos(angle) * (a * c + b * d) + sin(angle) * (a * d - b * c);
    }
    return sum;
}

// One sequence x (T, D), whose keys from `length` on are padding, through the unit by the paper's formulas.
static void
plain_unit(const gau_unit *w, int length, const float *x, double out[T][D])
{
    double u[T][E], v[T][E], z[T][S];
    for (int t = 0; t < T; t++) {
        double in[D], square = 0;
        for (int i = 0; i < D; i++)
            square += (double)x[t * D + i] * x[t * D + i] / D;
        for (int i = 0; i < D; i++)
            in[i] = w->norm->data[i] * x[t * D + i] / sqrt(square + w->c.eps);
        dense(w->w_u, in, u[t]);
        dense(w->w_v, in, v[t]);
        dense(w->w_z, in, z[t]);
    }
    for (int t = 0; t < T; t++) {
        double answer[E] = {0}, total = 0;
        for (int s = 0; s < length && (w->c.window.both || s <= t); s++) {
            double near = plain_product(w, &w->q, z[t], &w->k, z[s], t - s), weight = 0;
            int C = w->c.window.chunk ? w->c.window.chunk : T;
            double bias = w->bias ? w->bias->data[2 + t - s] : 0;
            if (w->c.kind == GAU_LINEAR) {
                weight = near / (w->c.normalise ? 1 : w->c.n);
                total += plain_product(w, &w->q, z[t], &w->k, z[s], 0);
            } else if (s / C == t / C)
                weight = pow(fmax(near / w->c.window.n + bias, 0), 2);
            if (w->c.kind == GAU_FLASH && (w->c.window.both || s / C < t / C))
                weight += plain_product(w, &w->q_far, z[t], &w->k_far, z[s], t - s) / w->c.n;
            for (int i = 0; i < E; i++)
                answer[i] += weight * v[s][i];
        }
        for (int i = 0; i < E && w->c.normalise; i++)
            answer[i] /= total;
        for (int i = 0; i < D; i++) {
            out[t][i] = x[t * D + i];
            for (int j = 0; j < E; j++)
                out[t][i] += w->w_o->data[i * E + j] * u[t][j] * answer[j];
        }
    }
}

START_TEST(unit)
{
    static const int ways[] = {0, 8, 1, 4, 5, 1, 8, 8, 0, 4, 5};
    enum { ROTATED = 5, ALL = 11, BOTH = 7 };
    for (int i = 0; i < ALL; i++) {
        gau_config c = unit_config(ways[i]);
        bool both = c.window.both = i >= BOTH;
        c.window.length = both ? lengths : NULL;
        if (i >= ROTATED)
            c.rope = NULL;
        c.norm = false;
        c.window.n = 5;
        c.n = 11;
        rng r = rng_at(1, 90);
        gau_unit u = unit_new(&c, &r);
        tensor *x = normal("x", SHAPE(B, T, D), &r);
        const tensor *out = gau_forward(&u, x);
        for (int b = 0; b < B; b++) {
            double expected[T][D];
            plain_unit(&u, both ? lengths[b] : T, x->data + b * T * D, expected);
            for (int j = 0; j < T * D; j++)
                test_near(out->data[b * T * D + j], expected[j / D][j % D], 1e-5, "unit", ways[i]);
        }
        tensors_free();
    }
}
END_TEST

static tensor *
unit_of(tensor *const x[], void *context)
{
    return gau_forward(context, x[0]);
}

// The gradients of the input and of every parameter. A bias keeps the scores above 0, away from the square's kink.
START_TEST(unit_gradients)
{
    for (int way = 0; way < UNITS; way++) {
        gau_config c = unit_config(way);
        c.distances = R;
        rng r = rng_at(1, 100 + way);
        gau_unit u = unit_new(&c, &r);
        for (long i = 0; i < u.bias->size; i++)
            u.bias->data[i] += 2;
        tensor *x[32] = {normal("x", SHAPE(B, T, D), &r)};
        int n = param_count();
        for (int i = 0; i < n - 1; i++)
            x[1 + i] = param_at(i);
        double error = gradcheck(unit_of, n, x, &u);
        ck_assert_msg(error < 2e-3, "way %d: %g", way, error);
        tensors_free();
    }
}
END_TEST

// Position `at` of the input becomes large: nothing before it may change, in any kind.
enum { PARTS = 2 };

// The unit's output and what it is made of: FLASH's two parts, linear attention's sums and normaliser; then NULL.
static void
unit_parts(const gau_unit *u, tensor *x, const tensor *part[PARTS + 1])
{
    memset(part, 0, (PARTS + 1) * sizeof *part);
    part[0] = gau_forward(u, x);
    if (u->c.kind == GAU_FLASH) {
        part[1] = tape_find("near");
        part[2] = tape_find("far");
    } else if (u->c.kind == GAU_LINEAR) {
        part[1] = tape_find(u->c.normalise ? "sums" : "answer");
        part[2] = u->c.normalise ? tape_find("total") : NULL;
    }
}

START_TEST(unit_causality)
{
    for (int way = 0; way < UNITS; way++) {
        gau_config c = unit_config(way);
        rng r = rng_at(1, 110);
        gau_unit u = unit_new(&c, &r);
        for (int at = 0; at < T; at++) {
            tensor *x = constant("x", SHAPE(1, T, D), NULL);
            rng input = rng_at(1, 111);
            rng_fill_normal(&input, x->size, x->data, 0, 1);
            const tensor *before[PARTS + 1], *after[PARTS + 1];
            unit_parts(&u, x, before);
            for (int i = 0; i < D; i++)
                x->data[at * D + i] = i % 2 ? 1e9f : -1e9f;
            unit_parts(&u, x, after);
            for (int part = 0; part <= PARTS && before[part]; part++) {
                int w = before[part]->shape.n[2];
                ck_assert_mem_eq(before[part]->data, after[part]->data, at * w * sizeof(float));
            }
            ck_assert_float_ne(before[0]->data[at * D], after[0]->data[at * D]);
        }
        tensors_free();
    }
}
END_TEST

// What is padding changes nothing, and a sequence with padding is the shorter one: in every kind, in both directions.
START_TEST(padding)
{
    for (int way = 0; way < 2 * UNITS; way++) {
        gau_config c = unit_config(way % UNITS);
        c.window.both = way >= UNITS;
        c.window.length = lengths;
        rng r = rng_at(1, 120);
        gau_unit u = unit_new(&c, &r), shorter = u;
        shorter.c.window.length = NULL;
        tensor *x = normal("x", SHAPE(B, T, D), &r);
        const tensor *padded = gau_forward(&u, x);
        for (int b = 0; b < B; b++) {
            tensor *part = constant("part", SHAPE(1, lengths[b], D), x->data + b * T * D);
            const tensor *expected = gau_forward(&shorter, part);
            for (long i = 0; i < expected->size; i++)
                test_near(padded->data[b * T * D + i], expected->data[i], 1e-5, "padded", way);
        }
        tensors_free();
    }
}
END_TEST

// FLASH with one chunk is GAU; causal, its sums are then exactly nothing.
START_TEST(flash_of_one_chunk)
{
    gau_config c = unit_config(8);
    c.window.chunk = T + 3;
    c.distances = T;
    rng r = rng_at(1, 130);
    gau_unit flash = unit_new(&c, &r), gau = flash;
    gau.c.kind = GAU_PAIRS;
    gau.c.window.chunk = 0;
    tensor *x = normal("x", SHAPE(B, T, D), &r);
    const tensor *a = gau_forward(&flash, x), *b = gau_forward(&gau, x);
    ck_assert_mem_eq(a->data, b->data, a->size * sizeof(float));
    const tensor *far = tape_find("far");
    for (long i = 0; i < far->size; i++)
        ck_assert_float_eq(far->data[i], 0);
}
END_TEST

// RMSNorm(c o) = RMSNorm(o) for c > 0: the normaliser cancels, up to eps.
START_TEST(normaliser_cancels)
{
    gau_config with = unit_config(7), without = unit_config(6);
    rng r = rng_at(1, 140);
    gau_unit u = unit_new(&with, &r), w = u;
    w.c = without;
    u.c.eps = w.c.eps = 0;
    u.c.rope = w.c.rope = NULL;
    tensor *x = normal("x", SHAPE(B, T, D), &r);
    const tensor *a = gau_forward(&u, x), *b = gau_forward(&w, x);
    for (long i = 0; i < a->size; i++)
        test_near(a->data[i], b->data[i], 1e-5, "with and without", i);
    u.c.norm = w.c.norm = false; // and without RMSNorm it does not
    a = gau_forward(&u, x), b = gau_forward(&w, x);
    double apart = 0;
    for (long i = 0; i < a->size; i++)
        apart += fabs(a->data[i] - b->data[i]);
    ck_assert_double_gt(apart, 0.1);
}
END_TEST

// 3 d e + d s in the matrices; with e = 2 d, two units hold 12 d^2 + 2 d s.
START_TEST(sizes)
{
    gau_config c = {.D = D, .e = 2 * D, .s = S, .n = 1, .window = {.n = 1}};
    rng r = rng_at(1, 150);
    gau_unit u = gau_unit_new(&c, &r);
    long matrices = 0;
    for (int i = 0; i < param_count(); i++)
        matrices += param_at(i)->shape.rank == 2 ? param_at(i)->size : 0;
    ck_assert_int_eq(2 * matrices, 12 * D * D + 2 * D * S);
    ck_assert_ptr_null(u.bias);
    ck_assert_ptr_null(u.answer_gain);
    ck_assert_ptr_null(u.q_far.gain);
    ck_assert_float_eq(u.norm->data[D - 1], 1);
    test_near(u.q.gain->data[0], 1, 0.1, "gain", 0);
    test_near(u.k.shift->data[0], 0, 0.1, "shift", 0);
    for (long i = 0; i < u.w_o->size; i++)
        ck_assert_double_le(fabs(u.w_o->data[i]), sqrt(6.0 / (3 * D)) + 1e-6);
}
END_TEST

// One position, width 1.
START_TEST(smallest)
{
    gau_window w = {.n = 1};
    tensor *one = constant("one", SHAPE(1, 1, 1), (float[]){2});
    tensor *bias = constant("bias", SHAPE(1), (float[]){-3});
    ck_assert_float_eq(gau_attention(one, one, one, NULL, &w)->data[0], 32);
    ck_assert_float_eq(gau_attention(one, one, one, bias, &w)->data[0], 2);
    ck_assert_float_eq(gau_linear(one, one, one, GAU_UP_TO_SELF, 1, 1)->data[0], 8);
    ck_assert_float_eq(gau_linear(one, one, one, GAU_BEFORE_CHUNK, 1, 1)->data[0], 0);
    tensor *empty = constant("empty", SHAPE(1, 0, 1), NULL);
    ck_assert_int_eq(gau_attention(empty, empty, empty, NULL, &w)->size, 0);
    ck_assert_int_eq(gau_linear(empty, empty, empty, GAU_ALL, 1, 1)->size, 0);
}
END_TEST

START_TEST(refused)
{
    tensor *q = constant("q", SHAPE(1, 3, 4), NULL), *k = constant("k", SHAPE(1, 3, 5), NULL);
    tensor *v = constant("v", SHAPE(1, 2, 4), NULL), *bias = constant("bias", SHAPE(3), NULL);
    gau_window w = {.n = 3};
    REFUSED(gau_attention(q, k, q, NULL, &w),
            "gau_attention: queries and keys must be (B, T, s) both: q (1, 3, 4), k (1, 3, 5)");
    REFUSED(gau_linear(q, q, v, GAU_ALL, 1, 1),
            "gau_linear: queries (B, T, s) need values (B, T, e): q (1, 3, 4), v (1, 2, 4)");
    REFUSED(gau_linear(q, q, q, GAU_ALL, 0, 1),
            "gau_linear: chunks of 0 positions, expected 1 or more");
    REFUSED(gau_linear(q, q, q, GAU_ALL, 1, 0), "gau_linear: n is 0, expected a number above 0");
    REFUSED(gau_attention(q, q, q, bias, &w),
            "gau_attention: the bias (3) has not 2 R - 1 values with R of 3 or more: queries "
            "(1, 3, 4)");
    w.previous = true;
    REFUSED(gau_attention(q, q, q, NULL, &w),
            "gau_attention: chunks of 0 positions and the chunk before; expected 1 or more");
    w = (gau_window){.chunk = -1, .n = 1};
    REFUSED(gau_attention(q, q, q, NULL, &w),
            "gau_attention: chunks of -1 positions; expected 1 or more, or 0 for none");
    w = (gau_window){.divisor = GAU_OUTSIDE};
    REFUSED(gau_attention(q, q, q, NULL, &w),
            "gau_attention: n is 0; expected 1 or more, the longest sequence's positions");
}
END_TEST

// Long enough for threads: the answers do not depend on the chunk, the gradients are those of pairs without a square.
START_TEST(large)
{
    enum { N = 150, WIDE = 16 };
    rng r = rng_at(1, 160);
    tensor *x[3];
    for (int i = 0; i < 3; i++)
        x[i] = normal("x", SHAPE(4, N, WIDE), &r);
    float *kept[4] = {0};
    for (int way = 0; way < 3; way++) {
        zero_grad();
        tensor *out = gau_linear(x[0], x[1], x[2], GAU_UP_TO_SELF, (int[]){1, 32, 1000}[way], N);
        backward(t_sum(out));
        for (int i = 0; i < 4; i++) {
            const float *found = i < 3 ? x[i]->grad : out->data;
            if (way == 0)
                kept[i] =
                    memcpy(malloc(out->size * sizeof(float)), found, out->size * sizeof(float));
            for (long j = 0; j < out->size; j++)
                test_near(found[j], kept[i][j], 2e-4, "large", i);
        }
        tape_reset();
    }
    for (int i = 0; i < 4; i++)
        free(kept[i]);
}
END_TEST

// ---- The bound of a weight's gradient ----

enum { KEYS = 3, WIDE = 2 };

static double
weight_of(gau_map map, const double *q, const double *k, int j)
{
    double p[KEYS], unused[3][KEYS * WIDE];
    gau_gradient_bound(map, WIDE, KEYS, q, k, p, unused[0], unused[1], unused[2]);
    return p[j];
}

// (f(x + h) - f(x - h)) / 2 h of weight j in one of its numbers.
static double
difference(gau_map map, double *x, const double *q, const double *k, int j)
{
    double kept = *x, h = 1e-5;
    *x = kept + h;
    double above = weight_of(map, q, k, j);
    *x = kept - h;
    double below = weight_of(map, q, k, j);
    *x = kept;
    return (above - below) / (2 * h);
}

START_TEST(bound_by_differences)
{
    for (int map = 0; map < GAU_MAPS; map++) {
        double q[] = {0.7, 1.1}, k[] = {0.5, 0.9, 1.3, 0.4, 0.8, -0.6}; // where relu has something
        double p[KEYS], ds[KEYS], dq[KEYS * WIDE], dk[KEYS * WIDE], total = 0;
        double sum = gau_gradient_bound(map, WIDE, KEYS, q, k, p, ds, dq, dk);
        for (int j = 0; j < KEYS; j++) {
            double s = 0;
            for (int a = 0; a < WIDE; a++) {
                s += gau_map_value(map, q[a]) * gau_map_value(map, k[j * WIDE + a]);
                test_near(dq[j * WIDE + a], difference(map, q + a, q, k, j), 1e-9, "dp/dq", j);
                test_near(dk[j * WIDE + a], difference(map, k + j * WIDE + a, q, k, j), 1e-9,
                          "dp/dk", j);
            }
            test_near(p[j], s / sum, 1e-12, "p", j);
            test_near(ds[j], p[j] * (1 - p[j]) / s, 1e-12, "dp/ds", j);
            total += p[j];
        }
        test_near(total, 1, 1e-12, "sum of p", map);
    }
    double nothing[2] = {-1, -2}, p[1], unused[3][2];
    ck_assert_double_eq(gau_gradient_bound(GAU_MAP_RELU, 2, 1, nothing, nothing, p, unused[0],
                                           unused[1], unused[2]),
                        0);
}
END_TEST

START_TEST(maps)
{
    const double x[] = {-30, -1, -1e-3, 0, 1e-3, 2, 30};
    for (int i = 0; i < 7; i++) {
        const double value[] = {x[i] > 0 ? x[i] + 1 : exp(x[i]), exp(x[i]), log1p(exp(x[i])),
                                fmax(x[i], 0), x[i] * x[i]};
        const double slope[] = {x[i] > 0 ? 1 : exp(x[i]), exp(x[i]), 1 / (1 + exp(-x[i])), x[i] > 0,
                                2 * x[i]};
        for (int map = 0; map < GAU_MAPS; map++) {
            test_near(gau_map_value(map, x[i]), value[map], 1e-12, "phi", map);
            test_near(gau_map_slope(map, x[i]), slope[map], 1e-12, "phi'", map);
        }
    }
}
END_TEST

// Where 0 <= phi' <= phi no draw goes beyond p (1 - p); the other two maps do by far.
START_TEST(bound_holds)
{
    for (int map = 0; map < GAU_MAPS; map++) {
        rng r = rng_at(1, 170);
        double largest = 0;
        for (int draw = 0; draw < 2000; draw++) {
            double q[WIDE], k[KEYS * WIDE], p[KEYS], ds[KEYS], dq[KEYS * WIDE], dk[KEYS * WIDE];
            double size = (draw % 20 + 1) / 5.0;
            for (int i = 0; i < WIDE; i++)
                q[i] = size * rng_normal(&r);
            for (int i = 0; i < KEYS * WIDE; i++)
                k[i] = size * rng_normal(&r);
            if (gau_gradient_bound(map, WIDE, KEYS, q, k, p, ds, dq, dk) == 0)
                continue;
            for (int i = 0; i < KEYS * WIDE; i++) {
                double most = p[i / WIDE] * (1 - p[i / WIDE]) + 1e-12;
                if (map <= GAU_MAP_SOFTPLUS)
                    ck_assert(fabs(dq[i]) <= most && fabs(dk[i]) <= most);
                largest = fmax(largest, fmax(fabs(dq[i]), fabs(dk[i])));
            }
        }
        ck_assert(map <= GAU_MAP_SOFTPLUS ? largest > 0.15 : largest > 1);
    }
}
END_TEST

// ---- What the figures train ----

// Logits are the units one above the other, and no symbol changes those before it.
START_TEST(model)
{
    enum { LAYERS = 3, V = 6 };
    gau_config c[LAYERS] = {unit_config(0), unit_config(6), unit_config(8)};
    rng r = rng_at(1, 180);
    gau_model m = gau_model_new(V, LAYERS, c, &r);
    int ids[T] = {3, 1, 4, 1, 5, 0, 2};
    const tensor *before = gau_model_logits(&m, 1, T, ids);
    tensor *x = t_embedding(m.embedding, SHAPE(1, T), ids);
    for (int l = 0; l < LAYERS; l++)
        x = gau_forward(&m.unit[l], x);
    x = t_matmul_nt(t_rms_norm(x, m.end, c[0].eps), m.output);
    ck_assert_mem_eq(x->data, before->data, x->size * sizeof(float));
    for (int at = 0; at < T; at++) {
        int kept = ids[at];
        ids[at] = (kept + 1) % V;
        const tensor *after = gau_model_logits(&m, 1, T, ids);
        ids[at] = kept;
        ck_assert_mem_eq(before->data, after->data, at * V * sizeof(float));
        ck_assert_float_ne(before->data[at * V], after->data[at * V]);
    }
}
END_TEST

// The mean of a normalised layer times a number.
START_TEST(times)
{
    gau_config c = unit_config(5);
    rng r = rng_at(1, 183);
    gau_unit u = unit_new(&c, &r), larger = u;
    larger.c.times = 3;
    tensor *x = normal("x", SHAPE(B, T, D), &r);
    gau_forward(&u, x);
    const tensor *one = tape_find("answer");
    gau_forward(&larger, x);
    const tensor *three = tape_find("answer");
    for (long i = 0; i < one->size; i++)
        ck_assert_float_eq(three->data[i], 3 * one->data[i]);
}
END_TEST

enum { HEADS = 2, WIDTH = 4 };

// Attention of heads is chapter 2's, also of the chunks one by one, and chapter 4's; NormAttention is chapter 4's with
// an RMSNorm behind it.
START_TEST(heads)
{
    enum { CHUNK = 3 };
    rng r = rng_at(1, 181);
    shape s = SHAPE(B, T, HEADS, WIDTH);
    tensor *q = normal("q", s, &r), *k = normal("k", s, &r), *v = normal("v", s, &r);
    bool *mask = transformer_causal_mask(B, T, T), *own = tape_alloc(B * T * T);
    for (int i = 0; i < B * T * T; i++)
        own[i] = mask[i] && i / T % T / CHUNK == i % T / CHUNK;
    tensor *gain = constant("gain", SHAPE(WIDTH), (float[]){1, 1, 1, 1});
    const linear_attention_config c = {.map = LINEAR_ATTENTION_ELU};
    tensor *divided = linear_attention_causal(q, k, v, &c);
    const tensor *expected[] = {[GAU_HEADS_SOFTMAX] = transformer_attention(q, k, v, mask, NULL),
                                [GAU_HEADS_DIAGONAL] = transformer_attention(q, k, v, own, NULL),
                                [GAU_HEADS_DIVIDED] = divided,
                                [GAU_HEADS_NORM] = t_rms_norm(divided, gain, 1e-12f)};
    for (gau_heads_kind kind = GAU_HEADS_SOFTMAX; kind <= GAU_HEADS_NORM; kind++) {
        gau_heads h = {.kind = kind, .chunk = CHUNK, .n = 5, .eps = 1e-12f};
        const tensor *out = gau_heads_attend(q, k, v, NULL, &h);
        for (long i = 0; i < out->size; i++)
            test_near(out->data[i], expected[kind]->data[i], 1e-5, "heads", kind);
    }
}
END_TEST

// A key and a value of 1e9 leave all answers before them as they are, in every kind of heads.
START_TEST(heads_causality)
{
    shape s = SHAPE(1, T, HEADS, WIDTH);
    for (gau_heads_kind kind = GAU_HEADS_SOFTMAX; kind <= GAU_HEADS_NORM; kind++)
        for (int at = 0; at < T; at++) {
            rng r = rng_at(1, 184);
            tensor *q = normal("q", s, &r), *k = normal("k", s, &r), *v = normal("v", s, &r);
            gau_heads h = {.kind = kind, .chunk = 3, .n = T, .eps = 1e-6f};
            const tensor *before = gau_heads_attend(q, k, v, NULL, &h);
            int width = HEADS * WIDTH;
            for (int i = at * width; i < (at + 1) * width; i++)
                k->data[i] = v->data[i] = 1e9f;
            const tensor *after = gau_heads_attend(q, k, v, NULL, &h);
            ck_assert_mem_eq(before->data, after->data, at * width * sizeof(float));
            ck_assert_float_ne(before->data[at * width], after->data[at * width]);
            tensors_free();
        }
}
END_TEST

// Equal weights: 8 of t + 1 keys; and of the newest unit, whose weights are written down by themselves.
START_TEST(near_share)
{
    enum { LONG = 96, RECENT = 8 };
    shape s = SHAPE(1, LONG, HEADS, WIDTH);
    tensor *q = constant("q", s, NULL), *v = constant("v", s, NULL);
    double near = 0, expected = 0, sum = 0;
    gau_heads h = {.kind = GAU_HEADS_SOFTMAX, .near = &near, .recent = RECENT};
    gau_heads_attend(q, q, v, NULL, &h);
    for (int t = LONG / 2; t < LONG; t++)
        expected += (double)RECENT / (t + 1) / (LONG / 2);
    test_near(near, expected, 1e-6, "equal weights", 0);
    gau_config c = unit_config(0);
    c.rope = NULL;
    rng r = rng_at(1, 182);
    gau_unit u = unit_new(&c, &r);
    gau_forward(&u, normal("x", SHAPE(1, T, D), &r));
    const float *weight = tape_saved(tape_find("answer"), "weights")->data;
    int rows = 0;
    for (int t = T / 2; t < T; t++) {
        double all = 0, last = 0;
        for (int i = 0; i <= t; i++) {
            all += weight[t * T + i];
            last += i > t - 2 ? weight[t * T + i] : 0;
        }
        rows += all > 0;
        sum += all > 0 ? last / all : 0;
    }
    ck_assert_int_gt(rows, 1);
    test_near(gau_near_share(false, 2), sum / rows, 1e-6, "unit", 0);
}
END_TEST

// The language's oracle, three whole words: the mean over the topics of their product.
START_TEST(oracle)
{
    topics_language l = topics_new(1);
    for (int pair = 0; pair < 20; pair++) {
        int text[3 * (ZIPF_LETTERS + 1)], n = 0, word[3] = {pair % 3, pair + 7, 59 - 2 * pair};
        double nll[3 * (ZIPF_LETTERS + 1)], sum = 0, p = 0;
        for (int i = 0; i < 3; i++)
            for (const char *c = l.topic[0].word[word[i]]; *c; c++)
                text[n++] = *c == ' ' ? 0 : *c - 'a' + 1;
        topics_oracle(&l, n, text, -1, nll, NULL);
        for (int i = 0; i < n; i++)
            sum += nll[i];
        for (int topic = 0; topic < TOPICS; topic++) {
            const double *own = l.topic[topic].p;
            p += own[word[0]] * own[word[1]] * own[word[2]] / TOPICS;
        }
        test_near(sum, -log(p), 1e-12, "-ln P", pair);
    }
}
END_TEST

TEST_MAIN_WITH("gau", NULL, tensors_free, pairs, pairs_gradients, by_hand, linear,
               gradients_of_some, recurrence, divide_and_unpad, causality, unit, unit_gradients,
               unit_causality, padding, flash_of_one_chunk, normaliser_cancels, sizes, smallest,
               refused, large, bound_by_differences, maps, bound_holds, model, times, heads,
               heads_causality, near_share, oracle)
