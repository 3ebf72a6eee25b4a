// Figure durability: what is lost when k of 100 machines die at once? 10 000 blocks of three replicas, on random triples
// of machines and on 33 fixed ones: the chance of any loss, by the formulas and by trying, and how much is lost.
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "many_machines/figures/figures.h"
#include "many_machines/laws.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { SEED = 184, MACHINES = 100, REPLICAS = 3, BLOCKS = 10000, POINTS = 8 };
enum { SETS = MACHINES / REPLICAS, TRIALS = 2000, YEARS = 4 };

static const int dead_at[POINTS] = {3, 4, 5, 6, 8, 10, 14, 20};

// Marks k of the machines as dead.
static void
kill_some(int k, rng *r, bool *dead)
{
    for (int i = 0; i < MACHINES; i++)
        dead[i] = false;
    for (int killed = 0; killed < k;) {
        int i = (int)rng_below(r, MACHINES);
        killed += !dead[i];
        dead[i] = true;
    }
}

// Whether the three machines of a block, drawn one by one, are all dead; the first that lives ends it.
static bool
block_dies(const bool *dead, rng *r)
{
    int a = (int)rng_below(r, MACHINES), b = a, c = a;
    if (!dead[a])
        return false;
    while (b == a)
        b = (int)rng_below(r, MACHINES);
    if (!dead[b])
        return false;
    while (c == a || c == b)
        c = (int)rng_below(r, MACHINES);
    return dead[c];
}

// How often of `trials` any block was lost, and the mean number of them with its standard error.
typedef struct {
    double any, lost, square;
} losses;

static losses
try_random(int k, int trials, rng *r)
{
    losses l = {0};
    bool dead[MACHINES];
    for (int trial = 0; trial < trials; trial++) {
        int lost = 0;
        kill_some(k, r, dead);
        for (int b = 0; b < BLOCKS; b++)
            lost += block_dies(dead, r);
        l.any += lost > 0;
        l.lost += lost;
        l.square += (double)lost * lost;
    }
    return l;
}

static losses
try_fixed(int k, int trials, rng *r)
{
    losses l = {0};
    bool dead[MACHINES];
    for (int trial = 0; trial < trials; trial++) {
        double lost = 0;
        kill_some(k, r, dead);
        for (int s = 0; s < SETS; s++)
            lost += dead[3 * s] && dead[3 * s + 1] && dead[3 * s + 2] ? (double)BLOCKS / SETS : 0;
        l.any += lost > 0;
        l.lost += lost;
        l.square += lost * lost;
    }
    return l;
}

// How far a number of hits is from what is expected, in standard deviations; 0 where fewer than ten, or misses, are.
static double
z_of_share(double hits, double p, int trials)
{
    double mean = p * trials;
    return mean < 10 || trials - mean < 10 ? 0 : (hits - mean) / sqrt64(mean * (1 - p));
}

// Of a mean; a law of so few events has no normal sum: 0.
static double
z_of_mean(const losses *l, double expected, int trials)
{
    double mean = l->lost / trials, variance = l->square / trials - mean * mean;
    return l->any < 10 ? 0 : (mean - expected) / sqrt64(variance / trials);
}

// Years to the loss of a block: a disk lives four years, and is replaced in an hour.
static void
write_chain(void)
{
    const double hours = 8766, lambda = 1 / (YEARS * hours), mu = 1;
    table *t = program_table("durability-years", "replicas\tyears\tyears_single");
    double years[4], exact = (2 * mu * mu + 7 * lambda * mu + 11 * lambda * lambda) /
                             (6 * lambda * lambda * lambda) / hours;
    for (int r = 1; r <= 4; r++) {
        years[r - 1] = many_machines_time_to_loss(r, lambda, mu, false) / hours;
        table_row(t, "idd", r, years[r - 1],
                  many_machines_time_to_loss(r, lambda, mu, true) / hours);
    }
    table_close(t);
    claim_near(
        "durability-chain", "durability: years to loss with three replicas, over the formula's", 1,
        years[2] / exact, 1e-9, "(2 mu^2 + 7 lambda mu + 11 lambda^2) / (6 lambda^3)", CHECK);
}

