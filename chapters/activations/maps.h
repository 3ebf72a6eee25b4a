// What a wide random layer does to the size of a signal, to the likeness of two signals, and to a gradient: averages
// over a normal number, by quadrature. Double, plain arrays.
//
// q is the mean square of a layer's pre-activations, c the correlation of two inputs' pre-activations.
#ifndef ACTIVATIONS_MAPS_H
#define ACTIVATIONS_MAPS_H

#include "activations/activations.h"

// f(x) and f'(x).
double activations_value64(activations_kind kind, double x);
double activations_slope64(activations_kind kind, double x);

// E f(z) = sum of w[i] f(z[i]) for a standard normal number z.
enum { ACTIVATIONS_NODES = 360 };
typedef struct {
    int n;
    double z[ACTIVATIONS_NODES], w[ACTIVATIONS_NODES];
} activations_rule;

// Gauss and Legendre's nodes in each panel between edge[i] and edge[i + 1], edge[0] = 0, and the same below 0: no panel
// has the kink at 0 inside. 2 panels nodes <= ACTIVATIONS_NODES.
void activations_rule_make(int panels, const double *edge, int nodes, activations_rule *rule);

// The rule that the chapter uses: fifteen panels from 0 to 9, short ones near 0, of 12 nodes.
void activations_rule_fine(activations_rule *rule);

// Averages of f(sqrt(q) z): E f, E f^2, E f'^2.
typedef struct {
    double mean, square, slope_square;
} activations_moments;
activations_moments activations_moments_of(const activations_rule *rule, activations_kind kind,
                                           double q);

// A random layer: weights from N(0, weight / inputs), biases from N(0, bias).
typedef struct {
    activations_kind kind;
    double weight, bias; // sigma_w^2, sigma_b^2
} activations_layer;

// V(q) = weight E f^2 + bias; what it tends to from q in many layers, INFINITY if it does not within 20000.
double activations_variance_map(const activations_rule *rule, const activations_layer *layer,
                                double q);
double activations_fixed_point(const activations_rule *rule, const activations_layer *layer,
                               double q);

// chi = weight E f'^2: the factor of a squared gradient in one layer, and the slope of the correlation map at 1.
double activations_chi(const activations_rule *rule, const activations_layer *layer, double q);

// c' = (weight E f(u) f(v) + bias) / V(q), for u and v of mean square q and correlation c.
double activations_correlation_map(const activations_rule *rule, const activations_layer *layer,
                                   double q, double c);

// The same for ReLU without biases, exactly: (sqrt(1 - c^2) + c (pi - arccos c)) / pi (Cho & Saul 2009).
double activations_relu_correlation(double c);

// The number of layers in which a difference 1 - c, or a gradient, falls to 1/e of itself: -1 / ln chi, negative
// where it grows.
double activations_depth_scale(double chi);

// The weights' standard deviation times sqrt(inputs) that gives V(1) = 1 without biases: 1 / sqrt(E f(z)^2).
double activations_gain(const activations_rule *rule, activations_kind kind);

// E GELU(sqrt(q) z)^2 = q (1/4 + asin(q / (1 + q)) / (2 pi) + q / (pi (1 + q) sqrt(1 + 2 q))).
double activations_gelu_square(double q);

// SELU's two numbers, from mean 0 and mean square 1; and the two averages over z < 0 of which they are made.
typedef struct {
    double below, below_square; // E [z < 0] (e^z - 1) and its square
    double alpha, lambda;
} activations_selu_numbers;
activations_selu_numbers activations_selu_solve(void);

// ---- Initialisation: the standard deviation of a weight (fan_out, fan_in) ----

typedef enum {
    ACTIVATIONS_LECUN, // 1 / fan_in: the forward signal of a linear layer (LeCun et al. 1998)
    ACTIVATIONS_GLOROT, // 2 / (fan_in + fan_out): between forward and backward (Glorot & Bengio 2010)
    ACTIVATIONS_HE, // 2 / fan_in: the same for ReLU, which halves a mean square (He et al. 2015)
    ACTIVATIONS_PYTORCH // 1 / (3 fan_in): torch.nn.Linear as it comes, uniform in +-1 / sqrt(fan_in)
} activations_scheme;
double activations_std(activations_scheme scheme, int fan_in, int fan_out);

// The bound of the uniform distribution in +-bound that has this standard deviation: sqrt(3) std.
double activations_bound(double std);

#endif
