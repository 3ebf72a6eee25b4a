// t_scan: the same bits as steps one by one, outputs and gradients, with any number of threads and whoever else uses
// what goes in; gradients against differences; what is refused.
#include "nets/scan.h"

#include "nets/ops.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "test.h"
#include "test_tensors.h"

#include <omp.h>
#include <string.h>

// ---- Two small cells ----

// Two states, and gradients of gx and gh that differ: s = tanh(x_0 + g_0), c' = c + s x_1 g_1, h' = s c'.
static void
two_forward(const scan_rows *r)
{
    float *s = r->kept[0], *x = r->kept[1], *g = r->kept[2];
    for (int i = 0; i < r->n; i++)
        for (int j = 0; j < r->H; j++) {
            int k = i * r->H + j, at = 2 * i * r->H + j;
            s[k] = tanh32(r->gx[at] + r->gh[at]);
            x[k] = r->gx[at + r->H];
            g[k] = r->gh[at + r->H];
            r->c_new[k] = r->c[k] + s[k] * x[k] * g[k];
            r->h_new[k] = s[k] * r->c_new[k];
        }
}

static void
two_backward(const scan_rows *r)
{
    const float *s = r->kept[0], *x = r->kept[1], *g = r->kept[2];
    for (int i = 0; i < r->n; i++)
        for (int j = 0; j < r->H; j++) {
            int k = i * r->H + j, at = 2 * i * r->H + j;
            float e = r->dc_new[k] + r->dh_new[k] * s[k];
            float ds = r->dh_new[k] * r->c_new[k] + e * x[k] * g[k];
            r->dgx[at] = r->dgh[at] = ds * (1 - s[k] * s[k]);
            r->dgx[at + r->H] = e * s[k] * g[k];
            r->dgh[at + r->H] = e * s[k] * x[k];
            r->dc[k] += e;
        }
}

// One state, which also goes on directly: h' = tanh(gx + gh) + h / 2.
static void
one_forward(const scan_rows *r)
{
    for (int k = 0; k < r->n * r->H; k++) {
        r->kept[0][k] = tanh32(r->gx[k] + r->gh[k]);
        r->h_new[k] = r->kept[0][k] + r->h[k] / 2;
    }
}

static void
one_backward(const scan_rows *r)
{
    for (int k = 0; k < r->n * r->H; k++) {
        r->dgh[k] = r->dh_new[k] * (1 - r->kept[0][k] * r->kept[0][k]);
        r->dh[k] += r->dh_new[k] / 2;
    }
}

static const scan_cell two_states = {"two",           2,           true,        true,
                                     {"s", "x", "g"}, two_forward, two_backward};
static const scan_cell one_state = {"one", 1, false, false, {"s"}, one_forward, one_backward};

// ---- Both ways ----

static tensor *
steps(const scan_cell *cell, tensor *gx, tensor *w, tensor *b, tensor *h, tensor *c)
{
    int T = gx->shape.n[0];
    tensor *all_h[T], *all_c[T];
    for (int t = 0; t < T; t++) {
        tensor *gh = b ? t_linear(h, w, b) : t_matmul_nt(h, w);
        tensor *out = t_scan_step(cell, t_at(gx, t), gh, c ? c : h);
        all_h[t] = h = c ? t_at(out, 0) : out;
        all_c[t] = c = c ? t_at(out, 1) : NULL;
    }
    tensor *both[] = {t_stack(T, all_h), c ? t_stack(T, all_c) : NULL};
    return c ? t_stack(2, both) : both[0];
}

// What a net is made of; `before` and `after`: whether gx has another use before the scan and after it, `again`: it
// is scanned twice, `view`: it is a view.
typedef struct {
    const scan_cell *cell;
    int T, B, H;
    bool bias, fixed, before, after, again, view; // fixed: the first states are constants
} net;

