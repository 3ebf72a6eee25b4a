// A finished vocabulary of tokens: strings of bytes with numbers, read from a file; a text as tokens, and back.
#ifndef TOKENS_H
#define TOKENS_H

#include <stddef.h>
#include <stdint.h>

enum { TOKENS_MOST = 1 << 22 }; // tokens of a vocabulary

// Token i has the bytes at[i] .. at[i + 1] - 1; a number that no token has is one without bytes. All 256 single bytes
// are tokens.
typedef struct {
    int n;
    long *at; // (n + 1)
    unsigned char *bytes;
    uint32_t mask; // size of the table of strings - 1
    int *slot;     // (mask + 1): id + 1, 0: free
} tokens;

// From n strings one behind the other. Two that are equal, or a byte that is missing, is an error; `name` stands in it.
tokens tokens_new(int n, const long *at, const unsigned char *bytes, const char *name);
void tokens_free(tokens *t);

// A rank file as tiktoken has them: a line for each token, its bytes in base64, a space, its number.
tokens tokens_parse(const char *bytes, size_t size, const char *name);
tokens tokens_read(const char *path); // of a file
void tokens_write(const char *path, const tokens *t);

// The number of the token with these n bytes, or -1.
int tokens_find(const tokens *t, const unsigned char *s, long n);

// A piece of n bytes as ids, at most n: as long as two neighbours together are a token whose number is below `limit`,
// the pair whose token has the lowest number becomes that token, the leftmost of several. Returns how many are left.
long tokens_encode_piece(const tokens *t, int limit, const unsigned char *s, long n, int *ids);

// Pieces that were encoded before, to be looked up; it takes no more memory than it begins with.
typedef struct tokens_cache tokens_cache;
tokens_cache *tokens_cache_new(void); // free() frees it

// A text as ids, at most n: a piece that is a token is that token, any other is what tokens_encode_piece makes of it.
// (In a vocabulary that training gave, every token's bytes encode to it: the first is the second, faster.) With `more`
// to come it stops before a piece whose end is not sure; *read is how much of it was encoded. Returns how many ids.
// cache: NULL for none.
long tokens_encode_part(const tokens *t, tokens_cache *cache, const char *text, long n, int more,
                        long *read, int *ids);

// A whole text.
long tokens_encode(const tokens *t, const char *text, long n, int *ids);

// A text as symbols to learn from: the tokens that occur in it, in the order of their numbers, are 0 .. symbols - 1.
typedef struct {
    int n, symbols;
    int *text; // (n)
    int *id;   // (symbols)
} tokens_text;

// Of at least `least` bytes, or it is an error with the name in it. Both arrays are to be freed.
tokens_text tokens_text_of(const tokens *t, const char *bytes, size_t size, const char *name,
                           int least);

// How many tokens a byte there are from place `from` of the text to `to`.
double tokens_per_byte(const tokens *t, const tokens_text *text, int from, int to);

// The *size bytes that n symbols of it stand for, and a zero byte behind them; to be freed.
char *tokens_spell(const tokens *t, const tokens_text *text, int n, const int *symbols, long *size);

// The number of bytes of n ids, written to out if it is not NULL. An id that is no token is an error.
long tokens_decode(const tokens *t, long n, const int *ids, unsigned char *out);

#endif
