// In which format may angles be computed? The largest error of a cosine against the position, with theta, the
// position and the angle rounded to bfloat16, float16 and float32: median and range over neighbouring positions.
#include "files/fail.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "numbers/stats.h"
#include "rope/figures/figures.h"
#include "rope/rope.h"

#include <math.h>

enum {
    WIDTH = 128,
    DECADES = 5,
    PER_DECADE = 4,
    ROWS = PER_DECADE * DECADES + 1,
    NEIGHBOURS = 101
};

typedef enum { BFLOAT16, FLOAT16, FLOAT32, FORMATS } format;
static const int bits[FORMATS] = {8, 11, 24};

// Errors over the neighbourhood of a position; NaN where the format ends before it.
typedef struct {
    long position;
    double least[FORMATS], median[FORMATS], most[FORMATS];
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
cosine_error(const double *theta, long position, int n)
{
    double worst = 0;
    for (int i = 0; i < WIDTH / 2; i++) {
        double angle = rounded(rounded((double)position, n) * rounded(theta[i], n), n);
        worst = fmax(worst, fabs(cos64(angle) - cos64(position * theta[i])));
    }
    return worst;
}

// A tenth of the position to both sides, or 101 positions of it, evenly spread.
static void
errors_around(const double *theta, row *at)
{
    double error[NEIGHBOURS];
    long half = at->position / 10;
    int n = half < NEIGHBOURS / 2 ? 2 * (int)half + 1 : NEIGHBOURS;
    for (format f = 0; f < FORMATS; f++) {
        if (f == FLOAT16 && at->position + half > 65504) { // float16 ends there
            at->least[f] = at->median[f] = at->most[f] = NAN;
            continue;
        }
        for (int j = 0; j < n; j++)
            error[j] = cosine_error(
                theta, at->position + (n > 1 ? 2 * half * j / (n - 1) - half : 0), bits[f]);
        at->median[f] = stats_quartiles_of(n, error).middle;
        at->least[f] = error[0], at->most[f] = error[n - 1];
    }
}

// The row of one of the table's positions.
static const row *
row_at(const row *rows, long position)
{
    for (const row *at = rows; at < rows + ROWS; at++)
        if (at->position == position)
            return at;
    fail("precision: no row of position %ld", position);
}

static void
claims(const row *rows)
{
    const char *theory = "theory: an error of the angle is at most position 2^-23";
    double at_1e3 = row_at(rows, 1000)->median[FLOAT32];
    double at_1e5 = row_at(rows, 100000)->median[FLOAT32], most = 0;
    for (const row *at = rows; at < rows + ROWS; at++)
        most = fmax(most, at->most[FLOAT32] / (1.1 * at->position));
    claim_below("float32-bound",
                "float32 angles: largest error of a cosine over 1.1 position 2^-23", 1,
                most * (1 << 23), theory, CHECK);
    claim_near("float32-grows", "float32: median error at 1e5, over that at 1e3", 100,
               at_1e5 / at_1e3, 30, "theory: it grows like the position", FOUND);
    claim_near("float32-1e5", "float32: median error at 1e5 over 1e5 2^-24", 0.5,
               at_1e5 / (1e5 / (1 << 24)), 0.25, "expected: half of what one rounding may do",
               FOUND);
    claim_above("float16-1e3", "float16: median error at 1e3", 0.1,
                row_at(rows, 1000)->median[FLOAT16], "first seen here", FOUND);
    claim_changed("float32-1e5", "first: the error at exactly 1e5, which is twice the median");
    claim_changed("float16-1e3", "first: the error at exactly 1e3, which is twice the median");
    claim_near("bfloat16-257", "bfloat16: position 257 becomes", 256, rounded(257, bits[BFLOAT16]),
               0, "8 significant bits", CHECK);
}

void
rope_figure_precision(void)
{
    double theta[WIDTH / 2];
    row rows[ROWS];
    rope_angles(WIDTH, ROPE_BASE, theta);
    table *t = program_table("precision", "position\tbfloat16\tbfloat16_least\tbfloat16_most\t"
                                          "float16\tfloat16_least\tfloat16_most\t"
                                          "float32\tfloat32_least\tfloat32_most");
    for (int j = 0; j < ROWS; j++) {
        row *at = &rows[j];
        at->position = (long)(pow64(10, (double)j / PER_DECADE) + 0.5);
        errors_around(theta, at);
        table_row(t, "iddddddddd", (int)at->position, at->median[BFLOAT16], at->least[BFLOAT16],
                  at->most[BFLOAT16], at->median[FLOAT16], at->least[FLOAT16], at->most[FLOAT16],
                  at->median[FLOAT32], at->least[FLOAT32], at->most[FLOAT32]);
    }
    table_close(t);
    claims(rows);
}
