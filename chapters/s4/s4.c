#include "s4/s4.h"

#include "files/fail.h"
#include "numbers/fft.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"

#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

static double *
numbers(long n)
{
    double *x = calloc(n, sizeof *x);
    if (!x)
        fail("s4: no memory for %ld numbers", n);
    return x;
}

s4_complex
s4_complex_new(int n)
{
    return (s4_complex){numbers(n), numbers(n)};
}

void
s4_complex_free(s4_complex x)
{
    free(x.re);
    free(x.im);
}

void
s4_multiply(int n, s4_complex a, s4_complex b, s4_complex out)
{
    for (int i = 0; i < n; i++) {
        double re = a.re[i] * b.re[i] - a.im[i] * b.im[i];
        out.im[i] = a.re[i] * b.im[i] + a.im[i] * b.re[i];
        out.re[i] = re;
    }
}

void
s4_multiply_conjugate(int n, s4_complex a, s4_complex b, s4_complex out)
{
    for (int i = 0; i < n; i++) {
        double re = a.re[i] * b.re[i] + a.im[i] * b.im[i];
        out.im[i] = a.re[i] * b.im[i] - a.im[i] * b.re[i];
        out.re[i] = re;
    }
}

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

// p[n] (N) = P_n(x), Legendre's polynomials: (n + 1) P_(n+1) = (2n + 1) x P_n - n P_(n-1).
static void
legendre(int N, double x, double *p)
{
    for (int n = 0; n < N; n++)
        p[n] = n == 0 ? 1 : n == 1 ? x : ((2 * n - 1) * x * p[n - 1] - (n - 1) * p[n - 2]) / n;
}

// p[n] (N) = L_n(x), Laguerre's: (n + 1) L_(n+1) = (2n + 1 - x) L_n - n L_(n-1).
static void
laguerre(int N, double x, double *p)
{
    for (int n = 0; n < N; n++)
        p[n] = n == 0 ? 1 : n == 1 ? 1 - x : ((2 * n - 1 - x) * p[n - 1] - (n - 1) * p[n - 2]) / n;
}

void
s4_basis(s4_measure measure, int N, double x, double *g)
{
    if (measure == S4_LEGS)
        legendre(N, 2 * x - 1, g);
    else if (measure == S4_LEGT)
        legendre(N, 1 - 2 * x, g);
    else
        laguerre(N, x, g);
    for (int n = 0; n < N; n++)
        g[n] *= measure == S4_LEGS ? sqrt64(2 * n + 1) : measure == S4_LAGT ? exp64(-x / 2) : 1;
}

double
s4_reconstruct(s4_measure measure, int N, const double *c, double x)
{
    double g[N], sum = 0;
    s4_basis(measure, N, x, g);
    for (int n = 0; n < N; n++)
        sum += c[n] * g[n];
    return sum;
}

// One step of LegS by the bilinear rule, in O(N): (I - A/2t) c' = (I + A/2t) c + B f/t.
// With s_n = sqrt(2n+1), row n of A c is -s_n sum_(k<n) s_k c_k - (n+1) c_n: a running sum over k.
static void
legs_step(int N, double t, double f, const double *c, double *next)
{
    double before = 0, after = 0; // the running sums of s_k c_k and s_k c'_k
    for (int n = 0; n < N; n++) {
        double s = sqrt64(2 * n + 1);
        double right = c[n] - (s * before + (n + 1) * c[n]) / (2 * t) + s * f / t;
        next[n] = (right - s * after / (2 * t)) / (1 + (n + 1) / (2 * t));
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
        legs_step(N, t, f[i], i == 0 ? first : c + (i - 1) * N, c + i * N);
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
    double *joint = numbers(n * n), *e = numbers(n * n);
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
    free(e);
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
    double *left = numbers(N * N);
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
        y[l] = d * u[l];
        for (int i = 0; i < N; i++) {
            double sum = bbar[i] * u[l];
            for (int j = 0; l > 0 && j < N; j++)
                sum += abar[i * N + j] * x[(l - 1) * N + j];
            x[l * N + i] = sum;
            y[l] += c[i] * sum;
        }
    }
}

void
s4_kernel_by_powers(int N, int L, const double *abar, const double *bbar, const double *c,
                    double *k)
{
    double *x = numbers((long)L * N), *impulse = numbers(L);
    impulse[0] = 1;
    s4_recurrence(N, L, abar, bbar, c, 0, impulse, x, k);
    free(x);
    free(impulse);
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
    s4_complex a = s4_complex_new(n), b = s4_complex_new(n);
    fft *f = fft_new(n, 1);
    memcpy(a.re, k, L * sizeof *k);
    memcpy(b.re, u, L * sizeof *u);
    fft_forward(f, a.re, a.im);
    fft_forward(f, b.re, b.im);
    s4_multiply(n, a, b, a);
    fft_inverse(f, a.re, a.im);
    memcpy(y, a.re, L * sizeof *y);
    fft_free(f);
    s4_complex_free(a);
    s4_complex_free(b);
}

