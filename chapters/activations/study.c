#include "activations/study.h"

#include "files/fail.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"

#include <stdlib.h>
#include <string.h>

static void *
room(long n)
{
    void *bytes = malloc(n * sizeof(double));
    if (!bytes)
        fail("a random net: no memory for %ld numbers", n);
    return bytes;
}

static activations_signal
measure(int N, int inputs, const double *a)
{
    const double *b = a + (inputs - 1) * N;
    return (activations_signal){{linalg_dot(N, a, a) / N, linalg_dot(N, b, b) / N},
                                linalg_dot(N, a, b) / N};
}

// next (inputs, N) = W h + b for a new random layer; W is written to w (N, N) where it is wanted.
static void
random_layer(const activations_layer *layer, int N, rng *r, int inputs, const double *h, double *w,
             double *next)
{
    double scale = sqrt64(layer->weight / N), shift = sqrt64(layer->bias), row[N];
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++)
            row[j] = scale * rng_normal(r);
        double b = layer->bias > 0 ? shift * rng_normal(r) : 0;
        for (int k = 0; k < inputs; k++)
            next[k * N + i] = linalg_dot(N, row, h + k * N) + b;
        if (w)
            memcpy(w + (long)i * N, row, N * sizeof *row);
    }
}

// One layer further: a (inputs, N) becomes the next pre-activations.
static void
advance(const activations_layer *layer, int N, rng *r, int inputs, double *w, double *a)
{
    double h[2 * N];
    for (int i = 0; i < inputs * N; i++)
        h[i] = activations_value64(layer->kind, a[i]);
    random_layer(layer, N, r, inputs, h, w, a);
}

void
activations_net_forward(const activations_layer *layer, int N, int L, rng *r, int inputs, double *a,
                        activations_signal *signal)
{
    signal[0] = measure(N, inputs, a);
    for (int l = 0; l < L; l++) {
        advance(layer, N, r, inputs, NULL, a);
        signal[l + 1] = measure(N, inputs, a);
    }
}

void
activations_net_backward(const activations_layer *layer, int N, int L, rng *r, double *a,
                         activations_signal *signal, double *gradient, double *da)
{
    double *w = room((long)L * N * N), *slope = room((long)L * N), g[N], below[N];
    signal[0] = measure(N, 1, a);
    for (int l = 0; l < L; l++) {
        for (int i = 0; i < N; i++)
            slope[l * N + i] = activations_slope64(layer->kind, a[i]);
        advance(layer, N, r, 1, w + (long)l * N * N, a);
        signal[l + 1] = measure(N, 1, a);
    }
    for (int i = 0; i < N; i++)
        g[i] = rng_normal(r);
    gradient[L] = linalg_dot(N, g, g) / N;
    if (da)
        memcpy(da + N, g, sizeof g);
    for (int l = L - 1; l >= 0; l--) {
        // a(l + 1) = W f(a(l)) + b
        memset(below, 0, sizeof below);
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                below[j] += w[((long)l * N + i) * N + j] * g[i];
        for (int j = 0; j < N; j++)
            g[j] = slope[l * N + j] * below[j];
        gradient[l] = linalg_dot(N, g, g) / N;
    }
    if (da)
        memcpy(da, g, sizeof g);
    free(w);
    free(slope);
}

void
activations_net_inputs(rng *r, int N, int inputs, double q, double c, double *a)
{
    double along = 0, first = 0, second = 0, *b = a + N;
    for (int i = 0; i < inputs * N; i++)
        a[i] = rng_normal(r);
    first = linalg_dot(N, a, a);
    for (int i = 0; i < N; i++)
        a[i] *= sqrt64(q * N / first);
    if (inputs == 1)
        return;
    // the second: what of it stands at a right angle to the first, then c of the first and the rest of that
    along = linalg_dot(N, a, b) / (q * N);
    for (int i = 0; i < N; i++)
        b[i] -= along * a[i];
    second = linalg_dot(N, b, b);
    for (int i = 0; i < N; i++)
        b[i] = c * a[i] + sqrt64((1 - c * c) * q * N / second) * b[i];
}
