#include "ops.h"

#include "fail.h"
#include "matmul.h"
#include "numeric.h"

#include <limits.h>
#include <string.h>

enum { MANY = 100000 }; // values from which a second thread pays for the costlier functions

// Each op is its forward and, directly below, its backward. In a backward, x is an input, y the
// output, and the forward line is quoted before it is differentiated.
static backward_fn add_backward, sub_backward, mul_backward, scale_backward, broadcast_backward;
static backward_fn tanh_backward, sigmoid_backward, relu_backward, gelu_backward;
static backward_fn gelu_tanh_backward, matmul_backward, linear_backward, sum_backward,
    mean_square_backward;
static backward_fn softmax_backward, layer_norm_backward, cross_entropy_backward;
static backward_fn embedding_backward, transpose_backward, stack_backward;

static int
last(const tensor *x)
{
    return x->shape.rank ? x->shape.n[x->shape.rank - 1] : 1;
}

// ---- Elementwise ----

// Ends the program unless b's shape is a's, or that of a's last axes.
static void
check_trailing(const char *op, const tensor *a, const tensor *b)
{
    int skip = a->shape.rank - b->shape.rank;
    if (skip < 0 || memcmp(a->shape.n + skip, b->shape.n, b->shape.rank * sizeof(int)) != 0)
        fail_shapes(op, "the second shape is neither the first nor its last axes", a, b);
}

tensor *
t_add(tensor *a, tensor *b)
{
    check_trailing("t_add", a, b);
    tensor *y = node("t_add", a->shape, add_backward, INPUTS(a, b));
    for (long at = 0; at < a->size; at += b->size)
        for (long i = 0; i < b->size; i++)
            y->data[at + i] = a->data[at + i] + b->data[i];
    return y;
}

static void
add_to(tensor *x, const tensor *y, float factor)
{
    if (x->grad)
        for (long at = 0; at < y->size; at += x->size)
            for (long i = 0; i < x->size; i++)
                x->grad[i] += factor * y->grad[at + i];
}

static void
add_backward(tensor *y)
{
    // y = a + b
    add_to(y->in[0], y, 1);
    add_to(y->in[1], y, 1);
}

tensor *
t_sub(tensor *a, tensor *b)
{
    check_trailing("t_sub", a, b);
    tensor *y = node("t_sub", a->shape, sub_backward, INPUTS(a, b));
    for (long at = 0; at < a->size; at += b->size)
        for (long i = 0; i < b->size; i++)
            y->data[at + i] = a->data[at + i] - b->data[i];
    return y;
}

static void
sub_backward(tensor *y)
{
    // y = a - b
    add_to(y->in[0], y, 1);
    add_to(y->in[1], y, -1);
}

tensor *
t_mul(tensor *a, tensor *b)
{
    check_trailing("t_mul", a, b);
    tensor *y = node("t_mul", a->shape, mul_backward, INPUTS(a, b));
    for (long at = 0; at < a->size; at += b->size)
        for (long i = 0; i < b->size; i++)
            y->data[at + i] = a->data[at + i] * b->data[i];
    return y;
}

static void
mul_backward(tensor *y)
{
    tensor *a = y->in[0], *b = y->in[1];
    // y = a b
    for (long at = 0; at < a->size; at += b->size)
        for (long i = 0; i < b->size; i++) {
            if (a->grad)
                a->grad[at + i] += b->data[i] * y->grad[at + i];
            if (b->grad)
                b->grad[i] += a->data[at + i] * y->grad[at + i];
        }
}

tensor *
t_scale(tensor *x, float s)
{
    tensor *y = node("t_scale", x->shape, scale_backward, INPUTS(x));
    y->aux = memcpy(tape_alloc(sizeof s), &s, sizeof s);
    for (long i = 0; i < x->size; i++)
        y->data[i] = s * x->data[i];
    return y;
}

static void
scale_backward(tensor *y)
{
    // y = s x
    add_to(y->in[0], y, *(float *)y->aux);
}

