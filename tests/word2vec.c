// Chapter word2vec: gradients against differences, steps against the formula written once more, trees against brute
// force, the exact objective against enumeration, and sampled steps against the exact gradient as statistics.
#include "word2vec/word2vec.h"
#include "word2vec/objective.h"
#include "word2vec/tool.h"
#include "word2vec/train.h"
#include "word2vec/vectors.h"
#include "word2vec/words.h"
#include "word2vec/worlds.h"

#include "test.h"

#include "numbers/linalg.h"
#include "numbers/stats.h"

#include <math.h>

enum { V = 6, D = 5, MOST = 12 };

static float input[V * D], output[V * D];

static void
fill(uint32_t number)
{
    rng r = rng_at(5, number);
    rng_fill_normal(&r, V * D, input, 0, 0.7f);
    rng_fill_normal(&r, V * D, output, 0, 0.7f);
}

static double
logistic(double x)
{
    return 1 / (1 + exp(-x));
}

static double
dot(int d, const float *x, const float *y)
{
    double sum = 0;
    for (int i = 0; i < d; i++)
        sum += (double)x[i] * y[i];
    return sum;
}

// ---- One question ----

START_TEST(sigmoid_of_the_programs)
{
    // the entry for x is sigma at 0.996 x - 0.024 less 0 to 0.012
    test_near(word2vec_sigmoid(WORD2VEC_TABLE, 0), 0.494, 1e-6, "sigma(0)", 0);
    for (int i = 0; i <= 1200; i++) {
        float x = i / 100.0f - 6;
        double s = word2vec_sigmoid(WORD2VEC_TABLE, x), most = logistic(0.996 * x - 0.024);
        ck_assert_msg(s <= most + 1e-6 && s >= logistic(0.996 * x - 0.024 - 0.012) - 1e-6,
                      "x = %g: %g", x, s);
        test_near(word2vec_sigmoid(WORD2VEC_EXACT, x), logistic(x), 1e-6, "sigma", i);
    }
    ck_assert_float_eq(word2vec_sigmoid(WORD2VEC_TABLE, 6.001f), 1);
    ck_assert_float_eq(word2vec_sigmoid(WORD2VEC_TABLE, -6.001f), 0);
    ck_assert_float_eq(word2vec_sigmoid(WORD2VEC_TABLE, 1e30f), 1);
    // the last entry that can be read is 996
    test_near(word2vec_sigmoid(WORD2VEC_TABLE, 6), logistic((996 / 1000.0 * 2 - 1) * 6), 1e-6,
              "sigma", 6);
}
END_TEST

// An output is asked twice, once as the positive, too.
static const int asked[4] = {2, 4, 2, 0}, answer[4] = {1, 0, 0, 0};
static const word2vec_question question = {4, asked, answer};

static double
loss_by_formula(const float *h)
{
    double loss = 0;
    for (int i = 0; i < question.n; i++) {
        double x = dot(D, h, output + asked[i] * D);
        loss -= log(logistic(answer[i] ? x : -x));
    }
    return loss;
}

static double
slope(const float *h, float *value)
{
    const float step = 1e-3f, kept = *value;
    *value = kept + step;
    double above = *value, high = loss_by_formula(h);
    *value = kept - step;
    double below = *value, low = loss_by_formula(h);
    *value = kept;
    return (high - low) / (above - below);
}

START_TEST(gradient)
{
    float x[4], s[4], dh[D], d_output[V * D] = {0};
    fill(1);
    float loss = word2vec_loss(D, input, output, &question, x, s);
    test_near(loss, loss_by_formula(input), 1e-6, "loss", 0);
    word2vec_gradient(D, input, output, &question, s, dh, d_output);
    for (int i = 0; i < 4; i++) {
        test_near(x[i], dot(D, input, output + asked[i] * D), 1e-6, "x", i);
        test_near(s[i], logistic(x[i]), 1e-6, "sigma", i);
    }
    for (int e = 0; e < D; e++)
        test_near(dh[e], slope(input, input + e), 1e-5, "dh", e);
    for (int i = 0; i < V * D; i++)
        test_near(d_output[i], slope(input, output + i), 1e-5, "d_output", i);
    // the gradient of the outputs is added to
    word2vec_gradient(D, input, output, &question, s, dh, d_output);
    test_near(d_output[2 * D], 2 * slope(input, output + 2 * D), 1e-5, "added", 0);
}
END_TEST

START_TEST(loss_of_large_products)
{
    float h[1] = {1}, c[2] = {-60, 60}, x[2], s[2];
    const int row[2] = {0, 1}, label[2] = {1, 0};
    word2vec_question q = {2, row, label};
    test_near(word2vec_loss(1, h, c, &q, x, s), 120, 1e-5, "loss", 0);
}
END_TEST

// One output after the other in double; the input's step from the outputs before they learn.
static void
step_by_formula(const float *h, double *c, double rate, double *step, double *x)
{
    for (int e = 0; e < D; e++)
        step[e] = 0;
    for (int i = 0; i < question.n; i++) {
        double *o = c + asked[i] * D, g;
        x[i] = 0;
        for (int e = 0; e < D; e++)
            x[i] += h[e] * o[e];
        g = rate * (answer[i] - logistic(x[i]));
        for (int e = 0; e < D; e++) {
            step[e] += g * o[e];
            o[e] += g * h[e];
        }
    }
}

START_TEST(step_is_sequential)
{
    float step[D], x[4], before[V * D], h[D];
    double c[V * D], expected[D], xs[4];
    fill(2);
    memcpy(before, output, sizeof before);
    memcpy(h, input, sizeof h);
    for (int i = 0; i < V * D; i++)
        c[i] = output[i];
    step_by_formula(input, c, 0.3, expected, xs);
    word2vec_step(D, input, output, &question, 0.3f, WORD2VEC_EXACT, x, step);
    for (int e = 0; e < D; e++) {
        test_near(step[e], expected[e], 1e-6, "step", e);
        ck_assert_float_eq(input[e], h[e]);
    }
    for (int i = 0; i < V * D; i++)
        test_near(output[i], c[i], 1e-6, "output", i);
    for (int i = 0; i < 4; i++)
        test_near(x[i], xs[i], 1e-6, "x", i);
    ck_assert(fabs(x[0] - x[2]) > 1e-3); // the second time it has learnt
    ck_assert(memcmp(output + 1 * D, before + 1 * D, D * sizeof *before) == 0);
}
END_TEST

START_TEST(skip_gram_moves_its_word)
{
    float step[D], x[4], y[4], in[V * D], out[V * D];
    fill(3);
    memcpy(in, input, sizeof in);
    memcpy(out, output, sizeof out);
    word2vec_step(D, input + 3 * D, output, &question, 0.3f, WORD2VEC_TABLE, x, step);
    word2vec m = {V, D, in, out};
    word2vec_skip_gram(&m, 3, &question, 0.3f, WORD2VEC_TABLE, y);
    for (int i = 0; i < V * D; i++) {
        ck_assert_float_eq(out[i], output[i]);
        test_near(in[i], input[i] + (i / D == 3 ? step[i % D] : 0), 1e-6, "input", i);
    }
    ck_assert(memcmp(x, y, sizeof x) == 0);
    // of a table, not of the exact function
    fill(3);
    word2vec_step(D, input + 3 * D, output, &question, 0.3f, WORD2VEC_EXACT, x, step);
    ck_assert(memcmp(out, output, sizeof out) != 0);
}
END_TEST

// ---- Questions ----

START_TEST(ask)
{
    const int negative[4] = {3, 1, 3, 1};
    int row[5], label[5];
    word2vec_question q = word2vec_ask(1, 4, negative, false, row, label);
    ck_assert_int_eq(q.n, 5);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(q.row[i], i ? negative[i - 1] : 1);
        ck_assert_int_eq(q.label[i], i == 0);
    }
    q = word2vec_ask(1, 4, negative, true, row, label);
    ck_assert_int_eq(q.n, 3);
    ck_assert(q.row[0] == 1 && q.row[1] == 3 && q.row[2] == 3);
    ck_assert(q.label[0] == 1 && q.label[1] == 0 && q.label[2] == 0);
    ck_assert_int_eq(word2vec_ask(1, 0, negative, true, row, label).n, 1);
}
END_TEST

