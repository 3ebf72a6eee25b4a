// How wide must vectors be, and do negative sampling and the SVD of the PMI find the same? Both against the width, in
// three worlds of known rank.
#include "files/memory.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "numbers/linalg.h"
#include "word2vec/figures/figures.h"
#include "word2vec/objective.h"
#include "word2vec/word2vec.h"
#include "word2vec/worlds.h"

#include <math.h>
#include <stdlib.h>

enum { SEED = 21, V = 60, WIDTH = 6, K = 5, CELLS = V * V, WORLDS = 3, WIDEST = 10 };

// What vectors of one width come to: rms error of w.c, and the loss above the least possible.
typedef struct {
    double rms, excess;
} outcome;

typedef struct {
    outcome sgns, svd;
} point;

static point
measure(const word2vec_table *t, const double *x, int d, int world)
{
    double w[V * WIDEST], c[V * WIDEST], s[V], least = word2vec_table_loss(t, x);
    double *y = memory_zeroed(CELLS, sizeof *y, "products");
    outcome out[2];
    for (int svd = 0; svd < 2; svd++) {
        rng r = rng_at(SEED + 1, world);
        word2vec_begin(V * d, 0.3, &r, w);
        word2vec_begin(V * d, 0.3, &r, c);
        if (svd)
            word2vec_truncate(V, x, d, 0.5, s, w, c);
        else
            word2vec_minimise(t, d, w, c, 1e-11, program_steps(1000, 2));
        for (int i = 0; i < CELLS; i++)
            y[i] = linalg_dot(d, w + i / V * d, c + i % V * d);
        out[svd] = (outcome){word2vec_rms(CELLS, x, y, NULL), word2vec_table_loss(t, y) - least};
    }
    free(y);
    return (point){out[0], out[1]};
}

static void
world(int i, void *context)
{
    point(*all)[WIDEST] = context;
    double *joint = memory_zeroed(CELLS, sizeof *joint, "a world");
    double *x = memory_zeroed(CELLS, sizeof *x, "an optimum"), contexts[V];
    rng r = rng_at(SEED, i);
    word2vec_zipf_world(V, WIDTH, 0.5, &r, joint);
    word2vec_marginals(V, V, joint, NULL, contexts);
    word2vec_table t = word2vec_table_new(V, V);
    word2vec_sampling_weights(V, joint, K, contexts, false, &t);
    word2vec_optimum(&t, x);
    for (int d = 1; d <= WIDEST; d++)
        all[i][d - 1] = measure(&t, x, d, i);
    word2vec_table_free(&t);
    free(joint);
    free(x);
}

// Does the noise p(c)^a have a best a? The error of w.c at d = 4, weighted by p(w, c), for a = 0, 1/4 ... 1.
enum { POWERS = 5, NARROW = 4 };

typedef struct {
    double weighted[WORLDS][POWERS];
} power_study;

static void
powers(int i, void *context)
{
    power_study *s = context;
    double *joint = memory_zeroed(CELLS, sizeof *joint, "a world"),
           *x = memory_zeroed(CELLS, sizeof *x, "an optimum");
    double *y = memory_zeroed(CELLS, sizeof *y, "products"), contexts[V], noise[V], w[V * NARROW],
           c[V * NARROW];
    rng r = rng_at(SEED, i);
    word2vec_zipf_world(V, WIDTH, 0.5, &r, joint);
    word2vec_marginals(V, V, joint, NULL, contexts);
    word2vec_table t = word2vec_table_new(V, V);
    for (int a = 0; a < POWERS; a++) {
        word2vec_noise(V, contexts, a / (POWERS - 1.0), noise);
        word2vec_sampling_weights(V, joint, K, noise, false, &t);
        word2vec_optimum(&t, x);
        rng first = rng_at(SEED + 1, i);
        word2vec_begin(V * NARROW, 0.3, &first, w);
        word2vec_begin(V * NARROW, 0.3, &first, c);
        word2vec_minimise(&t, NARROW, w, c, 1e-11, program_steps(1000, 2));
        for (int k = 0; k < CELLS; k++)
            y[k] = linalg_dot(NARROW, w + k / V * NARROW, c + k % V * NARROW);
        s->weighted[i][a] = word2vec_rms(CELLS, x, y, joint);
    }
    word2vec_table_free(&t);
    free(joint);
    free(x);
    free(y);
}

static void
write_powers(void)
{
    power_study s;
    parallel_runs(WORLDS, powers, &s);
    table *t =
        program_table("rank-power", "world\tuniform\tquarter\thalf\tthree_quarters\tunigram");
    for (int i = 0; i < WORLDS; i++) {
        const double *e = s.weighted[i];
        table_row(t, "iddddd", i, e[0], e[1], e[2], e[3], e[4]);
    }
    table_close(t);
}

void
word2vec_figure_rank(void)
{
    write_powers();
    point all[WORLDS][WIDEST];
    parallel_runs(WORLDS, world, all);
    table *t = program_table("rank", "world\td\tsgns_rms\tsvd_rms\tsgns_excess\tsvd_excess");
    double full = 0, six = INFINITY, least = INFINITY, most = 0, eckart_young = 0;
    for (int i = 0; i < WORLDS; i++)
        for (int d = 1; d <= WIDEST; d++) {
            const point *p = &all[i][d - 1];
            table_row(t, "iidddd", i, d, p->sgns.rms, p->svd.rms, p->sgns.excess, p->svd.excess);
            if (d >= WIDTH + 2)
                full = fmax(full, fmax(p->sgns.rms, p->svd.rms));
            if (d > WIDTH)
                continue;
            eckart_young = fmax(eckart_young, p->svd.rms / p->sgns.rms);
            least = fmin(least, p->svd.excess / p->sgns.excess);
            most = fmax(most, p->svd.excess / p->sgns.excess);
            if (d == WIDTH)
                six = fmin(six, p->sgns.excess);
        }
    table_close(t);
    claim_below("rank-full", "d >= 8: rms error of w.c, SGNS and SVD, the worst of 3 worlds", 1e-3,
                unless_quick(full), "algebra: the rank is 6 + 2", CHECK);
    claim_above(
        "rank-six",
        "d = 6, the width of the world: SGNS's loss above the optimum, the least of 3 worlds", 1e-4,
        unless_quick(six), "expected: two dimensions go to the marginals; bound ours", FOUND);
    claim_below("rank-svd", "d <= 6: the rms of the SVD over that of SGNS, the most of 3 worlds", 1,
                unless_quick(eckart_young), "theorem: Eckart & Young 1936", CHECK);
    claim_above("rank-sgns",
                "d <= 6: the SVD's loss above the optimum over that of SGNS, the least of 3 worlds",
                1.1, unless_quick(least), "expected: each is best in its own measure; bound ours",
                FOUND);
}
