// The chapter's experiments: one function for each figure, each with its own seed.
#define _POSIX_C_SOURCE 199309L // clock_gettime, for the one table of timings
#include "files/fail.h"
#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/fft.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "s4/cases.h"
#include "s4/s4.h"
#include "s4/tones.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KERNEL_SEED = 11, DELAY_SEED = 21, TRAINING_SEED = 31 };

static const double turn = 6.283185307179586; // 2 pi

static double *
zeros(long n)
{
    double *x = calloc(n, sizeof *x);
    if (!x)
        fail("no memory for %ld numbers", n);
    return x;
}

static double
norm(int n, const double *x)
{
    double square = 0;
    for (int i = 0; i < n; i++)
        square += x[i] * x[i];
    return sqrt64(square);
}

// |x - y| / |y|
static double
relative(int n, const double *x, const double *y)
{
    double *gap = zeros(n);
    for (int i = 0; i < n; i++)
        gap[i] = x[i] - y[i];
    double result = norm(n, gap) / norm(n, y);
    free(gap);
    return result;
}

// ---- What LegS remembers ----

// A signal on [0, 1]: 2, 5 and 11 periods.
static double
three_waves(double x)
{
    return sin64(2 * turn * x) + 0.7 * sin64(5 * turn * x + 1) + 0.5 * sin64(11 * turn * x + 2);
}

// The mean square of f less the reconstruction from c; sample i stands at (i + shift) / (T - 1/2).
static double
memory_error(int N, int T, const double *f, const double *c, double shift)
{
    double sum = 0;
    for (int i = 0; i < T; i++) {
        double gap = f[i] - s4_reconstruct(S4_LEGS, N, c, (i + shift) / (T - 0.5));
        sum += gap * gap;
    }
    return sum / T;
}

// The mean square that the best polynomial of degree N - 1 leaves of f: less f's projection on the columns
// of Q, where Q R holds the basis at the samples.
static double
best_error(int N, int T, const double *f)
{
    double *a = zeros(T * N), *q = zeros(T * N), *r = zeros(N * N), *rest = zeros(T);
    for (int i = 0; i < T; i++)
        s4_basis(S4_LEGS, N, s4_legs_place(S4_FROM_FIRST, i, T), a + i * N);
    linalg_qr(T, N, a, q, r);
    memcpy(rest, f, T * sizeof *f);
    for (int n = 0; n < N; n++) {
        double along = 0;
        for (int i = 0; i < T; i++)
            along += q[i * N + n] * f[i];
        for (int i = 0; i < T; i++)
            rest[i] -= along * q[i * N + n];
    }
    double left = norm(T, rest);
    free(a);
    free(q);
    free(r);
    free(rest);
    return left * left / T;
}

static void
reconstruction_claims(double best16, double legs16, double legs64, double shifted64)
{
    claim_near("legs-optimal", "LegS, N 16: its mean square error over the best polynomial's", 1,
               unless_quick(legs16 / best16), 1e-3, "Gu et al. 2020, sec. 2", REPRODUCED);
    claim_below("legs-floor", "LegS, N 64, 4000 samples: the mean square error", 1e-7,
                unless_quick(legs64), "this chapter", REPRODUCED);
    claim_above("half-a-sample",
                "LegS, N 64: the mean square error half a sample off over that in place", 100,
                unless_quick(shifted64 / legs64), "this chapter", REPRODUCED);
}

// A signal, what LegS has kept of it in 8, 16, 32, 64 numbers, and the error against the best polynomial's.
static void
reconstruction(void)
{
    enum { POINTS = 400, SIZES = 4 };
    static const int sizes[SIZES] = {8, 16, 32, 64};
    const int T = program_steps(4000, 400);
    double *f = zeros(T), *c = zeros(T * 72), *last[SIZES];
    double best16 = 0, legs16 = 0, legs64 = 0, shifted64 = 0;
    for (int i = 0; i < T; i++)
        f[i] = three_waves(s4_legs_place(S4_FROM_FIRST, i, T));
    table *t = program_table("reconstruction-error", "n\tbest\tlegs\tlegs_half_a_sample_off");
    for (int N = 4; N <= 72; N += 4) {
        const double *end = c + (T - 1) * N;
        s4_legs_memory(S4_FROM_FIRST, N, T, f, c);
        double best = best_error(N, T, f), legs = memory_error(N, T, f, end, 0);
        double shifted = memory_error(N, T, f, end, 0.5);
        table_row(t, "iddd", N, fmax(best, 1e-20), legs, shifted);
        for (int k = 0; k < SIZES; k++)
            if (sizes[k] == N)
                last[k] = memcpy(zeros(N), end, N * sizeof *end);
        if (N == 16)
            best16 = best, legs16 = legs;
        if (N == 64)
            legs64 = legs, shifted64 = shifted;
    }
    table_close(t);
    t = program_table("reconstruction", "place\tsignal\tn_8\tn_16\tn_32\tn_64");
    for (int i = 0; i <= POINTS; i++) {
        double x = (double)i / POINTS, y[SIZES];
        for (int k = 0; k < SIZES; k++)
            y[k] = s4_reconstruct(S4_LEGS, sizes[k], last[k], x);
        table_row(t, "dddddd", x, three_waves(x), y[0], y[1], y[2], y[3]);
    }
    table_close(t);
    for (int k = 0; k < SIZES; k++)
        free(last[k]);
    free(f);
    free(c);
    reconstruction_claims(best16, legs16, legs64, shifted64);
}

