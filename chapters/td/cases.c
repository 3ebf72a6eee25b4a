// The reference cases. S = 5, A = 3: a recorded stream of whole episodes, and every table after every step of it. And
// the exact tables of the chapter's worlds. All in double.
#include "td/cases.h"

#include "files/fail.h"
#include "frame/case.h"
#include "nets/shape.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "td/planning.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { S = 5, A = 3, K = 3, LEAST = 29, MOST = 64, SEED = 1 };

// How closely a double implementation must agree; less where a system of equations is solved.
static const double close = 1e-12, solved = 1e-9;
static const double alpha = 0.3, discount = 0.9;

// ---- The stream ----

static struct {
    int T;
    td_transition step[MOST + 4]; // behind the last, which no right update reads, all end
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
    for (int t = stream.T; t < MOST + 4; t++)
        stream.step[t].end = true;
}

static const char *const order_of_actions = "where a maximum has ties the lowest action is taken";

// Begins a case over the stream, which is its input.
static void
begin(const char *name, bool with_alpha, const char *about)
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
    case_begin(name, about);
    case_convention("states and actions count from 0; row t of a table with time is the table "
                    "after step t, with "
                    "all that is learnt from it");
    case_convention(
        "the action after a step is that of the next row; where end is 1 there is none, and `next` "
        "has no value");
    case_input_i4("s", SHAPE(T), s, "the state of each step");
    case_input_i4("a", SHAPE(T), a, "the action");
    case_input_f8("r", SHAPE(T), r, "what it paid");
    case_input_i4("next", SHAPE(T), next, "the state after; not to be valued at an end");
    case_input_i4("end", SHAPE(T), end, "1 where the step ended its episode");
    case_number("gamma", discount, "the discount");
    if (with_alpha)
        case_number("alpha", alpha, "the step size");
}

// The first values, of N(0, 1): q0 (S, A) or v0 (S).
static void
first_values(const char *name, int n, double *x, uint32_t number)
{
    rng r = rng_at(SEED, number);
    for (int k = 0; k < n; k++)
        x[k] = rng_normal(&r);
    case_input_f8(name, n == S ? SHAPE(S) : SHAPE(S, A), x, "the table at first");
}

static td_table
table_at(double *q)
{
    return (td_table){S, A, stream.m.n, q};
}

void
td_keep(double *all, int t, int n, const double *table)
{
    memcpy(all + t * n, table, n * sizeof *all);
}

int
td_n_step_row(const td_transition *steps, int i, int n)
{
    int t = i;
    while (t < i + n - 1 && !steps[t].end)
        t++;
    return t;
}

// The action after step t; the last step ends.
static int
action_after(int t)
{
    return t + 1 < stream.T ? stream.step[t + 1].a : 0;
}

static void
write_tables(const char *name, const char *from, const double *all, const char *about)
{
    case_time(0, CASE_FORWARD);
    case_write_f8("output", name, from, SHAPE(stream.T, S, A), all, close, about);
    case_time_none();
}

static void
write_values(const char *role, const char *name, const char *from, const double *all,
             const char *about)
{
    case_time(0, CASE_FORWARD);
    case_write_f8(role, name, from, SHAPE(stream.T, S), all, close, about);
    case_time_none();
}

// The returns, which are computed from the end.
static void
write_returns(const double *g)
{
    case_time(0, CASE_BACKWARD);
    case_write_f8("step", "g", "g[t+1]", SHAPE(stream.T), g, close,
                  "the return from every step: r + gamma g(t+1), at an end r");
    case_time_none();
}

// ---- Means ----

static void
means(void)
{
    enum { N = 23 };
    const double first = 1;
    double x[N], running[N], constant[N], w = 0, c = first;
    rng r = rng_at(SEED, 1);
    for (int k = 0; k < N; k++) {
        x[k] = 1 + rng_normal(&r);
        running[k] = w = td_mean(w, k + 1, x[k]);
        td_towards(&c, alpha, x[k]);
        constant[k] = c;
    }
    case_begin("mean", "The mean of samples as they come, and the same with a constant step size.");
    case_convention("sample k counts from 1: the step sizes of w are 1, 1/2, 1/3 ...");
    case_input_f8("x", SHAPE(N), x, "the samples");
    case_number("alpha", alpha, "the constant step size");
    case_number("first", first, "w_alpha before the first sample");
    case_time(0, CASE_FORWARD);
    case_write_f8("output", "w", "w[t-1]", SHAPE(N), running, close,
                  "the mean of the samples so far");
    case_write_f8("output", "w_alpha", "w_alpha[t-1]", SHAPE(N), constant, close,
                  "w_alpha + alpha (x - w_alpha)");
    case_end();
}

