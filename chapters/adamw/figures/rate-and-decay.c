// Figure rate-and-decay: which decay goes with which learning rate? Linear regression, trained long with a rate that
// falls to 0, for a grid of rates and decays: the exact excess risk of Adam with L2 and of AdamW.
#include "adamw/adamw.h"
#include "adamw/figures/figures.h"
#include "adamw/study.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { SEED = 33, SETS = 12, D = 32, ROWS = 48, BATCH = 8, STEPS = 6000 };
enum { RATES = 5, DECAYS = 9, RIDGES = 9 };
static const double noise = 2;
static const adamw_rule rule = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
enum { DECOUPLED, L2, RULES };
static const char *const names[RULES] = {"decoupled", "L2"};

// 10^-2.5 ... 10^-0.5, and 10^-3 ... 10.
static double
rate_at(int i)
{
    return pow64(10, -2.5 + 0.5 * i);
}

static double
decay_at(int i)
{
    return pow64(10, -3 + 0.5 * i);
}

typedef struct {
    double risk[RULES][RATES][DECAYS], ridge[RIDGES];
} study;

// Rows x (ROWS, D) whose value i has variance 1 / (i + 1), and y = x . truth + noise.
typedef struct {
    double truth[D], x[ROWS][D], y[ROWS];
} data_set;

static void
draw(rng *r, data_set *d)
{
    study_normal(r, D, 1, d->truth);
    for (int k = 0; k < ROWS; k++) {
        for (int i = 0; i < D; i++)
            d->x[k][i] = rng_normal(r) / sqrt64(i + 1);
        d->y[k] = linalg_dot(D, d->x[k], d->truth) + noise * rng_normal(r);
    }
}

// E (x . (w - truth))^2 over new rows.
static double
excess_risk(const data_set *d, const double *w)
{
    double sum = 0;
    for (int i = 0; i < D; i++)
        sum += (w[i] - d->truth[i]) * (w[i] - d->truth[i]) / (i + 1);
    return sum;
}

// g = the gradient of the mean of (x . w - y)^2 / 2 over a batch of rows.
static void
gradient(const data_set *d, const int *batch, const double *w, double *g)
{
    memset(g, 0, D * sizeof *g);
    for (int k = 0; k < BATCH; k++) {
        const double *x = d->x[batch[k]];
        double error = -d->y[batch[k]];
        for (int i = 0; i < D; i++)
            error += x[i] * w[i];
        for (int i = 0; i < D; i++)
            g[i] += error * x[i] / BATCH;
    }
}

// Trains from 0 on batches without replacement, with the rate falling to 0 along half a cosine.
static double
train(const data_set *d, rng r, int kind, double rate, double decay)
{
    double w[D] = {0}, m[D] = {0}, v[D] = {0}, g[D], h[D];
    adamw_means means = {m, v, NULL};
    int order[ROWS], steps = program_steps(STEPS, 60);
    for (int k = 0; k < ROWS; k++)
        order[k] = k;
    for (int t = 0; t < steps; t++) {
        int at = t * BATCH % ROWS;
        for (int k = ROWS - 1; at == 0 && k > 0; k--) {
            int other = (int)rng_below(&r, k + 1), kept = order[k];
            order[k] = order[other];
            order[other] = kept;
        }
        double now = rate * (1 + cos64(3.141592653589793 * t / steps)) / 2;
        gradient(d, order + at, w, g);
        if (kind == L2)
            adamw_l2_move(&rule, t + 1, now, decay, D, w, g, h, &means);
        else
            adamw_move(&rule, t + 1, now, adamw_pull(now, decay), D, w, g, &means);
    }
    return excess_risk(d, w);
}

// The least squares with a penalty: (X^T X / n + decay) w = X^T y / n.
static double
ridge(const data_set *d, double decay)
{
    double a[D * D] = {0}, w[D] = {0};
    for (int k = 0; k < ROWS; k++)
        for (int i = 0; i < D; i++) {
            w[i] += d->x[k][i] * d->y[k] / ROWS;
            for (int j = 0; j < D; j++)
                a[i * D + j] += d->x[k][i] * d->x[k][j] / ROWS;
        }
    for (int i = 0; i < D; i++)
        a[i * D + i] += decay;
    linalg_solve("ridge regression", D, a, 1, w);
    return excess_risk(d, w);
}

static void
run(int set, void *context)
{
    study *own = (study *)context + set;
    data_set d;
    rng r = rng_at(SEED, set);
    draw(&r, &d);
    for (int kind = 0; kind < RULES; kind++)
        for (int i = 0; i < RATES; i++) {
            for (int k = 0; k < DECAYS; k++)
                own->risk[kind][i][k] =
                    train(&d, rng_at(SEED, SETS + set), kind, rate_at(i), decay_at(k));
            progress_advance(1);
        }
    for (int k = 0; k < RIDGES; k++)
        own->ridge[k] = ridge(&d, decay_at(k));
}

// Log10 of the best decay: where the parabola through the least risk and its neighbours is least.
static double
best_of(const double *risk)
{
    int k = 1;
    for (int i = 2; i < DECAYS - 1; i++)
        k = risk[i] < risk[k] ? i : k;
    double fall = risk[k - 1] - risk[k], rise = risk[k + 1] - risk[k];
    double at = fall + rise > 0 ? (fall - rise) / (fall + rise) / 2 : 0;
    return -3 + 0.5 * (k + fmax(-1, fmin(1, at)));
}

