#include "bpe/tool.h"

#include "bpe/bpe.h"
#include "bpe/merges.h"
#include "data/pieces.h"
#include "data/unicode.h"
#include "files/escape.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"
#include "frame/program.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, VOCABULARY = 4096 };

// ---- Files, block by block ----

// What is read of a file and not used yet: n bytes. A piece that is longer than a block makes it grow.
typedef struct {
    const char *path;
    FILE *file;
    long n, room;
    char *bytes;
    bool more; // there may be more behind them
} reader;

static reader
open_reader(const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    reader r = {.path = standard ? "stdin" : path, .file = standard ? stdin : fopen(path, "rb")};
    if (!r.file)
        fail("%s: cannot be opened: %s", escape(path), strerror(errno));
    r.more = true;
    return r;
}

// Drops the first `used` bytes and reads more behind the rest: a block, or as much again, so that a long piece is not
// gone through from its beginning too often.
static void
refill(reader *r, long used)
{
    r->n -= used;
    memmove(r->bytes ? r->bytes : "", r->bytes ? r->bytes + used : "", r->n);
    long want = r->n > BLOCK ? r->n : BLOCK;
    if (r->room - r->n < want) {
        r->room = r->n + want;
        char *bytes = realloc(r->bytes, r->room);
        if (!bytes)
            fail("%s: no memory for a piece of more than %ld bytes", escape(r->path), r->n);
        r->bytes = bytes;
    }
    size_t got = fread(r->bytes + r->n, 1, want, r->file);
    if (ferror(r->file))
        fail("%s: cannot be read: %s", escape(r->path), strerror(errno));
    r->n += (long)got;
    r->more = got == (size_t)want;
}

static void
close_reader(reader *r)
{
    if (r->file != stdin)
        fclose(r->file);
    free(r->bytes);
}

// ---- Vocabularies ----

static bool
is_merges(const char *path)
{
    size_t n = strlen(path);
    return n >= 4 && strcmp(path + n - 4, ".txt") == 0;
}

static tokens
load(const char *path)
{
    if (!is_merges(path))
        return tokens_read(path);
    size_t size;
    char *bytes = file_read(path, &size);
    bpe_merges m = bpe_merges_parse(bytes, size, path);
    tokens t = bpe_vocabulary(&m, path);
    bpe_merges_free(&m);
    free(bytes);
    return t;
}

// `from` is what t was read from, or NULL.
static void
save(const char *path, const tokens *t, const char *from)
{
    if (!is_merges(path)) {
        tokens_write(path, t);
        return;
    }
    bpe_merges m;
    int bad = bpe_recover(t, &m);
    if (bad >= 0)
        fail("%s: token %d is %s; merges cannot say this", escape(from), bad,
             bad < 256 ? "not the byte that GPT-2's order has there"
                       : "not two of the tokens before it");
    bpe_merges_write(path, &m);
    bpe_merges_free(&m);
}

// ---- Training ----

static void
train(const bpe_tool_options *o)
{
    int V = program_whole("--vocabulary", o->vocabulary, 256, TOKENS_MOST, VOCABULARY);
    reader r = open_reader(o->train);
    bpe_counter c = bpe_counter_new();
    long bytes = 0, pieces = 0, used = 0;
    while (r.more) {
        refill(&r, used);
        used = bpe_count(&c, r.bytes, r.n, r.more);
        bytes += used;
    }
    close_reader(&r);
    for (long w = 0; w < c.words.n; w++)
        pieces += c.words.f[w];
    bpe_step *step = memory_zeroed(V - 256, sizeof *step, "merges");
    long words = c.words.n;
    int n = bpe_train(&c.words, V - 256, step);
    bpe_counter_free(&c);
    bpe_merges m = bpe_merges_new(n, step);
    tokens t = bpe_vocabulary(&m, o->save);
    save(o->save, &t, "what was learnt");
    printf("%s: %ld bytes, %ld pieces, %ld different; %s: %d tokens", escape(o->train), bytes,
           pieces, words, escape(o->save), t.n);
    if (t.n < V)
        printf(" of %d: every piece is one token", V);
    putchar('\n');
    bpe_merges_free(&m);
    tokens_free(&t);
    free(step);
}

// ---- Encoding and decoding ----

static void
print_ids(long n, const int *ids)
{
    char digits[16];
    for (long i = 0; i < n; i++) {
        int at = sizeof digits - 1, id = ids[i];
        digits[at] = '\n';
        do
            digits[--at] = (char)('0' + id % 10);
        while (id /= 10);
        fwrite(digits + at, 1, sizeof digits - at, stdout);
    }
}

// Block by block; with special tokens, which may stand anywhere, at once.
static void
encode(const tokens *t, const bpe_tool_options *o)
{
    reader r = open_reader(o->encode);
    tokens_cache *cache = tokens_cache_new();
    int *ids = NULL;
    long used = 0, room = 0;
    while (r.more) {
        refill(&r, used);
        used = 0;
        if (o->special && r.more)
            continue;
        if (room < r.n) {
            free(ids);
            room = r.room;
            ids = memory_zeroed(room, sizeof *ids, "ids");
        }
        long n = o->special
                     ? bpe_encode_special(t, r.bytes, r.n, 1, &o->special, &(bool){true}, ids)
                     : tokens_encode_part(t, cache, r.bytes, r.n, r.more, &used, ids);
        print_ids(n, ids);
    }
    free(ids);
    free(cache);
    close_reader(&r);
}

