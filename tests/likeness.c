// What deviating numbers look like: every measure is made on every tensor of every chapter's cases, and that one is
// named and no other.
#include "checker/likeness.h"

#include "files/npy.h"
#include "files/table.h"
#include "test.h"

#include <glob.h>
#include <math.h>

enum { KINDS = 13 };

// How each kind's sentence begins or what it holds.
static const char *const sentence[KINDS] = {
    "not finite",      "rounded to float16", "rounded to bfloat16", "exchanged", "reversed",
    "one place later", "one place earlier",  "equal blocks",        "times -1",  "times 2 (2)",
    "times sqrt(",     "values plus",        "wrong from step"};

static double
to_bits(double x, int bits)
{
    int exponent;
    double part = frexp(x, &exponent);
    return ldexp(nearbyint(ldexp(part, bits)), exponent - bits);
}

// Value i of ours after deviation `kind` along this axis; *from: what is read there, when values only move.
static bool
deviate(int kind, const likeness *x, int axis, double *mine)
{
    long inner = 1;
    for (int a = axis + 1; a < x->rank; a++)
        inner *= x->n[a];
    int n = x->n[axis], next = axis + 1 < x->rank ? x->n[axis + 1] : 0;
    if ((kind >= 4 && kind <= 7 && n < 3) || (kind == 3 && (next < 2 || n < 2)) ||
        (kind == 12 && x->rank < 1))
        return false;
    for (long i = 0; i < x->size; i++) {
        long at = i / inner % n;
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
        case 10: mine[i] = sqrt(7) * x->ours[i]; break;
        case 11: mine[i] = x->ours[i] + 0.37; break;
        default: mine[i] = x->ours[i] + (at >= n / 2 ? 0.3 + 0.01 * (double)(i % 7) : 0);
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
    char text[LIKENESS_TEXT];
    double *mine = malloc(x.size * sizeof *mine);
    ck_assert_ptr_nonnull(mine);
    x.mine = mine;
    x.lengths = (const int[]){7, 0};
    x.timed = 1;
    tensors++;
    for (int axis = 0; axis < x.rank; axis++)
        for (int kind = 0; kind < KINDS; kind++) {
            if (!deviate(kind, &x, axis, mine) || same(&x, x.ours, mine) || (kind == 12 && axis))
                continue;
            if (kind == 12 && x.n[0] < 2)
                continue;
            ck_assert_msg(likeness_find(&x, text), "%s, axis %d: no measure for '%s'", name, axis,
                          sentence[kind]);
            ck_assert_msg(strstr(text, sentence[kind]) || is_both(&x, text),
                          "%s, axis %d: '%s' for '%s'", name, axis, text, sentence[kind]);
            named++;
        }
    free(mine);
}

static void
check_case(const char *path)
{
    char folder[512], file[1024];
    table_data t = table_read(path);
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    for (int r = 0; r < t.rows; r++) {
        char **cell = t.cells + r * t.columns;
        double tolerance = table_number(&t, r, table_column(&t, "tolerance"));
        if (*cell[table_column(&t, "of")] || tolerance == 0)
            continue;
        snprintf(file, sizeof file, "%s/%s", folder, cell[table_column(&t, "file")]);
        npy a = npy_read(file);
        double largest = 1;
        for (long i = 0; i < a.size; i++)
            largest = isfinite(a.values[i]) ? fmax(largest, fabs(a.values[i])) : largest;
        likeness x = {
            .rank = a.rank, .size = a.size, .ours = a.values, .apart = tolerance * largest};
        memcpy(x.n, a.n, sizeof x.n);
        if (a.size <= 1000 && is_telling(&x))
            check_tensor(x, file);
        npy_free(&a);
    }
    table_free(&t);
}

START_TEST(every_case)
{
    glob_t found;
    ck_assert_int_eq(glob("chapters/*/reference/*/manifest.tsv", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        check_case(found.gl_pathv[i]);
    globfree(&found);
    ck_assert_int_gt(tensors, 100);
    ck_assert_int_gt(named, 10 * tensors);
}
END_TEST

// What is none of them gets no name; one number says little.
START_TEST(nothing_named)
{
    const double ours[] = {1, 2, 3.5, -4, 0.3, 6}, mine[] = {1, 2.1, 3.3, 7, 0.31, 5};
    const double one = 2.5, other = 3.1, twice = 5;
    char text[LIKENESS_TEXT];
    likeness x = {2, {2, 3}, 6, ours, mine, 1e-6, 0, NULL},
             scalar = {0, {0}, 1, &one, &other, 1e-6, 0, NULL};
    ck_assert(!likeness_find(&x, text));
    ck_assert(!likeness_find(&scalar, text));
    scalar.mine = &twice;
    ck_assert(likeness_find(&scalar, text));
    ck_assert_str_eq(text, "These are our values times 2 (2).");
}
END_TEST

static void
is(const double *mine, int timed, const char *expected)
{
    static const double ours[] = {1, 2, 3.5, -4, 0.3, 6.5};
    static const int lengths[] = {6, 16, 0};
    char text[LIKENESS_TEXT];
    likeness x = {2, {3, 2}, 6, ours, mine, 1e-6, timed, lengths};
    ck_assert_msg(likeness_find(&x, text), "nothing for '%s'", expected);
    ck_assert_str_eq(text, expected);
}

START_TEST(sentences)
{
    is((double[]){4, 8, 14, -16, 1.2, 26}, 0, "These are our values times 4 (4).");
    is((double[]){-1, -2, -3.5, 4, -0.3, -6.5}, 0,
       "The sign is the other one: these are our values times -1.");
    is((double[]){-6, -12, -21, 24, -1.8, -39}, 0, "These are our values times -6 (-6).");
    is((double[]){1.2, 2.4, 4.2, -4.8, 0.36, 7.8}, 0,
       "These are our values times 6/(6 - 1) (1.2).");
    is((double[]){1.7, 3.4, 5.95, -6.8, 0.51, 11.05}, 0, "These are our values times 1.7.");
    is((double[]){0.5, 1, 1.75, -2, 0.15, 3.25}, 0, "These are our values times 1/2 (0.5).");
    is((double[]){1.25, 2.25, 3.75, -3.75, 0.55, 6.75}, 0, "These are our values plus 0.25.");
    is((double[]){1, 2, 3.5, -4, 9, 9}, 1, "Right up to step 1, wrong from step 2 on.");
    is((double[]){9, 9, 8, 7, 0.3, 6.5}, -1,
       "Right from step 2 on, which are computed first; wrong before.");
    is((double[]){1, 3.5, 0.3, 2, -4, 6.5}, 0,
       "These are our values with axes 0 and 1 exchanged: a transposition too many, or one too "
       "few.");
    is((double[]){3.5, -4, 0.3, 6.5, 1, 2}, 0,
       "Along axis 0 these are our values one place earlier: value t of yours is value t + 1 of "
       "ours.");
    is((double[]){9, 9, 1, 2, 3.5, -4}, 0,
       "Along axis 0 these are our values one place later: value t of yours is value t - 1 of "
       "ours.");
    is((double[]){0.3, 6.5, 3.5, -4, 1, 2}, 0, "These are our values with axis 0 reversed.");
    is((double[]){3.5, -4, 1, 2, 0.3, 6.5}, 0,
       "Axis 0 has 3 equal blocks, and yours are ours in the order 1, 0, 2.");
    is((double[]){1, INFINITY, 3.5, -4, NAN, 6.5}, 0,
       "2 of 6 values are not finite: inf first, number 1 in C order.");
}
END_TEST

TEST_MAIN("likeness", every_case, nothing_named, sentences)
