// Chapter linear_attention: the figures in their order, the reference cases.
#include "frame/claims.h"
#include "frame/program.h"
#include "linear_attention/cases.h"
#include "linear_attention/figures/figures.h"

int
main(int argc, char **argv)
{
    const program_option options[] = {{0}};
    const program_figure contents[] = {
        {"worked-example", linear_attention_figure_worked_example, 0.01},
        {"forms", linear_attention_figure_forms, 0.5},
        {"cost", linear_attention_figure_cost, 1},
        {"generation", linear_attention_figure_generation, 0.5},
        {"capacity", linear_attention_figure_capacity, 1},
        {"overwrite", linear_attention_figure_overwrite, 0.5},
        {"copy", linear_attention_figure_copy, 20},
        {"recall", linear_attention_figure_recall, 5},
        {"drift", linear_attention_figure_drift, 0.5},
        {0}};
    program_begin("linear_attention", options, argc, argv);
    program_run(linear_attention_cases, contents);
    return program_end(claims_report());
}
