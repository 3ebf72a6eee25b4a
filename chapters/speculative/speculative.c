#include "speculative/speculative.h"

#include "files/fail.h"
#include "files/memory.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "numbers/numeric.h"

#include <stdlib.h>
#include <string.h>

// ---- One symbol ----

double
speculative_acceptance(double p, double q)
{
    if (!(q > 0))
        fail("speculative_acceptance: q = %g of a drafted symbol: expected more than 0, since it "
             "was drawn from q",
             q);
    return p < q ? p / q : 1;
}

double
speculative_overlap(int V, const double *p, const double *q)
{
    double a = 0;
    for (int x = 0; x < V; x++)
        a += p[x] < q[x] ? p[x] : q[x];
    return a;
}

void
speculative_residual(int V, const double *p, const double *q, double *rest)
{
    double sum = 0;
    for (int x = 0; x < V; x++)
        sum += p[x] > q[x] ? p[x] - q[x] : 0;
    for (int x = 0; x < V; x++)
        rest[x] = sum == 0 ? p[x] : p[x] > q[x] ? (p[x] - q[x]) / sum : 0;
}

int
speculative_draw(int V, const double *p, double u)
{
    double sum = 0;
    int last = 0;
    for (int x = 0; x < V; x++) {
        sum += p[x];
        last = p[x] > 0 ? x : last;
        if (u < sum)
            return x;
    }
    return last;
}

// ---- A draft of k symbols ----

int
speculative_round(int V, int k, const double *p, const double *q, const int *draft, const double *u,
                  int *emitted, double *rest)
{
    for (int i = 0; i < k; i++, p += V, q += V) {
        int x = draft[i];
        if (u[i] >= speculative_acceptance(p[x], q[x])) {
            speculative_residual(V, p, q, rest);
            emitted[i] = speculative_draw(V, rest, u[k]);
            return i;
        }
        emitted[i] = x;
    }
    memcpy(rest, p, V * sizeof *rest);
    emitted[k] = speculative_draw(V, rest, u[k]);
    return k;
}

// ---- Several candidates for one place ----

void
speculative_reject(int V, double *p, double *q, int x, bool again)
{
    speculative_residual(V, p, q, p);
    if (again)
        return;
    double sum = 0;
    q[x] = 0;
    for (int y = 0; y < V; y++)
        sum += q[y];
    for (int y = 0; y < V && sum > 0; y++)
        q[y] /= sum;
}

int
speculative_candidates(int V, int n, double *p, double *q, const int *candidate, const double *u,
                       bool again, int *symbol)
{
    for (int i = 0; i < n; i++) {
        *symbol = candidate[i];
        if (u[i] < speculative_acceptance(p[*symbol], q[*symbol]))
            return i;
        speculative_reject(V, p, q, *symbol, again);
    }
    *symbol = speculative_draw(V, p, u[n]);
    return n;
}

// ---- Trees ----

// A path without ranks, or one whose end is followed by ranks, is an error.
static void
check_path(int L, const int *path, int number)
{
    int length = 0;
    while (length < L && path[length] >= 0)
        length++;
    for (int d = length; d < L; d++)
        if (path[d] != -1)
            fail("speculative_tree_new: path %d has rank %d at %d: expected ranks from 0 on, then "
                 "-1",
                 number, path[d], d);
    if (length == 0)
        fail("speculative_tree_new: path %d has no rank", number);
}

// The paths in the order of their ranks: one stands behind its own beginning, since the end is -1.
static int *
sorted_paths(int P, int L, const int *paths)
{
    int *sorted = memory_zeroed((long)P * L, sizeof *sorted, "paths");
    for (int i = 0; i < P; i++) {
        const int *path = paths + i * L;
        int at = i;
        for (; at > 0; at--) {
            const int *before = sorted + (at - 1) * L;
            int d = 0;
            while (d < L - 1 && before[d] == path[d])
                d++;
            if (before[d] <= path[d])
                break;
            memcpy(sorted + at * L, before, L * sizeof *sorted);
        }
        memcpy(sorted + at * L, path, L * sizeof *sorted);
    }
    return sorted;
}

speculative_tree
speculative_tree_new(int P, int L, const int *paths)
{
    for (int i = 0; i < P; i++)
        check_path(L, paths + i * L, i);
    int *sorted = sorted_paths(P, L, paths);
    int *at = memory_zeroed(P, sizeof *at, "paths"); // the node that each path has come to
    speculative_tree t = {.n = 1};
    t.parent = memory_zeroed(1 + (long)P * L, sizeof *t.parent, "nodes");
    t.depth = memory_zeroed(1 + (long)P * L, sizeof *t.depth, "nodes");
    t.rank = memory_zeroed(1 + (long)P * L, sizeof *t.rank, "nodes");
    t.parent[0] = t.rank[0] = -1;
    for (int d = 0; d < L; d++)
        for (int i = 0; i < P; i++) {
            const int *path = sorted + i * L;
            if (path[d] < 0)
                continue;
            // Paths with the same beginning are neighbours: the first of them makes the node.
            if (i == 0 || memcmp(path - L, path, (d + 1) * sizeof *path) != 0) {
                t.parent[t.n] = at[i];
                t.depth[t.n] = d + 1;
                t.rank[t.n++] = path[d];
            }
            at[i] = t.n - 1;
        }
    free(sorted);
    free(at);
    return t;
}

