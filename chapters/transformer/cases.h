// The chapter's reference cases: small inputs, every step, output and gradient.
#ifndef TRANSFORMER_CASES_H
#define TRANSFORMER_CASES_H

void transformer_cases(void);

#endif
