#include "frame/claims.h"

#include "files/fail.h"
#include "files/memory.h"
#include "files/table.h"
#include "frame/program.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct claim {
    const char *id, *statement, *relation, *source;
    double expected, measured, tolerance;
    claim_verdict stated;
} claim;

static claim *claims;
static int claim_number;

static void
add_claim(claim c)
{
    for (int i = 0; i < claim_number; i++)
        if (strcmp(claims[i].id, c.id) == 0)
            fail("claim %s stands twice: \"%s\" and \"%s\"", c.id, claims[i].statement,
                 c.statement);
    claims = memory_grow(claims, claim_number + 1, sizeof c, "claims");
    claims[claim_number++] = c;
}

void
claim_near(const char *id, const char *statement, double expected, double measured,
           double tolerance, const char *source, claim_verdict v)
{
    add_claim((claim){id, statement, "=", source, expected, measured, tolerance, v});
}

void
claim_below(const char *id, const char *statement, double bound, double measured,
            const char *source, claim_verdict v)
{
    add_claim((claim){id, statement, "<", source, bound, measured, 0, v});
}

void
claim_above(const char *id, const char *statement, double bound, double measured,
            const char *source, claim_verdict v)
{
    add_claim((claim){id, statement, ">", source, bound, measured, 0, v});
}

static bool
holds(const claim *c)
{
    switch (*c->relation) {
    case '<': return c->measured < c->expected;
    case '>': return c->measured > c->expected;
    default: return fabs(c->measured - c->expected) <= c->tolerance;
    }
}

// "as stated" unless the measurement contradicts the verdict; under --quick some are skipped.
static const char *
outcome(const claim *c)
{
    if (isnan(c->measured))
        return program_is_quick() ? "skipped" : "CONTRADICTED";
    return holds(c) == (c->stated != NOT_AT_THIS_SCALE) ? "as stated" : "CONTRADICTED";
}

bool
claims_report(void)
{
    static const char *const verdicts[] = {"reproduced", "in part", "not at this scale"};
    int contradicted = 0;
    if (!claim_number)
        return false;
    table *t = program_table("claims", "id\tstatement\trelation\texpected\tmeasured\ttolerance\t"
                                       "source\tverdict\toutcome");
    for (const claim *c = claims; c < claims + claim_number; c++) {
        table_row(t, "sssdddsss", c->id, c->statement, c->relation, c->expected, c->measured,
                  c->tolerance, c->source, verdicts[c->stated], outcome(c));
        printf("%-12s  %-71s %11.5g %s %-9.5g %s\n", outcome(c), c->statement, c->measured,
               c->relation, c->expected, verdicts[c->stated]);
        contradicted += *outcome(c) == 'C';
    }
    table_close(t);
    printf("%d claim%s, %d contradicted\n", claim_number, claim_number == 1 ? "" : "s",
           contradicted);
    free(claims);
    claims = NULL;
    claim_number = 0;
    return contradicted > 0;
}
