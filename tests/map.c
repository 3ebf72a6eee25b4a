// Chapter map: every rule on a scene of its own, all rules at once against loops in whole numbers, ties
// against all orders, and what the reader refuses.
#include "map/map.h"
#include "map/data.h"
#include "map/detector.h"
#include "map/operating.h"
#include "map/report.h"
#include "map/tool.h"
#include "map/uncertainty.h"
#include "map/warnings.h"
#include "map/worked_example.h"
#include "map/writing.h"

#include "frame/program.h"
#include "numbers/random.h"
#include "test.h"

#include <jansson.h>
#include <math.h>

enum { MOST = 64 };

typedef struct {
    map_scene scene;
    map_truth truths[MOST];
    map_detection detections[2 * MOST];
} small;

static void
add_truth(small *s, int image, int class, map_box b)
{
    s->truths[s->scene.G] = (map_truth){
        .id = s->scene.G + 1, .image = image, .class = class, .box = b, .area = b.w * b.h};
    s->scene.G++;
    s->scene.truths = s->truths;
}

static void
add_detection(small *s, int image, int class, double score, map_box b)
{
    s->detections[s->scene.D++] = (map_detection){image, class, b, score};
    s->scene.detections = s->detections;
}

static void
coco_of(const map_scene *s, double number[MAP_NUMBERS])
{
    map_groups x = map_groups_new(s);
    map_coco c = map_coco_evaluate(s, &x);
    map_coco_numbers(&c, number);
    map_coco_free(&c);
    map_groups_free(&x);
}

static double
ap_of(const map_scene *s, map_rule rule, int k)
{
    map_groups x = map_groups_new(s);
    double ap = map_class_ap(s, &x, k, &rule, NULL);
    map_groups_free(&x);
    return ap;
}

static const map_rule voc07 = {MAP_VOC07, 0.5, 0}, voc10 = {MAP_VOC10, 0.5, 0},
                      coco = {.protocol = MAP_COCO};

// All values are of 1 at most, so that the tolerance is absolute.
static void
near(double measured, double expected, double tolerance)
{
    test_near(measured, expected, tolerance, "value", 0);
}

// ---- Boxes ----

START_TEST(overlap)
{
    map_box a = {0, 0, 10, 10}, b = {5, 0, 10, 10};
    ck_assert(map_iou(a, b, 0, false) == 50.0 / 150);
    ck_assert(map_iou(a, b, 1, false) == 66.0 / (121 + 121 - 66));
    ck_assert(map_iou(a, b, 0, true) == 0.5);
    ck_assert(map_iou(a, (map_box){10, 0, 5, 5}, 0, false) == 0); // they touch
    ck_assert(map_iou(a, (map_box){10, 0, 5, 5}, 1, false) == 6.0 / (121 + 36 - 6));
    ck_assert(map_iou(a, (map_box){20, 20, 5, 5}, 0, false) == 0); // apart in x and in y
    ck_assert(map_iou(a, a, 0, false) == 1);
    ck_assert(map_iou(a, (map_box){3, 3, 0, 4}, 0, false) == 0); // without width
    map_box tiny = {0, 0, 1e-200, 1e-200};
    ck_assert(map_iou(tiny, tiny, 0, false) == 0); // areas that vanish are no NaN
}
END_TEST

START_TEST(rows_in_groups)
{
    small s = {.scene = {.N = 3, .K = 2}};
    const int image[] = {2, 0, 2, 1, 0, 2}, kind[] = {0, 1, 0, 0, 0, 1};
    for (int i = 0; i < 6; i++) {
        add_truth(&s, image[i], kind[i], (map_box){i, 0, 1, 1});
        add_detection(&s, image[i], kind[i], 0.5, (map_box){i, 0, 1, 1});
    }
    map_groups x = map_groups_new(&s.scene);
    const int expected[] = {4, 3, 0, 2, 1, 5};
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(x.truths[i], expected[i]);
        ck_assert_int_eq(x.detections[i], expected[i]);
    }
    ck_assert_int_eq(x.truths_from[1], 4);
    int G;
    ck_assert_int_eq(map_truths_of(&s.scene, &x, 0, 2, &G)[1], 2);
    ck_assert_int_eq(G, 2);
    map_truths_of(&s.scene, &x, 1, 1, &G);
    ck_assert_int_eq(G, 0);
    map_groups_free(&x);
}
END_TEST

// ---- The curve ----

START_TEST(curves)
{
    map_ranked list[6] = {{.hit = {1}}, {.rank = 0}, {.ignored = {1}}, {.hit = {1}, .rank = 9},
                          {.rank = 0},  {.hit = {1}}};
    const int weight[] = {2, 1, 5, 1, 0, 3};
    int hits[6], seen[6];
    map_curve c = {.positives = 4, .hits = hits, .seen = seen};
    map_curve_of(6, list, NULL, 0, 0, 100, &c);
    ck_assert_int_eq(c.n, 3);
    ck_assert(hits[2] == 3 && seen[0] == 1 && seen[1] == 3 && seen[2] == 5);
    map_curve_of(6, list, NULL, 0, 0, 9, &c); // a rank of 9 is the tenth
    ck_assert(c.n == 2 && seen[1] == 4);
    map_curve_of(6, list, weight, 0, 0, 100, &c);
    ck_assert(c.n == 3 && hits[2] == 6 && seen[0] == 2 && seen[1] == 4 && seen[2] == 7);
}
END_TEST

// Three areas under one curve, by hand: hits at ranks 1, 3 of 2 found among 4.
START_TEST(areas)
{
    int hits[] = {1, 2}, seen[] = {1, 3};
    map_curve c = {4, 2, hits, seen}, none = {4, 0, hits, seen};
    double precision[MAP_R];
    near(map_ap_voc07(&c), (3 * 1.0 + 3 * 2.0 / 3) / 11, 1e-15);
    near(map_ap_voc10(&c), (1 + 2.0 / 3) / 4, 1e-15);
    near(map_ap_coco(&c, precision), (26 + 25 * 2.0 / 3) / 101, 1e-13);
    ck_assert(precision[25] > 0.99 && precision[26] < 0.7 && precision[50] > 0.6 &&
              precision[51] == 0);
    ck_assert(map_ap_voc07(&none) == 0 && map_ap_voc10(&none) == 0 &&
              map_ap_coco(&none, precision) == 0);
    int dip_hits[] = {1, 2}, dip_seen[] = {4, 5}; // precision rises from 1/4 to 2/5
    map_curve dip = {2, 2, dip_hits, dip_seen};
    near(map_ap_voc10(&dip), 0.4, 1e-15);
}
END_TEST

// Recall 3 of 10 reaches the point 0.3 of VOC 2007; 7 of 20 does not reach COCO's 35 * 0.01.
START_TEST(recall_points)
{
    int hits[] = {1, 2, 3, 4, 5, 6, 7}, seen[] = {1, 2, 3, 4, 5, 6, 7};
    double precision[MAP_R];
    map_curve ten = {10, 3, hits, seen}, twenty = {20, 7, hits, seen};
    near(map_ap_voc07(&ten), 4.0 / 11, 1e-15);
    // In floating point 3 / 10 is below 3 * 0.1, and 2 / 10 is not below 2 * 0.1.
    near(map_ap_voc07_floats(&ten), 3.0 / 11, 1e-15);
    ck_assert(map_ap_voc07_floats(&(map_curve){10, 0, hits, seen}) == 0);
    map_ap_coco(&twenty, precision);
    ck_assert(precision[34] > 0.9 && precision[35] == 0);
    ck_assert(map_threshold(7) == 0.85 && 0.5 + 0.05 * 7 != 0.85);
    ck_assert(map_threshold(8) < 0.9 && map_threshold(0) == 0.5 && map_threshold(9) == 0.95);
}
END_TEST

START_TEST(means)
{
    const double x[] = {0.5, -1, 0.25, 0, -1, 1};
    ck_assert(map_mean(3, 1, x) == 0.375);
    ck_assert(map_mean(3, 2, x) == (0.5 + 0.25 - 0) / 2);
    ck_assert(map_mean(2, 3, x + 1) == -1);
}
END_TEST

// A perfect detector on one ground truth: precision 1 / (1 + 2^-52), which is 1 - 2^-52.
START_TEST(perfect)
{
    small s = {.scene = {.N = 1, .K = 1}};
    double number[MAP_NUMBERS];
    add_truth(&s, 0, 0, (map_box){10, 10, 40, 40});
    add_detection(&s, 0, 0, 0.7, (map_box){10, 10, 40, 40});
    coco_of(&s.scene, number);
    map_groups x = map_groups_new(&s.scene);
    map_coco c = map_coco_evaluate(&s.scene, &x);
    ck_assert(c.precision[0] == 1 - 0x1p-52);
    near(number[MAP_AP], 1, 1e-14);
    ck_assert(number[MAP_AP_SMALL] == -1 && number[MAP_AP_LARGE] == -1 &&
              number[MAP_AR_LARGE] == -1); // only medium: area 1600
    near(number[MAP_AP_MEDIUM], 1, 1e-14);
    ck_assert(ap_of(&s.scene, voc07, 0) == 1 && ap_of(&s.scene, voc10, 0) == 1);
    map_coco_free(&c);
    map_groups_free(&x);
}
END_TEST

// ---- All rules at once, in loops over whole numbers ----

// a / b >= c / d for positive denominators.
static bool
at_least(long a, long b, long c, long d)
{
    return a * d >= c * b;
}

typedef struct {
    long both, all;
} ratio;

static ratio
overlap_of(const map_box *d, const map_box *g, long plus, bool crowd)
{
    long w = (long)(fmin(d->x + d->w, g->x + g->w) - fmax(d->x, g->x)) + plus;
    long h = (long)(fmin(d->y + d->h, g->y + g->h) - fmax(d->y, g->y)) + plus;
    long area = ((long)d->w + plus) * ((long)d->h + plus);
    if (w <= 0 || h <= 0)
        return (ratio){0, 1};
    return (ratio){w * h, crowd ? area : area + ((long)g->w + plus) * ((long)g->h + plus) - w * h};
}

// Does detection i come before j in class order? By score, then image (COCO only), then row.
static bool
before(const map_scene *s, int i, int j, bool by_image)
{
    const map_detection *a = &s->detections[i], *b = &s->detections[j];
    if (a->score != b->score)
        return a->score > b->score;
    if (by_image && a->image != b->image)
        return a->image < b->image;
    return i < j;
}

// The rows of class k, the first first; returns their number.
static int
in_order(const map_scene *s, int k, bool by_image, int *rows)
{
    int n = 0;
    for (int d = 0; d < s->D; d++)
        if (s->detections[d].class == k) {
            int at = n++;
            for (; at > 0 && before(s, d, rows[at - 1], by_image); at--)
                rows[at] = rows[at - 1];
            rows[at] = d;
        }
    return n;
}

// AP from verdicts (1 true, 0 false, -1 ignored) by its definition: the highest precision at a recall or
// above. points: 11, 101, or 0 for all.
static double
slow_ap(int n, const int *fate, int positives, int points)
{
    double sum = 0;
    int steps = points ? points : positives;
    for (int r = 0; r < steps; r++) {
        double best = 0;
        for (int i = 0, hits = 0, seen = 0; i < n; i++) {
            seen += fate[i] >= 0;
            hits += fate[i] == 1;
            bool enough = points == 11    ? at_least(hits, positives, r, 10)
                          : points == 101 ? hits / (double)positives >= r * 0.01
                                          : hits >= r + 1;
            if (enough && seen)
                best = fmax(best, (double)hits / seen);
        }
        sum += best;
    }
    return sum / steps;
}

