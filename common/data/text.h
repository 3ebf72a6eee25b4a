// Texts to learn from: a language whose entropy is known exactly, and files of the reader's own.
#ifndef TEXT_H
#define TEXT_H

#include "numbers/random.h"

#include <stddef.h>

// The Zipf language: words of 2 to 6 letters a..z, each followed by a space, drawn independently with
// P(word k) proportional to 1/k (Zipf 1935). Symbol 0 is the space, 1..26 are a..z.
enum { ZIPF_WORDS = 200, ZIPF_LETTERS = 6, ZIPF_SYMBOLS = 27 };
typedef struct {
    char word[ZIPF_WORDS][ZIPF_LETTERS + 2]; // with its space, as text
    double p[ZIPF_WORDS];                    // falling, sum 1
} zipf;

// The words are distinct, drawn at random from the seed.
zipf zipf_new(uint32_t seed);

// Entropy rate in nats per symbol: H(word) / E[letters + 1]. Exact, since a space ends every word.
double zipf_entropy(const zipf *z);

// Draws a word with its space into symbols (ZIPF_LETTERS + 1); how many they are.
int zipf_draw(const zipf *z, rng *r, int *symbols);

// The probability that a word begins with these n symbols.
double zipf_beginning(const zipf *z, int n, const int *symbols);

// n symbols, beginning with a word; the last word may be cut.
void zipf_sample(const zipf *z, rng *r, int n, int *symbols);

// nll[i] = -ln P(symbols[i] | symbols before it in its word), of a text that begins with a word: the
// least loss that any model can expect. A text that the language cannot produce is an error.
void zipf_oracle(const zipf *z, int n, const int *symbols, double *nll);

char zipf_letter(int symbol);

// The language as a Markov chain, exactly. A state is what stands of the present word, state 0 nothing of it; each
// has the probability p of every next symbol and the state after it, -1 where p is 0. In a long text a place lies
// behind state s with probability stationary[s].
typedef struct {
    int S;                     // states
    double (*p)[ZIPF_SYMBOLS]; // (S)
    int (*next)[ZIPF_SYMBOLS]; // (S)
    double *stationary;        // (S)
} zipf_states;

// Of a language whose words are none the beginning of another, which the space at their ends sees to.
zipf_states zipf_states_new(const zipf *z);
void zipf_states_free(zipf_states *c);

// A text file as symbols: the bytes that occur in it, in ascending order, are 0..symbols-1.
typedef struct {
    int n, symbols;
    int *text;               // (n), to be freed
    unsigned char byte[256]; // of each symbol
} text_file;

// Of bytes and a length; `name` stands in messages. An empty text, one with a zero byte (a binary
// file), or one shorter than `least` bytes is an error.
text_file text_parse(const char *bytes, size_t size, const char *name, int least);

#endif
