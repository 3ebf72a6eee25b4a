#include "s4/s4.h"

#include "files/fail.h"
#include "files/memory.h"
#include "numbers/fft.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"

#include <stdlib.h>
#include <string.h>

// ---- HiPPO ----

void
s4_legs(int N, double *a, double *b)
{
    for (int n = 0; n < N; n++) {
        b[n] = sqrt64(2 * n + 1);
        for (int k = 0; k < N; k++)
            a[n * N + k] = n > k ? -sqrt64((2 * n + 1) * (2 * k + 1)) : n == k ? -(n + 1) : 0;
    }
}

void
s4_legt(int N, double theta, double *a, double *b)
{
    for (int n = 0; n < N; n++) {
        double scale = (2 * n + 1) / theta;
        b[n] = n % 2 ? -scale : scale;
        for (int k = 0; k < N; k++)
            a[n * N + k] = n < k || (n - k) % 2 == 0 ? -scale : scale;
    }
}

void
s4_lagt(int N, double *a, double *b)
{
    for (int n = 0; n < N; n++) {
        b[n] = 1;
        for (int k = 0; k < N; k++)
            a[n * N + k] = n > k ? -1 : n == k ? -0.5 : 0;
    }
}

// p[n] (N) = P_n(y), Legendre's polynomials: (n + 1) P_(n+1) = (2n + 1) y P_n - n P_(n-1).
static void
legendre(int N, double y, double *p)
{
    for (int n = 0; n < N; n++)
        p[n] = n == 0 ? 1 : n == 1 ? y : ((2 * n - 1) * y * p[n - 1] - (n - 1) * p[n - 2]) / n;
}

// p[n] (N) = L_n(y), Laguerre's: (n + 1) L_(n+1) = (2n + 1 - y) L_n - n L_(n-1).
static void
laguerre(int N, double y, double *p)
{
    for (int n = 0; n < N; n++)
        p[n] = n == 0 ? 1 : n == 1 ? 1 - y : ((2 * n - 1 - y) * p[n - 1] - (n - 1) * p[n - 2]) / n;
}

void
s4_basis(s4_measure measure, int N, double r, double *g)
{
    if (measure == S4_LEGS)
        legendre(N, 2 * r - 1, g);
    else if (measure == S4_LEGT)
        legendre(N, 1 - 2 * r, g);
    else
        laguerre(N, r, g);
    for (int n = 0; n < N; n++)
        g[n] *= measure == S4_LEGS ? sqrt64(2 * n + 1) : measure == S4_LAGT ? exp64(-r / 2) : 1;
}

double
s4_reconstruct(s4_measure measure, int N, const double *c, double r)
{
    double g[N], sum = 0;
    s4_basis(measure, N, r, g);
    for (int n = 0; n < N; n++)
        sum += c[n] * g[n];
    return sum;
}

void
s4_legs_step(double back, int N, double t, double f, const double *c, double *next)
{
    double ahead = 1 - back, before = 0, after = 0; // the running sums of s_k c_k and s_k c'_k
    for (int n = 0; n < N; n++) {
        double s = sqrt64(2 * n + 1);
        double right = c[n] - ahead * (s * before + (n + 1) * c[n]) / t + s * f / t;
        next[n] = (right - back * (s * after) / t) / (1 + back * (n + 1) / t);
        before += s * c[n];
        after += s * next[n];
    }
}

void
s4_legs_memory(s4_start start, int N, int T, const double *f, double *c)
{
    double first[N];
    memset(first, 0, sizeof first);
    int skipped = start == S4_FROM_FIRST;
    if (skipped && T > 0) {
        memset(c, 0, N * sizeof *c);
        c[0] = f[0];
    }
    for (int i = skipped; i < T; i++) {
        double t = i + 1 - skipped;
        s4_legs_step(0.5, N, t, f[i], i == 0 ? first : c + (i - 1) * N, c + i * N);
    }
}

double
s4_legs_place(s4_start start, int i, int T)
{
    return start == S4_FROM_FIRST ? i / (T - 0.5) : (i + 1) / (T + 0.5);
}

// ---- Discrete time ----

