// The chapter's figures, each in the file of its name.
#ifndef S4_FIGURES_H
#define S4_FIGURES_H

void s4_reconstruction(void);
void s4_measures(void);
void s4_discretisation(void);
void s4_kernel(void);
void s4_diagonal_legs(void);
void s4_delay(void);
void s4_gradient_law(void);
void s4_training(void);
void s4_cost(void);

#endif
