// Claims: what the figures are to show, checked as the program runs.
#ifndef CLAIMS_H
#define CLAIMS_H

#include <stdbool.h>

// What the author says came out. The program ends with status 1 where a claim that is reproduced, or
// in part (as far as its statement says), does not hold, or one that is not at this scale does.
typedef enum { REPRODUCED, IN_PART, NOT_AT_THIS_SCALE } claim_verdict;

// |measured - expected| <= tolerance; measured < bound; measured > bound. `source` says where the
// expectation is from. A claim that needs a whole training passes unless_quick(measured). The texts are not
// copied.
void claim_near(const char *id, const char *statement, double expected, double measured,
                double tolerance, const char *source, claim_verdict v);
void claim_below(const char *id, const char *statement, double bound, double measured,
                 const char *source, claim_verdict v);
void claim_above(const char *id, const char *statement, double bound, double measured,
                 const char *source, claim_verdict v);

// Prints the claims and writes claims.tsv; whether a measurement contradicts a verdict.
bool claims_report(void);

#endif