// x(dt) for x' = A x + B u with a u that stays: exp(dt [A, B; 0, 0]) = [abar, bbar; 0, 1].
static void
zero_order_hold(int N, const double *a, const double *b, double dt, double *abar, double *bbar)
{
    int n = N + 1;
    double *joint = memory_zeroed(2L * n * n, sizeof *joint, "s4: a matrix exponential");
    double *e = joint + n * n;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++)
            joint[i * n + j] = dt * a[i * N + j];
        joint[i * n + N] = dt * b[i];
    }
    linalg_expm(n, joint, e);
    for (int i = 0; i < N; i++) {
        memcpy(abar + i * N, e + i * n, N * sizeof *e);
        bbar[i] = e[i * n + N];
    }
    free(joint);
}

// (I - back dt A) x_l = (I + ahead dt A) x_(l-1) + dt B u_l with back + ahead = 1.
void
s4_discretise(s4_rule rule, int N, const double *a, const double *b, double dt, double *abar,
              double *bbar)
{
    if (rule == S4_ZOH) {
        zero_order_hold(N, a, b, dt, abar, bbar);
        return;
    }
    double back = rule == S4_FORWARD ? 0 : rule == S4_BACKWARD ? 1 : 0.5, ahead = 1 - back;
    double *left = memory_zeroed((long)N * N, sizeof *left, "s4: a matrix");
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            left[i * N + j] = (i == j) - back * dt * a[i * N + j];
            abar[i * N + j] = (i == j) + ahead * dt * a[i * N + j];
        }
        bbar[i] = dt * b[i];
    }
    linalg_solve("I - dt A", N, left, N, abar);
    linalg_solve("I - dt A", N, left, 1, bbar);
    free(left);
}

void
s4_recurrence(int N, int L, const double *abar, const double *bbar, const double *c, double d,
              const double *u, double *x, double *y)
{
    for (int l = 0; l < L; l++) {
        const double *before = x + (l - 1) * N;
        y[l] = d * u[l];
        for (int i = 0; i < N; i++) {
            double sum = bbar[i] * u[l];
            if (l > 0)
                for (int j = 0; j < N; j++)
                    sum += abar[i * N + j] * before[j];
            x[l * N + i] = sum;
            y[l] += c[i] * sum;
        }
    }
}

void
s4_kernel_by_powers(int N, int L, const double *abar, const double *bbar, const double *c,
                    double *k)
{
    double *x = memory_zeroed((long)L * N + L, sizeof *x, "s4: states"), *impulse = x + (long)L * N;
    impulse[0] = 1;
    s4_recurrence(N, L, abar, bbar, c, 0, impulse, x, k);
    free(x);
}

void
s4_power(int N, int n, double *a)
{
    double *square = memory_zeroed((long)N * N, sizeof *square, "s4: a matrix");
    for (; n > 1; n /= 2) {
        linalg_product(N, N, N, a, a, square);
        memcpy(a, square, N * N * sizeof *a);
    }
    free(square);
}

void
s4_spectrum_product(long n, const double *a, const double *b, double *out)
{
    for (long i = 0; i < n; i++) {
        s4_complex product = s4_times((s4_complex){a[i], a[n + i]}, (s4_complex){b[i], b[n + i]});
        out[i] = product.re;
        out[n + i] = product.im;
    }
}

void
s4_spectrum_product_conjugate(long n, const double *a, const double *b, double *out)
{
    for (long i = 0; i < n; i++) {
        s4_complex product = s4_times((s4_complex){a[i], -a[n + i]}, (s4_complex){b[i], b[n + i]});
        out[i] = product.re;
        out[n + i] = product.im;
    }
}

int
s4_padded(int L)
{
    int n = 1;
    while (n < 2 * L)
        n *= 2;
    return n;
}

void
s4_convolve(int L, const double *k, const double *u, double *y)
{
    int n = s4_padded(L);
    double *a = memory_zeroed(4L * n, sizeof *a, "s4: spectra"), *b = a + 2 * n;
    fft *f = fft_new(n, 1);
    memcpy(a, k, L * sizeof *k);
    memcpy(b, u, L * sizeof *u);
    fft_forward(f, a, a + n);
    fft_forward(f, b, b + n);
    s4_spectrum_product(n, a, b, a);
    fft_inverse(f, a, a + n);
    memcpy(y, a, L * sizeof *y);
    fft_free(f);
    free(a);
}

