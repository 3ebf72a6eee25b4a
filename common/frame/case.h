// Reference cases: a folder of .npy files with a manifest, for the reader's own implementation to be held
// against. common/checker/FORMAT.md says what stands in them, compare reads them.
//
//     case_begin("rnn", "One tanh layer over T steps.");
//     case_convention("w_hh is (out, in): the state is multiplied by its transpose");
//     case_input_f4("x", SHAPE(T, I), x, "the inputs");
//     case_number("decay", 0.5, "of the state");
//     case_time(0, CASE_FORWARD);
//     case_write_f4("output", "h", "h[t-1]", SHAPE(T, H), h, 1e-6, "the state after every step");
//     case_time_none();
//     case_write_f4("output", "loss", "h", SCALAR, loss, 1e-6, "sum of h");
//     case_end();
#ifndef CASE_H
#define CASE_H

#include "nets/shape.h"

// Begins the case, a folder in the output folder; `about` says what it computes. Ends it, when every `from` of it
// is checked: an unknown name, or one that is computed later, is an error.
void case_begin(const char *name, const char *about);
void case_end(void);

// Something that the values depend on and that no array says: an order, a pairing, what a mask means.
void case_convention(const char *text);

// The rows that follow have time: this axis, computed step by step from its beginning or from its end.
typedef enum { CASE_FORWARD, CASE_BACKWARD } case_direction;
void case_time(int axis, case_direction direction);
void case_time_none(void);

// Writes what the reader loads: arrays, and single numbers (heads, eps). They have no time.
void case_input_f4(const char *name, shape s, const float *data, const char *about);
void case_input_f8(const char *name, shape s, const double *data, const char *about);
void case_input_i4(const char *name, shape s, const int *data, const char *about);
void case_scalar(const char *name, int value, const char *about);
void case_number(const char *name, double value, const char *about);

// Writes what the reader computes, in the order of computation. Roles: "step", "output", "gradient". `from` names
// what it is computed from, as common/files/from.h reads it; inputs need not be named. `tolerance` is relative to
// the largest |value|, and never below 4 units in that value's last place; what has integers has none. A value
// that does not count is NaN.
void case_write_f4(const char *role, const char *name, const char *from, shape s, const float *data,
                   double tolerance, const char *about);
void case_write_f8(const char *role, const char *name, const char *from, shape s,
                   const double *data, double tolerance, const char *about);
void case_write_i4(const char *role, const char *name, const char *from, shape s, const int *data,
                   const char *about);

#endif
