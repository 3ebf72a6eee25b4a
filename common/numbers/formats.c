#include "numbers/formats.h"

#include "numbers/numeric.h"

const float_format format_half = {"fp16", 5, 10, FORMAT_INFINITY};
const float_format format_bfloat = {"bf16", 8, 7, FORMAT_INFINITY};
const float_format format_e4m3 = {"E4M3", 4, 3, FORMAT_NAN};
const float_format format_e4m3_max = {"E4M3 saturating", 4, 3, FORMAT_SATURATES};
const float_format format_e5m2 = {"E5M2", 5, 2, FORMAT_INFINITY};

// ---- What a pattern means ----

static int
bias_of(const float_format *f)
{
    return (1 << (f->exponent - 1)) - 1;
}

int
format_lowest(const float_format *f)
{
    return 1 - bias_of(f);
}

// The pattern of the largest number: below that of infinity, or of the only NaN.
static uint32_t
largest_pattern(const float_format *f)
{
    uint32_t ones = (1u << (f->exponent + f->fraction)) - 1;
    return f->end == FORMAT_INFINITY ? ones - (1u << f->fraction) : ones - 1;
}

float
format_largest(const float_format *f)
{
    return format_decode(f, largest_pattern(f));
}

float
format_decode(const float_format *f, uint32_t pattern)
{
    uint32_t F = pattern & ((1u << f->fraction) - 1);
    uint32_t E = pattern >> f->fraction & ((1u << f->exponent) - 1);
    uint32_t sign = pattern >> (f->exponent + f->fraction) & 1;
    uint32_t unsigned_pattern = E << f->fraction | F;
    double value = F * power_of_two64(format_lowest(f) - f->fraction);
    if (E > 0)
        value = (F + (1u << f->fraction)) * power_of_two64((int)E - bias_of(f) - f->fraction);
    if (unsigned_pattern > largest_pattern(f))
        value = f->end == FORMAT_INFINITY && F == 0 ? __builtin_inf() : __builtin_nan("");
    return (float)(sign ? -value : value);
}

// ---- Rounding ----

// The exponent of |x| as float has it: 2^e <= |x| < 2^(e + 1); -127 for zero and float's own subnormal numbers.
static inline int
exponent_of(float x)
{
    return (int)(bits32(x) >> 23 & 255) - 127;
}

// The exponent whose spacing holds for x.
static inline int
exponent_in(int lowest, float x)
{
    int e = exponent_of(x);
    return e < lowest ? lowest : e;
}

double
format_spacing(const float_format *f, float x)
{
    return power_of_two64(exponent_in(format_lowest(f), x) - f->fraction);
}

static float
beyond_largest(const float_format *f)
{
    return f->end == FORMAT_INFINITY ? __builtin_inff()
           : f->end == FORMAT_NAN    ? __builtin_nanf("")
                                     : format_largest(f);
}

// In units of the spacing, the numbers around x are integers: to round to one, 2^52 is added and taken away.
float
format_round_double(const float_format *f, double x)
{
    double spacing = format_spacing(f, (float)x);
    double steps = __builtin_fabs(x) / spacing, whole = (steps + 0x1p52) - 0x1p52;
    double y = steps < 0x1p52 ? whole * spacing : __builtin_fabs(x);
    y = y > format_largest(f) ? beyond_largest(f) : y;
    return (float)__builtin_copysign(y, x);
}

// |x| + c for c = 2^23 spacings has a float's spacing of just one of those: the addition rounds to it, to even as
// floats do. c must be a float: where x is so large that it were none, all is done 2^32 times smaller.
static inline float
round_to(float x, int fraction, int lowest, float largest, float beyond)
{
    int smaller = exponent_of(x) > 96 ? 32 : 0;
    float c = power_of_two32(exponent_in(lowest, x) - fraction + 23 - smaller);
    float a = __builtin_fabsf(x) * power_of_two32(-smaller);
    float y = ((a + c) - c) * power_of_two32(smaller);
    y = y > largest ? beyond : y;
    return __builtin_copysignf(y, x);
}

float
format_round(const float_format *f, float x)
{
    return round_to(x, f->fraction, format_lowest(f), format_largest(f), beyond_largest(f));
}

