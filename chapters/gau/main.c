// Chapter gau: the figures in their order, the reference cases.
#include "frame/claims.h"
#include "frame/program.h"
#include "gau/cases.h"
#include "gau/figures/figures.h"

int
main(int argc, char **argv)
{
    const program_option options[] = {{0}};
    const program_figure contents[] = {{"worked-example", gau_figure_worked_example, 0.01},
                                       {"cost", gau_figure_cost, 0.5},
                                       {"kinds", gau_figure_kinds, 24}, // and saw-tooth, length
                                       {"bound", gau_figure_bound, 0.2},
                                       {"positions", gau_figure_positions, 9},
                                       {0}};
    program_begin("gau", options, argc, argv);
    program_run(gau_cases, contents);
    return program_end(claims_report());
}
