// One image with its boxes, and what became of them under COCO's rules at IoU .5.
#include "files/fail.h"
#include "files/memory.h"
#include "files/table.h"
#include "frame/program.h"
#include "map/detector.h"
#include "map/figures/figures.h"
#include "map/map.h"
#include "map/report.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

// What an image should have, to be shown.
typedef struct {
    bool crowd, missed,
        sure_false; // a crowd that is not small, a missed object, a false detection above 0.5
} sights;

// found[g]: some detection was matched to ground truth g. To be freed.
static bool *
found_truths(const map_scene *s, const map_reason *reason)
{
    bool *found = memory_zeroed(s->G, sizeof *found, "ground truths");
    for (int i = 0; i < s->D; i++)
        if (reason[i].verdict == MAP_TRUE)
            found[reason[i].truth] = true;
    return found;
}

// The first image that has all of it.
static int
choose_image(const map_scene *s, const map_reason *reason, const bool *found)
{
    sights *seen = memory_zeroed(s->N, sizeof *seen, "images");
    for (int i = 0; i < s->D; i++)
        if (reason[i].verdict == MAP_FALSE && s->detections[i].score > 0.5)
            seen[s->detections[i].image].sure_false = true;
    for (int g = 0; g < s->G; g++) {
        const map_truth *t = &s->truths[g];
        if (t->crowd)
            seen[t->image].crowd |= t->area > map_range[MAP_SMALL][1];
        else
            seen[t->image].missed |= !found[g];
    }
    int image = 0;
    while (image < s->N && !(seen[image].crowd && seen[image].missed && seen[image].sure_false))
        image++;
    if (image == s->N)
        fail("scene: no image has a crowd, a missed object and a sure false detection");
    free(seen);
    return image;
}

// The first image with a crowd that is not small, a missed object and a sure false detection: its boxes and
// what became of them.
void
map_figure_scene(void)
{
    map_scored d = map_score(map_detector_scene(&map_detector_small, MAP_DETECTOR_SEED));
    const map_scene *s = &d.scene;
    map_reason *reason = map_report_coco_reasons(&d);
    bool *found = found_truths(s, reason);
    int image = choose_image(s, reason, found);
    table *t = program_table("scene", "kind\tclass\tx\ty\tw\th\tscore\tiou\twhy");
    for (int g = 0; g < s->G; g++) {
        const map_truth *b = &s->truths[g];
        const char *kind = b->crowd ? "crowd" : found[g] ? "found" : "missed";
        if (b->image == image)
            table_row(t, "sidddddds", kind, b->class + 1, b->box.x, b->box.y, b->box.w, b->box.h,
                      NAN, NAN, "");
    }
    for (int i = 0; i < s->D; i++) {
        const map_detection *b = &s->detections[i];
        if (b->image == image && b->score >= 0.2)
            table_row(t, "sidddddds", map_verdict_word[reason[i].verdict], b->class + 1, b->box.x,
                      b->box.y, b->box.w, b->box.h, b->score, reason[i].iou, reason[i].why);
    }
    table_close(t);
    free(reason);
    free(found);
    map_scored_free(&d);
}
