// How far a weight p_j = s_j / sum s moves with its score s_j, and with what the score is made of.
#ifndef GAU_BOUND_H
#define GAU_BOUND_H

// phi in s_j = phi(q) phi(k_j), elementwise.
typedef enum {
    GAU_MAP_ELU,      // elu(x) + 1
    GAU_MAP_EXP,      // e^x
    GAU_MAP_SOFTPLUS, // ln(1 + e^x)
    GAU_MAP_RELU,     // max(x, 0)
    GAU_MAP_SQUARE,   // x^2
    GAU_MAPS
} gau_map;

double gau_map_value(gau_map map, double x);
double gau_map_slope(gau_map map, double x); // of max(x, 0) at 0: 0

// One query q (d) and n keys k (n, d) -> p (n), dp_ds (n): dp_j/ds_j = p_j (1 - p_j) / s_j; dp_dq and dp_dk (n, d):
// dp_j/dq_a, dp_j/dk_ja. Where 0 <= phi' <= phi both are at most p_j (1 - p_j) <= 1/4. Returns the sum of s; 0: nothing
// else is written.
double gau_gradient_bound(gau_map map, int d, int n, const double *q, const double *k, double *p,
                          double *dp_ds, double *dp_dq, double *dp_dk);

#endif
