// Chapter transformer: attention and its layers against the formulas written once more in double, one value at a
// time; gradients by differences; identities that must hold.
#include "transformer/transformer.h"
#include "transformer/own_text.h"
#include "transformer/tasks.h"
#include "transformer/weights.h"

#include "frame/program.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/random.h"
#include "test.h"
#include "test_tensors.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

enum { B = 2, T = 3, S = 4, H = 2, d = 3, D = H * d };

static tensor *
normal(const char *name, shape s, rng *r)
{
    return test_param(name, s, r, 1);
}

// ---- Attention ----

// out, scores and weights (B, H, T, S) by the formula; mask may be NULL, bias (H, T, S) too.
static void
plain_attention(const tensor *q, const tensor *k, const tensor *v, const bool *mask,
                const tensor *bias, double *scores, double *weights, double *out)
{
    for (int b = 0; b < B; b++)
        for (int h = 0; h < H; h++)
            for (int t = 0; t < T; t++) {
                int row = ((b * H + h) * T + t) * S;
                double *w = weights + row, sum = 0;
                for (int s = 0; s < S; s++) {
                    double score = 0;
                    for (int i = 0; i < d; i++)
                        score += (double)q->data[((b * T + t) * H + h) * d + i] *
                                 k->data[((b * S + s) * H + h) * d + i];
                    score /= sqrt(d);
                    score += bias ? bias->data[(h * T + t) * S + s] : 0;
                    scores[row + s] = score;
                    w[s] = !mask || mask[(b * T + t) * S + s] ? exp(score) : 0;
                    sum += w[s];
                }
                for (int s = 0; s < S; s++)
                    w[s] = sum > 0 ? w[s] / sum : 0;
                for (int i = 0; i < d; i++) {
                    double *o = &out[((b * T + t) * H + h) * d + i];
                    *o = 0;
                    for (int s = 0; s < S; s++)
                        *o += w[s] * v->data[((b * S + s) * H + h) * d + i];
                }
            }
}

// Any pattern, with a query that may look nowhere.
static bool *
odd_mask(void)
{
    bool *mask = tape_alloc(B * T * S);
    for (int i = 0; i < B * T * S; i++)
        mask[i] = i / S != 4 && (i * 7 + i / S) % 3 != 0;
    return mask;
}

static void
check_attention(bool masked, bool biased)
{
    rng r = rng_at(1, 0);
    tensor *q = normal("q", SHAPE(B, T, H, d), &r), *k = normal("k", SHAPE(B, S, H, d), &r);
    tensor *v = normal("v", SHAPE(B, S, H, d), &r);
    tensor *bias = biased ? normal("bias", SHAPE(H, T, S), &r) : NULL;
    const bool *mask = masked ? odd_mask() : NULL;
    double scores[B * H * T * S], weights[B * H * T * S], expected[B * T * H * d];
    plain_attention(q, k, v, mask, bias, scores, weights, expected);
    tensor *out = transformer_attention(q, k, v, mask, bias);
    for (int i = 0; i < B * H * T * S; i++) {
        test_near(tape_saved(out, "scores")->data[i], scores[i], 1e-6, "scores", i);
        test_near(tape_saved(out, "weights")->data[i], weights[i], 1e-6, "weights", i);
    }
    for (int i = 0; i < B * T * H * d; i++)
        test_near(out->data[i], expected[i], 1e-6, "out", i);
}

START_TEST(attention_forward)
{
    for (int i = 0; i < 4; i++)
        check_attention(i & 1, i & 2);
}
END_TEST

static tensor *
attention_of(tensor *const x[], void *context)
{
    const int *form = context;
    const bool *mask = form[0] ? odd_mask() : NULL;
    return transformer_attention(x[0], x[1], x[2], mask, form[1] ? x[3] : NULL);
}

START_TEST(attention_gradient)
{
    rng r = rng_at(1, 1);
    tensor *x[] = {normal("q", SHAPE(B, T, H, d), &r), normal("k", SHAPE(B, S, H, d), &r),
                   normal("v", SHAPE(B, S, H, d), &r), normal("bias", SHAPE(H, T, S), &r)};
    for (int form = 0; form < 4; form++)
        ck_assert_double_lt(
            gradcheck(attention_of, form & 2 ? 4 : 3, x, (int[]){form & 1, form & 2}), 1e-3);
    x[3] = normal("bias", SHAPE(B, H, T, S), &r);
    ck_assert_double_lt(gradcheck(attention_of, 4, x, (int[]){1, 1}), 1e-3);
}
END_TEST

// An input that needs no gradient gets none, and the others get theirs.
START_TEST(attention_constant)
{
    rng r = rng_at(1, 3);
    for (int fixed = 0; fixed < 4; fixed++) {
        tensor *x[] = {normal("q", SHAPE(B, T, H, d), &r), normal("k", SHAPE(B, S, H, d), &r),
                       normal("v", SHAPE(B, S, H, d), &r), normal("bias", SHAPE(H, T, S), &r)};
        x[fixed] = constant("fixed", x[fixed]->shape, x[fixed]->data);
        tensor *out = transformer_attention(x[0], x[1], x[2], NULL, x[3]);
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

// A query that may look nowhere: zeros, and no gradient anywhere, not NaN.
START_TEST(attention_nowhere)
{
    rng r = rng_at(1, 2);
    tensor *q = normal("q", SHAPE(1, 1, 1, d), &r), *k = normal("k", SHAPE(1, S, 1, d), &r);
    tensor *v = normal("v", SHAPE(1, S, 1, d), &r);
    tensor *out = transformer_attention(q, k, v, (bool[S]){false}, NULL);
    backward(t_sum(out));
    for (int i = 0; i < d; i++) {
        ck_assert_float_eq(out->data[i], 0);
        ck_assert_float_eq(q->grad[i], 0);
    }
    for (int i = 0; i < S * d; i++) {
        ck_assert_float_eq(k->grad[i], 0);
        ck_assert_float_eq(v->grad[i], 0);
    }
}
END_TEST

// Large scores do not overflow: all weight goes to the largest.
START_TEST(attention_large_scores)
{
    float query[] = {1e4f}, keys[] = {1e4f, -1e4f, 9e3f}, values[] = {1, 2, 3};
    tensor *out = transformer_attention(constant("q", SHAPE(1, 1, 1, 1), query),
                                        constant("k", SHAPE(1, 3, 1, 1), keys),
                                        constant("v", SHAPE(1, 3, 1, 1), values), NULL, NULL);
    ck_assert_float_eq(out->data[0], 1);
}
END_TEST

START_TEST(attention_shapes)
{
    tensor *q = constant("q", SHAPE(B, T, H, d), NULL), *k = constant("k", SHAPE(B, S, H, d), NULL);
    tensor *other = constant("other", SHAPE(B, S, H, d + 1), NULL);
    tensor *flat = constant("flat", SHAPE(B, T, D), NULL);
    REFUSED(
        transformer_attention(q, other, other, NULL, NULL),
        "transformer_attention: queries (B, T, h, d) need keys (B, S, h, d): q (2, 3, 2, 3), other "
        "(2, 4, 2, 4)");
    REFUSED(transformer_attention(q, k, other, NULL, NULL),
            "transformer_attention: keys and values differ in shape: k (2, 4, 2, 3), other (2, 4, "
            "2, 4)");
    REFUSED(
        transformer_attention(flat, k, k, NULL, NULL),
        "transformer_attention: queries (B, T, h, d) need keys (B, S, h, d): flat (2, 3, 6), k (2, "
        "4, 2, 3)");
    REFUSED(transformer_attention(q, k, k, NULL, flat),
            "transformer_attention: the bias flat (2, 3, 6) is neither (2, 3, 4) nor that for each "
            "of 2 sequences");
    REFUSED(transformer_split_heads(flat, 4),
            "transformer_split_heads: flat (2, 3, 6) into 4 heads; expected (B, T, D) with D a "
            "multiple of them");
}
END_TEST

START_TEST(masks)
{
    // 2 queries are the last of 4 positions.
    const bool causal[] = {1, 1, 1, 0, 1, 1, 1, 1}, padded[] = {1, 1, 0, 0, 1, 1, 0, 0};
    const bool *mask = transformer_causal_mask(2, 2, 4);
    for (int i = 0; i < 16; i++)
        ck_assert_int_eq(mask[i], causal[i % 8]);
    mask = transformer_padding_mask(2, 2, 4, (int[]){2, 4}, transformer_causal_mask(2, 2, 4));
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(mask[i], padded[i]);
        ck_assert_int_eq(mask[8 + i], causal[i]);
    }
    mask = transformer_padding_mask(1, 2, 4, (int[]){2}, NULL);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(mask[i], i % 4 < 2);
}
END_TEST

// ---- Heads and layers ----

static transformer_config
small(transformer_placement placement, tensor *(*activation)(tensor *))
{
    return (transformer_config){
        .V = 5, .D = D, .h = H, .F = 5, .placement = placement, .activation = activation};
}

// All parameters from N(0, std^2), gains around 1.
static void
scatter(rng *r, float std)
{
    for (int i = 0; i < param_count(); i++)
        rng_fill_normal(r, param_at(i)->size, param_at(i)->data,
                        strstr(param_at(i)->name, "gain") ? 1 : 0, std);
}

// y = x w^T + b in double; rows x (n, D), w (m, D); b may be NULL.
static void
linear(int n, int m, int width, const double *x, const tensor *w, const tensor *b, double *y)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) {
            double sum = b ? b->data[j] : 0;
            for (int k = 0; k < width; k++)
                sum += x[i * width + k] * w->data[j * width + k];
            y[i * m + j] = sum;
        }
}

