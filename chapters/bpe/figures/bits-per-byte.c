// Which vocabulary makes the best model at equal cost? LSTMs of 64 units learn the agglutinative language as bytes and
// as tokens, each for as many multiplications, and are held against its exact entropy.
#include "bpe/bpe.h"
#include "bpe/figures/figures.h"
#include "bpe/study.h"
#include "data/words.h"
#include "files/fail.h"
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "numbers/numeric.h"
#include "rnn/rnn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEED = 36,
    H = 64,
    B = 16,
    K = 32,
    SIZES = 5,
    SEEDS = 3,
    BUDGETS = 2,
    RUNS = BUDGETS * SIZES * SEEDS,
    TESTED = 60000,
    LEARNT = 3000000
};

static const int sizes[SIZES] = {4096, 1024, 512, 320, 256};
static const double budget[BUDGETS] = {1e11, 2e10}; // multiplications and additions of a training
static const char *const budget_name[BUDGETS] = {"1e11", "2e10"};
static const float rate = 1e-2f;

// What all trainings of one vocabulary read.
typedef struct {
    int V;
    long n, tested; // tokens
    int *ids, *test_ids;
    long test_bytes; // of test_ids, without the first token of each stream
} corpus;

typedef struct {
    training training;
    const corpus *corpus;
    int seed;
    double nats; // per token, on the tested text
} language_training;

typedef struct {
    tensor *embedding; // (V, H)
    rnn_layer layer;
    tensor *w, *b; // (V, H), (V)
} model;

// Additions and multiplications of a token: gates from input and state, and the softmax; the backward takes twice as
// many.
static double
cost_of_token(int V)
{
    return 3 * 2.0 * (4 * H * 2 * H + V * H);
}

static int
steps_of(int V, double cost)
{
    return (int)(cost / (cost_of_token(V) * B * K));
}

static model
model_new(int V, rng *r)
{
    model m;
    m.embedding = param("embedding", SHAPE(V, H));
    rng_fill_normal(r, m.embedding->size, m.embedding->data, 0, 1);
    m.layer = rnn_layer_new(RNN_LSTM, H, H, r);
    m.w = param("w", SHAPE(V, H));
    m.b = param("b", SHAPE(V));
    float bound = 1 / sqrt32(H);
    rng_fill_uniform(r, m.w->size, m.w->data, -bound, bound);
    return m;
}

// The mean loss of K tokens of each of B streams, which are `length` long, from place `from` on. h and c are carried
// on.
static tensor *
window_loss(const model *m, const int *ids, long length, long from, tensor *h, tensor *c)
{
    int *x = tape_alloc(K * B * sizeof *x), *y = tape_alloc(K * B * sizeof *y);
    for (int t = 0; t < K; t++)
        for (int s = 0; s < B; s++) {
            x[t * B + s] = ids[s * length + from + t];
            y[t * B + s] = ids[s * length + from + t + 1];
        }
    tensor *h0 = constant("h0", h->shape, h->data), *c0 = constant("c0", c->shape, c->data);
    rnn_output o = rnn_forward(&m->layer, t_embedding(m->embedding, SHAPE(K, B), x), h0, c0);
    tensor_assign(h, o.h);
    tensor_assign(c, o.c);
    return t_cross_entropy(t_linear(o.all, m->w, m->b), y);
}

static void
begin_text(tensor *h, tensor *c)
{
    memset(h->data, 0, h->size * sizeof *h->data);
    memset(c->data, 0, c->size * sizeof *c->data);
}

static void
train(int i, void *all)
{
    language_training *run = (language_training *)all + i;
    const corpus *text = run->corpus;
    rng r = rng_at(SEED, 10 + run->seed);
    model m = model_new(text->V, &r);
    adamw adam = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    tensor *h = tensor_state("h", SHAPE(B, H)), *c = tensor_state("c", SHAPE(B, H));
    long length = text->n / B;
    // every seed reads another part of the text
    long from = run->seed * (length / SEEDS), steps = run->training.steps;
    for (int s = 0; s < steps; s++, from += K) {
        if (from + K >= length)
            fail("bits-per-byte: the text of %ld tokens is too short", text->n);
        float now = warmup_cosine(s, steps / 20, steps, rate);
        run->training.loss[s] =
            training_step(window_loss(&m, text->ids, length, from, h, c), &adam, now, 1);
    }
    length = text->tested / B;
    begin_text(h, c);
    long windows = (length - 1) / K;
    double sum = 0;
    for (long w = 0; w < windows; w++) {
        sum += window_loss(&m, text->test_ids, length, w * K, h, c)->data[0];
        tape_reset();
    }
    run->nats = sum / windows;
}

// The text as ids; of the tested one also how many bytes its predicted tokens stand for.
static corpus
corpus_of(const bpe_trained *trained, int V, const bpe_text *learnt, const bpe_text *tested)
{
    tokens t = bpe_trained_tokens(trained, V);
    corpus c = {.V = V};
    c.ids = memory_zeroed(learnt->n, sizeof *c.ids, "ids");
    c.test_ids = memory_zeroed(tested->n, sizeof *c.test_ids, "ids");
    c.n = tokens_encode(&t, learnt->bytes, learnt->n, c.ids);
    c.tested = tokens_encode(&t, tested->bytes, tested->n, c.test_ids);
    long length = c.tested / B, predicted = (length - 1) / K * K;
    for (int s = 0; s < B; s++)
        c.test_bytes += tokens_decode(&t, predicted, c.test_ids + s * length + 1, NULL);
    tokens_free(&t);
    return c;
}