static double
slow_voc(const map_scene *s, int k, int points)
{
    int rows[2 * MOST], fate[2 * MOST], n = in_order(s, k, false, rows), positives = 0;
    bool used[MOST] = {false};
    for (int g = 0; g < s->G; g++)
        positives += s->truths[g].class == k && !s->truths[g].difficult && !s->truths[g].crowd;
    for (int i = 0; i < n; i++) {
        const map_detection *d = &s->detections[rows[i]];
        ratio best = {0, 1};
        int m = -1;
        for (int g = 0; g < s->G; g++) {
            const map_truth *t = &s->truths[g];
            ratio r = overlap_of(&d->box, &t->box, 1, false);
            if (t->class == k && t->image == d->image &&
                !at_least(best.both, best.all, r.both, r.all)) {
                best = r;
                m = g;
            }
        }
        fate[i] = 0;
        if (m >= 0 && at_least(best.both, best.all, 1, 2)) {
            bool ignored = s->truths[m].difficult || s->truths[m].crowd;
            fate[i] = ignored ? -1 : !used[m];
            used[m] = true;
        }
    }
    return positives ? slow_ap(n, fate, positives, points) : -1;
}

// COCO's rule for one threshold as a search for the best pair: counting before ignored, then larger IoU, then later.
static double
slow_coco(const map_scene *s, int k, int a, int t)
{
    int rows[2 * MOST], fate[2 * MOST], n = in_order(s, k, true, rows), positives = 0, count = 0;
    bool used[MOST] = {false}, ignore[MOST];
    const double lo[] = {0, 0, 1024, 9216}, hi[] = {1e10, 1024, 9216, 1e10};
    for (int g = 0; g < s->G; g++) {
        const map_truth *b = &s->truths[g];
        ignore[g] = b->crowd || b->difficult || b->area < lo[a] || b->area > hi[a];
        positives += b->class == k && !ignore[g];
    }
    for (int i = 0; i < n; i++) {
        const map_detection *d = &s->detections[rows[i]];
        int m = -1, rank = 0;
        double best = -1;
        for (int j = 0; j < i; j++)
            rank += s->detections[rows[j]].image == d->image;
        if (rank >= 100)
            continue;
        for (int g = 0; g < s->G; g++) {
            const map_truth *b = &s->truths[g];
            ratio r = overlap_of(&d->box, &b->box, 0, b->crowd);
            double iou = (double)r.both / (double)r.all;
            if (b->class != k || b->image != d->image || (used[g] && !b->crowd) ||
                iou < fmin(0.5 + t * ((0.95 - 0.5) / 9), 1 - 1e-10))
                continue;
            bool better = m < 0 || ignore[m] > ignore[g] || (ignore[m] == ignore[g] && iou >= best);
            if (better) {
                m = g;
                best = iou;
            }
        }
        double area = d->box.w * d->box.h;
        if (m >= 0)
            used[m] = true;
        fate[count++] = m >= 0 ? (ignore[m] ? -1 : 1) : area < lo[a] || area > hi[a] ? -1 : 0;
    }
    return positives ? slow_ap(count, fate, positives, 101) : -1;
}

// A random scene of whole numbers that are often equal: ties, equal IoUs, thresholds met exactly.
static void
random_scene(rng *r, small *s)
{
    *s = (small){.scene = {.N = 1 + (int)rng_below(r, 4), .K = 1 + (int)rng_below(r, 3)}};
    int G = 1 + (int)rng_below(r, 12), D = 1 + (int)rng_below(r, 30);
    for (int g = 0; g < G; g++) {
        map_box b = {5.0 * rng_below(r, 6), 5.0 * rng_below(r, 3), 10.0 * (1 + rng_below(r, 12)),
                     10.0 * (1 + rng_below(r, 10))};
        add_truth(s, (int)rng_below(r, s->scene.N), (int)rng_below(r, s->scene.K), b);
        s->truths[g].crowd = rng_below(r, 8) == 0;
        s->truths[g].difficult = rng_below(r, 8) == 0;
        if (rng_below(r, 3) == 0)
            s->truths[g].area = rng_below(r, 2) ? 1024 : 9216;
    }
    for (int d = 0; d < D; d++) {
        const map_truth *t = &s->truths[rng_below(r, G)];
        map_box b = t->box;
        b.x += 2.0 * rng_below(r, 4), b.y += rng_below(r, 2), b.w += 5.0 * rng_below(r, 2);
        add_detection(s, t->image, rng_below(r, 5) ? t->class : (int)rng_below(r, s->scene.K),
                      rng_below(r, 10) / 10.0, b);
    }
}

// The twelve numbers by their definition.
static void
slow_numbers(const map_coco *c, double number[MAP_NUMBERS])
{
    static const struct {
        int t, a, m; // t -1: all thresholds
    } of[MAP_NUMBERS] = {{-1, 0, 2}, {0, 0, 2},  {5, 0, 2},  {-1, 1, 2}, {-1, 2, 2}, {-1, 3, 2},
                         {-1, 0, 0}, {-1, 0, 1}, {-1, 0, 2}, {-1, 1, 2}, {-1, 2, 2}, {-1, 3, 2}};
    for (int i = 0; i < MAP_NUMBERS; i++) {
        double sum = 0;
        int n = 0, R = i < 6 ? MAP_R : 1, K = c->K;
        for (int t = 0; t < MAP_T; t++)
            for (int r = 0; r < R; r++)
                for (int k = 0; k < K; k++) {
                    int at = (((t * R + r) * K + k) * MAP_A + of[i].a) * MAP_M + of[i].m;
                    double value = i < 6 ? c->precision[at] : c->recall[at];
                    if (value > -1 && (of[i].t == -1 || of[i].t == t)) {
                        sum += value;
                        n++;
                    }
                }
        number[i] = n ? sum / n : -1;
    }
}

START_TEST(against_loops)
{
    rng r = rng_at(5, 0);
    for (int trial = 0; trial < 400; trial++) {
        small s;
        random_scene(&r, &s);
        map_groups x = map_groups_new(&s.scene);
        map_coco c = map_coco_evaluate(&s.scene, &x);
        double number[MAP_NUMBERS], expected[MAP_NUMBERS];
        map_coco_numbers(&c, number);
        slow_numbers(&c, expected);
        for (int i = 0; i < MAP_NUMBERS; i++)
            near(number[i], expected[i], 1e-13);
        const map_rule with_plus[] = {{MAP_VOC07, 0.5, 1}, {MAP_VOC10, 0.5, 1}};
        for (int k = 0; k < s.scene.K; k++) {
            near(map_class_ap(&s.scene, &x, k, &with_plus[0], NULL), slow_voc(&s.scene, k, 11),
                 1e-13);
            near(map_class_ap(&s.scene, &x, k, &with_plus[1], NULL), slow_voc(&s.scene, k, 0),
                 1e-13);
            for (int a = 0; a < MAP_A; a++)
                for (int t = 0; t < MAP_T; t++) {
                    long cells = (long)s.scene.K * MAP_A * MAP_M;
                    double ap =
                        map_mean(MAP_R, cells,
                                 c.precision + t * MAP_R * cells + (k * MAP_A + a) * MAP_M + 2);
                    near(ap, slow_coco(&s.scene, k, a, t), 1e-13);
                }
        }
        map_coco_free(&c);
        map_groups_free(&x);
    }
}
END_TEST

// A detection in the middle between two ground truths: VOC takes the first one, COCO the last.
START_TEST(equal_overlaps)
{
    small s = {.scene = {.N = 1, .K = 1}};
    map_ranked list[1];
    for (int g = 0; g < 3; g++)
        add_truth(&s, 0, 0, (map_box){10 + 8 * g, 10, 40, 40});
    add_detection(&s, 0, 0, 0.9, (map_box){22, 10, 40, 40});
    map_groups x = map_groups_new(&s.scene);
    ck_assert_int_eq(map_voc_rank(&s.scene, &x, 0, NULL, 0.5, 0, list), 1);
    ck_assert_int_eq(list[0].truth, 1);
    ck_assert_int_eq(map_coco_rank(&s.scene, &x, 0, NULL, 1, list), 1);
    ck_assert_int_eq(list[0].truth, 2);
    map_groups_free(&x);
}
END_TEST

// 103 detections of a class in an image, the 100th and 101st are true; 4 of another class.
START_TEST(limits)
{
    small s = {.scene = {.N = 1, .K = 2}};
    double number[MAP_NUMBERS];
    add_truth(&s, 0, 0, (map_box){0, 0, 40, 40});
    add_truth(&s, 0, 0, (map_box){100, 0, 40, 40});
    add_truth(&s, 0, 1, (map_box){200, 0, 40, 40});
    for (int i = 0; i < 103; i++)
        add_detection(&s, 0, 0, 1 - i / 200.0,
                      (map_box){i == 99    ? 0
                                : i == 100 ? 100
                                           : 500,
                                0, 40, 40});
    for (int i = 0; i < 4; i++)
        add_detection(&s, 0, 1, 0.1 - i / 100.0, (map_box){i == 2 ? 200 : 500, 0, 40, 40});
    coco_of(&s.scene, number);
    near(number[MAP_AP], ((51 * 0.01) / 101 + 1.0 / 3) / 2, 1e-13);
    near(number[MAP_AR1], 0, 0);
    near(number[MAP_AR10], 0.5, 0);
    near(number[MAP_AR100], (0.5 + 1) / 2, 0);
}
END_TEST

// The detection of the difficult one, and both in VOC and COCO; id 0 and pycocotools.
START_TEST(strictness)
{
    small s = {.scene = {.N = 1, .K = 1}};
    double number[MAP_NUMBERS];
    add_truth(&s, 0, 0, (map_box){0, 0, 40, 40});
    add_truth(&s, 0, 0, (map_box){100, 0, 40, 40});
    s.truths[0].id = 0;
    add_detection(&s, 0, 0, 0.9, (map_box){0, 0, 40, 40});
    add_detection(&s, 0, 0, 0.8, (map_box){100, 0, 40, 40});
    coco_of(&s.scene, number);
    near(number[MAP_AP], 1, 1e-13);
    s.scene.strict = true;
    coco_of(&s.scene, number);
    near(number[MAP_AP], 51 * 0.5 / 101, 1e-13);
    // Taking the object of id 0 is taking none: a detection of another size is then ignored, as unmatched ones are.
    s.scene.detections[0].box = (map_box){0, 0, 40, 25};
    s.truths[0].area = s.truths[1].area = 1600;
    coco_of(&s.scene, number);
    near(number[MAP_AP_MEDIUM], 51.0 / 101, 1e-13);
    s.scene.detections[0].box = s.truths[0].box;
    s.truths[0].id = 5;
    s.truths[0].difficult = true;
    coco_of(&s.scene, number); // strict: `ignore` is not seen
    near(number[MAP_AR100], 1, 0);
    s.scene.D = 1;
    coco_of(&s.scene, number);
    near(number[MAP_AR100], 0.5, 0);
    s.scene.strict = false;
    coco_of(&s.scene, number);
    near(number[MAP_AR100], 0, 0);
    ck_assert(ap_of(&s.scene, voc10, 0) == 0);
}
END_TEST

// A strictly increasing map of the scores changes no number; neither does the order of rows without ties.
START_TEST(only_order_matters)
{
    map_scene s = map_detector_scene(&map_detector_small, 3);
    double before_[MAP_NUMBERS], after[MAP_NUMBERS];
    for (int d = 0; d < s.D; d++)
        s.detections[d].score += d * 1e-9; // no ties
    coco_of(&s, before_);
    double eleven = ap_of(&s, voc07, 0);
    for (int d = 0; d < s.D; d++)
        s.detections[d].score = 1000 * s.detections[d].score * s.detections[d].score - 7;
    for (int d = 0; d < s.D / 2; d++) {
        map_detection kept = s.detections[d];
        s.detections[d] = s.detections[s.D - 1 - d];
        s.detections[s.D - 1 - d] = kept;
    }
    coco_of(&s, after);
    for (int i = 0; i < MAP_NUMBERS; i++)
        ck_assert(before_[i] == after[i]);
    ck_assert(ap_of(&s, voc07, 0) == eleven);
    map_scene_free(&s);
}
END_TEST

