// The chapter's reference cases.
#ifndef WORD2VEC_CASES_H
#define WORD2VEC_CASES_H

void word2vec_cases(void);

#endif
