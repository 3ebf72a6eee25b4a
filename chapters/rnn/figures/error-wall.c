// A wall in the error of the smallest recurrent net, one unit: how steep it is, what gradient descent does there, and
// what clipping the gradient changes. Pascanu, Mikolov & Bengio 2013, figure 6.
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"
#include "rnn/figures/figures.h"

#include <math.h>

enum { SEED = 11 }; // of the gradient that the table of clipping takes

// x(0) = 1/2, x <- w sigma(x) + b fifty times; E = (sigma(x) - 0.7)^2 and its gradient.
typedef struct {
    double x, error, dw, db;
} wall_point;

static double
sigmoid64(double x)
{
    return 1 / (1 + exp64(-x));
}

static wall_point
wall(double w, double b)
{
    enum { STEPS = 50 };
    double x = 0.5, dx_dw = 0, dx_db = 0;
    for (int t = 0; t < STEPS; t++) {
        double s = sigmoid64(x), slope = w * s * (1 - s);
        dx_dw = s + slope * dx_dw;
        dx_db = 1 + slope * dx_db;
        x = w * s + b;
    }
    double s = sigmoid64(x), outer = 2 * (s - 0.7) * s * (1 - s);
    return (wall_point){x, (s - 0.7) * (s - 0.7), outer * dx_dw, outer * dx_db};
}

// The largest |dE/dw| along w at this b, and the w where it is. Where x(50) jumps from the lower to the upper
// fixed point the peak may be 1e-8 wide: bisect for the jump, then close in on the peak.
static double
ridge(double b, double *at)
{
    double low = 4.5, high = 6.5;
    double middle = (wall(low, b).x + wall(high, b).x) / 2;
    for (int i = 0; i < 60; i++) {
        double w = (low + high) / 2;
        if (wall(w, b).x < middle)
            low = w;
        else
            high = w;
    }
    double center = low, width = 2, best = 0;
    for (int zoom = 0; zoom < 60; zoom++, width *= 0.7) {
        double around = center;
        for (int i = -20; i <= 20; i++) {
            double w = around + width * i / 20, slope = fabs(wall(w, b).dw);
            if (slope > best && w >= 4.5 && w <= 6.5) {
                best = slope;
                center = w;
            }
        }
    }
    *at = center;
    return best;
}

typedef struct {
    double longest; // step
    double error;   // at the end
} descent;

// Gradient descent on (w, b), clipped to the norm theta. Its first 60 steps become rows of `path`, if that is given.
static descent
descend(double w, double b, double theta, int steps, table *path)
{
    enum { SHOWN = 60 };
    const double rate = 0.5;
    descent d = {0, 0};
    for (int step = 0; step <= steps; step++) {
        wall_point p = wall(w, b);
        double norm = sqrt64(p.dw * p.dw + p.db * p.db);
        double scale = norm > theta ? theta / norm : 1;
        if (path && step <= SHOWN)
            table_row(path, "sidddd", theta < INFINITY ? "clipped" : "unclipped", step, w, b,
                      p.error, norm);
        d.longest = fmax(d.longest, rate * scale * norm);
        d.error = p.error;
        w -= rate * scale * p.dw;
        b -= rate * scale * p.db;
    }
    return d;
}

// Of a grid of 20 x 20 starts around (5.2, -2.5): the part whose unclipped descent has a step longer than 1,
// and the part whose clipped descent has an error below `arrived` after 1000 steps.
static void
descend_from_all(double arrived, double *leap, double *arrive)
{
    enum { SIDE = 20, STARTS = SIDE * SIDE };
    int leaps = 0, arrivals = 0;
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            double w = 5 + 0.4 * i / (SIDE - 1), b = -2.7 + 0.4 * j / (SIDE - 1);
            leaps += descend(w, b, INFINITY, 60, NULL).longest > 1;
            arrivals += descend(w, b, 1, 1000, NULL).error < arrived;
        }
    *leap = (double)leaps / STARTS;
    *arrive = (double)arrivals / STARTS;
}

// The median of |dE/dw| over a grid of Pascanu's range.
static double
median_slope(void)
{
    enum { W = 100, B = 50 };
    double slope[(W + 1) * (B + 1)];
    for (int i = 0; i <= W; i++)
        for (int j = 0; j <= B; j++)
            slope[i * (B + 1) + j] = fabs(wall(4.5 + 2.0 * i / W, -3.2 + 1.0 * j / B).dw);
    return stats_quartiles_of((W + 1) * (B + 1), slope).middle;
}

