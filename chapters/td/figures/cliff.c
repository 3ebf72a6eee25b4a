// Figure cliff: what do Sarsa, expected Sarsa and Q-learning earn on the cliff while they learn? The sum of rewards
// of each of 500 episodes, over 4000 runs.
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "td/control.h"
#include "td/figures/figures.h"
#include "td/planning.h"
#include "td/runs.h"

enum { SEED = 61, EPISODES = 500, LAST = 100 };

// The values of a td_control_run: the sums of rewards of all episodes, the means of the first and of the last 100.
typedef struct {
    double rewards[EPISODES], early, late;
} curve;

static void
claims(const curve *mean, double best)
{
    const char *own = "ours: beside the best that is possible with this epsilon";
    claim_above("cliff-order", "cliff, last 100 of 500 episodes: Sarsa's return less Q-learning's",
                0, unless_quick(mean[TD_SARSA].late - mean[TD_Q_LEARNING].late),
                "Sutton & Barto 2018, ex. 6.6: Q-learning's is worse", REPRODUCED);
    claim_changed("cliff-order", "before: -27 and -50, which the book, a picture, does not say");
    claim_above("cliff-sarsa",
                "cliff, last 100 of 500: how far Sarsa is below the best soft return", 1,
                unless_quick(best - mean[TD_SARSA].late), own, FOUND);
    claim_changed("cliff-sarsa", "before: a return of -27 +- 1, the measurement");
    claim_below("cliff-expected",
                "cliff, last 100 of 500: how far expected Sarsa is below the best soft return", 0.5,
                unless_quick(best - mean[TD_EXPECTED_SARSA].late), own, FOUND);
    claim_changed("cliff-expected", "before: a return of -20.9 +- 0.5, the measurement");
}

void
td_figure_cliff(void)
{
    enum { S = TD_CLIFF_ROWS * TD_CLIFF_COLUMNS, A = 4 };
    double v[S], q[S * A];
    curve mean[TD_RULES], error[TD_RULES];
    td_model m = td_cliff();
    int runs = program_steps(4000, 4);
    progress_expect((long)TD_RULES * runs);
    for (int rule = 0; rule < TD_RULES; rule++) {
        td_control c = {&m, (td_rule)rule, 0.5, 0.1, EPISODES, LAST, LAST};
        td_runs(SEED, runs, EPISODES + 2, td_control_run, &c, (double *)&mean[rule],
                (double *)&error[rule]);
    }
    td_optimal(&m, 0.1, v, q);
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
    claims(mean, v[TD_CLIFF_START]);
}
