// Figure language: Transformers of two layers and GRUs of about as many parameters read the same windows of the Zipf
// language: how far their losses stay above that of who knows the language, by the number of symbols read.
#include "transformer/figures/figures.h"

#include "data/text.h"
#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "rnn/rnn.h"
#include "transformer/tasks.h"
#include "transformer/transformer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LANGUAGE_SEED = 1, // of the Zipf language itself, as in chapter 1
    SEED = 51,
    WINDOW = 25,
    WINDOWS = 1000,
    BATCH = 32,
    V = ZIPF_SYMBOLS,
    SEEDS = 3,
    RUNS = 2 * SEEDS
};

// Text to learn from, and windows to test on: only the symbols of their second half count, with 12 or more before
// them, while no word has more than 6 letters.
typedef struct {
    int *text;       // (symbols + 1)
    int *read, *say; // (WINDOWS, WINDOW)
    double oracle;   // the mean loss of who knows the language, on the symbols that count
} corpus;

static corpus
corpus_new(const zipf *z, int symbols)
{
    const int half = WINDOW / 2, unseen = WINDOWS * (WINDOW - half) + WINDOW + 1;
    corpus c = {memory_zeroed(symbols + 1, sizeof(int), "a text to learn from"),
                memory_zeroed(WINDOWS * WINDOW, sizeof(int), "windows of a text"),
                memory_zeroed(WINDOWS * WINDOW, sizeof(int), "windows of a text"), 0};
    int *text = memory_zeroed(unseen, sizeof *text, "a text to test on"), start[WINDOWS];
    double *nll = memory_zeroed(unseen, sizeof *nll, "the losses of a text");
    rng r = rng_at(SEED, 0), test = rng_at(SEED, 1);
    zipf_sample(z, &r, symbols + 1, c.text);
    zipf_sample(z, &test, unseen, text);
    zipf_oracle(z, unseen, text, nll);
    for (int w = 0; w < WINDOWS; w++)
        start[w] = w * (WINDOW - half);
    transformer_windows(text, WINDOWS, start, WINDOW, c.read, c.say);
    for (int w = 0; w < WINDOWS; w++)
        for (int t = 0; t < WINDOW; t++)
            if (t < half)
                c.say[w * WINDOW + t] = -1;
            else
                c.oracle += nll[start[w] + t + 1] / ((double)WINDOWS * (WINDOW - half));
    free(text);
    free(nll);
    return c;
}

static void
corpus_free(corpus *c)
{
    free(c->text);
    free(c->read);
    free(c->say);
}

// A model of either kind: symbols (B, WINDOW) -> logits (B, WINDOW, V).
typedef struct {
    bool recurrent;
    transformer transformer;
    rnn_layer gru;
    tensor *w, *b; // (V, H), (V): what reads the GRU
} language_model;

static language_model
gru_new(rng *r)
{
    enum { H = 77 };
    language_model m = {.recurrent = true};
    float bound = 1 / sqrt32(H);
    m.gru = rnn_layer_new(RNN_GRU, V, H, r);
    m.w = param("w", SHAPE(V, H));
    m.b = param("b", SHAPE(V));
    rng_fill_uniform(r, m.w->size, m.w->data, -bound, bound);
    return m;
}

static language_model
transformer_model_new(rng *r)
{
    enum { D = 32 };
    transformer_config c = {.V = V,
                            .D = D,
                            .h = 4,
                            .F = 4 * D,
                            .decoders = 2,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = transformer_learnt_positions(WINDOW, D, r)};
    return (language_model){.transformer = transformer_new(&c, r)};
}

static tensor *
language_logits(const language_model *m, int B, const int *read)
{
    enum { T = WINDOW };
    if (!m->recurrent)
        return transformer_decode(&m->transformer, B, T, read, NULL, NULL, NULL, NULL);
    tensor *x = constant("x", SHAPE(T, B, V), NULL); // one-hot, time first
    for (int b = 0; b < B; b++)
        for (int t = 0; t < T; t++)
            x->data[(t * B + b) * V + read[b * T + t]] = 1;
    tensor *h = t_transpose(rnn_forward(&m->gru, x, NULL, NULL).all, 0, 1);
    return t_linear(h, m->w, m->b);
}

typedef struct {
    training t; // its tests: the loss on the test windows
    bool recurrent;
    int seed;
    const corpus *corpus;
    int parameters;
} reading;

