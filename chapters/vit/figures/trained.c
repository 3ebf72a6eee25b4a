// What the figures shift, attention-effect, resolution, fewer-tokens and filters look at: ViTs after 1000 steps and
// nets after 400, three seeds each. The studies run where each was trained.
#include "vit/figures/figures.h"

#include "files/memory.h"
#include "files/npy.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 30, RUNS = 2 * VIT_SEEDS, STEPS = 1000, NET_STEPS = 400 };

typedef struct {
    vit_run run;
    vit_shift_result shift;
    vit_effect_result effect;
    vit_resolution_result resolution;
    vit_fewer_result fewer;
    float *w_patch; // a copy
} trained;

// The parameters in the order of their making, as one array: for the chapter's live page.
static void
publish_weights(void)
{
    int n = 0, at = 0;
    for (int p = 0; p < param_count(); p++)
        n += (int)param_at(p)->size;
    float *weights = memory_zeroed(n, sizeof(float), "the weights");
    for (int p = 0; p < param_count(); p++) {
        memcpy(weights + at, param_at(p)->data, param_at(p)->size * sizeof(float));
        at += (int)param_at(p)->size;
    }
    npy_write(program_path("trained-weights.npy"), NPY_F4, 1, &n, weights);
    free(weights);
}

static void
study(const vit_classifier *m, vit_run *run)
{
    trained *t = (trained *)run;
    if (!m->is_net && run->seed == SEED)
        publish_weights(); // before a study makes parameters of its own
    vit_shift_study(m, &t->shift);
    if (m->is_net)
        return;
    vit_effect_study(&m->tower, &t->effect);
    vit_resolution_study(&m->tower, &t->resolution);
    vit_fewer_study(&m->tower, &t->fewer);
    long size = m->tower.w_patch->size;
    t->w_patch = memory_zeroed(size, sizeof(float), "the filters");
    memcpy(t->w_patch, m->tower.w_patch->data, size * sizeof(float));
}

static void
train(int i, void *all)
{
    vit_train(&((trained *)all + i)->run);
}

void
vit_figure_trained(void)
{
    static trained runs[RUNS];
    glyphs_style usual = glyphs_usual();
    rng r = rng_at(SEED, 0), s = rng_at(SEED, 1);
    vit_set pool = vit_set_new(program_steps(STEPS, 2) * VIT_BATCH, &usual, &r),
            test = vit_set_new(program_steps(VIT_TESTS, 100), &usual, &s);
    for (int i = 0; i < RUNS; i++) {
        bool net = i >= VIT_SEEDS;
        runs[i].run = (vit_run){.t = {.steps = program_steps(net ? NET_STEPS : STEPS, 2)},
                                .is_net = net,
                                .config = vit_usual(),
                                .set = &pool,
                                .test = &test,
                                .rate = net ? 8e-3f : 4e-3f,
                                .seed = SEED + i % VIT_SEEDS,
                                .study = study};
        snprintf(runs[i].run.t.name, sizeof runs[i].run.t.name, "%s_%d", net ? "net" : "vit",
                 i % VIT_SEEDS);
    }
    training_run(RUNS, runs, sizeof *runs, train);
    table *t = program_table("trained", "model\tseed\taccuracy");
    for (int i = 0; i < RUNS; i++)
        table_row(t, "sid", i < VIT_SEEDS ? "vit" : "net", i % VIT_SEEDS, runs[i].run.accuracy);
    table_close(t);
    double mean[2] = {0};
    for (int i = 0; i < RUNS; i++)
        mean[i / VIT_SEEDS] += runs[i].run.accuracy / VIT_SEEDS;
    t = program_table("trained-means", "model\taccuracy");
    table_row(t, "sd", "vit", mean[0]);
    table_row(t, "sd", "net", mean[1]);
    table_close(t);
    vit_shift_result vits[VIT_SEEDS], nets[VIT_SEEDS];
    vit_effect_result effect[VIT_SEEDS];
    vit_resolution_result resolution[VIT_SEEDS];
    vit_fewer_result fewer[VIT_SEEDS];
    for (int i = 0; i < VIT_SEEDS; i++) {
        vits[i] = runs[i].shift;
        nets[i] = runs[VIT_SEEDS + i].shift;
        effect[i] = runs[i].effect;
        resolution[i] = runs[i].resolution;
        fewer[i] = runs[i].fewer;
    }
    vit_shift(vits, nets);
    vit_attention_effect(effect);
    vit_resolution(resolution);
    vit_fewer_tokens(fewer);
    vit_filters(runs[0].w_patch, runs[0].run.config.D, runs[0].run.config.P);
    for (int i = 0; i < VIT_SEEDS; i++)
        free(runs[i].w_patch);
    training_free(RUNS, runs, sizeof *runs);
    vit_set_free(&pool);
    vit_set_free(&test);
}
