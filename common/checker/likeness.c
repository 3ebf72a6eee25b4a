#include "checker/likeness.h"

#include "files/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A value of ours that is NaN does not count: whatever stands in its place agrees.
static bool
near(const likeness *x, double mine, double ours)
{
    return isnan(ours) || mine == ours || fabs(mine - ours) <= x->apart;
}

// Up to three numbers that differ.
typedef struct {
    int n;
    double value[3];
} different;

static void
note(const likeness *x, different *d, double value)
{
    int k = 0;
    while (k < d->n && fabs(d->value[k] - value) > 2 * x->apart)
        k++;
    if (k == d->n && k < 3)
        d->value[d->n++] = value;
}

// ---- One tester: whether mine is what a move makes of ours ----

// A way to make other numbers of ours: what value i would be then, NaN where it says nothing.
typedef struct move move;
struct move {
    double (*value)(const likeness *x, move *m, long i);
    int a, b, by;     // axes; by how many places, or into how many blocks
    const int *order; // of blocks
    double factor, plus;
    const double *other, *second, *third; // other tensors
    int form;                             // which function of the other
    double sign;
    bool difference; // of the two others, not their product
    bool alone;      // what it makes does not depend on ours
    long at[2];      // places that gave the numbers of a sum; of them nothing is said
    double gain;     // set by value, if at all: by how much it enlarges the errors of ours
};

// It must hold wherever it says something, that is for more than half of the values, but for `exceptions`, and explain
// at least three different numbers of ours (of mine, where it is made of other tensors alone), and of mine unless they
// are to be one.
static bool
holds(const likeness *x, move *m, int least)
{
    long said = 0, counting = 0;
    int exceptions = 0;
    different ours = {0}, mine = {0};
    for (long i = 0; i < x->size; i++) {
        if (isnan(x->ours[i]))
            continue;
        counting++;
        double value = m->value(x, m, i);
        if (!isfinite(value)) // says nothing, as log(0) or what is over 0
            continue;
        double apart = x->apart * fmax(m->gain, 1) + 1e-12 * fabs(value);
        if (x->mine[i] != value && !(fabs(x->mine[i] - value) <= apart)) {
            if (exceptions++ == x->exceptions)
                return false;
            continue;
        }
        said++;
        if (!near(x, x->mine[i], x->ours[i])) {
            note(x, &ours, x->ours[i]);
            note(x, &mine, x->mine[i]);
        }
    }
    return 2 * said > counting && (ours.n == 3 || m->alone) && mine.n >= least;
}

// ---- Facts ----

static bool
not_finite(const likeness *x, char *text)
{
    long wrong = 0, first = -1, counting = 0;
    for (long i = 0; i < x->size; i++) {
        counting += !isnan(x->ours[i]);
        if (!isfinite(x->mine[i]) && isfinite(x->ours[i]))
            first = wrong++ ? first : i;
    }
    if (!wrong || wrong == counting) // all of them: the report says so
        return false;
    snprintf(text, LIKENESS_TEXT,
             "%ld of %ld values are not finite: %g first, number %ld in C order.", wrong, x->size,
             x->mine[first], first);
    return true;
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
    if (likeness_whole(x->size, x->ours) && likeness_whole(x->size, x->mine))
        return false;
    for (int f = 0; f < 2; f++) {
        different ours = {0};
        bool all = true;
        for (long i = 0; i < x->size && all; i++) {
            double y = x->mine[i], apart = ldexp(fabs(x->ours[i]), -formats[f].bits) * 1.01;
            if (isnan(x->ours[i]))
                continue;
            all = has_bits(y, formats[f].bits) && fabs(y - x->ours[i]) <= fmax(apart, x->apart);
            note(x, &ours, x->ours[i]);
        }
        if (all && ours.n == 3) {
            snprintf(text, LIKENESS_TEXT, "Every value is ours rounded to %s.", formats[f].name);
            return true;
        }
    }
    return false;
}

static bool
rounded_to_digits(const likeness *x, char *text)
{
    double unit = 1;
    for (int digits = 0; digits <= 8; digits++, unit *= 10) {
        different ours = {0};
        bool all = true;
        for (long i = 0; i < x->size && all; i++) {
            if (isnan(x->ours[i]))
                continue;
            all = fabs(x->mine[i] - nearbyint(x->mine[i] * unit) / unit) <= 1e-12 / unit &&
                  fabs(x->mine[i] - x->ours[i]) <= 0.5 / unit + x->apart;
            if (!near(x, x->mine[i], x->ours[i]))
                note(x, &ours, x->ours[i]);
        }
        if (all && ours.n == 3) {
            snprintf(text, LIKENESS_TEXT, "Every value is ours rounded to %d decimal%s.", digits,
                     digits == 1 ? "" : "s");
            return true;
        }
    }
    return false;
}

// ---- Values that stand elsewhere ----

static long
stride(const likeness *x, int axis)
{
    long step = 1;
    for (int a = axis + 1; a < x->rank; a++)
        step *= x->n[a];
    return step;
}

// The value that stands `by` places before it along axis a.
static double
shifted(const likeness *x, move *m, long i)
{
    long step = stride(x, m->a), at = i / step % x->n[m->a] - m->by;
    return at < 0 || at >= x->n[m->a] ? NAN : x->ours[i - m->by * step];
}

