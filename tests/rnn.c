// Chapter rnn: every layer and gradient against the formulas written once more, in double, one value at a
// time, with gradients by differences of the loss.
#include "rnn/rnn.h"
#include "rnn/characters.h"
#include "rnn/tasks.h"

#include "nets/ops.h"
#include "nets/train.h"
#include "test.h"
#include "test_tensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { T = 5, B = 2, I = 3, H = 4, MOST = 4 * H * (I + H + 2) + T * B * I + 2 * B * H };

// ---- Differences of a loss in double ----

typedef double loss_fn(const double *w, const void *context);

// d(loss)/dw[i] by central differences: exact to about 1e-9 for losses of order one.
static double
slope(loss_fn *loss, double *w, int i, const void *context)
{
    const double step = 1e-5;
    double kept = w[i];
    w[i] = kept + step;
    double above = loss(w, context);
    w[i] = kept - step;
    double below = loss(w, context);
    w[i] = kept;
    return (above - below) / (2 * step);
}

static void
assert_near(double measured, double expected, const char *what, int i)
{
    test_near(measured, expected, 2e-5, what, i);
}

static double
sigmoid_of(double x)
{
    return 1 / (1 + exp(-x));
}

// ---- The language model by hand ----

typedef struct {
    int x[T], y[T];
    float h0[H];
    int kicked; // the step whose state gets `kick` added, -1: h0
    double kick[H];
} lm_input;

// The sum of losses; w: u (H, I), w (H, H), v (I, H), b, c one after the other.
static double
lm_loss(const double *w, const void *context)
{
    const lm_input *in = context;
    const double *u = w, *ww = u + H * I, *v = ww + H * H, *b = v + I * H, *c = b + H;
    double h[H], sum = 0;
    for (int i = 0; i < H; i++)
        h[i] = in->h0[i] + (in->kicked < 0 ? in->kick[i] : 0);
    for (int t = 0; t < T; t++) {
        double next[H], o[I], all = 0;
        for (int i = 0; i < H; i++) {
            next[i] = u[i * I + in->x[t]] + b[i];
            for (int j = 0; j < H; j++)
                next[i] += ww[i * H + j] * h[j];
        }
        for (int i = 0; i < H; i++)
            h[i] = tanh(next[i]) + (t == in->kicked ? in->kick[i] : 0);
        for (int k = 0; k < I; k++) {
            o[k] = c[k];
            for (int i = 0; i < H; i++)
                o[k] += v[k * H + i] * h[i];
            all += exp(o[k]);
        }
        sum += log(all) - o[in->y[t]];
    }
    return sum;
}

static double
lm_kicked(const double *kick, const void *context)
{
    const lm_input *in = ((const void *const *)context)[0];
    const double *w = ((const void *const *)context)[1];
    lm_input kicked = *in;
    memcpy(kicked.kick, kick, sizeof kicked.kick);
    return lm_loss(w, &kicked);
}

START_TEST(language_model)
{
    enum { N = H * I + H * H + I * H + H + I };
    float w[N], d[N] = {0}, h[(T + 1) * H], p[T * I], loss[T], delta[T * H], dh0[H];
    double wide[N], total = 0;
    lm_input in = {.kicked = -1};
    rng r = rng_at(1, 0);
    rng_fill_normal(&r, N, w, 0, 0.7f);
    rng_fill_normal(&r, H, in.h0, 0, 1);
    for (int t = 0; t < T; t++) {
        in.x[t] = (int)rng_below(&r, I);
        in.y[t] = (int)rng_below(&r, I);
    }
    for (int i = 0; i < N; i++)
        wide[i] = w[i];
    rnn_lm m = {I, H, w, w + H * I, w + H * I + H * H, w + N - I - H, w + N - I};
    rnn_lm g = {I, H, d, d + H * I, d + H * I + H * H, d + N - I - H, d + N - I};
    rnn_trace trace = {T, h, p, loss, delta, dh0};
    memcpy(h, in.h0, sizeof in.h0);
    rnn_lm_forward(&m, in.x, in.y, &trace);
    rnn_lm_backward(&m, in.x, in.y, &trace, &g);
    for (int t = 0; t < T; t++)
        total += loss[t];
    assert_near(total, lm_loss(wide, &in), "loss", 0);
    for (int i = 0; i < N; i++)
        assert_near(d[i], slope(lm_loss, wide, i, &in), "gradient", i);
    for (int i = 0; i < H; i++) {
        double kick[H] = {0};
        const void *context[] = {&in, wide};
        in.kicked = -1;
        assert_near(dh0[i], slope(lm_kicked, kick, i, context), "dh0", i);
    }
    for (in.kicked = 0; in.kicked < T; in.kicked++)
        for (int i = 0; i < H; i++) {
            double kick[H] = {0};
            const void *context[] = {&in, wide};
            assert_near(delta[in.kicked * H + i], slope(lm_kicked, kick, i, context), "delta",
                        in.kicked * H + i);
        }
}
END_TEST

