// Chapter clip: the losses against their formulas in double, gradients by differences, blocks and devices against the
// whole, the exact optimum against sampling and enumeration.
#include "clip/clip.h"
#include "clip/caption.h"
#include "clip/experiment.h"
#include "clip/large.h"
#include "clip/match.h"
#include "clip/oracle.h"
#include "clip/own.h"
#include "nets/ops.h"
#include "nets/train.h"
#include "test.h"
#include "test_tensors.h"

#include <math.h>

// Directions (n, d), a parameter.
static tensor *
directions(const char *name, int n, int d, rng *r)
{
    tensor *x = test_param(name, SHAPE(n, d), r, 1);
    for (int i = 0; i < n; i++) {
        double square = 0;
        for (int k = 0; k < d; k++)
            square += (double)x->data[i * d + k] * x->data[i * d + k];
        for (int k = 0; k < d; k++)
            x->data[i * d + k] /= (float)sqrt(square);
    }
    return x;
}

static tensor *
number(const char *name, float value)
{
    tensor *x = param(name, SHAPE(1));
    x->data[0] = value;
    return x;
}

// ---- Directions ----

static tensor *
normalise_f(tensor *const x[], void *context)
{
    (void)context;
    return clip_normalise(x[0]);
}

START_TEST(normalised)
{
    const int shapes[][2] = {{1, 1}, {1, 5}, {4, 3}, {3, 40}};
    for (int k = 0; k < 4; k++) {
        int n = shapes[k][0], d = shapes[k][1];
        rng r = rng_at(1, k);
        tensor *x = test_param("x", SHAPE(n, d), &r, 2);
        tensor *u = clip_normalise(x);
        for (int i = 0; i < n; i++) {
            double square = 0, factor = x->data[i * d] / u->data[i * d];
            for (int j = 0; j < d; j++) {
                square += (double)u->data[i * d + j] * u->data[i * d + j];
                test_near(u->data[i * d + j] * factor, x->data[i * d + j], 1e-6, "x", j);
            }
            ck_assert(factor > 0);
            test_near(square, 1, 1e-6, "length", i);
        }
        // A row does not depend on another, nor on its own length
        if (n > 1) {
            float before = u->data[0];
            for (int j = 0; j < d; j++)
                x->data[d + j] *= 4;
            tensor *again = clip_normalise(x);
            ck_assert(again->data[0] == before);
            ck_assert_mem_eq(again->data, u->data, u->size * sizeof(float));
        }
        ck_assert_double_lt(gradcheck(normalise_f, 1, &x, NULL), 1e-3);
        tensors_free();
    }
    tensor *zero = param("x", SHAPE(2, 3));
    zero->data[1] = 1;
    REFUSED(clip_normalise(zero), "clip_normalise: row 1 of x is zero, which has no direction");
    REFUSED(clip_normalise(param("y", SHAPE(3))), "clip_normalise: y (3); expected (n, d)");
}
END_TEST

// ---- Losses ----

// z in double, from the floats.
static void
plain_scores(const tensor *u, const tensor *v, double t, double *z)
{
    int N = u->shape.n[0], d = u->shape.n[1];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            z[i * N + j] = 0;
            for (int k = 0; k < d; k++)
                z[i * N + j] += exp(t) * u->data[i * d + k] * v->data[j * d + k];
        }
}

// The mean over i of -log softmax of z's row i, `apart` from each other its elements, at its own element.
static double
plain_infonce(int N, const double *z, bool rows)
{
    double loss = 0;
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int j = 0; j < N; j++)
            sum += exp((rows ? z[i * N + j] : z[j * N + i]) - z[i * N + i]);
        loss += log(sum) / N;
    }
    return loss;
}

START_TEST(infonce_by_formula)
{
    for (int N = 1; N <= 9; N += 4) {
        rng r = rng_at(2, N);
        tensor *u = directions("u", N, 3, &r), *v = directions("v", N, 3, &r);
        tensor *t = number("t", 1.3f);
        double z[81];
        plain_scores(u, v, 1.3f, z);
        double rows = plain_infonce(N, z, true), columns = plain_infonce(N, z, false);
        tensor *loss = clip_infonce(u, v, t, CLIP_BOTH_WAYS);
        test_near(loss->data[0], (rows + columns) / 2, 1e-6, "both ways", N);
        const float *s = tape_saved(loss, "scores")->data;
        for (int i = 0; i < N * N; i++)
            test_near(s[i], z[i], 1e-6, "z", i);
        test_near(clip_infonce(u, v, t, CLIP_PICTURE_TO_CAPTION)->data[0], rows, 1e-6, "rows", N);
        test_near(clip_infonce(u, v, t, CLIP_CAPTION_TO_PICTURE)->data[0], columns, 1e-6, "columns",
                  N);
        if (N > 1)
            ck_assert_double_gt(fabs(rows - columns), 1e-3);
        tensors_free();
    }
}
END_TEST

static tensor *
infonce_f(tensor *const x[], void *way)
{
    return clip_infonce(x[0], x[1], x[2], *(clip_way *)way);
}

static tensor *
sigmoid_f(tensor *const x[], void *context)
{
    (void)context;
    return clip_sigmoid(x[0], x[1], x[2], x[3]);
}

START_TEST(loss_gradients)
{
    for (clip_way way = CLIP_BOTH_WAYS; way <= CLIP_CAPTION_TO_PICTURE; way++)
        for (int N = 2; N <= 7; N += 5) {
            rng r = rng_at(3, N);
            tensor *u = directions("u", N, 4, &r), *v = directions("v", N, 4, &r);
            tensor *x[] = {u, v, number("t", 0.7f), number("b", -1.1f)};
            ck_assert_double_lt(gradcheck(infonce_f, 3, x, &way), 1e-3);
            ck_assert_double_lt(gradcheck(sigmoid_f, 4, x, NULL), 1e-3);
            tensors_free();
        }
}
END_TEST

// What an op passes back is what reaches it times its own, and is added to what is there already.
static tensor *
shared_f(tensor *const x[], void *context)
{
    (void)context;
    tensor *u = clip_normalise(x[0]), *again = clip_normalise(x[0]), *v = clip_normalise(x[1]);
    tensor *one = t_scale(clip_infonce(u, v, x[2], CLIP_BOTH_WAYS), 2);
    tensor *two = t_scale(clip_sigmoid(again, v, x[2], x[3]), 3);
    tensor *three = clip_sigmoid(u, v, x[2], x[3]);
    return t_add(one, t_add(two, three));
}

START_TEST(gradients_add)
{
    rng r = rng_at(3, 0);
    tensor *x[] = {test_param("x", SHAPE(4, 3), &r, 1), test_param("y", SHAPE(4, 3), &r, 1),
                   number("t", 0.7f), number("b", -1.1f)};
    ck_assert_double_lt(gradcheck(shared_f, 4, x, NULL), 2e-3);
}
END_TEST

