#include "frame/case_tensor.h"

#include "files/fail.h"
#include "nets/ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
case_write(const char *role, const char *name, const char *from, const tensor *x, double tolerance,
           const char *about)
{
    case_write_f4(role, name, from, x->shape, x->data, tolerance, about);
}

static tensor *
case_normal(tensor *x, rng *r, float std, const char *about)
{
    rng_fill_normal(r, x->size, x->data, 0, std);
    case_input_f4(x->name, x->shape, x->data, about);
    return x;
}

tensor *
case_constant(const char *name, shape s, rng *r, float std, const char *about)
{
    return case_normal(constant(name, s, NULL), r, std, about);
}

tensor *
case_param(const char *name, shape s, rng *r, float std, const char *about)
{
    return case_normal(param(name, s), r, std, about);
}

static void
write_gradient(const tensor *x, const char *from, const char *axis, double tolerance)
{
    char name[64], about[64];
    snprintf(name, sizeof name, "d%s", x->name);
    snprintf(about, sizeof about, "dloss/d%s", x->name);
    if (axis)
        case_time(atoi(axis), CASE_BACKWARD);
    else
        case_time_none();
    case_write_f4("gradient", name, from, x->shape, x->grad, tolerance, about);
}

static const tensor *
find_param(const char *name)
{
    for (int i = 0; i < param_count(); i++)
        if (strcmp(param_at(i)->name, name) == 0)
            return param_at(i);
    fail("case_gradients: there is no parameter %s", name);
}

void
case_gradients(double tolerance, const case_gradient *list)
{
    static const case_gradient none = {0};
    list = list ? list : &none;
    for (const case_gradient *g = list; g->param; g++)
        write_gradient(find_param(g->param), g->from, g->axis, tolerance);
    for (int i = 0; i < param_count(); i++) {
        const case_gradient *g = list;
        while (g->param && strcmp(g->param, param_at(i)->name) != 0)
            g++;
        if (!g->param)
            write_gradient(param_at(i), "*", NULL, tolerance);
    }
    case_time_none();
}

tensor *
case_loss_weight(const tensor *out, rng *r)
{
    return case_constant("loss_weight", out->shape, r, 1, "the loss is sum(out loss_weight)");
}

void
case_finish(const char *name, const char *from, tensor *out, tensor *weight, double tolerance,
            const char *about, const case_gradient *list)
{
    char sum[64];
    snprintf(sum, sizeof sum, "sum of %s loss_weight", name);
    tensor *loss = t_sum(t_mul(out, weight));
    backward(loss);
    case_write("output", name, from, out, tolerance, about);
    case_time_none();
    case_write("output", "loss", name, loss, tolerance, sum);
    case_gradients(tolerance, list);
    case_end();
    tensors_free();
}
