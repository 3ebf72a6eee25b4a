// The chapter's figures, each in the file of its name.
#ifndef SPECULATIVE_FIGURES_H
#define SPECULATIVE_FIGURES_H

void speculative_figure_worked_example(void);
void speculative_figure_exact(void);
void speculative_figure_price(void);
void speculative_figure_ceilings(void);
void speculative_figure_training(void);
void speculative_figure_trees(void);
void speculative_figure_formula(void);
void speculative_figure_break_even(void);

#endif
