// Figure scaling: why are the scores divided by sqrt(d)? A query meets 64 random keys, for widths d from 1 to 512: the
// largest of its weights, and the trace of the softmax's Jacobian, through which the gradient must go, with and
// without the division.
#include "transformer/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"

#include <math.h>

enum { SEED = 11, KEYS = 64, WIDTHS = 10, DRAWS = 400 };

// What a query's weights over KEYS keys look like.
typedef struct {
    double largest; // of the weights
    double trace;   // of the softmax's Jacobian diag(w) - w w^T: 1 - sum w^2
} sharpness;

static sharpness
sharpness_of(const double *score, double scale)
{
    double top = score[0], sum = 0, square = 0;
    for (int s = 1; s < KEYS; s++)
        top = fmax(top, score[s]);
    for (int s = 0; s < KEYS; s++) {
        double e = exp64(scale * (score[s] - top));
        sum += e;
        square += e * e;
    }
    return (sharpness){1 / sum, 1 - square / (sum * sum)};
}

// Scores of one query with KEYS keys, all components from N(0, 1).
static void
random_scores(rng *r, int d, double score[KEYS])
{
    double q[d];
    for (int i = 0; i < d; i++)
        q[i] = rng_normal(r);
    for (int s = 0; s < KEYS; s++) {
        score[s] = 0;
        for (int i = 0; i < d; i++)
            score[s] += q[i] * rng_normal(r);
    }
}

// What the draws of one width gave: the square of a score, and a query's weights from scores as they are [0] and
// scaled [1].
typedef struct {
    int d;
    stats_estimate variance, largest[2], trace[2];
} width;

static width
measure(int d, rng *r)
{
    double square[DRAWS], largest[2][DRAWS], trace[2][DRAWS];
    int draws = program_steps(DRAWS, 20);
    for (int i = 0; i < draws; i++) {
        double score[KEYS];
        random_scores(r, d, score);
        square[i] = score[0] * score[0];
        for (int scaled = 0; scaled < 2; scaled++) {
            sharpness s = sharpness_of(score, scaled ? 1 / sqrt64(d) : 1);
            largest[scaled][i] = s.largest;
            trace[scaled][i] = s.trace;
        }
    }
    width w = {.d = d, .variance = stats_mean(draws, square)};
    for (int scaled = 0; scaled < 2; scaled++) {
        w.largest[scaled] = stats_mean(draws, largest[scaled]);
        w.trace[scaled] = stats_mean(draws, trace[scaled]);
    }
    return w;
}

static void
claims(const width all[WIDTHS])
{
    const char *source = "Vaswani et al. 2017, sec. 3.2.1", *own = "this chapter";
    const width *widest = &all[WIDTHS - 1];
    double z = 0, most = 0, least = 1;
    for (const width *w = all; w <= widest; w++) {
        // A product of one or two normal numbers has too heavy tails for a mean of its square
        if (w->d > 2)
            z = fmax(z, fabs(w->variance.mean - w->d) / w->variance.error);
        most = fmax(most, w->largest[1].mean);
        least = fmin(least, w->trace[1].mean);
    }
    claim_below("score-variance",
                "scores of N(0, 1) vectors: variance d, largest |z| of widths 4 to 512", 4, z,
                source, REPRODUCED);
    claim_above("unscaled-hard", "d 512, not scaled: the largest of 64 weights, mean", 0.9,
                unless_quick(widest->largest[0].mean), source, REPRODUCED);
    claim_below("unscaled-gradient", "d 512, not scaled: trace of the softmax's Jacobian, mean",
                0.15, unless_quick(widest->trace[0].mean), source, REPRODUCED);
    claim_below("scaled-soft", "scaled: the largest of 64 weights, the greatest mean of ten widths",
                0.15, most, own, REPRODUCED);
    claim_above("scaled-gradient", "scaled: trace of the Jacobian, the least mean of ten widths",
                0.9, least, own, REPRODUCED);
}

void
transformer_figure_scaling(void)
{
    width all[WIDTHS];
    table *t = program_table("scaling", "d\tscaled\tvariance\tvariance_error\tlargest\t"
                                        "largest_error\ttrace\ttrace_error");
    progress_expect(WIDTHS);
    for (int i = 0; i < WIDTHS; i++) {
        rng r = rng_at(SEED, i);
        width w = all[i] = measure(1 << i, &r);
        for (int scaled = 0; scaled < 2; scaled++)
            table_row(t, "iidddddd", w.d, scaled, w.variance.mean, w.variance.error,
                      w.largest[scaled].mean, w.largest[scaled].error, w.trace[scaled].mean,
                      w.trace[scaled].error);
        progress_advance(1);
    }
    table_close(t);
    claims(all);
}
