#include "adamw/study.h"

#include <math.h>

double
adamw_study_z(stats_estimate e, double exact)
{
    return e.mean == exact ? 0 : fabs(e.mean - exact) / e.error;
}

void
adamw_study_normal(rng *r, int n, double std, double *x)
{
    for (int i = 0; i < n; i++)
        x[i] = std * rng_normal(r);
}

double
adamw_study_slope(int n, const double *x, const double *y)
{
    double mx = 0, my = 0, xy = 0, xx = 0;
    for (int i = 0; i < n; i++) {
        mx += x[i] / n;
        my += y[i] / n;
    }
    for (int i = 0; i < n; i++) {
        xy += (x[i] - mx) * (y[i] - my);
        xx += (x[i] - mx) * (x[i] - mx);
    }
    return xy / xx;
}
