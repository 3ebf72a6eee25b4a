// The smallest attention, for the text to compute by hand: one query and three keys of width 2, forward and backward,
// every number on the way; and the gradients beside differences of the loss.
#include "transformer/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "nets/ops.h"
#include "nets/tensor.h"
#include "numbers/numeric.h"
#include "transformer/transformer.h"

#include <math.h>

enum { S = 3, WIDTH = 2, INPUTS = WIDTH + 2 * S * WIDTH }; // the query, the keys, the values

static const float first_inputs[INPUTS] = {2, 1,          /* k: */ 1, 0, 0, 1, -1,
                                           1, /* v: */ 1, 0,          0, 1, 1, 1};
static const float dout[WIDTH] = {1, -1}; // the loss is out_1 - out_2

// out of these inputs, as parameters of this thread's tape.
static tensor *
attend(const float x[INPUTS])
{
    tensor *q = param("q", SHAPE(1, 1, 1, WIDTH)), *k = param("k", SHAPE(1, S, 1, WIDTH));
    tensor *v = param("v", SHAPE(1, S, 1, WIDTH));
    for (int i = 0; i < WIDTH; i++)
        q->data[i] = x[i];
    for (int i = 0; i < S * WIDTH; i++) {
        k->data[i] = x[WIDTH + i];
        v->data[i] = x[WIDTH + S * WIDTH + i];
    }
    return transformer_attention(q, k, v, NULL, NULL);
}

static double
loss_of(const float x[INPUTS])
{
    const tensor *out = attend(x);
    double loss = (double)dout[0] * out->data[0] + (double)dout[1] * out->data[1];
    tensors_free();
    return loss;
}

// (L(x + step) - L(x - step)) / 2 step, for input i.
static double
difference(int i)
{
    const float step = 1e-2f;
    float above[INPUTS], below[INPUTS];
    for (int k = 0; k < INPUTS; k++)
        above[k] = below[k] = first_inputs[k];
    above[i] += step;
    below[i] -= step;
    return (loss_of(above) - loss_of(below)) / ((double)above[i] - below[i]);
}

// Every number of key s, and the answer in the row `out`.
static void
write_steps(const tensor *out)
{
    const float *q = first_inputs, *k = q + WIDTH, *v = k + S * WIDTH;
    const float *a = tape_saved(out, "scores")->data, *w = tape_saved(out, "weights")->data;
    double mean = 0; // of dw under the weights
    for (int s = 0; s < S; s++)
        mean += w[s] * (dout[0] * v[2 * s] + dout[1] * v[2 * s + 1]);
    table *t = program_table("worked-example", "s\tproduct\tscore\tpower\tw\tdw\tda");
    for (int s = 0; s < S; s++) {
        double dw = dout[0] * v[2 * s] + dout[1] * v[2 * s + 1];
        table_row(t, "idddddd", s + 1, q[0] * k[2 * s] + q[1] * k[2 * s + 1], a[s], exp64(a[s]),
                  w[s], dw, w[s] * (dw - mean));
    }
    table_close(t);
    t = program_table("worked-example-answer", "what\tfirst\tsecond");
    table_row(t, "sdd", "out", out->data[0], out->data[1]);
    table_row(t, "sdd", "mean", mean, mean);
    table_close(t);
}

// What label smoothing asks of 5 symbols where symbol 2 is right: c = p - dx, from the gradient dx at logits x = 0,
// where p = 1/5. `least` is the smallest loss that there is, the entropy of c.
static void
write_smoothing(void)
{
    enum { V = 5 };
    static const int right = 2;
    static const char *const names[] = {"all_V", "not_0"};
    table *t = program_table("smoothing", "shared_by\tc_0\tc_1\tc_2\tc_3\tc_4\tleast");
    for (int form = 0; form < 2; form++) {
        tensor *x = param("x", SHAPE(1, V));
        backward(transformer_smoothed_loss(x, &right, 0.1f, (transformer_smoothing)form));
        double c[V], entropy = 0;
        for (int i = 0; i < V; i++) {
            c[i] = fabs(1.0 / V - x->grad[i]) < 1e-6 ? 0 : 1.0 / V - x->grad[i];
            entropy -= c[i] > 0 ? c[i] * log64(c[i]) : 0;
        }
        table_row(t, "sdddddd", names[form], c[0], c[1], c[2], c[3], c[4], entropy);
        tensors_free();
    }
    table_close(t);
}

void
transformer_figure_worked_example(void)
{
    static const char *const names[] = {"q", "k_1", "k_2", "k_3", "v_1", "v_2", "v_3"};
    tensor *out = attend(first_inputs);
    write_steps(out);
    backward_from(out, dout);
    float gradient[INPUTS];
    for (int i = 0, p = 0; p < param_count(); p++)
        for (int j = 0; j < param_at(p)->size; j++)
            gradient[i++] = param_at(p)->grad[j];
    tensors_free();
    double worst = 0;
    table *t =
        program_table("worked-example-gradients", "of\tvalue_1\tvalue_2\tgradient_1\tgradient_2\t"
                                                  "difference_1\tdifference_2");
    for (int i = 0; i < INPUTS; i += WIDTH) {
        double first = difference(i), second = difference(i + 1);
        table_row(t, "sdddddd", names[i / WIDTH], first_inputs[i], first_inputs[i + 1], gradient[i],
                  gradient[i + 1], first, second);
        worst = fmax(worst, fmax(fabs(gradient[i] - first), fabs(gradient[i + 1] - second)));
    }
    table_close(t);
    write_smoothing();
    claim_below("by-hand", "worked example: the largest gradient error against differences", 1e-3,
                worst, "the error of a central difference with step 0.01, of the order 1e-4",
                CHECK);
}
