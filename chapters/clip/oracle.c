#include "clip/oracle.h"

#include "files/fail.h"
#include "files/memory.h"
#include "numbers/linalg.h"
#include "numbers/numeric.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// log(1 + e^x), for x = -inf, too.
static double
softplus(double x)
{
    double e = exp64(x < 0 ? x : -x), sum = 1 + e, lost = e - (sum - 1);
    return (x > 0 ? x : 0) + (log64(sum) + lost / sum);
}

static double
sigmoid(double x)
{
    return 1 / (1 + exp64(-x));
}

// ---- A joint distribution ----

clip_joint
clip_joint_new(int X, int Y, const double *p)
{
    clip_joint j = {.X = X, .Y = Y, .p = p};
    j.of_x = memory_zeroed(X, sizeof(double), "a distribution");
    j.of_y = memory_zeroed(Y, sizeof(double), "a distribution");
    j.pmi = memory_zeroed((long)X * Y, sizeof(double), "PMI");
    for (int i = 0; i < X * Y; i++) {
        j.of_x[i / Y] += p[i];
        j.of_y[i % Y] += p[i];
    }
    for (int i = 0; i < X * Y; i++) {
        j.pmi[i] = log64(p[i] / (j.of_x[i / Y] * j.of_y[i % Y]));
        j.information += p[i] > 0 ? p[i] * j.pmi[i] : 0;
    }
    return j;
}

void
clip_joint_free(clip_joint *j)
{
    free(j->of_x);
    free(j->of_y);
    free(j->pmi);
}

// ---- The expected loss ----

// The choice of one question with the scores z (K) of the kinds of answers, `apart` from each other in z, slope and the
// rows and columns of curve: the first answer is its own and of kind k with probability own[k]; the others - so many -
// are of kind k with probability q[k].
typedef struct {
    int K, others;
    const double *own, *q, *z;
    double weight; // of the question
    int first, apart, all;
    double *slope, *curve, loss;
} choice;

// The loss if the others have count[k] of kind k, which has this probability, and its derivatives.
static void
choose(choice *c, const int *count, double probability)
{
    double e[c->K], total, top;
    for (int own = 0; own < c->K; own++) {
        double w = c->weight * c->own[own] * probability;
        if (w == 0)
            continue;
        // -log of the own one's part in sum over kinds of number e^z; the largest z of those that are there is top
        top = c->z[own];
        for (int k = 0; k < c->K; k++)
            top = count[k] ? fmax(top, c->z[k]) : top;
        total = 0;
        for (int k = 0; k < c->K; k++)
            total += e[k] =
                count[k] || k == own ? (count[k] + (k == own)) * exp64(c->z[k] - top) : 0;
        c->loss += w * (log64(total) + top - c->z[own]);
        for (int k = 0; k < c->K; k++) {
            int at = c->first + k * c->apart;
            if (c->slope)
                c->slope[at] += w * (e[k] / total - (k == own));
            if (c->curve)
                for (int l = 0; l < c->K; l++)
                    c->curve[(long)at * c->all + c->first + l * c->apart] +=
                        w * e[k] / total * ((k == l) - e[l] / total);
        }
    }
}

// Every way in which the `left` others may be of the kinds from k on, those before being counted.
static void
count_kinds(choice *c, int k, int left, int *count, double probability)
{
    if (k == c->K - 1) {
        count[k] = left;
        choose(c, count, probability * pow64(c->q[k], left));
        return;
    }
    // probability = multinomial coefficient times q_1^count_1 ... so far; binomial = left! / (n! (left - n)!)
    double binomial = 1;
    for (int n = 0; n <= left; n++) {
        count[k] = n;
        count_kinds(c, k + 1, left - n, count, probability * binomial * pow64(c->q[k], n));
        binomial *= (double)(left - n) / (n + 1);
    }
}

// All questions of one direction. by_row: x asks.
static double
expected_choice(const clip_joint *j, bool by_row, int N, const double *z, double part,
                double *slope, double *curve)
{
    int questions = by_row ? j->X : j->Y, K = by_row ? j->Y : j->X, count[K];
    double own[K], score[K], loss = 0;
    for (int i = 0; i < questions; i++) {
        double of_question = by_row ? j->of_x[i] : j->of_y[i];
        choice c = {.K = K,
                    .others = N - 1,
                    .own = own,
                    .q = by_row ? j->of_y : j->of_x,
                    .z = score,
                    .weight = part * of_question,
                    .first = by_row ? i * j->Y : i,
                    .apart = by_row ? 1 : j->Y,
                    .all = j->X * j->Y,
                    .slope = slope,
                    .curve = curve};
        for (int k = 0; k < K; k++) {
            own[k] = j->p[c.first + k * c.apart] / of_question;
            score[k] = z[c.first + k * c.apart];
        }
        count_kinds(&c, 0, c.others, count, 1);
        loss += c.loss;
    }
    return loss;
}

// A pair that belongs together, and N - 1 of an x with a y that was drawn for another.
static double
expected_sigmoid(const clip_joint *j, int N, const double *z, double *slope, double *curve)
{
    double loss = 0;
    for (int i = 0; i < j->X * j->Y; i++) {
        double together = j->p[i], apart = (N - 1) * j->of_x[i / j->Y] * j->of_y[i % j->Y];
        double p = sigmoid(z[i]);
        loss += together * softplus(-z[i]) + apart * softplus(z[i]);
        if (slope)
            slope[i] += apart * p - together * (1 - p);
        if (curve)
            curve[i * (j->X * j->Y + 1)] += (apart + together) * p * (1 - p);
    }
    return loss;
}

