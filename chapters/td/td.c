// The methods in the order of the text. What each learns from a step is, but for TD(lambda)'s, one call of
// td_towards: an estimate moves towards a target, and the methods differ in the target.
#include "td/td.h"

#include "files/fail.h"
#include "files/memory.h"
#include "numbers/linalg.h"

#include <stdlib.h>
#include <string.h>

// ---- Means ----

void
td_towards(double *x, double alpha, double target)
{
    *x += alpha * (target - *x);
}

double
td_mean(double w, int k, double x)
{
    td_towards(&w, 1.0 / k, x);
    return w;
}

double
td_robbins_monro(double w, double alpha, double f)
{
    return w - alpha * f;
}

// ---- Acting ----

double *
td_value(const td_table *q, int s, int a)
{
    return q->value + s * q->A + a;
}

int
td_greedy(const td_table *q, int s)
{
    int best = 0;
    for (int a = 1; a < q->n[s]; a++)
        if (*td_value(q, s, a) > *td_value(q, s, best))
            best = a;
    return best;
}

double
td_max(const td_table *q, int s)
{
    return *td_value(q, s, td_greedy(q, s));
}

int
td_epsilon_greedy(const td_table *q, int s, double epsilon, rng *r)
{
    if (epsilon > 0 && rng_uniform64(r) < epsilon)
        return (int)rng_below(r, q->n[s]);
    return td_greedy(q, s);
}

double
td_expected(const td_table *q, int s, double epsilon)
{
    double sum = 0;
    for (int a = 0; a < q->n[s]; a++)
        sum += *td_value(q, s, a);
    return (1 - epsilon) * td_max(q, s) + epsilon * sum / q->n[s];
}

int
td_rollout(const td_environment *env, const td_table *q, double epsilon, int s, int a, int limit,
           td_transition *episode, rng *r)
{
    int T = 0;
    while (T < limit) {
        episode[T] = env->step(env->inside, s, a, r);
        if (episode[T++].end)
            break;
        s = episode[T - 1].next;
        a = td_epsilon_greedy(q, s, epsilon, r);
    }
    return T;
}

// ---- Monte Carlo: targets are returns ----

void
td_returns(int T, const td_transition *stream, double gamma, double *g)
{
    double after = 0; // what the steps after t are worth
    for (int t = T - 1; t >= 0; t--) {
        if (stream[t].end)
            after = 0;
        g[t] = after = stream[t].r + gamma * after;
    }
}

bool
td_first_visit(const td_transition *stream, int t)
{
    for (int k = t - 1; k >= 0 && !stream[k].end; k--)
        if (stream[k].s == stream[t].s && stream[k].a == stream[t].a)
            return false;
    return true;
}

void
td_monte_carlo(td_table *q, int *visits, const td_transition *stream, int t, double g, bool every)
{
    int k = stream[t].s * q->A + stream[t].a;
    if (every || td_first_visit(stream, t))
        td_towards(&q->value[k], 1.0 / ++visits[k], g);
}

int
td_mc_basic(const td_environment *env, td_table *q, int length, int limit, rng *r)
{
    td_transition episode[length];
    double g[length], *old = memory_zeroed((long)env->S * env->A, sizeof *old, "a table");
    int changes = 0;
    for (bool changed = true; changed && changes < limit; changes += changed) {
        // evaluate: q(s, a) is the return of an episode, all of them played by the old policy
        memcpy(old, q->value, sizeof *old * env->S * env->A);
        td_table policy = {env->S, env->A, env->n, old};
        changed = false;
        for (int s = 0; s < env->S; s++) {
            for (int a = 0; a < env->n[s]; a++) {
                int T = td_rollout(env, &policy, 0, s, a, length, episode, r);
                td_returns(T, episode, env->gamma, g);
                *td_value(q, s, a) = g[0];
            }
            // improve: the policy is the greedy one
            changed |= td_greedy(q, s) != td_greedy(&policy, s);
        }
    }
    free(old);
    return changes;
}

void
td_exploring_start(const td_environment *env, td_table *q, int *visits, int s, int a, rng *r)
{
    enum { LIMIT = 1000 };
    td_transition episode[LIMIT];
    double g[LIMIT];
    int T = td_rollout(env, q, 0, s, a, LIMIT, episode, r);
    if (!episode[T - 1].end)
        fail("td_exploring_start: no end after %d steps; every greedy policy must come to one",
             LIMIT);
    td_returns(T, episode, env->gamma, g);
    for (int t = 0; t < T; t++)
        td_monte_carlo(q, visits, episode, t, g[t], false);
}

void
td_ratios(int T, const td_transition *stream, int A, const double *target, const double *behaviour,
          double *ratio)
{
    double after = 1; // the product over the steps after t
    for (int t = T - 1; t >= 0; t--) {
        int k = stream[t].s * A + stream[t].a;
        if (stream[t].end)
            after = 1;
        ratio[t] = after;
        after *= target[k] / behaviour[k];
    }
}

void
td_off_policy_mc(td_table *q, double *total, const td_transition *step, double ratio, double g,
                 bool weighted)
{
    int k = step->s * q->A + step->a;
    total[k] += weighted ? ratio : 1;
    if (!weighted)
        td_towards(&q->value[k], 1 / total[k], ratio * g);
    else if (ratio > 0)
        td_towards(&q->value[k], ratio / total[k], g);
}

