// The chapter's experiments: one function for each figure, each with its own seed.
#include "files/fail.h"
#include "files/file.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/training.h"
#include "map/cases.h"
#include "map/detector.h"
#include "map/reading.h"
#include "map/report.h"
#include "map/tool.h"
#include "map/uncertainty.h"
#include "map/worked_example.h"
#include "map/writing.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SCENE_SEED = 7,      // of the 200 images that most figures use
    TIES_SEED = 11,      // of the random orders
    SAMPLE_SEED = 21,    // of the samples of images
    COVERAGE_SEED = 1000 // and the 200 seeds after it, of the data sets of the coverage
};

// The chapter's data set, scored.
static map_scored
small_scene(void)
{
    return report_score(detector_scene(&detector_small, SCENE_SEED));
}

// ---- The worked example ----

// AP of the worked example at this IoU: 11 points, all points, 101 points.
static void
worked_ap(const map_scene *s, const map_index *x, double threshold, double plus, double ap[3],
          map_curve *c)
{
    map_entry list[32];
    double precision[MAP_R];
    int n = map_voc_rank(s, x, 0, NULL, threshold, plus, list);
    c->positives = map_voc_positives(s, x, 0);
    map_curve_of(n, list, NULL, 0, 0, n, c);
    ap[0] = map_ap_voc07(c);
    ap[1] = map_ap_voc10(c);
    ap[2] = map_ap_coco(c, precision);
}

static void
worked_claims(const map_scene *s, const map_index *x, const double ap[3])
{
    int hits[32], seen[32];
    map_curve c = {.hits = hits, .seen = seen};
    double half[3], inclusive[3];
    worked_ap(s, x, 0.5, 1, half, &c);
    worked_ap(s, x, 0.3, 0, inclusive, &c); // corners x and x + w - 1: as many pixels as w
    const map_rule rule = {MAP_VOC07, 0.3, 1};
    map_tied ties = map_ties(s, x, 0, &rule, 1000, NULL);
    const char *published = "R. Padilla's example";
    claim_near("worked-11", "worked example, IoU .3, corners x + w, + 1: AP of 11 points",
               0.2683982684, ap[0], 5e-11, published, REPRODUCED);
    claim_near("worked-all", "worked example, IoU .3, corners x + w, + 1: AP of all points",
               0.2456866805, ap[1], 5e-11, published, REPRODUCED);
    claim_near("worked-101", "worked example, IoU .3, corners x + w, + 1: AP of 101 points",
               0.2481602197, ap[2], 5e-11, "exact arithmetic", REPRODUCED);
    claim_near("worked-half", "worked example, IoU .5: AP of 11 points is 1/33", 1.0 / 33, half[0],
               1e-12, "exact arithmetic", REPRODUCED);
    claim_near("worked-half-all", "worked example, IoU .5: AP of all points is 1/45", 1.0 / 45,
               half[1], 1e-12, "exact arithmetic", REPRODUCED);
    claim_near("worked-half-101", "worked example, IoU .5: AP of 101 points is 7/303", 7.0 / 303,
               half[2], 1e-12, "exact arithmetic", REPRODUCED);
    claim_near("worked-corners", "worked example, IoU .3, last pixel x + w - 1: AP of all points",
               0.2253968254, inclusive[1], 5e-11, "exact arithmetic", REPRODUCED);
    claim_near("worked-lowest", "worked example: the lowest 11-point AP over 8 orders is 5/21",
               5.0 / 21, ties.lowest, 1e-12, "exact arithmetic", REPRODUCED);
    claim_near("worked-expected", "worked example: the mean 11-point AP over 8 orders is 39/154",
               39.0 / 154, ties.expected, 1e-12, "exact arithmetic", REPRODUCED);
    claim_near("worked-luckiest", "worked example: the published value is the highest of 8 orders",
               ap[0], ties.highest, 0, "exact arithmetic", REPRODUCED);
}

