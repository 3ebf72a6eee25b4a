// Two tables of means of positive features, divided by the softmax kernel. What do rows of length sqrt(d), in place of
// chi(d), estimate, for four lengths of x + y? And rows whose directions are Q as a routine returns it, for |x + y| =
// 2 in three directions?
#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"
#include "performer/figures/figures.h"
#include "performer/performer.h"

#include <math.h>
#include <stdlib.h>

// The first streams of this seed are those of figure lemma.
enum {
    SEED = 11,
    FIRST_STREAM = 1000,
    SIGNS_STREAM = 2000,
    WIDTH = 16,
    DRAWS = 100000,
    MATRICES = 10000
};

// x (n, with a step) -= 2 (v . x) v / |v|^2
static void
reflect(int from, const double *v, double square, double *x, int step)
{
    double along = 0;
    for (int i = from; i < WIDTH; i++)
        along += v[i] * x[i * step];
    for (int i = from; i < WIDTH; i++)
        x[i * step] -= 2 * along / square * v[i];
}

// Q of A = Q R as LAPACK has it, and so NumPy and PyTorch: each reflection but the last sends what is left of a column
// to minus the sign of its first number times its length.
static void
routine_q(double *a, double *q)
{
    for (int i = 0; i < WIDTH * WIDTH; i++)
        q[i] = i / WIDTH == i % WIDTH;
    for (int k = 0; k < WIDTH - 1; k++) {
        double v[WIDTH] = {0}, square = 0;
        for (int i = k; i < WIDTH; i++) {
            v[i] = a[i * WIDTH + k];
            square += v[i] * v[i];
        }
        v[k] += copysign(sqrt64(square), v[k]);
        square = linalg_dot(WIDTH, v, v);
        for (int i = 0; i < WIDTH; i++) {
            reflect(k, v, square, a + i, WIDTH);
            reflect(k, v, square, q + i * WIDTH, 1);
        }
    }
}

// The mean of the estimate along (1, ..., 1), its opposite and the direction of the first row of a random matrix.
static void
signs(void)
{
    static const char *const names[] = {"all_ones", "all_minus_ones", "random"};
    int draws = program_steps(MATRICES, 50);
    double u[3 * WIDTH], *ratio = memory_zeroed(3l * draws, sizeof *ratio, "estimates");
    rng r = rng_at(SEED, SIGNS_STREAM);
    for (int i = 0; i < 3 * WIDTH; i++)
        u[i] = i < WIDTH ? 1 : i < 2 * WIDTH ? -1 : rng_normal(&r);
    for (int n = 0; n < draws; n++) {
        double a[WIDTH * WIDTH], q[WIDTH * WIDTH];
        for (int i = 0; i < WIDTH * WIDTH; i++)
            a[i] = rng_normal(&r);
        routine_q(a, q);
        for (int j = 0; j < WIDTH; j++) {
            double fresh[WIDTH];
            for (int i = 0; i < WIDTH; i++)
                fresh[i] = rng_normal(&r);
            double length = sqrt64(linalg_dot(WIDTH, fresh, fresh));
            for (int k = 0; k < 3; k++) {
                double along = 0;
                for (int i = 0; i < WIDTH; i++)
                    along += q[i * WIDTH + j] * u[k * WIDTH + i];
                along *= length / sqrt64(linalg_dot(WIDTH, u + k * WIDTH, u + k * WIDTH));
                ratio[k * draws + n] += exp64(2 * along - 2) / WIDTH;
            }
        }
    }
    table *t = program_table("routine-signs", "direction\tmeasured\tstandard_error");
    stats_estimate e[3];
    for (int k = 0; k < 3; k++) {
        e[k] = stats_mean(draws, ratio + (long)k * draws);
        table_row(t, "sdd", names[k], e[k].mean, e[k].error);
    }
    table_close(t);
    free(ratio);
    claim_below("routine-signs",
                "Q as a routine returns it, |x + y| = 2 along (1, ..., 1): mean over exp(x . y)",
                0.8, unless_quick(e[0].mean), "expected: Mezzadri 2007, such a Q is not uniform",
                FOUND);
}

void
performer_figure_regularised(void)
{
    static const double lengths[] = {0.5, 1, 2, 2.828427};
    double worst = 0;
    int draws = program_steps(DRAWS, 500);
    double *ratio = memory_zeroed(draws, sizeof *ratio, "estimates");
    table *t = program_table("regularised", "length\texact\tmeasured\tstandard_error");
    for (int i = 0; i < 4; i++) {
        rng r = rng_at(SEED, FIRST_STREAM + i);
        for (int n = 0; n < draws; n++) {
            double w[WIDTH];
            for (int j = 0; j < WIDTH; j++)
                w[j] = rng_normal(&r);
            double first = w[0] * sqrt64(WIDTH / linalg_dot(WIDTH, w, w));
            ratio[n] = exp64(lengths[i] * first - lengths[i] * lengths[i] / 2);
        }
        stats_estimate e = stats_mean(draws, ratio);
        double exact = performer_regularised_ratio(WIDTH, lengths[i]);
        worst = fmax(worst, fabs(e.mean - exact) / e.error);
        table_row(t, "dddd", lengths[i], exact, e.mean, e.error);
    }
    table_close(t);
    free(ratio);
    claim_below("regularised-mean",
                "rows of length sqrt(16): mean of the estimate, worst of 4, standard errors off",
                stats_worst_bound(4), unless_quick(worst), "the series of a random direction",
                CHECK);
    signs();
}
