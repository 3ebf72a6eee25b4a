#include "transformer/own_text.h"

#include "data/text.h"
#include "data/tokens.h"
#include "files/escape.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"
#include "files/table.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "transformer/tasks.h"
#include "transformer/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEED = 61,
    B = 32,
    CONTEXT = 64,
    MOST_CONTEXT = 4096,
    SAMPLE = 600,
    LEAST = 4000,
    TESTS = 100,
    CHECK = 100,
    STEPS = 2000,
    HEADS = 4
};

// The text in the model's symbols: [0, known) to learn from, the last tenth to test on. Symbols are bytes, or tokens
// t with their numbers id; per_byte: how many a byte, in the first part and in the last.
typedef struct {
    int n, known, *symbol, *id;
    const tokens *t;
    double per_byte[2];
} corpus;

static corpus
read_tokens(const char *path, const tokens *t, transformer_weights *w)
{
    size_t size;
    char *bytes = file_read(path, &size);
    tokens_text text = tokens_text_of(t, bytes, size, path, LEAST);
    if (text.n < LEAST)
        fail("%s: %d tokens; expected a text of %d or more", path, text.n, LEAST);
    free(bytes);
    w->V = text.symbols;
    int known = text.n / 10 * 9;
    return (corpus){
        text.n,    known,
        text.text, text.id,
        t,         {tokens_per_byte(t, &text, 0, known), tokens_per_byte(t, &text, known, text.n)}};
}

// Reads the text at `path`; its bytes make the model's symbols, unless the model was loaded and has its own.
static corpus
read_text(const char *path, const char *load, transformer_weights *w)
{
    size_t size;
    char *bytes = file_read(path, &size);
    text_file text = text_parse(bytes, size, path, LEAST);
    int symbol[256];
    if (!load) {
        w->V = text.symbols;
        memcpy(w->byte, text.byte, sizeof w->byte);
    }
    for (int s = 0; s < text.symbols; s++) {
        const unsigned char *at = memchr(w->byte, text.byte[s], w->V);
        if (!at)
            fail("%s: the byte %d does not occur in what %s learnt from", path, text.byte[s], load);
        symbol[s] = (int)(at - w->byte);
    }
    for (int i = 0; i < text.n; i++)
        text.text[i] = symbol[text.text[i]];
    free(bytes);
    return (corpus){text.n, text.n / 10 * 9, text.text, NULL, NULL, {1, 1}};
}

// The positions of a window.
static int
context_of(const transformer *m)
{
    return m->c.positions->shape.n[0];
}

// The loss of B windows, which begin at random places of [from, to).
static tensor *
windows_loss(const transformer *m, const corpus *c, int from, int to, rng *r)
{
    int T = context_of(m), start[B];
    int *read = tape_alloc(B * T * sizeof(int)), *say = tape_alloc(B * T * sizeof(int));
    for (int b = 0; b < B; b++)
        start[b] = from + (int)rng_below(r, to - from - T);
    transformer_windows(c->symbol, B, start, T, read, say);
    return t_cross_entropy(transformer_decode(m, B, T, read, NULL, NULL, NULL, NULL), say);
}

// Bits per byte on windows of the part that it never learns from, the same at each call.
static double
unseen_bits(const transformer *m, const corpus *c)
{
    rng r = rng_at(SEED, 1);
    double sum = 0;
    int n = program_steps(TESTS / B + 1, 1);
    for (int i = 0; i < n; i++) {
        sum += windows_loss(m, c, c->known, c->n, &r)->data[0];
        tape_reset();
    }
    return sum / n / ln2_64 * c->per_byte[1];
}

static void
learn_text(const transformer *m, const corpus *c, int steps, float rate)
{
    int check = program_steps(steps < CHECK ? steps : CHECK, 1);
    steps = program_steps(steps, 2);
    rng r = rng_at(SEED, 2);
    adamw adam = adamw_new(0.9f, 0.99f, 1e-8f, 0.01f);
    double learning = 0; // the mean loss since the last check
    table *t = program_table("text", "windows_read\tbits_per_byte");
    progress_expect(steps);
    for (int s = 0; s < steps; s++) {
        float now = warmup_cosine(s, steps / 20, steps, rate);
        learning += training_step(windows_loss(m, c, 0, c->known, &r), &adam, now, 1) / check;
        if ((s + 1) % check == 0) {
            double bits = unseen_bits(m, c);
            progress_clear();
            printf("step %4d: %.3f bits per byte on what it reads, %.3f on what it never saw\n",
                   s + 1, learning / ln2_64 * c->per_byte[0], bits);
            fflush(stdout);
            table_row(t, "id", (s + 1) * B, bits);
            learning = 0;
        }
    }
    table_close(t);
}

// Writes n symbols that follow the symbol `first`, each drawn from the model at this temperature. Where the caches are
// full, it begins anew from the last half of what they held.
static void
generate(const transformer *m, int first, int n, float temperature, int *out)
{
    rng r = rng_at(SEED, 3);
    int T = context_of(m);
    transformer_cache *caches = transformer_caches(m, 1, T);
    const int *next = &first;
    int reads = 1, V = m->c.V;
    for (int i = 0; i < n; i++) {
        if (caches[0].length + reads > T) {
            for (int l = 0; l < m->c.decoders; l++)
                caches[l].length = 0;
            reads = T / 2;
            next = out + i - reads;
        }
        const tensor *logits = transformer_decode(m, 1, reads, next, NULL, NULL, NULL, caches);
        out[i] = transformer_sample(V, logits->data + (long)(reads - 1) * V, temperature, 0, &r);
        next = out + i;
        reads = 1;
        tape_reset();
    }
}