// The tape and the hand agree: the tape's tanh layer with one-hot inputs is the language model's state.
START_TEST(language_model_equals_tape)
{
    enum { W_HH = H * I, V = W_HH + H * H, BIAS = V + I * H, C = BIAS + H, N = C + I };
    float w[N], d[N] = {0}, h[(T + 1) * H] = {0}, p[T * I], loss[T], delta[T * H], dh0[H];
    float hot[T * I] = {0};
    int x[T] = {0, 2, 1, 1, 0}, y[T] = {2, 1, 1, 0, 2};
    rng r = rng_at(2, 0);
    rng_fill_normal(&r, N, w, 0, 0.7f);
    rnn_lm m = {I, H, w, w + W_HH, w + V, w + BIAS, w + C};
    rnn_lm g = {I, H, d, d + W_HH, d + V, d + BIAS, d + C};
    rnn_trace trace = {T, h, p, loss, delta, dh0};
    rnn_lm_forward(&m, x, y, &trace);
    rnn_lm_backward(&m, x, y, &trace, &g);

    rnn_layer l = rnn_layer_new(RNN_TANH, I, H, &r);
    tensor *v = param("v", SHAPE(I, H)), *c = param("c", SHAPE(I));
    memcpy(l.w_ih->data, w, H * I * sizeof(float));
    memcpy(l.w_hh->data, w + W_HH, H * H * sizeof(float));
    memcpy(l.b_ih->data, w + BIAS, H * sizeof(float));
    memset(l.b_hh->data, 0, H * sizeof(float));
    memcpy(v->data, w + V, I * H * sizeof(float));
    memcpy(c->data, w + C, I * sizeof(float));
    for (int t = 0; t < T; t++)
        hot[t * I + x[t]] = 1;
    rnn_output o = rnn_forward(&l, constant("x", SHAPE(T, 1, I), hot), NULL, NULL);
    tensor *mean = t_cross_entropy(t_add(t_matmul_nt(o.all, v), c), y);
    backward(t_scale(mean, T)); // the hand sums the losses
    for (int i = 0; i < H * I; i++)
        assert_near(l.w_ih->grad[i], d[i], "dU", i);
    for (int i = 0; i < H * H; i++)
        assert_near(l.w_hh->grad[i], d[W_HH + i], "dW", i);
    for (int i = 0; i < I * H; i++)
        assert_near(v->grad[i], d[V + i], "dV", i);
    for (int i = 0; i < H; i++)
        assert_near(l.b_hh->grad[i], d[BIAS + i], "db", i);
    for (int i = 0; i < I; i++)
        assert_near(c->grad[i], d[C + i], "dc", i);
    tensors_free();
}
END_TEST

// ---- Layers ----

typedef enum { TANH, RELU, LONG_SHORT, AFTER, BEFORE, SWAPPED } formula;

// What a layer is run on; the parameters w_ih, w_hh, b_ih, b_hh, x, h0, c0 stand in one vector.
typedef struct {
    formula kind;
    int G;
    const float *weight; // (T, B, H) of the loss
    double *h;           // (T, B, H), NULL: not wanted
} layer_input;

