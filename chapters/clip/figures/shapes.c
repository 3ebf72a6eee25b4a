// Figure shapes: eight of the pictures, with their captions.
#include "data/shapes.h"
#include "clip/figures/figures.h"
#include "files/table.h"
#include "frame/program.h"

enum { SEED = 373, SHOWN = 8, PLANE = SHAPES_SIDE * SHAPES_SIDE };

// 0 .. 255
static int
byte_of(float x)
{
    float y = x < 0 ? 0 : x > 1 ? 1 : x;
    return (int)(255 * y + 0.5f);
}

void
clip_figure_shapes(void)
{
    rng r = rng_at(SEED, 0);
    shapes_scene scenes[SHOWN];
    int words[SHOWN * SHAPES_SLOTS];
    float pictures[SHOWN * SHAPES_PIXELS];
    shapes_batch(&r, SHOWN, scenes, words, pictures);
    table *pixels = program_table("shapes", "picture\tx\ty\trgb");
    table *captions = program_table("shapes-captions", "picture\tcaption");
    for (int k = 0; k < SHOWN; k++) {
        const float *p = pictures + k * SHAPES_PIXELS;
        char text[SHAPES_TEXT];
        shapes_write(words + k * SHAPES_SLOTS, text);
        table_row(captions, "is", k, text);
        for (int i = 0; i < PLANE; i++)
            table_row(pixels, "iiii", k, i % SHAPES_SIDE, i / SHAPES_SIDE,
                      65536 * byte_of(p[i]) + 256 * byte_of(p[PLANE + i]) +
                          byte_of(p[2 * PLANE + i]));
    }
    table_close(pixels);
    table_close(captions);
}
