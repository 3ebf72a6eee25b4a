// For the page: the steps of Adam on gradients of a chosen kind, or drawn by the reader, beside their bounds.
#include "adamw/adamw.h"
#include "adamw/laws.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>

enum { LIVE_BEFORE = 20, LIVE_MOST = 300, LIVE_SEED = 151 };
typedef enum {
    LIVE_GROWING, // 1 before, then times `size` in every step
    LIVE_WORST,   // times beta2 / beta1 in every step, from the first one on
    LIVE_SPIKE,   // 1, but for one step of `size`
    LIVE_ALONE,   // 0, but for one step of `size`
    LIVE_NOISE,   // N(0, 1)
    LIVE_SIGNS,   // 1, -1, 1, ...
    LIVE_DRAWN    // 1 before, then what the page has written
} live_kind;

static double drawn[LIVE_MOST];

// Where the page writes the gradients that the reader draws.
double *
adamw_live_drawn(void)
{
    return drawn;
}

// The gradient of step k of those that are shown, 1, 2, ...; 0, -1, ... are those before.
static double
gradient(live_kind kind, int k, double growth, double size, double last, rng *r)
{
    switch (kind) {
    case LIVE_GROWING: return k > 0 ? last * size : 1;
    case LIVE_WORST: return last * growth;
    case LIVE_SPIKE: return k == 1 ? size : 1;
    case LIVE_ALONE: return k == 1 ? size : 0;
    case LIVE_NOISE: return rng_normal(r);
    case LIVE_SIGNS: return k % 2 ? 1 : -1;
    default: return k > 0 ? drawn[k - 1] : 1;
    }
}

// `before` steps, then n more, of rate 1 and without decay; the gradient is clipped to theta. For each of the last
// LIVE_BEFORE of those before, NAN where there are not as many, and of the n: the gradient, the step, its bound. The
// eps is so small that it changes no bit, but for 0/0.
const double *
adamw_live_steps(int kind, double size, int before, int n, double beta1, double beta2, double theta,
                 int uncorrected)
{
    static double said[LIVE_BEFORE + LIVE_MOST][3];
    const adamw_rule rule = {beta1, beta2, 1e-300, ADAMW_EPS_OUTSIDE, uncorrected != 0};
    double w = 0, m = 0, v = 0, h, g = 1;
    rng r = rng_at(LIVE_SEED, 0);
    for (int i = 0; i < LIVE_BEFORE; i++)
        said[i][0] = said[i][1] = said[i][2] = NAN;
    for (int t = 1; t <= before + n; t++) {
        int k = t - before, row = LIVE_BEFORE - 1 + k;
        double was = w;
        g = gradient((live_kind)kind, k, beta2 / beta1, size, g, &r);
        adamw_clipped_move(&rule, t, 1, 0, theta, 1, &w, &g, &h, &(adamw_means){&m, &v, 0});
        if (row < 0)
            continue;
        said[row][0] = h;
        said[row][1] = was - w;
        said[row][2] = adamw_law_longest(beta1, beta2, uncorrected ? 0 : t);
    }
    return said[0];
}
