// Figure bits (a table): the part of the gradients' values that have the plain tape's bits, where the first state is
// used once more after the chain.
#include "checkpointing/figures/figures.h"

#include "checkpointing/chains.h"
#include "checkpointing/checkpointing.h"
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

enum { SEED = 174, N = 6, WIDTH = 32, BATCH = 64, SEEDS = 3, VALUES = BATCH * WIDTH };

typedef enum { PLAIN, SEGMENTS, NESTED, COPY, KINDS } kind;
static const char *const names[] = {"plain", "segments", "nested", "copy"};

// A run's gradients: of the first state, and of all parameters as a hash.
typedef struct {
    float dx[VALUES];
    unsigned long hash;
} gradients;

// The whole chain on a copy of its input, whose gradient is added to the input's at the end.
static tensor *
on_a_copy(tensor *const in[], void *context)
{
    return checkpointing_plain(context, t_scale(in[0], 1));
}

static void
run(int i, void *all)
{
    gradients *g = (gradients *)all + i;
    kind k = i % KINDS;
    rng r = rng_at(SEED, i / KINDS);
    checkpointing_tanh t = checkpointing_tanh_new(N, WIDTH, true, 1, &r);
    const checkpointing_chain c = checkpointing_tanh_chain(&t);
    tensor *p = param("p", SHAPE(BATCH, WIDTH));
    tensor *weight = tensor_state("weight", SHAPE(BATCH, WIDTH));
    rng_fill_normal(&r, VALUES, p->data, 0, 1);
    rng_fill_normal(&r, VALUES, weight->data, 0, 1);
    tensor *x = t_scale(p, 1);
    tensor *y = k == PLAIN      ? checkpointing_plain(&c, x)
                : k == SEGMENTS ? checkpointing_segments(&c, 3, x)
                : k == NESTED   ? checkpointing_nested(&c, 2, x)
                                : t_recompute(on_a_copy, 1, &x, &c, sizeof c);
    backward(t_sum(t_mul(t_mul(y, t_tanh(x)), weight)));
    memcpy(g->dx, x->grad, sizeof g->dx);
    g->hash = checkpointing_gradient_hash();
}

// The part of the values of dx that are equal to those of `right`.
static double
equal_part(const gradients *g, const gradients *right)
{
    int equal = 0;
    for (int i = 0; i < VALUES; i++)
        equal += bits32(g->dx[i]) == bits32(right->dx[i]);
    return (double)equal / VALUES;
}

void
checkpointing_figure_bits(void)
{
    static gradients all[SEEDS * KINDS];
    double least = 1, most = 0;
    training_side_by_side(SEEDS * KINDS, run, all);
    table *t = program_table("bits", "seed\tschedule\tequal");
    for (int i = 0; i < SEEDS * KINDS; i++) {
        kind k = i % KINDS;
        if (k == PLAIN)
            continue;
        double part = equal_part(&all[i], &all[i - k]);
        table_row(t, "isd", i / KINDS, names[k], part);
        if (k == COPY)
            most = fmax(most, part);
        else
            least = fmin(least, part);
    }
    table_close(t);
    claim_near("bits-equal", "bits: the part of dx that is equal with segments and nested calls", 1,
               least, 0, "the same operations in the same order", CHECK);
    claim_below("bits-copy", "bits: the same through a copy of the input, the most of 3 seeds", 0.9,
                most, "(d + c1) + c2 is not d + (c1 + c2)", FOUND);
}
