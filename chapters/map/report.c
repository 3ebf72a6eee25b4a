#include "map/report.h"

#include "files/memory.h"
#include "files/table.h"
#include "frame/program.h"
#include "map/uncertainty.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

map_scored
map_score(map_scene scene)
{
    map_scored d = {.scene = scene, .groups = map_groups_new(&scene)};
    d.coco = map_coco_evaluate(&d.scene, &d.groups);
    return d;
}

void
map_scored_free(map_scored *d)
{
    map_coco_free(&d->coco);
    map_groups_free(&d->groups);
    map_scene_free(&d->scene);
}

// ---- Tables of figures ----

void
map_report_mean_precision(const map_coco *c, int t, double precision[MAP_R])
{
    long cells = MAP_A * MAP_M;
    for (int r = 0; r < MAP_R; r++)
        precision[r] =
            map_mean(c->K, cells, c->precision + (long)(t * MAP_R + r) * c->K * cells + MAP_M - 1);
}

// A column for each threshold, called by it.
static table *
fan_table(const map_scene *s)
{
    char columns[256] = "recall";
    for (int t = 0; t < map_thresholds(s); t++)
        snprintf(columns + strlen(columns), sizeof columns - strlen(columns), "\t%.2f",
                 map_threshold_of(s, t));
    return program_table("pr-fan", columns);
}

void
map_report_pr_fan(const map_scored *d)
{
    double precision[MAP_T][MAP_R], row[MAP_T];
    int T = map_thresholds(&d->scene);
    table *out = fan_table(&d->scene);
    for (int t = 0; t < T; t++)
        map_report_mean_precision(&d->coco, t, precision[t]);
    for (int r = 0; r < MAP_R; r++) {
        char types[MAP_T + 2] = "ddddddddddd";
        for (int t = 0; t < MAP_T; t++)
            row[t] = t < T ? precision[t][r] : 0;
        types[T + 1] = 0;
        table_row(out, types, r * 0.01, row[0], row[1], row[2], row[3], row[4], row[5], row[6],
                  row[7], row[8], row[9]);
    }
    table_close(out);
}

map_voc_scores
map_report_voc(const map_scored *d, double threshold, double plus)
{
    const map_scene *s = &d->scene;
    const map_rule voc07 = {MAP_VOC07, threshold, plus}, voc10 = {MAP_VOC10, threshold, plus};
    map_rankings rankings = map_voc_rankings(s, &d->groups, threshold, plus);
    int *once = memory_zeroed(s->N, sizeof *once, "images");
    for (int i = 0; i < s->N; i++)
        once[i] = 1;
    map_voc_scores scores;
    scores.voc07 = map_resampled(s, &voc07, &rankings, once);
    scores.voc10 = map_resampled(s, &voc10, &rankings, once);
    map_rankings_free(&rankings);
    free(once);
    return scores;
}

void
map_report_ap_iou(const map_scored *d, double plus)
{
    table *out = program_table("ap-iou", "iou\tvoc07\tvoc10\tcoco");
    for (int t = 0; t < map_thresholds(&d->scene); t++) {
        double iou = map_threshold_of(&d->scene, t);
        map_voc_scores voc = map_report_voc(d, iou, plus);
        double precision[MAP_R];
        map_report_mean_precision(&d->coco, t, precision);
        table_row(out, "dddd", iou, voc.voc07, voc.voc10, map_mean(MAP_R, 1, precision));
    }
    table_close(out);
}

map_calibration_numbers
map_report_calibration(const map_scored *d)
{
    enum { BINS = 10 };
    int n[BINS], all = 0;
    double score[BINS], part[BINS], excess = 0;
    double error = map_calibration(&d->scene, &d->coco.rankings, BINS, n, score, part);
    table *out = program_table("calibration", "bin\tdetections\tscore\ttrue_part\tstandard_error");
    for (int b = 0; b < BINS; b++) {
        all += n[b];
        excess += n[b] ? n[b] * (score[b] - part[b]) : 0;
        table_row(out, "diddd", (b + 0.5) / BINS, n[b], score[b], part[b],
                  sqrt64(part[b] * (1 - part[b]) / n[b]));
    }
    table_close(out);
    return (map_calibration_numbers){error, all ? excess / all : NAN};
}

// ---- Ground truths and detections that are near each other ----

map_images
map_images_new(const map_scene *s)
{
    map_images x = {memory_zeroed(s->G, sizeof(int), "ground truths by image"),
                    memory_zeroed(s->N + 2, sizeof(int), "images")};
    for (int g = 0; g < s->G; g++)
        x.from[s->truths[g].image + 2]++;
    for (int i = 0; i < s->N; i++)
        x.from[i + 2] += x.from[i + 1];
    for (int g = 0; g < s->G; g++)
        x.rows[x.from[s->truths[g].image + 1]++] = g;
    return x;
}

void
map_images_free(map_images *x)
{
    free(x->rows);
    free(x->from);
}

// The ground truth of its image and class that the detection overlaps most, -1: none.
static int
nearest(const map_scored *d, int row, double plus, bool crowds, double *iou)
{
    const map_detection *t = &d->scene.detections[row];
    int G, best = -1;
    const int *truths = map_truths_of(&d->scene, &d->groups, t->class, t->image, &G);
    *iou = 0;
    for (int g = 0; g < G; g++) {
        const map_truth *truth = &d->scene.truths[truths[g]];
        double here = map_iou(t->box, truth->box, plus, crowds && truth->crowd);
        if (here > *iou) {
            *iou = here;
            best = truths[g];
        }
    }
    return best;
}