START_TEST(noise)
{
    const double count[4] = {16, 9, 4, 1};
    double q[4];
    for (int i = 0; i < 3; i++) {
        double power = (double[]){0, 0.5, 1}[i], all = (double[]){4, 10, 30}[i];
        word2vec_noise(4, count, power, q);
        for (int c = 0; c < 4; c++)
            test_near(q[c], pow(count[c], power) / all, 1e-14, "noise", c);
    }
}
END_TEST

// What an alias table gives each, from its cells.
static void
assert_alias(int n, const double *p)
{
    double given[MOST] = {0};
    word2vec_alias a = word2vec_alias_new(n, p);
    for (int i = 0; i < n; i++) {
        ck_assert(a.part[i] >= 0 && a.part[i] <= 1);
        given[i] += a.part[i] / n;
        given[a.other[i]] += (1 - a.part[i]) / n;
    }
    for (int i = 0; i < n; i++)
        test_near(given[i], p[i], 1e-7, "p", i);
    word2vec_alias_free(&a);
}

START_TEST(alias)
{
    for (int n = 1; n <= MOST; n++) {
        double p[MOST], sum = 0;
        rng r = rng_at(6, n);
        for (int i = 0; i < n; i++)
            sum += p[i] = exp(2 * rng_normal(&r));
        for (int i = 0; i < n; i++)
            p[i] /= sum;
        assert_alias(n, p);
    }
    assert_alias(4, (double[]){0, 1, 0, 0});
    assert_alias(4, (double[]){0.25, 0.25, 0.25, 0.25});
    // and what is drawn
    const double p[3] = {0.5, 0.2, 0.3};
    int drawn[3] = {0};
    word2vec_alias a = word2vec_alias_new(3, p);
    rng r = rng_at(7, 0);
    for (int i = 0; i < 30000; i++)
        drawn[word2vec_draw(&a, &r)]++;
    for (int i = 0; i < 3; i++)
        ck_assert(fabs(drawn[i] - 30000 * p[i]) < 4 * sqrt(30000 * p[i] * (1 - p[i])));
    word2vec_alias_free(&a);
}
END_TEST

// ---- The tree ----

// The least total length of a code, by merging the two least of what is left, searched for each time.
static double
least_cost(int n, const double *count)
{
    double left[MOST], cost = 0;
    memcpy(left, count, n * sizeof *left);
    for (; n > 1; n--) {
        for (int k = 0; k < 2; k++)
            for (int i = k + 1; i < n; i++)
                if (left[i] < left[k]) {
                    double t = left[i];
                    left[i] = left[k];
                    left[k] = t;
                }
        left[0] += left[1];
        cost += left[0];
        left[1] = left[n - 1];
    }
    return cost;
}

START_TEST(huffman_is_best)
{
    for (int n = 2; n <= MOST; n++)
        for (int kind = 0; kind < 3; kind++) {
            double count[MOST], cost = 0, sum = 0, entropy = 0, kraft = 0;
            int row[MOST], label[MOST];
            for (int i = 0; i < n; i++)
                sum += count[i] = kind == 0 ? 1 : kind == 1 ? pow(2, n - i) : 60 / (i + 1);
            word2vec_tree t = word2vec_huffman(n, count);
            for (int i = 0; i < n; i++) {
                int length = word2vec_path(&t, i, row, label);
                ck_assert_int_eq(row[0], n - 2); // the root
                cost += count[i] * length;
                kraft += pow(2, -length);
                entropy -= count[i] / sum * log2(count[i] / sum);
            }
            test_near(cost, least_cost(n, count), 1e-12, "cost", n);
            test_near(kraft, 1, 1e-12, "Kraft's sum", n);
            ck_assert(cost / sum >= entropy - 1e-12 && cost / sum < entropy + 1);
            word2vec_tree_free(&t);
        }
}
END_TEST

START_TEST(huffman_ties)
{
    // merges: (d, c), then of 2, 2, 2 the inner node first and b: the word with the higher number
    const double count[4] = {2, 2, 1, 1};
    const int parent[7] = {6, 5, 4, 4, 5, 6, -1}, code[7] = {0, 1, 1, 0, 0, 1, 0};
    word2vec_tree t = word2vec_huffman(4, count);
    for (int i = 0; i < 7; i++) {
        ck_assert_int_eq(t.parent[i], parent[i]);
        ck_assert_int_eq(t.code[i], code[i]);
    }
    int row[3], label[3];
    ck_assert_int_eq(word2vec_path(&t, 2, row, label), 3);
    ck_assert(row[0] == 2 && row[1] == 1 && row[2] == 0);
    ck_assert(label[0] == 0 && label[1] == 1 && label[2] == 0);
    word2vec_tree_free(&t);
    REFUSED(word2vec_huffman(1, count), "word2vec_huffman: 1 words, expected two or more");
    REFUSED(word2vec_huffman(3, (double[]){3, 2, 4}),
            "word2vec_huffman: the count of word 2 is above that of the word before");
    REFUSED(word2vec_huffman(2, (double[]){3, NAN}),
            "word2vec_huffman: the count of word 1 is above that of the word before");
}
END_TEST

START_TEST(probabilities_of_a_tree)
{
    const double count[V] = {20, 9, 7, 4, 4, 1};
    int row[V], label[V];
    float x[V], s[V];
    double sum = 0;
    fill(4);
    word2vec_tree t = word2vec_huffman(V, count);
    for (int c = 0; c < V; c++) {
        word2vec_question q = {word2vec_path(&t, c, row, label), row, label};
        float p = word2vec_probability(D, input + D, output, &q);
        test_near(-log(p), word2vec_loss(D, input + D, output, &q, x, s), 1e-5, "-ln p", c);
        sum += p;
    }
    test_near(sum, 1, 1e-6, "sum of p", 0);
    word2vec_tree_free(&t);
}
END_TEST

// ---- CBOW ----

enum { C = 4 };
static const int bag[C] = {1, 5, 1, 3};

static double
cbow_loss(word2vec_combined how)
{
    float h[D];
    word2vec m = {V, D, input, output};
    word2vec_combine(&m, C, bag, how, h);
    return loss_by_formula(h);
}

START_TEST(cbow_is_a_gradient)
{
    // a step of a small rate is minus the rate times the gradient, by differences
    const float rate = 1e-3f, nudge = 1e-2f;
    for (word2vec_combined how = WORD2VEC_SUM; how <= WORD2VEC_MEAN; how++) {
        float in[V * D], out[V * D], x[4];
        fill(5);
        memcpy(in, input, sizeof in);
        memcpy(out, output, sizeof out);
        word2vec m = {V, D, in, out};
        word2vec_cbow(&m, C, bag, &question, rate, WORD2VEC_EXACT, how, how == WORD2VEC_MEAN, x);
        for (int i = 0; i < V * D; i++) {
            float kept = input[i];
            input[i] = kept + nudge;
            double high = cbow_loss(how);
            input[i] = kept - nudge;
            double low = cbow_loss(how);
            input[i] = kept;
            test_near((in[i] - kept) / rate, (low - high) / (2 * nudge), 5e-3, "input", i);
        }
    }
}
END_TEST

START_TEST(cbow_of_one_is_skip_gram)
{
    float in[V * D], out[V * D], x[4];
    fill(6);
    memcpy(in, input, sizeof in);
    memcpy(out, output, sizeof out);
    word2vec m = {V, D, in, out}, other = {V, D, input, output};
    const int one = 3;
    word2vec_cbow(&m, 1, &one, &question, 0.2f, WORD2VEC_EXACT, WORD2VEC_MEAN, true, x);
    word2vec_skip_gram(&other, 3, &question, 0.2f, WORD2VEC_EXACT, x);
    ck_assert(memcmp(in, input, sizeof in) == 0 && memcmp(out, output, sizeof out) == 0);
}
END_TEST

