// The reference cases. S = 5, A = 3: a recorded stream of whole episodes, and every table after every step of it. And
// the exact tables of the chapter's worlds. All in double.
#include "td/cases.h"

#include "files/fail.h"
#include "files/table.h"
#include "frame/case.h"
#include "nets/shape.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "td/planning.h"

#include <math.h>
#include <string.h>

enum { S = 5, A = 3, K = 3, LEAST = 29, MOST = 64, SEED = 1 };

// How closely a double implementation must agree; less where a system of equations is solved.
static const double close = 1e-12, solved = 1e-9;
static const double alpha = 0.3, discount = 0.9;

// ---- The stream ----

static struct {
    int T;
    td_transition step[MOST + 1]; // one more, which no right update reads
    td_model m;
} stream;

// Whole episodes of the model under uniform actions, LEAST steps or more.
static void
record(rng *r)
{
    stream.m = td_random_model(S, A, K, discount, r);
    td_environment env = td_environment_of(&stream.m);
    double zero[S * A] = {0};
    td_table q = {S, A, env.n, zero};
    stream.T = 0;
    while (stream.T < LEAST) {
        int s = env.begin(env.inside, r), a = (int)rng_below(r, A);
        stream.T += td_rollout(&env, &q, 1, s, a, MOST - stream.T, stream.step + stream.T, r);
    }
    if (!stream.step[stream.T - 1].end)
        fail("cases: the stream has more than %d steps", MOST);
}

static void
input_number(const char *name, double x, const char *about)
{
    case_write_f8("input", name, SCALAR, &x, close, about);
}

static void
begin(const char *name, bool with_alpha)
{
    int s[MOST], a[MOST], next[MOST], end[MOST], T = stream.T;
    double r[MOST];
    for (int t = 0; t < T; t++) {
        const td_transition *step = &stream.step[t];
        s[t] = step->s;
        a[t] = step->a;
        r[t] = step->r;
        next[t] = step->next;
        end[t] = step->end;
    }
    case_begin(name);
    case_write_i4("input", "s", SHAPE(T), s, "the state of each step");
    case_write_i4("input", "a", SHAPE(T), a, "the action");
    case_write_f8("input", "r", SHAPE(T), r, close, "what it paid");
    case_write_i4("input", "next", SHAPE(T), next, "the state after; not to be valued at an end");
    case_write_i4("input", "end", SHAPE(T), end, "1 where the step ended its episode");
    input_number("gamma", discount, "the discount");
    if (with_alpha)
        input_number("alpha", alpha, "the step size");
}

// The first values, of N(0, 1): q0 (S, A) or v0 (S).
static void
first_values(const char *name, int n, double *x, uint32_t number)
{
    rng r = rng_at(SEED, number);
    for (int k = 0; k < n; k++)
        x[k] = rng_normal(&r);
    case_write_f8("input", name, n == S ? SHAPE(S) : SHAPE(S, A), x, close, "the table at first");
}

static td_table
table_at(double *q)
{
    return (td_table){S, A, stream.m.n, q};
}

// Step t begins with the table that step t - 1 left.
static double *
next_table(double *all, int t, int n, const double *first)
{
    return memcpy(all + t * n, t ? all + (t - 1) * n : first, n * sizeof *all);
}

// The action after step t; the last step ends.
static int
action_after(int t)
{
    return t + 1 < stream.T ? stream.step[t + 1].a : 0;
}

// ---- Means ----

static void
means(void)
{
    enum { N = 23 };
    double x[N], running[N], constant[N], w = 0, c = 1;
    rng r = rng_at(SEED, 1);
    for (int k = 0; k < N; k++) {
        x[k] = 1 + rng_normal(&r);
        running[k] = w = td_mean(w, k + 1, x[k]);
        td_towards(&c, alpha, x[k]);
        constant[k] = c;
    }
    case_begin("mean");
    case_write_f8("input", "x", SHAPE(N), x, close, "the samples");
    input_number("alpha", alpha, "the constant step size");
    case_write_f8("output", "w", SHAPE(N), running, close, "the mean of the samples so far");
    case_write_f8("output", "w_alpha", SHAPE(N), constant, close,
                  "with the constant step size, from 1");
    case_end();
}

static void
root(void)
{
    enum { N = 31 };
    double w[N + 1] = {3}, step[N];
    for (int k = 0; k < N; k++) {
        step[k] = 1.0 / (k + 1);
        w[k + 1] = td_robbins_monro(w[k], step[k], tanh64(w[k] - 1));
    }
    case_begin("robbins_monro");
    input_number("w1", w[0], "the first guess of the root of tanh(w - 1)");
    case_write_f8("input", "step", SHAPE(N), step, close, "the step sizes");
    case_write_f8("output", "w", SHAPE(N), w + 1, close,
                  "the guess after each step, without noise");
    case_end();
}

