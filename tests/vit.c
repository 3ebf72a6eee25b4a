// Chapter vit: the model against formulas written once more in double, one value at a time; gradients by differences;
// identities that must hold.
#include "vit/vit.h"
#include "vit/convolution.h"
#include "vit/experiment.h"
#include "vit/own.h"
#include "vit/resize.h"
#include "vit/tokens.h"

#include "nets/ops.h"
#include "nets/train.h"
#include "numbers/linalg.h"
#include "test.h"
#include "test_tensors.h"

#include <math.h>

static const vit_config small = {
    .H = 6, .W = 9, .C = 2, .P = 3, .D = 8, .L = 2, .h = 2, .F = 10, .classes = 5};

// All parameters from N(0, std^2), gains around 1: none is 0.
static void
disturb(float std, uint32_t stream)
{
    rng r = rng_at(7, stream);
    for (int i = 0; i < param_count(); i++)
        rng_fill_normal(&r, param_at(i)->size, param_at(i)->data,
                        strstr(param_at(i)->name, "gain") ? 1 : 0, std);
}

// ---- Patches and tokens ----

START_TEST(patches_by_index)
{
    enum { B = 2, C = 3, H = 6, W = 4, P = 2, K = C * P * P, N = 6 };
    rng r = rng_at(1, 0);
    tensor *x = test_param("x", SHAPE(B, C, H, W), &r, 1);
    tensor *p = vit_patches(x, P);
    ck_assert(shape_equal(p->shape, SHAPE(B, N, K)));
    for (int b = 0; b < B; b++)
        for (int c = 0; c < C; c++)
            for (int y = 0; y < H; y++)
                for (int z = 0; z < W; z++) {
                    int n = y / P * (W / P) + z / P, k = (c * P + y % P) * P + z % P;
                    ck_assert(p->data[(b * N + n) * K + k] ==
                              x->data[((b * C + c) * H + y) * W + z]);
                }
    // Every pixel once: the gradient of the sum of squares is 2 x, whatever the order
    backward(t_sum(t_mul(p, p)));
    for (int i = 0; i < x->size; i++)
        ck_assert(x->grad[i] == 2 * x->data[i]);
}
END_TEST

static tensor *
patches_f(tensor *const x[], void *context)
{
    (void)context;
    return vit_patches(x[0], 3);
}

static tensor *
tokens_f(tensor *const x[], void *context)
{
    const int *parts = context;
    return vit_tokens(x[0], x[1], x[2], *parts & 1 ? x[3] : NULL,
                      *parts & 2 ? x[4 + (*parts & 1)] : NULL);
}

START_TEST(token_gradients)
{
    rng r = rng_at(1, 1);
    tensor *x[] = {test_param("x", SHAPE(2, 2, 3, 6), &r, 1)};
    ck_assert_double_lt(gradcheck(patches_f, 1, x, NULL), 1e-3);
    for (int parts = 0; parts < 4; parts++) {
        tensor *y[] = {test_param("patches", SHAPE(3, 4, 6), &r, 1),
                       test_param("w", SHAPE(5, 6), &r, 1),
                       test_param("b", SHAPE(5), &r, 1),
                       test_param("class", SHAPE(5), &r, 1),
                       test_param("positions", SHAPE(4, 5), &r, 1),
                       test_param("positions", SHAPE(5, 5), &r, 1)};
        ck_assert_double_lt(gradcheck(tokens_f, 6, y, &parts), 1e-3);
    }
    tensors_free();
}
END_TEST

// A patch embedding is a convolution with kernel and stride P.
START_TEST(embedding_is_a_convolution)
{
    enum { B = 2, C = 3, H = 6, W = 9, P = 3, D = 4, N = 6 };
    rng r = rng_at(1, 2);
    tensor *x = test_param("x", SHAPE(B, C, H, W), &r, 1);
    tensor *w = test_param("w", SHAPE(D, C, P, P), &r, 1);
    tensor *b = test_param("b", SHAPE(D), &r, 1);
    tensor *z = vit_tokens(vit_patches(x, P), w, b, NULL, NULL);
    tensor *y = vit_convolution(x, w, b, P, 0);
    ck_assert(shape_equal(y->shape, SHAPE(B, D, H / P, W / P)));
    for (int i = 0; i < B; i++)
        for (int n = 0; n < N; n++)
            for (int d = 0; d < D; d++)
                ck_assert(z->data[(i * N + n) * D + d] == y->data[(i * D + d) * N + n]);
    tensors_free();
}
END_TEST

// ---- The model ----

// out (n) = W x + b for W (n, k); b may be NULL.
static void
plain_linear(int n, int k, const tensor *w, const tensor *b, const double *x, double *out)
{
    for (int i = 0; i < n; i++) {
        out[i] = b ? b->data[i] : 0;
        for (int j = 0; j < k; j++)
            out[i] += (double)w->data[i * k + j] * x[j];
    }
}

static void
plain_norm(int D, const transformer_norm *norm, const double *x, double *out)
{
    double mean = 0, variance = 0;
    for (int i = 0; i < D; i++)
        mean += x[i] / D;
    for (int i = 0; i < D; i++)
        variance += (x[i] - mean) * (x[i] - mean) / D;
    for (int i = 0; i < D; i++)
        out[i] = norm->gain->data[i] * (x[i] - mean) / sqrt(variance + 1e-6) + norm->bias->data[i];
}

