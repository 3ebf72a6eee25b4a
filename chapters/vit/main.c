// Chapter vit: the Vision Transformer. The table of contents of its program.
#include "frame/claims.h"
#include "frame/program.h"
#include "vit/cases.h"
#include "vit/figures/figures.h"

int
main(int argc, char **argv)
{
    const program_figure contents[] = {{"worked-example", vit_figure_worked_example, 0.01},
                                       {"digits", vit_figure_digits, 0.01},
                                       {"cost", vit_figure_cost, 0.01},
                                       {"data-size", vit_figure_data_size, 17},
                                       {"patch-size", vit_figure_patch_size, 6},
                                       {"trained", vit_figure_trained, 6},
                                       {0}};
    program_begin("vit", (program_option[]){{0}}, argc, argv);
    program_run(vit_cases, contents);
    return program_end(claims_report());
}
