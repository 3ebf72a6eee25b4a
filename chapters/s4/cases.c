// The reference cases, in double. N = 10 where only matrices are shown, else 6; L = 32; no input is zero.
#include "s4/cases.h"

#include "frame/case.h"
#include "nets/shape.h"
#include "numbers/fft.h"
#include "numbers/linalg.h"
#include "numbers/random.h"
#include "s4/cauchy.h"
#include "s4/s4.h"

#include <stdio.h>
#include <string.h>

// Sizes that are no multiples, roots or halves of each other, but for M = N / 2.
enum { N = 6, LARGER = 10, M = LARGER / 2, L = 32, T = 29, SEED = 1 };

static const double close = 1e-12; // how closely an implementation in double must agree

static void
publish(const char *role, const char *name, const char *from, shape s, const double *x,
        const char *about)
{
    case_write_f8(role, name, from, s, x, close, about);
}

static void
fill_normal(long n, double *x, rng *r)
{
    for (long i = 0; i < n; i++)
        x[i] = rng_normal(r);
}

// x becomes an input of N(0, 1).
static void
input(const char *name, shape s, double *x, rng *r, const char *about)
{
    fill_normal(shape_size(s), x, r);
    case_input_f8(name, s, x, about);
}

// Both parts of n complex numbers.
typedef struct {
    double re[2 * L], im[2 * L];
    char re_name[32], im_name[32];
} parts;

static parts
parts_of(const char *name, int n, const s4_complex *x)
{
    parts p;
    for (int i = 0; i < n; i++) {
        p.re[i] = x[i].re;
        p.im[i] = x[i].im;
    }
    snprintf(p.re_name, sizeof p.re_name, "%s_re", name);
    snprintf(p.im_name, sizeof p.im_name, "%s_im", name);
    return p;
}

// n complex numbers as NAME_re and NAME_im.
static void
publish_complex(const char *role, const char *name, const char *from, int n, const s4_complex *x,
                const char *about)
{
    parts p = parts_of(name, n, x);
    publish(role, p.re_name, from, SHAPE(n), p.re, about);
    publish(role, p.im_name, from, SHAPE(n), p.im, about);
}

static void
input_parts(const char *name, int n, const s4_complex *x, const char *about)
{
    parts p = parts_of(name, n, x);
    case_input_f8(p.re_name, SHAPE(n), p.re, about);
    case_input_f8(p.im_name, SHAPE(n), p.im, about);
}

// x (n) becomes an input of N(0, 1) in both parts: first all real ones, then all imaginary ones.
static void
input_complex(const char *name, int n, s4_complex *x, rng *r, const char *about)
{
    for (int i = 0; i < n; i++)
        x[i].re = rng_normal(r);
    for (int i = 0; i < n; i++)
        x[i].im = rng_normal(r);
    input_parts(name, n, x, about);
}

// Modes that fade and turn: Re lambda in (-1.2, -0.2], Im lambda in 1 + 3 m + [0, 1).
static void
input_lambda(int modes, s4_complex *lambda, rng *r, const char *about)
{
    for (int m = 0; m < modes; m++) {
        lambda[m].re = -0.2 - rng_uniform64(r);
        lambda[m].im = 1 + 3 * m + rng_uniform64(r);
    }
    input_parts("lambda", modes, lambda, about);
}

// ---- HiPPO ----

static const char *const legs_equation =
    "LegS is c' = (A c + B f) / t; A carries the sign: none of its entries is positive";

static void
publish_system(int n, const double *a, const double *b)
{
    publish("step", "a", "", SHAPE(n, n), a, "A of LegS");
    publish("step", "b", "", SHAPE(n), b, "B of LegS");
}

