#include "performer/study.h"

#include "files/memory.h"
#include "frame/parallel.h"
#include "frame/progress.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <stdlib.h>

enum { LENGTH = 512, WIDTH = 16, VALUES = LENGTH * WIDTH };

// Random queries, keys and values, and the answers of softmax attention; (LENGTH, WIDTH) each.
typedef struct {
    double *q, *k, *v, *exact;
} problem;

static void
attend_exactly(problem *p)
{
    double weight[LENGTH];
    for (int t = 0; t < LENGTH; t++) {
        double *out = p->exact + t * WIDTH, sum = 0;
        for (int s = 0; s < LENGTH; s++) {
            weight[s] = exp64(linalg_dot(WIDTH, p->q + t * WIDTH, p->k + s * WIDTH));
            sum += weight[s];
        }
        for (int s = 0; s < LENGTH; s++)
            for (int i = 0; i < WIDTH; i++)
                out[i] += weight[s] / sum * p->v[s * WIDTH + i];
    }
}

static double *
numbers_new(long n)
{
    return memory_zeroed(n, sizeof(double), "a study of random features");
}

// Queries and keys from N(0, std^2) before they are scaled by d^-1/4, values from N(0, 1).
static problem
problem_new(rng *r, double std)
{
    problem p = {numbers_new(VALUES), numbers_new(VALUES), numbers_new(VALUES),
                 numbers_new(VALUES)};
    double scale = std / sqrt64(sqrt64(WIDTH));
    for (int i = 0; i < VALUES; i++) {
        p.q[i] = scale * rng_normal(r);
        p.k[i] = scale * rng_normal(r);
        p.v[i] = rng_normal(r);
    }
    attend_exactly(&p);
    return p;
}

static void
problem_free(problem *p)
{
    free(p->q);
    free(p->k);
    free(p->v);
    free(p->exact);
}

// The mean square error of the answers x (LENGTH, WIDTH), or of one answer (WIDTH) to all queries where step is 0.
static double
mean_square_error(const problem *p, const double *x, int step)
{
    double sum = 0;
    for (int t = 0; t < LENGTH; t++)
        for (int i = 0; i < WIDTH; i++) {
            double difference = x[t * step + i] - p->exact[t * WIDTH + i];
            sum += difference * difference;
        }
    return sum / VALUES;
}

// The error of answering every query with the mean of all values.
static double
averaging_error(const problem *p)
{
    double mean[WIDTH] = {0};
    for (int i = 0; i < VALUES; i++)
        mean[i % WIDTH] += p->v[i] / LENGTH;
    return mean_square_error(p, mean, 0);
}

// Rows of length 1 over sqrt(m / d), as the popular mistake has them.
static void
shorten(int m, double *w)
{
    for (double *row = w; row < w + m * WIDTH; row += WIDTH) {
        double length = sqrt64(linalg_dot(WIDTH, row, row) * m / WIDTH);
        for (int i = 0; i < WIDTH; i++)
            row[i] /= length;
    }
}

// The error of a new draw of F features.
static double
features_error(const problem *p, const performer_study *s, int F, rng *draw)
{
    int m = F / performer_feature_count(s->map, 1);
    double *w = numbers_new((long)m * WIDTH), *phi_q = numbers_new((long)LENGTH * F);
    double *phi_k = numbers_new((long)LENGTH * F), *out = numbers_new(VALUES);
    performer_draw(draw, s->rows, m, WIDTH, w);
    if (s->shortened)
        shorten(m, w);
    performer_feature_map64(s->map, LENGTH, WIDTH, m, w, p->q, phi_q);
    performer_feature_map64(s->map, LENGTH, WIDTH, m, w, p->k, phi_k);
    performer_attention64(LENGTH, LENGTH, F, WIDTH, phi_q, phi_k, p->v, out);
    double error = mean_square_error(p, out, WIDTH);
    free(w);
    free(phi_q);
    free(phi_k);
    free(out);
    return error;
}

static void
run_study(int i, void *outcomes)
{
    performer_outcome *o = (performer_outcome *)outcomes + i;
    const performer_study *s = o->study;
    rng r = rng_at(s->seed, o->problem), draw = rng_at(s->seed, o->stream);
    problem p = problem_new(&r, s->std);
    o->averaging = averaging_error(&p);
    for (int n = 0, F = s->F; n < s->sizes; n++, F *= s->factor)
        o->error[n] = features_error(&p, s, F, &draw);
    problem_free(&p);
    progress_advance(1);
}

performer_outcomes
performer_run_studies(int n, const performer_study *studies, int problems)
{
    performer_outcomes all = {problems, NULL};
    all.outcome = memory_zeroed((long)n * problems, sizeof *all.outcome, "outcomes of studies");
    for (int i = 0; i < n; i++)
        for (int j = 0; j < problems; j++)
            all.outcome[i * problems + j] = (performer_outcome){
                .study = &studies[i], .problem = j, .stream = 100 * (i + 1) + j};
    progress_expect(n * problems);
    parallel_runs(n * problems, run_study, all.outcome);
    return all;
}

stats_quartiles
performer_errors(const performer_outcomes *all, int i, int F, bool relative)
{
    const performer_outcome *o = all->outcome + i * all->problems;
    int n = 0, size = o->study->F;
    while (n < o->study->sizes && size < F) {
        size *= o->study->factor;
        n++;
    }
    if (n == o->study->sizes || size != F)
        return (stats_quartiles){NAN, NAN, NAN};
    double error[all->problems];
    for (int j = 0; j < all->problems; j++)
        error[j] = o[j].error[n] / (relative ? o[j].averaging : 1);
    return stats_quartiles_of(all->problems, error);
}

stats_quartiles
performer_averaging(const performer_outcomes *all, int i)
{
    double error[all->problems];
    for (int j = 0; j < all->problems; j++)
        error[j] = all->outcome[i * all->problems + j].averaging;
    return stats_quartiles_of(all->problems, error);
}
