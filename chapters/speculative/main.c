// Chapter speculative: options, the figures in their order, the reference cases.
#include "frame/claims.h"
#include "frame/program.h"
#include "speculative/cases.h"
#include "speculative/figures/figures.h"

int
main(int argc, char **argv)
{
    const program_figure contents[] = {{"worked-example", speculative_figure_worked_example, 0.01},
                                       {"exact", speculative_figure_exact, 0.01},
                                       {"formula", speculative_figure_formula, 1},
                                       {"price", speculative_figure_price, 1},
                                       {"trees", speculative_figure_trees, 3},
                                       {"break-even", speculative_figure_break_even, 2},
                                       {"ceilings", speculative_figure_ceilings, 0.1},
                                       {"training", speculative_figure_training, 30},
                                       {0}};
    program_begin("speculative", (program_option[]){{0}}, argc, argv);
    program_run(speculative_cases, contents);
    return program_end(claims_report());
}
