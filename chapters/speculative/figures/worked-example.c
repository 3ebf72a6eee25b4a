// For the text to compute by hand: one drafted symbol of three, what is accepted and what is drawn after a rejection;
// and one head of width 1 with two symbols, forward and backward.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "nets/ops.h"
#include "nets/tensor.h"
#include "speculative/figures/figures.h"
#include "speculative/speculative.h"

#include <math.h>

static void
acceptance(void)
{
    enum { V = 3 };
    const double p[V] = {0.5, 0.3, 0.2}, q[V] = {0.2, 0.3, 0.5};
    double rest[V], error = 0, a = speculative_overlap(V, p, q);
    speculative_residual(V, p, q, rest);
    table *t = program_table("worked-example",
                             "symbol\tp\tq\tchance\taccepted\trest\tcorrected\ttogether");
    for (int x = 0; x < V; x++) {
        double chance = speculative_acceptance(p[x], q[x]);
        double accepted = q[x] * chance, corrected = (1 - a) * rest[x];
        table_row(t, "sddddddd", (const char *[]){"a", "b", "c"}[x], p[x], q[x], chance, accepted,
                  rest[x], corrected, accepted + corrected);
        error = fmax(error, fabs(accepted + corrected - p[x]));
    }
    table_close(t);
    t = program_table("worked-example-numbers", "name\tvalue");
    table_row(t, "sd", "a", a);
    table_row(t, "sd", "rejected", 1 - a);
    table_close(t);
    claim_below("worked-exact", "what is accepted and what is corrected are together p", 1e-15,
                error, "algebra", CHECK);
}

enum { WEIGHTS = 6 };
static const char *const names[WEIGHTS] = {"h", "E_0", "E_1", "w", "U_0", "U_1"};
static const float at[WEIGHTS] = {1, 1, -1, 0.5f, 0.5f, -1}, lambda[] = {1, 0.5f};

// The loss of one state h behind which symbols 1 and 0 come: the model's own head E says the first, the head w, U the
// second. Leaves the tensors in x (WEIGHTS); the tape has the rest.
static tensor *
loss_of(tensor *const x[])
{
    tensor *h = x[0], *e = t_reshape(t_stack(2, x + 1), SHAPE(2, 1));
    tensor *u = t_reshape(t_stack(2, x + 4), SHAPE(2, 1));
    tensor *own = named(t_matmul_nt(h, e), "own");
    tensor *head = speculative_head(h, x[3], u);
    tensor *first = named(t_cross_entropy(own, (int[]){1}), "first");
    tensor *second = named(t_cross_entropy(head, (int[]){0}), "second");
    return t_add(t_scale(first, lambda[0]), t_scale(second, lambda[1]));
}

static double
difference(tensor *const x[], int i)
{
    const float step = 0.01f;
    double loss[2];
    for (int side = 0; side < 2; side++) {
        x[i]->data[0] = at[i] + (side ? step : -step);
        loss[side] = loss_of(x)->data[0];
        tape_reset();
    }
    x[i]->data[0] = at[i];
    return (loss[1] - loss[0]) / (2 * step);
}

static void
head_by_hand(void)
{
    tensor *x[WEIGHTS];
    double slope[WEIGHTS], error = 0;
    for (int i = 0; i < WEIGHTS; i++) {
        x[i] = param(names[i], SHAPE(1, 1));
        x[i]->data[0] = at[i];
    }
    for (int i = 0; i < WEIGHTS; i++)
        slope[i] = difference(x, i);
    tensor *loss = loss_of(x);
    backward(loss);
    const tensor *own = tape_find("own"), *a = tape_find("a"), *silu = tape_find("silu");
    const tensor *mixed = tape_find("mixed"), *logits = tape_find("logits");
    table *t = program_table("worked-example-head", "what\tvalue\tgradient");
    const struct {
        const char *name;
        double value, gradient;
    } rows[] = {{"own_0", own->data[0], own->grad[0]},
                {"own_1", own->data[1], own->grad[1]},
                {"loss_1", tape_find("first")->data[0], lambda[0]},
                {"a", a->data[0], a->grad[0]},
                {"silu", silu->data[0], silu->grad[0]},
                {"mixed", mixed->data[0], mixed->grad[0]},
                {"logit_0", logits->data[0], logits->grad[0]},
                {"logit_1", logits->data[1], logits->grad[1]},
                {"loss_2", tape_find("second")->data[0], lambda[1]},
                {"loss", loss->data[0], 1}};
    for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++)
        table_row(t, "sdd", rows[i].name, rows[i].value, rows[i].gradient);
    table_close(t);
    t = program_table("worked-example-gradients", "number\tvalue\tgradient\tdifference");
    for (int i = 0; i < WEIGHTS; i++) {
        table_row(t, "sfdd", names[i], at[i], (double)x[i]->grad[0], slope[i]);
        error = fmax(error, fabs(x[i]->grad[0] - slope[i]));
    }
    table_close(t);
    tensors_free();
    claim_below("worked-gradients",
                "worked example: the largest gradient error against differences", 1e-3, error,
                "algebra", CHECK);
}

void
speculative_figure_worked_example(void)
{
    acceptance();
    head_by_hand();
}
