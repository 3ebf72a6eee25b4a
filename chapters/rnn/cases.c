// The reference cases. T = 7, B = 2, I = 3, H = 5, no bias is zero; the loss of a layer is sum(h loss_weight).
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

// A layer of G blocks of rows with weights from N(0, 1/4).
static rnn_layer
input_layer(rnn_kind kind, int G, rng *r)
{
    rnn_layer l = {.kind = kind, .I = I, .H = H, .unrolled = true};
    l.w_ih = case_param("w_ih", SHAPE(G * H, I), r, 0.5f, "from the input: W_ih");
    l.w_hh = case_param("w_hh", SHAPE(G * H, H), r, 0.5f, "from the state: W_hh");
    l.b_ih = case_param("b_ih", SHAPE(G * H), r, 0.5f, "added to W_ih x");
    l.b_hh = case_param("b_hh", SHAPE(G * H), r, 0.5f, "added to W_hh h");
    return l;
}

static void
describe_layer(void)
{
    case_convention(
        "the axes of x and h are time, batch, units; weights are (out, in): a row of x or h is "
        "multiplied by the transpose");
    case_convention("no gradient is divided by the batch or by the number of steps");
}

static tensor *
inputs(rng *r)
{
    return case_param("x", SHAPE(T, B, I), r, 1, "the inputs");
}

static tensor *
first_state(rng *r)
{
    return case_param("h0", SHAPE(B, H), r, 1, "the state before the first step: h(-1)");
}

static tensor *
loss_weight(rng *r)
{
    return case_constant("loss_weight", SHAPE(T, B, H), r, 1, "the loss is sum(h loss_weight)");
}

// ---- What the layers' cases publish ----

// How closely a float32 implementation must agree: ten times the error that PyTorch's has, as the cross-check
// finds it, or a little more. A loss is a sum of values of both signs.
static const double close = 2e-6, backward_close = 4e-6, summed = 5e-6, clipped = 1e-6;

// One value for each step, sequence and unit.
typedef struct {
    float at[T][B][H];
} units;

// Copies `width` values of each of the B rows that are `stride` apart in `from`, to rows that are `to_stride` apart.
static void
copy_rows(float *to, int to_stride, const float *from, int stride, int width)
{
    for (int s = 0; s < B; s++)
        memcpy(to + s * to_stride, from + s * stride, width * sizeof(float));
}

static void
write_step(const char *name, const char *from, const units *x, const char *about)
{
    case_write_f4("step", name, from, SHAPE(T, B, H), x->at[0][0], close, about);
}

static void
write_units(const char *name, const char *from, const units *x, const char *about)
{
    case_write_f4("gradient", name, from, SHAPE(T, B, H), x->at[0][0], backward_close, about);
}

// The result, and the loss from which the gradients come.
static tensor *
run_loss(tensor *h, tensor *weight)
{
    tensor *loss = t_sum(t_mul(h, weight));
    backward(loss);
    return loss;
}

static void
write_result(const char *from, const tensor *h, const tensor *loss, const char *about)
{
    case_write("output", "h", from, h, close, about);
    case_time_none();
    case_write("output", "loss", "h", loss, summed, "sum of h loss_weight");
    case_time(0, CASE_BACKWARD);
}

static void
end_layer(void)
{
    case_end();
    tensors_free();
}

