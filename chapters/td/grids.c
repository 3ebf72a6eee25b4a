#include "td/grids.h"

#include "frame/program.h"
#include "td/planning.h"

const td_rewards td_harsh = {-1, -10, 1, 0}, td_mild = {-1, -1, 1, 0};

table *
td_grid_table(const char *name)
{
    return program_table(name, "panel\trow\tcolumn\tvalue\tactions\tkind");
}

void
td_grid_rows(table *t, const char *panel, const double *v, const int *actions)
{
    for (int s = 0; s < TD_GRID_STATES; s++) {
        int kind = s == TD_GRID_TARGET ? 2 : td_grid_forbidden(s); // 0: plain
        table_row(t, "siidii", panel, s / TD_GRID_SIDE + 1, s % TD_GRID_SIDE + 1, v[s],
                  actions ? actions[s] : 0, kind);
    }
}

void
td_grid_best(td_rewards pay, double epsilon, double *v, int *actions)
{
    double q[TD_GRID_STATES * TD_GRID_ACTIONS];
    td_model m = td_grid(pay, false);
    td_optimal(&m, epsilon, v, q);
    for (int s = 0; s < m.S; s++)
        actions[s] = td_best_actions(&m, q, s);
    td_model_free(&m);
}
