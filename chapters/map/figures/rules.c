// One ranked list, eight numbers: what the rules in use make of the same hits and misses.
#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "map/detector.h"
#include "map/figures/figures.h"
#include "map/map.h"
#include "map/report.h"
#include "map/worked_example.h"

#include <stdlib.h>

// The detections of a class that count, the best first.
typedef struct {
    int n, positives; // positives: the ground truths to find
    bool *hit;        // (n)
    double *score;    // (n)
} marks;

static marks
marks_new(int n, int positives)
{
    return (marks){n, positives, memory_zeroed(n, sizeof(bool), "hits"),
                   memory_zeroed(n, sizeof(double), "scores")};
}

static void
marks_free(marks *m)
{
    free(m->hit);
    free(m->score);
}

// VOC's matching of class k.
static marks
marks_of(const map_scene *s, const map_groups *x, int k, double threshold)
{
    int D = x->detections_from[k + 1] - x->detections_from[k];
    map_ranked *list = memory_zeroed(D, sizeof *list, "ranked detections");
    marks m = marks_new(D, map_voc_positives(s, x, k));
    m.n = 0;
    map_voc_rank(s, x, k, NULL, threshold, 1, list);
    for (int i = 0; i < D; i++) {
        if (list[i].ignored[0])
            continue;
        m.hit[m.n] = list[i].hit[0];
        m.score[m.n++] = list[i].score;
    }
    free(list);
    return m;
}

// The case recall_points: 20 objects, 12 hits, a miss before each from the third on.
static marks
marks_of_points(void)
{
    marks m = marks_new(22, 20);
    for (int i = 0; i < m.n; i++) {
        m.hit[i] = i < 2 || i % 2 == 1;
        m.score[i] = 1 - 0.01 * i;
    }
    return m;
}

// ---- The areas of the chapter ----

static double
area(const marks *m, double ap(const map_curve *c))
{
    map_curve c = {.positives = m->positives,
                   .hits = memory_zeroed(m->n, sizeof(int), "a curve"),
                   .seen = memory_zeroed(m->n, sizeof(int), "a curve")};
    for (int i = 0, hits = 0; i < m->n; i++) {
        if (!m->hit[i])
            continue;
        c.hits[c.n] = ++hits;
        c.seen[c.n++] = i + 1;
    }
    double value = ap(&c);
    free(c.hits);
    free(c.seen);
    return value;
}

static double
coco_area(const map_curve *c)
{
    double precision[MAP_R];
    return map_ap_coco(c, precision);
}

// The 11 points counted from both ends, 0 + 0.1 r and 1 - 0.1 (10 - r).
static double
voc07_from_both_ends(const map_curve *c)
{
    double sum = 0;
    for (int r = 0; r <= 10; r++) {
        double recall = r <= 5 ? 0.1 * r : 1 - 0.1 * (10 - r), best = 0;
        for (int i = 0; i < c->n; i++) {
            double p = (double)c->hits[i] / c->seen[i];
            if ((double)c->hits[i] / c->positives >= recall && p > best)
                best = p;
        }
        sum += best;
    }
    return sum / 11;
}

static double
without_envelope(const map_curve *c)
{
    double sum = 0;
    for (int i = 0; i < c->n; i++)
        sum += (double)c->hits[i] / c->seen[i];
    return sum / c->positives;
}

// ---- Those of other programs ----

// scikit-learn's average_precision_score: no envelope, one point for equal scores, over the hits in the list.
static double
scikit_learn(const marks *m)
{
    double sum = 0;
    int hits = 0;
    for (int i = 0, before = 0; i < m->n; i++) {
        hits += m->hit[i];
        if (i + 1 < m->n && m->score[i + 1] == m->score[i])
            continue;
        sum += (hits - before) * (double)hits / (i + 1);
        before = hits;
    }
    return hits ? sum / hits : 0;
}

// Ultralytics' compute_ap: the envelope through all points and (0, 1) and (1, 0), joined by straight lines, read
// at 101 recalls; the trapezoids between them.
static double
straight_lines(const marks *m)
{
    int n = m->n + 2, hits = 0;
    double *r = memory_zeroed(n, sizeof *r, "recalls"),
           *p = memory_zeroed(n, sizeof *p, "precisions");
    r[0] = 0, p[0] = 1;
    for (int i = 0; i < m->n; i++) {
        hits += m->hit[i];
        r[i + 1] = (double)hits / m->positives;
        p[i + 1] = hits / (i + 1.0);
    }
    r[n - 1] = 1, p[n - 1] = 0;
    for (int i = n - 2; i >= 0; i--)
        p[i] = p[i] > p[i + 1] ? p[i] : p[i + 1];
    double sum = 0;
    for (int k = 0, j = 0; k <= 100; k++) {
        double at = k * 0.01;
        while (j + 2 < n && r[j + 1] <= at)
            j++;
        double y =
            at >= r[n - 1] ? p[n - 1] : p[j] + (p[j + 1] - p[j]) * (at - r[j]) / (r[j + 1] - r[j]);
        sum += k == 0 || k == 100 ? y / 2 : y;
    }
    free(r);
    free(p);
    return sum / 100;
}

// ---- The table ----

enum { RULES = 8 };

static double
rated(int rule, const marks *m)
{
    switch (rule) {
    case 0: return area(m, map_ap_voc07);
    case 1: return area(m, map_ap_voc07_floats);
    case 2: return area(m, voc07_from_both_ends);
    case 3: return area(m, map_ap_voc10);
    case 4: return area(m, coco_area);
    case 5: return straight_lines(m);
    case 6: return area(m, without_envelope);
    default: return scikit_learn(m);
    }
}

void
map_figure_rules(void)
{
    static const char *const name[RULES] = {"voc07_exact", "voc07_floats", "voc07_both_ends",
                                            "voc10",       "coco_101",     "straight_lines",
                                            "no_envelope", "scikit_learn"};
    map_scene seven = map_worked_scene();
    map_scene s = map_detector_scene(&map_detector_small, MAP_DETECTOR_SEED);
    map_groups seven_groups = map_groups_new(&seven), x = map_groups_new(&s);
    marks worked = marks_of(&seven, &seven_groups, 0, 0.3), points = marks_of_points();
    double mean[RULES] = {0};
    for (int k = 0; k < s.K; k++) {
        marks m = marks_of(&s, &x, k, 0.5);
        for (int r = 0; r < RULES; r++)
            mean[r] += rated(r, &m) / s.K;
        marks_free(&m);
    }
    table *t = program_table("rules", "rule\tseven_images\trecall_points\tdata_set");
    for (int r = 0; r < RULES; r++)
        table_row(t, "sddd", name[r], rated(r, &worked), rated(r, &points), mean[r]);
    table_close(t);
    claim_near("rules-floats", "recall_points: what VOC 2007 loses by comparing in floating point",
               (12.0 / 22 + 6.0 / 10 - 7.0 / 12) / 11, rated(0, &points) - rated(1, &points), 1e-15,
               "exact arithmetic: the points 0.3 and 0.6 are missed", CHECK);
    marks_free(&worked);
    marks_free(&points);
    map_groups_free(&seven_groups);
    map_groups_free(&x);
    map_scene_free(&seven);
    map_scene_free(&s);
}