// ---- The cases ----

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
        const char *from; // of the gradient
    } const weights[] = {
        {"u", "from the symbol", SHAPE(H, I), u, du, "delta h"},
        {"w", "from the state", SHAPE(H, H), w, dw, "delta h"},
        {"v", "to the next symbol", SHAPE(I, H), v, dv, "p h"},
        {"b", "of the state", SHAPE(H), b, db, "delta h"},
        {"c", "of the output", SHAPE(I), c, dc, "p"},
    };
    case_begin(
        "rnn_language_model",
        "A language model of one tanh layer over one sequence of symbols, forward and backward; "
        "the loss is the sum of the losses of all steps.");
    case_convention("symbols count from 0; U x is column x of U");
    case_convention("weights are (out, in): W h is the matrix times the column h");
    case_convention(
        "the loss has the natural logarithm; no gradient is divided by the number of steps");
    for (int t = 0; t < T; t++) {
        x[t] = (int)rng_below(&r, I);
        y[t] = (int)rng_below(&r, I);
    }
    case_input_i4("x", SHAPE(T), x, "the symbol read at each step");
    case_input_i4("y", SHAPE(T), y, "the symbol to predict");
    for (int i = 0; i < 5; i++) {
        rng_fill_normal(&r, shape_size(weights[i].s), weights[i].data, 0, 0.5f);
        case_input_f4(weights[i].name, weights[i].s, weights[i].data, weights[i].about);
    }
    rng_fill_normal(&r, H, h, 0, 0.5f);
    case_input_f4("h0", SHAPE(H), h, "the state before the first step: h(-1)");
    rnn_lm_forward(&m, x, y, &trace);
    rnn_lm_backward(&m, x, y, &trace, &d);
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "h", "h[t-1]", SHAPE(T, H), h + H, close,
                  "h(t) = tanh(U x(t) + W h(t-1) + b)");
    case_write_f4("step", "p", "h", SHAPE(T, I), p, close, "softmax(V h(t) + c)");
    case_write_f4("output", "losses", "p", SHAPE(T), loss, close, "-log p(t)[y(t)]");
    case_time(0, CASE_BACKWARD);
    case_write_f4("gradient", "delta", "p delta[t+1] h[t+1]", SHAPE(T, H), delta, backward_close,
                  "d(sum of losses)/dh(t) = V' (p(t) - y(t)) + W' (1 - h(t+1)^2) delta(t+1)");
    case_time_none();
    case_write_f4("gradient", "dh0", "delta h", SHAPE(H), dh0, backward_close,
                  "d(sum of losses)/dh0");
    for (int i = 0; i < 5; i++) {
        char name[8] = "d", about[64] = "d(sum of losses)/d";
        case_write_f4("gradient", strcat(name, weights[i].name), weights[i].from, weights[i].s,
                      weights[i].gradient, backward_close, strcat(about, weights[i].name));
    }
    case_end();
}

static void
tanh_layer(void)
{
    static const case_gradient gradients[] = {{"x", "da", "0"},
                                              {"h0", "da", NULL},
                                              {"w_ih", "da", NULL},
                                              {"w_hh", "da h", NULL},
                                              {"b_ih", "da", NULL},
                                              {"b_hh", "da", NULL},
                                              {0}};
    units a, dh, da;
    rng r = rng_at(SEED, 1);
    case_begin(
        "rnn_tanh",
        "One tanh layer over T steps, forward and backward; the loss is sum(h loss_weight).");
    describe_layer();
    rnn_layer l = input_layer(RNN_TANH, 1, &r);
    tensor *x = inputs(&r);
    tensor *h0 = first_state(&r);
    tensor *weight = loss_weight(&r);
    rnn_output o = rnn_forward(&l, x, h0, NULL);
    const tensor *loss = run_loss(o.all, weight);
    for (int t = 0; t < T; t++) {
        const tensor *sum = o.step[t]->in[0];
        copy_rows(a.at[t][0], H, sum->data, H, H);
        copy_rows(dh.at[t][0], H, o.step[t]->grad, H, H);
        copy_rows(da.at[t][0], H, sum->grad, H, H);
    }
    case_time(0, CASE_FORWARD);
    write_step("a", "h[t-1]", &a, "W_ih x + b_ih + W_hh h(t-1) + b_hh");
    write_result("a", o.all, loss, "h = tanh(a)");
    write_units("dh", "da[t+1]", &dh, "loss_weight + W_hh' da(t+1)");
    write_units("da", "dh h", &da, "dh (1 - h^2)");
    case_gradients(backward_close, gradients);
    end_layer();
}