// z (T, D) through one block, in place.
static void
plain_block(const vit_config *c, const transformer_layer *l, int T, double *z)
{
    int D = c->D, d = D / c->h, F = c->F;
    double y[T][D], q[T][D], k[T][D], v[T][D], hidden[F], add[D];
    for (int t = 0; t < T; t++) {
        plain_norm(D, &l->norm_1, z + t * D, y[t]);
        plain_linear(D, D, l->self.w_q, l->self.b_q, y[t], q[t]);
        plain_linear(D, D, l->self.w_k, NULL, y[t], k[t]);
        plain_linear(D, D, l->self.w_v, l->self.b_v, y[t], v[t]);
    }
    for (int t = 0; t < T; t++) {
        double heads[D];
        for (int h = 0; h < c->h; h++) {
            double weight[T], all = 0;
            for (int s = 0; s < T; s++) {
                double score = 0;
                for (int i = h * d; i < (h + 1) * d; i++)
                    score += q[t][i] * k[s][i];
                weight[s] = exp(score / sqrt(d));
                all += weight[s];
            }
            for (int i = h * d; i < (h + 1) * d; i++) {
                heads[i] = 0;
                for (int s = 0; s < T; s++)
                    heads[i] += weight[s] / all * v[s][i];
            }
        }
        plain_linear(D, D, l->self.w_o, l->self.b_o, heads, add);
        for (int i = 0; i < D; i++)
            z[t * D + i] += add[i];
    }
    for (int t = 0; t < T; t++) {
        plain_norm(D, &l->norm_3, z + t * D, y[t]);
        plain_linear(F, D, l->w_1, l->b_1, y[t], hidden);
        for (int i = 0; i < F; i++)
            hidden[i] *= (1 + erf(hidden[i] / sqrt(2))) / 2;
        plain_linear(D, F, l->w_2, l->b_2, hidden, add);
        for (int i = 0; i < D; i++)
            z[t * D + i] += add[i];
    }
}

// The logits of one picture (C, H, W).
static void
plain_vit(const vit *m, const float *x, double *logits)
{
    const vit_config *c = &m->c;
    int first = c->pool == VIT_CLASS, columns = c->W / c->P, N = c->H / c->P * columns, D = c->D;
    int T = N + first, K = c->C * c->P * c->P;
    double z[T * D], patch[K], end[T][D], y[D];
    for (int n = 0; n < N; n++) {
        for (int k = 0; k < K; k++) {
            int ch = k / c->P / c->P, u = k / c->P % c->P, v = k % c->P;
            patch[k] = x[(ch * c->H + n / columns * c->P + u) * c->W + n % columns * c->P + v];
        }
        plain_linear(D, K, m->w_patch, m->b_patch, patch, z + (first + n) * D);
    }
    for (int i = 0; first && i < D; i++)
        z[i] = m->class_token->data[i];
    for (int i = 0; m->positions && i < T * D; i++)
        z[i] += m->positions->data[i];
    for (int l = 0; l < c->L; l++)
        plain_block(c, &m->block[l], T, z);
    for (int t = 0; t < T; t++)
        plain_norm(D, &m->end, z + t * D, end[t]);
    for (int i = 0; i < D; i++) {
        y[i] = first ? end[0][i] : 0;
        for (int t = 0; !first && t < T; t++)
            y[i] += end[t][i] / T;
    }
    plain_linear(c->classes, D, m->w_head, m->b_head, y, logits);
}

static void
check_model(vit_pool pool, bool no_positions)
{
    enum { B = 3 };
    vit_config c = small;
    c.pool = pool;
    c.no_positions = no_positions;
    rng r = rng_at(2, 0);
    vit m = vit_new(&c, &r);
    disturb(0.4f, 1);
    tensor *x = constant("x", SHAPE(B, c.C, c.H, c.W), NULL);
    rng_fill_normal(&r, x->size, x->data, 0, 1);
    tensor *y = vit_logits(&m, x);
    ck_assert(shape_equal(y->shape, SHAPE(B, c.classes)));
    for (int b = 0; b < B; b++) {
        double expected[c.classes];
        plain_vit(&m, x->data + b * c.C * c.H * c.W, expected);
        for (int i = 0; i < c.classes; i++)
            test_near(y->data[b * c.classes + i], expected[i], 1e-5, "logits", b * 10 + i);
    }
    tensors_free();
}

START_TEST(model_by_formulas)
{
    check_model(VIT_CLASS, false);
    check_model(VIT_MEAN, false);
    check_model(VIT_CLASS, true);
    check_model(VIT_MEAN, true);
}
END_TEST

// What the gradient of a model is checked with.
typedef struct {
    const vit *m;
    tensor *x;
} asked;

static tensor *
model_f(tensor *const x[], void *context)
{
    (void)x;
    const asked *a = context;
    return vit_logits(a->m, a->x);
}

START_TEST(model_gradients)
{
    for (int pool = VIT_CLASS; pool <= VIT_MEAN; pool++) {
        vit_config c = small;
        c.pool = pool;
        rng r = rng_at(2, 1);
        vit m = vit_new(&c, &r);
        disturb(0.3f, 2);
        asked a = {&m, test_param("x", SHAPE(2, c.C, c.H, c.W), &r, 1)};
        tensor *all[param_count()];
        for (int i = 0; i < param_count(); i++)
            all[i] = param_at(i);
        ck_assert_double_lt(gradcheck(model_f, param_count(), all, &a), 2e-3);
        tensors_free();
    }
}
END_TEST

// Patches in another order, with the rows of their positions in the same order: the same logits. Without positions the
// order of the patches says nothing, and with them it does.
START_TEST(permuted_patches)
{
    enum { N = 6, P = 3, C = 2, H = 6, W = 9 };
    const int to[N] = {4, 0, 5, 2, 1, 3};
    for (int bag = 0; bag < 2; bag++) {
        vit_config c = small;
        c.no_positions = bag;
        rng r = rng_at(2, 2);
        vit m = vit_new(&c, &r);
        disturb(0.4f, 3);
        tensor *x = test_param("x", SHAPE(1, C, H, W), &r, 1);
        tensor *other = constant("other", x->shape, NULL);
        for (int i = 0; i < C * H * W; i++) {
            int ch = i / (H * W), y = i / W % H, z = i % W, n = to[y / P * 3 + z / P];
            other->data[(ch * H + n / 3 * P + y % P) * W + n % 3 * P + z % P] = x->data[i];
        }
        const tensor *logits = vit_logits(&m, x), *moved = vit_logits(&m, other);
        double difference = 0;
        for (int i = 0; i < c.classes; i++)
            difference = fmax(difference, fabs(logits->data[i] - moved->data[i]));
        if (bag)
            ck_assert_double_lt(difference, 1e-5);
        else
            ck_assert_double_gt(difference, 1e-2);
        if (!bag) {
            tensor *positions = constant("positions", m.positions->shape, m.positions->data);
            for (int n = 0; n < N; n++)
                memcpy(positions->data + (1 + to[n]) * c.D, m.positions->data + (1 + n) * c.D,
                       c.D * sizeof(float));
            m.positions = positions;
            moved = vit_logits(&m, other);
            for (int i = 0; i < c.classes; i++)
                test_near(moved->data[i], logits->data[i], 2e-6, "permuted", i);
        }
        tensors_free();
    }
}
END_TEST

