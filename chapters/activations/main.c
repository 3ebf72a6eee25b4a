// Chapter activations: options, the figures in their order, the reference cases.
#include "activations/cases.h"
#include "activations/figures/figures.h"
#include "activations/own.h"
#include "files/fail.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stddef.h>

static activations_own_options own;

static void
own_stack(void)
{
    activations_own(&own);
}

int
main(int argc, char **argv)
{
    const program_option options[] = {
        {"--activation", "NAME", "your own stack of layers with this activation, layer by layer",
         &own.activation},
        {"--gain", "G",
         "of it: standard deviation of a weight times sqrt(inputs) (that of V(1) = 1)", &own.gain},
        {"--bias", "S", "of it: standard deviation of a bias (0)", &own.bias},
        {"--width", "N", "of it: units in a layer, for the nets beside the maps (100)", &own.width},
        {"--depth", "L", "of it: layers (50)", &own.depth},
        {0}};
    const program_figure contents[] = {{"worked-example", activations_figure_worked_example, 0.01},
                                       {"functions", activations_figure_functions, 0.1},
                                       {"variance-map", activations_figure_variance_map, 1},
                                       {"chaos", activations_figure_chaos, 2},
                                       {"typical-net", activations_figure_typical_net, 3},
                                       {"selu", activations_figure_selu, 1},
                                       {"dead", activations_figure_dead, 3},
                                       {"bias", activations_figure_bias, 0.5},
                                       {"perceptron", activations_figure_perceptron, 0.1},
                                       {"comparison", activations_figure_comparison, 14},
                                       {0}};
    const program_figure own_contents[] = {{"own", own_stack, 5}, {0}};
    program_begin("activations", options, argc, argv);
    if (!own.activation && (own.gain || own.bias || own.width || own.depth))
        fail("--gain, --bias, --width and --depth are of --activation NAME, which is not given");
    if (own.activation) {
        program_own_data("own");
        program_run(NULL, own_contents);
    } else
        program_run(activations_cases, contents);
    return program_end(claims_report());
}
