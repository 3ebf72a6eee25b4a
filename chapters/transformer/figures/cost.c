// Figure cost: what does attention cost beside all else in a layer? Floating-point operations of the products, counted,
// and milliseconds, measured, against the length of the sequence.
#include "transformer/figures/figures.h"

#include "files/table.h"
#include "frame/program.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "numbers/random.h"
#include "transformer/transformer.h"

#include <math.h>

enum { LENGTHS = 7, D = 64, H = 4, F = 256 };

// Operations of one layer's products, forward, for a sequence of T.
typedef struct {
    double projections, attention, feed_forward;
} operations;

static operations
operations_of(double T)
{
    return (operations){4 * 2 * T * D * D, 2 * 2 * T * T * D, 2 * 2 * T * D * F};
}

// A layer, and one sequence as it enters the layer and as it enters the layer's attention.
typedef struct {
    transformer_layer layer;
    tensor *x;   // (1, T, D)
    tensor *qkv; // (1, T, H, D / H)
} timed;

static void
run_layer(void *context)
{
    const timed *a = context;
    transformer_layer_forward(&a->layer, a->x, NULL, NULL, NULL, NULL);
    tape_reset();
}

static void
run_attention(void *context)
{
    const timed *a = context;
    transformer_attention(a->qkv, a->qkv, a->qkv, NULL, NULL);
    tape_reset();
}

static timed
timed_new(int T, rng *r)
{
    transformer_config c = {
        .D = D, .h = H, .F = F, .placement = TRANSFORMER_PRE_NORM, .activation = t_gelu};
    timed a = {.layer = transformer_layer_new(&c, false, r),
               .x = tensor_state("x", SHAPE(1, T, D)),
               .qkv = tensor_state("qkv", SHAPE(1, T, H, D / H))};
    rng_fill_normal(r, a.x->size, a.x->data, 0, 1);
    rng_fill_normal(r, a.qkv->size, a.qkv->data, 0, 1);
    return a;
}

// Milliseconds of the fastest of some rounds: what else the machine does makes the others slower.
static double
fastest(void (*run)(void *), void *context)
{
    enum { ROUNDS = 15 };
    double best = INFINITY;
    for (int i = 0; i < ROUNDS; i++) {
        double begin = timing_seconds();
        run(context);
        best = fmin(best, 1e3 * (timing_seconds() - begin));
    }
    return best;
}

static void
time_lengths(int i, void *context)
{
    (void)i;
    (void)context;
    table *t = program_table("cost.timing", "length\tlayer_ms\tattention_ms");
    for (int k = 0; k < program_steps(LENGTHS, 3); k++) {
        rng r = rng_at(0, 0);
        timed a = timed_new(32 << k, &r);
        double whole = fastest(run_layer, &a);
        double attention = fastest(run_attention, &a);
        table_row(t, "idd", 32 << k, whole, attention);
    }
    table_close(t);
}

void
transformer_figure_cost(void)
{
    table *t = program_table("cost", "length\tprojections\tattention\tfeed_forward\tweights_bytes");
    for (int k = 0; k < LENGTHS; k++) {
        operations o = operations_of(32 << k);
        table_row(t, "idddd", 32 << k, o.projections, o.attention, o.feed_forward,
                  4.0 * H * (32 << k) * (32 << k));
    }
    table_close(t);
    training_side_by_side(1, time_lengths, NULL);
}
