#include "map/tool.h"

#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"
#include "files/npy.h"
#include "files/table.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "map/data.h"
#include "map/map.h"
#include "map/names.h"
#include "map/report.h"
#include "map/uncertainty.h"
#include "map/warnings.h"
#include "numbers/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROTOCOLS = 4, SEED = 1 };

static const char *const protocol_word[PROTOCOLS] = {[MAP_VOC07] = "VOC 2007, IoU .5",
                                                     [MAP_VOC10] = "VOC 2010, IoU .5",
                                                     [MAP_COCO] = "COCO AP",
                                                     [MAP_VOC07_FLOATS] = "VOC 2007, floats"};
// In which order they are printed.
static const int printed[PROTOCOLS] = {MAP_VOC07, MAP_VOC07_FLOATS, MAP_VOC10, MAP_COCO};
static const char *const number_word[] = {
    "COCO AP",  "COCO AP50", "COCO AP75",  "COCO AP small", "COCO AP medium", "COCO AP large",
    "COCO AR1", "COCO AR10", "COCO AR100", "COCO AR small", "COCO AR medium", "COCO AR large"};

int
map_tool_count(const char *name, const char *text, int otherwise)
{
    if (!text)
        return otherwise;
    char *end;
    long n = strtol(text, &end, 10);
    if (*end || end == text || n < 0 || n > 100000)
        fail("%s %s: expected a number from 0 to 100000", name, text);
    return (int)n;
}

static void
warn(const char *line)
{
    progress_clear();
    fprintf(stderr, "map: warning: %s\n", line);
}

static void
warn_of_ties(int classes)
{
    char line[128];
    snprintf(line, sizeof line, "%d classes have an AP that depends on the order of equal scores",
             classes);
    if (classes)
        warn(line);
}

// ---- Scores with ties and intervals ----

// A data set under all protocols.
typedef struct {
    const map_scored *d;
    const map_tool_options *options;
    map_rule rule[PROTOCOLS];
    map_rankings rankings[PROTOCOLS];
    map_tied *tied;    // (PROTOCOLS, K)
    double *resampled; // (PROTOCOLS, resamples) APs
} assessment;

// Run i: the ties of one class under one protocol; COCO, which takes longest, first.
static void
tied_run(int i, void *context)
{
    assessment *w = context;
    int K = w->d->scene.K, p = PROTOCOLS - 1 - i / K, k = i % K;
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
    for (int p = 0; p < PROTOCOLS; p++)
        w->resampled[p * w->options->resamples + i] =
            map_resampled(s, &w->rule[p], &w->rankings[p], weight);
    free(weight);
    progress_advance(1);
}

typedef struct {
    double score;
    map_interval interval;
    map_tied tied;
    int tied_classes; // whose AP depends on the order of ties
} score_row;

static void
print_score(const char *name, double score)
{
    if (score == -1)
        printf("%-18s  %9s\n", name, "none");
    else
        printf("%-18s  %9.6f\n", name, score);
}

static void
print_calibration(map_calibration_numbers c)
{
    printf(
        "calibration at IoU .5: expected error %.4f; mean score less the part that is true %+.4f\n",
        c.error, c.excess);
}

static void
print_scores(const score_row row[PROTOCOLS], const double number[MAP_NUMBERS],
             const map_tool_options *o)
{
    progress_clear();
    if (!o->numbers)
        printf("%-18s  %9s  %21s  %30s\n", "", "score", "nominal 95 %",
               "ties: lowest, expected, highest");
    for (int i = 0, p; i < PROTOCOLS; i++) {
        p = printed[i];
        if (o->numbers || row[p].score == -1)
            print_score(protocol_word[p], row[p].score);
        else
            printf("%-18s  %9.6f  %9.6f .. %8.6f  %9.6f %9.6f %9.6f\n", protocol_word[p],
                   row[p].score, row[p].interval.low, row[p].interval.high, row[p].tied.lowest,
                   row[p].tied.expected, row[p].tied.highest);
    }
    for (int i = MAP_AP50; i < MAP_NUMBERS; i++)
        print_score(number_word[i], number[i]);
}

