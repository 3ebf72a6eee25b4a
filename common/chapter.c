#include "chapter.h"

#include "fail.h"
#include "file.h"
#include "npy.h"
#include "numeric.h"

#include <math.h>
#include <omp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATH = 1024, CLAIMS = 64, BAR = 40 };

static struct {
    const char *name;
    char out[PATH];
    bool out_given, quick, cases_only, stats;
    int threads;
    size_t peak; // of any run's tape
} program;

// ---- Options ----

static void
help(const option *own)
{
    printf("%s: a chapter of Line by Line. It computes the chapter's figures, claims and reference "
           "cases.\n\n"
           "  --out DIR     folder for all output (build/%s/out)\n"
           "  --quick       every part in under two seconds, nothing trained to the end\n"
           "  --cases       the reference cases only\n"
           "  --threads N   independent runs at a time (all cores); changes no result\n"
           "  --stats       print the most memory that a tape took\n"
           "  --help        this page\n",
           program.name, program.name);
    for (; own->name; own++) {
        char left[64];
        snprintf(left, sizeof left, "%s %s", own->name, own->value);
        printf("  %-13s %s\n", left, own->help);
    }
}

// How many arguments the chapter's own option took, 0 if it is none.
static int
own_option(const option *own, const char *name, const char *value)
{
    for (; own->name; own++)
        if (strcmp(name, own->name) == 0) {
            if (*own->value && !value)
                fail("%s needs a value: %s %s", name, name, own->value);
            *own->set = *own->value ? value : name;
            return *own->value ? 2 : 1;
        }
    return 0;
}

static void
read_threads(const char *text)
{
    char *end;
    long n = text ? strtol(text, &end, 10) : 0;
    if (!text || *end || n < 1 || n > 1024)
        fail("--threads %s: expected a number from 1 to 1024", text ? text : "without a value");
    program.threads = (int)n;
}

static void
interrupted(int number)
{
    fail_remove_now();
    _exit(128 + number);
}

void
chapter_begin(const char *name, const option *own, int argc, char **argv)
{
    memset(&program, 0, sizeof program);
    program.name = name;
    program.threads = omp_get_num_procs();
    snprintf(program.out, PATH, "build/%s/out", name);
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0 ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--help") == 0) {
            help(own);
            exit(0);
        } else if (strcmp(argv[i], "--quick") == 0)
            program.quick = true;
        else if (strcmp(argv[i], "--cases") == 0)
            program.cases_only = true;
        else if (strcmp(argv[i], "--stats") == 0)
            program.stats = true;
        else if (strcmp(argv[i], "--threads") == 0) {
            read_threads(value);
            i++;
        } else if (strcmp(argv[i], "--out") == 0) {
            if (!value || !*value || snprintf(program.out, PATH, "%s", value) >= PATH / 2)
                fail("--out needs a folder, its path shorter than %d bytes", PATH / 2);
            program.out_given = true;
            i++;
        } else {
            int taken = own_option(own, argv[i], value);
            if (!taken)
                fail("unknown option %s; --help lists what there is", argv[i]);
            i += taken - 1;
        }
    }
    omp_set_num_threads(program.threads);
    signal(SIGINT, interrupted);
    signal(SIGTERM, interrupted);
}

void
chapter_reader(const char *folder)
{
    if (!program.out_given)
        snprintf(program.out, PATH, "build/%s/%s", program.name, folder);
}

int
chapter_steps(int full, int quick)
{
    return program.quick ? quick : full;
}

const char *
chapter_path(const char *at)
{
    static _Thread_local char path[PATH];
    if (snprintf(path, PATH, "%s/%s", program.out, at) >= PATH)
        fail("%s/%s: the path is longer than %d bytes", program.out, at, PATH - 1);
    char *slash = strrchr(path, '/');
    *slash = 0;
    folder_create(path);
    *slash = '/';
    return path;
}

table *
chapter_table(const char *name, const char *columns)
{
    char file[256];
    snprintf(file, sizeof file, "%s.tsv", name);
    return table_create(chapter_path(file), columns);
}

// ---- Progress: a bar with the time left, on a terminal only ----

static struct {
    const char *figure;
    double before, share; // of the whole: what is done, what this figure adds
    atomic_long done, all;
    double start;
    atomic_long drawn; // milliseconds since start
} progress;

