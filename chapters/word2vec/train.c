#include "word2vec/train.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/memory.h"
#include "numbers/numeric.h"

#include <stdlib.h>
#include <string.h>

enum {
    SENTENCE = 1000,      // words at most, as in word2vec.c
    ROOM = 2000000,       // different words while a text is counted
    LOOKED_AT = 64,       // one pair in so many is asked for its loss
    MOST_QUESTIONS = 1024 // of one input: negatives, or nodes of a way
};

word2vec_vocabulary
word2vec_count_file(const char *path, word2vec_split split, const tokens *own, double least,
                    int most, void progress(long bytes))
{
    char word[WORD2VEC_WORD];
    word2vec_vocabulary v = word2vec_vocabulary_new();
    word2vec_reader r = word2vec_reader_open(path, split, own);
    while (word2vec_read_word(&r, word)) {
        if (*word)
            word2vec_vocabulary_add(&v, word, 1, ROOM);
        progress(r.bytes);
    }
    word2vec_reader_close(&r);
    word2vec_vocabulary_sort(&v, least, most);
    return v;
}

// The ways of all words, one behind the other.
static void
store_ways(word2vec_trainer *t)
{
    int V = t->m.V, *row = memory_zeroed(V, sizeof *row, "a way"),
        *label = memory_zeroed(V, sizeof *label, "a way");
    word2vec_tree tree = word2vec_huffman(V, t->words->count);
    t->way = memory_zeroed(V + 1, sizeof *t->way, "ways");
    for (int c = 0; c < V; c++)
        t->way[c + 1] = t->way[c] + word2vec_path(&tree, c, row, label);
    t->row = memory_zeroed(t->way[V], sizeof *t->row, "ways");
    t->label = memory_zeroed(t->way[V], sizeof *t->label, "ways");
    for (int c = 0; c < V; c++)
        word2vec_path(&tree, c, t->row + t->way[c], t->label + t->way[c]);
    word2vec_tree_free(&tree);
    free(row);
    free(label);
}

word2vec_trainer
word2vec_trainer_new(const word2vec_setting *set, const word2vec_vocabulary *words)
{
    int V = words->n, d = set->d;
    word2vec_trainer t = {.set = *set, .words = words, .r = rng_at(set->seed, 0)};
    if (V < 2)
        fail("word2vec_trainer_new: %d words, expected two or more", V);
    if (set->k + 1 > MOST_QUESTIONS)
        fail("word2vec_trainer_new: %d negatives, expected less than %d", set->k, MOST_QUESTIONS);
    t.m = (word2vec){V, d, memory_zeroed((long)V * d, sizeof(float), "vectors"),
                     memory_zeroed((long)V * d, sizeof(float), "vectors")};
    t.keep = memory_zeroed(V, sizeof *t.keep, "a vocabulary");
    rng_fill_uniform(&t.r, (long)V * d, t.m.input, -0.5f / d, 0.5f / d);
    double kept = 0, *noise = memory_zeroed(V, sizeof *noise, "a noise");
    for (int w = 0; w < V; w++)
        kept += words->count[w];
    for (int w = 0; w < V; w++)
        t.keep[w] = set->sample > 0
                        ? word2vec_keep(WORD2VEC_PROGRAM, words->count[w] / kept, set->sample)
                        : 1;
    word2vec_noise(V, words->count, 0.75, noise);
    t.noise = word2vec_alias_new(V, noise);
    if (set->tree)
        store_ways(&t);
    free(noise);
    return t;
}

void
word2vec_trainer_free(word2vec_trainer *t)
{
    free(t->m.input);
    free(t->m.output);
    free(t->keep);
    free(t->way);
    free(t->row);
    free(t->label);
    word2vec_alias_free(&t->noise);
}

int
word2vec_thin(word2vec_trainer *t, int T, int *text)
{
    int n = 0;
    for (int i = 0; i < T; i++)
        if (t->keep[text[i]] >= 1 || rng_uniform(&t->r) < t->keep[text[i]])
            text[n++] = text[i];
    return n;
}

// What the input is to answer about word c. The outputs are on their way from memory when they are needed.
static word2vec_question
question_of(word2vec_trainer *t, int c, int *row, int *label)
{
    word2vec_question q;
    if (t->set.tree)
        q = (word2vec_question){t->way[c + 1] - t->way[c], t->row + t->way[c],
                                t->label + t->way[c]};
    else {
        int negative[MOST_QUESTIONS];
        for (int i = 0; i < t->set.k; i++)
            negative[i] = word2vec_draw(&t->noise, &t->r);
        q = word2vec_ask(c, t->set.k, negative, true, row, label);
    }
    for (int i = 0; i < q.n; i++)
        for (int e = 0; e < t->m.d; e += 16)
            __builtin_prefetch(t->m.output + (long)q.row[i] * t->m.d + e, 1);
    return q;
}

