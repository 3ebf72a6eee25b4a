// The chapter's reference cases: small inputs, every step, output and gradient.
#ifndef CASES_H
#define CASES_H

void performer_cases(void);

#endif
