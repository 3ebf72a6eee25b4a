// compare REFERENCE [MINE]: holds a reader's own results against a chapter's reference case.
//
// REFERENCE is a case folder: a manifest.tsv and one .npy a tensor. MINE is a folder with files of the same
// names, as .npy or as text (.txt, .tsv, .csv: numbers in C order). Without MINE the case's tensors are
// listed. Exit status: 0 all that was given agrees, 1 something deviates, 2 unusable input or nothing given.
//
// A value agrees if |mine - ours| <= tolerance max(largest |ours| in the tensor, 1). Steps and outputs with the
// case's time axis are gone through step by step, gradients with it from the last step back, since that is
// how they are computed; all others in the manifest's order.
#include "checker/likeness.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/npy.h"
#include "files/table.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// One line of the manifest with the values on both sides.
typedef struct {
    const char *role, *name, *of, *file, *shape, *about;
    double tolerance;
    npy ours;
    double *mine; // NULL: not given
    int timed;    // its first axis is time: 1 forwards, -1 backwards (a gradient), 0 it is not
    long first;   // the first value that deviates, -1: none
} entry;

// Numbers in a text file.
static double *
read_text(const char *path, long expected, const char *shape)
{
    size_t size;
    char *bytes = file_read(path, &size);
    double *values = npy_text(bytes, size, path, expected, shape);
    free(bytes);
    return values;
}

static void
shape_as_text(char text[128], const npy *a)
{
    size_t used = (size_t)snprintf(text, 128, "(");
    for (int i = 0; i < a->rank; i++)
        used += (size_t)snprintf(text + used, 128 - used, "%s%d", i ? ", " : "", a->n[i]);
    snprintf(text + used, 128 - used, ")");
}

// How far apart two values may be: the tolerance times the largest |ours|, or times 1.
static double
allowed(const npy *ours, double tolerance)
{
    double largest = 1;
    for (long i = 0; i < ours->size; i++)
        if (isfinite(ours->values[i]) && fabs(ours->values[i]) > largest)
            largest = fabs(ours->values[i]);
    return tolerance * largest;
}

// "; ..." if a becomes ours when two of its axes are exchanged, else nothing.
static const char *
exchanged(const npy *a, const entry *e)
{
    static char hint[64];
    char text[LIKENESS_TEXT], shape[128];
    likeness x = {.rank = a->rank,
                  .size = a->size,
                  .ours = a->values,
                  .mine = e->ours.values,
                  .apart = allowed(&e->ours, e->tolerance)};
    if (a->rank != e->ours.rank || a->size != e->ours.size || a->rank > LIKENESS_RANK)
        return "";
    for (int i = 0; i < a->rank; i++)
        for (int j = i + 1; j < a->rank; j++) {
            npy turned = *a;
            turned.n[i] = a->n[j];
            turned.n[j] = a->n[i];
            shape_as_text(shape, &turned);
            memcpy(x.n, a->n, a->rank * sizeof *x.n);
            snprintf(hint, sizeof hint, "with axes %d and %d exchanged", i, j);
            if (strcmp(shape, e->shape) == 0 && likeness_find(&x, text) && strstr(text, hint)) {
                snprintf(hint, sizeof hint, "; exchange axes %d and %d", i, j);
                return hint;
            }
        }
    return "";
}

// The reader's values for e, or NULL. Two files of one name are refused: one may be of an earlier program.
static double *
read_mine(const char *folder, const entry *e)
{
    static const char *const endings[] = {"npy", "txt", "tsv", "csv"};
    char path[FILE_PATH] = "", other[FILE_PATH], shape[128];
    int ending = 0;
    for (int i = 0; i < 4; i++) {
        snprintf(other, FILE_PATH, "%s/%s.%s", folder, e->name, endings[i]);
        if (access(other, F_OK) != 0)
            continue;
        if (*path)
            fail("%s and %s are both there: remove the one that is not meant", path, other);
        strcpy(path, other);
        ending = i;
    }
    if (!*path)
        return NULL;
    if (ending > 0)
        return read_text(path, e->ours.size, e->shape);
    npy a = npy_read(path);
    shape_as_text(shape, &a);
    if (strcmp(shape, e->shape) != 0)
        fail("%s: shape %s, expected %s%s", path, shape, e->shape, exchanged(&a, e));
    return a.values;
}

static bool
agrees(double a, double b, double apart)
{
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    return a == b || fabs(a - b) <= apart;
}

// The first value that deviates, -1: none. Backwards: the first of the last step that deviates.
static long
first_deviation(const npy *ours, const double *mine, double tolerance, int direction)
{
    double apart = allowed(ours, tolerance);
    long step = direction < 0 ? ours->size / ours->n[0] : ours->size;
    for (long end = ours->size; end > 0; end -= step)
        for (long i = end - step; i < end; i++)
            if (!agrees(mine[i], ours->values[i], apart))
                return i;
    return -1;
}

