// Figure sums: the error of sums with every partial sum rounded, for terms of mean 0 and for terms that are all
// positive; and where sums of ones stand still.
#include "mixed_precision/figures/figures.h"

#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "mixed_precision/mixed_precision.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"

#include <math.h>
#include <stdlib.h>

enum {
    SEED = 19,
    LOWEST = 4,
    HIGHEST = 14,
    SIZES = HIGHEST - LOWEST + 1,
    REPEATS = 1000,
    N = 1 << HIGHEST
};

static const float_format *const formats[] = {&format_half, &format_bfloat};

// Of one sum of each length, format and kind of terms: the error over the size of the sum.
typedef struct {
    double error[2][2][SIZES];
} sums_run;

static void
run(int i, void *context)
{
    sums_run *all = (sums_run *)context + i;
    float *x = memory_zeroed(2L * N, sizeof *x, "the terms"), *sums = x + N;
    for (int uniform = 0; uniform < 2; uniform++)
        for (int f = 0; f < 2; f++) {
            rng r = rng_at(SEED, (uint32_t)(2 * i + uniform));
            if (uniform)
                rng_fill_uniform(&r, N, x, 0, 1);
            else
                rng_fill_normal(&r, N, x, 0, 1);
            format_round_all(formats[f], N, x, x);
            mixed_precision_sums(formats[f], NULL, N, x, sums);
            double exact = 0;
            for (int n = 1, k = 0; n <= N; n++) {
                exact += x[n - 1];
                if (n == 1 << (LOWEST + k)) {
                    double size = uniform ? exact : sqrt64(n);
                    all->error[uniform][f][k++] = (sums[n - 1] - exact) / size;
                }
            }
        }
    free(x);
}

static double
root_mean_square(int repeats, const sums_run *all, int uniform, int f, int k)
{
    double square = 0;
    for (int i = 0; i < repeats; i++)
        square += all[i].error[uniform][f][k] * all[i].error[uniform][f][k];
    return sqrt64(square / repeats);
}

// How far the mean square of the errors of terms of mean 0 is from that by the law, in standard errors.
static double
standard_errors(int repeats, const sums_run *all, int f, int k, double by_law)
{
    static double ratio[REPEATS];
    for (int i = 0; i < repeats; i++) {
        double r = all[i].error[0][f][k] / by_law;
        ratio[i] = r * r;
    }
    stats_estimate e = stats_mean(repeats, ratio);
    return (e.mean - 1) / e.error;
}

// Where the sum of ones stands still.
static void
ones(void)
{
    static const float_format *const all[] = {&format_half, &format_bfloat, &format_e4m3,
                                              &format_e5m2};
    static float x[3000], sums[3000];
    int wrong = 0;
    for (int i = 0; i < 3000; i++)
        x[i] = 1;
    table *t = program_table("sums-ones", "format\tstands_still_at");
    for (int f = 0; f < 4; f++) {
        mixed_precision_sums(all[f], NULL, 3000, x, sums);
        table_row(t, "sd", all[f]->name, sums[2999]);
        wrong += sums[2999] != power_of_two64(all[f]->fraction + 1);
    }
    table_close(t);
    claim_near("sums-ones",
               "sums: formats whose sum of ones does not stop at 2^(fraction bits + 1)", 0, wrong,
               0, "2^(p + 1) + 1 is a tie", CHECK);
}

void
mixed_precision_figure_sums(void)
{
    int repeats = program_steps(REPEATS, 4);
    sums_run *all = memory_zeroed(repeats, sizeof *all, "the sums");
    parallel_runs(repeats, run, all);
    const double law = sqrt64(0.75 / (2 * ln2_64) / 24);
    double worst[2] = {0, 0}, off[2] = {0, 0};
    table *t =
        program_table("sums", "n\tfp16\tbf16\tfp16_law\tbf16_law\tfp16_uniform\tbf16_uniform");
    for (int k = 0; k < SIZES; k++) {
        double e[2][2], by_law[2], n = 1 << (LOWEST + k);
        for (int f = 0; f < 2; f++) {
            for (int uniform = 0; uniform < 2; uniform++)
                e[uniform][f] = root_mean_square(repeats, all, uniform, f, k);
            by_law[f] = law * sqrt64(n) * power_of_two64(-formats[f]->fraction);
            if (n < 256)
                continue;
            off[f] = fmax(off[f], fabs(e[0][f] / by_law[f] - 1));
            worst[f] = fmax(worst[f], fabs(standard_errors(repeats, all, f, k, by_law[f])));
        }
        table_row(t, "idddddd", (int)n, e[0][0], e[0][1], by_law[0], by_law[1], e[1][0], e[1][1]);
    }
    table_close(t);
    t = program_table("sums-off", "format\tpart\tstandard_errors");
    for (int f = 0; f < 2; f++)
        table_row(t, "sdd", formats[f]->name, off[f], worst[f]);
    table_close(t);
    ones();
    const char *changed =
        "the error itself was to be within 15 % of the law's, of 400 sums, which failed under one "
        "other seed in fp16 and one in bf16";
    claim_below("sums-law",
                "sums: mean square errors over those by 0.150 2^-10 sqrt n, terms of mean 0 in "
                "fp16, less 1, "
                "the worst of 7 n in standard errors",
                stats_worst_bound(7), unless_quick(worst[0]),
                "an error uniform in the spacing, this chapter", FOUND);
    claim_changed("sums-law", changed);
    claim_below("sums-law-bfloat", "sums: the same in bf16", stats_worst_bound(7),
                unless_quick(worst[1]), "an error uniform in the spacing, this chapter", FOUND);
    claim_changed("sums-law-bfloat", changed);
    claim_above("sums-stuck",
                "sums: error of 8192 positive terms in fp16 over that of as many of mean 0", 10,
                unless_quick(root_mean_square(repeats, all, 1, 0, 13 - LOWEST) /
                             root_mean_square(repeats, all, 0, 0, 13 - LOWEST)),
                "the sum stands still at 2^11", FOUND);
    free(all);
}
