// Chapter linear_attention: every form against the plain double sum over pairs, gradients by differences and against
// the tape's, causality, what a state can hold, empty rows, padding.
#include "linear_attention/linear_attention.h"
#include "linear_attention/delta.h"

#include "nets/ops.h"
#include "nets/train.h"
#include "numbers/random.h"
#include "test.h"
#include "test_tensors.h"

#include <math.h>

enum { B = 2, T = 7, H = 3, D = 4, M = 5 };

static tensor *
normal(const char *name, shape s, rng *r)
{
    return test_param(name, s, r, 1);
}

// phi(q) phi(k), as a formula of the two vectors.
static double
similarity(linear_attention_map map, int d, const float *q, const float *k)
{
    double sum = 0, qq = 0, kk = 0;
    for (int i = 0; i < d; i++) {
        double a = q[i], b = k[i];
        qq += a * a;
        kk += b * b;
        switch (map) {
        case LINEAR_ATTENTION_ELU:
            sum += (a > 0 ? a + 1 : exp(a)) * (b > 0 ? b + 1 : exp(b));
            break;
        case LINEAR_ATTENTION_RELU: sum += fmax(a, 0) * fmax(b, 0); break;
        case LINEAR_ATTENTION_EXP: sum += exp(a) * exp(b); break;
        case LINEAR_ATTENTION_TAYLOR: sum += a * b;
        }
    }
    return map == LINEAR_ATTENTION_TAYLOR ? 1 + sum / sqrt(qq * kk) : sum;
}

// The answers out (B, T, h, m) by the sum over pairs.
static void
by_pairs(const tensor *q, const tensor *k, const tensor *v, const linear_attention_config *c,
         bool is_causal, double *out)
{
    const int *n = q->shape.n;
    int S = k->shape.n[1], h = n[2], d = n[3], m = v->shape.n[3];
    for (int b = 0; b < n[0]; b++)
        for (int t = 0; t < n[1]; t++)
            for (int i = 0; i < h; i++) {
                double *row = out + (((long)b * n[1] + t) * h + i) * m, total = c->eps;
                memset(row, 0, m * sizeof *row);
                for (int s = 0; s < S; s++) {
                    if ((is_causal && s > t) || (c->length && s >= c->length[b]))
                        continue;
                    const float *query = q->data + (((long)b * n[1] + t) * h + i) * d;
                    const float *key = k->data + (((long)b * S + s) * h + i) * d;
                    double w = similarity(c->map, d, query, key);
                    total += w;
                    for (int j = 0; j < m; j++)
                        row[j] += w * v->data[(((long)b * S + s) * h + i) * m + j];
                }
                for (int j = 0; j < m; j++)
                    row[j] = total == 0 ? 0 : row[j] / total;
            }
}

static void
assert_causal(const tensor *q, tensor *const x[3], linear_attention_config c, const char *what)
{
    double *expected = calloc(x[2]->size, sizeof *expected);
    by_pairs(q, x[1], x[2], &c, true, expected);
    const tensor *out = linear_attention_causal(x[0], x[1], x[2], &c);
    for (long i = 0; i < out->size; i++)
        test_near(out->data[i], expected[i], 2e-5, what, i);
    free(expected);
}

// All forms, maps and chunks, with and without eps and padding.
START_TEST(forms)
{
    const int length[B] = {5, 2};
    for (int way = 0; way < 3 * 4 * 4; way++) {
        static const int chunks[] = {0, 1, 2, 3, 7, 100};
        linear_attention_config c = {.map = way / 3 % 4, .form = way % 3};
        c.eps = way / 12 % 2 ? 0.5f : 0;
        c.length = way / 24 ? length : NULL;
        rng r = rng_at(1, way);
        tensor *x[] = {normal("q", SHAPE(B, T, H, D), &r), normal("k", SHAPE(B, T, H, D), &r),
                       normal("v", SHAPE(B, T, H, M), &r)};
        for (int i = 0; i < 6; i++) {
            c.chunk = chunks[i];
            assert_causal(x[0], x, c, "out");
        }
        tensors_free();
    }
}
END_TEST

