// The reference cases.
#ifndef MANY_MACHINES_CASES_H
#define MANY_MACHINES_CASES_H

void many_machines_cases(void);

#endif
