// The Zipf language as the functions of passes.h want it.
#ifndef SPECULATIVE_LANGUAGE_H
#define SPECULATIVE_LANGUAGE_H

#include "data/text.h"
#include "speculative/passes.h"

typedef struct {
    zipf z;
    zipf_states states;
    speculative_language l;
} speculative_zipf;

speculative_zipf *speculative_zipf_new(uint32_t seed);
void speculative_zipf_free(speculative_zipf *z);

// Heads (k, S, V) that know all there is to know: head j = 1 .. k.
double *speculative_perfect_heads(const speculative_language *l, int k);

// The total variation of the frequencies of words in a text with these symbols, used (S, V), from those of the
// language; *most is the frequency of its commonest word. A word is what was written before a space.
double speculative_words_apart(const speculative_zipf *z, const double *used, double *most);

#endif
