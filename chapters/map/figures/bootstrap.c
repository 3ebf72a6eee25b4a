// How much of an AP is chance: 95 % intervals from resampled images against the number of images, and, since the data
// are made up and can be drawn again, how often such an interval holds the AP of very many images.
#include "files/fail.h"
#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "map/detector.h"
#include "map/figures/figures.h"
#include "map/map.h"
#include "map/report.h"
#include "map/uncertainty.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <stdlib.h>

enum {
    SEED = 21,            // of the samples of images, and of the very many images
    COVERAGE_SEED = 1000, // and the 200 seeds after it: of the data sets of the coverage
    SIZES = 7,            // numbers of images, from 1600 on halved
    SETS = 200            // data sets of 200 images
};

// AP of a data set of so many images, and two intervals from its resampled APs.
typedef struct {
    int images;
    double ap;
    map_interval percentile, reflected;
} sampled;

static sampled
bootstrapped(int images, int resamples, uint32_t seed)
{
    const map_rule rule = {.protocol = MAP_COCO};
    map_detector_plan plan = map_detector_small;
    plan.images = images;
    map_scored d = map_score(map_detector_scene(&plan, seed));
    double *ap = memory_zeroed(resamples, sizeof *ap, "resampled APs"), number[MAP_NUMBERS];
    int *weight = memory_zeroed(images, sizeof *weight, "weights of images");
    rng r = rng_at(SEED, seed);
    for (int i = 0; i < resamples; i++) {
        map_resample(images, &r, weight);
        ap[i] = map_resampled(&d.scene, &rule, &d.coco.rankings, weight);
    }
    map_coco_numbers(&d.coco, number);
    sampled result = {.images = images, .ap = number[MAP_AP]};
    result.percentile = map_bootstrap(resamples, ap, result.ap, false);
    result.reflected = map_bootstrap(resamples, ap, result.ap, true);
    free(ap);
    free(weight);
    map_scored_free(&d);
    return result;
}

// Runs 0 to SIZES - 1: one data set for each number of images, the most first. Then SETS of 200 images.
static int
images_of(int i)
{
    return i < SIZES ? program_steps(1600, 64) >> i : program_steps(200, 10);
}

static void
bootstrap_run(int i, void *context)
{
    sampled *all = context;
    uint32_t seed = i < SIZES ? MAP_DETECTOR_SEED : COVERAGE_SEED + i - SIZES;
    all[i] = bootstrapped(images_of(i), program_steps(400, 20), seed);
    progress_advance(images_of(i));
}

// The width of the reflected interval of the data set with so many images.
static double
width_with(const sampled sizes[SIZES], int images)
{
    for (int i = 0; i < SIZES; i++)
        if (sizes[i].images == images)
            return sizes[i].reflected.high - sizes[i].reflected.low;
    fail("bootstrap: no data set has %d images", images);
}

// `truth` is the AP of 40000 images: how far the APs of n sets lie above it, how many intervals hold it.
static void
bootstrap_claims(const sampled sizes[SIZES], int n, const sampled *set, double truth)
{
    double sum = 0, squares = 0, percentile = 0, reflected = 0;
    for (int i = 0; i < n; i++) {
        double above = set[i].ap - truth;
        sum += above;
        squares += above * above;
        percentile += set[i].percentile.low <= truth && truth <= set[i].percentile.high;
        reflected += set[i].reflected.low <= truth && truth <= set[i].reflected.high;
    }
    double variance = (squares - sum * sum / n) / (n - 1);
    double width =
        width_with(sizes, program_steps(100, 4)) / width_with(sizes, program_steps(1600, 64));
    table *t = program_table("bootstrap-bias", "quantity\tvalue");
    table_row(t, "sd", "ap_of_40000", truth);
    table_row(t, "sd", "bias", sum / n);
    table_row(t, "sd", "standard_deviation", sqrt64(variance));
    table_close(t);
    claim_near("bootstrap-width", "interval of 100 images over that of 1600", 4,
               unless_quick(width), 1, "1 / sqrt(N)", REPRODUCED);
    claim_above("bootstrap-bias", "AP of 200 images less AP of 40000: mean of 200, standard errors",
                4, unless_quick(sum / n / sqrt64(variance / n)), "the envelope is a maximum",
                REPRODUCED);
    claim_near("bootstrap-percentile", "200 images: part of 200 percentile intervals that hold it",
               0.95, unless_quick(percentile / n), 4 * sqrt64(0.95 * 0.05 / SETS),
               "nominal, 4 standard errors", NOT_AT_THIS_SCALE);
    claim_above("bootstrap-reflected",
                "200 images: part of 200 reflected intervals that hold it, less that",
                4 * sqrt64(0.25 / SETS), unless_quick((reflected - percentile) / n),
                "4 standard errors", REPRODUCED);
    claim_near("bootstrap-coverage", "200 images: part of 200 reflected intervals that hold it",
               0.95, unless_quick(reflected / n), 4 * sqrt64(0.95 * 0.05 / SETS),
               "nominal, 4 standard errors", NOT_AT_THIS_SCALE);
}

// AP of very many images.
static double
ap_of_many(void)
{
    map_detector_plan plan = map_detector_small;
    plan.images = program_steps(40000, 100);
    map_scored d = map_score(map_detector_scene(&plan, SEED));
    double number[MAP_NUMBERS];
    map_coco_numbers(&d.coco, number);
    map_scored_free(&d);
    return number[MAP_AP];
}

// The interval against the number of images, and how often it holds the AP of very many.
void
map_figure_bootstrap(void)
{
    static sampled all[SIZES + SETS];
    int sets = program_steps(SETS, 4);
    double truth = ap_of_many();
    for (int i = 0; i < SIZES + sets; i++)
        progress_expect(images_of(i));
    parallel_runs(SIZES + sets, bootstrap_run, all);
    table *t = program_table("bootstrap", "images\tap\tlow\thigh\tpercentile_low\tpercentile_high\t"
                                          "ap_of_many");
    for (int i = SIZES - 1; i >= 0; i--)
        table_row(t, "idddddd", all[i].images, all[i].ap, all[i].reflected.low,
                  all[i].reflected.high, all[i].percentile.low, all[i].percentile.high, truth);
    table_close(t);
    bootstrap_claims(all, sets, all + SIZES, truth);
}
