// What does training cost? Words that are gone through, and seconds: counting everything again after each merge, and
// the heap of stale counts. And what encoding costs, of texts and of one long piece.
#include "bpe/figures/figures.h"
#include "bpe/study.h"
#include "data/tokens.h"
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/timing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 31, V = 1280, POINTS = 7, PLAIN_POINTS = 3 };

static const int kilobytes[POINTS] = {10, 30, 100, 300, 1000, 3000, 10000};

typedef struct {
    const bpe_words *words;
    bpe_step *step;
    int merges;
    bool plainly;
} training_run;

static void
train(void *context)
{
    training_run *r = context;
    bpe_words w = bpe_words_copy(r->words);
    r->merges = r->plainly ? bpe_train_plainly(&w, V - 256, BPE_SMALLER, r->step)
                           : bpe_train(&w, V - 256, r->step);
    bpe_words_free(&w);
}

typedef struct {
    const tokens *t;
    const char *text;
    long n, parts;
    int *ids;
    bool one_piece;
} encoding_run;

static void
encode(void *context)
{
    encoding_run *r = context;
    r->parts = r->one_piece ? tokens_encode_piece(r->t, r->t->n, (const unsigned char *)r->text,
                                                  r->n, r->ids)
                            : tokens_encode(r->t, r->text, r->n, r->ids);
}

static long
sum_visits(int n, const bpe_step *step)
{
    long sum = 0;
    for (int k = 0; k < n; k++)
        sum += step[k].visits;
    return sum;
}

// One piece of 2^6 to 2^20 equal letters, and one of letters of the language without its spaces.
static void
write_pieces(const tokens *t, const bpe_text *text, table *seconds)
{
    for (int bits = 6; bits <= program_steps(20, 8); bits += 2) {
        long n = 1L << bits;
        encoding_run r = {t, memory_zeroed(n, 1, "a piece"),         n,
                          0, memory_zeroed(n, sizeof *r.ids, "ids"), true};
        char *piece = (char *)r.text;
        for (long i = 0, k = 0; k < n; i = (i + 1) % text->n)
            if (text->bytes[i] != ' ')
                piece[k++] = text->bytes[i];
        double mixed = timing_median(3, encode, &r);
        memset(piece, 'a', n);
        double equal = timing_median(3, encode, &r);
        table_row(seconds, "idd", (int)n, mixed, equal);
        free(piece);
        free(r.ids);
    }
}

void
bpe_figure_cost(void)
{
    words_language l = words_new(BPE_LANGUAGE);
    bpe_step *step = memory_zeroed(V - 256, sizeof *step, "merges"),
             *plain = memory_zeroed(V - 256, sizeof *plain, "merges");
    table *counts =
        program_table("cost", "kilobytes\tpieces\twords\tvisits_plainly\tvisits\tpops\tstale");
    table *seconds = program_table("cost.timing", "kilobytes\tplainly\theap\tencoding");
    table *piece_seconds = program_table("cost-pieces.timing", "bytes\tmixed\tequal");
    int points = program_steps(POINTS, 2), different = 0;
    double gain = 0, stale_part = 0;
    progress_expect(points);
    for (int i = 0; i < points; i++, progress_advance(1)) {
        bpe_text text = bpe_text_of(&l, SEED, 0, 1000L * kilobytes[i]);
        bpe_counter c = bpe_counter_new();
        bpe_count(&c, text.bytes, text.n, false);
        long pieces = 0, pops = 0, stale = 0;
        for (long w = 0; w < c.words.n; w++)
            pieces += c.words.f[w];
        training_run heap = {&c.words, step, 0, false}, plainly = {&c.words, plain, 0, true};
        int rounds = i < 5 ? 5 : 1;
        double heap_seconds = timing_median(rounds, train, &heap), plain_seconds = 0;
        if (i < PLAIN_POINTS) {
            plain_seconds = timing_median(1, train, &plainly);
            different += heap.merges != plainly.merges;
            for (int k = 0; k < heap.merges; k++)
                different += memcmp(&step[k].pair, &plain[k].pair, sizeof step->pair) != 0 ||
                             step[k].n != plain[k].n;
        }
        for (int k = 0; k < heap.merges; k++) {
            pops += step[k].pops;
            stale += step[k].stale;
        }
        long visits = sum_visits(heap.merges, step), all = (long)heap.merges * c.words.n;
        gain = (double)all / visits;
        stale_part = (double)stale / pops;
        table_row(counts, "iiidiii", kilobytes[i], (int)pieces, (int)c.words.n, (double)all,
                  (int)visits, (int)pops, (int)stale);
        bpe_merges m = bpe_merges_new(heap.merges, step);
        tokens t = bpe_vocabulary(&m, "cost");
        encoding_run e = {&t,   text.bytes, text.n, 0, memory_zeroed(text.n, sizeof *e.ids, "ids"),
                          false};
        double encoding = timing_median(rounds, encode, &e);
        table_row(seconds, "iddd", kilobytes[i], i < PLAIN_POINTS ? plain_seconds : NAN,
                  heap_seconds, encoding);
        if (i + 1 == points)
            write_pieces(&t, &text, piece_seconds);
        free(e.ids);
        tokens_free(&t);
        bpe_merges_free(&m);
        bpe_counter_free(&c);
        free(text.bytes);
    }
    table_close(counts);
    table_close(seconds);
    table_close(piece_seconds);
    claim_near("heap-is-exact",
               "cost: merges or counts that the heap gives otherwise than counting again", 0,
               different, 0, "lemma 1", CHECK);
    claim_above("heap-gain", "cost, 10 MB: by how much fewer words the heap goes through", 50,
                unless_quick(gain), "this chapter; expected from how few words have one pair",
                FOUND);
    claim_below("stale", "cost, 10 MB: stale entries as a part of all that are popped", 0.9,
                unless_quick(stale_part), "this chapter", FOUND);
    free(step);
    free(plain);
}
