// The chapter's reference cases: small inputs, every step, output and gradient.
#ifndef CASES_H
#define CASES_H

void transformer_cases(void);

#endif
