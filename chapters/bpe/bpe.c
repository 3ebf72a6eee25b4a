#include "bpe/bpe.h"

#include "data/pieces.h"
#include "data/unicode.h"
#include "files/fail.h"
#include "files/memory.h"
#include "numbers/numeric.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// ---- Bytes ----

// The bytes in the order of their symbols: what Latin-1 prints, then the rest.
typedef struct {
    int first, last;
} stretch;
static const stretch order[] = {{'!', '~'}, {0xa1, 0xac}, {0xae, 0xff},
                                {0, ' '},   {0x7f, 0xa0}, {0xad, 0xad}};

int
bpe_symbol(int byte)
{
    int symbol = 0, i = 0;
    for (; byte < order[i].first || byte > order[i].last; i++)
        symbol += order[i].last - order[i].first + 1;
    return symbol + byte - order[i].first;
}

int
bpe_byte(int symbol)
{
    int i = 0;
    for (; symbol > order[i].last - order[i].first; i++)
        symbol -= order[i].last - order[i].first + 1;
    return order[i].first + symbol;
}

// ---- Words ----

void
bpe_words_add(bpe_words *w, int n, const int *symbols, long f)
{
    w->n++;
    w->at = memory_grow(w->at, w->n, sizeof *w->at, "words");
    w->length = memory_grow(w->length, w->n, sizeof *w->length, "words");
    w->f = memory_grow(w->f, w->n, sizeof *w->f, "words");
    w->at[w->n - 1] = w->used;
    w->length[w->n - 1] = n;
    w->f[w->n - 1] = f;
    for (int k = 0; k < n; k++) {
        w->symbol = memory_grow(w->symbol, ++w->used, sizeof *w->symbol, "words");
        w->symbol[w->used - 1] = symbols[k];
    }
}

bpe_words
bpe_words_copy(const bpe_words *w)
{
    bpe_words copy = {0};
    for (long k = 0; k < w->n; k++)
        bpe_words_add(&copy, w->length[k], w->symbol + w->at[k], w->f[k]);
    return copy;
}

void
bpe_words_free(bpe_words *w)
{
    free(w->at);
    free(w->length);
    free(w->f);
    free(w->symbol);
    *w = (bpe_words){0};
}

static uint64_t
mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

static long
slot_of_word(const bpe_counter *c, int n, const int *symbols)
{
    uint64_t h = n;
    for (int k = 0; k < n; k++)
        h = mix(h, symbols[k]);
    long slot = (long)(h & (uint64_t)c->mask);
    while (c->table[slot]) {
        long w = c->table[slot] - 1;
        if (c->words.length[w] == n &&
            memcmp(c->words.symbol + c->words.at[w], symbols, n * sizeof *symbols) == 0)
            return slot;
        slot = (slot + 1) & c->mask;
    }
    return slot;
}

// Twice as many slots.
static void
grow_counter(bpe_counter *c)
{
    free(c->table);
    c->mask = 2 * c->mask + 1;
    c->table = memory_zeroed(c->mask + 1, sizeof *c->table, "words");
    for (long w = 0; w < c->words.n; w++)
        c->table[slot_of_word(c, c->words.length[w], c->words.symbol + c->words.at[w])] = w + 1;
}

bpe_counter
bpe_counter_new(void)
{
    return (bpe_counter){.mask = 1023, .table = memory_zeroed(1024, sizeof(long), "words")};
}

void
bpe_counter_free(bpe_counter *c)
{
    bpe_words_free(&c->words);
    free(c->table);
}

