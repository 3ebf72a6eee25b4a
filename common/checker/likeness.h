// What numbers that deviate look like, without knowing what they stand for: for a checker to name.
#ifndef LIKENESS_H
#define LIKENESS_H

#include <stdbool.h>
#include <stddef.h>

enum { LIKENESS_RANK = 8, LIKENESS_TEXT = 240 };

// Two tensors of one shape, in C order.
typedef struct {
    int rank, n[LIKENESS_RANK];
    long size;
    const double *ours, *mine;
    double apart;       // how far apart two values may be and still agree
    int timed;          // the first axis is time: 1 computed forwards, -1 backwards, 0 it is not
    const int *lengths; // of axes, where a constant factor may come from; ended by 0
} likeness;

// Writes the first of these that mine is, as a sentence: not finite where ours is, rounded to float16 or bfloat16,
// the other order of two axes, an axis reversed, shifted by one, its blocks permuted, the sign changed, a constant
// factor (and what it may be: 2, sqrt(d), 2 pi), a constant offset, right up to a step. False: none of them.
bool likeness_find(const likeness *x, char text[LIKENESS_TEXT]);

#endif