// ---- Updates along the stream ----

static void
td0(void)
{
    double v0[S], v[MOST * S];
    begin("td0", true);
    first_values("v0", S, v0, 2);
    for (int t = 0; t < stream.T; t++)
        td_zero(next_table(v, t, S, v0), &stream.step[t], alpha, discount);
    case_write_f8("output", "v", SHAPE(stream.T, S), v, close, "the values after every step");
    case_end();
}

static void
monte_carlo(const char *name, bool every)
{
    double zero[S * A] = {0}, g[MOST], q[MOST * S * A];
    int visits[S * A] = {0};
    begin(name, false);
    td_returns(stream.T, stream.step, discount, g);
    for (int t = 0; t < stream.T; t++) {
        td_table now = table_at(next_table(q, t, S * A, zero));
        td_monte_carlo(&now, visits, stream.step, t, g[t], every);
    }
    case_write_f8("step", "g", SHAPE(stream.T), g, close, "the return from every step");
    case_write_f8("output", "q", SHAPE(stream.T, S, A), q, close,
                  "the means of returns, after the return of every step in order");
    case_write_i4("output", "visits", SHAPE(S, A), visits, "how many returns each mean is of");
    case_end();
}

// Sarsa, expected Sarsa, Q-learning and n-step Sarsa differ in one line.
static void
action_values(const char *name)
{
    enum { N = 3 };
    const double epsilon = 0.2;
    const int n = N;
    double q0[S * A], q[MOST * S * A];
    begin(name, true);
    if (strcmp(name, "expected_sarsa") == 0)
        input_number("epsilon", epsilon, "the policy is epsilon-greedy, ties to the lowest");
    if (strcmp(name, "n_step_sarsa") == 0)
        case_write_i4("input", "n", SCALAR, &n, "the steps of a return");
    first_values("q0", S * A, q0, 3);
    for (int t = 0; t < stream.T; t++) {
        td_table now = table_at(next_table(q, t, S * A, q0));
        const td_transition *step = &stream.step[t];
        if (strcmp(name, "sarsa") == 0)
            td_sarsa(&now, step, action_after(t), alpha, discount);
        else if (strcmp(name, "expected_sarsa") == 0)
            td_expected_sarsa(&now, step, epsilon, alpha, discount);
        else if (strcmp(name, "q_learning") == 0)
            td_q_learning(&now, step, alpha, discount);
        else
            td_n_step_sarsa(&now, step, N, alpha, discount);
    }
    case_write_f8("output", "q", SHAPE(stream.T, S, A), q, close, "the values after every step");
    case_end();
}

static void
two_tables(void)
{
    double q0[2][S * A], q1[MOST * S * A], q2[MOST * S * A];
    int coin[MOST];
    rng r = rng_at(SEED, 4);
    for (int t = 0; t < stream.T; t++)
        coin[t] = (int)rng_below(&r, 2);
    begin("double_q", true);
    case_write_i4("input", "coin", SHAPE(stream.T), coin, "1: q1 learns from this step, 0: q2");
    first_values("q1_first", S * A, q0[0], 5);
    first_values("q2_first", S * A, q0[1], 9);
    for (int t = 0; t < stream.T; t++) {
        td_table now1 = table_at(next_table(q1, t, S * A, q0[0]));
        td_table now2 = table_at(next_table(q2, t, S * A, q0[1]));
        td_double_q(&now1, &now2, coin[t], &stream.step[t], alpha, discount);
    }
    case_write_f8("output", "q1", SHAPE(stream.T, S, A), q1, close,
                  "the first table after every step");
    case_write_f8("output", "q2", SHAPE(stream.T, S, A), q2, close,
                  "the second table after every step");
    case_end();
}

static void
lambda(void)
{
    const double decay = 0.7;
    double v0[S], zero[S] = {0}, v[MOST * S], trace[MOST * S];
    begin("td_lambda", true);
    input_number("lambda", decay, "the decay of the traces");
    first_values("v0", S, v0, 6);
    for (int t = 0; t < stream.T; t++)
        td_lambda(S, next_table(v, t, S, v0), next_table(trace, t, S, zero), &stream.step[t], alpha,
                  discount, decay);
    case_write_f8("step", "trace", SHAPE(stream.T, S), trace, close,
                  "the traces as a step leaves them: decayed, all 0 after an end");
    case_write_f8("output", "v", SHAPE(stream.T, S), v, close, "the values after every step");
    case_end();
}

