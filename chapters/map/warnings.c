#include "map/warnings.h"

#include <stdarg.h>
#include <stdio.h>

static void
tell_count(void (*tell)(const char *line), int n, const char *format, ...)
{
    char line[512];
    va_list values;
    int used = snprintf(line, sizeof line, "%d ", n);
    va_start(values, format);
    vsnprintf(line + used, sizeof line - used, format, values);
    va_end(values);
    if (n > 0)
        tell(line);
}

// Counts boxes without width or height, outside their image, and such as look like two corners.
typedef struct {
    int boxes, empty, outside, corners;
} box_count;

static void
count_box(box_count *c, const map_data *d, int image, const map_box *b)
{
    const double *size = d->size ? d->size[image] : (double[]){0, 0};
    bool out = b->x < -1 || b->y < -1 || (size[0] > 0 && b->x + b->w > size[0] + 1) ||
               (size[1] > 0 && b->y + b->h > size[1] + 1);
    c->boxes++;
    c->empty += b->w == 0 || b->h == 0;
    c->outside += out;
    c->corners += b->w > b->x && b->h > b->y;
}

static void
warn_boxes(const box_count *c, const char *what, void (*tell)(const char *line))
{
    tell_count(tell, c->empty, "%s with a width or height of 0; they are scored as they are", what);
    tell_count(tell, c->outside, "%s reach more than a pixel out of their image", what);
    if (c->boxes >= 10 && c->corners >= 0.95 * c->boxes)
        tell_count(tell, c->corners,
                   "of %d %s have w > x and h > y: they look like two corners x1, y1, x2, y2; "
                   "expected x, y, width, height",
                   c->boxes, what);
}

static int
beyond_the_limit(const map_scene *s, const map_groups *x)
{
    int beyond = 0;
    for (int k = 0; k < s->K; k++)
        for (int i = x->detections_from[k], run = 0; i < x->detections_from[k + 1]; i++) {
            const map_detection *t = &s->detections[x->detections[i]];
            bool same =
                i > x->detections_from[k] && s->detections[x->detections[i - 1]].image == t->image;
            run = same ? run + 1 : 1;
            beyond += run > MAP_KEPT;
        }
    return beyond;
}

void
map_warn(const map_data *d, void (*tell)(const char *line))
{
    const map_scene *s = &d->scene;
    box_count truths = {0}, detections = {0};
    map_groups x = map_groups_new(s);
    int equal = 0, improbable = 0, lonely = 0, first = -1;
    for (int g = 0; g < s->G; g++)
        count_box(&truths, d, s->truths[g].image, &s->truths[g].box);
    for (int i = 0; i < s->D; i++) {
        count_box(&detections, d, s->detections[i].image, &s->detections[i].box);
        equal += s->detections[i].score == s->detections[0].score;
        improbable += s->detections[i].score < 0 || s->detections[i].score > 1;
    }
    for (int k = s->K - 1; k >= 0; k--)
        if (x.truths_from[k] == x.truths_from[k + 1]) {
            lonely++;
            first = k;
        }
    warn_boxes(&truths, "ground truths", tell);
    warn_boxes(&detections, "detections", tell);
    if (equal == s->D && s->D > 1)
        tell_count(tell, equal, "detections, all with the same score: their order is chance");
    tell_count(tell, improbable,
               "detections with a score outside 0 to 1: they are left out of the calibration");
    tell_count(tell, lonely, "classes without ground truth, such as '%s': they are in no mean",
               first < 0 ? "" : map_names_text(&d->classes, first));
    tell_count(tell, beyond_the_limit(s, &x),
               "detections beyond the %d of an image and class, which COCO does not count",
               MAP_KEPT);
    tell_count(tell, d->no_area, "ground truths without an area: width times height is taken");
    tell_count(tell, d->foreign,
               "detections of categories that the ground truth does not list: left out");
    map_groups_free(&x);
}
