// For the page: passes with three symbols whose p and q the reader sets, by the right rule and by the wrong ones of
// figure exact.
#include "speculative/figures/exact.c"

#include "speculative/passes.h"

enum { LIVE_K = 8 };

static double p_rows[(LIVE_K + 1) * V], q_rows[LIVE_K * V]; // the same distribution at each place
static rng draws;

// Three weights become a distribution, for all places.
static void
repeat(const double weight[V], int places, double *rows)
{
    double one[V] = {weight[0], weight[1], weight[2]};
    normalise(one);
    for (int i = 0; i < places; i++)
        memcpy(rows + i * V, one, sizeof one);
}

// p (V) and q (V), what they share, the part of the drafts that the rule accepts, and for each symbol x its chance and
// what is drawn from if x is rejected (V).
const double *
speculative_live_look(int rule)
{
    static struct {
        double p[V], q[V], overlap, accepted;
        struct {
            double chance, rest[V];
        } of[V];
    } said;
    memcpy(said.p, p_rows, sizeof said.p);
    memcpy(said.q, q_rows, sizeof said.q);
    said.overlap = speculative_overlap(V, said.p, said.q);
    said.accepted = 0;
    for (int x = 0; x < V; x++) {
        said.of[x].chance = 0;
        memcpy(said.of[x].rest, said.p, sizeof said.p);
        if (said.q[x] > 0)
            rules[rule].rule(said.p, said.q, x, &said.of[x].chance, said.of[x].rest);
        said.accepted += said.q[x] * said.of[x].chance;
    }
    return said.p;
}

// From here on these are p and q, each divided by its sum, and the draws are those of this seed.
const double *
speculative_live_begin(int rule, double p0, double p1, double p2, double q0, double q1, double q2,
                       int seed)
{
    repeat((double[V]){p0, p1, p2}, LIVE_K + 1, p_rows);
    repeat((double[V]){q0, q1, q2}, LIVE_K, q_rows);
    draws = rng_at((uint64_t)seed, 0);
    return speculative_live_look(rule);
}

// As speculative_round, by a rule of figure exact.
static int
round_by(int rule, int k, const int *draft, const double *u, int *emitted)
{
    double rest[V];
    if (strcmp(rules[rule].name, "right") == 0)
        return speculative_round(V, k, p_rows, q_rows, draft, u, emitted, rest);
    for (int i = 0; i < k; i++) {
        double chance;
        rules[rule].rule(p_rows, q_rows, draft[i], &chance, rest);
        if (u[i] >= chance) {
            emitted[i] = speculative_draw(V, rest, u[k]);
            return i;
        }
        emitted[i] = draft[i];
    }
    emitted[k] = speculative_draw(V, rules[rule].bonus_from_q ? q_rows : p_rows, u[k]);
    return k;
}

// One pass: what was drawn for it and what came of it.
typedef struct {
    double accepted, draft[LIVE_K], u[LIVE_K + 1], emitted[LIVE_K + 1];
} live_pass;

static live_pass
one_pass(int rule, int k)
{
    live_pass pass = {0};
    int draft[LIVE_K], emitted[LIVE_K + 1];
    for (int i = 0; i < k; i++)
        draft[i] = speculative_draw(V, q_rows, rng_uniform64(&draws));
    for (int i = 0; i <= k; i++)
        pass.u[i] = rng_uniform64(&draws);
    int accepted = round_by(rule, k, draft, pass.u, emitted);
    pass.accepted = accepted;
    for (int i = 0; i < k; i++)
        pass.draft[i] = draft[i];
    for (int i = 0; i <= accepted; i++)
        pass.emitted[i] = emitted[i];
    return pass;
}

// n passes of k guesses, one after the other: the last one, and how often each symbol came in all of them (V).
const double *
speculative_live_passes(int rule, int k, int n)
{
    static struct {
        live_pass last;
        double came[V];
    } said;
    memset(said.came, 0, sizeof said.came);
    for (int i = 0; i < n; i++) {
        said.last = one_pass(rule, k);
        for (int j = 0; j <= said.last.accepted; j++)
            said.came[(int)said.last.emitted[j]]++;
    }
    return &said.last.accepted;
}

// 1 + a + ... + a^k: the symbols of a pass.
double
speculative_live_tokens(double a, int k)
{
    return speculative_formula(a, k);
}
