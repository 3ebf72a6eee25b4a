#include "word2vec/tool.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/memory.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/numeric.h"
#include "word2vec/train.h"
#include "word2vec/vectors.h"
#include "word2vec/word2vec.h"
#include "word2vec/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SEED = 91,
    NEAREST = 10,
    LEAST_WORDS = 1000,   // of a text from which anything can be learnt,
    FEW_WORDS = 1000000,  // and of one from which little can
    TRAINING_WEIGHT = 20, // how much longer an epoch takes than counting
    STEP = 1 << 16        // bytes of the text for a step of the progress
};

// What is asked: vectors of length 1, and their words.
typedef struct {
    int V, d;
    char *const *word;
    float *unit;
} space;

// ---- Options ----

const char **
word2vec_three_words(char *text, const char *word[3])
{
    int n = 0;
    char *rest = NULL;
    for (char *w = strtok_r(text, " \t", &rest); w; w = strtok_r(NULL, " \t", &rest)) {
        if (n == 3)
            return NULL;
        word[n++] = w;
    }
    return n == 3 ? word : NULL;
}

// The question's three words, in a copy that the caller frees.
static char *
analogy_words(const char *text, const char *word[3])
{
    char *copy = strdup(text);
    if (copy && word2vec_three_words(copy, word))
        return copy;
    free(copy);
    fail("--analogy %s: expected three words, \"man king woman\" for: man is to king as woman is "
         "to what?",
         escape(text));
}

void
word2vec_refuse_options(const word2vec_options *o)
{
    const struct {
        const char *name, *value, *needs;
    } all[] = {{"--near", o->near, "--text or --vectors"},
               {"--analogy", o->analogy, "--text or --vectors"},
               {"--cbow", o->cbow, "--text"},
               {"--tree", o->tree, "--text"},
               {"--spaces", o->spaces, "--text"},
               {"--tokens", o->tokens, "--text"},
               {"--width", o->width, "--text"},
               {"--window", o->window, "--text"},
               {"--negatives", o->negatives, "--text"},
               {"--epochs", o->epochs, "--text"},
               {"--least", o->least, "--text"},
               {"--words", o->words, "--text"},
               {"--sample", o->sample, "--text"}};
    for (int i = 0; i < (int)(sizeof all / sizeof *all); i++)
        if (all[i].value && !o->text && !(o->vectors && i < 2))
            fail("%s belongs to %s FILE", all[i].name, all[i].needs);
    if (o->text && o->vectors)
        fail("--text trains and --vectors reads: expected one of the two");
    if (o->vectors && !o->near && !o->analogy)
        fail("--vectors FILE answers --near WORD or --analogy \"A A* B\"; expected one of them");
    if (o->tree && o->negatives)
        fail("--negatives is for training without --tree");
    if (o->tokens && o->spaces)
        fail("--tokens and --spaces split a text in two ways: expected one of them");
    const char *words[3];
    if (o->analogy)
        free(analogy_words(o->analogy, words));
}

// ---- Questions ----

static int
row_of(const space *s, const char *word)
{
    for (int w = 0; w < s->V; w++)
        if (strcmp(s->word[w], word) == 0)
            return w;
    return -1;
}

// The row of a word as it stands, or as a token behind a blank, or in lower case.
static int
find(const space *s, const char *word)
{
    char lower[WORD2VEC_WORD], token[WORD2VEC_WORD];
    snprintf(token, sizeof token, "\xc4\xa0%s", word);
    int row = row_of(s, word);
    if (row < 0)
        row = row_of(s, token);
    if (row >= 0)
        return row;
    const char *at = word, *end = word + strlen(word);
    long line = 0;
    if (word2vec_next_word(&at, end, WORD2VEC_LETTERS, "the word", &line, lower) && at == end)
        row = row_of(s, lower);
    if (row >= 0)
        return row;
    fail("'%s' is not among the %d words that have a vector", escape(word), s->V);
}