// stride[i]: how far apart in x two values are that are neighbours along axis i of s; 0 where x is repeated.
static void
repeated_strides(const tensor *x, shape s, long stride[MAX_RANK])
{
    long step = 1;
    for (int i = s.rank - 1; i >= 0; i--) {
        int axis = i - (s.rank - x->shape.rank);
        int n = axis < 0 ? 1 : x->shape.n[axis];
        if (n != 1 && n != s.n[i])
            fail("t_broadcast: %s %s does not grow to %s: axis %d", x->name, shape_text(x->shape).s,
                 shape_text(s).s, i);
        stride[i] = n == 1 ? 0 : step;
        step *= n;
    }
}

// Where value i of a tensor of shape s stands in one with these strides.
static long
place(shape s, const long stride[MAX_RANK], long i)
{
    long at = 0;
    for (int axis = s.rank - 1; axis >= 0; axis--) {
        at += i % s.n[axis] * stride[axis];
        i /= s.n[axis];
    }
    return at;
}

tensor *
t_broadcast(tensor *x, shape s)
{
    long stride[MAX_RANK];
    if (s.rank < x->shape.rank)
        fail("t_broadcast: %s %s has more axes than %s", x->name, shape_text(x->shape).s,
             shape_text(s).s);
    repeated_strides(x, s, stride);
    tensor *y = node("t_broadcast", s, broadcast_backward, INPUTS(x));
    for (long i = 0; i < y->size; i++)
        y->data[i] = x->data[place(s, stride, i)];
    return y;
}

static void
broadcast_backward(tensor *y)
{
    tensor *x = y->in[0];
    long stride[MAX_RANK];
    repeated_strides(x, y->shape, stride);
    // y[i] = x[place(i)]
    for (long i = 0; i < y->size; i++)
        x->grad[place(y->shape, stride, i)] += y->grad[i];
}

tensor *
t_tanh(tensor *x)
{
    tensor *y = node("t_tanh", x->shape, tanh_backward, INPUTS(x));
    for (long i = 0; i < x->size; i++)
        y->data[i] = tanh32(x->data[i]);
    return y;
}

static void
tanh_backward(tensor *y)
{
    tensor *x = y->in[0];
    // y = tanh(x)
    for (long i = 0; i < x->size; i++)
        x->grad[i] += (1 - y->data[i] * y->data[i]) * y->grad[i];
}

tensor *
t_sigmoid(tensor *x)
{
    tensor *y = node("t_sigmoid", x->shape, sigmoid_backward, INPUTS(x));
    for (long i = 0; i < x->size; i++)
        y->data[i] = sigmoid32(x->data[i]);
    return y;
}

static void
sigmoid_backward(tensor *y)
{
    tensor *x = y->in[0];
    // y = 1 / (1 + exp(-x))
    for (long i = 0; i < x->size; i++)
        x->grad[i] += y->data[i] * (1 - y->data[i]) * y->grad[i];
}

tensor *
t_relu(tensor *x)
{
    tensor *y = node("t_relu", x->shape, relu_backward, INPUTS(x));
    for (long i = 0; i < x->size; i++)
        y->data[i] = x->data[i] < 0 ? 0 : x->data[i]; // NaN stays NaN
    return y;
}

static void
relu_backward(tensor *y)
{
    tensor *x = y->in[0];
    // y = max(x, 0)
    for (long i = 0; i < x->size; i++)
        x->grad[i] += x->data[i] > 0 ? y->grad[i] : 0;
}

tensor *
t_gelu(tensor *x)
{
    const float root_half = 0.707106781f;
    tensor *y = node("t_gelu", x->shape, gelu_backward, INPUTS(x));
#pragma omp parallel for if (x->size > MANY)
    for (long i = 0; i < x->size; i++)
        y->data[i] = 0.5f * x->data[i] * (1 + erf32(root_half * x->data[i]));
    return y;
}