START_TEST(new_models)
{
    const vit_config base = vit_usual(); // 16 x 16, P 4, D 32, L 2, h 4, F 128, 10 classes
    rng r = rng_at(2, 3);
    vit m = vit_new(&base, &r);
    long size = 0;
    for (int i = 0; i < param_count(); i++)
        size += param_at(i)->size;
    // 16 32 + 32, 32, 17 32; a block of 4 32^2 + 3 32 + 2 32 128 + 128 + 32 + 4 32; 2 32; 10 32 + 10. Keys have no bias.
    ck_assert_int_eq(size, 544 + 32 + 544 + 2 * 12672 + 64 + 330);
    const tensor *matrix[] = {m.w_patch, m.block[0].self.w_q, m.block[1].w_2, m.w_head};
    const int columns[] = {16, 32, 128, 32};
    for (int i = 0; i < 4; i++) {
        double std = 1 / sqrt(columns[i]), most = 0, square = 0;
        for (long j = 0; j < matrix[i]->size; j++) {
            most = fmax(most, fabs(matrix[i]->data[j]));
            square += matrix[i]->data[j] * matrix[i]->data[j] / std / std / matrix[i]->size;
        }
        ck_assert_double_le(most, 2 * std * (1 + 1e-6));
        ck_assert_double_gt(most, 1.9 * std);
        ck_assert_double_lt(fabs(square - 0.774), 0.12); // the variance of a cut normal number
    }
    double square = 0;
    for (int i = 0; i < 17 * 32; i++)
        square += m.positions->data[i] * m.positions->data[i] / (17 * 32);
    ck_assert_double_lt(fabs(sqrt(square) - 0.02), 0.002); // three standard errors of 544 numbers
    for (int i = 0; i < 32; i++)
        ck_assert(m.end.gain->data[i] == 1 && m.end.bias->data[i] == 0);
    ck_assert_int_eq(base.h, 4);
    ck_assert_int_eq(vit_patch_count(&base), 16);
    ck_assert_int_eq(vit_token_count(&base), 17);
    // A tower has no head
    vit_config tower = base;
    tower.classes = 0;
    tower.pool = VIT_MEAN;
    vit t = vit_new(&tower, &r);
    ck_assert(!t.w_head && !t.class_token);
    tensor *x = constant("x", SHAPE(2, 1, 16, 16), NULL);
    ck_assert(shape_equal(vit_features(&t, x)->shape, SHAPE(2, 32)));
    tensors_free();
}
END_TEST

// Without blocks the class token has seen nothing: every picture gets the same answer.
START_TEST(no_blocks)
{
    vit_config c = small;
    c.L = 0;
    rng r = rng_at(2, 6);
    vit m = vit_new(&c, &r);
    disturb(0.4f, 6);
    const tensor *y = vit_logits(&m, test_param("x", SHAPE(2, c.C, c.H, c.W), &r, 1));
    for (int i = 0; i < c.classes; i++)
        ck_assert(y->data[i] == y->data[c.classes + i]);
    c.L = -1;
    REFUSED(vit_new(&c, &r), "vit_new: width 8, 2 heads, MLP 10, -1 blocks, 5 classes; expected a "
                             "width that is a multiple of the heads");
    tensors_free();
}
END_TEST

// What another tower reads has the same gradient as if it were alone: mean pool with blocks of no weight.
START_TEST(means_of_tokens)
{
    rng r = rng_at(2, 4);
    tensor *x = test_param("x", SHAPE(2, 5, 3), &r, 1);
    tensor *y = vit_mean_of(x, 1, 3);
    ck_assert(shape_equal(y->shape, SHAPE(2, 3)));
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < 3; i++) {
            const float *at = x->data + b * 15 + i;
            test_near(y->data[b * 3 + i], (at[3] + at[6] + at[9]) / 3, 1e-6, "mean", i);
        }
    backward_from(y, (const float[]){1, 2, 3, 4, 5, 6});
    for (int i = 0; i < 30; i++) {
        int t = i / 3 % 5, of = i / 15 * 3 + i % 3;
        ck_assert_float_eq(x->grad[i], t >= 1 && t < 4 ? (of + 1) / 3.0f : 0);
    }
    tensors_free();
}
END_TEST

START_TEST(refusals)
{
    rng r = rng_at(2, 5);
    tensor *x = test_param("x", SHAPE(1, 2, 6, 9), &r, 1), *flat = test_param("f", SHAPE(4), &r, 1);
    REFUSED(vit_patches(x, 4), "vit_patches: x (1, 2, 6, 9) into patches of 4; expected (B, C, H, "
                               "W) with H and W multiples of it");
    REFUSED(vit_patches(flat, 1), "vit_patches: f (4) into patches of 1; expected (B, C, H, W) "
                                  "with H and W multiples of it");
    tensor *p = vit_patches(x, 3), *w = test_param("w", SHAPE(4, 2, 3, 3), &r, 1);
    tensor *b = test_param("b", SHAPE(4), &r, 1), *five = test_param("five", SHAPE(5), &r, 1);
    tensor *positions = test_param("positions", SHAPE(6, 4), &r, 1);
    REFUSED(vit_tokens(x, w, b, NULL, NULL),
            "vit_tokens: patches (B, N, K) need weights (D, K) or (D, C, P, P): x (1, 2, 6, 9), w "
            "(4, 2, 3, 3)");
    REFUSED(vit_tokens(p, w, five, NULL, NULL),
            "vit_tokens: weights (D, K) need a bias (D): w (4, 2, 3, 3), five (5)");
    REFUSED(vit_tokens(p, w, b, five, NULL),
            "vit_tokens: weights (D, K) need a class token (D): w (4, 2, 3, 3), five (5)");
    REFUSED(vit_tokens(p, w, b, b, positions),
            "vit_tokens: positions (6, 4) for 6 patches and a class token; expected (7, 4)");
    REFUSED(vit_mean_of(positions, 0, 1),
            "vit_mean_of: tokens 0 to 0 of positions (6, 4); expected some of (B, T, D)");
    REFUSED(vit_mean_of(p, 4, 3),
            "vit_mean_of: tokens 4 to 6 of vit_patches (1, 6, 18); expected some of (B, T, D)");
    vit_config c = small;
    c.P = 4;
    REFUSED(vit_new(&c, &r), "vit_new: pictures (2, 6, 9) in patches of 4; expected (C, H, W) "
                             "with H and W multiples of it");
    c = small;
    c.h = 3;
    REFUSED(vit_new(&c, &r), "vit_new: width 8, 3 heads, MLP 10, 2 blocks, 5 classes; expected a "
                             "width that is a multiple of the heads");
    tensors_free();
}
END_TEST

