// Whether overlaps of boxes are those of another formula.
#ifndef OVERLAP_H
#define OVERLAP_H

#include "checker/likeness.h"
#include "checker/reference.h"

// For a tensor of a case with the inputs dt_box (D, 4) and gt_box (G, 4), x, y, width and height: whether it, (D, G),
// is the overlap over something else, of boxes of another kind, or with another number added to every side; writes
// which, or up to three if several give these numbers.
bool overlap_find(const reference *r, const likeness *x, char text[LIKENESS_TEXT]);

#endif