// dL/dz = (P_rows + P_columns - 2 I) / 2N: every row of it and every column sums to what the other softmax leaves,
// all of it to 0; and the gradient of t is the sum of dL/dz z.
START_TEST(infonce_gradient_by_formula)
{
    enum { N = 5, D = 7 };
    rng r = rng_at(4, 0);
    tensor *u = directions("u", N, D, &r), *v = directions("v", N, D, &r), *t = number("t", 2);
    double z[N * N], g[N * N], dt = 0;
    plain_scores(u, v, 2, z);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double row = 0, column = 0;
            for (int k = 0; k < N; k++) {
                row += exp(z[i * N + k]);
                column += exp(z[k * N + j]);
            }
            g[i * N + j] = (exp(z[i * N + j]) * (1 / row + 1 / column) - 2 * (i == j)) / (2 * N);
            dt += g[i * N + j] * z[i * N + j];
        }
    backward(clip_infonce(u, v, t, CLIP_BOTH_WAYS));
    test_near(t->grad[0], dt, 1e-5, "dt", 0);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < D; k++) {
            double du = 0, dv = 0;
            for (int j = 0; j < N; j++) {
                du += exp(2) * g[i * N + j] * v->data[j * D + k];
                dv += exp(2) * g[j * N + i] * u->data[j * D + k];
            }
            test_near(u->grad[i * D + k], du, 1e-5, "du", i * D + k);
            test_near(v->grad[i * D + k], dv, 1e-5, "dv", i * D + k);
        }
}
END_TEST

START_TEST(sigmoid_by_formula)
{
    for (int N = 1; N <= 9; N += 4) {
        rng r = rng_at(5, N);
        tensor *u = directions("u", N, 3, &r), *v = directions("v", N, 3, &r);
        tensor *t = number("t", 2.3f), *b = number("b", -7);
        double z[81], loss = 0, db = 0, dt = 0;
        plain_scores(u, v, 2.3f, z);
        for (int i = 0; i < N * N; i++) {
            double y = i % (N + 1) == 0 ? 1 : -1;
            loss += log1p(exp(-y * (z[i] - 7))) / N;
            db += -y / (1 + exp(y * (z[i] - 7))) / N;
            dt += z[i] * -y / (1 + exp(y * (z[i] - 7))) / N;
        }
        tensor *op = clip_sigmoid(u, v, t, b);
        test_near(op->data[0], loss, 1e-6, "loss", N);
        backward(op);
        test_near(b->grad[0], db, 1e-5, "db", N);
        test_near(t->grad[0], dt, 1e-5, "dt", N);
        tensors_free();
    }
}
END_TEST

// softplus keeps its digits where it is small: the sum over 16 M pairs of a trained SigLIP is made of such.
START_TEST(small_softplus)
{
    for (double x = -60; x < 60; x += 0.37) {
        double exact = log1p(exp((float)x));
        ck_assert_double_lt(fabs(clip_softplus((float)x) / exact - 1), 4e-7);
    }
}
END_TEST

// At the start: all directions of pictures at right angles to all of captions, z = 0.
START_TEST(losses_at_the_start)
{
    const int sizes[] = {16, 64};
    const double at_minus_10[] = {10.0007, 10.0029}, balanced[] = {3.7407, 5.1510};
    for (int k = 0; k < 2; k++) {
        int N = sizes[k];
        tensor *u = param("u", SHAPE(N, 2)), *v = param("v", SHAPE(N, 2));
        for (int i = 0; i < N; i++)
            u->data[2 * i] = v->data[2 * i + 1] = 1;
        tensor *t = number("t", 2.3f);
        test_near(clip_infonce(u, v, t, CLIP_BOTH_WAYS)->data[0], log(N), 1e-6, "log N", k);
        tensor *b = number("b", -10);
        test_near(clip_sigmoid(u, v, t, b)->data[0], at_minus_10[k], 2e-5, "b = -10", k);
        b->data[0] = (float)-log(N - 1);
        tensor *loss = clip_sigmoid(u, v, t, b);
        // softplus(log(N-1)) + (N - 1) softplus(-log(N-1)) = N log N - (N - 1) log(N - 1)
        test_near(loss->data[0], N * log(N) - (N - 1) * log(N - 1), 1e-6, "by algebra", k);
        test_near(loss->data[0], balanced[k], 2e-5, "balanced", k);
        backward(loss);
        test_near(b->grad[0], 0, 1e-5, "the balance", k);
        tensors_free();
    }
}
END_TEST

// InfoNCE does not see that the towers stand apart: the same loss with a new coordinate a and -a.
START_TEST(a_gap_costs_nothing)
{
    enum { N = 6, D = 5 };
    rng r = rng_at(6, 0);
    tensor *u = directions("u", N, D, &r), *v = directions("v", N, D, &r);
    double before = clip_infonce(u, v, number("t", logf(10)), CLIP_BOTH_WAYS)->data[0];
    for (double a = 0.2; a < 0.9; a += 0.3) {
        tensor *far_u = param("far u", SHAPE(N, D + 1)), *far_v = param("far v", SHAPE(N, D + 1));
        for (int i = 0; i < N; i++) {
            for (int k = 0; k < D; k++) {
                far_u->data[i * (D + 1) + k] = (float)sqrt(1 - a * a) * u->data[i * D + k];
                far_v->data[i * (D + 1) + k] = (float)sqrt(1 - a * a) * v->data[i * D + k];
            }
            far_u->data[i * (D + 1) + D] = (float)a;
            far_v->data[i * (D + 1) + D] = (float)-a;
        }
        tensor *t = number("t", (float)log(10 / (1 - a * a)));
        test_near(clip_infonce(far_u, far_v, t, CLIP_BOTH_WAYS)->data[0], before, 3e-6, "loss", 0);
        double gap = clip_gap(N, N, D + 1, far_u->data, far_v->data);
        ck_assert_double_ge(gap, 2 * a - 1e-6);
    }
}
END_TEST

START_TEST(loss_refusals)
{
    tensor *u = param("u", SHAPE(3, 2)), *v = param("v", SHAPE(4, 2)), *t = number("t", 0);
    REFUSED(clip_infonce(u, v, t, CLIP_BOTH_WAYS),
            "clip_infonce: pictures (N, d) need as many captions, (N, d): u (3, 2), v (4, 2)");
    REFUSED(clip_sigmoid(u, v, t, t),
            "clip_sigmoid: pictures (N, d) need as many captions, (N, d): u (3, 2), v (4, 2)");
    REFUSED(clip_infonce(u, u, v, CLIP_BOTH_WAYS),
            "clip_infonce: t is one number: u (3, 2), v (4, 2)");
    REFUSED(clip_sigmoid(u, u, t, v), "clip_sigmoid: b is one number: u (3, 2), v (4, 2)");
}
END_TEST

START_TEST(clamped)
{
    tensor *t = number("t", 4.6f);
    clip_clamp(t);
    ck_assert(t->data[0] == 4.6f);
    t->data[0] = 4.7f;
    clip_clamp(t);
    test_near(exp(t->data[0]), 100, 1e-6, "scale", 0);
    ck_assert(t->data[0] == clip_most_t);
}
END_TEST

// At the limit, and above it, t still has its gradient: that of pairs that do not belong together takes it down.
START_TEST(gradient_at_the_limit)
{
    const float close[] = {1, 0, 0.9998f, 0.02f}, exchanged[] = {0.9998f, 0.02f, 1, 0};
    tensor *u = constant("u", SHAPE(2, 2), close), *t = number("t", clip_most_t);
    tensor *v = constant("v", SHAPE(2, 2), exchanged);
    backward(clip_infonce(u, v, t, CLIP_BOTH_WAYS));
    // z_ij = 100 u_i v_j
    double d = 100 * (0.9998 - (0.9998 * 0.9998 + 0.0004)), e = 100 * (0.9998 - 1), dt = 0;
    dt += 0.5 * (e * -1 / (1 + exp(e)) + d * -1 / (1 + exp(d)));
    test_near(t->grad[0], dt, 1e-3, "dt", 0);
    ck_assert_double_gt(t->grad[0], 1e-3);
    clip_clamp(t);
    ck_assert(t->data[0] == clip_most_t);
}
END_TEST

