// Figure reconstruction: is LegS's memory, which sees every sample once, as good as the best
// polynomial, which sees them all at once? A signal of 4000 samples; what 8, 16, 32, 64 numbers
// have kept of it, and the mean square error against N beside the best polynomial's and beside that
// of LegS read half a sample off.
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "s4/figures/figures.h"
#include "s4/s4.h"
#include "s4/signal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// The mean square that the best polynomial of degree N - 1 leaves of f: less f's projection on the
// columns of Q, where Q R holds the basis at the samples.
static double
best_error(int N, int T, const double *f)
{
    double *a = memory_zeroed(2L * T * N + T, sizeof *a, "the best polynomial"), r[N * N];
    double *q = a + T * N, *rest = q + T * N;
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
    double left = s4_norm(T, rest);
    free(a);
    return left * left / T;
}

// The mean square of what f (T) changes in half a sample.
static double
half_step(int T, const double *f)
{
    double sum = 0;
    for (int i = 1; i < T - 1; i++)
        sum += (f[i + 1] - f[i - 1]) * (f[i + 1] - f[i - 1]) / 16;
    return sum / T;
}

static void
claims(double best16, double legs16, double predicted, double shifted64)
{
    claim_near("legs-optimal", "LegS, N 16: its mean square error over the best polynomial's", 1,
               unless_quick(legs16 / best16), 1e-3, "Gu et al. 2020, theorem 2: c is optimal",
               REPRODUCED);
    // the memory's own error, whose root mean square is 1/44 of this one, may add or cancel 2/44 of
    // it
    claim_near("half-a-sample", "LegS, N 64, half a sample off: the error over f' times the way", 1,
               unless_quick(shifted64 / predicted), 0.05, "expected: Taylor's first term", FOUND);
    claim_changed("half-a-sample", "over the error in place > 100 before (1913); then +- 0.02");
}

enum { POINTS = 400, SIZES = 4, LARGEST = 72 };

// The signal and its reconstructions from last[k] (8 << k) at places in [0, 1].
static void
write_reconstructions(double last[SIZES][LARGEST])
{
    table *t = program_table("reconstruction", "place\tsignal\tn_8\tn_16\tn_32\tn_64");
    for (int i = 0; i <= POINTS; i++) {
        double x = (double)i / POINTS, y[SIZES];
        for (int k = 0; k < SIZES; k++)
            y[k] = s4_reconstruct(S4_LEGS, 8 << k, last[k], x);
        table_row(t, "dddddd", x, s4_three_waves(x), y[0], y[1], y[2], y[3]);
    }
    table_close(t);
}

void
s4_figure_reconstruction(void)
{
    const int T = program_steps(4000, 400);
    double *f = memory_zeroed(T, sizeof *f, "a signal"), last[SIZES][LARGEST];
    double *c = memory_zeroed((long)T * LARGEST, sizeof *c, "a memory's states");
    double best16 = 0, legs16 = 0, shifted64 = 0;
    for (int i = 0; i < T; i++)
        f[i] = s4_three_waves(s4_legs_place(S4_FROM_FIRST, i, T));
    table *t = program_table("reconstruction-error", "n\tbest\tlegs\tlegs_half_a_sample_off");
    for (int N = 4; N <= LARGEST; N += 4) {
        const double *end = c + (T - 1) * N;
        s4_legs_memory(S4_FROM_FIRST, N, T, f, c);
        double best = best_error(N, T, f), legs = s4_memory_error(N, T, f, end, 0);
        double shifted = s4_memory_error(N, T, f, end, 0.5);
        table_row(t, "iddd", N, fmax(best, 1e-20), legs, shifted);
        for (int k = 0; k < SIZES; k++)
            if (N == 8 << k)
                memcpy(last[k], end, N * sizeof *end);
        if (N == 16) {
            best16 = best;
            legs16 = legs;
        }
        if (N == 64)
            shifted64 = shifted;
    }
    table_close(t);
    write_reconstructions(last);
    claims(best16, legs16, half_step(T, f), shifted64);
    free(f);
    free(c);
}
