// The language of the extrapolation experiment: Zipf words with something to remember.
#ifndef LANGUAGE_H
#define LANGUAGE_H

#include "text.h"

#include <stdbool.h>

// A sequence begins with one of KEYS key symbols. Behind it stand words of the Zipf language; before each word but
// the first, with probability ASK, the symbol ASKED and then the key again.
enum { KEYS = 8, FIRST_KEY = ZIPF_SYMBOLS, ASKED = FIRST_KEY + KEYS, LANGUAGE_SYMBOLS };
static const double ASK = 0.25;

// Draws a sequence of n + 1 symbols. oracle[i]: what who knows the language pays for symbol i + 1, -ln P, i = 0..n-1;
// is_key[i]: symbol i + 1 is the key's repetition, for which that is 0.
void language_sample(const zipf *z, rng *r, int n, int *symbol, double *oracle, bool *is_key);

#endif
