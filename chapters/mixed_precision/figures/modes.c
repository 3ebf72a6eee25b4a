// Figure modes: one training with its activations and its weights in different formats.
#include "mixed_precision/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "mixed_precision/study.h"
#include "numbers/stats.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEPS = 600, SEEDS = 3, MODES = 8 };

static const struct {
    const char *name;
    const float_format *f;
    mixed_precision_weights weights;
    float scale;
    int bytes; // a parameter: copy, gradient, weight, m, v
} modes[MODES] = {{"float32", NULL, MIXED_PRECISION_MASTER, 1, 16},
                  {"fp16_master", &format_half, MIXED_PRECISION_MASTER, 1, 16},
                  {"fp16_master_scaled", &format_half, MIXED_PRECISION_MASTER, 1024, 16},
                  {"fp16_weights", &format_half, MIXED_PRECISION_NEAREST, 1024, 12},
                  {"bf16_master", &format_bfloat, MIXED_PRECISION_MASTER, 1, 16},
                  {"bf16_weights", &format_bfloat, MIXED_PRECISION_NEAREST, 1, 12},
                  {"bf16_random", &format_bfloat, MIXED_PRECISION_RANDOM, 1, 12},
                  {"bf16_all", &format_bfloat, MIXED_PRECISION_MOMENTS, 1, 8}};

static const mixed_precision_run *
find(const mixed_precision_run *runs, const char *name, int seed)
{
    char full[TRAINING_NAME];
    snprintf(full, sizeof full, "%s_%d", name, seed);
    for (int i = 0; i < MODES * SEEDS; i++)
        if (strcmp(runs[i].t.name, full) == 0)
            return &runs[i];
    return NULL;
}

// What a mode loses to float32 with the same seed: the worst or the least of the seeds.
static double
loses(const mixed_precision_run *runs, const char *name, double (*pick)(double, double))
{
    double lost = find(runs, name, 0)->final - find(runs, "float32", 0)->final;
    for (int seed = 1; seed < SEEDS; seed++)
        lost = pick(lost, find(runs, name, seed)->final - find(runs, "float32", seed)->final);
    return lost;
}

static void
claims(const mixed_precision_run *runs)
{
    double half = loses(runs, "fp16_master", fmax), bfloat = loses(runs, "bf16_master", fmax);
    double unscaled = 0;
    for (int seed = 0; seed < SEEDS; seed++)
        unscaled = fmax(unscaled, fabs(find(runs, "fp16_master", seed)->final -
                                       find(runs, "fp16_master_scaled", seed)->final));
    claim_below(
        "modes-half", "modes: what fp16 with weights in float32 loses, worst of 3 seeds, nats",
        0.01, unless_quick(half),
        "Micikevicius et al. 2018, section 1: 'while maintaining model accuracy'", REPRODUCED);
    claim_below(
        "modes-bfloat", "modes: what bf16 with weights in float32 loses, worst of 3 seeds, nats",
        0.01, unless_quick(bfloat),
        "Kalamkar et al. 2019, abstract: 'the same state-of-the-art (SOTA) results'", REPRODUCED);
    claim_below("modes-unscaled", "modes: what S = 1024 changes in fp16, worst of 3 seeds, nats",
                0.01, unless_quick(unscaled), "this net needs no scale", FOUND);
    claim_above("modes-weights",
                "modes: what bf16 weights lose more than bf16 with weights in float32, least of 3 "
                "seeds, nats",
                0.01, unless_quick(loses(runs, "bf16_weights", fmin) - bfloat), "this chapter",
                FOUND);
    claim_below(
        "modes-random",
        "modes: what rounding at random leaves of that loss, worst of 3 seeds over the least", 0.5,
        unless_quick(loses(runs, "bf16_random", fmax) / loses(runs, "bf16_weights", fmin)),
        "this chapter", FOUND);
}

void
mixed_precision_figure_modes(void)
{
    static mixed_precision_run runs[MODES * SEEDS];
    int n = 0;
    for (int seed = 0; seed < SEEDS; seed++)
        for (int m = 0; m < MODES; m++, n++) {
            runs[n] =
                (mixed_precision_run){.t = {.steps = program_steps(STEPS, 20)},
                                      .f = modes[m].f,
                                      .weights = modes[m].weights,
                                      .scaler = mixed_precision_constant_scale(modes[m].scale),
                                      .seed = seed};
            snprintf(runs[n].t.name, sizeof runs[n].t.name, "%s_%d", modes[m].name, seed);
        }
    training_run(n, runs, sizeof *runs, mixed_precision_train);
    training_write_losses("modes", program_steps(20, 1), n, runs, sizeof *runs);
    table *t = program_table("modes-final", "mode\tbytes\tseed_0\tseed_1\tseed_2\tmean\tlost");
    double base = 0;
    for (int m = 0; m < MODES; m++) {
        double final[SEEDS];
        for (int seed = 0; seed < SEEDS; seed++)
            final[seed] = find(runs, modes[m].name, seed)->final;
        double mean = stats_mean(SEEDS, final).mean;
        base = m == 0 ? mean : base;
        table_row(t, "siddddd", modes[m].name, modes[m].bytes, final[0], final[1], final[2], mean,
                  mean - base);
    }
    table_close(t);
    claims(runs);
    training_free(n, runs, sizeof *runs);
}
