// Chapter td: identities between the methods, every update against the formula written once more, estimates against
// exact values as statistics, and the exact values against enumeration.
#include "td/td.h"
#include "td/cases.h"
#include "td/control.h"
#include "td/grids.h"
#include "td/planning.h"
#include "td/runs.h"
#include "td/walk.h"

#include "test.h"

#include <limits.h>
#include <math.h>

enum { S = 4, A = 3, T = 120 };
static const double discount = 0.9, alpha = 0.3;

// ---- A recorded stream ----

static td_model model;
static td_environment world;
static td_transition stream[T + 1];
static int steps;

static void
record(void)
{
    rng r = rng_at(3, 0);
    model = td_random_model(S, A, 3, discount, &r);
    ck_assert_double_eq(model.gamma, discount);
    world = td_environment_of(&model);
    double zero[S * A] = {0};
    td_table q = {S, A, world.n, zero};
    for (steps = 0; steps < T / 2;) {
        int s = world.begin(world.inside, &r), a = (int)rng_below(&r, A);
        steps += td_rollout(&world, &q, 1, s, a, T - steps, stream + steps, &r);
    }
    ck_assert(stream[steps - 1].end);
}

// The step after the last of t's episode.
static int
end_of(int t)
{
    while (!stream[t].end)
        t++;
    return t + 1;
}

static int
begin_of(int t)
{
    while (t > 0 && !stream[t - 1].end)
        t--;
    return t;
}

static double
return_of(int t)
{
    double g = 0, d = 1;
    for (int k = t; k < end_of(t); k++, d *= discount)
        g += d * stream[k].r;
    return g;
}

static void
random_table(double *x, int n, uint32_t number)
{
    rng r = rng_at(4, number);
    for (int k = 0; k < n; k++)
        x[k] = rng_normal(&r);
}

static void
same(const double *x, const double *y, int n, double tolerance, const char *what, int t)
{
    for (int k = 0; k < n; k++)
        ck_assert_msg(fabs(x[k] - y[k]) <= tolerance * fmax(1, fabs(y[k])),
                      "%s, step %d, value %d: %.17g, expected %.17g", what, t, k, x[k], y[k]);
}

// ---- Identities ----

START_TEST(one_step_is_td)
{
    double q[S * A], p[S * A];
    record();
    random_table(q, S * A, 0);
    memcpy(p, q, sizeof q);
    td_table n = {S, A, world.n, q}, sarsa = {S, A, world.n, p};
    for (int t = 0; t < steps; t++) {
        td_n_step_sarsa(&n, stream + t, 1, alpha, discount);
        td_sarsa(&sarsa, stream + t, stream[t + 1].a, alpha, discount);
        same(q, p, S * A, 0, "n = 1", t);
    }
}
END_TEST

START_TEST(long_steps_are_monte_carlo)
{
    double q[S * A], p[S * A], g[T];
    record();
    random_table(q, S * A, 0);
    memcpy(p, q, sizeof q);
    td_table n = {S, A, world.n, q};
    td_returns(steps, stream, discount, g);
    for (int t = 0; t < steps; t++) {
        td_n_step_sarsa(&n, stream + t, T, alpha, discount);
        td_towards(p + stream[t].s * A + stream[t].a, alpha, g[t]);
        same(q, p, S * A, 1e-14, "n > T", t);
    }
}
END_TEST

START_TEST(expected_sarsa_without_exploring_is_q_learning)
{
    double q[S * A], p[S * A];
    record();
    random_table(q, S * A, 0);
    memcpy(p, q, sizeof q);
    td_table expected = {S, A, world.n, q}, learning = {S, A, world.n, p};
    for (int t = 0; t < steps; t++) {
        td_expected_sarsa(&expected, stream + t, 0, alpha, discount);
        td_q_learning(&learning, stream + t, alpha, discount);
        same(q, p, S * A, 0, "epsilon = 0", t);
    }
}
END_TEST

START_TEST(lambda_between_td_and_monte_carlo)
{
    // lambda = 0 is TD(0); lambda = 1 is Monte Carlo on an episode that visits no state twice
    double v[S], w[S], trace[S] = {0};
    record();
    random_table(v, S, 0);
    memcpy(w, v, sizeof v);
    for (int t = 0; t < steps; t++) {
        td_lambda(S, v, trace, stream + t, alpha, discount, 0);
        td_zero(w, stream + t, alpha, discount);
        same(v, w, S, 1e-14, "lambda = 0", t);
    }
    td_transition path[S];
    for (int s = 0; s < S; s++) {
        path[s] = (td_transition){s, 0, s + 0.5, (s + 1) % S, s == S - 1};
        trace[s] = 0;
    }
    double g[S];
    random_table(v, S, 1);
    memcpy(w, v, sizeof v);
    td_returns(S, path, discount, g);
    for (int s = 0; s < S; s++)
        td_lambda(S, v, trace, path + s, alpha, discount, 1);
    for (int s = 0; s < S; s++)
        td_towards(w + s, alpha, g[s]);
    same(v, w, S, 1e-14, "lambda = 1", 0);
}
END_TEST

START_TEST(equal_policies_need_no_ratio)
{
    double policy[S * A], ratio[T], g[T], q[3][S * A] = {0}, total[2][S * A] = {0};
    int visits[S * A] = {0};
    record();
    for (int k = 0; k < S * A; k++)
        policy[k] = 1.0 / A;
    td_ratios(steps, stream, A, policy, policy, ratio);
    td_returns(steps, stream, discount, g);
    td_table t0 = {S, A, world.n, q[0]}, t1 = {S, A, world.n, q[1]}, t2 = {S, A, world.n, q[2]};
    for (int t = 0; t < steps; t++) {
        td_monte_carlo(&t0, visits, stream, t, g[t], true);
        td_off_policy_mc(&t1, total[0], stream + t, ratio[t], g[t], false);
        td_off_policy_mc(&t2, total[1], stream + t, ratio[t], g[t], true);
        same(q[1], q[0], S * A, 0, "ordinary", t);
        same(q[2], q[0], S * A, 0, "weighted", t);
    }
}
END_TEST

START_TEST(batch_limit_is_where_sweeps_end)
{
    double v[S + 1], w[S + 1];
    record();
    random_table(v, S + 1, 0);
    memcpy(w, v, sizeof v);
    td_certainty_equivalence(S + 1, v, steps, stream, discount);
    ck_assert_double_eq(v[S], w[S]); // never visited
    for (int sweep = 0; sweep < 20000; sweep++) {
        double sum[S] = {0};
        for (int t = 0; t < steps; t++)
            sum[stream[t].s] +=
                stream[t].r + (stream[t].end ? 0 : discount * w[stream[t].next]) - w[stream[t].s];
        for (int s = 0; s < S; s++)
            w[s] += 0.01 * sum[s];
    }
    same(v, w, S + 1, 1e-12, "batch", 0);
    // a state that is only led to keeps its value, too
    double two[] = {5, 7};
    td_certainty_equivalence(2, two, 1, &(td_transition){0, 0, 3, 1, true}, discount);
    ck_assert_double_eq(two[0], 3);
    ck_assert_double_eq(two[1], 7);
}
END_TEST

// ---- Every update, written once more ----

