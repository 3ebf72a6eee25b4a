#include "map/tool.h"

#include "files/fail.h"
#include "files/memory.h"
#include "frame/parallel.h"
#include "frame/progress.h"
#include "map/data.h"
#include "map/names.h"
#include "map/report.h"
#include "map/tool_files.h"
#include "map/uncertainty.h"
#include "map/warnings.h"
#include "numbers/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 1 };

// In which order the protocols are printed.
static const int printed[MAP_PROTOCOLS] = {MAP_VOC07, MAP_VOC07_FLOATS, MAP_VOC10, MAP_COCO};

static void
warn(const char *line)
{
    progress_clear();
    fprintf(stderr, "map: warning: %s\n", line);
}

// ---- Scores with ties and intervals ----

// A data set under all protocols.
typedef struct {
    const map_scored *d;
    const map_tool_options *options;
    map_rule rule[MAP_PROTOCOLS];
    map_rankings rankings[MAP_PROTOCOLS];
    map_tied *tied;    // (MAP_PROTOCOLS, K)
    double *resampled; // (MAP_PROTOCOLS, resamples) APs
} assessment;

// Run i: the ties of one class under one protocol.
static void
tied_run(int i, void *context)
{
    assessment *w = context;
    int K = w->d->scene.K, p = MAP_PROTOCOLS - 1 - i / K, k = i % K;
    rng r = rng_at(SEED, i);
    w->tied[p * K + k] =
        map_ties(&w->d->scene, &w->d->groups, k, &w->rule[p], w->options->orders, &r);
    progress_advance(1);
}

// Run i: drawing i of the images, the same for all protocols.
static void
resampled_run(int i, void *context)
{
    assessment *w = context;
    const map_scene *s = &w->d->scene;
    int *weight = memory_zeroed(s->N, sizeof *weight, "weights of images");
    rng r = rng_at(SEED + 1, i);
    map_resample(s->N, &r, weight);
    for (int p = 0; p < MAP_PROTOCOLS; p++)
        w->resampled[p * w->options->resamples + i] =
            map_resampled(s, &w->rule[p], &w->rankings[p], weight);
    free(weight);
    progress_advance(1);
}

// IoU 0.5 as .5.
static const char *
without_zero(double x)
{
    static char text[16];
    snprintf(text, sizeof text, "%.3g", x);
    return text + (text[0] == '0' && text[1] == '.');
}

// The score, its interval and the ties of protocol p.
static map_tool_score
summarize(const assessment *w, int p)
{
    static const char *const name[MAP_PROTOCOLS] = {[MAP_VOC07] = "VOC 2007, IoU %s",
                                                    [MAP_VOC10] = "VOC 2010, IoU %s",
                                                    [MAP_COCO] = "COCO AP",
                                                    [MAP_VOC07_FLOATS] = "VOC 2007, floats"};
    int K = w->d->scene.K, n = w->options->resamples;
    map_tied mean = map_tied_mean(K, w->tied + p * K);
    map_tool_score row = {.score = mean.score, .interval = {NAN, NAN}, .tied = mean};
    snprintf(row.name, sizeof row.name, name[p], without_zero(w->rule[p].threshold));
    for (int k = 0; k < K; k++)
        row.tied_classes += w->tied[p * K + k].lowest != w->tied[p * K + k].highest;
    if (n) {
        row.interval = map_bootstrap(n, w->resampled + p * n, mean.score, true);
        row.interval.low = fmax(row.interval.low, 0); // no AP is outside 0 to 1
        row.interval.high = fmin(row.interval.high, 1);
    }
    return row;
}

static assessment
assess(const map_scored *d, const map_tool_options *o)
{
    int K = d->scene.K;
    double first = map_threshold_of(&d->scene, 0);
    assessment w = {.d = d,
                    .options = o,
                    .rule = {{MAP_VOC07, first, o->plus},
                             {MAP_VOC10, first, o->plus},
                             {.protocol = MAP_COCO},
                             {MAP_VOC07_FLOATS, first, o->plus}},
                    .tied = memory_zeroed(MAP_PROTOCOLS * (long)K, sizeof(map_tied), "classes"),
                    .resampled = memory_zeroed(MAP_PROTOCOLS * (long)o->resamples, sizeof(double),
                                               "resamples")};
    map_rankings voc = map_voc_rankings(&d->scene, &d->groups, first, o->plus);
    w.rankings[MAP_VOC07] = w.rankings[MAP_VOC10] = w.rankings[MAP_VOC07_FLOATS] = voc;
    w.rankings[MAP_COCO] = d->coco.rankings;
    progress_expect(MAP_PROTOCOLS * K + o->resamples);
    parallel_runs(MAP_PROTOCOLS * K, tied_run, &w);
    parallel_runs(o->resamples, resampled_run, &w);
    return w;
}