static double
reversed(const likeness *x, move *m, long i)
{
    long step = stride(x, m->a), at = i / step % x->n[m->a];
    return x->ours[i + (x->n[m->a] - 1 - 2 * at) * step];
}

// The blocks of axis a in another order.
static double
permuted(const likeness *x, move *m, long i)
{
    long block = x->n[m->a] / m->by * stride(x, m->a), at = i / block % m->by;
    return x->ours[i + (m->order[at] - at) * block];
}

// Every `by`-th place of axis a, from the first, then from the second, and so on.
static double
dealt(const likeness *x, move *m, long i)
{
    long step = stride(x, m->a), at = i / step % x->n[m->a], hand = x->n[m->a] / m->by;
    return x->ours[i + (at % hand * m->by + at / hand - at) * step];
}

// i counts in the shape with axes a and b exchanged.
static double
transposed(const likeness *x, move *m, long i)
{
    long from = 0, rest = i;
    for (int axis = x->rank - 1; axis >= 0; axis--) {
        int of = axis == m->a ? m->b : axis == m->b ? m->a : axis;
        from += rest % x->n[of] * stride(x, of);
        rest /= x->n[of];
    }
    return x->ours[from];
}

// Whether block b of mine along the axis is block o of ours; each is `rows` places of the axis. A block of which
// nothing counts is none.
static bool
same_block(const likeness *x, int axis, int rows, int b, int o)
{
    long block = rows * stride(x, axis), whole = x->n[axis] * stride(x, axis);
    bool counts = false;
    for (long outer = 0; outer < x->size; outer += whole)
        for (long i = 0; i < block; i++) {
            double ours = x->ours[outer + o * block + i];
            if (!near(x, x->mine[outer + b * block + i], ours))
                return false;
            counts = counts || !isnan(ours);
        }
    return counts;
}

enum { BLOCKS = 1024, GATES = 8 };

bool
likeness_whole(long n, const double *values)
{
    long i = 0;
    while (i < n && (!isfinite(values[i]) || values[i] == trunc(values[i])))
        i++;
    return i == n;
}

// Finds in which order `blocks` equal blocks of ours along the axis are mine; of a few blocks, not of whole numbers,
// one of ours may stand there twice.
static bool
find_order(const likeness *x, int axis, int blocks, int order[BLOCKS])
{
    bool taken[BLOCKS] = {false}, once = blocks > GATES || likeness_whole(x->size, x->ours);
    for (int b = 0; b < blocks; b++) {
        int o = 0;
        while (o < blocks && (taken[o] || !same_block(x, axis, x->n[axis] / blocks, b, o)))
            o++;
        if (o == blocks)
            return false;
        order[b] = o;
        taken[o] = once;
    }
    return true;
}

static void
print_order(char *text, int axis, int blocks, const int *order)
{
    int at = snprintf(text, LIKENESS_TEXT,
                      "Axis %d has %d equal blocks, and yours are ours in the order", axis, blocks);
    int b = 0;
    for (; b < blocks && at < LIKENESS_TEXT - 16; b++)
        at += snprintf(text + at, LIKENESS_TEXT - at, "%s %d", b ? "," : "", order[b]);
    snprintf(text + at, LIKENESS_TEXT - at, b < blocks ? " ..." : ".");
}

static bool
moved_axis(const likeness *x, int axis, char *text)
{
    int n = x->n[axis], order[BLOCKS];
    move m = {reversed, .a = axis};
    if (holds(x, &m, 3)) {
        snprintf(text, LIKENESS_TEXT, "These are our values with axis %d reversed.", axis);
        return true;
    }
    m.value = shifted;
    for (m.by = -1; m.by <= 1; m.by += 2)
        if (n > 2 && holds(x, &m, 3)) {
            snprintf(text, LIKENESS_TEXT,
                     "Along axis %d these are our values one place %s: value t of yours is value t "
                     "%c 1 of ours.",
                     axis, m.by > 0 ? "later" : "earlier", m.by > 0 ? '-' : '+');
            return true;
        }
    m.value = dealt;
    for (m.by = 2; m.by <= n / 2; m.by++)
        if (n % m.by == 0 && holds(x, &m, 3)) {
            snprintf(text, LIKENESS_TEXT,
                     "Along axis %d yours are every %d%s of our values, from the first on, then "
                     "from the second on: the order of (%d, %d) where ours is that of (%d, %d).",
                     axis, m.by,
                     m.by == 2   ? "nd"
                     : m.by == 3 ? "rd"
                                 : "th",
                     m.by, n / m.by, n / m.by, m.by);
            return true;
        }
    m.value = permuted;
    m.order = order;
    for (m.by = 2; m.by <= n && m.by <= BLOCKS; m.by++)
        if (n % m.by == 0 && find_order(x, axis, m.by, order) && holds(x, &m, 3)) {
            print_order(text, axis, m.by, order);
            return true;
        }
    return false;
}

bool
likeness_exchanged(const likeness *x, int a, int b)
{
    move m = {transposed, .a = a, .b = b};
    return holds(x, &m, 3);
}

