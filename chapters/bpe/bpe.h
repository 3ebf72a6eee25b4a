// Byte-pair encoding: counting the pieces of a text, training, encoding, and bytes that come in parts.
//
// Symbols are numbers: 0 .. 255 are the bytes in GPT-2's order, 256 + k is what merge k makes of two symbols.
#ifndef BPE_H
#define BPE_H

#include "data/tokens.h"

#include <stdbool.h>

// ---- Bytes ----

// The symbol of a byte, and the byte of a symbol: first the 188 that Latin-1 prints, in order, then the others.
int bpe_symbol(int byte);
int bpe_byte(int symbol);

// ---- Words ----

// The distinct pieces of a text, called words, as symbols, each with how often it comes.
typedef struct {
    long n, used; // words; symbols of all of them
    long *at;     // (n): where word w begins in symbol
    int *length;  // (n): how many symbols it has by now
    long *f;      // (n): how often it comes
    int *symbol;
} bpe_words;

// Counting: a table of what has been seen. `table` has the number of a word + 1, 0: free.
typedef struct {
    bpe_words words;
    long mask, *table;
} bpe_counter;

bpe_counter bpe_counter_new(void);

// Counts the pieces of the text; with `more` to come it stops before one whose end is not sure. Returns how many
// bytes were counted.
long bpe_count(bpe_counter *c, const char *text, long n, bool more);

// Adds a word of n symbols that comes f times, behind the others.
void bpe_words_add(bpe_words *w, int n, const int *symbols, long f);
bpe_words bpe_words_copy(const bpe_words *w);
void bpe_words_free(bpe_words *w);
void bpe_counter_free(bpe_counter *c);

// ---- Pairs ----

typedef struct {
    int left, right;
} bpe_pair;

// A pair of symbols that stand side by side somewhere, with n_ab and the words that have, or had, it.
typedef struct {
    bpe_pair pair;
    long n;
    long words, *word;
} bpe_entry;

// Pairs by a hash: slot has the number of an entry + 1, 0: free. Entries stand in the order in which they came.
typedef struct {
    long n, mask, *slot;
    bpe_entry *entry;
} bpe_pairs;

// n_ab of all pairs: the sum over words w of f(w) times the places of w where b follows a.
bpe_pairs bpe_count_pairs(const bpe_words *w);
long bpe_pairs_find(const bpe_pairs *p, bpe_pair pair); // the number of its entry, or -1
void bpe_pairs_free(bpe_pairs *p);

// ---- Training ----

// Which of several pairs that come equally often is merged.
typedef enum {
    BPE_SMALLER, // the smaller pair of symbols, left before right: ours, and Hugging Face's
    BPE_LARGER,  // the larger one
    BPE_FIRST,   // the one that was counted first, going through the words as they came
    BPE_BYTES    // the one whose bytes come first, left before right
} bpe_ties;

// One merge, and what it cost.
typedef struct {
    bpe_pair pair;
    long n;      // n_ab
    long visits; // words that were gone through
    long pops,
        stale; // entries that were taken from the heap, and those of them that were out of date
} bpe_step;

// The merges in order: `left` and `right` of merge k make the symbol 256 + k.
typedef struct {
    int n;
    bpe_pair *pair;
} bpe_merges;

// Replaces a, b by z in the n symbols, from left to right; how many are left.
int bpe_merge(int n, int *symbols, bpe_pair pair, int z);

// Up to `merges` merges of the words, which are changed; step (merges). Returns how many there were: fewer where every
// word is one symbol. The plain way counts all pairs again after each; the other gives the same.
int bpe_train_plainly(bpe_words *w, int merges, bpe_ties ties, bpe_step *step);
int bpe_train(bpe_words *w, int merges, bpe_step *step);

// ---- Encoding ----

bpe_merges bpe_merges_new(int n, const bpe_step *step);
void bpe_merges_free(bpe_merges *m);

// Merges n symbols in place, the pair of the earliest merge first; how many are left. rank (n), or NULL: the merges
// that were made.
int bpe_encode(const bpe_merges *m, int n, int *symbols, int *rank);

// The bytes of every symbol, as a vocabulary.
tokens bpe_vocabulary(const bpe_merges *m, const char *name);

// The merges of a vocabulary that is numbered as symbols are. Each token but the bytes must be two of those before it:
// returns -1, or the first that is not, or is not the byte that it should be.
int bpe_recover(const tokens *t, bpe_merges *m);

// ---- Decoding, part by part ----

// The bytes of an unfinished character.
typedef struct {
    int n;
    unsigned char held[4];
} bpe_stream;

// Takes n bytes and writes what can be shown of them, and of those before, to out (3 n + 9): whole characters, and
// U+FFFD for what can become none. Returns how many bytes. At the end (n = 0, last) nothing is held back.
long bpe_stream_push(bpe_stream *s, const unsigned char *bytes, long n, bool last, char *out);

// ---- Special tokens, and the measure ----

// Where the first of those of k strings that are allowed stands in the text, the longest of those that begin there;
// *which says which. -1: none.
long bpe_special(const char *text, long n, int k, const char *const *special, const bool *allowed,
                 int *which);

// A text as ids with k special tokens, number i being token V + i. One that is not allowed is text like any other. ids
// (n).
long bpe_encode_special(const tokens *t, const char *text, long n, int k,
                        const char *const *special, const bool *allowed, int *ids);

// Bits per byte of a loss in nats per token, over so many tokens that stand for so many bytes.
double bpe_bits_per_byte(double nats, long parts, long bytes);

#endif
