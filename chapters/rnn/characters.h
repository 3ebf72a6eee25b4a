// The model of characters: texts that are read in windows, the training with its validation, samples.
#ifndef RNN_CHARACTERS_H
#define RNN_CHARACTERS_H

#include "frame/training.h"
#include "rnn/model.h"

// A text as `streams` pieces of equal length, which are read side by side: symbols (streams, length).
typedef struct {
    int symbols, streams, length;
    int *text;
} rnn_corpus;

// A model of characters in training: what it is, what it reads, what came of it.
typedef struct {
    training training; // a step is a window
    rnn_kind kind;
    int H, K;     // units, steps of time in a window
    int interval; // windows between two validations
    float rate;
    uint32_t seed, stream; // of its random numbers
    const rnn_corpus *training_set, *validation_set;
    double *validation_loss; // (steps / interval) in nats per symbol
    int parameters;
    int *sample;                // (length) what it writes at the end
    int length, first;          // first: the symbol before the sample
    bool report;                // print the losses along the way, in bits
    double symbols_per_byte[2]; // for that: of the training set and of the validation set
} rnn_character_training;

// Run i of all, rnn_character_trainings, with the state carried over windows.
void rnn_train_characters(int i, void *all);

// The loss of the last validation.
double rnn_last_validation(const rnn_character_training *run);

#endif