// ---- Convolution ----

typedef struct {
    int stride, padding;
} window;

static tensor *
convolution_f(tensor *const x[], void *context)
{
    const window *w = context;
    return vit_convolution(x[0], x[1], x[2], w->stride, w->padding);
}

static void
check_convolution(int B, int C, int H, int W, int D, int k, int stride, int padding)
{
    rng r = rng_at(3, 0);
    tensor *in[] = {test_param("x", SHAPE(B, C, H, W), &r, 1),
                    test_param("w", SHAPE(D, C, k, k), &r, 1), test_param("b", SHAPE(D), &r, 1)};
    window at = {stride, padding};
    const tensor *y = convolution_f(in, &at);
    int rows = (H + 2 * padding - k) / stride + 1, columns = (W + 2 * padding - k) / stride + 1;
    ck_assert(shape_equal(y->shape, SHAPE(B, D, rows, columns)));
    for (long o = 0; o < y->size; o++) {
        int j = o % columns, i = o / columns % rows, d = o / columns / rows % D,
            b = o / columns / rows / D;
        double sum = in[2]->data[d];
        for (int c = 0; c < C; c++)
            for (int u = 0; u < k; u++)
                for (int v = 0; v < k; v++) {
                    int p = i * stride + u - padding, q = j * stride + v - padding;
                    if (p >= 0 && p < H && q >= 0 && q < W)
                        sum += (double)in[0]->data[((b * C + c) * H + p) * W + q] *
                               in[1]->data[((d * C + c) * k + u) * k + v];
                }
        test_near(y->data[o], sum, 2e-6, "convolution", o);
    }
    ck_assert_double_lt(gradcheck(convolution_f, 3, in, &at), 1e-3);
    tensors_free();
}

START_TEST(convolutions)
{
    check_convolution(2, 3, 7, 5, 4, 3, 2, 1); // the last row and column of the padding are seen
    check_convolution(1, 2, 6, 8, 3, 3, 2, 1); // and here they are not
    check_convolution(2, 1, 5, 5, 2, 3, 1, 1);
    check_convolution(1, 2, 4, 6, 3, 2, 2, 0);
    check_convolution(1, 1, 1, 1, 1, 1, 1, 0);
    check_convolution(1, 1, 2, 1, 1, 5, 1, 2); // larger than the picture
    check_convolution(1, 2, 3, 4, 2, 1, 3, 1); // places that see padding alone
}
END_TEST

static tensor *
places_f(tensor *const x[], void *context)
{
    (void)context;
    return vit_mean_of_places(x[0]);
}

START_TEST(mean_of_places)
{
    rng r = rng_at(3, 1);
    tensor *x = test_param("x", SHAPE(2, 3, 2, 5), &r, 1);
    const tensor *y = vit_mean_of_places(x);
    for (int i = 0; i < 6; i++) {
        double sum = 0;
        for (int j = 0; j < 10; j++)
            sum += x->data[i * 10 + j] / 10.0;
        test_near(y->data[i], sum, 1e-6, "mean", i);
    }
    ck_assert_double_lt(gradcheck(places_f, 1, &x, NULL), 1e-3);
    tensors_free();
}
END_TEST

static tensor *
middle_f(tensor *const x[], void *context)
{
    (void)context;
    return vit_mean_of(x[0], 1, 2);
}

// What is used twice has twice the gradient: every way back adds.
static void
check_added(tensor *f(tensor *const x[], void *context), int n, tensor *const x[], void *context)
{
    double once[64][512];
    for (int uses = 1; uses <= 2; uses++) {
        tape_reset();
        for (int i = 0; i < n; i++)
            memset(x[i]->grad, 0, x[i]->size * sizeof(float));
        tensor *y = f(x, context);
        tensor *sum = t_sum(t_mul(y, y));
        if (uses == 2) {
            tensor *z = f(x, context);
            sum = t_add(sum, t_sum(t_mul(z, z)));
        }
        backward(sum);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < x[i]->size; j++) {
                if (uses == 1)
                    once[i][j] = x[i]->grad[j];
                else
                    test_near(x[i]->grad[j], 2 * once[i][j], 1e-6, "added", i * 512 + j);
            }
    }
}

START_TEST(gradients_add)
{
    rng r = rng_at(3, 3);
    window at = {2, 1};
    int all = 3;
    tensor *x = test_param("x", SHAPE(2, 2, 3, 6), &r, 1);
    tensor *seen[] = {x, test_param("w", SHAPE(3, 2, 3, 3), &r, 1),
                      test_param("b", SHAPE(3), &r, 1)};
    tensor *parts[] = {test_param("patches", SHAPE(2, 4, 6), &r, 1),
                       test_param("w", SHAPE(5, 6), &r, 1), test_param("b", SHAPE(5), &r, 1),
                       test_param("class", SHAPE(5), &r, 1),
                       test_param("positions", SHAPE(5, 5), &r, 1)};
    check_added(patches_f, 1, &x, NULL);
    check_added(convolution_f, 3, seen, &at);
    check_added(places_f, 1, &x, NULL);
    check_added(middle_f, 1, parts, NULL);
    tensor *in[] = {parts[0], parts[1], parts[2], parts[3], parts[4], parts[4]};
    check_added(tokens_f, 5, in, &all);
    tensors_free();
}
END_TEST

