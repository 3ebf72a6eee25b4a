// The chapter's reference cases.
#ifndef CHECKPOINTING_CASES_H
#define CHECKPOINTING_CASES_H

void checkpointing_cases(void);

#endif
