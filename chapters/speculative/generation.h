// Texts that a decoder with heads writes, several symbols a pass.
#ifndef SPECULATIVE_GENERATION_H
#define SPECULATIVE_GENERATION_H

#include "numbers/random.h"
#include "speculative/speculative.h"

// How a pass is drafted and judged.
typedef enum {
    SPECULATIVE_PLAIN,   // no draft: one symbol a pass
    SPECULATIVE_SAMPLED, // each head's sample, by speculative_round
    SPECULATIVE_BEST,    // the heads' best guesses, by speculative_tree_sample
    SPECULATIVE_TYPICAL  // the heads' best guesses, by speculative_tree_typical
} speculative_rule;

typedef struct {
    const transformer *model;
    const speculative_heads *heads; // NULL for SPECULATIVE_PLAIN
    speculative_rule rule;
    int k; // how many heads draft
    double temperature;
    double eps, delta; // of SPECULATIVE_TYPICAL
    int separator; // where the caches are full it begins anew, with the half behind a separator; -1: anywhere
} speculative_writer;

// The model's last hidden state, which its own head and the others read: (B, T, D) beside the logits (B, T, V).
tensor *speculative_hidden(tensor *logits);

// p (n, V) in double: softmax(logits / temperature).
void speculative_probabilities(int n, int V, const float *logits, double temperature, double *p);

// Writes n symbols behind `first` into out (n), with caches of `room` positions; how many passes that took. A pass that
// gives more than is wanted is cut. nats (n), or NULL: -ln of the probability that the model gives each of them.
int speculative_write(const speculative_writer *w, int first, int room, int n, rng *r, int *out,
                      double *nats);

#endif
