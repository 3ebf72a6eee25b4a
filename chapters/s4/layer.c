#include "s4/layer.h"

#include "files/memory.h"
#include "nets/ops.h"
#include "numbers/fft.h"
#include "numbers/numeric.h"

#include <stdlib.h>
#include <string.h>

static backward_fn s4_kernels_backward, s4_causal_backward;

enum { LOG_DT, LOG_RE, IM, C_RE, C_IM }; // the inputs of s4_kernels

// Channel h of the parameters in[], in double.
static void
channel(tensor *const *in, int h, s4_diagonal *s)
{
    s->dt = exp64(in[LOG_DT]->data[h]);
    for (int m = 0; m < s->M; m++) {
        int i = h * s->M + m;
        s->lambda[m] = (s4_complex){-exp64(in[LOG_RE]->data[i]), in[IM]->data[i]};
        s->b[m] = (s4_complex){1, 0};
        s->c[m] = (s4_complex){in[C_RE]->data[i], in[C_IM]->data[i]};
    }
}

tensor *
s4_kernels(tensor *log_dt, tensor *log_re, tensor *im, tensor *c_re, tensor *c_im, int L)
{
    tensor *in[] = {log_dt, log_re, im, c_re, c_im};
    int H = log_re->shape.n[0], M = log_re->shape.n[1];
    if (log_re->shape.rank != 2 || !shape_equal(log_dt->shape, SHAPE(H)))
        fail_shapes("s4_kernels", "log_dt must be (H) for modes (H, M)", log_dt, log_re);
    for (int i = IM; i <= C_IM; i++)
        if (!shape_equal(in[i]->shape, log_re->shape))
            fail_shapes("s4_kernels", "all modes must be (H, M)", in[i], log_re);
    tensor *out = tape_node("s4_kernels", SHAPE(H, L), s4_kernels_backward, 5, in);
    double *k = tape_alloc(L * sizeof *k);
    s4_diagonal s = s4_diagonal_new(M);
    for (int h = 0; h < H; h++) {
        channel(in, h, &s);
        s4_diagonal_kernel(&s, L, k);
        for (int l = 0; l < L; l++)
            out->data[h * L + l] = (float)k[l];
    }
    s4_diagonal_free(&s);
    return out;
}

static void
add_to(tensor *x, int i, double gradient)
{
    if (x->grad)
        x->grad[i] += (float)gradient;
}

static void
s4_kernels_backward(tensor *out)
{
    int H = out->shape.n[0], L = out->shape.n[1], M = out->in[LOG_RE]->shape.n[1];
    double *dk = tape_alloc(L * sizeof *dk);
    s4_diagonal s = s4_diagonal_new(M);
    for (int h = 0; h < H; h++) {
        s4_diagonal d = s4_diagonal_new(M);
        channel(out->in, h, &s);
        for (int l = 0; l < L; l++)
            dk[l] = out->grad[h * L + l];
        s4_diagonal_gradient(&s, L, dk, &d);
        add_to(out->in[LOG_DT], h, d.dt * s.dt); // dt = e^log_dt
        for (int m = 0; m < M; m++) {
            int i = h * M + m;
            add_to(out->in[LOG_RE], i, d.lambda[m].re * s.lambda[m].re); // Re lambda = -e^log_re
            add_to(out->in[IM], i, d.lambda[m].im);
            add_to(out->in[C_RE], i, d.c[m].re);
            add_to(out->in[C_IM], i, d.c[m].im);
        }
        s4_diagonal_free(&d);
    }
    s4_diagonal_free(&s);
}

// The spectra (2, n, H) of sequences b and b + 1 of x (T, B, H), one as the real part, one as the
// imaginary. A kernel is real, so that it acts on each part by itself.
static void
two_sequences(fft *f, shape s, const float *x, int b, int n, double *out)
{
    int T = s.n[0], B = s.n[1], H = s.n[2];
    double *re = out, *im = out + n * H;
    memset(out, 0, 2 * (size_t)n * H * sizeof *out);
    for (int t = 0; t < T; t++)
        for (int h = 0; h < H; h++) {
            const float *at = x + ((long)t * B + b) * H + h;
            re[t * H + h] = at[0];
            im[t * H + h] = b + 1 < B ? at[H] : 0;
        }
    fft_forward(f, re, im);
}

// Adds the inverse transform of x (2, n, H) to sequences b and b + 1 of y (T, B, H).
static void
add_two_sequences(fft *f, shape s, double *x, int b, int n, float *y)
{
    int T = s.n[0], B = s.n[1], H = s.n[2];
    double *re = x, *im = x + n * H;
    fft_inverse(f, re, im);
    for (int t = 0; t < T; t++)
        for (int h = 0; h < H; h++) {
            float *at = y + ((long)t * B + b) * H + h;
            at[0] += (float)re[t * H + h];
            if (b + 1 < B)
                at[H] += (float)im[t * H + h];
        }
}

// The spectra (2, n, H) of k (H, T).
static void
spectra_of_kernels(fft *f, const tensor *k, int n, double *out)
{
    int H = k->shape.n[0], T = k->shape.n[1];
    for (int h = 0; h < H; h++)
        for (int t = 0; t < T; t++)
            out[t * H + h] = k->data[h * T + t];
    fft_forward(f, out, out + n * H);
}