// The loss; the gradient of gx is found at *gx.
static tensor *
loss_of(const net *n, bool at_once, tensor **gx)
{
    tensor *x = param_at(0), *w = param_at(1), *b = n->bias ? param_at(2) : NULL;
    tensor *h = param_at(3), *c = n->cell->has_c ? param_at(4) : NULL;
    if (n->fixed) {
        h = constant("h0", h->shape, h->data);
        c = c ? constant("c0", c->shape, c->data) : NULL;
    }
    *gx = t_scale(x, 0.5f);
    if (n->view)
        *gx = t_reshape(*gx, x->shape);
    tensor *before = n->before ? t_sum(t_sigmoid(*gx)) : NULL;
    tensor *out = at_once ? t_scan(n->cell, *gx, w, b, h, c) : steps(n->cell, *gx, w, b, h, c);
    tensor *loss =
        t_sum(t_mul(out, t_reshape(n->cell->has_c ? param_at(6) : param_at(5), out->shape)));
    if (n->again)
        loss = t_add(loss, t_sum(at_once ? t_scan(n->cell, *gx, w, b, h, c)
                                         : steps(n->cell, *gx, w, b, h, c)));
    if (n->after)
        loss = t_add(loss, t_sum(t_tanh(*gx)));
    return before ? t_add(loss, before) : loss;
}

static void
new_params(const net *n)
{
    int G = n->cell->G, T = n->T, B = n->B, H = n->H;
    rng r = rng_at(1, 0);
    test_param("x", SHAPE(T, B, G * H), &r, 1);
    test_param("w", SHAPE(G * H, H), &r, 1 / sqrt32(H));
    test_param("b", SHAPE(G * H), &r, 0.3f);
    test_param("h0", SHAPE(B, H), &r, 0.5f);
    test_param("c0", SHAPE(B, H), &r, 0.5f);
    test_param("weight", SHAPE(T, B, H), &r, 1);
    tensor *weights = test_param("weights", SHAPE(2, T, B, H), &r, 1);
    // Zeros of both signs: a gradient of -0 is kept as one that is added to 0.
    for (int k = 0; k < weights->size; k += 3)
        weights->data[k] = k % 2 ? 0 : -0.0f;
    for (int k = 0; k < T * B * H; k += 2)
        param_at(5)->data[k] = k % 4 ? 0 : -0.0f;
}

static void
check(net n)
{
    tensor *gx;
    tape_poison(true);
    new_params(&n);
    double loss = 0;
    uint64_t hash = 0;
    long values = param_at(0)->size;
    float *dgx = malloc(values * sizeof *dgx);
    for (int way = 0; way < 4; way++) { // steps, and the scan with 1, 2, 3 threads
        tape_reset();
        zero_grad();
        omp_set_num_threads(way ? way : 1);
        tensor *y = loss_of(&n, way > 0, &gx);
        backward(y);
        if (way == 0) {
            loss = y->data[0];
            hash = test_gradient_hash();
            memcpy(dgx, gx->grad, values * sizeof *dgx);
        }
        ck_assert_double_eq(y->data[0], loss);
        ck_assert_uint_eq(test_gradient_hash(), hash);
        ck_assert_mem_eq(gx->grad, dgx, values * sizeof *dgx);
    }
    free(dgx);
    tensors_free();
}

START_TEST(same_bits)
{
    for (int i = 0; i < 64; i++) {
        net n = {&two_states,
                 5,
                 3,
                 4,
                 .bias = i & 1,
                 .fixed = i & 2,
                 .before = i & 4,
                 .after = i & 8,
                 .again = i & 16,
                 .view = i & 32};
        check(n);
        n.cell = &one_state;
        check(n);
    }
    check((net){&two_states, 1, 1, 1, .bias = false});
    check((net){&one_state, 1, 1, 1, .bias = true});
    check((net){&one_state, 4, 1, 17, .bias = false});
}
END_TEST

// Large enough for threads, with fewer sequences than threads and with more.
START_TEST(same_bits_of_threads)
{
    check((net){&two_states, 11, 7, 262, .bias = true});
    check((net){&one_state, 80, 2, 259, .bias = false});
    check((net){&one_state, 160, 1, 256, .bias = true, .fixed = true});
}
END_TEST

static tensor *
weighed(tensor *const x[], void *context)
{
    (void)x;
    tensor *gx;
    return loss_of(context, true, &gx);
}