// ---- S4: LegS as a diagonal matrix and one of rank one ----

s4_dplr
s4_dplr_new(int N)
{
    s4_complex *all = memory_zeroed((long)N * (N + 3), sizeof *all, "s4: modes");
    return (s4_dplr){N, all, all + N, all + 2 * N, all + 3 * N};
}

void
s4_dplr_free(s4_dplr *s)
{
    free(s->lambda);
}

// A + s s^T / 2 = -I/2 + G for LegS, s_n = root[n]: G is skew, -s_n s_k / 2 below the diagonal.
// This is -G (N, N).
static void
minus_skew_part(int N, const double *root, double *minus_g)
{
    for (int n = 0; n < N; n++)
        for (int k = 0; k < n; k++) {
            minus_g[n * N + k] = root[n] * root[k] / 2;
            minus_g[k * N + n] = -root[n] * root[k] / 2;
        }
}

// -i G is Hermitian with real eigenvalues w; -I/2 + G has the eigenvalues -1/2 + i w and the same
// vectors.
s4_dplr
s4_nplr(int N)
{
    if (N < 2 || N % 2)
        fail("s4_nplr: N = %d, expected 2, 4, 6, ...", N);
    s4_dplr s = s4_dplr_new(N);
    double *zero = memory_zeroed(4L * N * N, sizeof *zero, "s4: matrices"), root[N], w[N];
    double *minus_g = zero + N * N, *v_re = minus_g + N * N, *v_im = v_re + N * N;
    for (int n = 0; n < N; n++)
        root[n] = sqrt64(2 * n + 1);
    minus_skew_part(N, root, minus_g);
    linalg_hermitian(N, zero, minus_g, w, v_re, v_im);
    for (int j = 0; j < N; j++) {
        s.lambda[j] = (s4_complex){-0.5, w[j]};
        for (int n = 0; n < N; n++) { // b = V^* B, and p = V^* s / sqrt 2
            s4_complex *v = &s.v[j * N + n];
            *v = (s4_complex){v_re[j * N + n], v_im[j * N + n]};
            s.b[j] = s4_plus(s.b[j], s4_scaled(root[n], s4_conjugate(*v)));
        }
        s.p[j] = (s4_complex){s.b[j].re / sqrt64(2), s.b[j].im / sqrt64(2)};
    }
    free(zero);
    return s;
}

void
s4_times_v(const s4_dplr *s, const double *r, s4_complex *c)
{
    for (int j = 0; j < s->N; j++) {
        c[j] = (s4_complex){0, 0};
        for (int i = 0; i < s->N; i++)
            c[j] = s4_plus(c[j], s4_scaled(r[i], s->v[j * s->N + i]));
    }
}

// Four Cauchy sums at one node z: k_CB = sum_n c_n b_n / D_n with D_n = 2/dt (1 - z) - (1 + z)
// lambda_n, and so for the products c p, q b and q p with q = conj(p).
typedef struct {
    s4_complex cb, cp, qb, qp;
} cauchy_sums;

static cauchy_sums
cauchy(const s4_dplr *s, const s4_complex *c, double dt, s4_complex z)
{
    const s4_complex one = {1, 0};
    cauchy_sums k = {0};
    for (int n = 0; n < s->N; n++) {
        s4_complex b = s->b[n], p = s->p[n], q = s4_conjugate(p);
        s4_complex d =
            s4_minus(s4_scaled(2 / dt, s4_minus(one, z)), s4_times(s4_plus(one, z), s->lambda[n]));
        k.cb = s4_plus(k.cb, s4_over(s4_times(c[n], b), d));
        k.cp = s4_plus(k.cp, s4_over(s4_times(c[n], p), d));
        k.qb = s4_plus(k.qb, s4_over(s4_times(q, b), d));
        k.qp = s4_plus(k.qp, s4_over(s4_times(q, p), d));
    }
    return k;
}

