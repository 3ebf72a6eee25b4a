// The chapter's reference cases: recorded gradients, and what every rule keeps and does after every
// step.
#ifndef ADAMW_CASES_H
#define ADAMW_CASES_H

void adamw_cases(void);

#endif
