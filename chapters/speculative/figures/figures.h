// The chapter's figures, each in the file of its name.
#ifndef SPECULATIVE_FIGURES_H
#define SPECULATIVE_FIGURES_H

void speculative_figure_worked_example(void);

#endif
