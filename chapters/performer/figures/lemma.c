// Is lemma 2 right, what do orthogonal rows gain, and what do the formulas say? Mean square errors of random features
// over many draws against them, for one pair of short vectors; and those for vectors of length 1.5 as the angle grows.
#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"
#include "performer/figures/figures.h"
#include "performer/performer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 11, WIDTH = 16, DRAWS = 4000, LARGEST = 512, SIZES = 7 };

// The estimators; the lemma is about those with independent rows.
enum { MAPS = 3, ESTIMATORS = 2 * MAPS };
static const char *const names[ESTIMATORS] = {"positive",
                                              "hyperbolic",
                                              "trigonometric",
                                              "positive_orthogonal",
                                              "hyperbolic_orthogonal",
                                              "trigonometric_orthogonal"};

static performer_map
map_of(int estimator)
{
    return (performer_map)(estimator % MAPS);
}

static performer_rows
rows_of(int estimator)
{
    return estimator < MAPS ? PERFORMER_IID : PERFORMER_ORTHOGONAL;
}

static double
exact_error(int estimator, int m, const double *x, const double *y)
{
    return rows_of(estimator) == PERFORMER_IID
               ? performer_mse(map_of(estimator), m, WIDTH, x, y)
               : performer_orthogonal_mse(map_of(estimator), m, WIDTH, x, y);
}

// All estimators of exp(x . y) with m rows: their square errors and their errors, as means over the draws.
typedef struct {
    int m;
    double x[WIDTH], y[WIDTH];
    stats_estimate square[ESTIMATORS], bias[ESTIMATORS];
} lemma_run;

static void
draw_errors(int i, void *runs)
{
    lemma_run *run = (lemma_run *)runs + i;
    int m = run->m, draws = program_steps(DRAWS, 50);
    double kernel = exp64(linalg_dot(WIDTH, run->x, run->y));
    double *w = memory_zeroed((long)m * WIDTH, sizeof *w, "W");
    double *phi = memory_zeroed(4l * m, sizeof *phi, "features"); // of x, then of y
    double *error = memory_zeroed(draws, sizeof *error, "errors");
    double *square = memory_zeroed(draws, sizeof *square, "errors");
    for (int k = 0; k < ESTIMATORS; k++) {
        rng r = rng_at(SEED, 1 + i * ESTIMATORS + k);
        performer_map map = map_of(k);
        int F = performer_feature_count(map, m);
        for (int n = 0; n < draws; n++) {
            performer_draw(&r, rows_of(k), m, WIDTH, w);
            performer_feature_map64(map, 1, WIDTH, m, w, run->x, phi);
            performer_feature_map64(map, 1, WIDTH, m, w, run->y, phi + F);
            error[n] = linalg_dot(F, phi, phi + F) - kernel;
            square[n] = error[n] * error[n];
        }
        run->square[k] = stats_mean(draws, square);
        run->bias[k] = stats_mean(draws, error);
        progress_advance(1);
    }
    free(w);
    free(phi);
    free(error);
    free(square);
}

// The errors by m.
static void
write_errors(const lemma_run *runs)
{
    table *t = program_table("lemma", "features\tm\tmeasured\tstandard_error\texact");
    for (int k = 0; k < ESTIMATORS; k++)
        for (const lemma_run *run = runs + SIZES - 1; run >= runs; run--) // the smallest m first
            table_row(t, "siddd", names[k], run->m, run->square[k].mean, run->square[k].error,
                      exact_error(k, run->m, run->x, run->y));
    table_close(t);
}

// By how many standard errors the square errors of estimators first ... first + MAPS - 1 are off from the exact ones,
// the largest; and the means of all from 0.
static double
errors_off(const lemma_run *runs, int first)
{
    double off = 0;
    for (int k = first; k < first + MAPS; k++)
        for (const lemma_run *run = runs; run < runs + SIZES; run++)
            off = fmax(off, fabs(run->square[k].mean - exact_error(k, run->m, run->x, run->y)) /
                                run->square[k].error);
    return off;
}

static double
means_off(const lemma_run *runs)
{
    double off = 0;
    for (int k = 0; k < ESTIMATORS; k++)
        for (const lemma_run *run = runs; run < runs + SIZES; run++)
            off = fmax(off, fabs(run->bias[k].mean) / run->bias[k].error);
    return off;
}

// Theorem 2: by how much the error of positive features with m <= d orthogonal rows is at least smaller.
static double
theorem_2(int m, const double *x, const double *y)
{
    double sizes = linalg_dot(WIDTH, x, x) + linalg_dot(WIDTH, y, y);
    double apart = exp64(linalg_dot(WIDTH, x, y)) - exp64(-sizes / 2);
    return 2.0 * (m - 1) / (m * (WIDTH + 2.0)) * apart * apart;
}

