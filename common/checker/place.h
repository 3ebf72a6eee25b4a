// Where the error is: of every step of every tensor that deviates, whether what it is computed from is right.
#ifndef PLACE_H
#define PLACE_H

#include "checker/reference.h"

typedef enum {
    PLACE_NOT_GIVEN,
    PLACE_AGREES,
    PLACE_CONSEQUENCE, // something that it is computed from deviates
    PLACE_OPEN,        // nothing that it is computed from deviates, but not all of that was given
    PLACE_CAUSE        // all that it is computed from was given, or is an input, and agrees
} place_kind;

typedef struct {
    const reference *r;
    long *base; // where in kinds an entry's steps begin
    place_kind *kinds;
    struct place_source **sources; // of each entry
    int *n_sources;
    struct place_walk *walk; // room for one
} place_map;

// Holds every step against what it is computed from, through tensors that were not given to their own sources.
// Frees with place_free.
place_map place_find(const reference *r);
void place_free(place_map *m);

// A step of a tensor; row -1: there is none.
typedef struct {
    int row, step;
} place;

// The first cause in the order of computation, or else the first open one: tensors that run forward by their
// steps, those that run backward from the last step on, the others, and equal steps, in the order of the manifest.
place place_first(const place_map *m);
place place_first_of(const place_map *m, int row); // of one tensor

// The strongest of a tensor's steps.
place_kind place_of_tensor(const place_map *m, int row);
place_kind place_of_step(const place_map *m, place at);

// The tensors that a step is computed from and that were not given, the nearest first, the direct ones from the
// last of the manifest on; `missing` has room for all of the case. Returns their number.
int place_missing(const place_map *m, place at, int *missing);

// Whether it is computed from inputs alone.
bool place_from_inputs(const place_map *m, place at);

#endif
