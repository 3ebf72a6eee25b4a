// The chapter's figures, each in the file of its name.
#ifndef PERFORMER_FIGURES_H
#define PERFORMER_FIGURES_H

void performer_figure_against_nothing(void);
void performer_figure_cost(void);
void performer_figure_features(void);
void performer_figure_kernel(void);
void performer_figure_lemma(void);
void performer_figure_positive_against_trig(void);
void performer_figure_regularised(void);
void performer_figure_training(void);
void performer_figure_worked_example(void);

#endif
