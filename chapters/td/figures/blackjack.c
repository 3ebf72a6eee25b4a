// Figure blackjack: does Monte Carlo with exploring starts find the best way to play? Values and actions after a
// million episodes, as a mean over 20 runs, beside the exact ones.
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/numeric.h"
#include "td/figures/figures.h"
#include "td/planning.h"
#include "td/runs.h"

#include <math.h>
#include <string.h>

enum { SEED = 121, S = TD_BLACKJACK_STATES, A = 2 };

// value (S, A): q after exploring starts.
static void
learn(rng *r, const void *context, double *value)
{
    const td_model *m = context;
    td_environment env = td_environment_of(m);
    td_table q = {S, A, m->n, memset(value, 0, sizeof *value * S * A)};
    int visits[S * A] = {0};
    for (int k = program_steps(1000000, 200); k > 0; k--) {
        int s = env.begin(env.inside, r), a = (int)rng_below(r, A);
        td_exploring_start(&env, &q, visits, s, a, r);
    }
}

// What one state shows: q and its standard errors, learnt and exact.
typedef struct {
    const double *q, *error, *exact; // (A)
    int action, best;                // learnt and exact
    double gap,
        noise; // between the two actions, exactly; the standard error of what was learnt of it
} decision;

static decision
decision_of(const double *q, const double *error, const double *exact)
{
    decision d = {.q = q, .error = error, .exact = exact};
    d.action = q[TD_HIT] > q[TD_STICK];
    d.best = exact[TD_HIT] > exact[TD_STICK];
    d.gap = fabs(exact[TD_HIT] - exact[TD_STICK]);
    d.noise = sqrt64(error[0] * error[0] + error[1] * error[1]);
    return d;
}

static void
write_table(const decision *all, const double *v)
{
    table *t =
        program_table("blackjack", "usable\tsum\tdealer\tvalue\tstandard_error\texact\taction\t"
                                   "exact_action\tgap\texact_gap");
    for (int s = 0; s < S; s++) {
        const decision *d = &all[s];
        table_row(t, "iiidddiidd", s / 100, 12 + s % 10, s / 10 % 10 + 1, d->q[d->action],
                  d->error[d->action], v[s], d->action, d->best, d->q[TD_HIT] - d->q[TD_STICK],
                  d->exact[TD_HIT] - d->exact[TD_STICK]);
    }
    table_close(t);
}

static void
claims(const decision *all, const double *v)
{
    const decision *notch = &all[td_blackjack_state(18, 1, true)];
    double farthest = 0, chi = 0, closest = 1;
    int clear = 0, wrong = 0;
    for (int s = 0; s < S; s++) {
        const decision *d = &all[s];
        bool is_clear = d->gap > 4 * d->noise;
        farthest = fmax(farthest, fabs(d->q[d->best] - v[s]));
        chi += pow64(td_z(d->q[d->best], d->error[d->best], v[s]), 2);
        closest = fmin(closest, d->gap);
        clear += is_clear;
        wrong += is_clear && d->action != d->best;
    }
    table *t = program_table("blackjack-summary", "what\tvalue");
    table_row(t, "sd", "clear_states", (double)clear);
    table_row(t, "sd", "farthest_value", farthest);
    table_row(t, "sd", "hit_18_against_ace", notch->exact[TD_HIT]);
    table_row(t, "sd", "stick_18_against_ace", notch->exact[TD_STICK]);
    table_close(t);
    claim_near("blackjack-closest", "blackjack: the smallest exact gap between the two actions",
               0.0024734, closest, 1e-7, "computed outside of the program", CHECK);
    claim_below("blackjack-z", "blackjack: root of the mean of 200 z^2 of the learnt values", 1.5,
                unless_quick(sqrt64(chi / S)), "ours: pure noise gives 1.06", FOUND);
    claim_near("blackjack-policy",
               "blackjack: wrong actions where the exact gap is above 4 standard errors", 0,
               unless_quick(wrong), 0, "Sutton & Barto 2018, ex. 5.3: optimal", REPRODUCED);
    claim_above("blackjack-notch", "blackjack: usable 18 against an ace, hitting less sticking", 0,
                notch->exact[TD_HIT] - notch->exact[TD_STICK],
                "Sutton & Barto 2018, ex. 5.3: the leftmost notch is optimal", REPRODUCED);
}

void
td_figure_blackjack(void)
{
    double q[S * A], error[S * A], v[S], exact[S * A];
    decision all[S];
    td_model m = td_blackjack();
    int runs = program_steps(20, 2);
    progress_expect(runs);
    td_runs(SEED, runs, S * A, learn, &m, q, error);
    td_optimal(&m, 0, v, exact);
    td_model_free(&m);
    for (int s = 0; s < S; s++)
        all[s] = decision_of(q + A * s, error + A * s, exact + A * s);
    write_table(all, v);
    claims(all, v);
}
