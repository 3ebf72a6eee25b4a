// The chapter's reference cases: small inputs, every step, output and gradient.
#ifndef ROPE_CASES_H
#define ROPE_CASES_H

void rope_cases(void);

#endif
