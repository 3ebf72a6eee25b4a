// Tensors, arenas and the tape: what backward leaves in the gradients, what memory is given back,
// and what is refused, with its message.
#include "nets/tensor.h"

#include "nets/ops.h"
#include "nets/train.h"
#include "numbers/random.h"
#include "test.h"

#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 20 }; // bytes of an arena's first chunk

static void
setup(void)
{
    tape_poison(true);
}

static tensor *
param_of(const char *name, int n, const float *values)
{
    tensor *x = param(name, SHAPE(n));
    memcpy(x->data, values, n * sizeof(float));
    return x;
}

#define VALUES(...)                                           \
    sizeof((float[]){__VA_ARGS__}) / sizeof(float), (float[]) \
    {                                                         \
        __VA_ARGS__                                           \
    }

static void
assert_values(const float *x, int n, const float *want)
{
    for (int i = 0; i < n; i++)
        ck_assert_msg(x[i] == want[i], "[%d]: %.9g, expected %.9g", i, x[i], want[i]);
}

// ---- Shapes ----

START_TEST(shapes)
{
    shape s = SHAPE(4, 16), one = SHAPE(4), unit = SHAPE(4, 1);
    ck_assert_int_eq(s.rank, 2);
    ck_assert_int_eq(s.n[0], 4);
    ck_assert_int_eq(s.n[1], 16);
    for (int i = 2; i < MAX_RANK; i++)
        ck_assert_int_eq(s.n[i], 1);
    ck_assert_int_eq(SCALAR.rank, 0);
    ck_assert(shape_equal(s, SHAPE(4, 16)));
    ck_assert(shape_equal(SCALAR, SCALAR));
    ck_assert(!shape_equal(s, SHAPE(4, 15)));
    ck_assert(!shape_equal(s, SHAPE(5, 16)));
    ck_assert(!shape_equal(one, unit));
    ck_assert(!shape_equal(SHAPE(1), SCALAR));
    ck_assert(!shape_equal(SHAPE(1, 1, 1, 1, 1, 2), SHAPE(1, 1, 1, 1, 1, 3)));
    ck_assert_int_eq(shape_size(SCALAR), 1);
    ck_assert_int_eq(shape_size(s), 64);
    ck_assert_int_eq(shape_size(SHAPE(3, 0, 2)), 0);
    ck_assert_int_eq(shape_size(SHAPE(65536, 65536)), 1L << 32);
    ck_assert_str_eq(shape_text(SCALAR).s, "()");
    ck_assert_str_eq(shape_text(one).s, "(4)");
    ck_assert_str_eq(shape_text(s).s, "(4, 16)");
    ck_assert_str_eq(shape_text(SHAPE(2147483647, 0, 2147483647, 1, 1, 1)).s,
                     "(2147483647, 0, 2147483647, 1, 1, 1)");
    REFUSED(SHAPE(1 << 20, 1 << 20, 2), "a shape with more than 2^40 values");
    REFUSED(SHAPE(1, 2, 3, 4, 5, 6, 7), "a shape of rank 7: at most 6 are possible");
    REFUSED(SHAPE(3, -1), "a shape with size -1 on axis 1: sizes are not negative");
}
END_TEST

// ---- Arenas ----

static void
assert_zeros(const void *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ck_assert_int_eq(((const char *)memory)[i], 0);
}

START_TEST(memory_is_aligned_and_zero)
{
    for (int step = 0; step < 3; step++) {
        for (int n = 0; n < 70; n++) {
            tensor *all[] = {constant("c", SHAPE(n), NULL), tensor_state("s", SHAPE(n)),
                             param("p", SHAPE(n))};
            for (int i = 0; i < 3; i++) {
                ck_assert_int_eq(all[i]->size, n);
                ck_assert_uint_eq((uintptr_t)all[i]->data % 64, 0);
                ck_assert_uint_eq((uintptr_t)all[i] % 64, 0);
                assert_zeros(all[i]->data, n * sizeof(float));
            }
            ck_assert_uint_eq((uintptr_t)all[2]->grad % 64, 0);
            assert_zeros(all[2]->grad, n * sizeof(float));
            ck_assert_ptr_null(all[0]->grad);
            ck_assert_ptr_null(all[1]->grad);
            ck_assert(!all[0]->needs_grad && !all[1]->needs_grad && all[2]->needs_grad);
            char *tape = tape_alloc(n), *permanent = permanent_alloc(n);
            ck_assert_uint_eq((uintptr_t)tape % 64, 0);
            ck_assert_uint_eq((uintptr_t)permanent % 64, 0);
            assert_zeros(tape, n);
            assert_zeros(permanent, n);
            ck_assert_uint_eq((uintptr_t)t_add(all[2], all[2])->data % 64, 0);
        }
        tape_reset();
    }
}
END_TEST