// Multi-head attention of n positions x of one sequence to `keys` positions y; head j has columns j d ... of q, k, v;
// mask (n, keys).
static void
plain_heads(int n, int keys, const transformer_multi_head *m, const double *x, const double *y,
            const bool *mask, double *answer)
{
    double q[n * D], k[keys * D], v[keys * D], out[n * D];
    linear(n, D, D, x, m->w_q, m->b_q, q);
    linear(keys, D, D, y, m->w_k, NULL, k);
    linear(keys, D, D, y, m->w_v, m->b_v, v);
    for (int h = 0; h < H; h++)
        for (int t = 0; t < n; t++) {
            double w[keys], sum = 0;
            for (int s = 0; s < keys; s++) {
                double score = 0;
                for (int i = h * d; i < (h + 1) * d; i++)
                    score += q[t * D + i] * k[s * D + i] / sqrt(d);
                sum += w[s] = mask[t * keys + s] ? exp(score) : 0;
            }
            for (int i = h * d; i < (h + 1) * d; i++) {
                out[t * D + i] = 0;
                for (int s = 0; s < keys; s++)
                    out[t * D + i] += w[s] / sum * v[s * D + i];
            }
        }
    linear(n, D, D, out, m->w_o, m->b_o, answer);
}

static void
plain_norm(int n, const transformer_norm *norm, const double *x, double *y)
{
    for (int t = 0; t < n; t++) {
        double mean = 0, variance = 0;
        for (int i = 0; i < D; i++)
            mean += x[t * D + i] / D;
        for (int i = 0; i < D; i++)
            variance += (x[t * D + i] - mean) * (x[t * D + i] - mean) / D;
        for (int i = 0; i < D; i++)
            y[t * D + i] = norm->gain->data[i] * (x[t * D + i] - mean) / sqrt(variance + 1e-5) +
                           norm->bias->data[i];
    }
}

// y <- the feed-forward layer's answer to the n positions x
static void
plain_feed_forward(int n, const transformer_layer *l, const double *x, double *y)
{
    int F = l->b_1->shape.n[0];
    double hidden[n * F];
    linear(n, F, D, x, l->w_1, l->b_1, hidden);
    for (int i = 0; i < n * F; i++)
        hidden[i] = l->activation == t_gelu ? hidden[i] * (1 + erf(hidden[i] / sqrt(2))) / 2
                                            : fmax(hidden[i], 0);
    linear(n, D, F, hidden, l->w_2, l->b_2, y);
}

// What one sequence looks at besides itself; memory NULL: nothing.
typedef struct {
    const bool *mask; // (n, n)
    int keys;
    const double *memory;    // (keys, D)
    const bool *memory_mask; // (n, keys)
} seen;

// x <- the layer's output for one sequence of n positions.
static void
plain_layer(int n, const transformer_layer *l, const seen *e, double *x)
{
    bool pre = l->placement == TRANSFORMER_PRE_NORM;
    const transformer_norm *norms[] = {&l->norm_1, &l->norm_2, &l->norm_3};
    double y[n * D], f[n * D];
    for (int sublayer = 1; sublayer <= 3; sublayer++) {
        const transformer_norm *norm = norms[sublayer - 1];
        if (sublayer == 2 && !e->memory)
            continue;
        memcpy(y, x, sizeof y);
        if (pre)
            plain_norm(n, norm, x, y);
        if (sublayer == 1)
            plain_heads(n, n, &l->self, y, y, e->mask, f);
        else if (sublayer == 2)
            plain_heads(n, e->keys, &l->cross, y, e->memory, e->memory_mask, f);
        else
            plain_feed_forward(n, l, y, f);
        for (int i = 0; i < n * D; i++)
            x[i] += f[i];
        memcpy(y, x, sizeof y);
        if (!pre)
            plain_norm(n, norm, y, x);
    }
}

static void
as_double(int n, const float *x, double *y)
{
    for (int i = 0; i < n; i++)
        y[i] = x[i];
}

