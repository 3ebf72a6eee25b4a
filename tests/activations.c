// Chapter activations: every function and slope against libm's formulas in double, the averages against closed forms
// and against another integration, what biases do and do not, and the perceptron.
#include "activations/activations.h"
#include "activations/biases.h"
#include "activations/maps.h"
#include "activations/own.h"
#include "activations/perceptron.h"
#include "activations/study.h"
#include "activations/tasks.h"

#include "nets/ops.h"
#include "numbers/numeric.h"
#include "numbers/stats.h"
#include "test.h"
#include "test_tensors.h"

#include <math.h>
#include <string.h>

// ---- The functions once more, with the C library's ----

static const double selu_alpha = 1.67326324235437728, selu_lambda = 1.05070098735548049;

static double
softplus_of(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double
value_of(activations_kind kind, double x)
{
    switch (kind) {
    case ACTIVATIONS_IDENTITY: return x;
    case ACTIVATIONS_THRESHOLD: return x > 0 ? 1 : 0;
    case ACTIVATIONS_SIGMOID: return 1 / (1 + exp(-x));
    case ACTIVATIONS_TANH: return tanh(x);
    case ACTIVATIONS_RELU: return x > 0 ? x : 0;
    case ACTIVATIONS_LEAKY_RELU: return x > 0 ? x : x / 100;
    case ACTIVATIONS_ELU: return x > 0 ? x : expm1(x);
    case ACTIVATIONS_SELU: return x > 0 ? selu_lambda * x : selu_lambda * selu_alpha * expm1(x);
    case ACTIVATIONS_SOFTPLUS: return softplus_of(x);
    case ACTIVATIONS_SILU: return x / (1 + exp(-x));
    case ACTIVATIONS_GELU: return x * erfc(-x * sqrt(0.5)) / 2;
    case ACTIVATIONS_GELU_TANH:
        return x / 2 * (1 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x)));
    case ACTIVATIONS_GELU_SIGMOID: return x / (1 + exp(-1.702 * x));
    case ACTIVATIONS_MISH: return x * tanh(softplus_of(x));
    default: return NAN;
    }
}

// By differences of five points, whose error is of the fourth order.
static double
slope_of(activations_kind kind, double x)
{
    const double h = 1e-3;
    return (8 * (value_of(kind, x + h) - value_of(kind, x - h)) -
            (value_of(kind, x + 2 * h) - value_of(kind, x - 2 * h))) /
           (12 * h);
}

// From -30 to 30, small steps near 0, never nearer to it than the differences reach.
enum { POINTS = 1201 };

static float
point(int i)
{
    float t = (float)(i - 600) / 600;
    return i == 600 ? 0.004f : 30 * t * fabsf(t) + (t > 0 ? 0.003f : -0.003f);
}

START_TEST(values_and_slopes)
{
    float x[POINTS], y[POINTS], slope[POINTS], dx[POINTS], dy[POINTS];
    for (int kind = 0; kind < ACTIVATIONS_KINDS; kind++) {
        const char *name = activations_name(kind);
        for (int i = 0; i < POINTS; i++) {
            x[i] = point(i);
            dy[i] = (float)(i % 7 - 3) / 2;
            dx[i] = (float)i / POINTS;
        }
        activations_forward(kind, POINTS, x, y);
        activations_slope(kind, POINTS, x, y, slope);
        activations_backward(kind, POINTS, x, y, dy, dx);
        for (int i = 0; i < POINTS; i++) {
            test_near(y[i], value_of(kind, x[i]), 5e-7, name, i);
            test_near(activations_value64(kind, x[i]), value_of(kind, x[i]), 1e-14, name, i);
            test_near(slope[i], slope_of(kind, x[i]), 2e-6, name, i);
            test_near(activations_slope64(kind, x[i]), slope_of(kind, x[i]), 1e-8, name, i);
            // added to what was there
            test_near(dx[i], (double)i / POINTS + (double)slope[i] * dy[i], 1e-6, name, i);
        }
    }
}
END_TEST

// Relative, where the value is small: e^x - 1 and ln(1 + e^x) keep their digits.
START_TEST(small_values)
{
    const activations_kind kinds[] = {
        ACTIVATIONS_ELU,  ACTIVATIONS_SELU, ACTIVATIONS_SOFTPLUS,   ACTIVATIONS_SIGMOID,
        ACTIVATIONS_SILU, ACTIVATIONS_MISH, ACTIVATIONS_LEAKY_RELU, ACTIVATIONS_TANH};
    for (int k = 0; k < 8; k++)
        for (float x = -1e-8f; x > -20; x *= 1.37f) {
            float y;
            activations_forward(kinds[k], 1, &x, &y);
            double right = value_of(kinds[k], x);
            ck_assert_msg(fabs(y - right) <= 1e-6 * fabs(right), "%s at %g: %.9g, expected %.9g",
                          activations_name(kinds[k]), (double)x, (double)y, right);
        }
}
END_TEST

