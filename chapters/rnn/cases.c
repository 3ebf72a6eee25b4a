// The reference cases. T = 7, B = 2, I = 3, H = 5, no bias is zero; the loss is sum(h loss_weight), both published.
#include "rnn/cases.h"

#include "frame/case.h"
#include "frame/case_tensor.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/random.h"
#include "rnn/rnn.h"

#include <string.h>

enum { T = 7, B = 2, I = 3, H = 5, SEED = 1 };

// How closely a float32 implementation must agree: ten times PyTorch's own error in float32, as the
// cross-check finds it, rounded up to a power of ten. Clipping needs less than the recurrences.
static const double close = 1e-5, closer = 1e-6;

// A layer of G blocks of rows with weights from N(0, 1/4).
static rnn_layer
input_layer(rnn_kind kind, int G, rng *r, const char *order)
{
    rnn_layer l = {.kind = kind, .I = I, .H = H};
    l.w_ih = case_param("w_ih", SHAPE(G * H, I), r, 0.5f, close, order);
    l.w_hh = case_param("w_hh", SHAPE(G * H, H), r, 0.5f, close, order);
    l.b_ih = case_param("b_ih", SHAPE(G * H), r, 0.5f, close, order);
    l.b_hh = case_param("b_hh", SHAPE(G * H), r, 0.5f, close, order);
    return l;
}

static tensor *
inputs(rng *r)
{
    return case_param("x", SHAPE(T, B, I), r, 1, close, "the inputs");
}

static tensor *
first_state(rng *r)
{
    return case_param("h0", SHAPE(B, H), r, 1, close, "the state before the first step");
}

static tensor *
loss_weight(rng *r)
{
    return case_constant("loss_weight", SHAPE(T, B, H), r, 1, close,
                         "the loss is sum(h loss_weight)");
}

// The end of a layer's case: h of every step, the loss, all gradients.
static void
finish(tensor *h, tensor *weight)
{
    case_finish("h", h, weight, close, "the state after every step");
}

static void
language_model(void)
{
    float u[H * I], w[H * H], v[I * H], b[H], c[I], h[(T + 1) * H], p[T * I], loss[T];
    float delta[T * H], dh0[H];
    float du[H * I] = {0}, dw[H * H] = {0}, dv[I * H] = {0}, db[H] = {0}, dc[I] = {0};
    int x[T], y[T];
    rnn_lm m = {I, H, u, w, v, b, c}, d = {I, H, du, dw, dv, db, dc};
    rnn_trace trace = {T, h, p, loss, delta, dh0};
    rng r = rng_at(SEED, 0);
    struct {
        const char *name, *about;
        shape s;
        float *data, *gradient;
    } const weights[] = {
        {"u", "from the symbol", SHAPE(H, I), u, du},
        {"w", "from the state", SHAPE(H, H), w, dw},
        {"v", "to the next symbol", SHAPE(I, H), v, dv},
        {"b", "of the state", SHAPE(H), b, db},
        {"c", "of the output", SHAPE(I), c, dc},
    };
    case_begin("rnn_language_model");
    for (int t = 0; t < T; t++) {
        x[t] = (int)rng_below(&r, I);
        y[t] = (int)rng_below(&r, I);
    }
    case_write_i4("input", "x", SHAPE(T), x, "the symbol read at each step");
    case_write_i4("input", "y", SHAPE(T), y, "the symbol to predict");
    for (int i = 0; i < 5; i++) {
        rng_fill_normal(&r, shape_size(weights[i].s), weights[i].data, 0, 0.5f);
        case_write_f4("input", weights[i].name, weights[i].s, weights[i].data, close,
                      weights[i].about);
    }
    rng_fill_normal(&r, H, h, 0, 0.5f);
    case_write_f4("input", "h0", SHAPE(H), h, close, "the state before the first step");
    rnn_lm_forward(&m, x, y, &trace);
    rnn_lm_backward(&m, x, y, &trace, &d);
    case_write_f4("step", "h", SHAPE(T, H), h + H, close, "h(t) = tanh(U x(t) + W h(t-1) + b)");
    case_write_f4("step", "p", SHAPE(T, I), p, close, "softmax(V h(t) + c)");
    case_write_f4("output", "losses", SHAPE(T), loss, close, "-log p(t)[y(t)]");
    case_write_f4("gradient", "delta", SHAPE(T, H), delta, close, "d(sum of losses)/dh(t)");
    case_write_f4("gradient", "dh0", SHAPE(H), dh0, close, "d(sum of losses)/dh0");
    for (int i = 0; i < 5; i++) {
        char name[8] = "d", about[64] = "d(sum of losses)/d";
        case_write_f4("gradient", strcat(name, weights[i].name), weights[i].s, weights[i].gradient,
                      close, strcat(about, weights[i].name));
    }
    case_end();
}

static void
tanh_layer(void)
{
    rng r = rng_at(SEED, 1);
    case_begin("rnn_tanh");
    rnn_layer l = input_layer(RNN_TANH, 1, &r, "as in torch.nn.RNN");
    tensor *x = inputs(&r);
    tensor *h0 = first_state(&r);
    tensor *weight = loss_weight(&r);
    finish(rnn_forward(&l, x, h0, NULL).all, weight);
}

