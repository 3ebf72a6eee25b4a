#include "many_machines/stream.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/memory.h"
#include "files/standard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 16 }; // bytes that are read at once

// ---- Reading and writing ----

// A line without its end; of two buffers one keeps the line before.
typedef struct {
    FILE *in;
    const char *name;
    long number; // of the line, from 1
    int now;
    char *line[2];
    size_t room[2];
} lines;

static bool
next_line(lines *l, many_machines_bytes *line)
{
    l->now = !l->now;
    errno = 0;
    ssize_t n = getline(&l->line[l->now], &l->room[l->now], l->in);
    if (n < 0 && (ferror(l->in) || errno == ENOMEM))
        fail("%s:%ld: cannot be read: %s", l->name, l->number + 1, strerror(errno));
    if (n < 0)
        return false;
    l->number++;
    char *text = l->line[l->now];
    *line = (many_machines_bytes){text, n - (text[n - 1] == '\n')};
    return true;
}

static void
lines_free(lines *l)
{
    free(l->line[0]);
    free(l->line[1]);
}

static void
check_written(FILE *out)
{
    if (ferror_unlocked(out))
        fail("the output cannot be written: %s", strerror(errno));
}

// The digits of x with a tab before and the end of the line behind, to `at`; how many bytes.
static int
write_count(char at[24], int64_t x)
{
    char digits[24];
    int n = sizeof digits, length = 0;
    uint64_t rest = x < 0 ? -(uint64_t)x : (uint64_t)x;
    digits[--n] = '\n';
    do
        digits[--n] = (char)('0' + rest % 10);
    while (rest /= 10);
    at[length++] = '\t';
    if (x < 0)
        at[length++] = '-';
    memcpy(at + length, digits + n, sizeof digits - n);
    return length + (int)sizeof digits - n;
}

static void
print_record(void *to, many_machines_bytes key, int64_t value)
{
    enum { SHORT = 200 };
    char line[SHORT + 24];
    long n = key.n <= SHORT ? key.n : 0;
    memcpy(line, key.at, n);
    if (key.n > SHORT)
        fwrite_unlocked(key.at, 1, key.n, to);
    fwrite_unlocked(line, 1, n + write_count(line + n, value), to);
    check_written(to);
}

// The record of a line "key TAB count".
static void
parse_record(const lines *l, many_machines_bytes line, many_machines_bytes *key, int64_t *count)
{
    const char *tab = line.n > 0 ? memchr(line.at, '\t', line.n) : NULL;
    if (!tab)
        fail("%s:%ld: expected a key, a tab and a count", l->name, l->number);
    *key = (many_machines_bytes){line.at, tab - line.at};
    const char *at = tab + 1, *end = line.at + line.n;
    bool negative = at < end && *at == '-';
    at += negative;
    bool bad = at == end;
    for (*count = 0; at < end && !bad; at++)
        bad = *at < '0' || *at > '9' || __builtin_mul_overflow(*count, 10, count) ||
              __builtin_add_overflow(*count, *at - '0', count);
    if (bad) {
        char shown[64] = "";
        long n = end - tab - 1;
        memcpy(shown, tab + 1, n < 40 ? n : 40);
        fail("%s:%ld: the count '%s' is no whole number of 64 bits", l->name, l->number,
             escape(shown));
    }
    *count = negative ? -*count : *count;
}

// ---- The programs ----

void
many_machines_stream_words(FILE *in, const char *name, FILE *out)
{
    long n = 0, room = 0;
    char *text = NULL;
    bool more = true;
    while (more) {
        long want = n > BLOCK ? n : BLOCK; // a long word makes the block grow
        if (room - n < want) {
            room = n + want;
            char *grown = realloc(text, room);
            if (!grown)
                fail("%s: no memory for a word of more than %ld bytes", name, n);
            text = grown;
        }
        long got = (long)fread(text + n, 1, want, in);
        if (ferror(in))
            fail("%s: cannot be read: %s", name, strerror(errno));
        n += got;
        more = got == want;
        long done = many_machines_map_words(text, n, more, (many_machines_sink){print_record, out});
        memmove(text, text + done, n - done);
        n -= done;
    }
    free(text);
}

void
many_machines_stream_pairs(FILE *in, const char *name, FILE *out)
{
    lines l = {.in = in, .name = name};
    many_machines_bytes line, word;
    int64_t count;
    while (next_line(&l, &line)) {
        parse_record(&l, line, &word, &count);
        many_machines_map_pairs(word, count, (many_machines_sink){print_record, out});
    }
    lines_free(&l);
}

// Whether `key` may come behind `before` in input that is sorted by bytes: as keys, or as lines, where TAB stands
// behind the shorter.
static bool
in_order(many_machines_bytes before, many_machines_bytes key)
{
    if (many_machines_order(before, key) <= 0)
        return true;
    bool beginning = key.n < before.n && (key.n == 0 || memcmp(before.at, key.at, key.n) == 0);
    return beginning && (unsigned char)before.at[key.n] < '\t';
}

void
many_machines_stream_reduce(FILE *in, const char *name, FILE *out)
{
    lines l = {.in = in, .name = name};
    many_machines_bytes line, key;
    int64_t count;
    many_machines_run run = {0};
    many_machines_sink print = {print_record, out};
    while (next_line(&l, &line)) {
        parse_record(&l, line, &key, &count);
        if (run.open && !in_order(run.key, key))
            fail("%s:%ld: a key that stands before the one above it in the order of bytes; "
                 "expected sorted lines, as LC_ALL=C sort gives them",
                 name, l.number);
        many_machines_reduce(&run, key, count, print);
    }
    many_machines_reduce_end(&run, print);
    lines_free(&l);
}

static void
print_row(void *to, int n, const many_machines_bytes *field)
{
    for (int k = 0; k < n; k++) {
        if (k > 0)
            fputc(MANY_MACHINES_COLUMN, to);
        fwrite(field[k].at, 1, field[k].n, to);
    }
    fputc('\n', to);
    check_written(to);
}

void
many_machines_stream_rows(const many_machines_view *v, FILE *in, const char *name, FILE *out)
{
    lines l = {.in = in, .name = name};
    many_machines_bytes row;
    while (next_line(&l, &row))
        if (!many_machines_explode(v, row, (many_machines_rows){print_row, out}))
            fail("%s:%ld: the row has fewer than %d columns, with \\001 between two", name,
                 l.number, v->column + 1);
    lines_free(&l);
}

int
many_machines_filter(int argc, char **argv, const char *help,
                     void (*work)(FILE *in, const char *name, FILE *out))
{
    standard_begin();
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        fputs(help, stdout);
    else if (argc > 1)
        fail("%s: it reads stdin and has no options but --help", argv[1]);
    else {
        // A pipe's own blocks are 4 KB: every one would wake the program behind it.
        setvbuf(stdin, NULL, _IOFBF, BLOCK);
        setvbuf(stdout, NULL, _IOFBF, BLOCK);
        work(stdin, "stdin", stdout);
    }
    return standard_end(0);
}