// Blocks below, at and above what is left of a chunk keep their values, and do not overlap.
START_TEST(arenas_grow)
{
    const long sizes[] = {1,         CHUNK - 64, 1,         64,        128,           3 * CHUNK,
                          CHUNK,     CHUNK + 1,  5,         CHUNK - 1, 4 * CHUNK - 3, 1000,
                          2 * CHUNK, 7,          CHUNK / 2, CHUNK / 2, CHUNK / 2};
    enum { N = sizeof sizes / sizeof *sizes };
    for (int step = 0; step < 3; step++) {
        unsigned char *block[2][N];
        for (int i = 0; i < N; i++) {
            block[0][i] = memset(tape_alloc(sizes[i]), i + 1, sizes[i]);
            block[1][i] = memset(permanent_alloc(sizes[i]), i + 101, sizes[i]);
        }
        for (int i = 0; i < N; i++)
            for (long j = 0; j < sizes[i]; j++)
                if (block[0][i][j] != i + 1 || block[1][i][j] != i + 101)
                    ck_abort_msg("byte %ld of block %d is overwritten", j, i);
        tape_reset();
    }
}
END_TEST

// A step of a training that needs more than a chunk, and one block of more than a chunk.
static size_t
training_step(tensor *w, tensor *h, int step)
{
    enum { ROWS = 3000, D = 16 };
    tape_reset();
    zero_grad();
    float *x = tape_alloc(ROWS * D * sizeof(float));
    tape_alloc(CHUNK + 1000);
    for (int i = 0; i < ROWS * D; i++)
        x[i] = (float)((i + step) % 7) / 7;
    tensor *y = t_tanh(t_matmul(constant("x", SHAPE(ROWS, D), x), w));
    backward(t_mean(t_mul(y, t_add(y, h))));
    tensor_assign(h, t_at(y, 0));
    sgd_step(0.1f);
    return tape_used();
}

START_TEST(memory_is_constant_over_steps)
{
    tensor *w = param("w", SHAPE(16, 16)), *h = tensor_state("h", SHAPE(16));
    for (int i = 0; i < 16; i++)
        w->data[17 * i] = 1;
    size_t first = training_step(w, h, 0), peak = tape_peak();
    training_step(w, h, 1); // the second table of headers gets its first chunk
    struct mallinfo2 before = mallinfo2();
    for (int step = 2; step < 100; step++)
        if (training_step(w, h, step) != first)
            ck_abort_msg("step %d takes another amount of memory", step);
    struct mallinfo2 after = mallinfo2();
    ck_assert_uint_eq(tape_peak(), peak);
    size_t x = 3000 * 16 * sizeof(float); // a step has it twice, four results and four gradients
    ck_assert_uint_ge(peak, CHUNK + 10 * x);
    ck_assert_uint_le(peak, CHUNK + 12 * x);
    ck_assert_uint_eq(after.uordblks + after.hblkhd, before.uordblks + before.hblkhd);
}
END_TEST

