#include "checker/reference.h"

#include "checker/likeness.h"
#include "files/fail.h"
#include "files/memory.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FORMAT = 2,
    VALUES = 1 << 28,
    TABLE_BYTES = 1 << 24,
    HEADER_BYTES = 1 << 12,
    MORE_BYTES = 1 << 20
};

// The rounding of float32 results, and what a chain of them may lose, as a part of the largest value.
static const double single_apart = 1e-5;

const char *
reference_cell(const table_data *t, int row, const char *column)
{
    return t->cells[row * t->columns + table_column(t, column)];
}

int
reference_find(const reference *r, const char *name, size_t length)
{
    for (int i = 0; i < r->n; i++)
        if (strlen(r->all[i].name) == length && memcmp(r->all[i].name, name, length) == 0)
            return i;
    return -1;
}

double
reference_largest(long n, const double *values)
{
    double largest = 0;
    for (long i = 0; i < n; i++)
        largest = isfinite(values[i]) ? fmax(largest, fabs(values[i])) : largest;
    return largest;
}

bool
reference_agrees(const entry *e, long i)
{
    double ours = e->ours.values[i], mine = e->mine[i];
    return isnan(ours) || mine == ours || fabs(mine - ours) <= e->apart;
}

int
reference_step(const entry *e, long i)
{
    long inner = 1; // without time there is one step
    for (int a = e->axis + 1; a < e->ours.rank; a++)
        inner *= e->ours.n[a];
    return (int)(i / inner % e->steps);
}

// ---- Files ----

// Writes folder/name.ending to path.
static void
join(char path[FILE_PATH], const char *folder, const char *name, const char *ending)
{
    if (snprintf(path, FILE_PATH, "%s/%s%s", folder, name, ending) >= FILE_PATH)
        fail("%.60s...: the path is longer than %d bytes", folder, FILE_PATH - 1);
}

// Refuses what is no plain file (a pipe would never end), and one that is longer than it can be.
static void
check_file(const char *path, long bytes)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return; // who opens it says why it cannot
    if (!S_ISREG(about.st_mode))
        fail("%s: is no plain file", path);
    if (about.st_size > bytes)
        fail("%s: has %lld bytes, at most %ld are expected", path, (long long)about.st_size, bytes);
}

table_data
reference_table(const char *path)
{
    check_file(path, TABLE_BYTES);
    return table_read(path);
}

// ---- The case ----

// Names of files stay in their folder.
static void
check_name(const table_data *t, int row, const char *name)
{
    if (!*name || strchr(name, '/') || strstr(name, "..") || strlen(name) > 200)
        fail("%s:%d: '%s' is no name of a file of this folder", t->name, row + 2, name);
}

static void
shape_as_text(char text[128], int rank, const int *n)
{
    size_t used = (size_t)snprintf(text, 128, "(");
    for (int i = 0; i < rank; i++)
        used += (size_t)snprintf(text + used, 128 - used, "%s%d", i ? ", " : "", n[i]);
    snprintf(text + used, 128 - used, ")");
}

// How many values a tensor of the shape in this row has.
static long
values_of(const table_data *t, int row, const char *shape)
{
    long size = 1;
    const char *at = shape + 1;
    bool good = *shape == '(';
    while (good && *at != ')') {
        char *end;
        long n = strtol(at, &end, 10);
        good = end > at && n >= 0 && n <= VALUES && (n == 0 || size <= VALUES / n);
        size *= good ? n : 0;
        at = end + strspn(end, ", ");
    }
    if (!good || at[1])
        fail("%s:%d: '%s' is no shape of at most %d values, expected one like (7, 2)", t->name,
             row + 2, shape, VALUES);
    return size;
}

static void
read_time(entry *e, const table_data *t, int row)
{
    const char *time = reference_cell(t, row, "time");
    char *end;
    e->steps = 1;
    if (!*time)
        return;
    long axis = strtol(time, &end, 10);
    e->direction = strcmp(end, " forward") == 0 ? 1 : strcmp(end, " backward") == 0 ? -1 : 0;
    if (end == time || axis < 0 || axis >= e->ours.rank || !e->direction || e->input)
        fail("%s:%d: the time '%s' of %s %s, expected nothing or an axis like '0 forward', "
             "'0 backward'; inputs have none",
             t->name, row + 2, time, e->role, e->shape);
    e->axis = (int)axis;
    e->steps = e->ours.n[axis];
}

