// What the figures train: the Vision Transformer and a small net of convolutions, on drawn digits.
#ifndef VIT_EXPERIMENT_H
#define VIT_EXPERIMENT_H

#include "data/glyphs.h"
#include "frame/training.h"
#include "vit/vit.h"

enum { VIT_SIDE = GLYPHS_SIDE, VIT_PIXELS = VIT_SIDE * VIT_SIDE, VIT_BATCH = 32 };

// A net of three 3 x 3 convolutions, channels C-16-32-64, strides 1, 2, 2, each with ReLU, the mean over all places,
// and a head.
typedef struct {
    tensor *w[3], *bias[3]; // (16, C, 3, 3), (32, 16, 3, 3), (64, 32, 3, 3)
    tensor *w_head, *b_head;
} vit_net;

vit_net vit_net_new(int C, int classes, rng *r);

// pictures (B, C, H, W) -> logits (B, classes).
tensor *vit_net_logits(const vit_net *m, tensor *pictures);

// The ViT of the figures: P 4, D 32, two blocks of 4 heads, MLP 128, ten classes, class token.
vit_config vit_usual(void);

// One of the two.
typedef struct {
    bool is_net;
    vit tower;
    vit_net net;
} vit_classifier;

tensor *vit_classify(const vit_classifier *m, tensor *pictures);

// Pictures with their digits.
typedef struct {
    int n, side;
    float *pictures; // (n, side, side)
    int *digits;     // (n)
} vit_set;

vit_set vit_set_new(int n, const glyphs_style *style, rng *r);
void vit_set_free(vit_set *s);

// The logits (n, 10) of all pictures of a set, a part at a time; the tape is as it was. And the part of them whose
// largest is the digit.
void vit_set_logits(const vit_classifier *m, const vit_set *s, float *logits);
double vit_set_accuracy(const vit_classifier *m, const vit_set *s);

// Where each pixel of a picture of VIT_SIDE comes from, for patches of 4 x 4 in a random order.
void vit_patch_order(rng *r, int order[VIT_PIXELS]);

// The pictures of a set in another order of their pixels.
vit_set vit_set_reordered(const vit_set *s, const int order[VIT_PIXELS]);

// One training: 32 pictures a step, Adam (.9, .999), 50 steps of warm-up, half a cosine down, gradients clipped to 1.
typedef struct vit_run {
    training t;
    bool is_net;
    vit_config config;
    const vit_set *set;  // to learn from
    int pictures;        // how many of them, again and again; 0: each at most once
    const vit_set *test; // in the end
    float rate;
    uint32_t seed;   // of the weights, and of which pictures
    double accuracy; // on the test set
    // What is done with what was trained; NULL: nothing.
    void (*study)(const vit_classifier *m, struct vit_run *run);
} vit_run;

// Trains one, and tests it.
void vit_train(vit_run *run);

#endif
