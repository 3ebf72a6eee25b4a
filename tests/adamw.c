// Chapter adamw: every rule against its formula written once more, as sums over all gradients so far; identities; the
// book's own Adam for nets; bounds by search, and every law against what it is a law of.
#include "adamw/adamw.h"
#include "adamw/laws.h"
#include "adamw/own.h"
#include "adamw/study.h"

#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "test.h"

#include <math.h>
#include <stdbool.h>

enum { N = 9, T = 12 };

static const double rate0 = 0.1, decay = 0.3;
static const adamw_rule common = {.beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3};
static double w0[N], g[T + 1][N], rate[T + 1]; // steps from 1 to T

static void
record(void)
{
    rng r = rng_at(5, 0);
    for (int i = 0; i < N; i++)
        w0[i] = 1 + rng_normal(&r);
    for (int t = 1; t <= T; t++) {
        rate[t] = rate0 * (0.5 + rng_uniform64(&r));
        for (int i = 0; i < N; i++)
            g[t][i] = i == 0 ? 0 : (i == 1 ? 1e-3 : i) * rng_normal(&r);
    }
    g[4][2] = 50; // the largest v is not the last
}

// A running mean's sum: (1 - beta) sum of beta^(t - k) x_k over the steps k up to t.
static double
mean_of(double beta, int t, int i, bool squares)
{
    double sum = 0;
    for (int k = 1; k <= t; k++)
        sum += (1 - beta) * pow(beta, t - k) * (squares ? g[k][i] * g[k][i] : g[k][i]);
    return sum;
}

static double
hat_of(double beta, int t, int i, bool squares)
{
    return mean_of(beta, t, i, squares) / (1 - pow(beta, t));
}

static void
near_all(const double *w, const double *expected, const char *what, int t)
{
    for (int i = 0; i < N; i++)
        ck_assert_msg(fabs(w[i] - expected[i]) <= 1e-13 * fmax(1, fabs(expected[i])),
                      "%s, step %d, weight %d: %.17g, expected %.17g", what, t, i, w[i],
                      expected[i]);
}

// ---- Momentum ----

START_TEST(momentum)
{
    // without decay buf is a plain sum: momentum^(t-k) (1 - dampening) g_k, the first not dampened
    for (int nesterov = 0; nesterov < 2; nesterov++) {
        adamw_momentum rule = {0.9, nesterov ? 0 : 0.3, 0, nesterov};
        double w[N], e[N], buf[N] = {0};
        memcpy(w, w0, sizeof w);
        memcpy(e, w0, sizeof e);
        for (int t = 1; t <= T; t++) {
            adamw_momentum_move(&rule, t, rate[t], N, w, g[t], buf);
            for (int i = 0; i < N; i++) {
                double sum = 0;
                for (int k = 1; k <= t; k++)
                    sum += pow(0.9, t - k) * (k == 1 ? 1 : 1 - rule.dampening) * g[k][i];
                ck_assert_double_eq_tol(buf[i], sum, 1e-12 * fmax(1, fabs(sum)));
                e[i] -= rate[t] * (nesterov ? g[t][i] + 0.9 * sum : sum);
            }
            near_all(w, e, "momentum", t);
        }
    }
}
END_TEST

START_TEST(momentum_with_decay)
{
    // the decay is a part of the gradient: that of g + decay w, given as such
    adamw_momentum with = {0.9, 0.2, decay, true}, without = {0.9, 0.2, 0, true};
    double w[N], e[N], buf[N] = {0}, buf_e[N] = {0};
    memcpy(w, w0, sizeof w);
    memcpy(e, w0, sizeof e);
    for (int t = 1; t <= T; t++) {
        double h[N];
        for (int i = 0; i < N; i++)
            h[i] = g[t][i] + decay * e[i];
        adamw_momentum_move(&with, t, rate[t], N, w, g[t], buf);
        adamw_momentum_move(&without, t, rate[t], N, e, h, buf_e);
        near_all(buf, buf_e, "buf", t);
        near_all(w, e, "w", t);
    }
}
END_TEST

START_TEST(without_momentum_decays_are_one)
{
    adamw_momentum rule = {0, 0, decay, false};
    double w[N], e[N], buf[N] = {0};
    memcpy(w, w0, sizeof w);
    memcpy(e, w0, sizeof e);
    for (int t = 1; t <= T; t++) {
        adamw_momentum_move(&rule, t, rate[t], N, w, g[t], buf);
        for (int i = 0; i < N; i++)
            e[i] = (1 - adamw_pull(rate[t], decay)) * e[i] - rate[t] * g[t][i];
        near_all(w, e, "SGD", t);
    }
}
END_TEST

