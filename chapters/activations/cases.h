// The chapter's reference cases.
#ifndef ACTIVATIONS_CASES_H
#define ACTIVATIONS_CASES_H

void activations_cases(void);

#endif