static void
lstm_layer(void)
{
    static const char *const about[] = {"input gate: sigmoid(a_i)", "forget gate: sigmoid(a_f)",
                                        "candidate: tanh(a_g)", "output gate: sigmoid(a_o)"};
    static const case_gradient gradients[] = {
        {"x", "da", "0"},       {"h0", "da", NULL},   {"c0", "dc f", NULL}, {"w_ih", "da", NULL},
        {"w_hh", "da h", NULL}, {"b_ih", "da", NULL}, {"b_hh", "da", NULL}, {0}};
    float a[T][B * 4 * H], da[T][B * 4 * H];
    units gates[4], c, dh, dc;
    rng r = rng_at(SEED, 2);
    case_begin(
        "lstm",
        "One LSTM layer over T steps, forward and backward; the loss is sum(h loss_weight).");
    describe_layer();
    case_convention("the rows of w_ih, w_hh, b_ih, b_hh are four blocks of H: i, f, g, o, as in "
                    "torch.nn.LSTM; so "
                    "are the last axes of a and da");
    case_convention("c(t) is the cell after step t; the gates do not see it (no peepholes)");
    rnn_layer l = input_layer(RNN_LSTM, 4, &r);
    tensor *x = inputs(&r);
    tensor *h0 = first_state(&r);
    tensor *c0 = case_param("c0", SHAPE(B, H), &r, 1, "the cell before the first step: c(-1)");
    tensor *weight = loss_weight(&r);
    rnn_output o = rnn_forward(&l, x, h0, c0);
    const tensor *loss = run_loss(o.all, weight);
    for (int t = 0; t < T; t++) {
        const tensor *step = o.step[t], *gx = step->in[0], *gh = step->in[1];
        for (int k = 0; k < B * 4 * H; k++)
            a[t][k] = gx->data[k] + gh->data[k];
        for (int gate = 0; gate < 4; gate++) {
            char name[] = {"ifgo"[gate], 0};
            copy_rows(gates[gate].at[t][0], H, tape_saved(step, name)->data, H, H);
        }
        copy_rows(c.at[t][0], H, step->data + B * H, H, H);
        copy_rows(dh.at[t][0], H, step->grad, H, H);
        copy_rows(dc.at[t][0], H, tape_saved(step, "e")->data, H, H);
        copy_rows(da[t], 4 * H, gx->grad, 4 * H, 4 * H);
    }
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "a", "h[t-1]", SHAPE(T, B, 4 * H), a[0], close,
                  "W_ih x + b_ih + W_hh h(t-1) + b_hh");
    for (int gate = 0; gate < 4; gate++) {
        char name[] = {"ifgo"[gate], 0};
        write_step(name, "a", &gates[gate], about[gate]);
    }
    write_step("c", "f c[t-1] i g", &c, "c = f c(t-1) + i g");
    write_result("o c", o.all, loss, "h = o tanh(c)");
    write_units("dh", "da[t+1]", &dh, "loss_weight + W_hh' da(t+1)");
    write_units("dc", "dh o c dc[t+1] f[t+1]", &dc, "dh o (1 - tanh(c)^2) + dc(t+1) f(t+1)");
    case_write_f4("gradient", "da", "dh dc i f g o c c[t-1]", SHAPE(T, B, 4 * H), da[0],
                  backward_close,
                  "dc g i (1 - i), dc c(t-1) f (1 - f), dc i (1 - g^2), dh tanh(c) o (1 - o)");
    case_gradients(backward_close, gradients);
    end_layer();
}

// ---- The GRU in three conventions ----

// What a GRU computes, blocks as the weights have them: the products with its input and its state, and their
// gradients. With the reset before the product q = W_hn (r h) + b_hn stands for the last block of ah.
typedef struct {
    float ax[T][B][3 * H], ah[T][B][3 * H], dax[T][B][3 * H], dah[T][B][3 * H];
    units r, z, n, q, dh, drh;
} gru_steps;

// Step t by the fused cell.
static void
read_cell(const tensor *cell, int t, gru_steps *s)
{
    const tensor *gx = cell->in[0], *gh = cell->in[1];
    copy_rows(s->ax[t][0], 3 * H, gx->data, 3 * H, 3 * H);
    copy_rows(s->ah[t][0], 3 * H, gh->data, 3 * H, 3 * H);
    copy_rows(s->dax[t][0], 3 * H, gx->grad, 3 * H, 3 * H);
    copy_rows(s->dah[t][0], 3 * H, gh->grad, 3 * H, 3 * H);
    copy_rows(s->r.at[t][0], H, tape_saved(cell, "r")->data, H, H);
    copy_rows(s->z.at[t][0], H, tape_saved(cell, "z")->data, H, H);
    copy_rows(s->n.at[t][0], H, tape_saved(cell, "n")->data, H, H);
    copy_rows(s->dh.at[t][0], H, cell->grad, H, H);
}

static bool
is_op(const tensor *x, const char *op)
{
    return strcmp(x->name, op) == 0;
}

// One gate's products with the input and the state, which are added or, in n, combined in `sum`.
static void
read_gate(const rnn_layer *l, const tensor *sum, const tensor *from_h, int t, gru_steps *s)
{
    const tensor *from_x = sum->in[0];
    long first = from_h->in[2]->data - l->b_hh->data; // where its rows begin
    copy_rows(s->ax[t][0] + first, 3 * H, from_x->data, H, H);
    copy_rows(s->ah[t][0] + first, 3 * H, from_h->data, H, H);
    copy_rows(s->dax[t][0] + first, 3 * H, sum->grad, H, H);
    copy_rows(s->dah[t][0] + first, 3 * H, from_h->grad, H, H);
}