static void
wall_claims(void)
{
    const char *source = "Pascanu et al. 2013, fig. 6: 'the existence of high curvature walls'";
    double w, leap, arrive;
    descend_from_all(1e-4, &leap, &arrive);
    claim_above("wall-height", "error wall: the largest |dE/dw| along the wall at b = -3.2", 1e6,
                ridge(-3.2, &w), source, REPRODUCED);
    claim_above("unclipped-leaps", "error wall: the part of 400 starts with an unclipped step > 1",
                0.5, leap, "Pascanu et al. 2013, fig. 6, solid lines", REPRODUCED);
    claim_near("clipped-arrives",
               "error wall: the part of the same starts, clipped, with an error < 1e-4 after 1000 "
               "steps",
               1, arrive, 0, "Pascanu et al. 2013, fig. 6, dashed arrow", REPRODUCED);
}

// The gradients of all parameters, one behind the other; returns their norm.
static double
all_gradients(double *g)
{
    double square = 0;
    for (int i = 0; i < param_count(); i++)
        for (long j = 0; j < param_at(i)->size; j++) {
            *g = param_at(i)->grad[j];
            square += *g * *g;
            g++;
        }
    return sqrt64(square);
}

// What the two ways to clip do to a gradient of three tensors: its norm, and the angle by which it turns.
static void
clipping_table(void)
{
    enum { NOT, JOINT_NORM, EACH_VALUE, WAYS, TENSORS = 3, SIZE = 6, N = TENSORS * SIZE };
    static const char *const ways[] = {"not", "joint_norm", "each_value"};
    const double theta = 1.5;
    table *t = program_table("clipping", "clipped\tnorm\tangle_degrees");
    for (int way = NOT; way < WAYS; way++) {
        double before[N], after[N], along = 0;
        rng r = rng_at(SEED, 20);
        for (int i = 0; i < TENSORS; i++) // entries of size 1, 0.1 and 3
            rng_fill_normal(&r, SIZE, param("g", SHAPE(SIZE))->grad, 0, (float[]){1, 0.1f, 3}[i]);
        double norm = all_gradients(before);
        if (way == JOINT_NORM)
            clip_global_norm(theta);
        if (way == EACH_VALUE)
            clip_elements((float)theta);
        double clipped = all_gradients(after);
        for (int i = 0; i < N; i++)
            along += before[i] * after[i];
        double angle = 180 / pi64 * acos64(fmin(1, along / (norm * clipped)));
        // Rounded: the arc cosine near 1 has no more digits.
        table_row(t, "sfd", ways[way], clipped, (int)(10 * angle + 0.5) / 10.0);
        tensors_free();
    }
    table_close(t);
}

// The error over w and b, two descents on it, and how steep its wall is.
void
rnn_figure_error_wall(void)
{
    enum { W = 120, B = 90, RIDGE = 44 };
    table *t = program_table("error-wall", "w\tb\terror");
    for (int j = 0; j <= B; j++)
        for (int i = 0; i <= W; i++) {
            double w = 4.2 + 2.1 * i / W, b = -3.2 + 1.5 * j / B;
            table_row(t, "fff", w, b, wall(w, b).error);
        }
    table_close(t);
    t = program_table("error-wall-paths", "path\tstep\tw\tb\terror\tgradient_norm");
    double clipped_error = descend(5.2, -2.5, 1, 1000, t).error;
    descend(5.2, -2.5, INFINITY, 60, t);
    table_close(t);
    t = program_table("error-wall-numbers", "what\tvalue");
    table_row(t, "sd", "median_slope", median_slope());
    table_row(t, "sd", "clipped_error", clipped_error);
    table_close(t);
    t = program_table("error-wall-ridge", "b\tw\tlargest_dE_dw");
    for (int j = 0; j <= RIDGE; j++) { // at b = -2.3 the wall leaves w >= 4.5
        double b = -3.2 + 0.02 * j, w, slope = ridge(b, &w);
        table_row(t, "ddd", b, w, slope);
    }
    table_close(t);
    clipping_table();
    wall_claims();
}