// ---- Blocks and devices ----

typedef struct {
    tensor *u, *v, *t, *b;
    clip_batch batch;
    float *du, *dv;
} large;

static large
large_new(int N, int d, uint32_t seed)
{
    rng r = rng_at(7, seed);
    large a = {directions("u", N, d, &r),
               directions("v", N, d, &r),
               number("t", 2.5f),
               number("b", -3),
               {0},
               NULL,
               NULL};
    a.batch = (clip_batch){N, d, a.u->data, a.v->data, 2.5f, -3};
    a.du = permanent_alloc((long)N * d * sizeof(float));
    a.dv = permanent_alloc((long)N * d * sizeof(float));
    return a;
}

// g must be what the tape's op gives.
static void
as_the_whole(const large *a, tensor *loss, const clip_gradients *g)
{
    zero_grad();
    backward(loss);
    test_near(g->loss, loss->data[0], 2e-6, "loss", 0);
    test_near(g->dt, a->t->grad[0], 1e-5, "dt", 0);
    test_near(g->db, a->b->grad[0], 1e-5, "db", 0);
    for (int i = 0; i < a->u->size; i++) {
        test_near(g->du[i], a->u->grad[i], 2e-6, "du", i);
        test_near(g->dv[i], a->v->grad[i], 2e-6, "dv", i);
    }
    tape_reset();
}

START_TEST(as_devices)
{
    const int shapes[][4] = {
        {24, 5, 3, 3}, {24, 5, 1, 4}, {24, 5, 2, 4}, {16, 3, 8, 8}, {7, 2, 1, 1}};
    for (int k = 0; k < 5; k++)
        for (clip_order order = CLIP_RING; order <= CLIP_TREE; order++) {
            large a = large_new(shapes[k][0], shapes[k][1], k);
            clip_gradients g = {.du = a.du, .dv = a.dv};
            clip_sigmoid_devices(&a.batch, shapes[k][2], shapes[k][3], order, &g);
            as_the_whole(&a, clip_sigmoid(a.u, a.v, a.t, a.b), &g);
            // A block of scores and its slopes, what it gives to du and dv, and in a tree the other pieces' parts
            int N = shapes[k][0], d = shapes[k][1], pieces = shapes[k][3], n = N / pieces;
            long kept = order == CLIP_TREE ? 2L * N * d / shapes[k][2] * (pieces - 1) : 0;
            ck_assert_int_eq(g.held, 2L * n * n + 2L * n * d + kept);
            tensors_free();
        }
    large a = large_new(12, 3, 9);
    clip_gradients g = {.du = a.du, .dv = a.dv};
    REFUSED((clip_sigmoid_devices(&a.batch, 2, 3, CLIP_RING, &g), 0),
            "clip_sigmoid_devices: 12 pairs in 3 pieces on 2 devices; expected each a multiple of "
            "the next");
    REFUSED((clip_sigmoid_devices(&a.batch, 5, 5, CLIP_RING, &g), 0),
            "clip_sigmoid_devices: 12 pairs in 5 pieces on 5 devices; expected each a multiple of "
            "the next");
}
END_TEST

// In a tree the bits are the same however many devices hold the pieces; in the ring they are not.
START_TEST(bits_of_devices)
{
    enum { N = 64, D = 16, PIECES = 8 };
    for (clip_order order = CLIP_RING; order <= CLIP_TREE; order++) {
        large a = large_new(N, D, 0);
        float first[N * D];
        int others = 0;
        for (int devices = 1; devices <= PIECES; devices *= 2) {
            clip_gradients g = {.du = a.du, .dv = a.dv};
            clip_sigmoid_devices(&a.batch, devices, PIECES, order, &g);
            if (devices == 1)
                memcpy(first, a.du, sizeof first);
            for (int i = 0; i < N * D; i++)
                others += memcmp(&first[i], &a.du[i], sizeof(float)) != 0;
        }
        ck_assert_msg(order == CLIP_TREE ? others == 0 : others > N, "%d others", others);
        tensors_free();
    }
}
END_TEST

START_TEST(sum_in_a_tree)
{
    // 2^24 and ones: in a row the ones are lost, in pairs they are not
    float x[] = {16777216, 1, 1, 1, 1, 1};
    clip_tree_sum(6, 1, x);
    ck_assert(x[0] == (16777216.0f + 1 + 2) + 2);
    float two[] = {1, 10, 2, 20, 3, 30};
    clip_tree_sum(3, 2, two);
    ck_assert(two[0] == 6 && two[1] == 60);
}
END_TEST

START_TEST(online)
{
    const int shapes[][3] = {{10, 4, 3}, {10, 4, 10}, {10, 4, 64},
                             {9, 2, 1},  {1, 3, 2},   {33, 5, 16}};
    for (int k = 0; k < 6; k++) {
        int N = shapes[k][0];
        large a = large_new(N, shapes[k][1], 20 + k);
        // Large scores: without the running maxima e^z would overflow
        a.t->data[0] = a.batch.t = k == 1 ? clip_most_t : 2.5f;
        float log_rows[64], log_columns[64];
        clip_gradients g = {.du = a.du, .dv = a.dv};
        clip_infonce_online(&a.batch, shapes[k][2], log_rows, log_columns, &g);
        int block = shapes[k][2] < N ? shapes[k][2] : N;
        ck_assert_int_eq(g.held, 2L * block * block + 6L * N);
        tensor *loss = clip_infonce(a.u, a.v, a.t, CLIP_BOTH_WAYS);
        double z[64 * 64];
        plain_scores(a.u, a.v, a.batch.t, z);
        for (int i = 0; i < N; i++) {
            double row = 0, column = 0;
            for (int j = 0; j < N; j++) {
                row += exp(z[i * N + j]);
                column += exp(z[j * N + i]);
            }
            test_near(log_rows[i], log(row), 1e-6, "rows", i);
            test_near(log_columns[i], log(column), 1e-6, "columns", i);
        }
        if (k != 1)
            as_the_whole(&a, loss, &g);
        else
            test_near(g.loss, loss->data[0], 1e-5, "loss", k);
        tensors_free();
    }
}
END_TEST

// A maximum that was is not forgotten: after scores around 0 the sum of e^200 is still e^200.
START_TEST(running_maxima)
{
    float most[2][2] = {{-INFINITY, -INFINITY}, {-INFINITY, -INFINITY}}, sum[2][2] = {{0}};
    clip_running rows = {most[0], sum[0]}, columns = {most[1], sum[1]};
    const float high[] = {200, 199, -3, 0}, low[] = {1, 2, 150, 3};
    clip_run_rows(&rows, (clip_block){0, 2, 0, 2}, high);
    clip_run_rows(&rows, (clip_block){0, 2, 2, 2}, low);
    clip_run_columns(&columns, (clip_block){0, 2, 0, 2}, high);
    clip_run_columns(&columns, (clip_block){2, 2, 0, 2}, low);
    test_near(most[0][0] + log(sum[0][0]), 200 + log1p(exp(-1)), 1e-7, "row", 0);
    test_near(most[0][1] + log(sum[0][1]), 150, 1e-7, "row", 1);
    test_near(most[1][0] + log(sum[1][0]), 200, 1e-7, "column", 0);
    test_near(most[1][1] + log(sum[1][1]), 199, 1e-7, "column", 1);
    ck_assert(most[0][0] == 200 && most[1][1] == 199);
}
END_TEST

// ---- Matching ----

