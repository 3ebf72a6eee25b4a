// Figure discretisation: how does the error of a memory depend on the rule of its steps? The root
// mean square error of 64 numbers of LegS and of LegT against the number of samples, by four rules.
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "s4/figures/figures.h"
#include "s4/s4.h"
#include "s4/signal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// N numbers of a memory; LEAST << 0 .. LEAST << SIZES - 1 samples.
enum { N = 64, LEAST = 250, SIZES = 6, RULES = S4_ZOH + 1 };

// c (N) of LegS after the samples f (T) by steps of 1/t.
static void
legs_by_steps(double back, int T, const double *f, double *c)
{
    double next[N];
    memset(c, 0, N * sizeof *c);
    c[0] = f[0];
    for (int t = 1; t < T; t++) {
        s4_legs_step(back, N, t, f[t], c, next);
        memcpy(c, next, sizeof next);
    }
}

// c (N) of LegS for a staircase of the samples f (T), exactly, as the zero-order hold means it:
// c_n = s_n sum_i f_i times the integral of P_n(2x - 1) over the part of sample i.
static void
legs_of_staircase(int T, const double *f, double *c)
{
    double edges[2][N + 1]; // P_n(2x - 1) at both ends of a sample's part
    memset(c, 0, N * sizeof *c);
    s4_basis(S4_LEGT, N + 1, 1, edges[1]); // P_n(-1)
    for (int i = 0; i < T; i++) {
        double *low = edges[(i + 1) % 2], *high = edges[i % 2];
        s4_basis(S4_LEGT, N + 1, 1 - (i + 0.5) / (T - 0.5), high);
        for (int n = 0; n < N; n++) // the integral of P_n is (P_(n+1) - P_(n-1)) / (2n + 1)
            c[n] += f[i] * ((high[n + 1] - low[n + 1]) - (n > 0 ? high[n - 1] - low[n - 1] : 0)) /
                    (2 * sqrt64(2 * n + 1));
    }
}

static double
legs_error(s4_rule rule, int T)
{
    double *f = memory_zeroed(T, sizeof *f, "a signal"), c[N];
    for (int i = 0; i < T; i++)
        f[i] = s4_three_waves(s4_legs_place(S4_FROM_FIRST, i, T));
    if (rule == S4_ZOH)
        legs_of_staircase(T, f, c);
    else
        legs_by_steps(rule == S4_FORWARD ? 0 : rule == S4_BACKWARD ? 1 : 0.5, T, f, c);
    double error = sqrt64(s4_memory_error(N, T, f, c, 0));
    free(f);
    return error;
}

// The root mean square of the signal less what LegT remembers of it: L steps are a window, and one
// window has passed before.
static double
legt_error(s4_rule rule, int L)
{
    double a[N * N], abar[N * N], b[N], bbar[N], sum = 0;
    double *f = memory_zeroed((N + 2L) * 2 * L, sizeof *f, "a memory's states");
    double *y = f + 2 * L, *x = y + 2 * L;
    for (int i = 0; i < 2 * L; i++)
        f[i] = s4_three_waves((i + 0.5) / L);
    s4_legt(N, 1, a, b);
    s4_discretise(rule, N, a, b, 1.0 / L, abar, bbar);
    s4_recurrence(N, 2 * L, abar, bbar, b, 0, f, x, y);
    for (int i = 0; i < L; i++) {
        double gap = f[L + i] - s4_reconstruct(S4_LEGT, N, x + (2 * L - 1) * N, (i + 0.5) / L);
        sum += gap * gap;
    }
    free(f);
    return sqrt64(sum / L);
}

// Errors by the number of samples and the rule.
typedef double errors[SIZES][RULES];

// The row of this number of samples.
static int
row_of(int samples)
{
    int k = 0;
    while (LEAST << k < samples)
        k++;
    return k;
}

static double
halving(errors legs, s4_rule rule)
{
    return unless_quick(legs[row_of(4000)][rule] / legs[row_of(8000)][rule]);
}

static void
claims(errors legs)
{
    const char *first = "expected: a rule of first order", *second = "expected: of second order";
    claim_near("forward-order", "LegS, forward: the error at 4000 samples over that at 8000", 2,
               halving(legs, S4_FORWARD), 0.1, first, FOUND);
    claim_near("backward-order", "LegS, backward: the error at 4000 samples over that at 8000", 2,
               halving(legs, S4_BACKWARD), 0.1, first, FOUND);
    claim_near("bilinear-order", "LegS, bilinear: the error at 4000 samples over that at 8000", 4,
               halving(legs, S4_BILINEAR), 0.1, second, FOUND);
}

void
s4_figure_discretisation(void)
{
    errors legs = {{0}}, legt = {{0}};
    table *t = program_table("discretisation",
                             "samples\tlegs_forward\tlegs_backward\tlegs_bilinear\tlegs_zoh\t"
                             "legt_forward\tlegt_backward\tlegt_bilinear\tlegt_zoh");
    int sizes = program_steps(SIZES, 2);
    for (int k = 0; k < sizes; k++) {
        float row[2 * RULES];
        for (int rule = S4_FORWARD; rule < RULES; rule++) {
            legs[k][rule] = legs_error(rule, LEAST << k);
            legt[k][rule] = legt_error(rule, LEAST << k);
            row[rule] = (float)legs[k][rule];
            row[RULES + rule] = legt[k][rule] < 1e6 ? (float)legt[k][rule] : NAN;
        }
        table_curve(t, LEAST << k, 2 * RULES, row);
    }
    table_close(t);
    claims(legs);
}
