#include "adamw/laws.h"

#include "files/fail.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdbool.h>

// ---- How long a step can be ----

double
adamw_law_longest(double beta1, double beta2, int t)
{
    double q = beta1 * beta1 / beta2, limit = (1 - beta1) / sqrt64((1 - beta2) * (1 - q));
    if (!(q < 1))
        fail("adamw_law_longest: beta1^2 = %g is not below beta2 = %g: no bound", beta1 * beta1,
             beta2);
    if (t == 0)
        return limit;
    double sums = sqrt64((1 - pow64(q, t)) * (1 - pow64(beta2, t)));
    return limit * sums / (1 - pow64(beta1, t));
}

double
adamw_law_growing(double beta1, double beta2, double rho)
{
    return (1 - beta1) / (1 - beta1 / rho) * sqrt64((1 - beta2 / (rho * rho)) / (1 - beta2));
}

double
adamw_law_uncorrected(double beta1, double beta2, int t)
{
    return (1 - pow64(beta1, t)) / sqrt64(1 - pow64(beta2, t));
}

// ---- What is left of a weight ----

double
adamw_law_decoupled(double w, double rate, double decay, int steps)
{
    return w * pow64(1 - rate * decay, steps);
}

double
adamw_law_spread(double rate, double decay, int steps)
{
    return sqrt64(rate / (2 * decay) * (1 - exp64(-2 * rate * decay * steps)));
}

// sqrt(1 + u^2) - asinh(1/u), whose derivative is sqrt(1 + u^2) / u.
static double
shrinking(double u)
{
    double root = sqrt64(1 + u * u);
    return root - log64((1 + root) / u);
}

double
adamw_law_l2(double w, double sigma, double rate, double decay, int steps)
{
    double u = decay * w / sigma, goal = shrinking(u) - rate * decay / sigma * steps;
    double low = -700, high = log64(u); // of ln u
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        if (shrinking(exp64(middle)) > goal)
            high = middle;
        else
            low = middle;
    }
    return sigma / decay * exp64(low);
}

double
adamw_law_l2_remembering(double w, double sigma, double rate, double decay, double beta1,
                         double beta2, int steps)
{
    double m = 0, v = 0, power1 = 1, power2 = 1;
    for (int t = 1; t <= steps; t++) {
        double pull = decay * w;
        power1 *= beta1;
        power2 *= beta2;
        m = beta1 * m + (1 - beta1) * pull;
        v = beta2 * v + (1 - beta2) * (sigma * sigma + pull * pull);
        w -= rate * m / (1 - power1) / sqrt64(v / (1 - power2));
    }
    return w;
}

// ---- Balance ----

double
adamw_law_balance_l2(double h, double target, double decay)
{
    return h * target / (h + decay);
}

double
adamw_law_balance_decoupled(double h, double target, double decay, double sigma)
{
    double low = 0, high = target; // for target > 0
    for (int i = 0; i < 200; i++) {
        double w = (low + high) / 2, g = h * (target - w);
        if (g > decay * w * sqrt64(sigma * sigma + g * g))
            low = w;
        else
            high = w;
    }
    return low;
}

// ---- Norms ----

double
adamw_law_norm_sgd(double rate, double decay, double momentum, double size)
{
    return sqrt64(sqrt64(rate * size * size / (2 * decay * (1 - momentum))));
}

double
adamw_law_norm_adamw(double rate, double decay, int n)
{
    return sqrt64(n * rate / (2 * decay));
}

double
adamw_law_norm_l2(double rate, double decay, int n, double size)
{
    double s = size / sqrt64(n); // the standard deviation of a value of the gradient, times |w|
    return pow64(rate * n * s / (2 * decay), 1.0 / 3);
}

double
adamw_law_angle_sgd(double rate, double decay, double momentum)
{
    return sqrt64(2 * rate * decay / (1 + momentum));
}

double
adamw_law_angle_adamw(double rate, double decay, double beta1)
{
    return sqrt64(2 * rate * decay * (1 - beta1) / (1 + beta1));
}

double
adamw_law_relax_sgd(double start, double rate, double decay, double size, int t)
{
    double end = rate * size * size / (2 * decay), begin = start * start * start * start;
    return sqrt64(sqrt64(end + (begin - end) * exp64(-4 * rate * decay * t)));
}

double
adamw_law_relax_adamw(double start, double rate, double decay, int n, int t)
{
    double end = n * rate / (2 * decay);
    return sqrt64(end + (start * start - end) * exp64(-2 * rate * decay * t));
}

// ---- Cycles ----

double
adamw_law_drift(double beta1, double beta2, int N, double high, double low, int amsgrad)
{
    // the means just before `high` comes: of a gradient k + 1 steps ago they keep (1 - beta)
    // beta^k, of a cycle before beta^N times that
    double m = 0, v = 0, top = 0, sum = 0;
    for (int k = 0; k < N; k++) {
        double g = k == 0 ? high : low;
        m = beta1 * m + (1 - beta1) * g;
        v = beta2 * v + (1 - beta2) * g * g;
    }
    m /= 1 - pow64(beta1, N);
    v /= 1 - pow64(beta2, N);
    for (int round = 0; round < 2; round++) // the first for the largest v
        for (int k = 0; k < N; k++) {
            double g = k == 0 ? high : low;
            m = beta1 * m + (1 - beta1) * g;
            v = beta2 * v + (1 - beta2) * g * g;
            top = fmax(top, v);
            if (round == 1)
                sum -= m / sqrt64(amsgrad ? top : v);
        }
    return sum;
}

double
adamw_law_drift_about(double beta2, int N)
{
    double V = N + 1 - 1.0 / N; // the mean of g^2
    return -(1 - (1 - beta2) * ((double)N * N - 1) / 4 * (V - 1) / V) / sqrt64(V);
}

int
adamw_law_wrong_from(double beta1, double beta2)
{
    int N = 2;
    while (adamw_law_drift(beta1, beta2, N, N, -1, false) < 0)
        N++;
    return N;
}

// The N at which (1 - beta2) (N + 1) ((N - 1)/2 - d) / 2 (V - 1) / V is 1, with d how late m gives a
// gradient on average, within a cycle, and V the mean of g^2.
double
adamw_law_wrong_about(double beta1, double beta2)
{
    double low = 1, high = 1e6;
    for (int i = 0; i < 100; i++) {
        double N = (low + high) / 2, past = pow64(beta1, N), V = N + 1 - 1 / N;
        double d = beta1 / (1 - beta1) - N * past / (1 - past);
        if ((1 - beta2) * (N + 1) * ((N - 1) / 2 - d) / 2 * (V - 1) / V > 1)
            high = N;
        else
            low = N;
    }
    return low;
}
