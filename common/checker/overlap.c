#include "checker/overlap.h"

#include "files/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    double left, top, right, bottom;
} box;

static const char *const kinds[] = {"", ", of boxes taken for x1, y1, x2, y2",
                                    ", of boxes taken for the centre, width and height",
                                    ", of boxes taken for x, y, height, width"};
enum { KINDS = sizeof kinds / sizeof *kinds };

static box
box_of(int kind, const double *b)
{
    switch (kind) {
    case 1: return (box){b[0], b[1], b[2], b[3]};
    case 2: return (box){b[0] - b[2] / 2, b[1] - b[3] / 2, b[0] + b[2] / 2, b[1] + b[3] / 2};
    case 3: return (box){b[0], b[1], b[0] + b[3], b[1] + b[2]};
    default: return (box){b[0], b[1], b[0] + b[2], b[1] + b[3]};
    }
}

static const char *const unders[] = {"the union",
                                     "the sum of both areas",
                                     "the detection's area",
                                     "the truth's area",
                                     "the larger area",
                                     "the smaller area",
                                     "half the sum of both areas",
                                     "the root of the product of both areas",
                                     "the smallest box around both"};
enum { UNDERS = sizeof unders / sizeof *unders, NAMED = 3 };

static double
overlap(int under, double plus, box d, box g)
{
    double w = fmin(d.right, g.right) - fmax(d.left, g.left) + plus;
    double h = fmin(d.bottom, g.bottom) - fmax(d.top, g.top) + plus;
    double of_d = (d.right - d.left + plus) * (d.bottom - d.top + plus);
    double of_g = (g.right - g.left + plus) * (g.bottom - g.top + plus);
    double both = w > 0 && h > 0 ? w * h : 0;
    double around = (fmax(d.right, g.right) - fmin(d.left, g.left) + plus) *
                    (fmax(d.bottom, g.bottom) - fmin(d.top, g.top) + plus);
    const double all[UNDERS] = {
        of_d + of_g - both, of_d + of_g,       of_d,  of_g, fmax(of_d, of_g), fmin(of_d, of_g),
        (of_d + of_g) / 2,  sqrt(of_d * of_g), around};
    return both / all[under];
}

bool
overlap_find(const reference *r, const likeness *x, char text[LIKENESS_TEXT])
{
    int d = reference_find(r, "dt_box", 6), g = reference_find(r, "gt_box", 6);
    if (d < 0 || g < 0 || x->rank != 2 || r->all[d].ours.size != 4 * x->n[0] ||
        r->all[g].ours.size != 4 * x->n[1])
        return false;
    double *made = memory_zeroed(x->size, sizeof *made, "overlaps");
    int n = 0, at = snprintf(text, LIKENESS_TEXT, "These are the overlaps over ");
    for (int way = 0; way < KINDS * UNDERS * 2; way++) {
        int kind = way / UNDERS / 2, under = way / 2 % UNDERS, plus = way % 2;
        for (long i = 0; i < x->size; i++)
            made[i] = overlap(under, plus, box_of(kind, r->all[d].ours.values + i / x->n[1] * 4),
                              box_of(kind, r->all[g].ours.values + i % x->n[1] * 4));
        if (likeness_is(x, made) && n++ < NAMED)
            at += snprintf(text + at, LIKENESS_TEXT - at, "%s%s%s%s", n > 1 ? "; or over " : "",
                           unders[under], kinds[kind], plus ? ", with 1 added to every side" : "");
    }
    snprintf(text + at, LIKENESS_TEXT - at, ".");
    free(made);
    return n > 0 && n <= NAMED;
}
