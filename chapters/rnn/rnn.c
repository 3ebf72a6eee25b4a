// The method of chapter rnn: the textbook's language model with backpropagation through time by hand, the fused
// LSTM and GRU cells with their gradients, the layers that run a cell over a sequence, truncated BPTT.
#include "rnn/rnn.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "numbers/numeric.h"

#include <string.h>

// ---- The language model, by hand ----

void
rnn_lm_forward(const rnn_lm *m, const int *x, const int *y, rnn_trace *trace)
{
    int I = m->I, H = m->H;
    for (int t = 0; t < trace->T; t++) {
        if (x[t] < 0 || x[t] >= I || y[t] < 0 || y[t] >= I)
            fail("rnn_lm_forward: symbols %d and %d at step %d, expected 0..%d", x[t], y[t], t,
                 I - 1);
        const float *before = trace->h + t * H;
        float *h = trace->h + (t + 1) * H, *p = trace->p + t * I, o[I];
        // h(t) = tanh(U x(t) + W h(t-1) + b): x(t) is one-hot, U x(t) is column x[t] of U
        for (int i = 0; i < H; i++)
            h[i] = tanh32(m->u[i * I + x[t]] + dot32(H, m->w + i * H, before) + m->b[i]);
        // o(t) = V h(t) + c
        for (int k = 0; k < I; k++)
            o[k] = dot32(H, m->v + k * H, h) + m->c[k];
        // loss(t) = -log softmax(o)[y] = log sum_k exp(o_k) - o_y
        trace->loss[t] = softmax32(I, o, p) - (o[y[t]] - max32(I, o));
    }
}

void
rnn_lm_backward(const rnn_lm *m, const int *x, const int *y, rnn_trace *trace, rnn_lm *d)
{
    int I = m->I, H = m->H;
    float do_[I], da[H], *later = trace->dh0; // later: what delta(t) gets from step t + 1
    memset(later, 0, H * sizeof *later);
    for (int t = trace->T - 1; t >= 0; t--) {
        const float *before = trace->h + t * H, *h = trace->h + (t + 1) * H;
        float *delta = trace->delta + t * H;
        // loss(t) = log sum_k exp(o_k) - o_y
        for (int k = 0; k < I; k++)
            do_[k] = trace->p[t * I + k] - (k == y[t]);
        // h(t) goes into o(t) = V h(t) + c and into a(t+1) = U x(t+1) + W h(t) + b
        for (int i = 0; i < H; i++) {
            delta[i] = later[i];
            for (int k = 0; k < I; k++)
                delta[i] += m->v[k * H + i] * do_[k];
        }
        // h(t) = tanh(a(t))
        for (int i = 0; i < H; i++)
            da[i] = (1 - h[i] * h[i]) * delta[i];
        // o(t) = V h(t) + c
        for (int k = 0; k < I; k++) {
            d->c[k] += do_[k];
            for (int i = 0; i < H; i++)
                d->v[k * H + i] += do_[k] * h[i];
        }
        // a(t) = U x(t) + W h(t-1) + b
        for (int i = 0; i < H; i++) {
            d->u[i * I + x[t]] += da[i];
            d->b[i] += da[i];
            for (int j = 0; j < H; j++)
                d->w[i * H + j] += da[i] * before[j];
        }
        memset(later, 0, H * sizeof *later);
        for (int i = 0; i < H; i++)
            for (int j = 0; j < H; j++)
                later[j] += m->w[i * H + j] * da[i];
    }
}

// ---- Layers on the tape ----

static backward_fn rnn_lstm_cell_backward, rnn_gru_cell_backward;

// The blocks of rows in an LSTM's weights: input gate, forget gate, candidate, output gate.
enum { GATE_I, GATE_F, GATE_G, GATE_O };

// The blocks of rows in a GRU's weights: reset gate, update gate, candidate.
enum { GATE_R, GATE_Z, GATE_N };

// Adds dx (n) to the gradient of x's n values from `first` on, where x has one.
static void
add_gradient(tensor *x, int first, int n, const float *dx)
{
    for (int k = 0; x->grad && k < n; k++)
        x->grad[first + k] += dx[k];
}

rnn_layer
rnn_layer_new(rnn_kind kind, int I, int H, rng *random)
{
    int G = kind == RNN_LSTM ? 4 : kind == RNN_GRU ? 3 : 1;
    rnn_layer l = {.kind = kind, .I = I, .H = H};
    l.w_ih = param("w_ih", SHAPE(G * H, I));
    l.w_hh = param("w_hh", SHAPE(G * H, H));
    l.b_ih = param("b_ih", SHAPE(G * H));
    l.b_hh = param("b_hh", SHAPE(G * H));
    if (kind == RNN_RELU) {
        rng_fill_normal(random, l.w_ih->size, l.w_ih->data, 0, 0.001f);
        for (int i = 0; i < H; i++)
            l.w_hh->data[i * H + i] = 1;
        return l;
    }
    tensor *all[] = {l.w_ih, l.w_hh, l.b_ih, l.b_hh};
    float bound = 1 / sqrt32(H);
    for (int i = 0; i < 4; i++)
        rng_fill_uniform(random, all[i]->size, all[i]->data, -bound, bound);
    return l;
}