// ---- S4: LegS as a diagonal matrix and one of rank one ----

// With s_n = sqrt(2n + 1) and P_n = sqrt(n + 1/2) = s_n / sqrt 2, A + P P^T + I/2 = S is skew: -s_n s_k / 2 below the
// diagonal, s_n s_k / 2 above it. -i S is Hermitian with real eigenvalues w; A + P P^T has the eigenvalues
// -1/2 + i w and the same vectors.
s4_dplr
s4_nplr(int N)
{
    if (N < 2 || N % 2)
        fail("s4_nplr: N = %d, expected 2, 4, 6, ...", N);
    s4_dplr s = {N, s4_complex_new(N), s4_complex_new(N), s4_complex_new(N), s4_complex_new(N * N)};
    double root[N], *zero = numbers(N * N), *minus_s = numbers(N * N);
    for (int n = 0; n < N; n++) {
        root[n] = sqrt64(2 * n + 1);
        for (int k = 0; k < n; k++) {
            minus_s[n * N + k] = root[n] * root[k] / 2;
            minus_s[k * N + n] = -root[n] * root[k] / 2;
        }
    }
    linalg_hermitian(N, zero, minus_s, s.lambda.im, s.v.re, s.v.im);
    for (int j = 0; j < N; j++) {
        s.lambda.re[j] = -0.5;
        for (int n = 0; n < N; n++) { // b = V^* B; p = V^* P is b / sqrt 2
            s.b.re[j] += s.v.re[j * N + n] * root[n];
            s.b.im[j] -= s.v.im[j * N + n] * root[n];
        }
        s.p.re[j] = s.b.re[j] / sqrt64(2);
        s.p.im[j] = s.b.im[j] / sqrt64(2);
    }
    free(zero);
    free(minus_s);
    return s;
}

void
s4_dplr_free(s4_dplr *s)
{
    s4_complex_free(s->lambda);
    s4_complex_free(s->p);
    s4_complex_free(s->b);
    s4_complex_free(s->v);
}

void
s4_times_v(const s4_dplr *s, const double *r, s4_complex c)
{
    for (int j = 0; j < s->N; j++) {
        c.re[j] = c.im[j] = 0;
        for (int i = 0; i < s->N; i++) {
            c.re[j] += r[i] * s->v.re[j * s->N + i];
            c.im[j] += r[i] * s->v.im[j * s->N + i];
        }
    }
}

// Four Cauchy sums sum_n a_n b_n / D_n at one node z, with D_n = 2/dt (1 - z) - (1 + z) lambda_n.
enum { CB, CP, QB, QP, SUMS };

static void
cauchy(int N, const s4_complex product[SUMS], s4_complex lambda, double dt, double z_re,
       double z_im, double sum_re[SUMS], double sum_im[SUMS])
{
    memset(sum_re, 0, SUMS * sizeof *sum_re);
    memset(sum_im, 0, SUMS * sizeof *sum_im);
    for (int n = 0; n < N; n++) {
        double re = 2 / dt * (1 - z_re) - ((1 + z_re) * lambda.re[n] - z_im * lambda.im[n]);
        double im = -2 / dt * z_im - ((1 + z_re) * lambda.im[n] + z_im * lambda.re[n]);
        double square = re * re + im * im;
        for (int k = 0; k < SUMS; k++) { // a b conj(D) / |D|^2
            double a = product[k].re[n], b = product[k].im[n];
            sum_re[k] += (a * re + b * im) / square;
            sum_im[k] += (b * re - a * im) / square;
        }
    }
}