// ---- Adam ----

static double
direction_of(const adamw_rule *rule, int t, int i)
{
    double m = mean_of(rule->beta1, t, i, false), v = mean_of(rule->beta2, t, i, true);
    double m_hat = hat_of(rule->beta1, t, i, false), v_hat = hat_of(rule->beta2, t, i, true);
    if (rule->uncorrected)
        return m / (sqrt(v) + rule->eps);
    switch (rule->place) {
    case ADAMW_EPS_OUTSIDE: return m_hat / (sqrt(v_hat) + rule->eps);
    case ADAMW_EPS_INSIDE: return m_hat / sqrt(v_hat + rule->eps);
    default: // eps-hat is eps, divided by the root of the correction
        return m_hat / (sqrt(v_hat) + rule->eps / sqrt(1 - pow(rule->beta2, t)));
    }
}

START_TEST(adam)
{
    for (int variant = 0; variant < 4; variant++) {
        adamw_rule rule = common;
        rule.place = variant < 3 ? (adamw_eps_place)variant : ADAMW_EPS_OUTSIDE;
        rule.uncorrected = variant == 3;
        double w[N], e[N], m[N] = {0}, v[N] = {0};
        memcpy(w, w0, sizeof w);
        memcpy(e, w0, sizeof e);
        for (int t = 1; t <= T; t++) {
            adamw_move(&rule, t, rate[t], 0, N, w, g[t], &(adamw_means){m, v, NULL});
            for (int i = 0; i < N; i++) {
                ck_assert_double_eq_tol(m[i], mean_of(0.8, t, i, false), 1e-12 * 50);
                ck_assert_double_eq_tol(v[i], mean_of(0.95, t, i, true), 1e-12 * 2500);
                e[i] -= rate[t] * direction_of(&rule, t, i);
            }
            near_all(w, e, (const char *[]){"outside", "hat", "inside", "uncorrected"}[variant], t);
        }
    }
}
END_TEST

START_TEST(amsgrad)
{
    double w[N], e[N], m[N] = {0}, v[N] = {0}, top[N] = {0};
    bool earlier = false;
    memcpy(w, w0, sizeof w);
    memcpy(e, w0, sizeof e);
    for (int t = 1; t <= T; t++) {
        adamw_move(&common, t, rate[t], 0, N, w, g[t], &(adamw_means){m, v, top});
        for (int i = 0; i < N; i++) {
            double most = 0;
            for (int k = 1; k <= t; k++)
                most = fmax(most, mean_of(0.95, k, i, true));
            earlier |= most > 1.05 * mean_of(0.95, t, i, true);
            e[i] -=
                rate[t] * hat_of(0.8, t, i, false) / (sqrt(most / (1 - pow(0.95, t))) + common.eps);
        }
        near_all(w, e, "AMSGrad", t);
    }
    ck_assert(earlier);
}
END_TEST

START_TEST(first_step_is_a_sign)
{
    adamw_rule rule = {0.9, 0.999, 0, ADAMW_EPS_OUTSIDE, false};
    double w[N] = {0}, m[N] = {0}, v[N] = {0};
    adamw_move(&rule, 1, 0.5, 0, N - 1, w + 1, g[1] + 1, &(adamw_means){m, v, NULL});
    for (int i = 1; i < N; i++)
        ck_assert_double_eq_tol(w[i], g[1][i] > 0 ? -0.5 : 0.5, 1e-14);
}
END_TEST

START_TEST(gradients_have_no_scale)
{
    // times a power of two: not one bit; in the order of the formulas sqrt and division keep it
    adamw_rule rule = {0.9, 0.999, 0, ADAMW_EPS_OUTSIDE, false};
    double w[2][N], m[2][N] = {{0}}, v[2][N] = {{0}};
    memcpy(w[0], w0, sizeof w0);
    memcpy(w[1], w0, sizeof w0);
    for (int t = 1; t <= T; t++) {
        double large[N];
        for (int i = 1; i < N; i++)
            large[i] = 1024 * g[t][i];
        adamw_move(&rule, t, rate[t], 0.01, N - 1, w[0] + 1, g[t] + 1,
                   &(adamw_means){m[0], v[0], NULL});
        adamw_move(&rule, t, rate[t], 0.01, N - 1, w[1] + 1, large + 1,
                   &(adamw_means){m[1], v[1], NULL});
        ck_assert_mem_eq(w[0] + 1, w[1] + 1, (N - 1) * sizeof(double));
    }
}
END_TEST

