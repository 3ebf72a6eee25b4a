// Figure restart: how often should a training save itself? The time over the useful time against the interval, by the
// formula and by 40 000 intervals in which failures come by chance.
#include "frame/claims.h"
#include "frame/program.h"
#include "many_machines/figures/figures.h"
#include "many_machines/laws.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "numbers/stats.h"

#include <math.h>

enum { SEED = 185, POINTS = 13, INTERVALS = 40000, CURVE = 61 };

static const double save = 60, between = 86400; // seconds: C and M

static const double interval[POINTS] = {120,  300,  600,   1000,  1500,  2200, 3220,
                                        4500, 7000, 10000, 15000, 25000, 40000};

// The time until `t` useful seconds are done and saved: a failure throws away what was done since the last saving.
static double
one_interval(double t, rng *r)
{
    double time = 0;
    for (;;) {
        double failure = -between * log64(1 - rng_uniform64(r));
        if (failure >= t + save)
            return time + t + save;
        time += failure;
    }
}

void
many_machines_figure_restart(void)
{
    double worst = 0;
    int n = program_steps(INTERVALS, 100);
    rng r = rng_at(SEED, 0);
    table *t =
        program_table("restart", "interval\toverhead\tsimulated\tstandard_error\tfirst_order");
    for (int i = 0; i < POINTS; i++) {
        double sum = 0, square = 0, at = interval[i];
        for (int k = 0; k < n; k++) {
            double x = one_interval(at, &r) / at;
            sum += x;
            square += x * x;
        }
        stats_estimate e = stats_mean_of_sums(n, sum, square);
        double exact = many_machines_overhead(at, save, between);
        double z = fabs(e.mean - exact) / e.error;
        worst = z > worst ? z : worst;
        table_row(t, "ddddd", at, exact - 1, e.mean - 1, e.error, save / at + at / (2 * between));
    }
    table_close(t);
    table *curve = program_table("restart-formula", "interval\toverhead\tfirst_order");
    for (int i = 0; i < CURVE; i++) {
        double at = 100 * pow64(2, i * 0.15);
        table_row(curve, "ddd", at, many_machines_overhead(at, save, between) - 1,
                  save / at + at / (2 * between));
    }
    table_close(curve);
    double young = many_machines_young(save, between),
           best = many_machines_best_interval(save, between);
    table *b = program_table("restart-best", "which\tseconds\toverhead");
    table_row(b, "sdd", "young", young, many_machines_overhead(young, save, between) - 1);
    table_row(b, "sdd", "best", best, many_machines_overhead(best, save, between) - 1);
    table_row(b, "sdd", "half", best / 2, many_machines_overhead(best / 2, save, between) - 1);
    table_row(b, "sdd", "twice", 2 * best, many_machines_overhead(2 * best, save, between) - 1);
    table_close(b);
    claim_below("restart-simulated", "restart: the worst of 13 simulated overheads, |z|",
                stats_worst_bound(POINTS), unless_quick(worst), "expected by theory: the formula",
                FOUND);
    claim_below("restart-flat",
                "restart: overhead at Young's interval less that at the best, in percent points",
                0.001,
                100 * (many_machines_overhead(young, save, between) -
                       many_machines_overhead(best, save, between)),
                "of second order in (C / M)^(1/2)", CHECK);
}