static void
root(void)
{
    enum { N = 31 };
    double w[N + 1] = {3}, step[N], g[N];
    for (int k = 0; k < N; k++) {
        step[k] = 1.0 / (k + 1);
        g[k] = tanh64(w[k] - 1);
        w[k + 1] = td_robbins_monro(w[k], step[k], g[k]);
    }
    case_begin("robbins_monro",
               "The root of g(w) = tanh(w - 1) by Robbins and Monro's steps, without noise.");
    case_number("w1", w[0], "the first guess");
    case_input_f8("step", SHAPE(N), step, "the step sizes");
    case_time(0, CASE_FORWARD);
    case_write_f8("step", "g", "w[t-1]", SHAPE(N), g, close,
                  "tanh(w - 1) of the guess before the step");
    case_write_f8("output", "w", "w[t-1] g", SHAPE(N), w + 1, close,
                  "the guess after the step: w - step g");
    case_end();
}

// ---- Updates along the stream ----

static void
td0(void)
{
    double v[S], all[MOST * S];
    begin("td0", true, "TD(0): the values of states, learnt along a stream of steps.");
    first_values("v0", S, v, 2);
    for (int t = 0; t < stream.T; t++) {
        td_zero(v, &stream.step[t], alpha, discount);
        td_keep(all, t, S, v);
    }
    write_values("output", "v", "v[t-1]", all, "the values after every step");
    case_end();
}

static void
monte_carlo(const char *name, bool every)
{
    double q[S * A] = {0}, g[MOST], all[MOST * S * A];
    int visits[S * A] = {0};
    td_table now = table_at(q);
    begin(name, false,
          every ? "Monte Carlo, every visit: means of returns."
                : "Monte Carlo, first visits: means of returns.");
    case_convention(
        "all values are 0 at first; the return of a step is used in place of the step, in order");
    case_convention(every ? "every visit to a state and action counts"
                          : "only the first visit of an episode to a state and action counts");
    td_returns(stream.T, stream.step, discount, g);
    for (int t = 0; t < stream.T; t++) {
        td_monte_carlo(&now, visits, stream.step, t, g[t], every);
        td_keep(all, t, S * A, q);
    }
    write_returns(g);
    case_write_i4("step", "visits", "", SHAPE(S, A), visits,
                  "how many returns each mean is of, in the end");
    write_tables("q", "g q[t-1]", all,
                 "the means of returns, after the return of every step in order");
    case_end();
}

// Sarsa, expected Sarsa, Q-learning and n-step Sarsa differ in one line.
static void
action_values(const char *name, const char *about)
{
    enum { N = 3 };
    const double epsilon = 0.2;
    bool expected = strcmp(name, "expected_sarsa") == 0,
         several = strcmp(name, "n_step_sarsa") == 0;
    double q[S * A], all[MOST * S * A];
    td_table now = table_at(q);
    int made = 0;
    begin(name, true, about);
    if (expected)
        case_number("epsilon", epsilon,
                    "the policy is epsilon-greedy on q; a random action may be the greedy one");
    if (expected || strcmp(name, "q_learning") == 0)
        case_convention(order_of_actions);
    if (several) {
        case_scalar("n", N, "the steps of a return");
        case_convention(
            "the update of step i is made when its return is known, as in Sutton and Barto's "
            "program: "
            "it is in row i + n - 1, or in that of the end of its episode if that is earlier");
    }
    first_values("q0", S * A, q, 3);
    for (int t = 0; t < stream.T; t++) {
        const td_transition *step = &stream.step[t];
        if (strcmp(name, "sarsa") == 0)
            td_sarsa(&now, step, action_after(t), alpha, discount);
        else if (expected)
            td_expected_sarsa(&now, step, epsilon, alpha, discount);
        else if (strcmp(name, "q_learning") == 0)
            td_q_learning(&now, step, alpha, discount);
        else
            for (; made < stream.T && td_n_step_row(stream.step, made, N) <= t; made++)
                td_n_step_sarsa(&now, stream.step + made, N, alpha, discount);
        td_keep(all, t, S * A, q);
    }
    write_tables("q", "q[t-1]", all, "the values after every step");
    case_end();
}