static void
read_entry(reference *r, int row)
{
    static const char *const roles[] = {"input", "step", "output", "gradient"};
    const table_data *t = &r->manifest;
    char shape[128];
    entry *e = &r->all[row];
    e->role = reference_cell(t, row, "role");
    e->file = reference_cell(t, row, "file");
    e->from = reference_cell(t, row, "from");
    e->about = reference_cell(t, row, "about");
    e->tolerance = table_number(t, row, table_column(t, "tolerance"));
    e->input = strcmp(e->role, "input") == 0;
    int known = 0;
    for (int i = 0; i < 4; i++)
        known += strcmp(e->role, roles[i]) == 0;
    if (!known)
        fail("%s:%d: the role '%s', expected input, step, output or gradient", t->name, row + 2,
             e->role);
    if (!(e->tolerance >= 0) || isinf(e->tolerance))
        fail("%s:%d: the tolerance %g, expected a number that is not negative", t->name, row + 2,
             e->tolerance);
    e->ours = reference_array(r, e->file, values_of(t, row, e->shape), e->shape);
    shape_as_text(shape, e->ours.rank, e->ours.n);
    if (strcmp(shape, e->shape) != 0)
        fail("%s/%s: shape %s, the manifest says %s", r->folder, e->file, shape, e->shape);
    e->apart = e->tolerance;
    read_time(e, t, row);
}

npy
reference_array(const reference *r, const char *name, long size, const char *shape)
{
    char path[FILE_PATH];
    join(path, r->folder, name, "");
    check_file(path, 8 * size + HEADER_BYTES);
    npy a = npy_read(path);
    if (a.size != size)
        fail("%s: %ld values, expected %ld for %s", path, a.size, size, shape);
    return a;
}

// A case that is not there: says which ones stand where it was looked for.
_Noreturn static void
refuse_missing(const char *folder)
{
    char beside[FILE_PATH], path[FILE_PATH], names[800] = "";
    const char *slash = strrchr(folder, '/');
    snprintf(beside, sizeof beside, "%.*s", slash ? (int)(slash - folder) : 1,
             slash ? folder : ".");
    struct dirent **found;
    int n = scandir(beside, &found, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        join(path, beside, found[i]->d_name, "/case.tsv");
        size_t used = strlen(names);
        bool hidden = found[i]->d_name[0] == '.'; // as the folder itself, and the one above
        if (!hidden && access(path, F_OK) == 0 &&
            used + strlen(found[i]->d_name) + 3 < sizeof names)
            sprintf(names + used, "%s%s", used ? ", " : "", found[i]->d_name);
        free(found[i]);
    }
    if (n >= 0)
        free(found);
    if (*names)
        fail("%s: no such folder; the cases in %s are %s", folder, beside, names);
    fail("%s: no such folder, expected that of a case, like chapters/rnn/reference/lstm", folder);
}

// Refuses a folder of another format.
static void
read_about(reference *r)
{
    const char *path = r->paths[0];
    if (access(r->folder, F_OK) != 0)
        refuse_missing(r->folder);
    if (access(path, F_OK) != 0)
        fail("%s: has no case.tsv: expected the folder of a case, like chapters/rnn/reference/lstm",
             r->folder);
    r->about = reference_table(path);
    const char *format = NULL;
    for (int row = 0; row < r->about.rows; row++)
        if (strcmp(reference_cell(&r->about, row, "key"), "format") == 0)
            format = reference_cell(&r->about, row, "value");
    if (!format)
        fail("%s: does not say its format, expected a row 'format' with %d", path, FORMAT);
    if (strcmp(format, "2") != 0)
        fail("%s: is of format %s, this compare reads %d: use the one that came with the case",
             path, format, FORMAT);
}

reference
reference_read(const char *folder)
{
    reference r = {.folder = folder};
    long values = 0;
    for (int i = 0; i < 2; i++) {
        r.paths[i] = memory_zeroed(FILE_PATH, 1, folder);
        join(r.paths[i], folder, i ? "manifest.tsv" : "case.tsv", "");
    }
    const char *path = r.paths[1];
    read_about(&r);
    r.manifest = reference_table(path);
    r.n = r.manifest.rows;
    r.all = memory_zeroed(r.n, sizeof *r.all, path);
    for (int row = 0; row < r.n; row++)
        r.all[row].name = "";
    for (int row = 0; row < r.n; row++) {
        entry *e = &r.all[row];
        e->shape = reference_cell(&r.manifest, row, "shape");
        const char *name = reference_cell(&r.manifest, row, "name");
        check_name(&r.manifest, row, name);
        check_name(&r.manifest, row, reference_cell(&r.manifest, row, "file"));
        if (reference_find(&r, name, strlen(name)) >= 0)
            fail("%s:%d: a second tensor called %s", path, row + 2, name);
        e->name = name;
        values += values_of(&r.manifest, row, e->shape);
        if (values > VALUES)
            fail("%s: has more than %d values", path, VALUES);
    }
    for (int row = 0; row < r.n; row++)
        read_entry(&r, row);
    return r;
}

