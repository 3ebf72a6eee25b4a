#include "linear_attention/trainings.h"

#include "files/table.h"
#include "frame/program.h"

#include <stdio.h>

static const char *const names[] = {[LINEAR_ATTENTION_KIND_SOFTMAX] = "softmax",
                                    [LINEAR_ATTENTION_KIND_ELU] = "elu",
                                    [LINEAR_ATTENTION_KIND_RELU] = "relu"};

linear_attention_training
linear_attention_training_new(linear_attention_kind kind, int pairs, int seed, int steps)
{
    linear_attention_training x = {
        .t = {.steps = program_steps(steps, 2)}, .kind = kind, .pairs = pairs, .seed = seed};
    snprintf(x.t.name, sizeof x.t.name, "%s_%d_%d", names[kind], pairs, seed);
    return x;
}

linear_attention_config
linear_attention_kind_config(linear_attention_kind kind)
{
    if (kind == LINEAR_ATTENTION_KIND_RELU)
        return (linear_attention_config){.map = LINEAR_ATTENTION_RELU, .eps = 1e-6f};
    return (linear_attention_config){.map = LINEAR_ATTENTION_ELU};
}

// The end of the first 20 steps whose mean loss is below 0.1.
static int
learnt_at(const training *t)
{
    enum { BLOCK = 20 };
    for (int first = 0; first + BLOCK <= t->steps; first += BLOCK) {
        double sum = 0;
        for (int s = first; s < first + BLOCK; s++)
            sum += t->loss[s];
        if (sum < 0.1 * BLOCK)
            return first + BLOCK;
    }
    return -1;
}

void
linear_attention_train(const char *figure, int n, linear_attention_training *all,
                       void (*run)(int i, void *all))
{
    char name[64];
    training_run(n, all, sizeof *all, run);
    training_write_losses(figure, program_steps(20, 1), n, all, sizeof *all);
    snprintf(name, sizeof name, "%s-tests", figure);
    table *t = program_table(name, "attention\tpairs\tseed\tright_part\tlearnt_at");
    for (int i = 0; i < n; i++) {
        all[i].learnt = learnt_at(&all[i].t);
        table_row(t, "siidi", names[all[i].kind], all[i].pairs, all[i].seed, all[i].right,
                  all[i].learnt);
    }
    table_close(t);
    training_free(n, all, sizeof *all);
}
