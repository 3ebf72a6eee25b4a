#include "rnn.h"

#include "fail.h"
#include "numeric.h"
#include "ops.h"

#include <string.h>

// ---- The language model, by hand ----

// y = softmax(x) of n values; returns log sum_k exp(x[k]).
static float
softmax(int n, const float *x, float *y)
{
    float top = max32(n, x);
    for (int k = 0; k < n; k++)
        y[k] = exp32(x[k] - top);
    float sum = sum32(n, y);
    for (int k = 0; k < n; k++)
        y[k] /= sum;
    return top + log32(sum);
}

void
rnn_lm_forward(const rnn_lm *m, const int *x, const int *y, rnn_trace *trace)
{
    int I = m->I, H = m->H;
    for (int t = 0; t < trace->T; t++) {
        const float *before = trace->h + t * H;
        float *h = trace->h + (t + 1) * H, *p = trace->p + t * I, o[I];
        // h(t) = tanh(U x(t) + W h(t-1) + b): x(t) is one-hot, U x(t) is column x[t] of U
        for (int i = 0; i < H; i++)
            h[i] = tanh32(m->u[i * I + x[t]] + dot32(H, m->w + i * H, before) + m->b[i]);
        // o(t) = V h(t) + c
        for (int k = 0; k < I; k++)
            o[k] = dot32(H, m->v + k * H, h) + m->c[k];
        // loss(t) = -log softmax(o)[y] = log sum_k exp(o_k) - o_y
        trace->loss[t] = softmax(I, o, p) - o[y[t]];
    }
}

void
rnn_lm_backward(const rnn_lm *m, const int *x, const int *y, rnn_trace *trace, rnn_lm *d)
{
    int I = m->I, H = m->H;
    float do_[I], da[H], later[H]; // later: what delta(t) gets from step t + 1
    memset(later, 0, sizeof later);
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
        memset(later, 0, sizeof later);
        for (int i = 0; i < H; i++)
            for (int j = 0; j < H; j++)
                later[j] += m->w[i * H + j] * da[i];
    }
}

// ---- Layers on the tape ----

static backward_fn lstm_cell_backward, gru_cell_backward;

enum { GATE_I, GATE_F, GATE_G, GATE_O }; // the blocks of an LSTM: input, forget, candidate, output
enum { GATE_R, GATE_Z, GATE_N };         // the blocks of a GRU: reset, update, candidate