// A layer of either placement, without and with a memory whose first sequence is padded, on inputs whose variance is
// ordinary and so small that the norm's eps counts.
START_TEST(layer_forward)
{
    for (int form = 0; form < 8; form++) {
        bool decoder = form & 2;
        rng r = rng_at(2, form);
        transformer_config c = small(form & 1, form & 1 ? t_gelu : t_relu);
        transformer_layer l = transformer_layer_new(&c, decoder, &r);
        scatter(&r, form & 4 ? 0.05f : 0.5f);
        tensor *x = test_param("x", SHAPE(B, T, D), &r, form & 4 ? 0.01f : 1);
        tensor *memory = normal("memory", SHAPE(B, S, D), &r);
        const bool *mask = transformer_causal_mask(B, T, T);
        const bool *memory_mask = transformer_padding_mask(B, T, S, (int[]){2, S}, NULL);
        const tensor *out =
            transformer_layer_forward(&l, x, mask, decoder ? memory : NULL, memory_mask, NULL);
        for (int b = 0; b < B; b++) {
            double expected[T * D], asked[S * D];
            as_double(T * D, x->data + b * T * D, expected);
            as_double(S * D, memory->data + b * S * D, asked);
            plain_layer(T, &l,
                        &(seen){mask, S, decoder ? asked : NULL, memory_mask + (long)b * T * S},
                        expected);
            for (int i = 0; i < T * D; i++)
                test_near(out->data[b * T * D + i], expected[i], 1e-5, "layer", i);
        }
        tensors_free();
    }
}
END_TEST

static tensor *
layer_of(tensor *const x[], void *context)
{
    const transformer_layer *l = context;
    bool *memory_mask = transformer_padding_mask(B, T, S, (int[]){3, 0}, NULL);
    return transformer_layer_forward(l, x[0], transformer_causal_mask(B, T, T), x[1], memory_mask,
                                     NULL);
}

// Pre-norm and post-norm with a smooth activation, cross-attention to a padded memory: every parameter.
START_TEST(layer_gradient)
{
    for (int placement = 0; placement < 2; placement++) {
        rng r = rng_at(3, placement);
        transformer_config c = small(placement, t_gelu);
        tensor *x[64] = {normal("x", SHAPE(B, T, D), &r), normal("memory", SHAPE(B, S, D), &r)};
        transformer_layer l = transformer_layer_new(&c, true, &r);
        scatter(&r, 0.5f);
        for (int i = 2; i < param_count(); i++)
            x[i] = param_at(i);
        ck_assert_int_eq(param_count(), 2 + 2 * 7 + 3 * 2 + 4);
        ck_assert_double_lt(gradcheck(layer_of, param_count(), x, &l), 2e-3);
        tensors_free();
    }
}
END_TEST

// Cross-attention of a decoder reads keys and values of the memory: exchanging two of its positions changes nothing,
// another memory does.
START_TEST(cross_attention)
{
    rng r = rng_at(4, 0);
    transformer_config c = small(TRANSFORMER_POST_NORM, t_relu);
    transformer_layer l = transformer_layer_new(&c, true, &r);
    scatter(&r, 0.5f);
    tensor *x = normal("x", SHAPE(B, T, D), &r), *memory = normal("memory", SHAPE(B, S, D), &r);
    float before[B * T * D], kept_row[D];
    const bool *mask = transformer_causal_mask(B, T, T);
    memcpy(before, transformer_layer_forward(&l, x, mask, memory, NULL, NULL)->data, sizeof before);
    float *row1 = memory->data + D, *row3 = memory->data + 3 * D;
    memcpy(kept_row, row1, sizeof kept_row);
    memcpy(row1, row3, sizeof kept_row);
    memcpy(row3, kept_row, sizeof kept_row);
    const tensor *after = transformer_layer_forward(&l, x, mask, memory, NULL, NULL);
    for (int i = 0; i < B * T * D; i++)
        test_near(after->data[i], before[i], 1e-5, "exchanged", i);
    for (long i = 0; i < memory->size; i++)
        memory->data[i] = -memory->data[i];
    after = transformer_layer_forward(&l, x, mask, memory, NULL, NULL);
    double change = 0;
    for (int i = 0; i < B * T * D; i++)
        change = fmax(change, fabs(after->data[i] - before[i]));
    ck_assert_double_gt(change, 0.1);
}
END_TEST

START_TEST(norm_and_gelu)
{
    const float ones[] = {1, 1, 1, 1}, zeros[4] = {0}, row[] = {1, 0, 0, 0};
    const float little[] = {0.003f, 0, 0, 0};
    tensor *gain = constant("gain", SHAPE(4), ones), *bias = constant("bias", SHAPE(4), zeros);
    test_near(t_layer_norm(constant("x", SHAPE(4), row), gain, bias, 1e-5f)->data[0], 1.7320046,
              1e-6, "biased variance", 0);
    double variance = 0.003 * 0.003 * 3 / 16;
    test_near(t_layer_norm(constant("x", SHAPE(4), little), gain, bias, 1e-5f)->data[0],
              0.00225 / sqrt(variance + 1e-5), 1e-6, "eps inside of the root", 0);
    for (int i = -8; i <= 8; i++) {
        float x = i / 2.0f;
        test_near(t_gelu(constant("x", SHAPE(1), &x))->data[0], x * (1 + erf(x / sqrt(2))) / 2,
                  1e-6, "gelu", i);
    }
}
END_TEST

// A layer whose configuration names another attention calls that one, with its context.
static tensor *
values_alone(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    (void)q;
    (void)k;
    (void)mask;
    ++*(int *)context;
    return v;
}

START_TEST(other_attention)
{
    rng r = rng_at(4, 1);
    int calls = 0;
    transformer_config c = small(TRANSFORMER_POST_NORM, t_relu);
    c.attention = values_alone;
    c.attention_context = &calls;
    transformer_layer l = transformer_layer_new(&c, false, &r);
    tensor *x = normal("x", SHAPE(B, T, D), &r);
    transformer_layer_forward(&l, x, transformer_causal_mask(B, T, T), NULL, NULL, NULL);
    ck_assert_int_eq(calls, 1);
    double expected[D], value[D];
    as_double(D, x->data, expected);
    linear(1, D, D, expected, l.self.w_v, l.self.b_v, value);
    linear(1, D, D, value, l.self.w_o, l.self.b_o, expected);
    for (int i = 0; i < D; i++)
        test_near(tape_find("self_attention")->data[i], expected[i], 1e-5, "values", i);
}
END_TEST

// ---- Models ----

// An encoder-decoder of 1 + 2 or 2 + 2 layers, or a decoder alone of 2, with weights from N(0, 0.09).
static transformer
model(bool encoder, transformer_placement placement, rng *r)
{
    transformer_config c = small(placement, t_gelu);
    c.encoders = encoder ? 1 + (placement == TRANSFORMER_PRE_NORM) : 0;
    c.decoders = 2;
    c.positions = transformer_positions(8, D);
    transformer m = transformer_new(&c, r);
    ck_assert(encoder == (m.decoder[1].cross.w_q != NULL));
    scatter(r, 0.3f);
    return m;
}

static tensor *
logits_of(tensor *const x[], void *context)
{
    (void)x;
    const transformer *m = context;
    const int source[B * S] = {1, 2, 3, 4, 4, 3, 1, 0}, read[B * T] = {0, 1, 2, 0, 4, 4};
    const int lengths[B] = {4, 2};
    tensor *memory = NULL;
    bool *mask = NULL;
    if (m->c.encoders) {
        memory =
            transformer_encode(m, B, S, source, transformer_padding_mask(B, S, S, lengths, NULL));
        mask = transformer_padding_mask(B, T, S, lengths, NULL);
    }
    return transformer_decode(m, B, T, read, NULL, memory, mask, NULL);
}

