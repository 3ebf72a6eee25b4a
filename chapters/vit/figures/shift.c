// Figure shift: is a picture that moved still read the same? Digits in the middle, rolled to the right by 0 to 8 pixels:
// the part of 1000 predictions that stays.
#include "vit/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <math.h>

enum { SEED = 31, TESTS = 1000 };

static int
largest_of(const float *x, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        best = x[i] > x[best] ? i : best;
    return best;
}

void
vit_shift_study(const vit_classifier *m, vit_shift_result *result)
{
    glyphs_style middle = glyphs_usual();
    middle.shift = 0;
    rng r = rng_at(SEED, 0);
    int tests = program_steps(TESTS, 100);
    vit_set test = vit_set_new(tests, &middle, &r);
    int order[VIT_PIXELS];
    float logits[TESTS * GLYPHS_DIGITS];
    int said[TESTS];
    for (int s = 0; s < VIT_SHIFTS; s++) {
        for (int i = 0; i < VIT_PIXELS; i++)
            order[i] = i / VIT_SIDE * VIT_SIDE + (i + VIT_SIDE - s) % VIT_SIDE;
        vit_set rolled = vit_set_reordered(&test, order);
        vit_set_logits(m, &rolled, logits);
        int same = 0;
        for (int i = 0; i < tests; i++) {
            int now = largest_of(logits + i * GLYPHS_DIGITS, GLYPHS_DIGITS);
            said[i] = s ? said[i] : now;
            same += now == said[i];
        }
        result->same[s] = (double)same / tests;
        vit_set_free(&rolled);
    }
    vit_set_free(&test);
}

static double
mean_at(const vit_shift_result all[VIT_SEEDS], int shift)
{
    double sum = 0;
    for (int i = 0; i < VIT_SEEDS; i++)
        sum += all[i].same[shift] / VIT_SEEDS;
    return sum;
}

void
vit_shift(const vit_shift_result vits[VIT_SEEDS], const vit_shift_result nets[VIT_SEEDS])
{
    table *t = program_table("shift", "pixels\tvit_0\tvit_1\tvit_2\tnet_0\tnet_1\tnet_2");
    double most = 0;
    for (int s = 0; s < VIT_SHIFTS; s++)
        table_row(t, "idddddd", s, vits[0].same[s], vits[1].same[s], vits[2].same[s],
                  nets[0].same[s], nets[1].same[s], nets[2].same[s]);
    table_close(t);
    t = program_table("shift-means", "pixels\tvit\tnet");
    for (int s = 0; s < VIT_SHIFTS; s++)
        table_row(t, "idd", s, mean_at(vits, s), mean_at(nets, s));
    table_close(t);
    for (int i = 0; i < VIT_SEEDS; i++)
        most = fmax(most, vits[i].same[4]);
    claim_below("shift-patch",
                "moved by one patch: the part of the ViT's predictions that stays, most of 3 seeds",
                0.7, unless_quick(most), "this chapter: each patch meets another position", FOUND);
    claim_below(
        "shift-against-one",
        "ViT: what a shift by 4, one patch, leaves, less what one by 2, half of one, leaves", 0,
        unless_quick(mean_at(vits, 4) - mean_at(vits, 2)), "this chapter", FOUND);
    claim_above("shift-net",
                "moved by 4: what stays of the net's predictions less of the ViT's, means", 0.2,
                unless_quick(mean_at(nets, 4) - mean_at(vits, 4)), "this chapter", FOUND);
    claim_below(
        "shift-net-not-free", "moved by 8: the part of the net's predictions that stays, mean", 0.9,
        unless_quick(mean_at(nets, 8)), "this chapter: the net is not invariant either", FOUND);
}
