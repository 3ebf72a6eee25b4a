// The reference cases. Distributions, trees and passes are in double, heads and losses in float. All sizes differ.
#include "speculative/cases.h"

#include "data/text.h"
#include "files/memory.h"
#include "frame/case.h"
#include "frame/case_tensor.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "speculative/passes.h"
#include "speculative/speculative.h"
#include "transformer/transformer.h"

#include <stdlib.h>
#include <string.h>

enum { SEED = 1, V = 7 };

static const double close = 1e-12;
static const char *const by_u = "a symbol is drawn with u as the first x with u < p(0) + ... + "
                                "p(x); a draft is accepted if u < min(1, p/q)";

// A random distribution over n symbols.
static void
distribution(int n, double *p, rng *r)
{
    double sum = 0;
    for (int x = 0; x < n; x++) {
        p[x] = -log64(1 - rng_uniform64(r));
        sum += p[x];
    }
    for (int x = 0; x < n; x++)
        p[x] /= sum;
}

static void
distributions(int rows, int n, double *p, rng *r)
{
    for (int i = 0; i < rows; i++)
        distribution(n, p + i * n, r);
}

// A symbol drawn from p: written once more, so that a case's inputs stay right where the method has a mistake.
static int
drawn(int n, const double *p, rng *r)
{
    double u = rng_uniform64(r);
    int x = 0;
    for (; x < n - 1 && u >= p[x]; x++)
        u -= p[x];
    return x;
}

static void
uniforms(int n, double *u, rng *r)
{
    for (int i = 0; i < n; i++)
        u[i] = rng_uniform64(r);
}

// ---- Rounds ----

static void
accept(void)
{
    enum { R = 11, K = 3 };
    double p[R * (K + 1) * V], q[R * K * V], u[R * (K + 1)];
    double chance[R * K], a[R * K], rest[R * V];
    int draft[R * K], emitted[R * (K + 1)], accepted[R];
    rng r = rng_at(SEED, 1);
    distributions(R * (K + 1), V, p, &r);
    distributions(R * K, V, q, &r);
    for (int i = 0; i < R * K; i++)
        draft[i] = drawn(V, q + i * V, &r);
    uniforms(R * (K + 1), u, &r);
    for (int i = 0; i < R; i++) {
        const double *pi = p + i * (K + 1) * V, *qi = q + i * K * V;
        int *out = emitted + i * (K + 1);
        for (int j = 0; j <= K; j++)
            out[j] = -1;
        for (int j = 0; j < K; j++) {
            int x = draft[i * K + j];
            chance[i * K + j] = speculative_acceptance(pi[j * V + x], qi[j * V + x]);
            a[i * K + j] = speculative_overlap(V, pi + j * V, qi + j * V);
        }
        accepted[i] =
            speculative_round(V, K, pi, qi, draft + i * K, u + i * (K + 1), out, rest + i * V);
    }
    case_begin("accept",
               "Speculative sampling: what rounds accept of their drafts, and the symbol after.");
    case_convention("p is the target, q the draft");
    case_convention(by_u);
    case_convention("u[i] decides about draft[i], i < k; u[k] draws the last symbol of the round, "
                    "wherever it ends");
    case_input_f8("p", SHAPE(R, K + 1, V), p, "the target at the places of the draft and after it");
    case_input_f8("q", SHAPE(R, K, V), q, "what the draft was drawn from");
    case_input_i4("draft", SHAPE(R, K), draft, "the drafted symbols");
    case_input_f8("u", SHAPE(R, K + 1), u, "uniform numbers");
    case_write_f8("step", "chance", "", SHAPE(R, K), chance, close,
                  "min(1, p/q) of every drafted symbol");
    case_write_f8("step", "a", "", SHAPE(R, K), a, close,
                  "how often a draft is accepted at each place: sum_x min(p, q)");
    case_write_i4("step", "accepted", "chance", SHAPE(R), accepted,
                  "how many are accepted before the first rejection");
    case_write_f8("step", "rest", "accepted", SHAPE(R, V), rest, close,
                  "what the last symbol is drawn from");
    case_write_i4("output", "emitted", "accepted rest", SHAPE(R, K + 1), emitted,
                  "the round's symbols, then -1");
    case_end();
}

