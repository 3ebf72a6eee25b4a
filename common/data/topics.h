// The Zipf language with a topic: what a model sees far back tells it which words are frequent here. Bayes' rule gives
// the least loss at each symbol exactly.
#ifndef TOPICS_H
#define TOPICS_H

#include "data/text.h"

// The first words of the Zipf language. Every sequence has a topic, all alike, that it does not tell; in each the words
// have the probabilities proportional to 1, 1/2, 1/3, ... in another order.
enum { TOPICS = 4, TOPICS_WORDS = 60 };
typedef struct {
    zipf topic[TOPICS]; // the same words; p is 0 from TOPICS_WORDS on
} topics_language;

// Topic 0 has the order of zipf_new(seed), the others orders of their own, drawn at random from the seed.
topics_language topics_new(uint32_t seed);

// n symbols, beginning with a word; the last word may be cut. Returns the topic.
int topics_sample(const topics_language *l, rng *r, int n, int *symbols);

// nll[i] = -ln P(symbols[i] | the symbols before it in its word, and the last `memory` whole words before that, or all
// of them where memory < 0): the least loss of a model that sees so much, of a text that begins with a word. If posterior
// (n, TOPICS) is not NULL: P(topic | the same and symbols[i]). A text that the language cannot produce is an error.
void topics_oracle(const topics_language *l, int n, const int *symbols, int memory, double *nll,
                   double *posterior);

#endif