static void
gelu_backward(tensor *y)
{
    const float root_half = 0.707106781f, density_at_0 = 0.398942280f; // 1 / sqrt(2 pi)
    tensor *x = y->in[0];
    // y = x P(x) with the normal distribution P(x) = (1 + erf(x / sqrt 2)) / 2 and its density P'(x)
#pragma omp parallel for if (x->size > MANY)
    for (long i = 0; i < x->size; i++) {
        float v = x->data[i];
        float below = 0.5f * (1 + erf32(root_half * v));
        x->grad[i] += (below + v * density_at_0 * exp32(-0.5f * v * v)) * y->grad[i];
    }
}

static const float gelu_root = 0.797884561f, gelu_cubic = 0.044715f; // sqrt(2 / pi)

tensor *
t_gelu_tanh(tensor *x)
{
    tensor *y = node("t_gelu_tanh", x->shape, gelu_tanh_backward, INPUTS(x));
    for (long i = 0; i < x->size; i++) {
        float v = x->data[i];
        y->data[i] = 0.5f * v * (1 + tanh32(gelu_root * (v + gelu_cubic * v * v * v)));
    }
    return y;
}

static void
gelu_tanh_backward(tensor *y)
{
    tensor *x = y->in[0];
    for (long i = 0; i < x->size; i++) {
        float v = x->data[i];
        // t = tanh(u), u = sqrt(2/pi) (v + 0.044715 v^3)
        float t = tanh32(gelu_root * (v + gelu_cubic * v * v * v));
        float dt = (1 - t * t) * gelu_root * (1 + 3 * gelu_cubic * v * v);
        // y = v (1 + t) / 2
        x->grad[i] += 0.5f * (1 + t + v * dt) * y->grad[i];
    }
}

// ---- Products ----

// The product of the first `axes` sizes of x; one matmul takes at most 2^31 - 1 rows.
static int
rows_of(const char *op, const tensor *x, int axes)
{
    long rows = 1;
    for (int i = 0; i < axes; i++)
        rows *= x->shape.n[i];
    if (rows > INT_MAX)
        fail("%s: %s %s has more than 2^31 - 1 rows", op, x->name, shape_text(x->shape).s);
    return (int)rows;
}

// One t_matmul: `batch` products (n, k) x (k, m), whose b is b_step values further on for each, and
// whose element (p, j) stands at p b_row + j b_col.
typedef struct {
    int batch, n, m, k;
    long b_step, b_row, b_col;
} product;

static tensor *
matmul_node(const char *op, tensor *a, tensor *b, bool transposed)
{
    shape s = a->shape, t = b->shape;
    if (s.rank < 2 || t.rank < 2)
        fail_shapes(op, "both need two axes or more", a, b);
    int k = s.n[s.rank - 1], n = s.n[s.rank - 2];
    int b_k = t.n[t.rank - (transposed ? 1 : 2)], m = t.n[t.rank - (transposed ? 2 : 1)];
    if (k != b_k)
        fail("%s: inner sizes differ: %s %s x %s %s%s: %d != %d", op, a->name, shape_text(s).s,
             b->name, shape_text(t).s, transposed ? "^T" : "", k, b_k);
    if (t.rank > 2 && (t.rank != s.rank || memcmp(s.n, t.n, (s.rank - 2) * sizeof *s.n) != 0))
        fail_shapes(op, "the leading axes of the second are neither those of the first nor none", a,
                    b);
    s.n[s.rank - 1] = m;
    tensor *y = node(op, s, matmul_backward, INPUTS(a, b));
    product *p = y->aux = tape_alloc(sizeof *p);
    // Where b has no leading axes, all of a's rows make one product.
    int lead = rows_of(op, a, s.rank - 2);
    int batch = t.rank > 2 ? lead : 1, rows = t.rank > 2 ? n : rows_of(op, a, s.rank - 1);
    *p = (product){batch, rows, m, k, (long)k * m, transposed ? 1 : m, transposed ? k : 1};
    for (int i = 0; i < batch; i++)
        matmul(p->n, m, k, a->data + (long)i * p->n * k, k, 1, b->data + i * p->b_step, p->b_row,
               p->b_col, y->data + (long)i * p->n * m, m, 0);
    return y;
}

