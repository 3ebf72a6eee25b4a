#include "linear_attention/linear_attention.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <string.h>

static backward_fn features_backward, divide_backward, recurrent_backward, chunked_backward;

// ---- Feature maps ----

// y (F) = phi(x), x (d).
static void
map_row(linear_attention_map map, int d, const float *x, float *y)
{
    float length;
    switch (map) {
    case LINEAR_ATTENTION_ELU:
        for (int i = 0; i < d; i++)
            y[i] = x[i] > 0 ? x[i] + 1 : exp32(x[i]);
        break;
    case LINEAR_ATTENTION_RELU:
        for (int i = 0; i < d; i++)
            y[i] = x[i] > 0 ? x[i] : 0;
        break;
    case LINEAR_ATTENTION_EXP:
        for (int i = 0; i < d; i++)
            y[i] = exp32(x[i]);
        break;
    case LINEAR_ATTENTION_TAYLOR:
        length = sqrt32(dot32(d, x, x));
        y[0] = 1;
        for (int i = 0; i < d; i++)
            y[i + 1] = length > 0 ? x[i] / length : 0;
    }
}

// Adds to dx (d) what dy (F) implies, y = phi(x).
static void
map_row_backward(linear_attention_map map, int d, const float *x, const float *y, const float *dy,
                 float *dx)
{
    float length, along;
    switch (map) {
    case LINEAR_ATTENTION_ELU: // e^x is its own slope
        for (int i = 0; i < d; i++)
            dx[i] += x[i] > 0 ? dy[i] : y[i] * dy[i];
        break;
    case LINEAR_ATTENTION_RELU:
        for (int i = 0; i < d; i++)
            dx[i] += x[i] > 0 ? dy[i] : 0;
        break;
    case LINEAR_ATTENTION_EXP:
        for (int i = 0; i < d; i++)
            dx[i] += y[i] * dy[i];
        break;
    case LINEAR_ATTENTION_TAYLOR: // u = x / |x|: du = (dx - u (u dx)) / |x|
        length = sqrt32(dot32(d, x, x));
        along = dot32(d, y + 1, dy + 1);
        if (length > 0)
            for (int i = 0; i < d; i++)
                dx[i] += (dy[i + 1] - y[i + 1] * along) / length;
    }
}

typedef struct {
    linear_attention_map map;
    const int *length; // (B), or NULL
} feature_map;

// Whether the vector in this row of (B, N, h, d) is padding.
static bool
is_padding(const feature_map *phi, shape s, long row)
{
    long position = row / s.n[2];
    return phi->length && position % s.n[1] >= phi->length[position / s.n[1]];
}

tensor *
linear_attention_features(tensor *x, linear_attention_map map, const int *length)
{
    shape s = x->shape;
    if (s.rank != 4)
        fail("linear_attention_features: %s %s, expected (B, N, h, d)", x->name, shape_text(s).s);
    int d = s.n[3], F = map == LINEAR_ATTENTION_TAYLOR ? d + 1 : d;
    tensor *y = tape_node("linear_attention_features", SHAPE(s.n[0], s.n[1], s.n[2], F),
                          features_backward, INPUTS(x));
    feature_map *phi = y->aux = tape_alloc(sizeof *phi + s.n[0] * sizeof *length);
    *phi = (feature_map){map, length ? memcpy(phi + 1, length, s.n[0] * sizeof *length) : NULL};
    for (long row = 0; row * d < x->size; row++) {
        float *features = y->data + row * F;
        map_row(map, d, x->data + row * d, features);
        // Behind the map, since phi(0) is not 0
        if (is_padding(phi, s, row))
            memset(features, 0, F * sizeof *features);
    }
    return y;
}

static void
features_backward(tensor *y)
{
    tensor *x = y->in[0];
    const feature_map *phi = y->aux;
    int d = x->shape.n[3], F = y->shape.n[3];
    for (long row = 0; row * d < x->size; row++)
        if (!is_padding(phi, x->shape, row))
            map_row_backward(phi->map, d, x->data + row * d, y->data + row * F, y->grad + row * F,
                             x->grad + row * d);
}

// ---- All pairs at once ----

// x / total, and 0 where nothing was found.
static inline float
ratio(float x, float total)
{
    return total == 0 ? 0 : x / total;
}