// The two clusters of the text.
static void
write_clusters(void)
{
    static const struct {
        const char *name;
        int n, k;
        double B;
    } c[2] = {{"small", 100, 3, 1e5}, {"large", 5000, 50, 1.67e7}};
    table *t = program_table("durability-clusters",
                             "cluster\tmachines\tdead\tblocks\trandom\tfixed\texpected");
    for (int i = 0; i < 2; i++)
        table_row(t, "siidddd", c[i].name, c[i].n, c[i].k, c[i].B,
                  many_machines_random_sets(c[i].n, c[i].k, REPLICAS, c[i].B),
                  many_machines_fixed_sets(c[i].n, c[i].k, REPLICAS),
                  c[i].B * many_machines_block_lost(c[i].n, c[i].k, REPLICAS));
    table_close(t);
}

void
many_machines_figure_durability(void)
{
    double worst = 0, worst_mean = 0;
    int trials = program_steps(TRIALS, 10), many = 50 * trials;
    rng r = rng_at(SEED, 0);
    write_chain();
    write_clusters();
    progress_expect(POINTS);
    table *t =
        program_table("durability", "dead\trandom\trandom_tried\tfixed\tfixed_tried\texpected\t"
                                    "random_lost\tfixed_lost");
    for (int i = 0; i < POINTS; i++) {
        int k = dead_at[i];
        double random = many_machines_random_sets(MACHINES, k, REPLICAS, BLOCKS);
        double fixed = many_machines_fixed_sets(MACHINES, k, REPLICAS);
        double expected = BLOCKS * many_machines_block_lost(MACHINES, k, REPLICAS);
        losses a = try_random(k, trials, &r);
        losses b = try_fixed(k, many, &r);
        const double z[] = {z_of_share(a.any, random, trials), z_of_share(b.any, fixed, many)};
        const double m[] = {z_of_mean(&a, expected, trials), z_of_mean(&b, expected, many)};
        for (int j = 0; j < 2; j++) {
            worst = fabs(z[j]) > worst ? fabs(z[j]) : worst;
            worst_mean = fabs(m[j]) > worst_mean ? fabs(m[j]) : worst_mean;
        }
        table_row(t, "iddddddd", k, random, a.any / trials, fixed, b.any / many, expected,
                  a.lost / trials, b.lost / many);
        progress_advance(1);
    }
    table_close(t);
    claim_below("durability-any",
                "durability, 3 to 20 of 100 die: the worst of 16 chances of a loss, |z|", 4.5,
                unless_quick(worst), "expected by theory: the formulas", FOUND);
    claim_below("durability-mean", "durability: the worst of 16 mean numbers of lost blocks, |z|",
                4.5, unless_quick(worst_mean),
                "expected by theory: the same for random and fixed triples", FOUND);
    double small = many_machines_random_sets(100, 3, 3, 1e5);
    claim_near("durability-copysets",
               "durability: 5000 machines, 1 % dead, random triples: the chance of a loss", 0.9999,
               many_machines_random_sets(5000, 50, 3, 1.67e7), 1e-4,
               "Cidon et al. 2013, abstract: 99.99 %", REPRODUCED);
    claim_near("durability-fixed", "durability: the same on fixed triples", 0.0015,
               many_machines_fixed_sets(5000, 50, 3), 1e-4, "Cidon et al. 2013, abstract: 0.15 %",
               REPRODUCED);
    claim_near("durability-ratio", "durability: 3 of 100, 10^5 blocks: random over fixed triples",
               2260, small / many_machines_fixed_sets(100, 3, 3), 1,
               "[1 - (1 - p)^B] / 33 p with p = 1 / C(100, 3)", CHECK);
}
