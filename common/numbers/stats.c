#include "numbers/stats.h"

#include "numbers/numeric.h"
#include "numbers/random.h"

stats_estimate
stats_mean(int n, const double *x)
{
    double mean = sum64(n, x) / n, square = 0;
    for (int i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean);
    return (stats_estimate){mean, sqrt64(square / (n - 1) / n)};
}

stats_estimate
stats_mean_of_sums(int n, double sum, double square)
{
    double mean = sum / n, deviations = square - sum * mean;
    return (stats_estimate){mean, sqrt64((deviations > 0 ? deviations : 0) / (n - 1) / n)};
}

double
stats_worst_bound(int k)
{
    const double one_tail = 3.1671241833119924e-5; // the probability that z > 4
    return -normal_quantile(one_tail / k);
}

stats_quartiles
stats_quartiles_of(int n, double *x)
{
    sort64(n, x);
    return (stats_quartiles){x[n / 4], x[n / 2], x[n - 1 - n / 4]};
}