START_TEST(extremes)
{
    const float x[] = {0, -0.f, INFINITY, 1e30f, -1e30f, 100, -100, 1e-30f, -1e-30f, NAN};
    float y[10], slope[10];
    for (int kind = 0; kind < ACTIVATIONS_KINDS; kind++) {
        activations_forward(kind, 10, x, y);
        activations_slope(kind, 10, x, y, slope);
        for (int i = 3; i < 9; i++) {
            ck_assert_msg(isfinite(y[i]) && isfinite(slope[i]), "%s at %g: %g, slope %g",
                          activations_name(kind), (double)x[i], (double)y[i], (double)slope[i]);
            double right = value_of(kind, x[i]);
            ck_assert(fabs(y[i] - right) <= 1e-6 * fabs(right) + 1e-30);
        }
        if (kind != ACTIVATIONS_THRESHOLD)
            ck_assert(isnan(y[9]));
        // an array of one, and of none
        float one = 0.5f, alone, whole[3] = {0.5f, 0.5f, 0.5f}, all[3];
        activations_forward(kind, 1, &one, &alone);
        activations_forward(kind, 3, whole, all);
        ck_assert_float_eq(alone, all[2]);
        activations_forward(kind, 0, NULL, NULL);
    }
    // slope 0 at 0, as in PyTorch; of the leaky one the leak
    activations_forward(ACTIVATIONS_RELU, 2, x, y);
    activations_slope(ACTIVATIONS_RELU, 2, x, y, slope);
    ck_assert_float_eq(slope[0], 0);
    activations_slope(ACTIVATIONS_LEAKY_RELU, 2, x, y, slope);
    ck_assert_float_eq(slope[0], 0.01f);
    // the limits at -infinity
    float low = -200, at;
    activations_forward(ACTIVATIONS_ELU, 1, &low, &at);
    ck_assert_float_eq(at, -1);
    activations_forward(ACTIVATIONS_SELU, 1, &low, &at);
    test_near(at, -selu_lambda * selu_alpha, 1e-7, "selu", 0);
    REFUSED(activations_forward(99, 1, x, y), "activations_forward: no activation has number 99");
    REFUSED(activations_slope(-1, 1, x, y, slope),
            "activations_backward: no activation has number -1");
    REFUSED(activations_value64(99, 0), "activations_value64: no activation has number 99");
    REFUSED(activations_slope64(99, 0), "activations_slope64: no activation has number 99");
}
END_TEST

// Where the smooth ones have their minimum, and how far the approximations of GELU are off.
START_TEST(landmarks)
{
    const struct {
        activations_kind kind;
        double at, least;
    } minima[] = {{ACTIVATIONS_SILU, -1.27846, -0.27846},
                  {ACTIVATIONS_GELU, -0.75179, -0.16997},
                  {ACTIVATIONS_MISH, -1.19243, -0.30884}};
    for (int k = 0; k < 3; k++) {
        double at = 0, least = 1;
        for (double x = -3; x < 0; x += 1e-5) {
            double y = activations_value64(minima[k].kind, x);
            if (y < least)
                least = y, at = x;
        }
        test_near(at, minima[k].at, 2e-5, "minimum at", k);
        test_near(least, minima[k].least, 6e-6, "minimum", k);
    }
    const struct {
        activations_kind kind;
        double at, most;
    } differences[] = {{ACTIVATIONS_GELU_TANH, 2.699, 4.732e-4},
                       {ACTIVATIONS_GELU_SIGMOID, 2.270, 0.02033}};
    for (int k = 0; k < 2; k++) {
        double at = 0, most = 0;
        for (double x = 0; x < 6; x += 1e-4) {
            double d = fabs(activations_value64(differences[k].kind, x) -
                            activations_value64(ACTIVATIONS_GELU, x));
            if (d > most)
                most = d, at = x;
        }
        test_near(at, differences[k].at, 1e-3, "largest difference at", k);
        test_near(most / differences[k].most, 1, 5e-4, "largest difference", k);
    }
}
END_TEST

// ---- On the tape ----

static tensor *
apply_one(tensor *const x[], void *context)
{
    return activations_apply(*(activations_kind *)context, x[0]);
}

static tensor *
glu_one(tensor *const x[], void *context)
{
    return activations_glu(*(activations_kind *)context, x[0], x[1], x[2], x[3], x[4]);
}

START_TEST(gradients)
{
    rng r = rng_at(1, 0);
    for (activations_kind kind = 0; kind < ACTIVATIONS_KINDS; kind++) {
        tensor *x = param("x", SHAPE(3, 2, 5));
        for (long i = 0; i < x->size; i++) { // away from the kink
            float z = (float)rng_normal(&r);
            x->data[i] = z + (z > 0 ? 0.02f : -0.02f);
        }
        ck_assert_msg(gradcheck(apply_one, 1, &x, &kind) < 1e-3, "%s", activations_name(kind));
        tensors_free();
    }
    const activations_kind gates[] = {ACTIVATIONS_IDENTITY, ACTIVATIONS_SIGMOID, ACTIVATIONS_GELU,
                                      ACTIVATIONS_SILU, ACTIVATIONS_MISH};
    for (int k = 0; k < 5; k++) {
        activations_kind kind = gates[k];
        tensor *x[] = {test_param("x", SHAPE(3, 4), &r, 1), test_param("w", SHAPE(5, 4), &r, 0.7f),
                       test_param("b", SHAPE(5), &r, 0.5f), test_param("v", SHAPE(5, 4), &r, 0.7f),
                       test_param("c", SHAPE(5), &r, 0.5f)};
        ck_assert_msg(gradcheck(glu_one, 5, x, &kind) < 1e-3, "%s", activations_name(kind));
        tensors_free();
    }
}
END_TEST

// The library's ops, where it has them, to rounding; and a gate's gradients by the formulas.
START_TEST(beside_the_library)
{
    const struct {
        activations_kind kind;
        tensor *(*op)(tensor *x);
    } ops[] = {{ACTIVATIONS_TANH, t_tanh},
               {ACTIVATIONS_SIGMOID, t_sigmoid},
               {ACTIVATIONS_RELU, t_relu},
               {ACTIVATIONS_GELU, t_gelu},
               {ACTIVATIONS_GELU_TANH, t_gelu_tanh}};
    rng r = rng_at(2, 0);
    for (int k = 0; k < 5; k++) {
        tensor *a = test_param("a", SHAPE(7, 11), &r, 2), *b = param("b", a->shape);
        memcpy(b->data, a->data, a->size * sizeof(float));
        const tensor *mine = activations_apply(ops[k].kind, a), *theirs = ops[k].op(b);
        for (long i = 0; i < a->size; i++)
            test_near(mine->data[i], theirs->data[i], 3e-7, activations_name(ops[k].kind), i);
        float dy[77];
        rng_fill_normal(&r, 77, dy, 0, 1);
        backward_from((tensor *)mine, dy);
        tape_reset();
        backward_from(ops[k].op(b), dy);
        for (long i = 0; i < a->size; i++)
            test_near(a->grad[i], b->grad[i], 1e-6, activations_name(ops[k].kind), i);
        tensors_free();
    }
}
END_TEST