START_TEST(seven_images)
{
    map_scene s = map_worked_scene();
    near(ap_of(&s, (map_rule){MAP_VOC07, 0.3, 1}, 0), 0.2683982684, 5e-11);
    near(ap_of(&s, (map_rule){MAP_VOC10, 0.3, 1}, 0), 0.2456866805, 5e-11);
    near(ap_of(&s, (map_rule){MAP_VOC10, 0.3, 0}, 0), 0.2253968254, 5e-11);
    near(ap_of(&s, (map_rule){MAP_VOC07, 0.5, 1}, 0), 1.0 / 33, 1e-15);
    map_scene_free(&s);
}
END_TEST

// ---- Ties ----

// All orders of class 0's detections by Heap's algorithm: swaps of equal scores only are looked at.
typedef struct {
    map_scene *s;
    const map_rule *rule;
    double low, high, sum;
    int count;
} orders;

static void
every_order(orders *o, int n)
{
    map_scene *s = o->s;
    if (n <= 1) {
        for (int d = 0; d + 1 < s->D; d++)
            if (s->detections[d].score < s->detections[d + 1].score)
                return;
        map_groups x = map_groups_new(s);
        int precedence[MOST];
        for (int d = 0; d < s->D; d++)
            precedence[d] = d;
        double ap = map_class_ap(s, &x, 0, o->rule, precedence);
        map_groups_free(&x);
        o->low = fmin(o->low, ap), o->high = fmax(o->high, ap);
        o->sum += ap;
        o->count++;
        return;
    }
    for (int i = 0; i < n; i++) {
        every_order(o, n - 1);
        int j = n % 2 ? 0 : i;
        map_detection kept = s->detections[j];
        s->detections[j] = s->detections[n - 1];
        s->detections[n - 1] = kept;
    }
}

// The mean is exact; the extremes are where no two detections of an image are tied, and never beyond them.
START_TEST(all_orders)
{
    rng r = rng_at(6, 0);
    const map_rule *rules[] = {&voc07, &voc10, &coco};
    int moved = 0;
    for (int trial = 0; trial < 60; trial++) {
        small s = {.scene = {.N = 6, .K = 1}};
        bool apart = trial % 2;
        for (int i = 0; i < 6; i++)
            add_truth(&s, i, 0, (map_box){10, 10, 40, 40});
        for (int d = 0; d < 6; d++)
            add_detection(&s, apart ? d : (int)rng_below(&r, 3), 0, rng_below(&r, 3) / 4.0,
                          (map_box){10.0 + rng_below(&r, 20), 10, 40, 40});
        for (int p = 0; p < 3; p++) {
            map_groups x = map_groups_new(&s.scene);
            map_tied t = map_ties(&s.scene, &x, 0, rules[p], 720, NULL);
            // with 1 order: that, and the two that are made on purpose
            map_tied made = map_ties(&s.scene, &x, 0, rules[p], 1, &r);
            orders o = {&s.scene, rules[p], 2, -2, 0, 0};
            every_order(&o, 6);
            ck_assert(t.all);
            near(t.expected, o.sum / o.count, 1e-13);
            // all orders were gone through for the mean, so the extremes are exact here
            near(t.lowest, o.low, 1e-13);
            near(t.highest, o.high, 1e-13);
            ck_assert(made.lowest >= o.low - 1e-13 && made.highest <= o.high + 1e-13);
            if (apart) {
                near(made.lowest, o.low, 1e-13);
                near(made.highest, o.high, 1e-13);
            }
            moved += o.high > o.low;
            map_groups_free(&x);
        }
    }
    ck_assert_int_gt(moved, 60);
}
END_TEST

// The mean of random orders is that of all, within its error; no orders asked for, no doubt told.
START_TEST(random_orders)
{
    map_scene s = map_worked_scene();
    map_groups x = map_groups_new(&s);
    const map_rule rule = {MAP_VOC07, 0.3, 1};
    rng r = rng_at(8, 0);
    map_tied all = map_ties(&s, &x, 0, &rule, 8, NULL), some = map_ties(&s, &x, 0, &rule, 7, &r);
    ck_assert(all.all && !some.all && some.error > 0);
    near(all.expected, 39.0 / 154, 1e-15);
    double z = 0, sum = 0;
    for (int i = 0; i < 200; i++) {
        some = map_ties(&s, &x, 0, &rule, 7, &r);
        sum += some.expected;
        z += some.error * some.error;
    }
    ck_assert(fabs(sum / 200 - all.expected) < 4 * sqrt(z) / 200);
    map_tied none = map_ties(&s, &x, 0, &rule, 0, NULL);
    ck_assert(none.lowest == none.score && none.highest == none.score && none.error == 0);
    map_tied two[] = {{0.5, 0.4, 0.5, 0.6, 0.3, true},
                      {-1, -1, -1, -1, 0, true},
                      {0.3, 0.2, 0.3, 0.4, 0.4, false}};
    map_tied mean = map_tied_mean(3, two);
    near(mean.lowest, 0.3, 1e-15);
    near(mean.score, 0.4, 1e-15);
    near(mean.error, 0.25, 1e-15);
    ck_assert(!mean.all && map_tied_mean(1, two + 1).score == -1);
    map_groups_free(&x);
    map_scene_free(&s);
}
END_TEST

// ---- Chance, calibration ----

START_TEST(resampling)
{
    enum { N = 40 };
    map_detector_plan plan = map_detector_small;
    plan.images = N;
    map_scene s = map_detector_scene(&plan, 4);
    map_groups x = map_groups_new(&s);
    map_coco c = map_coco_evaluate(&s, &x);
    int weight[N], once[N], sum = 0;
    double number[MAP_NUMBERS];
    rng r = rng_at(1, 0);
    map_resample(N, &r, weight);
    for (int i = 0; i < N; i++) {
        sum += weight[i];
        once[i] = 1;
    }
    ck_assert_int_eq(sum, N);
    map_coco_numbers(&c, number);
    near(map_resampled(&s, &coco, &c.rankings, once), number[MAP_AP], 1e-14);
    // An image taken w times is w images, side by side.
    map_scene copies = {.K = s.K,
                        .truths = calloc(9 * s.G, sizeof(map_truth)),
                        .detections = calloc(9 * s.D, sizeof(map_detection))};
    for (int i = 0; i < N; i++)
        for (int w = 0; w < weight[i]; w++, copies.N++) {
            for (int g = 0; g < s.G; g++)
                if (s.truths[g].image == i) {
                    copies.truths[copies.G] = s.truths[g];
                    copies.truths[copies.G++].image = copies.N;
                }
            for (int d = 0; d < s.D; d++)
                if (s.detections[d].image == i) {
                    copies.detections[copies.D] = s.detections[d];
                    copies.detections[copies.D++].image = copies.N;
                }
        }
    ck_assert_int_eq(copies.N, N);
    map_rule rules[] = {coco, voc07, voc10, {MAP_VOC07_FLOATS, 0.5, 0}};
    map_rankings rankings = map_voc_rankings(&s, &x, 0.5, 0);
    for (int p = 0; p < 3; p++) {
        double ap[16];
        for (int k = 0; k < s.K; k++)
            ap[k] = ap_of(&copies, rules[p], k);
        // copies of an image are tied with each other and with nothing else: scores of 3 decimals may be
        near(map_resampled(&s, &rules[p], p ? &rankings : &c.rankings, weight),
             map_mean(s.K, 1, ap), 2e-3);
    }
    double values[] = {5, 1, 4, 2, 3};
    map_interval i = map_bootstrap(5, values, 3.5, false);
    ck_assert(i.low == 1 && i.high == 5);
    i = map_bootstrap(5, values, 3.5, true);
    ck_assert(i.low == 2 && i.high == 6);
    double many[200];
    for (int k = 0; k < 200; k++)
        many[k] = (k * 37) % 200;
    i = map_bootstrap(200, many, 0, false);
    ck_assert(i.low == 5 && i.high == 194);
    map_rankings_free(&rankings);
    map_scene_free(&copies);
    map_coco_free(&c);
    map_groups_free(&x);
    map_scene_free(&s);
}
END_TEST

START_TEST(calibrating)
{
    map_ranked list[] = {{.score = 0.95, .hit = {1}},
                         {.score = 1, .hit = {1}},
                         {.score = 0.9},
                         {.score = 0.35, .hit = {2}},
                         {.score = 0.1, .ignored = {1}},
                         {.score = 0.15, .hit = {1}},
                         {.score = -3},
                         {.score = 1.5, .hit = {1}}};
    int from[] = {0}, count[] = {8}, n[10];
    map_rankings rankings = {list, from, count};
    double score[10], part[10];
    map_scene s = {.K = 1};
    double error = map_calibration(&s, &rankings, 10, n, score, part);
    ck_assert(n[9] == 3 && n[3] == 1 && n[1] == 1);
    near(score[9], 0.95, 1e-15);
    near(part[9], 2.0 / 3, 1e-15);
    near(part[3], 0, 0);
    near(error, (0.85 + 0.35 + 0.85) / 5, 1e-15); // too sure, too sure, too modest
}
END_TEST

// Both numbers of calibration: three are too sure by 0.25, one is too modest by 0.35.
START_TEST(both_numbers)
{
    small s = {.scene = {.N = 2, .K = 1}};
    add_truth(&s, 0, 0, (map_box){10, 10, 40, 40});
    add_truth(&s, 1, 0, (map_box){10, 10, 40, 40});
    for (int i = 0; i < 3; i++)
        add_detection(&s, 0, 0, 0.25, (map_box){200, 10, 40, 40});
    add_detection(&s, 1, 0, 0.65, (map_box){10, 10, 40, 40});
    test_folder();
    program_begin("map", (program_option[]){{0}}, 3, (char *[]){"map", "--out", "own"});
    map_scored d = {.scene = s.scene, .groups = map_groups_new(&s.scene)};
    d.coco = map_coco_evaluate(&d.scene, &d.groups);
    map_calibration_numbers c = map_report_calibration(&d);
    near(c.error, (3 * 0.25 + 0.35) / 4, 1e-15);
    near(c.excess, (3 * 0.25 - 0.35) / 4, 1e-15);
    map_coco_free(&d.coco);
    map_groups_free(&d.groups);
}
END_TEST

// ---- The made-up data ----

START_TEST(made_up)
{
    map_scene s = map_detector_scene(&map_detector_small, 7),
              t = map_detector_scene(&map_detector_small, 7);
    ck_assert(s.G == t.G && s.D == t.D && s.N == 200 && s.K == 10);
    ck_assert(memcmp(s.detections, t.detections, s.D * sizeof *s.detections) == 0);
    int crowds = 0, first = 0;
    for (int g = 0; g < s.G; g++) {
        const map_truth *b = &s.truths[g];
        ck_assert(b->box.x >= 0 && b->box.w >= 1 && b->box.x + b->box.w <= 640.02 && b->class < 10);
        ck_assert(b->area <= b->box.w * b->box.h);
        crowds += b->crowd;
        first += b->class == 0;
    }
    double p = 1 / 2.9289682539682538; // of the first class, 1 / (1 + 1/2 + ... + 1/10)
    ck_assert(fabs(s.G - 7.4 * 200) < 4 * sqrt(7.4 * 200));
    ck_assert(fabs(crowds - 0.01 * s.G) < 4 * sqrt(0.01 * s.G));
    ck_assert(fabs(first - p * s.G) < 4 * sqrt(p * (1 - p) * s.G));
    for (int d = 0; d < s.D; d++)
        ck_assert(fabs(s.detections[d].score * 1000 - round(s.detections[d].score * 1000)) < 1e-9);
    map_scene_free(&s);
    map_scene_free(&t);
}
END_TEST

