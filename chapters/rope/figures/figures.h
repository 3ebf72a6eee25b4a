// The chapter's figures, each in the file of its name.
#ifndef ROPE_FIGURES_H
#define ROPE_FIGURES_H

void rope_figure_decay(void);
void rope_figure_extrapolation(void);
void rope_figure_linear(void);
void rope_figure_precision(void);
void rope_figure_shift(void);
void rope_figure_worked_example(void);

#endif
