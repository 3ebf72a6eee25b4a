// AP against the threshold of IoU under three protocols: VOC 2007, VOC 2010, COCO.
#include "map/detector.h"
#include "map/figures/figures.h"
#include "map/report.h"

// AP at every threshold under three protocols.
void
map_figure_ap_iou(void)
{
    map_scored d = map_score(map_detector_scene(&map_detector_small, MAP_DETECTOR_SEED));
    map_report_ap_iou(&d, 1);
    map_scored_free(&d);
}
