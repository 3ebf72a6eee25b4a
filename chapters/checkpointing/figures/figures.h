// The chapter's figures. Each is the file of its name: checkpointing_figure_worked_example is worked-example.c.
#ifndef CHECKPOINTING_FIGURES_H
#define CHECKPOINTING_FIGURES_H

void checkpointing_figure_worked_example(void);
void checkpointing_figure_plane(void);
void checkpointing_figure_layers(void);
void checkpointing_figure_selective(void);
void checkpointing_figure_revolve(void);
void checkpointing_figure_bits(void);
void checkpointing_figure_reversible(void);

#endif
