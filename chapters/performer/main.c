// The chapter's table of contents: its figures in order, and its reference cases. (worked-example and regularised are
// tables.)
#include "frame/claims.h"
#include "frame/program.h"
#include "performer/cases.h"
#include "performer/figures/figures.h"

int
main(int argc, char **argv)
{
    const program_option none[] = {{0}};
    const program_figure contents[] = {
        {"worked-example", performer_figure_worked_example, 0.01},
        {"regularised", performer_figure_regularised, 0.3},
        {"lemma", performer_figure_lemma, 6},
        {"features", performer_figure_features, 2},
        {"positive-against-trig", performer_figure_positive_against_trig, 6},
        {"against-nothing", performer_figure_against_nothing, 5},
        {"kernel", performer_figure_kernel, 0.1},
        {"cost", performer_figure_cost, 0.5},
        {"training", performer_figure_training, 18},
        {0}};
    program_begin("performer", none, argc, argv);
    program_run(performer_cases, contents);
    return program_end(claims_report());
}
