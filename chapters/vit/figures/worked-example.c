// The smallest case, for the text to compute by hand: two pictures of 2 x 4 pixels in two patches each, width 2, class
// token and positions; the tokens, and from given gradients of the tokens all others, beside differences.
#include "vit/figures/figures.h"

#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "nets/ops.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { B = 2, H = 2, W = 4, P = 2, D = 2, K = P * P, N = 2, T = N + 1 };

static const float pictures[B * H * W] = {1, 2, 3, 0, 0, 1, 2, 1, 0, 1, 2, 0, 1, 0, 0, 1};
static const float embedding[D * K] = {0.5f, -0.5f, 1, 0, 0, 1, 0, -0.5f};
static const float bias[D] = {0, 0.1f}, token[D] = {1, 0};
static const float place[T * D] = {0, 0.1f, 0.2f, 0, -0.2f, 0};
static const float dtokens[B * T * D] = {1, 0, 0.5f, -1, 0, 2, 1, 1, 1, 0, 0.5f, 0.5f};

// The parameters: pictures, E, b, class token, positions.
enum { PARTS = 5 };

static void
parts_new(tensor *part[PARTS])
{
    const shape shapes[] = {SHAPE(B, 1, H, W), SHAPE(D, K), SHAPE(D), SHAPE(D), SHAPE(T, D)};
    const float *const values[] = {pictures, embedding, bias, token, place};
    static const char *const names[] = {"x", "E", "b", "x_class", "E_pos"};
    for (int i = 0; i < PARTS; i++) {
        part[i] = param(names[i], shapes[i]);
        memcpy(part[i]->data, values[i], part[i]->size * sizeof(float));
    }
}

static tensor *
tokens_of(tensor *const part[PARTS])
{
    return vit_tokens(vit_patches(part[0], P), part[1], part[2], part[3], part[4]);
}

// The loss whose gradients by the tokens are the given ones: sum of tokens dtokens.
static double
loss_of(tensor *const part[PARTS])
{
    const tensor *z = tokens_of(part);
    double loss = 0;
    for (int i = 0; i < B * T * D; i++)
        loss += (double)z->data[i] * dtokens[i];
    return loss;
}

static double
difference(tensor *const part[PARTS], int which, int i)
{
    float *value = &part[which]->data[i], kept = *value;
    *value = kept + 0.25f;
    double above = loss_of(part);
    *value = kept - 0.25f;
    double below = loss_of(part);
    *value = kept;
    return (above - below) / 0.5;
}

void
vit_figure_worked_example(void)
{
    tensor *part[PARTS];
    parts_new(part);
    tensor *z = tokens_of(part);
    table *t = program_table("worked-example", "row\tz_0\tz_1\tdz_0\tdz_1");
    for (int i = 0; i < B * T; i++) {
        char row[16];
        snprintf(row, sizeof row, "%d-%d", i / T + 1, i % T);
        table_row(t, "sdddd", row, z->data[i * D], z->data[i * D + 1], dtokens[i * D],
                  dtokens[i * D + 1]);
    }
    table_close(t);
    backward_from(z, dtokens);
    double worst = 0;
    t = program_table("worked-example-gradients", "value\tgradient\tdifference");
    for (int which = 1; which < PARTS; which++)
        for (int i = 0; i < part[which]->size; i++) {
            char name[32];
            int wide = part[which]->shape.rank == 2 ? part[which]->shape.n[1] : 0;
            if (wide)
                snprintf(name, sizeof name, "%s[%d,%d]", part[which]->name, i / wide, i % wide);
            else
                snprintf(name, sizeof name, "%s[%d]", part[which]->name, i);
            double found = difference(part, which, i);
            table_row(t, "sfd", name, part[which]->grad[i], found);
            worst = fmax(worst, fabs(part[which]->grad[i] - found));
        }
    table_close(t);
    for (int i = 0; i < part[0]->size; i++)
        worst = fmax(worst, fabs(part[0]->grad[i] - difference(part, 0, i)));
    claim_below("by-hand", "worked example: the largest gradient error against differences", 1e-5,
                worst, "algebra: the tokens are linear in each of their parts", CHECK);
    tensors_free();
}