// x (..., m) / (total (..., 1) + eps), row by row.
static tensor *
divide(tensor *x, tensor *total, float eps)
{
    int m = x->shape.n[x->shape.rank - 1];
    tensor *y = tape_node("divide", x->shape, divide_backward, INPUTS(x, total));
    float *divisor = tape_save(y, "divisor", total->shape)->data;
    for (long row = 0; row < total->size; row++) {
        divisor[row] = total->data[row] + eps;
        for (int j = 0; j < m; j++)
            y->data[row * m + j] = ratio(x->data[row * m + j], divisor[row]);
    }
    return y;
}

static void
divide_backward(tensor *y)
{
    tensor *x = y->in[0], *total = y->in[1];
    int m = y->shape.n[y->shape.rank - 1];
    const float *divisor = tape_saved(y, "divisor")->data;
    for (long row = 0; row < total->size; row++) {
        const float *dy = y->grad + row * m;
        // y = x / divisor
        if (x->grad)
            for (int j = 0; j < m; j++)
                x->grad[row * m + j] += ratio(dy[j], divisor[row]);
        // dy/d(divisor) = -x / divisor^2 = -y / divisor
        if (total->grad)
            total->grad[row] -= ratio(dot32(m, dy, y->data + row * m), divisor[row]);
    }
}

// (B, T, h, w) -> (B, h, T, w), and back.
static tensor *
heads_first(tensor *x)
{
    return t_transpose(x, 1, 2);
}

// x (..., w) -> (..., 1), the sums of its rows.
static tensor *
row_sums(tensor *x)
{
    int w = x->shape.n[x->shape.rank - 1];
    tensor *ones = constant("ones", SHAPE(w, 1), NULL);
    for (int i = 0; i < w; i++)
        ones->data[i] = 1;
    return t_matmul(x, ones);
}

// (T, T): 1 where j <= i.
static tensor *
lower_triangle(int T)
{
    tensor *mask = constant("mask", SHAPE(T, T), NULL);
    for (int i = 0; i < T; i++)
        for (int j = 0; j <= i; j++)
            mask->data[i * T + j] = 1;
    return mask;
}

// Features q and k (B, T, h, F), values v (B, T, h, m).
static void
check_causal(const char *op, const tensor *q, const tensor *k, const tensor *v)
{
    const int *n = q->shape.n;
    if (q->shape.rank != 4 || !shape_equal(q->shape, k->shape))
        fail_shapes(op, "features of queries and keys must be (B, T, h, F) both", q, k);
    if (!shape_equal(v->shape, SHAPE(n[0], n[1], n[2], v->shape.n[3])))
        fail_shapes(op, "features (B, T, h, F) need values (B, T, h, m)", q, v);
}

tensor *
linear_attention_parallel(tensor *q, tensor *k, tensor *v, float eps)
{
    check_causal("linear_attention_parallel", q, k, v);
    tensor *mask = lower_triangle(q->shape.n[1]);
    tensor *scores = t_matmul_nt(heads_first(q), heads_first(k));
    tensor *weights = named(t_mul(scores, mask), "weights");
    tensor *total = named(row_sums(weights), "total");
    tensor *sums = named(t_matmul(weights, heads_first(v)), "sums");
    return heads_first(divide(sums, total, eps));
}

// ---- Step by step ----

// S (F, m) += k v^T, z (F) += k e. The forward has e = 1; the backward sums dS and dz in the same way.
static void
update_state(int F, int m, const float *k, const float *v, float e, float *S, float *z)
{
    for (int f = 0; f < F; f++) {
        for (int j = 0; j < m; j++)
            S[f * m + j] += k[f] * v[j];
        z[f] += k[f] * e;
    }
}

// out (m) = S^T q / (z q + eps). Returns the normaliser.
static float
read_state(int F, int m, float eps, const float *q, const float *S, const float *z, float *out)
{
    float normaliser = dot32(F, z, q) + eps;
    memset(out, 0, m * sizeof *out);
    for (int f = 0; f < F; f++)
        for (int j = 0; j < m; j++)
            out[j] += S[f * m + j] * q[f];
    for (int j = 0; j < m; j++)
        out[j] = ratio(out[j], normaliser);
    return normaliser;
}

float
linear_attention_step(int F, int m, float eps, const float *q, const float *k, const float *v,
                      float *S, float *z, float *out)
{
    update_state(F, m, k, v, 1, S, z);
    return read_state(F, m, eps, q, S, z, out);
}

