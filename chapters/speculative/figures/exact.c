// Figure exact: how far the texts of a rule are from the target's: all texts of five symbols of three, p and q random
// tables of the symbol after every two. The right rule is the chapter's; the others are what people have written.
#include "speculative/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "speculative/speculative.h"

#include <math.h>
#include <string.h>

enum { SEED = 132, V = 3, LENGTH = 5, TEXTS = 243, PAIRS = V * V };

// What a rule does with a drafted x: it is accepted with chance, or a symbol is drawn from rest (V).
typedef void rule_fn(const double *p, const double *q, int x, double *chance, double *rest);

static void
normalise(double *rest)
{
    double sum = 0;
    for (int y = 0; y < V; y++)
        sum += rest[y];
    for (int y = 0; y < V && sum > 0; y++)
        rest[y] /= sum;
}

static void
right(const double *p, const double *q, int x, double *chance, double *rest)
{
    *chance = speculative_acceptance(p[x], q[x]);
    speculative_residual(V, p, q, rest);
}

static void
without_x(const double *p, const double *q, int x, double *chance, double *rest)
{
    right(p, q, x, chance, rest);
    for (int y = 0; y < V; y++)
        rest[y] = y == x ? 0 : p[y];
    normalise(rest);
}

// The target's own sample is compared with the draft's.
static void
equal_samples(const double *p, const double *q, int x, double *chance, double *rest)
{
    without_x(p, q, x, chance, rest);
    *chance = p[x];
}

static void
inverted(const double *p, const double *q, int x, double *chance, double *rest)
{
    right(p, q, x, chance, rest);
    *chance = speculative_acceptance(q[x], p[x]);
}

static void
from_p(const double *p, const double *q, int x, double *chance, double *rest)
{
    right(p, q, x, chance, rest);
    memcpy(rest, p, V * sizeof *rest);
}

static void
absolute(const double *p, const double *q, int x, double *chance, double *rest)
{
    right(p, q, x, chance, rest);
    for (int y = 0; y < V; y++)
        rest[y] = fabs(p[y] - q[y]);
    normalise(rest);
}

// The draft was drawn from q, and the rule believes in the square root of q: its temperature doubled.
static void
other_temperature(const double *p, const double *q, int x, double *chance, double *rest)
{
    double soft[V];
    for (int y = 0; y < V; y++)
        soft[y] = sqrt(q[y]);
    normalise(soft);
    right(p, soft, x, chance, rest);
}

static void
only_likelier(const double *p, const double *q, int x, double *chance, double *rest)
{
    right(p, q, x, chance, rest);
    *chance = p[x] >= q[x];
}

static const struct {
    const char *name;
    rule_fn *rule;
    bool bonus_from_q;
} rules[] = {{"right", right, false},
             {"equal samples", equal_samples, false},
             {"min(1,q/p)", inverted, false},
             {"only p >= q", only_likelier, false},
             {"rest from p", from_p, false},
             {"rest from p without x", without_x, false},
             {"rest from |p - q|", absolute, false},
             {"q of twice the temperature", other_temperature, false},
             {"bonus from q", right, true}};

enum { RULES = sizeof rules / sizeof *rules };

// The symbol after every two others; before a text stand 0, 0. A text is a number to the base of V.
typedef struct {
    double p[PAIRS * V], q[PAIRS * V];
    int k;
} language;

// Spreads the probability `left` of a text of n symbols, i of which this pass drafted, over what the rule makes of it;
// mass[n][text] is what begins a new pass there, kept[0] the mean symbols of the first pass.
static void
spread(const language *l, int rule, int n, int text, int i, double left, double mass[][TEXTS],
       double *accepted)
{
    const double *p = l->p + text % PAIRS * V, *q = l->q + text % PAIRS * V;
    if (n == LENGTH) {
        mass[n][text] += left;
        return;
    }
    if (i == l->k) {
        for (int y = 0; y < V; y++)
            mass[n + 1][text * V + y] += left * (rules[rule].bonus_from_q ? q[y] : p[y]);
        return;
    }
    for (int x = 0; x < V; x++) {
        double chance, rest[V];
        rules[rule].rule(p, q, x, &chance, rest);
        *accepted += i == 0 && n == 0 ? q[x] * chance : 0;
        for (int y = 0; y < V; y++)
            mass[n + 1][text * V + y] += left * q[x] * (1 - chance) * rest[y];
        spread(l, rule, n + 1, text * V + x, i + 1, left * q[x] * chance, mass, accepted);
    }
}

// The total variation of the rule's texts of LENGTH symbols from the target's.
static double
apart(const language *l, int rule, double *accepted)
{
    double mass[LENGTH + 1][TEXTS] = {{1}}, distance = 0;
    *accepted = 0;
    for (int n = 0, texts = 1; n < LENGTH; n++, texts *= V)
        for (int text = 0; text < texts; text++)
            spread(l, rule, n, text, 0, mass[n][text], mass, accepted);
    for (int text = 0; text < TEXTS; text++) {
        double expected = 1;
        for (int i = 0, before = 0, unit = TEXTS / V; i < LENGTH; i++, unit /= V) {
            int x = text / unit % V;
            expected *= l->p[before % PAIRS * V + x];
            before = before * V + x;
        }
        distance += fabs(mass[LENGTH][text] - expected) / 2;
    }
    return distance;
}

void
speculative_figure_exact(void)
{
    language l;
    rng r = rng_at(SEED, 0);
    double *both[] = {l.p, l.q}, exact = 0, wrong = 1;
    for (int which = 0; which < 2; which++)
        for (int row = 0; row < PAIRS; row++) {
            for (int x = 0; x < V; x++)
                both[which][row * V + x] = 0.05 + rng_uniform64(&r);
            normalise(both[which] + row * V);
        }
    table *t = program_table("exact", "rule\taccepted\tapart_1\tapart_3");
    for (int rule = 0; rule < RULES; rule++) {
        double distance[2], accepted;
        for (int i = 0; i < 2; i++) {
            l.k = 1 + 2 * i;
            distance[i] = apart(&l, rule, &accepted);
        }
        table_row(t, "sddd", rules[rule].name, accepted, distance[0], distance[1]);
        if (rule < 2)
            exact = fmax(exact, fmax(distance[0], distance[1]));
        else
            wrong = fmin(wrong, fmin(distance[0], distance[1]));
    }
    table_close(t);
    claim_below(
        "exact-right",
        "exact: total variation of texts of 5, min(1, p/q) or equal samples, 1 or 3 drafted", 1e-14,
        exact, "Leviathan et al. 2023, appendix A.1; Chen et al. 2023, theorem 1", CHECK);
    claim_above("exact-wrong", "exact: the same of 7 wrong rules, the least", 0.02, wrong,
                "this chapter", FOUND);
    claim_changed("exact-wrong", "> 0.005 before a run was seen");
}