static void
hippo(s4_measure measure, const char *name, const char *about)
{
    const double theta = 2.5;
    double a[LARGER * LARGER], b[LARGER];
    int n = LARGER;
    case_begin(name, about);
    case_convention(measure == S4_LEGS ? legs_equation : "c' = A c + B f; A carries the sign");
    if (measure == S4_LEGT)
        case_convention("the scaling is that of Voelker's memory unit: the basis is P_n(1 - 2x) "
                        "without a factor, x = 1 is "
                        "now");
    case_scalar("n", n, "how many coefficients");
    if (measure == S4_LEGS)
        s4_legs(n, a, b);
    else if (measure == S4_LAGT)
        s4_lagt(n, a, b);
    else {
        case_number("theta", theta, "the length of the window");
        s4_legt(n, theta, a, b);
    }
    publish("output", "a", "", SHAPE(n, n), a, "A");
    publish("output", "b", "", SHAPE(n), b, "B");
    case_end();
}

static void
legs_states(void)
{
    double f[T], c[T * LARGER], a[LARGER * LARGER], b[LARGER];
    rng r = rng_at(SEED, 0);
    case_begin("legs_states",
               "LegS's coefficients of a signal, after every sample, by the bilinear rule.");
    case_convention(legs_equation);
    case_convention(
        "step t is (I - A/2t) c = (I + A/2t) c(t-1) + B f/t, with the same t on both sides");
    case_scalar("n", LARGER, "how many coefficients");
    input("f", SHAPE(T), f, &r, "the samples");
    s4_legs(LARGER, a, b);
    publish_system(LARGER, a, b);
    case_time(0, CASE_FORWARD);
    s4_legs_memory(S4_FROM_ZERO, LARGER, T, f, c);
    publish("output", "from_zero", "from_zero[t-1] a b", SHAPE(T, LARGER), c,
            "c = 0, then f[0] is the step t = 1");
    s4_legs_memory(S4_FROM_FIRST, LARGER, T, f, c);
    publish("output", "from_first", "from_first[t-1] a b", SHAPE(T, LARGER), c,
            "c = f[0] e_0, then f[1] is the step t = 1");
    case_end();
}

static void
reconstruct(void)
{
    enum { POINTS = 7 };
    static const struct {
        const char *name, *basis, *about;
        s4_measure measure;
    } ways[] = {{"legs", "basis_legs", "sqrt(2n+1) P_n(2x - 1): x = 0 is the oldest", S4_LEGS},
                {"legt", "basis_legt", "P_n(1 - 2x): x = 1 is now", S4_LEGT},
                {"lagt", "basis_lagt", "L_n(x) e^(-x/2): x is how long ago", S4_LAGT}};
    double c[LARGER], x[POINTS], y[POINTS], g[POINTS * LARGER];
    rng r = rng_at(SEED, 1);
    case_begin("reconstruct", "What coefficients mean in each basis: sum_n c_n g_n(x).");
    case_convention("P_n are Legendre's polynomials, L_n Laguerre's, n from 0");
    input("c", SHAPE(LARGER), c, &r, "the coefficients");
    for (int i = 0; i < POINTS; i++)
        x[i] = rng_uniform64(&r);
    case_input_f8("x", SHAPE(POINTS), x, "where");
    for (int way = 0; way < 3; way++) {
        for (int i = 0; i < POINTS; i++) {
            s4_basis(ways[way].measure, LARGER, x[i], g + i * LARGER);
            y[i] = s4_reconstruct(ways[way].measure, LARGER, c, x[i]);
        }
        publish("step", ways[way].basis, "", SHAPE(POINTS, LARGER), g, ways[way].about);
        publish("output", ways[way].name, ways[way].basis, SHAPE(POINTS), y, "sum_n c_n g_n(x)");
    }
    case_end();
}

// ---- Discrete time ----

static const char *const discrete_time = "x_l = abar x_(l-1) + bbar u_l";

