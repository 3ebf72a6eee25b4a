// The figures, one a file of this folder: each runs its experiment, writes its tables and checks its claims.
#ifndef VIT_FIGURES_H
#define VIT_FIGURES_H

void vit_figure_cost(void);

#endif
