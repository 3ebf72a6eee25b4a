#include "linear_attention/delta.h"

#include "numbers/numeric.h"

#include <string.h>

static backward_fn decayed_backward, delta_backward;

// The sizes of both, and how many states a step has: B h.
typedef struct {
    int T, h, F, m;
    long heads;
} sizes;

static sizes
sizes_of(const tensor *out)
{
    const int *q = out->in[0]->shape.n, *v = out->shape.n;
    return (sizes){q[1], q[2], q[3], v[3], (long)q[0] * q[2]};
}

// The row of (B, T, h) that has step t of a head, of all B h.
static long
row_at(sizes n, long head, int t)
{
    return (head / n.h * n.T + t) * n.h + head % n.h;
}

static tensor *
gated_node(const char *op, backward_fn *back, tensor *q, tensor *k, tensor *v, tensor *gate)
{
    const int *n = q->shape.n;
    if (q->shape.rank != 4 || !shape_equal(q->shape, k->shape))
        fail_shapes(op, "features of queries and keys must be (B, T, h, F) both", q, k);
    if (!shape_equal(v->shape, SHAPE(n[0], n[1], n[2], v->shape.n[3])))
        fail_shapes(op, "features (B, T, h, F) need values (B, T, h, m)", q, v);
    if (!shape_equal(gate->shape, SHAPE(n[0], n[1], n[2])))
        fail_shapes(op, "features (B, T, h, F) need one number for each position and head", q,
                    gate);
    tensor *out = tape_node(op, v->shape, back, INPUTS(q, k, v, gate));
    tape_save(out, "state", SHAPE(n[1], n[0], n[2], n[3], v->shape.n[3]));
    return out;
}

// y (m) = S^T x, x (F).
static void
ask(sizes n, const float *S, const float *x, float *y)
{
    memset(y, 0, n.m * sizeof *y);
    for (int f = 0; f < n.F; f++)
        for (int j = 0; j < n.m; j++)
            y[j] += S[f * n.m + j] * x[f];
}

// y (F) += a S x, x (m).
static void
add_product(sizes n, float a, const float *S, const float *x, float *y)
{
    for (int f = 0; f < n.F; f++)
        y[f] += a * dot32(n.m, S + f * n.m, x);
}

// S (F, m) += a x y^T.
static void
add_pair(sizes n, float a, const float *x, const float *y, float *S)
{
    for (int f = 0; f < n.F; f++)
        for (int j = 0; j < n.m; j++)
            S[f * n.m + j] += a * x[f] * y[j];
}

// The state of a head after step t, before step 0 zeros.
static void
copy_state(sizes n, const float *states, long head, int t, float *S)
{
    long size = (long)n.F * n.m;
    if (t < 0)
        memset(S, 0, size * sizeof *S);
    else
        memcpy(S, states + (t * n.heads + head) * size, size * sizeof *S);
}

// What the backward of one step reads and adds to; rows of inputs without a gradient get a place that nobody reads.
typedef struct {
    const float *q, *k, *v, *dout;
    float *dq, *dk, *dv, *dgate, gate;
} moment;

static float *
gradient_row(const tensor *x, long at, float *nowhere)
{
    return x->grad ? x->grad + at : nowhere;
}

static moment
moment_at(const tensor *out, long row, float *nowhere)
{
    sizes n = sizes_of(out);
    tensor *const *in = out->in;
    return (moment){.q = in[0]->data + row * n.F,
                    .k = in[1]->data + row * n.F,
                    .v = in[2]->data + row * n.m,
                    .gate = in[3]->data[row],
                    .dout = out->grad + row * n.m,
                    .dq = gradient_row(in[0], row * n.F, nowhere),
                    .dk = gradient_row(in[1], row * n.F, nowhere),
                    .dv = gradient_row(in[2], row * n.m, nowhere),
                    .dgate = gradient_row(in[3], row, nowhere)};
}

static void
add_to(int n, const float *x, float *y)
{
    for (int i = 0; i < n; i++)
        y[i] += x[i];
}

// ---- Decay ----

