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

// z (TD_RULES): how far the late returns at alpha = 1 are from the exact ones, in standard errors.
static void
claims(returns all[TD_RULES][ALPHAS], const double *z)
{
    int best = 0;
    for (int a = 1; a < ALPHAS; a++)
        best = all[TD_SARSA][a].late > all[TD_SARSA][best].late ? a : best;
    claim_below("alpha-expected",
                "cliff, alpha 1: expected Sarsa against the best soft return, in s.e.", 4,
                unless_quick(z[TD_EXPECTED_SARSA]),
                "Sutton & Barto 2018, sec. 6.6: alpha = 1 \"without suffering any degradation\"",
                REPRODUCED);
    td_check_z("alpha-q", "cliff, alpha 1: Q-learning against eps-greedy on the optimum, in s.e.",
               1, z[TD_Q_LEARNING]);
    claim_near("alpha-sarsa", "cliff: of 0.1, ..., 1 the step size with Sarsa's best late return",
               0.1, unless_quick(0.1 * (best + 1)), 1e-9,
               "Sutton & Barto 2018, sec. 6.6: in the long run only \"a small value of alpha\"",
               REPRODUCED);
    claim_changed("alpha-sarsa",
                  "before: the return at 1 is lower by 50 than that at 0.1; it is by 372");
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
    claims(all, z);
}
