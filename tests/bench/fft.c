// One forward transform of N complex numbers in double, for tests/bench/bench.py: fft ours|fftw N.
// FFTW is planned with FFTW_MEASURE, on arrays of its own.
#include "bench.h"

#include "files/fail.h"
#include "numbers/fft.h"
#include "numbers/random.h"

#include <fftw3.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int n;
    fft *ours;
    double *re, *im;
    fftw_complex *in, *out;
    fftw_plan plan;
} transforms;

static double
ours(void *context)
{
    transforms *t = context;
    fft_forward(t->ours, t->re, t->im);
    return 0;
}

static double
fftw(void *context)
{
    fftw_execute(((transforms *)context)->plan);
    return 0;
}

static transforms
transforms_new(int n)
{
    transforms t = {.n = n, .ours = fft_new(n, 1)};
    t.re = fftw_malloc(n * sizeof *t.re);
    t.im = fftw_malloc(n * sizeof *t.im);
    t.in = fftw_malloc(n * sizeof *t.in);
    t.out = fftw_malloc(n * sizeof *t.out);
    t.plan = fftw_plan_dft_1d(n, t.in, t.out, FFTW_FORWARD, FFTW_MEASURE);
    rng r = rng_at(1, 0);
    for (int i = 0; i < n; i++) {
        t.in[i][0] = t.re[i] = rng_normal(&r);
        t.in[i][1] = t.im[i] = rng_normal(&r);
    }
    return t;
}

static void
compare(transforms *t)
{
    double error = 0;
    ours(t);
    fftw(t);
    for (int i = 0; i < t->n; i++)
        error = fmax(error, fmax(fabs(t->re[i] - t->out[i][0]), fabs(t->im[i] - t->out[i][1])));
    if (!(error < 1e-14 * sqrt(t->n)))
        fail("%d numbers: FFTW's result differs by %g", t->n, error);
    memset(t->re, 0, t->n * sizeof *t->re); // ours works in place: zeros stay finite
    memset(t->im, 0, t->n * sizeof *t->im);
}

int
main(int count, char **argument)
{
    int n = count == 3 ? atoi(argument[2]) : 0;
    if (n < 2)
        fail("expected: fft ours|fftw N");
    transforms t = transforms_new(n);
    compare(&t);
    answer(strcmp(argument[1], "ours") ? fftw : ours, &t);
    fftw_destroy_plan(t.plan);
    fftw_free(t.re);
    fftw_free(t.im);
    fftw_free(t.in);
    fftw_free(t.out);
    fft_free(t.ours);
}