// The gradient of the logits by every parameter of every kind of model: the tied embedding gets what comes from the
// way in and from the way out.
START_TEST(model_gradient)
{
    for (int kind = 0; kind < 4; kind++) {
        rng r = rng_at(5, kind);
        transformer m = model(kind / 2, kind % 2, &r);
        tensor *x[128];
        ck_assert_int_le(param_count(), 128);
        for (int i = 0; i < param_count(); i++)
            x[i] = param_at(i);
        ck_assert_double_lt(gradcheck(logits_of, param_count(), x, &m), 5e-3);
        tensors_free();
    }
}
END_TEST

// What comes later changes nothing before it.
START_TEST(causality)
{
    rng r = rng_at(6, 0);
    transformer m = model(false, TRANSFORMER_PRE_NORM, &r);
    int ids[6] = {1, 4, 2, 3, 0, 2};
    float before[6 * 5];
    memcpy(before, transformer_decode(&m, 1, 6, ids, NULL, NULL, NULL, NULL)->data, sizeof before);
    ids[4] = 3;
    const float *after = transformer_decode(&m, 1, 6, ids, NULL, NULL, NULL, NULL)->data;
    ck_assert_mem_eq(before, after, 4 * 5 * sizeof(float));
    ck_assert_mem_ne(before + 4 * 5, after + 4 * 5, 5 * sizeof(float));
}
END_TEST

// The embedding enters times sqrt(D): with all else zero, the logits are its products times sqrt(D).
START_TEST(embedding_scaled)
{
    rng r = rng_at(7, 0);
    transformer_config c = small(TRANSFORMER_POST_NORM, t_relu); // no layers at all
    transformer m = transformer_new(&c, &r);
    const int ids[] = {3};
    const float *w = m.embedding->data;
    const tensor *logits = transformer_decode(&m, 1, 1, ids, NULL, NULL, NULL, NULL);
    for (int k = 0; k < c.V; k++) {
        double sum = 0;
        for (int i = 0; i < D; i++)
            sum += sqrt(D) * w[3 * D + i] * w[k * D + i];
        test_near(logits->data[k], sum, 1e-6, "logit", k);
    }
}
END_TEST

// The logits of a decoder alone by the formulas: embeddings times sqrt(D) and positions from 0, layers that see what
// is before, a last norm where it is pre-norm, products with the embedding.
START_TEST(decoder_alone)
{
    for (int placement = 0; placement < 2; placement++) {
        rng r = rng_at(7, 1 + placement);
        transformer m = model(false, placement, &r);
        const int ids[B * T] = {1, 4, 2, 0, 3, 3};
        const tensor *logits = transformer_decode(&m, B, T, ids, NULL, NULL, NULL, NULL);
        const bool *mask = transformer_causal_mask(1, T, T);
        for (int b = 0; b < B; b++) {
            double x[T * D], y[T * D];
            for (int i = 0; i < T * D; i++)
                x[i] = sqrt(D) * m.embedding->data[ids[b * T + i / D] * D + i % D] +
                       m.c.positions->data[i];
            for (int i = 0; i < 2; i++)
                plain_layer(T, &m.decoder[i], &(seen){.mask = mask}, x);
            memcpy(y, x, sizeof y);
            if (placement == TRANSFORMER_PRE_NORM)
                plain_norm(T, &m.decoder_end, x, y);
            for (int i = 0; i < T * 5; i++) {
                double sum = 0;
                for (int k = 0; k < D; k++)
                    sum += y[i / 5 * D + k] * m.embedding->data[i % 5 * D + k];
                test_near(logits->data[b * T * 5 + i], sum, 1e-5, "logit", i);
            }
        }
        tensors_free();
    }
}
END_TEST

// An encoder by the formulas: it sees all symbols but the padding, and has a last norm where it is pre-norm.
START_TEST(encoder_alone)
{
    for (int placement = 0; placement < 2; placement++) {
        rng r = rng_at(7, 3 + placement);
        transformer m = model(true, placement, &r);
        const int ids[B * S] = {1, 4, 2, 0, 3, 3, 0, 0}, lengths[B] = {S, 2};
        const bool *mask = transformer_padding_mask(B, S, S, lengths, NULL);
        const tensor *memory = transformer_encode(&m, B, S, ids, mask);
        for (int b = 0; b < B; b++) {
            double x[S * D], y[S * D];
            for (int i = 0; i < S * D; i++)
                x[i] = sqrt(D) * m.embedding->data[ids[b * S + i / D] * D + i % D] +
                       m.c.positions->data[i];
            for (int i = 0; i < m.c.encoders; i++)
                plain_layer(S, &m.encoder[i], &(seen){.mask = mask + (long)b * S * S}, x);
            memcpy(y, x, sizeof y);
            if (placement == TRANSFORMER_PRE_NORM)
                plain_norm(S, &m.encoder_end, x, y);
            for (int i = 0; i < S * D; i++)
                test_near(memory->data[b * S * D + i], y[i], 1e-5, "memory", i);
        }
        tensors_free();
    }
}
END_TEST

// Symbol by symbol and in pieces with caches: the same logits as all at once.
START_TEST(cache)
{
    rng r = rng_at(8, 0);
    for (int encoder = 0; encoder < 2; encoder++) {
        transformer m = model(encoder, TRANSFORMER_POST_NORM, &r);
        const int ids[2 * 6] = {1, 4, 2, 3, 0, 2, 0, 0, 1, 3, 4, 2}, pieces[] = {1, 1, 3, 1};
        const int source[2 * 4] = {1, 2, 3, 4, 4, 3, 2, 1};
        float all[2 * 6 * 5];
        tensor *memory = encoder ? transformer_encode(&m, 2, 4, source, NULL) : NULL;
        memcpy(all, transformer_decode(&m, 2, 6, ids, NULL, memory, NULL, NULL)->data, sizeof all);
        transformer_cache *caches = transformer_caches(&m, 2, 6);
        for (int i = 0, from = 0; i < 4; from += pieces[i++]) {
            int n = pieces[i], now[2 * 3];
            for (int b = 0; b < 2; b++)
                memcpy(now + b * n, ids + b * 6 + from, n * sizeof(int));
            const tensor *part = transformer_decode(&m, 2, n, now, NULL, memory, NULL, caches);
            for (int b = 0; b < 2; b++)
                for (int j = 0; j < n * 5; j++)
                    test_near(part->data[b * n * 5 + j], all[(b * 6 + from) * 5 + j], 1e-5,
                              "cached", from * 5 + j);
        }
        tensors_free();
    }
}
END_TEST

START_TEST(cache_full)
{
    rng r = rng_at(8, 1);
    transformer m = model(false, TRANSFORMER_POST_NORM, &r);
    const int ids[] = {1, 4};
    transformer_cache *caches = transformer_caches(&m, 1, 1);
    REFUSED(transformer_decode(&m, 1, 2, ids, NULL, NULL, NULL, caches),
            "transformer_multi_head_forward: keys (1, 2, 2, 3) after 0 positions do not fit into a "
            "cache (1, 1, 2, 3)");
}
END_TEST