tensor *
t_matmul(tensor *a, tensor *b)
{
    return matmul_node("t_matmul", a, b, false);
}

tensor *
t_matmul_nt(tensor *a, tensor *b)
{
    return matmul_node("t_matmul_nt", a, b, true);
}

static void
matmul_backward(tensor *y)
{
    tensor *a = y->in[0], *b = y->in[1];
    const product p = *(product *)y->aux;
    for (int i = 0; i < p.batch; i++) {
        long a_at = (long)i * p.n * p.k, b_at = i * p.b_step, y_at = (long)i * p.n * p.m;
        // y = a b:  da += dy b^T
        if (a->grad)
            matmul(p.n, p.k, p.m, y->grad + y_at, p.m, 1, b->data + b_at, p.b_col, p.b_row,
                   a->grad + a_at, p.k, 1);
        //           db += a^T dy, or for b^T, which is what is stored, db^T += dy^T a
        if (b->grad && p.b_col == 1)
            matmul(p.k, p.m, p.n, a->data + a_at, 1, p.k, y->grad + y_at, p.m, 1, b->grad + b_at,
                   p.m, 1);
        else if (b->grad)
            matmul(p.m, p.k, p.n, y->grad + y_at, 1, p.m, a->data + a_at, p.k, 1, b->grad + b_at,
                   p.k, 1);
    }
}

tensor *
t_linear(tensor *x, tensor *w, tensor *b)
{
    if (w->shape.rank != 2 || x->shape.rank < 1 || last(x) != w->shape.n[1])
        fail_shapes("t_linear", "the second must be (m, k) for a first of (..., k)", x, w);
    int m = w->shape.n[0], k = w->shape.n[1], rows = rows_of("t_linear", x, x->shape.rank - 1);
    if (b->shape.rank != 1 || b->size != m)
        fail_shapes("t_linear", "the bias must be (m) for weights (m, k)", b, w);
    shape s = x->shape;
    s.n[s.rank - 1] = m;
    tensor *y = node("t_linear", s, linear_backward, INPUTS(x, w, b));
    for (int r = 0; r < rows; r++)
        memcpy(y->data + (long)r * m, b->data, m * sizeof(float));
    matmul(rows, m, k, x->data, k, 1, w->data, 1, k, y->data, m, 1);
    return y;
}

static void
linear_backward(tensor *y)
{
    tensor *x = y->in[0], *w = y->in[1];
    int m = w->shape.n[0], k = w->shape.n[1], rows = rows_of("t_linear", x, x->shape.rank - 1);
    // y = x w^T + b:  dx += dy w, dw += dy^T x, db += the sum of dy's rows
    if (x->grad)
        matmul(rows, k, m, y->grad, m, 1, w->data, k, 1, x->grad, k, 1);
    if (w->grad)
        matmul(m, k, rows, y->grad, 1, m, x->data, k, 1, w->grad, k, 1);
    add_to(y->in[2], y, 1);
}

// ---- Sums ----

// s (sum of x)
static tensor *
scaled_sum(const char *op, tensor *x, float s)
{
    tensor *y = node(op, SCALAR, sum_backward, INPUTS(x));
    y->aux = memcpy(tape_alloc(sizeof s), &s, sizeof s);
    y->data[0] = s * sum32(x->size, x->data);
    return y;
}

tensor *
t_sum(tensor *x)
{
    return scaled_sum("t_sum", x, 1);
}

tensor *
t_mean(tensor *x)
{
    return scaled_sum("t_mean", x, 1.0f / x->size);
}

static void
sum_backward(tensor *y)
{
    tensor *x = y->in[0];
    // y = s (x_0 + x_1 + ...)
    for (long i = 0; i < x->size; i++)
        x->grad[i] += *(float *)y->aux * y->grad[0];
}

