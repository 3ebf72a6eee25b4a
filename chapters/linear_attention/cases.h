// The chapter's reference cases: small inputs, every step, output and gradient.
#ifndef CASES_H
#define CASES_H

void linear_attention_cases(void);

#endif
