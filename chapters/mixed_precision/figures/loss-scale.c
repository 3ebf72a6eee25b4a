// Figure loss-scale: one training in fp16 with a constant scale of the loss, for scales from 2^-16 to 2^24; and the
// same scales where they should change nothing, in float32 and bf16.
#include "mixed_precision/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "mixed_precision/study.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdio.h>

enum {
    STEPS = 300,
    SEEDS = 3,
    LOWEST = -16,
    HIGHEST = 24,
    BY = 2,
    SCALES = (HIGHEST - LOWEST) / BY + 1
};

// float32 at 1, 2^-60, 2^60; bf16 at 1, 2^-60, 2^60, one seed each but for the first.
static const int far[3] = {0, -60, 60};
enum { RUNS = SCALES * SEEDS + SEEDS + 5 };

static const mixed_precision_run *
find(const mixed_precision_run *runs, const float_format *f, int log2_scale, int seed)
{
    for (int i = 0; i < RUNS; i++)
        if (runs[i].f == f && runs[i].seed == seed && runs[i].t.name[0] &&
            runs[i].scaler.scale == (float)power_of_two64(log2_scale))
            return &runs[i];
    return NULL;
}

static int
new_run(mixed_precision_run *runs, int n, const float_format *f, int log2_scale, int seed)
{
    runs[n] = (mixed_precision_run){
        .t = {.steps = program_steps(STEPS, 3)},
        .f = f,
        .scaler = mixed_precision_constant_scale((float)power_of_two64(log2_scale)),
        .seed = seed};
    snprintf(runs[n].t.name, sizeof runs[n].t.name, "%s_%d_%d", f ? f->name : "float32", log2_scale,
             seed);
    return n + 1;
}

// How many losses of two runs differ in any bit.
static int
different(const mixed_precision_run *a, const mixed_precision_run *b)
{
    int n = 0;
    for (int s = 0; s < a->t.steps; s++)
        n += bits32(a->t.loss[s]) != bits32(b->t.loss[s]);
    return n + (a->final != b->final);
}

static void
claims(const mixed_precision_run *runs)
{
    double flat = 0, below = INFINITY, zeros = 1, cost = 0, over = INFINITY;
    int bits[2] = {0, 0};
    for (int seed = 0; seed < SEEDS; seed++) {
        double exact = find(runs, NULL, 0, seed)->final;
        for (int s = 0; s <= 18; s += BY)
            flat = fmax(flat, fabs(find(runs, &format_half, s, seed)->final - exact));
        const mixed_precision_run *ten = find(runs, &format_half, -10, seed);
        zeros = fmin(zeros, ten->zeros);
        cost = fmax(cost, ten->final - exact);
        below = fmin(below, find(runs, &format_half, -16, seed)->final - exact);
        over = fmin(over, find(runs, &format_half, 24, seed)->scaler.skipped);
    }
    for (int i = 1; i < 3; i++) {
        bits[0] += different(find(runs, NULL, 0, 0), find(runs, NULL, far[i], 0));
        bits[1] +=
            different(find(runs, &format_bfloat, 0, 0), find(runs, &format_bfloat, far[i], 0));
    }
    claim_near("scale-float", "loss scale: losses that S = 2^-60 and 2^60 change in float32", 0,
               bits[0], 0, "a product with a power of two is exact", CHECK);
    claim_near("scale-bfloat", "loss scale: losses that S = 2^-60 and 2^60 change in bf16", 0,
               bits[1], 0, "a product with a power of two is exact", CHECK);
    claim_below(
        "scale-flat",
        "loss scale: |final loss of fp16 less that of float32|, S = 2^0 .. 2^18, the worst of "
        "3 seeds, nats",
        0.01, unless_quick(flat), "this chapter", FOUND);
    claim_above(
        "scale-zeros",
        "loss scale: the part of the logits' gradients that is 0 at S = 2^-10, least of 3 seeds",
        0.5, unless_quick(zeros), "p S / B < 2^-25, this chapter", FOUND);
    claim_below("scale-cost", "loss scale: what these zeros cost, worst of 3 seeds, nats", 0.02,
                unless_quick(cost), "this chapter", FOUND);
    claim_above(
        "scale-cliff",
        "loss scale: what S = 2^-16, below the cliff at 2^-12, costs, least of 3 seeds, nats", 0.1,
        unless_quick(below), "p S / B = 2^-25 at p = 1/32", FOUND);
    claim_changed("scale-cliff", "said of S = 2^-14 at first, which costs 0.063 or more");
    claim_near("scale-over", "loss scale: steps of 300 that S = 2^24 skips, least of 3 seeds",
               STEPS, unless_quick(over), 0, "(1 - p) S / B is near 2^16", FOUND);
}

void
mixed_precision_figure_loss_scale(void)
{
    static mixed_precision_run runs[RUNS];
    int n = 0;
    for (int seed = 0; seed < SEEDS; seed++)
        for (int s = LOWEST; s <= HIGHEST; s += BY)
            n = new_run(runs, n, &format_half, s, seed);
    for (int seed = 0; seed < SEEDS; seed++)
        n = new_run(runs, n, NULL, 0, seed);
    for (int i = 0; i < 3; i++) {
        if (i > 0)
            n = new_run(runs, n, NULL, far[i], 0);
        n = new_run(runs, n, &format_bfloat, far[i], 0);
    }
    training_run(n, runs, sizeof *runs, mixed_precision_train);
    table *t = program_table("loss-scale", "log2_scale\tseed\tfinal_loss\tzeros\tskipped\tfloat32");
    for (int s = LOWEST; s <= HIGHEST; s += BY)
        for (int seed = 0; seed < SEEDS; seed++) {
            const mixed_precision_run *run = find(runs, &format_half, s, seed);
            table_row(t, "iiddid", s, seed, run->final, run->zeros, run->scaler.skipped,
                      find(runs, NULL, 0, seed)->final);
        }
    table_close(t);
    claims(runs);
    training_free(n, runs, sizeof *runs);
}
