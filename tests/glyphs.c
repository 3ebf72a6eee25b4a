// The drawn digits.
#include "data/glyphs.h"
#include "test.h"

#include <math.h>

enum { SIDE = GLYPHS_SIDE, SIZE = SIDE * SIDE };

// Mean ink of n pictures of one digit, without noise, in the middle.
static void
mean_of(int digit, int side, int n, float shift, double *mean)
{
    float picture[side * side];
    glyphs_style style = {side, shift, 0};
    memset(mean, 0, side * side * sizeof *mean);
    rng r = rng_at(1, digit);
    for (int i = 0; i < n; i++) {
        glyphs_draw(&r, digit, &style, picture);
        for (int j = 0; j < side * side; j++) {
            ck_assert(picture[j] >= 0 && picture[j] <= 1);
            mean[j] += picture[j] / n;
        }
    }
}

// The font's shapes, seen through all that is drawn at random: a 0 is empty in its middle, an 8 is not; a 1 has ink in
// the middle column, a 7 above and not below on the right; no ink at the border.
START_TEST(shapes)
{
    double mean[GLYPHS_DIGITS][SIZE];
    for (int digit = 0; digit < GLYPHS_DIGITS; digit++) {
        mean_of(digit, SIDE, 400, 0, mean[digit]);
        for (int j = 0; j < SIDE; j++)
            ck_assert_double_lt(mean[digit][j] + mean[digit][SIZE - 1 - j], 0.05);
        for (int other = 0; other < digit; other++) {
            double apart = 0;
            for (int j = 0; j < SIZE; j++)
                apart += fabs(mean[digit][j] - mean[other][j]);
            ck_assert_double_gt(apart, 5);
        }
    }
    const int middle = 7 * SIDE + 7;
    ck_assert_double_lt(mean[0][middle - SIDE], 0.5 * mean[8][middle - SIDE]);
    ck_assert_double_gt(mean[1][middle], 0.5);
    double above = 0, below = 0;
    for (int j = 0; j < 7; j++)
        for (int i = 2; i < 5; i++) {
            above += mean[7][i * SIDE + SIDE - 1 - j];
            below += mean[7][(SIDE - 1 - i) * SIDE + SIDE - 1 - j];
        }
    ck_assert_double_gt(above, 3 * below + 0.5);
}
END_TEST

// The moments of what is drawn: ink's middle moves by U(-shift, shift), in proportion to the side.
START_TEST(shifts_and_sides)
{
    const int sides[] = {16, 32};
    for (int k = 0; k < 2; k++) {
        int side = sides[k], n = 500;
        float picture[32 * 32];
        glyphs_style style = {side, 2, 0};
        double square[2] = {0}, mean[2] = {0}, ink = 0;
        rng r = rng_at(2, k);
        for (int i = 0; i < n; i++) {
            double all = 0, at[2] = {0};
            glyphs_draw(&r, 8, &style, picture);
            for (int j = 0; j < side * side; j++) {
                all += picture[j];
                at[0] += picture[j] * (j / side - (side - 1) / 2.0);
                at[1] += picture[j] * (j % side - (side - 1) / 2.0);
            }
            ink += all / n / side / side;
            for (int axis = 0; axis < 2; axis++) {
                mean[axis] += at[axis] / all / n / side * 16;
                square[axis] += pow(at[axis] / all / side * 16, 2) / n;
            }
        }
        // Variance 4^2 / 12 = 1.333 of the shift, its error .053; the digit's own middle is near
        for (int axis = 0; axis < 2; axis++) {
            ck_assert_double_lt(fabs(mean[axis]), 0.25);
            ck_assert_double_lt(fabs(square[axis] - mean[axis] * mean[axis] - 4.0 / 3), 0.25);
        }
        ck_assert(ink > 0.12 && ink < 0.25);
    }
}
END_TEST

START_TEST(noise_and_batches)
{
    enum { N = 300 };
    static float pictures[N * SIZE], again[N * SIZE];
    int digits[N], count[GLYPHS_DIGITS] = {0};
    glyphs_style usual = glyphs_usual();
    rng r = rng_at(3, 0), s = rng_at(3, 0);
    glyphs_batch(&r, N, &usual, digits, pictures);
    glyphs_batch(&s, N, &usual, digits, again);
    ck_assert(memcmp(pictures, again, sizeof again) == 0);
    double corner = 0;
    for (int i = 0; i < N; i++) {
        count[digits[i]]++;
        corner += pow(pictures[(long)i * SIZE], 2) / N;
    }
    // The corner has noise alone: .15^2 = .0225 +- .0018
    ck_assert_double_lt(fabs(corner - 0.0225), 0.0075);
    for (int i = 0; i < GLYPHS_DIGITS; i++)
        ck_assert(count[i] > 8 && count[i] < 55); // 30 +- 5.2
    REFUSED(glyphs_draw(&r, 10, &usual, pictures),
            "glyphs_draw: digit 10 on 16 x 16 pixels; expected 0 to 9, and a pixel or more");
}
END_TEST

TEST_MAIN("glyphs", shapes, shifts_and_sides, noise_and_batches)