rnn_layer
rnn_layer_new(rnn_kind kind, int I, int H, rng *random)
{
    int G = kind == LSTM ? 4 : kind == GRU ? 3 : 1;
    rnn_layer l = {kind,
                   I,
                   H,
                   param("w_ih", SHAPE(G * H, I)),
                   param("w_hh", SHAPE(G * H, H)),
                   param("b_ih", SHAPE(G * H)),
                   param("b_hh", SHAPE(G * H))};
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
squash(float f(float), int n, const float *x, float *y)
{
    for (int k = 0; k < n; k++)
        y[k] = f(x[k]);
}

tensor *
lstm_cell(tensor *gx, tensor *gh, tensor *c)
{
    int B = c->shape.n[0], H = c->shape.n[1];
    if (!same_shape(gx->shape, SHAPE(B, 4 * H)) || !same_shape(gh->shape, gx->shape))
        fail_shapes("lstm_cell", "both pre-activations must be (B, 4H) for a cell (B, H)", gh, c);
    tensor *out = node("lstm_cell", SHAPE(2, B, H), lstm_cell_backward, INPUTS(gx, gh, c));
    float *gates = save(out, "gates", SHAPE(B, 4 * H))->data;
    float *squashed = save(out, "tanh_c", SHAPE(B, H))->data;
    for (long k = 0; k < gx->size; k++)
        gates[k] = gx->data[k] + gh->data[k];
    for (int s = 0; s < B; s++, gates += 4 * H, squashed += H) {
        float *i = gates + GATE_I * H, *f = gates + GATE_F * H;
        float *g = gates + GATE_G * H, *o = gates + GATE_O * H;
        const float *cell = c->data + s * H;
        float *h_new = out->data + s * H, *c_new = out->data + (B + s) * H;
        squash(sigmoid32, H, i, i);
        squash(sigmoid32, H, f, f);
        squash(tanh32, H, g, g);
        squash(sigmoid32, H, o, o);
        for (int k = 0; k < H; k++)
            c_new[k] = f[k] * cell[k] + i[k] * g[k];
        squash(tanh32, H, c_new, squashed);
        for (int k = 0; k < H; k++)
            h_new[k] = o[k] * squashed[k];
    }
    return out;
}

static void
lstm_cell_backward(tensor *out)
{
    tensor *gx = out->in[0], *gh = out->in[1], *c = out->in[2];
    int B = c->shape.n[0], H = c->shape.n[1];
    const float *gates = saved(out, "gates")->data, *squashed = saved(out, "tanh_c")->data;
    float *da = tape_alloc(4 * H * sizeof(float)); // of one sequence's pre-activations
    float *dc_old = tape_alloc(H * sizeof(float));
    for (int s = 0; s < B; s++, gates += 4 * H, squashed += H) {
        const float *i = gates + GATE_I * H, *f = gates + GATE_F * H;
        const float *g = gates + GATE_G * H, *o = gates + GATE_O * H;
        const float *cell = c->data + s * H;
        const float *dh = out->grad + s * H, *dc_new = out->grad + (B + s) * H;
        for (int k = 0; k < H; k++) {
            // h' = o tanh(c'); c' has a gradient of its own from the next step
            float dc = dc_new[k] + dh[k] * o[k] * (1 - squashed[k] * squashed[k]);
            da[GATE_O * H + k] = dh[k] * squashed[k] * o[k] * (1 - o[k]);
            // c' = f c + i g
            da[GATE_I * H + k] = dc * g[k] * i[k] * (1 - i[k]);
            da[GATE_F * H + k] = dc * cell[k] * f[k] * (1 - f[k]);
            da[GATE_G * H + k] = dc * i[k] * (1 - g[k] * g[k]);
            dc_old[k] = dc * f[k];
        }
        // a = gx + gh
        for (int k = 0; gx->grad && k < 4 * H; k++)
            gx->grad[s * 4 * H + k] += da[k];
        for (int k = 0; gh->grad && k < 4 * H; k++)
            gh->grad[s * 4 * H + k] += da[k];
        for (int k = 0; c->grad && k < H; k++)
            c->grad[s * H + k] += dc_old[k];
    }
}

tensor *
gru_cell(tensor *gx, tensor *gh, tensor *h)
{
    int B = h->shape.n[0], H = h->shape.n[1];
    if (!same_shape(gx->shape, SHAPE(B, 3 * H)) || !same_shape(gh->shape, gx->shape))
        fail_shapes("gru_cell", "both pre-activations must be (B, 3H) for a state (B, H)", gh, h);
    tensor *out = node("gru_cell", h->shape, gru_cell_backward, INPUTS(gx, gh, h));
    float *gates = save(out, "gates", SHAPE(B, 3 * H))->data;
    for (int s = 0; s < B; s++, gates += 3 * H) {
        float *r = gates + GATE_R * H, *z = gates + GATE_Z * H, *n = gates + GATE_N * H;
        const float *x = gx->data + s * 3 * H, *w = gh->data + s * 3 * H;
        const float *old = h->data + s * H;
        float *new = out->data + s *H;
        for (int k = 0; k < H; k++) {
            r[k] = x[GATE_R * H + k] + w[GATE_R * H + k];
            z[k] = x[GATE_Z * H + k] + w[GATE_Z * H + k];
        }
        squash(sigmoid32, H, r, r);
        squash(sigmoid32, H, z, z);
        for (int k = 0; k < H; k++)
            n[k] = x[GATE_N * H + k] + r[k] * w[GATE_N * H + k];
        squash(tanh32, H, n, n);
        for (int k = 0; k < H; k++)
            new[k] = (1 - z[k]) * n[k] + z[k] * old[k];
    }
    return out;
}

static void
gru_cell_backward(tensor *out)
{
    tensor *gx = out->in[0], *gh = out->in[1], *h = out->in[2];
    int B = h->shape.n[0], H = h->shape.n[1];
    const float *gates = saved(out, "gates")->data;
    float *dx = tape_alloc(3 * H * sizeof(float)), *dw = tape_alloc(3 * H * sizeof(float));
    float *dold = tape_alloc(H * sizeof(float));
    for (int s = 0; s < B; s++, gates += 3 * H) {
        const float *r = gates + GATE_R * H, *z = gates + GATE_Z * H, *n = gates + GATE_N * H;
        const float *w = gh->data + s * 3 * H, *old = h->data + s * H, *dnew = out->grad + s * H;
        for (int k = 0; k < H; k++) {
            // h' = (1 - z) n + z h
            float dz = dnew[k] * (old[k] - n[k]) * z[k] * (1 - z[k]);
            float dn = dnew[k] * (1 - z[k]) * (1 - n[k] * n[k]);
            dold[k] = dnew[k] * z[k];
            // n = tanh(x_n + r w_n)
            float dr = dn * w[GATE_N * H + k] * r[k] * (1 - r[k]);
            dx[GATE_R * H + k] = dw[GATE_R * H + k] = dr;
            dx[GATE_Z * H + k] = dw[GATE_Z * H + k] = dz;
            dx[GATE_N * H + k] = dn;
            dw[GATE_N * H + k] = dn * r[k];
        }
        for (int k = 0; gx->grad && k < 3 * H; k++)
            gx->grad[s * 3 * H + k] += dx[k];
        for (int k = 0; gh->grad && k < 3 * H; k++)
            gh->grad[s * 3 * H + k] += dw[k];
        for (int k = 0; h->grad && k < H; k++)
            h->grad[s * H + k] += dold[k];
    }
}

// x w^T + b; w (m, k), b (m)
static tensor *
linear(tensor *x, tensor *w, tensor *b)
{
    return t_add(t_matmul_nt(x, w), b);
}

// z a + (1 - z) b
static tensor *
mix(tensor *z, tensor *a, tensor *b)
{
    return t_add(b, t_mul(z, t_sub(a, b)));
}

// One step; gx: the pre-activations of r, z, n from the input, w and b: their rows of W_hh and b_hh.
static tensor *
gru_step(gru_convention convention, tensor *const gx[3], tensor *const w[3], tensor *const b[3],
         tensor *h, tensor *gates[3])
{
    tensor *r = t_sigmoid(t_add(gx[GATE_R], linear(h, w[GATE_R], b[GATE_R])));
    tensor *z = t_sigmoid(t_add(gx[GATE_Z], linear(h, w[GATE_Z], b[GATE_Z])));
    tensor *past = convention == RESET_BEFORE ? linear(t_mul(r, h), w[GATE_N], b[GATE_N])
                                              : t_mul(r, linear(h, w[GATE_N], b[GATE_N]));
    tensor *n = t_tanh(t_add(gx[GATE_N], past));
    gates[GATE_R] = r, gates[GATE_Z] = z, gates[GATE_N] = n;
    return convention == Z_SWAPPED ? mix(z, n, h) : mix(z, h, n);
}

rnn_output
gru_forward(gru_convention convention, const rnn_layer *l, tensor *x, tensor *h0, tensor *gates[3])
{
    int T = x->shape.n[0], B = x->shape.n[1], H = l->H;
    tensor *gx[3], *w[3], *b[3], *at[T][3], *all[T];
    for (int i = 0; i < 3; i++) {
        gx[i] = linear(x, t_slice(l->w_ih, i * H, H), t_slice(l->b_ih, i * H, H));
        w[i] = t_slice(l->w_hh, i * H, H);
        b[i] = t_slice(l->b_hh, i * H, H);
    }
    tensor *h = h0 ? h0 : constant("h0", SHAPE(B, H), NULL);
    for (int t = 0; t < T; t++) {
        tensor *now[] = {t_at(gx[0], t), t_at(gx[1], t), t_at(gx[2], t)};
        h = all[t] = gru_step(convention, now, w, b, h, at[t]);
    }
    for (int i = 0; i < 3; i++) {
        tensor *gate[T];
        for (int t = 0; t < T; t++)
            gate[t] = at[t][i];
        gates[i] = t_stack(T, gate);
    }
    return (rnn_output){.all = t_stack(T, all), .h = h};
}

// The output of one cell: h (B, H), of an LSTM h and c (2, B, H). gx: pre-activations from the input.
static tensor *
cell(const rnn_layer *l, tensor *gx, tensor *h, tensor *c)
{
    switch (l->kind) {
    case RNN_TANH: return t_tanh(t_add(gx, t_matmul_nt(h, l->w_hh)));
    case RNN_RELU: return t_relu(t_add(gx, t_matmul_nt(h, l->w_hh)));
    case LSTM: return lstm_cell(gx, t_matmul_nt(h, l->w_hh), c);
    default: return gru_cell(gx, linear(h, l->w_hh, l->b_hh), h);
    }
}

rnn_output
rnn_forward(const rnn_layer *l, tensor *x, tensor *h0, tensor *c0)
{
    if (x->shape.rank != 3 || x->shape.n[2] != l->I)
        fail("rnn_forward: %s %s, expected (T, B, %d)", x->name, shape_text(x->shape).s, l->I);
    int T = x->shape.n[0], B = x->shape.n[1];
    tensor *h = h0 ? h0 : constant("h0", SHAPE(B, l->H), NULL);
    tensor *c = c0 ? c0 : constant("c0", SHAPE(B, l->H), NULL);
    // The input's part of every step is one product, before the recurrence begins. Both biases go in
    // here, except in the GRU, whose b_hn stands inside r (W_hn h + b_hn).
    tensor *gx = linear(x, l->w_ih, l->b_ih); // (T, B, G H)
    if (l->kind != GRU)
        gx = t_add(gx, l->b_hh);
    tensor **step = tape_alloc(T * sizeof *step), **all = tape_alloc(T * sizeof *all);
    for (int t = 0; t < T; t++) {
        h = step[t] = cell(l, t_at(gx, t), h, c);
        if (l->kind == LSTM) {
            h = t_at(step[t], 0);
            c = t_at(step[t], 1);
        }
        all[t] = h;
    }
    return (rnn_output){t_stack(T, all), h, l->kind == LSTM ? c : NULL, step};
}

void
rnn_truncated(const rnn_layer *l, int K, tensor *h, tensor *c, shape s, const float *x,
              const float *r, float *all)
{
    int T = s.n[0], B = s.n[1];
    // A sequence knows nothing of the one before it.
    memset(h->data, 0, h->size * sizeof(float));
    if (c)
        memset(c->data, 0, c->size * sizeof(float));
    for (int from = 0; from < T; from += K) {
        int steps = from + K < T ? K : T - from;
        long past = (long)from * h->size;
        tape_reset();
        tensor *window = constant("x", SHAPE(steps, B, l->I), x + (long)from * B * l->I);
        rnn_output o = rnn_forward(l, window, h, c);
        backward_from(o.all, r + past);
        memcpy(all + past, o.all->data, o.all->size * sizeof(float));
        assign(h, o.h);
        if (c)
            assign(c, o.c);
    }
}

void
clip_elements(float theta)
{
    for (int i = 0; i < param_count(); i++)
        for (long j = 0; j < param_at(i)->size; j++) {
            float *g = &param_at(i)->grad[j];
            *g = *g > theta ? theta : *g < -theta ? -theta : *g;
        }
}