// sum(h weight), by the formulas of torch.nn.RNN, LSTM, GRU and of the GRU's other conventions.
static double
layer_loss(const double *p, const void *context)
{
    const layer_input *in = context;
    int G = in->G;
    const double *w_ih = p, *w_hh = w_ih + G * H * I, *b_ih = w_hh + G * H * H,
                 *b_hh = b_ih + G * H;
    const double *x = b_hh + G * H, *h0 = x + T * B * I, *c0 = h0 + B * H;
    double sum = 0, h[B][H], c[B][H];
    memcpy(h, h0, sizeof h);
    memcpy(c, c0, sizeof c);
    for (int t = 0; t < T; t++)
        for (int s = 0; s < B; s++) {
            double ax[4][H], ah[4][H], old[H], r[H];
            memcpy(old, h[s], sizeof old);
            for (int k = 0; k < G * H; k++) {
                ax[k / H][k % H] = b_ih[k];
                ah[k / H][k % H] = b_hh[k];
                for (int j = 0; j < I; j++)
                    ax[k / H][k % H] += w_ih[k * I + j] * x[(t * B + s) * I + j];
                for (int j = 0; j < H; j++)
                    ah[k / H][k % H] += w_hh[k * H + j] * old[j];
            }
            for (int k = 0; k < H; k++)
                r[k] = sigmoid_of(ax[0][k] + ah[0][k]);
            for (int k = 0; k < H; k++) {
                double a = ax[0][k] + ah[0][k], z, n, inner;
                switch (in->kind) {
                case TANH: h[s][k] = tanh(a); break;
                case RELU: h[s][k] = a > 0 ? a : 0; break;
                case LONG_SHORT:
                    c[s][k] = sigmoid_of(ax[1][k] + ah[1][k]) * c[s][k] +
                              sigmoid_of(a) * tanh(ax[2][k] + ah[2][k]);
                    h[s][k] = sigmoid_of(ax[3][k] + ah[3][k]) * tanh(c[s][k]);
                    break;
                default:
                    z = sigmoid_of(ax[1][k] + ah[1][k]);
                    inner = r[k] * ah[2][k];
                    if (in->kind == BEFORE) {
                        inner = b_hh[2 * H + k];
                        for (int j = 0; j < H; j++)
                            inner += w_hh[(2 * H + k) * H + j] * r[j] * old[j];
                    }
                    n = tanh(ax[2][k] + inner);
                    h[s][k] =
                        in->kind == SWAPPED ? z * n + (1 - z) * old[k] : (1 - z) * n + z * old[k];
                }
            }
            for (int k = 0; k < H; k++) {
                long at = (t * B + s) * H + k;
                sum += h[s][k] * in->weight[at];
                if (in->h)
                    in->h[at] = h[s][k];
            }
        }
    return sum;
}

static rnn_output
run_layer(formula kind, bool fused, const rnn_layer *l, tensor *x, tensor *h0, tensor *c0)
{
    tensor *gates[3];
    if (kind < AFTER || fused)
        return rnn_forward(l, x, h0, kind == LONG_SHORT ? c0 : NULL);
    static const rnn_gru_convention conventions[] = {
        [AFTER] = RNN_RESET_AFTER, [BEFORE] = RNN_RESET_BEFORE, [SWAPPED] = RNN_Z_SWAPPED};
    return rnn_gru_forward(conventions[kind], l, x, h0, gates);
}

static void
check_layer(formula kind, bool fused)
{
    static const rnn_kind kinds[] = {RNN_TANH, RNN_RELU, RNN_LSTM, RNN_GRU, RNN_GRU, RNN_GRU};
    static const int blocks[] = {1, 1, 4, 3, 3, 3};
    float weight[T * B * H];
    double wide[MOST], h[T * B * H];
    rng r = rng_at(3, kind);
    rnn_layer l = rnn_layer_new(kinds[kind], I, H, &r);
    param("x", SHAPE(T, B, I));
    param("h0", SHAPE(B, H));
    param("c0", SHAPE(B, H));
    int n = 0;
    for (int i = 0; i < param_count(); i++) {
        tensor *p = param_at(i);
        rng_fill_normal(&r, p->size, p->data, 0, 0.7f);
        for (int j = 0; j < p->size; j++)
            wide[n++] = p->data[j];
    }
    rng_fill_normal(&r, T * B * H, weight, 0, 1);
    layer_input in = {kind, blocks[kind], weight, h};
    double loss = layer_loss(wide, &in);
    in.h = NULL;
    rnn_output o = run_layer(kind, fused, &l, param_at(4), param_at(5), param_at(6));
    backward_from(o.all, weight);
    for (int i = 0; i < T * B * H; i++)
        assert_near(o.all->data[i], h[i], "h", i);
    ck_assert_mem_eq(o.h->data, o.all->data + (T - 1) * B * H, B * H * sizeof(float));
    ck_assert(isfinite(loss));
    n = 0;
    for (int i = 0; i < param_count(); i++)
        for (int j = 0; j < param_at(i)->size; j++, n++)
            assert_near(param_at(i)->grad[j], slope(layer_loss, wide, n, &in), param_at(i)->name,
                        j);
    tensors_free();
}

