// The gradient of S4's kernel by its Cauchy sums, for those who train it as S4 does: with Ctilde as a parameter.
#ifndef S4_CAUCHY_H
#define S4_CAUCHY_H

#include "s4/s4.h"

// k (L) = the inverse transform of khat, from c (N) = ctilde V: what s4_generating_function begins.
void s4_cauchy_kernel(const s4_dplr *s, const s4_complex *c, double dt, int L, double *k);

// Adds to d (lambda, p, b), dc (N) and ddt what dk (L) = d(loss)/dk implies. V stays as it is. The real parts
// of k count: the parameters need not come in conjugate pairs.
void s4_cauchy_gradient(const s4_dplr *s, const s4_complex *c, double dt, int L, const double *dk,
                        s4_dplr *d, s4_complex *dc, double *ddt);

#endif
