// The chapter's experiments: one function for each figure, each with its own seed.
#include "data/text.h"
#include "files/fail.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "rnn/cases.h"
#include "rnn/characters.h"
#include "rnn/tasks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GRADIENT_SEED = 11,
    ADDING_SEED = 21,
    COPY_SEED = 31,
    CHARACTER_SEED = 41,
    LANGUAGE_SEED = 1 // of the Zipf language itself
};

// ---- Gradients through time ----

enum { UNITS = 64, LAGS = 100, WARM_UP = 200, EXPONENT_STEPS = 2000, DRIVES = 8 };

// q (UNITS, UNITS): a random orthogonal matrix, the product of UNITS Householder reflections
// I - 2 v v^T / |v|^2 with normal v.
static void
orthogonal(rng *r, double q[UNITS][UNITS])
{
    for (int i = 0; i < UNITS; i++)
        for (int j = 0; j < UNITS; j++)
            q[i][j] = i == j;
    for (int k = 0; k < UNITS; k++) {
        double v[UNITS], square = 0;
        for (int i = 0; i < UNITS; i++) {
            v[i] = rng_normal(r);
            square += v[i] * v[i];
        }
        for (int i = 0; i < UNITS; i++) {
            double along = 0;
            for (int j = 0; j < UNITS; j++)
                along += q[i][j] * v[j];
            for (int j = 0; j < UNITS; j++)
                q[i][j] -= 2 * along / square * v[j];
        }
    }
}

// One step of h <- tanh(W h + input) or, where the net is linear, h <- W h; slope: dh/da.
static void
advance(double w[UNITS][UNITS], bool linear, double input, rng *r, double h[UNITS],
        double slope[UNITS])
{
    double a[UNITS];
    for (int i = 0; i < UNITS; i++) {
        a[i] = input > 0 ? input * rng_normal(r) : 0;
        for (int j = 0; j < UNITS; j++)
            a[i] += w[i][j] * h[j];
    }
    for (int i = 0; i < UNITS; i++) {
        h[i] = linear ? a[i] : tanh64(a[i]);
        slope[i] = linear ? 1 : 1 - h[i] * h[i];
    }
}

// A net h(t) = tanh(rho Q h(t-1) + input N(0, 1)) or its linear form.
typedef struct {
    const char *id;
    bool linear;
    double rho, input;
} recurrence;

// norm[k]: the root mean square of the singular values of dh_T/dh_{T-k} = D_T W ... D_{T-k+1} W, that is
// its Frobenius norm divided by sqrt(UNITS).
static void
jacobian_norms(double w[UNITS][UNITS], const recurrence *net, rng *r, double norm[LAGS + 1])
{
    static double slope[LAGS][UNITS], product[UNITS][UNITS], next[UNITS][UNITS];
    double h[UNITS], ignored[UNITS];
    for (int i = 0; i < UNITS; i++)
        h[i] = rng_normal(r);
    for (int t = 0; t < WARM_UP; t++)
        advance(w, net->linear, net->input, r, h, ignored);
    for (int t = 0; t < LAGS; t++)
        advance(w, net->linear, net->input, r, h, slope[t]);
    for (int i = 0; i < UNITS; i++)
        for (int j = 0; j < UNITS; j++)
            product[i][j] = i == j;
    norm[0] = 1;
    for (int k = 1; k <= LAGS; k++) {
        // The product grows at its right end: by D W of one step further back.
        double square = 0;
        memset(next, 0, sizeof next);
        for (int i = 0; i < UNITS; i++)
            for (int l = 0; l < UNITS; l++) {
                double factor = product[i][l] * slope[LAGS - k][l];
                for (int j = 0; j < UNITS; j++)
                    next[i][j] += factor * w[l][j];
            }
        for (int i = 0; i < UNITS; i++)
            for (int j = 0; j < UNITS; j++)
                square += next[i][j] * next[i][j];
        memcpy(product, next, sizeof next);
        norm[k] = sqrt64(square / UNITS);
    }
}

