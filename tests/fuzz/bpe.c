// Any bytes as a rank file, behind the 256 bytes that it must have, and as a file of merges: each is refused through
// fail(), or is a vocabulary under which the same bytes, as a text, come back. For libFuzzer; `make fuzz` runs it.
#include "input.h"
#include "left.h"

#include "bpe/bpe.h"
#include "bpe/merges.h"
#include "data/tokens.h"
#include "files/fail.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 14 };

// The text must come back from its ids, whole and in a stream.
static void
come_back(const tokens *t, const char *text, long n)
{
    static int ids[MOST];
    static unsigned char back[MOST];
    static char shown[4 * MOST];
    long parts = tokens_encode(t, text, n, ids);
    if (tokens_decode(t, parts, ids, NULL) != n)
        abort();
    tokens_decode(t, parts, ids, back);
    if (memcmp(back, text, n) != 0)
        abort();
    bpe_stream s = {0};
    long size = 0;
    for (long i = 0; i <= parts; i++) {
        const unsigned char *bytes = i < parts ? t->bytes + t->at[ids[i]] : back;
        size += bpe_stream_push(&s, bytes, i < parts ? t->at[ids[i] + 1] - t->at[ids[i]] : 0,
                                i == parts, shown + size);
        if (s.n > 3 || size > 3 * n + 9)
            abort();
    }
}

static void
as_ranks(const char *bytes, size_t size)
{
    static char file[1 << 16];
    left_begin();
    if (setjmp(refused)) {
        left_free();
        return;
    }
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    int n = 0;
    for (int b = 0; b < 256; b++)
        n += sprintf(file + n, "%c%c== %d\n", digits[b >> 2], digits[b << 4 & 63], b);
    memcpy(file + n, bytes, size);
    tokens t = tokens_parse(file, n + size, "ranks");
    come_back(&t, bytes, (long)size);
    tokens_free(&t);
    left_none();
}

static void
as_merges(const char *bytes, size_t size)
{
    left_begin();
    if (setjmp(refused)) {
        left_free();
        return;
    }
    bpe_merges m = bpe_merges_parse(bytes, size, "merges");
    tokens t = bpe_vocabulary(&m, "merges");
    come_back(&t, bytes, (long)size);
    bpe_merges again;
    bpe_recover(&t, &again);
    bpe_merges_free(&again);
    tokens_free(&t);
    bpe_merges_free(&m);
    left_none();
}

static void
try_input(char *bytes, size_t size)
{
    if (size > MOST)
        return;
    as_ranks(bytes, size);
    as_merges(bytes, size);
}
