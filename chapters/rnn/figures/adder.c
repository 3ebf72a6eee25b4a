// How does a trained LSTM add two numbers that are far apart? It makes one of its units an adder: this figure looks at
// the gates of the LSTMs that the adding problem trains, before and after.
#include "rnn/figures/adder.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "nets/shape.h"
#include "numbers/numeric.h"
#include "rnn/tasks.h"

#include <math.h>
#include <stdio.h>

enum { SEQUENCES = 50 };

// The gate "i" or "f" of every unit after step t: (B, H).
static const float *
gate_at(const rnn_output *o, const char *gate, int t)
{
    return tape_saved(o->step[t], gate)->data;
}

// Row 1 of a cell's output is c: (B, H).
static const float *
cell_at(const rnn_output *o, int t, int B, int H)
{
    return o->step[t]->data + B * H;
}

// The unit with the largest sum of ln f over steps and sequences, and how many keep more than a tenth.
static void
find_keeper(const rnn_output *o, int T, int H, rnn_adder *a)
{
    double most = -INFINITY;
    for (int k = 0; k < H; k++) {
        double sum = 0;
        for (int t = 0; t < T; t++)
            for (int s = 0; s < SEQUENCES; s++)
                sum += log64(gate_at(o, "f", t)[s * H + k]);
        sum /= SEQUENCES;
        a->keepers += sum > log64(0.1);
        if (sum > most) {
            most = sum;
            a->unit = k;
        }
    }
    a->kept = exp64(most);
}

// The means of the unit's input gate where a number is marked and where none is; x (T, B, 2).
static void
find_input_gate(const rnn_output *o, const tensor *x, int H, rnn_adder *a)
{
    int T = x->shape.n[0];
    for (int t = 0; t < T; t++)
        for (int s = 0; s < SEQUENCES; s++) {
            double i = gate_at(o, "i", t)[s * H + a->unit];
            if (x->data[(t * SEQUENCES + s) * 2 + 1] > 0)
                a->marked += i / (2 * SEQUENCES);
            else
                a->unmarked += i / ((T - 2.0) * SEQUENCES);
        }
}

static double
correlation(int n, const double *x, const double *y)
{
    double mean_x = sum64(n, x) / n, mean_y = sum64(n, y) / n, xy = 0, xx = 0, yy = 0;
    for (int i = 0; i < n; i++) {
        xy += (x[i] - mean_x) * (y[i] - mean_y);
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        yy += (y[i] - mean_y) * (y[i] - mean_y);
    }
    return xy / sqrt64(xx * yy);
}

// The layer with every step on the tape.
static rnn_output
unrolled(const rnn_model *m, tensor *x)
{
    rnn_layer l = m->layer;
    l.unrolled = true;
    return rnn_forward(&l, x, NULL, NULL);
}

rnn_adder
rnn_adder_find(const rnn_model *m, rng *r, int T)
{
    rnn_adder a = {0};
    int H = m->layer.H;
    tensor *x = constant("x", SHAPE(T, SEQUENCES, 2), NULL);
    tensor *y = constant("y", SHAPE(SEQUENCES, 1), NULL);
    rnn_adding_batch(r, x, y);
    rnn_output o = unrolled(m, x);
    find_keeper(&o, T, H, &a);
    find_input_gate(&o, x, H, &a);
    double last[SEQUENCES], sum[SEQUENCES];
    for (int s = 0; s < SEQUENCES; s++) {
        last[s] = cell_at(&o, T - 1, SEQUENCES, H)[s * H + a.unit];
        sum[s] = y->data[s];
    }
    a.correlation = fabs(correlation(SEQUENCES, last, sum));
    tape_reset();
    return a;
}

void
rnn_adder_trace(const rnn_model *m, int unit, rng *r, int T)
{
    int H = m->layer.H;
    tensor *x = constant("x", SHAPE(T, 1, 2), NULL), *y = constant("y", SHAPE(1, 1), NULL);
    rnn_adding_batch(r, x, y);
    rnn_output o = unrolled(m, x);
    table *t = program_table("adder", "step\tnumber\tmark\tinput_gate\tforget_gate\tcell");
    for (int s = 0; s < T; s++)
        table_row(t, "ififff", s + 1, x->data[2 * s], (int)x->data[2 * s + 1],
                  gate_at(&o, "i", s)[unit], gate_at(&o, "f", s)[unit], cell_at(&o, s, 1, H)[unit]);
    table_close(t);
    tape_reset();
}

void
rnn_adder_report(int seeds, const rnn_adder before[], const rnn_adder after[])
{
    double most_before = 0, least_after = 1, least_correlation = 1;
    table *t = program_table("adder-units", "lstm\tkept\tkeepers\tmarked\tunmarked\tcorrelation");
    for (int i = 0; i < 2 * seeds; i++) {
        const rnn_adder *a = i < seeds ? &before[i] : &after[i - seeds];
        char name[32];
        snprintf(name, sizeof name, "seed_%d_%s", i % seeds, i < seeds ? "untrained" : "trained");
        table_row(t, "sdiddd", name, a->kept, a->keepers, a->marked, a->unmarked, a->correlation);
    }
    table_close(t);
    for (int i = 0; i < seeds; i++) {
        most_before = fmax(most_before, before[i].kept);
        least_after = fmin(least_after, after[i].kept);
        least_correlation = fmin(least_correlation, after[i].correlation);
    }
    claim_below("adder-before", "adding, untrained LSTMs: what the best unit keeps of its cell",
                1e-15, most_before, "this chapter", FOUND);
    claim_above("adder-after", "adding, trained: what the best unit keeps, worst of 3 seeds", 0.5,
                unless_quick(least_after), "this chapter", FOUND);
    claim_above("adder-sum",
                "adding, trained: its last cell against the sum, correlation, worst of 3", 0.9,
                unless_quick(least_correlation), "this chapter", FOUND);
}
