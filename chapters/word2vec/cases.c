// The reference cases: V = 7 words, vectors of d = 5, k = 3 negatives. Steps in float, the exact objective in double.
// Negatives, reaches of windows and texts are inputs: nothing in a case is random.
#include "word2vec/cases.h"

#include "frame/case.h"
#include "nets/shape.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "word2vec/objective.h"
#include "word2vec/word2vec.h"
#include "word2vec/worlds.h"

#include <math.h>
#include <string.h>

enum { V = 7, D = 5, K = 3, N = K + 1, SEED = 1 };

static const double close = 1e-6, exact = 1e-12, solved = 1e-10;

typedef struct {
    float input[V * D], output[V * D];
} vectors;

static vectors
random_vectors(uint32_t number)
{
    vectors v;
    rng r = rng_at(SEED, number);
    rng_fill_normal(&r, V * D, v.input, 0, 0.7f);
    rng_fill_normal(&r, V * D, v.output, 0, 0.7f);
    return v;
}

static void
input_vectors(const vectors *v, int outputs)
{
    case_input_f4("input", SHAPE(V, D), v->input, "the input vectors, a row a word");
    case_input_f4("output", SHAPE(outputs, D), v->output, "the output vectors");
}

// Random vectors as inputs of the case; of a tree there is an output less.
static vectors
first_vectors(uint32_t number, int outputs)
{
    vectors v = random_vectors(number);
    input_vectors(&v, outputs);
    return v;
}

static word2vec
model_of(vectors *v)
{
    return (word2vec){V, D, v->input, v->output};
}

static void
sigmoids(word2vec_logistic kind, int n, const float *x, float *s)
{
    for (int i = 0; i < n; i++)
        s[i] = word2vec_sigmoid(kind, x[i]);
}

static void
write_after(const vectors *v, int outputs, const char *of_input)
{
    case_write_f4("output", "input_after", of_input, SHAPE(V, D), v->input, close,
                  "the input vectors after the step");
    case_write_f4("output", "output_after", "sigma", SHAPE(outputs, D), v->output, close,
                  "the output vectors after the step");
}

// ---- Negative sampling ----

// One negative comes twice, one is the positive.
static const int word = 4, positive = 2, negative[K] = {5, 2, 5};
static const int others[K] = {5, 2, 1}; // for the table: one product beyond it, one within

static void
pair_inputs(const int *drawn)
{
    case_scalar("word", word, "the row of the input");
    case_scalar("positive", positive, "the row of the output that came");
    case_input_i4("negatives", SHAPE(K), drawn, "the rows that were drawn as noise, in order");
}

static void
sgns_gradient(void)
{
    int row[N], label[N];
    float x[N], s[N], dh[D], d_output[V * D] = {0};
    case_begin("sgns_gradient", "Negative sampling: the loss of one pair and its gradients.");
    case_convention("a negative that equals the positive counts like any other");
    vectors v = first_vectors(1, V);
    pair_inputs(negative);
    word2vec_question q = word2vec_ask(positive, K, negative, false, row, label);
    float loss = word2vec_loss(D, v.input + word * D, v.output, &q, x, s);
    word2vec_gradient(D, v.input + word * D, v.output, &q, s, dh, d_output);
    case_write_f4("step", "x", "", SHAPE(N), x, close,
                  "products of the input with the positive and with each negative");
    case_write_f4("step", "sigma", "x", SHAPE(N), s, close, "1 / (1 + e^-x)");
    case_write_f4("output", "loss", "sigma", SCALAR, &loss, close,
                  "-ln sigma(x) of the positive, -ln sigma(-x) of the negatives, summed");
    case_write_f4("gradient", "dh", "sigma", SHAPE(D), dh, close, "of the input vector");
    case_write_f4("gradient", "d_output", "sigma", SHAPE(V, D), d_output, close,
                  "of all output vectors");
    case_end();
}

// Moves the values of n outputs to their places among N, NaN where a negative was left out.
static void
spread(int n, float *x, float *s)
{
    bool left_out = n < N;
    for (int i = N - 1; i > 0; i--) {
        bool here = !(left_out && negative[i - 1] == positive);
        if (here)
            n--;
        x[i] = here ? x[n] : NAN;
        s[i] = here ? s[n] : NAN;
    }
}

