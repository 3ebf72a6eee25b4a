// The well-known mistakes of a case, as its mistakes.tsv has them (FORMAT.md), held against what the reader gave.
#ifndef KNOWN_H
#define KNOWN_H

#include "checker/reference.h"

// Prints those that the reader's numbers are: where every given tensor that the mistake changes has its values,
// one of them deviates from ours, and every other given tensor agrees; or, if there is none, where that is so of all
// but the gradients.
void known_print(const reference *r);

#endif
