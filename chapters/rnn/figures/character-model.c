// How near do nets come to a perfect prediction? LSTM, GRU and tanh nets with as many parameters learn the Zipf
// language, whose words and probabilities an oracle knows; its loss on the same text is taken off theirs.
#include "data/text.h"
#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "rnn/characters.h"
#include "rnn/figures/figures.h"

#include <math.h>
#include <stdlib.h>

enum { LANGUAGE_SEED = 1, SEED = 41 };

// The models; steps of a window; texts side by side; windows of the validation set; symbols of a sample.
enum { LSTM, GRU, TANH, MODELS, K = 50, STREAMS = 32, WINDOWS = 20, SAMPLE = 160 };

// `streams` texts of the Zipf language; free(text).
static rnn_corpus
zipf_corpus(const zipf *z, uint32_t stream, int streams, int length)
{
    rnn_corpus c = {ZIPF_SYMBOLS, streams, length,
                    memory_zeroed((long)streams * length, sizeof(int), "a text")};
    rng r = rng_at(SEED, stream);
    for (int s = 0; s < streams; s++)
        zipf_sample(z, &r, length, c.text + (long)s * length);
    return c;
}

// The mean loss of the oracle, which knows the words and their probabilities, on the same predictions.
static double
oracle_loss(const zipf *z, const rnn_corpus *c)
{
    double nll[c->length], sum = 0;
    for (int s = 0; s < c->streams; s++) {
        zipf_oracle(z, c->length, c->text + (long)s * c->length, nll);
        sum += sum64(c->length - 1, nll + 1); // the first symbol is given
    }
    return sum / ((double)c->streams * (c->length - 1));
}

static void
write_models(const rnn_character_training all[MODELS], const zipf *z, double oracle)
{
    table *t =
        program_table("character-models", "model\thidden\tparameters\tloss_nats\texcess_nats");
    for (const rnn_character_training *m = all; m < all + MODELS; m++)
        table_row(t, "siidd", m->training.name, m->H, m->parameters, rnn_last_validation(m),
                  rnn_last_validation(m) - oracle);
    table_row(t, "siidd", "oracle", 0, 0, oracle, 0.0);
    table_row(t, "siidd", "entropy", 0, 0, zipf_entropy(z), zipf_entropy(z) - oracle);
    table_close(t);
}

static void
write_samples(const rnn_character_training all[MODELS])
{
    table *t = program_table("samples", "model\ttext");
    for (int i = 0; i < MODELS; i++) {
        char text[SAMPLE + 1] = "";
        for (int k = 0; k < SAMPLE; k++)
            text[k] = zipf_letter(all[i].sample[k]);
        table_row(t, "ss", all[i].training.name, text);
    }
    table_close(t);
}

static void
character_claims(double lstm, double gru, double tanh)
{
    const char *own = "this chapter";
    claim_above("characters-oracle", "characters: the best model's loss is above the oracle's", 0,
                unless_quick(fmin(lstm, fmin(gru, tanh))), own, CHECK);
    claim_below("characters-gru", "characters, rate 0.01: the GRU's loss less the oracle's, nats",
                0.03, unless_quick(gru), own, FOUND);
    claim_above("characters-tanh",
                "characters, rate 0.01: how much the tanh net loses to the GRU, nats", 0.01,
                unless_quick(tanh - gru), own, FOUND);
}

// Three models of the Zipf language beside its oracle.
void
rnn_figure_character_model(void)
{
    int steps = program_steps(800, 2), interval = program_steps(50, 2);
    zipf z = zipf_new(LANGUAGE_SEED);
    rnn_corpus training_set = zipf_corpus(&z, 0, STREAMS, steps * K + 1);
    rnn_corpus validation_set = zipf_corpus(&z, 1, STREAMS, program_steps(WINDOWS, 1) * K + 1);
    double oracle = oracle_loss(&z, &validation_set), loss[MODELS][steps / interval];
    int sample[MODELS][SAMPLE];
    // Sizes that give all three about as many parameters.
    rnn_character_training all[MODELS] = {
        [LSTM] = {.training = {.name = "lstm"}, .kind = RNN_LSTM, .H = 64},
        [GRU] = {.training = {.name = "gru"}, .kind = RNN_GRU, .H = 75},
        [TANH] = {.training = {.name = "tanh"}, .kind = RNN_TANH, .H = 134}};
    for (int i = 0; i < MODELS; i++) {
        rnn_character_training *m = &all[i];
        m->training.steps = steps, m->interval = interval, m->K = K, m->rate = 1e-2f;
        m->seed = SEED, m->stream = 2 + i;
        m->training_set = &training_set, m->validation_set = &validation_set;
        m->validation_loss = loss[i], m->sample = sample[i], m->length = SAMPLE;
    }
    training_run(MODELS, all, sizeof *all, rnn_train_characters);

    table *t = program_table("character-model", "symbols_read\tlstm\tgru\ttanh");
    for (int c = 0; c < steps / interval; c++)
        table_row(t, "iddd", (c + 1) * interval * K * STREAMS, loss[LSTM][c] - oracle,
                  loss[GRU][c] - oracle, loss[TANH][c] - oracle);
    table_close(t);
    write_models(all, &z, oracle);
    write_samples(all);
    character_claims(rnn_last_validation(&all[LSTM]) - oracle,
                     rnn_last_validation(&all[GRU]) - oracle,
                     rnn_last_validation(&all[TANH]) - oracle);
    training_free(MODELS, all, sizeof *all);
    free(training_set.text);
    free(validation_set.text);
}
