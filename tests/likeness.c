// What deviating numbers look like: every measure is made on random tensors and on every tensor of every chapter's
// cases, and that one is named and no other.
#include "checker/likeness.h"

#include "checker/reference.h"
#include "numbers/random.h"
#include "test.h"

#include <glob.h>
#include <math.h>

enum { KINDS = 17 };

// How each kind's sentence begins or what it holds.
static const char *const sentence[KINDS] = {
    "are not finite",      "rounded to float16", "rounded to bfloat16",
    "exchanged",           "reversed",           "one place later",
    "one place earlier",   "equal blocks",       "times -1",
    "times 2 (2)",         "times 1/sqrt(7)",    "values plus 0.37",
    "All values are zero", "yours are every",    "the values of other",
    "less other",          "times other"};

static double
to_bits(double x, int bits)
{
    int exponent;
    double part = frexp(x, &exponent);
    return ldexp(nearbyint(ldexp(part, bits)), exponent - bits);
}

// Ours after deviation `kind` along this axis; false: this tensor has no such deviation.
static bool
deviate(int kind, const likeness *x, int axis, double *mine)
{
    long inner = 1;
    for (int a = axis + 1; a < x->rank; a++)
        inner *= x->n[a];
    int n = x->n[axis], next = axis + 1 < x->rank ? x->n[axis + 1] : 0;
    if ((kind >= 4 && kind <= 7 && n < 3) || (kind == 3 && (next < 2 || n < 2)) ||
        (kind == 13 && (n < 4 || n % 2)))
        return false;
    for (long i = 0; i < x->size; i++) {
        long at = i / inner % n;
        const double *other = x->others->values;
        switch (kind) {
        case 0: mine[i] = i == x->size / 2 ? NAN : x->ours[i]; break;
        case 1: mine[i] = to_bits(x->ours[i], 11); break;
        case 2: mine[i] = to_bits(x->ours[i], 8); break;
        case 3: {
            long deep = inner / next, outer = i / (n * inner), rest = i % deep;
            long q = i / deep % (n * next), a = q % n, b = q / n; // in the order (next, n)
            mine[i] = x->ours[outer * n * inner + (a * next + b) * deep + rest];
            break;
        }
        case 4: mine[i] = x->ours[i + (n - 1 - 2 * at) * inner]; break;
        case 5: mine[i] = at ? x->ours[i - inner] : 0.123; break;
        case 6: mine[i] = at < n - 1 ? x->ours[i + inner] : 0.123; break;
        case 7: mine[i] = at < 2 ? x->ours[i + (at ? -inner : inner)] : x->ours[i]; break;
        case 8: mine[i] = -x->ours[i]; break;
        case 9: mine[i] = 2 * x->ours[i]; break;
        case 10: mine[i] = x->ours[i] / sqrt(7); break;
        case 11: mine[i] = x->ours[i] + 0.37; break;
        case 12: mine[i] = 0; break;
        case 13:
            mine[i] = x->ours[i + ((at < n / 2 ? 2 * at : 2 * at - n + 1) - at) * inner];
            break;
        case 14: mine[i] = other[i]; break;
        case 15: mine[i] = x->ours[i] - other[i]; break;
        default: mine[i] = x->ours[i] * other[i];
        }
    }
    return true;
}

static bool
same(const likeness *x, const double *a, const double *b)
{
    for (long i = 0; i < x->size; i++)
        if (!(a[i] == b[i] || fabs(a[i] - b[i]) <= x->apart || (isnan(a[i]) && isnan(b[i]))))
            return false;
    return true;
}

// Whether the tensor tells a deviation from another: not where few or equal values make two of them one.
static bool
is_telling(const likeness *x)
{
    double least = INFINITY, most = -INFINITY;
    for (long i = 0; i < x->size; i++) {
        if (!isfinite(x->ours[i]))
            return false;
        least = fmin(least, x->ours[i]);
        most = fmax(most, x->ours[i]);
    }
    for (long i = 0; i < x->size; i++) // all different
        for (long j = i + 1; j < x->size; j++)
            if (fabs(x->ours[i] - x->ours[j]) <= 4 * x->apart)
                return false;
    return x->size >= 6 && most - least > 100 * x->apart;
}

// How many different numbers deviate.
static int
deviating(const likeness *x)
{
    int n = 0;
    for (long i = 0; i < x->size; i++)
        n += fabs(x->mine[i] - x->ours[i]) > x->apart || isnan(x->mine[i]);
    return n;
}

// Whether some other deviation that `text` names makes the same numbers, as where ours is antisymmetric.
static bool
is_both(const likeness *x, const char *text)
{
    double *other = malloc(x->size * sizeof *other);
    bool found = false;
    for (int axis = 0; axis < x->rank && !found; axis++)
        for (int kind = 0; kind < KINDS && !found; kind++)
            found = strstr(text, sentence[kind]) && deviate(kind, x, axis, other) &&
                    same(x, other, x->mine);
    free(other);
    return found;
}

static int tensors, named;

static void
check_tensor(likeness x, const char *name)
{
    const likeness_factor known[] = {
        {2, "2"}, {1 / sqrt(7.0), "1/sqrt(7)"}, {0.3, "rate"}, {0, ""}};
    char text[LIKENESS_TEXT];
    double *mine = malloc(x.size * sizeof *mine), *values = malloc(x.size * sizeof *values);
    ck_assert(mine && values);
    rng r = rng_at(3, 0);
    for (long i = 0; i < x.size; i++)
        values[i] = rng_normal(&r);
    const likeness_other other = {"other", values, false};
    x.mine = mine;
    x.factors = known;
    x.others = &other;
    x.n_others = 1;
    tensors++;
    for (int axis = 0; axis < x.rank; axis++)
        for (int kind = 0; kind < KINDS; kind++) {
            if (!deviate(kind, &x, axis, mine) || (kind && deviating(&x) < 3))
                continue;
            if ((kind == 1 || kind == 2) && likeness_whole(x.size, x.ours))
                continue; // of whole numbers no rounding is told
            ck_assert_msg(likeness_find(&x, text), "%s, axis %d: no measure for '%s'", name, axis,
                          sentence[kind]);
            ck_assert_msg(strstr(text, sentence[kind]) || is_both(&x, text),
                          "%s, axis %d: '%s' for '%s'", name, axis, text, sentence[kind]);
            named++;
        }
    free(mine);
    free(values);
}

