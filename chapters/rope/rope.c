#include "rope/rope.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "numbers/numeric.h"

#include <math.h>
#include <string.h>

static backward_fn rotate_backward, pick_backward, collect_backward;

// ---- Angles ----

void
rope_angles(int d, double base, double *theta)
{
    for (int i = 0; i < d / 2; i++)
        theta[i] = pow64(base, -2.0 * i / d);
}

void
rope_interpolated(int d, double base, double factor, double *theta)
{
    rope_angles(d, base, theta);
    for (int i = 0; i < d / 2; i++)
        theta[i] /= factor;
}

void
rope_ntk(int d, double base, double factor, double *theta)
{
    // The slowest pair, i = d/2 - 1, becomes `factor` times as slow, the fastest stays.
    rope_angles(d, base * pow64(factor, d / (d - 2.0)), theta);
}

void
rope_by_parts(int d, double base, double factor, int length, double *theta)
{
    const double pi = 3.14159265358979323846, few = 1, many = 32; // turns
    rope_angles(d, base, theta);
    for (int i = 0; i < d / 2; i++) {
        double turns = length * theta[i] / (2 * pi);
        double stay = (turns - few) / (many - few);
        stay = stay < 0 ? 0 : stay > 1 ? 1 : stay;
        theta[i] *= stay + (1 - stay) / factor;
    }
}

rope_table
rope_table_new(rope_pairing pairing, int positions, int pairs, const double *theta)
{
    long n = (long)positions * pairs;
    rope_table t = {pairing, positions, pairs, permanent_alloc(n * sizeof(float)),
                    permanent_alloc(n * sizeof(float))};
    for (int p = 0; p < positions; p++)
        for (int i = 0; i < pairs; i++) {
            double angle = p * theta[i];
            t.cosine[p * pairs + i] = (float)cos64(angle);
            t.sine[p * pairs + i] = (float)sin64(angle);
        }
    return t;
}

// ---- Rotation ----

// Adds to y (d) what comes of turning x (d) by the angles of this position, or by their negatives (sign -1).
static void
turn(const rope_table *t, int position, float sign, const float *x, float *y)
{
    const float *cosine = t->cosine + (long)position * t->pairs;
    const float *sine = t->sine + (long)position * t->pairs;
    int step = t->pairing == ROPE_INTERLEAVED ? 2 : 1, apart = step == 2 ? 1 : t->pairs;
    for (int i = 0; i < t->pairs; i++) {
        int a = i * step, b = a + apart;
        float c = cosine[i], s = sign * sine[i];
        // (x_a + i x_b) e^{i angle}
        y[a] += fma32(x[a], c, -(x[b] * s));
        y[b] += fma32(x[a], s, x[b] * c);
    }
}

typedef struct {
    const rope_table *table;
    int first;
} rotation;

tensor *
rope_rotate(tensor *x, const rope_table *table, int first)
{
    int T = x->shape.n[1], h = x->shape.n[2], d = x->shape.n[3];
    if (x->shape.rank != 4 || 2 * table->pairs > d)
        fail("rope_rotate: %s %s with %d pairs; expected (B, T, h, d) with d of two each or more",
             x->name, shape_text(x->shape).s, table->pairs);
    if (first < 0 || first + T > table->positions)
        fail("rope_rotate: positions %d to %d; the table has %d", first, first + T - 1,
             table->positions);
    tensor *y = tape_node("rope_rotate", x->shape, rotate_backward, INPUTS(x));
    rotation *r = y->aux = tape_alloc(sizeof *r);
    *r = (rotation){table, first};
    int turned = 2 * table->pairs;
    for (long row = 0; row * d < x->size; row++) {
        const float *from = x->data + row * d;
        float *to = y->data + row * d;
        memset(to, 0, turned * sizeof *to);
        memcpy(to + turned, from + turned, (d - turned) * sizeof *to);
        turn(table, first + row / h % T, 1, from, to);
    }
    return y;
}

static void
rotate_backward(tensor *y)
{
    tensor *x = y->in[0];
    const rotation *r = y->aux;
    int T = x->shape.n[1], h = x->shape.n[2], d = x->shape.n[3], turned = 2 * r->table->pairs;
    // y = R x with a rotation R, so dx = R^T dy: turned back
    for (long row = 0; row * d < x->size; row++) {
        const float *dy = y->grad + row * d;
        float *dx = x->grad + row * d;
        turn(r->table, r->first + row / h % T, -1, dy, dx);
        for (int i = turned; i < d; i++)
            dx[i] += dy[i];
    }
}

