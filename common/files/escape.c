#include "files/escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 200, TEXTS = 8 };

// How many bytes the UTF-8 character at u takes; 0: it is none, or one that is not printed as it is.
static int
character(const unsigned char *u)
{
    int more = *u < 0x80 ? 0 : *u >= 0xc2 && *u < 0xe0 ? 1 : *u >= 0xe0 && *u < 0xf0 ? 2 : 3;
    if (*u < 0x20 || *u == 0x7f || (*u >= 0x80 && *u < 0xc2) || *u > 0xf4)
        return 0;
    for (int i = 1; i <= more; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    bool control = *u == 0xc2 && u[1] < 0xa0;
    bool overlong = (*u == 0xe0 && u[1] < 0xa0) || (*u == 0xf0 && u[1] < 0x90);
    bool surrogate = *u == 0xed && u[1] >= 0xa0, beyond = *u == 0xf4 && u[1] >= 0x90;
    // Marks of direction and the byte-order mark change how the rest is shown.
    bool hidden = more == 2 && *u == 0xe2 &&
                  ((u[1] == 0x80 && u[2] >= 0x8b && u[2] <= 0x8f) ||
                   (u[1] == 0x80 && u[2] >= 0xa8 && u[2] <= 0xae) ||
                   (u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9));
    hidden |= *u == 0xef && u[1] == 0xbb && u[2] == 0xbf;
    return control || overlong || surrogate || beyond || hidden ? 0 : more + 1;
}

// Writes what is shown of the first character of *text and moves *text behind it; returns its length.
static size_t
next_shown(const unsigned char **text, char one[8])
{
    const unsigned char *u = *text;
    int bytes = character(u);
    if (bytes)
        snprintf(one, 8, "%.*s", bytes, (const char *)u);
    else
        snprintf(one, 8, *u == '\n' ? "\\n" : *u == '\t' ? "\\t" : "\\x%02x", *u);
    *text += bytes ? bytes : 1;
    return strlen(one);
}

const char *
escape(const char *text)
{
    static _Thread_local char texts[TEXTS][SHOWN + 4];
    static _Thread_local int next;
    char *to = texts[next = (next + 1) % TEXTS], one[8];
    size_t used = 0;
    for (const unsigned char *u = (const unsigned char *)text; *u;) {
        size_t length = next_shown(&u, one);
        if (length > SHOWN - used) {
            memcpy(to + used, "...", 4);
            return to;
        }
        memcpy(to + used, one, length);
        used += length;
    }
    to[used] = 0;
    return to;
}

void
escape_print(FILE *file, const char *text)
{
    char one[8];
    for (const unsigned char *u = (const unsigned char *)text; *u;) {
        next_shown(&u, one);
        fputs(one, file);
    }
}

void
escape_print_lines(FILE *file, const char *text, long n)
{
    char one[8];
    for (const unsigned char *u = (const unsigned char *)text, *end = u + n; u < end;) {
        if (*u == '\n') {
            fputc(*u++, file);
            continue;
        }
        next_shown(&u, one);
        fputs(one, file);
    }
}
