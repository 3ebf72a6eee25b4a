// Figure positions: Transformers of the same size whose positions are added sinusoids, with softmax attention, linear
// attention, and NormAttention. Where does their weight go, and how restless are their gradients?
#include "gau/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/stats.h"

#include <stdio.h>
#include <stdlib.h>

static const gau_net added[] = {GAU_SINUSOID_SOFTMAX, GAU_SINUSOID_LOCAL_NORM, GAU_SINUSOID_DIVIDED,
                                GAU_SINUSOID_NORM};
enum { ADDED = sizeof added / sizeof *added, LANGUAGE_SEED = 1 };

gau_spread
gau_near(const gau_run *runs, gau_net net, int layer)
{
    double x[GAU_SEEDS];
    for (int i = 0; i < GAU_SEEDS; i++)
        x[i] = gau_runs_of(runs, net)[i].near[layer];
    return gau_spread_of(x);
}

void
gau_write_near(const char *name, int n, const gau_net *nets, const gau_run *runs)
{
    table *t = program_table(name, "layer\tnet\tnumber\tlow\tmiddle\thigh");
    for (int i = 0; i < n; i++)
        for (int layer = 0; gau_net_has_near(nets[i]) && layer < gau_net_layers(nets[i]); layer++) {
            char id[48];
            gau_spread s = gau_near(runs, nets[i], layer);
            snprintf(id, sizeof id, "%s_%d", gau_net_name(nets[i]), layer + 1);
            table_row(t, "ssiddd", id, gau_net_name(nets[i]), layer + 1, s.low, s.middle, s.high);
        }
    table_close(t);
}

// The k-th smallest of n norms.
static double
ranked(int n, const float *norm, double part)
{
    double *x = malloc(n * sizeof *x);
    for (int i = 0; i < n; i++)
        x[i] = norm[i];
    stats_quartiles_of(n, x); // sorts them
    double found = x[(int)(part * (n - 1))];
    free(x);
    return found;
}

gau_spread
gau_restless(const gau_run *runs, gau_net net)
{
    double x[GAU_SEEDS];
    for (int i = 0; i < GAU_SEEDS; i++) {
        const gau_run *run = &gau_runs_of(runs, net)[i];
        x[i] = ranked(run->t.steps, run->norm, 0.99) / ranked(run->t.steps, run->norm, 0.5);
    }
    return gau_spread_of(x);
}

void
gau_write_norms(const char *name, int n, const gau_net *nets, const gau_run *runs)
{
    table *t = program_table(name, "net\tlargest\tlow\tmiddle\thigh");
    for (int i = 0; i < n; i++) {
        double largest = 0;
        for (int seed = 0; seed < GAU_SEEDS; seed++) {
            const gau_run *run = &gau_runs_of(runs, nets[i])[seed];
            double own = ranked(run->t.steps, run->norm, 1);
            largest = own > largest ? own : largest;
        }
        gau_spread s = gau_restless(runs, nets[i]);
        table_row(t, "sdddd", gau_net_name(nets[i]), largest, s.low, s.middle, s.high);
    }
    table_close(t);
}

static void
claims(const gau_run *runs)
{
    const char *here = "first seen in a study before this program, with one seed";
    gau_spread softmax = gau_late(runs, GAU_SINUSOID_SOFTMAX);
    gau_spread divided = gau_late(runs, GAU_SINUSOID_DIVIDED),
               norm = gau_late(runs, GAU_SINUSOID_NORM);
    claim_above("positions-softmax", "added sinusoids, softmax: middle of 3, nats", 0.1,
                softmax.middle, here, FOUND);
    claim_changed("positions-softmax", "first: best of 3 above 0.15, where another draw had 0.16");
    claim_below(
        "positions-norm",
        "added sinusoids, linear: with the normaliser, middle of 3, over with RMSNorm, middle of 3",
        1.5, divided.middle / norm.middle, here, FOUND);
    claim_below(
        "positions-blocks",
        "added sinusoids: blocks below RMSNorm, worst of 3, over RMSNorm in both, best of 3", 0.9,
        gau_late(runs, GAU_SINUSOID_LOCAL_NORM).high / norm.low,
        "Qin et al. 2022, abstract: diagonal attention in early layers, against dilution", IN_PART);
    claim_above(
        "dilution",
        "added sinusoids, layer 1: softmax's share of the last 8 keys, least of 3, over linear's, "
        "most of 3",
        1.5,
        gau_near(runs, GAU_SINUSOID_SOFTMAX, 0).low / gau_near(runs, GAU_SINUSOID_DIVIDED, 0).high,
        "Qin et al. 2022, fig. 2: linear attention spreads its weights, softmax's are near",
        REPRODUCED);
    claim_below("dilution-norm",
                "the same share with RMSNorm over with the normaliser, middles of 3", 1.3,
                gau_near(runs, GAU_SINUSOID_NORM, 0).middle /
                    gau_near(runs, GAU_SINUSOID_DIVIDED, 0).middle,
                here, FOUND);
    claim_above("restless",
                "added sinusoids: norms of gradients, 99th percentile over median, with the "
                "normaliser over "
                "with RMSNorm",
                2,
                gau_restless(runs, GAU_SINUSOID_DIVIDED).middle /
                    gau_restless(runs, GAU_SINUSOID_NORM).middle,
                "Qin et al. 2022, introduction: unbounded gradients empirically lead to unstable "
                "convergence",
                NOT_AT_THIS_SCALE);
}

void
gau_figure_positions(void)
{
    topics_language l = topics_new(LANGUAGE_SEED);
    gau_run *runs = gau_runs_new(ADDED, added, &l);
    gau_write_kinds("positions", ADDED, added, runs);
    gau_write_near("positions-near", ADDED, added, runs);
    gau_write_norms("positions-norms", ADDED, added, runs);
    claims(runs);
    gau_runs_free(ADDED, runs);
}