// The *n bytes that a sample stands for, and a zero byte behind them.
static char *
sample_text(const transformer_weights *w, const corpus *c, const int *sample, long *n)
{
    if (c->t)
        return tokens_spell(c->t, &(tokens_text){.id = c->id}, SAMPLE, sample, n);
    char *text = memory_zeroed(SAMPLE + 1, 1, "a sample");
    for (int i = 0; i < SAMPLE; i++)
        text[i] = (char)w->byte[sample[i]];
    *n = SAMPLE;
    return text;
}

static void
print_sample(const transformer *m, const transformer_weights *w, const corpus *c, float temperature)
{
    int sample[SAMPLE], first = 0;
    const unsigned char *space = c->t ? NULL : memchr(w->byte, ' ', w->V);
    if (space)
        first = (int)(space - w->byte);
    generate(m, first, SAMPLE, temperature, sample);
    long n;
    char *text = sample_text(w, c, sample, &n);
    FILE *file = file_create(program_path("sample.txt"));
    fwrite(text, 1, n, file);
    fputc('\n', file);
    file_commit(file, program_path("sample.txt"));
    printf("It writes at temperature %g (%s):\n\n", temperature,
           escape(program_path("sample.txt")));
    escape_print_lines(stdout, text, n);
    putchar('\n');
    free(text);
}

// An option that has no effect without another, or beside another, is a mistake.
static void
check_options(const transformer_own_text_options *o)
{
    const struct {
        const char *name, *value;
    } needs_text[] = {{"--save", o->save},
                      {"--steps", o->steps},
                      {"--width", o->width},
                      {"--rate", o->rate},
                      {"--tokens", o->tokens}};
    if (o->checkpoint && !o->text)
        fail("--checkpoint: nothing is learnt without --text");
    if (o->context && !o->text && !o->load)
        fail("--context %s: there is no model without --text or --load", escape(o->context));
    for (int i = 0; i < 5; i++)
        if (needs_text[i].value && !o->text)
            fail("%s %s: nothing is learnt without --text", needs_text[i].name,
                 escape(needs_text[i].value));
    if (o->temperature && !o->text && !o->load)
        fail("--temperature %s: there is no model to write without --text or --load",
             escape(o->temperature));
    if (o->tokens && (o->save || o->load))
        fail("--tokens %s: the weights of a model of tokens are not kept; leave out --save and "
             "--load",
             escape(o->tokens));
    if (o->width && o->load)
        fail("--width %s: the weights of --load have a width already", escape(o->width));
}

void
transformer_own_text(const transformer_own_text_options *o)
{
    check_options(o);
    int steps = program_whole("--steps", o->steps, 2, 1000000, STEPS);
    int width = program_whole("--width", o->width, HEADS, 512, 64);
    if (width % HEADS)
        fail("--width %d: expected a multiple of %d, the number of heads", width, HEADS);
    int T = program_whole("--context", o->context, 2, MOST_CONTEXT, CONTEXT);
    float rate = (float)program_number("--rate", o->rate, 1e-6, 1, 3e-3);
    float temperature = (float)program_number("--temperature", o->temperature, 0, 10, 0.5);
    transformer_weights w = {.D = width, .h = HEADS, .F = 4 * width, .layers = 3, .T = T};
    rng r = rng_at(SEED, 0);
    char *bytes = NULL;
    const char *values = NULL;
    corpus c = {0};
    if (o->load) {
        size_t size;
        bytes = file_read(o->load, &size);
        w = transformer_weights_parse(bytes, size, o->load, &values);
        if (w.T != T)
            fail("%s: a model of %d positions; this program reads windows of %d", o->load, w.T, T);
    }
    tokens vocabulary = {0};
    if (o->tokens)
        vocabulary = tokens_read(o->tokens);
    if (o->text)
        c = o->tokens ? read_tokens(o->text, &vocabulary, &w) : read_text(o->text, o->load, &w);
    if (o->text && c.n - c.known <= T)
        fail("%s: the last tenth has %d symbols; expected more than the %d of a window", o->text,
             c.n - c.known, T);
    transformer m = transformer_weights_model(&w, &r);
    m.c.recompute = o->checkpoint != NULL;
    for (int l = 0; l < m.c.decoders; l++)
        m.decoder[l].self.attention = o->attention;
    if (o->load)
        transformer_weights_use(values);
    free(bytes);
    if (o->text) {
        printf("%s: %d %s, %d different. A Transformer of width %d and %d layers reads nine "
               "tenths.\n",
               escape(o->text), c.n, o->tokens ? "tokens" : "bytes", w.V, w.D, w.layers);
        learn_text(&m, &c, steps, rate);
        if (o->save)
            transformer_weights_write(o->save, &w);
    }
    program_tape_peak(tape_peak()); // of the training
    print_sample(&m, &w, &c, temperature);
    free(c.symbol);
    free(c.id);
    tokens_free(&vocabulary);
    tensors_free();
}
