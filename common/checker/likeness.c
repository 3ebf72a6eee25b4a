#include "checker/likeness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
near(const likeness *x, double a, double b)
{
    return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= x->apart;
}

// Whether mine is ours[from(i)] for all i where from(i) is not -1, and that for most of them.
static bool
is_moved(const likeness *x, const long *from)
{
    long used = 0;
    for (long i = 0; i < x->size; i++) {
        if (from[i] < 0)
            continue;
        if (!near(x, x->mine[i], x->ours[from[i]]))
            return false;
        used++;
    }
    return 2 * used > x->size;
}

// Where value i stands along the axis, and how far apart neighbours along it are.
static long
stride(const likeness *x, int axis)
{
    long step = 1;
    for (int a = axis + 1; a < x->rank; a++)
        step *= x->n[a];
    return step;
}

static int
place(const likeness *x, int axis, long i)
{
    return (int)(i / stride(x, axis) % x->n[axis]);
}

// ---- The measures: each writes its sentence and returns true where it holds ----

static bool
not_finite(const likeness *x, char *text)
{
    long wrong = 0, first = -1;
    for (long i = 0; i < x->size; i++)
        if (!isfinite(x->mine[i]) && isfinite(x->ours[i])) {
            first = wrong++ ? first : i;
        }
    if (wrong)
        snprintf(text, LIKENESS_TEXT,
                 "%ld of %ld values are not finite: %g first, number %ld in C order.", wrong,
                 x->size, x->mine[first], first);
    return wrong;
}

// Whether y has at most `bits` significant bits.
static bool
has_bits(double y, int bits)
{
    int exponent;
    double whole = ldexp(frexp(y, &exponent), bits);
    return whole == trunc(whole);
}

static bool
rounded(const likeness *x, char *text)
{
    static const struct {
        int bits;
        const char *name;
    } formats[] = {{8, "bfloat16"}, {11, "float16"}};
    for (int f = 0; f < 2; f++) {
        bool all = true;
        for (long i = 0; i < x->size && all; i++) {
            double y = x->mine[i], apart = ldexp(fabs(x->ours[i]), -formats[f].bits) * 1.01;
            all = has_bits(y, formats[f].bits) && fabs(y - x->ours[i]) <= fmax(apart, x->apart);
        }
        if (all) {
            snprintf(text, LIKENESS_TEXT, "Every value is ours rounded to %s.", formats[f].name);
            return true;
        }
    }
    return false;
}

// The values in the order of two axes exchanged: a transposition, or one that was forgotten.
static bool
transposed(const likeness *x, long *from, char *text)
{
    for (int a = 0; a < x->rank; a++)
        for (int b = a + 1; b < x->rank; b++) {
            // i counts in the shape with n[a] and n[b] exchanged
            likeness other = *x;
            other.n[a] = x->n[b];
            other.n[b] = x->n[a];
            for (long i = 0; i < x->size; i++) {
                int at_a = place(&other, a, i), at_b = place(&other, b, i);
                long rest = 0; // the other axes keep their places
                for (int axis = 0; axis < x->rank; axis++)
                    rest += axis == a || axis == b ? 0 : place(&other, axis, i) * stride(x, axis);
                from[i] = rest + at_a * stride(x, b) + at_b * stride(x, a);
            }
            if (is_moved(x, from)) {
                snprintf(text, LIKENESS_TEXT,
                         "These are our values with axes %d and %d exchanged: a transposition too "
                         "many, or "
                         "one too few.",
                         a, b);
                return true;
            }
        }
    return false;
}

static bool
reversed(const likeness *x, long *from, char *text)
{
    for (int axis = 0; axis < x->rank; axis++) {
        for (long i = 0; i < x->size; i++)
            from[i] = i + (x->n[axis] - 1 - 2 * place(x, axis, i)) * stride(x, axis);
        if (x->n[axis] > 1 && is_moved(x, from)) {
            snprintf(text, LIKENESS_TEXT, "These are our values with axis %d reversed.", axis);
            return true;
        }
    }
    return false;
}

static bool
shifted(const likeness *x, long *from, char *text)
{
    for (int axis = 0; axis < x->rank; axis++)
        for (int by = -1; by <= 1; by += 2) {
            for (long i = 0; i < x->size; i++) {
                int at = place(x, axis, i) - by;
                from[i] = at < 0 || at >= x->n[axis] ? -1 : i - by * stride(x, axis);
            }
            if (x->n[axis] > 2 && is_moved(x, from)) {
                snprintf(text, LIKENESS_TEXT,
                         "Along axis %d these are our values one place %s: value t of yours is "
                         "value t %c 1 "
                         "of ours.",
                         axis, by > 0 ? "later" : "earlier", by > 0 ? '-' : '+');
                return true;
            }
        }
    return false;
}

// Whether block `b` of mine along the axis is block `o` of ours; each is `rows` places of the axis.
static bool
same_block(const likeness *x, int axis, int rows, int b, int o)
{
    long block = rows * stride(x, axis), whole = x->n[axis] * stride(x, axis);
    for (long outer = 0; outer < x->size; outer += whole)
        for (long i = 0; i < block; i++)
            if (!near(x, x->mine[outer + b * block + i], x->ours[outer + o * block + i]))
                return false;
    return true;
}

