// Figure drift: a weight in bf16 that is to move by -1e-4 in every step.
#include "mixed_precision/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "mixed_precision/mixed_precision.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"

#include <math.h>

enum { SEED = 18, STEPS = 200, RUNS = 4000, SHOWN = 5 };

void
mixed_precision_figure_drift(void)
{
    static double end[RUNS];
    static float w[RUNS];
    const float d = -1e-4f;
    float nearest = 1, master = 1;
    rng r = rng_at(SEED, 0);
    for (int i = 0; i < RUNS; i++)
        w[i] = 1;
    table *t =
        program_table("drift", "step\texact\tnearest\tmaster_16\tmean\tstd\trun_1\trun_2\trun_3"
                               "\trun_4\trun_5");
    for (int s = 0; s <= STEPS; s++) {
        double sum = 0, square = 0;
        for (int i = 0; i < RUNS; i++) {
            if (s > 0) {
                float u = rng_uniform(&r);
                w[i] = format_round_random(&format_bfloat, w[i] + d, u);
            }
            sum += w[i];
            square += ((double)w[i] - 1) * ((double)w[i] - 1);
        }
        double mean = sum / RUNS;
        double std = sqrt64(fmax(0, square / RUNS - (mean - 1) * (mean - 1)));
        table_row(t, "idddddddddd", s, 1 + (double)d * s, nearest,
                  format_round(&format_bfloat, master), mean, std, w[0], w[1], w[2], w[3], w[4]);
        nearest = mixed_precision_moved(&format_bfloat, nearest, d);
        master += d;
    }
    table_close(t);
    for (int i = 0; i < RUNS; i++)
        end[i] = w[i];
    stats_estimate e = stats_mean(RUNS, end);
    // Up or down by a spacing below 1, 2^-8, with mean d in every step.
    double spacing = 0x1p-8, std = sqrt64(-STEPS * (double)d * (spacing + d));
    double measured = e.error * sqrt64(RUNS);
    t = program_table("drift-numbers", "what\tvalue");
    table_row(t, "sd", "nearest", nearest);
    table_row(t, "sd", "exact", 1 + STEPS * (double)d);
    table_row(t, "sd", "mean", e.mean);
    table_row(t, "sd", "error", e.error);
    table_row(t, "sd", "std", measured);
    table_row(t, "sd", "std_theory", std);
    table_close(t);
    claim_near("drift-nearest", "drift: a weight of 1 in bf16 after 200 steps of -1e-4, nearest", 1,
               nearest, 0, "1e-4 is less than a quarter of the spacing 2^-7", CHECK);
    claim_below("drift-mean",
                "drift: the mean of 4000 runs at random less 1 - 0.02, in standard errors", 4,
                fabs(e.mean - 1 - STEPS * (double)d) / e.error, "the mean is exact", CHECK);
    claim_below(
        "drift-std",
        "drift: their standard deviation over sqrt(n |d| (spacing - |d|)), less 1, in standard "
        "errors",
        4, fabs(measured / std - 1) * sqrt64(2.0 * RUNS), "algebra", CHECK);
}
