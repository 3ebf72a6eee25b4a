#include "word2vec/words.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// ---- Characters ----

// The code point at `at` and, in *length, its bytes; -1 where it is no UTF-8 (or is cut off by `end`).
static int
code_point(const char *at, const char *end, int *length)
{
    unsigned char first = (unsigned char)*at;
    int n = first < 0x80   ? 1
            : first < 0xc2 ? 0
            : first < 0xe0 ? 2
            : first < 0xf0 ? 3
            : first < 0xf5 ? 4
                           : 0;
    if (n == 0 || end - at < n)
        return -1;
    int code = n == 1 ? first : first & (0xff >> (n + 1));
    for (int i = 1; i < n; i++) {
        unsigned char more = (unsigned char)at[i];
        if ((more & 0xc0) != 0x80)
            return -1;
        code = code << 6 | (more & 0x3f);
    }
    // too long for what it says, a half of a pair of UTF-16, or beyond Unicode
    static const int least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[n] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
        return -1;
    *length = n;
    return code;
}

static int
put_code_point(int code, char *at)
{
    if (code < 0x80) {
        at[0] = (char)code;
        return 1;
    }
    int n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int i = n - 1; i > 0; i--, code >>= 6)
        at[i] = (char)(0x80 | (code & 0x3f));
    at[0] = (char)((0xf00 >> n & 0xff) | code);
    return n;
}

// Han, which is written without blanks: every character is a word.
static bool
is_han(int c)
{
    return (c >= 0x3400 && c < 0xa000) || (c >= 0xf900 && c < 0xfb00) ||
           (c >= 0x20000 && c < 0x40000);
}

// Letters, digits and marks: of what is not ASCII all but the known blocks of punctuation, symbols and blanks.
static bool
is_letter(int c)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c < 0xc0)
        return c == 0xaa || c == 0xb5 || c == 0xba;
    if (c == 0xd7 || c == 0xf7 || c == 0x37e || c == 0x387 || c == 0x1680 || c == 0xfeff)
        return false;
    if ((c >= 0x2000 && c < 0x2c00) || (c >= 0x2e00 && c < 0x3005) || (c >= 0x3008 && c < 0x3021) ||
        c == 0x3030)
        return false;
    if (c == 0x60c || c == 0x61b || c == 0x61f || c == 0x6d4 || c == 0x964 || c == 0x965 ||
        c == 0x30fb)
        return false;
    if ((c >= 0xff00 && c < 0xff10) || (c >= 0xff1a && c < 0xff21) || (c >= 0xff3b && c < 0xff41))
        return false;
    return !((c >= 0xff5b && c < 0xff66) || (c >= 0xe000 && c < 0xf900) ||
             (c >= 0xfe10 && c < 0xfe70) || (c >= 0xfff0 && c < 0x10000) ||
             (c >= 0x1f000 && c < 0x20000));
}

// Of Latin, Greek and Cyrillic letters; others stay.
static int
lower(int c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ||
        (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f) || (c >= 0xff21 && c <= 0xff3a))
        return c + 32;
    if (c >= 0x400 && c <= 0x40f)
        return c + 80;
    if (c == 0x130)
        return 'i';
    if (c == 0x178)
        return 0xff;
    bool odd =
        (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e); // capitals have odd numbers here
    bool even = (c >= 0x100 && c <= 0x177) || (c >= 0x460 && c <= 0x481) ||
                (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f) ||
                (c >= 0x1e00 && c <= 0x1eff);
    if (odd)
        return c % 2 ? c + 1 : c;
    return even && c % 2 == 0 && c != 0x138 && c != 0x149 ? c + 1 : c;
}

static bool
is_blank(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x3000;
}

// Where *at stands: a character, whose length goes to *length. Bytes that are none end the program.
static int
character(const char *at, const char *end, const char *name, long line, int *length)
{
    int c = code_point(at, end, length);
    if (c < 0)
        fail("%s:%ld: byte 0x%02x is no UTF-8 here; expected a text in UTF-8", escape(name),
             line + 1, (unsigned char)*at);
    if (c == 0)
        fail("%s:%ld: has a zero byte; expected a text in UTF-8", escape(name), line + 1);
    return c;
}