// ---- Temporal differences: targets are bootstrapped ----

void
td_zero(double *v, const td_transition *step, double alpha, double gamma)
{
    double next = step->end ? 0 : v[step->next];
    td_towards(&v[step->s], alpha, step->r + gamma * next);
}

void
td_sarsa(td_table *q, const td_transition *step, int next_action, double alpha, double gamma)
{
    double next = step->end ? 0 : *td_value(q, step->next, next_action);
    td_towards(td_value(q, step->s, step->a), alpha, step->r + gamma * next);
}

void
td_expected_sarsa(td_table *q, const td_transition *step, double epsilon, double alpha,
                  double gamma)
{
    double next = step->end ? 0 : td_expected(q, step->next, epsilon);
    td_towards(td_value(q, step->s, step->a), alpha, step->r + gamma * next);
}

void
td_q_learning(td_table *q, const td_transition *step, double alpha, double gamma)
{
    double next = step->end ? 0 : td_max(q, step->next);
    td_towards(td_value(q, step->s, step->a), alpha, step->r + gamma * next);
}

void
td_double_q(td_table *q1, td_table *q2, bool coin, const td_transition *step, double alpha,
            double gamma)
{
    td_table *own = coin ? q1 : q2, *other = coin ? q2 : q1;
    double next = step->end ? 0 : *td_value(other, step->next, td_greedy(own, step->next));
    td_towards(td_value(own, step->s, step->a), alpha, step->r + gamma * next);
}

void
td_n_step_sarsa(td_table *q, const td_transition *stream, int n, double alpha, double gamma)
{
    double g = 0, discount = 1;
    int i = 0;
    do {
        g += discount * stream[i].r;
        discount *= gamma;
    } while (!stream[i++].end && i < n);
    if (!stream[i - 1].end)
        g += discount * *td_value(q, stream[i].s, stream[i].a);
    td_towards(td_value(q, stream->s, stream->a), alpha, g);
}

void
td_lambda(int S, double *v, double *trace, const td_transition *step, double alpha, double gamma,
          double lambda)
{
    double next = step->end ? 0 : v[step->next], error = step->r + gamma * next - v[step->s];
    trace[step->s] += 1;
    for (int s = 0; s < S; s++) {
        v[s] += alpha * error * trace[s];
        trace[s] *= step->end ? 0 : gamma * lambda;
    }
}

void
td_certainty_equivalence(int S, double *v, int T, const td_transition *stream, double gamma)
{
    double *a = memory_zeroed((long)S * S + S, sizeof *a, "a system of equations"), *b = a + S * S;
    bool visited[S];
    memset(visited, 0, sizeof visited);
    // sum over the steps from s of v(s) - gamma v(next) = sum of r
    for (int t = 0; t < T; t++) {
        visited[stream[t].s] = true;
        a[stream[t].s * S + stream[t].s] += 1;
        if (!stream[t].end)
            a[stream[t].s * S + stream[t].next] -= gamma;
        b[stream[t].s] += stream[t].r;
    }
    for (int s = 0; s < S; s++)
        if (!visited[s]) {
            a[s * S + s] = 1;
            b[s] = v[s];
        }
    linalg_solve("the steps' equations", S, a, 1, b);
    memcpy(v, b, S * sizeof *v);
    free(a);
}

// ---- Control ----

td_summary
td_episode(td_rule rule, const td_environment *env, td_table *q, double alpha, double epsilon,
           rng *r)
{
    td_summary all = {0, 0};
    int s = env->begin(env->inside, r), a = td_epsilon_greedy(q, s, epsilon, r);
    for (bool end = false; !end;) {
        td_transition step = env->step(env->inside, s, a, r);
        // Sarsa's target needs the next action; the others choose it by what they have just learnt
        if (rule == TD_SARSA)
            a = td_epsilon_greedy(q, step.next, epsilon, r);
        switch (rule) {
        case TD_SARSA: td_sarsa(q, &step, a, alpha, env->gamma); break;
        case TD_EXPECTED_SARSA: td_expected_sarsa(q, &step, epsilon, alpha, env->gamma); break;
        default: td_q_learning(q, &step, alpha, env->gamma);
        }
        if (rule != TD_SARSA)
            a = td_epsilon_greedy(q, step.next, epsilon, r);
        s = step.next;
        end = step.end;
        all.steps++;
        all.rewards += step.r;
    }
    return all;
}

td_summary
td_double_episode(const td_environment *env, td_table *q1, td_table *q2, td_table *sum,
                  double alpha, double epsilon, rng *r)
{
    td_summary all = {0, 0};
    int s = env->begin(env->inside, r);
    for (bool end = false; !end;) {
        int a = td_epsilon_greedy(sum, s, epsilon, r);
        td_transition step = env->step(env->inside, s, a, r);
        td_double_q(q1, q2, rng_below(r, 2), &step, alpha, env->gamma);
        *td_value(sum, s, a) = *td_value(q1, s, a) + *td_value(q2, s, a);
        s = step.next;
        end = step.end;
        all.steps++;
        all.rewards += step.r;
    }
    return all;
}
