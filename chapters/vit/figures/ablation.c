// Figure ablation: what do class token and positions bring? Accuracies of figure data-size's trainings.
#include "vit/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <math.h>

void
vit_ablation(double (*accuracy)[VIT_SEEDS])
{
    static const char *const names[] = {"class token", "mean pool", "no positions",
                                        "mean pool, no positions"};
    double mean[VIT_VARIANTS] = {0}, least = 1;
    table *t = program_table("ablation", "variant\tseed\taccuracy");
    for (int v = 0; v < VIT_VARIANTS; v++)
        for (int i = 0; i < VIT_SEEDS; i++) {
            table_row(t, "sid", names[v], i, accuracy[v][i]);
            mean[v] += accuracy[v][i] / VIT_SEEDS;
            if (v == VIT_NO_POSITIONS || v == VIT_NEITHER)
                least = fmin(least, accuracy[v][i]);
        }
    table_close(t);
    t = program_table("ablation-means", "variant\taccuracy");
    for (int v = 0; v < VIT_VARIANTS; v++)
        table_row(t, "sd", names[v], mean[v]);
    table_close(t);
    claim_above("ablation-positions", "mean accuracy with positions less that without, class token",
                0.05, unless_quick(mean[VIT_CLASS_TOKEN] - mean[VIT_NO_POSITIONS]),
                "Dosovitskiy et al. 2021, table 8: .64206 with and .61382 without, on ImageNet",
                REPRODUCED);
    claim_above("ablation-bag", "a bag of patches: the least accuracy of 6, of ten digits", 0.3,
                unless_quick(least), "this chapter", FOUND);
}
