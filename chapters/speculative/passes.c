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

// One place of a pass: of the mass `here` (S) at each state what is accepted goes on to `on` (S), and what is
// rejected, or all where q is NULL, the draft's end, is drawn into ends (S, V): state and symbol. Returns the
// accepted mass. q's rows begin `row` apart: V, or 0 where it is the same for all states.
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

// A pass from the mass `here` (S), which it uses up, over k places with q + i step at place i: its mean symbols, 1
// for a mass of 1 and what is accepted.
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

// The chain of n states with the transitions t (n, n) in the long run, into x (n). Half of the chain stays at each
// step, so that it goes to its end even if it has a period.
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

// ---- Trees ----

void
speculative_ranked(const speculative_language *l, const double *heads, int k, int s, int R,
                   int *guesses)
{
    for (int d = 0; d < k; d++) {
        const double *row = heads + ((long)d * l->S + s) * l->V;
        bool taken[l->V];
        memset(taken, 0, sizeof taken);
        for (int r = 0; r < R; r++) {
            int best = -1;
            for (int x = 0; x < l->V; x++)
                if (!taken[x] && (best < 0 || row[x] > row[best]))
                    best = x;
            taken[best] = true;
            guesses[d * R + r] = best;
        }
    }
}

// The state of each node (n), -1 behind a symbol that cannot come, and its row of p (n, V), zeros there.
static void
tree_states(const speculative_language *l, const speculative_tree *t, int root, const int *symbols,
            int *state, double *p)
{
    for (int i = 0; i < t->n; i++) {
        int before = i ? state[t->parent[i]] : -1;
        state[i] = i ? -1 : root;
        if (before >= 0)
            state[i] = l->next[(long)before * l->V + symbols[i]];
        for (int x = 0; x < l->V; x++)
            p[i * l->V + x] = state[i] < 0 ? 0 : l->p[(long)state[i] * l->V + x];
    }
}

// One pass from the state behind the sure symbol: adds to used (S, V) all that it writes, and to ends (S, V) the symbol
// that is drawn behind what was accepted.
static void
exact_pass(const speculative_language *l, const speculative_tree *t, const int *symbols,
           const int *state, const double *p, double *ends, double *used)
{
    int V = l->V;
    double mass[t->n], left[t->n * V];
    for (int i = 0; i < t->n; i++) {
        int parent = t->parent[i];
        mass[i] = i ? mass[parent] * p[parent * V + symbols[i]] : 1;
        if (i)
            left[parent * V + symbols[i]] = 0;
        for (int x = 0; x < V; x++)
            left[i * V + x] = mass[i] * p[i * V + x];
    }
    for (int i = 0; i < t->n; i++)
        for (int x = 0; x < V && state[i] >= 0; x++) {
            used[(long)state[i] * V + x] += mass[i] * p[i * V + x];
            ends[(long)state[i] * V + x] += left[i * V + x];
        }
}

static void
typical_pass(const speculative_language *l, const speculative_tree *t, const int *symbols,
             const int *state, const double *p, double eps, double delta, double *ends,
             double *used)
{
    int V = l->V, path[t->n];
    int end = speculative_tree_typical(t, V, p, symbols, eps, delta);
    int depth = speculative_tree_path(t, end, path);
    for (int d = 0, before = 0; d < depth; before = path[d++])
        used[(long)state[before] * V + symbols[path[d]]] += 1;
    for (int x = 0; x < V; x++) {
        used[(long)state[end] * V + x] += p[end * V + x];
        ends[(long)state[end] * V + x] += p[end * V + x];
    }
}

// The edges of p > 0 into edge (S V); how many.
static int
edges_of(const speculative_language *l, long *edge)
{
    int n = 0;
    for (long e = 0; e < (long)l->S * l->V; e++)
        if (l->p[e] > 0)
            edge[n++] = e;
    return n;
}

double
speculative_tree_tokens(const speculative_language *l, const double *heads, int k,
                        const speculative_tree *t, double eps, double delta, double *begins,
                        double *used)
{
    int V = l->V, R = 1, guesses[k * V], symbols[t->n], state[t->n];
    long size = (long)l->S * V, *edge = memory_zeroed(size, sizeof *edge, "edges");
    int n = edges_of(l, edge);
    double *transitions = memory_zeroed((long)n * n, sizeof *transitions, "transitions");
    double *all = memory_zeroed(n * size, sizeof *all, "what passes write");
    double *ends = memory_zeroed(size, sizeof *ends, "ends"), p[t->n * V];
    double *x = memory_zeroed(n, sizeof *x, "edges");
    for (int i = 1; i < t->n; i++)
        R = t->rank[i] >= R ? t->rank[i] + 1 : R;
    for (long i = 0; i < n; i++) {
        speculative_ranked(l, heads, k, (int)(edge[i] / V), R, guesses);
        speculative_tree_symbols(t, (int)(edge[i] % V), k, R, guesses, symbols);
        tree_states(l, t, l->next[edge[i]], symbols, state, p);
        memset(ends, 0, size * sizeof *ends);
        if (delta > 0)
            typical_pass(l, t, symbols, state, p, eps, delta, ends, all + i * size);
        else
            exact_pass(l, t, symbols, state, p, ends, all + i * size);
        for (int j = 0; j < n; j++)
            transitions[i * n + j] = ends[edge[j]];
    }
    long_run(n, transitions, x);
    double tokens = 0;
    memset(begins, 0, size * sizeof *begins);
    memset(used, 0, size * sizeof *used);
    for (long i = 0; i < n; i++) {
        begins[edge[i]] = x[i];
        for (long e = 0; e < size; e++)
            used[e] += x[i] * all[i * size + e];
    }
    for (long e = 0; e < size; e++)
        tokens += used[e];
    for (long e = 0; e < size; e++)
        used[e] /= tokens;
    free(edge);
    free(transitions);
    free(all);
    free(ends);
    free(x);
    return tokens;
}