// ---- Reading ----

#define GT_HEADER "image,class,x,y,w,h,area,crowd,difficult\n"
#define DT_HEADER "image,class,score,x,y,w,h\n"

static map_data data;

static void
read_truths(const char *text, const char *name)
{
    map_data_free(&data);
    map_data_read_truths(&data, text, strlen(text), name);
}

static void
read_detections(const char *text, const char *name)
{
    map_data_read_detections(&data, text, strlen(text), name);
}

// Ground truths of one image and class, then these detections.
static void
read_dt(const char *text)
{
    read_truths("image,class,x,y,w,h\n1,cat,0,0,10,10\n", "gt.csv");
    read_detections(text, "dt.csv");
}

#define BAD_GT(text, message) REFUSED((read_truths(text, "gt.csv"), 0), "gt.csv" message)
#define BAD_DT(text, message) REFUSED((read_dt(text), 0), "dt.csv" message)

#define MARKED                                                                                   \
    ": begins with a byte-order mark (EF BB BF), expected JSON from the first byte on; save it " \
    "as UTF-8 without the mark"

START_TEST(tables)
{
    read_truths(
        "image\tclass\tw\th\tx\ty\tcrowd\r\n10\tdog\t3\t4\t1\t2\t1\r\n9\tcat\t3\t4.5\t-1\t2\t0\r\n"
        "b\t\t\t\t\t\t\r\n007\tcat\t1e1\t4\t1\t2\t0",
        "gt.tsv");
    read_detections("\xef\xbb\xbf" DT_HEADER "9,dog,.5,1,2,3,4\nb,fox,-1,1,2,3,4\n", "dt.csv");
    map_data_sort(&data);
    const map_scene *s = &data.scene;
    ck_assert(s->N == 4 && s->K == 3 && s->G == 3 && s->D == 2);
    const char *const images[] = {"9", "10", "007", "b"}, *const classes[] = {"cat", "dog", "fox"};
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(map_names_text(&data.images, i), images[i]);
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(map_names_text(&data.classes, i), classes[i]);
    ck_assert(s->truths[0].image == 1 && s->truths[0].crowd && s->truths[0].box.w == 3);
    ck_assert(s->truths[1].area == 13.5 && s->truths[1].id == 2 && s->truths[2].box.w == 10);
    ck_assert(s->detections[1].image == 3 && s->detections[1].class == 2);
    map_data_free(&data);
}
END_TEST

#define UTF_16 ": is UTF-16 or UTF-32, expected UTF-8 (PowerShell: Out-File -Encoding utf8)"

START_TEST(bad_tables)
{
    BAD_GT("", ": is empty, expected a table or JSON");
    BAD_GT(GT_HEADER, ": has no ground truth at all");
    BAD_GT(GT_HEADER "1,,,,,,,,\n", ": has no ground truth at all");
    BAD_GT("image,class,x,y,w\n", ":1: no column 'h'");
    BAD_GT("image,class,x,y,w,h,z\n", ":1: the column 'z' is not known here; there are "
                                      "image, class, x, y, w, h, area, crowd, "
                                      "difficult");
    BAD_GT("image,class,x,y,w,h,score\n",
           ":1: the ground truth has a column 'score': are --gt and --dt exchanged?");
    BAD_GT("image;class;x;y;w;h\n",
           ":1: semicolons stand between the cells, expected commas or tabs");
    BAD_GT("1,cat,0,0,10,10\n",
           ":1: begins with '1', expected a line that names the columns: image,class,x,y,w,h");
    BAD_DT("1,cat,.5,0,0,10,10\n", ":1: begins with '1', expected a line that names the columns: "
                                   "image,class,score,x,y,w,h");
    BAD_GT("image,class,x,y,w,h,x\n", ":1: the column 'x' stands twice");
    BAD_GT(GT_HEADER "1,c,0,0,1,1,1,0\n", ":2: 8 columns, the header has 9");
    BAD_GT(GT_HEADER "\n1,c,0,0,1,1,1,0,0\n", ":2: an empty line");
    BAD_GT(GT_HEADER "1\n", ":2: 1 column, the header has 9");
    BAD_GT(GT_HEADER "1,c,0,0,1,1,1,0,0,0,0,0,0,0,0,0,0,0\n", ":2: more than 16 columns");
    BAD_GT(GT_HEADER "1,c,nan,0,1,1,1,0,0\n",
           ":2: x is nan, expected a number of pixels below 1000000000");
    BAD_GT(GT_HEADER "1,c,0,-inf,1,1,1,0,0\n",
           ":2: y is -inf, expected a number of pixels below 1000000000");
    BAD_GT(GT_HEADER "1,c,0,0,1e12,1,1,0,0\n",
           ":2: w is 1e+12, expected a number of pixels below 1000000000");
    BAD_GT(GT_HEADER "1,c,0,0,1,-2,1,0,0\n",
           ":2: h is -2, expected 0 or more: a box is x, y, width, height");
    BAD_GT(GT_HEADER "1,c,0,0,1,abc,1,0,0\n", ":2: h is 'abc', expected a number");
    BAD_GT(GT_HEADER "1,c,0,0,1,0x10,1,0,0\n", ":2: h is '0x10', expected a number");
    BAD_GT(GT_HEADER "1,c,0,0,1, 1,1,0,0\n", ":2: h is ' 1', expected a number");
    BAD_GT(GT_HEADER "1,c,0,0,1,,1,0,0\n", ":2: h is '', expected a number");
    BAD_GT(GT_HEADER "1,c,0,0,1,1,-1,0,0\n", ":2: area is -1, expected 0 or more");
    BAD_GT(GT_HEADER "1,c,0,0,1,1,1,2,0\n", ":2: crowd is 2, expected 0 or 1");
    BAD_GT(GT_HEADER "1,,3,,,,,,\n", ":2: x is given and the class is empty");
    BAD_GT(GT_HEADER ",c,0,0,1,1,1,0,0\n", ":2: image is empty");
    BAD_GT(GT_HEADER " \n1,c,0,0,1,1,1,0,0\n", ":2: an empty line");
    BAD_GT(GT_HEADER "1,\"c,0,0,1,1,1,0,0\n", ":2: a quote without its end in this line");
    BAD_GT(GT_HEADER "1,\"c\"d,0,0,1,1,1,0,0\n", ":2: 'd' after a cell in quotes");
    BAD_GT("image,class,x,y,w,h\r1,c,0,0,1,1\r",
           ": has a line that ends in CR alone, expected LF or CR LF");
    BAD_GT("image,class,x,y,w,h\n1,c,0,0,1,1\r2,c,0,0,1,1\n",
           ": has a line that ends in CR alone, expected LF or CR LF");
    BAD_GT("im\033[2Jage,class\n",
           ":1: the column 'im\\x1b[2Jage' is not known here; there are image, class, x, y, w, h, "
           "area, crowd, difficult");
    BAD_GT(" \r\n", ": is empty, expected a table or JSON");
    BAD_GT("\x1f\x8b\x08", ": is compressed with gzip; gunzip it first");
    BAD_GT("BZh9", ": is compressed with bzip2, xz or zstd; unpack it first");
    BAD_GT("PK\3\4", ": is a zip archive or a spreadsheet; unpack it, or save it as CSV, first");
    BAD_GT("\xff\xfei", UTF_16);
    REFUSED((map_data_read_truths(&data, "i\0m\0", 4, "gt.csv"), 0), "gt.csv" UTF_16);
    REFUSED((map_data_read_truths(&data, "\0i\0m", 4, "gt.csv"), 0), "gt.csv" UTF_16);
    REFUSED((map_data_read_truths(&data, "\0\0\0\0", 4, "gt.csv"), 0),
            "gt.csv: is no text: there are bytes of 0 at its beginning");
    BAD_GT(GT_HEADER "1,a\tb,0,0,1,1,1,0,0\n", ":2: class has a control character in it");
    BAD_DT("image,class,x,y,w,h\n1,cat,0,0,1,1\n", ":1: no column 'score'");
    BAD_DT("\n", ": is empty, expected a table or JSON");
    BAD_DT(DT_HEADER "2,cat,.5,0,0,1,1\n", ":2: image is '2', the ground truth has no such image");
    BAD_DT(DT_HEADER "1,cat,.5,0,?,1,!\n", ":2: y is '?', expected a number"); // the first of two
    BAD_DT(DT_HEADER "1,cat,,0,0,1,1\n", ":2: score is '', expected a number");
    BAD_DT(DT_HEADER "1,cat,inf,0,0,1,1\n", ":2: score is inf, expected a finite number");
    BAD_DT(DT_HEADER "1,cat,nan,0,0,1,1\n", ":2: score is nan, expected a finite number");
    BAD_DT("\xef\xbb\xbf[]", MARKED);
    BAD_DT("[]", ": is JSON and the ground truth is not, expected two of one kind");
    map_data_free(&data);
}
END_TEST

#define IMAGES "\"images\": [{\"id\": 3, \"width\": 100, \"height\": 50}, {\"id\": -1}]"
#define CATEGORIES "\"categories\": [{\"id\": 7, \"name\": \"cat\"}, {\"id\": 2, \"name\": \"\"}]"
#define ANNOTATION \
    "{\"id\": 0, \"image_id\": 3, \"category_id\": 7, \"bbox\": [1, 2.5, 3, 4], \"area\": 9}"
#define GT(annotations) "{" IMAGES ", \"annotations\": [" annotations "], " CATEGORIES "}"
#define RESULT(image, box, rest) \
    "[{\"image_id\": " image ", \"category_id\": 7, \"bbox\": " box rest "}]"

START_TEST(json)
{
    read_truths("\n{\"info\": {\"a\": [1, \"]}\"]}, \"annotations\": [" ANNOTATION ",\n"
                "{\"id\": 12, \"image_id\": -1, \"category_id\": 2, \"bbox\": [0, 0, 2, 3], "
                "\"iscrowd\": 1, "
                "\"ignore\": true, \"segmentation\": [[1, 2]], \"note\": \"\\\"]\"}], " CATEGORIES
                ", " IMAGES "} \n",
                "gt.json");
    read_detections(RESULT("3", "[0, 0, 1, 1]", ", \"score\": 1") " ", "dt.json");
    map_data_sort(&data);
    const map_scene *s = &data.scene;
    ck_assert(s->N == 2 && s->K == 2 && s->G == 2 && s->D == 1 && data.no_area == 1);
    ck_assert_str_eq(map_names_text(&data.images, 0), "-1");
    ck_assert_str_eq(map_names_text(&data.classes, 0), "2");
    ck_assert_str_eq(map_names_text(&data.classes, 1), "cat");
    ck_assert(s->truths[0].image == 1 && s->truths[0].class == 1 && s->truths[0].box.y == 2.5);
    ck_assert(s->truths[0].area == 9 && s->truths[0].id == 0 && !s->truths[0].crowd);
    ck_assert(s->truths[1].crowd && s->truths[1].difficult && s->truths[1].area == 6);
    ck_assert(data.size[1][0] == 100 && data.size[0][1] == 0);
    ck_assert(s->detections[0].image == 1 && s->detections[0].score == 1);
    map_data_free(&data);
}
END_TEST

