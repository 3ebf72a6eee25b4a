#include "s4/gradient.h"

#include "numbers/fft.h"
#include "numbers/numeric.h"

#include <string.h>

void
s4_cauchy_kernel(const s4_dplr *s, s4_complex c, double dt, int L, double *k)
{
    s4_complex khat = s4_complex_new(L);
    fft *f = fft_new(L, 1);
    s4_generating_function(s, c, dt, L, khat);
    fft_inverse(f, khat.re, khat.im);
    memcpy(k, khat.re, L * sizeof *k);
    fft_free(f);
    s4_complex_free(khat);
}

// One complex number, for formulas. (In arrays the parts stay apart.)
typedef struct {
    double re, im;
} complex;

static inline complex
at(s4_complex x, int i)
{
    return (complex){x.re[i], x.im[i]};
}

static inline complex
conjugate(complex a)
{
    return (complex){a.re, -a.im};
}

static inline complex
plus(complex a, complex b)
{
    return (complex){a.re + b.re, a.im + b.im};
}

static inline complex
times(complex a, complex b)
{
    return (complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static inline complex
scaled(double s, complex a)
{
    return (complex){s * a.re, s * a.im};
}

static inline complex
inverse(complex a)
{
    double square = a.re * a.re + a.im * a.im;
    return (complex){a.re / square, -a.im / square};
}

static inline void
add(s4_complex x, int i, complex a)
{
    x.re[i] += a.re;
    x.im[i] += a.im;
}

// 1 / D_n at one node z, D_n = 2/dt (1 - z) - (1 + z) lambda_n.
static complex
one_over_d(complex lambda, double dt, complex z)
{
    complex one = {1, 0};
    return inverse(
        plus(scaled(2 / dt, plus(one, scaled(-1, z))), scaled(-1, times(plus(one, z), lambda))));
}

// What one node z adds, where the loss changes by Re(g khat(z)).
static void
node_gradient(const s4_dplr *s, s4_complex c, double dt, complex z, complex g, s4_dplr *d,
              s4_complex dc, double *ddt)
{
    complex one = {1, 0}, o = plus(one, z), cp = {0}, qb = {0}, qp = {0};
    for (int n = 0; n < s->N; n++) {
        complex r = one_over_d(at(s->lambda, n), dt, z), b = at(s->b, n), p = at(s->p, n);
        complex q = conjugate(p);
        cp = plus(cp, times(r, times(at(c, n), p)));
        qb = plus(qb, times(r, times(q, b)));
        qp = plus(qp, times(r, times(q, p)));
    }
    // khat = 2 (k_cb - o k_cp k_qb / e) with e = 1 + o k_qp, in each of the four sums
    complex ratio = times(o, inverse(plus(one, times(o, qp)))); // o / e
    complex in_cb = scaled(2, g), in_cp = scaled(-2, times(g, times(ratio, qb)));
    complex in_qb = scaled(-2, times(g, times(ratio, cp)));
    complex in_qp = scaled(2, times(times(g, times(ratio, ratio)), times(cp, qb)));
    for (int n = 0; n < s->N; n++) {
        complex r = one_over_d(at(s->lambda, n), dt, z), b = at(s->b, n), p = at(s->p, n);
        complex q = conjugate(p), cn = at(c, n);
        // k_ab = sum a_n b_n / D_n in c, b, p and q = conj(p), whose gradient is not conjugated
        complex in_c = plus(times(in_cb, b), times(in_cp, p));
        complex in_q = plus(times(in_qb, b), times(in_qp, p));
        complex in_b = plus(times(in_cb, cn), times(in_qb, q));
        complex in_p = plus(times(in_cp, cn), times(in_qp, q));
        add(dc, n, conjugate(times(r, in_c)));
        add(d->b, n, conjugate(times(r, in_b)));
        add(d->p, n, plus(conjugate(times(r, in_p)), times(r, in_q)));
        // and in D = 2/dt (1 - z) - (1 + z) lambda
        complex in_d = scaled(-1, times(times(r, r), plus(times(cn, in_c), times(q, in_q))));
        add(d->lambda, n, conjugate(scaled(-1, times(o, in_d))));
        *ddt += times(scaled(-2 / (dt * dt), plus(one, scaled(-1, z))), in_d).re;
    }
}

// k = Re of the inverse transform of khat: the loss changes by sum dk k = Re sum_l conj(F_l) / L khat_l, where
// F is the transform of dk.
void
s4_cauchy_gradient(const s4_dplr *s, s4_complex c, double dt, int L, const double *dk, s4_dplr *d,
                   s4_complex dc, double *ddt)
{
    const double pi = 3.14159265358979323846;
    s4_complex g = s4_complex_new(L);
    fft *f = fft_new(L, 1);
    memcpy(g.re, dk, L * sizeof *dk);
    fft_forward(f, g.re, g.im);
    for (int l = 0; l < L; l++) {
        complex z = {cos64(2 * pi * l / L), -sin64(2 * pi * l / L)};
        node_gradient(s, c, dt, z, scaled(1.0 / L, conjugate(at(g, l))), d, dc, ddt);
    }
    fft_free(f);
    s4_complex_free(g);
}
