// How often a detection with a score of s is right; and that a strictly increasing map of the scores changes this, and
// leaves AP as it is.
#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "map/detector.h"
#include "map/figures/figures.h"
#include "map/map.h"
#include "map/report.h"
#include "map/uncertainty.h"

#include <stdlib.h>

// How often a score of s is right; and that a strictly increasing map of the scores leaves AP as it is.
void
map_figure_calibration(void)
{
    map_scored d = map_score(map_detector_scene(&map_detector_small, MAP_DETECTOR_SEED));
    double before[MAP_NUMBERS], after[MAP_NUMBERS];
    map_calibration_numbers plain = map_report_calibration(&d);
    int n[10];
    double score[10], part[10];
    map_coco_numbers(&d.coco, before);
    map_scene cubed = d.scene;
    cubed.detections = memory_zeroed(cubed.D, sizeof *cubed.detections, "detections");
    for (int i = 0; i < cubed.D; i++) {
        double p = d.scene.detections[i].score;
        cubed.detections[i] = d.scene.detections[i];
        cubed.detections[i].score = p * p * p;
    }
    map_coco c = map_coco_evaluate(&cubed, &d.groups);
    map_coco_numbers(&c, after);
    double cubed_error = map_calibration(&cubed, &c.rankings, 10, n, score, part);
    table *t = program_table("calibration-numbers", "quantity\tvalue");
    table_row(t, "sd", "expected_calibration_error", plain.error);
    table_row(t, "sd", "mean_score_less_true_part", plain.excess);
    table_row(t, "sd", "error_after_cubing", cubed_error);
    table_close(t);
    claim_near("ece-ap", "AP after every score is cubed, less AP before", 0,
               after[MAP_AP] - before[MAP_AP], 0, "only the order of scores matters", CHECK);
    map_coco_free(&c);
    free(cubed.detections);
    map_scored_free(&d);
}
