// One image by hand, for the text: the overlaps of five detections with three objects and a crowd, and what becomes of
// each under VOC's and under COCO's rules at IoU .5.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "map/figures/figures.h"
#include "map/map.h"

enum { G = 4, D = 5 };

// A and B overlap; C lies apart; then a crowd.
static map_truth truths[G] = {
    {.id = 1, .box = {10, 10, 60, 40}, .area = 2400},
    {.id = 2, .box = {24, 10, 60, 40}, .area = 2400},
    {.id = 3, .box = {10, 70, 40, 40}, .area = 1600},
    {.id = 4, .box = {120, 10, 100, 60}, .area = 6000, .crowd = true},
};
static map_detection detections[D] = {
    {0, 0, {10, 11, 60, 40}, 0.9},  {0, 0, {15, 10, 60, 40}, 0.8}, {0, 0, {130, 20, 30, 30}, 0.7},
    {0, 0, {150, 80, 40, 30}, 0.6}, {0, 0, {16, 74, 40, 40}, 0.5},
};

static const char *
verdict(const map_ranked *e)
{
    return e->ignored[0] & 1 ? "ignored" : e->hit[0] & 1 ? "true" : "false";
}

// The area under the list's curve, all points, with three objects to find.
static double
area_under(const map_ranked list[D])
{
    int hits[D], seen[D];
    map_curve c = {.positives = 3, .hits = hits, .seen = seen};
    map_curve_of(D, list, NULL, MAP_ALL, 0, D, &c);
    return map_ap_voc10(&c);
}

void
map_figure_one_image(void)
{
    const map_scene s = {
        .N = 1, .K = 1, .G = G, .D = D, .truths = truths, .detections = detections};
    map_groups x = map_groups_new(&s);
    map_ranked voc[D], coco[D];
    map_voc_rank(&s, &x, 0, NULL, 0.5, 0, voc);
    map_coco_rank(&s, &x, 0, NULL, 1, coco);
    table *t =
        program_table("one-image", "detection\tscore\tiou_A\tiou_B\tiou_C\tin_the_crowd\tvoc\t"
                                   "coco\tcoco_hits\tcoco_seen\tcoco_precision");
    for (int d = 0, hits = 0, seen = 0; d < D; d++) {
        double iou[G];
        for (int g = 0; g < G; g++)
            iou[g] = map_iou(detections[d].box, truths[g].box, 0, truths[g].crowd);
        hits += coco[d].hit[0] & 1;
        seen += !(coco[d].ignored[0] & 1);
        table_row(t, "idddddssiid", d + 1, detections[d].score, iou[0], iou[1], iou[2], iou[3],
                  verdict(&voc[d]), verdict(&coco[d]), hits, seen, (double)hits / seen);
    }
    table_close(t);
    t = program_table("one-image-boxes", "kind\tname\tx\ty\tw\th");
    for (int g = 0; g < G; g++)
        table_row(t, "ssdddd", truths[g].crowd ? "crowd" : "object",
                  (const char *[]){"A", "B", "C", "crowd"}[g], truths[g].box.x, truths[g].box.y,
                  truths[g].box.w, truths[g].box.h);
    for (int d = 0; d < D; d++)
        table_row(t, "ssdddd", "detection", (const char *[]){"1", "2", "3", "4", "5"}[d],
                  detections[d].box.x, detections[d].box.y, detections[d].box.w,
                  detections[d].box.h);
    table_close(t);
    claim_near("one-image-voc", "one image by hand: the area under VOC's curve is 7/15", 7.0 / 15,
               area_under(voc), 1e-15, "exact arithmetic", CHECK);
    claim_near("one-image-coco", "one image by hand: the area under COCO's curve is 11/12",
               11.0 / 12, area_under(coco), 1e-15, "exact arithmetic", CHECK);
    map_groups_free(&x);
}