START_TEST(positions)
{
    const tensor *p = transformer_positions(50, 6);
    for (int pos = 0; pos < 50; pos++)
        for (int i = 0; i < 3; i++) {
            double angle = pos * pow(10000, -2.0 * i / 6);
            test_near(p->data[pos * 6 + 2 * i], sin(angle), 1e-6, "sine", i);
            test_near(p->data[pos * 6 + 2 * i + 1], cos(angle), 1e-6, "cosine", i);
        }
    rng r = rng_at(9, 0);
    transformer m = model(false, TRANSFORMER_PRE_NORM, &r);
    const int ids[9] = {0};
    ck_assert_int_eq(transformer_decode(&m, 1, 8, ids, NULL, NULL, NULL, NULL)->shape.n[1], 8);
    REFUSED(transformer_decode(&m, 1, 9, ids, NULL, NULL, NULL, NULL),
            "transformer: position 8; the model has positions for 8");
    REFUSED(transformer_encode(&m, 1, 2, ids, NULL),
            "transformer_encode: the model is a decoder alone");
    REFUSED(transformer_decode(&m, 1, 2, ids, NULL, m.embedding, NULL, NULL),
            "transformer_decode: a model without encoder has no use for a memory");
    m = model(true, TRANSFORMER_PRE_NORM, &r);
    REFUSED(transformer_decode(&m, 1, 2, ids, NULL, NULL, NULL, NULL),
            "transformer_decode: a model with an encoder needs its memory");
    transformer_config wrong = {.D = 5, .h = 2};
    REFUSED(transformer_new(&wrong, &r),
            "transformer_new: width 5 and 2 heads: expected a multiple of them");
}
END_TEST

// New matrices are within Glorot's bound and fill it; biases are 0 and gains 1.
START_TEST(new_parameters)
{
    rng r = rng_at(10, 0);
    transformer_config c = {.V = 40, .D = 32, .h = 4, .F = 64, .decoders = 1, .activation = t_relu};
    transformer_new(&c, &r);
    for (int i = 0; i < param_count(); i++) {
        const tensor *x = param_at(i);
        double largest = 0, bound = sqrt(6.0 / (x->shape.n[0] + x->shape.n[1]));
        for (long j = 0; j < x->size; j++)
            largest = fmax(largest, fabs(x->data[j]));
        if (x->shape.rank == 2)
            ck_assert_msg(largest <= bound && largest > 0.98 * bound, "%s: %g of %g", x->name,
                          largest, bound);
        else
            ck_assert_double_eq(largest, strstr(x->name, "gain") ? 1 : 0);
    }
}
END_TEST

// Learnt positions begin as numbers from N(0, 1).
START_TEST(learnt_positions)
{
    enum { N = 4000 };
    rng r = rng_at(10, 1);
    const tensor *p = transformer_learnt_positions(N / 8, 8, &r);
    ck_assert_ptr_nonnull(p->grad);
    double sum = 0, square = 0;
    for (int i = 0; i < N; i++) {
        sum += p->data[i];
        square += (double)p->data[i] * p->data[i];
    }
    ck_assert_double_lt(fabs(sum) / sqrt(N), 4);
    ck_assert_double_lt(fabs(square - N) / sqrt(2 * N), 4);
}
END_TEST

// ---- Generation, losses, rates ----

START_TEST(sampling)
{
    const float logits[] = {1, 3, 3, -2, 2};
    rng r = rng_at(11, 0);
    ck_assert_int_eq(transformer_sample(5, logits, 0, 0, NULL), 1);
    int count[5] = {0}, top[5] = {0}, n = 20000;
    for (int i = 0; i < n; i++) {
        count[transformer_sample(5, logits, 2, 0, &r)]++;
        top[transformer_sample(5, logits, 2, 2, &r)]++;
    }
    double sum = 0, two = 0;
    for (int k = 0; k < 5; k++)
        sum += exp(logits[k] / 2);
    for (int k = 0; k < 5; k++) {
        double p = exp(logits[k] / 2) / sum;
        ck_assert_double_lt(fabs(count[k] - n * p) / sqrt(n * p * (1 - p)), 4);
        two += k == 1 || k == 2 ? top[k] : 0;
    }
    ck_assert_double_eq(two, n);
    ck_assert_double_lt(fabs(top[1] - n / 2.0) / sqrt(n / 4.0), 4);
    for (int i = 0; i < 100; i++) // of equal logits the first is the largest, as for the greedy
        ck_assert_int_eq(transformer_sample(5, logits, 2, 1, &r), 1);
    REFUSED(transformer_sample(0, logits, 1, 0, &r),
            "transformer_sample: 0 logits at temperature 1; expected some, at 0 or more");
    REFUSED(transformer_sample(5, logits, -1, 0, &r),
            "transformer_sample: 5 logits at temperature -1; expected some, at 0 or more");
}
END_TEST

// For each form: over the others, 0 is the padding symbol and no target.
static const int smoothed_targets[][3] = {
    [TRANSFORMER_SMOOTH_OVER_ALL] = {0, -1, 3}, [TRANSFORMER_SMOOTH_OVER_OTHERS] = {1, -1, 3}};

static tensor *
smoothed_of(tensor *const x[], void *context)
{
    transformer_smoothing form = *(transformer_smoothing *)context;
    return transformer_smoothed_loss(x[0], smoothed_targets[form], 0.2f, form);
}

// Two losses of the same logits, whose gradients add up.
static tensor *
smoothed_twice(tensor *const x[], void *context)
{
    tensor *first = smoothed_of(x, context);
    return t_add(first, smoothed_of(x, context));
}

START_TEST(label_smoothing)
{
    enum { V = 4 };
    rng r = rng_at(12, 0);
    tensor *x = normal("x", SHAPE(3, V), &r);
    for (transformer_smoothing form = 0; form < 2; form++) {
        const int *target = smoothed_targets[form];
        double loss = 0;
        for (int row = 0; row < 3; row += 2) {
            double sum = 0;
            for (int k = 0; k < V; k++)
                sum += exp(x->data[row * V + k]);
            for (int k = 0; k < V; k++) {
                double q = form == TRANSFORMER_SMOOTH_OVER_ALL
                               ? (k == target[row] ? 0.8 : 0) + 0.2 / V
                               : (k == 0             ? 0
                                  : k == target[row] ? 0.8
                                                     : 0.2 / (V - 2));
                loss -= q * log(exp(x->data[row * V + k]) / sum) / 2;
            }
        }
        test_near(smoothed_of(&x, &form)->data[0], loss, 1e-6, "smoothed", form);
        ck_assert_double_lt(gradcheck(smoothed_of, 1, &x, &form), 1e-3);
        ck_assert_double_lt(gradcheck(smoothed_twice, 1, &x, &form), 1e-3);
    }
    // Without smoothing both are the plain cross-entropy.
    for (transformer_smoothing form = 0; form < 2; form++) {
        const int *target = smoothed_targets[form];
        test_near(transformer_smoothed_loss(x, target, 0, form)->data[0],
                  t_cross_entropy(x, target)->data[0], 1e-6, "plain", form);
    }
    tensor *fewest = constant("fewest", SHAPE(1, 3), (float[]){1, 2, 3});
    test_near(
        transformer_smoothed_loss(fewest, (int[]){1}, 0, TRANSFORMER_SMOOTH_OVER_OTHERS)->data[0],
        1.4076060, 1e-6, "three symbols", 0);
    REFUSED(transformer_smoothed_loss(x, (int[]){0, 1, 1}, 0.1f, TRANSFORMER_SMOOTH_OVER_OTHERS),
            "transformer_smoothed_loss: target 0 of row 0, expected 1..3, or -1 for a row that "
            "does not count");
    REFUSED(transformer_smoothed_loss(x, (int[]){0, 1, V}, 0.1f, TRANSFORMER_SMOOTH_OVER_ALL),
            "transformer_smoothed_loss: target 4 of row 2, expected 0..3, or -1 for a row that "
            "does not count");
    REFUSED(transformer_smoothed_loss(x, (int[]){-1, -1, -1}, 0.1f, TRANSFORMER_SMOOTH_OVER_ALL),
            "transformer_smoothed_loss: no row of x (3, 4) counts");
    REFUSED(
        transformer_smoothed_loss(constant("few", SHAPE(3, 2), NULL), (int[]){1, 0, 1}, 0.1f, 0),
        "transformer_smoothed_loss: logits (3, 2); expected (..., V) with V > 2");
}
END_TEST

