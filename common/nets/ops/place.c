// Ops that move values and compute none.
#include "nets/ops.h"

#include "files/fail.h"

#include <string.h>

// Each op is its forward and, directly below, its backward. In a backward, x is an input, y the output, and the
// forward line is quoted before it is differentiated.
static backward_fn embedding_backward, transpose_backward, stack_backward;

tensor *
t_embedding(tensor *w, shape s, const int *ids)
{
    if (w->shape.rank != 2 || s.rank == MAX_RANK)
        fail("t_embedding: %s %s indexed with a shape %s; expected (V, D) and at most %d axes",
             w->name, shape_text(w->shape).s, shape_text(s).s, MAX_RANK - 1);
    int V = w->shape.n[0], D = w->shape.n[1];
    long uses = shape_size(s);
    s.n[s.rank++] = D;
    tensor *y = tape_node("t_embedding", s, embedding_backward, INPUTS(w));
    y->aux = memcpy(tape_alloc(uses * sizeof(int)), ids, uses * sizeof(int));
    for (long i = 0; i < uses; i++) {
        if (ids[i] < 0 || ids[i] >= V)
            fail("t_embedding: id %d at %ld, expected 0..%d for %s %s", ids[i], i, V - 1, w->name,
                 shape_text(w->shape).s);
        memcpy(y->data + i * D, w->data + (long)ids[i] * D, D * sizeof(float));
    }
    return y;
}

static void
embedding_backward(tensor *y)
{
    tensor *w = y->in[0];
    int D = w->shape.n[1];
    const int *ids = y->aux;
    // y[i] = w[ids[i]]
    for (long at = 0; at < y->size; at += D)
        for (int j = 0; j < D; j++)
            w->grad[(long)ids[at / D] * D + j] += y->grad[at + j];
}

tensor *
t_reshape(tensor *x, shape s)
{
    if (shape_size(s) != x->size)
        fail("t_reshape: %s %s has %ld values, %s has %ld", x->name, shape_text(x->shape).s,
             x->size, shape_text(s).s, shape_size(s));
    return tape_view("t_reshape", x, s, 0);
}

tensor *
t_slice(tensor *x, int from, int n)
{
    shape s = x->shape;
    if (s.rank < 1 || from < 0 || n < 0 || n > s.n[0] - from)
        fail("t_slice: %d values from %d on of the first axis of %s %s", n, from, x->name,
             shape_text(s).s);
    long row = s.n[0] ? x->size / s.n[0] : 0;
    s.n[0] = n;
    return tape_view("t_slice", x, s, from * row);
}

tensor *
t_at(tensor *x, int i)
{
    shape s = x->shape;
    if (s.rank < 1 || i < 0 || i >= s.n[0])
        fail("t_at: %d of the first axis of %s %s", i, x->name, shape_text(s).s);
    shape rest = shape_make(s.rank - 1, s.n + 1);
    return tape_view("t_at", x, rest, i * shape_size(rest));
}

// Writes the values of `from`, of shape s, with axes i < j exchanged to `to`, or adds them to what is there.
static void
exchange_axes(shape s, int i, int j, const float *from, float *to, bool add)
{
    // (outer, I, middle, J, inner) -> (outer, J, middle, I, inner)
    long outer = shape_product(s, 0, i), middle = shape_product(s, i + 1, j);
    long inner = shape_product(s, j + 1, s.rank), I = s.n[i], J = s.n[j];
    for (long o = 0; o < outer; o++)
        for (long q = 0; q < J; q++)
            for (long m = 0; m < middle; m++)
                for (long p = 0; p < I; p++) {
                    const float *x = from + (((o * I + p) * middle + m) * J + q) * inner;
                    float *y = to + (((o * J + q) * middle + m) * I + p) * inner;
                    for (long l = 0; l < inner; l++)
                        y[l] = add ? y[l] + x[l] : x[l];
                }
}

tensor *
t_transpose(tensor *x, int i, int j)
{
    shape s = x->shape;
    if (i < 0 || i >= j || j >= s.rank)
        fail("t_transpose: axes %d and %d of %s %s; expected 0 <= first < second < %d", i, j,
             x->name, shape_text(s).s, s.rank);
    s.n[i] = x->shape.n[j];
    s.n[j] = x->shape.n[i];
    tensor *y = tape_node("t_transpose", s, transpose_backward, INPUTS(x));
    int *axes = y->aux = tape_alloc(2 * sizeof(int));
    axes[0] = i, axes[1] = j;
    exchange_axes(x->shape, i, j, x->data, y->data, false);
    return y;
}

static void
transpose_backward(tensor *y)
{
    const int *axes = y->aux;
    exchange_axes(y->shape, axes[0], axes[1], y->grad, y->in[0]->grad, true);
}

tensor *
t_stack(int n, tensor *const x[])
{
    if (n < 1 || x[0]->shape.rank == MAX_RANK)
        fail("t_stack: %d tensors of rank %d; expected one or more of rank below %d", n,
             n < 1 ? 0 : x[0]->shape.rank, MAX_RANK);
    shape s = x[0]->shape;
    memmove(s.n + 1, s.n, (MAX_RANK - 1) * sizeof *s.n);
    s.n[0] = n;
    s.rank++;
    tensor *y = tape_node("t_stack", s, stack_backward, n, x);
    for (int i = 0; i < n; i++) {
        if (!shape_equal(x[i]->shape, x[0]->shape))
            fail_shapes("t_stack", "shapes differ", x[0], x[i]);
        memcpy(y->data + i * x[0]->size, x[i]->data, x[0]->size * sizeof(float));
    }
    return y;
}

static void
stack_backward(tensor *y)
{
    const float *dy = y->grad;
    for (int i = 0; i < y->inputs; i++) {
        tensor *x = y->in[i];
        // y[i] = x_i
        if (x->grad)
            for (long j = 0; j < x->size; j++)
                x->grad[j] += dy[j];
        dy += x->size;
    }
}
