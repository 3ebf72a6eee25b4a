#include "td/planning.h"

#include "files/fail.h"
#include "files/memory.h"
#include "numbers/linalg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- Bellman's equation ----

double
td_backup(const td_model *m, const double *v, int s, int a)
{
    double q = 0;
    const td_chance *c = td_chances(m, s, a);
    for (int k = 0; k < m->outcomes[s * m->A + a]; k++)
        q += c[k].p * (c[k].r + (c[k].end ? 0 : m->gamma * v[c[k].next]));
    return q;
}

void
td_backups(const td_model *m, const double *v, double *q)
{
    for (int s = 0; s < m->S; s++)
        for (int a = 0; a < m->A; a++)
            q[s * m->A + a] = td_backup(m, v, s, a);
}

// a (S, S) = 1 - gamma P, where P has the probabilities of the next state times weight (S, A) of the action.
static void
bellman_matrix(const td_model *m, const double *weight, double *a)
{
    int S = m->S, A = m->A;
    memset(a, 0, sizeof *a * S * S);
    for (int s = 0; s < S; s++) {
        a[s * S + s] = 1;
        for (int k = s * A; k < s * A + m->n[s]; k++) {
            const td_chance *c = td_chances(m, s, k - s * A);
            for (int i = 0; i < m->outcomes[k]; i++)
                if (!c[i].end)
                    a[s * S + c[i].next] -= m->gamma * weight[k] * c[i].p;
        }
    }
}

void
td_evaluate(const td_model *m, const double *policy, double *v)
{
    int S = m->S, A = m->A;
    double *a = memory_zeroed((long)S * S + S, sizeof *a, "Bellman's equation");
    double *nothing = a + S * S;
    bellman_matrix(m, policy, a);
    for (int s = 0; s < S; s++) {
        v[s] = 0;
        for (int b = 0; b < m->n[s]; b++)
            v[s] += policy[s * A + b] * td_backup(m, nothing, s, b);
    }
    linalg_solve("1 - gamma P", S, a, 1, v);
    free(a);
}

int
td_best_actions(const td_model *m, const double *q, int s)
{
    int mask = 0;
    double most = q[s * m->A];
    for (int a = 1; a < m->n[s]; a++)
        most = fmax(most, q[s * m->A + a]);
    for (int a = 0; a < m->n[s]; a++)
        mask |= (q[s * m->A + a] > most - 1e-9) << a;
    return mask;
}

void
td_soft_policy(const td_model *m, const double *q, double epsilon, double *policy)
{
    for (int s = 0; s < m->S; s++) {
        int best = 0, mask = td_best_actions(m, q, s);
        while (!(mask >> best & 1))
            best++;
        for (int a = 0; a < m->A; a++)
            policy[s * m->A + a] =
                a < m->n[s] ? epsilon / m->n[s] + (a == best ? 1 - epsilon : 0) : 0;
    }
}

// Whether episodes can end from every state by the actions that may (S, A) be taken, those that are not 0. way (S): of
// each state one by which they can. A state without outcomes is an end itself.
static bool
can_end(const td_model *m, const double *may, int *way)
{
    int S = m->S, A = m->A, found = 0;
    for (int s = 0; s < S; s++)
        way[s] = -1;
    for (bool more = true; more;) {
        more = false;
        for (int k = 0; k < S * A; k++) {
            const td_chance *c = td_chances(m, k / A, k % A);
            bool ends = k % A == 0 && m->outcomes[k] == 0;
            for (int i = 0; i < m->outcomes[k]; i++)
                ends |= may[k] > 0 && (c[i].end || way[c[i].next] >= 0);
            if (ends && way[k / A] < 0) {
                way[k / A] = k % A;
                found++;
                more = true;
            }
        }
    }
    return found == S;
}

// Without discount one may go around by best actions for ever, and never be paid what they promise. If the policy does,
// it takes those of the best actions that lead to an end.
static void
go_to_an_end(const td_model *m, const double *q, double *policy)
{
    int A = m->A, way[m->S];
    if (can_end(m, policy, way))
        return;
    for (int k = 0; k < m->S * A; k++)
        policy[k] = td_best_actions(m, q, k / A) >> k % A & 1;
    if (!can_end(m, policy, way))
        fail("td_optimal: gamma is 1, and there is a state from which no best actions end");
    for (int k = 0; k < m->S * A; k++)
        policy[k] = way[k / A] == k % A;
}

