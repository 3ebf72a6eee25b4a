// Figure bias-gap: the sigmoid loss with b held fixed: b is where the mean score has to go, and if that is not far
// below 0, the towers part to make room.
#include "clip/figures/figures.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdio.h>

enum { N = 64, BIASES = 4, RUNS = BIASES * CLIP_SEEDS, FIRST_SEED = 3711 };

static clip_test test;

static void
train(int i, void *all)
{
    clip_train((clip_run *)all + i, &test);
}

// If the means of both towers are antipodal, mean score = b - e^t gap^2 / 4.
static double
gap_predicted(const clip_measured *m)
{
    double square = 4 * (m->b - m->mean_score) / m->scale;
    return square > 0 ? sqrt64(square) : NAN;
}

void
clip_figure_bias_gap(void)
{
    static const char *const names[BIASES] = {"zero", "balanced", "minus-10", "minus-15"};
    const double biases[BIASES] = {0, -log64(N - 1), -10, -15};
    test = clip_test_new();
    clip_run runs[RUNS];
    for (int i = 0; i < RUNS; i++) {
        runs[i] = clip_usual_run(N, true, (float)biases[i / CLIP_SEEDS],
                                 (uint32_t)(FIRST_SEED + i % CLIP_SEEDS));
        runs[i].b_fixed = true;
        snprintf(runs[i].t.name, sizeof runs[i].t.name, "%s", names[i / CLIP_SEEDS]);
    }
    training_run(RUNS, runs, sizeof *runs, train);
    clip_write_runs("bias-gap-runs", RUNS, runs);
    table *t = program_table("bias-gap", "b\tseed\tgap\tpredicted\trecall\tscale\tmean_score");
    double falls = INFINITY, off = 0, better = INFINITY;
    for (int i = 0; i < RUNS; i++) {
        const clip_measured *m = &runs[i].m, *next = &runs[(i + CLIP_SEEDS) % RUNS].m;
        table_row(t, "diddddd", m->b, i % CLIP_SEEDS, m->gap, gap_predicted(m), m->recall, m->scale,
                  m->mean_score);
        if (i < 2 * CLIP_SEEDS) {
            falls = fmin(falls, m->gap - next->gap);
            off = fmax(off, fabs(gap_predicted(m) / m->gap - 1));
        }
        if (i / CLIP_SEEDS == 1)
            better = fmin(better, next->recall - m->recall);
    }
    table_close(t);
    training_free(RUNS, runs, sizeof *runs);
    clip_test_free(&test);
    const char *trial = "a trial of one seed before this program";
    claim_above("gap-falls", "bias-gap: the gap's least fall from b = 0 to -log 63 to -10, 3 seeds",
                0, unless_quick(falls), trial, FOUND);
    claim_below("gap-predicted",
                "bias-gap: the gap from b and mean score over the measured one, less 1, b = 0 and "
                "-log 63, worst",
                0.1, unless_quick(off), "algebra, if the means are antipodal", FOUND);
    claim_above("gap-costs", "bias-gap: R@1 at b = -10 less at -log 63, least of 3 seeds", 0,
                unless_quick(better), trial, FOUND);
}
