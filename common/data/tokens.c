#include "data/tokens.h"

#include "data/pieces.h"
#include "files/escape.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- The table of strings ----

// A mix of n bytes: eight at a time, so that a short string is one or two multiplications.
static inline uint64_t
hash(const unsigned char *s, long n)
{
    uint64_t h = (uint64_t)n;
    for (; n >= 8; n -= 8, s += 8) {
        uint64_t word;
        memcpy(&word, s, 8);
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    uint64_t rest = 0;
    if (n >= 4) { // the first four and the last four, which may share bytes
        uint32_t first, last;
        memcpy(&first, s, 4);
        memcpy(&last, s + n - 4, 4);
        rest = (uint64_t)first << 32 | last;
    } else if (n > 0)
        rest = (uint64_t)s[0] << 16 | (uint64_t)s[n / 2] << 8 | s[n - 1];
    h = (h ^ rest) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static inline long
length_of(const tokens *t, int id)
{
    return t->at[id + 1] - t->at[id];
}

// Where the string's slot is: its own, or the free one where it would stand.
static inline uint32_t
slot_of(const tokens *t, const unsigned char *s, long n)
{
    uint32_t k = (uint32_t)hash(s, n) & t->mask;
    while (t->slot[k]) {
        int id = t->slot[k] - 1;
        if (length_of(t, id) == n && memcmp(t->bytes + t->at[id], s, n) == 0)
            return k;
        k = (k + 1) & t->mask;
    }
    return k;
}

int
tokens_find(const tokens *t, const unsigned char *s, long n)
{
    return t->slot[slot_of(t, s, n)] - 1;
}

tokens
tokens_new(int n, const long *at, const unsigned char *bytes, const char *name)
{
    if (n < 256 || n > TOKENS_MOST)
        fail("%s: %d tokens; expected the 256 bytes and more, at most %d", name, n, TOKENS_MOST);
    tokens t = {.n = n, .mask = 1023};
    while (t.mask < 3 * (uint32_t)n)
        t.mask = 2 * t.mask + 1;
    t.at = memory_zeroed(n + 1, sizeof *t.at, "tokens");
    t.bytes = memory_zeroed(at[n], 1, "tokens");
    t.slot = memory_zeroed((long)t.mask + 1, sizeof *t.slot, "tokens");
    memcpy(t.at, at, (n + 1) * sizeof *at);
    memcpy(t.bytes, bytes, at[n]);
    for (int id = 0; id < n; id++) {
        if (length_of(&t, id) == 0)
            continue;
        uint32_t k = slot_of(&t, t.bytes + at[id], length_of(&t, id));
        if (t.slot[k])
            fail("%s: tokens %d and %d have the same bytes", name, t.slot[k] - 1, id);
        t.slot[k] = id + 1;
    }
    for (int b = 0; b < 256; b++)
        if (tokens_find(&t, &(unsigned char){(unsigned char)b}, 1) < 0)
            fail("%s: the byte 0x%02x is no token; expected all 256", name, b);
    return t;
}

void
tokens_free(tokens *t)
{
    free(t->at);
    free(t->bytes);
    free(t->slot);
    *t = (tokens){0};
}

// ---- Encoding ----

// Pieces of so many bytes or fewer are encoded by looking for the lowest rank again and again: that is quadratic, and
// faster for short ones.
enum { SHORT = 64, NONE = TOKENS_MOST };

// The number of the token that bytes from .. to - 1 of the piece are, or NONE.
static inline int
rank_of(const tokens *t, int limit, const unsigned char *s, long from, long to)
{
    int id = tokens_find(t, s + from, to - from);
    return id >= 0 && id < limit ? id : NONE;
}

// Part k begins at start[k]; rank[k] is that of parts k and k + 1 together.
static long
encode_short(const tokens *t, int limit, const unsigned char *s, int n, int *ids)
{
    int start[SHORT + 2], rank[SHORT + 1], parts = n;
    for (int k = 0; k <= n; k++)
        start[k] = k;
    for (int k = 0; k + 1 < n; k++)
        rank[k] = rank_of(t, limit, s, k, k + 2);
    while (parts > 1) {
        int best = 0;
        for (int k = 1; k + 1 < parts; k++)
            if (rank[k] < rank[best])
                best = k;
        if (rank[best] == NONE)
            break;
        // parts best and best + 1 become one
        parts--;
        memmove(start + best + 1, start + best + 2, (parts - best) * sizeof *start);
        memmove(rank + best, rank + best + 1, (parts - best) * sizeof *rank);
        if (best + 1 < parts)
            rank[best] = rank_of(t, limit, s, start[best], start[best + 2]);
        if (best > 0)
            rank[best - 1] = rank_of(t, limit, s, start[best - 1], start[best + 1]);
    }
    for (int k = 0; k < parts; k++)
        ids[k] = tokens_find(t, s + start[k], start[k + 1] - start[k]);
    return parts;
}

// A heap of numbers, the smallest first.
typedef struct {
    long n;
    uint64_t *at;
} heap;

static void
heap_push(heap *h, uint64_t x)
{
    long k = h->n++;
    for (; k > 0 && h->at[(k - 1) / 2] > x; k = (k - 1) / 2)
        h->at[k] = h->at[(k - 1) / 2];
    h->at[k] = x;
}

static uint64_t
heap_pop(heap *h)
{
    uint64_t top = h->at[0], x = h->at[--h->n];
    long k = 0;
    for (long child = 1; child < h->n; child = 2 * k + 1) {
        if (child + 1 < h->n && h->at[child + 1] < h->at[child])
            child++;
        if (h->at[child] >= x)
            break;
        h->at[k] = h->at[child];
        k = child;
    }
    h->at[k] = x;
    return top;
}

// A long piece as a list of parts, by the places where they begin, with a heap of (rank, place). An entry whose part
// has another rank by now is old and is passed over.
typedef struct {
    const tokens *t;
    int limit;
    const unsigned char *s;
    long n;
    long *next, *before; // (n + 1): where the next part begins, and the one before
    int *rank;           // (n): of the part that begins there with the next one
    heap h;
} long_piece;

static void
renew(long_piece *p, long k)
{
    long second = p->next[k];
    p->rank[k] = second < p->n ? rank_of(p->t, p->limit, p->s, k, p->next[second]) : NONE;
    if (p->rank[k] != NONE)
        heap_push(&p->h, (uint64_t)p->rank[k] << 40 | (uint64_t)k);
}

static long
encode_long(const tokens *t, int limit, const unsigned char *s, long n, int *ids)
{
    long_piece p = {.t = t, .limit = limit, .s = s, .n = n};
    p.next = memory_zeroed(n + 1, sizeof *p.next, "a piece");
    p.before = memory_zeroed(n + 1, sizeof *p.before, "a piece");
    p.rank = memory_zeroed(n + 1, sizeof *p.rank, "a piece");
    p.h.at = memory_zeroed(3 * n, sizeof *p.h.at, "a piece"); // n at first, and two for each merge
    for (long k = 0; k <= n; k++) {
        p.next[k] = k + 1;
        p.before[k] = k - 1;
    }
    for (long k = 0; k + 1 < n; k++)
        renew(&p, k);
    while (p.h.n) {
        uint64_t top = heap_pop(&p.h);
        long k = (long)(top & (((uint64_t)1 << 40) - 1)), second = p.next[k];
        if (p.rank[k] != (int)(top >> 40))
            continue;
        p.next[k] = p.next[second];
        p.before[p.next[k]] = k;
        p.rank[second] = NONE; // it begins no part any more
        renew(&p, k);
        if (k > 0)
            renew(&p, p.before[k]);
    }
    long parts = 0;
    for (long k = 0; k < n; k = p.next[k])
        ids[parts++] = tokens_find(t, s + k, p.next[k] - k);
    free(p.next);
    free(p.before);
    free(p.rank);
    free(p.h.at);
    return parts;
}

long
tokens_encode_piece(const tokens *t, int limit, const unsigned char *s, long n, int *ids)
{
    return n <= SHORT ? encode_short(t, limit, s, (int)n, ids) : encode_long(t, limit, s, n, ids);
}

// ---- The cache ----

// One entry for every value of a hash: a piece takes the place of the one before it. 64 bytes, a line of a processor's
// cache.
enum { ENTRIES = 1 << 14, PIECE = 22, IDS = 10 };
typedef struct {
    unsigned char length, parts, piece[PIECE];
    int ids[IDS];
} entry;
struct tokens_cache {
    entry at[ENTRIES];
};

tokens_cache *
tokens_cache_new(void)
{
    return memory_zeroed(1, sizeof(tokens_cache), "a cache of pieces");
}

// A piece of a text: a token, or encoded.
static long
encode_new(const tokens *t, const unsigned char *s, long n, int *ids)
{
    ids[0] = tokens_find(t, s, n);
    return ids[0] >= 0 ? 1 : tokens_encode_piece(t, t->n, s, n, ids);
}

// The same, or known.
static inline long
encode_one(const tokens *t, tokens_cache *cache, const unsigned char *s, long n, int *ids)
{
    if (!cache || n > PIECE)
        return encode_new(t, s, n, ids);
    entry *e = &cache->at[hash(s, n) & (ENTRIES - 1)];
    if (e->length != n || memcmp(e->piece, s, n) != 0) {
        long parts = encode_new(t, s, n, ids);
        if (parts > IDS)
            return parts;
        e->length = (unsigned char)n;
        e->parts = (unsigned char)parts;
        memcpy(e->piece, s, n);
        memcpy(e->ids, ids, parts * sizeof *ids);
        return parts;
    }
    for (int k = 0; k < e->parts; k++)
        ids[k] = e->ids[k];
    return e->parts;
}

long
tokens_encode_part(const tokens *t, tokens_cache *cache, const char *text, long n, int more,
                   long *read, int *ids)
{
    const unsigned char *s = (const unsigned char *)text;
    long parts = 0;
    *read = 0;
    while (*read < n) {
        long end = pieces_end(s, n, *read);
        if (more && end + PIECES_AHEAD > n)
            break;
        parts += encode_one(t, cache, s + *read, end - *read, ids + parts);
        *read = end;
    }
    return parts;
}

long
tokens_encode(const tokens *t, const char *text, long n, int *ids)
{
    long read;
    tokens_cache *cache = tokens_cache_new();
    long parts = tokens_encode_part(t, cache, text, n, false, &read, ids);
    free(cache);
    return parts;
}

long
tokens_decode(const tokens *t, long n, const int *ids, unsigned char *out)
{
    long size = 0;
    for (long i = 0; i < n; i++) {
        if (ids[i] < 0 || ids[i] >= t->n || length_of(t, ids[i]) == 0)
            fail("id %d at %ld is no token of this vocabulary, which has %d", ids[i], i, t->n);
        if (out)
            memcpy(out + size, t->bytes + t->at[ids[i]], length_of(t, ids[i]));
        size += length_of(t, ids[i]);
    }
    return size;
}

// ---- Texts to learn from ----

tokens_text
tokens_text_of(const tokens *t, const char *bytes, size_t size, const char *name, int least)
{
    if (size < (size_t)least || size > INT_MAX)
        fail("%s: %zu bytes; expected a text of %d bytes or more, below 2 GiB", name, size, least);
    tokens_text text = {.text = memory_zeroed((long)size, sizeof *text.text, name),
                        .id = memory_zeroed(t->n, sizeof *text.id, name)};
    int *symbol = memory_zeroed(t->n, sizeof *symbol, name);
    text.n = (int)tokens_encode(t, bytes, (long)size, text.text);
    for (int i = 0; i < text.n; i++)
        symbol[text.text[i]] = 1;
    for (int id = 0; id < t->n; id++)
        if (symbol[id]) {
            symbol[id] = text.symbols;
            text.id[text.symbols++] = id;
        }
    for (int i = 0; i < text.n; i++)
        text.text[i] = symbol[text.text[i]];
    free(symbol);
    return text;
}

double
tokens_per_byte(const tokens *t, const tokens_text *text, int from, int to)
{
    long bytes = 0;
    for (int i = from; i < to; i++)
        bytes += length_of(t, text->id[text->text[i]]);
    return (double)(to - from) / (double)bytes;
}

char *
tokens_spell(const tokens *t, const tokens_text *text, int n, const int *symbols, long *size)
{
    int *ids = memory_zeroed(n, sizeof *ids, "tokens");
    for (int i = 0; i < n; i++)
        ids[i] = text->id[symbols[i]];
    *size = tokens_decode(t, n, ids, NULL);
    char *bytes = memory_zeroed(*size + 1, 1, "tokens");
    tokens_decode(t, n, ids, (unsigned char *)bytes);
    free(ids);
    return bytes;
}

// ---- Files ----

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Reads base64 from `text` (length characters) to out; the number of bytes, or -1 where it is none.
static long
from_base64(const char *text, long length, unsigned char *out)
{
    long n = 0;
    if (length == 0 || length % 4)
        return -1;
    for (long k = 0; k < length; k += 4) {
        int bits = 0, padding = 0;
        for (int i = 0; i < 4; i++) {
            const char *digit = text[k + i] ? strchr(base64, text[k + i]) : NULL;
            if (text[k + i] == '=' && k + 4 == length && i >= 2)
                padding++;
            else if (!digit || padding)
                return -1;
            bits = bits << 6 | (padding ? 0 : (int)(digit - base64));
        }
        if (bits & ((1 << 8 * padding) - 1))
            return -1; // bits that belong to no byte
        for (int i = 0; i < 3 - padding; i++)
            out[n++] = (unsigned char)(bits >> (16 - 8 * i));
    }
    return n;
}

static void
put_base64(FILE *file, const unsigned char *s, long n)
{
    for (long k = 0; k < n; k += 3) {
        int bits = s[k] << 16 | (k + 1 < n ? s[k + 1] << 8 : 0) | (k + 2 < n ? s[k + 2] : 0);
        for (int i = 0; i < 4; i++)
            fputc(k + i <= n ? base64[bits >> (18 - 6 * i) & 63] : '=', file);
    }
}

// Where a line of a rank file has its token's bytes.
typedef struct {
    long at, n;
} place;

tokens
tokens_parse(const char *bytes, size_t size, const char *name)
{
    place *where = NULL; // of every number
    int n = 0, line = 0;
    long used = 0, room = 0;
    unsigned char *all = memory_zeroed((long)size, 1, name);
    for (const char *at = bytes, *end = bytes + size; at < end;) {
        const char *stop = memchr(at, '\n', end - at);
        stop = stop ? stop : end;
        long length = stop - at - (stop > at && stop[-1] == '\r');
        const char *space = memchr(at, ' ', length);
        line++;
        if (length) {
            long rank = -1, is = space ? from_base64(at, space - at, all + used) : -1;
            int digits = 0;
            for (const char *d = space ? space + 1 : at; is > 0 && d < at + length; d++, digits++) {
                bool fits = *d >= '0' && *d <= '9' && rank < TOKENS_MOST;
                rank = !fits ? TOKENS_MOST : digits ? 10 * rank + *d - '0' : *d - '0';
            }
            if (rank < 0 || rank >= TOKENS_MOST)
                fail("%s:%d: expected a token in base64, a space, and its number below %d", name,
                     line, TOKENS_MOST);
            while (room <= rank) {
                where = memory_grow(where, ++room, sizeof *where, name);
                where[room - 1] = (place){0, 0};
            }
            if (where[rank].n)
                fail("%s:%d: the number %ld stands twice", name, line, rank);
            where[rank] = (place){used, is};
            used += is;
            n = rank >= n ? (int)rank + 1 : n;
        }
        at = stop + 1;
    }
    long *begin = memory_zeroed(n + 1, sizeof *begin, name);
    unsigned char *sorted = memory_zeroed(used, 1, name);
    for (int id = 0; id < n; id++) {
        memcpy(sorted + begin[id], all + where[id].at, where[id].n);
        begin[id + 1] = begin[id] + where[id].n;
    }
    tokens t = tokens_new(n, begin, sorted, name);
    free(where);
    free(all);
    free(begin);
    free(sorted);
    return t;
}

tokens
tokens_read(const char *path)
{
    size_t size;
    char *bytes = file_read(path, &size);
    tokens t = tokens_parse(bytes, size, path);
    free(bytes);
    return t;
}

void
tokens_write(const char *path, const tokens *t)
{
    FILE *file = file_create(path);
    for (int id = 0; id < t->n; id++)
        if (length_of(t, id)) {
            put_base64(file, t->bytes + t->at[id], length_of(t, id));
            fprintf(file, " %d\n", id);
        }
    file_commit(file, path);
}
