// The chapter's figures, each in the file of its name.
#ifndef MANY_MACHINES_FIGURES_H
#define MANY_MACHINES_FIGURES_H

void many_machines_figure_worked_example(void);
void many_machines_figure_shuffle(void);
void many_machines_figure_skew(void);
void many_machines_figure_bits(void);
void many_machines_figure_allreduce(void);
void many_machines_figure_durability(void);
void many_machines_figure_restart(void);
void many_machines_figure_training(void);

#endif