tensor *
t_mean_square(tensor *x, tensor *y)
{
    if (!same_shape(x->shape, y->shape))
        fail_shapes("t_mean_square", "shapes differ", x, y);
    tensor *out = node("t_mean_square", SCALAR, mean_square_backward, INPUTS(x, y));
    float *square = tape_alloc(x->size * sizeof(float));
    for (long i = 0; i < x->size; i++)
        square[i] = (x->data[i] - y->data[i]) * (x->data[i] - y->data[i]);
    out->data[0] = sum32(x->size, square) / x->size;
    return out;
}

static void
mean_square_backward(tensor *out)
{
    tensor *x = out->in[0], *y = out->in[1];
    // out = (1/N) sum_i (x_i - y_i)^2
    float factor = 2 * out->grad[0] / x->size;
    for (long i = 0; i < x->size; i++) {
        if (x->grad)
            x->grad[i] += factor * (x->data[i] - y->data[i]);
        if (y->grad)
            y->grad[i] -= factor * (x->data[i] - y->data[i]);
    }
}

// ---- Along the last axis ----

tensor *
t_softmax(tensor *x)
{
    int d = last(x);
    tensor *y = node("t_softmax", x->shape, softmax_backward, INPUTS(x));
    for (long at = 0; at < x->size; at += d)
        softmax32(d, x->data + at, y->data + at);
    return y;
}

static void
softmax_backward(tensor *out)
{
    tensor *x = out->in[0];
    int d = last(x);
    for (long at = 0; at < x->size; at += d) {
        // y_i = exp(x_i) / sum_j exp(x_j), so dy_i/dx_j = y_i ((i == j) - y_j)
        const float *y = out->data + at, *dy = out->grad + at;
        float mean = dot32(d, y, dy);
        for (int i = 0; i < d; i++)
            x->grad[at + i] += y[i] * (dy[i] - mean);
    }
}

tensor *
t_layer_norm(tensor *x, tensor *gain, tensor *bias, float eps)
{
    int d = last(x);
    if (gain->shape.rank != 1 || gain->size != d)
        fail_shapes("t_layer_norm", "the gain is no vector of the last axis's size", x, gain);
    if (!same_shape(gain->shape, bias->shape))
        fail_shapes("t_layer_norm", "gain and bias differ in shape", gain, bias);
    tensor *y = node("t_layer_norm", x->shape, layer_norm_backward, INPUTS(x, gain, bias));
    int rows = d ? x->size / d : 0;
    float *unit = save(y, "normalised", x->shape)->data;            // (rows, d)
    float *scale = save(y, "inverse deviation", SHAPE(rows))->data; // 1 / sqrt(variance + eps)
    for (int r = 0; r < rows; r++, unit += d) {
        const float *in = x->data + (long)r * d;
        float *out = y->data + (long)r * d, mean = sum32(d, in) / d;
        for (int i = 0; i < d; i++)
            unit[i] = in[i] - mean;
        float variance = dot32(d, unit, unit) / d;
        float factor = scale[r] = 1 / sqrt32(variance + eps);
        for (int i = 0; i < d; i++)
            unit[i] *= factor;
        for (int i = 0; i < d; i++)
            out[i] = gain->data[i] * unit[i] + bias->data[i];
    }
    return y;
}

static void
layer_norm_backward(tensor *y)
{
    tensor *x = y->in[0], *gain = y->in[1], *bias = y->in[2];
    int d = last(x), rows = d ? x->size / d : 0;
    const float *unit = saved(y, "normalised")->data;
    const float *scale = saved(y, "inverse deviation")->data;
    float *du = tape_alloc(d * sizeof(float));
    for (int r = 0; r < rows; r++, unit += d) {
        const float *dy = y->grad + (long)r * d;
        // y = gain u + bias
        for (int i = 0; i < d; i++)
            du[i] = gain->data[i] * dy[i];
        for (int i = 0; gain->grad && i < d; i++)
            gain->grad[i] += unit[i] * dy[i];
        for (int i = 0; bias->grad && i < d; i++)
            bias->grad[i] += dy[i];
        // u = scale (x - mean): the mean and the scale depend on every x
        float mean = sum32(d, du) / d, along = dot32(d, du, unit) / d, factor = scale[r];
        float *dx = x->grad ? x->grad + (long)r * d : NULL;
        for (int i = 0; dx && i < d; i++)
            dx[i] += factor * (du[i] - mean - along * unit[i]);
    }
}