START_TEST(noam)
{
    test_near(transformer_noam(4000, 512, 4000), 6.98771243e-4, 1e-9, "peak", 0);
    test_near(transformer_noam(1, 512, 4000), 1.74692811e-7, 1e-12, "first", 0);
    test_near(transformer_noam(16000, 512, 4000), 6.98771243e-4 / 2, 1e-9, "later", 0);
}
END_TEST

// Steps of a training against Adam's formulas in double. The loss is sum(w c) + sum(w w) / 2, whose gradient is c + w.
START_TEST(adam)
{
    enum { N = 6, STEPS = 5 };
    const double beta1 = 0.8, beta2 = 0.95, eps = 0.01, decay = 0.3, rate = 0.1;
    rng r = rng_at(15, 0);
    tensor *w = normal("w", SHAPE(N), &r);
    double expected[N], m[N] = {0}, v[N] = {0};
    as_double(N, w->data, expected);
    adamw a = adamw_new((float)beta1, (float)beta2, (float)eps, (float)decay);
    for (int t = 1; t <= STEPS; t++) {
        float c[N];
        rng_fill_normal(&r, N, c, 0, 1);
        tensor *loss =
            t_add(t_sum(t_mul(w, constant("c", SHAPE(N), c))), t_scale(t_sum(t_mul(w, w)), 0.5f));
        training_step(loss, &a, (float)rate, 0);
        for (int i = 0; i < N; i++) {
            double g = c[i] + expected[i];
            m[i] = beta1 * m[i] + (1 - beta1) * g;
            v[i] = beta2 * v[i] + (1 - beta2) * g * g;
            double step = m[i] / (1 - pow(beta1, t)) / (sqrt(v[i] / (1 - pow(beta2, t))) + eps);
            expected[i] += -rate * decay * expected[i] - rate * step;
            test_near(a.m[0][i], m[i], 2e-6, "m", i);
            test_near(a.v[0][i], v[i], 2e-6, "v", i);
            test_near(w->data[i], expected[i], 2e-6, "w", i);
        }
    }
}
END_TEST

// ---- The experiments' tasks ----

START_TEST(tasks)
{
    enum { N = 50, R = TRANSFORMER_REVERSE_T, A = TRANSFORMER_ADDITION_T, MOST = 16 };
    enum { DIGITS = TRANSFORMER_ADDITION_DIGITS, ANSWER = 2 * DIGITS + 2 };
    ck_assert_int_le(R, MOST);
    ck_assert_int_le(A, MOST);
    int source[N * MOST], read[N * MOST], say[N * MOST];
    int symbols = 0, largest_first = 0, largest_second = 0;
    rng r = rng_at(13, 0);
    transformer_reverse_batch(&r, N, source, read, say);
    for (int i = 0; i < N * R; i++) {
        ck_assert_int_eq(say[i], source[i / R * R + R - 1 - i % R]);
        ck_assert_int_eq(read[i], i % R ? say[i - 1] : 0);
        ck_assert(source[i] >= 1 && source[i] <= 10);
        symbols |= 1 << source[i];
    }
    ck_assert_int_eq(symbols, 0x7fe); // each of 1 to 10 occurs
    static bool marks[TRANSFORMER_ADDITION_PAIRS];
    for (int i = 0; i < TRANSFORMER_ADDITION_PAIRS; i++)
        marks[i] = i % 2;
    for (int least = 0; least < 2; least++) {
        transformer_addition_batch(&r, N, least, marks, true, read, say);
        for (int b = 0; b < N; b++) {
            const int *x = read + b * A, *y = say + b * A;
            int first = 0, second = 0, sum = 0;
            for (int i = 0; i < DIGITS; i++) {
                first = 10 * first + x[i];
                second = 10 * second + x[DIGITS + 1 + i];
            }
            ck_assert_int_eq(x[DIGITS], 10);
            ck_assert_int_eq(x[ANSWER - 1], 11);
            ck_assert_int_eq(second % 2, 1);
            largest_first = first > largest_first ? first : largest_first;
            largest_second = second > largest_second ? second : largest_second;
            for (int i = 0; i <= DIGITS; i++)
                sum = 10 * sum + y[ANSWER - 1 + (least ? DIGITS - i : i)];
            ck_assert_int_eq(sum, first + second);
            for (int t = 0; t < ANSWER - 1; t++)
                ck_assert_int_eq(y[t], -1);
            for (int t = ANSWER; t < A; t++)
                ck_assert_int_eq(x[t], y[t - 1]);
        }
    }
    // Of 100 numbers below RANGE some are in the last tenth
    ck_assert_int_gt(largest_first, TRANSFORMER_ADDITION_RANGE / 10 * 9);
    ck_assert_int_gt(largest_second, TRANSFORMER_ADDITION_RANGE / 10 * 9);
    const int text[] = {5, 6, 7, 8, 9}, start[] = {1, 0};
    transformer_windows(text, 2, start, 3, read, say);
    ck_assert_mem_eq(read, ((int[]){6, 7, 8, 5, 6, 7}), 6 * sizeof(int));
    ck_assert_mem_eq(say, ((int[]){7, 8, 9, 6, 7, 8}), 6 * sizeof(int));
}
END_TEST

START_TEST(exactness)
{
    const float logits[] = {2, 1, 1, 2, 0, 5, 9, 1}; // (2, 2, 2): the largest are 0, 1 and 1, 0
    const tensor *x = constant("logits", SHAPE(2, 2, 2), logits);
    ck_assert_double_eq(transformer_exact_part(x, (int[]){0, 1, 1, 0}), 1);
    ck_assert_double_eq(transformer_exact_part(x, (int[]){0, 0, 1, 0}), 0.5);
    ck_assert_double_eq(transformer_exact_part(x, (int[]){0, -1, 0, 0}), 0.5);
}
END_TEST

// ---- Layers that are computed again ----

