// One complex number as a value, for formulas that read like their mathematics.
#ifndef S4_COMPLEX_H
#define S4_COMPLEX_H

#include "numbers/numeric.h"

typedef struct {
    double re, im;
} s4_complex;

// Where real and imaginary parts alternate in memory, gcc 12 fuses a b - c d with a b + c d in spite of
// -ffp-contract=off. A product in S4_ROUNDED is rounded by itself, whatever is done with it.
#if defined __GNUC__ && !defined __clang__ && __GNUC__ >= 12
#define S4_ROUNDED(product) __builtin_assoc_barrier(product)
#else
#define S4_ROUNDED(product) (product)
#endif

static inline s4_complex
s4_conjugate(s4_complex a)
{
    return (s4_complex){a.re, -a.im};
}

static inline s4_complex
s4_plus(s4_complex a, s4_complex b)
{
    return (s4_complex){a.re + b.re, a.im + b.im};
}

static inline s4_complex
s4_minus(s4_complex a, s4_complex b)
{
    return (s4_complex){a.re - b.re, a.im - b.im};
}

static inline s4_complex
s4_scaled(double s, s4_complex a)
{
    return (s4_complex){S4_ROUNDED(s * a.re), S4_ROUNDED(s * a.im)};
}

static inline s4_complex
s4_times(s4_complex a, s4_complex b)
{
    return (s4_complex){S4_ROUNDED(a.re * b.re) - S4_ROUNDED(a.im * b.im),
                        S4_ROUNDED(a.re * b.im) + S4_ROUNDED(a.im * b.re)};
}

// |a|^2
static inline double
s4_square(s4_complex a)
{
    return a.re * a.re + a.im * a.im;
}

// 1 / a = conj(a) / |a|^2
static inline s4_complex
s4_inverse(s4_complex a)
{
    double square = s4_square(a);
    return (s4_complex){a.re / square, -a.im / square};
}

// a / b = a conj(b) / |b|^2, divided once
static inline s4_complex
s4_over(s4_complex a, s4_complex b)
{
    s4_complex product = s4_times(a, s4_conjugate(b));
    double square = s4_square(b);
    return (s4_complex){product.re / square, product.im / square};
}

// e^(x + iy) = e^x (cos y + i sin y)
static inline s4_complex
s4_exponential(s4_complex a)
{
    double grown = exp64(a.re);
    return (s4_complex){grown * cos64(a.im), grown * sin64(a.im)};
}

// e^(x + iy) - 1 = (e^x - 1) cos y - 2 sin^2(y/2) + i e^x sin y loses no digits near 0.
static inline s4_complex
s4_exponential_minus_1(s4_complex a)
{
    double half = sin64(a.im / 2);
    return (s4_complex){expm1_64(a.re) * cos64(a.im) - 2 * half * half, exp64(a.re) * sin64(a.im)};
}

#endif