// y = f(x) for n values. A loop over one function of one array is what compilers turn into vectors.
static inline void
activate(float f(float), long n, const float *x, float *y)
{
    for (long k = 0; k < n; k++)
        y[k] = f(x[k]);
}

// One gate (B, H): f(gx + gh) of the given block of the pre-activations (B, G H).
static inline void
gate(float f(float), int block, const tensor *gx, const tensor *gh, tensor *y)
{
    int B = y->shape.n[0], H = y->shape.n[1], GH = gx->shape.n[1];
    for (int s = 0; s < B; s++) {
        const float *x = gx->data + s * GH + block * H, *h = gh->data + s * GH + block * H;
        for (int k = 0; k < H; k++)
            y->data[s * H + k] = x[k] + h[k];
    }
    activate(f, y->size, y->data, y->data);
}

tensor *
rnn_lstm_cell(tensor *gx, tensor *gh, tensor *c)
{
    int B = c->shape.n[0], H = c->shape.n[1];
    if (c->shape.rank != 2 || !shape_equal(gx->shape, SHAPE(B, 4 * H)) ||
        !shape_equal(gh->shape, gx->shape))
        fail_shapes("rnn_lstm_cell", "both pre-activations must be (B, 4H) for a cell (B, H)", gh,
                    c);
    tensor *out =
        tape_node("rnn_lstm_cell", SHAPE(2, B, H), rnn_lstm_cell_backward, INPUTS(gx, gh, c));
    tensor *i = tape_save(out, "i", c->shape), *f = tape_save(out, "f", c->shape);
    tensor *g = tape_save(out, "g", c->shape), *o = tape_save(out, "o", c->shape);
    tensor *tanh_c = tape_save(out, "tanh_c", c->shape);
    float *h_new = out->data, *c_new = out->data + c->size;
    gate(sigmoid32, GATE_I, gx, gh, i);
    gate(sigmoid32, GATE_F, gx, gh, f);
    gate(tanh32, GATE_G, gx, gh, g);
    gate(sigmoid32, GATE_O, gx, gh, o);
    for (long k = 0; k < c->size; k++)
        c_new[k] = f->data[k] * c->data[k] + i->data[k] * g->data[k];
    activate(tanh32, c->size, c_new, tanh_c->data);
    for (long k = 0; k < c->size; k++)
        h_new[k] = o->data[k] * tanh_c->data[k];
    return out;
}

static void
rnn_lstm_cell_backward(tensor *out)
{
    tensor *gx = out->in[0], *gh = out->in[1], *c = out->in[2];
    int B = c->shape.n[0], H = c->shape.n[1];
    const float *i = tape_saved(out, "i")->data, *f = tape_saved(out, "f")->data;
    const float *g = tape_saved(out, "g")->data, *o = tape_saved(out, "o")->data;
    const float *tanh_c = tape_saved(out, "tanh_c")->data;
    const float *dh_new = out->grad, *dc_new = out->grad + c->size;
    float *e = tape_save(out, "e", c->shape)->data;
    float da[4 * H], dc[H]; // of one sequence: the pre-activations' and the cell's
    float *da_i = da + GATE_I * H, *da_f = da + GATE_F * H;
    float *da_g = da + GATE_G * H, *da_o = da + GATE_O * H;
    for (int k = 0; k < B * H; k += H) {
        // h' = o tanh(c'); c' has a gradient of its own from the next step, e is the sum
        for (int j = k; j < k + H; j++)
            e[j] = dc_new[j] + dh_new[j] * o[j] * (1 - tanh_c[j] * tanh_c[j]);
        for (int j = 0; j < H; j++)
            da_o[j] = dh_new[k + j] * tanh_c[k + j] * o[k + j] * (1 - o[k + j]);
        // c' = f c + i g
        for (int j = 0; j < H; j++)
            da_i[j] = e[k + j] * g[k + j] * i[k + j] * (1 - i[k + j]);
        for (int j = 0; j < H; j++)
            da_f[j] = e[k + j] * c->data[k + j] * f[k + j] * (1 - f[k + j]);
        for (int j = 0; j < H; j++)
            da_g[j] = e[k + j] * i[k + j] * (1 - g[k + j] * g[k + j]);
        for (int j = 0; j < H; j++)
            dc[j] = e[k + j] * f[k + j];
        // a = gx + gh
        add_gradient(gx, 4 * k, 4 * H, da);
        add_gradient(gh, 4 * k, 4 * H, da);
        add_gradient(c, k, H, dc);
    }
}

