// The chapter's figures. Each is the file of its name: activations_figure_variance_map is variance-map.c.
#ifndef ACTIVATIONS_FIGURES_H
#define ACTIVATIONS_FIGURES_H

void activations_figure_worked_example(void);
void activations_figure_functions(void);
void activations_figure_variance_map(void);
void activations_figure_chaos(void);
void activations_figure_typical_net(void);
void activations_figure_selu(void);
void activations_figure_dead(void);
void activations_figure_bias(void);
void activations_figure_perceptron(void);
void activations_figure_comparison(void);

#endif
