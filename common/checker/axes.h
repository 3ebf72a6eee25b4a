// What deviating numbers look like that something made along an axis: a sum, a softmax, a norm, of ours or of another.
#ifndef AXES_H
#define AXES_H

#include "checker/beside.h"

// Writes what mine is, if it is one of these of ours or of another tensor of its shape along one axis: divided by its
// sum, by its length or by its largest |value|, its mean taken away, its softmax (also of what is divided by the root
// of its last axis's length), its sums so far from either end; or the softmax's backward of two others.
// At least three different numbers that deviate must be so, and none otherwise.
bool axes_find(const likeness *x, char text[LIKENESS_TEXT]);

// Writes which piece mine is the sum, mean, largest value or length of over one axis.
bool axes_reduced(const likeness *x, const beside_pieces *from, char text[LIKENESS_TEXT]);

#endif