tensor *
t_cross_entropy(tensor *logits, const int *targets)
{
    int V = last(logits), rows = V ? logits->size / V : 0, used = 0;
    tensor *y = node("t_cross_entropy", SCALAR, cross_entropy_backward, INPUTS(logits));
    float *p = save(y, "probabilities", logits->shape)->data;
    float *loss = save(y, "losses", SHAPE(rows))->data;
    y->aux = memcpy(tape_alloc(rows * sizeof(int)), targets, rows * sizeof(int));
    for (int r = 0; r < rows; r++) {
        if (targets[r] < -1 || targets[r] >= V)
            fail("t_cross_entropy: target %d of row %d, expected 0..%d, or -1 for a row that does "
                 "not count",
                 targets[r], r, V - 1);
        const float *x = logits->data + (long)r * V;
        float log_sum = softmax32(V, x, p + (long)r * V);
        loss[r] = targets[r] < 0 ? 0 : log_sum - (x[targets[r]] - max32(V, x));
        used += targets[r] >= 0;
    }
    if (!used)
        fail("t_cross_entropy: no row of %s %s counts", logits->name, shape_text(logits->shape).s);
    y->data[0] = sum32(rows, loss) / used;
    return y;
}

static void
cross_entropy_backward(tensor *y)
{
    tensor *logits = y->in[0];
    int V = last(logits), rows = logits->size / V, used = 0;
    const float *p = saved(y, "probabilities")->data;
    const int *targets = y->aux;
    for (int r = 0; r < rows; r++)
        used += targets[r] >= 0;
    // loss_r = log sum_j exp(x_j - top) - (x_target - top), so dloss_r/dx_i = p_i - (i == target)
    for (int r = 0; r < rows; r++)
        if (targets[r] >= 0) {
            float *dx = logits->grad + (long)r * V, factor = y->grad[0] / used;
            for (int i = 0; i < V; i++)
                dx[i] += factor * p[(long)r * V + i];
            dx[targets[r]] -= factor;
        }
}

tensor *
t_embedding(tensor *w, shape s, const int *ids)
{
    if (w->shape.rank != 2 || s.rank == MAX_RANK)
        fail("t_embedding: %s %s indexed with a shape %s; expected (V, D) and at most %d axes",
             w->name, shape_text(w->shape).s, shape_text(s).s, MAX_RANK - 1);
    int V = w->shape.n[0], D = w->shape.n[1];
    long uses = shape_size(s);
    s.n[s.rank++] = D;
    tensor *y = node("t_embedding", s, embedding_backward, INPUTS(w));
    y->aux = memcpy(tape_alloc(uses * sizeof(int)), ids, uses * sizeof(int));
    for (long i = 0; i < uses; i++) {
        if (ids[i] < 0 || ids[i] >= V)
            fail("t_embedding: id %d at %ld, expected 0..%d for %s %s", ids[i], i, V - 1, w->name,
                 shape_text(w->shape).s);
        memcpy(y->data + i * D, w->data + (long)ids[i] * D, D * sizeof(float));
    }
    return y;
}

static void
embedding_backward(tensor *y)
{
    tensor *w = y->in[0];
    int D = w->shape.n[1];
    const int *ids = y->aux;
    // y[i] = w[ids[i]]
    for (long at = 0; at < y->size; at += D)
        for (int j = 0; j < D; j++)
            w->grad[(long)ids[at / D] * D + j] += y->grad[at + j];
}

// ---- Shape and place ----

tensor *
t_reshape(tensor *x, shape s)
{
    if (shape_size(s) != x->size)
        fail("t_reshape: %s %s has %ld values, %s has %ld", x->name, shape_text(x->shape).s,
             x->size, shape_text(s).s, shape_size(s));
    return view("t_reshape", x, s, 0);
}

