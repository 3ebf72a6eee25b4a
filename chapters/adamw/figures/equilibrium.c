// Figure equilibrium: how long are weights before a norm, and how fast do they turn? A vector of
// 256 weights whose gradients are random, orthogonal to it and as large as 1 / |w|: the norm and
// the angle of a step where they stand, and the way there, on their laws.
#include "adamw/adamw.h"
#include "adamw/figures/figures.h"
#include "adamw/laws.h"
#include "adamw/study.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stddef.h>

enum { SEED = 34, N = 256, SEEDS = 3, WAY = 40 };
typedef enum { SGD, ADAMW, L2 } rule_kind;

// A setting: what it begins with, and what its law says of the norm and of the angle (NaN:
// nothing).
typedef struct {
    const char *name;
    rule_kind kind;
    double rate, decay, momentum, beta2, scale; // of a gradient's values, times |w|
    double start;
    int steps, span; // the mean is of the second half; the way is that of the first `span` steps
} setting;

static const setting settings[] = {
    {"SGD", SGD, 0.1, 0.01, 0, 0, 1, 12, 5000, 1000},
    {"momentum", SGD, 0.1, 0.01, 0.9, 0, 1, 12, 5000, 1000},
    {"AdamW", ADAMW, 1e-3, 1, 0, 0.999, 1, 0.1, 30000, 4000},
    {"AdamW, half the decay", ADAMW, 1e-3, 0.5, 0, 0.999, 1, 0.1616, 30000, 4000},
    {"AdamW, gradients x 8", ADAMW, 1e-3, 1, 0, 0.999, 8, 0.1, 30000, 4000},
    {"AdamW, half, beta2 .99", ADAMW, 1e-3, 0.5, 0, 0.99, 1, 0.1616, 30000, 4000},
    {"L2", L2, 1e-2, 1e-3, 0, 0.999, 1, 10, 20000, 4000},
    {"L2, gradients x 8", L2, 1e-2, 1e-3, 0, 0.999, 8, 21, 40000, 4000}};
enum { SETTINGS = sizeof settings / sizeof *settings };

typedef struct {
    double norm[SETTINGS][SEEDS], angle[SETTINGS][SEEDS], way[SETTINGS][SEEDS][WAY];
} study;

// g: normal numbers times scale / |w|, without their part along w. Returns |w|.
static double
orthogonal(rng *r, double scale, const double *w, double *g)
{
    double norm = sqrt64(linalg_dot(N, w, w));
    adamw_study_normal(r, N, scale / norm, g);
    double along = linalg_dot(N, g, w) / (norm * norm);
    for (int i = 0; i < N; i++)
        g[i] -= along * w[i];
    return norm;
}

static void
move(const setting *s, int t, double *w, const double *g, double *m, double *v)
{
    const adamw_rule rule = {.beta1 = 0.9, .beta2 = s->beta2, .eps = 1e-8};
    const adamw_momentum momentum = {.momentum = s->momentum, .decay = s->decay};
    adamw_means means = {m, v, NULL};
    double h[N];
    switch (s->kind) {
    case SGD: adamw_momentum_move(&momentum, t, s->rate, N, w, g, m); break;
    case ADAMW:
        adamw_move(&rule, t, s->rate, adamw_pull(s->rate, s->decay), N, w, g, &means);
        break;
    default: adamw_l2_move(&rule, t, s->rate, s->decay, N, w, g, h, &means);
    }
}

static void
run(int number, void *context)
{
    study *own = context;
    int k = number / SEEDS, seed = number % SEEDS;
    const setting *s = &settings[k];
    double w[N], old[N], g[N], m[N] = {0}, v[N] = {0}, norms = 0, angles = 0;
    rng r = rng_at(SEED, (uint32_t)seed);
    adamw_study_normal(&r, N, 1, w);
    double size = sqrt64(linalg_dot(N, w, w));
    for (int i = 0; i < N; i++)
        w[i] *= s->start / size;
    int steps = program_steps(s->steps, 4 * WAY), every = program_steps(s->span, WAY) / WAY;
    for (int t = 1; t <= steps; t++) {
        double norm = orthogonal(&r, s->scale, w, g);
        for (int i = 0; i < N; i++)
            old[i] = w[i];
        move(s, t, w, g, m, v);
        double now = sqrt64(linalg_dot(N, w, w));
        if (t > steps / 2) {
            norms += now;
            angles += acos64(fmin(1, linalg_dot(N, old, w) / (norm * now)));
        }
        if (t % every == 0 && t / every <= WAY)
            own->way[k][seed][t / every - 1] = now;
    }
    own->norm[k][seed] = norms / (steps - steps / 2);
    own->angle[k][seed] = angles / (steps - steps / 2);
    progress_advance(1);
}