START_TEST(tanh_layer)
{
    check_layer(TANH, true);
}
END_TEST

START_TEST(relu_layer)
{
    check_layer(RELU, true);
}
END_TEST

START_TEST(lstm_layer)
{
    check_layer(LONG_SHORT, true);
}
END_TEST

START_TEST(gru_layers)
{
    check_layer(AFTER, true);
    check_layer(AFTER, false);
    check_layer(BEFORE, false);
    check_layer(SWAPPED, false);
}
END_TEST

// All steps as one operation give the bits of steps one by one: states, and the gradients of all that goes in.
static void
check_unrolled(rnn_kind kind, int steps, int batch, int units, bool states_given)
{
    rng r = rng_at(10, kind);
    rnn_layer l = rnn_layer_new(kind, I, units, &r);
    tensor *x = test_param("x", SHAPE(steps, batch, I), &r, 1);
    tensor *h0 = states_given ? test_param("h0", SHAPE(batch, units), &r, 1) : NULL;
    tensor *c0 = states_given ? test_param("c0", SHAPE(batch, units), &r, 1) : NULL;
    tensor *weight = test_param("weight", SHAPE(steps, batch, units), &r, 1);
    tensor *last = test_param("last", SHAPE(2, batch, units), &r, 1);
    uint64_t hash[2];
    float loss[2];
    for (int way = 0; way < 2; way++) {
        tape_reset();
        zero_grad();
        l.unrolled = way == 0;
        rnn_output o = rnn_forward(&l, x, h0, kind == RNN_LSTM ? c0 : NULL);
        ck_assert((o.step != NULL) == l.unrolled);
        ck_assert((o.c != NULL) == (kind == RNN_LSTM));
        tensor *sum = t_add(t_sum(t_mul(o.all, weight)), t_sum(t_mul(o.h, t_at(last, 0))));
        if (o.c)
            sum = t_add(sum, t_sum(t_mul(o.c, t_at(last, 1))));
        backward(sum);
        loss[way] = sum->data[0];
        hash[way] = test_gradient_hash();
    }
    ck_assert_float_eq(loss[0], loss[1]);
    ck_assert_uint_eq(hash[0], hash[1]);
    tensors_free();
}

START_TEST(unrolled)
{
    tape_poison(true);
    for (rnn_kind kind = RNN_TANH; kind <= RNN_GRU; kind++) {
        check_unrolled(kind, T, B, H, true);
        check_unrolled(kind, T, B, H, false);
        check_unrolled(kind, 1, 1, 1, true);
        check_unrolled(kind, 30, 9, 200, true); // two threads
    }
}
END_TEST

START_TEST(refused)
{
    rng r = rng_at(9, 0);
    rnn_layer tanh_net = rnn_layer_new(RNN_TANH, I, H, &r),
              lstm = rnn_layer_new(RNN_LSTM, I, H, &r);
    tensor *x = constant("x", SHAPE(T, B, I), NULL), *c = constant("c", SHAPE(B, H), NULL),
           *gates[3];
    tensor *flat = constant("flat", SHAPE(B, I), NULL),
           *deep = constant("deep", SHAPE(B, H, 2), NULL);
    tensor *a = constant("a", SHAPE(B, 4 * H), NULL);
    float all[1];
    REFUSED(rnn_forward(&lstm, flat, NULL, NULL),
            "rnn_forward: flat (2, 3), expected (T, B, 3) with one step or more");
    REFUSED(rnn_forward(&tanh_net, x, NULL, c),
            "rnn_forward: a cell c0 is given, and only an LSTM has one");
    REFUSED(rnn_gru_forward(RNN_RESET_AFTER, &lstm, x, NULL, gates),
            "rnn_gru_forward: the layer is no GRU");
    REFUSED(rnn_lstm_cell(a, a, deep), "rnn_lstm_cell: both pre-activations must be (B, 4H) for a "
                                       "state (B, H): a (2, 16), a (2, 16), "
                                       "deep (2, 4, 2)");
    REFUSED(rnn_gru_cell(a, a, c), "rnn_gru_cell: both pre-activations must be (B, 3H) for a state "
                                   "(B, H): a (2, 16), a (2, 16), "
                                   "c (2, 4)");
    REFUSED((rnn_truncated(&lstm, 2, c, SHAPE(T, B, I), NULL, NULL, all), 0),
            "rnn_truncated: windows of 2 steps of (5, 2, 3); expected 1 or more, (T, B, 3), and no "
            "LSTM");
    REFUSED((rnn_truncated(&tanh_net, 2, c, SHAPE(T, B, I + 1), NULL, NULL, all), 0),
            "rnn_truncated: windows of 2 steps of (5, 2, 4); expected 1 or more, (T, B, 3), and no "
            "LSTM");
    rnn_lm m = {.I = I, .H = H};
    rnn_trace trace = {.T = 1};
    REFUSED((rnn_lm_forward(&m, (int[]){0}, (int[]){I}, &trace), 0),
            "rnn_lm_forward: symbols 0 and 3 at step 0, expected 0..2");
    tensors_free();
}
END_TEST