// khat = 2 (k_CB - (1 + z) k_CP k_QB / (1 + (1 + z) k_QP)) at z = e^(-2 pi i l / L)
void
s4_generating_function(const s4_dplr *s, const s4_complex *c, double dt, int L, s4_complex *khat)
{
    for (int l = 0; l < L; l++) {
        double angle = 2 * pi64 * l / L;
        s4_complex z = {cos64(angle), -sin64(angle)}, o = {1 + z.re, z.im}; // o = 1 + z
        cauchy_sums k = cauchy(s, c, dt, z);
        s4_complex top = s4_times(s4_times(o, k.cp), k.qb);
        // 1 + o k_QP, added in this order
        s4_complex low = {1 + o.re * k.qp.re - o.im * k.qp.im, o.re * k.qp.im + o.im * k.qp.re};
        khat[l] = s4_scaled(2, s4_minus(k.cb, s4_over(top, low)));
    }
}

void
s4_inverse_transform(int L, const s4_complex *khat, double *k)
{
    double *im = memory_zeroed(L, sizeof *im, "s4: a spectrum");
    fft *f = fft_new(L, 1);
    for (int l = 0; l < L; l++) {
        k[l] = khat[l].re;
        im[l] = khat[l].im;
    }
    fft_inverse(f, k, im);
    fft_free(f);
    free(im);
}

// ctilde = C (I - abar^L), by squaring abar.
static void
without_tail(int N, int L, const double *c, double dt, double *ctilde)
{
    double *a = memory_zeroed(2L * N * N, sizeof *a, "s4: matrices"), *power = a + N * N;
    double b[N], bbar[N];
    s4_legs(N, a, b);
    s4_discretise(S4_BILINEAR, N, a, b, dt, power, bbar);
    s4_power(N, L, power);
    linalg_product(1, N, N, c, power, ctilde);
    for (int n = 0; n < N; n++)
        ctilde[n] = c[n] - ctilde[n];
    free(a);
}

void
s4_dplr_kernel(const s4_dplr *s, const double *c, double dt, int L, s4_kernel_steps out)
{
    s4_complex in_modes[s->N];
    without_tail(s->N, L, c, dt, out.ctilde);
    s4_times_v(s, out.ctilde, in_modes);
    s4_generating_function(s, in_modes, dt, L, out.khat);
    s4_inverse_transform(L, out.khat, out.k);
}

// ---- S4D: the diagonal alone ----

s4_diagonal
s4_diagonal_new(int M)
{
    s4_complex *all = memory_zeroed(3L * M, sizeof *all, "s4: modes");
    return (s4_diagonal){M, 0, all, all + M, all + 2 * M};
}

void
s4_diagonal_free(s4_diagonal *s)
{
    free(s->lambda);
}

void
s4_diagonal_init(s4_init init, s4_diagonal *s)
{
    int M = s->M, N = 2 * M;
    for (int n = 0; n < M; n++) {
        double lin = pi64 * n, inv = N / pi64 * ((double)N / (2 * n + 1) - 1);
        s->lambda[n] = (s4_complex){-0.5, init == S4_INIT_LIN ? lin : inv};
        s->b[n] = (s4_complex){1, 0};
    }
    if (init == S4_INIT_LEGS) {
        const double half = 0.5; // of B, in place of the rank one
        s4_dplr legs = s4_nplr(N);
        for (int n = 0; n < M; n++) {
            s->lambda[n] = legs.lambda[M + n];
            s->b[n] = s4_scaled(half, legs.b[M + n]);
        }
        s4_dplr_free(&legs);
    }
}

// h = (e^(dt lambda) - 1) / lambda: what a mode holds after one step with the input 1.
static s4_complex
mode_hold(s4_complex lambda, double dt)
{
    return s4_over(s4_exponential_minus_1(s4_scaled(dt, lambda)), lambda);
}

void
s4_diagonal_kernel(const s4_diagonal *s, int L, double *k)
{
    int M = s->M;
    s4_complex z[M], x[M];
    double re[M];
    for (int m = 0; m < M; m++) {
        z[m] = s4_exponential(s4_scaled(s->dt, s->lambda[m]));
        x[m] = s4_times(s->c[m], s4_times(s->b[m], mode_hold(s->lambda[m], s->dt)));
    }
    for (int l = 0; l < L; l++) { // x = C B h z^l
        for (int m = 0; m < M; m++) {
            re[m] = x[m].re;
            x[m] = s4_times(z[m], x[m]);
        }
        k[l] = 2 * sum64(M, re);
    }
}