// The sizes of a causal op. From one position of a head to the next there are row_q floats in queries and keys, row_v
// in values and answers. S and z: what it goes on from, copies on the tape; NULL: zeros.
typedef struct {
    int B, h, T, F, m, chunk;
    float eps;
    long row_q, row_v;
    const float *S, *z;
} causal;

static tensor *
causal_node(const char *op, backward_fn *back, tensor *q, tensor *k, tensor *v, float eps,
            int chunk)
{
    check_causal(op, q, k, v);
    tensor *out = tape_node(op, v->shape, back, INPUTS(q, k, v));
    causal *c = out->aux = tape_alloc(sizeof *c);
    int B = q->shape.n[0], T = q->shape.n[1], h = q->shape.n[2], F = q->shape.n[3];
    int m = v->shape.n[3];
    *c = (causal){.B = B, .h = h, .T = T, .F = F, .m = m, .eps = eps};
    c->chunk = chunk < T ? chunk : T;
    c->row_q = (long)h * F;
    c->row_v = (long)h * m;
    return out;
}

// Where position t of a head, of all B h, begins: in queries and keys, and in values and answers.
static long
place_q(const causal *c, int head, int t)
{
    return ((long)(head / c->h) * c->T + t) * c->row_q + (long)(head % c->h) * c->F;
}

static long
place_v(const causal *c, int head, int t)
{
    return ((long)(head / c->h) * c->T + t) * c->row_v + (long)(head % c->h) * c->m;
}

tensor *
linear_attention_recurrent(tensor *q, tensor *k, tensor *v, float eps)
{
    tensor *out = causal_node("linear_attention_recurrent", recurrent_backward, q, k, v, eps, 1);
    const causal *c = out->aux;
    int heads = c->B * c->h, F = c->F, m = c->m;
    float *S = tape_save(out, "state", SHAPE(c->T, c->B, c->h, F, m))->data;
    float *z = tape_save(out, "z", SHAPE(c->T, c->B, c->h, F))->data;
    float *normaliser = tape_save(out, "normaliser", SHAPE(c->B, c->h, c->T))->data;
    memset(S, 0, (long)heads * F * m * sizeof *S);
    memset(z, 0, (long)heads * F * sizeof *z);
    for (int t = 0; t < c->T; t++)
        for (int head = 0; head < heads; head++) {
            long state = (long)t * heads + head, before = state - heads;
            if (t > 0) {
                memcpy(S + state * F * m, S + before * F * m, F * m * sizeof *S);
                memcpy(z + state * F, z + before * F, F * sizeof *z);
            }
            long at_q = place_q(c, head, t), at_v = place_v(c, head, t);
            normaliser[(long)head * c->T + t] =
                linear_attention_step(F, m, eps, q->data + at_q, k->data + at_q, v->data + at_v,
                                      S + state * F * m, z + state * F, out->data + at_v);
        }
    return out;
}

// out = numerator / normaliser (one row): their gradients.
static void
quotient_backward(int m, const float *out, const float *dout, float normaliser, float *dnumerator,
                  float *dnormaliser)
{
    for (int j = 0; j < m; j++)
        dnumerator[j] = ratio(dout[j], normaliser);
    *dnormaliser = -ratio(dot32(m, dout, out), normaliser);
}

