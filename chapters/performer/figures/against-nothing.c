// When are random features better than no attention? Their error over that of answering with the mean of all values,
// against the number of features, for short and longer vectors, orthogonal rows.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "performer/figures/figures.h"
#include "performer/study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEED = 41, PROBLEMS = 9, FIRST = 64, SIZES = 4, MAPS = 3, STUDIES = 2 * MAPS };

// The maps, each with std 0.5 and 1.
static const struct {
    const char *name;
    performer_map map;
} maps[MAPS] = {{"positive", PERFORMER_POSITIVE},
                {"hyperbolic", PERFORMER_HYPERBOLIC},
                {"trigonometric", PERFORMER_TRIGONOMETRIC}};
enum { SHORT_POSITIVE, SHORT_HYPERBOLIC, SHORT_TRIG, LONG_POSITIVE, LONG_HYPERBOLIC, LONG_TRIG };

static double
median(const performer_outcomes *all, int i, int F)
{
    return unless_quick(performer_errors(all, i, F, true).middle);
}

void
performer_figure_against_nothing(void)
{
    performer_study studies[STUDIES];
    int sizes = program_steps(SIZES, 1);
    for (int i = 0; i < STUDIES; i++)
        studies[i] = (performer_study){.map = maps[i % MAPS].map,
                                       .rows = PERFORMER_ORTHOGONAL,
                                       .std = i < MAPS ? 0.5 : 1,
                                       .seed = SEED,
                                       .F = FIRST,
                                       .factor = 4,
                                       .sizes = sizes};
    performer_outcomes all = performer_run_studies(STUDIES, studies, program_steps(PROBLEMS, 3));
    table *t = program_table("against-nothing", "std\tfeatures\tF\tratio\tratio_low\tratio_high");
    for (int i = 0; i < STUDIES; i++)
        for (int n = 0; n < sizes; n++) {
            int F = FIRST << (2 * n);
            stats_quartiles q = performer_errors(&all, i, F, true);
            table_row(t, "dsiddd", studies[i].std, maps[i % MAPS].name, F, q.middle, q.low, q.high);
        }
    table_close(t);
    t = program_table("against-nothing-medians", "vectors\tF_64\tF_256\tF_1024\tF_4096");
    for (int i = 0; i < STUDIES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s_%s", i < MAPS ? "short" : "long", maps[i % MAPS].name);
        table_row(t, "sdddd", name, median(&all, i, 64), median(&all, i, 256),
                  median(&all, i, 1024), median(&all, i, 4096));
    }
    table_close(t);
    const char *own = "first seen here";
    double best = INFINITY;
    for (int i = LONG_POSITIVE; i <= LONG_TRIG; i++)
        best = fmin(best, median(&all, i, 4096));
    claim_above("nothing-64", "std 0.5, 64 positive features: error over that of averaging, median",
                0.8, median(&all, SHORT_POSITIVE, 64), own, FOUND);
    claim_changed("nothing-64", "the bound was 1; under one of five other seeds it is 0.98");
    claim_below("nothing-64-trig",
                "std 0.5, 64 trigonometric features: error over that of averaging, median", 1,
                median(&all, SHORT_TRIG, 64), own, FOUND);
    claim_below("nothing-1024",
                "std 0.5, 1024 positive features: error over that of averaging, median", 0.2,
                median(&all, SHORT_POSITIVE, 1024), own, FOUND);
    claim_above("nothing-std-1",
                "std 1, 4096 features: error over that of averaging, best median of 3 maps", 1,
                unless_quick(best), own, FOUND);
    free(all.outcome);
}
