// The chapter's experiments: one function for each figure, each with its own seed.
#include "files/fail.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "performer/cases.h"
#include "performer/performer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEMMA_SEED = 11,
    FEATURES_SEED = 21,
    MEDIANS_SEED = 31,
    NOTHING_SEED = 41,
    KERNEL_SEED = 51,
    TRAINING_SEED = 61
};

enum { WIDTH = 16 }; // d of all studies of the kernel

static const char *const own = "this chapter", *const paper = "Choromanski et al. 2021";

// A mean and its standard error.
typedef struct {
    double mean, error;
} estimate;

static estimate
estimated(int n, const double *x)
{
    double mean = sum64(n, x) / n, square = 0;
    for (int i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean);
    return (estimate){mean, sqrt64(square / (n - 1) / n)};
}

// Sorts x; its median and quartiles, each a value of x.
typedef struct {
    double low, middle, high;
} quartiles;

static quartiles
quartiles_of(int n, double *x)
{
    sort64(n, x);
    return (quartiles){x[n / 4], x[n / 2], x[n - 1 - n / 4]};
}

static double *
doubles(long n)
{
    double *x = calloc(n, sizeof *x);
    if (!x)
        fail("no memory for %ld numbers", n);
    return x;
}

static double
dot(int n, const double *x, const double *y)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

// ---- The lemma ----

enum { LEMMA_SIZES = 8, LEMMA_KINDS = 4, DRAWS = 4000 };

// The mean square errors at one m: three kinds with independent rows, positive ones with orthogonal rows.
typedef struct {
    int m;
    double x[WIDTH], y[WIDTH];
    estimate error[LEMMA_KINDS], bias[LEMMA_KINDS];
} lemma_run;

static void
draw_errors(int i, void *context)
{
    lemma_run *run = (lemma_run *)context + i;
    int m = run->m, draws = program_steps(DRAWS, 50);
    double kernel = exp64(dot(WIDTH, run->x, run->y));
    double *w = doubles(m * WIDTH), *phi = doubles(4 * m), *error = doubles(draws),
           *bias = doubles(draws);
    for (int kind = 0; kind < LEMMA_KINDS; kind++) {
        rng r = rng_at(LEMMA_SEED, 1 + i * LEMMA_KINDS + kind);
        performer_kind map = kind < 3 ? (performer_kind)kind : PERFORMER_POSITIVE;
        int F = performer_features(map, m);
        for (int n = 0; n < draws; n++) {
            performer_draw(&r, kind < 3 ? PERFORMER_IID : PERFORMER_ORTHOGONAL, m, WIDTH, w);
            performer_map64(map, 1, WIDTH, m, w, run->x, phi);
            performer_map64(map, 1, WIDTH, m, w, run->y, phi + F);
            bias[n] = dot(F, phi, phi + F) - kernel;
            error[n] = bias[n] * bias[n];
        }
        run->error[kind] = estimated(draws, error);
        run->bias[kind] = estimated(draws, bias);
        progress_advance(1);
    }
    free(w), free(phi), free(error), free(bias);
}

// What a row of length sqrt(d) in place of chi(d) estimates, divided by the softmax kernel, by |x + y|.
static void
regularised(void)
{
    static const double lengths[] = {0.5, 1, 2, 2.828427};
    double worst = 0;
    int draws = program_steps(100000, 500);
    double *ratio = doubles(draws);
    table *t = program_table("regularised", "length\texact\tmeasured\tstandard_error");
    for (int i = 0; i < 4; i++) {
        rng r = rng_at(LEMMA_SEED, 1000 + i);
        for (int n = 0; n < draws; n++) {
            double w[WIDTH];
            for (int j = 0; j < WIDTH; j++)
                w[j] = rng_normal(&r);
            double first = w[0] * sqrt64(WIDTH / dot(WIDTH, w, w));
            ratio[n] = exp64(lengths[i] * first - lengths[i] * lengths[i] / 2);
        }
        estimate e = estimated(draws, ratio);
        double exact = performer_regularised(WIDTH, lengths[i]);
        worst = fmax(worst, fabs(e.mean - exact) / e.error);
        table_row(t, "dddd", lengths[i], exact, e.mean, e.error);
    }
    table_close(t);
    free(ratio);
    claim_below("regularised-mean",
                "rows of length sqrt(16): mean of the estimate, standard errors off, largest of 4",
                4, unless_quick(worst), own, REPRODUCED);
    claim_near("regularised-2", "rows of length sqrt(16): mean over exp(x . y) at |x + y| = 2",
               0.84, performer_regularised(WIDTH, 2), 0.005, own, REPRODUCED);
}