static void
recurrent_backward(tensor *out)
{
    const causal *c = out->aux;
    tensor *q = out->in[0], *k = out->in[1], *v = out->in[2];
    int heads = c->B * c->h, F = c->F, m = c->m;
    const float *S = tape_saved(out, "state")->data, *z = tape_saved(out, "z")->data;
    const float *normaliser = tape_saved(out, "normaliser")->data;
    // The gradients of numerators and normalisers, and of the states after every step
    float *dnumerators = tape_save(out, "dnumerator", SHAPE(c->B, c->h, c->T, m))->data;
    float *dnormalisers = tape_save(out, "dnormaliser", SHAPE(c->B, c->h, c->T))->data;
    float *dstates = tape_save(out, "dstate", SHAPE(c->T, c->B, c->h, F, m))->data;
    float *dsums = tape_save(out, "dz", SHAPE(c->T, c->B, c->h, F))->data;
    for (int t = c->T - 1; t >= 0; t--)
        for (int head = 0; head < heads; head++) {
            long state = (long)t * heads + head, later = state + heads;
            long row = (long)head * c->T + t;
            long at_q = place_q(c, head, t), at_v = place_v(c, head, t);
            float *dS = dstates + state * F * m, *dz = dsums + state * F;
            float *dnumerator = dnumerators + row * m, *dnormaliser = dnormalisers + row;
            bool is_last = t == c->T - 1;
            for (int j = 0; j < F * m; j++)
                dS[j] = is_last ? 0 : dstates[later * F * m + j];
            for (int f = 0; f < F; f++)
                dz[f] = is_last ? 0 : dsums[later * F + f];
            quotient_backward(m, out->data + at_v, out->grad + at_v, normaliser[row], dnumerator,
                              dnormaliser);
            // numerator = S^T q, normaliser = z q + eps
            if (q->grad)
                for (int f = 0; f < F; f++)
                    q->grad[at_q + f] += dot32(m, S + (state * F + f) * m, dnumerator) +
                                         z[state * F + f] * *dnormaliser;
            update_state(F, m, q->data + at_q, dnumerator, *dnormaliser, dS, dz);
            // S += k v^T, z += k
            if (k->grad)
                for (int f = 0; f < F; f++)
                    k->grad[at_q + f] += dot32(m, dS + f * m, v->data + at_v) + dz[f];
            if (v->grad)
                for (int f = 0; f < F; f++)
                    for (int j = 0; j < m; j++)
                        v->grad[at_v + j] += dS[f * m + j] * k->data[at_q + f];
        }
}

// ---- In chunks ----

// P (C, C) = tril(X Y^T), of C rows of width w that begin x_row and y_row floats apart.
static void
lower_product(int C, int w, const float *X, long x_row, const float *Y, long y_row, float *P)
{
    matmul(C, C, w, matrix_of(X, x_row), transpose_of(Y, y_row), P, C, MATMUL_SET);
    for (int i = 0; i < C; i++)
        memset(P + i * C + i + 1, 0, (C - i - 1) * sizeof *P);
}

// S (F, m) += K^T V, z (F) += K^T e, of C rows; e NULL: ones.
static void
update_state_by_rows(const causal *c, int C, const float *K, const float *V, long v_row,
                     const float *e, float *S, float *z)
{
    matmul(c->F, c->m, C, transpose_of(K, c->row_q), matrix_of(V, v_row), S, c->m, MATMUL_ADD);
    for (int i = 0; i < C; i++)
        for (int f = 0; f < c->F; f++)
            z[f] += e ? e[i] * K[i * c->row_q + f] : K[i * c->row_q + f];
}

// A chunk of one head: its first position, its number of rows (the last chunk may have fewer), and where they begin.
typedef struct {
    int first, C;
    const float *Q, *K, *V; // (C, F), (C, F), (C, m)
} rows;

static rows
chunk_rows(const tensor *out, int head, int first)
{
    const causal *c = out->aux;
    long at_q = place_q(c, head, first);
    return (rows){first, c->T - first < c->chunk ? c->T - first : c->chunk, out->in[0]->data + at_q,
                  out->in[1]->data + at_q, out->in[2]->data + place_v(c, head, first)};
}

// The answers O (C, m) of a chunk and their normalisers (C), from the state before it. P: room for (C, C).
static void
chunk_answers(const causal *c, rows x, const float *S, const float *z, float *P, float *O,
              float *normaliser)
{
    int C = x.C, F = c->F, m = c->m;
    lower_product(C, F, x.Q, c->row_q, x.K, c->row_q, P);
    // numerator = Q S + P V
    matmul(C, m, F, matrix_of(x.Q, c->row_q), matrix_of(S, m), O, c->row_v, MATMUL_SET);
    matmul(C, m, C, matrix_of(P, C), matrix_of(x.V, c->row_v), O, c->row_v, MATMUL_ADD);
    // normaliser = Q z + sums of the rows of P + eps
    for (int i = 0; i < C; i++) {
        float *out = O + i * c->row_v;
        normaliser[i] = dot32(F, x.Q + i * c->row_q, z) + sum32(C, P + i * C) + c->eps;
        for (int j = 0; j < m; j++)
            out[j] = ratio(out[j], normaliser[i]);
    }
}

// S and z of a head before its first position.
static void
first_state(const causal *c, int head, float *S, float *z)
{
    long state = (long)c->F * c->m;
    if (c->S)
        memcpy(S, c->S + head * state, state * sizeof *S);
    if (c->z)
        memcpy(z, c->z + (long)head * c->F, c->F * sizeof *z);
}