double
chapter_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void
draw_progress(void)
{
    long now = (long)(1e3 * (chapter_seconds() - progress.start)), before = progress.drawn;
    if (!progress.figure || !isatty(STDERR_FILENO) || now - before < 100 ||
        !atomic_compare_exchange_strong(&progress.drawn, &before, now))
        return;
    double part = progress.all ? (double)progress.done / (double)progress.all : 0;
    double done = progress.before + progress.share * (part > 1 ? 1 : part);
    int filled = (int)(BAR * done);
    char left[32] = "";
    if (done > 0.02)
        snprintf(left, sizeof left, "%.0f s left", now / 1000.0 * (1 - done) / done);
    fprintf(stderr, "\r%-20s [%.*s%*s] %3.0f %%  %-12s", progress.figure, filled,
            "########################################", BAR - filled, "", 100 * done, left);
}

void
chapter_clear(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%*s\r", BAR + 50, "");
}

void
chapter_expect(long steps)
{
    progress.done = 0;
    progress.all = steps;
}

void
chapter_advance(long steps)
{
    progress.done += steps;
    draw_progress();
}

void
chapter_run(void (*cases)(void), const figure *contents)
{
    if (cases)
        cases();
    double total = 0;
    for (const figure *f = contents; f->name; f++)
        total += f->seconds;
    progress.start = chapter_seconds();
    for (const figure *f = contents; f->name && !program.cases_only; f++) {
        progress.figure = f->name;
        progress.share = f->seconds / total;
        chapter_expect(0);
        draw_progress();
        f->run();
        progress.before += progress.share;
    }
    chapter_clear();
}

// ---- Runs side by side ----

static void
note_peak(void)
{
#pragma omp critical(peak)
    if (tape_peak() > program.peak)
        program.peak = tape_peak();
}

void
chapter_runs(int n, void (*run)(int i, void *context), void *context)
{
    if (param_count() || tape_used())
        fail("chapter_runs: this thread has tensors of its own, which its runs would free");
#pragma omp parallel for schedule(dynamic, 1) num_threads(program.threads)
    for (int i = 0; i < n; i++) {
        run(i, context);
        note_peak();
        tensors_free();
    }
}

// ---- Trainings ----

float
chapter_learn(tensor *loss, adamw *adam, float rate, double theta)
{
    float value = loss->data[0];
    zero_grad();
    backward(loss);
    if (theta > 0)
        clip_global_norm(theta);
    adamw_step(adam, rate);
    tape_reset();
    chapter_advance(1);
    return value;
}

void
chapter_curves(const char *name, int block, int n, const curve *curves)
{
    int longest = 0;
    size_t size = 8;
    for (int i = 0; i < n; i++) {
        if (curves[i].steps % block)
            fail("%s: %d steps of %s are not a whole number of blocks of %d", name,
                 curves[i].steps, curves[i].name, block);
        longest = curves[i].steps > longest ? curves[i].steps : longest;
        size += sizeof curves[i].name + 1;
    }
    char header[size];
    strcpy(header, "step");
    for (int i = 0; i < n; i++)
        strcat(strcat(header, "\t"), curves[i].name);
    table *t = chapter_table(name, header);
    for (int s = 0; s < longest; s += block) {
        float row[n];
        for (int i = 0; i < n; i++)
            row[i] = s < curves[i].steps ? sum32(block, curves[i].loss + s) / block : NAN;
        table_curve(t, s + block, n, row);
    }
    table_close(t);
}

// ---- Claims ----

static struct claim {
    const char *id, *statement, *relation, *source;
    double expected, measured, tolerance;
    verdict stated;
} claims[CLAIMS];
static int claim_number;

static void
add_claim(struct claim c)
{
    if (claim_number == CLAIMS)
        fail("claim %s: more than %d claims", c.id, CLAIMS);
    claims[claim_number++] = c;
}

void
claim_near(const char *id, const char *statement, double expected, double measured,
           double tolerance, const char *source, verdict v)
{
    add_claim((struct claim){id, statement, "=", source, expected, measured, tolerance, v});
}

void
claim_below(const char *id, const char *statement, double bound, double measured,
            const char *source, verdict v)
{
    add_claim((struct claim){id, statement, "<", source, bound, measured, 0, v});
}

void
claim_above(const char *id, const char *statement, double bound, double measured,
            const char *source, verdict v)
{
    add_claim((struct claim){id, statement, ">", source, bound, measured, 0, v});
}

