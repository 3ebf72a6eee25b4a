// Word vectors of the reader's own: build/word2vec/word2vec --text FILE, or --vectors FILE, and questions to them.
#ifndef WORD2VEC_TOOL_H
#define WORD2VEC_TOOL_H

// The options' values as they were given, NULL where they were not.
typedef struct {
    const char *text, *vectors;                // one of the two
    const char *near, *analogy;                // questions
    const char *cbow, *tree, *spaces, *tokens; // of a training
    const char *width, *window, *negatives, *epochs, *least, *words, *sample;
} word2vec_options;

// Trains or reads, writes vectors.txt and vectors.bin after a training, answers.
void word2vec_tool(const word2vec_options *o);

// What an option without --text or --vectors ends with.
void word2vec_refuse_options(const word2vec_options *o);

// The three words of an --analogy: NULL where they are not three. `text` is changed.
const char **word2vec_three_words(char *text, const char *word[3]);

#endif
