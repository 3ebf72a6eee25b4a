// The schemes of rope.h: rotation, biases of the scores, relative vectors, rotation in linear attention. The backward
// of an op stands below its forward.
#include "rope/rope.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"

#include <math.h>
#include <string.h>

static backward_fn rotate_backward, gather_backward, scatter_backward;

// ---- Angles ----

void
rope_angles(int d, double base, double *theta)
{
    for (int i = 0; i < d / 2; i++)
        theta[i] = pow64(base, -2.0 * i / d);
}

void
rope_position_interpolation(int d, double base, double factor, double *theta)
{
    rope_angles(d, base, theta);
    for (int i = 0; i < d / 2; i++)
        theta[i] /= factor;
}

void
rope_ntk_aware(int d, double base, double factor, double *theta)
{
    // The slowest pair, i = d/2 - 1, becomes `factor` times as slow, the fastest stays.
    rope_angles(d, base * pow64(factor, d / (d - 2.0)), theta);
}

void
rope_ntk_by_parts(int d, double base, double factor, int length, double *theta)
{
    const double few = 1, many = 32; // turns over the length
    rope_angles(d, base, theta);
    for (int i = 0; i < d / 2; i++) {
        double turns = length * theta[i] / (2 * pi64);
        double stay = (turns - few) / (many - few);
        stay = stay < 0 ? 0 : stay > 1 ? 1 : stay;
        theta[i] *= stay + (1 - stay) / factor;
    }
}

void
rope_yarn(int d, double base, double factor, int length, double *theta)
{
    // Pair i makes length theta[i] / 2 pi turns: n turns where i = log(length / 2 pi n) / per.
    double per = 2 * log64(base) / d;
    double low = floor(log64(length / (32 * 2 * pi64)) / per);
    double high = ceil(log64(length / (1 * 2 * pi64)) / per);
    low = low < 0 ? 0 : low;
    high = high > d - 1 ? d - 1 : high;
    high = high > low ? high : low + 0.001;
    rope_angles(d, base, theta);
    for (int i = 0; i < d / 2; i++) {
        double stay = 1 - (i - low) / (high - low);
        stay = stay < 0 ? 0 : stay > 1 ? 1 : stay;
        theta[i] *= stay + (1 - stay) / factor;
    }
}

double
rope_yarn_scale(double factor)
{
    return 0.1 * log64(factor) + 1;
}

rope_table
rope_table_new(rope_pairing pairing, int positions, int pairs, const double *theta)
{
    long n = (long)positions * pairs;
    rope_table t = {pairing, positions, pairs, permanent_alloc(n * sizeof(float)),
                    permanent_alloc(n * sizeof(float))};
    for (int position = 0; position < positions; position++)
        for (int i = 0; i < pairs; i++) {
            double angle = position * theta[i];
            t.cosine[(long)position * pairs + i] = (float)cos64(angle);
            t.sine[(long)position * pairs + i] = (float)sin64(angle);
        }
    return t;
}

// ---- Rotation ----

// The places of pair i, of `pairs`, in a head.
typedef struct {
    int a, b;
} places;

static places
pair_places(rope_pairing pairing, int pairs, int i)
{
    if (pairing == ROPE_INTERLEAVED)
        return (places){2 * i, 2 * i + 1};
    return (places){i, i + pairs};
}

// Adds to y (d) what x (d) is when it is rotated by the angles of this position, or by their negatives (sign -1).
static void
add_rotated(const rope_table *t, int position, float sign, const float *x, float *y)
{
    const float *cosine = t->cosine + (long)position * t->pairs;
    const float *sine = t->sine + (long)position * t->pairs;
    for (int i = 0; i < t->pairs; i++) {
        places at = pair_places(t->pairing, t->pairs, i);
        float c = cosine[i], s = sign * sine[i];
        // y = (c -s) x
        //     (s  c)
        y[at.a] += fma32(x[at.a], c, -(x[at.b] * s));
        y[at.b] += fma32(x[at.a], s, x[at.b] * c);
    }
}

typedef struct {
    const rope_table *table;
    int first;
} rotation;

// The position of a row of x (B, T, h, d), which is one head's vector.
static int
position_of(const rotation *r, const tensor *x, long row)
{
    int T = x->shape.n[1], h = x->shape.n[2];
    return r->first + row / h % T;
}

