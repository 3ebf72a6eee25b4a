// The method in the order of the text. All of it is one thing: an input vector h answers yes or no to some outputs
// (word2vec_step); skip-gram, CBOW, negatives and the tree only choose h and the outputs.
#include "word2vec/word2vec.h"

#include "files/fail.h"
#include "files/memory.h"
#include "numbers/numeric.h"

#include <stdlib.h>
#include <string.h>

// ---- One question ----

// The table has sigma at 1000 places from -6 on, 0.012 apart, and is read with 1000 / 6 / 2 in integers: 83 entries
// to 1 where there are 83.33.
static float
table_of_programs(float x)
{
    enum { ENTRIES = 1000, MOST = 6 };
    if (x > MOST)
        return 1;
    if (x < -MOST)
        return 0;
    int i = (int)((x + MOST) * (ENTRIES / MOST / 2));
    return sigmoid32((i / (float)ENTRIES * 2 - 1) * MOST);
}

float
word2vec_sigmoid(word2vec_logistic kind, float x)
{
    return kind == WORD2VEC_TABLE ? table_of_programs(x) : sigmoid32(x);
}

float
word2vec_loss(int d, const float *h, const float *output, const word2vec_question *q, float *x,
              float *s)
{
    float loss = 0;
    for (int i = 0; i < q->n; i++) {
        x[i] = dot32(d, h, output + (long)q->row[i] * d);
        s[i] = sigmoid32(x[i]);
        loss -= log32(q->label[i] ? s[i] : sigmoid32(-x[i]));
    }
    return loss;
}

// y <- y + a x, n values
static inline void
add_scaled(int n, float a, const float *x, float *y)
{
    for (int j = 0; j < n; j++)
        y[j] += a * x[j];
}

void
word2vec_gradient(int d, const float *h, const float *output, const word2vec_question *q,
                  const float *s, float *dh, float *d_output)
{
    memset(dh, 0, d * sizeof *dh);
    for (int i = 0; i < q->n; i++) {
        // loss = -ln sigma(x), or -ln sigma(-x)
        float dx = s[i] - q->label[i];
        // x = h . c
        add_scaled(d, dx, output + (long)q->row[i] * d, dh);
        add_scaled(d, dx, h, d_output + (long)q->row[i] * d);
    }
}

void
word2vec_step(int d, const float *h, float *output, const word2vec_question *q, float rate,
              word2vec_logistic kind, float *x, float *step)
{
    memset(step, 0, d * sizeof *step);
    for (int i = 0; i < q->n; i++) {
        float *c = output + (long)q->row[i] * d;
        x[i] = dot32(d, h, c);
        float g = rate * (q->label[i] - word2vec_sigmoid(kind, x[i]));
        for (int j = 0; j < d; j++) {
            step[j] += g * c[j];
            c[j] += g * h[j];
        }
    }
}

// ---- What is asked: negative sampling ----

void
word2vec_noise(int V, const double *count, double power, double *noise)
{
    double sum = 0;
    for (int c = 0; c < V; c++) {
        noise[c] = pow64(count[c], power);
        sum += noise[c];
    }
    for (int c = 0; c < V; c++)
        noise[c] /= sum;
}

// Every cell has 1/n to give: one that has less than its share is filled up by one that has more.
word2vec_alias
word2vec_alias_new(int n, const double *p)
{
    word2vec_alias a = {n, memory_zeroed(n, sizeof *a.part, "an alias table"),
                        memory_zeroed(n, sizeof *a.other, "an alias table")};
    double *left = memory_zeroed(n, sizeof *left, "an alias table");
    int *stack = memory_zeroed(n, sizeof *stack, "an alias table"), few = 0, many = n;
    for (int i = 0; i < n; i++) {
        left[i] = p[i] * n;
        stack[left[i] < 1 ? few++ : --many] = i; // the poor from the front, the rich from the end
    }
    while (few > 0 && many < n) {
        int poor = stack[--few], rich = stack[many];
        a.part[poor] = (float)left[poor];
        a.other[poor] = rich;
        left[rich] -= 1 - left[poor];
        if (left[rich] < 1) {
            many++;
            stack[few++] = rich;
        }
    }
    // what is left has all of its cell, up to rounding
    while (few > 0)
        a.part[stack[--few]] = 1;
    while (many < n)
        a.part[stack[many++]] = 1;
    free(left);
    free(stack);
    return a;
}

void
word2vec_alias_free(word2vec_alias *a)
{
    free(a->part);
    free(a->other);
}

// One random word for both: of word times n the high half is the cell, the low half the place in it.
int
word2vec_draw(const word2vec_alias *a, rng *r)
{
    uint64_t product = (uint64_t)rng_u32(r) * (uint32_t)a->n;
    int i = (int)(product >> 32);
    return ((uint32_t)product >> 8) * 0x1p-24f < a->part[i] ? i : a->other[i];
}

word2vec_question
word2vec_ask(int c, int k, const int *negative, bool drop, int *row, int *label)
{
    int n = 0;
    row[n] = c;
    label[n++] = 1;
    for (int i = 0; i < k; i++) {
        if (drop && negative[i] == c)
            continue;
        row[n] = negative[i];
        label[n++] = 0;
    }
    return (word2vec_question){n, row, label};
}

// ---- What is asked: a tree ----

