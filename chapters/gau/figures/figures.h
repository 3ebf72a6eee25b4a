// The figures, one a file of this folder: each runs its experiment, writes its tables and checks its claims.
#ifndef GAU_FIGURES_H
#define GAU_FIGURES_H

#include "gau/nets.h"

void gau_figure_worked_example(void);
void gau_figure_bound(void);
void gau_figure_cost(void);
void gau_figure_kinds(void);     // trains the nets whose queries and keys are rotated
void gau_figure_positions(void); // trains those with added sinusoids

// What the first of these trainings show besides: tables and claims of runs of gau_rotated.
enum { GAU_ROTATED = 12 };
extern const gau_net gau_rotated[GAU_ROTATED];
void gau_figure_saw_tooth(const gau_run *runs);
void gau_figure_length(const gau_run *runs);

// What nets pay, the share of the weight on near keys, and the norms of the gradients, each as a table.
void gau_write_kinds(const char *name, int n, const gau_net *nets, const gau_run *runs);
void gau_write_near(const char *name, int n, const gau_net *nets, const gau_run *runs);
void gau_write_norms(const char *name, int n, const gau_net *nets, const gau_run *runs);
gau_spread gau_near(const gau_run *runs, gau_net net, int layer);
gau_spread gau_restless(const gau_run *runs,
                        gau_net net); // 99th percentile of the norms over their median

#endif
