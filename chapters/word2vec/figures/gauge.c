// Are neighbours determined by the objective? The same minimum from four starts, splits of one matrix, a random change
// of coordinates; and what gradient descent from small vectors chooses.
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "word2vec/figures/figures.h"
#include "word2vec/objective.h"
#include "word2vec/word2vec.h"
#include "word2vec/worlds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEED = 31,
    V = 60,
    WIDTH = 6,
    D = 8,
    K = 5,
    STARTS = 4,
    PAIRS = V * (V - 1) / 2,
    DESCENT = 6000,
    SAMPLED = 2000000 // pairs
};

typedef struct {
    double word[V * D], context[V * D], excess;
} vectors;

static struct {
    double joint[V * V], noise[V], x[V * V], least;
    word2vec_table t;
    vectors minimum[STARTS], split[2], half, turned, flow[STARTS], sampled[STARTS];
} study;

// The cosines of all pairs of words.
static void
cosines(const double *w, double *cosine)
{
    int n = 0;
    for (int i = 0; i < V; i++)
        for (int j = 0; j < i; j++) {
            const double *a = w + i * D, *b = w + j * D;
            cosine[n++] = linalg_dot(D, a, b) / sqrt64(linalg_dot(D, a, a) * linalg_dot(D, b, b));
        }
}

