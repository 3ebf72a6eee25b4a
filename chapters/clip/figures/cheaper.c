// Figure cheaper: half of the patches dropped, a locked picture tower, and words as classes, beside CLIP itself; N =
// 64.
#include "clip/figures/figures.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <math.h>
#include <stdio.h>

enum { N = 64, KINDS = 5, RUNS = KINDS * CLIP_SEEDS, FIRST_SEED = 3721 };
enum { HALF_LONGER, LOCKED, WHOLE, HALF, WORDS };

static clip_test test;

static void
train(int i, void *all)
{
    clip_train((clip_run *)all + i, &test);
}

// The least lead, over the seeds, of one kind over another in zero-shot.
static double
least_lead(const clip_run *runs, int kind, int other)
{
    double least = INFINITY;
    for (int k = 0; k < CLIP_SEEDS; k++)
        least = fmin(least, runs[kind * CLIP_SEEDS + k].m.zero_shot -
                                runs[other * CLIP_SEEDS + k].m.zero_shot);
    return unless_quick(least);
}

void
clip_figure_cheaper(void)
{
    static const char *const names[KINDS] = {"half-longer", "locked", "whole", "half", "words"};
    static const clip_kind kinds[KINDS] = {CLIP_HALF_THE_PATCHES, CLIP_LOCKED, CLIP_WHOLE,
                                           CLIP_HALF_THE_PATCHES, CLIP_WORDS_AS_CLASSES};
    test = clip_test_new();
    clip_run runs[RUNS];
    for (int i = 0; i < RUNS; i++) {
        int kind = i / CLIP_SEEDS;
        runs[i] = clip_usual_run(N, false, 0, (uint32_t)(FIRST_SEED + i % CLIP_SEEDS));
        runs[i].kind = kinds[kind];
        runs[i].t.steps *= kind == HALF_LONGER || kind == LOCKED ? 2 : 1;
        snprintf(runs[i].t.name, sizeof runs[i].t.name, "%s", names[kind]);
    }
    training_run(RUNS, runs, sizeof *runs, train);
    clip_write_runs("cheaper", RUNS, runs);
    const char *trial = "a trial of one seed before this program";
    claim_above("half-loses", "cheaper: zero-shot, whole less half the patches, least of 3", 0,
                least_lead(runs, WHOLE, HALF), trial, FOUND);
    claim_above("half-loses-longer",
                "cheaper: zero-shot, whole less half the patches with twice the steps, least of 3",
                0, least_lead(runs, WHOLE, HALF_LONGER), trial, FOUND);
    training_free(RUNS, runs, sizeof *runs);
    clip_test_free(&test);
}
