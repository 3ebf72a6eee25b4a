// How often does a neighbour at distance delta count? Pairs of texts of a Markov chain, whose expected numbers are
// known exactly, against the weight (L - delta + 1)/L of a window of random reach and against 1/delta.
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/stats.h"
#include "word2vec/figures/figures.h"
#include "word2vec/word2vec.h"

#include <math.h>
#include <string.h>

enum { SEED = 71, V = 5, L = 5, TEXTS = 96, LENGTH = 3000 };

static struct {
    double step[V * V], stationary[V], pairs[TEXTS][V * V], by_distance[TEXTS][L];
} study;

// A random chain, and the distribution that it keeps.
static void
new_chain(void)
{
    rng r = rng_at(SEED, 0);
    double system[V * V], *p = study.step;
    for (int i = 0; i < V; i++) {
        double sum = 0;
        for (int j = 0; j < V; j++) {
            p[i * V + j] = exp64(rng_normal(&r));
            sum += p[i * V + j];
        }
        for (int j = 0; j < V; j++)
            p[i * V + j] /= sum;
    }
    // pi (P - I) = 0, the last equation replaced by sum pi = 1
    for (int j = 0; j < V; j++) {
        for (int i = 0; i < V; i++)
            system[j * V + i] = j == V - 1 ? 1 : p[i * V + j] - (i == j);
        study.stationary[j] = j == V - 1;
    }
    linalg_solve("the chain", V, system, 1, study.stationary);
}

static int
draw(const double *p, rng *r)
{
    double u = rng_uniform64(r);
    int i = 0;
    while (i < V - 1 && u >= p[i])
        u -= p[i++];
    return i;
}

static void
count(int text, void *context)
{
    (void)context;
    int words[LENGTH], around[2 * L];
    rng r = rng_at(SEED + 1, text);
    words[0] = draw(study.stationary, &r);
    for (int t = 1; t < LENGTH; t++)
        words[t] = draw(study.step + words[t - 1] * V, &r);
    for (int t = 0; t < LENGTH; t++) {
        int reach = 1 + (int)rng_below(&r, L);
        int n = word2vec_window(LENGTH, words, t, reach, around);
        for (int i = 0; i < n; i++)
            study.pairs[text][words[t] * V + around[i]]++;
        for (int distance = 1; distance <= reach; distance++)
            study.by_distance[text][distance - 1] += (t >= distance) + (t + distance < LENGTH);
    }
}

static double
by_harmonic(int distance)
{
    return 1.0 / distance;
}

static double
by_reach(int distance)
{
    return word2vec_window_weight(L, distance);
}

// The expected number of pairs (w, c) in a text: to both sides at every distance, with its weight.
static void
expect(double weight(int distance), double *pairs)
{
    double power[V * V], next[V * V];
    memcpy(power, study.step, sizeof power);
    memset(pairs, 0, V * V * sizeof *pairs);
    for (int distance = 1; distance <= L; distance++) {
        for (int w = 0; w < V; w++)
            for (int c = 0; c < V; c++) {
                double right = study.stationary[w] * power[w * V + c];
                double left = study.stationary[c] * power[c * V + w];
                pairs[w * V + c] += (LENGTH - distance) * weight(distance) * (right + left);
            }
        linalg_product(V, V, V, power, study.step, next);
        memcpy(power, next, sizeof power);
    }
}

// The z of the mean over the texts of one count.
static stats_estimate
over_texts(const double *first, int stride)
{
    double values[TEXTS];
    for (int i = 0; i < TEXTS; i++)
        values[i] = first[(long)i * stride];
    return stats_mean(TEXTS, values);
}

static double
worst_z(const double *expected)
{
    double worst = 0;
    for (int i = 0; i < V * V; i++) {
        stats_estimate e = over_texts(&study.pairs[0][i], V * V);
        worst = fmax(worst, fabs(e.mean - expected[i]) / e.error);
    }
    return worst;
}

// The tables; the worst z of a distance.
static double
write_tables(const double *by_weight, const double *harmonic)
{
    table *t = program_table("window", "distance\tdrawn\tstandard_error\treach\tharmonic");
    double worst = 0;
    for (int d = 1; d <= L; d++) {
        stats_estimate e = over_texts(&study.by_distance[0][d - 1], L);
        double places = 2.0 * (LENGTH - d);
        table_row(t, "idddd", d, e.mean / places, e.error / places, by_reach(d), by_harmonic(d));
        if (e.error > 0)
            worst = fmax(worst, fabs(e.mean - places * by_reach(d)) / e.error);
    }
    table_close(t);
    t = program_table("window-pairs", "word\tcontext\tdrawn\tstandard_error\treach\tharmonic");
    for (int i = 0; i < V * V; i++) {
        stats_estimate e = over_texts(&study.pairs[0][i], V * V);
        table_row(t, "iidddd", i / V, i % V, e.mean, e.error, by_weight[i], harmonic[i]);
    }
    table_close(t);
    return worst;
}

void
word2vec_figure_window(void)
{
    double by_weight[V * V], harmonic[V * V];
    new_chain();
    memset(study.pairs, 0, sizeof study.pairs);
    memset(study.by_distance, 0, sizeof study.by_distance);
    parallel_runs(TEXTS, count, NULL);
    expect(by_reach, by_weight);
    expect(by_harmonic, harmonic);
    double worst = write_tables(by_weight, harmonic);
    claim_below("window-distance", "neighbours at each distance: worst |z| from (L - delta + 1)/L",
                stats_worst_bound(L - 1), worst, "exact", CHECK);
    claim_below("window-pairs", "numbers of the 25 pairs: worst |z| from the exact expectation",
                stats_worst_bound(V * V), worst_z(by_weight), "exact", CHECK);
    claim_above("window-harmonic", "the same from the expectation with 1/delta", 20,
                worst_z(harmonic), "expected by theory; bound ours", FOUND);
}