static void
sgns_step(bool as_word2vec)
{
    int row[N], label[N];
    float x[N], s[N], before[D], step[D];
    const int *drawn = as_word2vec ? others : negative;
    word2vec_logistic kind = as_word2vec ? WORD2VEC_TABLE : WORD2VEC_EXACT;
    if (as_word2vec) {
        case_begin("sgns_step_word2vec", "A step of negative sampling as word2vec.c takes it.");
        case_convention("a negative that equals the positive is left out: its x and sigma are NaN");
        case_convention(
            "sigma is read from a table of 1000 values of the logistic function at -6 + 0.012 i; "
            "entry int((x + 6) 83); 1 above 6, 0 below -6");
    } else {
        case_begin("sgns_step", "A step of negative sampling.");
        case_convention("a negative that equals the positive counts like any other");
    }
    case_convention(
        "outputs learn one after another, positive first, so that the one that is drawn twice has "
        "learnt when it comes again; the input's step is summed up from the outputs as they are "
        "met, before they learn, and added at the end");
    vectors v = random_vectors(2);
    word2vec m = model_of(&v);
    if (as_word2vec)
        for (int e = 0; e < D; e++) // so that one product is beyond the table
            v.output[negative[0] * D + e] *= 12;
    input_vectors(&v, V);
    pair_inputs(drawn);
    case_number("rate", 0.25, "the step size");
    word2vec_question q = word2vec_ask(positive, K, drawn, as_word2vec, row, label);
    memcpy(before, v.input + word * D, sizeof before);
    word2vec_skip_gram(&m, word, &q, 0.25f, kind, x);
    sigmoids(kind, q.n, x, s);
    for (int e = 0; e < D; e++)
        step[e] = v.input[word * D + e] - before[e];
    spread(q.n, x, s);
    case_write_f4("step", "x", "", SHAPE(N), x, close, "products, as they are met");
    case_write_f4("step", "sigma", "x", SHAPE(N), s, close, "of the products");
    case_write_f4("step", "step", "sigma", SHAPE(D), step, close, "what the input vector moves");
    write_after(&v, V, "step");
    case_end();
}

static void
noise(void)
{
    const double count[V] = {90, 41, 41, 20, 7, 3, 1};
    double q[V];
    case_begin("noise", "The noise from which negatives are drawn.");
    case_input_f8("count", SHAPE(V), count, "how often each word comes");
    case_number("power", 0.75, "");
    word2vec_noise(V, count, 0.75, q);
    case_write_f8("output", "noise", "", SHAPE(V), q, exact, "count^power over its sum");
    case_end();
}

// ---- CBOW ----

static void
cbow(word2vec_combined how)
{
    enum { C = 4 };
    static const int context[C] = {1, 6, 1, 3}; // one word comes twice
    int row[N], label[N];
    float h[D], x[N], s[N];
    bool mean = how == WORD2VEC_MEAN;
    case_begin(mean ? "cbow_mean" : "cbow_sum",
               mean ? "A step of CBOW with the mean of its contexts and the true gradient."
                    : "A step of CBOW with the sum of its contexts and the true gradient.");
    case_convention(
        mean ? "each context takes the step of h divided by their number (word2vec.c and gensim do "
               "not divide)"
             : "each context takes the step of h undivided (gensim divides)");
    case_convention(
        "a context that comes twice is twice in h and takes the step twice; outputs learn one "
        "after another as in sgns_step");
    vectors v = first_vectors(mean ? 3 : 4, V);
    case_input_i4("contexts", SHAPE(C), context, "the rows of the inputs");
    case_scalar("positive", positive, "the row of the output that came");
    case_input_i4("negatives", SHAPE(K), negative, "the rows that were drawn as noise");
    case_number("rate", 0.25, "the step size");
    word2vec m = model_of(&v);
    word2vec_question q = word2vec_ask(positive, K, negative, false, row, label);
    word2vec_combine(&m, C, context, how, h);
    word2vec_cbow(&m, C, context, &q, 0.25f, WORD2VEC_EXACT, how, mean, x);
    sigmoids(WORD2VEC_EXACT, q.n, x, s);
    case_write_f4("step", "h", "", SHAPE(D), h, close, mean ? "mean of the contexts" : "their sum");
    case_write_f4("step", "x", "h", SHAPE(N), x, close, "products, as they are met");
    case_write_f4("step", "sigma", "x", SHAPE(N), s, close, "1 / (1 + e^-x)");
    write_after(&v, V, "h sigma");
    case_end();
}

// ---- The tree ----

enum { W = 9, MOST = 6 };

// The codes and inner nodes of all words of a tree, -1 behind the end of each.
static void
paths(const word2vec_tree *t, int words, int *length, int *code, int *point)
{
    int row[W], label[W];
    for (int c = 0; c < words; c++) {
        length[c] = word2vec_path(t, c, row, label);
        for (int i = 0; i < MOST; i++) {
            code[c * MOST + i] = i < length[c] ? 1 - label[i] : -1;
            point[c * MOST + i] = i < length[c] ? row[i] : -1;
        }
    }
}

