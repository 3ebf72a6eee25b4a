// The smallest case, for the text to compute by hand: four words, six merges, and a word that was never seen.
#include "bpe/bpe.h"
#include "bpe/figures/figures.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 4, MERGES = 6, ROOM = 128 };

static const char *const word[WORDS] = {"low", "lower", "newest", "widest"};
static const int f[WORDS] = {5, 2, 6, 3};

// The bytes of n symbols, with blanks between.
static void
spell(const tokens *t, int n, const int *symbol, char *out)
{
    *out = 0;
    for (int i = 0; i < n; i++)
        sprintf(out + strlen(out), "%s%.*s", i ? " " : "",
                (int)(t->at[symbol[i] + 1] - t->at[symbol[i]]), t->bytes + t->at[symbol[i]]);
}

static int
by_count(const void *a, const void *b)
{
    const bpe_entry *x = a, *y = b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return x->pair.left != y->pair.left
               ? (x->pair.left > y->pair.left ? 1 : -1)
               : (x->pair.right > y->pair.right) - (x->pair.right < y->pair.right);
}

static void
write_pairs(const bpe_words *w, const tokens *t)
{
    bpe_pairs p = bpe_count_pairs(w);
    qsort(p.entry, p.n, sizeof *p.entry, by_count);
    table *out = program_table("worked-example-pairs", "pair\tleft\tright\tn_ab");
    for (long e = 0; e < p.n; e++) {
        char text[ROOM];
        spell(t, 2, &p.entry[e].pair.left, text);
        table_row(out, "siii", text, p.entry[e].pair.left, p.entry[e].pair.right,
                  (int)p.entry[e].n);
    }
    table_close(out);
    bpe_pairs_free(&p);
}

void
bpe_figure_worked_example(void)
{
    bpe_words w = {0};
    for (int k = 0; k < WORDS; k++) {
        int symbol[ROOM], n = (int)strlen(word[k]);
        for (int i = 0; i < n; i++)
            symbol[i] = bpe_symbol(word[k][i]);
        bpe_words_add(&w, n, symbol, f[k]);
    }
    bpe_words start = bpe_words_copy(&w);
    bpe_step step[MERGES];
    int n = bpe_train(&w, MERGES, step);
    bpe_merges m = bpe_merges_new(n, step);
    tokens t = bpe_vocabulary(&m, "worked example");
    write_pairs(&start, &t);
    table *out =
        program_table("worked-example", "merge\tpair\tnew\tn_ab\tlow\tlower\tnewest\twidest");
    for (int k = 0; k < n; k++) {
        char pair[ROOM], made[ROOM], now[WORDS][ROOM];
        spell(&t, 2, &m.pair[k].left, pair);
        spell(&t, 1, &(int){256 + k}, made);
        for (int i = 0; i < WORDS; i++) {
            int *symbols = start.symbol + start.at[i];
            start.length[i] = bpe_merge(start.length[i], symbols, m.pair[k], 256 + k);
            spell(&t, start.length[i], symbols, now[i]);
        }
        table_row(out, "ississss", k, pair, made, (int)step[k].n, now[0], now[1], now[2], now[3]);
    }
    table_close(out);
    // a word that was never seen
    const char *const unseen = "lowest";
    int symbol[ROOM], rank[ROOM], length = (int)strlen(unseen);
    for (int i = 0; i < length; i++)
        symbol[i] = bpe_symbol(unseen[i]);
    int parts = bpe_encode(&m, length, symbol, rank), left = length;
    for (int i = 0; i < length; i++)
        symbol[i] = bpe_symbol(unseen[i]);
    out = program_table("worked-example-encoding", "step\trank\tsymbols");
    for (int k = 0; left > parts; k++) {
        char text[ROOM];
        left = bpe_merge(left, symbol, m.pair[rank[k]], 256 + rank[k]);
        spell(&t, left, symbol, text);
        table_row(out, "iis", k + 1, rank[k], text);
    }
    table_close(out);
    claim_near("by-hand", "worked example: lowest, which was never seen, is two tokens", 2, parts,
               0, "counted by hand", CHECK);
    tokens_free(&t);
    bpe_merges_free(&m);
    bpe_words_free(&w);
    bpe_words_free(&start);
}