// Axes of length 1 (`single`) come behind the others: they hardly matter, and other axes say it better.
static bool
exchanged_axes(const likeness *x, bool single, char *text)
{
    for (int a = 0; a < x->rank; a++)
        for (int b = a + 1; b < x->rank; b++)
            if ((x->n[a] == 1 || x->n[b] == 1) == single && likeness_exchanged(x, a, b)) {
                snprintf(text, LIKENESS_TEXT,
                         "These are our values with axes %d and %d exchanged: a transposition too "
                         "many, or one too few.",
                         a, b);
                return true;
            }
    return false;
}

static bool
moved(const likeness *x, char *text)
{
    if (exchanged_axes(x, false, text) || exchanged_axes(x, true, text))
        return true;
    for (int axis = 0; axis < x->rank; axis++)
        if (moved_axis(x, axis, text))
            return true;
    return false;
}

// ---- Factors and offsets ----

static double
on_line(const likeness *x, move *m, long i)
{
    m->gain = fabs(m->factor);
    return m->factor * x->ours[i] + m->plus;
}

// Of the two values that gave the line nothing is said; what they gave is as uncertain as they are.
static double
two_ends(const likeness *x, move *m, long i)
{
    m->gain = 2 * fabs(m->factor);
    return i == m->at[0] || i == m->at[1] ? NAN : m->factor * x->ours[i] + m->plus;
}

static bool
all_zero(const likeness *x, char *text)
{
    move m = {on_line, .factor = 0};
    snprintf(text, LIKENESS_TEXT, "All values are zero.");
    return holds(x, &m, 1);
}

// The place of our largest value, and how closely mine there gives the factor.
static double
factor_of(const likeness *x, double *close)
{
    long top = -1;
    for (long i = 0; i < x->size; i++)
        if (isfinite(x->ours[i]) && (top < 0 || fabs(x->ours[i]) > fabs(x->ours[top])))
            top = i;
    if (top < 0 || x->ours[top] == 0)
        return 0;
    *close = 2 * x->apart / fabs(x->ours[top]);
    return x->mine[top] / x->ours[top];
}

// The one known name of a factor of this size, or NULL: none, or several.
static const char *
name_of(const likeness *x, double size, double close)
{
    const char *name = NULL;
    for (const likeness_factor *f = x->factors; f && *f->name; f++) {
        if (fabs(size - f->value) > fmax(close, 1e-6 * f->value))
            continue;
        if (name && strcmp(name, f->name) != 0)
            return NULL;
        name = f->name;
    }
    return name;
}

// A factor with a name, or (named false) any.
static bool
scaled(const likeness *x, bool named, char *text)
{
    double close = 0;
    move m = {on_line, .factor = factor_of(x, &close)};
    if (!isfinite(m.factor) || m.factor == 0 || !holds(x, &m, 3))
        return false;
    const char *name = name_of(x, fabs(m.factor), close);
    if (fabs(m.factor + 1) <= close)
        snprintf(text, LIKENESS_TEXT, "The sign is the other one: these are our values times -1.");
    else if (name)
        snprintf(text, LIKENESS_TEXT, "These are our values times %s%s (%.6g).",
                 m.factor < 0 ? "-" : "", name, m.factor);
    else
        snprintf(text, LIKENESS_TEXT, "These are our values times %.6g.", m.factor);
    return !named || name || fabs(m.factor + 1) <= close;
}

static bool
offset(const likeness *x, char *text)
{
    long first = 0;
    while (first < x->size && isnan(x->ours[first]))
        first++;
    if (first == x->size)
        return false;
    move m = {on_line, .factor = 1, .plus = x->mine[first] - x->ours[first]};
    snprintf(text, LIKENESS_TEXT, "These are our values plus %.6g.", m.plus);
    return holds(x, &m, 3);
}

// A factor and an offset: those of the largest and the smallest value.
static bool
on_a_line(const likeness *x, char *text)
{
    long least = -1, most = -1;
    for (long i = 0; i < x->size; i++) {
        if (!isfinite(x->ours[i]))
            continue;
        least = least < 0 || x->ours[i] < x->ours[least] ? i : least;
        most = most < 0 || x->ours[i] > x->ours[most] ? i : most;
    }
    if (least < 0 || x->ours[most] - x->ours[least] <= 4 * x->apart)
        return false;
    move m = {two_ends, .at = {least, most}};
    m.factor = (x->mine[most] - x->mine[least]) / (x->ours[most] - x->ours[least]);
    m.plus = x->mine[most] - m.factor * x->ours[most];
    bool through_0 = fabs(m.plus) <= 4 * fabs(m.factor) * x->apart; // that would be a factor alone
    if (through_0 || !holds(x, &m, 3))
        return false;
    snprintf(text, LIKENESS_TEXT, "These are %.6g times our values plus %.6g.", m.factor, m.plus);
    return true;
}

// Where along axis a the line through value i has its largest value of ours.
static long
top_of_line(const likeness *x, int a, long i)
{
    long step = stride(x, a), first = i - i / step % x->n[a] * step, top = first;
    for (long k = first; k < first + x->n[a] * step; k += step)
        if (!(fabs(x->ours[k]) <= fabs(x->ours[top])) && !isnan(x->ours[k]))
            top = k;
    return top;
}