START_TEST(gates)
{
    rng r = rng_at(3, 0);
    tensor *a = test_param("a", SHAPE(2, 3), &r, 1), *v = test_param("v", SHAPE(2, 3), &r, 1);
    tensor *fixed = constant("fixed", SHAPE(2, 3), v->data);
    const tensor *y = activations_gate(ACTIVATIONS_SILU, a, v);
    for (int i = 0; i < 6; i++)
        test_near(y->data[i], value_of(ACTIVATIONS_SILU, a->data[i]) * v->data[i], 1e-6, "y", i);
    // a constant on either side gets no gradient, and the other is the same
    const tensor *half = activations_gate(ACTIVATIONS_SILU, a, fixed);
    backward(t_add(t_sum((tensor *)y), t_sum((tensor *)half)));
    for (int i = 0; i < 6; i++) {
        test_near(a->grad[i], 2 * slope_of(ACTIVATIONS_SILU, a->data[i]) * v->data[i], 1e-5, "da",
                  i);
        test_near(v->grad[i], value_of(ACTIVATIONS_SILU, a->data[i]), 1e-6, "dv", i);
    }
    ck_assert_ptr_null(fixed->grad);
    tensor *other = param("other", SHAPE(3, 2));
    REFUSED(activations_gate(ACTIVATIONS_SILU, a, other),
            "activations_gate: gate and value have one shape: a (2, 3), other (3, 2)");
    tensors_free();
}
END_TEST

// The layer by its formula: the function acts on x w^T + b.
START_TEST(glu_layer)
{
    rng r = rng_at(4, 0);
    const activations_kind kinds[] = {ACTIVATIONS_IDENTITY, ACTIVATIONS_SIGMOID, ACTIVATIONS_RELU,
                                      ACTIVATIONS_GELU, ACTIVATIONS_SILU};
    tensor *x = test_param("x", SHAPE(2, 3), &r, 1), *w = test_param("w", SHAPE(4, 3), &r, 1);
    tensor *b = test_param("b", SHAPE(4), &r, 1), *v = test_param("v", SHAPE(4, 3), &r, 1);
    tensor *c = test_param("c", SHAPE(4), &r, 1);
    for (int k = 0; k < 5; k++) {
        const tensor *y = activations_glu(kinds[k], x, w, b, v, c);
        for (int i = 0; i < 8; i++) {
            double gate = b->data[i % 4], value = c->data[i % 4];
            for (int j = 0; j < 3; j++) {
                gate += (double)x->data[i / 4 * 3 + j] * w->data[i % 4 * 3 + j];
                value += (double)x->data[i / 4 * 3 + j] * v->data[i % 4 * 3 + j];
            }
            test_near(y->data[i], value_of(kinds[k], gate) * value, 2e-6,
                      activations_name(kinds[k]), i);
        }
    }
}
END_TEST

// ---- Averages ----

// The same average by Simpson's rule on either side of 0, with the C library's functions.
static double
simpson(activations_kind kind, double q, int what)
{
    enum { STEPS = 20000 };
    double sum = 0, h = 12.0 / STEPS;
    for (int side = -1; side <= 1; side += 2)
        for (int i = 0; i <= STEPS; i++) {
            // the value at 0 is the limit from this side
            double z = i ? side * h * i : side * 1e-9, x = sqrt(q) * z, y;
            if (what == 2)
                y = activations_slope64(kind, x) * activations_slope64(kind, x);
            else
                y = what ? value_of(kind, x) * value_of(kind, x) : value_of(kind, x);
            sum += (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2) * h / 3 * y * exp(-z * z / 2);
        }
    return sum / sqrt(2 * M_PI);
}

START_TEST(moments)
{
    activations_rule rule;
    activations_rule_fine(&rule);
    const double qs[] = {0.01, 0.3, 1, 4, 30};
    for (int k = 0; k < ACTIVATIONS_KINDS; k++)
        for (int i = 0; i < 5; i++) {
            activations_moments m = activations_moments_of(&rule, k, qs[i]);
            test_near(m.mean, simpson(k, qs[i], 0), 1e-9, activations_name(k), i);
            test_near(m.square, simpson(k, qs[i], 1), 1e-9, activations_name(k), i);
            test_near(m.slope_square, simpson(k, qs[i], 2), 1e-9, activations_name(k), i);
        }
    // moments of the normal distribution itself
    activations_moments m = activations_moments_of(&rule, ACTIVATIONS_IDENTITY, 2.5);
    test_near(m.square, 2.5, 1e-14, "E z^2", 0);
    test_near(m.slope_square, 1, 1e-14, "E 1", 0);
    double sixth = 0;
    for (int i = 0; i < rule.n; i++)
        sixth += rule.w[i] * pow(rule.z[i], 6);
    test_near(sixth, 15, 1e-13, "E z^6", 0);
}
END_TEST

