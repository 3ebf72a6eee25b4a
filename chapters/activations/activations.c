#include "activations/activations.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "numbers/numeric.h"

#include <string.h>

static const char *const names[ACTIVATIONS_KINDS] = {
    "identity", "threshold", "sigmoid", "tanh", "relu",      "leaky_relu",   "elu",
    "selu",     "softplus",  "silu",    "gelu", "gelu_tanh", "gelu_sigmoid", "mish"};

const char *
activations_name(activations_kind kind)
{
    return names[kind];
}

// ---- Each function, and directly below it its slope, from x and y = f(x) ----

static inline float
identity(float x)
{
    return x;
}

static inline float
identity_slope(float x, float y)
{
    (void)x, (void)y;
    return 1;
}

static inline float
threshold(float x)
{
    return x > 0 ? 1 : 0;
}

static inline float
threshold_slope(float x, float y)
{
    (void)x, (void)y;
    return 0;
}

static inline float
sigmoid_slope(float x, float y)
{
    (void)x;
    return y * (1 - y);
}

static inline float
tanh_slope(float x, float y)
{
    (void)x;
    return 1 - y * y;
}

static inline float
relu(float x)
{
    return x < 0 ? 0 : x; // NaN stays NaN
}

static inline float
relu_slope(float x, float y)
{
    (void)y;
    return x > 0 ? 1 : 0;
}

static const float leak = ACTIVATIONS_LEAK;

static inline float
leaky_relu(float x)
{
    return x > 0 ? x : leak * x;
}

static inline float
leaky_relu_slope(float x, float y)
{
    (void)y;
    return x > 0 ? 1 : leak;
}

// e^x - 1 for x <= 0, right where e^x is nearly 1: 2^n (e^r - 1) + (2^n - 1).
static inline float
expm1_below(float x)
{
    int32_t n;
    float e = expm1_reduced32(x < -60 ? -60 : x, &n), power = power_of_two32(n);
    return fma32(power, e, power - 1);
}

static inline float
elu(float x)
{
    return x > 0 ? x : expm1_below(x > 0 ? 0 : x);
}

static inline float
elu_slope(float x, float y)
{
    return x > 0 ? 1 : y + 1; // e^x = (e^x - 1) + 1
}

static const float alpha = ACTIVATIONS_SELU_ALPHA, lambda = ACTIVATIONS_SELU_LAMBDA;

static inline float
selu(float x)
{
    return x > 0 ? lambda * x : lambda * alpha * expm1_below(x > 0 ? 0 : x);
}

static inline float
selu_slope(float x, float y)
{
    return x > 0 ? lambda : y + lambda * alpha;
}

// ln(1 + e) for 0 <= e <= 1: the logarithm of the rounded sum, and what the rounding took from it.
static inline float
log1p_up_to_1(float e)
{
    float sum = 1 + e, lost = e - (sum - 1);
    return log32(sum) + lost / sum;
}

static inline float
softplus(float x)
{
    float size = x < 0 ? -x : x;
    return (x > 0 ? x : 0) + log1p_up_to_1(exp32(-size)); // e^-|x| cannot overflow
}

static inline float
softplus_slope(float x, float y)
{
    (void)y;
    return sigmoid32(x);
}

static inline float
silu(float x)
{
    return x * sigmoid32(x);
}

static inline float
silu_slope(float x, float y)
{
    float s = sigmoid32(x);
    return s + y * (1 - s); // s + x s (1 - s)
}

static const float root_half = 0.707106781f,
                   density_at_0 = 0.398942280f; // sqrt(1/2), 1 / sqrt(2 pi)

// The normal distribution: the part of it below x.
static inline float
below(float x)
{
    return 0.5f * (1 + erf32(root_half * x));
}

static inline float
gelu(float x)
{
    return x * below(x);
}

static inline float
gelu_slope(float x, float y)
{
    (void)y;
    return below(x) + x * density_at_0 * exp32(-0.5f * x * x);
}

static const float root_2_over_pi = 0.797884561f, cubic = 0.044715f;

static inline float
gelu_tanh(float x)
{
    float t = tanh32(root_2_over_pi * (x + cubic * x * x * x));
    return 0.5f * x * (1 + t);
}

