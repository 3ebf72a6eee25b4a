#include "checker/axes.h"

#include "files/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- Lines along an axis ----

// n values, `step` apart.
typedef struct {
    int n;
    long step;
} line;

static double
sum_of(line l, const double *at)
{
    double sum = 0;
    for (int i = 0; i < l.n; i++)
        sum += at[i * l.step];
    return sum;
}

static double
length_of(line l, const double *at)
{
    double sum = 0;
    for (int i = 0; i < l.n; i++)
        sum += at[i * l.step] * at[i * l.step];
    return sqrt(sum);
}

static double
largest_of(line l, const double *at)
{
    double most = -INFINITY;
    for (int i = 0; i < l.n; i++)
        most = fmax(most, at[i * l.step]);
    return most;
}

static double
size_of(line l, const double *at)
{
    double most = 0;
    for (int i = 0; i < l.n; i++)
        most = fmax(most, fabs(at[i * l.step]));
    return most;
}

static double
absolute_of(line l, const double *at)
{
    double sum = 0;
    for (int i = 0; i < l.n; i++)
        sum += fabs(at[i * l.step]);
    return sum;
}

// What is made of each line; "%s" is the tensor's name, "%d" the axis.
static const char *const makings[] = {
    "%s divided by its sum over axis %d",
    "%s divided by its length (the root of the sum of its squares) over axis %d",
    "%s divided by its largest |value| along axis %d",
    "%s divided by the sum of its |values| over axis %d",
    "%s less its mean over axis %d",
    "the softmax of %s over axis %d",
    "the softmax of %s over axis %d, after a division by the root of its last axis's length",
    "the sums of %s so far along axis %d",
    "the sums of %s so far along axis %d, from its end"};
enum { MAKINGS = sizeof makings / sizeof *makings };

static void
softmax(line l, const double *from, double *to, double scale)
{
    double most = largest_of(l, from), sum = 0;
    for (int i = 0; i < l.n; i++)
        sum += exp(scale * (from[i * l.step] - most));
    for (int i = 0; i < l.n; i++)
        to[i * l.step] = exp(scale * (from[i * l.step] - most)) / sum;
}

static void
make(int making, line l, const double *from, double *to, double scale)
{
    double by = 1, less = 0, sum = 0;
    switch (making) {
    case 0: by = sum_of(l, from); break;
    case 1: by = length_of(l, from); break;
    case 2: by = size_of(l, from); break;
    case 3: by = absolute_of(l, from); break;
    case 4: less = sum_of(l, from) / l.n; break;
    case 5: softmax(l, from, to, 1); return;
    case 6: softmax(l, from, to, scale); return;
    default:
        for (int i = 0; i < l.n; i++) {
            long at = (making == 7 ? i : l.n - 1 - i) * l.step;
            to[at] = sum += from[at];
        }
        return;
    }
    for (int i = 0; i < l.n; i++)
        to[i * l.step] = (from[i * l.step] - less) / by;
}

// ---- What mine is: of whole numbers nothing is said, of which many things could be made ----

static long
stride_of(const likeness *x, int axis)
{
    long step = 1;
    for (int a = axis + 1; a < x->rank; a++)
        step *= x->n[a];
    return step;
}

static bool
made_of(const likeness *x, const double *values, const char *name, double *made, char *text)
{
    for (int axis = 0; axis < x->rank; axis++)
        for (int making = 0; making < MAKINGS && x->n[axis] > 1; making++) {
            line l = {x->n[axis], stride_of(x, axis)};
            double scale = 1 / sqrt(x->n[x->rank - 1]);
            for (long i = 0; i < x->size; i++)
                if (i / l.step % l.n == 0)
                    make(making, l, values + i, made + i, scale);
            if (!likeness_is(x, made))
                continue;
            int at = snprintf(text, LIKENESS_TEXT, "These are ");
            at += snprintf(text + at, LIKENESS_TEXT - at, makings[making], name, axis);
            snprintf(text + at, LIKENESS_TEXT - at, ".");
            return true;
        }
    return false;
}

