// For the page: what the GPL, the text's four words or the reader's own text teach, and a typed text under the first of
// those merges.
#include "bpe/bpe.h"
#include "bpe/study.h"
#include "data/pieces.h"
#include "files/memory.h"

#include <stdlib.h>
#include <string.h>

enum { LIVE_ROOM = 512, LIVE_V = 4096 }; // bytes of a typed text
enum { LIVE_GPL, LIVE_FOUR_WORDS, LIVE_OWN };

static char typed[LIVE_ROOM];
static bpe_trained learnt[3];

// One merge in the typed text: which, and the bytes of its two parts, from .. middle - 1 and middle .. to - 1.
typedef struct {
    int rank, from, middle, to;
} live_merge;

// What the page reads. The token that ends before byte end[i] has the number id[i] and is of piece piece[i]; the merges
// stand in the order in which they are made, piece by piece.
static struct {
    int tokens, merges;
    int id[LIVE_ROOM], end[LIVE_ROOM], piece[LIVE_ROOM];
    live_merge merge[LIVE_ROOM];
} said;

// Where the page writes the bytes of the typed text.
char *
bpe_live_typed(void)
{
    return typed;
}

static void
learn_four_words(bpe_trained *t)
{
    static const char *const word[] = {"low", "lower", "newest", "widest"};
    static const int f[] = {5, 2, 6, 3};
    bpe_words w = {0};
    t->step = memory_zeroed(LIVE_ROOM, sizeof *t->step, "merges");
    for (int k = 0; k < 4; k++) {
        int symbol[LIVE_ROOM], n = (int)strlen(word[k]);
        for (int i = 0; i < n; i++)
            symbol[i] = bpe_symbol(word[k][i]);
        bpe_words_add(&w, n, symbol, f[k]);
    }
    t->n = bpe_train(&w, LIVE_ROOM, t->step);
    bpe_words_free(&w);
}

// Learns from the GPL, from the four words, or from the n typed bytes, until every piece is one token. Returns how many
// merges there are.
int
bpe_live_learn(int from, int n)
{
    bpe_trained *t = &learnt[from];
    if (from == LIVE_OWN) {
        free(t->step);
        *t = bpe_trained_on(&(bpe_text){n, typed}, LIVE_V);
    } else if (!t->step && from == LIVE_GPL) {
        bpe_text text = bpe_text_read("GPL-3");
        *t = bpe_trained_on(&text, LIVE_V);
        free(text.bytes);
    } else if (!t->step)
        learn_four_words(t);
    return t->n;
}

// What merge k of a vocabulary joins, and how often the two stood side by side: left, right, n_ab.
const int *
bpe_live_merge(int from, int k)
{
    static int of[3];
    const bpe_step *s = &learnt[from].step[k];
    of[0] = s->pair.left, of[1] = s->pair.right, of[2] = (int)s->n;
    return of;
}

// The byte of a symbol below 256.
int
bpe_live_byte(int symbol)
{
    return bpe_byte(symbol);
}

// Puts the n symbols of a piece behind the other tokens; at (n + 1): where each begins, and the end.
static void
add_tokens(int piece, int n, const int *symbol, const int *at)
{
    for (int i = 0; i < n; i++, said.tokens++) {
        said.id[said.tokens] = symbol[i];
        said.end[said.tokens] = at[i + 1];
        said.piece[said.tokens] = piece;
    }
}

// Makes the merges of the n bytes from `first` on, one after the other: their places; and the tokens as they are when
// only the vocabulary's first `most` merges are known.
static void
encode_piece(const bpe_merges *m, int most, int piece, int first, int n)
{
    int symbol[LIVE_ROOM], rank[LIVE_ROOM], at[LIVE_ROOM + 1], made = 0;
    for (int i = 0; i < n; i++)
        symbol[i] = bpe_symbol((unsigned char)typed[first + i]), rank[i] = m->n;
    bpe_encode(m, n, symbol, rank);
    for (int i = 0; i <= n; i++)
        at[i] = first + i;
    for (int i = 0; i < n; i++)
        symbol[i] = bpe_symbol((unsigned char)typed[first + i]);
    bool shown = false;
    for (;; made++) {
        if (!shown && (rank[made] >= most || rank[made] == m->n)) {
            add_tokens(piece, n, symbol, at);
            shown = true;
        }
        if (n == 1 || rank[made] == m->n)
            return;
        bpe_pair pair = m->pair[rank[made]];
        int left = 0;
        for (int i = 0; i < n; i++, left++) {
            at[left] = at[i];
            symbol[left] = symbol[i];
            if (i + 1 < n && symbol[i] == pair.left && symbol[i + 1] == pair.right) {
                said.merge[said.merges++] = (live_merge){rank[made], at[i], at[i + 1], at[i + 2]};
                symbol[left] = 256 + rank[made];
                i++;
            }
        }
        at[left] = at[n];
        n = left;
    }
}

// The n typed bytes: all merges that a vocabulary makes of them, and the tokens under its first `most` merges.
const int *
bpe_live_encode(int from, int n, int most)
{
    bpe_merges m = bpe_merges_new(learnt[from].n, learnt[from].step);
    said.tokens = said.merges = 0;
    for (int at = 0, end, piece = 0; at < n; at = end, piece++) {
        end = (int)pieces_end((const unsigned char *)typed, n, at);
        encode_piece(&m, most, piece, at, end - at);
    }
    bpe_merges_free(&m);
    return &said.tokens;
}
