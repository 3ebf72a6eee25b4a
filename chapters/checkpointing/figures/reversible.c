// Figure reversible: the states of coupled layers need not be kept, since each layer can be undone; how far what is
// got back is from what there was.
#include "checkpointing/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/tensor.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <string.h>

enum { SEED = 175, LAYERS = 64, WIDTH = 128, BATCH = 64, SEEDS = 3, VALUES = BATCH * WIDTH };

typedef struct {
    double error[LAYERS +
                 1]; // |got back - there| / |there|, both halves, after undoing so many layers
    double exact[LAYERS + 1]; // the part of the values with the same bits
} recovered;

// half <- half + sign tanh(other W^T).
static void
couple(float *half, const float *other, tensor *w, float sign)
{
    tape_mark *mark = tape_mark_here();
    const tensor *f = t_tanh(t_matmul_nt(constant("x", SHAPE(BATCH, WIDTH), other), w));
    for (int i = 0; i < VALUES; i++)
        half[i] += sign * f->data[i];
    tape_rewind(mark);
}

// A layer: y1 = x1 + f(x2), y2 = x2 + g(y1); and undone: x2 = y2 - g(y1), x1 = y1 - f(x2).
static void
layer(float *halves[2], tensor *const w[2])
{
    couple(halves[0], halves[1], w[0], 1);
    couple(halves[1], halves[0], w[1], 1);
}

static void
undo(float *halves[2], tensor *const w[2])
{
    couple(halves[1], halves[0], w[1], -1);
    couple(halves[0], halves[1], w[0], -1);
}

static void
run(int seed, void *all)
{
    recovered *r = (recovered *)all + seed;
    rng random = rng_at(SEED, seed);
    tensor *w[LAYERS][2];
    float *first = permanent_alloc(2 * VALUES * sizeof *first);
    float *now = permanent_alloc(2 * VALUES * sizeof *now), *halves[] = {now, now + VALUES};
    float gain = 1 / sqrt32(WIDTH);
    rng_fill_normal(&random, 2 * VALUES, first, 0, 1);
    for (int i = 0; i < LAYERS; i++)
        for (int half = 0; half < 2; half++) {
            w[i][half] = tensor_state("w", SHAPE(WIDTH, WIDTH));
            rng_fill_normal(&random, w[i][half]->size, w[i][half]->data, 0, gain);
        }
    for (int depth = 0; depth <= LAYERS; depth++) {
        double error = 0, size = 0;
        int exact = 0;
        memcpy(now, first, 2 * VALUES * sizeof *now);
        for (int i = 0; i < depth; i++)
            layer(halves, w[i]);
        for (int i = depth - 1; i >= 0; i--)
            undo(halves, w[i]);
        for (int i = 0; i < 2 * VALUES; i++) {
            double gap = (double)now[i] - first[i];
            error += gap * gap;
            size += (double)first[i] * first[i];
            exact += bits32(now[i]) == bits32(first[i]);
        }
        r->error[depth] = sqrt(error / size);
        r->exact[depth] = exact / (2.0 * VALUES);
        if (depth >= 16)
            depth += 3;
    }
}

void
checkpointing_figure_reversible(void)
{
    static recovered all[SEEDS];
    training_side_by_side(SEEDS, run, all);
    table *t = program_table("reversible", "layers\terror_0\terror_1\terror_2\texact_0\texact_1\t"
                                           "exact_2");
    for (int depth = 1; depth <= LAYERS; depth += depth >= 16 ? 4 : 1)
        table_row(t, "idddddd", depth, all[0].error[depth], all[1].error[depth],
                  all[2].error[depth], all[0].exact[depth], all[1].exact[depth],
                  all[2].exact[depth]);
    table_close(t);
    double growth = INFINITY, exact = 0;
    for (int s = 0; s < SEEDS; s++) {
        growth = fmin(growth, all[s].error[LAYERS] / all[s].error[1]);
        exact = fmax(exact, all[s].exact[LAYERS]);
    }
    claim_above("reversible-grows",
                "reversible: the error of 64 layers undone over that of one, the least of 3 seeds",
                10, growth, "rounding that 64 layers carry on", FOUND);
    claim_below("reversible-exact",
                "reversible: values with their bits after 64 layers undone, the most of 3 seeds",
                0.1, exact, "rounding", FOUND);
}
