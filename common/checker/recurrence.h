// What a number that is computed step by step is made of at every step, as a sum.
#ifndef RECURRENCE_H
#define RECURRENCE_H

#include "checker/reference.h"

// For a tensor whose one axis is time: prints the sum that gives the reader's value at every step but the first, of the
// reader's value before, and of one or two of the case's other numbers of a step, of their products, and of 1; and ours
// beside it. False: none does.
bool recurrence_print(const reference *r, const entry *e, const char *before);

#endif
