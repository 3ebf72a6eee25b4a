// What the figures share: the three English texts, the agglutinative language, vocabularies of many sizes.
#ifndef BPE_STUDY_H
#define BPE_STUDY_H

#include "bpe/bpe.h"
#include "data/words.h"

// A text in memory; free(bytes).
typedef struct {
    long n;
    char *bytes;
} bpe_text;

// Of chapters/bpe/texts, read from the top of the checkout: "GPL-3", "MPL-2.0", "Apache-2.0".
bpe_text bpe_text_read(const char *name);

// n bytes of a language, and the number of its seed.
enum { BPE_LANGUAGE = 1 };
bpe_text bpe_text_of(const words_language *l, uint32_t seed, uint32_t stream, long n);

// The merges that a text gives, up to a vocabulary of V. free(step).
typedef struct {
    int n; // merges
    bpe_step *step;
    long pieces, words; // of the text
} bpe_trained;
bpe_trained bpe_trained_on(const bpe_text *text, int V);

// The vocabulary of the first V tokens; of all, if there are fewer.
tokens bpe_trained_tokens(const bpe_trained *trained, int V);

// How many tokens the text is.
long bpe_text_tokens(const tokens *t, const bpe_text *text);

#endif