// What is accepted of symbol x, and what is drawn after a rejection with the probability of one, at one place: (n)
// each.
static void
place(int n, const double *p, const double *q, double *kept, double *corrected)
{
    double left = 1;
    for (int x = 0; x < n; x++) {
        kept[x] = q[x] * speculative_acceptance(p[x], q[x]);
        left -= kept[x];
    }
    speculative_residual(n, p, q, corrected);
    for (int x = 0; x < n; x++)
        corrected[x] *= left;
}

static void
enumerate(void)
{
    enum { N = 3, TWO = N * N, THREE = TWO * N };
    double p[TWO * N], q[TWO * N], one[N], two[TWO], three[THREE], kept[N], next[N], dropped[N];
    rng r = rng_at(SEED, 2);
    distributions(TWO, N, p, &r);
    distributions(TWO, N, q, &r);
    place(N, p, q, kept, one);
    for (int x = 0; x < N; x++) {
        place(N, p + x * N, q + x * N, next, dropped);
        for (int y = 0; y < N; y++) {
            two[x * N + y] = kept[x] * dropped[y];
            for (int z = 0; z < N; z++)
                three[(x * N + y) * N + z] = kept[x] * next[y] * p[(x * N + y) * N + z];
        }
    }
    // Rounds are joined: what is short goes on with the target, since every round is exact.
    double pair[TWO];
    for (int x = 0; x < N; x++)
        for (int y = 0; y < N; y++) {
            pair[x * N + y] = one[x] * p[x * N + y] + two[x * N + y];
            for (int z = 0; z < N; z++)
                pair[x * N + y] += three[(x * N + y) * N + z];
        }
    case_begin("enumerate", "The probabilities of all that one round of two drafted symbols can "
                            "give, and of the first two symbols of a text.");
    case_convention("p and q: row 3 a + b holds the next symbol's probabilities after the symbols "
                    "a, b; before a text stand 0, 0");
    case_input_f8("p", SHAPE(TWO, N), p, "the target");
    case_input_f8("q", SHAPE(TWO, N), q, "the draft");
    case_write_f8("step", "one", "", SHAPE(N), one, close,
                  "of rounds that give one symbol: the first was rejected");
    case_write_f8("step", "two", "", SHAPE(N, N), two, close,
                  "of rounds that give two: the second was rejected");
    case_write_f8("step", "three", "", SHAPE(N, N, N), three, close, "of rounds that give three");
    case_write_f8(
        "output", "pair", "one two three", SHAPE(N, N), pair, close,
        "of a text's first two symbols, one that is short continued by p: what p gives them");
    case_end();
}

