#include "clip/cases.h"
#include "clip/experiment.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/timing.h"
#include <stdio.h>
static clip_test test;
static void
one(int i, void *all)
{
    clip_train((clip_run *)all + i, &test);
}
static void
trial(void)
{
    test = clip_test_new();
    clip_run runs[] = {clip_usual_run(256, false, 0, 1), clip_usual_run(64, false, 0, 1)};
    runs[0].t.steps = runs[1].t.steps = 300;
    double t = timing_seconds();
    training_run(2, runs, sizeof *runs, one);
    printf("%g s ideal %g\n", timing_seconds() - t, clip_ideal_recall(&test));
    for (int i = 0; i < 2; i++) {
        clip_measured m = runs[i].m;
        printf("loss %g recall %g zs %g ens %g gap %g temp %g b %g mean %g excess %g scores %g %g "
               "%g %g %g\n",
               runs[i].t.loss[runs[i].t.steps - 1], m.recall, m.zero_shot, m.ensemble, m.gap,
               m.temperature, m.b, m.mean_score, m.excess, m.score[0], m.score[1], m.score[2],
               m.score[3], m.score[4]);
    }
}
int
main(int argc, char **argv)
{
    const program_figure contents[] = {{"trial", trial, 1}, {0}};
    program_begin("clip", (program_option[]){{0}}, argc, argv);
    program_run(clip_cases, contents);
    return program_end(claims_report());
}