long
bpe_count(bpe_counter *c, const char *text, long n, bool more)
{
    const unsigned char *s = (const unsigned char *)text;
    int symbol[256], *piece = NULL;
    long at = 0, room = 0;
    for (int b = 0; b < 256; b++)
        symbol[b] = bpe_symbol(b);
    while (at < n) {
        long end = pieces_end(s, n, at);
        if (more && end + PIECES_AHEAD > n)
            break;
        if (end - at > INT_MAX / 2)
            fail("a piece of %ld bytes; expected pieces below 1 GiB", end - at);
        for (; room < end - at; room++)
            piece = memory_grow(piece, room + 1, sizeof *piece, "a piece");
        for (long k = at; k < end; k++)
            piece[k - at] = symbol[s[k]];
        long slot = slot_of_word(c, (int)(end - at), piece);
        if (c->table[slot])
            c->words.f[c->table[slot] - 1]++;
        else {
            bpe_words_add(&c->words, (int)(end - at), piece, 1);
            c->table[slot] = c->words.n;
            if (2 * c->words.n > c->mask)
                grow_counter(c);
        }
        at = end;
    }
    free(piece);
    return at;
}

// ---- Pairs ----

static long
slot_of_pair(const bpe_pairs *p, bpe_pair pair)
{
    uint64_t h = mix((uint64_t)pair.left << 32 | (uint64_t)pair.right, 0);
    long slot = (long)(h & (uint64_t)p->mask);
    while (p->slot[slot]) {
        const bpe_entry *e = &p->entry[p->slot[slot] - 1];
        if (e->pair.left == pair.left && e->pair.right == pair.right)
            return slot;
        slot = (slot + 1) & p->mask;
    }
    return slot;
}

long
bpe_pairs_find(const bpe_pairs *p, bpe_pair pair)
{
    return p->slot[slot_of_pair(p, pair)] - 1;
}

static void
grow_pairs(bpe_pairs *p)
{
    free(p->slot);
    p->mask = p->mask ? 2 * p->mask + 1 : 1023;
    p->slot = memory_zeroed(p->mask + 1, sizeof *p->slot, "pairs");
    for (long e = 0; e < p->n; e++)
        p->slot[slot_of_pair(p, p->entry[e].pair)] = e + 1;
}

// The entry of a pair, a new one if there was none.
static bpe_entry *
entry_of(bpe_pairs *p, bpe_pair pair)
{
    if (2 * (p->n + 1) > p->mask)
        grow_pairs(p);
    long slot = slot_of_pair(p, pair);
    if (!p->slot[slot]) {
        p->n++;
        p->entry = memory_grow(p->entry, p->n, sizeof *p->entry, "pairs");
        p->entry[p->n - 1] = (bpe_entry){.pair = pair};
        p->slot[slot] = p->n;
    }
    return &p->entry[p->slot[slot] - 1];
}

// Adds `times` f(w) for every pair of word w. The word goes to the words of those that have
// symbol z, or with z < 0 of all.
static void
add_pairs(bpe_pairs *p, const bpe_words *w, long word, int times, int z)
{
    const int *s = w->symbol + w->at[word];
    for (int i = 0; i + 1 < w->length[word]; i++) {
        bpe_entry *e = entry_of(p, (bpe_pair){s[i], s[i + 1]});
        e->n += times * w->f[word];
        bool is_new = times > 0 && (z < 0 || s[i] == z || s[i + 1] == z);
        if (!is_new || (e->words && e->word[e->words - 1] == word))
            continue;
        e->words++;
        e->word = memory_grow(e->word, e->words, sizeof *e->word, "pairs");
        e->word[e->words - 1] = word;
    }
}

bpe_pairs
bpe_count_pairs(const bpe_words *w)
{
    bpe_pairs p = {0};
    grow_pairs(&p);
    for (long word = 0; word < w->n; word++)
        add_pairs(&p, w, word, 1, -1);
    return p;
}

void
bpe_pairs_free(bpe_pairs *p)
{
    for (long e = 0; e < p->n; e++)
        free(p->entry[e].word);
    free(p->entry);
    free(p->slot);
    *p = (bpe_pairs){0};
}

// ---- Training ----

