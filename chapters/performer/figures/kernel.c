// What does an estimated attention matrix look like? A softmax matrix and its estimates by positive orthogonal
// features of 16, 64 and 256 rows, with their relative errors.
#include "files/memory.h"
#include "files/table.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "performer/figures/figures.h"
#include "performer/performer.h"

#include <stdlib.h>
#include <string.h>

enum { SEED = 51, LENGTH = 40, WIDTH = 16 };

// The estimated matrix (LENGTH, LENGTH) and its relative error: |estimate - exact| / |exact|, Frobenius norms.
static double
estimate(rng *r, int m, const double *x, const double *exact, double *weights)
{
    double *w = memory_zeroed((long)m * WIDTH, sizeof *w, "W"), difference = 0;
    double *phi = memory_zeroed((long)LENGTH * m, sizeof *phi, "features");
    performer_draw(r, PERFORMER_ORTHOGONAL, m, WIDTH, w);
    performer_feature_map64(PERFORMER_POSITIVE, LENGTH, WIDTH, m, w, x, phi);
    for (int t = 0; t < LENGTH; t++) {
        double sum = 0;
        for (int s = 0; s < LENGTH; s++) {
            weights[t * LENGTH + s] = linalg_dot(m, phi + t * m, phi + s * m);
            sum += weights[t * LENGTH + s];
        }
        for (int s = 0; s < LENGTH; s++) {
            weights[t * LENGTH + s] /= sum;
            double off = weights[t * LENGTH + s] - exact[t * LENGTH + s];
            difference += off * off;
        }
    }
    free(w);
    free(phi);
    return sqrt64(difference / linalg_dot(LENGTH * LENGTH, exact, exact));
}

// Vectors x (LENGTH, WIDTH), each like the one before it, and the softmax matrix of x with itself.
static void
exact_matrix(rng *r, double *x, double *exact)
{
    for (int i = 0; i < LENGTH * WIDTH; i++) {
        double new = rng_normal(r) / 2; // std 1 before the scaling by 16^-1/4
        x[i] = i < WIDTH ? new : 0.9 * x[i - WIDTH] + sqrt64(1 - 0.81) * new;
    }
    for (int t = 0; t < LENGTH; t++) {
        double sum = 0;
        for (int s = 0; s < LENGTH; s++)
            sum += exact[t * LENGTH + s] = exp64(linalg_dot(WIDTH, x + t * WIDTH, x + s * WIDTH));
        for (int s = 0; s < LENGTH; s++)
            exact[t * LENGTH + s] /= sum;
    }
}

static void
write_matrix(table *t, int m, const double *weights)
{
    for (int i = 0; i < LENGTH * LENGTH; i++)
        table_row(t, "iiif", m, i / LENGTH, i % LENGTH, weights[i]);
}

void
performer_figure_kernel(void)
{
    static const int sizes[] = {16, 64, 256};
    static double x[LENGTH * WIDTH], exact[LENGTH * LENGTH], weights[LENGTH * LENGTH];
    rng r = rng_at(SEED, 0);
    exact_matrix(&r, x, exact);
    table *t = program_table("kernel", "m\tquery\tkey\tweight");
    table *errors = program_table("kernel-error", "m\trelative_error");
    write_matrix(t, 0, exact);
    for (int i = 0; i < 3; i++) {
        table_row(errors, "id", sizes[i], estimate(&r, sizes[i], x, exact, weights));
        write_matrix(t, sizes[i], weights);
    }
    table_close(t);
    table_close(errors);
}