START_TEST(convolution_refusals)
{
    rng r = rng_at(3, 2);
    tensor *x = test_param("x", SHAPE(1, 2, 4, 3), &r, 1), *b = test_param("b", SHAPE(4), &r, 1);
    tensor *w = test_param("w", SHAPE(4, 1, 3, 3), &r, 1);
    tensor *wide = test_param("w", SHAPE(4, 2, 5, 5), &r, 1);
    REFUSED(vit_convolution(x, w, b, 1, 1),
            "vit_convolution: pictures (B, C, H, W) need weights (D, C, k, k): x (1, 2, 4, 3), w "
            "(4, 1, 3, 3)");
    REFUSED(
        vit_convolution(x, wide, x, 1, 1),
        "vit_convolution: weights (D, C, k, k) need a bias (D): w (4, 2, 5, 5), x (1, 2, 4, 3)");
    REFUSED(vit_convolution(x, wide, b, 1, 0), "vit_convolution: x (1, 2, 4, 3), a kernel of 5, "
                                               "stride 1, padding 0: nothing is left");
    REFUSED(vit_convolution(x, wide, b, 0, 1), "vit_convolution: x (1, 2, 4, 3), a kernel of 5, "
                                               "stride 0, padding 1: nothing is left");
    REFUSED(vit_mean_of_places(b), "vit_mean_of_places: b (4); expected (B, D, H, W)");
    tensors_free();
}
END_TEST

// ---- Another resolution ----

START_TEST(resize_matrices)
{
    double r[64];
    for (int kernel = VIT_LINEAR; kernel <= VIT_CUBIC; kernel++) {
        for (int n = 1; n <= 6; n++)
            for (int m = 1; m <= 9; m++) {
                vit_resize_matrix(kernel, n, m, r);
                for (int i = 0; i < m; i++) {
                    double sum = 0;
                    for (int j = 0; j < n; j++) {
                        sum += r[i * n + j];
                        // Read backwards, it is the same
                        test_near(r[i * n + j], r[(m - 1 - i) * n + n - 1 - j], 1e-14, "turned", i);
                        if (n == m)
                            test_near(r[i * n + j], i == j, 1e-14, "same", i);
                    }
                    test_near(sum, 1, 1e-14, "row", i);
                }
            }
    }
    // In the middle between two samples: 1/2 1/2, or Keys' -3/32 19/32 19/32 -3/32 of a = -3/4
    vit_resize_matrix(VIT_LINEAR, 4, 3, r);
    test_near(r[4 + 1], 0.5, 1e-14, "linear", 1);
    test_near(r[4 + 0], 0, 1e-14, "linear", 0);
    vit_resize_matrix(VIT_CUBIC, 4, 3, r);
    test_near(r[4 + 0], -3 / 32.0, 1e-14, "cubic", 0);
    test_near(r[4 + 1], 19 / 32.0, 1e-14, "cubic", 1);
    // The first of 6 samples of 4 is asked at -1/6: the edge goes on
    vit_resize_matrix(VIT_LINEAR, 4, 6, r);
    test_near(r[0], 1, 1e-14, "edge", 0);
    test_near(r[4], 0.5, 1e-14, "edge", 1);
    REFUSED(vit_resize_matrix(VIT_LINEAR, 0, 3, r),
            "vit_resize_matrix: from 0 to 3 samples; expected at least one");
}
END_TEST

START_TEST(pseudo_inverses)
{
    const int sizes[][2] = {{4, 6}, {4, 9}, {5, 5}, {6, 4}, {3, 1}};
    for (int k = 0; k < 5; k++) {
        int n = sizes[k][0], m = sizes[k][1], few = n < m ? n : m;
        double r[64], inverse[64], product[81];
        vit_resize_matrix(VIT_LINEAR, n, m, r);
        vit_pseudo_inverse(n, m, r, inverse);
        if (m >= n)
            linalg_product(n, n, m, inverse, r, product);
        else
            linalg_product(m, m, n, r, inverse, product);
        for (int i = 0; i < few * few; i++)
            test_near(product[i], i / few == i % few, 1e-13, "R^+ R", i);
        // The other product is symmetric: Penrose's conditions
        if (m >= n)
            linalg_product(m, m, n, r, inverse, product);
        else
            linalg_product(n, n, m, inverse, r, product);
        int many = n + m - few;
        for (int i = 0; i < many; i++)
            for (int j = 0; j < i; j++)
                test_near(product[i * many + j], product[j * many + i], 1e-13, "R R^+", i);
    }
}
END_TEST

START_TEST(resized_positions)
{
    enum { D = 3, h = 2, w = 4, h2 = 5, w2 = 3 };
    float from[(1 + h * w) * D], to[(1 + h2 * w2) * D], same[(1 + h * w) * D];
    double rows[h2 * h], columns[w2 * w];
    rng r = rng_at(4, 0);
    rng_fill_normal(&r, (1 + h * w) * D, from, 0, 1);
    vit_resize_positions(VIT_CUBIC, 1, D, h, w, from, h2, w2, to);
    vit_resize_matrix(VIT_CUBIC, h, h2, rows);
    vit_resize_matrix(VIT_CUBIC, w, w2, columns);
    for (int d = 0; d < D; d++) {
        ck_assert(to[d] == from[d]);
        for (int i = 0; i < h2; i++)
            for (int j = 0; j < w2; j++) {
                double sum = 0;
                for (int a = 0; a < h; a++)
                    for (int b = 0; b < w; b++)
                        sum += rows[i * h + a] * columns[j * w + b] * from[(1 + a * w + b) * D + d];
                test_near(to[(1 + i * w2 + j) * D + d], sum, 1e-6, "positions", i * w2 + j);
            }
    }
    vit_resize_positions(VIT_CUBIC, 1, D, h, w, from, h, w, same);
    for (int i = 0; i < (1 + h * w) * D; i++)
        test_near(same[i], from[i], 1e-6, "same grid", i);
    // As many rows, another grid: it is resized all the same
    vit_resize_positions(VIT_CUBIC, 1, D, h, w, from, w, h, same);
    double changed = 0;
    for (int i = 0; i < (1 + h * w) * D; i++)
        changed = fmax(changed, fabs(same[i] - from[i]));
    ck_assert_double_gt(changed, 0.1);
}
END_TEST