// The formulas of one pair of vectors of length 1.5 as the angle between them grows: errors relative to the kernel.
static void
angles(void)
{
    const double radius = 1.5, pi = 3.14159265358979323846;
    table *t =
        program_table("lemma-angle", "angle_degrees\tkernel\tpositive\thyperbolic\ttrigonometric");
    for (int degrees = 0; degrees <= 180; degrees += 2) {
        double x[2] = {radius, 0}, angle = degrees * pi / 180;
        double y[2] = {radius * cos64(angle), radius * sin64(angle)}, relative[3];
        double kernel = exp64(dot(2, x, y));
        for (int kind = 0; kind < 3; kind++)
            relative[kind] = sqrt64(performer_error(kind, 64, 2, x, y)) / kernel;
        table_row(t, "idddd", degrees, kernel, relative[0], relative[1], relative[2]);
    }
    table_close(t);
}

// Monte Carlo against the three formulas, for one pair of short vectors.
static void
lemma(void)
{
    lemma_run runs[LEMMA_SIZES];
    rng r = rng_at(LEMMA_SEED, 0);
    double x[WIDTH], y[WIDTH], worst = 0, biased = 0;
    for (int i = 0; i < WIDTH; i++) {
        x[i] = 0.15 * rng_normal(&r);
        y[i] = 0.15 * rng_normal(&r);
    }
    for (int i = 0; i < LEMMA_SIZES; i++) { // longest first
        runs[i].m = 1024 >> i;
        memcpy(runs[i].x, x, sizeof x);
        memcpy(runs[i].y, y, sizeof y);
    }
    progress_expect(LEMMA_SIZES * LEMMA_KINDS);
    training_side_by_side(LEMMA_SIZES, draw_errors, runs);
    table *t = program_table("lemma", "m\tpositive\tpositive_error\tpositive_exact\thyperbolic\t"
                                      "hyperbolic_error\thyperbolic_exact\ttrigonometric\t"
                                      "trigonometric_error\ttrigonometric_exact\torthogonal\t"
                                      "orthogonal_error");
    for (int i = LEMMA_SIZES - 1; i >= 0; i--) {
        double exact[3];
        const estimate *e = runs[i].error;
        for (int kind = 0; kind < LEMMA_KINDS; kind++) {
            biased = fmax(biased, fabs(runs[i].bias[kind].mean) / runs[i].bias[kind].error);
            if (kind == 3)
                continue;
            exact[kind] = performer_error(kind, runs[i].m, WIDTH, x, y);
            worst = fmax(worst, fabs(e[kind].mean - exact[kind]) / e[kind].error);
        }
        table_row(t, "iddddddddddd", runs[i].m, e[0].mean, e[0].error, exact[0], e[1].mean,
                  e[1].error, exact[1], e[2].mean, e[2].error, exact[2], e[3].mean, e[3].error);
    }
    table_close(t);
    t = program_table("lemma-pair", "quantity\tvalue");
    table_row(t, "sd", "length_of_sum",
              sqrt64(2 * dot(WIDTH, x, y) + dot(WIDTH, x, x) + dot(WIDTH, y, y)));
    table_row(t, "sd", "length_of_difference",
              sqrt64(dot(WIDTH, x, x) + dot(WIDTH, y, y) - 2 * dot(WIDTH, x, y)));
    table_row(t, "sd", "kernel", exp64(dot(WIDTH, x, y)));
    table_close(t);
    angles();
    regularised();
    claim_below("lemma-errors",
                "lemma 2: mean square errors, standard errors off, largest of 3 maps at 8 sizes", 4,
                unless_quick(worst), "Choromanski et al. 2021, lemma 2", REPRODUCED);
    claim_below("lemma-unbiased",
                "the estimates' means, standard errors off, largest of 32, orthogonal rows among "
                "them",
                4, unless_quick(biased), paper, REPRODUCED);
}

// ---- Errors of attention ----

enum { LENGTH = 512, MOST_PROBLEMS = 15, MOST_SIZES = 6 };