// abar and bbar of LegS by one rule.
static void
discrete(const char *name, s4_rule rule, const char *about, const char *rule_text)
{
    const double dt = 0.15;
    double a[N * N], b[N], abar[N * N], bbar[N];
    s4_legs(N, a, b);
    case_begin(name, about);
    case_convention(discrete_time);
    case_convention(rule_text);
    case_input_f8("a", SHAPE(N, N), a, "A of LegS");
    case_input_f8("b", SHAPE(N), b, "B of LegS");
    case_number("dt", dt, "the step");
    s4_discretise(rule, N, a, b, dt, abar, bbar);
    publish("output", "abar", "", SHAPE(N, N), abar, "of the state");
    publish("output", "bbar", "", SHAPE(N), bbar, "of the input");
    case_end();
}

// ---- S4 ----

static const char *const phases =
    "the phase of a column of V is arbitrary, and nothing that is published depends on it; what "
    "mistakes give was computed with its largest component real and positive";

// By what column j of V must be multiplied so that its largest component becomes real and positive.
static s4_complex
phase_of(const s4_dplr *s, int j)
{
    const s4_complex *v = s->v + j * s->N, *largest = v;
    for (int n = 1; n < s->N; n++)
        if (s4_square(v[n]) > s4_square(*largest))
            largest = v + n;
    return s4_scaled(1 / sqrt64(s4_square(*largest)), s4_conjugate(*largest));
}

// LegS with the phases of V fixed.
static s4_dplr
legs_modes(int n)
{
    s4_dplr s = s4_nplr(n);
    for (int j = 0; j < n; j++) {
        s4_complex turn = phase_of(&s, j);
        s.b[j] = s4_times(s4_conjugate(turn), s.b[j]);
        s.p[j] = s4_times(s4_conjugate(turn), s.p[j]);
        for (int i = 0; i < n; i++)
            s.v[j * n + i] = s4_times(turn, s.v[j * n + i]);
    }
    return s;
}

static void
nplr(void)
{
    s4_dplr s = legs_modes(LARGER);
    s4_complex cb[LARGER], cp[LARGER], in_modes[LARGER];
    double pp[LARGER], bp[LARGER], c[LARGER], a[LARGER * LARGER], b[LARGER];
    rng r = rng_at(SEED, 9);
    case_begin(
        "nplr",
        "LegS's A as a diagonal matrix and one of rank one: A = V (diag(lambda) - p p^*) V^*.");
    case_convention(legs_equation);
    case_convention(
        "P_n = sqrt(n + 1/2), so that A + P P^T is normal; V is unitary and p = V^* P, b = V^* B");
    case_convention(phases);
    case_convention("lambda by ascending imaginary part");
    case_scalar("n", LARGER, "the size of A");
    input("c", SHAPE(LARGER), c, &r, "any row C");
    s4_legs(LARGER, a, b);
    s4_times_v(&s, c, in_modes);
    for (int i = 0; i < LARGER; i++) {
        bp[i] = s4_times(s4_conjugate(s.p[i]), s.b[i]).re;
        cb[i] = s4_times(in_modes[i], s.b[i]);
        cp[i] = s4_times(in_modes[i], s.p[i]);
        pp[i] = s4_square(s.p[i]);
    }
    publish_system(LARGER, a, b);
    publish_complex("output", "lambda", "a", LARGER, s.lambda, "eigenvalues of A + P P^T");
    publish("output", "pp", "a", SHAPE(LARGER), pp, "|p_i|^2");
    publish("output", "bp", "a b", SHAPE(LARGER), bp,
            "b_i conj(p_i), which is real: sqrt(2) |p_i|^2");
    publish_complex("output", "cb", "a b", LARGER, cb, "(C V)_i b_i");
    publish_complex("output", "cp", "a", LARGER, cp, "(C V)_i p_i");
    case_end();
    s4_dplr_free(&s);
}

// khat without the part of rank one: 2 sum_n c_n b_n / D_n.
static void
diagonal_part(const s4_dplr *s, const s4_complex *c, double dt, s4_complex *khat)
{
    s4_complex none[LARGER] = {{0}};
    s4_dplr diagonal = *s;
    diagonal.p = none;
    s4_generating_function(&diagonal, c, dt, L, khat);
}

