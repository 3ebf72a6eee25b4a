// What stands beside a tensor that deviates: the case's other tensors, their steps and blocks, as values of its shape
// or as they are.
#ifndef BESIDE_H
#define BESIDE_H

#include "checker/likeness.h"
#include "checker/reference.h"

// A tensor, or a step or a block of it, by itself.
typedef struct {
    char name[LIKENESS_NAME]; // "c at the step before"
    int rank, n[LIKENESS_RANK];
    long size;
    double *values;
    bool own; // of the tensor that deviates, at another step
} beside_piece;

typedef struct {
    int n;
    beside_piece *all;
} beside_pieces;

// The pieces beside all of e, whose shape may be that of a part of it: every other tensor, and where it has e's shape
// and time also as it is a step before and after, NaN where there is no such step. `step` not negative: the pieces
// beside that step of e, without the axis of time: every tensor without time, and of every one with it the step, the
// one before and the one after. Tensors of many values are left out. Frees with beside_free.
beside_pieces beside_find(const reference *r, const entry *e, int step);
void beside_free(beside_pieces *list);

// Adds those that lie beside a tensor of this shape to its others, value by value: whose axes are some of its axes in
// their order (the last ones, the first ones, or others), and the blocks of those that are longer along their last
// axis, as the gates that one product computes. beside_free_others frees them.
typedef struct {
    int n;
    likeness_other *all;
} beside_others;

void beside_add(beside_others *list, const beside_pieces *from, int rank, const int *n);
void beside_free_others(beside_others *list);

#endif
