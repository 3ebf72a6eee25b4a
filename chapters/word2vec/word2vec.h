// Word vectors by Mikolov's methods: skip-gram and CBOW, with negative sampling or a tree in place of the softmax.
//
// Letters: V words, d values of a vector, w an input word, c an output (a word, or an inner node of the tree),
// k negatives, L the longest reach of the window. `dx` is the derivative of the loss by x, and has x's shape.
#ifndef WORD2VEC_H
#define WORD2VEC_H

#include "numbers/random.h"

#include <stdbool.h>

// Two tables of vectors. Of a tree there are V - 1 inner nodes, and so many rows of `output`.
typedef struct {
    int V, d;
    float *input;  // (V, d)
    float *output; // (V, d) or (V - 1, d)
} word2vec;

// What one input is to say yes or no to: n outputs, each with its label, 1 or 0.
typedef struct {
    int n;
    const int *row;   // (n) of the table of outputs
    const int *label; // (n)
} word2vec_question;

// The logistic function: as mathematics has it, or from the table of word2vec.c and gensim.
typedef enum { WORD2VEC_EXACT, WORD2VEC_TABLE } word2vec_logistic;

float word2vec_sigmoid(word2vec_logistic kind, float x);

// ---- One question ----

// The loss of the input h (d): the sum of -ln sigma(+-h.c). x (n): the products h.c, s (n): sigma(x).
float word2vec_loss(int d, const float *h, const float *output, const word2vec_question *q,
                    float *x, float *s);

// Its gradients: dh (d) is set; d_output, of the shape of `output`, is added to.
void word2vec_gradient(int d, const float *h, const float *output, const word2vec_question *q,
                       const float *s, float *dh, float *d_output);

// One step of descent as the programs take it: each output learns at once, and the input's step is summed up in
// `step` (d), which is set, from the outputs as they were; the caller adds it where h came from. x (n): the products
// as they were met, where an output that is asked twice has learnt in between.
void word2vec_step(int d, const float *h, float *output, const word2vec_question *q, float rate,
                   word2vec_logistic kind, float *x, float *step);

// ---- What is asked: negative sampling ----

// The noise q (V) from which negatives are drawn: count^power, divided by the sum.
void word2vec_noise(int V, const double *count, double power, double *noise);

// Draws from probabilities p (n) in constant time: the alias method (Walker 1977).
typedef struct {
    int n;
    float *part; // (n) how much of cell i is i's own
    int *other;  // (n) whose the rest is
} word2vec_alias;

word2vec_alias word2vec_alias_new(int n, const double *p);
void word2vec_alias_free(word2vec_alias *a);
int word2vec_draw(const word2vec_alias *a, rng *r);

// The question of the positive c and k negatives: row, label (k + 1). Where `drop` is set a negative that is c is
// left out, as word2vec.c and gensim do.
word2vec_question word2vec_ask(int c, int k, const int *negative, bool drop, int *row, int *label);

// ---- What is asked: a tree ----

// Huffman's tree of V words. Nodes 0..V-1 are words, V..2V-2 inner nodes in the order of their making: the last is
// the root. Inner node V + i has row i of the outputs.
typedef struct {
    int V;
    int *parent; // (2V - 1), -1 at the root
    int *code;   // (2V - 1): which child of its parent a node is, 0 or 1
} word2vec_tree;

// Of counts that do not rise. A merge takes the two nodes of least count; of equal ones an inner node before a word,
// the older inner node, and the word with the higher number. The first taken has code 0, the second 1.
word2vec_tree word2vec_huffman(int V, const double *count);
void word2vec_tree_free(word2vec_tree *t);

// The way from the root to word c: the inner nodes' rows, and the labels 1 - code. Returns its length, at most V - 1.
int word2vec_path(const word2vec_tree *t, int c, int *row, int *label);

// p(c | h), the product of sigma(x) and sigma(-x) along the way.
float word2vec_probability(int d, const float *h, const float *output, const word2vec_question *q);

// ---- Skip-gram and CBOW ----

// One pair: input w learns to answer the question. x (n): the products as they were met.
void word2vec_skip_gram(word2vec *m, int w, const word2vec_question *q, float rate,
                        word2vec_logistic kind, float *x);

// CBOW: the inputs together ask, as their sum or their mean. Every input then takes the step, which the gradient
// divides by their number for the mean and not for the sum.
typedef enum { WORD2VEC_SUM, WORD2VEC_MEAN } word2vec_combined;

void word2vec_combine(const word2vec *m, int n, const int *context, word2vec_combined how,
                      float *h);
void word2vec_cbow(word2vec *m, int n, const int *context, const word2vec_question *q, float rate,
                   word2vec_logistic kind, word2vec_combined how, bool divide, float *x);

// ---- From a text to pairs ----

// The probability that an occurrence of a word is kept, f its part of the text and t the threshold: sqrt(t/f) in the
// paper, sqrt(t/f) + t/f in the programs, at most 1.
typedef enum { WORD2VEC_PAPER, WORD2VEC_PROGRAM } word2vec_rule;

double word2vec_keep(word2vec_rule rule, double f, double t);

// How often a neighbour at this distance is within a window whose reach is uniform in 1..L.
double word2vec_window_weight(int L, int distance);

// The words within `reach` of place t of a text of T, itself left out: context (2 reach). Returns their number.
int word2vec_window(int T, const int *text, int t, int reach, int *context);

// ---- Asking the vectors ----

// y (V, d): the rows of x at length 1; a row of zeros stays.
void word2vec_unit(int V, int d, const float *x, float *y);

// The row of unit vectors y with the largest product with `target` (d), without the `excluded` ones; the lowest of
// equal ones, -1 if all are excluded.
int word2vec_nearest(int V, int d, const float *y, const float *target, int n, const int *excluded);

// a is to a_star as b is to what? Rules: b - a + a_star without a, a_star and b among the answers; with them; the
// nearest to b alone; to b + a_star; and to b - (a_star - a), the question turned round. The last three leave out
// a, a_star and b, too.
typedef enum {
    WORD2VEC_EXCLUDED,
    WORD2VEC_OPEN,
    WORD2VEC_ONLY_B,
    WORD2VEC_IGNORE_A,
    WORD2VEC_OPPOSITE,
    WORD2VEC_RULES
} word2vec_analogy_rule;

int word2vec_analogy(int V, int d, const float *y, int a, int a_star, int b,
                     word2vec_analogy_rule rule, float *target);

#endif