static void
candidates(const char *name, bool again)
{
    enum { R = 9, C = 3 };
    double p[R * V], q[R * V], u[R * (C + 1)], p_left[R * C * V], q_left[R * C * V];
    int candidate[R * C], accepted[R], symbol[R];
    rng r = rng_at(SEED, 3);
    distributions(R, V, p, &r);
    distributions(R, V, q, &r);
    uniforms(R * (C + 1), u, &r);
    for (int i = 0; i < R; i++) {
        double now[V], p2[V], q2[V];
        memcpy(now, q + i * V, sizeof now);
        for (int c = 0; c < C; c++) {
            int x = candidate[i * C + c] = drawn(V, now, &r);
            double sum = 1 - now[x];
            for (int y = 0; y < V && !again; y++)
                now[y] = y == x ? 0 : now[y] / sum;
        }
        memcpy(p2, p + i * V, sizeof p2);
        memcpy(q2, q + i * V, sizeof q2);
        for (int c = 0; c < C; c++) {
            speculative_reject(V, p2, q2, candidate[i * C + c], again);
            memcpy(p_left + (i * C + c) * V, p2, sizeof p2);
            memcpy(q_left + (i * C + c) * V, q2, sizeof q2);
        }
        memcpy(p2, p + i * V, sizeof p2);
        memcpy(q2, q + i * V, sizeof q2);
        accepted[i] = speculative_candidates(V, C, p2, q2, candidate + i * C, u + i * (C + 1),
                                             again, &symbol[i]);
    }
    case_begin(name, again ? "Several candidates for one place, drawn independently from q."
                           : "Several candidates for one place, drawn from q without replacement.");
    case_convention(by_u);
    case_convention("candidates are tried in order with u[0], u[1], ...; if none is accepted the "
                    "last u draws the symbol");
    case_convention(
        again ? "q is the same for each candidate"
              : "after a rejection the candidate's q becomes 0 and the rest is normalised");
    case_input_f8("p", SHAPE(R, V), p, "the target");
    case_input_f8("q", SHAPE(R, V), q, "what the first candidate was drawn from");
    case_input_i4("candidate", SHAPE(R, C), candidate, "the candidates");
    case_input_f8("u", SHAPE(R, C + 1), u, "uniform numbers");
    if (!again)
        case_write_f8(
            "step", "q_left", "", SHAPE(R, C, V), q_left, close,
            "q after the first 1, 2, 3 candidates were rejected, whether they are or not");
    case_write_f8("step", "p_left", again ? "" : "q_left", SHAPE(R, C, V), p_left, close,
                  "p after the first 1, 2, 3 candidates were rejected, whether they are or not");
    case_write_i4("output", "accepted", "p_left", SHAPE(R), accepted,
                  "which candidate is accepted, 3: none");
    case_write_i4("output", "symbol", "accepted", SHAPE(R), symbol, "the symbol");
    case_end();
}

// ---- Trees ----

enum { PATHS = 6, DEPTHS = 3, RANKS = 4, NODES = 10, PREFIX = 5 };
static const int paths[PATHS][DEPTHS] = {{2, -1, -1}, {0, 1, 0},   {0, 0, -1},
                                         {1, 3, 2},   {0, -1, -1}, {0, 1, 2}};

static void
publish_paths(void)
{
    case_convention("node 0 is the root, the last symbol that is sure; nodes are in the order of "
                    "their depth, then of the ranks on "
                    "the way to them; each beginning of a path is a node, too");
    case_input_i4("paths", SHAPE(PATHS, DEPTHS), paths[0],
                  "ranks from the root's child on, then -1");
}

static void
tree(void)
{
    enum { S = PREFIX + NODES, ROOT = 19 };
    speculative_tree t = speculative_tree_new(PATHS, DEPTHS, paths[0]);
    int guesses[DEPTHS * RANKS], symbols[NODES], positions[NODES], ones[NODES * S];
    bool mask[NODES * S];
    for (int i = 0; i < DEPTHS * RANKS; i++)
        guesses[i] = (7 * i + 3) % 17;
    speculative_tree_symbols(&t, ROOT, DEPTHS, RANKS, guesses, symbols);
    speculative_tree_positions(&t, PREFIX, positions);
    speculative_tree_mask(&t, PREFIX, mask);
    for (int i = 0; i < NODES * S; i++)
        ones[i] = mask[i];
    case_begin("tree",
               "A tree of guesses from its paths: parents, symbols, positions and the mask.");
    publish_paths();
    case_input_i4("guesses", SHAPE(DEPTHS, RANKS), guesses,
                  "the symbols guessed for each depth, the best first");
    case_scalar("root", ROOT, "the root's symbol");
    case_scalar("length", PREFIX, "the positions before the root");
    case_write_i4("step", "parent", "", SHAPE(NODES), t.parent, "of each node, -1 of the root");
    case_write_i4("step", "depth", "parent", SHAPE(NODES), t.depth, "0 of the root");
    case_write_i4("step", "rank", "parent", SHAPE(NODES), t.rank, "-1 of the root");
    case_write_i4("output", "symbols", "depth rank", SHAPE(NODES), symbols, "of each node");
    case_write_i4("output", "positions", "depth", SHAPE(NODES), positions, "length + depth");
    case_write_i4("output", "mask", "parent", SHAPE(NODES, S), ones,
                  "1 where a node sees a position of the prefix or a node: all of the prefix, its "
                  "ancestors and itself");
    case_end();
    speculative_tree_free(&t);
}