// Trains run i of all, with tests as it goes.
static void
train(int i, void *all)
{
    reading *run = (reading *)all + i;
    const corpus *c = run->corpus;
    int steps = run->t.steps, every = run->t.every;
    rng r = rng_at(SEED, 2 + 2 * run->seed + run->recurrent);
    language_model m = run->recurrent ? gru_new(&r) : transformer_model_new(&r);
    adamw adam = adamw_new(0.9f, run->recurrent ? 0.999f : 0.98f, 1e-8f, 0);
    for (int p = 0; p < param_count(); p++)
        run->parameters += (int)param_at(p)->size;
    for (int s = 0; s < steps; s++) {
        int start[BATCH], read[BATCH * WINDOW], say[BATCH * WINDOW];
        for (int b = 0; b < BATCH; b++)
            start[b] = (s * BATCH + b) * WINDOW;
        transformer_windows(c->text, BATCH, start, WINDOW, read, say);
        float rate = warmup_cosine(s, steps / 16, steps, 1e-2f);
        tensor *loss = t_cross_entropy(language_logits(&m, BATCH, read), say);
        run->t.loss[s] = training_step(loss, &adam, rate, 1);
        if ((s + 1) % every == 0) {
            loss = t_cross_entropy(language_logits(&m, WINDOWS, c->read), c->say);
            run->t.test[s / every] = loss->data[0];
            tape_reset();
        }
    }
}

// The loss of test k above that of who knows the language.
static double
excess(const reading *run, int k)
{
    return run->t.test[k] - run->corpus->oracle;
}

static void
write_tables(int n, const reading *runs)
{
    int every = runs->t.every, last = runs->t.steps / every - 1;
    double oracle = runs->corpus->oracle;
    char header[sizeof "symbols_read" + RUNS * TRAINING_NAME] = "symbols_read";
    for (int i = 0; i < n; i++)
        strcat(strcat(header, "\t"), runs[i].t.name);
    table *t = program_table("language", header);
    for (int k = 0; k <= last; k++) {
        float row[RUNS];
        for (int i = 0; i < n; i++)
            row[i] = (float)excess(&runs[i], k);
        table_curve(t, (k + 1) * every * BATCH * WINDOW, n, row);
    }
    table_close(t);
    t = program_table("language-models",
                      "model\tparameters\tloss_nats\texcess_nats\texcess_percent");
    for (int i = 0; i < n; i++) {
        double above = excess(&runs[i], last);
        table_row(t, "siddd", runs[i].t.name, runs[i].parameters, above + oracle, above,
                  100 * above / oracle);
    }
    table_row(t, "siddd", "oracle", 0, oracle, 0.0, 0.0);
    table_close(t);
}

// The largest excess of a kind of model at test k, and the least.
static void
range_of(int n, const reading *runs, bool recurrent, int k, double *most, double *least)
{
    *most = -INFINITY;
    *least = INFINITY;
    for (int i = 0; i < n; i++)
        if (runs[i].recurrent == recurrent) {
            *most = fmax(*most, excess(&runs[i], k));
            *least = fmin(*least, excess(&runs[i], k));
        }
}

static void
claims(int n, const reading *runs)
{
    int tests = runs->t.steps / runs->t.every, quarter = tests < 4 ? 0 : tests / 4 - 1;
    double per_cent = 100 / runs->corpus->oracle, attention, gru, least, early_gru, early_attention;
    const char *own = "this chapter", *changed = "1600 steps, one training of each, below 3";
    range_of(n, runs, false, tests - 1, &attention, &least);
    range_of(n, runs, true, tests - 1, &gru, &least);
    range_of(n, runs, true, quarter, &early_gru, &least);
    range_of(n, runs, false, quarter, &least, &early_attention);
    claim_below("language-transformer",
                "language: the worst of 3 Transformers' losses above the oracle's, per cent", 5,
                unless_quick(per_cent * attention), own, FOUND);
    claim_below("language-gru",
                "language: the worst of 3 GRUs' losses above the oracle's, per cent", 5,
                unless_quick(per_cent * gru), own, FOUND);
    claim_above(
        "language-sooner",
        "language, after a fifth of the text: the best Transformer's excess over the worst GRU's",
        1, unless_quick(early_attention / early_gru), own, FOUND);
    claim_changed("language-transformer", changed);
    claim_changed("language-gru", changed);
}

void
transformer_figure_language(void)
{
    zipf z = zipf_new(LANGUAGE_SEED);
    int steps = program_steps(1000, 2), every = program_steps(100, 1);
    corpus c = corpus_new(&z, steps * BATCH * WINDOW);
    reading runs[RUNS];
    for (int i = 0; i < RUNS; i++) {
        bool recurrent = i % 2;
        runs[i] = (reading){.t = {.steps = steps, .every = every},
                            .recurrent = recurrent,
                            .seed = i / 2,
                            .corpus = &c};
        snprintf(runs[i].t.name, TRAINING_NAME, "%s_%d", recurrent ? "gru" : "transformer", i / 2);
    }
    training_run(RUNS, runs, sizeof *runs, train);
    write_tables(RUNS, runs);
    claims(RUNS, runs);
    training_free(RUNS, runs, sizeof *runs);
    corpus_free(&c);
}