// Random queries, keys and values, and the answers of softmax attention; (LENGTH, WIDTH) each.
typedef struct {
    double *q, *k, *v, *exact;
    double nothing; // the mean square error of answering with the mean of all values
} problem;

static void
attend_exactly(problem *p)
{
    double weight[LENGTH];
    for (int t = 0; t < LENGTH; t++) {
        double *out = p->exact + t * WIDTH, sum = 0;
        for (int s = 0; s < LENGTH; s++) {
            weight[s] = exp64(dot(WIDTH, p->q + t * WIDTH, p->k + s * WIDTH));
            sum += weight[s];
        }
        for (int s = 0; s < LENGTH; s++)
            for (int i = 0; i < WIDTH; i++)
                out[i] += weight[s] / sum * p->v[s * WIDTH + i];
    }
}

static double
mean_square(const double *x, const double *y)
{
    double sum = 0;
    for (int i = 0; i < LENGTH * WIDTH; i++)
        sum += (x[i] - y[i]) * (x[i] - y[i]);
    return sum / (LENGTH * WIDTH);
}

// Queries and keys from N(0, std^2) before they are scaled by d^-1/4, values from N(0, 1).
static problem
problem_new(rng *r, double std)
{
    enum { ALL = LENGTH * WIDTH };
    problem p = {doubles(ALL), doubles(ALL), doubles(ALL), doubles(ALL), 0};
    double *mean = doubles(ALL), scale = std / sqrt64(sqrt64(WIDTH));
    for (int i = 0; i < ALL; i++) {
        p.q[i] = scale * rng_normal(r);
        p.k[i] = scale * rng_normal(r);
        p.v[i] = rng_normal(r);
        mean[i % WIDTH] += p.v[i] / LENGTH;
    }
    for (int i = WIDTH; i < ALL; i++)
        mean[i] = mean[i % WIDTH];
    attend_exactly(&p);
    p.nothing = mean_square(mean, p.exact);
    free(mean);
    return p;
}

static void
problem_free(problem *p)
{
    free(p->q), free(p->k), free(p->v), free(p->exact);
}

// Errors of one map on one problem for `sizes` sizes: m, m * factor, m * factor^2, ...
typedef struct {
    performer_kind kind;
    performer_rows rows;
    bool shrunk; // each row of W divided by sqrt(m / d)
    double std;
    uint32_t seed, number; // of the problem; of the features
    int m, factor, sizes;
    double error[MOST_SIZES]; // mean squares
    double nothing;
} study;

static void
run_study(int i, void *context)
{
    study *s = (study *)context + i;
    rng r = rng_at(s->seed, s->number % 100), draw = rng_at(s->seed, 100 + s->number);
    problem p = problem_new(&r, s->std);
    s->nothing = p.nothing;
    for (int n = 0, m = s->m; n < s->sizes; n++, m *= s->factor) {
        int F = performer_features(s->kind, m);
        double *w = doubles((long)m * WIDTH), *phi_q = doubles((long)LENGTH * F),
               *phi_k = doubles((long)LENGTH * F), *out = doubles(LENGTH * WIDTH);
        performer_draw(&draw, s->rows, m, WIDTH, w);
        for (int j = 0; s->shrunk && j < m * WIDTH; j++)
            w[j] /= sqrt64((double)m / WIDTH);
        performer_map64(s->kind, LENGTH, WIDTH, m, w, p.q, phi_q);
        performer_map64(s->kind, LENGTH, WIDTH, m, w, p.k, phi_k);
        performer_attention64(LENGTH, LENGTH, F, WIDTH, phi_q, phi_k, p.v, out);
        s->error[n] = mean_square(out, p.exact);
        free(w), free(phi_q), free(phi_k), free(out);
    }
    problem_free(&p);
    progress_advance(1);
}

// Runs `kinds` studies for `problems` problems each: all[kind problems + i] has what kind says of it.
static study *
run_studies(int kinds, const study *kind, int problems)
{
    study *all = calloc((size_t)kinds * problems, sizeof *all);
    if (!all)
        fail("no memory for %d studies", kinds * problems);
    for (int i = 0; i < kinds * problems; i++) {
        all[i] = kind[i / problems];
        all[i].number = 100 * (i / problems) + i % problems;
    }
    progress_expect(kinds * problems);
    training_side_by_side(kinds * problems, run_study, all);
    return all;
}

