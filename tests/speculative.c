// Speculative decoding against the enumeration of all texts, trees against one pass a path, losses against plain loops.
#include "speculative/speculative.h"
#include "speculative/generation.h"
#include "speculative/passes.h"
#include "speculative/tool.h"

#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/train.h"
#include "numbers/random.h"
#include "test.h"
#include "test_tensors.h"
#include "transformer/transformer.h"

#include <float.h>
#include <math.h>

static const double nearly_one = 1 - DBL_EPSILON / 2;

// A random distribution.
static void
distribution(int V, double *p, rng *r)
{
    double sum = 0;
    for (int x = 0; x < V; x++)
        sum += p[x] = -log(1 - rng_uniform64(r));
    for (int x = 0; x < V; x++)
        p[x] /= sum;
}

// A question that is answered by yes for all u below some bound, and by no from there on: the bound.
typedef bool question(void *about, double u);

static double
bound(question *yes, void *about)
{
    double low = 0, high = 1;
    for (int step = 0; step < 60; step++) {
        double u = (low + high) / 2;
        if (yes(about, u))
            low = u;
        else
            high = u;
    }
    return high;
}

// ---- One symbol ----

START_TEST(acceptance)
{
    ck_assert_double_eq(speculative_acceptance(0.2, 0.5), 0.4);
    ck_assert_double_eq(speculative_acceptance(0.5, 0.2), 1);
    ck_assert_double_eq(speculative_acceptance(0.5, 0.5), 1);
    ck_assert_double_eq(speculative_acceptance(0, 0.5), 0);
    REFUSED(speculative_acceptance(0.5, 0),
            "speculative_acceptance: q = 0 of a drafted symbol: expected more than 0, since it was "
            "drawn from q");
}
END_TEST

// The accepted part, sum q min(1, p/q), is 1 - TV(p, q).
START_TEST(overlap)
{
    enum { V = 7 };
    double p[V], q[V], accepted = 0, distance = 0;
    rng r = rng_at(1, 1);
    distribution(V, p, &r);
    distribution(V, q, &r);
    for (int x = 0; x < V; x++) {
        accepted += q[x] * speculative_acceptance(p[x], q[x]);
        distance += fabs(p[x] - q[x]) / 2;
    }
    ck_assert_double_eq_tol(accepted, 1 - distance, 1e-15);
    ck_assert_double_eq_tol(speculative_overlap(V, p, q), 1 - distance, 1e-15);
}
END_TEST

START_TEST(residual)
{
    double p[] = {0.5, 0.3, 0.2, 0}, q[] = {0.1, 0.4, 0.1, 0.4}, rest[4];
    speculative_residual(4, p, q, rest);
    const double expected[] = {0.8, 0, 0.2, 0};
    for (int x = 0; x < 4; x++)
        ck_assert_double_eq_tol(rest[x], expected[x], 1e-15);
    speculative_residual(4, p, p, rest);
    for (int x = 0; x < 4; x++)
        ck_assert_double_eq(rest[x], p[x]);
    speculative_residual(4, p, q, p); // in place
    for (int x = 0; x < 4; x++)
        ck_assert_double_eq_tol(p[x], expected[x], 1e-15);
}
END_TEST

START_TEST(draw)
{
    const double p[] = {0, 0.25, 0, 0.75, 0};
    ck_assert_int_eq(speculative_draw(5, p, 0), 1);
    ck_assert_int_eq(speculative_draw(5, p, 0.25 - 1e-16), 1);
    ck_assert_int_eq(speculative_draw(5, p, 0.25), 3);
    ck_assert_int_eq(speculative_draw(5, p, nearly_one), 3);
    const double less[] = {0.5, 0.25, 0}; // what rounding may leave
    ck_assert_int_eq(speculative_draw(3, less, 0.9), 1);
}
END_TEST

// ---- All texts ----

enum { SYMBOLS = 3, LENGTH = 5, TEXTS = 243, MOST_K = 4 };

// p or q of the symbol after every two others.
typedef struct {
    double after[SYMBOLS * SYMBOLS][SYMBOLS];
} table;

static table
random_table(rng *r)
{
    table t;
    for (int i = 0; i < SYMBOLS * SYMBOLS; i++)
        distribution(SYMBOLS, t.after[i], r);
    return t;
}

// A text of n symbols is a number to the base of SYMBOLS; before it stands 0, 0.
static const double *
row(const table *t, int text)
{
    return t->after[text % (SYMBOLS * SYMBOLS)];
}

static int
power(int n)
{
    return n ? SYMBOLS * power(n - 1) : 1;
}

// A round of a text's draft, to be called with any u.
typedef struct {
    int k, at, symbol;
    double p[(MOST_K + 1) * SYMBOLS], q[MOST_K * SYMBOLS], u[MOST_K + 1], rest[SYMBOLS];
    int draft[MOST_K], emitted[MOST_K + 1];
} round_call;

static int
run_round(round_call *c)
{
    return speculative_round(SYMBOLS, c->k, c->p, c->q, c->draft, c->u, c->emitted, c->rest);
}

static bool
accepts(void *about, double u)
{
    round_call *c = about;
    c->u[c->at] = u;
    return run_round(c) > c->at;
}

static bool
emits_at_most(void *about, double u)
{
    round_call *c = about;
    c->u[c->k] = u;
    run_round(c);
    return c->emitted[c->at] <= c->symbol;
}

// The draft number d that q makes after a text, with the rows of p and q; its probability.
static double
drafted_call(const table *p, const table *q, int k, int text, int d, round_call *c)
{
    double drafted = 1;
    *c = (round_call){.k = k};
    for (int i = 0; i < k; i++) {
        memcpy(c->p + i * SYMBOLS, row(p, text), sizeof c->rest);
        memcpy(c->q + i * SYMBOLS, row(q, text), sizeof c->rest);
        c->draft[i] = d / power(k - 1 - i) % SYMBOLS;
        drafted *= row(q, text)[c->draft[i]];
        text = text * SYMBOLS + c->draft[i];
    }
    memcpy(c->p + k * SYMBOLS, row(p, text), sizeof c->rest);
    return drafted;
}

// Adds to mass what a round leaves that accepts c->at symbols after a text of n, with this probability: cut to LENGTH.
static void
one_end(round_call *c, int n, int text, double probability, double mass[][TEXTS])
{
    double below = 0;
    for (c->symbol = 0; c->symbol < SYMBOLS; c->symbol++) {
        double to = c->symbol == SYMBOLS - 1 ? 1 : bound(emits_at_most, c);
        int longer = text, length = n;
        for (int j = 0; j <= c->at && length < LENGTH; j++, length++)
            longer = longer * SYMBOLS + (j < c->at ? c->draft[j] : c->symbol);
        mass[length][longer] += probability * (to - below);
        test_near(to - below, c->rest[c->symbol], 1e-14, "rest", c->symbol);
        below = to;
    }
    ck_assert_int_eq(run_round(c), c->at);
    ck_assert_mem_eq(c->emitted, c->draft, c->at * sizeof *c->draft);
}

// Adds to mass[n][text], for every text that a round of k leaves from `text` of n symbols, its probability. What
// speculative_round does is found out by calling it alone.
static void
all_rounds(const table *p, const table *q, int k, int n, int text, double mass[][TEXTS])
{
    for (int d = 0; d < power(k); d++) {
        round_call c;
        double left = mass[n][text] * drafted_call(p, q, k, text, d, &c);
        for (c.at = 0; left > 0 && c.at < k; c.at++) {
            double accepted = bound(accepts, &c);
            c.u[c.at] = nearly_one;
            if (accepted < nearly_one)
                one_end(&c, n, text, left * (1 - accepted), mass);
            left *= accepted < nearly_one ? accepted : 1;
            c.u[c.at] = 0;
        }
        if (left > 0)
            one_end(&c, n, text, left, mass);
    }
}

