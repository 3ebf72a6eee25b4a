// The figures, one a file of this folder: each runs its experiment, writes its tables and checks its claims.
#ifndef LINEAR_ATTENTION_FIGURES_H
#define LINEAR_ATTENTION_FIGURES_H

void linear_attention_figure_worked_example(void);
void linear_attention_figure_forms(void);
void linear_attention_figure_cost(void);
void linear_attention_figure_generation(void);
void linear_attention_figure_capacity(void);
void linear_attention_figure_overwrite(void);
void linear_attention_figure_copy(void);
void linear_attention_figure_recall(void);
void linear_attention_figure_drift(void);

#endif
