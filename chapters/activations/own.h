// The reader's own stack of layers: what the maps predict of it, layer by layer, and what random nets of its width do.
#ifndef ACTIVATIONS_OWN_H
#define ACTIVATIONS_OWN_H

#include "activations/maps.h"

// The options as given, NULL where they are not.
typedef struct {
    const char *activation, *gain, *bias, *width, *depth;
} activations_own_options;

// What they say. An unknown activation, or a number that is none or out of range, is an error.
typedef struct {
    activations_layer layer;
    int width, depth;
} activations_own_stack;
activations_own_stack activations_own_read(const activations_own_options *o);

// The first layer with less than a hundredth of the mean square 1 of layer 0, with more than a hundred times it, and
// with less than a hundredth of the inputs' first 1 - c; -1: none yet.
typedef struct {
    int faint, loud, alike;
} activations_own_marks;
void activations_own_mark(activations_own_marks *m, int layer, double q, double first_c, double c);

// Prints the table of layers, and at which of them one hundredth of the signal or of the difference of two inputs is
// left; writes own.tsv.
void activations_own(const activations_own_options *o);

#endif