// The rows with the largest products with the target, best first, without the excluded ones; how many there are.
static int
nearest_few(const space *s, const float *target, int n, const int *excluded, int *row,
            float *cosine)
{
    int found = 0, without[NEAREST + 3];
    float length = sqrt32(dot32(s->d, target, target));
    memcpy(without, excluded, n * sizeof *excluded);
    for (; found < NEAREST; found++) {
        int best = word2vec_nearest(s->V, s->d, s->unit, target, n + found, without);
        if (best < 0)
            break;
        row[found] = without[n + found] = best;
        cosine[found] =
            dot32(s->d, s->unit + (long)best * s->d, target) / (length > 0 ? length : 1);
    }
    return found;
}

// Pads to a column's width by characters, not bytes.
static void
print_padded(const char *word, int width)
{
    int characters = 0;
    for (const char *c = word; *c; c++)
        characters += ((unsigned char)*c & 0xc0) != 0x80;
    escape_print(stdout, word);
    printf("%*s", characters < width ? width - characters : 1, "");
}

static void
answer_near(const space *s, const char *word)
{
    int row[NEAREST], w = find(s, word);
    float cosine[NEAREST];
    int n = nearest_few(s, s->unit + (long)w * s->d, 1, &w, row, cosine);
    printf("Nearest to %s, by cosine:\n\n", escape(s->word[w]));
    for (int i = 0; i < n; i++) {
        printf("    ");
        print_padded(s->word[row[i]], 24);
        printf("%6.3f\n", cosine[i]);
    }
    printf("\n");
}

static void
answer_analogy(const space *s, const char *text)
{
    const char *words[3];
    char *copy = analogy_words(text, words);
    int asked[3] = {find(s, words[0]), find(s, words[1]), find(s, words[2])}, row[2][NEAREST], n[2];
    float cosine[2][NEAREST], target[s->d];
    free(copy);
    int only_b = word2vec_analogy(s->V, s->d, s->unit, asked[0], asked[1], asked[2],
                                  WORD2VEC_ONLY_B, target);
    int opposite = word2vec_analogy(s->V, s->d, s->unit, asked[0], asked[1], asked[2],
                                    WORD2VEC_OPPOSITE, target);
    word2vec_analogy(s->V, s->d, s->unit, asked[0], asked[1], asked[2], WORD2VEC_OPEN, target);
    for (int open = 0; open < 2; open++)
        n[open] = nearest_few(s, target, open ? 0 : 3, asked, row[open], cosine[open]);
    printf("%s is to %s as %s is to what?\n\n", escape(s->word[asked[0]]),
           escape(s->word[asked[1]]), escape(s->word[asked[2]]));
    printf("    without the question's words    with them\n");
    for (int i = 0; i < n[1]; i++) {
        printf("    ");
        if (i < n[0]) {
            print_padded(s->word[row[0][i]], 24);
            printf("%6.3f  ", cosine[0][i]);
        } else
            printf("%32s", "");
        print_padded(s->word[row[1][i]], 24);
        printf("%6.3f\n", cosine[1][i]);
    }
    printf("\n    nearest to %s alone: %s; with the difference turned round: %s\n\n",
           escape(s->word[asked[2]]), only_b < 0 ? "none" : escape(s->word[only_b]),
           opposite < 0 ? "none" : escape(s->word[opposite]));
}

static void
answer(const word2vec_options *o, int V, int d, char *const *word, const float *x)
{
    space s = {V, d, word, memory_zeroed((long)V * d, sizeof(float), "vectors")};
    word2vec_unit(V, d, x, s.unit);
    progress_clear();
    if (o->near)
        answer_near(&s, o->near);
    if (o->analogy)
        answer_analogy(&s, o->analogy);
    free(s.unit);
}

// ---- Training ----

// How far the progress is: the bytes of passes that are done, and of this one, each with its weight.
static struct {
    long told, weight, before;
} way;

static void
go_on(long bytes)
{
    long steps = way.before + bytes / STEP * way.weight;
    if (steps > way.told) {
        progress_advance(steps - way.told);
        way.told = steps;
    }
}

// The bytes begin anew with every epoch.
static void
go_on_training(long bytes)
{
    static long last;
    if (bytes < last)
        way.before = way.told;
    last = bytes;
    go_on(bytes);
}

