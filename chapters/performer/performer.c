// The maps and the attention of performer.h, and what is known exactly of their errors. The backward of an op stands
// below its forward.
#include "performer/performer.h"

#include "files/fail.h"
#include "files/memory.h"
#include "linear_attention/linear_attention.h"
#include "nets/ops.h"
#include "numbers/linalg.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static backward_fn feature_map_backward, divide_backward;

// Whether the features are exponentials.
static bool
is_exponential(performer_map map)
{
    return map == PERFORMER_POSITIVE || map == PERFORMER_HYPERBOLIC;
}

// Whether each row of W gives two features.
static bool
has_two_a_row(performer_map map)
{
    return map == PERFORMER_HYPERBOLIC || map == PERFORMER_TRIGONOMETRIC;
}

int
performer_feature_count(performer_map map, int m)
{
    return has_two_a_row(map) ? 2 * m : m;
}

// ---- The random matrix ----

void
performer_orthogonal(int m, int d, const double *gaussian, const double *norm, double *w)
{
    double q[d * d], r[d * d];
    for (int i = 0; i < m; i++) {
        if (i % d == 0)
            linalg_qr(d, d, gaussian + i * d, q, r);
        for (int j = 0; j < d; j++)
            w[i * d + j] = norm[i] * q[j * d + i % d];
    }
}

static void
fill_normal(rng *r, long n, double *x)
{
    for (long i = 0; i < n; i++)
        x[i] = rng_normal(r);
}

void
performer_draw(rng *r, performer_rows rows, int m, int d, double *w)
{
    int room = (m + d - 1) / d * d;
    if (rows == PERFORMER_IID) {
        fill_normal(r, (long)m * d, w);
        return;
    }
    double *gaussian = memory_zeroed((long)room * d, sizeof *gaussian, "Gaussian blocks");
    double *norm = memory_zeroed(m, sizeof *norm, "the lengths of rows"), x[d];
    fill_normal(r, (long)room * d, gaussian);
    for (int i = 0; i < m; i++) {
        fill_normal(r, d, x);
        norm[i] = sqrt64(linalg_dot(d, x, x));
    }
    performer_orthogonal(m, d, gaussian, norm, w);
    free(gaussian);
    free(norm);
}

// ---- The feature map on the tape ----

// What a map needs again on the way back.
typedef struct {
    performer_map map;
    int rows, m, d, F;
    float eps;           // what is added to exponentials and ramps
    float scale, square; // what x and |x|^2 are multiplied by
    float norm;          // what the features are multiplied by
    int group;           // rows with one maximum; 0: not stabilised
} map_settings;

static map_settings
map_settings_of(const performer *p, const tensor *x, performer_role role)
{
    int m = p->w->shape.n[0], d = p->w->shape.n[1], rank = x->shape.rank;
    if (p->w->shape.rank != 2 || rank < 2 || x->shape.n[rank - 1] != d)
        fail_shapes("performer_feature_map", "features (m, d) need vectors (..., T, d)", p->w, x);
    map_settings s = {.map = p->map,
                      .rows = (int)(x->size / d),
                      .m = m,
                      .d = d,
                      .F = performer_feature_count(p->map, m),
                      .eps = p->eps};
    // q . k / sqrt(d) = (d^-1/4 q) . (d^-1/4 k)
    s.scale = 1 / sqrt32(sqrt32(d));
    s.square = s.scale * s.scale;
    s.norm = 1 / sqrt32(p->map == PERFORMER_HYPERBOLIC ? 2 * m : m);
    if (p->stabilised && is_exponential(p->map))
        s.group = role == PERFORMER_QUERY ? 1 : x->shape.n[rank - 2];
    return s;
}

// Replaces n exponents, of one group, by features.
static void
exponentials(const map_settings *s, long n, const float *exponent, float *phi)
{
    float top = s->group ? max32(n, exponent) : 0;
    for (long i = 0; i < n; i++)
        phi[i] = s->norm * (exp32(exponent[i] - top) + s->eps);
}

// The exponents, or what the map has instead, of one row; a (m) is its projection W x, half = |x|^2 / 2.
static void
row_exponents(const map_settings *s, const float *a, float half, float *exponent)
{
    for (int j = 0; j < s->m; j++) {
        exponent[j] = a[j] - half;
        if (s->map == PERFORMER_HYPERBOLIC)
            exponent[s->m + j] = -a[j] - half;
    }
}

static void
row_waves(const map_settings *s, const float *a, float half, float *phi)
{
    float size = s->norm * exp32(half);
    for (int j = 0; j < s->m; j++) {
        double angle = a[j];
        phi[j] = size * (float)cos64(angle);
        phi[s->m + j] = size * (float)sin64(angle);
    }
}

