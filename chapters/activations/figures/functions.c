// The functions and their slopes, where the smooth ones have their minimum, and how far the approximations of GELU are
// from it.
#include "activations/figures/figures.h"
#include "activations/maps.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <math.h>
#include <string.h>

static void
curves(const char *name, double f(activations_kind kind, double x))
{
    char header[256] = "x";
    for (int k = 0; k < ACTIVATIONS_KINDS; k++)
        strcat(strcat(header, "\t"), activations_name(k));
    table *t = program_table(name, header);
    for (int i = -250; i <= 250; i++) {
        float row[ACTIVATIONS_KINDS];
        for (int k = 0; k < ACTIVATIONS_KINDS; k++)
            row[k] = (float)f(k, i / 50.0);
        table_curve(t, i, ACTIVATIONS_KINDS, row);
    }
    table_close(t);
}

// The place of the least value, where the slope changes its sign, by halving.
static double
minimum_at(activations_kind kind)
{
    double low = -3, high = 0;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (activations_slope64(kind, middle) < 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static double
off(activations_kind kind, double x)
{
    return activations_value64(kind, x) - activations_value64(ACTIVATIONS_GELU, x);
}

// The largest |f - GELU|, on a grid of 1/10000 from 0 to 6: it is the same at -x.
static double
largest_off(activations_kind kind, double *at)
{
    double most = 0;
    for (int i = 0; i <= 60000; i++)
        if (fabs(off(kind, i / 1e4)) > most) {
            most = fabs(off(kind, i / 1e4));
            *at = i / 1e4;
        }
    return most;
}

void
activations_figure_functions(void)
{
    const activations_kind smooth[] = {ACTIVATIONS_SILU, ACTIVATIONS_GELU, ACTIVATIONS_MISH};
    const activations_kind near[] = {ACTIVATIONS_GELU_TANH, ACTIVATIONS_GELU_SIGMOID};
    curves("functions", activations_value64);
    curves("functions-slopes", activations_slope64);
    table *t = program_table("functions-minima", "function\tat\tminimum\tlargest_slope");
    for (int k = 0; k < 3; k++) {
        double at = minimum_at(smooth[k]), steep = 0;
        for (int i = 0; i < 60000; i++)
            steep = fmax(steep, activations_slope64(smooth[k], i / 1e4));
        table_row(t, "sddd", activations_name(smooth[k]), at, activations_value64(smooth[k], at),
                  steep);
    }
    table_close(t);
    double most[2], at[2];
    t = program_table("functions-gelu", "function\tat\tlargest_difference");
    for (int k = 0; k < 2; k++) {
        most[k] = largest_off(near[k], &at[k]);
        table_row(t, "sdd", activations_name(near[k]), at[k], most[k]);
    }
    table_close(t);
    t = program_table("functions-gelu-off", "x_by_50\tgelu_tanh\tgelu_sigmoid");
    for (int i = -250; i <= 250; i++)
        table_row(t, "idd", i, off(near[0], i / 50.0), off(near[1], i / 50.0));
    table_close(t);
    claim_below("gelu-tanh-off", "GELU's tanh form: its largest distance from GELU", 5e-4, most[0],
                "this chapter; largest value by a grid", FOUND);
    claim_above("gelu-sigmoid-off",
                "x sigmoid(1.702 x): its largest distance, over that of the tanh form", 40,
                most[1] / most[0], "this chapter; largest value by a grid", FOUND);
}
