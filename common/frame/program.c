#include "frame/program.h"

#include "files/fail.h"
#include "files/file.h"
#include "frame/progress.h"

#include <math.h>
#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    const char *name;
    char out[FILE_PATH];
    bool out_given, quick, cases_only, stats;
    int threads;
    size_t peak; // of any run's tape
} program;

// ---- Options ----

static void
help(const program_option *own)
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
    fail_remove_unfinished();
    _exit(128 + number);
}

void
program_begin(const char *name, const program_option *own, int argc, char **argv)
{
    memset(&program, 0, sizeof program);
    program.name = name;
    program.threads = omp_get_num_procs();
    snprintf(program.out, FILE_PATH, "build/%s/out", name);
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
    omp_set_num_threads(program.threads);
    signal(SIGINT, interrupted);
    signal(SIGTERM, interrupted);
}

void
program_own_data(const char *folder)
{
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
        fail("%s/%s: the path is longer than %d bytes", program.out, at, FILE_PATH - 1);
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

void
program_run(void (*cases)(void), const program_figure *contents)
{
    if (cases)
        cases();
    double total = 0;
    for (const program_figure *f = contents; f->name; f++)
        total += f->seconds;
    for (const program_figure *f = contents; f->name; f++) {
        if (program.cases_only)
            break;
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
    return contradicted ? 1 : 0;
}