// The median and quartiles of one kind's errors at size n over its problems, divided by those of averaging if
// `relative`.
static quartiles
spread_of(const study *all, int kind, int problems, int n, bool relative)
{
    double error[MOST_PROBLEMS];
    for (int i = 0; i < problems; i++) {
        const study *s = &all[kind * problems + i];
        error[i] = s->error[n] / (relative ? s->nothing : 1);
    }
    return quartiles_of(problems, error);
}

enum { FEATURES_KINDS = 5, FEATURES_SIZES = 6 };

static void
features_claims(quartiles q[FEATURES_KINDS][FEATURES_SIZES])
{
    const int last = FEATURES_SIZES - 1;
    claim_above("trig-falls", "std 0.5, trigonometric, iid: error at m = 16 over that at m = 512",
                16, unless_quick(q[0][0].middle / q[0][last].middle), own, REPRODUCED);
    claim_above("trig-orthogonal", "std 0.5, m = 16, trigonometric: error of iid over orthogonal",
                2, unless_quick(q[0][0].middle / q[1][0].middle), paper, REPRODUCED);
    claim_above("positive-orthogonal", "std 0.5, m = 16, positive: error of iid over orthogonal", 2,
                unless_quick(q[2][0].middle / q[3][0].middle), paper, NOT_AT_THIS_SCALE);
    claim_below("positive-best", "std 0.5, m = 512, iid: error of positive over trigonometric", 1,
                unless_quick(q[2][last].middle / q[0][last].middle),
                "Choromanski et al. 2021, figure 4", NOT_AT_THIS_SCALE);
    claim_above("shrunk-flat", "rows divided by sqrt(m/d): error at m = 512 over that at m = 64", 1,
                unless_quick(q[4][last].middle / q[4][2].middle), own, REPRODUCED);
}

// The error of attention's answers against m, short vectors.
static void
features(void)
{
    study kind[FEATURES_KINDS] = {
        {.kind = PERFORMER_TRIGONOMETRIC, .rows = PERFORMER_IID},
        {.kind = PERFORMER_TRIGONOMETRIC, .rows = PERFORMER_ORTHOGONAL},
        {.kind = PERFORMER_POSITIVE, .rows = PERFORMER_IID},
        {.kind = PERFORMER_POSITIVE, .rows = PERFORMER_ORTHOGONAL},
        {.kind = PERFORMER_POSITIVE, .rows = PERFORMER_ORTHOGONAL, .shrunk = true}};
    static const char *const names[] = {"trig_iid", "trig_orthogonal", "positive_iid",
                                        "positive_orthogonal", "shrunk"};
    int problems = program_steps(MOST_PROBLEMS, 3), sizes = program_steps(FEATURES_SIZES, 2);
    quartiles q[FEATURES_KINDS][FEATURES_SIZES] = {0};
    for (int i = 0; i < FEATURES_KINDS; i++) {
        kind[i].std = 0.5;
        kind[i].seed = FEATURES_SEED;
        kind[i].m = 16;
        kind[i].factor = 2;
        kind[i].sizes = sizes;
    }
    study *all = run_studies(FEATURES_KINDS, kind, problems);
    table *t = program_table("features", "features\tm\tmedian\tlow\thigh");
    for (int i = 0; i < FEATURES_KINDS; i++)
        for (int n = 0; n < sizes; n++) {
            quartiles s = q[i][n] = spread_of(all, i, problems, n, false);
            table_row(t, "siddd", names[i], 16 << n, s.middle, s.low, s.high);
        }
    table_close(t);
    free(all);
    features_claims(q);
}

// Longer vectors: medians over problems, since trigonometric denominators cross zero.
static void
positive_against_trig(void)
{
    enum { SIZES = 5 };
    const study kind[2] = {{.kind = PERFORMER_TRIGONOMETRIC,
                            .std = 1,
                            .seed = MEDIANS_SEED,
                            .m = 16,
                            .factor = 4,
                            .sizes = program_steps(SIZES, 2)},
                           {.kind = PERFORMER_POSITIVE,
                            .std = 1,
                            .seed = MEDIANS_SEED,
                            .m = 16,
                            .factor = 4,
                            .sizes = program_steps(SIZES, 2)}};
    int problems = program_steps(MOST_PROBLEMS, 3);
    quartiles q[2][SIZES] = {0};
    study *all = run_studies(2, kind, problems);
    table *t = program_table("positive-against-trig",
                             "m\ttrig\ttrig_low\ttrig_high\tpositive\tpositive_low\tpositive_high");
    for (int n = 0; n < kind->sizes; n++) {
        for (int i = 0; i < 2; i++)
            q[i][n] = spread_of(all, i, problems, n, false);
        table_row(t, "idddddd", 16 << (2 * n), q[0][n].middle, q[0][n].low, q[0][n].high,
                  q[1][n].middle, q[1][n].low, q[1][n].high);
    }
    table_close(t);
    free(all);
    claim_above("trig-unusable", "std 1, m = 16: median error of trigonometric over positive", 100,
                unless_quick(q[0][0].middle / q[1][0].middle), paper, REPRODUCED);
    claim_above("trig-recovers", "std 1, m = 4096: median error of positive over trigonometric", 1,
                unless_quick(q[1][SIZES - 1].middle / q[0][SIZES - 1].middle), own, REPRODUCED);
}

