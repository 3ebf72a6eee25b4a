// Whether a tensor that deviates is the matrix product of two tensors of the case.
#ifndef PRODUCT_H
#define PRODUCT_H

#include "checker/reference.h"

// Prints of which two it is, either of them transposed or not, times any number; the leading axes of the three are
// the same, or summed over. A NaN in them is taken for 0. False: of none.
bool product_print(const reference *r, const entry *e, const char *before);

#endif