double
clip_expected(const clip_joint *j, clip_objective o, int N, const double *z, double *slope,
              double *curve)
{
    long cells = (long)j->X * j->Y;
    if (N < 2)
        fail("clip_expected: batches of %d pairs; expected 2 or more", N);
    if (slope)
        memset(slope, 0, cells * sizeof *slope);
    if (curve)
        memset(curve, 0, cells * cells * sizeof *curve);
    double part = o == CLIP_BOTH ? 0.5 : 1, loss = 0;
    if (o == CLIP_SIGMOID)
        return expected_sigmoid(j, N, z, slope, curve);
    if (o != CLIP_COLUMNS)
        loss += expected_choice(j, true, N, z, part, slope, curve);
    if (o != CLIP_ROWS)
        loss += expected_choice(j, false, N, z, part, slope, curve);
    return loss;
}

// z - part step in place of z, the largest part of 1, 1/2, 1/4, ... with which the loss falls by a tenth of what its
// slope promises.
static void
step_down(const clip_joint *j, clip_objective o, int N, double loss, const double *slope,
          const double *step, double *z)
{
    int cells = j->X * j->Y;
    double tried[cells], promised = linalg_dot(cells, slope, step);
    for (double part = 1; part > 1e-6; part /= 2) {
        for (int i = 0; i < cells; i++)
            tried[i] = z[i] - part * step[i];
        if (clip_expected(j, o, N, tried, NULL, NULL) <= loss - 0.1 * part * promised) {
            memcpy(z, tried, sizeof tried);
            return;
        }
    }
}

void
clip_newton(const clip_joint *j, clip_objective o, int N, int steps, double *z, double *loss)
{
    long cells = (long)j->X * j->Y;
    double *slope = memory_zeroed(2 * cells, sizeof *slope, "slopes"), *step = slope + cells;
    double *curve = memory_zeroed(cells * cells, sizeof *curve, "second derivatives");
    for (int s = 0; s < steps; s++) {
        loss[s] = clip_expected(j, o, N, z, slope, curve);
        // What the loss does not see, a constant on all or on each row, has no second derivative: a little of it
        for (long i = 0; i < cells; i++)
            curve[i * (cells + 1)] += 1e-9;
        memcpy(step, slope, cells * sizeof *step);
        linalg_solve("clip_newton", (int)cells, curve, 1, step);
        step_down(j, o, N, loss[s], slope, step, z);
    }
    loss[steps] = clip_expected(j, o, N, z, NULL, NULL);
    free(slope);
    free(curve);
}

// ---- The shapes ----

enum { KINDS = SHAPES_COLOURS * SHAPES_FORMS };

// 1 / p(caption) for one that is true of the scene: PMI is its logarithm.
static double
lift(bool says_size, bool says_place)
{
    return KINDS * (says_size ? SHAPES_SIZES : 1) * (says_place ? SHAPES_PLACES : 1);
}

double
clip_shapes_pmi(const int word[SHAPES_SLOTS], shapes_scene s)
{
    if (!shapes_fits(word, s))
        return -INFINITY;
    return log64(lift(word[0] != 0, word[SHAPES_SLOTS - 1] != 0));
}

double
clip_shapes_information(void)
{
    return log64(KINDS) + log64(SHAPES_SIZES) / 2 + log64(SHAPES_PLACES) / 2;
}

// The lifts are 1, 2, 4, 8 times KINDS, each with probability 1/4 for a picture's own caption; a caption of another
// picture has lift 2^i KINDS with probability 1 / (4 lift), and else none.
enum { LIFTS = 4 };

static double
lift_of(int i)
{
    return lift(i % 2, i / 2);
}

// p (most + 1): how likely the lifts of n captions of other pictures sum to s KINDS.
static void
sums_of_lifts(int n, int most, double *p)
{
    memset(p, 0, (most + 1) * sizeof *p);
    p[0] = 1;
    double none = 1;
    for (int i = 0; i < LIFTS; i++)
        none -= 1 / (LIFTS * lift_of(i));
    for (int k = 0; k < n; k++)
        for (int s = most; s >= 0; s--) {
            // In place from above: what is read below is still of one caption fewer
            double sum = none * p[s];
            for (int i = 0; i < LIFTS; i++) {
                int before = s - (int)(lift_of(i) / KINDS);
                sum += before >= 0 ? p[before] / (LIFTS * lift_of(i)) : 0;
            }
            p[s] = sum;
        }
}

clip_floor
clip_shapes_floor(int N)
{
    int others = N - 1, most = others * (int)(lift_of(LIFTS - 1) / KINDS);
    if (N < 2)
        fail("clip_shapes_floor: batches of %d pairs; expected 2 or more", N);
    double *p = memory_zeroed(most + 1, sizeof *p, "sums of lifts");
    sums_of_lifts(others, most, p);
    clip_floor f = {0};
    for (int i = 0; i < LIFTS; i++) {
        double own = lift_of(i);
        // Its own caption against those of the others, by the sum of their lifts
        for (int s = 0; s <= most; s++)
            f.to_caption += p[s] / LIFTS * log64((own + s * (double)KINDS) / own);
        // Its own picture against k of the others of which the caption is true, each with probability 1 / lift
        double binomial = pow64(1 - 1 / own, others);
        for (int k = 0; k <= others; k++) {
            f.to_picture += binomial / LIFTS * log64(1.0 + k);
            binomial *= (double)(others - k) / (k + 1) / (own - 1);
        }
        double x = log64(own) - log64(others);
        f.sigmoid += (softplus(-x) + others / own * softplus(x)) / LIFTS;
    }
    free(p);
    return f;
}
