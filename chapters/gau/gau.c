#include "gau/gau.h"

#include "files/fail.h"
#include "linear_attention/linear_attention.h"
#include "nets/ops.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <string.h>

static backward_fn attention_backward, linear_backward, divide_backward, unpadded_backward;

static int
least(int a, int b)
{
    return a < b ? a : b;
}

static int
most(int a, int b)
{
    return a > b ? a : b;
}

// Queries and keys (B, T, s), values (B, T, e).
static void
check_inputs(const char *op, const tensor *q, const tensor *k, const tensor *v)
{
    if (q->shape.rank != 3 || !shape_equal(q->shape, k->shape))
        fail_shapes(op, "queries and keys must be (B, T, s) both", q, k);
    if (v->shape.rank != 3 || memcmp(q->shape.n, v->shape.n, 2 * sizeof(int)) != 0)
        fail_shapes(op, "queries (B, T, s) need values (B, T, e)", q, v);
}

// Whether a second thread pays: from a million multiply-adds on.
static bool
is_large(double multiply_adds)
{
    return multiply_adds > 1e6;
}

// ---- Pairs ----

typedef struct {
    gau_window window;
    int B, T, s, e, C, W;
    tensor *bias; // or NULL
    int R;        // distances that it has
} pairs;

// The rows of a chunk and the keys of its window.
typedef struct {
    int first, rows; // queries first .. first + rows - 1
    int key, keys;   // keys key .. key + keys - 1
    long at;         // where its scores and weights begin
    long q, k, o, v; // where its queries, keys, answers, values begin
} block;

// Where the chunk ends that begins at t; there is the next one.
static int
chunk_end(const pairs *p, int t)
{
    return least(t + p->C, p->T);
}

static block
block_at(const pairs *p, int b, int first)
{
    block x = {.first = first, .rows = chunk_end(p, first) - first};
    x.key = p->window.previous ? most(0, first - p->C) : first;
    x.keys = first + x.rows - x.key;
    long row = (long)b * p->T;
    x.at = (row + first) * p->W;
    x.q = (row + first) * p->s;
    x.k = (row + x.key) * p->s;
    x.o = (row + first) * p->e;
    x.v = (row + x.key) * p->e;
    return x;
}

// How many keys row i of the block sees: the first ones of its window.
static int
visible(const pairs *p, const block *x, int b, int i)
{
    int end = p->window.both ? x->key + x->keys : x->first + i + 1;
    if (p->window.length)
        end = least(end, p->window.length[b]);
    return most(0, end - x->key);
}

// What the product q k of a row that sees so many keys is multiplied by, inside of the square or the softmax.
static float
inside(const pairs *p, int keys)
{
    if (p->window.weighting == GAU_SOFTMAX)
        return 1 / sqrt32((float)p->s);
    switch (p->window.divisor) {
    case GAU_LONGEST: return 1.0f / p->window.n;
    case GAU_BATCH: return 1.0f / p->T;
    case GAU_VISIBLE: return 1.0f / most(1, keys);
    default: return 1;
    }
}

static float
outside(const pairs *p)
{
    bool divides = p->window.weighting == GAU_SQUARED && p->window.divisor == GAU_OUTSIDE;
    return divides ? 1.0f / p->window.n : 1;
}

// The bias of query t and its window's first key, which the next keys' go down from.
static long
bias_place(const pairs *p, const block *x, int i)
{
    return p->R - 1 + x->first + i - x->key;
}

// A row of products becomes scores and weights; zeros for what is not seen.
static void
row_weights(const pairs *p, const block *x, int i, int keys, float *score, float *weight)
{
    float factor = inside(p, keys), last = outside(p);
    for (int j = 0; j < keys; j++) {
        score[j] *= factor;
        if (p->bias)
            score[j] += p->bias->data[bias_place(p, x, i) - j];
    }
    memset(score + keys, 0, (x->keys - keys) * sizeof *score);
    if (p->window.weighting == GAU_SOFTMAX && keys > 0)
        softmax32(keys, score, weight);
    else if (p->window.weighting == GAU_SQUARED)
        for (int j = 0; j < keys; j++)
            weight[j] = score[j] > 0 ? score[j] * score[j] * last : 0;
}