static inline float
gelu_tanh_slope(float x, float y)
{
    (void)y;
    float a = x < -10 ? -10 : x > 10 ? 10 : x; // beyond it dt is 0, and x x must not overflow
    float t = tanh32(root_2_over_pi * (a + cubic * a * a * a));
    float dt = (1 - t * t) * root_2_over_pi * (1 + 3 * cubic * a * a);
    return 0.5f * (1 + t + a * dt);
}

static const float steepness = 1.702f;

static inline float
gelu_sigmoid(float x)
{
    return x * sigmoid32(steepness * x);
}

static inline float
gelu_sigmoid_slope(float x, float y)
{
    float s = sigmoid32(steepness * x);
    return s + steepness * y * (1 - s);
}

// With e = e^x and w = (1 + e)^2 - 1:
// tanh(ln(1 + e)) = ((1 + e)^2 - 1) / ((1 + e)^2 + 1) = w / (w + 2).
static inline float
mish(float x)
{
    float e = exp32(x > 20 ? 20 : x), w = e * (e + 2);
    return x * (w / (w + 2));
}

static inline float
mish_slope(float x, float y)
{
    (void)y;
    float e = exp32(x > 20 ? 20 : x), w = e * (e + 2);
    float dt = 4 * e * (e + 1) / ((w + 2) * (w + 2)); // of w / (w + 2), w' = 2 e (e + 1)
    return w / (w + 2) + x * dt;
}

// ---- A whole array; a loop over one function is what compilers turn into vectors ----

typedef float value_fn(float x);
typedef float slope_fn(float x, float y);
#define INLINE static inline __attribute__((always_inline))

INLINE void
each(value_fn *f, long n, const float *restrict x, float *restrict y)
{
    for (long i = 0; i < n; i++)
        y[i] = f(x[i]);
}

void
activations_forward(activations_kind kind, long n, const float *x, float *y)
{
    switch (kind) {
    case ACTIVATIONS_IDENTITY: each(identity, n, x, y); return;
    case ACTIVATIONS_THRESHOLD: each(threshold, n, x, y); return;
    case ACTIVATIONS_SIGMOID: each(sigmoid32, n, x, y); return;
    case ACTIVATIONS_TANH: each(tanh32, n, x, y); return;
    case ACTIVATIONS_RELU: each(relu, n, x, y); return;
    case ACTIVATIONS_LEAKY_RELU: each(leaky_relu, n, x, y); return;
    case ACTIVATIONS_ELU: each(elu, n, x, y); return;
    case ACTIVATIONS_SELU: each(selu, n, x, y); return;
    case ACTIVATIONS_SOFTPLUS: each(softplus, n, x, y); return;
    case ACTIVATIONS_SILU: each(silu, n, x, y); return;
    case ACTIVATIONS_GELU: each(gelu, n, x, y); return;
    case ACTIVATIONS_GELU_TANH: each(gelu_tanh, n, x, y); return;
    case ACTIVATIONS_GELU_SIGMOID: each(gelu_sigmoid, n, x, y); return;
    case ACTIVATIONS_MISH: each(mish, n, x, y); return;
    default: fail("activations_forward: no activation has number %d", kind);
    }
}

// dx = keep dx + f'(x) dy, where keep is 0 or 1, and dy is 1 where it is NULL.
INLINE void
each_slope(slope_fn *f, long n, const float *restrict x, const float *restrict y,
           const float *restrict dy, float *restrict dx)
{
    if (!dy)
        for (long i = 0; i < n; i++)
            dx[i] = f(x[i], y[i]);
    else
        for (long i = 0; i < n; i++)
            dx[i] += f(x[i], y[i]) * dy[i];
}