// Texts of LENGTH symbols have the probabilities that the target gives them, whatever the draft.
START_TEST(exact)
{
    rng r = rng_at(2, 1);
    table p = random_table(&r), q = random_table(&r);
    q.after[4][1] = 0; // never drafted
    q.after[4][0] = 1 - q.after[4][2];
    for (int k = 0; k <= 3; k++) {
        static double mass[LENGTH + 1][TEXTS];
        memset(mass, 0, sizeof mass);
        mass[0][0] = 1;
        for (int n = 0; n < LENGTH; n++)
            for (int text = 0; text < power(n); text++)
                all_rounds(&p, &q, k, n, text, mass);
        double distance = 0;
        for (int text = 0; text < TEXTS; text++) {
            double expected = 1;
            for (int i = 0, before = 0; i < LENGTH; i++) {
                int x = text / power(LENGTH - 1 - i) % SYMBOLS;
                expected *= row(&p, before)[x];
                before = before * SYMBOLS + x;
            }
            distance += fabs(mass[LENGTH][text] - expected) / 2;
        }
        ck_assert_msg(distance < 1e-14, "k = %d: total variation %g", k, distance);
    }
}
END_TEST

// ---- Candidates ----

typedef struct {
    int V, n, at, most, symbol;
    bool again;
    const double *p, *q;
    int candidate[4];
    double u[5];
} candidates_call;

static int
run_candidates(candidates_call *c)
{
    double p[c->V], q[c->V];
    memcpy(p, c->p, sizeof p);
    memcpy(q, c->q, sizeof q);
    return speculative_candidates(c->V, c->n, p, q, c->candidate, c->u, c->again, &c->symbol);
}

static bool
takes(void *about, double u)
{
    candidates_call *c = about;
    c->u[c->at] = u;
    return run_candidates(c) == c->at;
}

static bool
draws_at_most(void *about, double u)
{
    candidates_call *c = about;
    c->u[c->n] = u;
    run_candidates(c);
    return c->symbol <= c->most;
}

// Candidates number d, and with which probability q draws them.
static double
draw_candidates(candidates_call *c, int d)
{
    double drawn = 1, now[c->V];
    memcpy(now, c->q, sizeof now);
    for (int i = 0; i < c->n; i++, d /= c->V) {
        int x = c->candidate[i] = d % c->V;
        double sum = 0;
        drawn *= now[x];
        now[x] = c->again ? now[x] : 0;
        for (int y = 0; y < c->V; y++)
            sum += now[y];
        for (int y = 0; y < c->V; y++)
            now[y] /= sum;
    }
    return drawn;
}

// The distribution of the symbol, over all candidates that may be drawn, added to out.
static void
all_candidates(candidates_call *c, double *out)
{
    int all = 1;
    for (int i = 0; i < c->n; i++)
        all *= c->V;
    for (int d = 0; d < all; d++) {
        double left = draw_candidates(c, d), below = 0;
        for (c->at = 0; c->at < c->n && left > 0; c->at++) {
            double accepted = bound(takes, c);
            accepted = accepted < nearly_one ? accepted : 1;
            out[c->candidate[c->at]] += left * accepted;
            left *= 1 - accepted;
            c->u[c->at] = nearly_one;
        }
        for (c->most = 0; c->most < c->V && left > 0; c->most++) {
            double to = c->most == c->V - 1 ? 1 : bound(draws_at_most, c);
            out[c->most] += left * (to - below);
            below = to;
        }
    }
}

START_TEST(candidates)
{
    enum { V = 5 };
    rng r = rng_at(3, 1);
    for (int n = 1; n <= 3; n++)
        for (int again = 0; again < 2; again++) {
            double p[V], q[V], out[V] = {0};
            distribution(V, p, &r);
            distribution(V, q, &r);
            candidates_call c = {.V = V, .n = n, .again = again, .p = p, .q = q};
            all_candidates(&c, out);
            for (int x = 0; x < V; x++)
                test_near(out[x], p[x], 1e-14, again ? "with replacement" : "without", x);
        }
}
END_TEST

// ---- Trees ----

enum { PATHS = 6, DEPTHS = 3, RANKS = 4 };
static const int paths[PATHS][DEPTHS] = {{2, -1, -1}, {0, 1, 0},   {0, 0, -1},
                                         {1, 3, 2},   {0, -1, -1}, {0, 1, 2}};

// As Medusa's program orders it: 0 1 2, 00 01 13, 010 012 132.
START_TEST(tree)
{
    static const int parent[] = {-1, 0, 0, 0, 1, 1, 2, 5, 5, 6},
                     depth[] = {0, 1, 1, 1, 2, 2, 2, 3, 3, 3},
                     rank[] = {-1, 0, 1, 2, 0, 1, 3, 0, 2, 2};
    speculative_tree t = speculative_tree_new(PATHS, DEPTHS, paths[0]);
    ck_assert_int_eq(t.n, 10);
    ck_assert_mem_eq(t.parent, parent, sizeof parent);
    ck_assert_mem_eq(t.depth, depth, sizeof depth);
    ck_assert_mem_eq(t.rank, rank, sizeof rank);
    int path[DEPTHS], positions[10], symbols[10], guesses[DEPTHS * RANKS];
    ck_assert_int_eq(speculative_tree_path(&t, 8, path), 3);
    ck_assert_mem_eq(path, ((int[]){1, 5, 8}), sizeof path);
    ck_assert_int_eq(speculative_tree_path(&t, 0, path), 0);
    speculative_tree_positions(&t, 7, positions);
    for (int i = 0; i < t.n; i++)
        ck_assert_int_eq(positions[i], 7 + depth[i]);
    for (int i = 0; i < DEPTHS * RANKS; i++)
        guesses[i] = 100 + i;
    speculative_tree_symbols(&t, 5, DEPTHS, RANKS, guesses, symbols);
    ck_assert_mem_eq(symbols, ((int[]){5, 100, 101, 102, 104, 105, 107, 108, 110, 110}),
                     sizeof symbols);
    bool mask[10 * 12], expected[10 * 12] = {false};
    speculative_tree_mask(&t, 2, mask);
    for (int i = 0; i < 10; i++) {
        expected[i * 12] = expected[i * 12 + 1] = expected[i * 12 + 2] = expected[i * 12 + 2 + i] =
            true;
        for (int d = 0, n = speculative_tree_path(&t, i, path); d < n; d++)
            expected[i * 12 + 2 + path[d]] = true;
    }
    ck_assert_mem_eq(mask, expected, sizeof mask);
    speculative_tree_free(&t);
}
END_TEST

START_TEST(tree_refuses)
{
    REFUSED(speculative_tree_new(1, 3, (int[]){0, -1, 2}),
            "speculative_tree_new: path 0 has rank 2 at 2: expected ranks from 0 on, then -1");
    REFUSED(speculative_tree_new(2, 2, (int[]){0, 1, -1, -1}),
            "speculative_tree_new: path 1 has no rank");
    REFUSED(speculative_tree_new(1, 2, (int[]){0, -3}),
            "speculative_tree_new: path 0 has rank -3 at 1: expected ranks from 0 on, then -1");
    speculative_tree t = speculative_tree_new(PATHS, DEPTHS, paths[0]);
    int symbols[10], guesses[9] = {0};
    REFUSED((speculative_tree_symbols(&t, 0, 3, 3, guesses, symbols), 0),
            "speculative_tree_symbols: node 6 wants guess 3 for depth 2: there are 3 for 3 depths");
    REFUSED((speculative_tree_symbols(&t, 0, 2, 4, guesses, symbols), 0),
            "speculative_tree_symbols: node 7 wants guess 0 for depth 3: there are 4 for 2 depths");
    speculative_tree_free(&t);
}
END_TEST

// The order of the paths, and paths given twice, make no difference.
START_TEST(tree_order)
{
    speculative_tree t = speculative_tree_new(PATHS, DEPTHS, paths[0]);
    int other[2 * PATHS][DEPTHS];
    for (int i = 0; i < 2 * PATHS; i++)
        memcpy(other[i], paths[(5 * i + 3) % PATHS], sizeof other[i]);
    speculative_tree s = speculative_tree_new(2 * PATHS, DEPTHS, other[0]);
    ck_assert_int_eq(s.n, t.n);
    ck_assert_mem_eq(s.parent, t.parent, t.n * sizeof(int));
    ck_assert_mem_eq(s.rank, t.rank, t.n * sizeof(int));
    speculative_tree_free(&t);
    speculative_tree_free(&s);
}
END_TEST

