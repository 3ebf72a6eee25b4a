// Figure ruler: how far apart the numbers of four formats are, beside the numbers; and what each format has, by
// counting.
#include "mixed_precision/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/formats.h"
#include "numbers/numeric.h"

#include <math.h>

static const float_format *const all[] = {&format_half, &format_bfloat, &format_e4m3, &format_e5m2};
enum { FORMATS = 4 };

// spacing / x, where x lies between the smallest number and the largest.
static double
relative(const float_format *f, double x)
{
    return x < format_decode(f, 1) || x > format_largest(f) ? NAN : format_spacing(f, (float)x) / x;
}

// The first float that does not round to a finite number.
static float
overflows_from(const float_format *f)
{
    uint32_t low = bits32(format_largest(f)), high = bits32(INFINITY);
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (isfinite(format_round(f, float32(middle))))
            low = middle;
        else
            high = middle;
    }
    return float32(high);
}

void
mixed_precision_figure_ruler(void)
{
    table *t = program_table("ruler", "log2\tfp16\tbf16\te4m3\te5m2");
    for (int i = -134 * 8; i <= 128 * 8; i++) {
        // Just below a power of two the spacing still is the smaller one.
        bool below = (i + 8000) % 8 == 7;
        double x = below ? power_of_two64((i + 1) / 8) * (1 - 0x1p-20) : exp64(ln2_64 * i / 8);
        table_row(t, "ddddd", log64(x) / ln2_64, relative(all[0], x), relative(all[1], x),
                  relative(all[2], x), relative(all[3], x));
    }
    table_close(t);
    t = program_table("ruler-numbers",
                      "format\texponent\tfraction\tfinite\tinfinite\tnan\tlargest\t"
                      "log2_normal\tlog2_smallest\toverflows_from");
    int wrong = 0;
    for (int i = 0; i < FORMATS; i++) {
        const float_format *f = all[i];
        int count[3] = {0}, patterns = 1 << (1 + f->exponent + f->fraction);
        for (int p = 0; p < patterns; p++) {
            float x = format_decode(f, (uint32_t)p);
            count[isnan(x) ? 2 : isinf(x) ? 1 : 0]++;
        }
        int top = 2 << f->fraction; // patterns with E of all ones
        wrong += count[2] != (f->end == FORMAT_INFINITY ? top - 2 : 2);
        wrong += count[0] != patterns - count[1] - count[2];
        table_row(t, "siiiiidddd", f->name, f->exponent, f->fraction, count[0], count[1], count[2],
                  format_largest(f), log64(power_of_two64(format_lowest(f))) / ln2_64,
                  log64(format_decode(f, 1)) / ln2_64, overflows_from(f));
    }
    table_close(t);
    claim_near("ruler-patterns", "ruler: counts of NaN and finite patterns that are not as defined",
               0, wrong, 0, "counted, of all patterns", CHECK);
}