START_TEST(random_tensors)
{
    const int shapes[][4] = {{1, 7}, {2, 3, 4}, {3, 2, 3, 5}, {2, 6, 1}, {3, 4, 4, 3}, {2, 8, 5}};
    for (int s = 0; s < 6; s++) {
        double ours[64];
        rng r = rng_at(1, s);
        likeness x = {.rank = shapes[s][0], .size = 1, .ours = ours, .apart = 1e-9};
        for (int axis = 0; axis < x.rank; axis++)
            x.size *= x.n[axis] = shapes[s][axis + 1];
        for (long i = 0; i < x.size; i++)
            ours[i] = rng_normal(&r);
        check_tensor(x, "random");
    }
    ck_assert_int_gt(named, 100);
}
END_TEST

static void
check_case(const char *folder)
{
    reference r = reference_read(folder);
    for (const entry *e = r.all; e < r.all + r.n; e++) {
        likeness x = {.rank = e->ours.rank,
                      .size = e->ours.size,
                      .ours = e->ours.values,
                      .apart = e->tolerance};
        memcpy(x.n, e->ours.n, sizeof x.n);
        if (x.size <= 1000 && x.apart > 0 && is_telling(&x))
            check_tensor(x, e->name);
    }
    reference_free(&r);
}

START_TEST(every_case)
{
    glob_t found;
    if (glob("chapters/*/reference/*/case.tsv", 0, NULL, &found) != 0)
        return; // the suite cases sees to it that there are some
    for (size_t i = 0; i < found.gl_pathc; i++) {
        *strrchr(found.gl_pathv[i], '/') = 0;
        check_case(found.gl_pathv[i]);
    }
    globfree(&found);
    ck_assert_int_gt(named, 10 * tensors);
}
END_TEST

// What is none of them gets no name; one or two numbers look like anything.
START_TEST(nothing_named)
{
    const double ours[] = {1, 2, 3.5, -4, 0.3, 6}, mine[] = {1, 2.1, 3.3, 7, 0.31, 5};
    const double two[] = {2, 4, 3.5, -4, 0.3, 6}, one = 2.5, twice = 5, zero = 0, not_one = NAN;
    const double pair[] = {1, 2, 1, 2, 2, 1}, pair_twice[] = {2, 4, 2, 4, 4, 2};
    char text[LIKENESS_TEXT];
    likeness x = {.rank = 2, .n = {2, 3}, .size = 6, .ours = ours, .mine = mine, .apart = 1e-6};
    likeness scalar = {.size = 1, .ours = &one, .mine = &twice, .apart = 1e-6};
    likeness none = {.rank = 1, .ours = ours, .mine = mine, .apart = 1e-6};
    ck_assert(!likeness_find(&x, text));
    ck_assert(!likeness_find(&scalar, text));
    ck_assert(!likeness_find(&none, text));
    scalar.mine = &zero;
    ck_assert(!likeness_find(&scalar, text));
    scalar.ours = &not_one; // does not count
    ck_assert(!likeness_find(&scalar, text));
    x.mine = two; // twice ours where it deviates
    ck_assert(!likeness_find(&x, text));
    x.ours = pair; // two numbers, though six values
    x.mine = pair_twice;
    ck_assert(!likeness_find(&x, text));
}
END_TEST

// Two names of one factor are none.
static const likeness_factor factors[] = {
    {6, "6"},     {1.2, "6/(6 - 1)"},      {4, "4"}, {4, "sqrt(16)"}, {0.5, "1/2"},
    {0.5, "1/2"}, {1.41421356, "sqrt(2)"}, {0, ""}};

static void
is(const double *mine, const char *expected)
{
    static const double ours[] = {1, 2, 3.5, -4, 0.3, 6.5};
    char text[LIKENESS_TEXT];
    likeness x = {.rank = 2,
                  .n = {3, 2},
                  .size = 6,
                  .ours = ours,
                  .mine = mine,
                  .apart = 1e-6,
                  .factors = factors};
    ck_assert_str_eq(likeness_find(&x, text) ? text : "nothing", expected);
}

START_TEST(sentences)
{
    is((double[]){4, 8, 14, -16, 1.2, 26}, "These are our values times 4.");
    is((double[]){-1, -2, -3.5, 4, -0.3, -6.5},
       "The sign is the other one: these are our values times -1.");
    is((double[]){-6, -12, -21, 24, -1.8, -39}, "These are our values times -6 (-6).");
    is((double[]){1.2, 2.4, 4.2, -4.8, 0.36, 7.8}, "These are our values times 6/(6 - 1) (1.2).");
    is((double[]){1.7, 3.4, 5.95, -6.8, 0.51, 11.05}, "These are our values times 1.7.");
    is((double[]){1.2001, 2.4002, 4.20035, -4.8004, 0.36003, 7.80065},
       "These are our values times 1.2001.");
    is((double[]){0.5, 1, 1.75, -2, 0.15, 3.25}, "These are our values times 1/2 (0.5).");
    is((double[]){1.25, 2.25, 3.75, -3.75, 0.55, 6.75}, "These are our values plus 0.25.");
    is((double[]){0, 0, 0, 0, 0, 0}, "All values are zero.");
    is((double[]){1, 3.5, 0.3, 2, -4, 6.5},
       "These are our values with axes 0 and 1 exchanged: a transposition too many, or one too "
       "few.");
    is((double[]){3.5, -4, 0.3, 6.5, 1, 2},
       "Along axis 0 these are our values one place earlier: value t of yours is value t + 1 of "
       "ours.");
    is((double[]){9, 9, 1, 2, 3.5, -4},
       "Along axis 0 these are our values one place later: value t of yours is value t - 1 of "
       "ours.");
    is((double[]){0.3, 6.5, 3.5, -4, 1, 2}, "These are our values with axis 0 reversed.");
    is((double[]){3.5, -4, 1, 2, 0.3, 6.5},
       "Axis 0 has 3 equal blocks, and yours are ours in the order 1, 0, 2.");
    is((double[]){1, INFINITY, 3.5, -4, NAN, 6.5},
       "2 of 6 values are not finite: inf first, number 1 in C order.");
    is((double[]){1, 2, 3.5, -4, 0.3, 6.5}, "nothing"); // ours
}
END_TEST

// A long order is cut, and an order that is dealt is told with its two shapes.
START_TEST(long_orders)
{
    enum { MOST = 1024, N = 600 };
    double ours[MOST + 1], mine[MOST + 1];
    char text[LIKENESS_TEXT];
    likeness x = {.rank = 1, .n = {MOST}, .size = MOST, .ours = ours, .mine = mine, .apart = 1e-6};
    for (int i = 0; i <= MOST; i++)
        ours[i] = i * i;
    for (int i = 0; i < MOST; i++)
        mine[i] = ours[i * 7 % MOST];
    ck_assert(likeness_find(&x, text));
    ck_assert_msg(strstr(text, "order 0, 7, 14, 21, ") && strstr(text, " ..."), "%s", text);
    x.n[0] = x.size = MOST + 1; // more blocks are not looked at
    for (int i = 0; i <= MOST; i++)
        mine[i] = ours[i * 7 % (MOST + 1)];
    ck_assert(!likeness_find(&x, text));
    x.n[0] = x.size = N;
    for (int i = 0; i < N; i++)
        mine[i] = ours[i % 200 * 3 + i / 200];
    ck_assert(likeness_find(&x, text));
    ck_assert_str_eq(text,
                     "Along axis 0 yours are every 3rd of our values, from the first on, then "
                     "from the second on: the order of (3, 200) where ours is that of (200, "
                     "3).");
}
END_TEST

