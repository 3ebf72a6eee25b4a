// Products of matrices.
#include "nets/ops.h"

#include "files/fail.h"
#include "numbers/matmul.h"

#include <limits.h>
#include <string.h>

// Each op is its forward and, directly below, its backward. In a backward, x is an input, y the output, and the
// forward line is quoted before it is differentiated.
static backward_fn matmul_backward, linear_backward;

// One matmul takes at most 2^31 - 1 rows: here the product of the first `axes` sizes of x.
static int
rows_of(const char *op, const tensor *x, int axes)
{
    long rows = shape_product(x->shape, 0, axes);
    if (rows > INT_MAX)
        fail("%s: %s %s has more than 2^31 - 1 rows", op, x->name, shape_text(x->shape).s);
    return (int)rows;
}

// One t_matmul: `batch` products (n, k) x (k, m); where b is transposed,
// (m, k) is stored.
typedef struct {
    int batch, n, m, k;
    bool transposed;
} product;

static matrix
b_of(const product *p, const float *b)
{
    return p->transposed ? transpose_of(b, p->k) : matrix_of(b, p->m);
}

static tensor *
matmul_node(const char *op, tensor *a, tensor *b, bool transposed)
{
    shape s = a->shape, t = b->shape;
    if (s.rank < 2 || t.rank < 2)
        fail_shapes(op, "both need two axes or more", a, b);
    int k = s.n[s.rank - 1], n = s.n[s.rank - 2];
    int b_k = t.n[t.rank - (transposed ? 1 : 2)], m = t.n[t.rank - (transposed ? 2 : 1)];
    if (k != b_k)
        fail("%s: inner sizes differ: %s %s x %s %s%s: %d != %d", op, a->name, shape_text(s).s,
             b->name, shape_text(t).s, transposed ? "^T" : "", k, b_k);
    if (t.rank > 2 && (t.rank != s.rank || memcmp(s.n, t.n, (s.rank - 2) * sizeof *s.n) != 0))
        fail_shapes(op, "the leading axes of the second are neither those of the first nor none", a,
                    b);
    s.n[s.rank - 1] = m;
    tensor *y = tape_node(op, s, matmul_backward, INPUTS(a, b));
    product *p = y->aux = tape_alloc(sizeof *p);
    // Where b has no leading axes, all of a's rows make one product.
    bool for_each = t.rank > 2;
    *p = (product){for_each ? rows_of(op, a, s.rank - 2) : 1,
                   for_each ? n : rows_of(op, a, s.rank - 1), m, k, transposed};
    for (int i = 0; i < p->batch; i++)
        matmul(p->n, m, k, matrix_of(a->data + (long)i * p->n * k, k),
               b_of(p, b->data + (long)i * k * m), y->data + (long)i * p->n * m, m, MATMUL_SET);
    return y;
}

tensor *
t_matmul(tensor *a, tensor *b)
{
    return matmul_node("t_matmul", a, b, false);
}

tensor *
t_matmul_nt(tensor *a, tensor *b)
{
    return matmul_node("t_matmul_nt", a, b, true);
}

static void
matmul_backward(tensor *y)
{
    tensor *a = y->in[0], *b = y->in[1];
    const product p = *(product *)y->aux;
    for (int i = 0; i < p.batch; i++) {
        long a_at = (long)i * p.n * p.k, b_at = (long)i * p.k * p.m, y_at = (long)i * p.n * p.m;
        const float *dy = y->grad + y_at;
        // y = a b:  da += dy b^T
        if (a->grad) {
            matrix b_i = b_of(&p, b->data + b_at);
            matmul(p.n, p.k, p.m, matrix_of(dy, p.m), (matrix){b_i.at, b_i.col, b_i.row},
                   a->grad + a_at, p.k, MATMUL_ADD);
        }
        //           db += a^T dy, or for b^T, which is what is stored, db^T += dy^T a
        if (b->grad && !p.transposed)
            matmul(p.k, p.m, p.n, transpose_of(a->data + a_at, p.k), matrix_of(dy, p.m),
                   b->grad + b_at, p.m, MATMUL_ADD);
        else if (b->grad)
            matmul(p.m, p.k, p.n, transpose_of(dy, p.m), matrix_of(a->data + a_at, p.k),
                   b->grad + b_at, p.k, MATMUL_ADD);
    }
}

tensor *
t_linear(tensor *x, tensor *w, tensor *b)
{
    if (w->shape.rank != 2 || x->shape.rank < 1 || shape_last(x->shape) != w->shape.n[1])
        fail_shapes("t_linear", "the second must be (m, k) for a first of (..., k)", x, w);
    int m = w->shape.n[0], k = w->shape.n[1], rows = rows_of("t_linear", x, x->shape.rank - 1);
    if (b->shape.rank != 1 || b->size != m)
        fail_shapes("t_linear", "the bias must be (m) for weights (m, k)", b, w);
    shape s = x->shape;
    s.n[s.rank - 1] = m;
    tensor *y = tape_node("t_linear", s, linear_backward, INPUTS(x, w, b));
    for (int r = 0; r < rows; r++)
        memcpy(y->data + (long)r * m, b->data, m * sizeof(float));
    matmul(rows, m, k, matrix_of(x->data, k), transpose_of(w->data, k), y->data, m, MATMUL_ADD);
    return y;
}

static void
linear_backward(tensor *y)
{
    tensor *x = y->in[0], *w = y->in[1];
    int m = w->shape.n[0], k = w->shape.n[1], rows = rows_of("t_linear", x, x->shape.rank - 1);
    // y = x w^T + b:  dx += dy w, dw += dy^T x, db += the sum of dy's rows
    if (x->grad)
        matmul(rows, k, m, matrix_of(y->grad, m), matrix_of(w->data, k), x->grad, k, MATMUL_ADD);
    if (w->grad)
        matmul(m, k, rows, transpose_of(y->grad, m), matrix_of(x->data, k), w->grad, k, MATMUL_ADD);
    ops_add_gradient(y->in[2], y, 1);
}