tensor *
rope_attend(tensor *q, tensor *k, tensor *v, const bool *keep, void *own)
{
    const rope_table *table = own;
    int first = k->shape.n[1] - q->shape.n[1]; // the queries are the last of the positions
    tensor *turned = rope_rotate(q, table, first);
    return transformer_attention(turned, rope_rotate(k, table, 0), v, keep, NULL);
}

double
rope_decay_bound(int d, const double *theta, int distance)
{
    double re = 0, im = 0, sum = 0;
    for (int j = 0; j < d / 2; j++) {
        re += cos64(distance * theta[j]);
        im += sin64(distance * theta[j]);
        sum += sqrt64(re * re + im * im);
    }
    return sum / (d / 2);
}

// ---- Biases ----

void
rope_alibi_slopes(int h, double *slope)
{
    int c = 1; // the power of two
    while (2 * c <= h)
        c *= 2;
    for (int i = 0; i < h; i++)
        slope[i] = i < c ? pow64(2, -8.0 * (i + 1) / c) : pow64(2, -4.0 * (2 * (i - c) + 1) / c);
}

tensor *
rope_alibi_attend(tensor *q, tensor *k, tensor *v, const bool *keep, void *own)
{
    (void)own;
    int T = q->shape.n[1], S = k->shape.n[1], h = q->shape.n[2];
    double slope[h];
    tensor *bias = constant("bias", SHAPE(h, T, S), NULL);
    rope_alibi_slopes(h, slope);
    for (int head = 0; head < h; head++)
        for (int t = 0; t < T; t++)
            for (int s = 0; s <= S - T + t; s++)
                bias->data[((long)head * T + t) * S + s] = (float)(-slope[head] * (S - T + t - s));
    return transformer_attention(q, k, v, keep, bias);
}

int
rope_t5_bucket(int distance)
{
    enum { EXACT = ROPE_BUCKETS / 2, FARTHEST = 128 };
    if (distance < EXACT)
        return distance > 0 ? distance : 0;
    double part = log64((double)distance / EXACT) / log64((double)FARTHEST / EXACT);
    int bucket = EXACT + (int)fmin(part * (ROPE_BUCKETS - EXACT), ROPE_BUCKETS);
    return bucket < ROPE_BUCKETS ? bucket : ROPE_BUCKETS - 1;
}

tensor *
rope_t5_attend(tensor *q, tensor *k, tensor *v, const bool *keep, void *own)
{
    tensor *learnt = own; // (ROPE_BUCKETS, h)
    int T = q->shape.n[1], S = k->shape.n[1], d = q->shape.n[3];
    int *bucket = tape_alloc((long)T * S * sizeof(int));
    for (int t = 0; t < T; t++)
        for (int s = 0; s < S; s++)
            bucket[t * S + s] = rope_t5_bucket(S - T + t - s);
    tensor *bias = t_embedding(learnt, SHAPE(T, S), bucket); // (T, S, h)
    bias = t_transpose(t_transpose(bias, 0, 2), 1, 2);       // (h, S, T), then (h, T, S)
    return transformer_attention(t_scale(q, sqrt32(d)), k, v, keep, bias);
}

// ---- Relative vectors ----

// y[t, s] += x[t, column[t, s]] for x (rows, T, R), y (rows, T, S).
static void
gather(long rows, int T, int S, int R, const int *column, const float *x, float *y)
{
    for (long row = 0; row < rows; row++)
        for (int t = 0; t < T; t++)
            for (int s = 0; s < S; s++)
                y[(row * T + t) * S + s] += x[(row * T + t) * R + column[t * S + s]];
}

// x[t, column[t, s]] += y[t, s].
static void
scatter(long rows, int T, int S, int R, const int *column, const float *y, float *x)
{
    for (long row = 0; row < rows; row++)
        for (int t = 0; t < T; t++)
            for (int s = 0; s < S; s++)
                x[(row * T + t) * R + column[t * S + s]] += y[(row * T + t) * S + s];
}

// A node of x's shape but for a last axis of n, zero, with the columns (T, S) kept.
static tensor *
relative_node(const char *op, tensor *x, int n, int S, int R, const int *column, backward_fn *back)
{
    shape s = x->shape;
    int T = s.n[s.rank - 2];
    s.n[s.rank - 1] = n;
    for (int i = 0; i < T * S; i++)
        if (column[i] < 0 || column[i] >= R)
            fail("%s: column %d at %d, expected 0..%d", op, column[i], i, R - 1);
    tensor *y = tape_node(op, s, back, INPUTS(x));
    y->aux = memcpy(tape_alloc((long)T * S * sizeof(int)), column, (long)T * S * sizeof(int));
    memset(y->data, 0, y->size * sizeof(float));
    return y;
}