word2vec_tree
word2vec_huffman(int V, const double *count)
{
    if (V < 2)
        fail("word2vec_huffman: %d words, expected two or more", V);
    for (int c = 1; c < V; c++)
        if (!(count[c] <= count[c - 1]))
            fail("word2vec_huffman: the count of word %d is above that of the word before", c);
    int nodes = 2 * V - 1;
    word2vec_tree t = {V, memory_zeroed(nodes, sizeof *t.parent, "a tree"),
                       memory_zeroed(nodes, sizeof *t.code, "a tree")};
    double *all = memory_zeroed(nodes, sizeof *all, "a tree");
    memcpy(all, count, V * sizeof *all);
    // both are sorted: the words that are left, the last first, and the inner nodes, the oldest first
    int word = V - 1, inner = V;
    for (int made = V; made < nodes; made++)
        for (int child = 0; child < 2; child++) {
            int least = word >= 0 && (inner == made || all[word] < all[inner]) ? word-- : inner++;
            all[made] += all[least];
            t.parent[least] = made;
            t.code[least] = child;
        }
    t.parent[nodes - 1] = -1;
    free(all);
    return t;
}

void
word2vec_tree_free(word2vec_tree *t)
{
    free(t->parent);
    free(t->code);
}

int
word2vec_path(const word2vec_tree *t, int c, int *row, int *label)
{
    int n = 0;
    for (int at = c; t->parent[at] >= 0; at = t->parent[at])
        n++;
    for (int at = c, i = n - 1; i >= 0; at = t->parent[at], i--) {
        row[i] = t->parent[at] - t->V;
        label[i] = 1 - t->code[at];
    }
    return n;
}

float
word2vec_probability(int d, const float *h, const float *output, const word2vec_question *q)
{
    float p = 1;
    for (int i = 0; i < q->n; i++) {
        float x = dot32(d, h, output + (long)q->row[i] * d);
        p *= sigmoid32(q->label[i] ? x : -x);
    }
    return p;
}

// ---- Skip-gram and CBOW ----

void
word2vec_skip_gram(word2vec *m, int w, const word2vec_question *q, float rate,
                   word2vec_logistic kind, float *x)
{
    float *h = m->input + (long)w * m->d, step[m->d];
    word2vec_step(m->d, h, m->output, q, rate, kind, x, step);
    add_scaled(m->d, 1, step, h);
}

void
word2vec_combine(const word2vec *m, int n, const int *context, word2vec_combined how, float *h)
{
    memset(h, 0, m->d * sizeof *h);
    for (int i = 0; i < n; i++)
        add_scaled(m->d, 1, m->input + (long)context[i] * m->d, h);
    for (int j = 0; j < m->d && how == WORD2VEC_MEAN; j++)
        h[j] /= n;
}

void
word2vec_cbow(word2vec *m, int n, const int *context, const word2vec_question *q, float rate,
              word2vec_logistic kind, word2vec_combined how, bool divide, float *x)
{
    float h[m->d], step[m->d];
    word2vec_combine(m, n, context, how, h);
    word2vec_step(m->d, h, m->output, q, rate, kind, x, step);
    // h = (sum of inputs) / n, or their sum
    float part = divide ? 1 / (float)n : 1;
    for (int i = 0; i < n; i++)
        add_scaled(m->d, part, step, m->input + (long)context[i] * m->d);
}

// ---- From a text to pairs ----

double
word2vec_keep(word2vec_rule rule, double f, double t)
{
    double keep = sqrt64(t / f);
    if (rule == WORD2VEC_PROGRAM)
        keep += t / f;
    return keep < 1 ? keep : 1;
}

double
word2vec_window_weight(int L, int distance)
{
    return distance > L ? 0 : (L - distance + 1) / (double)L;
}

int
word2vec_window(int T, const int *text, int t, int reach, int *context)
{
    int n = 0;
    for (int at = t - reach; at <= t + reach; at++)
        if (at >= 0 && at < T && at != t)
            context[n++] = text[at];
    return n;
}

// ---- Asking the vectors ----

void
word2vec_unit(int V, int d, const float *x, float *y)
{
    for (long w = 0; w < V; w++) {
        float length = sqrt32(dot32(d, x + w * d, x + w * d));
        for (int j = 0; j < d; j++)
            y[w * d + j] = length > 0 ? x[w * d + j] / length : 0;
    }
}

static bool
is_among(int w, int n, const int *words)
{
    for (int i = 0; i < n; i++)
        if (words[i] == w)
            return true;
    return false;
}

int
word2vec_nearest(int V, int d, const float *y, const float *target, int n, const int *excluded)
{
    int best = -1;
    float most = 0;
    for (int w = 0; w < V; w++) {
        float product = dot32(d, y + (long)w * d, target);
        if (!is_among(w, n, excluded) && (best < 0 || product > most)) {
            best = w;
            most = product;
        }
    }
    return best;
}

int
word2vec_analogy(int V, int d, const float *y, int a, int a_star, int b, word2vec_analogy_rule rule,
                 float *target)
{
    // how much of a, of a_star and of b the target has
    static const float parts[WORD2VEC_RULES][3] = {[WORD2VEC_EXCLUDED] = {-1, 1, 1},
                                                   [WORD2VEC_OPEN] = {-1, 1, 1},
                                                   [WORD2VEC_ONLY_B] = {0, 0, 1},
                                                   [WORD2VEC_IGNORE_A] = {0, 1, 1},
                                                   [WORD2VEC_OPPOSITE] = {1, -1, 1}};
    const int asked[3] = {a, a_star, b};
    memset(target, 0, d * sizeof *target);
    for (int i = 0; i < 3; i++)
        add_scaled(d, parts[rule][i], y + (long)asked[i] * d, target);
    return word2vec_nearest(V, d, y, target, rule == WORD2VEC_OPEN ? 0 : 3, asked);
}
