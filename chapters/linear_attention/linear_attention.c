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
        for (int i = 0; length > 0 && i < d; i++)
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
over(float x, float total)
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
            y->data[row * m + j] = over(x->data[row * m + j], divisor[row]);
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
        for (int j = 0; x->grad && j < m; j++)
            x->grad[row * m + j] += over(dy[j], divisor[row]);
        // dy/d(divisor) = -x / divisor^2 = -y / divisor
        if (total->grad)
            total->grad[row] -= over(dot32(m, dy, y->data + row * m), divisor[row]);
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
    tensor *sums = t_matmul(weights, heads_first(v));
    return heads_first(divide(sums, total, eps));
}

// ---- Step by step ----

// S (F, m) += k v^T, z (F) += k e. The forward has e = 1.
static void
take_in(int F, int m, const float *k, const float *v, float e, float *S, float *z)
{
    for (int f = 0; f < F; f++) {
        for (int j = 0; j < m; j++)
            S[f * m + j] += k[f] * v[j];
        z[f] += k[f] * e;
    }
}

// out (m) = S^T q / (z q + eps). Returns the normaliser.
static float
ask(int F, int m, float eps, const float *q, const float *S, const float *z, float *out)
{
    float normaliser = dot32(F, z, q) + eps;
    memset(out, 0, m * sizeof *out);
    for (int f = 0; f < F; f++)
        for (int j = 0; j < m; j++)
            out[j] += S[f * m + j] * q[f];
    for (int j = 0; j < m; j++)
        out[j] = over(out[j], normaliser);
    return normaliser;
}

float
linear_attention_step(int F, int m, float eps, const float *q, const float *k, const float *v,
                      float *S, float *z, float *out)
{
    take_in(F, m, k, v, 1, S, z);
    return ask(F, m, eps, q, S, z, out);
}

// The sizes of a causal op. Head i of all B h has its first feature at head_at(.., F) and its first value at
// head_at(.., m), its rows are h F and h m apart.
typedef struct {
    int B, h, T, F, m, chunk;
    float eps;
} causal;

static long
head_at(const causal *c, int i, int width)
{
    return ((long)(i / c->h) * c->T * c->h + i % c->h) * width;
}

static tensor *
causal_node(const char *op, backward_fn *back, tensor *q, tensor *k, tensor *v, float eps,
            int chunk)
{
    check_causal(op, q, k, v);
    tensor *out = tape_node(op, v->shape, back, INPUTS(q, k, v));
    causal *c = out->aux = tape_alloc(sizeof *c);
    const int *n = q->shape.n;
    *c = (causal){n[0], n[2], n[1], n[3], v->shape.n[3], chunk < n[1] ? chunk : n[1], eps};
    return out;
}

tensor *
linear_attention_recurrent(tensor *q, tensor *k, tensor *v, float eps)
{
    tensor *out = causal_node("linear_attention_recurrent", recurrent_backward, q, k, v, eps, 1);
    const causal *c = out->aux;
    int heads = c->B * c->h, F = c->F, m = c->m;
    float *S = tape_save(out, "state", SHAPE(c->T, c->B, c->h, F, m))->data;
    float *z = tape_save(out, "z", SHAPE(c->T, c->B, c->h, F))->data;
    float *total = tape_save(out, "normaliser", SHAPE(c->B, c->h, c->T))->data;
    memset(S, 0, (long)heads * F * m * sizeof *S);
    memset(z, 0, (long)heads * F * sizeof *z);
    for (int t = 0; t < c->T; t++)
        for (int i = 0; i < heads; i++) {
            long at = (long)t * heads + i, before = at - heads;
            if (t > 0) {
                memcpy(S + at * F * m, S + before * F * m, F * m * sizeof *S);
                memcpy(z + at * F, z + before * F, F * sizeof *z);
            }
            long row = head_at(c, i, F) + (long)t * c->h * F;
            long value = head_at(c, i, m) + (long)t * c->h * m;
            total[(long)i * c->T + t] =
                linear_attention_step(F, m, eps, q->data + row, k->data + row, v->data + value,
                                      S + at * F * m, z + at * F, out->data + value);
        }
    return out;
}