// One sequence.
static void
attend(tensor *out, int b, float *scores, float *weights)
{
    const pairs *p = out->aux;
    const float *q = out->in[0]->data, *k = out->in[1]->data, *v = out->in[2]->data;
    for (int t = 0; t < p->T; t = chunk_end(p, t)) {
        block x = block_at(p, b, t);
        matmul(x.rows, x.keys, p->s, matrix_of(q + x.q, p->s), transpose_of(k + x.k, p->s),
               scores + x.at, p->W, MATMUL_SET);
        for (int i = 0; i < x.rows; i++)
            row_weights(p, &x, i, visible(p, &x, b, i), scores + x.at + (long)i * p->W,
                        weights + x.at + (long)i * p->W);
        matmul(x.rows, p->e, x.keys, matrix_of(weights + x.at, p->W), matrix_of(v + x.v, p->e),
               out->data + x.o, p->e, MATMUL_SET);
    }
}

static void
check_window(const gau_window *w, const tensor *q, const tensor *bias, const pairs *p)
{
    if (w->chunk < 0 || (w->previous && w->chunk == 0))
        fail("gau_attention: chunks of %d positions%s", w->chunk,
             w->previous ? " and the chunk before; expected 1 or more"
                         : "; expected 1 or more, or 0 for none");
    bool by_n = w->divisor == GAU_LONGEST || w->divisor == GAU_OUTSIDE;
    if (w->weighting == GAU_SQUARED && by_n && w->n < 1)
        fail("gau_attention: n is %d; expected 1 or more, the longest sequence's positions", w->n);
    int farthest = least(p->T, p->W);
    if (bias && (bias->shape.rank != 1 || p->R < farthest || bias->size != 2 * p->R - 1))
        fail("gau_attention: the bias %s has not 2 R - 1 values with R of %d or more: queries %s",
             shape_text(bias->shape).s, farthest, shape_text(q->shape).s);
}

tensor *
gau_attention(tensor *q, tensor *k, tensor *v, tensor *bias, const gau_window *window)
{
    check_inputs("gau_attention", q, k, v);
    tensor *in[] = {q, k, v, bias};
    tensor *out = tape_node("gau_attention", v->shape, attention_backward, bias ? 4 : 3, in);
    pairs *p = out->aux = tape_alloc(sizeof *p);
    const int *n = q->shape.n;
    *p = (pairs){.window = *window, .B = n[0], .T = n[1], .s = n[2], .e = v->shape.n[2]};
    p->C = window->chunk > 0 ? least(window->chunk, most(1, p->T)) : most(1, p->T);
    p->W = least(p->T, window->previous ? 2 * p->C : p->C);
    p->bias = bias;
    p->R = bias ? (int)(bias->size + 1) / 2 : 0;
    check_window(window, q, bias, p);
    if (window->length)
        p->window.length =
            memcpy(tape_alloc(p->B * sizeof(int)), window->length, p->B * sizeof(int));
    float *scores = tape_save(out, "scores", SHAPE(p->B, p->T, p->W))->data;
    float *weights = tape_save(out, "weights", SHAPE(p->B, p->T, p->W))->data;
    memset(scores, 0, (long)p->B * p->T * p->W * sizeof *scores);
    memset(weights, 0, (long)p->B * p->T * p->W * sizeof *weights);
    const bool large = is_large((double)p->B * p->T * p->W * (p->s + p->e));
#pragma omp parallel for if (large)
    for (int b = 0; b < p->B; b++)
        attend(out, b, scores, weights);
    return out;
}

