// For the page: a stack of layers, by the map of its mean squares and in random nets of finite width.
#include "activations/maps.h"
#include "activations/study.h"
#include "numbers/numeric.h"

enum { LIVE_LAYERS = 60, LIVE_WIDTH = 100, LIVE_GRID = 61, LIVE_CURVE = 161 };

static const activations_rule *
fine_rule(void)
{
    static activations_rule rule;
    if (!rule.n)
        activations_rule_fine(&rule);
    return &rule;
}

// The variance of weights that keeps a mean square of 1.
double
activations_live_gain_square(int kind)
{
    double gain = activations_gain(fine_rule(), (activations_kind)kind);
    return gain * gain;
}

// f and f' at LIVE_CURVE places from -size to size.
const double *
activations_live_function(int kind, double size)
{
    static double said[LIVE_CURVE][2];
    for (int i = 0; i < LIVE_CURVE; i++) {
        double x = size * (i / ((LIVE_CURVE - 1) / 2.0) - 1);
        said[i][0] = activations_value64((activations_kind)kind, x);
        said[i][1] = activations_slope64((activations_kind)kind, x);
    }
    return said[0];
}

// V(q) / q for q from 10^-3 to 10^3.
const double *
activations_live_map(int kind, double weight, double bias)
{
    static double ratio[LIVE_GRID];
    const activations_layer layer = {(activations_kind)kind, weight, bias};
    for (int i = 0; i < LIVE_GRID; i++) {
        double q = pow64(10, (i - 30) / 10.0);
        ratio[i] = activations_variance_map(fine_rule(), &layer, q) / q;
    }
    return ratio;
}

// By the map, for layers 0 to L: the mean square of the pre-activations, from q; that of a gradient which is 1 at layer
// L; and chi, the gradient's factor, of the layer behind.
const double *
activations_live_stack(int kind, double weight, double bias, double q, int L)
{
    static double said[LIVE_LAYERS + 1][3];
    const activations_layer layer = {(activations_kind)kind, weight, bias};
    for (int l = 0; l <= L; l++) {
        said[l][0] = q;
        said[l][2] = activations_chi(fine_rule(), &layer, q);
        q = activations_variance_map(fine_rule(), &layer, q);
    }
    said[L][1] = 1;
    for (int l = L - 1; l >= 0; l--)
        said[l][1] = said[l + 1][1] * said[l][2];
    return said[0];
}

// A random net of N units a layer, new for each seed and stream: the first two of these, as means over its units.
const double *
activations_live_net(int kind, double weight, double bias, double q, int L, int N, int seed,
                     int stream)
{
    static double said[LIVE_LAYERS + 1][2];
    const activations_layer layer = {(activations_kind)kind, weight, bias};
    activations_signal signal[LIVE_LAYERS + 1];
    double a[LIVE_WIDTH], gradient[LIVE_LAYERS + 1];
    rng r = rng_at(seed, stream);
    activations_net_inputs(&r, N, 1, q, 0, a);
    activations_net_backward(&layer, N, L, &r, a, signal, gradient, NULL);
    for (int l = 0; l <= L; l++)
        said[l][0] = signal[l].square[0], said[l][1] = gradient[l];
    return said[0];
}
