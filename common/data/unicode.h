// The classes of characters that tokenizers tell apart, and characters in UTF-8.
#ifndef UNICODE_H
#define UNICODE_H

// Letters are Unicode's general category L, numbers N; spaces are those of White_Space.
typedef enum { UNICODE_OTHER, UNICODE_LETTER, UNICODE_NUMBER, UNICODE_SPACE } unicode_class;

unicode_class unicode_class_of(int character);

// How many of the n > 0 bytes at s are a whole character, which *character is then; or, where they begin none, minus
// the number of bytes that cannot be completed (1 to 3, what one U+FFFD stands for), or 0: what is there is
// a beginning that more bytes may complete.
int unicode_read(const unsigned char *s, long n, int *character);

// The class of what stands at s, and its length in bytes in *length; a byte that belongs to no character is
// UNICODE_OTHER, and so is each of an unfinished one.
unicode_class unicode_next(const unsigned char *s, long n, int *length);

#endif