void
s4_generating_function(const s4_dplr *s, s4_complex c, double dt, int L, s4_complex khat)
{
    int N = s->N;
    s4_complex q = s4_complex_new(N), product[SUMS];
    for (int n = 0; n < N; n++) {
        q.re[n] = s->p.re[n];
        q.im[n] = -s->p.im[n];
    }
    const s4_complex left[] = {c, c, q, q}, right[] = {s->b, s->p, s->b, s->p};
    for (int k = 0; k < SUMS; k++) {
        product[k] = s4_complex_new(N);
        s4_multiply(N, left[k], right[k], product[k]);
    }
    for (int l = 0; l < L; l++) {
        double re[SUMS], im[SUMS], z_re = cos64(2 * pi * l / L), z_im = -sin64(2 * pi * l / L);
        cauchy(N, product, s->lambda, dt, z_re, z_im, re, im);
        // 2 (k_CB - (1 + z) k_CP k_QB / (1 + (1 + z) k_QP))
        double one = 1 + z_re, cp_re = one * re[CP] - z_im * im[CP];
        double cp_im = one * im[CP] + z_im * re[CP];
        double top_re = cp_re * re[QB] - cp_im * im[QB], top_im = cp_re * im[QB] + cp_im * re[QB];
        double low_re = 1 + one * re[QP] - z_im * im[QP], low_im = one * im[QP] + z_im * re[QP];
        double square = low_re * low_re + low_im * low_im;
        khat.re[l] = 2 * (re[CB] - (top_re * low_re + top_im * low_im) / square);
        khat.im[l] = 2 * (im[CB] - (top_im * low_re - top_re * low_im) / square);
    }
    for (int k = 0; k < SUMS; k++)
        s4_complex_free(product[k]);
    s4_complex_free(q);
}

// ctilde = C (I - abar^L), by squaring abar.
static void
without_tail(int N, int L, const double *c, double dt, double *ctilde)
{
    double *a = numbers(N * N), *power = numbers(N * N), *square = numbers(N * N), b[N], bbar[N];
    s4_legs(N, a, b);
    s4_discretise(S4_BILINEAR, N, a, b, dt, power, bbar);
    for (int n = L; n > 1; n /= 2) {
        linalg_product(N, N, N, power, power, square);
        memcpy(power, square, N * N * sizeof *power);
    }
    linalg_product(1, N, N, c, power, ctilde);
    for (int n = 0; n < N; n++)
        ctilde[n] = c[n] - ctilde[n];
    free(a);
    free(power);
    free(square);
}

void
s4_dplr_kernel(const s4_dplr *s, const double *c, double dt, int L, s4_kernel_steps out)
{
    fft *f = fft_new(L, 1);
    double *im = numbers(L);
    s4_complex in_modes = s4_complex_new(s->N);
    without_tail(s->N, L, c, dt, out.ctilde);
    s4_times_v(s, out.ctilde, in_modes);
    s4_generating_function(s, in_modes, dt, L, out.khat);
    memcpy(out.k, out.khat.re, L * sizeof *out.k);
    memcpy(im, out.khat.im, L * sizeof *im);
    fft_inverse(f, out.k, im);
    fft_free(f);
    s4_complex_free(in_modes);
    free(im);
}

// ---- S4D: the diagonal alone ----

s4_diagonal
s4_diagonal_new(int M)
{
    return (s4_diagonal){M, 0, s4_complex_new(M), s4_complex_new(M), s4_complex_new(M)};
}

void
s4_diagonal_free(s4_diagonal *s)
{
    s4_complex_free(s->lambda);
    s4_complex_free(s->b);
    s4_complex_free(s->c);
}

void
s4_diagonal_init(s4_init init, s4_diagonal *s)
{
    int M = s->M, N = 2 * M;
    for (int n = 0; n < M; n++) {
        s->lambda.re[n] = -0.5;
        s->lambda.im[n] = init == S4_LIN ? pi * n : N / pi * ((double)N / (2 * n + 1) - 1);
        s->b.re[n] = 1;
        s->b.im[n] = 0;
    }
    if (init == S4_DIAG_LEGS) {
        const double half = 0.5; // of B, in place of the rank one
        s4_dplr legs = s4_nplr(N);
        for (int n = 0; n < M; n++) {
            s->lambda.im[n] = legs.lambda.im[M + n];
            s->b.re[n] = half * legs.b.re[M + n];
            s->b.im[n] = half * legs.b.im[M + n];
        }
        s4_dplr_free(&legs);
    }
}

// z = e^(dt lambda) and hold = (z - 1) / lambda, the zero-order hold of B = 1.
// e^(x + iy) - 1 = (e^x - 1) cos y - 2 sin^2(y/2) + i e^x sin y loses no digits near 0.
static void
hold(const s4_diagonal *s, s4_complex z, s4_complex held)
{
    for (int m = 0; m < s->M; m++) {
        double re = s->lambda.re[m], im = s->lambda.im[m], x = s->dt * re, y = s->dt * im;
        double half = sin64(y / 2), grown = exp64(x);
        double less_re = expm1_64(x) * cos64(y) - 2 * half * half, less_im = grown * sin64(y);
        double square = re * re + im * im;
        z.re[m] = grown * cos64(y);
        z.im[m] = less_im;
        held.re[m] = (less_re * re + less_im * im) / square;
        held.im[m] = (less_im * re - less_re * im) / square;
    }
}

