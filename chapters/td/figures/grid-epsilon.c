// Figure grid-epsilon: what does exploring cost? Zhao's grid with epsilon of the actions at random, for four
// epsilons: the values of the optimal policy made epsilon-greedy, and those of the best of all epsilon-soft policies.
#include "frame/claims.h"
#include "td/figures/figures.h"
#include "td/grids.h"
#include "td/planning.h"

#include <stdio.h>

// One epsilon: the values of both policies.
typedef struct {
    double epsilon, consistent[TD_GRID_STATES], best[TD_GRID_STATES];
    int turned; // states in which no best action is an optimal one
} exploring;

static void
explore(exploring *x, table *t)
{
    double policy[TD_GRID_STATES * TD_GRID_ACTIONS], q[TD_GRID_STATES * TD_GRID_ACTIONS];
    double v[TD_GRID_STATES];
    int optimal[TD_GRID_STATES], actions[TD_GRID_STATES];
    char panel[32];
    td_model m = td_grid(td_harsh, false);
    td_optimal(&m, 0, v, q);
    td_soft_policy(&m, q, x->epsilon, policy);
    td_evaluate(&m, policy, x->consistent);
    for (int s = 0; s < m.S; s++)
        optimal[s] = td_best_actions(&m, q, s);
    snprintf(panel, sizeof panel, "consistent_%g", x->epsilon);
    td_grid_rows(t, panel, x->consistent, optimal);
    td_grid_best(td_harsh, x->epsilon, x->best, actions);
    snprintf(panel, sizeof panel, "best_%g", x->epsilon);
    td_grid_rows(t, panel, x->best, actions);
    for (int s = 0; s < m.S; s++)
        x->turned += (optimal[s] & actions[s]) == 0;
    td_model_free(&m);
}

void
td_figure_grid_epsilon(void)
{
    exploring none = {.epsilon = 0}, tenth = {.epsilon = 0.1}, fifth = {.epsilon = 0.2};
    exploring half = {.epsilon = 0.5}, *all[] = {&none, &tenth, &fifth, &half};
    table *t = td_grid_table("grid-epsilon");
    for (int i = 0; i < 4; i++)
        explore(all[i], t);
    table_close(t);
    const char *outside = "computed outside of the program";
    claim_near("epsilon-target-0.1", "grid: the target's value, eps 0.1, optimal policy", 3.34,
               tenth.consistent[TD_GRID_TARGET], 0.005, outside, CHECK);
    claim_near("epsilon-target", "grid: the target's value, eps 0.5, optimal policy", -16.88,
               half.consistent[TD_GRID_TARGET], 0.005, outside, CHECK);
    claim_near("epsilon-turns", "grid: states whose best action is another one at eps 0.5", 14,
               half.turned, 0, outside, CHECK);
}