// One position, one feature, one value.
START_TEST(smallest)
{
    rng r = rng_at(2, 0);
    for (int form = 0; form < 3; form++) {
        linear_attention_config c = {.form = form};
        tensor *x[] = {normal("q", SHAPE(1, 1, 1, 1), &r), normal("k", SHAPE(1, 1, 1, 1), &r),
                       normal("v", SHAPE(1, 1, 1, 1), &r)};
        test_near(linear_attention_causal(x[0], x[1], x[2], &c)->data[0], x[2]->data[0], 1e-6,
                  "the only value", form);
    }
}
END_TEST

static tensor *
causal_of(tensor *const x[], void *context)
{
    return linear_attention_causal(x[0], x[1], x[2], context);
}

static tensor *
full_of(tensor *const x[], void *context)
{
    return linear_attention_full(x[0], x[1], x[2], context);
}

static tensor *
two_softmaxes_of(tensor *const x[], void *context)
{
    (void)context;
    return linear_attention_efficient(x[0], x[1], x[2]);
}

START_TEST(gradients)
{
    const int length[B] = {5, 2};
    for (int way = 0; way < 12; way++) {
        rng r = rng_at(3, way);
        tensor *x[] = {normal("q", SHAPE(B, T, H, D), &r), normal("k", SHAPE(B, T, H, D), &r),
                       normal("v", SHAPE(B, T, H, M), &r)};
        // Away from the kink at 0 and from normalisers near 0
        for (int i = 0; i < 2; i++)
            for (long j = 0; j < x[i]->size; j++)
                x[i]->data[j] += x[i]->data[j] > 0 ? 0.2f : -0.2f;
        linear_attention_config c = {
            .map = way % 4, .form = way / 4, .chunk = 3, .eps = 0.5f, .length = length};
        ck_assert_double_lt(gradcheck(causal_of, 3, x, &c), 1e-3);
        ck_assert_double_lt(gradcheck(full_of, 3, x, &c), 1e-3);
        ck_assert_double_lt(gradcheck(two_softmaxes_of, 3, x, NULL), 1e-3);
        tensors_free();
    }
}
END_TEST

// The three gradients of sum(out r) in a form.
static void
gradients_of(tensor *const x[3], tensor *weight, const linear_attention_config *c, float *to)
{
    for (int i = 0; i < 3; i++)
        memset(x[i]->grad, 0, x[i]->size * sizeof(float));
    backward(t_sum(t_mul(linear_attention_causal(x[0], x[1], x[2], c), weight)));
    for (int i = 0; i < 3; to += x[i++]->size)
        memcpy(to, x[i]->grad, x[i]->size * sizeof(float));
    tape_reset();
}

// The two scans against the tape's gradient of the parallel form, longer than a chunk and with threads.
START_TEST(gradients_agree)
{
    enum { N = 150, W = 8, SIZE = 2 * N * 2 * W };
    static float expected[3 * SIZE], measured[3 * SIZE];
    rng r = rng_at(4, 0);
    tensor *x[] = {normal("q", SHAPE(2, N, 2, W), &r), normal("k", SHAPE(2, N, 2, W), &r),
                   normal("v", SHAPE(2, N, 2, W), &r)};
    tensor *weight = tensor_state("r", x[2]->shape);
    rng_fill_normal(&r, weight->size, weight->data, 0, 1);
    gradients_of(x, weight, &(linear_attention_config){.form = LINEAR_ATTENTION_PARALLEL},
                 expected);
    for (int way = 0; way < 5; way++) {
        static const int chunks[] = {0, 1, 7, 64, 1000};
        linear_attention_config c = {.chunk = chunks[way]};
        c.form = way == 4 ? LINEAR_ATTENTION_RECURRENT : LINEAR_ATTENTION_CHUNKED;
        gradients_of(x, weight, &c, measured);
        for (int i = 0; i < 3 * SIZE; i++)
            test_near(measured[i], expected[i], 2e-5, "gradient", i);
    }
}
END_TEST

