// The chapter's reference cases: small inputs, every step, output and gradient.
#ifndef PERFORMER_CASES_H
#define PERFORMER_CASES_H

void performer_cases(void);

#endif