tensor *
s4_causal(tensor *u, tensor *k)
{
    int T = u->shape.n[0], B = u->shape.n[1], H = u->shape.n[2];
    if (u->shape.rank != 3 || !shape_equal(k->shape, SHAPE(H, T)))
        fail_shapes("s4_causal", "the kernel must be (H, T) for an input (T, B, H)", u, k);
    tensor *y = tape_node("s4_causal", u->shape, s4_causal_backward, INPUTS(u, k));
    int n = s4_padded(T), size = 2 * n * H;
    fft *f = fft_new(n, H);
    double *kernel = memory_zeroed(2L * size, sizeof *kernel, "s4_causal: spectra");
    double *x = kernel + size;
    spectra_of_kernels(f, k, n, kernel);
    memset(y->data, 0, y->size * sizeof(float));
    for (int b = 0; b < B; b += 2) {
        two_sequences(f, u->shape, u->data, b, n, x);
        s4_spectrum_product(n * H, kernel, x, x);
        add_two_sequences(f, u->shape, x, b, n, y->data);
    }
    free(kernel);
    fft_free(f);
    return y;
}

static void
s4_causal_backward(tensor *y)
{
    tensor *u = y->in[0], *k = y->in[1];
    int T = u->shape.n[0], B = u->shape.n[1], H = u->shape.n[2], n = s4_padded(T), size = 2 * n * H;
    fft *f = fft_new(n, H);
    double *kernel = memory_zeroed(4L * size, sizeof *kernel, "s4_causal: spectra");
    double *dkernel = kernel + size, *x = dkernel + size, *dy = x + size;
    spectra_of_kernels(f, k, n, kernel);
    for (int b = 0; b < B; b += 2) {
        two_sequences(f, u->shape, y->grad, b, n, dy);
        // y[t] = sum_j k[j] u[t - j] in k: the real part of conj(u) dy has the products of each
        // part with its own
        two_sequences(f, u->shape, u->data, b, n, x);
        s4_spectrum_product_conjugate(n * H, x, dy, x);
        for (int i = 0; i < size; i++)
            dkernel[i] += x[i];
        // and in u
        s4_spectrum_product_conjugate(n * H, kernel, dy, x);
        if (u->grad)
            add_two_sequences(f, u->shape, x, b, n, u->grad);
    }
    fft_inverse(f, dkernel, dkernel + n * H);
    for (int h = 0; h < H; h++)
        for (int t = 0; t < T; t++)
            add_to(k, h * T + t, dkernel[t * H + h]);
    free(kernel);
    fft_free(f);
}

s4_layer
s4_layer_new(int H, int M, double dt_least, double dt_most, rng *random)
{
    s4_layer l = {.H = H, .M = M};
    l.log_dt = param("log_dt", SHAPE(H));
    l.log_re = param("log_re", SHAPE(H, M));
    l.im = param("im", SHAPE(H, M));
    l.c_re = param("c_re", SHAPE(H, M));
    l.c_im = param("c_im", SHAPE(H, M));
    l.d = param("d", SHAPE(H));
    l.w = param("w", SHAPE(H, H));
    l.b = param("b", SHAPE(H));
    s4_diagonal s = s4_diagonal_new(M);
    s4_diagonal_init(S4_INIT_LIN, &s);
    for (int i = 0; i < H * M; i++) {
        l.log_re->data[i] = (float)log64(-s.lambda[i % M].re);
        l.im->data[i] = (float)s.lambda[i % M].im;
    }
    s4_diagonal_free(&s);
    float bound = 1 / sqrt32(H), half = sqrt32(0.5f);
    rng_fill_uniform(random, H, l.log_dt->data, (float)log64(dt_least), (float)log64(dt_most));
    rng_fill_normal(random, H * M, l.c_re->data, 0, half);
    rng_fill_normal(random, H * M, l.c_im->data, 0, half);
    rng_fill_normal(random, H, l.d->data, 0, 1);
    rng_fill_uniform(random, H * H, l.w->data, -bound, bound);
    rng_fill_uniform(random, H, l.b->data, -bound, bound);
    return l;
}

tensor *
s4_layer_forward(const s4_layer *l, tensor *u)
{
    tensor *k = s4_kernels(l->log_dt, l->log_re, l->im, l->c_re, l->c_im, u->shape.n[0]);
    tensor *y = t_add(s4_causal(u, k), t_mul(u, l->d));
    return t_linear(t_gelu(y), l->w, l->b);
}

tensor *
s4_layer_step(const s4_layer *l, s4_complex *x, const tensor *u)
{
    tensor *in[] = {l->log_dt, l->log_re, l->im, l->c_re, l->c_im};
    tensor *y = constant("y", u->shape, NULL);
    s4_diagonal s = s4_diagonal_new(l->M);
    for (int i = 0; i < u->size; i++) { // channel h of sequence i / H
        int h = i % l->H;
        channel(in, h, &s);
        y->data[i] = (float)s4_diagonal_step(&s, x + i * l->M, u->data[i]);
        y->data[i] += l->d->data[h] * u->data[i];
    }
    s4_diagonal_free(&s);
    return t_linear(t_gelu(y), l->w, l->b);
}