// One head. room: zeros for S, z and P; S and z are left in it.
static void
chunked_head(tensor *out, const causal *c, int head, float *room)
{
    float *normaliser = tape_saved(out, "normaliser")->data + (long)head * c->T;
    float *S = room, *z = S + c->F * c->m, *P = z + c->F;
    first_state(c, head, S, z);
    for (int t = 0; t < c->T; t += c->chunk) {
        rows x = chunk_rows(out, head, t);
        chunk_answers(c, x, S, z, P, out->data + place_v(c, head, t), normaliser + t);
        update_state_by_rows(c, x.C, x.K, x.V, c->row_v, NULL, S, z); // behind its own rows
    }
}

// Whether a second thread pays: from a million multiply-adds on, which take some tens of microseconds.
static bool
is_large(const causal *c)
{
    return (double)c->B * c->h * c->T * c->F * c->m > 1e6;
}

static void
check_state(const linear_attention_state *state, const causal *c)
{
    shape S = SHAPE(c->B, c->h, c->F, c->m), z = SHAPE(c->B, c->h, c->F);
    if (!shape_equal(state->S->shape, S) || !shape_equal(state->z->shape, z))
        fail("linear_attention_continued: a state of %s and %s, expected (B, h, F, m) %s and "
             "(B, h, F) %s",
             shape_text(state->S->shape).s, shape_text(state->z->shape).s, shape_text(S).s,
             shape_text(z).s);
}

tensor *
linear_attention_continued(tensor *q, tensor *k, tensor *v, float eps, int chunk,
                           const linear_attention_state *state)
{
    if (chunk < 1)
        fail("linear_attention_chunked: chunks of %d rows, expected 1 or more", chunk);
    tensor *out = causal_node("linear_attention_chunked", chunked_backward, q, k, v, eps, chunk);
    causal *c = out->aux;
    int heads = c->B * c->h;
    long sums = (long)c->F * c->m, room = sums + c->F + (long)c->chunk * c->chunk;
    float *rooms = tape_alloc(heads * room * sizeof *rooms);
    tape_save(out, "normaliser", SHAPE(c->B, c->h, c->T));
    if (state) { // the backward wants it as it was
        check_state(state, c);
        c->S = constant("S", state->S->shape, state->S->data)->data;
        c->z = constant("z", state->z->shape, state->z->data)->data;
    }
#pragma omp parallel for if (is_large(c))
    for (int head = 0; head < heads; head++)
        chunked_head(out, c, head, rooms + head * room);
    for (int head = 0; state && head < heads; head++) {
        memcpy(state->S->data + head * sums, rooms + head * room, sums * sizeof *rooms);
        memcpy(state->z->data + (long)head * c->F, rooms + head * room + sums,
               c->F * sizeof *rooms);
    }
    return out;
}

tensor *
linear_attention_chunked(tensor *q, tensor *k, tensor *v, float eps, int chunk)
{
    return linear_attention_continued(q, k, v, eps, chunk, NULL);
}

linear_attention_state
linear_attention_state_new(int B, int h, int F, int m)
{
    return (linear_attention_state){tensor_state("S", SHAPE(B, h, F, m)),
                                    tensor_state("z", SHAPE(B, h, F))};
}

// What the backward of one head works with.
typedef struct {
    float *dnumerator, *dnormaliser; // (T, m), (T): of this head, kept beside out
    float *S, *z, *dS, *dz;          // (F, m), (F), (F, m), (F)
    float *P, *dP;                   // (chunk, chunk)
} head_back;

// How many floats that takes.
static long
room_back(const causal *c)
{
    return 2 * ((long)c->F * c->m + c->F) + 2 * (long)c->chunk * c->chunk;
}

// One head: its gradients of numerator and normaliser, and the state it began with; all else is zero. room:
// room_back(c) zeros.
static head_back
head_back_new(const tensor *out, int head, float *room)
{
    const causal *c = out->aux;
    long state = (long)c->F * c->m, pairs = (long)c->chunk * c->chunk;
    const float *normaliser = tape_saved(out, "normaliser")->data + (long)head * c->T;
    head_back b;
    b.S = room;
    b.z = b.S + state;
    b.dS = b.z + c->F;
    b.dz = b.dS + state;
    b.P = b.dz + c->F;
    b.dP = b.P + pairs;
    b.dnumerator = tape_saved(out, "dnumerator")->data + (long)head * c->T * c->m;
    b.dnormaliser = tape_saved(out, "dnormaliser")->data + (long)head * c->T;
    first_state(c, head, b.S, b.z);
    for (int t = 0; t < c->T; t++) {
        long at = place_v(c, head, t);
        quotient_backward(c->m, out->data + at, out->grad + at, normaliser[t],
                          b.dnumerator + (long)t * c->m, b.dnormaliser + t);
    }
    return b;
}

