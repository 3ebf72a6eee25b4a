// The chapter's figures. Each is the file of its name: mixed_precision_figure_loss_scale is loss-scale.c.
#ifndef MIXED_PRECISION_FIGURES_H
#define MIXED_PRECISION_FIGURES_H

void mixed_precision_figure_worked_example(void);

#endif