// out = numerator / normaliser (one row): their gradients.
static void
quotient_backward(int m, const float *out, const float *dout, float normaliser, float *dnumerator,
                  float *dnormaliser)
{
    for (int j = 0; j < m; j++)
        dnumerator[j] = over(dout[j], normaliser);
    *dnormaliser = -over(dot32(m, dout, out), normaliser);
}

static void
recurrent_backward(tensor *out)
{
    const causal *c = out->aux;
    tensor *q = out->in[0], *k = out->in[1], *v = out->in[2];
    int heads = c->B * c->h, F = c->F, m = c->m;
    const float *S = tape_saved(out, "state")->data, *z = tape_saved(out, "z")->data;
    const float *total = tape_saved(out, "normaliser")->data;
    for (int i = 0; i < heads; i++) {
        float R[F * m], r[F], dnumerator[m], dnormaliser; // R (F, m): dL/dS, r: dL/dz
        memset(R, 0, sizeof R);
        memset(r, 0, sizeof r);
        for (int t = c->T - 1; t >= 0; t--) {
            long at = (long)t * heads + i, row = head_at(c, i, F) + (long)t * c->h * F;
            long value = head_at(c, i, m) + (long)t * c->h * m;
            quotient_backward(m, out->data + value, out->grad + value, total[(long)i * c->T + t],
                              dnumerator, &dnormaliser);
            // numerator = S^T q, normaliser = z q + eps
            for (int f = 0; q->grad && f < F; f++)
                q->grad[row + f] +=
                    dot32(m, S + (at * F + f) * m, dnumerator) + z[at * F + f] * dnormaliser;
            take_in(F, m, q->data + row, dnumerator, dnormaliser, R, r);
            // S += k v^T, z += k
            for (int f = 0; k->grad && f < F; f++)
                k->grad[row + f] += dot32(m, R + f * m, v->data + value) + r[f];
            for (int f = 0; v->grad && f < F; f++)
                for (int j = 0; j < m; j++)
                    v->grad[value + j] += R[f * m + j] * k->data[row + f];
        }
    }
}

// ---- In chunks ----

// P (n, n) = tril(X Y^T), of n rows of width w.
static void
lower_product(int n, int w, const float *x, long x_row, const float *y, long y_row, float *P)
{
    matmul(n, n, w, matrix_of(x, x_row), transpose_of(y, y_row), P, n, MATMUL_SET);
    for (int i = 0; i < n; i++)
        memset(P + i * n + i + 1, 0, (n - i - 1) * sizeof *P);
}

// S (F, m) += K^T V, z (F) += K^T e, of n rows; e NULL: ones.
static void
take_in_rows(const causal *c, int n, const float *K, const float *V, long v_row, const float *e,
             float *S, float *z)
{
    long row = (long)c->h * c->F;
    matmul(c->F, c->m, n, transpose_of(K, row), matrix_of(V, v_row), S, c->m, MATMUL_ADD);
    for (int i = 0; i < n; i++)
        for (int f = 0; f < c->F; f++)
            z[f] += e ? e[i] * K[i * row + f] : K[i * row + f];
}

// Rows of the chunk that begins at t.
static int
rows_from(const causal *c, int t)
{
    return c->T - t < c->chunk ? c->T - t : c->chunk;
}

