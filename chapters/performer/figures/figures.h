// The chapter's figures, each in the file of its name.
#ifndef PERFORMER_FIGURES_H
#define PERFORMER_FIGURES_H

void performer_against_nothing(void);
void performer_cost(void);
void performer_features(void);
void performer_kernel(void);
void performer_lemma(void);
void performer_positive_against_trig(void);
void performer_regularised(void);
void performer_training(void);

#endif
