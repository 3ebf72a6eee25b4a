// What do trigonometric features lose on longer vectors? Median errors of trigonometric and of positive features
// against the rows m of W; medians, since trigonometric denominators cross zero.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "performer/figures/figures.h"
#include "performer/study.h"

#include <stdlib.h>

enum { SEED = 31, PROBLEMS = 15, FIRST = 16, SIZES = 5 };
enum { TRIG, POSITIVE, STUDIES };

// The median error of one study over that of the other, with m rows.
static double
ratio(const performer_outcomes *all, int i, int other, int m)
{
    return unless_quick(performer_errors(all, i, m, false).middle /
                        performer_errors(all, other, m, false).middle);
}

void
performer_figure_positive_against_trig(void)
{
    performer_study studies[STUDIES];
    int sizes = program_steps(SIZES, 2);
    for (int i = 0; i < STUDIES; i++)
        studies[i] =
            (performer_study){.map = i == TRIG ? PERFORMER_TRIGONOMETRIC : PERFORMER_POSITIVE,
                              .rows = PERFORMER_IID,
                              .std = 1,
                              .seed = SEED,
                              .m = FIRST,
                              .factor = 4,
                              .sizes = sizes};
    performer_outcomes all = performer_run_studies(STUDIES, studies, program_steps(PROBLEMS, 3));
    table *t = program_table("positive-against-trig",
                             "m\ttrig\ttrig_low\ttrig_high\tpositive\tpositive_low\tpositive_high");
    for (int n = 0; n < sizes; n++) {
        int m = FIRST << (2 * n);
        stats_quartiles trig = performer_errors(&all, TRIG, m, false);
        stats_quartiles positive = performer_errors(&all, POSITIVE, m, false);
        table_row(t, "idddddd", m, trig.middle, trig.low, trig.high, positive.middle, positive.low,
                  positive.high);
    }
    table_close(t);
    claim_above("trig-unusable", "std 1, m = 16: median error of trigonometric over positive", 100,
                ratio(&all, TRIG, POSITIVE, 16), "Choromanski et al. 2021", REPRODUCED);
    claim_above("trig-recovers", "std 1, m = 4096: median error of positive over trigonometric", 1,
                ratio(&all, POSITIVE, TRIG, 4096), "this chapter", REPRODUCED);
    free(all.outcome);
}