static void
tree_attention(void)
{
    enum { H = 2, d = 3, S = PREFIX + NODES };
    rng r = rng_at(SEED, 4);
    case_begin("tree_attention",
               "One attention of a tree's nodes to the prefix and to each other.");
    publish_paths();
    case_convention(
        "weights = softmax(q k^T / sqrt(d)) over what a node sees, 0 elsewhere; out = weights v");
    case_scalar("length", PREFIX, "the positions before the root: the first rows of k and v");
    tensor *q = case_constant("q", SHAPE(1, NODES, H, d), &r, 1,
                              "queries of the nodes: (1, node, head, d)");
    tensor *k = case_constant("k", SHAPE(1, S, H, d), &r, 1,
                              "keys of prefix and nodes: (1, position, head, d)");
    tensor *v = case_constant("v", SHAPE(1, S, H, d), &r, 1, "values");
    speculative_tree t = speculative_tree_new(PATHS, DEPTHS, paths[0]);
    bool mask[NODES * S];
    speculative_tree_mask(&t, PREFIX, mask);
    tensor *out = transformer_attention(q, k, v, mask, NULL);
    case_write("step", "weights", "", tape_saved(out, "weights"), 1.5e-6,
               "(1, head, node, position)");
    case_write("output", "out", "weights", out, 2e-6, "(1, node, head, d)");
    case_end();
    speculative_tree_free(&t);
    tensors_free();
}

// p (R, NODES, V) and symbols (R, NODES) of R passes over the tree.
static void
passes(int R, double *p, int *symbols, rng *r)
{
    static const int depth[NODES] = {0, 1, 1, 1, 2, 2, 2, 3, 3, 3},
                     rank[NODES] = {0, 0, 1, 2, 0, 1, 3, 0, 2, 2};
    distributions(R * NODES, V, p, r);
    for (int i = 0; i < R; i++) {
        int first[DEPTHS + 1];
        for (int d = 0; d <= DEPTHS; d++)
            first[d] = (int)rng_below(r, V);
        for (int n = 0; n < NODES; n++)
            symbols[i * NODES + n] = (first[depth[n]] + rank[n]) % V;
    }
}

static void
publish_passes(int R, const double *p, const int *symbols)
{
    publish_paths();
    case_input_f8("p", SHAPE(R, NODES, V), p, "the target after each node");
    case_input_i4("symbols", SHAPE(R, NODES), symbols, "of each node");
}

static void
walk(void)
{
    enum { R = 31 };
    double p[R * NODES * V], u[R * (DEPTHS + 1)];
    int symbols[R * NODES], end[R], next[R], greedy_end[R], greedy_next[R];
    rng r = rng_at(SEED, 5);
    passes(R, p, symbols, &r);
    uniforms(R * (DEPTHS + 1), u, &r);
    speculative_tree t = speculative_tree_new(PATHS, DEPTHS, paths[0]);
    for (int i = 0; i < R; i++) {
        const double *pi = p + i * NODES * V;
        end[i] =
            speculative_tree_sample(&t, V, pi, symbols + i * NODES, u + i * (DEPTHS + 1), &next[i]);
        greedy_end[i] = speculative_tree_greedy(&t, V, pi, symbols + i * NODES, &greedy_next[i]);
    }
    case_begin("tree_walk", "How far a pass over a tree goes if each node's symbol is drawn from "
                            "the target, or is its likeliest.");
    case_convention("from a node, a symbol is drawn with u[depth] as the first x with u < p(0) + "
                    "... + p(x); if a child has it, on from there");
    publish_passes(R, p, symbols);
    case_input_f8("u", SHAPE(R, DEPTHS + 1), u, "uniform numbers, one for each depth");
    case_write_i4("output", "end", "", SHAPE(R), end, "the node where the samples leave the tree");
    case_write_i4("output", "next", "end", SHAPE(R), next, "the sample there");
    case_write_i4("output", "greedy_end", "", SHAPE(R), greedy_end,
                  "the node where the likeliest symbols leave the tree");
    case_write_i4("output", "greedy_next", "greedy_end", SHAPE(R), greedy_next,
                  "the likeliest symbol there");
    case_end();
    speculative_tree_free(&t);
}

