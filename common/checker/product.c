#include "checker/product.h"

#include "files/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 1 << 20, PRODUCTS = 256, MINE = 1 << 12 };

// A tensor as matrices: value [b, i, j] is at[b * batch + i * row + j * column].
typedef struct {
    const double *at;
    long n, rows, columns, batch, row, column; // n matrices
} matrices;

// The last two axes as matrices, what has one axis as a row; or all but the last axis as rows of one.
static matrices
matrices_of(const double *at, int rank, const int *n, bool is_flat)
{
    long size = 1, columns = n[rank - 1], before = rank > 1 ? n[rank - 2] : 1;
    for (int a = 0; a < rank; a++)
        size *= n[a];
    long rows = is_flat ? size / columns : before;
    return (matrices){at, size / columns / rows, rows, columns, rows * columns, columns, 1};
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

// Whether the product has the shape of mine.
static bool
fits(const matrices *mine, const matrices *a, const matrices *b)
{
    return a->n == mine->n && b->n == mine->n && a->rows == mine->rows &&
           b->columns == mine->columns && a->columns == b->rows &&
           mine->n * mine->rows * mine->columns * a->columns <= STEPS;
}

static double *
multiply(const matrices *a, const matrices *b)
{
    double *product = memory_zeroed(a->n * a->rows * b->columns, sizeof *product, "a product"),
           *at = product;
    for (long m = 0; m < a->n; m++)
        for (long i = 0; i < a->rows; i++)
            for (long j = 0; j < b->columns; j++, at++)
                for (long k = 0; k < a->columns; k++)
                    *at += value(a, m, i, k) * value(b, m, k, j);
    return product;
}

// Adds the products of o and p that have the shape of mine.
static void
add_products(beside_others *list, const matrices *mine, const beside_piece *o,
             const beside_piece *p)
{
    static const char *const turned[] = {"", " transposed"};
    for (int way = 0; way < 8 && list->n < PRODUCTS; way++) {
        matrices a = matrices_of(o->values, o->rank, o->n, way & 4),
                 b = matrices_of(p->values, p->rank, p->n, way & 4);
        if (way & 4 && o->rank < 3 && p->rank < 3) // flat as they are
            break;
        a = way & 1 ? transposed(a) : a;
        b = way & 2 ? transposed(b) : b;
        if (!fits(mine, &a, &b))
            continue;
        list->all = memory_grow(list->all, ++list->n, sizeof *list->all, "products");
        likeness_other *other = &list->all[list->n - 1];
        snprintf(other->name, sizeof other->name, "the matrix product of %.90s%s and %.90s%s",
                 o->name, turned[way & 1], p->name, turned[way / 2 & 1]);
        other->values = multiply(&a, &b);
        other->own = false;
    }
}

bool
product_find(const likeness *x, const beside_pieces *from, char text[LIKENESS_TEXT])
{
    beside_others list = {0};
    if (x->rank < 1 || x->size > MINE)
        return false;
    matrices mine = matrices_of(x->mine, x->rank, x->n, false);
    for (const beside_piece *o = from->all; o < from->all + from->n; o++)
        for (const beside_piece *p = from->all; p < from->all + from->n; p++)
            if (o->rank && p->rank && (o->rank > 1 || p->rank > 1) && !o->own && !p->own)
                add_products(&list, &mine, o, p);
    likeness products = *x;
    products.others = list.all;
    products.n_others = list.n;
    bool found = likeness_terms(&products, text);
    beside_free_others(&list);
    return found;
}
