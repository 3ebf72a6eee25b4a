// Figure selective: a decoder's layers kept, computed again, and with attention's scores and weights alone computed
// again: what each has on the tape, and how long it takes.
#include "checkpointing/figures/figures.h"

#include "checkpointing/chains.h"
#include "checkpointing/checkpointing.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/random.h"

#include <math.h>
#include <stdio.h>

enum { SEED = 173, B = 4, HEADS = 4, SHAPES = 4 };

typedef enum { PLAIN, FULL, SELECTIVE, KINDS } kind;
static const char *const names[] = {"plain", "full", "selective"};

static const struct {
    int D, T, layers;
} shapes[SHAPES] = {{64, 128, 8}, {64, 512, 8}, {256, 128, 2}, {256, 512, 2}};

typedef struct {
    double tape; // bytes a token and layer, before the backward; selective and plain
    double peak, seconds;
    unsigned long hash;
} measured;

static void
measure(int i, void *all)
{
    measured *m = (measured *)all + i;
    kind k = i % KINDS;
    int D = shapes[i / KINDS].D, T = shapes[i / KINDS].T, layers = shapes[i / KINDS].layers;
    rng r = rng_at(SEED, i / KINDS);
    checkpointing_decoder d = checkpointing_decoder_new(
        layers, B, T, D, HEADS, k == SELECTIVE ? checkpointing_attention : NULL, &r);
    const checkpointing_chain c = checkpointing_decoder_chain(&d);
    tensor *x = param("x", SHAPE(B, T, D));
    rng_fill_normal(&r, x->size, x->data, 0, 1);
    m->seconds = INFINITY;
    for (int round = 0; round < program_steps(4, 1); round++) {
        tape_reset();
        zero_grad();
        double begin = timing_thread_seconds();
        tensor *y = k == FULL ? checkpointing_segments(&c, layers, x) : checkpointing_plain(&c, x);
        m->tape = (double)tape_used() / B / T / layers;
        backward_from(y, x->data);
        m->seconds = fmin(m->seconds, timing_thread_seconds() - begin);
    }
    m->peak = (double)tape_peak();
    m->hash = checkpointing_gradient_hash();
    program_tape_peak(tape_peak());
}

// What computing again costs, as a part of a step whose backward costs two forwards: one more forward, or the scores
// and weights' part of one. A layer has 24 D^2 operations a position in its products and 4 T D in attention's.
static double
by_operations(int i, kind k)
{
    double D = shapes[i].D, T = shapes[i].T;
    return k == PLAIN ? 1 : k == FULL ? 4.0 / 3 : 1 + T / (6 * D + T) / 3;
}

void
checkpointing_figure_selective(void)
{
    measured all[SHAPES * KINDS];
    training_side_by_side(SHAPES * KINDS, measure, all);
    table *t = program_table("selective", "shape\twidth\tlength\tlayers\tkind\ttape\tpeak\t"
                                          "part_of_plain\toperations");
    table *timing = program_table("selective.timing", "shape\twidth\tlength\tkind\tseconds\t"
                                                      "over_plain\toperations");
    int other_bits = 0;
    double worst = 0;
    for (int i = 0; i < SHAPES * KINDS; i++) {
        int which = i / KINDS, k = i % KINDS, D = shapes[which].D, T = shapes[which].T;
        const measured *m = &all[i], *plain = &all[i - k];
        char name[32];
        snprintf(name, sizeof name, "%d-%d", D, T);
        table_row(t, "siiisdddd", name, D, T, shapes[which].layers, names[k], m->tape, m->peak,
                  m->peak / plain->peak, by_operations(which, k));
        table_row(timing, "siisddd", name, D, T, names[k], m->seconds, m->seconds / plain->seconds,
                  by_operations(which, k));
        other_bits += m->hash != plain->hash;
        // 80 D bytes of outputs and norms, 8 h T of scores and weights, T of the mask
        double bytes = 80.0 * D + (k == PLAIN ? 8.0 * HEADS * T : 0) + T;
        if (k != FULL)
            worst = fmax(worst, fabs(m->tape / bytes - 1));
    }
    table_close(t);
    table_close(timing);
    claim_near("selective-bits", "selective: gradients that differ from the plain tape's, of 12", 0,
               other_bits, 0, "the same operations in the same order", CHECK);
    claim_below("selective-bytes",
                "selective: bytes a position and layer over 80 D + T + 8 h T where scores are "
                "kept, the worst from 1",
                0.01, worst, "algebra; headers are the rest", CHECK);
    const measured *wide = &all[2 * KINDS], *narrow = &all[1 * KINDS];
    claim_above("selective-narrow",
                "selective, D 64, T 512: the part of the plain peak that it saves", 0.5,
                1 - narrow[SELECTIVE].peak / narrow[PLAIN].peak, "8 h T against 80 D", FOUND);
    claim_below("selective-wide",
                "selective, D 256, T 128: the part of the plain peak that it saves", 0.1,
                1 - wide[SELECTIVE].peak / wide[PLAIN].peak, "8 h T against 80 D", FOUND);
}
