// The chapter's figures. Each is the file of its name: mixed_precision_figure_loss_scale is loss-scale.c.
#ifndef MIXED_PRECISION_FIGURES_H
#define MIXED_PRECISION_FIGURES_H

void mixed_precision_figure_worked_example(void);
void mixed_precision_figure_ruler(void);
void mixed_precision_figure_window(void);
void mixed_precision_figure_loss_scale(void);
void mixed_precision_figure_modes(void);
void mixed_precision_figure_stuck(void);
void mixed_precision_figure_drift(void);
void mixed_precision_figure_sums(void);
void mixed_precision_figure_scaler(void);

#endif
