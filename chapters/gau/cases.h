// The chapter's reference cases: small inputs, every step, output and gradient.
#ifndef GAU_CASES_H
#define GAU_CASES_H

void gau_cases(void);

#endif