// ---- Files ----

static void
write_scores(const score_row row[PROTOCOLS], const double number[MAP_NUMBERS])
{
    table *t = program_table("scores", "score\tvalue\tlow\thigh\tties_lowest\tties_expected\t"
                                       "ties_highest\tties_standard_error");
    for (int i = 0; i < PROTOCOLS; i++) {
        const score_row *r = &row[printed[i]];
        table_row(t, "sddddddd", protocol_word[printed[i]], r->score, r->interval.low,
                  r->interval.high, r->tied.lowest, r->tied.expected, r->tied.highest,
                  r->tied.error);
    }
    for (int i = MAP_AP50; i < MAP_NUMBERS; i++)
        table_row(t, "sddddddd", number_word[i], number[i], NAN, NAN, NAN, NAN, NAN, NAN);
    table_close(t);
}

static void
write_classes(const assessment *w, const map_data *data)
{
    const map_scored *d = w->d;
    int K = d->scene.K;
    table *t = program_table("classes", "class\tground_truths\tdetections\tvoc07\tvoc10\tcoco\t"
                                        "coco_lowest\tcoco_highest");
    for (int k = 0; k < K; k++) {
        const map_tied *tied = w->tied + k;
        table_row(t, "siiddddd", map_names_text(&data->classes, k),
                  d->groups.truths_from[k + 1] - d->groups.truths_from[k],
                  d->groups.detections_from[k + 1] - d->groups.detections_from[k],
                  tied[MAP_VOC07 * K].score, tied[MAP_VOC10 * K].score, tied[MAP_COCO * K].score,
                  tied[MAP_COCO * K].lowest, tied[MAP_COCO * K].highest);
    }
    table_close(t);
}

// Every detection under COCO's rules and VOC's at IoU .5, in the order of its file.
static void
write_audit(const map_scored *d, const map_data *data, double plus)
{
    const map_scene *s = &d->scene;
    map_reason *coco = map_report_coco_reasons(d), *voc = map_report_voc_reasons(d, plus);
    FILE *f = file_create(program_path("audit.tsv"));
    fprintf(f, "detection\timage\tclass\tscore\tx\ty\tw\th\trank\tverdict\ttruth_id\tiou\twhy\t"
               "voc_rank\tvoc_verdict\tvoc_truth_id\tvoc_iou\tvoc_why\n");
    for (int i = 0; i < s->D; i++) {
        const map_detection *t = &s->detections[i];
        fprintf(f, "%d\t%s\t%s\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g", i + 1,
                map_names_text(&data->images, t->image), map_names_text(&data->classes, t->class),
                t->score, t->box.x, t->box.y, t->box.w, t->box.h);
        for (int p = 0; p < 2; p++) {
            const map_reason *r = p ? &voc[i] : &coco[i];
            fprintf(f, "\t%d\t%s\t", r->rank, map_verdict_word[r->verdict]);
            if (r->truth >= 0)
                fprintf(f, "%lld", s->truths[r->truth].id);
            fprintf(f, "\t%.6f\t%s", r->iou, r->why);
        }
        fputc('\n', f);
    }
    file_commit(f, program_path("audit.tsv"));
    free(coco);
    free(voc);
}

// precision.npy (T, R, K, A, M) and recall.npy (T, K, A, M), as pycocotools has them.
static void
write_arrays(const map_coco *c)
{
    const int precision[] = {MAP_T, MAP_R, c->K, MAP_A, MAP_M},
              recall[] = {MAP_T, c->K, MAP_A, MAP_M};
    npy_write(program_path("precision.npy"), NPY_F8, 5, precision, c->precision);
    npy_write(program_path("recall.npy"), NPY_F8, 4, recall, c->recall);
}

