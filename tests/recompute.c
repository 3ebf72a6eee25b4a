// t_recompute: the same bits as the plain tape, less memory, and its two errors.
#include "nets/tensor.h"

#include "nets/ops.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "test.h"
#include "test_tensors.h"

#include <string.h>

enum { B = 5, D = 7, LAYERS = 4 };

static tensor *w[LAYERS], *b[LAYERS];

static void
setup(void)
{
    rng r = rng_at(1, 0);
    tape_poison(true);
    for (int i = 0; i < LAYERS; i++) {
        w[i] = test_param("w", SHAPE(D, D), &r, 0.5f);
        b[i] = test_param("b", SHAPE(D), &r, 0.5f);
    }
}

static void
teardown(void)
{
    tensors_free();
}

// What a segment is told: its layers, and a generator of its masks.
typedef struct {
    int from, to;
    bool nested, dropout;
    rng random;
} layers;

// x + tanh(x W^T + b) for each layer: x has two uses.
static tensor *
segment_of(tensor *const in[], void *context)
{
    layers *l = context;
    tensor *x = in[0];
    if (l->nested && l->to - l->from > 1) {
        int middle = (l->from + l->to) / 2;
        layers first = *l, second = *l;
        first.to = second.from = middle;
        x = t_recompute(segment_of, 1, &x, &first, sizeof first);
        return t_recompute(segment_of, 1, &x, &second, sizeof second);
    }
    for (int i = l->from; i < l->to; i++) {
        tensor *y = t_tanh(t_linear(x, w[i], b[i]));
        if (l->dropout) {
            float mask[B * D];
            for (int k = 0; k < B * D; k++)
                mask[k] = rng_uniform(&l->random) < 0.5f ? 2 : 0;
            y = t_mul(y, constant("mask", y->shape, mask));
        }
        x = t_add(x, y);
    }
    return x;
}

typedef enum { PLAIN, SEGMENTS, WHOLE, NESTED, DROPOUT, DROPOUT_SEGMENTS } schedule;

// The loss, where x is used in the segments and after them.
static tensor *
loss_of(tensor *x, schedule s)
{
    bool plain = s == PLAIN || s == DROPOUT;
    int size = s == SEGMENTS || s == DROPOUT_SEGMENTS ? 2 : LAYERS;
    tensor *y = t_scale(x, 2), *first = y;
    for (int i = 0; i < LAYERS; i += size) {
        layers l = {i, i + size, s == NESTED, s >= DROPOUT, rng_at(2, i)};
        if (!plain) {
            y = t_recompute(segment_of, 1, &y, &l, sizeof l);
            continue;
        }
        for (int half = 0; half < size; half += 2) { // the generators of SEGMENTS
            l = (layers){half, half + 2, false, s >= DROPOUT, rng_at(2, half)};
            y = segment_of(&y, &l);
        }
    }
    return t_sum(t_mul(y, t_tanh(first)));
}

static uint64_t
gradients(tensor *x, schedule s)
{
    tape_reset();
    zero_grad();
    backward(loss_of(x, s));
    return test_gradient_hash();
}

START_TEST(the_same_bits)
{
    rng r = rng_at(3, 0);
    tensor *x = test_param("x", SHAPE(B, D), &r, 1);
    uint64_t plain = gradients(x, PLAIN), dropout = gradients(x, DROPOUT);
    ck_assert(plain != dropout);
    ck_assert(gradients(x, SEGMENTS) == plain);
    ck_assert(gradients(x, WHOLE) == plain);
    ck_assert(gradients(x, NESTED) == plain);
    ck_assert(gradients(x, DROPOUT_SEGMENTS) == dropout);
    // Again without a reset of the gradients: they are added to.
    tape_reset();
    backward(loss_of(x, SEGMENTS));
    ck_assert(test_gradient_hash() != plain);
}
END_TEST

static tensor *
residuals(tensor *const x[], void *context)
{
    return t_recompute(segment_of, 1, x, context, sizeof(layers));
}

START_TEST(gradient)
{
    rng r = rng_at(4, 0);
    tensor *x[] = {test_param("x", SHAPE(B, D), &r, 1), w[0], b[1]};
    layers l = {0, 2, true, true, rng_at(5, 0)};
    ck_assert_double_lt(gradcheck(residuals, 3, x, &l), 1e-3);
}
END_TEST

// An input without gradient: the parameters inside get theirs. Neither: nobody does.
static tensor *
squared(tensor *const in[], void *context)
{
    (void)context;
    return t_mul(in[0], in[0]);
}

START_TEST(who_wants_a_gradient)
{
    tensor *x = constant("x", SHAPE(B, D), NULL);
    layers l = {0, 1, false, false, {{0}, 0, {0}, 0}};
    tensor *y = t_recompute(segment_of, 1, &x, &l, sizeof l);
    ck_assert(y->needs_grad);
    backward(t_sum(y));
    ck_assert_ptr_null(x->grad);
    ck_assert_float_ne(b[0]->grad[0], 0);
    tape_reset();
    x = constant("x", SHAPE(B, D), NULL);
    tensor *const z = t_recompute(squared, 1, &x, NULL, 0);
    ck_assert(!z->needs_grad);
    REFUSED((backward_from(z, z->data), 0), "backward: t_recompute depends on no parameter");
}
END_TEST

// Several inputs, one of them twice, one a view; the result is an input or a view.
static tensor *
second_row(tensor *const in[], void *context)
{
    (void)context;
    return t_at(t_add(t_mul(in[0], in[1]), in[2]), 1);
}

