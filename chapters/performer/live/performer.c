// For the page: estimates of exp(x . y) by random features, for two vectors of any length and angle.
#include "performer/performer.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"

enum { LIVE_D = 8, LIVE_M = 128, LIVE_DRAWS = 60, LIVE_SEED = 21 };

// Two vectors of this length, and the angle between them, in a plane.
static void
two(double length, double angle, double x[2][LIVE_D])
{
    for (int i = 0; i < 2 * LIVE_D; i++)
        x[0][i] = 0;
    x[0][0] = length;
    x[1][0] = length * cos64(angle), x[1][1] = length * sin64(angle);
}

// The estimates of LIVE_DRAWS random matrices of m rows.
const double *
performer_live_estimates(int map, int rows, int m, double length, double angle)
{
    static double w[LIVE_DRAWS][LIVE_M * LIVE_D], estimate[LIVE_DRAWS];
    static int drawn_rows = -1, drawn_m;
    double x[2][LIVE_D], phi[2 * 2 * LIVE_M];
    if (drawn_rows != rows || drawn_m != m) {
        drawn_rows = rows, drawn_m = m;
        for (int k = 0; k < LIVE_DRAWS; k++) {
            rng r = rng_at(LIVE_SEED, k);
            performer_draw(&r, (performer_rows)rows, m, LIVE_D, w[k]);
        }
    }
    two(length, angle, x);
    int F = performer_feature_count((performer_map)map, m);
    for (int k = 0; k < LIVE_DRAWS; k++) {
        performer_feature_map64((performer_map)map, 2, LIVE_D, m, w[k], x[0], phi);
        estimate[k] = linalg_dot(F, phi, phi + F);
    }
    return estimate;
}

// exp(x . y), and the exact mean square errors: independent rows, orthogonal rows.
const double *
performer_live_exact(int map, int m, double length, double angle)
{
    static double exact[3];
    double x[2][LIVE_D];
    two(length, angle, x);
    exact[0] = exp64(linalg_dot(LIVE_D, x[0], x[1]));
    exact[1] = performer_mse((performer_map)map, m, LIVE_D, x[0], x[1]);
    exact[2] = performer_orthogonal_mse((performer_map)map, m, LIVE_D, x[0], x[1]);
    return exact;
}