tensor *
t_slice(tensor *x, int from, int n)
{
    shape s = x->shape;
    if (s.rank < 1 || from < 0 || n < 0 || n > s.n[0] - from)
        fail("t_slice: %d values from %d on of the first axis of %s %s", n, from, x->name,
             shape_text(s).s);
    long row = s.n[0] ? x->size / s.n[0] : 0;
    s.n[0] = n;
    return view("t_slice", x, s, from * row);
}

tensor *
t_at(tensor *x, int i)
{
    shape s = x->shape;
    if (s.rank < 1 || i < 0 || i >= s.n[0])
        fail("t_at: %d of the first axis of %s %s", i, x->name, shape_text(s).s);
    shape rest = make_shape(s.rank - 1, s.n + 1);
    return view("t_at", x, rest, i * shape_size(rest));
}

// Adds to (set: writes) the values of `from` of shape s, with axes i < j exchanged, to `to`.
static void
exchange(shape s, int i, int j, const float *from, float *to, bool set)
{
    // (outer, I, middle, J, inner) -> (outer, J, middle, I, inner)
    long outer = 1, middle = 1, inner = 1, I = s.n[i], J = s.n[j];
    for (int axis = 0; axis < s.rank; axis++)
        *(axis < i   ? &outer
          : axis < j ? &middle
                     : &inner) *= axis == i || axis == j ? 1 : s.n[axis];
    for (long o = 0; o < outer; o++)
        for (long q = 0; q < J; q++)
            for (long m = 0; m < middle; m++)
                for (long p = 0; p < I; p++) {
                    const float *x = from + (((o * I + p) * middle + m) * J + q) * inner;
                    float *y = to + (((o * J + q) * middle + m) * I + p) * inner;
                    for (long l = 0; l < inner; l++)
                        y[l] = set ? x[l] : y[l] + x[l];
                }
}

tensor *
t_transpose(tensor *x, int i, int j)
{
    shape s = x->shape;
    if (i < 0 || i >= j || j >= s.rank)
        fail("t_transpose: axes %d and %d of %s %s; expected 0 <= first < second < %d", i, j,
             x->name, shape_text(s).s, s.rank);
    s.n[i] = x->shape.n[j];
    s.n[j] = x->shape.n[i];
    tensor *y = node("t_transpose", s, transpose_backward, INPUTS(x));
    int *axes = y->aux = tape_alloc(2 * sizeof(int));
    axes[0] = i, axes[1] = j;
    exchange(x->shape, i, j, x->data, y->data, true);
    return y;
}

static void
transpose_backward(tensor *y)
{
    const int *axes = y->aux;
    exchange(y->shape, axes[0], axes[1], y->grad, y->in[0]->grad, false);
}

tensor *
t_stack(int n, tensor *const x[])
{
    if (n < 1 || x[0]->shape.rank == MAX_RANK)
        fail("t_stack: %d tensors of rank %d; expected one or more of rank below %d", n,
             n < 1 ? 0 : x[0]->shape.rank, MAX_RANK);
    shape s = x[0]->shape;
    memmove(s.n + 1, s.n, (MAX_RANK - 1) * sizeof *s.n);
    s.n[0] = n;
    s.rank++;
    tensor *y = node("t_stack", s, stack_backward, n, x);
    for (int i = 0; i < n; i++) {
        if (!same_shape(x[i]->shape, x[0]->shape))
            fail_shapes("t_stack", "shapes differ", x[0], x[i]);
        memcpy(y->data + i * x[0]->size, x[i]->data, x[0]->size * sizeof(float));
    }
    return y;
}

static void
stack_backward(tensor *y)
{
    const float *dy = y->grad;
    for (int i = 0; i < y->inputs; i++) {
        tensor *x = y->in[i];
        // y[i] = x_i
        for (long j = 0; x->grad && j < x->size; j++)
            x->grad[j] += dy[j];
        dy += x->size;
    }
}