// dP = tril(dnumerator V^T + dnormaliser 1^T) for the rows of a chunk.
static void
pair_gradients(const causal *c, const head_back *b, rows x)
{
    lower_product(x.C, c->m, b->dnumerator + (long)x.first * c->m, c->m, x.V, c->row_v, b->dP);
    for (int i = 0; i < x.C; i++)
        for (int j = 0; j <= i; j++)
            b->dP[i * x.C + j] += b->dnormaliser[x.first + i];
}

// A scan forwards: dq_i = S_i dnumerator_i + z_i dnormaliser_i, S and z computed once more.
static void
query_gradients(const tensor *out, int head, const head_back *b)
{
    const causal *c = out->aux;
    int F = c->F, m = c->m;
    for (int t = 0; t < c->T; t += c->chunk) {
        rows x = chunk_rows(out, head, t);
        const float *dN = b->dnumerator + (long)t * m;
        float *dQ = out->in[0]->grad + place_q(c, head, t);
        pair_gradients(c, b, x);
        // P = tril(Q K^T)
        matmul(x.C, F, x.C, matrix_of(b->dP, x.C), matrix_of(x.K, c->row_q), dQ, c->row_q,
               MATMUL_ADD);
        // numerator = Q S + ..., normaliser = Q z + ...
        matmul(x.C, F, m, matrix_of(dN, m), transpose_of(b->S, m), dQ, c->row_q, MATMUL_ADD);
        for (int i = 0; i < x.C; i++)
            for (int f = 0; f < F; f++)
                dQ[i * c->row_q + f] += b->dnormaliser[t + i] * b->z[f];
        update_state_by_rows(c, x.C, x.K, x.V, c->row_v, NULL, b->S, b->z);
    }
}

// The rows of a chunk, from dS and dz of the chunks behind it: P = tril(Q K^T), S += K^T V, z += K^T 1.
static void
chunk_key_gradients(const causal *c, const head_back *b, rows x, float *dK)
{
    int F = c->F, m = c->m;
    pair_gradients(c, b, x);
    matmul(x.C, F, x.C, transpose_of(b->dP, x.C), matrix_of(x.Q, c->row_q), dK, c->row_q,
           MATMUL_ADD);
    matmul(x.C, F, m, matrix_of(x.V, c->row_v), transpose_of(b->dS, m), dK, c->row_q, MATMUL_ADD);
    for (int i = 0; i < x.C; i++)
        for (int f = 0; f < F; f++)
            dK[i * c->row_q + f] += b->dz[f];
}

// numerator = P V + ..., S += K^T V.
static void
chunk_value_gradients(const causal *c, const head_back *b, rows x, const float *dN, float *dV)
{
    int F = c->F, m = c->m;
    lower_product(x.C, F, x.Q, c->row_q, x.K, c->row_q, b->P);
    matmul(x.C, m, x.C, transpose_of(b->P, x.C), matrix_of(dN, m), dV, c->row_v, MATMUL_ADD);
    matmul(x.C, m, F, matrix_of(x.K, c->row_q), matrix_of(b->dS, m), dV, c->row_v, MATMUL_ADD);
}

// A scan backwards: dk_j = dS_j v_j + dz_j, dv_j = dS_j^T k_j.
static void
key_gradients(const tensor *out, int head, const head_back *b)
{
    const causal *c = out->aux;
    tensor *k = out->in[1], *v = out->in[2];
    for (int t = (c->T - 1) / c->chunk * c->chunk; t >= 0; t -= c->chunk) {
        rows x = chunk_rows(out, head, t);
        const float *dN = b->dnumerator + (long)t * c->m;
        if (k->grad)
            chunk_key_gradients(c, b, x, k->grad + place_q(c, head, t));
        if (v->grad)
            chunk_value_gradients(c, b, x, dN, v->grad + place_v(c, head, t));
        update_state_by_rows(c, x.C, x.Q, dN, c->m, b->dnormaliser + t, b->dS, b->dz);
    }
}

