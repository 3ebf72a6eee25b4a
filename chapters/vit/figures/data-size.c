// Figure data-size: how many pictures does a ViT need, and how many a net of convolutions? Accuracy after 400 steps on
// 300, 3000 and ever new pictures, at two learning rates. Figures permuted and ablation show more of the same trainings.
#include "vit/figures/figures.h"

#include "frame/claims.h"
#include "frame/program.h"

#include <math.h>
#include <stdio.h>

enum { SEED = 10, SIZES = 3, RATES = 2, STEPS = 400, FRESH = STEPS * VIT_BATCH };

static const int sizes[SIZES] = {300, 3000, 0};
static const float rates[RATES] = {2e-3f, 8e-3f};

// What the runs share: pictures and tests, and both with their patches in another order.
typedef struct {
    vit_set pool, test, other_pool, other_test;
} pictures;

static pictures
pictures_new(void)
{
    pictures p;
    int order[VIT_PIXELS];
    glyphs_style usual = glyphs_usual();
    rng r = rng_at(SEED, 0), s = rng_at(SEED, 1), shuffle = rng_at(SEED, 2);
    p.pool = vit_set_new(program_steps(FRESH, 400), &usual, &r);
    p.test = vit_set_new(program_steps(VIT_TESTS, 100), &usual, &s);
    vit_patch_order(&shuffle, order);
    p.other_pool = vit_set_reordered(&p.pool, order);
    p.other_test = vit_set_reordered(&p.test, order);
    return p;
}

static vit_run
run_of(const pictures *p, bool is_net, int size, float rate, int seed)
{
    vit_run run = {.t = {.steps = program_steps(STEPS, 2)},
                   .is_net = is_net,
                   .config = vit_usual(),
                   .set = &p->pool,
                   .pictures = size,
                   .test = &p->test,
                   .rate = rate,
                   .seed = SEED + seed};
    snprintf(run.t.name, sizeof run.t.name, "%s_%d_%g_%d", is_net ? "net" : "vit", size, rate,
             seed);
    return run;
}

static void
train(int i, void *all)
{
    vit_train((vit_run *)all + i);
}

// mean[is_net][size][rate] of the seeds.
typedef struct {
    double mean[2][SIZES][RATES];
    double least_ahead; // of the net, of all pairs with a seed, a size and a rate
} summary;

static double
best_of(const summary *s, bool is_net, int size)
{
    return fmax(s->mean[is_net][size][0], s->mean[is_net][size][1]);
}

static void
claims(const summary *s)
{
    claim_above(
        "data-size-few", "300 pictures, best rate: net's mean accuracy less ViT's", 0.2,
        unless_quick(best_of(s, true, 0) - best_of(s, false, 0)),
        "Dosovitskiy et al. 2021, sec. 1: \"yield modest accuracies of a few percentage points "
        "below ResNets of comparable size\"; here many",
        REPRODUCED);
    claim_above("data-size-many", "ever new pictures, best rate: ViT's mean accuracy less net's", 0,
                unless_quick(best_of(s, false, 2) - best_of(s, true, 2)),
                "Dosovitskiy et al. 2021, sec. 1: \"large scale training trumps inductive bias\"",
                NOT_AT_THIS_SCALE);
    claim_above("data-size-ahead",
                "net's accuracy less ViT's, the least of 18 pairs of one seed, size and rate", 0,
                unless_quick(s->least_ahead), "this chapter", FOUND);
    claim_above("data-size-rate",
                "ever new pictures: by how much the higher rate raises the net's mean accuracy",
                0.05, unless_quick(s->mean[1][2][1] - s->mean[1][2][0]), "this chapter", FOUND);
    claim_above("data-size-rate-vit",
                "ever new pictures: by how much the higher rate raises the ViT's mean accuracy",
                0.05, unless_quick(s->mean[0][2][1] - s->mean[0][2][0]), "this chapter", FOUND);
}

void
vit_figure_data_size(void)
{
    enum {
        SIZED = 2 * SIZES * RATES * VIT_SEEDS,
        PERMUTED = 2 * VIT_SEEDS,
        CHANGED = (VIT_VARIANTS - 1) * VIT_SEEDS,
        RUNS = SIZED + PERMUTED + CHANGED
    };
    static vit_run runs[RUNS];
    pictures p = pictures_new();
    for (int i = 0; i < SIZED; i++)
        runs[i] = run_of(&p, i / VIT_SEEDS % 2, sizes[i / VIT_SEEDS / 2 / RATES],
                         rates[i / VIT_SEEDS / 2 % RATES], i % VIT_SEEDS);
    for (int i = 0; i < PERMUTED; i++) {
        vit_run *run = &runs[SIZED + i];
        *run = run_of(&p, i / VIT_SEEDS, 0, rates[1], i % VIT_SEEDS);
        run->set = &p.other_pool;
        run->test = &p.other_test;
    }
    for (int i = 0; i < CHANGED; i++) {
        vit_run *run = &runs[SIZED + PERMUTED + i];
        int variant = i / VIT_SEEDS + 1;
        *run = run_of(&p, false, 0, rates[1], i % VIT_SEEDS);
        run->config.pool = variant == VIT_NO_POSITIONS ? VIT_CLASS : VIT_MEAN;
        run->config.no_positions = variant != VIT_MEAN_POOL;
    }
    training_run(RUNS, runs, sizeof *runs, train);

    table *t = program_table("data-size", "model\tpictures\trate\tseed\taccuracy");
    summary s = {.least_ahead = 1};
    vit_permuted_runs permuted;
    double ablation[VIT_VARIANTS][VIT_SEEDS];
    for (int i = 0; i < SIZED; i++) {
        int seed = i % VIT_SEEDS, net = i / VIT_SEEDS % 2, rate = i / VIT_SEEDS / 2 % RATES,
            size = i / VIT_SEEDS / 2 / RATES;
        double found = runs[i].accuracy;
        table_row(t, "sifid", net ? "net" : "vit", sizes[size] ? sizes[size] : FRESH, rates[rate],
                  seed, found);
        s.mean[net][size][rate] += found / VIT_SEEDS;
        if (net)
            s.least_ahead = fmin(s.least_ahead, found - runs[i - VIT_SEEDS].accuracy);
        if (size == 2 && rate == 1)
            permuted.plain[net][seed] = found;
        if (size == 2 && rate == 1 && !net)
            ablation[VIT_CLASS_TOKEN][seed] = found;
    }
    table_close(t);
    for (int i = 0; i < PERMUTED; i++)
        permuted.permuted[i / VIT_SEEDS][i % VIT_SEEDS] = runs[SIZED + i].accuracy;
    for (int i = 0; i < CHANGED; i++)
        ablation[i / VIT_SEEDS + 1][i % VIT_SEEDS] = runs[SIZED + PERMUTED + i].accuracy;
    t = program_table("data-size-means", "pictures\tvit_low\tvit_high\tnet_low\tnet_high");
    for (int i = 0; i < SIZES; i++)
        table_row(t, "idddd", sizes[i] ? sizes[i] : FRESH, s.mean[0][i][0], s.mean[0][i][1],
                  s.mean[1][i][0], s.mean[1][i][1]);
    table_close(t);
    claims(&s);
    vit_permuted(&permuted);
    vit_ablation(ablation);
    training_free(RUNS, runs, sizeof *runs);
    vit_set_free(&p.pool);
    vit_set_free(&p.test);
    vit_set_free(&p.other_pool);
    vit_set_free(&p.other_test);
}