START_TEST(means)
{
    double w = 7, sum = 0, x = 7;
    for (int k = 1; k <= 20; k++) {
        double sample = k * k % 7;
        sum += sample;
        w = td_mean(w, k, sample);
        ck_assert_double_eq_tol(w, sum / k, 1e-13);
    }
    td_towards(&x, 0.25, 3);
    ck_assert_double_eq(x, 6);
    ck_assert_double_eq(td_robbins_monro(2, 0.5, 3), 0.5);
}
END_TEST

START_TEST(acting)
{
    // ties take the lowest; epsilon-greedy gives every action epsilon / n, the greedy one the rest
    enum { DRAWS = 100000 };
    double q[] = {1, 3, 3, 9, 2, 2, 2, 9};
    const int n[] = {3, 3};
    td_table t = {2, 4, n, q};
    ck_assert_int_eq(td_greedy(&t, 0), 1);
    ck_assert_int_eq(td_greedy(&t, 1), 0);
    ck_assert_double_eq(td_max(&t, 0), 3);
    ck_assert_double_eq_tol(td_expected(&t, 0, 0.3), 0.1 * 1 + 0.8 * 3 + 0.1 * 3, 1e-15);
    rng r = rng_at(5, 0), before = r;
    ck_assert_int_eq(td_epsilon_greedy(&t, 0, 0, &r), 1);
    ck_assert_mem_eq(&r, &before, sizeof r); // nothing is drawn
    double count[3] = {0}, chance[] = {0.1, 0.8, 0.1}, chi = 0;
    for (int k = 0; k < DRAWS; k++)
        count[td_epsilon_greedy(&t, 0, 0.3, &r)]++;
    for (int a = 0; a < 3; a++)
        chi +=
            (count[a] - DRAWS * chance[a]) * (count[a] - DRAWS * chance[a]) / (DRAWS * chance[a]);
    ck_assert_double_lt(chi, 2 + 4 * 2); // 2 degrees of freedom: mean 2, standard deviation 2
}
END_TEST

START_TEST(returns_and_visits)
{
    double g[T], first[S * A] = {0}, every[S * A] = {0};
    int n_first[S * A] = {0}, n_every[S * A] = {0}, ends = 0, again = 0;
    record();
    td_returns(steps, stream, discount, g);
    td_table f = {S, A, world.n, first}, e = {S, A, world.n, every};
    for (int t = 0; t < steps; t++) {
        double one = return_of(t);
        ends += stream[t].end;
        same(&g[t], &one, 1, 1e-14, "return", t);
        td_monte_carlo(&f, n_first, stream, t, g[t], false);
        td_monte_carlo(&e, n_every, stream, t, g[t], true);
        double sum[2][S * A] = {{0}};
        int n[2][S * A] = {{0}};
        for (int k = 0; k <= t; k++) {
            int at = stream[k].s * A + stream[k].a, seen = 0;
            for (int i = begin_of(k); i < k; i++)
                seen |= stream[i].s * A + stream[i].a == at;
            for (int i = seen; i < 2; i++) {
                sum[i][at] += g[k];
                n[i][at]++;
            }
            again += seen;
        }
        for (int k = 0; k < S * A; k++) {
            ck_assert_int_eq(n_first[k], n[0][k]);
            ck_assert_int_eq(n_every[k], n[1][k]);
            if (n[0][k])
                ck_assert_double_eq_tol(first[k], sum[0][k] / n[0][k], 1e-13);
            if (n[1][k])
                ck_assert_double_eq_tol(every[k], sum[1][k] / n[1][k], 1e-13);
        }
    }
    ck_assert_int_ge(ends, 5);
    ck_assert_int_ge(again, 5);
}
END_TEST

START_TEST(off_policy)
{
    double target[S * A], behaviour[S * A], ratio[T], q[2][S * A] = {{0}}, total[2][S * A] = {{0}};
    double sum[S * A] = {0}, weight[S * A] = {0}, count[S * A] = {0};
    record();
    for (int k = 0; k < S * A; k++) {
        target[k] = k == 4 ? 0 : (k % A + 1) / 6.0;
        behaviour[k] = 1.0 / A;
    }
    td_ratios(steps, stream, A, target, behaviour, ratio);
    td_table o = {S, A, world.n, q[0]}, w = {S, A, world.n, q[1]};
    for (int t = 0; t < steps; t++) {
        double one = 1, g = return_of(t);
        for (int k = t + 1; k < end_of(t); k++)
            one *= target[stream[k].s * A + stream[k].a] * A;
        same(&ratio[t], &one, 1, 1e-13, "ratio", t);
        int at = stream[t].s * A + stream[t].a;
        sum[at] += one * g;
        weight[at] += one;
        count[at]++;
        td_off_policy_mc(&o, total[0], stream + t, ratio[t], g, false);
        td_off_policy_mc(&w, total[1], stream + t, ratio[t], g, true);
        ck_assert_double_eq_tol(q[0][at], sum[at] / count[at], 1e-12);
        ck_assert_double_eq_tol(q[1][at], weight[at] > 0 ? sum[at] / weight[at] : 0, 1e-12);
    }
}
END_TEST

// The target of step t by q (S, A), or v (S) where rule is 't'.
static double
target_of(char rule, const double *q, int t, double epsilon)
{
    const td_transition *step = stream + t;
    double most = -INFINITY, mean = 0;
    if (step->end)
        return step->r;
    if (rule == 't')
        return step->r + discount * q[step->next];
    for (int a = 0; a < A; a++) {
        most = fmax(most, q[step->next * A + a]);
        mean += q[step->next * A + a] / A;
    }
    return step->r + discount * (rule == 's'   ? q[step->next * A + step[1].a]
                                 : rule == 'q' ? most
                                               : (1 - epsilon) * most + epsilon * mean);
}

START_TEST(one_step_updates)
{
    const char *rules = "tsqe";
    record();
    for (int i = 0; i < 4; i++) {
        double x[S * A], y[S * A];
        int n = rules[i] == 't' ? S : S * A;
        random_table(x, n, i);
        memcpy(y, x, sizeof x);
        td_table q = {S, A, world.n, x};
        for (int t = 0; t < steps; t++) {
            const td_transition *step = stream + t;
            double *at = rules[i] == 't' ? y + step->s : y + step->s * A + step->a;
            *at = 0.7 * *at + 0.3 * target_of(rules[i], y, t, 0.2);
            switch (rules[i]) {
            case 't': td_zero(x, step, alpha, discount); break;
            case 's': td_sarsa(&q, step, step[1].a, alpha, discount); break;
            case 'q': td_q_learning(&q, step, alpha, discount); break;
            default: td_expected_sarsa(&q, step, 0.2, alpha, discount);
            }
            same(x, y, n, 1e-13, "update", t);
        }
    }
}
END_TEST

START_TEST(double_updates)
{
    double x[2][S * A], y[2][S * A];
    record();
    random_table(x[0], 2 * S * A, 0);
    memcpy(y, x, sizeof x);
    td_table q1 = {S, A, world.n, x[0]}, q2 = {S, A, world.n, x[1]};
    for (int t = 0; t < steps; t++) {
        const td_transition *step = stream + t;
        int own = t % 3 == 0, best = 0;
        for (int a = 1; a < A; a++)
            best = y[own][step->next * A + a] > y[own][step->next * A + best] ? a : best;
        double target = step->r + (step->end ? 0 : discount * y[!own][step->next * A + best]);
        y[own][step->s * A + step->a] += alpha * (target - y[own][step->s * A + step->a]);
        td_double_q(&q1, &q2, !own, step, alpha, discount);
        same(x[0], y[0], 2 * S * A, 1e-14, "double", t);
    }
}
END_TEST