// y (g - sum(y g)) of value i along an axis.
static double
backward_of(line l, const double *y, const double *g, long i)
{
    const long first = i - i / l.step % l.n * l.step;
    double sum = 0;
    for (int k = 0; k < l.n; k++)
        sum += y[first + k * l.step] * g[first + k * l.step];
    return y[i] * (g[i] - sum);
}

// Whether mine is that: the value `first`, which deviates, says at once where it is not.
static bool
is_backward(const likeness *x, long first, const likeness_other *y, const likeness_other *g,
            double *made, char *text)
{
    for (int axis = 0; axis < x->rank; axis++) {
        line l = {x->n[axis], stride_of(x, axis)};
        double value = l.n < 2 ? NAN : backward_of(l, y->values, g->values, first);
        if (!(fabs(value - x->mine[first]) <= 8 * x->apart + 1e-9 * fabs(value)))
            continue;
        for (long i = 0; i < x->size; i++)
            made[i] = backward_of(l, y->values, g->values, i);
        if (!likeness_is(x, made))
            continue;
        snprintf(text, LIKENESS_TEXT,
                 "These are y (g - sum(y g)), the backward of a softmax, over axis %d, with y = %s "
                 "and g = %s.",
                 axis, y->name, g->name);
        return true;
    }
    return false;
}

bool
axes_find(const likeness *x, char text[LIKENESS_TEXT])
{
    const likeness_other *end = x->others + x->n_others;
    long first = likeness_first(x);
    if (first < 0 || likeness_whole(x->size, x->mine))
        return false;
    double *made = memory_zeroed(x->size, sizeof *made, "a line");
    bool found = made_of(x, x->ours, "ours", made, text);
    for (const likeness_other *o = x->others; o < end && !found; o++)
        found = made_of(x, o->values, o->name, made, text);
    for (const likeness_other *o = x->others; o < end && !found; o++)
        for (const likeness_other *p = x->others; p < end && !found; p++)
            found = is_backward(x, first, o, p, made, text);
    free(made);
    return found;
}

// ---- Sums over axes ----

static const char *const reductions[] = {
    "the sum of %s over axis %d", "the mean of %s over axis %d",
    "the largest value of %s along axis %d",
    "the length of %s (the root of the sum of its squares) over axis %d"};
enum { REDUCTIONS = sizeof reductions / sizeof *reductions };

// Whether the shape without one axis is another, axes of length 1 apart.
static bool
is_without(const beside_piece *p, int axis, const likeness *x)
{
    int a = 0, b = 0;
    for (;;) {
        while (a < p->rank && (a == axis || p->n[a] == 1))
            a++;
        while (b < x->rank && x->n[b] == 1)
            b++;
        if (a == p->rank || b == x->rank)
            return a == p->rank && b == x->rank;
        if (p->n[a++] != x->n[b++])
            return false;
    }
}

bool
axes_reduced(const likeness *x, const beside_pieces *from, char text[LIKENESS_TEXT])
{
    if (likeness_whole(x->size, x->mine))
        return false;
    double *made = memory_zeroed(x->size, sizeof *made, "sums");
    bool found = false;
    for (const beside_piece *p = from->all; p < from->all + from->n && !found; p++)
        for (int axis = 0; axis < p->rank && !found; axis++)
            for (int k = 0; k < REDUCTIONS && p->n[axis] > 1 && !found; k++) {
                line l = {p->n[axis], 1};
                if (!is_without(p, axis, x))
                    continue;
                for (int a = axis + 1; a < p->rank; a++)
                    l.step *= p->n[a];
                for (long i = 0; i < x->size; i++) {
                    const double *at = p->values + i / l.step * l.step * l.n + i % l.step;
                    made[i] = k == 0   ? sum_of(l, at)
                              : k == 1 ? sum_of(l, at) / l.n
                              : k == 2 ? largest_of(l, at)
                                       : length_of(l, at);
                }
                found = likeness_is(x, made);
                if (!found)
                    continue;
                int at = snprintf(text, LIKENESS_TEXT, "These are ");
                at += snprintf(text + at, LIKENESS_TEXT - at, reductions[k], p->name, axis);
                snprintf(text + at, LIKENESS_TEXT - at, ".");
            }
    free(made);
    return found;
}
