// The chapter's reference cases: small inputs, every step, output and gradient.
#ifndef LINEAR_ATTENTION_CASES_H
#define LINEAR_ATTENTION_CASES_H

void linear_attention_cases(void);

#endif
