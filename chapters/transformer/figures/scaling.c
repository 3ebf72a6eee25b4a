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
    const width *widest = &all[WIDTHS - 1];
    double z = 0, falls = 0;
    for (const width *w = all; w <= widest; w++) {
        // A product of one or two normal numbers has too heavy tails for a mean of its square
        if (w->d > 2)
            z = fmax(z, fabs(w->variance.mean - w->d) / w->variance.error);
        if (w > all)
            falls = fmax(falls, w->trace[0].mean / w[-1].trace[0].mean);
    }
    // Of 8 numbers one is beyond 4.5 as rarely as of one number beyond 4
    claim_below("score-variance",
                "scores of N(0, 1) vectors: variance d, largest |z| of 8 widths from 4 to 512", 4.5,
                z, "Vaswani et al. 2017, footnote 4", CHECK);
    claim_below(
        "unscaled-gradient",
        "not scaled: trace of the softmax's Jacobian against half the width, the largest ratio of "
        "9",
        1, unless_quick(falls),
        "Vaswani et al. 2017, sec. 3.2.1: \"regions where it has extremely small gradients\"",
        REPRODUCED);
    claim_above("unscaled-hard",
                "d 512, not scaled: the largest of 64 weights, mean, above all others together",
                0.5, unless_quick(widest->largest[0].mean), "this chapter", FOUND);
    claim_near("scaled-gradient",
               "d 512, scaled: trace of the Jacobian, 1 - exp(1)/64 for normal scores",
               1 - exp64(1) / KEYS, widest->trace[1].mean, 0.01,
               "this chapter: 64 exp(2) / (64 exp(1/2))^2, to first order in 1/64", FOUND);
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