// What is asked for gets its gradient where the other inputs are constants.
START_TEST(gradients_of_some)
{
    enum { SIZE = B * T * H * D };
    rng r = rng_at(5, 0);
    tensor *x[] = {normal("q", SHAPE(B, T, H, D), &r), normal("k", SHAPE(B, T, H, D), &r),
                   normal("v", SHAPE(B, T, H, D), &r)};
    tensor *weight = tensor_state("r", x[2]->shape);
    rng_fill_normal(&r, SIZE, weight->data, 0, 1);
    for (int form = 0; form < 3; form++) {
        linear_attention_config c = {.form = form, .chunk = 3};
        float all[3 * SIZE];
        gradients_of(x, weight, &c, all);
        for (int i = 0; i < 3; i++) {
            tensor *y[3];
            for (int j = 0; j < 3; j++)
                y[j] = j == i ? x[j] : constant("other", x[j]->shape, x[j]->data);
            zero_grad();
            backward(t_sum(t_mul(causal_of(y, &c), weight)));
            for (int j = 0; j < SIZE; j++)
                ck_assert_float_eq(x[i]->grad[j], all[i * SIZE + j]);
            tape_reset();
        }
    }
}
END_TEST

// A key and a value of 1e9 at position 4 change nothing before it.
START_TEST(causality)
{
    rng r = rng_at(6, 0);
    for (int form = 0; form < 3; form++) {
        linear_attention_config c = {.form = form, .chunk = 3};
        tensor *x[] = {normal("q", SHAPE(1, T, 1, D), &r), normal("k", SHAPE(1, T, 1, D), &r),
                       normal("v", SHAPE(1, T, 1, D), &r)};
        const float *before = causal_of(x, &c)->data;
        for (int i = 0; i < D; i++)
            x[1]->data[4 * D + i] = x[2]->data[4 * D + i] = 1e9f;
        const float *after = causal_of(x, &c)->data;
        for (int i = 0; i < 4 * D; i++)
            ck_assert_float_eq(before[i], after[i]);
        ck_assert_float_ne(before[4 * D], after[4 * D]);
    }
}
END_TEST

// Without a normaliser d orthonormal keys are recalled exactly: S^T k_i = v_i.
START_TEST(recall)
{
    enum { N = 4 };
    float S[N * M] = {0}, z[N] = {0}, v[N][M], out[M];
    rng r = rng_at(7, 0);
    for (int i = 0; i < N; i++) {
        float k[N] = {0};
        k[i] = 1;
        rng_fill_normal(&r, M, v[i], 0, 1);
        // Its own value: the normaliser is k_i k_i = 1 as well
        ck_assert_float_eq(linear_attention_step(N, M, 0, k, k, v[i], S, z, out), 1);
        for (int j = 0; j < M; j++)
            ck_assert_float_eq(out[j], v[i][j]);
    }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < M; j++)
            ck_assert_float_eq(S[i * M + j], v[i][j]);
}
END_TEST

// The steps one by one are the recurrent form, whose states are sums over the past.
START_TEST(steps)
{
    rng r = rng_at(8, 0);
    tensor *q = normal("q", SHAPE(B, T, H, D), &r), *k = normal("k", SHAPE(B, T, H, D), &r);
    tensor *v = normal("v", SHAPE(B, T, H, M), &r);
    const tensor *out = linear_attention_recurrent(q, k, v, 0.1f);
    const float *state = tape_saved(out, "state")->data, *sum = tape_saved(out, "z")->data;
    for (int b = 0; b < B; b++)
        for (int h = 0; h < H; h++) {
            float S[D * M] = {0}, z[D] = {0}, y[M];
            for (int t = 0; t < T; t++) {
                int row = (b * T + t) * H + h, at = (t * B + b) * H + h;
                linear_attention_step(D, M, 0.1f, q->data + row * D, k->data + row * D,
                                      v->data + row * M, S, z, y);
                ck_assert_int_eq(memcmp(y, out->data + row * M, sizeof y), 0);
                ck_assert_int_eq(memcmp(S, state + at * D * M, sizeof S), 0);
                ck_assert_int_eq(memcmp(z, sum + at * D, sizeof z), 0);
            }
        }
}
END_TEST

