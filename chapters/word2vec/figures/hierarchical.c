// A tree in place of the softmax: what its vectors come to, how many products a pair costs, and how well vectors of few
// dimensions tell p(c | w), beside negative sampling.
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "word2vec/figures/figures.h"
#include "word2vec/objective.h"
#include "word2vec/word2vec.h"
#include "word2vec/worlds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 51, V = 60, N = V - 1, WIDTH = 6, K = 5, WORLDS = 3, WIDEST = 12, PAIRS = 3000000 };

typedef struct {
    double joint[V * V]; // contexts in falling order of their probability, as the tree needs them
    double word[V], context[V];
    word2vec_tree huffman, balanced;
    double entropy, huffman_length, balanced_length;
    // the divergence of what was learnt from p(c | w), mean over p(w), by width
    double by_huffman[WIDEST], by_balanced[WIDEST], by_sampling[WIDEST];
    // sampled, d = V: ln p(c | w)
    double learnt[V * V], weighted_rms, sum_error;
} study;

static study all[WORLDS];

static double
mean_length(const word2vec_tree *t, const double *p)
{
    int row[V], label[V];
    double length = 0;
    for (int c = 0; c < V; c++)
        length += p[c] * word2vec_path(t, c, row, label);
    return length;
}

static void
begin(study *s, int seed)
{
    double p[V * V], context[V];
    int order[V];
    rng r = rng_at(SEED, seed);
    word2vec_zipf_world(V, WIDTH, 0.5, &r, p);
    word2vec_marginals(V, V, p, NULL, context);
    for (int c = 0; c < V; c++) {
        int place = c;
        for (; place > 0 && context[order[place - 1]] < context[c]; place--)
            order[place] = order[place - 1];
        order[place] = c;
    }
    for (int w = 0; w < V; w++)
        for (int c = 0; c < V; c++)
            s->joint[w * V + c] = p[w * V + order[c]];
    word2vec_marginals(V, V, s->joint, s->word, s->context);
    double ones[V];
    for (int c = 0; c < V; c++) {
        ones[c] = 1;
        s->entropy -= s->context[c] * log64(s->context[c]) / ln2_64;
    }
    s->huffman = word2vec_huffman(V, s->context);
    s->balanced = word2vec_huffman(V, ones);
    s->huffman_length = mean_length(&s->huffman, s->context);
    s->balanced_length = mean_length(&s->balanced, s->context);
}

// sum over w, c of p(w, c) ln (p(c | w) / q(c | w)) with ln q (V, V).
static double
divergence(const study *s, const double *log_q)
{
    double sum = 0;
    for (int i = 0; i < V * V; i++)
        sum += s->joint[i] * (log64(s->joint[i] / s->word[i / V]) - log_q[i]);
    return sum;
}

// The loss of the tree at its minimum, per unit of p, is the cross-entropy: less the entropy it is the divergence.
static double
tree_divergence(const study *s, const word2vec_tree *tree, int d, int seed)
{
    double w[V * WIDEST], c[N * WIDEST], entropy = 0;
    word2vec_table t = word2vec_table_new(V, N);
    word2vec_tree_weights(V, s->joint, tree, &t);
    rng r = rng_at(SEED + 1, seed);
    word2vec_begin(V * d, 0.3, &r, w);
    word2vec_begin(N * d, 0.3, &r, c);
    double loss = word2vec_minimise(&t, d, w, c, 1e-8, program_steps(60, 2));
    for (int i = 0; i < V * V; i++)
        entropy -= s->joint[i] * log64(s->joint[i] / s->word[i / V]);
    word2vec_table_free(&t);
    return loss - entropy;
}

// Negative sampling tells p(c | w) up to a factor of w: e^x q(c), divided by the sum over c.
static double
sampling_divergence(const study *s, int d, int seed)
{
    double w[V * WIDEST], c[V * WIDEST], *log_q = memory_zeroed(V * V, sizeof *log_q, "a table");
    word2vec_table t = word2vec_table_new(V, V);
    word2vec_sampling_weights(V, s->joint, K, s->context, false, &t);
    rng r = rng_at(SEED + 1, seed);
    word2vec_begin(V * d, 0.3, &r, w);
    word2vec_begin(V * d, 0.3, &r, c);
    word2vec_minimise(&t, d, w, c, 1e-8, program_steps(60, 2));
    for (int i = 0; i < V; i++) {
        double sum = 0;
        for (int j = 0; j < V; j++) {
            log_q[i * V + j] = linalg_dot(d, w + i * d, c + j * d) + log64(s->context[j]);
            sum += exp64(log_q[i * V + j]);
        }
        for (int j = 0; j < V; j++)
            log_q[i * V + j] -= log64(sum);
    }
    double out = divergence(s, log_q);
    word2vec_table_free(&t);
    free(log_q);
    return out;
}

