#include "rnn/own_text.h"

#include "data/text.h"
#include "files/escape.h"
#include "files/file.h"
#include "files/table.h"
#include "frame/program.h"
#include "frame/training.h"
#include "numbers/numeric.h"
#include "rnn/characters.h"

#include <stdio.h>
#include <stdlib.h>

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

// `streams` pieces of `length` symbols from place `from` of the text on.
static rnn_corpus
pieces(const text_file *text, int from, int streams, int length)
{
    return (rnn_corpus){text->symbols, streams, length, text->text + from};
}

// The first nine tenths, in as many pieces as leave each a few windows long.
static rnn_corpus
training_part(const text_file *text, int n)
{
    int streams = n / (8 * K) < STREAMS ? n / (8 * K) : STREAMS;
    return pieces(text, 0, streams, n / streams);
}

// The rest from place `from` on, in whole windows; of a long text the beginning of each piece.
static rnn_corpus
validation_part(const text_file *text, int from)
{
    int n = text->n - from, windows = n / (K + 1), most = program_steps(VALIDATION, 1);
    int streams = windows < STREAMS / 4 ? windows : STREAMS / 4;
    rnn_corpus part = pieces(text, from, streams, n / streams);
    part.length = part.length > most * K ? most * K + 1 : (part.length - 1) / K * K + 1;
    return part;
}

static void
print_sample(const text_file *text, const int *sample)
{
    char written[SAMPLE + 1] = {0};
    for (int i = 0; i < SAMPLE; i++)
        written[i] = (char)text->byte[sample[i]];
    FILE *file = file_create(program_path("sample.txt"));
    fwrite(written, 1, SAMPLE, file);
    fputc('\n', file);
    file_commit(file, program_path("sample.txt"));
    printf("It writes (%s):\n\n", escape(program_path("sample.txt")));
    escape_print_lines(stdout, written, SAMPLE);
}

void
rnn_own_text(const char *path)
{
    size_t size;
    char *bytes = file_read(path, &size);
    text_file text = text_parse(bytes, size, path, LEAST);
    free(bytes);
    int known = text.n / 10 * 9, sample[SAMPLE];
    rnn_corpus training_set = training_part(&text, known);
    rnn_corpus validation_set = validation_part(&text, known);
    int steps = program_steps(WINDOWS, 2), interval = program_steps(INTERVAL, 2);
    double validation_loss[steps / interval];
    rnn_character_training run = {.training = {.steps = steps},
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
                                  .report = true};
    printf("%s: %d bytes, %d different. An LSTM of %d units reads nine tenths, %d windows of %d "
           "steps.\n",
           escape(path), text.n, text.symbols, run.H, steps, K);
    training_run(1, &run, sizeof run, rnn_train_characters);

    table *t = program_table("text", "windows_read\tbits_per_character");
    for (int i = 0; i < steps / interval; i++)
        table_row(t, "id", (i + 1) * interval, validation_loss[i] / ln2_64);
    table_close(t);
    print_sample(&text, sample);
    printf("\n\n%d parameters; %.3f bits per byte on the last tenth, which it never saw.\n",
           run.parameters, rnn_last_validation(&run) / ln2_64);
    training_free(1, &run, sizeof run);
    free(text.text);
}
