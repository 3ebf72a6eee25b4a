// Figure invariance: towers that stand apart, by a new coordinate a of all pictures and -a of all captions. What does
// each loss say of it, at the scale (and b) that is best for it?
#include "clip/clip.h"
#include "clip/figures/figures.h"
#include "clip/match.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "numbers/numeric.h"

#include <math.h>

enum { SEED = 371, N = 64, D = 16, POINTS = 10 };

// Directions of pictures and captions (N, D); the larger the noise, the farther is a caption from its picture.
static void
pairs_drawn(double noise, tensor **u, tensor **v)
{
    rng r = rng_at(SEED, 0);
    tensor *x = constant("x", SHAPE(N, D), NULL), *y = constant("y", SHAPE(N, D), NULL);
    rng_fill_normal(&r, x->size, x->data, 0, 1);
    for (int i = 0; i < N * D; i++)
        y->data[i] = x->data[i] + (float)(noise * rng_normal(&r));
    *u = clip_normalise(x);
    *v = clip_normalise(y);
}

// Directions (n, D + 1): the first n of x (N, D) times sqrt(1 - a^2), and a.
static tensor *
apart(const char *name, int n, const tensor *x, double a)
{
    tensor *u = constant(name, SHAPE(n, D + 1), NULL);
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < D; k++)
            u->data[i * (D + 1) + k] = (float)(sqrt64(1 - a * a) * x->data[i * D + k]);
        u->data[i * (D + 1) + D] = (float)a;
    }
    return u;
}

static double
softmax_loss(tensor *u, tensor *v, double t)
{
    float t32 = (float)t;
    tape_mark *mark = tape_mark_here();
    double loss = clip_infonce(u, v, constant("t", SHAPE(1), &t32), CLIP_BOTH_WAYS)->data[0];
    tape_rewind(mark);
    return loss;
}

static double
sigmoid_loss(tensor *u, tensor *v, double t, double b)
{
    float t32 = (float)t, b32 = (float)b;
    tape_mark *mark = tape_mark_here();
    tensor *of_t = constant("t", SHAPE(1), &t32);
    double loss = clip_sigmoid(u, v, of_t, constant("b", SHAPE(1), &b32))->data[0];
    tape_rewind(mark);
    return loss;
}

void
clip_figure_invariance(void)
{
    tensor *u, *v;
    pairs_drawn(1.2, &u, &v);
    double first = 0, worst = 0, t_0 = log64(10), b_0 = -4;
    table *t = program_table("invariance", "a\tgap\tscale\tb\tsoftmax\tsigmoid\tsame_t");
    for (int i = 0; i < POINTS; i++) {
        double a = 0.1 * i, shift = a * a / (1 - a * a);
        tensor *far_u = apart("u", N, u, a), *far_v = apart("v", N, v, -a);
        // e^t (1 - a^2) is as before; what the new coordinate takes off every score, b gives back
        double now = t_0 - log64(1 - a * a), b = b_0 + 10 * shift;
        double loss = softmax_loss(far_u, far_v, now);
        double gap = clip_gap(N, N, D + 1, far_u->data, far_v->data);
        first = i ? first : loss;
        worst = fmax(worst, fabs(loss - first));
        table_row(t, "ddddddd", a, gap, exp64(now), b, loss, sigmoid_loss(far_u, far_v, now, b),
                  softmax_loss(far_u, far_v, t_0));
    }
    table_close(t);
    tensors_free();
    claim_below("invariance", "InfoNCE with towers apart by any a, less the loss at a = 0: largest",
                1e-4, worst, "algebra: one number is taken off all scores", CHECK);
}