START_TEST(peak)
{
    ck_assert_uint_eq(tape_used(), 0);
    ck_assert_uint_eq(tape_peak(), 0);
    tape_alloc(1000); // 1024 with the alignment
    ck_assert_uint_eq(tape_used(), 1024);
    ck_assert_uint_eq(tape_peak(), 1024);
    tape_mark *mark = tape_mark_here();
    size_t marked = tape_used();
    tape_alloc(100000);
    size_t most = tape_used();
    ck_assert_uint_ge(most, marked + 100000);
    tape_rewind(mark);
    ck_assert_uint_eq(tape_used(), marked);
    ck_assert_uint_eq(tape_peak(), most);
    tape_reset();
    ck_assert_uint_eq(tape_used(), 0);
    ck_assert_uint_eq(tape_peak(), most);
    tape_alloc(200000);
    tape_reset();
    ck_assert_uint_ge(tape_peak(), 200000);
    // Headers count, parameters do not.
    param("p", SHAPE(1000));
    ck_assert_uint_eq(tape_used(), 0);
    detach(param("q", SHAPE(10)));
    ck_assert_uint_ge(tape_used(), sizeof(tensor));
    tensors_free();
    ck_assert_uint_eq(tape_peak(), 0);
    ck_assert_uint_eq(tape_used(), 0);
    ck_assert_int_eq(param_count(), 0);
}
END_TEST

START_TEST(memory_is_used_again)
{
    const float *before = constant("x", SHAPE(10), NULL)->data;
    tape_reset();
    ck_assert_ptr_eq(constant("x", SHAPE(10), NULL)->data, before);
}
END_TEST

START_TEST(freed_values_are_poisoned)
{
    const float *x = constant("x", SHAPE(3), (float[]){1, 2, 3})->data;
    tape_mark *mark = tape_mark_here();
    const float *y = constant("y", SHAPE(CHUNK), NULL)->data; // in a chunk of its own
    tape_rewind(mark);
    ck_assert(isnan(y[0]) && isnan(y[CHUNK - 1]));
    assert_values(x, VALUES(1, 2, 3));
    tape_reset();
    ck_assert(isnan(x[0]) && isnan(x[1]) && isnan(x[2]));
    tape_poison(false);
    x = constant("x", SHAPE(3), (float[]){1, 2, 3})->data;
    tape_reset();
    assert_values(x, VALUES(1, 2, 3));
}
END_TEST

// ---- Lives ----

#define ADVICE " was made before the last tape_reset; copy what must live on into a tensor_state()"

START_TEST(kept_over_a_reset)
{
    tensor *const p = param("p", SHAPE(2, 3)), *const s = tensor_state("s", SHAPE(2, 3));
    tensor *const h = named(t_tanh(p), "h"), *const row = t_at(h, 1), *const c = t_add(h, p);
    tensor *const x = constant("x", SHAPE(2, 3), NULL);
    tape_reset();
    REFUSED(t_add(p, h), "t_add: h (2, 3)" ADVICE);
    REFUSED(t_mul(h, p), "t_mul: h (2, 3)" ADVICE);
    REFUSED(t_sum(c), "t_sum: t_add (2, 3)" ADVICE); // without a name of its own
    REFUSED(t_add(p, row), "t_add: h (3)" ADVICE);
    REFUSED(t_sub(p, x), "t_sub: x (2, 3)" ADVICE);
    REFUSED(t_at(h, 0), "t_at: h (2, 3)" ADVICE);
    REFUSED(t_reshape(x, SHAPE(6)), "t_reshape: x (2, 3)" ADVICE);
    REFUSED(t_slice(h, 0, 1), "t_slice: h (2, 3)" ADVICE);
    REFUSED(t_stack(2, ((tensor *[]){p, h})), "t_stack: h (2, 3)" ADVICE);
    REFUSED(detach(h), "detach: h (2, 3)" ADVICE);
    REFUSED((backward_from(h, h->data), 0), "backward: h (2, 3)" ADVICE);
    REFUSED((tensor_assign(s, h), 0), "tensor_assign: h (2, 3)" ADVICE);
    REFUSED((tensor_assign(h, s), 0), "tensor_assign: h (2, 3)" ADVICE);
    // What is permanent is not refused.
    ck_assert_ptr_nonnull(t_add(p, s));
}
END_TEST

START_TEST(states_survive)
{
    tensor *s = tensor_state("s", SHAPE(3)), *p = param_of("p", VALUES(1, 2, 3));
    ck_assert_int_eq(param_count(), 1);
    for (int step = 1; step <= 4; step++) {
        tape_reset();
        tensor *next = t_add(s, p);
        backward(t_sum(next));
        tensor_assign(s, next);
        assert_values(s->data, VALUES(1.0f * step, 2.0f * step, 3.0f * step));
    }
    ck_assert_ptr_null(s->grad);
    tape_reset();
    memset(p->grad, 0, p->size * sizeof(float));
    backward(t_sum(t_mul(s, p)));
    ck_assert_ptr_null(s->grad);
    assert_values(p->grad, VALUES(4, 8, 12));
}
END_TEST