double
trained(double measured)
{
    return program.quick ? NAN : measured;
}

static bool
holds(const struct claim *c)
{
    switch (*c->relation) {
    case '<': return c->measured < c->expected;
    case '>': return c->measured > c->expected;
    default: return fabs(c->measured - c->expected) <= c->tolerance;
    }
}

// "as stated" unless the measurement contradicts the verdict; under --quick some are skipped.
static const char *
outcome(const struct claim *c)
{
    if (isnan(c->measured))
        return program.quick ? "skipped" : "CONTRADICTED";
    return holds(c) == (c->stated != NOT_AT_THIS_SCALE) ? "as stated" : "CONTRADICTED";
}

int
chapter_end(void)
{
    static const char *const verdicts[] = {"reproduced", "in part", "not at this scale"};
    int contradicted = 0;
    note_peak();
    if (claim_number) {
        table *t =
            chapter_table("claims", "id\tstatement\trelation\texpected\tmeasured\ttolerance\t"
                                    "source\tverdict\toutcome");
        for (struct claim *c = claims; c < claims + claim_number; c++) {
            table_row(t, "sssdddsss", c->id, c->statement, c->relation, c->expected, c->measured,
                      c->tolerance, c->source, verdicts[c->stated], outcome(c));
            printf("%-12s  %-71s %11.5g %s %-9.5g %s\n", outcome(c), c->statement, c->measured,
                   c->relation, c->expected, verdicts[c->stated]);
            contradicted += *outcome(c) == 'C';
        }
        table_close(t);
        printf("%d claims, %d contradicted\n", claim_number, contradicted);
    }
    if (program.stats)
        printf("most memory of a tape: %.1f MiB\n", program.peak / 1048576.0);
    return contradicted ? 1 : 0;
}

// ---- Reference cases ----

static struct {
    const char *name;
    table *manifest;
} current;

static const char *
case_path(const char *file)
{
    char at[256];
    snprintf(at, sizeof at, "%s/%s", current.name, file);
    return chapter_path(at);
}

void
case_begin(const char *name)
{
    current.name = name;
    current.manifest =
        table_create(case_path("manifest.tsv"), "role\tname\tof\tfile\tshape\ttolerance\tabout");
}

static void
case_array(const char *role, const char *name, npy_type type, shape s, const void *data,
           double tolerance, const char *about)
{
    char file[128];
    snprintf(file, sizeof file, "%s.npy", name);
    npy_write(case_path(file), type, s.rank, s.n, data);
    char about_tolerance[32];
    snprintf(about_tolerance, sizeof about_tolerance, "%g", tolerance);
    table_row(current.manifest, "sssssss", role, name, "", file, shape_text(s).s, about_tolerance,
              about);
}

void
case_f4(const char *role, const char *name, shape s, const float *data, double tolerance,
        const char *about)
{
    case_array(role, name, NPY_F4, s, data, tolerance, about);
}

void
case_f8(const char *role, const char *name, shape s, const double *data, double tolerance,
        const char *about)
{
    case_array(role, name, NPY_F8, s, data, tolerance, about);
}

void
case_i4(const char *role, const char *name, shape s, const int *data, const char *about)
{
    case_array(role, name, NPY_I4, s, data, 0, about);
}

void
case_end(void)
{
    table_close(current.manifest);
}

static tensor *
case_normal(tensor *x, rng *r, float std, double tolerance, const char *about)
{
    rng_fill_normal(r, x->size, x->data, 0, std);
    case_f4("input", x->name, x->shape, x->data, tolerance, about);
    return x;
}

tensor *
case_constant(const char *name, shape s, rng *r, float std, double tolerance, const char *about)
{
    return case_normal(constant(name, s, NULL), r, std, tolerance, about);
}

tensor *
case_param(const char *name, shape s, rng *r, float std, double tolerance, const char *about)
{
    return case_normal(param(name, s), r, std, tolerance, about);
}

void
case_gradients(double tolerance)
{
    for (int i = 0; i < param_count(); i++) {
        const tensor *x = param_at(i);
        char name[64], about[64];
        snprintf(name, sizeof name, "d%s", x->name);
        snprintf(about, sizeof about, "dloss/d%s", x->name);
        case_f4("gradient", name, x->shape, x->grad, tolerance, about);
    }
}