// Swapped z is a renaming: with the rows of z negated it is the other convention.
START_TEST(swapped_z_is_a_renaming)
{
    rng r = rng_at(4, 0);
    rnn_layer l = rnn_layer_new(RNN_GRU, I, H, &r);
    tensor *gates[3], *weights[] = {l.w_ih, l.w_hh, l.b_ih, l.b_hh};
    float x[T * B * I], h[T * B * H];
    rng_fill_normal(&r, T * B * I, x, 0, 1);
    rnn_output o =
        rnn_gru_forward(RNN_RESET_AFTER, &l, constant("x", SHAPE(T, B, I), x), NULL, gates);
    memcpy(h, o.all->data, sizeof h);
    for (int i = 0; i < 4; i++)
        for (int j = weights[i]->size / 3; j < weights[i]->size / 3 * 2; j++)
            weights[i]->data[j] *= -1;
    o = rnn_gru_forward(RNN_Z_SWAPPED, &l, constant("x", SHAPE(T, B, I), x), NULL, gates);
    for (int i = 0; i < T * B * H; i++)
        assert_near(o.all->data[i], h[i], "h", i);
    tensors_free();
}
END_TEST

// Along the cell a constant forget gate f leaves f^k of the gradient.
START_TEST(constant_forget_gate)
{
    enum { STEPS = 30 };
    rng r = rng_at(5, 0);
    rnn_layer l = rnn_layer_new(RNN_LSTM, 1, 1, &r);
    tensor *all[] = {l.w_ih, l.w_hh, l.b_ih, l.b_hh};
    for (int i = 0; i < 4; i++)
        memset(all[i]->data, 0, all[i]->size * sizeof(float));
    l.b_ih->data[1] = 2; // i, f, g, o
    tensor *c0 = param("c0", SHAPE(1, 1));
    backward(t_sum(rnn_forward(&l, constant("x", SHAPE(STEPS, 1, 1), NULL), NULL, c0).c));
    ck_assert_double_eq_tol(c0->grad[0], pow(sigmoid_of(2), STEPS), 1e-6);
    tensors_free();
}
END_TEST

// ---- Truncated BPTT and clipping ----

typedef struct {
    int K;
    const float *x, *weight; // of one sequence, one unit of batch
    double cut[T][H];        // the states that enter each window
} truncated_input;

// The loss of a tanh layer in windows whose first state is a constant: cut[t]. Records the states.
static double
truncated_loss(const double *p, const void *context)
{
    const truncated_input *in = context;
    const double *w_ih = p, *w_hh = w_ih + H * I, *b_ih = w_hh + H * H, *b_hh = b_ih + H;
    double sum = 0, h[H];
    for (int t = 0; t < T; t++) {
        double next[H];
        if (t % in->K == 0)
            memcpy(h, in->cut[t], sizeof h);
        for (int k = 0; k < H; k++) {
            next[k] = b_ih[k] + b_hh[k];
            for (int j = 0; j < I; j++)
                next[k] += w_ih[k * I + j] * in->x[t * I + j];
            for (int j = 0; j < H; j++)
                next[k] += w_hh[k * H + j] * h[j];
        }
        for (int k = 0; k < H; k++) {
            h[k] = tanh(next[k]);
            sum += h[k] * in->weight[t * H + k];
        }
    }
    return sum;
}

