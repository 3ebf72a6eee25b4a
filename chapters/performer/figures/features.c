// Which features are best, and how many? The error of attention's answers against the rows m of W, for short vectors:
// trigonometric and positive features, independent and orthogonal rows, and a bug that shortens the rows.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "performer/figures/figures.h"
#include "performer/study.h"

#include <stdlib.h>

enum { SEED = 21, PROBLEMS = 15, FIRST = 16, SIZES = 6 };

enum { TRIG_IID, TRIG_ORTHOGONAL, POSITIVE_IID, POSITIVE_ORTHOGONAL, SHRUNK, STUDIES };
static const char *const names[STUDIES] = {"trig_iid", "trig_orthogonal", "positive_iid",
                                           "positive_orthogonal", "shrunk"};

// Study i's median error with m rows.
static double
median(const performer_outcomes *all, int i, int m)
{
    return unless_quick(performer_errors(all, i, m, false).middle);
}

static void
claims(const performer_outcomes *all)
{
    const char *own = "this chapter", *paper = "Choromanski et al. 2021";
    claim_above("trig-falls", "std 0.5, trigonometric, iid: error at m = 16 over that at m = 512",
                16, median(all, TRIG_IID, 16) / median(all, TRIG_IID, 512), own, REPRODUCED);
    claim_above("trig-orthogonal", "std 0.5, m = 16, trigonometric: error of iid over orthogonal",
                2, median(all, TRIG_IID, 16) / median(all, TRIG_ORTHOGONAL, 16), paper, REPRODUCED);
    claim_above("positive-orthogonal", "std 0.5, m = 16, positive: error of iid over orthogonal", 2,
                median(all, POSITIVE_IID, 16) / median(all, POSITIVE_ORTHOGONAL, 16), paper,
                NOT_AT_THIS_SCALE);
    claim_below("positive-best", "std 0.5, m = 512, iid: error of positive over trigonometric", 1,
                median(all, POSITIVE_IID, 512) / median(all, TRIG_IID, 512),
                "Choromanski et al. 2021, figure 4", NOT_AT_THIS_SCALE);
    claim_above("shrunk-flat", "rows divided by sqrt(m/d): error at m = 512 over that at m = 64", 1,
                median(all, SHRUNK, 512) / median(all, SHRUNK, 64), own, REPRODUCED);
}

void
performer_figure_features(void)
{
    performer_study studies[STUDIES];
    int sizes = program_steps(SIZES, 2);
    for (int i = 0; i < STUDIES; i++)
        studies[i] = (performer_study){
            .map = i <= TRIG_ORTHOGONAL ? PERFORMER_TRIGONOMETRIC : PERFORMER_POSITIVE,
            .rows = i == TRIG_IID || i == POSITIVE_IID ? PERFORMER_IID : PERFORMER_ORTHOGONAL,
            .shrunk = i == SHRUNK,
            .std = 0.5,
            .seed = SEED,
            .m = FIRST,
            .factor = 2,
            .sizes = sizes};
    performer_outcomes all = performer_run_studies(STUDIES, studies, program_steps(PROBLEMS, 3));
    table *t = program_table("features", "features\tm\tmedian\tlow\thigh");
    for (int i = 0; i < STUDIES; i++)
        for (int n = 0; n < sizes; n++) {
            stats_quartiles q = performer_errors(&all, i, FIRST << n, false);
            table_row(t, "siddd", names[i], FIRST << n, q.middle, q.low, q.high);
        }
    table_close(t);
    claims(&all);
    free(all.outcome);
}
