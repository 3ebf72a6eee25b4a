// Word vectors for tests/bench/bench.py: word2vec METHOD FILE, where METHOD is skip-gram, cbow or tree. A step is one
// epoch on the text of FILE, read from it, and begins where the one before ended; the value is the number of its words.
// word2vec write FILE makes the text.
#include "bench.h"

#include "word2vec/train.h"

#include <string.h>

enum { V = 28489, WORDS = 60000, SENTENCE = 20 };

static void
write_text(const char *path)
{
    static double p[V];
    double sum = 0;
    for (int i = 0; i < V; i++)
        sum += p[i] = 1.0 / (i + 8);
    for (int i = 0; i < V; i++)
        p[i] /= sum;
    word2vec_alias a = word2vec_alias_new(V, p);
    rng r = rng_at(1, 0);
    FILE *file = fopen(path, "w");
    for (int w = 0; file && w < WORDS; w++) // every word comes once
        fprintf(file, "w%d%s", w < V ? w : word2vec_draw(&a, &r),
                w % SENTENCE == SENTENCE - 1 ? "\n" : " ");
    if (file)
        fclose(file);
    word2vec_alias_free(&a);
}

static void
nothing(long bytes)
{
    (void)bytes;
}

static const char *path;

static double
step(void *context)
{
    word2vec_train_file(context, path, WORD2VEC_SPACES, NULL, nothing);
    return WORDS;
}

int
main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    path = argv[2];
    if (strcmp(argv[1], "write") == 0) {
        write_text(path);
        return 0;
    }
    word2vec_vocabulary v = word2vec_count_file(path, WORD2VEC_SPACES, NULL, 1, V, nothing);
    word2vec_setting set = {
        100, 5, 5, 1, strcmp(argv[1], "cbow") == 0, strcmp(argv[1], "tree") == 0, 0, 0.025f, 1};
    word2vec_trainer t = word2vec_trainer_new(&set, &v);
    answer(step, &t);
    word2vec_trainer_free(&t);
    word2vec_vocabulary_free(&v);
}
