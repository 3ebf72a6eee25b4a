// Does BPE find the morphemes? Its cuts against the true ones of the agglutinative language, on words of a new sample.
#include "bpe/figures/figures.h"
#include "bpe/study.h"
#include "data/words.h"
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stdlib.h>
#include <string.h>

enum { SEED = 33, BYTES = 630000, TESTED = 20000, SIZES = 10 };

static const int sizes[SIZES] = {272, 288, 320, 384, 448, 512, 1024, 2048, 4096, 8192};

// Places inside of words; those where a morpheme ends, where a token ends, and both.
typedef struct {
    long places, true_cuts, cuts, right;
} counts;

static counts
compare_cuts(const tokens *t, const words_language *l, int words)
{
    counts c = {0};
    rng r = rng_at(SEED, 1);
    for (int i = 0; i < words; i++) {
        char word[WORDS_LETTERS + 1] = " ", cut[WORDS_LETTERS];
        int n = words_draw(l, &r, word + 1, cut) - 1, ids[WORDS_LETTERS];
        // the piece is the word with the space before it; letter k stands at k + 1
        long parts = tokens_encode_piece(t, t->n, (const unsigned char *)word, n + 1, ids);
        char mine[WORDS_LETTERS + 1] = {0};
        for (long p = 0, at = 0; p < parts; p++) {
            at += t->at[ids[p] + 1] - t->at[ids[p]];
            mine[at - 1] = 1;
        }
        for (int k = 1; k < n; k++) {
            c.places++;
            c.true_cuts += cut[k];
            c.cuts += mine[k];
            c.right += cut[k] && mine[k];
        }
    }
    return c;
}

static double
f1(double precision, double recall)
{
    return 2 * precision * recall / (precision + recall);
}

void
bpe_figure_morphemes(void)
{
    words_language l = words_new(BPE_LANGUAGE);
    bpe_text text = bpe_text_of(&l, SEED, 0, program_steps(BYTES, 40000));
    bpe_trained trained = bpe_trained_on(&text, sizes[SIZES - 1]);
    table *out = program_table("morphemes", "vocabulary\tprecision\trecall\tf1\tchance_f1");
    double best = 0, first_precision = 0, last_precision = 0, last_recall = 0;
    int best_size = 0;
    for (int i = 0; i < SIZES; i++) {
        tokens t = bpe_trained_tokens(&trained, sizes[i]);
        counts c = compare_cuts(&t, &l, program_steps(TESTED, 500));
        double precision = (double)c.right / c.cuts, recall = (double)c.right / c.true_cuts;
        // as many cuts at random places: right as often as a place is a true cut
        double chance = f1((double)c.true_cuts / c.places, (double)c.cuts / c.places);
        table_row(out, "idddd", sizes[i], precision, recall, f1(precision, recall), chance);
        if (f1(precision, recall) > best) {
            best = f1(precision, recall);
            best_size = sizes[i];
        }
        first_precision = i == 0 ? precision : first_precision;
        last_precision = precision;
        last_recall = recall;
        tokens_free(&t);
    }
    table_close(out);
    out = program_table("morphemes-numbers", "what\tvalue");
    table_row(out, "si", "words", (int)trained.pieces);
    table_row(out, "si", "types", (int)trained.words);
    table_row(out, "si", "best_vocabulary", best_size);
    table_close(out);
    const char *own = "this chapter";
    claim_below("never-found", "morphemes: the best F1 over all vocabularies", 0.9,
                unless_quick(best), own, FOUND);
    claim_below("peak-early", "morphemes: merges at the best F1, fewer than the 432 morphemes", 432,
                unless_quick(best_size - 256), own, FOUND);
    claim_above("surer", "morphemes: precision at V = 8192 less that at V = 272", 0.2,
                unless_quick(last_precision - first_precision), own, FOUND);
    claim_below("fewer", "morphemes: recall at V = 8192", 0.6, unless_quick(last_recall), own,
                FOUND);
    free(text.bytes);
    free(trained.step);
}
