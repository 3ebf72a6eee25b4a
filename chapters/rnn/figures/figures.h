// The chapter's figures. Each is the file of its name: rnn_figure_error_wall is error-wall.c, which computes
// error-wall.tsv and the claims about it.
#ifndef RNN_FIGURES_H
#define RNN_FIGURES_H

void rnn_figure_worked_example(void);
void rnn_figure_gradient_norms(void);
void rnn_figure_error_wall(void);
void rnn_figure_adding_problem(void);
void rnn_figure_copy_memory(void);
void rnn_figure_character_model(void);

#endif
