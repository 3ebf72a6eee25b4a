// The ops: every forward against plain loops, every gradient against differences of the forward,
// and what is refused, with its message.
#include "nets/ops.h"

#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERANDS = 3, DIRT = 1 << 17 };

static rng r;

// Every test begins with a dirty tape: a value that an op forgets to write is NaN.
static void
setup(void)
{
    r = rng_at(1, 0);
    tape_poison(true);
    constant("dirt", SHAPE(DIRT), NULL);
    tape_reset();
}

// Of order one, and at least 0.05 away from the kink at 0.
static void
fill(tensor *x)
{
    rng_fill_normal(&r, x->size, x->data, 0, 1);
    for (long i = 0; i < x->size; i++)
        x->data[i] += copysignf(0.05f, x->data[i]);
}

static tensor *
random_param(const char *name, shape s)
{
    tensor *x = param(name, s);
    fill(x);
    return x;
}

static tensor *
random_constant(const char *name, shape s)
{
    tensor *x = constant(name, s, NULL);
    fill(x);
    return x;
}

static void
assert_shape(const tensor *y, shape s)
{
    ck_assert_str_eq(shape_text(y->shape).s, shape_text(s).s);
    ck_assert_int_eq(y->size, shape_size(s));
    ck_assert(shape_equal(y->shape, s)); // the sizes beyond the rank, too
}

// Bit for bit.
static void
assert_same(const tensor *y, long i, float want)
{
    ck_assert_msg(memcmp(y->data + i, &want, sizeof want) == 0, "%s %s[%ld]: %.9g, expected %.9g",
                  y->name, shape_text(y->shape).s, i, y->data[i], want);
}

static void
assert_near(const tensor *y, long i, double want, double tolerance)
{
    ck_assert_msg(fabs(y->data[i] - want) <= tolerance * fmax(fabs(want), 1),
                  "%s %s[%ld]: %.9g, expected %.12g", y->name, shape_text(y->shape).s, i,
                  y->data[i], want);
}

// ---- Gradients ----

typedef tensor *op_fn(tensor *const x[], void *context);

// f's gradients for parameters of the shapes s: against differences; with the same bits where only
// one operand has a gradient, also one that was computed; added to what is there, from two uses.
static void
check_gradients(const char *what, op_fn *f, void *context, int n, const shape s[])
{
    static const char *const names[OPERANDS] = {"a", "b", "c"};
    tensor *x[OPERANDS] = {0}, *in[OPERANDS] = {0};
    float *want[OPERANDS];
    for (int i = 0; i < n; i++) {
        x[i] = random_param(names[i], s[i]);
        want[i] = permanent_alloc(x[i]->size * sizeof(float));
    }
    double error = gradcheck(f, n, x, context);
    ck_assert_msg(error < 1e-3, "%s %s: the gradient is wrong by %g", what, shape_text(s[0]).s,
                  error);

    tape_reset();
    zero_grad();
    tensor *y = f(x, context);
    float *dy = permanent_alloc(y->size * sizeof(float));
    rng_fill_normal(&r, y->size, dy, 0, 1);
    backward_from(y, dy);
    for (int i = 0; i < n; i++)
        memcpy(want[i], x[i]->grad, x[i]->size * sizeof(float));

    for (int alone = 0; alone < n; alone++) {
        tape_reset();
        zero_grad();
        for (int i = 0; i < n; i++)
            in[i] = i == alone ? t_scale(x[i], 1) : detach(x[i]);
        backward_from(f(in, context), dy);
        for (int i = 0; i < n; i++)
            for (long j = 0; j < x[i]->size; j++)
                ck_assert_msg(x[i]->grad[j] == (i == alone ? want[i][j] : 0),
                              "%s %s, only operand %d: d%s[%ld] is %.9g instead of %.9g", what,
                              shape_text(s[0]).s, alone, names[i], j, x[i]->grad[j], want[i][j]);
    }

    tape_reset();
    for (int i = 0; i < n; i++)
        for (long j = 0; j < x[i]->size; j++)
            x[i]->grad[j] = 1;
    tensor *once = f(x, context), *again = f(x, context);
    backward_from(t_add(once, again), dy);
    for (int i = 0; i < n; i++) {
        double largest = 1;
        for (long j = 0; j < x[i]->size; j++)
            largest = fmax(largest, fabs(want[i][j]));
        for (long j = 0; j < x[i]->size; j++)
            ck_assert_msg(fabs(x[i]->grad[j] - (1 + 2.0 * want[i][j])) < 3e-5 * largest,
                          "%s %s: d%s[%ld] is %.9g after 1 and two uses of %.9g", what,
                          shape_text(s[0]).s, names[i], j, x[i]->grad[j], want[i][j]);
    }
    tape_reset();
}

#define UNARY(op)                                           \
    static tensor *f_##op(tensor *const x[], void *context) \
    {                                                       \
        (void)context;                                      \
        return t_##op(x[0]);                                \
    }
#define BINARY(op)                                          \
    static tensor *f_##op(tensor *const x[], void *context) \
    {                                                       \
        (void)context;                                      \
        return t_##op(x[0], x[1]);                          \
    }
BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(matmul)
BINARY(matmul_nt)
BINARY(mean_squared_error)
UNARY(tanh)
UNARY(sigmoid)
UNARY(silu)
UNARY(relu)
UNARY(relu_square)
UNARY(gelu)
UNARY(gelu_tanh)
UNARY(sum)
UNARY(mean)
UNARY(softmax)

#define GRADIENTS(op, context, ...)                                                       \
    check_gradients(#op, f_##op, context, sizeof((shape[]){__VA_ARGS__}) / sizeof(shape), \
                    (shape[]){__VA_ARGS__})

// ---- Elementwise ----

