// Figure reverse: an encoder and a decoder learn to reverse ten symbols: Transformers of two layers each with post-norm
// and with pre-norm, and beside them two GRUs with about as many parameters in all: the loss, and how many sequences
// come out without a mistake. Where the decoder looks is figure reverse-attention.
#include "transformer/figures/figures.h"

#include "files/fail.h"
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
#include "frame/timing.h"

enum { SEED = 31, TESTS = 500, T = TRANSFORMER_REVERSE_T, V = TRANSFORMER_REVERSE_V };

typedef enum { POST_NORM, PRE_NORM, GRU, GRU_LONG } net;
static const char *const net_name[] = {"post", "pre", "gru", "gru_long"};

// An encoder and a decoder that are Transformers, or GRUs.
typedef struct {
    bool recurrent;
    transformer transformer;
    rnn_layer encoder, decoder;
    tensor *w, *b; // (V, H), (V): logits from the decoder's state
} translator;

static translator
transformer_translator(transformer_placement placement, rng *r)
{
    enum { D = 32 };
    transformer_config c = {.V = V,
                            .D = D,
                            .h = 4,
                            .F = 2 * D,
                            .encoders = 2,
                            .decoders = 2,
                            .placement = placement,
                            .activation = t_relu,
                            .positions = transformer_positions(T, D)};
    return (translator){.transformer = transformer_new(&c, r)};
}

static translator
gru_translator(rng *r)
{
    enum { H = 77 };
    translator m = {.recurrent = true};
    float bound = 1 / sqrt32(H);
    m.encoder = rnn_layer_new(RNN_GRU, V, H, r);
    m.decoder = rnn_layer_new(RNN_GRU, V, H, r);
    m.w = param("w", SHAPE(V, H));
    m.b = param("b", SHAPE(V));
    rng_fill_uniform(r, m.w->size, m.w->data, -bound, bound);
    return m;
}

// Symbols (B, T) one-hot and time first, (T, B, V).
static tensor *
one_hot(int B, const int *symbols)
{
    tensor *x = constant("x", SHAPE(T, B, V), NULL);
    for (int b = 0; b < B; b++)
        for (int t = 0; t < T; t++)
            x->data[(t * B + b) * V + symbols[b * T + t]] = 1;
    return x;
}

// Logits (B, T, V) of the reversed sequences. All that the GRU's decoder gets of the source is the encoder's last state.
static tensor *
reverse_logits(const translator *m, int B, const int *source, const int *read)
{
    if (m->recurrent) {
        tensor *h = rnn_forward(&m->encoder, one_hot(B, source), NULL, NULL).h;
        tensor *all = rnn_forward(&m->decoder, one_hot(B, read), h, NULL).all;
        return t_linear(t_transpose(all, 0, 1), m->w, m->b);
    }
    tensor *memory = transformer_encode(&m->transformer, B, T, source, NULL);
    return transformer_decode(&m->transformer, B, T, read, NULL, memory, NULL, NULL);
}

typedef struct {
    training t;
    net net;
    int seed, parameters;
} reversal;

// Falls in a straight line from 1 to 0 over the last `part` of the steps s = 0, 1, ...
static float
decay(int s, int steps, float part)
{
    float left = (float)(steps - s) / steps;
    return left < part ? left / part : 1;
}

static float
rate_of(const reversal *run, int s)
{
    int steps = run->t.steps;
    if (run->net == GRU || run->net == GRU_LONG)
        return (getenv("GR") ? atof(getenv("GR")) : 0.01f) * decay(s, steps, 0.3f);
    return 0.5f * transformer_noam(s + 1, 32, 400) * decay(s, steps, 0.3f);
}

// Trains run i of all, with tests as it goes.
static void
train(int i, void *all)
{
    enum { B = 64 };
    reversal *run = (reversal *)all + i;
    int steps = run->t.steps, every = run->t.every;
    int test_source[TESTS * T], test_read[TESTS * T], test_say[TESTS * T];
    rng r = rng_at(SEED, run->seed), test = rng_at(SEED, 1000);
    translator m = run->net == POST_NORM  ? transformer_translator(TRANSFORMER_POST_NORM, &r)
                   : run->net == PRE_NORM ? transformer_translator(TRANSFORMER_PRE_NORM, &r)
                                          : gru_translator(&r);
    adamw adam = adamw_new(0.9f, 0.98f, 1e-9f, 0);
    for (int p = 0; p < param_count(); p++)
        run->parameters += (int)param_at(p)->size;
    transformer_reverse_batch(&test, TESTS, test_source, test_read, test_say);
    for (int s = 0; s < steps; s++) {
        int source[B * T], read[B * T], say[B * T];
        transformer_reverse_batch(&r, B, source, read, say);
        tensor *logits = reverse_logits(&m, B, source, read);
        run->t.loss[s] =
            training_step(t_cross_entropy(logits, say), &adam, rate_of(run, s), 1);
        if ((s + 1) % every == 0) {
            logits = reverse_logits(&m, TESTS, test_source, test_read);
            run->t.test[s / every] = (float)transformer_exact_part(logits, test_say);
            tape_reset();
        }
    }
    if (i == 0 && !m.recurrent) {
        reverse_logits(&m, TESTS, test_source, test_read);
        // The last attention on the tape: that of the decoder's last layer to the encoder's memory
        const tensor *last = tape_find("transformer_attention");
        transformer_reverse_attention(tape_saved(last, "weights"));
    }
}

#include <stdlib.h>
#include "frame/timing.h"
void
transformer_figure_reverse(void)
{
    int lng = getenv("LNG") ? atoi(getenv("LNG")) : 800, onlyt = getenv("TT") != 0;
    enum { SEEDS = 3, RUNS = SEEDS };
    reversal runs[RUNS];
    for (int i = 0; i < RUNS; i++) {
        runs[i] = (reversal){.t = {.steps = lng, .every = 100}, .seed = i, .net = onlyt ? PRE_NORM : GRU};
        snprintf(runs[i].t.name, sizeof runs[i].t.name, "%s_%d", net_name[runs[i].net], i);
    }
    double t0 = timing_seconds();
    training_run(RUNS, runs, sizeof *runs, train);
    printf("%g s, %d\n", timing_seconds() - t0, runs[0].parameters);
    for (int i = 0; i < RUNS; i++) {
        for (int k = 0; k < runs[i].t.steps / runs[i].t.every; k++)
            printf(" %.3f", runs[i].t.test[k]);
        printf("\n");
    }
    training_free(RUNS, runs, sizeof *runs);
}
