// What does an analogy score measure? Stems in two forms whose difference is the same for all to the part rho, and each
// stem's own for the rest: the relation is known, and five rules answer the same questions.
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
    SEED = 41,
    STEMS = 30,
    OTHERS = 40,
    V = 2 * STEMS + OTHERS, // word 2 i is a stem's first form, 2 i + 1 its second
    WIDTH = 8,
    D = WIDTH + 2,
    K = 5,
    SEEDS = 3,
    RHOS = 3,
    SIZES = 8
};

static const double std = 0.5;
static const double rhos[RHOS] = {0, 0.5, 1};
static const double sizes[SIZES] = {0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.6, 2};

// The parts of right answers by each rule; of the open one also the part of answers that are b.
typedef struct {
    double right[WORD2VEC_RULES], is_b;
} score;

typedef struct {
    double size, rho;
    int seed;
    score learnt, true_vectors;
} trial;

// Stems are random points; their forms lie size/2 to both sides. With rho = 1 all stems have the same direction, with
// rho = 0 each a random one of its own, of the same length on average.
static void
place_words(double size, double rho, rng *r, double *u)
{
    double common[WIDTH], own[WIDTH];
    word2vec_begin(V * WIDTH, std, r, u);
    word2vec_begin(WIDTH, std, r, common);
    for (int i = 0; i < STEMS; i++) {
        word2vec_begin(WIDTH, std, r, own);
        for (int e = 0; e < WIDTH; e++) {
            double offset = size * (sqrt64(rho) * common[e] + sqrt64(1 - rho) * own[e]);
            double *first = u + 2 * i * WIDTH + e, *second = first + WIDTH, stem = *first;
            *first = stem - offset / 2;
            *second = stem + offset / 2;
        }
    }
}

// p(w, c) in proportion to zipf zipf exp(u.v), where the Zipf ranks of words and of contexts are in random order.
static void
fill_joint(const double *u, rng *r, double *joint)
{
    double v[V * WIDTH], sum = 0;
    int rank[2][V];
    word2vec_begin(V * WIDTH, std, r, v);
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < V; i++) {
            int j = (int)rng_below(r, i + 1);
            rank[side][i] = rank[side][j];
            rank[side][j] = i + 1;
        }
    for (int w = 0; w < V; w++)
        for (int c = 0; c < V; c++) {
            double p = exp64(linalg_dot(WIDTH, u + w * WIDTH, v + c * WIDTH));
            joint[w * V + c] = p / ((double)rank[0][w] * rank[1][c]);
            sum += joint[w * V + c];
        }
    for (int i = 0; i < V * V; i++)
        joint[i] /= sum;
}

// All 870 questions: two stems i, j; first form of i to second form of i as first form of j to what?
static score
ask_all(int d, const double *vectors)
{
    float x[V * D], y[V * D], target[D];
    score s = {{0}, 0};
    const double each = 1.0 / (STEMS * (STEMS - 1));
    for (int i = 0; i < V * d; i++)
        x[i] = (float)vectors[i];
    word2vec_unit(V, d, x, y);
    for (int i = 0; i < STEMS; i++)
        for (int j = 0; j < STEMS; j++) {
            if (i == j)
                continue;
            for (word2vec_analogy_rule rule = 0; rule < WORD2VEC_RULES; rule++) {
                int answer = word2vec_analogy(V, d, y, 2 * i, 2 * i + 1, 2 * j, rule, target);
                s.right[rule] += each * (answer == 2 * j + 1);
                if (rule == WORD2VEC_OPEN)
                    s.is_b += each * (answer == 2 * j);
            }
        }
    return s;
}

static void
run(int i, void *all)
{
    trial *one = (trial *)all + i;
    double *joint = memory_zeroed(V * V, sizeof *joint, "a world");
    double u[V * WIDTH], w[V * D], c[V * D], contexts[V];
    rng r = rng_at(SEED, one->seed);
    place_words(one->size, one->rho, &r, u);
    fill_joint(u, &r, joint);
    one->true_vectors = ask_all(WIDTH, u);
    word2vec_marginals(V, V, joint, NULL, contexts);
    word2vec_table t = word2vec_table_new(V, V);
    word2vec_sampling_weights(V, joint, K, contexts, false, &t);
    word2vec_begin(V * D, 0.1, &r, w);
    word2vec_begin(V * D, 0.1, &r, c);
    word2vec_minimise(&t, D, w, c, 1e-10, program_steps(500, 2));
    one->learnt = ask_all(D, w);
    word2vec_table_free(&t);
    free(joint);
}