START_TEST(resized_patches)
{
    enum { ROWS = 2, P = 4, P2 = 6 };
    float w[ROWS * P * P], w2[ROWS * P2 * P2];
    double resize[P2 * P], x[P * P], large[P2 * P2];
    rng r = rng_at(4, 1);
    rng_fill_normal(&r, ROWS * P * P, w, 0, 1);
    for (int i = 0; i < P * P; i++)
        x[i] = rng_normal(&r);
    vit_resize_matrix(VIT_LINEAR, P, P2, resize);
    for (int i = 0; i < P2 * P2; i++) {
        large[i] = 0;
        for (int k = 0; k < P * P; k++)
            large[i] += resize[i / P2 * P + k / P] * resize[i % P2 * P + k % P] * x[k];
    }
    for (int how = VIT_AS_PICTURE; how <= VIT_PSEUDO_INVERSE; how++) {
        vit_resize_patches(how, ROWS, P, w, P2, w2);
        for (int row = 0; row < ROWS; row++) {
            double answer = 0, before = 0, sum = 0, sum2 = 0;
            for (int i = 0; i < P * P; i++) {
                before += w[row * P * P + i] * x[i];
                sum += w[row * P * P + i];
            }
            for (int i = 0; i < P2 * P2; i++) {
                answer += w2[row * P2 * P2 + i] * large[i];
                sum2 += w2[row * P2 * P2 + i];
            }
            if (how == VIT_PSEUDO_INVERSE) // the same answer to every resized patch
                test_near(answer, before, 1e-5, "answer", row);
            else // to one of one colour: times the gain, and the same
                ck_assert_double_gt(fabs(answer - before), 0.05);
            double gain = how == VIT_AS_PICTURE ? (double)P2 * P2 / P / P : 1;
            if (how == VIT_PSEUDO_INVERSE)
                test_near(sum2, sum, 1e-5, "of one colour", row);
            else // the edges of w weigh a little more: not exactly
                ck_assert_double_lt(fabs(sum2 / gain - sum), 1);
        }
    }
    float picture[ROWS * P2 * P2];
    vit_resize_patches(VIT_AS_PICTURE, ROWS, P, w, P2, picture);
    vit_resize_patches(VIT_OVER_GAIN, ROWS, P, w, P2, w2);
    for (int i = 0; i < ROWS * P2 * P2; i++)
        test_near(w2[i] * 36 / 16, picture[i], 1e-6, "over the gain", i);
    // To the same size each is what it was
    for (int how = VIT_AS_PICTURE; how <= VIT_PSEUDO_INVERSE; how++) {
        vit_resize_patches(how, ROWS, P, w, P, w2);
        for (int i = 0; i < ROWS * P * P; i++)
            test_near(w2[i], w[i], 1e-6, "same", i);
    }
}
END_TEST

// ---- Tokens ----

START_TEST(rollout)
{
    enum { L = 3, h = 2, T = 4 };
    float weights[L][h * T * T], found[T * T];
    const float *all[L];
    double expected[T][T], next[T][T];
    rng r = rng_at(5, 0);
    for (int l = 0; l < L; l++) {
        all[l] = weights[l];
        for (int row = 0; row < h * T; row++) {
            float sum = 0;
            for (int s = 0; s < T; s++) {
                weights[l][row * T + s] = rng_uniform(&r);
                sum += weights[l][row * T + s];
            }
            for (int s = 0; s < T; s++)
                weights[l][row * T + s] /= sum;
        }
    }
    for (int t = 0; t < T; t++)
        for (int s = 0; s < T; s++)
            expected[t][s] = t == s;
    for (int l = 0; l < L; l++) {
        for (int t = 0; t < T; t++)
            for (int s = 0; s < T; s++) {
                next[t][s] = expected[t][s] / 2;
                for (int k = 0; k < T; k++)
                    next[t][s] +=
                        (weights[l][t * T + k] + weights[l][(T + t) * T + k]) / 4 * expected[k][s];
            }
        memcpy(expected, next, sizeof next);
    }
    vit_rollout(L, h, T, all, found);
    for (int i = 0; i < T * T; i++)
        test_near(found[i], expected[i / T][i % T], 1e-6, "rollout", i);
}
END_TEST

// Two pictures in one sequence give what each gives alone.
START_TEST(packed_is_alone)
{
    enum { A = 4, Z = 6, T = A + Z, D = 8 };
    const int picture[T] = {0, 0, 1, 1, 1, 0, 1, 1, 1, 0};
    rng r = rng_at(5, 1);
    vit_config c = small;
    vit m = vit_new(&c, &r);
    disturb(0.4f, 4);
    tensor *both = test_param("both", SHAPE(1, T, D), &r, 1);
    tensor *alone[] = {constant("a", SHAPE(1, A, D), NULL), constant("z", SHAPE(1, Z, D), NULL)};
    int at[2] = {0};
    for (int t = 0; t < T; t++)
        memcpy(alone[picture[t]]->data + at[picture[t]]++ * D, both->data + t * D,
               D * sizeof(float));
    const tensor *packed = vit_block_forward(&m.block[0], both, vit_packed_mask(T, picture));
    for (int i = 0; i < 2; i++)
        alone[i] = vit_block_forward(&m.block[0], alone[i], NULL);
    at[0] = at[1] = 0;
    for (int t = 0; t < T; t++) {
        const float *x = alone[picture[t]]->data + at[picture[t]]++ * D;
        for (int i = 0; i < D; i++)
            test_near(packed->data[t * D + i], x[i], 2e-6, "packed", t);
    }
    tensors_free();
}
END_TEST

