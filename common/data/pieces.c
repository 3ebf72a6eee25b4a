#include "data/pieces.h"

#include "data/unicode.h"

#include <string.h>

// The class of the character at `at`, and its length; of ASCII, where most texts are, without a search.
static inline unicode_class
class_at(const unsigned char *text, long n, long at, int *length)
{
    int c = text[at];
    if (c >= 0x80)
        return unicode_next(text + at, n - at, length);
    *length = 1;
    if ((unsigned)(c | 0x20) - 'a' < 26)
        return UNICODE_LETTER;
    if ((unsigned)c - '0' < 10)
        return UNICODE_NUMBER;
    return c == ' ' || (unsigned)c - '\t' < 5 ? UNICODE_SPACE : UNICODE_OTHER;
}

// Where the run of characters of this class ends; *last is where its last character begins.
static long
run_end(const unsigned char *text, long n, long at, unicode_class class, long *last)
{
    int length;
    while (at < n && class_at(text, n, at, &length) == class) {
        *last = at;
        at += length;
    }
    return at;
}

// The length of the English ending at s, or 0: 's 't 'm 'd 're 've 'll, in lower case only.
static int
contraction(const unsigned char *s, long n)
{
    if (n < 2 || s[0] != '\'')
        return 0;
    if (memchr("stmd", s[1], 4))
        return 2;
    if (n < 3)
        return 0;
    return memcmp(s + 1, "re", 2) == 0 || memcmp(s + 1, "ve", 2) == 0 || memcmp(s + 1, "ll", 2) == 0
               ? 3
               : 0;
}

long
pieces_end(const unsigned char *text, long n, long at)
{
    int length = contraction(text + at, n - at);
    if (length)
        return at + length;
    unicode_class class = class_at(text, n, at, &length);
    long last = at;
    // One space joins the run that follows it.
    if (text[at] == ' ' && at + 1 < n) {
        unicode_class next = class_at(text, n, at + 1, &length);
        if (next != UNICODE_SPACE)
            return run_end(text, n, at + 1, next, &last);
    }
    long end = run_end(text, n, at, class, &last);
    // A run of spaces before something else gives back its last one.
    return class == UNICODE_SPACE && end < n && last > at ? last : end;
}
