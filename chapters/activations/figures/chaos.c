// Two inputs through many random layers: do they come to look alike, or like nothing? Maps by quadrature, and random
// nets of width 200 beside them.
#include "activations/figures/figures.h"
#include "activations/maps.h"
#include "activations/study.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "numbers/stats.h"

#include <math.h>

enum { SEED = 41, SERIES = 4, LAYERS = 100, WIDTH = 200, NETS = 12, NET_LAYERS = 50, LONG = 1000 };

// tanh with biases of variance .05, from a correlation of .3.
static const double weights[SERIES] = {1, 1.76, 2.5, 4}, bias = 0.05, start = 0.3;

typedef struct {
    activations_layer layer;
    double q, chi;        // at the fixed point
    double c[LAYERS + 1]; // by the map
    double measured[NETS][NET_LAYERS + 1];
} series;

static void
follow(int i, void *context)
{
    series *s = (series *)context + i;
    activations_rule rule;
    activations_rule_fine(&rule);
    s->layer = (activations_layer){ACTIVATIONS_TANH, weights[i], bias};
    s->q = activations_fixed_point(&rule, &s->layer, 1);
    s->chi = activations_chi(&rule, &s->layer, s->q);
    s->c[0] = start;
    for (int l = 0; l < program_steps(LAYERS, 2); l++)
        s->c[l + 1] = activations_correlation_map(&rule, &s->layer, s->q, s->c[l]);
}

static void
run_net(int i, void *context)
{
    series *s = (series *)context + i / NETS;
    rng r = rng_at(SEED, i);
    double a[2 * WIDTH];
    activations_signal signal[NET_LAYERS + 1];
    activations_net_inputs(&r, WIDTH, 2, s->q, start, a);
    int L = program_steps(NET_LAYERS, 5);
    activations_net_forward(&s->layer, WIDTH, L, &r, 2, a, signal);
    for (int l = 0; l <= L; l++)
        s->measured[i % NETS][l] =
            signal[l].product / sqrt64(signal[l].square[0] * signal[l].square[1]);
}

static stats_estimate
mean_at(const series *s, int l)
{
    double x[NETS];
    for (int n = 0; n < NETS; n++)
        x[n] = s->measured[n][l];
    return stats_mean(NETS, x);
}

// The sigma_w^2 at which chi is 1 at the fixed point, by halving.
static double
critical_weight(void)
{
    static activations_rule rule;
    activations_rule_fine(&rule);
    double low = 1.2, high = 2.2;
    for (int i = 0; i < 40; i++) {
        const activations_layer layer = {ACTIVATIONS_TANH, (low + high) / 2, bias};
        double q = activations_fixed_point(&rule, &layer, 0.6);
        if (activations_chi(&rule, &layer, q) < 1)
            low = layer.weight;
        else
            high = layer.weight;
    }
    return low;
}

static void
tables(const series all[SERIES])
{
    table *t =
        program_table("chaos", "layer\torder\tedge\tchaos\tstrong_chaos\torder_nets\tedge_nets\t"
                               "chaos_nets\tstrong_chaos_nets");
    for (int l = 0; l <= LAYERS; l++) {
        double nets[SERIES];
        for (int k = 0; k < SERIES; k++)
            nets[k] = l <= NET_LAYERS ? mean_at(&all[k], l).mean : NAN;
        table_row(t, "idddddddd", l, all[0].c[l], all[1].c[l], all[2].c[l], all[3].c[l], nets[0],
                  nets[1], nets[2], nets[3]);
    }
    table_close(t);
    t = program_table("chaos-numbers",
                      "sigma_w2\tq\tchi\txi\tc_10\tc_50\tc_100\tnets_10\tnets_error");
    for (int k = 0; k < SERIES; k++) {
        stats_estimate ten = mean_at(&all[k], 10);
        table_row(t, "ddddddddd", all[k].layer.weight, all[k].q, all[k].chi,
                  activations_depth_scale(all[k].chi), all[k].c[10], all[k].c[50], all[k].c[100],
                  ten.mean, ten.error);
    }
    table_close(t);
}

// Any two inputs of a ReLU net: 1 - c falls like 9 pi^2 / (2 l^2). distance[l] = 1 - c(l) from c(0) = 0.
static void
relu_table(double distance[LONG + 1])
{
    table *t = program_table("chaos-relu", "layer\tc\tl2_distance");
    double c = 0;
    for (int l = 0; l <= LONG; l++) {
        distance[l] = 1 - c;
        if (l <= 30 || l % 10 == 0)
            table_row(t, "idd", l, c, l * l * distance[l]);
        c = activations_relu_correlation(c);
    }
    table_close(t);
}

void
activations_figure_chaos(void)
{
    static series all[SERIES];
    static double distance[LONG + 1];
    parallel_runs(SERIES, follow, all);
    parallel_runs(SERIES * NETS, run_net, all);
    tables(all);
    relu_table(distance);
    double critical = critical_weight(), far = 0;
    for (int k = 0; k < SERIES; k++)
        far =
            fmax(far, fabs(mean_at(&all[k], 10).mean - all[k].c[10]) / mean_at(&all[k], 10).error);
    table *t = program_table("chaos-edge", "what\tvalue");
    table_row(t, "sd", "critical_weight", critical);
    table_row(t, "sd", "relu_limit", 9 * pi64 * pi64 / 2);
    table_close(t);
    claim_near("critical", "tanh, sigma_b^2 = .05: sigma_w^2 where chi = 1", 1.760955, critical,
               1e-6, "SciPy's quad and brentq", CHECK);
    claim_above("order", "tanh, sigma_w^2 = 1: the correlation after 50 layers", 0.999,
                unless_quick(all[0].c[50]), "Poole et al. 2016, sec. 2.2", REPRODUCED);
    claim_below("chaos", "tanh, sigma_w^2 = 4: the correlation after 50 layers", 0.3,
                unless_quick(all[3].c[50]), "Poole et al. 2016, sec. 2.2", REPRODUCED);
    claim_below("chaos-forgets-start",
                "sigma_w^2 = 2.5: change of the correlation from layer 50 to 100", 0.01,
                unless_quick(fabs(all[2].c[100] - all[2].c[50])), "this chapter", FOUND);
    claim_below("chaos-nets",
                "width 200, layer 10: the farthest of four means from the map, standard errors",
                stats_worst_bound(SERIES), unless_quick(far), "this chapter", FOUND);
    claim_near("relu-alike", "ReLU: l^2 (1 - c) after 1000 layers, over 9 pi^2 / 2", 1,
               1e6 * distance[1000] / (9 * pi64 * pi64 / 2), 0.05,
               "this chapter: a series at c = 1", CHECK);
}
