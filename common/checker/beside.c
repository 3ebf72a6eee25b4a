#include "checker/beside.h"

#include "files/escape.h"
#include "files/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 1 << 14, BLOCKS = 16 };

// ---- Pieces ----

static void
add_piece(beside_pieces *list, const entry *o, const char *when, int rank, const int *n,
          double *values)
{
    list->all = memory_grow(list->all, ++list->n, sizeof *list->all, "a case");
    beside_piece *p = &list->all[list->n - 1];
    *p = (beside_piece){.rank = rank, .size = 1, .values = values};
    snprintf(p->name, sizeof p->name, "%.90s%s", escape(o->name), when);
    for (int a = 0; a < rank; a++)
        p->size *= p->n[a] = n[a];
}

void
beside_free(beside_pieces *list)
{
    for (int i = 0; i < list->n; i++)
        free(list->all[i].values);
    free(list->all);
}

static const char *const when[] = {" at the step before", "", " at the next step"};

static bool
is_shaped_alike(const npy *a, const npy *b)
{
    return a->rank == b->rank && memcmp(a->n, b->n, a->rank * sizeof *a->n) == 0;
}

static long
inner_of(const npy *a, int axis)
{
    long inner = 1;
    for (int i = axis + 1; i < a->rank; i++)
        inner *= a->n[i];
    return inner;
}

// All of o, as it is `by` steps of e's time later.
static double *
moved(const entry *e, const entry *o, int by)
{
    long inner = inner_of(&o->ours, e->axis);
    double *values = memory_zeroed(o->ours.size, sizeof *values, "a tensor");
    for (long i = 0; i < o->ours.size; i++) {
        long step = by ? i / inner % e->steps + by : 0;
        values[i] = by && (step < 0 || step >= e->steps) ? NAN : o->ours.values[i + by * inner];
    }
    return values;
}

static void
add_whole(beside_pieces *list, const entry *e, const entry *o)
{
    bool own = strcmp(o->name, e->name) == 0;
    bool timed = e->direction && (o->input || (o->direction && o->axis == e->axis)) &&
                 is_shaped_alike(&o->ours, &e->ours);
    for (int by = timed ? -1 : 0; by <= (timed ? 1 : 0); by++) {
        if (own && by == 0)
            continue;
        add_piece(list, o, when[by + 1], o->ours.rank, o->ours.n, moved(e, o, by));
        list->all[list->n - 1].own = own;
    }
}

// The axis of o that is e's time, or -1. An input has e's axis if that is as long, or the one that is.
static int
time_of(const entry *e, const entry *o)
{
    int found = -1;
    if (o->direction)
        return o->steps == e->steps ? o->axis : -1;
    if (o->input && e->axis < o->ours.rank && o->ours.n[e->axis] == e->steps)
        return e->axis;
    for (int a = 0; o->input && a < o->ours.rank; a++)
        if (o->ours.n[a] == e->steps)
            found = found < 0 ? a : LIKENESS_RANK;
    return found == LIKENESS_RANK ? -1 : found;
}

static double *
step_of(const entry *o, int axis, int step)
{
    long inner = inner_of(&o->ours, axis), all = o->ours.n[axis] * inner;
    double *values = memory_zeroed(o->ours.size / o->ours.n[axis], sizeof *values, "a step");
    for (long outer = 0; outer * all < o->ours.size; outer++)
        memcpy(values + outer * inner, o->ours.values + outer * all + step * inner,
               inner * sizeof *values);
    return values;
}

static void
add_steps(beside_pieces *list, const entry *e, const entry *o, int axis, int step)
{
    int n[LIKENESS_RANK], rank = 0;
    bool own = strcmp(o->name, e->name) == 0;
    for (int a = 0; a < o->ours.rank; a++)
        if (a != axis)
            n[rank++] = o->ours.n[a];
    for (int by = -1; by <= 1; by++) {
        if (step + by < 0 || step + by >= e->steps || (own && by == 0))
            continue;
        add_piece(list, o, when[by + 1], rank, n, step_of(o, axis, step + by));
        list->all[list->n - 1].own = own;
    }
}

