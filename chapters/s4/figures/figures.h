// The chapter's figures, each in the file of its name.
#ifndef S4_FIGURES_H
#define S4_FIGURES_H

void s4_figure_worked_example(void);
void s4_figure_reconstruction(void);
void s4_figure_measures(void);
void s4_figure_discretisation(void);
void s4_figure_kernel(void);
void s4_figure_diagonal_legs(void);
void s4_figure_delay(void);
void s4_figure_gradient_law(void);
void s4_figure_training(void);
void s4_figure_cost(void);

#endif
