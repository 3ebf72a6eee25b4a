// What one layer does to the size of a signal, for each activation, with the gain for which 1 is kept: the map by
// quadrature, what follows over thirty layers, and random nets of width 100 beside it.
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
#include <stdio.h>
#include <string.h>

static const activations_kind kinds[] = {ACTIVATIONS_TANH, ACTIVATIONS_RELU,     ACTIVATIONS_ELU,
                                         ACTIVATIONS_SELU, ACTIVATIONS_SOFTPLUS, ACTIVATIONS_SILU,
                                         ACTIVATIONS_GELU, ACTIVATIONS_MISH};
enum {
    KINDS = sizeof kinds / sizeof *kinds,
    GRID = 61,
    SEED = 31,
    WIDTH = 100,
    LAYERS = 30,
    NETS = 20
};

// (dV/dq) at q = 1, by a difference.
static double
map_slope(const activations_rule *rule, const activations_layer *layer)
{
    const double h = 1e-4;
    return (activations_variance_map(rule, layer, 1 + h) -
            activations_variance_map(rule, layer, 1 - h)) /
           (2 * h);
}

// ratio (KINDS + 1, GRID): V(q) / q for q from 10^-3 to 10^3, of a SwiGLU behind them.
static void
map_table(const activations_rule *rule, double ratio[KINDS + 1][GRID])
{
    char header[256] = "grid\tq";
    for (int k = 0; k < KINDS; k++)
        strcat(strcat(header, "\t"), activations_name(kinds[k]));
    table *t = program_table("variance-map", strcat(header, "\tswiglu"));
    for (int i = 0; i < GRID; i++) {
        double q = pow64(10, (i - 30) / 10.0);
        for (int k = 0; k < KINDS; k++) {
            double gain = activations_gain(rule, kinds[k]);
            const activations_layer layer = {kinds[k], gain * gain, 0};
            ratio[k][i] = activations_variance_map(rule, &layer, q) / q;
        }
        // gate and value are independent: E (f(gate) value)^2 = E f(gate)^2 q
        double gain = activations_gain(rule, ACTIVATIONS_SILU);
        ratio[KINDS][i] = gain * gain * activations_moments_of(rule, ACTIVATIONS_SILU, q).square;
        table_row(t, "idddddddddd", i, q, ratio[0][i], ratio[1][i], ratio[2][i], ratio[3][i],
                  ratio[4][i], ratio[5][i], ratio[6][i], ratio[7][i], ratio[8][i]);
    }
    table_close(t);
}

// ---- Random nets ----

// Six nets: an activation and the variance of its weights times their number.
typedef struct {
    const char *name;
    activations_layer layer;
    double q;                     // of the first pre-activations
    double predicted[LAYERS + 1]; // by the map
    double measured[NETS][LAYERS + 1];
} series;

enum { SERIES = 7 };

static void
run_net(int i, void *context)
{
    series *s = (series *)context + i / NETS;
    rng r = rng_at(SEED, i);
    double a[WIDTH];
    activations_signal signal[LAYERS + 1];
    activations_net_inputs(&r, WIDTH, 1, s->q, 0, a);
    activations_net_forward(&s->layer, WIDTH, LAYERS, &r, 1, a, signal);
    for (int l = 0; l <= LAYERS; l++)
        s->measured[i % NETS][l] = signal[l].square[0];
}

static double
median_at(const series *s, int l)
{
    double x[NETS];
    for (int n = 0; n < NETS; n++)
        x[n] = s->measured[n][l];
    return stats_quartiles_of(NETS, x).middle;
}

static void
depth_tables(const activations_rule *rule, series all[SERIES])
{
    char header[512] = "layer";
    for (int k = 0; k < SERIES; k++) {
        snprintf(header + strlen(header), sizeof header - strlen(header), "\t%s\t%s_nets",
                 all[k].name, all[k].name);
        all[k].predicted[0] = all[k].q;
        for (int l = 0; l < LAYERS; l++)
            all[k].predicted[l + 1] =
                activations_variance_map(rule, &all[k].layer, all[k].predicted[l]);
    }
    parallel_runs(SERIES * NETS, run_net, all);
    table *t = program_table("variance-map-depth", header);
    for (int l = 0; l <= LAYERS; l++) {
        float row[2 * SERIES];
        for (int k = 0; k < SERIES; k++) {
            row[2 * k] = (float)all[k].predicted[l];
            row[2 * k + 1] = (float)median_at(&all[k], l);
        }
        table_curve(t, l, 2 * SERIES, row);
    }
    table_close(t);
}

static activations_layer
with_gain(const activations_rule *rule, activations_kind kind)
{
    double gain = activations_gain(rule, kind);
    return (activations_layer){kind, gain * gain, 0};
}

