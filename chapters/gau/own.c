#include "gau/own.h"

#include "data/text.h"
#include "files/escape.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/table.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/training.h"
#include "gau/nets.h"
#include "nets/ops.h"
#include "numbers/numeric.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEED = 125, B = 8, LEAST = 4000, STEPS = 1000, TESTS = 160 };
static const gau_net compared[] = {GAU_QUADRATIC, GAU_FLASH_NET, GAU_LOCAL_LINEAR};
enum { COMPARED = sizeof compared / sizeof *compared };

typedef struct {
    training t;
    const text_file *text;
    gau_net net;
    double bits[GAU_C]; // by place in the chunk, without the first chunk of a window
} own_run;

// The loss of B windows that begin at random places of [from, to).
static tensor *
windows_loss(const gau_model *m, const own_run *run, int from, int to, rng *r)
{
    int *read = tape_alloc(2 * B * GAU_T * sizeof *read), *say = read + B * GAU_T;
    for (int b = 0; b < B; b++) {
        const int *at = run->text->text + from + (int)rng_below(r, to - from - GAU_T);
        for (int t = 0; t < GAU_T; t++) {
            read[b * GAU_T + t] = at[t];
            say[b * GAU_T + t] = at[t + 1];
        }
    }
    return t_cross_entropy(gau_model_logits(m, B, GAU_T, read), say);
}

static void
test(own_run *run, const gau_model *m)
{
    int batches = program_steps(TESTS, B) / B;
    rng r = rng_at(SEED, 1);
    for (int i = 0; i < batches; i++) {
        tensor *loss = windows_loss(m, run, run->text->n / 10 * 9, run->text->n, &r);
        const float *nats = tape_saved(loss, "losses")->data;
        for (int j = 0; j < B * GAU_T; j++)
            if (j % GAU_T >= GAU_C)
                run->bits[j % GAU_C] += nats[j] / ln2_64 / batches / B / (GAU_T / GAU_C - 1);
        tape_reset();
    }
}

static void
train_and_test(int i, void *all)
{
    own_run *run = (own_run *)all + i;
    rng r = rng_at(SEED, 0);
    rope_table rope = gau_net_rope();
    gau_config c[GAU_LAYERS];
    gau_net_units(run->net, &rope, c);
    gau_model m = gau_model_new(run->text->symbols, GAU_LAYERS, c, &r);
    adamw adam = adamw_new(0.9f, 0.99f, 1e-8f, 0.01f);
    int steps = run->t.steps, known = run->text->n / 10 * 9;
    for (int s = 0; s < steps; s++)
        run->t.loss[s] = training_step(windows_loss(&m, run, 0, known, &r), &adam,
                                       4e-3f * (steps - s) / steps, 1);
    test(run, &m);
}

static void
report(const own_run *runs)
{
    table *t = program_table("text", "place\tquadratic\tflash\tlocal_linear");
    for (int place = 0; place < GAU_C; place++)
        table_row(t, "iddd", place, runs[0].bits[place], runs[1].bits[place], runs[2].bits[place]);
    table_close(t);
    progress_clear();
    printf("Bits a character, chunks of %d:\n", GAU_C);
    printf("%-14s %14s %14s\n", "", "first place", "all others");
    for (int i = 0; i < COMPARED; i++) {
        double others = 0;
        for (int place = 1; place < GAU_C; place++)
            others += runs[i].bits[place] / (GAU_C - 1);
        printf("%-14s %14.3f %14.3f\n", gau_net_name(runs[i].net), runs[i].bits[0], others);
    }
    printf("Place by place: %s\n", escape(program_path("text.tsv")));
}

void
gau_own_text(const char *path, const char *steps)
{
    int n = program_steps(program_whole("--steps", steps, 2, 1000000, STEPS), 2);
    size_t size;
    char *bytes = file_read(path, &size);
    text_file text = text_parse(bytes, size, path, LEAST);
    free(bytes);
    printf("%s: %d characters, %d different. Three nets of %d units read nine tenths.\n",
           escape(path), text.n, text.symbols, GAU_LAYERS);
    own_run runs[COMPARED];
    for (int i = 0; i < COMPARED; i++)
        runs[i] = (own_run){.t = {.steps = n}, .text = &text, .net = compared[i]};
    training_run(COMPARED, runs, sizeof *runs, train_and_test);
    report(runs);
    training_free(COMPARED, runs, sizeof *runs);
    free(text.text);
}
