// The worked example: one number in four formats, and one step of one weight, w = 0.1, on one pair x = 3, y = 0.25: the
// loss (w x - y)^2 / 2 times a scale, forward, backward, divided, stepped.
#include "mixed_precision/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "mixed_precision/mixed_precision.h"
#include "nets/ops.h"

#include <math.h>
#include <string.h>

static void
in_formats(float x)
{
    static const float_format *const all[] = {&format_half, &format_bfloat, &format_e4m3,
                                              &format_e5m2};
    table *t = program_table("worked-example-formats", "format\tE\tF\tvalue\terror\tspacing");
    for (int i = 0; i < 4; i++) {
        const float_format *f = all[i];
        int pattern = (int)format_encode(f, x);
        float y = format_round(f, x);
        table_row(t, "siiddd", f->name, pattern >> f->fraction, pattern & ((1 << f->fraction) - 1),
                  y, y - 0.1, format_spacing(f, x));
    }
    table_close(t);
}

// One step with w, x and y, in f with scale S; what each quantity is goes to a column.
typedef struct {
    float w16, o, e, se, g16, g, step, after, after16;
} example;

static example
step(const float_format *f, float scale, float w, float x, float y, float rate)
{
    example s;
    s.w16 = format_round(f, w);
    s.o = format_round(f, s.w16 * x);
    s.e = s.o - y;
    s.se = format_round(f, scale * s.e);
    s.g16 = format_round(f, s.se * x);
    s.g = s.g16 / scale;
    s.step = rate * s.g;
    s.after = w - s.step;
    s.after16 = format_round(f, s.after);
    return s;
}

static void
row(table *t, const char *name, const example *s)
{
    table_row(t, "sddddddddd", name, s->w16, s->o, s->e, s->se, s->g16, s->g, s->step, s->after,
              s->after16);
}

// The same by the layer and the tape.
static double
by_tape(float scale, float w, float x, float y)
{
    tensor *weight = param("w", SHAPE(1, 1)), *bias = constant("b", SHAPE(1), NULL);
    weight->data[0] = w;
    mixed_precision_scaler s = mixed_precision_constant_scale(scale);
    tensor *o = mixed_precision_linear(&format_half, constant("x", SHAPE(1, 1), &x), weight, bias);
    tensor *e = t_sub(o, constant("y", SHAPE(1), &y));
    mixed_precision_backward(&s, t_scale(t_sum(t_mul(e, e)), 0.5f));
    mixed_precision_unscale(scale);
    double g = weight->grad[0];
    tensors_free();
    return g;
}

void
mixed_precision_figure_worked_example(void)
{
    const float w = 0.1f, x = 3, rate = 0.01f;
    in_formats(w);
    table *t = program_table("worked-example", "case\tw16\to\te\tSe\tg16\tg\tstep\tafter\tafter16");
    example plain = step(&format_half, 1, w, x, 0.25f, rate);
    example scaled = step(&format_half, 1024, w, x, 0.25f, rate);
    // A mean over 2^20 rows: what is left of the gradient of one.
    example small = step(&format_half, 0x1p-20f, w, x, 0.25f, rate);
    example saved = step(&format_half, 0x1p-10f, w, x, 0.25f, rate);
    row(t, "plain", &plain);
    row(t, "scaled", &scaled);
    row(t, "small", &small);
    row(t, "saved", &saved);
    table_close(t);
    claim_near("by-hand", "worked example: the gradient by hand less that of the tape, S = 1024", 0,
               by_tape(1024, w, x, 0.25f) - scaled.g, 0, "algebra", CHECK);
}
