// For the page: a signal of the reader's own, and what N numbers of LegS, LegT and LagT have kept of it at any time.
#include "s4/s4.h"
#include "s4/signal.h"

#include <math.h>

enum { LIVE_T = 600, LIVE_N = 64, LIVE_WINDOW = 200, LIVE_UNIT = 10, LIVE_MEASURES = S4_LAGT + 1 };

static double signal_[LIVE_T], states[LIVE_MEASURES][LIVE_T * LIVE_N];
static int numbers; // of each memory

// The samples, first those of chapter s4's waves; the page writes its own.
double *
s4_live_signal(void)
{
    for (int i = 0; numbers == 0 && i < LIVE_T; i++)
        signal_[i] = s4_three_waves((double)i / LIVE_T);
    return signal_;
}

// Runs the signal through the three memories of N numbers.
void
s4_live_remember(int N)
{
    static double a[LIVE_N * LIVE_N], b[LIVE_N], y[LIVE_T];
    static double abar[LIVE_MEASURES][LIVE_N * LIVE_N], bbar[LIVE_MEASURES][LIVE_N];
    for (int measure = S4_LEGT; measure <= S4_LAGT; measure++) {
        if (measure == S4_LEGT)
            s4_legt(N, LIVE_WINDOW, a, b);
        else
            s4_lagt(N, a, b);
        if (numbers != N)
            s4_discretise(S4_ZOH, N, a, b, measure == S4_LEGT ? 1 : 1.0 / LIVE_UNIT, abar[measure],
                          bbar[measure]);
        s4_recurrence(N, LIVE_T, abar[measure], bbar[measure], b, 0, signal_, states[measure], y);
    }
    s4_legs_memory(S4_FROM_FIRST, N, LIVE_T, signal_, states[S4_LEGS]);
    numbers = N;
}

// After `steps` samples: what the memory gives back for samples 0 ... steps - 1, NaN where it has nothing.
const double *
s4_live_recall(int measure, int steps)
{
    static double back[LIVE_T];
    const double *c = states[measure] + (steps - 1) * numbers;
    for (int i = 0; i < steps; i++) {
        int ago = steps - 1 - i;
        double x = measure == S4_LEGS   ? s4_legs_place(S4_FROM_FIRST, i, steps)
                   : measure == S4_LEGT ? 1 - (ago + 0.5) / LIVE_WINDOW
                                        : (ago + 0.5) / LIVE_UNIT;
        back[i] = measure == S4_LEGT && ago >= LIVE_WINDOW
                      ? NAN
                      : s4_reconstruct((s4_measure)measure, numbers, c, x);
    }
    return back;
}
