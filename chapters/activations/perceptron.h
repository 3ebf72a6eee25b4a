// Rosenblatt's perceptron: a threshold unit that learns from its mistakes.
#ifndef ACTIVATIONS_PERCEPTRON_H
#define ACTIVATIONS_PERCEPTRON_H

// Goes through n points x (n, d) with labels 1 or -1 again and again, in order, until a whole pass has no mistake
// or there were `most`. A bias is the weight of an axis that is 1 for every point. At a mistake, label (w . x) <= 0,
//     w <- w + label x
// w (d) starts as it is given. history (most, d): w after each mistake; seen (most): the point that it was made at;
// either may be NULL. Returns the number of mistakes.
int activations_perceptron(int n, int d, const double *x, const int *label, int most, double *w,
                           double *history, int *seen);

// What bounds the mistakes of separable points, seen from w = 0 (Novikoff 1962): (radius / margin)^2 with the largest
// |x| and the margin by which `teacher` (d), scaled to length 1, has every label right; INFINITY if it has not.
typedef struct {
    double radius, margin, bound;
} activations_novikoff;
activations_novikoff activations_novikoff_bound(int n, int d, const double *x, const int *label,
                                                const double *teacher);

#endif
