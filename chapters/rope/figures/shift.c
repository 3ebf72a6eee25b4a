// Does a score know distances only? The score of one random query and key at all positions m and n, for four ways to
// give them positions; and how much it changes when both move.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "rope/figures/figures.h"
#include "rope/rope.h"

#include <math.h>

enum { SEED = 31, POSITIONS = 64, WIDTH = 64 };

typedef enum { SINUSOIDAL, ROPE, MIXED_PAIRINGS, ALIBI, WAYS } way;
static const char *const names[WAYS] = {"sinusoidal", "rope", "mixed_pairings", "alibi"};

static void
random_vector(rng *r, double x[WIDTH])
{
    for (int i = 0; i < WIDTH; i++)
        x[i] = rng_normal(r);
}

// y = x plus the sinusoid of position p.
static void
add_sinusoid(const double *theta, int p, const double *x, double *y)
{
    for (int i = 0; i < WIDTH / 2; i++) {
        y[2 * i] = x[2 * i] + sin64(p * theta[i]);
        y[2 * i + 1] = x[2 * i + 1] + cos64(p * theta[i]);
    }
}

static double
score(const double *q, const double *k)
{
    return linalg_dot(WIDTH, q, k) / sqrt64(WIDTH);
}

// The score of q at position m and k at position n.
static double
score_at(way w, const double *theta, const double *q, int m, const double *k, int n)
{
    double a[WIDTH], b[WIDTH];
    switch (w) {
    case SINUSOIDAL:
        add_sinusoid(theta, m, q, a);
        add_sinusoid(theta, n, k, b);
        return score(a, b);
    case ROPE:
        rope_rotate64(ROPE_INTERLEAVED, WIDTH, theta, m, q, a);
        rope_rotate64(ROPE_INTERLEAVED, WIDTH, theta, n, k, b);
        return score(a, b);
    case MIXED_PAIRINGS:
        rope_rotate64(ROPE_INTERLEAVED, WIDTH, theta, m, q, a);
        rope_rotate64(ROPE_HALVES, WIDTH, theta, n, k, b);
        return score(a, b);
    default: return score(q, k) - 0.0625 * (m > n ? m - n : 0); // ALiBi's slope 2^-4
    }
}

void
rope_figure_shift(void)
{
    double theta[WIDTH / 2], q[WIDTH], k[WIDTH], spread[WAYS] = {0};
    rng r = rng_at(SEED, 0);
    rope_angles(WIDTH, ROPE_BASE, theta);
    random_vector(&r, q);
    random_vector(&r, k);
    table *t = program_table("shift", "way\tm\tn\tscore");
    for (way w = 0; w < WAYS; w++)
        for (int m = 0; m < POSITIONS; m++)
            for (int n = 0; n < POSITIONS; n++) {
                double s = score_at(w, theta, q, m, k, n);
                int first = m < n ? m : n; // the first positions of this distance
                double same = score_at(w, theta, q, m - first, k, n - first);
                spread[w] = fmax(spread[w], fabs(s - same));
                table_row(t, "siif", names[w], m, n, s);
            }
    table_close(t);
    t = program_table("shift-spread", "way\tlargest_change");
    for (way w = 0; w < WAYS; w++)
        table_row(t, "sf", names[w], spread[w]);
    table_close(t);
    claim_below("shift-rope", "RoPE: largest change of a score when both positions move", 1e-12,
                spread[ROPE], "algebra", CHECK);
    claim_above("shift-mixed", "the same with q and k in different pairings", 1,
                spread[MIXED_PAIRINGS], "first seen here", FOUND);
    claim_above("shift-sinusoidal", "the same with sinusoids added", 1, spread[SINUSOIDAL],
                "first seen here", FOUND);
}