static void
lstm_layer(void)
{
    static const char *const about[] = {
        "input gate, after its sigmoid", "forget gate, after its sigmoid",
        "candidate, after its tanh", "output gate, after its sigmoid"};
    rng r = rng_at(SEED, 2);
    case_begin("lstm");
    rnn_layer l = input_layer(RNN_LSTM, 4, &r, "blocks of rows i, f, g, o as in torch.nn.LSTM");
    tensor *x = inputs(&r);
    tensor *h0 = first_state(&r);
    tensor *c0 = case_param("c0", SHAPE(B, H), &r, 1, close, "the cell before the first step");
    tensor *weight = loss_weight(&r);
    rnn_output o = rnn_forward(&l, x, h0, c0);
    for (int gate = 0; gate < 4; gate++) {
        char name[] = {"ifgo"[gate], 0};
        float values[T * B * H];
        for (int t = 0; t < T; t++)
            memcpy(values + t * B * H, tape_saved(o.step[t], name)->data, B * H * sizeof(float));
        case_write_f4("step", name, SHAPE(T, B, H), values, close, about[gate]);
    }
    float cells[T * B * H];
    for (int t = 0; t < T; t++)
        memcpy(cells + t * B * H, o.step[t]->data + B * H, B * H * sizeof(float));
    case_write_f4("step", "c", SHAPE(T, B, H), cells, close, "c' = f c + i g");
    finish(o.all, weight);
}

static void
gru_layer(const char *name, rnn_gru_convention convention, const char *order)
{
    static const char *const about[] = {"reset gate, after its sigmoid",
                                        "update gate, after its sigmoid",
                                        "candidate, after its tanh"};
    rng r = rng_at(SEED, 3);
    case_begin(name);
    rnn_layer l = input_layer(RNN_GRU, 3, &r, order);
    tensor *x = inputs(&r);
    tensor *h0 = first_state(&r);
    tensor *weight = loss_weight(&r);
    tensor *gates[3];
    rnn_output o = rnn_gru_forward(convention, &l, x, h0, gates);
    for (int i = 0; i < 3; i++) {
        char gate[] = {"rzn"[i], 0};
        case_write_f4("step", gate, SHAPE(T, B, H), gates[i]->data, close, about[i]);
    }
    finish(o.all, weight);
}

static void
clipping(void)
{
    rng r = rng_at(SEED, 6);
    case_begin("clip_global_norm");
    const float theta = 1.5f;
    case_write_f4("input", "theta", SCALAR, &theta, closer, "the largest joint norm");
    const char *const names[][3] = {
        {"g1", "joint1", "element1"}, {"g2", "joint2", "element2"}, {"g3", "joint3", "element3"}};
    const shape shapes[] = {SHAPE(4, 3), SHAPE(5), SHAPE(2, 3)};
    const float scale[] = {1, 0.1f, 3}; // of very different length: clipping each alone would show
    float before[3][12];
    for (int i = 0; i < 3; i++) {
        tensor *g = param(names[i][0], shapes[i]);
        rng_fill_normal(&r, g->size, before[i], 0, scale[i]);
        memcpy(g->grad, before[i], g->size * sizeof(float));
        case_write_f4("input", names[i][0], g->shape, g->grad, closer,
                      "the gradient of a parameter");
    }
    float norm = (float)clip_global_norm(theta);
    case_write_f4("step", "norm", SCALAR, &norm, closer, "the joint norm of g1, g2, g3");
    for (int i = 0; i < 3; i++)
        case_write_f4("output", names[i][1], shapes[i], param_at(i)->grad, closer,
                      "after clipping the joint norm to theta");
    for (int i = 0; i < 3; i++)
        memcpy(param_at(i)->grad, before[i], param_at(i)->size * sizeof(float));
    clip_elements(theta);
    for (int i = 0; i < 3; i++)
        case_write_f4("output", names[i][2], shapes[i], param_at(i)->grad, closer,
                      "after clipping each value to [-theta, theta]");
    case_end();
    tensors_free();
}

static void
truncated(void)
{
    enum { N = 2, K = 3 }; // sequences, one after the other; steps of a window
    rng r = rng_at(SEED, 7);
    float x[N * T * B * I], weight[N * T * B * H], h[N * T * B * H];
    case_begin("bptt_truncated");
    rnn_layer l = input_layer(RNN_TANH, 1, &r, "as in torch.nn.RNN");
    rng_fill_normal(&r, N * T * B * I, x, 0, 1);
    rng_fill_normal(&r, N * T * B * H, weight, 0, 1);
    int window = K;
    case_write_i4("input", "window", SCALAR, &window,
                  "steps of a window: 3, 3, 1 of each sequence");
    case_write_f4("input", "x", SHAPE(N, T, B, I), x, close,
                  "two sequences; each begins with state 0");
    case_write_f4("input", "loss_weight", SHAPE(N, T, B, H), weight, close,
                  "the loss is sum(h loss_weight)");
    tensor *carried = tensor_state("h", SHAPE(B, H));
    for (int n = 0; n < N; n++)
        rnn_truncated(&l, K, carried, SHAPE(T, B, I), x + n * T * B * I, weight + n * T * B * H,
                      h + n * T * B * H);
    case_write_f4("output", "h", SHAPE(N, T, B, H), h, close, "the state after every step");
    case_gradients(close);
    case_end();
    tensors_free();
}

void
rnn_cases(void)
{
    language_model();
    tanh_layer();
    lstm_layer();
    gru_layer("gru_reset_after", RNN_RESET_AFTER, "blocks of rows r, z, n as in torch.nn.GRU");
    gru_layer("gru_reset_before", RNN_RESET_BEFORE, "blocks of rows r, z, n");
    gru_layer("gru_swapped", RNN_Z_SWAPPED, "blocks of rows r, z, n");
    clipping();
    truncated();
}