// The largest IoU of the detection with a ground truth of another class that is no crowd.
static double
nearest_of_others(const map_scored *d, const map_images *x, int row, double plus)
{
    const map_detection *t = &d->scene.detections[row];
    double best = 0;
    for (int i = x->from[t->image]; i < x->from[t->image + 1]; i++) {
        const map_truth *g = &d->scene.truths[x->rows[i]];
        double iou = map_iou(t->box, g->box, plus, false);
        if (g->class != t->class && !g->crowd && iou > best)
            best = iou;
    }
    return best;
}

int
map_nearest_detection(const map_scored *d, int g, double *iou)
{
    const map_scene *s = &d->scene;
    const map_truth *truth = &s->truths[g];
    int low = d->groups.detections_from[truth->class];
    int end = d->groups.detections_from[truth->class + 1], high = end, best = -1;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (s->detections[d->groups.detections[middle]].image < truth->image)
            low = middle + 1;
        else
            high = middle;
    }
    *iou = 0;
    for (; low < end; low++) {
        const map_detection *t = &s->detections[d->groups.detections[low]];
        if (t->image != truth->image)
            break;
        double here = map_iou(t->box, truth->box, 0, false);
        if (here > *iou) {
            *iou = here;
            best = d->groups.detections[low];
        }
    }
    return best;
}

// ---- Reasons ----

const char *const map_verdict_word[] = {"TP", "FP", "ignored", "not counted"};
const char *const map_error_word[MAP_ERRORS] = {"",     "wrong class", "badly placed",
                                                "both", "duplicate",   "on nothing"};

// The kind of a false detection, by its IoU with a ground truth of its class and of another one.
static map_error
error_of(double threshold, double same, double other)
{
    const double half = 0.1;
    if (same >= half && same < threshold)
        return MAP_PLACE;
    if (same >= threshold)
        return MAP_DUPLICATE;
    if (other >= threshold)
        return MAP_CLASS;
    return other >= half ? MAP_BOTH : MAP_NOTHING;
}

// Why the detection was ignored, or found nothing.
static const char *
why_not(const map_scored *d, const map_ranked *e, const map_reason *r)
{
    if (e->truth >= 0 && d->scene.truths[e->truth].crowd)
        return "in a crowd";
    if (e->truth >= 0 && d->scene.truths[e->truth].difficult)
        return "on a difficult ground truth";
    if (e->ignored[0] & 1)
        return "outside the range of areas";
    if (r->error == MAP_CLASS)
        return "right box, wrong class";
    if (r->truth < 0)
        return "touches no ground truth of its class";
    if (r->error != MAP_DUPLICATE)
        return map_threshold_of(&d->scene, 0) == 0.5 ? "IoU below 0.5" : "IoU below the threshold";
    if (d->scene.strict && d->scene.truths[r->truth].id == 0)
        return "on the annotation with id 0, which pycocotools takes for none";
    return "a surer detection has its ground truth";
}

static void
give_reasons(const map_scored *d, const map_rankings *l, double plus, bool coco,
             map_reason *reasons)
{
    double threshold = map_threshold_of(&d->scene, 0);
    map_images x = map_images_new(&d->scene);
    for (int k = 0; k < d->scene.K; k++)
        for (int i = 0; i < l->n[k]; i++) {
            const map_ranked *e = l->ranked + l->from[k] + i;
            map_reason *r = &reasons[e->detection];
            bool hit = e->hit[0] & 1;
            r->rank = i + 1;
            r->verdict = hit ? MAP_TRUE : e->ignored[0] & 1 ? MAP_IGNORED : MAP_FALSE;
            r->truth = nearest(d, e->detection, plus, coco, &r->iou);
            if (r->verdict == MAP_FALSE)
                r->error =
                    error_of(threshold, r->iou, nearest_of_others(d, &x, e->detection, plus));
            if (e->truth >= 0) {
                const map_truth *t = &d->scene.truths[e->truth];
                r->truth = e->truth;
                r->iou =
                    map_iou(d->scene.detections[e->detection].box, t->box, plus, coco && t->crowd);
            }
            r->why = hit ? "matched" : why_not(d, e, r);
        }
    map_images_free(&x);
}

static map_reason *
new_reasons(const map_scene *s)
{
    map_reason *reasons = memory_zeroed(s->D, sizeof *reasons, "reasons");
    for (int i = 0; i < s->D; i++)
        reasons[i] = (map_reason){
            .verdict = MAP_UNSEEN, .truth = -1, .why = "beyond the 100 of its image and class"};
    return reasons;
}

map_reason *
map_report_coco_reasons(const map_scored *d)
{
    map_reason *reasons = new_reasons(&d->scene);
    give_reasons(d, &d->coco.rankings, 0, true, reasons);
    return reasons;
}

map_reason *
map_report_voc_reasons(const map_scored *d, double plus)
{
    map_reason *reasons = new_reasons(&d->scene);
    map_rankings rankings =
        map_voc_rankings(&d->scene, &d->groups, map_threshold_of(&d->scene, 0), plus);
    give_reasons(d, &rankings, plus, false, reasons);
    map_rankings_free(&rankings);
    return reasons;
}
