// For the page: figure invariance's pairs, how many of them, how near a caption is to its picture, how far the towers
// stand apart; both losses of them with the gradient by every score.
#include "clip/figures/invariance.c"

#include <stdbool.h>

enum { LIVE_PLACES = 20 };

static tensor *of_t, *of_b;

// What the page asks for; `follows`: the scale is such that InfoNCE does not see a.
typedef struct {
    int n;
    double noise, scale;
    bool follows;
} live_pairs;

static double
t_at(const live_pairs *asked, double a)
{
    return log64(asked->scale) - (asked->follows ? log64(1 - a * a) : 0);
}

// A loss at this a with its gradients, t and b being as they are; and the modality gap.
static tensor *
loss_at(const live_pairs *asked, double a, bool sigmoid, double *gap)
{
    tensor *x, *y;
    tape_reset();
    zero_grad();
    pairs_drawn(asked->noise, &x, &y);
    tensor *u = apart("u", asked->n, x, a), *v = apart("v", asked->n, y, -a);
    tensor *loss =
        sigmoid ? clip_sigmoid(u, v, of_t, of_b) : clip_infonce(u, v, of_t, CLIP_BOTH_WAYS);
    backward(loss);
    *gap = clip_gap(asked->n, asked->n, D + 1, u->data, v->data);
    return loss;
}

// Both losses at LIVE_PLACES values of a from 0 on, 0.95 / LIVE_PLACES from one to the next.
static void
walk(const live_pairs *asked, double b, double at[LIVE_PLACES][2])
{
    tensor *x, *y;
    tape_reset();
    pairs_drawn(asked->noise, &x, &y);
    for (int k = 0; k < LIVE_PLACES; k++) {
        double a = 0.95 * k / LIVE_PLACES, t = t_at(asked, a);
        tensor *u = apart("u", asked->n, x, a), *v = apart("v", asked->n, y, -a);
        at[k][0] = softmax_loss(u, v, t);
        at[k][1] = sigmoid_loss(u, v, t, b);
    }
}

static void
copy(const tensor *from, float *to)
{
    for (long i = 0; i < from->size; i++)
        to[i] = from->data[i];
}

// Both losses of the first n pairs with their gradients by t and b, the mean of the logits z + b, the modality gap and
// the scale; the losses at other a; the gradients by the scores (n, n).
const double *
clip_live_apart(int n, double noise, double a, double scale, double b, int follows)
{
    static struct {
        double softmax, softmax_dt, sigmoid, sigmoid_dt, db, mean, gap, scale;
        double at[LIVE_PLACES][2];
        float softmax_dz[N * N], sigmoid_dz[N * N];
    } said;
    const live_pairs asked = {n, noise, scale, follows};
    if (!of_t) {
        of_t = param("t", SHAPE(1));
        of_b = param("b", SHAPE(1));
    }
    walk(&asked, b, said.at);
    of_t->data[0] = (float)t_at(&asked, a);
    of_b->data[0] = (float)b;
    said.scale = exp64(of_t->data[0]);

    const tensor *loss = loss_at(&asked, a, false, &said.gap);
    said.softmax = loss->data[0];
    said.softmax_dt = of_t->grad[0];
    copy(tape_saved(loss, "dz"), said.softmax_dz);

    loss = loss_at(&asked, a, true, &said.gap);
    said.sigmoid = loss->data[0];
    said.sigmoid_dt = of_t->grad[0];
    said.db = of_b->grad[0];
    said.mean = sum32((long)n * n, tape_saved(loss, "logits")->data) / ((double)n * n);
    copy(tape_saved(loss, "slopes"), said.sigmoid_dz);
    return &said.softmax;
}