// A query that finds no key gets zeros and passes no gradient, in every form.
START_TEST(nothing_found)
{
    for (int form = 0; form < 3; form++) {
        rng r = rng_at(9, 0);
        linear_attention_config c = {.map = LINEAR_ATTENTION_RELU, .form = form, .chunk = 3};
        tensor *x[] = {normal("q", SHAPE(1, T, 1, D), &r), normal("k", SHAPE(1, T, 1, D), &r),
                       normal("v", SHAPE(1, T, 1, D), &r)};
        for (int i = 0; i < D; i++)
            x[0]->data[5 * D + i] = -1;
        tensor *out = causal_of(x, &c);
        backward(t_sum(out));
        for (int i = 0; i < D; i++) {
            ck_assert_float_eq(out->data[5 * D + i], 0);
            ck_assert_float_eq(x[0]->grad[5 * D + i], 0);
        }
        for (int j = 0; j < 3; j++)
            for (long i = 0; i < x[j]->size; i++)
                ck_assert(isfinite(x[j]->grad[i]));
        tensors_free();
    }
    rng r = rng_at(9, 1);
    tensor *zero = param("zero", SHAPE(1, 2, 1, D));
    tensor *q = normal("q", SHAPE(1, 2, 1, D), &r);
    linear_attention_config c = {.map = LINEAR_ATTENTION_TAYLOR};
    tensor *out = linear_attention_causal(zero, q, q, &c);
    backward(t_sum(out));
    for (long i = 0; i < zero->size; i++) {
        ck_assert(isfinite(out->data[i]));
        ck_assert_float_eq(zero->grad[i], 0);
    }
}
END_TEST

// All keys, of another number than the queries; padded keys as if they were not there.
START_TEST(full)
{
    enum { S = 6 };
    const int length[B] = {6, 4};
    for (int way = 0; way < 8; way++) {
        rng r = rng_at(10, way);
        linear_attention_config c = {
            .map = way % 4, .eps = way % 2 ? 0.1f : 0, .length = way / 4 ? length : NULL};
        double expected[B * T * H * M];
        tensor *x[] = {normal("q", SHAPE(B, T, H, D), &r), normal("k", SHAPE(B, S, H, D), &r),
                       normal("v", SHAPE(B, S, H, M), &r)};
        by_pairs(x[0], x[1], x[2], &c, false, expected);
        const tensor *out = full_of(x, &c);
        for (long i = 0; i < out->size; i++)
            test_near(out->data[i], expected[i], 2e-5, "full", i);
        tensors_free();
    }
}
END_TEST

// Two softmaxes: constant values come back, each key's weights over the positions sum to 1, the future is seen.
START_TEST(efficient)
{
    rng r = rng_at(11, 0);
    tensor *x[] = {normal("q", SHAPE(B, T, H, D), &r), normal("k", SHAPE(B, T, H, D), &r),
                   normal("v", SHAPE(B, T, H, M), &r)};
    const tensor *out = two_softmaxes_of(x, NULL);
    for (int b = 0; b < B; b++)
        for (int t = 0; t < T; t++)
            for (int h = 0; h < H; h++) {
                double expected[M] = {0}, total = 0;
                const float *q = x[0]->data + ((b * T + t) * H + h) * D;
                for (int f = 0; f < D; f++)
                    total += exp(q[f]);
                for (int f = 0; f < D; f++) {
                    double over = 0;
                    for (int s = 0; s < T; s++)
                        over += exp(x[1]->data[((b * T + s) * H + h) * D + f]);
                    for (int s = 0; s < T; s++)
                        for (int j = 0; j < M; j++)
                            expected[j] += exp(q[f]) / total *
                                           exp(x[1]->data[((b * T + s) * H + h) * D + f]) / over *
                                           x[2]->data[((b * T + s) * H + h) * M + j];
                }
                for (int j = 0; j < M; j++)
                    test_near(out->data[((b * T + t) * H + h) * M + j], expected[j], 1e-5,
                              "efficient", j);
            }
    float before = out->data[0];
    x[1]->data[(T - 1) * H * D] += 3;
    ck_assert_float_ne(two_softmaxes_of(x, NULL)->data[0], before);
    for (long i = 0; i < x[2]->size; i++)
        x[2]->data[i] = 2;
    out = two_softmaxes_of(x, NULL);
    for (long i = 0; i < out->size; i++)
        test_near(out->data[i], 2, 1e-6, "constant", i);
}
END_TEST