// How often the ratio V(q) / q falls from one place of the grid to the next.
static int
falls(const double ratio[GRID])
{
    int n = 0;
    for (int i = 1; i < GRID; i++)
        n += ratio[i] <= ratio[i - 1];
    return n;
}

static void
map_claims(const activations_rule *rule, double ratio[KINDS + 1][GRID])
{
    int fall = falls(ratio[5]) + falls(ratio[6]) + falls(ratio[7]);
    double worst = 0, apart = 0;
    for (int k = 0; k < KINDS; k++)
        if (kinds[k] == ACTIVATIONS_RELU)
            for (int i = 0; i < GRID; i++)
                apart = fmax(apart, fabs(ratio[k][i] - 1));
    for (int i = 0; i < GRID; i++) {
        double q = pow64(10, (i - 30) / 10.0);
        worst = fmax(worst, fabs(activations_moments_of(rule, ACTIVATIONS_GELU, q).square /
                                     activations_gelu_square(q) -
                                 1));
    }
    claim_below("gelu-square", "E GELU^2 by quadrature from its closed form, q from 0.001 to 1000",
                1e-12, worst, "algebra", CHECK);
    claim_below("relu-map", "ReLU, gain sqrt 2: the largest |V(q) / q - 1|", 1e-13, apart,
                "He et al. 2015, sec. 2.2", CHECK);
    claim_below("no-gain-holds", "SiLU, GELU, Mish: places of the grid where V(q) / q falls", 0.5,
                fall, "this chapter; proved in the text for SiLU and GELU", FOUND);
    const activations_layer gelu = with_gain(rule, ACTIVATIONS_GELU);
    const activations_layer tanh_layer = with_gain(rule, ACTIVATIONS_TANH);
    claim_above("gelu-repels", "GELU with its gain: dV/dq at q = 1", 1, map_slope(rule, &gelu),
                "this chapter", FOUND);
    claim_below("tanh-attracts", "tanh with its gain: dV/dq at q = 1", 1,
                map_slope(rule, &tanh_layer), "this chapter", FOUND);
}

// The largest distance of ln(median) from ln(predicted), over layers, of one series.
static double
farthest(const series *s)
{
    double most = 0;
    for (int l = 0; l <= LAYERS; l++)
        most = fmax(most, fabs(log64(median_at(s, l) / s->predicted[l])));
    return most;
}

void
activations_figure_variance_map(void)
{
    static activations_rule rule;
    static double ratio[KINDS + 1][GRID];
    activations_rule_fine(&rule);
    map_table(&rule, ratio);
    table *t = program_table("variance-map-gains", "function\tsquare\tgain\tchi\tslope");
    for (int k = 0; k < KINDS; k++) {
        const activations_layer layer = with_gain(&rule, kinds[k]);
        table_row(t, "sdddd", activations_name(kinds[k]),
                  activations_moments_of(&rule, kinds[k], 1).square, sqrt64(layer.weight),
                  activations_chi(&rule, &layer, 1), map_slope(&rule, &layer));
    }
    table_close(t);
    static series all[SERIES];
    all[0] = (series){.name = "tanh", .layer = with_gain(&rule, ACTIVATIONS_TANH), .q = 4};
    all[1] = (series){.name = "selu", .layer = with_gain(&rule, ACTIVATIONS_SELU), .q = 4};
    all[2] = (series){.name = "relu", .layer = with_gain(&rule, ACTIVATIONS_RELU), .q = 1};
    all[3] = (series){.name = "gelu_up", .layer = with_gain(&rule, ACTIVATIONS_GELU), .q = 1.2};
    all[4] = (series){.name = "gelu_down", .layer = with_gain(&rule, ACTIVATIONS_GELU), .q = 0.8};
    all[5] = (series){.name = "gelu_he", .layer = {ACTIVATIONS_GELU, 2, 0}, .q = 1};
    all[6] = (series){.name = "relu_default", .layer = {ACTIVATIONS_RELU, 1 / 3.0, 0}, .q = 1};
    depth_tables(&rule, all);
    map_claims(&rule, ratio);
    claim_near("default-sixth", "ReLU with PyTorch's default weights: the factor of one layer",
               1 / 6.0, all[6].predicted[1], 1e-14, "PyTorch's documentation of torch.nn.Linear",
               CHECK);
    claim_below("he-for-gelu", "GELU with He's gain: the mean square after 30 layers, from 1", 1e-3,
                all[5].predicted[LAYERS], "this chapter", FOUND);
    claim_below(
        "tanh-width-100",
        "tanh, width 100, 20 nets: the median's largest distance from the map, as a logarithm", 0.2,
        farthest(&all[0]), "this chapter", FOUND);
}
