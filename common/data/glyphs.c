#include "data/glyphs.h"

#include "files/fail.h"
#include "numbers/numeric.h"

#include <math.h>

enum { WIDE = 5, HIGH = 7 };

// The dots, row by row.
static const char *const font[GLYPHS_DIGITS] = {
    " ### #   ##   ##   ##   ##   # ### ", // 0
    "  #   ##    #    #    #    #   ### ", // 1
    " ### #   #    #   #   #   #   #####", // 2
    "#####   #   #     #     ##   # ### ", // 3
    "   #   ##  # # #  # #####   #    # ", // 4
    "######    ####     #    ##   # ### ", // 5
    "  ##  #   #    #### #   ##   # ### ", // 6
    "#####    #   #   #   #    #    #   ", // 7
    " ### #   ##   # ### #   ##   # ### ", // 8
    " ### #   ##   # ####    #   #  ##  "  // 9
};

glyphs_style
glyphs_usual(void)
{
    return (glyphs_style){GLYPHS_SIDE, 2, 0.15f};
}

// Ink of the dot in this column and row; there is none outside.
static float
dot(int digit, int column, int row)
{
    if (column < 0 || column >= WIDE || row < 0 || row >= HIGH)
        return 0;
    return font[digit][row * WIDE + column] == '#';
}

// Ink at a place between the dots, whose middles have whole coordinates.
static float
ink(int digit, double x, double y)
{
    int column = (int)floor(x), row = (int)floor(y);
    float a = (float)(x - column), b = (float)(y - row);
    float above = (1 - a) * dot(digit, column, row) + a * dot(digit, column + 1, row);
    float below = (1 - a) * dot(digit, column, row + 1) + a * dot(digit, column + 1, row + 1);
    return (1 - b) * above + b * below;
}

static double
uniform(rng *r, double low, double high)
{
    return low + (high - low) * rng_uniform64(r);
}

void
glyphs_draw(rng *r, int digit, const glyphs_style *style, float *picture)
{
    if (digit < 0 || digit >= GLYPHS_DIGITS || style->side < 1)
        fail("glyphs_draw: digit %d on %d x %d pixels; expected 0 to 9, and a pixel or more", digit,
             style->side, style->side);
    double scale = (double)style->side / GLYPHS_SIDE;
    double angle = uniform(r, -0.3, 0.3);
    double slant = uniform(r, -0.3, 0.3);
    double wide = scale * uniform(r, 1.36, 1.96); // of a dot
    double high = scale * uniform(r, 1.43, 1.90);
    double right = scale * uniform(r, -style->shift, style->shift);
    double down = scale * uniform(r, -style->shift, style->shift);
    float bright = (float)uniform(r, 0.6, 1);
    double c = cos64(angle), s = sin64(angle), middle = (style->side - 1) / 2.0;
    for (int i = 0; i < style->side * style->side; i++) {
        // From the picture back to the font: not moved, not turned, not slanted
        double x = i % style->side - middle - right, y = i / style->side - middle - down;
        double across = c * x + s * y, along = c * y - s * x;
        across -= slant * along;
        float g =
            1.6f * ink(digit, across / wide + (WIDE - 1) / 2.0, along / high + (HIGH - 1) / 2.0);
        double noise = style->noise * rng_normal(r);
        picture[i] = (float)((g < 1 ? g : 1) * bright + noise);
    }
}

void
glyphs_batch(rng *r, int n, const glyphs_style *style, int *digits, float *pictures)
{
    for (long i = 0; i < n; i++) {
        digits[i] = (int)rng_below(r, GLYPHS_DIGITS);
        glyphs_draw(r, digits[i], style, pictures + i * style->side * style->side);
    }
}
