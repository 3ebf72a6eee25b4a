// Figure layers: how many layers of a Transformer a segment should have.
#include "checkpointing/figures/figures.h"

#include "checkpointing/chains.h"
#include "checkpointing/checkpointing.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/tensor.h"
#include "numbers/random.h"

#include <math.h>

enum { SEED = 172, LAYERS = 16, B = 4, T = 128, D = 64, HEADS = 4, SIZES = 5 };

// Run i: segments of 2^i layers; run SIZES: the plain tape. states[i]: the most on the tape.
static void
measure(int i, void *states)
{
    rng r = rng_at(SEED, 0);
    checkpointing_decoder d = checkpointing_decoder_new(LAYERS, B, T, D, HEADS, NULL, &r);
    const checkpointing_chain c = checkpointing_decoder_chain(&d);
    tensor *x = param("x", SHAPE(B, T, D));
    rng_fill_normal(&r, x->size, x->data, 0, 1);
    tensor *y = i < SIZES ? checkpointing_segments(&c, LAYERS >> i, x) : checkpointing_plain(&c, x);
    backward_from(y, x->data);
    ((double *)states)[i] = (double)tape_peak() / (x->size * sizeof(float));
    program_tape_peak(tape_peak());
}

// States that a layer has on the tape when its gradient is computed: outputs and their gradients, what the ops keep,
// the room of attention's backward, a byte for each pair of the mask.
static double
layer_states(void)
{
    checkpointing_op ops[CHECKPOINTING_OPS];
    double values = 0, N = B * T;
    checkpointing_layer_values(B, T, D, HEADS, 4 * D, ops);
    for (int i = 0; i < CHECKPOINTING_OPS; i++)
        values += 2.0 * ops[i].out + ops[i].kept;
    return (values + (double)HEADS * T * T + N * T / 4.0) / (N * D);
}

void
checkpointing_figure_layers(void)
{
    double states[SIZES + 1], a = layer_states(), worst = 0;
    training_side_by_side(SIZES + 1, measure, states);
    table *t = program_table("layers", "layers\tsegments\tstates\tformula\tplain");
    for (int i = 0; i < SIZES; i++) {
        int g = 1 << i, K = LAYERS / g;
        double formula = 2 * K + a * g;
        table_row(t, "iiddd", g, K, states[i], formula, states[SIZES]);
        worst = fmax(worst, fabs(states[i] / formula - 1));
    }
    table_close(t);
    table *row = program_table("layers-numbers", "what\tstates");
    table_row(row, "sd", "layer", a);
    table_row(row, "sd", "plain", states[SIZES]);
    table_close(row);
    claim_below("layers-formula", "layers: the measured peak over 2 K + a g, the worst from 1",
                0.01, worst, "algebra; headers are the rest", CHECK);
    claim_above("layers-root", "layers: 4 layers a segment, sqrt(16), over one layer a segment", 2,
                states[2] / states[0], "b K + a n / K with a much larger than b", FOUND);
}