static void
two_tables(void)
{
    double q[2][S * A], q1[MOST * S * A], q2[MOST * S * A];
    td_table now1 = table_at(q[0]), now2 = table_at(q[1]);
    int coin[MOST];
    rng r = rng_at(SEED, 4);
    for (int t = 0; t < stream.T; t++)
        coin[t] = (int)rng_below(&r, 2);
    begin("double_q", true, "Double Q-learning: one of two tables learns from each step.");
    case_convention(order_of_actions);
    case_input_i4("coin", SHAPE(stream.T), coin, "1: q1 learns from this step, 0: q2");
    first_values("q1_first", S * A, q[0], 5);
    first_values("q2_first", S * A, q[1], 9);
    for (int t = 0; t < stream.T; t++) {
        td_double_q(&now1, &now2, coin[t], &stream.step[t], alpha, discount);
        td_keep(q1, t, S * A, q[0]);
        td_keep(q2, t, S * A, q[1]);
    }
    write_tables("q1", "q1[t-1] q2[t-1]", q1, "the first table after every step");
    write_tables("q2", "q2[t-1] q1[t-1]", q2, "the second table after every step");
    case_end();
}

static void
lambda(void)
{
    const double decay = 0.7;
    double v[S], trace[S] = {0}, all[MOST * S], traces[MOST * S];
    begin("td_lambda", true,
          "TD(lambda) with accumulating traces: the values of states along a stream of steps.");
    case_convention("a step adds 1 to the trace of its state, then moves all values, then all "
                    "traces decay by gamma "
                    "lambda; they are 0 at first and after an end");
    case_number("lambda", decay, "the decay of the traces");
    first_values("v0", S, v, 6);
    for (int t = 0; t < stream.T; t++) {
        td_lambda(S, v, trace, &stream.step[t], alpha, discount, decay);
        td_keep(all, t, S, v);
        td_keep(traces, t, S, trace);
    }
    write_values("step", "trace", "trace[t-1]", traces,
                 "the traces as a step leaves them: decayed, all 0 after an end");
    write_values("output", "v", "v[t-1] trace[t-1]", all, "the values after every step");
    case_end();
}

static void
off_policy(void)
{
    double target[S * A], behaviour[S * A], g[MOST], ratio[MOST];
    double ordinary[S * A] = {0}, weighted[S * A] = {0}, count[S * A] = {0}, sum[S * A] = {0};
    double all_ordinary[MOST * S * A], all_weighted[MOST * S * A];
    td_table o = table_at(ordinary), w = table_at(weighted);
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
    begin("off_policy_mc", false,
          "Off-policy Monte Carlo: means of returns, weighted by ordinary and by weighted "
          "importance sampling.");
    case_convention("all values are 0 at first; the return of a step is used in place of the step, "
                    "in order; every "
                    "visit counts");
    case_input_f8("target", SHAPE(S, A), target, "the policy to be valued");
    case_input_f8("behaviour", SHAPE(S, A), behaviour, "the policy that acted");
    td_returns(stream.T, stream.step, discount, g);
    td_ratios(stream.T, stream.step, A, target, behaviour, ratio);
    for (int t = 0; t < stream.T; t++) {
        td_off_policy_mc(&o, count, &stream.step[t], ratio[t], g[t], false);
        td_off_policy_mc(&w, sum, &stream.step[t], ratio[t], g[t], true);
        td_keep(all_ordinary, t, S * A, ordinary);
        td_keep(all_weighted, t, S * A, weighted);
    }
    write_returns(g);
    case_time(0, CASE_BACKWARD);
    case_write_f8("step", "ratio", "ratio[t+1]", SHAPE(stream.T), ratio, close,
                  "target / behaviour, multiplied over the later steps of the episode");
    write_tables("ordinary", "ratio g ordinary[t-1]", all_ordinary,
                 "means of ratio g over every visit, after every step");
    write_tables("weighted", "ratio[:t+1] g weighted[t-1]", all_weighted,
                 "sum(ratio g) / sum(ratio) over every visit, 0 as long as that sum is 0");
    case_end();
}

