// Reference cases: a folder of .npy files with a manifest, for the reader's own implementation to be held
// against. common/checker/compare.c reads them.
#ifndef CASE_H
#define CASE_H

#include "nets/shape.h"

// Begins the case, a folder in the output folder, and ends it.
void case_begin(const char *name);
void case_end(void);

// Writes an array of this case. Roles: "input", "step", "output", "gradient". `tolerance` is how closely a
// float32 implementation must agree: |a - b| <= tolerance max(largest |b|, 1).
void case_write_f4(const char *role, const char *name, shape s, const float *data, double tolerance,
                   const char *about);
void case_write_f8(const char *role, const char *name, shape s, const double *data,
                   double tolerance, const char *about);
void case_write_i4(const char *role, const char *name, shape s, const int *data, const char *about);

#endif
