// Chapter checkpointing: options, the figures in their order, the reference cases.
#include "checkpointing/cases.h"
#include "checkpointing/figures/figures.h"
#include "checkpointing/own.h"
#include "files/fail.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stddef.h>

static const char *costs, *memory;

static void
own_costs(void)
{
    checkpointing_own_costs(costs, memory);
}

int
main(int argc, char **argv)
{
    const program_option options[] = {
        {"--costs", "FILE",
         "plan what to compute again: a line a layer, with name, tape, out (bytes) and time",
         &costs},
        {"--memory", "BYTES", "of --costs: the plan that fits into them and computes least again",
         &memory},
        {0}};
    const program_figure contents[] = {
        {"worked-example", checkpointing_figure_worked_example, 0.01},
        {"plane", checkpointing_figure_plane, 3},
        {"layers", checkpointing_figure_layers, 0.5},
        {"selective", checkpointing_figure_selective, 4},
        {"revolve", checkpointing_figure_revolve, 0.1},
        {"bits", checkpointing_figure_bits, 0.1},
        {"reversible", checkpointing_figure_reversible, 1},
        {0}};
    const program_figure own[] = {{"plan", own_costs, 1}, {0}};
    program_begin("checkpointing", options, argc, argv);
    if (memory && !costs)
        fail("--memory: it is of --costs FILE, which is not given");
    if (costs) {
        program_own_data("own");
        program_refuse("--costs", "--quick --seed");
        program_run(NULL, own);
    } else
        program_run(checkpointing_cases, contents);
    return program_end(claims_report());
}