// ---- Three measures ----

enum { WINDOW = 400, UNIT = 10 }; // steps of LegT's window; of LagT's unit of time

// The states c (T, N) of one measure over the samples f.
static void
remember(s4_measure measure, int N, int T, const double *f, double *c)
{
    if (measure == S4_LEGS) {
        s4_legs_memory(S4_FROM_FIRST, N, T, f, c);
        return;
    }
    double *a = zeros(N * N), *abar = zeros(N * N), b[N], bbar[N], *y = zeros(T);
    if (measure == S4_LEGT)
        s4_legt(N, WINDOW, a, b);
    else
        s4_lagt(N, a, b);
    s4_discretise(S4_ZOH, N, a, b, measure == S4_LEGT ? 1 : 1.0 / UNIT, abar, bbar);
    s4_recurrence(N, T, abar, bbar, b, 0, f, c, y);
    free(a);
    free(abar);
    free(y);
}

// f at `ago` steps before the end of T samples, from c; NaN where the measure has nothing.
static double
recall(s4_measure measure, int N, int T, const double *c, int ago)
{
    if (ago >= T || (measure == S4_LEGT && ago > WINDOW))
        return NAN;
    double x = measure == S4_LEGS   ? s4_legs_place(S4_FROM_FIRST, T - 1 - ago, T)
               : measure == S4_LEGT ? 1 - (ago + 0.5) / WINDOW
                                    : (ago + 0.5) / UNIT;
    return s4_reconstruct(measure, N, c, x);
}

// The first functions of each basis against time, and what 32 of them remember at three times.
static void
measures(void)
{
    enum { N = 32, T = 1200, SHOWN = 4, TIMES = 3 };
    static double f[T], c[3][T * N];
    table *t =
        program_table("measures-basis", "steps_ago\tlegs_0\tlegs_1\tlegs_2\tlegs_3\tlegt_0\t"
                                        "legt_1\tlegt_2\tlegt_3\tlagt_0\tlagt_1\tlagt_2\tlagt_3");
    for (int ago = 0; ago < T; ago += 4) {
        float row[3 * SHOWN];
        for (int k = 0; k < 3 * SHOWN; k++) {
            double only[SHOWN] = {0};
            only[k % SHOWN] = 1;
            row[k] = (float)recall(k / SHOWN, SHOWN, T, only, ago);
        }
        table_curve(t, ago, 3 * SHOWN, row);
    }
    table_close(t);
    for (int i = 0; i < T; i++)
        f[i] = three_waves((double)i / T) * (1 + 0.5 * sin64(turn * i / T));
    for (int m = S4_LEGS; m <= S4_LAGT; m++)
        remember(m, N, T, f, c[m]);
    t = program_table("measures", "time\tsignal\tlegs_400\tlegt_400\tlagt_400\tlegs_800\tlegt_800\t"
                                  "lagt_800\tlegs_1200\tlegt_1200\tlagt_1200");
    for (int i = 0; i < T; i += 2) {
        float row[1 + 3 * TIMES] = {(float)f[i]};
        for (int k = 0; k < 3 * TIMES; k++) {
            int now = (k / 3 + 1) * T / TIMES;
            row[1 + k] =
                i < now ? (float)recall(k % 3, N, now, c[k % 3] + (now - 1) * N, now - 1 - i) : NAN;
        }
        table_curve(t, i, 1 + 3 * TIMES, row);
    }
    table_close(t);
}

// ---- Discretisation ----