tensor *
rope_rotate(tensor *x, const rope_table *table, int first)
{
    int T = x->shape.n[1], d = x->shape.n[3], rotated = 2 * table->pairs;
    if (x->shape.rank != 4 || rotated > d)
        fail("rope_rotate: %s %s with %d pairs; expected (B, T, h, d) with d of two each or more",
             x->name, shape_text(x->shape).s, table->pairs);
    if (first < 0 || first + T > table->positions)
        fail("rope_rotate: positions %d to %d; the table has %d", first, first + T - 1,
             table->positions);
    tensor *y = tape_node("rope_rotate", x->shape, rotate_backward, INPUTS(x));
    rotation *r = y->aux = tape_alloc(sizeof *r);
    *r = (rotation){table, first};
    for (long row = 0; row * d < x->size; row++) {
        const float *from = x->data + row * d;
        float *to = y->data + row * d;
        memset(to, 0, rotated * sizeof *to);
        memcpy(to + rotated, from + rotated, (d - rotated) * sizeof *to);
        add_rotated(table, position_of(r, x, row), 1, from, to);
    }
    return y;
}

static void
rotate_backward(tensor *y)
{
    tensor *x = y->in[0];
    const rotation *r = y->aux;
    int d = x->shape.n[3], rotated = 2 * r->table->pairs;
    // y = R x with a rotation R, so dx = R^T dy: rotated back
    for (long row = 0; row * d < x->size; row++) {
        const float *dy = y->grad + row * d;
        float *dx = x->grad + row * d;
        add_rotated(r->table, position_of(r, x, row), -1, dy, dx);
        for (int i = rotated; i < d; i++)
            dx[i] += dy[i];
    }
}

void
rope_rotate64(rope_pairing pairing, int d, const double *theta, int position, const double *x,
              double *y)
{
    for (int i = 0; i < d / 2; i++) {
        places at = pair_places(pairing, d / 2, i);
        double c = cos64(position * theta[i]), s = sin64(position * theta[i]);
        y[at.a] = x[at.a] * c - x[at.b] * s;
        y[at.b] = x[at.a] * s + x[at.b] * c;
    }
}

tensor *
rope_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    const rope_table *table = context;
    int first = k->shape.n[1] - q->shape.n[1]; // the queries are the last of the positions
    tensor *rotated = rope_rotate(q, table, first);
    return transformer_attention(rotated, rope_rotate(k, table, 0), v, mask, NULL);
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
rope_alibi_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    (void)context;
    int T = q->shape.n[1], S = k->shape.n[1], h = q->shape.n[2];
    double slope[h];
    tensor *bias = constant("bias", SHAPE(h, T, S), NULL);
    rope_alibi_slopes(h, slope);
    for (int head = 0; head < h; head++)
        for (int t = 0; t < T; t++)
            for (int s = 0; s <= S - T + t; s++)
                bias->data[((long)head * T + t) * S + s] = (float)(-slope[head] * (S - T + t - s));
    return transformer_attention(q, k, v, mask, bias);
}

int
rope_t5_bucket(int distance, bool both)
{
    enum { FARTHEST = 128 };
    int classes = both ? ROPE_T5_BUCKETS / 2 : ROPE_T5_BUCKETS, exact = classes / 2;
    if (both && distance < 0)
        return classes + rope_t5_bucket(-distance, both); // keys after the query
    if (distance < exact)
        return distance > 0 ? distance : 0;
    double part = log64((double)distance / exact) / log64((double)FARTHEST / exact);
    int bucket = exact + (int)fmin(part * (classes - exact), classes);
    return bucket < classes ? bucket : classes - 1;
}

tensor *
rope_t5_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    const rope_t5 *x = context;
    int T = q->shape.n[1], S = k->shape.n[1], d = q->shape.n[3];
    int *bucket = tape_alloc((long)T * S * sizeof(int));
    for (int t = 0; t < T; t++)
        for (int s = 0; s < S; s++)
            bucket[t * S + s] = rope_t5_bucket(S - T + t - s, x->both);
    tensor *bias = t_embedding(x->learnt, SHAPE(T, S), bucket); // (T, S, h)
    bias = t_transpose(t_transpose(bias, 0, 2), 1, 2);          // (h, S, T), then (h, T, S)
    return transformer_attention(t_scale(q, sqrt32(d)), k, v, mask, bias);
}

// ---- Relative vectors ----

// y[t, s] += x[t, column[t, s]] for x (rows, T, R), y (rows, T, S).
static void
add_gathered(long rows, int T, int S, int R, const int *column, const float *x, float *y)
{
    for (long row = 0; row < rows; row++)
        for (int t = 0; t < T; t++)
            for (int s = 0; s < S; s++)
                y[(row * T + t) * S + s] += x[(row * T + t) * R + column[t * S + s]];
}