void
format_round_all(const float_format *f, long n, const float *x, float *y)
{
    int fraction = f->fraction, lowest = format_lowest(f);
    float largest = format_largest(f), beyond = beyond_largest(f);
    for (long i = 0; i < n; i++)
        y[i] = round_to(x[i], fraction, lowest, largest, beyond);
}

float
format_round_random(const float_format *f, float x, float u)
{
    double a = __builtin_fabsf(x), spacing = format_spacing(f, x);
    if (!(a < __builtin_inf())) // infinity, NaN
        return format_round(f, x);
    double steps = a / spacing, lower = (double)(int64_t)steps; // below 2^24
    double y = (u < steps - lower ? lower + 1 : lower) * spacing;
    return __builtin_copysignf(y > format_largest(f) ? beyond_largest(f) : (float)y, x);
}

// ---- Patterns ----

uint32_t
format_encode(const float_format *f, float x)
{
    float y = format_round(f, x);
    uint32_t sign = bits32(x) >> 31 << (f->exponent + f->fraction);
    uint32_t ones = (1u << (f->exponent + f->fraction)) - 1, quiet = 1u << (f->fraction - 1);
    if (y != y && f->end != FORMAT_INFINITY)
        return sign | ones;
    if (y != y)
        return sign | (ones - (2 * quiet - 1)) | quiet |
               (bits32(x) & 0x7fffff) >> (23 - f->fraction);
    if (__builtin_fabsf(y) > format_largest(f))
        return sign | (ones - (2 * quiet - 1));
    // A normal number is 2^fraction spacings or more: with them its exponent counts from 1.
    int e = exponent_in(format_lowest(f), y);
    uint32_t steps = (uint32_t)(__builtin_fabsf(y) / format_spacing(f, y));
    return sign | (((uint32_t)(e - format_lowest(f)) << f->fraction) + steps);
}

// Shifts 13 bits out of the fraction: 0xfff and the last bit that stays carry into it where it must be rounded up.
static inline uint16_t
half_of(float x)
{
    uint32_t bits = bits32(x), sign = bits >> 16 & 0x8000, a = bits & 0x7fffffff;
    uint32_t normal = (a + 0xfff + (a >> 13 & 1) - (112u << 23)) >> 13; // biases 127 and 15
    // A float in [1/2, 1) has the spacing 2^-24, as the subnormal halves.
    uint32_t subnormal = bits32(float32(a) + 0.5f) - bits32(0.5f);
    uint32_t half = a < bits32(0x1p-14f) ? subnormal : normal;
    half = a >= bits32(65520) ? 0x7c00 : half;
    half = a > 0x7f800000 ? 0x7e00 | (a >> 13 & 0x3ff) : half;
    return (uint16_t)(sign | half);
}

static inline uint16_t
bfloat_of(float x)
{
    uint32_t bits = bits32(x), rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? bits >> 16 | 0x40 : rounded);
}

void
format_to_half(long n, const float *x, uint16_t *pattern)
{
    for (long i = 0; i < n; i++)
        pattern[i] = half_of(x[i]);
}

void
format_to_bfloat(long n, const float *x, uint16_t *pattern)
{
    for (long i = 0; i < n; i++)
        pattern[i] = bfloat_of(x[i]);
}

// Moved up by 13 bits a half is a float that is 2^112 times too small; so is a subnormal half, as a subnormal float.
static inline float
from_half(uint16_t pattern)
{
    uint32_t a = pattern & 0x7fff, sign = (uint32_t)(pattern & 0x8000) << 16;
    uint32_t bits = bits32(float32(a << 13) * 0x1p112f);
    bits = a >= 0x7c00 ? a << 13 | 0x7f800000 : bits;
    return float32(sign | bits);
}

void
format_from_half(long n, const uint16_t *pattern, float *x)
{
    for (long i = 0; i < n; i++)
        x[i] = from_half(pattern[i]);
}

void
format_from_bfloat(long n, const uint16_t *pattern, float *x)
{
    for (long i = 0; i < n; i++)
        x[i] = float32((uint32_t)pattern[i] << 16);
}
