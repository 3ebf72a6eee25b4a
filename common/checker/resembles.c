#include "checker/resembles.h"

#include "checker/axes.h"
#include "checker/beside.h"
#include "checker/overlap.h"
#include "checker/product.h"
#include "checker/recurrence.h"
#include "checker/update.h"
#include "files/escape.h"
#include "files/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACTORS = 512, CHANGES = 1 << 14, GATES = 4 };

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

// Into f, which is zeroed: the first empty name ends the list.
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
}

// ---- Of what part ----

static bool
deviates(const likeness *x, long i)
{
    return !isnan(x->ours[i]) && x->mine[i] != x->ours[i] &&
           !(fabs(x->mine[i] - x->ours[i]) <= x->apart);
}

// The axis along which the values that deviate fill the smallest part, from *from to *to - 1; -1: all of every axis.
static int
find_part(const likeness *x, int *from, int *to)
{
    int found = -1;
    double smallest = 1;
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
        if (part >= smallest)
            continue;
        found = axis;
        smallest = part;
        *from = first;
        *to = last + 1;
    }
    return found;
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

// Prints in which region all that deviates stands, and the measure of that region; `measured`: only if there is one.
static bool
print_region(const likeness *x, bool measured, const char *before)
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
    if (found || !measured)
        printf("  %sAll that deviates stands %s%s%s\n", before, names[region], found ? ": " : ".",
               found ? text : "");
    free(ours);
    return found || !measured;
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