static void
off_policy(void)
{
    double target[S * A], behaviour[S * A], zero[S * A] = {0}, g[MOST], ratio[MOST];
    double ordinary[MOST * S * A], weighted[MOST * S * A], count[S * A] = {0}, sum[S * A] = {0};
    rng r = rng_at(SEED, 7);
    for (int s = 0; s < S; s++) {
        double all = 0;
        for (int a = 0; a < A; a++)
            all += target[s * A + a] = s == 2 && a == 0 ? 0 : 0.2 + rng_uniform64(&r);
        for (int a = 0; a < A; a++) {
            target[s * A + a] /= all;
            behaviour[s * A + a] = 1.0 / A;
        }
    }
    begin("off_policy_mc", false);
    case_write_f8("input", "target", SHAPE(S, A), target, close, "the policy to be valued");
    case_write_f8("input", "behaviour", SHAPE(S, A), behaviour, close, "the policy that acted");
    td_returns(stream.T, stream.step, discount, g);
    td_ratios(stream.T, stream.step, A, target, behaviour, ratio);
    for (int t = 0; t < stream.T; t++) {
        td_table o = table_at(next_table(ordinary, t, S * A, zero));
        td_table w = table_at(next_table(weighted, t, S * A, zero));
        td_off_policy_mc(&o, count, &stream.step[t], ratio[t], g[t], false);
        td_off_policy_mc(&w, sum, &stream.step[t], ratio[t], g[t], true);
    }
    case_write_f8("step", "g", SHAPE(stream.T), g, close, "the return from every step");
    case_write_f8("step", "ratio", SHAPE(stream.T), ratio, close,
                  "target / behaviour, multiplied over the later steps of the episode");
    case_write_f8("output", "ordinary", SHAPE(stream.T, S, A), ordinary, close,
                  "means of ratio g over every visit, after every step");
    case_write_f8("output", "weighted", SHAPE(stream.T, S, A), weighted, close,
                  "sum(ratio g) / sum(ratio) over every visit, 0 as long as that sum is 0");
    case_end();
}

static void
batch_limits(void)
{
    double v[S], g[MOST], mc[S] = {0};
    int visits[S] = {0};
    td_table q = {S, 1, stream.m.n, mc};
    begin("batch", false);
    first_values("v0", S, v, 8);
    td_certainty_equivalence(S, v, stream.T, stream.step, discount);
    td_returns(stream.T, stream.step, discount, g);
    for (int t = 0; t < stream.T; t++) {
        td_transition one = stream.step[t];
        one.a = 0;
        td_monte_carlo(&q, visits, &one, 0, g[t], true);
    }
    case_write_f8("output", "td", SHAPE(S), v, close, "where TD(0) on this batch ends, from v0");
    case_write_f8("output", "mc", SHAPE(S), mc, close, "the mean return of every visit to a state");
    case_end();
}

// ---- Exact tables ----

// v, q and the masks of best actions with epsilon of the actions at random; epsilon = 0: the optimum.
static void
publish_best(const td_model *m, double epsilon, const char *suffix)
{
    double v[m->S], q[m->S * m->A];
    int best[m->S];
    char name[3][32];
    const char *const kind[] = {"v", "q", "best"};
    for (int i = 0; i < 3; i++)
        strcat(strcpy(name[i], kind[i]), suffix);
    td_optimal(m, epsilon, v, q);
    for (int s = 0; s < m->S; s++)
        best[s] = m->outcomes[s * m->A] ? td_best_actions(m, q, s) : 0;
    case_write_f8("output", name[0], SHAPE(m->S), v, solved, "the values of the best policy");
    case_write_f8("output", name[1], SHAPE(m->S, m->A), q, solved, "of its actions");
    case_write_i4("output", name[2], SHAPE(m->S), best,
                  "all best actions: bit a for action a; 0: an end");
}

// The optimal policy (lowest best action) with epsilon of the actions at random.
static void
publish_consistent(const td_model *m, double epsilon)
{
    double v[m->S], q[m->S * m->A], policy[m->S * m->A];
    td_optimal(m, 0, v, q);
    td_soft_policy(m, q, epsilon, policy);
    td_evaluate(m, policy, v);
    case_write_f8("output", "v_consistent", SHAPE(m->S), v, solved,
                  "of the optimal policy, its lowest best actions made epsilon-greedy");
}

static void
exact_world(const char *name, td_model m, double epsilon, const char *about)
{
    case_begin(name);
    input_number("epsilon", epsilon, about);
    publish_best(&m, 0, "_optimal");
    publish_best(&m, epsilon, "_soft");
    publish_consistent(&m, epsilon);
    case_end();
    td_model_free(&m);
}

