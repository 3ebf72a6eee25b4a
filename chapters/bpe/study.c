#include "bpe/study.h"

#include "files/file.h"
#include "files/memory.h"

#include <stdio.h>
#include <stdlib.h>

bpe_text
bpe_text_read(const char *name)
{
    char path[64];
    size_t size;
    snprintf(path, sizeof path, "chapters/bpe/texts/%s", name);
    char *bytes = file_read(path, &size);
    return (bpe_text){(long)size, bytes};
}

bpe_text
bpe_text_of(const words_language *l, uint32_t seed, uint32_t stream, long n)
{
    bpe_text text = {n, memory_zeroed(n + 1, 1, "a text")};
    rng r = rng_at(seed, stream);
    words_sample(l, &r, n, text.bytes);
    return text;
}

bpe_trained
bpe_trained_on(const bpe_text *text, int V)
{
    bpe_counter c = bpe_counter_new();
    bpe_count(&c, text->bytes, text->n, false);
    bpe_trained t = {.step = memory_zeroed(V - 256, sizeof *t.step, "merges"), .words = c.words.n};
    for (long w = 0; w < c.words.n; w++)
        t.pieces += c.words.f[w];
    t.n = bpe_train(&c.words, V - 256, t.step);
    bpe_counter_free(&c);
    return t;
}

tokens
bpe_trained_tokens(const bpe_trained *trained, int V)
{
    bpe_merges m = bpe_merges_new(V - 256 < trained->n ? V - 256 : trained->n, trained->step);
    tokens t = bpe_vocabulary(&m, "a trained vocabulary");
    bpe_merges_free(&m);
    return t;
}

long
bpe_text_tokens(const tokens *t, const bpe_text *text)
{
    int *ids = memory_zeroed(text->n, sizeof *ids, "ids");
    long n = tokens_encode(t, text->bytes, text->n, ids);
    free(ids);
    return n;
}
