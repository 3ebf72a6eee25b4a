#include "map/report.h"

#include "files/memory.h"
#include "files/table.h"
#include "frame/program.h"
#include "map/uncertainty.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

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

void
map_report_pr_fan(const map_scored *d)
{
    double precision[MAP_T][MAP_R];
    for (int t = 0; t < MAP_T; t++)
        map_report_mean_precision(&d->coco, t, precision[t]);
    table *out = program_table("pr-fan", "recall\t0.50\t0.55\t0.60\t0.65\t0.70\t0.75\t0.80\t0.85\t"
                                         "0.90\t0.95");
    for (int r = 0; r < MAP_R; r++)
        table_row(out, "ddddddddddd", r * 0.01, precision[0][r], precision[1][r], precision[2][r],
                  precision[3][r], precision[4][r], precision[5][r], precision[6][r],
                  precision[7][r], precision[8][r], precision[9][r]);
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
    for (int t = 0; t < MAP_T; t++) {
        map_voc_scores voc = map_report_voc(d, map_threshold(t), plus);
        double precision[MAP_R];
        map_report_mean_precision(&d->coco, t, precision);
        table_row(out, "dddd", map_threshold(t), voc.voc07, voc.voc10,
                  map_mean(MAP_R, 1, precision));
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

// ---- Reasons ----

const char *const map_verdict_word[] = {"TP", "FP", "ignored", "not counted"};

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
    if (r->truth < 0)
        return "touches no ground truth of its class";
    if (r->iou < 0.5)
        return "IoU below 0.5";
    if (d->scene.strict && d->scene.truths[r->truth].id == 0)
        return "on the annotation with id 0, which pycocotools takes for none";
    return "a surer detection has its ground truth";
}

static void
give_reasons(const map_scored *d, const map_rankings *l, double plus, bool coco,
             map_reason *reasons)
{
    for (int k = 0; k < d->scene.K; k++)
        for (int i = 0; i < l->n[k]; i++) {
            const map_ranked *e = l->ranked + l->from[k] + i;
            map_reason *r = &reasons[e->detection];
            bool hit = e->hit[0] & 1;
            r->rank = i + 1;
            r->verdict = hit ? MAP_TRUE : e->ignored[0] & 1 ? MAP_IGNORED : MAP_FALSE;
            r->truth = nearest(d, e->detection, plus, coco, &r->iou);
            if (e->truth >= 0) {
                const map_truth *t = &d->scene.truths[e->truth];
                r->truth = e->truth;
                r->iou =
                    map_iou(d->scene.detections[e->detection].box, t->box, plus, coco && t->crowd);
            }
            r->why = hit ? "matched" : why_not(d, e, r);
        }
}

static map_reason *
new_reasons(const map_scene *s)
{
    map_reason *reasons = memory_zeroed(s->D, sizeof *reasons, "reasons");
    for (int i = 0; i < s->D; i++)
        reasons[i] = (map_reason){MAP_UNSEEN, 0, -1, 0, "beyond the 100 of its image and class"};
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
    map_rankings rankings = map_voc_rankings(&d->scene, &d->groups, 0.5, plus);
    give_reasons(d, &rankings, plus, false, reasons);
    map_rankings_free(&rankings);
    return reasons;
}