double
s4_diagonal_step(const s4_diagonal *s, s4_complex *x, double u)
{
    double y = 0;
    for (int m = 0; m < s->M; m++) {
        s4_complex z = s4_exponential(s4_scaled(s->dt, s->lambda[m]));
        s4_complex bbar = s4_times(s->b[m], mode_hold(s->lambda[m], s->dt));
        x[m] = s4_plus(s4_times(z, x[m]), s4_scaled(u, bbar));
        y += 2 * s4_times(s->c[m], x[m]).re;
    }
    return y;
}

// s0 = sum_l dk[l] z^l and s1 = sum_l l dk[l] z^l of every mode.
static void
power_sums(int M, int L, const double *dk, const s4_complex *z, s4_complex *s0, s4_complex *s1)
{
    s4_complex power[M];
    for (int m = 0; m < M; m++) {
        s0[m] = s1[m] = (s4_complex){0, 0};
        power[m] = (s4_complex){1, 0};
    }
    for (int l = 0; l < L; l++)
        for (int m = 0; m < M; m++) {
            s0[m] = s4_plus(s0[m], s4_scaled(dk[l], power[m]));
            s1[m] = s4_plus(s1[m], s4_scaled(l * dk[l], power[m]));
            power[m] = s4_times(z[m], power[m]);
        }
}

// d += 2 conj(F'): the gradient of 2 Re F, where F' is the derivative of F by a complex number.
static void
add_gradient(s4_complex *d, s4_complex derivative)
{
    *d = s4_plus(*d, s4_scaled(2, s4_conjugate(derivative)));
}

// The loss changes by sum_l dk[l] k[l] = 2 Re F with F = sum_m C B h s0, h = (z - 1) / lambda, z =
// e^w and w = dt lambda.
void
s4_diagonal_gradient(const s4_diagonal *s, int L, const double *dk, s4_diagonal *d)
{
    int M = s->M;
    s4_complex z[M], s0[M], s1[M];
    for (int m = 0; m < M; m++)
        z[m] = s4_exponential(s4_scaled(s->dt, s->lambda[m]));
    power_sums(M, L, dk, z, s0, s1);
    for (int m = 0; m < M; m++) {
        s4_complex lambda = s->lambda[m], b = s->b[m], c = s->c[m];
        s4_complex h = mode_hold(lambda, s->dt), one_over = s4_inverse(lambda);
        // F = C B h s0 by C, by B, and by the lambda that divides z - 1
        s4_complex by_c = s4_times(s4_times(b, h), s0[m]);
        s4_complex by_b = s4_times(s4_times(c, h), s0[m]);
        s4_complex by_lambda = s4_scaled(-1, s4_times(s4_times(by_b, b), one_over));
        // and by w, through z: C B (z / lambda s0 + h s1)
        s4_complex in_z = s4_plus(s4_times(s4_times(z[m], one_over), s0[m]), s4_times(h, s1[m]));
        s4_complex by_w = s4_times(b, s4_times(c, in_z));
        add_gradient(&d->c[m], by_c);
        add_gradient(&d->b[m], by_b);
        add_gradient(&d->lambda[m], by_lambda);
        add_gradient(&d->lambda[m], s4_scaled(s->dt, by_w));
        d->dt += 2 * s4_times(by_w, lambda).re;
    }
}

void
s4_correlate(int L, const double *dy, const double *u, double *dk)
{
    int n = s4_padded(L);
    double *a = memory_zeroed(4L * n, sizeof *a, "s4: spectra"), *b = a + 2 * n;
    fft *f = fft_new(n, 1);
    memcpy(a, u, L * sizeof *u);
    memcpy(b, dy, L * sizeof *dy);
    fft_forward(f, a, a + n);
    fft_forward(f, b, b + n);
    s4_spectrum_product_conjugate(n, a, b, a);
    fft_inverse(f, a, a + n);
    memcpy(dk, a, L * sizeof *dk);
    fft_free(f);
    free(a);
}
