// Memory of a signal by optimal polynomials (HiPPO), and the state space model as a convolution
// (S4, S4D).
//
// Letters of shapes: N values of a state, M = N / 2 pairs of conjugate modes, L values of a
// sequence and of a kernel. All numbers are double.
#ifndef S4_H
#define S4_H

#include "s4/complex.h"

// ---- HiPPO: c (N) follows f by c' = A c + B f; A (N, N), B (N) ----

typedef enum {
    S4_LEGS, // all of the past, scaled to [0, 1]: c' = (A c + B f) / t
    S4_LEGT, // the window of length theta, here in the scaling of Voelker's memory unit (lmu)
    S4_LAGT  // a past that fades exponentially
} s4_measure;
void s4_legs(int N, double *a, double *b);
void s4_legt(int N, double theta, double *a, double *b);
void s4_lagt(int N, double *a, double *b);

// g[n] (N): the basis, f ~ sum_n c[n] g[n](r) at the place r. LegS and LegT: r runs from 0, the
// oldest, to 1, now; LagT: r is how long ago.
void s4_basis(s4_measure measure, int N, double r, double *g);
double s4_reconstruct(s4_measure measure, int N, const double *c, double r);

// One step of LegS for the sample f, in O(N): (I - back A/t) next = (I + ahead A/t) c + B f/t with
// back + ahead = 1; back is 0 (forward Euler), 1 (backward) or 1/2 (bilinear). Row n of A c is -s_n
// sum_(k<n) s_k c_k - (n+1) c_n with s_n = sqrt(2n+1): a running sum over k.
void s4_legs_step(double back, int N, double t, double f, const double *c, double *next);

// LegS for samples f (T), bilinear: c (T, N) after each. From zero: f[0] is the step t = 1. From
// the first: c[0] = f[0] e_0, and f[1] is the step t = 1.
typedef enum { S4_FROM_ZERO, S4_FROM_FIRST } s4_start;
void s4_legs_memory(s4_start start, int N, int T, const double *f, double *c);

// Where sample i of T stands in [0, 1] after the last: step t goes from t - 1/2 to t + 1/2.
double s4_legs_place(s4_start start, int i, int T);

// ---- Discrete time: x_l = abar x_(l-1) + bbar u_l, y_l = C x_l + D u_l ----

typedef enum { S4_FORWARD, S4_BACKWARD, S4_BILINEAR, S4_ZOH } s4_rule;
void s4_discretise(s4_rule rule, int N, const double *a, const double *b, double dt, double *abar,
                   double *bbar);

// One step after the other from x = 0: u (L) -> all states x (L, N) and y (L).
void s4_recurrence(int N, int L, const double *abar, const double *bbar, const double *c, double d,
                   const double *u, double *x, double *y);

// k (L): k[l] = C abar^l bbar, by powers of abar.
void s4_kernel_by_powers(int N, int L, const double *abar, const double *bbar, const double *c,
                         double *k);

// a <- a^n for a (N, N), n a power of two, by squaring.
void s4_power(int N, int n, double *a);

// A spectrum is what numbers/fft.h transforms: (2, n), n real parts and behind them n imaginary
// ones. out = a b and out = conj(a) b, value by value; out may be a or b.
void s4_spectrum_product(long n, const double *a, const double *b, double *out);
void s4_spectrum_product_conjugate(long n, const double *a, const double *b, double *out);

// y[l] = sum_(j <= l) k[j] u[l - j] for l = 0 ... L - 1, by FFT. y may be u.
void s4_convolve(int L, const double *k, const double *u, double *y);

// The length of the transform for it: the least power of two not below 2 L. Zeros stand behind
// both, so that nothing wraps around onto the result.
int s4_padded(int L);

// ---- S4: LegS as a diagonal matrix and one of rank one ----

// A = V (diag(lambda) - p p^*) V^*, B = V b, with V (N, N) unitary; column j of V is v[j N ...].
// lambda by ascending imaginary part; the phase of a column of V is arbitrary.
typedef struct {
    int N;
    s4_complex *lambda, *p, *b; // (N)
    s4_complex *v;              // (N, N)
} s4_dplr;
s4_dplr s4_dplr_new(int N); // zeros
void s4_dplr_free(s4_dplr *s);
s4_dplr s4_nplr(int N); // of LegS, N even

// What the kernel is made of: ctilde (N) = C (I - abar^L), khat (L): the transform of k, and k (L).
typedef struct {
    double *ctilde;
    s4_complex *khat;
    double *k;
} s4_kernel_steps;

// The kernel of LegS with the bilinear rule and C = c (N) by its generating function, L a power of
// two.
void s4_dplr_kernel(const s4_dplr *s, const double *c, double dt, int L, s4_kernel_steps out);

// Its steps: c (N) = r V for any real row r (N); khat from c = ctilde V; k, the real part of the
// inverse transform of khat.
void s4_times_v(const s4_dplr *s, const double *r, s4_complex *c);
void s4_generating_function(const s4_dplr *s, const s4_complex *c, double dt, int L,
                            s4_complex *khat);
void s4_inverse_transform(int L, const s4_complex *khat, double *k);

// ---- S4D: the diagonal alone ----

// y = 2 Re sum_m C_m x_m with x_m' = lambda_m x_m + B_m u: M modes, each for a pair of conjugates.
typedef struct {
    int M;
    double dt;
    s4_complex *lambda, *b, *c; // (M)
} s4_diagonal;
s4_diagonal s4_diagonal_new(int M); // zeros
void s4_diagonal_free(s4_diagonal *s);

// lambda and B of M modes, for N = 2 M.
typedef enum {
    S4_INIT_LIN, // S4D-Lin: -1/2 + i pi n, B = 1
    S4_INIT_INV, // S4D-Inv: -1/2 + i (N/pi) (N/(2n+1) - 1), B = 1
    S4_INIT_LEGS // S4D-LegS: without the rank one; lambda of s4_nplr with Im lambda > 0, b/2
} s4_init;
void s4_diagonal_init(s4_init init, s4_diagonal *s);

// k (L) with zero-order hold: k[l] = 2 Re sum_m C_m B_m (e^(dt lambda_m) - 1) / lambda_m e^(dt
// lambda_m l)
void s4_diagonal_kernel(const s4_diagonal *s, int L, double *k);

// The same, one step after the other: the state x (M) takes u in, x_m = e^(dt lambda_m) x_m +
// bbar_m u, and the result is y = 2 Re sum_m C_m x_m.
double s4_diagonal_step(const s4_diagonal *s, s4_complex *x, double u);

// Adds to d what dk (L) = d(loss)/dk implies. The gradient of a complex number z is d(loss)/d(Re z)
// + i d(loss)/d(Im z), as PyTorch has it.
void s4_diagonal_gradient(const s4_diagonal *s, int L, const double *dk, s4_diagonal *d);

// dk[j] = sum_(l >= j) dy[l] u[l - j]: what s4_convolve sends back to k, and to u with k in the
// place of u.
void s4_correlate(int L, const double *dy, const double *u, double *dk);

#endif