START_TEST(merging)
{
    enum { T = 6, d = 2 };
    // Even tokens 0, 2, 4; odd ones 1, 3, 5. By the cosine 0 is like 3, 2 like 5 (by the product like 1, which is long),
    // 4 a little like 1.
    const float keys[T * d] = {1, 0, -5, 4, -1, 0.5f, 2, 0.01f, 0.3f, 2, -1, 0.3f};
    const float x[T] = {1, 2, 3, 4, 5, 6}, size[T] = {1, 3, 1, 1, 2, 1};
    int into[T];
    float merged[T], sizes[T];
    vit_merge_match(T, d, keys, 0, 2, into);
    const int expected[] = {3, 1, 5, 3, 4, 5};
    for (int t = 0; t < T; t++)
        ck_assert_int_eq(into[t], expected[t]);
    // The first token is kept: it goes into no other
    vit_merge_match(T, d, keys, 1, 2, into);
    const int kept[] = {0, 1, 5, 3, 1, 5};
    for (int t = 0; t < T; t++)
        ck_assert_int_eq(into[t], kept[t]);
    vit_merge(T, 1, into, x, size, merged, sizes);
    const float means[] = {1, (3 * 2 + 2 * 5) / 5.0f, 4, (3 + 6) / 2.0f}, sums[] = {1, 5, 1, 2};
    for (int t = 0; t < 4; t++) {
        test_near(merged[t], means[t], 1e-6, "merged", t);
        ck_assert(sizes[t] == sums[t]);
    }
    // By the cosine token 2 is most like 1, which is far away; by the distance it would be 3
    const float far[4 * d] = {0, 1, 10, 0.1f, 1, 0, 1, 1};
    vit_merge_match(4, d, far, 1, 1, into);
    ck_assert_int_eq(into[2], 1);
    vit_merge_match(T, d, keys, 0, 0, into);
    for (int t = 0; t < T; t++)
        ck_assert_int_eq(into[t], t);
    REFUSED(vit_merge_match(T, d, keys, 1, 3, into),
            "vit_merge_match: 3 of 6 tokens to be merged; 2 can be");
    REFUSED(vit_merge_match(T, d, keys, 1, -1, into),
            "vit_merge_match: -1 of 6 tokens to be merged; 2 can be");
}
END_TEST

// A token of size 2 is seen as two that are alike.
START_TEST(sizes_count)
{
    enum { D = 8 };
    const float size[] = {2, 1, 1, 1, 1, 1}; // of a second picture all are one
    rng r = rng_at(5, 2);
    vit_config c = small;
    vit m = vit_new(&c, &r);
    disturb(0.4f, 5);
    tensor *three = test_param("three", SHAPE(1, 3, D), &r, 1);
    tensor *four = constant("four", SHAPE(1, 4, D), NULL);
    memcpy(four->data, three->data, D * sizeof(float));
    memcpy(four->data + D, three->data, 3 * D * sizeof(float));
    const tensor *y = vit_attend(&m.block[0], four, NULL);
    vit_watch w = {.size = size};
    m.block[0].self.attention = vit_watched_attention;
    m.block[0].self.attention_context = &w;
    tensor *twice = constant("twice", SHAPE(2, 3, D), NULL);
    memcpy(twice->data, three->data, 3 * D * sizeof(float));
    memcpy(twice->data + 3 * D, three->data, 3 * D * sizeof(float));
    const tensor *z = vit_attend(&m.block[0], twice, NULL);
    for (int i = 0; i < 3 * D; i++)
        test_near(z->data[i], y->data[D + i], 2e-6, "sized", i);
    ck_assert(shape_equal(w.weights->shape, SHAPE(2, 2, 3, 3)));
    ck_assert(shape_equal(w.k->shape, SHAPE(2, 3, 2, 4)));
    m.block[0].self.attention = NULL;
    y = vit_attend(&m.block[0], three, NULL);
    for (int i = 0; i < 3 * D; i++)
        test_near(z->data[3 * D + i], y->data[i], 2e-6, "of size 1", i);
    m.block[0].self.attention = vit_watched_attention;
    // Without sizes the hook changes nothing
    w.size = NULL;
    z = vit_attend(&m.block[0], three, NULL);
    m.block[0].self.attention = NULL;
    y = vit_attend(&m.block[0], three, NULL);
    for (int i = 0; i < 3 * D; i++)
        ck_assert(z->data[i] == y->data[i]);
    tensors_free();
}
END_TEST

// ---- Pictures of the reader's own ----

// An idx file of `axes` sizes and bytes 0, 1, 2, ... mod `below`; its size.
static size_t
idx_bytes(char *to, int axes, const int *n, int below)
{
    memcpy(to, (const char[]){0, 0, 8, (char)axes}, 4);
    size_t at = 4;
    int values = 1;
    for (int i = 0; i < axes; i++) {
        memcpy(to + at, (const char[]){0, 0, (char)(n[i] >> 8), (char)n[i]}, 4);
        at += 4;
        values *= n[i];
    }
    for (int i = 0; i < values; i++)
        to[at++] = (char)(i % below);
    return at;
}

START_TEST(own_pictures)
{
    static char pictures[2048], labels[64];
    size_t p = idx_bytes(pictures, 3, (const int[]){3, 8, 8}, 256);
    size_t l = idx_bytes(labels, 1, (const int[]){3}, 10);
    vit_set s = vit_own_parse(pictures, p, "p", labels, l, "l");
    ck_assert(s.n == 3 && s.side == 8);
    for (int i = 0; i < 3 * 64; i++)
        ck_assert_float_eq(s.pictures[i], (i % 256) / 255.0f);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(s.digits[i], i);
    vit_set_free(&s);
    labels[9] = 10;
    REFUSED(vit_own_parse(pictures, p, "p", labels, l, "l"),
            "l: label 10 of picture 1, byte 9; expected 0 to 9");
    l = idx_bytes(labels, 1, (const int[]){4}, 10);
    REFUSED(vit_own_parse(pictures, p, "p", labels, l, "l"), "l: 4 labels for the 3 pictures of p");
    REFUSED(
        vit_own_parse(labels, l, "p\x1b", labels, l, "l"),
        "p\\x1b: has 1 axes; expected 3, (pictures, rows, columns), so that it begins with 2051");
    REFUSED(vit_own_parse(pictures, p, "p", pictures, p, "l"),
            "l: has 3 axes; expected 1, the labels, so that it begins with 2049");
    p = idx_bytes(pictures, 3, (const int[]){3, 8, 4}, 256);
    REFUSED(vit_own_parse(pictures, p, "p", labels, l, "l"),
            "p: 3 pictures of 8 x 4; expected some, square, with a side that is a multiple of 4");
    p = idx_bytes(pictures, 3, (const int[]){3, 6, 6}, 256);
    REFUSED(vit_own_parse(pictures, p, "p", labels, l, "l"),
            "p: 3 pictures of 6 x 6; expected some, square, with a side that is a multiple of 4");
}
END_TEST