START_TEST(add_sub_mul)
{
    const shape pairs[][2] = {{SCALAR, SCALAR},
                              {SHAPE(1), SHAPE(1)},
                              {SHAPE(1), SCALAR},
                              {SHAPE(5), SHAPE(5)},
                              {SHAPE(5), SCALAR},
                              {SHAPE(3, 5), SHAPE(3, 5)},
                              {SHAPE(3, 5), SHAPE(5)},
                              {SHAPE(2, 3, 5), SHAPE(3, 5)},
                              {SHAPE(2, 1, 3, 2, 1, 19), SHAPE(2, 1, 3, 2, 1, 19)},
                              {SHAPE(2, 1, 3, 2, 1, 19), SHAPE(2, 1, 19)},
                              {SHAPE(2, 1, 3, 2, 1, 19), SCALAR},
                              {SHAPE(0), SHAPE(0)},
                              {SHAPE(0, 3), SHAPE(3)},
                              {SHAPE(3, 0), SHAPE(0)},
                              {SHAPE(0), SCALAR}};
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        tensor *a = random_constant("a", pairs[k][0]), *b = random_constant("b", pairs[k][1]);
        tensor *sum = t_add(a, b), *difference = t_sub(a, b), *product = t_mul(a, b);
        assert_shape(sum, a->shape);
        assert_shape(difference, a->shape);
        assert_shape(product, a->shape);
        for (long i = 0; i < a->size; i++) {
            float u = a->data[i], v = b->data[i % b->size];
            assert_same(sum, i, u + v);
            assert_same(difference, i, u - v);
            assert_same(product, i, u * v);
        }
        GRADIENTS(add, NULL, pairs[k][0], pairs[k][1]);
        GRADIENTS(sub, NULL, pairs[k][0], pairs[k][1]);
        GRADIENTS(mul, NULL, pairs[k][0], pairs[k][1]);
    }
}
END_TEST

START_TEST(trailing_shapes_refused)
{
    const char *rule = ": the second shape is neither the first nor its last axes: ";
    tensor *const a = random_constant("a", SHAPE(4, 3)), *const b = random_constant("b", SHAPE(4));
    tensor *const one = random_constant("one", SHAPE(1)), *const v = random_constant("v", SHAPE(3));
    tensor *const column = random_constant("column", SHAPE(4, 1));
    char text[200];
    snprintf(text, sizeof text, "t_add%sa (4, 3), b (4)", rule);
    REFUSED(t_add(a, b), text);
    snprintf(text, sizeof text, "t_sub%sa (4, 3), b (4)", rule);
    REFUSED(t_sub(a, b), text);
    snprintf(text, sizeof text, "t_mul%sa (4, 3), b (4)", rule);
    REFUSED(t_mul(a, b), text);
    // The first does not grow, and no axis of size 1 does.
    snprintf(text, sizeof text, "t_add%sv (3), a (4, 3)", rule);
    REFUSED(t_add(v, a), text);
    tensor *const row = random_constant("row", SHAPE(1, 3));
    snprintf(text, sizeof text, "t_sub%sv (3), row (1, 3)", rule);
    REFUSED(t_sub(v, row), text);
    snprintf(text, sizeof text, "t_mul%sa (4, 3), one (1)", rule);
    REFUSED(t_mul(a, one), text);
    snprintf(text, sizeof text, "t_sub%sa (4, 3), column (4, 1)", rule);
    REFUSED(t_sub(a, column), text);
}
END_TEST

// Without a handler the program ends with status 2.
static tensor *
f_scale(tensor *const x[], void *context)
{
    return t_scale(x[0], *(float *)context);
}

START_TEST(scale)
{
    const shape shapes[] = {SCALAR, SHAPE(1), SHAPE(0), SHAPE(7, 3), SHAPE(1, 2, 3, 1, 2, 3)};
    float factors[] = {-1.7f, 0, 1};
    for (int k = 0; k < 5; k++)
        for (int f = 0; f < 3; f++) {
            tensor *x = random_constant("x", shapes[k]), *y = t_scale(x, factors[f]);
            assert_shape(y, x->shape);
            for (long i = 0; i < x->size; i++)
                assert_same(y, i, factors[f] * x->data[i]);
            GRADIENTS(scale, &factors[f], shapes[k]);
        }
}
END_TEST

static tensor *
f_broadcast(tensor *const x[], void *context)
{
    return t_broadcast(x[0], *(shape *)context);
}

START_TEST(broadcast)
{
    shape pairs[][2] = {{SCALAR, SCALAR},
                        {SCALAR, SHAPE(2, 3)},
                        {SHAPE(1), SHAPE(4)},
                        {SHAPE(3), SHAPE(3)},
                        {SHAPE(3), SHAPE(2, 3)},
                        {SHAPE(2, 1), SHAPE(2, 3)},
                        {SHAPE(1, 3), SHAPE(2, 3)},
                        {SHAPE(3, 1, 2), SHAPE(2, 3, 4, 2)},
                        {SHAPE(2, 1, 3, 1, 1, 2), SHAPE(2, 2, 3, 4, 1, 2)},
                        {SHAPE(4, 1, 1), SHAPE(2, 3, 1, 4, 2, 5)},
                        {SHAPE(1), SHAPE(0)},
                        {SHAPE(0, 1), SHAPE(2, 0, 3)}};
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        shape from = pairs[k][0], to = pairs[k][1];
        tensor *x = random_constant("x", from), *y = t_broadcast(x, to);
        assert_shape(y, to);
        for (long i = 0; i < y->size; i++) {
            // The index on every axis of y, and from it the place in x.
            long rest = i, at = 0, step = 1;
            for (int axis = to.rank - 1, own = from.rank - 1; axis >= 0; axis--, own--) {
                long index = rest % to.n[axis];
                rest /= to.n[axis];
                if (own >= 0 && from.n[own] != 1)
                    at += index * step;
                step *= own >= 0 ? from.n[own] : 1;
            }
            assert_same(y, i, x->data[at]);
        }
        GRADIENTS(broadcast, &to, from);
    }
    tensor *const x = random_constant("x", SHAPE(3, 2));
    REFUSED(t_broadcast(x, SHAPE(3, 4)), "t_broadcast: x (3, 2) does not grow to (3, 4): axis 1");
    REFUSED(t_broadcast(x, SHAPE(5, 1, 2)),
            "t_broadcast: x (3, 2) does not grow to (5, 1, 2): axis 1");
    REFUSED(t_broadcast(x, SHAPE(2)), "t_broadcast: x (3, 2) has more axes than (2)");
}
END_TEST

static double
sigmoid_of(double x)
{
    return 1 / (1 + exp(-x));
}

static double
silu_of(double x)
{
    return x / (1 + exp(-x));
}

static double
relu_of(double x)
{
    return x > 0 ? x : 0;
}

static double
relu_square_of(double x)
{
    return x > 0 ? x * x : 0;
}

static double
gelu_of(double x)
{
    return x * (1 + erf(x / sqrt(2))) / 2;
}

static double
gelu_tanh_of(double x)
{
    return x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x))) / 2;
}