#define BAD_JSON(text, message) REFUSED((read_truths(text, "gt.json"), 0), "gt.json" message)
#define BAD_RESULT(text, message)                                          \
    do {                                                                   \
        read_truths(GT(ANNOTATION), "gt.json");                            \
        REFUSED((read_detections(text, "dt.json"), 0), "dt.json" message); \
    } while (0)

#define NO_LIST                                                                                    \
    ": is no list; expected COCO's results: [{\"image_id\": ..., \"category_id\": ..., \"bbox\": " \
    "[x, y, w, h], \"score\": ...}, ...]"

START_TEST(bad_json)
{
    BAD_JSON("\xef\xbb\xbf" GT(ANNOTATION), MARKED);
    BAD_JSON("\xef\xbb\xbf\r\n{", MARKED);
    BAD_RESULT("\xef\xbb\xbf" RESULT("3", "[0, 0, 1, 1]", ", \"score\": 1"), MARKED);
    BAD_JSON("[]", ": is a list, as results are; expected ground truth {\"images\": [...], "
                   "\"categories\": [...], \"annotations\": [...]}: are --gt and --dt exchanged?");
    BAD_JSON(
        "{}",
        ": no images; expected {\"images\": [...], \"categories\": [...], \"annotations\": [...]}");
    BAD_JSON("{" IMAGES "}", ": no categories; expected {\"images\": [...], \"categories\": [...], "
                             "\"annotations\": [...]}");
    BAD_JSON("{" IMAGES "," CATEGORIES "}", ": no annotations; expected {\"images\": [...], "
                                            "\"categories\": [...], \"annotations\": [...]}");
    BAD_JSON("{" IMAGES "," IMAGES "}", ": images stands twice");
    BAD_JSON("{\"images\": {}}", ": images is no list, expected [...]");
    BAD_JSON("{\n" IMAGES ", x", ":2: broken JSON at column 65: invalid token near 'x'");
    BAD_JSON("{" IMAGES, ":1: broken JSON at column 63: expected '}', and the file ends");
    BAD_JSON("{" IMAGES ", 3: 4}", ":1: broken JSON at column 66: expected a name in quotes");
    BAD_JSON(GT("") "x", ":1: broken JSON at column 148: expected the end of the file");
    BAD_JSON(GT(""), ": has no ground truth at all");
    BAD_JSON("{\"images\": [{}]}", ": images[0].id is missing");
    BAD_JSON("{\"images\": [{\"id\": 1}, 3]}", ": images[1] is no object, expected {...}");
    BAD_JSON("{\"images\": [{\"id\": 1}, {\"id\": 1}]}",
             ": images[1].id is 1, which stands at images[0], too");
    BAD_JSON("{\"images\": [{\"id\": 1.5}]}",
             ": images[0].id is neither a whole number nor a text");
    BAD_JSON("{\"images\": [{\"id\": 1e300}]}",
             ": images[0].id is neither a whole number nor a text");
    BAD_JSON("{\"images\": [{\"id\": [1]}]}",
             ": images[0].id is neither a whole number nor a text");
    BAD_JSON("{\"images\": [{\"id\": \"a\\n\"}, {\"id\": \"a\\n\"}]}",
             ": images[1].id is a\\n, which stands at images[0], too");
    BAD_JSON("{\"categories\": [{\"name\": \"cat\"}]}", ": categories[0].id is missing");
    BAD_JSON(GT(ANNOTATION ", " ANNOTATION),
             ": annotations[1].id is 0, which stands at annotations[0], too");
    BAD_JSON(GT("{\"image_id\": 3}"), ": annotations[0].id is missing");
    BAD_JSON(GT("{\"id\": 1, \"image_id\": 4}"),
             ": annotations[0].image_id is 4, the ground truth has no such image");
    BAD_JSON(GT("{\"id\": 1, \"image_id\": 3, \"category_id\": 1}"),
             ": annotations[0].category_id is 1, the ground truth has no such category");
    BAD_JSON(GT("{\"id\": 1, \"id\": 2}"),
             ":1: broken JSON at column 95: duplicate object key near '\"id\"'");
    BAD_JSON(GT("{\"id\": 1, \"image_id\": 3, \"category_id\": 2, \"bbox\": [1, 2, -3, 4]}"),
             ": annotations[0].bbox[2] is -3, expected 0 or more: a box is x, y, width, height");
    BAD_JSON(GT("{\"id\": 1, \"image_id\": 3, \"category_id\": 2, \"bbox\": [1, 2, 3, 4], "
                "\"iscrowd\": 2}"),
             ": annotations[0].iscrowd is neither 0 nor 1");
    BAD_JSON(GT("{\"id\": 1, \"image_id\": 3, \"category_id\": 2, \"bbox\": [1, 2, 3, 4], "
                "\"area\": null}"),
             ": annotations[0].area is no number");
    BAD_RESULT("{\"image_id\": 3}\n", NO_LIST);
    BAD_RESULT(GT(ANNOTATION), NO_LIST ": are --gt and --dt exchanged?");
    BAD_RESULT("[{\"image_id\": \"3\"}]",
               ": [0].image_id is 3 (a text), the ground truth has no such image");
    BAD_RESULT("[{\"image_id\": 3, \"category_id\": 7, \"segmentation\": []}]",
               ": [0].bbox is missing; there is a segmentation, and only boxes are scored here");
    BAD_RESULT(RESULT("3", "[0, 0, 1, 1]", ""), ": [0].score is missing");
    BAD_RESULT(RESULT("3", "[0, 0, 1, 1]", ", \"score\": \"1\""), ": [0].score is no number");
    BAD_RESULT(RESULT("4", "[0, 0, 1, 1]", ", \"score\": 1"),
               ": [0].image_id is 4, the ground truth has no such image");
    BAD_RESULT(RESULT("3", "[0, 0, 1]", ", \"score\": 1"),
               ": [0].bbox is no list of 4 numbers: x, y, width, height");
    BAD_RESULT(RESULT("3", "[0, 0, 1, \"1\"]", ", \"score\": 1"), ": [0].bbox[3] is no number");
    BAD_RESULT(RESULT("3", "[0, 0, -1, 1]", ", \"score\": 1"),
               ": [0].bbox[2] is -1, expected 0 or more: a box is x, y, width, height");
    BAD_RESULT(RESULT("3", "[1e99, 0, 1, 1]", ", \"score\": 1"),
               ": [0].bbox[0] is 1e+99, expected a number of pixels below 1000000000");
    BAD_RESULT(RESULT("3", "[NaN, 0, 1, 1]", ", \"score\": 1"),
               ":1: broken JSON at column 48: invalid token near 'NaN'");
    BAD_RESULT(RESULT("3", "[0, 0, 1, 1]", ", \"score\": 1e999"),
               ":1: broken JSON at column 72: real number overflow near '1e999'");
    BAD_RESULT("[{\"image_id\" \033", ":1: broken JSON at column 15: ':' expected near '\\x1b'");
    BAD_RESULT("[{\"image_id\": 3},\n {\"image_id\": ", ": [0].category_id is missing");
    BAD_RESULT("[\n", ":2: broken JSON at column 1: unexpected token near end of file");
    BAD_RESULT(
        "image,class,score,x,y,w,h\n",
        ": does not begin with [ as COCO's results do, and the ground truth is JSON, expected "
        "two of one kind");
    BAD_RESULT("", ": is empty, expected a table or JSON");
    map_data_free(&data);
}
END_TEST

// No memory within jansson is told as that, not as broken JSON: jansson's own message is then empty.
START_TEST(json_memory)
{
    json_malloc_t take;
    json_free_t give;
    read_truths(GT(ANNOTATION), "gt.json");
    json_get_alloc_funcs(&take, &give);
    REFUSED(take(1L << 60), "no memory for JSON: 1152921504606846976 bytes");
    void *some = take(8);
    ck_assert_ptr_nonnull(some);
    give(some);
    map_data_free(&data);
}
END_TEST

// Many names, so that the table of names grows; sorted by value, not by word.
START_TEST(many_names)
{
    enum { N = 1000 };
    static char text[N * 40];
    int used = sprintf(text, "image,class,x,y,w,h\n");
    for (int i = 0; i < N; i++)
        used += sprintf(text + used, "%d,c%03d,0,0,1,1\n", (i * 7) % N, (i * 3) % N);
    read_truths(text, "gt.csv");
    map_data_sort(&data);
    ck_assert(data.scene.N == N && data.scene.K == N);
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(atoi(map_names_text(&data.images, i)), i);
        ck_assert_int_eq(data.scene.truths[i].image, (i * 7) % N);
        ck_assert_int_eq(data.scene.truths[i].class, (i * 3) % N);
    }
    map_data_free(&data);
}
END_TEST

// A scene comes back from JSON and from tables with the same bits.
START_TEST(round_trip)
{
    test_folder();
    map_scene s = map_detector_scene(&map_detector_small, 9);
    s.detections[0].box.x = 1.0 / 3;
    s.N++; // an image with nothing on it
    map_write_json_truths(&s, "gt.json");
    map_write_json_detections(&s, "dt.json");
    map_write_table_truths(&s, "gt.tsv");
    map_write_table_detections(&s, "dt.tsv");
    const char *const files[][2] = {{"gt.json", "dt.json"}, {"gt.tsv", "dt.tsv"}};
    for (int f = 0; f < 2; f++) {
        map_data_read_files(&data, files[f][0], files[f][1]);
        ck_assert(data.scene.N == s.N && data.scene.K == s.K && data.scene.G == s.G &&
                  data.scene.D == s.D);
        for (int g = 0; g < s.G; g++) {
            const map_truth *a = &s.truths[g], *b = &data.scene.truths[g];
            ck_assert(a->id == b->id && a->image == b->image && a->class == b->class &&
                      memcmp(&a->box, &b->box, sizeof a->box) == 0 && a->area == b->area &&
                      a->crowd == b->crowd && a->difficult == b->difficult);
        }
        for (int d = 0; d < s.D; d++) {
            const map_detection *a = &s.detections[d], *b = &data.scene.detections[d];
            ck_assert(a->image == b->image && a->class == b->class && a->score == b->score &&
                      memcmp(&a->box, &b->box, sizeof a->box) == 0);
        }
        map_data_free(&data);
    }
    map_scene_free(&s);
}
END_TEST

// ---- Warnings ----

static char told[4096];

static void
remember(const char *line)
{
    strcat(strcat(told, line), "\n");
}

