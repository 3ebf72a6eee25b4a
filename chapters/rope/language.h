// The language of the extrapolation experiment: Zipf words with something to remember.
#ifndef ROPE_LANGUAGE_H
#define ROPE_LANGUAGE_H

#include "data/text.h"

#include <stdbool.h>

// A sequence begins with one of KEYS key symbols. Behind it stand words of the Zipf language; before each word but
// the first, with probability ASK, the symbol ASKED and then BLANK, where the key is to be said.
enum { KEYS = 8, FIRST_KEY = ZIPF_SYMBOLS, ASKED = FIRST_KEY + KEYS, BLANK, LANGUAGE_SYMBOLS };
static const double ASK = 0.25;

// Draws n symbols to read and what is to be said after each: the symbol that comes next, and behind ASKED the key.
// oracle[i]: what who knows the language pays for say[i], -ln P; is_key[i]: say[i] is the key, for which that is 0.
void language_sample(const zipf *z, rng *r, int n, int *read, int *say, double *oracle,
                     bool *is_key);

#endif