// A state that was read must not change before backward, which may want what was read.
START_TEST(state_changed_too_early)
{
    tensor *s = tensor_state("s", SHAPE(2)), *p = param_of("p", VALUES(1, 2));
    tensor *y = t_mul(t_at(s, 0), t_at(p, 1));
    REFUSED(
        (tensor_assign(s, constant("x", SHAPE(2), NULL)), 0),
        "tensor_assign: s was read on this tape, and backward will want its values; call backward "
        "first, or compute with a constant() of them");
    REFUSED(
        (tensor_assign(t_at(s, 0), constant("x", SCALAR, NULL)), 0),
        "tensor_assign: s was read on this tape, and backward will want its values; call backward "
        "first, or compute with a constant() of them");
    backward(y);
    tensor_assign(s, constant("x", SHAPE(2), NULL));
    tape_reset();
    y = t_mul(detach(t_at(s, 0)), t_at(p, 1)); // a read through detach counts, too
    REFUSED(
        (tensor_assign(s, constant("x", SHAPE(2), NULL)), 0),
        "tensor_assign: s was read on this tape, and backward will want its values; call backward "
        "first, or compute with a constant() of them");
}
END_TEST

START_TEST(assignments)
{
    tensor *const s = tensor_state("s", SHAPE(2, 3)), *const flat =
                                                          constant("flat", SHAPE(6), NULL);
    tensor *const x = constant("x", SHAPE(2, 3), (float[]){1, 2, 3, 4, 5, 6});
    tensor_assign(s, x);
    x->data[0] = 9;
    assert_values(s->data, VALUES(1, 2, 3, 4, 5, 6));
    REFUSED((tensor_assign(s, flat), 0), "tensor_assign: shapes differ: s (2, 3), flat (6)");
}
END_TEST

START_TEST(parameters_are_listed)
{
    static char names[40][16];
    tensor *all[40];
    for (int i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], "w%d", i);
        all[i] = param(names[i], SHAPE(i));
        tensor_state("between", SHAPE(1));
    }
    ck_assert_int_eq(param_count(), 40);
    for (int i = 0; i < 40; i++) {
        ck_assert_ptr_eq(param_at(i), all[i]);
        ck_assert_str_eq(param_at(i)->name, names[i]);
    }
    tape_reset();
    ck_assert_int_eq(param_count(), 40);
}
END_TEST

START_TEST(constants_are_copies)
{
    float values[] = {1, 2, 3, 4};
    tensor *x = constant("x", SHAPE(2, 2), values);
    values[1] = 7;
    assert_values(x->data, VALUES(1, 2, 3, 4));
}
END_TEST

// ---- Back to a mark ----

START_TEST(rewinding)
{
    tensor *p = param_of("p", VALUES(1, 2));
    tensor *x = t_scale(p, 3);
    tape_mark *outer = tape_mark_here();
    size_t used = tape_used();
    tensor *y = t_mul(x, x);
    for (int again = 0; again < 3; again++) {
        tape_mark *inner = tape_mark_here();
        size_t at = tape_used();
        for (int i = 0; i < 200; i++) // headers and values go into further chunks
            t_add(t_broadcast(y, SHAPE(5000, 2)), y);
        ck_assert_uint_gt(tape_used(), at + 10 * CHUNK);
        tape_rewind(inner);
        ck_assert_uint_eq(tape_used(), at);
        assert_values(y->data, VALUES(9, 36));
    }
    tape_rewind(outer);
    ck_assert_uint_eq(tape_used(), used);
    tape_rewind(outer); // a mark can be used again
    assert_values(x->data, VALUES(3, 6));
    // What lies in the chunks before the mark's stays, too.
    float *first = constant("first", SHAPE(2), (float[]){1, 2})->data;
    float *second = memset(tape_alloc(2 * CHUNK), 1, 2 * CHUNK);
    tape_rewind(tape_mark_here());
    assert_values(first, VALUES(1, 2));
    for (int i = 1; i < CHUNK / 2; i++)
        ck_assert_float_eq(second[i], second[0]);
    // The tape before the mark is whole: d(sum of x^2)/dp = 18 p.
    backward(t_sum(t_mul(x, x)));
    assert_values(p->grad, VALUES(18, 36));
    REFUSED((tape_reset(), tape_rewind(outer), 0),
            "tape_rewind: the mark was made before the last tape_reset");
}
END_TEST

