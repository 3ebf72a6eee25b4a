#include "word2vec/vectors.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WIDEST = 100000, WORD_BYTES = 4096 };

void
word2vec_write_text(const char *path, int V, int d, char *const *word, const float *x)
{
    FILE *file = file_create(path);
    fprintf(file, "%d %d\n", V, d);
    for (long w = 0; w < V; w++) {
        fprintf(file, "%s", word[w]);
        for (int e = 0; e < d; e++)
            fprintf(file, " %.6g", x[w * d + e]);
        fputc('\n', file);
    }
    file_commit(file, path);
}

void
word2vec_write_binary(const char *path, int V, int d, char *const *word, const float *x)
{
    FILE *file = file_create(path);
    fprintf(file, "%d %d\n", V, d);
    for (long w = 0; w < V; w++) {
        fprintf(file, "%s ", word[w]);
        for (int e = 0; e < d; e++) {
            uint32_t bits;
            memcpy(&bits, &x[w * d + e], sizeof bits);
            for (int b = 0; b < 32; b += 8)
                fputc((int)(bits >> b & 0xff), file);
        }
        fputc('\n', file);
    }
    file_commit(file, path);
}

// ---- Reading ----

// Ends with the message; what was made until then is given back.
static _Noreturn void refuse(word2vec_vectors *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static _Noreturn void
refuse(word2vec_vectors *v, const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    free(v->word);
    free(v->x);
    fail("%s", message);
}

typedef struct {
    char *at, *end;
    const char *name;
    long line;
} place;

// A whole number from 1 to most at *at, followed by `behind`; 0 if there is none.
static long
whole_number(char **at, char behind, long most)
{
    long n = 0;
    char *c = *at;
    while (*c >= '0' && *c <= '9' && n <= most)
        n = 10 * n + (*c++ - '0');
    if (c == *at || n < 1 || n > most || *c != behind)
        return 0;
    *at = c + 1;
    return n;
}

// How many fields the line at `at` has, blanks between.
static long
fields_of(const char *at, const char *end)
{
    long n = 0;
    bool inside = false;
    for (; at < end && *at != '\n'; at++) {
        bool blank = *at == ' ' || *at == '\t' || *at == '\r';
        n += !blank && !inside;
        inside = !blank;
    }
    return n;
}

// Whether the line at `at` is a word and d numbers.
static bool
is_text_row(char *at, const char *end, int d)
{
    const char *newline = memchr(at, '\n', end - at);
    const char *stop = newline ? newline : end;
    char *blank = memchr(at, ' ', stop - at);
    if (!blank || fields_of(at, stop) != d + 1)
        return false;
    for (char *c = blank; c < stop;) {
        char *behind;
        strtod(c, &behind);
        if (behind == c)
            return strspn(c, " \t\r") >= (size_t)(stop - c);
        c = behind;
    }
    return true;
}

// A word up to the next blank, where a zero byte ends it.
static char *
read_word(place *p)
{
    char *word = p->at;
    while (p->at < p->end && *p->at != ' ' && *p->at != '\t' && *p->at != '\n' && *p->at)
        p->at++;
    if (p->at == word || p->at == p->end || (*p->at != ' ' && *p->at != '\t') ||
        p->at - word > WORD_BYTES)
        return NULL;
    *p->at++ = 0;
    return word;
}

static void
read_text_row(place *p, word2vec_vectors *v, long w)
{
    const char *newline = memchr(p->at, '\n', p->end - p->at);
    const char *stop = newline ? newline : p->end;
    long fields = fields_of(p->at, stop);
    if (fields != v->d + 1L)
        refuse(v, "%s:%ld: %ld fields, expected a word and %d numbers", escape(p->name), p->line,
               fields, v->d);
    v->word[w] = read_word(p);
    if (!v->word[w])
        refuse(v, "%s:%ld: begins with no word, expected a word and %d numbers", escape(p->name),
               p->line, v->d);
    for (int e = 0; e < v->d; e++) {
        char *behind;
        float x = strtof(p->at, &behind);
        if (behind == p->at || behind > stop || !isfinite(x))
            refuse(v, "%s:%ld: number %d of %s is none", escape(p->name), p->line, e + 1,
                   escape(v->word[w]));
        v->x[w * v->d + e] = x;
        p->at = behind;
    }
    if (p->at < stop && strspn(p->at, " \t\r") < (size_t)(stop - p->at))
        refuse(v, "%s:%ld: number %d of %s is none", escape(p->name), p->line, v->d,
               escape(v->word[w]));
    p->at = (char *)stop + (newline != NULL);
    p->line++;
}

static void
read_binary_row(place *p, word2vec_vectors *v, long w)
{
    // some writers end a vector with a newline, some do not
    while (p->at < p->end && *p->at == '\n')
        p->at++;
    v->word[w] = read_word(p);
    if (!v->word[w])
        refuse(v, "%s: word %ld of %d is cut off or none", escape(p->name), w + 1, v->V);
    if ((p->end - p->at) / 4 < v->d)
        refuse(v, "%s: the vector of word %ld of %d, %s, is cut off", escape(p->name), w + 1, v->V,
               escape(v->word[w]));
    for (int e = 0; e < v->d; e++, p->at += 4) {
        const unsigned char *b = (const unsigned char *)p->at;
        uint32_t bits = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        memcpy(&v->x[w * v->d + e], &bits, sizeof bits);
        if (!isfinite(v->x[w * v->d + e]))
            refuse(v, "%s: number %d of word %ld, %s, is not finite", escape(p->name), e + 1, w + 1,
                   escape(v->word[w]));
    }
}

// Reads "V d\n"; where there is none but a row of numbers, as GloVe writes it, counts the lines.
static void
read_first_line(place *p, word2vec_vectors *v)
{
    char *at = p->at;
    long V = whole_number(&at, ' ', INT_MAX), d = V ? whole_number(&at, '\n', WIDEST) : 0;
    if (d) {
        p->at = at;
        p->line = 2;
    } else {
        d = fields_of(p->at, p->end) - 1;
        if (d < 1 || d > WIDEST || !is_text_row(p->at, p->end, (int)d))
            refuse(
                v,
                "%s:1: expected the number of words and that of a vector's numbers, \"V d\", or a "
                "word and its numbers",
                escape(p->name));
        V = 0;
        for (const char *c = p->at; c && c < p->end;
             c = memchr(c, '\n', p->end - c), c = c ? c + 1 : c)
            V++;
    }
    // a word has two bytes or more for each number: what is announced must be there
    if (V > (p->end - p->at) / (2 * d))
        refuse(
            v,
            "%s: %ld words with %ld numbers each are announced, and the file has no room for them",
            escape(p->name), V, d);
    v->V = (int)V;
    v->d = (int)d;
}

word2vec_vectors
word2vec_vectors_parse(char *bytes, size_t size, const char *name)
{
    word2vec_vectors v = {.bytes = bytes};
    place p = {bytes, bytes + size, name, 1};
    read_first_line(&p, &v);
    bool text = is_text_row(p.at, p.end, v.d);
    v.word = memory_zeroed(v.V, sizeof *v.word, "words");
    v.x = memory_zeroed((long)v.V * v.d, sizeof *v.x, "vectors");
    for (long w = 0; w < v.V; w++) {
        if (text && p.at >= p.end)
            refuse(&v, "%s:%ld: ends after %ld words, %d are announced", escape(name), p.line, w,
                   v.V);
        (text ? read_text_row : read_binary_row)(&p, &v, w);
    }
    if (strspn(p.at, " \t\r\n") < (size_t)(p.end - p.at))
        refuse(&v, "%s: goes on after %d words, as many as are announced", escape(name), v.V);
    return v;
}

word2vec_vectors
word2vec_vectors_read(const char *path)
{
    size_t size;
    char *bytes = file_read(path, &size);
    return word2vec_vectors_parse(bytes, size, path);
}

void
word2vec_vectors_free(word2vec_vectors *v)
{
    free(v->word);
    free(v->x);
    free(v->bytes);
}
