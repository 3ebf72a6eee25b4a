// Ops that act on every value alone.
#include "nets/ops.h"

#include "files/fail.h"
#include "numbers/numeric.h"

#include <string.h>

// Each op is its forward and, directly below, its backward. In a backward, x is an input, y the output, and the
// forward line is quoted before it is differentiated.
static backward_fn add_backward, sub_backward, mul_backward, scale_backward, broadcast_backward,
    tanh_backward, sigmoid_backward, silu_backward, relu_backward, relu_square_backward,
    gelu_backward, gelu_tanh_backward, round_backward;

enum { MANY = 100000 }; // values from which a second thread pays for the costlier functions

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
    tensor *y = tape_node("t_add", a->shape, add_backward, INPUTS(a, b));
    for (long at = 0; at < a->size; at += b->size)
        for (long i = 0; i < b->size; i++)
            y->data[at + i] = a->data[at + i] + b->data[i];
    return y;
}

void
ops_add_gradient(tensor *x, const tensor *y, float factor)
{
    if (!x->grad)
        return;
    for (long at = 0; at < y->size; at += x->size)
        for (long i = 0; i < x->size; i++)
            x->grad[i] += factor * y->grad[at + i];
}

static void
add_backward(tensor *y)
{
    // y = a + b
    ops_add_gradient(y->in[0], y, 1);
    ops_add_gradient(y->in[1], y, 1);
}

tensor *
t_sub(tensor *a, tensor *b)
{
    check_trailing("t_sub", a, b);
    tensor *y = tape_node("t_sub", a->shape, sub_backward, INPUTS(a, b));
    for (long at = 0; at < a->size; at += b->size)
        for (long i = 0; i < b->size; i++)
            y->data[at + i] = a->data[at + i] - b->data[i];
    return y;
}

static void
sub_backward(tensor *y)
{
    // y = a - b
    ops_add_gradient(y->in[0], y, 1);
    ops_add_gradient(y->in[1], y, -1);
}

tensor *
t_mul(tensor *a, tensor *b)
{
    check_trailing("t_mul", a, b);
    tensor *y = tape_node("t_mul", a->shape, mul_backward, INPUTS(a, b));
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
    tensor *y = tape_node("t_scale", x->shape, scale_backward, INPUTS(x));
    y->aux = memcpy(tape_alloc(sizeof s), &s, sizeof s);
    for (long i = 0; i < x->size; i++)
        y->data[i] = s * x->data[i];
    return y;
}

static void
scale_backward(tensor *y)
{
    // y = s x
    ops_add_gradient(y->in[0], y, *(float *)y->aux);
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
    tensor *y = tape_node("t_broadcast", s, broadcast_backward, INPUTS(x));
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
    tensor *y = tape_node("t_tanh", x->shape, tanh_backward, INPUTS(x));
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
    tensor *y = tape_node("t_sigmoid", x->shape, sigmoid_backward, INPUTS(x));
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
t_silu(tensor *x)
{
    tensor *y = tape_node("t_silu", x->shape, silu_backward, INPUTS(x));
    for (long i = 0; i < x->size; i++)
        y->data[i] = x->data[i] * sigmoid32(x->data[i]);
    return y;
}

static void
silu_backward(tensor *y)
{
    tensor *x = y->in[0];
    // y = x s with s = 1 / (1 + exp(-x)), ds/dx = s (1 - s)
    for (long i = 0; i < x->size; i++) {
        float s = sigmoid32(x->data[i]);
        x->grad[i] += s * (1 + x->data[i] * (1 - s)) * y->grad[i];
    }
}

tensor *
t_relu(tensor *x)
{
    tensor *y = tape_node("t_relu", x->shape, relu_backward, INPUTS(x));
    for (long i = 0; i < x->size; i++)
        y->data[i] = x->data[i] < 0 ? 0 : x->data[i]; // NaN stays NaN
    return y;
}

static void
relu_backward(tensor *y)
{
    tensor *x = y->in[0];
    // y = max(x, 0)
    for (long i = 0; i < x->size; i++) {
        float dy = y->grad[i]; // read before it is chosen: then many are chosen at a time
        x->grad[i] += x->data[i] > 0 ? dy : 0;
    }
}

tensor *
t_relu_square(tensor *x)
{
    tensor *y = tape_node("t_relu_square", x->shape, relu_square_backward, INPUTS(x));
    for (long i = 0; i < x->size; i++)
        y->data[i] = x->data[i] < 0 ? 0 : x->data[i] * x->data[i]; // NaN stays NaN
    return y;
}

static void
relu_square_backward(tensor *y)
{
    tensor *x = y->in[0];
    // y = max(x, 0)^2
    for (long i = 0; i < x->size; i++)
        x->grad[i] += x->data[i] > 0 ? 2 * x->data[i] * y->grad[i] : 0;
}

tensor *
t_gelu(tensor *x)
{
    const float root_half = 0.707106781f;
    tensor *y = tape_node("t_gelu", x->shape, gelu_backward, INPUTS(x));
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
    tensor *y = tape_node("t_gelu_tanh", x->shape, gelu_tanh_backward, INPUTS(x));
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

tensor *
t_round(tensor *x, const float_format *f)
{
    if (!f)
        return x;
    tensor *y = tape_node("t_round", x->shape, round_backward, INPUTS(x));
    y->aux = memcpy(tape_alloc(sizeof *f), f, sizeof *f);
    format_round_all(f, x->size, x->data, y->data);
    return y;
}

static void
round_backward(tensor *y)
{
    tensor *x = y->in[0];
    float *dy = tape_alloc(y->size * sizeof *dy);
    // y = x, and then both are stored in the format
    format_round_all(y->aux, y->size, y->grad, dy);
    for (long i = 0; i < x->size; i++)
        x->grad[i] += dy[i];
}