START_TEST(warned)
{
    char text[4096] = DT_HEADER;
    read_truths("{" IMAGES ", " CATEGORIES ", \"annotations\": [" ANNOTATION
                ", {\"id\": 5, \"image_id\": 3, \"category_id\": 7, \"bbox\": [90, 10, 12, 0]}]}",
                "gt.json");
    read_detections(
        "[{\"image_id\": 3, \"category_id\": 7, \"bbox\": [1, 2, 3, 4], \"score\": 0.5},"
        "{\"image_id\": 3, \"category_id\": 9, \"bbox\": [1, 2, 3, 4], \"score\": 0.5}]",
        "dt.json");
    map_data_sort(&data);
    *told = 0;
    map_warn(&data, remember);
    ck_assert_str_eq(told,
                     "1 ground truth with a width or height of 0; they are scored as they are\n"
                     "1 ground truth more than a pixel out of the image\n"
                     "1 ground truth with the id 0: pycocotools counts what finds it as false "
                     "(--strict-coco gives its numbers)\n"
                     "1 class without ground truth, such as '2': in no mean\n"
                     "1 ground truth without an area: width times height is taken\n"
                     "1 detection of categories that the ground truth does not list: left out\n");
    for (int i = 0; i < 102; i++)
        sprintf(text + strlen(text), "1,cat,.5,%d,0,%d,9\n", i == 0 ? -2 : 5, i ? 50 : 10);
    read_dt(text);
    map_data_sort(&data);
    *told = 0;
    map_warn(&data, remember);
    ck_assert_str_eq(
        told, "1 detection more than a pixel out of the image\n"
              "102 of 102 detections have w > x and h > y: they look like two corners x1, y1, x2, "
              "y2; expected x, y, width, height\n"
              "102 detections, all with the same score: their order is chance\n"
              "2 detections beyond the 100 of an image and class, which COCO does not count\n");
    strcpy(text, DT_HEADER "1,cat,.6,2,2,1,1\n");
    for (int i = 0; i < 30; i++)
        strcat(text, "1,cat,.5,2,9,8,3\n"); // w > x, h < y
    read_dt(text);
    map_data_sort(&data);
    *told = 0;
    map_warn(&data, remember);
    ck_assert_str_eq(told, "");
    read_dt(DT_HEADER "1,cat,-.5,2,2,1,1\n1,cat,1.5,2,2,1,1\n1,cat,1,2,2,1,1\n");
    map_data_sort(&data);
    map_warn(&data, remember);
    ck_assert_str_eq(told, "2 detections with a score outside 0 to 1: not in the calibration\n");
    map_data_free(&data);
}
END_TEST

// What a spreadsheet writes: cells in quotes, with commas and quotes in them; empty lines at the end.
START_TEST(quoted)
{
    read_truths("\"image\",class,x,y,w,h\r\n\"a, b.jpg\",\"the \"\"cat\"\"\",\"0\",0,9,9\r\n\r\n\n",
                "gt.csv");
    read_detections(DT_HEADER "\"a, b.jpg\",\"\"\"\",.5,0,0,9,\"9\"", "dt.csv");
    ck_assert(data.scene.G == 1 && data.scene.D == 1 && data.scene.truths[0].box.h == 9);
    ck_assert_str_eq(map_names_text(&data.images, 0), "a, b.jpg");
    ck_assert_str_eq(map_names_text(&data.classes, 0), "the \"cat\"");
    ck_assert_str_eq(map_names_text(&data.classes, 1), "\"");
    char long_cell[400] = "image,class,x,y,w,h\n\"";
    memset(long_cell + strlen(long_cell), 'x', 300);
    strcat(long_cell, "\",c,0,0,1,1\n");
    BAD_GT(long_cell, ":2: a cell in quotes has more than 255 bytes");
    map_data_free(&data);
}
END_TEST

// Ids may be texts, or whole numbers written with a point; iscrowd 0.0, a width of null and no results are scored.
START_TEST(other_json)
{
    read_truths(
        "{\"images\": [{\"id\": \"a\\u001b\", \"width\": null}, {\"id\": 2.0, \"height\": "
        "\"9\"}], \"categories\": [{\"id\": \"c\", \"name\": \"x\\r\\ty\"}], "
        "\"annotations\": [{\"id\": \"first\", \"image_id\": \"a\\u001b\", "
        "\"category_id\": \"c\", \"bbox\": [0, 0, 9, 9], \"iscrowd\": 0.0}, {\"id\": 7.0, "
        "\"image_id\": 2, \"category_id\": \"c\", \"bbox\": [0, 0, 9, 9], \"iscrowd\": 1.0}]}",
        "gt.json");
    read_detections(
        "[{\"image_id\": \"a\\u001b\", \"category_id\": \"c\", \"bbox\": [0, 0, 9, 9], "
        "\"score\": 1}, {\"image_id\": 2e0, \"category_id\": 3, \"bbox\": [0, 0, 9, 9], "
        "\"score\": 1}]",
        "dt.json");
    ck_assert(data.scene.G == 2 && data.scene.D == 1 && data.foreign == 1);
    ck_assert(!data.scene.truths[0].crowd && data.scene.truths[1].crowd);
    ck_assert_str_eq(map_data_id(&data, 0), "first");
    ck_assert_str_eq(map_data_id(&data, 1), "7");
    ck_assert_str_eq(map_names_text(&data.images, 0), "a\\x1b");
    ck_assert_str_eq(map_names_text(&data.classes, 0), "x\\x0d\\ty");
    ck_assert(data.size[0][0] == 0 && data.size[1][1] == 0);
    read_truths(GT(ANNOTATION), "gt.json");
    read_detections(" [] ", "dt.json");
    map_data_sort(&data);
    *told = 0;
    map_warn(&data, remember);
    ck_assert_ptr_nonnull(strstr(told, "there is no detection: every score is 0\n"));
    map_scored d = map_score(data.scene);
    double number[MAP_NUMBERS];
    map_coco_numbers(&d.coco, number);
    ck_assert(number[MAP_AP] == 0 && number[MAP_AR100] == 0);
    ck_assert(map_operating_best(&d).recall == 0);
    map_coco_free(&d.coco);
    map_groups_free(&d.groups);
    map_data_free(&data);
    read_dt(DT_HEADER);
    ck_assert_int_eq(data.scene.D, 0);
    map_data_free(&data);
}
END_TEST

// ---- Folders ----

#define VOC_OBJECT(name, rest, box) \
    "<object><name>" name "</name>" rest "<bndbox>" box "</bndbox></object>"
#define VOC_BOX "<xmin>10</xmin><ymin>20.5</ymin><xmax>50</xmax><ymax>60</ymax>"

static void
read_xml(const char *text)
{
    map_data_free(&data);
    map_data_voc_truths(&data, text, strlen(text), "Annotations/000005.xml");
}

#define BAD_XML(text, message) REFUSED((read_xml(text), 0), "Annotations/000005.xml" message)

START_TEST(voc_files)
{
    static const char *const results = "000005 0.9 10 20 51 61\n\n", *const nobody =
                                                                         "6 1 1 2 3 4\n";
    read_xml(
        "<?xml version=\"1.0\"?><!DOCTYPE a><annotation verified='>'>\n<filename>x</filename>"
        "<size><width>500</width><height>375</height><depth/></size><!-- <object> -->" VOC_OBJECT(
            "dog &amp; cat",
            "<difficult>1</difficult><part><name>head</name><bndbox><xmin>1</xmin>"
            "</bndbox></part>",
            VOC_BOX) VOC_OBJECT(" tv ", "", VOC_BOX) "</annotation >\n");
    map_data_finish(&data, "Annotations");
    ck_assert(data.scene.G == 2 && data.scene.N == 1 && data.size[0][0] == 500);
    const map_truth *g = data.scene.truths;
    ck_assert(g[0].difficult && !g[1].difficult && g[1].id == 2 && g[0].box.x == 10);
    ck_assert(g[0].box.y == 20.5 && g[0].box.w == 40 && g[0].box.h == 39.5 && g[0].area == 1580);
    ck_assert_str_eq(map_names_text(&data.classes, 0), "dog & cat");
    ck_assert_str_eq(map_names_text(&data.images, 0), "000005");
    map_data_voc_detections(&data, results, strlen(results), "r/comp4_det_test_tv.txt");
    const map_detection *t = data.scene.detections;
    ck_assert(data.scene.D == 1 && t->class == 1 && t->score == 0.9 && t->box.w == 41);
    map_data_voc_detections(&data, results, strlen(results), "r/comp4_det_test_sofa.txt");
    ck_assert_str_eq(map_names_text(&data.classes, 2), "sofa");
    // The longest known name that the file's name ends in, as a word of its own.
    map_data_voc_detections(&data, results, strlen(results), "r/det_flat_tv.txt");
    ck_assert_int_eq(data.scene.detections[2].class, 1);
    map_data_voc_detections(&data, results, strlen(results), "r/det_flattv.txt");
    ck_assert_str_eq(map_names_text(&data.classes, data.scene.detections[3].class), "flattv");
    ck_assert_int_eq(map_names_add(&data.classes, 0, "sofa_tv", 7), 4);
    map_data_voc_detections(&data, results, strlen(results), "r/det_sofa_tv.txt");
    ck_assert_int_eq(data.scene.detections[4].class, 4);
    ck_assert_int_eq(map_names_add(&data.classes, 0, "a_fox", 5), 5);
    ck_assert_int_eq(map_names_add(&data.classes, 0, "fox", 3), 6); // shorter, and known later
    map_data_voc_detections(&data, results, strlen(results), "r/det_a_fox.txt");
    ck_assert_int_eq(data.scene.detections[5].class, 5);
    REFUSED((map_data_voc_detections(&data, nobody, strlen(nobody), "r/tv.txt"), 0),
            "r/tv.txt:1: image is '6', the ground truth has no such image");
    REFUSED((map_data_voc_detections(&data, "a b", 3, "r/tv.txt"), 0),
            "r/tv.txt:1: 2 words, expected image, score, x1, y1, x2, y2");
    BAD_XML("", ": has no <annotation>, expected VOC's XML");
    REFUSED((map_data_voc_detections(&data, results, 21, "r/tv.txt"), 0),
            "r/tv.txt:1: y2 is 6, below y1, 20: VOC's results are two corners");
    REFUSED((map_data_voc_detections(&data, "\nb", 2, "r/tv.txt"), 0), "r/tv.txt:1: an empty line");
    BAD_XML("<a><![CDATA[b]]></a>", ":1: CDATA is not read here; write the text as it is");
    BAD_XML("<a><b></a>", ":1: broken XML: an end of <b> is expected here");
    BAD_XML("<annotation>\n<object>", ":2: broken XML: <object> is not closed");
    BAD_XML("<a", ":1: broken XML: a tag without its >");
    BAD_XML("<!-- ", ":1: broken XML: expected -->");
    BAD_XML("<a>&nbsp;</a>", ":1: broken XML: an & that is none of &amp; &lt; &gt; &quot; &apos;");
    BAD_XML("<annotation><object></object></annotation>", ":1: object has no bndbox with xmin");
    BAD_XML("<annotation>" VOC_OBJECT("a", "", "<xmin>x</xmin>"),
            ":1: xmin is 'x', expected a number");
    BAD_XML("<annotation>" VOC_OBJECT("a", "",
                                      "<xmin>9</xmin><ymin>1</ymin><xmax>2</xmax>"
                                      "<ymax>2</ymax>"),
            ":1: xmax is 2, below xmin, 9");
    map_data_free(&data);
}
END_TEST

static void
read_yolo(const char *text, bool truths)
{
    map_data_yolo(&data, text, strlen(text), "labels/a.b.txt", truths);
}

