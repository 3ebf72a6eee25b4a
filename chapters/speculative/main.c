// Chapter speculative: options, the figures in their order, the reference cases.
#include "frame/claims.h"
#include "frame/program.h"
#include "speculative/cases.h"
#include "speculative/figures/figures.h"
#include "speculative/tool.h"

static speculative_tool_options asked;

static void
own_data(void)
{
    speculative_tool(&asked);
}

int
main(int argc, char **argv)
{
    const program_option options[] = {
        {"--p", "FILE", "how often drafts are accepted: the target's distributions, one a line",
         &asked.p},
        {"--q", "FILE", "and the draft's", &asked.q},
        {"--draft-cost", "C", "of one drafted symbol, beside a pass over one row (0.05)",
         &asked.draft_cost},
        {"--row-cost", "S", "of each further row of a pass (0.05)", &asked.row_cost},
        {"--tree", "FILE", "the nodes and the mask of a tree, one path of ranks a line",
         &asked.tree},
        {"--accuracy", "FILE", "of each rank, a line for each head: what products promise",
         &asked.accuracy},
        {"--text", "FILE", "train a model with heads on a text, and write with and without",
         &asked.text},
        {"--steps", "N", "of --text: for so many steps (1000)", &asked.steps},
        {"--temperature", "X", "of --text: of what it writes (1)", &asked.temperature},
        {0}};
    const program_figure contents[] = {{"worked-example", speculative_figure_worked_example, 0.01},
                                       {"exact", speculative_figure_exact, 0.01},
                                       {"formula", speculative_figure_formula, 1},
                                       {"ceilings", speculative_figure_ceilings, 0.1},
                                       {"training", speculative_figure_training, 17},
                                       {"price", speculative_figure_price, 0.5},
                                       {"trees", speculative_figure_trees, 1.5},
                                       {"break-even", speculative_figure_break_even, 2},
                                       {0}};
    const program_figure own_contents[] = {{"own", own_data, 20}, {0}};
    program_begin("speculative", options, argc, argv);
    if (asked.p || asked.q || asked.draft_cost || asked.row_cost || asked.tree || asked.accuracy ||
        asked.text || asked.steps || asked.temperature) {
        program_own_data("own");
        program_run(NULL, own_contents);
    } else
        program_run(speculative_cases, contents);
    return program_end(claims_report());
}