// Each line times, or plus, a number of its own, which its largest value gives; of that nothing is said.
static double
line_scaled(const likeness *x, move *m, long i)
{
    long top = top_of_line(x, m->a, i);
    double factor = x->mine[top] / x->ours[top];
    m->gain = 2 * fabs(factor);
    return top == i || !isfinite(factor) ? NAN : factor * x->ours[i];
}

static double
line_offset(const likeness *x, move *m, long i)
{
    long top = top_of_line(x, m->a, i);
    m->gain = 2;
    return top == i ? NAN : x->ours[i] + x->mine[top] - x->ours[top];
}

// Whether ours differs along the axis: where it does not, any line is a number times it.
static bool
varies(const likeness *x, int axis)
{
    long step = stride(x, axis), varying = 0, counting = 0;
    for (long i = 0; i < x->size; i++) {
        if (i / step % x->n[axis] == 0 || isnan(x->ours[i]) || isnan(x->ours[i - step]))
            continue;
        counting++;
        varying += fabs(x->ours[i] - x->ours[i - step]) > 2 * x->apart;
    }
    return 2 * varying > counting;
}

bool
likeness_lines(const likeness *x, char text[LIKENESS_TEXT])
{
    for (int axis = 0; axis < x->rank; axis++) {
        move m = {line_scaled, .a = axis};
        if (x->n[axis] < 3 || !varies(x, axis))
            continue;
        bool times = holds(x, &m, 3);
        m.value = line_offset;
        if (!(times || holds(x, &m, 3)))
            continue;
        snprintf(text, LIKENESS_TEXT,
                 "These are our values %s a number that is the same all along axis %d: look at a "
                 "%s, and "
                 "at what is %s over that axis.",
                 times ? "times" : "plus", axis,
                 times ? "factor that does not have it" : "term that does not have it",
                 times ? "divided by, or normalised," : "added or taken away");
        return true;
    }
    return false;
}

// ---- Other tensors ----

static double
is_other(const likeness *x, move *m, long i)
{
    (void)x;
    return m->other[i];
}

static double
with_added(const likeness *x, move *m, long i)
{
    return x->ours[i] + m->sign * m->other[i];
}

// A function of another tensor that a factor may be: itself, and what slopes are made of.
static const char *const forms[] = {"%s",
                                    "(1 - %s)",
                                    "(1 - %s^2)",
                                    "%s (1 - %s)",
                                    "(1 + %s)",
                                    "(1 + %s)/(1 - %s)",
                                    "(1 + %s^2)/(1 - %s^2)",
                                    "tanh(%s)"};
enum { FORMS = sizeof forms / sizeof *forms };

static double
form_of(int form, double y)
{
    switch (form) {
    case 0: return y;
    case 1: return 1 - y;
    case 2: return 1 - y * y;
    case 3: return y * (1 - y);
    case 4: return 1 + y;
    case 5: return (1 + y) / (1 - y);
    case 6: return (1 + y * y) / (1 - y * y);
    default: return tanh(y);
    }
}

static double
multiplied(const likeness *x, move *m, long i)
{
    double factor = form_of(m->form, m->other[i]);
    m->gain = fabs(factor);
    return x->ours[i] * factor;
}

static double
divided(const likeness *x, move *m, long i)
{
    double by = form_of(m->form, m->other[i]);
    m->gain = 1 / fabs(by);
    return x->ours[i] / by;
}

static double
is_product(const likeness *x, move *m, long i)
{
    (void)x;
    return form_of(m->form, m->other[i]) * m->second[i];
}

static double
is_sum(const likeness *x, move *m, long i)
{
    (void)x;
    return m->other[i] + m->second[i];
}

static double
with_product(const likeness *x, move *m, long i)
{
    return x->ours[i] + m->sign * form_of(m->form, m->other[i]) * m->second[i];
}

// The second in place of the other, as a term and as a factor.
static double
replaced(const likeness *x, move *m, long i)
{
    return x->ours[i] - m->other[i] + m->second[i];
}

static double
refactored(const likeness *x, move *m, long i)
{
    double factor = m->second[i] / m->other[i];
    m->gain = fabs(factor);
    return isfinite(factor) ? x->ours[i] * factor : NAN;
}

bool
likeness_is(const likeness *x, const double *values)
{
    move m = {is_other, .other = values, .alone = true};
    return holds(x, &m, 3);
}

static bool
another(const likeness *x, char *text)
{
    if (likeness_whole(x->size, x->ours) && likeness_whole(x->size, x->mine))
        return false; // which other tensors may have by chance
    for (const likeness_other *o = x->others; o < x->others + x->n_others; o++) {
        if (!o->own && likeness_is(x, o->values)) { // ours at another step is told as shifted
            snprintf(text, LIKENESS_TEXT, "These are the values of %s.", o->name);
            return true;
        }
    }
    return false;
}

static bool
added(const likeness *x, char *text)
{
    for (const likeness_other *o = x->others; o < x->others + x->n_others; o++) {
        move m = {with_added, .other = o->values, .sign = -1};
        bool less = holds(x, &m, 3);
        m.sign = 1;
        if (!less && !holds(x, &m, 3))
            continue;
        snprintf(text, LIKENESS_TEXT, "These are our values %s %s: it is %s.",
                 less ? "less" : "plus", o->name,
                 less ? "left out, or taken away once more" : "added, or added twice");
        return true;
    }
    return false;
}

