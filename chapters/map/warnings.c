#include "map/warnings.h"

#include "map/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

typedef void teller(const char *line);

// Tells it where n > 0. In the format %s stands for a plural's s first; then what the caller adds.
static void __attribute__((format(printf, 3, 4)))
tell_count(teller *tell, int n, const char *format, ...)
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

// The plural's ending.
static const char *
s(int n)
{
    return n == 1 ? "" : "s";
}

// ---- Boxes ----

// Counts boxes without width or height, outside their image, such as look like two corners, within 0 to 1.
typedef struct {
    int boxes, empty, outside, corners, parts;
    bool broken; // some coordinate is no whole number
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
    c->parts += b->x >= 0 && b->y >= 0 && b->x + b->w <= 1.01 && b->y + b->h <= 1.01;
    c->broken |= b->x != floor(b->x) || b->w != floor(b->w);
}

static void
warn_boxes(const box_count *c, const char *what, teller *tell)
{
    tell_count(tell, c->empty, "%s%s with a width or height of 0; they are scored as they are",
               what, s(c->empty));
    tell_count(tell, c->outside, "%s%s more than a pixel out of the image", what, s(c->outside));
    if (c->parts == c->boxes && c->broken)
        tell_count(tell, c->parts,
                   "%s%s, all within 0 to 1: they look like parts of the image; expected pixels",
                   what, s(c->parts));
    else if (c->boxes >= 10 && c->corners >= 0.95 * c->boxes)
        tell_count(tell, c->corners,
                   "of %d %ss have w > x and h > y: they look like two corners x1, y1, x2, y2; "
                   "expected x, y, width, height",
                   c->boxes, what);
}

// ---- What the boxes would fit if they were read otherwise ----

// Of detections that are looked at: how many fit a ground truth of their class; of any class as they are, as corners,
// as centres; and of which classes.
typedef struct {
    int looked, same, any, corners, centres, indices, successors;
} fits;

// The ground truth of the image that the box fits, -1: none.
static int
fitting(const map_scene *s, const map_images *x, int image, map_box box)
{
    int best = -1;
    double best_iou = 0.5;
    for (int i = x->from[image]; i < x->from[image + 1]; i++) {
        double iou = map_iou(box, s->truths[x->rows[i]].box, 0, false);
        if (iou >= best_iou) {
            best_iou = iou;
            best = x->rows[i];
        }
    }
    return best;
}

static void
look_at(const map_data *d, const map_images *x, const map_detection *t, fits *f)
{
    const map_scene *s = &d->scene;
    const map_box b = t->box;
    const map_name *name = &d->classes.name[t->class];
    int g = fitting(s, x, t->image, b);
    f->looked++;
    if (g >= 0) {
        f->any++;
        f->same += s->truths[g].class == t->class;
        f->indices += !name->text && name->number == s->truths[g].class;
        f->successors += !name->text && name->number == s->truths[g].class + 1;
    }
    f->corners += fitting(s, x, t->image, (map_box){b.x, b.y, b.w - b.x, b.h - b.y}) >= 0;
    f->centres += fitting(s, x, t->image, (map_box){b.x - b.w / 2, b.y - b.h / 2, b.w, b.h}) >= 0;
}

// Whether so many of those that were looked at fit in another way, and few as they are.
static bool
clearly(int other, int as_they_are, int looked)
{
    return other >= 10 && other >= looked / 8 && 4 * as_they_are < other;
}

