// Bytes of the reader's files, as a terminal or a table may show them.
#ifndef ESCAPE_H
#define ESCAPE_H

#include <stdio.h>

// The text with every byte that could move a cursor, break a line or hide, as \n, \t or \x1b: control
// characters, 0x7f, and what is not UTF-8 or one of its control characters (C1). Up to 200 bytes, then "...".
// Valid until this thread's eighth call after it, so that one message may show several.
const char *escape(const char *text);

// Prints all of the text in this way.
void escape_print(FILE *file, const char *text);

// Prints n bytes in this way, with their line breaks as they are; a zero byte stands behind them.
void escape_print_lines(FILE *file, const char *text, long n);

#endif
