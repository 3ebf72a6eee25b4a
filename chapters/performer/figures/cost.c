// What does FAVOR+ cost beside softmax attention? Operations, values kept for the gradient, and measured time against
// the length of the sequence.
#include "files/table.h"
#include "frame/program.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "nets/tensor.h"
#include "numbers/random.h"
#include "performer/figures/figures.h"
#include "performer/performer.h"
#include "transformer/transformer.h"

enum { HEADS = 4, WIDTH = 16, ROWS = 64, SHORTEST = 32, LENGTHS = 7, ROUNDS = 9 };

// Operations of the products of all heads, forward: q k^T and weights v.
static double
softmax_operations(double N)
{
    return HEADS * 2.0 * (2 * N * N * WIDTH);
}

// The same: phi_q and phi_k; phi_k^T [v, 1], and phi_q times that.
static double
favor_operations(double N)
{
    double maps = 2 * N * ROWS * WIDTH, sums = N * ROWS * (WIDTH + 1);
    return HEADS * 2.0 * (maps + 2 * sums);
}

// Kept: the scores and the weights.
static double
softmax_kept(double N)
{
    return 2 * HEADS * N * N;
}

// Kept: projection, exponent and features, of q and of k.
static double
favor_kept(double N)
{
    return 2 * 3 * HEADS * N * ROWS;
}

// Queries, keys and values to be timed.
typedef struct {
    tensor *x; // (1, N, HEADS, WIDTH)
    performer p;
} timed;

static void
run_softmax(void *context)
{
    tensor *x = ((timed *)context)->x;
    transformer_attention(x, x, x, NULL, NULL);
    tape_reset();
}

static void
run_favor(void *context)
{
    timed *t = context;
    performer_attend(t->x, t->x, t->x, NULL, &t->p);
    tape_reset();
}

// Milliseconds, forward, medians. Of two runs side by side, each serial inside, the second does nothing.
static void
time_lengths(int i, void *context)
{
    (void)context;
    if (i > 0)
        return;
    table *t = program_table("cost.timing", "length\tsoftmax_ms\tperformer_ms");
    rng r = rng_at(0, 0);
    timed work = {NULL, {PERFORMER_POSITIVE, true, 0, tensor_state("w", SHAPE(ROWS, WIDTH))}};
    rng_fill_normal(&r, work.p.w->size, work.p.w->data, 0, 1);
    for (int k = 0; k < program_steps(LENGTHS, 3); k++) {
        int N = SHORTEST << k;
        work.x = tensor_state("x", SHAPE(1, N, HEADS, WIDTH));
        rng_fill_normal(&r, work.x->size, work.x->data, 0, 1);
        double softmax = 1e3 * timing_median(ROUNDS, run_softmax, &work);
        double favor = 1e3 * timing_median(ROUNDS, run_favor, &work);
        table_row(t, "idd", N, softmax, favor);
    }
    table_close(t);
}

void
performer_figure_cost(void)
{
    table *t = program_table("cost", "length\tsoftmax\tperformer\tsoftmax_kept_values\t"
                                     "performer_kept_values");
    for (int k = 0; k < LENGTHS; k++) {
        int N = SHORTEST << k;
        table_row(t, "idddd", N, softmax_operations(N), favor_operations(N), softmax_kept(N),
                  favor_kept(N));
    }
    table_close(t);
    training_side_by_side(2, time_lengths, NULL);
}
