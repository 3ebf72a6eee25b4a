// The chapter's table of contents: its figures in order, and the reference cases.
#include "frame/claims.h"
#include "frame/program.h"
#include "s4/cases.h"
#include "s4/figures/figures.h"

int
main(int argc, char **argv)
{
    const program_figure contents[] = {{"worked-example", s4_figure_worked_example, 0.01},
                                       {"reconstruction", s4_figure_reconstruction, 0.5},
                                       {"measures", s4_figure_measures, 0.1},
                                       {"discretisation", s4_figure_discretisation, 1.5},
                                       {"kernel", s4_figure_kernel, 0.4},
                                       {"diagonal-legs", s4_figure_diagonal_legs, 0.4},
                                       {"delay", s4_figure_delay, 0.5},
                                       {"gradient-law", s4_figure_gradient_law, 0.3},
                                       {"training", s4_figure_training, 18},
                                       {"cost", s4_figure_cost, 1},
                                       {0}};
    program_begin("s4", (program_option[]){{0}}, argc, argv);
    program_run(s4_cases, contents);
    return program_end(claims_report());
}
