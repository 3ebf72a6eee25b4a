// Figure window: how much of normal numbers is lost when they are rounded, against their size.
#include "mixed_precision/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/formats.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <stdlib.h>

enum { SEED = 17, N = 40000, LOW = -30, HIGH = 20, FORMATS = 4 };

static const float_format *const all[] = {&format_half, &format_bfloat, &format_e4m3_max,
                                          &format_e5m2};

// The root of E (round(x) - x)^2 / E x^2 for x = sigma z.
static double
lost(const float_format *f, double sigma, const double *z)
{
    double error = 0, size = 0;
    for (int i = 0; i < N; i++) {
        float x = (float)(sigma * z[i]), y = format_round(f, x);
        error += ((double)y - x) * ((double)y - x);
        size += (double)x * x;
    }
    return sqrt64(error / size);
}

// The same by theory, without ends: the spacing of 2^e <= |z| < 2^(e + 1) is 2^(e - p), the error uniform in it.
static double
plateau(int fraction)
{
    double square = 0;
    for (int e = -40; e < 5; e++) {
        double inside =
            erf64(power_of_two64(e + 1) / sqrt64(2)) - erf64(power_of_two64(e) / sqrt64(2));
        square += inside * power_of_two64(2 * (e - fraction)) / 12;
    }
    return sqrt64(square);
}

void
mixed_precision_figure_window(void)
{
    double *z = malloc(N * sizeof *z), first[FORMATS] = {0}, last[FORMATS] = {0}, worst = 0;
    rng r = rng_at(SEED, 0);
    for (int i = 0; i < N; i++)
        z[i] = rng_normal(&r);
    table *t = program_table("window", "log2_sigma\tfp16\tbf16\te4m3\te5m2");
    for (int s = LOW; s <= HIGH; s++) {
        double e[FORMATS];
        for (int f = 0; f < FORMATS; f++) {
            e[f] = lost(all[f], power_of_two64(s), z);
            bool inside = e[f] < 2 * plateau(all[f]->fraction);
            if (inside && first[f] == 0)
                first[f] = s;
            last[f] = inside ? s : last[f];
        }
        table_row(t, "idddd", s, e[0], e[1], e[2], e[3]);
    }
    table_close(t);
    t = program_table("window-numbers", "format\tplateau\ttheory\tfrom\tto");
    for (int f = 0; f < FORMATS; f++) {
        double middle = lost(all[f], 1, z) * power_of_two64(all[f]->fraction);
        double theory = plateau(all[f]->fraction) * power_of_two64(all[f]->fraction);
        table_row(t, "sddii", all[f]->name, middle, theory, (int)first[f], (int)last[f]);
        if (all[f]->fraction > 3)
            worst = fmax(worst, fabs(middle / theory - 1));
    }
    table_close(t);
    claim_below("window-plateau",
                "window: relative error at sigma 1 over the theory's, less 1, fp16 and bf16", 0.02,
                worst, "an error uniform in the spacing", FOUND);
    claim_near("window-half-from", "window: fp16 is within twice its plateau from sigma 2^", -14,
               first[0], 0, "the lowest normal number", FOUND);
    claim_near("window-e4m3-from", "window: E4M3 is within twice its plateau from sigma 2^", -6,
               first[2], 0, "the lowest normal number", FOUND);
    free(z);
}
