// The chapter's figures. Each is the file of its name: clip_figure_batch_size is batch-size.c, which computes
// batch-size.tsv and the claims about it.
#ifndef CLIP_FIGURES_H
#define CLIP_FIGURES_H

#include "clip/experiment.h"

enum { CLIP_SEEDS = 3 };

void clip_figure_shapes(void);
void clip_figure_worked_example(void);
void clip_figure_optimum(void);
void clip_figure_bound(void);
void clip_figure_start(void);
void clip_figure_invariance(void);
void clip_figure_devices(void);
void clip_figure_batch_size(void);
void clip_figure_rates(void);
void clip_figure_bias_gap(void);
void clip_figure_cheaper(void);

// What the trainings of batch-size.c show besides: called with all of them by clip_figure_batch_size.
void clip_figure_pmi(int n, const clip_run *runs);

// The table NAME.tsv of what was measured of n runs, CLIP_SEEDS of each kind one behind the other, and NAME-means.tsv.
void clip_write_runs(const char *name, int n, const clip_run *runs);

#endif
