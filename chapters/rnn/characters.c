#include "rnn/characters.h"

#include "data/text.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/table.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/random.h"

#include <stdlib.h>
#include <string.h>

static const double ln2 = 0.69314718055994531;

// Reads K symbols of every stream from place `from` on, and the K that follow each: x, y (K, streams).
static void
read_window(const corpus *c, int from, int K, int *x, int *y)
{
    for (int t = 0; t < K; t++)
        for (int s = 0; s < c->streams; s++) {
            const int *at = c->text + (long)s * c->length + from + t;
            x[t * c->streams + s] = at[0];
            y[t * c->streams + s] = at[1];
        }
}

// Runs the layer on x from the state in h and c, and leaves the new state there. The net reads copies:
// backward will want the old state when h and c have moved on.
static rnn_output
step_from(const network *n, tensor *x, tensor *h, tensor *c)
{
    bool lstm = n->layer.kind == RNN_LSTM;
    tensor *h0 = constant("h0", h->shape, h->data);
    tensor *c0 = lstm ? constant("c0", c->shape, c->data) : NULL;
    rnn_output o = rnn_forward(&n->layer, x, h0, c0);
    tensor_assign(h, o.h);
    if (lstm)
        tensor_assign(c, o.c);
    return o;
}

// The loss of a window; h and c go in as the state before it and come out as the state behind it.
static tensor *
window_loss(const network *n, const corpus *text, int from, int K, tensor *h, tensor *c)
{
    int B = text->streams;
    int *x = tape_alloc(K * B * sizeof(int)), *y = tape_alloc(K * B * sizeof(int));
    read_window(text, from, K, x, y);
    rnn_output o = step_from(n, one_hot(K, B, text->symbols, x), h, c);
    return t_cross_entropy(t_linear(o.all, n->w, n->b), y);
}

// The mean loss over a text that begins with a state of zeros; it has a whole number of windows.
static double
held_out(const network *n, const corpus *text, int K, tensor *h, tensor *c)
{
    double sum = 0;
    memset(h->data, 0, h->size * sizeof(float));
    memset(c->data, 0, c->size * sizeof(float));
    if (text->length <= K)
        fail("held_out: texts of %d symbols, expected more than a window of %d", text->length, K);
    for (int from = 0; from + K < text->length; from += K) {
        sum += window_loss(n, text, from, K, h, c)->data[0];
        tape_reset();
    }
    return sum / ((text->length - 1) / K);
}

// Draws `length` symbols from the model, each from its probabilities, beginning after `first`.
static void
generate(const network *n, int symbols, int first, rng *r, int length, int *out)
{
    tensor *h = tensor_state("h", SHAPE(1, n->layer.H)),
           *c = tensor_state("c", SHAPE(1, n->layer.H));
    for (int i = 0; i < length; i++) {
        rnn_output o = step_from(n, one_hot(1, 1, symbols, &first), h, c);
        tensor *p = t_softmax(t_linear(o.h, n->w, n->b));
        double u = rng_uniform64(r);
        for (first = 0; first < symbols - 1 && u >= p->data[first]; first++)
            u -= p->data[first];
        out[i] = first;
        tape_reset();
    }
}