tensor *
rnn_gru_cell(tensor *gx, tensor *gh, tensor *h)
{
    int B = h->shape.n[0], H = h->shape.n[1];
    if (h->shape.rank != 2 || !shape_equal(gx->shape, SHAPE(B, 3 * H)) ||
        !shape_equal(gh->shape, gx->shape))
        fail_shapes("rnn_gru_cell", "both pre-activations must be (B, 3H) for a state (B, H)", gh,
                    h);
    tensor *out = tape_node("rnn_gru_cell", h->shape, rnn_gru_cell_backward, INPUTS(gx, gh, h));
    tensor *r = tape_save(out, "r", h->shape), *z = tape_save(out, "z", h->shape);
    tensor *n = tape_save(out, "n", h->shape);
    gate(sigmoid32, GATE_R, gx, gh, r);
    gate(sigmoid32, GATE_Z, gx, gh, z);
    for (int s = 0; s < B; s++) {
        const float *x = gx->data + (s * 3 + GATE_N) * H, *past = gh->data + (s * 3 + GATE_N) * H;
        for (int j = 0; j < H; j++)
            n->data[s * H + j] = x[j] + r->data[s * H + j] * past[j];
    }
    activate(tanh32, n->size, n->data, n->data);
    for (long k = 0; k < h->size; k++)
        out->data[k] = (1 - z->data[k]) * n->data[k] + z->data[k] * h->data[k];
    return out;
}

static void
rnn_gru_cell_backward(tensor *out)
{
    tensor *gx = out->in[0], *gh = out->in[1], *h = out->in[2];
    int B = h->shape.n[0], H = h->shape.n[1];
    const float *r = tape_saved(out, "r")->data, *z = tape_saved(out, "z")->data;
    const float *n = tape_saved(out, "n")->data, *dh_new = out->grad;
    float dgx[3 * H], dgh[3 * H], dh[H]; // of one sequence
    float *da_r = dgx + GATE_R * H, *da_z = dgx + GATE_Z * H;
    float *da_n = dgx + GATE_N * H, *dq = dgh + GATE_N * H;
    for (int k = 0; k < B * H; k += H) {
        const float *q = gh->data + 3 * k + GATE_N * H;
        // h' = (1 - z) n + z h
        for (int j = 0; j < H; j++)
            da_z[j] = dh_new[k + j] * (h->data[k + j] - n[k + j]) * z[k + j] * (1 - z[k + j]);
        for (int j = 0; j < H; j++)
            da_n[j] = dh_new[k + j] * (1 - z[k + j]) * (1 - n[k + j] * n[k + j]);
        for (int j = 0; j < H; j++)
            dh[j] = dh_new[k + j] * z[k + j];
        // n = tanh(gx_n + r q)
        for (int j = 0; j < H; j++)
            da_r[j] = da_n[j] * q[j] * r[k + j] * (1 - r[k + j]);
        for (int j = 0; j < H; j++)
            dq[j] = da_n[j] * r[k + j];
        // r and z have gx + gh
        memcpy(dgh + GATE_R * H, da_r, H * sizeof(float));
        memcpy(dgh + GATE_Z * H, da_z, H * sizeof(float));
        add_gradient(gx, 3 * k, 3 * H, dgx);
        add_gradient(gh, 3 * k, 3 * H, dgh);
        add_gradient(h, k, H, dh);
    }
}

static void
check_input(const char *function, const rnn_layer *l, const tensor *x)
{
    if (x->shape.rank != 3 || x->shape.n[0] < 1 || x->shape.n[2] != l->I)
        fail("%s: %s %s, expected (T, B, %d) with one step or more", function, x->name,
             shape_text(x->shape).s, l->I);
}

// z a + (1 - z) b
static tensor *
mix(tensor *z, tensor *a, tensor *b)
{
    return t_add(b, t_mul(z, t_sub(a, b)));
}

// One step; gx: the pre-activations of r, z, n from the input, w and b: their rows of W_hh and b_hh.
static tensor *
gru_step(rnn_gru_convention convention, tensor *const gx[3], tensor *const w[3], tensor *const b[3],
         tensor *h, tensor *gates[3])
{
    tensor *r = t_sigmoid(t_add(gx[GATE_R], t_linear(h, w[GATE_R], b[GATE_R])));
    tensor *z = t_sigmoid(t_add(gx[GATE_Z], t_linear(h, w[GATE_Z], b[GATE_Z])));
    tensor *past = convention == RNN_RESET_BEFORE ? t_linear(t_mul(r, h), w[GATE_N], b[GATE_N])
                                                  : t_mul(r, t_linear(h, w[GATE_N], b[GATE_N]));
    tensor *n = t_tanh(t_add(gx[GATE_N], past));
    gates[GATE_R] = r, gates[GATE_Z] = z, gates[GATE_N] = n;
    return convention == RNN_Z_SWAPPED ? mix(z, n, h) : mix(z, h, n);
}

