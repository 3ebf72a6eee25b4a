// Figure pmi: learnt scores against the exact PMI of the pairs, by what the caption says.
#include "clip/figures/figures.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"

#include <math.h>
#include <string.h>

// PMI of the groups 1 .. 4: colour and form, with the size, with the place, with both.
static double
pmi_of(int group)
{
    return log64(SHAPES_COLOURS * SHAPES_FORMS) + ((group - 1) % 2 ? log64(SHAPES_SIZES) : 0) +
           ((group - 1) / 2 ? log64(SHAPES_PLACES) : 0);
}

// The least squares line through the four groups: how much the score rises as PMI rises by 1.
static double
slope_of(const clip_measured *m)
{
    double x = 0, y = 0, xy = 0, xx = 0;
    for (int g = 1; g < CLIP_LIFTS; g++) {
        x += pmi_of(g) / 4;
        y += m->score[g] / 4;
    }
    for (int g = 1; g < CLIP_LIFTS; g++) {
        xy += (pmi_of(g) - x) * (m->score[g] - y);
        xx += (pmi_of(g) - x) * (pmi_of(g) - x);
    }
    return xy / xx;
}

void
clip_figure_pmi(int n, const clip_run *runs)
{
    table *t = program_table("pmi", "run\tseed\tpmi\tscore\tcentred\tconstant");
    double least_rise = INFINITY, least_apart = INFINITY, slope = 0;
    int large = 0;
    for (int i = 0; i < n; i++) {
        const clip_measured *m = &runs[i].m;
        double constant = runs[i].sigmoid ? -log64(runs[i].N - 1) : 0, mean = 0;
        for (int g = 1; g < CLIP_LIFTS; g++)
            mean += m->score[g] / (CLIP_LIFTS - 1);
        for (int g = 1; g < CLIP_LIFTS; g++)
            table_row(t, "sidddd", runs[i].t.name, (int)(runs[i].seed % 100), pmi_of(g),
                      m->score[g], m->score[g] - mean, constant);
        bool is_large = runs[i].N == 256 && !runs[i].sigmoid;
        if (is_large) {
            for (int g = 2; g < CLIP_LIFTS; g++)
                least_rise = fmin(least_rise, m->score[g] - m->score[g - 1]);
            least_apart = fmin(least_apart, m->score[1] - m->score[0]);
            slope += slope_of(m);
            large++;
        }
    }
    table_close(t);
    t = program_table("pmi-slope", "run\tslope\timpossible\tnothing\tsize\tplace\tboth");
    for (int i = 0; i < n; i += CLIP_SEEDS) {
        double mean_slope = 0, score[CLIP_LIFTS] = {0};
        for (int k = i; k < i + CLIP_SEEDS; k++) {
            mean_slope += slope_of(&runs[k].m) / CLIP_SEEDS;
            for (int g = 0; g < CLIP_LIFTS; g++)
                score[g] += runs[k].m.score[g] / CLIP_SEEDS;
        }
        table_row(t, "sdddddd", runs[i].t.name, mean_slope, score[0], score[1], score[2], score[3],
                  score[4]);
    }
    table_close(t);
    const char *expected = "expected: the optimum is PMI and a constant";
    claim_above("pmi-rises", "softmax 256: the mean score rises with PMI, least step of 3 seeds", 0,
                unless_quick(least_rise), expected, FOUND);
    claim_near("pmi-slope", "softmax 256: the mean score's slope on PMI, mean of 3 seeds", 1,
               unless_quick(slope / large), 0.25, expected, FOUND);
    claim_above("pmi-apart", "softmax 256: the mean score of true pairs less that of false ones",
                10, unless_quick(least_apart), expected, FOUND);
}