// The coefficients of LegS after the samples f (T) by one rule: steps of 1/t, or, for the zero-order hold, the
// exact ones of a staircase: c_n = s_n sum_i f_i times the integral of P_n(2x - 1) over the sample's part.
static void
legs_by_rule(s4_rule rule, int N, int T, const double *f, double *c)
{
    double b[N], next[N];
    for (int n = 0; n < N; n++)
        b[n] = sqrt64(2 * n + 1);
    memset(c, 0, N * sizeof *c);
    c[0] = f[0];
    if (rule == S4_ZOH) {
        double *p = zeros(2 * (N + 1)), *low = p, *high = p + N + 1, *t;
        memset(c, 0, N * sizeof *c);
        s4_basis(S4_LEGT, N + 1, 1, low); // P_n(-1)
        for (int i = 0; i < T; i++) {
            // the integral of P_n is (P_(n+1) - P_(n-1)) / (2n + 1)
            s4_basis(S4_LEGT, N + 1, 1 - (i + 0.5) / (T - 0.5), high);
            for (int n = 0; n < N; n++)
                c[n] += f[i] *
                        ((high[n + 1] - low[n + 1]) - (n > 0 ? high[n - 1] - low[n - 1] : 0)) /
                        (2 * b[n]);
            t = low, low = high, high = t;
        }
        free(p);
    }
    for (int t = 1; rule != S4_ZOH && t < T; t++) {
        double back = rule == S4_FORWARD ? 0 : rule == S4_BACKWARD ? 1 : 0.5;
        double before = 0, after = 0; // as in legs_step, for any part `back` of the new state
        for (int n = 0; n < N; n++) {
            double right = c[n] + (b[n] * f[t] - (1 - back) * (b[n] * before + (n + 1) * c[n])) / t;
            next[n] = (right - back * b[n] * after / t) / (1 + back * (n + 1) / t);
            before += b[n] * c[n];
            after += b[n] * next[n];
        }
        memcpy(c, next, N * sizeof *c);
    }
}

// The root mean square of three_waves less what LegT remembers of it, by one rule: L steps are a window, and
// one window of it has passed before.
static double
legt_error(s4_rule rule, int N, int L)
{
    double *a = zeros(N * N), *abar = zeros(N * N), b[N], bbar[N];
    double *f = zeros(2 * L), *x = zeros(2 * L * N), *y = zeros(2 * L), sum = 0;
    for (int i = 0; i < 2 * L; i++)
        f[i] = three_waves((i + 0.5) / L);
    s4_legt(N, 1, a, b);
    s4_discretise(rule, N, a, b, 1.0 / L, abar, bbar);
    s4_recurrence(N, 2 * L, abar, bbar, b, 0, f, x, y);
    for (int i = 0; i < L; i++) {
        double gap = f[L + i] - s4_reconstruct(S4_LEGT, N, x + (2 * L - 1) * N, (i + 0.5) / L);
        sum += gap * gap;
    }
    free(a);
    free(abar);
    free(f);
    free(x);
    free(y);
    return sqrt64(sum / L);
}

static void
discretisation_claims(int last, double legs[][4], double legt[][4])
{
    const char *source = "Gu et al. 2020, app. B.3", *own = "this chapter";
    for (int rule = S4_FORWARD; rule <= S4_BACKWARD; rule++)
        claim_near(
            rule == S4_FORWARD ? "forward-order" : "backward-order",
            rule == S4_FORWARD ? "LegS, forward: the error at 4000 samples over that at 8000"
                               : "LegS, backward: the error at 4000 samples over that at 8000",
            2, unless_quick(legs[last - 1][rule] / legs[last][rule]), 0.1, source, REPRODUCED);
    claim_near("bilinear-order", "LegS, bilinear: the error at 4000 samples over that at 8000", 4,
               unless_quick(legs[last - 1][S4_BILINEAR] / legs[last][S4_BILINEAR]), 0.1, own,
               REPRODUCED);
    claim_above("forward-unstable", "LegT, N 64, forward Euler: the error at 500 samples", 1000,
                unless_quick(legt[1][S4_FORWARD]), own, REPRODUCED);
}

// The error of the four rules against the number of samples, N = 64: LegS with steps of 1/t, and LegT.
static void
discretisation(void)
{
    enum { N = 64, LEAST = 250, SIZES = 6 };
    double legs[SIZES][4] = {{0}}, legt[SIZES][4] = {{0}}, c[N];
    table *t = program_table("discretisation",
                             "samples\tlegs_forward\tlegs_backward\tlegs_bilinear\tlegs_zoh\t"
                             "legt_forward\tlegt_backward\tlegt_bilinear\tlegt_zoh");
    int sizes = program_steps(SIZES, 2);
    for (int k = 0; k < sizes; k++) {
        int L = LEAST << k;
        float row[8];
        double *f = zeros(L);
        for (int i = 0; i < L; i++)
            f[i] = three_waves(s4_legs_place(S4_FROM_FIRST, i, L));
        for (int rule = S4_FORWARD; rule <= S4_ZOH; rule++) {
            legs_by_rule(rule, N, L, f, c);
            legs[k][rule] = sqrt64(memory_error(N, L, f, c, 0));
            legt[k][rule] = legt_error(rule, N, L);
            row[rule] = (float)legs[k][rule];
            row[4 + rule] = legt[k][rule] < 1e6 ? (float)legt[k][rule] : NAN;
        }
        table_curve(t, L, 8, row);
        free(f);
    }
    table_close(t);
    discretisation_claims(SIZES - 1, legs, legt);
}