static const char *const nodes = "khat_k is the generating function at z = e^(-2 pi i k / L)";

static void
kernel_dplr(void)
{
    const double dt = 0.07;
    double c[N], ctilde[N], k[L], a[N * N], b[N], abar[N * N], bbar[N];
    rng r = rng_at(SEED, 2);
    s4_dplr s = legs_modes(N);
    s4_complex khat[L], diagonal[L], in_modes[N];
    case_begin("kernel_dplr", "The kernel of LegS, without 1/t, by S4's generating function.");
    case_convention("A and B are LegS's, of the size of c");
    case_convention(discrete_time);
    case_convention(nodes);
    case_convention(phases);
    input("c", SHAPE(N), c, &r, "the row C");
    case_number("dt", dt, "the step of the bilinear rule");
    case_scalar("length", L, "L");
    s4_legs(N, a, b);
    s4_discretise(S4_BILINEAR, N, a, b, dt, abar, bbar);
    publish_system(N, a, b);
    publish("step", "abar", "a", SHAPE(N, N), abar, "of the state, by the bilinear rule");
    publish("step", "bbar", "a b", SHAPE(N), bbar, "of the input");
    s4_dplr_kernel(&s, c, dt, L, (s4_kernel_steps){ctilde, khat, k});
    publish("step", "ctilde", "abar", SHAPE(N), ctilde, "C (I - abar^L)");
    s4_times_v(&s, ctilde, in_modes);
    diagonal_part(&s, in_modes, dt, diagonal);
    publish_complex("step", "khat_diagonal", "ctilde a b", L, diagonal,
                    "2 k_CB: what khat were without the matrix of rank one");
    publish_complex("step", "khat", "khat_diagonal_re khat_diagonal_im ctilde a b", L, khat,
                    "sum_l K_l z^l = 2 (k_CB - (1 + z) k_CP k_QB / (1 + (1 + z) k_QP))");
    publish("output", "k", "khat_re khat_im", SHAPE(L), k, "K_l = C abar^l bbar");
    case_end();
    s4_dplr_free(&s);
}

static void
kernel_s4d(void)
{
    const double dt = 0.07;
    double c[LARGER], k[L];
    s4_complex in_modes[LARGER];
    rng r = rng_at(SEED, 3);
    s4_diagonal s = s4_diagonal_new(M);
    s4_dplr as_it_comes = s4_nplr(LARGER), legs = legs_modes(LARGER);
    case_begin("kernel_s4d", "S4D's kernels with zero-order hold and its three initialisations.");
    case_convention("one of each pair of conjugate modes is kept, that with an imaginary part that "
                    "is not negative: the "
                    "kernel is 2 Re of the sum over them, K_l = 2 Re sum_m C_m B_m (e^(dt "
                    "lambda_m) - 1) / lambda_m "
                    "e^(dt lambda_m l)");
    case_convention(
        "lambda of Inv and LegS is of N = 2 M, M modes; that of LegS by ascending imaginary part");
    case_convention(
        "LegS has C V and half of V^* B, of the modes that are kept; V as in the case nplr");
    input_complex("c", M, s.c, &r, "C of Lin and Inv");
    input("c", SHAPE(LARGER), c, &r, "the row C of LegS, which S4D has as C V");
    case_number("dt", dt, "the step of the zero-order hold");
    case_scalar("length", L, "L");
    s.dt = dt;
    s4_diagonal_init(S4_INIT_LIN, &s);
    publish_complex("step", "lambda_lin", "", M, s.lambda, "-1/2 + i pi m");
    s4_diagonal_kernel(&s, L, k);
    publish("output", "k_lin", "lambda_lin_re lambda_lin_im", SHAPE(L), k,
            "the kernel with S4D-Lin's lambda, B = 1");
    s4_diagonal_init(S4_INIT_INV, &s);
    publish_complex("step", "lambda_inv", "", M, s.lambda, "-1/2 + i (N/pi) (N/(2m+1) - 1)");
    s4_diagonal_kernel(&s, L, k);
    publish("output", "k_inv", "lambda_inv_re lambda_inv_im", SHAPE(L), k,
            "the kernel with S4D-Inv's lambda, B = 1");
    s4_diagonal_init(S4_INIT_LEGS, &s);
    publish_complex("step", "lambda_legs", "", M, s.lambda, "eigenvalues of LegS's A + P P^T");
    s4_times_v(&legs, c, in_modes);
    s4_complex cb[M];
    for (int m = 0; m < M;
         m++) { // the initialisation's b belongs to V as it comes, without a phase
        s.c[m] = in_modes[M + m];
        s.b[m] = s4_times(s4_conjugate(phase_of(&as_it_comes, M + m)), s.b[m]);
        cb[m] = s4_times(s.c[m], s.b[m]);
    }
    publish_complex("step", "cb_legs", "", M, cb, "(C V)_m times half of (V^* B)_m");
    s4_diagonal_kernel(&s, L, k);
    publish("output", "k_legs", "lambda_legs_re lambda_legs_im cb_legs_re cb_legs_im", SHAPE(L), k,
            "the kernel of S4D-LegS");
    case_end();
    s4_dplr_free(&legs);
    s4_dplr_free(&as_it_comes);
    s4_diagonal_free(&s);
}