// Where ours is NaN nothing counts, and another tensor says nothing where it has no value.
START_TEST(what_does_not_count)
{
    const double ours[] = {1, NAN, 3.5, -4, 0.3, 6.5}, mine[] = {2, 9, 7, -8, 0.6, 13};
    const double other[] = {NAN, 1, 3.5, -4, 0.3, 6.5}, factor[] = {0, 1, 2, 2, 4, 5};
    const double over[] = {77, 3, 1.75, -2, 0.075, 1.3};
    char text[LIKENESS_TEXT];
    likeness_other beside = {"other", other, false};
    likeness x = {.rank = 1, .n = {6}, .size = 6, .ours = ours, .mine = mine, .apart = 1e-6};
    ck_assert(likeness_find(&x, text));
    ck_assert_str_eq(text, "These are our values times 2.");
    const double sum[] = {7, 9, 7.01, -8.02, 0.6, 13};
    x.mine = sum;
    ck_assert(!likeness_find(&x, text));
    const double plus[] = {7, 9, 7, -8, 0.6, 13};
    x.mine = plus;
    x.others = &beside;
    x.n_others = 1;
    ck_assert(likeness_find(&x, text));
    ck_assert_str_eq(text, "These are our values plus other: it is added, or added twice.");
    beside.values = factor; // nothing is said of what would be over 0
    x.mine = over;
    ck_assert(likeness_find(&x, text));
    ck_assert_str_eq(text, "These are our values over other.");
    beside.values = mine;
    x.mine = mine;
    beside.own = true;
    ck_assert(likeness_find(&x, text));
    ck_assert_str_eq(text, "These are our values times 2.");
    beside.own = false;
    ck_assert(likeness_find(&x, text));
    ck_assert_str_eq(text, "These are the values of other.");
    const double but_one[] = {2, 5, 7, -8, 0.6, 13};
    beside.values = but_one;
    ck_assert(likeness_find(&x, text));
    ck_assert_str_eq(text, "These are the values of other.");
}
END_TEST

// What few numbers would say is not said; the largest of ours gives a factor, wherever it stands.
START_TEST(few_numbers)
{
    char text[LIKENESS_TEXT];
    double ours[6] = {1.04, 2.03, 5, 7, 11, 13}, mine[6] = {1, 2, 5, 7, 11, 13};
    likeness x = {.rank = 1, .n = {6}, .size = 6, .ours = ours, .mine = mine, .apart = 1e-6};
    ck_assert(!likeness_find(&x, text)); // two were rounded
    ours[2] = 5.01;
    ck_assert(likeness_find(&x, text));
    ck_assert_str_eq(text, "Every value is ours rounded to 0 decimals.");
    // A line is that of its two ends: three more must be on it. As many of ours may be above 0 as below.
    for (int n = 4; n <= 5; n++) {
        x.size = x.n[0] = n;
        for (int i = 0; i < n; i++) {
            ours[i] = (const double[]){-5, 5, 0.3, 1.7, -2.2}[i];
            mine[i] = 2 * ours[i] + 0.7;
        }
        ck_assert(likeness_find(&x, text) == (n == 5));
    }
    ck_assert_str_eq(text, "These are 2 times our values plus 0.7.");
    // The first is the largest, and all others are wrong by nearly as much as they may be.
    x.size = x.n[0] = 6;
    x.apart = 1e-3;
    for (int i = 0; i < 6; i++) {
        ours[i] = i ? 1 + 0.3 * i * i : 1000;
        mine[i] = 1.7 * ours[i] + (i ? 0.9e-3 : 0);
    }
    ck_assert(likeness_find(&x, text));
    ck_assert_str_eq(text, "These are our values times 1.7.");
}
END_TEST

// A product of two others is added to ours, and not to ours times some other number; and one factor in place of another
// may be wrong by twice the tolerance.
START_TEST(two_and_three_others)
{
    char text[LIKENESS_TEXT];
    const double ours[] = {1.04, 2.03, -5.1, 7.7, 11.2, -13.9}, o[] = {3, -1.2, 0.7, 2.4, 5.1, 1.9};
    const double p[] = {0.4, 1.1, 2.3, -0.6, 1.7, 2.9}, q[] = {-2.1, 0.8, 1.4, 3.6, -0.5, 1.3};
    double mine[6];
    likeness_other others[] = {{"o", o, false}, {"p", p, false}, {"q", q, false}};
    likeness x = {.rank = 1, .n = {6}, .size = 6, .ours = ours, .mine = mine, .apart = 1e-6};
    x.others = others;
    x.n_others = 2;
    for (int i = 0; i < 6; i++)
        mine[i] = ours[i] + 0.3 * o[i] * p[i];
    ck_assert(likeness_find(&x, text));
    ck_assert_str_eq(text, "These are our values plus 0.3 times o times p.");
    for (int i = 0; i < 6; i++)
        mine[i] = 1.7 * ours[i] + 0.3 * o[i] * p[i];
    ck_assert(!likeness_find(&x, text));
    x.n_others = 3;
    for (int off = 0; off < 2; off++) {
        for (int i = 0; i < 6; i++)
            mine[i] = ours[i] + p[i] * (q[i] - o[i]);
        mine[4] += off ? 2.5e-6 : 1.9e-6;
        ck_assert(likeness_find(&x, text) == !off);
        if (!off)
            ck_assert_str_eq(text, "These are our values with q in place of o, in a term times p.");
    }
}
END_TEST

// A block of which nothing counts is none of mine.
START_TEST(order_with_a_block_of_nothing)
{
    char text[LIKENESS_TEXT];
    const double ours[] = {1.1, 2.3, 3.7, NAN, NAN, NAN, 7.9, 8.2, 9.6};
    const double mine[] = {7.9, 8.2, 9.6, 1.1, 2.3, 3.7, 4.4, 5.8, 6.6};
    likeness x = {.rank = 2, .n = {3, 3}, .size = 9, .ours = ours, .mine = mine, .apart = 1e-6};
    ck_assert(!likeness_find(&x, text));
}
END_TEST