// The largest Lyapunov exponent: the mean of ln(|J v| / |v|) over many steps of a tangent v that is
// scaled back to length 1 after each.
static double
lyapunov_exponent(double w[UNITS][UNITS], const recurrence *net, rng *r)
{
    double h[UNITS], slope[UNITS], v[UNITS], sum = 0;
    for (int i = 0; i < UNITS; i++) {
        h[i] = rng_normal(r);
        v[i] = 1 / sqrt64(UNITS);
    }
    int steps = program_steps(EXPONENT_STEPS, 50);
    for (int t = -WARM_UP; t < steps; t++) {
        double next[UNITS], square = 0;
        advance(w, net->linear, net->input, r, h, slope);
        for (int i = 0; i < UNITS; i++) {
            next[i] = 0;
            for (int j = 0; j < UNITS; j++)
                next[i] += w[i][j] * v[j];
            next[i] *= slope[i];
            square += next[i] * next[i];
        }
        for (int i = 0; i < UNITS; i++)
            v[i] = next[i] / sqrt64(square);
        if (t >= 0)
            sum += 0.5 * log64(square);
    }
    return sum / steps;
}

// norm[k]: the mean of |dc_T/dc_{T-k}| over the units of an LSTM whose gates see neither x nor h: a
// forget gate that is always f, by the tape.
static void
cell_norms(double f, double norm[LAGS + 1])
{
    enum { H = 4 };
    rng r = rng_at(GRADIENT_SEED, 0);
    rnn_layer l = rnn_layer_new(RNN_LSTM, 1, H, &r);
    tensor *all[] = {l.w_ih, l.w_hh, l.b_ih, l.b_hh};
    for (int i = 0; i < 4; i++)
        memset(all[i]->data, 0, all[i]->size * sizeof(float));
    for (int k = 0; k < 4 * H; k++) // every gate; the forget gate is the one that counts
        l.b_ih->data[k] = (float)log64(f / (1 - f));
    tensor *c0 = param("c0", SHAPE(1, H));
    rnn_output o = rnn_forward(&l, constant("x", SHAPE(LAGS, 1, 1), NULL), NULL, c0);
    backward(t_sum(o.c));
    norm[0] = 1;
    for (int k = 1; k <= LAGS; k++) {
        // Row 1 of a cell's output is c: its gradient is dc_T/dc_{T-k}.
        const float *dc = k == LAGS ? c0->grad : o.step[LAGS - 1 - k]->grad + H;
        double sum = 0;
        for (int i = 0; i < H; i++)
            sum += dc[i];
        norm[k] = sum / H;
    }
    tensors_free();
}

static const recurrence nets[] = {
    {"linear_0.9", true, 0.9, 0},       {"linear_1", true, 1, 0},
    {"linear_1.1", true, 1.1, 0},       {"tanh_1_free", false, 1, 0},
    {"tanh_1_weak", false, 1, 0.1},     {"tanh_1_strong", false, 1, 1},
    {"tanh_1.5_free", false, 1.5, 0},   {"tanh_1.5_weak", false, 1.5, 0.1},
    {"tanh_1.5_strong", false, 1.5, 1},
};
enum { NETS = sizeof nets / sizeof *nets };