START_TEST(cbow_undivided)
{
    float in[2][V * D], out[2][V * D], x[4];
    fill(7);
    for (int divide = 0; divide < 2; divide++) {
        memcpy(in[divide], input, sizeof in[divide]);
        memcpy(out[divide], output, sizeof out[divide]);
        word2vec m = {V, D, in[divide], out[divide]};
        word2vec_cbow(&m, C, bag, &question, 0.2f, WORD2VEC_EXACT, WORD2VEC_MEAN, divide, x);
    }
    ck_assert(memcmp(out[0], out[1], sizeof out[0]) == 0);
    for (int i = 0; i < V * D; i++)
        test_near(in[0][i] - input[i], C * (in[1][i] - input[i]), 1e-5, "input", i);
}
END_TEST

// ---- Texts ----

START_TEST(keep)
{
    const double golden = (3 + sqrt(5)) / 2, t = 1e-3;
    test_near(word2vec_keep(WORD2VEC_PROGRAM, golden * t, t), 1, 1e-12, "at the golden section", 0);
    ck_assert_double_lt(word2vec_keep(WORD2VEC_PROGRAM, 2.7 * t, t), 1);
    ck_assert_double_eq(word2vec_keep(WORD2VEC_PROGRAM, 2.6 * t, t), 1);
    ck_assert_double_lt(word2vec_keep(WORD2VEC_PROGRAM, 2.6181 * t, t), 1);
    ck_assert_double_eq(word2vec_keep(WORD2VEC_PAPER, t, t), 1);
    ck_assert_double_lt(word2vec_keep(WORD2VEC_PAPER, 1.01 * t, t), 1);
    test_near(word2vec_keep(WORD2VEC_PAPER, 100 * t, t), 0.10, 1e-12, "paper", 0);
    test_near(word2vec_keep(WORD2VEC_PROGRAM, 100 * t, t), 0.11, 1e-12, "program", 0);
    ck_assert_double_eq(word2vec_keep(WORD2VEC_PAPER, t / 9, t), 1);
}
END_TEST

START_TEST(window)
{
    enum { T = 7, L = 4 };
    const int text[T] = {10, 11, 12, 13, 14, 15, 16};
    int context[2 * L];
    for (int t = 0; t < T; t++)
        for (int reach = 1; reach <= L; reach++) {
            int n = word2vec_window(T, text, t, reach, context), k = 0;
            for (int j = 0; j < T; j++)
                if (j != t && abs(j - t) <= reach)
                    ck_assert_int_eq(context[k++], text[j]);
            ck_assert_int_eq(n, k);
        }
    ck_assert_int_eq(word2vec_window(1, text, 0, L, context), 0);
    for (int distance = 1; distance <= L + 2; distance++) {
        double within = 0;
        for (int reach = 1; reach <= L; reach++)
            within += (distance <= reach) / (double)L;
        test_near(word2vec_window_weight(L, distance), within, 1e-15, "weight", distance);
    }
}
END_TEST

// ---- Asking the vectors ----

START_TEST(nearest)
{
    float x[V * D], y[V * D], target[D];
    fill(8);
    memcpy(x, input, sizeof x);
    memset(x + 2 * D, 0, D * sizeof *x);
    word2vec_unit(V, D, x, y);
    for (int w = 0; w < V; w++) {
        test_near(dot(D, y + w * D, y + w * D), w != 2, 1e-6, "length", w);
        if (w != 2)
            test_near(dot(D, x + w * D, y + w * D), sqrt(dot(D, x + w * D, x + w * D)), 1e-6,
                      "direction", w);
    }
    const int all[V] = {0, 1, 2, 3, 4, 5};
    ck_assert_int_eq(word2vec_nearest(V, D, y, y + 4 * D, 0, NULL), 4);
    ck_assert_int_ne(word2vec_nearest(V, D, y, y + 4 * D, 1, all + 4), 4);
    ck_assert_int_eq(word2vec_nearest(V, D, y, y, V, all), -1);
    // of equal ones the lowest; and one with a negative product, where there is no other
    memset(target, 0, sizeof target);
    ck_assert_int_eq(word2vec_nearest(V, D, y, target, 0, NULL), 0);
    for (int e = 0; e < D; e++)
        target[e] = -y[D + e];
    ck_assert_int_eq(word2vec_nearest(2, D, y, target, 1, all), 1);
}
END_TEST

START_TEST(analogy)
{
    static const int sign[WORD2VEC_RULES][3] = {
        {-1, 1, 1}, {-1, 1, 1}, {0, 0, 1}, {0, 1, 1}, {1, -1, 1}};
    float y[V * D], target[D];
    for (int number = 0; number < 40; number++) {
        fill(100 + number);
        word2vec_unit(V, D, input, y);
        for (word2vec_analogy_rule rule = 0; rule < WORD2VEC_RULES; rule++) {
            int best = -1, a = 4, a_star = 0, b = 2;
            double most = -9;
            for (int w = 0; w < V; w++) {
                double score = sign[rule][0] * dot(D, y + a * D, y + w * D) +
                               sign[rule][1] * dot(D, y + a_star * D, y + w * D) +
                               sign[rule][2] * dot(D, y + b * D, y + w * D);
                bool in_question = w == a || w == a_star || w == b;
                if (!(in_question && rule != WORD2VEC_OPEN) && score > most) {
                    best = w;
                    most = score;
                }
            }
            ck_assert_int_eq(word2vec_analogy(V, D, y, a, a_star, b, rule, target), best);
        }
    }
}
END_TEST

// ---- The exact objective ----

static double joint[V * V], p_word[V], p_context[V];

static void
make_world(uint32_t number)
{
    rng r = rng_at(8, number);
    word2vec_zipf_world(V, 3, 0.8, &r, joint);
    word2vec_marginals(V, V, joint, p_word, p_context);
}

START_TEST(worlds)
{
    double pmi[V * V], shifted[V * V], sum = 0, w = 0, c = 0;
    make_world(0);
    for (int i = 0; i < V * V; i++)
        sum += joint[i];
    for (int i = 0; i < V; i++) {
        w += p_word[i];
        c += p_context[i];
        double row = 0, column = 0;
        for (int j = 0; j < V; j++) {
            row += joint[i * V + j];
            column += joint[j * V + i];
        }
        test_near(p_word[i], row, 1e-15, "p_word", i);
        test_near(p_context[i], column, 1e-15, "p_context", i);
    }
    test_near(sum, 1, 1e-14, "joint", 0);
    test_near(w, 1, 1e-14, "words", 0);
    test_near(c, 1, 1e-14, "contexts", 0);
    word2vec_pmi(V, joint, pmi);
    word2vec_shifted_pmi(V, joint, 5, shifted);
    for (int i = 0; i < V * V; i++) {
        test_near(exp(pmi[i]) * p_word[i / V] * p_context[i % V], joint[i], 1e-13, "pmi", i);
        test_near(shifted[i], pmi[i] - log(5), 1e-13, "shifted", i);
    }
    // rank: u.v with width 3, a number for each row and each column
    double u[V * V], s[V], v[V * V];
    linalg_svd(V, V, pmi, u, s, v);
    ck_assert(s[4] > 1e-6 && s[5] < 1e-13);
    // without hidden vectors it is Zipf's
    rng still = rng_at(8, 1);
    word2vec_zipf_world(V, 3, 0, &still, shifted);
    for (int i = 0; i < V * V; i++)
        test_near(shifted[i] / shifted[0], 1.0 / ((i / V + 1) * (i % V + 1)), 1e-14, "zipf", i);
    word2vec_symmetric(V, joint);
    sum = 0;
    for (int i = 0; i < V * V; i++) {
        sum += joint[i];
        ck_assert_double_eq(joint[i], joint[i % V * V + i / V]);
    }
    test_near(sum, 1, 1e-14, "joint", 1);
}
END_TEST