// Step t by elementary operations: h is b + z (a - b), where a or b is n = tanh(ax_n + past); past is r ah_n, or with
// the reset before the product q.
static void
read_operations(const rnn_layer *l, const tensor *h, int t, gru_steps *s)
{
    const tensor *z = h->in[1]->in[0], *difference = h->in[1]->in[1];
    const tensor *n = difference->in[is_op(difference->in[0], "t_tanh") ? 0 : 1];
    const tensor *past = n->in[0]->in[1];
    bool after = is_op(past, "t_mul");
    const tensor *r = after ? past->in[0] : past->in[0]->in[0], *q = after ? past->in[1] : past;
    read_gate(l, r->in[0], r->in[0]->in[1], t, s);
    read_gate(l, z->in[0], z->in[0]->in[1], t, s);
    read_gate(l, n->in[0], q, t, s);
    copy_rows(s->r.at[t][0], H, r->data, H, H);
    copy_rows(s->z.at[t][0], H, z->data, H, H);
    copy_rows(s->n.at[t][0], H, n->data, H, H);
    copy_rows(s->q.at[t][0], H, q->data, H, H);
    copy_rows(s->dh.at[t][0], H, h->grad, H, H);
    if (!after)
        copy_rows(s->drh.at[t][0], H, q->in[0]->grad, H, H);
}

// The forward steps in the order of computation; with the reset before the product r comes before what it resets.
static void
write_gru_forward(rnn_gru_convention convention, const gru_steps *s)
{
    bool before = convention == RNN_RESET_BEFORE;
    float sums[T][B][2 * H];
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "ax", "", SHAPE(T, B, 3 * H), s->ax[0][0], close,
                  "W_ih x + b_ih, blocks r, z, n");
    if (before) {
        for (int t = 0; t < T; t++)
            copy_rows(sums[t][0], 2 * H, s->ah[t][0], 3 * H, 2 * H);
        case_write_f4("step", "ah", "h[t-1]", SHAPE(T, B, 2 * H), sums[0][0], close,
                      "W_hh h(t-1) + b_hh, blocks r, z only");
    } else
        case_write_f4("step", "ah", "h[t-1]", SHAPE(T, B, 3 * H), s->ah[0][0], close,
                      "W_hh h(t-1) + b_hh, blocks r, z, n");
    write_step("r", "ax ah", &s->r, "reset gate: sigmoid(ax_r + ah_r)");
    write_step("z", "ax ah", &s->z, "update gate: sigmoid(ax_z + ah_z)");
    if (before) {
        write_step("q", "r h[t-1]", &s->q, "W_hn (r h(t-1)) + b_hn");
        write_step("n", "ax q", &s->n, "candidate: tanh(ax_n + q)");
    } else
        write_step("n", "ax ah r", &s->n, "candidate: tanh(ax_n + r ah_n)");
}

static void
write_gru_backward(rnn_gru_convention convention, const gru_steps *s)
{
    case_time(0, CASE_BACKWARD);
    if (convention == RNN_RESET_BEFORE) {
        write_units("dh", "dax[t+1] drh[t+1] r[t+1] dh[t+1] z[t+1]", &s->dh,
                    "loss_weight + z dh + W_hr' dax_r + W_hz' dax_z + r drh, all of step t + 1");
        case_write_f4(
            "gradient", "dax", "dh h[t-1] z n r", SHAPE(T, B, 3 * H), s->dax[0][0], backward_close,
            "(W_hn' dax_n) h(t-1) r (1 - r), dh (h(t-1) - n) z (1 - z), dh (1 - z) (1 - n^2)");
        write_units("drh", "dax", &s->drh, "W_hn' dax_n, the gradient of r h(t-1)");
        return;
    }
    bool swapped = convention == RNN_Z_SWAPPED;
    write_units("dh", "dah[t+1] dh[t+1] z[t+1]", &s->dh,
                swapped ? "loss_weight + (1 - z(t+1)) dh(t+1) + W_hh' dah(t+1)"
                        : "loss_weight + z(t+1) dh(t+1) + W_hh' dah(t+1)");
    case_write_f4(
        "gradient", "dax", "dh h[t-1] z n r ah", SHAPE(T, B, 3 * H), s->dax[0][0], backward_close,
        swapped ? "dax_n ah_n r (1 - r), dh (n - h(t-1)) z (1 - z), dh z (1 - n^2)"
                : "dax_n ah_n r (1 - r), dh (h(t-1) - n) z (1 - z), dh (1 - z) (1 - n^2)");
    case_write_f4("gradient", "dah", "dax r", SHAPE(T, B, 3 * H), s->dah[0][0], backward_close,
                  "dax_r, dax_z, dax_n r");
}

