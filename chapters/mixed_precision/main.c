// Chapter mixed_precision: options, the figures in their order, the reference cases.
#include "frame/claims.h"
#include "frame/program.h"
#include "mixed_precision/cases.h"
#include "mixed_precision/figures/figures.h"
#include "mixed_precision/own.h"

#include <stddef.h>

static const char *array;

static void
own_data(void)
{
    mixed_precision_own_npy(array);
}

int
main(int argc, char **argv)
{
    const program_option options[] = {
        {"--npy", "FILE", "what each format does to an array, and which scale of the loss it needs",
         &array},
        {0}};
    const program_figure contents[] = {
        {"worked-example", mixed_precision_figure_worked_example, 0.01},
        {"ruler", mixed_precision_figure_ruler, 0.1},
        {"window", mixed_precision_figure_window, 0.2},
        {"loss-scale", mixed_precision_figure_loss_scale, 15},
        {"modes", mixed_precision_figure_modes, 10},
        {"stuck", mixed_precision_figure_stuck, 0.5},
        {"drift", mixed_precision_figure_drift, 0.1},
        {"sums", mixed_precision_figure_sums, 0.5},
        {"scaler", mixed_precision_figure_scaler, 2},
        {0}};
    const program_figure own_contents[] = {{"own", own_data, 1}, {0}};
    program_begin("mixed_precision", options, argc, argv);
    if (array) {
        program_own_data("own");
        program_run(NULL, own_contents);
    } else
        program_run(mixed_precision_cases, contents);
    return program_end(claims_report());
}