static void
huffman(void)
{
    const double count[W] = {24, 14, 9, 5, 5, 4, 2, 1, 1};
    int children[(W - 1) * 2], length[W], code[W * MOST], point[W * MOST];
    case_begin("huffman", "Huffman's tree of counts with ties.");
    case_convention(
        "nodes 0..8 are the words, 9..16 the inner nodes in the order of their making; the last is "
        "the root");
    case_convention("the two nodes of least count are merged; of equal counts an inner node comes "
                    "before a word, "
                    "the older inner node before the younger, the word with the higher number "
                    "before the lower");
    case_convention("the first taken of a merge has code 0, the second 1; codes and points go from "
                    "the root to the "
                    "word, -1 behind the end; point i is inner node 9 + i");
    case_input_f8("count", SHAPE(W), count, "falling");
    word2vec_tree t = word2vec_huffman(W, count);
    for (int n = 0; n < 2 * W - 2; n++)
        children[(t.parent[n] - W) * 2 + t.code[n]] = n;
    paths(&t, W, length, code, point);
    case_time(0, CASE_FORWARD);
    case_write_i4(
        "step", "merges", "merges[:t]", SHAPE(W - 1, 2), children,
        "the two nodes that each inner node has below it: that of code 0, that of code 1");
    case_time_none();
    case_write_i4("output", "length", "merges", SHAPE(W), length, "bits of each word's code");
    case_write_i4("output", "code", "merges", SHAPE(W, MOST), code, "the bits");
    case_write_i4("output", "point", "merges", SHAPE(W, MOST), point, "the inner nodes passed");
    case_end();
    word2vec_tree_free(&t);
}

static void
hierarchical_step(void)
{
    const double count[V] = {24, 13, 9, 5, 4, 2, 1};
    enum { TARGET = 4 };
    int length[V], code[V * MOST], point[V * MOST], row[V], label[V];
    float p[V], x[V], s[V];
    case_begin("hierarchical_step", "A step of skip-gram with a tree in place of the softmax.");
    case_convention("the label of a node is 1 - code: sigma(x) is the probability of code 0");
    vectors v = first_vectors(5, V - 1);
    word2vec_tree t = word2vec_huffman(V, count);
    paths(&t, V, length, code, point);
    case_input_i4("code", SHAPE(V, MOST), code, "of every word from the root, -1 behind the end");
    case_input_i4("point", SHAPE(V, MOST), point, "the rows of the outputs on the way");
    case_scalar("word", word, "the row of the input");
    case_scalar("target", TARGET, "the word that came");
    case_number("rate", 0.25, "the step size");
    word2vec m = model_of(&v);
    for (int c = 0; c < V; c++) {
        word2vec_question q = {word2vec_path(&t, c, row, label), row, label};
        p[c] = word2vec_probability(D, v.input + word * D, v.output, &q);
    }
    word2vec_question q = {word2vec_path(&t, TARGET, row, label), row, label};
    word2vec_skip_gram(&m, word, &q, 0.25f, WORD2VEC_EXACT, x);
    sigmoids(WORD2VEC_EXACT, q.n, x, s);
    case_write_f4("step", "p", "", SHAPE(V), p, close,
                  "p(c | word) of every word before the step, which sum to 1");
    case_write_f4("step", "x", "", SHAPE(q.n), x, close, "products along the target's way");
    case_write_f4("step", "sigma", "x", SHAPE(q.n), s, close, "1 / (1 + e^-x)");
    write_after(&v, V - 1, "sigma");
    case_end();
    word2vec_tree_free(&t);
}

// ---- The exact objective ----

static void
world(double *joint)
{
    rng r = rng_at(SEED, 6);
    word2vec_zipf_world(V, 3, 0.8, &r, joint);
    case_input_f8("joint", SHAPE(V, V), joint, "p(w, c): a row a word, a column a context");
}

