// The smallest case, for the text to compute by hand: two pairs in the plane, both losses, forward and backward.
#include "clip/clip.h"
#include "clip/figures/figures.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <math.h>

enum { N = 2, D = 2 };

static const float first_u[N * D] = {1, 0, 0.6f, 0.8f}, first_v[N * D] = {0.8f, 0.6f, 0, 1};

// The loss, with value i of u changed by `by`, or t (i = N D) or b (i = N D + 1).
static double
loss_of(bool sigmoid, int i, float by)
{
    float values[N * D + 2];
    for (int k = 0; k < N * D; k++)
        values[k] = first_u[k];
    values[N * D] = (float)ln2_64;
    values[N * D + 1] = -1;
    values[i] += by;
    tape_mark *mark = tape_mark_here();
    tensor *u = constant("u", SHAPE(N, D), values), *v = constant("v", SHAPE(N, D), first_v);
    tensor *t = constant("t", SHAPE(1), values + N * D),
           *b = constant("b", SHAPE(1), values + N * D + 1);
    tensor *loss = sigmoid ? clip_sigmoid(u, v, t, b) : clip_infonce(u, v, t, CLIP_BOTH_WAYS);
    double value = loss->data[0];
    tape_rewind(mark);
    return value;
}

// The largest error of the gradients of u and t, and b, against differences of the loss.
static double
worst_difference(bool sigmoid, const tensor *u, const tensor *t, const tensor *b)
{
    const float step = 1.0f / 64;
    double worst = 0;
    for (int i = 0; i < N * D + 1 + sigmoid; i++) {
        double by_hand = i < N * D ? u->grad[i] : i == N * D ? t->grad[0] : b->grad[0];
        double difference = (loss_of(sigmoid, i, step) - loss_of(sigmoid, i, -step)) / (2 * step);
        worst = fmax(worst, fabs(by_hand - difference));
    }
    return worst;
}

void
clip_figure_worked_example(void)
{
    tensor *u = param("u", SHAPE(N, D)), *v = param("v", SHAPE(N, D));
    tensor *t = param("t", SHAPE(1)), *b = param("b", SHAPE(1));
    for (int i = 0; i < N * D; i++) {
        u->data[i] = first_u[i];
        v->data[i] = first_v[i];
    }
    t->data[0] = (float)ln2_64;
    b->data[0] = -1;
    tensor *softmax = clip_infonce(u, v, t, CLIP_BOTH_WAYS);
    backward(softmax);
    const float *z = tape_saved(softmax, "scores")->data, *dz = tape_saved(softmax, "dz")->data;
    const float *of_rows = tape_saved(softmax, "of_rows")->data;
    const float *of_columns = tape_saved(softmax, "of_columns")->data;
    table *pairs = program_table("worked-example", "pair\tcosine\tz\tof_rows\tof_columns\tdz");
    for (int i = 0; i < N * N; i++) {
        char name[] = {(char)('1' + i / N), (char)('1' + i % N), 0};
        table_row(pairs, "sddddd", name, z[i] / 2, z[i], of_rows[i], of_columns[i], dz[i]);
    }
    table_close(pairs);
    double worst = worst_difference(false, u, t, b);
    table *totals =
        program_table("worked-example-totals", "loss_of\tloss\tdt\tdb\tdu_1\tdu_2\tdu_3\tdu_4");
    table_row(totals, "sddddddd", "softmax", softmax->data[0], t->grad[0], 0.0, u->grad[0],
              u->grad[1], u->grad[2], u->grad[3]);
    tape_reset();
    zero_grad();
    tensor *sigmoid = clip_sigmoid(u, v, t, b);
    backward(sigmoid);
    const float *logit = tape_saved(sigmoid, "logits")->data;
    const float *pair_loss = tape_saved(sigmoid, "pair_losses")->data;
    const float *slope = tape_saved(sigmoid, "slopes")->data;
    table *each = program_table("worked-example-sigmoid", "pair\tlogit\tloss\tdz");
    for (int i = 0; i < N * N; i++) {
        char name[] = {(char)('1' + i / N), (char)('1' + i % N), 0};
        table_row(each, "sddd", name, logit[i], pair_loss[i], slope[i]);
    }
    table_close(each);
    worst = fmax(worst, worst_difference(true, u, t, b));
    table_row(totals, "sddddddd", "sigmoid", sigmoid->data[0], t->grad[0], b->grad[0], u->grad[0],
              u->grad[1], u->grad[2], u->grad[3]);
    table_close(totals);
    tensors_free();
    claim_below("by-hand", "worked example: the largest gradient error against differences", 1e-3,
                worst, "algebra", CHECK);
}
