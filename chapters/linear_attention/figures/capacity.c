// Figure capacity: how much does a state hold? n pairs of key and value are stored and each is asked for: the squared
// error of what comes back, for six memories, against n.
#include "linear_attention/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <stdbool.h>

enum { SEED = 31, D = 64, VALUE = 32, COUNTS = 10, DRAWS = 60 };
static const int pair_counts[COUNTS] = {1, 2, 4, 8, 16, 32, 48, 64, 96, 128};

// Keys of length 1, the first two without a normaliser; ELU_LONG and SOFTMAX make them sqrt(d) long.
typedef enum { ORTHONORMAL, UNIT, ELU_UNIT, ELU_LONG, SOFTMAX, AVERAGE, MEMORIES } memory;

static bool
has_normaliser(memory kind)
{
    return kind != ORTHONORMAL && kind != UNIT;
}

// What memory makes of two keys of length 1.
static double
match(memory kind, const double *a, const double *b)
{
    double sum = 0, scale = kind == ELU_LONG ? sqrt64(D) : 1;
    for (int i = 0; i < D; i++) {
        double x = a[i] * scale, y = b[i] * scale;
        if (kind == ELU_UNIT || kind == ELU_LONG)
            sum += (x > 0 ? x + 1 : exp64(x)) * (y > 0 ? y + 1 : exp64(y));
        else
            sum += x * y;
    }
    // Of keys of length sqrt(d), divided by sqrt(d)
    return kind == SOFTMAX ? exp64(sum * sqrt64(D)) : kind == AVERAGE ? 1 : sum;
}

// Each of n stored pairs is asked for: the mean of |answer - v|^2 / VALUE.
static double
recall_error(memory kind, int n, double k[][D], double v[][VALUE])
{
    double square = 0;
    for (int i = 0; i < n; i++) {
        double answer[VALUE] = {0}, total = 0;
        for (int s = 0; s < n; s++) {
            double weight = match(kind, k[i], k[s]);
            total += weight;
            for (int j = 0; j < VALUE; j++)
                answer[j] += weight * v[s][j];
        }
        for (int j = 0; j < VALUE; j++) {
            double error = answer[j] / (has_normaliser(kind) ? total : 1) - v[i][j];
            square += error * error;
        }
    }
    return square / (n * VALUE);
}

// Takes out of x what lies along the orthonormal keys k[0..n-1]; twice, so that rounding leaves nothing.
static void
orthogonalise(int n, double k[][D], double *x)
{
    for (int s = 0; s < 2 * n; s++) {
        double along = 0;
        for (int c = 0; c < D; c++)
            along += x[c] * k[s % n][c];
        for (int c = 0; c < D; c++)
            x[c] -= along * k[s % n][c];
    }
}

// n random keys of length 1; each made orthogonal to those before it, if asked for.
static void
draw_keys(rng *r, int n, bool orthogonal, double k[][D])
{
    for (int i = 0; i < n; i++) {
        double length = 0;
        for (int c = 0; c < D; c++)
            k[i][c] = rng_normal(r);
        if (orthogonal)
            orthogonalise(i, k, k[i]);
        for (int c = 0; c < D; c++)
            length += k[i][c] * k[i][c];
        for (int c = 0; c < D; c++)
            k[i][c] /= sqrt64(length);
    }
}

// What n pairs gave: mean errors over the draws.
typedef struct {
    int n;
    double error[MEMORIES];
    double unit_error; // standard error of error[UNIT]
    double unit_z;     // error[UNIT] against (n - 1)/d, in standard errors
} recalled;

static double
line(int n)
{
    return (n - 1) / (double)D;
}

static void
recall_pairs(int i, void *context)
{
    recalled *result = (recalled *)context + i;
    int n = result->n, draws = program_steps(DRAWS, 3);
    double k[n][D], v[n][VALUE], square = 0;
    for (int draw = 0; draw < draws; draw++) {
        rng r = rng_at(SEED, n * 1000 + draw);
        for (int s = 0; s < n; s++)
            for (int j = 0; j < VALUE; j++)
                v[s][j] = rng_normal(&r);
        for (memory kind = 0; kind < MEMORIES; kind++) {
            // The memories with a normaliser have the keys of UNIT
            if (!has_normaliser(kind))
                draw_keys(&r, n, kind == ORTHONORMAL && n <= D, k);
            double error = recall_error(kind, n, k, v);
            result->error[kind] += error / draws;
            square += kind == UNIT ? error * error / draws : 0;
        }
    }
    double mean = result->error[UNIT], variance = fmax(square - mean * mean, 0);
    result->unit_error = sqrt64(variance / (draws - 1));
    result->unit_z = n > 1 ? (mean - line(n)) / result->unit_error : 0;
    progress_advance(1);
}

// What memory `kind` makes of 64 pairs, over what the average of the values makes.
static double
over_average(const recalled *all, memory kind)
{
    int i = 0;
    while (all[i].n != 64)
        i++;
    return all[i].error[kind] / all[i].error[AVERAGE];
}

static void
claims(const recalled *all)
{
    double z = 0;
    for (int i = 0; i < COUNTS; i++)
        z = fmax(z, fabs(all[i].unit_z));
    claim_below("capacity-line",
                "d 64, random unit keys, no normaliser: squared error less (n - 1)/d, in "
                "standard errors, largest of 10",
                4, unless_quick(z), "derived in the text", FOUND);
    claim_above("capacity-elu", "64 unit keys, elu + 1: squared error over that of averaging V",
                0.99, over_average(all, ELU_UNIT), "expected: its products are nearly equal",
                FOUND);
    claim_above("capacity-elu-long", "64 keys of length 8, elu + 1: the same", 0.9,
                over_average(all, ELU_LONG), "first seen here", FOUND);
    claim_below("capacity-softmax", "64 keys of length 8, softmax: the same", 0.01,
                over_average(all, SOFTMAX), "expected: e^8 against 63 e^s with s from N(0, 1)",
                FOUND);
    claim_changed("capacity-softmax", "the bound was 0.1, eighty times the value");
}

void
linear_attention_figure_capacity(void)
{
    recalled all[COUNTS] = {0};
    for (int i = 0; i < COUNTS; i++)
        all[i].n = pair_counts[COUNTS - 1 - i]; // the longest first
    progress_expect(COUNTS);
    parallel_runs(COUNTS, recall_pairs, all);
    table *t = program_table("capacity", "pairs\torthonormal\tunit\tunit_standard_error\tline\t"
                                         "elu_unit\telu_long\tsoftmax\taverage");
    for (int i = COUNTS - 1; i >= 0; i--) {
        const recalled *x = &all[i];
        table_row(t, "idddddddd", x->n, x->n <= D ? x->error[ORTHONORMAL] : NAN, x->error[UNIT],
                  x->unit_error, line(x->n), x->error[ELU_UNIT], x->error[ELU_LONG],
                  x->error[SOFTMAX], x->error[AVERAGE]);
    }
    table_close(t);
    claims(all);
}