// ---- Which tree ----

// A tree that grows: of every node, taken or not yet, its parent among them, its path's last rank, and what it
// promises.
typedef struct {
    int nodes, *parent, *rank, *depth;
    bool *taken;
    double *promise;
} growing;

static growing
growing_new(int most)
{
    growing g = {.parent = memory_zeroed(most, sizeof *g.parent, "nodes"),
                 .rank = memory_zeroed(most, sizeof *g.rank, "nodes"),
                 .depth = memory_zeroed(most, sizeof *g.depth, "nodes"),
                 .taken = memory_zeroed(most, sizeof *g.taken, "nodes"),
                 .promise = memory_zeroed(most, sizeof *g.promise, "nodes"),
                 .nodes = 1};
    g.parent[0] = g.rank[0] = -1;
    g.taken[0] = true;
    g.promise[0] = 1;
    return g;
}

static void
growing_free(growing *g)
{
    free(g->parent);
    free(g->rank);
    free(g->depth);
    free(g->taken);
    free(g->promise);
}

// Takes the open node that promises most, of equals the first; it is row `at` of paths (n, k). Children of a node never
// promise more than it: so this is the best tree of each size.
static int
take_best(growing *g, int k, int at, int *paths)
{
    int best = -1;
    for (int i = 0; i < g->nodes; i++)
        if (!g->taken[i] && (best < 0 || g->promise[i] > g->promise[best]))
            best = i;
    g->taken[best] = true;
    for (int d = 0; d < k; d++)
        paths[at * k + d] = -1;
    for (int i = best; i > 0; i = g->parent[i])
        paths[at * k + g->depth[i] - 1] = g->rank[i];
    return best;
}

static void
open_node(growing *g, int parent, int rank, double promise)
{
    g->parent[g->nodes] = parent;
    g->rank[g->nodes] = rank;
    g->depth[g->nodes] = g->depth[parent] + 1;
    g->promise[g->nodes++] = promise;
}

double
speculative_product_tree(int V, int k, int n, const double *accuracy, int *paths)
{
    growing g = growing_new(1 + (n + 1) * V);
    double promised = 1;
    for (int i = 0, now = 0; i < n; i++) {
        for (int r = 0; r < V && g.depth[now] < k; r++)
            open_node(&g, now, r, g.promise[now] * accuracy[g.depth[now] * V + r]);
        now = take_best(&g, k, i, paths);
        promised += g.promise[now];
    }
    growing_free(&g);
    return promised;
}

double
speculative_best_tree(const speculative_language *l, const double *heads, int k, int n,
                      const double *begins, int *paths)
{
    int V = l->V, edges, most = 1 + (n + 1) * V;
    long *edge = memory_zeroed((long)l->S * V, sizeof *edge, "edges");
    edges = edges_of(l, edge);
    // Of each node and edge that a pass begins from: the mass that comes to the node, and the state there.
    double *mass = memory_zeroed((long)most * edges, sizeof *mass, "nodes");
    int *state = memory_zeroed((long)most * edges, sizeof *state, "nodes");
    int *guesses = memory_zeroed((long)edges * k * V, sizeof *guesses, "guesses");
    growing g = growing_new(most);
    double promised = 1;
    for (int e = 0; e < edges; e++) {
        mass[e] = begins[edge[e]];
        state[e] = l->next[edge[e]];
        speculative_ranked(l, heads, k, (int)(edge[e] / V), V, guesses + (long)e * k * V);
    }
    for (int i = 0, now = 0; i < n; i++) {
        for (int r = 0; r < V && g.depth[now] < k; r++) {
            double promise = 0;
            for (int e = 0; e < edges; e++) {
                long from = (long)now * edges + e, to = (long)g.nodes * edges + e;
                long way = (long)state[from] * V + guesses[(e * k + g.depth[now]) * V + r];
                bool possible = mass[from] > 0 && l->p[way] > 0;
                mass[to] = possible ? mass[from] * l->p[way] : 0;
                state[to] = possible ? l->next[way] : 0;
                promise += mass[to];
            }
            open_node(&g, now, r, promise);
        }
        now = take_best(&g, k, i, paths);
        promised += g.promise[now];
    }
    growing_free(&g);
    free(edge);
    free(mass);
    free(state);
    free(guesses);
    return promised;
}

// ---- What it is worth ----

double
speculative_formula(double a, int k)
{
    double sum = 1;
    for (int i = 0; i < k; i++)
        sum = 1 + a * sum;
    return sum;
}
