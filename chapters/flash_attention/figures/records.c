// Figure records: how often the reference m moves. Scores that are exchangeable, in tiles of 16 keys: a row's tile
// number t holds a new largest score with probability 1/t.
#include "flash_attention/figures/figures.h"

#include "files/memory.h"
#include "files/table.h"
#include "flash_attention/flash_attention.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"

#include <math.h>
#include <stdlib.h>

enum { SEED = 72, ROWS = 4096, BLOCK = 64, TILES = 64, KEYS = 16, TAUS = 5 };

static const float taus[TAUS] = {0, 0.5f, 1, 2, 4};

// What one tau gives: how often each row's m moved, the first time included; in how many tiles of a block of 64 rows
// any row's did; in how many rows tile t moved it.
typedef struct {
    double moves[ROWS], blocks[ROWS / BLOCK], at[TILES];
    double error; // of out, against tau 0
} records_run;

static records_run *runs;
static float *scores;        // (ROWS, TILES KEYS)
static float *answers[TAUS]; // (ROWS) o / l

// The scores go in as a bias beside queries of zeros; the values are random numbers, one a key.
static void
count(int i, void *context)
{
    records_run *r = (records_run *)context + i;
    const flash_attention_options o = {.lazy = taus[i]};
    float *zeros = memory_zeroed(ROWS, sizeof *zeros, "queries");
    float *v = memory_zeroed(TILES * KEYS, sizeof *v, "values");
    float *m = memory_zeroed(ROWS, sizeof *m, "m");
    float *l = memory_zeroed(ROWS * FLASH_ATTENTION_LANES, sizeof *l, "l");
    float weights[BLOCK * KEYS];
    rng random = rng_at(SEED, 1);
    rng_fill_normal(&random, TILES * KEYS, v, 0, 1);
    flash_attention_state state = {m, l, answers[i], 1};
    const flash_attention_head a = {.T = ROWS,
                                    .S = TILES * KEYS,
                                    .d = 1,
                                    .row = 1,
                                    .q = zeros,
                                    .k = zeros,
                                    .v = v,
                                    .bias = scores};
    flash_attention_begin(ROWS, 1, &state);
    for (int block = 0; block < ROWS / BLOCK; block++)
        for (int t = 0; t < TILES; t++) {
            float before[BLOCK];
            int moved = 0;
            for (int row = 0; row < BLOCK; row++)
                before[row] = m[block * BLOCK + row];
            flash_attention_tile tile = {block * BLOCK, BLOCK, t * KEYS, KEYS};
            flash_attention_tile_forward(&a, &o, tile, &state, weights);
            for (int row = 0; row < BLOCK; row++)
                if (m[block * BLOCK + row] != before[row]) {
                    r->moves[block * BLOCK + row]++;
                    r->at[t]++;
                    moved = 1;
                }
            r->blocks[block] += moved;
        }
    for (int row = 0; row < ROWS; row++)
        answers[i][row] /= flash_attention_sum(&state, row);
    free(zeros);
    free(v);
    free(m);
    free(l);
}

// z of a mean over n independent numbers.
static double
z_of(int n, const double *x, double expected)
{
    stats_estimate e = stats_mean(n, x);
    return (e.mean - expected) / e.error;
}

static void
claims(void)
{
    double harmonic = 0, blocks = 0, worst = 0;
    for (int t = 1; t <= TILES; t++) {
        harmonic += 1.0 / t;
        blocks += 1 - pow64(1 - 1.0 / t, BLOCK);
    }
    for (int i = 1; i < TAUS; i++)
        worst = fmax(worst, runs[i].error);
    claim_below("records-rows",
                "records: 4096 rows of 64 tiles, the number of moves less H_64, |z|", 4,
                fabs(z_of(ROWS, runs[0].moves, harmonic)),
                "Renyi 1962: records of exchangeable numbers", CHECK);
    claim_below(
        "records-blocks",
        "records: tiles of 64 rows in which one moves, less the sum of 1 - (1 - 1/t)^64, |z|", 4,
        fabs(z_of(ROWS / BLOCK, runs[0].blocks, blocks)), "independence of the rows", CHECK);
    claim_below("records-lazy", "records: the largest change of an answer by tau = 0.5, 1, 2 or 4",
                1e-5, worst, "algebra: any m gives the same quotient", CHECK);
    claim_below("records-skipped",
                "records, tau 4: tiles of 64, of a block of 64 rows, in which a row moves", 4,
                stats_mean(ROWS / BLOCK, runs[4].blocks).mean,
                "this chapter; FlashAttention-4 is reported to do so", FOUND);
}

void
flash_attention_figure_records(void)
{
    runs = memory_zeroed(TAUS, sizeof *runs, "runs");
    scores = memory_zeroed((long)ROWS * TILES * KEYS, sizeof *scores, "scores");
    rng r = rng_at(SEED, 0);
    rng_fill_normal(&r, (long)ROWS * TILES * KEYS, scores, 0, 1);
    for (int i = 0; i < TAUS; i++)
        answers[i] = memory_zeroed(ROWS, sizeof *answers[i], "answers");
    parallel_runs(TAUS, count, runs);
    for (int i = 0; i < TAUS; i++)
        for (int row = 0; row < ROWS; row++)
            runs[i].error = fmax(runs[i].error, fabs((double)answers[i][row] - answers[0][row]));

    table *t = program_table("records", "tile\texpected\ttau_0\ttau_0.5\ttau_1\ttau_2\ttau_4");
    for (int k = 0; k < TILES; k++)
        table_row(t, "idddddd", k + 1, 1.0 / (k + 1), runs[0].at[k] / ROWS, runs[1].at[k] / ROWS,
                  runs[2].at[k] / ROWS, runs[3].at[k] / ROWS, runs[4].at[k] / ROWS);
    table_close(t);
    t = program_table(
        "records-tau",
        "tau\tmoves_of_a_row\tstandard_error\ttiles_of_a_block\tblock_standard_error");
    for (int i = 0; i < TAUS; i++) {
        stats_estimate row = stats_mean(ROWS, runs[i].moves);
        stats_estimate block = stats_mean(ROWS / BLOCK, runs[i].blocks);
        table_row(t, "fdddd", taus[i], row.mean, row.error, block.mean, block.error);
    }
    table_close(t);
    claims();
    for (int i = 0; i < TAUS; i++)
        free(answers[i]);
    free(scores);
    free(runs);
}