int
bpe_merge(int n, int *symbols, bpe_pair pair, int z)
{
    int left = 0;
    for (int i = 0; i < n; left++)
        if (i + 1 < n && symbols[i] == pair.left && symbols[i + 1] == pair.right) {
            symbols[left] = z;
            i += 2;
        } else
            symbols[left] = symbols[i++];
    return left;
}

// What is called for one, by its name: the smaller pair of symbols.
static bool
is_smaller(bpe_pair a, bpe_pair b)
{
    return a.left != b.left ? a.left < b.left : a.right < b.right;
}

// The order of two symbols by their bytes, as strcmp gives it; `bytes` has those of each.
static int
compare_bytes(const tokens *bytes, int a, int b)
{
    long n = bytes->at[a + 1] - bytes->at[a], m = bytes->at[b + 1] - bytes->at[b];
    int sign = memcmp(bytes->bytes + bytes->at[a], bytes->bytes + bytes->at[b], n < m ? n : m);
    return sign ? sign : n < m ? -1 : n > m;
}

// Whether of two pairs that come equally often a goes before b, which was counted before it.
static bool
goes_before(bpe_pair a, bpe_pair b, bpe_ties ties, const tokens *bytes)
{
    int sign;
    switch (ties) {
    case BPE_SMALLER: return is_smaller(a, b);
    case BPE_LARGER: return is_smaller(b, a);
    case BPE_BYTES:
        sign = compare_bytes(bytes, a.left, b.left);
        return sign ? sign < 0 : compare_bytes(bytes, a.right, b.right) < 0;
    default: return false;
    }
}

// The best of the pairs, NULL if there is none.
static const bpe_entry *
best_pair(const bpe_pairs *p, bpe_ties ties, const tokens *bytes)
{
    const bpe_entry *best = NULL;
    for (const bpe_entry *e = p->entry; e < p->entry + p->n; e++)
        if (!best || e->n > best->n ||
            (e->n == best->n && goes_before(e->pair, best->pair, ties, bytes)))
            best = e;
    return best;
}

int
bpe_train_plainly(bpe_words *w, int merges, bpe_ties ties, bpe_step *step)
{
    int k = 0;
    for (bool going = true; k < merges && going; k += going) {
        bpe_pairs p = bpe_count_pairs(w);
        tokens bytes = {0};
        if (ties == BPE_BYTES) {
            bpe_merges so_far = bpe_merges_new(k, step);
            bytes = bpe_vocabulary(&so_far, "training");
            bpe_merges_free(&so_far);
        }
        const bpe_entry *best = best_pair(&p, ties, &bytes);
        going = best != NULL;
        if (going)
            step[k] = (bpe_step){.pair = best->pair, .n = best->n, .visits = w->n};
        for (long word = 0; going && word < w->n; word++) {
            int *symbols = w->symbol + w->at[word];
            w->length[word] = bpe_merge(w->length[word], symbols, step[k].pair, 256 + k);
        }
        bpe_pairs_free(&p);
        tokens_free(&bytes);
    }
    return k;
}

// A pair with the count that it had when it was pushed: by lemma 1 never less than it has now.
typedef struct {
    long n;
    bpe_pair pair;
    long entry;
} candidate;

// The largest count first; of equal ones the smaller pair.
static bool
above(const candidate *a, const candidate *b)
{
    return a->n != b->n ? a->n > b->n : is_smaller(a->pair, b->pair);
}

typedef struct {
    long n;
    candidate *at;
} heap;

static void
push(heap *h, candidate c)
{
    long k = h->n++;
    h->at = memory_grow(h->at, h->n, sizeof *h->at, "the heap");
    for (; k > 0 && above(&c, &h->at[(k - 1) / 2]); k = (k - 1) / 2)
        h->at[k] = h->at[(k - 1) / 2];
    h->at[k] = c;
}