// A row of gradients of weights becomes one of scores; zeros for what is not seen.
static void
row_weights_backward(const pairs *p, const block *x, int keys, const float *score,
                     const float *weight, float *d)
{
    memset(d + keys, 0, (x->keys - keys) * sizeof *d);
    if (p->window.weighting == GAU_SOFTMAX) {
        // weight = softmax(score)
        float mean = dot32(keys, weight, d);
        for (int j = 0; j < keys; j++)
            d[j] = weight[j] * (d[j] - mean);
    } else {
        // weight = max(score, 0)^2, or that / n
        float last = outside(p);
        for (int j = 0; j < keys; j++)
            d[j] = score[j] > 0 ? 2 * score[j] * last * d[j] : 0;
    }
}

// One sequence: its dscores, and the gradients of queries, keys and values. scaled: room for C rows of W.
static void
attend_backward(tensor *out, int b, float *dscores, float *scaled)
{
    const pairs *p = out->aux;
    const float *scores = tape_saved(out, "scores")->data;
    const float *weights = tape_saved(out, "weights")->data;
    tensor *q = out->in[0], *k = out->in[1], *v = out->in[2];
    int s = p->s, e = p->e, W = p->W;
    for (int t = 0; t < p->T; t = chunk_end(p, t)) {
        block x = block_at(p, b, t);
        const float *dout = out->grad + x.o;
        // out = weights v
        matmul(x.rows, x.keys, e, matrix_of(dout, e), transpose_of(v->data + x.v, e),
               dscores + x.at, W, MATMUL_SET);
        if (v->grad)
            matmul(x.keys, e, x.rows, transpose_of(weights + x.at, W), matrix_of(dout, e),
                   v->grad + x.v, e, MATMUL_ADD);
        for (int i = 0; i < x.rows; i++) {
            long at = x.at + (long)i * W;
            int keys = visible(p, &x, b, i);
            row_weights_backward(p, &x, keys, scores + at, weights + at, dscores + at);
            for (int j = 0; j < x.keys; j++)
                scaled[i * W + j] = inside(p, keys) * dscores[at + j];
        }
        // score = factor q k + bias
        if (q->grad)
            matmul(x.rows, s, x.keys, matrix_of(scaled, W), matrix_of(k->data + x.k, s),
                   q->grad + x.q, s, MATMUL_ADD);
        if (k->grad)
            matmul(x.keys, s, x.rows, transpose_of(scaled, W), matrix_of(q->data + x.q, s),
                   k->grad + x.k, s, MATMUL_ADD);
    }
}

// bias[R - 1 + t - s] is in the scores of all pairs of this distance.
static void
bias_backward(const pairs *p, const float *dscores)
{
    for (int b = 0; b < p->B; b++)
        for (int t = 0; t < p->T; t = chunk_end(p, t)) {
            block x = block_at(p, b, t);
            for (int i = 0; i < x.rows; i++)
                for (int j = 0; j < x.keys; j++)
                    p->bias->grad[bias_place(p, &x, i) - j] += dscores[x.at + (long)i * p->W + j];
        }
}

static void
attention_backward(tensor *out)
{
    const pairs *p = out->aux;
    long room = (long)p->C * p->W;
    float *dscores = tape_save(out, "dscores", SHAPE(p->B, p->T, p->W))->data;
    float *scaled = tape_alloc(p->B * room * sizeof *scaled);
    memset(dscores, 0, (long)p->B * p->T * p->W * sizeof *dscores);
    const bool large = is_large((double)p->B * p->T * p->W * (p->s + p->e));
#pragma omp parallel for if (large)
    for (int b = 0; b < p->B; b++)
        attend_backward(out, b, dscores, scaled + b * room);
    if (p->bias && p->bias->grad)
        bias_backward(p, dscores);
}

// ---- Linear ----

typedef struct {
    gau_reach reach;
    float n;
    int B, T, s, e, C;
} sums;

// P (rows, rows) = tril(X Y^T), of rows of width w.
static void
lower_product(int rows, int w, const float *X, const float *Y, float *P)
{
    matmul(rows, rows, w, matrix_of(X, w), transpose_of(Y, w), P, rows, MATMUL_SET);
    for (int i = 0; i < rows; i++)
        memset(P + (long)i * rows + i + 1, 0, (rows - i - 1) * sizeof *P);
}

