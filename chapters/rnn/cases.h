// The chapter's reference cases: small inputs, every step, output and gradient.
#ifndef RNN_CASES_H
#define RNN_CASES_H

void rnn_cases(void);

#endif