// What orthogonal rows gain with one block of them, m = d: errors of independent rows over theirs.
static void
write_gains(const lemma_run *run)
{
    table *t = program_table("lemma-gain", "features\tmeasured\tstandard_error\texact\ttheorem_2");
    for (int k = 0; k < MAPS; k++) {
        const stats_estimate *iid = &run->square[k], *one = &run->square[k + MAPS];
        double exact = exact_error(k, WIDTH, run->x, run->y), ratio = iid->mean / one->mean;
        double of_iid = iid->error / iid->mean, of_one = one->error / one->mean;
        double relative = sqrt64(of_iid * of_iid + of_one * of_one);
        double bound = map_of(k) == PERFORMER_POSITIVE
                           ? exact / (exact - theorem_2(WIDTH, run->x, run->y))
                           : NAN;
        table_row(t, "sdddd", names[k], ratio, ratio * relative,
                  exact / exact_error(k + MAPS, WIDTH, run->x, run->y), bound);
    }
    table_close(t);
}

static void
write_pair(const double *x, const double *y)
{
    double product = linalg_dot(WIDTH, x, y);
    double xx = linalg_dot(WIDTH, x, x), yy = linalg_dot(WIDTH, y, y);
    table *t = program_table("lemma-pair", "quantity\tvalue");
    table_row(t, "sd", "length_of_sum", sqrt64(2 * product + xx + yy));
    table_row(t, "sd", "length_of_difference", sqrt64(xx + yy - 2 * product));
    table_row(t, "sd", "kernel", exp64(product));
    table_close(t);
}

// The formulas as the angle grows: errors relative to the kernel.
static void
write_angles(void)
{
    const double radius = 1.5;
    table *t =
        program_table("lemma-angle", "angle_degrees\tkernel\tpositive\thyperbolic\ttrigonometric");
    for (int degrees = 0; degrees <= 180; degrees += 2) {
        double x[2] = {radius, 0}, angle = degrees * pi64 / 180;
        double y[2] = {radius * cos64(angle), radius * sin64(angle)}, relative[MAPS];
        double kernel = exp64(linalg_dot(2, x, y));
        for (int k = 0; k < MAPS; k++)
            relative[k] = sqrt64(performer_mse(map_of(k), 64, 2, x, y)) / kernel;
        table_row(t, "idddd", degrees, kernel, relative[PERFORMER_POSITIVE],
                  relative[PERFORMER_HYPERBOLIC], relative[PERFORMER_TRIGONOMETRIC]);
    }
    table_close(t);
}

static void
claims(const lemma_run *runs)
{
    const lemma_run *run = &runs[SIZES - 2]; // m = 16
    const stats_estimate *one = &run->square[MAPS + PERFORMER_POSITIVE];
    double bound = performer_mse(PERFORMER_POSITIVE, WIDTH, WIDTH, run->x, run->y) -
                   theorem_2(WIDTH, run->x, run->y);
    claim_below(
        "lemma-errors",
        "independent rows, mean square errors: worst of 3 maps, 7 sizes, standard errors off",
        stats_worst_bound(MAPS * SIZES), unless_quick(errors_off(runs, 0)),
        "Choromanski et al. 2021, lemma 2: the three formulas", REPRODUCED);
    claim_below("lemma-unbiased",
                "means of all estimates, orthogonal rows too: worst of 42, standard errors off",
                stats_worst_bound(ESTIMATORS * SIZES), unless_quick(means_off(runs)),
                "Choromanski et al. 2021, lemma 1 and section 2.4: unbiased", REPRODUCED);
    claim_below(
        "theorem-2",
        "positive, 16 orthogonal rows: the error above theorem 2's bound, standard errors", 4,
        unless_quick((one->mean - bound) / one->error),
        "Choromanski et al. 2021, theorem 2: MSE <= MSE of independent rows - 2 (m - 1) / (m (d + "
        "2)) (SM - exp(-(|x|^2 + |y|^2) / 2))^2",
        REPRODUCED);
    claim_below("orthogonal-errors",
                "orthogonal rows against our sum: worst of 3 maps, 7 sizes, standard errors off",
                stats_worst_bound(MAPS * SIZES), unless_quick(errors_off(runs, MAPS)),
                "this chapter's derivation", CHECK);
}

void
performer_figure_lemma(void)
{
    lemma_run runs[SIZES];
    rng r = rng_at(SEED, 0);
    double x[WIDTH], y[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
        x[i] = 0.15 * rng_normal(&r);
        y[i] = 0.15 * rng_normal(&r);
    }
    for (int i = 0; i < SIZES; i++) { // longest first
        runs[i].m = LARGEST >> i;
        memcpy(runs[i].x, x, sizeof x);
        memcpy(runs[i].y, y, sizeof y);
    }
    progress_expect(SIZES * ESTIMATORS);
    parallel_runs(SIZES, draw_errors, runs);
    write_errors(runs);
    write_gains(&runs[SIZES - 2]); // m = 16
    write_pair(x, y);
    write_angles();
    claims(runs);
}
