// Figure rates: is the sigmoid loss behind at N = 16 because of the rate, or because 500 steps are few?
#include "clip/figures/figures.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <math.h>
#include <stdio.h>

enum { N = 16, RATES = 3, KINDS = 2 * (RATES + 1), RUNS = KINDS * CLIP_SEEDS, FIRST_SEED = 3731 };

static const float rates[RATES] = {4e-3f, 8e-3f, 16e-3f};
static clip_test test;

static void
train(int i, void *all)
{
    clip_train((clip_run *)all + i, &test);
}

// The mean R@1 of one kind over the seeds.
static double
mean_of(const clip_run *runs, int kind)
{
    double sum = 0;
    for (int k = 0; k < CLIP_SEEDS; k++)
        sum += runs[kind * CLIP_SEEDS + k].m.recall / CLIP_SEEDS;
    return sum;
}

void
clip_figure_rates(void)
{
    test = clip_test_new();
    clip_run runs[RUNS];
    for (int i = 0; i < RUNS; i++) {
        // Kinds 0 and 1: four times the steps, at the usual rate; then the rates; even: softmax
        int kind = i / CLIP_SEEDS, rate = kind / 2 - 1;
        runs[i] = clip_usual_run(N, kind % 2, kind % 2 ? -10 : 0,
                                 (uint32_t)(FIRST_SEED + i % CLIP_SEEDS));
        runs[i].t.steps *= kind < 2 ? 4 : 1;
        runs[i].rate = kind < 2 ? runs[i].rate : rates[rate];
        snprintf(runs[i].t.name, sizeof runs[i].t.name, "%s-%s", kind % 2 ? "sigmoid" : "softmax",
                 (const char *[]){"long", "4e-3", "8e-3", "16e-3"}[kind / 2]);
    }
    training_run(RUNS, runs, sizeof *runs, train);
    clip_write_runs("rates", RUNS, runs);
    double softmax = 0, sigmoid = 0, longer = mean_of(runs, 0) - mean_of(runs, 1);
    for (int k = 2; k < KINDS; k += 2) {
        softmax = fmax(softmax, mean_of(runs, k));
        sigmoid = fmax(sigmoid, mean_of(runs, k + 1));
    }
    training_free(RUNS, runs, sizeof *runs);
    clip_test_free(&test);
    const char *trial = "a trial of one seed before this program";
    claim_above("rates", "rates, N = 16: R@1 of softmax less sigmoid, each at its best of 3 rates",
                0, unless_quick(softmax - sigmoid), trial, FOUND);
    claim_above("rates-long", "N = 16, 2000 steps: R@1 of softmax less sigmoid, means of 3 seeds",
                0, unless_quick(longer), trial, FOUND);
}