static void
gradient_claims(double norm[NETS + 2][LAGS + 1], const double exponent[NETS])
{
    const char *pascanu = "Pascanu et al. 2013, sec. 2", *own = "this chapter";
    claim_near("linear-vanishes", "linear W = 0.9 Q: |dh_T/dh_(T-100)| is 0.9^100", 2.6561398888e-5,
               norm[0][100], 1e-14, pascanu, REPRODUCED);
    claim_near("linear-explodes", "linear W = 1.1 Q: |dh_T/dh_(T-100)| is 1.1^100", 13780.6123398,
               norm[2][100], 1e-6, pascanu, REPRODUCED);
    claim_near("lstm-carousel", "LSTM, forget gate 0.99: |dc_T/dc_(T-100)| is 0.99^100",
               0.366032341273, norm[NETS + 1][100], 1e-5, "Hochreiter & Schmidhuber 1997",
               REPRODUCED);
    claim_below("input-20", "tanh, rho 1, input std 1: |dh_T/dh_(T-20)| is below 1/1000", 1e-3,
                norm[5][20], own, REPRODUCED);
    claim_below("input-vanishes", "tanh, rho 1, input std 1: the Lyapunov exponent is below -0.1",
                -0.1, exponent[5], own, REPRODUCED);
    claim_above("free-chaos", "tanh, rho 1.5, no input: the Lyapunov exponent is positive", 0,
                unless_quick(exponent[6]), own, REPRODUCED);
    claim_below("input-tames", "tanh, rho 1.5, input std 1: the Lyapunov exponent is negative", 0,
                exponent[8], own, REPRODUCED);
}

// |dh_T/dh_{T-k}| against the lag k, and the Lyapunov exponents that explain it.
static void
gradient_norms(void)
{
    static double q[UNITS][UNITS], w[UNITS][UNITS];
    double norm[NETS + 2][LAGS + 1], exponent[NETS];
    char header[256] = "lag_steps";
    rng r = rng_at(GRADIENT_SEED, 1);
    orthogonal(&r, q);
    table *t = program_table("lyapunov", "net\trho\tinput_std\texponent\tstandard_error");
    for (int n = 0; n < NETS; n++) {
        double sum = 0, square = 0;
        strcat(strcat(header, "\t"), nets[n].id);
        for (int i = 0; i < UNITS; i++)
            for (int j = 0; j < UNITS; j++)
                w[i][j] = nets[n].rho * q[i][j];
        rng drive = rng_at(GRADIENT_SEED, 2);
        jacobian_norms(w, &nets[n], &drive, norm[n]);
        for (int d = 0; d < DRIVES; d++) {
            drive = rng_at(GRADIENT_SEED, 3 + d);
            double e = lyapunov_exponent(w, &nets[n], &drive);
            sum += e;
            square += e * e;
        }
        exponent[n] = sum / DRIVES;
        double variance = fmax(square - sum * sum / DRIVES, 0) / (DRIVES - 1);
        table_row(t, "sdddd", nets[n].id, nets[n].rho, nets[n].input, exponent[n],
                  sqrt64(variance / DRIVES));
    }
    table_close(t);
    cell_norms(0.9, norm[NETS]);
    cell_norms(0.99, norm[NETS + 1]);
    t = program_table("gradient-norms", strcat(header, "\tlstm_0.9\tlstm_0.99"));
    for (int k = 0; k <= LAGS; k++) {
        float row[NETS + 2];
        for (int n = 0; n < NETS + 2; n++)
            row[n] = (float)norm[n][k];
        table_curve(t, k, NETS + 2, row);
    }
    table_close(t);
    gradient_claims(norm, exponent);
}

// ---- The wall in the error ----

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