// In a model: the padding is read off the mask.
// The second text has `shorter` keys that are no padding.
static void
assert_attend(int shorter)
{
    rng r = rng_at(12, 0);
    const int length[B] = {T, shorter};
    bool mask[B * T * T];
    for (int b = 0; b < B; b++)
        for (int t = 0; t < T; t++)
            for (int s = 0; s < T; s++)
                mask[(b * T + t) * T + s] = s <= t && s < length[b];
    tensor *q = normal("q", SHAPE(B, T, H, D), &r), *k = normal("k", SHAPE(B, T, H, D), &r);
    tensor *v = normal("v", SHAPE(B, T, H, M), &r);
    linear_attention_config c = {.eps = 0.1f}, padded = {.eps = 0.1f, .length = length};
    const tensor *out = linear_attention_attend(q, k, v, mask, &c);
    const tensor *expected = linear_attention_causal(q, k, v, &padded);
    ck_assert_int_eq(memcmp(out->data, expected->data, out->size * sizeof(float)), 0);
    out = linear_attention_attend(q, k, v, NULL, &c);
    expected = linear_attention_causal(q, k, v, &c);
    ck_assert_int_eq(memcmp(out->data, expected->data, out->size * sizeof(float)), 0);
}

START_TEST(attend)
{
    assert_attend(3);
    assert_attend(0);
}
END_TEST

// A text in two pieces, the second one by one or whole, is the text: answers, gradients and what is left as a state.
START_TEST(continued)
{
    enum { FIRST = 4, Q = H * D, V = H * M };
    for (int way = 0; way < 4; way++) {
        int chunk = way % 2 ? 3 : 1, piece = way / 2 ? T - FIRST : 1;
        rng r = rng_at(13, way);
        tensor *q = normal("q", SHAPE(1, T, H, D), &r), *k = normal("k", SHAPE(1, T, H, D), &r);
        tensor *v = normal("v", SHAPE(1, T, H, M), &r);
        linear_attention_state state = linear_attention_state_new(1, H, D, M);
        const tensor *whole = linear_attention_recurrent(q, k, v, 0.1f);
        const float *S = tape_saved(whole, "state")->data, *z = tape_saved(whole, "z")->data;
        for (int t = 0; t < T; t += t == 0 ? FIRST : piece) {
            int n = t == 0 ? FIRST : piece;
            const tensor *out = linear_attention_continued(
                constant("q", SHAPE(1, n, H, D), q->data + t * Q),
                constant("k", SHAPE(1, n, H, D), k->data + t * Q),
                constant("v", SHAPE(1, n, H, M), v->data + t * V), 0.1f, chunk, &state);
            for (int i = 0; i < n * V; i++)
                test_near(out->data[i], whole->data[t * V + i], 2e-5, "continued", i);
            for (int i = 0; i < H * D * M; i++)
                test_near(state.S->data[i], S[(t + n - 1) * H * D * M + i], 2e-5, "S", i);
            for (int i = 0; i < H * D; i++)
                test_near(state.z->data[i], z[(t + n - 1) * H * D + i], 2e-5, "z", i);
        }
        tensors_free();
    }
}
END_TEST

// From a state that is given, which is the same in each call.
static tensor *
continued_of(tensor *const x[], void *context)
{
    const linear_attention_state *given = context;
    linear_attention_state state = {constant("S", given->S->shape, given->S->data),
                                    constant("z", given->z->shape, given->z->data)};
    return linear_attention_continued(x[0], x[1], x[2], 0.5f, 3, &state);
}

START_TEST(continued_gradients)
{
    rng r = rng_at(14, 0);
    tensor *x[] = {normal("q", SHAPE(B, T, H, D), &r), normal("k", SHAPE(B, T, H, D), &r),
                   normal("v", SHAPE(B, T, H, M), &r)};
    linear_attention_state state = linear_attention_state_new(B, H, D, M);
    rng_fill_normal(&r, state.S->size, state.S->data, 0, 1);
    rng_fill_uniform(&r, state.z->size, state.z->data, 5, 6);
    for (int i = 0; i < 2; i++) // normalisers stay away from 0
        for (long j = 0; j < x[i]->size; j++)
            x[i]->data[j] = fabsf(x[i]->data[j]);
    ck_assert_double_lt(gradcheck(continued_of, 3, x, &state), 1e-3);
    tensor *small = constant("small", SHAPE(B, H, D), NULL);
    linear_attention_state wrong = {state.S, small}, worse = {small, state.z};
    wrong.z = constant("z", SHAPE(B, H, M), NULL);
    REFUSED(linear_attention_continued(x[0], x[1], x[2], 0, 3, &wrong),
            "linear_attention_continued: a state of (2, 3, 4, 5) and (2, 3, 5), expected "
            "(B, h, F, m) (2, 3, 4, 5) and (B, h, F) (2, 3, 4)");
    REFUSED(linear_attention_continued(x[0], x[1], x[2], 0, 3, &worse),
            "linear_attention_continued: a state of (2, 3, 4) and (2, 3, 4), expected "
            "(B, h, F, m) (2, 3, 4, 5) and (B, h, F) (2, 3, 4)");
}
END_TEST

