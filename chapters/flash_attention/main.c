// Chapter flash_attention: options, the figures in their order, the reference cases.
#include "flash_attention/cases.h"
#include "flash_attention/figures/figures.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stddef.h>

int
main(int argc, char **argv)
{
    const program_option options[] = {{0}};
    const program_figure contents[] = {
        {"worked-example", flash_attention_figure_worked_example, 0.01},
        {"io", flash_attention_figure_io, 3},
        {"records", flash_attention_figure_records, 1},
        {"same-bits", flash_attention_figure_same_bits, 2},
        {"error", flash_attention_figure_error, 2},
        {"one-number", flash_attention_figure_one_number, 1},
        {"memory", flash_attention_figure_memory, 3},
        {"reverse", flash_attention_figure_reverse, 8},
        {0}};
    program_begin("flash_attention", options, argc, argv);
    program_run(flash_attention_cases, contents);
    return program_end(claims_report());
}