// Each row times, or plus, a number of its own; one value of each row says nothing of such a number.
START_TEST(lines)
{
    const double ours[] = {1, 2, 3.5, -4, 0.3, 6, 0, 7, -2}, row[] = {2, -0.3, 11};
    const double one_hot[] = {0, 2, 0, -4, 0, 0, 0, 0, 7};
    double mine[9];
    char text[LIKENESS_TEXT];
    likeness x = {.rank = 2, .n = {3, 3}, .size = 9, .ours = ours, .mine = mine, .apart = 1e-9};
    for (int i = 0; i < 9; i++)
        mine[i] = ours[i] * row[i / 3];
    ck_assert(likeness_lines(&x, text));
    ck_assert_str_eq(text, "These are our values times a number that is the same all along axis 1: "
                           "look at a factor that does not have it, and at what is divided by, or "
                           "normalised, over that axis.");
    for (int i = 0; i < 9; i++)
        mine[i] = ours[i] + row[i % 3];
    ck_assert(likeness_lines(&x, text));
    ck_assert_str_eq(text,
                     "These are our values plus a number that is the same all along axis 0: "
                     "look at a term that does not have it, and at what is added or taken away "
                     "over that axis.");
    mine[4] += 1e-6;
    ck_assert(!likeness_lines(&x, text));
    for (int i = 0; i < 9; i++) // ours is the same along axis 1: so is all that is made of it
        mine[i] = 1 + i / 3 * 7;
    x.ours = (double[]){3, 3, 3, -2, -2, -2, 5, 5, 5};
    ck_assert(!likeness_lines(&x, text));
    for (int i = 0; i < 9; i++) // and where half of it is
        mine[i] = (i % 3 == 2 ? 5 + i : 1 + i / 3) * row[i / 3];
    x.ours = (double[]){1, 1, 7, 2, 2, 10, 3, 3, 13};
    ck_assert(!likeness_lines(&x, text));
    x.ours = one_hot;
    for (int i = 0; i < 9; i++)
        mine[i] = one_hot[i] * row[i / 3];
    ck_assert(!likeness_lines(&x, text));
}
END_TEST

// ---- How close is close ----

// What is said of n numbers along one axis, beside one other tensor (NULL: none).
static const char *
said(int n, const double *ours, const double *mine, double apart, const double *other)
{
    static char text[LIKENESS_TEXT];
    const likeness_other beside = {"other", other, false};
    const likeness x = {.rank = 1,
                        .n = {n},
                        .size = n,
                        .ours = ours,
                        .mine = mine,
                        .apart = apart,
                        .factors = factors,
                        .others = &beside,
                        .n_others = other != NULL};
    return likeness_find(&x, text) ? text : "nothing";
}

enum { SIX = 6 };

static void
says(const char *expected, const double *ours, const double *mine, double apart)
{
    const char *text = said(SIX, ours, mine, apart, NULL);
    ck_assert_msg(strstr(text, expected) != NULL, "'%s', expected '%s'", text, expected);
}

static void
says_beside(const char *expected, const double *ours, const double *mine, double apart,
            const double *other)
{
    const char *text = said(SIX, ours, mine, apart, other);
    ck_assert_msg(strstr(text, expected) != NULL, "'%s', expected '%s'", text, expected);
}

// A value agrees if it is at most as far away as it may be; what is moved is as exact as ours.
START_TEST(limits_of_a_value)
{
    const double ours[] = {0, 8, 3, -5, 40, 21}, with_nan[] = {0, NAN, 3, -5, 40, 21};
    says("one place later", ours, (double[]){99, 0.25, 8.25, 2.75, -5, 40}, 0.25);
    says("nothing", ours, (double[]){99, 0.375, 8.25, 2.75, -5, 40}, 0.25);
    says("nothing", ours, (double[]){99, 0, 8.375, 3, -5, 40}, 0.25);
    says("in the order 2, 1, 0.", ours, (double[]){40.25, 20.75, 3, -5, 0.25, 8}, 0.25);
    says("nothing", ours, (double[]){40.375, 20.75, 3, -5, 0.25, 8}, 0.25);
    says("in the order 1, 2, 0.", with_nan, (double[]){3, -5, 40, 21, 0, 77}, 0.25);
    says("Axis 0 has 2 equal blocks, and yours are ours in the order 1, 0.", ours,
         (double[]){-5, 40, 21, 0, 8, 3}, 0.25);
    const double parts[] = {0.5, 8, 3, -5, 40, 21}; // one is repeated, but not of whole numbers
    says("in the order 2, 2, 1.", parts, (double[]){40, 21, 40, 21, 3, -5}, 0.25);
    says("nothing", ours, (double[]){40, 21, 40, 21, 3, -5}, 0.25);
    says("All values are zero.", ours, (double[]){0.25, 0, 0, -0.25, 0, 0}, 0.25);
    says("nothing", ours, (double[]){0.5, 0, 0, 0, 0, 0}, 0.25);
    // a tolerance of 0: as close as float64 can be
    says("times 1/2 (0.5).", ours, (double[]){0, 4, 1.5, -2.5, 20, 10.5}, 0);
    says("plus 0.1.", ours, (double[]){0.1, 8.1, 3.1, -4.9, 40.1, 21.1}, 0);
    says("nothing", ours, (double[]){0.1, 8.1, 3.1, -4.9, 40.1000001, 21.1}, 0);
}
END_TEST

// What multiplies ours multiplies its errors; what stands for another tensor has none of its own.
START_TEST(limits_of_a_factor)
{
    const double ours[] = {1, 7, 3, -5, 40, 21}, by[] = {4, 5, 8, 16, -4, 32};
    const double part[] = {0.25, 0.2, 0.125, -0.0625, 0.25, 0.5};
    const double small[] = {2, 1.5, 1, 2.25, 3, 0.5};
    double mine[SIX];
    says("values times 4.", ours, (double[]){4.75, 28, 12, -20, 160, 84}, 0.25);
    says("nothing", ours, (double[]){5.25, 28, 12, -20, 160, 84}, 0.25);
    for (int i = 0; i < SIX; i++)
        mine[i] = ours[i] * by[i] + (i == 3 ? 3.75 : 0);
    says_beside("times other", ours, mine, 0.25, by);
    mine[3] += 0.5;
    says_beside("nothing", ours, mine, 0.25, by);
    for (int i = 0; i < SIX; i++)
        mine[i] = ours[i] / part[i] + (i == 3 ? 3.75 : 0);
    says_beside("over other", ours, mine, 0.25, part);
    mine[3] += 0.5;
    says_beside("nothing", ours, mine, 0.25, part);
    for (int i = 0; i < SIX; i++)
        mine[i] = exp(small[i]) + (i == 3 ? 0.009 : 0);
    says_beside("exp(other)", ours, mine, 0.01, small);
    mine[3] += 0.02;
    says_beside("nothing", ours, mine, 0.01, small);
    for (int i = 0; i < SIX; i++)
        mine[i] = exp(small[i]) + (i == 4 ? 0.15 : 0); // e^3 enlarges 0.01 to 0.2
    says("exp(ours)", small, mine, 0.01);
    mine[4] += 0.1;
    says("nothing", small, mine, 0.01);
}
END_TEST