static void
row_ramps(const map_settings *s, const float *a, float *phi)
{
    for (int j = 0; j < s->m; j++)
        phi[j] = s->norm * ((a[j] > 0 ? a[j] : 0) + s->eps);
}

tensor *
performer_feature_map(const performer *p, tensor *x, performer_role role)
{
    map_settings s = map_settings_of(p, x, role);
    shape of_features = x->shape, of_rows = x->shape;
    of_features.n[x->shape.rank - 1] = s.F;
    of_rows.n[x->shape.rank - 1] = s.m;
    tensor *phi =
        tape_node("performer_feature_map", of_features, feature_map_backward, INPUTS(x, p->w));
    tensor *projection = tape_save(phi, "projection", of_rows);
    float *exponent = is_exponential(s.map) ? tape_save(phi, "exponent", of_features)->data : NULL;
    // projection = W x, x scaled
    matmul(s.rows, s.m, s.d, matrix_of(x->data, s.d), transpose_of(p->w->data, s.d),
           projection->data, s.m, MATMUL_SET);
    for (long i = 0; i < projection->size; i++)
        projection->data[i] *= s.scale;
    for (long row = 0; row < s.rows; row++) {
        const float *v = x->data + row * s.d, *a = projection->data + row * s.m;
        float *y = phi->data + row * s.F;
        float half = s.square * dot32(s.d, v, v) / 2;
        switch (s.map) {
        case PERFORMER_TRIGONOMETRIC: row_waves(&s, a, half, y); break;
        case PERFORMER_RELU: row_ramps(&s, a, y); break;
        default: row_exponents(&s, a, half, exponent + row * s.F);
        }
    }
    if (is_exponential(s.map)) {
        long n = (long)(s.group ? s.group : 1) * s.F;
        for (long at = 0; at < phi->size; at += n)
            exponentials(&s, n, exponent + at, phi->data + at);
    }
    phi->aux = memcpy(tape_alloc(sizeof s), &s, sizeof s);
    return phi;
}

// dexponent (n) of the n exponents of one group.
static void
exponentials_backward(const map_settings *s, long n, const float *exponent, const float *phi,
                      const float *dphi, float *dexponent)
{
    // phi = norm (exp(exponent - top) + eps)
    for (long i = 0; i < n; i++)
        dexponent[i] = (phi[i] - s->norm * s->eps) * dphi[i];
    // top is the largest exponent of the group
    if (s->group) {
        long top = 0;
        for (long i = 1; i < n; i++)
            top = exponent[i] > exponent[top] ? i : top;
        dexponent[top] -= sum32(n, dexponent);
    }
}

// da (m) of one row; returns dhalf.
static float
row_backward(const map_settings *s, const float *a, const float *phi, const float *dphi,
             const float *dexponent, float *da)
{
    int m = s->m;
    switch (s->map) {
    case PERFORMER_TRIGONOMETRIC:
        // phi = norm exp(half) [cos a, sin a]
        for (int j = 0; j < m; j++)
            da[j] = fma32(phi[j], dphi[m + j], -(phi[m + j] * dphi[j]));
        return dot32(s->F, phi, dphi);
    case PERFORMER_RELU:
        // phi = norm (max(a, 0) + eps)
        for (int j = 0; j < m; j++)
            da[j] = a[j] > 0 ? s->norm * dphi[j] : 0;
        return 0;
    default:
        // exponent = [a - half, -a - half]
        for (int j = 0; j < m; j++)
            da[j] = dexponent[j] - (s->F > m ? dexponent[m + j] : 0);
        return -sum32(s->F, dexponent);
    }
}

static void
feature_map_backward(tensor *phi)
{
    const map_settings *s = phi->aux;
    tensor *x = phi->in[0];
    const float *projection = tape_saved(phi, "projection")->data;
    float *dexponent = NULL;
    float *da = tape_alloc((long)s->rows * s->m * sizeof *da);
    if (is_exponential(s->map)) {
        const float *exponent = tape_saved(phi, "exponent")->data;
        dexponent = tape_save(phi, "dexponent", phi->shape)->data;
        long n = (long)(s->group ? s->group : 1) * s->F;
        for (long i = 0; i < phi->size; i += n)
            exponentials_backward(s, n, exponent + i, phi->data + i, phi->grad + i, dexponent + i);
    }
    for (long row = 0; row < s->rows; row++) {
        long at = row * s->F, from = row * s->m;
        float dhalf = row_backward(s, projection + from, phi->data + at, phi->grad + at,
                                   dexponent ? dexponent + at : NULL, da + from);
        // half = square |x|^2 / 2
        for (int i = 0; i < s->d; i++)
            x->grad[row * s->d + i] += s->square * dhalf * x->data[row * s->d + i];
        // a = scale W x
        for (int j = 0; j < s->m; j++)
            da[from + j] *= s->scale;
    }
    matmul(s->rows, s->d, s->m, matrix_of(da, s->m), matrix_of(phi->in[1]->data, s->d), x->grad,
           s->d, MATMUL_ADD);
}