static void
recomputed_gradients(bool again, float *to, size_t *peak)
{
    enum { SEQUENCES = 2, SOURCE = 5, TARGET = 4 };
    static const int source[] = {1, 2, 3, 4, 5, 2, 0, 4, 1, 3}, target[] = {1, 2, 3, 4, 5, 0, 2, 1};
    const int length[] = {5, 3};
    rng r = rng_at(21, 0);
    transformer_config c = {.V = 6,
                            .D = 8,
                            .h = 2,
                            .F = 12,
                            .encoders = 2,
                            .decoders = 2,
                            .activation = t_relu,
                            .recompute = again};
    transformer m = transformer_new(&c, &r);
    const bool *mask = transformer_padding_mask(SEQUENCES, SOURCE, SOURCE, length, NULL);
    const bool *cross = transformer_padding_mask(SEQUENCES, TARGET, SOURCE, length, NULL);
    tensor *memory = transformer_encode(&m, SEQUENCES, SOURCE, source, mask);
    backward(t_sum(
        t_tanh(transformer_decode(&m, SEQUENCES, TARGET, target, NULL, memory, cross, NULL))));
    *peak = tape_peak();
    for (int i = 0; i < param_count(); to += param_at(i++)->size)
        memcpy(to, param_at(i)->grad, param_at(i)->size * sizeof *to);
    tensors_free();
}

START_TEST(layers_recomputed)
{
    static float plain[10000], again[10000];
    size_t most, less;
    recomputed_gradients(false, plain, &most);
    recomputed_gradients(true, again, &less);
    ck_assert_int_eq(memcmp(plain, again, sizeof plain), 0);
    ck_assert_float_ne(plain[0], 0);
    ck_assert_uint_lt(less, most);
}
END_TEST

// ---- The reader's own text: options that would have no effect ----

START_TEST(own_text_options)
{
    REFUSED(transformer_own_text(&(transformer_own_text_options){.tokens = "k"}),
            "--tokens k: nothing is learnt without --text");
    REFUSED(
        transformer_own_text(
            &(transformer_own_text_options){.text = "t", .tokens = "k", .save = "w"}),
        "--tokens k: the weights of a model of tokens are not kept; leave out --save and --load");
    REFUSED(transformer_own_text(&(transformer_own_text_options){.checkpoint = "--checkpoint"}),
            "--checkpoint: nothing is learnt without --text");
    REFUSED(transformer_own_text(&(transformer_own_text_options){.context = "8"}),
            "--context 8: there is no model without --text or --load");
    REFUSED(transformer_own_text(&(transformer_own_text_options){.text = "t", .context = "1"}),
            "--context 1: expected a whole number from 2 to 4096");
    REFUSED(transformer_own_text(&(transformer_own_text_options){.save = "w"}),
            "--save w: nothing is learnt without --text");
    REFUSED(transformer_own_text(&(transformer_own_text_options){.load = "w", .steps = "5"}),
            "--steps 5: nothing is learnt without --text");
    REFUSED(transformer_own_text(&(transformer_own_text_options){.load = "w", .rate = "0.1"}),
            "--rate 0.1: nothing is learnt without --text");
    REFUSED(transformer_own_text(&(transformer_own_text_options){.load = "w", .width = "8"}),
            "--width 8: nothing is learnt without --text");
    REFUSED(transformer_own_text(
                &(transformer_own_text_options){.text = "t", .load = "w", .width = "8"}),
            "--width 8: the weights of --load have a width already");
    REFUSED(transformer_own_text(&(transformer_own_text_options){.temperature = "1"}),
            "--temperature 1: there is no model to write without --text or --load");
    REFUSED(transformer_own_text(&(transformer_own_text_options){.text = "t", .width = "10"}),
            "--width 10: expected a multiple of 4, the number of heads");
    REFUSED(transformer_own_text(&(transformer_own_text_options){.text = "t", .steps = "1"}),
            "--steps 1: expected a whole number from 2 to 1000000");
    REFUSED(transformer_own_text(&(transformer_own_text_options){.text = "t", .rate = "nan"}),
            "--rate nan: expected a number from 1e-06 to 1");
    REFUSED(transformer_own_text(&(transformer_own_text_options){.text = "t", .rate = "0.1x"}),
            "--rate 0.1x: expected a number from 1e-06 to 1");
}
END_TEST

// ---- Weights in a file ----

static const transformer_weights tiny = {3, 4, 2, 5, 1, 6, "abc"};

static void
read_weights(const char *path, char **bytes, size_t *size)
{
    FILE *file = fopen(path, "rb");
    *bytes = malloc(1 << 16);
    *size = fread(*bytes, 1, 1 << 16, file);
    fclose(file);
}

// Whether the file is refused when one bit of byte i is changed.
static bool
is_refused(char *bytes, size_t size, size_t i)
{
    const char *values;
    volatile bool refused = true;
    bytes[i] ^= 0x10;
    fail_handler = test_give_up;
    if (!setjmp(test_refusal)) {
        transformer_weights_parse(bytes, size, "w", &values);
        refused = false;
    }
    fail_handler = NULL;
    bytes[i] ^= 0x10;
    return refused;
}

// The file with another size number i, counted from 0, is refused so.
static void
check_damage(char *bytes, size_t size, int i, int32_t value, const char *told)
{
    const char *values;
    char *at = (char *)memchr(bytes, '\n', size) + 1 + 4 * i;
    int32_t kept;
    memcpy(&kept, at, 4);
    memcpy(at, &value, 4);
    REFUSED(transformer_weights_parse(bytes, size, "w", &values), told);
    memcpy(at, &kept, 4);
}

START_TEST(weights_file)
{
    test_folder();
    rng r = rng_at(14, 0);
    transformer_weights_model(&tiny, &r);
    float kept[64];
    memcpy(kept, param_at(3)->data, param_at(3)->size * sizeof(float));
    transformer_weights_write("w", &tiny);
    tensors_free();
    transformer_weights_model(&tiny, &r);
    char *bytes;
    const char *values;
    size_t size;
    read_weights("w", &bytes, &size);
    transformer_weights m = transformer_weights_parse(bytes, size, "w", &values);
    ck_assert_int_eq(m.V + m.D + m.h + m.F + m.layers + m.T, 3 + 4 + 2 + 5 + 1 + 6);
    ck_assert_mem_eq(m.byte, tiny.byte, 256);
    transformer_weights_use(values);
    ck_assert_mem_eq(param_at(3)->data, kept, param_at(3)->size * sizeof(float));
    REFUSED(transformer_weights_parse(bytes, size - 1, "w", &values),
            "w: 1064 bytes; a model of width 4 and 1 layers has 1065: the file is cut or damaged");
    REFUSED(transformer_weights_parse(bytes, 20, "w", &values),
            "w: no weights of this program; --save writes them");
    // Sizes that no model has are told before anything is computed with them
    check_damage(bytes, size, 0, 257, "w: damaged: size 1 is 257");
    check_damage(bytes, size, 1, 4097, "w: damaged: size 2 is 4097");
    check_damage(bytes, size, 2, 0, "w: damaged: size 3 is 0");
    check_damage(bytes, size, 2, 3, "w: damaged: width 4 with 3 heads");
    for (size_t i = 0; i < size; i += 7)
        ck_assert_msg(is_refused(bytes, size, i), "a changed byte %zu is accepted", i);
    free(bytes);
}
END_TEST