// The factor is that of the largest value, and has a name if it may be it as far as that value tells.
START_TEST(limits_of_a_name)
{
    const double ours[] = {0.01, 2, 0.5, -1, INFINITY, 0.002};
    const double odd[] = {-3, -1, -0.5, 0.5, 1, 3};
    double mine[SIX];
    says("times 6 (6.001).", ours, (double[]){0.063, 12.002, 3.001, -6.004, INFINITY, 0.015},
         0.002);
    says("nothing", ours, (double[]){0.063, 12.002, 3.001, -6.004, INFINITY, 0.015}, 1e-9);
    says("times 6 (6.25).", ours, (double[]){0.0625, 12.5, 3.125, -6.25, INFINITY, 0.0125}, 0.25);
    says("values times 6.5.", ours, (double[]){0.065, 13, 3.25, -6.5, INFINITY, 0.013}, 0.25);
    for (int i = 0; i < SIX; i++)
        mine[i] = ours[i] * (6 + 5e-6);
    says("times 6 (6).", ours, mine, 0);
    for (int i = 0; i < SIX; i++)
        mine[i] = ours[i] * (6 + 7e-6);
    says("times 6.00001.", ours, mine, 0);
    says("The sign", ours, (double[]){-0.01, -2.002, -0.5, 1, -INFINITY, -0.002}, 0.002);
    says("times -1.001.", ours, (double[]){-0.01001, -2.002, -0.5005, 1.001, -INFINITY, -0.002002},
         1e-9);
    says("The sign", (double[]){1, 2, 0.5, -1, 0.25, 1.5},
         (double[]){-1.25, -2.5, -0.625, 1.25, -0.3125, -1.875}, 0.25);
    says("times 6 (6.001).", (double[]){2, 0.01, 0.5, -1, 0.25, 0.75},
         (double[]){12.002, 0.063, 3.001, -6.001, 1.5, 4.5}, 0.002); // the first
    for (int i = 0; i < SIX; i++) // reversed, too, which is less certain
        mine[i] = -odd[i];
    says("The sign", odd, mine, 1e-9);
}
END_TEST

// Something is said of more than half of the values, and of at least three numbers, which are more than twice apart.
START_TEST(limits_of_counting)
{
    const double ours[] = {1.5, 7, 3, -5, 40, 21}, mine[] = {3.5, 11, 9, 0, 0, 0};
    const double three[] = {2, 4, 6, NAN, NAN, NAN}, two[] = {1, 1, 2, 2, 1, 2};
    const double close[] = {1, 1.5, 4, 1, 1.5, 4}, wide[] = {1, 1.75, 4, 1, 1.75, 4};
    ck_assert_str_eq(said(5, ours, mine, 1e-9, three),
                     "These are our values plus other: it is added, or added twice.");
    ck_assert_str_eq(said(6, ours, mine, 1e-9, three), "nothing");
    says_beside("nothing", ours, two, 1e-9, two);
    says("nothing", close, (double[]){3, 4.5, 12, 3, 4.5, 12}, 0.25);
    says("times 3.", wide, (double[]){3, 5.25, 12, 3, 5.25, 12}, 0.25);
    // NaN and infinite values: some of them, and not where ours are
    says("1 of 6 values are not finite: nan first, number 2", ours,
         (double[]){1, 7, NAN, -5, 40, 21}, 1);
    says("nothing", ours, (double[]){NAN, NAN, NAN, NAN, NAN, NAN}, 1);
    says("nothing", (double[]){1, INFINITY, 3, NAN, 7, 9}, (double[]){1, INFINITY, 3, NAN, 7, 9},
         1);
}
END_TEST

// A line's number is that of its largest value; what it enlarges is twice as uncertain, for it has an error of its own.
START_TEST(limits_of_lines)
{
    enum { ROWS = 5, COLUMNS = 3 };
    const double column[] = {2, -4, 11};
    double ours[ROWS * COLUMNS], mine[ROWS * COLUMNS];
    char text[LIKENESS_TEXT];
    likeness x = {.rank = 2,
                  .n = {ROWS, COLUMNS},
                  .size = ROWS * COLUMNS,
                  .ours = ours,
                  .mine = mine,
                  .apart = 0.01};
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        bool middle = i >= COLUMNS && i < (ROWS - 1) * COLUMNS;
        ours[i] = middle ? 1.5 * i * i - 17 * i + 3 : 0;
        mine[i] = ours[i] * column[i % COLUMNS];
    }
    ck_assert(likeness_lines(&x, text) && strstr(text, "times a number"));
    mine[1] = 0.07; // that is less than 2 * 4 * 0.01
    ck_assert(likeness_lines(&x, text) && strstr(text, "times a number"));
    mine[1] = 0.1;
    ck_assert(!likeness_lines(&x, text));
    mine[1] = 77;
    ours[0] = ours[1] = NAN; // does not count
    ck_assert(likeness_lines(&x, text) && strstr(text, "times a number"));
    for (int i = 0; i < ROWS * COLUMNS; i++)
        mine[i] = ours[i] + column[i % COLUMNS] + (i == 2 ? 0.015 : 0);
    ck_assert(likeness_lines(&x, text) && strstr(text, "plus a number"));
    mine[2] += 0.01;
    ck_assert(!likeness_lines(&x, text));
    // two values are no line, and eight axes are the most
    likeness deep = {.rank = 8,
                     .n = {1, 2, 1, 1, 2, 1, 1, 2},
                     .size = 8,
                     .ours = ours + 3,
                     .mine = mine,
                     .apart = 0.01};
    for (int i = 0; i < 8; i++)
        mine[i] = ours[i + 3] * (i + 2);
    ck_assert(!likeness_lines(&deep, text));
    ck_assert(!likeness_find(&deep, text));
}
END_TEST

