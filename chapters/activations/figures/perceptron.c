// How many mistakes does the perceptron make? Against Novikoff's bound, for margins and dimensions, and where the bound
// is attained.
#include "activations/perceptron.h"
#include "activations/figures/figures.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    SEED = 91,
    SEEDS = 10,
    POINTS = 200,
    MOST_D = 20,
    MARGINS = 3,
    DIMENSIONS = 2,
    MOST = 100000
};
static const double margins[MARGINS] = {0.3, 0.1, 0.03};
static const int dimensions[DIMENSIONS] = {2, 20};

// x (d): uniform on the unit sphere.
static void
unit_vector(rng *r, int d, double *x)
{
    double square = 0;
    for (int i = 0; i < d; i++) {
        x[i] = rng_normal(r);
        square += x[i] * x[i];
    }
    for (int i = 0; i < d; i++)
        x[i] /= sqrt64(square);
}

// Points on the unit sphere at least `margin` from the teacher's plane, and their labels.
static void
points_of(rng *r, int d, double margin, double *teacher, double *x, int *label)
{
    unit_vector(r, d, teacher);
    for (int n = 0; n < POINTS;) {
        unit_vector(r, d, x + n * d);
        double side = linalg_dot(d, teacher, x + n * d);
        label[n] = side > 0 ? 1 : -1;
        n += fabs(side) >= margin;
    }
}

void
activations_figure_perceptron(void)
{
    static double x[POINTS * MOST_D];
    double teacher[MOST_D], mean[DIMENSIONS][MARGINS], worst = 0;
    int label[POINTS];
    table *t = program_table("perceptron", "task\td\tmargin\tmean\terror\tlargest\tbound");
    table *each = program_table("perceptron-runs", "d\tmargin\tseed\tmistakes\tbound");
    for (int k = 0; k < DIMENSIONS; k++)
        for (int m = 0; m < MARGINS; m++) {
            double mistakes[SEEDS], most = 0, bounds = 0;
            for (int s = 0; s < SEEDS; s++) {
                int d = dimensions[k];
                double w[MOST_D] = {0};
                rng r = rng_at(SEED + 10 * k + m, s);
                points_of(&r, d, margins[m], teacher, x, label);
                activations_novikoff b = activations_novikoff_bound(POINTS, d, x, label, teacher);
                mistakes[s] = activations_perceptron(POINTS, d, x, label, MOST, w);
                worst = fmax(worst, mistakes[s] / b.bound);
                most = fmax(most, mistakes[s]);
                bounds += b.bound / SEEDS;
                table_row(each, "ididd", d, margins[m], s, mistakes[s], b.bound);
            }
            stats_estimate e = stats_mean(SEEDS, mistakes);
            mean[k][m] = e.mean;
            char task[32];
            snprintf(task, sizeof task, "%d_%g", dimensions[k], margins[m]);
            table_row(t, "siddddd", task, dimensions[k], margins[m], e.mean, e.error, most, bounds);
        }
    table_close(each);
    table_close(t);
    // attained by n orthonormal vectors of one label
    table *orthonormal = program_table("perceptron-orthonormal", "n\tmistakes\tbound");
    double off = 0;
    for (int n = 2; n <= 32; n *= 2) {
        double *unit = x, w[32] = {0}, all[32];
        int ones[32];
        memset(unit, 0, n * n * sizeof *unit);
        for (int i = 0; i < n; i++) {
            unit[i * n + i] = all[i] = 1;
            ones[i] = 1;
        }
        double bound = activations_novikoff_bound(n, n, unit, ones, all).bound;
        int made = activations_perceptron(n, n, unit, ones, MOST, w);
        table_row(orthonormal, "iid", n, made, bound);
        off = fmax(off, fabs(made - bound));
    }
    table_close(orthonormal);
    claim_below("perceptron-bound",
                "the perceptron: the largest part of the bound (R / margin)^2, 60 runs", 1, worst,
                "Novikoff 1962, theorem", CHECK);
    claim_below("perceptron-attained", "n orthonormal vectors of one label: mistakes less bound",
                1e-9, off, "algebra", CHECK);
    claim_above("perceptron-dimension", "margin .03: mistakes in 20 dimensions over those in 2", 2,
                mean[1][2] / mean[0][2], "this chapter", FOUND);
}