// The next number of a text of ids, with its line; false at the end.
static bool
next_id(FILE *file, const char *path, int *line, int *id)
{
    int c = getc(file);
    for (; isspace(c); c = getc(file))
        *line += c == '\n';
    if (c == EOF)
        return false;
    for (*id = 0; isdigit(c); c = getc(file)) {
        if (*id > TOKENS_MOST)
            break;
        *id = 10 * *id + c - '0';
    }
    if (c != EOF && !isspace(c))
        fail("%s:%d: expected numbers of tokens with blanks between", escape(path), *line);
    ungetc(c, file);
    return true;
}

static void
decode(const tokens *t, const bpe_tool_options *o)
{
    reader r = open_reader(o->decode);
    int line = 1, id;
    while (next_id(r.file, r.path, &line, &id)) {
        if (o->special && id == t->n) {
            fputs(o->special, stdout);
            continue;
        }
        if (id >= t->n || t->at[id] == t->at[id + 1])
            fail("%s:%d: %d is no token of %s, which has %d", escape(r.path), line, id,
                 escape(o->tokens), t->n);
        fwrite(t->bytes + t->at[id], 1, t->at[id + 1] - t->at[id], stdout);
    }
    if (ferror(r.file))
        fail("%s: cannot be read: %s", escape(r.path), strerror(errno));
    close_reader(&r);
}

// ---- Showing ----

// A token as a terminal may show it: what could move a cursor, and parts of characters, escaped.
static void
print_token(const unsigned char *s, long n)
{
    char text[n + 1];
    for (long at = 0, length; at < n; at += length) {
        int character;
        length = unicode_read(s + at, n - at, &character);
        bool whole = length > 0;
        length = whole ? length : 1;
        memcpy(text, s + at, length);
        text[length] = 0;
        if (*text)
            escape_print(stdout, text);
        else
            fputs("\\x00", stdout);
    }
}

static bool
is_chinese(int character)
{
    return character >= 0x4e00 && character <= 0x9fff;
}

// Adds the Chinese characters of a piece.
static long
count_chinese(const unsigned char *s, long n)
{
    long count = 0;
    for (long at = 0; at < n;) {
        int character, length = unicode_read(s + at, n - at, &character);
        count += length > 0 && is_chinese(character);
        at += length > 0 ? length : 1;
    }
    return count;
}

// Two backgrounds in turn on a terminal, else a bar between two tokens.
static void
show(const tokens *t, const bpe_tool_options *o)
{
    reader r = open_reader(o->show);
    for (long used = 0; r.more; used = 0)
        refill(&r, used);
    const unsigned char *s = (const unsigned char *)r.bytes;
    bool colour = isatty(STDOUT_FILENO);
    long all = 0, chinese = 0, their_tokens = 0;
    for (long at = 0, end; at < r.n; at = end) {
        end = pieces_end(s, r.n, at);
        int *ids = memory_zeroed(end - at, sizeof *ids, "ids");
        long n = tokens_encode(t, r.bytes + at, end - at, ids);
        for (long k = 0; k < n; k++, all++) {
            long from = t->at[ids[k]], to = t->at[ids[k] + 1];
            if (colour)
                fputs(all % 2 ? "\033[48;5;153m\033[38;5;16m" : "\033[48;5;223m\033[38;5;16m",
                      stdout);
            else if (all)
                putchar('|');
            print_token(t->bytes + from, to - from);
            if (colour)
                fputs("\033[0m", stdout);
            if (t->bytes[to - 1] == '\n')
                putchar('\n');
        }
        long here = count_chinese(s + at, end - at);
        chinese += here;
        their_tokens += here ? n : 0;
        free(ids);
    }
    printf("\n%ld bytes, %ld tokens: %.3f bytes a token", r.n, all, all ? (double)r.n / all : 0);
    if (chinese)
        printf("; pieces with Chinese: %.2f tokens a character", (double)their_tokens / chinese);
    putchar('\n');
    close_reader(&r);
}

// ---- Options ----

bool
bpe_tool_asked(const bpe_tool_options *o)
{
    return o->train || o->vocabulary || o->save || o->tokens || o->encode || o->decode || o->show ||
           o->special;
}

static void
check_options(const bpe_tool_options *o)
{
    int asked = !!o->train + !!o->encode + !!o->decode + !!o->show;
    if (asked != 1 && !(o->tokens && o->save && !asked))
        fail("one of --train, --encode, --decode, --show is expected, or --tokens with --save; %d "
             "are given",
             asked);
    if (o->train && !o->save)
        fail("--train %s: --save FILE is expected, for what it learns", escape(o->train));
    if (!o->train && !o->tokens)
        fail("--tokens FILE is expected: a rank file, or merges in a file that ends in .txt");
    if (!o->train && asked && o->save)
        fail("--save is for --train, or for --tokens alone, which writes the same vocabulary in "
             "the other form");
    if (!o->train && o->vocabulary)
        fail("--vocabulary is for --train");
    if (o->train && o->tokens)
        fail("--tokens is for --encode, --decode and --show, not for --train");
    struct stat old; // the new file takes the name of the old one: of a device or pipe it must not
    if (o->save && stat(o->save, &old) == 0 && !S_ISREG(old.st_mode))
        fail("--save %s: is no ordinary file; expected the name of one, or a free one",
             escape(o->save));
    if (o->special && (!(o->encode || o->decode) || !*o->special))
        fail("--special is the text of a special token, for --encode and --decode");
}

void
bpe_tool(const bpe_tool_options *o)
{
    check_options(o);
    if (o->train) {
        train(o);
        return;
    }
    tokens t = load(o->tokens);
    if (o->encode)
        encode(&t, o);
    else if (o->decode)
        decode(&t, o);
    else if (o->show)
        show(&t, o);
    else
        save(o->save, &t, o->tokens);
    tokens_free(&t);
}