// What other tensors o and p make: each way, and its sentence.
START_TEST(beside_others)
{
    enum { N = 6 };
    static const char *const says[] = {
        "These are the values of o.",
        "These are our values less o: it is left out, or taken away once more.",
        "These are our values plus p: it is added, or added twice.",
        "These are our values times o.",
        "These are our values over p.",
        "These are our values times (1 - o).",
        "These are our values over (1 - o^2).",
        "These are our values over p (1 - p).",
        "These are 1 - ours.",
        "These are ours^2.",
        "These are sqrt(ours).",
        "These are 1/ours.",
        "These are exp(ours).",
        "These are log(o).",
        "These are tanh(o).",
        "These are sigmoid(p).",
        "These are max(p, 0).",
        "These are |p|.",
        "These are min(p, 1).",
        "These are 2 y/(1 + y) of ours.",
        "These are log(1 + exp(o)).",
        "These are sigmoid(y) y of p.",
        "These are p cut to -1 and 1.",
        "These are tanh(y/2) of p.",
        "These are 1 + p.",
        "These are 2^ours.",
        "Every value is ours rounded to 0 decimals.",
        "These are o times p.",
        "These are o plus p.",
        "These are our values with the term o replaced by p.",
        "These are our values with the factor p replaced by o.",
        "These are our values less o times p.",
        "These are our values plus o times p.",
        "These are our values times (1 + o)/(1 - o).",
        "These are our values over (1 + p^2)/(1 - p^2).",
        "These are our values times tanh(p).",
        "These are tanh(o) times p.",
        "These are our values plus (1 - o) times p.",
        "These are our values less o (1 - o) times p.",
        "These are our values over (n + 2), where n counts along axis 0 from 0.",
        "These are our values times sqrt(2 n + 1), where n counts along axis 0 from 0.",
        "These are our values times -(-1)^n, where n counts along axis 0 from 0.",
        "These are rate (0.37) times o.",
        "These are our values plus -rate (-0.37) times p.",
        "These are 0.75 times our values plus -1.75 times o.",
        "These are 1.6 times o times p.",
        "These are rate (0.37) times ours^2.",
        "These are -1 times ours^2.",
        "These are rate (0.37) times exp(p).",
        "These are our values plus 1.6 times o times o.",
        "These are our values with 1.6 times p in place of o.",
        "These are our values with rate (0.37) times o in place of p.",
        "These are -1.6 times our values plus 0.3.",
        "These are our values with p in place of o, in a term times p.",
        "These are our values with p in place of (1 - o), in a term times p.",
        "These are our values with (1 - p) in place of o, in a term times p."};
    const double ours[N] = {0.3, 1.7, 2.9, 0.8, 4.1, 2.2}, o[N] = {0.2, 0.6, 0.35, 0.7, 0.9, 0.15};
    const double p[N] = {1.3, -0.4, 2.6, -1.1, 0.45, 3.3};
    const likeness_other others[] = {{"o", o, false}, {"p", p, false}};
    const likeness_factor known[] = {{0.37, "rate"}, {0, ""}};
    enum { WAYS = sizeof says / sizeof *says };
    double mine[N];
    likeness x = {.rank = 1,
                  .n = {N},
                  .size = N,
                  .ours = ours,
                  .mine = mine,
                  .apart = 1e-7,
                  .factors = known,
                  .others = others,
                  .n_others = 2};
    for (int way = 0; way < WAYS; way++) {
        for (int i = 0; i < N; i++) {
            double y = ours[i], a = o[i], b = p[i];
            const double made[WAYS] = {a,
                                       y - a,
                                       y + b,
                                       y * a,
                                       y / b,
                                       y * (1 - a),
                                       y / (1 - a * a),
                                       y / (b * (1 - b)),
                                       1 - y,
                                       y * y,
                                       sqrt(y),
                                       1 / y,
                                       exp(y),
                                       log(a),
                                       tanh(a),
                                       1 / (1 + exp(-b)),
                                       b > 0 ? b : 0,
                                       fabs(b),
                                       b < 1 ? b : 1,
                                       2 * y / (1 + y),
                                       log(1 + exp(a)),
                                       b / (1 + exp(-b)),
                                       b < -1  ? -1
                                       : b > 1 ? 1
                                               : b,
                                       tanh(b / 2),
                                       1 + b,
                                       pow(2, y),
                                       nearbyint(y * 1.01),
                                       a * b,
                                       a + b,
                                       y - a + b,
                                       y / b * a,
                                       y - a * b,
                                       y + a * b,
                                       y * (1 + a) / (1 - a),
                                       y / (1 + b * b) * (1 - b * b),
                                       y * tanh(b),
                                       tanh(a) * b,
                                       y + (1 - a) * b,
                                       y - a * (1 - a) * b,
                                       y / (i + 2),
                                       y * sqrt(2 * i + 1),
                                       i % 2 ? y : -y,
                                       0.37 * a,
                                       y - 0.37 * b,
                                       0.75 * y - 1.75 * a,
                                       1.6 * a * b,
                                       0.37 * y * y,
                                       -y * y,
                                       0.37 * exp(b),
                                       y + 1.6 * a * a,
                                       y + 1.6 * (b - a),
                                       y + 0.37 * (a - b),
                                       0.3 - 1.6 * y,
                                       y - a * b + b * b,
                                       y - (1 - a) * b + b * b,
                                       y - a * b + (1 - b) * b};
            mine[i] = made[way];
        }
        char text[LIKENESS_TEXT] = "nothing";
        ck_assert_msg(likeness_find(&x, text), "nothing for '%s'", says[way]);
        ck_assert_str_eq(text, says[way]);
        mine[3] += 1e-4; // and nothing of one that is a little off
        ck_assert_msg(!likeness_find(&x, text), "'%s' for a value off from '%s'", text, says[way]);
    }
}
END_TEST