// The error of positive features over that of answering with the mean of all values.
static void
against_nothing(void)
{
    enum { SIZES = 4, KINDS = 4 };
    study kind[KINDS];
    int problems = program_steps(9, 3), sizes = program_steps(SIZES, 1);
    quartiles q[KINDS][SIZES] = {0};
    for (int i = 0; i < KINDS; i++)
        kind[i] = (study){.kind = PERFORMER_POSITIVE,
                          .rows = i % 2 ? PERFORMER_ORTHOGONAL : PERFORMER_IID,
                          .std = i < 2 ? 0.5 : 1,
                          .seed = NOTHING_SEED,
                          .m = 64,
                          .factor = 4,
                          .sizes = sizes};
    study *all = run_studies(KINDS, kind, problems);
    table *t = program_table("against-nothing", "std\trows\tm\tratio\tratio_low\tratio_high");
    for (int i = 0; i < KINDS; i++)
        for (int n = 0; n < sizes; n++) {
            q[i][n] = spread_of(all, i, problems, n, true);
            table_row(t, "dsiddd", kind[i].std, i % 2 ? "orthogonal" : "iid", 64 << (2 * n),
                      q[i][n].middle, q[i][n].low, q[i][n].high);
        }
    table_close(t);
    free(all);
    claim_above("nothing-64", "std 0.5, m = 64, orthogonal: error over that of averaging v, median",
                1, unless_quick(q[1][0].middle), own, REPRODUCED);
    claim_below("nothing-1024",
                "std 0.5, m = 1024, orthogonal: error over that of averaging v, median", 0.2,
                unless_quick(q[1][2].middle), own, REPRODUCED);
    claim_above("nothing-std-1",
                "std 1, m = 4096, orthogonal: error over that of averaging v, median", 1,
                unless_quick(q[3][3].middle), own, REPRODUCED);
}

// ---- The matrix ----

enum { MAP = 40 };

// The estimated attention matrix (MAP, MAP) and its relative error: |estimate - exact| / |exact|, Frobenius norms.
static double
estimated_matrix(rng *r, int m, const double *x, const double *exact, double *weights)
{
    double *w = doubles((long)m * WIDTH), *phi = doubles((long)MAP * m), difference = 0;
    performer_draw(r, PERFORMER_ORTHOGONAL, m, WIDTH, w);
    performer_map64(PERFORMER_POSITIVE, MAP, WIDTH, m, w, x, phi);
    for (int t = 0; t < MAP; t++) {
        double sum = 0;
        for (int s = 0; s < MAP; s++) {
            weights[t * MAP + s] = dot(m, phi + t * m, phi + s * m);
            sum += weights[t * MAP + s];
        }
        for (int s = 0; s < MAP; s++) {
            weights[t * MAP + s] /= sum;
            double off = weights[t * MAP + s] - exact[t * MAP + s];
            difference += off * off;
        }
    }
    free(w), free(phi);
    return sqrt64(difference / dot(MAP * MAP, exact, exact));
}