// The largest |dE/dw| along w at this b. Where x(50) jumps from the lower to the upper fixed point the
// peak may be 1e-8 wide: bisect for the jump, then close in on the peak.
static double
ridge(double b, double *at)
{
    double low = 4.5, high = 6.5;
    double middle = (wall(low, b).x + wall(high, b).x) / 2;
    for (int i = 0; i < 60; i++) {
        double w = (low + high) / 2;
        *(wall(w, b).x < middle ? &low : &high) = w;
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

// Gradient descent on (w, b), clipped to the norm theta; t: where its first 60 steps go, NULL: nowhere.
static descent
descend(double w, double b, double theta, int steps, table *t)
{
    enum { SHOWN = 60 };
    const double rate = 0.5;
    descent d = {0, 0};
    for (int step = 0; step <= steps; step++) {
        wall_point p = wall(w, b);
        double norm = sqrt64(p.dw * p.dw + p.db * p.db);
        double scale = norm > theta ? theta / norm : 1;
        if (t && step <= SHOWN)
            table_row(t, "sidddd", theta < INFINITY ? "clipped" : "unclipped", step, w, b, p.error,
                      norm);
        d.longest = fmax(d.longest, rate * scale * norm);
        d.error = p.error;
        w -= rate * scale * p.dw;
        b -= rate * scale * p.db;
    }
    return d;
}

// Of a grid of 20 x 20 starts around (5.2, -2.5): the part whose unclipped descent has a step longer than 1.
static double
leaping_part(void)
{
    enum { SIDE = 20, STEPS = 60 };
    int leaps = 0;
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            double w = 5 + 0.4 * i / (SIDE - 1), b = -2.7 + 0.4 * j / (SIDE - 1);
            leaps += descend(w, b, INFINITY, STEPS, NULL).longest > 1;
        }
    return (double)leaps / (SIDE * SIDE);
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
    sort64((W + 1) * (B + 1), slope);
    return slope[(W + 1) * (B + 1) / 2];
}

static void
wall_claims(double height, double height_25, double clipped_error)
{
    const char *source = "Pascanu et al. 2013, fig. 6", *own = "this chapter";
    claim_near("wall-median", "error wall: the median of |dE/dw| over the grid", 0.026,
               median_slope(), 0.001, own, REPRODUCED);
    claim_above("wall-height", "error wall: the largest |dE/dw| along the wall at b = -3.2", 1e6,
                height, source, REPRODUCED);
    claim_near("wall-height-2.5", "error wall: the largest |dE/dw| along the wall at b = -2.5", 855,
               height_25, 1, own, REPRODUCED);
    claim_above("unclipped-leaps", "error wall: the part of 400 starts with an unclipped step > 1",
                0.5, leaping_part(), source, REPRODUCED);
    claim_below("clipped-arrives", "error wall: the error after 1000 clipped steps", 1e-4,
                clipped_error, source, REPRODUCED);
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
    enum { TENSORS = 3, SIZE = 6, N = TENSORS * SIZE };
    const double theta = 1.5, pi = 3.14159265358979323846;
    table *t = program_table("clipping", "clipped\tnorm\tangle_degrees");
    for (int way = 0; way < 3; way++) {
        double before[N], after[N], along = 0;
        rng r = rng_at(GRADIENT_SEED, 20);
        for (int i = 0; i < TENSORS; i++) // entries of size 1, 0.1 and 3
            rng_fill_normal(&r, SIZE, param("g", SHAPE(SIZE))->grad, 0, (float[]){1, 0.1f, 3}[i]);
        double norm = all_gradients(before);
        if (way == 1)
            clip_global_norm(theta);
        if (way == 2)
            clip_elements((float)theta);
        double clipped = all_gradients(after);
        for (int i = 0; i < N; i++)
            along += before[i] * after[i];
        double angle = 180 / pi * acos64(fmin(1, along / (norm * clipped)));
        table_row(t, "sfd",
                  way == 0   ? "not"
                  : way == 1 ? "joint_norm"
                             : "each_value",
                  clipped,
                  (int)(10 * angle + 0.5) / 10.0); // rounded: arccos near 1 has no more digits
        tensors_free();
    }
    table_close(t);
}

// The error over w and b, two descents on it, and how steep its wall is.
static void
error_wall(void)
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
    t = program_table("error-wall-ridge", "b\tw\tlargest_dE_dw");
    double height[RIDGE + 1];
    for (int j = 0; j <= RIDGE; j++) { // at b = -2.3 the wall leaves w >= 4.5
        double b = -3.2 + 0.02 * j, w;
        height[j] = ridge(b, &w);
        table_row(t, "ddd", b, w, height[j]);
    }
    table_close(t);
    clipping_table();
    wall_claims(height[0], height[35], clipped_error);
}

// ---- Networks that are trained ----

