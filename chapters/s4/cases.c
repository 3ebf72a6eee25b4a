// The reference cases, in double. N = 8 where only matrices are shown, else 4; L = 16; no input is zero.
#include "s4/cases.h"

#include "frame/case.h"
#include "nets/shape.h"
#include "numbers/fft.h"
#include "numbers/linalg.h"
#include "numbers/random.h"
#include "s4/cauchy.h"
#include "s4/s4.h"

#include <string.h>

enum { N = 4, LARGER = 8, M = LARGER / 2, L = 16, T = 32, SEED = 1 };

static const double close = 1e-12; // how closely an implementation in double must agree

static void
publish(const char *role, const char *name, shape s, const double *x, const char *about)
{
    case_write_f8(role, name, s, x, close, about);
}

// x becomes an input of N(0, 1).
static void
input(const char *name, shape s, double *x, rng *r, const char *about)
{
    for (long i = 0; i < shape_size(s); i++)
        x[i] = rng_normal(r);
    publish("input", name, s, x, about);
}

static void
input_number(const char *name, double x, const char *about)
{
    publish("input", name, SCALAR, &x, about);
}

// n complex numbers as NAME_re and NAME_im.
static void
publish_complex(const char *role, const char *name, int n, const s4_complex *x, const char *about)
{
    char part[32];
    double re[n], im[n];
    for (int i = 0; i < n; i++) {
        re[i] = x[i].re;
        im[i] = x[i].im;
    }
    publish(role, strcat(strcpy(part, name), "_re"), SHAPE(n), re, about);
    publish(role, strcat(strcpy(part, name), "_im"), SHAPE(n), im, about);
}

// x (n) becomes an input of N(0, 1) in both parts: first all real ones, then all imaginary ones.
static void
input_complex(const char *name, int n, s4_complex *x, rng *r, const char *about)
{
    for (int i = 0; i < n; i++)
        x[i].re = rng_normal(r);
    for (int i = 0; i < n; i++)
        x[i].im = rng_normal(r);
    publish_complex("input", name, n, x, about);
}

// Modes that fade and turn: Re lambda in (-1.2, -0.2], Im lambda in 1 + 3 m + [0, 1).
static void
input_lambda(int modes, s4_complex *lambda, rng *r, const char *about)
{
    for (int m = 0; m < modes; m++) {
        lambda[m].re = -0.2 - rng_uniform64(r);
        lambda[m].im = 1 + 3 * m + rng_uniform64(r);
    }
    publish_complex("input", "lambda", modes, lambda, about);
}

static void
hippo(s4_measure measure, const char *name)
{
    const double theta = 2.5;
    double a[LARGER * LARGER], b[LARGER];
    int n = LARGER;
    case_begin(name);
    case_write_i4("input", "n", SCALAR, &n, "how many coefficients");
    if (measure == S4_LEGS)
        s4_legs(n, a, b);
    else if (measure == S4_LAGT)
        s4_lagt(n, a, b);
    else {
        input_number("theta", theta, "the length of the window");
        s4_legt(n, theta, a, b);
    }
    publish("output", "a", SHAPE(n, n), a, "A of c' = A c + B f");
    publish("output", "b", SHAPE(n), b, "B");
    case_end();
}

static void
legs_states(void)
{
    double f[T], c[T * LARGER];
    rng r = rng_at(SEED, 0);
    case_begin("legs_states");
    input("f", SHAPE(T), f, &r, "the samples");
    s4_legs_memory(S4_FROM_ZERO, LARGER, T, f, c);
    publish("output", "from_zero", SHAPE(T, LARGER), c, "c = 0, then f[0] is the step t = 1");
    s4_legs_memory(S4_FROM_FIRST, LARGER, T, f, c);
    publish("output", "from_first", SHAPE(T, LARGER), c,
            "c = f[0] e_0, then f[1] is the step t = 1");
    case_end();
}

static void
reconstruct(void)
{
    enum { POINTS = 7 };
    static const struct {
        const char *name, *about;
        s4_measure measure;
    } ways[] = {{"legs", "sum_n c_n sqrt(2n+1) P_n(2x - 1): x = 0 is the oldest", S4_LEGS},
                {"legt", "sum_n c_n P_n(1 - 2x): x = 1 is now", S4_LEGT},
                {"lagt", "sum_n c_n L_n(x) e^(-x/2): x is how long ago", S4_LAGT}};
    double c[LARGER], x[POINTS], y[POINTS];
    rng r = rng_at(SEED, 1);
    case_begin("reconstruct");
    input("c", SHAPE(LARGER), c, &r, "the coefficients");
    for (int i = 0; i < POINTS; i++)
        x[i] = rng_uniform64(&r);
    publish("input", "x", SHAPE(POINTS), x, "where");
    for (int way = 0; way < 3; way++) {
        for (int i = 0; i < POINTS; i++)
            y[i] = s4_reconstruct(ways[way].measure, LARGER, c, x[i]);
        publish("output", ways[way].name, SHAPE(POINTS), y, ways[way].about);
    }
    case_end();
}

