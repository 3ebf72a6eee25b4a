// A reference case as it was read from its folder (FORMAT.md), with what the reader gave of it.
#ifndef REFERENCE_H
#define REFERENCE_H

#include "files/file.h"
#include "files/npy.h"
#include "files/table.h"

#include <stdbool.h>

// One row of the manifest with the values on both sides.
typedef struct {
    const char *role, *name, *file, *shape, *from, *about;
    bool input;
    int axis, direction; // of time: direction 1 forward, -1 backward, 0 no time
    int steps;           // the length of that axis; 1 without time
    double tolerance;    // as the manifest has it
    npy ours;
    double *mine; // NULL: not given
    double apart; // how far apart values may be: the tolerance, or more for single
    bool single;  // mine are float32 results where ours are float64
} entry;

typedef struct {
    const char *folder;
    int n;
    entry *all;
    char *paths[2];             // of the two tables
    table_data about, manifest; // what the entries' texts point into
} reference;

// Reads a whole case; `folder` must last as long. A folder that is none, or whose format is another, is an error.
reference reference_read(const char *folder);
void reference_free(reference *r);

// Reads the tensors of the case that the folder has, and returns their number.
int reference_take(reference *r, const char *folder);

// Whether a value of the reader's agrees with ours; one of ours that is NaN does not count and always does.
bool reference_agrees(const entry *e, long i);

// The step in which value i stands; 0 without time.
int reference_step(const entry *e, long i);

// The largest finite |value| of n.
double reference_largest(long n, const double *values);

// The index in r->all of the tensor of `length` bytes of `name`, or -1.
int reference_find(const reference *r, const char *name, size_t length);

// The values of file `name` in the case's folder, which must be `size` in number; `shape` is for the message.
npy reference_array(const reference *r, const char *name, long size, const char *shape);

// A table of the case; a file that is too long, or no plain file, is an error.
table_data reference_table(const char *path);

// The text of a row's column.
const char *reference_cell(const table_data *t, int row, const char *column);

#endif
