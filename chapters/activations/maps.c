#include "activations/maps.h"

#include "files/fail.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"

#include <math.h>

// ---- The functions and slopes once more, in double: plain formulas, for averages and for tests ----

static double
sigmoid_of(double x)
{
    return 1 / (1 + exp64(-x));
}

static double
normal_below(double x)
{
    return (1 + erf64(x / sqrt64(2))) / 2;
}

static double
normal_density(double x)
{
    return exp64(-x * x / 2) / sqrt64(2 * pi64);
}

static double
softplus_of(double x)
{
    return fmax(x, 0) + log64(1 + exp64(-fabs(x)));
}

static double
gelu_tanh_of(double x)
{
    return tanh64(sqrt64(2 / pi64) * (x + 0.044715 * x * x * x));
}

double
activations_value64(activations_kind kind, double x)
{
    const double alpha = ACTIVATIONS_SELU_ALPHA, lambda = ACTIVATIONS_SELU_LAMBDA;
    switch (kind) {
    case ACTIVATIONS_IDENTITY: return x;
    case ACTIVATIONS_THRESHOLD: return x > 0;
    case ACTIVATIONS_SIGMOID: return sigmoid_of(x);
    case ACTIVATIONS_TANH: return tanh64(x);
    case ACTIVATIONS_RELU: return fmax(x, 0);
    case ACTIVATIONS_LEAKY_RELU: return x > 0 ? x : ACTIVATIONS_LEAK * x;
    case ACTIVATIONS_ELU: return x > 0 ? x : expm1_64(x);
    case ACTIVATIONS_SELU: return lambda * (x > 0 ? x : alpha * expm1_64(x));
    case ACTIVATIONS_SOFTPLUS: return softplus_of(x);
    case ACTIVATIONS_SILU: return x * sigmoid_of(x);
    case ACTIVATIONS_GELU: return x * normal_below(x);
    case ACTIVATIONS_GELU_TANH: return x * (1 + gelu_tanh_of(x)) / 2;
    case ACTIVATIONS_GELU_SIGMOID: return x * sigmoid_of(1.702 * x);
    case ACTIVATIONS_MISH: return x * tanh64(softplus_of(x));
    default: fail("activations_value64: no activation has number %d", kind);
    }
}

double
activations_slope64(activations_kind kind, double x)
{
    const double alpha = ACTIVATIONS_SELU_ALPHA, lambda = ACTIVATIONS_SELU_LAMBDA;
    double s = sigmoid_of(kind == ACTIVATIONS_GELU_SIGMOID ? 1.702 * x : x), t;
    switch (kind) {
    case ACTIVATIONS_IDENTITY: return 1;
    case ACTIVATIONS_THRESHOLD: return 0;
    case ACTIVATIONS_SIGMOID: return s * (1 - s);
    case ACTIVATIONS_TANH: t = tanh64(x); return 1 - t * t;
    case ACTIVATIONS_RELU: return x > 0;
    case ACTIVATIONS_LEAKY_RELU: return x > 0 ? 1 : ACTIVATIONS_LEAK;
    case ACTIVATIONS_ELU: return x > 0 ? 1 : exp64(x);
    case ACTIVATIONS_SELU: return lambda * (x > 0 ? 1 : alpha * exp64(x));
    case ACTIVATIONS_SOFTPLUS: return s;
    case ACTIVATIONS_SILU: return s + x * s * (1 - s);
    case ACTIVATIONS_GELU: return normal_below(x) + x * normal_density(x);
    case ACTIVATIONS_GELU_TANH:
        t = gelu_tanh_of(x);
        return (1 + t + x * (1 - t * t) * sqrt64(2 / pi64) * (1 + 3 * 0.044715 * x * x)) / 2;
    case ACTIVATIONS_GELU_SIGMOID: return s + 1.702 * x * s * (1 - s);
    case ACTIVATIONS_MISH: t = tanh64(softplus_of(x)); return t + x * (1 - t * t) * s;
    default: fail("activations_slope64: no activation has number %d", kind);
    }
}

// ---- Averages over a normal number ----

static void
add_node(activations_rule *rule, double z, double width)
{
    rule->z[rule->n] = z;
    rule->w[rule->n++] = width * normal_density(z);
}

void
activations_rule_make(int panels, const double *edge, int nodes, activations_rule *rule)
{
    if (panels < 1 || nodes < 1 || 2 * panels * nodes > ACTIVATIONS_NODES)
        fail("activations_rule_make: 2 x %d panels of %d nodes; expected at most %d nodes", panels,
             nodes, ACTIVATIONS_NODES);
    double t[nodes], width[nodes];
    linalg_legendre(nodes, t, width);
    rule->n = 0;
    for (int p = 0; p < panels; p++) {
        double middle = (edge[p] + edge[p + 1]) / 2, half = (edge[p + 1] - edge[p]) / 2;
        for (int k = 0; k < nodes; k++) {
            add_node(rule, middle + half * t[k], half * width[k]);
            add_node(rule, -(middle + half * t[k]), half * width[k]);
        }
    }
}

