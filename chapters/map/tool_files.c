#include "map/tool_files.h"

#include "files/escape.h"
#include "files/file.h"
#include "files/memory.h"
#include "files/npy.h"
#include "files/table.h"
#include "frame/program.h"
#include "map/reading.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const map_number_word[MAP_NUMBERS] = {
    "COCO AP",  "COCO AP50", "COCO AP75",  "COCO AP small", "COCO AP medium", "COCO AP large",
    "COCO AR1", "COCO AR10", "COCO AR100", "COCO AR small", "COCO AR medium", "COCO AR large"};

// ---- Tables ----

static void
write_scores(const map_tool_findings *f)
{
    table *t = program_table("scores", "score\tvalue\tlow\thigh\tties_lowest\tties_expected\t"
                                       "ties_highest\tties_standard_error");
    for (int p = 0; p < MAP_PROTOCOLS; p++) {
        const map_tool_score *r = &f->score[p];
        table_row(t, "sddddddd", r->name, r->score, r->interval.low, r->interval.high,
                  r->tied.lowest, r->tied.expected, r->tied.highest, r->tied.error);
    }
    for (int i = MAP_AP50; i < MAP_NUMBERS; i++)
        table_row(t, "sddddddd", map_number_word[i], f->number[i], NAN, NAN, NAN, NAN, NAN, NAN);
    table_close(t);
}

static void
write_classes(const map_tool_findings *f)
{
    table *t = program_table(
        "classes", "class\tground_truths\tdetections\tap\tap50\tap75\tar100\tprecision\trecall\t"
                   "f1\tvoc07\tvoc10\tcoco_lowest\tcoco_highest");
    for (int i = 0; i < f->scored->scene.K; i++) {
        const map_tool_class *c = &f->class[i];
        table_row(t, "siiddddddddddd", map_names_text(&f->data->classes, c->class), c->truths,
                  c->detections, c->ap, c->ap50, c->ap75, c->ar, c->point.precision,
                  c->point.recall, c->point.f1, c->voc07->score, c->voc10->score, c->coco->lowest,
                  c->coco->highest);
    }
    table_close(t);
}

// Every detection under COCO's rules and VOC's at the first threshold, in the order of its file.
static void
write_audit(const map_tool_findings *f)
{
    const map_scene *s = &f->scored->scene;
    FILE *out = file_create(program_path("audit.tsv"));
    fprintf(out, "detection\timage\tclass\tscore\tx\ty\tw\th\trank\tverdict\ttruth_id\tiou\twhy\t"
                 "error\tvoc_rank\tvoc_verdict\tvoc_truth_id\tvoc_iou\tvoc_why\n");
    for (int i = 0; i < s->D; i++) {
        const map_detection *t = &s->detections[i];
        fprintf(out, "%d\t%s\t%s\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g", i + 1,
                map_names_text(&f->data->images, t->image),
                map_names_text(&f->data->classes, t->class), t->score, t->box.x, t->box.y, t->box.w,
                t->box.h);
        for (int p = 0; p < 2; p++) {
            const map_reason *r = p ? &f->voc[i] : &f->coco[i];
            fprintf(out, "\t%d\t%s\t%s\t%.6f\t%s", r->rank, map_verdict_word[r->verdict],
                    r->truth >= 0 ? map_data_id(f->data, r->truth) : "", r->iou, r->why);
            if (p == 0)
                fprintf(out, "\t%s", map_error_word[r->error]);
        }
        fputc('\n', out);
    }
    file_commit(out, program_path("audit.tsv"));
}

static void
write_missed(const map_tool_findings *f)
{
    const map_scene *s = &f->scored->scene;
    FILE *out = file_create(program_path("missed.tsv"));
    fprintf(out, "truth_id\timage\tclass\tx\ty\tw\th\tarea\tfound_at_score\tnearest_iou\t"
                 "nearest_score\n");
    for (int i = 0; i < f->n_missed; i++) {
        const map_miss *m = &f->missed[i];
        const map_truth *g = &s->truths[m->truth];
        fprintf(out, "%s\t%s\t%s\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t", map_data_id(f->data, m->truth),
                map_names_text(&f->data->images, g->image),
                map_names_text(&f->data->classes, g->class), g->box.x, g->box.y, g->box.w, g->box.h,
                g->area);
        fprintf(out, m->found_by >= 0 ? "%.9g\t" : "\t",
                m->found_by >= 0 ? s->detections[m->found_by].score : 0);
        fprintf(out, m->nearest >= 0 ? "%.6f\t%.9g\n" : "%.6f\t\n", m->iou,
                m->nearest >= 0 ? s->detections[m->nearest].score : 0);
    }
    file_commit(out, program_path("missed.tsv"));
}