static void
warn_readings(const map_data *d, teller *tell)
{
    enum { LOOKED = 2000 };
    const map_scene *scene = &d->scene;
    map_images x = map_images_new(scene);
    fits f = {0};
    for (int i = 0; i < scene->D; i += 1 + scene->D / LOOKED)
        look_at(d, &x, &scene->detections[i], &f);
    if (clearly(f.corners, f.any, f.looked))
        tell_count(tell, f.corners,
                   "of %d detections fit a ground truth if their w, h are taken for the other "
                   "corner, %d as they are; expected x, y, width, height",
                   f.looked, f.any);
    else if (clearly(f.centres, f.any, f.looked))
        tell_count(tell, f.centres,
                   "of %d detections fit a ground truth if their x, y are taken for the centre, %d "
                   "as they are; expected the left upper corner",
                   f.looked, f.any);
    else if (clearly(f.any, f.same, f.looked) && clearly(f.indices, f.same, f.looked))
        tell_count(tell, f.indices,
                   "of %d detections have as their class the place (from 0) of the category that "
                   "they fit, %d its id; expected ids",
                   f.looked, f.same);
    else if (clearly(f.any, f.same, f.looked) && clearly(f.successors, f.same, f.looked))
        tell_count(tell, f.successors,
                   "of %d detections have as their class the place (from 1) of the category that "
                   "they fit, %d its id; expected ids",
                   f.looked, f.same);
    else if (clearly(f.any, f.same, f.looked))
        tell_count(tell, f.any,
                   "of %d detections fit a ground truth, %d one of their own class: are the "
                   "classes called alike in both files?",
                   f.looked, f.same);
    map_images_free(&x);
}

// ---- All ----

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

// Where pycocotools would say something else; not under --strict-coco, which says it too.
static void
warn_departures(const map_data *d, teller *tell)
{
    int zero = 0, ignored = 0, flat = 0;
    for (int g = 0; g < d->scene.G; g++) {
        const map_truth *t = &d->scene.truths[g];
        zero += d->json && t->id == 0;
        ignored += d->json && t->difficult && !t->crowd;
        flat += t->area == 0 && t->box.w > 0 && t->box.h > 0;
    }
    if (!d->scene.strict) {
        tell_count(tell, zero,
                   "ground truth%s with the id 0: pycocotools counts what finds %s as false "
                   "(--strict-coco gives its numbers)",
                   s(zero), zero == 1 ? "it" : "them");
        tell_count(tell, ignored,
                   "ground truth%s with `ignore`, which count%s neither way: pycocotools does not "
                   "honour it (--strict-coco gives its numbers)",
                   s(ignored), ignored == 1 ? "s" : "");
    }
    tell_count(tell, flat, "ground truth%s with an area of 0 and a box that has one: small objects",
               s(flat));
}

static void
warn_classes(const map_data *d, const map_groups *x, teller *tell)
{
    int lonely = 0, first = 0;
    for (int k = d->scene.K - 1; k >= 0; k--)
        if (x->truths_from[k] == x->truths_from[k + 1]) {
            lonely++;
            first = k;
        }
    tell_count(tell, lonely, "class%s without ground truth, such as '%s': in no mean",
               lonely == 1 ? "" : "es", lonely ? map_names_text(&d->classes, first) : "");
}

void
map_warn(const map_data *d, void (*tell)(const char *line))
{
    const map_scene *scene = &d->scene;
    box_count truths = {0}, detections = {0};
    map_groups x = map_groups_new(scene);
    int equal = 0, improbable = 0, beyond = beyond_the_limit(scene, &x);
    for (int g = 0; g < scene->G; g++)
        count_box(&truths, d, scene->truths[g].image, &scene->truths[g].box);
    for (int i = 0; i < scene->D; i++) {
        const map_detection *t = &scene->detections[i];
        count_box(&detections, d, t->image, &t->box);
        equal += t->score == scene->detections[0].score;
        improbable += t->score < 0 || t->score > 1;
    }
    if (scene->D == 0)
        tell(d->foreign ? "no detection is left: every score is 0"
                        : "there is no detection: every score is 0");
    warn_boxes(&truths, "ground truth", tell);
    if (scene->D)
        warn_boxes(&detections, "detection", tell);
    warn_readings(d, tell);
    warn_departures(d, tell);
    if (equal == scene->D && scene->D > 1)
        tell_count(tell, equal, "detections, all with the same score: their order is chance");
    tell_count(tell, improbable, "detection%s with a score outside 0 to 1: not in the calibration",
               s(improbable));
    warn_classes(d, &x, tell);
    tell_count(tell, beyond,
               "detection%s beyond the %d of an image and class, which COCO does not count",
               s(beyond), MAP_KEPT);
    tell_count(tell, d->no_area, "ground truth%s without an area: width times height is taken",
               s(d->no_area));
    tell_count(tell, d->foreign,
               "detection%s of categories that the ground truth does not list: left out",
               s(d->foreign));
    map_groups_free(&x);
}
