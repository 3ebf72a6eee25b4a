#include "vit/convolution.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "numbers/matmul.h"

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

// Of the places 0 .. n - 1 of an axis, those where kernel offset u meets one of `size` pixels: from .. to - 1.
static void
places_inside(const convolution *a, int u, int size, int n, int *from, int *to)
{
    int low = a->padding - u,
        high = size - 1 + a->padding - u; // 0 <= i stride + u - padding < size
    *from = low > 0 ? (low + a->stride - 1) / a->stride : 0;
    *to = high < 0 ? 0 : high / a->stride + 1;
    *to = *to < n ? *to : n;
    *from = *from < *to ? *from : *to;
}

// What each place sees of one picture x (C, H, W): seen[(c k + u) k + v, i columns + j] = the pixel, or 0 outside.
static void
gather(const convolution *a, const float *x, float *seen)
{
    memset(seen, 0, (long)a->K * a->places * sizeof *seen);
    for (int q = 0; q < a->K; q++, seen += a->places) {
        int c = q / (a->k * a->k), u = q / a->k % a->k, v = q % a->k, top, bottom, left, right;
        places_inside(a, u, a->H, a->rows, &top, &bottom);
        places_inside(a, v, a->W, a->columns, &left, &right);
        for (int i = top; i < bottom; i++) {
            const float *row =
                x + ((long)c * a->H + i * a->stride + u - a->padding) * a->W + v - a->padding;
            for (int j = left; j < right; j++)
                seen[i * a->columns + j] = row[j * a->stride];
        }
    }
}

// dx (C, H, W) += the gradients of what the places saw: gather, backwards.
static void
scatter(const convolution *a, const float *dseen, float *dx)
{
    for (int q = 0; q < a->K; q++, dseen += a->places) {
        int c = q / (a->k * a->k), u = q / a->k % a->k, v = q % a->k, top, bottom, left, right;
        places_inside(a, u, a->H, a->rows, &top, &bottom);
        places_inside(a, v, a->W, a->columns, &left, &right);
        for (int i = top; i < bottom; i++) {
            float *row =
                dx + ((long)c * a->H + i * a->stride + u - a->padding) * a->W + v - a->padding;
            for (int j = left; j < right; j++)
                row[j * a->stride] += dseen[i * a->columns + j];
        }
    }
}

tensor *
vit_convolution(tensor *x, tensor *w, tensor *bias, int stride, int padding)
{
    convolution a = convolution_of(x, w, bias, stride, padding);
    tensor *y = tape_node("vit_convolution", SHAPE(a.B, a.D, a.rows, a.columns),
                          convolution_backward, INPUTS(x, w, bias));
    y->aux = memcpy(tape_alloc(sizeof a), &a, sizeof a);
    float *seen = tape_alloc((long)a.K * a.places * sizeof(float));
    for (long b = 0; b < a.B; b++) {
        float *yb = y->data + b * a.D * a.places;
        gather(&a, x->data + b * a.C * a.H * a.W, seen);
        // y = bias + w seen
        for (long i = 0; i < (long)a.D * a.places; i++)
            yb[i] = bias->data[i / a.places];
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
    for (long b = 0; b < a.B; b++) {
        const float *dy = y->grad + b * a.D * a.places;
        // y = bias + w seen:  dbias += sum of dy,  dw += dy seen^T,  dseen = w^T dy
        for (long i = 0; bias->grad && i < (long)a.D * a.places; i++)
            bias->grad[i / a.places] += dy[i];
        if (w->grad) {
            gather(&a, x->data + b * a.C * a.H * a.W, seen);
            matmul(a.D, a.K, a.places, matrix_of(dy, a.places), transpose_of(seen, a.places),
                   w->grad, a.K, MATMUL_ADD);
        }
        if (x->grad) {
            matmul(a.K, a.places, a.D, transpose_of(w->data, a.K), matrix_of(dy, a.places), seen,
                   a.places, MATMUL_SET);
            scatter(&a, seen, x->grad + b * a.C * a.H * a.W);
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
    memset(y->data, 0, y->size * sizeof(float));
    for (long i = 0; i < x->size; i++)
        y->data[i / places] += x->data[i] / places;
    return y;
}

static void
mean_backward(tensor *y)
{
    tensor *x = y->in[0];
    long places = x->size / (y->size ? y->size : 1);
    // y = 1/places sum of x: dx += dy / places
    for (long i = 0; i < x->size; i++)
        x->grad[i] += y->grad[i / places] / places;
}
