// The chapter's figures, each in the file of its name.
#ifndef ADAMW_FIGURES_H
#define ADAMW_FIGURES_H

void adamw_figure_worked_example(void);

#endif
