// The smallest case, for the text to compute by hand: three positions, queries, keys, values and gates of one number,
// n = 3, forward and backward; and the gradients beside differences of the loss, the sum of the gated answers.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "gau/figures/figures.h"
#include "gau/gau.h"
#include "nets/ops.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { T = 3, NUMBERS = 4 };

static const float values[NUMBERS][T] = {{3, -3, 6}, {1, -1, 2}, {1, 3, 2}, {1, 2, 0.5f}};

static tensor *
answers(tensor *const x[NUMBERS])
{
    const gau_window window = {.n = T};
    return gau_attention(x[0], x[1], x[2], NULL, &window);
}

static double
loss_of(tensor *const x[NUMBERS])
{
    double loss = t_sum(t_mul(answers(x), x[3]))->data[0];
    tape_reset();
    return loss;
}

// (L(w + step) - L(w - step)) / 2 step, for one of the values.
static double
difference(tensor *const x[NUMBERS], float *value)
{
    const float step = 1.0f / 16, before = *value;
    *value = before + step;
    double sum = loss_of(x);
    *value = before - step;
    sum -= loss_of(x);
    *value = before;
    return sum / (2 * step);
}

static void
write_steps(tensor *const x[NUMBERS])
{
    tensor *o = answers(x);
    tensor *gated = t_mul(o, x[3]);
    backward(t_sum(gated));
    const float *score = tape_saved(o, "scores")->data, *weight = tape_saved(o, "weights")->data;
    const float *dscore = tape_saved(o, "dscores")->data;
    table *t = program_table("worked-example",
                             "t\tq\tk\tv\tu\tscore_1\tscore_2\tscore_3\tA_1\tA_2\tA_3\to\tgated"
                             "\tdo\tdscore_1\tdscore_2\tdscore_3\tdq\tdk\tdv\tdu");
    for (int i = 0, at = 0; i < T; i++, at += T)
        table_row(t, "idddddddddddddddddddd", i + 1, values[0][i], values[1][i], values[2][i],
                  values[3][i], score[at], score[at + 1], score[at + 2], weight[at], weight[at + 1],
                  weight[at + 2], o->data[i], gated->data[i], o->grad[i], dscore[at],
                  dscore[at + 1], dscore[at + 2], x[0]->grad[i], x[1]->grad[i], x[2]->grad[i],
                  x[3]->grad[i]);
    table_close(t);
    tape_reset();
}

void
gau_figure_worked_example(void)
{
    static const char *const names[] = {"q", "k", "v", "u"};
    tensor *x[NUMBERS];
    double worst = 0;
    for (int i = 0; i < NUMBERS; i++) {
        x[i] = param(names[i], SHAPE(1, T, 1));
        memcpy(x[i]->data, values[i], sizeof values[i]);
    }
    write_steps(x);
    table *t = program_table("worked-example-gradients", "number\tvalue\tgradient\tdifference");
    for (int i = 0; i < NUMBERS; i++)
        for (int j = 0; j < T; j++) {
            char name[16];
            snprintf(name, sizeof name, "%s_%d", names[i], j + 1);
            double measured = difference(x, x[i]->data + j);
            table_row(t, "sddd", name, x[i]->data[j], x[i]->grad[j], measured);
            worst = fmax(worst, fabs(x[i]->grad[j] - measured));
        }
    table_close(t);
    tensors_free();
    claim_below("by-hand", "worked example: the largest gradient error against differences", 1e-3,
                worst, "algebra", CHECK);
}
