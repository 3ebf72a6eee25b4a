// For the page: the weights of one query over 64 keys, for any width and any scale.
#include "transformer/figures/scaling.c"

#include "transformer/transformer.h"

// Weights (KEYS) of draw number `draw` at width d, its scores times `scale`; behind them the largest weight and the
// trace of the softmax's Jacobian, then the scores (KEYS).
const double *
transformer_live_weights(int d, double scale, int draw)
{
    static double said[2 * KEYS + 2];
    rng r = rng_at(SEED, draw);
    random_scores(&r, d, said + KEYS + 2);
    sharpness s = sharpness_of(said + KEYS + 2, scale);
    double top = said[KEYS + 2];
    for (int i = 1; i < KEYS; i++)
        top = fmax(top, said[KEYS + 2 + i]);
    for (int i = 0; i < KEYS; i++)
        said[i] = s.largest * exp64(scale * (said[KEYS + 2 + i] - top));
    said[KEYS] = s.largest, said[KEYS + 1] = s.trace;
    return said;
}
