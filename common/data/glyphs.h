// Drawn digits: a font of 5 x 7 dots, turned, slanted, stretched, moved and with noise; pictures that a program makes
// itself, as many as it wants.
#ifndef GLYPHS_H
#define GLYPHS_H

#include "numbers/random.h"

enum { GLYPHS_DIGITS = 10, GLYPHS_SIDE = 16 };

// A way of drawing. Lengths are in pixels of a picture of 16 x 16 and grow with the side.
typedef struct {
    int side; // of the picture, in pixels
    float
        shift; // the middle of the digit is at most so far from that of the picture, in each direction
    float noise; // its standard deviation
} glyphs_style;

// {GLYPHS_SIDE, 2, .15}
glyphs_style glyphs_usual(void);

// Draws `digit` into picture (side, side), rows from the top: ink about 0 to 1. Turned by U(-.3, .3) radians, slanted by
// U(-.3, .3), dots U(1.36, 1.96) wide and U(1.43, 1.90) high, the middle moved by U(-shift, shift) across and down;
// with g the font's dots between which it interpolates, ink is min(1.6 g, 1) U(.6, 1) + N(0, noise^2).
void glyphs_draw(rng *r, int digit, const glyphs_style *style, float *picture);

// n digits, each uniform on 0 .. 9, and their pictures (n, side, side).
void glyphs_batch(rng *r, int n, const glyphs_style *style, int *digits, float *pictures);

#endif