START_TEST(n_step_updates)
{
    record();
    for (int n = 2; n <= 5; n++) {
        double x[S * A], y[S * A];
        random_table(x, S * A, 0);
        memcpy(y, x, sizeof x);
        td_table q = {S, A, world.n, x};
        for (int t = 0; t < steps; t++) {
            int last = t + n < end_of(t) ? t + n : end_of(t);
            double g = 0;
            for (int k = last - 1; k >= t; k--)
                g = stream[k].r + discount * (k == last - 1 && last < end_of(t)
                                                  ? y[stream[last].s * A + stream[last].a]
                                                  : g);
            y[stream[t].s * A + stream[t].a] += alpha * (g - y[stream[t].s * A + stream[t].a]);
            td_n_step_sarsa(&q, stream + t, n, alpha, discount);
            same(x, y, S * A, 1e-13, "n-step", t);
        }
    }
}
END_TEST

// What the cases keep: copies, and an n-step update in the row in which its return is known.
START_TEST(rows_of_cases)
{
    double all[3 * 2] = {0}, now[2] = {1, 2};
    for (int t = 0; t < 3; t++) {
        td_keep(all, t, 2, now);
        now[t % 2] *= 10;
    }
    same(all, (double[]){1, 2, 10, 2, 10, 20}, 6, 0, "kept", 0);
    record();
    for (int i = 0; i < steps; i++)
        for (int n = 1; n < 5; n++)
            ck_assert_int_eq(td_n_step_row(stream, i, n),
                             i + n < end_of(i) ? i + n - 1 : end_of(i) - 1);
}
END_TEST

START_TEST(lambda_updates)
{
    // trace(s) = sum of (gamma lambda)^(t - k) over the visits k to s in this episode
    const double lambda = 0.7;
    double x[S], y[S], trace[S] = {0};
    record();
    random_table(x, S, 0);
    memcpy(y, x, sizeof x);
    for (int t = 0; t < steps; t++) {
        double error = target_of('t', y, t, 0) - y[stream[t].s];
        for (int k = begin_of(t); k <= t; k++)
            y[stream[k].s] += alpha * error * pow(discount * lambda, t - k);
        td_lambda(S, x, trace, stream + t, alpha, discount, lambda);
        same(x, y, S, 1e-13, "TD(lambda)", t);
        if (stream[t].end)
            same(trace, (double[S]){0}, S, 0, "trace after an end", t);
    }
}
END_TEST

// ---- Exact values ----

START_TEST(bellman)
{
    // v solves its equation, for a policy, the optimum and the best soft policy, and nothing beats the best
    double v[S], q[S * A], policy[S * A], w[S];
    record();
    for (int k = 0; k < S * A; k++)
        policy[k] = (k % A + 1) / 6.0;
    td_evaluate(&model, policy, v);
    for (int s = 0; s < S; s++) {
        double sum = 0;
        for (int a = 0; a < A; a++)
            sum += policy[s * A + a] * td_backup(&model, v, s, a);
        ck_assert_double_eq_tol(v[s], sum, 1e-14);
    }
    for (double epsilon = 0; epsilon < 1; epsilon += 0.3) {
        td_optimal(&model, epsilon, v, q);
        for (int code = 0; code < A * A * A * A;
             code++) { // every policy that has a favourite action a state
            for (int s = 0, c = code; s < S; s++, c /= A)
                for (int a = 0; a < A; a++)
                    policy[s * A + a] = epsilon / A + (a == c % A) * (1 - epsilon);
            td_evaluate(&model, policy, w);
            for (int s = 0; s < S; s++)
                ck_assert_double_le(w[s], v[s] + 1e-12);
        }
        td_soft_policy(&model, q, epsilon, policy);
        td_evaluate(&model, policy, w);
        same(w, v, S, 1e-12, "best soft policy", 0);
    }
}
END_TEST

START_TEST(environments)
{
    const double book[] = {3.5, 3.9, 4.3, 4.8, 5.3, 3.1, 3.5, 4.8, 5.3, 5.9, 2.8, 2.5, 10,
                           5.9, 6.6, 2.5, 10,  10,  10,  7.3, 2.3, 9,   10,  9,   8.1};
    double v[TD_BLACKJACK_STATES], q[2 * TD_BLACKJACK_STATES];
    td_model m = td_grid((td_rewards){-1, -10, 1, 0}, false);
    td_optimal(&m, 0, v, q);
    for (int s = 0; s < TD_GRID_STATES; s++)
        ck_assert_double_eq_tol(v[s], book[s], 0.0501);
    td_model_free(&m);
    const struct {
        td_model m;
        int s;
        double epsilon, v;
    } all[] = {{td_cliff(), TD_CLIFF_START, 0, -13},
               {td_cliff(), TD_CLIFF_START, 0.1, -20.7077},
               {td_windy(false, false), TD_WINDY_START, 0, -15},
               {td_windy(false, false), TD_WINDY_START, 0.1, -17.048},
               {td_windy(true, false), TD_WINDY_START, 0, -7},
               {td_windy(false, true), TD_WINDY_START, 0, -20.63},
               {td_windy(true, true), TD_WINDY_START, 0, -10.96}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        double u[70], w[560];
        td_optimal(&all[i].m, all[i].epsilon, u, w);
        ck_assert_double_eq_tol(u[all[i].s], all[i].v, 0.005);
        td_model_free((td_model *)&all[i].m);
    }
    const int hit_until[2][10] = {{17, 13, 13, 12, 12, 12, 17, 17, 17, 17},
                                  {19, 18, 18, 18, 18, 18, 18, 18, 19, 19}};
    m = td_blackjack();
    td_optimal(&m, 0, v, q);
    for (int s = 0; s < TD_BLACKJACK_STATES; s++)
        ck_assert_int_eq(td_best_actions(&m, q, s),
                         1 << (12 + s % 10 < hit_until[s / 100][s / 10 % 10] ? TD_HIT : TD_STICK));
    for (int s = 0; s < m.S; s++) // probabilities
        for (int a = 0; a < 2; a++) {
            double sum = 0;
            for (int k = 0; k < m.outcomes[2 * s + a]; k++)
                sum += td_chances(&m, s, a)[k].p;
            ck_assert_double_eq_tol(sum, 1, 1e-14);
        }
    td_model_free(&m);
}
END_TEST

// A lake of 4 x 4 cells, as Gymnasium's FrozenLake: the ice takes one as one wants or to either side, with a third
// each; holes (H) end the episode, and so does the goal (G), which alone pays, 1.
static td_model
frozen_lake(void)
{
    const char *cells = "SFFFFHFHFFFHHFFG";
    td_model m = td_model_new(16, 4, 3, 1, 0);
    for (int s = 0; s < 16; s++)
        for (int a = 0; a < 4 && cells[s] != 'H' && cells[s] != 'G'; a++)
            for (int side = 3; side <= 5; side++) {
                const int *move = td_moves[(a + side) % 4];
                int row = (int)fmin(fmax(s / 4 + move[0], 0), 3);
                int column = (int)fmin(fmax(s % 4 + move[1], 0), 3), next = 4 * row + column;
                td_model_add(&m, s, a, 1.0 / 3, cells[next] == 'G', next,
                             cells[next] == 'G' || cells[next] == 'H');
            }
    return m;
}

