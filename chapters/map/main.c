// Chapter map: mean average precision, to the last digit. The table of contents of its program, which is also a tool
// that scores the reader's own detections.
#include "files/fail.h"
#include "files/standard.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "map/cases.h"
#include "map/figures/figures.h"
#include "map/tool.h"

#include <string.h>

static map_tool_options own;

// The values of the tool's options, as they were given.
static struct {
    const char *orders, *resamples, *score, *thresholds, *areas, *size;
    const char *open, *strict, *numbers, *arrays, *json;
} given;

static void
score_own(void)
{
    map_tool_run(&own);
}

// What the options mean.
static void
read_given(map_asked *asked)
{
    if (!own.truths || !own.detections)
        fail("--gt and --dt belong together: the ground truths and the detections");
    own.orders = program_whole("--orders", given.orders, 0, 100000, given.numbers ? 0 : 20);
    own.resamples =
        program_whole("--resamples", given.resamples, 0, 100000, given.numbers ? 0 : 200);
    own.score = map_tool_number("--score", given.score);
    own.plus = given.open ? 0 : 1;
    own.strict = given.strict;
    own.numbers = given.numbers;
    own.arrays = given.arrays;
    own.json = given.json;
    map_tool_size(given.size, own.pixels);
    if (map_tool_asked(given.thresholds, given.areas, asked))
        own.asked = asked;
}

int
main(int argc, char **argv)
{
    const program_option options[] = {
        {"--gt", "FILE", "score: ground truths, COCO's JSON, a table or a folder", &own.truths},
        {"--dt", "FILE", "score: detections", &own.detections},
        {"--score", "S", "precision and recall at this score", &given.score},
        {"--thresholds", "LIST", "of IoU", &given.thresholds},
        {"--areas", "A,B", "the ends of small and medium", &given.areas},
        {"--size", "WxH", "of the images, for YOLO's folders", &given.size},
        {"--strict-coco", "", "pycocotools' numbers also where it is mistaken", &given.strict},
        {"--open", "", "VOC without + 1", &given.open},
        {"--numbers", "", "the scores only", &given.numbers},
        {"--json", "", "scores.json", &given.json},
        {"--arrays", "", "precision.npy and recall.npy", &given.arrays},
        {"--orders", "N", "random orders of ties (20)", &given.orders},
        {"--resamples", "N", "resamples of the images (200)", &given.resamples},
        {0}};
    const program_figure contents[] = {{"one-image", map_figure_one_image, 0.1},
                                       {"worked-example", map_figure_worked_example, 0.1},
                                       {"rules", map_figure_rules, 0.1},
                                       {"pr-fan", map_figure_pr_fan, 0.1},
                                       {"ap-iou", map_figure_ap_iou, 0.1},
                                       {"scene", map_figure_scene, 0.1},
                                       {"ties", map_figure_ties, 2},
                                       {"sizes", map_figure_sizes, 0.1},
                                       {"calibration", map_figure_calibration, 0.1},
                                       {"bootstrap", map_figure_bootstrap, 8},
                                       {"cost", map_figure_cost, 5},
                                       {0}};
    const program_figure tool[] = {{"scores", score_own, 1}, {0}};
    map_asked asked;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            standard_begin();
            map_tool_help();
            return standard_end(0);
        }
    program_begin("map", options, argc, argv);
    if (own.truths || own.detections) {
        read_given(&asked);
        program_own_data("own");
        program_refuse("the scoring", own.orders || own.resamples ? "--quick" : "--quick --seed");
        program_run(NULL, tool);
    } else {
        for (const program_option *o = options; o->name; o++)
            if (*o->set)
                fail("%s is for scoring your own detector, with --gt and --dt", o->name);
        program_run(map_cases, contents);
    }
    return program_end(claims_report());
}
