// Do scores fall with the distance? RoFormer's bound on them, the score of equal vectors, and the mean size of the
// score of independent ones, by distance.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "rope/figures/figures.h"
#include "rope/rope.h"

#include <math.h>

enum { SEED = 11, WIDTH = 128, FARTHEST = 250, BETWEEN = 25, DRAWS = 2000 };

// The mean of |q R k| over N(0, 1) vectors at this distance, and its standard error.
static void
mean_score(const double *theta, int distance, int draws, double *mean, double *error)
{
    double sum = 0, square = 0;
    rng r = rng_at(SEED, distance);
    for (int n = 0; n < draws; n++) {
        double score = 0;
        for (int i = 0; i < WIDTH / 2; i++) {
            double a = rng_normal(&r), b = rng_normal(&r), c = rng_normal(&r), e = rng_normal(&r);
            // (a + ib)(c - ie) e^{i distance theta}, its real part
            score += (a * c + b * e) * cos64(distance * theta[i]) -
                     (b * c - a * e) * sin64(distance * theta[i]);
        }
        sum += fabs(score);
        square += score * score;
    }
    *mean = sum / draws;
    *error = sqrt64((square / draws - *mean * *mean) / (draws - 1));
}

static void
claims(const double bound[FARTHEST + 1], const double same[FARTHEST + 1], double worst)
{
    const char *paper = "Su et al. 2021, sec. 3.4.3", *own = "this chapter";
    int rises = 0;
    for (int i = 0; i < FARTHEST; i++)
        rises += bound[i + 1] > bound[i];
    claim_near("bound-0", "d 128: the bound at distance 0 is (d/2 + 1)/2", 32.5, bound[0], 1e-9,
               paper, REPRODUCED);
    claim_near("bound-250", "d 128: the bound at distance 250", 6.55, bound[250], 0.01, paper,
               REPRODUCED);
    claim_near("bound-rises", "d 128: steps of 250 in which the bound rises", 113, rises, 0, own,
               REPRODUCED);
    claim_near("same-250", "d 128: score of equal q and k at distance 250, of that at 0", 0.31,
               same[250], 0.005, own, REPRODUCED);
    claim_below("score-flat",
                "d 128: mean |score| of independent q, k against sqrt(2 d / pi), largest |z| of 11 "
                "distances",
                4, worst, own, REPRODUCED);
}

void
rope_figure_decay(void)
{
    double theta[WIDTH / 2], bound[FARTHEST + 1], same[FARTHEST + 1], worst = 0;
    rope_angles(WIDTH, ROPE_BASE, theta);
    table *t = program_table("decay", "distance\tbound\tsame");
    for (int distance = 0; distance <= FARTHEST; distance++) {
        bound[distance] = rope_decay_bound(WIDTH, theta, distance);
        same[distance] = 0;
        for (int i = 0; i < WIDTH / 2; i++)
            same[distance] += cos64(distance * theta[i]) / (WIDTH / 2);
        table_row(t, "idd", distance, bound[distance], same[distance]);
    }
    table_close(t);
    t = program_table("decay-independent", "distance\tmean_score\tstandard_error");
    for (int distance = 0; distance <= FARTHEST; distance += BETWEEN) {
        double mean, error;
        mean_score(theta, distance, program_steps(DRAWS, 50), &mean, &error);
        worst = fmax(worst, fabs(mean - sqrt64(2 * WIDTH / pi64)) / error);
        table_row(t, "idd", distance, mean, error);
    }
    table_close(t);
    claims(bound, same, worst);
}