tensor *
linear_attention_decayed(tensor *q, tensor *k, tensor *v, tensor *gamma)
{
    tensor *out = gated_node("linear_attention_decayed", decayed_backward, q, k, v, gamma);
    sizes n = sizes_of(out);
    float *states = tape_saved(out, "state")->data;
    for (int t = 0; t < n.T; t++)
        for (long head = 0; head < n.heads; head++) {
            long row = row_at(n, head, t), size = (long)n.F * n.m;
            float *S = states + (t * n.heads + head) * size;
            copy_state(n, states, head, t - 1, S);
            for (long x = 0; x < size; x++)
                S[x] *= gamma->data[row];
            add_pair(n, 1, k->data + row * n.F, v->data + row * n.m, S);
            ask(n, S, q->data + row * n.F, out->data + row * n.m);
        }
    return out;
}

static void
decayed_backward(tensor *out)
{
    sizes n = sizes_of(out);
    long size = (long)n.F * n.m;
    const float *states = tape_saved(out, "state")->data;
    float *dstates = tape_save(out, "dstate", tape_saved(out, "state")->shape)->data;
    float before[size], dS[size], part[n.m], nowhere[n.F + n.m];
    for (long head = 0; head < n.heads; head++) {
        memset(dS, 0, sizeof dS); // what the state is worth to the steps behind this one
        for (int t = n.T - 1; t >= 0; t--) {
            moment x = moment_at(out, row_at(n, head, t), nowhere);
            const float *S = states + (t * n.heads + head) * size;
            copy_state(n, states, head, t - 1, before);
            // out = S^T q
            add_product(n, 1, S, x.dout, x.dq);
            add_pair(n, 1, x.q, x.dout, dS);
            memcpy(dstates + (t * n.heads + head) * size, dS, sizeof dS);
            // S = gamma before + k v^T
            add_product(n, 1, dS, x.v, x.dk);
            ask(n, dS, x.k, part);
            add_to(n.m, part, x.dv);
            *x.dgate += dot32(size, dS, before);
            for (long y = 0; y < size; y++)
                dS[y] *= x.gate;
        }
    }
}

// ---- The delta rule ----

tensor *
linear_attention_delta(tensor *q, tensor *k, tensor *v, tensor *beta)
{
    tensor *out = gated_node("linear_attention_delta", delta_backward, q, k, v, beta);
    sizes n = sizes_of(out);
    float *states = tape_saved(out, "state")->data;
    float *misses = tape_save(out, "miss", out->shape)->data;
    for (int t = 0; t < n.T; t++)
        for (long head = 0; head < n.heads; head++) {
            long row = row_at(n, head, t);
            const float *key = k->data + row * n.F, *value = v->data + row * n.m;
            float *S = states + (t * n.heads + head) * n.F * n.m, *miss = misses + row * n.m;
            copy_state(n, states, head, t - 1, S);
            ask(n, S, key, miss); // what it answers so far
            for (int j = 0; j < n.m; j++)
                miss[j] = value[j] - miss[j];
            add_pair(n, beta->data[row], key, miss, S);
            ask(n, S, q->data + row * n.F, out->data + row * n.m);
        }
    return out;
}

static void
delta_backward(tensor *out)
{
    sizes n = sizes_of(out);
    long size = (long)n.F * n.m;
    const float *states = tape_saved(out, "state")->data, *misses = tape_saved(out, "miss")->data;
    float *dstates = tape_save(out, "dstate", tape_saved(out, "state")->shape)->data;
    float *dmisses = tape_save(out, "dmiss", out->shape)->data;
    float before[size], dS[size], nowhere[n.F + n.m];
    for (long head = 0; head < n.heads; head++) {
        memset(dS, 0, sizeof dS); // what the state is worth to the steps behind this one
        for (int t = n.T - 1; t >= 0; t--) {
            long row = row_at(n, head, t);
            moment x = moment_at(out, row, nowhere);
            const float *S = states + (t * n.heads + head) * size, *miss = misses + row * n.m;
            float *dmiss = dmisses + row * n.m;
            copy_state(n, states, head, t - 1, before);
            // out = S^T q
            add_product(n, 1, S, x.dout, x.dq);
            add_pair(n, 1, x.q, x.dout, dS);
            memcpy(dstates + (t * n.heads + head) * size, dS, sizeof dS);
            // S = before + beta k miss^T
            ask(n, dS, x.k, dmiss);
            *x.dgate += dot32(n.m, dmiss, miss);
            for (int j = 0; j < n.m; j++)
                dmiss[j] *= x.gate;
            add_product(n, x.gate, dS, miss, x.dk);
            // miss = v - before^T k
            add_to(n.m, dmiss, x.dv);
            add_product(n, -1, before, dmiss, x.dk);
            add_pair(n, -1, x.k, dmiss, dS);
        }
    }
}
