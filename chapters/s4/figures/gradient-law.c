// Figure gradient-law: what is left of one sample after T steps? |dc(T)/df(t0)| of LegS for three
// t0, beside what a linear recurrent net keeps, and how far the gradient is from its law sqrt(2n+1)
// P_n(2x - 1) / T, x the place of t0.
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "s4/figures/figures.h"
#include "s4/s4.h"
#include "s4/signal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 16 };

static void
claims(double ratio, double worst)
{
    claim_near("gradient-1/t", "LegS, N 16, t0 10: |dc(T)/df(t0)| at T = 50000 over that at 100000",
               2, unless_quick(ratio), 0.05, "Gu et al. 2020, proposition 5: Theta(1/T)",
               REPRODUCED);
    claim_changed("gradient-1/t", "T times it is 16 +- 0.5 at T = 100000 before");
    claim_below("gradient-law", "LegS, N 16, T > 100 t0: the largest relative error of the law",
                1e-2, unless_quick(worst), "algebra, but for the steps", CHECK);
}

// The law's dc(T)/df(t0) (N) after the sample `now`.
static void
law(int t0, int now, double *gradient)
{
    s4_basis(S4_LEGS, N, s4_legs_place(S4_FROM_FIRST, t0, now + 1), gradient);
    for (int n = 0; n < N; n++)
        gradient[n] /= now + 0.5;
}

void
s4_figure_gradient_law(void)
{
    const int T = program_steps(100000, 5000);
    double *f = memory_zeroed(T, sizeof *f, "a signal"), worst = 0, ratio = 0;
    double *c = memory_zeroed((long)T * N, sizeof *c, "a memory's states");
    table *t = program_table("gradient-law", "t0\tsteps\tnorm\terror_of_law\tnet_0.99\tnet_0.999");
    for (int t0 = 10; t0 <= 1000; t0 *= 10) {
        memset(f, 0, T * sizeof *f);
        f[t0] = 1; // the memory is linear: its answer to this is dc/df(t0)
        s4_legs_memory(S4_FROM_FIRST, N, T, f, c);
        for (double at = t0 + 1; at < T; at = fmax(at + 1, 1.07 * at)) {
            int now = (int)at;
            double expected[N];
            law(t0, now, expected);
            double gap = s4_relative_error(N, c + now * N, expected);
            table_row(t, "iidddd", t0, now, s4_norm(N, c + now * N), gap,
                      fmax(pow64(0.99, now - t0), 1e-20), fmax(pow64(0.999, now - t0), 1e-20));
            if (now > 100 * t0)
                worst = fmax(worst, gap);
        }
        if (t0 == 10)
            ratio = s4_norm(N, c + (T / 2 - 1) * N) / s4_norm(N, c + (T - 1) * N);
    }
    table_close(t);
    free(f);
    free(c);
    claims(ratio, worst);
}