// How many tokens of the tested text are predicted.
static long
predicted_of(const corpus *c)
{
    return (c->tested / B - 1) / K * K * B;
}

static double
bits_of(const language_training *run)
{
    return bpe_bits_per_byte(run->nats, predicted_of(run->corpus), run->corpus->test_bytes);
}

// Of one vocabulary at one budget: means over the seeds, and the lowest and highest.
typedef struct {
    double bits, nats, low, high;
} result;

static result
result_of(const language_training *all)
{
    result r = {.low = INFINITY};
    for (int s = 0; s < SEEDS; s++) {
        double one = bits_of(&all[s]);
        r.bits += one / SEEDS;
        r.nats += all[s].nats / SEEDS;
        r.low = fmin(r.low, one);
        r.high = fmax(r.high, one);
    }
    return r;
}

// The place of the vocabulary with the lowest mean.
static int
best_of(const result r[SIZES])
{
    int best = 0;
    for (int i = 1; i < SIZES; i++)
        best = r[i].bits < r[best].bits ? i : best;
    return best;
}

static void
state_claims(result r[BUDGETS][SIZES], double entropy)
{
    int large = best_of(r[0]), small = best_of(r[1]), lowest_loss = 0;
    for (int i = 1; i < SIZES; i++)
        lowest_loss = r[0][i].nats < r[0][lowest_loss].nats ? i : lowest_loss;
    const result *bytes = &r[0][SIZES - 1];
    const char *own = "this chapter";
    claim_above("bytes-worst",
                "bits per byte, 1e11: the best seed of bytes less the worst of the best vocabulary",
                0, unless_quick(bytes->low - r[0][large].high), own, FOUND);
    claim_near("nats-mislead", "bits per byte, 1e11: the vocabulary whose loss per token is lowest",
               256, unless_quick(sizes[lowest_loss]), 0, own, FOUND);
    claim_above("budget-decides",
                "bits per byte: the best vocabulary at 2e10 over the best at 1e11", 1,
                unless_quick((double)sizes[small] / sizes[large]), own, FOUND);
    claim_above("above-entropy", "bits per byte: the best vocabulary less the language's entropy",
                0, unless_quick(fmin(r[0][large].bits, r[1][small].bits) - entropy),
                "no model beats the entropy", CHECK);
}

void
bpe_figure_bits_per_byte(void)
{
    words_language l = words_new(BPE_LANGUAGE);
    double length, entropy = words_entropy(&l, &length) / length;
    bpe_text learnt = bpe_text_of(&l, SEED, 0, LEARNT), tested = bpe_text_of(&l, SEED, 1, TESTED);
    bpe_trained trained = bpe_trained_on(&learnt, sizes[0]);
    corpus text[SIZES];
    language_training all[RUNS] = {0};
    for (int i = 0; i < SIZES; i++)
        text[i] = corpus_of(&trained, sizes[i], &learnt, &tested);
    for (int i = 0; i < RUNS; i++) {
        int b = i / (SIZES * SEEDS), V = sizes[i / SEEDS % SIZES];
        all[i].corpus = &text[i / SEEDS % SIZES];
        all[i].seed = i % SEEDS;
        all[i].training.steps = program_steps(steps_of(V, budget[b]), 2);
        snprintf(all[i].training.name, TRAINING_NAME, "%s_V%d_%d", budget_name[b], V, i % SEEDS);
    }
    training_run(RUNS, all, sizeof *all, train);
    table *out = program_table("bits-per-byte",
                               "run\tbudget\tvocabulary\ttokens_read\tbytes_a_token\tnats_a_token\t"
                               "bits_per_byte\tlowest\thighest");
    result r[BUDGETS][SIZES];
    for (int b = BUDGETS - 1; b >= 0; b--)
        for (int i = SIZES - 1; i >= 0; i--) {
            const language_training *runs = &all[(b * SIZES + i) * SEEDS];
            char name[32];
            snprintf(name, sizeof name, "%s-%d", budget_name[b], sizes[i]);
            r[b][i] = result_of(runs);
            table_row(out, "ssiiddddd", name, budget_name[b], sizes[i],
                      runs->training.steps * B * K,
                      (double)text[i].test_bytes / predicted_of(&text[i]), r[b][i].nats,
                      r[b][i].bits, r[b][i].low, r[b][i].high);
        }
    table_close(out);
    out = program_table("bits-per-byte-entropy", "what\tvalue");
    table_row(out, "sd", "bits_per_byte", entropy);
    table_row(out, "sd", "bits_per_word", entropy * length);
    table_row(out, "sd", "bytes_per_word", length);
    table_close(out);
    state_claims(r, entropy);
    training_free(RUNS, all, sizeof *all);
    for (int i = 0; i < SIZES; i++) {
        free(text[i].ids);
        free(text[i].test_ids);
    }
    free(trained.step);
    free(learnt.bytes);
    free(tested.bytes);
}