void
speculative_tree_free(speculative_tree *t)
{
    free(t->parent);
    free(t->depth);
    free(t->rank);
}

void
speculative_tree_symbols(const speculative_tree *t, int root, int L, int R, const int *guesses,
                         int *symbols)
{
    symbols[0] = root;
    for (int i = 1; i < t->n; i++) {
        if (t->depth[i] > L || t->rank[i] >= R)
            fail("speculative_tree_symbols: node %d wants guess %d for depth %d: there are %d for "
                 "%d depths",
                 i, t->rank[i], t->depth[i], R, L);
        symbols[i] = guesses[(t->depth[i] - 1) * R + t->rank[i]];
    }
}

void
speculative_tree_mask(const speculative_tree *t, int length, bool *mask)
{
    int S = length + t->n;
    memset(mask, 0, (size_t)t->n * S * sizeof *mask);
    for (int i = 0; i < t->n; i++, mask += S) {
        for (int s = 0; s < length; s++)
            mask[s] = true;
        for (int node = i; node >= 0; node = t->parent[node])
            mask[length + node] = true;
    }
}

void
speculative_tree_positions(const speculative_tree *t, int length, int *positions)
{
    for (int i = 0; i < t->n; i++)
        positions[i] = length + t->depth[i];
}

int
speculative_tree_path(const speculative_tree *t, int node, int *path)
{
    int depth = t->depth[node];
    for (int d = depth; d > 0; d--, node = t->parent[node])
        path[d - 1] = node;
    return depth;
}

// The first child of the node that has this symbol, or 0.
static int
child_with(const speculative_tree *t, const int *symbols, int node, int symbol)
{
    for (int i = node + 1; i < t->n; i++)
        if (t->parent[i] == node && symbols[i] == symbol)
            return i;
    return 0;
}

int
speculative_tree_sample(const speculative_tree *t, int V, const double *p, const int *symbols,
                        const double *u, int *symbol)
{
    for (int node = 0;;) {
        *symbol = speculative_draw(V, p + node * V, u[t->depth[node]]);
        int child = child_with(t, symbols, node, *symbol);
        if (!child)
            return node;
        node = child;
    }
}

static int
argmax(int V, const double *p)
{
    int best = 0;
    for (int x = 1; x < V; x++)
        best = p[x] > p[best] ? x : best;
    return best;
}

int
speculative_tree_greedy(const speculative_tree *t, int V, const double *p, const int *symbols,
                        int *symbol)
{
    for (int node = 0;;) {
        *symbol = argmax(V, p + node * V);
        int child = child_with(t, symbols, node, *symbol);
        if (!child)
            return node;
        node = child;
    }
}

double
speculative_entropy(int V, const double *p)
{
    double h = 0;
    for (int x = 0; x < V; x++)
        h -= p[x] > 0 ? p[x] * log64(p[x]) : 0;
    return h;
}

double
speculative_threshold(int V, const double *p, double eps, double delta)
{
    double relative = delta * exp64(-speculative_entropy(V, p));
    return relative < eps ? relative : eps;
}

int
speculative_tree_typical(const speculative_tree *t, int V, const double *p, const int *symbols,
                         double eps, double delta)
{
    double likelihood[t->n]; // ln p of the way to each node
    bool accepted[t->n];
    int best = 0;
    likelihood[0] = 0;
    accepted[0] = true;
    for (int i = 1; i < t->n; i++) {
        int parent = t->parent[i];
        const double *row = p + parent * V;
        double now = row[symbols[i]];
        accepted[i] = accepted[parent] && now > speculative_threshold(V, row, eps, delta);
        likelihood[i] = accepted[i] ? likelihood[parent] + log64(now) : 0;
        bool deeper = t->depth[i] > t->depth[best];
        bool likelier = t->depth[i] == t->depth[best] && likelihood[i] > likelihood[best];
        if (accepted[i] && (deeper || likelier))
            best = i;
    }
    return best;
}

// ---- A pass of chapter transformer's decoder over a tree ----