START_TEST(functions)
{
    static const struct {
        const char *name;
        op_fn *op;
        double (*exact)(double);
    } all[] = {{"t_tanh", f_tanh, tanh},
               {"t_sigmoid", f_sigmoid, sigmoid_of},
               {"t_silu", f_silu, silu_of},
               {"t_relu", f_relu, relu_of},
               {"t_relu_square", f_relu_square, relu_square_of},
               {"t_gelu", f_gelu, gelu_of},
               {"t_gelu_tanh", f_gelu_tanh, gelu_tanh_of}};
    const shape shapes[] = {SCALAR, SHAPE(1), SHAPE(0), SHAPE(6, 5), SHAPE(1, 2, 3, 1, 2, 19)};
    for (size_t f = 0; f < sizeof all / sizeof *all; f++) {
        for (int k = 0; k < 5; k++) {
            tensor *x = random_constant("x", shapes[k]), *y = all[f].op(&x, NULL);
            assert_shape(y, x->shape);
            ck_assert_str_eq(y->name, all[f].name);
            for (long i = 0; i < x->size; i++)
                assert_near(y, i, all[f].exact(x->data[i]), 3e-7);
            check_gradients(all[f].name, all[f].op, NULL, 1, &shapes[k]);
        }
        // From -12 to 12, and no NaN where the functions are flat.
        tensor *x = constant("x", SHAPE(2401), NULL);
        for (int i = 0; i < 2401; i++)
            x->data[i] = (i - 1200) / 100.0f;
        tensor *y = all[f].op(&x, NULL);
        for (int i = 0; i < 2401; i++)
            assert_near(y, i, all[f].exact(x->data[i]), 3e-7);
        tensor *far = constant("x", SHAPE(2), (float[]){-1e4f, 1e4f}), *flat = all[f].op(&far, 0);
        for (int i = 0; i < 2; i++)
            assert_near(flat, i, all[f].exact(far->data[i]), 3e-7);
        tape_reset();
    }
}
END_TEST

START_TEST(relu_at_its_kink)
{
    tensor *x = param("x", SHAPE(4));
    memcpy(x->data, (float[]){-1, 0, -0.0f, 2}, 4 * sizeof(float));
    backward(t_sum(t_relu(x)));
    const float slope[] = {0, 0, 0, 1};
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq(x->grad[i], slope[i]);
    ck_assert(isnan(t_relu(constant("x", SHAPE(1), (float[]){NAN}))->data[0]));
    ck_assert(isnan(t_relu_square(constant("x", SHAPE(1), (float[]){NAN}))->data[0]));
}
END_TEST

// ---- The same tensor twice ----

static tensor *
f_square(tensor *const x[], void *context)
{
    (void)context;
    return t_mul(x[0], x[0]);
}

static tensor *
f_twice(tensor *const x[], void *context)
{
    (void)context;
    return t_add(t_sub(t_add(x[0], x[0]), x[0]), t_mul(t_sub(x[0], x[0]), x[0]));
}

static tensor *
f_matrix_square(tensor *const x[], void *context)
{
    (void)context;
    return t_add(t_matmul(x[0], x[0]), t_matmul_nt(x[0], x[0]));
}

static tensor *
f_stack_same(tensor *const x[], void *context)
{
    (void)context;
    return t_stack(3, (tensor *[]){x[0], x[1], x[0]});
}

static tensor *
f_reused(tensor *const x[], void *context)
{
    (void)context;
    tensor *y = t_tanh(x[0]);
    return t_add(t_mul(y, y), t_mul(t_sigmoid(y), x[0]));
}

START_TEST(same_tensor_twice)
{
    GRADIENTS(square, NULL, SHAPE(4, 3));
    GRADIENTS(twice, NULL, SHAPE(4, 3));
    GRADIENTS(matrix_square, NULL, SHAPE(4, 4));
    GRADIENTS(stack_same, NULL, SHAPE(2, 3), SHAPE(2, 3));
    GRADIENTS(reused, NULL, SHAPE(5));
    tensor *x = param("x", SHAPE(3));
    memcpy(x->data, (float[]){1, 2, -3}, 3 * sizeof(float));
    tape_reset();
    backward(t_sum(t_mul(x, x)));
    for (int i = 0; i < 3; i++)
        ck_assert_float_eq(x->grad[i], 2 * x->data[i]);
}
END_TEST

// ---- Products ----

// y[lead][i][j] as one chain of fused multiply-adds over k, as matmul.h promises.
static void
check_product(shape a_shape, shape b_shape, bool transposed)
{
    tensor *a = random_constant("a", a_shape), *b = random_constant("b", b_shape);
    tensor *y = transposed ? t_matmul_nt(a, b) : t_matmul(a, b);
    int n = a_shape.n[a_shape.rank - 2], k = a_shape.n[a_shape.rank - 1];
    int m = b_shape.n[b_shape.rank - (transposed ? 2 : 1)];
    shape s = a_shape;
    s.n[s.rank - 1] = m;
    assert_shape(y, s);
    for (long i = 0; i < y->size; i++) {
        long lead = i / ((long)n * m), row = i / m, col = i % m;
        const float *own = b->data + (b_shape.rank > 2 ? lead * k * m : 0);
        float sum = 0;
        for (int p = 0; p < k; p++)
            sum =
                fma32(a->data[row * k + p], transposed ? own[col * k + p] : own[p * m + col], sum);
        assert_same(y, i, sum);
    }
}