static candidate
pop(heap *h)
{
    candidate top = h->at[0], last = h->at[--h->n];
    long k = 0;
    for (long child = 1; child < h->n; child = 2 * k + 1) {
        if (child + 1 < h->n && above(&h->at[child + 1], &h->at[child]))
            child++;
        if (!above(&h->at[child], &last))
            break;
        h->at[k] = h->at[child];
        k = child;
    }
    h->at[k] = last;
    return top;
}

// Takes the best pair from the heap into *s; false if there is none.
static bool
take_best(heap *h, const bpe_pairs *p, bpe_step *s)
{
    while (h->n) {
        candidate c = pop(h);
        s->pops++;
        long now = p->entry[c.entry].n;
        if (now == c.n && now > 0) {
            s->pair = c.pair;
            s->n = now;
            return true;
        }
        s->stale++;
        c.n = now; // out of date: back with what it has now
        if (now > 0)
            push(h, c);
    }
    return false;
}

static bool
has_pair(int n, const int *symbols, bpe_pair pair)
{
    for (int i = 0; i + 1 < n; i++)
        if (symbols[i] == pair.left && symbols[i + 1] == pair.right)
            return true;
    return false;
}

int
bpe_train(bpe_words *w, int merges, bpe_step *step)
{
    bpe_pairs p = bpe_count_pairs(w);
    heap h = {0};
    int k = 0;
    for (long pushed = 0; k < merges; k++) {
        for (; pushed < p.n; pushed++) // pairs that are new
            push(&h, (candidate){p.entry[pushed].n, p.entry[pushed].pair, pushed});
        bpe_step *s = &step[k];
        *s = (bpe_step){0};
        if (!take_best(&h, &p, s))
            break;
        long best = bpe_pairs_find(&p, s->pair);
        s->visits = p.entry[best].words;
        for (long i = 0; i < s->visits; i++) {
            long word = p.entry[best].word[i];
            int *symbols = w->symbol + w->at[word], z = 256 + k;
            if (!has_pair(w->length[word], symbols, s->pair))
                continue; // it has lost it since
            add_pairs(&p, w, word, -1, z);
            w->length[word] = bpe_merge(w->length[word], symbols, s->pair, z);
            add_pairs(&p, w, word, 1, z);
        }
    }
    bpe_pairs_free(&p);
    free(h.at);
    return k;
}

// ---- Encoding ----

bpe_merges
bpe_merges_new(int n, const bpe_step *step)
{
    bpe_merges m = {n, memory_zeroed(n, sizeof *m.pair, "merges")};
    for (int k = 0; k < n; k++)
        m.pair[k] = step[k].pair;
    return m;
}

void
bpe_merges_free(bpe_merges *m)
{
    free(m->pair);
    *m = (bpe_merges){0};
}

// Which merge makes one of a and b, m->n: none.
static int
rank_of(const bpe_merges *m, int a, int b)
{
    int k = 0;
    while (k < m->n && (m->pair[k].left != a || m->pair[k].right != b))
        k++;
    return k;
}

int
bpe_encode(const bpe_merges *m, int n, int *symbols, int *rank)
{
    for (int merged = 0;; merged++) {
        int best = m->n;
        for (int i = 0; i + 1 < n; i++) {
            int k = rank_of(m, symbols[i], symbols[i + 1]);
            best = k < best ? k : best;
        }
        if (best == m->n)
            return n;
        n = bpe_merge(n, symbols, m->pair[best], 256 + best);
        if (rank)
            rank[merged] = best;
    }
}

