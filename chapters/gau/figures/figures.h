// The figures, one a file of this folder: each runs its experiment, writes its tables and checks its claims.
#ifndef GAU_FIGURES_H
#define GAU_FIGURES_H

void gau_figure_worked_example(void);
void gau_figure_kinds(void);
void gau_figure_bound(void);
void gau_figure_cost(void);

#endif
