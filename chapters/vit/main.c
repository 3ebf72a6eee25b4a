// Chapter vit: the Vision Transformer. The table of contents of its program.
#include "files/fail.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "vit/cases.h"
#include "vit/figures/figures.h"
#include "vit/own.h"

static const char *mnist, *steps;

static void
own_data(void)
{
    vit_own_data(mnist, program_whole("--steps", steps, 60, 1000000, program_steps(1000, 60)));
}

int
main(int argc, char **argv)
{
    const program_option options[] = {
        {"--mnist", "DIR", "train both nets on pictures of your own: the four idx files of MNIST",
         &mnist},
        {"--steps", "N", "with --mnist: for so many steps (1000)", &steps},
        {0}};
    // data-size also makes permuted and ablation; trained also shift, attention-effect, resolution, fewer-tokens and
    // filters.
    const program_figure contents[] = {{"worked-example", vit_figure_worked_example, 0.01},
                                       {"digits", vit_figure_digits, 0.01},
                                       {"cost", vit_figure_cost, 0.01},
                                       {"data-size", vit_figure_data_size, 16},
                                       {"patch-size", vit_figure_patch_size, 7},
                                       {"trained", vit_figure_trained, 6},
                                       {0}};
    const program_figure own[] = {{"mnist", own_data, 20}, {0}};
    program_begin("vit", options, argc, argv);
    if (steps && !mnist)
        fail("--steps is for --mnist");
    if (mnist) {
        program_own_data("mnist");
        program_run(NULL, own);
    } else
        program_run(vit_cases, contents);
    return program_end(claims_report());
}
