// Chapter adamw: options, the figures in their order, the reference cases.
#include "adamw/cases.h"
#include "adamw/figures/figures.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stddef.h>

int
main(int argc, char **argv)
{
    const program_figure contents[] = {{"worked-example", adamw_figure_worked_example, 0.01}, {0}};
    program_begin("adamw", (program_option[]){{0}}, argc, argv);
    program_run(adamw_cases, contents);
    return program_end(claims_report());
}
