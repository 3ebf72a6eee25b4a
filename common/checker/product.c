#include "checker/product.h"

#include "files/escape.h"
#include "files/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 1 << 14, STEPS = 1 << 20 };

// A tensor as matrices: value [b, i, j] is at[b * batch + i * row + j * column].
typedef struct {
    const double *at;
    long n, rows, columns, batch, row, column; // n matrices
} matrices;

// The last two axes as matrices; or all but the last as rows of one.
static matrices
matrices_of(const entry *e, const double *at, bool is_flat)
{
    int last = e->ours.n[e->ours.rank - 1], before = e->ours.n[e->ours.rank - 2];
    long rows = is_flat ? e->ours.size / last : before;
    return (matrices){at, e->ours.size / last / rows, rows, last, rows * last, last, 1};
}

static matrices
transposed(matrices m)
{
    return (matrices){m.at, m.n, m.columns, m.rows, m.batch, m.column, m.row};
}

static double
value(const matrices *m, long b, long i, long j)
{
    double v = m->at[b * m->batch + i * m->row + j * m->column];
    return isnan(v) ? 0 : v;
}

// Up to three values that are more than `apart` apart.
static bool
note(double different[3], int *n, double v, double apart)
{
    int k = 0;
    while (k < *n && fabs(different[k] - v) > apart)
        k++;
    if (k == *n && k < 3)
        different[(*n)++] = v;
    return *n == 3;
}

// Whether mine is a number times the product; the number is that of the product's largest value.
static bool
is_product(const entry *e, const matrices *a, const matrices *b, double *product, double *factor)
{
    const matrices mine = matrices_of(e, e->mine, false);
    if (a->n != mine.n || b->n != mine.n || a->rows != mine.rows || b->columns != mine.columns ||
        a->columns != b->rows || e->ours.size * a->columns > STEPS)
        return false;
    long top = 0, i = 0;
    for (long m = 0; m < mine.n; m++)
        for (long row = 0; row < mine.rows; row++)
            for (long column = 0; column < mine.columns; column++, i++) {
                product[i] = 0;
                for (long k = 0; k < a->columns; k++)
                    product[i] += value(a, m, row, k) * value(b, m, k, column);
                if (!isnan(e->ours.values[i]) && !(fabs(product[i]) <= fabs(product[top])))
                    top = i;
            }
    double different[3], apart = 8 * e->apart;
    int n = 0;
    *factor = e->mine[top] / product[top];
    for (i = 0; i < e->ours.size; i++) {
        if (isnan(e->ours.values[i]) || i == top)
            continue;
        if (!(fabs(e->mine[i] - *factor * product[i]) <= apart))
            return false;
        if (!reference_agrees(e, i))
            note(different, &n, e->mine[i], 2 * apart);
    }
    return n == 3 && isfinite(*factor) && *factor != 0;
}

static bool
is_matrix(const entry *e)
{
    return e->ours.rank >= 2 && e->ours.size > 0 && e->ours.size <= VALUES;
}

bool
product_print(const reference *r, const entry *e, const char *before)
{
    static const char *const turned[] = {"", " transposed"};
    bool found = false;
    if (!is_matrix(e))
        return false;
    double *product = memory_zeroed(e->ours.size, sizeof *product, "a product"), factor;
    for (const entry *o = r->all; o < r->all + r->n && !found; o++)
        for (const entry *p = r->all; p < r->all + r->n && !found; p++)
            for (int way = 0; way < 8 && is_matrix(o) && is_matrix(p) && o != e && p != e && !found;
                 way++) {
                matrices a = matrices_of(o, o->ours.values, way & 4),
                         b = matrices_of(p, p->ours.values, way & 4);
                a = way & 1 ? transposed(a) : a;
                b = way & 2 ? transposed(b) : b;
                found = is_product(e, &a, &b, product, &factor);
                if (!found)
                    continue;
                printf("  %sThese are the matrix product of %s%s and", before, escape(o->name),
                       turned[way & 1]);
                printf(" %s%s", escape(p->name), turned[way / 2 & 1]);
                printf(fabs(factor - 1) < 1e-6 ? ".\n" : ", times %.6g.\n", factor);
            }
    free(product);
    return found;
}
