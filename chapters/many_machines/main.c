// Chapter many_machines: the figures in their order, the reference cases, a job on the reader's own text.
#include "frame/claims.h"
#include "frame/program.h"
#include "many_machines/cases.h"
#include "many_machines/figures/figures.h"
#include "many_machines/own.h"

#include <stddef.h>

static many_machines_own_options own;

static void
own_job(void)
{
    many_machines_own(&own);
}

int
main(int argc, char **argv)
{
    const program_option options[] = {
        {"--text", "FILE", "count the words of a text of your own, as a job of many machines",
         &own.text},
        {"--splits", "M", "map tasks (8)", &own.splits},
        {"--reducers", "R", "reducers (4)", &own.reducers},
        {0}};
    const program_figure contents[] = {
        {"worked-example", many_machines_figure_worked_example, 0.01},
        {"shuffle", many_machines_figure_shuffle, 3},
        {"skew", many_machines_figure_skew, 3},
        {"bits", many_machines_figure_bits, 1},
        {"allreduce", many_machines_figure_allreduce, 0.1},
        {"durability", many_machines_figure_durability, 2},
        {"restart", many_machines_figure_restart, 2},
        {"training", many_machines_figure_training, 6},
        {0}};
    const program_figure job[] = {{"text", own_job, 1}, {0}};
    program_begin("many_machines", options, argc, argv);
    many_machines_own_check(&own);
    if (own.text) {
        program_own_data("text");
        program_run(NULL, job);
    } else
        program_run(many_machines_cases, contents);
    return program_end(claims_report());
}