static void
optimum(void)
{
    double joint[V * V], context[V], q[V], pmi[V * V], x[V * V], dropped[V * V];
    case_begin("optimum", "What w.c is at the exact optimum of negative sampling.");
    world(joint);
    case_number("k", K, "negatives a pair");
    case_number("power", 0.75, "of the contexts' probabilities in the noise");
    word2vec_marginals(V, V, joint, NULL, context);
    word2vec_noise(V, context, 0.75, q);
    word2vec_pmi(V, joint, pmi);
    word2vec_table t = word2vec_table_new(V, V);
    word2vec_sampling_weights(V, joint, K, q, false, &t);
    word2vec_optimum(&t, x);
    word2vec_sampling_weights(V, joint, K, q, true, &t);
    word2vec_optimum(&t, dropped);
    case_write_f8("step", "pmi", "", SHAPE(V, V), pmi, exact, "ln p(w, c) / (p(w) p(c))");
    case_write_f8("step", "noise", "", SHAPE(V), q, exact, "p(c)^power over its sum");
    case_write_f8("output", "x", "noise", SHAPE(V, V), x, exact, "ln p(w, c) / (k p(w) q(c))");
    case_write_f8("output", "x_dropped", "x", SHAPE(V, V), dropped, exact,
                  "where negatives that are the positive are left out: x - ln(1 - p(c | w))");
    case_end();
    word2vec_table_free(&t);
}

static void
expected_gradient(void)
{
    enum { E = 3 };
    double joint[V * V], context[V], w[V * E], c[V * E], x[V * V], dw[V * E], dc[V * E];
    case_begin("expected_gradient",
               "The exact expected loss of negative sampling, and its gradients.");
    case_convention(
        "the noise is p(c) itself; a negative that is the positive counts like any other");
    world(joint);
    case_number("k", K, "negatives a pair");
    rng r = rng_at(SEED, 7);
    word2vec_begin(V * E, 0.7, &r, w);
    word2vec_begin(V * E, 0.7, &r, c);
    case_input_f8("w", SHAPE(V, E), w, "word vectors");
    case_input_f8("c", SHAPE(V, E), c, "context vectors");
    word2vec_marginals(V, V, joint, NULL, context);
    word2vec_table t = word2vec_table_new(V, V);
    word2vec_sampling_weights(V, joint, K, context, false, &t);
    double loss = word2vec_expected_loss(&t, E, w, c, dw, dc);
    for (int i = 0; i < V * V; i++)
        x[i] = linalg_dot(E, w + i / V * E, c + i % V * E);
    case_write_f8("step", "yes", "", SHAPE(V, V), t.yes, exact, "p(w, c)");
    case_write_f8("step", "no", "", SHAPE(V, V), t.no, exact, "k p(w) q(c)");
    case_write_f8("step", "x", "", SHAPE(V, V), x, exact, "w.c");
    case_write_f8("output", "loss", "yes no x", SCALAR, &loss, exact,
                  "-sum of yes ln sigma(x) + no ln sigma(-x)");
    case_write_f8("gradient", "dw", "yes no x", SHAPE(V, E), dw, exact, "of the word vectors");
    case_write_f8("gradient", "dc", "yes no x", SHAPE(V, E), dc, exact, "of the context vectors");
    case_end();
    word2vec_table_free(&t);
}

static void
svd(void)
{
    enum { E = 3 };
    double joint[V * V], pmi[V * V], s[V], w[V * E], c[V * E], product[V * V], gram[V * V];
    case_begin("svd", "The best approximation of the PMI by vectors of width 3.");
    case_convention("W = U S^1/2 and C = V S^1/2 of the first 3 singular values; what does not "
                    "depend on signs is "
                    "given: W C^T and W W^T");
    world(joint);
    case_scalar("d", E, "the width");
    word2vec_pmi(V, joint, pmi);
    word2vec_truncate(V, pmi, E, 0.5, s, w, c);
    for (int i = 0; i < V * V; i++) {
        product[i] = linalg_dot(E, w + i / V * E, c + i % V * E);
        gram[i] = linalg_dot(E, w + i / V * E, w + i % V * E);
    }
    case_write_f8("step", "pmi", "", SHAPE(V, V), pmi, exact, "ln p(w, c) / (p(w) p(c))");
    case_write_f8("step", "s", "pmi", SHAPE(V), s, solved, "its singular values, falling");
    case_write_f8("output", "product", "s", SHAPE(V, V), product, solved, "W C^T");
    case_write_f8("output", "gram", "s", SHAPE(V, V), gram, solved, "W W^T");
    case_end();
}

// ---- From a text to pairs ----

static void
subsample(void)
{
    const double count[V] = {900, 410, 300, 80, 27, 12, 5};
    double f[V], paper[V], program[V], sum = 0;
    case_begin("subsample",
               "How much of each word is kept, by the paper's rule and by word2vec.c's.");
    case_input_f8("count", SHAPE(V), count, "how often each word comes");
    case_number("t", 0.02, "the threshold");
    for (int w = 0; w < V; w++)
        sum += count[w];
    for (int w = 0; w < V; w++) {
        f[w] = count[w] / sum;
        paper[w] = word2vec_keep(WORD2VEC_PAPER, f[w], 0.02);
        program[w] = word2vec_keep(WORD2VEC_PROGRAM, f[w], 0.02);
    }
    case_write_f8("step", "f", "", SHAPE(V), f, exact, "the part of the text that each word is");
    case_write_f8("output", "keep_paper", "f", SHAPE(V), paper, exact, "min(1, sqrt(t/f))");
    case_write_f8("output", "keep_program", "f", SHAPE(V), program, exact,
                  "min(1, sqrt(t/f) + t/f)");
    case_end();
}

