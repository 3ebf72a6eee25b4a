// Arrays as idx files, the format of MNIST: two zero bytes, 8 for unsigned bytes, the number of axes, the sizes as
// big-endian words, then the values.
#ifndef IDX_H
#define IDX_H

#include <stddef.h>

enum { IDX_RANK = 4 };

typedef struct {
    int rank, n[IDX_RANK]; // 1 beyond rank
    long size;             // the number of values
    unsigned char *values; // in C order; idx_free frees them
} idx;

// From `size` bytes; `name` stands in error messages. Anything but one whole array of unsigned bytes is an error.
idx idx_parse(const char *bytes, size_t size, const char *name);
idx idx_read(const char *path); // of a file
void idx_free(idx *a);

#endif