// The list of the 24 detections, the curve, and the points at which three protocols read it.
static void
worked_example(void)
{
    map_scene s = worked_scene();
    map_index x = map_index_new(&s);
    map_entry list[32];
    int hits[32], seen[32], n = map_voc_rank(&s, &x, 0, NULL, 0.3, 1, list);
    map_curve c = {.hits = hits, .seen = seen};
    double ap[3], precision[MAP_R];
    worked_ap(&s, &x, 0.3, 1, ap, &c);
    table *t = program_table("worked-example", "rank\timage\tscore\thit\thits\tprecision\trecall");
    for (int i = 0, found = 0; i < n; i++) {
        found += list[i].hit[0];
        table_row(t, "iidiidd", i + 1, s.detections[list[i].detection].image + 1, list[i].score,
                  list[i].hit[0], found, found / (i + 1.0), (double)found / c.positives);
    }
    table_close(t);
    map_ap_coco(&c, precision);
    t = program_table("worked-example-101", "recall\tprecision");
    for (int r = 0; r < MAP_R; r++)
        table_row(t, "dd", r * 0.01, precision[r]);
    table_close(t);
    // The envelope: up to the recall of each hit it has one height.
    t = program_table("worked-example-envelope", "recall\tprecision");
    double top[32] = {0};
    for (int i = c.n - 1; i >= 0; i--) {
        double here = (double)c.hits[i] / c.seen[i];
        top[i] = here > top[i + 1] ? here : top[i + 1];
    }
    table_row(t, "dd", 0.0, top[0]);
    for (int i = 0; i < c.n; i++)
        table_row(t, "dd", (double)c.hits[i] / c.positives, top[i]);
    table_row(t, "dd", 1.0, 0.0);
    table_close(t);
    worked_claims(&s, &x, ap);
    map_index_free(&x);
    free(s.truths);
    free(s.detections);
}

// ---- Curves ----

// Precision against recall at every threshold. The data set is published beside it.
static void
pr_fan(void)
{
    map_scored d = small_scene();
    report_pr_fan(&d);
    write_table_truths(&d.scene, program_path("scene-gt.tsv"));
    write_table_detections(&d.scene, program_path("scene-dt.tsv"));
    report_free(&d);
}

// AP at every threshold under three protocols.
static void
ap_iou(void)
{
    map_scored d = small_scene();
    double voc[2], precision[MAP_R], coco[MAP_T], fall = 1;
    report_ap_iou(&d, 1);
    report_voc(&d, 0.5, 1, voc);
    for (int t = 0; t < MAP_T; t++) {
        report_mean_precision(&d.coco, t, precision);
        coco[t] = map_mean(MAP_R, 1, precision);
        if (t && coco[t - 1] - coco[t] < fall)
            fall = coco[t - 1] - coco[t];
    }
    claim_below("ap-iou-protocols", "IoU .5: COCO's 101 points less VOC 2010's, size", 0.01,
                fabs(coco[0] - voc[1]), "both sample the same curve", REPRODUCED);
    claim_above("ap-iou-falls", "AP falls with every threshold: its smallest fall", 0, fall,
                "a stricter threshold has no more hits", REPRODUCED);
    report_free(&d);
}

// ---- One image ----

// The first image with a crowd that is not small, a missed object and a sure false detection: its boxes and
// what became of them.
static void
scene(void)
{
    map_scored d = small_scene();
    const map_scene *s = &d.scene;
    map_reason *reason = report_coco_reasons(&d);
    bool *found = map_memory(s->G, sizeof *found), *wanted = map_memory(3 * s->N, sizeof *wanted);
    for (int i = 0; i < s->D; i++) {
        if (reason[i].verdict == MAP_TRUE)
            found[reason[i].truth] = true;
        if (reason[i].verdict == MAP_FALSE && s->detections[i].score > 0.5)
            wanted[3 * s->detections[i].image] = true;
    }
    for (int g = 0; g < s->G; g++) {
        const map_truth *b = &s->truths[g];
        if (b->crowd ? b->area > map_range[1][1] : !found[g])
            wanted[3 * b->image + (b->crowd ? 1 : 2)] = true;
    }
    int image = 0;
    while (image < s->N && !(wanted[3 * image] && wanted[3 * image + 1] && wanted[3 * image + 2]))
        image++;
    table *t = program_table("scene", "kind\tclass\tx\ty\tw\th\tscore\tiou\twhy");
    for (int g = 0; g < s->G; g++)
        if (s->truths[g].image == image) {
            const map_truth *b = &s->truths[g];
            table_row(t, "sidddddds",
                      b->crowd   ? "crowd"
                      : found[g] ? "found"
                                 : "missed",
                      b->class + 1, b->box.x, b->box.y, b->box.w, b->box.h, NAN, NAN, "");
        }
    for (int i = 0; i < s->D; i++)
        if (s->detections[i].image == image && s->detections[i].score >= 0.2) {
            const map_detection *b = &s->detections[i];
            table_row(t, "sidddddds", map_verdict_word[reason[i].verdict], b->class + 1, b->box.x,
                      b->box.y, b->box.w, b->box.h, b->score, reason[i].iou, reason[i].why);
        }
    table_close(t);
    free(reason);
    free(found);
    free(wanted);
    report_free(&d);
}