void
activations_rule_fine(activations_rule *rule)
{
    static const double edge[] = {0, 1 / 64., 1 / 32., 1 / 16., 1 / 8., 1 / 4., 1 / 2., 1,
                                  2, 3,       4,       5,       6,      7,      8,      9};
    activations_rule_make(15, edge, 12, rule);
}

activations_moments
activations_moments_of(const activations_rule *rule, activations_kind kind, double q)
{
    activations_moments m = {0, 0, 0};
    double root = sqrt64(q);
    for (int i = 0; i < rule->n; i++) {
        double x = root * rule->z[i];
        double y = activations_value64(kind, x), slope = activations_slope64(kind, x);
        m.mean += rule->w[i] * y;
        m.square += rule->w[i] * y * y;
        m.slope_square += rule->w[i] * slope * slope;
    }
    return m;
}

double
activations_variance_map(const activations_rule *rule, const activations_layer *layer, double q)
{
    return layer->weight * activations_moments_of(rule, layer->kind, q).square + layer->bias;
}

double
activations_fixed_point(const activations_rule *rule, const activations_layer *layer, double q)
{
    for (int i = 0; i < 20000; i++) {
        double next = activations_variance_map(rule, layer, q);
        if (fabs(next - q) <= 1e-15 * q || next == 0)
            return next;
        if (!(next < 1e12))
            break;
        q = next;
    }
    return INFINITY;
}

double
activations_chi(const activations_rule *rule, const activations_layer *layer, double q)
{
    return layer->weight * activations_moments_of(rule, layer->kind, q).slope_square;
}

double
activations_correlation_map(const activations_rule *rule, const activations_layer *layer, double q,
                            double c)
{
    double root = sqrt64(q), s = sqrt64(fmax(0, 1 - c * c)), product = 0;
    // u = sqrt(q) z1, v = sqrt(q) (c z1 + sqrt(1 - c^2) z2)
    for (int i = 0; i < rule->n; i++) {
        double inner = 0;
        for (int j = 0; j < rule->n; j++)
            inner += rule->w[j] *
                     activations_value64(layer->kind, root * (c * rule->z[i] + s * rule->z[j]));
        product += rule->w[i] * activations_value64(layer->kind, root * rule->z[i]) * inner;
    }
    return (layer->weight * product + layer->bias) / activations_variance_map(rule, layer, q);
}

double
activations_relu_correlation(double c)
{
    return (sqrt64(1 - c * c) + c * (pi64 - acos64(c))) / pi64;
}

double
activations_depth_scale(double chi)
{
    return -1 / log64(chi);
}

double
activations_gain(const activations_rule *rule, activations_kind kind)
{
    return 1 / sqrt64(activations_moments_of(rule, kind, 1).square);
}

double
activations_gelu_square(double q)
{
    double r = q / (1 + q), asin = pi64 / 2 - acos64(r);
    return q * (0.25 + asin / (2 * pi64) + r / (pi64 * sqrt64(1 + 2 * q)));
}

// Of the averages: E [z < 0] e^(a z) = e^(a^2 / 2) P(-a), by completing the square.
activations_selu_numbers
activations_selu_solve(void)
{
    activations_selu_numbers s;
    double once = exp64(0.5) * normal_below(-1), twice = exp64(2) * normal_below(-2);
    s.below = once - 0.5;
    s.below_square = twice - 2 * once + 0.5;
    // mean: 1 / sqrt(2 pi) + alpha below = 0
    s.alpha = -1 / (sqrt64(2 * pi64) * s.below);
    // mean square: lambda^2 (1/2 + alpha^2 below_square) = 1
    s.lambda = 1 / sqrt64(0.5 + s.alpha * s.alpha * s.below_square);
    return s;
}

// ---- Initialisation ----

double
activations_std(activations_scheme scheme, int fan_in, int fan_out)
{
    if (fan_in < 1 || fan_out < 1)
        fail("activations_std: %d inputs and %d outputs; expected 1 or more", fan_in, fan_out);
    switch (scheme) {
    case ACTIVATIONS_LECUN: return sqrt64(1.0 / fan_in);
    case ACTIVATIONS_GLOROT: return sqrt64(2.0 / (fan_in + fan_out));
    case ACTIVATIONS_HE: return sqrt64(2.0 / fan_in);
    case ACTIVATIONS_PYTORCH: return sqrt64(1.0 / (3.0 * fan_in));
    default: fail("activations_std: no scheme has number %d", scheme);
    }
}

double
activations_bound(double std)
{
    return sqrt64(3) * std;
}