// ---- Attention on the tape ----

tensor *
performer_divide(tensor *x, tensor *divisor)
{
    shape s = x->shape;
    int c = s.n[s.rank - 1];
    s.n[s.rank - 1] = 1;
    if (!shape_equal(divisor->shape, s))
        fail_shapes("performer_divide", "values (..., c) need divisors (..., 1)", x, divisor);
    tensor *y = tape_node("performer_divide", x->shape, divide_backward, INPUTS(x, divisor));
    for (long i = 0; i < x->size; i++)
        y->data[i] = x->data[i] / divisor->data[i / c];
    return y;
}

static void
divide_backward(tensor *y)
{
    tensor *x = y->in[0], *divisor = y->in[1];
    int c = y->shape.n[y->shape.rank - 1];
    // y = x / divisor: dx = dy / divisor, ddivisor = -sum y dy / divisor
    if (x->grad)
        for (long i = 0; i < x->size; i++)
            x->grad[i] += y->grad[i] / divisor->data[i / c];
    if (divisor->grad)
        for (long i = 0; i < divisor->size; i++)
            divisor->grad[i] -= dot32(c, y->data + i * c, y->grad + i * c) / divisor->data[i];
}

// A column of ones for each matrix of x: (..., n, k) -> (..., k, 1) or (..., n, 1).
static tensor *
ones(const tensor *x, int length)
{
    shape s = x->shape;
    s.n[s.rank - 2] = length;
    s.n[s.rank - 1] = 1;
    tensor *one = constant("ones", s, NULL);
    for (long i = 0; i < one->size; i++)
        one->data[i] = 1;
    return one;
}

tensor *
performer_weights(tensor *phi_q, tensor *phi_k, tensor *mask)
{
    tensor *kernel = t_matmul_nt(phi_q, phi_k);
    if (mask)
        kernel = t_mul(kernel, mask);
    int S = kernel->shape.n[kernel->shape.rank - 1];
    return performer_divide(kernel, t_matmul(kernel, ones(kernel, S)));
}

// The same answers without the matrix: phi_q (phi_k^T v) / phi_q (phi_k^T 1).
static tensor *
answers_by_sums(tensor *phi_q, tensor *phi_k, tensor *v)
{
    int rank = phi_k->shape.rank, S = phi_k->shape.n[rank - 2];
    tensor *columns = t_transpose(phi_k, rank - 2, rank - 1); // (..., F, S)
    tensor *values = t_matmul(columns, v);                    // (..., F, c)
    tensor *counts = t_matmul(columns, ones(phi_k, S));       // (..., F, 1)
    // One statement each: the order on the tape is the order of the gradient's sums.
    tensor *numerator = t_matmul(phi_q, values);   // (..., T, c)
    tensor *denominator = t_matmul(phi_q, counts); // (..., T, 1)
    return performer_divide(numerator, denominator);
}

tensor *
performer_attention(const performer *p, tensor *q, tensor *k, tensor *v, tensor *mask)
{
    tensor *phi_q = named(performer_feature_map(p, q, PERFORMER_QUERY), "phi_q");
    tensor *phi_k = performer_feature_map(p, k, PERFORMER_KEY);
    named(phi_k, "phi_k");
    return mask ? t_matmul(performer_weights(phi_q, phi_k, mask), v)
                : answers_by_sums(phi_q, phi_k, v);
}

// Whether every query sees the same keys of its sequence, those that the last one sees; if causal, but for those that
// come after it. mask (B, T, S).
static bool
hides_the_same(int B, int T, int S, const bool *mask, bool causal)
{
    for (long i = 0; i < (long)B * T * S; i++) {
        long b = i / ((long)T * S), t = i / S % T, s = i % S;
        bool counts = mask[(b * T + T - 1) * S + s];
        if (mask[i] != (counts && (!causal || s <= t)))
            return false;
    }
    return true;
}

