// The tokenizer of chapter bpe, for tests/bench/bpe.py:
//     bpe language FILE      writes 10 MB of the agglutinative language
//     bpe TEXT RANKS         for each line on stdin, encode, plain (without the cache of pieces) or
//                            train N: does it once
//                            and answers with the processor's seconds, the number of ids or merges, and a sum of them
#include "bpe/bpe.h"
#include "data/tokens.h"
#include "data/words.h"
#include "files/file.h"
#include "files/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LANGUAGE = 10000000 };

static void
write_language(const char *path)
{
    words_language l = words_new(1);
    rng r = rng_at(26, 0);
    char *text = memory_zeroed(LANGUAGE, 1, "a text");
    words_sample(&l, &r, LANGUAGE, text);
    FILE *file = file_create(path);
    fwrite(text, 1, LANGUAGE, file);
    file_commit(file, path);
    free(text);
}

static long
encode(const tokens *t, const char *text, long n, int *ids, bool cached)
{
    long read;
    tokens_cache *cache = cached ? tokens_cache_new() : NULL;
    long parts = tokens_encode_part(t, cache, text, n, false, &read, ids);
    free(cache);
    return parts;
}

// From the bytes to the merges, counting the pieces included.
static long
train(const char *text, long n, int V, double *sum)
{
    bpe_step *step = memory_zeroed(V - 256, sizeof *step, "merges");
    bpe_counter c = bpe_counter_new();
    bpe_count(&c, text, n, false);
    long merges = bpe_train(&c.words, V - 256, step);
    for (long k = 0; k < merges; k++)
        *sum += step[k].pair.left + step[k].pair.right;
    bpe_counter_free(&c);
    free(step);
    return merges;
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "language") == 0) {
        write_language(argv[2]);
        return 0;
    }
    size_t size;
    char *text = file_read(argv[1], &size), line[64];
    tokens t = tokens_read(argv[2]);
    int *ids = memory_zeroed((long)size, sizeof *ids, "ids");
    while (fgets(line, sizeof line, stdin)) {
        double sum = 0;
        clock_t start = clock();
        bool trains = strncmp(line, "train", 5) == 0;
        long n = trains ? train(text, (long)size, atoi(line + 5), &sum)
                        : encode(&t, text, (long)size, ids, strncmp(line, "encode", 6) == 0);
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        for (long i = 0; i < n && !trains; i++)
            sum += ids[i];
        printf("%.6f %ld %.0f\n", seconds, n, sum);
        fflush(stdout);
    }
    tokens_free(&t);
    free(text);
    free(ids);
}
