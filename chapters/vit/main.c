// Chapter vit: the Vision Transformer. The table of contents of its program.
#include "frame/claims.h"
#include "frame/program.h"
#include "vit/cases.h"
#include "vit/figures/figures.h"

int
main(int argc, char **argv)
{
    const program_figure contents[] = {{"cost", vit_figure_cost, 0.01}, {0}};
    program_begin("vit", (program_option[]){{0}}, argc, argv);
    program_run(vit_cases, contents);
    return program_end(claims_report());
}
