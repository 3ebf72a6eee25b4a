// Figure robbins-monro: does w <- w - a_k (g(w) + noise) find the root of g? Left, the guesses on tanh(w - 1) without
// noise; right, the part of runs that converge on w^3 - 5, which grows too fast, with steps 1/k and 1/(k+5), from 17
// first guesses, beside the exact probability from 401.
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/numeric.h"
#include "td/figures/figures.h"
#include "td/runs.h"
#include "td/td.h"

#include <math.h>
#include <string.h>

enum { SEED = 21, STARTS = 17, STEPS = 300, TANH_STEPS = 1000, CELLS = 2400 };
static const double edge = 12; // of the grid of w, which has a point every 0.01

// The steps are 1 / (k + shift).
enum { PLAIN, SHIFTED, KINDS };
static const int shifts[KINDS] = {0, 5};
static const char *const kind_name[KINDS] = {"1/k", "1/(k+5)"};

// The first guesses are 0, 0.25, 0.5, ...; where w1 stands among them.
static double
first_guess(int i)
{
    return 0.25 * i;
}

static int
place_of(double w1)
{
    return (int)(w1 / 0.25);
}

// Whether w <- w - (w^3 - 5 + noise) / (k + shift) comes within 1 of the root, from all starts.
static void
seek_root(rng *r, const void *context, double *converges)
{
    const double root = 1.7099759466766970; // 5^(1/3)
    int shift = *(const int *)context;
    for (int i = 0; i < STARTS; i++) {
        double w = first_guess(i);
        for (int k = 1; k <= STEPS && fabs(w) < 1e6; k++)
            w = td_robbins_monro(w, 1.0 / (k + shift), w * w * w - 5 + rng_normal(r));
        converges[i] = fabs(w - root) < 1;
    }
}

// probability (CELLS + 1): that of the same, by dynamic programming backwards over 60 steps, on a grid of w with
// linear interpolation; the mean over the noise is a sum over a grid with the weights of N(0, 1). After the last step w
// converges if the next one does not throw it out: if |w| < sqrt(2 k).
static void
probability_of_root(int shift, double *after)
{
    enum { BACK = 60, NOISE = 300 };
    static double now[CELLS + 1];
    const double width = 2 * edge / CELLS, most = 6;
    double noise[NOISE + 1], weight[NOISE + 1], all = 0;
    for (int i = 0; i <= NOISE; i++) {
        noise[i] = most * (2.0 * i / NOISE - 1);
        all += weight[i] = exp64(-noise[i] * noise[i] / 2);
    }
    for (int j = 0; j <= CELLS; j++)
        after[j] = fabs(j * width - edge) < sqrt64(2.0 * (BACK + shift));
    for (int k = BACK; k >= 1; k--) {
        for (int j = 0; j <= CELLS; j++) {
            double w = j * width - edge, sum = 0;
            for (int i = 0; i <= NOISE; i++) {
                double at = td_robbins_monro(w, 1.0 / (k + shift), w * w * w - 5 + noise[i]);
                double cell = (at + edge) / width;
                if (!(cell >= 0 && cell < CELLS))
                    continue;
                int c = (int)cell;
                sum += weight[i] * (after[c] + (cell - c) * (after[c + 1] - after[c]));
            }
            now[j] = sum / all;
        }
        memcpy(after, now, sizeof now);
    }
}

// The place of w in such a grid.
static int
cell_of(double w)
{
    return (int)((w + edge) / (2 * edge) * CELLS + 0.5);
}

// From where steps of 1/k arrive most often, and how often from 0, Zhao's start.
static void
write_starts(const double *probability)
{
    int best = cell_of(0);
    for (int k = best; k <= cell_of(4); k++)
        best = probability[k] > probability[best] ? k : best;
    table *t = program_table("robbins-monro-starts", "start\tw1\tprobability");
    table_row(t, "sdd", "zhao", 0.0, probability[cell_of(0)]);
    table_row(t, "sdd", "best", best * 2 * edge / CELLS - edge, probability[best]);
    table_close(t);
}

// The guess after TANH_STEPS steps on tanh(w - 1), without noise.
static double
write_tanh(void)
{
    table *t = program_table("robbins-monro-tanh", "k\tw");
    double w = 3;
    for (int k = 1; k <= TANH_STEPS; k++) {
        table_row(t, "id", k, w);
        w = td_robbins_monro(w, 1.0 / k, tanh64(w - 1));
    }
    table_close(t);
    return w;
}

static void
claims(double last, double share[KINDS][STARTS], double z)
{
    claim_near("tanh-root", "Robbins-Monro: w after 1000 steps on tanh(w - 1) without noise", 1,
               last, 2e-3, "Zhao 2025, fig. 6.4", REPRODUCED);
    claim_above("cubic-zhao", "w^3 - 5, steps 1/k, w1 = 0: the part of runs that arrive", 0.5,
                unless_quick(share[PLAIN][place_of(0)]),
                "Zhao 2025, fig. 6.3: one run, which arrives", NOT_AT_THIS_SCALE);
    claim_changed("cubic-zhao",
                  "before: w1 = 1 as an example of ours, and the book's start left out");
    claim_above("cubic-shift", "w^3 - 5, steps 1/(k+5), w1 = 0: the part of runs that arrive", 0.99,
                unless_quick(share[SHIFTED][place_of(0)]), "ours: the first steps are too large",
                FOUND);
    claim_changed("cubic-shift", "before: w1 = 1");
    td_check_z("cubic-z", "w^3 - 5: the worst of 34 parts against dynamic programming, in s.e.",
               KINDS * STARTS, z);
}

void
td_figure_robbins_monro(void)
{
    static double everywhere[CELLS + 1];
    double share[KINDS][STARTS], error[KINDS][STARTS], exact[KINDS][STARTS], z = 0;
    int runs = program_steps(4000, 20);
    double last = write_tanh();
    progress_expect(KINDS * runs);
    table *t = program_table("robbins-monro-cubic", "steps\tw1\tconverges\tstandard_error\texact");
    table *curve = program_table("robbins-monro-exact", "steps\tw1\tprobability");
    for (int i = 0; i < KINDS; i++) {
        td_runs(SEED, runs, STARTS, seek_root, &shifts[i], share[i], error[i]);
        probability_of_root(shifts[i], everywhere);
        if (i == PLAIN)
            write_starts(everywhere);
        for (int k = cell_of(0); k <= cell_of(4); k++)
            table_row(curve, "sdd", kind_name[i], k * 2 * edge / CELLS - edge, everywhere[k]);
        for (int k = 0; k < STARTS; k++) { // of a part, from the exact one: it may be 0 or 1
            exact[i][k] = everywhere[cell_of(first_guess(k))];
            error[i][k] = sqrt64(exact[i][k] * fmax(1 - exact[i][k], 0) / runs);
            table_row(t, "sdddd", kind_name[i], first_guess(k), share[i][k], error[i][k],
                      exact[i][k]);
        }
        z = fmax(z, td_worst_z(STARTS, share[i], error[i], exact[i]));
    }
    table_close(t);
    table_close(curve);
    claims(last, share, z);
}
