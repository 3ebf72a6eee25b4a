// Chapter s4: first recurrence = convolution, then closed forms and the definitions written once more.
#define _DEFAULT_SOURCE // M_PI
#include "s4/s4.h"
#include "s4/cauchy.h"
#include "s4/layer.h"
#include "s4/signal.h"
#include "s4/tones.h"

#include "nets/ops.h"
#include "numbers/linalg.h"
#include "numbers/random.h"
#include "test.h"

#include <complex.h>
#include <math.h>

enum { MOST = 64, LONG = 1024 };

static void
normal(int n, double *x, int stream)
{
    rng r = rng_at(3, stream);
    for (int i = 0; i < n; i++)
        x[i] = rng_normal(&r);
}

static void
normal_complex(int n, s4_complex *x, int stream)
{
    double part[n];
    normal(n, part, stream);
    for (int i = 0; i < n; i++)
        x[i].re = part[i];
    normal(n, part, stream + 1);
    for (int i = 0; i < n; i++)
        x[i].im = part[i];
}

// The same number in C's own type, for expectations.
static double complex
number(s4_complex a)
{
    return a.re + a.im * _Complex_I;
}

static double
largest(int n, const double *x)
{
    double most = 0;
    for (int i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

// |x - expected| <= tolerance times the largest expected value.
static void
assert_near(int n, const double *x, const double *expected, double tolerance, const char *what)
{
    double close = tolerance * largest(n, expected);
    for (int i = 0; i < n; i++)
        ck_assert_msg(fabs(x[i] - expected[i]) <= close, "%s[%d]: %.17g, expected %.17g", what, i,
                      x[i], expected[i]);
}

// ---- Complex numbers ----

static void
assert_complex(s4_complex x, double complex expected, double tolerance)
{
    ck_assert_msg(cabs(number(x) - expected) <= tolerance * cabs(expected),
                  "%.17g + %.17g i, expected %.17g + %.17g i", x.re, x.im, creal(expected),
                  cimag(expected));
}

START_TEST(complex_numbers)
{
    s4_complex x[20], y[20];
    normal_complex(20, x, 50);
    normal_complex(20, y, 52);
    for (int i = 0; i < 20; i++) {
        double complex a = number(x[i]), b = number(y[i]);
        assert_complex(s4_conjugate(x[i]), conj(a), 0);
        assert_complex(s4_plus(x[i], y[i]), a + b, 1e-15);
        assert_complex(s4_minus(x[i], y[i]), a - b, 1e-15);
        assert_complex(s4_scaled(-3, x[i]), -3 * a, 1e-15);
        assert_complex(s4_times(x[i], y[i]), a * b, 1e-15);
        assert_complex(s4_inverse(x[i]), 1 / a, 1e-15);
        assert_complex(s4_over(x[i], y[i]), a / b, 1e-15);
        assert_complex(s4_exponential(x[i]), cexp(a), 1e-15);
        assert_complex(s4_exponential_minus_1(x[i]), cexp(a) - 1, 1e-14);
        ck_assert_double_eq_tol(s4_square(x[i]), cabs(a) * cabs(a), 1e-14);
    }
    // near 0 it is a + a^2/2 + ...; the difference to 1 would leave eight digits of this
    s4_complex small = {1e-8, -2e-8};
    double complex a = number(small);
    assert_complex(s4_exponential_minus_1(small), a + a * a / 2, 1e-15);
}
END_TEST

// Each product is rounded by itself, also where real and imaginary parts alternate in memory.
START_TEST(no_fused_products)
{
    enum { N = 64 };
    s4_complex x[N], y[N], product[N], quotient[N];
    normal_complex(N, x, 54);
    normal_complex(N, y, 56);
    for (int i = 0; i < N; i++) {
        product[i] = s4_times(x[i], y[i]);
        quotient[i] = s4_over(x[i], y[i]);
    }
    for (int i = 0; i < N; i++) {
        volatile double rr = x[i].re * y[i].re, ii = x[i].im * y[i].im, ri = x[i].re * y[i].im;
        volatile double ir = x[i].im * y[i].re, yr = y[i].re * y[i].re, yi = y[i].im * y[i].im;
        double square = yr + yi;
        ck_assert(product[i].re == rr - ii && product[i].im == ri + ir);
        ck_assert(quotient[i].re == (rr + ii) / square && quotient[i].im == (ir - ri) / square);
    }
}
END_TEST

// ---- The identity of the chapter ----

// The model as a recurrence and as a convolution with its kernel: N, L, by one rule.
static void
assert_convolution(int N, int L, s4_rule rule)
{
    static double a[MOST * MOST], abar[MOST * MOST], x[LONG * MOST], u[LONG], k[LONG];
    static double y[LONG], again[LONG];
    double b[MOST], bbar[MOST], c[MOST];
    s4_legs(N, a, b);
    normal(N, c, 0);
    normal(L, u, 1);
    s4_discretise(rule, N, a, b, 1.0 / 64, abar, bbar);
    s4_recurrence(N, L, abar, bbar, c, 0, u, x, y);
    s4_kernel_by_powers(N, L, abar, bbar, c, k);
    s4_convolve(L, k, u, again);
    assert_near(L, again, y, 1e-12, "y");
    s4_recurrence(N, L, abar, bbar, c, 0.5, u, x, again);
    for (int l = 0; l < L; l++)
        y[l] += 0.5 * u[l];
    assert_near(L, again, y, 1e-12, "y with D");
}

START_TEST(recurrence_is_convolution)
{
    static const int lengths[] = {1, 2, 77, 512, 1023};
    for (int rule = S4_FORWARD; rule <= S4_ZOH; rule++)
        for (int N = 1; N <= MOST; N = N * 3 + 1)
            for (int i = 0; i < 5; i++)
                assert_convolution(N, lengths[i], rule);
}
END_TEST

// S4's kernel by its generating function is that of the recurrence, also where z = -1 is a node.
START_TEST(generating_function)
{
    for (int N = 2; N <= MOST; N *= 2)
        for (int L = 1; L <= LONG; L *= 4) {
            static double a[MOST * MOST], abar[MOST * MOST], k[LONG], steps[LONG];
            double b[MOST], bbar[MOST], c[MOST], ctilde[MOST], dt = 1.0 / L;
            normal(N, c, N);
            s4_legs(N, a, b);
            s4_discretise(S4_BILINEAR, N, a, b, dt, abar, bbar);
            s4_kernel_by_powers(N, L, abar, bbar, c, k);
            s4_dplr s = s4_nplr(N);
            s4_complex khat[LONG];
            s4_dplr_kernel(&s, c, dt, L, (s4_kernel_steps){ctilde, khat, steps});
            assert_near(L, steps, k, 1e-12, "k");
            s4_dplr_free(&s);
        }
}
END_TEST

// The diagonal kernel is that of 2 M independent recurrences.
START_TEST(diagonal)
{
    enum { M = 5, L = 300 };
    double k[L], expected[L] = {0};
    s4_diagonal s = s4_diagonal_new(M);
    s.dt = 0.03;
    for (int m = 0; m < M; m++)
        s.lambda[m] = (s4_complex){-0.2 - 0.3 * m, 7.5 * m};
    normal_complex(M, s.b, 2);
    normal_complex(M, s.c, 4);
    s4_diagonal_kernel(&s, L, k);
    for (int m = 0; m < M; m++) {
        // x' = lambda x + B u as a real system of two, held constant over a step
        double re = s.lambda[m].re, im = s.lambda[m].im, a[] = {re, -im, im, re}, abar[4], bbar[2];
        double b[] = {s.b[m].re, s.b[m].im}, c[] = {2 * s.c[m].re, -2 * s.c[m].im}, one[L];
        s4_discretise(S4_ZOH, 2, a, b, s.dt, abar, bbar);
        s4_kernel_by_powers(2, L, abar, bbar, c, one);
        for (int l = 0; l < L; l++)
            expected[l] += one[l];
    }
    assert_near(L, k, expected, 1e-12, "k");
    s4_diagonal_free(&s);
}
END_TEST

// Where |dt lambda| is small, h = dt (1 + dt lambda / 2 + ...): e^(dt lambda) - 1 by a difference would leave half of
// its digits.
START_TEST(slow_mode)
{
    const double dt = 1e-3;
    double k[2];
    s4_diagonal s = s4_diagonal_new(1);
    s.dt = dt;
    s.lambda[0] = (s4_complex){-1e-5, 2e-5};
    s.b[0] = s.c[0] = (s4_complex){1, 0};
    s4_diagonal_kernel(&s, 2, k);
    test_near(k[0], 2 * dt * (1 + dt * s.lambda[0].re / 2), 1e-15, "k", 0);
    test_near(k[1], 2 * dt * (1 + 3 * dt * s.lambda[0].re / 2), 1e-15, "k", 1);
    s4_diagonal_free(&s);
}
END_TEST

// Steps give what the convolution with the kernel gives.
START_TEST(diagonal_steps)
{
    enum { M = 5, L = 200 };
    double u[L], k[L], expected[L], y[L];
    s4_complex x[M] = {{0}};
    s4_diagonal s = s4_diagonal_new(M);
    s.dt = 0.03;
    for (int m = 0; m < M; m++)
        s.lambda[m] = (s4_complex){-0.2 - 0.3 * m, 7.5 * m};
    normal_complex(M, s.b, 2);
    normal_complex(M, s.c, 4);
    normal(L, u, 6);
    s4_diagonal_kernel(&s, L, k);
    s4_convolve(L, k, u, expected);
    for (int l = 0; l < L; l++)
        y[l] = s4_diagonal_step(&s, x, u[l]);
    assert_near(L, y, expected, 1e-12, "y");
    s4_diagonal_free(&s);
}
END_TEST

// ---- HiPPO ----

START_TEST(matrices)
{
    double a[9], b[3], r3 = sqrt(3), r5 = sqrt(5), r15 = sqrt(15);
    s4_legs(3, a, b);
    assert_near(9, a, (double[]){-1, 0, 0, -r3, -2, 0, -r5, -r15, -3}, 1e-15, "A of LegS");
    assert_near(3, b, (double[]){1, r3, r5}, 1e-15, "B of LegS");
    s4_legt(3, 2, a, b);
    assert_near(9, a, (double[]){-.5, -.5, -.5, 1.5, -1.5, -1.5, -2.5, 2.5, -2.5}, 1e-15,
                "A of LegT");
    assert_near(3, b, (double[]){.5, -1.5, 2.5}, 1e-15, "B of LegT");
    s4_lagt(3, a, b);
    assert_near(9, a, (double[]){-.5, 0, 0, -1, -.5, 0, -1, -1, -.5}, 0, "A of LagT");
    assert_near(3, b, (double[]){1, 1, 1}, 0, "B of LagT");
}
END_TEST

// Legendre's and Laguerre's polynomials to the third degree.
START_TEST(basis)
{
    double g[4], x = 0.3;
    s4_basis(S4_LEGS, 4, x, g);
    double y = 2 * x - 1, p[] = {1, y, 1.5 * y * y - 0.5, 2.5 * y * y * y - 1.5 * y};
    for (int n = 0; n < 4; n++)
        ck_assert_double_eq_tol(g[n], sqrt(2 * n + 1) * p[n], 1e-15);
    s4_basis(S4_LEGT, 4, x, g);
    for (int n = 0; n < 4; n++)
        ck_assert_double_eq_tol(g[n], n % 2 ? -p[n] : p[n], 1e-15);
    s4_basis(S4_LAGT, 4, x, g);
    double q[] = {1, 1 - x, 1 - 2 * x + x * x / 2, 1 - 3 * x + 1.5 * x * x - x * x * x / 6};
    for (int n = 0; n < 4; n++)
        ck_assert_double_eq_tol(g[n], exp(-x / 2) * q[n], 1e-15);
    ck_assert_double_eq_tol(s4_reconstruct(S4_LAGT, 4, (double[]){1, 2, 0, -1}, x),
                            g[0] + 2 * g[1] - g[3], 1e-15);
}
END_TEST

// The integral over [0, 1] of f(offset + scale x) g_n(x), by Simpson's rule.
static double
projected(s4_measure measure, int N, int n, double offset, double scale)
{
    enum { PARTS = 2000 };
    double sum = 0, g[N];
    for (int i = 0; i <= PARTS; i++) {
        double x = (double)i / PARTS, at = offset + scale * x;
        s4_basis(measure, N, x, g);
        sum += (i == 0 || i == PARTS ? 1 : i % 2 ? 4 : 2) * (1 + at * at * at - at) * g[n];
    }
    return sum / (3 * PARTS);
}

// The coefficients of the cubic 1 + t^3 - t follow c' = (A c + B f)/t, and in the window c' = A c + B f.
START_TEST(projections_follow_the_equation)
{
    enum { N = 4 };
    const double t = 1.7, theta = 0.8, h = 1e-4, f = 1 + t * t * t - t;
    for (int way = 0; way < 2; way++) {
        double a[N * N], b[N], c[3][N];
        for (int n = 0; n < N; n++)
            for (int i = 0; i < 3; i++) {
                double now = t + (i - 1) * h;
                c[i][n] = way == 0 ? projected(S4_LEGS, N, n, 0, now)
                                   : (2 * n + 1) * projected(S4_LEGT, N, n, now - theta, theta);
            }
        if (way == 0)
            s4_legs(N, a, b);
        else
            s4_legt(N, theta, a, b);
        for (int n = 0; n < N; n++) {
            double right = b[n] * f;
            for (int k = 0; k < N; k++)
                right += a[n * N + k] * c[1][k];
            ck_assert_double_eq_tol((c[2][n] - c[0][n]) / (2 * h), way == 0 ? right / t : right,
                                    1e-6);
        }
        // and give the cubic back
        double x = 0.37, at = way == 0 ? t * x : t - theta + theta * x;
        ck_assert_double_eq_tol(s4_reconstruct(way == 0 ? S4_LEGS : S4_LEGT, N, c[1], x),
                                1 + at * at * at - at, 1e-9);
    }
}
END_TEST

// e^(tA) B, the response to an impulse: Laguerre's functions, and of LegS without the 1/t
// sqrt(2n+1) P_n(2 e^-t - 1) e^-t.
START_TEST(impulse_responses)
{
    enum { N = 10 };
    for (double t = 0.1; t < 8; t *= 2) {
        double a[N * N], b[N], e[N * N], response[N], g[N];
        for (int way = 0; way < 2; way++) {
            if (way == 0)
                s4_lagt(N, a, b);
            else
                s4_legs(N, a, b);
            for (int i = 0; i < N * N; i++)
                a[i] *= t;
            linalg_expm(N, a, e);
            linalg_product(N, 1, N, e, b, response);
            s4_basis(way == 0 ? S4_LAGT : S4_LEGS, N, way == 0 ? t : exp(-t), g);
            for (int n = 0; n < N; n++)
                ck_assert_double_eq_tol(response[n], way == 0 ? g[n] : g[n] * exp(-t), 1e-11);
        }
    }
}
END_TEST

// c (N) becomes c' of (I - A/2t) c' = (I + A/2t) c + B f/t.
static void
step_by_matrices(int N, const double *a, const double *b, double t, double f, double *c)
{
    double left[N * N], right[N];
    for (int n = 0; n < N; n++) {
        right[n] = c[n] + b[n] * f / t;
        for (int k = 0; k < N; k++) {
            right[n] += a[n * N + k] * c[k] / (2 * t);
            left[n * N + k] = (n == k) - a[n * N + k] / (2 * t);
        }
    }
    linalg_solve("left", N, left, 1, right);
    memcpy(c, right, sizeof right);
}

// The running sums against the whole matrices.
START_TEST(legs_memory)
{
    enum { T = 50 };
    for (int N = 1; N <= 9; N += 4)
        for (int start = S4_FROM_ZERO; start <= S4_FROM_FIRST; start++) {
            double a[81], b[9], c[9] = {0}, f[T], all[T * 9];
            s4_legs(N, a, b);
            normal(T, f, N);
            s4_legs_memory(start, N, T, f, all);
            c[0] = start == S4_FROM_FIRST ? f[0] : 0;
            for (int i = 0; i < T; i++) {
                double t = i + 1 - (start == S4_FROM_FIRST);
                if (t > 0)
                    step_by_matrices(N, a, b, t, f[i], c);
                for (int n = 0; n < N; n++)
                    ck_assert_double_eq_tol(all[i * N + n], c[n], 1e-13);
            }
        }
}
END_TEST

// Euler's two rules: forward takes A c of the old state, backward of the new one.
START_TEST(legs_step_rules)
{
    enum { N = 7 };
    const double t = 3, f = 0.6;
    double a[N * N], b[N], c[N], forward[N], backward[N];
    s4_legs(N, a, b);
    normal(N, c, 1);
    s4_legs_step(0, N, t, f, c, forward);
    s4_legs_step(1, N, t, f, c, backward);
    for (int n = 0; n < N; n++) {
        double old = b[n] * f, new = b[n] * f;
        for (int k = 0; k < N; k++) {
            old += a[n * N + k] * c[k];
            new += a[n * N + k] * backward[k];
        }
        ck_assert_double_eq_tol(forward[n], c[n] + old / t, 1e-13);
        ck_assert_double_eq_tol(backward[n], c[n] + new / t, 1e-13);
    }
}
END_TEST

// A constant: from zero c_0 = 1 - 1/(2T + 1) after T samples, from the first it is kept.
START_TEST(constants)
{
    enum { N = 7, T = 200 };
    double f[T], c[T * N];
    for (int i = 0; i < T; i++)
        f[i] = 1;
    s4_legs_memory(S4_FROM_ZERO, N, T, f, c);
    for (int i = 0; i < T; i++)
        ck_assert_double_eq_tol(c[i * N], 1 - 1.0 / (2 * (i + 1) + 1), 1e-14);
    s4_legs_memory(S4_FROM_FIRST, N, T, f, c);
    for (int i = 0; i < T * N; i++)
        ck_assert_double_eq_tol(c[i], i % N == 0, 1e-12);
    double one[N];
    s4_legs_memory(S4_FROM_FIRST, N, 1, (double[]){5}, one);
    assert_near(N, one, (double[]){5, 0, 0, 0, 0, 0, 0}, 0, "one sample");
}
END_TEST

// With the samples of a sine at their places both starts give it back; half a sample off, far worse.
START_TEST(places)
{
    enum { N = 20, T = 400 };
    static double f[T], c[T * N];
    for (int start = S4_FROM_ZERO; start <= S4_FROM_FIRST; start++) {
        double error[2] = {0};
        for (int i = 0; i < T; i++)
            f[i] = sin(9 * s4_legs_place(start, i, T));
        s4_legs_memory(start, N, T, f, c);
        for (int i = 0; i < T; i++)
            for (int off = 0; off < 2; off++) {
                double x = s4_legs_place(start, i, T) + off * 0.5 / T;
                double gap = f[i] - s4_reconstruct(S4_LEGS, N, c + (T - 1) * N, x);
                error[off] += gap * gap / T;
            }
        ck_assert_double_lt(error[0], 1e-7);
        ck_assert_double_gt(error[1], 1e-5);
    }
    ck_assert(s4_legs_place(S4_FROM_FIRST, 0, T) == 0);
}
END_TEST

// ---- Discrete time ----

// x' = -2 x + 3 u.
START_TEST(rules)
{
    const double a = -2, b = 3, dt = 0.1;
    const double expected[][2] = {{0.8, 0.3},
                                  {1 / 1.2, 0.3 / 1.2},
                                  {0.9 / 1.1, 0.3 / 1.1},
                                  {exp(-0.2), 1.5 * (1 - exp(-0.2))}};
    for (int rule = S4_FORWARD; rule <= S4_ZOH; rule++) {
        double abar, bbar;
        s4_discretise(rule, 1, &a, &b, dt, &abar, &bbar);
        ck_assert_double_eq_tol(abar, expected[rule][0], 1e-15);
        ck_assert_double_eq_tol(bbar, expected[rule][1], 1e-15);
    }
}
END_TEST

// Against the exact transition e^(dt A) Euler's rules err by dt^2, bilinear by dt^3.
START_TEST(orders)
{
    enum { N = 4 };
    double error[4][2];
    for (int fine = 0; fine < 2; fine++) {
        double a[N * N], b[N], exact[N * N], exact_b[N], abar[N * N], bbar[N];
        double dt = fine ? 0.001 : 0.002;
        s4_legs(N, a, b);
        s4_discretise(S4_ZOH, N, a, b, dt, exact, exact_b);
        for (int rule = S4_FORWARD; rule <= S4_BILINEAR; rule++) {
            s4_discretise(rule, N, a, b, dt, abar, bbar);
            double gap[N * N];
            for (int i = 0; i < N * N; i++)
                gap[i] = abar[i] - exact[i];
            error[rule][fine] = largest(N * N, gap);
        }
    }
    ck_assert_double_eq_tol(error[S4_FORWARD][0] / error[S4_FORWARD][1], 4, 0.1);
    ck_assert_double_eq_tol(error[S4_BACKWARD][0] / error[S4_BACKWARD][1], 4, 0.1);
    ck_assert_double_eq_tol(error[S4_BILINEAR][0] / error[S4_BILINEAR][1], 8, 0.2);
}
END_TEST

// The convolution against its sum, and s4_correlate as its adjoint: <dy, k * u> = <correlate(dy, u), k>.
START_TEST(convolution)
{
    for (int L = 1; L <= 40; L++) {
        double k[40], u[40], y[40], dy[40], dk[40], left = 0, right = 0;
        normal(L, k, L);
        normal(L, u, 100 + L);
        normal(L, dy, 200 + L);
        s4_convolve(L, k, u, y);
        s4_correlate(L, dy, u, dk);
        for (int l = 0; l < L; l++) {
            double sum = 0;
            for (int j = 0; j <= l; j++)
                sum += k[j] * u[l - j];
            ck_assert_double_eq_tol(y[l], sum, 1e-13);
            left += dy[l] * y[l];
            right += dk[l] * k[l];
        }
        ck_assert_double_eq_tol(left, right, 1e-12);
        s4_convolve(L, k, u, u);
        assert_near(L, u, y, 0, "in place");
    }
}
END_TEST

// a^8 by squaring; a power of 1 changes nothing.
START_TEST(powers)
{
    enum { N = 3 };
    double a[N * N], power[N * N], expected[N * N], next[N * N];
    normal(N * N, a, 60);
    memcpy(power, a, sizeof a);
    s4_power(N, 1, power);
    assert_near(N * N, power, a, 0, "a^1");
    memcpy(expected, a, sizeof a);
    for (int i = 1; i < 8; i++) {
        linalg_product(N, N, N, expected, a, next);
        memcpy(expected, next, sizeof next);
    }
    s4_power(N, 8, power);
    assert_near(N * N, power, expected, 1e-13, "a^8");
}
END_TEST

// What errors are measured with: norms, and a reconstruction without and with a shift.
START_TEST(errors)
{
    enum { T = 50 };
    double x[] = {3, -4}, y[] = {3, -4.5}, f[T], c[] = {0.5};
    ck_assert_double_eq_tol(s4_norm(2, x), 5, 1e-15);
    ck_assert_double_eq_tol(s4_relative_error(2, y, x), 0.1, 1e-15);
    ck_assert_double_eq_tol(s4_three_waves(0), 0.7 * sin(1) + 0.5 * sin(2), 1e-15);
    ck_assert_double_eq_tol(s4_three_waves(0.25), 0.7 * cos(1) - 0.5 * cos(2), 1e-14);
    for (int i = 0; i < T; i++)
        f[i] = 0.5 + (i % 2 ? 0.1 : -0.1);
    ck_assert_double_eq_tol(s4_memory_error(1, T, f, c, 0), 0.01, 1e-15);
    double slope[] = {0.5, 0.5 / sqrt(3)}; // 0.5 + 0.5 (2x - 1) = x
    for (int i = 0; i < T; i++)
        f[i] = i / (T - 0.5);
    ck_assert_double_eq_tol(s4_memory_error(2, T, f, slope, 0), 0, 1e-15);
    ck_assert_double_eq_tol(s4_memory_error(2, T, f, slope, 1), 1 / (T - 0.5) / (T - 0.5), 1e-15);
}
END_TEST

// ---- S4 ----

// V (diag(lambda) - p p^*) V^* is LegS's A, V b its B, and V is unitary.
START_TEST(normal_plus_low_rank)
{
    for (int N = 2; N <= MOST; N += N < 8 ? 2 : 28) {
        static double a[MOST * MOST];
        double b[MOST], most = 0;
        s4_dplr s = s4_nplr(N);
        s4_legs(N, a, b);
        for (int i = 0; i < N; i++) {
            double complex v_b = 0;
            for (int n = 0; n < N; n++)
                v_b += number(s.v[n * N + i]) * number(s.b[n]);
            ck_assert_double_le(cabs(v_b - b[i]), 1e-12);
            for (int j = 0; j < N; j++) {
                double complex turned = 0, unit = 0, v_p = 0, p_v = 0;
                for (int n = 0; n < N; n++) {
                    double complex v = number(s.v[n * N + i]), w = conj(number(s.v[n * N + j]));
                    turned += v * number(s.lambda[n]) * w;
                    unit += v * w;
                    v_p += v * number(s.p[n]);       // (V p)_i
                    p_v += conj(number(s.p[n])) * w; // (p^* V^*)_j
                }
                ck_assert_double_le(cabs(turned - v_p * p_v - a[i * N + j]), 1e-10);
                ck_assert_double_le(cabs(unit - (i == j)), 1e-12);
            }
            most = fmax(most, s.lambda[i].im);
            ck_assert_double_eq_tol(s.lambda[i].im, -s.lambda[N - 1 - i].im, 1e-10);
        }
        if (N == 64)
            ck_assert_double_eq_tol(most, 1303.3, 0.05); // about N^2 / pi
        s4_dplr_free(&s);
    }
}
END_TEST

START_TEST(initialisations)
{
    enum { M = 4, N = 2 * M };
    const double inv[] = {N / M_PI * 7, N / M_PI * (N / 3. - 1), N / M_PI * (N / 5. - 1),
                          N / M_PI * (N / 7. - 1)};
    s4_diagonal s = s4_diagonal_new(M);
    s4_dplr legs = s4_nplr(N);
    for (int m = 0; m < M; m++) {
        s4_diagonal_init(S4_INIT_LIN, &s);
        ck_assert(s.lambda[m].re == -0.5 && s.b[m].re == 1 && s.b[m].im == 0);
        test_near(s.lambda[m].im, M_PI * m, 1e-15, "Lin", m);
        s4_diagonal_init(S4_INIT_INV, &s);
        test_near(s.lambda[m].im, inv[m], 1e-15, "Inv", m);
        s4_diagonal_init(S4_INIT_LEGS, &s);
        ck_assert(s.lambda[m].im > 0 && s.lambda[m].im == legs.lambda[M + m].im);
        assert_complex(s.b[m], number(legs.b[M + m]) / 2, 1e-15);
    }
    s4_dplr_free(&legs);
    s4_diagonal_free(&s);
    REFUSED(s4_nplr(5), "s4_nplr: N = 5, expected 2, 4, 6, ...");
    REFUSED(s4_nplr(0), "s4_nplr: N = 0, expected 2, 4, 6, ...");
}
END_TEST

// The response to a slow input by S4D-LegS approaches that by LegS; with B in the place of B/2 it is twice it.
START_TEST(diagonal_legs_approaches_legs)
{
    enum { N = 64, M = N / 2, L = 512 };
    static double a[N * N], abar[N * N], x[L * N];
    double b[N], bbar[N], c[N] = {0}, u[L], y[L], k[L], again[L];
    s4_legs(N, a, b);
    s4_discretise(S4_ZOH, N, a, b, 4.0 / L, abar, bbar);
    c[0] = 1;
    for (int l = 0; l < L; l++)
        u[l] = sin(l * 6.0 / L);
    s4_recurrence(N, L, abar, bbar, c, 0, u, x, y);
    s4_diagonal s = s4_diagonal_new(M);
    s4_dplr legs = s4_nplr(N);
    s4_diagonal_init(S4_INIT_LEGS, &s);
    s.dt = 4.0 / L;
    for (int m = 0; m < M; m++)
        s.c[m] = legs.v[(M + m) * N]; // C V
    s4_diagonal_kernel(&s, L, k);
    s4_convolve(L, k, u, again);
    assert_near(L, again, y, 0.03, "y");
    s4_diagonal_free(&s);
    s4_dplr_free(&legs);
}
END_TEST

// ---- Gradients ----

// sum(dk k) of a diagonal kernel.
static double
weighted(const s4_diagonal *s, int L, const double *dk)
{
    double k[LONG], sum = 0;
    s4_diagonal_kernel(s, L, k);
    for (int l = 0; l < L; l++)
        sum += dk[l] * k[l];
    return sum;
}

static void
assert_slope(const s4_diagonal *s, double *at, double gradient, int L, const double *dk)
{
    const double h = 1e-6;
    double kept = *at;
    *at = kept + h;
    double above = weighted(s, L, dk);
    *at = kept - h;
    double slope = (above - weighted(s, L, dk)) / (2 * h);
    *at = kept;
    ck_assert_msg(fabs(gradient - slope) <= 1e-7 * fmax(1, fabs(slope)), "%.12g, expected %.12g",
                  gradient, slope);
}

START_TEST(diagonal_gradient)
{
    enum { M = 3, L = 40 };
    s4_diagonal s = s4_diagonal_new(M), d = s4_diagonal_new(M);
    double dk[L];
    normal(L, dk, 10);
    s.dt = d.dt = 0.1;
    for (int m = 0; m < M; m++)
        s.lambda[m] = (s4_complex){-0.5 - m, m - 0.4};
    normal_complex(M, s.b, 11);
    normal_complex(M, s.c, 13);
    d.b[1].re = 7; // gradients add
    s4_diagonal_gradient(&s, L, dk, &d);
    d.b[1].re -= 7;
    d.dt -= 0.1;
    assert_slope(&s, &s.dt, d.dt, L, dk);
    s4_complex *x[] = {s.lambda, s.b, s.c}, *dx[] = {d.lambda, d.b, d.c};
    for (int i = 0; i < 3; i++)
        for (int m = 0; m < M; m++) {
            assert_slope(&s, &x[i][m].re, dx[i][m].re, L, dk);
            assert_slope(&s, &x[i][m].im, dx[i][m].im, L, dk);
        }
    s4_diagonal_free(&s);
    s4_diagonal_free(&d);
}
END_TEST

// sum(dk k) of a kernel by Cauchy sums.
static double
weighted_cauchy(const s4_dplr *s, const s4_complex *c, double dt, int L, const double *dk)
{
    double k[LONG], sum = 0;
    s4_cauchy_kernel(s, c, dt, L, k);
    for (int l = 0; l < L; l++)
        sum += dk[l] * k[l];
    return sum;
}

START_TEST(cauchy_gradient)
{
    enum { N = 4, L = 8 };
    const double h = 1e-6;
    double dk[L], dt = 0.2, ddt = 0;
    s4_dplr s = s4_nplr(N), d = s4_dplr_new(N);
    s4_complex c[N], dc[N] = {{0}};
    normal(L, dk, 30);
    normal_complex(N, c, 31);
    dc[2].im = d.p[1].re = 7; // gradients add
    s4_cauchy_gradient(&s, c, dt, L, dk, &d, dc, &ddt);
    dc[2].im -= 7;
    d.p[1].re -= 7;
    double slope =
        (weighted_cauchy(&s, c, dt + h, L, dk) - weighted_cauchy(&s, c, dt - h, L, dk)) / (2 * h);
    ck_assert_double_eq_tol(ddt, slope, 1e-6);
    s4_complex *x[] = {s.lambda, s.p, s.b, c}, *dx[] = {d.lambda, d.p, d.b, dc};
    for (int i = 0; i < 4; i++)
        for (int n = 0; n < 2 * N; n++) {
            double *at = n < N ? &x[i][n].re : &x[i][n - N].im, kept = *at;
            *at = kept + h;
            double above = weighted_cauchy(&s, c, dt, L, dk);
            *at = kept - h;
            slope = (above - weighted_cauchy(&s, c, dt, L, dk)) / (2 * h);
            *at = kept;
            ck_assert_double_eq_tol(n < N ? dx[i][n].re : dx[i][n - N].im, slope, 1e-6);
        }
    s4_dplr_free(&s);
    s4_dplr_free(&d);
}
END_TEST

// ---- The layer ----

static tensor *
random_param(const char *name, shape s, float mean, float std, int stream)
{
    tensor *x = param(name, s);
    rng r = rng_at(5, stream);
    rng_fill_normal(&r, x->size, x->data, mean, std);
    return x;
}

static tensor *
kernels(tensor *const x[], void *context)
{
    return s4_kernels(x[0], x[1], x[2], x[3], x[4], *(int *)context);
}

START_TEST(kernels_on_the_tape)
{
    enum { H = 3, M = 2 };
    int L = 9;
    tensor *x[] = {random_param("log_dt", SHAPE(H), -1, 0.5f, 0),
                   random_param("log_re", SHAPE(H, M), -0.5f, 0.3f, 1),
                   random_param("im", SHAPE(H, M), 1, 1, 2),
                   random_param("c_re", SHAPE(H, M), 0, 1, 3),
                   random_param("c_im", SHAPE(H, M), 0, 1, 4)};
    tensor *k = kernels(x, &L);
    for (int h = 0; h < H; h++)
        for (int l = 0; l < L; l++) {
            double sum = 0, dt = exp(x[0]->data[h]);
            for (int m = 0; m < M; m++) {
                int i = h * M + m;
                double complex lambda = number((s4_complex){-exp(x[1]->data[i]), x[2]->data[i]});
                double complex c = number((s4_complex){x[3]->data[i], x[4]->data[i]});
                sum += 2 * creal(c * (cexp(dt * lambda) - 1) / lambda * cexp(dt * lambda * l));
            }
            ck_assert_double_eq_tol(k->data[h * L + l], sum, 1e-6);
        }
    ck_assert_double_lt(gradcheck(kernels, 5, x, &L), 1e-3);
    REFUSED(s4_kernels(x[1], x[1], x[2], x[3], x[4], L),
            "s4_kernels: log_dt must be (H) for modes (H, M): log_re (3, 2), log_re (3, 2)");
    REFUSED(s4_kernels(x[0], x[1], x[2], x[0], x[4], L),
            "s4_kernels: all modes must be (H, M): log_dt (3), log_re (3, 2)");
}
END_TEST

static tensor *
causal(tensor *const x[], void *context)
{
    (void)context;
    return s4_causal(x[0], x[1]);
}

// One, two and three sequences: pairs share a transform.
START_TEST(causal_on_the_tape)
{
    enum { T = 5, H = 3 };
    for (int B = 1; B <= 4; B++) {
        tensor *x[] = {random_param("u", SHAPE(T, B, H), 0, 1, 10),
                       random_param("k", SHAPE(H, T), 0, 1, 11)};
        tensor *y = causal(x, NULL);
        for (int t = 0; t < T; t++)
            for (int b = 0; b < B; b++)
                for (int h = 0; h < H; h++) {
                    double sum = 0;
                    for (int j = 0; j <= t; j++)
                        sum +=
                            (double)x[1]->data[h * T + j] * x[0]->data[((t - j) * B + b) * H + h];
                    ck_assert_double_eq_tol(y->data[(t * B + b) * H + h], sum, 1e-6);
                }
        ck_assert_double_lt(gradcheck(causal, 2, x, NULL), 1e-3);
        tape_reset();
        tensor *kernel_alone[] = {constant("u", SHAPE(T, B, H), x[0]->data), x[1]};
        backward(t_sum(causal(kernel_alone, NULL))); // an input without gradient
        tensors_free();
    }
}
END_TEST

START_TEST(causal_refused)
{
    tensor *u = constant("u", SHAPE(5, 1, 3), NULL), *k = constant("k", SHAPE(3, 4), NULL);
    REFUSED(s4_causal(u, k),
            "s4_causal: the kernel must be (H, T) for an input (T, B, H): u (5, 1, 3), k (3, 4)");
}
END_TEST

static tensor *
whole_layer(tensor *const x[], void *context)
{
    s4_layer *l = context;
    l->log_dt = x[1];
    l->c_re = x[2];
    l->d = x[3];
    return s4_layer_forward(l, x[0]);
}

START_TEST(layer)
{
    enum { T = 6, B = 2, H = 3, M = 4 };
    rng r = rng_at(6, 0);
    s4_layer l = s4_layer_new(H, M, 0.01, 0.5, &r);
    for (int h = 0; h < H; h++) {
        ck_assert(l.log_dt->data[h] >= logf(0.01f) && l.log_dt->data[h] <= logf(0.5f));
        for (int m = 0; m < M; m++) {
            ck_assert_double_eq_tol(-exp(l.log_re->data[h * M + m]), -0.5, 1e-6);
            ck_assert_double_eq_tol(l.im->data[h * M + m], M_PI * m, 1e-5);
        }
    }
    tensor *x[] = {random_param("u", SHAPE(T, B, H), 0, 1, 20), l.log_dt, l.c_re, l.d};
    tensor *y = whole_layer(x, &l);
    ck_assert(shape_equal(y->shape, SHAPE(T, B, H)));
    ck_assert_double_lt(gradcheck(whole_layer, 4, x, &l), 1e-3);
    // step by step it is the same
    s4_complex state[B * H * M] = {{0}};
    y = whole_layer(x, &l);
    for (int t = 0; t < T; t++) {
        tensor *now = constant("u", SHAPE(B, H), x[0]->data + t * B * H);
        tensor *step = s4_layer_step(&l, state, now);
        for (int i = 0; i < B * H; i++)
            ck_assert_double_eq_tol(step->data[i], y->data[t * B * H + i], 1e-5);
    }
    // what comes later changes nothing before
    y = whole_layer(x, &l);
    float before[T * B * H];
    memcpy(before, y->data, sizeof before);
    x[0]->data[(T - 1) * B * H] += 1;
    y = whole_layer(x, &l);
    for (int i = 0; i < (T - 1) * B * H; i++)
        ck_assert_double_eq_tol(y->data[i], before[i], 1e-6);
    ck_assert(fabsf(y->data[(T - 1) * B * H] - before[(T - 1) * B * H]) > 1e-3f);
}
END_TEST

// A new layer: half of dt below the geometric mean of its range, E |C|^2 = 1, D of N(0, 1), W and bias up to
// 1/sqrt(H).
START_TEST(layer_begins)
{
    enum { H = 144, M = 8 };
    const float bound = 1 / sqrtf(H);
    rng r = rng_at(6, 1);
    s4_layer l = s4_layer_new(H, M, 0.001, 0.1, &r);
    double below = 0, c = 0, d = 0, w = 0, b = 0;
    for (int h = 0; h < H; h++) {
        below += l.log_dt->data[h] < logf(0.01f);
        d += l.d->data[h] * l.d->data[h] / H;
        b = fmax(b, fabsf(l.b->data[h]));
        for (int m = 0; m < M; m++) {
            float re = l.c_re->data[h * M + m], im = l.c_im->data[h * M + m];
            c += (re * re + im * im) / (H * M);
        }
    }
    for (int i = 0; i < H * H; i++)
        w = fmax(w, fabsf(l.w->data[i]));
    // four standard errors: 1/sqrt(4 H), 1/sqrt(H M), sqrt(2/H)
    ck_assert_double_eq_tol(below / H, 0.5, 4 * 0.042);
    ck_assert_double_eq_tol(c, 1, 4 * 0.030);
    ck_assert_double_eq_tol(d, 1, 4 * 0.118);
    ck_assert(w <= bound && w > 0.99f * bound && b <= bound && b > 0.8f * bound);
}
END_TEST

// ---- The task ----

// Without noise a tone is a sine of 2 + y periods, whose neighbours add up to 2 cos(angle) times it, and silence
// follows. Every tone comes, and phases in every quarter.
START_TEST(tones)
{
    enum { T = 80, B = 40 };
    tensor *x = constant("x", SHAPE(T, B, 1), NULL);
    int y[B], seen[S4_TONES] = {0}, quarters[4] = {0};
    rng r = rng_at(7, 0);
    s4_tones_batch(&r, 0, x, y);
    for (int b = 0; b < B; b++) {
        seen[y[b]]++;
        double angle = 2 * M_PI * (2 + y[b]) / S4_TONE, sine = x->data[b];
        double cosine = (x->data[B + b] - sine * cos(angle)) / sin(angle);
        ck_assert_double_eq_tol(sine * sine + cosine * cosine, 1, 1e-5);
        quarters[2 * (sine < 0) + (cosine < 0)]++;
        for (int t = 1; t < S4_TONE - 1; t++)
            ck_assert_double_eq_tol(x->data[(t + 1) * B + b] + x->data[(t - 1) * B + b],
                                    2 * cos(2 * M_PI * (2 + y[b]) / S4_TONE) * x->data[t * B + b],
                                    1e-5);
        for (int t = S4_TONE; t < T; t++)
            ck_assert(x->data[t * B + b] == 0);
    }
    for (int k = 0; k < S4_TONES; k++)
        ck_assert_int_gt(seen[k], 0);
    for (int k = 0; k < 4; k++)
        ck_assert_int_gt(quarters[k], 0);
    s4_tones_batch(&r, 0.5, x, y);
    double square = 0;
    for (int i = S4_TONE * B; i < T * B; i++)
        square += x->data[i] * x->data[i];
    ck_assert_double_eq_tol(sqrt(square / ((T - S4_TONE) * B)), 0.5, 0.06);
}
END_TEST

static const s4_tones_start starts[] = {
    {.recurrent = true}, {.recurrent = true, .lags = 50}, {.dt_least = 0.01, .dt_most = 0.1}};

// All models learn from every parameter.
START_TEST(models)
{
    for (int i = 0; i < 3; i++) {
        rng r = rng_at(8, 0);
        s4_tones_model m = s4_tones_model_new(starts[i], &r);
        tensor *x = constant("x", SHAPE(70, 3, 1), NULL);
        int y[3];
        s4_tones_batch(&r, 0.1, x, y);
        tensor *logits = s4_tones_logits(&m, x);
        ck_assert(shape_equal(logits->shape, SHAPE(3, S4_TONES)));
        backward(t_cross_entropy(logits, y));
        for (int k = 0; k < param_count(); k++) {
            double most = 0;
            for (long j = 0; j < param_at(k)->size; j++)
                most = fmax(most, fabs(param_at(k)->grad[j]));
            ck_assert_msg(most > 0, "%s has no gradient", param_at(k)->name);
        }
        tensors_free();
    }
}
END_TEST

// The logarithms of the lags are uniform: their mean over 20 nets. The output map is within 1/sqrt(16).
START_TEST(nets_begin)
{
    enum { NETS = 20 };
    double mean = 0, most = 0;
    rng r = rng_at(9, 1);
    for (int i = 0; i < NETS; i++) {
        s4_tones_model m = s4_tones_model_new(starts[1], &r);
        int H = m.gru.H;
        for (int h = 0; h < H; h++)
            mean += m.gru.b_ih->data[H + h] / (NETS * H);
        for (int k = 0; k < m.w_out->size; k++)
            most = fmax(most, fabsf(m.w_out->data[k]));
        tensors_free();
    }
    // four standard errors of log(50) / sqrt(12 * 320)
    ck_assert_double_eq_tol(mean, log(50) / 2, 4 * 0.063);
    ck_assert(most <= 0.25 && most > 0.24);
}
END_TEST

// The update gate's biases are logarithms of lags up to 50, with nothing beside them; and S4D by steps is S4D.
START_TEST(clocks_and_steps)
{
    rng r = rng_at(9, 0);
    s4_tones_model m = s4_tones_model_new(starts[1], &r);
    int H = m.gru.H;
    double most = 0;
    for (int h = H; h < 2 * H; h++) {
        ck_assert(m.gru.b_ih->data[h] >= 0 && m.gru.b_ih->data[h] <= logf(50));
        ck_assert(m.gru.b_hh->data[h] == 0 && m.gru.b_hh->data[h - H] != 0);
        most = fmax(most, m.gru.b_ih->data[h]);
    }
    ck_assert_double_gt(most, logf(25)); // of 16
    m = s4_tones_model_new(starts[2], &r);
    tensor *x = constant("x", SHAPE(70, 3, 1), NULL);
    int y[3];
    s4_tones_batch(&r, 0.1, x, y);
    const tensor *at_once = s4_tones_logits(&m, x), *by_steps = s4_tones_logits_by_steps(&m, x);
    for (int i = 0; i < at_once->size; i++)
        ck_assert_double_eq_tol(at_once->data[i], by_steps->data[i], 1e-5);
}
END_TEST

TEST_MAIN("s4", complex_numbers, no_fused_products, recurrence_is_convolution, generating_function,
          diagonal, slow_mode, diagonal_steps, matrices, basis, projections_follow_the_equation,
          impulse_responses, legs_memory, legs_step_rules, constants, places, rules, orders,
          convolution, powers, errors, normal_plus_low_rank, initialisations,
          diagonal_legs_approaches_legs, diagonal_gradient, cauchy_gradient, kernels_on_the_tape,
          causal_on_the_tape, causal_refused, layer, layer_begins, tones, models, nets_begin,
          clocks_and_steps)
