// For the page: the scores of figure shift's query and key at all positions, with a base, a stretching and a pairing of
// the reader's own.
#include "rope/figures/shift.c"

enum { LIVE_POSITIONS = 128 };
enum { LIVE_PLAIN, LIVE_INTERPOLATED, LIVE_NTK, LIVE_BY_PARTS, LIVE_YARN };

// Scores (positions, positions) of the query at m and the key at n. mixed: the key's pairs are halves.
const double *
rope_live_scores(int positions, double base, int stretching, double factor, int length, int mixed)
{
    static double turned[2][LIVE_POSITIONS][WIDTH], scores[LIVE_POSITIONS * LIVE_POSITIONS];
    double theta[WIDTH / 2], q[WIDTH], k[WIDTH];
    rng r = rng_at(SEED, 0);
    random_vector(&r, q);
    random_vector(&r, k);
    switch (stretching) {
    case LIVE_INTERPOLATED: rope_position_interpolation(WIDTH, base, factor, theta); break;
    case LIVE_NTK: rope_ntk_aware(WIDTH, base, factor, theta); break;
    case LIVE_BY_PARTS: rope_ntk_by_parts(WIDTH, base, factor, length, theta); break;
    case LIVE_YARN: rope_yarn(WIDTH, base, factor, length, theta); break;
    default: rope_angles(WIDTH, base, theta);
    }
    for (int p = 0; p < positions; p++) {
        rope_rotate64(ROPE_INTERLEAVED, WIDTH, theta, p, q, turned[0][p]);
        rope_rotate64(mixed ? ROPE_HALVES : ROPE_INTERLEAVED, WIDTH, theta, p, k, turned[1][p]);
    }
    for (int m = 0; m < positions; m++)
        for (int n = 0; n < positions; n++)
            scores[m * positions + n] = score(turned[0][m], turned[1][n]);
    return scores;
}