START_TEST(closed_forms)
{
    activations_rule rule;
    activations_rule_fine(&rule);
    for (double q = 0.001; q < 200; q *= 3) {
        activations_moments relu = activations_moments_of(&rule, ACTIVATIONS_RELU, q);
        test_near(relu.square / q, 0.5, 1e-14, "ReLU", 0);
        test_near(relu.slope_square, 0.5, 1e-14, "ReLU's slope", 0);
        test_near(relu.mean, sqrt(q / (2 * M_PI)), 1e-14, "ReLU's mean", 0);
        activations_moments gelu = activations_moments_of(&rule, ACTIVATIONS_GELU, q);
        test_near(gelu.square / activations_gelu_square(q), 1, 1e-13, "GELU", 0);
        // E x P(x) = q / sqrt(2 pi (1 + q)), by Stein's lemma
        test_near(gelu.mean, q / sqrt(2 * M_PI * (1 + q)), 1e-14, "GELU's mean", 0);
    }
    test_near(activations_gelu_square(1), 1. / 3 + 1 / (2 * sqrt(3) * M_PI), 1e-15, "GELU", 1);
    // the facts that the text prints, twelve digits of which are known
    test_near(activations_moments_of(&rule, ACTIVATIONS_GELU, 1).mean, 1 / (2 * sqrt(M_PI)), 1e-14,
              "GELU's mean", 1);
    activations_selu_numbers s = activations_selu_solve();
    test_near(s.alpha, selu_alpha, 1e-15, "alpha", 0);
    test_near(s.lambda, selu_lambda, 1e-15, "lambda", 0);
    test_near(s.below, simpson(ACTIVATIONS_ELU, 1, 0) - 1 / sqrt(2 * M_PI), 1e-10, "below", 0);
    test_near(s.below_square, simpson(ACTIVATIONS_ELU, 1, 1) - 0.5, 1e-10, "below_square", 0);
    activations_moments selu = activations_moments_of(&rule, ACTIVATIONS_SELU, 1);
    test_near(selu.mean, 0, 1e-15, "SELU's mean", 0);
    test_near(selu.square, 1, 1e-14, "SELU's mean square", 0);
    test_near(selu.slope_square, 1.07157, 5e-6, "SELU's chi", 0);
}
END_TEST

// Gains and chi, to the digits that an integration by SciPy gave.
START_TEST(gains)
{
    const struct {
        activations_kind kind;
        double square, gain, chi;
    } known[] = {{ACTIVATIONS_TANH, .394294, 1.59254, 1.17781},
                 {ACTIVATIONS_RELU, .5, 1.41421, 1},
                 {ACTIVATIONS_ELU, .644945, 1.24520, 1.03591},
                 {ACTIVATIONS_SELU, 1, 1, 1.07157},
                 {ACTIVATIONS_SOFTPLUS, .921246, 1.04187, .31846},
                 {ACTIVATIONS_SILU, .355776, 1.67653, 1.06663},
                 {ACTIVATIONS_GELU, .425221, 1.53353, 1.07203},
                 {ACTIVATIONS_MISH, .452342, 1.48685, 1.05912}};
    activations_rule rule;
    activations_rule_fine(&rule);
    for (int k = 0; k < 8; k++) {
        double gain = activations_gain(&rule, known[k].kind);
        activations_layer layer = {known[k].kind, gain * gain, 0};
        test_near(activations_moments_of(&rule, known[k].kind, 1).square, known[k].square, 6e-7,
                  "square", k);
        test_near(gain, known[k].gain, 6e-6, "gain", k);
        test_near(activations_chi(&rule, &layer, 1), known[k].chi, 6e-6, "chi", k);
        test_near(activations_variance_map(&rule, &layer, 1), 1, 1e-14, "V(1)", k);
    }
}
END_TEST

START_TEST(maps)
{
    activations_rule rule;
    activations_rule_fine(&rule);
    // ReLU's correlation, known exactly; the rule meets a kink here, so that it is less exact
    const activations_layer relu = {ACTIVATIONS_RELU, 2, 0};
    for (double c = -1; c <= 1; c += 0.125) {
        double exact = activations_relu_correlation(c);
        test_near(activations_correlation_map(&rule, &relu, 1.7, c), exact, 5e-5, "c'", 0);
    }
    test_near(activations_relu_correlation(0), 1 / M_PI, 1e-15, "c'", 0);
    test_near(activations_relu_correlation(1), 1, 1e-15, "c'", 1);
    test_near(activations_relu_correlation(-1), 0, 1e-15, "c'", 2);
    // of a linear layer
    const activations_layer linear = {ACTIVATIONS_IDENTITY, 1.5, 0.3};
    test_near(activations_correlation_map(&rule, &linear, 2, 0.4), (1.5 * 2 * 0.4 + 0.3) / 3.3,
              1e-14, "linear", 0);
    // chi is the slope of the correlation map at 1, at the fixed point
    const activations_layer tanh_layer = {ACTIVATIONS_TANH, 1.7, 0.05};
    double q = activations_fixed_point(&rule, &tanh_layer, 1), h = 1e-4;
    test_near(activations_variance_map(&rule, &tanh_layer, q), q, 1e-14, "fixed point", 0);
    double slope = (1 - activations_correlation_map(&rule, &tanh_layer, q, 1 - h)) / h;
    test_near(slope, activations_chi(&rule, &tanh_layer, q), 2e-4, "chi", 0);
    test_near(activations_correlation_map(&rule, &tanh_layer, q, 1), 1, 1e-13, "c' of 1", 0);
    // the line between order and chaos at sigma_b^2 = .05
    const activations_layer edge = {ACTIVATIONS_TANH, 1.760955, 0.05};
    q = activations_fixed_point(&rule, &edge, 1);
    test_near(q, 0.570048, 1e-6, "q at the edge", 0);
    test_near(activations_chi(&rule, &edge, q), 1, 1e-6, "chi at the edge", 0);
    test_near(activations_depth_scale(exp(-0.25)), 4, 1e-13, "depth scale", 0);
    ck_assert(activations_depth_scale(1.1) < 0);
    // no fixed point: a ReLU net that grows, and one that dies
    const activations_layer growing = {ACTIVATIONS_RELU, 2.2, 0}, dying = {ACTIVATIONS_RELU, 1, 0};
    ck_assert(isinf(activations_fixed_point(&rule, &growing, 1)));
    ck_assert_double_lt(activations_fixed_point(&rule, &dying, 1), 1e-15);
    const double edges[] = {0, 1, 2};
    REFUSED(activations_rule_make(2, edges, 100, &rule),
            "activations_rule_make: 2 x 2 panels of 100 nodes; expected at most 360 nodes");
}
END_TEST

// ---- A random layer against the maps ----