rnn_output
rnn_gru_forward(rnn_gru_convention convention, const rnn_layer *l, tensor *x, tensor *h0,
                tensor *gates[3])
{
    check_input("rnn_gru_forward", l, x);
    int T = x->shape.n[0], B = x->shape.n[1], H = l->H;
    tensor *gx[3], *w[3], *b[3], *at[3], **gate[3], **all = tape_alloc(T * sizeof *all);
    if (l->kind != RNN_GRU)
        fail("rnn_gru_forward: the layer is no GRU");
    for (int i = 0; i < 3; i++) {
        gx[i] = t_linear(x, t_slice(l->w_ih, i * H, H), t_slice(l->b_ih, i * H, H));
        w[i] = t_slice(l->w_hh, i * H, H);
        b[i] = t_slice(l->b_hh, i * H, H);
        gate[i] = tape_alloc(T * sizeof *gate[i]);
    }
    tensor *h = h0 ? h0 : constant("h0", SHAPE(B, H), NULL);
    for (int t = 0; t < T; t++) {
        tensor *now[] = {t_at(gx[0], t), t_at(gx[1], t), t_at(gx[2], t)};
        h = all[t] = gru_step(convention, now, w, b, h, at);
        for (int i = 0; i < 3; i++)
            gate[i][t] = at[i];
    }
    for (int i = 0; i < 3; i++)
        gates[i] = t_stack(T, gate[i]);
    return (rnn_output){.all = t_stack(T, all), .h = h};
}

// The output of one cell: h (B, H), of an LSTM h and c (2, B, H). gx: pre-activations from the input.
static tensor *
cell(const rnn_layer *l, tensor *gx, tensor *h, tensor *c)
{
    switch (l->kind) {
    case RNN_TANH: return t_tanh(t_add(gx, t_matmul_nt(h, l->w_hh)));
    case RNN_RELU: return t_relu(t_add(gx, t_matmul_nt(h, l->w_hh)));
    case RNN_LSTM: return rnn_lstm_cell(gx, t_matmul_nt(h, l->w_hh), c);
    default: return rnn_gru_cell(gx, t_linear(h, l->w_hh, l->b_hh), h);
    }
}

rnn_output
rnn_forward(const rnn_layer *l, tensor *x, tensor *h0, tensor *c0)
{
    check_input("rnn_forward", l, x);
    if (c0 && l->kind != RNN_LSTM)
        fail("rnn_forward: a cell c0 is given, and only an LSTM has one");
    int T = x->shape.n[0], B = x->shape.n[1];
    tensor *h = h0 ? h0 : constant("h0", SHAPE(B, l->H), NULL), *c = c0;
    if (l->kind == RNN_LSTM && !c)
        c = constant("c0", SHAPE(B, l->H), NULL);
    // The input's part of every step is one product, before the recurrence begins. Both biases go in
    // here, except in the GRU, whose b_hn stands inside r (W_hn h + b_hn).
    tensor *bias = l->kind == RNN_GRU ? l->b_ih : t_add(l->b_ih, l->b_hh);
    tensor *gx = t_linear(x, l->w_ih, bias); // (T, B, G H)
    tensor **step = tape_alloc(T * sizeof *step), **all = tape_alloc(T * sizeof *all);
    for (int t = 0; t < T; t++) {
        h = step[t] = cell(l, t_at(gx, t), h, c);
        if (l->kind == RNN_LSTM) {
            h = t_at(step[t], 0);
            c = t_at(step[t], 1);
        }
        all[t] = h;
    }
    return (rnn_output){t_stack(T, all), h, c, step};
}

void
rnn_truncated(const rnn_layer *l, int K, tensor *h, shape s, const float *x, const float *r,
              float *all)
{
    int T = s.n[0], B = s.n[1];
    if (l->kind == RNN_LSTM || K < 1 || s.rank != 3 || s.n[2] != l->I)
        fail(
            "rnn_truncated: windows of %d steps of %s; expected 1 or more, (T, B, %d), and no LSTM",
            K, shape_text(s).s, l->I);
    // A sequence knows nothing of the one before it.
    memset(h->data, 0, h->size * sizeof(float));
    for (int from = 0; from < T; from += K) {
        int steps = from + K < T ? K : T - from;
        long past = (long)from * h->size;
        tape_reset();
        tensor *window = constant("x", SHAPE(steps, B, l->I), x + (long)from * B * l->I);
        rnn_output o = rnn_forward(l, window, h, NULL);
        backward_from(o.all, r + past);
        memcpy(all + past, o.all->data, o.all->size * sizeof(float));
        tensor_assign(h, o.h);
    }
}