// A softmax matrix and its estimates. Queries and keys are the same vectors, each like the one before it.
static void
kernel(void)
{
    static const int sizes[] = {0, 16, 64, 256};
    static double x[MAP * WIDTH], exact[MAP * MAP], weights[MAP * MAP];
    rng r = rng_at(KERNEL_SEED, 0);
    for (int i = 0; i < MAP * WIDTH; i++) {
        double fresh = rng_normal(&r) / 2; // std 1 before the scaling by 16^-1/4
        x[i] = i < WIDTH ? fresh : 0.9 * x[i - WIDTH] + sqrt64(1 - 0.81) * fresh;
    }
    for (int t = 0; t < MAP; t++) {
        double sum = 0;
        for (int s = 0; s < MAP; s++)
            sum += exact[t * MAP + s] = exp64(dot(WIDTH, x + t * WIDTH, x + s * WIDTH));
        for (int s = 0; s < MAP; s++)
            exact[t * MAP + s] /= sum;
    }
    table *t = program_table("kernel", "m\tquery\tkey\tweight");
    table *errors = program_table("kernel-error", "m\trelative_error");
    for (int i = 0; i < 4; i++) {
        if (i == 0)
            memcpy(weights, exact, sizeof exact);
        else
            table_row(errors, "id", sizes[i], estimated_matrix(&r, sizes[i], x, exact, weights));
        for (int j = 0; j < MAP * MAP; j++)
            table_row(t, "iiif", sizes[i], j / MAP, j % MAP, weights[j]);
    }
    table_close(t);
    table_close(errors);
}

// ---- What it costs ----

enum { COST_H = 4, COST_D = 16, COST_M = 64, LENGTHS = 7 };

// Operations of the products of all heads, forward.
static double
exact_operations(double N)
{
    return COST_H * 2.0 * (2 * N * N * COST_D); // q k^T, weights v
}

static double
performer_operations(double N)
{
    double maps = 2 * N * COST_M * COST_D, sums = N * COST_M * (COST_D + 1);
    return COST_H * 2.0 * (maps + 2 * sums); // phi_q, phi_k; phi_k^T [v, 1], phi_q times that
}

// Milliseconds, forward, medians: softmax attention and FAVOR+.
static void
time_length(int N, double *exact, double *favor)
{
    enum { ROUNDS = 9 };
    double times[2][ROUNDS];
    rng r = rng_at(0, 0);
    performer p = {.kind = PERFORMER_POSITIVE,
                   .stabilised = true,
                   .w = tensor_state("w", SHAPE(COST_M, COST_D))};
    rng_fill_normal(&r, p.w->size, p.w->data, 0, 1);
    for (int i = 0; i < ROUNDS; i++) {
        tensor *x = constant("x", SHAPE(1, N, COST_H, COST_D), NULL);
        rng_fill_normal(&r, x->size, x->data, 0, 1);
        double start = timing_seconds();
        transformer_attention(x, x, x, NULL, NULL);
        times[0][i] = 1e3 * (timing_seconds() - start);
        start = timing_seconds();
        performer_attend(x, x, x, NULL, &p);
        times[1][i] = 1e3 * (timing_seconds() - start);
        tape_reset();
    }
    *exact = quartiles_of(ROUNDS, times[0]).middle;
    *favor = quartiles_of(ROUNDS, times[1]).middle;
}

static void
time_lengths(int i, void *context)
{
    (void)i;
    (void)context;
    table *t = program_table("cost.timing", "length\tsoftmax_ms\tperformer_ms");
    for (int k = 0; k < program_steps(LENGTHS, 3); k++) {
        double exact, favor;
        time_length(32 << k, &exact, &favor);
        table_row(t, "idd", 32 << k, exact, favor);
    }
    table_close(t);
}

// Operations, kept values and time against the length.
static void
cost(void)
{
    table *t = program_table("cost", "length\tsoftmax\tperformer\tsoftmax_kept_values\t"
                                     "performer_kept_values");
    for (int k = 0; k < LENGTHS; k++) {
        double N =
            32 << k; // kept: scores and weights; projection, exponent and features of q and k
        table_row(t, "idddd", 32 << k, exact_operations(N), performer_operations(N),
                  2.0 * COST_H * N * N, 2.0 * 3 * COST_H * N * COST_M);
    }
    table_close(t);
    training_side_by_side(1, time_lengths, NULL);
    double even = 2 * COST_M + (double)COST_M / COST_D;
    claim_near("cost-even", "both cost the same at N = 2 m + m/d = 132: ratio there", 1,
               performer_operations(even) / exact_operations(even), 1e-9, own, REPRODUCED);
}

// ---- Training ----

enum {
    COPIED = 10,
    SYMBOLS = 11,
    COPY_T = 2 * COPIED,
    TESTS = 200,
    ROWS = 32,
    REDRAW = 10,
    STEPS = 600
};
typedef enum { SOFTMAX, FIXED, REDRAWN } attention_form;
static const char *const form_names[] = {"softmax", "fixed", "redrawn"};

