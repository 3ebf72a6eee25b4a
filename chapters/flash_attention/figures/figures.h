// The chapter's figures. Each is the file of its name: flash_attention_figure_same_bits is same-bits.c.
#ifndef FLASH_ATTENTION_FIGURES_H
#define FLASH_ATTENTION_FIGURES_H

void flash_attention_figure_worked_example(void);
void flash_attention_figure_io(void);
void flash_attention_figure_records(void);
void flash_attention_figure_same_bits(void);
void flash_attention_figure_error(void);
void flash_attention_figure_one_number(void);
void flash_attention_figure_memory(void);
void flash_attention_figure_reverse(void);

#endif