// What the figures train on: a permutation of whole patches, and sets in it.
START_TEST(reordered_sets)
{
    int order[VIT_PIXELS], seen[VIT_PIXELS] = {0}, moved = 0;
    rng r = rng_at(6, 0);
    vit_patch_order(&r, order);
    for (int i = 0; i < VIT_PIXELS; i++) {
        int corner = i - i / 16 % 4 * 16 - i % 4; // the first pixel of i's patch
        ck_assert_int_eq(order[i] - order[corner], i - corner);
        seen[order[i]]++;
        moved += order[i] != i;
    }
    for (int i = 0; i < VIT_PIXELS; i++)
        ck_assert_int_eq(seen[i], 1);
    ck_assert_int_gt(moved, 64);
    glyphs_style usual = glyphs_usual();
    vit_set s = vit_set_new(3, &usual, &r), t = vit_set_reordered(&s, order);
    for (int i = 0; i < 3 * VIT_PIXELS; i++)
        ck_assert(t.pictures[i] == s.pictures[i / VIT_PIXELS * VIT_PIXELS + order[i % VIT_PIXELS]]);
    vit_set_free(&s);
    vit_set_free(&t);
}
END_TEST

// The net of convolutions by its layers, and that a part of a set has the logits of the whole.
START_TEST(classifiers)
{
    rng r = rng_at(6, 1);
    glyphs_style usual = glyphs_usual();
    vit_set s = vit_set_new(130, &usual, &r);
    static float logits[130 * GLYPHS_DIGITS];
    vit_classifier m = {.is_net = true, .net = vit_net_new(1, GLYPHS_DIGITS, &r)};
    long size = 0;
    for (int i = 0; i < param_count(); i++)
        size += param_at(i)->size;
    ck_assert_int_eq(size, 16 * 9 + 16 + 32 * 16 * 9 + 32 + 64 * 32 * 9 + 64 + 650);
    vit_set_logits(&m, &s, logits);
    tensor *x = constant("x", SHAPE(130, 1, 16, 16), s.pictures);
    const tensor *all = vit_net_logits(&m.net, x);
    // Each layer by its own op: strides 1, 2, 2, ReLU behind each; weights of variance 2 / inputs
    tensor *h = x;
    for (int i = 0; i < 3; i++) {
        double square = 0;
        const tensor *w = m.net.w[i];
        for (long j = 0; j < w->size; j++)
            square += (double)w->data[j] * w->data[j] * (9 * w->shape.n[1]) / 2 / w->size;
        ck_assert_double_lt(fabs(square - 1), 0.4); // 144 numbers: 3.4 standard errors
        h = t_relu(vit_convolution(h, m.net.w[i], m.net.bias[i], i ? 2 : 1, 1));
    }
    ck_assert(shape_equal(h->shape, SHAPE(130, 64, 4, 4)));
    const tensor *by_layers = t_linear(vit_mean_of_places(h), m.net.w_head, m.net.b_head);
    for (int i = 0; i < 1300; i++)
        ck_assert(all->data[i] == by_layers->data[i]);
    double right = 0;
    for (int i = 0; i < 1300; i++)
        ck_assert(all->data[i] == logits[i]);
    for (int i = 0; i < 130; i++) {
        int best = 0;
        for (int k = 0; k < 10; k++)
            best = logits[i * 10 + k] > logits[i * 10 + best] ? k : best;
        right += best == s.digits[i];
    }
    ck_assert_double_eq_tol(vit_set_accuracy(&m, &s), right / 130, 1e-12);
    vit_set_free(&s);
    tensors_free();
}
END_TEST

static int studied;

static void
count_study(const vit_classifier *m, vit_run *run)
{
    studied += !m->is_net && run->seed == 6;
}

// A training is its steps, one after the other: the weights of the seed, the pictures from where the seed begins, each
// at most once or some of them again and again.
START_TEST(trainings)
{
    enum { STEPS = 4, SET = 100 };
    glyphs_style usual = glyphs_usual();
    for (int pictures = 0; pictures <= 7; pictures += 7) {
        rng r = rng_at(6, 2);
        vit_set s = vit_set_new(SET, &usual, &r);
        float loss[STEPS];
        vit_run run = {.t = {.steps = STEPS, .loss = loss},
                       .config = vit_usual(),
                       .set = &s,
                       .pictures = pictures,
                       .test = &s,
                       .rate = 0.01f,
                       .seed = 6,
                       .study = count_study};
        studied = 0;
        vit_train(&run);
        ck_assert_int_eq(studied, 1);
        tensors_free();
        rng weights = rng_at(6, 0), draw = rng_at(6, 1);
        int first = (int)rng_below(&draw, SET);
        ck_assert_int_gt(first, 0);
        vit m = vit_new(&run.config, &weights);
        adamw adam = adamw_new(0.9f, 0.999f, 1e-8f, 0);
        for (int t = 0; t < STEPS; t++) {
            tensor *x = constant("x", SHAPE(VIT_BATCH, 1, VIT_SIDE, VIT_SIDE), NULL);
            int digits[VIT_BATCH];
            for (int i = 0; i < VIT_BATCH; i++) {
                int k = pictures ? (int)rng_below(&draw, pictures) : t * VIT_BATCH + i;
                int one = (first + k) % SET;
                digits[i] = s.digits[one];
                memcpy(x->data + i * VIT_PIXELS, s.pictures + one * VIT_PIXELS,
                       VIT_PIXELS * sizeof(float));
            }
            tensor *y = t_cross_entropy(vit_logits(&m, x), digits);
            ck_assert(loss[t] == y->data[0]);
            zero_grad();
            backward(y);
            clip_global_norm(1);
            adamw_step(&adam, warmup_cosine(t, 50, STEPS, 0.01f));
            tape_reset();
        }
        vit_set_free(&s);
        tensors_free();
    }
}
END_TEST

TEST_MAIN("vit", patches_by_index, token_gradients, embedding_is_a_convolution, model_by_formulas,
          model_gradients, permuted_patches, new_models, no_blocks, means_of_tokens, refusals,
          convolutions, gradients_add, mean_of_places, convolution_refusals, resize_matrices,
          pseudo_inverses, resized_positions, resized_patches, rollout, packed_is_alone, merging,
          sizes_count, own_pictures, reordered_sets, classifiers, trainings)