bool
word2vec_next_word(const char **at, const char *end, word2vec_split split, const char *name,
                   long *line, char word[WORD2VEC_WORD])
{
    int used = 0, length = 0;
    bool blank_line = false;
    for (; *at < end; *at += length) {
        int c = character(*at, end, name, *line, &length);
        bool part = split == WORD2VEC_SPACES ? !is_blank(c) : is_letter(c);
        bool alone = split == WORD2VEC_LETTERS && is_han(c);
        if (used > 0 && (!part || alone))
            break;
        if (c == '\n') {
            ++*line;
            if (blank_line) {
                *at += length;
                break;
            }
            blank_line = true;
        }
        if (!part) {
            blank_line = blank_line && is_blank(c);
            continue;
        }
        if (used + 4 < WORD2VEC_WORD)
            used += put_code_point(split == WORD2VEC_LETTERS ? lower(c) : c, word + used);
        blank_line = false;
        if (alone) {
            *at += length;
            break;
        }
    }
    word[used] = 0;
    return used > 0 || blank_line;
}

// ---- A file in blocks ----

enum { BLOCK = 1 << 16, CHARACTER = 4 }; // bytes of a block, and of a character at most

word2vec_reader
word2vec_reader_open(const char *path, word2vec_split split, const tokens *t)
{
    struct stat about;
    word2vec_reader r = {.name = path, .split = split, .tokens = t, .size = BLOCK};
    r.file = fopen(path, "rb");
    if (!r.file)
        fail("%s: %s", escape(path), strerror(errno));
    bool known = fstat(fileno(r.file), &about) == 0;
    if (!known || !S_ISREG(about.st_mode)) {
        fclose(r.file);
        fail("%s: is %s; expected a text file, which is read several times", escape(path),
             known && S_ISDIR(about.st_mode) ? "a folder" : "no file");
    }
    r.block = memory_zeroed(BLOCK + 1, 1, "a block of text");
    r.next = r.block;
    if (t) {
        r.id = memory_zeroed(BLOCK, sizeof *r.id, "a block of tokens");
        r.cache = tokens_cache_new();
    }
    return r;
}

// Moves what is left to the front and reads on behind it.
static void
fill_block(word2vec_reader *r)
{
    size_t left = r->block + r->filled - r->next;
    memmove(r->block, r->next, left);
    r->next = r->block;
    size_t got = fread(r->block + left, 1, r->size - left, r->file);
    if (got == 0 && ferror(r->file))
        fail("%s: %s", escape(r->name), strerror(errno));
    r->filled = left + got;
    r->ended = got < r->size - left;
}

void
word2vec_token_word(const tokens *t, int id, char word[WORD2VEC_WORD])
{
    int used = 0;
    for (long i = t->at[id]; i < t->at[id + 1]; i++) {
        int byte = t->bytes[i], others = 0;
        // 188 bytes are what Latin-1 prints; the others are U+0100 on, in their order
        bool prints = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte != 0xad);
        for (int b = 0; b < byte && !prints; b++)
            others += !((b > 0x20 && b < 0x7f) || (b > 0xa0 && b != 0xad));
        if (used + 16 >= WORD2VEC_WORD) {
            used += snprintf(word + used, 16, "...%d", id);
            break;
        }
        used += put_code_point(prints ? byte : 0x100 + others, word + used);
    }
    word[used] = 0;
}

// Encodes what the block has; with `more` but for a piece at its end that may go on.
static void
encode_block(word2vec_reader *r, bool more)
{
    long left = r->block + r->filled - r->next, read = 0;
    r->ids = left ? tokens_encode_part(r->tokens, r->cache, r->next, left, more, &read, r->id) : 0;
    r->next_id = 0;
    r->next += read;
    r->bytes += read;
}

static bool
read_token(word2vec_reader *r, char word[WORD2VEC_WORD])
{
    while (r->next_id == r->ids) {
        encode_block(r, !r->ended);
        if (r->ids == 0 && r->ended)
            return false;
        if (r->ids == 0 && r->next == r->block && r->filled == r->size)
            encode_block(r, false); // one piece fills the block
        if (r->ids == 0)
            fill_block(r);
    }
    word2vec_token_word(r->tokens, r->id[r->next_id++], word);
    return true;
}

