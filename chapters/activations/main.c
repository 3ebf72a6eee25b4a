// Chapter activations: options, the figures in their order, the reference cases.
#include "activations/cases.h"
#include "activations/figures/figures.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stddef.h>

int
main(int argc, char **argv)
{
    const program_option options[] = {{0}};
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
    program_begin("activations", options, argc, argv);
    program_run(activations_cases, contents);
    return program_end(claims_report());
}