// One training of a figure and what came of it.
typedef struct {
    const char *id; // column of the figure's table
    rnn_kind kind;
    int T, steps, seed; // seed: the run's stream of random numbers
    float rate;
    float *curve; // (steps) the loss of each step's batch
    double test;  // the loss on fresh data at the end
    float goal;   // a loss that counts as solved
    int solved;   // the step at which the curve first was below it; 0: never
} training;

// The first block of steps whose mean loss is below the goal, as the step at its end; 0: none.
static int
solved_at(const training *one, int block)
{
    for (int s = 0; s < one->steps; s += block)
        if (sum32(block, one->curve + s) / block < one->goal)
            return s + block;
    return 0;
}

// Runs all trainings side by side and writes their curves, a column each, as means over `block` steps.
static void
run_trainings(const char *name, int n, training *all, void (*run)(int, void *))
{
    int block = program_steps(25, 1);
    long steps = 0;
    curve curves[n];
    for (int i = 0; i < n; i++) {
        training *one = &all[i];
        one->steps = program_steps(one->steps, 2);
        one->curve = malloc(one->steps * sizeof(float));
        if (!one->curve)
            fail("no memory for a curve of %d steps", one->steps);
        steps += one->steps;
        curves[i] = (curve){.steps = one->steps, .loss = one->curve};
        snprintf(curves[i].name, sizeof curves[i].name, "%s_%d", one->id, one->seed);
    }
    progress_expect(steps);
    training_side_by_side(n, run, all);
    training_curves(name, block, n, curves);
    for (int i = 0; i < n; i++) {
        all[i].solved = solved_at(&all[i], block);
        free(all[i].curve);
    }
}

// The mean loss of `batches` fresh batches, under --quick of one.
static double
mean_loss(tensor *(*loss)(const network *, rng *, int), const network *n, rng *r, int T,
          int batches)
{
    double sum = 0;
    batches = program_steps(batches, 1);
    for (int i = 0; i < batches; i++) {
        sum += loss(n, r, T)->data[0];
        tape_reset();
    }
    return sum / batches;
}

typedef struct {
    double low, middle, high;
} range;

// Of the test losses of the runs called id; under --quick, where nothing was trained, NaN.
static range
tests(int n, const training *all, const char *id)
{
    double loss[n];
    int found = 0;
    for (int i = 0; i < n; i++)
        if (strcmp(all[i].id, id) == 0)
            loss[found++] = all[i].test;
    if (!found)
        fail("no run is called %s", id);
    sort64(found, loss);
    return (range){unless_quick(loss[0]), unless_quick(loss[found / 2]),
                   unless_quick(loss[found - 1])};
}

// What came of every run: NAME-tests.tsv.
static void
write_tests(const char *name, int n, const training *all)
{
    char file[64];
    snprintf(file, sizeof file, "%s-tests", name);
    table *t = program_table(file, "run\tseed\tlength\tsteps\ttest_loss\tsolved_at_step");
    for (const training *r = all; r < all + n; r++)
        table_row(t, "siiidi", r->id, r->seed, r->T, r->steps, r->test, r->solved);
    table_close(t);
}

// ---- The adding problem ----

static tensor *
adding_loss(const network *n, rng *r, int T)
{
    enum { B = 50 };
    tensor *x = constant("x", SHAPE(T, B, 2), NULL), *y = constant("y", SHAPE(B, 1), NULL);
    adding_batch(r, x, y);
    return t_mean_squared_error(t_linear(rnn_forward(&n->layer, x, NULL, NULL).h, n->w, n->b), y);
}

static void
adding_run(int i, void *context)
{
    enum { H = 32, TESTS = 20 };
    training *run = (training *)context + i;
    rng r = rng_at(ADDING_SEED, run->seed);
    network n = network_new(run->kind, 2, H, 1, &r);
    adamw adam = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    for (int s = 0; s < run->steps; s++)
        run->curve[s] = training_step(adding_loss(&n, &r, run->T), &adam, run->rate, 1);
    run->test = mean_loss(adding_loss, &n, &r, run->T, TESTS);
}

