// For the page: figure optimum's small world, with another batch size, another loss, other first scores, and as many of
// Newton's steps as the reader wants.
#include "clip/figures/optimum.c"

// What is known of the world, and what the loss has made of the scores.
const double *
clip_live_learn(int objective, int n, double told, int draw, int steps)
{
    static struct {
        double pmi[CELLS], z[CELLS], slope[CELLS], loss[STEPS + 1], least, information;
    } said;
    double p[CELLS], best[CELLS];
    clip_joint j = joint_drawn(told, p);
    clip_objective o = (clip_objective)objective;
    first_scores(draw, said.z);
    clip_newton(&j, o, n, steps, said.z, said.loss);
    clip_expected(&j, o, n, said.z, said.slope, NULL);
    for (int i = 0; i < CELLS; i++) {
        said.pmi[i] = j.pmi[i];
        best[i] = j.pmi[i] - (o == CLIP_SIGMOID ? log64(n - 1) : 0);
    }
    said.least = clip_expected(&j, o, n, best, NULL, NULL);
    said.information = j.information;
    clip_joint_free(&j);
    return said.pmi;
}