static void
write_confusion(const map_tool_findings *f)
{
    int K = f->scored->scene.K;
    FILE *out = file_create(program_path("confusion.tsv"));
    fputs("truth", out);
    for (int k = 0; k < K; k++)
        fprintf(out, "\t%s", map_names_text(&f->data->classes, k));
    fputs("\t(missed)\n", out);
    for (int row = 0; row <= K; row++) {
        fputs(row < K ? map_names_text(&f->data->classes, row) : "(nothing)", out);
        for (int k = 0; k <= K; k++)
            fprintf(out, "\t%d", f->confusion[row * (K + 1) + k]);
        fputc('\n', out);
    }
    file_commit(out, program_path("confusion.tsv"));
}

// Precision against recall at the first threshold, a column for each class that has ground truth, the largest AP first.
static void
write_class_curves(const map_tool_findings *f)
{
    const map_coco *c = &f->scored->coco;
    int K = c->K;
    FILE *out = file_create(program_path("pr-classes.tsv"));
    fputs("recall", out);
    for (int i = 0; i < K; i++)
        if (f->class[i].ap != -1)
            fprintf(out, "\t%s", map_names_text(&f->data->classes, f->class[i].class));
    for (int r = 0; r < MAP_R; r++) {
        fprintf(out, "\n%.9g", r * 0.01);
        for (int i = 0; i < K; i++)
            if (f->class[i].ap != -1)
                fprintf(
                    out, "\t%.9g",
                    c->precision[((long)r * K + f->class[i].class) * MAP_A * MAP_M + MAP_M - 1]);
    }
    fputc('\n', out);
    file_commit(out, program_path("pr-classes.tsv"));
}

void
map_tool_files(const map_tool_findings *f)
{
    write_scores(f);
    write_classes(f);
    write_audit(f);
    write_missed(f);
    write_confusion(f);
    write_class_curves(f);
}

// precision.npy (T, R, K, A, M) and recall.npy (T, K, A, M), as pycocotools has them.
void
map_tool_arrays(const map_coco *c)
{
    const int precision[] = {MAP_T, MAP_R, c->K, MAP_A, MAP_M},
              recall[] = {MAP_T, c->K, MAP_A, MAP_M};
    npy_write(program_path("precision.npy"), NPY_F8, 5, precision, c->precision);
    npy_write(program_path("recall.npy"), NPY_F8, 4, recall, c->recall);
}

// ---- JSON ----

// A number; null where there is none.
static json_t *
number(double x)
{
    return isfinite(x) && x != -1 ? json_real(x) : json_null();
}

static json_t *
point(const map_operating *p)
{
    return json_pack("{so so so so si si si}", "score", number(p->score), "precision",
                     number(p->precision), "recall", number(p->recall), "f1", number(p->f1), "true",
                     p->hits, "false", p->seen - p->hits, "missed", p->positives - p->hits);
}

static json_t *
classes(const map_tool_findings *f)
{
    json_t *all = json_array();
    for (int i = 0; i < f->scored->scene.K; i++) {
        const map_tool_class *c = &f->class[i];
        const char *name = map_names_text(&f->data->classes, c->class);
        json_array_append_new(
            all,
            json_pack("{ss si si so so so so so so so}", "class", name, "ground_truths", c->truths,
                      "detections", c->detections, "ap", number(c->ap), "ap50", number(c->ap50),
                      "ap75", number(c->ap75), "ar100", number(c->ar), "at", point(&c->point),
                      "voc07", number(c->voc07->score), "voc10", number(c->voc10->score)));
    }
    return all;
}