// Every function of another tensor, every slope as a factor and below, every factor that goes with the place.
START_TEST(all_forms)
{
    static const struct {
        const char *says;
        int kind; // a function (0), a factor of y (1), a factor of n (2)
    } all[] = {{"1 - other", 0},
               {"other^2", 0},
               {"sqrt(other)", 0},
               {"1/other", 0},
               {"exp(other)", 0},
               {"log(other)", 0},
               {"tanh(other)", 0},
               {"sigmoid(other)", 0},
               {"max(other, 0)", 0},
               {"min(other, 1)", 0},
               {"2 y/(1 + y) of other", 0},
               {"|other|", 0},
               {"log(1 + exp(other))", 0},
               {"sigmoid(y) y of other", 0},
               {"other cut to -1 and 1", 0},
               {"tanh(y/2) of other", 0},
               {"1 + other", 0},
               {"2^other", 0},
               {"other.", 1},
               {"(1 - other).", 1},
               {"(1 - other^2).", 1},
               {"other (1 - other).", 1},
               {"(1 + other).", 1},
               {"(1 + other)/(1 - other).", 1},
               {"(1 + other^2)/(1 - other^2).", 1},
               {"tanh(other).", 1},
               {"n, ", 2},
               {"(n + 1), ", 2},
               {"(n + 2), ", 2},
               {"(2 n + 1), ", 2},
               {"sqrt(n + 1), ", 2},
               {"sqrt(2 n + 1), ", 2},
               {"(-1)^n, ", 2},
               {"-(-1)^n, ", 2}};
    enum { ALL = sizeof all / sizeof *all, ROWS = 5, COLUMNS = 4, N = ROWS * COLUMNS };
    double ours[N], o[N], mine[N];
    char text[LIKENESS_TEXT], expected[120];
    rng noise = rng_at(4, 4);
    const likeness_other other = {"other", o, false};
    const likeness x = {.rank = 2,
                        .n = {ROWS, COLUMNS},
                        .size = N,
                        .ours = ours,
                        .mine = mine,
                        .apart = 1e-9,
                        .others = &other,
                        .n_others = 1};
    for (int way = 0; way < 2; way++) // times and over, along axes 0 and 1
        for (int f = 0; f < ALL; f++) {
            if ((all[f].kind == 0 && way) || (way && strstr(all[f].says, "(-1)^n")))
                continue;
            for (int i = 0; i < N; i++) {
                double n = way ? i % COLUMNS : i / COLUMNS, y;
                bool is_signed = f == 0 || f == 1 || (f >= 6 && f != 10);
                ours[i] = rng_normal(&noise) + 3;
                o[i] = y = is_signed ? 1.3 * rng_normal(&noise) : 0.1 + fabs(rng_normal(&noise));
                const double made[ALL] = {1 - y,
                                          y * y,
                                          sqrt(y),
                                          1 / y,
                                          exp(y),
                                          log(y),
                                          tanh(y),
                                          1 / (1 + exp(-y)),
                                          y > 0 ? y : 0,
                                          y < 1 ? y : 1,
                                          2 * y / (1 + y),
                                          fabs(y),
                                          log(1 + exp(y)),
                                          y / (1 + exp(-y)),
                                          y < -1  ? -1
                                          : y > 1 ? 1
                                                  : y,
                                          tanh(y / 2),
                                          1 + y,
                                          pow(2, y),
                                          y,
                                          1 - y,
                                          1 - y * y,
                                          y * (1 - y),
                                          1 + y,
                                          (1 + y) / (1 - y),
                                          (1 + y * y) / (1 - y * y),
                                          tanh(y),
                                          n,
                                          n + 1,
                                          n + 2,
                                          2 * n + 1,
                                          sqrt(n + 1),
                                          sqrt(2 * n + 1),
                                          i / COLUMNS % 2 ? -1 : 1,
                                          i / COLUMNS % 2 ? 1 : -1};
                bool over = all[f].kind == 1 ? way == 1 : false;
                mine[i] = all[f].kind == 0 ? made[f] : over ? ours[i] / made[f] : ours[i] * made[f];
            }
            ck_assert_msg(likeness_find(&x, text), "nothing for %s, way %d", all[f].says, way);
            if (all[f].kind == 2)
                snprintf(expected, sizeof expected, "values times %swhere n counts along axis %d",
                         all[f].says, way);
            else
                snprintf(expected, sizeof expected, "%s%s",
                         all[f].kind == 0 ? "are "
                         : way            ? "values over "
                                          : "values times ",
                         all[f].says);
            ck_assert_msg(strstr(text, expected) != NULL, "'%s', expected '%s'", text, expected);
            if (all[f].kind < 2 || way || strstr(all[f].says, "(-1)^n") || all[f].says[0] == 'n')
                continue;
            for (int i = 0; i < N; i++) // over it
                mine[i] = ours[i] * ours[i] / mine[i];
            ck_assert(likeness_find(&x, text));
            snprintf(expected, sizeof expected, "values over %swhere n counts along axis 0",
                     all[f].says);
            ck_assert_msg(strstr(text, expected) != NULL, "'%s', expected '%s'", text, expected);
        }
}
END_TEST

// What is made of others alone may stand where ours is one number, or none that differs.
START_TEST(others_alone)
{
    const double zeros[SIX] = {0}, ours[] = {1, 7, 3, -5, 40, 21}, o[] = {2, -1, 5, 0.25, 7, 1.5};
    double mine[SIX];
    for (int i = 0; i < SIX; i++)
        mine[i] = 1.6 * o[i];
    says_beside("These are the values of other.", zeros, o, 1e-9, o);
    says_beside("These are 1.6 times other.", zeros, mine, 1e-9, o);
    for (int i = 0; i < SIX; i++)
        mine[i] = exp(o[i]);
    says_beside("These are exp(other).", zeros, mine, 1e-9, o);
    for (int i = 0; i < SIX; i++)
        mine[i] = 2 * o[i];
    says_beside("These are other plus other.", zeros, mine, 1e-9, o);
    for (int i = 0; i < SIX; i++)
        mine[i] = o[i] * o[i] + ours[i];
    says_beside("our values plus other times other", ours, mine, 1e-9, o);
    mine[2] += 1; // one is otherwise: nothing, if none may be
    says_beside("nothing", ours, mine, 1e-9, o);
    char text[LIKENESS_TEXT];
    likeness x = {.rank = 1,
                  .n = {SIX},
                  .size = SIX,
                  .ours = ours,
                  .mine = mine,
                  .apart = 1e-9,
                  .exceptions = 1};
    for (int i = 0; i < SIX; i++)
        mine[i] = 3 * ours[i] + (i == 2);
    ck_assert(likeness_find(&x, text));
    ck_assert_str_eq(text, "These are our values times 3.");
    mine[3] += 1;
    ck_assert(!likeness_find(&x, text));
}
END_TEST