// Head i. room: F m + F + chunk^2 zeros.
static void
chunked_head(tensor *out, const causal *c, int i, float *room)
{
    int F = c->F, m = c->m;
    long row = (long)c->h * F, wide = (long)c->h * m;
    const float *q = out->in[0]->data + head_at(c, i, F), *k = out->in[1]->data + head_at(c, i, F);
    const float *v = out->in[2]->data + head_at(c, i, m);
    float *total = tape_saved(out, "normaliser")->data + (long)i * c->T;
    float *S = room, *z = S + F * m, *P = z + F;
    for (int t = 0; t < c->T; t += c->chunk) {
        int n = rows_from(c, t);
        const float *Q = q + t * row, *K = k + t * row, *V = v + t * wide;
        float *O = out->data + head_at(c, i, m) + t * wide;
        lower_product(n, F, Q, row, K, row, P);
        // numerator = Q S + P V
        matmul(n, m, F, matrix_of(Q, row), matrix_of(S, m), O, wide, MATMUL_SET);
        matmul(n, m, n, matrix_of(P, n), matrix_of(V, wide), O, wide, MATMUL_ADD);
        // normaliser = Q z + sums of the rows of P + eps
        for (int a = 0; a < n; a++) {
            total[t + a] = dot32(F, Q + a * row, z) + sum32(n, P + a * n) + c->eps;
            for (int j = 0; j < m; j++)
                O[a * wide + j] = over(O[a * wide + j], total[t + a]);
        }
        take_in_rows(c, n, K, V, wide, NULL, S, z); // behind its own rows
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
    const float *q, *k, *v;       // its first rows
    float *dq, *dk, *dv;          // NULL: not needed
    float *dnumerator;            // (T, m)
    float *dnormaliser;           // (T)
    float *S, *z, *R, *r, *P, *D; // (F, m), (F), (F, m), (F), (chunk, chunk) twice
} head_back;

// D = tril(dnumerator V^T + dnormaliser 1^T), the gradient of P, for the n rows from t on.
static void
pair_gradients(const causal *c, const head_back *b, int t, int n)
{
    lower_product(n, c->m, b->dnumerator + (long)t * c->m, c->m, b->v + (long)t * c->h * c->m,
                  (long)c->h * c->m, b->D);
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++)
            b->D[i * n + j] += b->dnormaliser[t + i];
}

// A scan forwards: dq_i = S_i dnumerator_i + z_i dnormaliser_i, S and z computed once more.
static void
query_gradients(const causal *c, const head_back *b)
{
    int F = c->F, m = c->m;
    long row = (long)c->h * F, wide = (long)c->h * m;
    for (int t = 0; t < c->T; t += c->chunk) {
        int n = rows_from(c, t);
        const float *K = b->k + t * row, *dN = b->dnumerator + (long)t * m;
        float *dQ = b->dq + t * row;
        pair_gradients(c, b, t, n);
        // P = tril(Q K^T)
        matmul(n, F, n, matrix_of(b->D, n), matrix_of(K, row), dQ, row, MATMUL_ADD);
        // numerator = Q S + ..., normaliser = Q z + ...
        matmul(n, F, m, matrix_of(dN, m), transpose_of(b->S, m), dQ, row, MATMUL_ADD);
        for (int i = 0; i < n; i++)
            for (int f = 0; f < F; f++)
                dQ[i * row + f] += b->dnormaliser[t + i] * b->z[f];
        take_in_rows(c, n, K, b->v + t * wide, wide, NULL, b->S, b->z);
    }
}

// A scan backwards: R and r are dL/dS and dL/dz, dk_j = R_j v_j + r_j, dv_j = R_j^T k_j.
static void
key_gradients(const causal *c, const head_back *b)
{
    int F = c->F, m = c->m;
    long row = (long)c->h * F, wide = (long)c->h * m;
    for (int t = (c->T - 1) / c->chunk * c->chunk; t >= 0; t -= c->chunk) {
        int n = rows_from(c, t);
        const float *Q = b->q + t * row, *K = b->k + t * row, *V = b->v + t * wide;
        const float *dN = b->dnumerator + (long)t * m;
        if (b->dk) {
            float *dK = b->dk + t * row;
            pair_gradients(c, b, t, n);
            // P = tril(Q K^T), S += K^T V, z += K^T 1
            matmul(n, F, n, transpose_of(b->D, n), matrix_of(Q, row), dK, row, MATMUL_ADD);
            matmul(n, F, m, matrix_of(V, wide), transpose_of(b->R, m), dK, row, MATMUL_ADD);
            for (int i = 0; i < n; i++)
                for (int f = 0; f < F; f++)
                    dK[i * row + f] += b->r[f];
        }
        if (b->dv) {
            float *dV = b->dv + t * wide;
            lower_product(n, F, Q, row, K, row, b->P);
            // numerator = P V + ..., S += K^T V
            matmul(n, m, n, transpose_of(b->P, n), matrix_of(dN, m), dV, wide, MATMUL_ADD);
            matmul(n, m, F, matrix_of(K, row), matrix_of(b->R, m), dV, wide, MATMUL_ADD);
        }
        take_in_rows(c, n, Q, dN, m, b->dnormaliser + t, b->R, b->r);
    }
}

