#include "speculative/passes.h"

#include "files/memory.h"
#include "numbers/numeric.h"

#include <stdlib.h>
#include <string.h>

void
speculative_ahead(const speculative_language *l, int j, double *ahead)
{
    int V = l->V;
    long size = (long)l->S * V;
    double *before = memory_zeroed(size, sizeof *before, "states");
    memcpy(ahead, l->p, size * sizeof *ahead);
    for (int step = 0; step < j; step++) {
        memcpy(before, ahead, size * sizeof *before);
        memset(ahead, 0, size * sizeof *ahead);
        for (long e = 0; e < size; e++)
            for (int x = 0; x < V && l->p[e] > 0; x++)
                ahead[e / V * V + x] += l->p[e] * before[(long)l->next[e] * V + x];
    }
    free(before);
}

static int
likeliest(int V, const double *q)
{
    int best = 0;
    for (int x = 1; x < V; x++)
        best = q[x] > q[best] ? x : best;
    return best;
}

speculative_ceiling
speculative_ceiling_of(const speculative_language *l, const double *stationary, const double *ahead)
{
    speculative_ceiling c = {0};
    for (int s = 0; s < l->S; s++) {
        const double *row = ahead + (long)s * l->V;
        c.accuracy += stationary[s] * row[likeliest(l->V, row)];
        for (int x = 0; x < l->V; x++)
            c.loss -= row[x] > 0 ? stationary[s] * row[x] * log64(row[x]) : 0;
    }
    return c;
}

void
speculative_best_guesses(const speculative_language *l, const double *q, double *best)
{
    memset(best, 0, (size_t)l->S * l->V * sizeof *best);
    for (long s = 0; s < l->S; s++)
        best[s * l->V + likeliest(l->V, q + s * l->V)] = 1;
}

void
speculative_tokens(const speculative_language *l, const double *q, int k, double *tokens)
{
    double *shorter = memory_zeroed(l->S, sizeof *shorter, "states");
    for (int s = 0; s < l->S; s++)
        tokens[s] = 1;
    for (int i = 0; i < k; i++) {
        memcpy(shorter, tokens, l->S * sizeof *shorter);
        for (int s = 0; s < l->S; s++) {
            tokens[s] = 1;
            for (int x = 0; x < l->V; x++) {
                long e = (long)s * l->V + x;
                double accepted = l->p[e] < q[e] ? l->p[e] : q[e];
                tokens[s] += accepted > 0 ? accepted * shorter[l->next[e]] : 0;
            }
        }
    }
    free(shorter);
}

// ---- Where passes begin ----

// One place of a pass: of the mass `here` (S) at each state what is accepted goes on to `on` (S), and what is rejected, or
// all where q is NULL, the draft's end, is drawn into ends (S, V): state and symbol. Returns the accepted mass. q's rows
// begin `row` apart: V, or 0 where it is the same for all states.
static double
one_place(const speculative_language *l, const double *here, const double *q, int row, double *on,
          double *ends)
{
    double all = 0;
    for (long s = 0; s < l->S; s++)
        for (int x = 0; x < l->V && here[s] > 0; x++) {
            long e = s * l->V + x;
            double accepted = 0;
            if (q)
                accepted = l->p[e] < q[s * row + x] ? l->p[e] : q[s * row + x];
            ends[e] += here[s] * (l->p[e] - accepted);
            if (accepted > 0) {
                on[l->next[e]] += here[s] * accepted;
                all += here[s] * accepted;
            }
        }
    return all;
}

// A pass from the mass `here` (S), which it uses up, over k places with q + i step at place i: its mean symbols, 1 for a
// mass of 1 and what is accepted.
static double
one_pass(const speculative_language *l, double *here, const double *q, int k, long step, int row,
         double *ends)
{
    double *on = memory_zeroed(l->S, sizeof *on, "states"), accepted = 0;
    for (int i = 0; i < k; i++) {
        accepted += one_place(l, here, q + i * step, row, on, ends);
        memcpy(here, on, l->S * sizeof *here);
        memset(on, 0, l->S * sizeof *on);
    }
    one_place(l, here, NULL, row, on, ends);
    free(on);
    return 1 + accepted;
}

// The chain of n states with the transitions t (n, n) in the long run, into x (n). Half of the chain stays at each step,
// so that it goes to its end even if it has a period.
static void
long_run(int n, const double *t, double *x)
{
    enum { MOST = 100000 };
    double *after = memory_zeroed(n, sizeof *after, "states"), change = 1;
    for (int i = 0; i < n; i++)
        x[i] = 1.0 / n;
    for (int step = 0; step < MOST && change > 1e-15; step++) {
        memset(after, 0, n * sizeof *after);
        for (long i = 0; i < n; i++)
            for (int j = 0; j < n && x[i] > 0; j++)
                after[j] += x[i] * t[i * n + j];
        change = 0;
        for (int i = 0; i < n; i++) {
            change += after[i] > x[i] ? after[i] - x[i] : x[i] - after[i];
            x[i] = (x[i] + after[i]) / 2;
        }
    }
    free(after);
}

double
speculative_mean_tokens(const speculative_language *l, const double *q, int k, double *begins)
{
    int S = l->S, V = l->V;
    double *t = memory_zeroed((long)S * S, sizeof *t, "transitions"), mean = 0;
    double *tokens = memory_zeroed(S, sizeof *tokens, "states");
    double *here = memory_zeroed(S, sizeof *here, "states");
    double *ends = memory_zeroed((long)S * V, sizeof *ends, "ends");
    for (long s = 0; s < S; s++) {
        memset(here, 0, S * sizeof *here);
        memset(ends, 0, (size_t)S * V * sizeof *ends);
        here[s] = 1;
        tokens[s] = one_pass(l, here, q, k, 0, V, ends);
        for (long e = 0; e < (long)S * V; e++)
            if (l->p[e] > 0)
                t[s * S + l->next[e]] += ends[e];
    }
    long_run(S, t, begins);
    for (int s = 0; s < S; s++)
        mean += begins[s] * tokens[s];
    free(t);
    free(tokens);
    free(here);
    free(ends);
    return mean;
}

double
speculative_heads_tokens(const speculative_language *l, const double *heads, int k, double *begins)
{
    int S = l->S, V = l->V, n = 0;
    long size = (long)S * V;
    long *edge = memory_zeroed(size, sizeof *edge, "edges"); // those of p > 0, of which there are n
    for (long e = 0; e < size; e++)
        if (l->p[e] > 0)
            edge[n++] = e;
    double *t = memory_zeroed((long)n * n, sizeof *t, "transitions"), mean = 0;
    double *tokens = memory_zeroed(n, sizeof *tokens, "edges");
    double *x = memory_zeroed(n, sizeof *x, "edges");
    double *here = memory_zeroed(S, sizeof *here, "states");
    double *ends = memory_zeroed(size, sizeof *ends, "ends");
    for (long i = 0; i < n; i++) {
        memset(here, 0, S * sizeof *here);
        memset(ends, 0, size * sizeof *ends);
        here[l->next[edge[i]]] = 1;
        tokens[i] = one_pass(l, here, heads + edge[i] / V * V, k, size, 0, ends);
        for (int j = 0; j < n; j++)
            t[i * n + j] = ends[edge[j]];
    }
    long_run(n, t, x);
    memset(begins, 0, size * sizeof *begins);
    for (int i = 0; i < n; i++) {
        begins[edge[i]] = x[i];
        mean += x[i] * tokens[i];
    }
    free(edge);
    free(t);
    free(tokens);
    free(x);
    free(here);
    free(ends);
    return mean;
}