START_TEST(ranks_and_recall)
{
    const float scores[] = {3, 1, 2, 3, // its own is one of two best
                            9, 5, 5, 5, // one better, three as good
                            0, 1, 2, 1, // alone
                            1, 1, 1, 1};
    int greater[4], equal[4];
    clip_ranks(4, scores, greater, equal);
    const int expected_greater[] = {0, 1, 0, 0}, expected_equal[] = {2, 3, 1, 4};
    ck_assert_mem_eq(greater, expected_greater, sizeof greater);
    ck_assert_mem_eq(equal, expected_equal, sizeof equal);
    test_near(clip_recall(4, greater, equal, 1), (0.5 + 0 + 1 + 0.25) / 4, 1e-12, "R@1", 0);
    test_near(clip_recall(4, greater, equal, 2), (1 + 1 / 3.0 + 1 + 0.5) / 4, 1e-12, "R@2", 0);
    test_near(clip_recall(4, greater, equal, 4), 1, 1e-12, "R@4", 0);
}
END_TEST

START_TEST(zero_shot)
{
    // Two prompts of a class: their mean's direction, which is of length 1 again
    const float prompts[] = {1, 0, 0, 1}, u[] = {0.8f, 0.6f, -1, 0, 0, 1};
    float w[6] = {0};
    clip_ensemble(2, 2, prompts, w);
    test_near(w[0], sqrt(0.5), 1e-7, "w", 0);
    test_near(w[1], sqrt(0.5), 1e-7, "w", 1);
    w[2] = -1; // class 1: (-1, 0); class 2 as class 1: the first of equals
    w[4] = -1;
    int classes[3];
    clip_zero_shot(3, 3, 2, u, w, classes);
    ck_assert_int_eq(classes[0], 0);
    ck_assert_int_eq(classes[1], 1);
    ck_assert_int_eq(classes[2], 0);
    const float opposite[] = {1, 0, -1, 0};
    REFUSED((clip_ensemble(2, 2, opposite, w), 0),
            "clip_ensemble: a mean of zero has no direction");
}
END_TEST

START_TEST(gaps)
{
    const float u[] = {1, 0, 0, 1}, v[] = {-1, 0};
    test_near(clip_gap(2, 1, 2, u, v), sqrt(1.5 * 1.5 + 0.25), 1e-12, "gap", 0);
    test_near(clip_gap(2, 2, 2, u, u), 0, 1e-12, "gap", 1);
}
END_TEST

// ---- The exact optimum ----

enum { X = 5, Y = 4, CELLS = X * Y };

static clip_joint
a_joint(double p[CELLS])
{
    rng r = rng_at(8, 0);
    double sum = 0;
    for (int i = 0; i < CELLS; i++)
        sum += p[i] = exp(0.8 * rng_normal(&r));
    for (int i = 0; i < CELLS; i++)
        p[i] /= sum;
    return clip_joint_new(X, Y, p);
}

static int
drawn(rng *r, int n, const double *p)
{
    double x = rng_uniform64(r);
    int k = 0;
    while (k < n - 1 && x >= p[k])
        x -= p[k++];
    return k;
}

// The expected loss beside the mean over drawn batches, with any scores.
START_TEST(expected_by_sampling)
{
    enum { N = 4, BATCHES = 40000 };
    double p[CELLS], z[CELLS], sum[4] = {0}, square[4] = {0};
    clip_joint j = a_joint(p);
    rng r = rng_at(8, 1);
    for (int i = 0; i < CELLS; i++)
        z[i] = rng_normal(&r);
    for (int n = 0; n < BATCHES; n++) {
        double s[N * N], loss[4] = {0};
        int x[N], y[N];
        for (int i = 0; i < N; i++) {
            int cell = drawn(&r, CELLS, p);
            x[i] = cell / Y;
            y[i] = cell % Y;
        }
        for (int i = 0; i < N * N; i++) {
            s[i] = z[x[i / N] * Y + y[i % N]];
            loss[CLIP_SIGMOID] += log1p(exp(i / N == i % N ? -s[i] : s[i])) / N;
        }
        loss[CLIP_ROWS] = plain_infonce(N, s, true);
        loss[CLIP_COLUMNS] = plain_infonce(N, s, false);
        loss[CLIP_BOTH] = (loss[CLIP_ROWS] + loss[CLIP_COLUMNS]) / 2;
        for (int o = 0; o < 4; o++) {
            sum[o] += loss[o];
            square[o] += loss[o] * loss[o];
        }
    }
    for (int o = 0; o < 4; o++) {
        double mean = sum[o] / BATCHES, error = sqrt((square[o] / BATCHES - mean * mean) / BATCHES);
        double exact = clip_expected(&j, o, N, z, NULL, NULL);
        ck_assert_msg(fabs(mean - exact) / error < 4, "%d: %g, %g +- %g", o, exact, mean, error);
    }
    clip_joint_free(&j);
}
END_TEST

START_TEST(expected_derivatives)
{
    double p[CELLS], z[CELLS], slope[CELLS], curve[CELLS * CELLS];
    clip_joint j = a_joint(p);
    rng r = rng_at(8, 2);
    for (int i = 0; i < CELLS; i++)
        z[i] = rng_normal(&r);
    for (clip_objective o = CLIP_ROWS; o <= CLIP_SIGMOID; o++) {
        clip_expected(&j, o, 3, z, slope, curve);
        for (int i = 0; i < CELLS; i++) {
            double before = z[i], step = 1e-4, above[CELLS], below[CELLS];
            z[i] = before + step;
            double up = clip_expected(&j, o, 3, z, above, NULL);
            z[i] = before - step;
            double down = clip_expected(&j, o, 3, z, below, NULL);
            z[i] = before;
            test_near(slope[i], (up - down) / (2 * step), 1e-7, "slope", i);
            for (int k = 0; k < CELLS; k++)
                test_near(curve[i * CELLS + k], (above[k] - below[k]) / (2 * step), 1e-7, "curve",
                          k);
        }
    }
    clip_joint_free(&j);
}
END_TEST

// The best scores are PMI: up to a constant on each row for one direction, up to one for both, and for the sigmoid loss
// with the constant -log(N - 1).
START_TEST(optimum_is_pmi)
{
    double p[CELLS], loss[31], z[CELLS];
    clip_joint j = a_joint(p);
    for (int N = 2; N <= 8; N *= 2)
        for (clip_objective o = CLIP_ROWS; o <= CLIP_SIGMOID; o++) {
            memset(z, 0, sizeof z);
            clip_newton(&j, o, N, 30, z, loss);
            double within_rows = 0, within_columns = 0, within_all = 0, constant = 0;
            for (int i = 0; i < CELLS; i++)
                constant += (z[i] - j.pmi[i]) / CELLS;
            for (int i = 0; i < CELLS; i++) {
                double c = z[i] - j.pmi[i];
                within_rows = fmax(within_rows, fabs(c - (z[i / Y * Y] - j.pmi[i / Y * Y])));
                within_columns = fmax(within_columns, fabs(c - (z[i % Y] - j.pmi[i % Y])));
                within_all = fmax(within_all, fabs(c - constant));
            }
            if (o == CLIP_ROWS)
                ck_assert_double_lt(within_rows, 1e-7);
            if (o == CLIP_COLUMNS)
                ck_assert_double_lt(within_columns, 1e-7);
            if (o == CLIP_BOTH || o == CLIP_SIGMOID)
                ck_assert_double_lt(within_all, 1e-7);
            if (o == CLIP_SIGMOID)
                test_near(constant, -log(N - 1), 1e-7, "constant", N);
            // PMI itself, with the sigmoid's constant, is as good; log N - loss stays below the information
            for (int i = 0; i < CELLS; i++)
                z[i] = j.pmi[i] - (o == CLIP_SIGMOID ? log(N - 1) : 0);
            double least = clip_expected(&j, o, N, z, NULL, NULL);
            test_near(least, loss[30], 1e-12, "least loss", N);
            if (o != CLIP_SIGMOID)
                ck_assert_double_lt(log(N) - least, j.information);
            // and anything else is worse
            z[3] += 0.1;
            ck_assert_double_gt(clip_expected(&j, o, N, z, NULL, NULL), least + 1e-6);
        }
    clip_joint_free(&j);
}
END_TEST

