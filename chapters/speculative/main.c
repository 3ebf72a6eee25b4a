// Chapter speculative: options, the figures in their order, the reference cases.
#include "frame/claims.h"
#include "frame/program.h"
#include "speculative/cases.h"
#include "speculative/figures/figures.h"

int
main(int argc, char **argv)
{
    const program_figure contents[] = {{"worked-example", speculative_figure_worked_example, 0.01},
                                       {0}};
    program_begin("speculative", (program_option[]){{0}}, argc, argv);
    program_run(speculative_cases, contents);
    return program_end(claims_report());
}
