// Training on a text that is read again and again from its file, in bounded memory; one thread, the same bits always.
#ifndef WORD2VEC_TRAIN_H
#define WORD2VEC_TRAIN_H

#include "word2vec/word2vec.h"
#include "word2vec/words.h"

#include <stdbool.h>

typedef struct {
    int d, L, k, epochs;
    bool cbow, tree; // else skip-gram, negative sampling
    double sample;   // the threshold of subsampling, by the programs' rule; 0: none
    float rate;      // falls to a ten-thousandth of it
    uint32_t seed;
} word2vec_setting;

typedef struct {
    word2vec_setting set;
    word2vec m;
    const word2vec_vocabulary *words;
    float *keep; // (V)
    word2vec_alias noise;
    int *way, *row, *label; // of a tree: word c has the places way[c] .. way[c + 1] - 1
    rng r;
    double loss; // of some of the pairs, and how many these are
    long losses, pairs;
} word2vec_trainer;

// New vectors: the inputs uniform within 1/2d, the outputs 0.
word2vec_trainer word2vec_trainer_new(const word2vec_setting *set,
                                      const word2vec_vocabulary *words);
void word2vec_trainer_free(word2vec_trainer *t);

// The words that subsampling leaves of a sentence, in place; how many they are.
int word2vec_thin(word2vec_trainer *t, int T, int *text);

// Learns from all windows of a sentence.
void word2vec_train_sentence(word2vec_trainer *t, int T, const int *text, float rate);

// The file at path, `epochs` times, each time telling `progress` the bytes behind it; the vocabulary is that of the
// file, split in the same way; own: NULL, or in these tokens.
void word2vec_train_file(word2vec_trainer *t, const char *path, word2vec_split split,
                         const tokens *own, void progress(long bytes));

// Counts the words of the file at path; least, most: as word2vec_vocabulary_sort.
word2vec_vocabulary word2vec_count_file(const char *path, word2vec_split split, const tokens *own,
                                        double least, int most, void progress(long bytes));

#endif