void
map_tool_json(const map_tool_findings *f)
{
    const map_scene *s = &f->scored->scene;
    map_coco_json_memory();
    json_t *scores = json_object(), *errors = json_object();
    for (int p = 0; p < MAP_PROTOCOLS; p++) {
        const map_tool_score *r = &f->score[p];
        json_object_set_new(scores, r->name,
                            json_pack("{so so so so so so}", "value", number(r->score), "low",
                                      number(r->interval.low), "high", number(r->interval.high),
                                      "ties_lowest", number(r->tied.lowest), "ties_expected",
                                      number(r->tied.expected), "ties_highest",
                                      number(r->tied.highest)));
    }
    for (int i = MAP_AP50; i < MAP_NUMBERS; i++)
        json_object_set_new(scores, map_number_word[i],
                            json_pack("{so}", "value", number(f->number[i])));
    for (int e = MAP_NO_ERROR + 1; e < MAP_ERRORS; e++)
        json_object_set_new(errors, map_error_word[e], json_integer(f->error[e]));
    json_t *all = json_object();
    json_object_set_new(all, "images", json_integer(s->N));
    json_object_set_new(all, "ground_truths", json_integer(s->G));
    json_object_set_new(all, "detections", json_integer(s->D));
    json_object_set_new(all, "scores", scores);
    json_object_set_new(all, "best_f1", point(&f->best));
    json_object_set_new(all, "at", point(&f->asked));
    json_object_set_new(all, "errors", errors);
    json_object_set_new(all, "calibration",
                        json_pack("{so so}", "expected_error", number(f->calibration.error),
                                  "mean_score_less_true_part", number(f->calibration.excess)));
    json_object_set_new(all, "classes", classes(f));
    FILE *out = file_create(program_path("scores.json"));
    json_dumpf(all, out, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
    fputc('\n', out);
    file_commit(out, program_path("scores.json"));
    json_decref(all);
}

// ---- Figures ----

// The folder above this program, or this one, that has plots/map.gp; false: none.
static bool
find_plots(char top[PATH_MAX])
{
    if (access("plots/map.gp", R_OK) == 0)
        return realpath(".", top);
    ssize_t n = readlink("/proc/self/exe", top, PATH_MAX - 16);
    top[n < 0 ? 0 : n] = 0;
    for (char *slash = strrchr(top, '/'); slash; slash = strrchr(top, '/')) {
        strcpy(slash, "/plots/map.gp");
        bool found = access(top, R_OK) == 0;
        *slash = 0;
        if (found)
            return true;
    }
    return false;
}

// Text in gnuplot's single quotes.
static void
quoted(const char *text, size_t size, char *to)
{
    size_t n = 0;
    for (; *text && n + 3 < size; text++) {
        to[n++] = *text;
        if (*text == '\'')
            to[n++] = '\'';
    }
    to[n] = 0;
}

void
map_tool_draw(const map_tool_findings *f)
{
    char folder[PATH_MAX], top[PATH_MAX], setting[2 * PATH_MAX + 64], in_quotes[2 * PATH_MAX];
    char shown[FILE_PATH];
    snprintf(shown, sizeof shown, "%s", program_path("scores.tsv"));
    *strrchr(shown, '/') = 0;
    int status = 127 << 8, curves = 0;
    bool found = find_plots(top);
    for (int i = 0; i < f->scored->scene.K; i++)
        curves += f->class[i].ap != -1;
    if (found && realpath(shown, folder)) {
        quoted(folder, sizeof in_quotes, in_quotes);
        snprintf(setting, sizeof setting, "data='%s/'; own=1; T=%d; classes=%d", in_quotes,
                 map_thresholds(&f->scored->scene), curves);
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            if (chdir(top) == 0)
                execlp("gnuplot", "gnuplot", "-e", setting, "plots/style.gp", "plots/map.gp", NULL);
            _exit(127);
        }
        waitpid(child, &status, 0);
    }
    const char *tables = "scores.tsv, classes.tsv, audit.tsv, missed.tsv, confusion.tsv";
    if (status == 0)
        printf("%s and figures (*.svg) are in %s\n", tables, escape(shown));
    else if (!found)
        printf("%s are in %s; no figures: plots/map.gp is neither here nor above the program\n",
               tables, escape(shown));
    else if (status == 127 << 8)
        printf("%s are in %s; for the figures install gnuplot\n", tables, escape(shown));
    else
        printf("%s are in %s; gnuplot failed with status %d\n", tables, escape(shown),
               WEXITSTATUS(status));
}