// ---- The kernel of S4 ----

// How badly LegS's A can be diagonalised as it is: |V| |V^-1| in Frobenius norms, the columns of V the unit
// eigenvectors of the triangular A, both by forward substitution.
static double
condition(int N)
{
    double *a = zeros(N * N), *v = zeros(N * N), *inverse = zeros(N * N), b[N];
    s4_legs(N, a, b);
    for (int j = 0; j < N; j++) {
        double square = 1;
        v[j * N + j] = 1;
        for (int i = j + 1; i < N; i++) {
            for (int k = j; k < i; k++)
                v[i * N + j] += a[i * N + k] * v[k * N + j] / (a[j * N + j] - a[i * N + i]);
            square += v[i * N + j] * v[i * N + j];
        }
        for (int i = j; i < N; i++)
            v[i * N + j] /= sqrt64(square);
    }
    for (int j = 0; j < N; j++)
        for (int i = j; i < N; i++) {
            double sum = i == j;
            for (int k = j; k < i; k++)
                sum -= v[i * N + k] * inverse[k * N + j];
            inverse[i * N + j] = sum / v[i * N + i];
        }
    double result = norm(N * N, v) * norm(N * N, inverse);
    free(a);
    free(v);
    free(inverse);
    return result;
}

// The kernel (L) of LegS with C = c by powers of abar, and the Frobenius norm of abar^L.
static double
kernel_truth(int N, int L, const double *c, double dt, double *k)
{
    double *a = zeros(N * N), *abar = zeros(N * N), b[N], bbar[N];
    s4_legs(N, a, b);
    s4_discretise(S4_BILINEAR, N, a, b, dt, abar, bbar);
    s4_kernel_by_powers(N, L, abar, bbar, c, k);
    for (int n = L; n > 1; n /= 2) {
        linalg_product(N, N, N, abar, abar, a);
        memcpy(abar, a, N * N * sizeof *a);
    }
    double size = norm(N * N, abar);
    free(a);
    free(abar);
    return size;
}

static void
kernel_claims(double worst, double frequency, const double conditions[3], double tail)
{
    const char *source = "Gu et al. 2022a, sec. 3";
    claim_below("dplr-exact",
                "S4, N 64, L 1024: the largest relative error of the kernel, 9 steps dt", 1e-12,
                worst, source, REPRODUCED);
    claim_near("top-frequency", "S4, N 64: the largest Im lambda", 1303.3, frequency, 0.05,
               "this chapter", REPRODUCED);
    claim_above("condition-8", "LegS's A, N 8: the condition of its eigenvectors", 1e4,
                conditions[0], source, REPRODUCED);
    claim_above("condition-16", "LegS's A, N 16: the condition of its eigenvectors", 1e10,
                conditions[1], source, REPRODUCED);
    claim_near("tail", "without Ctilde, L dt = 2: log10 of the error over |abar^L|", 0,
               0.4342944819 * log64(tail), 1.5, "this chapter", REPRODUCED);
}

// The kernel by recurrence and by its generating function; what the latter gives without Ctilde.
static void
kernel(void)
{
    enum { N = 64, L = 1024, POINTS = 9 };
    static const int sizes[] = {8, 16, 24};
    double c[N], ctilde[N], truth[L], k[L], im[L], worst = 0, conditions[3], tail[POINTS][2];
    rng r = rng_at(KERNEL_SEED, 0);
    s4_dplr s = s4_nplr(N);
    s4_complex khat = s4_complex_new(L), in_modes = s4_complex_new(N);
    fft *f = fft_new(L, 1);
    for (int n = 0; n < N; n++)
        c[n] = rng_normal(&r) / sqrt64(2 * n + 1);
    table *t = program_table("kernel-tail", "dt_times_length\twithout_ctilde\twith\tnorm_of_power");
    for (int i = 0; i < POINTS; i++) {
        double length = 0.25 * (1 << i), dt = length / L;
        double size = kernel_truth(N, L, c, dt, truth);
        s4_dplr_kernel(&s, c, dt, L, (s4_kernel_steps){ctilde, khat, k});
        double with = relative(L, k, truth);
        s4_times_v(&s, c, in_modes);
        s4_generating_function(&s, in_modes, dt, L, khat);
        memcpy(im, khat.im, sizeof im);
        fft_inverse(f, khat.re, im);
        double without = relative(L, khat.re, truth);
        table_row(t, "dddd", length, without, with, size);
        worst = fmax(worst, with);
        tail[i][0] = without, tail[i][1] = size;
    }
    table_close(t);
    kernel_truth(N, L, c, 4.0 / L, truth);
    s4_dplr_kernel(&s, c, 4.0 / L, L, (s4_kernel_steps){ctilde, khat, k});
    t = program_table("kernel", "step\trecurrence\tgenerating_function");
    for (int l = 0; l < L; l++)
        table_row(t, "idd", l, truth[l], k[l]);
    table_close(t);
    t = program_table("condition", "n\tcondition");
    for (int i = 0; i < 3; i++)
        table_row(t, "id", sizes[i], conditions[i] = condition(sizes[i]));
    table_close(t);
    kernel_claims(worst, s.lambda.im[N - 1], conditions, tail[3][0] / tail[3][1]);
    fft_free(f);
    s4_complex_free(khat);
    s4_complex_free(in_modes);
    s4_dplr_free(&s);
}