START_TEST(wide_layer)
{
    enum { N = 40000 };
    activations_rule rule;
    activations_rule_fine(&rule);
    rng r = rng_at(5, 0);
    for (int k = 2; k < ACTIVATIONS_KINDS; k++) {
        const activations_layer layer = {k, 1.6, 0.2};
        static float a[N], h[N], slope[N];
        rng_fill_normal(&r, N, a, 0, (float)sqrt(0.7));
        double have = 0, square = 0, steep = 0;
        for (int i = 0; i < N; i++)
            have += a[i] * a[i] / N;
        activations_forward(k, N, a, h);
        activations_slope(k, N, a, h, slope);
        for (int i = 0; i < N; i++)
            square += h[i] * h[i] / N, steep += slope[i] * slope[i] / N;
        double expected = activations_moments_of(&rule, k, have).square;
        test_near(square / expected, 1, 0.05, activations_name(k), k);
        test_near(1.6 * steep / activations_chi(&rule, &layer, have), 1, 0.05, activations_name(k),
                  k);
    }
}
END_TEST

// Random nets of width 300 against the maps over three layers, and their gradient against chi, as means over 40 nets.
START_TEST(random_nets)
{
    enum { N = 300, L = 3, NETS = 40 };
    activations_rule rule;
    activations_rule_fine(&rule);
    const activations_layer layer = {ACTIVATIONS_TANH, 2, 0.1};
    double q = 1.5, c = 0.4, square[NETS], product[NETS], back[NETS], factor = 1;
    for (int i = 0; i < NETS; i++) {
        static double a[2 * N];
        activations_signal s[L + 1];
        double gradient[L + 1];
        rng r = rng_at(11, i);
        activations_net_inputs(&r, N, 2, q, c, a);
        activations_net_forward(&layer, N, L, &r, 2, a, s);
        test_near(s[0].square[0], q, 1e-12, "q", i);
        test_near(s[0].square[1], q, 1e-12, "q", i);
        test_near(s[0].product, c * q, 1e-12, "c q", i);
        square[i] = (s[L].square[0] + s[L].square[1]) / 2;
        product[i] = s[L].product;
        activations_net_inputs(&r, N, 1, q, 0, a);
        activations_net_backward(&layer, N, L, &r, a, s, gradient, NULL);
        back[i] = gradient[0] / gradient[L];
    }
    for (int l = 0; l < L; l++) {
        c = activations_correlation_map(&rule, &layer, q, c);
        factor *= activations_chi(&rule, &layer, q);
        q = activations_variance_map(&rule, &layer, q);
    }
    stats_estimate e = stats_mean(NETS, square);
    ck_assert_double_lt(fabs(e.mean - q) / e.error, 5);
    e = stats_mean(NETS, product);
    ck_assert_double_lt(fabs(e.mean - c * q) / e.error, 5);
    e = stats_mean(NETS, back);
    ck_assert_double_lt(fabs(e.mean - factor) / e.error, 5);
    ck_assert_double_lt(e.error / e.mean, 0.1);
}
END_TEST

// A linear net's gradient by its inputs, times the inputs, is that by its outputs, times the outputs; one with a bend
// against a difference along the gradient.
START_TEST(net_gradient)
{
    enum { N = 7, L = 3 };
    const activations_layer linear = {ACTIVATIONS_IDENTITY, 1.3, 0},
                            bent = {ACTIVATIONS_TANH, 2, 0.1};
    double first[N], a[N], da[2 * N], gradient[L + 1], left = 0, right = 0, step = 1e-5,
                                                       ends[2] = {0, 0};
    activations_signal s[L + 1];
    rng r = rng_at(12, 0);
    activations_net_inputs(&r, N, 1, 1, 0, first);
    memcpy(a, first, sizeof a);
    activations_net_backward(&linear, N, L, &r, a, s, gradient, da);
    for (int i = 0; i < N; i++)
        left += da[i] * first[i], right += da[N + i] * a[i];
    test_near(left, right, 1e-12, "da(0) a(0)", 0);
    // the same net, since the random numbers begin anew; then twice from a(0) moved along da(0)
    rng again = r;
    memcpy(a, first, sizeof a);
    activations_net_backward(&bent, N, L, &r, a, s, gradient, da);
    for (int side = 0; side < 2; side++) {
        rng same = again;
        for (int i = 0; i < N; i++)
            a[i] = first[i] + (side ? step : -step) * da[i];
        activations_net_forward(&bent, N, L, &same, 1, a, s);
        for (int i = 0; i < N; i++)
            ends[side] += a[i] * da[N + i];
    }
    double square = 0;
    for (int i = 0; i < N; i++)
        square += da[i] * da[i];
    test_near((ends[1] - ends[0]) / (2 * step), square, 1e-6, "slope along da(0)", 0);
    test_near(gradient[0], square / N, 1e-12, "gradient", 0);
}
END_TEST

// ---- The regression ----

static double
mean_square(long n, const float *x)
{
    double sum = 0;
    for (long i = 0; i < n; i++)
        sum += (double)x[i] * x[i] / n;
    return sum;
}

