#include "frame/program.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/standard.h"
#include "frame/progress.h"
#include "frame/stack.h"
#include "numbers/random.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const char *name;
    char out[FILE_PATH];
    bool out_given, quick, cases_only, stats, own_data;
    const char *only; // the figure to compute, NULL: all
    int threads, seed;
    size_t peak; // of any run's tape
    char **arguments;
} program;

// ---- Options ----

static void
help(const program_option *own)
{
    printf("%s: a chapter of Line by Line. It computes the chapter's figures, claims and reference "
           "cases.\n\n"
           "  --out DIR     folder for all output (build/%s/out; other runs than the whole one\n"
           "                have folders of their own beside it: quick, cases, only, seed-K)\n"
           "  --only NAME   one figure, and its claims\n"
           "  --quick       every part in under two seconds, nothing trained to the end\n"
           "  --cases       the reference cases only\n"
           "  --seed K      other random numbers in every figure (0: the published ones)\n"
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
own_option(const program_option *own, const char *name, const char *value)
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

double
program_number(const char *option, const char *value, double least, double most, double otherwise)
{
    if (!value)
        return otherwise;
    char *end;
    double x = strtod(value, &end);
    if (end == value || *end || !(x >= least && x <= most))
        fail("%s %s: expected a number from %g to %g", option, escape(value), least, most);
    return x;
}

int
program_whole(const char *option, const char *value, int least, int most, int otherwise)
{
    if (!value)
        return otherwise;
    char *end;
    long n = strtol(value, &end, 10);
    if (end == value || *end || n < least || n > most)
        fail("%s %s: expected a whole number from %d to %d", option, escape(value), least, most);
    return (int)n;
}

void
program_refuse(const char *what, const char *options)
{
    while (*options) {
        int length = (int)strcspn(options, " ");
        // No value begins with --.
        for (char **given = program.arguments + 1; *given; given++)
            if ((int)strlen(*given) == length && strncmp(*given, options, length) == 0)
                fail("%s is for the chapter's own run: %s has no use for it", *given, what);
        options += length + strspn(options + length, " ");
    }
}

// Where the output goes if nobody says: what is not the whole run has a folder of its own.
static void
choose_folder(void)
{
    char kind[32] = "out";
    if (program.seed)
        snprintf(kind, sizeof kind, "seed-%d", program.seed);
    if (program.only)
        strcpy(kind, "only");
    if (program.quick)
        strcpy(kind, "quick");
    if (program.cases_only)
        strcpy(kind, "cases");
    snprintf(program.out, FILE_PATH, "build/%s/%s", program.name, kind);
}

void
program_begin(const char *name, const program_option *own, int argc, char **argv)
{
    standard_begin();
    stack_ensure(argv);
    memset(&program, 0, sizeof program);
    program.name = name;
    program.arguments = argv;
    program.threads = omp_get_num_procs();
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0 ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--help") == 0) {
            help(own);
            exit(standard_end(0));
        } else if (strcmp(argv[i], "--quick") == 0)
            program.quick = true;
        else if (strcmp(argv[i], "--cases") == 0)
            program.cases_only = true;
        else if (strcmp(argv[i], "--stats") == 0)
            program.stats = true;
        else if (strcmp(argv[i], "--threads") == 0) {
            program.threads = program_whole(argv[i], value ? value : "without a value", 1, 1024, 1);
            i++;
        } else if (strcmp(argv[i], "--seed") == 0) {
            program.seed = program_whole(argv[i], value ? value : "without a value", 0, 1000, 0);
            i++;
        } else if (strcmp(argv[i], "--only") == 0) {
            if (!value)
                fail("--only needs the name of a figure");
            program.only = value;
            i++;
        } else if (strcmp(argv[i], "--out") == 0) {
            if (!value || !*value || snprintf(program.out, FILE_PATH, "%s", value) >= FILE_PATH / 2)
                fail("--out needs a folder, its path shorter than %d bytes", FILE_PATH / 2);
            program.out_given = true;
            i++;
        } else {
            int taken = own_option(own, argv[i], value);
            if (!taken)
                fail("unknown option %s; --help lists what there is", argv[i]);
            i += taken - 1;
        }
    }
    if (program.cases_only && program.only)
        fail("--cases and --only: the cases belong to no figure; expected one of the two");
    if (program.cases_only && program.seed)
        fail("--cases --seed %d: the cases are the same under every seed", program.seed);
    if (!program.out_given)
        choose_folder();
    omp_set_num_threads(program.threads);
}

void
program_own_data(const char *folder)
{
    program_refuse("a run on your own data", "--cases --only");
    program.own_data = true;
    if (!program.out_given)
        snprintf(program.out, FILE_PATH, "build/%s/%s", program.name, folder);
}

int
program_steps(int full, int quick)
{
    return program.quick ? quick : full;
}

const char *
program_path(const char *at)
{
    static _Thread_local char path[FILE_PATH];
    if (snprintf(path, FILE_PATH, "%s/%s", program.out, at) >= FILE_PATH)
        fail("%.60s...: the path is longer than %d bytes", path, FILE_PATH - 1);
    char *slash = strrchr(path, '/');
    *slash = 0;
    folder_create(path);
    *slash = '/';
    return path;
}

table *
program_table(const char *name, const char *columns)
{
    char file[256];
    snprintf(file, sizeof file, "%s.tsv", name);
    return table_create(program_path(file), columns);
}

// ---- The run ----

// What this run is, beside its output: who reads the tables later must not take a quick run for the whole one.
static void
write_kind(void)
{
    table *t = program_table("run", "key\tvalue");
    table_row(t, "ss", "program", program.name);
    table_row(t, "ss", "run", program.cases_only ? "cases" : program.quick ? "quick" : "whole");
    table_row(t, "ss", "figures",
              program.own_data ? "own data"
              : program.only   ? program.only
                               : "all");
    table_row(t, "si", "seed", program.seed);
    table_close(t);
}

static bool
is_wanted(const program_figure *f)
{
    return !program.only || strcmp(f->name, program.only) == 0;
}

// The seconds of all figures that are wanted; none is an error that lists what there is.
static double
seconds_of(const program_figure *contents)
{
    char names[1024] = "";
    double total = 0;
    bool found = false;
    for (const program_figure *f = contents; f->name; f++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", f->name);
        found |= is_wanted(f);
        total += is_wanted(f) ? f->seconds : 0;
    }
    if (!found)
        fail("--only %s: no figure has this name; there are %s", program.only, names);
    return total;
}

void
program_run(void (*cases)(void), const program_figure *contents)
{
    double total = seconds_of(contents);
    write_kind();
    if (cases && !program.only)
        cases();
    // The cases never move.
    rng_shift_seeds((uint32_t)program.seed * 1000);
    for (const program_figure *f = contents; f->name; f++) {
        if (program.cases_only || !is_wanted(f))
            continue;
        progress_figure(f->name, f->seconds / total);
        f->run();
    }
    progress_clear();
}

double
unless_quick(double measured)
{
    return program.quick ? NAN : measured;
}

bool
program_is_quick(void)
{
    return program.quick;
}

int
program_threads(void)
{
    return program.threads;
}

void
program_tape_peak(size_t bytes)
{
#pragma omp critical(peak)
    if (bytes > program.peak)
        program.peak = bytes;
}

int
program_end(bool contradicted)
{
    if (program.stats)
        printf("most memory of a tape: %.1f MiB\n", program.peak / 1048576.0);
    return standard_end(contradicted ? 1 : 0);
}