// ---- S4D-LegS against LegS ----

static void
diagonal_claims(double coarse, double fine)
{
    claim_below("diagonal-8", "S4D-LegS, N 64: the relative error of the response over that at N 8",
                0.25, fine / coarse, "Gupta et al. 2022; Gu et al. 2022b", REPRODUCED);
}

// How far the response of S4D-LegS to a smooth input is from that of LegS, |difference| / |response|, for
// C = e_0.
static void
diagonal_legs(void)
{
    enum { L = 2048, SIZES = 4 };
    double error[SIZES], u[L], y[L], k[L], again[L], truth[L];
    for (int l = 0; l < L; l++)
        u[l] = three_waves((double)l / L);
    table *t = program_table("diagonal-legs", "n\tresponse_error");
    for (int i = 0; i < SIZES; i++) {
        int N = 8 << i, M = N / 2;
        double *a = zeros(N * N), *abar = zeros(N * N), b[N], bbar[N], c[N];
        s4_dplr legs = s4_nplr(N);
        s4_diagonal s = s4_diagonal_new(M);
        s4_legs(N, a, b);
        s4_discretise(S4_ZOH, N, a, b, 4.0 / L, abar, bbar);
        memset(c, 0, sizeof c);
        c[0] = 1;
        s4_kernel_by_powers(N, L, abar, bbar, c, truth);
        s4_convolve(L, truth, u, y);
        s4_diagonal_init(S4_DIAG_LEGS, &s);
        s.dt = 4.0 / L;
        for (int m = 0; m < M; m++) {
            s.c.re[m] = legs.v.re[(M + m) * N];
            s.c.im[m] = legs.v.im[(M + m) * N];
        }
        s4_diagonal_kernel(&s, L, k);
        s4_convolve(L, k, u, again);
        error[i] = relative(L, again, y);
        table_row(t, "id", N, error[i]);
        free(a);
        free(abar);
        s4_dplr_free(&legs);
        s4_diagonal_free(&s);
    }
    table_close(t);
    diagonal_claims(error[0], error[SIZES - 1]);
}

// ---- Delay ----

// Frequencies spread evenly up to 10 periods in HORIZON steps.
enum { DELAY_N = 64, HORIZON = 1000, WAVES = 200, LAGS = 41, LAG = 50, SYSTEMS = 4 };

// The discrete matrices of system 0 ... 3: LegT with a window of HORIZON steps, LegS without 1/t, LagT, and
// independent real decays of time constants from 1 to HORIZON steps.
static void
delay_system(int system, double *abar, double *bbar)
{
    enum { N = DELAY_N };
    double *a = zeros(N * N), b[N], dt = 1.0 / HORIZON;
    rng r = rng_at(DELAY_SEED, 0);
    if (system == 0)
        s4_legt(N, 1, a, b);
    else if (system == 1)
        s4_legs(N, a, b);
    else if (system == 2) {
        s4_lagt(N, a, b);
        dt = 0.1;
    } else
        for (int n = 0; n < N; n++) {
            a[n * N + n] = -exp64(log64(HORIZON) * rng_uniform64(&r));
            b[n] = -a[n * N + n];
        }
    s4_discretise(S4_ZOH, N, a, b, dt, abar, bbar);
    free(a);
}

// The states x (WAVES, 2, N) that answer to e^(iwt), x = (I - e^(-iw) abar)^-1 bbar, real and imaginary part,
// by a real system of 2 N.
static void
frequency_response(int N, const double *abar, const double *bbar, double *x)
{
    double *left = zeros(4 * N * N);
    for (int k = 0; k < WAVES; k++) {
        double w = turn * 10 / HORIZON * (k + 0.5) / WAVES, *right = x + k * 2 * N;
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                double re = (i == j) - cos64(w) * abar[i * N + j], im = sin64(w) * abar[i * N + j];
                left[i * 2 * N + j] = left[(N + i) * 2 * N + N + j] = re;
                left[(N + i) * 2 * N + j] = im;
                left[i * 2 * N + N + j] = -im;
            }
            right[i] = bbar[i];
            right[N + i] = 0;
        }
        linalg_solve("I - e^(-iw) abar", 2 * N, left, 1, right);
    }
    free(left);
}

