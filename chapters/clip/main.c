// Chapter clip: options, the figures in their order, the reference cases.
#include "clip/cases.h"
#include "clip/figures/figures.h"
#include "frame/claims.h"
#include "frame/program.h"

int
main(int argc, char **argv)
{
    const program_figure contents[] = {{"shapes", clip_figure_shapes, 0.01},
                                       {"worked-example", clip_figure_worked_example, 0.01},
                                       {"optimum", clip_figure_optimum, 0.3},
                                       {"bound", clip_figure_bound, 0.05},
                                       {"start", clip_figure_start, 0.01},
                                       {"invariance", clip_figure_invariance, 0.05},
                                       {"devices", clip_figure_devices, 0.1},
                                       {"batch-size", clip_figure_batch_size, 16}, // and pmi
                                       {"bias-gap", clip_figure_bias_gap, 4},
                                       {0}};
    program_begin("clip", (program_option[]){{0}}, argc, argv);
    program_run(clip_cases, contents);
    return program_end(claims_report());
}