// S (s, e) += K^T V, of so many rows.
static void
add_rows(const sums *c, int rows, const float *K, const float *V, float *S)
{
    matmul(c->s, c->e, rows, transpose_of(K, c->s), matrix_of(V, c->e), S, c->e, MATMUL_ADD);
}

// One sequence. S (s, e): zeros; P: room for (C, C).
static void
answer(tensor *out, int b, float *S, float *P)
{
    const sums *c = out->aux;
    long row = (long)b * c->T;
    const float *Q = out->in[0]->data + row * c->s, *K = out->in[1]->data + row * c->s;
    const float *V = out->in[2]->data + row * c->e;
    float *O = out->data + row * c->e;
    if (c->reach == GAU_ALL)
        add_rows(c, c->T, K, V, S);
    for (int t = 0; t < c->T; t += c->C) {
        int rows = least(c->C, c->T - t);
        const float *q = Q + (long)t * c->s, *k = K + (long)t * c->s, *v = V + (long)t * c->e;
        float *o = O + (long)t * c->e;
        matmul(rows, c->e, c->s, matrix_of(q, c->s), matrix_of(S, c->e), o, c->e, MATMUL_SET);
        if (c->reach == GAU_UP_TO_SELF) {
            lower_product(rows, c->s, q, k, P);
            matmul(rows, c->e, rows, matrix_of(P, rows), matrix_of(v, c->e), o, c->e, MATMUL_ADD);
        }
        if (c->reach != GAU_ALL)
            add_rows(c, rows, k, v, S); // behind its own answers
    }
    for (long i = 0; i < (long)c->T * c->e; i++)
        O[i] /= c->n;
}

tensor *
gau_linear(tensor *q, tensor *k, tensor *v, gau_reach reach, int chunk, float n)
{
    check_inputs("gau_linear", q, k, v);
    if (chunk < 1)
        fail("gau_linear: chunks of %d positions, expected 1 or more", chunk);
    if (!(n > 0))
        fail("gau_linear: n is %g, expected a number above 0", n);
    tensor *out = tape_node("gau_linear", v->shape, linear_backward, INPUTS(q, k, v));
    sums *c = out->aux = tape_alloc(sizeof *c);
    *c = (sums){reach, n, q->shape.n[0], q->shape.n[1], q->shape.n[2], v->shape.n[2], 0};
    c->C = least(chunk, most(1, c->T));
    long state = (long)c->s * c->e, room = state + (long)c->C * c->C;
    float *rooms = tape_alloc(c->B * room * sizeof *rooms);
    const bool large = is_large((double)c->B * c->T * c->s * c->e);
#pragma omp parallel for if (large)
    for (int b = 0; b < c->B; b++)
        answer(out, b, rooms + b * room, rooms + b * room + state);
    return out;
}

// What the backward of one sequence works with.
typedef struct {
    const float *Q, *K, *V;
    float *dQ, *dK, *dV; // NULL: not needed
    float *dO;           // (T, e), divided by n
    float *S, *dS;       // (s, e), zeros
    float *P;            // (C, C)
} sequence;

// A scan forwards: dq = S dO, S computed once more.
static void
query_gradients(const sums *c, const sequence *x)
{
    int s = c->s, e = c->e;
    if (c->reach == GAU_ALL)
        add_rows(c, c->T, x->K, x->V, x->S);
    for (int t = 0; t < c->T; t += c->C) {
        int rows = least(c->C, c->T - t);
        const float *k = x->K + (long)t * s, *v = x->V + (long)t * e, *dO = x->dO + (long)t * e;
        float *dq = x->dQ + (long)t * s;
        // o = q S + tril(q k^T) v
        matmul(rows, s, e, matrix_of(dO, e), transpose_of(x->S, e), dq, s, MATMUL_ADD);
        if (c->reach == GAU_UP_TO_SELF) {
            lower_product(rows, e, dO, v, x->P);
            matmul(rows, s, rows, matrix_of(x->P, rows), matrix_of(k, s), dq, s, MATMUL_ADD);
        }
        if (c->reach != GAU_ALL)
            add_rows(c, rows, k, v, x->S);
    }
}