// Facts of what deviates: it is one number in mine, in ours, or in both.
START_TEST(one_number)
{
    const double ours[] = {1, 0, 0, 0, 5, NAN};
    char text[LIKENESS_TEXT];
    double mine[SIX];
    likeness x = {.rank = 1, .n = {SIX}, .size = SIX, .ours = ours, .mine = mine, .apart = 0.25};
    const struct {
        double mine[SIX];
        const char *says;
    } all[] = {{{1, 2, 2, 2, 5.25, 7}, "All 3 values that deviate are 2 where ours are 0."},
               {{-1, 0, -1, -1, -1, 7}, "All 4 values that deviate are -1 in yours."},
               {{1, 2, 3, 4, 5, 7}, "All 3 values that deviate are 0 in ours."},
               {{1, 2, 2, 0.25, 5, 7}, "nothing"},
               {{1, 2, 2, 3, 6, 7}, "nothing"},
               {{9, 2, 7, 3, 6, 7}, "nothing"},
               {{1, 0, 0, 0, 5, 7}, "nothing"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        memcpy(mine, all[i].mine, sizeof mine);
        ck_assert_str_eq(likeness_same(&x, text) ? text : "nothing", all[i].says);
    }
    x.ours = (double[]){0, 0, 0, 0, 0, NAN}; // all of ours is that number
    memcpy(mine, all[2].mine, sizeof mine);
    ck_assert(!likeness_same(&x, text));
}
END_TEST

// Rounded to decimals: at least three numbers that deviate are so, and none is otherwise.
START_TEST(decimals)
{
    const double ours[] = {0.123, 4.567, 3.141, -2.718, 100.006, 1};
    says("Every value is ours rounded to 1 decimal.", ours, (double[]){0.1, 4.6, 3.1, -2.7, 100, 1},
         1e-9);
    says("Every value is ours rounded to 2 decimals.", ours,
         (double[]){0.12, 4.57, 3.14, -2.72, 100.01, 1}, 1e-9);
    says("nothing", ours, (double[]){0.12, 4.57, 3.15, -2.72, 100.01, 1}, 1e-9);
    says("nothing", ours, (double[]){0.12, 4.567, 3.141, -2.72, 100.006, 1}, 1e-9);
    says("nothing", ours, ours, 1e-9);
    says("nothing", (double[]){0.1234567891, 4.5678912345, 3.1415926537, 1, 2, 3},
         (double[]){0.123456789, 4.567891235, 3.141592654, 1, 2, 3}, 1e-12);
    // whole numbers with few bits are no rounded ones
    says("nothing", (double[]){257, 513, 1027, 5, 2051, 7}, (double[]){256, 512, 1024, 5, 2048, 7},
         1e-9);
    says("rounded to bfloat16", (double[]){257, 513, 1027, 5.01, 2051, 7},
         (double[]){256, 512, 1024, 5, 2048, 7}, 1e-9);
    says("rounded to 8 decimals.", (double[]){0.1234567891, 4.5678912345, 3.1415926537, 1, 2, 3},
         (double[]){0.12345679, 4.56789123, 3.14159265, 1, 2, 3}, 1e-12);
    says("Every value is ours rounded to 2 decimals.",
         (double[]){0.125, 4.567, 3.141, NAN, 100.006, 1},
         (double[]){0.13, 4.57, 3.14, 77, 100.01, 1}, 1e-9);
}
END_TEST

// A transposition is told of the axes that are longer than 1.
START_TEST(single_axes)
{
    double ours[9], mine[9];
    char text[LIKENESS_TEXT];
    likeness x = {
        .rank = 4, .n = {1, 1, 3, 3}, .size = 9, .ours = ours, .mine = mine, .apart = 1e-9};
    for (int i = 0; i < 9; i++) {
        ours[i] = 1.3 * i * i - 7;
        mine[i % 3 * 3 + i / 3] = ours[i];
    }
    ck_assert(likeness_find(&x, text));
    ck_assert_msg(strstr(text, "axes 2 and 3 exchanged") != NULL, "%s", text);
    memcpy(x.n, (int[]){3, 1, 1, 3}, 4 * sizeof(int)); // and else of any
    ck_assert(likeness_find(&x, text));
    ck_assert_msg(strstr(text, "axes 0 and 3 exchanged") != NULL, "%s", text);
    memcpy(x.n, (int[]){1, 3, 1, 3}, 4 * sizeof(int));
    ck_assert(likeness_find(&x, text));
    ck_assert_msg(strstr(text, "axes 1 and 3 exchanged") != NULL, "%s", text);
}
END_TEST

// A sum's numbers come from the largest term and what tells most beside it, and what they enlarge is less certain.
START_TEST(limits_of_sums)
{
    const double ours[] = {1, 7, 3, -5, 40, 21, INFINITY}, o[] = {2, -1, 5, 0.25, 8, 1.5, 3};
    double mine[SIX + 1];
    for (int i = 0; i < SIX; i++)
        mine[i] = ours[i] + 2.5 * o[i] + (i == 1 ? 0.015 : 0);
    mine[SIX] = 99; // nothing is said of it
    ck_assert_str_eq(said(SIX + 1, ours, mine, 0.01, o),
                     "These are our values plus 2.5 times other.");
    mine[1] += 0.01;
    ck_assert_str_eq(said(SIX, ours, mine, 0.01, o), "nothing");
    for (int i = 0; i < SIX; i++) // the largest term is the first
        mine[i] = 0.75 * ours[i] + 2.5 * o[SIX - 2 - i < 0 ? SIX - 1 : SIX - 2 - i];
    const double turned[] = {8, 0.25, 5, -1, 2, 1.5, 3};
    mine[SIX] = INFINITY;
    ck_assert_str_eq(said(SIX + 1, ours, mine, 1e-9, turned),
                     "These are 0.75 times our values plus 2.5 times other.");
    for (int i = 0; i < SIX; i++)
        mine[i] = ours[i] + 2.5 * turned[i];
    ck_assert_str_eq(said(SIX + 1, ours, mine, 1e-9, turned),
                     "These are our values plus 2.5 times other.");
    const double none[SIX] = {0};
    ck_assert_str_eq(said(SIX, ours, mine, 0.01, none), "nothing"); // a term of zeros says nothing
}
END_TEST

// A part is a tensor of its own.
START_TEST(parts)
{
    const double ours[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const double mine[] = {1, 2, 3, 4, -5, -6, 7, 8, 9, 10, -11, -12};
    likeness_other other = {"other", mine, false};
    likeness x = {.rank = 3,
                  .n = {2, 3, 2},
                  .size = 12,
                  .ours = ours,
                  .mine = mine,
                  .apart = 1e-6,
                  .others = &other,
                  .n_others = 1};
    const double expected[] = {5, 6, 11, 12};
    likeness part = likeness_part(&x, 1, 2, 3);
    ck_assert_int_eq(part.size, 4);
    ck_assert_int_eq(part.n[1], 1);
    for (int i = 0; i < 4; i++) {
        ck_assert_double_eq(part.ours[i], expected[i]);
        ck_assert_double_eq(part.mine[i], -part.ours[i]);
        ck_assert_double_eq(part.others[0].values[i], part.mine[i]);
    }
    likeness_free(&part);
    double later[12];
    for (int i = 0; i < 12; i++)
        later[i] = i < 6 ? NAN : i;
    other.values = later; // says nothing of the first half
    part = likeness_part(&x, 0, 1, 2);
    ck_assert_int_eq(part.n_others, 1);
    likeness_free(&part);
    part = likeness_part(&x, 0, 0, 1);
    ck_assert_int_eq(part.n_others, 0);
    ck_assert_int_eq(part.size, 6);
    ck_assert_double_eq(part.ours[5], 6);
    likeness_free(&part);
}
END_TEST

TEST_MAIN("likeness", random_tensors, every_case, nothing_named, sentences, long_orders,
          what_does_not_count, few_numbers, two_and_three_others, order_with_a_block_of_nothing,
          lines, limits_of_a_value, limits_of_a_factor, limits_of_a_name, limits_of_counting,
          limits_of_lines, beside_others, all_forms, others_alone, single_axes, one_number,
          decimals, limits_of_sums, parts)
