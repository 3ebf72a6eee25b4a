// Figure bias: what does the correction of the means prevent? The steps of Adam without it on a
// constant gradient, in units of the rate, on their law.
#include "adamw/adamw.h"
#include "adamw/figures/figures.h"
#include "adamw/laws.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <math.h>
#include <stddef.h>

enum { PAIRS = 3, STEPS = 10000 };
static const double beta1 = 0.9, beta2[PAIRS] = {0.999, 0.99, 0.95};

void
adamw_figure_bias(void)
{
    double w[PAIRS] = {0}, m[PAIRS] = {0}, v[PAIRS] = {0}, worst = 0, most = 0, gained = 0;
    int longest = 0, above = 0;
    table *out = program_table("bias", "t\tb999\tb99\tb95\tlaw999");
    for (int t = 1; t <= STEPS; t++) {
        double step[PAIRS], g = 0.3, law = adamw_law_uncorrected(beta1, beta2[0], t);
        for (int k = 0; k < PAIRS; k++) {
            const adamw_rule rule = {beta1, beta2[k], 0, ADAMW_EPS_OUTSIDE, true};
            double before = w[k];
            adamw_move(&rule, t, 1, 0, 1, &w[k], &g, &(adamw_means){&m[k], &v[k], NULL});
            step[k] = before - w[k];
        }
        if (t < 100 || (t < 1000 && t % 10 == 0) || t % 100 == 0)
            table_row(out, "idddd", t, step[0], step[1], step[2], law);
        worst = fmax(worst, fabs(step[0] / law - 1));
        longest = step[0] > most ? t : longest;
        most = fmax(most, step[0]);
        above = step[0] > 2 ? t : above;
        gained += step[0] - 1;
    }
    table_close(out);
    out = program_table("bias-numbers", "name\tvalue");
    table_row(out, "sd", "first", adamw_law_uncorrected(beta1, beta2[0], 1));
    table_row(out, "sd", "longest", most);
    table_row(out, "si", "longest_at", longest);
    table_row(out, "si", "above_2_until", above);
    table_row(out, "sd", "gained", gained);
    table_close(out);
    claim_below("bias-law", "uncorrected: the largest relative distance of a step from its law",
                1e-9, worst, "algebra", CHECK);
    claim_near("bias-longest", "uncorrected, betas (0.9, 0.999): the longest step, in rates", 6.57,
               most, 0.01, "algebra: at t = 12", CHECK);
    claim_above("bias-above",
                "uncorrected, betas (0.9, 0.999): steps are longer than 2 up to t =", 200, above,
                "ours: in theory 287", FOUND);
}