// The part of the variance of u[t - lag] that the best linear readout misses, over all frequencies: the least
// squares of e^(-iw lag) = sum_n weight_n x_n(w), real and imaginary parts as equations of their own.
static void
readout(int N, const double *x, double *missed)
{
    const double ridge = 1e-9; // of the mean square of x
    double *gram = zeros(N * N), *right = zeros(N * LAGS), *wanted = zeros(2 * WAVES * LAGS);
    double trace = 0;
    for (int k = 0; k < 2 * WAVES; k++) {
        double w = turn * 10 / HORIZON * (k / 2 + 0.5) / WAVES, *row = wanted + k * LAGS;
        for (int l = 0; l < LAGS; l++)
            row[l] = k % 2 ? -sin64(w * l * LAG) : cos64(w * l * LAG);
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++)
                gram[i * N + j] += x[k * N + i] * x[k * N + j];
            for (int l = 0; l < LAGS; l++)
                right[i * LAGS + l] += x[k * N + i] * row[l];
        }
    }
    for (int i = 0; i < N; i++)
        trace += gram[i * N + i];
    for (int i = 0; i < N; i++)
        gram[i * N + i] += ridge * trace / N;
    linalg_solve("X^T X + ridge", N, gram, LAGS, right);
    for (int l = 0; l < LAGS; l++) {
        missed[l] = 0;
        for (int k = 0; k < 2 * WAVES; k++) {
            double gap = wanted[k * LAGS + l];
            for (int i = 0; i < N; i++)
                gap -= x[k * N + i] * right[i * LAGS + l];
            missed[l] += gap * gap / WAVES;
        }
    }
    free(gram);
    free(right);
    free(wanted);
}

static void
delay_claims(double missed[SYSTEMS][LAGS])
{
    const char *own = "this chapter";
    claim_below("legt-inside", "delay: what LegT misses at 900 of its window's 1000 steps", 1e-3,
                missed[0][18], own, REPRODUCED);
    claim_above("legt-cliff", "delay: what LegT misses at 1200 steps", 0.1, missed[0][24], own,
                REPRODUCED);
    claim_above("legs-decays", "delay: what LegS misses at 1000 steps over what it does at 500",
                1000, missed[1][20] / missed[1][10], own, REPRODUCED);
    claim_above("delay-order", "delay, 900 steps: of LegT < LagT < LegS < real, how many hold", 2.5,
                (missed[0][18] < missed[2][18]) + (missed[2][18] < missed[1][18]) +
                    (missed[1][18] < missed[3][18]),
                own, REPRODUCED);
    claim_above("real-is-bad", "delay: what 64 real decays miss at 500 steps", 0.3, missed[3][10],
                own, REPRODUCED);
}

// How well 64 numbers of each memory give back the input of some time ago.
static void
delay(void)
{
    enum { N = DELAY_N };
    double *abar = zeros(N * N), *x = zeros(WAVES * 2 * N), bbar[N], missed[SYSTEMS][LAGS];
    for (int s = 0; s < SYSTEMS; s++) {
        delay_system(s, abar, bbar);
        frequency_response(N, abar, bbar, x);
        readout(N, x, missed[s]);
    }
    table *t = program_table("delay", "lag_steps\tlegt\tlegs\tlagt\treal");
    for (int l = 0; l < LAGS; l++)
        table_row(t, "idddd", l * LAG, missed[0][l], missed[1][l], missed[2][l], missed[3][l]);
    table_close(t);
    free(abar);
    free(x);
    delay_claims(missed);
}

// ---- The gradient law ----

static void
gradient_claims(int N, double early, double worst)
{
    claim_near("gradient-1/t", "LegS, N 16: T |dc(T)/df(t0)| at T = 100000, t0 = 10, is near N", N,
               unless_quick(early), 0.5, "Gu et al. 2020, prop. 5", REPRODUCED);
    claim_below("gradient-law", "LegS, N 16, T > 100 t0: the largest relative error of the law",
                1e-2, unless_quick(worst), "this chapter", REPRODUCED);
}