// An empty tape can be marked, too.
START_TEST(rewinding_to_the_beginning)
{
    tape_reset();
    tape_mark *mark = tape_mark_here();
    tensor *p = param_of("p", VALUES(2));
    t_mul(p, p);
    tape_rewind(mark);
    backward(t_sum(p));
    assert_values(p->grad, VALUES(1));
}
END_TEST

// A backward after the mark is undone but for the parameters, so that the next one begins anew.
START_TEST(backward_again_after_rewinding)
{
    tensor *p = param_of("p", VALUES(1, 2)), *q = param_of("q", VALUES(5));
    tensor *x = t_scale(p, 3), *unused = t_mul(q, q), *row = t_at(x, 0);
    tape_mark *mark = tape_mark_here();
    for (int again = 0; again < 3; again++) {
        zero_grad();
        tensor *loss = again == 1 ? t_sum(t_mul(unused, row)) : t_sum(t_mul(x, x));
        backward(loss);
        assert_values(p->grad, 2, again == 1 ? (float[]){75, 0} : (float[]){18, 36});
        assert_values(q->grad, 1, again == 1 ? (float[]){30} : (float[]){0});
        tape_rewind(mark);
        ck_assert_ptr_null(x->grad);
        ck_assert_ptr_null(unused->grad);
        ck_assert_ptr_null(row->grad);
    }
    // A backward before the mark stays: a second one is refused after rewinding, too.
    backward(t_sum(x));
    mark = tape_mark_here();
    tape_rewind(mark);
    ck_assert_ptr_nonnull(x->grad);
    tensor *const loss = t_sum(x);
    REFUSED((backward(loss), 0),
            "backward: a second time on one tape; call tape_reset and compute the loss again");
}
END_TEST

// ---- Backward ----

START_TEST(backward_adds_to_parameters)
{
    tensor *p = param_of("p", VALUES(1, 2)), *q = param_of("q", VALUES(3, 4));
    for (int step = 1; step <= 3; step++) {
        tape_reset();
        tensor *x = t_mul(p, p);
        tensor *aside = t_mul(q, x); // not part of the loss
        backward(t_sum(x));
        assert_values(p->grad, VALUES(2.0f * step, 4.0f * step));
        assert_values(q->grad, VALUES(0, 0));
        assert_values(x->grad, VALUES(1, 1));
        ck_assert_ptr_null(aside->grad);
        ck_assert(!aside->reached);
    }
}
END_TEST

START_TEST(backward_from_any_shape)
{
    tensor *p = param("p", SHAPE(2, 2));
    memcpy(p->data, (float[]){1, 2, 3, 4}, 4 * sizeof(float));
    backward_from(t_mul(p, p), (float[]){1, 10, 100, 1000});
    assert_values(p->grad, VALUES(2, 40, 600, 8000));
    tape_reset();
    backward_from(p, (float[]){1, 1, 1, 1}); // the parameter itself
    assert_values(p->grad, VALUES(3, 41, 601, 8001));
    tape_reset();
    backward(t_reshape(t_slice(t_reshape(p, SHAPE(4)), 2, 1), SHAPE(1, 1, 1)));
    assert_values(p->grad, VALUES(3, 41, 602, 8001));
}
END_TEST