static bool
factored(const likeness *x, char *text)
{
    for (int form = 0; form < FORMS; form++)
        for (const likeness_other *o = x->others; o < x->others + x->n_others; o++) {
            move m = {multiplied, .other = o->values, .form = form};
            bool times = holds(x, &m, 3);
            m.value = divided;
            if (!times && !holds(x, &m, 3))
                continue;
            char what[LIKENESS_TEXT - 60];
            snprintf(what, sizeof what, forms[form], o->name, o->name);
            snprintf(text, LIKENESS_TEXT, "These are our values %s %s.", times ? "times" : "over",
                     what);
            return true;
        }
    return false;
}

// What may be forgotten, or done twice, to ours or to another tensor.
static const char *const functions[] = {"1 - %s",
                                        "%s^2",
                                        "sqrt(%s)",
                                        "1/%s",
                                        "exp(%s)",
                                        "log(%s)",
                                        "tanh(%s)",
                                        "sigmoid(%s)",
                                        "max(%s, 0)",
                                        "min(%s, 1)",
                                        "2 y/(1 + y) of %s",
                                        "|%s|",
                                        "log(1 + exp(%s))",
                                        "sigmoid(y) y of %s",
                                        "%s cut to -1 and 1",
                                        "tanh(y/2) of %s",
                                        "1 + %s",
                                        "2^%s"};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static double
function_of(int form, double y)
{
    switch (form) {
    case 0: return 1 - y;
    case 1: return y * y;
    case 2: return sqrt(y);
    case 3: return 1 / y;
    case 4: return exp(y);
    case 5: return log(y);
    case 6: return tanh(y);
    case 7: return 1 / (1 + exp(-y));
    case 8: return y > 0 ? y : 0;
    case 9: return y < 1 ? y : 1;
    case 10: return 2 * y / (1 + y); // Dice's measure of a Jaccard index
    case 11: return fabs(y);
    case 12: return log1p(exp(y));
    case 13: return y / (1 + exp(-y));
    case 14: return fmax(-1, fmin(y, 1));
    case 15: return tanh(y / 2);
    case 16: return 1 + y;
    default: return exp2(y);
    }
}

// A function of another tensor, or of ours, whose errors it may enlarge.
static double
is_function(const likeness *x, move *m, long i)
{
    double y = m->other[i], value = function_of(m->form, y);
    if (m->other == x->ours)
        m->gain = fabs(function_of(m->form, y + x->apart) - value) / x->apart;
    return value;
}

static bool
function_like(const likeness *x, const double *values, const char *name, char *text)
{
    for (int form = 0; form < FUNCTIONS; form++) {
        move m = {is_function, .other = values, .form = form, .alone = values != x->ours};
        if (!holds(x, &m, 3))
            continue;
        char what[LIKENESS_TEXT - 60];
        snprintf(what, sizeof what, functions[form], name);
        snprintf(text, LIKENESS_TEXT, "These are %s.", what);
        return true;
    }
    return false;
}

static bool
of_function(const likeness *x, char *text)
{
    if (function_like(x, x->ours, "ours", text))
        return true;
    for (const likeness_other *o = x->others; o < x->others + x->n_others; o++)
        if (function_like(x, o->values, o->name, text))
            return true;
    return false;
}

// Two other tensors in one way: "%s" stands for each.
typedef struct {
    double (*value)(const likeness *, move *, long);
    int forms; // that the first may have
    double sign;
    bool alone;
    const char *says;
} pairing;

static bool
of_these(const likeness *x, const pairing *w, const likeness_other *o, const likeness_other *p,
         char *text)
{
    char first[600], what[LIKENESS_TEXT - 60];
    for (int form = 0; form < w->forms; form++) {
        move m = {w->value,        .other = o->values, .second = p->values,
                  .sign = w->sign, .alone = w->alone,  .form = form};
        if (!holds(x, &m, 3))
            continue;
        snprintf(first, sizeof first, forms[form], o->name, o->name);
        snprintf(what, sizeof what, w->says, first, p->name);
        snprintf(text, LIKENESS_TEXT, "These are %s.", what);
        return true;
    }
    return false;
}

// Two other tensors: one in place of the other, or their product added or left out.
static bool
of_two(const likeness *x, char *text)
{
    static const pairing ways[] = {
        {is_product, FORMS, 0, true, "%s times %s"},
        {is_sum, 1, 0, true, "%s plus %s"},
        {replaced, 1, 0, false, "our values with the term %s replaced by %s"},
        {refactored, 1, 0, false, "our values with the factor %s replaced by %s"},
        {with_product, FORMS, -1, false, "our values less %s times %s"},
        {with_product, FORMS, 1, false, "our values plus %s times %s"}};
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++)
        for (const likeness_other *o = x->others; o < x->others + x->n_others; o++)
            for (const likeness_other *p = x->others; p < x->others + x->n_others; p++)
                if (of_these(x, &ways[w], o, p, text))
                    return true;
    return false;
}

// ---- Sums with numbers that mine give ----