// ---- Decay ----

START_TEST(decoupled)
{
    // PyTorch's and the paper's; with schedule rate / alpha the paper's is PyTorch's of decay / alpha
    for (int paper = 0; paper < 2; paper++) {
        double w[N], e[N], m[N] = {0}, v[N] = {0};
        memcpy(w, w0, sizeof w);
        memcpy(e, w0, sizeof e);
        for (int t = 1; t <= T; t++) {
            double pull = paper ? adamw_pull_of_paper(rate[t] / rate0, decay * rate0)
                                : adamw_pull(rate[t], decay);
            adamw_move(&common, t, rate[t], pull, N, w, g[t], &(adamw_means){m, v, NULL});
            for (int i = 0; i < N; i++) {
                ck_assert_double_eq_tol(m[i], mean_of(0.8, t, i, false), 1e-12 * 50);
                e[i] -= rate[t] * (direction_of(&common, t, i) + decay * e[i]);
            }
            near_all(w, e, paper ? "paper" : "PyTorch", t);
        }
    }
}
END_TEST

START_TEST(l2)
{
    double w[N], e[N], m[N] = {0}, v[N] = {0}, me[N] = {0}, ve[N] = {0}, h[N];
    memcpy(w, w0, sizeof w);
    memcpy(e, w0, sizeof e);
    for (int t = 1; t <= T; t++) {
        adamw_l2_move(&common, t, rate[t], decay, N, w, g[t], h, &(adamw_means){m, v, NULL});
        for (int i = 0; i < N; i++) {
            double all = g[t][i] + decay * e[i];
            ck_assert_double_eq_tol(h[i], all, 1e-12 * 50);
            me[i] = 0.8 * me[i] + 0.2 * all;
            ve[i] = 0.95 * ve[i] + 0.05 * all * all;
            e[i] -= rate[t] * (me[i] / (1 - pow(0.8, t))) /
                    (sqrt(ve[i] / (1 - pow(0.95, t))) + common.eps);
        }
        near_all(w, e, "L2", t);
    }
}
END_TEST

START_TEST(groups)
{
    // each group is a run of its own
    const adamw_group group[3] = {{0, 4, 1, decay}, {4, 3, 0.5, 0}, {7, 2, 2, 0.1}};
    double w[N], e[N], m[N] = {0}, v[N] = {0}, me[N] = {0}, ve[N] = {0}, top[N] = {0}, te[N] = {0};
    memcpy(w, w0, sizeof w);
    memcpy(e, w0, sizeof e);
    for (int t = 1; t <= T; t++) {
        adamw_groups_move(&common, t, rate[t], 3, group, w, g[t], &(adamw_means){m, v, top});
        for (int k = 0; k < 3; k++)
            for (int i = group[k].first; i < group[k].first + group[k].n; i++)
                adamw_move(&common, t, group[k].factor * rate[t],
                           group[k].factor * rate[t] * group[k].decay, 1, e + i, g[t] + i,
                           &(adamw_means){me + i, ve + i, te + i});
        near_all(w, e, "groups", t);
    }
}
END_TEST

// ---- The book's Adam for nets ----

START_TEST(library_is_pytorch_s_adamw)
{
    // v of a float with the betas of floats; 1e-6 of a float's steps is left
    const double fast = (double)0.9f, slow = (double)0.95f, eps = (double)1e-8f, wd = (double)0.3f;
    const adamw_rule rule = {fast, slow, eps, ADAMW_EPS_OUTSIDE, false};
    double w[N], m[N] = {0}, v[N] = {0};
    tensor *x = param("w", SHAPE(N));
    for (int i = 0; i < N; i++)
        w[i] = x->data[i] = (float)w0[i];
    adamw a = adamw_new(0.9f, 0.95f, 1e-8f, 0.3f);
    for (int t = 1; t <= T; t++) {
        double gradient[N], r = (double)(float)rate[t];
        for (int i = 0; i < N; i++)
            gradient[i] = x->grad[i] = (float)g[t][i];
        adamw_step(&a, (float)rate[t]);
        adamw_move(&rule, t, r, adamw_pull(r, wd), N, w, gradient, &(adamw_means){m, v, NULL});
        for (int i = 0; i < N; i++)
            ck_assert_double_eq_tol(x->data[i], w[i], 2e-6);
    }
    tensors_free();
}
END_TEST