// A scan backwards: dk = dS v, dv = dS^T k, dS the sum of q dO^T of the answers that saw them.
static void
key_gradients(const sums *c, const sequence *x)
{
    int s = c->s, e = c->e;
    if (c->reach == GAU_ALL)
        add_rows(c, c->T, x->Q, x->dO, x->dS);
    for (int t = (c->T - 1) / c->C * c->C; t >= 0; t -= c->C) {
        int rows = least(c->C, c->T - t);
        const float *q = x->Q + (long)t * s, *k = x->K + (long)t * s;
        const float *v = x->V + (long)t * e, *dO = x->dO + (long)t * e;
        float *dk = x->dK ? x->dK + (long)t * s : NULL, *dv = x->dV ? x->dV + (long)t * e : NULL;
        // S += k^T v
        if (dk)
            matmul(rows, s, e, matrix_of(v, e), transpose_of(x->dS, e), dk, s, MATMUL_ADD);
        if (dv)
            matmul(rows, e, s, matrix_of(k, s), matrix_of(x->dS, e), dv, e, MATMUL_ADD);
        // o = ... + tril(q k^T) v
        if (dk && c->reach == GAU_UP_TO_SELF) {
            lower_product(rows, e, dO, v, x->P);
            matmul(rows, s, rows, transpose_of(x->P, rows), matrix_of(q, s), dk, s, MATMUL_ADD);
        }
        if (dv && c->reach == GAU_UP_TO_SELF) {
            lower_product(rows, s, q, k, x->P);
            matmul(rows, e, rows, transpose_of(x->P, rows), matrix_of(dO, e), dv, e, MATMUL_ADD);
        }
        if (c->reach != GAU_ALL)
            add_rows(c, rows, q, dO, x->dS);
    }
}

static float *
part_of(float *gradients, long at)
{
    return gradients ? gradients + at : NULL;
}

static void
linear_backward(tensor *out)
{
    const sums *c = out->aux;
    tensor *q = out->in[0], *k = out->in[1], *v = out->in[2];
    long state = (long)c->s * c->e, answers = (long)c->T * c->e;
    long room = answers + 2 * state + (long)c->C * c->C;
    float *rooms = tape_alloc(c->B * room * sizeof *rooms);
    const bool large = is_large((double)c->B * c->T * c->s * c->e);
#pragma omp parallel for if (large)
    for (int b = 0; b < c->B; b++) {
        long at_q = (long)b * c->T * c->s, at_v = b * answers;
        float *own = rooms + b * room;
        sequence x = {q->data + at_q,
                      k->data + at_q,
                      v->data + at_v,
                      part_of(q->grad, at_q),
                      part_of(k->grad, at_q),
                      part_of(v->grad, at_v),
                      own,
                      own + answers,
                      own + answers + state,
                      own + answers + 2 * state};
        // out = o / n
        for (long i = 0; i < answers; i++)
            x.dO[i] = out->grad[at_v + i] / c->n;
        if (x.dQ)
            query_gradients(c, &x);
        if (x.dK || x.dV)
            key_gradients(c, &x);
    }
}

tensor *
gau_divide(tensor *x, tensor *total)
{
    shape one = x->shape;
    if (one.rank > 0)
        one.n[one.rank - 1] = 1;
    if (one.rank == 0 || !shape_equal(total->shape, one))
        fail_shapes("gau_divide", "a row needs one number", x, total);
    tensor *y = tape_node("gau_divide", x->shape, divide_backward, INPUTS(x, total));
    int w = shape_last(x->shape);
    for (long i = 0; i < x->size; i++)
        y->data[i] = total->data[i / w] != 0 ? x->data[i] / total->data[i / w] : 0;
    return y;
}

static void
divide_backward(tensor *y)
{
    tensor *x = y->in[0], *total = y->in[1];
    int w = shape_last(x->shape);
    // y = x / total, so dy/dx = 1 / total, dy/dtotal = -y / total
    for (long i = 0; i < x->size; i++) {
        float by = total->data[i / w];
        if (x->grad && by != 0)
            x->grad[i] += y->grad[i] / by;
        if (total->grad && by != 0)
            total->grad[i / w] -= y->grad[i] * y->data[i] / by;
    }
}