START_TEST(joint)
{
    const double p[] = {0.5, 0, 0.25, 0.25};
    clip_joint j = clip_joint_new(2, 2, p);
    test_near(j.of_x[0], 0.5, 1e-15, "of x", 0);
    test_near(j.of_y[1], 0.25, 1e-15, "of y", 1);
    test_near(j.pmi[0], log(0.5 / (0.5 * 0.75)), 1e-15, "PMI", 0);
    ck_assert(j.pmi[1] == -INFINITY);
    test_near(j.information, 0.5 * log(4 / 3.0) + 0.25 * log(2 / 3.0) + 0.25 * log(2), 1e-15,
              "information", 0);
    REFUSED(clip_expected(&j, CLIP_ROWS, 1, p, NULL, NULL),
            "clip_expected: batches of 1 pairs; expected 2 or more");
    clip_joint_free(&j);
}
END_TEST

// ---- The shapes ----

// Every caption of a scene with its probability 1/4.
static void
caption_of(int scene, int kind, int word[SHAPES_SLOTS])
{
    shapes_scene s = shapes_scene_at(scene);
    word[0] = shapes_word(0, kind % 2 ? s.size : -1);
    word[1] = shapes_word(1, s.colour);
    word[2] = shapes_word(2, s.form);
    word[3] = shapes_word(3, kind / 2 ? s.place : -1);
}

START_TEST(shapes_pmi)
{
    double information = 0;
    for (int scene = 0; scene < SHAPES_SCENES; scene++)
        for (int kind = 0; kind < 4; kind++) {
            int word[SHAPES_SLOTS], true_of = 0;
            caption_of(scene, kind, word);
            for (int other = 0; other < SHAPES_SCENES; other++)
                true_of += shapes_fits(word, shapes_scene_at(other));
            // p(caption | scene) / p(caption) = (1/4) / (true_of / scenes / 4)
            double pmi = clip_shapes_pmi(word, shapes_scene_at(scene));
            test_near(pmi, log((double)SHAPES_SCENES / true_of), 1e-14, "PMI", kind);
            information += pmi / SHAPES_SCENES / 4;
            int elsewhere = (scene + SHAPES_PLACES) % SHAPES_SCENES; // another form or colour
            ck_assert(clip_shapes_pmi(word, shapes_scene_at(elsewhere)) == -INFINITY);
        }
    test_near(clip_shapes_information(), information, 1e-12, "information", 0);
    test_near(information, 4.911, 5e-4, "information", 1);
}
END_TEST

// N = 2, every pair of pairs.
START_TEST(shapes_floor_of_two)
{
    double to_caption = 0, to_picture = 0, sigmoid = 0;
    long all = (long)SHAPES_SCENES * 4;
    for (long own = 0; own < 4; own++)
        for (long other = 0; other < all; other++) {
            // By symmetry the first scene stands for all
            int word[SHAPES_SLOTS], others[SHAPES_SLOTS];
            shapes_scene mine = shapes_scene_at(0), theirs = shapes_scene_at((int)(other / 4));
            caption_of(0, (int)own, word);
            caption_of((int)(other / 4), (int)(other % 4), others);
            double right = clip_shapes_pmi(word, mine);
            double caption = clip_shapes_pmi(others, mine), picture = clip_shapes_pmi(word, theirs);
            to_caption += log1p(exp(caption - right)) / (4.0 * all);
            to_picture += log1p(exp(picture - right)) / (4.0 * all);
            sigmoid += (log1p(exp(-right)) + log1p(exp(caption))) / (4.0 * all);
        }
    clip_floor f = clip_shapes_floor(2);
    test_near(f.to_caption, to_caption, 1e-13, "to caption", 0);
    test_near(f.to_picture, to_picture, 1e-13, "to picture", 0);
    test_near(f.sigmoid, sigmoid, 1e-13, "sigmoid", 0);
}
END_TEST

// Larger batches, against drawn ones scored by PMI.
START_TEST(shapes_floor_by_sampling)
{
    enum { N = 64, BATCHES = 400 };
    rng r = rng_at(9, 0);
    double sum[3] = {0}, square[3] = {0};
    for (int n = 0; n < BATCHES; n++) {
        shapes_scene s[N];
        int word[N][SHAPES_SLOTS];
        double z[N * N], loss[3] = {0};
        for (int i = 0; i < N; i++) {
            s[i] = shapes_scene_drawn(&r);
            shapes_caption(&r, s[i], word[i]);
        }
        for (int i = 0; i < N * N; i++) {
            z[i] = clip_shapes_pmi(word[i % N], s[i / N]);
            double x = z[i] - log(N - 1);
            loss[2] += log1p(exp(i / N == i % N ? -x : x)) / N;
        }
        loss[0] = plain_infonce(N, z, true);
        loss[1] = plain_infonce(N, z, false);
        for (int o = 0; o < 3; o++) {
            sum[o] += loss[o];
            square[o] += loss[o] * loss[o];
        }
    }
    clip_floor f = clip_shapes_floor(N);
    const double exact[] = {f.to_caption, f.to_picture, f.sigmoid};
    for (int o = 0; o < 3; o++) {
        double mean = sum[o] / BATCHES, error = sqrt((square[o] / BATCHES - mean * mean) / BATCHES);
        ck_assert_msg(fabs(mean - exact[o]) / error < 4, "%d: %g, %g +- %g", o, exact[o], mean,
                      error);
    }
    REFUSED((clip_shapes_floor(1), 0), "clip_shapes_floor: batches of 1 pairs; expected 2 or more");
}
END_TEST

// ---- The towers ----

static const clip_config small = {
    .picture = {.H = 4, .W = 6, .C = 2, .P = 2, .D = 4, .L = 1, .h = 2, .F = 6, .pool = VIT_MEAN},
    .words = 7,
    .slots = 3,
    .width = 5,
    .hidden = 6,
    .d = 8};

static const int some_words[] = {1, 3, 0, 2, 6, 5};

// Parameters far from those of a new model: none is zero.
static clip
disturbed(void)
{
    rng r = rng_at(10, 0);
    clip m = clip_new(&small, 1, -2, &r);
    for (int i = 0; i < param_count(); i++) {
        tensor *w = param_at(i);
        if (w != m.t && w != m.b)
            for (long k = 0; k < w->size; k++)
                w->data[k] += (float)(0.3 * rng_normal(&r));
    }
    return m;
}

