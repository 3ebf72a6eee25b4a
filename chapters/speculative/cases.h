// The chapter's reference cases.
#ifndef SPECULATIVE_CASES_H
#define SPECULATIVE_CASES_H

void speculative_cases(void);

#endif