// COPIED symbols from 1..10, a 0, the same symbols again: read (B, T) all but the last, say (B, T) what follows each,
// -1 where that is no copy.
static void
copy_batch(rng *r, int B, int *read, int *say)
{
    for (int b = 0; b < B; b++) {
        int all[COPY_T + 1];
        for (int i = 0; i < COPIED; i++)
            all[i] = all[COPIED + 1 + i] = 1 + (int)rng_below(r, SYMBOLS - 1);
        all[COPIED] = 0;
        for (int i = 0; i < COPY_T; i++) {
            read[b * COPY_T + i] = all[i];
            say[b * COPY_T + i] = i < COPIED ? -1 : all[i + 1];
        }
    }
}

// The part of the symbols asked for that has the largest logit.
static double
right_part(const transformer *m, const int *read, const int *say)
{
    tensor *logits = transformer_decode(m, TESTS, COPY_T, read, NULL, NULL, NULL, NULL);
    int right = 0;
    for (int i = 0; i < TESTS * COPY_T; i++)
        right += say[i] >= 0 &&
                 transformer_pick(SYMBOLS, logits->data + (long)i * SYMBOLS, 0, 0, NULL) == say[i];
    tape_reset();
    return (double)right / (TESTS * COPIED);
}

static void
redraw(const performer *p, rng *r)
{
    int m = p->w->shape.n[0], d = p->w->shape.n[1];
    double w[m * d];
    performer_draw(r, PERFORMER_ORTHOGONAL, m, d, w);
    for (int i = 0; i < m * d; i++)
        p->w->data[i] = (float)w[i];
}

typedef struct {
    attention_form form;
    int seed, steps, every;
    float *loss;   // (steps)
    double *right; // (steps / every) with the features of training
    double fresh;  // the mean over 5 other draws of features, at the end
} copying;

static void
copying_run(int i, void *context)
{
    enum { B = 32, D = 32, H = 4 };
    copying *run = (copying *)context + i;
    rng r = rng_at(TRAINING_SEED, run->seed), draw = rng_at(TRAINING_SEED, 100 + run->seed);
    rng test = rng_at(TRAINING_SEED, 1000);
    performer p = {PERFORMER_POSITIVE, true, 1e-6f, tensor_state("w", SHAPE(ROWS, D / H))};
    redraw(&p, &draw);
    tensor *positions = param("positions", SHAPE(COPY_T, D));
    rng_fill_normal(&r, positions->size, positions->data, 0, 1);
    transformer_config c = {.V = SYMBOLS,
                            .D = D,
                            .h = H,
                            .F = 2 * D,
                            .decoders = 2,
                            .order = TRANSFORMER_POST,
                            .activation = t_gelu,
                            .positions = positions,
                            .attend = run->form == SOFTMAX ? NULL : performer_attend,
                            .own = &p};
    transformer m = transformer_new(&c, &r);
    adamw adam = adamw_new(0.9f, 0.98f, 1e-9f, 0);
    static _Thread_local int read_test[TESTS * COPY_T], say_test[TESTS * COPY_T];
    copy_batch(&test, TESTS, read_test, say_test);
    for (int s = 0; s < run->steps; s++) {
        int read[B * COPY_T], say[B * COPY_T];
        float rate = 2e-3f * fminf(1, (s + 1) / 50.0f);
        if (run->form == REDRAWN && s % REDRAW == 0)
            redraw(&p, &draw);
        copy_batch(&r, B, read, say);
        tensor *logits = transformer_decode(&m, B, COPY_T, read, NULL, NULL, NULL, NULL);
        run->loss[s] = training_step(t_cross_entropy(logits, say), &adam, rate, 1);
        if ((s + 1) % run->every == 0)
            run->right[s / run->every] = right_part(&m, read_test, say_test);
    }
    for (int n = 0; n < 5; n++) {
        redraw(&p, &draw);
        run->fresh += right_part(&m, read_test, say_test) / 5;
    }
}

enum { SEEDS = 3, FORMS = 3, RUNS = SEEDS * FORMS };

