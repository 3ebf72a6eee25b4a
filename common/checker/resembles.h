// What the numbers of a tensor that deviates look like, beside everything else that its case has.
#ifndef RESEMBLES_H
#define RESEMBLES_H

#include "checker/reference.h"

// Prints the first measure that holds for tensor `row`: of all its values, of those of `step`, or of the one part of
// an axis in which all that deviate stand, and says for which; `before` is printed before it. False: none holds.
bool resembles_print(const reference *r, int row, int step, const char *before);

#endif