// y[t, column[t, s]] += x[t, s] for x (rows, T, S), y (rows, T, R).
static void
add_scattered(long rows, int T, int S, int R, const int *column, const float *x, float *y)
{
    for (long row = 0; row < rows; row++)
        for (int t = 0; t < T; t++)
            for (int s = 0; s < S; s++)
                y[(row * T + t) * R + column[t * S + s]] += x[(row * T + t) * S + s];
}

// A node of zeros in x's shape but for a last axis of n, with a copy of the columns (T, S), each below R.
static tensor *
column_node(const char *op, tensor *x, int n, int S, int R, const int *column, backward_fn *back)
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
rope_gather(tensor *x, int S, const int *column)
{
    check_axes("rope_gather", x);
    int R = shape_last(x->shape), T = x->shape.n[x->shape.rank - 2];
    tensor *y = column_node("rope_gather", x, S, S, R, column, gather_backward);
    add_gathered(x->size / ((long)T * R), T, S, R, column, x->data, y->data);
    return y;
}

static void
gather_backward(tensor *y)
{
    tensor *x = y->in[0];
    int R = shape_last(x->shape), T = x->shape.n[x->shape.rank - 2], S = shape_last(y->shape);
    // y[t, s] = x[t, column[t, s]]
    add_scattered(x->size / ((long)T * R), T, S, R, y->aux, y->grad, x->grad);
}

tensor *
rope_scatter_add(tensor *x, int R, const int *column)
{
    check_axes("rope_scatter_add", x);
    int S = shape_last(x->shape), T = x->shape.n[x->shape.rank - 2];
    tensor *y = column_node("rope_scatter_add", x, R, S, R, column, scatter_backward);
    add_scattered(x->size / ((long)T * S), T, S, R, column, x->data, y->data);
    return y;
}

static void
scatter_backward(tensor *y)
{
    tensor *x = y->in[0];
    int S = shape_last(x->shape), T = x->shape.n[x->shape.rank - 2], R = shape_last(y->shape);
    // y[t, column[t, s]] += x[t, s]
    add_gathered(x->size / ((long)T * S), T, S, R, y->aux, y->grad, x->grad);
}

// The distances of queries and keys (T, S), clipped to lowest ... highest, as columns: 0 is the lowest.
static int *
distance_columns(int T, int S, int lowest, int highest)
{
    int *column = tape_alloc((long)T * S * sizeof(int));
    for (int t = 0; t < T; t++)
        for (int s = 0; s < S; s++) {
            int distance = S - T + t - s;
            distance = distance < lowest ? lowest : distance > highest ? highest : distance;
            column[t * S + s] = distance - lowest;
        }
    return column;
}

// A mask (B, T, S) as what is added to scores (B, h, T, S): 0 where query t may look at key s, else -infinity. Every
// query may look somewhere.
static tensor *
additive_mask(const bool *mask, shape scores)
{
    int B = scores.n[0], h = scores.n[1], T = scores.n[2], S = scores.n[3];
    for (int row = 0; row < B * T; row++)
        if (!memchr(mask + (long)row * S, true, S))
            fail("rope: query %d of sequence %d may look at no key; relative vectors need one",
                 row % T, row / T);
    tensor *y = constant("mask", scores, NULL);
    for (int head = 0; head < B * h; head++) {
        const bool *from = mask + (long)(head / h) * T * S;
        float *to = y->data + (long)head * T * S;
        for (long i = 0; i < (long)T * S; i++)
            to[i] = from[i] ? 0 : -INFINITY;
    }
    return y;
}

// out = softmax(scores) v, in elementary operations: scores (B, h, T, S), v (B, S, h, d) -> (B, T, h, d). Gives the
// weights, too.
static tensor *
weigh_values(tensor *scores, tensor *v, const bool *mask, tensor **weights)
{
    if (mask)
        scores = t_add(scores, additive_mask(mask, scores->shape));
    *weights = t_softmax(scores);
    return t_transpose(t_matmul(*weights, t_transpose(v, 1, 2)), 1, 2);
}

