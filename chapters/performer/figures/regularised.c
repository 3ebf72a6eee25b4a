// What do rows of length sqrt(d), in place of chi(d), estimate? The mean of positive features with such rows, divided
// by the softmax kernel, for four lengths of x + y; a table.
#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"
#include "performer/figures/figures.h"
#include "performer/performer.h"

#include <math.h>
#include <stdlib.h>

// The first streams of this seed are those of figure lemma.
enum { SEED = 11, FIRST_STREAM = 1000, WIDTH = 16, DRAWS = 100000 };

void
performer_figure_regularised(void)
{
    static const double lengths[] = {0.5, 1, 2, 2.828427};
    double worst = 0;
    int draws = program_steps(DRAWS, 500);
    double *ratio = memory_zeroed(draws, sizeof *ratio, "estimates");
    table *t = program_table("regularised", "length\texact\tmeasured\tstandard_error");
    for (int i = 0; i < 4; i++) {
        rng r = rng_at(SEED, FIRST_STREAM + i);
        for (int n = 0; n < draws; n++) {
            double w[WIDTH];
            for (int j = 0; j < WIDTH; j++)
                w[j] = rng_normal(&r);
            double first = w[0] * sqrt64(WIDTH / linalg_dot(WIDTH, w, w));
            ratio[n] = exp64(lengths[i] * first - lengths[i] * lengths[i] / 2);
        }
        stats_estimate e = stats_mean(draws, ratio);
        double exact = performer_regularised_ratio(WIDTH, lengths[i]);
        worst = fmax(worst, fabs(e.mean - exact) / e.error);
        table_row(t, "dddd", lengths[i], exact, e.mean, e.error);
    }
    table_close(t);
    free(ratio);
    claim_below("regularised-mean",
                "rows of length sqrt(16): mean of the estimate, worst of 4, standard errors off",
                stats_worst_bound(4), unless_quick(worst), "the series of a random direction",
                CHECK);
}