START_TEST(backward_refused)
{
    tensor *const p = param("p", SHAPE(2)), *const c = constant("target", SHAPE(2), NULL);
    tensor *const y = named(t_tanh(p), "y"), *const loss = t_sum(y), *const cut = t_sum(c);
    tensor *const detached = named(t_sum(detach(y)), "detached");
    REFUSED((backward(y), 0), "backward: y (2) is no single number");
    REFUSED((backward(cut), 0), "backward: t_sum depends on no parameter");
    REFUSED((backward(detached), 0), "backward: detached depends on no parameter");
    backward(loss);
    REFUSED((backward(loss), 0),
            "backward: a second time on one tape; call tape_reset and compute the loss again");
    tensor *const other = t_sum(t_mul(y, y));
    REFUSED((backward(other), 0),
            "backward: a second time on one tape; call tape_reset and compute the loss again");
    tape_reset();
    backward(t_sum(p));
}
END_TEST

START_TEST(detaching)
{
    tensor *p = param_of("p", VALUES(3, -2));
    tensor *x = named(t_scale(p, 2), "x"), *cut = detach(x);
    ck_assert_ptr_eq(cut->data, x->data);
    ck_assert_str_eq(cut->name, "x");
    ck_assert(!cut->needs_grad);
    backward(t_sum(t_mul(x, cut))); // d(2p c)/dp = 2c with c = 2p held fixed
    assert_values(p->grad, VALUES(12, -8));
    ck_assert_ptr_null(cut->grad);
}
END_TEST

// Deep tapes need no deep stack, and a tensor's uses add up: x <- x + x, 20 times, and a chain.
START_TEST(deep_tapes)
{
    tensor *p = param_of("p", VALUES(1)), *x = p;
    for (int i = 0; i < 20; i++)
        x = t_add(x, x);
    for (int i = 0; i < 200000; i++)
        x = t_scale(x, 1);
    backward(t_sum(x));
    assert_values(p->grad, VALUES(1 << 20));
}
END_TEST

// ---- An op of one's own ----

// y = a^2 b, with a^2 saved; *factor is what its gradient is multiplied by: 1 is right.
static void
square_times_backward(tensor *y)
{
    tensor *a = y->in[0], *b = y->in[1];
    const float *square = tape_saved(y, "square")->data, *twice = tape_saved(y, "twice")->data;
    float factor = *(float *)y->aux;
    for (long i = 0; i < y->size; i++) {
        if (a->grad)
            a->grad[i] += factor * twice[i] * b->data[i] * y->grad[i];
        if (b->grad)
            b->grad[i] += square[i] * y->grad[i];
    }
}

static tensor *
square_times(tensor *const x[], void *factor)
{
    tensor *a = x[0], *b = x[1];
    tensor *y = tape_node("square_times", a->shape, square_times_backward, INPUTS(a, b));
    float *square = tape_save(y, "square", a->shape)->data;
    float *twice = tape_save(y, "twice", SHAPE((int)a->size))->data;
    y->aux = memcpy(tape_alloc(sizeof(float)), factor, sizeof(float));
    for (long i = 0; i < y->size; i++) {
        square[i] = a->data[i] * a->data[i];
        twice[i] = 2 * a->data[i];
        y->data[i] = square[i] * b->data[i];
    }
    return y;
}

START_TEST(own_op)
{
    float right = 1;
    tensor *x[] = {param_of("a", VALUES(1, 2)), param_of("b", VALUES(3, -1))};
    tensor *const y = square_times(x, &right);
    ck_assert_str_eq(y->name, "square_times");
    ck_assert_int_eq(y->inputs, 2);
    ck_assert(y->in[0] == x[0] && y->in[1] == x[1]);
    assert_values(y->data, VALUES(3, -4));
    assert_values(tape_saved(y, "square")->data, VALUES(1, 4));
    assert_values(tape_saved(y, "twice")->data, VALUES(2, 4));
    ck_assert_str_eq(shape_text(tape_saved(y, "twice")->shape).s, "(2)");
    backward_from(y, (float[]){1, 1});
    assert_values(x[0]->grad, VALUES(6, -4));
    assert_values(x[1]->grad, VALUES(1, 4));
    REFUSED(tape_saved(y, "cube"), "tape_saved: square_times has kept nothing called cube");
    tensor *const z = t_add(x[0], x[1]);
    REFUSED(tape_saved(named(z, "z"), "square"), "tape_saved: z has kept nothing called square");
    REFUSED(tape_view("own", z, SHAPE(2), 1), "own: (2) from value 1 on does not fit into z (2)");
    REFUSED(tape_view("own", z, SHAPE(1), -1), "own: (1) from value -1 on does not fit into z (2)");
    REFUSED((fail_shapes("own", "these do not fit", z, x[0]), 0),
            "own: these do not fit: z (2), a (2)");
}
END_TEST

