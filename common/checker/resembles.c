#include "checker/resembles.h"

#include "checker/likeness.h"
#include "checker/product.h"
#include "checker/update.h"
#include "files/escape.h"
#include "files/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FACTORS = 512,
    OTHERS_VALUES = 1 << 14,
    BLOCKS = 16,
    GATES = 4
}; // larger tensors are held against no others

// ---- Factors that would mean something ----

typedef struct {
    int n;
    likeness_factor all[FACTORS + 1];
} factors;

__attribute__((format(printf, 3, 4))) static void
add_factor(factors *f, double value, const char *format, ...)
{
    if (f->n == FACTORS || !isfinite(value) || value <= 0 || fabs(value - 1) < 1e-9)
        return;
    f->all[f->n].value = value;
    va_list names;
    va_start(names, format);
    vsnprintf(f->all[f->n++].name, sizeof f->all->name, format, names);
    va_end(names);
}

static void
add_with_inverse(factors *f, double value, const char *name)
{
    add_factor(f, value, "%s", name);
    add_factor(f, 1 / value, "1/%s", name);
}

// The length of an axis, or a number of things that the case has.
static void
add_count(factors *f, int n, const char *name)
{
    add_with_inverse(f, n, name);
    add_factor(f, sqrt(n), "sqrt(%s)", name);
    add_factor(f, 1 / sqrt(n), "1/sqrt(%s)", name);
    add_factor(f, n / (n - 1.0), "%s/(%s - 1)", name, name);
    add_factor(f, (n - 1.0) / n, "(%s - 1)/%s", name, name);
}

// A single number of the case: a whole one counts something, another is a rate, a part or a width.
static void
add_number(factors *f, double value, const char *name)
{
    char text[64];
    if (value == trunc(value) && fabs(value) < 1e6) {
        snprintf(text, sizeof text, "%d", (int)value);
        add_count(f, (int)value, text);
        return;
    }
    if (value <= 0)
        return;
    add_with_inverse(f, value, name);
    if (value > 1)
        return;
    add_factor(f, 1 - value, "(1 - %s)", name);
    add_factor(f, 1 / (1 - value), "1/(1 - %s)", name);
}

static void
find_factors(const reference *r, factors *f)
{
    const double pi = 3.14159265358979323846;
    const struct {
        double value;
        const char *name;
    } known[] = {{2, "2"},         {3, "3"},           {4, "4"},
                 {pi, "pi"},       {2 * pi, "2 pi"},   {sqrt(2), "sqrt(2)"},
                 {log(2), "ln 2"}, {log(10), "ln 10"}, {sqrt(2 * pi), "sqrt(2 pi)"}};
    char text[32];
    f->n = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        add_with_inverse(f, known[i].value, known[i].name);
    for (const entry *e = r->all; e < r->all + r->n; e++) {
        for (int axis = 0; axis < e->ours.rank; axis++) {
            snprintf(text, sizeof text, "%d", e->ours.n[axis]);
            add_count(f, e->ours.n[axis], text);
        }
        if (e->input && e->ours.rank == 0)
            add_number(f, e->ours.values[0], escape(e->name));
    }
    f->all[f->n].name[0] = 0;
}

// ---- Other tensors beside this one ----

// How `o` lies beside `e`: its value for each of e's, by period (the last axes), by group (the first ones), or
// one for one. False: it does not.
static bool
lies_beside(const entry *e, const entry *o, long *group, long *period)
{
    int rank = o->ours.rank, behind = e->ours.rank - rank;
    *group = 1;
    *period = o->ours.size;
    if (o->ours.size == e->ours.size)
        return true;
    if (behind <= 0 || rank == 0 || o->ours.size < 1)
        return false;
    if (memcmp(o->ours.n, e->ours.n + behind, rank * sizeof(int)) == 0)
        return true;
    *group = e->ours.size / o->ours.size;
    return memcmp(o->ours.n, e->ours.n, rank * sizeof(int)) == 0;
}

// The values of `o` beside those of `e`, `by` steps of time later.
static double *
beside(const entry *e, const entry *o, int by, long group, long period)
{
    long inner = 1;
    double *values = memory_zeroed(e->ours.size, sizeof *values, "a tensor");
    for (int a = e->axis + 1; a < e->ours.rank; a++)
        inner *= e->ours.n[a];
    for (long i = 0; i < e->ours.size; i++) {
        int step = reference_step(e, i) + by;
        bool exists = by == 0 || (step >= 0 && step < e->steps);
        values[i] = exists ? o->ours.values[(i + by * inner) / group % period] : NAN;
    }
    return values;
}

