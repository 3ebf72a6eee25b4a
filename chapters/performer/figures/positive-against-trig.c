// What do trigonometric features lose on longer vectors? Median errors of trigonometric, hyperbolic and positive
// features against their number; medians, since trigonometric denominators cross zero.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "performer/figures/figures.h"
#include "performer/study.h"

#include <math.h>
#include <stdlib.h>

enum { SEED = 31, PROBLEMS = 15, FIRST = 32, SIZES = 5 };
enum { TRIG, POSITIVE, HYPERBOLIC, STUDIES };
static const struct {
    const char *name;
    performer_map map;
} studied[STUDIES] = {[TRIG] = {"trigonometric", PERFORMER_TRIGONOMETRIC},
                      [POSITIVE] = {"positive", PERFORMER_POSITIVE},
                      [HYPERBOLIC] = {"hyperbolic", PERFORMER_HYPERBOLIC}};

// The median error of one study over that of the other, with F features.
static double
ratio(const performer_outcomes *all, int i, int other, int F)
{
    return unless_quick(performer_errors(all, i, F, false).middle /
                        performer_errors(all, other, F, false).middle);
}

// The same of one study, with F features over that with fewer.
static double
ratio_of_sizes(const performer_outcomes *all, int i, int F, int fewer)
{
    return unless_quick(performer_errors(all, i, F, false).middle /
                        performer_errors(all, i, fewer, false).middle);
}

void
performer_figure_positive_against_trig(void)
{
    performer_study studies[STUDIES];
    int sizes = program_steps(SIZES, 2);
    for (int i = 0; i < STUDIES; i++)
        studies[i] = (performer_study){.map = studied[i].map,
                                       .rows = PERFORMER_ORTHOGONAL,
                                       .std = 1,
                                       .seed = SEED,
                                       .F = FIRST,
                                       .factor = 4,
                                       .sizes = sizes};
    performer_outcomes all = performer_run_studies(STUDIES, studies, program_steps(PROBLEMS, 3));
    table *t = program_table("positive-against-trig", "features\tF\tmedian\tlow\thigh");
    for (int i = 0; i < STUDIES; i++)
        for (int n = 0; n < sizes; n++) {
            int F = FIRST << (2 * n);
            stats_quartiles q = performer_errors(&all, i, F, false);
            table_row(t, "siddd", studied[i].name, F, q.middle, q.low, q.high);
        }
    stats_quartiles nothing = performer_averaging(&all, 0);
    for (int n = 0; n < sizes; n++)
        table_row(t, "siddd", "averaging", FIRST << (2 * n), nothing.middle, nothing.low,
                  nothing.high);
    table_close(t);
    double least = INFINITY;
    for (int F = FIRST; F <= 2048; F *= 4)
        least = fmin(least, ratio(&all, TRIG, POSITIVE, F));
    claim_above("positive-best",
                "std 1, F = 32 to 2048: error of trigonometric over positive, least of 4", 1,
                unless_quick(least),
                "Choromanski et al. 2021, figure 4, left: positive features have the smaller error",
                IN_PART);
    claim_above("trig-recovers", "std 1, F = 8192: error of positive over trigonometric", 1,
                ratio(&all, POSITIVE, TRIG, 8192), "first seen here", FOUND);
    claim_above("plateau", "std 1, positive: error at F = 512 over that at F = 32", 0.5,
                ratio_of_sizes(&all, POSITIVE, 512, 32), "first seen here", FOUND);
    free(all.outcome);
}