beside_pieces
beside_find(const reference *r, const entry *e, int step)
{
    beside_pieces list = {0};
    for (const entry *o = r->all; o < r->all + r->n; o++) {
        int axis = step < 0 ? -1 : time_of(e, o);
        if (o->ours.size < 1 || o->ours.size > VALUES || e->ours.size > VALUES)
            continue;
        if (axis >= 0)
            add_steps(&list, e, o, axis, step);
        else if (step < 0)
            add_whole(&list, e, o);
        if (step >= 0 && !o->direction && strcmp(o->name, e->name) != 0)
            add_piece(&list, o, "", o->ours.rank, o->ours.n, moved(e, o, 0));
    }
    return list;
}

// ---- Others ----

// Which axis of the shape each of p's is: its last ones, or the first that fit. False: it has no such.
static bool
find_axes(const beside_piece *p, int rank, const int *n, int axes[LIKENESS_RANK])
{
    if (p->rank > rank || p->rank == 0)
        return false;
    bool last = memcmp(p->n, n + rank - p->rank, p->rank * sizeof *n) == 0;
    for (int a = 0; a < p->rank; a++)
        axes[a] = rank - p->rank + a;
    if (last)
        return true;
    int at = 0, a = 0;
    for (; a < p->rank && at < rank; at++)
        if (p->n[a] == n[at])
            axes[a++] = at;
    return a == p->rank;
}

// The values of p beside those of the shape.
static double *
laid(const beside_piece *p, int rank, const int *n, const int axes[LIKENESS_RANK])
{
    long size = 1;
    for (int a = 0; a < rank; a++)
        size *= n[a];
    double *values = memory_zeroed(size, sizeof *values, "a tensor");
    for (long i = 0; i < size; i++) {
        long rest = i, at = 0, stride = 1;
        int own = p->rank - 1;
        for (int a = rank - 1; a >= 0; a--) {
            if (own >= 0 && axes[own] == a) {
                at += rest % n[a] * stride;
                stride *= n[a];
                own--;
            }
            rest /= n[a];
        }
        values[i] = p->values[at];
    }
    return values;
}

static void
add_other(beside_others *list, const beside_piece *p, const char *which, int rank, const int *n)
{
    int axes[LIKENESS_RANK];
    if (!find_axes(p, rank, n, axes))
        return;
    list->all = memory_grow(list->all, ++list->n, sizeof *list->all, "a case");
    likeness_other *other = &list->all[list->n - 1];
    snprintf(other->name, sizeof other->name, "%.200s%s", p->name, which);
    other->values = laid(p, rank, n, axes);
    other->own = p->own;
}

// The blocks of p along its last axis that are as long as the shape's.
static void
add_blocks(beside_others *list, const beside_piece *p, int rank, const int *n)
{
    char which[64];
    int last = p->rank - 1, width = rank ? n[rank - 1] : 0;
    if (last < 0 || width == 0 || p->n[last] <= width || p->n[last] % width ||
        p->n[last] / width > BLOCKS)
        return;
    likeness whole = {.rank = p->rank, .size = p->size, .ours = p->values, .mine = p->values};
    memcpy(whole.n, p->n, sizeof whole.n);
    for (int b = 0; b < p->n[last] / width; b++) {
        likeness part = likeness_part(&whole, last, b * width, (b + 1) * width);
        beside_piece block = {.rank = p->rank, .size = part.size, .own = p->own};
        block.values = (double *)part.ours;
        memcpy(block.n, part.n, sizeof block.n);
        memcpy(block.name, p->name, sizeof block.name);
        snprintf(which, sizeof which, "'s block %d of 0 to %d", b, p->n[last] / width - 1);
        add_other(list, &block, which, rank, n);
        likeness_free(&part);
    }
}

void
beside_add(beside_others *list, const beside_pieces *from, int rank, const int *n)
{
    for (const beside_piece *p = from->all; p < from->all + from->n; p++) {
        add_blocks(list, p, rank, n);
        add_other(list, p, "", rank, n);
    }
}

void
beside_free_others(beside_others *list)
{
    for (int i = 0; i < list->n; i++)
        free((double *)list->all[i].values);
    free(list->all);
}