START_TEST(gradients)
{
    for (int i = 0; i < 2; i++) {
        net n = {i ? &one_state : &two_states, 4, 2, 3, .bias = true, .before = true};
        new_params(&n);
        tensor *x[] = {param_at(0), param_at(1), param_at(2), param_at(3), param_at(4)};
        ck_assert_double_lt(gradcheck(weighed, i ? 4 : 5, x, &n), 1e-3);
        tensors_free();
    }
}
END_TEST

// Without a parameter behind gx the weights still get their gradient.
START_TEST(constant_inputs)
{
    float dw[2][2 * 3 * 3];
    rng r = rng_at(2, 0);
    tensor *w = test_param("w", SHAPE(6, 3), &r, 1);
    float x[4 * 2 * 6];
    rng_fill_normal(&r, 4 * 2 * 6, x, 0, 1);
    for (int way = 0; way < 2; way++) {
        tape_reset();
        zero_grad();
        tensor *gx = constant("gx", SHAPE(4, 2, 6), x), *h0 = constant("h0", SHAPE(2, 3), NULL);
        tensor *out = way ? t_scan(&two_states, gx, w, NULL, h0, h0)
                          : steps(&two_states, gx, w, NULL, h0, h0);
        backward(t_sum(out));
        memcpy(dw[way], w->grad, sizeof dw[way]);
    }
    ck_assert_mem_eq(dw[0], dw[1], sizeof dw[0]);
    tensors_free();
}
END_TEST

START_TEST(kept)
{
    tensor *gx = constant("gx", SHAPE(2, 1, 1), (float[]){0.5f, -1}),
           *h0 = constant("h0", SHAPE(1, 1), NULL);
    tensor *w = constant("w", SHAPE(1, 1), (float[]){2});
    tensor *out = t_scan(&one_state, gx, w, NULL, h0, NULL);
    const float *s = tape_saved(out, "s")->data;
    ck_assert_float_eq(s[0], tanh32(0.5f));
    ck_assert_float_eq(s[1], tanh32(-1 + 2 * s[0]));
    ck_assert_float_eq(out->data[1], s[1] + s[0] / 2);
    tensors_free();
}
END_TEST

START_TEST(refused)
{
    tensor *gx = constant("gx", SHAPE(4, 2, 6), NULL), *w = constant("w", SHAPE(6, 3), NULL);
    tensor *b = constant("b", SHAPE(3), NULL), *h = constant("h", SHAPE(2, 3), NULL);
    REFUSED(t_scan(&one_state, gx, w, NULL, h, NULL),
            "one: the first must be (T, B, G H) for a state (B, H): gx (4, 2, 6), h (2, 3)");
    REFUSED(t_scan(&two_states, gx, h, NULL, h, h),
            "two: the first must be (G H, H) for a state (B, H): h (2, 3), h (2, 3)");
    REFUSED(t_scan(&two_states, gx, w, b, h, h),
            "two: the first must be (G H) for a state (B, H): b (3), h (2, 3)");
    REFUSED(t_scan(&two_states, gx, w, NULL, h, NULL),
            "two: has a second state, and its first value is missing");
    REFUSED(t_scan(&two_states, gx, w, NULL, h, w),
            "two: the second state must have the shape of the first: w (6, 3), h (2, 3)");
    tensor *gx_1 = t_slice(t_reshape(gx, SHAPE(8, 6)), 0, 2);
    REFUSED(t_scan_step(&two_states, gx_1, h, h),
            "two: both pre-activations must be (B, 2H) for a state "
            "(B, H): gx (2, 6), h (2, 3), h (2, 3)");
    tensor *gx_one = constant("gx", SHAPE(4, 2, 3), NULL),
           *w_one = constant("w", SHAPE(3, 3), NULL);
    REFUSED(t_scan(&one_state, gx_one, w_one, NULL, h, h),
            "one: has no second state, and one is given: h (2, 3)");
    tensors_free();
}
END_TEST

TEST_MAIN("scan", same_bits, same_bits_of_threads, gradients, constant_inputs, kept, refused)