static void
adding_claims(int n, const training *runs, double chance)
{
    const char *source = "after Hochreiter & Schmidhuber 1997";
    // The standard error of chance on 1000 sequences: (u1 + u2 - 1)^2 has the variance 7/180.
    const double error = sqrt64(7.0 / 180 / 1000);
    double z =
        fmax(fabs(tests(n, runs, "tanh").low - chance), fabs(tests(n, runs, "tanh").high - chance));
    claim_below("adding-lstm", "adding, T 100: the worst LSTM of 3 seeds, below chance / 100",
                chance / 100, tests(n, runs, "lstm").high, source, REPRODUCED);
    claim_below("adding-gru", "adding, T 100: the worst GRU of 3 seeds, below chance / 100",
                chance / 100, tests(n, runs, "gru").high, source, REPRODUCED);
    claim_below("adding-tanh",
                "adding, T 100: the farthest of 3 tanh nets from chance, standard errors", 4,
                unless_quick(z) / error, source, REPRODUCED);
    claim_below("adding-irnn", "adding, T 50: the middle one of 3 IRNNs, below half of chance",
                0.5 * chance, tests(n, runs, "irnn_50").middle, "Le et al. 2015", IN_PART);
    claim_above("adding-tanh-50",
                "adding, T 50: the best tanh net of 3 seeds, above half of chance", 0.5 * chance,
                tests(n, runs, "tanh_50").low, source, REPRODUCED);
}

// The adding problem: four kinds of nets, three seeds each; the IRNN and a tanh net on 50 steps.
static void
adding_problem(void)
{
    const float chance = 1 / 6.0f; // the variance of a sum of two uniform numbers
    const struct {
        const char *id;
        rnn_kind kind;
        int T, steps;
        float rate;
    } all[] = {{"lstm", RNN_LSTM, 100, 1500, 1e-2f},
               {"gru", RNN_GRU, 100, 600, 1e-2f},
               {"tanh", RNN_TANH, 100, 1500, 3e-3f},
               {"irnn_50", RNN_RELU, 50, 2500, 2e-3f},
               {"tanh_50", RNN_TANH, 50, 2500, 2e-3f}};
    enum { SEEDS = 3, RUNS = SEEDS * sizeof all / sizeof *all };
    training runs[RUNS];
    for (int i = 0; i < RUNS; i++)
        runs[i] = (training){.id = all[i / SEEDS].id,
                             .kind = all[i / SEEDS].kind,
                             .T = all[i / SEEDS].T,
                             .steps = all[i / SEEDS].steps,
                             .rate = all[i / SEEDS].rate,
                             .seed = i % SEEDS,
                             .goal = chance / 100};
    run_trainings("adding-problem", RUNS, runs, adding_run);
    write_tests("adding-problem", RUNS, runs);
    adding_claims(RUNS, runs, chance);
}

// ---- Copying ----

static tensor *
copy_loss(const network *n, rng *r, int delay)
{
    enum { B = 32 };
    int T = delay + 2 * COPIED;
    int *x = tape_alloc(T * B * sizeof(int)), *y = tape_alloc(T * B * sizeof(int));
    copy_batch(r, delay, B, x, y);
    rnn_output o = rnn_forward(&n->layer, one_hot(T, B, COPY_SYMBOLS, x), NULL, NULL);
    return t_cross_entropy(t_linear(o.all, n->w, n->b), y);
}

static void
copy_run(int i, void *context)
{
    enum { H = 64, TESTS = 10 };
    training *run = (training *)context + i;
    rng r = rng_at(COPY_SEED, run->seed);
    network n = network_new(run->kind, COPY_SYMBOLS, H, MARK, &r);
    adamw adam = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    for (int s = 0; s < run->steps; s++)
        run->curve[s] = training_step(copy_loss(&n, &r, run->T), &adam, run->rate, 1);
    run->test = mean_loss(copy_loss, &n, &r, run->T, TESTS);
}

