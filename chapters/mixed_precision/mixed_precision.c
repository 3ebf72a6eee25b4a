// The method of chapter mixed_precision: a layer in 16 bits, the loss scale, the step with weights in float32, and what
// becomes of weights and sums without float32.
#include "mixed_precision/mixed_precision.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "numbers/numeric.h"

#include <math.h>

// ---- A layer ----

tensor *
mixed_precision_linear(const float_format *f, tensor *x, tensor *w, tensor *b)
{
    tensor *w16 = t_round(w, f), *b16 = t_round(b, f);
    return t_round(t_linear(x, w16, b16), f);
}

tensor *
mixed_precision_tanh_layer(const float_format *f, tensor *x, tensor *w, tensor *b)
{
    return t_round(t_tanh(mixed_precision_linear(f, x, w, b)), f);
}

// ---- The scale of the loss ----

mixed_precision_scaler
mixed_precision_constant_scale(float scale)
{
    return (mixed_precision_scaler){.scale = scale, .growth = 1, .backoff = 1};
}

void
mixed_precision_scaler_update(mixed_precision_scaler *s, bool finite)
{
    s->good = finite ? s->good + 1 : 0;
    if (!finite) {
        s->scale *= s->backoff;
        s->skipped++;
    } else if (s->good == s->interval) {
        s->scale *= s->growth;
        s->good = 0;
    }
}

// ---- A step ----

void
mixed_precision_backward(const mixed_precision_scaler *s, tensor *loss)
{
    if (loss->size != 1)
        fail("mixed_precision_backward: %s %s is not a single number", loss->name,
             shape_text(loss->shape).s);
    backward_from(loss, &s->scale);
}

void
mixed_precision_unscale(float scale)
{
    for (int i = 0; i < param_count(); i++) {
        tensor *x = param_at(i);
        for (long j = 0; j < x->size; j++)
            x->grad[j] /= scale;
    }
}

double
mixed_precision_norm(void)
{
    double square = 0;
    for (int i = 0; i < param_count(); i++)
        square += sumsq(param_at(i)->size, param_at(i)->grad);
    return sqrt64(square);
}

void
mixed_precision_clip(double norm, double theta)
{
    if (theta == 0 || norm <= theta)
        return;
    float factor = (float)(theta / norm);
    for (int i = 0; i < param_count(); i++)
        for (long j = 0; j < param_at(i)->size; j++)
            param_at(i)->grad[j] *= factor;
}

mixed_precision_done
mixed_precision_step(mixed_precision_scaler *s, adamw *adam, float rate, double theta)
{
    mixed_precision_unscale(s->scale);
    double norm = mixed_precision_norm();
    bool finite = isfinite(norm);
    if (finite) {
        mixed_precision_clip(norm, theta);
        adamw_step(adam, rate);
    }
    mixed_precision_scaler_update(s, finite);
    return (mixed_precision_done){finite, norm};
}

// ---- Weights and sums in few bits ----

void
mixed_precision_round_random(const float_format *f, long n, const float *x, const float *u,
                             float *y)
{
    for (long i = 0; i < n; i++)
        y[i] = format_round_random(f, x[i], u[i]);
}

void
mixed_precision_store(const float_format *f, rng *r)
{
    for (int i = 0; i < param_count(); i++) {
        tensor *w = param_at(i);
        if (!r) {
            format_round_all(f, w->size, w->data, w->data);
            continue;
        }
        float *u = tape_alloc(w->size * sizeof *u);
        rng_fill_uniform(r, w->size, u, 0, 1);
        mixed_precision_round_random(f, w->size, w->data, u, w->data);
    }
}

void
mixed_precision_sums(const float_format *f, const float_format *terms, long n, const float *x,
                     float *sums)
{
    float sum = 0;
    for (long i = 0; i < n; i++) {
        float term = terms ? format_round(terms, x[i]) : x[i];
        sum = f ? format_round(f, sum + term) : sum + term;
        sums[i] = sum;
    }
}

float
mixed_precision_moved(const float_format *f, float w, float d)
{
    return format_round(f, w + d);
}

float
mixed_precision_decayed(const float_format *f, float w, float decay)
{
    float keep = 1 - decay;
    return format_round(f, w * keep);
}