// A case folder as it was read.
typedef struct {
    int n;
    entry *all;
    table_data table;     // what the entries' texts point into
    char path[FILE_PATH]; // of the manifest
} manifest;

static void
read_entry(entry *e, const table_data *t, int row, const char *folder)
{
    char **cell = t->cells + row * t->columns, path[FILE_PATH], shape[128];
    e->role = cell[table_column(t, "role")];
    e->name = cell[table_column(t, "name")];
    e->of = cell[table_column(t, "of")];
    e->file = cell[table_column(t, "file")];
    e->shape = cell[table_column(t, "shape")];
    e->about = cell[table_column(t, "about")];
    e->tolerance = table_number(t, row, table_column(t, "tolerance"));
    snprintf(path, FILE_PATH, "%s/%s", folder, e->file);
    e->ours = npy_read(path);
    shape_as_text(shape, &e->ours);
    if (strcmp(shape, e->shape) != 0)
        fail("%s: shape %s, the manifest says %s", path, shape, e->shape);
}

static void
read_manifest(manifest *m, const char *folder)
{
    snprintf(m->path, FILE_PATH, "%s/manifest.tsv", folder);
    m->table = table_read(m->path);
    m->n = m->table.rows;
    m->all = calloc(m->n + 1, sizeof *m->all);
    if (!m->all)
        fail("%s: too large for the memory of this machine", m->path);
    int time = -1; // the length of the first axis of the first step
    for (int r = 0; r < m->n; r++) {
        entry *e = &m->all[r];
        read_entry(e, &m->table, r, folder);
        bool step = strcmp(e->role, "step") == 0 || strcmp(e->role, "output") == 0;
        if (strcmp(e->role, "step") == 0 && time < 0 && e->ours.rank > 1)
            time = e->ours.n[0];
        if (e->ours.rank > 1 && e->ours.n[0] == time)
            e->timed = step ? 1 : strcmp(e->role, "gradient") == 0 ? -1 : 0;
    }
}

static void
free_manifest(manifest *m)
{
    for (entry *e = m->all; e < m->all + m->n; e++) {
        npy_free(&e->ours);
        free(e->mine);
    }
    free(m->all);
    table_free(&m->table);
}

static void
list(int n, const entry *all)
{
    for (const entry *e = all; e < all + n; e++)
        if (!*e->of)
            printf("%-9s %-12s %-14s %-7g %s\n", e->role, e->name, e->shape, e->tolerance,
                   e->about);
}

// The step of time in which the first deviating value of e stands.
static long
step_of(const entry *e)
{
    return e->first / (e->ours.size / e->ours.n[0]);
}

// The tensor that deviates first: by time where there is time, else in the manifest's order.
static const entry *
first_deviating(int n, const entry *all)
{
    const entry *found = NULL;
    for (const entry *e = all; e < all + n; e++) {
        if (e->first < 0)
            continue;
        if (!found || (e->timed && e->timed == found->timed &&
                       e->timed * step_of(e) < e->timed * step_of(found)))
            found = e;
    }
    return found;
}

static void
print_index(const entry *e)
{
    long rest = e->first, step = e->ours.size;
    for (int i = 0; i < e->ours.rank; i++) {
        step /= e->ours.n[i];
        printf("%s%ld", i ? ", " : "", rest / step);
        rest %= step;
    }
}

static void
describe(const entry *e)
{
    double absolute = 0, relative = 0;
    long wrong = 0;
    double apart = allowed(&e->ours, e->tolerance);
    for (long i = 0; i < e->ours.size; i++) {
        double ours = e->ours.values[i], error = fabs(e->mine[i] - ours);
        wrong += !agrees(e->mine[i], ours, apart);
        absolute = isnan(error) ? NAN : error > absolute ? error : absolute;
        if (ours != 0 && !isnan(error))
            relative = fmax(relative, error / fabs(ours));
    }
    printf("%s deviates first at [", e->name);
    print_index(e);
    printf("]: expected %.9g, got %.9g\n", e->ours.values[e->first], e->mine[e->first]);
    printf("  %s %s: %s\n", e->role, e->shape, e->about);
    printf("  %ld of %ld values deviate; largest error %.3g, relative %.3g; tolerance %g\n", wrong,
           e->ours.size, absolute, relative, e->tolerance);
}

// Whether e deviates at the step that is computed first.
static bool
at_first_step(const entry *e)
{
    return step_of(e) == (e->timed > 0 ? 0 : e->ours.n[0] - 1);
}

// Says whether all that comes before `bad` was given and agrees.
static void
print_before(int n, const entry *all, const entry *bad)
{
    int missing = 0;
    if (strcmp(bad->role, "input") == 0) {
        printf("  This is an input of the case: load it, do not draw your own.\n");
        return;
    }
    for (const entry *e = all; e < all + n; e++) {
        bool earlier = e < bad || (e->timed && e->timed == bad->timed && !at_first_step(bad));
        bool computed = !*e->of && strcmp(e->role, "input") != 0;
        missing += computed && earlier && !e->mine;
    }
    if (missing)
        printf("  Everything before it that was given agrees; not given: %d.\n", missing);
    else
        printf("  Everything before it agrees: the error is in this %s.\n",
               bad->timed ? "step" : "tensor");
}

