// Figure shuffle: how many records does a combiner leave? 600 000 words by Zipf's law, counted by M map tasks.
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "many_machines/figures/figures.h"
#include "many_machines/job.h"
#include "many_machines/language.h"
#include "many_machines/laws.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdlib.h>

enum { SEED = 181, V = 20000, N = 600000, TASKS = 5, CURVE = 41, REDUCERS = 16 };

static const int tasks[TASKS] = {1, 4, 16, 64, 256};

void
many_machines_figure_shuffle(void)
{
    int *word = memory_zeroed(N, sizeof *word, "words");
    double *p = memory_zeroed(V, sizeof *p, "probabilities"), left[TASKS], worst = 0;
    long size, n = program_steps(N, 20000);
    rng r = rng_at(SEED, 0);
    many_machines_zipf(V, p);
    many_machines_draw_words(V, n, &r, word);
    char *text = many_machines_words_text(n, word, &size);
    table *t = program_table("shuffle", "tasks\trecords\tshare\texpected\tz");
    for (int i = 0; i < TASKS; i++) {
        double variance;
        many_machines_job job = many_machines_job_run(text, size, tasks[i], REDUCERS, true);
        double expected = many_machines_combined(V, p, (double)n, tasks[i], &variance);
        left[i] = (double)job.shuffled / (double)job.mapped;
        double z = (left[i] - expected) / sqrt64(variance);
        worst = fabs(z) > worst ? fabs(z) : worst;
        table_row(t, "idddd", tasks[i], (double)job.shuffled, left[i], expected, z);
        many_machines_job_free(&job);
    }
    table_close(t);
    table *curve = program_table("shuffle-formula", "tasks\tshare");
    for (int i = 0; i < CURVE; i++) {
        double M = pow64(2, i * 0.25);
        table_row(curve, "dd", M, many_machines_combined(V, p, N, M, NULL));
    }
    table_close(curve);
    claim_below("combiner-formula",
                "combiner, 1 to 256 tasks: the worst of five shares of records left, |z|", 4,
                unless_quick(worst), "expected by theory: M sum_k [1 - (1 - p_k)^(n/M)]", FOUND);
    claim_above("combiner-one-task", "combiner, one task: how many times fewer records", 25,
                unless_quick(1 / left[0]), "expected by theory: 30.2", FOUND);
    claim_below("combiner-many-tasks", "combiner, 256 tasks: how many times fewer records", 2.5,
                unless_quick(1 / left[TASKS - 1]), "expected by theory: 2.13", FOUND);
    free(text);
    free(word);
    free(p);
}
