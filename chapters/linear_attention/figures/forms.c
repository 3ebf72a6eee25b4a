// Table forms: are the parallel, the recurrent and the chunked form the same? The largest difference of an answer from
// the parallel form's, by the rows of a chunk, in float32 and in a plain computation in double. And efficient
// attention, causal: running sums against its definition.
#include "linear_attention/figures/figures.h"

#include "files/memory.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "linear_attention/linear_attention.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 11, N = 1024, D = 32, SIZE = N * D, CHUNKS = 5 };

// The causal case of one head in chunks, in double: q, k, v (N, D) -> out (N, D).
static void
chunked64(int chunk, const double *q, const double *k, const double *v, double *out)
{
    double S[D * D], z[D];
    memset(S, 0, sizeof S);
    memset(z, 0, sizeof z);
    for (int first = 0; first < N; first += chunk) {
        int end = N - first < chunk ? N : first + chunk;
        for (int t = first; t < end; t++) {
            double total = 0, *row = out + t * D;
            memset(row, 0, D * sizeof *row);
            for (int f = 0; f < D; f++) {
                total += q[t * D + f] * z[f];
                for (int j = 0; j < D; j++)
                    row[j] += q[t * D + f] * S[f * D + j];
            }
            for (int s = first; s <= t; s++) {
                double weight = 0;
                for (int f = 0; f < D; f++)
                    weight += q[t * D + f] * k[s * D + f];
                total += weight;
                for (int j = 0; j < D; j++)
                    row[j] += weight * v[s * D + j];
            }
            for (int j = 0; j < D; j++)
                row[j] /= total;
        }
        for (int s = first; s < end; s++)
            for (int f = 0; f < D; f++) {
                z[f] += k[s * D + f];
                for (int j = 0; j < D; j++)
                    S[f * D + j] += k[s * D + f] * v[s * D + j];
            }
    }
}

// The values of x in double, to be freed.
static double *
widened(const tensor *x)
{
    double *y = memory_zeroed(x->size, sizeof *y, "answers in double");
    for (long i = 0; i < x->size; i++)
        y[i] = x->data[i];
    return y;
}

// The largest |x - y|.
static double
difference(const double *x, const double *y)
{
    double most = 0;
    for (int i = 0; i < SIZE; i++)
        most = fmax(most, fabs(x[i] - y[i]));
    return most;
}

// ---- Efficient attention, causal, in double ----

enum { STREAM = 1, STEPS = 50, WIDTH = 8, VALUE = 5 };

typedef struct {
    double q[STEPS][WIDTH], k[STEPS][WIDTH], v[STEPS][VALUE];
} short_head;

// The weight of key j for query i: two softmaxes, that of the keys over the positions up to i.
static double
efficient_weight(const short_head *x, int i, int j)
{
    double weight = 0, total = 0;
    for (int f = 0; f < WIDTH; f++)
        total += exp64(x->q[i][f]);
    for (int f = 0; f < WIDTH; f++) {
        double over = 0;
        for (int s = 0; s <= i; s++)
            over += exp64(x->k[s][f]);
        weight += exp64(x->q[i][f]) / total * exp64(x->k[j][f]) / over;
    }
    return weight;
}

// One step of running sums: sum_f rho_f S[f] / z[f].
static void
efficient_step(const double *q, const double *k, const double *v, double S[WIDTH][VALUE],
               double z[WIDTH], double out[VALUE])
{
    double total = 0;
    for (int f = 0; f < WIDTH; f++)
        total += exp64(q[f]);
    memset(out, 0, VALUE * sizeof *out);
    for (int f = 0; f < WIDTH; f++) {
        z[f] += exp64(k[f]);
        for (int j = 0; j < VALUE; j++) {
            S[f][j] += exp64(k[f]) * v[j];
            out[j] += exp64(q[f]) / total * S[f][j] / z[f];
        }
    }
}

static void
efficient(void)
{
    short_head x;
    rng r = rng_at(SEED, STREAM);
    double S[WIDTH][VALUE] = {{0}}, z[WIDTH] = {0}, worst = 0, most = 0;
    for (int t = 0; t < STEPS; t++) {
        for (int f = 0; f < WIDTH; f++)
            x.q[t][f] = rng_normal(&r);
        for (int f = 0; f < WIDTH; f++)
            x.k[t][f] = rng_normal(&r);
        for (int j = 0; j < VALUE; j++)
            x.v[t][j] = rng_normal(&r);
    }
    for (int t = 0; t < STEPS; t++) {
        double out[VALUE], expected[VALUE] = {0}, sum = 0;
        for (int s = 0; s <= t; s++) {
            double weight = efficient_weight(&x, t, s);
            sum += weight;
            for (int j = 0; j < VALUE; j++)
                expected[j] += weight * x.v[s][j];
        }
        efficient_step(x.q[t], x.k[t], x.v[t], S, z, out);
        for (int j = 0; j < VALUE; j++)
            worst = fmax(worst, fabs(out[j] - expected[j]));
        most = fmax(most, fabs(sum - 1));
    }
    claim_below("efficient-causal",
                "efficient attention, causal: running sums against two softmaxes, 50 positions",
                1e-14, worst, "algebra", CHECK);
    claim_below("efficient-sums", "the same: the farthest sum of a query's weights from 1", 1e-14,
                most, "algebra", CHECK);
}

void
linear_attention_figure_forms(void)
{
    const int chunks[CHUNKS] = {1, 16, 64, 100, 1024};
    rng r = rng_at(SEED, 0);
    tensor *x[3];
    double *wide[3], *expected64 = memory_zeroed(SIZE, sizeof(double), "answers in double");
    double *out64 = memory_zeroed(SIZE, sizeof(double), "answers in double");
    for (int i = 0; i < 3; i++) {
        x[i] = constant("x", SHAPE(1, N, 1, D), NULL);
        rng_fill_normal(&r, SIZE, x[i]->data, 0, 1);
        if (i < 2)
            x[i] = linear_attention_features(x[i], LINEAR_ATTENTION_ELU, NULL);
        wide[i] = widened(x[i]);
    }
    double *expected32 = widened(linear_attention_parallel(x[0], x[1], x[2], 0));
    chunked64(N, wide[0], wide[1], wide[2], expected64);
    double worst32 = 0, worst64 = 0;
    table *t = program_table("forms", "chunk\tfloat32\tfloat64");
    for (int i = 0; i < CHUNKS; i++) {
        double *out32 =
            widened(chunks[i] == 1 ? linear_attention_recurrent(x[0], x[1], x[2], 0)
                                   : linear_attention_chunked(x[0], x[1], x[2], 0, chunks[i]));
        chunked64(chunks[i], wide[0], wide[1], wide[2], out64);
        double in32 = difference(out32, expected32), in64 = difference(out64, expected64);
        table_row(t, "idd", chunks[i], in32, in64);
        worst32 = fmax(worst32, in32);
        worst64 = fmax(worst64, in64);
        free(out32);
    }
    table_close(t);
    claim_below("forms-32", "three forms of 1024 positions, float32: largest difference", 4e-6,
                worst32, "rounding", CHECK);
    claim_below("forms-64", "the same in double", 1e-14, worst64, "rounding", CHECK);
    efficient();
    free(expected32);
    free(expected64);
    free(out64);
    for (int i = 0; i < 3; i++)
        free(wide[i]);
    tensors_free();
}
