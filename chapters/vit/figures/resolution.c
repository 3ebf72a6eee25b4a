// Figure resolution: trained on 16 x 16 pixels, asked at 24 x 24 and 32 x 32. Either there are more patches, and their
// positions are interpolated, or the patches are larger, and their weights are resized.
#include "vit/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "vit/resize.h"

#include <math.h>
#include <string.h>

enum { SEED = 33, TESTS = 1000, ACROSS = 4, P = 4 };

static const int sides[] = {24, 32};
static const char *const ways[VIT_WAYS] = {
    "positions bicubic",      "positions bilinear",   "positions as a line",  "no positions",
    "weights pseudo-inverse", "weights as a picture", "weights over the gain"};

enum { BICUBIC, BILINEAR, LINE, NONE, PSEUDO_INVERSE, AS_PICTURE, OVER_GAIN };

static double
mean_norm(int rows, int D, const float *x)
{
    double sum = 0;
    for (int i = 0; i < rows; i++)
        sum += sqrt64(sumsq(D, x + i * D)) / rows;
    return sum;
}

// The model for pictures of side x side: more patches of the same size.
static vit
with_more_patches(const vit *m, int way, int side)
{
    vit other = *m;
    int D = m->c.D, n = side / P;
    other.c.H = other.c.W = side;
    other.positions = constant("positions", SHAPE(1 + n * n, D), NULL);
    float *to = other.positions->data;
    const float *from = m->positions->data;
    if (way == BICUBIC || way == BILINEAR)
        vit_resize_positions(way == BICUBIC ? VIT_CUBIC : VIT_LINEAR, 1, D, ACROSS, ACROSS, from, n,
                             n, to);
    else if (way == LINE) // as if the patches were a row of 16
        vit_resize_positions(VIT_LINEAR, 1, D, 1, ACROSS * ACROSS, from, 1, n * n, to);
    else
        memcpy(to, from, D * sizeof *to); // the class token's alone
    return other;
}

// The model for pictures of side x side: as many patches, of more pixels.
static vit
with_larger_patches(const vit *m, int way, int side)
{
    vit other = *m;
    int D = m->c.D, n = side / ACROSS;
    other.c.H = other.c.W = side;
    other.c.P = n;
    other.w_patch = constant("w_patch", SHAPE(D, 1, n, n), NULL);
    vit_resize_patches(way == PSEUDO_INVERSE ? VIT_PSEUDO_INVERSE
                       : way == AS_PICTURE   ? VIT_AS_PICTURE
                                             : VIT_OVER_GAIN,
                       D, P, m->w_patch->data, n, other.w_patch->data);
    return other;
}

void
vit_resolution_study(const vit *m, vit_resolution_result *result)
{
    int D = m->c.D;
    double old = mean_norm(ACROSS * ACROSS, D, m->positions->data + D);
    for (int k = 0; k < 2; k++) {
        glyphs_style style = glyphs_usual();
        style.side = sides[k];
        rng r = rng_at(SEED, k);
        vit_set test = vit_set_new(program_steps(TESTS, 100), &style, &r);
        int n = sides[k] / P;
        for (int way = 0; way < VIT_WAYS; way++) {
            vit_classifier c = {.tower = way <= NONE ? with_more_patches(m, way, sides[k])
                                                     : with_larger_patches(m, way, sides[k])};
            result->accuracy[k][way] = vit_set_accuracy(&c, &test);
            if (way <= BILINEAR)
                result->norm[k][way] = mean_norm(n * n, D, c.tower.positions->data + D) / old;
            tape_reset();
        }
        vit_set_free(&test);
    }
}

static double
mean_of(const vit_resolution_result all[VIT_SEEDS], int side, int way)
{
    double sum = 0;
    for (int i = 0; i < VIT_SEEDS; i++)
        sum += all[i].accuracy[side][way] / VIT_SEEDS;
    return sum;
}

void
vit_resolution(const vit_resolution_result all[VIT_SEEDS])
{
    table *t = program_table("resolution", "way\tseed\tat_24\tat_32");
    double shrunk = 1;
    for (int way = 0; way < VIT_WAYS; way++)
        for (int i = 0; i < VIT_SEEDS; i++)
            table_row(t, "sidd", ways[way], i, all[i].accuracy[0][way], all[i].accuracy[1][way]);
    table_close(t);
    t = program_table("resolution-means", "way\tat_24\tat_32");
    for (int way = 0; way < VIT_WAYS; way++)
        table_row(t, "sdd", ways[way], mean_of(all, 0, way), mean_of(all, 1, way));
    table_close(t);
    t = program_table("resolution-norms", "seed\tbicubic_24\tbilinear_24\tbicubic_32\tbilinear_32");
    for (int i = 0; i < VIT_SEEDS; i++) {
        table_row(t, "idddd", i, all[i].norm[0][0], all[i].norm[0][1], all[i].norm[1][0],
                  all[i].norm[1][1]);
        shrunk = fmin(shrunk, 1 - fmax(all[i].norm[1][0], all[i].norm[1][1]));
    }
    table_close(t);
    claim_above("resolution-weights",
                "at 32: resized weights (pseudo-inverse) less bicubic positions, mean accuracy",
                0.1, unless_quick(mean_of(all, 1, PSEUDO_INVERSE) - mean_of(all, 1, BICUBIC)),
                "this chapter: a larger patch sees the strokes that a small one saw", FOUND);
    claim_above(
        "resolution-picture",
        "at 32: weights by pseudo-inverse less resized as a picture, mean accuracy", 0.1,
        unless_quick(mean_of(all, 1, PSEUDO_INVERSE) - mean_of(all, 1, AS_PICTURE)),
        "Beyer et al. 2023, sec. 3: the pseudo-inverse keeps accuracy, plain resizing does not",
        REPRODUCED);
    claim_above(
        "resolution-grid", "at 32: bicubic positions less those resized as a line, mean accuracy",
        0.1, unless_quick(mean_of(all, 1, BICUBIC) - mean_of(all, 1, LINE)), "this chapter", FOUND);
    claim_above("resolution-shrinks", "interpolated positions are shorter, the least part of 6", 0,
                unless_quick(shrunk), "this chapter: a mean of vectors that differ", FOUND);
}
