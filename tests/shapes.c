// The coloured shapes and their captions.
#include "data/shapes.h"
#include "test.h"

#include <math.h>

enum { SIDE = SHAPES_SIDE, PLANE = SIDE * SIDE };

// Every scene has its own number, and its pictures look like it: the ink's middle lies in its place, large is larger,
// its channels are those of its colour.
START_TEST(drawn)
{
    rng r = rng_at(1, 0);
    double ink_of[SHAPES_SIZES] = {0};
    for (int number = 0; number < SHAPES_SCENES; number++) {
        shapes_scene s = shapes_scene_at(number);
        ck_assert_int_eq(number, ((s.size * SHAPES_COLOURS + s.colour) * SHAPES_FORMS + s.form) *
                                         SHAPES_PLACES +
                                     s.place);
        float picture[SHAPES_PIXELS];
        shapes_draw(&r, s, picture);
        double x = 0, y = 0, ink = 0, channel[3] = {0};
        for (int i = 0; i < SHAPES_PIXELS; i++) {
            double value = picture[i] > 0.3f ? picture[i] : 0;
            channel[i / PLANE] += value;
            x += value * (i % SIDE);
            y += value * (i / SIDE % SIDE);
            ink += value;
        }
        ck_assert(fabs(x / ink - (s.place % 2 ? 11.5 : 4.5)) < 1.5);
        ck_assert(fabs(y / ink - (s.place / 2 ? 11.5 : 4.5)) < 1.5);
        const bool red = (s.colour != 1 && s.colour != 2 && s.colour != 5);
        const bool blue = s.colour == 2 || (s.colour >= 4 && s.colour <= 6);
        ck_assert((channel[0] > 1) == red);
        ck_assert((channel[2] > 1) == blue);
        ink_of[s.size] += ink;
    }
    ck_assert_double_gt(ink_of[1], 2 * ink_of[0]);
}
END_TEST

// The mean of many pictures of a form, without its place and noise, differs from that of every other form of its size.
START_TEST(forms)
{
    static float mean[SHAPES_SIZES * SHAPES_FORMS][PLANE];
    rng r = rng_at(1, 1);
    for (int k = 0; k < SHAPES_SIZES * SHAPES_FORMS; k++)
        for (int n = 0; n < 100; n++) {
            float picture[SHAPES_PIXELS];
            shapes_draw(&r, (shapes_scene){k / SHAPES_FORMS, 6, k % SHAPES_FORMS, 0}, picture);
            for (int i = 0; i < PLANE; i++)
                mean[k][i] += picture[i] / 100;
        }
    for (int k = 0; k < SHAPES_SIZES * SHAPES_FORMS; k++)
        for (int l = 0; l < k; l++) {
            double apart = 0;
            for (int i = 0; i < PLANE; i++)
                apart += fabs(mean[k][i] - mean[l][i]);
            ck_assert_double_gt(apart, 3);
        }
}
END_TEST

// Size and place are said half of the time, independently; what is said is true; and the same seed draws the same.
START_TEST(captions)
{
    enum { N = 4000 };
    static shapes_scene scenes[N], again[N];
    static int words[N * SHAPES_SLOTS], words_again[N * SHAPES_SLOTS];
    static float pictures[N * SHAPES_PIXELS], pictures_again[N * SHAPES_PIXELS];
    rng r = rng_at(2, 0), same = r;
    shapes_batch(&r, N, scenes, words, pictures);
    shapes_batch(&same, N, again, words_again, pictures_again);
    ck_assert_mem_eq(words, words_again, sizeof words);
    ck_assert_mem_eq(pictures, pictures_again, sizeof pictures);
    int said[4] = {0};
    double seen[SHAPES_SCENES] = {0}, chi = 0;
    for (int i = 0; i < N; i++) {
        const int *w = words + i * SHAPES_SLOTS;
        shapes_scene s = scenes[i];
        ck_assert(shapes_fits(w, s));
        ck_assert_int_eq(w[1], shapes_word(1, s.colour));
        ck_assert_int_eq(w[2], shapes_word(2, s.form));
        said[(w[0] != 0) + 2 * (w[3] != 0)]++;
        seen[((s.size * SHAPES_COLOURS + s.colour) * SHAPES_FORMS + s.form) * SHAPES_PLACES +
             s.place]++;
    }
    for (int k = 0; k < 4; k++)
        ck_assert_double_lt(fabs(said[k] - N / 4.0) / sqrt(N * 3.0 / 16), 4);
    for (int k = 0; k < SHAPES_SCENES; k++)
        chi += pow(seen[k] - (double)N / SHAPES_SCENES, 2) / ((double)N / SHAPES_SCENES);
    ck_assert_double_lt(fabs(chi - (SHAPES_SCENES - 1)) / sqrt(2.0 * (SHAPES_SCENES - 1)), 4);
}
END_TEST

