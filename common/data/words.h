// An agglutinative language: words made of a root and suffixes, whose morphemes, probabilities and entropy are known.
#ifndef WORDS_H
#define WORDS_H

#include "numbers/random.h"

// A word is a root and then, in each of four slots in order, with the slot's probability one of its suffixes, all eight
// alike; a space ends it. P(root k) is proportional to 1/k (Zipf 1935). Roots have one to three syllables (a consonant,
// a vowel, sometimes another consonant), suffixes two or three letters.
enum {
    WORDS_ROOTS = 400,
    WORDS_SLOTS = 4,
    WORDS_SUFFIXES = 8,
    WORDS_MORPHEMES = 432,
    WORDS_LETTERS = 24
};

typedef struct {
    char root[WORDS_ROOTS][10];
    char suffix[WORDS_SLOTS][WORDS_SUFFIXES][4];
    double p[WORDS_ROOTS];    // falling, sum 1
    double slot[WORDS_SLOTS]; // 0.6, 0.5, 0.4, 0.3
} words_language;

// All roots are distinct, and so are the suffixes; drawn at random from the seed.
words_language words_new(uint32_t seed);

// Draws a word to `word` (WORDS_LETTERS), with its space and a zero; how many bytes it has, the space included. If
// cut is not NULL, cut[i] says whether a morpheme ends before byte i: inside the word, neither at its begin nor end.
int words_draw(const words_language *l, rng *r, char *word, char *cut);

// n bytes of text, of whole words but for the last, which may be cut.
void words_sample(const words_language *l, rng *r, long n, char *text);

// The entropy in bits of a word, exactly: over all 2 624 400 ways to make one, those that give the same letters added.
// *length: the mean bytes of a word with its space. Bits per byte are their ratio, since a space ends every word.
double words_entropy(const words_language *l, double *length);

#endif
