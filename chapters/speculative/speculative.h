// Several tokens at once: a draft is guessed, one pass of the model looks at all of it, and a rule says how much stays.
// Leviathan, Kalman & Matias 2023; Chen et al. 2023; heads and trees: Cai et al. 2024 (Medusa); losses of several
// tokens: Gloeckle et al. 2024; DeepSeek-V3 2024.
//
// Letters of shapes: V symbols, k drafted ones, n nodes of a tree, B sequences, T positions, D width of the model. p is
// the target's distribution, q the draft's (the first two papers exchange the letters), u numbers uniform in [0, 1).
#ifndef SPECULATIVE_H
#define SPECULATIVE_H

#include "nets/tensor.h"
#include "transformer/transformer.h"

// ---- One symbol ----

// The probability min(1, p/q) with which a symbol drawn from q is accepted. q = 0 is an error: it was not drawn from q.
double speculative_acceptance(double p, double q);

// a = sum_x min(p(x), q(x)): how often that is, and no rule that leaves p accepts more.
double speculative_overlap(int V, const double *p, const double *q);

// What is drawn from after a rejection: rest (V) = max(0, p - q) / (1 - a). Where p = q there is none: rest = p.
void speculative_residual(int V, const double *p, const double *q, double *rest);

// The first symbol x with u < p(0) + ... + p(x); the last one with p > 0 where rounding leaves none.
int speculative_draw(int V, const double *p, double u);

// ---- A draft of k symbols ----

// draft (k) was drawn from q (k, V); p (k + 1, V) is what the target says at each of its places and after it. u[i]
// decides about draft[i], u[k] draws the symbol after the accepted ones, from rest (V), the residual at the first
// rejection, or p after the last. emitted (k + 1): the accepted symbols and that one. Returns how many were accepted.
int speculative_round(int V, int k, const double *p, const double *q, const int *draft,
                      const double *u, int *emitted, double *rest);

// ---- Several candidates for one place ----

// p and q become those of the next candidate after x was rejected: p its residual; q stays if candidates are drawn
// independently (again), else q(x) becomes 0 and the rest is normalised.
void speculative_reject(int V, double *p, double *q, int x, bool again);

// candidate (n), drawn from q one after the other; u (n + 1) as above. Returns which one was accepted, n if none; the
// symbol is then drawn from what p has become.
int speculative_candidates(int V, int n, double *p, double *q, const int *candidate,
                           const double *u, bool again, int *symbol);

// ---- Trees ----

// Node 0 is the root, the last symbol that is sure; every other one continues its parent, which stands before it. Nodes
// are in the order of their depth, then of the ranks on the way to them.
typedef struct {
    int n;
    int *parent; // (n), -1 of the root
    int *depth;  // (n), 0 of the root
    int *rank;   // (n): which guess for its depth it takes, 0 the best; -1 of the root
} speculative_tree;

// From P paths of ranks (P, L), each ended by -1 if it is shorter than L; a path brings its beginnings with it.
speculative_tree speculative_tree_new(int P, int L, const int *paths);
void speculative_tree_free(speculative_tree *t);

// symbols (n): of the root, and guesses[d][r] (L, R) of a node of depth d + 1 and rank r. More ranks than R are an
// error.
void speculative_tree_symbols(const speculative_tree *t, int root, int L, int R, const int *guesses,
                              int *symbols);

// mask (n, length + n): a node sees the prefix, its ancestors and itself. positions (n): length + depth.
void speculative_tree_mask(const speculative_tree *t, int length, bool *mask);
void speculative_tree_positions(const speculative_tree *t, int length, int *positions);

// The nodes from the root's child down to `node`: path (depth of the node), which is returned.
int speculative_tree_path(const speculative_tree *t, int node, int *path);

// Where a pass over a tree ends: the last accepted node, 0 if none is. p (n, V): what follows each node.
//
// Exact, where guesses do not depend on chance: at each node the target's own sample is drawn with u[depth]; if a child
// has it, on from there; if not, it is the symbol after the accepted ones.
int speculative_tree_sample(const speculative_tree *t, int V, const double *p, const int *symbols,
                            const double *u, int *symbol);

// The same with the target's argmax, the first of equals, in place of its sample.
int speculative_tree_greedy(const speculative_tree *t, int V, const double *p, const int *symbols,
                            int *symbol);

// Typical acceptance (Cai et al. 2024, sec. 2.3.1): a symbol is accepted if p(x) > min(eps, delta e^-H), H the
// entropy of p in nats. The deepest node whose ancestors are all accepted, of those the likeliest, of those the
// first.
double speculative_entropy(int V, const double *p);
double speculative_threshold(int V, const double *p, double eps, double delta);
int speculative_tree_typical(const speculative_tree *t, int V, const double *p, const int *symbols,
                             double eps, double delta);

// ---- A pass of chapter transformer's decoder over a tree ----

// symbols (n) after the `length` positions of the caches -> logits (1, n, V); the caches then have n rows more.
tensor *speculative_tree_decode(const transformer *m, const speculative_tree *t, const int *symbols,
                                transformer_cache *caches);

// Of the rows behind `length` only those of the n nodes of `rows`, in ascending order, stay: they move together. n = 0
// cuts all of them.
void speculative_cache_keep(transformer_cache *cache, int length, int n, const int *rows);

// ---- Medusa's heads ----

// Head j = 1, 2, ... predicts the symbol t + 1 + j from the hidden state of position t.
typedef struct {
    int heads;
    tensor **w; // (heads) of (D, D)
    tensor **u; // (heads) of (V, D)
} speculative_heads;

// New parameters that predict what the model's own head does: W = 0, U = its unembedding (V, D).
speculative_heads speculative_heads_new(int heads, const tensor *unembedding);

// h (..., D) -> logits (..., V): U (h + SiLU(W h)), SiLU(x) = x sigmoid(x).
tensor *speculative_head(tensor *h, tensor *w, tensor *u);

// ---- Losses of several tokens ----

// targets (B, T): ids[b][t + ahead], -1 beyond the end, which does not count.
void speculative_targets(int B, int T, const int *ids, int ahead, int *targets);

// sum_j lambda[j] CE(logits[j], ids at t + 1 + j), j = 0 .. heads - 1; logits (B, T, V).
tensor *speculative_loss(int heads, tensor *const logits[], const float *lambda, const int *ids);

// DeepSeek-V3's module k = 1, 2, ... (its eq. 21 to 23): M [RMSNorm(h); RMSNorm(Emb(x at t + k))], then a layer.
typedef struct {
    tensor *gain_h, *gain_e; // (D)
    tensor *m;               // (D, 2 D)
    float eps;
    transformer_layer layer;
} speculative_module;

// h (B, T, D) of the module before, or of the model, and ids (B, T) -> h' (B, T, D), from which the shared output
// predicts the symbol at t + 1 + k. The last k positions, whose symbol is beyond the end, read symbol 0 and have no
// target.
tensor *speculative_module_forward(const speculative_module *module, tensor *h, tensor *embedding,
                                   const int *ids, int k);

#endif