START_TEST(products)
{
    const shape pairs[][2] = {
        {SHAPE(1, 1), SHAPE(1, 1)},
        {SHAPE(1, 3), SHAPE(3, 1)},
        {SHAPE(3, 1), SHAPE(1, 5)},
        {SHAPE(3, 4), SHAPE(4, 5)},
        {SHAPE(17, 19), SHAPE(19, 35)},
        {SHAPE(2, 3, 4), SHAPE(4, 5)},          // b shared
        {SHAPE(2, 3, 4), SHAPE(2, 4, 5)},       // one product for each leading index
        {SHAPE(2, 3, 1, 4), SHAPE(2, 3, 4, 2)}, // one row
        {SHAPE(3, 2, 4, 1), SHAPE(3, 2, 1, 3)}, // inner size 1
        {SHAPE(2, 1, 3, 2, 2, 4), SHAPE(4, 3)},
        {SHAPE(2, 1, 3, 2, 2, 4), SHAPE(2, 1, 3, 2, 4, 3)},
        {SHAPE(0, 4), SHAPE(4, 5)},
        {SHAPE(3, 4), SHAPE(4, 0)},
        {SHAPE(3, 0), SHAPE(0, 5)}, // an empty sum is 0
        {SHAPE(2, 3, 0), SHAPE(0, 5)},
        {SHAPE(2, 3, 0), SHAPE(2, 0, 5)},
        {SHAPE(0, 3, 4), SHAPE(0, 4, 5)},
        {SHAPE(2, 0, 4), SHAPE(2, 4, 5)}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        shape a = pairs[i][0], b = pairs[i][1], t = b;
        t.n[t.rank - 1] = b.n[b.rank - 2];
        t.n[t.rank - 2] = b.n[b.rank - 1];
        check_product(a, b, false);
        check_product(a, t, true);
        GRADIENTS(matmul, NULL, a, b);
        GRADIENTS(matmul_nt, NULL, a, t);
    }
}
END_TEST

START_TEST(products_refused)
{
    tensor *const h = random_constant("hidden", SHAPE(4, 16));
    tensor *const w = random_constant("Wxh", SHAPE(8, 10));
    REFUSED(t_matmul(h, w), "t_matmul: inner sizes differ: hidden (4, 16) x Wxh (8, 10): 16 != 8");
    REFUSED(t_matmul_nt(h, w),
            "t_matmul_nt: inner sizes differ: hidden (4, 16) x Wxh (8, 10)^T: 16 != 10");
    tensor *const v = random_constant("v", SHAPE(16)), *const c = random_constant("c", SCALAR);
    REFUSED(t_matmul(h, v), "t_matmul: both need two axes or more: hidden (4, 16), v (16)");
    REFUSED(t_matmul(v, h), "t_matmul: both need two axes or more: v (16), hidden (4, 16)");
    REFUSED(t_matmul_nt(c, h), "t_matmul_nt: both need two axes or more: c (), hidden (4, 16)");
    tensor *const many = random_constant("many", SHAPE(2, 3, 4));
    tensor *const three = random_constant("three", SHAPE(3, 4, 5));
    tensor *const four = random_constant("four", SHAPE(1, 2, 4, 5));
    tensor *const flat = random_constant("flat", SHAPE(3, 4));
    const char *rule = "the leading axes of the second are neither those of the first nor none";
    char text[200];
    snprintf(text, sizeof text, "t_matmul: %s: many (2, 3, 4), three (3, 4, 5)", rule);
    REFUSED(t_matmul(many, three), text);
    snprintf(text, sizeof text, "t_matmul: %s: many (2, 3, 4), four (1, 2, 4, 5)", rule);
    REFUSED(t_matmul(many, four), text);
    snprintf(text, sizeof text, "t_matmul_nt: %s: flat (3, 4), many (2, 3, 4)", rule);
    REFUSED(t_matmul_nt(flat, many), text);
}
END_TEST

static tensor *
call_linear(tensor *const x[], void *context)
{
    (void)context;
    return t_linear(x[0], x[1], x[2]);
}

// The chain of each element begins with its bias; against loops, and the gradients of all three.
START_TEST(linear)
{
    tensor *x = random_param("x", SHAPE(2, 3, 5)), *w = random_param("w", SHAPE(4, 5));
    tensor *b = random_param("b", SHAPE(4)), *y = t_linear(x, w, b);
    ck_assert(shape_equal(y->shape, SHAPE(2, 3, 4)));
    for (int row = 0; row < 6; row++)
        for (int j = 0; j < 4; j++) {
            float sum = b->data[j];
            for (int p = 0; p < 5; p++)
                sum = fma32(x->data[row * 5 + p], w->data[j * 5 + p], sum);
            ck_assert_float_eq(y->data[row * 4 + j], sum);
        }
    tape_reset();
    // One row, several, several axes of them; and each gradient alone.
    check_gradients("linear", call_linear, NULL, 3, (shape[]){SHAPE(5), SHAPE(4, 5), SHAPE(4)});
    check_gradients("linear", call_linear, NULL, 3, (shape[]){SHAPE(3, 5), SHAPE(4, 5), SHAPE(4)});
    check_gradients("linear", call_linear, NULL, 3,
                    (shape[]){SHAPE(2, 3, 5), SHAPE(1, 5), SHAPE(1)});
    tape_reset();
    x = random_param("x", SHAPE(2, 3, 5)), w = random_param("w", SHAPE(4, 5));
    b = random_param("b", SHAPE(4));
    tensor *nothing = t_linear(constant("e", SHAPE(2, 0), NULL), param("f", SHAPE(4, 0)), b);
    for (int i = 0; i < 8; i++)
        ck_assert_float_eq(nothing->data[i], b->data[i % 4]); // an empty sum and the bias
    REFUSED(t_linear(x, b, b),
            "t_linear: the second must be (m, k) for a first of (..., k): x (2, 3, "
            "5), b (4)");
    REFUSED(t_linear(w, w, param("c", SHAPE(5))),
            "t_linear: the bias must be (m) for weights (m, k): c (5), w (4, 5)");
    REFUSED(t_linear(w, w, param("c", SHAPE(4, 1))), // as many values, but no vector
            "t_linear: the bias must be (m) for weights (m, k): c (4, 1), w (4, 5)");
    REFUSED(t_linear(param("one", SCALAR), param("d", SHAPE(4, 1)), b),
            "t_linear: the second must be (m, k) for a first of (..., k): one (), d (4, 1)");
}
END_TEST

// ---- Sums ----

