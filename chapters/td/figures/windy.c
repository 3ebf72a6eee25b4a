// Figure windy: how many steps does Sarsa need in the wind? Four environments (four moves or a king's, wind without
// and with chance): the steps of each of 400 episodes over 1000 runs, those late in 3000 episodes, and the exact
// fewest steps.
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "td/control.h"
#include "td/figures/figures.h"
#include "td/planning.h"
#include "td/runs.h"

#include <stdlib.h>

enum { SEED = 81, EPISODES = 400, LAST = 100 };

enum { FOUR_MOVES, KING, FOUR_MOVES_CHANCE, KING_CHANCE, WINDS };
static const char *const wind_name[WINDS] = {"four_moves", "king", "four_moves_chance",
                                             "king_chance"};

static td_model
model_of(int wind)
{
    return td_windy(wind == KING || wind == KING_CHANCE, wind >= FOUR_MOVES_CHANCE);
}

// The values of a td_control_run: the sums of rewards, -1 a step.
typedef struct {
    double rewards[EPISODES], early, late;
} curve;

// The mean steps of an episode late in learning and their standard error.
typedef struct {
    double steps, error;
} late_steps;

// What is known of one wind: the fewest steps, without and with exploring, and what Sarsa needs.
typedef struct {
    double optimal, soft;
    curve mean, error;
    late_steps half, tenth; // the last 100 of 3000 episodes, with the step sizes 0.5 and 0.1
} results;

static late_steps
learn_long(const td_model *m, double alpha)
{
    int episodes = program_steps(3000, 4), last = program_steps(LAST, 2), points = episodes + 2;
    double *mean = memory_zeroed(2L * points, sizeof *mean, "returns"), *error = mean + points;
    td_control c = {m, TD_SARSA, alpha, 0.1, episodes, last, last};
    td_runs(SEED, program_steps(100, 2), points, td_control_run, &c, mean, error);
    late_steps late = {-mean[episodes + 1], error[episodes + 1]};
    free(mean);
    return late;
}

// Everything of one wind; the cells of its grid go to a table.
static void
study(int wind, int runs, table *cells, results *x)
{
    td_model m = model_of(wind);
    double v[m.S], q[m.S * m.A];
    td_control c = {&m, TD_SARSA, 0.5, 0.1, EPISODES, LAST, LAST};
    td_runs(SEED, runs, EPISODES + 2, td_control_run, &c, (double *)&x->mean, (double *)&x->error);
    x->half = learn_long(&m, 0.5);
    x->tenth = learn_long(&m, 0.1);
    td_optimal(&m, 0.1, v, q);
    x->soft = -v[TD_WINDY_START];
    td_optimal(&m, 0, v, q);
    x->optimal = -v[TD_WINDY_START];
    for (int s = 0; s < m.S; s++)
        table_row(cells, "siidi", wind_name[wind], s / TD_WINDY_COLUMNS, s % TD_WINDY_COLUMNS,
                  0 - v[s], s == TD_WINDY_GOAL ? 0 : td_best_actions(&m, q, s));
    td_model_free(&m);
}

static void
write_curves(const results *all)
{
    table *t = program_table("windy", "episode\tfour_moves\tking\tfour_moves_chance\tking_chance\t"
                                      "four_moves_error\tking_error\tfour_moves_chance_error\t"
                                      "king_chance_error");
    for (int k = 0; k < EPISODES; k++) {
        double steps[WINDS], error[WINDS];
        for (int i = 0; i < WINDS; i++) {
            steps[i] = -all[i].mean.rewards[k];
            error[i] = all[i].error.rewards[k];
        }
        table_row(t, "idddddddd", k + 1, steps[FOUR_MOVES], steps[KING], steps[FOUR_MOVES_CHANCE],
                  steps[KING_CHANCE], error[FOUR_MOVES], error[KING], error[FOUR_MOVES_CHANCE],
                  error[KING_CHANCE]);
    }
    table_close(t);
}

static void
write_last(const results *all)
{
    table *t = program_table("windy-last",
                             "world\toptimal\tbest_eps_0.1\tepisodes_301_400\tstandard_error\t"
                             "episodes_2901_3000\tlate_standard_error\talpha_0.1\t"
                             "alpha_0.1_standard_error");
    for (int i = 0; i < WINDS; i++) {
        const results *x = &all[i];
        table_row(t, "sdddddddd", wind_name[i], x->optimal, x->soft, -x->mean.late, x->error.late,
                  x->half.steps, x->half.error, x->tenth.steps, x->tenth.error);
    }
    table_close(t);
}

static void
claims(const results *all)
{
    const char *book = "Sutton & Barto 2018, ex. 6.5", *own = "this chapter";
    const results *four = &all[FOUR_MOVES], *king = &all[KING];
    claim_near("windy-optimal", "windy: the fewest steps, four moves", 15, four->optimal, 1e-9,
               book, REPRODUCED);
    claim_near("windy-king", "windy: the fewest steps, king's moves", 7, king->optimal, 1e-9, own,
               REPRODUCED);
    claim_near("windy-soft", "windy: the fewest expected steps with eps 0.1", 17.048, four->soft,
               1e-3, own, REPRODUCED);
    claim_below("windy-late",
                "windy: Sarsa's steps, alpha 0.1, last 100 of 3000, over the best of eps 0.1", 1.05,
                unless_quick(four->tenth.steps / four->soft), own, REPRODUCED);
    claim_above("windy-sarsa",
                "windy: Sarsa's steps, episodes 301 to 400, above the best of eps 0.1", 1,
                unless_quick(-four->mean.late - four->soft), own, REPRODUCED);
}

void
td_figure_windy(void)
{
    static results all[WINDS];
    int runs = program_steps(1000, 2);
    progress_expect((long)WINDS * (runs + 2 * program_steps(100, 2)));
    table *cells = program_table("windy-grid", "panel\trow\tcolumn\tvalue\tactions");
    for (int wind = 0; wind < WINDS; wind++)
        study(wind, runs, cells, &all[wind]);
    table_close(cells);
    write_curves(all);
    write_last(all);
    claims(all);
}
