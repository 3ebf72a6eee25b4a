// The worked example: four steps of one number each, kept whole, in two segments, and with two slots.
#include "checkpointing/figures/figures.h"

#include "checkpointing/checkpointing.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/tensor.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N = 4 };

static const float first = 0.6f, weights[N] = {1.5f, -1, 2, 0.5f};

typedef struct {
    tensor *w[N], *state[N];
    int order[4 * N], evaluated;
} net;

static tensor *
step(tensor *x, int i, void *context)
{
    net *c = context;
    c->order[c->evaluated++] = i;
    return c->state[i] = t_tanh(t_mul(x, c->w[i]));
}

static net
net_new(tensor **x)
{
    net c = {.evaluated = 0};
    *x = param("x", SHAPE(1));
    (*x)->data[0] = first;
    for (int i = 0; i < N; i++) {
        c.w[i] = param("w", SHAPE(1));
        c.w[i]->data[0] = weights[i];
    }
    return c;
}

// The last state as a function of the weights and x (number N), in double.
static double
last_state(int changed, double by)
{
    double h = first + (changed == N ? by : 0);
    for (int i = 0; i < N; i++)
        h = tanh64(h * (weights[i] + (changed == i ? by : 0)));
    return h;
}

static void
run(int which, void *context)
{
    (void)context;
    if (which > 0) // a second run, so that each is serial inside
        return;
    tensor *x;
    net c = net_new(&x);
    const checkpointing_chain chain = {N, step, &c};
    double worst = 0;
    backward_from(checkpointing_plain(&chain, x), (float[]){1});
    table *t = program_table("worked-example", "state\th\tdh\tdw\tdifference");
    for (int i = 0; i <= N; i++) {
        const tensor *h = i ? c.state[i - 1] : x;
        double dw = i ? c.w[i - 1]->grad[0] : NAN;
        double difference =
            (last_state(i ? i - 1 : N, 1e-5) - last_state(i ? i - 1 : N, -1e-5)) / 2e-5;
        char of_weight[32] = "-"; // x has none
        if (i)
            snprintf(of_weight, sizeof of_weight, "%.9g", dw);
        table_row(t, "iddsd", i, h->data[0], h->grad[0], of_weight, difference);
        worst = fmax(worst, fabs(difference - (i ? dw : h->grad[0])));
    }
    table_close(t);
    claim_below("by-hand", "worked example: the largest gradient error against differences", 1e-6,
                worst, "algebra", CHECK);

    float plain[N], dx = x->grad[0];
    for (int i = 0; i < N; i++)
        plain[i] = c.w[i]->grad[0];
    checkpointing_action actions[3 * N];
    int n = checkpointing_schedule(N, 2, actions), different = 0;
    static const char *const kinds[] = {"store", "advance", "reverse"};
    t = program_table("worked-example-actions", "action\tkind\tfrom\tto");
    for (int i = 0; i < n; i++)
        table_row(t, "isii", i + 1, kinds[actions[i].kind], actions[i].from, actions[i].to);
    table_close(t);
    tensors_free();
    for (int slots = 0; slots < 2; slots++) { // two segments, then Revolve with two slots
        c = net_new(&x);
        if (slots)
            checkpointing_revolve(&chain, 2, x, (float[]){1}, x->grad);
        else
            backward_from(checkpointing_segments(&chain, 2, x), (float[]){1});
        different += x->grad[0] != dx;
        for (int i = 0; i < N; i++)
            different += c.w[i]->grad[0] != plain[i];
        claim_near(slots ? "by-hand-revolve" : "by-hand-segments",
                   slots ? "worked example: evaluations with two slots"
                         : "worked example: evaluations with two segments",
                   8, c.evaluated, 0, "algebra", CHECK);
        tensors_free();
    }
    claim_near("by-hand-bits", "worked example: gradients that differ from the plain tape's", 0,
               different, 0, "the same operations in the same order", CHECK);
}

void
checkpointing_figure_worked_example(void)
{
    training_side_by_side(2, run, NULL);
}
