#include "frame/case.h"

#include "files/fail.h"
#include "files/from.h"
#include "files/memory.h"
#include "files/npy.h"
#include "files/table.h"
#include "frame/program.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 2 };

// What case_end must know of a row.
typedef struct {
    char name[FROM_NAME];
    char *from;
    bool input;
    int time, steps; // 1 forward, -1 backward, 0 none; the length of that axis
} row;

static struct {
    const char *name;
    table *about, *manifest;
    row *rows;
    int n, axis, direction; // direction 0: no time
} current;

static const char *
case_path(const char *file)
{
    char at[256];
    snprintf(at, sizeof at, "%s/%s", current.name, file);
    return program_path(at);
}

void
case_begin(const char *name, const char *about)
{
    current.name = name;
    current.about = table_create(case_path("case.tsv"), "key\tvalue");
    table_row(current.about, "si", "format", FORMAT);
    table_row(current.about, "ss", "case", name);
    table_row(current.about, "ss", "about", about);
    current.manifest = table_create(case_path("manifest.tsv"),
                                    "role\tname\tfile\tshape\tfrom\ttime\ttolerance\tabout");
    current.rows = NULL;
    current.n = 0;
    case_time_none();
}

void
case_convention(const char *text)
{
    table_row(current.about, "ss", "convention", text);
}

void
case_time(int axis, case_direction direction)
{
    current.axis = axis;
    current.direction = direction == CASE_FORWARD ? 1 : -1;
}

void
case_time_none(void)
{
    current.direction = 0;
}

// Notes a row for case_end and refuses what the manifest cannot say.
static row *
case_row(const char *name, const char *from, shape s)
{
    if (!*name || strlen(name) >= FROM_NAME || strpbrk(name, " []:*/\t\n") || strstr(name, ".."))
        fail("case %s: '%s' is no name for a tensor: expected up to %d characters without blanks, "
             "[, ], :, *, / or ..",
             current.name, name, FROM_NAME - 1);
    for (int i = 0; i < current.n; i++)
        if (strcmp(current.rows[i].name, name) == 0)
            fail("case %s: has two tensors called %s", current.name, name);
    current.rows = memory_grow(current.rows, ++current.n, sizeof *current.rows, "a case");
    row *r = &current.rows[current.n - 1];
    *r = (row){.input = !from};
    strcpy(r->name, name);
    r->from = strdup(from ? from : "");
    if (!r->input && current.direction) {
        if (current.axis < 0 || current.axis >= s.rank)
            fail("case %s: %s %s has no axis %d, which is to be time", current.name, name,
                 shape_text(s).s, current.axis);
        r->time = current.direction;
        r->steps = s.n[current.axis];
    }
    return r;
}

// Writes the array and its row; `tolerance` is absolute.
static void
case_array(const char *role, const char *name, const char *from, npy_type type, shape s,
           const void *data, double tolerance, const char *about)
{
    char file[FROM_NAME + 4], time[32] = "", digits[32];
    const row *r = case_row(name, from, s);
    snprintf(file, sizeof file, "%s.npy", name);
    if (r->time)
        snprintf(time, sizeof time, "%d %s", current.axis, r->time > 0 ? "forward" : "backward");
    snprintf(digits, sizeof digits, "%.4g", tolerance);
    npy_write(case_path(file), type, s.rank, s.n, data);
    table_row(current.manifest, "ssssssss", role, name, file, shape_text(s).s, r->from, time,
              digits, about);
}

// The absolute tolerance of a tensor whose largest value is this: at least 4 units in its last place of `bits`.
static double
absolute(double tolerance, double largest, int bits)
{
    int exponent;
    frexp(largest, &exponent);
    return largest > 0 ? fmax(tolerance * largest, ldexp(4, exponent - bits)) : 0;
}

static double
largest_f4(shape s, const float *data)
{
    double largest = 0;
    for (long i = 0; i < shape_size(s); i++)
        largest = isfinite(data[i]) ? fmax(largest, fabs((double)data[i])) : largest;
    return largest;
}

