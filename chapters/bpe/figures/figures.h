// The chapter's figures, each in the file of its name.
#ifndef BPE_FIGURES_H
#define BPE_FIGURES_H

void bpe_figure_worked_example(void);
void bpe_figure_cost(void);
void bpe_figure_compression(void);
void bpe_figure_two_rules(void);
void bpe_figure_fewest(void);
void bpe_figure_morphemes(void);
void bpe_figure_bits_per_byte(void);
void bpe_figure_ties(void);
void bpe_figure_chinese(void);

#endif
