// What do the weights of rotated linear attention sum to? A histogram of the sums of rows over random sequences,
// without the first row, whose one weight is always 1.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/random.h"
#include "numbers/stats.h"
#include "rope/figures/figures.h"
#include "rope/rope.h"

#include <math.h>

enum { SEED = 41, T = 64, d = 32, SEQUENCES = 200, ROWS = T - 1, BINS = 40 };
static const double widest = 1.25; // the sum at which the last bin ends

// The sums of the rows of all sequences; the part of weights that are negative.
static double
row_sums(int sequences, const double *theta, double *sum)
{
    static double x[3][T * d], weights[T * T], normaliser[T], out[T * d];
    int negative = 0;
    for (int n = 0; n < sequences; n++) {
        rng r = rng_at(SEED, n);
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < T * d; j++)
                x[i][j] = rng_normal(&r);
        rope_linear_attention(T, d, theta, x[0], x[1], x[2], weights, normaliser, out);
        for (int t = 1; t < T; t++) {
            double *at = sum + n * ROWS + t - 1;
            *at = 0;
            for (int s = 0; s <= t; s++) {
                *at += weights[t * T + s];
                negative += weights[t * T + s] < 0;
            }
        }
    }
    return (double)negative / (sequences * (T * (T + 1) / 2 - 1));
}

void
rope_figure_linear(void)
{
    static double sum[SEQUENCES * ROWS];
    double theta[d / 2];
    int count[BINS] = {0}, above = 0, sequences = program_steps(SEQUENCES, 5);
    rope_angles(d, ROPE_BASE, theta);
    double negative = row_sums(sequences, theta, sum);
    for (int i = 0; i < sequences * ROWS; i++) {
        int bin = (int)(sum[i] / widest * BINS);
        count[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin]++;
        above += sum[i] > 1.01;
    }
    table *t = program_table("linear", "sum\tpart_of_rows");
    for (int i = 0; i < BINS; i++)
        table_row(t, "fd", (i + 0.5) * widest / BINS, (double)count[i] / (sequences * ROWS));
    table_close(t);
    double median = stats_quartiles_of(sequences * ROWS, sum).middle;
    claim_above("linear-negative", "rotated linear attention: part of negative weights", 0.001,
                negative, "Su et al. 2021, sec. 3.3: the numerator could contain negative terms",
                REPRODUCED);
    claim_below("linear-median",
                "rotated linear attention: median sum of a row's weights (1 without rotation)", 0.9,
                median, "first seen here", FOUND);
    claim_above("linear-above", "rotated linear attention: part of rows that sum to more than 1.01",
                0.0005, (double)above / (sequences * ROWS), "first seen here", FOUND);
    claim_changed("linear-above", "first: the largest sum > 1, which holds without rotation, too");
}
