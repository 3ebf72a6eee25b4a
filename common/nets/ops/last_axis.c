// Ops along the last axis: what is computed of a row depends on all its values.
#include "nets/ops.h"

#include "files/fail.h"
#include "numbers/numeric.h"

#include <string.h>

// Each op is its forward and, directly below, its backward. In a backward, x is an input, y the output, and the
// forward line is quoted before it is differentiated.
static backward_fn softmax_backward, layer_norm_backward, rms_norm_backward, cross_entropy_backward;

tensor *
t_softmax(tensor *x)
{
    int d = shape_last(x->shape);
    tensor *y = tape_node("t_softmax", x->shape, softmax_backward, INPUTS(x));
    for (long at = 0; at < x->size; at += d)
        softmax32(d, x->data + at, y->data + at);
    return y;
}

static void
softmax_backward(tensor *out)
{
    tensor *x = out->in[0];
    int d = shape_last(x->shape);
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
    int d = shape_last(x->shape);
    if (gain->shape.rank != 1 || gain->size != d)
        fail_shapes("t_layer_norm", "the gain is no vector of the last axis's size", x, gain);
    if (!shape_equal(gain->shape, bias->shape))
        fail_shapes("t_layer_norm", "gain and bias differ in shape", gain, bias);
    tensor *y = tape_node("t_layer_norm", x->shape, layer_norm_backward, INPUTS(x, gain, bias));
    int rows = d ? x->size / d : 0;
    float *unit = tape_save(y, "normalised", x->shape)->data;            // (rows, d)
    float *scale = tape_save(y, "inverse deviation", SHAPE(rows))->data; // 1 / sqrt(variance + eps)
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
    int d = shape_last(x->shape), rows = d ? x->size / d : 0;
    const float *unit = tape_saved(y, "normalised")->data;
    const float *scale = tape_saved(y, "inverse deviation")->data;
    float *du = tape_alloc(d * sizeof(float));
    for (int r = 0; r < rows; r++, unit += d) {
        const float *dy = y->grad + (long)r * d;
        // y = gain u + bias
        for (int i = 0; i < d; i++)
            du[i] = gain->data[i] * dy[i];
        if (gain->grad)
            for (int i = 0; i < d; i++)
                gain->grad[i] += unit[i] * dy[i];
        if (bias->grad)
            for (int i = 0; i < d; i++)
                bias->grad[i] += dy[i];
        // u = scale (x - mean): the mean and the scale depend on every x
        float mean = sum32(d, du) / d, along = dot32(d, du, unit) / d, factor = scale[r];
        if (x->grad)
            for (int i = 0; i < d; i++)
                x->grad[(long)r * d + i] += factor * (du[i] - mean - along * unit[i]);
    }
}

tensor *
t_rms_norm(tensor *x, tensor *gain, float eps)
{
    int d = shape_last(x->shape);
    if (gain->shape.rank != 1 || gain->size != d)
        fail_shapes("t_rms_norm", "the gain is no vector of the last axis's size", x, gain);
    tensor *y = tape_node("t_rms_norm", x->shape, rms_norm_backward, INPUTS(x, gain));
    int rows = d ? x->size / d : 0;
    float *scale = tape_save(y, "inverse root", SHAPE(rows))->data; // 1 / sqrt(mean of x^2 + eps)
    for (int r = 0; r < rows; r++) {
        const float *in = x->data + (long)r * d;
        float *out = y->data + (long)r * d;
        float factor = scale[r] = 1 / sqrt32(dot32(d, in, in) / d + eps);
        for (int i = 0; i < d; i++)
            out[i] = gain->data[i] * (factor * in[i]);
    }
    return y;
}

static void
rms_norm_backward(tensor *y)
{
    tensor *x = y->in[0], *gain = y->in[1];
    int d = shape_last(x->shape), rows = d ? x->size / d : 0;
    const float *scale = tape_saved(y, "inverse root")->data;
    float *du = tape_alloc(d * sizeof(float));
    for (int r = 0; r < rows; r++) {
        const float *in = x->data + (long)r * d, *dy = y->grad + (long)r * d;
        float factor = scale[r];
        // y = gain u
        for (int i = 0; i < d; i++)
            du[i] = gain->data[i] * dy[i];
        if (gain->grad)
            for (int i = 0; i < d; i++)
                gain->grad[i] += factor * in[i] * dy[i];
        // u = scale x: the scale depends on every x, dscale/dx = -scale^3 x / d
        float along = factor * factor * dot32(d, du, in) / d;
        if (x->grad)
            for (int i = 0; i < d; i++)
                x->grad[(long)r * d + i] += factor * (du[i] - along * in[i]);
    }
}

tensor *
t_cross_entropy(tensor *logits, const int *targets)
{
    int V = shape_last(logits->shape), rows = V ? logits->size / V : 0, used = 0;
    tensor *y = tape_node("t_cross_entropy", SCALAR, cross_entropy_backward, INPUTS(logits));
    float *p = tape_save(y, "probabilities", logits->shape)->data;
    float *loss = tape_save(y, "losses", SHAPE(rows))->data;
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
    int V = shape_last(logits->shape), rows = logits->size / V, used = 0;
    const float *p = tape_saved(y, "probabilities")->data;
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