START_TEST(regression)
{
    rng r = rng_at(13, 0), again = r;
    activations_task task = activations_task_new(&r);
    // the target by its formula: without noise in the test points, with .1 in the others
    double direction[8][6], noise = 0;
    for (int k = 0; k < 8; k++) {
        double square = 0;
        for (int i = 0; i < 6; i++) {
            direction[k][i] = rng_normal(&again);
            square += direction[k][i] * direction[k][i];
        }
        for (int i = 0; i < 6; i++)
            direction[k][i] /= sqrt(square);
    }
    for (int set = 0; set < 3; set++) {
        const activations_points *p = set == 2 ? &task.test : set ? &task.validation : &task.train;
        for (int i = 0; i < 1000; i++) {
            double sum = 0;
            for (int k = 0; k < 8; k++) {
                double along = 0;
                for (int j = 0; j < 6; j++)
                    along += direction[k][j] * p->x[6 * i + j];
                sum += k < 4 ? sin(2 * along) : fabs(along) - sqrt(2 / M_PI);
            }
            double off = p->y[i] - sum / sqrt(4 * ((1 - exp(-8)) / 2 + 1 - 2 / M_PI));
            if (set == 2)
                ck_assert_double_lt(fabs(off), 1e-6);
            else
                noise += off * off / 2000;
        }
    }
    ck_assert_double_lt(fabs(noise / 0.01 - 1), 4 * sqrt(2. / 2000));
    ck_assert(task.train.n == 2000 && task.validation.n == 1000 && task.test.n == 2000);
    // pairs of |p| whose directions are near lift the variance above 1
    double size = mean_square(task.test.n, task.test.y);
    ck_assert(size > 0.8 && size < 1.6);
    // first weights: no gain in the first layer, the gain in the second; 4 standard errors of a variance
    activations_net net = activations_net_new(ACTIVATIONS_GELU, false, &r);
    double gain = 1 / activations_gelu_square(1);
    ck_assert_double_lt(fabs(6 * mean_square(192, net.w[0]->data) - 1), 4 * sqrt(2. / 192));
    ck_assert_double_lt(fabs(32 * mean_square(1024, net.w[1]->data) / gain - 1),
                        4 * sqrt(2. / 1024));
    ck_assert_ptr_null(net.v[0]);
    ck_assert_int_eq(net.w[2]->shape.n[0], 1);
    long plain = net.w[0]->size + net.w[1]->size + net.w[2]->size;
    tensors_free();
    // as many weights with gates, as nearly as whole units allow
    activations_net gated = activations_net_new(ACTIVATIONS_SILU, true, &r);
    long n = gated.w[1]->shape.n[0], count = 0;
    for (int l = 0; l < 3; l++)
        count += gated.w[l]->size + (l < 2 ? gated.v[l]->size : 0);
    ck_assert_int_eq(count, 12 * n + 2 * n * n + n);
    long narrower = 12 * (n - 1) + 2 * (n - 1) * (n - 1) + n - 1;
    ck_assert(labs(count - plain) < labs(narrower - plain) && count - plain < plain / 100);
    tensors_free();
    // not trained: hardly a unit is dead, and the error is that of nothing; trained a little: less
    float loss[400];
    activations_trial t = {
        .training = {.steps = 1, .loss = loss}, .kind = ACTIVATIONS_RELU, .rate = 1e-9f};
    activations_trial_run(14, &t);
    ck_assert_double_lt(t.dead[0] + t.dead[1], 0.1);
    double before = t.test;
    tensors_free();
    t = (activations_trial){
        .training = {.steps = 400, .loss = loss}, .kind = ACTIVATIONS_RELU, .rate = 0.02f};
    activations_trial_run(14, &t);
    ck_assert_double_lt(t.test, before / 2);
    // validation points have noise of variance .01 more
    ck_assert_double_gt(t.validation, 0.1);
    tensors_free();
    // at a rate that kills, most of the second layer is dead
    t = (activations_trial){
        .training = {.steps = 400, .loss = loss}, .kind = ACTIVATIONS_RELU, .rate = 1};
    activations_trial_run(14, &t);
    ck_assert_double_gt(t.dead[1], 0.5);
    tensors_free();
}
END_TEST

START_TEST(schemes)
{
    test_near(activations_std(ACTIVATIONS_LECUN, 64, 10), 0.125, 1e-15, "LeCun", 0);
    test_near(activations_std(ACTIVATIONS_GLOROT, 20, 30), 0.2, 1e-15, "Glorot", 0);
    test_near(activations_std(ACTIVATIONS_HE, 50, 7), 0.2, 1e-15, "He", 0);
    test_near(activations_std(ACTIVATIONS_PYTORCH, 12, 7), 1. / 6, 1e-15, "PyTorch", 0);
    // torch.nn.Linear's bound is 1 / sqrt(fan_in)
    test_near(activations_bound(activations_std(ACTIVATIONS_PYTORCH, 16, 3)), 0.25, 1e-15, "bound",
              0);
    // the spread of the uniform distribution within the bound
    enum { N = 20000 };
    static float x[N];
    rng r = rng_at(6, 0);
    double bound = activations_bound(0.7), square = 0;
    rng_fill_uniform(&r, N, x, (float)-bound, (float)bound);
    for (int i = 0; i < N; i++)
        square += x[i] * x[i] / N;
    // the standard error of a mean of squares of this distribution is .49 sqrt(4/5 / N)
    ck_assert_double_lt(fabs(square - 0.49) / (0.49 * sqrt(0.8 / N)), 4);
    REFUSED(activations_std(ACTIVATIONS_HE, 0, 3),
            "activations_std: 0 inputs and 3 outputs; expected 1 or more");
    REFUSED(activations_std(9, 1, 3), "activations_std: no scheme has number 9");
    ck_assert_str_eq(activations_name(ACTIVATIONS_GELU_SIGMOID), "gelu_sigmoid");
    ck_assert_str_eq(activations_name(ACTIVATIONS_MISH), "mish");
}
END_TEST

// ---- Biases ----

START_TEST(norms)
{
    rng r = rng_at(7, 0);
    tensor *x = test_param("x", SHAPE(6, 4), &r, 2);
    const tensor *batch = activations_batch_norm(x, 0), *layer = activations_layer_norm(x, 0.5f);
    for (int j = 0; j < 4; j++) {
        double mean = 0, square = 0;
        for (int i = 0; i < 6; i++)
            mean += batch->data[i * 4 + j] / 6, square += pow(batch->data[i * 4 + j], 2) / 6;
        test_near(mean, 0, 1e-6, "mean of a column", j);
        test_near(square, 1, 1e-5, "mean square of a column", j);
    }
    for (int i = 0; i < 6; i++) {
        double mean = 0, variance = 0;
        for (int j = 0; j < 4; j++)
            mean += x->data[i * 4 + j] / 4;
        for (int j = 0; j < 4; j++)
            variance += pow(x->data[i * 4 + j] - mean, 2) / 4;
        for (int j = 0; j < 4; j++)
            test_near(layer->data[i * 4 + j], (x->data[i * 4 + j] - mean) / sqrt(variance + 0.5),
                      1e-5, "layer norm", i * 4 + j);
    }
    tensors_free();
}
END_TEST