START_TEST(weights_of_sampling)
{
    // no: a pair (w, i) is drawn, then k negatives; those that are i are dropped, or not
    make_world(1);
    word2vec_table t = word2vec_table_new(V, V);
    for (int drop = 0; drop < 2; drop++) {
        word2vec_sampling_weights(V, joint, 3, p_context, drop, &t);
        for (int w = 0; w < V; w++)
            for (int c = 0; c < V; c++) {
                double no = 0;
                for (int i = 0; i < V; i++)
                    if (!(drop && i == c))
                        no += joint[w * V + i] * 3 * p_context[c];
                test_near(t.no[w * V + c], no, 1e-15, "no", w * V + c);
                test_near(t.yes[w * V + c], joint[w * V + c], 0, "yes", w * V + c);
            }
    }
    word2vec_table_free(&t);
}
END_TEST

START_TEST(weights_of_a_tree)
{
    const double count[V] = {20, 9, 7, 4, 4, 1};
    int row[V], label[V];
    float x[V];
    make_world(2);
    fill(9);
    word2vec_tree tree = word2vec_huffman(V, count);
    word2vec_table t = word2vec_table_new(V, V - 1);
    word2vec_tree_weights(V, joint, &tree, &t);
    // the expected loss is the mean of -ln p(c | w)
    double w[V * D], n[(V - 1) * D], expected = 0;
    for (int i = 0; i < V * D; i++)
        w[i] = input[i];
    for (int i = 0; i < (V - 1) * D; i++)
        n[i] = output[i];
    for (int i = 0; i < V; i++)
        for (int c = 0; c < V; c++) {
            word2vec_question q = {word2vec_path(&tree, c, row, label), row, label};
            float s[V];
            expected += joint[i * V + c] * word2vec_loss(D, input + i * D, output, &q, x, s);
        }
    test_near(word2vec_expected_loss(&t, D, w, n, NULL, NULL), expected, 1e-6, "loss", 0);
    word2vec_table_free(&t);
    word2vec_tree_free(&tree);
}
END_TEST

START_TEST(expected_gradient)
{
    double w[V * D], c[V * D], dw[V * D], dc[V * D], x[V * V];
    make_world(3);
    rng r = rng_at(9, 0);
    word2vec_begin(V * D, 0.7, &r, w);
    word2vec_begin(V * D, 0.7, &r, c);
    word2vec_table t = word2vec_table_new(V, V);
    word2vec_sampling_weights(V, joint, 4, p_context, true, &t);
    double loss = word2vec_expected_loss(&t, D, w, c, dw, dc);
    for (int i = 0; i < V * V; i++)
        x[i] = linalg_dot(D, w + i / V * D, c + i % V * D);
    test_near(word2vec_table_loss(&t, x), loss, 1e-14, "loss", 0);
    for (int i = 0; i < 2 * V * D; i++) {
        double *value = i < V * D ? w + i : c + i - V * D, kept = *value;
        *value = kept + 1e-5;
        double high = word2vec_expected_loss(&t, D, w, c, NULL, NULL);
        *value = kept - 1e-5;
        double low = word2vec_expected_loss(&t, D, w, c, NULL, NULL);
        *value = kept;
        test_near(i < V * D ? dw[i] : dc[i - V * D], (high - low) / 2e-5, 1e-8, "gradient", i);
    }
    word2vec_table_free(&t);
}
END_TEST

START_TEST(sampled_steps_are_the_gradient)
{
    // steps of a tiny rate from the same vectors: their mean is minus the rate times the exact gradient, with both
    // ways to take a negative that is the positive
    enum { STEPS = 40000, K = 2 };
    const float rate = 1e-3f;
    make_world(4);
    for (int drop = 0; drop < 2; drop++) {
        double w[V * D], c[V * D], dw[V * D], dc[V * D], sum[V * D] = {0}, square[V * D] = {0},
                                                                 worst = 0;
        int negative[K], row[K + 1], label[K + 1];
        float x[K + 1], first[V * D];
        fill(10);
        memcpy(first, input, sizeof first);
        for (int i = 0; i < V * D; i++) {
            w[i] = input[i];
            c[i] = output[i];
        }
        word2vec_table t = word2vec_table_new(V, V);
        word2vec_sampling_weights(V, joint, K, p_context, drop, &t);
        word2vec_expected_loss(&t, D, w, c, dw, dc);
        word2vec_alias pairs = word2vec_alias_new(V * V, joint),
                       noise_of = word2vec_alias_new(V, p_context);
        rng r = rng_at(10, drop);
        for (int s = 0; s < STEPS; s++) {
            float kept[V * D];
            memcpy(kept, output, sizeof kept);
            int pair = word2vec_draw(&pairs, &r);
            for (int k = 0; k < K; k++)
                negative[k] = word2vec_draw(&noise_of, &r);
            word2vec m = {V, D, input, output};
            word2vec_question q = word2vec_ask(pair % V, K, negative, drop, row, label);
            word2vec_skip_gram(&m, pair / V, &q, rate, WORD2VEC_EXACT, x);
            for (int i = 0; i < V * D; i++) {
                double moved = (input[i] - (double)first[i]) / rate;
                sum[i] += moved;
                square[i] += moved * moved;
            }
            memcpy(input, first, sizeof first);
            memcpy(output, kept, sizeof kept);
        }
        for (int i = 0; i < V * D; i++) {
            stats_estimate e = stats_mean_of_sums(STEPS, sum[i], square[i]);
            // a rate of 1/1000 moves an output that comes twice by so little
            worst = fmax(worst, (fabs(e.mean + dw[i]) - 1e-4) / e.error);
        }
        ck_assert_msg(worst < stats_worst_bound(V * D), "drop %d: worst z %g", drop, worst);
        word2vec_alias_free(&pairs);
        word2vec_alias_free(&noise_of);
        word2vec_table_free(&t);
    }
}
END_TEST

START_TEST(optimum_is_the_minimum)
{
    double noise_of[V], x[V * V], w[V * V], c[V * V];
    make_world(5);
    word2vec_noise(V, p_context, 0.75, noise_of);
    word2vec_table t = word2vec_table_new(V, V);
    word2vec_sampling_weights(V, joint, 5, noise_of, true, &t);
    word2vec_optimum(&t, x);
    double least = word2vec_table_loss(&t, x);
    for (int i = 0; i < V * V; i++) {
        double p = joint[i];
        test_near(x[i], log(p / (5 * p_word[i / V] * noise_of[i % V])) - log(1 - p / p_word[i / V]),
                  1e-12, "x", i);
        for (int side = -1; side <= 1; side += 2) {
            x[i] += side * 1e-2;
            ck_assert_double_gt(word2vec_table_loss(&t, x), least);
            x[i] -= side * 1e-2;
        }
    }
    rng r = rng_at(11, 0);
    word2vec_begin(V * V, 0.3, &r, w);
    word2vec_begin(V * V, 0.3, &r, c);
    test_near(word2vec_minimise(&t, V, w, c, 0, 60), least, 1e-10, "the minimum", 0);
    // Newton's method is quick where nothing but the rows is to be found: C stands still at d = V
    word2vec_begin(V * V, 0.3, &r, w);
    word2vec_begin(V * V, 0.3, &r, c);
    test_near(word2vec_minimise(&t, V, w, c, 0, 6), least, 1e-7, "six rounds", 0);
    // with few dimensions the gradient is 0 where it stops
    enum { FEW = 2 };
    double dw[V * FEW], dc[V * FEW];
    word2vec_minimise(&t, FEW, w, c, 0, 3000);
    double loss = word2vec_expected_loss(&t, FEW, w, c, dw, dc);
    ck_assert_double_gt(loss, least + 1e-4);
    for (int i = 0; i < V * FEW; i++)
        ck_assert(fabs(dw[i]) < 1e-6 && fabs(dc[i]) < 1e-6);
    word2vec_table_free(&t);
}
END_TEST

