#include "clip/match.h"

#include "files/fail.h"
#include "files/memory.h"
#include "numbers/numeric.h"

#include <stdlib.h>
#include <string.h>

void
clip_ranks(int N, const float *scores, int *greater, int *equal)
{
    for (long i = 0; i < N; i++) {
        const float *row = scores + i * N;
        greater[i] = equal[i] = 0;
        for (long j = 0; j < N; j++) {
            greater[i] += row[j] > row[i];
            equal[i] += row[j] == row[i];
        }
    }
}

double
clip_recall(int N, const int *greater, const int *equal, int k)
{
    double found = 0;
    for (int i = 0; i < N; i++) {
        // The best k have room for so many of those that are as good
        int room = k - greater[i];
        if (room > 0)
            found += room < equal[i] ? (double)room / equal[i] : 1;
    }
    return found / N;
}

static void
normalise(const char *what, int d, float *x)
{
    double norm = sqrt64(sumsq(d, x));
    if (norm == 0)
        fail("%s: a mean of zero has no direction", what);
    for (int k = 0; k < d; k++)
        x[k] = (float)(x[k] / norm);
}

// The mean of n rows of x (n, d).
static void
mean_of_rows(int n, int d, const float *x, double *mean)
{
    memset(mean, 0, d * sizeof *mean);
    for (long i = 0; i < n; i++)
        for (long k = 0; k < d; k++)
            mean[k] += (double)x[i * d + k] / n;
}

void
clip_ensemble(int n, int d, const float *v, float *w)
{
    double *mean = memory_zeroed(d, sizeof *mean, "a mean");
    mean_of_rows(n, d, v, mean);
    for (int k = 0; k < d; k++)
        w[k] = (float)mean[k];
    free(mean);
    // A mean of directions is shorter than they are, the more they differ: back to length 1
    normalise("clip_ensemble", d, w);
}

void
clip_zero_shot(int N, int C, int d, const float *u, const float *w, int *classes)
{
    for (long i = 0; i < N; i++) {
        float best = dot32(d, u + i * d, w);
        classes[i] = 0;
        for (long c = 1; c < C; c++) {
            float score = dot32(d, u + i * d, w + c * d);
            if (score > best) {
                best = score;
                classes[i] = (int)c;
            }
        }
    }
}

double
clip_gap(int N, int M, int d, const float *u, const float *v)
{
    double *of_u = memory_zeroed(2L * d, sizeof *of_u, "two means"), *of_v = of_u + d, square = 0;
    mean_of_rows(N, d, u, of_u);
    mean_of_rows(M, d, v, of_v);
    for (int k = 0; k < d; k++)
        square += (of_u[k] - of_v[k]) * (of_u[k] - of_v[k]);
    free(of_u);
    return sqrt64(square);
}