static void
chunked_backward(tensor *out)
{
    const causal *c = out->aux;
    long room = room_back(c);
    float *rooms = tape_alloc(c->B * c->h * room * sizeof *rooms);
    tape_save(out, "dnumerator", SHAPE(c->B, c->h, c->T, c->m));
    tape_save(out, "dnormaliser", SHAPE(c->B, c->h, c->T));
#pragma omp parallel for if (is_large(c))
    for (int head = 0; head < c->B * c->h; head++) {
        head_back b = head_back_new(out, head, rooms + head * room);
        if (out->in[0]->grad)
            query_gradients(out, head, &b);
        if (out->in[1]->grad || out->in[2]->grad)
            key_gradients(out, head, &b);
    }
}

// ---- The whole ----

tensor *
linear_attention_causal(tensor *q, tensor *k, tensor *v, const linear_attention_config *config)
{
    tensor *phi_q = named(linear_attention_features(q, config->map, NULL), "phi_q"); // no 1/sqrt(d)
    tensor *phi_k = named(linear_attention_features(k, config->map, config->length), "phi_k");
    int chunk = config->chunk ? config->chunk : 32;
    switch (config->form) {
    case LINEAR_ATTENTION_PARALLEL: return linear_attention_parallel(phi_q, phi_k, v, config->eps);
    case LINEAR_ATTENTION_RECURRENT:
        return linear_attention_recurrent(phi_q, phi_k, v, config->eps);
    default: return linear_attention_chunked(phi_q, phi_k, v, config->eps, chunk);
    }
}

tensor *
linear_attention_full(tensor *q, tensor *k, tensor *v, const linear_attention_config *config)
{
    tensor *phi_q = named(linear_attention_features(q, config->map, NULL), "phi_q");
    tensor *phi_k = named(linear_attention_features(k, config->map, config->length), "phi_k");
    phi_q = heads_first(phi_q);                                  // (B, h, T, F)
    phi_k = t_transpose(heads_first(phi_k), 2, 3);               // (B, h, F, N)
    tensor *S = named(t_matmul(phi_k, heads_first(v)), "state"); // (B, h, F, m)
    tensor *z = named(row_sums(phi_k), "z");                     // (B, h, F, 1)
    tensor *sums = named(t_matmul(phi_q, S), "sums");
    tensor *total = named(t_matmul(phi_q, z), "total");
    return heads_first(divide(sums, total, config->eps));
}

tensor *
linear_attention_efficient(tensor *q, tensor *k, tensor *v)
{
    tensor *phi_q = heads_first(named(t_softmax(q), "phi_q"));
    tensor *phi_k = t_softmax(t_transpose(heads_first(k), 2, 3)); // (B, h, d, N), over positions
    tensor *S = named(t_matmul(named(phi_k, "phi_k"), heads_first(v)), "state");
    return heads_first(t_matmul(phi_q, S));
}

void
linear_attention_efficient_step(int d, int m, const float *q, const float *k, const float *v,
                                float *S, float *z, float *out)
{
    float rho[d];
    softmax32(d, q, rho);
    memset(out, 0, m * sizeof *out);
    for (int f = 0; f < d; f++) {
        float e = exp32(k[f]);
        z[f] += e;
        for (int j = 0; j < m; j++)
            S[f * m + j] += e * v[j];
        for (int j = 0; j < m; j++)
            out[j] += rho[f] * S[f * m + j] / z[f];
    }
}

// How many keys are no padding: those up to the last at which a query may look whose row of the mask this is.
static int
unpadded(int N, const bool *row)
{
    int length = N;
    while (length > 0 && !row[length - 1])
        length--;
    return length;
}

tensor *
linear_attention_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    int B = q->shape.n[0], T = q->shape.n[1], N = k->shape.n[1], length[B];
    if (T != N)
        fail("linear_attention_attend: %d queries of %d keys; expected equal numbers, a sequence "
             "that asks itself",
             T, N);
    linear_attention_config config = *(const linear_attention_config *)context;
    config.length = NULL;
    if (mask) {
        for (long i = 0; i < (long)B * T * N; i++)
            if (mask[i] && i % N > i / N % T)
                fail("linear_attention_attend: a query may see a later key; expected a causal "
                     "mask");
        for (int b = 0; b < B; b++)
            length[b] = unpadded(N, mask + ((long)b * T + T - 1) * N); // by the last query's row
        config.length = length;
    }
    return linear_attention_causal(q, k, v, &config);
}
