// The weights of the reader's language model as a file.
#ifndef TRANSFORMER_WEIGHTS_H
#define TRANSFORMER_WEIGHTS_H

#include "transformer/transformer.h"

#include <stddef.h>

// What a file says of its model: a decoder alone with pre-norm, GELU and learnt positions.
typedef struct {
    int V, D, h, F, layers, T; // T: positions
    unsigned char byte[256];   // of the symbols 0..V-1
} weights_model;

// A new model of these sizes. Its parameters are all that this thread has.
transformer weights_new(const weights_model *w, rng *random);

// Writes the model: a line of text, the sizes, the bytes, every parameter, a checksum.
void weights_write(const char *path, const weights_model *w);

// Reads `size` bytes at `bytes`; *values is where the parameters begin. `name` stands in messages. Anything but a
// whole, undamaged file is an error.
weights_model weights_parse(const char *bytes, size_t size, const char *name, const char **values);

// Copies the values into the parameters of weights_new.
void weights_use(const char *values);

#endif
