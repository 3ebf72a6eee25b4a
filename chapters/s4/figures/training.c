// Figure training: which of four tones was played first, 512 steps ago? A GRU, S4D, S4D with three times the noise, and
// the GRU without what follows the tone: accuracy while they train, and on new sequences afterwards; three seeds each.
#include "frame/training.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/timing.h"
#include "nets/ops.h"
#include "s4/figures/figures.h"
#include "s4/tones.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SEED = 31, SEEDS = 3, NETS = 4, RUNS = NETS * SEEDS, BATCH = 32, LONGEST = 512 };

static const struct {
    const char *name;
    bool recurrent;
    int T;
    float rate;
    double noise;
} nets[NETS] = {{"gru", true, LONGEST, 0.01f, 0.1}, // the longest first
                {"s4d", false, LONGEST, 0.03f, 0.1},
                {"s4d_noise_0.3", false, LONGEST, 0.03f, 0.3},
                {"gru_no_delay", true, S4_TONE, 0.01f, 0.1}};

typedef struct {
    training
        training; // its tests: accuracies of the batches, new ones all, as means between two tests
    int net, seed;
    double accuracy; // on new sequences after training
    double seconds;
} run;

// Adam that moves dt and lambda at a tenth of the rate.
static adamw
slow_for_modes(void)
{
    adamw a = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    for (int i = 0; i < param_count(); i++) {
        const char *name = param_at(i)->name;
        if (!strcmp(name, "log_dt") || !strcmp(name, "log_re") || !strcmp(name, "im"))
            a.factor[i] = 0.1f;
    }
    return a;
}

// The logits of a new batch, whose tones are y (BATCH).
static tensor *
new_batch(const run *u, const s4_tones_model *m, int *y, rng *r)
{
    tensor *x = constant("x", SHAPE(nets[u->net].T, BATCH, 1), NULL);
    s4_tones_batch(r, nets[u->net].noise, x, y);
    return s4_tones_logits(m, x);
}

static void
train(int i, void *all)
{
    enum { TESTS = 20 };
    run *u = (run *)all + i;
    training *t = &u->training;
    rng r = rng_at(SEED, u->seed);
    s4_tones_model m = s4_tones_model_new(nets[u->net].recurrent, &r);
    adamw adam = slow_for_modes();
    double start = timing_seconds();
    int y[BATCH];
    for (int s = 0; s < t->steps; s++) {
        tensor *logits = new_batch(u, &m, y, &r);
        t->test[s / t->every] += (float)accuracy(logits, y) / t->every;
        float rate = warmup_cosine(s, 20, t->steps, nets[u->net].rate);
        t->loss[s] = training_step(t_cross_entropy(logits, y), &adam, rate, 1);
    }
    for (int k = 0; k < TESTS; k++) {
        u->accuracy += accuracy(new_batch(u, &m, y, &r), y);
        tape_reset();
    }
    u->accuracy /= TESTS;
    u->seconds = timing_seconds() - start;
}

static void
write_curves(const run *runs)
{
    char header[512] = "step";
    for (int i = 0; i < RUNS; i++)
        strcat(strcat(header, "\t"), runs[i].training.name);
    table *t = program_table("training", header);
    int every = runs->training.every;
    for (int k = 0; k < runs->training.steps / every; k++) {
        float row[RUNS];
        for (int i = 0; i < RUNS; i++)
            row[i] = runs[i].training.test[k];
        table_curve(t, (k + 1) * every, RUNS, row);
    }
    table_close(t);
}

static void
write_tests(const run *runs)
{
    table *t = program_table("training-tests", "model\tlength\tseed\taccuracy");
    for (const run *u = runs; u < runs + RUNS; u++)
        table_row(t, "siid", nets[u->net].name, nets[u->net].T, u->seed, u->accuracy);
    table_close(t);
    t = program_table("training.timing", "model\tseed\tseconds");
    for (const run *u = runs; u < runs + RUNS; u++)
        table_row(t, "sid", nets[u->net].name, u->seed, u->seconds);
    table_close(t);
}

// The accuracies of a net's seeds: the least and the largest, and how many are above 0.9.
typedef struct {
    double worst, best;
    int learnt;
} accuracies;

static accuracies
accuracies_of(const run *runs, const char *name)
{
    accuracies a = {1, 0, 0};
    for (const run *u = runs; u < runs + RUNS; u++)
        if (strcmp(nets[u->net].name, name) == 0) {
            a.worst = fmin(a.worst, u->accuracy);
            a.best = fmax(a.best, u->accuracy);
            a.learnt += u->accuracy > 0.9;
        }
    return a;
}

static void
claims(const run *runs)
{
    const char *own = "this chapter";
    claim_above("s4d-learns", "tones, T 512: the accuracy of the worst S4D of 3 seeds", 0.9,
                unless_quick(accuracies_of(runs, "s4d").worst), own, REPRODUCED);
    claim_below("gru-does-not", "tones, T 512: the accuracy of the best GRU of 3 seeds", 0.35,
                unless_quick(accuracies_of(runs, "gru").best), own, REPRODUCED);
    claim_above("gru-could", "tones, T 64: GRUs of 3 seeds with an accuracy above 0.9", 1.5,
                unless_quick(accuracies_of(runs, "gru_no_delay").learnt), own, REPRODUCED);
    claim_above("s4d-noise", "tones, T 512, noise 0.3: the accuracy of the worst S4D of 3 seeds",
                0.9, unless_quick(accuracies_of(runs, "s4d_noise_0.3").worst), own,
                NOT_AT_THIS_SCALE);
}

void
s4_figure_training(void)
{
    run runs[RUNS] = {0};
    for (int i = 0; i < RUNS; i++) {
        run *u = &runs[i];
        u->net = i / SEEDS;
        u->seed = i % SEEDS;
        u->training.steps = program_steps(400, 2);
        u->training.every = program_steps(10, 1);
        snprintf(u->training.name, sizeof u->training.name, "%s_%d", nets[u->net].name, u->seed);
    }
    training_run(RUNS, runs, sizeof *runs, train);
    write_curves(runs);
    write_tests(runs);
    claims(runs);
    training_free(RUNS, runs, sizeof *runs);
}
