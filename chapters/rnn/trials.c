#include "rnn/trials.h"

#include "files/fail.h"
#include "files/table.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/tensor.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <stdio.h>
#include <string.h>

rnn_trial
rnn_trial_new(const char *net, int seed, rnn_kind kind, int T, int steps, float rate)
{
    rnn_trial trial = {.training = {.steps = program_steps(steps, 2)},
                       .net = net,
                       .kind = kind,
                       .T = T,
                       .seed = seed,
                       .rate = rate};
    snprintf(trial.training.name, sizeof trial.training.name, "%s_%d", net, seed);
    return trial;
}

double
rnn_test_loss(rnn_task_loss *loss, const rnn_model *m, rng *r, int T, int batches)
{
    double sum = 0;
    batches = program_steps(batches, 1);
    for (int i = 0; i < batches; i++) {
        sum += loss(m, r, T)->data[0];
        tape_reset();
    }
    return sum / batches;
}

// The first block of steps whose mean loss is below `solved`, as the step at its end; 0: none.
static int
solved_at(const training *t, int block, float solved)
{
    for (int s = 0; s < t->steps; s += block)
        if (sum32(block, t->loss + s) / block < solved)
            return s + block;
    return 0;
}

void
rnn_trials_run(const char *name, int n, rnn_trial *all, void (*run)(int i, void *all), float solved)
{
    const int block = program_steps(25, 1);
    char file[64];
    training_run(n, all, sizeof *all, run);
    training_write_losses(name, block, n, all, sizeof *all);
    snprintf(file, sizeof file, "%s-tests", name);
    table *t = program_table(file, "run\tseed\tlength\tsteps\ttest_loss\tsolved_at_step");
    for (const rnn_trial *r = all; r < all + n; r++)
        table_row(t, "siiidi", r->net, r->seed, r->T, r->training.steps, r->test_loss,
                  solved_at(&r->training, block, solved));
    table_close(t);
    training_free(n, all, sizeof *all);
}

rnn_range
rnn_trials_range(int n, const rnn_trial *all, const char *net)
{
    double loss[n];
    int found = 0;
    for (int i = 0; i < n; i++)
        if (strcmp(all[i].net, net) == 0)
            loss[found++] = all[i].test_loss;
    if (!found)
        fail("no trial is of a net called %s", net);
    sort64(found, loss);
    return (rnn_range){unless_quick(loss[0]), unless_quick(loss[found / 2]),
                       unless_quick(loss[found - 1])};
}