// ---- Clipping ----

START_TEST(clipping)
{
    double x[3] = {3, 0, -4}, y[3] = {0.3, 0, -0.4};
    ck_assert_double_eq_tol(adamw_clip(3, 2, x), 5, 1e-15);
    ck_assert_double_eq_tol(x[0], 1.2, 1e-15);
    ck_assert_double_eq_tol(x[2], -1.6, 1e-15);
    ck_assert_double_eq_tol(adamw_clip(3, 2, y), 0.5, 1e-15);
    ck_assert_double_eq(y[0], 0.3);
    double w[N], e[N], m[N] = {0}, v[N] = {0}, me[N] = {0}, ve[N] = {0}, h[N], c[N];
    memcpy(w, w0, sizeof w);
    memcpy(e, w0, sizeof e);
    for (int t = 1; t <= T; t++) {
        double norm = 0;
        for (int i = 0; i < N; i++)
            norm += g[t][i] * g[t][i];
        norm = sqrt(norm);
        ck_assert_double_eq_tol(adamw_clipped_move(&common, t, rate[t], 0.01, 3, N, w, g[t], h,
                                                   &(adamw_means){m, v, NULL}),
                                norm, 1e-13 * norm);
        for (int i = 0; i < N; i++)
            c[i] = norm > 3 ? g[t][i] * 3 / norm : g[t][i];
        near_all(h, c, "clipped g", t);
        adamw_move(&common, t, rate[t], 0.01, N, e, c, &(adamw_means){me, ve, NULL});
        near_all(v, ve, "v", t);
        near_all(w, e, "clipped", t);
    }
}
END_TEST

START_TEST(projection)
{
    const double from[3] = {-3, 0.25, 1.5}, to[3] = {-1, 0.25, 1};
    for (int i = 0; i < 3; i++) {
        double w = from[i];
        adamw_project(1, &w);
        ck_assert_double_eq(w, to[i]);
    }
}
END_TEST

// ---- Bounds ----

START_TEST(no_step_is_longer)
{
    // gradients of (beta2 / beta1)^k reach the bound of every t; random ones never do
    rng r = rng_at(6, 0);
    const double betas[3][2] = {{0.9, 0.999}, {0.9, 0.95}, {0.5, 0.5}};
    for (int pair = 0; pair < 3; pair++) {
        double beta1 = betas[pair][0], beta2 = betas[pair][1];
        for (int t = 1; t <= 40; t++) {
            double bound = adamw_law_longest(beta1, beta2, t), m = 0, v = 0;
            ck_assert(bound <= adamw_law_longest(beta1, beta2, 0) * (1 + 1e-12));
            for (int k = 1; k <= t; k++) {
                double x = pow(beta2 / beta1, k);
                m += (1 - beta1) * pow(beta1, t - k) * x;
                v += (1 - beta2) * pow(beta2, t - k) * x * x;
            }
            double reached = m / (1 - pow(beta1, t)) / sqrt(v / (1 - pow(beta2, t)));
            ck_assert_double_eq_tol(reached, bound, 1e-10 * bound);
            for (int trial = 0; trial < 20; trial++) {
                m = v = 0;
                for (int k = 1; k <= t; k++) {
                    double x = pow(beta2 / beta1, k) * (1 + 0.5 * rng_normal(&r));
                    m += (1 - beta1) * pow(beta1, t - k) * x;
                    v += (1 - beta2) * pow(beta2, t - k) * x * x;
                }
                double other = m / (1 - pow(beta1, t)) / sqrt(v / (1 - pow(beta2, t)));
                ck_assert(fabs(other) <= bound * (1 + 1e-12));
            }
        }
    }
    ck_assert_double_eq_tol(adamw_law_longest(0.7, 0.7, 0), 1, 1e-14);
    ck_assert_double_eq_tol(adamw_law_longest(0.7, 0.7, 30), 1, 1e-12);
    REFUSED(adamw_law_longest(0.9, 0.81, 0),
            "adamw_law_longest: beta1^2 = 0.81 is not below beta2 = 0.81: no bound");
}
END_TEST