// The transform of x (L) with L zeros behind it, 2L real parts and 2L imaginary ones, as NAME_re and NAME_im.
static void
publish_transform(const char *name, const double *x, double *spectrum)
{
    fft *f = fft_new(2 * L, 1);
    parts p = parts_of(name, 0, NULL);
    memset(spectrum, 0, 4 * L * sizeof *spectrum);
    memcpy(spectrum, x, L * sizeof *x);
    fft_forward(f, spectrum, spectrum + 2 * L);
    publish("step", p.re_name, "", SHAPE(2 * L), spectrum, "the transform with L zeros behind");
    publish("step", p.im_name, "", SHAPE(2 * L), spectrum + 2 * L,
            "the transform with L zeros behind");
    fft_free(f);
}

static void
convolution(void)
{
    double u[L], k[L], y[L], khat[4 * L], uhat[4 * L];
    rng r = rng_at(SEED, 4);
    case_begin("convolution", "A causal convolution by transforms.");
    case_convention("the transform of x is sum_l x_l e^(-2 pi i k l / 2L), without a factor");
    input("u", SHAPE(L), u, &r, "the input");
    input("k", SHAPE(L), k, &r, "the kernel");
    publish_transform("khat", k, khat);
    publish_transform("uhat", u, uhat);
    s4_spectrum_product(2 * L, khat, uhat, khat);
    publish("step", "yhat_re", "khat_re khat_im uhat_re uhat_im", SHAPE(2 * L), khat, "khat uhat");
    publish("step", "yhat_im", "khat_re khat_im uhat_re uhat_im", SHAPE(2 * L), khat + 2 * L,
            "khat uhat");
    s4_convolve(L, k, u, y);
    publish("output", "y", "yhat_re yhat_im", SHAPE(L), y,
            "y_l = sum_(j <= l) k_j u_(l-j): the first L values");
    case_end();
}

