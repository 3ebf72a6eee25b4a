// Figure start: the sigmoid loss before anything is learnt, all scores 0: what it costs, and which way b is pulled, for
// b = -10 and for the b that is balanced.
#include "clip/figures/figures.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"

#include <math.h>

// One right pair and N - 1 wrong ones, all with logit b.
static double
loss_at(double b, double N)
{
    double e = exp64(-fabs(b)), log1p_e = e < 1e-4 ? e - e * e / 2 : log64(1 + e);
    return fmax(-b, 0) + log1p_e + (N - 1) * (fmax(b, 0) + log1p_e);
}

// db: the wrong ones push b down, the right one up.
static double
pull_at(double b, double N)
{
    double p = 1 / (1 + exp64(-b));
    return (N - 1) * p - (1 - p);
}

void
clip_figure_start(void)
{
    table *t = program_table("start", "N\tzero\tminus_10\tbalanced\tpull_at_0\tpull_at_minus_10");
    for (int n = 2; n <= 65536; n *= 2)
        table_row(t, "iddddd", n, loss_at(0, n), loss_at(-10, n), loss_at(-log64(n - 1), n),
                  pull_at(0, n), pull_at(-10, n));
    table_close(t);
    // Where pull_at(-10, N) = 0
    double balanced = exp64(10) + 1;
    t = program_table("start-balance", "b\tN\tpull");
    table_row(t, "idd", -10, balanced, pull_at(-10, balanced));
    table_close(t);
    claim_below("start-balance", "b = -10 has no gradient at N = e^10 + 1 = 22 027: |db|", 1e-9,
                fabs(pull_at(-10, balanced)), "algebra", CHECK);
    claim_below("start-large", "N = 32768: the loss at b = -10 over that at -log(N - 1), less 1",
                0.01, loss_at(-10, 32768) / loss_at(-log64(32767), 32768) - 1,
                "Zhai et al. 2023, sec. 3: with b = -10 training starts roughly close to the prior",
                REPRODUCED);
}
