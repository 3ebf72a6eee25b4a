// Chapter gau: options, the figures in their order, the reference cases.
#include "files/escape.h"
#include "files/fail.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "gau/cases.h"
#include "gau/figures/figures.h"
#include "gau/own.h"

#include <stddef.h>

static const char *text, *steps;

static void
own_data(void)
{
    gau_own_text(text, steps);
}

int
main(int argc, char **argv)
{
    const program_option options[] = {
        {"--text", "FILE", "train three nets on a text: bits a character by place in the chunk",
         &text},
        {"--steps", "N", "of --text: for so many steps (1000)", &steps},
        {0}};
    const program_figure contents[] = {{"worked-example", gau_figure_worked_example, 0.01},
                                       {"cost", gau_figure_cost, 0.5},
                                       {"kinds", gau_figure_kinds, 24}, // and saw-tooth, length
                                       {"bound", gau_figure_bound, 0.2},
                                       {"positions", gau_figure_positions, 9},
                                       {0}};
    const program_figure own_contents[] = {{"text", own_data, 20}, {0}};
    program_begin("gau", options, argc, argv);
    if (steps && !text)
        fail("--steps %s: it is of --text FILE, which is not given", escape(steps));
    if (text) {
        program_own_data("text");
        program_run(NULL, own_contents);
    } else
        program_run(gau_cases, contents);
    return program_end(claims_report());
}
