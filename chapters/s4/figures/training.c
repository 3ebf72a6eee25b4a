// Figure training: which of four tones was played first, 512 steps ago? S4D and a GRU, each as
// their papers begin it and with clocks made for the task; the GRU with shorter noise after the
// tone; accuracy while they train and on new sequences afterwards, three seeds each. And the
// trained S4D as what it also is: a recurrence, one step after the other.
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

enum { SEED = 31, SEEDS = 3, NETS = 8, RUNS = NETS * SEEDS, BATCH = 32, EVERY = 10 };

static const struct {
    const char *name;
    int T, steps;
    float rate;
    s4_tones_start start;
} nets[NETS] = {
    {"gru_clocks", 512, 1200, 0.01f, {.recurrent = true, .lags = 512}}, // the longest first
    {"gru", 512, 1200, 0.01f, {.recurrent = true}},
    {"s4d", 512, 400, 0.03f, {.dt_least = 0.001, .dt_most = 0.1}},
    {"s4d_clocks", 512, 400, 0.03f, {.dt_least = 0.002, .dt_most = 0.02}},
    {"gru_128_clocks", 128, 400, 0.01f, {.recurrent = true, .lags = 128}},
    {"gru_128", 128, 400, 0.01f, {.recurrent = true}},
    {"gru_80", 80, 400, 0.01f, {.recurrent = true}},
    {"gru_64", S4_TONE, 400, 0.01f, {.recurrent = true}}};

