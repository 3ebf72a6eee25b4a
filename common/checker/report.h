// What came of holding the reader's numbers against a case.
#ifndef REPORT_H
#define REPORT_H

#include "checker/reference.h"

// Prints it for `given` tensors; the exit status: 0 all of them agree, 1 something deviates.
int report_print(const reference *r, int given);

#endif