static void
write_row(table *t, double size, double rho, int seed, const char *vectors, const score *s)
{
    table_row(t, "ddisdddddd", size, rho, seed, vectors, s->right[WORD2VEC_EXCLUDED],
              s->right[WORD2VEC_OPEN], s->is_b, s->right[WORD2VEC_ONLY_B],
              s->right[WORD2VEC_IGNORE_A], s->right[WORD2VEC_OPPOSITE]);
}

static void
add_score(score *sum, const score *s, double part)
{
    for (int rule = 0; rule < WORD2VEC_RULES; rule++)
        sum->right[rule] += part * s->right[rule];
    sum->is_b += part * s->is_b;
}

// The mean over the seeds at one size and part, learnt or true.
static score
mean_score(const trial *all, double size, double rho, bool learnt)
{
    score sum = {{0}, 0};
    for (int i = 0; i < RHOS * SIZES * SEEDS; i++)
        if (all[i].size == size && all[i].rho == rho)
            add_score(&sum, learnt ? &all[i].learnt : &all[i].true_vectors, 1.0 / SEEDS);
    return sum;
}

static void
claims(const trial *all)
{
    const char *source = "expected by theory (Linzen 2016); bound ours";
    score none = mean_score(all, 0.4, 0, true), there = mean_score(all, 0.8, 1, true);
    claim_above(
        "analogy-none", "no relation, r = 0.4: right by the usual score, mean of 3 seeds", 0.5,
        unless_quick(none.right[WORD2VEC_EXCLUDED]),
        "Linzen 2016, abstract: the method 'conflates offset consistency with largely irrelevant "
        "neighborhood structure'; bound ours",
        REPRODUCED);
    claim_below("analogy-none-open",
                "no relation, r = 0.4: right with the question's words allowed", 0.25,
                unless_quick(none.right[WORD2VEC_OPEN]), source, FOUND);
    claim_above("analogy-none-b",
                "no relation, r = 0.4: the word nearest to b alone, less the usual score", 0,
                unless_quick(none.right[WORD2VEC_ONLY_B] - none.right[WORD2VEC_EXCLUDED]), source,
                FOUND);
    claim_above("analogy-none-opposite", "no relation, r = 0.4: right by the relation turned round",
                0.5, unless_quick(none.right[WORD2VEC_OPPOSITE]), source, FOUND);
    claim_above("analogy-there", "a relation, r = 0.8: right with the question's words allowed",
                0.8, unless_quick(there.right[WORD2VEC_OPEN]), source, FOUND);
    claim_below("analogy-there-opposite", "a relation, r = 0.8: right by the relation turned round",
                0.2, unless_quick(there.right[WORD2VEC_OPPOSITE]), source, FOUND);
}

void
word2vec_figure_analogies(void)
{
    static trial all[RHOS * SIZES * SEEDS];
    for (int i = 0; i < RHOS * SIZES * SEEDS; i++)
        all[i] = (trial){
            .size = sizes[i / SEEDS % SIZES], .rho = rhos[i / SEEDS / SIZES], .seed = i % SEEDS};
    parallel_runs(RHOS * SIZES * SEEDS, run, all);
    const char *columns =
        "r\trho\tseed\tvectors\texcluded\topen\tanswer_is_b\tonly_b\tignore_a\topposite";
    table *t = program_table("analogies", columns);
    for (int i = 0; i < RHOS * SIZES * SEEDS; i++) {
        write_row(t, all[i].size, all[i].rho, all[i].seed, "learnt", &all[i].learnt);
        write_row(t, all[i].size, all[i].rho, all[i].seed, "true", &all[i].true_vectors);
    }
    table_close(t);
    t = program_table("analogies-mean", columns);
    for (int learnt = 1; learnt >= 0; learnt--)
        for (int i = 0; i < RHOS * SIZES; i++) {
            score s = mean_score(all, sizes[i % SIZES], rhos[i / SIZES], learnt);
            write_row(t, sizes[i % SIZES], rhos[i / SIZES], -1, learnt ? "learnt" : "true", &s);
        }
    table_close(t);
    t = program_table("analogies-chosen", columns);
    for (int i = 0; i < RHOS * SIZES; i++)
        if (i % SIZES == 1 || i % SIZES == 3 || i % SIZES == 6) {
            score s = mean_score(all, sizes[i % SIZES], rhos[i / SIZES], true);
            write_row(t, sizes[i % SIZES], rhos[i / SIZES], -1, "learnt", &s);
        }
    table_close(t);
    claims(all);
}