enum { V = 5, NODES = 10 };

// A tree, p of every node and symbols; two children of one node have different ones.
static speculative_tree
random_pass(rng *r, double p[NODES * V], int symbols[NODES])
{
    int guesses[DEPTHS * RANKS];
    for (int d = 0; d < DEPTHS; d++)
        for (int i = 0, first = (int)rng_below(r, V); i < RANKS; i++)
            guesses[d * RANKS + i] = (first + i) % V;
    speculative_tree t = speculative_tree_new(PATHS, DEPTHS, paths[0]);
    speculative_tree_symbols(&t, 0, DEPTHS, RANKS, guesses, symbols);
    for (int i = 0; i < NODES; i++)
        distribution(V, p + i * V, r);
    return t;
}

// What plain sampling with the same numbers gives is what the walk accepts, as long as the tree has it.
START_TEST(tree_sample)
{
    rng r = rng_at(4, 1);
    int depths[DEPTHS + 1] = {0};
    for (int trial = 0; trial < 2000; trial++) {
        double p[NODES * V], u[DEPTHS + 1];
        int symbols[NODES], symbol, path[DEPTHS], greedy;
        speculative_tree t = random_pass(&r, p, symbols);
        for (int d = 0; d <= DEPTHS; d++)
            u[d] = rng_uniform64(&r);
        int end = speculative_tree_sample(&t, V, p, symbols, u, &symbol), node = 0;
        int n = speculative_tree_path(&t, end, path);
        for (int d = 0; d <= n; d++) {
            double below = 0, *row_p = p + node * V;
            int x = d < n ? symbols[path[d]] : symbol;
            for (int y = 0; y < x; y++)
                below += row_p[y];
            ck_assert(below <= u[d] && u[d] < below + row_p[x] + 1e-15);
            node = d < n ? path[d] : node;
        }
        for (int i = 0; i < NODES; i++) // nothing that was drawn is in the tree still
            ck_assert(t.parent[i] != end || symbols[i] != symbol);
        depths[n]++;
        // Where every row is sure, the sample is the argmax.
        for (int i = 0; i < NODES; i++) {
            int best = (int)rng_below(&r, V);
            for (int x = 0; x < V; x++)
                p[i * V + x] = x == best;
        }
        end = speculative_tree_sample(&t, V, p, symbols, u, &symbol);
        ck_assert_int_eq(speculative_tree_greedy(&t, V, p, symbols, &greedy), end);
        ck_assert_int_eq(greedy, symbol);
        speculative_tree_free(&t);
    }
    ck_assert_int_gt(depths[DEPTHS], 20);
    ck_assert_int_gt(depths[0], 200);
}
END_TEST

START_TEST(greedy_ties)
{
    const double p[] = {0.4, 0.4, 0.2, 0.3, 0.3, 0.4};
    const int root_first[] = {0};
    speculative_tree t = speculative_tree_new(1, 1, root_first);
    int symbol;
    ck_assert_int_eq(speculative_tree_greedy(&t, 3, p, (int[]){0, 0}, &symbol), 1);
    ck_assert_int_eq(symbol, 2);
    ck_assert_int_eq(speculative_tree_greedy(&t, 3, p, (int[]){0, 1}, &symbol), 0);
    ck_assert_int_eq(symbol, 0);
    speculative_tree_free(&t);
}
END_TEST

// Medusa's own way: for each path how many of its symbols are accepted one after the other, then the likeliest of the
// longest.
START_TEST(typical)
{
    rng r = rng_at(5, 1);
    int ends[DEPTHS + 1] = {0};
    for (int trial = 0; trial < 2000; trial++) {
        double p[NODES * V], eps = rng_uniform64(&r) * 0.5, delta = rng_uniform64(&r);
        int symbols[NODES];
        speculative_tree t = random_pass(&r, p, symbols);
        int most = 0, expected = 0;
        double best = 0;
        for (int i = 1; i < NODES; i++) {
            int path[DEPTHS], n = speculative_tree_path(&t, i, path), accepted = 0;
            double product = 1;
            for (int d = 0, node = 0; d < n && accepted == d; node = path[d++]) {
                double h = 0, *row_p = p + node * V, x = row_p[symbols[path[d]]];
                for (int y = 0; y < V; y++)
                    h -= row_p[y] * log(row_p[y]);
                accepted += x > fmin(eps, delta * exp(-h));
                product *= x;
            }
            if (accepted == n && (n > most || (n == most && product > best))) {
                most = n;
                best = product;
                expected = i;
            }
        }
        int end = speculative_tree_typical(&t, V, p, symbols, eps, delta);
        ck_assert_int_eq(end, expected);
        ends[t.depth[end]]++;
        speculative_tree_free(&t);
    }
    for (int d = 0; d <= DEPTHS; d++)
        ck_assert_int_gt(ends[d], 20);
}
END_TEST

// H >= -ln max p: the likeliest symbol is accepted whatever the entropy, for delta <= 1 but for a uniform row at 1.
START_TEST(typical_accepts_every_argmax)
{
    rng r = rng_at(6, 1);
    for (int trial = 0; trial < 2000; trial++) {
        double p[V], most = 0;
        distribution(V, p, &r);
        for (int x = 0; x < V; x++)
            most = fmax(most, p[x]);
        ck_assert_double_gt(most, speculative_threshold(V, p, 1, 1));
    }
    const double uniform[] = {0.25, 0.25, 0.25, 0.25}, sure[] = {0, 1, 0};
    ck_assert_double_eq_tol(speculative_entropy(4, uniform), log(4), 1e-15);
    ck_assert_double_eq(speculative_entropy(3, sure), 0);
    ck_assert_double_eq_tol(speculative_threshold(4, uniform, 1, 0.5), 0.125, 1e-15);
    ck_assert_double_eq(speculative_threshold(3, sure, 0.09, 0.3), 0.09);
    ck_assert_double_eq(speculative_threshold(3, sure, 0.3, 0.09), 0.09);
}
END_TEST

// ---- The decoder ----

static transformer
decoder(bool positions, rng *r)
{
    transformer_config c = {.V = V,
                            .D = 6,
                            .h = 2,
                            .F = 7,
                            .decoders = 2,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_relu};
    c.positions = positions ? transformer_positions(20, 6) : NULL;
    return transformer_new(&c, r);
}

static const int prefix[] = {1, 4, 0, 2};

// Every node has the logits of a plain pass over the prefix and the path to it; and so has what follows, when the rows
// of the accepted path have moved together.
START_TEST(tree_attention)
{
    enum { LENGTH_P = sizeof prefix / sizeof *prefix };
    rng r = rng_at(7, 1);
    transformer m = decoder(true, &r);
    double p[NODES * V];
    int symbols[NODES];
    speculative_tree t = random_pass(&r, p, symbols);
    for (int end = 0; end < NODES; end++) {
        transformer_cache *caches = transformer_caches(&m, 1, 20);
        transformer_decode(&m, 1, LENGTH_P, prefix, NULL, NULL, NULL, caches);
        tensor *all = speculative_tree_decode(&m, &t, symbols, caches);
        ck_assert_int_eq(caches[1].length, LENGTH_P + NODES);
        int path[DEPTHS], rows[DEPTHS + 1] = {0}, n = speculative_tree_path(&t, end, path);
        int text[LENGTH_P + DEPTHS + 2];
        memcpy(text, prefix, sizeof prefix);
        text[LENGTH_P] = symbols[0];
        for (int d = 0; d < n; d++) {
            rows[d + 1] = path[d];
            text[LENGTH_P + 1 + d] = symbols[path[d]];
        }
        tensor *plain = transformer_decode(&m, 1, LENGTH_P + 1 + n, text, NULL, NULL, NULL, NULL);
        for (int x = 0; x < V; x++)
            test_near(all->data[end * V + x], plain->data[(LENGTH_P + n) * V + x], 1e-5, "logit",
                      end);
        for (int i = 0; i < 2; i++)
            speculative_cache_keep(&caches[i], LENGTH_P, 1 + n, rows);
        text[LENGTH_P + 1 + n] = 3;
        tensor *next =
            transformer_decode(&m, 1, 1, text + LENGTH_P + 1 + n, NULL, NULL, NULL, caches);
        plain = transformer_decode(&m, 1, LENGTH_P + 2 + n, text, NULL, NULL, NULL, NULL);
        for (int x = 0; x < V; x++)
            test_near(next->data[x], plain->data[(LENGTH_P + 1 + n) * V + x], 1e-5, "next", end);
        tape_reset();
    }
    speculative_tree_free(&t);
}
END_TEST

