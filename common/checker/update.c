#include "checker/update.h"

#include "files/escape.h"
#include "files/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- The stream and its tables ----

enum { SOURCES = 4 };

// The inputs by step; tables are (S, A), with A = 1 for values of states.
typedef struct {
    int T, S, A;
    const double *s, *a, *r, *next, *end; // a: NULL for values of states
    int n; // tables that a value may come from: the first is the one that learns
    const entry *from[SOURCES];
} stream;

static const entry *
find(const reference *r, const char *name)
{
    int row = reference_find(r, name, strlen(name));
    return row < 0 ? NULL : &r->all[row];
}

static bool
counts_to(const double *values, int T, int n)
{
    for (int t = 0; values && t < T; t++)
        if (!(values[t] >= 0 && values[t] < n && values[t] == trunc(values[t])))
            return false;
    return true;
}

// Whether o is a table like e's at one step: an input of its shape without time, or another of its shape with time.
static bool
is_table_like(const entry *e, const entry *o)
{
    int first = o->direction > 0 && o->axis == 0 ? 0 : 1;
    int rank = e->ours.rank - first;
    return o->ours.rank == rank && memcmp(o->ours.n, e->ours.n + first, rank * sizeof(int)) == 0 &&
           (first == 0 || o->input);
}

static bool
read_stream(const reference *r, const entry *e, stream *x)
{
    static const char *const names[] = {"s", "r", "next", "end", "a"};
    const entry *in[5];
    int rank = e->ours.rank;
    if (e->direction < 0 || e->axis != 0 || rank < 2 || rank > 3)
        return false;
    for (int i = 0; i < 5; i++) {
        in[i] = find(r, names[i]);
        bool is_right =
            in[i] && in[i]->input && in[i]->ours.rank == 1 && in[i]->ours.n[0] == e->steps;
        if (!is_right && (i < 4 || rank == 3))
            return false;
    }
    *x = (stream){e->steps,
                  e->ours.n[1],
                  rank == 3 ? e->ours.n[2] : 1,
                  in[0]->ours.values,
                  rank == 3 ? in[4]->ours.values : NULL,
                  in[1]->ours.values,
                  in[2]->ours.values,
                  in[3]->ours.values,
                  1,
                  {e}};
    for (const entry *o = r->all; o < r->all + r->n && x->n < SOURCES; o++)
        if (o != e && is_table_like(e, o))
            x->from[x->n++] = o;
    return counts_to(x->s, x->T, x->S) && counts_to(x->next, x->T, x->S) &&
           counts_to(x->a, x->T, x->A);
}

static int
action(const stream *x, int t)
{
    return x->a && t >= 0 && t < x->T ? (int)x->a[t] : 0;
}

// The table before step t; the reader's, where it has time and is to be the reader's.
static const double *
table_before(const stream *x, int source, bool mine, int t)
{
    const entry *e = x->from[source];
    if (!e->direction)
        return e->ours.values;
    return (mine && e->mine ? e->mine : e->ours.values) + (long)(t - 1) * x->S * x->A;
}

// ---- What the next state may be worth ----

static const char *const kinds[] = {
    "the next state's value", // of values of states
    "this state's value",
    "the next state's value of the action taken there",
    "the next state's largest value",
    "the next state's mean value",
    "the next state's smallest value",
    "the next state's value of this step's action",
    "the next state's value of the action before",
    "the next state's largest |value|",
    "the next state's value of the action that is best in the learning table",
    "this state's largest value",
    "this state's value of the next action",
    "the action's largest value of all states"};
enum { KINDS = sizeof kinds / sizeof *kinds, KINDS_OF_STATES = 2 };

static double
largest(const double *values, int n, int by)
{
    double most = values[0];
    for (int i = 1; i < n; i++)
        most = fmax(most, values[i * by]);
    return most;
}

