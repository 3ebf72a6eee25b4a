// The smallest case, for the text to compute by hand: three positions with two features and values of one number,
// forward as pairs and as a state, and backward; and the gradients beside differences of the loss, the sum of the
// answers.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "linear_attention/figures/figures.h"
#include "linear_attention/linear_attention.h"
#include "nets/ops.h"
#include "nets/train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { T = 3, F = 2, QK = T * F };

// Queries and keys before the map elu + 1, and values.
static const float raw[2][QK] = {{0, 0, 1, -1, -1, 2}, {1, -1, -1, 1, 0, 0}};
static const float values[T] = {1, 3, 2};

// The features in one row, as parameters: q, k, v.
static void
features(tensor *x[3])
{
    static const char *const names[] = {"q", "k"};
    for (int i = 0; i < 2; i++) {
        tensor *from = constant("raw", SHAPE(1, T, 1, F), raw[i]);
        tensor *phi = linear_attention_features(from, LINEAR_ATTENTION_ELU, NULL);
        x[i] = param(names[i], SHAPE(1, T, 1, F));
        memcpy(x[i]->data, phi->data, QK * sizeof(float));
    }
    x[2] = param("v", SHAPE(1, T, 1, 1));
    memcpy(x[2]->data, values, sizeof values);
}

static double
loss_of(tensor *const x[3])
{
    double sum = 0;
    const tensor *out = linear_attention_recurrent(x[0], x[1], x[2], 0);
    for (int t = 0; t < T; t++)
        sum += out->data[t];
    tape_reset();
    return sum;
}

// (L(w + step) - L(w - step)) / 2 step, for one of the values of x[i].
static double
difference(tensor *const x[3], int i, int value)
{
    const float step = 1e-2f, before = x[i]->data[value], above = before + step,
                below = before - step;
    x[i]->data[value] = above;
    double sum = loss_of(x);
    x[i]->data[value] = below;
    sum -= loss_of(x);
    x[i]->data[value] = before;
    return sum / ((double)above - below);
}

static void
write_pairs(tensor *const x[3])
{
    const tensor *out = linear_attention_parallel(x[0], x[1], x[2], 0);
    const float *weights = tape_find("weights")->data, *total = tape_find("total")->data;
    table *t = program_table("worked-example-pairs", "i\tP_1\tP_2\tP_3\tsum\to");
    for (int i = 0; i < T; i++)
        table_row(t, "iddddd", i + 1, weights[i * T], weights[i * T + 1], weights[i * T + 2],
                  total[i], out->data[i]);
    table_close(t);
}

static void
write_steps(tensor *const x[3])
{
    tensor *out = linear_attention_recurrent(x[0], x[1], x[2], 0);
    backward(t_sum(out));
    const float *q = x[0]->data, *k = x[1]->data, *dq = x[0]->grad, *dk = x[1]->grad;
    const float *S = tape_saved(out, "state")->data, *z = tape_saved(out, "z")->data;
    const float *dS = tape_saved(out, "dstate")->data, *dz = tape_saved(out, "dz")->data;
    const float *r = tape_saved(out, "normaliser")->data;
    const float *du = tape_saved(out, "dnumerator")->data;
    const float *dr = tape_saved(out, "dnormaliser")->data;
    table *t = program_table("worked-example",
                             "i\tq_1\tq_2\tk_1\tk_2\tv\tS_1\tS_2\tz_1\tz_2\tu\tr\to\tdu\tdr\tdS_1\t"
                             "dS_2\tdz_1\tdz_2\tdq_1\tdq_2\tdk_1\tdk_2\tdv");
    for (int i = 0, a = 0, b = 1; i < T; i++, a += F, b += F)
        table_row(t, "iddddddddddddddddddddddd", i + 1, q[a], q[b], k[a], k[b], values[i], S[a],
                  S[b], z[a], z[b], q[a] * S[a] + q[b] * S[b], r[i], out->data[i], du[i], dr[i],
                  dS[a], dS[b], dz[a], dz[b], dq[a], dq[b], dk[a], dk[b], x[2]->grad[i]);
    table_close(t);
    tape_reset();
}

void
linear_attention_figure_worked_example(void)
{
    static const char letters[] = "qkv";
    tensor *x[3];
    double worst = 0;
    features(x);
    write_pairs(x);
    write_steps(x);
    table *t = program_table("worked-example-gradients", "number\tvalue\tgradient\tdifference");
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < x[i]->size; j++) {
            char name[16];
            snprintf(name, sizeof name, "%c_%d%d", letters[i], i < 2 ? j / F + 1 : j + 1,
                     i < 2 ? j % F + 1 : 1);
            double measured = difference(x, i, j);
            table_row(t, "sddd", name, x[i]->data[j], x[i]->grad[j], measured);
            worst = fmax(worst, fabs(x[i]->grad[j] - measured));
        }
    table_close(t);
    tensors_free();
    claim_below("by-hand", "worked example: the largest gradient error against differences", 1e-3,
                worst, "algebra", CHECK);
}
