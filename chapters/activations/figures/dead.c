// Dead units: nets that are born dead, exactly and in trials; and units that die in training, at six rates.
#include "activations/figures/figures.h"
#include "activations/tasks.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"

#include <math.h>
#include <stdio.h>

enum { SEED = 71, NETS = 20000, BIRTHS = 3, RATES = 6, SEEDS = 10, STEPS = 2000 };

static const struct {
    int N, L;
} births[BIRTHS] = {{2, 10}, {3, 20}, {4, 30}};

// Whether a new ReLU net of L layers of N units gives 0 for one input that is not 0.
static bool
born_dead(rng *r, int N, int L)
{
    double h[8], next[8];
    for (int i = 0; i < N; i++)
        h[i] = 1;
    for (int l = 0; l < L; l++) {
        double size = 0;
        for (int i = 0; i < N; i++) {
            next[i] = 0;
            for (int j = 0; j < N; j++)
                next[i] += rng_normal(r) * h[j];
            next[i] = fmax(next[i], 0);
            size += next[i];
        }
        if (size == 0)
            return true;
        for (int i = 0; i < N; i++)
            h[i] = next[i] /
                   size; // a factor does not matter, and keeps the numbers from dying instead
    }
    return false;
}

static void
birth_table(void)
{
    double worst = 0;
    int nets = program_steps(NETS, 200);
    table *t = program_table("dead-birth", "n\tL\texact\tmeasured\terror");
    for (int k = 0; k < BIRTHS; k++) {
        int N = births[k].N, L = births[k].L, dead = 0;
        for (int i = 0; i < nets; i++) {
            rng r = rng_at(SEED + 1 + k, i);
            dead += born_dead(&r, N, L);
        }
        double exact = 1 - pow64(1 - pow64(0.5, N), L), part = (double)dead / nets;
        double error = sqrt64(exact * (1 - exact) / nets);
        worst = fmax(worst, fabs(part - exact) / error);
        table_row(t, "iiddd", N, L, exact, part, error);
    }
    table_close(t);
    claim_below(
        "born-dead", "born dead: the worst of three parts from 1 - (1 - 2^-n)^L, standard errors",
        stats_worst_bound(BIRTHS), worst, "algebra for one input; Rister & Rubin 2020", CHECK);
}

// ---- In training ----

static const float rates[RATES] = {0.003f, 0.01f, 0.03f, 0.1f, 0.2f, 0.4f};

static void
run(int i, void *all)
{
    activations_trial_run(SEED, (activations_trial *)all + i);
}

void
activations_figure_dead(void)
{
    static activations_trial all[RATES * SEEDS];
    birth_table();
    for (int i = 0; i < RATES * SEEDS; i++) {
        all[i] = (activations_trial){.training = {.steps = program_steps(STEPS, 2)},
                                     .kind = ACTIVATIONS_RELU,
                                     .seed = i % SEEDS,
                                     .rate = rates[i / SEEDS]};
        snprintf(all[i].training.name, TRAINING_NAME, "rate_%g_%d", (double)rates[i / SEEDS],
                 i % SEEDS);
    }
    training_run(RATES * SEEDS, all, sizeof *all, run);
    training_free(RATES * SEEDS, all, sizeof *all);
    table *t = program_table("dead",
                             "rate\tdead\tdead_error\tdead_first\tdead_second\terror\terror_error");
    double part[RATES], error[RATES];
    for (int k = 0; k < RATES; k++) {
        double dead[SEEDS], off[SEEDS], first = 0, second = 0;
        for (int s = 0; s < SEEDS; s++) {
            const activations_trial *a = &all[k * SEEDS + s];
            dead[s] = (a->dead[0] + a->dead[1]) / 2;
            off[s] = a->test;
            first += a->dead[0] / SEEDS;
            second += a->dead[1] / SEEDS;
        }
        stats_estimate d = stats_mean(SEEDS, dead), e = stats_mean(SEEDS, off);
        part[k] = d.mean;
        error[k] = e.mean;
        char rate[16];
        snprintf(rate, sizeof rate, "%g", (double)rates[k]);
        table_row(t, "sdddddd", rate, d.mean, d.error, first, second, e.mean, e.error);
    }
    table_close(t);
    t = program_table("dead-runs", "run\trate\tseed\tdead\terror");
    for (int i = 0; i < RATES * SEEDS; i++)
        table_row(t, "sfidd", all[i].training.name, all[i].rate, all[i].seed,
                  32 * (all[i].dead[0] + all[i].dead[1]), all[i].test);
    table_close(t);
    const char *own = "this chapter";
    claim_above("dead-more", "rate .03 over .003: the part of dead units more, 10 seeds", 0,
                unless_quick(part[2] - part[0]), own, FOUND);
    claim_below("dead-better", "rate .03 over .003: the test error more, 10 seeds", 0,
                unless_quick(error[2] - error[0]), own, FOUND);
    claim_above("dead-worst", "rate .4: the test error over that at .03", 1.5,
                unless_quick(error[5] / error[2]), own, FOUND);
}