// Sampled pairs of the joint, the rate falling to 0, d = V.
static void
train(study *s, int seed)
{
    word2vec_alias pairs = word2vec_alias_new(V * V, s->joint);
    float *vectors = memory_zeroed(2 * V * V, sizeof *vectors, "vectors");
    word2vec m = {V, V, vectors, vectors + V * V};
    rng r = rng_at(SEED + 2, seed);
    rng_fill_uniform(&r, V * V, m.input, -0.5f / V, 0.5f / V);
    int steps = program_steps(PAIRS, 1000), row[V], label[V];
    float x[V];
    for (int i = 0; i < steps; i++) {
        int pair = word2vec_draw(&pairs, &r);
        int n = word2vec_path(&s->huffman, pair % V, row, label);
        word2vec_question q = {n, row, label};
        word2vec_skip_gram(&m, pair / V, &q, 0.05f * (steps - i) / steps, WORD2VEC_EXACT, x);
    }
    double exact[V * V];
    for (int w = 0; w < V; w++) {
        double sum = 0;
        for (int c = 0; c < V; c++) {
            int n = word2vec_path(&s->huffman, c, row, label);
            word2vec_question q = {n, row, label};
            float p = word2vec_probability(V, m.input + w * V, m.output, &q);
            sum += p;
            s->learnt[w * V + c] = log64(p);
            exact[w * V + c] = log64(s->joint[w * V + c] / s->word[w]);
        }
        s->sum_error = fmax(s->sum_error, fabs(sum - 1));
    }
    s->weighted_rms = word2vec_rms(V * V, s->learnt, exact, s->joint);
    word2vec_alias_free(&pairs);
    free(vectors);
}

static void
run(int i, void *context)
{
    (void)context;
    study *s = &all[i];
    begin(s, i);
    train(s, i);
    progress_advance(1);
    for (int d = 2; d <= WIDEST; d += 2) {
        s->by_huffman[d - 1] = tree_divergence(s, &s->huffman, d, i);
        s->by_balanced[d - 1] = tree_divergence(s, &s->balanced, d, i);
        s->by_sampling[d - 1] = sampling_divergence(s, d, i);
    }
    progress_advance(1);
}

// x at the exact minimum with d = V against the log odds, and the sum of p(c | w).
static double
exact_error(const study *s)
{
    double *w = memory_zeroed(V * V, sizeof *w, "vectors"),
           *c = memory_zeroed(V * V, sizeof *c, "vectors");
    double x[V * N], y[V * N];
    word2vec_table t = word2vec_table_new(V, N);
    word2vec_tree_weights(V, s->joint, &s->huffman, &t);
    word2vec_optimum(&t, x);
    rng r = rng_at(SEED + 3, 0);
    word2vec_begin(V * V, 0.3, &r, w);
    word2vec_begin(N * V, 0.3, &r, c);
    word2vec_minimise(&t, V, w, c, 1e-12, program_steps(30, 2));
    for (int i = 0; i < V * N; i++)
        y[i] = linalg_dot(V, w + i / N * V, c + i % N * V);
    word2vec_table_free(&t);
    free(w);
    free(c);
    return word2vec_rms(V * N, x, y, NULL);
}

static void
write_tables(void)
{
    table *t = program_table("hierarchical", "exact\tlearnt");
    for (int i = 0; i < V * V; i += 7)
        table_row(t, "dd", log64(all[0].joint[i] / all[0].word[i / V]), all[0].learnt[i]);
    table_close(t);
    t = program_table("hierarchical-width", "world\td\thuffman\tbalanced\tnegative_sampling");
    for (int i = 0; i < WORLDS; i++)
        for (int d = 2; d <= WIDEST; d += 2)
            table_row(t, "iiddd", i, d, all[i].by_huffman[d - 1], all[i].by_balanced[d - 1],
                      all[i].by_sampling[d - 1]);
    table_close(t);
    t = program_table("hierarchical-lengths",
                      "world\tentropy\thuffman\tbalanced\tsoftmax\tnegative_sampling\tsampled_rms");
    for (int i = 0; i < WORLDS; i++)
        table_row(t, "idddiid", i, all[i].entropy, all[i].huffman_length, all[i].balanced_length, V,
                  K + 1, all[i].weighted_rms);
    table_close(t);
}

static void
claims(void)
{
    double longest = 0, rms = 0, sum = 0, shorter = INFINITY, sampling = INFINITY;
    for (int i = 0; i < WORLDS; i++) {
        const study *s = &all[i];
        longest =
            fmax(longest, fmax(s->huffman_length - s->entropy - 1, s->entropy - s->huffman_length));
        shorter = fmin(shorter, s->balanced_length - s->huffman_length);
        rms = fmax(rms, s->weighted_rms);
        sum = fmax(sum, s->sum_error);
        sampling = fmin(sampling, fmin(s->by_huffman[7], s->by_balanced[7]) - s->by_sampling[7]);
    }
    claim_below("tree-exact",
                "d = V, exact minimum: rms of n.w from the log odds of left to right below n", 1e-3,
                unless_quick(exact_error(&all[0])), "algebra", CHECK);
    claim_below("tree-sum",
                "sum over c of p(c | w), sampled vectors: the largest difference from 1", 1e-5, sum,
                "algebra", CHECK);
    claim_below("tree-length",
                "mean code length between H and H + 1: the most that it lies outside", 1e-12,
                longest, "theorem: Huffman 1952", CHECK);
    claim_above("tree-shorter",
                "bits that the Huffman tree saves against the balanced one, the least of 3 worlds",
                0.5, shorter, "expected; bound ours", FOUND);
    claim_below(
        "tree-sampled",
        "3,000,000 sampled pairs, d = V: weighted rms of ln p(c | w), the worst of 3 worlds", 0.1,
        unless_quick(rms), "the exact p(c | w); bound ours", FOUND);
    claim_above("tree-width",
                "d = 8: the better tree's divergence from p(c | w) less that of negative sampling",
                0.001, unless_quick(sampling),
                "expected: a tree's log odds have no low rank; bound ours", FOUND);
}

void
word2vec_figure_hierarchical(void)
{
    progress_expect(2 * WORLDS);
    memset(all, 0, sizeof all);
    parallel_runs(WORLDS, run, NULL);
    write_tables();
    claims();
    for (int i = 0; i < WORLDS; i++) {
        word2vec_tree_free(&all[i].huffman);
        word2vec_tree_free(&all[i].balanced);
    }
}
