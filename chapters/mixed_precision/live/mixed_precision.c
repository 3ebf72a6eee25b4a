// For the page: a number in five formats, its bits, its neighbours, and what a scale of the loss does to it.
#include "mixed_precision/mixed_precision.h"
#include "numbers/formats.h"
#include "numbers/numeric.h"

#include <math.h>

enum { LIVE_AROUND = 4, LIVE_FORMATS = 5 };

static const float_format format_single = {"float32", 8, 23, FORMAT_INFINITY};
static const float_format *const formats[LIVE_FORMATS] = {
    &format_single, &format_half, &format_bfloat, &format_e4m3, &format_e5m2};

// Bits of exponent, bits of fraction, the lowest exponent of a normal number, the largest number.
const double *
mixed_precision_live_format(int format)
{
    static double said[4];
    const float_format *f = formats[format];
    said[0] = f->exponent;
    said[1] = f->fraction;
    said[2] = format_lowest(f);
    said[3] = format_largest(f);
    return said;
}

double
mixed_precision_live_value(int format, int pattern)
{
    return format_decode(formats[format], (uint32_t)pattern);
}

// A float is its own pattern; format_encode would need floats with more bits.
static uint32_t
encode(const float_format *f, float y)
{
    return f == &format_single ? bits32(y) : format_encode(f, y);
}

// The number `steps` above the one with this pattern; NAN: there is none.
static double
neighbour(const float_format *f, uint32_t pattern, int steps)
{
    int sign_at = f->exponent + f->fraction;
    int64_t size = pattern & ((1ull << sign_at) - 1), place = pattern >> sign_at & 1 ? -size : size;
    place += steps;
    size = place < 0 ? -place : place;
    if (size >> sign_at)
        return NAN;
    return format_decode(f, (uint32_t)((uint64_t)(place < 0) << sign_at | (uint64_t)size));
}

// The LIVE_AROUND numbers below it, the number of this pattern, the LIVE_AROUND above it.
const double *
mixed_precision_live_around(int format, int pattern)
{
    static double said[2 * LIVE_AROUND + 1];
    for (int i = -LIVE_AROUND; i <= LIVE_AROUND; i++)
        said[LIVE_AROUND + i] = neighbour(formats[format], (uint32_t)pattern, i);
    return said;
}

// x in each format, rounded once: its pattern, its value, half of the spacing at x; then x 2^k rounded, and that
// divided by 2^k again.
const double *
mixed_precision_live_number(double x, int k)
{
    static double said[LIVE_FORMATS][5];
    double scale = power_of_two64(k);
    for (int i = 0; i < LIVE_FORMATS; i++) {
        const float_format *f = formats[i];
        float y = format_round_double(f, x), scaled = format_round_double(f, x * scale);
        said[i][0] = encode(f, y);
        said[i][1] = y;
        said[i][2] = format_spacing(f, (float)x) / 2;
        said[i][3] = scaled;
        said[i][4] = scaled / scale;
    }
    return said[0];
}