tensor *
gau_unpadded(tensor *x, const int *length)
{
    if (!length)
        return x;
    if (x->shape.rank != 3)
        fail("gau_unpadded: %s %s, expected (B, T, w)", x->name, shape_text(x->shape).s);
    int B = x->shape.n[0], T = x->shape.n[1], w = x->shape.n[2];
    tensor *y = tape_node("gau_unpadded", x->shape, unpadded_backward, INPUTS(x));
    y->aux = memcpy(tape_alloc(B * sizeof *length), length, B * sizeof *length);
    for (long i = 0; i < x->size; i++)
        y->data[i] = i / w % T < length[i / w / T] ? x->data[i] : 0;
    return y;
}

static void
unpadded_backward(tensor *y)
{
    tensor *x = y->in[0];
    const int *length = y->aux;
    int T = x->shape.n[1], w = x->shape.n[2];
    // y = x before the padding, 0 in it
    for (long i = 0; i < x->size; i++)
        x->grad[i] += i / w % T < length[i / w / T] ? y->grad[i] : 0;
}

// ---- The unit ----

static tensor *
ones(const char *name, int n)
{
    tensor *x = param(name, SHAPE(n));
    for (int i = 0; i < n; i++)
        x->data[i] = 1;
    return x;
}

static tensor *
matrix_param(const char *name, int rows, int columns, rng *random)
{
    tensor *w = param(name, SHAPE(rows, columns));
    float most_of = sqrt32(6.0f / (rows + columns));
    rng_fill_uniform(random, w->size, w->data, -most_of, most_of);
    return w;
}

static gau_affine
affine_new(const char *gain, const char *shift, int s, rng *random)
{
    gau_affine a = {param(gain, SHAPE(s)), param(shift, SHAPE(s))};
    rng_fill_normal(random, s, a.gain->data, 1, 0.02f);
    rng_fill_normal(random, s, a.shift->data, 0, 0.02f);
    return a;
}

gau_unit
gau_unit_new(const gau_config *c, rng *random)
{
    gau_unit u = {.c = *c};
    u.norm = ones("norm", c->D);
    u.w_u = matrix_param("w_u", c->e, c->D, random);
    u.w_v = matrix_param("w_v", c->e, c->D, random);
    u.w_z = matrix_param("w_z", c->s, c->D, random);
    u.q = affine_new("gain_q", "shift_q", c->s, random);
    u.k = affine_new("gain_k", "shift_k", c->s, random);
    if (c->kind == GAU_FLASH) {
        u.q_far = affine_new("gain_q_far", "shift_q_far", c->s, random);
        u.k_far = affine_new("gain_k_far", "shift_k_far", c->s, random);
    }
    if (c->distances > 0)
        u.bias = param("bias", SHAPE(2 * c->distances - 1));
    if (c->norm)
        u.answer_gain = ones("answer_gain", c->e);
    u.w_o = matrix_param("w_o", c->D, c->e, random);
    return u;
}

static tensor *
silu_of(tensor *x, tensor *w)
{
    return t_silu(t_matmul_nt(x, w));
}

// z (B, T, s), each value with its own gain and shift.
static tensor *
scaled_and_shifted(tensor *z, gau_affine a)
{
    return t_add(t_mul(z, a.gain), a.shift);
}

static tensor *
rotated(const gau_unit *u, tensor *x)
{
    const int *n = x->shape.n;
    if (!u->c.rope)
        return t_reshape(x, x->shape);
    tensor *one_head = named(t_reshape(x, SHAPE(n[0], n[1], 1, n[2])), "one head");
    return t_reshape(rope_rotate(one_head, u->c.rope, 0), x->shape);
}