static void
batch_limits(void)
{
    double v[S], g[MOST], mc[S] = {0};
    int visits[S] = {0};
    td_table q = {S, 1, stream.m.n, mc};
    begin("batch", false,
          "Where TD(0) and Monte Carlo end if they see the same stream again and again: the values "
          "of states.");
    case_convention("a state without a step would keep its first value");
    first_values("v0", S, v, 8);
    td_certainty_equivalence(S, v, stream.T, stream.step, discount);
    td_returns(stream.T, stream.step, discount, g);
    for (int t = 0; t < stream.T; t++) {
        td_transition one = stream.step[t];
        one.a = 0;
        td_monte_carlo(&q, visits, &one, 0, g[t], true);
    }
    write_returns(g);
    case_write_f8("output", "td", "", SHAPE(S), v, close,
                  "where TD(0) on this batch ends, from v0");
    case_write_f8("output", "mc", "g", SHAPE(S), mc, close,
                  "the mean return of every visit to a state");
    case_end();
}

// ---- Exact tables ----

static const char *const masks = "best_...: all best actions, whose q is within 1e-9 of the "
                                 "largest: bit a for action a; 0 where no action is "
                                 "taken, and there values are 0";
static const char *const softness = "..._soft is the best of all policies that take each of the n "
                                    "actions with probability epsilon / n or more";

