#include "s4/layer.h"

#include "nets/ops.h"
#include "numbers/fft.h"
#include "numbers/numeric.h"
#include "s4/s4.h"

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
        s->lambda.re[m] = -exp64(in[LOG_RE]->data[i]);
        s->lambda.im[m] = in[IM]->data[i];
        s->b.re[m] = 1;
        s->c.re[m] = in[C_RE]->data[i];
        s->c.im[m] = in[C_IM]->data[i];
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
        for (int m = 0; m < M; m++) {
            d.lambda.re[m] *= s.lambda.re[m]; // lambda_re = -e^log_re
        }
        d.dt *= s.dt; // dt = e^log_dt
        const double *gradient[] = {&d.dt, d.lambda.re, d.lambda.im, d.c.re, d.c.im};
        for (int i = LOG_DT; i <= C_IM; i++) {
            int n = i == LOG_DT ? 1 : M;
            for (int m = 0; out->in[i]->grad && m < n; m++)
                out->in[i]->grad[h * n + m] += (float)gradient[i][m];
        }
        s4_diagonal_free(&d);
    }
    s4_diagonal_free(&s);
}

// The transform of sequences b and b + 1 of x (T, B, H), one as the real part, one as the imaginary: out (n, H).
// The kernel is real, so that it acts on each part alone.
static void
two_sequences(fft *f, shape s, const float *x, int b, int n, s4_complex out)
{
    int T = s.n[0], B = s.n[1], H = s.n[2];
    memset(out.re, 0, (size_t)n * H * sizeof(double));
    memset(out.im, 0, (size_t)n * H * sizeof(double));
    for (int t = 0; t < T; t++)
        for (int h = 0; h < H; h++) {
            const float *at = x + ((long)t * B + b) * H + h;
            out.re[t * H + h] = at[0];
            out.im[t * H + h] = b + 1 < B ? at[H] : 0;
        }
    fft_forward(f, out.re, out.im);
}

// Adds the inverse transform of x (n, H) to sequences b and b + 1 of y (T, B, H).
static void
add_two_sequences(fft *f, shape s, s4_complex x, int b, float *y)
{
    int T = s.n[0], B = s.n[1], H = s.n[2];
    fft_inverse(f, x.re, x.im);
    for (int t = 0; t < T; t++)
        for (int h = 0; h < H; h++) {
            float *at = y + ((long)t * B + b) * H + h;
            at[0] += (float)x.re[t * H + h];
            if (b + 1 < B)
                at[H] += (float)x.im[t * H + h];
        }
}

// The transform (n, H) of k (H, T).
static s4_complex
transform_of_kernels(fft *f, const tensor *k, int n)
{
    int H = k->shape.n[0], T = k->shape.n[1];
    s4_complex x = s4_complex_new(n * H);
    for (int h = 0; h < H; h++)
        for (int t = 0; t < T; t++)
            x.re[t * H + h] = k->data[h * T + t];
    fft_forward(f, x.re, x.im);
    return x;
}

tensor *
s4_causal(tensor *u, tensor *k)
{
    int T = u->shape.n[0], B = u->shape.n[1], H = u->shape.n[2];
    if (u->shape.rank != 3 || !shape_equal(k->shape, SHAPE(H, T)))
        fail_shapes("s4_causal", "the kernel must be (H, T) for an input (T, B, H)", u, k);
    tensor *y = tape_node("s4_causal", u->shape, s4_causal_backward, INPUTS(u, k));
    int n = s4_padded(T);
    fft *f = fft_new(n, H);
    s4_complex kernel = transform_of_kernels(f, k, n), x = s4_complex_new(n * H);
    memset(y->data, 0, y->size * sizeof(float));
    for (int b = 0; b < B; b += 2) {
        two_sequences(f, u->shape, u->data, b, n, x);
        s4_multiply(n * H, kernel, x, x);
        add_two_sequences(f, u->shape, x, b, y->data);
    }
    s4_complex_free(kernel);
    s4_complex_free(x);
    fft_free(f);
    return y;
}

static void
s4_causal_backward(tensor *y)
{
    tensor *u = y->in[0], *k = y->in[1];
    int T = u->shape.n[0], B = u->shape.n[1], H = u->shape.n[2], n = s4_padded(T);
    fft *f = fft_new(n, H);
    s4_complex kernel = transform_of_kernels(f, k, n), dkernel = s4_complex_new(n * H);
    s4_complex x = s4_complex_new(n * H), dy = s4_complex_new(n * H);
    for (int b = 0; b < B; b += 2) {
        two_sequences(f, u->shape, y->grad, b, n, dy);
        // y[t] = sum_j k[j] u[t - j] in k: the real part of conj(u) dy has the products of each part with its own
        two_sequences(f, u->shape, u->data, b, n, x);
        s4_multiply_conjugate(n * H, x, dy, x);
        for (int i = 0; i < n * H; i++) {
            dkernel.re[i] += x.re[i];
            dkernel.im[i] += x.im[i];
        }
        // and in u
        s4_multiply_conjugate(n * H, kernel, dy, x);
        if (u->grad)
            add_two_sequences(f, u->shape, x, b, u->grad);
    }
    fft_inverse(f, dkernel.re, dkernel.im);
    for (int h = 0; k->grad && h < H; h++)
        for (int t = 0; t < T; t++)
            k->grad[h * T + t] += (float)dkernel.re[t * H + h];
    s4_complex all[] = {kernel, dkernel, x, dy};
    for (int i = 0; i < 4; i++)
        s4_complex_free(all[i]);
    fft_free(f);
}

s4_layer
s4_layer_new(int H, int M, double dt_least, double dt_most, rng *random)
{
    s4_layer l = {H,
                  M,
                  param("log_dt", SHAPE(H)),
                  param("log_re", SHAPE(H, M)),
                  param("im", SHAPE(H, M)),
                  param("c_re", SHAPE(H, M)),
                  param("c_im", SHAPE(H, M)),
                  param("d", SHAPE(H)),
                  param("w", SHAPE(H, H)),
                  param("b", SHAPE(H))};
    s4_diagonal s = s4_diagonal_new(M);
    s4_diagonal_init(S4_LIN, &s);
    for (int i = 0; i < H * M; i++) {
        l.log_re->data[i] = (float)log64(-s.lambda.re[i % M]);
        l.im->data[i] = (float)s.lambda.im[i % M];
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