START_TEST(best_ways_that_end)
{
    // without discount it is as good to go around first, but not for ever
    double v[16], q[64];
    td_model m = frozen_lake();
    td_optimal(&m, 0, v, q);
    ck_assert_double_eq_tol(v[0], 14.0 / 17, 1e-9);
    ck_assert_double_eq(v[5], 0);
    td_model_free(&m);
    // one may wait, which is action 0, or leave and be paid: the value is 1 however long one waits
    m = td_model_new(1, 2, 1, 1, 0);
    td_model_add(&m, 0, 0, 1, 0, 0, false);
    td_model_add(&m, 0, 1, 1, 1, 0, true);
    td_optimal(&m, 0, v, q);
    ck_assert_double_eq(v[0], 1);
    ck_assert_double_eq(q[0], 1);
    td_model_free(&m);
    // 1 at once, or 0.0102 for ever, which comes to 1.02: the values must have settled before the best is taken
    m = td_model_new(2, 2, 1, 0.99, 0);
    m.n[1] = 1;
    td_model_add(&m, 0, 0, 1, 1, 0, true);
    td_model_add(&m, 0, 1, 1, 0, 1, false);
    td_model_add(&m, 1, 0, 1, 0.0102, 1, false);
    td_optimal(&m, 0, v, q);
    ck_assert_double_eq_tol(v[0], 0.99 * 1.02, 1e-12);
    td_model_free(&m);
}
END_TEST

// Whether action a of state s leads to row and column for certain.
static void
leads(const td_model *m, int columns, int s, int a, int row, int column, double r, bool end)
{
    const td_chance *c = td_chances(m, s, a);
    ck_assert_int_eq(m->outcomes[s * m->A + a], 1);
    ck_assert_msg(c->next == row * columns + column && c->r == r && c->end == end && c->p == 1,
                  "state %d, action %d", s, a);
}

static int
between(int x, int n)
{
    return x < 0 ? 0 : x > n - 1 ? n - 1 : x;
}

// Every step of every grid, by rows and columns.
START_TEST(cells)
{
    const char *zhao[] = {".....", ".##..", "..#..", ".#o#.", ".#..."}, *moves = "^>v<";
    td_model m = td_grid((td_rewards){-2, -10, 1, 0.5}, false);
    for (int s = 0; s < 25; s++)
        for (int a = 0; a < 5; a++) {
            char move = a < 4 ? moves[a] : '.';
            int i = s / 5 + (move == 'v') - (move == '^'),
                j = s % 5 + (move == '>') - (move == '<');
            bool out = i != between(i, 5) || j != between(j, 5);
            char at = zhao[between(i, 5)][between(j, 5)];
            leads(&m, 5, s, a, out ? s / 5 : i, out ? s % 5 : j,
                  out         ? -2
                  : at == 'o' ? 1
                  : at == '#' ? -10
                              : 0.5,
                  false);
        }
    td_model_free(&m);
    m = td_cliff();
    for (int s = 0; s < 48; s++)
        for (int a = 0; a < 4; a++) {
            int i = between(s / 12 + (moves[a] == 'v') - (moves[a] == '^'), 4);
            int j = between(s % 12 + (moves[a] == '>') - (moves[a] == '<'), 12);
            bool falls = i == 3 && j > 0 && j < 11;
            if (s > 36)
                ck_assert_int_eq(m.outcomes[s * 4 + a], 0);
            else
                leads(&m, 12, s, a, i, falls ? 0 : j, falls ? -100 : -1, i == 3 && j == 11);
        }
    td_model_free(&m);
}
END_TEST

// What the two grids pay for a forbidden cell: from (1,3) through two of them to the target, or around them.
START_TEST(harsh_and_mild)
{
    double v[TD_GRID_STATES];
    int actions[TD_GRID_STATES];
    td_grid_best(td_mild, 0, v, actions);
    ck_assert_double_eq_tol(v[2], -1 + 0.9 * (-1 + 0.9 * 10), 1e-12);
    ck_assert_int_eq(actions[2], 1 << 2);
    td_grid_best(td_harsh, 0, v, actions);
    ck_assert_double_eq_tol(v[2], 10 * pow(0.9, 8), 1e-12);
    ck_assert_int_eq(actions[2], 1 << 1);
    ck_assert_double_eq_tol(v[20], 10 * pow(0.9, 14), 1e-12);
}
END_TEST

START_TEST(winds)
{
    const char *all[] = {"^", ">", "v", "<", "^>", "v>", "v<", "^<"}, *wind = "0001112210";
    for (int kind = 0; kind < 4; kind++) {
        bool king = kind & 1, chance = kind & 2;
        td_model m = td_windy(king, chance);
        ck_assert_int_eq(m.A, king ? 8 : 4);
        for (int s = 0; s < 70; s++)
            for (int a = 0; a < m.A && s != 37; a++) {
                int up =
                    s / 10 + !!strchr(all[a], 'v') - !!strchr(all[a], '^') - (wind[s % 10] - '0');
                int j = between(s % 10 + !!strchr(all[a], '>') - !!strchr(all[a], '<'), 10);
                int several = chance && wind[s % 10] > '0' ? 3 : 1;
                const td_chance *c = td_chances(&m, s, a);
                ck_assert_int_eq(m.outcomes[s * m.A + a], several);
                for (int k = 0; k < several; k++) {
                    int i = between(up - (several > 1 ? k - 1 : 0), 7);
                    ck_assert_msg(c[k].next == i * 10 + j && c[k].r == -1, "%d, %d, %d", kind, s,
                                  a);
                    ck_assert(c[k].end == (i == 3 && j == 7));
                    ck_assert_double_eq_tol(c[k].p, 1.0 / several, 1e-15);
                }
            }
        td_model_free(&m);
    }
}
END_TEST

// States of blackjack by ace, dealer's card, sum; what sticking and busting pay; the cards' probabilities.
START_TEST(hands)
{
    td_model m = td_blackjack();
    int s = 0;
    double all = 0;
    for (int usable = 0; usable < 2; usable++)
        for (int dealer = 1; dealer <= 10; dealer++)
            for (int sum = 12; sum <= 21; sum++, s++) {
                double end[6], bust = 0;
                const td_chance *stick = td_chances(&m, s, TD_STICK),
                                *hit = td_chances(&m, s, TD_HIT);
                ck_assert_int_eq(td_blackjack_state(sum, dealer, usable), s);
                td_dealer(dealer, end);
                ck_assert(stick[0].r == 1 && stick[1].r == 0 && stick[2].r == -1);
                ck_assert_double_eq_tol(stick[1].p, sum < 17 ? 0 : end[sum - 17], 1e-15);
                ck_assert_double_ge(stick[0].p, end[5]);
                for (int k = 0; k < m.outcomes[2 * s + TD_HIT]; k++) {
                    ck_assert(hit[k].r == -hit[k].end);
                    bust += hit[k].end ? hit[k].p : 0;
                }
                ck_assert_double_eq_tol(bust, usable ? 0 : (sum - 8) / 13.0, 1e-12);
            }
    for (int c = 1; c <= 10; c++) {
        ck_assert_double_eq(td_card(c), (c < 10 ? 1 : 4) / 13.0);
        all += td_card(c);
    }
    ck_assert_double_eq_tol(all, 1, 1e-15);
    td_model_free(&m);
}
END_TEST

