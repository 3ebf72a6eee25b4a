// The smallest case, for the text to compute by hand: two steps of the language model with two symbols and one unit,
// forward and backward, every number on the way; and the gradients beside differences of the loss.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "rnn/figures/figures.h"
#include "rnn/rnn.h"

#include <math.h>

enum { T = 2, I = 2, H = 1, WEIGHTS = I * H + H * H + I * H + H + I };

// The weights in one row, as the model's parts.
static rnn_lm
parts(float w[WEIGHTS])
{
    return (rnn_lm){I, H, .u = w, .w = w + 2, .v = w + 3, .b = w + 5, .c = w + 6};
}

static const float first_weights[WEIGHTS] = {0.5f, -0.5f, 0.8f, 1, -1, 0.1f, 0, 0};
static const char *const names[WEIGHTS] = {"U_0", "U_1", "W", "V_0", "V_1", "b", "c_0", "c_1"};
static const int x[T] = {0, 1}, y[T] = {1, 0};

// The loss of both steps.
static double
loss_of(const float weights[WEIGHTS])
{
    float w[WEIGHTS], h[T + 1] = {0}, p[T * I], loss[T];
    for (int i = 0; i < WEIGHTS; i++)
        w[i] = weights[i];
    const rnn_lm m = parts(w);
    rnn_trace trace = {T, h, p, loss, NULL, NULL};
    rnn_lm_forward(&m, x, y, &trace);
    return (double)loss[0] + loss[1];
}

// (L(w + step) - L(w - step)) / 2 step, for weight i.
static double
difference(int i)
{
    const float step = 1e-2f;
    float above[WEIGHTS], below[WEIGHTS];
    for (int k = 0; k < WEIGHTS; k++)
        above[k] = below[k] = first_weights[k];
    above[i] += step;
    below[i] -= step;
    return (loss_of(above) - loss_of(below)) / ((double)above[i] - below[i]);
}

void
rnn_figure_worked_example(void)
{
    float w[WEIGHTS], g[WEIGHTS] = {0}, h[T + 1] = {0}, p[T * I], loss[T], delta[T], dh0[H];
    for (int i = 0; i < WEIGHTS; i++)
        w[i] = first_weights[i];
    const rnn_lm m = parts(w);
    rnn_lm d = parts(g);
    rnn_trace trace = {T, h, p, loss, delta, dh0};
    rnn_lm_forward(&m, x, y, &trace);
    rnn_lm_backward(&m, x, y, &trace, &d);

    table *t = program_table(
        "worked-example", "t\tx\ty\th\tp_0\tp_1\tloss\tdo_0\tdo_1\tfrom_output\tfrom_next\tdh\tda");
    for (int s = 0; s < T; s++) {
        double do_0 = p[s * I] - (y[s] == 0), do_1 = p[s * I + 1] - (y[s] == 1);
        double from_output = m.v[0] * do_0 + m.v[1] * do_1;
        double from_next = s + 1 < T ? m.w[0] * (1 - h[s + 2] * h[s + 2]) * delta[s + 1] : 0;
        table_row(t, "iiidddddddddd", s + 1, x[s], y[s], h[s + 1], p[s * I], p[s * I + 1], loss[s],
                  do_0, do_1, from_output, from_next, delta[s],
                  (1 - h[s + 1] * h[s + 1]) * delta[s]);
    }
    table_close(t);
    double worst = 0;
    t = program_table("worked-example-gradients", "weight\tvalue\tgradient\tdifference");
    for (int i = 0; i < WEIGHTS; i++) {
        table_row(t, "sddd", names[i], w[i], g[i], difference(i));
        worst = fmax(worst, fabs(g[i] - difference(i)));
    }
    table_close(t);
    claim_below("by-hand", "worked example: the largest gradient error against differences", 1e-3,
                worst, "algebra", CHECK);
}
