// The chapter's figures, each in the file of its name.
#ifndef TD_FIGURES_H
#define TD_FIGURES_H

void td_figure_worked_example(void);
void td_figure_mean(void);
void td_figure_robbins_monro(void);
void td_figure_grid(void);
void td_figure_mc_basic(void);
void td_figure_grid_epsilon(void);
void td_figure_random_walk(void);
void td_figure_batch(void);
void td_figure_n_step(void);
void td_figure_path(void);
void td_figure_cliff_paths(void);
void td_figure_cliff(void);
void td_figure_cliff_alpha(void);
void td_figure_windy(void);
void td_figure_double_q(void);
void td_figure_off_policy_q(void);
void td_figure_blackjack(void);
void td_figure_importance_sampling(void);

#endif
