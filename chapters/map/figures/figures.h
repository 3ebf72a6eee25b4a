// The chapter's figures. Each is the file of its name: map_figure_pr_fan is pr-fan.c, which computes pr-fan.tsv and the
// claims about it.
#ifndef MAP_FIGURES_H
#define MAP_FIGURES_H

void map_figure_one_image(void);
void map_figure_worked_example(void);
void map_figure_rules(void);
void map_figure_pr_fan(void);
void map_figure_ap_iou(void);
void map_figure_scene(void);
void map_figure_ties(void);
void map_figure_sizes(void);
void map_figure_calibration(void);
void map_figure_bootstrap(void);
void map_figure_cost(void);

#endif