START_TEST(sums)
{
    const shape shapes[] = {SCALAR,         SHAPE(1),  SHAPE(2),   SHAPE(3, 5),
                            SHAPE(7, 1, 9), SHAPE(97), SHAPE(513), SHAPE(2, 1, 3, 2, 2, 4)};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        tensor *x = random_constant("x", shapes[k]), *z = random_constant("z", shapes[k]);
        double sum = 0, square = 0;
        for (long i = 0; i < x->size; i++) {
            sum += x->data[i];
            square += ((double)x->data[i] - z->data[i]) * ((double)x->data[i] - z->data[i]);
        }
        tensor *y = t_sum(x), *mean = t_mean(x), *distance = t_mean_squared_error(x, z);
        assert_shape(y, SCALAR);
        assert_shape(mean, SCALAR);
        assert_shape(distance, SCALAR);
        assert_near(y, 0, sum, 1e-6);
        assert_near(mean, 0, sum / x->size, 1e-6);
        assert_near(distance, 0, square / x->size, 1e-6);
        if (x->size > 100)
            continue;
        GRADIENTS(sum, NULL, shapes[k]);
        GRADIENTS(mean, NULL, shapes[k]);
        GRADIENTS(mean_squared_error, NULL, shapes[k], shapes[k]);
    }
    assert_same(t_sum(constant("none", SHAPE(3, 0), NULL)), 0, 0);
    // Exact where every partial sum is.
    tensor *ones = constant("ones", SHAPE(1000), NULL);
    for (int i = 0; i < 1000; i++)
        ones->data[i] = i;
    assert_same(t_sum(ones), 0, 499500);
    tensor *const a = random_constant("a", SHAPE(2, 3)), *const b = random_constant("b", SHAPE(3));
    REFUSED(t_mean_squared_error(a, b), "t_mean_squared_error: shapes differ: a (2, 3), b (3)");
}
END_TEST

// ---- Along the last axis ----

static double
log_sum_exp(int d, const float *x)
{
    double top = -INFINITY, sum = 0;
    for (int i = 0; i < d; i++)
        top = fmax(top, x[i]);
    for (int i = 0; i < d; i++)
        sum += exp(x[i] - top);
    return top + log(sum);
}

START_TEST(softmax)
{
    const shape shapes[] = {SCALAR,
                            SHAPE(1),
                            SHAPE(2),
                            SHAPE(4, 5),
                            SHAPE(0, 3),
                            SHAPE(3, 0),
                            SHAPE(2, 1, 3, 2, 2, 37)};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        tensor *x = random_constant("x", shapes[k]);
        if (k & 1) // large values, of both signs
            for (long i = 0; i < x->size; i++)
                x->data[i] *= 1000;
        tensor *y = t_softmax(x);
        assert_shape(y, x->shape);
        int d = shapes[k].rank ? shapes[k].n[shapes[k].rank - 1] : 1;
        for (long i = 0; i < x->size; i++)
            assert_near(y, i, exp(x->data[i] - log_sum_exp(d, x->data + i / d * d)), 1e-6);
        GRADIENTS(softmax, NULL, shapes[k]);
    }
    tensor *y = t_softmax(constant("x", SHAPE(3), (float[]){3e38f, 3e38f, -3e38f}));
    assert_same(y, 0, 0.5f);
    assert_same(y, 1, 0.5f);
    assert_same(y, 2, 0);
    tensor *masked = t_softmax(constant("x", SHAPE(3), (float[]){0, -INFINITY, 0}));
    assert_same(masked, 1, 0);
    assert_same(masked, 2, 0.5f);
}
END_TEST

static tensor *
f_layer_norm(tensor *const x[], void *context)
{
    return t_layer_norm(x[0], x[1], x[2], *(float *)context);
}

START_TEST(layer_norm)
{
    // eps 0.1 where a row of one or two values would have a slope of almost 0.
    const shape shapes[] = {SCALAR,      SHAPE(1),     SHAPE(2),
                            SHAPE(4, 5), SHAPE(3, 33), SHAPE(0, 3),
                            SHAPE(3, 0), SHAPE(3, 1),  SHAPE(2, 1, 3, 1, 2, 6)};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        int d = shapes[k].rank ? shapes[k].n[shapes[k].rank - 1] : 1;
        float eps = d <= 2 ? 0.1f : 1e-5f;
        tensor *x = random_constant("x", shapes[k]);
        tensor *gain = random_constant("gain", SHAPE(d)), *bias = random_constant("bias", SHAPE(d));
        tensor *y = t_layer_norm(x, gain, bias, eps);
        assert_shape(y, x->shape);
        for (long at = 0; at < x->size; at += d) {
            double mean = 0, variance = 0;
            for (int i = 0; i < d; i++)
                mean += x->data[at + i] / (double)d;
            for (int i = 0; i < d; i++)
                variance += (x->data[at + i] - mean) * (x->data[at + i] - mean) / d;
            for (int i = 0; i < d; i++)
                assert_near(y, at + i,
                            gain->data[i] * (x->data[at + i] - mean) / sqrt(variance + eps) +
                                bias->data[i],
                            2e-6);
        }
        GRADIENTS(layer_norm, &eps, shapes[k], SHAPE(d), SHAPE(d));
    }
    tensor *one = constant("one", SHAPE(4), (float[]){1, 1, 1, 1});
    tensor *zero = constant("zero", SHAPE(4), NULL);
    tensor *hot = constant("hot", SHAPE(4), (float[]){1, 0, 0, 0});
    tensor *y = t_layer_norm(hot, one, zero, 1e-5f); // .75 / sqrt(.1875 + 1e-5)
    assert_near(y, 0, 1.7320046, 1e-7);
    assert_near(y, 1, -0.57733487, 1e-7);
    assert_same(tape_saved(y, "inverse deviation"), 0, 1 / sqrt32(0.1875f + 1e-5f));
}
END_TEST

START_TEST(layer_norm_refused)
{
    tensor *const x = random_constant("x", SHAPE(2, 4)), *const v = random_constant("v", SHAPE(4));
    tensor *const w = random_constant("w", SHAPE(3)), *const m = random_constant("m", SHAPE(1, 4));
    REFUSED(t_layer_norm(x, w, v, 1e-5f),
            "t_layer_norm: the gain is no vector of the last axis's size: x (2, 4), w (3)");
    REFUSED(t_layer_norm(x, m, v, 1e-5f),
            "t_layer_norm: the gain is no vector of the last axis's size: x (2, 4), m (1, 4)");
    REFUSED(t_layer_norm(x, v, w, 1e-5f),
            "t_layer_norm: gain and bias differ in shape: v (4), w (3)");
    REFUSED(t_layer_norm(x, v, m, 1e-5f),
            "t_layer_norm: gain and bias differ in shape: v (4), m (1, 4)");
}
END_TEST

static tensor *
f_rms_norm(tensor *const x[], void *context)
{
    return t_rms_norm(x[0], x[1], *(float *)context);
}

