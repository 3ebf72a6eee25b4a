// Figure cliff: what do Sarsa, expected Sarsa and Q-learning earn on the cliff while they learn? The sum of rewards
// of each of 500 episodes, over 4000 runs.
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "td/control.h"
#include "td/figures/figures.h"
#include "td/runs.h"

enum { SEED = 61, EPISODES = 500, LAST = 100 };

// The values of a td_control_run: the sums of rewards of all episodes, the means of the first and of the last 100.
typedef struct {
    double rewards[EPISODES], early, late;
} curve;

static void
claims(const curve *mean)
{
    const char *book = "Sutton & Barto 2018, ex. 6.6";
    claim_near("cliff-sarsa", "cliff: Sarsa's return, last 100 of 500 episodes", -27,
               unless_quick(mean[TD_SARSA].late), 1, book, REPRODUCED);
    claim_near("cliff-q", "cliff: Q-learning's return, last 100 of 500 episodes", -50,
               unless_quick(mean[TD_Q_LEARNING].late), 1, book, REPRODUCED);
    claim_near("cliff-expected", "cliff: expected Sarsa's return, last 100 of 500 episodes", -20.9,
               unless_quick(mean[TD_EXPECTED_SARSA].late), 0.5, "this chapter", REPRODUCED);
}

void
td_figure_cliff(void)
{
    curve mean[TD_RULES], error[TD_RULES];
    td_model m = td_cliff();
    int runs = program_steps(4000, 4);
    progress_expect((long)TD_RULES * runs);
    for (int rule = 0; rule < TD_RULES; rule++) {
        td_control c = {&m, (td_rule)rule, 0.5, 0.1, EPISODES, LAST, LAST};
        td_runs(SEED, runs, EPISODES + 2, td_control_run, &c, (double *)&mean[rule],
                (double *)&error[rule]);
    }
    td_model_free(&m);
    table *t = program_table("cliff", "episode\tsarsa\texpected_sarsa\tq_learning\tsarsa_error\t"
                                      "expected_sarsa_error\tq_learning_error");
    for (int k = 0; k < EPISODES; k++)
        table_row(t, "idddddd", k + 1, mean[TD_SARSA].rewards[k],
                  mean[TD_EXPECTED_SARSA].rewards[k], mean[TD_Q_LEARNING].rewards[k],
                  error[TD_SARSA].rewards[k], error[TD_EXPECTED_SARSA].rewards[k],
                  error[TD_Q_LEARNING].rewards[k]);
    table_close(t);
    t = program_table("cliff-last", "rule\tlast_100_of_500\tstandard_error");
    for (int rule = 0; rule < TD_RULES; rule++)
        table_row(t, "sdd", td_rule_name[rule], mean[rule].late, error[rule].late);
    table_close(t);
    claims(mean);
}
