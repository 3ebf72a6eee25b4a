#include "map/detector.h"

#include "files/memory.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>

enum { WIDTH = 640, HEIGHT = 480 }; // of an image, in pixels

const map_detector_plan map_detector_small = {200, 10, 7.4, 12, 3};
const map_detector_plan map_detector_large = {5000, 80, 7.4, 93, 3};

static double
larger(double a, double b)
{
    return a > b ? a : b;
}

static double
smaller(double a, double b)
{
    return a < b ? a : b;
}

// To hundredths of a pixel, as COCO's files have them, so that a file brings back the same bits.
static double
pixels(double x)
{
    return floor(100 * x + 0.5) / 100;
}

static double
logistic(double x)
{
    return 1 / (1 + exp64(-x));
}

// Gamma distributed with shape 2: the sum of two exponentials.
static double
gamma2(rng *r, double mean)
{
    double u = 1 - rng_uniform64(r), v = 1 - rng_uniform64(r);
    return -mean / 2 * (log64(u) + log64(v));
}

// A number with the given mean, Poisson distributed: how many arrivals of rate 1 come before `mean`.
static int
poisson(rng *r, double mean)
{
    int n = 0;
    for (double at = -log64(1 - rng_uniform64(r)); at < mean; n++)
        at -= log64(1 - rng_uniform64(r));
    return n;
}

// Class k with probability proportional to 1 / (k + 1).
static int
zipf_class(rng *r, int classes)
{
    double all = 0, at = 0;
    for (int k = 0; k < classes; k++)
        all += 1.0 / (k + 1);
    double u = rng_uniform64(r) * all;
    for (int k = 0; k < classes; k++) {
        at += 1.0 / (k + 1);
        if (at > u)
            return k;
    }
    return classes - 1;
}

// The part of the box that lies in the image, at least a pixel of it.
static map_box
clipped(double x, double y, double w, double h)
{
    double right = smaller(x + w, WIDTH), low = smaller(y + h, HEIGHT);
    map_box b = {pixels(larger(x, 0)), pixels(larger(y, 0)), 0, 0};
    b.x = smaller(b.x, WIDTH - 1), b.y = smaller(b.y, HEIGHT - 1);
    b.w = pixels(larger(right - b.x, 1));
    b.h = pixels(larger(low - b.y, 1));
    return b;
}

// Sides are log-normal around 55 pixels.
static map_box
random_box(rng *r)
{
    double size = 55 * exp64(0.9 * rng_normal(r)), shape = exp64(0.35 * rng_normal(r));
    double w = smaller(size * shape, WIDTH), h = smaller(size / shape, HEIGHT);
    double x = rng_uniform64(r) * (WIDTH - w), y = rng_uniform64(r) * (HEIGHT - h);
    return clipped(x, y, w, h);
}

// The box as the detector sees it: moved and scaled by some hundredths of its sides.
static map_box
jittered(rng *r, map_box b, double mean)
{
    double off = gamma2(r, mean);
    double x = b.x + off * b.w * rng_normal(r), y = b.y + off * b.h * rng_normal(r);
    double w = b.w * exp64(off * rng_normal(r)), h = b.h * exp64(off * rng_normal(r));
    return clipped(x, y, w, h);
}

typedef struct {
    const map_detector_plan *plan;
    map_scene *s;
} drawing;

static void
add_detection(drawing *d, rng *r, int image, int class, map_box box, double surety)
{
    map_scene *s = d->s;
    double score = logistic(surety + rng_normal(r)), unit = 1;
    for (int i = 0; i < d->plan->decimals; i++)
        unit *= 10;
    score = floor(score * unit + 0.5) / unit;
    s->detections = memory_grow(s->detections, s->D + 1, sizeof *s->detections, "detections");
    s->detections[s->D++] = (map_detection){image, class, box, score};
}

// One object: the ground truth, and perhaps detections: a good one, a duplicate, one of a wrong class.
static void
draw_object(drawing *d, rng *r, int image)
{
    map_scene *s = d->s;
    map_box box = random_box(r);
    int class = zipf_class(r, d->plan->classes);
    double part = 0.45 + 0.5 * rng_uniform64(r); // of the box that the object fills
    bool crowd = rng_uniform64(r) < 0.01;
    s->truths = memory_grow(s->truths, s->G + 1, sizeof *s->truths, "ground truths");
    s->truths[s->G] = (map_truth){.id = s->G + 1,
                                  .image = image,
                                  .class = class,
                                  .box = box,
                                  .area = pixels(part * box.w * box.h),
                                  .crowd = crowd};
    s->G++;
    // Large ones are seen more often, more exactly and more surely.
    double side = log64(sqrt64(box.w * box.h) / 32);
    double jitter = 0.09 / (1 + exp64(0.5 * side));
    for (int i = crowd ? 2 + poisson(r, 3) : 1; i > 0; i--) {
        if (rng_uniform64(r) >= logistic(0.9 + 0.9 * side))
            continue;
        add_detection(d, r, image, class, jittered(r, box, jitter), 0.9 + 0.4 * side);
        if (rng_uniform64(r) < 0.12)
            add_detection(d, r, image, class, jittered(r, box, 2 * jitter), 0.2 * side);
        if (rng_uniform64(r) < 0.06) {
            int wrong = (int)rng_below(r, d->plan->classes);
            add_detection(d, r, image, wrong, jittered(r, box, jitter), 0.2 * side);
        }
    }
}

map_scene
map_detector_scene(const map_detector_plan *plan, uint32_t seed)
{
    map_scene s = {.N = plan->images, .K = plan->classes};
    drawing d = {.plan = plan, .s = &s};
    for (int i = 0; i < plan->images; i++) {
        rng r = rng_at(seed, i);
        for (int n = poisson(&r, plan->objects); n > 0; n--)
            draw_object(&d, &r, i);
        for (int n = poisson(&r, plan->clutter); n > 0; n--) {
            int class = zipf_class(&r, plan->classes);
            add_detection(&d, &r, i, class, random_box(&r), -2);
        }
    }
    return s;
}
