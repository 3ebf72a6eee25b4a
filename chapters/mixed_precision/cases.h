// The chapter's reference cases.
#ifndef MIXED_PRECISION_CASES_H
#define MIXED_PRECISION_CASES_H

void mixed_precision_cases(void);

#endif
