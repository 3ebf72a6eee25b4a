// Chapter mixed_precision: options, the figures in their order, the reference cases.
#include "frame/claims.h"
#include "frame/program.h"
#include "mixed_precision/cases.h"
#include "mixed_precision/figures/figures.h"

int
main(int argc, char **argv)
{
    const program_option options[] = {{0}};
    const program_figure contents[] = {
        {"worked-example", mixed_precision_figure_worked_example, 0.01}, {0}};
    program_begin("mixed_precision", options, argc, argv);
    program_run(mixed_precision_cases, contents);
    return program_end(claims_report());
}