static bool
permuted(const likeness *x, char *text)
{
    enum { MOST = 1024 };
    for (int axis = 0; axis < x->rank; axis++)
        for (int blocks = 2; blocks <= x->n[axis] && blocks <= MOST; blocks++) {
            int order[MOST], moved = 0, used[MOST] = {0}, b = 0;
            if (x->n[axis] % blocks)
                continue;
            for (; b < blocks; b++) {
                int o = 0;
                while (o < blocks && (used[o] || !same_block(x, axis, x->n[axis] / blocks, b, o)))
                    o++;
                if (o == blocks)
                    break;
                used[o] = 1;
                order[b] = o;
                moved += o != b;
            }
            if (b < blocks || !moved)
                continue;
            int at = snprintf(text, LIKENESS_TEXT,
                              "Axis %d has %d equal blocks, and yours are ours in the order", axis,
                              blocks);
            for (b = 0; b < blocks && at < LIKENESS_TEXT - 8; b++)
                at += snprintf(text + at, LIKENESS_TEXT - at, "%s %d", b ? "," : "", order[b]);
            snprintf(text + at, LIKENESS_TEXT - at, b < blocks ? " ..." : ".");
            return true;
        }
    return false;
}

// Whether mine is factor ours + offset.
static bool
is_line(const likeness *x, double factor, double offset)
{
    double apart = x->apart * fmax(fabs(factor), 1);
    for (long i = 0; i < x->size; i++)
        if (!(fabs(x->mine[i] - factor * x->ours[i] - offset) <= apart))
            return false;
    return true;
}

// A name for a factor: of the well-known numbers, and of what the lengths of axes give.
static bool
name_factor(const likeness *x, double factor, char name[64])
{
    const double pi = 3.14159265358979323846;
    const struct {
        double value;
        const char *name;
    } known[] = {{2, "2"},         {3, "3"},           {4, "4"},
                 {pi, "pi"},       {2 * pi, "2 pi"},   {sqrt(2), "sqrt(2)"},
                 {log(2), "ln 2"}, {log(10), "ln 10"}, {sqrt(2 * pi), "sqrt(2 pi)"}};
    double size = fabs(factor), close = 1e-4;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        for (int inverse = 0; inverse < 2; inverse++)
            if (fabs(size / (inverse ? 1 / known[i].value : known[i].value) - 1) < close) {
                snprintf(name, 64, "%s%s", inverse ? "1/" : "", known[i].name);
                return true;
            }
    for (const int *n = x->lengths; n && *n; n++)
        for (int kind = 0; kind < 6; kind++) {
            double value = kind < 2 ? *n : kind < 4 ? sqrt(*n) : *n / (*n - 1.0);
            if (*n < 2 || fabs(size / (kind % 2 ? 1 / value : value) - 1) > close)
                continue;
            static const char *const forms[] = {"%d",         "1/%d",        "sqrt(%d)",
                                                "1/sqrt(%d)", "%d/(%d - 1)", "(%d - 1)/%d"};
            snprintf(name, 64, forms[kind], *n, *n);
            return true;
        }
    return false;
}

static bool
scaled(const likeness *x, char *text)
{
    long top = 0;
    for (long i = 0; i < x->size; i++)
        if (fabs(x->ours[i]) > fabs(x->ours[top]))
            top = i;
    double factor = x->mine[top] / x->ours[top];
    char name[64];
    if (x->ours[top] == 0 || !isfinite(factor) || factor == 0 || !is_line(x, factor, 0))
        return false;
    bool known = name_factor(x, factor, name);
    if (fabs(factor + 1) < 1e-6)
        snprintf(text, LIKENESS_TEXT, "The sign is the other one: these are our values times -1.");
    else if (known)
        snprintf(text, LIKENESS_TEXT, "These are our values times %s%s (%.6g).",
                 factor < 0 ? "-" : "", name, factor);
    else
        snprintf(text, LIKENESS_TEXT, "These are our values times %.6g.", factor);
    return known || x->size > 1; // any number is some multiple of another
}

static bool
offset(const likeness *x, char *text)
{
    double by = x->mine[0] - x->ours[0];
    if (x->size < 2 || !is_line(x, 1, by))
        return false;
    snprintf(text, LIKENESS_TEXT, "These are our values plus %.6g.", by);
    return true;
}

// All steps before one are right and all from it on are not; backwards the other way round.
static bool
up_to(const likeness *x, char *text)
{
    if (!x->timed || x->n[0] < 2)
        return false;
    long step = x->size / x->n[0];
    int right = 0, steps = x->n[0]; // steps from where the computation begins
    for (int state = 0, k = 0; k < steps; k++) {
        long t = x->timed > 0 ? k : steps - 1 - k;
        bool agrees = true;
        for (long i = t * step; i < (t + 1) * step; i++)
            agrees = agrees && near(x, x->mine[i], x->ours[i]);
        if (agrees && state)
            return false;
        state = !agrees;
        right += agrees;
    }
    if (!right || right == steps)
        return false;
    if (x->timed > 0)
        snprintf(text, LIKENESS_TEXT, "Right up to step %d, wrong from step %d on.", right - 1,
                 right);
    else
        snprintf(text, LIKENESS_TEXT,
                 "Right from step %d on, which are computed first; wrong before.", steps - right);
    return true;
}

bool
likeness_find(const likeness *x, char text[LIKENESS_TEXT])
{
    long *from = malloc((x->size + 1) * sizeof *from);
    bool found = from && x->size > 0 &&
                 (not_finite(x, text) || rounded(x, text) || transposed(x, from, text) ||
                  reversed(x, from, text) || shifted(x, from, text) || permuted(x, text) ||
                  scaled(x, text) || offset(x, text) || up_to(x, text));
    free(from);
    return found;
}
