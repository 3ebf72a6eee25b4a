// AP against the threshold of IoU under three protocols: VOC 2007, VOC 2010, COCO.
#include "frame/claims.h"
#include "map/detector.h"
#include "map/figures/figures.h"
#include "map/map.h"
#include "map/report.h"

#include <math.h>

// COCO's AP at threshold t, the mean over classes.
static double
coco_at(const map_scored *d, int t)
{
    double precision[MAP_R];
    map_report_mean_precision(&d->coco, t, precision);
    return map_mean(MAP_R, 1, precision);
}

// AP at every threshold under three protocols.
void
map_figure_ap_iou(void)
{
    map_scored d = map_score(map_detector_scene(&map_detector_small, MAP_DETECTOR_SEED));
    map_report_ap_iou(&d, 1);
    double voc10 = map_report_voc(&d, map_threshold(0), 1).voc10, fall = 1;
    for (int t = 1; t < MAP_T; t++)
        fall = fmin(fall, coco_at(&d, t - 1) - coco_at(&d, t));
    claim_below("ap-iou-protocols", "IoU .5: COCO's 101 points less VOC 2010's, size", 0.01,
                fabs(coco_at(&d, 0) - voc10), "both sample the same curve", REPRODUCED);
    claim_above("ap-iou-falls", "AP falls with every threshold: its smallest fall", 0, fall,
                "a stricter threshold has no more hits", REPRODUCED);
    map_scored_free(&d);
}
