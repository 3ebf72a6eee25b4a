// The chapter's figures, each in the file of its name.
#ifndef WORD2VEC_FIGURES_H
#define WORD2VEC_FIGURES_H

void word2vec_figure_worked_example(void);
void word2vec_figure_optimum(void);
void word2vec_figure_rank(void);
void word2vec_figure_gauge(void);
void word2vec_figure_analogies(void);
void word2vec_figure_hierarchical(void);
void word2vec_figure_cbow(void);
void word2vec_figure_window(void);
void word2vec_figure_subsampling(void);

#endif
