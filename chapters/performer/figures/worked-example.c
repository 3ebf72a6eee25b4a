// The smallest case, for the text to compute by hand: one query x, two keys y with values v, two rows of W, vectors of
// width 1; every number on the way, forward and backward, and the gradients beside differences of the answer.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "performer/figures/figures.h"
#include "performer/performer.h"

#include <math.h>

enum { M = 2, X = 0, Y = 1, V = 3, NUMBERS = 5 }; // x, y_1, y_2, v_1, v_2

static const double w[M] = {1, -0.5}, given[NUMBERS] = {0.8, 0.6, -0.4, 1, 0};
static const char *const names[NUMBERS] = {"x", "y_1", "y_2", "v_1", "v_2"};

static double
answer(const double number[NUMBERS])
{
    double phi[3 * M], out;
    performer_feature_map64(PERFORMER_POSITIVE, 3, 1, M, w, number, phi); // of x, y_1, y_2
    performer_attention64(1, 2, M, 1, phi, phi + M, number + V, &out);
    return out;
}

// (out(a + step) - out(a - step)) / 2 step, a the number i.
static double
difference(int i)
{
    const double step = 0.01;
    double above[NUMBERS], below[NUMBERS];
    for (int k = 0; k < NUMBERS; k++)
        above[k] = below[k] = given[k];
    above[i] += step;
    below[i] -= step;
    return (answer(above) - answer(below)) / (2 * step);
}

// One vector's way back: from dphi to the exponents w x - x^2 / 2 and to x.
static double
vector_gradient(table *t, const char *name, double x, const double *phi, const double *dphi)
{
    double along = 0, sum = 0;
    for (int j = 0; j < M; j++) {
        along += w[j] * phi[j] * dphi[j];
        sum += phi[j] * dphi[j];
    }
    table_row(t, "sddddddd", name, dphi[0], dphi[1], phi[0] * dphi[0], phi[1] * dphi[1], along,
              -x * sum, along - x * sum);
    return along - x * sum;
}

void
performer_figure_worked_example(void)
{
    double phi[3 * M], values[M], counts[M], numerator = 0, denominator = 0;
    performer_feature_map64(PERFORMER_POSITIVE, 3, 1, M, w, given, phi);
    table *t = program_table("worked-example-features",
                             "vector\tx\thalf_square\texponent_1\texponent_2\tphi_1\tphi_2");
    for (int i = 0; i < 3; i++) {
        double x = given[i], h = x * x / 2;
        table_row(t, "sdddddd", names[i], x, h, w[0] * x - h, w[1] * x - h, phi[i * M],
                  phi[i * M + 1]);
    }
    table_close(t);

    t = program_table("worked-example", "what\tvalue");
    double exact[2], estimate[2];
    for (int s = 0; s < 2; s++) {
        const double *phi_y = phi + (1 + s) * M;
        exact[s] = exp64(given[X] * given[Y + s]);
        estimate[s] = phi[0] * phi_y[0] + phi[1] * phi_y[1];
    }
    for (int j = 0; j < M; j++) {
        values[j] = phi[M + j] * given[V] + phi[2 * M + j] * given[V + 1];
        counts[j] = phi[M + j] + phi[2 * M + j];
        numerator += phi[j] * values[j];
        denominator += phi[j] * counts[j];
    }
    double out = numerator / denominator;
    table_row(t, "sd", "exact_1", exact[0]);
    table_row(t, "sd", "exact_2", exact[1]);
    table_row(t, "sd", "softmax", exact[0] / (exact[0] + exact[1]));
    table_row(t, "sd", "estimate_1", estimate[0]);
    table_row(t, "sd", "estimate_2", estimate[1]);
    table_row(t, "sd", "values_1", values[0]);
    table_row(t, "sd", "values_2", values[1]);
    table_row(t, "sd", "counts_1", counts[0]);
    table_row(t, "sd", "counts_2", counts[1]);
    table_row(t, "sd", "numerator", numerator);
    table_row(t, "sd", "denominator", denominator);
    table_row(t, "sd", "out", out);
    table_close(t);

    // out = phi_x values / phi_x counts, and both sums are linear in phi_y.
    double gradient[NUMBERS], dphi[M];
    t = program_table("worked-example-back",
                      "vector\tdphi_1\tdphi_2\tdb_1\tdb_2\tthrough_w\tthrough_square\tgradient");
    for (int j = 0; j < M; j++)
        dphi[j] = (values[j] - out * counts[j]) / denominator;
    gradient[X] = vector_gradient(t, names[X], given[X], phi, dphi);
    for (int s = 0; s < 2; s++) {
        for (int j = 0; j < M; j++)
            dphi[j] = phi[j] * (given[V + s] - out) / denominator;
        gradient[Y + s] = vector_gradient(t, names[Y + s], given[Y + s], phi + (1 + s) * M, dphi);
        gradient[V + s] = estimate[s] / denominator;
    }
    table_close(t);

    double worst = 0;
    t = program_table("worked-example-gradients", "number\tvalue\tgradient\tdifference");
    for (int i = 0; i < NUMBERS; i++) {
        table_row(t, "sddd", names[i], given[i], gradient[i], difference(i));
        worst = fmax(worst, fabs(gradient[i] - difference(i)));
    }
    table_close(t);
    claim_near("by-hand", "worked example: the answer by sums less that by the matrix", 0,
               out - estimate[0] / (estimate[0] + estimate[1]), 1e-15, "algebra", CHECK);
    claim_below("by-hand-gradients",
                "worked example: the largest gradient error against differences", 1e-4, worst,
                "algebra", CHECK);
}
