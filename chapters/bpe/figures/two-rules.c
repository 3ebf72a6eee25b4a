// Do the two rules of encoding give the same? Every string up to a length, under vocabularies trained on random words
// of two and of three letters, and under the same lists with two neighbouring merges exchanged.
#include "bpe/bpe.h"
#include "bpe/figures/figures.h"
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/random.h"

#include <stdlib.h>
#include <string.h>

enum { SEED = 35, VOCABULARIES = 200, MERGES = 8, WORDS = 12, LENGTH = 12 };

// Words of letters a, b, ..., and what training makes of them.
static bpe_merges
random_merges(rng *r, int letters)
{
    bpe_words w = {0};
    bpe_step step[MERGES];
    for (int k = 0; k < WORDS; k++) {
        int symbol[LENGTH], n = 2 + (int)rng_below(r, LENGTH - 2);
        for (int i = 0; i < n; i++)
            symbol[i] = bpe_symbol('a' + (int)rng_below(r, letters));
        bpe_words_add(&w, n, symbol, 1 + rng_below(r, 4));
    }
    int n = bpe_train(&w, MERGES, step);
    bpe_words_free(&w);
    return bpe_merges_new(n, step);
}

// Exchanges merges k and k + 1 where neither needs the other; false where one does.
static bool
exchange(bpe_merges *m, int k)
{
    bpe_pair *p = m->pair;
    if (p[k + 1].left == 256 + k || p[k + 1].right == 256 + k)
        return false;
    bpe_pair kept = p[k];
    p[k] = p[k + 1];
    p[k + 1] = kept;
    for (int i = k + 2; i < m->n; i++) {
        int *part[] = {&p[i].left, &p[i].right};
        for (int s = 0; s < 2; s++)
            *part[s] = *part[s] == 256 + k ? 257 + k : *part[s] == 257 + k ? 256 + k : *part[s];
    }
    return true;
}

// How many of all strings of 1 .. most letters the two rules split in different ways.
static long
differences(const bpe_merges *m, int letters, int most, long *strings)
{
    tokens t = bpe_vocabulary(m, "two rules");
    long different = 0;
    for (int n = 1, all = letters; n <= most; n++, all *= letters)
        for (int code = 0; code < all; code++, (*strings)++) {
            unsigned char s[LENGTH];
            int child[LENGTH], parent[LENGTH];
            for (int i = 0, rest = code; i < n; i++, rest /= letters) {
                s[i] = (unsigned char)('a' + rest % letters);
                child[i] = bpe_symbol(s[i]);
            }
            int a = bpe_encode(m, n, child, NULL);
            int b = (int)tokens_encode_piece(&t, t.n, s, n, parent);
            different += a != b || memcmp(child, parent, a * sizeof *child) != 0;
        }
    tokens_free(&t);
    return different;
}

void
bpe_figure_two_rules(void)
{
    rng r = rng_at(SEED, 0);
    long strings[2] = {0}, different[2] = {0};
    int lists[2] = {0}, bad[2] = {0}, vocabularies = program_steps(VOCABULARIES, 4);
    for (int v = 0; v < vocabularies; v++) {
        int letters = 2 + v % 2, most = letters == 2 ? 9 : 6;
        bpe_merges m = random_merges(&r, letters);
        for (int k = -1; k + 1 < m.n; k++) {
            if (k >= 0 && !exchange(&m, k))
                continue;
            int edited = k >= 0;
            long here = differences(&m, letters, most, &strings[edited]);
            different[edited] += here;
            bad[edited] += here > 0;
            lists[edited]++;
            if (edited)
                exchange(&m, k); // back
        }
        bpe_merges_free(&m);
    }
    table *out = program_table("two-rules",
                               "lists\tnumber\tstrings\tstrings_that_differ\tlists_that_differ");
    for (int i = 0; i < 2; i++)
        table_row(out, "siiii", i ? "edited" : "trained", lists[i], (int)strings[i],
                  (int)different[i], bad[i]);
    table_close(out);
    claim_near("parents-are-children",
               "two rules: strings that trained vocabularies split in two ways", 0, different[0], 0,
               "the theorem", CHECK);
    claim_above("edited-differ",
                "two rules: lists with two merges exchanged that split some string in two ways, a "
                "part of all",
                0, unless_quick((double)bad[1] / lists[1]), "this chapter", FOUND);
}