START_TEST(rms_norm)
{
    const shape shapes[] = {SCALAR,      SHAPE(1),     SHAPE(2),
                            SHAPE(4, 5), SHAPE(3, 33), SHAPE(0, 3),
                            SHAPE(3, 0), SHAPE(3, 1),  SHAPE(2, 1, 3, 1, 2, 6)};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        int d = shapes[k].rank ? shapes[k].n[shapes[k].rank - 1] : 1;
        float eps = d <= 2 ? 0.5f : 1e-5f;
        tensor *x = random_constant("x", shapes[k]), *gain = random_constant("gain", SHAPE(d));
        tensor *y = t_rms_norm(x, gain, eps);
        assert_shape(y, x->shape);
        for (long at = 0; at < x->size; at += d) {
            double square = 0;
            for (int i = 0; i < d; i++)
                square += (double)x->data[at + i] * x->data[at + i] / d;
            for (int i = 0; i < d; i++)
                assert_near(y, at + i, gain->data[i] * x->data[at + i] / sqrt(square + eps), 2e-6);
        }
        GRADIENTS(rms_norm, &eps, shapes[k], SHAPE(d));
    }
    tensor *one = constant("one", SHAPE(2), (float[]){1, 1});
    tensor *y = t_rms_norm(constant("x", SHAPE(2), (float[]){1, 7}), one, 0); // sqrt(50 / 2) = 5
    assert_near(y, 0, 0.2, 1e-7);
    assert_near(y, 1, 1.4, 1e-7);
    assert_same(t_rms_norm(constant("x", SHAPE(2), NULL), one, 0.25f), 0, 0);
    // The eps is inside of the root.
    ck_assert_float_eq(tape_saved(t_rms_norm(one, one, 3), "inverse root")->data[0], 0.5f);
    tensor *const x = random_constant("x", SHAPE(2, 4)), *const w = random_constant("w", SHAPE(3));
    tensor *const m = random_constant("m", SHAPE(1, 4));
    REFUSED(t_rms_norm(x, w, 0),
            "t_rms_norm: the gain is no vector of the last axis's size: x (2, 4), w (3)");
    REFUSED(t_rms_norm(x, m, 0),
            "t_rms_norm: the gain is no vector of the last axis's size: x (2, 4), m (1, 4)");
}
END_TEST

static tensor *
f_cross_entropy(tensor *const x[], void *context)
{
    return t_cross_entropy(x[0], context);
}

START_TEST(cross_entropy)
{
    // As many targets as rows; -1: a row that does not count.
    const struct {
        shape s;
        int targets[8];
    } all[] = {{SCALAR, {0}},
               {SHAPE(1), {0}},
               {SHAPE(5), {4}},
               {SHAPE(1, 5), {0}},
               {SHAPE(4, 3), {2, 0, 1, 1}},
               {SHAPE(4, 3), {-1, 2, -1, 0}},
               {SHAPE(4, 3), {-1, -1, -1, 1}},
               {SHAPE(2, 1, 2, 1, 2, 35), {34, 0, 17, -1, 16, 33, 1, 2}}};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        for (int large = 0; large < 2; large++) {
            tensor *x = random_constant("x", all[k].s);
            for (long i = 0; large && i < x->size; i++)
                x->data[i] = i * 7 % 3 ? 80 : -80;
            int V = all[k].s.rank ? all[k].s.n[all[k].s.rank - 1] : 1, used = 0;
            double loss = 0;
            for (int row = 0; row < x->size / V; row++)
                if (all[k].targets[row] >= 0) {
                    const float *logits = x->data + row * V;
                    loss += log_sum_exp(V, logits) - logits[all[k].targets[row]];
                    used++;
                }
            tensor *y = t_cross_entropy(x, all[k].targets);
            assert_shape(y, SCALAR);
            // 80 + log(sum) is rounded to a multiple of 2^-17 = 7.6e-6.
            assert_near(y, 0, loss / used, large ? 1e-5 : 1e-6);
            GRADIENTS(cross_entropy, (void *)all[k].targets, all[k].s);
        }
    // The targets are copied, and an ignored row has no gradient, whatever it holds.
    int targets[] = {1, -1};
    tensor *x = param("x", SHAPE(2, 2));
    memcpy(x->data, (float[]){0, 0, 1e30f, -1e30f}, 4 * sizeof(float));
    tape_reset();
    tensor *y = t_cross_entropy(x, targets);
    targets[0] = -1, targets[1] = 0;
    backward(y);
    const float want[] = {0.5f, -0.5f, 0, 0};
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq(x->grad[i], want[i]);
    assert_near(y, 0, log(2), 1e-7);
}
END_TEST

START_TEST(cross_entropy_refused)
{
    tensor *const x = random_constant("logits", SHAPE(2, 3));
    REFUSED(t_cross_entropy(x, (int[]){0, 3}),
            "t_cross_entropy: target 3 of row 1, expected 0..2, or -1 for a row that does not "
            "count");
    REFUSED(t_cross_entropy(x, (int[]){-2, 0}),
            "t_cross_entropy: target -2 of row 0, expected 0..2, or -1 for a row that does not "
            "count");
    REFUSED(t_cross_entropy(x, (int[]){-1, -1}), "t_cross_entropy: no row of logits (2, 3) counts");
    tensor *const none = random_constant("none", SHAPE(0, 3));
    REFUSED(t_cross_entropy(none, (int[]){0}), "t_cross_entropy: no row of none (0, 3) counts");
    tensor *const narrow = random_constant("narrow", SHAPE(2, 0));
    REFUSED(t_cross_entropy(narrow, (int[]){-1, -1}),
            "t_cross_entropy: no row of narrow (2, 0) counts");
}
END_TEST

typedef struct {
    shape s;
    int ids[6];
} ids;

static tensor *
f_embedding(tensor *const x[], void *context)
{
    return t_embedding(x[0], ((ids *)context)->s, ((ids *)context)->ids);
}

