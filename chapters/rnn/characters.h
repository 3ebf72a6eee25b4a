// The model of characters: texts read in windows, the training, samples, and the reader's own text.
#ifndef RNN_CHARACTERS_H
#define RNN_CHARACTERS_H

#include "rnn/networks.h"

// A text as `streams` pieces of equal length, which are read side by side: symbols (streams, length).
typedef struct {
    int symbols, streams, length;
    int *text;
} corpus;

// A model of characters in training: what it is, what it reads, what came of it.
typedef struct {
    const char *id;
    rnn_kind kind;
    int H, K, steps, check; // K steps a window; the held-out loss every `check` windows
    float rate;
    uint32_t seed, stream;
    const corpus *learnt, *unseen;
    double *loss; // (steps / check) on the unseen text, in nats per symbol
    int parameters;
    int *sample; // (length)
    int length, first;
    bool report; // print the losses along the way, in bits
} character_training;

// Run i of the character_trainings at `context`, with the state carried over windows.
void train_characters(int i, void *context);

// Trains an LSTM on nine tenths of the file at path and tests it on the last tenth: prints what it
// writes, and bits per character.
void train_on_file(const char *path);

#endif
