// Figure batch: where do TD(0) and Monte Carlo end if they see the same episodes again and again? The error of both
// limits against the number of episodes in the batch, over 20 000 runs, and the law that it tends to.
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/numeric.h"
#include "td/figures/figures.h"
#include "td/planning.h"
#include "td/runs.h"
#include "td/walk.h"

#include <stdlib.h>

enum { SEED = 41, POINTS = 10, MOST_EPISODES = 100 };
static const int episodes[POINTS] = {1, 2, 5, 10, 15, 25, 40, 60, 80, MOST_EPISODES};

enum { TD, MC, METHODS };
static const char *const method_name[METHODS] = {"td", "mc"};

// Of both methods and all sizes of a batch: RMS errors and mean squares.
typedef struct {
    double rms[METHODS][POINTS], square[METHODS][POINTS];
} errors;

// value: an errors struct.
static void
learn(rng *r, const void *context, double *value)
{
    const td_model *m = context;
    td_environment env = td_environment_of(m);
    errors *e = (errors *)value;
    td_transition *stream =
        memory_zeroed(MOST_EPISODES * TD_WALK_LIMIT, sizeof *stream, "a batch of episodes");
    double exact[TD_WALK_STATES], g[TD_WALK_LIMIT], v[METHODS][TD_WALK_STATES];
    int T = 0, visits[TD_WALK_STATES] = {0};
    td_table mc = {TD_WALK_STATES, 1, env.n, v[MC]};
    td_walk_values(exact);
    for (int s = 0; s < TD_WALK_STATES; s++)
        v[MC][s] = 0.5;
    for (int k = 1, point = 0; point < POINTS; k++) {
        int length = td_walk(&env, stream + T, TD_WALK_LIMIT, r);
        td_returns(length, stream + T, env.gamma, g);
        for (int t = 0; t < length; t++)
            td_monte_carlo(&mc, visits, stream + T, t, g[t], true);
        T += length;
        if (k != episodes[point])
            continue;
        for (int s = 0; s < TD_WALK_STATES; s++)
            v[TD][s] = 0.5;
        td_certainty_equivalence(TD_WALK_STATES, v[TD], T, stream, env.gamma);
        for (int i = 0; i < METHODS; i++) {
            e->square[i][point] = td_mean_squared_error(TD_WALK_STATES, v[i], exact);
            e->rms[i][point] = sqrt64(e->square[i][point]);
        }
        point++;
    }
    free(stream);
}

static void
write_tables(const errors *mean, const errors *error, const double law[METHODS])
{
    table *t = program_table("batch", "method\tepisodes\trms\trms_standard_error\tmse\t"
                                      "mse_standard_error\tlimit_mse");
    for (int i = 0; i < METHODS; i++)
        for (int k = 0; k < POINTS; k++)
            table_row(t, "siddddd", method_name[i], episodes[k], mean->rms[i][k], error->rms[i][k],
                      mean->square[i][k], error->square[i][k], law[i] / episodes[k]);
    table_close(t);
    t = program_table("batch-law", "method\tepisodes_times_mse");
    for (int i = 0; i < METHODS; i++)
        table_row(t, "sd", method_name[i], law[i]);
    table_close(t);
}

static void
claims(const errors *mean, const double law[METHODS])
{
    const char *law_of = "a law for many episodes, computed exactly";
    const int last = POINTS - 1; // MOST_EPISODES
    int better = 0;
    for (int k = 0; k < POINTS; k++) // one episode gives both the same
        better += mean->rms[TD][k] < mean->rms[MC][k];
    claim_near("batch-better", "batches of 2 to 100 episodes: sizes of 9 at which TD is better", 9,
               unless_quick(better), 0, "Sutton & Barto 2018, ex. 6.3: consistently better",
               REPRODUCED);
    claim_near("batch-td-law", "batch TD, 100 episodes: mean squared error over its limit law", 1,
               unless_quick(MOST_EPISODES * mean->square[TD][last] / law[TD]), 0.05, law_of, CHECK);
    claim_near("batch-mc-law", "batch MC, 100 episodes: mean squared error over its limit law", 1,
               unless_quick(MOST_EPISODES * mean->square[MC][last] / law[MC]), 0.05, law_of, CHECK);
}

void
td_figure_batch(void)
{
    errors mean, error;
    double law[METHODS];
    td_model m = td_random_walk(TD_WALK_STATES, 0);
    int runs = program_steps(20000, 20);
    progress_expect(runs);
    td_runs(SEED, runs, sizeof mean / sizeof(double), learn, &m, (double *)&mean, (double *)&error);
    td_batch_error(&m, &law[TD], &law[MC]);
    td_model_free(&m);
    write_tables(&mean, &error, law);
    claims(&mean, law);
}