static void
typical(void)
{
    enum { R = 31 };
    const double eps = 0.07, delta = 0.35;
    double p[R * NODES * V], entropy[R * NODES], threshold[R * NODES];
    int symbols[R * NODES], end[R];
    rng r = rng_at(SEED, 6);
    passes(R, p, symbols, &r);
    speculative_tree t = speculative_tree_new(PATHS, DEPTHS, paths[0]);
    for (int i = 0; i < R; i++)
        end[i] =
            speculative_tree_typical(&t, V, p + i * NODES * V, symbols + i * NODES, eps, delta);
    for (int i = 0; i < R * NODES; i++) {
        entropy[i] = speculative_entropy(V, p + i * V);
        threshold[i] = speculative_threshold(V, p + i * V, eps, delta);
    }
    case_begin("typical", "Medusa's typical acceptance on a tree.");
    case_convention("a node is accepted if its parent is and its symbol's p at the parent is above "
                    "the parent's threshold; the root is");
    case_convention("the deepest accepted node is the end, of those the one with the largest "
                    "product of p on its way, of those the first");
    publish_passes(R, p, symbols);
    case_number("eps", eps, "the largest threshold");
    case_number("delta", delta, "the factor of e^-H");
    case_write_f8("step", "entropy", "", SHAPE(R, NODES), entropy, close, "H of p in nats");
    case_write_f8("step", "threshold", "entropy", SHAPE(R, NODES), threshold, close,
                  "min(eps, delta e^-H)");
    case_write_i4("output", "end", "threshold", SHAPE(R), end, "the last accepted node");
    case_end();
    speculative_tree_free(&t);
}

static void
cache(void)
{
    enum { B = 2, ROOM = 11, H = 2, d = 3, LENGTH = 4, KEPT = 3 };
    const int rows[KEPT] = {0, 2, 5};
    rng r = rng_at(SEED, 7);
    case_begin("cache",
               "The rows of an accepted path move together in the caches of keys and values.");
    case_convention(
        "the rows behind `kept` do not count; the axes are sequence, position, head, d");
    transformer_cache c = {.length = ROOM};
    c.k = case_constant("k", SHAPE(B, ROOM, H, d), &r, 1, "keys of prefix and nodes");
    c.v = case_constant("v", SHAPE(B, ROOM, H, d), &r, 1, "values");
    case_scalar("length", LENGTH, "the positions of the prefix");
    case_input_i4("rows", SHAPE(KEPT), rows, "the nodes that stay, 0 the root");
    speculative_cache_keep(&c, LENGTH, KEPT, rows);
    int kept = c.length;
    tensor *const both[] = {c.k, c.v};
    for (int which = 0; which < 2; which++)
        for (int i = 0; i < B * ROOM * H * d; i++)
            both[which]->data[i] =
                i / (H * d) % ROOM < LENGTH + KEPT ? both[which]->data[i] : float32(0x7fc00000);
    case_write_i4("output", "kept", "", SCALAR, &kept, "the positions that the cache then has");
    case_write("output", "k_kept", "kept", c.k, 0, "the keys");
    case_write("output", "v_kept", "kept", c.v, 0, "the values");
    case_end();
    tensors_free();
}

// ---- Heads and losses ----