START_TEST(truncated)
{
    double pmi[V * V], s[V], w[V * V], c[V * V], y[V * V];
    make_world(6);
    word2vec_pmi(V, joint, pmi);
    for (int d = 1; d <= V; d++)
        for (int half = 0; half <= 2; half++) {
            word2vec_truncate(V, pmi, d, half / 2.0, s, w, c);
            double rest = 0;
            for (int i = 0; i < V * V; i++)
                y[i] = linalg_dot(d, w + i / V * d, c + i % V * d);
            for (int i = d; i < V; i++)
                rest += s[i] * s[i];
            // Eckart & Young: what is left out is the error
            test_near(word2vec_rms(V * V, pmi, y, NULL), sqrt(rest) / V, 1e-7, "rms", d);
            double first = 0;
            for (int i = 0; i < V; i++)
                first += w[i * d] * w[i * d];
            test_near(first, pow(s[0], half), 1e-10, "|w|^2", half);
        }
    const double a[2] = {1, 5}, b[2] = {2, 2}, part[2] = {3, 1};
    test_near(word2vec_rms(2, a, b, NULL), sqrt(5), 1e-14, "rms", 0);
    test_near(word2vec_rms(2, a, b, part), sqrt(3), 1e-14, "weighted", 0);
}
END_TEST

// ---- Words ----

// The words of a text with | between, paragraphs as ".".
static const char *
split(const char *text, size_t size, word2vec_split how)
{
    static char all[4096];
    char word[WORD2VEC_WORD];
    long line = 0;
    const char *at = text;
    *all = 0;
    while (word2vec_next_word(&at, text + size, how, "a.txt", &line, word)) {
        strcat(all, *all ? "|" : "");
        strcat(all, *word ? word : ".");
    }
    ck_assert_ptr_eq(at, text + size);
    return all;
}

static void
assert_split(const char *text, word2vec_split how, const char *expected)
{
    ck_assert_str_eq(split(text, strlen(text), how), expected);
}

START_TEST(words_of_letters)
{
    assert_split("The cat's 2nd  Word--end.", WORD2VEC_LETTERS, "the|cat|s|2nd|word|end");
    assert_split("\xc3\x84RGER \xc3\x97 \xc5\x81\xc3\xb3"
                 "d\xc5\xba \xc5\xb8 \xc2\xabx\xc2\xbb",
                 WORD2VEC_LETTERS,
                 "\xc3\xa4rger|\xc5\x82\xc3\xb3"
                 "d\xc5\xba|\xc3\xbf|x");
    assert_split("\xd0\x9a\xd0\x9e\xd0\xa2 \xd0\x81 \xce\x91\xce\xa9", WORD2VEC_LETTERS,
                 "\xd0\xba\xd0\xbe\xd1\x82|\xd1\x91|\xce\xb1\xcf\x89");
    // Han by character, between letters, too; and their full stop, kana as a run
    assert_split("\xe7\x8c\xab"
                 "a\xe5\x92\x8c\xe7\x8b\x97"
                 "b\xe3\x80\x82\xe3\x81\x8b\xe3\x81\xaa",
                 WORD2VEC_LETTERS,
                 "\xe7\x8c\xab|a|\xe5\x92\x8c|\xe7\x8b\x97|b|\xe3\x81\x8b\xe3\x81\xaa");
    assert_split("a\xf0\x9f\x98\x80"
                 "b\xe2\x80\x99"
                 "c \xef\xbc\xa1\xef\xbc\x8c",
                 WORD2VEC_LETTERS, "a|b|c|\xef\xbd\x81");
    assert_split("", WORD2VEC_LETTERS, "");
    assert_split("-- .. \xc3\xb7", WORD2VEC_LETTERS, "");
}
END_TEST

START_TEST(words_between_blanks)
{
    assert_split(" The cat's\t2nd\xc2\xa0Word--end. \xe7\x8c\xab"
                 "a\xe5\x92\x8c",
                 WORD2VEC_SPACES,
                 "The|cat's|2nd|Word--end.|\xe7\x8c\xab"
                 "a\xe5\x92\x8c");
}
END_TEST

START_TEST(paragraphs)
{
    assert_split("a b\nc\n\nd\n \t\r\n\n\ne", WORD2VEC_LETTERS, "a|b|c|.|d|.|.|e");
    assert_split("a\n.\nb", WORD2VEC_LETTERS, "a|b");
    assert_split("a\n\xe7\x8c\xab\n\nb", WORD2VEC_LETTERS, "a|\xe7\x8c\xab|.|b");
}
END_TEST

START_TEST(long_words_are_cut)
{
    char text[300];
    memset(text, 'x', sizeof text);
    text[250] = ' ';
    const char *all = split(text, 299, WORD2VEC_LETTERS);
    ck_assert_uint_eq(strlen(all), WORD2VEC_WORD - 4 + 1 + 48);
    ck_assert_int_eq(all[WORD2VEC_WORD - 4], '|');
}
END_TEST

START_TEST(no_utf8)
{
    static const char *const bad[] = {
        "\x80",        "\xff",         "\xc3",         "\xc3(",
        "\xc0\xaf",    "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xf0\x9f\x98"};
    for (int i = 0; i < (int)(sizeof bad / sizeof *bad); i++) {
        char text[32], expected[128];
        snprintf(text, sizeof text, "ok\n%s", bad[i]);
        snprintf(expected, sizeof expected,
                 "a.txt:2: byte 0x%02x is no UTF-8 here; expected a text in UTF-8",
                 (unsigned char)*bad[i]);
        REFUSED(split(text, strlen(text), WORD2VEC_LETTERS), expected);
        REFUSED(split(text, strlen(text), WORD2VEC_SPACES), expected);
    }
    REFUSED(split("a\n\n\0", 4, WORD2VEC_LETTERS),
            "a.txt:3: has a zero byte; expected a text in UTF-8");
}
END_TEST

START_TEST(file_in_blocks)
{
    // random words, blanks and characters of two to four bytes: blocks of any size give what the whole text gives
    static char text[60000], whole[2][WORD2VEC_WORD];
    static const char *const pieces[] = {
        "a", "bc", "Def", " ", "  ", "\n", "\n\n", "\xc3\x84", "\xe7\x8c\xab", "\xf0\x9f\x98\x80",
        "."};
    size_t size = 0;
    rng r = rng_at(12, 0);
    while (size < sizeof text - 8) {
        const char *piece = pieces[rng_below(&r, 11)];
        memcpy(text + size, piece, strlen(piece));
        size += strlen(piece);
    }
    test_folder();
    test_write("text", text, size);
    for (size_t block = 700; block < 80000; block = block * 3 / 2) {
        word2vec_reader reader = word2vec_reader_open("text", WORD2VEC_LETTERS, NULL);
        reader.size = block < reader.size ? block : reader.size;
        const char *at = text;
        long line = 0;
        for (bool more = true; more;) {
            more = word2vec_next_word(&at, text + size, WORD2VEC_LETTERS, "text", &line, whole[0]);
            ck_assert_int_eq(word2vec_read_word(&reader, whole[1]), more);
            if (more)
                ck_assert_str_eq(whole[0], whole[1]);
        }
        ck_assert_int_eq(reader.bytes, (long)size);
        ck_assert_int_eq(reader.line, line);
        word2vec_reader_close(&reader);
    }
    REFUSED(word2vec_reader_open("nothing", WORD2VEC_LETTERS, NULL),
            "nothing: No such file or directory");
    REFUSED(word2vec_reader_open(".", WORD2VEC_LETTERS, NULL),
            ".: is a folder; expected a text file, which is read several times");
    REFUSED(word2vec_reader_open("/dev/null", WORD2VEC_LETTERS, NULL),
            "/dev/null: is no file; expected a text file, which is read several times");
}
END_TEST

START_TEST(text_that_is_cut_off)
{
    // a character that the end of the file cuts is an error, one that a block cuts is not
    static char text[3000];
    char word[WORD2VEC_WORD];
    memset(text, ' ', sizeof text);
    memcpy(text + 2998, "\xe7\x8c", 2);
    test_folder();
    test_write("text", text, sizeof text);
    word2vec_reader reader = word2vec_reader_open("text", WORD2VEC_LETTERS, NULL);
    REFUSED(word2vec_read_word(&reader, word),
            "text:1: byte 0xe7 is no UTF-8 here; expected a text in UTF-8");
    word2vec_reader_close(&reader);
}
END_TEST

