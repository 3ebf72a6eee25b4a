// For the page: the trained ViT of figure attention-effect on one of that figure's pictures, rolled as in figure shift;
// what it says, what it attends to, and what it needs.
#include "vit/figures/attention-effect.c"

#include "files/fail.h"
#include "files/npy.h"

enum { BLOCKS = 2, HEADS = 4, MAPS = 3 + BLOCKS * HEADS + 1, INK = MAPS - 1 };

// What a look finds: the probabilities of the digits, with all patches and without one; the effect of each patch on
// log p of the right digit; maps of the patches: rollout, the class token's attention in the first and in the last
// block, in each head, and the ink; the rank correlation of each with |effect|, with the effect, and with the ink.
typedef struct {
    float p[GLYPHS_DIGITS], p_without[GLYPHS_DIGITS], effect[N], map[MAPS][N], like[MAPS][3];
} look;

static vit model;
static float picture[VIT_PIXELS];
static look seen;

// The model with the weights that figure trained has published.
static void
load(void)
{
    const char *path = "chapters/vit/reference/trained-weights.npy";
    vit_config usual = vit_usual();
    rng r = rng_at(SEED, 0);
    npy weights = npy_read(path);
    long at = 0;
    model = vit_new(&usual, &r);
    for (int p = 0; p < param_count(); p++)
        for (long i = 0; i < param_at(p)->size; i++, at++) {
            if (at >= weights.size)
                fail("%s: %ld numbers are too few for the model's weights", path, weights.size);
            param_at(p)->data[i] = (float)weights.values[at];
        }
    npy_free(&weights);
}

// The digit of picture k of the figure, which is taken, rolled by so many pixels to the right and down.
int
vit_live_take(int k, int right, int down)
{
    static vit_set test;
    if (!test.pictures) {
        glyphs_style usual = glyphs_usual();
        rng r = rng_at(SEED, 0);
        test = vit_set_new(B, &usual, &r);
    }
    for (int i = 0; i < VIT_PIXELS; i++) {
        int y = (i / VIT_SIDE + VIT_SIDE - down) % VIT_SIDE,
            x = (i % VIT_SIDE + VIT_SIDE - right) % VIT_SIDE;
        picture[i] = test.pictures[k * VIT_PIXELS + y * VIT_SIDE + x];
    }
    return test.digits[k];
}

// The picture (VIT_SIDE, VIT_SIDE) that was taken.
const float *
vit_live_picture(void)
{
    return picture;
}

static void
see_maps(tensor *x)
{
    const float *weights[BLOCKS];
    float rollout[T * T];
    attention_weights(&model, x, weights);
    vit_rollout(BLOCKS, HEADS, T, weights, rollout);
    memset(seen.map, 0, sizeof seen.map);
    const tensor *patches = vit_patches(x, P);
    for (int i = 0; i < N; i++) {
        seen.map[0][i] = rollout[1 + i];
        for (int k = 0; k < BLOCKS * HEADS; k++) {
            float weight = weights[k / HEADS][k % HEADS * T * T + 1 + i];
            seen.map[3 + k][i] = weight;
            seen.map[1 + k / HEADS][i] += weight / HEADS;
        }
        for (int k = 0; k < P * P; k++)
            seen.map[INK][i] += patches->data[i * P * P + k];
    }
}

// What the digits' probabilities are, with all patches and without patch `missing` (-1: with all), and what ln p of the
// right one loses without each: all patches and all but one of them, in two passes.
static void
see_effects(tensor *x, int digit, int missing)
{
    const tensor *tokens = vit_embed(&model, x);
    int size = N * model.c.D;
    tensor *rest = constant("rest", SHAPE(N, N, model.c.D), NULL);
    for (int i = 0; i < N; i++)
        memcpy(rest->data + i * size, without_patch(tokens, i)->data, size * sizeof(float));
    const tensor *whole = vit_logits(&model, x), *logits = logits_of(&model, rest);
    softmax32(GLYPHS_DIGITS, whole->data, seen.p);
    memcpy(seen.p_without, seen.p, sizeof seen.p);
    for (int i = 0; i < N; i++) {
        float p[GLYPHS_DIGITS];
        softmax32(GLYPHS_DIGITS, logits->data + i * GLYPHS_DIGITS, p);
        seen.effect[i] = log32(seen.p[digit]) - log32(p[digit]);
        if (i == missing)
            memcpy(seen.p_without, p, sizeof p);
    }
}

// Looks at the picture, whose right digit is said, as it is and without one patch.
const float *
vit_live_look(int digit, int missing)
{
    if (!model.w_patch)
        load();
    tape_reset();
    tensor *x = constant("x", SHAPE(1, 1, VIT_SIDE, VIT_SIDE), picture);
    see_effects(x, digit, missing);
    see_maps(x);
    float size[N];
    for (int i = 0; i < N; i++)
        size[i] = fabsf(seen.effect[i]);
    for (int k = 0; k < MAPS; k++) {
        seen.like[k][0] = (float)rank_correlation(N, seen.map[k], size);
        seen.like[k][1] = (float)rank_correlation(N, seen.map[k], seen.effect);
        seen.like[k][2] = (float)rank_correlation(N, seen.map[k], seen.map[INK]);
    }
    return seen.p;
}