START_TEST(growing_and_equal_gradients)
{
    for (double rho = 1; rho < 3; rho += 0.4) {
        double m = 0, v = 0;
        for (int k = 0; k < 20000; k++) {
            m += 0.1 * pow(0.9 / rho, k);
            v += 0.001 * pow(0.999 / (rho * rho), k);
        }
        ck_assert_double_eq_tol(adamw_law_growing(0.9, 0.999, rho), m / sqrt(v), 1e-7);
    }
    ck_assert_double_eq_tol(adamw_law_growing(0.9, 0.999, 0.999 / 0.9),
                            adamw_law_longest(0.9, 0.999, 0), 1e-12);
    double m = 0, v = 0;
    for (int t = 1; t <= 50; t++) {
        m = 0.9 * m + 0.1 * 3;
        v = 0.99 * v + 0.01 * 9;
        ck_assert_double_eq_tol(adamw_law_uncorrected(0.9, 0.99, t), m / sqrt(v), 1e-12);
    }
}
END_TEST

// ---- What is left, where it balances ----

START_TEST(what_is_left)
{
    double w = 5, square = 0;
    for (int t = 0; t < 300; t++) {
        w *= 1 - 0.01 * 0.2;
        square = square * (1 - 0.01 * 0.2) * (1 - 0.01 * 0.2) + 0.01 * 0.01;
    }
    ck_assert_double_eq_tol(adamw_law_decoupled(5, 0.01, 0.2, 300), w, 1e-12);
    ck_assert_double_eq_tol(adamw_law_spread(0.01, 0.2, 300), sqrt(square), 2e-3 * sqrt(square));
    for (int k = 0; k < 3;
         k++) { // the differential equation, in small steps of Runge and Kutta's second order
        double sigma = (const double[]){0.1, 1, 10}[k], y = 5, dt = 0.1;
        for (int i = 0; i < 20000; i++) {
            double slope = -1e-3 * 0.1 * y / sqrt(sigma * sigma + 0.01 * y * y),
                   z = y + dt / 2 * slope;
            y += dt * -1e-3 * 0.1 * z / sqrt(sigma * sigma + 0.01 * z * z);
        }
        ck_assert_double_eq_tol(adamw_law_l2(5, sigma, 1e-3, 0.1, 2000), y, 1e-8);
    }
    // without memory the recursion of means is that equation's step
    double now = 5;
    for (int t = 0; t < 50; t++)
        now -= 0.01 * 0.1 * now / sqrt(0.3 * 0.3 + 0.01 * now * now);
    ck_assert_double_eq_tol(adamw_law_l2_remembering(5, 0.3, 0.01, 0.1, 0, 0, 50), now, 1e-12);
    // without noise Adam goes through its mean: here against the rule itself
    const adamw_rule rule = {0.9, 0.99, 0, ADAMW_EPS_OUTSIDE, false};
    double x = 5, none = 0, h, m = 0, v = 0;
    for (int t = 1; t <= 200; t++)
        adamw_l2_move(&rule, t, 0.01, 0.1, 1, &x, &none, &h, &(adamw_means){&m, &v, NULL});
    ck_assert_double_eq_tol(adamw_law_l2_remembering(5, 0, 0.01, 0.1, 0.9, 0.99, 200), x, 1e-12);
}
END_TEST

START_TEST(balances)
{
    ck_assert_double_eq_tol(adamw_law_balance_l2(2, 3, 0.5), 2.4, 1e-14);
    for (int k = 0; k < 5; k++) {
        double sigma = (const double[]){1e-3, 0.1, 0.3, 1, 10}[k];
        double w = adamw_law_balance_decoupled(1.5, 2, 0.4, sigma), e = 1.5 * (2 - w);
        ck_assert_double_eq_tol(e / sqrt(sigma * sigma + e * e), 0.4 * w, 1e-10);
    }
    ck_assert_double_eq_tol(adamw_law_balance_decoupled(1, 2, 0.4, 0), 2, 1e-12);
    ck_assert_double_eq_tol(adamw_law_balance_decoupled(1, 4, 0.5, 0), 2, 1e-12);
}
END_TEST

// ---- Norms ----