static void
window_pairs(void)
{
    enum { T = 11, L = 4 };
    static const int text[T] = {3, 0, 5, 2, 0, 6, 1, 0, 4, 2, 5},
                     reach[T] = {2, 4, 1, 3, 2, 1, 4, 1, 2, 3, 1};
    int pairs[T * 2 * L * 2], around[2 * L], number[T], n = 0;
    double weight[L + 1];
    case_begin("window_pairs", "The pairs of a text, each place with a window of its own reach.");
    case_convention("the pairs are ordered by the place of the word, then by the place of the "
                    "context; a reach of "
                    "b takes b places to each side, as far as the text goes");
    case_input_i4("text", SHAPE(T), text, "words");
    case_input_i4("reach", SHAPE(T), reach, "drawn uniformly from 1..L");
    case_scalar("L", L, "the longest reach");
    for (int t = 0; t < T; t++) {
        number[t] = word2vec_window(T, text, t, reach[t], around);
        for (int i = 0; i < number[t]; i++, n++) {
            pairs[2 * n] = text[t];
            pairs[2 * n + 1] = around[i];
        }
    }
    for (int d = 1; d <= L + 1; d++)
        weight[d - 1] = word2vec_window_weight(L, d);
    case_write_i4("step", "number", "", SHAPE(T), number, "contexts of each place");
    case_write_i4("output", "pairs", "number", SHAPE(n, 2), pairs, "word and context");
    case_write_f8("output", "weight", "", SHAPE(L + 1), weight, exact,
                  "the probability that a neighbour at distance 1..L+1 is in the window");
    case_end();
}

// ---- Asking the vectors ----

static void
analogy(void)
{
    enum { B = 6, A = 1, A_STAR = 3 };
    float unit[V * D], target[D], scores[V];
    int answers[WORD2VEC_RULES], near[V];
    case_begin("analogy", "a is to a_star as b is to what? The same question by five rules.");
    case_convention("all vectors are divided by their length first; the score of a word is its "
                    "product with the "
                    "target, which is not divided");
    case_convention(
        "answers by rule: 0 a_star - a + b, the words a, a_star and b not among the answers; 1 the "
        "same, all "
        "words; 2 b alone; 3 a_star + b; 4 a - a_star + b; rules 2 to 4 without a, a_star and b");
    float x[V * D];
    rng r = rng_at(SEED, 8);
    rng_fill_normal(&r, V * D, x, 0.3f, 0.7f);
    case_input_f4("vectors", SHAPE(V, D), x, "a row a word, of different lengths");
    case_scalar("a", A, "");
    case_scalar("a_star", A_STAR, "");
    case_scalar("b", B, "");
    word2vec_unit(V, D, x, unit);
    for (int w = 0; w < V; w++)
        near[w] = word2vec_nearest(V, D, unit, unit + w * D, 1, &w);
    for (word2vec_analogy_rule rule = WORD2VEC_RULES; rule-- > 0;)
        answers[rule] = word2vec_analogy(V, D, unit, A, A_STAR, B, rule, target);
    for (int w = 0; w < V; w++)
        scores[w] = dot32(D, unit + w * D, target);
    case_write_f4("step", "unit", "", SHAPE(V, D), unit, close, "the vectors at length 1");
    case_write_f4("step", "target", "unit", SHAPE(D), target, close, "of rules 0 and 1");
    case_write_f4("step", "scores", "unit target", SHAPE(V), scores, close,
                  "of all words with this target");
    case_write_i4("output", "answers", "unit target", SHAPE(WORD2VEC_RULES), answers, "by rule");
    case_write_i4("output", "nearest", "unit", SHAPE(V), near, "the nearest other word of each");
    case_end();
}

void
word2vec_cases(void)
{
    sgns_gradient();
    sgns_step(false);
    sgns_step(true);
    noise();
    cbow(WORD2VEC_MEAN);
    cbow(WORD2VEC_SUM);
    huffman();
    hierarchical_step();
    optimum();
    expected_gradient();
    svd();
    subsample();
    window_pairs();
    analogy();
}
