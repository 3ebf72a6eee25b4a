// What a sample says: mean and standard error, median and quartiles.
#ifndef STATS_H
#define STATS_H

// A mean and its standard error sqrt(variance / n), where the variance is sum (x_i - mean)^2 / (n - 1).
typedef struct {
    double mean, error;
} stats_estimate;

stats_estimate stats_mean(int n, const double *x);

// The same from the sum of n values and the sum of their squares.
stats_estimate stats_mean_of_sums(int n, double sum, double square);

// The bound that the largest |z| of k exceeds as rarely as one |z| exceeds 4: 4 for k = 1, 4.8 for 40.
double stats_worst_bound(int k);

// Sorts x and returns values of x: its median x[n/2] and the quartiles x[n/4] and x[n-1-n/4].
typedef struct {
    double low, middle, high;
} stats_quartiles;

stats_quartiles stats_quartiles_of(int n, double *x);

#endif