START_TEST(norms)
{
    // |w|^2 by Pythagoras: a step orthogonal to w, then the decay; relaxed and on the way
    double start = 3, size = 2, square = start * start, eta = 0.01, wd = 0.02;
    for (int t = 1; t <= 30000; t++) {
        double keep = 1 - eta * wd;
        square = keep * keep * square + eta * eta * size * size / square;
        if (t % 5000 == 0)
            test_near(adamw_law_relax_sgd(start, eta, wd, size, t), sqrt(square), 1e-3, "SGD", t);
    }
    test_near(adamw_law_norm_sgd(eta, wd, 0, size), sqrt(square), 1e-3, "SGD", 0);
    test_near(adamw_law_angle_sgd(eta, wd, 0), eta * size / square, 1e-3, "angle", 0);
    int n = 50;
    square = start * start;
    for (int t = 1; t <= 30000; t++) { // every value moves by the rate
        square = (1 - eta * wd) * (1 - eta * wd) * square + n * eta * eta;
        if (t % 5000 == 0)
            test_near(adamw_law_relax_adamw(start, eta, wd, n, t), sqrt(square), 1e-3, "AdamW", t);
    }
    test_near(adamw_law_norm_adamw(eta, wd, n), sqrt(square), 1e-3, "AdamW", 0);
    // the norm under L2: what decay takes, 2 eta wd |w|^2 |w| / s, is what the steps bring, n eta^2
    double w = adamw_law_norm_l2(eta, wd, n, size), s = size / sqrt(n);
    test_near(2 * eta * wd * w * w * w / s, n * eta * eta, 1e-12, "L2", 0);
    test_near(adamw_law_norm_sgd(eta, wd, 0.9, size), adamw_law_norm_sgd(eta * 10, wd, 0, size),
              1e-12, "mom", 0);
    test_near(adamw_law_angle_sgd(eta, wd, 0.5), sqrt(2 * eta * wd / 1.5), 1e-12, "angle", 1);
    test_near(adamw_law_angle_adamw(eta, wd, 0.5), sqrt(2 * eta * wd / 3), 1e-12, "angle", 2);
}
END_TEST

// ---- Cycles ----

START_TEST(drifts)
{
    for (int k = 0; k < 6; k++) {
        double beta1 = k % 2 ? 0.9 : 0, beta2 = (const double[]){0.5, 0.9, 0.99}[k / 2];
        int n = 3 + 4 * k;
        for (int ams = 0; ams < 2; ams++) {
            adamw_rule rule = {beta1, beta2, 0, ADAMW_EPS_OUTSIDE, true};
            double w = 0, before = 0, m = 0, v = 0, top = 0;
            for (int t = 0; t < 400 * n; t++) {
                double x = t % n == 0 ? n : -1;
                if (t == 399 * n)
                    before = w;
                adamw_move(&rule, t + 1, 1, 0, 1, &w, &x,
                           &(adamw_means){&m, &v, ams ? &top : NULL});
            }
            ck_assert_double_eq_tol(adamw_law_drift(beta1, beta2, n, n, -1, ams), w - before, 1e-9);
            if (ams)
                ck_assert(w - before < 0);
        }
    }
    for (int n = 5; n <= 60; n++) { // what is left is of second order
        double off =
            fabs(adamw_law_drift_about(0.999, n) - adamw_law_drift(0, 0.999, n, n, -1, false));
        double nearer =
            fabs(adamw_law_drift_about(0.9999, n) - adamw_law_drift(0, 0.9999, n, n, -1, false));
        ck_assert_msg(nearer < 0.02 * off && off < 0.02, "N = %d: %g, %g", n, off, nearer);
    }
    const int from[4] = {7, 10, 21, 64}, with[4] = {14, 17, 30, 74};
    for (int k = 0; k < 4; k++) {
        double beta2 = (const double[]){0.9, 0.95, 0.99, 0.999}[k];
        ck_assert_int_eq(adamw_law_wrong_from(0, beta2), from[k]);
        ck_assert_int_eq(adamw_law_wrong_from(0.9, beta2), with[k]);
        ck_assert_double_eq(ceil(adamw_law_wrong_about(0, beta2)), from[k]);
        ck_assert_double_eq(ceil(adamw_law_wrong_about(0.9, beta2)), with[k]);
    }
}
END_TEST

START_TEST(moments)
{
    // w after T steps is a sum of w0 and of every noise, each by what the later steps leave of it
    double variance = 2, h = 0.7;
    int B = 5;
    adamw_moment w = {3, 9};
    for (int t = 1; t <= T; t++)
        w = adamw_moment_next(w, h, rate[t] * 5, variance, B);
    double mean = 3, spread = 0;
    for (int t = 1; t <= T; t++) {
        double left = rate[t] * 5;
        for (int k = t + 1; k <= T; k++)
            left *= 1 - rate[k] * 5 * h;
        spread += left * left * variance / B;
        mean *= 1 - rate[t] * 5 * h;
    }
    ck_assert_double_eq_tol(w.mean, mean, 1e-13);
    ck_assert_double_eq_tol(w.second, mean * mean + spread, 1e-13);
}
END_TEST

