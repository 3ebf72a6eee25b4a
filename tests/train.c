// Clipping, the steps of SGD and AdamW and the schedule, against their formulas in double.
#include "nets/train.h"

#include "numbers/random.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZES = 5 }; // parameters, of 0, 1, 7, 33 and 130 values

static const int size[SIZES] = {0, 1, 7, 33, 130};
static rng r;
static tensor *w[SIZES];

static void
setup(void)
{
    static const char *const names[SIZES] = {"w0", "w1", "w2", "w3", "w4"};
    r = rng_at(3, 0);
    for (int i = 0; i < SIZES; i++) {
        w[i] = param(names[i], SHAPE(size[i]));
        rng_fill_normal(&r, size[i], w[i]->data, 0, 1);
    }
}

static void
fill_gradients(float std)
{
    for (int i = 0; i < SIZES; i++)
        rng_fill_normal(&r, size[i], w[i]->grad, 0, std);
}

static double
norm_of_gradients(void)
{
    double square = 0;
    for (int i = 0; i < SIZES; i++)
        for (int j = 0; j < size[i]; j++)
            square += (double)w[i]->grad[j] * w[i]->grad[j];
    return sqrt(square);
}

START_TEST(clearing)
{
    fill_gradients(1);
    float value = w[4]->data[129];
    zero_grad();
    ck_assert_double_eq(norm_of_gradients(), 0);
    ck_assert_float_eq(w[4]->data[129], value);
}
END_TEST

START_TEST(clipping)
{
    fill_gradients(2);
    float before[130], small = w[1]->grad[0];
    memcpy(before, w[4]->grad, sizeof before);
    double norm = norm_of_gradients();
    ck_assert_double_gt(norm, 10);
    // Below theta, and at it, not one bit changes.
    double measured = clip_global_norm(2 * norm);
    ck_assert_double_eq_tol(measured, norm, 1e-12 * norm);
    ck_assert_double_eq(clip_global_norm(measured), measured);
    ck_assert_mem_eq(before, w[4]->grad, sizeof before);
    // Above it all shrink by one factor.
    ck_assert_double_eq(clip_global_norm(1.5), measured);
    ck_assert_double_eq_tol(norm_of_gradients(), 1.5, 1e-6);
    for (int j = 0; j < 130; j++)
        ck_assert_double_eq_tol(w[4]->grad[j], before[j] * 1.5 / norm, 2e-7);
    ck_assert_double_eq_tol(w[1]->grad[0], small * 1.5 / norm, 2e-7);
    ck_assert_double_eq_tol(clip_global_norm(1.5), 1.5, 1e-6);
    zero_grad();
    ck_assert_double_eq(clip_global_norm(1), 0);
    // 3 and 4 in two parameters: a norm of 5; squares that overflow a float do not matter.
    w[1]->grad[0] = 3e30f;
    w[2]->grad[6] = -4e30f;
    ck_assert_double_eq_tol(clip_global_norm(1), 5e30, 1e24);
    ck_assert_double_eq_tol(w[1]->grad[0], 0.6, 1e-7);
    ck_assert_double_eq_tol(w[2]->grad[6], -0.8, 1e-7);
    // The factor is theta / |g| itself, without PyTorch's 1e-6.
    w[1]->grad[0] = 3e-5f;
    w[2]->grad[6] = 4e-5f;
    clip_global_norm(1e-5);
    ck_assert_double_eq_tol(w[1]->grad[0], 6e-6, 1e-11);
}
END_TEST

static void
assert_diverged(float gradient, const char *norm)
{
    char expected[128];
    snprintf(expected, sizeof expected,
             "clip_global_norm: the norm of the gradients is %s; the training has diverged", norm);
    zero_grad();
    w[3]->grad[32] = gradient;
    REFUSED(clip_global_norm(1), expected);
}

START_TEST(clipping_refused)
{
    assert_diverged(NAN, "nan");
    assert_diverged(INFINITY, "inf");
    assert_diverged(-INFINITY, "inf");
}
END_TEST

