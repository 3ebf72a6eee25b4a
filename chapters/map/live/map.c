// For the page: one image whose boxes and scores the reader moves, scored by every rule.
#include "map/map.h"

#include <stddef.h>

enum { LIVE_G = 3, LIVE_D = 5, LIVE_NUMBERS = 5 };

static map_truth truths[LIVE_G];
static map_detection detections[LIVE_D];

// Where the reader's numbers go: (LIVE_G) of x, y, w, h, then (LIVE_D) of x, y, w, h, score.
static double given[LIVE_G * 4 + LIVE_D * 5];

double *
map_live_boxes(void)
{
    return given;
}

// Of every detection: its place in the ranking, whether it is a hit, its ground truth (-1: none), by VOC and by COCO
// (LIVE_D, 6); behind them the IoU with every ground truth, by VOC and by COCO (LIVE_D, LIVE_G, 2); behind these AP by
// VOC 2007, VOC 2010, COCO at this threshold, COCO's mean over ten, and the number of hits by COCO.
static struct {
    double fate[LIVE_D][6], iou[LIVE_D][LIVE_G][2], number[LIVE_NUMBERS];
} said;

static void
take(map_scene *s)
{
    const double *x = given;
    for (int g = 0; g < LIVE_G; g++, x += 4)
        truths[g] = (map_truth){.id = g + 1, .box = {x[0], x[1], x[2], x[3]}, .area = x[2] * x[3]};
    for (int d = 0; d < LIVE_D; d++, x += 5)
        detections[d] = (map_detection){0, 0, {x[0], x[1], x[2], x[3]}, x[4]};
    *s = (map_scene){
        .N = 1, .K = 1, .G = LIVE_G, .D = LIVE_D, .truths = truths, .detections = detections};
}

static void
tell(int n, const map_ranked *list, int at)
{
    for (int i = 0; i < n; i++) {
        double *fate = said.fate[list[i].detection] + at;
        fate[0] = i, fate[1] = list[i].hit[0] & 1, fate[2] = list[i].truth;
    }
}

const double *
map_live_score(double threshold)
{
    map_scene s;
    map_ranked list[LIVE_D];
    int hits[LIVE_D], seen[LIVE_D];
    double precision[MAP_R], numbers[MAP_NUMBERS];
    map_curve c = {.hits = hits, .seen = seen};
    take(&s);
    for (int d = 0; d < LIVE_D; d++)
        for (int g = 0; g < LIVE_G; g++)
            for (int plus = 0; plus < 2; plus++)
                said.iou[d][g][!plus] = map_iou(detections[d].box, truths[g].box, plus, false);
    map_groups x = map_groups_new(&s);

    int n = map_voc_rank(&s, &x, 0, NULL, threshold, 1, list);
    c.positives = map_voc_positives(&s, &x, 0);
    map_curve_of(n, list, NULL, 0, 0, n, &c);
    tell(n, list, 0);
    said.number[0] = map_ap_voc07(&c), said.number[1] = map_ap_voc10(&c);

    map_coco all = map_coco_evaluate(&s, &x);
    map_coco_numbers(&all, numbers);
    map_coco_free(&all);
    said.number[3] = numbers[MAP_AP];

    // COCO at the threshold alone, in all areas
    map_asked asked = {.T = 1, .threshold = {threshold}, .range = {{0, 1e10}}};
    s.asked = &asked;
    n = map_coco_rank(&s, &x, 0, NULL, 1, list);
    c.positives = map_coco_positives(&s, &x, 0, 0);
    map_curve_of(n, list, NULL, 0, 0, n, &c);
    tell(n, list, 3);
    said.number[2] = map_ap_coco(&c, precision);
    said.number[4] = c.n ? hits[c.n - 1] : 0;
    map_groups_free(&x);
    return said.fate[0];
}
