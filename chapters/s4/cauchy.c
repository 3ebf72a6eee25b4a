#include "s4/cauchy.h"

#include "files/memory.h"
#include "numbers/fft.h"

#include <stdlib.h>
#include <string.h>

void
s4_cauchy_kernel(const s4_dplr *s, const s4_complex *c, double dt, int L, double *k)
{
    s4_complex *khat = memory_zeroed(L, sizeof *khat, "s4: a spectrum");
    s4_generating_function(s, c, dt, L, khat);
    s4_inverse_transform(L, khat, k);
    free(khat);
}

static const s4_complex one = {1, 0};

// 1 / D_n at one node z, D_n = 2/dt (1 - z) - (1 + z) lambda_n.
static s4_complex
one_over_d(s4_complex lambda, double dt, s4_complex z)
{
    return s4_inverse(
        s4_minus(s4_scaled(2 / dt, s4_minus(one, z)), s4_times(s4_plus(one, z), lambda)));
}

static void
add(s4_complex *x, s4_complex a)
{
    *x = s4_plus(*x, a);
}

// What one node z adds, where the loss changes by Re(g khat(z)).
static void
node_gradient(const s4_dplr *s, const s4_complex *c, double dt, s4_complex z, s4_complex g,
              s4_dplr *d, s4_complex *dc, double *ddt)
{
    s4_complex o = s4_plus(one, z), cp = {0}, qb = {0}, qp = {0};
    for (int n = 0; n < s->N; n++) {
        s4_complex r = one_over_d(s->lambda[n], dt, z), b = s->b[n], p = s->p[n];
        s4_complex q = s4_conjugate(p);
        add(&cp, s4_times(r, s4_times(c[n], p)));
        add(&qb, s4_times(r, s4_times(q, b)));
        add(&qp, s4_times(r, s4_times(q, p)));
    }
    // khat = 2 (k_cb - o k_cp k_qb / e) with e = 1 + o k_qp, in each of the four sums
    s4_complex ratio = s4_times(o, s4_inverse(s4_plus(one, s4_times(o, qp)))); // o / e
    s4_complex in_cb = s4_scaled(2, g), in_cp = s4_scaled(-2, s4_times(g, s4_times(ratio, qb)));
    s4_complex in_qb = s4_scaled(-2, s4_times(g, s4_times(ratio, cp)));
    s4_complex in_qp =
        s4_scaled(2, s4_times(s4_times(g, s4_times(ratio, ratio)), s4_times(cp, qb)));
    for (int n = 0; n < s->N; n++) {
        s4_complex r = one_over_d(s->lambda[n], dt, z), b = s->b[n], p = s->p[n];
        s4_complex q = s4_conjugate(p);
        // k_ab = sum a_n b_n / D_n in c, b, p and q = conj(p), whose gradient is not conjugated
        s4_complex in_c = s4_plus(s4_times(in_cb, b), s4_times(in_cp, p));
        s4_complex in_q = s4_plus(s4_times(in_qb, b), s4_times(in_qp, p));
        s4_complex in_b = s4_plus(s4_times(in_cb, c[n]), s4_times(in_qb, q));
        s4_complex in_p = s4_plus(s4_times(in_cp, c[n]), s4_times(in_qp, q));
        add(&dc[n], s4_conjugate(s4_times(r, in_c)));
        add(&d->b[n], s4_conjugate(s4_times(r, in_b)));
        add(&d->p[n], s4_plus(s4_conjugate(s4_times(r, in_p)), s4_times(r, in_q)));
        // and in D = 2/dt (1 - z) - (1 + z) lambda
        s4_complex through_d = s4_plus(s4_times(c[n], in_c), s4_times(q, in_q));
        s4_complex in_d = s4_scaled(-1, s4_times(s4_times(r, r), through_d));
        add(&d->lambda[n], s4_conjugate(s4_scaled(-1, s4_times(o, in_d))));
        *ddt += s4_times(s4_scaled(-2 / (dt * dt), s4_minus(one, z)), in_d).re;
    }
}

// k = Re of the inverse transform of khat: the loss changes by sum dk k = Re sum_l conj(F_l) / L khat_l, where
// F is the transform of dk.
void
s4_cauchy_gradient(const s4_dplr *s, const s4_complex *c, double dt, int L, const double *dk,
                   s4_dplr *d, s4_complex *dc, double *ddt)
{
    double *re = memory_zeroed(2L * L, sizeof *re, "s4: a spectrum"), *im = re + L;
    fft *f = fft_new(L, 1);
    memcpy(re, dk, L * sizeof *dk);
    fft_forward(f, re, im);
    for (int l = 0; l < L; l++) {
        double angle = 2 * pi64 * l / L;
        s4_complex z = {cos64(angle), -sin64(angle)};
        s4_complex g = s4_scaled(1.0 / L, s4_conjugate((s4_complex){re[l], im[l]}));
        node_gradient(s, c, dt, z, g, d, dc, ddt);
    }
    fft_free(f);
    free(re);
}