// A growing list of other tensors.
typedef struct {
    int n;
    likeness_other *all;
} others;

static void
free_others(others *list)
{
    for (int i = 0; i < list->n; i++)
        free((double *)list->all[i].values);
    free(list->all);
}

static bool
is_shaped_alike(const npy *a, const npy *b)
{
    return a->rank == b->rank && memcmp(a->n, b->n, a->rank * sizeof *a->n) == 0;
}

// Adds one, whose values are the list's from now on.
static void
add_other(others *list, const char *name, const char *which, const double *values, bool own)
{
    list->all = memory_grow(list->all, ++list->n, sizeof *list->all, "a case");
    likeness_other *other = &list->all[list->n - 1];
    snprintf(other->name, sizeof other->name, "%.90s%s", escape(name), which);
    other->values = values;
    other->own = own;
}

// Adds the blocks of o that have e's shape, as the gates that one product computes.
static void
add_blocks(const entry *e, const entry *o, others *list)
{
    char which[64];
    int axis = -1, differ = 0;
    for (int a = 0; a < e->ours.rank && e->ours.rank == o->ours.rank; a++)
        if (o->ours.n[a] != e->ours.n[a]) {
            axis = a;
            differ++;
        }
    if (differ != 1 || o->ours.n[axis] % e->ours.n[axis] || o->ours.size > OTHERS_VALUES)
        return;
    int n = e->ours.n[axis], blocks = o->ours.n[axis] / n;
    likeness whole = {
        .rank = o->ours.rank, .size = o->ours.size, .ours = o->ours.values, .mine = o->ours.values};
    memcpy(whole.n, o->ours.n, sizeof whole.n);
    for (int b = 0; b < blocks && blocks <= BLOCKS; b++) {
        likeness block = likeness_part(&whole, axis, b * n, (b + 1) * n);
        snprintf(which, sizeof which, "'s block %d of 0 to %d", b, blocks - 1);
        add_other(list, o->name, which, block.ours, false);
        block.ours = NULL;
        likeness_free(&block);
    }
}

// Adds all tensors of the case that lie beside e, the blocks of those that have several of its shape, and those that have its shape and time also a step before and
// after.
static void
find_others(const reference *r, const entry *e, others *list)
{
    static const char *const when[] = {" at the step before", "", " at the next step"};
    long group, period;
    for (const entry *o = r->all; o < r->all + r->n && e->ours.size <= OTHERS_VALUES; o++) {
        add_blocks(e, o, list);
        if (!lies_beside(e, o, &group, &period))
            continue;
        bool timed = e->direction && (o->input || (o->direction && o->axis == e->axis)) &&
                     is_shaped_alike(&o->ours, &e->ours);
        bool own = strcmp(o->name, e->name) == 0;
        for (int by = timed ? -1 : 0; by <= (timed ? 1 : 0); by++) {
            if (own && by == 0)
                continue;
            add_other(list, o->name, when[by + 1], beside(e, o, by, group, period), own);
        }
    }
}

// ---- Of what part ----

static bool
deviates(const likeness *x, long i)
{
    return !isnan(x->ours[i]) && x->mine[i] != x->ours[i] &&
           !(fabs(x->mine[i] - x->ours[i]) <= x->apart);
}

// The axis along which the values that deviate fill the smallest part, from *from to *to - 1; -1: more than half
// of every axis.
static int
find_part(const likeness *x, int *from, int *to)
{
    int found = -1;
    double smallest = 0.5;
    long inner = x->size;
    for (int axis = 0; axis < x->rank; axis++) {
        int n = x->n[axis], first = n, last = -1;
        inner /= n;
        for (long i = 0; i < x->size; i++) {
            int at = (int)(i / inner % n);
            if (!deviates(x, i))
                continue;
            first = at < first ? at : first;
            last = at > last ? at : last;
        }
        double part = (last - first + 1.0) / n;
        if (part > smallest || (found >= 0 && part == smallest))
            continue;
        found = axis;
        smallest = part;
        *from = first;
        *to = last + 1;
    }
    return found;
}