// abar and bbar of LegS by one rule.
static void
discrete(const char *name, s4_rule rule)
{
    const double dt = 0.15;
    double a[N * N], b[N], abar[N * N], bbar[N];
    s4_legs(N, a, b);
    case_begin(name);
    publish("input", "a", SHAPE(N, N), a, "A of LegS");
    publish("input", "b", SHAPE(N), b, "B of LegS");
    input_number("dt", dt, "the step");
    s4_discretise(rule, N, a, b, dt, abar, bbar);
    publish("output", "abar", SHAPE(N, N), abar, "x_l = abar x_(l-1) + bbar u_l");
    publish("output", "bbar", SHAPE(N), bbar, "x_l = abar x_(l-1) + bbar u_l");
    case_end();
}

static void
nplr(void)
{
    int n = LARGER;
    s4_dplr s = s4_nplr(LARGER);
    s4_complex bp[LARGER];
    double pp[LARGER];
    case_begin("nplr");
    case_write_i4("input", "n", SCALAR, &n, "the size of LegS's A");
    for (int i = 0; i < LARGER; i++) {
        bp[i] = s4_times(s4_conjugate(s.p[i]), s.b[i]);
        pp[i] = s4_square(s.p[i]);
    }
    publish_complex("output", "lambda", LARGER, s.lambda,
                    "eigenvalues of A + P P^T, by ascending imaginary part");
    publish("output", "pp", SHAPE(LARGER), pp, "|p_i|^2 with p = V^* P");
    publish_complex("output", "bp", LARGER, bp, "b_i conj(p_i) with b = V^* B");
    case_end();
    s4_dplr_free(&s);
}

static void
kernel_dplr(void)
{
    const double dt = 0.07;
    int length = L;
    double c[N], ctilde[N], k[L];
    rng r = rng_at(SEED, 2);
    s4_dplr s = s4_nplr(N);
    s4_complex khat[L];
    case_begin("kernel_dplr");
    input("c", SHAPE(N), c, &r, "the row C; A and B are LegS's");
    input_number("dt", dt, "the step of the bilinear rule");
    case_write_i4("input", "length", SCALAR, &length, "L");
    s4_dplr_kernel(&s, c, dt, L, (s4_kernel_steps){ctilde, khat, k});
    publish("step", "ctilde", SHAPE(N), ctilde, "C (I - abar^L)");
    publish_complex("step", "khat", L, khat, "sum_l K_l z^l at z = e^(-2 pi i k / L)");
    publish("output", "k", SHAPE(L), k, "K_l = C abar^l bbar");
    case_end();
    s4_dplr_free(&s);
}

static void
publish_frequencies(const char *name, const s4_diagonal *s, const char *about)
{
    double frequency[s->M];
    for (int m = 0; m < s->M; m++)
        frequency[m] = s->lambda[m].im;
    publish("step", name, SHAPE(s->M), frequency, about);
}

static void
kernel_s4d(void)
{
    const double dt = 0.07;
    int length = L;
    double c[LARGER], k[L];
    s4_complex in_modes[LARGER];
    rng r = rng_at(SEED, 3);
    s4_diagonal s = s4_diagonal_new(M);
    s4_dplr legs = s4_nplr(LARGER);
    case_begin("kernel_s4d");
    input_complex("c", M, s.c, &r, "C of Lin and Inv");
    input("c", SHAPE(LARGER), c, &r, "the row C of LegS, which S4D has as C V");
    input_number("dt", dt, "the step of the zero-order hold");
    case_write_i4("input", "length", SCALAR, &length, "L");
    s.dt = dt;
    s4_diagonal_init(S4_INIT_LIN, &s);
    s4_diagonal_kernel(&s, L, k);
    publish("output", "k_lin", SHAPE(L), k, "the kernel with S4D-Lin's lambda, B = 1");
    s4_diagonal_init(S4_INIT_INV, &s);
    publish_frequencies("lambda_inv", &s, "Im lambda of S4D-Inv, N = 8");
    s4_diagonal_kernel(&s, L, k);
    publish("output", "k_inv", SHAPE(L), k, "the kernel with S4D-Inv's lambda, B = 1");
    s4_diagonal_init(S4_INIT_LEGS, &s);
    publish_frequencies("lambda_legs", &s, "Im lambda of S4D-LegS, N = 8");
    s4_times_v(&legs, c, in_modes);
    memcpy(s.c, in_modes + M, M * sizeof *s.c);
    s4_diagonal_kernel(&s, L, k);
    publish("output", "k_legs", SHAPE(L), k, "the kernel of S4D-LegS with C V and half of V^* B");
    case_end();
    s4_dplr_free(&legs);
    s4_diagonal_free(&s);
}

