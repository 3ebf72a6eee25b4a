// One thread of fft beside one thread of FFTW (planned with FFTW_MEASURE, on arrays of its own), in turns:
//
//     make build/tests/bench/fft BENCH_LIBS=-lfftw3 && build/tests/bench/fft
#include "fft.h"

#include "random.h"

#include <fftw3.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 101 };

static double
seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static int
ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

// The value below which the fraction `part` of the n values lies; sorts them.
static double
quantile(double *x, int n, double part)
{
    qsort(x, n, sizeof *x, ascending);
    return x[(int)(part * (n - 1))];
}

static void
bench(int n)
{
    double *re = fftw_malloc(n * sizeof *re), *im = fftw_malloc(n * sizeof *im);
    fftw_complex *in = fftw_malloc(n * sizeof *in), *out = fftw_malloc(n * sizeof *out);
    fftw_plan plan = fftw_plan_dft_1d(n, in, out, FFTW_FORWARD, FFTW_MEASURE);
    fft *f = fft_new(n, 1);
    rng r = rng_at(1, 0);
    for (int i = 0; i < n; i++) {
        in[i][0] = re[i] = rng_normal(&r);
        in[i][1] = im[i] = rng_normal(&r);
    }
    fft_forward(f, re, im);
    fftw_execute(plan);
    double error = 0;
    for (int i = 0; i < n; i++) {
        error = fmax(error, fmax(fabs(re[i] - out[i][0]), fabs(im[i] - out[i][1])));
        re[i] = im[i] = 0; // it works in place: zeros stay finite
    }
    double ours[ROUNDS], theirs[ROUNDS], ratio[ROUNDS];
    int repeats = (1 << 17) / n + 1;
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        for (int i = 0; i < repeats; i++)
            fft_forward(f, re, im);
        double middle = seconds();
        for (int i = 0; i < repeats; i++)
            fftw_execute(plan);
        double end = seconds();
        ours[round] = (middle - start) / repeats;
        theirs[round] = (end - middle) / repeats;
        ratio[round] = ours[round] / theirs[round];
    }
    printf("%d\t%.3f\t%.3f\t%.2f\t%.2f\t%.2f\t%.1e\n", n, 1e6 * quantile(ours, ROUNDS, 0.5),
           1e6 * quantile(theirs, ROUNDS, 0.5), quantile(ratio, ROUNDS, 0.5),
           quantile(ratio, ROUNDS, 0.25), quantile(ratio, ROUNDS, 0.75), error / sqrt(n));
    fftw_destroy_plan(plan);
    fftw_free(re);
    fftw_free(im);
    fftw_free(in);
    fftw_free(out);
    fft_free(f);
}

int
main(void)
{
    printf("n\tours_us\tfftw_us\tratio\tlower_quartile\tupper_quartile\tdifference\n");
    for (int n = 1 << 6; n <= 1 << 18; n *= 2)
        bench(n);
    return 0;
}
