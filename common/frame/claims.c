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
    const char *id, *statement, *relation, *source, *changed;
    double expected, measured, tolerance;
    claim_kind kind;
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
           double tolerance, const char *source, claim_kind kind)
{
    add_claim((claim){id, statement, "=", source, "", expected, measured, tolerance, kind});
}

void
claim_below(const char *id, const char *statement, double bound, double measured,
            const char *source, claim_kind kind)
{
    add_claim((claim){id, statement, "<", source, "", bound, measured, 0, kind});
}

void
claim_above(const char *id, const char *statement, double bound, double measured,
            const char *source, claim_kind kind)
{
    add_claim((claim){id, statement, ">", source, "", bound, measured, 0, kind});
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

void
claim_changed(const char *id, const char *what)
{
    for (claim *c = claims; c < claims + claim_number; c++)
        if (strcmp(c->id, id) == 0) {
            c->changed = what;
            return;
        }
    fail("claim_changed: no claim %s, of which \"%s\" is said", id, what);
}

// Under --quick some are skipped.
static const char *
outcome(const claim *c)
{
    if (isnan(c->measured))
        return program_is_quick() ? "skipped" : "CONTRADICTED";
    if (holds(c) != (c->kind != NOT_AT_THIS_SCALE))
        return "CONTRADICTED";
    return holds(c) ? "as stated" : "does not hold";
}

// The words of a text in lines of at most 79 columns, all but the first indented.
static void
print_wrapped(const char *text, int column, int indent)
{
    for (const char *word = text; *word;) {
        int length = (int)strcspn(word, " ");
        if (column > indent && column + 1 + length > 79) {
            printf("\n%*s", indent, "");
            column = indent;
        }
        column += printf("%s%.*s", column > indent ? " " : "", length, word);
        word += length;
        word += strspn(word, " ");
    }
    putchar('\n');
}

bool
claims_report(void)
{
    static const char *const kinds[] = {"reproduced", "in part", "not at this scale", "found",
                                        "check"};
    int contradicted = 0;
    if (!claim_number)
        return false;
    table *t = program_table("claims", "id\tstatement\trelation\texpected\tmeasured\ttolerance\t"
                                       "source\tkind\tchanged\toutcome");
    for (const claim *c = claims; c < claims + claim_number; c++) {
        table_row(t, "sssdddssss", c->id, c->statement, c->relation, c->expected, c->measured,
                  c->tolerance, c->source, kinds[c->kind], c->changed, outcome(c));
        char line[2048];
        snprintf(line, sizeof line, "%s: %.5g %s %.5g (%s)", c->statement, c->measured, c->relation,
                 c->expected, kinds[c->kind]);
        print_wrapped(line, printf("%-15s", outcome(c)), 15);
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