static void
copy_claims(int n, const training *runs)
{
    const char *source = "after Arjovsky et al. 2016";
    double least = INFINITY; // of the losses as parts of the memoryless ones
    for (int i = 0; i < n; i++)
        least = fmin(least, runs[i].test / copy_memoryless(runs[i].T));
    claim_near("copy-tanh",
               "copying, delay 30: the best of 3 tanh nets stays at the memoryless 10 ln 8 / 50",
               copy_memoryless(30), tests(n, runs, "tanh_30").low, 0.01, source, REPRODUCED);
    claim_below("copy-gru",
                "copying, delay 30: the worst GRU of 3 seeds, below the memoryless line",
                copy_memoryless(30), tests(n, runs, "gru_30").high, source, REPRODUCED);
    claim_above("copy-order",
                "copying, delay 30: the best LSTM's loss less the worst GRU's, 3 seeds", 0,
                tests(n, runs, "lstm_30").low - tests(n, runs, "gru_30").high, source, REPRODUCED);
    claim_below("copy-solved", "copying: the best net, loss as a part of memoryless, below 0.1",
                0.1, unless_quick(least), source, NOT_AT_THIS_SCALE);
}

// Copying over a delay of 30 steps, three seeds each, and of 100.
static void
copy_memory(void)
{
    enum { SEEDS = 3, RUNS = 2 + 3 * SEEDS };
    const struct {
        const char *id;
        rnn_kind kind;
    } all[] = {{"lstm_30", RNN_LSTM}, {"gru_30", RNN_GRU}, {"tanh_30", RNN_TANH}};
    training runs[RUNS] = {
        {.id = "lstm_100", .kind = RNN_LSTM, .T = 100, .steps = 400, .rate = 5e-3f},
        {.id = "gru_100", .kind = RNN_GRU, .T = 100, .steps = 400, .rate = 5e-3f}};
    for (int i = 0; i < 3 * SEEDS; i++)
        runs[2 + i] = (training){.id = all[i / SEEDS].id,
                                 .kind = all[i / SEEDS].kind,
                                 .T = 30,
                                 .steps = 1200,
                                 .rate = 1e-2f,
                                 .seed = i % SEEDS};
    run_trainings("copy-memory", RUNS, runs, copy_run);
    write_tests("copy-memory", RUNS, runs);
    table *t = program_table("copy-memory-baseline", "delay\tmemoryless_nats");
    table_row(t, "id", 30, copy_memoryless(30));
    table_row(t, "id", 100, copy_memoryless(100));
    table_close(t);
    copy_claims(RUNS, runs);
}

// ---- The character model ----

// `streams` texts of the Zipf language.
static corpus
zipf_corpus(const zipf *z, uint32_t stream, int streams, int length)
{
    corpus c = {ZIPF_SYMBOLS, streams, length, malloc(sizeof(int) * streams * length)};
    if (!c.text)
        fail("no memory for a text of %d symbols", streams * length);
    rng r = rng_at(CHARACTER_SEED, stream);
    for (int s = 0; s < streams; s++)
        zipf_sample(z, &r, length, c.text + (long)s * length);
    return c;
}

// The mean loss of the oracle, which knows the words and their probabilities, on the same predictions.
static double
oracle_loss(const zipf *z, const corpus *c)
{
    double nll[c->length], sum = 0;
    for (int s = 0; s < c->streams; s++) {
        zipf_oracle(z, c->length, c->text + (long)s * c->length, nll);
        sum += sum64(c->length - 1, nll + 1); // the first symbol is given
    }
    return sum / ((double)c->streams * (c->length - 1));
}

static void
character_claims(double lstm, double gru, double tanh)
{
    const char *own = "this chapter";
    claim_above("characters-oracle", "characters: the best model's loss is above the oracle's", 0,
                unless_quick(fmin(lstm, fmin(gru, tanh))), own, REPRODUCED);
    claim_below("characters-gru", "characters, rate 0.01: the GRU's loss less the oracle's, nats",
                0.03, unless_quick(gru), own, REPRODUCED);
    claim_above("characters-tanh",
                "characters, rate 0.01: how much the tanh net loses to the GRU, nats", 0.01,
                unless_quick(tanh - gru), own, REPRODUCED);
}

