// Vectors in files: word2vec's text and binary formats, and GloVe's text, which has no first line.
//
// text:    "V d\n", then a line a word: the word, and d numbers, blanks between.
// binary:  "V d\n", then for each word: the word, a blank, d floats (little-endian), "\n".
#ifndef WORD2VEC_VECTORS_H
#define WORD2VEC_VECTORS_H

#include <stddef.h>

typedef struct {
    int V, d;
    char **word; // (V), in `bytes`
    float *x;    // (V, d)
    char *bytes;
} word2vec_vectors;

void word2vec_write_text(const char *path, int V, int d, char *const *word, const float *x);
void word2vec_write_binary(const char *path, int V, int d, char *const *word, const float *x);

// From `size` bytes, which become the result's; bytes[size] is 0. Which of the formats it is shows in the first lines.
// Anything else is an error that names the line, or in a binary file the word.
word2vec_vectors word2vec_vectors_parse(char *bytes, size_t size, const char *name);
word2vec_vectors word2vec_vectors_read(const char *path);
void word2vec_vectors_free(word2vec_vectors *v);

#endif
