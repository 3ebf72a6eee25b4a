// Which words are dropped, by the paper's formula and by the programs'; how far a window reaches when they are dropped
// before it is laid; and what becomes of the PMI.
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/stats.h"
#include "word2vec/figures/figures.h"
#include "word2vec/objective.h"
#include "word2vec/word2vec.h"
#include "word2vec/worlds.h"

#include <math.h>
#include <string.h>

enum { SEED = 81, V = 60, L = 5, TEXTS = 64, LENGTH = 20000, WIDTH = 6 };

static const double threshold = 0.01;

static struct {
    double f[V], keep[V];
    word2vec_alias draw;
    double kept[TEXTS][V], came[TEXTS][V], distance[TEXTS][L], pairs[TEXTS][L];
} study;

// Independent words, dropped by the programs' rule, and the true distances of neighbours that are left.
static void
thin(int text, void *context)
{
    (void)context;
    int place[LENGTH], n = 0;
    rng r = rng_at(SEED, text);
    for (int t = 0; t < LENGTH; t++) {
        int w = word2vec_draw(&study.draw, &r);
        study.came[text][w]++;
        if (rng_uniform64(&r) < study.keep[w]) {
            study.kept[text][w]++;
            place[n++] = t;
        }
    }
    for (int i = 0; i < n; i++)
        for (int d = 1; d <= L && i + d < n; d++) {
            study.distance[text][d - 1] += place[i + d] - place[i];
            study.pairs[text][d - 1]++;
        }
}

// Over the texts: the mean of sum / number of each.
static stats_estimate
ratio_of(const double *sum, const double *number, int stride)
{
    double values[TEXTS];
    for (int i = 0; i < TEXTS; i++)
        values[i] = sum[(long)i * stride] / number[(long)i * stride];
    return stats_mean(TEXTS, values);
}

static void
write_rules(void)
{
    table *t = program_table("subsampling", "f_over_t\tpaper\tprogram");
    for (int i = 0; i <= 120; i++) {
        double ratio = pow64(10, -1 + i / 30.0);
        table_row(t, "ddd", ratio, word2vec_keep(WORD2VEC_PAPER, ratio * 1e-3, 1e-3),
                  word2vec_keep(WORD2VEC_PROGRAM, ratio * 1e-3, 1e-3));
    }
    table_close(t);
}

// PMI after subsampling less PMI before: weighted rms over the pairs, with p(w, c) in proportion to g(w) g(c) p(w, c).
static double
pmi_moved(double *largest)
{
    double joint[V * V], thinned[V * V], word[V], keep[V], before[V * V], after[V * V], sum = 0;
    rng r = rng_at(SEED + 1, 0);
    word2vec_zipf_world(V, WIDTH, 0.5, &r, joint);
    word2vec_symmetric(V, joint);
    word2vec_marginals(V, V, joint, word, NULL);
    for (int w = 0; w < V; w++)
        keep[w] = word2vec_keep(WORD2VEC_PROGRAM, word[w], threshold);
    for (int i = 0; i < V * V; i++) {
        thinned[i] = joint[i] * keep[i / V] * keep[i % V];
        sum += thinned[i];
    }
    for (int i = 0; i < V * V; i++)
        thinned[i] /= sum;
    word2vec_pmi(V, joint, before);
    word2vec_pmi(V, thinned, after);
    *largest = 0;
    for (int i = 0; i < V * V; i++)
        *largest = fmax(*largest, fabs(after[i] - before[i]));
    return word2vec_rms(V * V, before, after, joint);
}

// The distances; the worst z of one, of which the exact mean is delta over the part that is left.
static double
write_distances(double left)
{
    double farther = 0;
    table *t = program_table("subsampling-distance", "distance_left\tdrawn\tstandard_error\texact");
    for (int d = 1; d <= L; d++) {
        stats_estimate e = ratio_of(&study.distance[0][d - 1], &study.pairs[0][d - 1], L);
        table_row(t, "iddd", d, e.mean, e.error, d / left);
        farther = fmax(farther, fabs(e.mean - d / left) / e.error);
    }
    table_close(t);
    return farther;
}

// The worst z of the part that is kept, over the words of which some are dropped.
static double
kept_z(int *dropped)
{
    double worst = 0;
    *dropped = 0;
    for (int w = 0; w < V; w++) {
        if (study.keep[w] == 1)
            continue;
        stats_estimate e = ratio_of(&study.kept[0][w], &study.came[0][w], V);
        worst = fmax(worst, fabs(e.mean - study.keep[w]) / e.error);
        ++*dropped;
    }
    return worst;
}

void
word2vec_figure_subsampling(void)
{
    double sum = 0, left = 0;
    memset(&study, 0, sizeof study);
    for (int w = 0; w < V; w++)
        sum += 1.0 / (w + 1);
    for (int w = 0; w < V; w++) {
        study.f[w] = 1 / ((w + 1) * sum);
        study.keep[w] = word2vec_keep(WORD2VEC_PROGRAM, study.f[w], threshold);
        left += study.f[w] * study.keep[w];
    }
    study.draw = word2vec_alias_new(V, study.f);
    parallel_runs(TEXTS, thin, NULL);
    write_rules();
    int dropped;
    double farther = write_distances(left), worst = kept_z(&dropped);
    double largest, moved = pmi_moved(&largest);
    table *t = program_table("subsampling-numbers", "quantity\tvalue");
    table_row(t, "sd", "part_left", left);
    table_row(t, "sd", "pmi_rms", moved);
    table_row(t, "sd", "pmi_largest", largest);
    table_close(t);
    claim_near("golden", "f = 2.618 t, phi squared: the programs' rule keeps all", 1,
               word2vec_keep(WORD2VEC_PROGRAM, 2.618033988749895e-3, 1e-3), 1e-12, "algebra",
               CHECK);
    claim_below("kept", "part of each word that is kept: worst |z| from the rule",
                stats_worst_bound(dropped), worst, "exact", CHECK);
    claim_below("farther",
                "distance of neighbours that are left: worst |z| from delta over the part left",
                stats_worst_bound(L), farther, "exact", CHECK);
    claim_above("pmi-moved", "subsampling: weighted rms by which the PMI moves", 0.001, moved,
                "expected by theory: g(w) g(c) cancels only up to the new marginals; bound ours",
                FOUND);
    word2vec_alias_free(&study.draw);
}
