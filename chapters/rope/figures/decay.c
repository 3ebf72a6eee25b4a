// Do scores fall with the distance? RoFormer's bound on them, the score of equal vectors, and scores of independent
// ones, by distance: their mean size, and how near they come to the bound.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "rope/figures/figures.h"
#include "rope/rope.h"

#include <math.h>

enum { SEED = 11, WIDTH = 128, PAIRS = WIDTH / 2, FARTHEST = 250, BETWEEN = 25, DRAWS = 2000 };
static const double gamma_of_euler = 0.57721566490153286;

// The largest change of g_i = (q_i k_i, q_i x k_i) from a pair to the next, with 0 after the last.
static double
largest_change(const double *q, const double *k)
{
    double worst = 0, dot = 0, cross = 0;
    for (int i = PAIRS - 1; i >= 0; i--) {
        double a = q[2 * i] * k[2 * i] + q[2 * i + 1] * k[2 * i + 1];
        double b = q[2 * i] * k[2 * i + 1] - q[2 * i + 1] * k[2 * i];
        worst = fmax(worst, sqrt64((a - dot) * (a - dot) + (b - cross) * (b - cross)));
        dot = a, cross = b;
    }
    return worst;
}

// Of independent N(0, 1) vectors at a distance: the mean |score|, its standard error, and the largest score as a part
// of its bound.
typedef struct {
    double mean, error, of_bound;
} drawn;

static drawn
draw_scores(const double *theta, int distance, int draws)
{
    double sum = 0, square = 0, of_bound = 0, bound = rope_decay_bound(WIDTH, theta, distance);
    rng r = rng_at(SEED, distance);
    for (int n = 0; n < draws; n++) {
        double q[WIDTH], k[WIDTH], turned[WIDTH];
        for (int i = 0; i < WIDTH; i++) {
            q[i] = rng_normal(&r);
            k[i] = rng_normal(&r);
        }
        rope_rotate64(ROPE_INTERLEAVED, WIDTH, theta, distance, q, turned);
        double score = fabs(linalg_dot(WIDTH, turned, k));
        sum += score;
        square += score * score;
        of_bound = fmax(of_bound, score / (largest_change(q, k) * PAIRS * bound));
    }
    double mean = sum / draws;
    return (drawn){mean, sqrt64((square / draws - mean * mean) / (draws - 1)), of_bound};
}

static void
claims(const double bound[FARTHEST + 1], const double same[FARTHEST + 1], double z, double of_bound)
{
    int rises = 0;
    double level = 0, theory = 0; // of equal vectors, means over the last 100 distances
    for (int r = 0; r < FARTHEST; r++)
        rises += bound[r + 1] > bound[r];
    for (int r = FARTHEST - 99; r <= FARTHEST; r++) {
        level += same[r] / 100;
        theory += (1 - (log64(r) + gamma_of_euler) / log64(ROPE_BASE)) / 100;
    }
    claim_near("bound-0", "d 128: the bound at distance 0 is (d/2 + 1)/2", 32.5, bound[0], 1e-9,
               "algebra", CHECK);
    claim_below("bound-falls", "d 128: the bound at distance 250, of that at 0", 0.5,
                bound[FARTHEST] / bound[0],
                "Su et al. 2021, sec. 3.4.3: it decays with the relative distance", REPRODUCED);
    claim_above("bound-rises", "d 128: steps of 250 in which the bound rises", 0, rises,
                "first seen here", FOUND);
    claim_below("bound-holds", "d 128: the largest of the scores, as a part of its bound", 1,
                of_bound, "Abel's summation", CHECK);
    claim_near("same-falls",
               "d 128: score of equal q and k over that at 0, mean of the distances 151 to 250",
               theory, level, 0.05, "theory: 1 - (log distance + 0.577)/log base, for many pairs",
               FOUND);
    claim_changed("same-falls", "first: 0.31 at 250, which was the measurement");
    claim_below("score-flat",
                "d 128: mean |score| of independent q, k against sqrt((2d - 1)/pi), largest |z| of "
                "11 distances",
                4, z, "theory: a rotated normal vector is a normal vector", FOUND);
}

void
rope_figure_decay(void)
{
    double theta[PAIRS], bound[FARTHEST + 1], same[FARTHEST + 1], z = 0, of_bound = 0;
    rope_angles(WIDTH, ROPE_BASE, theta);
    table *t = program_table("decay", "distance\tbound\tsame");
    for (int distance = 0; distance <= FARTHEST; distance++) {
        bound[distance] = rope_decay_bound(WIDTH, theta, distance);
        same[distance] = 0;
        for (int i = 0; i < PAIRS; i++)
            same[distance] += cos64(distance * theta[i]) / PAIRS;
        table_row(t, "idd", distance, bound[distance], same[distance]);
    }
    table_close(t);
    t = program_table("decay-independent",
                      "distance\tmean_score\tstandard_error\tlargest_of_bound");
    for (int distance = 0; distance <= FARTHEST; distance += BETWEEN) {
        drawn s = draw_scores(theta, distance, program_steps(DRAWS, 50));
        z = fmax(z, fabs(s.mean - sqrt64((2 * WIDTH - 1) / pi64)) / s.error);
        of_bound = fmax(of_bound, s.of_bound);
        table_row(t, "iddd", distance, s.mean, s.error, s.of_bound);
    }
    table_close(t);
    claims(bound, same, z, of_bound);
}
