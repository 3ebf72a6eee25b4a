#include "checker/update.h"

#include "checker/fit.h"
#include "files/escape.h"
#include "files/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- The stream and its tables ----

enum { SOURCES = 4, REWARDS = 4, STEPS = 1 << 10 };

// The inputs by step; tables are (S, A), with A = 1 for values of states.
typedef struct {
    int T, S, A;
    const double *s, *a, *r, *next, *end; // a: NULL for values of states
    int n; // tables that a value may come from: the first is the one that learns
    const entry *from[SOURCES];
    int rewards; // what a step may pay: r, and other tensors with a number a step
    const entry *reward[REWARDS];
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
    if (e->direction < 0 || e->axis != 0 || rank < 2 || rank > 3 || e->steps > STEPS)
        return false;
    for (int i = 0; i < 5; i++) {
        in[i] = find(r, names[i]);
        bool is_right =
            in[i] && in[i]->input && in[i]->ours.rank == 1 && in[i]->ours.n[0] == e->steps;
        if (!is_right && (i < 4 || rank == 3))
            return false;
    }
    *x = (stream){.T = e->steps,
                  .S = e->ours.n[1],
                  .A = rank == 3 ? e->ours.n[2] : 1,
                  .s = in[0]->ours.values,
                  .a = rank == 3 ? in[4]->ours.values : NULL,
                  .r = in[1]->ours.values,
                  .next = in[2]->ours.values,
                  .end = in[3]->ours.values,
                  .n = 1,
                  .from = {e},
                  .rewards = 1,
                  .reward = {in[1]}};
    for (const entry *o = r->all; o < r->all + r->n && x->n < SOURCES; o++)
        if (o != e && is_table_like(e, o))
            x->from[x->n++] = o;
    for (const entry *o = r->all; o < r->all + r->n && x->rewards < REWARDS; o++)
        if (!o->input && o->direction && o->ours.rank == 1 && o->steps == e->steps)
            x->reward[x->rewards++] = o;
    return counts_to(x->s, x->T, x->S) && counts_to(x->next, x->T, x->S) &&
           counts_to(x->a, x->T, x->A);
}

static int
action(const stream *x, int t)
{
    return x->a && t >= 0 && t < x->T ? (int)x->a[t] : 0;
}