static double
worth(const stream *x, int source, int kind, bool mine, int t)
{
    const double *from = table_before(x, source, mine, t), *own = table_before(x, 0, mine, t);
    const double *next = from + (int)x->next[t] * x->A, *here = from + (int)x->s[t] * x->A;
    double sum = 0, least = next[0], size = 0;
    int best = 0;
    if (x->end[t] != 0)
        return 0;
    for (int a = 0; a < x->A; a++) {
        sum += next[a];
        least = fmin(least, next[a]);
        size = fmax(size, fabs(next[a]));
        if (own[(int)x->next[t] * x->A + a] > own[(int)x->next[t] * x->A + best])
            best = a;
    }
    switch (kind) {
    case 0: return next[0];
    case 1: return here[0];
    case 2: return next[action(x, t + 1)];
    case 3: return largest(next, x->A, 1);
    case 4: return sum / x->A;
    case 5: return least;
    case 6: return next[action(x, t)];
    case 7: return next[action(x, t - 1)];
    case 8: return size;
    case 9: return next[best];
    case 10: return largest(here, x->A, 1);
    case 11: return here[action(x, t + 1)];
    default: return largest(from + action(x, t), x->S, x->A);
    }
}

// ---- The sum ----

enum { TERMS = 5, EQUATIONS_MORE = 5 };

// old value, reward of step t + late, one or two worths, 1.
typedef struct {
    int late, n, source[2], kind[2];
    bool constant;
    int terms;
    double by[TERMS]; // the factors
} formula;

static int
terms_of(const stream *x, const formula *f, bool mine, int t, double value[TERMS])
{
    int n = 0, at = t + f->late;
    value[n++] = table_before(x, 0, mine, t)[(int)x->s[t] * x->A + action(x, t)];
    value[n++] = at >= 0 && at < x->T ? x->r[at] : 0;
    for (int k = 0; k < f->n; k++)
        value[n++] = worth(x, f->source[k], f->kind[k], mine, t);
    if (f->constant)
        value[n++] = 1;
    return n;
}

// Solves a x = b by elimination; false: nearly singular.
static bool
solve(int n, double a[TERMS][TERMS], double b[TERMS])
{
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(a[i][k]) > fabs(a[pivot][k]))
                pivot = i;
        if (!(fabs(a[pivot][k]) > 1e-9))
            return false;
        for (int j = 0; j < n; j++) {
            double kept = a[k][j];
            a[k][j] = a[pivot][j];
            a[pivot][j] = kept;
        }
        double kept = b[k];
        b[k] = b[pivot];
        b[pivot] = kept;
        for (int i = 0; i < n; i++)
            if (i != k) {
                double by = a[i][k] / a[k][k];
                for (int j = k; j < n; j++)
                    a[i][j] -= by * a[k][j];
                b[i] -= by * b[k];
            }
    }
    for (int k = 0; k < n; k++)
        b[k] /= a[k][k];
    return true;
}

static double
value_after(const stream *x, bool mine, int t)
{
    return table_before(x, 0, mine, t + 1)[(int)x->s[t] * x->A + action(x, t)];
}

static bool
changes(const stream *x, bool mine, int t, int place)
{
    const double *old = table_before(x, 0, mine, t), *new = table_before(x, 0, mine, t + 1);
    return !(fabs(new[place] - old[place]) <= 2 * x->from[0]->apart);
}

// How many values do.
static int
changed(const stream *x, bool mine, int t)
{
    int n = 0;
    for (int place = 0; place < x->S * x->A; place++)
        n += changes(x, mine, t, place);
    return n;
}