START_TEST(tree_without_positions)
{
    rng r = rng_at(7, 2);
    transformer m = decoder(false, &r);
    speculative_tree t = speculative_tree_new(2, 1, (int[]){0, 1});
    transformer_cache *caches = transformer_caches(&m, 1, 20);
    transformer_decode(&m, 1, 4, prefix, NULL, NULL, NULL, caches);
    tensor *all = speculative_tree_decode(&m, &t, (int[]){3, 1, 2}, caches);
    tensor *plain = transformer_decode(&m, 1, 6, (int[]){1, 4, 0, 2, 3, 2}, NULL, NULL, NULL, NULL);
    for (int x = 0; x < V; x++)
        test_near(all->data[2 * V + x], plain->data[5 * V + x], 1e-5, "logit", x);
    speculative_cache_keep(&caches[0], 4, 0, NULL);
    ck_assert_int_eq(caches[0].length, 4);
    speculative_tree_free(&t);
}
END_TEST

// A text made with a tree of guesses, one pass after the other, is the greedy text, in fewer passes.
START_TEST(greedy_text)
{
    enum { FIRST = 4, MOST = 14 };
    rng r = rng_at(7, 4);
    transformer m = decoder(true, &r);
    int plain[FIRST + MOST + 1], text[FIRST + MOST + DEPTHS + 2];
    memcpy(plain, prefix, sizeof prefix);
    for (int n = FIRST; n <= FIRST + MOST; n++) {
        tensor *logits = transformer_decode(&m, 1, n, plain, NULL, NULL, NULL, NULL);
        plain[n] = transformer_sample(V, logits->data + (n - 1) * V, 0, 0, &r);
        tape_reset();
    }
    memcpy(text, plain, (FIRST + 1) * sizeof *text);
    speculative_tree t = speculative_tree_new(PATHS, DEPTHS, paths[0]);
    transformer_cache *caches = transformer_caches(&m, 1, 40);
    transformer_decode(&m, 1, FIRST, prefix, NULL, NULL, NULL, caches);
    int passes_made = 0, n = FIRST + 1; // text[n - 1], the root, is not in the caches yet
    for (; n <= FIRST + MOST - DEPTHS; passes_made++) {
        int guesses[DEPTHS * RANKS], symbols[NODES], rows[DEPTHS + 1] = {0}, symbol;
        double p[NODES * V];
        for (int d = 0; d < DEPTHS; d++)
            for (int i = 0, first = (int)rng_below(&r, V); i < RANKS; i++)
                guesses[d * RANKS + i] = (first + i) % V;
        speculative_tree_symbols(&t, text[n - 1], DEPTHS, RANKS, guesses, symbols);
        tensor *logits = speculative_tree_decode(&m, &t, symbols, caches);
        for (int i = 0; i < NODES * V; i++)
            p[i] = exp(logits->data[i]);
        int path[DEPTHS], end = speculative_tree_greedy(&t, V, p, symbols, &symbol);
        int accepted = speculative_tree_path(&t, end, path);
        for (int d = 0; d < accepted; d++) {
            text[n++] = symbols[path[d]];
            rows[d + 1] = path[d];
        }
        text[n++] = symbol;
        for (int i = 0; i < 2; i++)
            speculative_cache_keep(&caches[i], caches[i].length - NODES, 1 + accepted, rows);
        ck_assert_int_eq(caches[0].length, n - 1);
        tape_reset();
    }
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(text[i], plain[i]);
    ck_assert_int_lt(passes_made, n - FIRST - 1);
    speculative_tree_free(&t);
}
END_TEST

// ---- Texts that a model writes ----

enum { SMALL = 3, SHORT = 4, SHORT_TEXTS = 81 };

// All texts of four symbols of a small model with random heads come as often as the model says: chi^2 with 80 degrees
// of freedom.
static double
chi_square(const transformer *m, const speculative_heads *heads, speculative_rule rule, rng *r)
{
    enum { N = 20000 };
    double count[SHORT_TEXTS] = {0}, chi = 0, all = 0;
    const double temperature = 1.5;
    speculative_writer w = {m, heads, rule, 2, temperature, 0.3, 0.9, -1};
    for (int i = 0; i < N; i++) {
        int out[SHORT], text = 0;
        speculative_write(&w, 1, 10, SHORT, r, out, NULL);
        for (int t = 0; t < SHORT; t++)
            text = text * SMALL + out[t];
        count[text]++;
    }
    for (int text = 0; text < SHORT_TEXTS; text++) {
        int symbols[1 + SHORT] = {1};
        double p[SHORT * SMALL], expected = N;
        for (int t = SHORT, rest = text; t > 0; t--, rest /= SMALL)
            symbols[t] = rest % SMALL;
        tensor *logits = transformer_decode(m, 1, SHORT, symbols, NULL, NULL, NULL, NULL);
        speculative_probabilities(SHORT, SMALL, logits->data, temperature, p);
        for (int t = 0; t < SHORT; t++)
            expected *= p[t * SMALL + symbols[t + 1]];
        chi += pow(count[text] - expected, 2) / expected;
        all += expected;
        tape_reset();
    }
    test_near(all, N, 1e-8 * N, "sum", 0);
    return chi;
}

START_TEST(writes)
{
    double warm[4];
    speculative_probabilities(2, 2, (float[]){0, 2, -2, -2}, 2, warm);
    test_near(warm[1], 1 / (1 + exp(-1)), 1e-15, "warm", 1);
    test_near(warm[2], 0.5, 1e-15, "warm", 2);
    rng r = rng_at(15, 1);
    transformer_config c = {.V = SMALL,
                            .D = 4,
                            .h = 2,
                            .F = 5,
                            .decoders = 1,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_relu,
                            .positions = transformer_positions(10, 4)};
    transformer m = transformer_new(&c, &r);
    speculative_heads heads = speculative_heads_new(2, m.embedding);
    for (int j = 0; j < 2; j++) {
        rng_fill_normal(&r, heads.w[j]->size, heads.w[j]->data, 0, 1);
        rng_fill_normal(&r, heads.u[j]->size, heads.u[j]->data, 0, 1);
    }
    ck_assert_double_lt(chi_square(&m, NULL, SPECULATIVE_PLAIN, &r), 140);
    ck_assert_double_lt(chi_square(&m, &heads, SPECULATIVE_SAMPLED, &r), 140);
    ck_assert_double_lt(chi_square(&m, &heads, SPECULATIVE_BEST, &r), 140);
    ck_assert_double_gt(chi_square(&m, &heads, SPECULATIVE_TYPICAL, &r), 1000);
}
END_TEST

// The best guesses of the heads behind the last of n symbols.
static void
guesses_behind(const transformer *m, const speculative_heads *heads, int K, int n, const int *text,
               int *guess)
{
    tensor *logits = transformer_decode(m, 1, n, text, NULL, NULL, NULL, NULL);
    int D = m->c.D;
    tensor *h = constant("h", SHAPE(1, D), logits->in[0]->data + (long)(n - 1) * D);
    for (int j = 0; j < K; j++) {
        const float *row = speculative_head(h, heads->w[j], heads->u[j])->data;
        guess[j] = 0;
        for (int x = 1; x < V; x++)
            guess[j] = row[x] > row[guess[j]] ? x : guess[j];
    }
}