// ---- The reader's own text, learnt, kept and written ----

enum { TEXT = 4320, PERIOD = 9 }; // the last tenth begins at a whole period

static void
write_text(const char *path)
{
    char text[TEXT];
    for (int i = 0; i < TEXT; i++)
        text[i] = (i < TEXT / 10 * 9 ? "abcdefgh " : "hgfedcba ")[i % PERIOD];
    test_write(path, text, TEXT);
}

// The last number of the table of bits per byte on what is never seen.
static double
last_bits(void)
{
    char line[100];
    double windows, bits = -1;
    FILE *file = fopen("out/text.tsv", "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file))
        sscanf(line, "%lf %lf", &windows, &bits);
    fclose(file);
    return bits;
}

// What was written at temperature 0: the text's period again and again, beyond the positions of the model, too.
static void
check_sample(void)
{
    char sample[700] = "";
    FILE *file = fopen("out/sample.txt", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(sample, 1, sizeof sample - 1, file), 601);
    fclose(file);
    for (int i = 0; i + PERIOD < 600; i++)
        ck_assert_msg(sample[i + PERIOD] == sample[i], "no period at %d: %s", i, sample);
    ck_assert_ptr_nonnull(strstr(sample, "abcdefgh abc"));
}

START_TEST(own_text)
{
#ifdef __SANITIZE_ADDRESS__
    return; // which fills the tape at every symbol that is written: a minute
#endif
    test_folder();
    ck_assert_ptr_nonnull(freopen("said", "w", stdout));
    program_begin("trial", (program_option[]){{0}}, 3, (char *[]){"trial", "--out", "out", NULL});
    write_text("text");
    // New weights know nothing: 9 bytes that are as likely as each other would take log2(9) bits
    transformer_own_text(&(transformer_own_text_options){
        .text = "text", .steps = "2", .width = "8", .rate = "1e-6"});
    ck_assert_double_gt(last_bits(), 0.9 * log2(9));
    transformer_own_text(&(transformer_own_text_options){.text = "text",
                                                         .steps = "60",
                                                         .width = "8",
                                                         .rate = "0.03",
                                                         .temperature = "0",
                                                         .save = "w"});
    check_sample();
    ck_assert_double_gt(last_bits(),
                        2 * log2(9)); // far worse than guessing: no pair of what it read
    char *bytes;
    const char *values;
    size_t size;
    read_weights("w", &bytes, &size);
    transformer_weights w = transformer_weights_parse(bytes, size, "w", &values);
    ck_assert_int_eq(w.V, 9);
    ck_assert_int_eq(w.D, 8);
    free(bytes);
    remove("out/sample.txt");
    transformer_own_text(&(transformer_own_text_options){.load = "w", .temperature = "0"});
    check_sample();
}
END_TEST

static int asked_attentions;

static tensor *
counted_attention(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    (void)context;
    asked_attentions++;
    return transformer_attention(q, k, v, mask, NULL);
}

// The model calls the attention that it is given, and then learns the same.
START_TEST(own_text_attention)
{
#ifdef __SANITIZE_ADDRESS__
    return;
#endif
    double bits[2];
    test_folder();
    ck_assert_ptr_nonnull(freopen("said", "w", stdout));
    program_begin("trial", (program_option[]){{0}}, 3, (char *[]){"trial", "--out", "out", NULL});
    write_text("text");
    for (int i = 0; i < 2; i++) {
        transformer_own_text(&(transformer_own_text_options){
            .text = "text", .steps = "2", .width = "8", .attention = i ? counted_attention : NULL});
        bits[i] = last_bits();
        ck_assert((asked_attentions > 0) == (i > 0));
    }
    ck_assert_double_eq(bits[0], bits[1]);
}
END_TEST

// Each layer computed again: the same numbers on windows of 32, and one attention more a layer and step.
START_TEST(own_text_checkpoint)
{
#ifdef __SANITIZE_ADDRESS__
    return;
#endif
    enum { STEPS = 2, LAYERS = 3 };
    double bits[3];
    int attentions[3];
    test_folder();
    ck_assert_ptr_nonnull(freopen("said", "w", stdout));
    program_begin("trial", (program_option[]){{0}}, 3, (char *[]){"trial", "--out", "out", NULL});
    write_text("text");
    for (int i = 0; i < 3; i++) {
        asked_attentions = 0;
        transformer_own_text(
            &(transformer_own_text_options){.text = "text",
                                            .steps = "2",
                                            .width = "8",
                                            .context = i < 2 ? "32" : NULL,
                                            .checkpoint = i == 1 ? "--checkpoint" : NULL,
                                            .attention = counted_attention});
        bits[i] = last_bits();
        attentions[i] = asked_attentions;
    }
    ck_assert_double_eq(bits[0], bits[1]);
    ck_assert_int_eq(attentions[1], attentions[0] + STEPS * LAYERS);
    ck_assert_double_ne(bits[0], bits[2]);
}
END_TEST

// In a process of its own, which may keep what it has allocated: status 2, and this is told.
static void
check_refused(transformer_own_text_options o, const char *told)
{
    char said[1000] = "";
    int status;
    pid_t child = fork();
    if (child == 0) {
        if (freopen("told", "w", stderr))
            transformer_own_text(&o);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    FILE *file = fopen("told", "r");
    ck_assert_ptr_nonnull(file);
    said[fread(said, 1, sizeof said - 1, file)] = 0;
    fclose(file);
    ck_assert_msg(strstr(said, told) != NULL, "%s", said);
    ck_assert_int_eq(WEXITSTATUS(status), 2);
}

START_TEST(own_text_refused)
{
    test_folder();
    char other[TEXT];
    memset(other, 'z', TEXT);
    other[0] = 'y';
    test_write("other", other, TEXT);
    rng r = rng_at(16, 0);
    transformer_weights w = {2, 4, 4, 16, 3, 64, "yx"};
    transformer_weights_model(&w, &r);
    transformer_weights_write("w", &w);
    tensors_free();
    transformer_weights_model(&tiny, &r);
    transformer_weights_write("tiny", &tiny);
    tensors_free();
    check_refused((transformer_own_text_options){.load = "tiny"},
                  "tiny: a model of 6 positions; this program reads windows of 64");
    check_refused((transformer_own_text_options){.text = "other", .load = "w"},
                  "other: the byte 122 does not occur in what w learnt from");
    check_refused((transformer_own_text_options){.text = "other", .context = "432"},
                  "other: the last tenth has 432 symbols; expected more than the 432 of a window");
}
END_TEST

TEST_MAIN("transformer", attention_forward, attention_gradient, attention_constant,
          attention_nowhere, attention_large_scores, attention_shapes, masks, layer_forward,
          layer_gradient, cross_attention, norm_and_gelu, other_attention, model_gradient,
          causality, embedding_scaled, decoder_alone, encoder_alone, cache, cache_full, positions,
          new_parameters, layers_recomputed, learnt_positions, sampling, label_smoothing, noam,
          adam, tasks, exactness, own_text_options, weights_file, own_text, own_text_attention,
          own_text_checkpoint, own_text_refused)
