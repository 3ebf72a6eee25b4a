// The chapter's table of contents: its figures in order, and the reference cases.
#include "frame/claims.h"
#include "frame/program.h"
#include "td/cases.h"
#include "td/figures/figures.h"

int
main(int argc, char **argv)
{
    const program_figure contents[] = {{"worked-example", td_figure_worked_example, 0.01},
                                       {"mean", td_figure_mean, 1},
                                       {"robbins-monro", td_figure_robbins_monro, 1},
                                       {"grid", td_figure_grid, 0.1},
                                       {"mc-basic", td_figure_mc_basic, 0.1},
                                       {"grid-epsilon", td_figure_grid_epsilon, 0.1},
                                       {"random-walk", td_figure_random_walk, 1},
                                       {"batch", td_figure_batch, 1},
                                       {"n-step", td_figure_n_step, 4},
                                       {"path", td_figure_path, 2},
                                       {"cliff-paths", td_figure_cliff_paths, 0.1},
                                       {"cliff", td_figure_cliff, 3},
                                       {"cliff-alpha", td_figure_cliff_alpha, 4},
                                       {"windy", td_figure_windy, 3},
                                       {"double-q", td_figure_double_q, 1},
                                       {"off-policy-q", td_figure_off_policy_q, 1},
                                       {"blackjack", td_figure_blackjack, 3},
                                       {"importance-sampling", td_figure_importance_sampling, 3},
                                       {0}};
    program_begin("td", (program_option[]){{0}}, argc, argv);
    program_run(td_cases, contents);
    return program_end(claims_report());
}