// Texts of best guesses, by the exact rule and by one that takes every guess, written once more without trees or caches.
// Each head guesses with its own weights.
START_TEST(writes_what_heads_say)
{
    enum { N = 12, K = 2 };
    rng r = rng_at(15, 3);
    transformer m = decoder(true, &r);
    speculative_heads heads = speculative_heads_new(K, m.embedding);
    for (int j = 0; j < K; j++)
        rng_fill_normal(&r, heads.w[j]->size, heads.w[j]->data, 0, 1);
    for (int rule = SPECULATIVE_BEST; rule <= SPECULATIVE_TYPICAL; rule++) {
        speculative_writer w = {&m, &heads, rule, K, 1, 0, 0, -1};
        int shorter = 0, apart = 0;
        for (int stream = 4; stream < 20; stream++) {
            rng again = rng_at(15, stream), same = again;
            int out[N], text[1 + N + K + 1] = {3}, n = 1, made = 0;
            int passes_made = speculative_write(&w, 3, 19, N, &again, out, NULL);
            for (; n < 1 + N; made++) {
                double u[K + 1], p[(1 + N + K + 1) * V];
                int guess[K], guesses = n > 1 ? K : 0, going = 1;
                if (guesses) { // at the last accepted symbol, before the one that was drawn
                    guesses_behind(&m, &heads, K, n - 1, text, guess);
                    apart += guess[0] != guess[1];
                }
                for (int i = 0; i <= guesses; i++)
                    u[i] = rng_uniform64(&same);
                for (int d = 0; d <= guesses && going; d++, n++) {
                    if (rule == SPECULATIVE_TYPICAL && d < guesses) {
                        text[n] = guess[d];
                        continue;
                    }
                    tensor *logits = transformer_decode(&m, 1, n, text, NULL, NULL, NULL, NULL);
                    speculative_probabilities(n, V, logits->data, 1, p);
                    text[n] = speculative_draw(V, p + (n - 1) * V,
                                               u[rule == SPECULATIVE_TYPICAL ? 0 : d]);
                    going = d < guesses && text[n] == guess[d];
                }
                tape_reset();
            }
            ck_assert_int_eq(made, passes_made);
            ck_assert_mem_eq(text + 1, out, sizeof out);
            shorter += made < N;
        }
        ck_assert_int_gt(shorter, 4);
        ck_assert_int_gt(apart, 4);
    }
}
END_TEST

// A text that is longer than the caches: each symbol's nats are those of a plain pass over what the caches then held.
START_TEST(writes_on)
{
    enum { N = 40, ROOM = 12 };
    rng r = rng_at(15, 2);
    transformer m = decoder(true, &r);
    speculative_heads heads = speculative_heads_new(2, m.embedding);
    for (int rule = SPECULATIVE_PLAIN; rule <= SPECULATIVE_TYPICAL; rule++) {
        int out[N], text[1 + N] = {3};
        double nats[N];
        speculative_writer w = {&m, &heads, rule, 2, 1, 0.3, 0.9, -1};
        int made = speculative_write(&w, 3, ROOM, N, &r, out, nats);
        ck_assert_int_le(made, N);
        ck_assert_int_ge(made, N / 3);
        if (rule == SPECULATIVE_PLAIN)
            ck_assert_int_eq(made, N);
        memcpy(text + 1, out, sizeof out);
        for (int i = 0; i < N; i++) { // from some beginning of at most ROOM symbols before it
            double nearest = 1;
            for (int from = i; from >= 0 && i - from < ROOM; from--) {
                double p[ROOM * V];
                int n = i + 1 - from;
                tensor *logits = transformer_decode(&m, 1, n, text + from, NULL, NULL, NULL, NULL);
                speculative_probabilities(n, V, logits->data, 1, p);
                double gap = fabs(nats[i] + log(p[(n - 1) * V + out[i]]));
                nearest = gap < nearest ? gap : nearest;
                tape_reset();
            }
            ck_assert_msg(nearest < 1e-5, "rule %d, symbol %d: %g", rule, i, nearest);
        }
    }
    int out[4];
    speculative_writer cold = {&m, &heads, SPECULATIVE_BEST, 2, 0, 0.3, 0.9, -1};
    REFUSED(speculative_write(&cold, 3, ROOM, 4, &r, out, NULL),
            "speculative_write: temperature 0, expected more than 0");
}
END_TEST

// ---- The reader's files ----

static speculative_rows
parsed(const char *text)
{
    return speculative_rows_parse(text, strlen(text), "f");
}

START_TEST(rows_of_numbers)
{
    speculative_rows r = parsed("# nothing\n0.5 .3,\t0.2\n\n 2 1 1 # three\r\n");
    ck_assert_int_eq(r.rows, 2);
    ck_assert_int_eq(r.line[0], 2);
    ck_assert_int_eq(r.line[1], 4);
    ck_assert_int_eq(r.at[2], 6);
    ck_assert_double_eq(r.value[3], 2);
    REFUSED(speculative_rows_distributions(&r), "f:4: the probabilities sum to 4: expected 1");
    speculative_rows_free(&r);
    REFUSED(parsed("1 2\n3 x\n"), "f:2: x: expected numbers");
    REFUSED(parsed("1 2x\n"), "f:1: 2x: expected numbers");
    REFUSED(parsed("1e999"), "f:1: 1e999: expected numbers");
    REFUSED(parsed("# none\n"), "f: no numbers");
    REFUSED(parsed(""), "f: no numbers");
    r = parsed("1 0\n1\n");
    REFUSED(speculative_rows_distributions(&r), "f:2: 1 probabilities; expected 2, as in line 1");
    speculative_rows_free(&r);
    r = parsed("1.5 -.5\n");
    REFUSED(speculative_rows_distributions(&r), "f:1: probability -0.5: expected 0 or more");
    speculative_rows_free(&r);
    r = parsed("0.3334 0.3333 0.3334\n");
    ck_assert_int_eq(speculative_rows_distributions(&r), 3);
    ck_assert_double_eq_tol(r.value[0] + r.value[1] + r.value[2], 1, 1e-15);
    speculative_rows_free(&r);
}
END_TEST

START_TEST(rows_as_paths)
{
    int longest;
    speculative_rows r = parsed("0 0\n1\n");
    int *read = speculative_rows_paths(&r, &longest);
    ck_assert_int_eq(longest, 2);
    ck_assert_mem_eq(read, ((int[]){0, 0, 1, -1}), 4 * sizeof(int));
    free(read);
    speculative_rows_free(&r);
    r = parsed("0\n0.5\n");
    REFUSED(speculative_rows_paths(&r, &longest),
            "f:2: rank 0.5: expected a whole number from 0 to 255");
    speculative_rows_free(&r);
    r = parsed("0 256\n");
    REFUSED(speculative_rows_paths(&r, &longest),
            "f:1: rank 256: expected a whole number from 0 to 255");
    speculative_rows_free(&r);
    char many[4000] = "";
    for (int i = 0; i < 65; i++)
        strcat(many, "0 ");
    r = parsed(many);
    REFUSED(speculative_rows_paths(&r, &longest), "f:1: a path of 65 ranks: expected 64 at most");
    speculative_rows_free(&r);
    many[0] = 0;
    for (int i = 0; i < 1001; i++)
        strcat(many, "0\n");
    r = parsed(many);
    REFUSED(speculative_rows_paths(&r, &longest), "f: 1001 ranks in all: expected 1000 at most");
    speculative_rows_free(&r);
}
END_TEST

// Of two sequences, rows 0, 2 and 3 behind two positions stay; both their keys and their values.
START_TEST(cache_rows)
{
    enum { ROOM = 7, ROW = 6 };
    transformer_cache c = {.length = ROOM};
    c.k = tensor_state("keys", SHAPE(2, ROOM, 2, 3));
    c.v = tensor_state("values", SHAPE(2, ROOM, 2, 3));
    for (int i = 0; i < 2 * ROOM * ROW; i++) {
        c.k->data[i] = i;
        c.v->data[i] = -i;
    }
    speculative_cache_keep(&c, 2, 3, (int[]){0, 2, 3});
    ck_assert_int_eq(c.length, 5);
    for (int i = 0; i < 2 * 5 * ROW; i++) {
        int b = i / (5 * ROW), row_now = i / ROW % 5, row_then = row_now + (row_now > 2);
        int now = (b * ROOM + row_now) * ROW + i % ROW,
            then = (b * ROOM + row_then) * ROW + i % ROW;
        ck_assert_float_eq(c.k->data[now], then);
        ck_assert_float_eq(c.v->data[now], -then);
    }
}
END_TEST

