// The signal that the chapter's memories are given, and how much of it one has lost.
#ifndef S4_SIGNAL_H
#define S4_SIGNAL_H

// A signal on [0, 1]: 2, 5 and 11 periods.
double s4_three_waves(double x);

// The mean square of f (T) less what c (N) of LegS gives back, sample i taken from the place (i + shift) / (T - 1/2).
double s4_memory_error(int N, int T, const double *f, const double *c, double shift);

// |x| = sqrt(sum x[i]^2), and |x - y| / |y|.
double s4_norm(long n, const double *x);
double s4_relative_error(long n, const double *x, const double *y);

#endif