START_TEST(truncated)
{
    enum { SEQUENCES = 2, N = H * I + H * H + 2 * H };
    float x[SEQUENCES][T * I], weight[SEQUENCES][T * H], h[SEQUENCES][T * H];
    double wide[N], expected[N] = {0};
    rng r = rng_at(6, 0);
    tape_poison(true);
    rnn_layer l = rnn_layer_new(RNN_TANH, I, H, &r);
    rng_fill_normal(&r, sizeof x / sizeof(float), x[0], 0, 1);
    rng_fill_normal(&r, sizeof weight / sizeof(float), weight[0], 0, 1);
    tensor *carried = tensor_state("h", SHAPE(1, H));
    for (int s = 0; s < SEQUENCES; s++)
        rnn_truncated(&l, 2, carried, SHAPE(T, 1, I), x[s], weight[s], h[s]);
    int n = 0;
    for (int i = 0; i < param_count(); i++)
        for (int j = 0; j < param_at(i)->size; j++)
            wide[n++] = param_at(i)->data[j];
    for (int s = 0; s < SEQUENCES; s++) {
        truncated_input in = {2, x[s], weight[s], {{0}}};
        // The states that enter the windows are those of the whole sequence from 0 on.
        rnn_output whole = rnn_forward(&l, constant("x", SHAPE(T, 1, I), x[s]), NULL, NULL);
        for (int i = 0; i < T * H; i++)
            assert_near(h[s][i], whole.all->data[i], "h", i);
        for (int t = 2; t < T; t += 2)
            for (int k = 0; k < H; k++)
                in.cut[t][k] = whole.all->data[(t - 1) * H + k];
        for (int i = 0; i < N; i++)
            expected[i] += slope(truncated_loss, wide, i, &in);
    }
    n = 0;
    for (int i = 0; i < param_count(); i++)
        for (int j = 0; j < param_at(i)->size; j++, n++)
            assert_near(param_at(i)->grad[j], expected[n], param_at(i)->name, j);
    tensors_free();
}
END_TEST

START_TEST(clipping)
{
    tensor *a = param("a", SHAPE(2)), *b = param("b", SHAPE(1));
    a->grad[0] = 3, a->grad[1] = 0, b->grad[0] = 4;
    ck_assert_double_eq_tol(clip_global_norm(6), 5, 1e-6);
    ck_assert_float_eq(b->grad[0], 4); // within the norm: untouched
    ck_assert_double_eq_tol(clip_global_norm(2), 5, 1e-6);
    ck_assert_float_eq_tol(a->grad[0], 1.2f, 1e-6f);
    ck_assert_float_eq_tol(b->grad[0], 1.6f, 1e-6f);
    a->grad[0] = -3, a->grad[1] = 0.5f, b->grad[0] = 4;
    clip_elements(1);
    ck_assert_float_eq(a->grad[0], -1);
    ck_assert_float_eq(a->grad[1], 0.5f);
    ck_assert_float_eq(b->grad[0], 1);
    tensors_free();
}
END_TEST

// ---- Tasks ----

// One mark in each half, the target is the sum of the marked numbers, and 1/6 is the error of always saying 1.
START_TEST(adding)
{
    enum { STEPS = 9, BATCH = 4000 };
    rng r = rng_at(7, 0);
    tensor *x = constant("x", SHAPE(STEPS, BATCH, 2), NULL),
           *y = constant("y", SHAPE(BATCH, 1), NULL);
    double sum = 0, square = 0, places = 0;
    rnn_adding_batch(&r, x, y);
    for (int s = 0; s < BATCH; s++) {
        int marks[2] = {0, 0};
        float total = 0;
        for (int t = 0; t < STEPS; t++) {
            const float *at = x->data + (t * BATCH + s) * 2;
            ck_assert(at[0] >= 0 && at[0] < 1 && (at[1] == 0 || at[1] == 1));
            marks[t >= STEPS / 2] += at[1] == 1;
            total += at[1] * at[0];
            places += at[1] * t;
        }
        ck_assert_int_eq(marks[0], 1);
        ck_assert_int_eq(marks[1], 1);
        ck_assert_float_eq_tol(y->data[s], total, 1e-6f);
        double error = (y->data[s] - 1) * (y->data[s] - 1);
        sum += error;
        square += error * error;
    }
    double mean = sum / BATCH, deviation = sqrt(square / BATCH - mean * mean);
    ck_assert_double_lt(fabs(mean - 1 / 6.0) / (deviation / sqrt(BATCH)), 4);
    ck_assert_double_eq_tol(deviation * deviation, 7.0 / 180, 0.005);
    // Places are uniform: 0..3 and 4..8, variances 15/12 and 24/12.
    ck_assert_double_lt(fabs(places / BATCH - 7.5) / sqrt((15 / 12.0 + 2) / BATCH), 4);
    tensors_free();
}
END_TEST

