// Figure grid: what is the best way through Zhao's grid? Optimal values and all optimal actions, by dynamic
// programming, where forbidden cells pay -10 and where they pay -1.
#include "frame/claims.h"
#include "td/figures/figures.h"
#include "td/grids.h"

#include <math.h>

void
td_figure_grid(void)
{
    // Zhao's figure, by one digit after the point
    const double book[TD_GRID_STATES] = {3.5, 3.9, 4.3, 4.8, 5.3, 3.1, 3.5, 4.8, 5.3,
                                         5.9, 2.8, 2.5, 10,  5.9, 6.6, 2.5, 10,  10,
                                         10,  7.3, 2.3, 9,   10,  9,   8.1};
    double v[TD_GRID_STATES], off = 0;
    int actions[TD_GRID_STATES], ties = 0;
    table *t = td_grid_table("grid");
    td_grid_best(td_harsh, 0, v, actions);
    td_grid_rows(t, "harsh", v, actions);
    for (int s = 0; s < TD_GRID_STATES; s++)
        off = fmax(off, fabs(v[s] - book[s]));
    td_grid_best(td_mild, 0, v, actions);
    td_grid_rows(t, "mild", v, actions);
    for (int s = 0; s < TD_GRID_STATES; s++)
        ties += (actions[s] & (actions[s] - 1)) != 0;
    table_close(t);
    claim_below("grid-book", "grid, forbidden -10: the largest difference to the book's one digit",
                0.051, off, "Zhao 2025, fig. 5.4: 25 values", REPRODUCED);
    claim_near("grid-ties", "grid, forbidden -1: states with more than one optimal action", 6, ties,
               0, "enumeration outside of the program", CHECK);
}
