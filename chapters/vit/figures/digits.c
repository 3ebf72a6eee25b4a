// Figure digits: one drawn digit of each kind, as the trainings see them; ink in hundredths.
#include "vit/figures/figures.h"

#include "files/table.h"
#include "frame/program.h"

#include <math.h>

void
vit_figure_digits(void)
{
    glyphs_style usual = glyphs_usual();
    rng r = rng_at(50, 0);
    table *t = program_table("digits", "digit\trow\tcolumn\tink");
    for (int digit = 0; digit < GLYPHS_DIGITS; digit++) {
        float picture[VIT_PIXELS];
        glyphs_draw(&r, digit, &usual, picture);
        for (int i = 0; i < VIT_PIXELS; i++)
            table_row(t, "iiii", digit, i / VIT_SIDE, i % VIT_SIDE,
                      (int)floorf(100 * picture[i] + 0.5f));
    }
    table_close(t);
}