// The part of x from `from` to `to` - 1 of an axis, held also against the tensors that have just its shape, as a gate
// beside its block of all gates.
static likeness
part_beside(const reference *r, const entry *e, const likeness *x, int axis, int from, int to)
{
    entry narrow = *e;
    others list = {0};
    likeness part = likeness_part(x, axis, from, to);
    for (; list.n < part.n_others; list.n++) {
        list.all = memory_grow(list.all, list.n + 1, sizeof *list.all, "a case");
        list.all[list.n] = part.others[list.n];
    }
    free((likeness_other *)part.others);
    memcpy(narrow.ours.n, part.n, sizeof narrow.ours.n);
    narrow.ours.size = part.size;
    find_others(r, &narrow, &list);
    part.others = list.all;
    part.n_others = list.n;
    return part;
}

// ---- Regions of a square ----

// Where value i stands in the square of the last two axes: on the diagonal (0), above it (1) or below it (2).
static int
region_of(const likeness *x, long i)
{
    long n = x->n[x->rank - 1], column = i % n, row = i / n % n;
    return row == column ? 0 : row < column ? 1 : 2;
}

// The one region in which all that deviates stands, or -1: also where nothing else counts.
static int
find_region(const likeness *x)
{
    int found = -1;
    bool beside = false;
    if (x->rank < 2 || x->n[x->rank - 1] != x->n[x->rank - 2] || x->n[x->rank - 1] < 3)
        return -1;
    for (long i = 0; i < x->size; i++)
        if (deviates(x, i)) {
            if (found >= 0 && found != region_of(x, i))
                return -1;
            found = region_of(x, i);
        }
    for (long i = 0; i < x->size; i++)
        beside = beside || (!isnan(x->ours[i]) && region_of(x, i) != found);
    return beside ? found : -1;
}

// Prints in which region all that deviates stands, and the measure of that region.
static bool
print_region(const likeness *x, const char *before)
{
    static const char *const names[] = {"on the diagonal", "above the diagonal",
                                        "below the diagonal"};
    char text[LIKENESS_TEXT] = "";
    int region = find_region(x);
    if (region < 0)
        return false;
    likeness part = *x;
    double *ours = memory_zeroed(x->size, sizeof *ours, "a region");
    for (long i = 0; i < x->size; i++)
        ours[i] = region_of(x, i) == region ? x->ours[i] : NAN;
    part.ours = ours;
    bool found = likeness_find(&part, text);
    printf("  %sAll that deviates stands %s%s%s\n", before, names[region], found ? ": " : ".",
           found ? text : "");
    free(ours);
    return true;
}

// ---- Changes from step to step ----

// By how much values change from the step before, in the order of computation; NaN where there is no step before, and
// behind `last` steps.
static double *
changes_of(const entry *e, const double *values, int last)
{
    long inner = e->direction;
    double *changes = memory_zeroed(e->ours.size, sizeof *changes, "changes");
    for (int a = e->axis + 1; a < e->ours.rank; a++)
        inner *= e->ours.n[a];
    for (long i = 0; i < e->ours.size; i++) {
        int step = reference_step(e, i), done = e->direction > 0 ? step : e->steps - 1 - step;
        changes[i] = done > 0 && done <= last ? values[i] - values[i - inner] : NAN;
    }
    return changes;
}

// Prints the measure of the changes up to some step: later ones are of other values than ours and need not be like ours.
static bool
print_changes(const entry *e, const likeness *x, const char *before)
{
    char text[LIKENESS_TEXT];
    bool found = false;
    for (int last = e->steps - 1; last > 0 && !found && e->ours.size <= OTHERS_VALUES; last--) {
        likeness changes = *x;
        changes.ours = changes_of(e, x->ours, last);
        changes.mine = changes_of(e, x->mine, last);
        changes.apart = 2 * x->apart;
        changes.n_others = 0;
        found = likeness_find(&changes, text);
        if (found)
            printf("  %sThe changes from step to step, up to step %d: %s\n", before,
                   e->direction > 0 ? last : e->steps - 1 - last, text);
        free((double *)changes.ours);
        free((double *)changes.mine);
    }
    return found;
}

// ---- What is printed ----

typedef bool (*measure)(const likeness *x, char *text);
static const measure measures[] = {likeness_find, likeness_lines, likeness_same};
enum { MEASURES = sizeof measures / sizeof *measures };

// The measure of all of x, of a part of it (axis -1: of all), at a step (-1: at all).
static bool
find_measure(const reference *r, const entry *e, const likeness *x, int axis, int from, int to,
             int step, measure find, char *text)
{
    bool whole_axis = axis < 0 || (e->direction && axis == e->axis);
    likeness part = axis < 0     ? *x
                    : whole_axis ? likeness_part(x, axis, from, to)
                                 : part_beside(r, e, x, axis, from, to);
    likeness at_step = step < 0 ? part : likeness_part(&part, e->axis, step, step + 1);
    bool found = find(&at_step, text);
    if (step >= 0)
        likeness_free(&at_step);
    if (axis >= 0)
        likeness_free(&part);
    return found;
}