// The rows of the model's positions (room, D) that the nodes have, at their places behind `length` others.
static tensor *
positions_of(const transformer *m, const speculative_tree *t, int length)
{
    int room = m->c.positions->shape.n[0], D = m->c.D, position[t->n];
    tensor *out = constant("positions", SHAPE(length + t->n, D), NULL);
    speculative_tree_positions(t, length, position);
    for (int i = 0; i < t->n; i++) {
        if (position[i] >= room)
            fail("speculative_tree_decode: position %d; the model has positions for %d",
                 position[i], room);
        memcpy(out->data + (long)(length + i) * D, m->c.positions->data + (long)position[i] * D,
               D * sizeof(float));
    }
    return out;
}

tensor *
speculative_tree_decode(const transformer *m, const speculative_tree *t, const int *symbols,
                        transformer_cache *caches)
{
    int length = caches[0].length;
    transformer here = *m;
    if (m->c.positions)
        here.c.positions = positions_of(m, t, length);
    bool *mask = tape_alloc((size_t)t->n * (length + t->n) * sizeof *mask);
    speculative_tree_mask(t, length, mask);
    return transformer_decode(&here, 1, t->n, symbols, mask, NULL, NULL, caches);
}

void
speculative_cache_keep(transformer_cache *cache, int length, int n, const int *rows)
{
    tensor *const both[] = {cache->k, cache->v};
    const int *s = cache->k->shape.n; // (B, room, h, d)
    long D = (long)s[2] * s[3];
    for (int b = 0; b < s[0]; b++)
        for (int which = 0; which < 2; which++) {
            float *behind = both[which]->data + ((long)b * s[1] + length) * D;
            for (int i = 0; i < n; i++)
                memmove(behind + i * D, behind + rows[i] * D, D * sizeof(float));
        }
    cache->length = length + n;
}

// ---- Medusa's heads ----

speculative_heads
speculative_heads_new(int heads, const tensor *unembedding)
{
    int D = shape_last(unembedding->shape);
    speculative_heads s = {.heads = heads};
    s.w = permanent_alloc(heads * sizeof *s.w);
    s.u = permanent_alloc(heads * sizeof *s.u);
    for (int j = 0; j < heads; j++) {
        s.w[j] = param("head_w", SHAPE(D, D));
        s.u[j] = param("head_u", unembedding->shape);
        memcpy(s.u[j]->data, unembedding->data, unembedding->size * sizeof(float));
    }
    return s;
}

tensor *
speculative_head(tensor *h, tensor *w, tensor *u)
{
    tensor *a = named(t_matmul_nt(h, w), "a");
    tensor *silu = named(t_mul(a, t_sigmoid(a)), "silu");
    return named(t_matmul_nt(named(t_add(h, silu), "mixed"), u), "logits");
}

// ---- Losses of several tokens ----

void
speculative_targets(int B, int T, const int *ids, int ahead, int *targets)
{
    for (int b = 0; b < B; b++)
        for (int t = 0; t < T; t++)
            targets[b * T + t] = t + ahead < T ? ids[b * T + t + ahead] : -1;
}

tensor *
speculative_loss(int heads, tensor *const logits[], const float *lambda, const int *ids)
{
    tensor *loss = NULL;
    for (int j = 0; j < heads; j++) {
        int B = logits[j]->shape.n[0], T = logits[j]->shape.n[1], targets[B * T];
        speculative_targets(B, T, ids, 1 + j, targets);
        tensor *own = t_scale(t_cross_entropy(logits[j], targets), lambda[j]);
        loss = loss ? t_add(loss, own) : own;
    }
    return loss;
}

// [a; b] along the last axis: two (B, T, D) -> (B, T, 2 D).
static tensor *
join(tensor *a, tensor *b)
{
    const int *n = a->shape.n;
    tensor *both = t_stack(2, (tensor *[]){a, b});
    tensor *rows = t_transpose(t_reshape(both, SHAPE(2, n[0] * n[1], n[2])), 0, 1);
    return t_reshape(rows, SHAPE(n[0], n[1], 2 * n[2]));
}

tensor *
speculative_module_forward(const speculative_module *module, tensor *h, tensor *embedding,
                           const int *ids, int k)
{
    int B = h->shape.n[0], T = h->shape.n[1], read[B * T];
    speculative_targets(B, T, ids, k, read);
    for (int i = 0; i < B * T; i++)
        read[i] = read[i] < 0 ? 0 : read[i];
    tensor *e = named(t_embedding(embedding, SHAPE(B, T), read), "embedded_ahead");
    tensor *norm_h = named(t_rms_norm(h, module->gain_h, module->eps), "normalised_h");
    tensor *norm_e = named(t_rms_norm(e, module->gain_e, module->eps), "normalised_e");
    tensor *mixed = named(t_matmul_nt(join(norm_h, norm_e), module->m), "mixed");
    const bool *mask = transformer_causal_mask(B, T, T);
    return transformer_layer_forward(&module->layer, mixed, mask, NULL, NULL, NULL);
}