static word2vec_setting
setting_of(const word2vec_options *o)
{
    word2vec_setting set = {.cbow = o->cbow, .tree = o->tree, .seed = SEED};
    set.d = program_whole("--width", o->width, 1, 2000, 100);
    set.L = program_whole("--window", o->window, 1, 100, 5);
    set.k = program_whole("--negatives", o->negatives, 1, 100, 5);
    set.epochs = program_steps(program_whole("--epochs", o->epochs, 1, 1000, 5), 1);
    set.sample = program_number("--sample", o->sample, 0, 1, 1e-3);
    set.rate = o->cbow ? 0.05f : 0.025f;
    return set;
}

static void
tell(const char *path, const char *unit, const word2vec_vocabulary *v, const word2vec_setting *set,
     double least)
{
    double kept = 0;
    for (int w = 0; w < v->n; w++)
        kept += v->count[w];
    progress_clear();
    printf("%s: %.0f %s; %d different ones come %g times or more, which are %.0f.\n", escape(path),
           v->total, unit, v->n, least, kept);
    if (v->pruned)
        printf("There are so many different words that rare ones were forgotten while counting: "
               "counts up to %d may "
               "be too small.\n",
               v->pruned);
    if (kept < FEW_WORDS)
        printf("That is little: vectors begin to tell something with a million words or more.\n");
    printf("%s, %s, vectors of %d, window %d, %d epochs: %.1f MB.\n",
           set->cbow ? "CBOW" : "Skip-gram", set->tree ? "a tree" : "negative sampling", set->d,
           set->L, set->epochs, 8.0 * v->n * set->d / 1e6);
}

static void
train(const word2vec_options *o)
{
    word2vec_split split = o->spaces ? WORD2VEC_SPACES : WORD2VEC_LETTERS;
    double least = program_whole("--least", o->least, 1, 1000000000, 5);
    int most = program_whole("--words", o->words, 10, 10000000, 200000);
    word2vec_setting set = setting_of(o);
    struct stat about;
    long size = stat(o->text, &about) == 0 ? (long)about.st_size : 0;
    progress_expect(size / STEP * (1 + (long)TRAINING_WEIGHT * set.epochs));
    way.weight = 1;
    tokens t_of = {0}, *own = NULL;
    if (o->tokens) {
        t_of = tokens_read(o->tokens);
        own = &t_of;
    }
    word2vec_vocabulary v = word2vec_count_file(o->text, split, own, least, most, go_on);
    if (v.total < LEAST_WORDS || v.n < 10) {
        double total = v.total;
        int different = v.n;
        word2vec_vocabulary_free(&v);
        tokens_free(&t_of);
        fail("%s: %.0f words, of which %d different ones come %g times or more; expected %d words "
             "and 10 different ones at least",
             escape(o->text), total, different, least, LEAST_WORDS);
    }
    tell(o->text, own ? "tokens" : "words", &v, &set, least);
    way.before = way.told;
    way.weight = TRAINING_WEIGHT;
    word2vec_trainer t = word2vec_trainer_new(&set, &v);
    word2vec_train_file(&t, o->text, split, own, go_on_training);
    char path[2][512];
    snprintf(path[0], sizeof path[0], "%s", program_path("vectors.txt"));
    snprintf(path[1], sizeof path[1], "%s", program_path("vectors.bin"));
    word2vec_write_text(path[0], v.n, set.d, v.word, t.m.input);
    word2vec_write_binary(path[1], v.n, set.d, v.word, t.m.input);
    progress_clear();
    printf("%ld %s, mean loss %.4f; written: %s and %s\n\n", t.pairs,
           set.cbow ? "windows" : "pairs", t.losses ? t.loss / t.losses : 0, escape(path[0]),
           escape(path[1]));
    answer(o, v.n, set.d, v.word, t.m.input);
    word2vec_trainer_free(&t);
    word2vec_vocabulary_free(&v);
    if (own)
        tokens_free(own);
}

void
word2vec_tool(const word2vec_options *o)
{
    if (o->text) {
        train(o);
        return;
    }
    word2vec_vectors v = word2vec_vectors_read(o->vectors);
    printf("%s: %d words, vectors of %d\n\n", escape(o->vectors), v.V, v.d);
    answer(o, v.V, v.d, v.word, v.x);
    word2vec_vectors_free(&v);
}