// elu(x) + 1, or x.
static tensor *
features(const gau_unit *u, tensor *x)
{
    const int *n = x->shape.n;
    if (!u->c.elu)
        return t_reshape(x, x->shape);
    tensor *one_head = named(t_reshape(x, SHAPE(n[0], n[1], 1, n[2])), "one head");
    return t_reshape(linear_attention_features(one_head, LINEAR_ATTENTION_ELU, NULL), x->shape);
}

// Linear attention over all that is in reach. Padding is made zero behind the shift, which would fill it again.
static tensor *
linear_answer(const gau_unit *u, tensor *q, tensor *k, tensor *v)
{
    const gau_config *c = &u->c;
    gau_reach reach = c->window.both ? GAU_ALL : GAU_UP_TO_SELF;
    int chunk = c->window.chunk ? c->window.chunk : 32;
    tensor *phi_q = named(features(u, q), "phi_q");
    tensor *phi_k = named(gau_unpadded(features(u, k), c->window.length), "phi_k");
    float n = c->normalise ? 1 : (float)c->n;
    tensor *turned_q = named(rotated(u, phi_q), "turned_q");
    tensor *turned_k = named(rotated(u, phi_k), "turned_k");
    tensor *out = named(gau_linear(turned_q, turned_k, v, reach, chunk, n), "sums");
    if (!c->normalise)
        return out;
    tensor *one = constant("ones", SHAPE(v->shape.n[0], v->shape.n[1], 1), NULL);
    for (long i = 0; i < one->size; i++)
        one->data[i] = 1;
    tensor *total = named(gau_linear(phi_q, phi_k, one, reach, chunk, 1), "total");
    tensor *mean = gau_divide(out, total);
    return c->times > 0 ? t_scale(mean, c->times) : mean;
}

static tensor *
pair_answer(const gau_unit *u, tensor *q, tensor *k, tensor *v)
{
    tensor *turned_q = named(rotated(u, q), "turned_q");
    tensor *turned_k = named(rotated(u, k), "turned_k");
    return gau_attention(turned_q, turned_k, v, u->bias, &u->c.window);
}

// FLASH: pairs within the chunk, sums beyond it.
static tensor *
flash_answer(const gau_unit *u, tensor *q, tensor *k, tensor *z, tensor *v)
{
    const gau_window *w = &u->c.window;
    tensor *near = named(pair_answer(u, q, k, v), "near");
    tensor *q_far = named(scaled_and_shifted(z, u->q_far), "q_far");
    tensor *k_far = named(scaled_and_shifted(z, u->k_far), "k_far");
    gau_reach reach = w->both ? GAU_ALL : GAU_BEFORE_CHUNK;
    tensor *turned_q = named(rotated(u, q_far), "turned_q_far");
    tensor *turned_k = named(rotated(u, gau_unpadded(k_far, w->length)), "turned_k_far");
    tensor *far = named(gau_linear(turned_q, turned_k, v, reach, w->chunk, (float)u->c.n), "far");
    return t_add(near, far);
}

static tensor *
answer_of(const gau_unit *u, tensor *q, tensor *k, tensor *z, tensor *v)
{
    switch (u->c.kind) {
    case GAU_PAIRS: return pair_answer(u, q, k, v);
    case GAU_LINEAR: return linear_answer(u, q, k, v);
    default: return flash_answer(u, q, k, z, v);
    }
}

tensor *
gau_forward(const gau_unit *u, tensor *x)
{
    tensor *in = named(t_rms_norm(x, u->norm, u->c.eps), "input");
    tensor *gate = named(silu_of(in, u->w_u), "u");
    tensor *v = named(silu_of(in, u->w_v), "v");
    tensor *z = named(silu_of(in, u->w_z), "z");
    tensor *q = named(scaled_and_shifted(z, u->q), "q");
    tensor *k = named(scaled_and_shifted(z, u->k), "k");
    tensor *answer = named(answer_of(u, q, k, z, v), "answer");
    if (u->c.norm)
        answer = named(t_rms_norm(answer, u->answer_gain, u->c.eps), "normed");
    return t_add(x, t_matmul_nt(named(t_mul(gate, answer), "gated"), u->w_o));
}