typedef struct {
    training
        training; // its tests: accuracies of the batches, new ones all, as means between two tests
    int net, seed;
    double accuracy; // on new sequences after training
    double
        gap; // S4D: the largest difference of its logits, by steps less by convolution, over the largest logit
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

// A new batch (T, B, 1), whose tones are y (B).
static tensor *
new_batch(const run *u, int B, int *y, rng *r)
{
    const double noise = 0.1;
    tensor *x = constant("x", SHAPE(nets[u->net].T, B, 1), NULL);
    s4_tones_batch(r, noise, x, y);
    return x;
}

// How far the two ways of computing the same net are apart.
static double
steps_against_convolution(const run *u, const s4_tones_model *m, rng *r)
{
    enum { B = 4 };
    int y[B];
    tensor *x = new_batch(u, B, y, r);
    const tensor *at_once = s4_tones_logits(m, x), *by_steps = s4_tones_logits_by_steps(m, x);
    double gap = 0, most = 0;
    for (int i = 0; i < at_once->size; i++) {
        gap = fmax(gap, fabs((double)by_steps->data[i] - at_once->data[i]));
        most = fmax(most, fabs(at_once->data[i]));
    }
    tape_reset();
    return gap / most;
}

static void
train(int i, void *all)
{
    enum { TESTS = 20 };
    run *u = (run *)all + i;
    training *t = &u->training;
    rng r = rng_at(SEED, u->seed);
    s4_tones_model m = s4_tones_model_new(nets[u->net].start, &r);
    adamw adam = slow_for_modes();
    double start = timing_seconds();
    int y[BATCH];
    for (int s = 0; s < t->steps; s++) {
        tensor *logits = s4_tones_logits(&m, new_batch(u, BATCH, y, &r));
        t->test[s / t->every] += (float)accuracy(logits, y) / t->every;
        float rate = warmup_cosine(s, 20, t->steps, nets[u->net].rate);
        t->loss[s] = training_step(t_cross_entropy(logits, y), &adam, rate, 1);
    }
    for (int k = 0; k < TESTS; k++) {
        u->accuracy += accuracy(s4_tones_logits(&m, new_batch(u, BATCH, y, &r)), y) / TESTS;
        tape_reset();
    }
    if (!m.recurrent)
        u->gap = steps_against_convolution(u, &m, &r);
    u->seconds = timing_seconds() - start;
}

static void
write_curves(const run *runs)
{
    char header[512] = "step";
    int rows = 0;
    for (const run *u = runs; u < runs + RUNS; u++) {
        strcat(strcat(header, "\t"), u->training.name);
        rows = fmax(rows, u->training.steps / u->training.every);
    }
    table *t = program_table("training", header);
    for (int k = 0; k < rows; k++) {
        float row[RUNS];
        for (int i = 0; i < RUNS; i++) {
            const training *one = &runs[i].training;
            row[i] = k < one->steps / one->every ? one->test[k] : NAN;
        }
        table_curve(t, (k + 1) * runs->training.every, RUNS, row);
    }
    table_close(t);
}

// The accuracies of a net's seeds.
typedef struct {
    double worst, middle, best;
} accuracies;

static accuracies
accuracies_of(const run *runs, const char *name)
{
    accuracies a = {1, 0, 0};
    double sum = 0;
    for (const run *u = runs; u < runs + RUNS; u++)
        if (strcmp(nets[u->net].name, name) == 0) {
            a.worst = fmin(a.worst, u->accuracy);
            a.best = fmax(a.best, u->accuracy);
            sum += u->accuracy;
        }
    a.middle = sum - a.worst - a.best; // of three
    return a;
}

static void
write_tests(const run *runs)
{
    table *t = program_table("training-tests", "model\tlength\tsteps\tworst\tmiddle\tbest");
    for (int n = 0; n < NETS; n++) {
        accuracies a = accuracies_of(runs, nets[n].name);
        table_row(t, "siiddd", nets[n].name, nets[n].T, nets[n].steps, a.worst, a.middle, a.best);
    }
    table_close(t);
    t = program_table("training.timing", "model\tseed\tseconds");
    for (const run *u = runs; u < runs + RUNS; u++)
        table_row(t, "sid", nets[u->net].name, u->seed, u->seconds);
    table_close(t);
}

static void
claims(const run *runs)
{
    double gap = 0;
    for (const run *u = runs; u < runs + RUNS; u++)
        gap = fmax(gap, u->gap);
    const char *seen = "first seen here, in 18 trainings", *guessing = "guessing is 0.25";
    claim_above("s4d", "tones, 512: the accuracy of the worst of 3 S4D, papers' range of dt", 0.5,
                unless_quick(accuracies_of(runs, "s4d").worst), seen, FOUND);
    claim_changed("s4d", "> 0.9 before; under other seeds the worst was 0.62");
    claim_above("s4d-clocks", "tones, 512: the accuracy of the worst of 3 S4D with clocks", 0.9,
                unless_quick(accuracies_of(runs, "s4d_clocks").worst), seen, FOUND);
    claim_below("gru", "tones, 512: the accuracy of the best of 3 GRUs", 0.35,
                unless_quick(accuracies_of(runs, "gru").best), guessing, FOUND);
    claim_above("gru-clocks", "tones, 512: the accuracy of the middle one of 3 GRUs with clocks",
                0.9, unless_quick(accuracies_of(runs, "gru_clocks").middle), seen, FOUND);
    claim_changed("gru-clocks",
                  "the worst before: 1 of 18 stayed at guessing. With k uniform, as in "
                  "the paper, 4 of 9 did");
    claim_above("gru-128-clocks", "tones, 128: the accuracy of the worst of 3 GRUs with clocks",
                0.5, unless_quick(accuracies_of(runs, "gru_128_clocks").worst), seen, FOUND);
    claim_changed("gru-128-clocks", "> 0.9 before; under other seeds the worst was 0.74");
    claim_below("gru-128", "tones, 128: the accuracy of the best of 3 GRUs", 0.35,
                unless_quick(accuracies_of(runs, "gru_128").best), guessing, FOUND);
    claim_below("gru-80", "tones, 80: the accuracy of the best of 3 GRUs", 0.35,
                unless_quick(accuracies_of(runs, "gru_80").best), guessing, FOUND);
    claim_above("gru-64", "tones, 64: the accuracy of the middle one of 3 GRUs", 0.9,
                unless_quick(accuracies_of(runs, "gru_64").middle), seen, FOUND);
    claim_changed("gru-64", "the worst before: 1 of 18 stayed at guessing");
    claim_below("steps", "S4D trained: its outputs by steps less those at once, relative", 1e-5,
                gap, "algebra, but for float32", CHECK);
}

void
s4_figure_training(void)
{
    run runs[RUNS] = {0};
    for (int i = 0; i < RUNS; i++) {
        run *u = &runs[i];
        u->net = i / SEEDS;
        u->seed = i % SEEDS;
        u->training.steps = program_steps(nets[u->net].steps, 2);
        u->training.every = program_steps(EVERY, 1);
        snprintf(u->training.name, sizeof u->training.name, "%s_%d", nets[u->net].name, u->seed);
    }
    training_run(RUNS, runs, sizeof *runs, train);
    write_curves(runs);
    write_tests(runs);
    claims(runs);
    training_free(RUNS, runs, sizeof *runs);
}
