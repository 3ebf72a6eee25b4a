// What numbers that deviate look like, without knowing what they stand for: for a checker to name.
#ifndef LIKENESS_H
#define LIKENESS_H

#include <stdbool.h>
#include <stddef.h>

enum { LIKENESS_RANK = 8, LIKENESS_NAME = 256, LIKENESS_TEXT = 900 };

// A factor that would mean something: "heads", "1/sqrt(5)".
typedef struct {
    double value;
    char name[96];
} likeness_factor;

// Another tensor, value by value beside ours; NaN where it has none.
typedef struct {
    char name[LIKENESS_NAME]; // "c at the step before"
    const double *values;
    bool own; // it is ours, at another step
} likeness_other;

// Two tensors of one shape, in C order. A value of ours that is NaN does not count.
typedef struct {
    int rank, n[LIKENESS_RANK];
    long size;
    const double *ours, *mine;
    double apart;                   // how far apart two values may be and still agree
    const likeness_factor *factors; // ended by one without name; NULL: none
    const likeness_other *others;
    int n_others;
    int exceptions; // how many values may be otherwise
} likeness;

// Writes the first of these that mine is, as a sentence, from the most to the least certain: not finite, all zeros,
// rounded to float16 or bfloat16 or to decimals, another tensor, the sign changed, a factor that has a name, axes
// exchanged or reversed, shifted by one, in another order, a factor, an offset, another tensor added or taken away,
// multiplied or divided by (or by what slopes are made of it), a function of ours or of another, the product or sum of
// two others, one put in place of another, the product of two added or taken away, a factor that goes with the place
// along an axis, a sum of ours and another, or the product of two others, with any numbers as factors, a named number
// times a function, one of three others put in place of another in their product. False: none of them. All but the
// first must explain at least three different numbers of ours.
bool likeness_find(const likeness *x, char text[LIKENESS_TEXT]);

// Of these only: another tensor, or a number times it, which may be added, taken away, or put in place of another.
bool likeness_terms(const likeness *x, char text[LIKENESS_TEXT]);

// Says less: every line along an axis is ours times, or plus, a number of its own.
bool likeness_lines(const likeness *x, char text[LIKENESS_TEXT]);

// Says less still: all that deviates, at least three values, is one number in mine, or in ours.
bool likeness_same(const likeness *x, char text[LIKENESS_TEXT]);

// Whether mine are these values, which need not be any of ours.
bool likeness_is(const likeness *x, const double *values);

// The first value that deviates, or -1.
long likeness_first(const likeness *x);

// Whether all of n values are whole numbers, or none: equal ones are no sign of anything.
bool likeness_whole(long n, const double *values);

// Whether mine, flat, are our values with axes a and b exchanged.
bool likeness_exchanged(const likeness *x, int a, int b);

// The values at places from .. to - 1 of one axis, as a likeness of its own; likeness_free frees it.
likeness likeness_part(const likeness *x, int axis, int from, int to);
void likeness_free(likeness *part);

#endif
