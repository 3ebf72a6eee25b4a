// Figure cost: what does a sequence of L numbers cost? Seconds of the recurrence with N = 64, of the convolution by
// FFT with a kernel that is known, and of the convolution by its sum. Timings: no reference, no claim.
#include "files/memory.h"
#include "frame/program.h"
#include "frame/timing.h"
#include "s4/figures/figures.h"
#include "s4/s4.h"
#include "s4/signal.h"

#include <stdlib.h>

enum { N = 64 };

typedef struct {
    int L;
    double abar[N * N], bbar[N];
    double *k, *u; // (L)
    double *x, *y; // (L, N), (L)
} sequence;

static void
by_recurrence(void *context)
{
    sequence *s = context;
    s4_recurrence(N, s->L, s->abar, s->bbar, s->bbar, 0, s->u, s->x, s->y);
}

static void
by_fft(void *context)
{
    sequence *s = context;
    s4_convolve(s->L, s->k, s->u, s->y);
}

// y = k * u by its sum, L^2 / 2 products.
static void
by_sum(void *context)
{
    sequence *s = context;
    for (int l = 0; l < s->L; l++) {
        s->y[l] = 0;
        for (int j = 0; j <= l; j++)
            s->y[l] += s->k[j] * s->u[l - j];
    }
}

void
s4_figure_cost(void)
{
    const int longest = program_steps(1 << 14, 1 << 8);
    double a[N * N], b[N];
    sequence s = {.k = memory_zeroed((N + 3L) * longest, sizeof(double), "a sequence")};
    s.u = s.k + longest;
    s.y = s.u + longest;
    s.x = s.y + longest;
    s4_legs(N, a, b);
    s4_discretise(S4_BILINEAR, N, a, b, 0.001, s.abar, s.bbar);
    for (int l = 0; l < longest; l++) {
        s.u[l] = s4_three_waves((double)l / longest);
        s.k[l] = exp64(-0.001 * l);
    }
    table *t = program_table("cost.timing", "length\trecurrence_seconds\tfft_seconds\tsum_seconds");
    for (s.L = 64; s.L <= longest; s.L *= 2) {
        double recurrence = timing_median(3, by_recurrence, &s), fft = timing_median(3, by_fft, &s);
        table_row(t, "iddd", s.L, recurrence, fft, timing_median(3, by_sum, &s));
    }
    table_close(t);
    free(s.k);
}
