#include "td/td.h"

#include "files/fail.h"
#include "numbers/linalg.h"

#include <stdlib.h>
#include <string.h>

// ---- Means ----

void
td_towards(double *x, double step, double target)
{
    *x += step * (target - *x);
}

double
td_mean(double w, int k, double x)
{
    td_towards(&w, 1.0 / k, x);
    return w;
}

double
td_robbins_monro(double w, double step, double g)
{
    return w - step * g;
}

// ---- Acting ----

double *
td_at(const td_table *q, int s, int a)
{
    return q->q + s * q->A + a;
}

int
td_greedy(const td_table *q, int s)
{
    int best = 0;
    for (int a = 1; a < q->n[s]; a++)
        if (*td_at(q, s, a) > *td_at(q, s, best))
            best = a;
    return best;
}

double
td_max(const td_table *q, int s)
{
    return *td_at(q, s, td_greedy(q, s));
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
        sum += *td_at(q, s, a);
    return (1 - epsilon) * td_max(q, s) + epsilon * sum / q->n[s];
}

int
td_play(const td_world *w, const td_table *q, double epsilon, int s, int a, int most, td_step *e,
        rng *r)
{
    int T = 0;
    while (T < most) {
        e[T] = w->step(w->inside, s, a, r);
        if (e[T++].end)
            break;
        s = e[T - 1].next;
        a = td_epsilon_greedy(q, s, epsilon, r);
    }
    return T;
}

// ---- Monte Carlo: targets are returns ----

void
td_returns(int T, const td_step *e, double gamma, double *g)
{
    double after = 0; // what the steps after t are worth
    for (int t = T - 1; t >= 0; t--) {
        if (e[t].end)
            after = 0;
        g[t] = after = e[t].r + gamma * after;
    }
}

bool
td_first_visit(const td_step *e, int t)
{
    for (int k = t - 1; k >= 0 && !e[k].end; k--)
        if (e[k].s == e[t].s && e[k].a == e[t].a)
            return false;
    return true;
}

void
td_monte_carlo(td_table *q, int *visits, const td_step *e, int t, double g, bool every)
{
    int k = e[t].s * q->A + e[t].a;
    if (every || td_first_visit(e, t))
        td_towards(&q->q[k], 1.0 / ++visits[k], g);
}

int
td_mc_basic(const td_world *w, td_table *q, int length, int most, rng *r)
{
    td_step e[length];
    double g[length], *old = malloc(sizeof *old * w->S * w->A);
    if (!old)
        fail("td_mc_basic: no memory for %d states", w->S);
    int changes = 0;
    for (bool changed = true; changed && changes < most; changes += changed) {
        // evaluate: q(s, a) is the return of an episode, all of them played by the old policy
        memcpy(old, q->q, sizeof *old * w->S * w->A);
        td_table policy = {w->S, w->A, w->n, old};
        changed = false;
        for (int s = 0; s < w->S; s++) {
            for (int a = 0; a < w->n[s]; a++) {
                td_returns(td_play(w, &policy, 0, s, a, length, e, r), e, w->gamma, g);
                *td_at(q, s, a) = g[0];
            }
            // improve: the policy is the greedy one
            changed |= td_greedy(q, s) != td_greedy(&policy, s);
        }
    }
    free(old);
    return changes;
}

void
td_exploring_start(const td_world *w, td_table *q, int *visits, int s, int a, rng *r)
{
    enum { MOST = 1000 };
    td_step e[MOST];
    double g[MOST];
    int T = td_play(w, q, 0, s, a, MOST, e, r);
    if (!e[T - 1].end)
        fail("td_exploring_start: no end after %d steps; every greedy policy must come to one",
             MOST);
    td_returns(T, e, w->gamma, g);
    for (int t = 0; t < T; t++)
        td_monte_carlo(q, visits, e, t, g[t], false);
}

void
td_ratios(int T, const td_step *e, int A, const double *target, const double *behaviour,
          double *ratio)
{
    double after = 1; // the product over the steps after t
    for (int t = T - 1; t >= 0; t--) {
        int k = e[t].s * A + e[t].a;
        if (e[t].end)
            after = 1;
        ratio[t] = after;
        after *= target[k] / behaviour[k];
    }
}

void
td_off_policy_mc(td_table *q, double *total, const td_step *e, double ratio, double g,
                 bool weighted)
{
    int k = e->s * q->A + e->a;
    total[k] += weighted ? ratio : 1;
    if (!weighted)
        td_towards(&q->q[k], 1 / total[k], ratio * g);
    else if (ratio > 0)
        td_towards(&q->q[k], ratio / total[k], g);
}

// ---- Temporal differences: targets are bootstrapped ----

void
td_td0(double *v, const td_step *e, double alpha, double gamma)
{
    double next = e->end ? 0 : v[e->next];
    td_towards(&v[e->s], alpha, e->r + gamma * next);
}