static void
fixed_points(void)
{
    td_model *m = &stream.m;
    double p[S * A * K], r[S * A * K], policy[S * A], v[S], q[S * A];
    int next[S * A * K], end[S * A * K];
    const double epsilon = 0.2;
    for (int k = 0; k < S * A * K; k++) {
        const td_chance *c = &m->chance[k];
        p[k] = c->p;
        r[k] = c->r;
        next[k] = c->next;
        end[k] = c->end;
    }
    for (int k = 0; k < S * A; k++)
        policy[k] = k % A == 0 ? 0.5 : 0.25;
    case_begin("fixed_points");
    input_number("gamma", discount, "the discount");
    input_number("epsilon", epsilon, "of the actions at random");
    case_write_f8("input", "p", SHAPE(S, A, K), p, close, "the probabilities of the outcomes");
    case_write_f8("input", "r", SHAPE(S, A, K), r, close, "what they pay");
    case_write_i4("input", "next", SHAPE(S, A, K), next, "where they lead");
    case_write_i4("input", "end", SHAPE(S, A, K), end, "1 where they end the episode");
    case_write_f8("input", "policy", SHAPE(S, A), policy, close, "a policy to be valued");
    td_evaluate(m, policy, v);
    td_backups(m, v, q);
    case_write_f8("output", "v_policy", SHAPE(S), v, solved, "what TD(0) and MC tend to");
    case_write_f8("output", "q_policy", SHAPE(S, A), q, solved, "what Sarsa and MC tend to");
    publish_best(m, 0, "_optimal");
    publish_best(m, epsilon, "_soft");
    case_end();
}

static void
walk_errors(void)
{
    enum { N = 11 };
    const double a[] = {0.1, 0.02};
    double td[N], mc[N], law[2];
    td_model m = td_random_walk(5, 0);
    case_begin("random_walk");
    input_number("alpha_td", a[0], "the step size of TD(0)");
    input_number("alpha_mc", a[1], "the step size of Monte Carlo, every visit");
    td_zero_error(&m, a[0], 0.5, N - 1, td);
    td_mc_error(&m, a[1], 0.5, N - 1, mc);
    td_batch_error(&m, &law[0], &law[1]);
    case_write_f8("output", "mse_td", SHAPE(N), td, solved,
                  "expected mean squared error after 0..10 episodes");
    case_write_f8("output", "mse_mc", SHAPE(N), mc, solved,
                  "expected mean squared error after 0..10 episodes");
    case_write_f8("output", "batch", SHAPE(2), law, solved,
                  "episodes times the mean squared error of batch TD and MC, for many episodes");
    case_end();
    td_model_free(&m);
}

static void
cards(void)
{
    enum { N = TD_BLACKJACK_STATES };
    td_model m = td_blackjack();
    double target[2 * N], behaviour[2 * N], v[N], first[N], second[N];
    for (int k = 0; k < 2 * N; k++) {
        bool sticks = 12 + k / 2 % 10 >= 20;
        target[k] = (k % 2 == TD_STICK) == sticks;
        behaviour[k] = 0.5;
    }
    case_begin("blackjack");
    publish_best(&m, 0, "_optimal");
    td_evaluate(&m, target, v);
    td_ratio_square(&m, target, behaviour, 0, first);
    for (int s = 0; s < N; s++) {
        double square[N];
        td_ratio_square(&m, target, behaviour, v[s], square);
        second[s] = square[s];
        first[s] -= v[s] * v[s];
    }
    case_write_f8("output", "v_stick_on_20", SHAPE(N), v, solved, "of sticking on 20 and 21 only");
    case_write_f8("output", "variance_ordinary", SHAPE(N), first, solved,
                  "of one episode's ratio g, for this target and uniform behaviour");
    case_write_f8("output", "variance_weighted", SHAPE(N), second, solved,
                  "of ratio (g - v), to which episodes times the error of weighted sampling tends");
    case_end();
    td_model_free(&m);
}

void
td_cases(void)
{
    rng r = rng_at(SEED, 0);
    means();
    root();
    record(&r);
    td0();
    monte_carlo("mc_first_visit", false);
    monte_carlo("mc_every_visit", true);
    action_values("sarsa");
    action_values("expected_sarsa");
    action_values("q_learning");
    action_values("n_step_sarsa");
    two_tables();
    lambda();
    off_policy();
    batch_limits();
    fixed_points();
    td_model_free(&stream.m);
    exact_world(
        "grid", td_grid((td_rewards){-1, -10, 1, 0}, false), 0.2,
        "Zhao's grid, 25 cells in rows; forbidden -10, edge -1, target 1, else 0; gamma 0.9");
    exact_world("grid_mild", td_grid((td_rewards){-1, -1, 1, 0}, false), 0.1,
                "the same with forbidden -1");
    exact_world("cliff", td_cliff(), 0.1, "the cliff, 48 cells in rows; see environments.h");
    exact_world("windy", td_windy(false, false), 0.1, "the windy grid, 70 cells, four moves");
    exact_world("windy_king_chance", td_windy(true, true), 0.1,
                "the same with king's moves and wind of chance");
    walk_errors();
    cards();
}