// What the case's mistakes.tsv says of a mistake: the lines beside each other.
static void
print_lines(const char *folder, const char *name)
{
    char path[FILE_PATH];
    snprintf(path, FILE_PATH, "%s/mistakes.tsv", folder);
    table_data t = table_read(path);
    for (int r = 0; r < t.rows; r++) {
        char **cell = t.cells + r * t.columns;
        if (strcmp(cell[table_column(&t, "name")], name) == 0)
            printf("  your line, as it would stand in our code:\n    %s\n  ours:\n    %s\n",
                   cell[table_column(&t, "wrong")], cell[table_column(&t, "line")]);
    }
    table_free(&t);
}

static bool
is_mistake(const entry *m, int n, const entry *all)
{
    for (const entry *e = all; *m->of && e < all + n; e++)
        if (strcmp(e->name, m->of) == 0 && e->mine && e->first >= 0 && e->ours.size == m->ours.size)
            return first_deviation(&m->ours, e->mine, e->tolerance, 0) < 0;
    return false;
}

// Says what the numbers of e look like. A factor may come from the length of an axis of any tensor of the case.
static void
print_likeness(int n, const entry *all, const entry *e)
{
    enum { MOST = 64 };
    int lengths[MOST + 1] = {0}, used = 0;
    char text[LIKENESS_TEXT];
    for (const entry *other = all; other < all + n; other++)
        for (int i = 0; i < other->ours.rank; i++) {
            int k = 0;
            while (k < used && lengths[k] != other->ours.n[i])
                k++;
            if (k == used && used < MOST)
                lengths[used++] = other->ours.n[i];
        }
    likeness x = {.rank = e->ours.rank,
                  .size = e->ours.size,
                  .ours = e->ours.values,
                  .mine = e->mine,
                  .apart = allowed(&e->ours, e->tolerance),
                  .timed = e->timed,
                  .lengths = lengths};
    memcpy(x.n, e->ours.n, e->ours.rank * sizeof *x.n);
    if (likeness_find(&x, text))
        printf("  %s\n", text);
}

// Names every known mistake whose numbers are the reader's, each once.
static void
name_mistakes(const char *folder, int n, const entry *all)
{
    const char *last = "";
    for (const entry *m = all; m < all + n; m++)
        if (is_mistake(m, n, all) && strcmp(m->about, last) != 0) {
            printf("These are the numbers of a known mistake. %s\n", m->about);
            print_lines(folder, m->name);
            last = m->about;
        }
}

// The tensors that the reader did not give, in one line.
static void
list_missing(int n, const entry *all)
{
    int missing = 0;
    for (const entry *e = all; e < all + n; e++)
        if (!*e->of && !e->mine && strcmp(e->role, "input") != 0)
            printf("%s%s", missing++ ? ", " : "Not given: ", e->name);
    if (missing)
        printf("\n");
}

// Reads what the reader gave and notes where it deviates first; returns the number of tensors given.
static int
check_mine(manifest *m, const char *folder)
{
    int given = 0;
    for (entry *e = m->all; e < m->all + m->n; e++) {
        e->first = -1;
        if (*e->of || !(e->mine = read_mine(folder, e)))
            continue;
        e->first = first_deviation(&e->ours, e->mine, e->tolerance, e->timed);
        given++;
    }
    return given;
}

// Says what came of it: the exit status.
static int
report(const manifest *m, const char *folder, int given)
{
    int wrong = 0;
    list_missing(m->n, m->all);
    const entry *bad = first_deviating(m->n, m->all);
    if (!bad) {
        printf("All %d tensors given agree.\n", given);
        return 0;
    }
    for (const entry *e = m->all; e < m->all + m->n; e++)
        wrong += e->first >= 0;
    printf("%d of %d tensors %s.\n", wrong, given, wrong == 1 ? "deviates" : "deviate");
    describe(bad);
    print_before(m->n, m->all, bad);
    print_likeness(m->n, m->all, bad);
    name_mistakes(folder, m->n, m->all);
    return 1;
}

int
main(int argc, char **argv)
{
    int status = 0;
    if (argc < 2 || argc > 3 || argv[1][0] == '-')
        fail("usage: compare REFERENCE [MINE], two folders: chapters/rnn/reference/lstm and yours");
    manifest m;
    read_manifest(&m, argv[1]);
    if (argc == 2)
        list(m.n, m.all);
    else {
        if (access(argv[2], R_OK) != 0)
            fail("%s: no such folder", argv[2]);
        int given = check_mine(&m, argv[2]);
        if (!given)
            fail("%s: has none of this case's tensors; `compare %s` lists them", argv[2], argv[1]);
        status = report(&m, argv[1], given);
    }
    free_manifest(&m);
    return status;
}