// ---- Ties ----

enum { DECIMALS = 4, RULES = 3 };

static const map_rule rules[RULES] = {{MAP_VOC07, 0.5, 1}, {MAP_VOC10, 0.5, 1}, {MAP_COCO, 0, 0}};

// Run i: decimals i / RULES + 1 under rule i % RULES.
static void
tied_scores(int i, void *context)
{
    detector_plan plan = detector_small;
    plan.decimals = i / RULES + 1;
    map_scene s = detector_scene(&plan, SCENE_SEED);
    map_index x = map_index_new(&s);
    map_tied class[16];
    for (int k = 0; k < s.K; k++) {
        rng r = rng_at(TIES_SEED, i * s.K + k);
        class[k] = map_ties(&s, &x, k, &rules[i % RULES], program_steps(200, 4), &r);
        progress_advance(1);
    }
    ((map_tied *)context)[i] = map_tied_mean(s.K, class);
    map_index_free(&x);
    free(s.truths);
    free(s.detections);
}

// The same detections with scores rounded to 1 to 4 decimals: AP over the orders of equal scores.
static void
ties(void)
{
    static const char *const names[] = {"voc07", "voc10", "coco"};
    map_tied mean[DECIMALS * RULES];
    progress_expect(DECIMALS * RULES * detector_small.classes);
    parallel_runs(DECIMALS * RULES, tied_scores, mean);
    table *t = program_table(
        "ties", "decimals\tprotocol\tlowest\texpected\thighest\tstandard_error\tfile_order");
    for (int i = 0; i < DECIMALS * RULES; i++)
        table_row(t, "isddddd", i / RULES + 1, names[i % RULES], mean[i].lowest, mean[i].expected,
                  mean[i].highest, mean[i].error, mean[i].score);
    table_close(t);
    claim_above("ties-one", "scores of 1 decimal: highest less lowest COCO AP, above a point", 0.01,
                unless_quick(mean[2].highest - mean[2].lowest), "constructed orders", REPRODUCED);
    claim_below("ties-three", "scores of 3 decimals: the same, below a tenth of a point", 0.001,
                unless_quick(mean[2 * RULES + 2].highest - mean[2 * RULES + 2].lowest),
                "constructed orders", REPRODUCED);
}

// ---- Sizes ----

// COCO's AP in range a if ground truths outside it are left out, and `both`: detections, too.
static double
filtered_ap(const map_scene *all, int a, bool both)
{
    map_scene s = *all;
    s.truths = map_memory(s.G, sizeof *s.truths);
    s.detections = map_memory(s.D, sizeof *s.detections);
    s.G = s.D = 0;
    for (int g = 0; g < all->G; g++)
        if (!map_coco_ignores(all, &all->truths[g], a))
            s.truths[s.G++] = all->truths[g];
    for (int d = 0; d < all->D; d++) {
        double area = all->detections[d].box.w * all->detections[d].box.h;
        if (!both || (area >= map_range[a][0] && area <= map_range[a][1]))
            s.detections[s.D++] = all->detections[d];
    }
    map_scored d = report_score(s);
    double number[MAP_NUMBERS];
    map_coco_numbers(&d.coco, number);
    report_free(&d);
    return number[0];
}

// AP by range of areas: by COCO's rule, and by two that come to mind first.
static void
sizes(void)
{
    static const char *const names[] = {"all", "small", "medium", "large"};
    map_scored d = small_scene();
    double number[MAP_NUMBERS], filtered[MAP_A][2];
    map_coco_numbers(&d.coco, number);
    table *t =
        program_table("sizes", "area\tground_truths\tap\tap_truths_filtered\tap_both_filtered\t"
                               "ar100");
    for (int a = 0; a < MAP_A; a++) {
        int positives = 0;
        for (int k = 0; k < d.scene.K; k++)
            positives += d.coco.positives[k * MAP_A + a];
        for (int both = 0; both < 2; both++)
            filtered[a][both] = filtered_ap(&d.scene, a, both);
        table_row(t, "sidddd", names[a], positives, number[a ? 2 + a : 0], filtered[a][0],
                  filtered[a][1], number[a ? 8 + a : 8]);
    }
    table_close(t);
    claim_above("sizes-small", "AP of medium less AP of small objects", 0, number[4] - number[3],
                "the detector is made so", REPRODUCED);
    claim_above("sizes-large", "AP of large less AP of medium objects", 0, number[5] - number[4],
                "the detector is made so", REPRODUCED);
    claim_above("sizes-ignored", "large: COCO's AP less that with only ground truths filtered",
                0.05, number[5] - filtered[3][0], "hits on other sizes count as false", REPRODUCED);
    report_free(&d);
}

