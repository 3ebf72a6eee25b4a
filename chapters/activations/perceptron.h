// Rosenblatt's perceptron: a threshold unit that learns from its mistakes.
#ifndef ACTIVATIONS_PERCEPTRON_H
#define ACTIVATIONS_PERCEPTRON_H

#include <stdbool.h>

// One visit of a point x (d) with label 1 or -1. A bias is the weight of an axis that is 1 for every point. At a
// mistake, label (w . x) <= 0, w <- w + label x. Returns whether it was one.
bool activations_perceptron_visit(int d, const double *x, int label, double *w);

// Goes through n points x (n, d) again and again, in order, until a whole pass has no mistake or there were `most`.
// w (d) starts as it is given. Returns the number of mistakes.
int activations_perceptron(int n, int d, const double *x, const int *label, int most, double *w);

// What bounds the mistakes of separable points, seen from w = 0 (Novikoff 1962): (radius / margin)^2 with the largest
// |x| and the margin by which `teacher` (d), scaled to length 1, has every label right; INFINITY if it has not.
typedef struct {
    double radius, margin, bound;
} activations_novikoff;
activations_novikoff activations_novikoff_bound(int n, int d, const double *x, const int *label,
                                                const double *teacher);

#endif