static double
largest_f8(shape s, const double *data)
{
    double largest = 0;
    for (long i = 0; i < shape_size(s); i++)
        largest = isfinite(data[i]) ? fmax(largest, fabs(data[i])) : largest;
    return largest;
}

// An input may be printed with seven digits, or loaded as float32.
static const double loaded = 1e-6;

void
case_input_f4(const char *name, shape s, const float *data, const char *about)
{
    case_array("input", name, NULL, NPY_F4, s, data, absolute(loaded, largest_f4(s, data), 24),
               about);
}

void
case_input_f8(const char *name, shape s, const double *data, const char *about)
{
    case_array("input", name, NULL, NPY_F8, s, data, absolute(loaded, largest_f8(s, data), 24),
               about);
}

void
case_input_i4(const char *name, shape s, const int *data, const char *about)
{
    case_array("input", name, NULL, NPY_I4, s, data, 0, about);
}

void
case_scalar(const char *name, int value, const char *about)
{
    case_input_i4(name, SCALAR, &value, about);
}

void
case_number(const char *name, double value, const char *about)
{
    case_input_f8(name, SCALAR, &value, about);
}

void
case_write_f4(const char *role, const char *name, const char *from, shape s, const float *data,
              double tolerance, const char *about)
{
    case_array(role, name, from, NPY_F4, s, data, absolute(tolerance, largest_f4(s, data), 24),
               about);
}

void
case_write_f8(const char *role, const char *name, const char *from, shape s, const double *data,
              double tolerance, const char *about)
{
    case_array(role, name, from, NPY_F8, s, data, absolute(tolerance, largest_f8(s, data), 53),
               about);
}

void
case_write_i4(const char *role, const char *name, const char *from, shape s, const int *data,
              const char *about)
{
    case_array(role, name, from, NPY_I4, s, data, 0, about);
}

// Refuses a name that row r cannot be computed from: it must stand above, or mean steps that are computed before.
static void
check_name(const row *r, const from_name *name, const char *as_written)
{
    const row *of = current.rows;
    while (of < current.rows + current.n && strcmp(of->name, name->name) != 0)
        of++;
    if (of == current.rows + current.n)
        fail("case %s: %s is computed from '%s', expected the name of a tensor of this case",
             current.name, r->name, as_written);
    if (of->input)
        return;
    if (name->steps && !(r->time && of->time))
        fail("case %s: %s is computed from '%s', but one of the two has no time: leave the "
             "brackets out",
             current.name, r->name, as_written);
    bool all = name->first == -FROM_NEVER && name->last == FROM_NEVER;
    if (r->time && of->time && !all && r->steps != of->steps)
        fail("case %s: %s has %d steps, %s that it is computed from %d: write %s[:]", current.name,
             r->name, r->steps, of->name, of->steps, of->name);
    bool before = r->time > 0 ? name->last < 0 : name->first > 0;
    if (of >= r && !(name->steps && of->time == r->time && before))
        fail("case %s: %s is computed from '%s', which is computed later: expected one that stands "
             "above it, or an earlier step",
             current.name, r->name, as_written);
}

static void
check_row(const row *r)
{
    const char *at = r->from;
    from_name name;
    for (int found = 1; found;) {
        const char *before = at + strspn(at, " ");
        found = from_next(&at, &name);
        char as_written[80];
        snprintf(as_written, sizeof as_written, "%.*s", (int)strcspn(before, " "), before);
        if (found < 0)
            fail("case %s: %s is computed from '%s', expected names like x, x[t-1], x[:t], x[:] "
                 "or *",
                 current.name, r->name, as_written);
        if (found && strcmp(name.name, "*") != 0)
            check_name(r, &name, as_written);
    }
}

void
case_end(void)
{
    for (int i = 0; i < current.n; i++)
        check_row(&current.rows[i]);
    for (int i = 0; i < current.n; i++)
        free(current.rows[i].from);
    free(current.rows);
    table_close(current.about);
    table_close(current.manifest);
}