// ---- Calibration ----

// How often a score of s is right; and that a strictly increasing map of the scores leaves AP as it is.
static void
calibration(void)
{
    map_scored d = small_scene();
    double before[MAP_NUMBERS], after[MAP_NUMBERS], error = report_calibration(&d);
    int n[10];
    double score[10], part[10];
    map_coco_numbers(&d.coco, before);
    map_scene cubed = d.scene;
    cubed.detections = map_memory(cubed.D, sizeof *cubed.detections);
    for (int i = 0; i < cubed.D; i++) {
        double p = d.scene.detections[i].score;
        cubed.detections[i] = d.scene.detections[i];
        cubed.detections[i].score = p * p * p;
    }
    map_coco c = map_coco_evaluate(&cubed, &d.index);
    map_coco_numbers(&c, after);
    double cubed_error = map_calibration(&cubed, &c.lists, 10, n, score, part);
    claim_above("ece", "expected calibration error at IoU .5, 10 bins", 0.05, error,
                "the detector is made so", REPRODUCED);
    claim_above("ece-cubed", "by how much it grows when every score is cubed", 0.01,
                cubed_error - error, "high scores were too low already", REPRODUCED);
    claim_near("ece-ap", "AP after every score is cubed, less AP before", 0, after[0] - before[0],
               0, "only the order of scores matters", REPRODUCED);
    map_coco_free(&c);
    free(cubed.detections);
    report_free(&d);
}

// ---- Chance ----

// AP of a data set of this many images, and two intervals from its resampled APs.
typedef struct {
    double ap;
    map_interval percentile, reflected;
} sampled;

static sampled
bootstrapped(int images, int resamples, uint32_t seed)
{
    const map_rule rule = {.protocol = MAP_COCO};
    detector_plan plan = detector_small;
    plan.images = images;
    map_scored d = report_score(detector_scene(&plan, seed));
    double *ap = map_memory(resamples, sizeof *ap), number[MAP_NUMBERS];
    int *weight = map_memory(images, sizeof *weight);
    rng r = rng_at(SAMPLE_SEED, seed);
    for (int i = 0; i < resamples; i++) {
        map_resample(images, &r, weight);
        ap[i] = map_resampled(&d.scene, &rule, &d.coco.lists, weight);
    }
    map_coco_numbers(&d.coco, number);
    sampled result = {number[0], map_bootstrap(resamples, ap, number[0], false),
                      map_bootstrap(resamples, ap, number[0], true)};
    free(ap);
    free(weight);
    report_free(&d);
    return result;
}

enum { SIZES = 7, SETS = 200 };

// Runs 0 to SIZES - 1: one data set for each number of images, the most first. Then SETS of 200 images.
static void
bootstrap_run(int i, void *context)
{
    int images = i < SIZES ? program_steps(1600, 64) >> i : program_steps(200, 10);
    uint32_t seed = i < SIZES ? SCENE_SEED : COVERAGE_SEED + i - SIZES;
    ((sampled *)context)[i] = bootstrapped(images, program_steps(400, 20), seed);
    progress_advance(images);
}

// `truth` is the AP of 40000 images: how far the APs of n sets lie above it, how many intervals hold it.
static void
bootstrap_claims(const sampled *sizes, int n, const sampled *set, double truth)
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
    double width = (sizes[4].reflected.high - sizes[4].reflected.low) /
                   (sizes[0].reflected.high - sizes[0].reflected.low);
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

// The interval against the number of images, and how often it holds the AP of very many.
static void
bootstrap(void)
{
    static sampled all[SIZES + SETS];
    int sets = program_steps(SETS, 4);
    detector_plan plan = detector_small;
    plan.images = program_steps(40000, 100);
    map_scored many = report_score(detector_scene(&plan, SAMPLE_SEED));
    double number[MAP_NUMBERS];
    map_coco_numbers(&many.coco, number);
    report_free(&many);
    progress_expect(3200 + 200 * SETS);
    parallel_runs(SIZES + sets, bootstrap_run, all);
    table *t = program_table("bootstrap", "images\tap\tlow\thigh\tpercentile_low\tpercentile_high\t"
                                          "ap_of_many");
    for (int i = SIZES - 1; i >= 0; i--)
        table_row(t, "idddddd", program_steps(1600, 64) >> i, all[i].ap, all[i].reflected.low,
                  all[i].reflected.high, all[i].percentile.low, all[i].percentile.high, number[0]);
    table_close(t);
    bootstrap_claims(all, sets, all + SIZES, number[0]);
}

