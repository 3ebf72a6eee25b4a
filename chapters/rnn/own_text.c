#include "rnn/own_text.h"

#include "data/text.h"
#include "data/tokens.h"
#include "files/escape.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"
#include "files/table.h"
#include "frame/program.h"
#include "frame/training.h"
#include "numbers/numeric.h"
#include "rnn/characters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEED = 51,
    UNITS = 128,
    K = 64,           // steps of a window
    STREAMS = 32,     // pieces that are read side by side, at most
    WINDOWS = 1000,   // of the training
    INTERVAL = 50,    // windows between two validations
    VALIDATION = 200, // windows of a validation, at most
    LEAST = 4000,     // bytes of a text
    SAMPLE = 600
};

// The text in symbols, which are its bytes, or tokens: t with their numbers id, NULL for bytes.
typedef struct {
    int n, symbols, *text;
    unsigned char byte[256];
    const tokens *t;
    int *id;
} own_symbols;

static own_symbols
symbols_of(const char *bytes, size_t size, const char *path, const tokens *t)
{
    if (!t) {
        text_file text = text_parse(bytes, size, path, LEAST);
        own_symbols s = {text.n, text.symbols, text.text, {0}, NULL, NULL};
        memcpy(s.byte, text.byte, sizeof s.byte);
        return s;
    }
    tokens_text text = tokens_text_of(t, bytes, size, path, LEAST);
    if (text.n < LEAST)
        fail("%s: %d tokens; expected a text of %d or more", path, text.n, LEAST);
    return (own_symbols){text.n, text.symbols, text.text, {0}, t, text.id};
}

// How many symbols a byte there are from place `from` to `to`.
static double
per_byte(const own_symbols *s, int from, int to)
{
    tokens_text text = {s->n, s->symbols, s->text, s->id};
    return s->t ? tokens_per_byte(s->t, &text, from, to) : 1;
}

// `streams` pieces of `length` symbols from place `from` of the text on.
static rnn_corpus
pieces(const own_symbols *text, int from, int streams, int length)
{
    return (rnn_corpus){text->symbols, streams, length, text->text + from};
}

// The first nine tenths, in as many pieces as leave each a few windows long.
static rnn_corpus
training_part(const own_symbols *text, int n)
{
    int streams = n / (8 * K) < STREAMS ? n / (8 * K) : STREAMS;
    return pieces(text, 0, streams, n / streams);
}

// The rest from place `from` on, in whole windows; of a long text the beginning of each piece.
static rnn_corpus
validation_part(const own_symbols *text, int from)
{
    int n = text->n - from, windows = n / (K + 1), most = program_steps(VALIDATION, 1);
    int streams = windows < STREAMS / 4 ? windows : STREAMS / 4;
    rnn_corpus part = pieces(text, from, streams, n / streams);
    part.length = part.length > most * K ? most * K + 1 : (part.length - 1) / K * K + 1;
    return part;
}

// The *n bytes that a sample stands for, and a zero byte behind them.
static char *
sample_text(const own_symbols *s, const int *sample, long *n)
{
    if (s->t)
        return tokens_spell(s->t, &(tokens_text){.id = s->id}, SAMPLE, sample, n);
    char *text = memory_zeroed(SAMPLE + 1, 1, "a sample");
    for (int i = 0; i < SAMPLE; i++)
        text[i] = (char)s->byte[sample[i]];
    *n = SAMPLE;
    return text;
}

static void
print_sample(const own_symbols *text, const int *sample)
{
    long n;
    char *written = sample_text(text, sample, &n);
    FILE *file = file_create(program_path("sample.txt"));
    fwrite(written, 1, n, file);
    fputc('\n', file);
    file_commit(file, program_path("sample.txt"));
    printf("It writes (%s):\n\n", escape(program_path("sample.txt")));
    escape_print_lines(stdout, written, n);
    free(written);
}

void
rnn_own_text(const char *path, const char *tokens_path)
{
    size_t size;
    char *bytes = file_read(path, &size);
    tokens vocabulary = {0};
    if (tokens_path)
        vocabulary = tokens_read(tokens_path);
    own_symbols text = symbols_of(bytes, size, path, tokens_path ? &vocabulary : NULL);
    free(bytes);
    int known = text.n / 10 * 9, sample[SAMPLE];
    rnn_corpus training_set = training_part(&text, known);
    rnn_corpus validation_set = validation_part(&text, known);
    int steps = program_steps(WINDOWS, 2), interval = program_steps(INTERVAL, 2);
    double validation_loss[steps / interval];
    rnn_character_training run = {
        .training = {.steps = steps},
        .kind = RNN_LSTM,
        .H = UNITS,
        .K = K,
        .interval = interval,
        .rate = 5e-3f,
        .seed = SEED,
        .training_set = &training_set,
        .validation_set = &validation_set,
        .validation_loss = validation_loss,
        .sample = sample,
        .length = SAMPLE,
        .first = text.text[0],
        .report = true,
        .symbols_per_byte = {per_byte(&text, 0, known), per_byte(&text, known, text.n)}};
    printf("%s: %d %s, %d different. An LSTM of %d units reads nine tenths, %d windows of %d "
           "steps.\n",
           escape(path), text.n, tokens_path ? "tokens" : "bytes", text.symbols, run.H, steps, K);
    training_run(1, &run, sizeof run, rnn_train_characters);

    table *t = program_table("text", "windows_read\tbits_per_byte");
    double bits = run.symbols_per_byte[1] / ln2_64; // a byte, of a nat a symbol
    for (int i = 0; i < steps / interval; i++)
        table_row(t, "id", (i + 1) * interval, validation_loss[i] * bits);
    table_close(t);
    print_sample(&text, sample);
    printf("\n\n%d parameters; %.3f bits per byte on the last tenth, which it never saw.\n",
           run.parameters, rnn_last_validation(&run) * bits);
    training_free(1, &run, sizeof run);
    free(text.text);
    free(text.id);
    tokens_free(&vocabulary);
}
