// The chapter's figures, each in the file of its name.
#ifndef ROPE_FIGURES_H
#define ROPE_FIGURES_H

void rope_decay(void);
void rope_extrapolation(void);
void rope_linear(void);
void rope_precision(void);
void rope_shift(void);

#endif
