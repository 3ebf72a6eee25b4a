// Any bytes as vectors in word2vec's formats, and as a text that is split into words: they are taken, or refused
// through fail(), and nothing else happens. For libFuzzer; `make fuzz` runs it.
#include "refuse.h"

#include "files/fail.h"
#include "word2vec/vectors.h"
#include "word2vec/words.h"

#include <math.h>
#include <stdint.h>

static void
as_vectors(const uint8_t *data, size_t size)
{
    static char *bytes;
    bytes = malloc(size + 1);
    memcpy(bytes, data, size);
    bytes[size] = 0;
    if (setjmp(refused)) {
        free(bytes);
        return;
    }
    word2vec_vectors v = word2vec_vectors_parse(bytes, size, "vectors.txt");
    for (long i = 0; i < (long)v.V * v.d; i++)
        if (!isfinite(v.x[i]))
            abort();
    for (int w = 0; w < v.V; w++)
        if (!*v.word[w])
            abort();
    word2vec_vectors_free(&v);
}

static void
as_text(const char *bytes, size_t size, word2vec_split split)
{
    static word2vec_vocabulary v;
    v = word2vec_vocabulary_new();
    char word[WORD2VEC_WORD];
    long line = 0;
    const char *at = bytes, *end = bytes + size;
    if (setjmp(refused)) {
        word2vec_vocabulary_free(&v);
        return;
    }
    while (word2vec_next_word(&at, end, split, "text.txt", &line, word)) {
        if (strlen(word) >= WORD2VEC_WORD || at > end)
            abort();
        if (*word)
            word2vec_vocabulary_add(&v, word, 1, 20);
    }
    if (at != end || v.n > 20)
        abort();
    word2vec_vocabulary_sort(&v, 2, 8);
    for (int w = 0; w < v.n; w++)
        if (word2vec_vocabulary_find(&v, v.word[w]) != w || v.count[w] < 2)
            abort();
    word2vec_vocabulary_free(&v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fail_handler = give_up;
    as_vectors(data, size);
    as_text((const char *)data, size, WORD2VEC_LETTERS);
    as_text((const char *)data, size, WORD2VEC_SPACES);
    return 0;
}