static void
recurrence(void)
{
    const double dt = 0.07, d = 0.8;
    double a[N * N], b[N], abar[N * N], bbar[N], c[N], u[L], k[L], x[L * N], y[L];
    rng r = rng_at(SEED, 5);
    case_begin("recurrence", "A state space model step by step.");
    case_convention(discrete_time);
    case_convention("the state is 0 before the first input; y_l is read after the step");
    s4_legs(N, a, b);
    case_input_f8("a", SHAPE(N, N), a, "A of LegS");
    case_input_f8("b", SHAPE(N), b, "B of LegS");
    input("c", SHAPE(N), c, &r, "C");
    case_number("d", d, "D");
    case_number("dt", dt, "the step of the bilinear rule");
    input("u", SHAPE(L), u, &r, "the input");
    s4_discretise(S4_BILINEAR, N, a, b, dt, abar, bbar);
    s4_recurrence(N, L, abar, bbar, c, d, u, x, y);
    s4_kernel_by_powers(N, L, abar, bbar, c, k);
    publish("step", "abar", "", SHAPE(N, N), abar, "of the state, by the bilinear rule");
    publish("step", "bbar", "", SHAPE(N), bbar, "of the input");
    publish("step", "k", "abar bbar", SHAPE(L), k, "K_l = C abar^l bbar");
    case_time(0, CASE_FORWARD);
    publish("step", "x", "x[t-1] abar bbar", SHAPE(L, N), x,
            "x_l = abar x_(l-1) + bbar u_l from 0");
    publish("output", "y", "x", SHAPE(L), y, "y_l = C x_l + D u_l = (K * u)_l + D u_l");
    case_end();
}

static void
recurrence_s4d(void)
{
    enum { MODES = 3 };
    const double d = 0.8;
    double u[L], x_re[L * MODES], x_im[L * MODES], y[L];
    rng r = rng_at(SEED, 10);
    s4_diagonal s = s4_diagonal_new(MODES);
    s4_complex x[MODES] = {{0}}, abar[MODES], bbar[MODES] = {{0}};
    case_begin("recurrence_s4d", "S4D step by step: how a trained layer generates.");
    case_convention("one of each pair of conjugate modes: x_l = abar x_(l-1) + bbar u_l for each, "
                    "y_l = 2 Re sum_m C_m x_lm + D u_l");
    case_convention("the state is 0 before the first input; y_l is read after the step");
    s.dt = 0.2;
    case_number("dt", s.dt, "the step of the zero-order hold");
    input_lambda(MODES, s.lambda, &r, "one of each pair of conjugates");
    input_complex("b", MODES, s.b, &r, "B");
    input_complex("c", MODES, s.c, &r, "C");
    case_number("d", d, "D");
    input("u", SHAPE(L), u, &r, "the input");
    for (int m = 0; m < MODES; m++)
        abar[m] = s4_exponential(s4_scaled(s.dt, s.lambda[m]));
    s4_diagonal_step(&s, bbar, 1); // from 0 with the input 1
    for (int l = 0; l < L; l++) {
        y[l] = s4_diagonal_step(&s, x, u[l]) + d * u[l];
        for (int m = 0; m < MODES; m++) {
            x_re[l * MODES + m] = x[m].re;
            x_im[l * MODES + m] = x[m].im;
        }
    }
    publish_complex("step", "abar", "", MODES, abar, "e^(dt lambda)");
    publish_complex("step", "bbar", "", MODES, bbar, "(e^(dt lambda) - 1) / lambda B");
    case_time(0, CASE_FORWARD);
    publish("step", "x_re", "x_re[t-1] abar_re abar_im bbar_re bbar_im", SHAPE(L, MODES), x_re,
            "the real parts of the state after every step");
    publish("step", "x_im", "x_re[t-1] abar_re abar_im bbar_re bbar_im", SHAPE(L, MODES), x_im,
            "the imaginary parts");
    publish("output", "y", "x_re x_im", SHAPE(L), y, "2 Re C x_l + D u_l");
    case_end();
    s4_diagonal_free(&s);
}

// ---- Gradients ----

static const char *const complex_gradient =
    "the gradient of a complex number z is d loss / d Re z + i d loss / d Im z, as in PyTorch";