START_TEST(captions_by_formula)
{
    clip m = disturbed();
    const tensor *v = clip_captions(&m, 2, some_words);
    ck_assert(shape_equal(v->shape, SHAPE(2, 8)));
    for (int n = 0; n < 2; n++) {
        double hidden[6], out[8], square = 0;
        for (int i = 0; i < 6; i++) {
            double x = m.b_1->data[i];
            for (int k = 0; k < 15; k++)
                x += m.w_1->data[i * 15 + k] *
                     m.embedding->data[some_words[n * 3 + k / 5] * 5 + k % 5];
            hidden[i] = x * (1 + erf(x / sqrt(2))) / 2;
        }
        for (int i = 0; i < 8; i++) {
            out[i] = m.b_2->data[i];
            for (int k = 0; k < 6; k++)
                out[i] += m.w_2->data[i * 6 + k] * hidden[k];
            square += out[i] * out[i];
        }
        for (int i = 0; i < 8; i++)
            test_near(v->data[n * 8 + i], out[i] / sqrt(square), 1e-6, "v", i);
    }
}
END_TEST

START_TEST(pictures_by_formula)
{
    clip m = disturbed();
    rng r = rng_at(10, 1);
    tensor *x = test_param("x", SHAPE(3, 2, 4, 6), &r, 1);
    const tensor *f = vit_features(&m.tower, x);
    const tensor *u = clip_pictures(&m, x);
    for (int n = 0; n < 3; n++) {
        double out[8], square = 0;
        for (int i = 0; i < 8; i++) {
            out[i] = 0;
            for (int k = 0; k < 4; k++)
                out[i] += m.w_picture->data[i * 4 + k] * f->data[n * 4 + k];
            square += out[i] * out[i];
        }
        for (int i = 0; i < 8; i++)
            test_near(u->data[n * 8 + i], out[i] / sqrt(square), 1e-6, "u", i);
    }
}
END_TEST

static tensor *
model_f(tensor *const x[], void *context)
{
    const clip *m = context;
    tensor *u = clip_pictures(m, x[0]);
    tensor *v = clip_captions(m, 2, some_words);
    tensor *one = clip_infonce(u, v, m->t, CLIP_BOTH_WAYS);
    return t_add(one, clip_sigmoid(u, v, m->t, m->b));
}

START_TEST(model_gradients)
{
    rng r = rng_at(10, 2);
    tensor *x = test_param("x", SHAPE(2, 2, 4, 6), &r, 1);
    clip m = disturbed();
    tensor *all[64] = {x};
    int n = 0;
    for (int i = 0; i < param_count(); i++)
        all[n++] = param_at(i);
    ck_assert_double_lt(gradcheck(model_f, n, all, &m), 4e-3);
}
END_TEST

START_TEST(new_models)
{
    rng r = rng_at(11, 0), same = r;
    clip m = clip_new(&small, 2, -3, &r);
    ck_assert(m.t->data[0] == 2 && m.b->data[0] == -3);
    ck_assert(!m.tower.w_head && !m.tower.class_token);
    int count = param_count();
    clip again = clip_new(&small, 2, -3, &same);
    for (int i = 0; i < count; i++)
        ck_assert_mem_eq(param_at(i)->data, param_at(count + i)->data,
                         param_at(i)->size * sizeof(float));
    ck_assert(again.w_2 != m.w_2);
    double square = 0;
    for (int i = 0; i < m.w_1->size; i++)
        square += m.w_1->data[i] * m.w_1->data[i];
    ck_assert_double_lt(fabs(square / m.w_1->size * 15 - 1) / sqrt(2.0 / m.w_1->size), 4);
    clip_config bad = small;
    bad.slots = 0;
    REFUSED((clip_new(&bad, 2, -3, &r), 0),
            "clip_new: 7 words in 0 slots, widths 5, 6 and 8; expected one or more of each");
}
END_TEST

// ---- Trainings ----

// Who knows PMI, by its definition: true captions that say more than one's own are before it, equal ones share.
START_TEST(ideal)
{
    clip_test test = clip_test_new();
    double found = 0, loss[2] = {0};
    for (int i = 0; i < CLIP_TESTED; i++) {
        const int *own = test.words + i * SHAPES_SLOTS;
        int better = 0, equal = 0, pool = i / CLIP_POOL * CLIP_POOL;
        for (int j = pool; j < pool + CLIP_POOL; j++) {
            const int *other = test.words + j * SHAPES_SLOTS;
            int more = (other[0] != 0) + 2 * (other[3] != 0) - (own[0] != 0) - 2 * (own[3] != 0);
            bool fits = shapes_fits(other, test.scenes[i]);
            better += fits && more > 0;
            equal += fits && more == 0;
        }
        found += better ? 0 : 1.0 / equal;
        // Batches of 2: the other one's caption of this picture, and this one's of the other
        int j = i ^ 1;
        double z = clip_shapes_pmi(own, test.scenes[i]);
        double row = clip_shapes_pmi(test.words + j * SHAPES_SLOTS, test.scenes[i]);
        double column = clip_shapes_pmi(own, test.scenes[j]);
        loss[0] += (log1p(exp(row - z)) + log1p(exp(column - z))) / 2;
        loss[1] += log1p(exp(-z)) + log1p(exp(row));
    }
    test_near(clip_ideal_recall(&test), found / CLIP_TESTED, 1e-12, "R@1", 0);
    for (int k = 0; k < 2; k++)
        test_near(clip_ideal_loss(&test, 2, k), loss[k] / CLIP_TESTED, 1e-6, "loss", k);
    clip_test_free(&test);
}
END_TEST

// What a training measures in the end, once more from its model: R@1 in the pools, means, zero-shot by 48 captions.
static void
as_measured(const clip *m, const clip_run *run, const clip_test *test)
{
    enum { N = CLIP_POOL };
    static float z[N * N];
    static int word[CLIP_KINDS * SHAPES_SLOTS], greater[N], equal[N], found[N];
    double recall = 0, mean = 0, right = 0, loss = 0, sum[CLIP_LIFTS] = {0}, n[CLIP_LIFTS] = {0};
    for (int c = 0; c < CLIP_KINDS; c++) {
        word[c * SHAPES_SLOTS + 1] = shapes_word(1, c / SHAPES_FORMS);
        word[c * SHAPES_SLOTS + 2] = shapes_word(2, c % SHAPES_FORMS);
    }
    for (int pool = 0; pool < CLIP_POOLS; pool++) {
        const shapes_scene *scene = test->scenes + pool * N;
        tensor *x = constant("x", SHAPE(N, 3, SHAPES_SIDE, SHAPES_SIDE),
                             test->pictures + (long)pool * N * SHAPES_PIXELS);
        const tensor *u = clip_pictures(m, x);
        const tensor *v = clip_captions(m, N, test->words + pool * N * SHAPES_SLOTS);
        const tensor *w = clip_captions(m, CLIP_KINDS, word);
        int d = u->shape.n[1];
        for (int i = 0; i < N * N; i++) {
            z[i] = dot32(d, u->data + i / N * d, v->data + i % N * d);
            double logit = run->m.scale * z[i] + run->m.b, y = i % (N + 1) ? -1 : 1;
            double pmi =
                clip_shapes_pmi(test->words + (pool * N + i % N) * SHAPES_SLOTS, scene[i / N]);
            // Of log 48, log 96, log 192, log 384, or none
            int group = pmi > 0 ? 1 + (int)round((pmi - log(48)) / log(2)) : 0;
            mean += logit / (N * N * CLIP_POOLS);
            sum[group] += logit;
            n[group]++;
            // Batches of 4
            if (run->sigmoid && i / N / 4 == i % N / 4)
                loss += log1p(exp(-y * logit)) / CLIP_TESTED;
        }
        clip_ranks(N, z, greater, equal);
        recall += clip_recall(N, greater, equal, 1) / CLIP_POOLS;
        clip_zero_shot(N, CLIP_KINDS, d, u->data, w->data, found);
        for (int i = 0; i < N; i++)
            right += found[i] == scene[i].colour * SHAPES_FORMS + scene[i].form;
        tape_reset();
    }
    test_near(run->m.recall, recall, 3e-3, "R@1", 0);
    test_near(run->m.mean_score, mean, 1e-4, "mean", 0);
    for (int g = 0; g < CLIP_LIFTS; g++)
        test_near(run->m.score[g], sum[g] / n[g], 1e-4, "mean of a PMI", g);
    if (run->sigmoid)
        test_near(run->m.excess, loss - clip_ideal_loss(test, 4, true), 1e-4, "excess", 0);
    test_near(run->m.zero_shot, right / CLIP_TESTED, 3e-3, "zero-shot", 0);
}