// phi_k (B, h, S, F) with features 0 where the last query sees no key: such keys add nothing to either sum.
static tensor *
without_padding(tensor *phi_k, int T, const bool *mask)
{
    int S = phi_k->shape.n[2], F = phi_k->shape.n[3], each = phi_k->shape.n[1] * S * F;
    tensor *counts = constant("counts", phi_k->shape, NULL);
    for (long i = 0; i < counts->size; i++)
        counts->data[i] = mask[(i / each * T + T - 1) * S + i / F % S];
    return t_mul(phi_k, counts);
}

// mask (B, T, S) for every head, as factors of 0 and 1 (B, h, T, S).
static tensor *
mask_factors(int B, int h, int T, int S, const bool *mask)
{
    tensor *x = constant("mask", SHAPE(B, h, T, S), NULL);
    for (long i = 0; i < x->size; i++)
        x->data[i] = mask[i / (h * T * S) * T * S + i % (T * S)];
    return x;
}

tensor *
performer_attend(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    const performer *p = context;
    int B = q->shape.n[0], T = q->shape.n[1], h = q->shape.n[2], S = k->shape.n[1];
    q = t_transpose(q, 1, 2); // (B, h, T, d): the keys' maximum is over the positions of a head
    k = t_transpose(k, 1, 2);
    tensor *phi_q = named(performer_feature_map(p, q, PERFORMER_QUERY), "phi_q");
    tensor *phi_k = named(performer_feature_map(p, k, PERFORMER_KEY), "phi_k");
    bool causal = mask && T == S && hides_the_same(B, T, S, mask, true);
    bool padded = mask && hides_the_same(B, T, S, mask, false);
    if (causal || padded)
        phi_k = without_padding(phi_k, T, mask);
    if (causal) {
        phi_q = t_transpose(phi_q, 1, 2);
        phi_k = t_transpose(phi_k, 1, 2);
        return linear_attention_chunked(phi_q, phi_k, v, 0, 32);
    }
    v = t_transpose(v, 1, 2);
    if (!mask || padded)
        return t_transpose(answers_by_sums(phi_q, phi_k, v), 1, 2);
    tensor *weights = performer_weights(phi_q, phi_k, mask_factors(B, h, T, S, mask));
    return t_transpose(t_matmul(weights, v), 1, 2);
}

// ---- In double ----

// The features of one vector x in double, from a = W x (m) and half = |x|^2 / 2.
static void
features_of_row(performer_map map, int m, const double *a, double half, double *phi)
{
    double norm = 1 / sqrt64(map == PERFORMER_HYPERBOLIC ? 2 * m : m), size = norm * exp64(half);
    for (int j = 0; j < m; j++)
        switch (map) {
        case PERFORMER_POSITIVE: phi[j] = norm * exp64(a[j] - half); break;
        case PERFORMER_HYPERBOLIC:
            phi[j] = norm * exp64(a[j] - half);
            phi[m + j] = norm * exp64(-a[j] - half);
            break;
        case PERFORMER_TRIGONOMETRIC:
            phi[j] = size * cos64(a[j]);
            phi[m + j] = size * sin64(a[j]);
            break;
        case PERFORMER_RELU: phi[j] = norm * (a[j] > 0 ? a[j] : 0);
        }
}

void
performer_feature_map64(performer_map map, int n, int d, int m, const double *w, const double *x,
                        double *phi)
{
    int F = performer_feature_count(map, m);
    double *columns = memory_zeroed((long)d * m, sizeof *columns, "the columns of W");
    double *a = memory_zeroed((long)n * m, sizeof *a, "projections");
    for (int j = 0; j < m; j++)
        for (int i = 0; i < d; i++)
            columns[i * m + j] = w[j * d + i];
    linalg_product(n, m, d, x, columns, a);
    for (int row = 0; row < n; row++) {
        double half = linalg_dot(d, x + row * d, x + row * d) / 2;
        features_of_row(map, m, a + (size_t)row * m, half, phi + (size_t)row * F);
    }
    free(columns);
    free(a);
}

// The sums over the keys (F, c + 1) take in one more: += phi (F) [v, 1] (c + 1).
static void
add_key(int F, int c, const double *phi, const double *v, double *sums)
{
    for (int f = 0; f < F; f++, sums += c + 1) {
        for (int i = 0; i < c; i++)
            sums[i] += phi[f] * v[i];
        sums[c] += phi[f];
    }
}

// A query's answer out (c): phi sums, over what stands in the last column.
static void
answer_query(int F, int c, const double *phi, const double *sums, double *out)
{
    double total[c + 1];
    memset(total, 0, sizeof total);
    for (int f = 0; f < F; f++)
        for (int i = 0; i <= c; i++)
            total[i] += phi[f] * sums[f * (c + 1) + i];
    for (int i = 0; i < c; i++)
        out[i] = total[i] / total[c];
}