// |dc(T)/df(t0)| of LegS against T for three t0, beside what a linear recurrent net keeps, and how far the
// gradient is from sqrt(2n+1) P_n(2x - 1) / T, x the place of t0.
static void
gradient_law(void)
{
    enum { N = 16, STARTS = 3 };
    static const int starts[STARTS] = {10, 100, 1000};
    const int T = program_steps(100000, 5000);
    double *f = zeros(T), *c = zeros(T * N), worst = 0, early = 0;
    table *t = program_table("gradient-law", "t0\tsteps\tnorm\terror_of_law\tnet_0.99\tnet_0.999");
    for (int s = 0; s < STARTS; s++) {
        int t0 = starts[s];
        memset(f, 0, T * sizeof *f);
        f[t0] = 1; // the memory is linear: its answer to this is dc/df(t0)
        s4_legs_memory(S4_FROM_FIRST, N, T, f, c);
        for (double at = t0 + 1; at < T; at = fmax(at + 1, 1.07 * at)) {
            int now = (int)at;
            double law[N], gap;
            s4_basis(S4_LEGS, N, s4_legs_place(S4_FROM_FIRST, t0, now + 1), law);
            for (int n = 0; n < N; n++)
                law[n] /= now + 0.5;
            gap = relative(N, c + now * N, law);
            table_row(t, "iidddd", t0, now, norm(N, c + now * N), gap,
                      fmax(pow64(0.99, now - t0), 1e-20), fmax(pow64(0.999, now - t0), 1e-20));
            worst = now > 100 * t0 ? fmax(worst, gap) : worst;
        }
        if (s == 0)
            early = norm(N, c + (T - 1) * N) * T;
    }
    table_close(t);
    free(f);
    free(c);
    gradient_claims(N, early, worst);
}

// ---- Training ----

enum { SEEDS = 3, TRAININGS = 4 * SEEDS, BATCH = 32, LONGEST = 512, CHECKS = 40 };

typedef struct {
    const char *id;
    bool recurrent;
    int T, seed, steps;
    float rate;
    double noise;
    float accuracy[CHECKS]; // means over steps / CHECKS steps
    double test, seconds;   // accuracy on new sequences; of processor time
} training_run;

static double
seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

// Adam that moves dt and lambda at a tenth of the rate.
static adamw
slow_for_modes(void)
{
    adamw a = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    for (int i = 0; i < param_count(); i++) {
        const char *name = param_at(i)->name;
        if (!strcmp(name, "log_dt") || !strcmp(name, "log_re") || !strcmp(name, "im"))
            a.factor[i] = 0.1f;
    }
    return a;
}

static void
train_tones(int i, void *context)
{
    enum { TESTS = 20 };
    training_run *run = (training_run *)context + i;
    rng r = rng_at(TRAINING_SEED, run->seed);
    tones_model m = tones_model_new(run->recurrent, &r);
    adamw adam = slow_for_modes();
    double start = seconds_now();
    int y[BATCH], each = (run->steps + CHECKS - 1) / CHECKS;
    for (int s = 0; s < run->steps + TESTS; s++) {
        tensor *x = constant("x", SHAPE(run->T, BATCH, 1), NULL);
        tones_batch(&r, run->noise, x, y);
        tensor *logits = tones_logits(&m, x);
        double accuracy = tones_accuracy(logits, y);
        if (s < run->steps) {
            run->accuracy[s / each] += (float)accuracy / each;
            zero_grad();
            backward(t_cross_entropy(logits, y));
            clip_global_norm(1);
            adamw_step(&adam, warmup_cosine(s, 20, run->steps, run->rate));
        } else
            run->test += accuracy;
        tape_reset();
        progress_advance(1);
    }
    run->test /= TESTS;
    run->seconds = seconds_now() - start;
}

static void
training_tables(const training_run *runs)
{
    char header[512] = "step";
    for (int i = 0; i < TRAININGS; i++)
        sprintf(header + strlen(header), "\t%s_%d", runs[i].id, runs[i].seed);
    table *t = program_table("training", header);
    int each = (runs[0].steps + CHECKS - 1) / CHECKS;
    for (int c = 0; c < runs[0].steps / each; c++) {
        float row[TRAININGS];
        for (int i = 0; i < TRAININGS; i++)
            row[i] = runs[i].accuracy[c];
        table_curve(t, (c + 1) * each, TRAININGS, row);
    }
    table_close(t);
    t = program_table("training-tests", "model\tlength\tseed\taccuracy");
    for (int i = 0; i < TRAININGS; i++)
        table_row(t, "siid", runs[i].id, runs[i].T, runs[i].seed, runs[i].test);
    table_close(t);
    t = program_table("training.timing", "model\tseed\tprocessor_seconds");
    for (int i = 0; i < TRAININGS; i++)
        table_row(t, "sid", runs[i].id, runs[i].seed, runs[i].seconds);
    table_close(t);
}