static void
medusa_head(void)
{
    enum { B = 2, T = 5, D = 6 };
    rng r = rng_at(SEED, 8);
    case_begin("medusa_head", "One head of Medusa, forward and backward: logits = U (h + SiLU(W "
                              "h)); the loss is sum(logits loss_weight).");
    case_convention("weights are (out, in): a row of h is multiplied by the transpose; W has no "
                    "bias; SiLU(x) = x / (1 + e^-x)");
    tensor *h = case_param("h", SHAPE(B, T, D), &r, 1, "hidden states");
    tensor *w = case_param("w", SHAPE(D, D), &r, 0.5f, "W");
    tensor *u = case_param("u", SHAPE(V, D), &r, 0.5f, "U");
    tensor *logits = speculative_head(h, w, u);
    tensor *weight = case_loss_weight(logits, &r);
    case_write("step", "a", "", tape_find("a"), 5e-7, "W h");
    case_write("step", "silu", "a", tape_find("silu"), 1e-6, "SiLU(a)");
    case_write("step", "mixed", "silu", tape_find("mixed"), 1e-6, "h + SiLU(a)");
    static const case_gradient list[] = {
        {"u", "mixed", NULL}, {"w", "a", NULL}, {"h", "a", NULL}, {0}};
    case_finish("logits", "mixed", logits, weight, 3e-6, "of the symbols", list);
}

static void
parallel_losses(void)
{
    enum { B = 2, T = 6, HEADS = 3 };
    const float lambda[HEADS] = {1, 0.5f, 0.125f};
    int ids[B * T], targets[HEADS * B * T];
    rng r = rng_at(SEED, 9);
    for (int i = 0; i < B * T; i++)
        ids[i] = (int)rng_below(&r, V);
    case_begin(
        "mtp_parallel",
        "The loss of heads j = 0, 1, 2 that predict the symbols t + 1 + j, with its gradients.");
    case_convention("the loss of a head is the mean of -ln softmax(logits)[target] over the "
                    "positions whose target is in the text");
    case_input_i4("ids", SHAPE(B, T), ids, "the texts");
    case_input_f4("lambda", SHAPE(HEADS), lambda, "the weight of each head's loss");
    tensor *logits[HEADS];
    for (int j = 0; j < HEADS; j++) {
        logits[j] = case_param(j == 0   ? "logits_0"
                               : j == 1 ? "logits_1"
                                        : "logits_2",
                               SHAPE(B, T, V), &r, 1, "of this head");
        speculative_targets(B, T, ids, 1 + j, targets + j * B * T);
    }
    tensor *loss = speculative_loss(HEADS, logits, lambda, ids);
    backward(loss);
    case_write_i4("step", "targets", "", SHAPE(HEADS, B, T), targets,
                  "of each head, -1 beyond the end");
    case_write("output", "loss", "targets", loss, 5e-7, "sum of lambda times a head's loss");
    static const case_gradient list[] = {{"logits_0", "targets", NULL},
                                         {"logits_1", "targets", NULL},
                                         {"logits_2", "targets", NULL},
                                         {0}};
    case_gradients(1e-6, list);
    case_end();
    tensors_free();
}

static void
sequential(void)
{
    enum { B = 2, T = 6, D = 4, H = 2, F = 5, K = 2 };
    int ids[B * T];
    rng r = rng_at(SEED, 10);
    for (int i = 0; i < B * T; i++)
        ids[i] = (int)rng_below(&r, V);
    case_begin("mtp_sequential",
               "A module of DeepSeek-V3's: M [RMSNorm(h); RMSNorm(embedding of the symbol k "
               "later)], then a layer; the loss is sum(out loss_weight).");
    case_convention("the norm of h stands before that of the embedding; weights are (out, in)");
    case_convention("RMSNorm: gain x / sqrt(mean of x^2 + eps)");
    case_convention("positions whose symbol is beyond the end read symbol 0");
    case_convention("the layer is chapter transformer's with pre-norm: y = x + attention(norm_1 "
                    "x), y + W_2 gelu(W_1 norm_3 y + b_1) + b_2; "
                    "causal; heads of D / heads values each; layer norms with eps 1e-5 and the "
                    "exact gelu; keys have no bias");
    case_input_i4("ids", SHAPE(B, T), ids, "the texts");
    case_scalar("k", K, "how much later");
    case_scalar("heads", H, "of the attention");
    case_number("eps", 0.25, "of RMSNorm");
    tensor *h = case_param("h", SHAPE(B, T, D), &r, 1, "hidden states");
    tensor *e = case_param("embedding", SHAPE(V, D), &r, 1, "of the symbols");
    speculative_module m = {.eps = 0.25f};
    m.gain_h = case_param("gain_h", SHAPE(D), &r, 1, "of the norm of h");
    m.gain_e = case_param("gain_e", SHAPE(D), &r, 1, "of the norm of the embedding");
    m.m = case_param("m", SHAPE(D, 2 * D), &r, 0.5f, "M");
    transformer_config c = {.V = V,
                            .D = D,
                            .h = H,
                            .F = F,
                            .decoders = 1,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu};
    int before = param_count();
    m.layer = transformer_layer_new(&c, false, &r);
    for (int i = before; i < param_count(); i++) {
        tensor *x = param_at(i);
        rng_fill_normal(&r, x->size, x->data, 0, 0.5f);
        case_input_f4(x->name, x->shape, x->data, "of the layer");
    }
    tensor *out = speculative_module_forward(&m, h, e, ids, K);
    tensor *weight = case_loss_weight(out, &r);
    case_write("step", "normalised_h", "", tape_find("normalised_h"), 1e-6, "RMSNorm(h)");
    case_write("step", "normalised_e", "", tape_find("normalised_e"), 1e-6, "RMSNorm(embedding)");
    case_write("step", "mixed", "normalised_h normalised_e", tape_find("mixed"), 1e-6,
               "what the layer reads");
    case_finish("out", "mixed", out, weight, 2e-5, "h of this module", NULL);
}