// Lets gnuplot draw the figures that the tables of this run allow.
static void
draw(void)
{
    char folder[FILE_PATH], setting[FILE_PATH + 64];
    snprintf(folder, sizeof folder, "%s", program_path("scores.tsv"));
    *strrchr(folder, '/') = 0;
    snprintf(setting, sizeof setting, "data='%s/'; own=1", folder);
    int status = 127 << 8;
    if (access("plots/map.gp", R_OK) == 0 && !strchr(folder, '\'')) {
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            execlp("gnuplot", "gnuplot", "-e", setting, "plots/style.gp", "plots/map.gp", NULL);
            _exit(127);
        }
        waitpid(child, &status, 0);
    }
    if (status == 0)
        printf("audit.tsv, classes.tsv, scores.tsv and figures (*.svg) are in %s\n", folder);
    else
        printf(
            "audit.tsv, classes.tsv and scores.tsv are in %s; for the figures install gnuplot and "
            "run this at the top of the checkout\n",
            folder);
}

// ---- All of it ----

// The score, its interval and the ties of protocol p.
static score_row
summarize(const assessment *w, int p)
{
    int K = w->d->scene.K, n = w->options->resamples;
    map_tied mean = map_tied_mean(K, w->tied + p * K);
    score_row row = {.score = mean.score, .interval = {NAN, NAN}, .tied = mean};
    for (int k = 0; k < K; k++)
        row.tied_classes += w->tied[p * K + k].lowest != w->tied[p * K + k].highest;
    if (n) {
        row.interval = map_bootstrap(n, w->resampled + p * n, mean.score, true);
        row.interval.low = fmax(row.interval.low, 0); // no AP is outside 0 to 1
        row.interval.high = fmin(row.interval.high, 1);
    }
    return row;
}

void
map_tool_run(const map_tool_options *o)
{
    map_data data = {0};
    map_data_read_files(&data, o->truths, o->detections);
    data.scene.strict = o->strict;
    map_warn(&data, warn);
    map_scored d = map_score(data.scene);
    int K = data.scene.K;
    assessment w = {.d = &d,
                    .options = o,
                    .rule = {{MAP_VOC07, 0.5, o->plus},
                             {MAP_VOC10, 0.5, o->plus},
                             {.protocol = MAP_COCO},
                             {MAP_VOC07_FLOATS, 0.5, o->plus}},
                    .tied = memory_zeroed(PROTOCOLS * (long)K, sizeof(map_tied), "classes"),
                    .resampled =
                        memory_zeroed(PROTOCOLS * (long)o->resamples, sizeof(double), "resamples")};
    map_rankings voc = map_voc_rankings(&data.scene, &d.groups, 0.5, o->plus);
    w.rankings[MAP_VOC07] = w.rankings[MAP_VOC10] = w.rankings[MAP_VOC07_FLOATS] = voc;
    w.rankings[MAP_COCO] = d.coco.rankings;
    progress_expect(PROTOCOLS * K + o->resamples);
    parallel_runs(PROTOCOLS * K, tied_run, &w);
    parallel_runs(o->resamples, resampled_run, &w);
    score_row row[PROTOCOLS];
    int tied_classes = 0;
    for (int p = 0; p < PROTOCOLS; p++) {
        row[p] = summarize(&w, p);
        if (row[p].tied_classes > tied_classes)
            tied_classes = row[p].tied_classes;
    }
    warn_of_ties(tied_classes);
    double number[MAP_NUMBERS];
    map_coco_numbers(&d.coco, number);
    print_scores(row, number, o);
    if (o->arrays)
        write_arrays(&d.coco);
    if (!o->numbers) {
        write_scores(row, number);
        write_classes(&w, &data);
        write_audit(&d, &data, o->plus);
        map_report_pr_fan(&d);
        map_report_ap_iou(&d, o->plus);
        print_calibration(map_report_calibration(&d));
        draw();
    }
    map_rankings_free(&voc);
    free(w.tied);
    free(w.resampled);
    map_coco_free(&d.coco);
    map_groups_free(&d.groups);
    map_data_free(&data);
}
