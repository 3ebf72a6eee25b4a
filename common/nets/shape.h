// Shapes of arrays in C order.
#ifndef SHAPE_H
#define SHAPE_H

#include <stdbool.h>

enum { MAX_RANK = 6 };

typedef struct {
    int rank;        // 0 for a single number
    int n[MAX_RANK]; // sizes, the last axis is contiguous; 1 beyond rank
} shape;

// SHAPE(4, 16) is the shape (4, 16); SCALAR the shape of one number.
#define SHAPE(...) shape_make(sizeof((int[]){__VA_ARGS__}) / sizeof(int), (int[]){__VA_ARGS__})
#define SCALAR shape_make(0, NULL)

// A negative size, a rank above MAX_RANK or more than 2^40 values is an error.
shape shape_make(int rank, const int n[]);

bool shape_equal(shape a, shape b);

// How many values there are; the product of the sizes of axes from .. to - 1; the last axis' size.
long shape_size(shape s);
long shape_product(shape s, int from, int to);
int shape_last(shape s);

// As shape_text(s).s: "(4, 16)".
typedef struct {
    char s[80];
} shape_string;
shape_string shape_text(shape s);

#endif