static void
assessment_free(assessment *w)
{
    map_rankings_free(&w->rankings[MAP_VOC07]);
    free(w->tied);
    free(w->resampled);
}

// ---- Classes ----

// The mean of precision over recalls and thresholds from `from` on, up to `to`; -1: nothing to find, or no such
// threshold.
static double
class_ap(const map_coco *c, int k, int from, int to)
{
    double sum = 0;
    int n = 0;
    for (int t = from; t >= 0 && t < to; t++)
        for (int r = 0; r < MAP_R; r++) {
            double p = c->precision[((long)(t * MAP_R + r) * c->K + k) * MAP_A * MAP_M + MAP_M - 1];
            sum += p == -1 ? 0 : p;
            n += p != -1;
        }
    return n ? sum / n : -1;
}

static int
by_ap(const void *a, const void *b)
{
    const map_tool_class *p = a, *q = b;
    if (p->ap != q->ap)
        return p->ap > q->ap ? -1 : 1;
    return p->class - q->class;
}

static map_tool_class *
classes_of(const assessment *w, double score)
{
    const map_scored *d = w->d;
    int K = d->scene.K, T = map_thresholds(&d->scene);
    map_tool_class *all = memory_zeroed(K, sizeof *all, "classes");
    for (int k = 0; k < K; k++) {
        all[k] = (map_tool_class){
            .class = k,
            .truths = d->groups.truths_from[k + 1] - d->groups.truths_from[k],
            .detections = d->groups.detections_from[k + 1] - d->groups.detections_from[k],
            .ap = class_ap(&d->coco, k, 0, T),
            .ap50 = class_ap(&d->coco, k, d->coco.at50, d->coco.at50 + 1),
            .ap75 = class_ap(&d->coco, k, d->coco.at75, d->coco.at75 + 1),
            .ar = map_mean(T, (long)K * MAP_A * MAP_M,
                           d->coco.recall + (long)k * MAP_A * MAP_M + MAP_M - 1),
            .point = map_operating_at(d, k, score),
            .voc07 = &w->tied[MAP_VOC07 * K + k],
            .voc10 = &w->tied[MAP_VOC10 * K + k],
            .coco = &w->tied[MAP_COCO * K + k]};
    }
    qsort(all, K, sizeof *all, by_ap);
    return all;
}

// ---- What is printed ----

static void
print_score(const char *name, double score)
{
    if (score == -1)
        printf("%-18s  %9s\n", name, "none");
    else
        printf("%-18s  %9.6f\n", name, score);
}

static void
print_row(const map_tool_score *r)
{
    char interval[32] = "-";
    if (!isnan(r->interval.low))
        snprintf(interval, sizeof interval, "%.6f .. %.6f", r->interval.low, r->interval.high);
    printf("%-18s  %9.6f  %21s  %9.6f %9.6f %9.6f\n", r->name, r->score, interval, r->tied.lowest,
           r->tied.expected, r->tied.highest);
}

static void
print_scores(const map_tool_findings *f)
{
    bool plain = f->options->numbers;
    progress_clear();
    if (!plain)
        printf("%-18s  %9s  %21s  %30s\n", "", "score", "nominal 95 %",
               "ties: lowest, expected, highest");
    for (int i = 0; i < MAP_PROTOCOLS; i++) {
        const map_tool_score *r = &f->score[i];
        if (plain || r->score == -1)
            print_score(r->name, r->score);
        else
            print_row(r);
    }
    for (int i = MAP_AP50; i < MAP_NUMBERS; i++)
        print_score(map_number_word[i], f->number[i]);
}

static void
print_point(const char *what, const map_operating *p)
{
    printf("%s %.6g: precision %.4f, recall %.4f, F1 %.4f; %d true, %d false, %d missed\n", what,
           p->score, p->precision, p->recall, p->f1, p->hits, p->seen - p->hits,
           p->positives - p->hits);
}