START_TEST(sgd)
{
    fill_gradients(1);
    float before[130];
    memcpy(before, w[4]->data, sizeof before);
    float lone = w[1]->data[0];
    sgd_step(0.3f);
    ck_assert_float_eq(w[1]->data[0], lone - 0.3f * w[1]->grad[0]);
    for (int j = 0; j < 130; j++)
        ck_assert_float_eq(w[4]->data[j], before[j] - 0.3f * w[4]->grad[j]);
}
END_TEST

// 20 steps of the formulas of train.h in double; the weights, of order one, then agree to 2e-6.
static void
check_adamw(float beta1, float beta2, float eps, float decay)
{
    double x[SIZES][130], m[SIZES][130] = {{0}}, v[SIZES][130] = {{0}};
    for (int i = 0; i < SIZES; i++)
        for (int j = 0; j < size[i]; j++)
            x[i][j] = w[i]->data[j];
    adamw a = adamw_new(beta1, beta2, eps, decay);
    for (int t = 1; t <= 20; t++) {
        float rate = 0.01f * t; // a schedule
        fill_gradients(t % 5 ? 0.1f : 3);
        adamw_step(&a, rate);
        for (int i = 0; i < SIZES; i++)
            for (int j = 0; j < size[i]; j++) {
                double g = w[i]->grad[j];
                m[i][j] = beta1 * m[i][j] + (1 - (double)beta1) * g;
                v[i][j] = beta2 * v[i][j] + (1 - (double)beta2) * g * g;
                double mean = m[i][j] / (1 - pow(beta1, t)), square = v[i][j] / (1 - pow(beta2, t));
                x[i][j] -= (double)rate * decay * x[i][j];
                x[i][j] -= rate * mean / (sqrt(square) + eps);
                ck_assert_msg(fabs(w[i]->data[j] - x[i][j]) < 2e-6 * fmax(1, fabs(x[i][j])),
                              "step %d, %s[%d]: %.9g, expected %.9g", t, w[i]->name, j,
                              w[i]->data[j], x[i][j]);
            }
    }
}

START_TEST(adam)
{
    check_adamw(0.9f, 0.999f, 1e-8f, 0);
    check_adamw(0.9f, 0.999f, 1e-8f, 0); // a second optimiser begins anew
}
END_TEST

START_TEST(adam_with_decay)
{
    check_adamw(0.9f, 0.999f, 1e-8f, 0.1f);
}
END_TEST

START_TEST(adam_with_other_constants)
{
    check_adamw(0.5f, 0.9f, 0.1f, 1);
    check_adamw(0, 0.99f, 1e-3f, 0);
}
END_TEST

// With the biases corrected the first step is rate g / (|g| + eps), whatever the size of g.
// A parameter, or one more or less, that Adam does not know is an error: its running means would be another's.
START_TEST(adam_with_other_parameters)
{
    adamw a = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    int before = param_count();
    param("late", SHAPE(2));
    char expected[128];
    snprintf(expected, sizeof expected,
             "adamw_step: %d parameters, there were %d when adamw_new was called", before + 1,
             before);
    REFUSED((adamw_step(&a, 0.1f), 0), expected);
    a.params = before + 2;
    snprintf(expected, sizeof expected,
             "adamw_step: %d parameters, there were %d when adamw_new was called", before + 1,
             before + 2);
    REFUSED((adamw_step(&a, 0.1f), 0), expected);
}
END_TEST

// Of the rows with a target, the part whose largest logit is it; of equal logits the first counts.
START_TEST(accuracies)
{
    const float logits[] = {1, 2, 0, 3, 3, 1, 0, 0, 9, 5, 6, 7};
    const tensor *x = constant("logits", SHAPE(2, 2, 3), logits);
    ck_assert_double_eq(accuracy(x, (int[]){1, 0, 2, 2}), 1);
    ck_assert_double_eq(accuracy(x, (int[]){1, 1, 2, 0}), 0.5);
    ck_assert_double_eq(accuracy(x, (int[]){-1, -1, 2, 0}), 0.5);
    ck_assert_double_eq(accuracy(x, (int[]){0, 2, 1, -1}), 0);
}
END_TEST