// ---- Passes ----

static void
tokens(void)
{
    enum { S = 5, N = 4, K = 3 };
    double p[S * N], q[S * N], heads[K * S * N], all[(K + 1) * S], begins[S], begins_heads[S * N];
    int next[S * N];
    rng r = rng_at(SEED, 11);
    distributions(S, N, p, &r);
    distributions(S, N, q, &r);
    for (int i = 0; i < S * N; i++)
        next[i] = (int)rng_below(&r, S);
    speculative_language l = {S, N, p, next};
    for (int k = 0; k <= K; k++)
        speculative_tokens(&l, q, k, all + k * S);
    for (int j = 1; j <= K; j++)
        speculative_ahead(&l, j, heads + (j - 1) * S * N);
    double mean = speculative_mean_tokens(&l, q, K, begins);
    double mean_heads = speculative_heads_tokens(&l, heads, K, begins_heads);
    case_begin("tokens", "How many symbols a pass gives in a Markov language, exactly.");
    case_convention("a draft's symbols are drawn one after the other, each from q of the state "
                    "that the one before led to");
    case_convention("head j = 1, 2, 3 guesses the symbol j after the sure one, from the state "
                    "before the sure one; the guesses are independent of each other");
    case_convention("begins is the distribution that a pass leaves as it is");
    case_input_f8("p", SHAPE(S, N), p, "the language: of the next symbol in each state");
    case_input_i4("next", SHAPE(S, N), next, "the state after it");
    case_input_f8("q", SHAPE(S, N), q, "the draft");
    case_scalar("k", K, "symbols of a draft");
    case_write_f8("step", "tokens", "", SHAPE(K + 1, S), all, close,
                  "mean symbols of a pass with a draft of 0, 1, 2, 3 from each state");
    case_write_f8("step", "begins", "", SHAPE(S), begins, 1e-10,
                  "how often a pass of k begins in each state");
    case_write_f8("output", "mean", "tokens begins", SCALAR, &mean, 1e-10,
                  "mean symbols of a pass of k");
    case_write_f8(
        "step", "ahead", "", SHAPE(K, S, N), heads, close,
        "the best heads: probabilities of the symbol j after the next one, in each state");
    case_write_f8(
        "step", "begins_heads", "ahead", SHAPE(S, N), begins_heads, 1e-10,
        "how often a pass with these heads begins with a state and a sure symbol after it");
    case_write_f8("output", "mean_heads", "begins_heads", SCALAR, &mean_heads, 1e-10,
                  "mean symbols of a pass with these heads");
    case_end();
}

