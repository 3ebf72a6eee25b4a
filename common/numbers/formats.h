// Binary formats of 16 and 8 bits: what a pattern means, and how a float is rounded to one.
//
// A pattern is, from its highest bit: a sign, `exponent` bits E, `fraction` bits F. With bias = 2^(exponent - 1) - 1
// its value is +- 1.F 2^(E - bias), or, where E is 0, the subnormal +- 0.F 2^(1 - bias).
#ifndef FORMATS_H
#define FORMATS_H

#include <stdint.h>

// What the highest exponent means, and what becomes of a number that rounds beyond the largest.
typedef enum {
    FORMAT_INFINITY, // IEEE 754: all ones with F = 0 is infinity, with F > 0 NaN; too large becomes infinity
    FORMAT_NAN,      // E and F all ones is NaN, there is no infinity; too large becomes NaN
    FORMAT_SATURATES // the same patterns; too large, infinity as well, becomes the largest number
} format_end;

typedef struct {
    const char *name;
    int exponent, fraction; // bits
    format_end end;
} float_format;

extern const float_format format_half;   // IEEE 754 binary16, fp16
extern const float_format format_bfloat; // bfloat16: the upper half of a float
extern const float_format
    format_e4m3; // FP8 of Micikevicius et al. 2022 (Open Compute Project, OFP8)
extern const float_format format_e4m3_max; // the same, saturating
extern const float_format format_e5m2;

// Its lowest exponent of a normal number, 1 - bias; its largest number.
int format_lowest(const float_format *f);
float format_largest(const float_format *f);

// The distance between the two numbers of f around |x|, or above it: 2^(e - fraction), where e is the exponent of |x|
// or, if that is more, the lowest. For x beyond the largest, what it would be with more exponents.
double format_spacing(const float_format *f, float x);

// The value of a pattern; of its bits only the lowest 1 + exponent + fraction count.
float format_decode(const float_format *f, uint32_t pattern);

// x rounded to the nearest number of f, of two equally near ones to that whose last bit is 0.
float format_round(const float_format *f, float x);
float format_round_double(const float_format *f, double x); // once, not by way of a float
void format_round_all(const float_format *f, long n, const float *x, float *y); // y may be x

// x rounded up or down at random: away from zero where u < (|x| - lower) / spacing, for a u that is uniform in [0, 1)
// on the multiples of 2^-24. The mean is x, exactly, for |x| from half of the smallest number to the largest.
float format_round_random(const float_format *f, float x, float u);

// The pattern of x, rounded to nearest. A NaN stays one, with its sign and, as processors do it, the higher bits of its
// fraction behind a 1.
uint32_t format_encode(const float_format *f, float x);

// The same for two formats with integers alone, and back.
void format_to_half(long n, const float *x, uint16_t *pattern);
void format_to_bfloat(long n, const float *x, uint16_t *pattern);
void format_from_half(long n, const uint16_t *pattern, float *x);
void format_from_bfloat(long n, const uint16_t *pattern, float *x);

#endif