START_TEST(idle_biases)
{
    rng r = rng_at(8, 0);
    tensor *x = test_param("x", SHAPE(5, 3), &r, 1), *b = test_param("b", SHAPE(3), &r, 1);
    tensor *weight = constant("weight", SHAPE(5, 3), NULL);
    rng_fill_normal(&r, 15, weight->data, 0, 1);
    // before batch norm a bias does nothing at all
    const tensor *with = activations_batch_norm(t_add(x, b), 1e-5f);
    const tensor *without = activations_batch_norm(x, 1e-5f);
    for (int i = 0; i < 15; i++)
        test_near(with->data[i], without->data[i], 2e-6, "batch norm", i);
    backward(t_sum(t_mul((tensor *)with, weight)));
    for (int i = 0; i < 3; i++)
        ck_assert_float_lt(fabsf(b->grad[i]), 2e-6f);
    // before layer norm only its mean is lost
    memset(b->grad, 0, 3 * sizeof(float));
    tape_reset();
    weight = constant("weight", SHAPE(5, 3), NULL);
    rng_fill_normal(&r, 15, weight->data, 0, 1);
    backward(t_sum(t_mul(activations_layer_norm(t_add(x, b), 1e-5f), weight)));
    ck_assert_float_lt(fabsf(b->grad[0] + b->grad[1] + b->grad[2]), 1e-5f);
    ck_assert_float_gt(fabsf(b->grad[0]), 0.01f);
    tensors_free();
}
END_TEST

START_TEST(attention_biases)
{
    enum { T = 3, S = 4, D = 5 };
    rng r = rng_at(9, 0);
    tensor *q = test_param("q", SHAPE(T, D), &r, 1), *k = test_param("k", SHAPE(S, D), &r, 1);
    tensor *v = test_param("v", SHAPE(S, D), &r, 1), *bq = test_param("bq", SHAPE(D), &r, 1);
    tensor *bk = test_param("bk", SHAPE(D), &r, 1), *bv = test_param("bv", SHAPE(D), &r, 1);
    const tensor *bare = activations_attention(q, k, v);
    for (int t = 0; t < T; t++) { // by its formula
        double w[S], sum = 0;
        for (int s = 0; s < S; s++) {
            double score = 0;
            for (int i = 0; i < D; i++)
                score += q->data[t * D + i] * k->data[s * D + i] / sqrt(D);
            sum += w[s] = exp(score);
        }
        for (int i = 0; i < D; i++) {
            double y = 0;
            for (int s = 0; s < S; s++)
                y += w[s] / sum * v->data[s * D + i];
            test_near(bare->data[t * D + i], y, 2e-6, "attention", t * D + i);
        }
    }
    const tensor *keys = activations_attention(q, t_add(k, bk), v);
    const tensor *values = activations_attention(q, k, t_add(v, bv));
    const tensor *queries = activations_attention(t_add(q, bq), k, v);
    double moved = 0;
    for (int i = 0; i < T * D; i++) {
        test_near(keys->data[i], bare->data[i], 3e-6, "a bias of keys", i);
        test_near(values->data[i], bare->data[i] + bv->data[i % D], 3e-6, "a bias of values", i);
        moved = fmax(moved, fabs(queries->data[i] - bare->data[i]));
    }
    ck_assert_double_gt(moved, 0.01); // a bias of queries counts
    // values of another width: the scores are scaled by that of the keys
    const float column[S] = {v->data[0], v->data[D], v->data[2 * D], v->data[3 * D]};
    const tensor *narrow = activations_attention(q, k, constant("v", SHAPE(S, 1), column));
    for (int t = 0; t < T; t++)
        test_near(narrow->data[t], bare->data[t * D], 2e-6, "narrow values", t);
    tensors_free();
}
END_TEST

// f(a x) = a f(x) of a ReLU net without biases; -x and x of a tanh net.
START_TEST(without_biases)
{
    rng r = rng_at(10, 0);
    tensor *x = test_param("x", SHAPE(4, 3), &r, 1), *w1 = test_param("w1", SHAPE(6, 3), &r, 1);
    tensor *w2 = test_param("w2", SHAPE(2, 6), &r, 1);
    const tensor *y = activations_relu_net(x, w1, w2);
    const tensor *four = activations_relu_net(t_scale(x, 4), w1, w2);
    const tensor *back = activations_relu_net(t_scale(x, -1), w1, w2);
    double odd = 0;
    for (int i = 0; i < 8; i++) {
        ck_assert_float_eq(four->data[i], 4 * y->data[i]); // a power of two is exact
        odd = fmax(odd, fabs(back->data[i] + y->data[i]));
    }
    ck_assert_double_gt(odd, 0.01); // and it is not odd
    // |x1 + x2| - |x1 - x2| is XOR on +-1, of four ReLUs without biases
    const float corners[] = {1, 1, 1, -1, -1, 1, -1, -1};
    const float in[] = {1, 1, -1, -1, 1, -1, -1, 1}, out[] = {1, 1, -1, -1};
    const tensor *solved =
        activations_relu_net(constant("x", SHAPE(4, 2), corners), constant("w1", SHAPE(4, 2), in),
                             constant("w2", SHAPE(1, 4), out));
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq(solved->data[i], 2 * corners[2 * i] * corners[2 * i + 1]);
    tensors_free();
}
END_TEST

// ---- The reader's own stack ----