static void
describe_gru(rnn_gru_convention convention)
{
    static const char *const candidate[] = {
        [RNN_RESET_AFTER] =
            "the reset stands after the product: n = tanh(W_in x + b_in + r (W_hn h(t-1) + b_hn)), "
            "as in torch.nn.GRU and cuDNN",
        [RNN_RESET_BEFORE] = "the reset stands before the product: n = tanh(W_in x + b_in + W_hn "
                             "(r h(t-1)) + b_hn), "
                             "as in the final version of Cho et al. 2014",
        [RNN_Z_SWAPPED] =
            "the reset stands after the product: n = tanh(W_in x + b_in + r (W_hn h(t-1) + b_hn))"};
    describe_layer();
    case_convention("the rows of w_ih, w_hh, b_ih, b_hh are three blocks of H: r, z, n; so are the "
                    "last axes of ax "
                    "and ah");
    case_convention(candidate[convention]);
    case_convention(convention == RNN_Z_SWAPPED
                        ? "z is the part of the new: h = z n + (1 - z) h(t-1)"
                        : "z is the part of the old: h = (1 - z) n + z h(t-1)");
    case_convention(
        "da_r, da_z, da_n are the gradients of what stands inside of the sigmoids and the tanh");
}

static void
gru_layer(const char *name, rnn_gru_convention convention)
{
    static const case_gradient after[] = {{"x", "dax", "0"},
                                          {"h0", "dah dh z", NULL},
                                          {"w_ih", "dax", NULL},
                                          {"w_hh", "dah h", NULL},
                                          {"b_ih", "dax", NULL},
                                          {"b_hh", "dah", NULL},
                                          {0}};
    static const case_gradient before[] = {{"x", "dax", "0"},
                                           {"h0", "dax drh r dh z", NULL},
                                           {"w_ih", "dax", NULL},
                                           {"w_hh", "dax r h", NULL},
                                           {"b_ih", "dax", NULL},
                                           {"b_hh", "dax", NULL},
                                           {0}};
    gru_steps s = {0}; // a mistaken forward may lack an operation that we read
    tensor *gates[3];
    rng r = rng_at(SEED, 3);
    case_begin(name,
               "One GRU layer over T steps, forward and backward; the loss is sum(h loss_weight).");
    describe_gru(convention);
    rnn_layer l = input_layer(RNN_GRU, 3, &r);
    tensor *x = inputs(&r);
    tensor *h0 = first_state(&r);
    tensor *weight = loss_weight(&r);
    // The convention that the chapter trains has a fused cell; its backward is what people write by hand.
    rnn_output o = convention == RNN_RESET_AFTER ? rnn_forward(&l, x, h0, NULL)
                                                 : rnn_gru_forward(convention, &l, x, h0, gates);
    const tensor *loss = run_loss(o.all, weight);
    for (int t = 0; t < T; t++)
        if (o.step)
            read_cell(o.step[t], t, &s);
        else
            read_operations(&l, o.all->in[t], t, &s);
    write_gru_forward(convention, &s);
    write_result("z n h[t-1]", o.all, loss,
                 convention == RNN_Z_SWAPPED ? "h = z n + (1 - z) h(t-1)"
                                             : "h = (1 - z) n + z h(t-1)");
    write_gru_backward(convention, &s);
    case_gradients(backward_close, convention == RNN_RESET_BEFORE ? before : after);
    end_layer();
}

// ---- Clipping and truncation ----

