// Chapter adamw: options, the figures in their order, the reference cases.
#include "adamw/cases.h"
#include "adamw/figures/figures.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stddef.h>

int
main(int argc, char **argv)
{
    const program_figure contents[] = {{"worked-example", adamw_figure_worked_example, 0.01},
                                       {"step-bound", adamw_figure_step_bound, 0.1},
                                       {"bias", adamw_figure_bias, 0.1},
                                       {"decay", adamw_figure_decay, 3},
                                       {"fixed-point", adamw_figure_fixed_point, 2},
                                       {"rate-and-decay", adamw_figure_rate_and_decay, 8},
                                       {"equilibrium", adamw_figure_equilibrium, 6},
                                       {"wrong-way", adamw_figure_wrong_way, 0.2},
                                       {"spike", adamw_figure_spike, 0.01},
                                       {"batch", adamw_figure_batch, 3},
                                       {0}};
    program_begin("adamw", (program_option[]){{0}}, argc, argv);
    program_run(adamw_cases, contents);
    return program_end(claims_report());
}