static void
check_axes(const char *op, const tensor *x)
{
    if (x->shape.rank < 2)
        fail("%s: %s %s; expected two axes or more", op, x->name, shape_text(x->shape).s);
}

tensor *
rope_pick(tensor *x, int S, const int *column)
{
    check_axes("rope_pick", x);
    int R = x->shape.n[x->shape.rank - 1], T = x->shape.n[x->shape.rank - 2];
    tensor *y = relative_node("rope_pick", x, S, S, R, column, pick_backward);
    gather(x->size / ((long)T * R), T, S, R, column, x->data, y->data);
    return y;
}

static void
pick_backward(tensor *y)
{
    tensor *x = y->in[0];
    int rank = x->shape.rank, R = x->shape.n[rank - 1], T = x->shape.n[rank - 2];
    int S = y->shape.n[rank - 1];
    // y[t, s] = x[t, column[t, s]]
    scatter(x->size / ((long)T * R), T, S, R, y->aux, y->grad, x->grad);
}

tensor *
rope_collect(tensor *w, int R, const int *column)
{
    check_axes("rope_collect", w);
    int S = w->shape.n[w->shape.rank - 1], T = w->shape.n[w->shape.rank - 2];
    tensor *y = relative_node("rope_collect", w, R, S, R, column, collect_backward);
    scatter(w->size / ((long)T * S), T, S, R, column, w->data, y->data);
    return y;
}

static void
collect_backward(tensor *y)
{
    tensor *w = y->in[0];
    int rank = w->shape.rank, S = w->shape.n[rank - 1], T = w->shape.n[rank - 2];
    int R = y->shape.n[rank - 1];
    // y[t, column[t, s]] += w[t, s]
    gather(w->size / ((long)T * S), T, S, R, y->aux, y->grad, w->grad);
}

// out = softmax(scores) v, in elementary operations: scores (B, h, T, S), v (B, S, h, d) -> (B, T, h, d). Every
// query may look somewhere. Gives the weights, too.
static tensor *
answer(tensor *scores, tensor *v, const bool *keep, tensor **weights)
{
    int B = scores->shape.n[0], h = scores->shape.n[1];
    long pairs = (long)scores->shape.n[2] * scores->shape.n[3];
    int S = scores->shape.n[3];
    tensor *mask = constant("mask", scores->shape, NULL);
    for (long row = 0; keep && row < B * pairs; row += S)
        if (!memchr(keep + row, true, S))
            fail("a relative scheme: query %ld may look nowhere", row / S);
    for (int i = 0; keep && i < B * h; i++)
        for (long j = 0; j < pairs; j++)
            mask->data[i * pairs + j] = keep[i / h * pairs + j] ? 0 : -INFINITY;
    scores = keep ? t_add(scores, mask) : scores;
    *weights = t_softmax(scores);
    return t_transpose(t_matmul(*weights, t_transpose(v, 1, 2)), 1, 2);
}

// column[t S + s]: K + the distance, clipped to -K ... K.
static int *
clipped_distances(int T, int S, int K)
{
    int *column = tape_alloc((long)T * S * sizeof(int));
    for (int t = 0; t < T; t++)
        for (int s = 0; s < S; s++) {
            int distance = S - T + t - s;
            column[t * S + s] = K + (distance > K ? K : distance < -K ? -K : distance);
        }
    return column;
}

tensor *
rope_shaw_attend(tensor *q, tensor *k, tensor *v, const bool *keep, void *own)
{
    const rope_shaw *x = own;
    int T = q->shape.n[1], S = k->shape.n[1], d = q->shape.n[3];
    int *column = clipped_distances(T, S, x->K);
    tensor *weights, *queries = t_transpose(q, 1, 2); // (B, h, T, d)
    // score = q (k + a_k[distance]) / sqrt(d)
    tensor *near = rope_pick(t_matmul_nt(queries, x->a_k), S, column);
    tensor *scores = t_add(t_matmul_nt(queries, t_transpose(k, 1, 2)), near);
    // out = sum_s weight (v + a_v[distance])
    tensor *out = answer(t_scale(scores, 1 / sqrt32(d)), v, keep, &weights);
    tensor *sums = rope_collect(weights, 2 * x->K + 1, column); // of the weights, by distance
    return t_add(out, t_transpose(t_matmul(sums, x->a_v), 1, 2));
}

