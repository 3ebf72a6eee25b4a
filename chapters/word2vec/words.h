// A text as words, whatever its size: a file is read in blocks, and what is kept is the words that it has.
#ifndef WORD2VEC_WORDS_H
#define WORD2VEC_WORDS_H

#include "data/tokens.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { WORD2VEC_WORD = 100 }; // bytes of a word, its end included; a longer one is cut

// How a text is split: into runs of letters, in lower case, where each Chinese character is a word; or at blanks, as
// it stands.
typedef enum { WORD2VEC_LETTERS, WORD2VEC_SPACES } word2vec_split;

// The next word of the bytes at *at up to `end`, which is copied to `word`; *at moves behind it. Returns false where
// none is left. An empty line comes as the word "", the end of a paragraph. `line` counts the lines that end. Bytes
// that are no UTF-8, and 0, are an error that names `name` and the line.
bool word2vec_next_word(const char **at, const char *end, word2vec_split split, const char *name,
                        long *line, char word[WORD2VEC_WORD]);

// ---- A file in blocks ----

// A text as words, or, with a vocabulary of tokens, as these, whose bytes are then written as GPT-2 does: a blank as
// U+0120, so that no word has one.
typedef struct {
    FILE *file;
    const char *name;
    word2vec_split split;
    const tokens *tokens; // NULL: words
    tokens_cache *cache;
    int *id; // (size): tokens that were encoded and not yet read, from next_id to ids
    long next_id, ids;
    char *block;      // (size + 1)
    const char *next; // what is not yet read of it
    size_t size, filled;
    bool ended;
    long line, bytes; // lines and bytes behind us
} word2vec_reader;

word2vec_reader word2vec_reader_open(const char *path, word2vec_split split, const tokens *t);
bool word2vec_read_word(word2vec_reader *r, char word[WORD2VEC_WORD]);
void word2vec_reader_close(word2vec_reader *r);

// The bytes of a token as a word; one that has no room ends with its number.
void word2vec_token_word(const tokens *t, int id, char word[WORD2VEC_WORD]);

// ---- The vocabulary ----

// Words and how often they come, found by a hash table with open addressing.
typedef struct {
    int n, size; // words; cells, a power of two
    int *cell;   // (size) 1 + the word's number, 0: empty
    char **word; // (n)
    double *count;
    double total; // of all words of the text, also of those that are not kept
    int pruned;   // words that came so often or less were dropped when there was no room
} word2vec_vocabulary;

// Where there are more than `most` different words, the rarest are dropped until there is room again: the counts of
// rare words are then too small. Memory is bounded by `most`.
word2vec_vocabulary word2vec_vocabulary_new(void);
void word2vec_vocabulary_add(word2vec_vocabulary *v, const char *word, double times, int most);

// Keeps the words that come `least` times or more, at most `most`, in falling order of their counts (equal ones in
// the order of their bytes).
void word2vec_vocabulary_sort(word2vec_vocabulary *v, double least, int most);
int word2vec_vocabulary_find(const word2vec_vocabulary *v, const char *word); // -1: not there
void word2vec_vocabulary_free(word2vec_vocabulary *v);

#endif
