// Chapter clip: options, the figures in their order, the reference cases.
#include "clip/caption.h"
#include "clip/cases.h"
#include "clip/figures/figures.h"
#include "clip/own.h"
#include "files/fail.h"
#include "frame/claims.h"
#include "frame/program.h"

#include <stddef.h>

static const char *caption, *pictures, *captions, *scale, *bias;

static void
own_vectors(void)
{
    clip_own(pictures, captions, scale, bias);
}

static void
own_caption(void)
{
    clip_caption(caption);
}

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
                                       {"rates", clip_figure_rates, 5},
                                       {"bias-gap", clip_figure_bias_gap, 4},
                                       {"cheaper", clip_figure_cheaper, 5},
                                       {0}};
    const program_option options[] = {
        {"--caption", "TEXT",
         "\"small red ring\": trains, and says which drawn pictures fit it best", &caption},
        {"--pictures", "U.npy", "with --captions: what both losses say of vectors (N, d) of yours",
         &pictures},
        {"--captions", "V.npy", "row i belongs to row i of --pictures", &captions},
        {"--scale", "S", "of --pictures: the scale e^t of its model (10)", &scale},
        {"--bias", "B", "of --pictures: b of its sigmoid loss (-10)", &bias},
        {0}};
    const program_figure own[] = {{"vectors", own_vectors, 5}, {0}};
    const program_figure of_caption[] = {{"caption", own_caption, 5}, {0}};
    program_begin("clip", options, argc, argv);
    if (caption && pictures)
        fail("--caption and --pictures are two runs; expected one of them");
    if (!pictures != !captions)
        fail("--pictures and --captions belong together; one of them is not given");
    if ((scale || bias) && !pictures)
        fail("%s is of --pictures and --captions, which are not given",
             scale ? "--scale" : "--bias");
    if (caption) {
        program_refuse("--caption", "--seed");
        int word[SHAPES_SLOTS];
        clip_caption_take(caption, word); // an error before anything is trained
        program_own_data("caption");
        program_run(NULL, of_caption);
    } else if (pictures) {
        program_refuse("--pictures", "--quick --seed");
        program_own_data("vectors");
        program_run(NULL, own);
    } else
        program_run(clip_cases, contents);
    return program_end(claims_report());
}
