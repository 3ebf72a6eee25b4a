// Whether a tensor that deviates is made of matrix products of other tensors of the case.
#ifndef PRODUCT_H
#define PRODUCT_H

#include "checker/beside.h"

// Writes which product of two pieces, either of them transposed or not, mine is, times any number, or which is added
// to ours or taken away, or put in place of another one. The leading axes of the three are the same, or summed over;
// what has one axis is a row. A NaN is taken for 0. False: none.
bool product_find(const likeness *x, const beside_pieces *from, char text[LIKENESS_TEXT]);

#endif
