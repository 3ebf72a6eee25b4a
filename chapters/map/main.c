// Chapter map: mean average precision, to the last digit. The table of contents of its program, which is also a tool
// that scores the reader's own detections.
#include "files/fail.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "map/cases.h"
#include "map/figures/figures.h"
#include "map/tool.h"

#include <stddef.h>

static map_tool_options own;

static void
score_own(void)
{
    map_tool_run(&own);
}

int
main(int argc, char **argv)
{
    const char *orders = NULL, *resamples = NULL;                             // with a value
    const char *open = NULL, *strict = NULL, *numbers = NULL, *arrays = NULL; // without
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
    program_begin("map", options, argc, argv);
    if (own.truths || own.detections) {
        if (!own.truths || !own.detections)
            fail("--gt and --dt belong together: the ground truths and the detections");
        own.orders = map_tool_count("--orders", orders, numbers ? 0 : 20);
        own.resamples = map_tool_count("--resamples", resamples, numbers ? 0 : 200);
        own.plus = open ? 0 : 1;
        own.strict = strict;
        own.numbers = numbers;
        own.arrays = arrays;
        program_own_data("own");
        program_run(NULL, tool);
    } else
        program_run(map_cases, contents);
    return program_end(claims_report());
}