static void
clipping(void)
{
    const char *const names[][4] = {{"g1", "joint1", "element1", "within1"},
                                    {"g2", "joint2", "element2", "within2"},
                                    {"g3", "joint3", "element3", "within3"}};
    const shape shapes[] = {SHAPE(4, 3), SHAPE(5), SHAPE(2, 3)};
    const float scale[] = {1, 0.1f, 3}; // of very different length: clipping each alone would show
    const float theta = 1.5f, theta_large = 40;
    float before[3][12];
    rng r = rng_at(SEED, 6);
    case_begin("clip_global_norm",
               "Three gradients g1, g2, g3, clipped to a joint norm, and value by value.");
    case_convention(
        "the joint norm is the root of the sum of the squares of all values of all three");
    case_convention("gradients within the norm stay as they are");
    case_input_f4("theta", SCALAR, &theta, "the largest joint norm, and the largest |value|");
    case_input_f4("theta_large", SCALAR, &theta_large,
                  "another largest joint norm, which is not reached");
    for (int i = 0; i < 3; i++) {
        tensor *g = param(names[i][0], shapes[i]);
        rng_fill_normal(&r, g->size, before[i], 0, scale[i]);
        memcpy(g->grad, before[i], g->size * sizeof(float));
        case_input_f4(names[i][0], g->shape, g->grad, "the gradient of a parameter");
    }
    float norm = (float)clip_global_norm(theta);
    case_write_f4("step", "norm", "", SCALAR, &norm, clipped, "the joint norm of g1, g2, g3");
    for (int i = 0; i < 3; i++)
        case_write_f4("output", names[i][1], "norm", shapes[i], param_at(i)->grad, clipped,
                      "after clipping the joint norm to theta: g theta / norm");
    for (int i = 0; i < 3; i++)
        memcpy(param_at(i)->grad, before[i], param_at(i)->size * sizeof(float));
    clip_elements(theta);
    for (int i = 0; i < 3; i++)
        case_write_f4("output", names[i][2], "", shapes[i], param_at(i)->grad, clipped,
                      "after clipping each value to [-theta, theta]");
    for (int i = 0; i < 3; i++)
        memcpy(param_at(i)->grad, before[i], param_at(i)->size * sizeof(float));
    clip_global_norm(theta_large);
    for (int i = 0; i < 3; i++)
        case_write_f4("output", names[i][3], "norm", shapes[i], param_at(i)->grad, clipped,
                      "after clipping the joint norm to theta_large: as it was");
    case_end();
    tensors_free();
}

static void
truncated(void)
{
    enum { N = 6, K = 3 }; // sequences, one after the other; steps of a window
    static const case_gradient gradients[] = {
        {"w_ih", "h", NULL}, {"w_hh", "h", NULL}, {"b_ih", "h", NULL}, {"b_hh", "h", NULL}, {0}};
    static float x[N][T * B * I], weight[N][T * B * H], h[N][T * B * H];
    rng r = rng_at(SEED, 7);
    case_begin("bptt_truncated", "A tanh layer over N sequences, one after the other, with "
                                 "backpropagation truncated to windows; the "
                                 "loss is sum(h loss_weight).");
    describe_layer();
    case_convention("x, loss_weight and h have the sequence for their first axis; each begins with "
                    "the state 0");
    case_convention("windows begin at steps 0, window, 2 window, ...; the last one of a sequence "
                    "is shorter. The "
                    "state is carried over their borders, the gradient is not");
    case_convention("the gradients of all windows and sequences are added; the weights do not "
                    "change meanwhile");
    rnn_layer l = input_layer(RNN_TANH, 1, &r);
    rng_fill_normal(&r, N * T * B * I, x[0], 0, 1);
    rng_fill_normal(&r, N * T * B * H, weight[0], 0, 1);
    case_scalar("window", K, "steps of a window: 3, 3, 1 of each sequence");
    case_input_f4("x", SHAPE(N, T, B, I), x[0], "the inputs");
    case_input_f4("loss_weight", SHAPE(N, T, B, H), weight[0], "the loss is sum(h loss_weight)");
    tensor *carried = tensor_state("h", SHAPE(B, H));
    for (int n = 0; n < N; n++)
        rnn_truncated(&l, K, carried, SHAPE(T, B, I), x[n], weight[n], h[n]);
    case_time(1, CASE_FORWARD);
    case_write_f4("output", "h", "h[t-1]", SHAPE(N, T, B, H), h[0], close,
                  "tanh(W_ih x + b_ih + W_hh h(t-1) + b_hh)");
    case_time_none();
    case_gradients(backward_close, gradients);
    case_end();
    tensors_free();
}

void
rnn_cases(void)
{
    language_model();
    tanh_layer();
    lstm_layer();
    gru_layer("gru_reset_after", RNN_RESET_AFTER);
    gru_layer("gru_reset_before", RNN_RESET_BEFORE);
    gru_layer("gru_swapped", RNN_Z_SWAPPED);
    clipping();
    truncated();
}
