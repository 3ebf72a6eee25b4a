// Sums over all values.
#include "nets/ops.h"

#include "numbers/numeric.h"

#include <string.h>

// Each op is its forward and, directly below, its backward. In a backward, x is an input, y the output, and the
// forward line is quoted before it is differentiated.
static backward_fn sum_backward, mean_squared_error_backward;

// s (sum of x)
static tensor *
scaled_sum(const char *op, tensor *x, float s)
{
    tensor *y = tape_node(op, SCALAR, sum_backward, INPUTS(x));
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
t_mean_squared_error(tensor *x, tensor *y)
{
    if (!shape_equal(x->shape, y->shape))
        fail_shapes("t_mean_squared_error", "shapes differ", x, y);
    tensor *out =
        tape_node("t_mean_squared_error", SCALAR, mean_squared_error_backward, INPUTS(x, y));
    float *square = tape_alloc(x->size * sizeof(float));
    for (long i = 0; i < x->size; i++)
        square[i] = (x->data[i] - y->data[i]) * (x->data[i] - y->data[i]);
    out->data[0] = sum32(x->size, square) / x->size;
    return out;
}

static void
mean_squared_error_backward(tensor *out)
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
