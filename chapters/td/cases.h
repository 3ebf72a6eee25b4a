// The chapter's reference cases: recorded streams of steps, and the table after every update.
#ifndef TD_CASES_H
#define TD_CASES_H

void td_cases(void);

#endif
