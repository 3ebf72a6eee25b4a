// The language of the extrapolation experiment: Zipf words with something to remember.
#ifndef ROPE_LANGUAGE_H
#define ROPE_LANGUAGE_H

#include "data/text.h"

#include <stdbool.h>

// A sequence begins with one of ROPE_KEYS key symbols. Behind it stand words of the Zipf language; before each word
// but the first there may be a question: the symbol ROPE_QUESTION and then ROPE_BLANK, where the key is to be said.
enum {
    ROPE_KEYS = 8,
    ROPE_FIRST_KEY = ZIPF_SYMBOLS,
    ROPE_QUESTION = ROPE_FIRST_KEY + ROPE_KEYS,
    ROPE_BLANK,
    ROPE_SYMBOLS
};

// The probability of a question before a word.
#define ROPE_QUESTIONS 0.25

// Draws n symbols of input and the target after each: the symbol that comes next, and behind ROPE_QUESTION the key.
// oracle[i]: what who knows the language pays for target[i], -ln P; is_key[i]: target[i] is the key, for which that
// is 0.
void rope_language_sample(const zipf *z, rng *r, int n, int *input, int *target, double *oracle,
                          bool *is_key);

#endif
