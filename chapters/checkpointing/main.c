// Chapter checkpointing: options, the figures in their order, the reference cases.
#include "checkpointing/cases.h"
#include "checkpointing/figures/figures.h"
#include "frame/claims.h"
#include "frame/program.h"

int
main(int argc, char **argv)
{
    const program_option options[] = {{0}};
    const program_figure contents[] = {
        {"worked-example", checkpointing_figure_worked_example, 0.01},
        {"plane", checkpointing_figure_plane, 3}, // and time
        {"layers", checkpointing_figure_layers, 0.5},
        {"selective", checkpointing_figure_selective, 4},
        {"revolve", checkpointing_figure_revolve, 0.1},
        {"bits", checkpointing_figure_bits, 0.1},
        {"reversible", checkpointing_figure_reversible, 1},
        {0}};
    program_begin("checkpointing", options, argc, argv);
    program_run(checkpointing_cases, contents);
    return program_end(claims_report());
}