static void
zipf_language(void)
{
    enum { HEADS = 5, LONGEST = ZIPF_LETTERS + 1 };
    zipf z = zipf_new(1);
    zipf_states c = zipf_states_new(&z);
    speculative_language l = {c.S, ZIPF_SYMBOLS, c.p[0], c.next[0]};
    int words[ZIPF_WORDS * LONGEST], n = 0;
    for (int i = 0; i < ZIPF_WORDS * LONGEST; i++) {
        const char *word = z.word[i / LONGEST];
        int at = i % LONGEST;
        words[i] = at >= (int)strlen(word) ? -1 : word[at] == ' ' ? 0 : word[at] - 'a' + 1;
    }
    long size = (long)c.S * ZIPF_SYMBOLS;
    int *edges = memory_zeroed(3 * size, sizeof *edges, "edges");
    double *p = memory_zeroed(size, sizeof *p, "edges");
    double *heads = memory_zeroed(HEADS * size, sizeof *heads, "heads");
    double *best = memory_zeroed(HEADS * size, sizeof *best, "heads");
    double *begins = memory_zeroed(size, sizeof *begins, "edges");
    double accuracy[HEADS], loss[HEADS], sampled[HEADS - 1], guessed[HEADS - 1];
    for (long e = 0; e < size; e++)
        if (l.p[e] > 0) {
            edges[3 * n] = (int)(e / ZIPF_SYMBOLS);
            edges[3 * n + 1] = (int)(e % ZIPF_SYMBOLS);
            edges[3 * n + 2] = l.next[e];
            p[n++] = l.p[e];
        }
    for (int j = 0; j < HEADS; j++) {
        speculative_ahead(&l, j, heads + j * size);
        speculative_best_guesses(&l, heads + j * size, best + j * size);
        speculative_ceiling ceiling = speculative_ceiling_of(&l, c.stationary, heads + j * size);
        accuracy[j] = ceiling.accuracy;
        loss[j] = ceiling.loss;
    }
    for (int k = 1; k < HEADS; k++) {
        sampled[k - 1] = speculative_heads_tokens(&l, heads + size, k, begins);
        guessed[k - 1] = speculative_heads_tokens(&l, best + size, k, begins);
    }
    case_begin("zipf_states",
               "The Zipf language as states: what heads can know at best, and the symbols a pass.");
    case_convention("a state is what stands of the present word, 0 nothing; states count in the "
                    "order in which the words, one after the other, come to them");
    case_convention("edges are in the order of their state, then of their symbol");
    case_input_i4("words", SHAPE(ZIPF_WORDS, LONGEST), words,
                  "the words with the space 0 at their ends, then -1");
    case_input_f8("word_p", SHAPE(ZIPF_WORDS), z.p, "their probabilities");
    case_write_i4("step", "edges", "", SHAPE(n, 3), edges, "state, symbol, the state after it");
    case_write_f8("step", "p", "edges", SHAPE(n), p, close, "of the symbol in the state");
    case_write_f8("step", "stationary", "edges", SHAPE(c.S), c.stationary, close,
                  "how often a place of a long text lies behind each state");
    case_write_f8("output", "accuracy", "p stationary", SHAPE(HEADS), accuracy, close,
                  "the most that head 0, 1, 2, 3, 4 can have");
    case_write_f8("output", "loss", "p stationary", SHAPE(HEADS), loss, close,
                  "the least, in nats");
    case_write_f8("output", "sampled", "p", SHAPE(HEADS - 1), sampled, 1e-9,
                  "symbols a pass with heads 1..k that sample, k = 1, 2, 3, 4");
    case_write_f8("output", "guessed", "p", SHAPE(HEADS - 1), guessed, 1e-9,
                  "with heads that offer their likeliest symbol, accepted with its p");
    case_end();
    free(edges);
    free(p);
    free(heads);
    free(best);
    free(begins);
    zipf_states_free(&c);
}

void
speculative_cases(void)
{
    accept();
    enumerate();
    candidates("candidates_again", true);
    candidates("candidates_distinct", false);
    tree();
    tree_attention();
    walk();
    typical();
    cache();
    medusa_head();
    parallel_losses();
    sequential();
    tokens();
    zipf_language();
}
