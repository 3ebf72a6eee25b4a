// The reference cases.
#ifndef BPE_CASES_H
#define BPE_CASES_H

void bpe_cases(void);

#endif