static void
gradients(void)
{
    enum { MODES = 3 };
    double u[L], weight[L], k[L], y[L], dk[L], loss = 0;
    rng r = rng_at(SEED, 6);
    s4_diagonal s = s4_diagonal_new(MODES), d = s4_diagonal_new(MODES);
    case_begin("gradients", "S4D's kernel, the convolution with it, and the gradients; the loss is "
                            "sum(y loss_weight).");
    case_convention("one of each pair of conjugate modes: K_l = 2 Re sum_m C_m B_m (e^(dt "
                    "lambda_m) - 1) / lambda_m "
                    "e^(dt lambda_m l)");
    case_convention(complex_gradient);
    s.dt = 0.2;
    case_number("dt", s.dt, "the step of the zero-order hold");
    input_lambda(MODES, s.lambda, &r, "one of each pair of conjugates");
    input_complex("b", MODES, s.b, &r, "B");
    input_complex("c", MODES, s.c, &r, "C");
    input("u", SHAPE(L), u, &r, "the input");
    input("loss_weight", SHAPE(L), weight, &r, "the loss is sum(y loss_weight)");
    s4_diagonal_kernel(&s, L, k);
    publish("step", "k", "", SHAPE(L), k, "the kernel");
    s4_convolve(L, k, u, y);
    publish("output", "y", "k", SHAPE(L), y, "the convolution of k and u");
    for (int l = 0; l < L; l++)
        loss += y[l] * weight[l];
    publish("output", "loss", "y", SCALAR, &loss, "sum of y loss_weight");
    s4_correlate(L, weight, u, dk);
    s4_diagonal_gradient(&s, L, dk, &d);
    publish("gradient", "dk", "", SHAPE(L), dk, "dloss/dk: sum_(l >= j) loss_weight_l u_(l-j)");
    publish_complex("gradient", "dc", "dk", MODES, d.c, "dloss/dC");
    publish_complex("gradient", "db", "dk", MODES, d.b, "dloss/dB");
    publish_complex("gradient", "dlambda", "dk", MODES, d.lambda, "dloss/dlambda");
    publish("gradient", "ddt", "dk", SCALAR, &d.dt, "dloss/ddt");
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
    s4_complex c[MODES], dc[MODES] = {{0}}, khat[L], diagonal[L];
    case_begin("gradients_dplr", "S4's kernel from any three modes by its Cauchy sums, and the "
                                 "gradients; the loss is sum(k loss_weight).");
    case_convention("A = diag(lambda) - p p^*; c stands for Ctilde V, b for V^* B; the modes are "
                    "no pairs of conjugates");
    case_convention(nodes);
    case_convention("p is one parameter: its gradient has that of its conjugate, too");
    case_convention(complex_gradient);
    case_number("dt", dt, "the step of the bilinear rule");
    input_lambda(MODES, s.lambda, &r, "the diagonal");
    input_complex("p", MODES, s.p, &r, "p");
    input_complex("b", MODES, s.b, &r, "B");
    input_complex("c", MODES, c, &r, "Ctilde");
    input("loss_weight", SHAPE(L), weight, &r, "the loss is sum(k loss_weight)");
    s4_cauchy_kernel(&s, c, dt, L, k);
    diagonal_part(&s, c, dt, diagonal);
    s4_generating_function(&s, c, dt, L, khat);
    publish_complex("step", "khat_diagonal", "", L, diagonal,
                    "2 k_CB: what khat were without the matrix of rank one");
    publish_complex("step", "khat", "khat_diagonal_re khat_diagonal_im", L, khat,
                    "2 (k_CB - (1 + z) k_CP k_QB / (1 + (1 + z) k_QP))");
    publish("output", "k", "khat_re khat_im", SHAPE(L), k,
            "the real part of the inverse transform of khat");
    for (int l = 0; l < L; l++)
        loss += k[l] * weight[l];
    publish("output", "loss", "k", SCALAR, &loss, "sum of k loss_weight");
    s4_cauchy_gradient(&s, c, dt, L, weight, &d, dc, &ddt);
    publish_complex("gradient", "dc", "", MODES, dc, "dloss/dCtilde");
    publish_complex("gradient", "db", "", MODES, d.b, "dloss/dB");
    publish_complex("gradient", "dp", "", MODES, d.p, "dloss/dp");
    publish_complex("gradient", "dlambda", "", MODES, d.lambda, "dloss/dlambda");
    publish("gradient", "ddt", "", SCALAR, &ddt, "dloss/ddt");
    case_end();
    s4_dplr_free(&s);
    s4_dplr_free(&d);
}