// Running sums are two softmaxes, that of the keys over the positions so far.
START_TEST(efficient_causal)
{
    rng r = rng_at(15, 0);
    float q[T][D], k[T][D], v[T][M], S[D * M] = {0}, z[D] = {0}, out[M];
    rng_fill_normal(&r, T * D, q[0], 0, 1);
    rng_fill_normal(&r, T * D, k[0], 0, 1);
    rng_fill_normal(&r, T * M, v[0], 0, 1);
    for (int t = 0; t < T; t++) {
        double expected[M] = {0}, total = 0;
        for (int f = 0; f < D; f++)
            total += exp(q[t][f]);
        for (int f = 0; f < D; f++) {
            double over = 0;
            for (int s = 0; s <= t; s++)
                over += exp(k[s][f]);
            for (int s = 0; s <= t; s++)
                for (int j = 0; j < M; j++)
                    expected[j] += exp(q[t][f]) / total * exp(k[s][f]) / over * v[s][j];
        }
        linear_attention_efficient_step(D, M, q[t], k[t], v[t], S, z, out);
        for (int j = 0; j < M; j++)
            test_near(out[j], expected[j], 1e-5, "efficient, causal", j);
    }
}
END_TEST

// One head of the two rules in double, by the matrices that the state is multiplied by: decay gamma I, delta
// I - beta k k^T.
static void
by_matrices(bool delta, const float *q, const float *k, const float *v, const float *gate,
            double *out)
{
    double S[D][M] = {{0}};
    for (int t = 0; t < T; t++, q += D, k += D, v += M, out += M) {
        double next[D][M] = {{0}};
        for (int f = 0; f < D; f++)
            for (int j = 0; j < M; j++) {
                for (int g = 0; g < D; g++) {
                    double through = delta ? (f == g) - (double)gate[t] * k[f] * k[g]
                                           : (f == g) * (double)gate[t];
                    next[f][j] += through * S[g][j];
                }
                next[f][j] += (delta ? gate[t] : 1) * (double)k[f] * v[j];
            }
        memcpy(S, next, sizeof S);
        for (int j = 0; j < M; j++) {
            out[j] = 0;
            for (int f = 0; f < D; f++)
                out[j] += S[f][j] * q[f];
        }
    }
}

// The values of one head of x (B, T, H, w).
static void
head_of(const tensor *x, int b, int h, float *to)
{
    int w = (int)(x->size / (B * T * H));
    for (int t = 0; t < T; t++)
        memcpy(to + t * w, x->data + ((b * T + t) * H + h) * w, w * sizeof *to);
}

static tensor *
gated_of(tensor *const x[], void *context)
{
    return *(bool *)context ? linear_attention_delta(x[0], x[1], x[2], x[3])
                            : linear_attention_decayed(x[0], x[1], x[2], x[3]);
}

START_TEST(gated)
{
    for (int delta = 0; delta < 2; delta++) {
        bool rule = delta;
        rng r = rng_at(16, delta);
        tensor *x[] = {normal("q", SHAPE(B, T, H, D), &r), normal("k", SHAPE(B, T, H, D), &r),
                       normal("v", SHAPE(B, T, H, M), &r), param("gate", SHAPE(B, T, H))};
        rng_fill_uniform(&r, x[3]->size, x[3]->data, 0.2f, 0.9f);
        const tensor *out = gated_of(x, &rule);
        for (int b = 0; b < B; b++)
            for (int h = 0; h < H; h++) {
                float q[T * D], k[T * D], v[T * M], gate[T], found[T * M];
                double expected[T * M];
                head_of(x[0], b, h, q);
                head_of(x[1], b, h, k);
                head_of(x[2], b, h, v);
                head_of(x[3], b, h, gate);
                head_of(out, b, h, found);
                by_matrices(rule, q, k, v, gate, expected);
                for (int i = 0; i < T * M; i++)
                    test_near(found[i], expected[i], 2e-5, rule ? "delta" : "decay", i);
            }
        ck_assert_double_lt(gradcheck(gated_of, 4, x, &rule), 1e-3);
        tape_reset();
        // Constants are left alone
        tensor *y[] = {x[0], detach(x[1]), detach(x[2]), detach(x[3])};
        zero_grad();
        backward(t_sum(gated_of(y, &rule)));
        for (int i = 1; i < 4; i++)
            for (long j = 0; j < x[i]->size; j++)
                ck_assert_float_eq(x[i]->grad[j], 0);
        tensors_free();
    }
}
END_TEST

