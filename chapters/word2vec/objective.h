// The exact expected loss of a world whose probabilities are known, its gradient, its optimum, and a way to its
// minimum with vectors of any width. In double.
//
// Every method of the chapter has the same objective: a table of cells (i, j), each with a weight `yes` of the answer 1
// and a weight `no` of the answer 0, and the loss
//     -sum over cells of yes ln sigma(x) + no ln sigma(-x),   x = word i . output j.
#ifndef WORD2VEC_OBJECTIVE_H
#define WORD2VEC_OBJECTIVE_H

#include "numbers/random.h"
#include "word2vec/word2vec.h"

#include <stdbool.h>

// Weights of R rows, the words, and C columns, the outputs.
typedef struct {
    int R, C;
    double *yes, *no; // (R, C)
} word2vec_table;

word2vec_table word2vec_table_new(int R, int C);
void word2vec_table_free(word2vec_table *t);

// Sums of the rows and of the columns of p (R, C); NULL: not wanted.
void word2vec_marginals(int R, int C, const double *p, double *rows, double *columns);

// Negative sampling: yes = p(w, c), no = k p(w) q(c), or k q(c) (p(w) - p(w, c)) where negatives that are the
// positive are dropped.
void word2vec_sampling_weights(int V, const double *joint, double k, const double *noise, bool drop,
                               word2vec_table *t);

// The tree: column n is an inner node; yes is the probability of w with a c on the side of label 1 below it.
void word2vec_tree_weights(int V, const double *joint, const word2vec_tree *tree,
                           word2vec_table *t);

// The best x of every cell if each could have its own: ln yes/no (R, C).
void word2vec_optimum(const word2vec_table *t, double *x);

// The loss with x (R, C) in the cells.
double word2vec_table_loss(const word2vec_table *t, const double *x);

// x (R, C) = W C^T for W (R, d), C (C, d); the loss, and its gradients dw, dc (NULL: not wanted).
double word2vec_expected_loss(const word2vec_table *t, int d, const double *w, const double *c,
                              double *dw, double *dc);

// The minimum over W (R, d), C (C, d) from where they are: rounds of Newton's method, all rows of W, then all rows of
// C, until a round lowers the loss by less than `least`, at most `rounds`. Returns the loss.
double word2vec_minimise(const word2vec_table *t, int d, double *w, double *c, double least,
                         int rounds);

// The best approximation of x (R, R) in the sense of least squares: W = U S^power, C = V S^(1 - power) of the first d
// singular values, which are all in s (R).
void word2vec_truncate(int R, const double *x, int d, double power, double *s, double *w,
                       double *c);

// The root of the mean of (x - y)^2, each cell with its weight; NULL: all the same.
double word2vec_rms(int n, const double *x, const double *y, const double *weight);

#endif
