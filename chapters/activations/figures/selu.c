// SELU: mean and variance find back to 0 and 1, layer by layer; and what happens to a gradient meanwhile.
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

enum { SEED = 61, LAYERS = 100, WIDTH = 150, NETS = 40 };

static const activations_layer selu = {ACTIVATIONS_SELU, 1, 0};

typedef struct {
    double forward[NETS][LAYERS + 1], back[NETS][LAYERS + 1];
} trial;

static void
run_net(int i, void *context)
{
    trial *t = context;
    rng r = rng_at(SEED, i);
    double a[WIDTH];
    activations_signal signal[LAYERS + 1];
    activations_net_inputs(&r, WIDTH, 1, 2.25, 0, a);
    activations_net_backward(&selu, WIDTH, LAYERS, &r, a, signal, t->back[i], NULL);
    for (int l = 0; l <= LAYERS; l++)
        t->forward[i][l] = signal[l].square[0];
}

static double
median(double x[NETS][LAYERS + 1], int l)
{
    double column[NETS];
    for (int i = 0; i < NETS; i++)
        column[i] = x[i][l];
    return stats_quartiles_of(NETS, column).middle;
}

void
activations_figure_selu(void)
{
    static activations_rule rule;
    static trial t;
    activations_rule_fine(&rule);
    parallel_runs(NETS, run_net, &t);
    // From activations of mean .5 and variance 2. With random weights a layer sees their mean square alone.
    double mean = 0.5, variance = 2, chi = activations_chi(&rule, &selu, 1), growth = 1,
           on_the_way = 0;
    table *out = program_table(
        "selu", "layer\tmean\tvariance\tsquare\tnets_square\tgradient\tnets_gradient");
    for (int l = 0; l <= LAYERS; l++) {
        double q = variance + mean * mean;
        table_row(out, "idddddd", l, mean, variance, q, median(t.forward, l), growth,
                  median(t.back, LAYERS - l));
        activations_moments m = activations_moments_of(&rule, ACTIVATIONS_SELU, q);
        mean = m.mean;
        variance = m.square - m.mean * m.mean;
        growth *= chi;
        if (l < LAYERS)
            on_the_way += log64(activations_chi(&rule, &selu, q)) / LAYERS;
    }
    table_close(out);
    double first[NETS];
    for (int i = 0; i < NETS; i++)
        first[i] = log64(t.back[i][0] / t.back[i][LAYERS]) / LAYERS;
    stats_estimate rate = stats_mean(NETS, first);
    out = program_table("selu-numbers", "what\tvalue");
    activations_selu_numbers s = activations_selu_solve();
    table_row(out, "sd", "below", s.below);
    table_row(out, "sd", "below_square", s.below_square);
    table_row(out, "sd", "alpha", s.alpha);
    table_row(out, "sd", "lambda", s.lambda);
    table_row(out, "sd", "chi", chi);
    table_row(out, "sd", "growth", pow64(chi, LAYERS));
    table_row(out, "sd", "map_rate", on_the_way);
    table_row(out, "sd", "nets_rate", rate.mean);
    table_row(out, "sd", "nets_error", rate.error);
    table_close(out);
    claim_near("selu-alpha", "SELU's alpha from mean 0 and mean square 1", 1.6732632423543772,
               s.alpha, 1e-14,
               "Klambauer et al. 2017, sec. 2, stable and attracting fixed point (0, 1): 1.6733",
               CHECK);
    claim_near("selu-returns", "SELU, from (0.5, 2): the mean square after 20 layers", 1,
               median(t.forward, 20), 0.5, "Klambauer et al. 2017, theorem 1: attracting",
               REPRODUCED);
    claim_above(
        "selu-explodes", "SELU: the factor of the squared gradient over 100 layers, by the map",
        100, pow64(chi, LAYERS),
        "this chapter, against Klambauer et al. 2017, abstract: exploding gradients are impossible",
        FOUND);
    claim_above("selu-nets-explode",
                "SELU, width 150: growth of ln |gradient|^2 a layer, standard errors above 0", 4,
                rate.mean / rate.error, "this chapter", FOUND);
    claim_above("selu-nets-slower",
                "SELU, width 150: the map's growth a layer less the nets', standard errors", 0,
                (on_the_way - rate.mean) / rate.error, "this chapter", FOUND);
}