void
performer_attention64(int T, int S, int F, int c, const double *phi_q, const double *phi_k,
                      const double *v, double *out)
{
    double *sums = memory_zeroed((long)F * (c + 1), sizeof *sums, "sums over the keys");
    for (int s = 0; s < S; s++)
        add_key(F, c, phi_k + (size_t)s * F, v + s * c, sums);
    for (int t = 0; t < T; t++)
        answer_query(F, c, phi_q + (size_t)t * F, sums, out + t * c);
    free(sums);
}

void
performer_causal64(int T, int F, int c, const double *phi_q, const double *phi_k, const double *v,
                   double *out)
{
    double *sums = memory_zeroed((long)F * (c + 1), sizeof *sums, "sums over the keys");
    for (int t = 0; t < T; t++) {
        add_key(F, c, phi_k + (size_t)t * F, v + t * c, sums);
        answer_query(F, c, phi_q + (size_t)t * F, sums, out + t * c);
    }
    free(sums);
}

// ---- What is known exactly ----

double
performer_mse(performer_map map, int m, int d, const double *x, const double *y)
{
    double kernel = 0, sum = 0, difference = 0; // x . y, |x + y|^2, |x - y|^2
    for (int i = 0; i < d; i++) {
        kernel += x[i] * y[i];
        sum += (x[i] + y[i]) * (x[i] + y[i]);
        difference += (x[i] - y[i]) * (x[i] - y[i]);
    }
    double positive = exp64(sum + 2 * kernel) * -expm1_64(-sum) / m;
    double apart = expm1_64(-difference);
    switch (map) {
    case PERFORMER_POSITIVE: return positive;
    case PERFORMER_HYPERBOLIC: return positive * -expm1_64(-sum) / 2;
    case PERFORMER_TRIGONOMETRIC: return exp64(sum - 2 * kernel) * apart * apart / (2 * m);
    default: fail("performer_mse: ReLU features do not estimate exp(x . y)");
    }
}

// E f(w . z) f(u . z) of two orthogonal rows w and u less that of two independent ones: for f = exp and f = cosh with
// alpha = |z|^2 / 2, for f = cos with alpha = -|z|^2 / 2. The sum over n and l of alpha^(n+l) / (n! l!) (ratio - 1),
// where ratio = (d/2)_n (d/2)_l / (d/2)_(n+l) and (beta)_n = beta (beta + 1) ... (beta + n - 1).
static double
orthogonal_covariance(int d, double alpha)
{
    enum { TERMS = 100 };
    double half_d = d / 2.0, sum = 0, first = 1; // first: alpha^n / n!
    for (int n = 0; n < TERMS; n++) {
        double power = first, ratio = 1;
        for (int l = 0; l < TERMS; l++) {
            sum += power * (ratio - 1);
            power *= alpha / (l + 1);
            ratio *= (half_d + l) / (half_d + n + l);
        }
        first *= alpha / (n + 1);
    }
    return sum;
}

double
performer_orthogonal_mse(performer_map map, int m, int d, const double *x, const double *y)
{
    double product = linalg_dot(d, x, y), sizes = linalg_dot(d, x, x) + linalg_dot(d, y, y);
    bool waves = map == PERFORMER_TRIGONOMETRIC;
    double alpha = waves ? -(sizes - 2 * product) / 2 : (sizes + 2 * product) / 2;
    double pairs = (double)(m / d) * d * (d - 1) + (double)(m % d) * (m % d - 1); // in one block
    return performer_mse(map, m, d, x, y) +
           pairs / m / m * exp64(waves ? sizes : -sizes) * orthogonal_covariance(d, alpha);
}

double
performer_arc_cosine(int d, const double *x, const double *y)
{
    double sizes = sqrt64(linalg_dot(d, x, x) * linalg_dot(d, y, y));
    if (sizes == 0)
        return 0;
    double angle = acos64(fmax(-1, fmin(1, linalg_dot(d, x, y) / sizes)));
    return sizes * (sin64(angle) + (pi64 - angle) * cos64(angle)) / (2 * pi64);
}

double
performer_regularised_ratio(int d, double length)
{
    // E exp(s u) = 1 + sum_k (s^2/4)^k / (k! (d/2) (d/2 + 1) ... (d/2 + k - 1)), u a coordinate of a random direction,
    // s = sqrt(d) length
    double term = 1, sum = 1;
    for (int k = 1; term > 1e-17 * sum; k++) {
        term *= d * length * length / 4 / (k * (d / 2.0 + k - 1));
        sum += term;
    }
    return sum * exp64(-length * length / 2);
}
