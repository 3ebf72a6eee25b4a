// When are positive features better than no attention? Their error over that of answering with the mean of all values,
// against the rows m of W, for short and longer vectors.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "performer/figures/figures.h"
#include "performer/study.h"

#include <stdlib.h>

enum { SEED = 41, PROBLEMS = 9, FIRST = 64, SIZES = 4 };

// std 0.5 and 1, with independent and with orthogonal rows.
enum { SHORT_IID, SHORT_ORTHOGONAL, LONG_IID, LONG_ORTHOGONAL, STUDIES };

static double
median(const performer_outcomes *all, int i, int m)
{
    return unless_quick(performer_errors(all, i, m, true).middle);
}

void
performer_figure_against_nothing(void)
{
    performer_study studies[STUDIES];
    const char *own = "this chapter";
    int sizes = program_steps(SIZES, 1);
    for (int i = 0; i < STUDIES; i++)
        studies[i] = (performer_study){
            .map = PERFORMER_POSITIVE,
            .rows = i == SHORT_IID || i == LONG_IID ? PERFORMER_IID : PERFORMER_ORTHOGONAL,
            .std = i < LONG_IID ? 0.5 : 1,
            .seed = SEED,
            .m = FIRST,
            .factor = 4,
            .sizes = sizes};
    performer_outcomes all = performer_run_studies(STUDIES, studies, program_steps(PROBLEMS, 3));
    table *t = program_table("against-nothing", "std\trows\tm\tratio\tratio_low\tratio_high");
    for (const performer_study *s = studies; s < studies + STUDIES; s++)
        for (int n = 0; n < sizes; n++) {
            int m = FIRST << (2 * n);
            stats_quartiles q = performer_errors(&all, (int)(s - studies), m, true);
            table_row(t, "dsiddd", s->std, s->rows == PERFORMER_ORTHOGONAL ? "orthogonal" : "iid",
                      m, q.middle, q.low, q.high);
        }
    table_close(t);
    claim_above("nothing-64", "std 0.5, m = 64, orthogonal: error over that of averaging v, median",
                1, median(&all, SHORT_ORTHOGONAL, 64), own, REPRODUCED);
    claim_below("nothing-1024",
                "std 0.5, m = 1024, orthogonal: error over that of averaging v, median", 0.2,
                median(&all, SHORT_ORTHOGONAL, 1024), own, REPRODUCED);
    claim_above("nothing-std-1",
                "std 1, m = 4096, orthogonal: error over that of averaging v, median", 1,
                median(&all, LONG_ORTHOGONAL, 4096), own, REPRODUCED);
    free(all.outcome);
}
