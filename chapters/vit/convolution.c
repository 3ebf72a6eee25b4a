#include "vit/convolution.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"

#include <string.h>

static backward_fn convolution_backward, mean_backward;

// One convolution; places = H' W', K = C k k.
typedef struct {
    int B, C, H, W, D, k, stride, padding, rows, columns, places, K;
} convolution;

static convolution
convolution_of(const tensor *x, const tensor *w, const tensor *bias, int stride, int padding)
{
    const int *n = x->shape.n, *m = w->shape.n;
    convolution a = {n[0], n[1], n[2], n[3], m[0], m[2], stride, padding, 0, 0, 0, 0};
    if (x->shape.rank != 4 || w->shape.rank != 4 || m[1] != a.C || m[2] != m[3])
        fail_shapes("vit_convolution", "pictures (B, C, H, W) need weights (D, C, k, k)", x, w);
    if (!shape_equal(bias->shape, SHAPE(a.D)))
        fail_shapes("vit_convolution", "weights (D, C, k, k) need a bias (D)", w, bias);
    int height = a.H + 2 * padding - a.k, width = a.W + 2 * padding - a.k;
    if (stride < 1 || padding < 0 || a.k < 1 || height < 0 || width < 0)
        fail("vit_convolution: %s %s, a kernel of %d, stride %d, padding %d: nothing is left",
             x->name, shape_text(x->shape).s, a.k, stride, padding);
    a.rows = height / stride + 1;
    a.columns = width / stride + 1;
    a.places = a.rows * a.columns;
    a.K = a.C * a.k * a.k;
    return a;
}

// Floats of one picture with its padding, (C, H + 2 padding, W + 2 padding).
static long
padded_size(const convolution *a)
{
    return (long)a->C * (a->H + 2 * a->padding) * (a->W + 2 * a->padding);
}

// Where row y of channel c of a picture begins in its padded copy.
static long
padded_row(const convolution *a, int c, int y)
{
    return ((long)c * (a->H + 2 * a->padding) + a->padding + y) * (a->W + 2 * a->padding) +
           a->padding;
}

// Where the first place meets weight q = (c k + u) k + v, in the padded picture.
static long
first_seen(const convolution *a, int q)
{
    int c = q / (a->k * a->k), u = q / a->k % a->k, v = q % a->k;
    return padded_row(a, c, u - a->padding) + v - a->padding;
}

// What each place sees of one picture x (C, H, W): seen[(c k + u) k + v, i W' + j] is the padded
// picture's value at (c, i stride + u, j stride + v). `padded` has zeros around the picture.
static void
gather(const convolution *a, const float *x, float *padded, float *restrict seen)
{
    const int columns = a->columns, stride = a->stride, across = stride * (a->W + 2 * a->padding);
    for (int c = 0; c < a->C; c++)
        for (int y = 0; y < a->H; y++)
            memcpy(padded + padded_row(a, c, y), x + ((long)c * a->H + y) * a->W, a->W * sizeof *x);
    for (int q = 0; q < a->K; q++) {
        const float *corner = padded + first_seen(a, q);
        for (int i = 0; i < a->rows; i++, seen += columns)
            for (int j = 0; j < columns; j++)
                seen[j] = corner[(long)i * across + j * stride];
    }
}

// dx (C, H, W) += the gradients of what the places saw: gather, backwards.
static void
scatter(const convolution *a, const float *restrict dseen, float *padded, float *dx)
{
    const int columns = a->columns, stride = a->stride, across = stride * (a->W + 2 * a->padding);
    memset(padded, 0, padded_size(a) * sizeof *padded);
    for (int q = 0; q < a->K; q++) {
        float *corner = padded + first_seen(a, q);
        for (int i = 0; i < a->rows; i++, dseen += columns)
            for (int j = 0; j < columns; j++)
                corner[(long)i * across + j * stride] += dseen[j];
    }
    for (int c = 0; c < a->C; c++)
        for (int y = 0; y < a->H; y++)
            for (int x = 0; x < a->W; x++)
                dx[((long)c * a->H + y) * a->W + x] += padded[padded_row(a, c, y) + x];
}

tensor *
vit_convolution(tensor *x, tensor *w, tensor *bias, int stride, int padding)
{
    convolution a = convolution_of(x, w, bias, stride, padding);
    tensor *y = tape_node("vit_convolution", SHAPE(a.B, a.D, a.rows, a.columns),
                          convolution_backward, INPUTS(x, w, bias));
    y->aux = memcpy(tape_alloc(sizeof a), &a, sizeof a);
    float *seen = tape_alloc((long)a.K * a.places * sizeof(float));
    float *padded = tape_alloc(padded_size(&a) * sizeof(float));
    for (long b = 0; b < a.B; b++) {
        float *yb = y->data + b * a.D * a.places;
        gather(&a, x->data + b * a.C * a.H * a.W, padded, seen);
        // y = bias + w seen
        for (int d = 0; d < a.D; d++)
            for (int i = 0; i < a.places; i++)
                yb[d * a.places + i] = bias->data[d];
        matmul(a.D, a.places, a.K, matrix_of(w->data, a.K), matrix_of(seen, a.places), yb, a.places,
               MATMUL_ADD);
    }
    return y;
}

static void
convolution_backward(tensor *y)
{
    tensor *x = y->in[0], *w = y->in[1], *bias = y->in[2];
    const convolution a = *(convolution *)y->aux;
    float *seen = tape_alloc((long)a.K * a.places * sizeof(float));
    float *padded = tape_alloc(padded_size(&a) * sizeof(float));
    float *dpadded = tape_alloc(padded_size(&a) * sizeof(float));
    for (long b = 0; b < a.B; b++) {
        const float *dy = y->grad + b * a.D * a.places;
        // y = bias + w seen:  dbias += sum of dy,  dw += dy seen^T,  dseen = w^T dy
        for (int d = 0; bias->grad && d < a.D; d++)
            bias->grad[d] += sum32(a.places, dy + d * a.places);
        if (w->grad) {
            gather(&a, x->data + b * a.C * a.H * a.W, padded, seen);
            matmul(a.D, a.K, a.places, matrix_of(dy, a.places), transpose_of(seen, a.places),
                   w->grad, a.K, MATMUL_ADD);
        }
        if (x->grad) {
            matmul(a.K, a.places, a.D, transpose_of(w->data, a.K), matrix_of(dy, a.places), seen,
                   a.places, MATMUL_SET);
            scatter(&a, seen, dpadded, x->grad + b * a.C * a.H * a.W);
        }
    }
}

tensor *
vit_mean_of_places(tensor *x)
{
    int B = x->shape.n[0], D = x->shape.n[1], places = x->shape.n[2] * x->shape.n[3];
    if (x->shape.rank != 4 || places < 1)
        fail("vit_mean_of_places: %s %s; expected (B, D, H, W)", x->name, shape_text(x->shape).s);
    tensor *y = tape_node("vit_mean_of_places", SHAPE(B, D), mean_backward, INPUTS(x));
    for (long i = 0; i < y->size; i++)
        y->data[i] = sum32(places, x->data + i * places) / places;
    return y;
}

static void
mean_backward(tensor *y)
{
    tensor *x = y->in[0];
    long places = x->size / (y->size ? y->size : 1);
    // y = 1/places sum of x: dx += dy / places
    for (long i = 0; i < y->size; i++)
        for (long j = 0; j < places; j++)
            x->grad[i * places + j] += y->grad[i] / places;
}