void
train_characters(int i, void *context)
{
    character_training *run = (character_training *)context + i;
    const corpus *text = run->learnt;
    rng r = rng_at(run->seed, run->stream);
    network n = network_new(run->kind, text->symbols, run->H, text->symbols, &r);
    adamw adam = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    for (int p = 0; p < param_count(); p++)
        run->parameters += (int)param_at(p)->size;
    tensor *h = tensor_state("h", SHAPE(text->streams, run->H)), *c = tensor_state("c", h->shape);
    tensor *h_unseen = tensor_state("h", SHAPE(run->unseen->streams, run->H));
    tensor *c_unseen = tensor_state("c", h_unseen->shape);
    int from = 0;
    double learning = 0; // the mean loss on the text it learns from, since the last check
    for (int s = 0; s < run->steps; s++) {
        if (from + run->K >= text->length) {
            from = 0;
            memset(h->data, 0, h->size * sizeof(float));
            memset(c->data, 0, c->size * sizeof(float));
        }
        float rate = warmup_cosine(s, run->steps / 20, run->steps, run->rate);
        learning +=
            training_step(window_loss(&n, text, from, run->K, h, c), &adam, rate, 1) / run->check;
        from += run->K;
        if ((s + 1) % run->check == 0) {
            double unseen = held_out(&n, run->unseen, run->K, h_unseen, c_unseen);
            run->loss[s / run->check] = unseen;
            if (run->report) {
                progress_clear();
                printf("window %4d: %.3f bits per character on what it reads, %.3f on what it "
                       "never saw\n",
                       s + 1, learning / ln2, unseen / ln2);
            }
            learning = 0;
        }
    }
    generate(&n, text->symbols, run->first, &r, run->length, run->sample);
}

// ---- The reader's own text ----

static void
print_sample(const text_file *text, const character_training *run)
{
    FILE *file = file_create(program_path("sample.txt"));
    for (int i = 0; i < run->length; i++)
        fputc(text->byte[run->sample[i]], file);
    fputc('\n', file);
    file_commit(file, program_path("sample.txt"));
    for (int i = 0; i < run->length; i++)
        putchar(text->byte[run->sample[i]]);
}

// `streams` pieces of `length` symbols from place `from` of the text on.
static corpus
piece(const text_file *text, int from, int streams, int length)
{
    return (corpus){text->symbols, streams, length, text->text + from};
}

void
train_on_file(const char *path)
{
    enum {
        READER_SEED = 51,
        K = 64,
        LEAST = 4000,
        STREAMS = 32,
        SAMPLE = 600,
        CHECK = 50,
        TESTED = 200
    };
    size_t size;
    char *bytes = file_read(path, &size);
    text_file text = text_parse(bytes, size, path, LEAST);
    free(bytes);
    int known = text.n / 10 * 9, windows = (text.n - known) / (K + 1);
    // As many pieces side by side as leave each a few windows long.
    int streams = known / (8 * K) < STREAMS ? known / (8 * K) : STREAMS;
    int tests = windows < STREAMS / 4 ? windows : STREAMS / 4;
    corpus learnt = piece(&text, 0, streams, known / streams);
    corpus unseen = piece(&text, known, tests, (text.n - known) / tests);
    int most =
        program_steps(TESTED, 1); // windows; a long text is tested on the beginning of each piece
    unseen.length = unseen.length > most * K ? most * K + 1 : (unseen.length - 1) / K * K + 1;
    int steps = program_steps(1000, 2), check = program_steps(CHECK, 2), sample[SAMPLE];
    double loss[steps / check];
    character_training run = {.kind = RNN_LSTM,
                              .H = 128,
                              .K = K,
                              .steps = steps,
                              .check = check,
                              .rate = 5e-3f,
                              .seed = READER_SEED,
                              .learnt = &learnt,
                              .unseen = &unseen,
                              .loss = loss,
                              .sample = sample,
                              .length = SAMPLE,
                              .first = text.text[0],
                              .report = true};
    printf("%s: %d bytes, %d different. An LSTM of %d units reads nine tenths, %d windows of %d "
           "steps.\n",
           path, text.n, text.symbols, run.H, steps, K);
    progress_expect(steps);
    train_characters(0, &run);

    table *t = program_table("text", "windows_read\tbits_per_character");
    for (int c = 0; c < steps / check; c++)
        table_row(t, "id", (c + 1) * check, loss[c] / ln2);
    table_close(t);
    printf("It writes (%s):\n\n", program_path("sample.txt"));
    print_sample(&text, &run);
    printf("\n\n%d parameters; %.3f bits per character on the last tenth, which it never saw.\n",
           run.parameters, loss[steps / check - 1] / ln2);
    free(text.text);
}