void
s4_diagonal_kernel(const s4_diagonal *s, int L, double *k)
{
    int M = s->M;
    s4_complex z = s4_complex_new(M), x = s4_complex_new(M);
    hold(s, z, x);
    s4_multiply(M, s->b, x, x);
    s4_multiply(M, s->c, x, x);
    for (int l = 0; l < L; l++) { // x = C B (z - 1) / lambda z^l
        k[l] = 2 * sum64(M, x.re);
        s4_multiply(M, z, x, x);
    }
    s4_complex_free(z);
    s4_complex_free(x);
}

// d += 2 conj(g): the gradient of 2 Re g, where g depends on a complex number with the derivative g'.
static void
add_conjugate(int n, s4_complex g, s4_complex d)
{
    for (int i = 0; i < n; i++) {
        d.re[i] += 2 * g.re[i];
        d.im[i] -= 2 * g.im[i];
    }
}

// s0 = sum_l dk[l] z^l and s1 = sum_l l dk[l] z^l.
static void
power_sums(int M, int L, const double *dk, s4_complex z, s4_complex s0, s4_complex s1)
{
    s4_complex power = s4_complex_new(M);
    for (int m = 0; m < M; m++)
        power.re[m] = 1;
    for (int l = 0; l < L; l++) {
        for (int m = 0; m < M; m++) {
            s0.re[m] += dk[l] * power.re[m];
            s0.im[m] += dk[l] * power.im[m];
            s1.re[m] += l * dk[l] * power.re[m];
            s1.im[m] += l * dk[l] * power.im[m];
        }
        s4_multiply(M, z, power, power);
    }
    s4_complex_free(power);
}

// The loss changes by sum_l dk[l] k[l] = 2 Re g, g = sum_m C B held s0, held = (z - 1) / lambda, z = e^(dt lambda).
void
s4_diagonal_gradient(const s4_diagonal *s, int L, const double *dk, s4_diagonal *d)
{
    int M = s->M;
    s4_complex z = s4_complex_new(M), held = s4_complex_new(M), over = s4_complex_new(M);
    s4_complex s0 = s4_complex_new(M), s1 = s4_complex_new(M), t = s4_complex_new(M);
    hold(s, z, held);
    power_sums(M, L, dk, z, s0, s1);
    for (int m = 0; m < M; m++) { // over = 1 / lambda
        double re = s->lambda.re[m], im = s->lambda.im[m], square = re * re + im * im;
        over.re[m] = re / square;
        over.im[m] = -im / square;
    }
    // g = C B held s0 in C and in B
    s4_multiply(M, s->b, held, t);
    s4_multiply(M, t, s0, t);
    add_conjugate(M, t, d->c);
    s4_multiply(M, s->c, held, t);
    s4_multiply(M, t, s0, t);
    add_conjugate(M, t, d->b);
    // held in lambda, z apart: -C B held s0 / lambda
    s4_multiply(M, t, s->b, t);
    s4_multiply(M, t, over, t);
    for (int m = 0; m < M; m++) {
        t.re[m] = -t.re[m];
        t.im[m] = -t.im[m];
    }
    add_conjugate(M, t, d->lambda);
    // z = e^w, w = dt lambda: dg/dw = C B (z / lambda s0 + held s1)
    s4_multiply(M, z, over, over);
    s4_multiply(M, over, s0, s0);
    s4_multiply(M, held, s1, s1);
    for (int m = 0; m < M; m++) {
        t.re[m] = s0.re[m] + s1.re[m];
        t.im[m] = s0.im[m] + s1.im[m];
    }
    s4_multiply(M, s->c, t, t);
    s4_multiply(M, s->b, t, t);
    for (int m = 0; m < M; m++) {
        d->dt += 2 * (t.re[m] * s->lambda.re[m] - t.im[m] * s->lambda.im[m]);
        t.re[m] *= s->dt;
        t.im[m] *= s->dt;
    }
    add_conjugate(M, t, d->lambda);
    s4_complex all[] = {z, held, over, s0, s1, t};
    for (int i = 0; i < 6; i++)
        s4_complex_free(all[i]);
}

void
s4_correlate(int L, const double *dy, const double *u, double *dk)
{
    int n = s4_padded(L);
    s4_complex a = s4_complex_new(n), b = s4_complex_new(n);
    fft *f = fft_new(n, 1);
    memcpy(a.re, u, L * sizeof *u);
    memcpy(b.re, dy, L * sizeof *dy);
    fft_forward(f, a.re, a.im);
    fft_forward(f, b.re, b.im);
    s4_multiply_conjugate(n, a, b, a);
    fft_inverse(f, a.re, a.im);
    memcpy(dk, a.re, L * sizeof *dk);
    fft_free(f);
    s4_complex_free(a);
    s4_complex_free(b);
}