// dx (n) += f'(x) dy, or, where dy is NULL, dx = f'(x).
static void
slopes(activations_kind kind, long n, const float *x, const float *y, const float *dy, float *dx)
{
    switch (kind) {
    case ACTIVATIONS_IDENTITY: each_slope(identity_slope, n, x, y, dy, dx); return;
    case ACTIVATIONS_THRESHOLD: each_slope(threshold_slope, n, x, y, dy, dx); return;
    case ACTIVATIONS_SIGMOID: each_slope(sigmoid_slope, n, x, y, dy, dx); return;
    case ACTIVATIONS_TANH: each_slope(tanh_slope, n, x, y, dy, dx); return;
    case ACTIVATIONS_RELU: each_slope(relu_slope, n, x, y, dy, dx); return;
    case ACTIVATIONS_LEAKY_RELU: each_slope(leaky_relu_slope, n, x, y, dy, dx); return;
    case ACTIVATIONS_ELU: each_slope(elu_slope, n, x, y, dy, dx); return;
    case ACTIVATIONS_SELU: each_slope(selu_slope, n, x, y, dy, dx); return;
    case ACTIVATIONS_SOFTPLUS: each_slope(softplus_slope, n, x, y, dy, dx); return;
    case ACTIVATIONS_SILU: each_slope(silu_slope, n, x, y, dy, dx); return;
    case ACTIVATIONS_GELU: each_slope(gelu_slope, n, x, y, dy, dx); return;
    case ACTIVATIONS_GELU_TANH: each_slope(gelu_tanh_slope, n, x, y, dy, dx); return;
    case ACTIVATIONS_GELU_SIGMOID: each_slope(gelu_sigmoid_slope, n, x, y, dy, dx); return;
    case ACTIVATIONS_MISH: each_slope(mish_slope, n, x, y, dy, dx); return;
    default: fail("activations_backward: no activation has number %d", kind);
    }
}

void
activations_slope(activations_kind kind, long n, const float *x, const float *y, float *slope)
{
    slopes(kind, n, x, y, NULL, slope);
}

void
activations_backward(activations_kind kind, long n, const float *x, const float *y, const float *dy,
                     float *dx)
{
    slopes(kind, n, x, y, dy, dx);
}

// ---- On the tape ----

static backward_fn apply_backward, gate_backward;

tensor *
activations_apply(activations_kind kind, tensor *x)
{
    tensor *y = tape_node("activations_apply", x->shape, apply_backward, INPUTS(x));
    y->aux = memcpy(tape_alloc(sizeof kind), &kind, sizeof kind);
    activations_forward(kind, x->size, x->data, y->data);
    return y;
}

static void
apply_backward(tensor *y)
{
    tensor *x = y->in[0];
    // y = f(x)
    activations_backward(*(activations_kind *)y->aux, x->size, x->data, y->data, y->grad, x->grad);
}

tensor *
activations_gate(activations_kind kind, tensor *gate, tensor *value)
{
    if (!shape_equal(gate->shape, value->shape))
        fail_shapes("activations_gate", "gate and value have one shape", gate, value);
    tensor *y = tape_node("activations_gate", gate->shape, gate_backward, INPUTS(gate, value));
    float *open = tape_save(y, "open", gate->shape)->data;
    y->aux = memcpy(tape_alloc(sizeof kind), &kind, sizeof kind);
    activations_forward(kind, gate->size, gate->data, open);
    for (long i = 0; i < y->size; i++)
        y->data[i] = open[i] * value->data[i];
    return y;
}

static void
gate_backward(tensor *y)
{
    tensor *gate = y->in[0], *value = y->in[1];
    activations_kind kind = *(activations_kind *)y->aux;
    const float *open = tape_saved(y, "open")->data;
    // y = open value
    if (value->grad)
        for (long i = 0; i < y->size; i++)
            value->grad[i] += open[i] * y->grad[i];
    if (!gate->grad)
        return;
    float *dopen = tape_save(y, "dopen", gate->shape)->data;
    for (long i = 0; i < y->size; i++)
        dopen[i] = value->data[i] * y->grad[i];
    // open = f(gate)
    activations_backward(kind, gate->size, gate->data, open, dopen, gate->grad);
}

tensor *
activations_glu(activations_kind kind, tensor *x, tensor *w, tensor *b, tensor *v, tensor *c)
{
    tensor *gate = t_linear(x, w, b);
    tensor *value = t_linear(x, v, c);
    return activations_gate(kind, gate, value);
}
