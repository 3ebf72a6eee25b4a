// Table diagonal-legs: how far is S4D-LegS, the diagonal alone, from LegS? The relative error of its response to a
// smooth input against N, for C = e_0.
#include "frame/claims.h"
#include "frame/program.h"
#include "s4/figures/figures.h"
#include "s4/s4.h"
#include "s4/signal.h"

#include <string.h>

enum { L = 2048 };

// The responses y (L) to u (L) of LegS and of S4D-LegS, C = e_0 (N).
static void
legs_response(int N, const double *u, double *y)
{
    double a[N * N], abar[N * N], b[N], bbar[N], c[N], k[L];
    s4_legs(N, a, b);
    s4_discretise(S4_ZOH, N, a, b, 4.0 / L, abar, bbar);
    memset(c, 0, sizeof c);
    c[0] = 1;
    s4_kernel_by_powers(N, L, abar, bbar, c, k);
    s4_convolve(L, k, u, y);
}

static void
diagonal_response(int N, const double *u, double *y)
{
    int M = N / 2;
    double k[L];
    s4_dplr legs = s4_nplr(N);
    s4_diagonal s = s4_diagonal_new(M);
    s4_diagonal_init(S4_INIT_LEGS, &s);
    s.dt = 4.0 / L;
    for (int m = 0; m < M; m++)
        s.c[m] = legs.v[(M + m) * N]; // C V
    s4_diagonal_kernel(&s, L, k);
    s4_convolve(L, k, u, y);
    s4_dplr_free(&legs);
    s4_diagonal_free(&s);
}

void
s4_figure_diagonal_legs(void)
{
    double u[L], y[L], diagonal[L], coarse = 0, fine = 0;
    for (int l = 0; l < L; l++)
        u[l] = s4_three_waves((double)l / L);
    table *t = program_table("diagonal-legs", "n\tresponse_error");
    for (int N = 8; N <= 64; N *= 2) {
        legs_response(N, u, y);
        diagonal_response(N, u, diagonal);
        double error = s4_relative_error(L, diagonal, y);
        table_row(t, "id", N, error);
        if (N == 8)
            coarse = error;
        if (N == 64)
            fine = error;
    }
    table_close(t);
    claim_below("diagonal-8", "S4D-LegS, N 64: the relative error of the response over that at N 8",
                0.25, fine / coarse, "Gupta et al. 2022; Gu et al. 2022b", REPRODUCED);
}