// ---- The reader's own gradients ----

START_TEST(own_gradients_measured)
{
    // weight 0: constant; 1: large once in 5 steps; 2: none; 3: as small as eps
    enum { STEPS = 20, WEIGHTS = 4 };
    double x[STEPS][WEIGHTS];
    for (int t = 0; t < STEPS; t++) {
        x[t][0] = -0.5;
        x[t][1] = t % 5 == 0 ? 8 : -0.25;
        x[t][2] = 0;
        x[t][3] = t < 5 ? 1e-3 : 0.2;
    }
    const adamw_own_gradients own = {STEPS, WEIGHTS, x[0]};
    adamw_own_weight a = adamw_own_measure(&own, 0, &common),
                     b = adamw_own_measure(&own, 1, &common);
    adamw_own_weight c = adamw_own_measure(&own, 2, &common),
                     d = adamw_own_measure(&own, 3, &common);
    ck_assert_double_eq_tol(a.adam, 0.5 / (0.5 + common.eps), 1e-12);
    ck_assert_double_eq_tol(a.size, 0.5, 1e-12);
    ck_assert_double_eq_tol(a.strength, 0.5, 1e-12);
    double most = 0; // uncorrected, of a constant gradient
    for (int t = 1; t <= STEPS; t++) {
        double root = sqrt(1 - pow(0.95, t)) * 0.5;
        most = fmax(most, (1 - pow(0.8, t)) * 0.5 / (root + common.eps));
    }
    ck_assert_double_eq_tol(a.plain, most, 1e-12);
    ck_assert_int_eq(a.gap, 0);
    ck_assert_double_eq(a.small, 0);
    ck_assert_int_eq(b.gap, 4);
    // a gradient of 1e-3 is below 10 eps; five of them, after which g grows and Adam's step is longest
    ck_assert_double_eq(d.small, 0.25);
    ck_assert_int_eq(d.gap, 5);
    double longest = 0, m = 0, v = 0;
    int at = 0;
    for (int t = 0; t < STEPS; t++) {
        m = 0.8 * m + 0.2 * x[t][3];
        v = 0.95 * v + 0.05 * x[t][3] * x[t][3];
        double step = m / (1 - pow(0.8, t + 1)) / (sqrt(v / (1 - pow(0.95, t + 1))) + common.eps);
        at = step > longest ? t : at;
        longest = fmax(longest, step);
    }
    ck_assert_int_eq(d.at, at);
    ck_assert_double_eq_tol(d.adam, longest, 1e-12);
    ck_assert(d.adam > 1);
    ck_assert_double_eq(d.amsgrad, d.adam); // v never falls
    ck_assert_double_eq(c.adam, 0);
    ck_assert_double_eq(c.small, 1);
    ck_assert_int_eq(c.gap, 0);
    ck_assert_double_eq(c.strength, 0);
}
END_TEST

START_TEST(own_gradients_summed_up)
{
    enum { STEPS = 30, WEIGHTS = 3 };
    const adamw_own_gradients own = {STEPS, WEIGHTS, NULL};
    const adamw_own_weight all[WEIGHTS] = {
        {.adam = 1, .plain = 5, .amsgrad = 1, .small = 0.5, .strength = 4, .gap = 8},
        {.adam = 2, .plain = 3, .amsgrad = 1, .small = 0, .strength = 1, .gap = 9},
        {.adam = 1, .plain = 4, .amsgrad = 2, .small = 0.25, .strength = 2, .gap = 20}};
    const adamw_rule rule = {.beta1 = 0.9, .beta2 = 0.95, .eps = 1e-8};
    adamw_own_summary s = adamw_own_sum_up(&own, all, &rule, 0.1);
    ck_assert_int_eq(s.longest, 1);
    ck_assert_int_eq(s.plain, 0);
    ck_assert_int_eq(s.amsgrad, 2);
    ck_assert_double_eq_tol(s.small, 0.25, 1e-15);
    ck_assert_double_eq_tol(s.border, 2 / sqrt(0.05), 1e-13); // 8.9
    ck_assert_int_eq(s.far, 2);
    ck_assert_double_eq_tol(s.least, 0.1, 1e-15);
    ck_assert_double_eq_tol(s.middle, 0.2, 1e-15);
    ck_assert_double_eq_tol(s.most, 0.4, 1e-15);
    // the bound: of one step it is 1; there is none where beta1^2 is not below beta2, not beta1
    ck_assert_double_eq_tol(s.bound, adamw_law_longest(0.9, 0.95, STEPS), 1e-15);
    const adamw_own_gradients one = {1, WEIGHTS, NULL};
    ck_assert_double_eq_tol(adamw_own_sum_up(&one, all, &rule, 0.1).bound, 1, 1e-12);
    const adamw_rule close = {.beta1 = 0.9, .beta2 = 0.85}, none = {.beta1 = 0.9, .beta2 = 0.81};
    ck_assert(adamw_own_sum_up(&own, all, &close, 0.1).bound < 2);
    ck_assert(isinf(adamw_own_sum_up(&own, all, &none, 0.1).bound));
}
END_TEST