// A training is its steps, one after the other: weights and pairs of the seed, the rate's rise, gradients clipped to 1,
// and t brought to its limit after each. In the last the steps are so large that it gets there.
START_TEST(trainings)
{
    enum { STEPS = 3, PAIRS = 4 };
    clip_test test = clip_test_new();
    const float biases[] = {0, -4, -4, 20};
    bool limited = false;
    for (int k = 0; k < 4; k++) {
        bool sigmoid = k > 0;
        float loss[STEPS];
        clip_run run = clip_usual_run(PAIRS, sigmoid, biases[k], 10);
        ck_assert(run.rate == 8e-3f);
        run.t = (training){.steps = STEPS, .loss = loss};
        run.b_fixed = k == 2;
        run.rate = k == 3 ? 300 : 0.1f;
        clip_train(&run, &test);
        tensors_free();
        rng weights = rng_at(10, 0), data = rng_at(10, 1);
        clip_config c = clip_usual();
        clip m = clip_new(&c, (float)log(sigmoid ? 10 : 1 / 0.07), run.b, &weights);
        adamw adam = adamw_new(0.9f, sigmoid ? 0.95f : 0.98f, 1e-8f, 0);
        for (int s = 0; s < STEPS; s++) {
            shapes_scene scenes[PAIRS];
            int words[PAIRS * SHAPES_SLOTS];
            tensor *x = constant("x", SHAPE(PAIRS, 3, SHAPES_SIDE, SHAPES_SIDE), NULL);
            shapes_batch(&data, PAIRS, scenes, words, x->data);
            tensor *u = clip_pictures(&m, x);
            tensor *v = clip_captions(&m, PAIRS, words);
            tensor *b = run.b_fixed ? detach(m.b) : m.b;
            tensor *l =
                sigmoid ? clip_sigmoid(u, v, m.t, b) : clip_infonce(u, v, m.t, CLIP_BOTH_WAYS);
            ck_assert(loss[s] == l->data[0]);
            zero_grad();
            backward(l);
            clip_global_norm(1);
            adamw_step(&adam, warmup_cosine(s, 50, STEPS, run.rate));
            limited = limited || m.t->data[0] > clip_most_t;
            m.t->data[0] = fminf(m.t->data[0], clip_most_t);
            tape_reset();
        }
        ck_assert(run.m.scale == exp32(m.t->data[0]));
        ck_assert(run.m.b == (sigmoid ? m.b->data[0] : 0));
        ck_assert((run.m.b == run.b) == (k == 0 || k == 2));
        as_measured(&m, &run, &test);
        tensors_free();
    }
    ck_assert(limited);
    clip_test_free(&test);
}
END_TEST

// Half of the patches: the tower sees 8 of each picture's 16, drawn anew, with the positions that they had. Words as
// classes: one sigmoid loss for each of the 20 words.
START_TEST(cheaper_kinds)
{
    enum { PAIRS = 3, SAID = SHAPES_WORDS - 1, T = 16, D = 32 };
    clip_test test = clip_test_new();
    float loss[2][1];
    for (int k = 0; k < 2; k++) {
        clip_run run = clip_usual_run(PAIRS, false, 0, 11);
        run.t = (training){.steps = 1, .loss = loss[k]};
        run.kind = k ? CLIP_WORDS_AS_CLASSES : CLIP_HALF_THE_PATCHES;
        clip_train(&run, &test);
        tensors_free();
    }
    rng weights = rng_at(11, 0), data = rng_at(11, 1), patches = rng_at(11, 2);
    clip_config c = clip_usual();
    clip m = clip_new(&c, (float)log(1 / 0.07), 0, &weights);
    shapes_scene scenes[PAIRS];
    int words[PAIRS * SHAPES_SLOTS];
    tensor *x = constant("x", SHAPE(PAIRS, 3, SHAPES_SIDE, SHAPES_SIDE), NULL);
    shapes_batch(&data, PAIRS, scenes, words, x->data);
    const tensor *all = vit_embed(&m.tower, x);
    tensor *half = constant("half", SHAPE(PAIRS, T / 2, D), NULL);
    for (int i = 0; i < PAIRS; i++) {
        int left[T];
        for (int j = 0; j < T; j++)
            left[j] = j;
        for (int j = 0; j < T / 2; j++) {
            int at = j + (int)rng_below(&patches, (uint32_t)(T - j)), kept = left[at];
            left[at] = left[j];
            memcpy(half->data + (i * T / 2 + j) * D, all->data + (i * T + kept) * D,
                   D * sizeof(float));
        }
    }
    tensor *z = vit_block_forward(&m.tower.block[0], half, NULL);
    tensor *u = clip_project(&m, vit_pooled(&m.tower, z));
    tensor *v = clip_captions(&m, PAIRS, words);
    test_near(loss[0][0], clip_infonce(u, v, m.t, CLIP_BOTH_WAYS)->data[0], 1e-6, "half", 0);
    const tensor *f = vit_features(&m.tower, x);
    float w[SAID * D];
    rng_fill_normal(&weights, SAID * D, w, 0, 1 / sqrt32(D));
    double sum = 0;
    for (int i = 0; i < PAIRS; i++)
        for (int k = 0; k < SAID; k++) {
            const int *said = words + i * SHAPES_SLOTS;
            bool is = said[0] == k + 1 || said[1] == k + 1 || said[2] == k + 1 || said[3] == k + 1;
            sum += log1p(exp((is ? -1 : 1) * (double)dot32(D, f->data + i * D, w + k * D))) / PAIRS;
        }
    test_near(loss[1][0], sum, 1e-5, "words", 0);
    clip_test_free(&test);
}
END_TEST