bool
word2vec_read_word(word2vec_reader *r, char word[WORD2VEC_WORD])
{
    if (r->tokens)
        return read_token(r, word);
    for (;;) {
        const char *end = r->block + r->filled;
        // a word, or a character, that the block cuts off is read again with what follows
        if (!r->ended && end - r->next < CHARACTER) {
            fill_block(r);
            continue;
        }
        const char *safe = r->ended ? end : end - (CHARACTER - 1);
        const char *at = r->next;
        while (!r->ended && safe > at && ((unsigned char)*safe & 0xc0) == 0x80)
            safe--;
        long line = r->line;
        bool found = word2vec_next_word(&at, safe, r->split, r->name, &line, word);
        if (at == safe && !r->ended && r->next > r->block) {
            fill_block(r);
            continue;
        }
        r->bytes += at - r->next;
        r->next = at;
        r->line = line;
        if (found)
            return true;
        if (r->ended)
            return false;
    }
}

void
word2vec_reader_close(word2vec_reader *r)
{
    fclose(r->file);
    free(r->block);
    free(r->id);
    free(r->cache);
}

// ---- The vocabulary ----

word2vec_vocabulary
word2vec_vocabulary_new(void)
{
    word2vec_vocabulary v = {.size = 1 << 12};
    v.cell = memory_zeroed(v.size, sizeof *v.cell, "a vocabulary");
    return v;
}

// FNV-1a.
static uint32_t
hash_of(const char *word)
{
    uint32_t h = 2166136261u;
    for (; *word; word++)
        h = (h ^ (unsigned char)*word) * 16777619u;
    return h ^ h >> 15;
}

// The cell that has the word, or the empty one where it belongs.
static int
cell_of(const word2vec_vocabulary *v, const char *word)
{
    uint32_t i = hash_of(word) & (v->size - 1);
    while (v->cell[i] && strcmp(v->word[v->cell[i] - 1], word) != 0)
        i = (i + 1) & (v->size - 1);
    return (int)i;
}

// Fills the cells anew, `size` of them.
static void
hash_again(word2vec_vocabulary *v, int size)
{
    free(v->cell);
    v->size = size;
    v->cell = memory_zeroed(size, sizeof *v->cell, "a vocabulary");
    for (int i = 0; i < v->n; i++)
        v->cell[cell_of(v, v->word[i])] = i + 1;
}

// Drops the rarest words until half of the room is free.
static void
prune(word2vec_vocabulary *v, int most)
{
    while (v->n > most / 2) {
        int kept = 0;
        v->pruned++;
        for (int i = 0; i < v->n; i++) {
            if (v->count[i] <= v->pruned) {
                free(v->word[i]);
                continue;
            }
            v->word[kept] = v->word[i];
            v->count[kept++] = v->count[i];
        }
        v->n = kept;
    }
    hash_again(v, v->size);
}

void
word2vec_vocabulary_add(word2vec_vocabulary *v, const char *word, double times, int most)
{
    v->total += times;
    int i = cell_of(v, word);
    if (v->cell[i]) {
        v->count[v->cell[i] - 1] += times;
        return;
    }
    if (v->n >= most) {
        prune(v, most);
        i = cell_of(v, word);
    }
    v->word = memory_grow(v->word, v->n + 1, sizeof *v->word, "a vocabulary");
    v->count = memory_grow(v->count, v->n + 1, sizeof *v->count, "a vocabulary");
    v->word[v->n] = strdup(word);
    if (!v->word[v->n])
        fail("no memory for a vocabulary of %d words", v->n);
    v->count[v->n] = times;
    v->cell[i] = ++v->n;
    if (v->n > v->size / 2)
        hash_again(v, 2 * v->size);
}

typedef struct {
    char *word;
    double count;
} entry;

static int
by_count(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->word, y->word);
}

void
word2vec_vocabulary_sort(word2vec_vocabulary *v, double least, int most)
{
    entry *all = memory_zeroed(v->n + 1, sizeof *all, "a vocabulary");
    for (int i = 0; i < v->n; i++)
        all[i] = (entry){v->word[i], v->count[i]};
    qsort(all, v->n, sizeof *all, by_count);
    int kept = 0;
    for (int i = 0; i < v->n; i++) {
        if (i >= most || all[i].count < least) {
            free(all[i].word);
            continue;
        }
        v->word[kept] = all[i].word;
        v->count[kept++] = all[i].count;
    }
    v->n = kept;
    free(all);
    hash_again(v, v->size);
}

int
word2vec_vocabulary_find(const word2vec_vocabulary *v, const char *word)
{
    return v->cell[cell_of(v, word)] - 1;
}

void
word2vec_vocabulary_free(word2vec_vocabulary *v)
{
    for (int i = 0; i < v->n; i++)
        free(v->word[i]);
    free(v->word);
    free(v->count);
    free(v->cell);
}