START_TEST(yolo_files)
{
    map_data_free(&data);
    REFUSED(
        (read_yolo("0 .5 .5 .2 .4\n", true), 0),
        "labels/a.b.txt: YOLO's labels are parts of an image, areas are in pixels; give --size, "
        "as --size 640x480");
    map_data_free(&data);
    data.pixels[0] = 100, data.pixels[1] = 50;
    read_yolo("0 .5 .5 .2 .4\n17\t.1 .1 .1 .1", true);
    map_data_finish(&data, "labels");
    const map_truth *g = data.scene.truths;
    ck_assert(data.scene.G == 2 && g[0].box.x == 40 && g[0].box.y == 15);
    near(g[0].box.w / 100, 0.2, 1e-15);
    near(g[0].area / 1e4, 0.04, 1e-15);
    ck_assert_str_eq(map_names_text(&data.images, 0), "a.b");
    ck_assert_str_eq(map_names_text(&data.classes, 1), "17");
    read_yolo("17 .1 .1 .1 .1 .75\n", false);
    ck_assert(data.scene.detections[0].class == 1 && data.scene.detections[0].score == 0.75);
    REFUSED(
        (read_yolo("17 .1 .1 .1 .1\n", false), 0),
        "labels/a.b.txt:1: 5 words, expected class, x, y, width, height, score (save_conf=True)");
    REFUSED((read_yolo("1.5 .1 .1 .1 .1 1\n", false), 0),
            "labels/a.b.txt:1: class is 1.5, expected 0, 1, 2, ...");
    REFUSED((read_yolo("nan .1 .1 .1 .1 1\n", false), 0),
            "labels/a.b.txt:1: class is nan, expected 0, 1, 2, ...");
    REFUSED((read_yolo("1 .1 17 .1 .1 1\n", false), 0),
            "labels/a.b.txt:1: y is 17, expected a part of the image, 0 to 1");
    REFUSED((map_data_yolo(&data, "", 0, "labels/c.txt", false), 0),
            "labels/c.txt: the ground truth has no such image; one with nothing on it has an "
            "empty file");
    REFUSED((read_yolo("1 .1 .1 .1 .1 1\n", true), 0),
            "labels/a.b.txt:1: 6 words, expected class, x, y, width, height: a score? Are --gt "
            "and --dt exchanged?");
    REFUSED((read_yolo("1 .1 .1 .1 .2 .2 .2\n", true), 0),
            "labels/a.b.txt:1: 7 words, expected class, x, y, width, height: an outline? Only "
            "boxes are scored here");
    REFUSED((read_yolo("1 .1 .1 .1 .2 1 7\n", false), 0),
            "labels/a.b.txt:1: 7 words, expected class, x, y, width, height, score "
            "(save_conf=True)");
    REFUSED((read_yolo("\n1 .1 .1 .1 .2 1\n", false), 0), "labels/a.b.txt:1: an empty line");
    map_data_free(&data);
    data.pixels[0] = data.pixels[1] = 10;
    map_data_yolo_classes(&data, "cat\ndog\n", 8, "labels/classes.txt");
    read_yolo("1 .5 .5 .2 .4\n", true);
    ck_assert_str_eq(map_names_text(&data.classes, data.scene.truths[0].class), "dog");
    REFUSED((read_yolo("2 .5 .5 .2 .4\n", true), 0),
            "labels/a.b.txt:1: class is 2, classes.txt has 2 names");
    map_data_free(&data);
}
END_TEST

static void
write_file(const char *path, const char *text)
{
    test_write(path, text, strlen(text));
}

// Whole folders: VOC's truths with VOC's results and with a table; YOLO's with its classes; what is refused.
START_TEST(folders)
{
    test_folder();
    ck_assert_int_eq(system("mkdir xml results labels found empty"), 0);
    write_file("xml/1.xml", "<annotation>" VOC_OBJECT("cat", "", VOC_BOX) "</annotation>");
    write_file("xml/2.xml", "<annotation></annotation>");
    write_file("results/det_cat.txt", "1 .5 10 20 50 60\n2 .25 1 1 2 2\n");
    write_file("results/det_dog.txt", "");
    write_file("table.csv", DT_HEADER "1,cat,.5,10,20,40,40\n");
    write_file("labels/classes.txt", "cat\ndog\n");
    write_file("labels/a.txt", "1 .5 .5 .2 .4\n");
    write_file("labels/b.txt", "");
    write_file("found/a.txt", "1 .5 .5 .2 .4 .5\n");
    map_data_free(&data);
    map_data_read_files(&data, "xml", "results");
    ck_assert(data.scene.N == 2 && data.scene.K == 2 && data.scene.G == 1 && data.scene.D == 2);
    map_data_free(&data);
    map_data_read_files(&data, "xml", "table.csv");
    ck_assert(data.scene.D == 1 && data.scene.K == 1);
    map_data_free(&data);
    data.pixels[0] = data.pixels[1] = 100;
    map_data_read_files(&data, "labels", "found");
    ck_assert(data.scene.N == 2 && data.scene.K == 2 && data.scene.D == 1);
    ck_assert_str_eq(map_names_text(&data.classes, data.scene.detections[0].class), "dog");
    map_data_free(&data);
    REFUSED((map_data_read_files(&data, "empty", "results"), 0),
            "empty: has neither .xml files (VOC's annotations) nor .txt files (YOLO's labels)");
    REFUSED((map_data_read_files(&data, "results", "xml"), 0),
            "xml: has .xml files, which are VOC's ground truths: are --gt and --dt exchanged?");
    map_data_free(&data);
    data.pixels[0] = data.pixels[1] = 100;
    REFUSED((map_data_read_files(&data, "xml", "results"), 0),
            "--size is for YOLO's folders, and the ground truth is none");
    map_data_free(&data);
    // A mark, which editors write, is no part of a class; UTF-16 and control characters are told by name.
    data.pixels[0] = data.pixels[1] = 100;
    write_file("labels/classes.txt", "\xef\xbb\xbf"
                                     "cat\ndog\n");
    write_file("labels/b.txt", "\xef\xbb\xbf"
                               "1 .5 .5 .2 .4\n");
    map_data_read_files(&data, "labels", "found");
    ck_assert_str_eq(map_names_text(&data.classes, 0), "cat");
    ck_assert_int_eq(data.scene.G, 2);
    map_data_free(&data);
    data.pixels[0] = data.pixels[1] = 100;
    write_file("found/a.txt", "1 .5 .5 .2 .4 .5\r1 .5 .5 .2 .4 .5\r");
    REFUSED((map_data_read_files(&data, "labels", "found"), 0),
            "found/a.txt: has a line that ends in CR alone, expected LF or CR LF");
    map_data_free(&data);
    write_file("xml/3.xml", "\xff\xfe<");
    REFUSED((map_data_read_files(&data, "xml", "results"), 0), "xml/3.xml" UTF_16);
    map_data_free(&data);
    write_file("xml/\033[31m.xml", "<annotation></annotation>");
    REFUSED((map_data_read_files(&data, "xml", "results"), 0),
            "xml/\\x1b[31m.xml:1: the file's name has a control character in it");
    map_data_free(&data);
    ck_assert(unlink("xml/3.xml") == 0 && unlink("xml/\033[31m.xml") == 0);
    REFUSED((map_data_read_files(&data, "xml", "empty"), 0),
            "empty: has no .txt files (VOC's results of a class, or YOLO's labels with scores)");
    map_data_free(&data);
    write_file("gt.json", GT(ANNOTATION));
    REFUSED((map_data_read_files(&data, "gt.json", "found"), 0),
            "found: is a folder and the ground truth is JSON, expected two of one kind");
    map_data_free(&data);
}
END_TEST

// 20 objects far apart, of two classes; what is said about boxes that fit if they are read otherwise.
static void
warned_of(int kind, const char *expected)
{
    char gt[4096] = "image,class,x,y,w,h\n", dt[4096] = DT_HEADER;
    for (int i = 0; i < 20; i++) {
        int x = 100 * i + 30, y = 70, w = 20 + i % 3, h = 30, class = 5 + i % 2 * 4;
        sprintf(gt + strlen(gt), "1,%d,%d,%d,%d,%d\n", class, x, y, w, h);
        if (kind == 'c')
            sprintf(dt + strlen(dt), "1,%d,.%d,%d,%d,%d,%d\n", class, 11 + i, x + w / 2, y + 15, w,
                    h);
        else if (kind == 'x')
            sprintf(dt + strlen(dt), "1,%d,.%d,%d,%d,%d,%d\n", class, 11 + i, x, y, x + w, y + h);
        else if (kind == 'p')
            sprintf(dt + strlen(dt), "1,%d,.%d,%g,%g,%g,%g\n", class, 11 + i, x / 3e3, y / 3e3,
                    w / 3e3, h / 3e3);
        else
            sprintf(dt + strlen(dt), "1,%d,.%d,%d,%d,%d,%d\n",
                    kind == 'i'   ? i % 2
                    : kind == 's' ? i % 2 + 1
                    : kind == 'w' ? 14 - class
                                  : class,
                    11 + i, x, y, w, h);
    }
    read_truths(gt, "gt.csv");
    read_detections(dt, "dt.csv");
    map_data_sort(&data);
    *told = 0;
    map_warn(&data, remember);
    ck_assert_ptr_nonnull(strstr(told, expected));
    ck_assert(*expected || !*told);
}

START_TEST(readings)
{
    warned_of(' ', "");
    warned_of('c',
              "20 of 20 detections fit a ground truth if their x, y are taken for the centre, 0 "
              "as they are; expected the left upper corner\n");
    warned_of('x', "20 of 20 detections fit a ground truth if their w, h are taken for the other "
                   "corner, 0 as they are; expected x, y, width, height\n");
    warned_of('p', "20 detections, all within 0 to 1: they look like parts of the image; expected "
                   "pixels\n");
    warned_of('w', "20 of 20 detections fit a ground truth, 0 one of their own class: are the "
                   "classes called alike in both files?\n");
    map_data_free(&data);
    // COCO's ids 5 and 9 are the places 0 and 1 of the categories; a list with both ids and places knows both.
    char gt[4096] =
        "{\"images\": [{\"id\": 1}], \"categories\": [{\"id\": 0}, {\"id\": 1}, {\"id\": 5}, "
        "{\"id\": 9}], \"annotations\": [",
         dt[4096] = "[";
    for (int i = 0; i < 20; i++) {
        sprintf(gt + strlen(gt),
                "%s{\"id\": %d, \"image_id\": 1, \"category_id\": %d, \"area\": 0, "
                "\"ignore\": %d, \"bbox\": [%d, 70, 20, 30]}",
                i ? "," : "", i + 1, i % 2, i == 3, 100 * i);
        sprintf(dt + strlen(dt),
                "%s{\"image_id\": 1, \"category_id\": %d, \"score\": %d, \"bbox\": "
                "[%d, 70, 20, 30]}",
                i ? "," : "", (i + 1) % 2, i, 100 * i);
    }
    strcat(gt, "]}"), strcat(dt, "]");
    read_truths(gt, "gt.json");
    read_detections(dt, "dt.json");
    map_data_sort(&data);
    *told = 0;
    map_warn(&data, remember);
    ck_assert_ptr_nonnull(
        strstr(told, "20 ground truths with an area of 0 and a box that has one"));
    ck_assert_ptr_nonnull(strstr(told, "1 ground truth with `ignore`, which counts neither way"));
    data.scene.strict = true;
    *told = 0;
    map_warn(&data, remember);
    ck_assert_ptr_null(strstr(told, "ignore"));
    map_data_free(&data);
}
END_TEST

// ---- Reasons, and the tool's files ----

START_TEST(reasons)
{
    map_scene s = {.N = 1,
                   .K = 1,
                   .truths = calloc(3, sizeof(map_truth)),
                   .detections = calloc(8, sizeof(map_detection))};
    s.truths[s.G++] = (map_truth){.id = 1, .box = {0, 0, 40, 40}, .area = 1600};
    s.truths[s.G++] = (map_truth){.id = 2, .box = {100, 0, 200, 200}, .area = 4e4, .crowd = true};
    s.truths[s.G++] =
        (map_truth){.id = 3, .box = {0, 300, 40, 40}, .area = 1600, .difficult = true};
    const map_box boxes[] = {{0, 0, 40, 38},   {8, 0, 40, 40},  {120, 20, 50, 50},
                             {1, 300, 40, 40}, {30, 0, 40, 40}, {400, 400, 9, 9}};
    static const char *const why[] = {"matched",       "a surer detection has its ground truth",
                                      "in a crowd",    "on a difficult ground truth",
                                      "IoU below 0.5", "touches no ground truth of its class"};
    for (int i = 0; i < 6; i++)
        s.detections[s.D++] = (map_detection){0, 0, boxes[i], 0.9 - 0.1 * i};
    map_scored d = map_score(s);
    map_reason *r = map_report_coco_reasons(&d), *v = map_report_voc_reasons(&d, 0);
    static const map_verdict verdicts[] = {MAP_TRUE,    MAP_FALSE, MAP_IGNORED,
                                           MAP_IGNORED, MAP_FALSE, MAP_FALSE};
    for (int i = 0; i < 6; i++) {
        ck_assert_str_eq(r[i].why, why[i]);
        ck_assert_int_eq(r[i].verdict, verdicts[i]);
        ck_assert_int_eq(r[i].rank, i + 1);
        ck_assert_int_eq(v[i].verdict, i == 2 ? MAP_FALSE : verdicts[i]); // VOC knows no crowd
    }
    ck_assert_str_eq(v[2].why, "IoU below 0.5");
    ck_assert(r[2].iou == 1 && r[1].truth == 0 && r[5].truth == -1);
    free(r);
    free(v);
    map_scored_free(&d);
}
END_TEST

