// Is lemma 2 right, and what does it say? Mean square errors of random features over many draws against its formulas,
// for one pair of short vectors; and the formulas for one pair of length 1.5 as the angle between them grows.
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

enum { SEED = 11, WIDTH = 16, DRAWS = 4000, LARGEST = 1024, SIZES = 8 };

// The estimators; the lemma is about those with independent rows, the first three.
enum { POSITIVE, HYPERBOLIC, TRIGONOMETRIC, LEMMA, ORTHOGONAL = LEMMA, ESTIMATORS };
static const struct {
    performer_map map;
    performer_rows rows;
} estimators[ESTIMATORS] = {[POSITIVE] = {PERFORMER_POSITIVE, PERFORMER_IID},
                            [HYPERBOLIC] = {PERFORMER_HYPERBOLIC, PERFORMER_IID},
                            [TRIGONOMETRIC] = {PERFORMER_TRIGONOMETRIC, PERFORMER_IID},
                            [ORTHOGONAL] = {PERFORMER_POSITIVE, PERFORMER_ORTHOGONAL}};

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
        performer_map map = estimators[k].map;
        int F = performer_feature_count(map, m);
        for (int n = 0; n < draws; n++) {
            performer_draw(&r, estimators[k].rows, m, WIDTH, w);
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

// The errors by m, and how many standard errors the largest is off: the square errors from the lemma, the means from 0.
static void
write_errors(const lemma_run *runs, double *off, double *biased)
{
    table *t = program_table("lemma", "m\tpositive\tpositive_error\tpositive_exact\thyperbolic\t"
                                      "hyperbolic_error\thyperbolic_exact\ttrigonometric\t"
                                      "trigonometric_error\ttrigonometric_exact\torthogonal\t"
                                      "orthogonal_error");
    *off = *biased = 0;
    for (const lemma_run *run = runs + SIZES - 1; run >= runs; run--) { // the smallest m first
        const stats_estimate *e = run->square;
        double exact[LEMMA];
        for (int k = 0; k < LEMMA; k++) {
            exact[k] = performer_mse(estimators[k].map, run->m, WIDTH, run->x, run->y);
            *off = fmax(*off, fabs(e[k].mean - exact[k]) / e[k].error);
        }
        for (int k = 0; k < ESTIMATORS; k++)
            *biased = fmax(*biased, fabs(run->bias[k].mean) / run->bias[k].error);
        table_row(t, "iddddddddddd", run->m, e[POSITIVE].mean, e[POSITIVE].error, exact[POSITIVE],
                  e[HYPERBOLIC].mean, e[HYPERBOLIC].error, exact[HYPERBOLIC], e[TRIGONOMETRIC].mean,
                  e[TRIGONOMETRIC].error, exact[TRIGONOMETRIC], e[ORTHOGONAL].mean,
                  e[ORTHOGONAL].error);
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
        double y[2] = {radius * cos64(angle), radius * sin64(angle)}, relative[LEMMA];
        double kernel = exp64(linalg_dot(2, x, y));
        for (int k = 0; k < LEMMA; k++)
            relative[k] = sqrt64(performer_mse(estimators[k].map, 64, 2, x, y)) / kernel;
        table_row(t, "idddd", degrees, kernel, relative[POSITIVE], relative[HYPERBOLIC],
                  relative[TRIGONOMETRIC]);
    }
    table_close(t);
}

void
performer_figure_lemma(void)
{
    lemma_run runs[SIZES];
    rng r = rng_at(SEED, 0);
    double x[WIDTH], y[WIDTH], off, biased;
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
    write_errors(runs, &off, &biased);
    write_pair(x, y);
    write_angles();
    claim_below("lemma-errors",
                "lemma 2: mean square errors, standard errors off, largest of 3 maps at 8 sizes", 4,
                unless_quick(off), "Choromanski et al. 2021, lemma 2", REPRODUCED);
    claim_below("lemma-unbiased",
                "the estimates' means, standard errors off, largest of 32, orthogonal rows among "
                "them",
                4, unless_quick(biased), "Choromanski et al. 2021", REPRODUCED);
}