static tensor *
itself(tensor *const in[], void *context)
{
    (void)context;
    return in[0];
}

START_TEST(inputs_and_views)
{
    tensor *p = test_param("p", SHAPE(3, 2), &(rng){{0}, 0, {0}, 4}, 1);
    const float values[] = {1, 2, 3, 4, 5, 6}, want[] = {0, 0, 10, 12, 0, 0};
    memcpy(p->data, values, sizeof values);
    tensor *half = t_slice(p, 0, 2), *in[] = {half, half, t_slice(p, 1, 2)};
    tensor *y = t_recompute(second_row, 3, in, NULL, 0);
    ck_assert(shape_equal(y->shape, SHAPE(2)));
    ck_assert_float_eq(y->data[0], 3 * 3 + 5);
    tensor *z = t_recompute(itself, 1, &y, NULL, 0);
    ck_assert_ptr_ne(z->data, y->data);
    backward_from(z, (float[]){1, 1});
    for (int i = 0; i < 4; i++) // d(p^2 + q)/dp of row 1, and 1 for row 2
        ck_assert_float_eq(p->grad[i], want[i] == 0 ? 0 : 2 * values[i]);
    ck_assert_float_eq(p->grad[4], 1);
    ck_assert_float_eq(p->grad[5], 1);
}
END_TEST

// The plain tape keeps 3 values a layer, segments 1 a segment; going back, one segment stands beside the kept ones.
static size_t
peak_of(tensor *x, int size)
{
    tensor *y = x;
    for (int i = 0; i < LAYERS; i += size) {
        layers l = {i, i + size, false, false, {{0}, 0, {0}, 0}};
        y = size ? t_recompute(segment_of, 1, &y, &l, sizeof l) : y;
    }
    backward(t_sum(y));
    return tape_peak();
}

START_TEST(memory)
{
    enum { LARGE = 4000 };
    size_t state = LARGE * D * sizeof(float), header = 1024; // of a node with inputs, context, mark
    tensor *x = param("x", SHAPE(LARGE, D));
    for (int size = 1; size <= LAYERS; size *= 2) {
        tensors_free();
        setup();
        x = param("x", SHAPE(LARGE, D));
        size_t peak = peak_of(x, size), states = 2 * (LAYERS / size) + 6 * size;
        ck_assert_uint_ge(peak, states * state);
        ck_assert_uint_le(peak, states * state + 10 * LAYERS * header);
    }
}
END_TEST

// ---- What is refused ----

static tensor *outside;

static tensor *
reads_outside(tensor *const in[], void *context)
{
    return *(int *)context ? t_add(in[0], t_slice(outside, 0, 1)) : t_add(in[0], outside);
}

static tensor *
gives_outside(tensor *const in[], void *context)
{
    (void)in, (void)context;
    return outside;
}

START_TEST(tensors_from_outside)
{
    tensor *p = param("p", SHAPE(1, 2)), *x = t_scale(p, 2);
    outside = named(t_scale(p, 3), "scaled");
    const char *message = "t_recompute: the function reads scaled (1, 2), which wants a gradient "
                          "and is not among its inputs; pass it as one";
    tensor *const in[] = {x, outside};
    REFUSED(t_recompute(reads_outside, 1, in, &(int){0}, sizeof(int)), message);
    REFUSED(t_recompute(reads_outside, 1, in, &(int){1}, sizeof(int)), message);
    REFUSED(t_recompute(gives_outside, 1, in, NULL, 0), message);
    ck_assert_ptr_nonnull(t_recompute(reads_outside, 2, in, &(int){1}, sizeof(int)));
    // What wants no gradient, and parameters, may be read.
    outside = detach(outside);
    ck_assert_ptr_nonnull(t_recompute(reads_outside, 1, in, &(int){0}, sizeof(int)));
    outside = p;
    ck_assert_ptr_nonnull(t_recompute(reads_outside, 1, in, &(int){0}, sizeof(int)));
    // So may a view of an input, whose gradient is the input's: 2 p + 2 p.
    outside = t_slice(x, 0, 1);
    backward(t_sum(t_recompute(reads_outside, 1, in, &(int){0}, sizeof(int))));
    ck_assert_float_eq(p->grad[0], 4);
}
END_TEST

static int runs;

static tensor *
changes(tensor *const in[], void *context)
{
    (void)context;
    float by = runs++ ? 1 + 0x1p-23f : 1; // one bit
    return t_scale(in[0], by);
}

static tensor *
changes_shape(tensor *const in[], void *context)
{
    (void)context;
    return runs++ ? t_reshape(in[0], SHAPE(2)) : t_scale(in[0], 1);
}

START_TEST(second_run_differs)
{
    tensor *p = param("p", SHAPE(1, 2));
    p->data[0] = p->data[1] = 1;
    segment_fn *const all[] = {changes, changes_shape};
    for (int i = 0; i < 2; i++) {
        runs = 0;
        tape_reset();
        tensor *const y = t_recompute(all[i], 1, &p, NULL, 0);
        REFUSED((backward(t_sum(y)), 0),
                "t_recompute: the second run of t_recompute (1, 2) gave other values than the "
                "first; does it draw from a generator outside of its context, or change what it "
                "reads?");
    }
}
END_TEST

TEST_MAIN_WITH("recompute", setup, teardown, the_same_bits, gradient, who_wants_a_gradient,
               inputs_and_views, memory, tensors_from_outside, second_run_differs)