void
rope_xl_terms(const rope_xl *x, tensor *q, tensor *k, tensor *term[4])
{
    int B = q->shape.n[0], T = q->shape.n[1], h = q->shape.n[2], d = q->shape.n[3];
    int S = k->shape.n[1], *column = tape_alloc((long)T * S * sizeof(int));
    for (int t = 0; t < T; t++)
        for (int s = 0; s <= S - T + t; s++)
            column[t * S + s] = S - T + t - s;
    // r: a vector for each distance and head, the same for all sequences
    tensor *r = t_matmul_nt(t_slice(x->sinusoid, 0, S), x->w_r); // (S, h d)
    r = t_transpose(t_reshape(r, SHAPE(S, h, d)), 0, 1);         // (h, S, d)
    r = t_broadcast(r, SHAPE(B, h, S, d));
    tensor *keys = t_transpose(k, 1, 2), *queries = t_transpose(q, 1, 2);
    tensor *u = t_transpose(t_broadcast(x->u, SHAPE(B, T, h, d)), 1, 2);
    tensor *w = t_transpose(t_broadcast(x->w, SHAPE(B, T, h, d)), 1, 2);
    term[0] = t_matmul_nt(queries, keys);
    term[1] = rope_pick(t_matmul_nt(queries, r), S, column);
    term[2] = t_matmul_nt(u, keys);
    term[3] = rope_pick(t_matmul_nt(w, r), S, column);
}

tensor *
rope_xl_attend(tensor *q, tensor *k, tensor *v, const bool *keep, void *own)
{
    tensor *term[4], *weights;
    rope_xl_terms(own, q, k, term);
    tensor *scores = t_add(t_add(term[0], term[1]), t_add(term[2], term[3]));
    return answer(t_scale(scores, 1 / sqrt32(q->shape.n[3])), v, keep, &weights);
}

// ---- Rotation and linear attention ----

// y = R x for position p.
static void
turn_double(int d, const double *theta, int p, const double *x, double *y)
{
    for (int i = 0; i < d / 2; i++) {
        double c = cos64(p * theta[i]), s = sin64(p * theta[i]);
        y[2 * i] = x[2 * i] * c - x[2 * i + 1] * s;
        y[2 * i + 1] = x[2 * i] * s + x[2 * i + 1] * c;
    }
}

// phi(x) = elu(x) + 1: x + 1 above 0, e^x below.
static void
positive(int d, const double *x, double *y)
{
    for (int i = 0; i < d; i++)
        y[i] = x[i] > 0 ? x[i] + 1 : exp64(x[i]);
}

static double
dot(int d, const double *x, const double *y)
{
    double sum = 0;
    for (int i = 0; i < d; i++)
        sum += x[i] * y[i];
    return sum;
}

void
rope_linear(int T, int d, const double *theta, const double *q, const double *k, const double *v,
            double *weights, double *out)
{
    double query[d], turned[d], key[d], turned_key[d], row[T];
    for (int t = 0; t < T; t++) {
        double *w = weights ? weights + t * T : row, sum = 0;
        positive(d, q + t * d, query);
        turn_double(d, theta, t, query, turned);
        for (int s = 0; s <= t; s++) {
            positive(d, k + s * d, key);
            turn_double(d, theta, s, key, turned_key);
            w[s] = dot(d, turned, turned_key);
            sum += dot(d, query, key);
        }
        memset(out + t * d, 0, d * sizeof *out);
        for (int s = 0; s < T; s++) {
            w[s] = s <= t ? w[s] / sum : 0;
            for (int j = 0; s <= t && j < d; j++)
                out[t * d + j] += w[s] * v[s * d + j];
        }
    }
}

void
rope_linear_recurrent(int T, int d, const double *theta, const double *q, const double *k,
                      const double *v, double *out)
{
    double state[d][d], total[d], query[d], turned[d], key[d],
        turned_key[d]; // state (d of k, d of v)
    memset(state, 0, sizeof state);
    memset(total, 0, sizeof total);
    for (int t = 0; t < T; t++) {
        positive(d, q + t * d, query);
        positive(d, k + t * d, key);
        turn_double(d, theta, t, query, turned);
        turn_double(d, theta, t, key, turned_key);
        for (int i = 0; i < d; i++) {
            total[i] += key[i];
            for (int j = 0; j < d; j++)
                state[i][j] += turned_key[i] * v[t * d + j];
        }
        double sum = dot(d, query, total);
        for (int j = 0; j < d; j++) {
            double found = 0;
            for (int i = 0; i < d; i++)
                found += turned[i] * state[i][j];
            out[t * d + j] = found / sum;
        }
    }
}