// A caption is true of the scenes that have what it says, and of no other.
START_TEST(truth)
{
    const int word[] = {0, shapes_word(1, 3), shapes_word(2, 5), shapes_word(3, 2)};
    int of = 0;
    for (int number = 0; number < SHAPES_SCENES; number++) {
        shapes_scene s = shapes_scene_at(number);
        bool right = s.colour == 3 && s.form == 5 && s.place == 2;
        ck_assert_int_eq(shapes_fits(word, s), right);
        of += right;
    }
    ck_assert_int_eq(of, 2);
}
END_TEST

// Every word stands once, and every caption is read as it was written.
START_TEST(vocabulary)
{
    char text[SHAPES_TEXT];
    int count = 0, next = 1, word[SHAPES_SLOTS], back[SHAPES_SLOTS];
    const int values[] = {SHAPES_SIZES, SHAPES_COLOURS, SHAPES_FORMS, SHAPES_PLACES};
    for (int slot = 0; slot < SHAPES_SLOTS; slot++)
        for (int value = 0; value < values[slot]; value++)
            ck_assert_int_eq(shapes_word(slot, value), next++);
    ck_assert_int_eq(next, SHAPES_WORDS);
    for (int i = 0; i < SHAPES_WORDS; i++)
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(shapes_spelling(i), shapes_spelling(j));
    for (int number = 0; number < 3 * 8 * 6 * 5; number++) {
        word[0] = shapes_word(0, number % 3 - 1);
        word[1] = shapes_word(1, number / 3 % 8);
        word[2] = shapes_word(2, number / 24 % 6);
        word[3] = shapes_word(3, number / 144 - 1);
        shapes_write(word, text);
        ck_assert_msg(shapes_read(text, back), "%s", text);
        ck_assert_mem_eq(word, back, sizeof word);
        count++;
    }
    ck_assert_int_eq(count, 720);
    const int example[] = {1, 3, 15, 17};
    shapes_write(example, text);
    ck_assert_str_eq(text, "small red ring top-left");
    ck_assert(shapes_read("  small   ring ", back));
    ck_assert_int_eq(back[0], 1);
    ck_assert_int_eq(back[1], 0);
}
END_TEST

START_TEST(refused)
{
    int word[SHAPES_SLOTS];
    const char *const bad[] = {"",        "  ",        "ring red", "red red ring", "purple ring",
                               "redring", "red ring\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!shapes_read(bad[i], word), "%s", bad[i]);
    REFUSED(shapes_scene_at(SHAPES_SCENES), "shapes_scene_at: scene 384; expected 0 to 383");
    REFUSED(
        shapes_word(4, 0),
        "shapes_word: value 0 of slot 4; expected a slot of 0 to 3 and one of its values, or -1");
    REFUSED(
        shapes_word(0, 2),
        "shapes_word: value 2 of slot 0; expected a slot of 0 to 3 and one of its values, or -1");
    REFUSED(shapes_spelling(21), "shapes_spelling: word 21; expected 0 to 20");
}
END_TEST

TEST_MAIN("shapes", drawn, forms, captions, truth, vocabulary, refused)
