// In which format may angles be computed? The largest error of a cosine against the position, with theta, the
// position and the angle rounded to bfloat16, float16, float32 and float64.
#include "files/fail.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "rope/figures/figures.h"
#include "rope/rope.h"

#include <math.h>

enum { WIDTH = 128, DECADES = 5, PER_DECADE = 8, ROWS = PER_DECADE * DECADES + 1 };

typedef enum { BFLOAT16, FLOAT16, FLOAT32, FLOAT64, FORMATS } format;
static const int bits[FORMATS] = {8, 11, 24, 53};

typedef struct {
    long position;
    double error[FORMATS];
} row;

// x rounded to n significant bits (Veltkamp's splitting), for numbers far from overflow.
static double
rounded(double x, int n)
{
    double big = x * (double)((1ll << (53 - n)) + 1);
    return big - (big - x);
}

// The largest error of a cosine over the pairs at this position.
static double
cosine_error(const double *theta, long position, format f)
{
    double worst = 0;
    int n = bits[f];
    if (f == FLOAT16 && position > 65504) // float16 ends there
        return NAN;
    for (int i = 0; i < WIDTH / 2; i++) {
        double angle = rounded(rounded((double)position, n) * rounded(theta[i], n), n);
        worst = fmax(worst, fabs(cos64(angle) - cos64(position * theta[i])));
    }
    return worst;
}

// The error at one of the table's positions.
static double
error_at(const row *rows, long position, format f)
{
    for (const row *at = rows; at < rows + ROWS; at++)
        if (at->position == position)
            return at->error[f];
    fail("precision: no row of position %ld", position);
}

static void
claims(const row *rows)
{
    static const struct {
        const char *id, *statement;
        long position;
        double expected;
    } single[] = {{"float32-1e2", "float32 angles: error of a cosine at position 1e2", 100, 3.1e-6},
                  {"float32-1e3", "at 1e3", 1000, 2.9e-5},
                  {"float32-1e4", "at 1e4", 10000, 3.2e-4},
                  {"float32-1e5", "at 1e5", 100000, 5.2e-3}};
    const char *own = "this chapter";
    for (int i = 0; i < 4; i++)
        claim_near(single[i].id, single[i].statement, single[i].expected,
                   error_at(rows, single[i].position, FLOAT32), 0.05 * single[i].expected, own,
                   REPRODUCED);
    claim_above("float16-1e3", "float16 angles: error of a cosine at position 1e3", 0.1,
                error_at(rows, 1000, FLOAT16), own, REPRODUCED);
}

void
rope_figure_precision(void)
{
    double theta[WIDTH / 2];
    row rows[ROWS];
    rope_angles(WIDTH, ROPE_BASE, theta);
    table *t = program_table("precision", "position\tbfloat16\tfloat16\tfloat32\tfloat64");
    for (int k = 0; k < ROWS; k++) {
        row *at = &rows[k];
        at->position = (long)(pow64(10, (double)k / PER_DECADE) + 0.5);
        for (format f = 0; f < FORMATS; f++)
            at->error[f] = cosine_error(theta, at->position, f);
        table_row(t, "idddd", (int)at->position, at->error[BFLOAT16], at->error[FLOAT16],
                  at->error[FLOAT32], at->error[FLOAT64]);
    }
    table_close(t);
    claims(rows);
}