START_TEST(copying)
{
    enum { DELAY = 5, STEPS = DELAY + 2 * RNN_COPIED, BATCH = 3 };
    rng r = rng_at(8, 0);
    int x[STEPS * BATCH], y[STEPS * BATCH], seen[RNN_ALPHABET] = {0};
    for (int round = 0; round < 20; round++) {
        rnn_copy_batch(&r, DELAY, BATCH, x, y);
        for (int t = 0; t < STEPS; t++)
            for (int s = 0; s < BATCH; s++) {
                int in = x[t * BATCH + s], out = y[t * BATCH + s];
                if (t < RNN_COPIED) {
                    ck_assert(in >= 0 && in < RNN_ALPHABET);
                    ck_assert_int_eq(y[(STEPS - RNN_COPIED + t) * BATCH + s], in);
                    seen[in]++;
                } else
                    ck_assert_int_eq(in, t == RNN_COPIED + DELAY - 1 ? RNN_MARK : RNN_BLANK);
                if (t < STEPS - RNN_COPIED)
                    ck_assert_int_eq(out, RNN_BLANK);
            }
    }
    for (int k = 0; k < RNN_ALPHABET; k++)
        ck_assert_int_gt(seen[k], 0);
    ck_assert_double_eq_tol(rnn_copy_memoryless(30), 10 * log(8) / 50, 1e-12);
}
END_TEST

// A text in which the next letter depends on the two before it: an LSTM learns it, goes on with it, and is
// surprised by another one.
START_TEST(characters)
{
    enum { STREAMS = 2, LENGTH = 61, STEPS = 300, SAMPLE = 30 };
    int text[STREAMS * LENGTH], other[STREAMS * LENGTH], sample[SAMPLE];
    float losses[STEPS];
    double loss[1], surprised[1];
    for (int s = 0; s < STREAMS; s++)
        for (int t = 0; t < LENGTH; t++) {
            text[s * LENGTH + t] = t % 3 == 2;  // 0 0 1 0 0 1
            other[s * LENGTH + t] = t % 4 >= 2; // 0 0 1 1 0 0
        }
    rnn_corpus known = {2, STREAMS, LENGTH, text}, unknown = {2, STREAMS, LENGTH, other};
    rnn_character_training run = {.training = {.steps = STEPS, .loss = losses},
                                  .kind = RNN_LSTM,
                                  .H = 8,
                                  .K = 6,
                                  .interval = STEPS,
                                  .rate = 0.03f,
                                  .seed = 1,
                                  .training_set = &known,
                                  .validation_set = &known,
                                  .validation_loss = loss,
                                  .sample = sample,
                                  .length = SAMPLE};
    rnn_train_characters(0, &run);
    tensors_free();
    ck_assert_double_lt(loss[0], 0.1); // a net without memory reaches (2/3) ln 2 = 0.46
    ck_assert_double_eq(rnn_last_validation(&run), loss[0]);
    ck_assert_int_eq(run.parameters, 4 * 8 * (2 + 8 + 2) + 2 * 8 + 2);
    int ones = 0;
    for (int i = 2; i < SAMPLE; i++) {
        ones += sample[i];
        ck_assert_int_le(sample[i - 2] + sample[i - 1] + sample[i], 1);
    }
    ck_assert_int_ge(ones, 8);
    run.validation_set = &unknown;
    run.validation_loss = surprised;
    rnn_train_characters(0, &run);
    tensors_free();
    ck_assert_double_gt(surprised[0], 1);
}
END_TEST

TEST_MAIN("rnn", language_model, language_model_equals_tape, tanh_layer, relu_layer, lstm_layer,
          gru_layers, unrolled, refused, swapped_z_is_a_renaming, constant_forget_gate, truncated,
          clipping, adding, copying, characters)
