// Which activation is best? Eleven nets with as many weights on one small task, three rates, ten seeds; the rate is
// chosen on validation points, the error is that on others.
#include "activations/figures/figures.h"
#include "activations/tasks.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "numbers/stats.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SEED = 101, RATES = 3, SEEDS = 10, STEPS = 2000 };
static const float rates[RATES] = {0.01f, 0.03f, 0.1f};

static const struct {
    const char *name;
    activations_kind kind;
    bool gated;
} nets[] = {{"swiglu", ACTIVATIONS_SILU, true},      {"gelu", ACTIVATIONS_GELU, false},
            {"silu", ACTIVATIONS_SILU, false},       {"mish", ACTIVATIONS_MISH, false},
            {"elu", ACTIVATIONS_ELU, false},         {"selu", ACTIVATIONS_SELU, false},
            {"relu", ACTIVATIONS_RELU, false},       {"leaky_relu", ACTIVATIONS_LEAKY_RELU, false},
            {"sigmoid", ACTIVATIONS_SIGMOID, false}, {"softplus", ACTIVATIONS_SOFTPLUS, false},
            {"tanh", ACTIVATIONS_TANH, false}};
enum { NETS = sizeof nets / sizeof *nets, TRIALS = NETS * RATES * SEEDS };

static void
run(int i, void *all)
{
    activations_trial_run(SEED, (activations_trial *)all + i);
}

// What one net made of its rates: the rate with the least mean validation error, and the test errors there.
typedef struct {
    int rate;
    double test[SEEDS];
    stats_estimate error,
        against_relu; // its mean; the mean of its differences from ReLU's of the same seed
} result;

static double
mean_validation(const activations_trial *all, int net, int rate)
{
    double sum = 0;
    for (int s = 0; s < SEEDS; s++)
        sum += all[(net * RATES + rate) * SEEDS + s].validation / SEEDS;
    return sum;
}

static result
result_of(const activations_trial *all, int net)
{
    result r = {.rate = 0};
    for (int k = 1; k < RATES; k++)
        if (mean_validation(all, net, k) < mean_validation(all, net, r.rate))
            r.rate = k;
    for (int s = 0; s < SEEDS; s++)
        r.test[s] = all[(net * RATES + r.rate) * SEEDS + s].test;
    r.error = stats_mean(SEEDS, r.test);
    return r;
}

static int
index_of(const char *name)
{
    int k = 0;
    while (strcmp(nets[k].name, name) != 0)
        k++;
    return k;
}

static void
tables(const activations_trial *all, result of[NETS])
{
    table *t =
        program_table("comparison", "activation\tplace\trate\ttest\terror\tspread\tless_than_relu\t"
                                    "difference_error");
    const result *relu = &of[index_of("relu")];
    bool done[NETS] = {false};
    for (int place = 1; place <= NETS; place++) {
        int best = -1;
        for (int k = 0; k < NETS; k++)
            if (!done[k] && (best < 0 || of[k].error.mean < of[best].error.mean))
                best = k;
        done[best] = true;
        double d[SEEDS];
        for (int s = 0; s < SEEDS; s++)
            d[s] = relu->test[s] - of[best].test[s];
        of[best].against_relu = stats_mean(SEEDS, d);
        char rate[16];
        snprintf(rate, sizeof rate, "%g", (double)rates[of[best].rate]);
        table_row(t, "sisddddd", nets[best].name, place, rate, of[best].error.mean,
                  of[best].error.error, of[best].error.error * sqrt64(SEEDS),
                  of[best].against_relu.mean, of[best].against_relu.error);
    }
    table_close(t);
    t = program_table("comparison-rates", "activation\trate\ttest\terror\tvalidation");
    for (int k = 0; k < NETS; k++)
        for (int rate = 0; rate < RATES; rate++) {
            double x[SEEDS];
            for (int s = 0; s < SEEDS; s++)
                x[s] = all[(k * RATES + rate) * SEEDS + s].test;
            stats_estimate e = stats_mean(SEEDS, x);
            table_row(t, "sfddd", nets[k].name, rates[rate], e.mean, e.error,
                      mean_validation(all, k, rate));
        }
    table_close(t);
    t = program_table("comparison-runs", "net\tactivation\trate\tseed\ttest");
    for (int i = 0; i < TRIALS; i++)
        table_row(t, "isfid", i / (RATES * SEEDS), nets[i / (RATES * SEEDS)].name, all[i].rate,
                  all[i].seed, all[i].test);
    table_close(t);
}

void
activations_figure_comparison(void)
{
    static activations_trial all[TRIALS];
    result of[NETS];
    for (int i = 0; i < TRIALS; i++) {
        int net = i / (RATES * SEEDS);
        all[i] = (activations_trial){.training = {.steps = program_steps(STEPS, 2)},
                                     .kind = nets[net].kind,
                                     .gated = nets[net].gated,
                                     .seed = i % SEEDS,
                                     .rate = rates[i / SEEDS % RATES]};
        snprintf(all[i].training.name, TRAINING_NAME, "%s_%g_%d", nets[net].name,
                 (double)all[i].rate, all[i].seed);
    }
    training_run(TRIALS, all, sizeof *all, run);
    training_free(TRIALS, all, sizeof *all);
    for (int k = 0; k < NETS; k++)
        of[k] = result_of(all, k);
    tables(all, of);
    const result *gelu = &of[index_of("gelu")], *swiglu = &of[index_of("swiglu")];
    const result *silu = &of[index_of("silu")], *mish = &of[index_of("mish")];
    const char *own = "this chapter";
    double smooth = fmax(gelu->error.mean, fmax(silu->error.mean, mish->error.mean));
    claim_below("smooth-relu", "SiLU, GELU, Mish: the worst of their mean errors less ReLU's", 0,
                unless_quick(smooth - of[index_of("relu")].error.mean), own, FOUND);
    claim_changed("smooth-relu",
                  "it was GELU against ReLU, paired, by more than 2 standard errors: under one of "
                  "five other seeds they were 1.8");
    claim_below("gelu-silu", "GELU against SiLU: their means' difference, in standard errors of it",
                2,
                unless_quick(fabs(gelu->error.mean - silu->error.mean) /
                             sqrt64(gelu->error.error * gelu->error.error +
                                    silu->error.error * silu->error.error)),
                own, FOUND);
    claim_above("swiglu-last", "SwiGLU with as many weights: its error over GELU's", 1,
                unless_quick(swiglu->error.mean / gelu->error.mean),
                "Shazeer 2020, table 1: GLUs are better, in a transformer", FOUND);
}
