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
                                       {0}};
    program_begin("activations", options, argc, argv);
    program_run(activations_cases, contents);
    return program_end(claims_report());
}