// Of what values a measure holds: of those of a step, of those of a part, or of all.
static void
print_where(const char *before, int step, int axis, int from, int to)
{
    printf("  %s", before);
    if (step >= 0)
        printf(axis < 0 ? "At step %d: " : "At step %d, ", step);
    else if (axis >= 0)
        printf("Of the values ");
    if (axis >= 0 && to == from + 1)
        printf("at %d of axis %d, where all that deviates stands: ", from, axis);
    else if (axis >= 0)
        printf("from %d to %d of axis %d, where all that deviates stands: ", from, to - 1, axis);
}

// Whether the last axis of a tensor of the case has this length.
static bool
is_length(const reference *r, int length)
{
    bool found = false;
    for (const entry *e = r->all; e < r->all + r->n; e++)
        found = found || (e->ours.rank && e->ours.n[e->ours.rank - 1] == length);
    return found;
}

// Prints the measure of one block of the last axis, as long as that of another tensor: of a gate, where several deviate.
static bool
print_block(const reference *r, const entry *e, const likeness *x, int step, const char *before)
{
    char text[LIKENESS_TEXT];
    int axis = e->ours.rank - 1, n = axis < 0 ? 0 : e->ours.n[axis];
    for (int width = 2; width <= n / 2; width++)
        for (int from = 0; from < n && n % width == 0 && n / width <= GATES && is_length(r, width);
             from += width)
            if (find_measure(r, e, x, axis, from, from + width, step, likeness_find, text)) {
                printf("  %s", before);
                if (step >= 0)
                    printf("At step %d, ", step);
                printf(step >= 0 ? "from" : "From");
                printf(" %d to %d of axis %d: %s\n", from, from + width - 1, axis, text);
                return true;
            }
    return false;
}

// Prints the measure of a step's values but for one of them, where there are at least five.
static bool
print_but_one(const likeness *x, const entry *e, int step, const char *before)
{
    char text[LIKENESS_TEXT];
    likeness at_step = likeness_part(x, e->axis, step, step + 1);
    at_step.exceptions = 1;
    bool found = at_step.size >= 5 && likeness_find(&at_step, text);
    if (found)
        printf("  %sAt step %d, but for one value: %s\n", before, step, text);
    likeness_free(&at_step);
    return found;
}

// Prints the measure of the values at a step (-1: at all), or else of the part of them that deviates.
static bool
print_measure(const reference *r, const entry *e, const likeness *x, int step, measure find,
              const char *before)
{
    char text[LIKENESS_TEXT];
    int from = 0, to = 0, axis = -1;
    bool found = find_measure(r, e, x, -1, 0, 0, step, find, text);
    if (!found) {
        likeness at_step = step < 0 ? *x : likeness_part(x, e->axis, step, step + 1);
        axis = find_part(&at_step, &from, &to);
        if (step >= 0)
            likeness_free(&at_step);
        found = axis >= 0 && find_measure(r, e, x, axis, from, to, step, find, text);
    }
    if (found) {
        print_where(before, step, axis, from, to);
        printf("%s\n", text);
    }
    return found;
}

bool
resembles_print(const reference *r, int row, int step, const char *before)
{
    const entry *e = &r->all[row];
    if (e->ours.size < 1)
        return false;
    factors *f = memory_zeroed(1, sizeof *f, "the factors of a case");
    others list = {0};
    find_factors(r, f);
    find_others(r, e, &list);
    likeness x = {.rank = e->ours.rank,
                  .size = e->ours.size,
                  .ours = e->ours.values,
                  .mine = e->mine,
                  .apart = e->apart,
                  .factors = f->all,
                  .others = list.all,
                  .n_others = list.n};
    memcpy(x.n, e->ours.n, sizeof x.n);
    bool found = false;
    for (int m = 0; m < MEASURES && !found; m++)
        found = print_measure(r, e, &x, -1, measures[m], before) ||
                (e->direction && print_measure(r, e, &x, step, measures[m], before));
    found = found || product_print(r, e, before) || print_region(&x, before);
    found = found || print_block(r, e, &x, e->direction ? step : -1, before);
    if (e->direction && !found)
        found = update_print(r, e, before) || print_changes(e, &x, before) ||
                print_but_one(&x, e, step, before);
    free_others(&list);
    free(f);
    return found;
}
