// Figure scaler: a scale of the loss that begins far too large and tries to grow every 20 steps.
#include "mixed_precision/figures/figures.h"

#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "mixed_precision/study.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 300, SEEDS = 3, INTERVAL = 20 };

void
mixed_precision_figure_scaler(void)
{
    mixed_precision_run runs[2 * SEEDS];
    int steps = program_steps(STEPS, 30);
    float *scales = memory_zeroed(2L * SEEDS * steps, sizeof *scales, "the scales");
    for (int i = 0; i < 2 * SEEDS; i++) { // the first three with the rule, the others with S = 1024
        runs[i] = (mixed_precision_run){
            .t = {.steps = steps},
            .f = &format_half,
            .scaler = i < SEEDS ? (mixed_precision_scaler){.scale = 0x1p24f,
                                                           .growth = 2,
                                                           .backoff = 0.5f,
                                                           .interval = INTERVAL}
                                : mixed_precision_constant_scale(1024),
            .seed = i % SEEDS,
            .scale = scales + (long)i * steps};
        snprintf(runs[i].t.name, sizeof runs[i].t.name, "%s_%d", i < SEEDS ? "rule" : "constant",
                 i % SEEDS);
    }
    training_run(2 * SEEDS, runs, sizeof *runs, mixed_precision_train);
    table *t = program_table("scaler", "step\tseed_0\tseed_1\tseed_2");
    for (int s = 0; s < steps; s++) {
        double log2_scale[SEEDS];
        for (int seed = 0; seed < SEEDS; seed++)
            log2_scale[seed] = log64(runs[seed].scale[s]) / ln2_64;
        table_row(t, "iddd", s + 1, log2_scale[0], log2_scale[1], log2_scale[2]);
    }
    table_close(t);
    double most = 0, cost = -INFINITY;
    t = program_table("scaler-numbers", "seed\tskipped\tfinal\tconstant");
    for (int seed = 0; seed < SEEDS; seed++) {
        table_row(t, "iidd", seed, runs[seed].scaler.skipped, runs[seed].final,
                  runs[SEEDS + seed].final);
        most = fmax(most, runs[seed].scaler.skipped);
        cost = fmax(cost, runs[seed].final - runs[SEEDS + seed].final);
    }
    table_close(t);
    claim_below("scaler-skipped",
                "scaler: skipped of 300 steps, the most of 3 seeds; one in 21, and six at first",
                6 + (double)STEPS / (INTERVAL + 1), unless_quick(most), "one in interval + 1",
                FOUND);
    claim_above("scaler-cost", "scaler: what the skipped steps cost, the most of 3 seeds, nats", 0,
                unless_quick(cost), "this chapter", FOUND);
    free(scales);
    training_free(2 * SEEDS, runs, sizeof *runs);
}