tokens
bpe_vocabulary(const bpe_merges *m, const char *name)
{
    long *at = memory_zeroed(256 + m->n + 1, sizeof *at, "a vocabulary"), room = 0;
    unsigned char *bytes = NULL;
    for (int id = 0; id < 256 + m->n; id++) {
        bpe_pair pair = id < 256 ? (bpe_pair){id, id} : m->pair[id - 256];
        long left = id < 256 ? 0 : at[pair.left + 1] - at[pair.left];
        long right = id < 256 ? 1 : at[pair.right + 1] - at[pair.right];
        at[id + 1] = at[id] + left + right;
        for (; room < at[id + 1]; room++)
            bytes = memory_grow(bytes, room + 1, 1, "a vocabulary");
        if (id < 256)
            bytes[at[id]] = (unsigned char)bpe_byte(id);
        else {
            memcpy(bytes + at[id], bytes + at[pair.left], left);
            memcpy(bytes + at[id] + left, bytes + at[pair.right], right);
        }
    }
    tokens t = tokens_new(256 + m->n, at, bytes, name);
    free(at);
    free(bytes);
    return t;
}

// Whether the token's bytes, under the tokens before it, are two parts, which *pair then has.
static bool
recover_one(const tokens *t, int id, bpe_pair *pair)
{
    const unsigned char *s = t->bytes + t->at[id];
    long n = t->at[id + 1] - t->at[id];
    int *part = memory_zeroed(n, sizeof *part, "a token");
    long parts = tokens_encode_piece(t, id, s, n, part);
    if (n > 1)
        *pair = (bpe_pair){part[0], part[1]};
    free(part);
    return parts == 2;
}

int
bpe_recover(const tokens *t, bpe_merges *m)
{
    *m = (bpe_merges){t->n - 256, memory_zeroed(t->n - 256, sizeof *m->pair, "merges")};
    int bad = -1;
    for (int id = t->n - 1; id >= 0; id--) {
        bool is_byte =
            id < 256 && t->at[id + 1] - t->at[id] == 1 && bpe_symbol(t->bytes[t->at[id]]) == id;
        if (!is_byte && (id < 256 || !recover_one(t, id, &m->pair[id - 256])))
            bad = id;
    }
    return bad;
}

// ---- Decoding, part by part ----

long
bpe_stream_push(bpe_stream *s, const unsigned char *bytes, long n, bool last, char *out)
{
    long size = 0, all = s->n + n;
    unsigned char *text = memory_zeroed(all, 1, "a stream");
    memcpy(text, s->held, s->n);
    memcpy(text + s->n, bytes, n);
    long at = 0;
    while (at < all) {
        int character, length = unicode_read(text + at, all - at, &character);
        if (length == 0 && !last)
            break; // more bytes may complete it
        if (length > 0) {
            memcpy(out + size, text + at, length);
            size += length;
            at += length;
        } else { // no character will come of these
            memcpy(out + size, "\xef\xbf\xbd", 3);
            size += 3;
            at += length < 0 ? -length : all - at;
        }
    }
    s->n = (int)(all - at);
    memcpy(s->held, text + at, s->n);
    free(text);
    return size;
}

// ---- Special tokens, and the measure ----

long
bpe_special(const char *text, long n, int k, const char *const *special, const bool *allowed,
            int *which)
{
    for (long at = 0; at < n; at++) {
        size_t longest = 0;
        for (int i = 0; i < k; i++) {
            size_t length = strlen(special[i]);
            if (!allowed[i])
                continue;
            if (length > longest && length <= (size_t)(n - at) &&
                memcmp(text + at, special[i], length) == 0) {
                longest = length;
                *which = i;
            }
        }
        if (longest)
            return at;
    }
    return -1;
}

long
bpe_encode_special(const tokens *t, const char *text, long n, int k, const char *const *special,
                   const bool *allowed, int *ids)
{
    long parts = 0, at = 0;
    while (at < n) {
        int which = 0;
        long begin = bpe_special(text + at, n - at, k, special, allowed, &which);
        parts += tokens_encode(t, text + at, begin < 0 ? n - at : begin, ids + parts);
        if (begin < 0)
            break;
        ids[parts++] = t->n + which;
        at += begin + (long)strlen(special[which]);
    }
    return parts;
}

double
bpe_bits_per_byte(double nats, long parts, long bytes)
{
    return nats / ln2_64 * (double)parts / (double)bytes;
}
