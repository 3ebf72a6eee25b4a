// Chapter word2vec: gradients against differences, steps against the formula written once more, trees against brute
// force, the exact objective against enumeration, and sampled steps against the exact gradient as statistics.
#include "word2vec/word2vec.h"
#include "word2vec/objective.h"
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
static const int around[C] = {1, 5, 1, 3};

static double
cbow_loss(word2vec_combined how)
{
    float h[D];
    word2vec m = {V, D, input, output};
    word2vec_combine(&m, C, around, how, h);
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
        word2vec_cbow(&m, C, around, &question, rate, WORD2VEC_EXACT, how, how == WORD2VEC_MEAN, x);
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
        word2vec_cbow(&m, C, around, &question, 0.2f, WORD2VEC_EXACT, WORD2VEC_MEAN, divide, x);
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

static double joint[V * V], word[V], context[V];

static void
make_world(uint32_t number)
{
    rng r = rng_at(8, number);
    word2vec_zipf_world(V, 3, 0.8, &r, joint);
    word2vec_marginals(V, V, joint, word, context);
}

START_TEST(worlds)
{
    double pmi[V * V], shifted[V * V], sum = 0, w = 0, c = 0;
    make_world(0);
    for (int i = 0; i < V * V; i++)
        sum += joint[i];
    for (int i = 0; i < V; i++) {
        w += word[i];
        c += context[i];
        double row = 0, column = 0;
        for (int j = 0; j < V; j++) {
            row += joint[i * V + j];
            column += joint[j * V + i];
        }
        test_near(word[i], row, 1e-15, "word", i);
        test_near(context[i], column, 1e-15, "context", i);
    }
    test_near(sum, 1, 1e-14, "joint", 0);
    test_near(w, 1, 1e-14, "words", 0);
    test_near(c, 1, 1e-14, "contexts", 0);
    word2vec_pmi(V, joint, pmi);
    word2vec_shifted_pmi(V, joint, 5, shifted);
    for (int i = 0; i < V * V; i++) {
        test_near(exp(pmi[i]) * word[i / V] * context[i % V], joint[i], 1e-13, "pmi", i);
        test_near(shifted[i], pmi[i] - log(5), 1e-13, "shifted", i);
    }
    // rank: u.v with width 3, a number for each row and each column
    double u[V * V], s[V], v[V * V];
    linalg_svd(V, V, pmi, u, s, v);
    ck_assert(s[4] > 1e-6 && s[5] < 1e-13);
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
        word2vec_sampling_weights(V, joint, 3, context, drop, &t);
        for (int w = 0; w < V; w++)
            for (int c = 0; c < V; c++) {
                double no = 0;
                for (int i = 0; i < V; i++)
                    if (!(drop && i == c))
                        no += joint[w * V + i] * 3 * context[c];
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
    word2vec_sampling_weights(V, joint, 4, context, true, &t);
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
        word2vec_sampling_weights(V, joint, K, context, drop, &t);
        word2vec_expected_loss(&t, D, w, c, dw, dc);
        word2vec_alias pairs = word2vec_alias_new(V * V, joint),
                       noise_of = word2vec_alias_new(V, context);
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
    word2vec_noise(V, context, 0.75, noise_of);
    word2vec_table t = word2vec_table_new(V, V);
    word2vec_sampling_weights(V, joint, 5, noise_of, true, &t);
    word2vec_optimum(&t, x);
    double least = word2vec_table_loss(&t, x);
    for (int i = 0; i < V * V; i++) {
        double p = joint[i];
        test_near(x[i], log(p / (5 * word[i / V] * noise_of[i % V])) - log(1 - p / word[i / V]),
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

TEST_MAIN("word2vec", sigmoid_of_the_programs, gradient, loss_of_large_products, step_is_sequential,
          skip_gram_moves_its_word, ask, noise, alias, huffman_is_best, huffman_ties,
          probabilities_of_a_tree, cbow_is_a_gradient, cbow_of_one_is_skip_gram, cbow_undivided,
          keep, window, nearest, analogy, worlds, weights_of_sampling, weights_of_a_tree,
          expected_gradient, sampled_steps_are_the_gradient, optimum_is_the_minimum, truncated)