// ---- Linear algebra ----

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

static void
linear_algebra(void)
{
    enum { SIZE = 6, COLUMNS = 3 };
    double a[SIZE * SIZE], b[SIZE * COLUMNS], s[SIZE * SIZE], t[SIZE * SIZE], q[SIZE * COLUMNS];
    double r[COLUMNS * COLUMNS], e[SIZE * SIZE], values[SIZE], re[SIZE * SIZE], im[SIZE * SIZE];
    double out[SIZE * SIZE * SIZE];
    rng random = rng_at(SEED, 7);
    case_begin("linear_algebra", "What the library's linear algebra makes of small matrices.");
    case_convention(
        "eigenvalues ascend; an eigenvector has no sign or phase, so its projector is published");
    input("a", SHAPE(SIZE, SIZE), a, &random, "any matrix");
    input("b", SHAPE(SIZE, COLUMNS), b, &random, "right sides");
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            s[i * SIZE + j] = a[i * SIZE + j] + a[j * SIZE + i];
            t[i * SIZE + j] = a[i * SIZE + j] - a[j * SIZE + i];
        }
    linalg_qr(SIZE, COLUMNS, b, q, r);
    publish("output", "q", "", SHAPE(SIZE, COLUMNS), q, "b = q r");
    publish("output", "r", "", SHAPE(COLUMNS, COLUMNS), r, "diagonal not negative");
    linalg_solve("a", SIZE, a, COLUMNS, b);
    publish("output", "x", "", SHAPE(SIZE, COLUMNS), b, "a x = b");
    linalg_expm(SIZE, a, e);
    publish("output", "expm", "", SHAPE(SIZE, SIZE), e, "e^a");
    linalg_symmetric(SIZE, s, values, re);
    projectors(SIZE, re, NULL, out);
    publish("output", "symmetric", "", SHAPE(SIZE), values, "eigenvalues of a + a^T, ascending");
    publish("output", "symmetric_projectors", "", SHAPE(SIZE, SIZE, SIZE), out,
            "v v^T of each eigenvector v");
    linalg_hermitian(SIZE, s, t, values, re, im);
    projectors(SIZE, re, im, out);
    publish("output", "hermitian", "", SHAPE(SIZE), values,
            "eigenvalues of (a + a^T) + i (a - a^T), ascending");
    publish("output", "hermitian_projectors", "", SHAPE(SIZE, SIZE, SIZE), out,
            "the real part of v v^* of each eigenvector v");
    case_end();
}

void
s4_cases(void)
{
    hippo(S4_LEGS, "hippo_legs", "HiPPO's LegS: all of the past, scaled.");
    hippo(S4_LEGT, "hippo_legt", "HiPPO's LegT: a window.");
    hippo(S4_LAGT, "hippo_lagt", "HiPPO's LagT: a past that fades.");
    legs_states();
    reconstruct();
    discrete("forward", S4_FORWARD, "LegS in discrete time by Euler's forward rule.",
             "abar = I + dt A, bbar = dt B");
    discrete("backward", S4_BACKWARD, "LegS in discrete time by Euler's backward rule.",
             "abar = (I - dt A)^-1, bbar = (I - dt A)^-1 dt B");
    discrete("bilinear", S4_BILINEAR, "LegS in discrete time by the bilinear rule.",
             "abar = (I - dt/2 A)^-1 (I + dt/2 A), bbar = (I - dt/2 A)^-1 dt B");
    discrete("zoh", S4_ZOH, "LegS in discrete time with zero-order hold.",
             "abar = e^(dt A), bbar = A^-1 (abar - I) B: the input stays between two samples");
    nplr();
    kernel_dplr();
    kernel_s4d();
    convolution();
    recurrence();
    recurrence_s4d();
    gradients();
    gradients_dplr();
    linear_algebra();
}
