// The weights of the language model on the reader's own text, as a file.
#ifndef TRANSFORMER_WEIGHTS_H
#define TRANSFORMER_WEIGHTS_H

#include "transformer/transformer.h"

#include <stddef.h>

// What a file says of its model: a decoder alone with pre-norm, GELU and learnt positions.
typedef struct {
    int V, D, h, F, layers, T; // T: positions
    unsigned char byte[256];   // of the symbols 0..V-1
} transformer_weights;

// A new model of these sizes. Its parameters are all that this thread has.
transformer transformer_weights_model(const transformer_weights *w, rng *random);

// Writes the model: a line of text, the sizes, the bytes, every parameter, a checksum.
void transformer_weights_write(const char *path, const transformer_weights *w);

// Reads `size` bytes at `bytes`; *values is where the parameters begin. `name` stands in messages. Anything but a
// whole, undamaged file is an error.
transformer_weights transformer_weights_parse(const char *bytes, size_t size, const char *name,
                                              const char **values);

// Copies the values into the parameters of transformer_weights_model.
void transformer_weights_use(const char *values);

#endif