START_TEST(embedding)
{
    ids all[] = {{SCALAR, {2}},
                 {SHAPE(1), {0}},
                 {SHAPE(0), {0}},
                 {SHAPE(2, 3), {4, 0, 4, 1, 4, 3}},
                 {SHAPE(1, 2, 1, 3, 1), {0, 1, 2, 2, 1, 0}}};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        tensor *w = random_constant("w", SHAPE(5, 3)), *y = t_embedding(w, all[k].s, all[k].ids);
        shape s = all[k].s;
        s.n[s.rank++] = 3;
        assert_shape(y, s);
        for (long i = 0; i < y->size; i++)
            assert_same(y, i, w->data[all[k].ids[i / 3] * 3 + i % 3]);
        GRADIENTS(embedding, &all[k], SHAPE(5, 3));
    }
    // The ids are copied, and every use counts.
    tensor *w = param("w", SHAPE(3, 2));
    int uses[] = {2, 0, 2};
    tape_reset();
    tensor *y = t_sum(t_embedding(w, SHAPE(3), uses));
    memset(uses, 0, sizeof uses);
    backward(y);
    const float want[] = {1, 1, 0, 0, 2, 2};
    for (int i = 0; i < 6; i++)
        ck_assert_float_eq(w->grad[i], want[i]);
    REFUSED(t_embedding(w, SHAPE(2), ((int[]){1, 3})),
            "t_embedding: id 3 at 1, expected 0..2 for w (3, 2)");
    REFUSED(t_embedding(w, SHAPE(2), ((int[]){-1, 1})),
            "t_embedding: id -1 at 0, expected 0..2 for w (3, 2)");
    REFUSED(t_embedding(w, SHAPE(1, 1, 1, 1, 1, 1), (int[]){1}),
            "t_embedding: w (3, 2) indexed with a shape (1, 1, 1, 1, 1, 1); expected (V, D) and at "
            "most 5 axes");
    tensor *const flat = param("flat", SHAPE(6));
    REFUSED(t_embedding(flat, SCALAR, (int[]){1}),
            "t_embedding: flat (6) indexed with a shape (); expected (V, D) and at most 5 axes");
}
END_TEST

// ---- Shape and place ----

static tensor *
f_reshape(tensor *const x[], void *context)
{
    return t_reshape(x[0], *(shape *)context);
}

static tensor *
f_at(tensor *const x[], void *context)
{
    return t_at(x[0], *(int *)context);
}

static tensor *
f_slice(tensor *const x[], void *context)
{
    return t_slice(x[0], ((int *)context)[0], ((int *)context)[1]);
}

// Views of views that overlap, each used in another way.
static tensor *
f_views(tensor *const x[], void *context)
{
    (void)context;
    tensor *y = t_tanh(x[0]);                                   // (4, 2, 3)
    tensor *rows = t_slice(y, 1, 3), *row = t_at(rows, 1);      // y[1..3], y[2]
    tensor *flat = t_reshape(t_slice(rows, 1, 2), SHAPE(3, 4)); // y[2..3]
    return t_add(t_matmul(t_reshape(row, SHAPE(2, 3)), flat),
                 t_at(t_reshape(y, SHAPE(3, 2, 4)), 1));
}

START_TEST(views)
{
    shape shapes[] = {SHAPE(24), SHAPE(2, 3, 4), SHAPE(24, 1, 1, 1, 1, 1), SHAPE(4, 3, 2)};
    for (int k = 0; k < 4; k++) {
        tensor *x = random_constant("x", SHAPE(4, 2, 3)), *y = t_reshape(x, shapes[k]);
        assert_shape(y, shapes[k]);
        ck_assert_ptr_eq(y->data, x->data);
        GRADIENTS(reshape, &shapes[k], SHAPE(4, 2, 3));
    }
    shape scalar = SCALAR, one = SHAPE(1, 1), none = SHAPE(3, 0);
    GRADIENTS(reshape, &scalar, SHAPE(1));
    GRADIENTS(reshape, &one, SCALAR);
    GRADIENTS(reshape, &none, SHAPE(0));
    for (int i = 0; i < 4; i++) {
        tensor *x = random_constant("x", SHAPE(4, 2, 3)), *v = random_constant("v", SHAPE(4));
        tensor *y = t_at(x, i), *z = t_at(v, i);
        assert_shape(y, SHAPE(2, 3));
        assert_shape(z, SCALAR);
        ck_assert_ptr_eq(y->data, x->data + 6 * i);
        ck_assert_ptr_eq(z->data, v->data + i);
        GRADIENTS(at, &i, SHAPE(4, 2, 3));
        GRADIENTS(at, &i, SHAPE(4));
    }
    for (int from = 0; from <= 4; from++)
        for (int n = 0; from + n <= 4; n++) {
            tensor *x = random_constant("x", SHAPE(4, 2, 3)), *y = t_slice(x, from, n);
            assert_shape(y, SHAPE(n, 2, 3));
            ck_assert_ptr_eq(y->data, x->data + 6 * from);
            GRADIENTS(slice, ((int[]){from, n}), SHAPE(4, 2, 3));
        }
    GRADIENTS(slice, ((int[]){0, 0}), SHAPE(0, 2));
    GRADIENTS(slice, ((int[]){1, 3}), SHAPE(4, 1, 2, 1, 1, 2));
    GRADIENTS(views, NULL, SHAPE(4, 2, 3));
}
END_TEST

START_TEST(views_share_memory_and_gradient)
{
    tensor *x = param("x", SHAPE(3, 4));
    tensor *corner = t_at(t_reshape(t_slice(x, 1, 2), SHAPE(4, 2)), 3); // x[2][2..3]
    x->data[10] = 5;
    ck_assert_float_eq(corner->data[0], 5);
    backward_from(corner, (float[]){7, 8});
    ck_assert_ptr_eq(corner->grad, x->grad + 10);
    for (int i = 0; i < 12; i++)
        ck_assert_float_eq(x->grad[i], i == 10 ? 7 : i == 11 ? 8 : 0);
    // A view of a constant has no gradient, and a use of it asks for none.
    tape_reset();
    zero_grad();
    tensor *c = random_constant("c", SHAPE(2, 4));
    backward(t_sum(t_mul(t_at(c, 1), t_at(x, 0))));
    ck_assert_ptr_null(c->grad);
    for (int i = 0; i < 12; i++)
        ck_assert_float_eq(x->grad[i], i < 4 ? c->data[4 + i] : 0);
}
END_TEST

START_TEST(views_refused)
{
    tensor *const x = random_constant("x", SHAPE(4, 2)), *const c = random_constant("c", SCALAR);
    REFUSED(t_reshape(x, SHAPE(3, 2)), "t_reshape: x (4, 2) has 8 values, (3, 2) has 6");
    REFUSED(t_at(x, 4), "t_at: 4 of the first axis of x (4, 2)");
    REFUSED(t_at(x, -1), "t_at: -1 of the first axis of x (4, 2)");
    REFUSED(t_at(c, 0), "t_at: 0 of the first axis of c ()");
    REFUSED(t_slice(x, 2, 3), "t_slice: 3 values from 2 on of the first axis of x (4, 2)");
    REFUSED(t_slice(x, -1, 2), "t_slice: 2 values from -1 on of the first axis of x (4, 2)");
    REFUSED(t_slice(x, 1, -1), "t_slice: -1 values from 1 on of the first axis of x (4, 2)");
    REFUSED(t_slice(x, 2147483647, 1),
            "t_slice: 1 values from 2147483647 on of the first axis of x (4, 2)");
    REFUSED(t_slice(c, 0, 0), "t_slice: 0 values from 0 on of the first axis of c ()");
}
END_TEST