// Where the runs end, and that with other features; the least and the best of each form are claimed.
static void
write_ends(const copying *runs)
{
    table *t = program_table("training-end", "run\tright\tright_with_new_features\tbest");
    double least[FORMS] = {1, 1, 1}, fresh_least[FORMS] = {1, 1, 1}, fresh_most = 0, fell = 0;
    for (int i = 0; i < RUNS; i++) {
        const copying *run = &runs[i];
        int n = run->steps / run->every;
        double best = 0, end = run->right[n - 1];
        char name[32];
        for (int k = 0; k < n; k++)
            best = fmax(best, run->right[k]);
        least[run->form] = fmin(least[run->form], end);
        fresh_least[run->form] = fmin(fresh_least[run->form], run->fresh);
        if (run->form == FIXED) {
            fresh_most = fmax(fresh_most, run->fresh);
            fell = fmax(fell, best - end);
        }
        snprintf(name, sizeof name, "%s_%d", form_names[run->form], run->seed);
        table_row(t, "sddd", name, end, run->fresh, best);
    }
    table_close(t);
    claim_above("copy-softmax", "copying, softmax: part of the symbols, worst of 3", 0.98,
                unless_quick(least[SOFTMAX]), own, REPRODUCED);
    claim_above("copy-fixed", "copying, fixed features: part of the symbols, worst of 3", 0.98,
                unless_quick(least[FIXED]), own, REPRODUCED);
    claim_above("copy-redrawn", "copying, redrawn features: part of the symbols, worst of 3", 0.9,
                unless_quick(least[REDRAWN]), own, REPRODUCED);
    claim_below("fixed-elsewhere", "trained with fixed features, used with others: best of 3", 0.7,
                unless_quick(fresh_most), own, REPRODUCED);
    claim_above(
        "redrawn-elsewhere",
        "used with other features: worst of 3 trained with redrawn minus best of 3 with fixed", 0,
        unless_quick(fresh_least[REDRAWN] - fresh_most), own, REPRODUCED);
    claim_above("fixed-collapse", "copying, fixed features: best test minus the last, largest of 3",
                0.1, unless_quick(fell), own, NOT_AT_THIS_SCALE);
}

static void
write_copying(const copying *runs)
{
    curve curves[RUNS];
    char header[RUNS * 16 + 8] = "step";
    for (int i = 0; i < RUNS; i++) {
        curves[i] = (curve){.steps = runs[i].steps, .loss = runs[i].loss};
        snprintf(curves[i].name, sizeof curves[i].name, "%s_%d", form_names[runs[i].form],
                 runs[i].seed);
        strcat(strcat(header, "\t"), curves[i].name);
    }
    training_curves("training", program_steps(20, 1), RUNS, curves);
    table *t = program_table("training-tests", header);
    for (int k = 0; k < runs->steps / runs->every; k++) {
        float row[RUNS];
        for (int i = 0; i < RUNS; i++)
            row[i] = (float)runs[i].right[k];
        table_curve(t, (k + 1) * runs->every, RUNS, row);
    }
    table_close(t);
    write_ends(runs);
}

// Copying ten symbols, with softmax attention, with one draw of features for good, and with a new one every few steps.
static void
training(void)
{
    copying runs[RUNS];
    int steps = program_steps(STEPS, 2), every = program_steps(50, 1);
    for (int i = 0; i < RUNS; i++) {
        runs[i] = (copying){.form = (attention_form)(FORMS - 1 - i / SEEDS),
                            .seed = i % SEEDS,
                            .steps = steps,
                            .every = every,
                            .right = doubles(steps / every)};
        runs[i].loss = calloc(steps, sizeof *runs[i].loss);
        if (!runs[i].loss)
            fail("no memory for a curve of %d steps", steps);
    }
    progress_expect((long)RUNS * steps);
    training_side_by_side(RUNS, copying_run, runs);
    write_copying(runs);
    for (int i = 0; i < RUNS; i++)
        free(runs[i].loss), free(runs[i].right);
}

int
main(int argc, char **argv)
{
    const program_option none[] = {{0}};
    const program_figure contents[] = {{"lemma", lemma, 3},
                                       {"features", features, 2},
                                       {"positive-against-trig", positive_against_trig, 4},
                                       {"against-nothing", against_nothing, 5},
                                       {"kernel", kernel, 0.1},
                                       {"cost", cost, 0.5},
                                       {"training", training, 12},
                                       {0}};
    program_begin("performer", none, argc, argv);
    program_run(performer_cases, contents);
    return program_end(claims_report());
}