// Prints the measure of the changes up to some step: later ones are of other values than ours and need not be like
// ours.
static bool
print_changes(const entry *e, const likeness *x, const char *before)
{
    char text[LIKENESS_TEXT];
    bool found = false;
    for (int last = e->steps - 1; last > 0 && !found && e->ours.size <= CHANGES; last--) {
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

// ---- Scopes: all values, those of a step, those of a part ----

// Some of the values, and what stands beside them.
typedef struct {
    int step, axis, from, to; // step -1: of all steps; axis -1: all of it
    likeness x;
    beside_pieces beside;
    beside_others list;
} scope;

// The values from `from` to `to` - 1 of an axis (-1: all) at a step (-1: all), with what stands beside those, as a
// gate beside its block of all gates. A part of the time has the others' parts of it.
static scope
scope_of(const reference *r, const entry *e, const likeness *x, int axis, int from, int to,
         int step)
{
    entry narrow = *e;
    bool of_time = axis >= 0 && e->direction && axis == e->axis;
    int n[LIKENESS_RANK], rank = 0;
    scope s = {step, axis, from, to, .x = *x};
    likeness all = *x;
    if (!of_time)
        all.n_others = 0;
    likeness part = axis < 0 ? all : likeness_part(&all, axis, from, to);
    s.x = step < 0 ? part : likeness_part(&part, e->axis, step, step + 1);
    if (step >= 0 && axis >= 0)
        likeness_free(&part);
    if (of_time)
        return s;
    memcpy(narrow.ours.n, part.n, sizeof part.n);
    narrow.ours.size = part.size;
    s.beside = beside_find(r, &narrow, step);
    for (int a = 0; a < x->rank; a++)
        if (step < 0 || a != e->axis)
            n[rank++] = part.n[a];
    beside_add(&s.list, &s.beside, rank, n);
    if (axis >= 0 || step >= 0)
        free((likeness_other *)s.x.others);
    s.x.others = s.list.all;
    s.x.n_others = s.list.n;
    return s;
}

static void
scope_free(scope *s)
{
    bool whole = s->axis < 0 && s->step < 0;
    if (s->list.all)
        s->x.n_others = 0;
    if (!whole) {
        s->x.others = s->list.all ? NULL : s->x.others;
        likeness_free(&s->x);
    }
    beside_free(&s->beside);
    beside_free_others(&s->list);
}

// ---- What is printed ----

typedef bool (*measure)(const scope *s, char *text);

static bool
is_something(const scope *s, char *text)
{
    return likeness_find(&s->x, text) || axes_find(&s->x, text) ||
           axes_reduced(&s->x, &s->beside, text) || product_find(&s->x, &s->beside, text);
}

static bool
has_lines(const scope *s, char *text)
{
    return likeness_lines(&s->x, text);
}

static bool
is_same(const scope *s, char *text)
{
    return likeness_same(&s->x, text);
}

// What a function made of its sum, whose terms are told: its inverse, and how steep that is.
static double
inverse(int of, double y, double *steep)
{
    *steep = of == 0 ? 1 / (1 - y * y) : of == 1 ? 1 / (y * (1 - y)) : 1 / y;
    return of == 0 ? atanh(y) : of == 1 ? log(y / (1 - y)) : log(y);
}

enum { INVERSES = 3, STEEPEST = 1000 };

// The values before the function; NULL: it has not made them, or left too little of them.
static double *
before_function(int of, const likeness *x, const double *values, double *steepest)
{
    double *made = memory_zeroed(x->size, sizeof *made, "values before a function"), steep;
    for (long i = 0; i < x->size; i++) {
        made[i] = isnan(x->ours[i]) ? NAN : inverse(of, values[i], &steep);
        if (isnan(x->ours[i]) || (isfinite(made[i]) && steep > 0 && steep <= STEEPEST)) {
            *steepest = isnan(x->ours[i]) ? *steepest : fmax(*steepest, steep);
            continue;
        }
        free(made);
        return NULL;
    }
    return made;
}

static bool
is_before(const scope *s, char *text)
{
    static const char *const names[INVERSES] = {"tanh", "sigmoid", "exp"};
    char what[LIKENESS_TEXT];
    bool found = false;
    for (int of = 0; of < INVERSES && !found; of++) {
        double steepest = 1;
        scope t = *s;
        double *ours = before_function(of, &s->x, s->x.ours, &steepest);
        double *mine = ours ? before_function(of, &s->x, s->x.mine, &steepest) : NULL;
        t.x.ours = ours;
        t.x.mine = mine;
        t.x.apart *= steepest;
        found = mine && is_something(&t, what);
        if (found)
            snprintf(text, LIKENESS_TEXT, "Before the %s: %.850s", names[of], what);
        free(ours);
        free(mine);
    }
    return found;
}

static const measure measures[] = {is_something, is_before, has_lines, is_same};
enum { MEASURES = sizeof measures / sizeof *measures };

// Of what values a measure holds: of those of a step, of those of a part, or of all.
static void
print_where(const char *before, const scope *s)
{
    printf("  %s", before);
    if (s->step >= 0)
        printf(s->axis < 0 ? "At step %d: " : "At step %d, ", s->step);
    else if (s->axis >= 0)
        printf("Of the values ");
    if (s->axis >= 0 && s->to == s->from + 1)
        printf("at %d of axis %d, where all that deviates stands: ", s->from, s->axis);
    else if (s->axis >= 0)
        printf("from %d to %d of axis %d, where all that deviates stands: ", s->from, s->to - 1,
               s->axis);
}

static bool
print_measure(const scope *s, measure find, const char *before)
{
    char text[LIKENESS_TEXT];
    bool found = find(s, text);
    if (found) {
        print_where(before, s);
        printf("%s\n", text);
    }
    return found;
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

// Prints the measure of one block of the last axis, as long as that of another tensor: of a gate, where several
// deviate.
static bool
print_block(const reference *r, const entry *e, const likeness *x, int step, const char *before)
{
    char text[LIKENESS_TEXT];
    int axis = e->ours.rank - 1, n = axis < 0 ? 0 : e->ours.n[axis];
    bool found = false;
    for (int width = 2; width <= n / 2 && !found; width++)
        for (int from = 0;
             from < n && n % width == 0 && n / width <= GATES && is_length(r, width) && !found;
             from += width) {
            scope block = scope_of(r, e, x, axis, from, from + width, step);
            found = is_something(&block, text);
            scope_free(&block);
            if (!found)
                continue;
            printf("  %s", before);
            if (step >= 0)
                printf("At step %d, ", step);
            printf(step >= 0 ? "from" : "From");
            printf(" %d to %d of axis %d: %s\n", from, from + width - 1, axis, text);
        }
    return found;
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

static bool
print_overlap(const reference *r, const likeness *x, const char *before)
{
    char text[LIKENESS_TEXT];
    bool found = overlap_find(r, x, text);
    if (found)
        printf("  %s%s\n", before, text);
    return found;
}

enum { SCOPES = 4 };

// All values and those of the step (-1: there is none), each with the part in which all of it that deviates stands.
static int
find_scopes(const reference *r, const entry *e, const likeness *x, int step, scope all[SCOPES])
{
    int n = 0, from = 0, to = 0;
    for (int k = 0; k < (step < 0 ? 1 : 2); k++) {
        int at = k ? step : -1;
        all[n++] = scope_of(r, e, x, -1, 0, 0, at);
        int axis = find_part(&all[n - 1].x, &from, &to);
        if (axis >= 0)
            all[n++] = scope_of(r, e, &all[0].x, axis, from, to, at);
    }
    return n;
}

bool
resembles_print(const reference *r, int row, int step, const char *before)
{
    const entry *e = &r->all[row];
    factors *f = memory_zeroed(1, sizeof *f, "the factors of a case");
    find_factors(r, f);
    likeness x = {.rank = e->ours.rank,
                  .size = e->ours.size,
                  .ours = e->ours.values,
                  .mine = e->mine,
                  .apart = e->apart,
                  .factors = f->all};
    memcpy(x.n, e->ours.n, sizeof x.n);
    scope all[SCOPES];
    int scopes = find_scopes(r, e, &x, e->direction ? step : -1, all);
    x.others = all[0].list.all;
    x.n_others = all[0].list.n;
    bool found = print_overlap(r, &x, before) || print_measure(&all[0], is_something, before) ||
                 print_region(&x, true, before);
    for (int m = 0; m < MEASURES && !found; m++)
        for (int s = m == 0 ? 1 : 0; s < scopes && !found; s++) // all of it was held already
            found = print_measure(&all[s], measures[m], before);
    found = found || print_region(&x, false, before);
    found = found || print_block(r, e, &x, e->direction ? step : -1, before);
    if (e->direction && !found)
        found = update_print(r, e, before) || recurrence_print(r, e, before) ||
                print_changes(e, &x, before) || print_but_one(&x, e, step, before);
    for (int s = 0; s < scopes; s++)
        scope_free(&all[s]);
    free(f);
    return found;
}