// Finds the factors of the terms by least squares; true: they give every value, to the last digits.
static bool
fits(const stream *x, formula *f, bool mine)
{
    double a[TERMS][TERMS] = {{0}}, b[TERMS] = {0}, value[TERMS], most = 0, error = 0;
    int equations = 0;
    f->terms = 2 + f->n + f->constant;
    for (int t = 1; t < x->T; t++) {
        if (changed(x, mine, t) == 0)
            continue;
        terms_of(x, f, mine, t, value);
        equations++;
        for (int i = 0; i < f->terms; i++) {
            for (int j = 0; j < f->terms; j++)
                a[i][j] += value[i] * value[j];
            b[i] += value[i] * value_after(x, mine, t);
        }
    }
    if (equations < f->terms + EQUATIONS_MORE || !solve(f->terms, a, b))
        return false;
    memcpy(f->by, b, sizeof b);
    for (int t = 1; t < x->T; t++) {
        if (changed(x, mine, t) == 0)
            continue;
        double sum = -value_after(x, mine, t);
        terms_of(x, f, mine, t, value);
        for (int i = 0; i < f->terms; i++)
            sum += b[i] * value[i];
        error = fmax(error, isnan(sum) ? INFINITY : fabs(sum));
        most = fmax(most, fabs(value_after(x, mine, t)));
    }
    return error <= fmax(1e-8 * most, 10 * x->from[0]->apart);
}

static bool
find_formula(const stream *x, bool mine, formula *f)
{
    static const int late[] = {0, -1, 1};
    int first = x->a ? KINDS_OF_STATES : 0, n = (x->a ? KINDS : KINDS_OF_STATES) - first,
        all = x->n * n;
    for (int with = 0; with < 3; with++) // one worth, a number with it, two worths
        for (int l = 0; l < 3; l++)
            for (int k = 0; k < all; k++)
                for (int m = with == 2 ? k + 1 : all - 1; m < all; m++) {
                    *f = (formula){.late = late[l],
                                   .n = with == 2 ? 2 : 1,
                                   .source = {k / n, m / n},
                                   .kind = {first + k % n, first + m % n},
                                   .constant = with == 1};
                    if (fits(x, f, mine))
                        return true;
                }
    return false;
}

// ---- What is said ----

static void
print_formula(const stream *x, const formula *f)
{
    static const char *const whens[] = {" of the step before", "", " of the next step"};
    printf("%.6g times the old value plus %.6g times r%s", f->by[0], f->by[1], whens[f->late + 1]);
    for (int k = 0; k < f->n; k++) {
        printf(" plus %.6g times %s", f->by[2 + k], kinds[f->kind[k]]);
        if (f->source[k])
            printf(" in %s", escape(x->from[f->source[k]]->name));
    }
    if (f->constant)
        printf(" plus %.6g", f->by[f->terms - 1]);
}

static bool
is_same(const formula *f, const formula *g)
{
    bool same = f->late == g->late && f->terms == g->terms && f->n == g->n;
    for (int k = 0; same && k < f->n; k++)
        same = f->source[k] == g->source[k] && f->kind[k] == g->kind[k];
    for (int i = 0; same && i < f->terms; i++)
        same = fabs(f->by[i] - g->by[i]) <= 1e-6 * (1 + fabs(g->by[i]));
    return same;
}

// The first step at which other places change than in ours, if most are left alone.
static bool
print_places(const stream *x, const char *before)
{
    for (int t = 1; t < x->T && 2 * changed(x, true, t) <= x->S * x->A; t++)
        for (int place = 0; place < x->S * x->A; place++) {
            bool ours = changes(x, false, t, place), mine = changes(x, true, t, place);
            if (ours == mine)
                continue;
            printf("  %sAt step %d %s changes the value [%d", before, t, mine ? "yours" : "ours",
                   place / x->A);
            if (x->a)
                printf(", %d", place % x->A);
            printf("], %s does not.\n", mine ? "ours" : "yours");
            return true;
        }
    return false;
}

bool
update_print(const reference *r, const entry *e, const char *before)
{
    stream x;
    formula yours, ours;
    if (!read_stream(r, e, &x))
        return false;
    bool of_ours = find_formula(&x, false, &ours), found = false;
    if (of_ours && find_formula(&x, true, &yours)) {
        printf("  %sFrom step 1 on yours takes ", before);
        print_formula(&x, &yours);
        if (is_same(&yours, &ours))
            printf(", and so does ours: look at where it begins, and what else changes.\n");
        else {
            printf("; ours takes ");
            print_formula(&x, &ours);
            printf(".\n");
        }
        found = true;
    }
    return print_places(&x, before) || found;
}