// The loss of some of the pairs, from the products as they were met.
static void
look_at(word2vec_trainer *t, const word2vec_question *q, const float *x)
{
    if (t->pairs++ % LOOKED_AT)
        return;
    for (int i = 0; i < q->n; i++)
        t->loss -= log32(sigmoid32(q->label[i] ? x[i] : -x[i]));
    t->losses++;
}

static bool
is_asked_before(const word2vec_question *q, int i)
{
    for (int k = 0; k < i; k++)
        if (q->row[k] == q->row[i])
            return true;
    return false;
}

// word2vec_step bit by bit, faster: products and sigmas are computed side by side before anything learns, and again
// for an output that is asked a second time.
static void
step_side_by_side(const word2vec_trainer *t, const float *h, const word2vec_question *q, float rate,
                  float *x, float *step)
{
    int d = t->m.d;
    float s[MOST_QUESTIONS];
    memset(step, 0, d * sizeof *step);
    for (int i = 0; i < q->n; i++)
        x[i] = dot32(d, h, t->m.output + (long)q->row[i] * d);
    for (int i = 0; i < q->n; i++)
        s[i] = sigmoid32(x[i]);
    for (int i = 0; i < q->n; i++) {
        float *c = t->m.output + (long)q->row[i] * d;
        if (!t->set.tree && is_asked_before(q, i)) {
            x[i] = dot32(d, h, c);
            s[i] = sigmoid32(x[i]);
        }
        float g = rate * (q->label[i] - s[i]);
        for (int j = 0; j < d; j++) {
            step[j] += g * c[j];
            c[j] += g * h[j];
        }
    }
}

// All of these inputs take the step of h, which is one of them or their mean.
static void
learn(word2vec_trainer *t, int n, const int *input, const float *h, const word2vec_question *q,
      float rate)
{
    int d = t->m.d;
    float x[MOST_QUESTIONS], step[d];
    step_side_by_side(t, h, q, rate, x, step);
    for (int i = 0; i < n; i++) {
        float *w = t->m.input + (long)input[i] * d;
        for (int j = 0; j < d; j++)
            w[j] += step[j];
    }
    look_at(t, q, x);
}

void
word2vec_train_sentence(word2vec_trainer *t, int T, const int *text, float rate)
{
    int context[2 * t->set.L], row[2][MOST_QUESTIONS], label[2][MOST_QUESTIONS];
    float h[t->m.d];
    for (int at = 0; at < T; at++) {
        int reach = 1 + (int)rng_below(&t->r, t->set.L);
        int n = word2vec_window(T, text, at, reach, context);
        if (n == 0)
            continue;
        word2vec_question q = question_of(t, text[at], row[0], label[0]);
        if (t->set.cbow) {
            word2vec_combine(&t->m, n, context, WORD2VEC_MEAN, h);
            learn(t, n, context, h, &q, rate);
            continue;
        }
        // as in word2vec.c the neighbour is the input; the next question is fetched while this one is answered
        for (int i = 0; i < n; i++) {
            int other = (i + 1) % 2;
            word2vec_question next = q;
            if (i + 1 < n)
                next = question_of(t, text[at], row[other], label[other]);
            learn(t, 1, context + i, t->m.input + (long)context[i] * t->m.d, &q, rate);
            q = next;
        }
    }
}

void
word2vec_train_file(word2vec_trainer *t, const char *path, word2vec_split split, const tokens *own,
                    void progress(long bytes))
{
    char word[WORD2VEC_WORD];
    int text[SENTENCE];
    double seen = 0, all = 1;
    for (int w = 0; w < t->m.V; w++)
        all += t->words->count[w] * t->set.epochs;
    for (int epoch = 0; epoch < t->set.epochs; epoch++) {
        word2vec_reader r = word2vec_reader_open(path, split, own);
        int n = 0;
        for (bool more = true; more;) {
            more = word2vec_read_word(&r, word);
            int w = more && *word ? word2vec_vocabulary_find(t->words, word) : -1;
            if (w >= 0)
                text[n++] = w;
            bool ends = !more || !*word || n == SENTENCE;
            if (!ends || n == 0)
                continue;
            double left = 1 - seen / all;
            seen += n;
            n = word2vec_thin(t, n, text);
            word2vec_train_sentence(t, n, text, t->set.rate * (float)(left > 1e-4 ? left : 1e-4));
            n = 0;
            progress(r.bytes);
        }
        word2vec_reader_close(&r);
    }
}
