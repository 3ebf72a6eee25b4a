// Figure rate-and-decay: which decay goes with which learning rate? Linear regression, trained long
// with a rate that falls to 0, for a grid of rates and decays: the exact excess risk of Adam with
// L2 and of AdamW.
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
enum { RATES = 5, DECAYS = 13 };
static const double first_decay = -2, apart = 0.25; // of the decays' logarithms to base 10
static const double noise = 2;
static const adamw_rule rule = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
enum { DECOUPLED, L2, RULES };
static const char *const names[RULES] = {"decoupled", "L2"};

// 10^-2.5 ... 10^-0.5, and 10^-2 ... 10.
static double
rate_at(int i)
{
    return pow64(10, -2.5 + 0.5 * i);
}

static double
decay_at(int i)
{
    return pow64(10, first_decay + apart * i);
}

typedef struct {
    double risk[RULES][RATES][DECAYS], ridge[DECAYS];
} study;

// Rows x (ROWS, D) whose value i has variance 1 / (i + 1), and y = x . truth + noise.
typedef struct {
    double truth[D], x[ROWS][D], y[ROWS];
} data_set;

static void
draw(rng *r, data_set *d)
{
    adamw_study_normal(r, D, 1, d->truth);
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
    for (int k = 0; k < DECAYS; k++)
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
    return first_decay + apart * (k + fmax(-1, fmin(1, at)));
}

// The mean risk of all sets but one (none: -1) for every decay.
static void
mean_risk(const study *all, int kind, int i, int left_out, double *risk)
{
    for (int k = 0; k < DECAYS; k++) {
        risk[k] = 0;
        for (int set = 0; set < SETS; set++)
            risk[k] += set == left_out ? 0 : all[set].risk[kind][i][k];
        risk[k] /= left_out < 0 ? SETS : SETS - 1;
    }
}

// The slope of log best decay over log rate.
static double
slope_without(const study *all, int kind, int left_out)
{
    double x[RATES], y[RATES], risk[DECAYS];
    for (int i = 0; i < RATES; i++) {
        mean_risk(all, kind, i, left_out, risk);
        x[i] = -2.5 + 0.5 * i;
        y[i] = best_of(risk);
    }
    return adamw_study_slope(RATES, x, y);
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
    double error = sqrt64(square * (SETS - 1) / SETS);
    return (stats_estimate){slope_without(all, kind, -1), error};
}

// ---- Tables ----

static void
write_plane(const study *all)
{
    table *t = program_table("rate-and-decay", "rule\tlog_rate\tlog_decay\trisk\tstandard_error");
    for (int kind = 0; kind < RULES; kind++)
        for (int i = 0; i < RATES; i++)
            for (int k = 0; k < DECAYS; k++) {
                double risk[SETS];
                for (int set = 0; set < SETS; set++)
                    risk[set] = all[set].risk[kind][i][k];
                stats_estimate e = stats_mean(SETS, risk);
                table_row(t, "sdddd", names[kind], -2.5 + 0.5 * i, first_decay + apart * k, e.mean,
                          e.error);
            }
    table_close(t);
}

// Of every rate the best decay and its risk.
static void
write_best(const study *all, double best[RULES])
{
    table *t = program_table("rate-and-decay-best", "rule\tlog_rate\tlog_decay\trisk");
    for (int kind = 0; kind < RULES; kind++) {
        best[kind] = INFINITY;
        for (int i = 0; i < RATES; i++) {
            double risk[DECAYS], least = INFINITY;
            mean_risk(all, kind, i, -1, risk);
            for (int k = 0; k < DECAYS; k++)
                least = fmin(least, risk[k]);
            table_row(t, "sddd", names[kind], -2.5 + 0.5 * i, best_of(risk), least);
            best[kind] = fmin(best[kind], least);
        }
    }
    table_close(t);
}

static double
write_ridge(const study *all)
{
    double best = INFINITY;
    table *t = program_table("rate-and-decay-ridge", "log_decay\trisk");
    for (int k = 0; k < DECAYS; k++) {
        double risk[SETS];
        for (int set = 0; set < SETS; set++)
            risk[set] = all[set].ridge[k];
        stats_estimate e = stats_mean(SETS, risk);
        table_row(t, "dd", first_decay + apart * k, e.mean);
        best = fmin(best, e.mean);
    }
    table_close(t);
    return best;
}

void
adamw_figure_rate_and_decay(void)
{
    static study all[SETS];
    double best[RULES];
    progress_expect((long)SETS * RULES * RATES);
    parallel_runs(SETS, run, all);
    write_plane(all);
    write_best(all, best);
    double ridge_risk = write_ridge(all);
    const stats_estimate s[RULES] = {slope_of(all, DECOUPLED), slope_of(all, L2)};
    table *t = program_table("rate-and-decay-slopes", "rule\tslope\tstandard_error\tbest_risk");
    for (int kind = 0; kind < RULES; kind++)
        table_row(t, "sddd", names[kind], s[kind].mean, s[kind].error, best[kind]);
    // the paper's decay is rate times decay: its logarithm has 1 more for each unit of the rate's
    table_row(t, "sddd", "paper", s[DECOUPLED].mean + 1, s[DECOUPLED].error, best[DECOUPLED]);
    table_row(t, "sddd", "ridge", NAN, NAN, ridge_risk);
    table_close(t);
    claim_near("plane-l2", "Adam with L2, 6000 steps: slope of log best decay over log rate", 0,
               unless_quick(s[L2].mean), 0.1, "ours: in a long run the penalty decides alone",
               FOUND);
    claim_near("plane-decoupled", "PyTorch's AdamW, 6000 steps: the same slope", 0,
               unless_quick(s[DECOUPLED].mean), 0.15, "ours: the balance has no rate in it", FOUND);
    claim_below("plane-paper", "the paper's decay, 6000 steps: the distance of its slope from 0",
                0.5, unless_quick(fabs(s[DECOUPLED].mean + 1)),
                "Loshchilov & Hutter 2019, abstract: decay is decoupled from the learning rate",
                NOT_AT_THIS_SCALE);
    claim_above("plane-worse", "AdamW's best risk over Adam with L2's", 1.02,
                unless_quick(best[DECOUPLED] / best[L2]), "ours: the problem is made for ridge",
                FOUND);
    claim_near("plane-ridge", "Adam with L2's best risk over ridge's", 1,
               unless_quick(best[L2] / ridge_risk), 0.02, "ours: its minimum is ridge's", FOUND);
}
