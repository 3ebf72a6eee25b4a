// The smallest cases, for the text to compute by hand: two episodes of the random walk, seen by TD(0) and by Monte
// Carlo; one step, valued by four rules; and Sutton & Barto's eight episodes from A and B.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "td/figures/figures.h"
#include "td/td.h"
#include "td/walk.h"

#include <stdio.h>

// ---- Two episodes ----

// C, D, E and out to the right; then C, D, C, D, E and out. A to E are 0 to 4; the exit pays 1.
static const td_transition first[] = {{2, 0, 0, 3, false}, {3, 0, 0, 4, false}, {4, 0, 1, 4, true}};
static const td_transition second[] = {{2, 0, 0, 3, false},
                                       {3, 0, 0, 2, false},
                                       {2, 0, 0, 3, false},
                                       {3, 0, 0, 4, false},
                                       {4, 0, 1, 4, true}};
static const double alpha = 0.5, undiscounted = 1;

enum { TD, MC, METHODS };

// Both methods learn from the T steps of an episode; v (METHODS, TD_WALK_STATES).
static void
learn(table *t, int episode, int T, const td_transition *steps, double v[METHODS][TD_WALK_STATES])
{
    double g[TD_WALK_LIMIT];
    td_returns(T, steps, undiscounted, g);
    for (int k = 0; k < T; k++) {
        int s = steps[k].s;
        char name[16];
        double target = steps[k].r + undiscounted * (steps[k].end ? 0 : v[TD][steps[k].next]);
        double old = v[TD][s], old_mc = v[MC][s];
        td_zero(v[TD], &steps[k], alpha, undiscounted);
        td_towards(&v[MC][s], alpha, g[k]);
        snprintf(name, sizeof name, "%d.%d", episode, k + 1);
        table_row(t, "ssddddddd", name, (const char *[]){"A", "B", "C", "D", "E"}[s], steps[k].r,
                  target, old, v[TD][s], g[k], old_mc, v[MC][s]);
    }
}

static void
two_episodes(void)
{
    double v[METHODS][TD_WALK_STATES], exact[TD_WALK_STATES];
    for (int s = 0; s < TD_WALK_STATES; s++)
        v[TD][s] = v[MC][s] = 0.5;
    table *t = program_table("worked-example", "step\tstate\tr\ttd_target\ttd_old\ttd_new\treturn\t"
                                               "mc_old\tmc_new");
    learn(t, 1, sizeof first / sizeof *first, first, v);
    learn(t, 2, sizeof second / sizeof *second, second, v);
    table_close(t);
    td_walk_values(exact);
    t = program_table("worked-example-values", "state\ttd\tmc\texact");
    for (int s = 2; s < TD_WALK_STATES; s++)
        table_row(t, "sddd", (const char *[]){"A", "B", "C", "D", "E"}[s], v[TD][s], v[MC][s],
                  exact[s]);
    table_close(t);
}

// ---- One step ----

// A step that pays -1 from state 0, whose action 0 is worth 0.5, to state 1 with three actions.
static void
one_step(void)
{
    enum { RULES = 4, S = 2, A = 3 };
    const char *const name[RULES] = {"Sarsa", "expected Sarsa", "Q-learning", "double Q"};
    const double epsilon = 0.3, discount = 0.9;
    const int n[S] = {A, A}, taken = 2; // the action taken in state 1
    const td_transition step = {0, 0, -1, 1, false};
    double other[S * A] = {0.5, 0, 0, 2, 1, 4};
    table *t = program_table("worked-example-targets", "rule\ttarget\tnew");
    for (int rule = 0; rule < RULES; rule++) {
        double own[S * A] = {0.5, 0, 0, 1, 3, 2};
        td_table q = {S, A, n, own}, q2 = {S, A, n, other};
        switch (rule) {
        case 0: td_sarsa(&q, &step, taken, alpha, discount); break;
        case 1: td_expected_sarsa(&q, &step, epsilon, alpha, discount); break;
        case 2: td_q_learning(&q, &step, alpha, discount); break;
        default: td_double_q(&q, &q2, true, &step, alpha, discount);
        }
        table_row(t, "sdd", name[rule], 0.5 + (own[0] - 0.5) / alpha, own[0]);
    }
    table_close(t);
}

// ---- Eight episodes ----

// From A to B without reward, and B pays 0; six episodes in which B pays 1; one in which it pays 0.
static void
a_and_b(void)
{
    enum { A, B, STATES, STEPS = 9 };
    td_transition stream[STEPS] = {{A, 0, 0, B, false}};
    double g[STEPS], td[STATES] = {0}, mc[STATES] = {0};
    int n[STATES] = {1, 1}, visits[STATES] = {0};
    td_table q = {STATES, 1, n, mc};
    for (int k = 1; k < STEPS; k++)
        stream[k] = (td_transition){B, 0, k > 1 && k < STEPS - 1, B, true};
    td_returns(STEPS, stream, 1, g);
    for (int k = 0; k < STEPS; k++)
        td_monte_carlo(&q, visits, stream, k, g[k], true);
    td_certainty_equivalence(STATES, td, STEPS, stream, 1);
    table *t = program_table("a-and-b", "method\tA\tB");
    table_row(t, "sdd", "batch Monte Carlo", mc[A], mc[B]);
    table_row(t, "sdd", "batch TD", td[A], td[B]);
    table_close(t);
    const char *source = "Sutton & Barto 2018, ex. 6.4: V(A) = 3/4, or 0";
    claim_near("ab-td", "A and B: batch TD's value of A", 0.75, td[A], 1e-12, source, REPRODUCED);
    claim_near("ab-mc", "A and B: batch Monte Carlo's value of A", 0, mc[A], 1e-12, source,
               REPRODUCED);
}

void
td_figure_worked_example(void)
{
    two_episodes();
    one_step();
    a_and_b();
}