static double
correlation(int n, const double *x, const double *y)
{
    double mx = sum64(n, x) / n, my = sum64(n, y) / n, xx = 0, yy = 0, xy = 0;
    for (int i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    return xy / sqrt64(xx * yy);
}

static int
nearest(const double *w, int to)
{
    int best = -1;
    double most = 0;
    for (int i = 0; i < V; i++) {
        double cosine =
            linalg_dot(D, w + i * D, w + to * D) / sqrt64(linalg_dot(D, w + i * D, w + i * D));
        if (i != to && (best < 0 || cosine > most)) {
            best = i;
            most = cosine;
        }
    }
    return best;
}

// How far two sets of vectors agree: correlation of their cosines, and the part of words with the same nearest one.
typedef struct {
    double correlation, same;
} agreement;

static agreement
agreement_of(const vectors *a, const vectors *b)
{
    double x[PAIRS], y[PAIRS];
    cosines(a->word, x);
    cosines(b->word, y);
    int same = 0;
    for (int i = 0; i < V; i++)
        same += nearest(a->word, i) == nearest(b->word, i);
    return (agreement){correlation(PAIRS, x, y), same / (double)V};
}

static double
excess_of(const vectors *v)
{
    return word2vec_expected_loss(&study.t, D, v->word, v->context, NULL, NULL) - study.least;
}

// Plain descent, every vector at the same rate.
static void
descend(vectors *v, int steps)
{
    double dw[V * D], dc[V * D];
    for (int s = 0; s < steps; s++) {
        word2vec_expected_loss(&study.t, D, v->word, v->context, dw, dc);
        for (int i = 0; i < V * D; i++) {
            v->word[i] -= 2 * dw[i];
            v->context[i] -= 2 * dc[i];
        }
    }
}

// As word2vec.c trains: small random inputs, outputs of 0, sampled pairs and negatives, the rate falling from 0.05 to
// 0.
static void
train(vectors *v, rng *r)
{
    float values[2 * V * D] = {0};
    word2vec m = {V, D, values, values + V * D};
    rng_fill_uniform(r, V * D, m.input, -0.5f / D, 0.5f / D);
    word2vec_alias pairs = word2vec_alias_new(V * V, study.joint);
    word2vec_alias negatives = word2vec_alias_new(V, study.noise);
    int steps = program_steps(SAMPLED, 1000), negative[K], row[K + 1], label[K + 1];
    float x[K + 1];
    for (int s = 0; s < steps; s++) {
        int pair = word2vec_draw(&pairs, r);
        for (int k = 0; k < K; k++)
            negative[k] = word2vec_draw(&negatives, r);
        word2vec_question q = word2vec_ask(pair % V, K, negative, false, row, label);
        word2vec_skip_gram(&m, pair / V, &q, 0.05f * (steps - s) / steps, WORD2VEC_EXACT, x);
    }
    for (int i = 0; i < V * D; i++) {
        v->word[i] = m.input[i];
        v->context[i] = m.output[i];
    }
    word2vec_alias_free(&pairs);
    word2vec_alias_free(&negatives);
}

static void
start(int i, void *context)
{
    (void)context;
    bool flow = i / STARTS == 1;
    vectors *all[3] = {study.sampled, study.flow, study.minimum}, *v = all[i / STARTS] + i % STARTS;
    rng r = rng_at(SEED + 1, i % STARTS);
    word2vec_begin(V * D, flow ? 0.01 : 0.3, &r, v->word);
    word2vec_begin(V * D, flow ? 0.01 : 0.3, &r, v->context);
    if (i < STARTS)
        train(v, &r);
    else if (flow)
        descend(v, program_steps(DESCENT, 2));
    else
        word2vec_minimise(&study.t, D, v->word, v->context, 1e-14, program_steps(2000, 2));
    v->excess = excess_of(v);
}

// W T and C T^-T of the first minimum, T of normal numbers.
static void
turn(void)
{
    rng r = rng_at(SEED + 2, 0);
    double T[D * D], across[D * D], turned[D * V];
    word2vec_begin(D * D, 1, &r, T);
    linalg_product(V, D, D, study.minimum[0].word, T, study.turned.word);
    for (int i = 0; i < V; i++)
        for (int e = 0; e < D; e++)
            turned[e * V + i] = study.minimum[0].context[i * D + e];
    memcpy(across, T, sizeof T);
    linalg_solve("a change of coordinates", D, across, V, turned);
    for (int i = 0; i < V; i++)
        for (int e = 0; e < D; e++)
            study.turned.context[i * D + e] = turned[e * V + i];
    study.turned.excess = excess_of(&study.turned);
}

enum { MINIMA, SPLITS, TURNED, SMALL, BALANCED, SAMPLED_STARTS, SAMPLED_BALANCED, KINDS };

// What the pairs of one kind have between them.
typedef struct {
    const char *kind;
    int pairs;
    double correlation, same; // their sums
    double least_correlation, most_correlation, least_same, most_same, excess;
} summary;

static void
compare_two(table *t, summary *s, const vectors *one, const vectors *other)
{
    agreement a = agreement_of(one, other);
    double excess = fmax(one->excess, other->excess);
    table_row(t, "siddd", s->kind, s->pairs, a.correlation, a.same, excess);
    bool first = s->pairs++ == 0;
    s->correlation += a.correlation;
    s->same += a.same;
    s->least_correlation = first ? a.correlation : fmin(s->least_correlation, a.correlation);
    s->most_correlation = first ? a.correlation : fmax(s->most_correlation, a.correlation);
    s->least_same = first ? a.same : fmin(s->least_same, a.same);
    s->most_same = first ? a.same : fmax(s->most_same, a.same);
    s->excess = fmax(s->excess, excess);
}

static summary
compare_all(table *t, const char *kind, const vectors all[STARTS])
{
    summary s = {.kind = kind};
    for (int i = 0; i < STARTS; i++)
        for (int j = 0; j < i; j++)
            compare_two(t, &s, &all[i], &all[j]);
    return s;
}

static summary
compare_with(table *t, const char *kind, const vectors *one, int n, const vectors *others)
{
    summary s = {.kind = kind};
    for (int i = 0; i < n; i++)
        compare_two(t, &s, one, &others[i]);
    return s;
}

// The cosines of the first two minima, and of the first two descents.
static void
write_cosines(void)
{
    double all[4][PAIRS];
    for (int i = 0; i < 2; i++) {
        cosines(study.minimum[i].word, all[i]);
        cosines(study.flow[i].word, all[2 + i]);
    }
    table *t = program_table("gauge", "minimum_0\tminimum_1\tdescent_0\tdescent_1");
    for (int i = 0; i < PAIRS; i += 3)
        table_row(t, "dddd", all[0][i], all[1][i], all[2][i], all[3][i]);
    table_close(t);
}

static void
claims(const summary all[KINDS])
{
    double worst = fmax(study.turned.excess, fmax(study.split[0].excess, study.split[1].excess));
    for (int i = 0; i < STARTS; i++)
        worst = fmax(worst, study.minimum[i].excess);
    const char *source = "expected by theory; bound ours";
    claim_below("gauge-loss", "seven sets of vectors: the largest loss above the optimum", 1e-8,
                unless_quick(worst), "algebra: the loss knows w.c only", CHECK);
    claim_below("gauge-minima",
                "four minima: part of words with the same nearest one, mean of the pairs", 0.95,
                unless_quick(all[MINIMA].same / all[MINIMA].pairs), source, FOUND);
    claim_below("gauge-splits", "U and U S of one matrix: part of words with the same nearest one",
                0.95, unless_quick(all[SPLITS].same), source, FOUND);
    claim_below("gauge-turned", "W and W T: part of words with the same nearest one", 0.95,
                unless_quick(all[TURNED].same), source, FOUND);
    claim_above(
        "gauge-small",
        "descent from small starts: correlation of cosines, mean of the pairs, less that "
        "of the minima",
        0, unless_quick((all[SMALL].correlation - all[MINIMA].correlation) / all[MINIMA].pairs),
        source, FOUND);
    claim_above(
        "gauge-balanced",
        "descent from small starts: correlation of cosines with those of U S^1/2, the least of 4",
        0.95, unless_quick(all[BALANCED].least_correlation), source, FOUND);
    claim_changed("gauge-balanced",
                  "the bound was 0.99; under one of five other seeds the least of 4 was 0.985");
    claim_above("gauge-balanced-sampled",
                "word2vec's own start and sampled pairs: the same correlation, the least of 4", 0.9,
                unless_quick(all[SAMPLED_BALANCED].least_correlation), source, FOUND);
    claim_above("gauge-sampled",
                "word2vec's own start and sampled pairs: correlation of cosines, mean of the "
                "pairs, less that of the minima",
                0,
                unless_quick((all[SAMPLED_STARTS].correlation - all[MINIMA].correlation) /
                             all[MINIMA].pairs),
                source, FOUND);
}

// Compares what is to be compared.
static void
compare_kinds(summary all[KINDS])
{
    table *t =
        program_table("gauge-agreement", "kind\tpair\tcorrelation\tsame_nearest\texcess_loss");
    const summary made[KINDS] = {
        [MINIMA] = compare_all(t, "minima", study.minimum),
        [SPLITS] = compare_with(t, "splits", &study.split[0], 1, &study.split[1]),
        [TURNED] = compare_with(t, "turned", &study.minimum[0], 1, &study.turned),
        [SMALL] = compare_all(t, "small starts", study.flow),
        [BALANCED] = compare_with(t, "small starts and U S^1/2", &study.half, STARTS, study.flow),
        [SAMPLED_STARTS] = compare_all(t, "sampled", study.sampled),
        [SAMPLED_BALANCED] =
            compare_with(t, "sampled and U S^1/2", &study.half, STARTS, study.sampled)};
    memcpy(all, made, sizeof made);
    table_close(t);
    t = program_table("gauge-kinds",
                      "kind\tpairs\tleast_correlation\tmost_correlation\tleast_same_nearest\t"
                      "most_same_nearest\texcess_loss");
    for (int i = 0; i < KINDS; i++)
        table_row(t, "siddddd", all[i].kind, all[i].pairs, all[i].least_correlation,
                  all[i].most_correlation, all[i].least_same, all[i].most_same, all[i].excess);
    table_close(t);
}

void
word2vec_figure_gauge(void)
{
    double contexts[V], s[V];
    summary all[KINDS];
    rng r = rng_at(SEED, 0);
    word2vec_zipf_world(V, WIDTH, 0.5, &r, study.joint);
    word2vec_marginals(V, V, study.joint, NULL, contexts);
    word2vec_noise(V, contexts, 0.75, study.noise);
    study.t = word2vec_table_new(V, V);
    word2vec_sampling_weights(V, study.joint, K, study.noise, false, &study.t);
    word2vec_optimum(&study.t, study.x);
    study.least = word2vec_table_loss(&study.t, study.x);
    parallel_runs(3 * STARTS, start, NULL);
    for (int i = 0; i < 2; i++) {
        word2vec_truncate(V, study.x, D, i, s, study.split[i].word, study.split[i].context);
        study.split[i].excess = excess_of(&study.split[i]);
    }
    // where W'W = C'C, as a descent from nearly nothing keeps it, the vectors are U S^1/2 up to a rotation
    word2vec_truncate(V, study.x, D, 0.5, s, study.half.word, study.half.context);
    study.half.excess = excess_of(&study.half);
    turn();
    compare_kinds(all);
    write_cosines();
    claims(all);
    word2vec_table_free(&study.t);
}
