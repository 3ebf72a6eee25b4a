// Figure same-bits: which outputs change when the tiles do, with the running maximum and with a power of two as
// reference; and what is left to differ when the maximum is known beforehand: nothing.
#include "flash_attention/figures/figures.h"

#include "files/memory.h"
#include "files/table.h"
#include "flash_attention/exact.h"
#include "flash_attention/flash_attention.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEED = 73, N = 1000, GIVEN = 100, D = 64, SIZE = N * D, TILES = 7, SCALES = 5 };

static const int tiles[TILES][2] = {{64, 64}, {64, 32}, {7, 33}, {128, 256},
                                    {500, 1}, {1, 64},  {96, 64}};
static const float scales[SCALES] = {1, 4, 16, 64, 400}; // of the scores

// One scale of the scores: outputs of every tile that differ from those of 64 x 64.
typedef struct {
    int maximum[TILES], power[TILES];
    int gradients; // of dq, dk, dv, with the power of two, that differ for any tile
    int given;     // of the undivided o, with each row's maximum given, that differ from one chain
    double error[2]; // of the running maximum's and of the power of two's outputs, against double
} bits_run;

typedef struct {
    flash_attention_head a;
    float *x, *room, *L; // q, k, v; what the tiles need; (N)
} bits_inputs;

static bits_inputs
inputs_of(float scale)
{
    bits_inputs in;
    rng r = rng_at(SEED, 0);
    in.x = memory_zeroed(3 * SIZE, sizeof(float), "inputs");
    in.L = memory_zeroed(N, sizeof(float), "L");
    const flash_attention_options largest = {.rows = 500, .columns = 256};
    in.room =
        memory_zeroed(flash_attention_backward_room(N, N, D, &largest), sizeof(float), "room");
    rng_fill_normal(&r, 3 * SIZE, in.x, 0, 1);
    for (int i = 0; i < SIZE; i++)
        in.x[i] *= scale;
    in.a = (flash_attention_head){
        .T = N, .S = N, .d = D, .row = D, .q = in.x, .k = in.x + SIZE, .v = in.x + 2 * SIZE};
    return in;
}

static int
differences(long n, const float *x, const float *y)
{
    int different = 0;
    for (long i = 0; i < n; i++)
        different += bits32(x[i]) != bits32(y[i]);
    return different;
}

// Outputs for every tile beside those of the first; returns the error of the first.
static double
compare_tiles(const bits_inputs *in, bool power_of_two, const double *exact, int different[TILES])
{
    float *out = memory_zeroed(2 * SIZE, sizeof *out, "outputs");
    double error = 0;
    for (int i = 0; i < TILES; i++) {
        const flash_attention_options o = {
            .rows = tiles[i][0], .columns = tiles[i][1], .power_of_two = power_of_two};
        float *at = i ? out + SIZE : out;
        flash_attention_head_forward(&in->a, &o, in->room, at, in->L);
        different[i] = differences(SIZE, out, at);
        if (i == 0)
            error = flash_attention_relative_error(&in->a, out, exact);
    }
    free(out);
    return error;
}

static int
compare_gradients(const bits_inputs *in)
{
    float *out = memory_zeroed(8 * SIZE, sizeof *out, "gradients"), *dout = out + SIZE;
    int different = 0;
    rng r = rng_at(SEED, 1);
    rng_fill_normal(&r, SIZE, dout, 0, 1);
    for (int i = 0; i < 4; i++) {
        const flash_attention_options o = {
            .rows = tiles[i][0], .columns = tiles[i][1], .power_of_two = true};
        float *d = out + (i ? 5 : 2) * SIZE;
        for (int k = 0; k < 3 * SIZE; k++)
            d[k] = 0;
        const flash_attention_gradients g = {.dq = d, .dk = d + SIZE, .dv = d + 2 * SIZE};
        flash_attention_head_forward(&in->a, &o, in->room, out, in->L);
        flash_attention_head_backward(&in->a, &o, in->room, out, dout, in->L, &g);
        different += i ? differences(3 * SIZE, out + 2 * SIZE, d) : 0;
    }
    free(out);
    return different;
}