START_TEST(first_step_of_adam)
{
    static const float g[7] = {1e-3f, -1e-3f, 5, -700, 1e-6f, 1e8f, 0};
    float before[7];
    adamw a = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    memcpy(w[2]->grad, g, sizeof g);
    memcpy(before, w[2]->data, sizeof before);
    float idle = w[3]->data[5];
    adamw_step(&a, 0.01f);
    for (int j = 0; j < 7; j++)
        ck_assert_double_eq_tol(w[2]->data[j] - before[j], -0.01 * g[j] / (fabs(g[j]) + 1e-8),
                                1e-6);
    ck_assert_float_eq(w[2]->data[6], before[6]); // no gradient, no step
    ck_assert_float_eq(w[3]->data[5], idle);
    ck_assert_double_eq_tol(a.power1, 0.9, 1e-7);
    ck_assert_double_eq_tol(a.power2, 0.999, 1e-7);
}
END_TEST

// A parameter with a factor moves, and decays, as if the rate were factor times as large.
START_TEST(adam_with_factors)
{
    float slow[130], start[130];
    memcpy(start, w[4]->data, sizeof start);
    for (int way = 0; way < 2; way++) {
        adamw a = adamw_new(0.9f, 0.999f, 1e-8f, 0.1f);
        memcpy(w[4]->data, start, sizeof start);
        a.factor[4] = way == 0 ? 0.125f : 1;
        r = rng_at(1, 9); // the same gradients
        for (int t = 0; t < 3; t++) {
            fill_gradients(1);
            adamw_step(&a, way == 0 ? 0.08f : 0.01f);
        }
        for (int j = 0; j < 130; j++)
            if (way == 0)
                slow[j] = w[4]->data[j];
            else
                ck_assert_float_eq(w[4]->data[j], slow[j]);
    }
}
END_TEST

// The means live as long as the parameters.
START_TEST(adam_survives_a_reset)
{
    tape_poison(true);
    constant("x", SHAPE(1000), NULL);
    adamw a = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    constant("x", SHAPE(1000), NULL);
    tape_reset();
    fill_gradients(1);
    adamw_step(&a, 0.01f);
    ck_assert_float_eq(a.m[4][3], (1 - 0.9f) * w[4]->grad[3]);
    ck_assert_float_eq(a.v[4][3], (1 - 0.999f) * w[4]->grad[3] * w[4]->grad[3]);
}
END_TEST

START_TEST(schedule)
{
    const float top = 0.02f;
    for (int s = 0; s < 10; s++) // the last step of the rise is at the top
        ck_assert_double_eq_tol(warmup_cosine(s, 10, 110, top), top * (s + 1) / 10, 1e-9);
    for (int s = 10; s <= 110; s++)
        ck_assert_double_eq_tol(warmup_cosine(s, 10, 110, top),
                                top / 2 * (1 + cos(acos(-1) * (s - 10) / 100)), 1e-9);
    ck_assert_float_eq(warmup_cosine(9, 10, 110, top), top);
    ck_assert_float_eq(warmup_cosine(10, 10, 110, top), top);
    ck_assert_double_eq_tol(warmup_cosine(60, 10, 110, top), top / 2, 1e-9);
    ck_assert_float_eq(warmup_cosine(110, 10, 110, top), 0);
    ck_assert_float_gt(warmup_cosine(109, 10, 110, top), 0);
    // No warm-up, one step, nothing but warm-up.
    ck_assert_float_eq(warmup_cosine(0, 0, 100, top), top);
    ck_assert_float_eq(warmup_cosine(0, 0, 1, top), top);
    ck_assert_float_eq(warmup_cosine(0, 1, 2, top), top);
    ck_assert_float_eq(warmup_cosine(4, 5, 5, top), top);
    ck_assert_double_eq_tol(warmup_cosine(0, 5, 5, top), top / 5, 1e-9);
}
END_TEST

TEST_MAIN_WITH("train", setup, tensors_free, clearing, clipping, clipping_refused, sgd, adam,
               adam_with_decay, adam_with_other_constants, first_step_of_adam, adam_with_factors,
               adam_survives_a_reset, adam_with_other_parameters, accuracies, schedule)