// Whether a tensor is one number: with a factor of its own it could be any other.
static bool
is_constant(const likeness *x, const double *values)
{
    long first = 0;
    while (first < x->size && isnan(values[first]))
        first++;
    for (long i = first; i < x->size; i++)
        if (!isnan(values[i]) && values[i] != values[first])
            return false;
    return true;
}

// Another tensor, or its product with a second, or what the second has more.
static double
term(const move *m, long i)
{
    if (!m->second)
        return m->other[i];
    return m->difference ? m->second[i] - m->other[i] : m->second[i] * m->other[i];
}

static double
determinant(const likeness *x, const move *m, long i, long j)
{
    return x->ours[i] * term(m, j) - x->ours[j] * term(m, i);
}

// factor * ours + plus * the term; what two places gave is as uncertain as they let it be.
static double
combined(const likeness *x, move *m, long i)
{
    if (i == m->at[0] || i == m->at[1])
        return NAN;
    m->gain = 2;
    if (m->at[1] >= 0) {
        double all = determinant(x, m, m->at[0], m->at[1]);
        m->gain = 1 + fabs(determinant(x, m, i, m->at[1]) / all) +
                  fabs(determinant(x, m, m->at[0], i) / all);
    }
    return m->factor * x->ours[i] + m->plus * term(m, i);
}

// The numbers, from the place of the largest term, and (the factor free) from the one that tells most beside it.
static bool
fit(const likeness *x, move *m, bool is_free)
{
    long top = -1, second = -1;
    for (long i = 0; i < x->size; i++)
        if (isfinite(x->ours[i]) && isfinite(term(m, i)) &&
            (top < 0 || fabs(term(m, i)) > fabs(term(m, top))))
            top = i;
    m->at[0] = top;
    m->at[1] = -1;
    if (top < 0)
        return false;
    if (is_free) {
        for (long i = 0; i < x->size; i++)
            if (isfinite(x->ours[i]) && isfinite(term(m, i)) && i != top &&
                (second < 0 ||
                 fabs(determinant(x, m, top, i)) > fabs(determinant(x, m, top, second))))
                second = i;
        double by = second < 0 ? 0 : determinant(x, m, top, second);
        if (by == 0)
            return false;
        m->at[1] = second;
        m->factor = (x->mine[top] * term(m, second) - x->mine[second] * term(m, top)) / by;
    }
    m->plus = (x->mine[top] - m->factor * x->ours[top]) / term(m, top);
    // A term that adds nothing: a factor alone, which was tried.
    return fabs(m->plus * term(m, top)) > 4 * (1 + fabs(m->factor)) * x->apart;
}

// "rate (0.3)", or the number alone.
static const char *
number(const likeness *x, char text[120], double value, double close)
{
    const char *name = name_of(x, fabs(value), close);
    if (name)
        snprintf(text, 120, "%s%.90s (%.6g)", value < 0 ? "-" : "", name, value);
    else
        snprintf(text, 120, "%.6g", value);
    return text;
}

static bool
sum_with(const likeness *x, const likeness_other *o, const likeness_other *p, int ways, char *text)
{
    char what[600], plus[120], factor[120];
    snprintf(what, sizeof what, "%s%s%s", o->name, p ? " times " : "", p ? p->name : "");
    if (is_constant(x, o->values) && (!p || is_constant(x, p->values)))
        return false;
    for (int way = 0; way < ways; way++) { // none of ours, ours, some of ours
        move m = {combined, .other = o->values, .second = p ? p->values : NULL, .factor = way};
        m.alone = way == 0;
        if (!fit(x, &m, way == 2) || !holds(x, &m, 3))
            continue;
        double close = 2 * x->apart / fabs(term(&m, m.at[0]));
        number(x, plus, m.plus, close);
        if (way == 0)
            snprintf(text, LIKENESS_TEXT, "These are %s times %s.", plus, what);
        else if (way == 1)
            snprintf(text, LIKENESS_TEXT, "These are our values plus %s times %s.", plus, what);
        else
            snprintf(text, LIKENESS_TEXT, "These are %s times our values plus %s times %s.",
                     number(x, factor, m.factor, close), plus, what);
        return true;
    }
    return false;
}

static bool
exchanged_term(const likeness *x, const likeness_other *o, const likeness_other *p, char *text)
{
    char plus[120];
    move m = {combined, .other = o->values, .second = p->values, .factor = 1, .difference = true};
    if (!fit(x, &m, false) || !holds(x, &m, 3))
        return false;
    number(x, plus, fabs(m.plus), 2 * x->apart / fabs(term(&m, m.at[0])));
    snprintf(text, LIKENESS_TEXT, "These are our values with %s times %s in place of %s.", plus,
             m.plus > 0 ? p->name : o->name, m.plus > 0 ? o->name : p->name);
    return true;
}

// A number that has a name times a function of another tensor, or of ours: with any number there are too many.
static bool
times_function(const likeness *x, const double *values, const char *name, char *text)
{
    char what[600], by[120];
    double *made = memory_zeroed(x->size, sizeof *made, "a function");
    bool found = false;
    for (int form = 0; form < FUNCTIONS && !found; form++) {
        for (long i = 0; i < x->size; i++)
            made[i] = function_of(form, values[i]);
        move m = {combined, .other = made, .alone = values != x->ours};
        found = fit(x, &m, false) && holds(x, &m, 3) &&
                (name_of(x, fabs(m.plus), 2 * x->apart / fabs(term(&m, m.at[0]))) ||
                 fabs(m.plus + 1) < 1e-6);
        if (!found)
            continue;
        snprintf(what, sizeof what, functions[form], name);
        snprintf(text, LIKENESS_TEXT, "These are %s times %s.",
                 number(x, by, m.plus, 2 * x->apart / fabs(term(&m, m.at[0]))), what);
    }
    free(made);
    return found;
}