START_TEST(vocabulary)
{
    word2vec_vocabulary v = word2vec_vocabulary_new();
    char word[16];
    for (int i = 0; i < 5000; i++) // word i comes i % 7 + 1 times
        for (int k = 0; k <= i % 7; k++) {
            snprintf(word, sizeof word, "w%d", i);
            word2vec_vocabulary_add(&v, word, 1, 10000);
        }
    ck_assert_int_eq(v.n, 5000);
    ck_assert_int_eq(v.pruned, 0);
    for (int i = 0; i < 5000; i++) {
        snprintf(word, sizeof word, "w%d", i);
        int w = word2vec_vocabulary_find(&v, word);
        ck_assert_str_eq(v.word[w], word);
        ck_assert_double_eq(v.count[w], i % 7 + 1);
    }
    ck_assert_int_eq(word2vec_vocabulary_find(&v, "w5000"), -1);
    double total = v.total;
    word2vec_vocabulary_sort(&v, 5, 1000);
    ck_assert_double_eq(v.total, total);
    ck_assert_int_eq(v.n, 1000);
    for (int w = 0; w < v.n; w++) {
        ck_assert_int_eq(word2vec_vocabulary_find(&v, v.word[w]), w);
        ck_assert(v.count[w] >= 5);
        if (w > 0)
            ck_assert(v.count[w] < v.count[w - 1] ||
                      (v.count[w] == v.count[w - 1] && strcmp(v.word[w], v.word[w - 1]) > 0));
    }
    word2vec_vocabulary_free(&v);
}
END_TEST

START_TEST(vocabulary_without_room)
{
    // rare words go, frequent ones keep their counts
    word2vec_vocabulary v = word2vec_vocabulary_new();
    char word[16];
    for (int i = 0; i < 20000; i++) {
        snprintf(word, sizeof word, "w%d", i % 2 ? i : i % 20);
        word2vec_vocabulary_add(&v, word, 1, 100);
        ck_assert_int_le(v.n, 100);
    }
    ck_assert_int_gt(v.pruned, 0);
    for (int i = 0; i < 20; i += 2) {
        snprintf(word, sizeof word, "w%d", i);
        ck_assert_double_eq(v.count[word2vec_vocabulary_find(&v, word)], 1000);
    }
    ck_assert_double_eq(v.total, 20000);
    word2vec_vocabulary_free(&v);
    // the first to go are those that came once, and so many are said to have gone
    v = word2vec_vocabulary_new();
    for (int i = 0; i < 5; i++) {
        snprintf(word, sizeof word, "w%d", i);
        word2vec_vocabulary_add(&v, word, i < 2 ? 2 : 1, 4);
    }
    ck_assert_int_eq(v.pruned, 1);
    ck_assert_int_eq(v.n, 3);
    ck_assert_int_lt(word2vec_vocabulary_find(&v, "w3"), 0);
    word2vec_vocabulary_free(&v);
}
END_TEST

// ---- Vectors in files ----

static word2vec_vectors
parse(const char *bytes, size_t size)
{
    static char *refused; // the bytes of what was refused before
    free(refused);
    refused = malloc(size + 1);
    memcpy(refused, bytes, size);
    refused[size] = 0;
    word2vec_vectors v = word2vec_vectors_parse(refused, size, "v");
    refused = NULL;
    return v;
}

START_TEST(vectors_come_back)
{
    char *const word[V] = {"a", "be", "\xe7\x8c\xab", "d'", "1", "nan"};
    fill(13);
    test_folder();
    word2vec_write_text("text", V, D, word, input);
    word2vec_write_binary("binary", V, D, word, input);
    for (int binary = 0; binary < 2; binary++) {
        word2vec_vectors v = word2vec_vectors_read(binary ? "binary" : "text");
        ck_assert(v.V == V && v.d == D);
        for (int w = 0; w < V; w++)
            ck_assert_str_eq(v.word[w], word[w]);
        for (int i = 0; i < V * D; i++)
            test_near(v.x[i], input[i], binary ? 0 : 1e-5, "x", i);
        word2vec_vectors_free(&v);
    }
    test_no_parts();
}
END_TEST

static void
assert_vectors(const char *bytes, size_t size)
{
    word2vec_vectors v = parse(bytes, size);
    ck_assert(v.V == 2 && v.d == 2);
    ck_assert_str_eq(v.word[0], "cat");
    ck_assert_str_eq(v.word[1], "dog");
    ck_assert(v.x[0] == 0.5f && v.x[1] == 1 && v.x[2] == -0.5f && v.x[3] == 4);
    word2vec_vectors_free(&v);
}

START_TEST(vector_formats)
{
#define TEXT(bytes) bytes, sizeof bytes - 1
    assert_vectors(TEXT("2 2\ncat 0.5 1\ndog -0.5 4\n"));
    assert_vectors(TEXT("2 2\ncat 0.5 1 \ndog -5e-1  4 "));
    assert_vectors(TEXT("cat 0.5 1\ndog -0.5 4\n"));
    assert_vectors(TEXT("cat 0.5 1\ndog -0.5 4"));
    assert_vectors(TEXT("2 2\ncat \0\0\0\x3f\0\0\x80\x3f\ndog \0\0\0\xbf\0\0\x80\x40\n"));
    assert_vectors(TEXT("2 2\ncat \0\0\0\x3f\0\0\x80\x3f"
                        "dog \0\0\0\xbf\0\0\x80\x40"));
    static const struct {
        const char *bytes;
        size_t size;
        const char *message;
    } bad[] = {
        {TEXT(""), "v:1: expected the number of words and that of a vector's numbers, \"V d\", or "
                   "a word and its numbers"},
        {TEXT("cat dog\n"), "v:1: expected the number of words and that of a vector's numbers, \"V "
                            "d\", or a word and its numbers"},
        {TEXT("9 2\ncat 1 2\n"),
         "v: 9 words with 2 numbers each are announced, and the file has no room for them"},
        {TEXT("2 2\ncat 1 2\ndog 1\n"), "v:3: 2 fields, expected a word and 2 numbers"},
        {TEXT("2 2\ncat 1 2\ndog 1 2 3\n"), "v:3: 4 fields, expected a word and 2 numbers"},
        {TEXT("2 2\ncat 1 2\ndog 1 x\n"), "v:3: number 2 of dog is none"},
        {TEXT("2 2\ncat 1 2\ndog 1 nan\n"), "v:3: number 2 of dog is none"},
        {TEXT("2 2\ncat 1 2\ndog 1 1e39\n"), "v:3: number 2 of dog is none"},
        {TEXT("3 4\ncat 1 2 3 4\n"),
         "v: 3 words with 4 numbers each are announced, and the file has no room for them"},
        {TEXT("2 2\ncat 1 2\ndog 1 2x\n"), "v:3: number 2 of dog is none"},
        {TEXT("2 2\ncat 1 2\n\n\n\n"), "v:3: 0 fields, expected a word and 2 numbers"},
        {TEXT("2 1\ncatdog 1\n"), "v:3: ends after 1 words, 2 are announced"},
        {TEXT("1 2\ncat 1 2\ndog 1 2\n"), "v: goes on after 1 words, as many as are announced"},
        {TEXT("2 2\ncat \0\0\0\x3f\0\0\x80\x3f\ndog \0\0\0\xbf\0\0\x80"),
         "v: the vector of word 2 of 2, dog, is cut off"},
        {TEXT("2 2\ncat \0\0\0\x3f\0\0\x80\x3f\n"), "v: word 2 of 2 is cut off or none"},
        {TEXT("1 1\ncat \0\0\x80\x7f\n"), "v: number 1 of word 1, cat, is not finite"}};
    for (int i = 0; i < (int)(sizeof bad / sizeof *bad); i++)
        REFUSED(parse(bad[i].bytes, bad[i].size), bad[i].message);
    // a word of 4096 bytes is one, a longer one is a file of another kind
    char longest[5000] = "1 1\n";
    memset(longest + 4, 'a', 4096);
    strcpy(longest + 4 + 4096, " 1\n");
    word2vec_vectors v = parse(longest, strlen(longest));
    ck_assert(v.V == 1 && strlen(v.word[0]) == 4096);
    word2vec_vectors_free(&v);
    strcpy(longest + 4 + 4096, "a 1\n");
    REFUSED(parse(longest, strlen(longest)),
            "v:2: begins with no word, expected a word and 1 numbers");
}
END_TEST