static void
convolution(void)
{
    double u[L], k[L], y[L];
    rng r = rng_at(SEED, 4);
    case_begin("convolution");
    input("u", SHAPE(L), u, &r, "the input");
    input("k", SHAPE(L), k, &r, "the kernel");
    fft *f = fft_new(2 * L, 1);
    double re[2 * L] = {0}, im[2 * L] = {0};
    memcpy(re, k, sizeof k);
    fft_forward(f, re, im);
    publish("step", "khat_re", SHAPE(2 * L), re, "the transform of k with L zeros behind it");
    publish("step", "khat_im", SHAPE(2 * L), im, "the transform of k with L zeros behind it");
    s4_convolve(L, k, u, y);
    publish("output", "y", SHAPE(L), y, "y_l = sum_(j <= l) k_j u_(l-j)");
    case_end();
    fft_free(f);
}

static void
recurrence(void)
{
    const double dt = 0.07, d = 0.8;
    double a[N * N], b[N], abar[N * N], bbar[N], c[N], u[L], k[L], x[L * N], y[L];
    rng r = rng_at(SEED, 5);
    case_begin("recurrence");
    s4_legs(N, a, b);
    publish("input", "a", SHAPE(N, N), a, "A of LegS");
    publish("input", "b", SHAPE(N), b, "B of LegS");
    input("c", SHAPE(N), c, &r, "C");
    input_number("d", d, "D");
    input_number("dt", dt, "the step of the bilinear rule");
    input("u", SHAPE(L), u, &r, "the input");
    s4_discretise(S4_BILINEAR, N, a, b, dt, abar, bbar);
    s4_recurrence(N, L, abar, bbar, c, d, u, x, y);
    s4_kernel_by_powers(N, L, abar, bbar, c, k);
    publish("step", "x", SHAPE(L, N), x, "x_l = abar x_(l-1) + bbar u_l from 0");
    publish("step", "k", SHAPE(L), k, "K_l = C abar^l bbar");
    publish("output", "y", SHAPE(L), y, "y_l = C x_l + D u_l = (K * u)_l + D u_l");
    case_end();
}

static void
gradients(void)
{
    enum { MODES = 3 };
    double u[L], weight[L], k[L], y[L], dk[L], loss = 0;
    rng r = rng_at(SEED, 6);
    s4_diagonal s = s4_diagonal_new(MODES), d = s4_diagonal_new(MODES);
    case_begin("gradients");
    s.dt = 0.2;
    input_number("dt", s.dt, "the step of the zero-order hold");
    input_lambda(MODES, s.lambda, &r, "one of each pair of conjugates");
    input_complex("b", MODES, s.b, &r, "B");
    input_complex("c", MODES, s.c, &r, "C");
    input("u", SHAPE(L), u, &r, "the input");
    input("loss_weight", SHAPE(L), weight, &r, "the loss is sum(y loss_weight)");
    s4_diagonal_kernel(&s, L, k);
    publish("step", "k", SHAPE(L), k, "the kernel");
    s4_convolve(L, k, u, y);
    publish("output", "y", SHAPE(L), y, "the convolution of k and u");
    for (int l = 0; l < L; l++)
        loss += y[l] * weight[l];
    publish("output", "loss", SCALAR, &loss, "sum of y loss_weight");
    s4_correlate(L, weight, u, dk);
    s4_diagonal_gradient(&s, L, dk, &d);
    publish("gradient", "dk", SHAPE(L), dk, "dloss/dk");
    publish_complex("gradient", "dc", MODES, d.c, "by the real part and by the imaginary part");
    publish_complex("gradient", "db", MODES, d.b, "by the real part and by the imaginary part");
    publish_complex("gradient", "dlambda", MODES, d.lambda,
                    "by the real part and by the imaginary part");
    publish("gradient", "ddt", SCALAR, &d.dt, "dloss/ddt");
    case_end();
    s4_diagonal_free(&s);
    s4_diagonal_free(&d);
}