enum { PAIRS = 1 << 18 };

static bool
summed(const likeness *x, char *text)
{
    const likeness_other *end = x->others + x->n_others;
    for (const likeness_other *o = x->others; o < end; o++)
        if (sum_with(x, o, NULL, 3, text))
            return true;
    if (times_function(x, x->ours, "ours", text))
        return true;
    for (const likeness_other *o = x->others; o < end; o++)
        if (times_function(x, o->values, o->name, text))
            return true;
    if ((long)x->n_others * x->n_others * x->size > PAIRS) // it would take long
        return false;
    for (const likeness_other *o = x->others; o < end; o++)
        for (const likeness_other *p = o; p < end; p++)
            if (sum_with(x, o, p, 2, text) || exchanged_term(x, o, p, text))
                return true;
    return false;
}

// ---- One factor of a product put in place of another ----

enum { FACTORS_TRIED = 128, WAYS = 3 };

// Ours less f(other) times the second, plus g(the third) times the second.
static double
with_factor(const likeness *x, move *m, long i)
{
    double more = form_of(m->b, m->third[i]) - form_of(m->form, m->other[i]);
    m->gain = 2;
    return x->ours[i] + m->second[i] * more;
}

long
likeness_first(const likeness *x)
{
    long i = 0;
    while (i < x->size && near(x, x->mine[i], x->ours[i]))
        i++;
    return i < x->size ? i : -1;
}

static bool
factor_of_three(const likeness *x, move *m, const likeness_other *o, const likeness_other *p,
                const likeness_other *q, char *text)
{
    char from[300], to[300];
    if (!holds(x, m, 3))
        return false;
    snprintf(from, sizeof from, forms[m->form], o->name);
    snprintf(to, sizeof to, forms[m->b], q->name);
    snprintf(text, LIKENESS_TEXT,
             "These are our values with %.250s in place of %.250s, in a term times %s.", to, from,
             p->name);
    return true;
}

// A factor's value at the first place that deviates.
typedef struct {
    double value;
    const likeness_other *of;
} first_value;

static int
by_value(const void *a, const void *b)
{
    double left = ((const first_value *)a)->value, right = ((const first_value *)b)->value;
    return (left > right) - (left < right);
}

// The first of n sorted values that is not below `least`.
static int
find_value(int n, const first_value *all, double least)
{
    int from = 0;
    while (n > 0) {
        int half = n / 2;
        if (all[from + half].value < least) {
            from += half + 1;
            n -= half + 1;
        } else
            n = half;
    }
    return from;
}

static bool
refactored_term(const likeness *x, char *text)
{
    const likeness_other *end = x->others + x->n_others;
    first_value all[FACTORS_TRIED];
    long first = likeness_first(x);
    if (x->n_others > FACTORS_TRIED || first < 0)
        return false;
    double more = x->mine[first] - x->ours[first], apart = 8 * x->apart + 1e-9 * fabs(more);
    for (int way = 0; way < WAYS; way++) { // plain ones; 1 less the old one; 1 less the new one
        int n = 0;
        for (const likeness_other *q = x->others; q < end; q++)
            if (isfinite(q->values[first]))
                all[n++] = (first_value){form_of(way / 2, q->values[first]), q};
        qsort(all, n, sizeof *all, by_value);
        for (const likeness_other *o = x->others; o < end; o++)
            for (const likeness_other *p = x->others; p < end; p++) {
                double by = p->values[first], wide = apart / fabs(by);
                double to = form_of(way % 2, o->values[first]) + more / by;
                if (!isfinite(to))
                    continue;
                for (int k = find_value(n, all, to - wide); k < n && all[k].value <= to + wide;
                     k++) {
                    move m = {with_factor,         .other = o->values,
                              .second = p->values, .third = all[k].of->values,
                              .form = way % 2,     .b = way / 2};
                    if (factor_of_three(x, &m, o, p, all[k].of, text))
                        return true;
                }
            }
    }
    return false;
}

// ---- Factors that go with the place ----

static const char *const places[] = {"n",           "(n + 1)",       "(n + 2)", "(2 n + 1)",
                                     "sqrt(n + 1)", "sqrt(2 n + 1)", "(-1)^n",  "-(-1)^n"};
enum { PLACES = sizeof places / sizeof *places };

static double
of_place(int form, double n)
{
    switch (form) {
    case 0: return n;
    case 1: return n + 1;
    case 2: return n + 2;
    case 3: return 2 * n + 1;
    case 4: return sqrt(n + 1);
    case 5: return sqrt(2 * n + 1);
    default: return (fmod(n, 2) == 0) == (form == 6) ? 1 : -1;
    }
}

