#include "linear_attention/linear_attention.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <string.h>

static backward_fn features_backward, divide_backward, recurrent_backward, chunked_backward;

// ---- Feature maps ----

// y (F) = phi(x), x (d). Of e^x only what stands below 0 is computed: above, it could overflow.
static void
map_row(linear_attention_map map, int d, const float *x, float *y)
{
    float length;
    switch (map) {
    case LINEAR_ATTENTION_ELU:
        for (int i = 0; i < d; i++)
            y[i] = x[i] > 0 ? x[i] + 1 : exp32(x[i] > 0 ? 0 : x[i]);
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
} mapping;

// Whether the vector in this row of (B, S, h, d) is padding.
static bool
is_padding(const mapping *m, shape s, long row)
{
    long position = row / s.n[2];
    return m->length && position % s.n[1] >= m->length[position / s.n[1]];
}

tensor *
linear_attention_features(tensor *x, linear_attention_map map, const int *length)
{
    shape s = x->shape;
    if (s.rank != 4)
        fail("linear_attention_features: %s %s, expected (B, S, h, d)", x->name, shape_text(s).s);
    int d = s.n[3], F = map == LINEAR_ATTENTION_TAYLOR ? d + 1 : d;
    tensor *y = tape_node("linear_attention_features", SHAPE(s.n[0], s.n[1], s.n[2], F),
                          features_backward, INPUTS(x));
    mapping *m = y->aux = tape_alloc(sizeof *m + s.n[0] * sizeof *length);
    *m = (mapping){map, length ? memcpy(m + 1, length, s.n[0] * sizeof *length) : NULL};
    for (long row = 0; row * d < x->size; row++) {
        float *features = y->data + row * F;
        map_row(map, d, x->data + row * d, features);
        // Behind the map, since phi(0) is not 0
        if (is_padding(m, s, row))
            memset(features, 0, F * sizeof *features);
    }
    return y;
}

static void
features_backward(tensor *y)
{
    tensor *x = y->in[0];
    const mapping *m = y->aux;
    int d = x->shape.n[3], F = y->shape.n[3];
    for (long row = 0; row * d < x->size; row++)
        if (!is_padding(m, x->shape, row))
            map_row_backward(m->map, d, x->data + row * d, y->data + row * F, y->grad + row * F,
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

// (B, T, h, n) -> (B, h, T, n), and back.
static tensor *
heads_first(tensor *x)
{
    return t_transpose(x, 1, 2);
}

// x (..., n) -> (..., 1), the sums of its rows.
static tensor *
row_sums(tensor *x)
{
    int n = x->shape.n[x->shape.rank - 1];
    tensor *ones = constant("ones", SHAPE(n, 1), NULL);
    for (int i = 0; i < n; i++)
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
// in values and answers.
typedef struct {
    int B, h, T, F, m, chunk;
    float eps;
    long row_q, row_v;
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
    *c = (causal){B, h, T, F, m, chunk < T ? chunk : T, eps, (long)h * F, (long)h * m};
    return out;
}

// Where position t of head i, of all B h, begins: in queries and keys, and in values and answers.
static long
place_q(const causal *c, int i, int t)
{
    return ((long)(i / c->h) * c->T + t) * c->row_q + (long)(i % c->h) * c->F;
}

static long
place_v(const causal *c, int i, int t)
{
    return ((long)(i / c->h) * c->T + t) * c->row_v + (long)(i % c->h) * c->m;
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
        for (int i = 0; i < heads; i++) {
            long state = (long)t * heads + i, before = state - heads;
            if (t > 0) {
                memcpy(S + state * F * m, S + before * F * m, F * m * sizeof *S);
                memcpy(z + state * F, z + before * F, F * sizeof *z);
            }
            long at_q = place_q(c, i, t), at_v = place_v(c, i, t);
            normaliser[(long)i * c->T + t] =
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
        for (int i = 0; i < heads; i++) {
            long state = (long)t * heads + i, later = state + heads, row = (long)i * c->T + t;
            long at_q = place_q(c, i, t), at_v = place_v(c, i, t);
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

// P (n, n) = tril(X Y^T), of n rows of width w that begin x_row and y_row floats apart.
static void
lower_product(int n, int w, const float *X, long x_row, const float *Y, long y_row, float *P)
{
    matmul(n, n, w, matrix_of(X, x_row), transpose_of(Y, y_row), P, n, MATMUL_SET);
    for (int i = 0; i < n; i++)
        memset(P + i * n + i + 1, 0, (n - i - 1) * sizeof *P);
}

// S (F, m) += K^T V, z (F) += K^T e, of n rows; e NULL: ones.
static void
update_state_by_rows(const causal *c, int n, const float *K, const float *V, long v_row,
                     const float *e, float *S, float *z)
{
    matmul(c->F, c->m, n, transpose_of(K, c->row_q), matrix_of(V, v_row), S, c->m, MATMUL_ADD);
    for (int i = 0; i < n; i++)
        for (int f = 0; f < c->F; f++)
            z[f] += e ? e[i] * K[i * c->row_q + f] : K[i * c->row_q + f];
}

// A chunk of one head: its first position and how many there are; the rows of its queries, keys and values.
typedef struct {
    int first, n;
    const float *Q, *K, *V; // (n, F), (n, F), (n, m)
} rows;

static rows
chunk_rows(const tensor *out, int i, int first)
{
    const causal *c = out->aux;
    long at_q = place_q(c, i, first);
    return (rows){first, c->T - first < c->chunk ? c->T - first : c->chunk, out->in[0]->data + at_q,
                  out->in[1]->data + at_q, out->in[2]->data + place_v(c, i, first)};
}

// The answers O (n, m) of a chunk and their normalisers (n), from the state before it. P: room for (n, n).
static void
chunk_answers(const causal *c, rows x, const float *S, const float *z, float *P, float *O,
              float *normaliser)
{
    int n = x.n, F = c->F, m = c->m;
    lower_product(n, F, x.Q, c->row_q, x.K, c->row_q, P);
    // numerator = Q S + P V
    matmul(n, m, F, matrix_of(x.Q, c->row_q), matrix_of(S, m), O, c->row_v, MATMUL_SET);
    matmul(n, m, n, matrix_of(P, n), matrix_of(x.V, c->row_v), O, c->row_v, MATMUL_ADD);
    // normaliser = Q z + sums of the rows of P + eps
    for (int i = 0; i < n; i++) {
        float *out = O + i * c->row_v;
        normaliser[i] = dot32(F, x.Q + i * c->row_q, z) + sum32(n, P + i * n) + c->eps;
        for (int j = 0; j < m; j++)
            out[j] = ratio(out[j], normaliser[i]);
    }
}

// Head i. room: F m + F + chunk^2 zeros.
static void
chunked_head(tensor *out, const causal *c, int i, float *room)
{
    float *normaliser = tape_saved(out, "normaliser")->data + (long)i * c->T;
    float *S = room, *z = S + c->F * c->m, *P = z + c->F;
    for (int t = 0; t < c->T; t += c->chunk) {
        rows x = chunk_rows(out, i, t);
        chunk_answers(c, x, S, z, P, out->data + place_v(c, i, t), normaliser + t);
        update_state_by_rows(c, x.n, x.K, x.V, c->row_v, NULL, S, z); // behind its own rows
    }
}

// Whether a second thread pays.
static bool
is_large(const causal *c)
{
    return (double)c->B * c->h * c->T * c->F * c->m > 1e6;
}

tensor *
linear_attention_chunked(tensor *q, tensor *k, tensor *v, float eps, int chunk)
{
    if (chunk < 1)
        fail("linear_attention_chunked: chunks of %d rows, expected 1 or more", chunk);
    tensor *out = causal_node("linear_attention_chunked", chunked_backward, q, k, v, eps, chunk);
    const causal *c = out->aux;
    tape_save(out, "normaliser", SHAPE(c->B, c->h, c->T));
    long room = (long)c->F * c->m + c->F + (long)c->chunk * c->chunk;
    float *rooms = tape_alloc(c->B * c->h * room * sizeof *rooms);
#pragma omp parallel for if (is_large(c))
    for (int i = 0; i < c->B * c->h; i++)
        chunked_head(out, c, i, rooms + i * room);
    return out;
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

// Head i: its gradients of numerator and normaliser; all else is zero. room: room_back(c) zeros.
static head_back
head_back_new(const tensor *out, int i, float *room)
{
    const causal *c = out->aux;
    long state = (long)c->F * c->m, pairs = (long)c->chunk * c->chunk;
    const float *normaliser = tape_saved(out, "normaliser")->data + (long)i * c->T;
    head_back b;
    b.S = room;
    b.z = b.S + state;
    b.dS = b.z + c->F;
    b.dz = b.dS + state;
    b.P = b.dz + c->F;
    b.dP = b.P + pairs;
    b.dnumerator = tape_saved(out, "dnumerator")->data + (long)i * c->T * c->m;
    b.dnormaliser = tape_saved(out, "dnormaliser")->data + (long)i * c->T;
    for (int t = 0; t < c->T; t++) {
        long at = place_v(c, i, t);
        quotient_backward(c->m, out->data + at, out->grad + at, normaliser[t],
                          b.dnumerator + (long)t * c->m, b.dnormaliser + t);
    }
    return b;
}

// dP = tril(dnumerator V^T + dnormaliser 1^T) for the rows of a chunk.
static void
pair_gradients(const causal *c, const head_back *b, rows x)
{
    lower_product(x.n, c->m, b->dnumerator + (long)x.first * c->m, c->m, x.V, c->row_v, b->dP);
    for (int i = 0; i < x.n; i++)
        for (int j = 0; j <= i; j++)
            b->dP[i * x.n + j] += b->dnormaliser[x.first + i];
}

// A scan forwards: dq_i = S_i dnumerator_i + z_i dnormaliser_i, S and z computed once more.
static void
query_gradients(const tensor *out, int i, const head_back *b)
{
    const causal *c = out->aux;
    int F = c->F, m = c->m;
    for (int t = 0; t < c->T; t += c->chunk) {
        rows x = chunk_rows(out, i, t);
        const float *dN = b->dnumerator + (long)t * m;
        float *dQ = out->in[0]->grad + place_q(c, i, t);
        pair_gradients(c, b, x);
        // P = tril(Q K^T)
        matmul(x.n, F, x.n, matrix_of(b->dP, x.n), matrix_of(x.K, c->row_q), dQ, c->row_q,
               MATMUL_ADD);
        // numerator = Q S + ..., normaliser = Q z + ...
        matmul(x.n, F, m, matrix_of(dN, m), transpose_of(b->S, m), dQ, c->row_q, MATMUL_ADD);
        for (int a = 0; a < x.n; a++)
            for (int f = 0; f < F; f++)
                dQ[a * c->row_q + f] += b->dnormaliser[t + a] * b->z[f];
        update_state_by_rows(c, x.n, x.K, x.V, c->row_v, NULL, b->S, b->z);
    }
}

// A scan backwards: dk_j = dS_j v_j + dz_j, dv_j = dS_j^T k_j.
static void
key_gradients(const tensor *out, int i, const head_back *b)
{
    const causal *c = out->aux;
    tensor *k = out->in[1], *v = out->in[2];
    int F = c->F, m = c->m;
    for (int t = (c->T - 1) / c->chunk * c->chunk; t >= 0; t -= c->chunk) {
        rows x = chunk_rows(out, i, t);
        const float *dN = b->dnumerator + (long)t * m;
        if (k->grad) {
            float *dK = k->grad + place_q(c, i, t);
            pair_gradients(c, b, x);
            // P = tril(Q K^T), S += K^T V, z += K^T 1
            matmul(x.n, F, x.n, transpose_of(b->dP, x.n), matrix_of(x.Q, c->row_q), dK, c->row_q,
                   MATMUL_ADD);
            matmul(x.n, F, m, matrix_of(x.V, c->row_v), transpose_of(b->dS, m), dK, c->row_q,
                   MATMUL_ADD);
            for (int a = 0; a < x.n; a++)
                for (int f = 0; f < F; f++)
                    dK[a * c->row_q + f] += b->dz[f];
        }
        if (v->grad) {
            float *dV = v->grad + place_v(c, i, t);
            lower_product(x.n, F, x.Q, c->row_q, x.K, c->row_q, b->P);
            // numerator = P V + ..., S += K^T V
            matmul(x.n, m, x.n, transpose_of(b->P, x.n), matrix_of(dN, m), dV, c->row_v,
                   MATMUL_ADD);
            matmul(x.n, m, F, matrix_of(x.K, c->row_q), matrix_of(b->dS, m), dV, c->row_v,
                   MATMUL_ADD);
        }
        update_state_by_rows(c, x.n, x.Q, dN, m, b->dnormaliser + t, b->dS, b->dz);
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
    for (int i = 0; i < c->B * c->h; i++) {
        head_back b = head_back_new(out, i, rooms + i * room);
        if (out->in[0]->grad)
            query_gradients(out, i, &b);
        if (out->in[1]->grad || out->in[2]->grad)
            key_gradients(out, i, &b);
    }
}

// ---- The whole ----

tensor *
linear_attention_causal(tensor *q, tensor *k, tensor *v, const linear_attention_config *c)
{
    tensor *phi_q = named(linear_attention_features(q, c->map, NULL), "phi_q"); // no 1/sqrt(d)
    tensor *phi_k = named(linear_attention_features(k, c->map, c->length), "phi_k");
    int chunk = c->chunk ? c->chunk : 32;
    switch (c->form) {
    case LINEAR_ATTENTION_PARALLEL: return linear_attention_parallel(phi_q, phi_k, v, c->eps);
    case LINEAR_ATTENTION_RECURRENT: return linear_attention_recurrent(phi_q, phi_k, v, c->eps);
    default: return linear_attention_chunked(phi_q, phi_k, v, c->eps, chunk);
    }
}

tensor *
linear_attention_full(tensor *q, tensor *k, tensor *v, const linear_attention_config *c)
{
    tensor *phi_q = named(linear_attention_features(q, c->map, NULL), "phi_q");
    tensor *phi_k = named(linear_attention_features(k, c->map, c->length), "phi_k");
    phi_q = heads_first(phi_q);                                  // (B, h, T, F)
    phi_k = t_transpose(heads_first(phi_k), 2, 3);               // (B, h, F, S)
    tensor *S = named(t_matmul(phi_k, heads_first(v)), "state"); // (B, h, F, m)
    tensor *z = named(row_sums(phi_k), "z");                     // (B, h, F, 1)
    tensor *sums = named(t_matmul(phi_q, S), "sums");
    tensor *total = named(t_matmul(phi_q, z), "total");
    return heads_first(divide(sums, total, c->eps));
}

tensor *
linear_attention_efficient(tensor *q, tensor *k, tensor *v)
{
    tensor *phi_q = heads_first(named(t_softmax(q), "phi_q"));
    tensor *phi_k = t_softmax(t_transpose(heads_first(k), 2, 3)); // (B, h, d, S), over positions
    tensor *S = named(t_matmul(named(phi_k, "phi_k"), heads_first(v)), "state");
    return heads_first(t_matmul(phi_q, S));
}

// How many keys are no padding: those up to the last at which a query may look whose row of the mask this is.
static int
unpadded(int S, const bool *row)
{
    int length = S;
    while (length > 0 && !row[length - 1])
        length--;
    return length;
}

tensor *
linear_attention_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    int B = q->shape.n[0], T = q->shape.n[1], S = k->shape.n[1], length[B];
    if (T != S)
        fail("linear_attention_attend: %d queries of %d keys; expected equal numbers, a sequence "
             "that asks itself",
             T, S);
    linear_attention_config c = *(const linear_attention_config *)context;
    c.length = NULL;
    if (mask) {
        for (long i = 0; i < (long)B * T * S; i++)
            if (mask[i] && i % S > i / S % T)
                fail("linear_attention_attend: a query may see a later key; expected a causal "
                     "mask");
        for (int b = 0; b < B; b++)
            length[b] = unpadded(S, mask + ((long)b * T + T - 1) * S); // by the last query's row
        c.length = length;
    }
    return linear_attention_causal(q, k, v, &c);
}
