// Figure delay: what do 64 numbers that are never trained know of the input of some time ago? Four linear systems are
// fed with waves of all frequencies up to 10 periods in 1000 steps; the best linear readout of u[t - lag], and the
// part of its variance that this misses, against the lag. No samples, no noise: one system of equations for each.
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "numbers/random.h"
#include "s4/figures/figures.h"
#include "s4/s4.h"

#include <string.h>

enum { SEED = 21, N = 64, HORIZON = 1000, WAVES = 200, LAGS = 41, LAG = 50 };

// LegT with a window of HORIZON steps, LegS without 1/t, LagT, and independent real decays of time constants from
// 1 to HORIZON steps.
enum { LEGT, LEGS, LAGT, REAL, SYSTEMS };

static void
discrete_system(int system, double *abar, double *bbar)
{
    double a[N * N] = {0}, b[N], dt = 1.0 / HORIZON;
    rng r = rng_at(SEED, 0);
    switch (system) {
    case LEGT: s4_legt(N, 1, a, b); break;
    case LEGS: s4_legs(N, a, b); break;
    case LAGT:
        s4_lagt(N, a, b);
        dt = 0.1;
        break;
    default:
        for (int n = 0; n < N; n++) {
            a[n * N + n] = -exp64(log64(HORIZON) * rng_uniform64(&r));
            b[n] = -a[n * N + n];
        }
    }
    s4_discretise(S4_ZOH, N, a, b, dt, abar, bbar);
}

// The angle that wave k turns in a step.
static double
frequency(int k)
{
    return 2 * pi64 * 10 / HORIZON * (k + 0.5) / WAVES;
}

// The states x (WAVES, 2, N) that answer to e^(iwt), x = (I - e^(-iw) abar)^-1 bbar, real and imaginary part,
// by a real system of 2 N.
static void
frequency_response(const double *abar, const double *bbar, double *x)
{
    static double left[4 * N * N];
    for (int k = 0; k < WAVES; k++) {
        double w = frequency(k), *right = x + k * 2 * N;
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                double re = (i == j) - cos64(w) * abar[i * N + j], im = sin64(w) * abar[i * N + j];
                left[i * 2 * N + j] = left[(N + i) * 2 * N + N + j] = re;
                left[(N + i) * 2 * N + j] = im;
                left[i * 2 * N + N + j] = -im;
            }
            right[i] = bbar[i];
            right[N + i] = 0;
        }
        linalg_solve("I - e^(-iw) abar", 2 * N, left, 1, right);
    }
}

// The part of the variance of u[t - lag] that the best linear readout misses, over all frequencies: the least
// squares of e^(-iw lag) = sum_n weight_n x_n(w), real and imaginary parts as equations of their own.
static void
readout(const double *x, double *missed)
{
    const double ridge = 1e-9; // of the mean square of x
    static double gram[N * N], right[N * LAGS], wanted[2 * WAVES * LAGS];
    double trace = 0;
    memset(gram, 0, sizeof gram);
    memset(right, 0, sizeof right);
    for (int k = 0; k < 2 * WAVES; k++) {
        double w = frequency(k / 2), *row = wanted + k * LAGS;
        for (int l = 0; l < LAGS; l++)
            row[l] = k % 2 ? -sin64(w * l * LAG) : cos64(w * l * LAG);
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++)
                gram[i * N + j] += x[k * N + i] * x[k * N + j];
            for (int l = 0; l < LAGS; l++)
                right[i * LAGS + l] += x[k * N + i] * row[l];
        }
    }
    for (int i = 0; i < N; i++)
        trace += gram[i * N + i];
    for (int i = 0; i < N; i++)
        gram[i * N + i] += ridge * trace / N;
    linalg_solve("X^T X + ridge", N, gram, LAGS, right);
    for (int l = 0; l < LAGS; l++) {
        missed[l] = 0;
        for (int k = 0; k < 2 * WAVES; k++) {
            double gap = wanted[k * LAGS + l];
            for (int i = 0; i < N; i++)
                gap -= x[k * N + i] * right[i * LAGS + l];
            missed[l] += gap * gap / WAVES;
        }
    }
}

static void
claims(double missed[SYSTEMS][LAGS])
{
    const char *own = "this chapter";
    const int at_900 = 900 / LAG;
    claim_below("legt-inside", "delay: what LegT misses at 900 of its window's 1000 steps", 1e-3,
                missed[LEGT][at_900], own, REPRODUCED);
    claim_above("legt-cliff", "delay: what LegT misses at 1200 steps", 0.1,
                missed[LEGT][1200 / LAG], own, REPRODUCED);
    claim_above("legs-decays", "delay: what LegS misses at 1000 steps over what it does at 500",
                1000, missed[LEGS][1000 / LAG] / missed[LEGS][500 / LAG], own, REPRODUCED);
    claim_above("delay-order", "delay, 900 steps: of LegT < LagT < LegS < real, how many hold", 2.5,
                (missed[LEGT][at_900] < missed[LAGT][at_900]) +
                    (missed[LAGT][at_900] < missed[LEGS][at_900]) +
                    (missed[LEGS][at_900] < missed[REAL][at_900]),
                own, REPRODUCED);
    claim_above("real-is-bad", "delay: what 64 real decays miss at 500 steps", 0.3,
                missed[REAL][500 / LAG], own, REPRODUCED);
}

void
s4_figure_delay(void)
{
    static double x[WAVES * 2 * N];
    double abar[N * N], bbar[N], missed[SYSTEMS][LAGS];
    for (int s = 0; s < SYSTEMS; s++) {
        discrete_system(s, abar, bbar);
        frequency_response(abar, bbar, x);
        readout(x, missed[s]);
    }
    table *t = program_table("delay", "lag_steps\tlegt\tlegs\tlagt\treal");
    for (int l = 0; l < LAGS; l++)
        table_row(t, "idddd", l * LAG, missed[LEGT][l], missed[LEGS][l], missed[LAGT][l],
                  missed[REAL][l]);
    table_close(t);
    claims(missed);
}