// With m given and at rest, for the first queries: o of tiles of 64 x 32 and of 7 x 33, beside one chain of fma over
// all keys of e^(a - m) v.
static int
compare_given(const bits_inputs *in)
{
    const flash_attention_options o = {.lazy = INFINITY};
    float *m = memory_zeroed(GIVEN, sizeof *m, "m"),
          *out = memory_zeroed(2 * GIVEN * D, sizeof *out, "o");
    float *l = memory_zeroed(GIVEN * FLASH_ATTENTION_LANES, sizeof *l, "l"), weights[64 * 33];
    float *chain = out + GIVEN * D;
    int different = 0;
    flash_attention_state state = {m, l, chain, D};
    flash_attention_begin(GIVEN, D, &state);
    const flash_attention_options running = {0};
    for (int t = 0; t < GIVEN; t++) // key by key: m ends as the row's maximum
        for (int s = 0; s < N; s++)
            flash_attention_tile_forward(&in->a, &running, (flash_attention_tile){t, 1, s, 1},
                                         &state, weights);
    for (int i = 0; i < GIVEN * D; i++)
        chain[i] = 0;
    for (int t = 0; t < GIVEN; t++)
        for (int s = 0; s < N; s++) {
            float one_m = -INFINITY, one_l[FLASH_ATTENTION_LANES] = {0}, none[D] = {0}, ignored;
            flash_attention_head row = in->a;
            row.q += t * D;
            flash_attention_state one = {&one_m, one_l, none, D};
            flash_attention_tile_forward(&row, &running, (flash_attention_tile){0, 1, s, 1}, &one,
                                         &ignored);
            float weight = exp32(one_m - m[t]);
            for (int c = 0; c < D; c++)
                chain[t * D + c] = fma32(weight, in->a.v[s * D + c], chain[t * D + c]);
        }
    state.o = out;
    for (int i = 1; i < 3; i++) {
        for (int k = 0; k < GIVEN * D; k++)
            out[k] = 0;
        for (int t = 0; t < GIVEN; t += tiles[i][0])
            for (int s = 0; s < N; s += tiles[i][1]) {
                int rows = GIVEN - t < tiles[i][0] ? GIVEN - t : tiles[i][0];
                int columns = N - s < tiles[i][1] ? N - s : tiles[i][1];
                flash_attention_tile_forward(
                    &in->a, &o, (flash_attention_tile){t, rows, s, columns}, &state, weights);
            }
        different += differences(GIVEN * D, out, chain);
    }
    free(m);
    free(out);
    free(l);
    return different;
}

static void
run(int i, void *context)
{
    bits_run *r = (bits_run *)context + i;
    bits_inputs in = inputs_of(scales[i]);
    double *exact = memory_zeroed(SIZE, sizeof *exact, "exact");
    flash_attention_exact(&in.a, FLASH_ATTENTION_ALL, exact);
    r->error[0] = compare_tiles(&in, false, exact, r->maximum);
    r->error[1] = compare_tiles(&in, true, exact, r->power);
    r->gradients = compare_gradients(&in);
    r->given = compare_given(&in);
    free(exact);
    free(in.x);
    free(in.room);
    free(in.L);
}

static void
claims(const bits_run *runs)
{
    int power = 0, rows = 0, given = 0, gradients = 0;
    double worst = 0;
    for (int i = 0; i < SCALES; i++) {
        for (int k = 0; k < TILES; k++)
            power += runs[i].power[k];
        rows += runs[i].maximum[5] + runs[i].maximum[6]; // 1 x 64 and 96 x 64
        given += runs[i].given;
        gradients += runs[i].gradients;
        worst = fmax(worst, runs[i].error[1] / runs[i].error[0]);
    }
    claim_near("bits-power", "same bits: power of two, outputs of all tiles and scales that differ",
               0, power, 0, "products with powers of two are exact", CHECK);
    claim_near("bits-gradients", "same bits: power of two, gradients of 4 tiles that differ", 0,
               gradients, 0, "the same L, and chains that go on", CHECK);
    claim_near("bits-rows", "same bits: running maximum, outputs that differ where only Br does", 0,
               rows, 0, "a row does not know of the others", CHECK);
    claim_near("bits-given", "same bits: o with the maximum given, that differ from one chain", 0,
               given, 0, "the product is one fma chain, continued", CHECK);
    claim_above("bits-maximum",
                "same bits: running maximum, scale 1, the part that 32 in place of 64 keys changes",
                0.25, runs[0].maximum[1] / (double)SIZE, "this chapter", FOUND);
    claim_below("bits-price",
                "same bits: error of the power of two over that of the maximum, the worst scale",
                1.25, worst, "this chapter", FOUND);
}

void
flash_attention_figure_same_bits(void)
{
    bits_run runs[SCALES] = {0};
    parallel_runs(SCALES, run, runs);
    table *t = program_table("same-bits", "id\tscale\ttile\tmaximum_part\tpower_part");
    for (int i = 0; i < SCALES; i++)
        for (int k = 1; k < TILES; k++) {
            char tile[32], id[64];
            snprintf(tile, sizeof tile, "%dx%d", tiles[k][0], tiles[k][1]);
            snprintf(id, sizeof id, "%g_%s", scales[i], tile);
            table_row(t, "sfsdd", id, scales[i], tile, runs[i].maximum[k] / (double)SIZE,
                      runs[i].power[k] / (double)SIZE);
        }
    table_close(t);
    t = program_table("same-bits-errors", "scale\tmaximum\tpower_of_two");
    for (int i = 0; i < SCALES; i++)
        table_row(t, "fdd", scales[i], runs[i].error[0], runs[i].error[1]);
    table_close(t);
    claims(runs);
}
