// Can a net learn to remember two numbers over 100 steps? Four kinds of nets on the adding problem, three seeds each;
// the IRNN, and a tanh net beside it, on 50 steps.
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "rnn/figures/adder.h"
#include "rnn/figures/figures.h"
#include "rnn/model.h"
#include "rnn/tasks.h"
#include "rnn/trials.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { SEED = 21, SEEDS = 3 };

static rnn_adder before[SEEDS], after[SEEDS]; // of the LSTMs, untrained and trained

static tensor *
adding_loss(const rnn_model *m, rng *r, int T)
{
    enum { B = 50 };
    tensor *x = constant("x", SHAPE(T, B, 2), NULL), *y = constant("y", SHAPE(B, 1), NULL);
    rnn_adding_batch(r, x, y);
    tensor *h = rnn_forward(&m->layer, x, NULL, NULL).h;
    return t_mean_squared_error(t_linear(h, m->w, m->b), y);
}

static void
adding_run(int i, void *all)
{
    enum { H = 32, TESTS = 20 };
    rnn_trial *trial = (rnn_trial *)all + i;
    rng r = rng_at(SEED, trial->seed);
    rnn_model m = rnn_model_new(trial->kind, 2, H, 1, &r);
    rng look = rng_at(SEED, 100); // sequences to look at, the same for all
    bool lstm = strcmp(trial->net, "lstm") == 0;
    if (lstm)
        before[trial->seed] = rnn_adder_find(&m, &look, trial->T);
    adamw adam = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    for (int s = 0; s < trial->training.steps; s++)
        trial->training.loss[s] =
            training_step(adding_loss(&m, &r, trial->T), &adam, trial->rate, 1);
    trial->test_loss = rnn_test_loss(adding_loss, &m, &r, trial->T, TESTS);
    look = rng_at(SEED, 100);
    if (lstm)
        after[trial->seed] = rnn_adder_find(&m, &look, trial->T);
    if (lstm && trial->seed == 0)
        rnn_adder_trace(&m, after[0].unit, &look, trial->T);
}

static void
adding_claims(int n, const rnn_trial *all, double chance)
{
    const char *source = "task: Hochreiter & Schmidhuber 1997, sec. 5.4; bound ours";
    // The standard error of chance on 1000 sequences: (u1 + u2 - 1)^2 has the variance 7/180.
    const double error = sqrt64(7.0 / 180 / 1000);
    rnn_range tanh_nets = rnn_trials_range(n, all, "tanh");
    double z = fmax(fabs(tanh_nets.low - chance), fabs(tanh_nets.high - chance));
    claim_below("adding-lstm", "adding, T 100: the worst LSTM of 3 seeds, below chance / 10",
                chance / 10, rnn_trials_range(n, all, "lstm").high, source, FOUND);
    claim_below("adding-gru", "adding, T 100: the worst GRU of 3 seeds, below chance / 100",
                chance / 100, rnn_trials_range(n, all, "gru").high, source, FOUND);
    claim_below("adding-tanh",
                "adding, T 100: the farthest of 3 tanh nets from chance, standard errors", 4,
                unless_quick(z) / error, source, FOUND);
    claim_below("adding-irnn", "adding, T 50: the middle one of 3 IRNNs, below half of chance",
                0.5 * chance, rnn_trials_range(n, all, "irnn_50").middle, "Le et al. 2015",
                IN_PART);
    claim_above("adding-tanh-50",
                "adding, T 50: the best tanh net of 3 seeds, above half of chance", 0.5 * chance,
                rnn_trials_range(n, all, "tanh_50").low, source, FOUND);
    claim_changed("adding-lstm",
                  "the bound was chance / 100, which two of five other seeds did not keep");
    claim_changed("adding-irnn", "it was the worst of the three");
}

// The adding problem: four kinds of nets, three seeds each; the IRNN and a tanh net on 50 steps.
void
rnn_figure_adding_problem(void)
{
    const float chance = 1 / 6.0f; // the variance of a sum of two uniform numbers
    const struct {
        const char *net;
        rnn_kind kind;
        int T, steps;
        float rate;
    } nets[] = {{"lstm", RNN_LSTM, 100, 1500, 1e-2f},
                {"gru", RNN_GRU, 100, 600, 1e-2f},
                {"tanh", RNN_TANH, 100, 1500, 3e-3f},
                {"irnn_50", RNN_RELU, 50, 2500, 2e-3f},
                {"tanh_50", RNN_TANH, 50, 2500, 2e-3f}};
    enum { TRIALS = SEEDS * sizeof nets / sizeof *nets };
    rnn_trial all[TRIALS];
    for (int i = 0; i < TRIALS; i++) {
        int n = i / SEEDS, seed = i % SEEDS;
        all[i] =
            rnn_trial_new(nets[n].net, seed, nets[n].kind, nets[n].T, nets[n].steps, nets[n].rate);
    }
    rnn_trials_run("adding-problem", TRIALS, all, adding_run, chance / 100);
    adding_claims(TRIALS, all, chance);
    rnn_adder_report(SEEDS, before, after);
}
