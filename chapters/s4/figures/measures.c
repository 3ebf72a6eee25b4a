// Figure measures: what do 32 numbers of LegS, LegT and LagT remember? The first functions of each basis against time,
// and what the three give back of one signal at three times.
#include "frame/program.h"
#include "s4/figures/figures.h"
#include "s4/s4.h"
#include "s4/signal.h"

#include <math.h>

// The steps of LegT's window, and of LagT's unit of time.
enum { WINDOW = 400, UNIT = 10 };

enum { N = 32, T = 1200, SHOWN = 4, TIMES = 3, MEASURES = S4_LAGT + 1 };

// The states c (T, N) of one measure over the samples f.
static void
remember(s4_measure measure, const double *f, double *c)
{
    if (measure == S4_LEGS) {
        s4_legs_memory(S4_FROM_FIRST, N, T, f, c);
        return;
    }
    double a[N * N], abar[N * N], b[N], bbar[N], y[T];
    if (measure == S4_LEGT)
        s4_legt(N, WINDOW, a, b);
    else
        s4_lagt(N, a, b);
    s4_discretise(S4_ZOH, N, a, b, measure == S4_LEGT ? 1 : 1.0 / UNIT, abar, bbar);
    s4_recurrence(N, T, abar, bbar, b, 0, f, c, y);
}

// f at `ago` steps before the end of `steps` samples, from c (n); NaN where the measure has nothing.
static double
recall(s4_measure measure, int n, int steps, const double *c, int ago)
{
    if (ago >= steps || (measure == S4_LEGT && ago > WINDOW))
        return NAN;
    double x = measure == S4_LEGS   ? s4_legs_place(S4_FROM_FIRST, steps - 1 - ago, steps)
               : measure == S4_LEGT ? 1 - (ago + 0.5) / WINDOW
                                    : (ago + 0.5) / UNIT;
    return s4_reconstruct(measure, n, c, x);
}

static void
write_bases(void)
{
    table *t =
        program_table("measures-basis", "steps_ago\tlegs_0\tlegs_1\tlegs_2\tlegs_3\tlegt_0\t"
                                        "legt_1\tlegt_2\tlegt_3\tlagt_0\tlagt_1\tlagt_2\tlagt_3");
    for (int ago = 0; ago < T; ago += 4) {
        float row[MEASURES * SHOWN];
        for (int k = 0; k < MEASURES * SHOWN; k++) {
            double only[SHOWN] = {0};
            only[k % SHOWN] = 1;
            row[k] = (float)recall(k / SHOWN, SHOWN, T, only, ago);
        }
        table_curve(t, ago, MEASURES * SHOWN, row);
    }
    table_close(t);
}

void
s4_figure_measures(void)
{
    static double f[T], c[MEASURES][T * N];
    write_bases();
    for (int i = 0; i < T; i++)
        f[i] = s4_three_waves((double)i / T) * (1 + 0.5 * sin64(2 * pi64 * i / T));
    for (int m = S4_LEGS; m < MEASURES; m++)
        remember(m, f, c[m]);
    table *t =
        program_table("measures", "time\tsignal\tlegs_400\tlegt_400\tlagt_400\tlegs_800\tlegt_800\t"
                                  "lagt_800\tlegs_1200\tlegt_1200\tlagt_1200");
    for (int i = 0; i < T; i += 2) {
        float row[1 + MEASURES * TIMES] = {(float)f[i]}, *at = row + 1;
        for (int now = T / TIMES; now <= T; now += T / TIMES)
            for (int m = S4_LEGS; m < MEASURES; m++)
                *at++ = i < now ? (float)recall(m, N, now, c[m] + (now - 1) * N, now - 1 - i) : NAN;
        table_curve(t, i, 1 + MEASURES * TIMES, row);
    }
    table_close(t);
}
