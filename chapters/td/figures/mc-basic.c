// Figure mc-basic: what does MC Basic learn from episodes of L steps on a grid that never ends? The values that it
// ends with for eight lengths, and how far they are from L backups of value iteration, for L = 1 to 60.
#include "frame/claims.h"
#include "frame/program.h"
#include "td/figures/figures.h"
#include "td/grids.h"
#include "td/planning.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// v(s) = max q(s, a) that MC Basic ends with; returns how often the policy changed.
static int
learnt_values(td_rewards pay, int length, double *v)
{
    td_model m = td_grid(pay, false);
    td_environment env = td_environment_of(&m);
    td_table q = td_table_new(&m);
    rng none = rng_at(0, 0);
    int changes = td_mc_basic(&env, &q, length, 100, &none);
    for (int s = 0; s < m.S; s++)
        v[s] = td_max(&q, s);
    td_table_free(&q);
    td_model_free(&m);
    return changes;
}

// v after a number of backups of value iteration from 0.
static void
backed_up_values(td_rewards pay, int backups, double *v)
{
    double q[TD_GRID_STATES * TD_GRID_ACTIONS];
    td_model m = td_grid(pay, false);
    memset(v, 0, sizeof *v * TD_GRID_STATES);
    for (int i = 0; i < backups; i++) {
        td_backups(&m, v, q);
        for (int s = 0; s < m.S; s++) {
            v[s] = q[s * m.A];
            for (int a = 1; a < m.A; a++)
                v[s] = fmax(v[s], q[s * m.A + a]);
        }
    }
    td_model_free(&m);
}

// How far the two are apart; *changes of MC Basic's policy.
static double
difference(td_rewards pay, int length, int *changes)
{
    double learnt[TD_GRID_STATES], backed[TD_GRID_STATES], off = 0;
    *changes = learnt_values(pay, length, learnt);
    backed_up_values(pay, length, backed);
    for (int s = 0; s < TD_GRID_STATES; s++)
        off = fmax(off, fabs(learnt[s] - backed[s]));
    return off;
}

void
td_figure_mc_basic(void)
{
    const int shown[] = {1, 2, 3, 4, 14, 15, 30, 100};
    double v[TD_GRID_STATES], worst = 0, mild_3 = 0;
    char panel[16];
    table *t = td_grid_table("mc-basic");
    for (int i = 0; i < 8; i++) {
        snprintf(panel, sizeof panel, "%d", shown[i]);
        learnt_values(td_harsh, shown[i], v);
        td_grid_rows(t, panel, v, NULL);
    }
    table_close(t);
    t = program_table("mc-basic-backups",
                      "length\tchanges\tdifference_forbidden_-10\tchanges_mild\t"
                      "difference_forbidden_-1");
    for (int length = 1; length <= 60; length++) {
        int changes, changes_mild;
        double harsh = difference(td_harsh, length, &changes);
        double mild = difference(td_mild, length, &changes_mild);
        worst = fmax(worst, harsh);
        if (length == 3)
            mild_3 = mild;
        table_row(t, "iidid", length, changes, harsh, changes_mild, mild);
    }
    table_close(t);
    claim_below("basic-backups", "MC Basic, L = 1..60, forbidden -10: farthest from L backups",
                1e-12, worst, "first seen here", FOUND);
    claim_above("basic-mild", "MC Basic, L = 3, forbidden -1: farthest from L backups", 1e-12,
                mild_3, "first seen here", FOUND);
}