// Three models of the Zipf language beside its oracle.
static void
character_model(void)
{
    enum { K = 50, STREAMS = 32, WINDOWS = 20, SAMPLE = 160, MODELS = 3 };
    int steps = program_steps(800, 2), check = program_steps(50, 2), checks = steps / check;
    zipf z = zipf_new(LANGUAGE_SEED);
    corpus learnt = zipf_corpus(&z, 0, STREAMS, steps * K + 1);
    corpus unseen = zipf_corpus(&z, 1, STREAMS, program_steps(WINDOWS, 1) * K + 1);
    double oracle = oracle_loss(&z, &unseen);
    // Sizes that give all three about as many parameters.
    character_training runs[MODELS] = {{.id = "lstm", .kind = RNN_LSTM, .H = 64},
                                       {.id = "gru", .kind = RNN_GRU, .H = 75},
                                       {.id = "tanh", .kind = RNN_TANH, .H = 134}};
    double loss[MODELS][checks];
    int sample[MODELS][SAMPLE];
    for (int i = 0; i < MODELS; i++) {
        character_training *r = &runs[i];
        r->K = K, r->steps = steps, r->check = check, r->rate = 1e-2f;
        r->seed = CHARACTER_SEED, r->stream = 2 + i;
        r->learnt = &learnt, r->unseen = &unseen;
        r->loss = loss[i], r->sample = sample[i], r->length = SAMPLE;
    }
    progress_expect(steps * MODELS);
    training_side_by_side(MODELS, train_characters, runs);

    table *t = program_table("character-model", "symbols_read\tlstm\tgru\ttanh");
    for (int c = 0; c < checks; c++)
        table_row(t, "iddd", (c + 1) * check * K * STREAMS, loss[0][c] - oracle,
                  loss[1][c] - oracle, loss[2][c] - oracle);
    table_close(t);
    t = program_table("character-models", "model\thidden\tparameters\tloss_nats\texcess_nats");
    for (int i = 0; i < MODELS; i++)
        table_row(t, "siidd", runs[i].id, runs[i].H, runs[i].parameters, loss[i][checks - 1],
                  loss[i][checks - 1] - oracle);
    table_row(t, "siidd", "oracle", 0, 0, oracle, 0.0);
    table_row(t, "siidd", "entropy", 0, 0, zipf_entropy(&z), zipf_entropy(&z) - oracle);
    table_close(t);
    t = program_table("samples", "model\ttext");
    for (int i = 0; i < MODELS; i++) {
        char text[SAMPLE + 1] = "";
        for (int k = 0; k < SAMPLE; k++)
            text[k] = zipf_letter(sample[i][k]);
        table_row(t, "ss", runs[i].id, text);
    }
    table_close(t);
    character_claims(loss[0][checks - 1] - oracle, loss[1][checks - 1] - oracle,
                     loss[2][checks - 1] - oracle);
    free(learnt.text);
    free(unseen.text);
}

static const char *own_text;

static void
reader_text(void)
{
    train_on_file(own_text);
}

int
main(int argc, char **argv)
{
    const program_option own[] = {
        {"--text", "FILE", "train the character model on a text of your own", &own_text}, {0}};
    const program_figure contents[] = {
        {"gradient-norms", gradient_norms, 1},   {"error-wall", error_wall, 0.5},
        {"adding-problem", adding_problem, 18},  {"copy-memory", copy_memory, 9},
        {"character-model", character_model, 6}, {0}};
    const program_figure reader[] = {{"text", reader_text, 20}, {0}};
    program_begin("rnn", own, argc, argv);
    if (own_text) {
        program_own_data("text");
        program_run(NULL, reader);
    } else
        program_run(rnn_cases, contents);
    return program_end(claims_report());
}