void
td_sarsa(td_table *q, const td_step *e, int next_action, double alpha, double gamma)
{
    double next = e->end ? 0 : *td_at(q, e->next, next_action);
    td_towards(td_at(q, e->s, e->a), alpha, e->r + gamma * next);
}

void
td_expected_sarsa(td_table *q, const td_step *e, double epsilon, double alpha, double gamma)
{
    double next = e->end ? 0 : td_expected(q, e->next, epsilon);
    td_towards(td_at(q, e->s, e->a), alpha, e->r + gamma * next);
}

void
td_q_learning(td_table *q, const td_step *e, double alpha, double gamma)
{
    double next = e->end ? 0 : td_max(q, e->next);
    td_towards(td_at(q, e->s, e->a), alpha, e->r + gamma * next);
}

void
td_double_q(td_table *q1, td_table *q2, bool coin, const td_step *e, double alpha, double gamma)
{
    td_table *own = coin ? q1 : q2, *other = coin ? q2 : q1;
    double next = e->end ? 0 : *td_at(other, e->next, td_greedy(own, e->next));
    td_towards(td_at(own, e->s, e->a), alpha, e->r + gamma * next);
}

void
td_n_step_sarsa(td_table *q, const td_step *e, int n, double alpha, double gamma)
{
    double g = 0, discount = 1;
    int i = 0;
    do {
        g += discount * e[i].r;
        discount *= gamma;
    } while (!e[i++].end && i < n);
    if (!e[i - 1].end)
        g += discount * *td_at(q, e[i].s, e[i].a);
    td_towards(td_at(q, e->s, e->a), alpha, g);
}

void
td_lambda(int S, double *v, double *trace, const td_step *e, double alpha, double gamma,
          double lambda)
{
    double next = e->end ? 0 : v[e->next], error = e->r + gamma * next - v[e->s];
    trace[e->s] += 1;
    for (int s = 0; s < S; s++) {
        v[s] += alpha * error * trace[s];
        trace[s] *= e->end ? 0 : gamma * lambda;
    }
}

void
td_batch_limit(int S, double *v, int T, const td_step *e, double gamma)
{
    double *a = calloc((size_t)S * S, sizeof *a), *b = calloc(S, sizeof *b);
    if (!a || !b)
        fail("td_batch_limit: no memory for %d states", S);
    bool visited[S];
    memset(visited, 0, sizeof visited);
    // sum over the steps from s of v(s) - gamma v(next) = sum of r
    for (int t = 0; t < T; t++) {
        visited[e[t].s] = true;
        a[e[t].s * S + e[t].s] += 1;
        if (!e[t].end)
            a[e[t].s * S + e[t].next] -= gamma;
        b[e[t].s] += e[t].r;
    }
    for (int s = 0; s < S; s++)
        if (!visited[s]) {
            a[s * S + s] = 1;
            b[s] = v[s];
        }
    linalg_solve("the steps' equations", S, a, 1, b);
    memcpy(v, b, S * sizeof *v);
    free(a);
    free(b);
}

// ---- Control ----

td_outcome
td_episode(td_rule rule, const td_world *w, td_table *q, double alpha, double epsilon, rng *r)
{
    td_outcome o = {0, 0};
    int s = w->begin(w->inside, r), a = td_epsilon_greedy(q, s, epsilon, r);
    for (bool end = false; !end;) {
        td_step e = w->step(w->inside, s, a, r);
        // Sarsa's target needs the next action; the others choose it by what they have just learnt
        if (rule == TD_SARSA)
            a = td_epsilon_greedy(q, e.next, epsilon, r);
        switch (rule) {
        case TD_SARSA: td_sarsa(q, &e, a, alpha, w->gamma); break;
        case TD_EXPECTED_SARSA: td_expected_sarsa(q, &e, epsilon, alpha, w->gamma); break;
        default: td_q_learning(q, &e, alpha, w->gamma);
        }
        if (rule != TD_SARSA)
            a = td_epsilon_greedy(q, e.next, epsilon, r);
        s = e.next;
        end = e.end;
        o.steps++;
        o.sum += e.r;
    }
    return o;
}

td_outcome
td_double_episode(const td_world *w, td_table *q1, td_table *q2, td_table *sum, double alpha,
                  double epsilon, rng *r)
{
    td_outcome o = {0, 0};
    int s = w->begin(w->inside, r);
    for (bool end = false; !end;) {
        int a = td_epsilon_greedy(sum, s, epsilon, r);
        td_step e = w->step(w->inside, s, a, r);
        td_double_q(q1, q2, rng_below(r, 2), &e, alpha, w->gamma);
        *td_at(sum, s, a) = *td_at(q1, s, a) + *td_at(q2, s, a);
        s = e.next;
        end = e.end;
        o.steps++;
        o.sum += e.r;
    }
    return o;
}