START_TEST(names)
{
    tensor *const a = named(constant("x", SHAPE(2, 3), NULL), "inputs");
    tensor *const b = named(t_tanh(param("w", SHAPE(2))), "weights");
    ck_assert_str_eq(a->name, "inputs");
    REFUSED(t_add(a, b), "t_add: the second shape is neither the first nor its last axes: inputs "
                         "(2, 3), weights (2)");
    tensor *const row = t_at(a, 0); // a view has its base's name until it gets its own
    REFUSED(t_matmul(row, b), "t_matmul: both need two axes or more: inputs (3), weights (2)");
    REFUSED(t_matmul(named(row, "row"), b),
            "t_matmul: both need two axes or more: row (3), weights (2)");
    tensor *const sum = t_add(a, a);
    REFUSED(t_reshape(sum, SHAPE(4)), "t_reshape: t_add (2, 3) has 6 values, (4) has 4");
}
END_TEST

// ---- gradcheck ----

static tensor *
blind(tensor *const x[], void *context)
{
    (void)context;
    return t_mul(x[0], detach(x[1]));
}

static void
nan_backward(tensor *y)
{
    y->in[0]->grad[0] = NAN;
}

static tensor *
nan_op(tensor *const x[], void *context)
{
    (void)context;
    tensor *y = tape_node("nan_op", x[0]->shape, nan_backward, INPUTS(x[0]));
    return memcpy(y->data, x[0]->data, x[0]->size * sizeof(float)), y;
}

// Overflows only above the value at which the gradient is taken.
static tensor *
edge(tensor *const x[], void *context)
{
    (void)context;
    tensor *y = nan_op(x, context);
    y->backward = t_scale(x[0], 1)->backward;
    y->aux = memcpy(tape_alloc(sizeof(float)), &(float){1}, sizeof(float));
    for (long i = 0; i < y->size; i++)
        y->data[i] = x[0]->data[i] > 1.005f ? INFINITY : x[0]->data[i];
    return y;
}

START_TEST(finding)
{
    tensor *w = param("w", SHAPE(1));
    tensor *first = named(t_tanh(w), "it"), *second = named(t_tanh(first), "it");
    named(t_tanh(second), "other");
    ck_assert_ptr_eq(tape_find("it"), second);
    REFUSED(tape_find("w"), "tape_find: no tensor of this tape is called w");
}
END_TEST

START_TEST(gradcheck_finds_wrong_gradients)
{
    float factor = 1;
    tensor *x[] = {param_of("a", VALUES(1, -0.7f, 2)), param_of("b", VALUES(0.5f, 1, -1.5f))};
    ck_assert_double_lt(gradcheck(square_times, 2, x, &factor), 1e-3);
    factor = 1.02f; // by 2 %
    double error = gradcheck(square_times, 2, x, &factor);
    ck_assert_double_eq_tol(error, 0.02, 1e-3);
    factor = -1;
    ck_assert_double_gt(gradcheck(square_times, 2, x, &factor), 1e-2);
    factor = 0;
    ck_assert_double_gt(gradcheck(square_times, 2, x, &factor), 1e-2);
    ck_assert_double_eq_tol(gradcheck(blind, 2, x, NULL), 1, 1e-3); // the second has none
    ck_assert(isinf(gradcheck(nan_op, 1, x, NULL)));
    tensor *const top = param_of("top", VALUES(1, -0.7f));
    ck_assert(isinf(gradcheck(edge, 1, &top, NULL)));
    // The error of a gradient below 1e-3 is measured against 1e-3. Three times the gradient: two of three parts
    // of what the backward gave are the error.
    tensor *small[] = {param_of("a", VALUES(1e-2f)), param_of("b", VALUES(1e-2f))};
    factor = 3;
    error = gradcheck(square_times, 1, small, &factor);
    ck_assert_double_eq_tol(error, fabs(small[0]->grad[0]) * 2 / 3 / 1e-3, 1e-3);
    ck_assert_double_gt(error, 0.01);
    // Values and tape are as before, whatever gradients there were.
    assert_values(x[0]->data, VALUES(1, -0.7f, 2));
    assert_values(x[1]->data, VALUES(0.5f, 1, -1.5f));
    x[0]->grad[1] = NAN;
    factor = 1;
    ck_assert_double_lt(gradcheck(square_times, 2, x, &factor), 1e-3);
    // Every evaluation gives its memory back: 2000 of them would take 16 MB.
    tensor *wide[] = {param("a", SHAPE(500)), param("b", SHAPE(500))};
    ck_assert_double_lt(gradcheck(square_times, 2, wide, &factor), 1e-3);
    ck_assert_uint_lt(tape_peak(), CHUNK);
}
END_TEST