// Locked: for half of the steps words as classes, then the picture tower stays as it is, and what follows it learns.
START_TEST(locked)
{
    enum { STEPS = 6, PAIRS = 4, SAID = SHAPES_WORDS - 1 };
    clip_test test = clip_test_new();
    float loss[STEPS];
    clip_run run = clip_usual_run(PAIRS, false, 0, 12);
    run.t = (training){.steps = STEPS, .loss = loss};
    run.kind = CLIP_LOCKED;
    run.rate = 1;
    clip_train(&run, &test);
    tensors_free();
    rng weights = rng_at(12, 0), data = rng_at(12, 1);
    clip_config c = clip_usual();
    clip m = clip_new(&c, (float)log(1 / 0.07), 0, &weights);
    tensor *w = param("w", SHAPE(SAID, c.d)), *b = param("b", SHAPE(SAID));
    rng_fill_normal(&weights, w->size, w->data, 0, 1 / sqrt32((float)c.d));
    adamw first = adamw_new(0.9f, 0.98f, 1e-8f, 0), then = adamw_new(0.9f, 0.98f, 1e-8f, 0);
    for (int s = 0; s < STEPS; s++) {
        bool by_words = s < STEPS / 2;
        shapes_scene scenes[PAIRS];
        int words[PAIRS * SHAPES_SLOTS], unsaid[PAIRS * SAID];
        tensor *x = constant("x", SHAPE(PAIRS, 3, SHAPES_SIDE, SHAPES_SIDE), NULL);
        shapes_batch(&data, PAIRS, scenes, words, x->data);
        for (int i = 0; i < PAIRS * SAID; i++) {
            unsaid[i] = 1;
            for (int slot = 0; slot < SHAPES_SLOTS; slot++)
                unsaid[i] -= words[i / SAID * SHAPES_SLOTS + slot] == i % SAID + 1;
        }
        tensor *f = vit_features(&m.tower, x), *l;
        if (by_words) {
            // -log sigmoid(y x) is the cross-entropy of the logits x and 0
            tensor *logits = t_linear(f, w, b), *zero = constant("0", logits->shape, NULL);
            tensor *two = t_transpose(t_stack(2, (tensor *[]){logits, zero}), 0, 1);
            l = t_scale(t_cross_entropy(t_transpose(two, 1, 2), unsaid), SAID);
        } else {
            tensor *u = clip_project(&m, detach(f));
            tensor *v = clip_captions(&m, PAIRS, words);
            l = clip_infonce(u, v, m.t, CLIP_BOTH_WAYS);
        }
        test_near(loss[s], l->data[0], 1e-3, "loss", s);
        zero_grad();
        backward(l);
        clip_global_norm(1);
        adamw_step(by_words ? &first : &then, warmup_cosine(s % 3, 50, STEPS / 2, run.rate));
        clip_clamp(m.t);
        tape_reset();
    }
    clip_test_free(&test);
}
END_TEST

// ---- The reader's own vectors ----

START_TEST(own_vectors)
{
    enum { N = 70, D = 3 }; // more rows than are taken at a time
    rng r = rng_at(12, 0);
    double x[N * D], y[N * D];
    for (int i = 0; i < N * D; i++) {
        x[i] = rng_normal(&r);
        y[i] = 5 * x[i] + rng_normal(&r);
    }
    npy pictures = {.rank = 2, .n = {N, D}, .size = N * D, .values = x};
    npy captions = {.rank = 2, .n = {N, D}, .size = N * D, .values = y};
    clip_own_pairs a = clip_own_take(&pictures, "u.npy", &captions, "v.npy");
    clip_own_measured m = clip_own_measure(&a, 20, -3);
    tensor *u = param("u", SHAPE(N, D)), *v = param("v", SHAPE(N, D)), *b = number("b", -3);
    memcpy(u->data, a.u, N * D * sizeof(float));
    memcpy(v->data, a.v, N * D * sizeof(float));
    float z[N * N], turned[N * N];
    for (int k = 0; k < CLIP_OWN_SCALES; k++) {
        tensor *loss = clip_infonce(u, v, number("t", (float)log(m.scale[k])), CLIP_BOTH_WAYS);
        test_near(m.infonce[k], loss->data[0], 1e-5, "InfoNCE", k);
    }
    ck_assert(m.scale[CLIP_OWN_SCALES - 1] == 20);
    tensor *loss = clip_sigmoid(u, v, number("t", (float)log(20)), b);
    memcpy(z, tape_saved(loss, "scores")->data, sizeof z);
    backward(loss);
    test_near(m.sigmoid, loss->data[0], 1e-5, "sigmoid", 0);
    test_near(m.pull, b->grad[0], 1e-5, "db", 0);
    int greater[N], equal[N];
    double own = 0, all = 0;
    for (int i = 0; i < N * N; i++) {
        turned[i % N * N + i / N] = z[i];
        own += i % (N + 1) == 0 ? z[i] / 20 : 0;
        all += z[i] / 20;
    }
    for (int way = 0; way < 2; way++) {
        clip_ranks(N, way ? turned : z, greater, equal);
        test_near(m.recall[way][0], clip_recall(N, greater, equal, 1), 1e-12, "R@1", way);
        test_near(m.recall[way][1], clip_recall(N, greater, equal, 5), 1e-12, "R@5", way);
    }
    test_near(m.own, own / N, 1e-5, "own", 0);
    test_near(m.other, (all - own) / (N * (N - 1)), 1e-5, "other", 0);
    test_near(m.gap, clip_gap(N, N, D, u->data, v->data), 1e-6, "gap", 0);
    clip_own_free(&a);
}
END_TEST

START_TEST(own_refusals)
{
    double x[] = {1, 2, 3, 4, 0, 0}, huge[] = {1e300, 1e300, -1e-300, 0};
    npy two = {.rank = 2, .n = {2, 2}, .size = 4, .values = x};
    npy three = {.rank = 2, .n = {3, 2}, .size = 6, .values = x};
    npy flat = {.rank = 1, .n = {4}, .size = 4, .values = x};
    npy one = {.rank = 2, .n = {1, 4}, .size = 4, .values = x};
    REFUSED((clip_own_take(&two, "u", &three, "v"), 0),
            "v: (3, 2), but u is (2, 2); expected row i of both to be pair i");
    REFUSED((clip_own_take(&three, "u", &three, "v"), 0),
            "u: row 2 is zero, which has no direction");
    REFUSED((clip_own_take(&flat, "u", &two, "v"), 0), "u: 1 axes; expected 2, (pairs, numbers)");
    REFUSED((clip_own_take(&two, "u", &one, "v"), 0),
            "v: (1, 4); expected two rows or more, of a number or more");
    x[3] = NAN;
    REFUSED((clip_own_take(&two, "u", &two, "v"), 0),
            "u: row 1, column 1 is nan; expected a finite number");
    // Lengths that float could not hold, nor their squares double
    npy wide = {.rank = 2, .n = {2, 2}, .size = 4, .values = huge};
    clip_own_pairs a = clip_own_take(&wide, "u", &wide, "v");
    test_near(a.u[0], sqrt(0.5), 1e-7, "u", 0);
    ck_assert(a.u[2] == -1);
    clip_own_free(&a);
}
END_TEST

START_TEST(own_caption)
{
    int word[SHAPES_SLOTS];
    clip_caption_take("red ring", word);
    ck_assert_int_eq(word[0], 0);
    ck_assert_str_eq(shapes_spelling(word[1]), "red");
    ck_assert_str_eq(shapes_spelling(word[2]), "ring");
    ck_assert_int_eq(word[3], 0);
    REFUSED(clip_caption_take("small rng", word),
            "--caption: \"small rng\" is no caption; expected one word or more, in this order, at "
            "most one of each kind: small large, red green blue yellow pink cyan white orange, "
            "disc square triangle cross ring diamond, top-left top-right bottom-left bottom-right");
}
END_TEST

TEST_MAIN_WITH("clip", NULL, tensors_free, normalised, infonce_by_formula, loss_gradients,
               gradients_add, infonce_gradient_by_formula, sigmoid_by_formula, small_softplus,
               losses_at_the_start, a_gap_costs_nothing, loss_refusals, clamped,
               gradient_at_the_limit, as_devices, bits_of_devices, sum_in_a_tree, online,
               running_maxima, ranks_and_recall, zero_shot, gaps, expected_by_sampling,
               expected_derivatives, optimum_is_pmi, joint, shapes_pmi, shapes_floor_of_two,
               shapes_floor_by_sampling, captions_by_formula, pictures_by_formula, model_gradients,
               new_models, ideal, trainings, cheaper_kinds, locked, own_vectors, own_refusals,
               own_caption)