static double
placed(const likeness *x, move *m, long i)
{
    double by = of_place(m->form, (double)(i / stride(x, m->a) % x->n[m->a]));
    by = m->by > 0 ? by : 1 / by;
    m->gain = fabs(by);
    return x->ours[i] * by;
}

static bool
indexed(const likeness *x, char *text)
{
    for (int axis = 0; axis < x->rank; axis++)
        for (int form = 0; form < PLACES; form++)
            for (int by = 1; by >= -1; by -= 2) {
                move m = {placed, .a = axis, .form = form, .by = by};
                if (x->n[axis] < 3 || !holds(x, &m, 3))
                    continue;
                snprintf(text, LIKENESS_TEXT,
                         "These are our values %s %s, where n counts along axis %d from 0.",
                         by > 0 ? "times" : "over", places[form], axis);
                return true;
            }
    return false;
}

// What other tensors say, also of none but whole numbers nothing.
static bool
said_by_others(const likeness *x, char *text)
{
    if (likeness_whole(x->size, x->ours) && likeness_whole(x->size, x->mine))
        return false;
    return added(x, text) || factored(x, text) || of_function(x, text) || of_two(x, text);
}

static bool
sums_with_others(const likeness *x, char *text)
{
    if (likeness_whole(x->size, x->ours) && likeness_whole(x->size, x->mine))
        return false;
    return summed(x, text) || refactored_term(x, text);
}

bool
likeness_find(const likeness *x, char text[LIKENESS_TEXT])
{
    return not_finite(x, text) || all_zero(x, text) || rounded(x, text) ||
           rounded_to_digits(x, text) || another(x, text) || scaled(x, true, text) ||
           moved(x, text) || scaled(x, false, text) || offset(x, text) || said_by_others(x, text) ||
           indexed(x, text) || on_a_line(x, text) || sums_with_others(x, text);
}

bool
likeness_terms(const likeness *x, char text[LIKENESS_TEXT])
{
    static const pairing in_place = {replaced, 1, 0, false,
                                     "our values with the term %s replaced by %s"};
    const likeness_other *end = x->others + x->n_others;
    if (another(x, text) || added(x, text))
        return true;
    for (const likeness_other *o = x->others; o < end; o++)
        if (sum_with(x, o, NULL, 2, text))
            return true;
    for (const likeness_other *o = x->others; o < end; o++)
        for (const likeness_other *p = x->others; p < end; p++)
            if (of_these(x, &in_place, o, p, text))
                return true;
    return false;
}

bool
likeness_same(const likeness *x, char text[LIKENESS_TEXT])
{
    long n = 0, first = -1;
    bool of_ours = true, of_mine = true, is_constant = true;
    for (long i = 0; i < x->size; i++) {
        if (near(x, x->mine[i], x->ours[i]))
            continue;
        first = n++ ? first : i;
        of_ours = of_ours && x->ours[i] == x->ours[first];
        of_mine = of_mine && x->mine[i] == x->mine[first];
    }
    for (long i = 0; n && i < x->size; i++)
        is_constant = is_constant && (isnan(x->ours[i]) || x->ours[i] == x->ours[first]);
    of_ours = of_ours && !is_constant;
    if (n < 3 || !(of_ours || of_mine))
        return false;
    if (of_ours && of_mine)
        snprintf(text, LIKENESS_TEXT, "All %ld values that deviate are %.6g where ours are %.6g.",
                 n, x->mine[first], x->ours[first]);
    else
        snprintf(text, LIKENESS_TEXT, "All %ld values that deviate are %.6g in %s.", n,
                 of_ours ? x->ours[first] : x->mine[first], of_ours ? "ours" : "yours");
    return true;
}

// ---- Parts ----

static double *
part_of(const likeness *x, const double *values, int axis, int from, int to)
{
    long inner = stride(x, axis), all = x->n[axis] * inner, some = (to - from) * inner;
    double *part = memory_zeroed(x->size / x->n[axis] * (to - from), sizeof *part, "a part");
    for (long outer = 0; outer * all < x->size; outer++)
        memcpy(part + outer * some, values + outer * all + from * inner, some * sizeof *part);
    return part;
}

static bool
says_something(const double *values, long n)
{
    long i = 0;
    while (i < n && isnan(values[i]))
        i++;
    return i < n;
}

likeness
likeness_part(const likeness *x, int axis, int from, int to)
{
    likeness part = *x;
    likeness_other *others = memory_zeroed(x->n_others, sizeof *others, "a part");
    part.n[axis] = to - from;
    part.size = x->size / x->n[axis] * (to - from);
    part.ours = part_of(x, x->ours, axis, from, to);
    part.mine = part_of(x, x->mine, axis, from, to);
    part.n_others = 0;
    for (int i = 0; i < x->n_others; i++) {
        double *values = part_of(x, x->others[i].values, axis, from, to);
        if (!says_something(values, part.size)) { // as of the step before the first
            free(values);
            continue;
        }
        others[part.n_others] = x->others[i];
        others[part.n_others++].values = values;
    }
    part.others = others;
    return part;
}

void
likeness_free(likeness *part)
{
    for (int i = 0; i < part->n_others; i++)
        free((double *)part->others[i].values);
    free((likeness_other *)part->others);
    free((double *)part->ours);
    free((double *)part->mine);
}