// ---- Cost ----

static double
processor_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void
read_both(map_data *data, const char *truths, const char *detections)
{
    size_t size;
    char *bytes = file_read(truths, &size);
    data_read_truths(data, bytes, size, truths);
    free(bytes);
    bytes = file_read(detections, &size);
    data_read_detections(data, bytes, size, detections);
    free(bytes);
    data_sort(data);
}

// Processor time of reading COCO's JSON and of evaluating against the number of detections: 80 classes, 100
// detections an image.
static void
cost(void)
{
    table *t = program_table("cost.timing", "detections\tread_seconds\tevaluate_seconds");
    for (int images = 10; images <= program_steps(5120, 20); images *= 2) {
        char truths[1024], detections[1024];
        detector_plan plan = detector_large;
        plan.images = images;
        map_scene s = detector_scene(&plan, SCENE_SEED);
        snprintf(truths, sizeof truths, "%s", program_path("cost-gt.json"));
        snprintf(detections, sizeof detections, "%s", program_path("cost-dt.json"));
        fail_unfinished(truths);
        fail_unfinished(detections);
        write_json_truths(&s, truths);
        write_json_detections(&s, detections);
        map_data data = {0};
        double start = processor_seconds();
        read_both(&data, truths, detections);
        double read = processor_seconds();
        map_index x = map_index_new(&data.scene);
        map_coco c = map_coco_evaluate(&data.scene, &x);
        table_row(t, "idd", s.D, read - start, processor_seconds() - read);
        map_coco_free(&c);
        map_index_free(&x);
        data_free(&data);
        remove(truths);
        remove(detections);
        fail_finished(truths);
        fail_finished(detections);
        free(s.truths);
        free(s.detections);
    }
    table_close(t);
}

// ---- The reader's own files ----

static tool_options own;

static void
own_scores(void)
{
    tool_run(&own);
}

int
main(int argc, char **argv)
{
    const char *orders = NULL, *resamples = NULL, *open = NULL, *strict = NULL, *numbers = NULL,
               *arrays = NULL;
    const program_option options[] = {
        {"--gt", "FILE", "score: ground truths, COCO's JSON or a table", &own.truths},
        {"--dt", "FILE", "score: detections, COCO's results or a table", &own.detections},
        {"--strict-coco", "", "pycocotools' numbers also where it is mistaken", &strict},
        {"--open", "", "VOC without + 1: pixels at x + w lie outside", &open},
        {"--numbers", "", "the scores only: no ties, intervals, audit, figures", &numbers},
        {"--arrays", "", "precision.npy and recall.npy, as pycocotools has them", &arrays},
        {"--orders", "N", "random orders of ties (20)", &orders},
        {"--resamples", "N", "resamples of the images (200)", &resamples},
        {0}};
    const program_figure contents[] = {{"worked-example", worked_example, 0.1},
                                       {"pr-fan", pr_fan, 0.1},
                                       {"ap-iou", ap_iou, 0.1},
                                       {"scene", scene, 0.1},
                                       {"ties", ties, 2},
                                       {"sizes", sizes, 0.1},
                                       {"calibration", calibration, 0.1},
                                       {"bootstrap", bootstrap, 8},
                                       {"cost", cost, 5},
                                       {0}};
    const program_figure reader[] = {{"scores", own_scores, 1}, {0}};
    program_begin("map", options, argc, argv);
    if (own.truths || own.detections) {
        if (!own.truths || !own.detections)
            fail("--gt and --dt belong together: the ground truths and the detections");
        own.orders = tool_count("--orders", orders, numbers ? 0 : 20);
        own.resamples = tool_count("--resamples", resamples, numbers ? 0 : 200);
        own.plus = open ? 0 : 1;
        own.strict = strict;
        own.numbers = numbers;
        own.arrays = arrays;
        program_own_data("own");
        program_run(NULL, reader);
    } else
        program_run(map_cases, contents);
    return program_end(claims_report());
}