START_TEST(tree_beyond_positions)
{
    rng r = rng_at(7, 3);
    transformer m = decoder(true, &r);
    transformer_cache *caches = transformer_caches(&m, 1, 30);
    int ids[19] = {0};
    transformer_decode(&m, 1, 19, ids, NULL, NULL, NULL, caches);
    speculative_tree t = speculative_tree_new(1, 1, (int[]){0});
    REFUSED(speculative_tree_decode(&m, &t, (int[]){0, 0}, caches),
            "speculative_tree_decode: position 20; the model has positions for 20");
    speculative_tree_free(&t);
}
END_TEST

// ---- Passes over a Markov language ----

enum { STATES = 5 };

// Five states, whose next ones are random; state 2 cannot go on with symbol 1.
typedef struct {
    double p[STATES * V], q[STATES * V];
    int next[STATES * V];
    speculative_language language;
} chain;

static void
random_chain(chain *c, rng *r)
{
    for (int s = 0; s < STATES; s++) {
        distribution(V, c->p + s * V, r);
        distribution(V, c->q + s * V, r);
        for (int x = 0; x < V; x++)
            c->next[s * V + x] = (int)rng_below(r, STATES);
    }
    c->p[2 * V] += c->p[2 * V + 1];
    c->p[2 * V + 1] = 0;
    c->next[2 * V + 1] = -1;
    c->language = (speculative_language){STATES, V, c->p, c->next};
}

// The probabilities two symbols later: over all two symbols between.
START_TEST(ahead)
{
    rng r = rng_at(11, 1);
    chain c;
    random_chain(&c, &r);
    double got[STATES * V];
    speculative_ahead(&c.language, 0, got);
    ck_assert_mem_eq(got, c.p, sizeof got);
    speculative_ahead(&c.language, 2, got);
    for (int s = 0; s < STATES; s++) {
        double expected[V] = {0};
        for (int x = 0; x < V; x++)
            for (int y = 0; y < V; y++)
                for (int z = 0; z < V; z++) {
                    int one = c.next[s * V + x], two = one < 0 ? -1 : c.next[one * V + y];
                    if (two >= 0)
                        expected[z] += c.p[s * V + x] * c.p[one * V + y] * c.p[two * V + z];
                }
        for (int x = 0; x < V; x++)
            test_near(got[s * V + x], expected[x], 1e-14, "ahead", s * V + x);
    }
}
END_TEST

START_TEST(ceiling)
{
    const double stationary[] = {0.25, 0.75}, rows[] = {0.5, 0.5, 0, 0.2, 0.2, 0.6};
    speculative_language l = {.S = 2, .V = 3};
    speculative_ceiling c = speculative_ceiling_of(&l, stationary, rows);
    test_near(c.accuracy, 0.25 * 0.5 + 0.75 * 0.6, 1e-15, "accuracy", 0);
    test_near(c.loss, 0.25 * log(2) - 0.75 * (0.4 * log(0.2) + 0.6 * log(0.6)), 1e-15, "loss", 0);
    double best[6];
    speculative_best_guesses(&l, rows, best);
    ck_assert_mem_eq(best, ((double[]){1, 0, 0, 0, 0, 1}), sizeof best);
}
END_TEST

// With one state, acceptances are independent: (1 - a^(k+1)) / (1 - a).
START_TEST(formula)
{
    double p[V], q[V], tokens, begins, begins_heads[V], heads[4 * V];
    int next[V] = {0};
    rng r = rng_at(12, 1);
    distribution(V, p, &r);
    distribution(V, q, &r);
    speculative_language l = {1, V, p, next};
    double a = speculative_overlap(V, p, q);
    for (int k = 0; k <= 4; k++) {
        double expected = (1 - pow(a, k + 1)) / (1 - a);
        speculative_tokens(&l, q, k, &tokens);
        test_near(tokens, expected, 1e-14, "tokens", k);
        test_near(speculative_mean_tokens(&l, q, k, &begins), expected, 1e-14, "mean", k);
        for (int i = 0; i < k; i++)
            memcpy(heads + i * V, q, sizeof q);
        test_near(speculative_heads_tokens(&l, heads, k, begins_heads), expected, 1e-12, "heads",
                  k);
    }
}
END_TEST

// A language that goes round: passes begin in states 0, 3, 1, 4, 2 in turn.
START_TEST(period)
{
    double p[STATES], tokens[STATES], begins[STATES];
    int next[STATES];
    for (int s = 0; s < STATES; s++) {
        p[s] = 1;
        next[s] = (s + 1) % STATES;
    }
    speculative_language l = {STATES, 1, p, next};
    ck_assert_double_eq_tol(speculative_mean_tokens(&l, p, 2, begins), 3, 1e-14);
    for (int s = 0; s < STATES; s++)
        ck_assert_double_eq_tol(begins[s], 0.2, 1e-14);
    speculative_tokens(&l, p, 2, tokens);
    ck_assert_double_eq(tokens[3], 3);
}
END_TEST

// Rounds of speculative_round have as many symbols as the functions of passes.h say: z of their mean, passes one
// after the other taken as batches of 100.
static double
simulated(const chain *c, const double *heads, int k, double expected, rng *r)
{
    double sum = 0, square = 0;
    enum { BATCHES = 400, BATCH = 100 };
    int s = 0, sure = 0;
    for (int b = 0; b < BATCHES; b++) {
        int symbols = 0;
        for (int i = 0; i < BATCH; i++) {
            double p[5 * V], q[4 * V], u[5], rest[V];
            int draft[4], emitted[5], place = heads ? c->next[s * V + sure] : s, at = place;
            for (int j = 0; j <= k; j++) {
                u[j] = rng_uniform64(r);
                memcpy(p + j * V, c->p + (place < 0 ? 0 : place) * V, sizeof rest);
                if (j == k)
                    break;
                // After a symbol that cannot follow, no row counts.
                const double *row_q =
                    heads ? heads + (j * STATES + s) * V : c->q + (place < 0 ? 0 : place) * V;
                memcpy(q + j * V, row_q, sizeof rest);
                draft[j] = speculative_draw(V, q + j * V, rng_uniform64(r));
                place = place < 0 ? -1 : c->next[place * V + draft[j]];
            }
            int n = speculative_round(V, k, p, q, draft, u, emitted, rest);
            for (int j = 0; j <= n; j++) {
                if (j < n || !heads)
                    at = c->next[at * V + emitted[j]];
                else
                    sure = emitted[j];
            }
            s = at;
            symbols += n + 1;
        }
        sum += symbols / (double)BATCH;
        square += pow(symbols / (double)BATCH, 2);
    }
    double mean = sum / BATCHES;
    return (mean - expected) / sqrt((square / BATCHES - mean * mean) / (BATCHES - 1));
}

START_TEST(passes)
{
    rng r = rng_at(13, 1);
    for (int k = 1; k <= 4; k++) {
        chain c;
        random_chain(&c, &r);
        double begins[STATES], tokens[STATES], heads[4 * STATES * V], edges[STATES * V], sum = 0;
        double mean = speculative_mean_tokens(&c.language, c.q, k, begins), weighted = 0;
        ck_assert_double_lt(fabs(simulated(&c, NULL, k, mean, &r)), 4);
        speculative_tokens(&c.language, c.q, k, tokens);
        for (int s = 0; s < STATES; s++)
            weighted += begins[s] * tokens[s];
        test_near(weighted, mean, 1e-13, "mean of tokens", k);
        for (int j = 1; j <= k; j++)
            speculative_ahead(&c.language, j, heads + (j - 1) * STATES * V);
        mean = speculative_heads_tokens(&c.language, heads, k, edges);
        ck_assert_double_lt(fabs(simulated(&c, heads, k, mean, &r)), 4);
        for (int e = 0; e < STATES * V; e++)
            sum += edges[e];
        test_near(sum, 1, 1e-13, "sum of begins", k);
    }
}
END_TEST