// v, q and the masks of best actions with epsilon of the actions at random; epsilon = 0: the optimum. `from`: the
// world.
static void
publish_best(const td_model *m, double epsilon, const char *suffix, const char *from)
{
    double v[m->S], q[m->S * m->A];
    int best[m->S];
    char name[3][32], with_v[64];
    const char *const kind[] = {"v", "q", "best"};
    for (int i = 0; i < 3; i++)
        strcat(strcpy(name[i], kind[i]), suffix);
    snprintf(with_v, sizeof with_v, "%s %s", name[0], from);
    td_optimal(m, epsilon, v, q);
    for (int s = 0; s < m->S; s++)
        best[s] = m->outcomes[s * m->A] ? td_best_actions(m, q, s) : 0;
    case_write_f8("output", name[0], from, SHAPE(m->S), v, solved, "the values of the best policy");
    case_write_f8("output", name[1], with_v, SHAPE(m->S, m->A), q, solved, "of its actions");
    case_write_i4("output", name[2], name[1], SHAPE(m->S), best,
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
    case_write_f8("output", "v_consistent", "best_optimal next r end", SHAPE(m->S), v, solved,
                  "of the optimal policy, its lowest best actions made epsilon-greedy");
}

// What can happen, outcome by outcome: an action with one outcome has it m->K times.
static void
publish_world(const td_model *m)
{
    double next[m->S * m->A * m->K], r[m->S * m->A * m->K], end[m->S * m->A * m->K];
    shape s = m->K == 1 ? SHAPE(m->S, m->A) : SHAPE(m->S, m->A, m->K);
    for (int k = 0; k < m->S * m->A * m->K; k++) {
        int action = k / m->K, n = m->outcomes[action];
        const td_chance *c = &m->chance[n == 1 ? action * m->K : k];
        next[k] = n ? c->next : NAN;
        r[k] = n ? c->r : NAN;
        end[k] = n ? c->end : NAN;
    }
    case_write_f8("step", "next", "", s, next, close, "the state after each action");
    case_write_f8("step", "end", "next", s, end, close,
                  "1 where it ends the episode, and the state after has no value");
    case_write_f8("step", "r", "next", s, r, close, "what it pays");
}

// A grid's inputs are written between its begin and its end.
static void
begin_grid(const char *name, const char *about, int rows, int columns, int actions, double gamma,
           double epsilon)
{
    case_begin(name, about);
    case_convention("state row * columns + column: cells in rows from the top left, from 0");
    case_convention(masks);
    case_convention(softness);
    case_convention("v_consistent is of the policy that takes the lowest best action of the "
                    "optimum with probability "
                    "1 - epsilon, and else any, this one too, with equal probability");
    case_convention("next, end and r do not count where no action is taken");
    case_scalar("rows", rows, "of the grid");
    case_scalar("columns", columns, "of the grid");
    case_number("gamma", gamma, "the discount");
    case_number("epsilon", epsilon, "of the actions at random");
    case_input_i4(
        "moves", SHAPE(actions, 2), td_moves[0],
        actions == 8
            ? "by how many rows and columns each action moves: up, right, down, left, up-right, "
              "down-right, down-left, up-left"
            : "by how many rows and columns each action moves: up, right, down, left");
}

static void
end_grid(td_model m, double epsilon)
{
    publish_world(&m);
    publish_best(&m, 0, "_optimal", "next r end");
    publish_best(&m, epsilon, "_soft", "next r end");
    publish_consistent(&m, epsilon);
    case_end();
    td_model_free(&m);
}

static void
grid(const char *name, td_rewards pay, double epsilon)
{
    td_model m = td_grid(pay, false);
    int forbidden[TD_GRID_STATES];
    for (int s = 0; s < TD_GRID_STATES; s++)
        forbidden[s] = td_grid_forbidden(s);
    begin_grid(name, "Zhao's grid: exact values and best actions.", TD_GRID_SIDE, TD_GRID_SIDE, 4,
               m.gamma, epsilon);
    case_convention(
        "action 4 stays; a step over the edge stays, too, and pays `edge`, also in a forbidden "
        "cell or in "
        "the target; every other step pays for the cell that it comes to; nothing ends");
    case_input_i4("forbidden", SHAPE(TD_GRID_SIDE, TD_GRID_SIDE), forbidden,
                  "1: a forbidden cell, which can be entered");
    case_scalar("goal", TD_GRID_TARGET, "the target's state");
    case_number("edge", pay.boundary, "what a step over the edge pays");
    case_number("in_forbidden", pay.forbidden,
                "what a step into, or a stay in, a forbidden cell pays");
    case_number("in_goal", pay.target, "what a step into, or a stay in, the target pays");
    case_number("elsewhere", pay.other, "what any other step pays");
    end_grid(m, epsilon);
}

static void
cliff(void)
{
    const double epsilon = 0.1;
    td_model m = td_cliff();
    begin_grid("cliff", "Sutton and Barto's cliff (example 6.6): exact values and best actions.",
               TD_CLIFF_ROWS, TD_CLIFF_COLUMNS, 4, m.gamma, epsilon);
    case_convention("the cliff is the bottom row between start and goal; a step into it pays "
                    "`fall` and goes back to the "
                    "start, without an end; a step over the edge stays; a step into the goal ends");
    case_convention("no action is taken in the cliff and in the goal");
    case_scalar("start", TD_CLIFF_START, "S");
    case_scalar("goal", TD_CLIFF_GOAL, "G");
    case_number("step_pays", -1, "what every other step pays");
    case_number("fall", -100, "what a step into the cliff pays");
    end_grid(m, epsilon);
}

static void
windy(const char *name, bool king, bool chance)
{
    const double epsilon = 0.1;
    td_model m = td_windy(king, chance);
    begin_grid(name,
               chance
                   ? "Sutton and Barto's windy grid with king's moves and wind of chance: exact "
                     "values and best "
                     "actions."
                   : "Sutton and Barto's windy grid (example 6.5): exact values and best actions.",
               TD_WINDY_ROWS, TD_WINDY_COLUMNS, king ? 8 : 4, m.gamma, epsilon);
    case_convention(
        "a step is a move and the wind of the column that it leaves, upwards; row and column then "
        "are cut "
        "to the grid; a step that comes to the goal ends; no action is taken in the goal");
    if (chance)
        case_convention("where there is wind it is one weaker, as it is, or one stronger, with a "
                        "third each: the last "
                        "axis of next, end and r; without wind all three are alike");
    case_input_i4("wind", SHAPE(TD_WINDY_COLUMNS), td_winds, "by how many rows each column blows");
    case_scalar("start", TD_WINDY_START, "S");
    case_scalar("goal", TD_WINDY_GOAL, "G");
    case_number("step_pays", -1, "what every step pays");
    end_grid(m, epsilon);
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
    case_begin(
        "fixed_points",
        "Where the methods tend to on a small random world: solutions of Bellman's equations.");
    case_convention("the last axis of p, r, next and end is that of the outcomes of one action");
    case_convention(masks);
    case_convention(softness);
    case_number("gamma", discount, "the discount");
    case_number("epsilon", epsilon, "of the actions at random");
    case_input_f8("p", SHAPE(S, A, K), p, "the probabilities of the outcomes");
    case_input_f8("r", SHAPE(S, A, K), r, "what they pay");
    case_input_i4("next", SHAPE(S, A, K), next, "where they lead");
    case_input_i4("end", SHAPE(S, A, K), end, "1 where they end the episode");
    case_input_f8("policy", SHAPE(S, A), policy, "a policy to be valued");
    td_evaluate(m, policy, v);
    td_backups(m, v, q);
    case_write_f8("output", "v_policy", "", SHAPE(S), v, solved, "what TD(0) and MC tend to");
    case_write_f8("output", "q_policy", "v_policy", SHAPE(S, A), q, solved,
                  "what Sarsa and MC tend to");
    publish_best(m, 0, "_optimal", "");
    publish_best(m, epsilon, "_soft", "");
    case_end();
}

static void
walk_errors(void)
{
    enum { N = 11, STATES = 5 };
    const double a[] = {0.1, 0.02}, v0 = 0.5, left = 0;
    double td[N], mc[N], law[2], v[STATES], always[STATES];
    td_model m = td_random_walk(STATES, left);
    for (int s = 0; s < STATES; s++)
        always[s] = 1;
    case_begin("random_walk", "The mean squared errors of TD(0) and Monte Carlo on the random "
                              "walk, in expectation, exactly.");
    case_convention("each step goes left or right with equal probability; leaving at the right end "
                    "pays 1, all else, but "
                    "the left end, 0; gamma is 1; an error is the mean over the states");
    case_scalar("states", STATES, "of the walk, in a line");
    case_scalar("episodes", N - 1, "errors are those after 0, 1, ... of them");
    case_scalar("start", m.first, "the state in which an episode begins");
    case_number("left", left, "what leaving at the left end pays");
    case_number("first", v0, "all values before the first episode");
    case_number("alpha_td", a[0], "the step size of TD(0)");
    case_number("alpha_mc", a[1], "the step size of Monte Carlo, every visit");
    td_zero_error(&m, a[0], v0, N - 1, td);
    td_mc_error(&m, a[1], v0, N - 1, mc);
    td_batch_error(&m, &law[0], &law[1]);
    td_evaluate(&m, always, v);
    case_write_f8("step", "v", "", SHAPE(STATES), v, solved, "the true values");
    case_write_f8("output", "mse_td", "v", SHAPE(N), td, solved,
                  "expected mean squared error after 0..10 episodes");
    case_write_f8("output", "mse_mc", "v", SHAPE(N), mc, solved,
                  "expected mean squared error after 0..10 episodes");
    case_write_f8("output", "batch", "v", SHAPE(2), law, solved,
                  "episodes times the mean squared error of batch TD and MC, for many episodes");
    case_end();
    td_model_free(&m);
}

// The hands of all states, as inputs.
static void
publish_hands(void)
{
    enum { N = TD_BLACKJACK_STATES };
    int sum[N], dealer[N], usable[N];
    double card[10];
    for (int d = 1; d <= 10; d++)
        for (int k = 0; k < 20; k++) {
            int s = td_blackjack_state(12 + k % 10, d, k >= 10);
            sum[s] = 12 + k % 10;
            dealer[s] = d;
            usable[s] = k >= 10;
        }
    for (int c = 1; c <= 10; c++)
        card[c - 1] = td_card(c);
    case_input_f8("card", SHAPE(10), card,
                  "the probabilities of ace, 2, ... 9, and 10 with the pictures");
    case_input_i4("sum", SHAPE(N), sum, "the player's sum in each state");
    case_input_i4("dealer", SHAPE(N), dealer, "the dealer's card, 1 for an ace");
    case_input_i4("usable", SHAPE(N), usable, "1: the player has an ace that counts 11");
}

// What sticking pays, and how often hitting busts, from the outcomes.
static void
publish_cards(const td_model *m)
{
    enum { N = TD_BLACKJACK_STATES };
    double ends[10][6], stick[N], bust[N];
    for (int d = 0; d < 10; d++)
        td_dealer(d + 1, ends[d]);
    for (int s = 0; s < N; s++) {
        const td_chance *c = td_chances(m, s, TD_HIT);
        stick[s] = td_backup(m, stick, s, TD_STICK); // every outcome ends
        bust[s] = 0;
        for (int i = 0; i < m->outcomes[2 * s + TD_HIT]; i++)
            bust[s] += c[i].end ? c[i].p : 0;
    }
    case_write_f8("step", "dealer_ends", "", SHAPE(10, 6), ends[0], close,
                  "for each card that shows: the probabilities of 17, 18, 19, 20, 21 and bust");
    case_write_f8("step", "stick", "dealer_ends", SHAPE(N), stick, close,
                  "what sticking pays, expected");
    case_write_f8("step", "bust", "", SHAPE(N), bust, close,
                  "the probability to come over 21 with one card");
}

static void
cards(void)
{
    enum { N = TD_BLACKJACK_STATES };
    td_model m = td_blackjack();
    double target[2 * N], behaviour[2 * N], v[N], first[N], second[N];
    for (int d = 1; d <= 10; d++)
        for (int k = 0; k < 20; k++) {
            int s = td_blackjack_state(12 + k % 10, d, k >= 10);
            bool sticks = 12 + k % 10 >= 20;
            target[2 * s + TD_STICK] = sticks;
            target[2 * s + TD_HIT] = !sticks;
            behaviour[2 * s] = behaviour[2 * s + 1] = 0.5;
        }
    case_begin(
        "blackjack",
        "Blackjack with an infinite deck: exact values, and the variances of importance sampling.");
    case_convention("state usable * 100 + (dealer - 1) * 10 + sum - 12, as the inputs of 200 "
                    "values have it; action 0 "
                    "sticks, action 1 hits");
    case_convention(
        "the dealer draws to 17 or more and stands on all 17, also a soft one; aces count 11 where "
        "they can, "
        "for both; no bonus for a natural; a win pays 1, a loss -1, a draw 0; gamma is 1");
    case_convention(masks);
    publish_hands();
    case_input_f8("target", SHAPE(N, 2), target, "the policy that sticks on 20 and 21 only");
    case_input_f8("behaviour", SHAPE(N, 2), behaviour, "the policy that acts, for the variances");
    publish_cards(&m);
    publish_best(&m, 0, "_optimal", "stick bust");
    td_evaluate(&m, target, v);
    td_ratio_square(&m, target, behaviour, 0, first);
    for (int s = 0; s < N; s++) {
        double square[N];
        td_ratio_square(&m, target, behaviour, v[s], square);
        second[s] = square[s];
        first[s] -= v[s] * v[s];
    }
    case_write_f8("output", "v_stick_on_20", "stick bust", SHAPE(N), v, solved, "of the target");
    case_write_f8("output", "variance_ordinary", "v_stick_on_20 dealer_ends", SHAPE(N), first,
                  solved,
                  "of one episode's ratio g; the ratio is the product of target / behaviour over "
                  "all its actions");
    case_write_f8("output", "variance_weighted", "v_stick_on_20 dealer_ends", SHAPE(N), second,
                  solved,
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
    action_values("sarsa", "Sarsa: the values of actions, learnt along a stream of steps.");
    action_values("expected_sarsa",
                  "Expected Sarsa: the values of actions, learnt along a stream of steps.");
    action_values("q_learning",
                  "Q-learning: the values of actions, learnt along a stream of steps.");
    action_values("n_step_sarsa",
                  "n-step Sarsa: the values of actions, learnt along a stream of steps.");
    two_tables();
    lambda();
    off_policy();
    batch_limits();
    fixed_points();
    td_model_free(&stream.m);
    grid("grid", (td_rewards){-1, -10, 1, 0}, 0.2);
    grid("grid_mild", (td_rewards){-1, -1, 1, 0}, 0.1);
    cliff();
    windy("windy", false, false);
    windy("windy_king_chance", true, true);
    walk_errors();
    cards();
}