tensor *
rope_shaw_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    const rope_shaw *x = context;
    int T = q->shape.n[1], S = k->shape.n[1], d = q->shape.n[3];
    int *column = distance_columns(T, S, -x->K, x->K);
    tensor *weights, *queries = t_transpose(q, 1, 2); // (B, h, T, d)
    // score = q (k + a_k[distance]) / sqrt(d)
    tensor *near = rope_gather(t_matmul_nt(queries, x->a_k), S, column);
    tensor *scores = t_add(t_matmul_nt(queries, t_transpose(k, 1, 2)), near);
    // out = sum_s weight (v + a_v[distance])
    tensor *out = weigh_values(t_scale(scores, 1 / sqrt32(d)), v, mask, &weights);
    tensor *sums = rope_scatter_add(weights, 2 * x->K + 1, column); // of the weights, by distance
    return t_add(out, t_transpose(t_matmul(sums, x->a_v), 1, 2));
}

void
rope_xl_terms(const rope_xl *x, tensor *q, tensor *k, tensor *term[4])
{
    int B = q->shape.n[0], T = q->shape.n[1], h = q->shape.n[2], d = q->shape.n[3];
    int S = k->shape.n[1], *column = distance_columns(T, S, 0, S - 1);
    // r: a vector for each distance and head, the same for all sequences
    tensor *r = t_matmul_nt(t_slice(x->sinusoid, 0, S), x->w_r); // (S, h d)
    r = t_transpose(t_reshape(r, SHAPE(S, h, d)), 0, 1);         // (h, S, d)
    r = t_broadcast(r, SHAPE(B, h, S, d));
    tensor *keys = t_transpose(k, 1, 2), *queries = t_transpose(q, 1, 2);
    tensor *u = t_transpose(t_broadcast(x->u, SHAPE(B, T, h, d)), 1, 2);
    tensor *w = t_transpose(t_broadcast(x->w, SHAPE(B, T, h, d)), 1, 2);
    term[0] = t_matmul_nt(queries, keys);
    term[1] = rope_gather(t_matmul_nt(queries, r), S, column);
    term[2] = t_matmul_nt(u, keys);
    term[3] = rope_gather(t_matmul_nt(w, r), S, column);
}

tensor *
rope_xl_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    tensor *term[4], *weights;
    rope_xl_terms(context, q, k, term);
    tensor *scores = t_add(t_add(term[0], term[1]), t_add(term[2], term[3]));
    return weigh_values(t_scale(scores, 1 / sqrt32(q->shape.n[3])), v, mask, &weights);
}

// ---- Rotation and linear attention ----

// phi(x) = elu(x) + 1: x + 1 above 0, e^x below.
static void
elu_plus_one(int d, const double *x, double *y)
{
    for (int i = 0; i < d; i++)
        y[i] = x[i] > 0 ? x[i] + 1 : exp64(x[i]);
}

void
rope_linear_features(int d, const double *theta, int position, const double *x, double *phi,
                     double *rotated)
{
    elu_plus_one(d, x, phi);
    rope_rotate64(ROPE_INTERLEAVED, d, theta, position, phi, rotated);
}

void
rope_linear_attention(int T, int d, const double *theta, const double *q, const double *k,
                      const double *v, double *weights, double *normaliser, double *out)
{
    double query[d], rotated[d], key[d], rotated_key[d];
    for (int t = 0; t < T; t++) {
        double *w = weights + t * T, sum = 0;
        rope_linear_features(d, theta, t, q + t * d, query, rotated);
        for (int s = 0; s <= t; s++) {
            rope_linear_features(d, theta, s, k + s * d, key, rotated_key);
            w[s] = linalg_dot(d, rotated, rotated_key);
            sum += linalg_dot(d, query, key);
        }
        normaliser[t] = sum;
        memset(out + t * d, 0, d * sizeof *out);
        memset(w + t + 1, 0, (T - t - 1) * sizeof *w);
        for (int s = 0; s <= t; s++) {
            w[s] /= sum;
            for (int j = 0; j < d; j++)
                out[t * d + j] += w[s] * v[s * d + j];
        }
    }
}

void
rope_linear_step(int d, const double *theta, int position, const double *q, const double *k,
                 const double *v, double *state, double *total, double *out)
{
    double query[d], rotated[d], key[d], rotated_key[d];
    rope_linear_features(d, theta, position, q, query, rotated);
    rope_linear_features(d, theta, position, k, key, rotated_key);
    for (int i = 0; i < d; i++) {
        total[i] += key[i];
        for (int j = 0; j < d; j++)
            state[i * d + j] += rotated_key[i] * v[j];
    }
    double sum = linalg_dot(d, query, total);
    for (int j = 0; j < d; j++) {
        double numerator = 0;
        for (int i = 0; i < d; i++)
            numerator += rotated[i] * state[i * d + j];
        out[j] = numerator / sum;
    }
}