// A gradient of N values without its part along w has this size, times |w|.
static double
gradient_size(const setting *s)
{
    return s->scale * sqrt64(N - 1);
}

static double
norm_law(const setting *s)
{
    switch (s->kind) {
    case SGD: return adamw_law_norm_sgd(s->rate, s->decay, s->momentum, gradient_size(s));
    case ADAMW: return adamw_law_norm_adamw(s->rate, s->decay, N);
    default: return adamw_law_norm_l2(s->rate, s->decay, N, s->scale * sqrt64(N));
    }
}

// Under L2 the decay's share of |w| in a step is rate decay |w| / s, s the deviation of a value of
// the gradient times |w|, in place of rate decay.
static double
angle_law(const setting *s)
{
    switch (s->kind) {
    case SGD: return adamw_law_angle_sgd(s->rate, s->decay, s->momentum);
    case ADAMW: return adamw_law_angle_adamw(s->rate, s->decay, 0.9);
    default: return adamw_law_angle_adamw(s->rate, s->decay * norm_law(s) / s->scale, 0.9);
    }
}

static void
write_way(const study *own)
{
    table *t = program_table("equilibrium-way", "setting\tstep\tnorm\tstandard_error\tlaw");
    for (int k = 0; k < SETTINGS; k++) {
        const setting *s = &settings[k];
        int every = program_steps(s->span, WAY) / WAY;
        for (int i = 0; i < WAY; i++) {
            double norm[SEEDS], law = NAN;
            int step = (i + 1) * every;
            for (int seed = 0; seed < SEEDS; seed++)
                norm[seed] = own->way[k][seed][i];
            stats_estimate e = stats_mean(SEEDS, norm);
            if (s->kind == SGD && s->momentum == 0)
                law = adamw_law_relax_sgd(s->start, s->rate, s->decay, gradient_size(s), step);
            if (s->kind == ADAMW)
                law = adamw_law_relax_adamw(s->start, s->rate, s->decay, N, step);
            table_row(t, "siddd", s->name, step, e.mean, e.error, law);
        }
    }
    table_close(t);
}

void
adamw_figure_equilibrium(void)
{
    static study own;
    double norm[SETTINGS], angle[SETTINGS], worst_norm = 0, worst_angle = 0;
    progress_expect(SETTINGS * SEEDS);
    parallel_runs(SETTINGS * SEEDS, run, &own);
    table *t =
        program_table("equilibrium", "setting\trate\tdecay\tnorm\tnorm_error\tnorm_law\tangle\t"
                                     "angle_error\tangle_law");
    for (int k = 0; k < SETTINGS; k++) {
        const setting *s = &settings[k];
        stats_estimate size = stats_mean(SEEDS, own.norm[k]),
                       turn = stats_mean(SEEDS, own.angle[k]);
        table_row(t, "sdddddddd", s->name, s->rate, s->decay, size.mean, size.error, norm_law(s),
                  turn.mean, turn.error, angle_law(s));
        norm[k] = size.mean;
        angle[k] = turn.mean;
        worst_norm = fmax(worst_norm, fabs(size.mean / norm_law(s) - 1));
        worst_angle = fmax(worst_angle, fabs(turn.mean / angle_law(s) - 1));
    }
    table_close(t);
    write_way(&own);
    claim_below("norm-law", "norms: the largest relative distance of 8 from their law", 0.03,
                unless_quick(worst_norm), "van Laarhoven 2017, Kosson et al. 2024; to first order",
                FOUND);
    claim_below("angle-law", "angles: the largest relative distance of 8 from their law", 0.03,
                unless_quick(worst_angle), "the same", FOUND);
    claim_near("norm-adamw-scale",
               "AdamW: the norm for gradients eight times as large, over the other", 1,
               unless_quick(norm[4] / norm[2]), 1e-5, "algebra: g / sqrt(v) has no scale", CHECK);
    claim_near("norm-l2-scale", "Adam with L2: the same", 2, unless_quick(norm[7] / norm[6]), 0.04,
               "ours: the cubic root of 8", FOUND);
    claim_near("angle-product", "SGD: the angle over sqrt(2 rate decay)", 1,
               unless_quick(angle[0] / sqrt64(2 * 0.1 * 0.01)), 0.01,
               "ours, as van Laarhoven 2017: rate and decay act by their product", FOUND);
}