START_TEST(own_stack)
{
    const activations_own_options bare = {.activation = "gelu"};
    activations_own_stack s = activations_own_read(&bare);
    ck_assert_int_eq(s.layer.kind, ACTIVATIONS_GELU);
    test_near(s.layer.weight, 1 / activations_gelu_square(1), 1e-12, "weight", 0);
    ck_assert(s.layer.bias == 0 && s.width == 100 && s.depth == 50);
    const activations_own_options all = {"tanh", "1.5", "0.2", "300", "7"};
    s = activations_own_read(&all);
    test_near(s.layer.weight, 2.25, 1e-15, "weight", 1);
    test_near(s.layer.bias, 0.04, 1e-15, "bias", 1);
    ck_assert(s.layer.kind == ACTIVATIONS_TANH && s.width == 300 && s.depth == 7);
    const struct {
        activations_own_options options;
        const char *message;
    } bad[] = {
        {{"Gelu", NULL, NULL, NULL, NULL},
         "--activation Gelu: expected one of identity, threshold, sigmoid, tanh, relu, leaky_relu, "
         "elu, selu, softplus, silu, gelu, gelu_tanh, gelu_sigmoid, mish"},
        {{"gelu", "0", NULL, NULL, NULL}, "--gain 0: expected a number from 0.001 to 1000"},
        {{"gelu", "", NULL, NULL, NULL}, "--gain : expected a number from 0.001 to 1000"},
        {{"gelu", "1e9", NULL, NULL, NULL}, "--gain 1e9: expected a number from 0.001 to 1000"},
        {{"gelu", "1,5", NULL, NULL, NULL}, "--gain 1,5: expected a number from 0.001 to 1000"},
        {{"gelu", NULL, "nan", NULL, NULL}, "--bias nan: expected a number from 0 to 1000"},
        {{"gelu", NULL, "\x1b[2J", NULL, NULL},
         "--bias \\x1b[2J: expected a number from 0 to 1000"},
        {{"gelu", NULL, NULL, "1", NULL}, "--width 1: expected a whole number from 2 to 2000"},
        {{"gelu", NULL, NULL, "2.5", NULL}, "--width 2.5: expected a whole number from 2 to 2000"},
        {{"gelu", NULL, NULL, NULL, "1001"},
         "--depth 1001: expected a whole number from 1 to 1000"},
        {{"gelu", NULL, NULL, "2000", "1000"},
         "--width 2000 --depth 1000: 4e+09 weights; expected at most 1e+08"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        REFUSED(activations_own_read(&bad[i].options), bad[i].message);
    // the first layer of each kind is kept
    activations_own_marks m = {-1, -1, -1};
    const double q[] = {1, 101, 99, 0.011, 0.009, 0.001, 200},
                 c[] = {0.5, 0.9, 0.9949, 0.9949, 0.9951, 0.996, 1};
    for (int l = 0; l < 7; l++) {
        activations_own_mark(&m, l, q[l], 0.5, c[l]);
        ck_assert(m.loud == (l < 1 ? -1 : 1) && m.faint == (l < 4 ? -1 : 4));
        ck_assert_int_eq(m.alike, l < 4 ? -1 : 4);
    }
}
END_TEST

// ---- The perceptron ----

START_TEST(perceptron_bound)
{
    // attained: n orthonormal vectors of one label
    enum { D = 9 };
    double x[D * D] = {0}, w[D] = {0}, teacher[D];
    int label[D];
    for (int i = 0; i < D; i++)
        x[i * D + i] = 1, label[i] = 1, teacher[i] = 3;
    activations_novikoff b = activations_novikoff_bound(D, D, x, label, teacher);
    test_near(b.radius, 1, 1e-15, "radius", 0);
    test_near(b.margin, 1 / sqrt(D), 1e-15, "margin", 0);
    test_near(b.bound, D, 1e-14, "bound", 0);
    ck_assert_int_eq(activations_perceptron(D, D, x, label, 100, w), D);
    for (int i = 0; i < D; i++)
        ck_assert_double_eq(w[i], 1);
    // a teacher that is wrong bounds nothing
    teacher[3] = -1;
    ck_assert(isinf(activations_novikoff_bound(D, D, x, label, teacher).bound));
}
END_TEST

START_TEST(perceptron_steps)
{
    // by hand: OR with a bias, an axis of ones
    const double x[] = {0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1};
    const int label[] = {-1, 1, 1, 1};
    double w[3] = {0}, same[3] = {0};
    // w = 0 errs at 0: (0,0,-1); at 1: (0,1,0); at 2: (1,1,1); then 0: (1,1,0), which has 1, 2, 3 right
    // and at 0 w . x = 0, a mistake: (1,1,-1); then 1: 0, a mistake: (1,2,0); 2, 3 right; 0: (1,2,-1);
    // 1 right; 2: 0: (2,2,0); 3 and 1 right; 0: 0: (2,2,-1), which is right about all.
    const int wrong[20] = {
        [0] = 1, [1] = 1, [2] = 1, [4] = 1, [8] = 1, [9] = 1, [12] = 1, [14] = 1, [16] = 1};
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(activations_perceptron_visit(3, x + i % 4 * 3, label[i % 4], w), wrong[i]);
    const double last[] = {2, 2, -1};
    ck_assert_int_eq(activations_perceptron(4, 3, x, label, 20, same), 9);
    for (int k = 0; k < 3; k++) {
        ck_assert_double_eq(w[k], last[k]);
        ck_assert_double_eq(same[k], last[k]);
    }
    // XOR never ends: it stops at `most`
    const int xor_label[] = {-1, 1, 1, -1};
    memset(w, 0, sizeof w);
    ck_assert_int_eq(activations_perceptron(4, 3, x, xor_label, 50, w), 50);
    // what is right from the start is left alone
    double good[] = {2, 2, -1};
    ck_assert_int_eq(activations_perceptron(4, 3, x, label, 20, good), 0);
    ck_assert_double_eq(good[2], -1);
}
END_TEST

TEST_MAIN_WITH("activations", NULL, tensors_free, values_and_slopes, small_values, extremes,
               landmarks, gradients, beside_the_library, gates, glu_layer, moments, closed_forms,
               gains, maps, wide_layer, random_nets, net_gradient, regression, schemes, norms,
               idle_biases, attention_biases, without_biases, own_stack, perceptron_bound,
               perceptron_steps)