static void
training_claims(const training_run *runs)
{
    const char *own = "this chapter";
    const training_run *gru = runs, *s4d = runs + SEEDS, *noisy = runs + 2 * SEEDS;
    double best = 0, worst = 1, worst_noisy = 1;
    int learnt = 0;
    for (int i = 0; i < SEEDS; i++) {
        best = fmax(best, gru[i].test);
        worst = fmin(worst, s4d[i].test);
        worst_noisy = fmin(worst_noisy, noisy[i].test);
        learnt += runs[3 * SEEDS + i].test > 0.9;
    }
    claim_above("s4d-learns", "tones, T 512: the accuracy of the worst S4D of 3 seeds", 0.9,
                unless_quick(worst), own, REPRODUCED);
    claim_below("gru-does-not", "tones, T 512: the accuracy of the best GRU of 3 seeds", 0.35,
                unless_quick(best), own, REPRODUCED);
    claim_above("gru-could", "tones, T 64: GRUs of 3 seeds with an accuracy above 0.9", 1.5,
                unless_quick(learnt), own, REPRODUCED);
    claim_above("s4d-noise", "tones, T 512, noise 0.3: the accuracy of the worst S4D of 3 seeds",
                0.9, unless_quick(worst_noisy), own, NOT_AT_THIS_SCALE);
}

// Which of four tones was played first, 512 steps: a GRU, S4D, S4D with more noise, and the GRU without what
// follows the tone; three seeds each.
static void
training(void)
{
    const struct {
        const char *id;
        bool recurrent;
        int T;
        float rate;
        double noise;
    } all[] = {{"gru", true, LONGEST, 0.01f, 0.1}, // the longest first
               {"s4d", false, LONGEST, 0.03f, 0.1},
               {"s4d_noise_0.3", false, LONGEST, 0.03f, 0.3},
               {"gru_no_delay", true, TONE, 0.01f, 0.1}};
    const int steps = program_steps(400, 2);
    training_run runs[TRAININGS];
    for (int i = 0; i < TRAININGS; i++)
        runs[i] = (training_run){.id = all[i / SEEDS].id,
                                 .recurrent = all[i / SEEDS].recurrent,
                                 .T = all[i / SEEDS].T,
                                 .rate = all[i / SEEDS].rate,
                                 .noise = all[i / SEEDS].noise,
                                 .seed = i % SEEDS,
                                 .steps = steps};
    progress_expect(TRAININGS * (steps + 20));
    training_side_by_side(TRAININGS, train_tones, runs);
    training_tables(runs);
    training_claims(runs);
}

// ---- Cost ----

enum { COST_N = 64 };

// y = k * u by its sum, L^2 / 2 products.
static void
convolve_by_sum(int L, const double *k, const double *u, double *y)
{
    for (int l = 0; l < L; l++) {
        y[l] = 0;
        for (int j = 0; j <= l; j++)
            y[l] += k[j] * u[l - j];
    }
}

// Of one way, in seconds: the fastest of three runs.
static double
seconds_of(int way, int L, const double *abar, const double *bbar, const double *k, const double *u)
{
    double *x = zeros(L * COST_N), *y = zeros(L), least = INFINITY;
    for (int round = 0; round < 3; round++) {
        double start = seconds_now();
        if (way == 0)
            s4_recurrence(COST_N, L, abar, bbar, bbar, 0, u, x, y);
        else if (way == 1)
            s4_convolve(L, k, u, y);
        else
            convolve_by_sum(L, k, u, y);
        least = fmin(least, seconds_now() - start);
    }
    free(x);
    free(y);
    return least;
}

// The time of the recurrence, N = 64, of the convolution by FFT with a kernel that is known, and by its sum.
static void
cost(void)
{
    const int most = program_steps(1 << 14, 1 << 8);
    double *a = zeros(COST_N * COST_N), *abar = zeros(COST_N * COST_N), b[COST_N], bbar[COST_N];
    double *k = zeros(most), *u = zeros(most);
    s4_legs(COST_N, a, b);
    s4_discretise(S4_BILINEAR, COST_N, a, b, 0.001, abar, bbar);
    for (int l = 0; l < most; l++) {
        u[l] = three_waves((double)l / most);
        k[l] = exp64(-0.001 * l);
    }
    table *t = program_table("cost.timing", "length\trecurrence_seconds\tfft_seconds\tsum_seconds");
    for (int L = 64; L <= most; L *= 2)
        table_row(t, "iddd", L, seconds_of(0, L, abar, bbar, k, u),
                  seconds_of(1, L, abar, bbar, k, u), seconds_of(2, L, abar, bbar, k, u));
    table_close(t);
    free(a);
    free(abar);
    free(k);
    free(u);
}

int
main(int argc, char **argv)
{
    const program_option own[] = {{0}};
    const program_figure contents[] = {{"reconstruction", reconstruction, 0.5},
                                       {"measures", measures, 0.1},
                                       {"discretisation", discretisation, 1.5},
                                       {"kernel", kernel, 0.4},
                                       {"diagonal-legs", diagonal_legs, 0.4},
                                       {"delay", delay, 0.5},
                                       {"gradient-law", gradient_law, 0.3},
                                       {"training", training, 22},
                                       {"cost", cost, 1},
                                       {0}};
    program_begin("s4", own, argc, argv);
    program_run(s4_cases, contents);
    return program_end(claims_report());
}