static void
chunked_backward(tensor *out)
{
    const causal *c = out->aux;
    tensor *q = out->in[0], *k = out->in[1], *v = out->in[2];
    int T = c->T, F = c->F, m = c->m;
    long state = (long)F * m, pairs = (long)c->chunk * c->chunk;
    long room = 2 * (state + F) + 2 * pairs + (long)T * (m + 1);
    float *rooms = tape_alloc(c->B * c->h * room * sizeof *rooms);
#pragma omp parallel for if (is_large(c))
    for (int i = 0; i < c->B * c->h; i++) {
        long at = head_at(c, i, F), value = head_at(c, i, m);
        float *S = rooms + i * room, *R = S + state + F, *P = R + state + F, *dN = P + 2 * pairs;
        head_back b = {q->data + at,
                       k->data + at,
                       v->data + value,
                       q->grad ? q->grad + at : NULL,
                       k->grad ? k->grad + at : NULL,
                       v->grad ? v->grad + value : NULL,
                       .dnumerator = dN,
                       .dnormaliser = dN + (long)T * m,
                       .S = S,
                       .z = S + state,
                       .R = R,
                       .r = R + state,
                       .P = P,
                       .D = P + pairs};
        const float *total = tape_saved(out, "normaliser")->data + (long)i * T;
        for (int t = 0; t < T; t++) {
            long from = value + (long)t * c->h * m;
            quotient_backward(m, out->data + from, out->grad + from, total[t], dN + (long)t * m,
                              b.dnormaliser + t);
        }
        if (b.dq)
            query_gradients(c, &b);
        if (b.dk || b.dv)
            key_gradients(c, &b);
    }
}

// ---- The whole ----

tensor *
linear_attention_causal(tensor *q, tensor *k, tensor *v, const linear_attention_config *c)
{
    tensor *a = named(linear_attention_features(q, c->map, NULL), "phi_q"); // no 1/sqrt(d)
    tensor *b = named(linear_attention_features(k, c->map, c->length), "phi_k");
    switch (c->form) {
    case LINEAR_ATTENTION_PARALLEL: return linear_attention_parallel(a, b, v, c->eps);
    case LINEAR_ATTENTION_RECURRENT: return linear_attention_recurrent(a, b, v, c->eps);
    default: return linear_attention_chunked(a, b, v, c->eps, c->chunk ? c->chunk : 32);
    }
}

tensor *
linear_attention_full(tensor *q, tensor *k, tensor *v, const linear_attention_config *c)
{
    tensor *a = named(linear_attention_features(q, c->map, NULL), "phi_q");
    tensor *b = named(linear_attention_features(k, c->map, c->length), "phi_k");
    a = heads_first(a);
    b = t_transpose(heads_first(b), 2, 3);                   // (B, h, F, S)
    tensor *S = named(t_matmul(b, heads_first(v)), "state"); // (B, h, F, m)
    tensor *z = named(row_sums(b), "z");                     // (B, h, F, 1)
    tensor *sums = t_matmul(a, S), *total = t_matmul(a, z);
    return heads_first(divide(sums, total, c->eps));
}

tensor *
linear_attention_two_softmaxes(tensor *q, tensor *k, tensor *v)
{
    tensor *a = heads_first(named(t_softmax(q), "phi_q"));
    tensor *b = t_softmax(t_transpose(heads_first(k), 2, 3)); // (B, h, d, S), over the positions
    tensor *S = named(t_matmul(named(b, "phi_k"), heads_first(v)), "state");
    return heads_first(t_matmul(a, S));
}

tensor *
linear_attention_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    int B = q->shape.n[0], T = q->shape.n[1], S = k->shape.n[1], length[B];
    if (T != S)
        fail("linear_attention_attend: %d queries of %d keys; expected equal numbers, a sequence "
             "that asks itself",
             T, S);
    for (long i = 0; mask && i < (long)B * T * S; i++)
        if (mask[i] && i % S > i / S % T)
            fail("linear_attention_attend: a query may see a later key; expected a causal mask");
    // Padding is what the last query may not look at
    for (int b = 0; b < B; b++)
        for (length[b] = S; mask && length[b] > 0; length[b]--)
            if (mask[((long)b * T + T - 1) * S + length[b] - 1])
                break;
    linear_attention_config c = *(const linear_attention_config *)context;
    c.length = length;
    return linear_attention_causal(q, k, v, &c);
}
