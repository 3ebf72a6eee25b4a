// Arrays as .npy files, NumPy's own format (numpy.lib.format, version 1.0): one array a file.
#ifndef NPY_H
#define NPY_H

#include <stddef.h>

enum { NPY_RANK = 8 };

typedef enum { NPY_F4, NPY_F8, NPY_I4 } npy_type; // float, double, int32_t, little-endian

// Writes `data` of the given type and shape n[0..rank-1], C order; NaN is written without sign and payload.
void npy_write(const char *path, npy_type type, int rank, const int n[], const void *data);

// An array as it was read: any of f2, f4, f8, i1, u1, i2, i4, i8, bool, in C or Fortran order.
typedef struct {
    int rank, n[NPY_RANK];
    long size;      // the number of values
    double *values; // in C order; npy_free frees them
    char type[4];   // as in the file: "f4"
} npy;

// From `size` bytes; `name` stands in error messages. Anything but one whole array is an error.
npy npy_parse(const char *bytes, size_t size, const char *name);
npy npy_read(const char *path); // of a file
void npy_free(npy *a);

// The n values of a text of `size` bytes, numbers separated by blanks, commas or semicolons, in C order; `shape` is
// what they should fill. bytes[size] is 0. Anything else, or another number of them, is an error. To be freed.
double *npy_text(const char *bytes, size_t size, const char *name, long n, const char *shape);

#endif
