// The example that most explanations of AP use: the list of its 24 detections, the precision-recall curve, and the
// points at which three protocols read it.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "map/figures/figures.h"
#include "map/map.h"
#include "map/uncertainty.h"
#include "map/worked_example.h"

enum { MOST = 32 }; // detections

// The areas under one curve.
typedef struct {
    double points11, all_points, points101;
} worked_aps;

// AP of the worked example at this IoU; its curve goes into c.
static worked_aps
worked_ap(const map_scene *s, const map_groups *x, double threshold, double plus, map_curve *c)
{
    map_ranked list[MOST];
    double precision[MAP_R];
    int n = map_voc_rank(s, x, 0, NULL, threshold, plus, list);
    c->positives = map_voc_positives(s, x, 0);
    map_curve_of(n, list, NULL, 0, 0, n, c);
    return (worked_aps){map_ap_voc07(c), map_ap_voc10(c), map_ap_coco(c, precision)};
}

static void
worked_claims(const map_scene *s, const map_groups *x, const worked_aps *ap)
{
    int hits[MOST], seen[MOST];
    map_curve c = {.hits = hits, .seen = seen};
    worked_aps half = worked_ap(s, x, 0.5, 1, &c);
    worked_aps inclusive = worked_ap(s, x, 0.3, 0, &c); // corners x and x + w - 1: w pixels
    const map_rule rule = {MAP_VOC07, 0.3, 1};
    map_tied ties = map_ties(s, x, 0, &rule, 1000, NULL);
    const char *exact = "exact arithmetic",
               *readme = "R. Padilla, Object-Detection-Metrics, README";
    claim_near("worked-11", "worked example, IoU .3, corners x + w, + 1: AP of 11 points, percent",
               26.84, 100 * ap->points11, 0.005, readme, REPRODUCED);
    claim_near("worked-all",
               "worked example, IoU .3, corners x + w, + 1: AP of all points, percent", 24.56,
               100 * ap->all_points, 0.01, "the same; its last digit is cut, not rounded",
               REPRODUCED);
    claim_near("worked-11-exact", "the same: AP of 11 points is 62/231", 62.0 / 231, ap->points11,
               1e-12, exact, CHECK);
    claim_near("worked-101", "the same: AP of 101 points", 0.2481602197, ap->points101, 5e-11,
               exact, CHECK);
    claim_near("worked-half", "worked example, IoU .5: AP of 11 points is 1/33", 1.0 / 33,
               half.points11, 1e-12, exact, CHECK);
    claim_near("worked-half-all", "worked example, IoU .5: AP of all points is 1/45", 1.0 / 45,
               half.all_points, 1e-12, exact, CHECK);
    claim_near("worked-half-101", "worked example, IoU .5: AP of 101 points is 7/303", 7.0 / 303,
               half.points101, 1e-12, exact, CHECK);
    claim_near("worked-corners", "worked example, IoU .3, last pixel x + w - 1: AP of all points",
               0.2253968254, inclusive.all_points, 5e-11, exact, CHECK);
    claim_near("worked-lowest", "worked example: the lowest 11-point AP over 8 orders is 5/21",
               5.0 / 21, ties.lowest, 1e-12, exact, CHECK);
    claim_near("worked-expected", "worked example: the mean 11-point AP over 8 orders is 39/154",
               39.0 / 154, ties.expected, 1e-12, exact, CHECK);
    claim_near("worked-luckiest", "worked example: highest of 8 orders less the published value", 0,
               ties.highest - ap->points11, 0, "first seen here; all orders are counted", FOUND);
}

// The ranked list: every detection with the precision and the recall down to it.
static void
write_list(const map_scene *s, const map_groups *x, int positives)
{
    map_ranked list[MOST];
    int n = map_voc_rank(s, x, 0, NULL, 0.3, 1, list);
    table *t = program_table("worked-example", "rank\timage\tscore\thit\thits\tprecision\trecall");
    for (int i = 0, found = 0; i < n; i++) {
        found += list[i].hit[0];
        table_row(t, "iidiidd", i + 1, s->detections[list[i].detection].image + 1, list[i].score,
                  list[i].hit[0], found, found / (i + 1.0), (double)found / positives);
    }
    table_close(t);
}

// The envelope of the curve: up to the recall of each hit it has one height.
static void
write_envelope(const map_curve *c)
{
    table *t = program_table("worked-example-envelope", "recall\tprecision");
    double top[MOST] = {0};
    for (int i = c->n - 1; i >= 0; i--) {
        double here = (double)c->hits[i] / c->seen[i];
        top[i] = here > top[i + 1] ? here : top[i + 1];
    }
    table_row(t, "dd", 0.0, top[0]);
    for (int i = 0; i < c->n; i++)
        table_row(t, "dd", (double)c->hits[i] / c->positives, top[i]);
    table_row(t, "dd", 1.0, 0.0);
    table_close(t);
}

// The list of the 24 detections, the curve, and the points at which three protocols read it.
void
map_figure_worked_example(void)
{
    map_scene s = map_worked_scene();
    map_groups x = map_groups_new(&s);
    int hits[MOST], seen[MOST];
    map_curve c = {.hits = hits, .seen = seen};
    double precision[MAP_R];
    worked_aps ap = worked_ap(&s, &x, 0.3, 1, &c);
    write_list(&s, &x, c.positives);
    map_ap_coco(&c, precision);
    table *t = program_table("worked-example-101", "recall\tprecision");
    for (int r = 0; r < MAP_R; r++)
        table_row(t, "dd", r * 0.01, precision[r]);
    table_close(t);
    write_envelope(&c);
    worked_claims(&s, &x, &ap);
    map_groups_free(&x);
    map_scene_free(&s);
}
