// Figure step-bound: how long can a step be? Left, the step of Adam in units of the rate on
// gradients that grow by rho in every step, run until it stands, on its law and below its bound;
// right, the step when a constant gradient begins to grow by 11 % a step.
#include "adamw/adamw.h"
#include "adamw/figures/figures.h"
#include "adamw/laws.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stddef.h>

enum { PAIRS = 3, POINTS = 11, CURVE = 200 };
static const double beta1 = 0.9, beta2[PAIRS] = {0.999, 0.99, 0.95};
static const char *const names[PAIRS] = {"0.999", "0.99", "0.95"};

// Step t on gradients rho^t, in rates. m and v are divided by rho and rho^2 after it, so that g may
// stay 1: only ratios count.
static double
grow(const adamw_rule *rule, int t, double rho, double *m, double *v)
{
    double w = 0, g = 1;
    adamw_move(rule, t, 1, 0, 1, &w, &g, &(adamw_means){m, v, NULL});
    *m /= rho;
    *v /= rho * rho;
    return -w;
}

// The step where it stands: without the correction, which is over when gradients have come for
// long.
static double
grown(double b2, double rho)
{
    const adamw_rule rule = {beta1, b2, 0, ADAMW_EPS_OUTSIDE, true};
    double m = 0, v = 0, step = 0;
    for (int t = 1; t <= 20000; t++)
        step = grow(&rule, t, rho, &m, &v);
    return step;
}

static double
write_grown(void)
{
    const double rho[POINTS] = {1.001, 1.003, 1.01, 1.02, 1.05, 1.08, 1.11, 1.2, 1.5, 2, 4};
    double worst = 0;
    table *t = program_table("step-bound", "beta2\trho\tstep\tlaw");
    for (int k = 0; k < PAIRS; k++)
        for (int i = 0; i < POINTS; i++) {
            double step = grown(beta2[k], rho[i]), law = adamw_law_growing(beta1, beta2[k], rho[i]);
            table_row(t, "sddd", names[k], rho[i], step, law);
            worst = fmax(worst, fabs(step / law - 1));
        }
    table_close(t);
    t = program_table("step-bound-laws", "rho\tb999\tb99\tb95");
    for (int i = 0; i <= CURVE; i++) {
        double x = 1 + 0.0005 * pow64(8000, (double)i / CURVE);
        table_row(t, "dddd", x, adamw_law_growing(beta1, beta2[0], x),
                  adamw_law_growing(beta1, beta2[1], x), adamw_law_growing(beta1, beta2[2], x));
    }
    table_close(t);
    t = program_table("step-bound-bounds", "beta2\tbound\tone_gradient\trho");
    for (int k = 0; k < PAIRS; k++)
        table_row(t, "sddd", names[k], adamw_law_longest(beta1, beta2[k], 0),
                  (1 - beta1) / sqrt64(1 - beta2[k]), beta2[k] / beta1);
    table_close(t);
    return worst;
}

// After 20000 gradients of 1 they grow by 11 % a step; the step at 10, 20 and 30 steps of growth.
static void
write_diverging(double at[3])
{
    enum { CONSTANT = 20000, GROWING = 60 };
    double w[PAIRS] = {0}, m[PAIRS] = {0}, v[PAIRS] = {0}, g = 1;
    table *out = program_table("step-bound-diverging", "step\tb999\tb99\tb95");
    for (int t = 1; t <= CONSTANT + GROWING; t++) {
        double step[PAIRS];
        g *= t > CONSTANT ? 1.11 : 1;
        for (int k = 0; k < PAIRS; k++) {
            const adamw_rule rule = {beta1, beta2[k], 0, ADAMW_EPS_OUTSIDE, false};
            double before = w[k];
            adamw_move(&rule, t, 1, 0, 1, &w[k], &g, &(adamw_means){&m[k], &v[k], NULL});
            step[k] = before - w[k];
        }
        int grown_for = t - CONSTANT;
        if (grown_for >= 0)
            table_row(out, "iddd", grown_for, step[0], step[1], step[2]);
        if (grown_for > 0 && grown_for <= 30 && grown_for % 10 == 0)
            at[grown_for / 10 - 1] = step[0];
    }
    table_close(out);
}

// The step after t of the worst gradients, (beta2 / beta1)^k, with the correction; the longest of
// all t, and the largest relative distance from the bound of every t.
static double
longest_run(double *worst)
{
    enum { STEPS = 4000 };
    const adamw_rule rule = {beta1, beta2[0], 0, ADAMW_EPS_OUTSIDE, false};
    double m = 0, v = 0, most = 0;
    table *out = program_table("step-bound-longest", "t\tstep\tbound");
    *worst = 0;
    for (int t = 1; t <= STEPS; t++) {
        double step = grow(&rule, t, beta2[0] / beta1, &m, &v),
               bound = adamw_law_longest(beta1, beta2[0], t);
        most = fmax(most, step);
        *worst = fmax(*worst, fabs(step / bound - 1));
        if (t < 50 || t % 50 == 0)
            table_row(out, "idd", t, step, bound);
    }
    table_close(out);
    return most;
}

void
adamw_figure_step_bound(void)
{
    double at[3], far, worst = write_grown(), most = longest_run(&far);
    write_diverging(at);
    claim_below("step-law",
                "steps on growing gradients: the largest relative distance from the law", 1e-6,
                worst, "algebra", CHECK);
    claim_below(
        "step-longest",
        "the worst gradients: the largest relative distance of 4000 steps from their bounds", 1e-9,
        far, "Cauchy and Schwarz", CHECK);
    claim_below("step-paper", "betas (0.9, 0.999): the longest step is at most 3.163 rates", 3.163,
                most, "Kingma & Ba 2015, sec. 2.1: at most (1 - beta1) / sqrt(1 - beta2)",
                NOT_AT_THIS_SCALE);
    claim_below("step-paper-99", "betas (0.9, 0.99): the longest step is at most the rate", 1.001,
                adamw_law_growing(beta1, beta2[1], 1.1),
                "Kingma & Ba 2015, sec. 2.1: where 1 - beta1 <= sqrt(1 - beta2) at most alpha",
                NOT_AT_THIS_SCALE);
    claim_above("step-diverging", "gradients that grow by 11 % for 20 steps: the step in rates", 3,
                at[1], "ours: in theory 3.76", FOUND);
}