START_TEST(ties_and_actions)
{
    // equal up to rounding is equal, the lowest of them is taken; a mean is over the state's own actions
    double policy[192], v[48], q[192];
    td_model m = td_cliff();
    td_optimal(&m, 0, v, q);
    q[1] += 1e-12;
    ck_assert_int_eq(td_best_actions(&m, q, 0), 1 << 1 | 1 << 2);
    q[14 * 4 + 1] += 1e-6; // which is no rounding
    ck_assert_int_eq(td_best_actions(&m, q, 14), 1 << 1);
    td_soft_policy(&m, q, 0.2, policy);
    for (int a = 0; a < 4; a++)
        ck_assert_double_eq_tol(policy[a], a == 1 ? 0.85 : 0.05, 1e-15);
    td_model_free(&m);
    m = td_bias(1);
    td_optimal(&m, 0.1, v, q);
    ck_assert_double_eq_tol(v[0], 0.05 * -0.1, 1e-15);
    td_model_free(&m);
    m = td_random_walk(19, -1);
    td_evaluate(&m, (double[19]){1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, v);
    for (int s = 0; s < 19; s++)
        ck_assert_double_eq_tol(v[s], (s - 9) / 10.0, 1e-13);
    td_model_free(&m);
}
END_TEST

// Sutton & Barto's example 5.4: variances by hand of the ways that hit to 20 or 21, or bust.
START_TEST(ratio_squares)
{
    enum { N = TD_BLACKJACK_STATES };
    td_model m = td_blackjack();
    double target[2 * N], behaviour[2 * N], v[N], square[N];
    for (int k = 0; k < 2 * N; k++) {
        target[k] = (k % 2 == TD_STICK) == (12 + k / 2 % 10 >= 20);
        behaviour[k] = 0.5;
    }
    td_evaluate(&m, target, v);
    int s = td_blackjack_state(13, 2, true), sure = td_blackjack_state(21, 2, false);
    ck_assert_double_eq_tol(v[s], -0.27726, 1e-4); // theirs, from 100 million episodes
    td_ratio_square(&m, target, behaviour, v[s], square);
    ck_assert_double_eq_tol(square[s], 9.578, 1e-3);
    td_ratio_square(&m, target, behaviour, 0, square);
    ck_assert_double_eq_tol(square[s] - v[s] * v[s], 10.156, 1e-3);
    // sticking on 21 never loses: r^2 = r, and half of the episodes count twice
    ck_assert_double_eq_tol(square[sure], 2 * v[sure], 1e-13);
    td_model_free(&m);
}
END_TEST

// v (S) after every possible episode of the walk from s, down to a probability of 1e-13: sums of p (v - truth)^2.
static double
enumerate(bool td0, double step, int s, const double *v, int *visits, double p)
{
    enum { W = 3 };
    double sum = 0;
    if (p < 1e-13)
        return 0;
    visits[s]++;
    for (int to = s - 1; to <= s + 1; to += 2) {
        double w[W], r = to == W, next = to < 0 || to == W ? 0 : v[to];
        memcpy(w, v, sizeof w);
        if (td0)
            w[s] += step * (r + next - w[s]);
        if (to >= 0 && to < W) {
            sum += enumerate(td0, step, to, w, visits, p / 2);
            continue;
        }
        for (int k = 0; k < W; k++) {
            double last = td0 ? w[k] : r + pow(1 - step, visits[k]) * (w[k] - r);
            sum += p / 2 * pow(last - (k + 1) / 4.0, 2) / W;
        }
    }
    visits[s]--;
    return sum;
}

START_TEST(errors_by_enumeration)
{
    double v[] = {0.5, 0.5, 0.5}, error[2];
    int visits[3] = {0};
    td_model m = td_random_walk(3, 0);
    td_zero_error(&m, 0.3, 0.5, 1, error);
    ck_assert_double_eq_tol(error[0], 2 / 48.0, 1e-15);
    ck_assert_double_eq_tol(error[1], enumerate(true, 0.3, 1, v, visits, 1), 1e-6);
    td_mc_error(&m, 0.3, 0.5, 1, error);
    ck_assert_double_eq_tol(error[1], enumerate(false, 0.3, 1, v, visits, 1), 1e-6);
    td_model_free(&m);
}
END_TEST

START_TEST(mc_basic_is_value_iteration)
{
    enum { N = TD_GRID_STATES * TD_GRID_ACTIONS };
    double v[TD_GRID_STATES], q[N], learnt[N];
    td_model m = td_grid((td_rewards){-1, -10, 1, 0}, false);
    td_environment env = td_environment_of(&m);
    rng none = rng_at(0, 0);
    memset(v, 0, sizeof v);
    for (int length = 1; length <= 30; length++) {
        td_table t = {m.S, m.A, m.n, learnt};
        memset(learnt, 0, sizeof learnt);
        ck_assert_int_lt(td_mc_basic(&env, &t, length, 100, &none), 100);
        td_backups(&m, v, q);
        for (int s = 0; s < m.S; s++) {
            v[s] = -INFINITY;
            for (int a = 0; a < m.A; a++)
                v[s] = fmax(v[s], q[s * m.A + a]);
            ck_assert_double_eq_tol(td_max(&t, s), v[s], 1e-13);
        }
    }
    td_model_free(&m);
}
END_TEST

// ---- Statistics ----

// chi-square of n counts against their chances, as a z score.
static double
chi_z(int n, const double *count, const double *chance, double draws)
{
    double chi = 0;
    int free = -1;
    for (int k = 0; k < n; k++)
        if (chance[k] > 0) {
            chi += pow(count[k] - draws * chance[k], 2) / (draws * chance[k]);
            free++;
        }
    return (chi - free) / sqrt(2.0 * free);
}

START_TEST(drawing)
{
    enum { DRAWS = 30000 };
    record();
    rng r = rng_at(6, 0);
    for (int k = 0; k < S * A; k++) {
        const td_chance *c = td_chances(&model, k / A, k % A);
        double count[3] = {0}, chance[3];
        for (int i = 0; i < 3; i++)
            chance[i] = c[i].p;
        for (int i = 0; i < DRAWS; i++) {
            td_transition step = world.step(world.inside, k / A, k % A, &r);
            int found = 0;
            while (c[found].r != step.r)
                found++;
            ck_assert(c[found].next == step.next && c[found].end == step.end && step.s == k / A &&
                      step.a == k % A);
            count[found]++;
        }
        ck_assert_double_lt(chi_z(3, count, chance, DRAWS), 4);
    }
}
END_TEST

// A card, an ace as 1.
static int
deal(rng *r)
{
    int c = 1 + (int)rng_below(r, 13);
    return c > 10 ? 10 : c;
}

// A hand's best sum.
static int
best_sum(int cards, bool ace)
{
    return ace && cards <= 11 ? cards + 10 : cards;
}

// Cards are dealt as in a casino; the model's probabilities of winning and losing must fit.
START_TEST(blackjack_by_cards)
{
    enum { GAMES = 20000 };
    td_model m = td_blackjack();
    rng r = rng_at(7, 0);
    for (int dealer = 1; dealer <= 10; dealer++)
        for (int sum = 17; sum <= 20; sum++) {
            double count[3] = {0}, chance[3];
            for (int g = 0; g < GAMES; g++) {
                int cards = dealer;
                bool ace = dealer == 1;
                while (best_sum(cards, ace) < 17) {
                    int c = deal(&r);
                    cards += c;
                    ace |= c == 1;
                }
                int end = best_sum(cards, ace);
                count[end > 21 || end < sum ? 0 : end == sum ? 1 : 2]++;
            }
            for (int k = 0; k < 3; k++)
                chance[k] = td_chances(&m, td_blackjack_state(sum, dealer, false), TD_STICK)[k].p;
            ck_assert_double_lt(chi_z(3, count, chance, GAMES), 4.5);
        }
    // Hitting: from a soft 15 and a hard 15.
    for (int usable = 0; usable < 2; usable++) {
        double count[11] = {0}, chance[11] = {0};
        int s = td_blackjack_state(15, 6, usable), n = m.outcomes[2 * s + TD_HIT];
        for (int g = 0; g < GAMES; g++) {
            int c = deal(&r), cards = (usable ? 5 : 15) + c, found = 0;
            bool ace = usable || c == 1;
            int end = best_sum(cards, ace);
            int next = end > 21 ? s : td_blackjack_state(end, 6, ace && cards <= 11);
            const td_chance *o = td_chances(&m, s, TD_HIT);
            while (found < n && !(o[found].next == next && o[found].end == (end > 21)))
                found++;
            ck_assert_int_lt(found, n);
            count[found]++;
        }
        for (int k = 0; k < n; k++)
            chance[k] = td_chances(&m, s, TD_HIT)[k].p;
        ck_assert_double_lt(chi_z(n, count, chance, GAMES), 4.5);
    }
    td_model_free(&m);
}
END_TEST

// First returns from every state of blackjack under a fixed policy: one sample an episode, so that they are
// independent; the sum of 200 z^2 against chi-square.
START_TEST(monte_carlo_table)
{
    enum { N = TD_BLACKJACK_STATES, GAMES = 2000, MOST = 32 };
    td_model m = td_blackjack();
    td_environment env = td_environment_of(&m);
    double prefers[2 * N], v[N], chi = 0;
    for (int k = 0; k < 2 * N; k++)
        prefers[k] = (k % 2 == TD_STICK) == (12 + k / 2 % 10 >= 20);
    td_table policy = {N, 2, m.n, prefers};
    td_evaluate(&m, prefers, v);
    for (int s = 0; s < N; s++) {
        rng r = rng_at(8, s);
        double sum = 0, square = 0;
        for (int k = 0; k < GAMES; k++) {
            td_transition e[MOST];
            double g[MOST];
            int length = td_rollout(&env, &policy, 0, s, td_greedy(&policy, s), MOST, e, &r);
            td_returns(length, e, 1, g);
            sum += g[0];
            square += g[0] * g[0];
        }
        double mean = sum / GAMES, variance = (square / GAMES - mean * mean) / GAMES;
        chi += (mean - v[s]) * (mean - v[s]) / variance;
    }
    ck_assert_double_lt(fabs(chi - N) / sqrt(2.0 * N), 4);
    td_model_free(&m);
}
END_TEST

// One episode's ratio times return, weighted to the target, estimates the target's q.
static void
ratio_sample(rng *r, const void *context, double *value)
{
    const double *target = context;
    double uniform[S * A], zero[S * A] = {0}, ratio[T], g[T];
    td_transition e[T];
    for (int k = 0; k < S * A; k++)
        uniform[k] = 1.0 / A;
    td_table q = {S, A, world.n, zero};
    int length = td_rollout(&world, &q, 1, 1, 2, T, e, r);
    td_returns(length, e, discount, g);
    td_ratios(length, e, A, target, uniform, ratio);
    value[0] = ratio[0] * g[0];
    value[1] = g[0];
}

START_TEST(ratios_are_unbiased)
{
    double target[S * A], v[S], mean[2], error[2];
    record();
    for (int k = 0; k < S * A; k++)
        target[k] = (k % A + 1) / 6.0;
    td_evaluate(&model, target, v);
    double q = td_backup(&model, v, 1, 2);
    td_runs(9, 20000, 2, ratio_sample, target, mean, error);
    ck_assert_double_lt(fabs(mean[0] - q) / error[0], 4);
    ck_assert_double_gt(fabs(mean[1] - q) / error[1],
                        4); // without the ratio it is another policy's
}
END_TEST

// The squared error of TD(0) and Monte Carlo on the walk after 10 episodes.
static void
walk_sample(rng *r, const void *context, double *value)
{
    const td_model *m = context;
    td_environment env = td_environment_of(m);
    double v[2][5], zero[5] = {0}, g[1000];
    td_transition e[1000];
    td_table q = {5, 1, m->n, zero};
    for (int s = 0; s < 5; s++)
        v[0][s] = v[1][s] = 0.5;
    for (int k = 0; k < 10; k++) {
        int length = td_rollout(&env, &q, 0, 2, 0, 1000, e, r);
        td_returns(length, e, 1, g);
        for (int t = 0; t < length; t++) {
            td_zero(v[0], e + t, 0.1, 1);
            td_towards(v[1] + e[t].s, 0.02, g[t]);
        }
    }
    for (int i = 0; i < 2; i++) {
        value[i] = 0;
        for (int s = 0; s < 5; s++)
            value[i] += pow(v[i][s] - (s + 1) / 6.0, 2) / 5;
    }
}

// The squared errors of the batch limits of 200 episodes, times 200.
static void
batch_sample(rng *r, const void *context, double *value)
{
    enum { EPISODES = 200 };
    const td_model *m = context;
    td_environment env = td_environment_of(m);
    static _Thread_local td_transition e[EPISODES * 100];
    double td[5] = {0}, mc[5] = {0}, zero[5] = {0}, g[1000];
    int visits[5] = {0}, steps_all = 0;
    td_table q = {5, 1, m->n, zero}, mean = {5, 1, m->n, mc};
    for (int k = 0; k < EPISODES; k++) {
        td_transition *one = e + steps_all;
        int length = td_rollout(&env, &q, 0, 2, 0, 1000, one, r);
        td_returns(length, one, 1, g);
        for (int t = 0; t < length; t++)
            td_monte_carlo(&mean, visits, one, t, g[t], true);
        steps_all += length;
        ck_assert_int_lt(steps_all, (EPISODES - 10) * 100);
    }
    td_certainty_equivalence(5, td, steps_all, e, 1);
    value[0] = value[1] = 0;
    for (int s = 0; s < 5; s++) {
        value[0] += EPISODES * pow(td[s] - (s + 1) / 6.0, 2) / 5;
        value[1] += EPISODES * pow(mc[s] - (s + 1) / 6.0, 2) / 5;
    }
}

START_TEST(batch_errors)
{
    double mean[2], error[2], law[2];
    td_model m = td_random_walk(5, 0);
    td_runs(16, 4000, 2, batch_sample, &m, mean, error);
    td_batch_error(&m, &law[0], &law[1]);
    for (int i = 0; i < 2; i++) // the law is for many episodes: 1 % more for 200
        ck_assert_double_lt(fabs(mean[i] - law[i]), 4 * error[i] + 0.01 * law[i]);
    td_model_free(&m);
}
END_TEST

static void
uniform_sample(rng *r, const void *context, double *value)
{
    (void)context;
    value[0] = rng_uniform64(r);
    value[1] = 3;
}

START_TEST(runs)
{
    enum { RUNS = 70 }; // more than there are blocks, and no multiple of their number
    double mean[2], error[2], sum = 0, square = 0;
    td_runs(17, RUNS, 2, uniform_sample, NULL, mean, error);
    for (int i = 0; i < RUNS; i++) {
        rng r = rng_at(17, i);
        sum += rng_uniform64(&r) / RUNS;
    }
    for (int i = 0; i < RUNS; i++) {
        rng r = rng_at(17, i);
        square += pow(rng_uniform64(&r) - sum, 2);
    }
    ck_assert_double_eq_tol(mean[0], sum, 1e-14);
    ck_assert_double_eq_tol(error[0], sqrt(square / (RUNS - 1) / RUNS), 1e-14);
    ck_assert_double_eq(mean[1], 3);
    ck_assert_double_eq(error[1], 0);
}
END_TEST

START_TEST(distances_in_standard_errors)
{
    const double mean[] = {1, 3, 5}, error[] = {0.5, 0.25, 0}, exact[] = {2, 2.5, 5};
    ck_assert_double_eq(td_z(mean[0], error[0], exact[0]), 2);
    ck_assert_double_eq(td_z(mean[1], error[1], exact[1]), 2);
    ck_assert_double_eq(td_z(5, 0, 5), 0);
    ck_assert_double_eq(td_z(5, 0, 5.1), INFINITY);
    ck_assert_double_eq(td_worst_z(3, mean, error, exact), 2);
    ck_assert_double_eq(td_worst_z(2, mean + 1, (double[]){0.125, 0}, exact + 1), 4);
    // P(|z| > b) = erfc(b / sqrt(2)): 40 of them exceed it as rarely as one exceeds 4
    ck_assert_double_eq_tol(td_worst_bound(1), 4, 1e-12);
    ck_assert_double_eq_tol(40 * erfc(td_worst_bound(40) / sqrt(2)) / erfc(4 / sqrt(2)), 1, 0.03);
    ck_assert_double_eq_tol(td_mean_squared_error(3, mean, exact), 1.25 / 3, 1e-15);
}
END_TEST

START_TEST(noisy_rewards)
{
    enum { DRAWS = 20000 };
    td_model m = td_bias(1);
    td_environment env = td_environment_of(&m);
    rng r = rng_at(18, 0);
    double sum = 0, square = 0;
    for (int k = 0; k < DRAWS; k++) {
        double pays = env.step(env.inside, 1, k % 10, &r).r;
        sum += pays;
        square += pays * pays;
    }
    double mean = sum / DRAWS, variance = square / DRAWS - mean * mean;
    ck_assert_double_lt(fabs(mean + 0.1) * sqrt(DRAWS), 4);
    ck_assert_double_lt(fabs(variance - 1) * sqrt(DRAWS / 2.0), 4);
    m.chance[m.A].deviation = 3;
    rng again = r;
    ck_assert_double_eq_tol(env.step(env.inside, 1, 0, &r).r, -0.1 + 3 * rng_normal(&again), 1e-14);
    td_model_free(&m);
}
END_TEST

START_TEST(walks)
{
    double v[TD_WALK_STATES], exact[TD_WALK_STATES], ones[TD_WALK_STATES] = {1, 1, 1, 1, 1};
    td_transition episode[TD_WALK_LIMIT];
    td_model m = td_random_walk(TD_WALK_STATES, 0);
    td_environment env = td_environment_of(&m);
    rng r = rng_at(19, 0);
    td_walk_values(exact);
    td_evaluate(&m, ones, v);
    same(v, exact, TD_WALK_STATES, 1e-14, "values", 0);
    for (int k = 0; k < 100; k++) {
        int length = td_walk(&env, episode, TD_WALK_LIMIT, &r);
        ck_assert_int_eq(episode[0].s, TD_WALK_STATES / 2);
        for (int t = 0; t < length; t++)
            ck_assert(episode[t].end == (t == length - 1));
    }
    REFUSED(td_walk(&env, episode, 2, &r), "a walk over 5 states takes more than 2 steps");
    td_model_free(&m);
}
END_TEST

START_TEST(walk_errors)
{
    double mean[2], error[2], exact[11];
    td_model m = td_random_walk(5, 0);
    td_runs(10, 5000, 2, walk_sample, &m, mean, error);
    td_zero_error(&m, 0.1, 0.5, 10, exact);
    ck_assert_double_lt(fabs(mean[0] - exact[10]) / error[0], 4);
    td_mc_error(&m, 0.02, 0.5, 10, exact);
    ck_assert_double_lt(fabs(mean[1] - exact[10]) / error[1], 4);
    td_model_free(&m);
}
END_TEST

// ---- Control ----

// Whether the greedy path after 500 episodes on Zhao's path task has the best return.
static void
path_sample(rng *r, const void *context, double *value)
{
    td_model m = td_grid((td_rewards){-10, -10, 0, -1}, true);
    td_environment env = td_environment_of(&m);
    enum { N = TD_GRID_STATES * TD_GRID_ACTIONS };
    double q[N] = {0}, best[N], v[TD_GRID_STATES];
    td_table t = {m.S, m.A, m.n, q};
    for (int k = 0; k < 500; k++)
        td_episode(*(const td_rule *)context, &env, &t, 0.1, 0.1, r);
    td_transition e[TD_GRID_STATES];
    double g[TD_GRID_STATES];
    int length = td_rollout(&env, &t, 0, 0, td_greedy(&t, 0), TD_GRID_STATES, e, r);
    td_returns(length, e, env.gamma, g);
    td_optimal(&m, 0, v, best);
    value[0] = e[length - 1].end && fabs(g[0] - v[0]) < 1e-9;
    td_model_free(&m);
}

START_TEST(rates_of_optimal_paths)
{
    double mean, error;
    td_rule rule = TD_SARSA;
    td_runs(11, 300, 1, path_sample, &rule, &mean, &error);
    ck_assert_double_lt(fabs(mean - 0.82) / error, 4);
    rule = TD_Q_LEARNING;
    td_runs(12, 100, 1, path_sample, &rule, &mean, &error);
    ck_assert_double_eq(mean, 1);
}
END_TEST

START_TEST(episodes)
{
    // On the cliff with alpha = 1 Q-learning's greedy path becomes the optimal one of 13 steps.
    td_model m = td_cliff();
    td_environment env = td_environment_of(&m);
    double q[192] = {0};
    td_table t = {m.S, m.A, m.n, q};
    rng r = rng_at(13, 0);
    for (int k = 0; k < 500; k++)
        td_episode(TD_Q_LEARNING, &env, &t, 1, 0.1, &r);
    double kept[192];
    memcpy(kept, q, sizeof q);
    td_summary all = td_episode(TD_SARSA, &env, &t, 0, 0, &r);
    ck_assert_int_eq(all.steps, 13);
    ck_assert_double_eq(all.rewards, -13);
    ck_assert_mem_eq(kept, q, sizeof q); // a step size of 0 learns nothing
    // expected Sarsa's value of the start tends to that of the best soft policy
    double v[48], exact[192];
    memset(q, 0, sizeof q);
    for (int k = 0; k < 100000; k++)
        td_episode(TD_EXPECTED_SARSA, &env, &t, 1, 0.1, &r);
    td_optimal(&m, 0.1, v, exact);
    ck_assert_double_eq_tol(td_expected(&t, TD_CLIFF_START, 0.1), v[TD_CLIFF_START], 1e-6);
    td_model_free(&m);
    // double Q keeps the sum of its tables, and both learn
    double a[20] = {0}, b[20] = {0}, sum[20] = {0};
    m = td_bias(1);
    env = td_environment_of(&m);
    td_table q1 = {2, 10, m.n, a}, q2 = {2, 10, m.n, b}, both = {2, 10, m.n, sum};
    int left = 0;
    for (int k = 0; k < 2000; k++)
        left += td_double_episode(&env, &q1, &q2, &both, 0.1, 0.1, &r).steps == 2;
    ck_assert(left > 50 && left < 1000);
    ck_assert_double_ne(a[1], b[1]);
    for (int k = 0; k < 20; k++)
        ck_assert_double_eq_tol(sum[k], a[k] + b[k], 1e-15);
    // it acts on the sum: to the right here, though the first table says left
    a[0] = 0, a[1] = 1, b[0] = 3, b[1] = 0, sum[0] = 3, sum[1] = 1;
    ck_assert_int_eq(td_double_episode(&env, &q1, &q2, &both, 0, 0, &r).steps, 1);
    // the coin of every step is fair, and its own: left and then action 0, 400 times, are learnt by the tables in all
    // four ways
    int learnt[4] = {0};
    for (int k = 0; k < 400; k++) {
        a[0] = b[0] = sum[0] = 0;
        a[1] = b[1] = sum[1] = 1;
        for (int i = 10; i < 20; i++)
            a[i] = b[i] = sum[i] = i == 10 ? 100 : 0;
        ck_assert_int_eq(td_double_episode(&env, &q1, &q2, &both, 0.5, 0, &r).steps, 2);
        ck_assert_int_ne(a[1] != 1, b[1] != 1);
        learnt[2 * (a[1] != 1) + (a[10] != 100)]++;
    }
    for (int k = 0; k < 4; k++)
        ck_assert_double_le(fabs(learnt[k] - 100.0), 4 * sqrt(400 * 0.25 * 0.75));
    td_transition one[4]; // an episode of one step has one step
    ck_assert_int_eq(td_rollout(&env, &both, 0, 0, 0, 4, one, &r), 1);
    td_model_free(&m);
}
END_TEST

// A run of control gives what its episodes do one by one, and means of the first and the last of them.
START_TEST(control_runs)
{
    enum { EPISODES = 7 };
    double value[EPISODES + 2], v[48], exact[192], policy[192];
    td_model m = td_cliff();
    td_environment env = td_environment_of(&m);
    td_control c = {&m, TD_SARSA, 0.5, 0.1, EPISODES, 2, 3};
    rng r = rng_at(20, 0), again = r;
    td_control_run(&r, &c, value);
    td_table q = td_table_new(&m);
    for (int k = 0; k < EPISODES; k++)
        ck_assert_double_eq(value[k], td_episode(TD_SARSA, &env, &q, 0.5, 0.1, &again).rewards);
    ck_assert_double_eq_tol(value[EPISODES], (value[0] + value[1]) / 2, 1e-9);
    ck_assert_double_eq_tol(value[EPISODES + 1], (value[4] + value[5] + value[6]) / 3, 1e-9);
    td_table_free(&q);
    td_optimal(&m, 0, v, exact);
    td_soft_policy(&m, exact, 0, policy);
    ck_assert_double_eq_tol(td_policy_return(&m, policy), -13, 1e-12);
    td_model_free(&m);
}
END_TEST

START_TEST(exploring_starts)
{
    // Along a chain every pair gets its own return.
    double chain[3] = {0};
    int seen[3] = {0};
    td_model line = td_model_new(3, 1, 1, 0.5, 0);
    for (int k = 0; k < 3; k++)
        td_model_add(&line, k, 0, 1, 1 << k, k < 2 ? k + 1 : k, k == 2);
    td_environment walk = td_environment_of(&line);
    rng one = rng_at(14, 1);
    td_exploring_start(&walk, &(td_table){3, 1, line.n, chain}, seen, 0, 0, &one);
    same(chain, (double[]){3, 4, 4}, 3, 0, "exploring start", 0);
    td_model_free(&line);
    // A policy that hits on 20 and one that sticks on 12 are left; visits count first visits only.
    td_model m = td_blackjack();
    td_environment env = td_environment_of(&m);
    static double q[2 * TD_BLACKJACK_STATES];
    static int visits[2 * TD_BLACKJACK_STATES];
    td_table t = {m.S, m.A, m.n, q};
    rng r = rng_at(14, 0);
    for (int k = 0; k < 200000; k++) {
        int s = env.begin(env.inside, &r);
        td_exploring_start(&env, &t, visits, s, (int)rng_below(&r, 2), &r);
    }
    for (int dealer = 1; dealer <= 10; dealer++) {
        ck_assert_int_eq(td_greedy(&t, td_blackjack_state(20, dealer, false)), TD_STICK);
        ck_assert_int_eq(td_greedy(&t, td_blackjack_state(12, dealer, true)), TD_HIT);
    }
    for (int k = 0; k < 2 * TD_BLACKJACK_STATES; k++)
        ck_assert_int_gt(visits[k], 200);
    td_model_free(&m);
}
END_TEST

// ---- What is refused ----

START_TEST(refused)
{
    td_model m = td_grid((td_rewards){-1, -10, 1, 0}, false);
    td_environment env = td_environment_of(&m);
    static double q[125], v[48];
    static int visits[125];
    td_table t = {m.S, m.A, m.n, q};
    rng r = rng_at(15, 0);
    REFUSED((td_exploring_start(&env, &t, visits, 0, 0, &r), 0),
            "td_exploring_start: no end after 1000 steps; every greedy policy must come to one");
    REFUSED((td_model_add(&m, 2, 1, 1, 0, 0, false), 0),
            "td_model_add: state 2, action 1: more than 1 outcomes");
    td_model_free(&m);
    m = td_cliff();
    env = td_environment_of(&m);
    REFUSED(env.step(env.inside, TD_CLIFF_GOAL, 1, &r), "an environment: no action 1 in state 47");
    td_model_free(&m);
    m = td_model_new(1, 1, 1, 1, 0);
    td_model_add(&m, 0, 0, 1, -1, 0, false);
    REFUSED((td_optimal(&m, 0, v, q), 0),
            "td_optimal: no convergence in 100000 sweeps; no policy ends from every state");
    td_model_free(&m);
    m = td_model_new(1, 1, 1, 1, 0);
    td_model_add(&m, 0, 0, 1, 0, 0, false);
    REFUSED((td_optimal(&m, 0, v, q), 0),
            "td_optimal: gamma is 1, and there is a state from which no best actions end");
    td_model_free(&m);
}
END_TEST

TEST_MAIN("td", one_step_is_td, long_steps_are_monte_carlo,
          expected_sarsa_without_exploring_is_q_learning, lambda_between_td_and_monte_carlo,
          equal_policies_need_no_ratio, batch_limit_is_where_sweeps_end, means, acting,
          returns_and_visits, off_policy, one_step_updates, double_updates, n_step_updates,
          lambda_updates, rows_of_cases, cells, harsh_and_mild, winds, hands, bellman, environments,
          best_ways_that_end, errors_by_enumeration, mc_basic_is_value_iteration, drawing,
          blackjack_by_cards, monte_carlo_table, ratios_are_unbiased, walk_errors,
          rates_of_optimal_paths, ties_and_actions, ratio_squares, batch_errors, runs,
          distances_in_standard_errors, noisy_rewards, walks, control_runs, episodes,
          exploring_starts, refused)
