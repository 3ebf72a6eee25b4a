#include "nets/train.h"

#include "files/fail.h"
#include "numbers/numeric.h"

#include <math.h>
#include <string.h>

void
zero_grad(void)
{
    for (int i = 0; i < param_count(); i++)
        memset(param_at(i)->grad, 0, param_at(i)->size * sizeof(float));
}

static void
scale_grad(tensor *x, double factor)
{
    for (long j = 0; j < x->size; j++)
        x->grad[j] *= (float)factor;
}

double
clip_global_norm(double theta)
{
    double square = 0;
    for (int i = 0; i < param_count(); i++)
        square += sumsq(param_at(i)->size, param_at(i)->grad);
    double norm = sqrt64(square);
    if (!isfinite(norm))
        fail("clip_global_norm: the norm of the gradients is %g; the training has diverged", norm);
    if (norm > theta)
        for (int i = 0; i < param_count(); i++)
            scale_grad(param_at(i), theta / norm);
    return norm;
}

void
clip_elements(float theta)
{
    for (int i = 0; i < param_count(); i++)
        for (long j = 0; j < param_at(i)->size; j++) {
            float *g = &param_at(i)->grad[j];
            *g = *g > theta ? theta : *g < -theta ? -theta : *g;
        }
}

void
sgd_step(float rate)
{
    for (int i = 0; i < param_count(); i++) {
        tensor *x = param_at(i);
        for (long j = 0; j < x->size; j++)
            x->data[j] -= rate * x->grad[j];
    }
}

adamw
adamw_new(float beta1, float beta2, float eps, float decay)
{
    adamw a = {.beta1 = beta1, .beta2 = beta2, .eps = eps, .decay = decay};
    a.power1 = a.power2 = 1;
    a.params = param_count();
    a.factor = permanent_alloc(param_count() * sizeof *a.factor);
    a.m = permanent_alloc(param_count() * sizeof *a.m);
    a.v = permanent_alloc(param_count() * sizeof *a.v);
    for (int i = 0; i < param_count(); i++) {
        a.factor[i] = 1;
        a.m[i] = permanent_alloc(param_at(i)->size * sizeof(float));
        a.v[i] = permanent_alloc(param_at(i)->size * sizeof(float));
    }
    return a;
}

// One parameter of n values; rate1 = rate / (1 - beta1^t), unbias2 = 1 / (1 - beta2^t).
static void
adamw_update(const adamw *a, long n, float *restrict w, const float *restrict g, float *restrict m,
             float *restrict v, float rate, float rate1, float unbias2)
{
    float b1 = a->beta1, b2 = a->beta2, eps = a->eps, keep = 1 - rate * a->decay;
    for (long j = 0; j < n; j++) {
        m[j] = b1 * m[j] + (1 - b1) * g[j];
        v[j] = b2 * v[j] + (1 - b2) * g[j] * g[j];
        w[j] = keep * w[j] - rate1 * m[j] / (sqrt32(v[j] * unbias2) + eps);
    }
}

void
adamw_step(adamw *a, float rate)
{
    if (param_count() != a->params)
        fail("adamw_step: %d parameters, there were %d when adamw_new was called", param_count(),
             a->params);
    a->power1 *= a->beta1;
    a->power2 *= a->beta2;
    for (int i = 0; i < param_count(); i++) {
        float own = a->factor[i] * rate;
        adamw_update(a, param_at(i)->size, param_at(i)->data, param_at(i)->grad, a->m[i], a->v[i],
                     own, (float)(own / (1 - a->power1)), (float)(1 / (1 - a->power2)));
    }
}

float
warmup_cosine(int step, int warmup, int steps, float top)
{
    if (step < warmup)
        return top * (step + 1) / warmup;
    return (float)(top * 0.5 * (1 + cos64(pi64 * (step - warmup) / (steps - warmup))));
}

double
accuracy(const tensor *logits, const int *targets)
{
    int V = shape_last(logits->shape), right = 0, counted = 0;
    for (long row = 0; row * V < logits->size; row++) {
        const float *x = logits->data + row * V;
        int first = 0;
        for (int i = 1; i < V; i++)
            if (x[i] > x[first])
                first = i;
        counted += targets[row] >= 0;
        right += first == targets[row];
    }
    return (double)right / counted;
}
