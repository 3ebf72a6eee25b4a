// The chapter's reference cases: small inputs, every step, output and gradient.
#ifndef S4_CASES_H
#define S4_CASES_H

void s4_cases(void);

#endif
