// Figure allreduce: what does a sum over ranks cost? Steps and words of each plan, counted in its messages, beside the
// formulas; and where one plan overtakes another.
#include "frame/claims.h"
#include "frame/program.h"
#include "many_machines/figures/figures.h"
#include "many_machines/laws.h"
#include "many_machines/many_machines.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stddef.h>

enum { PLANS = 4, RANKS = 3, SIZES = 3, CURVE = 33 };

static const int ranks[RANKS] = {2, 4, 8};
static const long sizes[SIZES] = {8, 1024, 1000000};
static const double alpha_over_beta =
    1000; // words that could be sent while a message is on its way

static const struct {
    const char *name;
    many_machines_plan (*make)(int p, long n);
} plans[PLANS] = {{"tree", many_machines_tree},
                  {"doubling", many_machines_doubling},
                  {"halving", many_machines_halving},
                  {"ring", many_machines_ring}};

static int
lg(int p)
{
    return p > 1 ? 1 + lg(p / 2) : 0;
}

// The formulas of Thakur, Rabenseifner and Gropp, without the time of the additions.
static double
latencies_of(int plan, int p)
{
    return plan == 0 || plan == 2 ? 2 * lg(p) : plan == 1 ? lg(p) : 2 * (p - 1);
}

static double
words_of(int plan, int p, double n)
{
    return plan == 0 ? 2 * lg(p) * n : plan == 1 ? lg(p) * n : 2.0 * (p - 1) / p * n;
}

static double
counted(int plan, int p, long n, many_machines_cost *cost)
{
    many_machines_plan made = plans[plan].make(p, n);
    *cost = many_machines_plan_cost(&made);
    many_machines_plan_free(&made);
    return fabs(cost->latencies - latencies_of(plan, p)) +
           fabs((double)cost->words - words_of(plan, p, n));
}

// n beta / alpha at which two plans take as long, from what was counted for vectors of n values.
static double
crossing(int a, int b, int p)
{
    const long n = 1024;
    many_machines_cost x, y;
    counted(a, p, n, &x);
    counted(b, p, n, &y);
    return (double)(y.latencies - x.latencies) / ((double)(x.words - y.words) / n);
}

void
many_machines_figure_allreduce(void)
{
    double wrong = 0;
    table *t = program_table("allreduce",
                             "plan\tranks\tvalues\tsteps\tformula_steps\twords\tformula_words");
    for (int plan = 0; plan < PLANS; plan++)
        for (int i = 0; i < RANKS; i++)
            for (int k = 0; k < SIZES; k++) {
                many_machines_cost cost;
                wrong += counted(plan, ranks[i], sizes[k], &cost);
                table_row(t, "siiidid", plans[plan].name, ranks[i], (int)sizes[k], cost.latencies,
                          latencies_of(plan, ranks[i]), (int)cost.words,
                          words_of(plan, ranks[i], (double)sizes[k]));
            }
    table_close(t);
    table *curve = program_table("allreduce-time", "values\ttree\tdoubling\thalving\tring");
    for (int k = 0; k < CURVE; k++) {
        double n = pow64(2, 6 + k * 0.5), time[PLANS];
        for (int plan = 0; plan < PLANS; plan++)
            time[plan] = latencies_of(plan, 8) + words_of(plan, 8, n) / alpha_over_beta;
        table_row(curve, "ddddd", n, time[0], time[1], time[2], time[3]);
    }
    table_close(curve);
    claim_near("allreduce-counted",
               "allreduce: steps and words of 36 plans less the formulas, added", 0, wrong, 0,
               "Thakur, Rabenseifner & Gropp 2005, section 4", CHECK);
    claim_near("allreduce-four",
               "allreduce, 4 ranks: doubling is as fast as halving at n beta / alpha", 4,
               crossing(1, 2, 4), 1e-12, "2 alpha + 2 beta n = 4 alpha + 1.5 beta n", CHECK);
    claim_near("allreduce-eight",
               "allreduce, 8 ranks: doubling is as fast as halving at n beta / alpha", 2.4,
               crossing(1, 2, 8), 1e-12, "3 alpha + 3 beta n = 6 alpha + 1.75 beta n", CHECK);
}
