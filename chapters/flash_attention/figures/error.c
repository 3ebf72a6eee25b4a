// Figure error: how far attention in float32 is from double, against the size of the scores and the number of keys:
// chapter 2's, tiles with one chain of sums through all, and tiles that are summed by themselves and then added.
#include "flash_attention/figures/figures.h"

#include "files/memory.h"
#include "files/table.h"
#include "flash_attention/exact.h"
#include "flash_attention/flash_attention.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/tensor.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "transformer/transformer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SEED = 74, D = 64, QUERIES = 128, TILE = 64, SEEDS = 3, SETTINGS = 9 };

// Scores of N(0, scale^2) for S keys.
static const struct {
    int S;
    float scale;
} settings[SETTINGS] = {{256, 1},  {256, 4},  {256, 16},  {256, 64}, {1024, 1},
                        {4096, 1}, {4096, 4}, {4096, 16}, {16384, 1}};

enum { UNFUSED, CHAIN, ADDED, WAYS };

typedef struct {
    double error[WAYS];
} error_run;

// Every tile of keys is a part with its own sums, merged with those before.
static void
merged_parts(const flash_attention_head *a, float *out)
{
    const flash_attention_options o = {.rows = QUERIES, .columns = TILE};
    float m[QUERIES], l[QUERIES] = {0}, part_m[QUERIES], part_l[QUERIES * FLASH_ATTENTION_LANES];
    float part_o[QUERIES * D], weights[QUERIES * TILE];
    flash_attention_state part = {part_m, part_l, part_o, D};
    memset(out, 0, QUERIES * D * sizeof *out);
    for (int t = 0; t < QUERIES; t++)
        m[t] = -INFINITY;
    for (int s = 0; s < a->S; s += TILE) {
        flash_attention_begin(QUERIES, D, &part);
        flash_attention_tile_forward(a, &o, (flash_attention_tile){0, QUERIES, s, TILE}, &part,
                                     weights);
        for (int t = 0; t < QUERIES; t++)
            flash_attention_merge(D, &m[t], &l[t], out + t * D, part_m[t],
                                  flash_attention_sum(&part, t), part_o + t * D);
    }
    for (int t = 0; t < QUERIES; t++)
        for (int c = 0; c < D; c++)
            out[t * D + c] /= l[t];
}

static void
run(int i, void *context)
{
    error_run *e = (error_run *)context + i;
    int S = settings[i / SEEDS].S;
    rng r = rng_at(SEED, i % SEEDS);
    tensor *q = constant("q", SHAPE(1, QUERIES, 1, D), NULL);
    tensor *k = constant("k", SHAPE(1, S, 1, D), NULL), *v = constant("v", SHAPE(1, S, 1, D), NULL);
    rng_fill_normal(&r, q->size, q->data, 0, settings[i / SEEDS].scale);
    rng_fill_normal(&r, k->size, k->data, 0, 1);
    rng_fill_normal(&r, v->size, v->data, 0, 1);
    const flash_attention_head a = {
        .T = QUERIES, .S = S, .d = D, .row = D, .q = q->data, .k = k->data, .v = v->data};
    double *exact = tape_alloc(QUERIES * D * sizeof *exact);
    float *merged = tape_alloc(QUERIES * D * sizeof *merged);
    flash_attention_exact(&a, FLASH_ATTENTION_ALL, exact);
    tensor *unfused = transformer_attention(q, k, v, NULL, NULL);
    tensor *chain = flash_attention_attend(q, k, v, NULL, NULL,
                                           &(flash_attention_options){.rows = 64, .columns = TILE});
    merged_parts(&a, merged);
    e->error[UNFUSED] = flash_attention_relative_error(&a, unfused->data, exact);
    e->error[CHAIN] = flash_attention_relative_error(&a, chain->data, exact);
    e->error[ADDED] = flash_attention_relative_error(&a, merged, exact);
}

// The root of the mean square of a way's error over the seeds.
static double
mean_error(const error_run *runs, int setting, int way)
{
    double sum = 0;
    for (int seed = 0; seed < SEEDS; seed++)
        sum += runs[setting * SEEDS + seed].error[way] * runs[setting * SEEDS + seed].error[way];
    return sqrt64(sum / SEEDS);
}

static int
setting_of(int S, float scale)
{
    int i = 0;
    while (settings[i].S != S || settings[i].scale != scale)
        i++;
    return i;
}

void
flash_attention_figure_error(void)
{
    error_run runs[SETTINGS * SEEDS];
    training_side_by_side(SETTINGS * SEEDS, run, runs);
    table *t = program_table("error", "setting\tkeys\tscale\tunfused\tone_chain\tadded");
    for (int i = 0; i < SETTINGS; i++) {
        char id[32];
        snprintf(id, sizeof id, "%d_%g", settings[i].S, settings[i].scale);
        table_row(t, "sifddd", id, settings[i].S, settings[i].scale, mean_error(runs, i, UNFUSED),
                  mean_error(runs, i, CHAIN), mean_error(runs, i, ADDED));
    }
    table_close(t);
    double ratio = 0, ratio_added = 0;
    for (int i = 0; i < SETTINGS; i++)
        ratio = fmax(ratio, mean_error(runs, i, CHAIN) / mean_error(runs, i, UNFUSED));
    int large = setting_of(4096, 1), one = setting_of(256, 1), sixty_four = setting_of(256, 64);
    ratio_added = mean_error(runs, large, ADDED) / mean_error(runs, large, UNFUSED);
    claim_below("error-tiles",
                "error: tiles with one chain over chapter 2's, the worst of 9 settings", 1.25,
                ratio, "this chapter", FOUND);
    claim_below("error-added",
                "error, 4096 keys, scale 1: tiles summed by themselves over chapter 2's", 0.5,
                ratio_added, "this chapter", FOUND);
    claim_above("error-scores",
                "error, 256 keys: chapter 2's own with scores of 64 over that with scores of 1", 3,
                mean_error(runs, sixty_four, UNFUSED) / mean_error(runs, one, UNFUSED),
                "this chapter", FOUND);
}
