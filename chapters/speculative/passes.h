// Passes over a Markov language, exactly: what heads can know at best, and how many symbols a pass gives.
//
// The language has S states and V symbols: p (S, V) of the next symbol, next (S, V) the state after it, -1 where p is
// 0.
#ifndef SPECULATIVE_PASSES_H
#define SPECULATIVE_PASSES_H

#include "speculative/speculative.h"

typedef struct {
    int S, V;
    const double *p;
    const int *next;
} speculative_language;

// ahead (S, V): the probabilities of the symbol that comes j symbols after the next one; j = 0 gives p. It is what head
// j can know at best.
void speculative_ahead(const speculative_language *l, int j, double *ahead);

// The accuracy that such a head has at most and the loss that it has at least, where texts have these states.
typedef struct {
    double accuracy, loss;
} speculative_ceiling;
speculative_ceiling speculative_ceiling_of(const speculative_language *l, const double *stationary,
                                           const double *ahead);

// One-hot rows: the likeliest symbol of each row of q (S, V), the first of equals.
void speculative_best_guesses(const speculative_language *l, const double *q, double *best);

// tokens (S): the mean symbols of a pass that begins in each state, the draft's k symbols drawn one after the other
// from q (S, V) of the state that they lead to: 1 + sum_x min(p, q)(x) tokens(next, k - 1).
void speculative_tokens(const speculative_language *l, const double *q, int k, double *tokens);

// The same in the long run; begins (S): how often a pass begins in each state.
double speculative_mean_tokens(const speculative_language *l, const double *q, int k,
                               double *begins);

// Medusa's passes: the next symbol, which the pass before drew, is sure; head j = 1 .. k guesses the symbol j after it
// from the state *before* it: heads (k, S, V). A pass begins with a state and the symbol that is sure: begins (S, V).
double speculative_heads_tokens(const speculative_language *l, const double *heads, int k,
                                double *begins);

// ---- Trees ----

// The guesses of heads (k, S, V) in state s: guesses (k, R), the R likeliest of each, of equals the first.
void speculative_ranked(const speculative_language *l, const double *heads, int k, int s, int R,
                        int *guesses);

// The mean symbols of passes with a tree whose node of depth d and rank r has guess r of head d, by
// speculative_tree_sample; begins (S, V) as above. With delta > 0 by speculative_tree_typical, which writes another
// text: used (S, V) is how often, of all symbols that are written, one is x in state s, and sums to 1.
double speculative_tree_tokens(const speculative_language *l, const double *heads, int k,
                               const speculative_tree *t, double eps, double delta, double *begins,
                               double *used);

// The n guesses with the most accepted symbols, where passes begin as often as begins (S, V) says, as P = n paths (n,
// k); promised: the symbols a pass that this gives.
double speculative_best_tree(const speculative_language *l, const double *heads, int k, int n,
                             const double *begins, int *paths);

// The same from the accuracy (k, V) of each rank of each head alone, as if guesses were right independently.
double speculative_product_tree(int V, int k, int n, const double *accuracy, int *paths);

// ---- What it is worth ----

// The mean symbols of a pass if each of k is accepted with probability a, whatever was before:
// 1 + a + ... + a^k = (1 - a^(k + 1)) / (1 - a).
double speculative_formula(double a, int k);

#endif
