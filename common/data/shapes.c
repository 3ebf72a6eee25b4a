#include "data/shapes.h"

#include "files/fail.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIZE, COLOUR, FORM, PLACE };

static const float noise = 0.1f;

static const int values[SHAPES_SLOTS] = {SHAPES_SIZES, SHAPES_COLOURS, SHAPES_FORMS, SHAPES_PLACES};

// The words, slot by slot, behind the blank.
static const char *const spelling[SHAPES_WORDS] = {
    "",      "small", "large",   "red",      "green",     "blue",        "yellow",
    "pink",  "cyan",  "white",   "orange",   "disc",      "square",      "triangle",
    "cross", "ring",  "diamond", "top-left", "top-right", "bottom-left", "bottom-right"};

static const float colours[SHAPES_COLOURS][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0},
                                                 {1, 0, 1}, {0, 1, 1}, {1, 1, 1}, {1, 0.5f, 0}};

// ---- Scenes and pictures ----

shapes_scene
shapes_scene_at(int number)
{
    if (number < 0 || number >= SHAPES_SCENES)
        fail("shapes_scene_at: scene %d; expected 0 to %d", number, SHAPES_SCENES - 1);
    shapes_scene s = {.place = number % SHAPES_PLACES};
    s.form = number / SHAPES_PLACES % SHAPES_FORMS;
    s.colour = number / (SHAPES_PLACES * SHAPES_FORMS) % SHAPES_COLOURS;
    s.size = number / (SHAPES_PLACES * SHAPES_FORMS * SHAPES_COLOURS);
    return s;
}

shapes_scene
shapes_scene_drawn(rng *r)
{
    return shapes_scene_at((int)rng_below(r, SHAPES_SCENES));
}

// How far (x, y), y down, is from the border of a form of radius r around 0: below 0 inside.
static double
distance(int form, double r, double x, double y)
{
    double a = fabs(x), b = fabs(y), from_middle = sqrt64(x * x + y * y);
    switch (form) {
    case 0: return from_middle - r;
    case 1: return fmax(a, b) - 0.85 * r;
    case 2: return fmax(y, sqrt64(0.75) * a - y / 2) - r / 2;
    case 3: return fmin(fmax(a - r, b - 0.35 * r), fmax(b - r, a - 0.35 * r));
    case 4: return fabs(from_middle - 0.7 * r) - 0.3 * r;
    default: return (a + b - r) * sqrt64(0.5);
    }
}

static double
uniform(rng *r, double low, double high)
{
    return low + (high - low) * rng_uniform64(r);
}

void
shapes_draw(rng *r, shapes_scene s, float *picture)
{
    enum { PLANE = SHAPES_SIDE * SHAPES_SIDE };
    double radius = s.size ? 4.2 : 2.6;
    double right = (s.place % 2 ? 11.5 : 4.5) + uniform(r, -0.7, 0.7);
    double down = (s.place / 2 ? 11.5 : 4.5) + uniform(r, -0.7, 0.7);
    double bright = uniform(r, 0.7, 1);
    for (int i = 0; i < PLANE; i++) {
        double far = distance(s.form, radius, i % SHAPES_SIDE - right, i / SHAPES_SIDE - down);
        double covered = fmin(fmax(0.5 - far, 0), 1);
        for (int c = 0; c < 3; c++)
            picture[c * PLANE + i] = (float)(colours[s.colour][c] * bright * covered);
    }
    for (int i = 0; i < 3 * PLANE; i++)
        picture[i] += noise * (2 * rng_uniform(r) - 1);
}

// ---- Captions ----

int
shapes_word(int slot, int value)
{
    if (slot < 0 || slot >= SHAPES_SLOTS || value < -1 || value >= values[slot])
        fail("shapes_word: value %d of slot %d; expected a slot of 0 to %d and one of its values, "
             "or -1",
             value, slot, SHAPES_SLOTS - 1);
    int first = 1;
    for (int i = 0; i < slot; i++)
        first += values[i];
    return value < 0 ? 0 : first + value;
}

void
shapes_caption(rng *r, shapes_scene s, int word[SHAPES_SLOTS])
{
    bool says_size = rng_below(r, 2);
    bool says_place = rng_below(r, 2);
    word[SIZE] = shapes_word(SIZE, says_size ? s.size : -1);
    word[COLOUR] = shapes_word(COLOUR, s.colour);
    word[FORM] = shapes_word(FORM, s.form);
    word[PLACE] = shapes_word(PLACE, says_place ? s.place : -1);
}

bool
shapes_fits(const int word[SHAPES_SLOTS], shapes_scene s)
{
    const int value[SHAPES_SLOTS] = {s.size, s.colour, s.form, s.place};
    for (int slot = 0; slot < SHAPES_SLOTS; slot++)
        if (word[slot] && word[slot] != shapes_word(slot, value[slot]))
            return false;
    return true;
}

const char *
shapes_spelling(int word)
{
    if (word < 0 || word >= SHAPES_WORDS)
        fail("shapes_spelling: word %d; expected 0 to %d", word, SHAPES_WORDS - 1);
    return spelling[word];
}

void
shapes_write(const int word[SHAPES_SLOTS], char text[SHAPES_TEXT])
{
    int used = 0;
    text[0] = 0;
    for (int slot = 0; slot < SHAPES_SLOTS; slot++)
        if (word[slot])
            used += snprintf(text + used, (size_t)(SHAPES_TEXT - used), "%s%s", used ? " " : "",
                             shapes_spelling(word[slot]));
}

// The slot of the word of `size` bytes, and the word; -1 where there is none.
static int
look_up(const char *at, size_t size, int *word)
{
    for (int slot = 0; slot < SHAPES_SLOTS; slot++)
        for (int value = 0; value < values[slot]; value++) {
            *word = shapes_word(slot, value);
            if (strlen(spelling[*word]) == size && !strncmp(spelling[*word], at, size))
                return slot;
        }
    return -1;
}

bool
shapes_read(const char *text, int word[SHAPES_SLOTS])
{
    memset(word, 0, SHAPES_SLOTS * sizeof *word);
    int after = 0; // the slots before this one have passed
    for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
        size_t size = strcspn(at, " ");
        int found = 0, slot = look_up(at, size, &found);
        if (slot < after)
            return false;
        word[slot] = found;
        after = slot + 1;
        at += size;
    }
    return after > 0;
}

void
shapes_batch(rng *r, int n, shapes_scene *scenes, int *words, float *pictures)
{
    for (long i = 0; i < n; i++) {
        scenes[i] = shapes_scene_drawn(r);
        shapes_caption(r, scenes[i], words + i * SHAPES_SLOTS);
        shapes_draw(r, scenes[i], pictures + i * SHAPES_PIXELS);
    }
}
