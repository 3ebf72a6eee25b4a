// The chapter's reference cases: recorded streams of steps, and the table after every update.
#ifndef CASES_H
#define CASES_H

void td_cases(void);

#endif