// Two classes. The detections in order of score: right; well placed of the other class; half on; a second one; on
// nothing; half on one of another class; a low one that finds what was missed; in a crowd.
START_TEST(operating)
{
    small s = {.scene = {.N = 1, .K = 2}};
    add_truth(&s, 0, 0, (map_box){0, 0, 40, 40});
    add_truth(&s, 0, 1, (map_box){100, 0, 40, 40});
    add_truth(&s, 0, 0, (map_box){200, 0, 40, 40});
    add_truth(&s, 0, 0, (map_box){300, 0, 40, 40});
    s.truths[3].crowd = true;
    add_detection(&s, 0, 0, 0.9, (map_box){0, 0, 40, 38});
    add_detection(&s, 0, 0, 0.8, (map_box){100, 0, 40, 39});
    add_detection(&s, 0, 0, 0.7, (map_box){225, 0, 40, 40});
    add_detection(&s, 0, 0, 0.6, (map_box){1, 0, 40, 40});
    add_detection(&s, 0, 1, 0.5, (map_box){500, 0, 40, 40});
    add_detection(&s, 0, 1, 0.4, (map_box){20, 0, 40, 40});
    add_detection(&s, 0, 1, 0.3, (map_box){101, 0, 40, 40});
    add_detection(&s, 0, 0, 0.95, (map_box){310, 10, 9, 9});
    map_scored d = {.scene = s.scene, .groups = map_groups_new(&s.scene)};
    d.coco = map_coco_evaluate(&d.scene, &d.groups);
    map_reason *reason = map_report_coco_reasons(&d);
    static const map_error error[] = {MAP_NO_ERROR, MAP_CLASS, MAP_PLACE,    MAP_DUPLICATE,
                                      MAP_NOTHING,  MAP_BOTH,  MAP_NO_ERROR, MAP_NO_ERROR};
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(reason[i].error, error[i]);
    ck_assert_str_eq(reason[1].why, "right box, wrong class");
    map_operating all = map_operating_at(&d, -1, 0), best = map_operating_best(&d);
    ck_assert(all.hits == 2 && all.seen == 7 && all.positives == 3 && all.precision == 2.0 / 7);
    ck_assert(all.recall == 2.0 / 3 && all.f1 == 4.0 / 10);
    ck_assert(best.score == 0.9 && best.hits == 1 && best.seen == 1 && best.f1 == 2.0 / 4);
    map_operating first = map_operating_at(&d, 0, 0.7);
    ck_assert(first.hits == 1 && first.seen == 3 && first.positives == 2);
    int count[MAP_ERRORS], n;
    map_error_counts(&d, reason, 0.6, count);
    ck_assert(count[MAP_NO_ERROR] == 1 && count[MAP_CLASS] == 1 && count[MAP_PLACE] == 1);
    ck_assert(count[MAP_DUPLICATE] == 1 && count[MAP_NOTHING] == 0 && count[MAP_BOTH] == 0);
    map_miss *missed = map_missed(&d, 0.5, &n);
    ck_assert(n == 2 && missed[0].truth == 1 && missed[0].found_by == 6 && missed[1].truth == 2);
    ck_assert(missed[1].found_by == -1 && missed[1].nearest == 2);
    near(missed[1].iou, 15.0 / 65, 1e-15);
    // Rows truths, columns detections, the last: none. At .5 and above.
    int *confusion = map_confusion(&d, 0.5);
    static const int expected[9] = {1, 0, 1, 1, 0, 0, 2, 1, 0};
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(confusion[i], expected[i]);
    free(reason);
    free(missed);
    free(confusion);
    map_coco_free(&d.coco);
    map_groups_free(&d.groups);
}
END_TEST

// Other thresholds and areas than COCO's: means over those alone; VOC's and the reasons' is the first.
START_TEST(asked_for)
{
    small s = {.scene = {.N = 1, .K = 1}};
    map_asked asked;
    double number[MAP_NUMBERS], pixels[2];
    add_truth(&s, 0, 0, (map_box){0, 0, 20, 20});
    add_detection(&s, 0, 0, 0.9, (map_box){0, 0, 20, 16}); // IoU .8
    ck_assert(map_tool_asked(".75,.9", "300,500", &asked) && asked.T == 2);
    s.scene.asked = &asked;
    coco_of(&s.scene, number);
    near(number[MAP_AP], 0.5, 1e-12);
    near(number[MAP_AP75], 1, 1e-12);
    near(number[MAP_AP_MEDIUM], 0.5, 1e-12);
    ck_assert(number[MAP_AP50] == -1 && number[MAP_AP_SMALL] == -1 && number[MAP_AP_LARGE] == -1);
    near(ap_of(&s.scene, coco, 0), 0.5, 1e-12);
    ck_assert(map_tool_asked(".5:.95:.05", NULL, &asked) && asked.T == 10);
    for (int t = 0; t < MAP_T; t++)
        ck_assert(asked.threshold[t] == map_threshold(t));
    ck_assert(!map_tool_asked(NULL, NULL, &asked) && asked.T == MAP_T);
    ck_assert(map_tool_asked("1", NULL, &asked) && asked.T == 1 && asked.threshold[0] == 1);
    REFUSED(map_tool_asked(".9,.5", NULL, &asked),
            "--thresholds .9,.5: expected rising numbers above 0, up to 1");
    REFUSED(map_tool_asked(".1:.9:.01", NULL, &asked),
            "--thresholds .1:.9:.01: are 81, expected 1 to 10");
    REFUSED(map_tool_asked("0:1:1e-300", NULL, &asked),
            "--thresholds 0:1:1e-300: are 1e+300, expected 1 to 10");
    REFUSED(map_tool_asked("1:0:.1", NULL, &asked),
            "--thresholds 1:0:.1: are -9, expected 1 to 10");
    REFUSED(map_tool_asked(".5:.9:.15", NULL, &asked),
            "--thresholds .5:.9:.15: steps of 0.15 from 0.5 do not come to 0.9");
    ck_assert(map_tool_asked(".5:.9:.2", NULL, &asked) && asked.T == 3 && asked.threshold[1] == .7);
    REFUSED(map_tool_asked("a", NULL, &asked),
            "--thresholds a: expected up to 10 numbers with , between");
    REFUSED(map_tool_asked(NULL, "9,3", &asked),
            "--areas 9,3: expected two rising areas in pixels, as 1024,9216");
    map_tool_size("640x480", pixels);
    ck_assert(pixels[0] == 640 && pixels[1] == 480);
    REFUSED((map_tool_size("640", pixels), 0),
            "--size 640: expected width and height in pixels, as 640x480");
    ck_assert(map_tool_number("--score", ".5") == 0.5 && isnan(map_tool_number("--score", NULL)));
    REFUSED(map_tool_number("--score", "x"), "--score x: expected a number");
}
END_TEST

START_TEST(tool)
{
    test_folder();
    static const char *const gt = "image,class,x,y,w,h\na,cat,0,0,40,40\nb,cat,0,0,40,40\n";
    static const char *const dt = DT_HEADER "a,cat,.9,0,0,40,40\nb,cat,.9,100,0,40,40\n";
    test_write("gt.csv", gt, strlen(gt));
    test_write("dt.csv", dt, strlen(dt));
    program_begin("map", (program_option[]){{0}}, 3, (char *[]){"map", "--out", "own"});
    ck_assert_ptr_nonnull(freopen("warnings.txt", "w", stderr));
    int kept = dup(1), pipes[2];
    char text[8192];
    ck_assert_int_eq(pipe(pipes), 0);
    fflush(stdout);
    dup2(pipes[1], 1);
    map_tool_run(&(map_tool_options){.truths = "gt.csv",
                                     .detections = "dt.csv",
                                     .orders = 10,
                                     .resamples = 50,
                                     .plus = 1,
                                     .score = NAN,
                                     .json = true,
                                     .arrays = true});
    fflush(stdout);
    dup2(kept, 1);
    text[read(pipes[0], text, sizeof text - 1)] = 0;
    ck_assert_ptr_nonnull(strstr(text, "COCO AP50            0.504950\n"));
    ck_assert_ptr_nonnull(strstr(text, " 0.250000  0.375000  0.500000\n"));
    // Both have the same score: they come together.
    ck_assert_ptr_nonnull(strstr(text, "best F1, at score 0.9: precision 0.5000, recall 0.5000, F1 "
                                       "0.5000; 1 true, 1 false, 1 missed\n"));
    ck_assert_ptr_nonnull(strstr(text, "the false ones: 0 wrong class, 0 badly placed, 0 both, 0 "
                                       "duplicate, 1 on nothing\n"));
    test_holds("own/missed.tsv", "truth_id\timage\tclass\tx\ty\tw\th\tarea\tfound_at_score\t"
                                 "nearest_iou\tnearest_score\n"
                                 "2\tb\tcat\t0\t0\t40\t40\t1600\t\t0.000000\t\n");
    test_holds("own/confusion.tsv", "truth\tcat\t(missed)\ncat\t1\t1\n(nothing)\t1\t0\n");
    test_holds(
        "own/audit.tsv",
        "detection\timage\tclass\tscore\tx\ty\tw\th\trank\tverdict\ttruth_id\tiou\twhy\terror\tvoc_"
        "rank\t"
        "voc_verdict\tvoc_truth_id\tvoc_iou\tvoc_why\n"
        "1\ta\tcat\t0.9\t0\t0\t40\t40\t1\tTP\t1\t1.000000\tmatched\t\t1\tTP\t1\t1.000000\tmatched\n"
        "2\tb\tcat\t0.9\t100\t0\t40\t40\t2\tFP\t\t0.000000\ttouches no ground truth of its "
        "class\ton nothing\t2\tFP\t"
        "\t0.000000\ttouches no ground truth of its class\n");
    fflush(stderr);
    test_holds("warnings.txt",
               "map: warning: 2 detections, all with the same score: their order is chance\n"
               "map: warning: 1 class has an AP that depends on the order of equal scores\n");
    ck_assert_int_eq(access("own/scores.tsv", R_OK) | access("own/classes.tsv", R_OK) |
                         access("own/precision.npy", R_OK) | access("own/pr-fan.tsv", R_OK) |
                         access("own/scores.json", R_OK) | access("own/pr-classes.tsv", R_OK),
                     0);
}
END_TEST

TEST_MAIN("map", overlap, rows_in_groups, curves, areas, recall_points, means, perfect,
          against_loops, equal_overlaps, limits, strictness, only_order_matters, seven_images,
          all_orders, random_orders, resampling, calibrating, both_numbers, made_up, tables,
          bad_tables, json, bad_json, many_names, round_trip, quoted, other_json, voc_files,
          yolo_files, folders, json_memory, warned, readings, reasons, operating, asked_for, tool)
