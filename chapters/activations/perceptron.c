#include "activations/perceptron.h"

#include "numbers/linalg.h"
#include "numbers/numeric.h"

#include <math.h>

bool
activations_perceptron_visit(int d, const double *x, int label, double *w)
{
    if (label * linalg_dot(d, w, x) > 0)
        return false;
    for (int k = 0; k < d; k++)
        w[k] += label * x[k];
    return true;
}

int
activations_perceptron(int n, int d, const double *x, const int *label, int most, double *w)
{
    int mistakes = 0, right = 0;
    for (int i = 0; right < n && mistakes < most; i = (i + 1) % n) {
        bool wrong = activations_perceptron_visit(d, x + (long)i * d, label[i], w);
        mistakes += wrong;
        right = wrong ? 0 : right + 1;
    }
    return mistakes;
}

activations_novikoff
activations_novikoff_bound(int n, int d, const double *x, const int *label, const double *teacher)
{
    activations_novikoff b = {0, INFINITY, 0};
    double length = sqrt64(linalg_dot(d, teacher, teacher));
    for (int i = 0; i < n; i++) {
        const double *point = x + (long)i * d;
        b.radius = fmax(b.radius, sqrt64(linalg_dot(d, point, point)));
        b.margin = fmin(b.margin, label[i] * linalg_dot(d, teacher, point) / length);
    }
    b.bound = b.margin > 0 ? (b.radius / b.margin) * (b.radius / b.margin) : INFINITY;
    return b;
}