static void
print_findings(const map_tool_findings *f)
{
    print_point("\nbest F1, at score", &f->best);
    if (!isnan(f->options->score))
        print_point("at score", &f->asked);
    printf("the false ones:");
    for (int e = MAP_NO_ERROR + 1; e < MAP_ERRORS; e++)
        printf("%s %d %s", e > 1 ? "," : "", f->error[e], map_error_word[e]);
    printf("\ncalibration: expected error %.4f; mean score less the part that is true %+.4f\n\n",
           f->calibration.error, f->calibration.excess);
}

// A number of the table, or a dash.
static const char *
cell_of(double x, char text[16])
{
    snprintf(text, 16, x == -1 ? "-" : "%.4f", x);
    return text;
}

static void
print_classes(const map_tool_findings *f)
{
    enum { LINES = 40 };
    int K = f->scored->scene.K;
    printf("%-20s %6s %6s  %7s %7s %7s %7s  %9s %7s\n", "class", "truths", "dets", "AP", "AP50",
           "AP75", "AR100", "precision", "recall");
    for (int i = 0; i < K && i < LINES; i++) {
        const map_tool_class *c = &f->class[i];
        char text[4][16];
        printf("%-20.60s %6d %6d  %7s %7s %7s %7s  %9.4f %7.4f\n",
               map_names_text(&f->data->classes, c->class), c->truths, c->detections,
               cell_of(c->ap, text[0]), cell_of(c->ap50, text[1]), cell_of(c->ap75, text[2]),
               cell_of(c->ar, text[3]), c->point.precision, c->point.recall);
    }
    if (K > LINES)
        printf("and %d classes more, in classes.tsv\n", K - LINES);
    printf("\n");
}

// ---- All of it ----

static void
warn_of_ties(const map_tool_findings *f)
{
    char line[128];
    int n = 0;
    for (int i = 0; i < MAP_PROTOCOLS; i++)
        n = f->score[i].tied_classes > n ? f->score[i].tied_classes : n;
    snprintf(line, sizeof line, "%d class%s an AP that depends on the order of equal scores", n,
             n == 1 ? " has" : "es have");
    if (n)
        warn(line);
}

static void
find_more(map_tool_findings *f, const assessment *w)
{
    const map_scored *d = f->scored;
    double score = f->asked.score;
    f->class = classes_of(w, score);
    f->coco = map_report_coco_reasons(d);
    f->voc = map_report_voc_reasons(d, f->options->plus);
    f->confusion = map_confusion(d, score);
    f->missed = map_missed(d, score, &f->n_missed);
    map_error_counts(d, f->coco, score, f->error);
    map_report_pr_fan(d);
    map_report_ap_iou(d, f->options->plus);
    f->calibration = map_report_calibration(d);
}

static void
findings_free(map_tool_findings *f)
{
    free(f->class);
    free(f->coco);
    free(f->voc);
    free(f->confusion);
    free(f->missed);
}

void
map_tool_run(const map_tool_options *o)
{
    map_data data = {.pixels = {o->pixels[0], o->pixels[1]}};
    map_data_read_files(&data, o->truths, o->detections);
    data.scene.strict = o->strict;
    data.scene.asked = o->asked;
    map_warn(&data, warn);
    map_scored d = map_score(data.scene);
    assessment w = assess(&d, o);
    map_tool_findings f = {.options = o, .data = &data, .scored = &d};
    for (int i = 0; i < MAP_PROTOCOLS; i++)
        f.score[i] = summarize(&w, printed[i]);
    warn_of_ties(&f);
    map_coco_numbers(&d.coco, f.number);
    print_scores(&f);
    if (o->arrays)
        map_tool_arrays(&d.coco);
    f.best = map_operating_best(&d);
    f.asked = isnan(o->score) ? f.best : map_operating_at(&d, -1, o->score);
    if (!o->numbers || o->json)
        find_more(&f, &w);
    if (o->json)
        map_tool_json(&f);
    if (!o->numbers) {
        print_findings(&f);
        print_classes(&f);
        map_tool_files(&f);
        map_tool_draw(&f);
    }
    findings_free(&f);
    assessment_free(&w);
    map_coco_free(&d.coco);
    map_groups_free(&d.groups);
    map_data_free(&data);
}
