#include "frame/case_tensor.h"

#include "nets/ops.h"

#include <stdio.h>

void
case_write(const char *role, const char *name, const tensor *x, double tolerance, const char *about)
{
    case_write_f4(role, name, x->shape, x->data, tolerance, about);
}

static tensor *
case_normal(tensor *x, rng *r, float std, double tolerance, const char *about)
{
    rng_fill_normal(r, x->size, x->data, 0, std);
    case_write_f4("input", x->name, x->shape, x->data, tolerance, about);
    return x;
}

tensor *
case_constant(const char *name, shape s, rng *r, float std, double tolerance, const char *about)
{
    return case_normal(constant(name, s, NULL), r, std, tolerance, about);
}

tensor *
case_param(const char *name, shape s, rng *r, float std, double tolerance, const char *about)
{
    return case_normal(param(name, s), r, std, tolerance, about);
}

void
case_gradients(double tolerance)
{
    for (int i = 0; i < param_count(); i++) {
        const tensor *x = param_at(i);
        char name[64], about[64];
        snprintf(name, sizeof name, "d%s", x->name);
        snprintf(about, sizeof about, "dloss/d%s", x->name);
        case_write_f4("gradient", name, x->shape, x->grad, tolerance, about);
    }
}

tensor *
case_loss_weight(const tensor *out, rng *r, double tolerance)
{
    return case_constant("loss_weight", out->shape, r, 1, tolerance,
                         "the loss is sum(out loss_weight)");
}

void
case_finish(const char *name, tensor *out, tensor *weight, double tolerance, const char *about)
{
    char sum[64];
    snprintf(sum, sizeof sum, "sum of %s loss_weight", name);
    tensor *loss = t_sum(t_mul(out, weight));
    backward(loss);
    case_write("output", name, out, tolerance, about);
    case_write("output", "loss", loss, tolerance, sum);
    case_gradients(tolerance);
    case_end();
    tensors_free();
}
