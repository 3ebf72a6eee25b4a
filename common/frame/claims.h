// Claims: what the figures are to show, checked as the program runs.
#ifndef CLAIMS_H
#define CLAIMS_H

#include <stdbool.h>

// What a claim is. REPRODUCED, IN_PART, NOT_AT_THIS_SCALE: `source` says so, with its own number or sentence and its
// place, and it came out, under other seeds too; or only as far as the statement says; or it did not. FOUND:
// ours, expected by theory or first seen here; `source` says which. CHECK: algebra or an exact value; if it
// fails, the code is wrong. The program ends with status 1 where a claim does not hold, or where one that is
// NOT_AT_THIS_SCALE does.
typedef enum { REPRODUCED, IN_PART, NOT_AT_THIS_SCALE, FOUND, CHECK } claim_kind;

// |measured - expected| <= tolerance; measured < bound; measured > bound. A claim that needs a whole
// training passes unless_quick(measured). The texts are not copied.
void claim_near(const char *id, const char *statement, double expected, double measured,
                double tolerance, const char *source, claim_kind kind);
void claim_below(const char *id, const char *statement, double bound, double measured,
                 const char *source, claim_kind kind);
void claim_above(const char *id, const char *statement, double bound, double measured,
                 const char *source, claim_kind kind);

// Says beside a claim what of it (its bound, its task, a setting) was changed after a result was seen, and
// from what. There is no such claim: an error.
void claim_changed(const char *id, const char *what);

// Prints the claims and writes claims.tsv; whether a measurement contradicts one.
bool claims_report(void);

#endif
