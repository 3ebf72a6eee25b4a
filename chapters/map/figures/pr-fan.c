// Precision against recall at COCO's ten thresholds of IoU, the mean over classes, on the chapter's made-up data set,
// which is published beside it.
#include "frame/program.h"
#include "map/detector.h"
#include "map/figures/figures.h"
#include "map/report.h"
#include "map/writing.h"

// Precision against recall at every threshold. The data set is published beside it.
void
map_figure_pr_fan(void)
{
    map_scored d = map_score(map_detector_scene(&map_detector_small, MAP_DETECTOR_SEED));
    map_report_pr_fan(&d);
    map_write_table_truths(&d.scene, program_path("scene-gt.tsv"));
    map_write_table_detections(&d.scene, program_path("scene-dt.tsv"));
    map_scored_free(&d);
}