// The table before step t; the reader's, where it has time and is to be the reader's. Behind the last source: the
// learning table as it stood at the last end, or, before the first one, as an input has it.
static const double *
table_before(const stream *x, int source, bool mine, int t)
{
    if (source == x->n) {
        while (t > 0 && x->end[t - 1] == 0)
            t--;
        source = 0;
        for (int i = 1; t == 0 && i < x->n && source == 0; i++)
            source = x->from[i]->direction ? 0 : i;
        t = t ? t : 1;
    }
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

// A worth at an end is 0, or what else stands there.
static const char *const at_ends[] = {"", ", also at an end"};
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
worth(const stream *x, int source, int kind, bool over_ends, bool mine, int t)
{
    const double *from = table_before(x, source, mine, t), *own = table_before(x, 0, mine, t);
    const double *next = from + (int)x->next[t] * x->A, *here = from + (int)x->s[t] * x->A;
    double sum = 0, least = next[0], size = 0;
    int best = 0;
    if (x->end[t] != 0 && !over_ends)
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

// What becomes of the number that a step pays.
static const char *const payments[] = {
    "%s",  "%s of the step before", "%s of the next step", "%s cut to -1 and 1", "the sign of %s",
    "|%s|"};
enum { PAYMENTS = sizeof payments / sizeof *payments };

static double
paid(const stream *x, int reward, int payment, bool mine, int t)
{
    const entry *e = x->reward[reward];
    const double *values = mine && e->mine ? e->mine : e->ours.values;
    int at = payment == 1 ? t - 1 : payment == 2 ? t + 1 : t;
    double value = at < x->T ? values[at] : 0;
    switch (payment) {
    case 3: return fmax(-1, fmin(value, 1));
    case 4: return (value > 0) - (value < 0);
    case 5: return fabs(value);
    default: return value;
    }
}

// old value, what the step pays, no, one or two worths, 1.
typedef struct {
    int reward, payment, n, source[2], kind[2];
    bool over_ends, constant;
    int terms;
    double by[FIT_TERMS]; // the factors
} formula;

static int
terms_of(const stream *x, const formula *f, bool mine, int t, double value[FIT_TERMS])
{
    int n = 0;
    value[n++] = table_before(x, 0, mine, t)[(int)x->s[t] * x->A + action(x, t)];
    value[n++] = paid(x, f->reward, f->payment, mine, t);
    for (int k = 0; k < f->n; k++)
        value[n++] = worth(x, f->source[k], f->kind[k], f->over_ends, mine, t);
    if (f->constant)
        value[n++] = 1;
    return n;
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
    double values[STEPS][FIT_TERMS], sums[STEPS];
    int equations = 0;
    for (int t = 1; t < x->T; t++) {
        if (changed(x, mine, t) == 0)
            continue;
        f->terms = terms_of(x, f, mine, t, values[equations]);
        sums[equations++] = value_after(x, mine, t);
    }
    return equations && fit_find(f->terms, equations, values, sums, 10 * x->from[0]->apart, f->by);
}

// Every worth with every payment, a number beside it or none; then every two worths.
static bool
find_formula(const stream *x, bool mine, formula *f)
{
    int first = x->a ? KINDS_OF_STATES : 0, n = (x->a ? KINDS : KINDS_OF_STATES) - first,
        all = (x->n + 1) * n;
    for (int constant = 0; constant < 2; constant++)
        for (int reward = 0; reward < x->rewards; reward++)
            for (int payment = 0; payment < PAYMENTS; payment++)
                for (int k = -1; k < 2 * all; k++) {
                    *f = (formula){.reward = reward,
                                   .payment = payment,
                                   .n = k >= 0,
                                   .source = {k % all / n},
                                   .kind = {first + k % n},
                                   .over_ends = k >= all,
                                   .constant = constant};
                    if (fits(x, f, mine))
                        return true;
                }
    for (int k = 0; k < all; k++)
        for (int m = k + 1; m < all; m++) {
            *f =
                (formula){.n = 2, .source = {k / n, m / n}, .kind = {first + k % n, first + m % n}};
            if (fits(x, f, mine))
                return true;
        }
    return false;
}

// ---- Steps of another size ----

static const char *const sizes[] = {
    "a number over the number of visits so far",
    "a number over the number of visits so far and one more",
    "a number over the number of visits so far to the state, whatever the action",
    "a number over the number of steps so far", "a number times a part of it at every step"};
enum { SIZES = sizeof sizes / sizeof *sizes };

// What the implied step of step t is to be multiplied by to be the same number everywhere.
static double
size_of(const stream *x, int size, int t, double part)
{
    int pair = 0, state = 0;
    for (int u = 0; u <= t; u++) {
        state += x->s[u] == x->s[t];
        pair += x->s[u] == x->s[t] && action(x, u) == action(x, t);
    }
    switch (size) {
    case 0: return pair;
    case 1: return pair + 1;
    case 2: return state;
    case 3: return t + 1;
    default: return pow(part, -t);
    }
}

// The reader's step t as a part of the way from its old value to the target of our formula, or of its payment alone.
static double
implied(const stream *x, const formula *f, bool is_payment, int t)
{
    double value[FIT_TERMS], target = 0, old;
    int terms = terms_of(x, f, true, t, value);
    old = value[0];
    for (int i = 1; i < terms; i++)
        target += f->by[i] * value[i];
    target = is_payment ? value[1] : target / (1 - f->by[0]);
    return fabs(target - old) > 1e3 * x->from[0]->apart
               ? (value_after(x, true, t) - old) / (target - old)
               : NAN;
}

static bool
is_size(const stream *x, const formula *f, bool is_payment, int size, double *number)
{
    int equations = 0, different = 0, last = -1;
    double first = NAN, part = 1;
    for (int t = 1; t < x->T; t++) {
        double step = changed(x, true, t) ? implied(x, f, is_payment, t) : NAN;
        if (isnan(step))
            continue;
        if (equations == 1 && size == SIZES - 1)
            part = pow(step / first, 1.0 / (t - last));
        if (equations == 0) {
            first = step;
            last = t;
        }
        equations++;
    }
    *number = NAN;
    double before = NAN;
    for (int t = 1; t < x->T; t++) {
        double step = changed(x, true, t) ? implied(x, f, is_payment, t) : NAN;
        if (isnan(step))
            continue;
        double by = size_of(x, size, t, part);
        *number = isnan(*number) ? step * by : *number;
        if (!(fabs(step * by - *number) <= 1e-5 * fabs(*number)))
            return false;
        different += by != before;
        before = by;
    }
    return equations >= FIT_MORE && different >= 3 && *number != 0;
}

static bool
print_size(const stream *x, const formula *ours, const char *before)
{
    double number;
    for (int reward = ours ? -1 : 0; reward < x->rewards; reward++)
        for (int size = 0; size < SIZES; size++) {
            formula f = reward < 0 ? *ours : (formula){.reward = reward};
            if (!is_size(x, &f, reward >= 0, size, &number))
                continue;
            printf("  %sFrom step 1 on yours goes towards %s by %s (%.6g).\n", before,
                   reward < 0 ? "our target" : escape(x->reward[reward]->name), sizes[size],
                   number);
            return true;
        }
    return false;
}

// ---- What is said ----

static void
print_worth(const stream *x, const formula *f, int k)
{
    printf(" times %s", kinds[f->kind[k]]);
    if (f->source[k] == x->n)
        printf(" in the table as it stood at the last end");
    else if (f->source[k])
        printf(" in %s", escape(x->from[f->source[k]]->name));
    printf("%s", at_ends[f->over_ends]);
}

static void
print_formula(const stream *x, const formula *f)
{
    const char *plus = "";
    for (int k = 0; k < f->terms; k++) {
        if (fabs(f->by[k]) < 1e-9)
            continue;
        printf("%s%.6g", plus, f->by[k]);
        plus = " plus ";
        if (k == 0)
            printf(" times the old value");
        else if (k == 1) {
            printf(" times ");
            printf(payments[f->payment], escape(x->reward[f->reward]->name));
        } else if (k < 2 + f->n)
            print_worth(x, f, k - 2);
    }
}

static bool
is_same(const formula *f, const formula *g)
{
    bool same = f->reward == g->reward && f->payment == g->payment && f->terms == g->terms &&
                f->n == g->n && f->over_ends == g->over_ends;
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
    bool of_ours = find_formula(&x, false, &ours), found = find_formula(&x, true, &yours);
    if (found) {
        printf("  %sFrom step 1 on yours takes ", before);
        print_formula(&x, &yours);
        if (of_ours && is_same(&yours, &ours))
            printf(", and so does ours: look at where it begins, and what else changes.\n");
        else if (of_ours) {
            printf("; ours takes ");
            print_formula(&x, &ours);
            printf(".\n");
        } else
            printf(".\n");
    } else
        found = print_size(&x, of_ours ? &ours : NULL, before);
    return print_places(&x, before) || found;
}
