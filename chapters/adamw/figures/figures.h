// The chapter's figures, each in the file of its name.
#ifndef ADAMW_FIGURES_H
#define ADAMW_FIGURES_H

void adamw_figure_worked_example(void);
void adamw_figure_step_bound(void);
void adamw_figure_bias(void);
void adamw_figure_decay(void);
void adamw_figure_fixed_point(void);
void adamw_figure_rate_and_decay(void);
void adamw_figure_equilibrium(void);
void adamw_figure_wrong_way(void);
void adamw_figure_spike(void);
void adamw_figure_batch(void);

#endif