void
td_optimal(const td_model *m, double epsilon, double *v, double *q)
{
    enum { LIMIT = 100000 };
    double change = INFINITY;
    memset(v, 0, sizeof *v * m->S);
    for (int i = 0; change > 1e-12; i++) {
        if (i == LIMIT)
            fail("td_optimal: no convergence in %d sweeps; no policy ends from every state", LIMIT);
        change = 0;
        td_backups(m, v, q);
        for (int s = 0; s < m->S; s++) {
            double most = -INFINITY, mean = 0;
            for (int a = 0; a < m->n[s]; a++) {
                most = fmax(most, q[s * m->A + a]);
                mean += q[s * m->A + a] / m->n[s];
            }
            double next = (1 - epsilon) * most + epsilon * mean;
            change = fmax(change, fabs(next - v[s]));
            v[s] = next;
        }
    }
    double *policy = memory_zeroed((long)m->S * m->A, sizeof *policy, "a policy");
    td_soft_policy(m, q, epsilon, policy);
    if (m->gamma == 1)
        go_to_an_end(m, q, policy);
    td_evaluate(m, policy, v);
    td_backups(m, v, q);
    free(policy);
}

void
td_ratio_square(const td_model *m, const double *target, const double *behaviour, double c,
                double *square)
{
    int S = m->S, A = m->A;
    double *a = memory_zeroed((long)S * (S + A), sizeof *a, "Bellman's equation");
    double *weight = a + S * S;
    for (int k = 0; k < S * A; k++) // behaviour (target / behaviour)^2
        weight[k] = target[k] > 0 ? target[k] * target[k] / behaviour[k] : 0;
    bellman_matrix(m, weight, a);
    for (int s = 0; s < S; s++) {
        square[s] = 0;
        for (int k = s * A; k < s * A + m->n[s]; k++) {
            const td_chance *o = td_chances(m, s, k - s * A);
            for (int i = 0; i < m->outcomes[k]; i++)
                if (o[i].end)
                    square[s] += weight[k] * o[i].p * (o[i].r - c) * (o[i].r - c);
        }
    }
    linalg_solve("1 - P ratio", S, a, 1, square);
    free(a);
}

// ---- Errors of learning a walk's values, exactly ----

// The policy (S, 1) of a model with one action.
static double *
always(const td_model *m)
{
    double *policy = memory_zeroed(m->S, sizeof *policy, "a policy");
    for (int s = 0; s < m->S; s++)
        policy[s] = 1;
    return policy;
}

static void
walk_values(const td_model *m, double *v)
{
    double *policy = always(m);
    td_evaluate(m, policy, v);
    free(policy);
}

// to += p L x L^T for x and to (n, n), where L replaces value s by (1 - alpha) v(s) + alpha (r + v(next)),
// without v(next) at an end; value n - 1 is the constant 1.
static void
move_moments(int n, const double *x, const td_chance *c, int s, double alpha, double *to)
{
    double row[n], moved[n * n];
    for (int j = 0; j < n; j++)
        row[j] = (1 - alpha) * x[s * n + j] + alpha * c->r * x[(n - 1) * n + j] +
                 (c->end ? 0 : alpha * x[c->next * n + j]);
    memcpy(moved, x, sizeof moved);
    for (int j = 0; j < n; j++)
        moved[s * n + j] = moved[j * n + s] = row[j];
    moved[s * n + s] =
        (1 - alpha) * row[s] + alpha * c->r * row[n - 1] + (c->end ? 0 : alpha * row[c->next]);
    for (int k = 0; k < n * n; k++)
        to[k] += c->p * moved[k];
}

void
td_zero_error(const td_model *m, double alpha, double v0, int episodes, double *error)
{
    // x: E[w w^T] for w = (v, 1) between two episodes; here[s]: E[w w^T; the walk is in s] within one
    int S = m->S, n = S + 1, size = n * n;
    double v[S], *x = memory_zeroed((2L * S + 1) * size, sizeof *x, "moments");
    double *here = x + size, *next = here + S * size;
    walk_values(m, v);
    for (int i = 0; i < size; i++)
        x[i] = (i / n < S ? v0 : 1) * (i % n < S ? v0 : 1);
    for (int k = 0;; k++) {
        error[k] = 0;
        for (int s = 0; s < S; s++)
            error[k] += (x[s * n + s] - 2 * v[s] * x[s * n + S] + v[s] * v[s]) / S;
        if (k == episodes)
            break;
        memset(here, 0, sizeof *here * S * size);
        memcpy(here + m->first * size, x, sizeof *x * size);
        memset(x, 0, sizeof *x * size);
        for (double left = 1; left > 1e-15;) { // the probability that the episode still goes on
            memset(next, 0, sizeof *next * S * size);
            for (int s = 0; s < S; s++) {
                const td_chance *c = td_chances(m, s, 0);
                if (here[s * size + size - 1] <= 0) // so every other state of a walk
                    continue;
                for (int i = 0; i < m->outcomes[s]; i++)
                    move_moments(n, here + s * size, c + i, s, alpha,
                                 c[i].end ? x : next + c[i].next * size);
            }
            double *swap = here;
            here = next;
            next = swap;
            left = 0;
            for (int s = 0; s < S; s++)
                left += here[s * size + size - 1];
        }
    }
    free(x);
}

