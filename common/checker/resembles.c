#include "checker/resembles.h"

#include "checker/likeness.h"
#include "files/escape.h"
#include "files/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACTORS = 512, OTHERS_VALUES = 1 << 14 }; // larger tensors are held against no others

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
    add_with_inverse(f, value, name);
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

// All tensors of the case beside e, and those that have its shape and time also a step before and after.
static likeness_other *
find_others(const reference *r, const entry *e, int *n)
{
    static const char *const when[] = {" at the step before", "", " at the next step"};
    likeness_other *others = NULL;
    long group, period;
    *n = 0;
    for (const entry *o = r->all; o < r->all + r->n && e->ours.size <= OTHERS_VALUES; o++) {
        if (!lies_beside(e, o, &group, &period))
            continue;
        bool timed =
            e->direction && o->direction && o->axis == e->axis && strcmp(o->shape, e->shape) == 0;
        for (int by = timed ? -1 : 0; by <= (timed ? 1 : 0); by++) {
            if (o == e && by == 0)
                continue;
            others = memory_grow(others, ++*n, sizeof *others, "the tensors of a case");
            likeness_other *other = &others[*n - 1];
            snprintf(other->name, sizeof other->name, "%.90s%s", escape(o->name), when[by + 1]);
            other->values = beside(e, o, by, group, period);
            other->own = o == e;
        }
    }
    return others;
}

// ---- Of what part ----

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
            if (isnan(x->ours[i]) || x->mine[i] == x->ours[i] ||
                fabs(x->mine[i] - x->ours[i]) <= x->apart)
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

// Prints the measure of x, or of its part; `where` is said before it.
static bool
print_of(const likeness *x, const char *where)
{
    char text[LIKENESS_TEXT], what[160] = "";
    bool found = likeness_find(x, text);
    int from, to, axis = found ? -1 : find_part(x, &from, &to);
    if (axis >= 0) {
        likeness part = likeness_part(x, axis, from, to);
        found = likeness_find(&part, text);
        likeness_free(&part);
        if (to == from + 1)
            snprintf(what, sizeof what, "at %d of axis %d", from, axis);
        else
            snprintf(what, sizeof what, "from %d to %d of axis %d", from, to - 1, axis);
        snprintf(what + strlen(what), sizeof what - strlen(what),
                 ", where all that deviates stands: ");
    }
    if (found)
        printf("  %s%s%s%s\n", where,
               !*where && *what ? "Of the values "
               : !*where        ? ""
               : *what          ? ", "
                                : ": ",
               what, text);
    return found;
}

void
resembles_print(const reference *r, int row, int step)
{
    const entry *e = &r->all[row];
    char where[64];
    if (e->ours.size < 1)
        return;
    factors *f = memory_zeroed(1, sizeof *f, "the factors of a case");
    find_factors(r, f);
    int n;
    likeness_other *others = find_others(r, e, &n);
    likeness x = {.rank = e->ours.rank,
                  .size = e->ours.size,
                  .ours = e->ours.values,
                  .mine = e->mine,
                  .apart = e->apart,
                  .factors = f->all,
                  .others = others,
                  .n_others = n};
    memcpy(x.n, e->ours.n, sizeof x.n);
    if (!print_of(&x, "") && e->direction) {
        likeness part = likeness_part(&x, e->axis, step, step + 1);
        snprintf(where, sizeof where, "At step %d", step);
        print_of(&part, where);
        likeness_free(&part);
    }
    for (int i = 0; i < n; i++)
        free((double *)others[i].values);
    free(others);
    free(f);
}
