// The chapter's table of contents: its figures in order, and its reference cases.
#include "frame/claims.h"
#include "frame/program.h"
#include "rope/cases.h"
#include "rope/figures/figures.h"

int
main(int argc, char **argv)
{
    const program_option none[] = {{0}};
    const program_figure contents[] = {{"worked-example", rope_figure_worked_example, 0.01},
                                       {"decay", rope_figure_decay, 1},
                                       {"extrapolation", rope_figure_extrapolation, 35},
                                       {"shift", rope_figure_shift, 0.3},
                                       {"precision", rope_figure_precision, 0.1},
                                       {"linear", rope_figure_linear, 0.5},
                                       {0}};
    program_begin("rope", none, argc, argv);
    program_run(rope_cases, contents);
    return program_end(claims_report());
}
