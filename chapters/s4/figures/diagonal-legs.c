// Table diagonal-legs: how far is S4D-LegS, the diagonal alone, from LegS? The relative errors of
// its kernel and of its response to a smooth input against N, for C = e_0; and of the response with
// the whole of B in place of half of it.
#include "frame/claims.h"
#include "frame/program.h"
#include "s4/figures/figures.h"
#include "s4/s4.h"
#include "s4/signal.h"

#include <math.h>
#include <string.h>

enum { L = 2048 };

// The kernels k (L) of LegS and of S4D-LegS, C = e_0 (N).
static void
legs_kernel(int N, double *k)
{
    double a[N * N], abar[N * N], b[N], bbar[N], c[N];
    s4_legs(N, a, b);
    s4_discretise(S4_ZOH, N, a, b, 4.0 / L, abar, bbar);
    memset(c, 0, sizeof c);
    c[0] = 1;
    s4_kernel_by_powers(N, L, abar, bbar, c, k);
}

static void
diagonal_kernel(int N, double *k)
{
    int M = N / 2;
    s4_dplr legs = s4_nplr(N);
    s4_diagonal s = s4_diagonal_new(M);
    s4_diagonal_init(S4_INIT_LEGS, &s);
    s.dt = 4.0 / L;
    for (int m = 0; m < M; m++)
        s.c[m] = legs.v[(M + m) * N]; // C V
    s4_diagonal_kernel(&s, L, k);
    s4_dplr_free(&legs);
    s4_diagonal_free(&s);
}

void
s4_figure_diagonal_legs(void)
{
    double u[L], k[L], y[L], diagonal_k[L], diagonal[L], twice[L], before = 0, least = 1e9;
    double full = 0;
    for (int l = 0; l < L; l++)
        u[l] = s4_three_waves((double)l / L);
    table *t = program_table("diagonal-legs", "n\tresponse_error\tkernel_error\twith_all_of_b");
    for (int N = 8; N <= 64; N *= 2) {
        legs_kernel(N, k);
        diagonal_kernel(N, diagonal_k);
        s4_convolve(L, k, u, y);
        s4_convolve(L, diagonal_k, u, diagonal);
        for (int l = 0; l < L; l++)
            twice[l] = 2 * diagonal[l];
        double error = s4_relative_error(L, diagonal, y);
        full = s4_relative_error(L, twice, y);
        table_row(t, "iddd", N, error, s4_relative_error(L, diagonal_k, k), full);
        if (N > 8)
            least = fmin(least, before / error);
        before = error;
    }
    table_close(t);
    claim_above("diagonal-legs",
                "S4D-LegS: how many times less its response errs at twice N, the least", 1, least,
                "Gu et al. 2022b, theorem 3: tends to LegS's as N grows", REPRODUCED);
    claim_changed("diagonal-legs", "the error at N 64 over that at N 8 < 0.25 before");
    claim_near("all-of-b", "S4D-LegS, N 64, all of B: the relative error of the response", 1, full,
               0.1, "expected: twice the input, twice the response", FOUND);
}