// ---- Training on a file ----

static void
no_progress(long bytes)
{
    (void)bytes;
}

// Two topics of four words each, in lines of ten words that stay with one.
static void
write_topics(const char *path)
{
    FILE *file = fopen(path, "w");
    rng r = rng_at(14, 0);
    for (int line = 0; line < 3000; line++) {
        for (int i = 0; i < 10; i++)
            fprintf(file, "%c%d ", line % 2 ? 'A' : 'b', (int)rng_below(&r, 4));
        fputs(line % 5 ? "\n\n" : "\n \n", file);
    }
    fclose(file);
}

START_TEST(training_finds_topics)
{
    static const struct {
        bool cbow, tree;
    } kinds[] = {{false, false}, {true, false}, {false, true}, {true, true}};
    test_folder();
    write_topics("text");
    word2vec_vocabulary v =
        word2vec_count_file("text", WORD2VEC_LETTERS, NULL, 5, 100, no_progress);
    ck_assert_int_eq(v.n, 8);
    ck_assert_double_eq(v.total, 30000);
    for (int k = 0; k < 4; k++) {
        word2vec_setting set = {8, 3, 4, 3, kinds[k].cbow, kinds[k].tree, 0, 0.05f, 1};
        float *first = NULL, unit[8 * 8];
        for (int again = 0; again < 2; again++) {
            word2vec_trainer t = word2vec_trainer_new(&set, &v);
            word2vec_train_file(&t, "text", WORD2VEC_LETTERS, NULL, no_progress);
            if (again)
                ck_assert(memcmp(first, t.m.input, sizeof unit) == 0); // the same bits
            else {
                first = malloc(sizeof unit);
                memcpy(first, t.m.input, sizeof unit);
                ck_assert_int_gt(t.pairs, 80000 / (kinds[k].cbow ? 2 : 1));
                ck_assert(t.loss / t.losses < (kinds[k].tree ? 3 * log(2) : 5 * log(2)));
            }
            word2vec_trainer_free(&t);
        }
        word2vec_unit(8, 8, first, unit);
        for (int w = 0; w < 8; w++) {
            int near = word2vec_nearest(8, 8, unit, unit + w * 8, 1, &w);
            ck_assert_int_eq(v.word[near][0], v.word[w][0]);
        }
        free(first);
    }
    word2vec_vocabulary_free(&v);
}
END_TEST

START_TEST(sentence_by_the_method)
{
    // a sentence is what single steps of the method make of it, with the same random numbers
    enum { T = 9 };
    const int text[T] = {0, 1, 2, 1, 3, 0, 2, 1, 0};
    word2vec_vocabulary v = word2vec_vocabulary_new();
    for (int w = 0; w < 4; w++)
        word2vec_vocabulary_add(&v, (const char *[]){"a", "b", "c", "d"}[w], 10 - w, 100);
    for (int kind = 0; kind < 4; kind++) {
        bool cbow = kind % 2, tree = kind / 2;
        word2vec_setting set = {8, 3, 4, 1, cbow, tree, 0, 0.05f, 1};
        word2vec_trainer t = word2vec_trainer_new(&set, &v), u = word2vec_trainer_new(&set, &v);
        rng r = t.r;
        word2vec_train_sentence(&t, T, text, 0.1f);
        for (int at = 0; at < T; at++) {
            int around[6], negative[4], row[5], label[5], reach = 1 + (int)rng_below(&r, 3);
            float x[5];
            int n = word2vec_window(T, text, at, reach, around);
            for (int i = 0; i < (cbow ? 1 : n); i++) {
                for (int k = 0; k < 4 && !tree; k++)
                    negative[k] = word2vec_draw(&u.noise, &r);
                word2vec_question q = word2vec_ask(text[at], 4, negative, true, row, label);
                if (tree) {
                    int from = u.way[text[at]];
                    q = (word2vec_question){u.way[text[at] + 1] - from, u.row + from,
                                            u.label + from};
                }
                if (cbow)
                    word2vec_cbow(&u.m, n, around, &q, 0.1f, WORD2VEC_EXACT, WORD2VEC_MEAN, false,
                                  x);
                else
                    word2vec_skip_gram(&u.m, around[i], &q, 0.1f, WORD2VEC_EXACT, x);
            }
        }
        ck_assert(memcmp(t.m.input, u.m.input, 32 * sizeof(float)) == 0);
        ck_assert(memcmp(t.m.output, u.m.output, 32 * sizeof(float)) == 0);
        word2vec_trainer_free(&t);
        word2vec_trainer_free(&u);
    }
    word2vec_vocabulary_free(&v);
}
END_TEST

START_TEST(file_by_sentences)
{
    // paragraphs are sentences, the rate falls with the words that were read, unknown words are passed over
    static const char text[] = "a b a c\na b\n\nb zz a a b\n\n";
    const int first[6] = {0, 1, 0, 2, 0, 1}, second[4] = {1, 0, 0, 1};
    test_folder();
    test_write("text", text, sizeof text - 1);
    word2vec_vocabulary v = word2vec_count_file("text", WORD2VEC_LETTERS, NULL, 1, 3, no_progress);
    ck_assert(v.n == 3 && v.total == 11);
    word2vec_setting set = {4, 2, 2, 2, false, false, 0.2, 0.5f, 1};
    word2vec_trainer t = word2vec_trainer_new(&set, &v), u = word2vec_trainer_new(&set, &v);
    word2vec_train_file(&t, "text", WORD2VEC_LETTERS, NULL, no_progress);
    for (int i = 0; i < 4; i++) { // two sentences, two epochs, 21 in place of 20 words
        int n = i % 2 ? 4 : 6, words[6], seen = (const int[]){0, 6, 10, 16}[i];
        memcpy(words, i % 2 ? second : first, n * sizeof *words);
        n = word2vec_thin(&u, n, words);
        word2vec_train_sentence(&u, n, words, 0.5f * (float)(1 - seen / 21.0));
    }
    ck_assert(memcmp(t.m.input, u.m.input, 12 * sizeof(float)) == 0);
    double noise_of[3] = {0}, expected[3];
    for (int i = 0; i < 3; i++) {
        noise_of[i] += t.noise.part[i] / 3;
        noise_of[t.noise.other[i]] += (1 - t.noise.part[i]) / 3;
    }
    word2vec_noise(3, v.count, 0.75, expected);
    for (int i = 0; i < 3; i++)
        test_near(noise_of[i], expected[i], 1e-6, "noise", i);
    word2vec_trainer_free(&t);
    word2vec_trainer_free(&u);
    word2vec_vocabulary_free(&v);
}
END_TEST

START_TEST(start_of_training)
{
    // inputs are uniform in +-1/2 over d, outputs 0
    enum { WORDS = 100, WIDE = 50 };
    word2vec_vocabulary v = word2vec_vocabulary_new();
    char word[16];
    for (int i = 0; i < WORDS; i++) {
        snprintf(word, sizeof word, "w%d", i);
        word2vec_vocabulary_add(&v, word, 1, WORDS);
    }
    word2vec_setting set = {WIDE, 1, 1, 1, false, false, 0, 0.05f, 1};
    word2vec_trainer t = word2vec_trainer_new(&set, &v);
    double most = 0, squares = 0;
    for (int i = 0; i < WORDS * WIDE; i++) {
        most = fmax(most, fabs(t.m.input[i]));
        squares += t.m.input[i] * t.m.input[i];
        ck_assert_float_eq(t.m.output[i], 0);
    }
    ck_assert(most <= 0.5 / WIDE);
    // u^2 of a uniform u in +-1/2 has the mean 1/12 and the variance 1/180
    double mean = squares * WIDE * WIDE / (WORDS * WIDE);
    ck_assert(fabs(mean - 1.0 / 12) < 4 * sqrt(1.0 / 180 / (WORDS * WIDE)));
    word2vec_trainer_free(&t);
    word2vec_vocabulary_free(&v);
}
END_TEST