// With beta 1 a key of length 1 is answered by its newest value; a sum answers both.
START_TEST(overwritten)
{
    const float k[] = {0.6f, 0.8f, 0.6f, 0.8f}, v[] = {1, 5}, one[] = {1, 1};
    tensor *key = constant("k", SHAPE(1, 2, 1, 2), k), *value = constant("v", SHAPE(1, 2, 1, 1), v);
    tensor *gate = constant("gate", SHAPE(1, 2, 1), one);
    test_near(linear_attention_delta(key, key, value, gate)->data[1], 5, 1e-6, "delta", 1);
    test_near(linear_attention_decayed(key, key, value, gate)->data[1], 6, 1e-6, "sum", 1);
    REFUSED(linear_attention_delta(key, key, value, key),
            "linear_attention_delta: features (B, T, h, F) need one number for each position and "
            "head: k (1, 2, 1, 2), k (1, 2, 1, 2)");
    REFUSED(linear_attention_decayed(key, value, value, gate),
            "linear_attention_decayed: features of queries and keys must be (B, T, h, F) both: "
            "k (1, 2, 1, 2), v (1, 2, 1, 1)");
    REFUSED(linear_attention_decayed(key, key, gate, gate),
            "linear_attention_decayed: features (B, T, h, F) need values (B, T, h, m): "
            "k (1, 2, 1, 2), gate (1, 2, 1)");
}
END_TEST

START_TEST(refused)
{
    tensor *q = constant("q", SHAPE(1, 3, 1, 4), NULL), *k = constant("k", SHAPE(1, 3, 1, 5), NULL);
    tensor *v = constant("v", SHAPE(1, 2, 1, 4), NULL), *flat = constant("x", SHAPE(3, 4), NULL);
    linear_attention_config c = {0};
    REFUSED(linear_attention_features(flat, LINEAR_ATTENTION_ELU, NULL),
            "linear_attention_features: x (3, 4), expected (B, N, h, d)");
    REFUSED(linear_attention_chunked(q, k, q, 0, 4),
            "linear_attention_chunked: features of queries and keys must be (B, T, h, F) both: "
            "q (1, 3, 1, 4), k (1, 3, 1, 5)");
    REFUSED(linear_attention_parallel(q, q, v, 0),
            "linear_attention_parallel: features (B, T, h, F) need values (B, T, h, m): "
            "q (1, 3, 1, 4), v (1, 2, 1, 4)");
    REFUSED(linear_attention_recurrent(q, q, v, 0),
            "linear_attention_recurrent: features (B, T, h, F) need values (B, T, h, m): "
            "q (1, 3, 1, 4), v (1, 2, 1, 4)");
    REFUSED(linear_attention_chunked(q, q, q, 0, 0),
            "linear_attention_chunked: chunks of 0 rows, expected 1 or more");
    REFUSED(linear_attention_attend(q, v, v, NULL, &c),
            "linear_attention_attend: 3 queries of 2 keys; expected equal numbers, a sequence that "
            "asks itself");
    REFUSED(linear_attention_attend(v, q, q, NULL, &c),
            "linear_attention_attend: 2 queries of 3 keys; expected equal numbers, a sequence that "
            "asks itself");
    bool later[9] = {true, true};
    REFUSED(linear_attention_attend(q, q, q, later, &c),
            "linear_attention_attend: a query may see a later key; expected a causal mask");
}
END_TEST

TEST_MAIN("linear_attention", forms, smallest, gradients, gradients_agree, gradients_of_some,
          causality, recall, steps, nothing_found, full, efficient, attend, continued,
          continued_gradients, efficient_causal, gated, overwritten, refused)