// A tree of guesses over the random chain: passes made one after the other by speculative_tree_sample, or with delta
// > 0 by speculative_tree_typical; z of their mean symbols. counted (STATES, V): how often an edge was written.
static double
walked(const chain *c, const double *heads, int k, const speculative_tree *t, double delta,
       double expected, double *counted, rng *r)
{
    enum { BATCHES = 400, BATCH = 100 };
    double sum = 0, square = 0;
    int s = 0, sure = 0, all = 0;
    for (int b = 0; b < BATCHES; b++) {
        int made = 0;
        for (int i = 0; i < BATCH; i++) {
            int guesses[4 * V], symbols[NODES], state[NODES], path[NODES], symbol;
            double p[NODES * V] = {0}, u[5];
            speculative_ranked(&c->language, heads, k, s, V, guesses);
            speculative_tree_symbols(t, sure, k, V, guesses, symbols);
            for (int node = 0; node < t->n; node++) {
                int before = node ? state[t->parent[node]] : s;
                state[node] = before < 0 ? -1 : c->next[before * V + symbols[node]];
                if (state[node] >= 0)
                    memcpy(p + node * V, c->p + state[node] * V, V * sizeof *p);
            }
            for (int d = 0; d < 5; d++)
                u[d] = rng_uniform64(r);
            int end;
            if (delta > 0) {
                end = speculative_tree_typical(t, V, p, symbols, 0.3, delta);
                symbol = speculative_draw(V, p + end * V, u[0]);
            } else
                end = speculative_tree_sample(t, V, p, symbols, u, &symbol);
            int n = speculative_tree_path(t, end, path);
            for (int d = 0, at = 0; d < n; at = path[d++])
                counted[state[at] * V + symbols[path[d]]]++;
            counted[state[end] * V + symbol]++;
            s = state[end];
            sure = symbol;
            made += n + 1;
        }
        all += made;
        sum += made / (double)BATCH;
        square += pow(made / (double)BATCH, 2);
    }
    for (int e = 0; e < STATES * V; e++)
        counted[e] /= all;
    double mean = sum / BATCHES;
    return (mean - expected) / sqrt((square / BATCHES - mean * mean) / (BATCHES - 1));
}

START_TEST(tree_passes)
{
    rng r = rng_at(14, 1);
    for (int i = 0; i < 4; i++) {
        chain c;
        random_chain(&c, &r);
        const int path_list[3][4] = {{0, 0, 1, -1}, {1, 0, -1, -1}, {0, 2, 0, 0}};
        speculative_tree t = speculative_tree_new(3, 4, path_list[0]);
        double heads[4 * STATES * V], begins[STATES * V], used[STATES * V], sum = 0;
        double counted[STATES * V] = {0}, delta = i % 2 ? 0.9 : 0;
        for (int j = 1; j <= 4; j++)
            speculative_ahead(&c.language, j, heads + (j - 1) * STATES * V);
        double mean = speculative_tree_tokens(&c.language, heads, 4, &t, 0.3, delta, begins, used);
        ck_assert_double_lt(fabs(walked(&c, heads, 4, &t, delta, mean, counted, &r)), 4);
        for (int e = 0; e < STATES * V; e++) {
            sum += begins[e];
            ck_assert_double_lt(fabs(counted[e] - used[e]), 0.01);
        }
        test_near(sum, 1, 1e-12, "sum of begins", i);
        speculative_tree_free(&t);
    }
}
END_TEST

// With one guess a place the tree of best guesses is the heads' pass with one-hot rows; an exact rule writes p.
START_TEST(tree_of_one_path)
{
    rng r = rng_at(14, 2);
    chain c;
    random_chain(&c, &r);
    double heads[3 * STATES * V], best[3 * STATES * V], begins[STATES * V], used[STATES * V];
    for (int j = 0; j < 3; j++) {
        speculative_ahead(&c.language, j + 1, heads + j * STATES * V);
        speculative_best_guesses(&c.language, heads + j * STATES * V, best + j * STATES * V);
    }
    speculative_tree t = speculative_tree_new(1, 3, (int[]){0, 0, 0});
    double mean = speculative_tree_tokens(&c.language, heads, 3, &t, 0, 0, begins, used);
    test_near(mean, speculative_heads_tokens(&c.language, best, 3, begins), 1e-12, "tokens", 0);
    for (int s = 0; s < STATES; s++) {
        double state = 0;
        for (int x = 0; x < V; x++)
            state += used[s * V + x];
        for (int x = 0; x < V; x++)
            test_near(used[s * V + x] / state, c.p[s * V + x], 1e-12, "used", s * V + x);
    }
    speculative_tree_free(&t);
}
END_TEST

// The tree of n guesses is the best of all trees that one more guess can make of any smaller one: every size is held
// against all sets of nodes of depth 1 and 2 that are closed under parents.
START_TEST(best_tree)
{
    enum { N = 3, K = 2, R = 3 };
    rng r = rng_at(14, 3);
    double accuracy[K * R];
    for (int i = 0; i < K * R; i++)
        accuracy[i] = rng_uniform64(&r);
    int chosen[N * K];
    for (int n = 1; n <= N; n++) {
        double best = 0;
        for (int set = 0; set < 1 << (R + R * R); set++) {
            double sum = 1;
            int size = 0, closed = 1;
            for (int i = 0; i < R + R * R; i++) {
                if (!(set >> i & 1))
                    continue;
                int parent = (i - R) / R;
                size++;
                closed &= i < R || (set >> parent & 1);
                sum += i < R ? accuracy[i] : accuracy[parent] * accuracy[R + (i - R) % R];
            }
            best = closed && size == n && sum > best ? sum : best;
        }
        test_near(speculative_product_tree(R, K, n, accuracy, chosen), best, 1e-14, "promised", n);
        speculative_tree t = speculative_tree_new(n, K, chosen);
        ck_assert_int_eq(t.n, n + 1);
        speculative_tree_free(&t);
    }
}
END_TEST

// What a tree promises where its own passes begin is what it gives; and a tree that is larger gives more.
START_TEST(best_tree_keeps_its_promise)
{
    rng r = rng_at(14, 4);
    chain c;
    random_chain(&c, &r);
    double heads[2 * STATES * V], begins[STATES * V], used[STATES * V], before = 1;
    for (int j = 0; j < 2; j++)
        speculative_ahead(&c.language, j + 1, heads + j * STATES * V);
    int same = 0;
    for (int n = 1; n <= 6; n++) {
        int chosen[6 * 2], again[6 * 2];
        for (int e = 0; e < STATES * V; e++)
            begins[e] = c.p[e] / STATES;
        speculative_best_tree(&c.language, heads, 2, n, begins, chosen);
        speculative_tree t = speculative_tree_new(n, 2, chosen);
        ck_assert_int_eq(t.n, n + 1);
        double given = speculative_tree_tokens(&c.language, heads, 2, &t, 0, 0, begins, used);
        double promised = speculative_best_tree(&c.language, heads, 2, n, begins, again);
        ck_assert_double_ge(promised, given - 1e-12);
        if (memcmp(chosen, again, 2 * n * sizeof *again) == 0) {
            test_near(promised, given, 1e-12, "promised", n);
            same++;
        }
        ck_assert_double_gt(given, before - 0.05);
        before = given;
        speculative_tree_free(&t);
    }
    ck_assert_int_gt(same, 2);
    test_near(speculative_formula(0.5, 2), 1.75, 1e-15, "formula", 2);
    test_near(speculative_formula(1, 3), 4, 1e-15, "formula", 3);
    test_near(speculative_formula(0.9, 0), 1, 1e-15, "formula", 0);
}
END_TEST

// ---- Heads and losses ----

