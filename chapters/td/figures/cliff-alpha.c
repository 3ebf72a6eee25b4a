// Figure cliff-alpha: which step size is the best on the cliff? The returns of the three rules in the first 100 and
// in the last 1000 of 2000 episodes, by step size, over 200 runs, beside what they tend to.
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "td/control.h"
#include "td/figures/figures.h"
#include "td/planning.h"
#include "td/runs.h"

#include <stdlib.h>

enum { SEED = 71, ALPHAS = 10 };

// The returns that the rules can tend to: expected Sarsa, and in the end Sarsa, to that of the best soft policy;
// Q-learning to that of the optimum, made epsilon-greedy.
static void
exact_returns(const td_model *m, double exact[TD_RULES])
{
    double v[m->S], q[m->S * m->A], policy[m->S * m->A];
    td_optimal(m, 0, v, q);
    td_soft_policy(m, q, 0.1, policy);
    exact[TD_Q_LEARNING] = td_policy_return(m, policy);
    td_optimal(m, 0.1, v, q);
    exact[TD_SARSA] = exact[TD_EXPECTED_SARSA] = v[TD_CLIFF_START];
}

// A mean over runs and its standard error: of the first episodes, and of the last.
typedef struct {
    double early, early_error, late, late_error;
} returns;

static returns
learn(const td_model *m, td_rule rule, double alpha)
{
    int episodes = program_steps(2000, 4), points = episodes + 2;
    int early = program_steps(100, 2), late = program_steps(1000, 2);
    double *mean = memory_zeroed(2L * points, sizeof *mean, "returns"), *error = mean + points;
    td_control c = {m, rule, alpha, 0.1, episodes, early, late};
    td_runs(SEED, program_steps(200, 2), points, td_control_run, &c, mean, error);
    returns all = {mean[episodes], error[episodes], mean[episodes + 1], error[episodes + 1]};
    free(mean);
    return all;
}

void
td_figure_cliff_alpha(void)
{
    // by step size 0.1, ..., 1
    returns all[TD_RULES][ALPHAS];
    double exact[TD_RULES], z[TD_RULES];
    td_model m = td_cliff();
    exact_returns(&m, exact);
    progress_expect((long)TD_RULES * ALPHAS * program_steps(200, 2));
    table *t = program_table("cliff-alpha", "rule\talpha\tfirst_100\tfirst_100_standard_error\t"
                                            "last_1000\tlast_1000_standard_error\texact");
    for (int rule = 0; rule < TD_RULES; rule++) {
        for (int a = 0; a < ALPHAS; a++) {
            returns x = all[rule][a] = learn(&m, (td_rule)rule, 0.1 * (a + 1));
            table_row(t, "sdddddd", td_rule_name[rule], 0.1 * (a + 1), x.early, x.early_error,
                      x.late, x.late_error, exact[rule]);
        }
        const returns *largest = &all[rule][ALPHAS - 1]; // alpha = 1
        z[rule] = td_z(largest->late, largest->late_error, exact[rule]);
    }
    table_close(t);
    td_model_free(&m);
    td_claim_z("alpha-expected",
               "cliff, alpha 1: expected Sarsa against the best soft return, in s.e.",
               z[TD_EXPECTED_SARSA]);
    td_claim_z("alpha-q", "cliff, alpha 1: Q-learning against eps-greedy on the optimum, in s.e.",
               z[TD_Q_LEARNING]);
    claim_below("alpha-sarsa", "cliff: Sarsa's late return at alpha 1 less that at 0.1", -50,
                unless_quick(all[TD_SARSA][ALPHAS - 1].late - all[TD_SARSA][0].late),
                "this chapter", REPRODUCED);
}
