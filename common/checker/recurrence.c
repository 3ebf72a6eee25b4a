#include "checker/recurrence.h"

#include "checker/fit.h"
#include "files/escape.h"
#include "files/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A number a step: of a tensor, or the product of two; row t of it stands beside step t.
typedef struct {
    char name[300];
    double *values;
} term;

typedef struct {
    int T, n;
    const double *own; // the values that are computed
    term *all;         // the first is the value before
} terms;

enum { LEAST = 8, MOST = 1 << 10, TERMS = 64 };

static void
add_term(terms *x, const char *name, const char *when, double *values)
{
    x->all = memory_grow(x->all, ++x->n, sizeof *x->all, "a case");
    snprintf(x->all[x->n - 1].name, sizeof x->all->name, "%.140s%s", name, when);
    x->all[x->n - 1].values = values;
}

// The values of o, `by` steps of the computation later; NaN where there is no such step.
static double *
later(const entry *e, const double *from, int by)
{
    double *values = memory_zeroed(e->steps, sizeof *values, "a tensor");
    for (int t = 0; t < e->steps; t++) {
        int at = t + by * e->direction;
        values[t] = at >= 0 && at < e->steps ? from[at] : NAN;
    }
    return values;
}

static void
add_products(terms *x)
{
    char name[300];
    int n = x->n;
    for (int i = 0; i < n; i++)
        for (int j = i; j < n && x->n < TERMS; j++) {
            double *product = memory_zeroed(x->T, sizeof *product, "a product");
            for (int t = 0; t < x->T; t++)
                product[t] = x->all[i].values[t] * x->all[j].values[t];
            snprintf(name, sizeof name, "%.60s times %.60s", x->all[i].name, x->all[j].name);
            add_term(x, name, "", product);
        }
}

// The numbers of a step: the reader's where they are to be and were given.
static terms
find_terms(const reference *r, const entry *e, bool mine)
{
    static const char *const when[] = {" of the step before", "", " of the next step"};
    terms x = {.T = e->steps, .own = mine ? e->mine : e->ours.values};
    add_term(&x, "the value before", "", later(e, x.own, -1));
    for (const entry *o = r->all; o < r->all + r->n; o++) {
        bool alike = o->ours.rank == 1 && o->ours.n[0] == e->steps &&
                     (o->input || o->direction == e->direction);
        int last =
            o > e && !o->input ? -1 : 1; // what is computed from e is known of the step before
        for (int by = -1; by <= last && alike && o != e && x.n < TERMS; by++)
            add_term(&x, escape(o->name), when[by + 1],
                     later(e, mine && o->mine ? o->mine : o->ours.values, by));
    }
    add_products(&x);
    return x;
}

static void
free_terms(terms *x)
{
    for (int i = 0; i < x->n; i++)
        free(x->all[i].values);
    free(x->all);
}

// Which terms are summed (-1: none, or 1), and their factors.
typedef struct {
    int n, of[3];
    double by[FIT_TERMS];
} sum;

static const int ONE = -1;

static bool
fits(const terms *x, const entry *e, int unknown, sum *s)
{
    double values[MOST][FIT_TERMS], sums[MOST];
    int equations = 0;
    for (int t = 0; t < x->T; t++) {
        bool known = !isnan(x->all[0].values[t]);
        for (int k = 0; k < s->n; k++) {
            values[equations][k] = s->of[k] == ONE ? 1 : x->all[s->of[k]].values[t];
            known = known && !isnan(values[equations][k]);
        }
        sums[equations] = x->own[t];
        equations += known;
    }
    bool found =
        equations + unknown >= x->T && fit_find(s->n, equations, values, sums, e->apart, s->by);
    for (int k = 1; k < s->n; k++) // a term without a factor only leaves steps out
        found = found && fabs(s->by[k]) > 1e-9;
    return found;
}

// One term, the value before and one, these and 1, the value before and two; known at all steps but the first, or but
// the last one, too.
static bool
find_sum(const terms *x, const entry *e, sum *s)
{
    for (int unknown = 1; unknown <= 2; unknown++)
        for (int n = 1; n <= 3; n++)
            for (int i = 1; i < x->n; i++)
                for (int j = n == 3 ? i : x->n - 1; j < x->n; j++) {
                    *s = (sum){.n = n, .of = {n == 1 ? i : 0, i, j == i ? ONE : j}};
                    if (fits(x, e, unknown, s))
                        return true;
                }
    return false;
}

static void
print_sum(const terms *x, const sum *s)
{
    for (int k = 0, said = 0; k < s->n; k++) {
        if (fabs(s->by[k]) < 1e-9)
            continue;
        printf("%s%.6g", said++ ? " plus " : "", s->by[k]);
        if (s->of[k] != ONE)
            printf(" times %s", x->all[s->of[k]].name);
    }
}

static bool
is_same(const sum *a, const sum *b)
{
    bool same = a->n == b->n;
    for (int k = 0; same && k < a->n; k++)
        same = a->of[k] == b->of[k] && fabs(a->by[k] - b->by[k]) <= 1e-6 * (1 + fabs(b->by[k]));
    return same;
}

bool
recurrence_print(const reference *r, const entry *e, const char *before)
{
    sum yours, of_ours;
    if (e->ours.rank != 1 || !e->direction || e->steps < LEAST || e->steps > MOST)
        return false;
    terms mine = find_terms(r, e, true), ours = find_terms(r, e, false);
    bool found = find_sum(&mine, e, &yours), known = found && find_sum(&ours, e, &of_ours);
    if (found) {
        printf("  %sAfter the first step yours is ", before);
        print_sum(&mine, &yours);
        if (known && is_same(&yours, &of_ours))
            printf(", and so is ours: look at where it begins.\n");
        else if (known) {
            printf("; ours is ");
            print_sum(&ours, &of_ours);
            printf(".\n");
        } else
            printf(".\n");
    }
    free_terms(&mine);
    free_terms(&ours);
    return found;
}