// f[3 first + j]: E[z^N g^j] for j = 0, 1, 2, where N is the number of visits to s and g the last reward.
static void
visit_moments(const td_model *m, int s, double z, double *f)
{
    int S = m->S;
    double *weight = always(m), *a = memory_zeroed((long)S * S, sizeof *a, "Bellman's equation");
    weight[s] = z;
    for (int k = 0; k < S; k++) {
        memset(f + 3 * k, 0, 3 * sizeof *f);
        const td_chance *c = td_chances(m, k, 0);
        for (int i = 0; i < m->outcomes[k]; i++)
            if (c[i].end) {
                f[3 * k] += weight[k] * c[i].p;
                f[3 * k + 1] += weight[k] * c[i].p * c[i].r;
                f[3 * k + 2] += weight[k] * c[i].p * c[i].r * c[i].r;
            }
    }
    bellman_matrix(m, weight, a);
    linalg_solve("1 - P z", S, a, 3, f);
    free(a);
    free(weight);
}

void
td_mc_error(const td_model *m, double alpha, double v0, int episodes, double *error)
{
    // An episode with N visits to s makes v(s) into d v(s) + (1 - d) g with d = (1 - alpha)^N.
    int S = m->S;
    double v[S], f0[3 * S], f1[3 * S], f2[3 * S];
    walk_values(m, v);
    memset(error, 0, sizeof *error * (episodes + 1));
    for (int s = 0; s < S; s++) {
        visit_moments(m, s, 1, f0);
        visit_moments(m, s, 1 - alpha, f1);
        visit_moments(m, s, (1 - alpha) * (1 - alpha), f2);
        const double *g = f0 + 3 * m->first, *d = f1 + 3 * m->first, *dd = f2 + 3 * m->first;
        double mean = v0, square = v0 * v0;
        for (int k = 0; k <= episodes; k++) {
            error[k] += (square - 2 * v[s] * mean + v[s] * v[s]) / S;
            square = dd[0] * square + 2 * (d[1] - dd[1]) * mean + g[2] - 2 * d[2] + dd[2];
            mean = d[0] * mean + g[1] - d[1];
        }
    }
}

void
td_batch_error(const td_model *m, double *td, double *mc)
{
    int S = m->S;
    double v[S], f[3 * S], *policy = always(m);
    double *a = memory_zeroed(2L * S * S, sizeof *a, "Bellman's equation"), *visits = a + S * S;
    walk_values(m, v);
    for (int s = 0; s < S; s++)
        visits[s * S + s] = 1;
    bellman_matrix(m, policy, a);
    linalg_solve("1 - P", S, a, S, visits); // visits[s][k]: to k in an episode from s, expected
    visit_moments(m, 0, 1, f);
    *td = *mc = 0;
    for (int s = 0; s < S; s++) {
        for (int k = 0; k < S; k++) { // the noise of one step from k, over the number of such steps
            double noise = 0;
            const td_chance *c = td_chances(m, k, 0);
            for (int i = 0; i < m->outcomes[k]; i++) {
                double e = c[i].r + (c[i].end ? 0 : v[c[i].next]) - v[k];
                noise += c[i].p * e * e;
            }
            double n = visits[s * S + k];
            *td += n * n * noise / visits[m->first * S + k] / S;
        }
        // the variance of g, over the chance to come to s; the visits there are 1, 2, ... with the
        // chance `again` to come back, and their returns are one
        double own = visits[s * S + s], again = 1 - 1 / own;
        double comes = visits[m->first * S + s] / own;
        *mc += (f[3 * s + 2] - v[s] * v[s]) * (1 + again) / comes / S;
    }
    free(policy);
    free(a);
}

double
td_mean_squared_error(int n, const double *v, const double *exact)
{
    double sum = 0;
    for (int k = 0; k < n; k++)
        sum += (v[k] - exact[k]) * (v[k] - exact[k]);
    return sum / n;
}