START_TEST(own_gradients_refused)
{
    double values[6] = {1, 2, 3, 4, 5, 6};
    npy a = {.rank = 2, .n = {2, 3}, .size = 6, .values = values};
    adamw_own_gradients own = adamw_own_take(&a, "g.npy");
    ck_assert_int_eq(own.T, 2);
    ck_assert_int_eq(own.n, 3);
    values[4] = INFINITY;
    REFUSED((adamw_own_take(&a, "g.npy"), 0),
            "g.npy: step 1, weight 1 is inf; expected a finite number of at most 1e+150");
    values[4] = -1e151;
    REFUSED((adamw_own_take(&a, "g.npy"), 0),
            "g.npy: step 1, weight 1 is -1e+151; expected a finite number of at most 1e+150");
    a.rank = 1;
    REFUSED((adamw_own_take(&a, "g.npy"), 0), "g.npy: 1 axes; expected 2, (steps, weights)");
    a.rank = 2;
    a.size = a.n[0] = 0;
    REFUSED((adamw_own_take(&a, "g.npy"), 0),
            "g.npy: an array without values; expected (steps, weights)");
    ck_assert_double_eq(adamw_own_number("--beta1", "0.25", 0, 1), 0.25);
    ck_assert_double_eq(adamw_own_number("--beta1", "0", 0, 1), 0);
    REFUSED(adamw_own_number("--beta1", "1", 0, 1),
            "--beta1 1: expected a number from 0 on and below 1");
    REFUSED(adamw_own_number("--beta1", "-0.1", 0, 1),
            "--beta1 -0.1: expected a number from 0 on and below 1");
    REFUSED(adamw_own_number("--beta1", "", 0, 1),
            "--beta1 : expected a number from 0 on and below 1");
    REFUSED(adamw_own_number("--beta1", "0.5x", 0, 1),
            "--beta1 0.5x: expected a number from 0 on and below 1");
    REFUSED(adamw_own_number("--beta1", "nan", 0, 1),
            "--beta1 nan: expected a number from 0 on and below 1");
    REFUSED(adamw_own_number("--beta1", "\x1b", 0, 1),
            "--beta1 \\x1b: expected a number from 0 on and below 1");
}
END_TEST

START_TEST(slopes_and_distances)
{
    const double x[4] = {1, 2, 4, 7}, y[4] = {15, 13, 9, 3};
    ck_assert_double_eq_tol(adamw_study_slope(4, x, y), -2, 1e-14);
    ck_assert_double_eq_tol(adamw_study_z((stats_estimate){3, 0.5}, 2), 2, 1e-14);
    ck_assert_double_eq(adamw_study_z((stats_estimate){3, 0}, 3), 0);
    rng r = rng_at(7, 0);
    double sample[4000], square = 0;
    adamw_study_normal(&r, 4000, 3, sample);
    for (int i = 0; i < 4000; i++)
        square += sample[i] * sample[i] / 4000;
    ck_assert_double_eq_tol(square / 9, 1, 4 * sqrt(2.0 / 4000));
}
END_TEST

TEST_MAIN_WITH("adamw", record, NULL, momentum, momentum_with_decay,
               without_momentum_decays_are_one, adam, amsgrad, first_step_is_a_sign,
               gradients_have_no_scale, decoupled, l2, groups, library_is_pytorch_s_adamw, clipping,
               projection, no_step_is_longer, growing_and_equal_gradients, what_is_left, balances,
               norms, drifts, moments, own_gradients_measured, own_gradients_summed_up,
               own_gradients_refused, slopes_and_distances)