// ---- Threads ----

enum { STEPS = 200 };

typedef struct {
    uint32_t stream;
    int parameters;
    size_t peak;
    float loss[STEPS], w[12];
} training;

static void *
train_one(void *argument)
{
    training *run = argument;
    rng random = rng_at(5, run->stream);
    tensor *w = param("w", SHAPE(4, 3)), *b = param("b", SHAPE(3)),
           *h = tensor_state("h", SHAPE(2, 3));
    rng_fill_normal(&random, w->size, w->data, 0, 1);
    adamw a = adamw_new(0.9f, 0.999f, 1e-8f, 0.01f);
    for (int step = 0; step < STEPS; step++) {
        float x[8];
        rng_fill_normal(&random, 8, x, 0, 1);
        tape_reset();
        zero_grad();
        tensor *y = t_tanh(t_add(t_matmul(constant("x", SHAPE(2, 4), x), w), b));
        tensor *loss = t_mean_squared_error(y, h);
        backward(loss);
        tensor_assign(h, t_softmax(y));
        clip_global_norm(1);
        adamw_step(&a, 0.01f);
        run->loss[step] = loss->data[0];
    }
    memcpy(run->w, w->data, sizeof run->w);
    run->parameters = param_count();
    run->peak = tape_peak();
    tensors_free();
    return NULL;
}

START_TEST(threads_are_independent)
{
    static training serial[2], parallel[2];
    pthread_t thread[2];
    tensor *mine = param_of("mine", VALUES(1, 2));
    tape_alloc(CHUNK);
    tape_reset();
    tensor *const loss = t_sum(t_mul(mine, mine));
    backward(loss);
    for (int i = 0; i < 2; i++) {
        parallel[i].stream = i;
        ck_assert_int_eq(pthread_create(&thread[i], NULL, train_one, &parallel[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
    // This thread's parameters and tape are untouched.
    ck_assert_int_eq(param_count(), 1);
    ck_assert_uint_eq(tape_peak(), CHUNK);
    assert_values(loss->data, VALUES(5));
    assert_values(mine->grad, VALUES(2, 4));
    REFUSED((backward(loss), 0),
            "backward: a second time on one tape; call tape_reset and compute the loss again");
    tensors_free();
    for (int i = 0; i < 2; i++) {
        serial[i].stream = i;
        train_one(&serial[i]);
        ck_assert_int_eq(parallel[i].parameters, 2);
        ck_assert_uint_eq(parallel[i].peak, serial[i].peak);
        assert_values(parallel[i].loss, STEPS, serial[i].loss);
        assert_values(parallel[i].w, 12, serial[i].w);
    }
    ck_assert_float_ne(serial[0].loss[0], serial[1].loss[0]);
}
END_TEST

TEST_MAIN_WITH("tensor", setup, tensors_free, shapes, memory_is_aligned_and_zero, arenas_grow,
               memory_is_constant_over_steps, peak, memory_is_used_again, freed_values_are_poisoned,
               kept_over_a_reset, states_survive, state_changed_too_early, assignments,
               parameters_are_listed, constants_are_copies, rewinding, rewinding_to_the_beginning,
               backward_again_after_rewinding, backward_adds_to_parameters, backward_from_any_shape,
               backward_refused, detaching, deep_tapes, own_op, names, finding,
               gradcheck_finds_wrong_gradients, threads_are_independent)
