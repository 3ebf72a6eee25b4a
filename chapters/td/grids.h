// Zhao's grid as the figures draw it: values, arrows for actions, forbidden cells and the target.
#ifndef TD_GRIDS_H
#define TD_GRIDS_H

#include "files/table.h"
#include "td/environments.h"

// What the grid pays: forbidden cells -10 or -1, the edge -1, the target 1, all else 0.
extern const td_rewards td_harsh, td_mild;

// A table of grids, and one grid in it: a value and a mask of actions (NULL: none) for every cell.
table *td_grid_table(const char *name);
void td_grid_rows(table *t, const char *panel, const double *v, const int *actions);

// The best values of a grid, with epsilon of the actions at random, and all best actions as masks.
void td_grid_best(td_rewards pay, double epsilon, double *v, int *actions);

#endif
