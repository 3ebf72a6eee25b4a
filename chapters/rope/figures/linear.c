// What do the weights of rotated linear attention sum to? A histogram of the sums of rows over random sequences.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/random.h"
#include "rope/figures/figures.h"
#include "rope/rope.h"

#include <math.h>

enum { SEED = 41, T = 64, d = 32, SEQUENCES = 200, BINS = 40 };
static const double widest = 1.25; // the sum at which the last bin ends

void
rope_figure_linear(void)
{
    static double x[3][T * d], weights[T * T], normaliser[T], out[T * d];
    double theta[d / 2], largest = 0;
    int count[BINS] = {0}, negative = 0, all = 0, sequences = program_steps(SEQUENCES, 5);
    rope_angles(d, ROPE_BASE, theta);
    for (int n = 0; n < sequences; n++) {
        rng r = rng_at(SEED, n);
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < T * d; j++)
                x[i][j] = rng_normal(&r);
        rope_linear_attention(T, d, theta, x[0], x[1], x[2], weights, normaliser, out);
        for (int t = 0; t < T; t++) {
            double sum = 0;
            for (int s = 0; s <= t; s++) {
                sum += weights[t * T + s];
                negative += weights[t * T + s] < 0;
                all++;
            }
            largest = fmax(largest, sum);
            int bin = (int)(sum / widest * BINS);
            count[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin]++;
        }
    }
    table *t = program_table("linear", "sum\tpart_of_rows");
    for (int i = 0; i < BINS; i++)
        table_row(t, "fd", (i + 0.5) * widest / BINS, (double)count[i] / (sequences * T));
    table_close(t);
    claim_above("linear-negative", "rotated linear attention: part of negative weights", 0.001,
                (double)negative / all, "this chapter", REPRODUCED);
    claim_above("linear-sum", "rotated linear attention: largest sum of a row's weights", 1,
                largest, "this chapter", REPRODUCED);
}
