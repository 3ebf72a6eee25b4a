// The smallest case, for the text to compute by hand: one SwiGLU unit with one input, forward and backward, and its
// gradients beside differences.
#include "activations/activations.h"
#include "activations/figures/figures.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "numbers/numeric.h"

#include <math.h>

enum { NUMBERS = 5 };
static const char *const names[NUMBERS] = {"x", "w", "b", "v", "c"};
static const float first[NUMBERS] = {2, 0.5f, -0.4f, -1, 0.5f};

static tensor *
unit(const float numbers[NUMBERS], tensor *p[NUMBERS])
{
    for (int i = 0; i < NUMBERS; i++) {
        shape s = i == 0 || i == 1 || i == 3 ? SHAPE(1, 1) : SHAPE(1);
        p[i] = param(names[i], s);
        p[i]->data[0] = numbers[i];
    }
    return activations_glu(ACTIVATIONS_SILU, p[0], p[1], p[2], p[3], p[4]);
}

// (y(number + step) - y(number - step)) / 2 step.
static double
difference(int i)
{
    const float step = 1e-2f;
    double y[2], at[2];
    for (int side = 0; side < 2; side++) {
        float numbers[NUMBERS];
        tensor *p[NUMBERS];
        for (int k = 0; k < NUMBERS; k++)
            numbers[k] = first[k];
        numbers[i] += side ? step : -step;
        at[side] = numbers[i];
        y[side] = unit(numbers, p)->data[0];
        tensors_free();
    }
    return (y[1] - y[0]) / (at[1] - at[0]);
}

void
activations_figure_worked_example(void)
{
    tensor *p[NUMBERS];
    const tensor *y = unit(first, p);
    backward((tensor *)y);
    double g = y->in[0]->data[0], u = y->in[1]->data[0], s = sigmoid32((float)g);
    double open = tape_saved(y, "open")->data[0];
    table *t = program_table("worked-example", "what\tvalue");
    table_row(t, "sd", "gate", g);
    table_row(t, "sd", "value", u);
    table_row(t, "sd", "sigmoid", s);
    table_row(t, "sd", "open", open);
    table_row(t, "sd", "y", (double)y->data[0]);
    table_row(t, "sd", "dopen", (double)tape_saved(y, "dopen")->data[0]);
    table_row(t, "sd", "dvalue", (double)y->in[1]->grad[0]);
    table_row(t, "sd", "slope", s + open * (1 - s));
    table_row(t, "sd", "dgate", (double)y->in[0]->grad[0]);
    table_close(t);
    double gradient[NUMBERS], worst = 0;
    for (int i = 0; i < NUMBERS; i++)
        gradient[i] = p[i]->grad[0];
    tensors_free();
    t = program_table("worked-example-gradients", "number\tvalue\tgradient\tdifference");
    for (int i = 0; i < NUMBERS; i++) {
        double near = difference(i);
        table_row(t, "sfdd", names[i], first[i], gradient[i], near);
        worst = fmax(worst, fabs(gradient[i] - near));
    }
    table_close(t);
    claim_below("by-hand", "worked example: the largest gradient error against differences", 1e-3,
                worst, "algebra", CHECK);
}