// S4 as it is trained: any numbers for lambda, p, b and c, of which the real part of the kernel counts.
static void
gradients_dplr(void)
{
    enum { MODES = 3 };
    const double dt = 0.3;
    double weight[L], k[L], loss = 0, ddt = 0;
    rng r = rng_at(SEED, 8);
    s4_dplr s = s4_dplr_new(MODES), d = s4_dplr_new(MODES);
    s4_complex c[MODES], dc[MODES] = {{0}};
    case_begin("gradients_dplr");
    input_number("dt", dt, "the step of the bilinear rule");
    input_lambda(MODES, s.lambda, &r, "the diagonal; A = diag(lambda) - p p^*");
    input_complex("p", MODES, s.p, &r, "p");
    input_complex("b", MODES, s.b, &r, "B");
    input_complex("c", MODES, c, &r, "Ctilde");
    input("loss_weight", SHAPE(L), weight, &r, "the loss is sum(k loss_weight)");
    s4_cauchy_kernel(&s, c, dt, L, k);
    publish("output", "k", SHAPE(L), k, "the real part of the inverse transform of khat");
    for (int l = 0; l < L; l++)
        loss += k[l] * weight[l];
    publish("output", "loss", SCALAR, &loss, "sum of k loss_weight");
    s4_cauchy_gradient(&s, c, dt, L, weight, &d, dc, &ddt);
    publish_complex("gradient", "dc", MODES, dc, "by the real part and by the imaginary part");
    publish_complex("gradient", "db", MODES, d.b, "by the real part and by the imaginary part");
    publish_complex("gradient", "dp", MODES, d.p, "by the real part and by the imaginary part");
    publish_complex("gradient", "dlambda", MODES, d.lambda,
                    "by the real part and by the imaginary part");
    publish("gradient", "ddt", SCALAR, &ddt, "dloss/ddt");
    case_end();
    s4_dplr_free(&s);
    s4_dplr_free(&d);
}

// Row i of out (n, n, n) is the projector on eigenvector i, which has no sign or phase: its real part.
static void
projectors(int n, const double *re, const double *im, double *out)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            for (int k = 0; k < n; k++)
                out[(i * n + j) * n + k] =
                    re[i * n + j] * re[i * n + k] + (im ? im[i * n + j] * im[i * n + k] : 0);
}

// What the library's linear algebra makes of small matrices.
static void
linear_algebra(void)
{
    enum { SIZE = 6, COLUMNS = 3 };
    double a[SIZE * SIZE], b[SIZE * COLUMNS], s[SIZE * SIZE], t[SIZE * SIZE], q[SIZE * COLUMNS];
    double r[COLUMNS * COLUMNS], e[SIZE * SIZE], values[SIZE], re[SIZE * SIZE], im[SIZE * SIZE];
    double out[SIZE * SIZE * SIZE];
    rng random = rng_at(SEED, 7);
    case_begin("linear_algebra");
    input("a", SHAPE(SIZE, SIZE), a, &random, "any matrix");
    input("b", SHAPE(SIZE, COLUMNS), b, &random, "right sides");
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            s[i * SIZE + j] = a[i * SIZE + j] + a[j * SIZE + i];
            t[i * SIZE + j] = a[i * SIZE + j] - a[j * SIZE + i];
        }
    linalg_qr(SIZE, COLUMNS, b, q, r);
    publish("output", "q", SHAPE(SIZE, COLUMNS), q, "b = q r");
    publish("output", "r", SHAPE(COLUMNS, COLUMNS), r, "diagonal not negative");
    linalg_solve("a", SIZE, a, COLUMNS, b);
    publish("output", "x", SHAPE(SIZE, COLUMNS), b, "a x = b");
    linalg_expm(SIZE, a, e);
    publish("output", "expm", SHAPE(SIZE, SIZE), e, "e^a");
    linalg_symmetric(SIZE, s, values, re);
    projectors(SIZE, re, NULL, out);
    publish("output", "symmetric", SHAPE(SIZE), values, "eigenvalues of a + a^T, ascending");
    publish("output", "symmetric_projectors", SHAPE(SIZE, SIZE, SIZE), out,
            "v v^T of each eigenvector v");
    linalg_hermitian(SIZE, s, t, values, re, im);
    projectors(SIZE, re, im, out);
    publish("output", "hermitian", SHAPE(SIZE), values,
            "eigenvalues of (a + a^T) + i (a - a^T), ascending");
    publish("output", "hermitian_projectors", SHAPE(SIZE, SIZE, SIZE), out,
            "the real part of v v^* of each eigenvector v");
    case_end();
}

void
s4_cases(void)
{
    hippo(S4_LEGS, "hippo_legs");
    hippo(S4_LEGT, "hippo_legt");
    hippo(S4_LAGT, "hippo_lagt");
    legs_states();
    reconstruct();
    discrete("forward", S4_FORWARD);
    discrete("backward", S4_BACKWARD);
    discrete("bilinear", S4_BILINEAR);
    discrete("zoh", S4_ZOH);
    nplr();
    kernel_dplr();
    kernel_s4d();
    convolution();
    recurrence();
    gradients();
    gradients_dplr();
    linear_algebra();
}