void
reference_free(reference *r)
{
    for (entry *e = r->all; e < r->all + r->n; e++) {
        npy_free(&e->ours);
        free(e->mine);
    }
    free(r->all);
    table_free(&r->about);
    table_free(&r->manifest);
    for (int i = 0; i < 2; i++)
        free(r->paths[i]);
}

// ---- What the reader gave ----

static double *
read_text(const char *path, const entry *e)
{
    size_t size;
    check_file(path, 64 * e->ours.size + MORE_BYTES);
    char *bytes = file_read(path, &size);
    size_t mark = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; // a byte-order mark
    double *values = npy_text(bytes + mark, size - mark, path, e->ours.size, e->shape);
    free(bytes);
    return values;
}

// Whether the shape is ours, but for axes of length 1, or flat.
static bool
is_shape(const npy *a, const npy *ours)
{
    int i = 0, j = 0;
    if (a->size != ours->size)
        return false;
    if (a->rank == 1)
        return true;
    for (;;) {
        while (i < a->rank && a->n[i] == 1)
            i++;
        while (j < ours->rank && ours->n[j] == 1)
            j++;
        if (i == a->rank || j == ours->rank)
            return i == a->rank && j == ours->rank;
        if (a->n[i++] != ours->n[j++])
            return false;
    }
}

// "; ..." if a becomes ours when two of its axes are exchanged, else nothing.
static const char *
exchanged(const npy *a, const entry *e)
{
    static char hint[64];
    likeness x = {.rank = e->ours.rank,
                  .size = e->ours.size,
                  .ours = e->ours.values,
                  .mine = a->values,
                  .apart = e->apart};
    memcpy(x.n, e->ours.n, sizeof x.n);
    for (int i = 0; a->size == x.size && a->rank == x.rank && i < x.rank; i++)
        for (int j = i + 1; j < x.rank; j++) {
            npy turned = *a;
            turned.n[i] = a->n[j];
            turned.n[j] = a->n[i];
            if (!is_shape(&turned, &e->ours) || !likeness_exchanged(&x, i, j))
                continue;
            snprintf(hint, sizeof hint, "; exchange axes %d and %d", i, j);
            return hint;
        }
    return "";
}

// The reader's values for e, or NULL. Two files of one name are refused: one may be of an earlier program.
static double *
read_mine(const char *folder, const entry *e)
{
    static const char *const endings[] = {".npy", ".txt", ".tsv", ".csv"};
    char path[FILE_PATH] = "", other[FILE_PATH], shape[128];
    struct stat about;
    int ending = 0;
    for (int i = 0; i < 4; i++) {
        join(other, folder, e->name, endings[i]);
        if (lstat(other, &about) != 0)
            continue; // a link to nothing is there, and cannot be opened
        if (*path)
            fail("%s and %s are both there: remove the one that is not meant", path, other);
        strcpy(path, other);
        ending = i;
    }
    if (!*path)
        return NULL;
    if (ending > 0)
        return read_text(path, e);
    check_file(path,
               16 * e->ours.size + MORE_BYTES); // another shape is told better than another size
    npy a = npy_read(path);
    shape_as_text(shape, a.rank, a.n);
    if (!is_shape(&a, &e->ours))
        fail("%s: shape %s, expected %s%s", path, shape, e->shape, exchanged(&a, e));
    return a.values;
}

static bool
is_single(long n, const double *values)
{
    for (long i = 0; i < n; i++)
        if (isfinite(values[i]) && (double)(float)values[i] != values[i])
            return false;
    return true;
}

int
reference_take(reference *r, const char *folder)
{
    int given = 0;
    struct stat about;
    if (stat(folder, &about) != 0 || !S_ISDIR(about.st_mode))
        fail("%s: no such folder", folder);
    for (entry *e = r->all; e < r->all + r->n; e++) {
        free(e->mine);
        e->mine = read_mine(folder, e);
        if (!e->mine)
            continue;
        given++;
        double wide = single_apart * reference_largest(e->ours.size, e->ours.values);
        e->single = strcmp(e->ours.type, "f8") == 0 && wide > e->tolerance &&
                    is_single(e->ours.size, e->mine) && !likeness_whole(e->ours.size, e->mine) &&
                    !is_single(e->ours.size, e->ours.values);
        e->apart = e->single ? wide : e->tolerance;
    }
    return given;
}
