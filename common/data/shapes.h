// Coloured shapes with captions: one shape on each picture, and a few words about it. Both are drawn, so that the
// probability of every caption of a picture is known exactly.
#ifndef SHAPES_H
#define SHAPES_H

#include "numbers/random.h"

#include <stdbool.h>

enum {
    SHAPES_SIZES = 2,
    SHAPES_COLOURS = 8,
    SHAPES_FORMS = 6,
    SHAPES_PLACES = 4,
    SHAPES_SCENES = SHAPES_SIZES * SHAPES_COLOURS * SHAPES_FORMS * SHAPES_PLACES,
    SHAPES_SIDE = 16,
    SHAPES_PIXELS = 3 * SHAPES_SIDE * SHAPES_SIDE,
    SHAPES_SLOTS = 4, // of a caption: size, colour, form, place
    SHAPES_WORDS = 1 + SHAPES_SIZES + SHAPES_COLOURS + SHAPES_FORMS + SHAPES_PLACES,
    SHAPES_TEXT = 64 // bytes of a caption as text, its end included
};

// What is on a picture, each from 0.
typedef struct {
    int size, colour, form, place;
} shapes_scene;

// The scenes have numbers 0 .. SHAPES_SCENES - 1.
shapes_scene shapes_scene_at(int number);

// A scene, all equally likely.
shapes_scene shapes_scene_drawn(rng *r);

// Draws the scene into picture (3, side, side): red, green, blue, rows from the top. The shape's radius is 2.6 or 4.2,
// its middle 4.5 or 11.5 + U(-.7, .7) in each direction; colour times U(.7, 1) times the part of a pixel that the shape
// covers, on black, + U(-.1, .1).
void shapes_draw(rng *r, shapes_scene scene, float *picture);

// A caption is one word for each slot; word 0 is the blank, where nothing is said. Colour and form are always said,
// size and place each with probability 1/2.
void shapes_caption(rng *r, shapes_scene scene, int word[SHAPES_SLOTS]);

// The word that says this value (from 0) of a slot (from 0); -1: the blank.
int shapes_word(int slot, int value);

// Whether a caption is true of a scene; a blank is true of all.
bool shapes_fits(const int word[SHAPES_SLOTS], shapes_scene scene);

// A caption as text, "small red ring top-left", and back; false where it is none. Colour and form may be left out there.
void shapes_write(const int word[SHAPES_SLOTS], char text[SHAPES_TEXT]);
bool shapes_read(const char *text, int word[SHAPES_SLOTS]);

// What a word is, "" for the blank.
const char *shapes_spelling(int word);

// n scenes, their captions (n, SHAPES_SLOTS) and pictures (n, 3, side, side).
void shapes_batch(rng *r, int n, shapes_scene *scenes, int *words, float *pictures);

#endif
