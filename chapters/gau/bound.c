#include "gau/bound.h"

#include "numbers/numeric.h"

double
gau_map_value(gau_map map, double x)
{
    switch (map) {
    case GAU_MAP_ELU: return x > 0 ? x + 1 : exp64(x);
    case GAU_MAP_EXP: return exp64(x);
    case GAU_MAP_SOFTPLUS: return x > 0 ? x + log64(1 + exp64(-x)) : log64(1 + exp64(x));
    case GAU_MAP_RELU: return x > 0 ? x : 0;
    default: return x * x;
    }
}

double
gau_map_slope(gau_map map, double x)
{
    switch (map) {
    case GAU_MAP_ELU: return x > 0 ? 1 : exp64(x);
    case GAU_MAP_EXP: return exp64(x);
    case GAU_MAP_SOFTPLUS: return 1 / (1 + exp64(-x));
    case GAU_MAP_RELU: return x > 0 ? 1 : 0;
    default: return 2 * x;
    }
}

// The scores s (n), left in p, and their sum.
static double
scores(gau_map map, int d, int n, const double *q, const double *k, double *p)
{
    double total = 0;
    for (int j = 0; j < n; j++) {
        p[j] = 0;
        for (int a = 0; a < d; a++)
            p[j] += gau_map_value(map, q[a]) * gau_map_value(map, k[j * d + a]);
        total += p[j];
    }
    return total;
}

double
gau_gradient_bound(gau_map map, int d, int n, const double *q, const double *k, double *p,
                   double *dp_ds, double *dp_dq, double *dp_dk)
{
    double total = scores(map, d, n, q, k, p);
    if (total == 0)
        return 0;
    for (int j = 0; j < n; j++) {
        p[j] /= total;
        dp_ds[j] = (1 - p[j]) / total; // p / s = 1 / total
    }
    for (int a = 0; a < d; a++) {
        // ds_j/dq_a = phi'(q_a) phi(k_ja), so dtotal/dq_a is the sum of them
        double slope = gau_map_slope(map, q[a]), value = gau_map_value(map, q[a]), all = 0;
        for (int j = 0; j < n; j++)
            all += slope * gau_map_value(map, k[j * d + a]);
        for (int j = 0; j < n; j++) {
            // p = s / total
            double own = slope * gau_map_value(map, k[j * d + a]);
            dp_dq[j * d + a] = (own - p[j] * all) / total;
            dp_dk[j * d + a] = dp_ds[j] * value * gau_map_slope(map, k[j * d + a]);
        }
    }
    return total;
}