START_TEST(long_text)
{
    // a text without an end is cut after 1000 words; words that are thinned out count as read; the rate stays above
    // a part of 10,000 of the first one
    enum { WORDS = 60002 };
    static char text[2 * WORDS];
    static int all[WORDS];
    for (int i = 0; i < WORDS; i++) {
        all[i] = i >= WORDS - 2 ? 2 : i % 5 == 4;
        text[2 * i] = "abc"[all[i]];
        text[2 * i + 1] = ' ';
    }
    test_folder();
    test_write("text", text, sizeof text);
    word2vec_vocabulary v = word2vec_count_file("text", WORD2VEC_LETTERS, NULL, 1, 3, no_progress);
    word2vec_setting set = {4, 2, 2, 1, false, false, 0.05, 0.5f, 1};
    word2vec_trainer t = word2vec_trainer_new(&set, &v), u = word2vec_trainer_new(&set, &v);
    word2vec_train_file(&t, "text", WORD2VEC_LETTERS, NULL, no_progress);
    for (int at = 0; at < WORDS; at += 1000) {
        double left = 1 - at / (WORDS + 1.0);
        int n = word2vec_thin(&u, at < WORDS - 2 ? 1000 : 2, all + at);
        ck_assert(at < WORDS - 2 ? n < 1000 : n == 2 && left < 1e-4);
        word2vec_train_sentence(&u, n, all + at, 0.5f * (float)(left > 1e-4 ? left : 1e-4));
    }
    ck_assert(memcmp(t.m.input, u.m.input, 12 * sizeof(float)) == 0);
    word2vec_trainer_free(&t);
    word2vec_trainer_free(&u);
    word2vec_vocabulary_free(&v);
}
END_TEST

START_TEST(text_of_tokens)
{
    // a file in tokens is the whole text in tokens, whatever the block; and how a token is written
    static char text[9000], word[WORD2VEC_WORD], expected[WORD2VEC_WORD];
    long at[259], n = 0;
    unsigned char bytes[300];
    for (int i = 0; i < 256; i++) {
        at[i] = n;
        bytes[n++] = (unsigned char)i;
    }
    at[256] = n;
    memcpy(bytes + n, " the", 4);
    at[257] = n += 4;
    memcpy(bytes + n, "at", 2);
    at[258] = n += 2;
    tokens t = tokens_new(258, at, bytes, "tokens");
    word2vec_token_word(&t, 256, word);
    ck_assert_str_eq(word, "\xc4\xa0the");
    word2vec_token_word(&t, '\n', word);
    ck_assert_str_eq(word, "\xc4\x8a");
    word2vec_token_word(&t, 0xe7, word);
    ck_assert_str_eq(word, "\xc3\xa7");
    rng r = rng_at(15, 0);
    long size = 0;
    while (size < (long)sizeof text - 8) {
        const char *piece =
            (const char *[]){"cat", " the", "at ", "\n", "\xe7\x8c\xab"}[rng_below(&r, 5)];
        memcpy(text + size, piece, strlen(piece));
        size += (long)strlen(piece);
    }
    static int id[sizeof text];
    long ids = tokens_encode(&t, text, size, id);
    test_folder();
    test_write("text", text, size);
    for (size_t block = 300; block < 20000; block *= 3) {
        word2vec_reader reader = word2vec_reader_open("text", WORD2VEC_LETTERS, &t);
        reader.size = block;
        for (long i = 0; i < ids; i++) {
            ck_assert(word2vec_read_word(&reader, word));
            word2vec_token_word(&t, id[i], expected);
            ck_assert_str_eq(word, expected);
        }
        ck_assert(!word2vec_read_word(&reader, word));
        ck_assert_int_eq(reader.bytes, size);
        word2vec_reader_close(&reader);
    }
    tokens_free(&t);
}
END_TEST

START_TEST(thinning)
{
    word2vec_vocabulary v = word2vec_vocabulary_new();
    word2vec_vocabulary_add(&v, "a", 900, 100);
    word2vec_vocabulary_add(&v, "b", 100, 100);
    word2vec_setting set = {2, 1, 1, 1, false, false, 0.05, 0.05f, 1};
    word2vec_trainer t = word2vec_trainer_new(&set, &v);
    double expected = sqrt(0.05 / 0.9) + 0.05 / 0.9;
    test_near(t.keep[0], expected, 1e-6, "keep", 0);
    ck_assert_float_eq(t.keep[1], 1);
    int kept[2] = {0};
    for (int k = 0; k < 2000; k++) {
        int text[3] = {0, 1, 0}, n = word2vec_thin(&t, 3, text);
        for (int i = 0; i < n; i++)
            kept[text[i]]++;
    }
    ck_assert_int_eq(kept[1], 2000);
    ck_assert(fabs(kept[0] - 4000 * expected) < 4 * sqrt(4000 * expected * (1 - expected)));
    word2vec_trainer_free(&t);
    word2vec_vocabulary_free(&v);
}
END_TEST

START_TEST(options)
{
    const word2vec_options near = {.near = "a"}, both = {.text = "a", .vectors = "b"},
                           cbow = {.vectors = "a", .near = "b", .cbow = "--cbow"};
    const word2vec_options nothing = {.vectors = "a"},
                           tree = {.text = "a", .tree = "--tree", .negatives = "3"};
    const word2vec_options two = {.text = "a", .analogy = "a b"},
                           four = {.text = "a", .analogy = "a b c d"};
    REFUSED(word2vec_refuse_options(&near), "--near belongs to --text or --vectors FILE");
    REFUSED(word2vec_refuse_options(&cbow), "--cbow belongs to --text FILE");
    REFUSED(word2vec_refuse_options(&both),
            "--text trains and --vectors reads: expected one of the two");
    REFUSED(word2vec_refuse_options(&nothing),
            "--vectors FILE answers --near WORD or --analogy \"A A* B\"; expected one of them");
    REFUSED(word2vec_refuse_options(&tree), "--negatives is for training without --tree");
    REFUSED(word2vec_refuse_options(&two), "--analogy a b: expected three words, \"man king "
                                           "woman\" for: man is to king as woman is to what?");
    REFUSED(word2vec_refuse_options(&four), "--analogy a b c d: expected three words, \"man king "
                                            "woman\" for: man is to king as woman is to what?");
    const word2vec_options good = {.text = "a", .analogy = " a  b c"};
    word2vec_refuse_options(&good);
}
END_TEST

START_TEST(text_too_short)
{
    // ten words, a hundred times each but one
    static char text[2000];
    for (int i = 0; i < 1000; i++) {
        text[2 * i] = "abcdefghij"[i % 10];
        text[2 * i + 1] = ' ';
    }
    test_folder();
    test_write("short", text, 2 * 999);
    const word2vec_options o = {.text = "short"};
    REFUSED(
        (word2vec_tool(&o), 0),
        "short: 999 words, of which 10 different ones come 5 times or more; expected 1000 words "
        "and 10 different ones at least");
}
END_TEST

TEST_MAIN("word2vec", sigmoid_of_the_programs, gradient, loss_of_large_products, step_is_sequential,
          skip_gram_moves_its_word, ask, noise, alias, huffman_is_best, huffman_ties,
          probabilities_of_a_tree, cbow_is_a_gradient, cbow_of_one_is_skip_gram, cbow_undivided,
          keep, window, nearest, analogy, worlds, weights_of_sampling, weights_of_a_tree,
          expected_gradient, sampled_steps_are_the_gradient, optimum_is_the_minimum, truncated,
          words_of_letters, words_between_blanks, paragraphs, long_words_are_cut, no_utf8,
          file_in_blocks, text_that_is_cut_off, vocabulary, vocabulary_without_room,
          vectors_come_back, vector_formats, training_finds_topics, sentence_by_the_method,
          file_by_sentences, start_of_training, text_of_tokens, long_text, thinning, options,
          text_too_short)