static tensor *
f_transpose(tensor *const x[], void *context)
{
    return t_transpose(x[0], ((int *)context)[0], ((int *)context)[1]);
}

START_TEST(transposes)
{
    const shape shapes[] = {SHAPE(1, 1),          SHAPE(3, 5),    SHAPE(2, 3, 4),
                            SHAPE(2, 3, 1, 4, 2), SHAPE(3, 0, 2), SHAPE(2, 3, 2, 4, 3, 2)};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
        for (int i = 0; i < shapes[k].rank; i++)
            for (int j = i + 1; j < shapes[k].rank; j++) {
                shape s = shapes[k], t = s;
                t.n[i] = s.n[j];
                t.n[j] = s.n[i];
                tensor *x = random_constant("x", s), *y = t_transpose(x, i, j);
                assert_shape(y, t);
                for (long at = 0; at < x->size; at++) {
                    // x's index on every axis, and its place in y
                    int index[MAX_RANK] = {0};
                    long rest = at, to = 0;
                    for (int axis = s.rank - 1; axis >= 0; axis--) {
                        index[axis] = rest % s.n[axis];
                        rest /= s.n[axis];
                    }
                    for (int axis = 0; axis < t.rank; axis++)
                        to = to * t.n[axis] + index[axis == i ? j : axis == j ? i : axis];
                    assert_same(y, to, x->data[at]);
                }
                GRADIENTS(transpose, ((int[]){i, j}), s);
            }
    tensor *const x = random_constant("x", SHAPE(2, 3));
    REFUSED(t_transpose(x, 1, 0),
            "t_transpose: axes 1 and 0 of x (2, 3); expected 0 <= first < second < 2");
    REFUSED(t_transpose(x, 1, 1),
            "t_transpose: axes 1 and 1 of x (2, 3); expected 0 <= first < second < 2");
    REFUSED(t_transpose(x, 0, 2),
            "t_transpose: axes 0 and 2 of x (2, 3); expected 0 <= first < second < 2");
    REFUSED(t_transpose(x, -1, 1),
            "t_transpose: axes -1 and 1 of x (2, 3); expected 0 <= first < second < 2");
}
END_TEST

static tensor *
f_stack(tensor *const x[], void *context)
{
    return t_stack(*(int *)context, x);
}

START_TEST(stacks)
{
    const shape shapes[] = {SCALAR, SHAPE(1), SHAPE(0), SHAPE(2, 3), SHAPE(2, 1, 3, 1, 2)};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
        for (int n = 1; n <= OPERANDS; n++) {
            tensor *x[OPERANDS];
            shape s = SHAPE(n, shapes[k].n[0], shapes[k].n[1], shapes[k].n[2], shapes[k].n[3],
                            shapes[k].n[4]);
            s.rank = shapes[k].rank + 1;
            for (int i = 0; i < n; i++)
                x[i] = random_constant("x", shapes[k]);
            tensor *y = t_stack(n, x);
            assert_shape(y, s);
            for (long i = 0; i < y->size; i++)
                assert_same(y, i, x[i / x[0]->size]->data[i % x[0]->size]);
            check_gradients("stack", f_stack, &n, n, (shape[]){shapes[k], shapes[k], shapes[k]});
        }
    tensor *const a = random_constant("a", SHAPE(2)), *const b = random_constant("b", SHAPE(2, 1));
    REFUSED(t_stack(2, ((tensor *[]){a, b})), "t_stack: shapes differ: a (2), b (2, 1)");
    REFUSED(t_stack(0, NULL), "t_stack: 0 tensors of rank 0; expected one or more of rank below 6");
    tensor *const deep = random_constant("deep", SHAPE(1, 1, 1, 1, 1, 2));
    REFUSED(t_stack(1, &deep),
            "t_stack: 1 tensors of rank 6; expected one or more of rank below 6");
}
END_TEST

START_TEST(rounding)
{
    const float given[] = {1.0004f, 2049, 1e-9f, -70000, 3e-8f};
    const float halves[] = {1, 2048, 0, -INFINITY, 0x1p-25f * 2},
                fp8[] = {1, 2048, 0, -INFINITY, 0};
    for (int f = 0; f < 2; f++) {
        tensor *x = param("x", SHAPE(5)), *y;
        memcpy(x->data, given, sizeof given);
        y = t_round(x, f ? &format_e5m2 : &format_half);
        ck_assert_str_eq(y->name, "t_round");
        assert_shape(y, SHAPE(5));
        // Gradients are rounded, too, and then added to what is there.
        tensor *both = t_add(t_scale(y, 1), t_scale(x, 1));
        backward_from(both, given);
        for (int i = 0; i < 5; i++) {
            ck_assert_float_eq(y->data[i], f ? fp8[i] : halves[i]);
            ck_assert_float_eq(x->grad[i], (f ? fp8[i] : halves[i]) + given[i]);
        }
        tensors_free();
    }
    tensor *x = random_constant("x", SHAPE(3, 7));
    ck_assert_ptr_eq(t_round(x, NULL), x);
    ck_assert_float_eq(t_round(x, &format_bfloat)->data[20],
                       format_round(&format_bfloat, x->data[20]));
    ck_assert_ptr_null(t_round(x, &format_bfloat)->grad);
    assert_shape(t_round(constant("none", SHAPE(0), NULL), &format_half), SHAPE(0));
}
END_TEST

TEST_MAIN_WITH("ops", setup, tensors_free, add_sub_mul, linear, trailing_shapes_refused, scale,
               broadcast, functions, relu_at_its_kink, rounding, same_tensor_twice, products,
               products_refused, sums, softmax, layer_norm, layer_norm_refused, rms_norm,
               cross_entropy, cross_entropy_refused, embedding, views,
               views_share_memory_and_gradient, views_refused, transposes, stacks)
