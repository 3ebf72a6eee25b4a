// Figure cliff-paths: which way past the cliff is the best? Exact values, best actions and the way of the lowest of
// them, without exploring and with one action in ten at random; and the exact returns with epsilon = 0.1 of the
// policies along each row.
#include "frame/claims.h"
#include "frame/program.h"
#include "td/control.h"
#include "td/figures/figures.h"
#include "td/planning.h"

#include <math.h>

enum { S = TD_CLIFF_ROWS * TD_CLIFF_COLUMNS, A = 4, UP = 0, RIGHT = 1, DOWN = 2 };
enum { TOP_ROW, MIDDLE_ROW, EDGE_ROW, ROWS };

// The policy that goes up to `row`, along it to the right and down at the end, with epsilon at random.
static void
along_row(int row, double epsilon, double *policy)
{
    for (int s = 0; s < S; s++) {
        int at = s / TD_CLIFF_COLUMNS, last = s % TD_CLIFF_COLUMNS == TD_CLIFF_COLUMNS - 1;
        int action = last ? DOWN : at > row ? UP : at < row ? DOWN : RIGHT;
        for (int a = 0; a < A; a++)
            policy[s * A + a] = epsilon / A + (a == action ? 1 - epsilon : 0);
    }
}

// Marks the states on the way of the best actions from the start to the goal.
static void
mark_path(const td_model *m, const double *q, bool *path)
{
    double policy[S * A];
    td_soft_policy(m, q, 0, policy);
    for (int s = TD_CLIFF_START; s != TD_CLIFF_GOAL && !path[s];) {
        int a = 0;
        path[s] = true;
        while (policy[s * A + a] < 0.5)
            a++;
        s = td_chances(m, s, a)->next;
    }
}

// The best policy with epsilon of the actions at random; q (S, A) of it. Returns the value of the start.
static double
write_panel(table *t, const char *panel, const td_model *m, double epsilon, double *q)
{
    double v[S];
    bool path[S] = {false};
    td_optimal(m, epsilon, v, q);
    mark_path(m, q, path);
    for (int s = 0; s < S; s++) {
        bool goes = s <= TD_CLIFF_START; // else the cliff and the goal
        table_row(t, "siidii", panel, s / TD_CLIFF_COLUMNS, s % TD_CLIFF_COLUMNS, goes ? v[s] : NAN,
                  goes ? td_best_actions(m, q, s) : 0, path[s]);
    }
    return v[TD_CLIFF_START];
}

static void
claims(double optimal, double soft, double edge, const double row[ROWS])
{
    const char *outside = "computed outside of the program";
    claim_near("cliff-optimal", "cliff: the optimal return", -13, optimal, 1e-9, outside, CHECK);
    claim_near("cliff-soft", "cliff, eps 0.1: the best return", -20.7077, soft, 1e-4, outside,
               CHECK);
    claim_near("cliff-edge", "cliff, eps 0.1: the return of the optimal policy", -45.8033, edge,
               1e-4, outside, CHECK);
    claim_above("cliff-middle", "cliff, eps 0.1: the middle row's return less the top row's", 0,
                row[MIDDLE_ROW] - row[TOP_ROW], "exact; first seen here", FOUND);
    claim_changed("cliff-middle", "before: > 1");
}

void
td_figure_cliff_paths(void)
{
    double q[S * A], q_soft[S * A], policy[S * A], row[ROWS];
    td_model m = td_cliff();
    table *t = program_table("cliff-paths", "panel\trow\tcolumn\tvalue\tactions\tpath");
    double optimal = write_panel(t, "optimal", &m, 0, q);
    double soft = write_panel(t, "soft", &m, 0.1, q_soft);
    table_close(t);
    for (int k = 0; k < ROWS; k++) {
        along_row(k, 0.1, policy);
        row[k] = td_policy_return(&m, policy);
    }
    td_soft_policy(&m, q, 0.1, policy);
    double edge = td_policy_return(&m, policy);
    t = program_table("cliff-policies", "policy\treturn_eps_0.1");
    table_row(t, "sd", "best of all", soft);
    table_row(t, "sd", "along the middle row", row[MIDDLE_ROW]);
    table_row(t, "sd", "along the top row", row[TOP_ROW]);
    table_row(t, "sd", "along the edge", row[EDGE_ROW]);
    table_row(t, "sd", "optimal without exploring, made epsilon-greedy", edge);
    table_close(t);
    td_model_free(&m);
    claims(optimal, soft, edge, row);
}
