#include "bpe/merges.h"

#include "data/unicode.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PRINTED = 188
}; // symbols whose byte is shown as the Latin-1 character that it is; the others as U+0100 and up

static int
character_of(int symbol)
{
    return symbol < PRINTED ? bpe_byte(symbol) : 256 + symbol - PRINTED;
}

// The byte that a character stands for, or -1.
static int
byte_of(int character)
{
    if (character >= 256 && character < 512 - PRINTED)
        return bpe_byte(PRINTED + character - 256);
    return character < 256 && bpe_symbol(character) < PRINTED ? character : -1;
}

static void
put_character(FILE *file, int c)
{
    if (c >= 0x80)
        fputc(0xc0 | c >> 6, file);
    fputc(c < 0x80 ? c : 0x80 | (c & 0x3f), file);
}

// Reads a part of a line to out; how many bytes it has, -1 where a character stands for none.
static long
read_part(const unsigned char *s, long n, unsigned char *out)
{
    long bytes = 0;
    for (long at = 0; at < n;) {
        int character, length = unicode_read(s + at, n - at, &character);
        int byte = length > 0 ? byte_of(character) : -1;
        if (byte < 0)
            return -1;
        out[bytes++] = (unsigned char)byte;
        at += length;
    }
    return bytes;
}

// A merge as it was read: where its bytes begin, how many they are, and how many of them the left part has.
typedef struct {
    long at, n, left;
    int line;
} read_merge;

static void
check_parts(const read_merge *read, const bpe_pair *pair, int id, const char *name)
{
    if (pair->left < 0 || pair->left >= id || pair->right < 0 || pair->right >= id)
        fail("%s:%d: the %s part is no byte, and no line above makes it", name, read->line,
             pair->left < 0 || pair->left >= id ? "left" : "right");
}

// The pairs of symbols of n merges, whose bytes stand one behind the other from all[256] on.
static bpe_merges
find_parts(int n, const read_merge *read, const unsigned char *all, const char *name)
{
    long *at = memory_zeroed(256 + n + 1, sizeof *at, name);
    for (int id = 0; id < 256 + n; id++)
        at[id + 1] = id < 256 ? id + 1 : at[id] + read[id - 256].n;
    tokens t = tokens_new(256 + n, at, all, name);
    bpe_merges m = {n, memory_zeroed(n, sizeof *m.pair, name)};
    for (int k = 0; k < n; k++) {
        const unsigned char *s = all + at[256 + k];
        m.pair[k].left = tokens_find(&t, s, read[k].left);
        m.pair[k].right = tokens_find(&t, s + read[k].left, read[k].n - read[k].left);
        check_parts(&read[k], &m.pair[k], 256 + k, name);
    }
    free(at);
    tokens_free(&t);
    return m;
}

bpe_merges
bpe_merges_parse(const char *bytes, size_t size, const char *name)
{
    read_merge *read = NULL;
    int n = 0, line = 0;
    unsigned char *all = memory_zeroed(256 + (long)size, 1, name);
    for (int id = 0; id < 256; id++)
        all[id] = (unsigned char)bpe_byte(id);
    long used = 256;
    for (const char *at = bytes, *end = bytes + size; at < end;) {
        const char *stop = memchr(at, '\n', end - at);
        stop = stop ? stop : end;
        long length = stop - at - (stop > at && stop[-1] == '\r');
        line++;
        bool comment = line == 1 && length > 8 && memcmp(at, "#version", 8) == 0;
        if (length && !comment) {
            const char *space = memchr(at, ' ', length);
            const unsigned char *s = (const unsigned char *)at;
            long left = space ? read_part(s, space - at, all + used) : -1;
            long right = left > 0 ? read_part(s + (space + 1 - at), at + length - space - 1,
                                              all + used + left)
                                  : -1;
            if (right <= 0)
                fail("%s:%d: expected two parts with a space between, their bytes as GPT-2's "
                     "characters",
                     name, line);
            if (n == TOKENS_MOST - 256)
                fail("%s:%d: more than %d merges", name, line, n);
            read = memory_grow(read, ++n, sizeof *read, name);
            read[n - 1] = (read_merge){used, left + right, left, line};
            used += left + right;
        }
        at = stop + 1;
    }
    bpe_merges m = find_parts(n, read, all, name);
    free(read);
    free(all);
    return m;
}

void
bpe_merges_write(const char *path, const bpe_merges *m)
{
    tokens t = bpe_vocabulary(m, path);
    FILE *file = file_create(path);
    fputs("#version: 0.2\n", file);
    for (int k = 0; k < m->n; k++) {
        int part[2] = {m->pair[k].left, m->pair[k].right};
        for (int i = 0; i < 2; i++) {
            for (long b = t.at[part[i]]; b < t.at[part[i] + 1]; b++)
                put_character(file, character_of(bpe_symbol(t.bytes[b])));
            fputc(i ? '\n' : ' ', file);
        }
    }
    file_commit(file, path);
    tokens_free(&t);
}