START_TEST(heads_begin_as_the_model)
{
    enum { D = 6 };
    rng r = rng_at(8, 1);
    tensor *unembedding = test_param("unembedding", SHAPE(V, D), &r, 1);
    speculative_heads s = speculative_heads_new(3, unembedding);
    tensor *h = test_param("h", SHAPE(2, 4, D), &r, 1);
    tensor *own = t_matmul_nt(h, unembedding);
    for (int j = 0; j < 3; j++) {
        tensor *logits = speculative_head(h, s.w[j], s.u[j]);
        ck_assert(shape_equal(logits->shape, SHAPE(2, 4, V)));
        ck_assert_mem_eq(logits->data, own->data, own->size * sizeof(float));
        ck_assert_ptr_ne(s.u[j]->data, unembedding->data);
    }
}
END_TEST

START_TEST(head)
{
    enum { D = 6 };
    rng r = rng_at(8, 2);
    tensor *h = test_param("h", SHAPE(D), &r, 1), *w = test_param("w", SHAPE(D, D), &r, 1);
    tensor *u = test_param("u", SHAPE(V, D), &r, 1);
    tensor *logits = speculative_head(t_reshape(h, SHAPE(1, D)), w, u);
    for (int v = 0; v < V; v++) {
        double sum = 0;
        for (int i = 0; i < D; i++) {
            double a = 0;
            for (int j = 0; j < D; j++)
                a += (double)w->data[i * D + j] * h->data[j];
            sum += u->data[v * D + i] * (h->data[i] + a / (1 + exp(-a)));
        }
        test_near(logits->data[v], sum, 1e-5, "logit", v);
    }
}
END_TEST

static tensor *
one_head(tensor *const x[], void *context)
{
    (void)context;
    return speculative_head(x[0], x[1], x[2]);
}

START_TEST(head_gradients)
{
    rng r = rng_at(8, 3);
    tensor *x[] = {test_param("h", SHAPE(2, 3, 4), &r, 1), test_param("w", SHAPE(4, 4), &r, 1),
                   test_param("u", SHAPE(5, 4), &r, 1)};
    ck_assert_double_lt(gradcheck(one_head, 3, x, NULL), 1e-3);
}
END_TEST

static const int ids[] = {3, 1, 4, 1, 0, 2, 2, 0, 4, 3}; // (2, 5)

START_TEST(targets)
{
    int got[10];
    speculative_targets(2, 5, ids, 2, got);
    ck_assert_mem_eq(got, ((int[]){4, 1, 0, -1, -1, 0, 4, 3, -1, -1}), sizeof got);
    speculative_targets(2, 5, ids, 0, got);
    ck_assert_mem_eq(got, ids, sizeof got);
    speculative_targets(2, 5, ids, 6, got);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(got[i], -1);
}
END_TEST

START_TEST(loss)
{
    const float lambda[] = {1, 0.25f, 0.5f};
    rng r = rng_at(9, 1);
    tensor *logits[3];
    double expected = 0;
    for (int j = 0; j < 3; j++) {
        logits[j] = test_param("logits", SHAPE(2, 5, V), &r, 1);
        double sum = 0;
        for (int b = 0; b < 2; b++)
            for (int t = 0; t + 1 + j < 5; t++) {
                const float *o = logits[j]->data + (b * 5 + t) * V;
                double all = 0;
                for (int x = 0; x < V; x++)
                    all += exp(o[x]);
                sum += log(all) - o[ids[b * 5 + t + 1 + j]];
            }
        expected += lambda[j] * sum / (2 * (4 - j));
    }
    tensor *got = speculative_loss(3, logits, lambda, ids);
    test_near(got->data[0], expected, 1e-6, "loss", 0);
    backward(got);
    for (int j = 0; j < 3; j++)
        for (int t = 0; t < 5; t++) {
            double size = 0;
            for (int x = 0; x < V; x++)
                size += fabs(logits[j]->grad[t * V + x]);
            ck_assert_int_eq(size > 0, t + 1 + j < 5);
        }
}
END_TEST

typedef struct {
    speculative_module module;
    int k;
    const int *ids;
} module_call;

static module_call
new_module(int k, rng *r)
{
    enum { D = 4 };
    module_call c = {.k = k, .ids = ids};
    transformer_config config = {.V = V,
                                 .D = D,
                                 .h = 2,
                                 .F = 5,
                                 .decoders = 1,
                                 .placement = TRANSFORMER_PRE_NORM,
                                 .activation = t_gelu};
    c.module.layer = transformer_layer_new(&config, false, r);
    c.module.gain_h = test_param("gain_h", SHAPE(D), r, 1);
    c.module.gain_e = test_param("gain_e", SHAPE(D), r, 1);
    c.module.m = test_param("m", SHAPE(D, 2 * D), r, 1);
    c.module.eps = 0.1f;
    return c;
}

static tensor *
run_module(tensor *const x[], void *context)
{
    const module_call *c = context;
    return speculative_module_forward(&c->module, x[0], x[1], c->ids, c->k);
}

START_TEST(module_gradients)
{
    rng r = rng_at(10, 1);
    module_call c = new_module(1, &r);
    tensor *x[] = {test_param("h", SHAPE(2, 5, 4), &r, 1),
                   test_param("embedding", SHAPE(V, 4), &r, 1), c.module.m, c.module.gain_h,
                   c.module.gain_e};
    ck_assert_double_lt(gradcheck(run_module, 5, x, &c), 2e-3);
}
END_TEST

// The layer reads M [norm of h; norm of the embedding of the symbol k later].
START_TEST(module_input)
{
    enum { D = 4 };
    rng r = rng_at(10, 2);
    module_call c = new_module(2, &r);
    tensor *h = test_param("h", SHAPE(2, 5, D), &r, 1),
           *e = test_param("embedding", SHAPE(V, D), &r, 1);
    speculative_module_forward(&c.module, h, e, ids, 2);
    tensor *mixed = tape_find("mixed");
    for (int i = 0; i < 10; i++) {
        const float *a = h->data + i * D, *b = e->data + (i % 5 < 3 ? ids[i + 2] : 0) * D;
        double square_a = 0, square_b = 0;
        for (int j = 0; j < D; j++) {
            square_a += (double)a[j] * a[j];
            square_b += (double)b[j] * b[j];
        }
        for (int o = 0; o < D; o++) {
            double sum = 0;
            for (int j = 0; j < D; j++) {
                const float *row_m = c.module.m->data + o * 2 * D;
                sum += row_m[j] * c.module.gain_h->data[j] * a[j] / sqrt(square_a / D + 0.1f);
                sum += row_m[D + j] * c.module.gain_e->data[j] * b[j] / sqrt(square_b / D + 0.1f);
            }
            test_near(mixed->data[i * D + o], sum, 1e-5, "mixed", i * D + o);
        }
    }
}
END_TEST

// Position t does not depend on symbols after t + k, the first of which it is to predict.
START_TEST(module_is_causal)
{
    rng r = rng_at(10, 3);
    module_call c = new_module(1, &r);
    tensor *h = test_param("h", SHAPE(2, 5, 4), &r, 1),
           *e = test_param("embedding", SHAPE(V, 4), &r, 1);
    int other[10];
    memcpy(other, ids, sizeof other);
    other[3] = 4;
    tensor *one = speculative_module_forward(&c.module, h, e, ids, 1);
    tensor *two = speculative_module_forward(&c.module, h, e, other, 1);
    ck_assert_mem_eq(one->data, two->data, 2 * 4 * sizeof(float));
    ck_assert_mem_ne(one->data + 8, two->data + 8, 4 * sizeof(float));
}
END_TEST

TEST_MAIN_WITH("speculative", NULL, tensors_free, acceptance, overlap, residual, draw, exact,
               candidates, tree, tree_refuses, tree_order, tree_sample, greedy_ties, typical,
               typical_accepts_every_argmax, tree_attention, tree_without_positions, greedy_text,
               tree_passes, tree_of_one_path, best_tree, best_tree_keeps_its_promise, writes,
               writes_what_heads_say, writes_on, rows_of_numbers, rows_as_paths, cache_rows,
               tree_beyond_positions, ahead, ceiling, formula, period, passes,
               heads_begin_as_the_model, head, head_gradients, targets, loss, module_gradients,
               module_input, module_is_causal)