// The slope of log best decay over log rate, of the mean risk over all sets but one (none: -1).
static double
slope_without(const study *all, int kind, int left_out)
{
    double x[RATES], y[RATES];
    for (int i = 0; i < RATES; i++) {
        double risk[DECAYS] = {0};
        for (int set = 0; set < SETS; set++)
            for (int k = 0; k < DECAYS; k++)
                risk[k] += set == left_out ? 0 : all[set].risk[kind][i][k];
        x[i] = -2.5 + 0.5 * i;
        y[i] = best_of(risk);
    }
    return study_slope(RATES, x, y);
}

// With its standard error by leaving out one set at a time (jackknife).
static stats_estimate
slope_of(const study *all, int kind)
{
    double without[SETS], square = 0;
    for (int set = 0; set < SETS; set++)
        without[set] = slope_without(all, kind, set);
    stats_estimate e = stats_mean(SETS, without);
    for (int set = 0; set < SETS; set++)
        square += (without[set] - e.mean) * (without[set] - e.mean);
    return (stats_estimate){slope_without(all, kind, -1), sqrt64(square * (SETS - 1) / SETS)};
}

static void
claims(const study *all, const double best[RULES], double best_ridge)
{
    stats_estimate slope[RULES] = {slope_of(all, DECOUPLED), slope_of(all, L2)};
    table *t = program_table("rate-and-decay-slopes", "rule\tslope\tstandard_error\tbest_risk");
    table_row(t, "sddd", "L2", slope[L2].mean, slope[L2].error, best[L2]);
    table_row(t, "sddd", "decoupled", slope[DECOUPLED].mean, slope[DECOUPLED].error,
              best[DECOUPLED]);
    // the paper's decay is rate times decay: its logarithm has 1 more for each unit of the rate's
    table_row(t, "sddd", "paper", slope[DECOUPLED].mean + 1, slope[DECOUPLED].error,
              best[DECOUPLED]);
    table_row(t, "sddd", "ridge", NAN, NAN, best_ridge);
    table_close(t);
    claim_near("plane-l2", "Adam with L2: slope of log best decay over log rate", 0,
               unless_quick(slope[L2].mean), 0.1, "ours: in a long run the penalty decides alone",
               FOUND);
    claim_near("plane-decoupled", "PyTorch's AdamW: the same slope", 0,
               unless_quick(slope[DECOUPLED].mean), 0.15, "ours: the balance has no rate in it",
               FOUND);
    claim_below("plane-paper", "the paper's decay: the distance of its slope from 0", 0.5,
                unless_quick(fabs(slope[DECOUPLED].mean + 1)),
                "Loshchilov & Hutter 2019, sec. 3 and fig. 2: decay and rate are more separable",
                NOT_AT_THIS_SCALE);
    claim_above("plane-worse", "AdamW's best risk over Adam with L2's", 1.02,
                unless_quick(best[DECOUPLED] / best[L2]), "ours: the problem is made for ridge",
                FOUND);
    claim_below("plane-ridge", "Adam with L2's best risk over ridge's", 1.02,
                unless_quick(best[L2] / best_ridge), "ours: its minimum is ridge's", FOUND);
}

void
adamw_figure_rate_and_decay(void)
{
    static study all[SETS];
    double best[RULES] = {INFINITY, INFINITY}, best_ridge = INFINITY;
    progress_expect((long)SETS * RULES * RATES);
    parallel_runs(SETS, run, all);
    table *t = program_table("rate-and-decay", "rule\tlog_rate\tlog_decay\trisk\tstandard_error");
    for (int kind = 0; kind < RULES; kind++)
        for (int i = 0; i < RATES; i++)
            for (int k = 0; k < DECAYS; k++) {
                double risk[SETS];
                for (int set = 0; set < SETS; set++)
                    risk[set] = all[set].risk[kind][i][k];
                stats_estimate e = stats_mean(SETS, risk);
                table_row(t, "sdddd", names[kind], -2.5 + 0.5 * i, -3 + 0.5 * k, e.mean, e.error);
                best[kind] = fmin(best[kind], e.mean);
            }
    table_close(t);
    t = program_table("rate-and-decay-ridge", "log_decay\trisk");
    for (int k = 0; k < RIDGES; k++) {
        double risk[SETS];
        for (int set = 0; set < SETS; set++)
            risk[set] = all[set].ridge[k];
        stats_estimate e = stats_mean(SETS, risk);
        table_row(t, "dd", -3 + 0.5 * k, e.mean);
        best_ridge = fmin(best_ridge, e.mean);
    }
    table_close(t);
    t = program_table("rate-and-decay-best", "log_rate\tdecoupled\tl2");
    for (int i = 0; i < RATES; i++) {
        double y[RULES];
        for (int kind = 0; kind < RULES; kind++) {
            double risk[DECAYS] = {0};
            for (int set = 0; set < SETS; set++)
                for (int k = 0; k < DECAYS; k++)
                    risk[k] += all[set].risk[kind][i][k];
            y[kind] = best_of(risk);
        }
        table_row(t, "ddd", -2.5 + 0.5 * i, y[DECOUPLED], y[L2]);
    }
    table_close(t);
    claims(all, best, best_ridge);
}
